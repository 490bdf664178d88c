"""Exponentials, square roots and powers."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

from gdsym.calculus.program import Contract, Graph, Map, Node, Number
from gdsym.calculus.stabilise.facts import Facts
from gdsym.calculus.stabilise.forms import argument, is_call, is_log_of_sum
from gdsym.calculus.stabilise.logarithms import HALF, log_of


def exp(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """exp(0) = 1, exp(log(x)) = x, exp(-softplus(z)) = sigmoid(-z), but for the log of a sum of
    exponentials as z: exp(a - softplus(z)) is the share that one of them has."""
    (x,) = args
    if isinstance(x, Number) and x.value == 0:
        return graph.number(1)
    inverse = argument(x, "log")
    if inverse is not None:
        return inverse
    coefficient, rest = graph.split(x)
    z = argument(rest, "softplus")
    if coefficient == -1 and z is not None and not is_log_of_sum(z):
        return graph.call("sigmoid", graph.neg(z))
    return None


def expm1(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """expm1(log1p(x)) = x."""
    return argument(args[0], "log1p")


def sqrt(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """sqrt(x^2) = abs(x), sqrt(exp(z)) = exp(z/2); of a sum of squares the norm, whose gradient
    at 0 is 0: the square root's own would be inf times 0 there."""
    (x,) = args
    if is_call(x, "pow"):
        base, exponent = graph.base(x)
        if exponent == 2:
            return graph.call("abs", base)
    z = argument(x, "exp")
    if z is not None:
        return graph.call("exp", graph.scale(HALF, z))
    return graph.call("root", x) if _is_sum_of_squares(graph, x) else None


def _is_sum_of_squares(graph: Graph, node: Node) -> bool:
    coefficient, rest = graph.split(node)
    if rest is None or coefficient <= 0:
        return False
    match rest:
        case Map(op="pow"):
            return graph.base(rest)[1] == 2
        case Map(op="add"):
            return all(_is_sum_of_squares(graph, term) for term in rest.args)
        case Contract():
            return not rest.deltas and all(
                _is_sum_of_squares(graph, factor.node) for factor in rest.factors
            )
    return False


def pow(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """exp(z)^p = exp(p*z), sqrt(x)^2 = x, abs(x)^2 = x^2, and two that divide by a sum of
    exponentials: 1/(1 + exp(z)) = sigmoid(-z), 1/sum(exp(z)) = exp(-logsumexp(z)), also of
    sums of a few terms."""
    base, exponent = args
    if not isinstance(exponent, Number):
        return None
    power = exponent.value
    z = argument(base, "exp")
    if z is not None:
        return graph.call("exp", graph.scale(power, z))
    if power == 2 and is_call(base, "sqrt"):
        return base.args[0]
    if power == 2 and is_call(base, "abs"):
        return graph.power(base.args[0], power)
    return _inverse(facts, graph, base, power) if power < 0 else None


def _inverse(facts: Facts, graph: Graph, base: Node, power: Fraction) -> Node | None:
    z = _one_plus_exp(base)
    if z is not None and power.denominator == 1:
        return graph.power(graph.call("sigmoid", graph.neg(z)), -power)
    if isinstance(base, Contract) or _has_exponential(base):
        log = log_of(facts, graph, base)
        if log is not None:
            return graph.call("exp", graph.scale(power, log))
    return None


def _has_exponential(node: Node) -> bool:
    """True for a sum with an exponential, or a sum of some, among its terms."""
    if not is_call(node, "add"):
        return False
    parts = chain(*(term.args if is_call(term, "mul") else (term,) for term in node.args))
    return any(isinstance(part, Contract) or is_call(part, "exp") for part in parts)


def _one_plus_exp(node: Node) -> Node | None:
    """The z of 1 + exp(z)."""
    if is_call(node, "add") and len(node.args) == 2:
        first, one = node.args
        if isinstance(one, Number) and one.value == 1:
            return argument(first, "exp")
    return None
