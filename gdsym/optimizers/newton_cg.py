"""Truncated Newton: conjugate gradients on products with the exact Hessian, with a line search.

For many parameters: nothing of the size of the Hessian is made (Dembo, Eisenstat and Steihaug,
1982; Nocedal and Wright, 2006, algorithm 7.1). Bounds by active sets and projection.
"""

from __future__ import annotations

from collections.abc import Generator

from gdsym.optimizers._conjugate import truncated
from gdsym.optimizers._descent import descend
from gdsym.optimizers._iterate import Iterate, Mask, Objective, Vector

NEEDS = ("hvp",)


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, inner: int = 200
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    inner: the most products with the Hessian for one direction.
    """
    return (yield from descend(objective, start, lower, upper, _Products(objective, inner)))


class _Products:
    def __init__(self, objective: Objective, inner: int) -> None:
        assert objective.hvp is not None
        self.hvp, self.inner = objective.hvp, inner
        self.known = True

    def direction(self, now: Iterate, free: Mask | None) -> Vector:
        g = now.g if free is None else now.g * free
        if not self.known:
            return -g

        def times(v: Vector) -> Vector:
            product = self.hvp(now.x, v)
            return product if free is None else product * free

        return truncated(times, g, self.inner)

    def learn(self, step: Vector, change: Vector) -> None:
        self.known = True  # the next point has its own products

    def forget(self) -> None:
        self.known = False
