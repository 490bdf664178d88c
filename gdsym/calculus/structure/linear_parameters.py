"""Which parameters enter linearly, when the others are held?

Of a sum of squares: those in which all residuals are affine together, so that they could be had by
linear least squares inside the search for the others (Golub and Pereyra, 1973).
"""

from __future__ import annotations

from gdsym.calculus.program import Program, reachable
from gdsym.calculus.structure.curvature import AFFINE, curvatures
from gdsym.calculus.structure.dependence import dependence
from gdsym.calculus.structure.ranges import ranges
from gdsym.calculus.structure.squares import Squares


def linear_parameters(program: Program, squares: Squares) -> tuple[str, ...]:
    """The names, taken in the order of the file as long as they stay affine together."""
    order = reachable(squares.residuals)
    known = ranges(program, order, {})
    found: list[str] = []
    for param in program.model.params:
        if param.fixed:
            continue
        depends = dependence(program, order, {*found, param.name})
        bends = curvatures(program.graph, order, depends, known)
        if all(bends[residual].bend == AFFINE for residual in squares.residuals):
            found.append(param.name)
    return tuple(found)
