"""Where a function is compared: arguments by the model's names, and the exact values there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdsym.api import Model as Compiled
from gdsym.api import compile as compile_model
from gdsym.calculus.build import SIGNS
from gdsym.calculus.program import Node, Program, canonical_axes
from gdsym.calculus.reference import evaluate
from gdsym.gradcheck.points import Point, point, sizes
from gdsym.language.model import Dims, Model

Array = np.ndarray[Any, np.dtype[Any]]

DIGITS = 40


@dataclass(frozen=True, slots=True)
class Place:
    """`values` has data, parameters and constants by name; scalars are floats.

    `exact`: of what is minimised, by parameter. `losses`: with the penalties, and without.
    `names`: of every coordinate, by parameter. `point` is None where the data are the user's.
    """

    values: dict[str, Any]
    exact: dict[str, Array]
    losses: tuple[float, float]
    names: dict[str, list[str]]
    sizes: dict[str, int]
    point: Point | None = None


def sign(model: Model) -> int:
    """-1 where what is minimised is the negative of what is written."""
    return SIGNS[model.objective.kind]


def keeping(model: Model, names: Sequence[str]) -> Model:
    """The model whose constants of these names keep the values of its text at random points.

    Constants that count are not drawn: these are made so for the drawing alone.
    """
    consts = tuple(
        replace(c, domain=replace(c.domain, integer=True)) if c.name in names else c
        for c in model.consts
    )
    return replace(model, consts=consts)


def drawn(program: Program, count: int, seed: int) -> list[Place]:
    """Random points of the declared domains."""
    model = program.model
    return [at_point(program, point(model, sizes(model), seed + i)) for i in range(count)]


def at_point(program: Program, at: Point) -> Place:
    params = program.model.params
    nodes = [*(program.grads[p.name] for p in params), program.value, program.loss]
    tables = evaluate(program, nodes, at.values, at.sizes, digits=DIGITS)
    exact = {
        p.name: spread(program.grads[p.name], p.dims, tables[program.grads[p.name]], at)
        for p in params
    }
    losses = float(tables[program.value][()]), float(tables[program.loss][()])
    labels = {d.name: d.labels for d in program.model.dims if d.labels}
    names = {p.name: _names(p.name, exact[p.name].shape, p.dims, labels) for p in params}
    return Place(arguments(program, at), exact, losses, names, dict(at.sizes), at)


def arguments(program: Program, at: Point) -> dict[str, Any]:
    """The values of a point as a function takes them: codes of categories are integers.

    Constants that are not drawn have the values that the model gives them.
    """
    model = program.model
    coded = {d.name for d in model.data if d.domain.category is not None}
    coded |= {c.name for c in model.consts if c.domain.category is not None}
    found = {
        name: _given(np.array(_floats(value)), name in coded) for name, value in at.values.items()
    }
    for const in model.consts:
        leaf = program.graph.known_leaf("const", const.name)
        if const.name not in found and leaf is not None:
            table = evaluate(program, [leaf], at.values, at.sizes)[leaf]
            found[const.name] = _given(spread(leaf, const.dims, table, at), const.name in coded)
    return found


def on_data(
    model: Any,
    data: Any,
    arrays: Mapping[str, Any],
    settings: Mapping[str, Any],
    count: int,
    seed: int,
) -> list[Place]:
    """Random parameters with the user's data, and the gradients of the compiled module."""
    compiled = model if isinstance(model, Compiled) else compile_model(model)
    module = compiled.module
    consts, dims = compiled.settings(settings)
    bound = compiled.bind(data, dims, arrays)
    by_name = {entry["name"]: entry["arg"] for entry in module.DATA}
    given = {by_name[name]: array for name, array in bound.arrays.items()}
    by_const = {entry["name"]: entry["arg"] for entry in module.CONSTS}
    given |= {by_const[name]: value for name, value in consts.items()}
    problem = module.bind(**given, dims=bound.dims)
    draw = np.random.default_rng(seed)
    found = []
    for i in range(count):
        phi = problem.to_free(problem.init(seed + i))
        phi = phi + 0.5 * draw.standard_normal(phi.shape)
        theta = problem.from_free(np.clip(phi, *problem.free_bounds))
        found.append(_of_problem(problem, theta, bound))
    return found


def _of_problem(problem: Any, theta: Array, bound: Any) -> Place:
    parts = problem.unpack(theta)
    exact = {name: np.asarray(g) for name, g in problem.unpack(problem.grad(theta)).items()}
    names, rest = {}, list(problem.theta_names)
    for name, block in exact.items():
        names[name] = [rest.pop(0).replace(", ", ",") for _ in range(block.size)]
    values = dict(bound.arrays) | dict(problem.consts) | parts
    losses = float(problem.value(theta)), float(problem.loss(theta))
    counts = {name: int(entry["size"]) for name, entry in problem.dims.items()}
    return Place(values, exact, losses, names, counts)


def spread(node: Node, dims: Dims, table: Any, at: Point) -> Array:
    """The entries with the parameter's axes in their stated order."""
    axes = canonical_axes(dims)
    kept = [axes.index(axis) for axis in node.axes]
    entries = np.empty(tuple(at.sizes[dim] for dim in dims))
    for index in np.ndindex(entries.shape):
        entries[index] = float(table[tuple(index[place] for place in kept)])
    return entries


def _names(
    param: str, shape: tuple[int, ...], dims: Dims, labels: Mapping[str, Sequence[str]]
) -> list[str]:
    found = []
    for index in np.ndindex(shape):
        at = [labels[d][i] if d in labels else str(i) for d, i in zip(dims, index, strict=True)]
        found.append(f"{param}[{','.join(at)}]" if at else param)
    return found


def _floats(value: Any) -> Any:
    return [_floats(part) for part in value] if isinstance(value, list) else float(value)


def _given(array: Array, coded: bool) -> Any:
    if coded:
        array = array.astype(np.int64)
    return array if array.ndim else array.item()
