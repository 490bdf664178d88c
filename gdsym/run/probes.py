"""What a model tells about itself when it is tried on some rows of its data."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdsym.data import Bound
from gdsym.run.generated import Module, Problem, Vector
from gdsym.run.objective import NOT_A_NUMBER

ROWS = 64
ROUNDING = 1e-13
APART = 1e-9  # of the gradients of the rows: what rounding may leave between their sums


def response(module: Module, bound: Bound, problem: Problem, theta: Vector) -> Vector | None:
    """The data that a residual is the rest of: if they change, it changes by as much, or by as
    much the other way. None where there are none."""
    some = _some(module, bound)
    rng = np.random.default_rng(0)
    for entry in module.DATA:
        values = some.get(entry["name"])
        if values is None or entry["dims"] != (module.ROW,) or values.dtype.kind != "f":
            continue
        other = values * (1 + 0.5 * rng.random(len(values)))
        tried = [
            _residuals(_bound(module, bound, problem, {**some, entry["name"]: y}), theta)
            for y in (values, other)
        ]
        before, after = tried
        if before is None or after is None or before.shape != values.shape:
            continue
        change, wanted = after - before, other - values
        size = max(float(np.max(np.abs(values))), float(np.max(np.abs(before))))
        error = min(np.max(np.abs(change - wanted)), np.max(np.abs(change + wanted)))
        if np.any(wanted) and error <= 1e-9 * size:
            return np.asarray(bound.arrays[entry["name"]], dtype=np.float64)
    return None


def is_penalised(problem: Problem, points: Sequence[Vector]) -> bool:
    """Whether the objective is more than the loss at any of these points: a penalty may be 0 at
    some."""
    for theta in points:
        try:
            value, loss = problem.value_and_grad(theta)[0], problem.loss(theta)
        except (ValueError, *NOT_A_NUMBER):
            continue
        if np.isfinite(value) and abs(value - loss) > ROUNDING * max(abs(value), abs(loss)):
            return True
    return False


def has_terms_apart(
    module: Module, bound: Bound, problem: Problem, points: Sequence[Vector]
) -> bool:
    """Whether a likelihood has terms without rows: a belief, though not written as a `prior`.

    The gradient is then more than the sum of those of the rows.
    """
    if getattr(module, "SCORES", "") is not None or not problem.n_rows:
        return False
    few = _bound(module, bound, problem, _some(module, bound))
    if few is None:
        return False
    for theta in points:
        try:
            scores, gradient = few.scores(theta), few.value_and_grad(theta)[1]
        except (ValueError, *NOT_A_NUMBER):
            continue
        size = np.sum(np.abs(scores), axis=0)
        apart = np.abs(gradient - np.sum(scores, axis=0))
        if np.all(np.isfinite(apart)) and np.any(apart > APART * (size + np.max(size))):
            return True
    return False


def scalars(
    module: Module, bound: Bound, problem: Problem, theta: Vector
) -> dict[str, tuple[float, Vector]]:
    """The scalar predictions on the data of the fit, with their gradients by theta."""
    names = [p["name"] for p in module.PREDICTIONS if not p["dims"]]
    if not names:
        return {}
    if hasattr(problem, "predict_grad"):
        found = problem.predict_grad(theta)
        if all(name in found for name in names):
            return {name: found[name] for name in names}
    given = _arguments(module, bound.arrays, problem.consts)
    taken = inspect.signature(module.predict).parameters
    given = {name: value for name, value in given.items() if name in taken}

    def at(theta: Vector) -> Vector:
        found = module.predict(theta, **given, dims=bound.dims, stats=problem.stats_at(theta))
        return np.array([found[name] for name in names], dtype=np.float64)

    def central(i: int, h: float) -> Vector:
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        slope: Vector = (at(up) - at(down)) / (up[i] - down[i])
        return slope

    # Central differences, extrapolated once (Richardson, 1911).
    steps = 1e-3 * np.maximum(np.abs(theta), 1e-3)
    slopes = [(4 * central(i, h / 2) - central(i, h)) / 3 for i, h in enumerate(steps)]
    columns = np.array(slopes).reshape(len(theta), len(names)).T
    return {n: (float(v), g) for n, v, g in zip(names, at(theta), columns, strict=True)}


def _some(module: Module, bound: Bound) -> dict[str, Any]:
    """The first rows of the data."""
    return {
        d["name"]: _first_rows(bound.arrays[d["name"]], d["dims"], module.ROW)
        for d in module.DATA
        if d["name"] in bound.arrays
    }


def _first_rows(array: Any, dims: tuple[str, ...], row: str | None) -> Any:
    if row not in dims:
        return array
    axis = dims.index(row)
    return np.take(array, range(min(ROWS, array.shape[axis])), axis)


def _bound(
    module: Module, bound: Bound, problem: Problem, arrays: Mapping[str, Any]
) -> Problem | None:
    """The model with other data; None where it does not take them."""
    try:
        given = _arguments(module, arrays, problem.consts)
        few: Problem = module.bind(**given, dims=bound.dims)
    except (TypeError, ValueError, *NOT_A_NUMBER):
        return None
    return few


def _residuals(problem: Problem | None, theta: Vector) -> Vector | None:
    if problem is None:
        return None
    try:
        return problem.residuals(theta)
    except (ValueError, *NOT_A_NUMBER):
        return None


def _arguments(module: Module, arrays: Mapping[str, Any], consts: Any) -> dict[str, Any]:
    """Data and constants by the names of the arguments."""
    given = {d["arg"]: arrays[d["name"]] for d in module.DATA if d["name"] in arrays}
    return given | {c["arg"]: consts[c["name"]] for c in module.CONSTS if c["name"] in consts}
