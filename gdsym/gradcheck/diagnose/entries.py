"""Mistakes of entries: axes out of order, single coordinates, another parameter's block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import permutations

import numpy as np

from gdsym.gradcheck.diagnose.samples import SAME, Array, ratio, same
from gdsym.gradcheck.report import Finding

# Rounded to about so many digits: single precision, or constants of a few digits.
ROUGH = ((1e-6, "to single precision"), (1e-3, "to a few digits: a constant in it is rounded"))


def misplaced(
    claimed: Sequence[Array], exact: Sequence[Array], others: Mapping[str, Sequence[Array]]
) -> list[Finding]:
    """Explanations by where entries stand."""
    found: list[Finding] = []
    axes = exact[0].ndim
    for order in permutations(range(axes)):
        if order != tuple(range(axes)) and _after(partial(_transposed, order), claimed, exact):
            found.append(Finding("transposed", "", "its axes stand in another order"))
    for axis in range(axes):
        for step, neighbour in ((1, "the one before"), (-1, "the next one")):
            if _after(partial(_rolled, step, axis), claimed, exact):
                text = f"every entry is that of {neighbour}"
                found.append(Finding("shifted_index", "", text))
        if _after(partial(_reversed, axis), claimed, exact):
            found.append(Finding("shifted_index", "", "its entries stand in reverse order"))
    for name, values in others.items():
        if [v.shape for v in values] == [e.shape for e in exact] and same(claimed, values):
            text = f"it is the derivative by `{name}`"
            found.append(Finding("swapped_parameters", name, text))
    return found


def _transposed(order: Sequence[int], values: Array) -> Array:
    return values.transpose(order)


def _rolled(step: int, axis: int, values: Array) -> Array:
    return np.roll(values, step, axis)


def _reversed(axis: int, values: Array) -> Array:
    return np.flip(values, axis)


def _after(
    change: Callable[[Array], Array], claimed: Sequence[Array], exact: Sequence[Array]
) -> bool:
    changed = [change(e) for e in exact]
    if any(c.shape != e.shape for c, e in zip(changed, exact, strict=True)):
        return False
    return same(claimed, changed) and not same(changed, exact)


def of_coordinates(
    claimed: Sequence[Array], exact: Sequence[Array], name: Callable[[tuple[int, ...]], str]
) -> list[Finding]:
    """Explanations by one coordinate that is off, the same at every point."""
    wrong: set[tuple[int, ...]] | None = None
    for c, e in zip(claimed, exact, strict=True):
        scale = max(float(np.max(np.abs(c), initial=0)), float(np.max(np.abs(e), initial=0)))
        here = {tuple(map(int, index)) for index in np.argwhere(np.abs(c - e) > SAME * scale)}
        wrong = here if wrong is None else wrong & here if here else wrong
        if len(here) > 1 or e.size < 2:
            return []
    if not wrong or len(wrong) > 1:
        return []
    (index,) = wrong
    where = name(index)
    if all(
        abs(c[index] + e[index]) <= SAME * abs(e[index])
        for c, e in zip(claimed, exact, strict=True)
    ):
        return [Finding("sign", where, f"{where} has the wrong sign")]
    if len({float(c[index]) for c in claimed}) == 1:
        text = f"{where} is the same at every point, {claimed[0][index]:.6g}"
        return [Finding("stale_coordinate", where, text)]
    return [Finding("wrong_term", where, f"{where} alone is wrong")]


def unmoved(claimed: Sequence[Array], exact: Sequence[Array], title: str) -> list[Finding]:
    """Explanations by one number that every entry is at every point."""
    entries = np.concatenate([c.ravel() for c in claimed])
    if not _one(entries.tolist()) or _one(np.concatenate([e.ravel() for e in exact]).tolist()):
        return []
    text = f"it is the same at every point, {entries[0]:.6g}"
    return [Finding("stale_coordinate", title, text)]


def cut_off(claimed: Sequence[Array], exact: Sequence[Array], title: str) -> list[Finding]:
    """Explanations by a gradient whose entries, or whose length, have a largest value."""
    changed = [(c, e) for c, e in zip(claimed, exact, strict=True) if not same([c], [e])]
    lengths = [float(np.linalg.norm(c)) for c, _ in changed]
    turned = [ratio([c], [e]) for c, e in changed]
    shorter = all(r is not None and 0 < r[0] < 1 for r in turned)
    if len(changed) > 1 and changed[0][0].size > 1 and _one(lengths) and shorter:
        text = f"it is made shorter where its length is above {lengths[0]:.6g}"
        return [Finding("clipped", title, text)]
    above: list[float] = []
    below: list[float] = []
    kept = 0
    for c, e in zip(claimed, exact, strict=True):
        off = np.abs(c - e) > SAME * float(np.max(np.abs(e), initial=0))
        kept += int(np.sum(~off & (e != 0)))
        above += c[off & (c < e)].tolist()
        below += c[off & (c > e)].tolist()
    ends = [*above, *below]
    enough = kept + len(ends) >= 4 and (kept > 1 or (above and below))
    if not enough or not ends or not (_one(above) and _one(below)):
        return []
    high, low = (*above, np.inf)[0], (*below, -np.inf)[0]
    if low >= high or not all(
        np.all((e < high) | (c <= high + SAME * abs(high))) for c, e in changed
    ):
        return []
    told = " and ".join(f"{v:.6g}" for v in sorted({round(v, 12) for v in ends}))
    return [Finding("clipped", title, f"its entries are cut off at {told}")]


def _one(values: Sequence[float]) -> bool:
    """True for several times one number, and for none."""
    return all(abs(v - values[0]) <= SAME * abs(values[0]) for v in values)


def to_decimals(claimed: Sequence[Array], exact: Sequence[Array], title: str) -> list[Finding]:
    """Explanations by few decimals."""
    for decimals in range(1, 9):
        unit = 10.0**-decimals
        if all(
            np.all(np.abs(c / unit - np.round(c / unit)) < 1e-6)
            and np.all(np.abs(c - e) <= 0.51 * unit)
            for c, e in zip(claimed, exact, strict=True)
        ):
            text = f"it is rounded to {decimals} decimals"
            return [Finding("precision", title, text)]
    return []


def rounded(claimed: Sequence[Array], exact: Sequence[Array]) -> list[Finding]:
    """Explanations by few digits."""
    worst = 0.0
    for c, e in zip(claimed, exact, strict=True):
        scale = float(np.max(np.abs(e), initial=0))
        worst = max(worst, float(np.max(np.abs(c - e), initial=0)) / scale if scale else np.inf)
    for most, words in ROUGH:
        if worst <= most:
            return [Finding("precision", "", f"it is right {words}")]
    return []
