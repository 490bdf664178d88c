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
    inside = _region(graph, root, active, readers, apart)
    symbols: dict[Node, sympy.Symbol] = {}
    expressions: dict[Node, sympy.Expr] = {}
    for node in sorted(inside, key=lambda member: member.id):
        args = []
        for arg in node.args:
            if arg in inside:
                args.append(expressions[arg])
            elif isinstance(arg, Number):
                args.append(_rational(arg.value))
            else:
                args.append(symbols.setdefault(arg, _symbol(arg)))
        expressions[node] = _SYMPY.call(node.op, *args)
    nodes = {symbol: node for node, symbol in symbols.items()}
    inputs = sorted((node for node in symbols if node in active), key=lambda node: node.id)
    found = [_to_node(graph, expressions[root].diff(symbols[node]), nodes) for node in inputs]
    return inputs, found


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


def _symbol(node: Node) -> sympy.Symbol:
    """Numbered by order of creation, so that no order depends on the user's names."""
    return sympy.Symbol(f"v{node.id:09d}", real=True)


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
    if name == "where":
        # Differentiated branch by branch: a factor 0 would not silence an inf in the other.
        def branches(self: Any, symbol: sympy.Symbol) -> Any:
            condition, a, b = self.args
            return _SYMPY.call("where", condition, a.diff(symbol), b.diff(symbol))

        body["_eval_derivative"] = branches
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


def _to_node(graph: Graph, expression: Any, nodes: dict[Any, Node]) -> Node:
    """A derivative back as nodes of the graph."""
    if expression.is_Symbol:
        return nodes[expression]
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
