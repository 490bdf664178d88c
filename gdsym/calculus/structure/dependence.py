"""What depends on the parameters that are free, and what of that changes only in jumps."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gdsym.calculus.program import Leaf, Map, Node, Program, Reduce
from gdsym.language.functions import COMPARISONS

# Their derivative is 0 wherever they have one.
JUMPS = frozenset((*COMPARISONS.values(), "and", "or", "not", "sign", "floor", "shift"))


@dataclass(frozen=True, slots=True)
class Dependence:
    """`active` nodes depend on free parameters; `steady` ones of these only in jumps."""

    active: frozenset[Node]
    steady: frozenset[Node]

    def fixed(self, node: Node) -> bool:
        """True for a node with the derivative 0 wherever it has one."""
        return node not in self.active or node in self.steady


def dependence(
    program: Program, order: Iterable[Node], free: Collection[str] | None = None
) -> Dependence:
    """For every node of `order`, which is in order of evaluation.

    free: the parameters that are; by default all that the model does not fix.
    """
    if free is None:
        free = {param.name for param in program.model.params if not param.fixed}
    active: set[Node] = set()
    steady: set[Node] = set()
    for node in order:
        moving = [operand for operand in node.operands if operand in active]
        if isinstance(node, Leaf) and node.kind == "param" and node.name in free:
            active.add(node)
        elif moving:
            active.add(node)
            jumps = isinstance(node, Map) and node.op in JUMPS
            jumps |= isinstance(node, Reduce) and node.op == "argmax"
            if jumps or all(operand in steady for operand in moving):
                steady.add(node)
    return Dependence(frozenset(active), frozenset(steady))
