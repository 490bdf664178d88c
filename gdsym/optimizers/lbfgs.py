"""Limited-memory BFGS with bounds (Nocedal and Wright, 2006, algorithms 7.4 and 7.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence

from gdsym.optimizers._descent import curved, descend
from gdsym.optimizers._iterate import Iterate, Mask, Objective, Vector

NEEDS = ()

Pair = tuple[Vector, Vector]  # a step s and the change y of the gradient, s'y > 0


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, memory: int = 30
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate; ends where no decrease is possible.

    memory: how many past steps model the curvature.
    """
    return (yield from descend(objective, start, lower, upper, _Pairs(memory)))


class _Pairs:
    def __init__(self, memory: int) -> None:
        self._pairs: deque[Pair] = deque(maxlen=memory)

    @property
    def known(self) -> bool:
        return bool(self._pairs)

    def direction(self, now: Iterate, free: Mask | None) -> Vector:
        if free is None:
            return _two_loops(now.g, self._pairs)
        inside = [(s * free, y * free) for s, y in self._pairs]
        return _two_loops(now.g * free, [(s, y) for s, y in inside if curved(s, y)])

    def learn(self, step: Vector, change: Vector) -> None:
        if curved(step, change):
            self._pairs.append((step, change))

    def forget(self) -> None:
        self._pairs.clear()


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
