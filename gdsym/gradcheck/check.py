"""Checks every claim of a model."""

from __future__ import annotations

import os
from os.path import basename
from time import monotonic
from typing import Any

from gdsym.calculus.program import Program
from gdsym.errors import UsageError
from gdsym.files import read_text
from gdsym.gradcheck.diagnose import diagnose
from gdsym.gradcheck.judge import judge, meets
from gdsym.gradcheck.points import Point, point, sizes
from gdsym.gradcheck.questions import DIRECTION, Question, questions
from gdsym.gradcheck.report import WRONG, Report, Verdict
from gdsym.language.check import load_model

POINTS = 4
# Fewer rows than the points have, for a counterexample: the first that shows the mistake.
FEW_ROWS = (1, 2, 3)
SECONDS = 5.0


def check_claims(
    model: Any, *, points: int = POINTS, seed: int = 0, seconds: float = SECONDS
) -> Report:
    """The verdicts on the claims of a model: `gdsym check` in Python.

    model: a model text, a path, or a compiled model. points: at how many random points the claims
    are compared. seconds: the time for the proof of one claim. Raises `GdsymError` for a model
    with mistakes, or without claims.
    """
    text, name = source_of(model)
    return check_text(text, name, points=points, seed=seed, seconds=seconds)


def source_of(model: Any) -> tuple[str, str]:
    """The text of a model text, a path or a compiled model, and what messages call it."""
    if isinstance(model, str) and ("\n" in model or not model.rstrip().endswith(".gd")):
        return model, "model.gd"
    if isinstance(model, str | os.PathLike):
        path = os.fspath(model).rstrip()
        return read_text(path), path
    module = getattr(model, "module", model)
    source = getattr(module, "SOURCE", None)
    if not isinstance(source, str):
        found = type(model).__name__
        raise UsageError(f"a model is a text, a path or a compiled model, not a {found}")
    return source, str(module.SOURCE_NAME)


def check_text(
    text: str, name: str, *, points: int = POINTS, seed: int = 0, seconds: float = SECONDS
) -> Report:
    """The verdicts on the claims of a model text; `name` is what messages call it."""
    model = load_model(text, name)
    if not model.claims:
        mend = "write what you derived as `claim grad(w) = ...`"
        raise UsageError(f"{basename(name)} claims nothing that could be checked\nhelp: {mend}")
    program, asked = questions(model)
    deadline = monotonic() + seconds * len(asked)
    drawn = [point(model, sizes(model), seed + i) for i in range(points)]
    drawn = [_with_directions(program, at, i) for i, at in enumerate(drawn)]
    small = [
        _with_directions(program, point(model, sizes(model, rows), seed + 101 * rows), rows)
        for rows in FEW_ROWS
        if model.row is not None
    ]
    stated = sizes(model, declared=True)
    reading, certain = _reading(program, asked, drawn[:2])
    verdicts = []
    for question in asked:
        left = min(seconds, max(0.5, deadline - monotonic()))
        verdict = judge(program, question, reading, drawn, small, left, diagnose)
        if verdict.verdict == WRONG and stated != sizes(model):
            # It may count on a size that the text states: `/10` for a mean over 10 classes.
            large = [_with_directions(program, point(model, stated, seed + i), i) for i in (0, 1)]
            again = judge(program, question, reading, large, (), left, diagnose)
            verdict = again if again.holds else verdict
        if verdict.verdict == WRONG and not certain:
            other = judge(program, question, 1 - reading, drawn, small, left, diagnose)
            verdict = min(verdict, other, key=_unlikely)
        verdicts.append(verdict)
    return Report(model.name, model.source, tuple(verdicts))


def _reading(
    program: Program, asked: tuple[Question, ...], points: list[Point]
) -> tuple[int, bool]:
    """What the claims of a maximised objective are about: it, or its negative, but all the same.

    The one that more claims meet; the objective as written where that does not tell, which is
    not certain.
    """
    count = len(asked[0].readings)
    if count == 1:
        return 0, True
    met = [sum(meets(program, q, reading, points) for q in asked) for reading in range(count)]
    return met.index(max(met)), max(met) > 0


def _unlikely(verdict: Verdict) -> tuple[bool, int]:
    """How much has to be wrong with a claim if it is about this: one mistake, two, all."""
    kinds = [finding.kind for finding in verdict.diagnosis]
    return "unknown" in kinds, verdict.mistakes


def _with_directions(program: Program, at: Point, seed: int) -> Point:
    """The point with a value for every direction of a Hessian-vector product."""
    directions = [c for c in program.model.consts if c.name.startswith(DIRECTION)]
    if not directions:
        return at
    drawn = point(program.model, at.sizes, seed + 1000)
    return Point(at.sizes, at.values | {c.name: drawn.values[c.name] for c in directions})
