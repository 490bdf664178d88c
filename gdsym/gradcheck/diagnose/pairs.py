"""Two mistakes at once: pairs of changes that together make one thing of another.

Of N changes there are N^2/2 pairs, too many to evaluate. Two changes in different terms of a sum
add up, two in different factors of a product multiply, so the values of single changes tell which
pairs may fit; only those are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gdsym.gradcheck.diagnose.samples import Array

# Candidates are made and held against all points afterwards.
NEAR = 1e-7
MOST_PAIRS = 60


def meeting(base: Array, changed: Sequence[Array], target: Array) -> Iterator[tuple[int, int]]:
    """Pairs whose changes of `base` add up to `target`. Values are all entries at some points."""
    if not changed:
        return
    values = np.stack(changed)
    scale = np.maximum(np.abs(base), np.abs(target)) + 1e-300
    steps = (values - base) / scale
    goal = (target - base) / scale
    yield from _sums(steps, goal)


def multiplying(
    base: Array, changed: Sequence[Array], target: Array, apart: Sequence[Array]
) -> Iterator[tuple[int, int]]:
    """Pairs whose changes multiply, at one row, where sums over rows are products. `apart` are
    terms that may stand beside the product."""
    if not changed:
        return
    values = np.stack(changed)
    for beside in (np.zeros_like(base), *apart):
        core = base - beside
        if np.any(core == 0):
            continue
        shares, goal = (values - beside) / core, (target - beside) / core
        if np.all(goal != 0):
            yield from _products(shares / np.sqrt(np.abs(goal)), np.sign(goal))


def _sums(steps: Array, goal: Array) -> Iterator[tuple[int, int]]:
    fits = np.ones((len(steps), len(steps)), dtype=bool)
    for entry in range(min(steps.shape[1], 12)):
        column = steps[:, entry]
        size = 1 + np.maximum(np.abs(column)[:, None], np.abs(column)[None, :])
        fits &= np.abs(column[:, None] + column[None, :] - goal[entry]) <= NEAR * size
    yield from _places(fits)


def _products(shares: Array, goal: Array) -> Iterator[tuple[int, int]]:
    fits = np.ones((len(shares), len(shares)), dtype=bool)
    for entry in range(min(shares.shape[1], 12)):
        column = shares[:, entry]
        fits &= np.abs(column[:, None] * column[None, :] - goal[entry]) <= NEAR
    yield from _places(fits)


def _places(fits: Array) -> Iterator[tuple[int, int]]:
    for i, j in np.argwhere(np.triu(fits, 1))[:MOST_PAIRS]:
        yield int(i), int(j)


def equal(first: Sequence[Array], second: Sequence[Array]) -> Iterator[tuple[int, int]]:
    """Pairs of equal values, one of each list."""
    if not first or not second:
        return
    one, other = np.stack(first), np.stack(second)
    fits = np.ones((len(one), len(other)), dtype=bool)
    for entry in range(min(one.shape[1], 12)):
        a, b = one[:, entry][:, None], other[:, entry][None, :]
        fits &= np.abs(a - b) <= NEAR * (np.abs(a) + np.abs(b))
    for i, j in np.argwhere(fits):
        yield int(i), int(j)
