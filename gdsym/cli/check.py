"""`gdsym check`: are derivatives that were derived by hand right?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gdsym.cli._diagnostics import echo, output_format

if TYPE_CHECKING:
    from gdsym.gradcheck import Report


@click.command(short_help="Prove a hand-derived gradient, or show where it is wrong.")
@click.argument("model", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=4,
    metavar="N",
    help="Compare at N random points. [4]",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Of the random points. [0]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    metavar="SECONDS",
    help="The time for the proof of one claim. [5]",
)
@output_format
def command(model: str, as_json: bool, points: int, seed: int, timeout: float) -> int:
    """Check every `claim` of MODEL against the exact derivative.

    \b
      gdsym check logistic.gd
      gdsym check logistic.gd --json

    A claim is PROVED (the formulas are equal), AGREES (equal at random points, but not proved),
    WRONG, or INCONCLUSIVE. Exit code 0 where all are proved or agree, else 1.
    """
    from gdsym.files import read_text
    from gdsym.gradcheck import check_text

    report = check_text(read_text(model), model, points=points, seed=seed, seconds=timeout)
    _tell(report, as_json)
    return 0 if report.holds else 1


def _tell(report: Report, as_json: bool) -> None:
    import json
    import sys

    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=1))
    else:
        echo(str(report), sys.stdout)
