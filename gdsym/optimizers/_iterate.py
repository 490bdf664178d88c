"""What passes between a method and the runner: points that a method has accepted.

A method is a generator, so that the runner owns the loop: it reports progress, stops at a
tolerance or a limit, and on Ctrl-C still holds the last accepted point, wherever the method was.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]  # the value and the gradient at a point


@dataclass(frozen=True, slots=True)
class Iterate:
    """An accepted point x inside the bounds, with finite value f and gradient g there.

    `step` is the length of the step that led here; `ahead` estimates how far f still lies above
    the minimum, by the method's own model of the curvature (infinite where it has none).
    """

    x: Vector
    f: float
    g: Vector
    step: float
    ahead: float


class Method(Protocol):
    """`minimize`: yields the start, then every accepted iterate; f never rises beyond rounding.

    x, f, g are the start, inside the bounds and finite. The generator ends by itself only where
    it can do no more, and returns why: `FLAT` or `UNBOUNDED`.
    """

    def __call__(
        self, objective: Objective, start: Iterate, lower: Vector, upper: Vector, **options: Any
    ) -> Generator[Iterate, None, str]: ...


FLAT = "flat"  # no lower value can be found in float64
UNBOUNDED = "unbounded"  # the value falls without end


def projected(g: Vector, x: Vector, lower: Vector, upper: Vector) -> Vector:
    """The gradient without the components that push a coordinate out of the box at its bound."""
    return np.where(((x <= lower) & (g > 0)) | ((x >= upper) & (g < 0)), 0.0, g)


def grad_norm(f: float, g: Vector, x: Vector, lower: Vector, upper: Vector) -> float:
    """The largest entry of the projected gradient over max(1, |f|)."""
    return float(np.max(np.abs(projected(g, x, lower, upper)), initial=0.0)) / max(1.0, abs(f))
