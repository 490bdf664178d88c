"""Points that show that an objective is not convex.

A differentiable function is convex only if its slope along every line rises. Random lines through
the domain, at several lengths, are tried until one falls by more than rounding can explain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gdsym.optimizers._iterate import Vector
from gdsym.run.generated import Module, Problem
from gdsym.run.spectrum import probe

LINES = 400
LENGTHS = (0.01, 0.1, 0.5, 1.0, 3.0)
SPREADS = (0.5, 1.0, 3.0)
# Where random lines tell nothing, in many dimensions: points to look for the worst line at, and
# products with the Hessian for each.
POINTS = 24
SHARES = (0.001, 0.1, 1.0)
PRODUCTS = 40
SHORT = 1e-3
# The slope has to fall by this share of the slopes' own size: rounding is far below.
CLEARLY = 1e-7


class CounterExample(NamedTuple):
    """Two points with the slopes from the first to the second, at each: convex would be rising."""

    first: Vector
    second: Vector
    slopes: tuple[float, float]


def counter_example(problem: Problem, seed: int = 0, most: int = 4000) -> CounterExample | None:
    """A pair of points inside the domain where the slope falls; None where none was found.

    most: how many gradients may be evaluated.
    """
    rng = np.random.default_rng(seed)
    moving = ~problem.fixed
    start = problem.to_free(problem.init(seed))

    def near(phi: Vector, spread: float) -> Vector:
        drawn = phi + spread * rng.standard_normal(problem.size)
        return _reflected(np.where(moving, drawn, start), *problem.free_bounds)

    for place in range(min(LINES, most // 4)):
        first = near(start, SPREADS[place % len(SPREADS)])
        second = near(first, LENGTHS[place % len(LENGTHS)])
        found = _falls(problem, problem.from_free(first), problem.from_free(second))
        if found is not None:
            return found
    for place in range(min(POINTS, most // (4 * PRODUCTS))):
        share = SHARES[place % len(SHARES)]
        found = _along_worst(problem, problem.from_free(near(share * start, share)), moving)
        if found is not None:
            return found
    return None


def _reflected(phi: Vector, lower: Vector, upper: Vector) -> Vector:
    """A point beyond a bound as far inside of it."""
    inside = np.where(phi < lower, 2 * lower - phi, phi)
    inside = np.where(inside > upper, 2 * upper - inside, inside)
    found: Vector = np.clip(inside, lower, upper)
    return found


def _along_worst(problem: Problem, theta: Vector, moving: Any) -> CounterExample | None:
    """The line of the most negative curvature at a point, where there is one in the domain."""
    places = np.flatnonzero(moving)

    def step(v: Vector) -> Vector:
        found = np.zeros(problem.size)
        found[places] = SHORT * v
        return found

    def times(v: Vector) -> Vector:
        up, down = (problem.value_and_grad(theta + sign * step(v))[1] for sign in (1, -1))
        difference: Vector = (up - down)[places] / (2 * SHORT)
        return difference

    with np.errstate(all="ignore"):
        try:
            worst = probe(times, np.zeros(len(places)), PRODUCTS).downhill
        except (ArithmeticError, np.linalg.LinAlgError):
            return None
        if worst is None:
            return None
        ends = theta - step(worst), theta + step(worst)
        back = (problem.from_free(problem.to_free(end)) for end in ends)
        inside = all(np.allclose(b, e, rtol=1e-9) for b, e in zip(back, ends, strict=True))
    return _falls(problem, *ends) if inside and _within(problem, ends) else None


def _within(problem: Problem, points: tuple[Vector, Vector]) -> bool:
    lower, upper = problem.free_bounds
    return all(
        bool(np.all((phi >= lower) & (phi <= upper))) for phi in map(problem.to_free, points)
    )


def _falls(problem: Problem, first: Vector, second: Vector) -> CounterExample | None:
    """The points as a counter-example, if they are one.

    A value that is not finite is outside of the domain of some function, where a formula of the
    gradient says nothing.
    """
    line = second - first
    with np.errstate(all="ignore"):
        try:
            values, gradients = zip(
                *(problem.value_and_grad(end) for end in (first, second)), strict=True
            )
        except ArithmeticError:
            return None
        before, after = (float(g @ line) for g in gradients)
        size = sum(float(np.abs(g) @ np.abs(line)) for g in gradients)
    if not np.all(np.isfinite((*values, size))) or not before - after > CLEARLY * size:
        return None
    length = float(np.linalg.norm(line))
    return CounterExample(first, second, (before / length, after / length))


def invented(module: Module, seed: int = 0) -> Problem:
    """The model with random data from the declared domains, at small sizes."""
    rng = np.random.default_rng(seed)
    described: Any = module
    sizes = {name: d["size"] or 2 + place for place, (name, d) in enumerate(module.DIMS.items())}
    if module.ROW is not None:
        sizes[module.ROW] = 11
    described._derive_dims(sizes, dict.fromkeys(sizes))
    data = {entry["arg"]: described._drawn(entry, sizes, rng) for entry in module.DATA}
    consts = {
        entry["arg"]: rng.uniform(0.5, 1.5, tuple(sizes[dim] for dim in entry["dims"]))
        for entry in module.CONSTS
        if entry["value"] is None
    }
    dims = {name: size for name, size in sizes.items() if name != module.ROW}
    problem: Problem = module.bind(**data, **consts, dims=dims)
    return problem
