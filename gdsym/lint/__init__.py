"""What a model means, but its author hardly meant: one file of this folder per rule.

A file `NAME.py` holds a `CODE`, whose `name` stands in `warning[...]`, and a function `findings`
from a `Subject` to diagnostics. Codes are stable. A rule speaks where it is sure of what it sees;
what a model merely could have said better is not its business.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from gdsym.calculus.program import Program
from gdsym.compiler import stages
from gdsym.errors import Diagnostic, Source
from gdsym.language import syntax
from gdsym.language.codes import Code
from gdsym.language.model import Model
from gdsym.language.parse import parse


@dataclass(frozen=True, slots=True)
class Seen:
    """Data as they were bound: arrays and, where they come from a table, columns by data name."""

    arrays: dict[str, Any]
    columns: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in the forms that rules look at; `derived` has the gradient, `seen` may be None."""

    file: syntax.File
    model: Model
    derived: Program
    seen: Seen | None


class Rule(Protocol):
    """What a file of this folder is."""

    CODE: Code

    @staticmethod
    def findings(subject: Subject, /) -> Iterator[Diagnostic]: ...


def rules() -> dict[str, Rule]:
    """The rules by code, in alphabetical order."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    found: list[Any] = [
        import_module(f"gdsym.lint.{name}") for name in names if not name.startswith("_")
    ]
    return {rule.CODE.name: rule for rule in sorted(found, key=lambda rule: str(rule.CODE.name))}


def lint(
    text: str, name: str, seen: Seen | None = None, *, without: Iterable[str] = ()
) -> list[Diagnostic]:
    """The findings in a model text in order of place, but for the codes in `without`.

    `name` is what messages show. Raises SourceError where the text has mistakes.
    """
    made = stages(text, name)
    subject = Subject(parse(Source(name, text)), made.model, made.derived, seen)
    skipped = set(without)
    found = [
        finding
        for code, rule in rules().items()
        if code not in skipped
        for finding in rule.findings(subject)
    ]
    return sorted(found, key=lambda finding: (finding.span.start, finding.span.stop, finding.kind))
