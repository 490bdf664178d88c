"""Where a value that is not finite was born: the place in the model, the first row, the values.

The problem's trace gives every let and subexpression for some rows. From the objective we go down
into the parts that are not finite, through the lets they name, to one whose own parts are finite.
Going down keeps to what matters: the masked half of a `where` may well be nan.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.errors import GdsymError
from gdsym.optimizers._iterate import Vector
from gdsym.run.generated import Module, Problem, Rows
from gdsym.run.objective import NOT_A_NUMBER

CHUNK = 8192  # rows traced at once: a trace keeps every intermediate value
MOST_VALUES = 6  # shown after `where`, each of at most so many numbers
MOST_NUMBERS = 4
LONGEST_TEXT = 80

_NAME = re.compile(r"[A-Za-z_]\w*")


class NotFiniteError(GdsymError):
    """The objective or its gradient is not finite where the fit starts."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A traced expression: the half-open range in the text where it stands, and its values."""

    key: str
    start: int
    stop: int
    text: str
    formula: str  # the text, and of a let what follows its `=`
    guarded: bool  # inside a `where`, which may not let it through
    values: Any

    @property
    def bad(self) -> bool:
        return not np.all(np.isfinite(self.values))

    def holds(self, other: _Place) -> bool:
        inside = self.start <= other.start and other.stop <= self.stop
        return inside and other.stop - other.start < self.stop - self.start


def explain(
    module: Module,
    problem: Problem,
    theta: Vector,
    f: float,
    when: str,
    data: Mapping[str, Any] | None = None,
    fixed: NDArray[np.bool_] | None = None,
) -> str:
    """`churn.gd:6:12: loss is nan at the start: log(mu) is nan in row 17, where mu = -0.3`.

    `f` is the value at theta; where it is finite, it is the gradient that is not. `when` says
    `at the start` or the like, `data` are the bound arrays by name, `fixed` the entries of theta
    that do not move (by default those of the model). Rows count from 1.
    """
    with np.errstate(all="ignore"):
        if np.isfinite(f):
            still = problem.fixed if fixed is None else fixed
            return _explain_gradient(module, problem, theta, when, still)
        # In the user's sign: a log-likelihood of -inf is minimised as +inf.
        value = module.OBJECTIVE["sign"] * f
        what = f"{module.OBJECTIVE['kind']} is {value:g} {when}"
        culprit, row = _find(module, problem, theta)
        line = module.OBJECTIVE["line"]
        at = "" if row is None else f" in row {row + 1}"
        if culprit is None:
            return f"{module.SOURCE_NAME}:{line}: {what}{at and ':' + at}"
        line, column, _ = module.PLACES[culprit.key]
        where = _values_in(module, problem, theta, culprit, row, data or {})
        return (
            f"{module.SOURCE_NAME}:{line}:{column}: {what}: "
            f"{_short(culprit.text)} is {_first_bad(culprit.values):g}{at}{where}"
            f"{_of_matrix(culprit)}"
        )


def _find(module: Module, problem: Problem, theta: Vector) -> tuple[_Place | None, int | None]:
    """The culprit and the first row it spoils; None for what is not known or does not depend."""
    if not problem.n_rows:
        return _culprit(module, problem, theta, np.arange(0)), None

    def spoilt(rows: Rows) -> bool:
        # A masked branch may be nan and harmless: where it can be asked, the objective decides.
        if module.MINIBATCH is not None:
            return _culprit(module, problem, theta, rows) is not None
        return not np.isfinite(_batch(problem, theta, rows)[0])

    row = _first_row(spoilt, problem.n_rows)
    if row is None:  # a total over rows, none of which is to blame
        return None, None
    culprit = _culprit(module, problem, theta, np.array([row]))
    if culprit is None:
        return None, row
    twice = _culprit(module, problem, theta, np.array([row, row]))
    by_row = twice is not None and np.size(twice.values) != np.size(culprit.values)
    return culprit, row if by_row else None


def _first_row(spoilt: Callable[[Rows], bool], n_rows: int) -> int | None:
    """The first row that is spoilt: chunk by chunk, then by halves; None where none is alone."""
    for first in range(0, n_rows, CHUNK):
        good, bad = first, min(first + CHUNK, n_rows)
        if not spoilt(np.arange(good, bad)):
            continue
        while bad - good > 1:
            middle = (good + bad) // 2
            if spoilt(np.arange(good, middle)):
                bad = middle
            else:
                good = middle
        return good if spoilt(np.array([good])) else None
    return None


def _batch(problem: Problem, theta: Vector, rows: Rows) -> tuple[float, Vector]:
    try:
        return problem.batch_value_and_grad(theta, rows)
    except NOT_A_NUMBER:
        return np.nan, np.full(len(theta), np.nan)


def _culprit(module: Module, problem: Problem, theta: Vector, rows: Rows) -> _Place | None:
    """The innermost place that is not finite and makes the objective so, in these rows."""
    try:
        traced = problem.trace(theta, rows)
    except NOT_A_NUMBER:
        return None
    places = _places(module, traced)
    lets = {place.key: place for place in places if place.key.isidentifier()}
    statements = _statements(module.SOURCE)
    current = _root(places, lets, statements)
    visited: set[str] = set()
    while current is not None and current.key not in visited:
        visited.add(current.key)
        if current.key in lets:
            whole = next(s for s in statements if s[0] <= current.start < s[1])
            inside = [p for p in places if whole[0] <= p.start < whole[1] and p.key not in lets]
        else:
            inside = [p for p in places if current.holds(p)]
        below = _outermost_bad(inside)
        if not below:
            names = [name for name in _NAME.findall(current.formula) if name in lets]
            below = [lets[name] for name in names if lets[name].bad and name not in visited]
        if not below:
            return current
        current = below[0]
    return current


