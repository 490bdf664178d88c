"""Linear algebra in a generated module, by NumPy alone.

Everything below the marker is emitted as it stands, each piece where a module uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


# == emitted from here ==
# -- matrices ------------------------------------------------------------------------------------


def _sqdist(x: Array, z: Array) -> Array:
    """Squared distances between the rows of x and of z, shape (len(x), len(z)).

    Coordinate by coordinate: no array of all differences, and no digit lost to x^2 + z^2 - 2*x*z.
    """
    count = max(x.shape[1], z.shape[1])
    x, z = np.broadcast_to(x, (len(x), count)), np.broadcast_to(z, (len(z), count))
    total = np.zeros((len(x), len(z)))
    for column, other in zip(x.T, z.T, strict=True):
        gap = np.subtract.outer(column, other)
        gap *= gap
        total += gap
    return total


class _Factored:
    """A square matrix in factors: those of Cholesky where it is symmetric and positive definite.

    `symmetric` where the formula tells that it is; else its entries do. Any other is solved by
    elimination. What does not exist is nan: solutions of a singular matrix, the logarithm of a
    negative determinant.
    """

    SIZE = 64  # of the blocks on the diagonal of the triangle, which are inverted
    ROUNDING = 64 * 2.0**-52  # how asymmetric sums of products in another order may be

    def __init__(self, matrix: Array, symmetric: bool = False) -> None:
        self.matrix = matrix
        self.lower: Array = None
        self.parts = [slice(at, at + self.SIZE) for at in range(0, len(matrix), self.SIZE)]
        if not symmetric:
            scale = np.sqrt(np.abs(np.diagonal(matrix)))
            gap = np.abs(matrix - matrix.T)
            if not np.all(gap <= self.ROUNDING * np.multiply.outer(scale, scale)):
                return
            matrix = (matrix + matrix.T) / 2
        try:
            self.lower = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            return
        self.inverted = [np.linalg.inv(self.lower[part, part]) for part in self.parts]

    def logdet(self) -> Any:
        """The logarithm of the determinant, -inf where that is 0, nan where it is negative."""
        if self.lower is not None:
            return 2 * np.sum(np.log(np.diagonal(self.lower)))
        sign, size = np.linalg.slogdet(self.matrix)
        return size if not sign < 0 else np.nan

    def det(self) -> Any:
        """The determinant."""
        if self.lower is not None:
            return np.prod(np.diagonal(self.lower)) ** 2
        return np.linalg.det(self.matrix)

    def inverse(self) -> Array:
        """The inverse matrix."""
        unit = np.eye(len(self.matrix))
        if self.lower is None:
            return self._eliminated(self.matrix, unit)
        below = self._forward(unit)
        return below.T @ below

    def cofactors(self) -> Array:
        """det(matrix)*inv(matrix).T, which exists for any matrix."""
        try:
            left, sizes, right = np.linalg.svd(self.matrix)
        except np.linalg.LinAlgError:
            return np.full(self.matrix.shape, np.nan)
        others = [np.prod(np.delete(sizes, place)) for place in range(len(sizes))]
        sign = np.linalg.det(left) * np.linalg.det(right)
        return np.sign(sign) * (left * np.array(others)) @ right

    def solve(self, right: Array) -> Array:
        """inv(matrix) @ right, along the first axis of `right`."""
        return self._solved(self.matrix, right)

    def solve_transposed(self, right: Array) -> Array:
        """inv(matrix).T @ right, along the first axis of `right`."""
        return self._solved(self.matrix.T, right)

    def _solved(self, matrix: Array, right: Array) -> Array:
        columns = np.reshape(right, (len(matrix), -1))
        if self.lower is None:
            return self._eliminated(matrix, columns).reshape(np.shape(right))
        found = self._backward(self._forward(columns))
        # One step of refinement makes up for what the inverted blocks may have lost.
        found += self._backward(self._forward(columns - matrix @ found))
        return found.reshape(np.shape(right))

    @staticmethod
    def _eliminated(matrix: Array, columns: Array) -> Array:
        try:
            return np.linalg.solve(matrix, columns)
        except np.linalg.LinAlgError:
            return np.full(columns.shape, np.nan)

    def _forward(self, columns: Array) -> Array:
        """The x of lower @ x = columns, block by block."""
        x = np.array(columns)
        for part, inverted in zip(self.parts, self.inverted, strict=True):
            before = slice(0, part.start)
            x[part] = inverted @ (x[part] - self.lower[part, before] @ x[before])
        return x

    def _backward(self, columns: Array) -> Array:
        """The x of lower.T @ x = columns, block by block."""
        x = np.array(columns)
        for part, inverted in zip(self.parts[::-1], self.inverted[::-1], strict=True):
            after = slice(part.stop, None)
            x[part] = inverted.T @ (x[part] - self.lower[after, part].T @ x[after])
        return x
