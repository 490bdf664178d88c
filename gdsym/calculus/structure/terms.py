"""What is added up, through products with what is fixed and through sums over axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from gdsym.calculus.program import Axes, Contract, Graph, Map, Node, Number
from gdsym.calculus.structure.dependence import Dependence
from gdsym.calculus.structure.ranges import Range


class Part(NamedTuple):
    """A number times weights times a node, summed over `over`.

    No weight is below 0: a sign is the number's, and a weight that changes its sign makes it 0.
    """

    node: Node
    number: Fraction = Fraction(1)
    weights: tuple[Node, ...] = ()
    over: Axes = ()


class Opener:
    """`opened` gathers the sums, products and contractions that were taken apart, `assumed` the
    weights without parameters that have to be at least 0 and may not be."""

    def __init__(self, graph: Graph, depends: Dependence, known: Mapping[Node, Range]) -> None:
        self.graph = graph
        self.depends = depends
        self.known = known
        self.opened: set[Node] = set()
        self.assumed: list[Node] = []

    def parts(self, root: Part) -> Iterator[Part]:
        """The parts that a part adds up, without those that do not depend on parameters."""
        stack = [root]
        while stack:
            part = stack.pop()
            if part.node not in self.depends.active:
                continue
            inner = self._inside(part)
            if inner is None:
                yield part
            else:
                self.opened.add(part.node)
                stack.extend(reversed(inner))

    def _inside(self, part: Part) -> list[Part] | None:
        """A sum as its terms, what has weights without them; None where there is neither."""
        match part.node:
            case Map(op="add", args=args):
                return [part._replace(node=arg) for arg in args]
            case Map(op="mul") as product:
                return self._unweighted(part, product)
            case Contract() as contraction:
                return self._summed(part, contraction)
        return None

    def _unweighted(self, part: Part, node: Map) -> list[Part] | None:
        moving = [arg for arg in node.args if not self.depends.fixed(arg)]
        if len(moving) != 1:
            return None
        others = [arg for arg in node.args if arg is not moving[0]]
        return [self._weighted(part._replace(node=moving[0]), others)]

    def _summed(self, part: Part, node: Contract) -> list[Part] | None:
        """A sum over more axes: of one factor that moves, the others weights."""
        moving = [factor.node for factor in node.factors if not self.depends.fixed(factor.node)]
        if node.deltas or len(moving) != 1 or set(node.summed) & set(part.over):
            return None
        if any(at != factor.axes for factor, at in node.factors):
            return None
        others = [factor.node for factor in node.factors if factor.node is not moving[0]]
        inside = part._replace(node=moving[0], over=(*part.over, *node.summed))
        return [self._weighted(inside, others)]

    def _weighted(self, part: Part, factors: list[Node]) -> Part:
        number, weights = part.number, list(part.weights)
        for factor in factors:
            if isinstance(factor, Number):
                number *= factor.value
                continue
            sign = self.known[factor].sign
            if sign < 0:
                number = -number
            elif sign == 0 and factor in self.depends.active:
                number = Fraction(0)
            elif sign == 0:
                self.assumed.append(factor)
            weights.append(self.graph.neg(factor) if sign < 0 else factor)
        return part._replace(number=number, weights=tuple(weights))
