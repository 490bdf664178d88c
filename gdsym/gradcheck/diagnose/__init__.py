"""What is wrong with a claim: the seam where explanations are found."""

from __future__ import annotations

from collections.abc import Sequence

from gdsym.calculus.program import Program
from gdsym.gradcheck.points import Point
from gdsym.gradcheck.questions import Question
from gdsym.gradcheck.report import Finding


def diagnose(program: Program, question: Question, points: Sequence[Point]) -> tuple[Finding, ...]:
    return ()
