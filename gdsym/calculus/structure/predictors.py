"""Through which affine functions of the parameters do rows enter?

A loss whose rows see the parameters through one affine predictor alone is generalised linear: its
derivatives are those of one number per row. Several predictors, and scalars beside them (a scale,
a shape), are told as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gdsym.calculus.program import Axis, Contract, Graph, Map, Node, Program, reachable
from gdsym.calculus.stabilise.forms import is_gather
from gdsym.calculus.structure.curvature import AFFINE, Curve, curvatures
from gdsym.calculus.structure.dependence import Dependence, dependence
from gdsym.calculus.structure.ranges import ranges

# More than this are no short answer.
MOST = 3


@dataclass(frozen=True, slots=True)
class Predictors:
    """`rows`: affine in the parameters, one number (or one per class) for each row. `scalars`:
    what else of the parameters the rows' terms depend on."""

    rows: tuple[Node, ...]
    scalars: tuple[Node, ...]

    @property
    def generalised_linear(self) -> bool:
        """True where the one predictor is all that rows know of the parameters."""
        return len(self.rows) == 1 and not self.scalars


def predictors(program: Program) -> Predictors | None:
    """What the rows' terms of the loss are functions of; None where that is no short answer."""
    if program.row is None:
        return None
    order = reachable([program.loss])
    depends = dependence(program, order)
    found = curvatures(program.graph, order, depends, ranges(program, order, {}))
    search = _Search(program.graph, program.row, depends, found)
    search.linear(program.loss)
    if not search.rows or search.others or len(search.rows) + len(search.scalars) > MOST:
        return None
    return Predictors(tuple(search.rows), tuple(search.scalars))


@dataclass(slots=True)
class _Search:
    graph: Graph
    row: Axis
    depends: Dependence
    found: Mapping[Node, Curve]
    rows: dict[Node, None] = field(default_factory=dict)
    scalars: dict[Node, None] = field(default_factory=dict)
    others: dict[Node, None] = field(default_factory=dict)

    def linear(self, root: Node) -> None:
        """Everything that is added up below a node, through factors that are fixed."""
        stack, seen = [root], {root}
        while stack:
            node = stack.pop()
            moving = [operand for operand in node.operands if operand in self.depends.active]
            if self.found[node].bend == AFFINE:
                if self.row in node.axes:
                    self.rows.setdefault(self._bare(node))
                elif isinstance(node, Map | Contract):  # a sum over rows; else no row knows it
                    stack += [operand for operand in moving if operand not in seen]
                    seen.update(moving)
                continue
            if isinstance(node, Map) and node.op == "add":
                straight = [arg for arg in moving if self.found[arg].bend == AFFINE]
                together = self.graph.add(*straight)
                if self.row in together.axes:
                    self.rows.setdefault(self._bare(together))
                    moving = [arg for arg in moving if arg not in straight]
            elif len(moving) != 1 or not (
                isinstance(node, Contract) or (isinstance(node, Map) and node.op == "mul")
            ):
                self._edge(node)
                continue
            stack += [operand for operand in moving if operand not in seen]
            seen.update(moving)

    def _edge(self, atom: Node) -> None:
        """The affine nodes that a node which bends depends on."""
        stack, seen = [atom], {atom}
        while stack:
            for operand in stack.pop().operands:
                if operand in seen or operand not in self.depends.active:
                    continue
                seen.add(operand)
                if self.found[operand].bend != AFFINE:
                    stack.append(operand)
                elif self.row in operand.axes:
                    self.rows.setdefault(self._bare(operand))
                elif not operand.axes:
                    self.scalars.setdefault(self._bare(operand))
                else:
                    self.others.setdefault(operand)

    def _bare(self, node: Node) -> Node:
        """A predictor without its sign, the data that multiply it and those that are added, and
        before an entry of it is picked, as long as rows differ in it."""
        while True:
            inner = self._inside(node)
            if inner is None or self.row not in inner.axes:
                return self.graph.split(node)[1] or node
            node = inner

    def _inside(self, node: Node) -> Node | None:
        if is_gather(node):
            return node.factors[0].node
        if not isinstance(node, Map) or node.op not in ("add", "mul"):
            return None
        moving = [arg for arg in node.args if arg in self.depends.active]
        if len(moving) == 1:
            return moving[0]
        if node.op == "mul":
            return None
        if all(self.graph.split(arg)[0] < 0 for arg in moving):
            moving = [self.graph.neg(arg) for arg in moving]
        inner = self.graph.add(*moving)
        return inner if inner is not node else None
