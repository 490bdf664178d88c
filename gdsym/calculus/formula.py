"""The gd formulas of the function table, evaluated in whatever algebra a stage works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Protocol, TypeVar

from gdsym.language import syntax
from gdsym.language.functions import COMPARISONS
from gdsym.language.parse import parse_expression

T = TypeVar("T")


class Algebra(Protocol[T]):
    """What a formula needs: numbers and functions (`add`, `mul`, `inv`, `pow`, `exp`, ...)."""

    def number(self, value: Fraction) -> T: ...

    def call(self, op: str, *args: T) -> T: ...


@cache
def parsed(text: str) -> syntax.Expression:
    """The syntax of a formula of the table."""
    return parse_expression(text)


def evaluate(text: str, names: Mapping[str, T], algebra: Algebra[T]) -> T:
    """The value of a formula, its names bound to values of the algebra."""
    call: Callable[..., T] = algebra.call

    def value(expr: syntax.Expression) -> T:
        match expr:
            case syntax.Number():
                return algebra.number(expr.value)
            case syntax.Name():
                return names[expr.text]
            case syntax.Group():
                return value(expr.inner)
            case syntax.Unary(operator="-"):
                return call("mul", algebra.number(Fraction(-1)), value(expr.operand))
            case syntax.Power():
                return call("pow", value(expr.base), value(expr.exponent))
            case syntax.Call():
                return call(expr.function.text, *(value(arg) for arg in expr.arguments))
            case syntax.Chain():
                return chain(expr)
        raise ValueError(f"{text!r} is not a formula of the function table")

    def chain(expr: syntax.Chain) -> T:
        first, *rest = (value(operand) for operand in expr.operands)
        if expr.operators[0] in COMPARISONS:
            return call(COMPARISONS[expr.operators[0]], first, *rest)
        parts = [first]
        for operator, part in zip(expr.operators, rest, strict=True):
            match operator:
                case "-":
                    parts.append(call("mul", algebra.number(Fraction(-1)), part))
                case "/":
                    parts.append(call("pow", part, algebra.number(Fraction(-1))))
                case _:
                    parts.append(part)
        return call("add" if expr.operators[0] in "+-" else "mul", *parts)

    return value(parsed(text))
