"""Is a model what the function computes? Both are asked at random points, of other sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsym.calculus.build import build
from gdsym.calculus.program import Node, Program
from gdsym.calculus.reference import evaluate
from gdsym.errors import SourceError, UsageError
from gdsym.gradcheck.functions.callee import Callee, CallError
from gdsym.gradcheck.functions.calling import LOSS, Manner, read
from gdsym.gradcheck.functions.places import Array, arguments, keeping, spread
from gdsym.gradcheck.points import ROWS, Point, point, sizes
from gdsym.gradcheck.questions import questions
from gdsym.language.check import load_model
from gdsym.language.model import Dims, Model
from gdsym.tracing.graph import Task

# Points that must give a number, and how many are tried for them.
POINTS = 4
MOST_POINTS = 24
# Rounding of the user's function; a formula that differs does so by far more.
CLOSE = 1e-7
SMALL = 1e-6
# What the same formula loses in doubles may be lost this many times.
ROUNDING = 100.0
KNOWN = 1e-4
DIGITS = 30
# A declared size is kept up to here: numbers in the code may count on it.
LARGEST_SIZE = 30


Blocks = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Formula:
    """What a function is held against: nodes of a program by name, with their dimensions."""

    program: Program
    nodes: dict[str, tuple[Node, Dims]]

    def values(self, at: Point, digits: int | None = DIGITS) -> Blocks:
        """At a point; without `digits` in doubles, as the user's function computes."""
        nodes = [node for node, _ in self.nodes.values()]
        tables = evaluate(self.program, nodes, at.values, at.sizes, digits=digits)
        return {n: spread(node, dims, tables[node], at) for n, (node, dims) in self.nodes.items()}


def verify(function: Callee, text: str, task: Task) -> None:
    """Raises UsageError where the function gives other values than the model of this text, or no
    numbers at all; a gradient is held against the claims."""
    formula = _formula(function, text, task)
    model = formula.program.model
    taken = {name for _, held in task.arguments for name in held}
    # What stands in the code keeps its value: only what the function is given can change.
    drawn = keeping(model, [c.name for c in model.consts if c.name not in taken])
    told = 0
    failed = ""
    for at in _points(drawn):
        given = arguments(formula.program, at)
        try:
            got, again = (_called(function, model, task, given) for _ in range(2))
        except CallError as error:
            failed = str(error)
            if "return within" in failed or "process" in failed:
                break
            continue
        _check_behaviour(function, got, again)
        expected = formula.values(at)
        if not all(np.all(np.isfinite(b)) for b in (*got.values(), *expected.values())):
            continue
        rounded = formula.values(at, None)
        _compare(function, at, got, expected, rounded)
        if not all(np.allclose(rounded[n], b, KNOWN, KNOWN) for n, b in expected.items()):
            continue  # in doubles nothing is left of it here
        told += 1
        if told == POINTS:
            return
    if not told:
        raise _untold(function, failed)


def _formula(function: Callee, text: str, task: Task) -> Formula:
    try:
        model = load_model(text, "traced.gd")
    except SourceError as error:
        told = f"{function.name}: what was traced cannot be said in the language:\n{error}"
        raise UsageError(told) from None
    if not task.gradient:
        program = build(model)
        return Formula(program, {LOSS: (program.value, ())})
    program, asked = questions(model)
    return Formula(program, {q.claim.names[0]: (q.claimed, q.dims) for q in asked})


def _check_behaviour(function: Callee, got: Blocks, again: Blocks) -> None:
    if function.changed:
        name = sorted(map(str, function.changed))[0]
        raise UsageError(
            f"{function.name} changes its argument `{name}`, so it is no formula\n"
            f"help: begin with a copy, `{name} = {name}.copy()`"
        )
    for name, value in got.items():
        if not np.array_equal(value, again[name], equal_nan=True):
            raise UsageError(
                f"{function.name} gives other values in a second call with the same arguments: "
                "what it draws or remembers is no formula\n"
                "help: make what changes an argument"
            )


