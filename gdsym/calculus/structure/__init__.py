"""The structure of what is minimised: one question per module.

They are asked of a program after `stabilise`. `structure` has the answers that a fit acts on;
predictors, parameters that enter linearly, invariances, symmetries and costs are for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gdsym.calculus.program import Leaf, Program, reachable
from gdsym.calculus.structure.constants import signs
from gdsym.calculus.structure.convexity import Convexity, convexity
from gdsym.calculus.structure.parts import Kink, Parts, parts
from gdsym.calculus.structure.ranges import Range
from gdsym.calculus.structure.smoothness import Smoothness, smoothness
from gdsym.calculus.structure.squares import Squares, squares


@dataclass(frozen=True, slots=True)
class Structure:
    """What is known of a program's value; its nodes are in the program's graph.

    `given`: what constants have to be for all of it, beyond their domains.
    """

    given: Mapping[str, Range]
    convexity: Convexity
    squares: Squares | None
    parts: Parts
    smoothness: Smoothness | None


def structure(program: Program, consts: Mapping[str, Range] | None = None) -> Structure:
    """The answers for a program, after `derive` or before.

    consts: the ranges of constants that are known; without it, what the domains say, and for
    convexity as little of the values in the text as is enough.
    """
    judged = convexity(program, consts)
    known, given = consts or {}, dict(judged.given) if consts is None else {}
    if consts is None:
        found = squares(program)
        known = judged.given if judged.convex else signs(program)
        weights = reachable(found.assumed) if found is not None else ()
        names = [leaf.name for leaf in weights if isinstance(leaf, Leaf) and leaf.kind == "const"]
        given |= {name: known[name] for name in names if name in known and name not in given}
    found = squares(program, known)
    return Structure(
        given=given,
        convexity=judged,
        squares=found,
        parts=_continuous(parts(program, known)) if judged.convex else parts(program, known),
        smoothness=smoothness(program, known),
    )


def _continuous(found: Parts) -> Parts:
    """The parts of a convex value: what jumps in it is the weight of a square, where that is 0."""
    kinks = (Kink(kink.node, kink.order or 2) for kink in found.kinks)
    return replace(found, kinks=tuple(kinks))
