"""`gdsym explain`: what the code of an error or a finding means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gdsym.language.codes import Code

WIDTH = 88


@click.command(short_help="Tell what a code of a message means.")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Tell what CODE means: the word in `error[shape]` or `warning[kink]`. Without it, list all.

    \b
      gdsym explain shape
      gdsym explain
    """
    from gdsym.errors import UsageError, did_you_mean

    codes = _codes()
    if code is None:
        width = max(map(len, codes))
        click.echo("\n".join(f"{name:<{width}}  {c.title}" for name, c in codes.items()))
        return
    if code.endswith(".gd"):
        raise UsageError(f"{code} is a model, and no code\nhelp: `gdsym show {code}`")
    match = re.fullmatch(r"(?:error|warning)\[(.*)\]|(.*)", code, re.DOTALL)
    name = (match[1] or match[2] or "") if match else ""
    if name not in codes:
        mend = did_you_mean(name, codes) or "`gdsym explain` lists all"
        raise UsageError(f"there is no code `{name}`\nhelp: {mend}")
    click.echo(_explanation(codes[name]))


def _codes() -> dict[str, Code]:
    """The codes of errors and of findings, and those of what is in no model."""
    from gdsym.language.codes import CODES, COMMANDS
    from gdsym.lint import rules

    found = {**CODES, **{name: rule.CODE for name, rule in rules().items()}}
    return dict(sorted({**found, **COMMANDS}.items()))


def _explanation(code: Code) -> str:
    from textwrap import fill, indent

    parts = [f"{code.name}: {code.title}", fill(code.text, WIDTH)]
    if code.wrong:
        parts += ["wrong:\n" + indent(code.wrong, "    "), "right:\n" + indent(code.right, "    ")]
    return "\n\n".join(parts)
