"""BFGS with a dense inverse, a Wolfe line search and bounds.

The update of Broyden, Fletcher, Goldfarb and Shanno (1970), Nocedal and Wright (2006), equation
6.17.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gdsym.optimizers._dense import DenseInverse
from gdsym.optimizers._descent import descend
from gdsym.optimizers._iterate import Iterate, Matrix, Objective, Vector

NEEDS = ()


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible."""
    return (yield from descend(objective, start, lower, upper, DenseInverse(_updated)))


def _updated(inverse: Matrix, step: Vector, change: Vector) -> Matrix:
    curvature = float(step @ change)
    seen = inverse @ change
    across = np.outer(seen, step)
    more = 1.0 + float(change @ seen) / curvature
    updated: Matrix = inverse + (more * np.outer(step, step) - across - across.T) / curvature
    return updated
