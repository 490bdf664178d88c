"""Limited-memory BFGS with bounds (Nocedal and Wright, 2006, algorithms 7.4 and 7.5).

Bounds by active sets: a coordinate at its bound whose gradient points outward is held, the
quasi-Newton direction is taken in the others, and the path is projected on the box (Bertsekas,
1982, whose margin around the bounds also prevents jamming).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from gdsym.optimizers._iterate import FLAT, UNBOUNDED, Iterate, Objective, Vector, grad_norm
from gdsym.optimizers._line_search import Point, search

EPS = float(np.finfo(np.float64).eps)
# The rounding to expect in f, relative to its size. Where no step is found with the first, f may
# have lost more digits than its size shows (its terms cancel), so the others are tried.
NOISE = (64 * EPS, 64**2 * EPS, 64**3 * EPS)
# Where f has not fallen by more than its rounding, nor the gradient by a tenth, for so many
# iterations, float64 has no more to give.
PATIENCE = 50

Pair = tuple[Vector, Vector]  # a step s and the change y of the gradient, s'y > 0


@dataclass(frozen=True, slots=True)
class _Held:
    """Coordinates at a bound, or nearly so, that the gradient pushes outward; `there` on it."""

    mask: NDArray[np.bool_]
    there: Vector


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, memory: int = 30
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    memory: how many past steps model the curvature.
    """
    bounded = bool(np.any(np.isfinite(lower)) or np.any(np.isfinite(upper)))
    pairs: deque[Pair] = deque(maxlen=memory)
    now = start
    level = 0
    size = abs(start.f)  # a running mean of |f|: f itself may pass through zero
    progress = _Progress(now, lower, upper)
    while True:
        held = _at_bounds(now, lower, upper) if bounded else None
        direction = _direction(now, pairs, held)
        slope = float(now.g @ direction)
        if pairs and not -inf < slope < 0:
            pairs.clear()
            direction = _direction(now, pairs, held)
            slope = float(now.g @ direction)
        yield Iterate(now.x, now.f, now.g, now.step, -0.5 * slope if pairs or slope == 0 else inf)
        if not -inf < slope < 0 or progress.stalled:
            return FLAT
        first = 1.0 if pairs else _first_length(now, direction)
        path = _path(objective, now, direction, lower, upper, bounded)
        at_zero = Point(0.0, now.x, now.f, now.g, slope, 0.0, False)
        found = search(path, at_zero, first, NOISE[level] * max(size, abs(now.f)))
        while found.point is None and level + 1 < len(NOISE):
            level += 1
            found = search(path, at_zero, first, NOISE[level] * max(size, abs(now.f)))
        if found.point is None:
            if not pairs:
                return FLAT
            pairs.clear()  # the curvature model has misled: begin again from steepest descent
            continue
        after = found.point
        if found.unbounded:
            yield Iterate(after.x, after.f, after.g, inf, inf)
            return UNBOUNDED
        step = after.x - now.x
        change = after.g - now.g
        if float(step @ change) > EPS * float(change @ change):
            pairs.append((step, change))
        now = Iterate(after.x, after.f, after.g, float(np.linalg.norm(step)), inf)
        size = 0.7 * size + 0.3 * abs(now.f)
        progress.note(now)


def _at_bounds(now: Iterate, lower: Vector, upper: Vector) -> _Held:
    # The margin shrinks to 0 with the projected gradient step, so it holds no wrong coordinate
    # at the end (Bertsekas, 1982, equation 32).
    move = np.abs(now.x - np.clip(now.x - now.g, lower, upper))
    margin = min(1e-3, float(np.max(move, initial=0.0)))
    low = (now.x <= lower + margin) & (now.g > 0)
    high = (now.x >= upper - margin) & (now.g < 0)
    return _Held(low | high, np.where(low, lower, upper))


def _direction(now: Iterate, pairs: Sequence[Pair], held: _Held | None) -> Vector:
    """-H g in the coordinates that are not held; those that are go straight to their bound."""
    if held is None or not held.mask.any():
        return _two_loops(now.g, pairs)
    free = ~held.mask
    inside = [(s * free, y * free) for s, y in pairs]
    direction = _two_loops(now.g * free, [(s, y) for s, y in inside if s @ y > EPS * (y @ y)])
    return np.where(free, direction, held.there - now.x)


def _two_loops(g: Vector, pairs: Sequence[Pair]) -> Vector:
    """-H g, with the inverse Hessian that the pairs, oldest first, make (algorithm 7.4)."""
    q = -g
    used = []
    for s, y in reversed(pairs):
        curvature = s @ y
        share = (s @ q) / curvature
        q -= share * y
        used.append((s, y, curvature, share))
    if used:
        _, y, curvature, _ = used[0]
        q *= curvature / (y @ y)
    for s, y, curvature, share in reversed(used):
        q += (share - (y @ q) / curvature) * s
    return q


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
