"""`gdsym show`: the loss and the gradient of a model as readable text."""

from __future__ import annotations

from pathlib import Path

import click

from gdsym.cli._diagnostics import output_format


@click.command(short_help="Print the loss and the gradient of a model.")
@click.argument("model", type=click.Path())
@output_format
def command(model: str) -> None:
    """Print the loss of MODEL and its gradient as formulas.

    \b
      gdsym show churn.gd
    """
    from gdsym.api import show

    click.echo(show(Path(model)).rstrip("\n"))