def _root(
    places: Sequence[_Place], lets: Mapping[str, _Place], statements: Sequence[tuple[int, int]]
) -> _Place | None:
    """Where to begin: the objective's own expressions, else the last let that is not finite."""
    of_lets = [s for s in statements if any(s[0] <= let.start < s[1] for let in lets.values())]
    own = [p for p in places if not any(s[0] <= p.start < s[1] for s in of_lets)]
    roots = _outermost_bad(own) or [let for let in lets.values() if let.bad][-1:]
    return roots[0] if roots else None


def _outermost_bad(places: Sequence[_Place]) -> list[_Place]:
    """Those that no other of these places holds and that are not finite, in order of place;
    those that a `where` may mask come last."""
    outer = [p for p in places if not any(other.holds(p) for other in places)]
    return sorted((p for p in outer if p.bad), key=lambda p: (p.guarded, p.start))


def _places(module: Module, traced: Mapping[str, Any]) -> list[_Place]:
    line_starts = [0]
    for content in module.SOURCE.split("\n"):
        line_starts.append(line_starts[-1] + len(content) + 1)
    places = []
    masks = _masks(module.SOURCE)
    for key, values in traced.items():
        if key in module.PLACES:
            line, column, text = module.PLACES[key]
            start = line_starts[line - 1] + column - 1
            formula = text
            if key.isidentifier():
                stop = next(b for a, b in _statements(module.SOURCE) if a <= start < b)
                formula = module.SOURCE[start:stop].partition("=")[2]
            guarded = any(a < start < b for a, b in masks)
            places.append(_Place(key, start, start + len(text), text, formula, guarded, values))
    return places


def _masks(source: str) -> list[tuple[int, int]]:
    """The ranges of the calls of `where`."""
    ranges = []
    for call in re.finditer(r"\bwhere\s*\(", source):
        depth, stop = 1, call.end()
        while depth and stop < len(source):
            depth += {"(": 1, ")": -1}.get(source[stop], 0)
            stop += 1
        ranges.append((call.start(), stop))
    return ranges


def _statements(source: str) -> list[tuple[int, int]]:
    """The ranges of the statements: each begins with a letter at the start of a line."""
    starts = [match.start() for match in re.finditer(r"^[A-Za-z]", source, re.M)]
    return list(zip([0, *starts], [*starts, len(source) + 1], strict=True))


def _first_bad(values: Any) -> float:
    flat = np.ravel(np.asarray(values, dtype=np.float64))
    return float(flat[~np.isfinite(flat)][0])


def _of_matrix(culprit: _Place) -> str:
    """What a matrix lacks of which there is no inverse, or no logarithm of the determinant."""
    called = re.match(r"(logdet|inv|solve)\s*\(", culprit.text)
    if called is None:
        return ""
    negative = called[1] == "logdet" and np.isnan(_first_bad(culprit.values))
    return "; the determinant is negative" if negative else "; the matrix is singular"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def _values_in(
    module: Module,
    problem: Problem,
    theta: Vector,
    culprit: _Place,
    row: int | None,
    data: Mapping[str, Any],
) -> str:
    """`, where mu = -0.3`: what the culprit's names stand for, those of few numbers."""
    rows = np.arange(0) if row is None else np.array([row])
    if row is None and problem.n_rows:
        rows = np.array([0])
    known = {**problem.unpack(theta), **problem.trace(theta, rows)}
    for name, values in data.items():
        by_row = np.ndim(values) > 0 and np.shape(values)[0] == problem.n_rows
        known.setdefault(name, np.asarray(values)[row] if by_row and row is not None else values)
    shown = []
    for name in dict.fromkeys(_NAME.findall(culprit.formula)):
        if name in known and name != culprit.key and np.size(known[name]) <= MOST_NUMBERS:
            shown.append(f"{name} = {_numbers(known[name])}")
    return f", where {', '.join(shown[:MOST_VALUES])}" if shown else ""


def _numbers(value: Any) -> str:
    texts = [f"{number:.6g}" for number in np.ravel(np.asarray(value, dtype=np.float64))]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _explain_gradient(
    module: Module, problem: Problem, theta: Vector, when: str, fixed: NDArray[np.bool_]
) -> str:
    """Names the first coordinate whose derivative is not finite, and the first row, if one is."""
    _, g = problem.value_and_grad(theta)
    bad = np.flatnonzero(~np.isfinite(g) & ~fixed)
    if not len(bad):
        return f"{module.SOURCE_NAME}: the gradient in free coordinates is not finite {when}"
    place = int(bad[0])
    name = problem.theta_names[place]
    row = _first_bad_gradient_row(module, problem, theta, place)
    return (
        f"{module.SOURCE_NAME}:{module.OBJECTIVE['line']}: {module.OBJECTIVE['kind']} is finite "
        f"{when}, but its derivative with respect to {name} is {g[place]:g}, "
        f"where {name} = {theta[place]:.6g}" + ("" if row is None else f", first in row {row + 1}")
    )


def _first_bad_gradient_row(
    module: Module, problem: Problem, theta: Vector, place: int
) -> int | None:
    if not problem.n_rows or module.MINIBATCH is not None:
        return None

    def spoilt(rows: Rows) -> bool:
        return not np.isfinite(_batch(problem, theta, rows)[1][place])

    row = _first_row(spoilt, problem.n_rows)
    # A term without rows spoils every batch: then no row is to blame.
    last = np.array([problem.n_rows - 1])
    return None if row == 0 and problem.n_rows > 1 and spoilt(last) else row
