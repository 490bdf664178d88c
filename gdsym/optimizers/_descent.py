"""Line searches along quasi-Newton directions, kept in a box.

Bounds by active sets: a coordinate at its bound whose gradient points outward is held, the
direction is taken in the others, and the path is projected on the box (Bertsekas, 1982, whose
margin around the bounds also prevents jamming).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import inf
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
    grad_norm,
)
from gdsym.optimizers._line_search import CURVATURE, Point, search

# The rounding to expect in f, relative to its size. Where no step is found with the first, f may
# have lost more digits than its size shows (its terms cancel), so the others are tried.
NOISE = (64 * EPS, 64**2 * EPS, 64**3 * EPS)
# Where f has not fallen by more than its rounding, nor the gradient by a tenth, for so many
# iterations, float64 has no more to give.
PATIENCE = 50


class Curvature(Protocol):
    """What a method knows of the curvature; without knowledge the direction is steepest descent.

    `known`: whether it knows anything. `direction(now, free)`: -inv(B) g in the free coordinates
    (None: all of them), 0 in the others.
    """

    @property
    def known(self) -> bool: ...
    def direction(self, now: Iterate, free: Mask | None) -> Vector: ...
    def learn(self, step: Vector, change: Vector) -> None: ...
    def forget(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Held:
    """Coordinates at a bound, or nearly so, that the gradient pushes outward; `there` on it."""

    mask: Mask
    there: Vector


def descend(
    objective: Objective,
    start: Iterate,
    lower: Vector,
    upper: Vector,
    curvature: Curvature,
    left_of_slope: float = CURVATURE,
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    left_of_slope: the share of the slope that a line search may leave.
    """
    bounded = bool(np.any(np.isfinite(lower)) or np.any(np.isfinite(upper)))
    now = start
    level = 0
    nothing = NOTHING * min(1.0, abs(start.f))
    size = abs(start.f)  # a running mean of |f|: f itself may pass through zero
    progress = _Progress(now, lower, upper)
    while True:
        held = _at_bounds(now, lower, upper) if bounded else None
        direction = _direction(now, curvature, held)
        slope = float(now.g @ direction)
        if curvature.known and not -inf < slope < 0:
            curvature.forget()
            direction = _direction(now, curvature, held)
            slope = float(now.g @ direction)
        known = curvature.known
        yield Iterate(now.x, now.f, now.g, now.step, -0.5 * slope if known or slope == 0 else inf)
        if not -inf < slope < 0 or progress.stalled or (known and -slope < nothing):
            return FLAT
        first = 1.0 if known else _first_length(now, direction)
        path = _path(objective, now, direction, lower, upper, bounded)
        at_zero = Point(0.0, now.x, now.f, now.g, slope, 0.0, False)
        largest = max(size, abs(now.f))
        found = search(path, at_zero, first, NOISE[level] * largest, left_of_slope)
        while found.point is None and level + 1 < len(NOISE):
            level += 1
            found = search(path, at_zero, first, NOISE[level] * largest, left_of_slope)
        if found.point is None:
            if not known:
                return FLAT
            curvature.forget()  # it has misled: begin again from steepest descent
            continue
        after = found.point
        if found.unbounded:
            yield Iterate(after.x, after.f, after.g, inf, inf)
            return UNBOUNDED
        step = after.x - now.x
        curvature.learn(step, after.g - now.g)
        now = Iterate(after.x, after.f, after.g, float(np.linalg.norm(step)), inf)
        size = 0.7 * size + 0.3 * abs(now.f)
        progress.note(now)


def curved(step: Vector, change: Vector) -> bool:
    """Whether the gradient has changed along the step as at a minimum, beyond rounding."""
    return float(step @ change) > EPS * float(change @ change)


def _at_bounds(now: Iterate, lower: Vector, upper: Vector) -> _Held:
    # The margin shrinks to 0 with the projected gradient step, so it holds no wrong coordinate
    # at the end (Bertsekas, 1982, equation 32).
    move = np.abs(now.x - np.clip(now.x - now.g, lower, upper))
    margin = min(1e-3, float(np.max(move, initial=0.0)))
    low = (now.x <= lower + margin) & (now.g > 0)
    high = (now.x >= upper - margin) & (now.g < 0)
    return _Held(low | high, np.where(low, lower, upper))


def _direction(now: Iterate, curvature: Curvature, held: _Held | None) -> Vector:
    """The direction in the coordinates that are not held; those that are go to their bound."""
    if held is None or not held.mask.any():
        return curvature.direction(now, None)
    free = ~held.mask
    return np.where(free, curvature.direction(now, free), held.there - now.x)


def _first_length(now: Iterate, direction: Vector) -> float:
    """A first step as long as the last one, and at the start one that moves no entry above 1."""
    if now.step > 0:
        return now.step / float(np.linalg.norm(direction))
    return 1.0 / float(np.max(np.abs(direction)))


def _path(
    objective: Objective,
    now: Iterate,
    direction: Vector,
    lower: Vector,
    upper: Vector,
    bounded: bool,
) -> Callable[[float], Point]:
    """The point at step length alpha on the direction, projected on the box."""

    def straight(alpha: float) -> Point:
        x = now.x + alpha * direction
        f, g = objective(x)
        slope = float(g @ direction)
        return Point(alpha, x, f, g, slope, alpha * float(now.g @ direction), False)

    def projected(alpha: float) -> Point:
        beyond = now.x + alpha * direction
        x = np.clip(beyond, lower, upper)
        inside = x == beyond
        if inside.all():
            return straight(alpha)
        f, g = objective(x)
        slope = float((g * inside) @ direction)
        return Point(alpha, x, f, g, slope, float(now.g @ (x - now.x)), True)

    return projected if bounded else straight


class _Progress:
    """Counts iterations without a lower value or a smaller gradient."""

    def __init__(self, start: Iterate, lower: Vector, upper: Vector) -> None:
        self._box = lower, upper
        self._value = start.f
        self._norm = grad_norm(start.f, start.g, start.x, lower, upper)
        self._idle = 0

    @property
    def stalled(self) -> bool:
        return self._idle >= PATIENCE

    def note(self, now: Iterate) -> None:
        norm = grad_norm(now.f, now.g, now.x, *self._box)
        lower = now.f < self._value - 4 * EPS * abs(now.f)
        self._idle = 0 if lower or norm < 0.9 * self._norm else self._idle + 1
        self._value = min(self._value, now.f)
        self._norm = min(self._norm, norm)
