"""Derivatives of a function that is known by its values alone, with estimates of their errors.

Steps are chosen per coordinate: differences at shrinking steps are extrapolated to step 0 as long
as the estimates settle (Ridders 1982, "Accurate computation of F'(x) and F'(x)F''(x)"). Where the
function takes complex numbers, the complex step (Squire and Trapp 1998, SIAM Review 40) gives the
derivative to rounding error, if it says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np

from gdsym.gradcheck.functions.places import Array

# Steps shrink by this factor, so often, from this share of the coordinate (or of 1) on: to 2e-7.
SHRINK = 2.0
STEPS = 20
FIRST = 0.1
# With values at fewer steps, near the edge of a domain, steps begin at a share of the coordinate.
FEW = 8
COMPLEX = 1e-30
# At a kink the slopes of both sides stay apart by this share of how far they are at a step that
# is 2^10 times as large; where the function is smooth they come near each other with the step.
APART = 0.5

# Raises ValueError for complex numbers where it takes none.
Loss = Callable[[Array], complex]


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative by one coordinate, and how far it may be off. `left`, `right`: the slopes of
    both sides where it has a kink there."""

    value: float
    error: float
    left: float = 0.0
    right: float = 0.0
    kink: bool = False
    complex: bool = False


def noise(loss: Loss, x: Array, seed: int = 0) -> float:
    """The noise in the values of a function around a point: the level of its rounding errors.

    From a table of differences along a direction, where smoothness has no part after the third
    (Moré and Wild 2011, SIAM J. Sci. Comput. 33, "Estimating computational noise").
    """
    direction = np.random.default_rng(seed).standard_normal(x.shape)
    direction *= np.maximum(np.abs(x), 1.0) / np.sqrt(max(x.size, 1))
    for step in (1e-13, 1e-11, 1e-9, 1e-7, 1e-5):
        values = np.array([float(np.real(loss(x + i * step * direction))) for i in range(9)])
        if not np.all(np.isfinite(values)):
            continue
        if len(set(values.tolist())) < 5:  # steps below the resolution show no noise
            continue
        levels = []
        table = values
        for order in range(1, 7):
            table = np.diff(table)
            if order >= 4:
                share = factorial(order) ** 2 / factorial(2 * order)
                levels.append(float(np.sqrt(share * np.mean(table**2))))
        return min(levels)
    return 0.0


def slope(loss: Loss, x: Array, index: tuple[int, ...], level: float) -> Slope | None:
    """The derivative by one coordinate; None where no two neighbours have values.

    level: the noise of a value.
    """
    own = abs(float(x[index]))
    centre = float(np.real(loss(x)))
    sides = _sides(loss, x, index, max(own, 1.0))
    if len(sides) < FEW and own:
        sides = _sides(loss, x, index, own)
    if len(sides) < 2:
        return None
    floor = max(level, 2.0**-52 * max(abs(centre), *(abs(f) for _, f, _ in sides[:1])))
    kink = _kink(sides, centre, floor)
    if kink is not None:
        left, right = kink
        return Slope((left + right) / 2, abs(right - left) / 2, left, right, True)
    value, error = _extrapolated(sides, floor)
    exact = _complex_step(loss, x, index, centre)
    if exact is not None and abs(exact - value) <= 10 * error + 1e-9 * abs(exact):
        return Slope(exact, 1e-14 * abs(exact) + COMPLEX, complex=True)
    return Slope(value, error)


def _sides(
    loss: Loss, x: Array, index: tuple[int, ...], scale: float
) -> list[tuple[float, float, float]]:
    """Steps, and the values on both sides: those where both are numbers."""
    steps = [FIRST * scale / SHRINK**i for i in range(STEPS)]
    found = [(h, _moved(loss, x, index, h), _moved(loss, x, index, -h)) for h in steps]
    return [(h, f, b) for h, f, b in found if np.isfinite(f) and np.isfinite(b)]


def _moved(loss: Loss, x: Array, index: tuple[int, ...], step: float) -> float:
    moved = x.copy()
    moved[index] += step
    return float(np.real(loss(moved)))


def _complex_step(loss: Loss, x: Array, index: tuple[int, ...], centre: float) -> float | None:
    moved = x.astype(complex)
    moved[index] += 1j * COMPLEX
    try:
        value = loss(moved)
    except ValueError:
        return None
    if not np.isfinite(value) or abs(np.real(value) - centre) > 1e-12 * max(abs(centre), 1e-300):
        return None
    return float(np.imag(value)) / COMPLEX


def _extrapolated(
    sides: Sequence[tuple[float, float, float]], floor: float
) -> tuple[float, float]:
    """The best entry of the table of extrapolations, and its error.

    All steps are tried: what settles at large ones may be another slope than that at the point.
    """
    best, least = np.nan, np.inf
    before: list[float] = []
    for h, forward, backward in sides:
        row = [(forward - backward) / (2 * h)]
        rounding = floor / h
        power = SHRINK**2
        for k, other in enumerate(before):
            row.append((power * row[k] - other) / (power - 1))
            error = max(abs(row[k + 1] - row[k]), abs(row[k + 1] - other)) + rounding
            if error <= least:
                best, least = row[k + 1], error
            power *= SHRINK**2
        before = row
    return best, least


def _kink(
    sides: Sequence[tuple[float, float, float]], centre: float, floor: float
) -> tuple[float, float] | None:
    """The slopes of both sides, where they do not come near each other."""
    gaps = [(h, (centre - b) / h, (f - centre) / h) for h, f, b in sides]
    small = [gap for gap in gaps if gap[0] * 2**10 <= gaps[0][0] * 1.001]
    if not small:
        return None
    h, left, right = small[0]
    gap = abs(right - left)
    large = abs(gaps[0][2] - gaps[0][1])
    if gap <= 100 * floor / h or gap < APART * large or gap <= 1e-6 * (abs(left) + abs(right)):
        return None
    # A second, smaller step tells a kink from a curve that is steep near the point.
    _, nearer_left, nearer_right = small[-1]
    if abs(abs(nearer_right - nearer_left) - gap) > 0.1 * gap + 100 * floor / small[-1][0]:
        return None
    return nearer_left, nearer_right
