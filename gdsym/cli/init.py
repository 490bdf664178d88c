"""`gdsym init`: a model and data to start from."""

from __future__ import annotations

import os
from pathlib import Path

import click

STARTER = Path(__file__).parents[1] / "starter"


@click.command(short_help="Write a model and data to start from.")
@click.argument("directory", default=".", type=click.Path(), metavar="[DIR]")
def command(directory: str) -> None:
    """Write a model, its data and a README to DIR, this directory by default.

    \b
    A directory that is not there is made; no file is ever overwritten.
      gdsym init
      gdsym init seedlings
    """
    from gdsym.errors import UsageError
    from gdsym.files import reason, write_atomically

    files = sorted(path for path in STARTER.iterdir() if path.is_file())
    targets = [os.path.join(directory, file.name) for file in files]
    there = [target for target in targets if os.path.lexists(target)]
    if there:
        raise UsageError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already\n"
            "help: name another directory: gdsym init DIR"
        )
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise UsageError(f"{directory} is no directory")
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {directory}: {reason(error)}") from None
    for file, target in zip(files, targets, strict=True):
        write_atomically(target, file.read_text(encoding="utf-8"))
        click.echo(f"{target}", err=True)
    click.echo(f"next: gdsym fit {targets[-1]} {targets[1]}", err=True)
