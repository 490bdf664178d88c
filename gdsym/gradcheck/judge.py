"""The verdict on one claim: random points first, then a proof for what agrees at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath

from gdsym.calculus.normal import prove_equal
from gdsym.calculus.program import Leaf, Map, Node, Program, Reduce, canonical_axes, reachable
from gdsym.calculus.reference import Table, evaluate
from gdsym.gradcheck.diagnose import Block
from gdsym.gradcheck.diagnose.samples import Claimed
from gdsym.gradcheck.points import Point
from gdsym.gradcheck.questions import DIRECTION, Meaning, Question, direction
from gdsym.gradcheck.report import (
    AGREES,
    INCONCLUSIVE,
    MOST_WORST,
    PROVED,
    WRONG,
    Coordinate,
    Counterexample,
    Finding,
    Verdict,
)
from gdsym.language.model import Const

DIGITS = 50
MANY_DIGITS = 500
# Formulas that are equal differ by rounding in the 50th digit, magnified by cancellation; formulas
# that are not differ by far more than this share of the largest entry.
EQUAL = mpmath.mpf(10) ** -25
# What constants rounded to doubles, or written with 15 digits, make of a right formula.
ROUNDED = mpmath.mpf(10) ** -13

# Where these have equal arguments, or the first is 0, a derivative has a choice.
_TIES = frozenset(("max", "min", "gt", "ge", "lt", "le"))
_CORNERS = frozenset(("abs", "relu", "sign", "root"))

Diagnose = Callable[[Program, Block, Claimed], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Claim and truth at one point. `error` is None where one of them is no number."""

    point: Point
    claimed: dict[tuple[int, ...], Any]
    exact: dict[tuple[int, ...], Any]
    error: Any
    finite: bool  # the truth is

    @property
    def equal(self) -> bool:
        return self.error is not None and self.error <= EQUAL


def compare(program: Program, question: Question, meaning: Meaning, at: Point) -> Comparison:
    """Both sides at a point, entry by entry, in 50 digits; in many more where they differ.

    `1 - normal_cdf(z)` has none of 50 digits at z = 20: before it is held against a claim it is
    looked at more closely.
    """
    found = _compare(program, question, meaning, at, DIGITS)
    return found if found.equal else _compare(program, question, meaning, at, MANY_DIGITS)


def _compare(
    program: Program, question: Question, meaning: Meaning, at: Point, digits: int
) -> Comparison:
    nodes = [question.claimed, meaning.node]
    tables = evaluate(program, nodes, at.values, at.sizes, digits=digits)
    claimed, exact = (_spread(question, node, tables[node], at) for node in nodes)
    finite = all(map(mpmath.isfinite, exact.values()))
    error = None
    if finite and all(map(mpmath.isfinite, claimed.values())):
        scale = max(map(abs, (*exact.values(), *claimed.values())))
        most = max(abs(exact[entry] - claimed[entry]) for entry in exact)
        error = most / scale if scale else most
    return Comparison(at, claimed, exact, error, finite)


def _spread(question: Question, node: Node, table: Table, at: Point) -> Table:
    """A block's entries by index in its stated order, axes that the node lacks repeated."""
    axes = canonical_axes(question.dims)
    entries: Table = {(): None}
    for dim in question.dims:
        entries = {(*index, i): None for index in entries for i in range(at.sizes[dim])}
    for index in entries:
        place = dict(zip(axes, index, strict=True))
        entries[index] = table[tuple(place[axis] for axis in node.axes)]
    return entries


def meets(program: Program, question: Question, reading: int, points: Iterable[Point]) -> bool:
    """True where one meaning of a reading is the claim at some points that tell."""
    told = False
    candidates = list(question.readings[reading])
    for at in points:
        found = [compare(program, question, meaning, at) for meaning in candidates]
        told |= any(c.error is not None for c in found)
        candidates = [
            m for m, c in zip(candidates, found, strict=True) if c.error is None or c.equal
        ]
        if not candidates:
            return False
    return told


