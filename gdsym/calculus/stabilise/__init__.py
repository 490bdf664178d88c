"""Formulas as written on paper, rewritten so that they neither overflow nor cancel.

One table of rules, one per operator. They are applied wherever a node is made, so they see through
the user's `let` boundaries and hold again for every derivative. A rule returns a node that is
equal on the declared domains, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from gdsym.calculus.program import Graph, Node, Program, Rewrite, rebuilt
from gdsym.calculus.stabilise import choices, logarithms, powers, products, signs, sums
from gdsym.calculus.stabilise.facts import declared
from gdsym.language.model import Model

Rule = Callable[[Graph, tuple[Node, ...]], Node | None]


def stabilise(program: Program) -> Program:
    """The program made again under the rules."""
    graph = Graph(program.graph.dims, rewrite=rules(program.model))
    return rebuilt(program, graph)


def rules(model: Model) -> Rewrite:
    """The rules with what the model declares about its data and parameters."""
    facts = declared(model)
    table: dict[str, Rule] = {
        "add": partial(sums.add, facts),
        "mul": partial(products.mul, facts),
        "pow": partial(_first, partial(signs.pow, facts), partial(powers.pow, facts)),
        "exp": powers.exp,
        "expm1": powers.expm1,
        "sqrt": powers.sqrt,
        "log": partial(logarithms.log, facts),
        "log1p": logarithms.log1p,
        "log1mexp": partial(logarithms.log1mexp, facts),
        "log_sigmoid": logarithms.log_sigmoid,
        "logaddexp": logarithms.logaddexp,
        "where": choices.where,
        **_even(model),
    }
    return _looked_up(table)


def rules_of_signs(model: Model) -> Rewrite:
    """Those rules that change no digit: what lowering makes, stable already, is shared by them."""
    return _looked_up(_even(model))


def _even(model: Model) -> dict[str, Rule]:
    return {op: partial(signs.even, declared(model), op) for op in signs.EVEN}


def _looked_up(table: Mapping[str, Rule]) -> Rewrite:
    def rewrite(graph: Graph, op: str, args: tuple[Node, ...]) -> Node | None:
        rule = table.get(op)
        return rule(graph, args) if rule is not None else None

    return rewrite


def _first(one: Rule, other: Rule, graph: Graph, args: tuple[Node, ...]) -> Node | None:
    found = one(graph, args)
    return found if found is not None else other(graph, args)
