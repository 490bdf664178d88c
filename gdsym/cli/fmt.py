"""`gdsym fmt`: the canonical layout of model and optimizer files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from gdsym.cli._diagnostics import Finding, chosen, findings_of, output_format, tell
from gdsym.errors import Diagnostic, GdsymError, Source, Span, UsageError


@click.command(short_help="Lay out model and optimizer files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, exit 1.")
@output_format
@click.pass_context
def command(context: click.Context, files: tuple[str, ...], check: bool, diff: bool) -> int:
    """Bring each FILE (`-`: stdin to stdout) into the canonical layout; in a directory, all `.gd`.

    \b
    Words, docs and comments stay as they are, and so does the meaning.
      gdsym fmt churn.gd
      gdsym fmt --check models
      gdsym fmt --diff churn.gd
    """
    from gdsym.files import write_atomically

    changed: list[Finding] = []
    wrong: list[GdsymError] = []
    for file in _files(files):
        try:
            before, after = _formatted(file)
        except GdsymError as error:
            wrong.append(error)  # the other files may be fine
            continue
        if file == "-" and not (check or diff):
            click.echo(after, nl=False)
            continue
        if before == after:
            continue
        changed.append(_finding(file, before, after))
        if diff:
            click.echo("\n".join(_diff(file, before, after)))
        elif check and chosen(context) == "full":
            click.echo(f"{file} would change")
        elif not check:
            write_atomically(file, after)
            click.echo(f"{file} changed", err=True)
    if wrong:
        tell([found for error in wrong for found in findings_of(error)], chosen(context), err=True)
        return wrong[0].exit_code
    if check and not diff and chosen(context) != "full" and (changed or chosen(context) == "json"):
        tell(changed, chosen(context), err=False)
    return 1 if changed and (check or diff) else 0


def _files(given: Sequence[str]) -> Iterator[str]:
    """The files, and those that end in `.gd` in what is a directory, in sorted order."""
    for path in given:
        if not os.path.isdir(path):
            yield path
            continue
        found = sorted(str(file) for file in Path(path).rglob("*.gd") if file.is_file())
        if not found:
            raise UsageError(f"there is no .gd file in the directory {path}")
        yield from found


def _finding(file: str, before: str, after: str) -> Finding:
    """The first line that would change."""
    old, new = before.splitlines(), after.splitlines()
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    start = sum(len(line) for line in before.splitlines(keepends=True)[:same])
    span = Span(
        start, start + len(before[start:].splitlines()[0]) if start < len(before) else start
    )
    diagnostic = Diagnostic("layout", "the layout would change", span, help=f"gdsym fmt {file}")
    return Finding(diagnostic, Source(file, before))


def _formatted(file: str) -> tuple[str, str]:
    """The text of a file as it is and as it should be, both with the line ends of the file."""
    from gdsym.files import read_text
    from gdsym.language.canonical import canonical

    if file == "-":
        content = sys.stdin.buffer.read()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"stdin is not UTF-8 text (offset {error.start})") from None
    else:
        text = read_text(file)
        with open(file, "rb") as stream:
            content = stream.read()
    after = canonical(text, "stdin" if file == "-" else file)
    if b"\r\n" in content:
        after = after.replace("\n", "\r\n")
    return content.decode("utf-8"), after


def _diff(file: str, before: str, after: str) -> Iterator[str]:
    from difflib import unified_diff

    yield from unified_diff(before.splitlines(), after.splitlines(), file, file, lineterm="")
