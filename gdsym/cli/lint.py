"""`gdsym lint`: what a model means, but its author hardly meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdsym.cli._diagnostics import Finding, chosen, output_format, tell
from gdsym.errors import UsageError

if TYPE_CHECKING:
    from gdsym.lint import Seen


@click.command(short_help="Find what a model hardly means.")
@click.argument("model", type=click.Path())
@click.argument("data", nargs=-1, type=click.Path())
@click.option(
    "--ignore",
    metavar="CODE,...",
    multiple=True,
    help="Leave out the findings of these codes. Repeatable.",
)
@output_format
@click.pass_context
def command(
    context: click.Context, model: str, data: tuple[str, ...], ignore: tuple[str, ...]
) -> int:
    """Print what MODEL means, but its author hardly meant; exit 1 where there are findings.

    \b
    With the DATA files it also sees how labels are coded and which columns number the rows.
      gdsym lint churn.gd
      gdsym lint churn.gd churn.csv
      gdsym lint churn.gd --ignore kink,scale

    `gdsym explain CODE` tells more about a finding.
    """
    from gdsym.files import read_text
    from gdsym.lint import lint

    if any(path.endswith(".gd") for path in data) and not model.endswith(".gd"):
        raise UsageError("the model comes first, then the data files: gdsym lint MODEL.gd DATA")
    path = Path(model)
    found = lint(
        read_text(path), model, _seen(path, data) if data else None, without=_codes(ignore)
    )
    if found:
        from gdsym.errors import Source

        source = Source(model, read_text(path))
        tell([Finding(f, source, "warning") for f in found], chosen(context), err=False)
    elif chosen(context) == "json":
        tell([], "json", err=False)
    return 1 if found else 0


def _codes(ignore: tuple[str, ...]) -> list[str]:
    from gdsym.errors import did_you_mean
    from gdsym.lint import rules

    codes = [code.strip() for listed in ignore for code in listed.split(",")]
    known = rules()
    for code in codes:
        if code not in known:
            mend = did_you_mean(code, known) or f"there are {', '.join(known)}"
            raise UsageError(f"--ignore {code}: there is no such finding\nhelp: {mend}")
    return codes


def _seen(path: Path, data: tuple[str, ...]) -> Seen:
    from gdsym.api import compile
    from gdsym.lint import Seen

    bound = compile(path).bind(list(data), {}, {})
    return Seen(bound.arrays, bound.columns)
