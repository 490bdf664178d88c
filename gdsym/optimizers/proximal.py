"""Objectives with L1, group and elastic-net terms: minima with exact zeros.

With a Hessian, proximal Newton (Lee, Sun and Saunders, 2014): the smooth part as a quadratic, the
kinks as they are, and a line search. Without one, or with very many parameters, FISTA (Beck and
Teboulle, 2009) that restarts where its momentum points uphill (O'Donoghue and Candes, 2015).

The gradient of an iterate is the shortest subgradient, 0 at a minimum.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gdsym.optimizers import _kinks
from gdsym.optimizers._composite import Composite, solve
from gdsym.optimizers._iterate import (
    EPS,
    FLAT,
    NOTHING,
    UNBOUNDED,
    Iterate,
    Matrix,
    Objective,
    Vector,
    finite,
    projected,
)

NEEDS = ("kinks",)

MOST_DENSE = 2000  # parameters
ENOUGH = 1e-4  # of the predicted decrease
HALVINGS = 60
LEAST_BEND = 1e-12  # the least eigenvalue of the quadratic, its diagonal being 1
NOISE = 64 * EPS
PATIENCE = 100  # steps of FISTA without a lower value
BOTTOMLESS = 1e20


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, inner: int = 100
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    inner: the most rounds for the quadratic of one step.
    """
    if objective.hess is not None and len(start.x) <= MOST_DENSE:
        return (yield from _newton(objective, start, lower, upper, inner))
    return (yield from _fista(objective, start, lower, upper))


def _seen(objective: Objective, at: Iterate, step: float, ahead: float) -> Iterate:
    return Iterate(at.x, at.f, _kinks.least(objective.kinks, at.x, at.g), step, ahead)


def _newton(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, inner: int
) -> Generator[Iterate, None, str]:
    now, damping = start, 0.0
    nothing = NOTHING * min(1.0, abs(start.f))
    while True:
        H = _smooth_hessian(objective, now.x)
        if H is None:
            return (yield from _fista(objective, now, lower, upper))
        found = None
        for _ in range(HALVINGS):
            there, fall = _aim(objective, now, _convex(H, damping), lower, upper, inner)
            if fall <= max(EPS * abs(now.f), nothing):
                break
            found = _search(objective, now, there - now.x, fall)
            if found is not None:
                break
            damping = max(10 * damping, 1e-3)
        yield _seen(objective, now, now.step, max(0.5 * fall, 0.0))
        if found is None:
            return FLAT
        damping = 0.1 * damping if damping > 1e-8 else 0.0
        now = found
        if now.f < -BOTTOMLESS * max(1.0, abs(start.f)):
            yield _seen(objective, now, now.step, np.inf)
            return UNBOUNDED


def _smooth_hessian(objective: Objective, x: Vector) -> Matrix | None:
    assert objective.hess is not None
    H: Matrix = objective.hess(x) - _kinks.curvature(objective.kinks, x)
    return H if finite(H) else None


def _convex(H: Matrix, damping: float) -> Matrix:
    """H with enough on its diagonal, in proportion, to be positive definite."""
    sizes = np.abs(np.diagonal(H))
    sizes = np.where(sizes > 0, sizes, float(np.max(sizes, initial=0.0)) or 1.0)
    scale = np.sqrt(sizes)
    lowest = float(np.min(np.linalg.eigvalsh(H / scale[:, None] / scale), initial=np.inf))
    more = max(0.0, LEAST_BEND - lowest) + damping
    return H + np.diag(more * sizes)


def _aim(
    objective: Objective, now: Iterate, H: Matrix, lower: Vector, upper: Vector, inner: int
) -> tuple[Vector, float]:
    """Where the quadratic and the kinks have their minimum, and how steeply f falls there."""
    kinks = objective.kinks
    g = now.g - _kinks.gradient(kinks, now.x)
    there = solve(Composite(now.x, g, H, kinks, lower, upper), inner)
    rise = _kinks.value(kinks, there) - _kinks.value(kinks, now.x)
    return there, -(float(g @ (there - now.x)) + rise)


def _search(objective: Objective, now: Iterate, step: Vector, fall: float) -> Iterate | None:
    """The first point at 1, 1/2, 1/4... of the step that is lower in proportion."""
    share = 1.0
    for _ in range(HALVINGS):
        x = now.x + share * step
        if share == 1.0:
            x[_kinks.at_zero(objective.kinks, now.x + step)] = 0.0
        f, g = objective(x)
        if finite(f, g) and f <= now.f - ENOUGH * share * fall:
            return Iterate(x, f, g, share * float(np.linalg.norm(step)), np.inf)
        share *= 0.5
        if share * fall <= NOISE * abs(now.f):
            break
    return None


def _fista(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector
) -> Generator[Iterate, None, str]:
    now = ahead = start  # the last point accepted, and the one where the next gradient is taken
    momentum, idle = 1.0, 0
    slope = float(np.linalg.norm(projected(start.g, start.x, lower, upper)))
    bend = slope / max(1.0, float(np.linalg.norm(start.x))) or 1.0
    yield _seen(objective, now, 0.0, np.inf)
    while True:
        found, bend = _shortened(objective, ahead, bend, lower, upper)
        if ahead is not now and (found is None or found.f > now.f):
            ahead, momentum = now, 1.0
            continue
        if found is None or np.array_equal(found.x, now.x) or idle > PATIENCE:
            return FLAT
        moved = found.x - now.x
        turned = float((ahead.x - found.x) @ moved) > 0
        momentum, before = 0.5 * (1.0 + (1.0 + 4.0 * momentum**2) ** 0.5), momentum
        share = 0.0 if turned else (before - 1.0) / momentum
        momentum = 1.0 if turned else momentum
        idle = 0 if found.f < now.f - 4 * EPS * abs(now.f) else idle + 1
        now = found
        left = 0.5 * bend * float(moved @ moved)
        yield _seen(objective, now, float(np.linalg.norm(moved)), left)
        if now.f < -BOTTOMLESS * max(1.0, abs(start.f)):
            return UNBOUNDED
        ahead = _at(objective, np.clip(now.x + share * moved, lower, upper)) if share else now
        if not finite(ahead.f, ahead.g):
            ahead, momentum = now, 1.0
        bend *= 0.9


def _shortened(
    objective: Objective, at: Iterate, bend: float, lower: Vector, upper: Vector
) -> tuple[Iterate | None, float]:
    """A proximal gradient step, and the bound on the curvature that it holds for.

    None where no step is short enough.
    """
    kinks = objective.kinks
    smooth = at.f - _kinks.value(kinks, at.x)
    g = at.g - _kinks.gradient(kinks, at.x)
    for _ in range(HALVINGS):
        x = np.clip(_kinks.proximal(kinks, at.x - g / bend, 1.0 / bend), lower, upper)
        there, step = _at(objective, x), x - at.x
        if finite(there.f, there.g):
            allowed = 0.5 * bend * float(step @ step)
            over = there.f - _kinks.value(kinks, x) - smooth - float(g @ step)
            if abs(over) <= NOISE * abs(at.f):  # rounding: the gradients see the curvature
                over = 0.5 * float((there.g - _kinks.gradient(kinks, x) - g) @ step)
            if over <= allowed:
                return there, bend
        bend *= 2.0
    return None, bend


def _at(objective: Objective, x: Vector) -> Iterate:
    f, g = objective(x)
    return Iterate(x, f, g, 0.0, np.inf)
