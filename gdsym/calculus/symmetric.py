"""Which matrices are symmetric by the way they are made: `X.T @ X`, `sqdist(X, X) + s*eye(n)`.

A matrix is when it is its own mirror image, the image with two axes exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Delta,
    Factor,
    Graph,
    Linear,
    Map,
    Node,
    Number,
)

# How deep a formula is followed before its matrix counts as unsymmetric.
DEPTH = 24

Part = TypeVar("Part")


def is_symmetric(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> bool:
    """Whether entry (i, j) is entry (j, i), as far as the formula tells."""
    return _Mirror(graph, {rows: columns, columns: rows}).images(matrix, matrix, DEPTH)


class _Mirror:
    """Compares nodes with the mirror images of others."""

    def __init__(self, graph: Graph, swap: dict[Axis, Axis]) -> None:
        self.graph = graph
        self.swap = swap
        self.known: dict[tuple[int, int, bool], bool] = {}

    def swapped(self, axes: Axes) -> Axes:
        return tuple(self.swap.get(axis, axis) for axis in axes)

    def images(self, a: Node, b: Node, depth: int, *, negative: bool = False) -> bool:
        """Whether b, or with `negative` -b, is a with its axes exchanged."""
        key = (a.id, b.id, negative)
        if key not in self.known:
            self.known[key] = self._images(a, b, depth, negative)
        return self.known[key]

    def _images(self, a: Node, b: Node, depth: int, negative: bool) -> bool:
        if not negative and a is b and self.swap.keys().isdisjoint(a.axes):
            return True
        first, second = _seen_through(a), _seen_through(b)
        if first.node is second.node and not negative:
            if self.swapped(first.indices) == second.indices:
                return True
            if first.node is not a:
                return first.indices == second.indices and self._is_inside(first)
        if depth == 0:
            return False
        match a, b:
            case Map(), Map() if a.op == b.op == "add":
                return self._sums(a.args, b.args, depth, negative)
            case Map(), Map() if negative:
                return self._terms(a, b, depth)
            case Map(), Map() if a is b and any(map(self._is_identity, a.operands)):
                return a.op == "mul"  # what is 0 beside the diagonal
            case Map(), Map() if a.op == b.op == "mul":
                return _matched(a.args, b.args, lambda x, y: self.images(x, y, depth - 1))
            case Map(), Map() if a.op == b.op and len(a.args) == len(b.args):
                pairs = zip(a.args, b.args, strict=True)
                if all(self.images(x, y, depth - 1) for x, y in pairs):
                    return True
                return _is_even(a) and self.images(a.args[0], b.args[0], depth - 1, negative=True)
            case Contract(), Contract() if not negative and a.axes == b.axes:
                first_factors, second_factors = _spelled_out(a), _spelled_out(b)
                return _matched(first_factors, second_factors, self._factors) and _matched(
                    a.deltas, b.deltas, self._deltas
                )
            case Linear(), Linear() if not negative and a.op == b.op == "sqdist":
                return _matched(a.parts, b.parts, self._factors)
            case Linear(), Linear() if not negative and a is b:
                return a.op in ("inverse", "symmetric") and _is_symmetric_factor(a)
        return False

    def _sums(
        self, first: Sequence[Node], second: Sequence[Node], depth: int, negative: bool
    ) -> bool:
        if negative:
            return _matched(first, second, lambda x, y: self._terms(x, y, depth))
        return _matched(first, second, lambda x, y: self.images(x, y, depth - 1))

    def _terms(self, a: Node, b: Node, depth: int) -> bool:
        """Whether -b is the image of a: the same but for a number in front."""
        (c, x), (d, y) = self.graph.split(a), self.graph.split(b)
        if c != -d:
            return False
        return x is y if x is None or y is None else self.images(x, y, depth - 1)

    def _factors(self, a: Factor, b: Factor) -> bool:
        """Bound indices have names of their own in each contraction: both are the same one."""
        return a.node is b.node and (
            self.swapped(a.indices) == b.indices or (a.indices == b.indices and self._is_inside(a))
        )

    def _is_inside(self, factor: Factor) -> bool:
        """Whether a factor that has both axes is symmetric itself."""
        at = [
            axis
            for axis, index in zip(factor.node.axes, factor.indices, strict=True)
            if index in self.swap
        ]
        return not at or (len(at) == 2 and is_symmetric(self.graph, factor.node, at[0], at[1]))

    def _is_identity(self, node: Node) -> bool:
        if not isinstance(node, Contract) or node.factors or len(node.deltas) != 1:
            return False
        return node.deltas[0].source is None and self.swap.keys() == {*node.axes}

    def _deltas(self, a: Delta, b: Delta) -> bool:
        if a.source is None and b.source is None:
            return {*self.swapped((*a.indices, a.axis))} == {*b.indices, b.axis}
        return a == b and self.swap.keys().isdisjoint((*a.indices, a.axis))


def _is_symmetric_factor(node: Linear) -> bool:
    matrix = node if node.op == "symmetric" else node.parts[0].node
    return isinstance(matrix, Linear) and matrix.op == "symmetric"


def _seen_through(node: Node) -> Factor:
    """A node with its axes renamed, as the node and the indices that it is read at."""
    if isinstance(node, Contract) and len(node.factors) == 1 and not node.deltas:
        (factor,) = node.factors
        if not node.summed and len(set(factor.indices)) == len(factor.indices):
            return factor
    return Factor(node, node.axes)


def _spelled_out(node: Contract) -> list[Factor]:
    """The factors of a contraction, those that are products factor by factor."""
    found: list[Factor] = []
    pending = list(node.factors)
    while pending:
        factor = pending.pop()
        part = factor.node
        if isinstance(part, Map) and part.op == "mul":
            at = dict(zip(part.axes, factor.indices, strict=True))
            pending += [Factor(arg, tuple(at[axis] for axis in arg.axes)) for arg in part.args]
        else:
            found.append(factor)
    return found


def _is_even(node: Map) -> bool:
    """Whether a function is the same of x and of -x."""
    if node.op != "pow":
        return node.op in ("abs", "cosh")
    power = node.args[1]
    return isinstance(power, Number) and power.value.denominator == 1 and power.value % 2 == 0


def _matched(
    first: Sequence[Part], second: Sequence[Part], same: Callable[[Part, Part], bool]
) -> bool:
    """Whether each of the first has one of the second of its own that is the same."""
    if len(first) != len(second):
        return False
    left = list(second)
    for a in first:
        found = next((place for place, b in enumerate(left) if same(a, b)), None)
        if found is None:
            return False
        del left[found]
    return True
