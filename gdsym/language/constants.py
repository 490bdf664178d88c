"""The values of constant expressions in float64, never exact and never slow.

`9**9**9` has 370 million digits; its logarithm does not, so `float` finds out at once that it is
too large. What cannot be told without data (sizes, constants that are set) has no value here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction


class NotFinite(Exception):
    """The expression has no finite value; the text says why."""


_FUNCTIONS: dict[str, Callable[..., float]] = {
    "neg": lambda x: -x,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
    "ne": lambda a, b: float(a != b),
    "and": lambda a, b: float(a != 0 and b != 0),
    "or": lambda a, b: float(a != 0 or b != 0),
    "not": lambda a: float(a == 0),
    "where": lambda c, a, b: a if c != 0 else b,
    "min": min,
    "max": max,
    "clip": lambda x, a, b: min(max(x, a), b),
    "sign": lambda x: float((x > 0) - (x < 0)),
    "abs": abs,
    **{
        name: getattr(math, name)
        for name in (
            *("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan"),
            *("asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "erf", "erfc", "lgamma"),
        )
    },
}


def apply(function: str, arguments: Sequence[float]) -> float | None:
    """The value, or None for a function without a plain one here. Raises NotFinite."""
    try:
        value = _apply(function, arguments)
    except OverflowError:
        raise NotFinite("is too large: the largest double is 1.797e308") from None
    except ZeroDivisionError:
        raise NotFinite("divides by zero") from None
    except ValueError:
        raise NotFinite("is not a real number") from None
    if value is None:
        return None
    if math.isnan(value):
        raise NotFinite("is not a number")
    if math.isinf(value) and not any(math.isinf(a) for a in arguments):
        raise NotFinite("is too large: the largest double is 1.797e308")
    return value


def _apply(function: str, arguments: Sequence[float]) -> float | None:
    match function:
        case "add":
            return math.fsum(arguments)
        case "mul":
            return math.prod(arguments)
        case "inv":
            return 1.0 / arguments[0]
        case "pow":
            return _power(*arguments)
    known = _FUNCTIONS.get(function)
    return known(*arguments) if known is not None else None


def _power(base: float, exponent: float) -> float:
    value = math.pow(base, exponent)
    if value == 0.0 and base != 0.0 and not math.isinf(exponent):
        raise NotFinite("is too small: the nearest double is 0")
    return value


def shown(value: float | Fraction) -> str:
    """A number as a person writes it: `3`, `0.1`, `1e-08`."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
