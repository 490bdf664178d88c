"""Numbers as somebody would write them: `2*pi` for 6.283185307179586, `1/3` for 0.333..."""

from __future__ import annotations

import math
from fractions import Fraction

# Products and quotients that Python has computed before they were seen.
KNOWN = {
    math.pi: "pi",
    2 * math.pi: "2*pi",
    4 * math.pi: "4*pi",
    math.pi / 2: "pi/2",
    1 / math.pi: "1/pi",
    2 / math.pi: "2/pi",
    math.log(2 * math.pi): "log(2*pi)",
    math.log(2 * math.pi) / 2: "log(2*pi)/2",
    math.log(math.pi): "log(pi)",
    math.log(2): "log(2)",
    math.log(10): "log(10)",
    math.sqrt(2): "sqrt(2)",
    math.sqrt(3): "sqrt(3)",
    1 / math.sqrt(2): "1/sqrt(2)",
    math.sqrt(math.pi): "sqrt(pi)",
    2 / math.sqrt(math.pi): "2/sqrt(pi)",
    math.sqrt(2 * math.pi): "sqrt(2*pi)",
    1 / math.sqrt(2 * math.pi): "1/sqrt(2*pi)",
    math.sqrt(2 / math.pi): "sqrt(2/pi)",
    math.e: "exp(1)",
}
# Digits of a double: two that differ by less are the same number, computed in another order.
CLOSE = 4e-16
# A fraction of small numbers is one; a decimal of few digits stays as it is.
LARGEST_DENOMINATOR = 100
LONG = 8
DIGITS = 6


def number(value: float, *, known: bool = True) -> str:
    """The text of a number that is finite, or inf; a negative one begins with its sign.

    known: whether `pi` may be written; a model may have another meaning for it.
    """
    if isinstance(value, bool):
        return str(int(value))
    if value < 0:
        return f"-{number(-value, known=known)}"
    if math.isinf(value):
        return "inf"
    if isinstance(value, int) or (value.is_integer() and value < 1e15):
        return str(int(value))
    for exact, text in KNOWN.items():
        if abs(value - exact) <= CLOSE * exact and (known or "pi" not in text):
            return text
    text = repr(float(value))
    if len(text) > LONG:
        short = float(f"{value:.{DIGITS}g}")
        if abs(short - value) <= CLOSE * value:
            return repr(short)
        fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        if fraction and abs(float(fraction) - value) <= CLOSE * value:
            return f"{fraction.numerator}/{fraction.denominator}"
    return text
