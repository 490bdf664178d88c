"""Newton's method in a trust region by conjugate gradients on products with the Hessian.

For many parameters: nothing of the size of the Hessian is made (Steihaug, 1983; Nocedal and
Wright, 2006, algorithm 7.2). Negative curvature is followed to the edge of the region. Bounds by
active sets.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gdsym.optimizers._conjugate import truncated
from gdsym.optimizers._iterate import Iterate, Mask, Objective, Vector, finite
from gdsym.optimizers._trust_region import trust_region

NEEDS = ("hvp",)


def minimize(
    objective: Objective,
    start: Iterate,
    lower: Vector,
    upper: Vector,
    *,
    inner: int = 200,
    radius: float = 1.0,
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    inner: the most products with the Hessian for one step; radius: the first trust radius, in
    sizes of the start.
    """
    curvature = _Products(objective, inner)
    return (yield from trust_region(objective, start, lower, upper, curvature, radius))


class _Products:
    def __init__(self, objective: Objective, inner: int) -> None:
        self.objective, self.inner = objective, inner

    def at(self, now: Iterate) -> _ProductModel:
        return _ProductModel(self.objective, now, self.inner)

    def learn(self, step: Vector, change: Vector) -> bool:
        return False  # products are exact


class _ProductModel:
    """g's + s'Hs/2, without H."""

    def __init__(self, objective: Objective, now: Iterate, inner: int) -> None:
        assert objective.hvp is not None
        self.hvp, self.now, self.inner = objective.hvp, now, inner
        self._asked: tuple[Vector, Vector] | None = None

    def change(self, step: Vector) -> float:
        return float(self.now.g @ step + 0.5 * step @ self._times(step))

    def diagonal(self) -> Vector:
        return np.ones_like(self.now.x)

    def solve(self, free: Mask, step: Vector, scale: Vector, radius: float) -> Vector:
        def times(v: Vector) -> Vector:
            whole = np.zeros_like(step)
            whole[free] = v
            return self.hvp(self.now.x, whole)[free]

        g = self.now.g + (self._times(step) if step.any() else 0.0)
        return truncated(times, g[free], self.inner, radius)

    def _times(self, step: Vector) -> Vector:
        """The last product is kept: a step is asked for more than once.

        One that is not finite says nothing, so the gradient alone leads.
        """
        if self._asked is None or not np.array_equal(self._asked[0], step):
            product = self.hvp(self.now.x, step)
            self._asked = step.copy(), product if finite(product) else np.zeros_like(step)
        return self._asked[1]
