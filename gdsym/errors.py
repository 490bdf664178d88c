"""Places in a source text, errors as values, and the one function that draws a caret.

Every error that a user can cause is a `GdsymError`. Those about a model text carry `Diagnostic`
values: what is wrong, where, where else to look, and the mend. Nothing below the command line
prints them; `str(error)` is the finished text.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of character offsets in a source text."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Source:
    """A model text and the name under which messages show it."""

    name: str
    text: str

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        offset = min(offset, len(self.text))
        line = self.text.count("\n", 0, offset) + 1
        return line, offset - (self.text.rfind("\n", 0, offset) + 1) + 1

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its end."""
        start = 0
        for _ in range(number - 1):
            start = self.text.find("\n", start) + 1
            if start == 0:
                return ""
        stop = self.text.find("\n", start)
        return self.text[start : stop if stop >= 0 else None].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: its kind (`shape`, `name`, ...), the place, the other places, the mend."""

    kind: str
    message: str
    span: Span
    label: str = ""
    notes: tuple[tuple[Span, str], ...] = ()
    help: str = ""


class GdsymError(Exception):
    """A mistake that the user can mend. Anything else that is raised is a defect of gdsym."""

    exit_code = 2


class SourceError(GdsymError):
    """Everything that is wrong with one model text, in order of place."""

    def __init__(self, source: Source, diagnostics: Iterable[Diagnostic]) -> None:
        self.source = source
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: (d.span.start, d.span.stop)))
        super().__init__("\n\n".join(render(source, d) for d in self.diagnostics))


class DataError(GdsymError):
    """A data file or array that does not fit the model."""


class UsageError(GdsymError):
    """An option, a name or a value on the command line or in a call that cannot be used."""


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`did you mean 'x'?` for the nearest known name, or nothing. cutoff: how near, up to 1."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=cutoff)
    return f"did you mean `{near[0]}`?" if near else ""


def render(source: Source, diagnostic: Diagnostic, severity: str = "error") -> str:
    """The full text of one diagnostic: header, the places underlined, the mend."""
    line, column = source.position(diagnostic.span.start)
    text = [f"{source.name}:{line}:{column}: {severity}[{diagnostic.kind}]: {diagnostic.message}"]
    places = [(diagnostic.span, "^", diagnostic.label)]
    places += [(span, "-", note) for span, note in diagnostic.notes]
    text += _excerpt(source, places)
    if diagnostic.help:
        text.append(f"help: {diagnostic.help}")
    return "\n".join(text)


_WIDTH = 120  # a longer line is shown in part


def _excerpt(source: Source, places: Sequence[tuple[Span, str, str]]) -> list[str]:
    located = sorted(
        ((*source.position(span.start), span, mark, label) for span, mark, label in places),
        key=lambda place: (place[0], place[3] == "^", place[1]),
    )
    width = len(str(max(line for line, *_ in located)))
    text = [f"{'':{width}} |"]
    shown: tuple[int, str] | None = None
    for line, column, span, mark, label in located:
        content, column = _part(source.line(line), column)
        if (line, content) != shown:
            text.append(f"{line:{width}} | {_printable(content)}".rstrip())
            shown = (line, content)
        length = max(1, min(span.stop - span.start, len(content) - column + 1))
        # A tab before the place stays a tab, so that the mark stands under it at any tab width.
        indent = "".join("\t" if c == "\t" else " " for c in content[: column - 1])
        text.append(f"{'':{width}} | {indent}{mark * length} {label}".rstrip())
    return text


def _part(line: str, column: int) -> tuple[str, int]:
    """The part of a line that is shown, and the column in it: a line may be a million long."""
    if len(line) <= _WIDTH:
        return line, column
    start = max(0, min(column - 1 - _WIDTH // 2, len(line) - _WIDTH))
    before = "..." if start else ""
    after = "..." if start + _WIDTH < len(line) else ""
    return before + line[start : start + _WIDTH] + after, column - start + len(before)


def _printable(text: str) -> str:
    """Control and other unprintable characters as escapes: a terminal must not obey them."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\u{ord(c):04x}" for c in text)
