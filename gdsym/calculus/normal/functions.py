"""The functions of the table that others are made of, in terms of what a field can do."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from gdsym.calculus.normal.atoms import ONE, Poly, whole

if TYPE_CHECKING:
    from gdsym.calculus.normal.field import Field

HALF = Fraction(1, 2)
# Recurrences of the gamma function are followed so far.
FARTHEST_SHIFT = 12
# The digamma function and its derivatives, by order.
POLYGAMMA = ("digamma", "trigamma", "tetragamma", "pentagamma")


def _log_to(base: int) -> Callable[[Field, Poly], Poly]:
    def log(f: Field, x: Poly) -> Poly:
        return f.times(f.log(x), f.power(f.log(f.number(base)), -1))

    return log


def _abs(f: Field, x: Poly) -> Poly:
    if not x:
        return {}
    return f.times(x, f.minus(f.scale(2, f.above(x)), f.number(1)))


def _sign(f: Field, x: Poly) -> Poly:
    return f.minus(f.above(x), f.above(f.scale(-1, x)))


def _larger(f: Field, a: Poly, b: Poly) -> Poly:
    return f.add(b, f.times(f.minus(a, b), f.call("gt", a, b)))


def _smaller(f: Field, a: Poly, b: Poly) -> Poly:
    return f.add(b, f.times(f.minus(a, b), f.call("lt", a, b)))


def _where(f: Field, c: Poly, a: Poly, b: Poly) -> Poly:
    chosen = f.truth(f.closed(c))
    return f.add(f.times(chosen, a), f.times(f.minus(f.number(1), chosen), b))


def _equal(f: Field, a: Poly, b: Poly) -> Poly:
    codes = [f.code(x) for x in (a, b)]
    if codes[0] is not None and codes[1] is not None:
        return f.delta(codes[0], codes[1])
    return f.lifted(f.null, f.minus(a, b))


def _trigonometric(name: str) -> Callable[[Field, Poly], Poly]:
    def function(f: Field, x: Poly) -> Poly:
        turned = f.times(f.imaginary(), x)
        plus, minus = f.exp(turned), f.exp(f.scale(-1, turned))
        if name == "cos":
            return f.scale(HALF, f.add(plus, minus))
        sine = f.scale(-HALF, f.times(f.imaginary(), f.minus(plus, minus)))
        if name == "sin":
            return sine
        return f.times(sine, f.power(f.scale(HALF, f.add(plus, minus)), -1))

    return function


def _hyperbolic(name: str) -> Callable[[Field, Poly], Poly]:
    def function(f: Field, x: Poly) -> Poly:
        if name == "tanh":
            twice = f.exp(f.scale(2, x))
            below = f.power(f.add(twice, f.number(1)), -1)
            return f.times(f.minus(twice, f.number(1)), below)
        plus, minus = f.exp(x), f.exp(f.scale(-1, x))
        return f.scale(HALF, f.minus(plus, minus) if name == "sinh" else f.add(plus, minus))

    return function


def _odd(name: str) -> Callable[[Field, Poly], Poly]:
    def function(f: Field, x: Poly) -> Poly:
        if not x:
            return {}
        first, sign = f.signed(x)
        return f.scale(sign, f.opaque(name, first))

    return function


def _normal_cdf(f: Field, x: Poly) -> Poly:
    if not x:
        return f.number(HALF)
    first, sign = f.signed(x)
    share = f.opaque("normal_cdf", first)
    return share if sign > 0 else f.minus(f.number(1), share)


def _erf(f: Field, x: Poly) -> Poly:
    inside = f.times(x, f.power(f.number(2), HALF))
    return f.minus(f.scale(2, f.call("normal_cdf", inside)), f.number(1))


def _lgamma(f: Field, x: Poly) -> Poly:
    base, steps = _shifted(x)
    total = {} if base == f.number(1) else f.opaque("lgamma", base)
    for step in range(min(steps, 0), max(steps, 0)):
        share = f.log(f.add(base, f.number(step)))
        total = f.add(total, share) if steps > 0 else f.minus(total, share)
    return total


def _shifted(x: Poly) -> tuple[Poly, int]:
    """An argument with its number above 0 and at most 1, and the whole number taken off."""
    number = x.get(ONE, 0)
    steps = ceil(number) - 1
    if not steps or abs(steps) > FARTHEST_SHIFT:
        return x, 0
    return {**x, ONE: whole(number - steps)}, steps


def _polygamma(order: int) -> Callable[[Field, Poly], Poly]:
    name, factorial = POLYGAMMA[order], (1, 1, 2, 6)[order]

    def function(f: Field, x: Poly) -> Poly:
        base, steps = _shifted(x)
        total = f.opaque(name, base)
        for step in range(min(steps, 0), max(steps, 0)):
            # psi(x + 1) = psi(x) + 1/x, and its derivatives
            share = f.power(f.add(base, f.number(step)), -1 - order)
            sign = (1 if steps > 0 else -1) * (-1) ** order
            total = f.add(total, f.scale(sign * factorial, share))
        return total

    return function


# Functions of arguments as they are.
OWN: dict[str, Callable[..., Poly]] = {
    "exp": lambda f, x: f.exp(x),
    "expm1": lambda f, x: f.minus(f.exp(x), f.number(1)),
    "log": lambda f, x: f.log(x),
    "log1p": lambda f, x: f.log(f.add(f.number(1), x)),
    "log2": _log_to(2),
    "log10": _log_to(10),
    "xlogy": lambda f, x, y: f.times(x, f.log(y)),
    "xlog1py": lambda f, x, y: f.times(x, f.log(f.add(f.number(1), y))),
    "sqrt": lambda f, x: f.power(x, HALF),
    "where": _where,
    "max": _larger,
    "min": _smaller,
    "eq": _equal,
    "ne": lambda f, a, b: f.minus(f.number(1), f.call("eq", a, b)),
    "gt": lambda f, a, b: f.lifted(f.above, f.minus(a, b)),
    "lt": lambda f, a, b: f.lifted(f.above, f.minus(b, a)),
    "ge": lambda f, a, b: f.minus(f.number(1), f.call("lt", a, b)),
    "le": lambda f, a, b: f.minus(f.number(1), f.call("gt", a, b)),
    "and": lambda f, a, b: f.times(f.truth(f.closed(a)), f.truth(f.closed(b))),
    "not": lambda f, a: f.minus(f.number(1), f.truth(f.closed(a))),
    "or": lambda f, a, b: f.minus(f.number(1), f.times(f.call("not", a), f.call("not", b))),
    "erf": _erf,
    "erfc": lambda f, x: f.minus(f.number(1), f.call("erf", x)),
    "root": lambda f, x: f.power(x, HALF),
    "shift": lambda f, code, by, size: f.opaque("shift", code, by, size),
}

# Functions of arguments without dummies and indicators.
LIFTED: dict[str, Callable[..., Poly]] = {
    "abs": _abs,
    "sign": _sign,
    **{name: _trigonometric(name) for name in ("sin", "cos", "tan")},
    **{name: _hyperbolic(name) for name in ("sinh", "cosh", "tanh")},
    **{name: _odd(name) for name in ("asin", "atan")},
    "acos": lambda f, x: f.minus(f.scale(HALF, f.pi()), f.call("asin", x)),
    "normal_cdf": _normal_cdf,
    "lgamma": _lgamma,
    **{name: _polygamma(order) for order, name in enumerate(POLYGAMMA)},
}
