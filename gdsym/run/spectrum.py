"""What a Hessian says at a point: its range, the loss still to gain, its extreme eigenvalues.

Units of parameters must not matter, so everything is decided after scaling to a unit diagonal:
S = D^-1/2 H D^-1/2. Eigenvalues below are those of S.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# The entries of a Hessian carry the rounding of a sum over rows, so an eigenvalue below this part
# of the largest one cannot be told from 0.
ROUNDING = 1e-14
# What is negative beyond any rounding, and beyond the distance to the minimum of a singular one.
NEGATIVE = 1e-9
NEARLY = 1e-6  # what may be missing of a decrement, by what has been seen of the curvature


@dataclass(frozen=True, slots=True)
class Spectrum:
    """`values` ascending, `vectors` columns, of the Hessian scaled by `scale`.

    `range`: which of the values are neither 0 nor negative beyond rounding.
    """

    scale: Vector
    values: Vector
    vectors: Matrix
    range: NDArray[np.bool_]

    @property
    def rank(self) -> int:
        return int(np.sum(self.range))

    @property
    def smallest(self) -> float:
        """On the range; negative where the Hessian is indefinite."""
        if self.indefinite:
            return float(self.values[0])
        return float(np.min(self.values[self.range], initial=np.inf)) if self.rank else 0.0

    @property
    def largest(self) -> float:
        return float(np.max(self.values, initial=0.0))

    @property
    def indefinite(self) -> bool:
        if not len(self.values):
            return False
        size = max(abs(float(self.values[0])), abs(float(self.values[-1])))
        return bool(self.values[0] < -NEGATIVE * size)

    @property
    def null(self) -> Matrix:
        """What is flat, as columns in the coordinates of the Hessian."""
        flat = ~self.range & (self.values > -NEGATIVE * max(self.largest, 1e-300))
        null: Matrix = self.vectors[:, flat] / self.scale[:, None]
        return null

    @property
    def downhill(self) -> Vector:
        """The direction of the most negative curvature."""
        direction: Vector = self.vectors[:, 0] / self.scale
        return direction

    def newton_step(self, g: Vector) -> tuple[Vector, float]:
        """The step to the minimum of the quadratic model on the range, and what it gains."""
        along = (self.vectors.T @ (g / self.scale))[self.range]
        values = self.values[self.range]
        step = -(self.vectors[:, self.range] @ (along / values)) / self.scale
        return step, float(0.5 * np.sum(along**2 / values))

    def inverse(self) -> Matrix:
        """The inverse on the range: the covariance, where H is an information."""
        root = self.vectors[:, self.range] / np.sqrt(self.values[self.range])
        root /= self.scale[:, None]
        inverse: Matrix = root @ root.T
        return inverse


def of_hessian(h: Matrix) -> Spectrum:
    """The spectrum of a symmetric matrix (p, p) of finite numbers."""
    scale = _scale(h)
    scaled = (h / scale[:, None]) / scale
    values, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    return _spectrum(scale, values, vectors, ROUNDING)


def of_root(r: Matrix, factor: float = 1.0) -> Spectrum:
    """The spectrum of factor * R'R from R (m, p), without squaring its condition."""
    scale = np.linalg.norm(r, axis=0)
    scale[scale == 0] = 1.0
    _, sizes, right = np.linalg.svd(r / scale, full_matrices=False)
    spread = np.zeros(r.shape[1])
    spread[: len(sizes)] = sizes**2
    basis = right if len(right) == r.shape[1] else _completed(right)
    unit = max(len(r), 10) * np.finfo(float).eps
    order = slice(None, None, -1)  # ascending
    return _spectrum(scale * np.sqrt(factor), spread[order], basis.T[:, order], unit**2)


def _spectrum(scale: Vector, values: Vector, vectors: Matrix, part: float) -> Spectrum:
    part = max(part, part * len(values) / 10)
    return Spectrum(scale, values, vectors, values > part * np.max(values, initial=0.0))


def _scale(h: Matrix) -> Vector:
    """The roots of the diagonal; where that is 0, of the largest entry of the row."""
    diagonal = np.abs(np.diagonal(h))
    size = np.where(diagonal > 0, diagonal, np.max(np.abs(h), axis=1, initial=0.0))
    return np.sqrt(np.where(size > 0, size, 1.0))


def _completed(rows: Matrix) -> Matrix:
    """Orthonormal rows, completed to a basis."""
    full: Matrix = np.linalg.svd(rows, full_matrices=True)[2]
    full[: len(rows)] = rows
    return full


