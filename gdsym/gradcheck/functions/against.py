"""A function against a model: its values at random points beside the exact ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Program
from gdsym.calculus.reference import Table
from gdsym.errors import UsageError
from gdsym.gradcheck.diagnose import Block, diagnose
from gdsym.gradcheck.functions import places
from gdsym.gradcheck.functions.callee import Callee, CallError
from gdsym.gradcheck.functions.calling import LOSS, Answer, Manner, called, manner, read
from gdsym.gradcheck.functions.places import Array, Place
from gdsym.gradcheck.functions.report import NOWHERE, FunctionReport, behaved, worst
from gdsym.gradcheck.functions.simple import explained
from gdsym.gradcheck.judge import at_a_kink
from gdsym.gradcheck.points import Point
from gdsym.gradcheck.report import AGREES, INCONCLUSIVE, WRONG, Counterexample, Finding, Verdict
from gdsym.language.check import load_model

# Shares of the largest entry. Doubles of a sum of a few rows agree to about 1e-14: what is off by
# more than this is looked at more closely.
EQUAL = 1e-10
# A multiple of what a change of the last digits of the parameters changes.
ROUNDING = 100.0
# Single precision, differences, rounded constants: what is right to that many digits is called
# wrong only where a mistake explains it.
ROUGH = 1e-4
SINGLE = 1e-3
# How often a call is made again to see whether it answers the same.
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Call:
    """A place, and what the function gave there: an answer, or why there is none."""

    place: Place
    answer: Answer | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The function that is looked at, and how."""

    program: Program
    callee: Callee
    way: Manner
    wrt: tuple[str, ...]
    single: bool = False

    def ask(self, place: Place) -> Call:
        shapes = {name: block.shape for name, block in place.exact.items()}
        try:
            value = called(self.callee, self.way, self.program.model, place.values)
            return Call(place, read(value, self.program.model, shapes, self.way, self.wrt))
        except CallError as error:
            return Call(place, None, str(error))


def check_against(
    text: str,
    name: str,
    callee: Callee,
    *,
    data: Callable[[int, int], Sequence[Place]] | None = None,
    wrt: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    flat: bool = False,
    points: int = 4,
    seed: int = 0,
) -> FunctionReport:
    """The verdicts on a function, by parameter. `data(count, seed)` are places with the user's
    data; without it they are drawn. Raises `GdsymError` for what cannot be called at all."""
    model = load_model(text, name)
    params = [p.name for p in model.params]
    for wanted in wrt:
        if wanted not in params:
            listed = ", ".join(params)
            raise UsageError(f"wrt: `{wanted}` is no parameter\nhelp: the parameters are {listed}")
    way = manner(model, callee, renamed or {}, flat)
    kept = [c.name for c in model.consts if not way.takes(c.name)]
    program = derive(build(places.keeping(model, kept)))
    subject = Subject(program, callee, way, tuple(wrt))
    if data is None:
        _needs_data(subject)
        found = places.drawn(program, points, seed)
    else:
        found = list(data(points, seed))
    calls = [subject.ask(place) for place in found]
    if all(call.answer is None for call in calls):
        raise UsageError(f"{callee.name} {calls[0].trouble}\nhelp: {_passed(subject, found[0])}")
    noise = _noise(subject, calls)
    subject = replace(subject, single=any(c.answer.single for c in calls if c.answer is not None))
    blocks = list(wrt) or params
    if any(c.answer is not None and c.answer.loss is not None for c in calls):
        blocks = [LOSS, *blocks]
    reading = _reading(subject, blocks, calls)
    changed = sorted(str(argument) for argument in callee.changed)
    verdicts = [behaved(_judged(subject, b, calls, reading), changed, noise) for b in blocks]
    return FunctionReport(model.name, callee.name, tuple(verdicts))


def _needs_data(subject: Subject) -> None:
    model = subject.program.model
    closed = [d.name for d in model.data if not subject.way.takes(d.name)]
    if closed:
        listed = ", ".join(f"`{name}`" for name in closed)
        raise UsageError(
            f"{subject.callee.name} has no argument {listed}\nhelp: give the data it computes "
            "with (--data), or let it take them as arguments"
        )


