"""A bundle method for convex objectives with kinks, in few parameters (Lukšan and Vlček, 1998).

At a kink the objective is the largest of several smooth pieces, and the gradient of one of them
says little. So the method keeps the pieces that it has met: values, gradients and the Hessian
where it stands. A step leads to the lowest point of the largest of them, with a term that keeps
it short. For pieces that are linear, or quadratic with one Hessian, this model is exact as soon
as it holds those that meet at the minimum; the search then ends there, on arithmetic. The weights
with which their gradients balance show that it is a minimum.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import inf

import numpy as np

from gdsym.optimizers._iterate import (
    EPS,
    FLAT,
    Iterate,
    Matrix,
    Objective,
    Vector,
    finite,
)
from gdsym.optimizers._simplex import lightest

NEEDS = ("convex",)

ENOUGH = 0.1  # of the decrease that the model foretells: then the step is taken
MUCH = 0.5  # of it: then longer steps may be tried
LONGER, SHORTER = 10.0, 0.2
FIRST = 0.1  # of the objective, to be gained by the first step
FARTHEST = 100.0  # the same for any step: with more, the weights of the pieces lose their digits
WILD = 1e3  # of the objective: a value so much higher says nothing about a minimum
NOISE = 16 * EPS  # the rounding to expect in f, relative to its size
BETTER = 0.5  # of what was left of the gradient, for another step at the end
PATIENCE = 10  # steps per parameter that find no lower value


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Points with the objective there, and the weights of their pieces in the last model."""

    x: Matrix  # (m, p)
    f: Vector  # (m,)
    g: Matrix  # (m, p)
    weights: Vector  # (m,), at least 0, sum 1

    def joined(self, x: Vector, f: float, g: Vector, weights: Vector, most: int) -> _Pieces:
        """With one more; of more than `most`, the oldest that have no weight are left out."""
        keep = np.ones(len(self.f), dtype=bool)
        keep[np.flatnonzero(weights == 0)[: max(len(self.f) + 1 - most, 0)]] = False
        return _Pieces(
            np.vstack([self.x[keep], x]),
            np.append(self.f[keep], f),
            np.vstack([self.g[keep], g]),
            np.append(weights[keep], 0.0),
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """The step to the lowest point of a model.

    `slope`: the weighted gradient of the pieces. `gain`: by how much the model falls, with the
    term that keeps the step short. `level`: the objective after the step, by the model.
    """

    d: Vector
    slope: Vector
    gain: float
    level: float
    weights: Vector


def minimize(
    objective: Objective, start: Iterate, lower: Vector, upper: Vector, *, pieces: float = 0
) -> Generator[Iterate, None, str]:
    """Yields `start` and every accepted iterate, with the gradient that the pieces have together;
    ends where no decrease is possible.

    pieces: how many are remembered, by default 20 and twice the number of parameters.
    """
    now, p, settled = start, len(start.x), inf
    most = max(int(pieces) or 2 * p + 20, p + 2)
    known = _Pieces(now.x[None], np.array([now.f]), now.g[None], np.ones(1))
    slopes, idle = np.abs(now.g), 0
    length = FIRST * (abs(now.f) or 1.0) / max(p, 1)
    H = _hessian(objective, now.x)
    yield now
    if not p:
        return FLAT
    while idle <= PATIENCE * (p + 1):
        slopes = np.maximum(slopes, np.abs(known.g).max(axis=0))
        length = min(length, FARTHEST * (abs(now.f) + float(known.f.max()) - now.f) or 1.0)
        step = _step(known, now, H, _metric(slopes), length, lower, upper)
        x = np.clip(now.x + step.d, lower, upper)
        f, g = objective(x)
        noise = NOISE * float(np.abs(known.f[step.weights > 0]).max())
        moved = float(np.linalg.norm(x - now.x))
        if finite(f, g) and max(abs(f - step.level), step.gain) <= noise:
            # f has no more to tell, but the gradients may balance still better from there.
            left = float(np.max(np.abs(step.slope)))
            yield Iterate(x, f, step.slope, moved, max(step.gain, 0.0))
            if not left < BETTER * settled:
                return FLAT
            now, settled = Iterate(x, f, step.slope, moved, inf), left
            known, H = known.joined(x, f, g, step.weights, most), _hessian(objective, x)
            continue
        if not finite(f, g) or f - now.f > WILD * (abs(now.f) + step.gain):
            length, idle = SHORTER**2 * length, idle + 1
            slopes = np.where(finite(g), np.maximum(slopes, np.abs(g)), slopes)
            continue
        known = known.joined(x, f, g, step.weights, most)
        if f < now.f and now.f - f >= ENOUGH * step.gain:
            if now.f - f >= MUCH * step.gain or not idle:
                length *= LONGER
            now = Iterate(x, f, step.slope, moved, inf)
            H, idle = _hessian(objective, x), 0
        else:
            length *= SHORTER if f - now.f > LONGER * step.gain else 1.0
            idle += 1
        yield now
    return FLAT


def _hessian(objective: Objective, x: Vector) -> Matrix:
    """0 where it is not known, or not finite."""
    H = None if objective.hess is None else objective.hess(x)
    return H if H is not None and finite(H) else np.zeros((len(x), len(x)))


def _metric(slopes: Vector) -> Vector:
    """A size for each coordinate: with steps in units of 1/size, all have the same say."""
    largest = float(slopes.max(initial=0.0)) or 1.0
    return np.where(slopes > 0, slopes, largest)


def _step(
    known: _Pieces,
    now: Iterate,
    H: Matrix,
    sizes: Vector,
    length: float,
    lower: Vector,
    upper: Vector,
) -> _Step:
    """The lowest point in the box of the pieces plus |sizes*d|^2/(2 length)."""
    away = now.x - known.x
    slopes = known.g + away @ H
    values = known.f - now.f + np.einsum("ij,ij->i", 0.5 * (known.g + slopes), away)
    values = np.minimum(values, 0.0)  # what is above the objective here bends down on the way
    walls, gaps = _walls(now.x, sizes, lower, upper)
    root = _root(H / sizes[:, None] / sizes, length)
    columns = root @ (np.vstack([slopes, walls]) / sizes).T
    beside = np.zeros(len(gaps))
    heights = np.append(values, gaps)
    weights = lightest(
        columns,
        heights,
        np.append(known.weights, beside),
        np.append(np.ones(len(values)), beside),
    )
    total = columns @ weights
    d = -(root.T @ total) / sizes
    gain = 0.5 * float(total @ total) - float(heights @ weights)
    level = now.f + float(np.max(values + slopes @ d)) + 0.5 * float(d @ H @ d)
    of_pieces = weights[: len(values)]
    return _Step(d, of_pieces @ slopes, gain, level, of_pieces)


def _walls(x: Vector, sizes: Vector, lower: Vector, upper: Vector) -> tuple[Matrix, Vector]:
    """The bounds as `gap + wall @ d <= 0`, in the units of the objective."""
    below, above = np.flatnonzero(np.isfinite(lower)), np.flatnonzero(np.isfinite(upper))
    unit = np.diag(sizes)
    gaps = np.append(
        (lower[below] - x[below]) * sizes[below], (x[above] - upper[above]) * sizes[above]
    )
    return np.vstack([-unit[below], unit[above]]), gaps


def _root(H: Matrix, length: float) -> Matrix:
    """A matrix whose square, root.T @ root, is the inverse of H + 1/length; where H goes down,
    0 stands for it."""
    values, vectors = np.linalg.eigh(H)
    bent: Matrix = vectors.T / np.sqrt(np.maximum(values, 0.0) + 1.0 / length)[:, None]
    return bent
