"""A step length that satisfies the strong Wolfe conditions, along a straight or projected path.

The search keeps a bracket [left, right]: left satisfies the condition of sufficient decrease and
f falls there; right does not, or f rises there, or is not finite. Trial points inside come from
cubic interpolation (Moré and Thuente, 1994; Nocedal and Wright, 2006, section 3.5).

Near a minimum the decrease drowns in the rounding of f while the gradient still has digits. So
the decrease is asked for only up to `noise`, the rounding to expect in f; what then decides is
the slope, as in the approximate Wolfe conditions of Hager and Zhang (2005), equation (4.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np

from gdsym.optimizers._iterate import Vector

EPS = float(np.finfo(np.float64).eps)
DECREASE = 1e-4  # c1: the decrease asked for, as a share of the linear prediction
CURVATURE = 0.9  # c2: what may be left of the slope
GROWTH = 10.0  # a longer trial is at most this many times the last one
TRIALS = 60
LONGEST = 1e30  # beyond this multiple of the first trial, f falls without end


@dataclass(frozen=True, slots=True)
class Point:
    """The path at step length alpha: x, f and g there, and the slope of f along the path.

    `linear` is the change of f that the gradient at the start predicts. `clipped` says that a
    bound holds a coordinate back, so that the path bends before alpha.
    """

    alpha: float
    x: Vector
    f: float
    g: Vector
    slope: float
    linear: float
    clipped: bool

    @property
    def finite(self) -> bool:
        return isfinite(self.f) and isfinite(self.slope)


@dataclass(frozen=True, slots=True)
class Found:
    """The accepted point, None where no trial was lower; `unbounded` where f fell at every one."""

    point: Point | None
    unbounded: bool = False


def search(
    path: Callable[[float], Point],
    start: Point,
    first: float,
    noise: float = 0.0,
    left_of_slope: float = CURVATURE,
) -> Found:
    """Searches from `start` (alpha 0, negative slope), trying the length `first` first.

    Where the path bends at a bound, the slope may jump from falling to rising and no point meets
    the curvature condition; a clipped point need only have enough decrease and be long enough.
    A trial that is not finite shortens the step, and is never returned.
    """
    before, left, right = start, start, None
    lowest = start
    alpha, width = first, inf
    invisible = EPS * abs(start.f)
    for _ in range(TRIALS):
        trial = path(alpha)
        if trial.finite:
            height = _height(trial, start)
            if height <= noise:
                if _settled(trial, start, left_of_slope):
                    return Found(trial)
                if trial.f < lowest.f:
                    lowest = trial
            elif alpha * -start.slope < invisible:
                break  # f has more noise than was said: no trial will decide any more
            if height <= _height(left, start) + noise and trial.slope < 0:
                before, left = left, trial
            else:
                right = trial
        else:
            right = trial
        if right is None:
            alpha = _longer(before, left)
            if not alpha <= LONGEST * first:
                return Found(left, unbounded=True)
        else:
            shrunk = right.alpha - left.alpha
            alpha = _between(left, right, noise, bisect=shrunk > 0.66 * width)
            width = shrunk
            if not left.alpha < alpha < right.alpha:
                break
    return Found(lowest if lowest is not start else None)


def _height(point: Point, start: Point) -> float:
    """How far the point is above the line of sufficient decrease."""
    return point.f - start.f - DECREASE * point.linear


def _settled(trial: Point, start: Point, left_of_slope: float) -> bool:
    flat_enough = left_of_slope * abs(start.slope)
    return trial.slope >= -flat_enough if trial.clipped else abs(trial.slope) <= flat_enough


def _longer(before: Point, left: Point) -> float:
    """A trial beyond left: where the slope would reach 0, by the secant of the last two."""
    span = left.alpha - before.alpha
    bend = left.slope - before.slope
    secant = left.alpha - left.slope * span / bend if bend > 0 else inf
    return min(max(secant, left.alpha + 1.1 * span), GROWTH * left.alpha)


def _between(left: Point, right: Point, noise: float, bisect: bool) -> float:
    """A trial inside the bracket, away from its ends; the middle where the last one was poor."""
    width = right.alpha - left.alpha
    if not right.finite:
        return left.alpha + 0.2 * width
    if bisect:
        return left.alpha + 0.5 * width
    if abs(right.f - left.f) <= noise and right.slope > 0:
        share = left.slope / (left.slope - right.slope)
    else:
        share = _cubic_share(right.f - left.f, left.slope * width, right.slope * width)
    return left.alpha + min(max(share, 0.02), 0.98) * width


def _cubic_share(rise: float, left_slope: float, right_slope: float) -> float:
    """The minimiser in [0, 1] of the cubic with values 0, rise and these slopes at 0 and 1.

    Moré and Thuente's case 1: where the quadratic through the two values and the left slope has
    its minimum nearer to 0, the mean of the two.
    """
    theta = left_slope + right_slope - 3.0 * rise
    radicand = theta * theta - left_slope * right_slope
    root = sqrt(radicand) if 0 <= radicand < inf else nan
    bottom = right_slope - left_slope + 2.0 * root
    cubic = 1.0 - (right_slope + root - theta) / bottom if bottom else nan
    if not 0.0 <= cubic <= 1.0:
        cubic = 0.5
    if rise <= 0:
        return cubic
    quadratic = -left_slope / (2.0 * (rise - left_slope))
    return cubic if cubic <= quadratic else 0.5 * (cubic + quadratic)
