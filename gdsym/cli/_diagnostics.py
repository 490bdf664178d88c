"""Mistakes and findings as a person, an editor, a program or a forge reads them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import click

from gdsym import __version__
from gdsym.errors import DataError, Diagnostic, GdsymError, Source, SourceError, Span, render

FORMATS = ("full", "concise", "json", "github")
SCHEMA = "gdsym.diagnostics/1"

_META = "gdsym.output_format"
_HEADER = re.compile(r"(?m)^((?:\S.*?:\d+:\d+: )?)(error|warning)(\[[^\]\n]+\])?(?=: )")
_MARKS = re.compile(r"(?m)^( *\| \s*)([\^]+|-+)( .*)?$")
_HELP = re.compile(r"(?m)^help(?=: )")

C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic of a text, or (without a source) of the command or the data."""

    diagnostic: Diagnostic
    source: Source | None = None
    severity: str = "error"


def output_format(command: C) -> C:
    """The option `--output-format` of a command; `chosen` reads it."""

    def remember(ctx: click.Context, _: click.Parameter, value: str) -> None:
        ctx.meta[_META] = value

    return click.option(
        "--output-format",
        type=click.Choice(FORMATS),
        default="full",
        is_eager=True,  # before anything that may fail
        expose_value=False,
        callback=remember,
        help="Of errors and findings: full (with the place), concise (a line each), json, or "
        "github (annotations). [full]",
    )(command)


def chosen(context: click.Context | None) -> str:
    """The format that the command line asks for."""
    return str(context.meta.get(_META, "full")) if context is not None else "full"


def findings_of(error: GdsymError) -> list[Finding]:
    """An error, one finding per mistake."""
    if isinstance(error, SourceError):
        return [Finding(diagnostic, error.source) for diagnostic in error.diagnostics]
    message, _, mend = str(error).partition("\nhelp: ")
    kind = "data" if isinstance(error, DataError) else "usage"
    return [Finding(Diagnostic(kind, message, Span(0, 0), help=mend))]


def tell(findings: Sequence[Finding], form: str, *, err: bool) -> None:
    """Prints findings on stdout, or on stderr: errors."""
    stream = sys.stderr if err else sys.stdout
    if form == "full":
        echo("\n\n".join(map(_full, findings)), stream)
    elif form == "json":
        click.echo(_json(findings), file=stream)
    else:
        line = _concise if form == "concise" else _github
        click.echo("\n".join(map(line, findings)), file=stream)


def echo(text: str, stream: IO[str]) -> None:
    """Prints diagnostics, in colour where the stream is a terminal; see `wants_colour`."""
    colour = wants_colour(stream)
    click.echo(coloured(text) if colour else text, file=stream, color=colour)


def wants_colour(stream: IO[str]) -> bool:
    """NO_COLOR turns colour off, else FORCE_COLOR on, else a terminal has it."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def coloured(text: str) -> str:
    """Finished diagnostics with the header, the marks and the mend picked out."""

    def header(match: re.Match[str]) -> str:
        hue = "red" if match[2] == "error" else "yellow"
        word = match[2] + (match[3] or "")
        return click.style(match[1], bold=True) + click.style(word, fg=hue, bold=True)

    def marks(match: re.Match[str]) -> str:
        hue = "red" if match[2].startswith("^") else "blue"
        return match[1] + click.style(match[2] + (match[3] or ""), fg=hue)

    text = _MARKS.sub(marks, _HEADER.sub(header, text))
    return _HELP.sub(lambda match: click.style(match[0], fg="green", bold=True), text)


# -- one finding in each format ----------------------------------------------------------------


def _full(finding: Finding) -> str:
    if finding.source is not None:
        return render(finding.source, finding.diagnostic, finding.severity)
    mend = f"\nhelp: {finding.diagnostic.help}" if finding.diagnostic.help else ""
    return f"{finding.severity}: {finding.diagnostic.message}{mend}"


def _concise(finding: Finding) -> str:
    code = f"{finding.severity}[{finding.diagnostic.kind}]"
    text = f"{code}: {_one_line(finding.diagnostic.message)}"
    if finding.source is None:
        return text
    line, column = finding.source.position(finding.diagnostic.span.start)
    return f"{finding.source.name}:{line}:{column}: {text}"


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _github(finding: Finding) -> str:
    """A workflow command, which GitHub shows as an annotation of the line."""
    properties: dict[str, object] = {}
    if finding.source is not None:
        start, stop = _range(finding.source, finding.diagnostic.span)
        properties = {"file": finding.source.name, "line": start["line"]}
        properties |= {"endLine": stop["line"], "col": start["column"]}
        properties |= {"endColumn": stop["column"]}
    properties["title"] = f"gdsym {finding.diagnostic.kind}"
    listed = ",".join(f"{name}={_escaped(str(v), ':,')}" for name, v in properties.items())
    mend = f"\nhelp: {finding.diagnostic.help}" if finding.diagnostic.help else ""
    return f"::{finding.severity} {listed}::{_escaped(finding.diagnostic.message + mend)}"


def _escaped(text: str, further: str = "") -> str:
    for character in "%\r\n" + further:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _json(findings: Iterable[Finding]) -> str:
    import json

    entries = [_entry(finding) for finding in findings]
    count = [entry["severity"] for entry in entries].count
    summary = {"errors": count("error"), "warnings": count("warning")}
    envelope = {"schema": SCHEMA, "gdsym": __version__}
    return json.dumps(envelope | {"diagnostics": entries, "summary": summary}, indent=1)


def _entry(finding: Finding) -> dict[str, Any]:
    diagnostic, source = finding.diagnostic, finding.source
    entry: dict[str, Any] = {
        "code": diagnostic.kind,
        "severity": finding.severity,
        "message": diagnostic.message,
        "help": diagnostic.help or None,
        "path": source.name if source is not None else None,
    }
    if source is not None:
        entry["start"], entry["end"] = _range(source, diagnostic.span)
        entry["label"] = diagnostic.label or None
        entry["notes"] = []
        for span, text in diagnostic.notes:
            start, stop = _range(source, span)
            entry["notes"].append({"message": text, "start": start, "end": stop})
    return entry


def _range(source: Source, span: Span) -> tuple[dict[str, int], dict[str, int]]:
    """Where a span begins and where it has ended, counted from 1, in characters."""
    (line, column), (end_line, end_column) = map(source.position, (span.start, span.stop))
    return {"line": line, "column": column}, {"line": end_line, "column": end_column}
