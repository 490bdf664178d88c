"""Quadratic models around a point: from a symmetric matrix, or from residuals and Jacobian."""

from __future__ import annotations

import numpy as np

from gdsym.optimizers._iterate import EPS, Mask, Matrix, Vector
from gdsym.optimizers._spectrum import Spectrum, of_hessian


class HessianModel:
    """g's + s'Hs/2; not `scaled`: the region is a ball in x, whatever the curvature."""

    def __init__(self, g: Vector, H: Matrix, scaled: bool = True) -> None:
        self.g, self.H, self.scaled = g, H, scaled
        self._known: tuple[bytes, Spectrum] | None = None

    def change(self, step: Vector) -> float:
        return float(self.g @ step + 0.5 * step @ (self.H @ step))

    def diagonal(self) -> Vector:
        return np.diagonal(self.H) if self.scaled else np.ones_like(self.g)

    def solve(self, free: Mask, step: Vector, scale: Vector, radius: float) -> Vector:
        spectrum = self._spectrum(free, scale)
        g = (self.g + self.H @ step)[free]
        return spectrum.step(spectrum.vectors.T @ (g / spectrum.scale), radius)

    def _spectrum(self, free: Mask, scale: Vector) -> Spectrum:
        """Kept, because only the radius differs from one trial to the next."""
        key = free.tobytes()
        if self._known is None or self._known[0] != key:
            self._known = key, of_hessian(self.H[np.ix_(free, free)], scale[free])
        return self._known[1]


class SquaresModel:
    """squares * |z + R s|^2, less its value at s = 0; no product R'R is ever made."""

    def __init__(self, R: Matrix, z: Vector, squares: float) -> None:
        self.R, self.z, self.squares = R, z, squares
        self._known: tuple[bytes, Spectrum, Matrix] | None = None

    def change(self, step: Vector) -> float:
        moved = self.R @ step
        return self.squares * float(moved @ moved + 2.0 * (self.z @ moved))

    def diagonal(self) -> Vector:
        return np.asarray(2.0 * self.squares * np.sum(self.R**2, axis=0))

    def solve(self, free: Mask, step: Vector, scale: Vector, radius: float) -> Vector:
        key = free.tobytes()
        if self._known is None or self._known[0] != key:
            left, sizes, right = np.linalg.svd(self.R[:, free] / scale[free], full_matrices=False)
            # Directions without curvature, but for rounding, are left out: a step of least length
            # has no part in them.
            bent = sizes > EPS * len(sizes) * np.max(sizes, initial=0.0)
            sizes, left, right = sizes[bent], left[:, bent], right[bent]
            self._known = (
                key,
                Spectrum(sizes**2, right.T, scale[free], 0.0),
                sizes[:, None] * left.T,
            )
        _, spectrum, slopes = self._known
        return spectrum.step(slopes @ (self.z + self.R @ step), radius)
