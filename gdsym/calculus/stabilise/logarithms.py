"""Logarithms of what multiplies, sums or chooses between exponentials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import chain

from gdsym.calculus import linear
from gdsym.calculus.program import Contract, Graph, Map, Node, Number, Reduce
from gdsym.calculus.stabilise.choices import zero_branch
from gdsym.calculus.stabilise.facts import SIGN_DEPTH, Facts, counts_up, positive
from gdsym.calculus.stabilise.forms import argument, complement, gathered, is_call, is_gather

HALF = Fraction(1, 2)


def log(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """log(x^p) = p*log(x) for x > 0, log(-expm1(x)) = log1mexp(x), log(a + 1) = log1p(a),
    log(det(A)) = logdet(A)."""
    (x,) = args
    if isinstance(x, Number) and x.value == 1:
        return graph.number(0)
    known = log_of(facts, graph, x) or linear.log_of_det(graph, x)
    if known is not None:
        return known
    if is_call(x, "pow") and positive(facts, x.args[0]):
        return graph.mul(x.args[1], graph.call("log", x.args[0]))
    coefficient, rest = graph.split(x)
    exponent = argument(rest, "expm1")
    if coefficient == -1 and exponent is not None:
        return graph.call("log1mexp", exponent)
    if is_call(x, "add"):
        *terms, last = x.args
        if isinstance(last, Number) and last.value == 1:
            return graph.call("log1p", graph.add(*terms))
    return None


def log1p(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """log1p(exp(z)) = softplus(z), log1p(-exp(z)) = log1mexp(z), log1p(-sigmoid(z)) =
    log(sigmoid(-z)), log1p(expm1(z)) = z."""
    (x,) = args
    exponent = argument(x, "exp")
    if exponent is not None:
        return graph.call("softplus", exponent)
    inverse = argument(x, "expm1")
    if inverse is not None:
        return inverse
    coefficient, rest = graph.split(x)
    if coefficient != -1 or rest is None:
        return None
    exponent = argument(rest, "exp")
    if exponent is not None:
        return graph.call("log1mexp", exponent)
    mirrored = complement(graph, rest)
    return graph.call("log", mirrored) if mirrored is not None else None


def log1mexp(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """log1mexp(-exp(z)) = log1mexpexp(z): far below 0, exp(z) is 0 in doubles. Also of what
    multiplies exponentials and numbers above 0."""
    rate = log_of(facts, graph, graph.neg(args[0]))
    return graph.call("log1mexpexp", rate) if rate is not None else None


def log_sigmoid(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """log_sigmoid(z) = -softplus(-z): the folds of labels need to know only one of the two."""
    return graph.neg(graph.call("softplus", graph.neg(args[0])))


def logaddexp(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """logaddexp(0, z) = softplus(z)."""
    a, b = args
    for zero, other in ((a, b), (b, a)):
        if isinstance(zero, Number) and zero.value == 0:
            return graph.call("softplus", other)
    return None


def log_of(facts: Facts, graph: Graph, x: Node, depth: int = SIGN_DEPTH) -> Node | None:
    """log(x) where x is, or multiplies or sums, exponentials; None where it does not.

    log(exp(z)) = z, log(sigmoid(z)) = -softplus(-z), log(normal_pdf(z)) = -(z^2 + log(2 pi))/2,
    log(sqrt(x)) = log(x)/2, log(x^p) = p*log(x), log(where(c, a, b)) = where(c, log(a), log(b)).
    """
    if depth == 0:
        return None
    match x:
        case Map(op="exp"):
            return x.args[0]
        case Map(op="sigmoid"):
            return graph.neg(graph.call("softplus", graph.neg(x.args[0])))
        case Map(op="normal_cdf"):
            return graph.call("log_normal_cdf", x.args[0])
        case Map(op="normal_pdf"):
            square = graph.power(x.args[0], Fraction(2))
            two_pi = graph.mul(graph.number(2), graph.leaf("constant", "pi"))
            return graph.scale(-HALF, graph.add(square, graph.call("log", two_pi)))
        case Map(op="sqrt"):
            inner = log_of(facts, graph, x.args[0], depth - 1)
            return graph.scale(HALF, inner) if inner is not None else None
        case Map(op="pow"):
            base, exponent = x.args
            inner = log_of(facts, graph, base, depth - 1)
            return graph.mul(exponent, inner) if inner is not None else None
        case Map(op="where"):
            return _log_of_choice(facts, graph, x, depth)
        case Map(op="mul"):
            return _sum_of_logs(facts, graph, x.args, depth)
        case Map(op="add"):
            return _log_of_sum(facts, graph, x, depth)
        case Contract():
            return log_of_contraction(facts, graph, x, depth)
    return None


def _log_of_choice(facts: Facts, graph: Graph, x: Map, depth: int) -> Node | None:
    """log(where(c, a, b)) = where(c, log(a), log(b)), if one of them can be followed."""
    condition, *branches = x.args
    logs = [log_of(facts, graph, branch, depth - 1) for branch in branches]
    if all(known is None for known in logs):
        return None
    pairs = zip(logs, branches, strict=True)
    either = (known or graph.call("log", branch) for known, branch in pairs)
    return graph.call("where", condition, *either)


def _sum_of_logs(
    facts: Facts,
    graph: Graph,
    parts: Sequence[Node],
    depth: int,
    known_sign: Callable[[Facts, Node], bool] = positive,
) -> Node | None:
    """log(a*b) = log(a) + log(b), if each can be followed or is above 0, and one can."""
    logs = [log_of(facts, graph, part, depth - 1) for part in parts]
    if all(known is None for known in logs):
        return None
    total = []
    for part, known in zip(parts, logs, strict=True):
        if known is None and not known_sign(facts, part) and not _is_count(part):
            return None
        total.append(known if known is not None else graph.call("log", part))
    return graph.add(*total)


def _is_count(node: Node) -> bool:
    """True for how many entries have a code, and for powers of it: where there are none,
    log(a*b) and log(a) + log(b) are infinite or undefined alike."""
    if is_call(node, "pow"):
        return _is_count(node.args[0])
    return isinstance(node, Contract) and not node.factors and bool(node.summed)


def _not_negative(facts: Facts, node: Node) -> bool:
    """True for what is above 0, and for data that begin there."""
    return positive(facts, node) or counts_up(facts, node)


def _log_of_sum(facts: Facts, graph: Graph, x: Map, depth: int) -> Node | None:
    """log(a + b) = logaddexp(log(a), log(b)), if each is above 0 and one can be followed."""
    logs = []
    followed = False
    for term in x.args:
        known = log_of(facts, graph, term, depth - 1)
        if known is None and zero_branch(term) is not None:
            return _log_with_choice(facts, graph, x, term, depth)
        followed = followed or known is not None
        if known is None:
            if not positive(facts, term):
                return None
            known = graph.call("log", term)
        logs.append(known)
    if not followed:
        return None
    result = logs[-1]  # the number, if there is one: log(1 + exp(z)) becomes softplus
    for known in reversed(logs[:-1]):
        result = graph.call("logaddexp", known, result)
    return result


def _log_with_choice(facts: Facts, graph: Graph, x: Map, choice: Node, depth: int) -> Node | None:
    """log(where(c, a, 0) + b) = where(c, log(a + b), log(b)), if b can be followed."""
    zero = zero_branch(choice)
    assert isinstance(choice, Map) and zero is not None
    rest = graph.add(*(term for term in x.args if term is not choice))
    known = log_of(facts, graph, rest, depth - 1)
    if known is None:
        return None
    branches = [known, known]
    branches[2 - zero] = graph.call("log", graph.add(choice.args[3 - zero], rest))
    return graph.call("where", choice.args[0], *branches)


def log_of_contraction(
    facts: Facts, graph: Graph, x: Contract, depth: int = SIGN_DEPTH
) -> Node | None:
    """log(sum_k a_k*b_k) = logsumexp_k(log(a_k) + log(b_k)); log(a[y]) = log(a)[y]."""
    if is_gather(x):
        known = log_of(facts, graph, x.factors[0].node, depth - 1)
        return gathered(graph, x, known) if known is not None else None
    if not x.factors or not x.summed:
        return None
    if any(len(set(factor.indices)) < len(factor.indices) for factor in x.factors):
        return None
    parts = [
        graph.renamed(node, dict(zip(node.axes, where, strict=True))) for node, where in x.factors
    ]
    if x.deltas:
        return _log_of_groups(facts, graph, x, parts, depth)
    known = _sum_of_logs(facts, graph, parts, depth)
    return graph.reduce("logsumexp", known, x.summed) if known is not None else None


def _log_of_groups(
    facts: Facts, graph: Graph, x: Contract, parts: Sequence[Node], depth: int
) -> Node | None:
    """The same by groups, as codes say, which are data: of onehot(g).T @ exp(z).

    A weight of 0 has no part in its group: its logarithm is -inf, which a maximum leaves alone.
    """
    codes = [delta for delta in x.deltas if delta.axis in x.axes]
    if len({delta.axis for delta in x.deltas}) < len(x.deltas) or any(
        delta.source is None or isinstance(delta.source, Reduce) for delta in x.deltas
    ):
        return None
    over = set(x.summed) - {delta.axis for delta in x.deltas}
    if any(not set(delta.indices) & over for delta in codes):
        return None
    if any(set(delta.indices) - over - set(x.axes) for delta in x.deltas):
        return None  # codes that are looked up by codes
    flat = chain(*(part.args if is_call(part, "mul") else (part,) for part in parts))
    read = [graph.read_at(part, x.deltas) for part in flat]
    known = _sum_of_logs(facts, graph, read, depth, _not_negative)
    if known is None:
        return None
    if codes:
        return graph.logsumexp_by(known, over, codes)
    return graph.reduce("logsumexp", known, over)
