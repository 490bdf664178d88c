"""The Gauss-Newton method for sums of squares, with a line search and bounds (Gauss, 1809).

The direction is the solution of the linear least-squares problem, of least length where the
Jacobian lacks rank, by the singular values of its scaled triangular factor.
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf

import numpy as np

from gdsym.optimizers._descent import descend
from gdsym.optimizers._iterate import EPS, Iterate, Mask, Objective, Vector, finite
from gdsym.optimizers._quadratic import SquaresModel

NEEDS = ("residual_qr",)

NOISE = 16 * EPS  # the rounding to expect in a residual, relative to its size


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible."""
    return (yield from descend(objective, start, lower, upper, _Linearised(objective)))


class _Linearised:
    def __init__(self, objective: Objective) -> None:
        assert objective.residual_qr is not None
        self.residual_qr, self.squares = objective.residual_qr, objective.squares
        self.known = True
        self.arrived, self.least = False, 0.0

    def direction(self, now: Iterate, free: Mask | None) -> Vector:
        free = np.ones(len(now.x), dtype=bool) if free is None else free
        if self.arrived:
            return np.zeros_like(now.x)
        R, z, _ = self.residual_qr(now.x)
        self.known = self.known and finite(R, z)
        if not self.known:
            return -now.g * free
        model = SquaresModel(R, z, self.squares)
        sizes = np.sqrt(model.diagonal())
        scale = np.where(sizes > 0, sizes, 1.0)
        direction = np.zeros_like(now.x)
        direction[free] = model.solve(free, direction, scale, inf)
        # What is left to gain is within the rounding of f, or of residuals that were as large as
        # at the start: further steps would follow that.
        self.least = self.least or NOISE**2 * abs(now.f)
        self.arrived = -model.change(direction) <= max(EPS * abs(now.f), self.least)
        return direction

    def learn(self, step: Vector, change: Vector) -> None:
        self.known = True  # the next point has its own Jacobian

    def forget(self) -> None:
        self.known = False
