"""Newton's method in a trust region (Moré and Sorensen, 1983), with bounds by active sets.

The exact Hessian is asked for once per accepted point. Where it is indefinite the step follows
negative curvature, so the method leaves saddles and never goes uphill.
"""

from __future__ import annotations

from collections.abc import Generator

from gdsym.optimizers._iterate import Iterate, Objective, Vector, finite
from gdsym.optimizers._quadratic import HessianModel
from gdsym.optimizers._trust_region import trust_region

NEEDS = ("hess",)


class _Exact:
    def __init__(self, objective: Objective) -> None:
        assert objective.hess is not None
        self.hess = objective.hess

    def at(self, now: Iterate) -> HessianModel | None:
        H = self.hess(now.x)
        return HessianModel(now.g, H) if finite(H) else None

    def learn(self, step: Vector, change: Vector) -> bool:
        return False  # the Hessian is exact


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, radius: float = 1.0
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    radius: the first trust radius, in sizes of the start measured by the curvature.
    """
    return (yield from trust_region(objective, start, lower, upper, _Exact(objective), radius))
