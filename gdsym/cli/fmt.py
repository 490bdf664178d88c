"""`gdsym fmt`: the canonical layout of model and optimizer files."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from gdsym.cli._diagnostics import chosen, findings_of, output_format, tell
from gdsym.errors import GdsymError, UsageError


@click.command(short_help="Lay out model and optimizer files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, exit 1.")
@output_format
@click.pass_context
def command(context: click.Context, files: tuple[str, ...], check: bool, diff: bool) -> int:
    """Bring each FILE (`-`: stdin to stdout) into the canonical layout.

    \b
    Words, docs and comments stay as they are, and so does the meaning.
      gdsym fmt churn.gd
      gdsym fmt --check models/*.gd
      gdsym fmt --diff churn.gd
    """
    from gdsym.files import write_atomically

    changed = 0
    wrong: list[GdsymError] = []
    for file in files:
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
        changed += 1
        if diff:
            click.echo("\n".join(_diff(file, before, after)))
        elif check:
            click.echo(f"{file} would change")
        else:
            write_atomically(file, after)
            click.echo(f"{file} changed", err=True)
    if wrong:
        tell([found for error in wrong for found in findings_of(error)], chosen(context), err=True)
        return wrong[0].exit_code
    return 1 if changed and (check or diff) else 0


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
