"""How numbers and the terms of a sum are written: shared by all that print nodes."""

from __future__ import annotations

from fractions import Fraction

from gdsym.calculus.program import Map, Node, Number


def terminates(value: Fraction) -> bool:
    """True where the value has finitely many decimals."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def decimal(value: Fraction) -> str:
    """The nearest double, as its shortest text; an integer without a point.

    Raises OverflowError beyond the largest double, where a product of constants may lie.
    """
    if value.denominator == 1 and abs(value.numerator) < 2**53:
        return str(value.numerator)
    return repr(float(value))


def is_negative(node: Node) -> bool:
    """True for a term that shows a minus: a negative number, or a product that begins with one."""
    first = node.args[0] if isinstance(node, Map) and node.op == "mul" else node
    return isinstance(first, Number) and first.value < 0


def reading_order(node: Node) -> tuple[bool, bool, int]:
    """Positive terms first, numbers before the rest, larger arrays before smaller."""
    return is_negative(node), not isinstance(node, Number), -len(node.axes)