def _passed(subject: Subject, place: Place) -> str:
    """The arguments of a call, by shape."""
    shown = []
    for argument, name in subject.way.by_argument.items():
        if name in place.values:
            shape = np.shape(place.values[name])
            shown.append(f"{argument} {shape}" if shape else f"{argument} (a number)")
    if subject.way.flat:
        size = sum(block.size for block in place.exact.values())
        shown.append(f"{subject.way.flat} ({size},)")
    return f"it was called with {', '.join(shown)}"


def _noise(subject: Subject, calls: Sequence[Call]) -> float:
    """By how much another call differs, 0 where only as rounding does.

    A few calls, since a small batch may happen to be drawn twice.
    """
    first = next(call for call in calls if call.answer is not None)
    for _ in range(REPEATS):
        again = subject.ask(first.place)
        if again.answer is None:  # also that of a process which an earlier call has ended
            return 0.0 if any(call.answer is None for call in calls) else np.inf
        noise = _difference(first, again)
        if noise:
            return noise
    return 0.0


def _difference(first: Call, again: Call) -> float:
    assert first.answer is not None and again.answer is not None
    most = 0.0
    for name, block in first.answer.blocks.items():
        other = again.answer.blocks.get(name)
        if other is None or other.shape != block.shape:
            return np.inf
        if np.array_equal(block, other, equal_nan=True):
            continue
        difference = _largest(block - other)
        # Sums of threads may come in another order each time.
        if not difference <= 1e-12 * _largest(block):
            most = max(most, difference)
    return most


def _reading(subject: Subject, blocks: Sequence[str], calls: Sequence[Call]) -> int:
    """1 for what is minimised, -1 for what is written, whichever more blocks agree with."""
    written = places.sign(subject.program.model)
    if written == 1:
        return 1

    def met(reading: int) -> int:
        pairs = [_pair(call, block, reading) for block in blocks for call in calls]
        return sum(_error(*pair) <= ROUGH for pair in pairs if pair is not None)

    return 1 if met(1) > met(-1) else -1


def _pair(call: Call, block: str, reading: int) -> tuple[Array, Array] | None:
    """The exact and the returned block, None where it is not there or has another shape."""
    if call.answer is None:
        return None
    if block == LOSS:
        if call.answer.loss is None:
            return None
        got = np.array(call.answer.loss)
        exact = min(call.place.losses, key=lambda loss: abs(reading * loss - got))
        return np.array(reading * exact), got
    exact_block = reading * call.place.exact[block]
    returned = call.answer.blocks.get(block)
    if returned is None:
        return None
    if exact_block.shape == () and returned.size == 1:
        returned = returned.reshape(())
    return (exact_block, returned) if returned.shape == exact_block.shape else None


def _largest(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0.0))


def _error(exact: Array, got: Array) -> float:
    """The largest difference, as a share of the largest entry; not finite where one is not."""
    scale = max(_largest(exact), _largest(got))
    return _largest(exact - got) / scale if scale else 0.0


# -- one block


def _judged(subject: Subject, block: str, calls: Sequence[Call], reading: int) -> Verdict:
    title = block if block == LOSS else f"grad({block})"
    pairs = [(call, _pair(call, block, reading)) for call in calls]
    told = [(call, pair) for call, pair in pairs if pair is not None]
    if misfit := next((c for c, p in pairs if p is None and c.answer is not None), None):
        return _misfit(title, block, misfit, reading)
    if not told:  # no call that gave an answer had this block
        return Verdict(title, INCONCLUSIVE, "it was not returned", NOWHERE)
    defined = [(c, p) for c, p in told if np.all(np.isfinite(p[0]))]
    usable = [(c, p) for c, p in defined if np.all(np.isfinite(p[1]))]
    off = [(c, p, _error(*p)) for c, p in usable]
    off = [(c, p, e) for c, p, e in off if e > EQUAL and not _rounding(subject, block, c, p)]
    firm = [(c, p, e) for c, p, e in off if not _tied(subject.program, c.place)]
    if any(e > (SINGLE if subject.single else ROUGH) for *_, e in firm):
        reason = f"differs from {_what(block)} at {len(off)} of {len(usable)} random points"
        return _wrong(subject, title, block, firm, reading, reason)
    if firm:
        return _rough(subject, title, block, firm, reading)
    if off:
        reason = "it differs only at kinks, where a derivative has no one value"
        return Verdict(title, INCONCLUSIVE, reason, NOWHERE)
    return _equal(subject, title, calls, defined, usable, reading)


