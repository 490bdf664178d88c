"""Formulas as written on paper, rewritten so that they neither overflow nor cancel.

One table of rules, one per operator. They are applied wherever a node is made, so they see through
the user's `let` boundaries and hold again for every derivative. A rule returns a node that is
equal on the declared domains, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gdsym.calculus.program import Graph, Node, Program, Rewrite, rebuilt
from gdsym.calculus.stabilise import choices, logarithms, powers, products, sums
from gdsym.calculus.stabilise.facts import declared
from gdsym.language.model import Model


def stabilise(program: Program) -> Program:
    """The program made again under the rules."""
    graph = Graph(program.graph.dims, rewrite=rules(program.model))
    return rebuilt(program, graph)


def rules(model: Model) -> Rewrite:
    """The rules with what the model declares about its data and parameters."""
    facts = declared(model)
    table: dict[str, Callable[[Graph, tuple[Node, ...]], Node | None]] = {
        "add": partial(sums.add, facts),
        "mul": partial(products.mul, facts),
        "pow": partial(powers.pow, facts),
        "exp": powers.exp,
        "expm1": powers.expm1,
        "sqrt": powers.sqrt,
        "log": partial(logarithms.log, facts),
        "log1p": logarithms.log1p,
        "log1mexp": partial(logarithms.log1mexp, facts),
        "log_sigmoid": logarithms.log_sigmoid,
        "logaddexp": logarithms.logaddexp,
        "where": choices.where,
    }

    def rewrite(graph: Graph, op: str, args: tuple[Node, ...]) -> Node | None:
        rule = table.get(op)
        return rule(graph, args) if rule is not None else None

    return rewrite
