"""The minimum of a convex quadratic plus known kinks in a box, with exact zeros.

Rounds of a sweep over blocks (coordinate descent; in a group of several entries on a majorant of
its curvature), which finds what is 0, and a Newton step on what is not, which finds the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdsym.optimizers import _kinks
from gdsym.optimizers._iterate import EPS, Kink, Matrix, Vector

HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Composite:
    """g'd + d'Hd/2 + the kinks at x + d, for lower <= x + d <= upper; H is positive definite."""

    x: Vector
    g: Vector
    H: Matrix
    kinks: Sequence[Kink]
    lower: Vector
    upper: Vector

    def value(self, d: Vector) -> float:
        smooth = float(self.g @ d + 0.5 * d @ (self.H @ d))
        return smooth + _kinks.value(self.kinks, self.x + d)


def solve(problem: Composite, rounds: int) -> Vector:
    """The minimiser's x + d; stops where a round moves nothing beyond rounding."""
    x = np.clip(problem.x, problem.lower, problem.upper)
    blocks = _blocks(problem)
    sizes = np.sqrt(np.diagonal(problem.H))
    for _ in range(rounds):
        before = x
        x = _sweep(problem, blocks, x)
        moved = float(np.max(sizes * np.abs(x - before), initial=0.0))
        x = _newton(problem, x)
        if moved <= 4 * EPS * float(np.max(sizes * np.abs(x), initial=0.0)):
            break
    return x


Block = tuple[NDArray[np.intp], float, float]  # places, weight, the largest curvature in them


def _blocks(problem: Composite) -> list[Block]:
    blocks: list[Block] = []
    single = np.ones(len(problem.x), dtype=bool)
    for kink in problem.kinks:
        for group, weight in zip(kink.groups, kink.weights.tolist(), strict=True):
            single[group] = False
            within = problem.H[np.ix_(group, group)]
            blocks.append((group, weight, float(np.linalg.eigvalsh(within)[-1])))
    blocks += [
        (np.array([i]), 0.0, float(problem.H[i, i])) for i in np.flatnonzero(single).tolist()
    ]
    return blocks


def _sweep(problem: Composite, blocks: Sequence[Block], start: Vector) -> Vector:
    x = start.copy()
    slope = problem.g + problem.H @ (x - problem.x)
    for at, weight, bend in blocks:
        if not bend > 0:
            continue
        aim = x[at] - slope[at] / bend
        length = float(np.sqrt(aim @ aim))
        kept = 0.0 if length <= weight / bend else 1.0 - weight / bend / length
        there = np.clip(kept * aim, problem.lower[at], problem.upper[at])
        change = there - x[at]
        if change.any():
            x[at] = there
            slope += problem.H[:, at] @ change
    return x


def _newton(problem: Composite, x: Vector) -> Vector:
    """A step in the entries that are neither 0 nor at a bound, as far as all stay so."""
    kinks, d = problem.kinks, x - problem.x
    free = ~_kinks.at_zero(kinks, x) & (x > problem.lower) & (x < problem.upper)
    if not free.any():
        return x
    slope = problem.g + problem.H @ d + _kinks.gradient(kinks, x)
    bend = (problem.H + _kinks.curvature(kinks, x))[np.ix_(free, free)]
    try:
        step = np.zeros_like(x)
        step[free] = -np.linalg.solve(bend, slope[free])
    except np.linalg.LinAlgError:
        return x
    value = problem.value(d)
    share, crossed = _first_crossing(problem, x, step)
    for _ in range(HALVINGS):
        there = np.clip(x + share * step, problem.lower, problem.upper)
        there[crossed] = 0.0
        if problem.value(there - problem.x) <= value:
            return there
        share *= 0.5
        crossed = np.zeros_like(crossed)
    return x


def _first_crossing(
    problem: Composite, x: Vector, step: Vector
) -> tuple[float, NDArray[np.bool_]]:
    """How much of a step can be taken before an entry meets its kink or bound, and who does."""
    single = np.zeros(len(x), dtype=bool)
    for kink in problem.kinks:
        if kink.groups.shape[1] == 1:
            single[kink.groups[kink.weights > 0]] = True
    with np.errstate(all="ignore"):
        to_zero = np.where(single & (x * step < 0), -x / step, np.inf)
        wall = np.where(step > 0, problem.upper, problem.lower)
        to_wall = np.where(step != 0, (wall - x) / step, np.inf)
    share = min(1.0, float(np.min(to_zero)), float(np.min(to_wall)))
    return share, to_zero <= share
