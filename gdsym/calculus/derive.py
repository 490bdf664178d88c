"""Exact gradients: reverse mode over the nodes, SymPy inside a region.

The adjoint of a node is a node, so the work is linear in the graph. What SymPy sees is the scalar
expression of a *region*: maps of the same axes that nothing else reads, bounded by the user's
lets and by size. Contractions have one rule: the adjoint of a factor is the contraction of
everything else. SymPy runs under `distribute(False)`: otherwise `(a - b)/3` becomes `a/3 - b/3`
and digits are lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from sympy.core.parameters import distribute

from gdsym.calculus.formula import evaluate
from gdsym.calculus.program import (
    Axis,
    Contract,
    Delta,
    Factor,
    Graph,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    reachable,
    unused_axis,
)
from gdsym.language.functions import FUNCTIONS

# Beyond about 40 operations a derivative as one expression starts to repeat itself.
LARGEST_REGION = 40

# A product of more factors than this is differentiated by running products, and an adjoint of
# more factors keeps its identity: spelled out, a chain of n steps would have n^2 factors.
LONGEST_PRODUCT = 6

# A sum of more terms than this is differentiated term by term: SymPy would write each of n
# derivatives as a sum of n terms, all but one of them 0.
LONGEST_SUM = 40


def derive(program: Program) -> Program:
    """The program with the gradient of its value, one node per parameter in `grads`.

    A gradient node may carry fewer axes than its parameter; the missing ones broadcast.
    """
    model = program.model
    wanted = {
        program.graph.leaf("param", param.name, _axes_of(program, param.name)): param.name
        for param in model.params
    }
    with distribute(False):
        adjoints = _reverse(program.graph, program.value, set(wanted))
    zero = program.graph.number(0)
    grads = {name: adjoints.get(leaf, zero) for leaf, name in wanted.items()}
    return replace(program, grads=grads)


def _axes_of(program: Program, name: str) -> tuple[Axis, ...]:
    leaf = program.graph.known_leaf("param", name)
    return leaf.axes if leaf is not None else ()


def _reverse(graph: Graph, root: Node, wanted: set[Node]) -> dict[Node, Node]:
    """The derivative of the scalar `root` by every wanted leaf that it depends on."""
    order = reachable([root])
    active: set[Node] = set()
    readers: dict[Node, int] = {}
    for node in order:
        if node in wanted or any(operand in active for operand in node.operands):
            active.add(node)
        for operand in set(node.operands):
            readers[operand] = readers.get(operand, 0) + 1
    pending: dict[Node, list[Node]] = {root: [graph.number(1)]}
    found: dict[Node, Node] = {}
    for node in reversed(order):
        if node not in active or node not in pending:
            continue
        adjoint = _kept(graph, graph.add(*pending.pop(node)))
        if node in wanted:
            found[node] = adjoint
            continue
        for operand, share in _shares(graph, node, adjoint, active, readers):
            pending.setdefault(operand, []).append(share)
    return found


def _shares(
    graph: Graph, node: Node, adjoint: Node, active: set[Node], readers: dict[Node, int]
) -> Iterable[tuple[Node, Node]]:
    """What `adjoint`, the derivative by `node`, adds to the adjoints of what it reads."""
    match node:
        case Map(op="add") if len(node.args) > LONGEST_SUM:
            for source in node.args:
                if source in active:
                    share = [Factor(adjoint, adjoint.axes)]
                    yield source, graph.contract_over(node.axes, share, (), source.axes)
        case Map(op="mul") if len(node.args) > LONGEST_PRODUCT:
            for source, slope in zip(node.args, _other_factors(graph, node.args), strict=True):
                if source in active:
                    factors = [Factor(part, part.axes) for part in (adjoint, slope)]
                    yield source, graph.contract_over(node.axes, factors, (), source.axes)
        case Map():
            inputs, slopes = _region_slopes(graph, node, active, readers)
            for source, slope in zip(inputs, slopes, strict=True):
                factors = [Factor(part, part.axes) for part in (adjoint, slope)]
                yield source, graph.contract_over(node.axes, factors, (), source.axes)
        case Contract():
            for place, factor in enumerate(node.factors):
                if factor.node in active:
                    yield factor.node, _factor_adjoint(graph, node, place, adjoint)
        case Reduce(op="logsumexp"):
            softmax = graph.call("exp", graph.sub(node.arg, node))
            yield node.arg, graph.mul(adjoint, softmax)
        case Reduce(op="max"):
            (axis,) = node.over  # one at a time: `build` sees to it, so that a code can point
            first = graph.argmax(node.arg, axis)
            hit = Delta(first, first.axes, axis)
            factors = [Factor(adjoint, adjoint.axes)]
            yield node.arg, graph.contract_over(node.arg.axes, factors, [hit], node.arg.axes)
        case Reduce(op="prod"):
            (axis,) = node.over
            yield node.arg, graph.mul(adjoint, graph.others(node.arg, axis))
        case _:
            raise NotImplementedError(f"no derivative of {type(node).__name__}")


def _kept(graph: Graph, adjoint: Node) -> Node:
    """A long product with its arrays held together; scalars stay free to leave contractions."""
    if isinstance(adjoint, Map) and adjoint.op == "mul":
        arrays = [arg for arg in adjoint.args if arg.axes]
        if len(arrays) > LONGEST_PRODUCT:
            scalars = [arg for arg in adjoint.args if not arg.axes]
            product = graph.mul(*arrays)
            graph.named.add(product)
            return graph.mul(*scalars, product)
    return adjoint


def _other_factors(graph: Graph, args: Sequence[Node]) -> list[Node]:
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


def _factor_adjoint(graph: Graph, node: Contract, place: int, adjoint: Node) -> Node:
    """The contraction of `adjoint` with every other factor, at the axes of factor `place`."""
    target = node.factors[place]
    rename: dict[Axis, Axis] = {}
    deltas: list[Delta] = []
    for index, axis in zip(target.indices, target.node.axes, strict=True):
        if index in rename:  # a diagonal A[i, i]: nothing off it takes part
            deltas.append(Delta(None, (rename[index],), axis))
        else:
            rename[index] = axis
    used = set(target.node.axes)
    for index in (*node.axes, *node.summed):
        if index not in rename:
            rename[index] = unused_axis(index.dim, used)
            used.add(rename[index])
    factors = [Factor(adjoint, tuple(rename[axis] for axis in adjoint.axes))]
    for other, (factor, indices) in enumerate(node.factors):
        if other != place:
            factors.append(Factor(factor, tuple(rename[index] for index in indices)))
    for source, indices, axis in node.deltas:
        deltas.append(Delta(source, tuple(rename[i] for i in indices), rename[axis]))
    return graph.contract_over(rename.values(), factors, deltas, target.node.axes)


# -- regions -----------------------------------------------------------------------------------


def _region_slopes(
    graph: Graph, root: Map, active: set[Node], readers: dict[Node, int]
) -> tuple[list[Node], list[Node]]:
    """The active inputs of the region below `root`, and the derivative of `root` by each."""
    inside = _region(graph, root, active, readers)
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
    slopes = [_to_node(graph, expressions[root].diff(symbols[node]), nodes) for node in inputs]
    return inputs, slopes


def _region(graph: Graph, root: Map, active: set[Node], readers: dict[Node, int]) -> set[Map]:
    inside = {root}
    frontier: list[Node] = list(root.args)
    while frontier and len(inside) < LARGEST_REGION:
        node = frontier.pop(0)
        if (
            isinstance(node, Map)
            and node in active
            and not _is_long(node)
            and node not in inside
            and node.axes == root.axes
            and readers.get(node, 0) == 1
            and node not in graph.named
        ):
            inside.add(node)
            frontier.extend(node.args)
    return inside


def _is_long(node: Map) -> bool:
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
