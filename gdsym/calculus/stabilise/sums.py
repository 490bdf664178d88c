"""Sums whose terms cancel, or which a label chooses between, as one function."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from gdsym.calculus.program import Graph, Map, Node, Number
from gdsym.calculus.stabilise.choices import one_choice
from gdsym.calculus.stabilise.facts import Facts
from gdsym.calculus.stabilise.forms import argument, complement, factors, is_call

# For a sum, the terms present and one of them: the others it is one with, and the one.
Fold = Callable[[Graph, Set[Node], Node], tuple[set[Node], Node] | None]


def add(facts: Facts, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """The first that applies of those below, and of choices with the same condition."""
    constant = args[-1]
    if isinstance(constant, Number):
        for part in args[:-1]:
            better = _with_constant(graph, constant.value, part)
            if better is not None:
                return graph.add(better, *(arg for arg in args[:-1] if arg is not part))
    if len(args) == 1:
        return None
    better = one_choice(graph, args) or _folded(graph, args, _mirror_softplus)
    if better is None and facts.labels:
        return _folded(graph, args, partial(_fold_labels, facts))
    return better


def _with_constant(graph: Graph, constant: Fraction, part: Node) -> Node | None:
    """c - c*sigmoid(z) = c*sigmoid(-z), the same of normal_cdf, c*exp(x) - c = c*expm1(x)."""
    coefficient, rest = graph.split(part)
    if rest is None or coefficient != -constant:
        return None
    mirrored = complement(graph, rest)
    if mirrored is not None:
        return graph.scale(constant, mirrored)
    x = argument(rest, "exp")
    return graph.scale(coefficient, graph.call("expm1", x)) if x is not None else None


def _folded(graph: Graph, args: tuple[Node, ...], fold: Fold) -> Node | None:
    """A sum in which `fold` has found, for a term and those present, partners to be one with.

    All in one go: a sum of n pairs would otherwise be made n times, one inside the other.
    """
    rest = dict.fromkeys(args)
    made = []
    for part in args:
        found = fold(graph, rest.keys(), part) if part in rest else None
        if found is not None:
            partners, better = found
            for used in (part, *partners):
                del rest[used]
            made.append(better)
    return graph.add(*made, *rest) if made else None


def _mirror_softplus(
    graph: Graph, present: Set[Node], part: Node
) -> tuple[set[Node], Node] | None:
    """c*softplus(a) - c*a = c*softplus(-a), which keeps its digits where a is large."""
    coefficient, parts = factors(graph, part)
    for function in parts:
        a = argument(function, "softplus")
        if a is None:
            continue
        others = [factor for factor in parts if factor is not function]
        flat = is_call(a, "add") and not others and a not in graph.named
        scale = graph.number(-coefficient)
        partners = {graph.mul(scale, *others, term) for term in (a.operands if flat else (a,))}
        if partners <= present:
            mirrored = graph.call("softplus", graph.neg(a))
            return partners, graph.mul(graph.number(coefficient), *others, mirrored)
    return None


@dataclass(frozen=True, slots=True)
class _Label:
    """A label of two values: on + off is 1 or, so that the halves stay out, 2; sign is on - off
    as 1 or -1, and mirror its opposite."""

    on: Node
    off: Node
    total: Fraction
    sign: Node
    mirror: Node


def _label(graph: Graph, y: Node, values: tuple[float, ...]) -> _Label:
    """on = y with values 0 and 1; with -1 and 1, on = 1 + y, and the half of it stays in the
    coefficient."""
    one = graph.number(1)
    if min(values) < 0:
        on, off = graph.add(one, y), graph.sub(one, y)
        return _Label(on, off, Fraction(2), y, graph.neg(y))
    off = graph.sub(one, y)
    plus = graph.add(graph.scale(Fraction(2), y), graph.number(-1))
    minus = graph.sub(one, graph.scale(Fraction(2), y))
    return _Label(y, off, Fraction(1), plus, minus)


def _fold_labels(
    facts: Facts, graph: Graph, present: Set[Node], part: Node
) -> tuple[set[Node], Node] | None:
    """Two terms that a two-valued label chooses between, or nearly so, as one function."""
    coefficient, parts = factors(graph, part)
    for function in parts:
        if not isinstance(function, Map) or len(function.args) != 1:
            continue
        term = _Term(part, coefficient, function, [f for f in parts if f is not function])
        for name, values in facts.labels.items():
            y = graph.known_leaf("data", name)
            if y is None:
                continue
            label = _label(graph, y, values)
            flipped = _Label(label.off, label.on, label.total, label.mirror, label.sign)
            for side in (label, flipped):
                found = _chosen(graph, present, term, side) or _nearly(graph, present, term, side)
                if found is not None:
                    partner, better = found
                    return {partner}, better
    return None


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of a sum: coefficient * function * others."""

    whole: Node
    coefficient: Fraction
    function: Map
    others: list[Node]


def _chosen(
    graph: Graph, present: Set[Node], term: _Term, label: _Label
) -> tuple[Node, Node] | None:
    """on*f(a) + off*f(-a) = f(sign*a)."""
    if label.on not in term.others:
        return None
    op, a = term.function.op, term.function.args[0]
    rest = [other for other in term.others if other is not label.on]
    mirrored = graph.call(op, graph.neg(a))
    partner = graph.mul(graph.number(term.coefficient), *rest, label.off, mirrored)
    if partner not in present or partner is term.whole:
        return None
    better = graph.call(op, graph.mul(label.sign, a))
    return partner, graph.mul(graph.number(term.coefficient * label.total), *rest, better)


def _nearly(
    graph: Graph, present: Set[Node], term: _Term, label: _Label
) -> tuple[Node, Node] | None:
    """softplus(a) - on*a = softplus(-sign*a)."""
    a = argument(term.function, "softplus")
    if a is None:
        return None
    share = graph.number(-term.coefficient / label.total)
    partner = graph.mul(share, *term.others, label.on, a)
    if partner not in present or partner is term.whole:
        return None
    better = graph.call("softplus", graph.mul(label.mirror, a))
    return partner, graph.mul(graph.number(term.coefficient), *term.others, better)
