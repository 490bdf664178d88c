"""`method auto`: which method, and why, from what the module knows of its objective.

One table, from the structure that tells most to the one that tells least. A method is taken only
where the module gives what it needs and the numbers it would make are not too many.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

NAME = "auto"
# What is always there and needs nothing.
PLAIN = "lbfgs"

# The most parameters whose matrix of second derivatives a method is given in each step, and the
# most operations to make it: parameters^2 times rows.
MOST_PARAMETERS = 1000
MOST_OPERATIONS = 2 * 10**10
# The most parameters of a method that keeps pieces of a convex objective with kinks.
FEW_PARAMETERS = 200


class Choice(NamedTuple):
    """A method's name, and the reason in words."""

    method: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table looks at.

    `structure` and `proximal` are the module's `STRUCTURE` and `PROXIMAL`; `size` counts the
    parameters, 0 where no data have been seen, `rows` the rows; `consts` are the values in force.
    `bent` holds where parameters are reached by a change of variables.
    """

    structure: Mapping[str, Any]
    proximal: tuple[Mapping[str, Any], ...]
    squares: bool
    size: int = 0
    rows: int = 0
    consts: Mapping[str, Any] | None = None
    bent: bool = False

    @property
    def holds(self) -> bool:
        """Whether the constants are as the structure takes them to be."""
        consts = self.consts or {}
        return all(
            _within(consts.get(name), ends)
            for name, ends in self.structure.get("given", {}).items()
        )

    @property
    def is_small(self) -> bool:
        """Whether a matrix of all second derivatives is worth its time."""
        work = self.size**2 * max(self.rows, 1)
        return self.size <= MOST_PARAMETERS and work <= MOST_OPERATIONS

    @property
    def kinks(self) -> list[str]:
        """The functions whose slope jumps, without those that have a proximal step."""
        return [text for text, order in self.structure.get("kinks", ()) if order < 2]

    @property
    def convex(self) -> bool:
        return bool(self.structure.get("convex")) and self.holds

    @property
    def linear(self) -> bool:
        """Whether the second derivatives are the same everywhere."""
        curvature = self.structure.get("curvature")
        return curvature is not None and bool(curvature["constant"]) and self.holds


def choose(facts: Facts, can: Callable[[str], bool]) -> Choice:
    """The first method of the table that fits; `can` tells which methods may be taken."""
    for method, fits, reason in _TABLE:
        if can(method) and fits(facts):
            return Choice(method, reason(facts))
    return Choice(PLAIN, _plain(facts))


def _counted(facts: Facts) -> str:
    if not facts.size:
        return ""
    return f"{facts.size:,} parameter{'' if facts.size == 1 else 's'}"


def _with_count(text: str) -> Callable[[Facts], str]:
    return lambda facts: ", ".join(part for part in (text, _counted(facts)) if part)


def _terms(facts: Facts) -> str:
    kinds = {
        ("l1" if not term["over"] else "norm", term["param"]): None for term in facts.proximal
    }
    return ", ".join(f"{kind} term on {param}" for kind, param in kinds)


def _plain(facts: Facts) -> str:
    if facts.kinks:
        return f"a kink in `{facts.kinks[0]}`"
    return _counted(facts) or "the gradient alone"


_Rule = tuple[str, Callable[[Facts], bool], Callable[[Facts], str]]
_TABLE: tuple[_Rule, ...] = (
    (
        "proximal",
        lambda facts: bool(facts.proximal) and not facts.kinks and facts.holds,
        _terms,
    ),
    (
        "gauss_newton",
        lambda facts: facts.squares and facts.linear and facts.is_small and not facts.bent,
        _with_count("linear least squares"),
    ),
    (
        "newton",
        lambda facts: facts.convex and facts.is_small and not facts.kinks,
        _with_count("convex"),
    ),
    (
        "bundle",
        lambda facts: facts.convex and bool(facts.kinks) and facts.size <= FEW_PARAMETERS,
        lambda facts: f"convex, a kink in `{facts.kinks[0]}`",
    ),
    (
        "lm",
        lambda facts: facts.squares and facts.holds and facts.is_small and not facts.kinks,
        _with_count("sum of squares"),
    ),
    (
        "newton",
        lambda facts: facts.is_small and not facts.kinks,
        _with_count("exact second derivatives"),
    ),
)


def _within(value: Any, ends: Collection[float | None]) -> bool:
    """Whether all of a constant's entries lie between two ends, where None is no end."""
    import numpy as np

    if value is None:
        return True
    lower, upper = ends
    entries = np.asarray(value, dtype=np.float64)
    return bool(
        (lower is None or np.all(entries >= lower)) and (upper is None or np.all(entries <= upper))
    )
