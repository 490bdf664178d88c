"""Points that show that an objective is not convex.

A differentiable function is convex only if its slope along every line rises. Random lines through
the domain, at several lengths, are tried until one falls by more than rounding can explain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gdsym.optimizers._iterate import Vector
from gdsym.run.generated import Module, Problem
from gdsym.run.rates import is_plain
from gdsym.run.spectrum import probe

LINES = 400
LENGTHS = (0.01, 0.1, 0.5, 1.0, 3.0)
# Where random lines tell nothing, in many dimensions: points to look for the worst line at.
SCALES = (0.001, 0.1, 1.0)
PRODUCTS = 40
SHORT = 1e-3
# The slope has to fall by this share of the slopes' own size: rounding is far below.
CLEARLY = 1e-7


class CounterExample(NamedTuple):
    """Two points with the slopes from the first to the second, at each: convex would be rising."""

    first: Vector
    second: Vector
    slopes: tuple[float, float]


def counter_example(problem: Problem, seed: int = 0) -> CounterExample | None:
    """A pair of points inside the domain where the slope falls; None where none was found."""
    rng = np.random.default_rng(seed)
    moving = ~problem.fixed
    lower, upper = problem.free_bounds
    start = problem.to_free(problem.init(seed))
    for place in range(LINES):
        length = LENGTHS[place % len(LENGTHS)]
        middle = start + LENGTHS[-1 - place % 3] * rng.standard_normal(problem.size)
        middle = np.where(moving, middle, start)
        step = np.where(moving, length * rng.standard_normal(problem.size), 0.0)
        ends = [problem.from_free(np.clip(end, lower, upper)) for end in (middle, middle + step)]
        found = _falls(problem, *ends)
        if found is not None:
            return found
    for scale in SCALES if is_plain(problem) else ():
        centre = np.where(moving, scale * (start + rng.standard_normal(problem.size)), start)
        found = _along_worst(problem, np.clip(centre, lower, upper), moving)
        if found is not None:
            return found
    return None


def _along_worst(problem: Problem, phi: Vector, moving: Any) -> CounterExample | None:
    """The line of the most negative curvature at a point, where there is one."""
    theta = problem.from_free(phi)
    places = np.flatnonzero(moving)

    def step(v: Vector) -> Vector:
        found = np.zeros(problem.size)
        found[places] = SHORT * v
        return found

    def times(v: Vector) -> Vector:
        both = (problem.value_and_grad(theta + sign * step(v))[1] for sign in (1, -1))
        up, down = both
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
    inside = all(np.array_equal(np.clip(end, *problem.free_bounds), end) for end in ends)
    return _falls(problem, *ends) if inside else None


def _falls(problem: Problem, first: Vector, second: Vector) -> CounterExample | None:
    line = second - first
    with np.errstate(all="ignore"):
        try:
            gradients = [problem.value_and_grad(end)[1] for end in (first, second)]
        except ArithmeticError:
            return None
        before, after = (float(g @ line) for g in gradients)
        size = sum(float(np.abs(g) @ np.abs(line)) for g in gradients)
    if np.isfinite(size) and before - after > CLEARLY * size:
        length = float(np.linalg.norm(line))
        return CounterExample(first, second, (before / length, after / length))
    return None


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
