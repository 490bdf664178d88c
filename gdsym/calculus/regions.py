"""Slopes of maps: SymPy on the scalar expression of a region.

What SymPy sees is a *region*: maps of the same axes that nothing else reads, bounded by the user's
lets and by size. Functions of the table stay opaque and differentiate to other entries. SymPy runs
under `distribute(False)`: otherwise `(a - b)/3` becomes `a/3 - b/3` and digits are lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from sympy.core.parameters import distribute

from gdsym.calculus.formula import evaluate
from gdsym.calculus.program import Graph, Map, Node, Number
from gdsym.language.functions import FUNCTIONS

# Beyond about 40 operations a derivative as one expression starts to repeat itself.
LARGEST_REGION = 40

# A product of more factors than this is differentiated by running products, and an adjoint of
# more factors keeps its identity: spelled out, a chain of n steps would have n^2 factors.
LONGEST_PRODUCT = 6

# A sum of more terms than this is differentiated term by term: SymPy would write each of n
# derivatives as a sum of n terms, all but one of them 0.
LONGEST_SUM = 40


def exact() -> AbstractContextManager[None]:
    """SymPy without the distribution of numbers over sums; around every use of `slopes`."""
    context: AbstractContextManager[None] = distribute(False)
    return context


def other_factors(graph: Graph, args: Sequence[Node]) -> list[Node]:
    """For each factor the product of all others, from running products from both ends."""

    def running(nodes: Iterable[Node]) -> list[Node]:
        products = [graph.number(1)]
        for node in nodes:
            product = graph.mul(products[-1], node)
            graph.named.add(product)
            products.append(product)
        return products

    before, after = running(args), running(reversed(args))
    return [graph.mul(before[i], after[len(args) - 1 - i]) for i in range(len(args))]


def slopes(
    graph: Graph,
    root: Map,
    active: Collection[Node],
    readers: Mapping[Node, int],
    apart: Collection[Node] = (),
) -> tuple[list[Node], list[Node]]:
    """The active inputs of the region below `root`, and the derivative of `root` by each.

    `readers` counts who reads a node; nodes in `apart` stay outside the region.
    """
    inside = sorted(_region(graph, root, active, readers, apart), key=lambda node: node.id)
    outside = {arg for node in inside for arg in node.args if not isinstance(arg, Number)}
    nodes = sorted(outside.difference(inside), key=lambda node: node.id)
    expression = _expression(inside, nodes)
    inputs = [(place, node) for place, node in enumerate(nodes) if node in active]
    found = [_to_node(graph, _slope(expression, _symbol(place)), nodes) for place, _ in inputs]
    return [node for _, node in inputs], found


def _expression(inside: Sequence[Map], outside: Sequence[Node]) -> Any:
    """The last node of a region over the symbols of what it reads."""
    values: dict[Node, Any] = {node: _symbol(place) for place, node in enumerate(outside)}
    for node in inside:
        args = (_rational(n.value) if isinstance(n, Number) else values[n] for n in node.args)
        values[node] = _SYMPY.call(node.op, *args)
    return values[inside[-1]]


def _region(
    graph: Graph,
    root: Map,
    active: Collection[Node],
    readers: Mapping[Node, int],
    apart: Collection[Node],
) -> set[Map]:
    inside = {root}
    frontier: list[Node] = list(root.args)
    while frontier and len(inside) < LARGEST_REGION:
        node = frontier.pop(0)
        if (
            isinstance(node, Map)
            and node in active
            and not is_long(node)
            and node not in inside
            and node.axes == root.axes
            and readers.get(node, 0) == 1
            and node not in graph.named
            and node not in apart
        ):
            inside.add(node)
            frontier.extend(node.args)
    return inside


def is_long(node: Map) -> bool:
    """True for sums and products that are differentiated without SymPy."""
    longest = {"add": LONGEST_SUM, "mul": LONGEST_PRODUCT}
    return node.op in longest and len(node.args) > longest[node.op]


@cache
def _symbol(place: int) -> sympy.Symbol:
    """Of what a region reads, in order of creation, so that no order depends on the user's names
    and SymPy, which remembers expressions, meets few of them."""
    return sympy.Symbol(f"v{place:09d}", real=True)


def _slope(expression: Any, symbol: sympy.Symbol) -> Any:
    """The derivative by SymPy's own rules, without all that its `diff` asks around them."""
    if expression is symbol:
        return sympy.S.One
    inner = [_slope(arg, symbol) for arg in expression.args]
    moving = [place for place, slope in enumerate(inner) if slope is not sympy.S.Zero]
    if not moving:
        return sympy.S.Zero
    if expression.is_Add:
        return sympy.Add(*inner)
    if expression.is_Mul:
        return sympy.Add(*(_replaced(expression.args, place, inner[place]) for place in moving))
    if expression.is_Pow:
        base, exponent = expression.args
        return expression * (inner[0] * exponent / base)
    if isinstance(expression, _function("where")):
        # Branch by branch: a factor 0 would not silence an inf in the other.
        condition, _, _ = expression.args
        return _SYMPY.call("where", condition, *inner[1:])
    return sympy.Add(*(expression.fdiff(place + 1) * inner[place] for place in moving))


def _replaced(factors: Sequence[Any], place: int, slope: Any) -> Any:
    return sympy.Mul(*factors[:place], slope, *factors[place + 1 :])


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


@cache
def _function(name: str) -> Any:
    """A table function as an opaque SymPy function that differentiates to other entries."""

    def fdiff(self: Any, argindex: int = 1) -> Any:
        entry = FUNCTIONS[name]
        names = dict(zip(entry.params, self.args, strict=True)) | {"pi": sympy.pi}
        return evaluate(entry.derivatives[argindex - 1], names, _SYMPY)

    body: dict[str, Any] = {"fdiff": fdiff, "is_real": True, "is_commutative": True}
    return type(f"gd_{name}", (sympy.Function,), body)


class _Sympy:
    """SymPy as the algebra of a region: sums, products and integer powers; the rest opaque."""

    def number(self, value: Fraction) -> Any:
        return _rational(value)

    def call(self, op: str, *args: Any) -> Any:
        match op:
            case "add":
                return sympy.Add(*args)
            case "mul":
                return sympy.Mul(*args)
            case "pow" if args[1].is_Integer:
                return sympy.Pow(args[0], args[1])
            case "where" if args[1] == args[2]:
                return args[1]
        return _function(op)(*args)


_SYMPY = _Sympy()


def _to_node(graph: Graph, expression: Any, nodes: Sequence[Node]) -> Node:
    """A derivative back as nodes of the graph."""
    if expression.is_Symbol:
        return nodes[int(expression.name[1:])]
    if expression.is_Rational:
        return graph.number(Fraction(int(expression.p), int(expression.q)))
    if expression is sympy.pi:
        return graph.leaf("constant", "pi")
    args: Sequence[Node] = [_to_node(graph, arg, nodes) for arg in expression.args]
    if expression.is_Add:
        return graph.add(*args)
    if expression.is_Mul:
        return graph.mul(*args)
    if expression.is_Pow:
        return graph.call("pow", *args)
    return graph.call(type(expression).__name__.removeprefix("gd_"), *args)
