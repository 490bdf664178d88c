"""Sums and products of element-wise nodes, multiplied out: for telling whether two are equal."""

from __future__ import annotations

from fractions import Fraction

from gdsym.calculus.program import Graph, Map, Node, Number

# Longer sums are not multiplied out.
MOST_TERMS = 60

Polynomial = dict[Node, Fraction]  # the coefficient of each product; that of the number 1, too


def expanded(graph: Graph, node: Node) -> Polynomial | None:
    """A node as a sum of products; None where that would be long. abs(x)^2 is x^2."""
    match node:
        case Number(value=value):
            return {graph.number(1): value} if value else {}
        case Map(op="add", args=args):
            return _sum([expanded(graph, arg) for arg in args])
        case Map(op="mul", args=args):
            product: Polynomial | None = {graph.number(1): Fraction(1)}
            for arg in args:
                product = _product(graph, product, expanded(graph, arg))
            return product
        case Map(op="pow", args=(Map(op="abs", args=(inside,)), Number(value=power))):
            if power == 2:
                return expanded(graph, graph.power(inside, Fraction(2)))
        case Map(op="pow", args=(Map(op="add") as base, Number(value=power))):
            if power == 2:
                own = expanded(graph, base)
                return _product(graph, own, own)
    return {node: Fraction(1)}


def ratio(one: Polynomial | None, other: Polynomial | None) -> Fraction | None:
    """The number k with one = k*other; None where there is none, or both are 0."""
    if not one or not other or one.keys() != other.keys():
        return None
    ratios = {one[part] / other[part] for part in one}
    return ratios.pop() if len(ratios) == 1 else None


def meeting(graph: Graph, choice: Map) -> tuple[int, Fraction] | None:
    """How the branches of a `where` differ: (m, k) where a - b = k*u^m, m = 1 or 2, and a is taken
    where u is above 0; None where they differ otherwise, or the condition is no inequality."""
    match choice.args:
        case (Map(op="gt" | "ge", args=(above, below)), a, b):
            pass
        case (Map(op="lt" | "le", args=(below, above)), a, b):
            pass
        case _:
            return None
    u = graph.sub(above, below)
    difference = expanded(graph, graph.sub(a, b))
    for power in (1, 2):
        factor = ratio(difference, expanded(graph, graph.power(u, Fraction(power))))
        if factor is not None:
            return power, factor
    return None


def _sum(parts: list[Polynomial | None]) -> Polynomial | None:
    found: Polynomial = {}
    for part in parts:
        if part is None:
            return None
        for node, coefficient in part.items():
            found[node] = found.get(node, Fraction(0)) + coefficient
    return {node: c for node, c in found.items() if c} if len(found) <= MOST_TERMS else None


def _product(graph: Graph, a: Polynomial | None, b: Polynomial | None) -> Polynomial | None:
    if a is None or b is None or len(a) * len(b) > MOST_TERMS:
        return None
    parts: list[Polynomial | None] = []
    for one, first in a.items():
        for other, second in b.items():
            coefficient, rest = graph.split(graph.mul(one, other))
            # abs(x)*abs(x) is x^2 by now, which may be multiplied out in turn
            part = {graph.number(1): Fraction(1)} if rest is None else _square(graph, rest)
            if part is None:
                return None
            scale = first * second * coefficient
            parts.append({node: scale * c for node, c in part.items()})
    return _sum(parts)


def _square(graph: Graph, node: Node) -> Polynomial | None:
    is_power = isinstance(node, Map) and node.op == "pow"
    return expanded(graph, node) if is_power else {node: Fraction(1)}
