"""What an objective has beside the parameters: constants, and totals of data alone.

They move no parameter, and a large one costs the line search its digits: `sum(lgamma(1 + y))` can
be a thousand times what a step gains. So they are computed once, left out of what is optimised,
and added to what is reported.
"""

from __future__ import annotations

from gdsym.calculus.program import Contract, Factor, Graph, Leaf, Map, Node, is_zero, reachable


def apart(graph: Graph, node: Node) -> tuple[Node, Node]:
    """A scalar as two terms: one with all that depends on parameters, and one without them.

    A sum over rows is split where the terms of a row are a sum; products and powers stay whole.
    """
    moving: set[Node] = set()
    for part in reachable([node]):
        is_param = isinstance(part, Leaf) and part.kind == "param"
        if is_param or any(operand in moving for operand in part.operands):
            moving.add(part)
    return _apart(graph, node, moving)


def _apart(graph: Graph, node: Node, moving: set[Node]) -> tuple[Node, Node]:
    zero = graph.number(0)
    if node not in moving:
        return zero, node
    match node:
        case Map(op="add"):
            parts = [_apart(graph, arg, moving) for arg in node.args]
            if all(is_zero(rest) for _, rest in parts):
                return node, zero
            return graph.add(*(first for first, _ in parts)), graph.add(
                *(rest for _, rest in parts)
            )
        case Map(op="mul"):
            (*others,) = (arg for arg in node.args if arg not in moving)
            if len(others) == len(node.args) - 1:
                (inner,) = (arg for arg in node.args if arg in moving)
                first, rest = _apart(graph, inner, moving)
                if not is_zero(rest):
                    return graph.mul(*others, first), graph.mul(*others, rest)
        case Contract():
            places = [i for i, factor in enumerate(node.factors) if factor.node in moving]
            if len(places) == 1 and not any(d.source in moving for d in node.deltas):
                first, rest = _apart(graph, node.factors[places[0]].node, moving)
                if not is_zero(rest):
                    return _with(graph, node, places[0], first), _with(
                        graph, node, places[0], rest
                    )
    return node, zero


def _with(graph: Graph, node: Contract, place: int, other: Node) -> Node:
    """The contraction with another node at one place."""
    old, indices = node.factors[place]
    at = dict(zip(old.axes, indices, strict=True))
    factors = list(node.factors)
    factors[place] = Factor(other, tuple(at[axis] for axis in other.axes))
    return graph.contract_over(node.summed, factors, node.deltas, node.axes)
