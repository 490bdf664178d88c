"""Choices between two expressions, of which the one not chosen may be infinite or undefined."""

from __future__ import annotations

from gdsym.calculus.build import HAZARDS
from gdsym.calculus.program import Graph, Map, Node, Number
from gdsym.calculus.stabilise.forms import is_call

# How many nodes are searched for one that may be infinite or undefined.
FARTHEST_HAZARD = 60


def where(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """where(1, a, b) = a, where(0, a, b) = b, where(c, a, a) = a."""
    condition, a, b = args
    if isinstance(condition, Number):
        return a if condition.value != 0 else b
    return a if a is b else None


def zero_branch(node: Node | None) -> int | None:
    """Which branch of a `where` is 0, as its place among the arguments."""
    if is_call(node, "where"):
        for place in (2, 1):
            branch = node.args[place]
            if isinstance(branch, Number) and branch.value == 0:
                return place
    return None


def chosen_only(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """where(c, a, 0)*b = where(c, a*b, 0): what b is where it does not count may be nan."""
    for choice in args:
        zero = zero_branch(choice)
        if zero is None:
            continue
        assert isinstance(choice, Map)
        taken = [
            arg
            for arg in args
            if arg is not choice and set(arg.axes) <= set(choice.axes) and _may_fail(arg)
        ]
        if taken:
            branches = list(choice.args)
            branches[3 - zero] = graph.mul(branches[3 - zero], *taken)
            rest = [arg for arg in args if arg is not choice and arg not in taken]
            return graph.mul(*rest, graph.call("where", *branches))
    return None


def one_choice(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """where(c, a, 0) + where(c, b, 0) = where(c, a + b, 0)."""
    groups: dict[tuple[Node, int], list[tuple[Node, Node]]] = {}
    for arg in args:
        coefficient, choice = graph.split(arg)
        zero = zero_branch(choice)
        if zero is not None:
            assert isinstance(choice, Map)
            term = graph.scale(coefficient, choice.args[3 - zero])
            groups.setdefault((choice.args[0], zero), []).append((arg, term))
    rest = dict.fromkeys(args)
    made = []
    for (condition, zero), members in groups.items():
        if len(members) > 1:
            branches = [graph.number(0), graph.number(0)]
            branches[2 - zero] = graph.add(*(term for _, term in members))
            made.append(graph.call("where", condition, *branches))
            for arg, _ in members:
                del rest[arg]
    return graph.add(*made, *rest) if made else None


def _may_fail(node: Node) -> bool:
    """True where something near that the node reads can be inf or nan at finite arguments."""
    stack, seen = [node], {node}
    while stack and len(seen) < FARTHEST_HAZARD:
        part = stack.pop()
        if isinstance(part, Map) and part.op in HAZARDS and not _is_whole_power(part):
            return True
        for operand in part.operands:
            if operand not in seen:
                seen.add(operand)
                stack.append(operand)
    return False


def _is_whole_power(node: Map) -> bool:
    exponent = node.args[-1]
    return (
        node.op == "pow"
        and isinstance(exponent, Number)
        and exponent.value.denominator == 1
        and exponent.value > 0
    )
