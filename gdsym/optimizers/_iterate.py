"""What passes between a method and the runner: an objective, and points that a method accepted.

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
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
EPS = float(np.finfo(np.float64).eps)
# A decrease below this share of a value of order 1 is rounding of what the value is made of, also
# where the value itself goes to 0.
NOTHING = EPS**2


@dataclass(frozen=True, slots=True)
class Kink:
    """A term of the objective that has a kink where entries are 0.

    `groups`: places in x, one row per group; `weights`: one per group. The term is the sum of
    weight * (Euclidean length of the group): with groups of one entry an L1 norm.
    """

    groups: NDArray[np.intp]  # (groups, entries)
    weights: Vector  # (groups,)


@dataclass(frozen=True, slots=True)
class Objective:
    """The function to be minimised and what else is known of it; None is what is not.

    Everything takes a vector x of free coordinates and gives what is not finite rather than
    raise. `hess` is (p, p), symmetric; `hvp(x, v)` the same times v; `value_grad_hess` is all
    three, at the cost of the last, and `hess` at the same point then costs nothing.

    `residual_qr(x)`: (R, z, rest) where the objective is a constant plus `squares` times the sum
    of squares of residuals r with the Jacobian J: R is upper triangular, R'R = J'J, R'z = J'r and
    |r|^2 = |z|^2 + rest.

    `kinks`: terms that the value holds, and that the gradient and Hessian hold wherever they have
    one; at a kink the gradient is that of the other terms.

    `convex`: True where the objective is known to be, else None.
    """

    value_and_grad: Callable[[Vector], tuple[float, Vector]]
    hess: Callable[[Vector], Matrix] | None = None
    hvp: Callable[[Vector, Vector], Vector] | None = None
    residual_qr: Callable[[Vector], tuple[Matrix, Vector, float]] | None = None
    squares: float = 1.0
    kinks: tuple[Kink, ...] = ()
    convex: bool | None = None
    value_grad_hess: Callable[[Vector], tuple[float, Vector, Matrix]] | None = None

    def __call__(self, x: Vector) -> tuple[float, Vector]:
        return self.value_and_grad(x)


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


def outward(g: Vector, x: Vector, lower: Vector, upper: Vector) -> Mask:
    """Where the gradient pushes a coordinate out of the box at its bound."""
    return ((x <= lower) & (g > 0)) | ((x >= upper) & (g < 0))


def projected(g: Vector, x: Vector, lower: Vector, upper: Vector) -> Vector:
    """The gradient without the components that push a coordinate out of the box at its bound."""
    return np.where(outward(g, x, lower, upper), 0.0, g)


def grad_norm(f: float, g: Vector, x: Vector, lower: Vector, upper: Vector) -> float:
    """The largest entry of the projected gradient over max(1, |f|)."""
    return float(np.max(np.abs(projected(g, x, lower, upper)), initial=0.0)) / max(1.0, abs(f))


def finite(*values: float | Vector) -> bool:
    """Whether every entry is finite."""
    return all(bool(np.all(np.isfinite(value))) for value in values)