# -- without the matrix --------------------------------------------------------------------------

Product = Callable[[Vector], Vector]


@dataclass(frozen=True, slots=True)
class Probe:
    """What products with a Hessian have told: an inner estimate of its extreme eigenvalues (not
    scaled), the decrement, and a direction along which the curvature is negative, if one was met.
    settled: whether more products would not change the decrement.
    """

    smallest: float
    largest: float
    decrement: float
    step: Vector
    downhill: Vector | None
    settled: bool


def probe(product: Product, g: Vector, steps: int, seed: int = 0, convex: bool = False) -> Probe:
    """`steps` products by Lanczos (with full reorthogonalisation), as many by conjugate gradients.

    The extremes of a Lanczos run lie inside those of the Hessian, so a negative one proves
    negative curvature, and a positive one proves nothing. convex: no curvature is negative, so
    that conjugate gradients are enough, and end where the decrement is known.
    """
    steps = min(steps, len(g))
    solved = _conjugate_gradients(product, g, steps, NEARLY if convex else 0.0)
    if convex:
        values, downhill = solved.ritz_values(), solved.downhill
    else:
        start = np.random.default_rng(seed).standard_normal(len(g))
        values, ritz = _lanczos(product, start / np.linalg.norm(start), steps)
        negative = solved.downhill is None and values[0] < -NEGATIVE * abs(values[-1])
        downhill = ritz if negative else solved.downhill
    extremes = float(values[0]), float(values[-1])
    return Probe(*extremes, solved.decrement, solved.x, downhill, solved.settled)


def _lanczos(product: Product, q: Vector, steps: int) -> tuple[Vector, Vector]:
    """The Ritz values, ascending, and the vector of the smallest (Lanczos, 1950)."""
    basis, alphas, betas = [q], [], []
    for _ in range(steps):
        v = product(basis[-1])
        alphas.append(float(basis[-1] @ v))
        for _ in range(2):
            for other in basis:
                v = v - (other @ v) * other
        beta = float(np.linalg.norm(v))
        if beta <= 1e-12 * max(map(abs, alphas)) or len(alphas) == steps:
            break
        betas.append(beta)
        basis.append(v / beta)
    tridiagonal = np.diag(alphas) + np.diag(betas, 1) + np.diag(betas, -1)
    values, vectors = np.linalg.eigh(tridiagonal)
    return values, np.column_stack(basis) @ vectors[:, 0]


@dataclass(slots=True)
class _Solved:
    """x near -H^-1 g, half the decrease g'H^-1 g / 2, and where it failed, a direction of negative
    curvature. `settled`: whether it ended by itself. `rates`, `ratios`: the coefficients of the
    run (alpha and beta)."""

    x: Vector
    decrement: float
    downhill: Vector | None
    rates: list[float]
    ratios: list[float]
    settled: bool = False

    def ritz_values(self) -> Vector:
        """Inner estimates of eigenvalues, ascending: those of the tridiagonal matrix that a run
        stands for (Golub and Van Loan, 2013, section 11.3.5)."""
        rates, ratios = np.array(self.rates), np.array(self.ratios)
        if not len(rates):
            return np.full(1, np.nan)
        inner = ratios[: len(rates) - 1]
        diagonal = 1 / rates
        diagonal[1:] += inner / rates[:-1]
        beside = np.sqrt(inner) / rates[:-1]
        tridiagonal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        return np.asarray(np.linalg.eigvalsh(tridiagonal), dtype=np.float64)


def _conjugate_gradients(product: Product, g: Vector, steps: int, part: float) -> _Solved:
    """-H^-1 g as far as `steps` go, or until no more than a `part` of the decrement is missing
    by what the run has seen of the spectrum."""
    x, r = np.zeros_like(g), -g
    d, size = r.copy(), float(r @ r)
    enough = 1e-16 * size
    found = _Solved(x, 0.0, None, [], [])
    for _ in range(steps):
        if size <= enough:
            found.settled = True
            break
        hd = product(d)
        curvature = float(d @ hd)
        if curvature <= 0:
            found.downhill = d if curvature < 0 else None
            break
        found.rates.append(rate := size / curvature)
        x, r = x + rate * d, r - rate * hd
        size, before = float(r @ r), size
        found.ratios.append(size / before)
        found.x, found.decrement = x, float(-(g @ x) / 2)
        if part and size <= 2 * part * found.decrement * found.ritz_values()[0]:
            found.settled = True
            break
        d = r + (size / before) * d
    return found
