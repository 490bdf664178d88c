"""The reference interpreter: what a program means, index by index, as plainly as it can be said.

It serves as the truth in tests and knows nothing of the stages after the graph: a map is a loop
over its indices, a contraction a sum of products over every index that is summed, deltas included.
Numbers are floats, or mpmath's at any number of digits; functions come from their `meaning` in the
function table, never from their lowering or derivatives.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import mpmath

from gdsym.calculus.formula import evaluate as evaluate_formula
from gdsym.calculus.program import (
    FACTORED,
    Axes,
    Axis,
    Contract,
    Delta,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    Scan,
    canonical_axes,
    reachable,
)
from gdsym.language.functions import FUNCTIONS
from gdsym.language.model import Const, Data, Param

# Entries by index, one index for each of the node's axes in order; a scalar's index is ().
Table = dict[tuple[int, ...], Any]


def evaluate(
    program: Program,
    nodes: Iterable[Node],
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    *,
    labels: Mapping[str, Sequence[str]] | None = None,
    stats: Mapping[str, Table] | None = None,
    digits: int | None = None,
) -> dict[Node, Table]:
    """The entries of some nodes of a program, at any stage of it.

    `values` has data, parameters and constants by name: numbers, or nested sequences or arrays
    with the axes in the declared order, categories as codes; `direction w` along which to
    differentiate. A constant or an optional table that
    is missing is what the model says. `sizes` has the size of every dimension, `labels` the labels
    of those whose labels the text does not declare. `stats` stand for what training learns
    (`X.mean`); those that are missing are computed from these data. With `digits` the arithmetic
    is mpmath's, at so many decimal digits and any exponent; otherwise it is that of doubles.

    Raises KeyError for a value or a size that is needed and missing.
    """
    interpreter = _Interpreter(program, values, sizes, labels or {}, stats or {}, digits)
    return {node: interpreter.table(node) for node in nodes}


class _Interpreter:
    def __init__(
        self,
        program: Program,
        values: Mapping[str, Any],
        sizes: Mapping[str, int],
        labels: Mapping[str, Sequence[str]],
        stats: Mapping[str, Table],
        digits: int | None,
    ) -> None:
        model = program.model
        self.program = program
        self.values = values
        self.sizes = sizes
        self.labels = {dim.name: dim.labels for dim in model.dims if dim.labels} | dict(labels)
        declared: list[Data | Param | Const] = [*model.data, *model.params, *model.consts]
        self.dims = {item.name: item.dims for item in declared}
        self.stats = stats
        self.arithmetic = Arithmetic(digits)
        self.done: dict[Node, Table] = {}

    def table(self, node: Node) -> Table:
        for part in reachable([node]):
            if part not in self.done:
                self.done[part] = self._table(part)
        return self.done[node]

    def _table(self, node: Node) -> Table:
        match node:
            case Number():
                return {(): self.arithmetic.number(node.value)}
            case Leaf():
                return self._leaf(node)
            case Map():
                return {
                    tuple(at.values()): self.arithmetic.call(
                        node.op, *(self._entry(arg, arg.axes, at) for arg in node.args)
                    )
                    for at in self._indices(node.axes)
                }
            case Contract():
                return {
                    tuple(at.values()): self.arithmetic.call("add", *self._terms(node, at))
                    for at in self._indices(node.axes)
                }
            case Reduce():
                reduction = getattr(self.arithmetic, node.op)
                return {
                    tuple(at.values()): reduction(
                        [
                            self._entry(node.arg, node.arg.axes, place)
                            for place in self._meeting(node.deltas, at, node.over)
                        ]
                    )
                    for at in self._indices(node.axes)
                }
            case Scan():
                return {
                    tuple(at.values()): self.arithmetic.prod(
                        [
                            self._entry(node.arg, node.arg.axes, {**at, node.axis: place})
                            for place in range(self.sizes[node.axis.dim])
                            if place != at[node.axis]
                        ]
                    )
                    for at in self._indices(node.axes)
                }
            case Linear():
                return self._linear(node)
        raise TypeError(node)

    def _linear(self, node: Linear) -> Table:
        first, indices = node.parts[0]
        if node.op in FACTORED:
            return {
                tuple(at.values()): self._entry(first, indices, at)
                for at in self._indices(node.axes)
            }
        if node.op == "sqdist":
            return {
                tuple(at.values()): self.arithmetic.call(
                    "add",
                    *(self._gap(node, {**at, **inner}) for inner in self._indices(node.along[2:])),
                )
                for at in self._indices(node.axes)
            }
        assert isinstance(first, Linear)
        rows, columns = first.along
        count = self.sizes[rows.dim]
        matrix = [
            [self._entry(first, first.axes, {rows: i, columns: j}) for j in range(count)]
            for i in range(count)
        ]
        if node.op == "solve_transposed":
            matrix = [list(column) for column in zip(*matrix, strict=True)]
        match node.op:
            case "det" | "logdet":
                determinant = self.arithmetic.solved(matrix, [[] for _ in matrix])[1]
                if node.op == "logdet":
                    determinant = self.arithmetic.call("log", determinant)
                return {(): determinant}
            case "cofactors":
                minors = self.arithmetic.minors(matrix)
                return {
                    tuple(at.values()): minors[at[rows]][at[columns]]
                    for at in self._indices(node.axes)
                }
            case "inverse":
                unit = [
                    [self.arithmetic.mp.mpf(i == j) for j in range(count)] for i in range(count)
                ]
                entries = self.arithmetic.solved(matrix, unit)[0]
                return {
                    tuple(at.values()): entries[at[rows]][at[columns]]
                    for at in self._indices(node.axes)
                }
        right, indices = node.parts[1]
        (axis,) = node.along
        others = list(self._indices(tuple(a for a in node.axes if a != axis)))
        columns_of_right = [
            [self._entry(right, indices, {**at, axis: place}) for at in others]
            for place in range(count)
        ]
        entries = self.arithmetic.solved(matrix, columns_of_right)[0]
        return {
            tuple(({**at, axis: place})[own] for own in node.axes): entries[place][column]
            for column, at in enumerate(others)
            for place in range(count)
        }

    def _gap(self, node: Linear, at: Mapping[Axis, int]) -> Any:
        x, z = (self._entry(part, indices, at) for part, indices in node.parts)
        return self.arithmetic.call("mul", x - z, x - z)

    def _indices(self, axes: Axes) -> Iterator[dict[Axis, int]]:
        """Every index over some axes, as places by axis."""
        for places in product(*(range(self.sizes[axis.dim]) for axis in axes)):
            yield dict(zip(axes, places, strict=True))

    def _entry(self, node: Node, indices: Axes, at: Mapping[Axis, int]) -> Any:
        return self.done[node][tuple(at[index] for index in indices)]

    def _terms(self, node: Contract, at: dict[Axis, int]) -> Iterator[Any]:
        """The products that the entry at `at` of a contraction sums."""
        # Where a delta is 0 its factors are not read: a gather skips an infinite entry.
        for place in self._meeting(node.deltas, at, node.summed):
            factors = [self._entry(n, where, place) for n, where in node.factors]
            yield self.arithmetic.call("mul", *factors)

    def _meeting(
        self, deltas: Iterable[Delta], at: dict[Axis, int], over: Axes
    ) -> Iterator[dict[Axis, int]]:
        """The places over some axes, beside `at`, where all deltas are 1."""
        for inner in self._indices(over):
            place = {**at, **inner}
            if all(
                place[delta.axis] == place[delta.indices[0]]
                if delta.source is None
                else place[delta.axis] == self._entry(delta.source, delta.indices, place)
                for delta in deltas
            ):
                yield place

    # -- leaves

    def _leaf(self, leaf: Leaf) -> Table:
        match leaf.kind:
            case "size":
                return {(): self.arithmetic.number(Fraction(self.sizes[leaf.name]))}
            case "constant":
                return {(): self.arithmetic.constant(leaf.name)}
            case "label":
                dim, label = leaf.name.split(" ", 1)
                return {(): list(self.labels[dim]).index(label)}
            case "stat" if leaf.name in self.stats:
                return self.stats[leaf.name]
            case "stat":
                definition = self.program.stats[leaf.name]
                return self._spread(self.table(definition), definition.axes, leaf.axes)
        declared = canonical_axes(self.dims[leaf.name])
        name = f"direction {leaf.name}" if leaf.kind == "direction" else leaf.name
        if name in self.values:
            return {
                tuple(at.values()): self.arithmetic.mp.convert(
                    _read(self.values[name], [at[axis] for axis in declared])
                )
                for at in self._indices(leaf.axes)
            }
        if leaf.kind == "data":
            default = self.program.formulas[f"default {leaf.name}"]
            return self._spread(self.table(default), default.axes, leaf.axes)
        first = self.program.formulas.get(f"const {leaf.name} 1")
        if first is None:  # one formula, else one for each entry
            formula = self.program.formulas[f"const {leaf.name} 0"]
            return self._spread(self.table(formula), formula.axes, leaf.axes)
        formulas = self.program.formulas
        return {
            (at,): self.table(formulas[f"const {leaf.name} {at}"])[()]
            for at in range(prod(self.sizes[axis.dim] for axis in leaf.axes))
        }

    def _spread(self, table: Table, have: Axes, want: Axes) -> Table:
        """A table repeated along the axes that it lacks."""
        return {
            tuple(at.values()): table[tuple(at[axis] for axis in have)]
            for at in self._indices(want)
        }


def _read(value: Any, places: Iterable[int]) -> Any:
    for place in places:
        value = value[place]
    return value


class Arithmetic:
    """Numbers and the functions of the table: the algebra in which `meaning` is evaluated.

    Doubles follow IEEE 754 where Python raises: what is too large is inf, what is undefined nan.
    """

    def __init__(self, digits: int | None = None) -> None:
        self.mp: Any = mpmath.fp
        if digits is not None:
            self.mp = mpmath.MPContext()
            self.mp.dps = digits
        self.words: dict[str, Callable[..., Any]] = {
            "where": lambda c, a, b: a if c != 0 else b,
            "min": min,
            "max": max,
            "log2": lambda x: self.mp.log(x, 2),
            "power": self._power,
            "and": lambda a, b: self.mp.mpf(a != 0 and b != 0),
            "or": lambda a, b: self.mp.mpf(a != 0 or b != 0),
            "not": lambda a: self.mp.mpf(a == 0),
        }
        for place in range(4):
            self.words[f"psi{place}"] = lambda x, order=place: self.mp.psi(order, x)
        for name in ("lt", "le", "gt", "ge", "eq", "ne"):
            test = getattr(operator, name)
            self.words[name] = lambda a, b, test=test: self.mp.mpf(test(a, b))

    def number(self, value: Fraction) -> Any:
        return self.mp.fdiv(value.numerator, value.denominator)

    def constant(self, name: str) -> Any:
        """`pi` or `inf`."""
        return +getattr(self.mp, name)

    def call(self, op: str, *args: Any) -> Any:
        """An operator or a function of the table."""
        match op:
            case "add":
                return sum(args, start=self.mp.zero)
            case "mul":
                return prod(args, start=self.mp.one)
        entry = FUNCTIONS[op]
        if not entry.meaning.isidentifier():
            names = dict(zip(entry.params, args, strict=True)) | {"pi": self.constant("pi")}
            return evaluate_formula(entry.meaning, names, self)
        function = self.words.get(entry.meaning) or getattr(self.mp, entry.meaning)
        try:
            result = function(*args)
        except OverflowError:
            return self.mp.inf
        except (ValueError, ZeroDivisionError):
            return -self.mp.inf if op.startswith("log") and args[0] == 0 else self.mp.nan
        return self.mp.nan if isinstance(result, self.mp.mpc) else result  # the log of -1

    def _power(self, x: Any, y: Any) -> Any:
        if x == 0 and y < 0:
            return self.mp.inf
        return x**y

    def solved(self, matrix: list[list[Any]], right: list[list[Any]]) -> tuple[Any, Any]:
        """inv(matrix) @ right and the determinant, by elimination with the largest pivots.

        A matrix of determinant 0 has no solution: nan.
        """
        count = len(matrix)
        rows = [[*a, *b] for a, b in zip(matrix, right, strict=True)]
        determinant = self.mp.one
        for place in range(count):
            largest = max(range(place, count), key=lambda row: abs(rows[row][place]))
            if rows[largest][place] == 0 or self.mp.isnan(rows[largest][place]):
                missing = self.mp.nan
                nothing = [[missing] * len(b) for b in right]
                return nothing, rows[largest][place]
            if largest != place:
                rows[place], rows[largest] = rows[largest], rows[place]
                determinant = -determinant
            pivot = rows[place][place]
            determinant = determinant * pivot
            rows[place] = [entry / pivot for entry in rows[place]]
            for row in range(count):
                if row != place:
                    share = rows[row][place]
                    pairs = zip(rows[row], rows[place], strict=True)
                    rows[row] = [entry - share * above for entry, above in pairs]
        return [row[count:] for row in rows], determinant

    def minors(self, matrix: list[list[Any]]) -> list[list[Any]]:
        """For each entry the determinant without its row and column, with its sign."""
        count = range(len(matrix))
        return [
            [
                (-1) ** (i + j)
                * self.solved(
                    [[matrix[k][m] for m in count if m != j] for k in count if k != i],
                    [[] for k in count if k != i],
                )[1]
                for j in count
            ]
            for i in count
        ]

    # -- reductions

    def max(self, values: Sequence[Any]) -> Any:
        return max(values)

    def argmax(self, values: Sequence[Any]) -> Any:
        return values.index(max(values))

    def prod(self, values: Sequence[Any]) -> Any:
        return self.call("mul", *values)

    def logsumexp(self, values: Sequence[Any]) -> Any:
        top = max(values, default=-self.mp.inf)
        if self.mp.isinf(top) or self.mp.isnan(top):
            return top
        return top + self.mp.log(self.call("add", *(self.call("exp", v - top) for v in values)))
