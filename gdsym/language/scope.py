"""What the names of a file mean while it is checked from top to bottom, and the errors so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from gdsym.errors import Diagnostic, Source, Span
from gdsym.language import syntax
from gdsym.language.model import Dims, Domain


@dataclass(frozen=True, slots=True)
class Value:
    """A declared name; `place` is its declaration, empty for what a rule is given.

    `kind` is data, parameter, constant or let; in a rule option, state, let or given value.
    """

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
    like: str | None = None  # another dimension, of the same size and labels
    less: tuple[str, int] | None = None  # another dimension, and what its size is more


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
    calls: list[Span] = field(default_factory=list)  # of functions of the file, being written out
    errors: list[Diagnostic] = field(default_factory=list)
    reported: set[tuple[str, Span]] = field(default_factory=set)
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
        """Records a diagnostic; a mistake in a function that is called twice counts once."""
        if (message, span) in self.reported:
            return
        self.reported.add((message, span))
        if self.calls:
            notes = (*notes, (self.calls[0], "called here"))
        self.errors.append(Diagnostic(kind, message, span, label, notes, help))

    def text(self, span: Span) -> str:
        """The user's own words, on one line and at most 40 characters long."""
        text = " ".join(self.source.text[span.start : span.stop].split())
        return text if len(text) <= 40 else text[:37] + "..."

    def root(self, dim: str) -> str:
        """The dimension that this one is like, itself where it is like none."""
        known = self.dims.get(dim)
        return known.like if known is not None and known.like is not None else dim

    def line(self, span: Span) -> int:
        return self.source.position(span.start)[0]
