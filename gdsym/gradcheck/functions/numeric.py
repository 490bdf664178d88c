"""A gradient against differences of the loss itself, where there is no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gdsym.errors import UsageError
from gdsym.gradcheck.functions.callee import Callee, CallError
from gdsym.gradcheck.functions.differences import COMPLEX, Slope, noise, slope
from gdsym.gradcheck.functions.places import Array
from gdsym.gradcheck.functions.report import NOWHERE, FunctionReport, behaved, worst
from gdsym.gradcheck.functions.simple import explained
from gdsym.gradcheck.report import AGREES, INCONCLUSIVE, WRONG, Counterexample, Finding, Verdict

# Of a longer vector so many coordinates are checked, drawn at random.
MOST_COORDINATES = 300
# A difference is one where it is so many times the estimated error of the derivative.
FIRM = 10.0
# Where the derivative itself is not known to this share of the largest entry, agreement says
# little, and is not told.
KNOWN = 1e-4
# The gradient's own rounding: as a share of its largest entry, and as a multiple of what a change
# of the last digits of the point changes in it.
OWN = 1e-10
ROUNDING = 100.0
LAST = 2.0**-51
# What such a change may change at most: more is a jump.
JUMP = 1e-6


def check_numerically(loss: Callee, gradient: Callee, at: Any, *, seed: int = 0) -> FunctionReport:
    """The verdict on a gradient at a point, an array of any shape. Raises `GdsymError` where the
    loss or the gradient gives no value there."""
    x = _point(at)

    def value(moved: Array) -> complex:
        try:
            found = loss(moved)
        except CallError as error:
            if np.iscomplexobj(moved):
                raise ValueError from None  # it takes no complex numbers
            if moved is x:
                raise UsageError(f"{loss.name} {error}") from None
            return float("nan")
        if isinstance(found, tuple | dict) or np.size(found) != 1:
            raise UsageError(f"{loss.name} returns no single number, so it is no loss")
        return complex(np.ravel(found)[0])

    centre = value(x)
    if not np.isfinite(centre):
        raise UsageError(f"{loss.name} is no number at this point")
    try:
        got, again = _array(gradient, x), _array(gradient, x)
    except CallError as error:
        raise UsageError(f"{gradient.name} {error}") from None
    rounding = _rounding(gradient, x, got)
    verdict = _verdict(value, x, got, loss, rounding, seed)
    differs = _unsteady(got, again, OWN * _size(got))
    differs = max(differs, _unsteady(np.array(centre), np.array(value(x)), 1e-12 * abs(centre)))
    changed = [f"x` of `{f.name}" for f in (loss, gradient) if f.changed]
    verdict = behaved(verdict, changed, differs)
    return FunctionReport(loss.name, gradient.name, (verdict,))


def _point(at: Any) -> Array:
    try:
        x = np.array(at, dtype=float)
    except (TypeError, ValueError):
        raise UsageError("the point is no array of numbers") from None
    if not x.size or not np.all(np.isfinite(x)):
        raise UsageError("the point is empty or has entries that are no finite numbers")
    return x


def _array(gradient: Callee, x: Array) -> Array:
    found = gradient(x)
    if isinstance(found, tuple | dict):
        try:
            found = np.array(found, dtype=float)
        except (TypeError, ValueError):
            raise CallError("returns no array of numbers") from None
    return np.asarray(found)


def _rounding(gradient: Callee, x: Array, got: Array) -> float:
    """What rounding makes of a gradient: near a minimum much more than a share of what is left."""
    moved = 0.0
    for step in (LAST, -LAST):
        try:
            other = _array(gradient, x + step * np.maximum(np.abs(x), 1.0))
        except CallError:
            continue
        if other.shape == got.shape:
            moved = max(moved, _size(other - got))
    return ROUNDING * moved if moved <= JUMP * max(_size(got), 1.0) else 0.0


def _unsteady(first: Array, second: Array, most: float) -> float:
    if first.shape != second.shape:
        return np.inf
    if np.array_equal(first, second, equal_nan=True):
        return 0.0
    difference = _size(first - second)
    return 0.0 if difference <= most else difference


def _size(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0.0))


def _verdict(
    value: Any, x: Array, got: Array, loss: Callee, rounding: float, seed: int
) -> Verdict:
    if got.size == 1 == x.size:
        got = got.reshape(x.shape)
    if got.shape != x.shape:
        reason = f"it has shape {got.shape}, but the point has {x.shape}"
        finding = Finding("shape", "grad", f"return an array of shape {x.shape}")
        return Verdict("grad", WRONG, reason, NOWHERE, (finding,))
    level = noise(value, x, seed)
    places = list(np.ndindex(x.shape))
    if len(places) > MOST_COORDINATES:
        draw = np.random.default_rng(seed)
        kept = np.sort(draw.choice(len(places), MOST_COORDINATES, replace=False))
        places = [places[i] for i in kept]
    slopes = [slope(value, x, place, level) for place in places]
    known = [(p, s) for p, s in zip(places, slopes, strict=True) if s is not None]
    if not known:
        reason = f"{loss.name} gives no numbers around the point: choose one inside its domain"
        return Verdict("grad", INCONCLUSIVE, reason, NOWHERE)
    natural = abs(value(x)) / max(1.0, _size(x))
    return _compared(x, got, known, level, natural, rounding, single=got.dtype.itemsize < 8)


def _compared(
    x: Array,
    got: Array,
    known: Sequence[tuple[tuple[int, ...], Slope]],
    level: float,
    natural: float,
    rounding: float,
    *,
    single: bool,
) -> Verdict:
    names = [_name(place) for place, _ in known]
    mine = np.array([float(np.real(got[place])) for place, _ in known])
    exact = np.array([s.value for _, s in known])
    errors = np.array([s.error for _, s in known])
    kinks = np.array([s.kink for _, s in known])
    scale = max(_size(exact), _size(mine[np.isfinite(mine)]))
    own = max(OWN, 1e-6 if single else 0.0) * scale + rounding
    if not np.all(np.isfinite(mine)):
        bad = ", ".join(n for n, m in zip(names, mine, strict=True) if not np.isfinite(m))
        reason = f"it is no number at {bad[:100]}, where the loss has a derivative"
        return Verdict("grad", INCONCLUSIVE, reason, NOWHERE)
    off = np.abs(mine - exact) > FIRM * errors + own
    if np.any(off):
        count = f"{int(off.sum())} of {len(names)} coordinates"
        reason = f"differs from the derivative of the loss in {count}, {_method(known)}"
        findings = _explained(x, mine, exact, names, off, len(known) == x.size)
        example = Counterexample({}, {}, {"x": x.tolist()}, {}, worst(names, exact, mine))
        return Verdict("grad", WRONG, reason, NOWHERE, findings, example)
    if np.any(kinks):
        place = int(np.argmax(kinks))
        left, right = known[place][1].left, known[place][1].right
        text = (
            f"the loss has a kink there: its slope is {left:.6g} on one side and {right:.6g} on "
            "the other"
        )
        reason = f"{int(kinks.sum())} of {len(names)} coordinates lie at a kink: move the point"
        finding = Finding("kink_side", names[place], text)
        return Verdict("grad", INCONCLUSIVE, reason, NOWHERE, (finding,))
    share = float(np.max(errors)) / max(scale, natural, COMPLEX)
    if share > KNOWN and np.max(errors) > COMPLEX:
        text = f"values of the loss have a noise of {level:.1g}"
        reason = (
            f"the derivative of the loss is known to a share of {share:.1g} only: compute it in "
            "double precision, without noise"
        )
        return Verdict(
            "grad", INCONCLUSIVE, reason, NOWHERE, (Finding("precision", "loss", text),)
        )
    if single:
        text = "it returns single precision"
        reason = "the same to 6 digits, which single precision has: compute in double precision"
        return Verdict(
            "grad", INCONCLUSIVE, reason, NOWHERE, (Finding("precision", "grad", text),)
        )
    most = max(_size(mine - exact), float(np.max(errors)))
    digits = min(15, int(-np.log10(most / scale))) if most and scale else 15
    checked = f"all {x.size}" if len(names) == x.size else f"{len(names)} of {x.size}"
    return Verdict(
        "grad",
        AGREES,
        f"the same to {digits} digits in {checked} coordinates, {_method(known)}",
        NOWHERE,
    )


def _method(known: Sequence[tuple[tuple[int, ...], Slope]]) -> str:
    if all(s.complex for _, s in known):
        return "by the complex step"
    return f"by differences with errors up to {max(s.error for _, s in known if not s.kink):.1g}"


def _explained(
    x: Array, mine: Array, exact: Array, names: Sequence[str], off: Array, whole: bool
) -> tuple[Finding, ...]:
    """What may be wrong: a factor, entries out of place, one coordinate."""
    shape = x.shape if whole else mine.shape
    found = explained("grad", [mine.reshape(shape)], [exact.reshape(shape)], _name)
    if not whole:  # places of a sample tell nothing
        found = [f for f in found if f.kind in ("factor", "sign") and f.where == "grad"]
    if not found:
        wrong = [name for name, bad in zip(names, off, strict=True) if bad]
        listed = ", ".join(wrong[:5]) + (", ..." if len(wrong) > 5 else "")
        found.append(Finding("unknown", listed, f"nothing simple explains what is off: {listed}"))
    return tuple(found[:3])


def _name(place: tuple[int, ...]) -> str:
    return f"x[{','.join(map(str, place))}]" if place else "x"
