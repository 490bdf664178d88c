"""The last steps of a fit: exact Newton steps that are accepted on the gradient, not on f.

Near a minimum f is flat to the root of its rounding, so what compares values of f stops with half
of the digits. The gradient has all of them. A step is taken while the norm of the gradient in the
metric of the Hessian (the Newton decrement) shrinks; then arithmetic has no more to give.

For sums of squares the correction comes from the QR factors of the Jacobian: with J = QR and
S = H/(2 squares) - J'J the Newton step is -inv(R) inv(I + inv(R')S inv(R)) Q'r. Its fixed point is
Q'r = 0, whose rounding grows with the condition of J, not with its square. Where the condition of
H leaves no digit of S, S is left out: a Gauss-Newton step.

Where there is no matrix, but its products with vectors, conjugate gradients give the step.

A Hessian costs as much as many gradients, and so near to the minimum it hardly changes: the same
one serves the next steps, too (a chord method), while each leaves little of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gdsym.optimizers import _kinks
from gdsym.optimizers._conjugate import truncated
from gdsym.optimizers._iterate import (
    EPS,
    Iterate,
    Mask,
    Matrix,
    Objective,
    Vector,
    finite,
    outward,
)

STEPS = 60
# Of cond(H)*eps, for each parameter: above, the smallest curvature may be rounding.
TRUSTED = 0.1
ASIDE = 1e-3  # the most of the gradient that may lie along what is called a gauge
PRODUCTS = 200
SOLVED = 1e-6  # of the gradient: what such a step is to leave of it
POORLY = 0.1  # and the most that it may leave
SHORTER = 0.03  # what a step by an earlier Hessian is to leave of the gradient, at most
NOISE = EPS**0.5  # a rise of f, relative to its size, that its rounding may explain


@dataclass(frozen=True, slots=True)
class _Correction:
    """A step in the free coordinates, the length of the gradient in the metric of H, and H."""

    step: Vector
    length: float
    hess: Matrix | None = None


def polish(
    objective: Objective,
    start: Iterate,
    lower: Vector,
    upper: Vector,
    products: int = PRODUCTS,
) -> Iterator[Iterate]:
    """Points from `start` on with ever smaller gradients, `start` itself the first.

    `ahead` of each is half the square of its Newton decrement. Nothing where the curvature is
    unknown or is not that of a minimum. Coordinates at a bound that holds them stay there.
    products: the most with a Hessian that is no matrix, for one step.
    """
    now = start
    bounds = lower, upper
    here = _correction(objective, now, now.g, bounds, products)
    chord = False  # whether the last step was one by an earlier Hessian
    for _ in range(STEPS):
        if here is None:
            return
        g = _kinks.least(objective.kinks, now.x, now.g)
        yield Iterate(now.x, now.f, g, now.step, 0.5 * here.length**2)
        x = now.x + here.step
        if np.array_equal(x, now.x):
            return
        f, g = objective(x)
        if not finite(f, g) or f - now.f > here.length**2 + NOISE * abs(now.f):
            return
        after = Iterate(x, f, g, float(np.linalg.norm(here.step)), np.inf)
        there = None
        if here.hess is not None and objective.residual_qr is None:
            there = _correction(objective, after, now.g, bounds, products, here.hess)
            left = np.inf if there is None else there.length / here.length
            if chord and left > SHORTER:  # what an earlier one could do is done: rounding
                if there is not None and left < 1:
                    g = _kinks.least(objective.kinks, x, g)
                    yield replace(after, g=g, ahead=0.5 * there.length**2)
                return
            chord = left <= SHORTER
            there = there if chord else None
        if there is None:
            there = _correction(objective, after, now.g, bounds, products)
        if there is None or not there.length < here.length:
            return
        now, here = after, there


def _correction(
    objective: Objective,
    at: Iterate,
    before: Vector,
    bounds: tuple[Vector, Vector],
    products: int,
    earlier: Matrix | None = None,
) -> _Correction | None:
    """None where no step is to be trusted: not finite, or no minimum by its curvature.

    before: the gradient one correction earlier, to tell what is small of one. earlier: the
    Hessian at an earlier point, to do without one here.

    A coordinate on its bound that the step would push out is held there, and the step is that
    of the others; one that would cross its bound from inside ends the polishing.
    """
    lower, upper = bounds
    H = earlier
    if H is None and objective.hess is not None:
        H = objective.hess(at.x)
        H = H if finite(H) else None
    factors = None if objective.residual_qr is None else objective.residual_qr(at.x)
    free = ~outward(at.g, at.x, lower, upper) & (lower < upper)
    free &= ~_kinks.at_zero(objective.kinks, at.x)
    while free.any():
        found = None
        if factors is not None and finite(factors[0], factors[1]):
            found = _from_squares(*factors[:2], objective.squares, H, at.g, before, free)
        elif H is not None:
            found = _from_hessian(H, at.g, before, free)
        elif objective.hess is None and objective.hvp is not None:
            found = _from_products(objective.hvp, at, free, products)
        if found is None or not finite(found.step):
            return None
        x = at.x + found.step
        pushed = free & (((at.x <= lower) & (x < lower)) | ((at.x >= upper) & (x > upper)))
        if not pushed.any():
            beyond = np.any((x < lower) | (x > upper))
            crossed = beyond or _kinks.crossed(objective.kinks, at.x, x)
            return None if crossed else replace(found, hess=H)
        free &= ~pushed
    return None


def _from_products(
    hvp: Callable[[Vector, Vector], Vector], at: Iterate, free: Mask, products: int
) -> _Correction | None:
    def times(v: Vector) -> Vector:
        whole = np.zeros_like(at.x)
        whole[free] = v
        return hvp(at.x, whole)[free]

    g = at.g[free]
    step = truncated(times, g, products, loosest=SOLVED)
    left, gained = g + times(step), -float(g @ step)
    if not (gained >= 0 and np.linalg.norm(left) <= POORLY * np.linalg.norm(g)):
        return None
    whole = np.zeros_like(at.x)
    whole[free] = step
    return _Correction(whole, gained**0.5)


def _from_hessian(H: Matrix, g: Vector, before: Vector | None, free: Mask) -> _Correction | None:
    scale = np.sqrt(np.abs(np.diagonal(H)))[free]
    if not np.all(scale > 0):
        return None
    values, vectors = np.linalg.eigh(H[np.ix_(free, free)] / scale[:, None] / scale)
    slopes = vectors.T @ (g[free] / scale)
    known = _known(values, slopes, None if before is None else vectors.T @ (before[free] / scale))
    if known is None:
        return None
    values, vectors, slopes = values[known], vectors[:, known], slopes[known]
    step = np.zeros_like(g)
    step[free] = -(vectors @ (slopes / values)) / scale
    return _Correction(step, float(np.sqrt(np.sum(slopes**2 / values))))


def _known(values: Vector, slopes: Vector, before: Vector | None) -> Mask | None:
    """Which of the eigenvalues, in ascending order, count; None where they are no minimum's.

    Along a gauge the curvature is what the gradient leaves of 0, and nothing of the gradient lies
    there: no step is to go that way. slopes: of the gradient along the eigenvectors; before: of
    that one correction earlier, or None where there is no gauge.
    """
    known: Mask = values * TRUSTED > EPS * len(values) * values[-1]
    if known.all():
        return known
    flat = EPS**0.5 * float(values[-1])
    known = values > flat
    if before is None or values[0] < -flat:
        return None
    rest = float(np.linalg.norm(slopes[~known]))
    return known if rest <= ASIDE * float(np.linalg.norm(before)) else None


def _from_squares(
    R: Matrix,
    z: Vector,
    squares: float,
    H: Matrix | None,
    g: Vector,
    before: Vector,
    free: Mask,
) -> _Correction | None:
    scale = np.sqrt(np.sum(R[:, free] ** 2, axis=0))
    if not np.all(scale > 0):
        return None if H is None else _from_hessian(H, g, before, free)
    left, sizes, right = np.linalg.svd(R[:, free] / scale, full_matrices=False)
    singular = len(sizes) < len(scale) or sizes[-1] <= EPS * len(sizes) * sizes[0]
    trusted = not singular and EPS * len(sizes) * sizes[0] ** 2 < TRUSTED * sizes[-1] ** 2
    if not trusted and H is not None:
        found = _from_hessian(H, g, before if singular else None, free)
        if found is not None or singular:
            return found
    if singular:
        return None
    slopes = left.T @ z
    moved = -slopes
    if trusted and H is not None:
        # H in the coordinates in which J'J is the identity.
        base = right / sizes[:, None]
        metric = base @ (H[np.ix_(free, free)] / scale[:, None] / scale) @ base.T
        values, vectors = np.linalg.eigh(0.25 / squares * (metric + metric.T))
        along = vectors.T @ slopes
        earlier = right @ (before[free] / scale) / sizes / (2.0 * squares)
        known = _known(values, along, vectors.T @ earlier)
        if known is None:
            return None
        moved = -(vectors[:, known] @ (along[known] / values[known]))
    step = np.zeros(len(free))
    step[free] = (right.T @ (moved / sizes)) / scale
    return _Correction(step, float(np.sqrt(2.0 * squares * (moved @ moved))))
