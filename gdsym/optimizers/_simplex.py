"""The weights of pieces that meet: a quadratic programme over the simplex, by active sets.

The dual of a step of `bundle`. A set of pieces works; the weights go to the minimum of the
quadratic over them, or as far as none becomes negative, where that piece leaves the set. At the
minimum the piece that is violated most joins. Wolfe (1976) did so for the point nearest to 0.
Walls, whose weights are at least 0 but not part of the sum, are treated alike.
"""

from __future__ import annotations

import numpy as np

from gdsym.optimizers._iterate import EPS, Matrix, Vector

DEPENDENT = 1e-12  # of the largest singular value
NOISE = 16 * EPS


def lightest(B: Matrix, values: Vector, weights: Vector, share: Vector) -> Vector:
    """Weights w >= 0 with share @ w = 1 that minimise |B w|^2/2 - values @ w.

    B: (p, m), a column for each piece or wall. weights: (m,), where to begin. share: (m,), 1 for
    a piece and 0 for a wall.
    """
    weights = weights.copy()
    best, cost = weights, np.inf
    working = [int(i) for i in np.flatnonzero(weights)]
    unit = float(np.linalg.norm(B, axis=0).max()) or 1.0
    while True:
        scaled = B[:, working] / unit, values[working] / unit**2
        towards, bounded = _towards(*scaled, share[working])
        change = towards if not bounded else towards - weights[working]
        reach, first = _reach(weights[working], change)
        if reach < 1 or (not bounded and reach < np.inf):
            weights[working] = np.maximum(weights[working] + reach * change, 0.0)
            weights[working[first]] = 0.0
            del working[first]
            continue
        if not bounded:  # walls without a way between them
            return best
        weights = np.zeros_like(weights)
        weights[working] = np.maximum(towards, 0.0)
        weights /= share @ weights
        total = B @ weights
        now = 0.5 * float(total @ total) - float(values @ weights)
        if not now < cost:  # rounding goes round in circles
            return best
        best, cost = weights, now
        joins = _violated(B, values, total, working, share)
        if joins is None:
            return best
        working.append(joins)


def _violated(
    B: Matrix, values: Vector, total: Vector, working: list[int], share: Vector
) -> int | None:
    """The piece that stands highest above those that work, or the wall that is passed farthest."""
    heights = values - total @ B
    rounding = NOISE * float(np.max(np.abs(values) + np.abs(total) @ np.abs(B)))
    pieces = [i for i in working if share[i]]
    heights -= share * float(np.mean(heights[pieces]))
    heights[working] = -np.inf
    highest = int(np.argmax(heights))
    return highest if heights[highest] > rounding else None


def _towards(B: Matrix, values: Vector, share: Vector) -> tuple[Vector, bool]:
    """The weights at the minimum over a working set, and True; where there is none, because its
    columns depend on each other, a direction that goes down for ever, and False."""
    k = len(values)
    stacked = np.vstack([B, share])
    _, sizes, rows = np.linalg.svd(stacked)
    if k > len(stacked) or sizes[k - 1] < DEPENDENT * sizes[0]:
        along: Vector = rows[-1]
        return (along if values @ along >= 0 else -along), False
    system = np.zeros((k + 1, k + 1))
    system[:k, :k] = B.T @ B
    system[:k, k] = system[k, :k] = share
    weights: Vector = np.linalg.lstsq(system, np.append(values, 1.0), rcond=None)[0][:k]
    return weights, True


def _reach(weights: Vector, change: Vector) -> tuple[float, int]:
    """How much of a change the weights can take before one of them is 0, and which one."""
    reach = np.full(len(weights), np.inf)
    falling = change < 0
    reach[falling] = weights[falling] / -change[falling]
    first = int(np.argmin(reach))
    return float(reach[first]), first
