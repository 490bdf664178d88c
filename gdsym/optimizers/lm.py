"""Levenberg-Marquardt for sums of squares (Moré, 1978), with bounds by active sets.

The step solves a damped linear least-squares problem on the triangular factor of the scaled
Jacobian, so the condition number is that of the Jacobian and never its square.
"""

from __future__ import annotations

from collections.abc import Generator

from gdsym.optimizers._iterate import Iterate, Objective, Vector, finite
from gdsym.optimizers._quadratic import SquaresModel
from gdsym.optimizers._trust_region import trust_region

NEEDS = ("residual_qr",)


class _Residuals:
    def __init__(self, objective: Objective) -> None:
        assert objective.residual_qr is not None
        self.residual_qr, self.squares = objective.residual_qr, objective.squares

    def at(self, now: Iterate) -> SquaresModel | None:
        R, z, _ = self.residual_qr(now.x)
        return SquaresModel(R, z, self.squares) if finite(R, z) else None

    def learn(self, step: Vector, change: Vector) -> bool:
        return False  # the Jacobian is exact


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, radius: float = 100.0
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    radius: the first trust radius, in sizes of the start measured by the columns of the Jacobian
    (MINPACK's `factor`).
    """
    return (yield from trust_region(objective, start, lower, upper, _Residuals(objective), radius))
