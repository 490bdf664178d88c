"""Levenberg-Marquardt for sums of squares (Moré, 1978), with bounds by active sets.

The step solves a damped linear least-squares problem on the triangular factor of the scaled
Jacobian, so the condition number is that of the Jacobian and never its square.

Where residuals are large at the minimum such steps converge slowly: each leaves a constant share
of what there is to gain. Then, and only near the minimum, the steps are those of the exact
Hessian, if there is one (as Dennis, Gay and Welsch, 1981, switch to a model that is learnt).
"""

from __future__ import annotations

from collections.abc import Generator

from gdsym.optimizers._iterate import Iterate, Objective, Vector, finite
from gdsym.optimizers._quadratic import HessianModel, SquaresModel
from gdsym.optimizers._trust_region import trust_region

NEEDS = ("residual_qr",)

NEAR = 0.01  # of the sum of squares: what is left to gain near the minimum, at most
SLOW = 0.5  # of what was left: a step that leaves more is slow
PATIENCE = 5  # slow steps in a row


class _Residuals:
    def __init__(self, objective: Objective) -> None:
        assert objective.residual_qr is not None
        self.residual_qr, self.squares = objective.residual_qr, objective.squares
        self.hess = objective.hess
        self.left, self.slow = 0.0, 0

    def at(self, now: Iterate) -> SquaresModel | HessianModel | None:
        if self.slow >= PATIENCE and self.hess is not None:
            H = self.hess(now.x)
            return HessianModel(now.g, H) if finite(H) else None
        R, z, rest = self.residual_qr(now.x)
        if not finite(R, z):
            return None
        left = float(z @ z)
        slow = SLOW * self.left < left < NEAR * (left + rest)
        self.left, self.slow = left, self.slow + 1 if slow else 0
        return SquaresModel(R, z, self.squares)

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
