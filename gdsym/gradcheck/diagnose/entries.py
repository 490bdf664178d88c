"""Mistakes of entries: axes out of order, single coordinates, another parameter's block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import permutations

import numpy as np

from gdsym.gradcheck.diagnose.samples import SAME, Array, same
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