def judge(
    program: Program,
    question: Question,
    reading: int,
    points: Sequence[Point],
    small: Sequence[Point],
    seconds: float,
    diagnose: Diagnose,
) -> Verdict:
    """The verdict. `small` are points with few rows, for a counterexample that can be read."""
    tried: list[tuple[Meaning, list[Comparison]]] = []
    for meaning in question.readings[reading]:
        comparisons = [compare(program, question, meaning, at) for at in points]
        tried.append((meaning, comparisons))
        if all(c.equal for c in comparisons if c.error is not None) and any(
            c.equal for c in comparisons
        ):
            return _right(program, question, meaning, comparisons, seconds)
    meaning, comparisons = tried[0]
    told = [c for c in comparisons if c.error is not None]
    if not told:
        return _untold(program, question, comparisons)
    wrong = [c for c in told if not c.equal]
    if all(c.error <= ROUNDED for c in wrong):
        digits = int(-mpmath.log10(max(c.error for c in wrong)))
        reason = f"equal to {digits} digits only: a constant in it is rounded"
        return Verdict(question.block, AGREES, reason, question.claim.span)
    firm = [c for c in wrong if not at_a_kink(program, c.point)]
    if not firm:
        reason = "it differs only at kinks, where a derivative has no one value"
        return Verdict(question.block, INCONCLUSIVE, reason, question.claim.span)
    example = _smallest(program, question, meaning, small) or firm[0]
    return Verdict(
        question.block,
        WRONG,
        _difference(question, comparisons),
        question.claim.span,
        _explained(program, question, meaning, diagnose),
        _counterexample(program, question, example),
    )


def _explained(
    program: Program, question: Question, meaning: Meaning, diagnose: Diagnose
) -> tuple[Finding, ...]:
    claim = question.claim
    text = program.model.source.text[claim.expr.span.start : claim.expr.span.stop]
    block = Block(question.block, claim.quantity, claim.names, question.dims, meaning.node, text)

    def claimed(at: Point) -> Table:
        table = evaluate(program, [question.claimed], at.values, at.sizes)
        return _spread(question, question.claimed, table[question.claimed], at)

    return diagnose(program, block, claimed)


def _right(
    program: Program,
    question: Question,
    meaning: Meaning,
    comparisons: Sequence[Comparison],
    seconds: float,
) -> Verdict:
    equal = [c for c in comparisons if c.equal]
    note = f" ({meaning.note})" if meaning.note else ""
    place = f"{len(equal)} random points" if len(equal) > 1 else "a random point"
    worst = max(c.error for c in equal)
    digits = min(DIGITS - 2, int(-mpmath.log10(worst))) if worst else DIGITS - 2
    proof = prove_equal(program, question.claimed, meaning.node, seconds=seconds)
    declared = {d.name: d.size for d in program.model.dims if d.size is not None}
    if not proof.proved and declared:
        sized = prove_equal(
            program, question.claimed, meaning.node, sizes=declared, seconds=seconds
        )
        if sized.proved:
            proof = sized
            told = ", ".join(f"{name} = {size}" for name, size in declared.items())
            note += f" for {told}"
    span = question.claim.span
    undefined = [c for c in comparisons if c.error is None and c.finite]
    if undefined:
        reason = "equal where it is defined, but it is no number where the derivative is one"
        example = _counterexample(program, question, undefined[0])
        return Verdict(question.block, INCONCLUSIVE, reason, span, (), example)
    if proof.proved:
        reason = f"equal normal forms{note}; the same to {digits} digits at {place}"
        return Verdict(question.block, PROVED, reason, span)
    reason = f"the same to {digits} digits at {place}{note}; not proved: {proof.reason}"
    return Verdict(question.block, AGREES, reason, span)


def _untold(program: Program, question: Question, comparisons: Sequence[Comparison]) -> Verdict:
    """No point at which both sides are numbers."""
    example = None
    finite = [c for c in comparisons if c.finite]
    if finite:
        reason = "the claim is no number at any of the points that were drawn"
        example = _counterexample(program, question, finite[0])
    else:
        reason = (
            "the derivative is no number at any of the points that were drawn from the declared "
            "domains: declare what data and parameters can be, such as `param s > 0`"
        )
    return Verdict(question.block, INCONCLUSIVE, reason, question.claim.span, (), example)


def _difference(question: Question, comparisons: Sequence[Comparison]) -> str:
    wrong = sum(not c.equal for c in comparisons if c.error is not None)
    told = sum(c.error is not None for c in comparisons)
    what = {
        "grad": "the gradient",
        "hess": "the Hessian",
        "hvp": "the Hessian-vector product",
        "loss": "the loss",
    }[question.claim.quantity]
    return f"differs from {what} at {wrong} of {told} random points"


# -- counterexamples


