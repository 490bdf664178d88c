"""Between which numbers every node lies, from what the model declares: interval arithmetic.

Bounds are exact numbers or infinite and count as attained. What nothing is known of lies between
minus and plus infinity. It is `stabilise.facts` with both ends, for questions that are asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import inf, isinf
from typing import NamedTuple

from gdsym.calculus.program import Contract, Leaf, Map, Node, Number, Program, Reduce, Scan
from gdsym.language.functions import COMPARISONS
from gdsym.language.model import Const, Data, Domain, Param

Bound = Fraction | float  # a float only where it is infinite


class Range(NamedTuple):
    """All numbers from `lower` to `upper`."""

    lower: Bound
    upper: Bound

    @property
    def sign(self) -> int:
        """1 where nothing is below 0, -1 where nothing is above, else 0; the number 0 has 1."""
        if self.lower >= 0:
            return 1
        return -1 if self.upper <= 0 else 0


# Bounds are raised to no higher power: what they would be does not matter any more.
LARGEST_EXPONENT = 64

ZERO, ONE = Fraction(0), Fraction(1)
ANY = Range(-inf, inf)
UP = Range(ZERO, inf)
DOWN = Range(-inf, ZERO)
UNIT = Range(ZERO, ONE)
AROUND = Range(-ONE, ONE)

# Functions whose values are bounded whatever the argument.
ALWAYS: dict[str, Range] = {
    **dict.fromkeys(("exp", "softplus", "normal_pdf", "erfcx", "mills", "mills_gap"), UP),
    **dict.fromkeys(("relu", "root", "hypot", "sqrt", "head", "trigamma"), UP),
    **dict.fromkeys(("log_sigmoid", "log_normal_cdf", "log1mexp", "log1mexpexp"), DOWN),
    **dict.fromkeys(("sigmoid", "normal_cdf", "sech", "bell", "half_bell", "sigmoid_slope"), UNIT),
    **dict.fromkeys((*COMPARISONS.values(), "share", "and", "or", "not", "leg"), UNIT),
    **dict.fromkeys(("sin", "cos", "tanh", "erf", "sign"), AROUND),
    "erfc": Range(ZERO, Fraction(2)),
    "cosh": Range(ONE, inf),
    "expm1": Range(-ONE, inf),
}
# Functions that rise with their argument from 0 at the number given, and so share its sign there.
ZERO_AT = {
    **dict.fromkeys(("expm1", "log1p", "sinh", "tanh", "erf", "atan", "asin"), ZERO),
    **dict.fromkeys(("log", "log2", "log10"), ONE),
}


def ranges(
    program: Program, order: Iterable[Node], consts: Mapping[str, Range]
) -> dict[Node, Range]:
    """The range of every node of `order`, which is in order of evaluation.

    consts: what is known of constants beside their domains.
    """
    model = program.model
    declared: list[Data | Param | Const] = [*model.data, *model.params, *model.consts]
    domains = {item.name: item.domain for item in declared}
    found: dict[Node, Range] = {}
    for node in order:
        if isinstance(node, Leaf):
            found[node] = _of_leaf(node, domains, consts)
        else:
            found[node] = _of(node, found)
    return found


def _of_leaf(leaf: Leaf, domains: Mapping[str, Domain], consts: Mapping[str, Range]) -> Range:
    match leaf.kind:
        case "size":
            return Range(ONE, inf)
        case "constant" if leaf.name == "pi":
            return Range(Fraction(3), Fraction(4))
        case "constant" | "label":  # infinity is no number that bounds could be added to
            return UP
        case "stat":
            return UP if leaf.name.endswith(".sd") else ANY
    declared = of_domain(domains[leaf.name])
    return meet(declared, consts.get(leaf.name, ANY)) if leaf.kind == "const" else declared


def of_domain(domain: Domain) -> Range:
    """What a domain allows."""
    if domain.values is not None:
        return Range(Fraction(min(domain.values)), Fraction(max(domain.values)))
    if domain.category is not None:
        return UP
    return Range(_bound(domain.lower), _bound(domain.upper))


def _bound(value: float) -> Bound:
    return value if _is_infinite(value) else Fraction(value)


def _of(node: Node, known: Mapping[Node, Range]) -> Range:
    match node:
        case Number():
            return Range(node.value, node.value)
        case Map():
            return of_map(node.op, [known[arg] for arg in node.args])
        case Contract():
            return _of_contraction(node, known)
        case Reduce(deltas=(_, *_)):
            return ANY  # a group without entries has -inf
        case Reduce(op="logsumexp"):
            return Range(known[node.arg].lower, inf)
        case Reduce(op="max"):
            return known[node.arg]
        case Reduce(op="argmax"):
            return UP
        case Reduce() | Scan():
            return UP if known[node.arg].lower >= 0 else ANY
    return ANY


def _of_contraction(node: Contract, known: Mapping[Node, Range]) -> Range:
    product = Range(ONE, ONE)
    for factor in node.factors:
        product = times(product, known[factor.node])
    summed = set(node.summed) - {delta.axis for delta in node.deltas if delta.source is not None}
    if any(delta.axis in node.axes for delta in node.deltas):
        product = join(product, Range(ZERO, ZERO))  # a code that is another leaves 0
    if not summed:
        return product
    return Range(
        ZERO if product.lower >= 0 else -inf,
        ZERO if product.upper <= 0 else inf,
    )


def of_map(op: str, args: list[Range]) -> Range:
    """The range of an operator from those of its arguments."""
    known = ALWAYS.get(op, ANY)
    rule = _RULES.get(op)
    if rule is not None:
        known = meet(known, rule(*args))
    if op in ZERO_AT:
        lower, upper = args[0]
        known = meet(known, UP if lower >= ZERO_AT[op] else ANY)
        known = meet(known, DOWN if upper <= ZERO_AT[op] else ANY)
    return known


def meet(a: Range, b: Range) -> Range:
    """What lies in both."""
    return Range(max(a.lower, b.lower), min(a.upper, b.upper))


def join(a: Range, b: Range) -> Range:
    """The least range around both."""
    return Range(min(a.lower, b.lower), max(a.upper, b.upper))


def _is_infinite(bound: Bound) -> bool:
    return isinstance(bound, float) and isinf(bound)  # a fraction may be beyond all doubles


def _sum(*args: Range) -> Range:
    return Range(_plus(-inf, [a.lower for a in args]), _plus(inf, [a.upper for a in args]))


def _plus(infinite: float, bounds: list[Bound]) -> Bound:
    # Not added to a float, which a number beyond the largest double could not be.
    return infinite if any(map(_is_infinite, bounds)) else sum((Fraction(b) for b in bounds), ZERO)


def times(a: Range, b: Range) -> Range:
    """All products; 0 times what is infinite is 0, since bounds are limits."""
    ends = [_times(x, y) for x in a for y in b]
    return Range(min(ends), max(ends))


def _times(x: Bound, y: Bound) -> Bound:
    if x == 0 or y == 0:
        return ZERO
    if _is_infinite(x) or _is_infinite(y):
        return inf if (x > 0) == (y > 0) else -inf
    return Fraction(x) * Fraction(y)


def _product(*args: Range) -> Range:
    found = args[0]
    for arg in args[1:]:
        found = times(found, arg)
    return found


def _power(base: Range, exponent: Range) -> Range:
    """Powers of a fixed exponent by its parity; other powers have bases of at least 0."""
    if exponent.lower != exponent.upper or _is_infinite(exponent.lower):
        return UP if base.lower >= 0 else ANY
    e = Fraction(exponent.lower)
    if e.denominator != 1:
        return UP
    if e < 0:
        return _reciprocal(_power(base, Range(-e, -e)))
    if e > LARGEST_EXPONENT:
        return UP if base.lower >= 0 or e % 2 == 0 else ANY
    if e % 2:
        return Range(_raised(base.lower, int(e)), _raised(base.upper, int(e)))
    around = _abs(base)
    return Range(_raised(around.lower, int(e)), _raised(around.upper, int(e)))


def _raised(bound: Bound, exponent: int) -> Bound:
    return bound if _is_infinite(bound) else Fraction(bound) ** exponent


def _reciprocal(a: Range) -> Range:
    if a.sign == 0 or a == Range(ZERO, ZERO):
        return ANY
    ends = [a.sign * inf if x == 0 else ZERO if _is_infinite(x) else 1 / Fraction(x) for x in a]
    return Range(ends[1], ends[0])


def _exp(a: Range) -> Range:
    return Range(ONE if a.lower >= 0 else ZERO, ONE if a.upper <= 0 else inf)


def _abs(a: Range) -> Range:
    return a if a.lower >= 0 else Range(-a.upper if a.upper < 0 else ZERO, max(-a.lower, a.upper))


def _max(a: Range, b: Range) -> Range:
    return Range(max(a.lower, b.lower), max(a.upper, b.upper))


def _min(a: Range, b: Range) -> Range:
    return Range(min(a.lower, b.lower), min(a.upper, b.upper))


def _half(a: Range) -> Range:
    """sigmoid and normal_cdf: 1/2 at 0."""
    half = Fraction(1, 2)
    return Range(half if a.lower >= 0 else ZERO, half if a.upper <= 0 else ONE)


def _xlogy(x: Range, y: Range) -> Range:
    return times(x, of_map("log", [y]))


_RULES: dict[str, Callable[..., Range]] = {
    "add": _sum,
    "mul": _product,
    "pow": _power,
    "exp": _exp,
    "abs": _abs,
    "max": _max,
    "min": _min,
    "clip": lambda x, a, b: _min(_max(x, a), b),
    "where": lambda c, a, b: join(a, b),
    "huber": lambda r, delta: UP if delta.lower >= 0 else ANY,
    "odds": lambda x: UP if x.upper <= 0 else ANY,
    "shift": lambda code, by, size: UP if size.lower >= 1 else ANY,
    "relu": lambda x: _max(x, Range(ZERO, ZERO)),
    "sigmoid": _half,
    "normal_cdf": _half,
    "logaddexp": lambda a, b: Range(max(a.lower, b.lower), inf),
    "xlogy": _xlogy,
    "xlog1py": lambda x, y: times(x, of_map("log1p", [y])),
}
