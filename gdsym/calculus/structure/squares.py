"""Is what is minimised a sum of squares, and of which residuals?

Ridge penalties are rows of residuals like any other, a square of a norm is the sum it is made of,
weights that are at least 0 enter by their root. What does not depend on free parameters is a
constant and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdsym.calculus.program import (
    Graph,
    Leaf,
    Map,
    Node,
    Number,
    Program,
    reachable,
)
from gdsym.calculus.structure.dependence import Dependence, dependence
from gdsym.calculus.structure.ranges import Range, ranges
from gdsym.calculus.structure.terms import Opener, Part


@dataclass(frozen=True, slots=True)
class Squares:
    """The value is a constant plus `scale` times the squares of all entries of all residuals.

    `scale` is a number or a scalar node without free parameters. The first `own` residuals are
    those of the loss, the others are penalties. `assumed` are nodes without free parameters that
    have to be at least 0 for it to hold, where neither the domains nor the constants say so:
    weights in data, a constant that must be given.
    """

    scale: Fraction | Node
    residuals: tuple[Node, ...]
    own: int
    assumed: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """number * product of `factors` (scalars without free parameters) * squares of `root`.

    `weights` may have axes, or change in jumps: their roots multiply `root`.
    """

    number: Fraction
    factors: tuple[Node, ...]
    weights: tuple[Node, ...]
    root: Node


def squares(program: Program, consts: Mapping[str, Range] | None = None) -> Squares | None:
    """The residuals of the program's value, or None; their nodes are made in its graph.

    consts: what is known of constants beside their domains. A program before `derive` or after.
    """
    order = reachable([program.value, program.loss])
    known = ranges(program, order, consts or {})
    finder = _Finder(program.graph, dependence(program, order), known)
    terms = finder.terms(Part(program.value))
    if not terms:
        return None
    own = finder.terms(Part(program.loss)) or []
    terms = [*(t for t in terms if t in own), *(t for t in terms if t not in own)]
    front = _front(terms[: sum(term in own for term in terms)] or terms)
    graph = program.graph
    scale = graph.mul(graph.number(front.number), *filter(_never_zero, front.factors))
    return Squares(
        scale=scale.value if isinstance(scale, Number) else scale,
        residuals=tuple(_residual(graph, term, scale) for term in terms),
        own=sum(term in own for term in terms),
        assumed=tuple(dict.fromkeys(finder.opener.assumed)),
    )


def _front(terms: Sequence[_Term]) -> _Term:
    """The term that the scale is taken from: of the most axes, then of the smallest number."""
    return min(terms, key=lambda term: (-len(term.root.axes), term.number))


def _never_zero(factor: Node) -> bool:
    """True for a size and for what something is divided by."""
    match factor:
        case Leaf(kind="size"):
            return True
        case Map(op="pow", args=(_, Number(value=exponent))):
            return exponent < 0
    return False


def _residual(graph: Graph, term: _Term, scale: Node) -> Node:
    """What, squared and times `scale`, is the term."""
    weight = graph.mul(graph.number(term.number), *term.factors, *term.weights)
    return graph.mul(_square_root(graph, graph.div(weight, scale)), term.root)


def _square_root(graph: Graph, node: Node) -> Node:
    if isinstance(node, Number):
        roots = [isqrt(part) for part in node.value.as_integer_ratio()]
        if Fraction(*roots) ** 2 == node.value:
            return graph.number(Fraction(*roots))
    return graph.power(node, Fraction(1, 2))


class _Finder:
    """Takes a sum of squares apart."""

    def __init__(self, graph: Graph, depends: Dependence, known: Mapping[Node, Range]) -> None:
        self.graph = graph
        self.depends = depends
        self.opener = Opener(graph, depends, known)

    def terms(self, root: Part) -> list[_Term] | None:
        """The squares that a part adds up to, but for a constant; None if it is no such sum."""
        found: list[_Term] = []
        stack = [root]
        while stack:
            for part in self.opener.parts(stack.pop()):
                match part.node:
                    case Map(
                        op="pow", args=(Map(op="root" | "sqrt") as inner, Number(value=power))
                    ):
                        if power == 2:
                            stack.append(part._replace(node=inner.args[0]))
                            continue
                term = self._square(part)
                if term is None:
                    return None
                found.append(term)
        return found if all(term.number > 0 for term in found) else None

    def _square(self, part: Part) -> _Term | None:
        root = self._root(part.node)
        if root is None:
            return None
        factors = [w for w in part.weights if not w.axes and w not in self.depends.active]
        weights = [w for w in part.weights if w not in factors]
        carried = {*root.axes, *(axis for weight in weights for axis in weight.axes)}
        sizes = [self.graph.size(axis.dim) for axis in part.over if axis not in carried]
        return _Term(part.number, (*factors, *sizes), tuple(weights), root)

    def _root(self, node: Node) -> Node | None:
        """What the node is the square of."""
        match node:
            case Map(op="pow", args=(base, Number(value=power))):
                if power > 0 and power % 2 == 0:
                    return self.graph.power(base, power / 2)
            case Map(op="mul"):
                roots = [self._root(arg) for arg in node.args]
                known = [root for root in roots if root is not None]
                if len(known) == len(roots):
                    return self.graph.mul(*known)
            case Map(op="where", args=(condition, *branches)) if self.depends.fixed(condition):
                sides = [self._branch(branch, condition) for branch in branches]
                known = [side for side in sides if side is not None]
                if len(known) == len(sides):
                    return self.graph.call("where", condition, *known)
        return None

    def _branch(self, node: Node, condition: Node) -> Node | None:
        """What a branch is the square of; 0 for one that is a constant."""
        if node not in self.depends.active:
            left_out = condition not in self.depends.active or node is self.graph.number(0)
            return self.graph.number(0) if left_out else None
        terms = self.terms(Part(node))
        if terms is None or len(terms) != 1:
            return None
        return _residual(self.graph, terms[0], self.graph.number(1))
