"""What is 1 or -1 leaves even powers and even functions: labels, and 1 - 2*y with y in {0, 1}."""

from __future__ import annotations

from fractions import Fraction

from gdsym.calculus.program import Graph, Leaf, Map, Node, Number
from gdsym.calculus.stabilise.facts import Facts
from gdsym.calculus.stabilise.forms import is_call

# Functions with f(-x) = f(x).
EVEN = ("abs", "cos", "cosh", "sech", "sigmoid_slope")


def pow(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """s^2 = 1."""
    base, exponent = args
    even = isinstance(exponent, Number) and (exponent.value / 2).denominator == 1
    return graph.number(1) if even and _is_sign(facts, base) else None


def even(facts: Facts, op: str, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """f(s*x) = f(x), f(-x) = f(x)."""
    (x,) = args
    if not is_call(x, "mul"):
        return None
    rest = [arg for arg in x.args if not _is_sign(facts, arg)]
    if len(rest) == len(x.args):
        return None
    inner = graph.mul(*rest)
    return graph.call(op, inner) if inner.axes == x.axes else None


def _is_sign(facts: Facts, node: Node) -> bool:
    if isinstance(node, Number):
        return node.value == -1
    if isinstance(node, Leaf):
        return _labels(facts, node) == (-1, 1)
    if not isinstance(node, Map) or node.op != "add" or len(node.args) != 2:
        return False
    first, last = node.args
    if not isinstance(last, Number) or abs(last.value) != 1:
        return False
    return (
        is_call(first, "mul")
        and len(first.args) == 2
        and isinstance(first.args[0], Number)
        and first.args[0].value == Fraction(-2) * last.value
        and _labels(facts, first.args[1]) == (0, 1)
    )


def _labels(facts: Facts, node: Node) -> tuple[float, ...]:
    if not isinstance(node, Leaf) or node.kind != "data":
        return ()
    return tuple(sorted(facts.labels.get(node.name, ())))