def _compare(function: Callee, at: Point, got: Blocks, expected: Blocks, rounded: Blocks) -> None:
    """Raises where they differ. `rounded`: the formula in doubles, as far as it has digits."""
    for name, value in got.items():
        exact = expected[name]
        if value.shape != exact.shape:
            shown = f"an array of shape {value.shape}, and {name} has {exact.shape}"
            raise UsageError(f"{function.name} returns {shown}")
        scale = max(float(np.max(np.abs(v), initial=SMALL)) for v in (value, exact))
        lost = np.abs(np.nan_to_num(rounded[name] - exact, nan=np.inf))
        off = np.abs(value - exact) - CLOSE * scale - ROUNDING * lost
        if np.any(off > 0):
            place = np.unravel_index(int(np.argmax(off)), off.shape)
            raise _differs(function, at, float(value[place]), float(exact[place]))


def _points(model: Model) -> Iterator[Point]:
    """Points of several sizes: of all dimensions whose size the model does not state."""
    stated = {dim.name: dim.size for dim in model.dims if dim.size is not None}
    keep = all(size is None or size <= LARGEST_SIZE for size in stated.values())
    lists = {c.dims[0] for c in model.consts if isinstance(c.value, tuple)}
    followers = {d.name for d in model.dims if d.like is not None or d.less is not None}
    for seed in range(MOST_POINTS):
        of = sizes(model, ROWS - 2 * (seed % 2), declared=keep)
        for dim in model.dims:
            if dim.size is None and dim.name not in lists | followers:
                of[dim.name] += seed % 3
        for dim in model.dims:
            if dim.like is not None:
                of[dim.name] = of[dim.like]
        yield point(model, of, seed)


def _called(function: Callee, model: Model, task: Task, given: Mapping[str, Any]) -> Blocks:
    """What the function gives at a point: the loss, or blocks of the gradient."""
    names: dict[str, Any] = {}
    for argument, held in task.arguments:
        if argument == task.flat:
            names[argument] = np.concatenate([np.ravel(np.asarray(given[n], float)) for n in held])
        elif held[0] in given:  # a constant that is not used keeps its default
            names[argument] = _shaped(given[held[0]], held[0], task)
    by_place = {a.name for a in (function.arguments or ((), False))[0] if a.by_place}
    places = [names.pop(name) for name in list(names) if name in by_place]
    function.outside = {n: _shaped(given[n], n, task) for n in task.outside if n in given}
    value: Any = function(*places, **names)
    if task.gradient:
        own = {p.name: given[p.name] for p in model.params}
        shapes = {name: np.shape(_shaped(value, name, task)) for name, value in own.items()}
        blocks = read(value, model, shapes, Manner({}, (), task.flat), ()).blocks
        return {
            name: block.reshape(np.shape(own[name])) if block.shape == shapes[name] else block
            for name, block in blocks.items()
        }
    while isinstance(value, tuple) and value:
        value = value[0]  # of `(loss, gradient)`
    if isinstance(value, dict | tuple) or np.size(value) != 1:
        raise CallError("returns no single number")
    found = complex(np.ravel(value)[0])
    return {LOSS: np.array(found.real if found.imag == 0 else np.nan)}


def _shaped(value: Any, name: str, task: Task) -> Any:
    """With the axes of length 1 that the function expects."""
    (shape,) = (entry.shape for entry in task.inputs if entry.name == name)
    if "1" not in shape:
        return np.float64(value) if isinstance(value, float) else value  # it has `.T` and `.sum()`
    at = tuple(place for place, dim in enumerate(shape) if dim == "1")
    return np.expand_dims(np.asarray(value), at)


def _differs(function: Callee, at: Point, got: float, expected: float) -> UsageError:
    where = ", ".join(f"{name} = {size}" for name, size in at.sizes.items())
    return UsageError(
        f"{function.name} gives {got:.9g} at a random point{f' with {where}' if where else ''}, "
        f"and the formula that was traced {expected:.9g}\n"
        "help: what is computed must not depend on sizes, on global values that change, on copies "
        "that share their memory"
    )


def _untold(function: Callee, failed: str) -> UsageError:
    if failed:
        return UsageError(f"{function.name} {failed}")
    return UsageError(
        f"{function.name} gives no number at any random point, so what was traced cannot be "
        "verified\nhelp: say in --shapes which values arguments have: 'y=n > 0', 's > 0', "
        "'p in (0, 1)'"
    )
