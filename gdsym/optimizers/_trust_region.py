"""Steps in a trust region, kept in a box by active sets, never uphill.

The radius follows the agreement of a quadratic model with the function, as in MINPACK (Moré,
1978). A step that leaves the box is stopped at the bound in the coordinates that cross it, and
the model is minimised again in the others. A trial that is not finite shrinks the radius.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gdsym.optimizers._iterate import (
    EPS,
    FLAT,
    NOTHING,
    UNBOUNDED,
    Iterate,
    Mask,
    Objective,
    Vector,
    finite,
    outward,
)
from gdsym.optimizers.lbfgs import minimize as by_gradient

ENOUGH = 1e-4  # of the predicted decrease, for a step to be taken
WILD = 100.0  # of the predicted decrease: a rise from which nothing is to be learnt
TRIALS = 200
BOTTOMLESS = 1e25  # a radius so many times the scale of the start: f falls without end


class Model(Protocol):
    """A quadratic around a point."""

    def change(self, step: Vector) -> float:
        """What the model says that f changes by."""
        ...

    def solve(self, free: Mask, step: Vector, scale: Vector, radius: float) -> Vector:
        """The best step in the free coordinates, |scale * step| <= radius, beside `step`."""
        ...

    def diagonal(self) -> Vector:
        """The curvature along each coordinate, for the scale of the trust region."""
        ...


class Curvature(Protocol):
    """Where models come from."""

    def at(self, now: Iterate) -> Model | None:
        """The model around a point; None where it is not finite."""
        ...

    def learn(self, step: Vector, change: Vector) -> bool:
        """Takes a step that was tried and the change of the gradient; True: models are new."""
        ...


def trust_region(
    objective: Objective,
    start: Iterate,
    lower: Vector,
    upper: Vector,
    curvature: Curvature,
    factor: float,
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate. factor: the first radius, in sizes of x."""
    model = curvature.at(start)
    if model is None:  # the curvature at the start is not finite: the gradient is
        return (yield from by_gradient(objective, start, lower, upper))
    scale = _scale(model)
    radius = factor * (float(np.linalg.norm(scale * start.x)) or 1.0)
    longest = BOTTOMLESS * max(radius, 1.0)
    nothing = NOTHING * min(1.0, abs(start.f))
    at = _At(start, model, lower, upper, scale)
    while True:
        now = at.now
        step = at.step(radius)
        inside = at.length(step) < 0.9 * radius
        ahead = max(0.0, -at.model.change(step)) if inside else np.inf
        yield Iterate(now.x, now.f, now.g, now.step, ahead)
        after, radius = _taken(objective, at, step, radius, curvature, nothing, now is start)
        if after is None:
            return FLAT
        at = after
        if radius > longest:
            yield at.now
            return UNBOUNDED


@dataclass(frozen=True, slots=True)
class _At:
    """A point, the model around it, the box, and the scale of the trust region there."""

    now: Iterate
    model: Model
    lower: Vector
    upper: Vector
    scale: Vector

    def step(self, radius: float) -> Vector:
        free = ~outward(self.now.g, self.now.x, self.lower, self.upper)
        free &= self.lower < self.upper
        return _step(self.model, self.now, free, self.lower, self.upper, self.scale, radius)

    def length(self, step: Vector) -> float:
        return float(np.linalg.norm(self.scale * step))

    def moved(self, step: Vector) -> Vector:
        return np.clip(self.now.x + step, self.lower, self.upper)


def _taken(
    objective: Objective,
    at: _At,
    step: Vector,
    radius: float,
    curvature: Curvature,
    nothing: float,
    first: bool,
) -> tuple[_At | None, float]:
    """The point of the first trial that is low enough, and the next radius.

    `step` is the first trial. None where no decrease can be seen.
    """
    now = at.now
    for _ in range(TRIALS):
        predicted, x = -at.model.change(step), at.moved(step)
        if not predicted > max(EPS * abs(now.f), nothing) or np.array_equal(x, now.x):
            break
        f, g = objective(x)
        length = at.length(step)
        if not finite(f, g):
            radius = 0.1 * min(radius, length)
        else:
            learnt = f - now.f <= WILD * predicted and curvature.learn(x - now.x, g - now.g)
            after = Iterate(x, f, g, float(np.linalg.norm(x - now.x)), np.inf)
            gained = now.f - f
            model = curvature.at(after) if gained > ENOUGH * predicted else None
            radius = _radius(radius, length, gained, predicted, float(now.g @ step), first)
            if model is not None:
                scale = np.maximum(at.scale, _scale(model))
                return replace(at, now=after, model=model, scale=scale), radius
            radius = min(radius, 0.5 * length)
            if radius <= EPS * at.length(now.x):
                break
            if learnt:
                at = replace(at, model=curvature.at(now) or at.model)
        step = at.step(radius)
    return None, radius


def _scale(model: Model) -> Vector:
    size = np.sqrt(np.abs(model.diagonal()))
    return np.where((size > 0) & np.isfinite(size), size, 1.0)


def _radius(
    radius: float, length: float, gained: float, predicted: float, slope: float, first: bool
) -> float:
    """The next radius (Moré, 1978, section 4; the bounds 0.1 and 0.5 are MINPACK's)."""
    if first:
        radius = min(radius, length)
    ratio = gained / predicted
    if ratio <= 0.25:
        bend = slope + 0.5 * gained
        share = 0.5 if gained >= 0 else min(max(0.5 * slope / bend if bend else 0.1, 0.1), 0.5)
        return share * min(radius, 10 * length)
    if ratio >= 0.75 or length < 0.9 * radius:
        return max(2 * length, radius if length >= 0.9 * radius else 0.0)
    return radius


def _step(
    model: Model,
    now: Iterate,
    free: Mask,
    lower: Vector,
    upper: Vector,
    scale: Vector,
    radius: float,
) -> Vector:
    """The model's best step inside the box and the ball, by a growing set of bounds."""
    step = np.zeros_like(now.x)
    moving = free.copy()
    while moving.any():
        step[moving] = model.solve(moving, np.where(moving, 0.0, step), scale, radius)
        beyond = now.x + step
        out = moving & ((beyond < lower) | (beyond > upper))
        if not out.any():
            break
        step[out] = (np.clip(beyond, lower, upper) - now.x)[out]
        moving &= ~out
    if np.array_equal(moving, free) or model.change(step) < 0:
        return step
    return _along_gradient(model, now, free, lower, upper, scale, radius)


def _along_gradient(
    model: Model,
    now: Iterate,
    free: Mask,
    lower: Vector,
    upper: Vector,
    scale: Vector,
    radius: float,
) -> Vector:
    """A point on the projected path of steepest descent where the model is lower."""
    down = np.where(free, -now.g / scale**2, 0.0)
    length = float(np.linalg.norm(scale * down))
    share = min(radius / length if length > 0 else 0.0, 1.0)
    step = np.zeros_like(now.x)
    for _ in range(TRIALS):
        step = np.clip(now.x + share * down, lower, upper) - now.x
        if model.change(step) < 0 or not share:
            break
        share *= 0.25
    return step