def _smallest(
    program: Program, question: Question, meaning: Meaning, small: Iterable[Point]
) -> Comparison | None:
    for at in small:
        found = compare(program, question, meaning, at)
        if found.error is not None and found.error > ROUNDED and not at_a_kink(program, at):
            return found
    return None


def _counterexample(program: Program, question: Question, found: Comparison) -> Counterexample:
    model, at = program.model, found.point

    def off(entry: tuple[int, ...]) -> Any:
        error = abs(found.exact[entry] - found.claimed[entry])
        return -error if mpmath.isfinite(error) else -mpmath.inf

    worst = sorted(found.exact, key=lambda entry: (off(entry), entry))[:MOST_WORST]
    return Counterexample(
        sizes=dict(at.sizes),
        data=_plain(at, [item.name for item in model.data]),
        parameters=_plain(at, [item.name for item in model.params]),
        constants=_plain(at, [c.name for c in model.consts if _asked(question, c)]),
        worst=tuple(
            Coordinate(
                _name(program, question, entry),
                float(found.exact[entry]),
                float(found.claimed[entry]),
            )
            for entry in worst
            if _differs(found, entry)
        ),
    )


def _differs(found: Comparison, entry: tuple[int, ...]) -> bool:
    exact, claimed = found.exact[entry], found.claimed[entry]
    return not abs(exact - claimed) <= EQUAL * max(abs(exact), abs(claimed))


def _asked(question: Question, const: Const) -> bool:
    """Directions are shown with claims of Hessian-vector products alone, and only their own."""
    if not const.name.startswith(DIRECTION):
        return True
    return question.claim.quantity == "hvp" and const.name == direction(question.claim)


def _plain(at: Point, names: Iterable[str]) -> dict[str, Any]:
    return {name: _floats(at.values[name]) for name in names if name in at.values}


def _floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_floats(part) for part in value]
    return value if isinstance(value, int) else float(value)


def _name(program: Program, question: Question, entry: tuple[int, ...]) -> str:
    """`w[age]`, `W[2,car]`; of a Hessian `w[age] b`."""
    if question.claim.quantity == "loss":
        return "loss"
    labels = {dim.name: dim.labels for dim in program.model.dims}
    shown = [
        str(labels[dim][i] if labels.get(dim) else i)  # type: ignore[index]
        for dim, i in zip(question.dims, entry, strict=True)
    ]
    dims = {param.name: param.dims for param in program.model.params}
    params = question.claim.names[: 2 if question.claim.quantity == "hess" else 1]
    parts = []
    for param in params:
        own = [shown.pop(0) for _ in dims[param]]
        parts.append(f"{param}[{','.join(own)}]" if own else param)
    return " ".join(parts)


# -- kinks


def at_a_kink(program: Program, at: Point) -> bool:
    """True where the objective has a choice of derivatives at this point."""
    nodes = reachable([program.value])
    moving: set[Node] = set()
    watched: list[Node] = []
    for node in nodes:
        if isinstance(node, Leaf) and node.kind == "param":
            moving.add(node)
        elif any(operand in moving for operand in node.operands):
            moving.add(node)
            if (isinstance(node, Map) and node.op in _TIES | _CORNERS) or (
                isinstance(node, Reduce) and node.op == "max"
            ):
                watched.append(node)
    read = {operand for node in watched for operand in node.operands}
    tables = evaluate(program, read, at.values, at.sizes, digits=DIGITS)
    return any(_tied(node, tables, at) for node in watched)


def _tied(node: Node, tables: dict[Node, Table], at: Point) -> bool:
    first = node.operands[0]
    if isinstance(node, Map) and node.op in _CORNERS:
        return any(value == 0 for value in tables[first].values())
    if isinstance(node, Map):
        other = node.operands[1]
        low, high = sorted((first, other), key=lambda operand: len(operand.axes))
        places = [high.axes.index(axis) for axis in low.axes if axis in high.axes]
        if len(places) < len(low.axes):
            return any(v in set(tables[low].values()) for v in tables[high].values())
        return any(
            value == tables[low][tuple(index[place] for place in places)]
            for index, value in tables[high].items()
        )
    assert isinstance(node, Reduce)
    lines: dict[tuple[int, ...], list[Any]] = {}
    kept = [place for place, axis in enumerate(node.arg.axes) if axis not in node.over]
    for index, value in tables[node.arg].items():
        lines.setdefault(tuple(index[place] for place in kept), []).append(value)
    return any(values.count(max(values)) > 1 for values in lines.values())
