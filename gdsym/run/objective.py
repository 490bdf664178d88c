"""The objective as a method sees it: in free coordinates, counted, and never raising.

Bounds that are open are kept by a change of variables, so every vector of free coordinates is a
candidate; closed bounds are the method's. Parameters that are fixed have gradient 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gdsym.optimizers._iterate import Iterate, Vector
from gdsym.run.generated import Problem, Rows

# What scalar Python arithmetic and linear algebra raise where array arithmetic gives inf or nan.
NOT_A_NUMBER = (ArithmeticError, np.linalg.LinAlgError)


class FreeObjective:
    """The value and the gradient in free coordinates; `evaluations` counts both forms.

    The identity change of variables, by far the most common, costs nothing per call.
    """

    def __init__(
        self, problem: Problem, theta: Vector, fixed: NDArray[np.bool_] | None = None
    ) -> None:
        """fixed: the entries of theta that are kept; by default those of the model."""
        self.problem = problem
        self.lower, self.upper = problem.free_bounds
        self.evaluations = 0
        self.fixed = np.flatnonzero(problem.fixed if fixed is None else fixed)
        self._kept = theta[self.fixed]
        self.plain = _is_plain(problem, theta)
        self.start = self.to_free(theta)

    def __call__(self, phi: Vector) -> tuple[float, Vector]:
        return self._evaluate(phi, None)

    def batch(self, phi: Vector, rows: Rows) -> tuple[float, Vector]:
        """The unbiased estimate from these rows."""
        return self._evaluate(phi, rows)

    def to_free(self, theta: Vector) -> Vector:
        """A fresh vector of free coordinates."""
        return theta.copy() if self.plain else self.problem.to_free(theta)

    def to_theta(self, phi: Vector) -> Vector:
        """The user's parameters at these free coordinates, a fresh vector."""
        if self.plain:
            return phi.copy()
        theta = self.problem.from_free(phi)
        theta[self.fixed] = self._kept  # exp(log(4)) is not 4
        return theta

    def iterate(self, phi: Vector) -> Iterate:
        """The point at phi, as the first of a method."""
        f, g = self(phi)
        return Iterate(phi, f, g, 0.0, np.inf)

    def _evaluate(self, phi: Vector, rows: Rows | None) -> tuple[float, Vector]:
        self.evaluations += 1
        problem = self.problem
        try:
            theta = phi if self.plain else self.to_theta(phi)
            if rows is None:
                f, g = problem.value_and_grad(theta)
            else:
                f, g = problem.batch_value_and_grad(theta, rows)
            if not self.plain:
                g = problem.pullback(phi, g)
        except NOT_A_NUMBER:
            return np.nan, np.full(len(phi), np.nan)
        if len(self.fixed):
            g[self.fixed] = 0.0
        return float(f), g


def _is_plain(problem: Problem, theta: Vector) -> bool:
    """True where free coordinates are the parameters themselves: tried at two other points."""
    probes = theta, theta + 0.75, theta - 1.25
    return all(
        np.array_equal(problem.to_free(theta), theta)
        and np.array_equal(problem.from_free(probe), probe)
        for probe in probes
    )
