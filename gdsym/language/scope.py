"""What the names of a file mean while it is checked from top to bottom, and the errors so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from gdsym.errors import Diagnostic, Source, Span
from gdsym.language import syntax
from gdsym.language.model import Dims, Domain


@dataclass(frozen=True, slots=True)
class Value:
    """A declared name. `kind` is data, parameter, constant or let; `place` its declaration."""

    kind: str
    name: str
    dims: Dims
    place: Span
    domain: Domain
    depends: frozenset[str]  # kinds that it is computed from, its own included


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension as far as the text tells. `sized`: its size is declared or comes with data."""

    name: str
    place: Span
    size: int | None = None
    labels: tuple[str, ...] | None = None
    sized: bool = True
    declared: bool = False


@dataclass(slots=True)
class Scope:
    """Grows statement by statement. Names in `broken` had an error and cause no second one."""

    source: Source
    values: dict[str, Value] = field(default_factory=dict)
    dims: dict[str, Dimension] = field(default_factory=dict)
    functions: dict[str, syntax.Def] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    later: dict[str, Span] = field(default_factory=dict)
    axes: set[str] = field(default_factory=set)  # dimensions between the brackets of declarations
    row: str | None = None
    inlined: int = 0  # syntax nodes visited inside functions of the file so far
    errors: list[Diagnostic] = field(default_factory=list)
    suspects: set[str] = field(default_factory=set)  # dimensions that a shape error has named

    def error(
        self,
        kind: str,
        message: str,
        span: Span,
        label: str = "",
        notes: tuple[tuple[Span, str], ...] = (),
        help: str = "",
    ) -> None:
        """Records a diagnostic. A place inside a function that is inlined twice counts once."""
        diagnostic = Diagnostic(kind, message, span, label, notes, help)
        if diagnostic not in self.errors:
            self.errors.append(diagnostic)

    def text(self, span: Span) -> str:
        """The user's own words, on one line and at most 40 characters long."""
        text = " ".join(self.source.text[span.start : span.stop].split())
        return text if len(text) <= 40 else text[:37] + "..."

    def line(self, span: Span) -> int:
        return self.source.position(span.start)[0]
