"""What is known of the sign of an expression, from the domains that the model declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from gdsym.calculus.program import Contract, Leaf, Map, Node, Number
from gdsym.calculus.stabilise.forms import is_call
from gdsym.language.model import Domain, Model

# How far the sign of an expression is followed before it counts as unknown.
SIGN_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Facts:
    """What the model declares: each name's domain, and the values of its two-valued labels."""

    domains: Mapping[str, Domain]
    labels: Mapping[str, tuple[float, ...]]  # data in {0, 1} or {-1, 1}


def declared(model: Model) -> Facts:
    """The facts of a model."""
    domains = {
        **{item.name: item.domain for item in model.data},
        **{item.name: item.domain for item in model.params},
        **{item.name: item.domain for item in model.consts},
    }
    labels = {
        item.name: item.domain.values
        for item in model.data
        if item.domain.values is not None and sorted(item.domain.values) in ([0, 1], [-1, 1])
    }
    return Facts(domains, labels)


def positive(facts: Facts, node: Node, depth: int = SIGN_DEPTH) -> bool:
    """True where the node is known to be above 0."""
    if depth == 0:
        return False
    match node:
        case Number():
            return node.value > 0
        case Leaf(kind="size" | "constant"):
            return True  # a constant is pi or inf
        case Leaf(kind="data" | "param" | "const"):
            domain = facts.domains[node.name]
            if domain.values is not None:
                return min(domain.values) > 0
            return domain.lower > 0 or (domain.lower == 0 and domain.lower_open)
        case Map(op="exp" | "sigmoid" | "softplus" | "normal_pdf" | "normal_cdf" | "cosh"):
            return True
        case Map(op="share" | "other_share"):
            return True
        case Map(op="add") if _above_zero(facts, node):
            return True
        case Map(op="add" | "mul" | "sqrt"):
            return all(positive(facts, arg, depth - 1) for arg in node.args)
        case Map(op="pow"):
            return positive(facts, node.args[0], depth - 1)
        case Contract():
            return bool(node.factors) and all(
                positive(facts, factor.node, depth - 1) for factor in node.factors
            )
    return False


def _above_zero(facts: Facts, total: Map) -> bool:
    """True where the bounds of declared names say so: 1 - q with q in (0, 1)."""
    least, strict = Fraction(0), False
    for term in total.args:
        coefficient, rest = _scaled(term)
        if isinstance(rest, Number):
            least += rest.value
            continue
        if coefficient == 0 or not isinstance(rest, Leaf) or rest.name not in facts.domains:
            return False
        bound, is_open = _least(facts.domains[rest.name], coefficient)
        if bound in (float("inf"), float("-inf")):
            return False
        least += coefficient * Fraction(bound)
        strict |= is_open
    return least > 0 or (least == 0 and strict)


def _least(domain: Domain, coefficient: Fraction) -> tuple[float, bool]:
    """Where in the domain coefficient*x is least, and whether that bound is open."""
    if coefficient > 0:
        bound, is_open = domain.lower, domain.lower_open
    else:
        bound, is_open = domain.upper, domain.upper_open
    if domain.values is not None:
        bound = min(domain.values) if coefficient > 0 else max(domain.values)
    return bound, is_open


def _scaled(term: Node) -> tuple[Fraction, Node]:
    """A term as a number times the rest; 0 where a product of two does not begin with one."""
    if not is_call(term, "mul") or len(term.args) != 2:
        return Fraction(1), term
    first, rest = term.args
    return (first.value if isinstance(first, Number) else Fraction(0)), rest


def may_be_zero_weight(facts: Facts, node: Node) -> bool:
    """Data that is at least 0 and may be 0, such as counts, or what is left of a number or of
    other such data: 1 - y, trials - hits."""
    if isinstance(node, Leaf):
        return counts_up(facts, node) and not positive(facts, node)
    if not is_call(node, "add"):
        return False
    minus = 0
    for term in node.args:
        if isinstance(term, Number):
            continue
        coefficient, rest = _scaled(term)
        minus += coefficient == -1
        if not counts_up(facts, rest):
            return False
    return minus > 0


def counts_up(facts: Facts, node: Node) -> bool:
    """True for data that begin at 0 or above."""
    if not isinstance(node, Leaf) or node.kind != "data":
        return False
    domain = facts.domains[node.name]
    if domain.values is not None:
        return min(domain.values) >= 0
    return domain.lower >= 0 and domain.category is None
