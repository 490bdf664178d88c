"""Models beside the reference interpreter: what the tests of the calculus compare with.

The truth about a value is the reference at 50 digits on the *built* program, before any rewrite;
the truth about a gradient is that value's central difference with step 1e-20, whose error is about
1e-30. Neither knows the stability rules, the derivatives or the printers.
"""

from __future__ import annotations

import types
from functools import cached_property
from random import Random
from typing import Any

import mpmath
import numpy as np

from gdsym.calculus.program import Node, Program, canonical_axes
from gdsym.calculus.reference import evaluate
from gdsym.codegen.module import module_text
from gdsym.compiler import Stages, stages

DIGITS = 50
MP = mpmath.MPContext()  # of our own: the precision of mpmath's is a global
MP.dps = DIGITS + 10
STEP = MP.mpf(10) ** -20
MOST_ENTRIES = 40  # of a gradient whose entries are checked one by one


class Case:
    """A model text with data: its stages, its module, and the truth about both.

    `options` goes to `bind`: constants by name, `dims`.
    """

    def __init__(self, text: str, data: dict[str, Any] | None = None, **options: Any) -> None:
        self.text = text
        self.data = data or {}
        self.options = options

    @cached_property
    def stages(self) -> Stages:
        return stages(self.text, "model.gd")

    @cached_property
    def module(self) -> Any:
        made = self.stages
        module = types.ModuleType("generated")
        exec(module_text(made.plan, made.derived, [], "0"), module.__dict__)
        return module

    @cached_property
    def problem(self) -> Any:
        return self.module.bind(**self.data, **self.options)

    @cached_property
    def theta(self) -> np.ndarray:
        """A point inside the domain, away from the start, its entries of mixed signs."""
        phi = self.problem.to_free(self.problem.init(seed=1))
        bend = 0.3 * np.sin(1 + np.arange(len(phi)))
        return self.problem.from_free(phi + bend * np.where(phi == 0, 1, np.abs(phi)))

    # -- the truth

    def params(self, theta: Any) -> dict[str, Any]:
        """The parameters by name from a flat vector of numbers of any kind."""
        flat = np.array(list(theta), dtype=object)
        params, start = {}, 0
        for param in self.stages.model.params:
            shape = tuple(self.sizes[dim] for dim in param.dims)
            stop = start + int(np.prod(shape, dtype=int))
            params[param.name] = flat[start:stop].reshape(shape) if shape else flat[start]
            start = stop
        return params

    @cached_property
    def sizes(self) -> dict[str, int]:
        return {name: entry["size"] for name, entry in self.problem.dims.items()}

    def table(
        self, node: Node, theta: Any, program: Program | None = None, digits: int | None = DIGITS
    ) -> dict[tuple[int, ...], Any]:
        """The reference's entries of a node of `program` (by default as built)."""
        program = program or self.stages.built
        labels = {n: d["labels"] for n, d in self.problem.dims.items() if d["labels"] is not None}
        values = {**self.data, **self.options, **self.params(theta)}
        return evaluate(program, [node], values, self.sizes, labels=labels, digits=digits)[node]

    def array(
        self, node: Node, dims: tuple[str, ...], theta: Any, program: Program | None = None
    ) -> np.ndarray:
        """The same as an array of mpmath numbers with the axes of `dims`, broadcast to them."""
        table = self.table(node, theta, program)
        axes = canonical_axes(dims)
        out = np.empty([self.sizes[dim] for dim in dims], dtype=object)
        for index in np.ndindex(out.shape):
            at = dict(zip(axes, index, strict=True))
            out[index] = table[tuple(at[axis] for axis in node.axes)]
        return out

    def value(self, theta: Any, program: Program | None = None) -> Any:
        program = program or self.stages.built
        value = self.table(program.value, theta, program)[()]
        if program.offset is None:
            return value
        return MP.fadd(value, self.table(program.offset, theta, program)[()])

    def slope(self, theta: Any, direction: Any) -> Any:
        """The derivative of the built value along a direction, by a central difference."""
        steps = [MP.mpf(v) * STEP for v in direction]
        up = self.value([MP.mpf(t) + s for t, s in zip(theta, steps, strict=True)])
        down = self.value([MP.mpf(t) - s for t, s in zip(theta, steps, strict=True)])
        return MP.fsub(up, down) / (2 * STEP)

    def slopes(self, theta: Any) -> list[Any]:
        """Its derivative by every entry of theta."""
        return [self.slope(theta, row) for row in np.eye(len(theta))]

    def gradient(self, theta: Any, program: Program | None = None) -> list[Any]:
        """The derived gradient, entry by entry as in theta, at 50 digits."""
        program = program or self.stages.derived
        entries: list[Any] = []
        for param in self.stages.model.params:
            node = program.grads[param.name]
            entries += list(self.array(node, param.dims, theta, program).ravel())
        return entries


def directions(size: int, count: int) -> list[list[float]]:
    """Some directions with entries between 1/2 and 1 in size, of both signs."""
    draw = Random(size)
    return [
        [draw.choice((-1, 1)) * (0.5 + draw.random() / 2) for _ in range(size)]
        for _ in range(count)
    ]


def dot(a: Any, b: Any) -> Any:
    return MP.fdot([MP.convert(x) for x in a], [MP.convert(x) for x in b])


def far(found: Any, exact: Any, scale: Any = 0) -> float:
    """The largest error, as a share of the exact number or of `scale` where that is larger."""
    found, exact = np.ravel(np.asarray(found)), np.ravel(np.asarray(exact))
    assert found.shape == exact.shape
    worst = MP.zero
    for f, e in zip(map(MP.convert, found), map(MP.convert, exact), strict=True):
        if MP.isnan(f) or MP.isinf(f - e):
            return float("inf")
        worst = max(worst, abs(f - e) / max(abs(e), abs(scale), MP.mpf(2) ** -1022))
    return float(worst)


def check_calculus(case: Case, theta: Any | None = None, tolerance: float = 1e-25) -> None:
    """Value and gradient survive every stage: rewritten, derived and lowered, at 50 digits."""
    theta = case.theta if theta is None else theta
    made = case.stages
    exact = case.value(theta)
    scale = max(1, abs(exact))
    for program in (made.stable, made.derived, made.lowered):
        assert far(case.value(theta, program), exact, scale) < tolerance
    for program in (made.derived, made.lowered):
        gradient = case.gradient(theta, program)
        if len(gradient) <= MOST_ENTRIES:
            assert far(gradient, case.slopes(theta), scale) < tolerance
        else:
            for direction in directions(len(gradient), 3):
                along = dot(gradient, direction)
                assert far(along, case.slope(theta, direction), scale) < tolerance


def check_module(case: Case, theta: Any | None = None, tolerance: float = 1e-12) -> None:
    """Value and gradient of the emitted module in float64 against the truth."""
    theta = case.theta if theta is None else theta
    value, gradient = case.problem.value_and_grad(theta)
    exact = case.value(theta)
    scale = max(1, abs(exact))
    assert far(value, exact, scale) < tolerance
    assert far(case.problem.value(theta), exact, scale) < tolerance
    # `check_calculus` holds the derived gradient to differences of the built value.
    assert far(gradient, case.gradient(theta), scale) < tolerance


def check(case: Case, theta: Any | None = None) -> None:
    check_calculus(case, theta)
    check_module(case, theta)
