"""What may be taken for granted of constants: their values in the text, as loosely as will do."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from gdsym.calculus.program import Program, reachable
from gdsym.calculus.structure.ranges import DOWN, ONE, UNIT, UP, ZERO, Range, ranges


def guesses(program: Program) -> Iterator[dict[str, Range]]:
    """Nothing; then the constants' signs; the side of 1 that they are on; their values."""
    yield {}
    values = stated(program)
    if values:
        yield signs(program)
        yield {name: _side(value) for name, value in values.items()}
        yield values


def signs(program: Program) -> dict[str, Range]:
    """The signs of the constants' values in the text."""
    return {name: _sign(value) for name, value in stated(program).items()}


def loosened(value: Range) -> Iterator[Range | None]:
    """What may be enough to know of a constant with this value, the least first."""
    yield from (None, _sign(value), _side(value), value)


def stated(program: Program) -> dict[str, Range]:
    """The range of the values that the text gives a constant, by name."""
    formulas = {key: node for key, node in program.formulas.items() if key.startswith("const ")}
    known = ranges(program, reachable(formulas.values()), {})
    found: dict[str, Range] = {}
    for key, node in formulas.items():
        _, name, _ = key.split()
        own = found.get(name, known[node])
        found[name] = Range(min(own.lower, known[node].lower), max(own.upper, known[node].upper))
    return found


def _sign(value: Range) -> Range:
    if value.lower >= ZERO:
        return UP
    return DOWN if value.upper <= ZERO else Range(-inf, inf)


def _side(value: Range) -> Range:
    if value.lower >= ONE:
        return Range(ONE, inf)
    return UNIT if value.lower >= ZERO and value.upper <= ONE else _sign(value)
