"""Products with exponentials, with choices, and of counts with logarithms."""

from __future__ import annotations

from gdsym.calculus.program import Contract, Factor, Graph, Node
from gdsym.calculus.stabilise.choices import chosen_only
from gdsym.calculus.stabilise.facts import Facts, may_be_zero_weight, positive
from gdsym.calculus.stabilise.forms import (
    argument,
    gathered,
    is_call,
    is_gather,
    is_log_of_sum,
)


def mul(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """The first that applies of those below."""
    better = _one_exponential(graph, args) or chosen_only(graph, args)
    return better or _normalised_inside(graph, args) or _weighted_log(facts, graph, args)


def _one_exponential(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """exp(a)*exp(b) = exp(a + b), exp(z)*sigmoid(-z)^p = sigmoid(z)*sigmoid(-z)^(p - 1)."""
    exponents = [arg.args[0] for arg in args if is_call(arg, "exp")]
    rest = [arg for arg in args if not is_call(arg, "exp")]
    if len(exponents) > 1:
        return graph.mul(*rest, graph.call("exp", graph.add(*exponents)))
    for exponent in exponents:
        mirrored = graph.call("sigmoid", graph.neg(exponent))
        for arg in args:
            base, power = graph.base(arg)
            if base is mirrored and power >= 1:
                others = [other for other in rest if other is not arg]
                remaining = graph.power(mirrored, power - 1)
                return graph.mul(*others, remaining, graph.call("sigmoid", exponent))
    return None


def _normalised_inside(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """sum(a*exp(z))*exp(-logsumexp(z)) = sum(a*exp(z - logsumexp(z))): taken into the sum, where
    the two exponents meet. Outside, exp(z) would have overflowed before."""
    for total in args:
        if not isinstance(total, Contract):
            continue
        for share in args:
            if not _is_share(graph, share) or set(share.axes) & set(total.summed):
                continue
            inside = _taken_into(graph, total, share) or _read_inside(graph, total, share)
            if inside is not None:
                rest = [arg for arg in args if arg is not total and arg is not share]
                return graph.mul(*rest, inside)
    return None


def _is_share(graph: Graph, node: Node) -> bool:
    """True for exp of a sum with the log of a sum among its terms, such as -logsumexp(z)."""
    exponent = argument(node, "exp")
    return exponent is not None and any(
        is_log_of_sum(graph.split(term)[1]) for term in _terms(exponent)
    )


def _terms(node: Node) -> tuple[Node, ...]:
    return node.args if is_call(node, "add") else (node,)


def _read_inside(graph: Graph, total: Contract, share: Node) -> Node | None:
    """The same of a total and a logarithm that are read at the same codes: total[g]*exp(-lse[g])
    = (total*exp(-lse))[g]."""
    exponent = argument(share, "exp")
    if exponent is None or not is_gather(total):
        return None
    (inner, where), own = total.factors[0], []
    for term in _terms(exponent):
        coefficient, rest = graph.split(term)
        if rest is None or not is_gather(rest) or rest.deltas != total.deltas:
            return None
        if rest.factors[0].indices != where:
            return None
        own.append(graph.scale(coefficient, rest.factors[0].node))
    if not isinstance(inner, Contract):
        return None
    taken = _taken_into(graph, inner, graph.call("exp", graph.add(*own)))
    return gathered(graph, total, taken) if taken is not None else None


def _taken_into(graph: Graph, total: Contract, share: Node) -> Node | None:
    """The total with the share inside it, at the first factor that has an exponential.

    A share of a group is read at the codes of the total there.
    """
    for place, (node, where) in enumerate(total.factors):
        parts = node.args if is_call(node, "mul") else (node,)
        if where == node.axes and any(is_call(part, "exp") for part in parts):
            exponent = argument(share, "exp")
            assert exponent is not None
            own = graph.call("exp", graph.read_at(exponent, total.deltas))
            product = graph.mul(node, own)
            factors = [f for other, f in enumerate(total.factors) if other != place]
            factors.append(Factor(product, product.axes))
            return graph.contract(factors, total.deltas, {*total.axes, *share.axes})
    return None


def _weighted_log(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """y*log(mu) = xlogy(y, mu), y*log1p(x) = xlog1py(y, x): 0 at y = 0, whatever mu and x are."""
    for weight in args:
        if not may_be_zero_weight(facts, weight):
            continue
        for arg in args:
            for op, weighted in (("log", "xlogy"), ("log1p", "xlog1py")):
                inside = argument(arg, op)
                if inside is None or positive(facts, inside):
                    continue
                rest = [a for a in args if a is not arg and a is not weight]
                return graph.mul(*rest, graph.call(weighted, weight, inside))
    return None
