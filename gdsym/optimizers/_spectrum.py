"""The minimum of a quadratic within a ball, from the eigenvalues of its curvature.

In the eigenvectors' coordinates the minimiser of c't + t'diag(values)t/2 over |t| <= radius is
-c/(values + shift), with the smallest shift >= 0 that makes values + shift >= 0 and keeps it
within the ball (Moré and Sorensen, 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdsym.optimizers._iterate import EPS, Matrix, Vector

CLOSE = 1e-3  # how near to the radius a step on the edge of the ball must be
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The columns of `vectors` are the eigenvectors, in coordinates divided by `scale`."""

    values: Vector
    vectors: Matrix
    scale: Vector
    noise: float = EPS  # the rounding of the values, relative to the largest and per value

    def step(self, slopes: Vector, radius: float) -> Vector:
        """The minimiser; `slopes` is the gradient in the eigenvectors' coordinates."""
        # What is flat to rounding gets the curvature of the rounding, so that no step goes far
        # along a direction in which nothing is known.
        least = self.noise * len(self.values) * float(np.max(np.abs(self.values), initial=0.0))
        values = np.where(np.abs(self.values) <= least, least, self.values)
        return self.vectors @ _within(values, slopes, radius) / self.scale


def of_hessian(H: Matrix, scale: Vector) -> Spectrum:
    """Of a symmetric matrix. Raises LinAlgError where it is not finite."""
    values, vectors = np.linalg.eigh(H / scale[:, None] / scale)
    return Spectrum(values, vectors, scale)


def _within(values: Vector, slopes: Vector, radius: float) -> Vector:
    lowest = float(np.min(values, initial=np.inf))
    if lowest > 0:
        inside = -slopes / values
        if float(np.linalg.norm(inside)) <= radius:
            return inside
    elif lowest == np.inf or (lowest == 0 and not slopes.any()):
        return np.zeros_like(slopes)
    least = max(0.0, -lowest)
    edge = _edge(values, slopes, radius, least)
    if edge is not None:
        return edge
    # The hard case: no slope along the lowest curvature, so either way leads down.
    rest = values > lowest
    inside = np.where(rest, -slopes / np.where(rest, values + least, 1.0), 0.0)
    missing = max(0.0, radius**2 - float(inside @ inside))
    inside[int(np.argmin(values))] = missing**0.5
    return inside


def _edge(values: Vector, slopes: Vector, radius: float, least: float) -> Vector | None:
    """The step of the length `radius`; None where no shift above `least` makes it so long."""
    size = float(np.linalg.norm(slopes))
    low, high = least, least + size / radius
    if not low < high < np.inf:
        return None
    shift = max(low + EPS * (high - low), 1e-3 * high) if low else 1e-3 * high
    step = np.zeros_like(slopes)
    for _ in range(ROUNDS):
        shifted = values + shift
        step = -slopes / shifted
        length = float(np.linalg.norm(step))
        if abs(length - radius) <= CLOSE * radius:
            return step
        if length > radius:
            low = shift
        else:
            high = shift
        # Newton's step on 1/length - 1/radius, which is nearly linear in the shift.
        bend = float(step @ (step / shifted))
        shift += (length / radius - 1.0) * length**2 / bend if bend > 0 else 0.0
        if not low < shift < high:
            shift = 0.5 * (low + high)
    return step if float(np.linalg.norm(step)) > (1 - 10 * CLOSE) * radius else None
