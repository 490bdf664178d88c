"""Forms that rules of several operators look for."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeGuard

from gdsym.calculus.program import Contract, Factor, Graph, Map, Node, Reduce


def is_call(node: Node | None, op: str) -> TypeGuard[Map]:
    """True where the node is that operation."""
    return isinstance(node, Map) and node.op == op


def argument(node: Node | None, op: str) -> Node | None:
    """The x of op(x); None where the node is something else."""
    return node.args[0] if is_call(node, op) else None


def factors(graph: Graph, term: Node) -> tuple[Fraction, list[Node]]:
    """A term as a number and the factors that it multiplies."""
    coefficient, rest = graph.split(term)
    if rest is None:
        return coefficient, []
    return coefficient, list(rest.args) if is_call(rest, "mul") else [rest]


def complement(graph: Graph, node: Node) -> Node | None:
    """1 - f(z) = f(-z) where f is sigmoid or normal_cdf, 1 - share(a, b) = other_share(a, b),
    perhaps chosen or read at codes."""
    if isinstance(node, Map) and node.op in ("sigmoid", "normal_cdf"):
        return graph.call(node.op, graph.neg(node.args[0]))
    if isinstance(node, Map) and node.op in ("share", "other_share"):
        return graph.call("share" if node.op == "other_share" else "other_share", *node.args)
    if is_call(node, "where"):
        condition, *branches = node.args
        mirrored = [complement(graph, branch) for branch in branches]
        if all(known is None for known in mirrored):
            return None
        one = graph.number(1)
        pairs = zip(mirrored, branches, strict=True)
        sides = [graph.sub(one, branch) if known is None else known for known, branch in pairs]
        return graph.call("where", condition, *sides)
    if is_gather(node):
        inner = complement(graph, node.factors[0].node)
        return gathered(graph, node, inner) if inner is not None else None
    return None


def is_gather(node: Node) -> TypeGuard[Contract]:
    """True where every entry of the node is one entry of its only factor."""
    if not isinstance(node, Contract) or len(node.factors) != 1:
        return False
    pinned = [delta.axis for delta in node.deltas]
    return (
        sorted(pinned) == sorted(node.summed)
        and all(delta.source is not None for delta in node.deltas)
        and all(set(delta.indices) <= set(node.axes) for delta in node.deltas)
    )


def is_log_of_sum(node: Node | None) -> bool:
    """True for a reduction, `logaddexp` or `softplus`, as it is or read at codes."""
    if node is not None and is_gather(node):
        return is_log_of_sum(node.factors[0].node)
    return isinstance(node, Reduce) or is_call(node, "softplus") or is_call(node, "logaddexp")


def gathered(graph: Graph, gather: Contract, node: Node) -> Node:
    """`node`, a function of the gather's factor entry by entry, read as the gather reads."""
    (factor,) = gather.factors
    at = dict(zip(factor.node.axes, factor.indices, strict=True))
    where = tuple(at[axis] for axis in node.axes)
    deltas = [delta for delta in gather.deltas if delta.axis in where]
    return graph.contract([Factor(node, where)], deltas, gather.axes)
