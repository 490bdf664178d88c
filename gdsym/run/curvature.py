"""Second derivatives of a bound problem at one point, in the free coordinates that move there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.run.generated import Problem, Vector
from gdsym.run.objective import NOT_A_NUMBER

Matrix = NDArray[np.float64]

MOST_DENSE = 2000  # parameters whose Hessian is made as a matrix
MOST_WORK = 1e11  # multiplications for it: rows x parameters x parameters
EDGE = 1e-10  # a share of a closed simplex below this lies on the edge


@dataclass(frozen=True, slots=True)
class Place:
    """A point: theta, its free coordinates, and which of these move.

    `active`: at a closed bound; `held`: at 0 by a penalty with a kink there; `moving`: neither
    of these, nor fixed. `known`: f and its gradient by phi, where they have been computed; `hess`:
    a Hessian by the moving coordinates, from here or from so near that it tells the same.
    """

    problem: Problem
    phi: Vector
    theta: Vector
    fixed: NDArray[np.bool_]
    moving: NDArray[np.intp]
    active: NDArray[np.intp]
    held: NDArray[np.intp]
    plain: bool
    known: tuple[float, Vector] | None = None
    hess: Matrix | None = None

    def tangents(self) -> Matrix:
        """d theta / d phi for the coordinates that move, (p, q)."""
        unit = np.eye(len(self.theta))[self.moving]
        if self.plain:
            return unit.T
        tangent = self.problem.tangent
        return np.array([tangent(self.phi, v) for v in unit]).reshape(unit.shape).T

    def at(self, phi: Vector) -> Place:
        """The same coordinates moving, elsewhere."""
        theta = phi if self.plain else self.problem.from_free(phi)
        theta[self.fixed] = self.theta[self.fixed]
        return replace(self, phi=phi, theta=theta, known=None, hess=None)

    def moved(self, step: Vector) -> Place:
        """The point a step of the moving coordinates away."""
        phi = self.phi.copy()
        phi[self.moving] += step
        lower, upper = self.problem.free_bounds
        return self.at(np.clip(phi, lower, upper))

    # -- derivatives

    def value_and_grad(self) -> tuple[float, Vector]:
        """The objective, and its gradient by the moving coordinates."""
        if self.known is not None:
            return self.known[0], self.known[1][self.moving]
        f, g = self.problem.value_and_grad(self.theta)
        return float(f), self._pulled(g)

    def value_grad_hess(self) -> tuple[float, Vector, Matrix]:
        """Raises ValueError where the Hessian is too large."""
        f, g, h = self.problem.value_grad_hess(self.theta)
        if not self.plain:
            h = self.problem.pullback_hess(self.phi, g, h)
        return float(f), self._pulled(g), h[np.ix_(self.moving, self.moving)]

    def product(self) -> Callable[[Vector], Vector]:
        """Hessian times vector, for the coordinates that move."""
        problem = self.problem
        g = self.theta if self.plain else problem.value_and_grad(self.theta)[1]

        def times(v: Vector) -> Vector:
            full = np.zeros_like(self.theta)
            full[self.moving] = v
            if self.plain:
                return problem.hvp(self.theta, full)[self.moving]
            along = problem.hvp(self.theta, problem.tangent(self.phi, full))
            return problem.pullback_hvp(self.phi, g, full, along)[self.moving]

        return times

    def root(self) -> tuple[Matrix, Vector, float]:
        """(R, z, rest) of the residuals: R'R = J'J, R'z = J'r, |r|^2 = |z|^2 + rest, by the
        moving coordinates."""
        scale = np.ones_like(self.theta)
        r, z, rest = self.problem.residual_qr(self.theta, scale)
        # Columns of very different sizes are scaled before the factorisation, as in a second one.
        scale = np.linalg.norm(r, axis=0)
        scale[~(scale > 0)] = 1.0
        r, z, rest = self.problem.residual_qr(self.theta, scale)
        return (r * scale) @ self.tangents(), z, float(rest)

    def _pulled(self, g: Vector) -> Vector:
        pulled = g if self.plain else self.problem.pullback(self.phi, g)
        return pulled[self.moving]


def place(
    problem: Problem,
    phi: Vector,
    theta: Vector,
    fixed: NDArray[np.bool_],
    plain: bool,
    held: Sequence[int] = (),
    known: tuple[float, Vector] | None = None,
) -> Place:
    """The point, with what is fixed or at a bound set apart."""
    lower, upper = problem.free_bounds
    at_bound = (phi <= lower) | (phi >= upper)
    if not plain:
        # The edge of a closed simplex is no bound of its free coordinates, but cannot be crossed.
        closed = np.array([lo == 0.0 and hi == 1.0 for lo, hi in problem.bounds])
        inner = ~(np.isfinite(lower) | np.isfinite(upper))
        at_bound |= closed & inner & (theta <= EDGE)
    at_kink = np.zeros(len(phi), dtype=bool)
    at_kink[list(held)] = True
    at_bound &= ~(fixed | at_kink)
    still = fixed | at_bound | at_kink
    return Place(
        problem=problem,
        phi=phi,
        theta=theta,
        fixed=fixed,
        moving=np.flatnonzero(~still),
        active=np.flatnonzero(at_bound),
        held=np.flatnonzero(at_kink & ~fixed),
        plain=plain,
        known=known,
    )


def why_no_hessian(module: Any, problem: Problem) -> str:
    """Why there are no second derivatives; empty where there are."""
    stated: str | None = getattr(module, "HESSIAN", None)
    if stated is not None:
        return stated
    return "" if hasattr(problem, "hess") else "the module has no Hessian"


def dense_hessian(here: Place, most_work: float) -> Matrix | None:
    """The Hessian by the moving coordinates; None where it is too large to make, or not finite."""
    if here.hess is not None:
        return here.hess
    size = len(here.moving)
    if size > MOST_DENSE or (here.problem.n_rows or 1) * size * size > most_work:
        return None
    try:
        h = here.value_grad_hess()[2]
    except (ValueError, *NOT_A_NUMBER):
        return None
    return h if np.all(np.isfinite(h)) else None


def float_dims(module: Any) -> frozenset[str]:
    """The dimensions of numbers in the data, but the rows: columns of features."""
    data: tuple[Mapping[str, Any], ...] = module.DATA
    return frozenset(d for entry in data for d in entry["dims"]) - {module.ROW}
