"""Convex, concave or neither: the curvature of every node, by composition rules.

After disciplined convex programming (Grant, Boyd, Ye, 2006): a convex function that rises is
convex in a convex argument, one that falls in a concave one, any in an affine one; where a
function bends or turns, its argument's range decides. Two more properties travel along, because
losses are often written through them: the curvature of a positive node's logarithm (sums of
exponentials, products of powers, distribution functions) and whether its square root is convex
(norms).

The curvature is that in the free parameters, in the user's coordinates, for any data in their
domains. 0 means that the rules do not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gdsym.calculus.program import (
    Contract,
    Graph,
    Leaf,
    Map,
    Node,
    Number,
    Reduce,
    Scan,
    reachable,
)
from gdsym.calculus.structure.dependence import Dependence
from gdsym.calculus.structure.expand import meeting
from gdsym.calculus.structure.ranges import ONE, ZERO, Range
from gdsym.language.functions import SIGNS

CONVEX, CONCAVE = 1, 2
AFFINE = CONVEX | CONCAVE
UNKNOWN = 0


class Curve(NamedTuple):
    """`bend` is the node's curvature, `log` its logarithm's where it is positive, else 0.

    `norm`: its square root is convex, and it is at least 0.
    """

    bend: int
    log: int = UNKNOWN
    norm: bool = False


def curvatures(
    graph: Graph, order: Iterable[Node], depends: Dependence, known: Mapping[Node, Range]
) -> dict[Node, Curve]:
    """The curvature of every node of `order`, which is in order of evaluation."""
    rules = _Rules(graph, depends, known)
    for node in order:
        rules.found[node] = rules.completed(node, rules.curve(node))
    return rules.found


def flipped(bend: int) -> int:
    """The curvature of minus a node."""
    return {CONVEX: CONCAVE, CONCAVE: CONVEX}.get(bend, bend)


def scaled(bend: int, sign: int) -> int:
    """The curvature of a multiple by a factor of that sign; 0: the sign is not known."""
    if sign:
        return bend if sign > 0 else flipped(bend)
    return bend if bend == AFFINE else UNKNOWN


def composed(shape: int, slope: int, bend: int) -> int:
    """The curvature of f(u) from that of f, the sign of its slope, and that of u."""
    if bend == AFFINE:
        return shape
    found = UNKNOWN
    for wanted in (CONVEX, CONCAVE):
        if shape & wanted and slope and scaled(bend, slope) & wanted:
            found |= wanted
    return found


class Shape(NamedTuple):
    """What a function is like on all of its domain: curvature, sign of its slope, and the same
    curvature of its logarithm."""

    bend: int
    slope: int
    log: int = UNKNOWN


SHAPES: dict[str, Shape] = {
    "expm1": Shape(CONVEX, 1),
    "log": Shape(CONCAVE, 1),
    "log2": Shape(CONCAVE, 1),
    "log10": Shape(CONCAVE, 1),
    "log1p": Shape(CONCAVE, 1),
    "sqrt": Shape(CONCAVE, 1),
    "root": Shape(CONCAVE, 1),
    "softplus": Shape(CONVEX, 1),
    "relu": Shape(CONVEX, 1),
    "log_sigmoid": Shape(CONCAVE, 1),
    "log_normal_cdf": Shape(CONCAVE, 1),
    "log1mexp": Shape(CONCAVE, -1),
    "log1mexpexp": Shape(CONCAVE, 1),
    "odds": Shape(CONVEX, 1, CONVEX),
    "sigmoid": Shape(UNKNOWN, 1, CONCAVE),
    "normal_cdf": Shape(UNKNOWN, 1, CONCAVE),
    "erfcx": Shape(CONVEX, -1, CONVEX),
    "erfc": Shape(UNKNOWN, -1, CONCAVE),
    "normal_pdf": Shape(UNKNOWN, 0, CONCAVE),
    "bell": Shape(UNKNOWN, 0, CONCAVE),
    "half_bell": Shape(UNKNOWN, 0, CONCAVE),
    "sech": Shape(UNKNOWN, 0, CONCAVE),
    "sigmoid_slope": Shape(UNKNOWN, 0, CONCAVE),
    "cosh": Shape(CONVEX, 0, CONVEX),
    "lgamma": Shape(CONVEX, 0),
    "digamma": Shape(CONCAVE, 1),
    "trigamma": Shape(CONVEX, -1, CONVEX),
}
# Shaped so for positive, or negative, arguments only.
POSITIVE = ("lgamma", "digamma", "trigamma")
NEGATIVE = ("odds",)
# Curvature and slope on each side of 0: of functions that turn or bend there.
BELOW: dict[str, tuple[int, int]] = {
    "abs": (AFFINE, -1),
    "cosh": (CONVEX, -1),
    "sinh": (CONCAVE, 1),
    **dict.fromkeys(("sigmoid", "normal_cdf", "tanh", "erf", "atan"), (CONVEX, 1)),
}
ABOVE: dict[str, tuple[int, int]] = {
    "abs": (AFFINE, 1),
    "cosh": (CONVEX, 1),
    "sinh": (CONVEX, 1),
    **dict.fromkeys(("sigmoid", "normal_cdf", "tanh", "erf", "atan"), (CONCAVE, 1)),
}
# Of two arguments, of which none has to be fixed.
TOGETHER = ("beta_ln", "hypot", "share")
# Of two arguments, convex in both together and rising in each.
RISING = {"max": CONVEX, "logaddexp": CONVEX, "min": CONCAVE}


class _Rules:
    def __init__(self, graph: Graph, depends: Dependence, known: Mapping[Node, Range]) -> None:
        self.graph = graph
        self.depends = depends
        self.known = known
        self.found: dict[Node, Curve] = {}

    def curve(self, node: Node) -> Curve:
        """The curvature as the node's own rule has it."""
        if node not in self.depends.active:
            return Curve(AFFINE, AFFINE, True)
        match node:
            case Leaf():
                return Curve(AFFINE)
            case Map(op="add"):
                return self._sum([self.found[arg] for arg in node.args])
            case Map(op="mul"):
                return self._product(list(node.args)) if len(node.args) > 1 else Curve(UNKNOWN)
            case Map(op="pow"):
                return self._power(*node.args)
            case Map(op="where"):
                return self._choice(node)
            case Map():
                return self._function(node)
            case Contract():
                return self._contraction(node)
            case Reduce(op="logsumexp" | "max"):
                return Curve(self.found[node.arg].bend & CONVEX)
            case Reduce(op="prod") | Scan():
                return Curve(UNKNOWN, self.found[node.arg].log)
        return Curve(UNKNOWN)

    def completed(self, node: Node, curve: Curve) -> Curve:
        """With what one property says of the others, and only where the range allows it."""
        lower = self.known[node].lower
        bend, log, norm = curve
        if lower < 0:
            return Curve(bend)
        bend |= CONVEX if log & CONVEX or norm else UNKNOWN
        log |= CONCAVE if bend & CONCAVE else UNKNOWN
        return Curve(bend, log, norm)

    def _sum(self, terms: list[Curve]) -> Curve:
        """Sums of log-convex functions are log-convex; a root of summed squares is a norm."""
        bend, log, norm = AFFINE, CONVEX, True
        for term in terms:
            bend &= term.bend
            log &= term.log
            norm &= term.norm
        return Curve(bend, log, norm)

    def _product(self, factors: list[Node], summed: bool = False) -> Curve:
        """A product; its terms are of one node each, so a sum of them bends as they do."""
        moving = [factor for factor in factors if factor in self.depends.active]
        sign = 1
        for factor in factors:
            if factor not in moving:
                sign *= self.known[factor].sign
        log = AFFINE
        for factor in factors:
            log &= self.found[factor].log
        log &= CONVEX if summed else AFFINE
        if len(moving) == 1:
            own = self.found[moving[0]]
            return Curve(scaled(own.bend, sign), log, own.norm and sign > 0)
        if sign == 0:
            return Curve(UNKNOWN)
        bend = scaled(self._together(moving), sign)
        return Curve(bend, log if sign > 0 else UNKNOWN)

    def _together(self, moving: list[Node]) -> int:
        """The curvature of a product of several that move, where a rule knows it."""
        if len(moving) == 2:
            for a, b in (moving, moving[::-1]):
                entropy = isinstance(b, Map) and b.op == "log" and b.args[0] is a
                if (entropy and self.found[a].bend == AFFINE) or self._over(a, b):
                    return CONVEX
        steady = [node for node in moving if node in self.depends.steady]
        rest = [node for node in moving if node not in self.depends.steady]
        return self._weighed(steady, rest[0]) if steady and len(rest) == 1 else UNKNOWN

    def _over(self, above: Node, below: Node) -> bool:
        """u^p/v^q with p >= q + 1, u at least 0 and convex or of even p, v positive and concave;
        a squared norm over v."""
        match below:
            case Map(op="pow", args=(v, Number(value=q))) if q < 0:
                if not self.found[v].bend & CONCAVE or self.known[v].lower < 0:
                    return False
            case _:
                return False
        if self.found[above].norm and q == -1:
            return True
        match above:
            case Map(op="pow", args=(u, Number(value=p))) if p >= 1 - q:
                bend, least = self.found[u].bend, self.known[u].lower
                return (bend == AFFINE and p % 2 == 0) or (bool(bend & CONVEX) and least >= 0)
        return False

    def _weighed(self, steady: list[Node], rest: Node) -> int:
        """u^p, p > 1, with weights of at least 0 that change only where u is 0."""
        match rest:
            case Map(op="pow", args=(u, Number(value=p))) if p > 1:
                if not self.found[rest].bend & CONVEX or self.found[u].bend != AFFINE:
                    return UNKNOWN
                if any(self.known[node].lower < 0 for node in steady):
                    return UNKNOWN
                return CONVEX if self._turn_at_zero(steady, u) else UNKNOWN
        return UNKNOWN

    def _turn_at_zero(self, steady: list[Node], u: Node) -> bool:
        """Whether every jump of these nodes is where u changes its sign."""
        sides = (u, self.graph.neg(u))
        for node in reachable(steady):
            if all(self.depends.fixed(operand) for operand in node.operands):
                continue
            if node in self.depends.steady:
                match node:
                    case Map(op="sign", args=(difference,)):
                        pass
                    case Map(op=op, args=(a, b)) if op in SIGNS:
                        difference = self.graph.sub(a, b)
                    case _:
                        return False
                if difference not in sides:
                    return False
        return True

    def _power(self, base: Node, exponent: Node) -> Curve:
        if exponent in self.depends.active:
            return self._exponential(base, exponent)
        if not isinstance(exponent, Number):
            return self._some_power(base, self.known[exponent])
        e = exponent.value
        own, (lower, upper) = self.found[base], self.known[base]
        log = own.log if e > 0 else flipped(own.log)
        if e == 2 and (own.bend == AFFINE or (own.bend & CONVEX and lower >= 0)):
            return Curve(CONVEX, log, True)
        if lower >= 0 or e.denominator != 1:
            slope = 1 if e > 0 else -1
            return Curve(composed(CONCAVE if 0 < e < 1 else CONVEX, slope, own.bend), log)
        if e > 0 and e % 2 == 0:
            if own.bend == AFFINE:
                return Curve(CONVEX)
            return Curve(composed(CONVEX, -1, own.bend) if upper <= 0 else UNKNOWN)
        if upper <= 0:
            shape = CONVEX if e % 2 == 0 else CONCAVE
            return Curve(composed(shape, 1 if (e > 0) == (e % 2 == 1) else -1, own.bend))
        return Curve(UNKNOWN)

    def _exponential(self, base: Node, exponent: Node) -> Curve:
        """A fixed number to a power that moves."""
        if base in self.depends.active:
            return Curve(UNKNOWN)
        lower, upper = self.known[base]
        bend = self.found[exponent].bend
        if lower >= 1:
            return Curve(UNKNOWN, bend)
        if lower >= 0 and upper <= 1:
            return Curve(UNKNOWN, flipped(bend))
        return Curve(UNKNOWN, bend if bend == AFFINE and lower >= 0 else UNKNOWN)

    def _some_power(self, base: Node, exponent: Range) -> Curve:
        """A power that is not known but for its range, of a base of at least 0."""
        if self.known[base].lower < 0:
            return Curve(UNKNOWN)
        own = self.found[base]
        log = scaled(own.log, exponent.sign)
        if exponent.lower >= ONE:
            return Curve(composed(CONVEX, 1, own.bend), log)
        if exponent.upper <= ZERO:
            return Curve(composed(CONVEX, -1, own.bend), log)
        inside = exponent.lower >= ZERO and exponent.upper <= ONE
        return Curve(composed(CONCAVE, 1, own.bend) if inside else UNKNOWN, log)

    def _choice(self, node: Map) -> Curve:
        """A choice that the parameters have no part in is as both branches are. One between convex
        branches is convex if it takes the larger one, or if they meet with one slope."""
        condition, a, b = node.args
        first, second = self.found[a], self.found[b]
        if condition in self.depends.active:
            if not first.bend & second.bend & CONVEX:
                return Curve(UNKNOWN)
            met = meeting(self.graph, node)
            return Curve(CONVEX if met is not None and (met[0] == 2 or met[1] > 0) else UNKNOWN)
        return Curve(first.bend & second.bend, first.log & second.log, first.norm and second.norm)

    def _function(self, node: Map) -> Curve:
        if node.op in RISING:
            own = RISING[node.op]
            for arg in node.args:
                own &= self.found[arg].bend
            return Curve(own)
        if node.op in TOGETHER or any(arg in self.depends.active for arg in node.args[1:]):
            return self._of_two(node)
        arg = node.args[0]
        inner = self.found[arg]
        match node.op:
            case "exp":
                return Curve(UNKNOWN, inner.bend)
            case "log":
                return Curve(composed(CONCAVE, 1, inner.bend) | inner.log)
            case "sqrt" | "root":
                return Curve(
                    composed(CONCAVE, 1, inner.bend) | (CONVEX if inner.norm else UNKNOWN),
                    inner.log,
                )
            case "huber":
                turned = self.known[node.args[1]].lower >= ZERO and self._is_length(arg)
                return Curve(CONVEX if turned else UNKNOWN)
            case "clip":
                return Curve(UNKNOWN)
        return self._of_one(node.op, inner.bend, self.known[arg])

    def _of_one(self, op: str, bend: int, at: Range) -> Curve:
        found, log = UNKNOWN, UNKNOWN
        if op == "abs" and bend == AFFINE:
            found |= CONVEX
        beyond = (op in POSITIVE and at.lower < ZERO) or (op in NEGATIVE and at.upper > ZERO)
        if op in SHAPES and not beyond:
            shape = SHAPES[op]
            found |= composed(shape.bend, shape.slope, bend)
            log |= composed(shape.log, shape.slope, bend)
        if op in ABOVE and at.lower >= ZERO:
            found |= composed(*ABOVE[op], bend)
        if op in BELOW and at.upper <= ZERO:
            found |= composed(*BELOW[op], bend)
        return Curve(found, log)

    def _of_two(self, node: Map) -> Curve:
        """Functions of two arguments, the second of which moves."""
        bends = [self.found[arg].bend for arg in node.args]
        match node.op:
            case "hypot" if all(self._is_length(arg) for arg in node.args):
                return Curve(CONVEX)
            case "share":
                return Curve(UNKNOWN, CONCAVE & bends[0] & flipped(bends[1]))
            case "beta_ln" if all(bend == AFFINE for bend in bends):
                return Curve(CONVEX)  # the log of an integral of exponentials
            case "xlogy" if node.args[0] is node.args[1] and bends[0] == AFFINE:
                return Curve(CONVEX)
            case "xlogy" | "xlog1py" if node.args[0] not in self.depends.active:
                sign = self.known[node.args[0]].sign
                return Curve(scaled(composed(CONCAVE, 1, bends[1]), sign))
        return Curve(UNKNOWN)

    def _is_length(self, node: Node) -> bool:
        """Whether its absolute value is convex."""
        bend = self.found[node].bend
        return bend == AFFINE or (bool(bend & CONVEX) and self.known[node].lower >= ZERO)

    def _contraction(self, node: Contract) -> Curve:
        if any(d.source is not None and d.source in self.depends.active for d in node.deltas):
            return Curve(UNKNOWN)
        pinned = {delta.axis for delta in node.deltas if delta.source is not None}
        summed = bool(set(node.summed) - pinned)
        factors = [factor.node for factor in node.factors]
        if sum(factor in self.depends.active for factor in factors) > 1:
            log = CONVEX if summed else AFFINE
            for factor in factors:
                log &= self.found[factor].log
            return Curve(UNKNOWN, log)
        return self._product(factors, summed)