def _equal(
    subject: Subject,
    title: str,
    calls: Sequence[Call],
    defined: Sequence[Any],
    usable: Sequence[Any],
    reading: int,
) -> Verdict:
    """What differs nowhere, if there are places that tell."""
    silent = [c for c in calls if c.answer is None]
    if silent:
        reason = f"at {len(silent)} of {len(calls)} points it {silent[0].trouble}"
        return Verdict(title, INCONCLUSIVE, reason, NOWHERE)
    if len(usable) < len(defined):
        place = f"{len(defined) - len(usable)} of {len(defined)} points"
        reason = f"it gives no number at {place}, where the derivative is one"
        call, pair = next(entry for entry in defined if not np.all(np.isfinite(entry[1][1])))
        return Verdict(
            title, INCONCLUSIVE, reason, NOWHERE, (), _example(subject, call, title, pair)
        )
    if not usable:
        reason = "the derivative is no number at any of the points: declare what the data can be"
        return Verdict(title, INCONCLUSIVE, reason, NOWHERE)
    if subject.single:
        most = max(_error(*pair) for _, pair in usable)
        return _precision(title, most, "it returns single precision")
    worst_error = max(_error(*pair) for _, pair in usable)
    digits = min(15, int(-np.log10(worst_error))) if worst_error else 15
    count = f"{len(usable)} random points" if len(usable) > 1 else "a random point"
    kind = subject.program.model.objective.kind
    maximised = places.sign(subject.program.model) < 0
    note = f", of -{kind}, which is minimised" if maximised and reading == 1 else ""
    return Verdict(title, AGREES, f"the same to {digits} digits at {count}{note}", NOWHERE)


def _misfit(title: str, block: str, call: Call, reading: int) -> Verdict:
    """A block that was not returned, or with another shape."""
    assert call.answer is not None
    got = call.answer.blocks.get(block)
    if got is None:
        text = f"there is no gradient by `{block}` in what it returns"
        finding = Finding("missing_parameter", block, text)
        reason = f"{text}; `--wrt` says which are meant to be there"
        return Verdict(title, INCONCLUSIVE, reason, NOWHERE, (finding,))
    exact = reading * call.place.exact[block]
    sizes = ", ".join(f"{name} = {size}" for name, size in call.place.sizes.items())
    reason = f"it has shape {got.shape}, but `{block}` has {exact.shape} ({sizes})"
    turned = got.ndim == 2 and got.T.shape == exact.shape and _error(exact, got.T) <= ROUGH
    if turned:
        finding = Finding("transposed", title, "its axes stand in another order")
    else:
        finding = _of_shape(title, got, exact, call.place.sizes)
    return Verdict(title, WRONG, reason, NOWHERE, (finding,))


def _of_shape(title: str, got: Array, exact: Array, sizes: Mapping[str, int]) -> Finding:
    """What a wrong shape tells: axes are known by their sizes, which are different."""
    names = {size: name for name, size in sizes.items()}
    mine, wanted = ([names.get(size, "") for size in a.shape] for a in (got, exact))
    extra = [name for name in mine if name and name not in wanted]
    missing = [name for name in wanted if name and name not in mine]
    if got.ndim > exact.ndim + len(extra) or not (extra or missing) or not all(mine):
        return Finding("shape", title, f"return an array of shape {exact.shape}")
    told = [f"a sum over `{name}` is missing" for name in extra]
    told += [f"`{name}` is summed over, and should not be" for name in missing]
    return Finding("wrong_axis", title, ", and ".join(told))


def _what(block: str) -> str:
    return "the loss" if block == LOSS else "the gradient"


def _rounding(subject: Subject, block: str, call: Call, pair: tuple[Array, Array]) -> bool:
    """True where the difference is what the last digits of the parameters make of both sides."""
    place = call.place
    if _error(*pair) > SINGLE:
        return False
    moved = 0.0
    for factor in (1 + 2.0**-51, 1 - 2.0**-51):
        params = {name: place.values[name] * factor for name in place.exact}
        again = subject.ask(replace(place, values=place.values | params))
        other = _pair(again, block, 1)
        if other is None:
            return False
        moved = max(moved, _largest(other[1] - pair[1]))
    return _largest(pair[0] - pair[1]) <= ROUNDING * moved


def _tied(program: Program, place: Place) -> bool:
    return place.point is not None and at_a_kink(program, place.point)


# -- what is wrong with it


