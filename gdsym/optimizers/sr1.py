"""Symmetric rank-one updates in a trust region (Conn, Gould and Toint, 1991), with bounds.

The model of the curvature may be indefinite, as the function is. The update is Nocedal and Wright
(2006), equation 6.24, left out where 6.26 says that it would be rounding.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gdsym.optimizers._iterate import Iterate, Matrix, Objective, Vector
from gdsym.optimizers._quadratic import HessianModel
from gdsym.optimizers._trust_region import trust_region

NEEDS = ()

ROUNDING = 1e-8


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, radius: float = 1.0
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    radius: the first trust radius, in sizes of the start.
    """
    return (yield from trust_region(objective, start, lower, upper, _Learnt(start), radius))


class _Learnt:
    def __init__(self, start: Iterate) -> None:
        # A first step of length 1 at most.
        self.B: Matrix = max(1.0, float(np.linalg.norm(start.g))) * np.eye(len(start.x))
        self._first = True

    def at(self, now: Iterate) -> HessianModel:
        return HessianModel(now.g, self.B, scaled=False)

    def learn(self, step: Vector, change: Vector) -> bool:
        if self._first and float(step @ change) > 0:
            self.B = float(change @ change) / float(step @ change) * np.eye(len(step))
        self._first = False
        missed = change - self.B @ step
        along = float(missed @ step)
        if abs(along) <= ROUNDING * float(np.linalg.norm(step) * np.linalg.norm(missed)):
            return False
        self.B = self.B + np.outer(missed, missed) / along
        return True
