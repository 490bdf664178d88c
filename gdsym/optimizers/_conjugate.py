"""Conjugate gradients on products with a Hessian that may be indefinite, within a ball."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt

import numpy as np

from gdsym.optimizers._iterate import Vector

LOOSEST = 0.25


def truncated(
    times: Callable[[Vector], Vector],
    g: Vector,
    limit: int,
    radius: float = inf,
    loosest: float = LOOSEST,
) -> Vector:
    """A step that lowers g's + s'Hs/2, by at most `limit` products (Steihaug, 1983).

    loosest: the share of the gradient that may be left; less, where the gradient is small.

    At negative curvature, or where a product is not finite: without a radius what was found so
    far, else on the edge of the ball.
    """
    step, rest = np.zeros_like(g), g.copy()
    down = -rest
    square = float(rest @ rest)
    enough = min(loosest, sqrt(sqrt(square))) * sqrt(square)
    for _ in range(limit):
        if not 0 < square < inf:
            break
        product = times(down)
        bend = float(down @ product)
        if not bend > 0:  # or not finite
            if radius == inf:
                return step if step.any() else -g
            return step + _to_edge(step, down, radius) * down
        length = square / bend
        if float(np.linalg.norm(step + length * down)) >= radius:
            return step + _to_edge(step, down, radius) * down
        step = step + length * down
        rest = rest + length * product
        before, square = square, float(rest @ rest)
        if sqrt(square) <= enough:
            break
        down = square / before * down - rest
    return step


def _to_edge(step: Vector, down: Vector, radius: float) -> float:
    """How far along `down` the ball's edge is: the positive root of |step + t*down| = radius."""
    a, b = float(down @ down), float(step @ down)
    c = float(step @ step) - radius**2
    root = sqrt(max(0.0, b * b - a * c))
    return (root - b) / a if b < 0 else -c / (root + b)
