"""A dense inverse of the curvature that quasi-Newton updates make, for line searches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gdsym.optimizers._descent import curved
from gdsym.optimizers._iterate import Iterate, Mask, Matrix, Vector

# (inverse, step, change) -> the next inverse, with step'change > 0
Update = Callable[[Matrix, Vector, Vector], Matrix]


class DenseInverse:
    """The inverse begins as s'y/y'y times the identity (Nocedal and Wright, 2006, 6.20)."""

    def __init__(self, update: Update) -> None:
        self._update = update
        self._inverse: Matrix | None = None

    @property
    def known(self) -> bool:
        return self._inverse is not None

    def direction(self, now: Iterate, free: Mask | None) -> Vector:
        if self._inverse is None:
            return -now.g if free is None else -now.g * free
        if free is None:
            return -(self._inverse @ now.g)
        direction = np.zeros_like(now.g)
        direction[free] = -(_within(self._inverse, free) @ now.g[free])
        return direction

    def learn(self, step: Vector, change: Vector) -> None:
        if not curved(step, change):
            return
        if self._inverse is None:
            self._inverse = float(step @ change) / float(change @ change) * np.eye(len(step))
        self._inverse = self._update(self._inverse, step, change)

    def forget(self) -> None:
        self._inverse = None


def _within(inverse: Matrix, free: Mask) -> Matrix:
    """The inverse of the curvature in the free coordinates: a Schur complement of `inverse`."""
    across = inverse[np.ix_(~free, free)]
    held = inverse[np.ix_(~free, ~free)]
    within: Matrix = inverse[np.ix_(free, free)] - across.T @ np.linalg.solve(held, across)
    return within
