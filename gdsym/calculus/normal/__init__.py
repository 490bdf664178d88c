"""Proofs that two formulas are equal, by bringing their difference into a normal form.

Contractions are multiplied out into sums of products with indices, gathers and scatters become
indices that are codes, functions become exponentials, logarithms, powers and indicators. Terms
that sum over the same dimensions are compared summand by summand: over a common denominator, and
case by case where there are indicators.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from gdsym.calculus.normal.field import Field
from gdsym.calculus.normal.form import Former
from gdsym.calculus.normal.ring import GivenUp
from gdsym.calculus.normal.zero import vanishes
from gdsym.calculus.program import Node, Program

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Proof:
    """`proved`, or the reason why there is no proof."""

    proved: bool
    reason: str = ""


def prove_equal(
    program: Program,
    a: Node,
    b: Node,
    *,
    sizes: dict[str, int] | None = None,
    seconds: float = SECONDS,
) -> Proof:
    """Tries to prove that two nodes of a program are equal, wherever the declared domains allow.

    sizes: dimensions whose size is to count as this number. Equal almost everywhere is enough at
    kinks of the parameters. After `seconds` it gives up.
    """
    field = Field(monotonic() + seconds, model=program.model, given=sizes or {})
    former = Former(program, field)
    try:
        difference = field.minus(former.form(a), former.form(b))
        if vanishes(field, difference):
            return Proof(True)
    except GivenUp as reason:
        return Proof(False, str(reason))
    except RecursionError:
        return Proof(False, "the formula nests too deeply")
    return Proof(False, "the normal forms differ")
