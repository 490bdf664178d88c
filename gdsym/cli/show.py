"""`gdsym show`: the loss and the gradient of a model as readable text."""

from __future__ import annotations

from pathlib import Path

import click

from gdsym.cli._diagnostics import output_format

STAGES = ("syntax", "model", "program", "stable", "derived", "lowered", "plan", "module")


@click.command(short_help="Print the loss and the gradient of a model.")
@click.argument("model", type=click.Path())
@click.option("--hess", is_flag=True, help="The Hessian, block by block, instead.")
@click.option("--latex", is_flag=True, help="As a LaTeX `align*` environment.")
@click.option(
    "--stage",
    type=click.Choice(STAGES),
    metavar="NAME",
    help=f"Print what a stage of the compiler makes of the model instead: {', '.join(STAGES)}.",
)
@output_format
def command(model: str, hess: bool, latex: bool, stage: str | None) -> None:
    """Print the loss of MODEL and its gradient as formulas.

    \b
      gdsym show churn.gd
      gdsym show churn.gd --hess --latex
      gdsym show churn.gd --stage plan
    """
    from gdsym.errors import UsageError

    shown = " ".join(word for word, wanted in (("hess", hess), ("latex", latex)) if wanted)
    if shown and stage:
        option = "--" + shown.split()[-1]
        raise UsageError(f"{option} and --stage are two answers: choose one")
    if shown or stage:
        from gdsym.files import read_text
        from gdsym.stages import stage_text

        text = stage_text(read_text(model), model, stage or shown)
    else:
        from gdsym.api import show

        text = show(Path(model))
    click.echo(text.rstrip("\n"))
