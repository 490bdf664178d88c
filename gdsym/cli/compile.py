"""`gdsym compile`: the Python module of a model."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write the Python module of a model.")
@click.argument("model")
@click.option("-o", "--output", metavar="OUT.py", help="Where to write; stdout otherwise.")
@click.option(
    "--update",
    metavar="RULE,...",
    help="The rules whose update functions the module carries, shipped names or paths of rule "
    "files. Without it, those of the file's own `method`.",
)
def command(model: str, output: str | None, update: str | None) -> None:
    """Write the Python module that computes the loss and the gradient of MODEL.

    \b
    The module needs NumPy, but neither gdsym nor SymPy; it is yours.
      gdsym compile churn.gd -o churn.py
      gdsym compile churn.gd -o churn.py --update adam,momentum
    """
    from gdsym.api import compile
    from gdsym.files import check_writable, write_atomically

    if output is not None:
        check_writable(output)
    rules = None if update is None else [rule.strip() for rule in update.split(",")]
    text = compile(Path(model), update=rules).text
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text)