def _rough(subject: Subject, title: str, block: str, off: Sequence[Any], reading: int) -> Verdict:
    """Values that are right to some digits only: a small mistake, or little precision."""
    most = max(error for *_, error in off)
    if subject.single:
        return _precision(title, most, "it returns single precision")
    findings = _diagnosis(subject, block, reading)
    if any(f.kind not in ("precision", "unknown") for f in findings):
        reason = f"differs from {_what(block)} in the {int(-np.log10(most)) + 1}th digit"
        return _wrong(subject, title, block, off, reading, reason)
    cause = "single precision, differences instead of a derivative, or a rounded constant"
    return _precision(title, most, cause)


def _precision(title: str, error: float, cause: str) -> Verdict:
    digits = int(-np.log10(error)) if error else 7
    finding = Finding("precision", title, f"it is right to {digits} digits: {cause}")
    reason = f"the same to {digits} digits only, which cannot tell: compute in double precision"
    return Verdict(title, INCONCLUSIVE, reason, NOWHERE, (finding,))


def _wrong(
    subject: Subject, title: str, block: str, off: Sequence[Any], reading: int, reason: str
) -> Verdict:
    call, pair, _ = max(off, key=lambda entry: entry[2])
    findings = _diagnosis(subject, block, reading)
    if call.place.point is None and all(f.kind == "unknown" for f in findings):
        findings = _at_own_data(title, block, off) or findings
    return Verdict(title, WRONG, reason, NOWHERE, findings, _example(subject, call, title, pair))


def _at_own_data(title: str, block: str, off: Sequence[Any]) -> tuple[Finding, ...]:
    """What the values with the user's data tell, where those at other points do not."""
    shape = off[0][1][0].shape
    names = dict(zip(np.ndindex(shape), off[0][0].place.names.get(block, [block]), strict=True))
    sizes = {
        name: np.array([float(call.place.sizes[name]) for call, *_ in off])
        for name in off[0][0].place.sizes
    }
    got, exact = [pair[1] for _, pair, _ in off], [pair[0] for _, pair, _ in off]
    return tuple(explained(title, got, exact, names.__getitem__, sizes))


def _diagnosis(subject: Subject, block: str, reading: int) -> tuple[Finding, ...]:
    """What explains the values at points that are drawn for it; nothing for a function that has
    its data in itself. The formula that would be right stands with the first."""
    program, model = subject.program, subject.program.model
    if not all(subject.way.takes(d.name) for d in model.data):
        return ()
    if block == LOSS:
        asked = Block(LOSS, LOSS, (), (), program.value)
    else:
        dims = next(p.dims for p in model.params if p.name == block)
        asked = Block(f"grad({block})", "grad", (block,), dims, program.grads[block])
    found = diagnose(program, asked, partial(_table, subject, block, reading))
    if not found or block == LOSS:
        return found
    line = found[0].corrected
    if reading != 1 or not line:
        exact = asked.exact if reading == 1 else program.graph.neg(asked.exact)
        line = f"claim grad({block}) = {Notation.of(program).text(exact)}"
    return (replace(found[0], corrected=line), *(replace(f, corrected="") for f in found[1:]))


def _table(subject: Subject, block: str, reading: int, at: Point) -> Table | None:
    """The returned block, of what is minimised, by index."""
    model = subject.program.model
    shapes = {p.name: tuple(at.sizes[dim] for dim in p.dims) for p in model.params}
    zeros = {name: np.zeros(shape) for name, shape in shapes.items()}
    values = places.arguments(subject.program, at)
    call = subject.ask(Place(values, zeros, (0.0, 0.0), {}, at.sizes, at))
    pair = _pair(call, block, 1)
    if pair is None:
        return None
    got = reading * pair[1]
    return {index: float(got[index]) for index in np.ndindex(got.shape)}


def _example(
    subject: Subject, call: Call, title: str, pair: tuple[Array, Array]
) -> Counterexample:
    place = call.place
    block = title.removeprefix("grad(").removesuffix(")")
    names = place.names.get(block, [block])
    model = subject.program.model
    consts = [c.name for c in model.consts]
    drawn = [d.name for d in model.data] if place.point is not None else []

    def plain(names: Iterable[str]) -> dict[str, Any]:
        found = {name: place.values[name] for name in names if name in place.values}
        return {n: v.tolist() if isinstance(v, np.ndarray) else v for n, v in found.items()}

    return Counterexample(
        sizes=place.sizes,
        data=plain(drawn),
        parameters=plain(place.exact),
        constants=plain(consts),
        worst=worst(names, *pair),
    )
