"""Newton's method in a trust region (Moré and Sorensen, 1983), with bounds by active sets.

The exact Hessian is asked for once per accepted point. Where it is indefinite the step follows
negative curvature, so the method leaves saddles and never goes uphill.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from gdsym.optimizers._iterate import Iterate, Objective, Vector, finite
from gdsym.optimizers._quadratic import HessianModel
from gdsym.optimizers._trust_region import trust_region

NEEDS = ("hess",)


class _Exact:
    """The Hessian at accepted points: with the value and the gradient there, in one pass, while
    trials are accepted as they come."""

    def __init__(self, objective: Objective) -> None:
        assert objective.hess is not None
        self._objective = objective
        self._hess = objective.hess
        self._tried: Vector | None = None
        self._accepted = False

    def value_and_grad(self, x: Vector) -> tuple[float, Vector]:
        expected, self._accepted, self._tried = self._accepted, False, x
        if not expected or self._objective.value_grad_hess is None:
            return self._objective(x)
        return self._objective.value_grad_hess(x)[:2]  # and `hess` there costs nothing

    def at(self, now: Iterate) -> HessianModel | None:
        self._accepted |= now.x is self._tried
        H = self._hess(now.x)
        return HessianModel(now.g, H) if finite(H) else None

    def learn(self, step: Vector, change: Vector) -> bool:
        return False  # the Hessian is exact


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, radius: float = 1.0
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    radius: the first trust radius, in sizes of the start measured by the curvature.
    """
    exact = _Exact(objective)
    evaluated = replace(objective, value_and_grad=exact.value_and_grad)
    return (yield from trust_region(evaluated, start, lower, upper, exact, radius))
