"""Is what is minimised convex, and by which rule?

Convex in the free parameters as the model has them, on their domain: every minimum is then a
global one. The rules may not tell; then they say what stopped them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from gdsym.calculus.program import Contract, Leaf, Map, Node, Number, Program, Reduce, reachable
from gdsym.calculus.structure.constants import guesses, loosened, stated
from gdsym.calculus.structure.curvature import AFFINE, CONVEX, Curve, curvatures
from gdsym.calculus.structure.dependence import Dependence, dependence
from gdsym.calculus.structure.ranges import Range, ranges

# Of more constants than this, the others are taken to have the signs that their values have.
MOST_CONSTANTS = 12


@dataclass(frozen=True, slots=True)
class Convexity:
    """`convex`, or the rules do not tell.

    `rules` are the kinds of terms that bend, in words. `given` is what constants have to be for it
    beyond their domains, as their values in the text are. `obstacles` are the first nodes that no
    rule knows the curvature of, where it is not convex by the rules.
    """

    convex: bool
    rules: tuple[str, ...]
    given: Mapping[str, Range]
    obstacles: tuple[Node, ...]


def convexity(program: Program, consts: Mapping[str, Range] | None = None) -> Convexity:
    """The curvature of the program's value.

    consts: the ranges of constants that are known; without it the rules are tried with what the
    domains say, and then with what the values in the text say, as little of that as is enough.
    """
    if consts is not None:
        return _judged(program, consts)
    for guess in guesses(program):
        found = _judged(program, guess)
        if found.convex:
            return replace(found, given=_least(program, guess))
    return found


def _least(program: Program, guess: Mapping[str, Range]) -> dict[str, Range]:
    """As little of what is guessed of constants as is enough, one constant after the other."""
    read = {node.name for node in reachable([program.value]) if isinstance(node, Leaf)}
    values, given = stated(program), {name: at for name, at in guess.items() if name in read}
    for name in list(given)[:MOST_CONSTANTS]:
        for looser in loosened(values[name]):
            tried = {other: at for other, at in given.items() if other != name}
            tried |= {name: looser} if looser is not None else {}
            if _judged(program, tried).convex:
                given = tried
                break
    return given


def _judged(program: Program, consts: Mapping[str, Range]) -> Convexity:
    order = reachable([program.value])
    depends = dependence(program, order)
    known = ranges(program, order, consts)
    found = curvatures(program.graph, order, depends, known)
    if found[program.value].bend & CONVEX:
        terms = bent(program.value, depends, found)
        rules = dict.fromkeys(_rule(node, depends, found) for node in terms)
        return Convexity(True, tuple(rules), consts, ())
    return Convexity(False, (), consts, tuple(_obstacles(program.value, depends, found)))


def bent(root: Node, depends: Dependence, found: Mapping[Node, Curve]) -> Iterator[Node]:
    """The terms of a sum that are not affine, through factors, sums over axes and gathers."""
    stack, seen = [root], {root}
    while stack:
        node = stack.pop()
        if found[node].bend == AFFINE:
            continue
        moving = [operand for operand in node.operands if operand in depends.active]
        is_sum = isinstance(node, Map) and node.op == "add"
        is_multiple = (
            isinstance(node, Map)
            and node.op in ("mul", "where")
            and (len(moving) == 1 or node.op == "where")
        )
        if is_sum or is_multiple or (isinstance(node, Contract) and len(moving) == 1):
            new = [operand for operand in moving if operand not in seen]
            seen.update(new)
            stack.extend(reversed(new))
        else:
            yield node


NAMES = {
    "log_normal_cdf": "log of the normal distribution function",
    "log_sigmoid": "log of the logistic function",
    "exp": "exponential",
    "abs": "absolute value",
    "root": "norm",
    "log1mexp": "log of 1 - exp(-x)",
    "log1mexpexp": "log of the complementary log-log link",
    "hypot": "norm",
    "max": "maximum",
    "relu": "maximum with 0",
    "min": "minimum",
    "huber": "Huber function",
    "logaddexp": "logsumexp",
    "lgamma": "log of the gamma function",
    "beta_ln": "log of the beta function",
    "cosh": "hyperbolic cosine",
}


def _rule(node: Node, depends: Dependence, found: Mapping[Node, Curve]) -> str:
    """The outermost function of a term, and what it is a function of."""
    inner = [operand for operand in node.operands if operand in depends.active]
    affine = all(found[operand].bend == AFFINE for operand in inner)
    of = "of affine functions" if affine else "of convex or concave functions"
    match node:
        case Map(op="pow", args=(base, Number(value=power))):
            known = {Fraction(2): "square", Fraction(-1): "reciprocal"}
            name = known.get(power, f"power {power}")
            return f"{name} {of}" if base in inner else f"power {of}"
        case Map(op="sqrt" | "root", args=(base,)) if found[base].norm:
            return "norm of affine functions"
        case Map(op="log", args=(base,)) if found[base].log & CONVEX:
            return "log of a sum of exponentials"
        case Map(op="mul") if any(operand in depends.steady for operand in inner):
            return "square with one weight on each side of 0"
        case Map(op="xlogy" | "mul"):
            return "product that is convex as a whole"
        case Map():
            return f"{NAMES.get(node.op, node.op)} {of}"
        case Reduce():
            return f"{'maximum' if node.op == 'max' else node.op} {of}"
    return f"sum of products {of}"


def _obstacles(root: Node, depends: Dependence, found: Mapping[Node, Curve]) -> Iterator[Node]:
    """The nodes without a known curvature that read only nodes with one."""
    for node in reachable([root]):
        if found[node].bend == 0 and all(found[operand].bend for operand in node.operands):
            yield node
