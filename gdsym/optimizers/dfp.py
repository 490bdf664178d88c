"""The method of Davidon (1959), Fletcher and Powell (1963), with a Wolfe line search and bounds.

The first quasi-Newton method, for comparison: BFGS forgives line searches that are not exact. The
update is Nocedal and Wright (2006), equation 6.15.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gdsym.optimizers._dense import DenseInverse
from gdsym.optimizers._descent import descend
from gdsym.optimizers._iterate import Iterate, Matrix, Objective, Vector

NEEDS = ()

# Without nearly exact line searches the update does not recover from a poor model.
LEFT_OF_SLOPE = 0.01


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible."""
    inverse = DenseInverse(_updated)
    return (yield from descend(objective, start, lower, upper, inverse, LEFT_OF_SLOPE))


def _updated(inverse: Matrix, step: Vector, change: Vector) -> Matrix:
    seen = inverse @ change
    gained = np.outer(step, step) / float(step @ change)
    updated: Matrix = inverse + gained - np.outer(seen, seen) / float(change @ seen)
    return updated
