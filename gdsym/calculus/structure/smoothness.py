"""How large can the curvature be, and where is it largest?

With a Lipschitz constant L of the gradient, gradient descent is safe up to the rate 1/L and may
diverge beyond 2/L. Where the loss is a sum of such functions of linear predictors as bend most at
0, the Hessian at parameters of 0 bounds all others (for softmax: Boehning, 1992), and L is its
largest eigenvalue: a number that the data decide and a fit can compute. For an exponential there
is no bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gdsym.calculus.program import Contract, Leaf, Map, Node, Number, Program, Reduce, reachable
from gdsym.calculus.structure.convexity import bent
from gdsym.calculus.structure.curvature import AFFINE, CONVEX, Curve, curvatures
from gdsym.calculus.structure.dependence import Dependence, dependence
from gdsym.calculus.structure.ranges import Range, ranges

# The curvature of log_normal_cdf is below 1 everywhere and 2/pi at 0.
PROBIT = 1.5707963267948966


@dataclass(frozen=True, slots=True)
class Smoothness:
    """The Hessian is nowhere larger than `factor` times that at parameters of 0, times half the
    size of each dimension of `halves`. `constant`: it is the same everywhere."""

    constant: bool
    factor: float = 1.0
    halves: tuple[str, ...] = ()


def smoothness(program: Program, consts: Mapping[str, Range]) -> Smoothness | None:
    """A bound on the curvature of a convex value; None where the rules know none."""
    order = reachable([program.value])
    depends = dependence(program, order)
    found = curvatures(program.graph, order, depends, ranges(program, order, consts))
    if not found[program.value].bend & CONVEX:
        return None
    centred = _centred(order, depends, found)
    constant, factor = True, 1.0
    halves: tuple[str, ...] = ()
    for atom in bent(program.value, depends, found):
        match atom:
            case Map(op="pow", args=(base, Number(value=power))) if power == 2:
                if found[base].bend == AFFINE:
                    continue
                if not _is_hinge(base, depends, found, centred):
                    return None
            case Map(op="softplus" | "log_sigmoid", args=(z,)) if z in centred:
                pass
            case Map(op="log_normal_cdf", args=(z,)) if z in centred:
                factor = PROBIT
            case Reduce(op="logsumexp", arg=z, over=(axis,), deltas=()) if z in centred:
                if axis == program.row:
                    return None
                halves = (axis.dim,)
            case _:
                return None
        constant = False
    return Smoothness(constant, factor, halves)


def _centred(order: list[Node], depends: Dependence, found: Mapping[Node, Curve]) -> set[Node]:
    """The nodes that are linear in the parameters: affine, and 0 where these are 0."""
    linear: set[Node] = set()
    for node in order:
        if node not in depends.active or found[node].bend != AFFINE:
            continue
        moving = [operand for operand in node.operands if operand in depends.active]
        if isinstance(node, Leaf) or (
            all(operand in linear for operand in moving)
            and (
                isinstance(node, Contract) or (isinstance(node, Map) and node.op in ("add", "mul"))
            )
            and not (isinstance(node, Map) and node.op == "add" and len(moving) < len(node.args))
        ):
            linear.add(node)
    return linear


def _is_hinge(
    node: Node, depends: Dependence, found: Mapping[Node, Curve], centred: set[Node]
) -> bool:
    """max(0, c - z) with a positive number c, whose square bends everywhere where z is 0."""
    match node:
        case Map(op="relu", args=(inside,)):
            pass
        case Map(op="max", args=args):
            others = [arg for arg in args if not (isinstance(arg, Number) and arg.value == 0)]
            if len(others) != 1:
                return False
            (inside,) = others
        case _:
            return False
    if not isinstance(inside, Map) or inside.op != "add" or found[inside].bend != AFFINE:
        return False
    fixed = [arg for arg in inside.args if arg not in depends.active]
    return (
        all(isinstance(arg, Number) and arg.value > 0 for arg in fixed)
        and bool(fixed)
        and all(arg in centred for arg in inside.args if arg in depends.active)
    )
