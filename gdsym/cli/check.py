"""`gdsym check`: are derivatives that were derived by hand right?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from gdsym.cli._diagnostics import echo, output_format
from gdsym.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gdsym.gradcheck import Report
    from gdsym.gradcheck.functions.report import FunctionReport


@click.command(short_help="Prove a hand-derived gradient, or show where it is wrong.")
@click.argument("model", type=click.Path())
@click.argument("more", nargs=-1, metavar="[NAME=DIMS]...")
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
    help="The time for the proof of one claim, or for one call of a function. [5]",
)
@click.option("--against", metavar="FUNCTION", help="A gradient: file.py:name or pkg.module:name.")
@click.option("--data", multiple=True, metavar="FILE", help="Its data, instead of random ones.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A constant, or a size.")
@click.option("--wrt", multiple=True, metavar="PARAM", help="The parameter it is a gradient by.")
@click.option(
    "--map", "maps", multiple=True, metavar="ARG=NAME", help="An argument's name in the model."
)
@click.option("--flat", is_flag=True, help="It takes all parameters as one vector.")
@click.option("--grad", metavar="FUNCTION", help="The gradient of a loss MODEL: file.py:name.")
@click.option("--at", metavar="FILE", help="The point for --grad, an .npy file.")
@click.option(
    "--shapes",
    multiple=True,
    metavar="NAME=DIMS...",
    help="For --grad: trace both functions, as `gdsym trace` does.",
)
@click.option("--params", metavar="NAMES", help="With --shapes: what the parameters are.")
@output_format
def command(
    model: str,
    more: tuple[str, ...],
    as_json: bool,
    points: int,
    seed: int,
    timeout: float,
    against: str | None,
    data: tuple[str, ...],
    sets: tuple[str, ...],
    wrt: tuple[str, ...],
    maps: tuple[str, ...],
    flat: bool,
    grad: str | None,
    at: str | None,
    shapes: tuple[str, ...],
    params: str | None,
) -> int:
    """Check every `claim` of MODEL, or a gradient in Python, against the exact derivative.

    \b
      gdsym check logistic.gd
      gdsym check logistic.gd --against mine.py:gradient
      gdsym check logistic.gd --against mine.py:gradient --data churn.csv --map theta=w
      gdsym check mine.py:loss --grad mine.py:gradient --at x0.npy
      gdsym check mine.py:loss --grad mine.py:gradient --shapes X=n,d y=n w=d

    A claim is PROVED (the formulas are equal), AGREES (equal at random points, but not proved),
    WRONG, or INCONCLUSIVE. Exit code 0 where all are proved or agree, else 1.
    """
    if against is not None and grad is not None:
        raise UsageError("--against is for a model, --grad for a loss in Python: one of them")
    if against is None and (data or sets or wrt or maps or flat):
        raise UsageError("--data, --set, --wrt, --map and --flat belong to --against FUNCTION")
    if more and not shapes:
        raise UsageError(f"one model was expected, and `{more[0]}` stands behind it")
    if grad is None and (at is not None or shapes or params):
        raise UsageError("--at, --shapes and --params belong to --grad FUNCTION")
    if grad is not None and (at is None) == (not shapes):
        raise UsageError(
            "--grad FUNCTION takes one of a point, --at FILE.npy, and what to trace it with, "
            "--shapes"
        )
    report: Report | FunctionReport
    if against is not None:
        from gdsym.cli._arguments import assignments
        from gdsym.gradcheck import check_gradient

        report = check_gradient(
            _existing(model),
            against,
            data=list(data) or None,
            set=assignments("--set", sets),
            wrt=wrt,
            map=_names(maps),
            flat=flat,
            points=points,
            seed=seed,
            seconds=timeout,
        )
    elif grad is not None:
        from gdsym.gradcheck import check_gradient

        report = check_gradient(
            model,
            grad,
            at=None if at is None else _array(at),
            shapes=[*shapes, *more] or None,
            params=params,
            points=points,
            seed=seed,
            seconds=timeout,
        )
    elif re.search(r"\.py:\w+$", model):
        raise UsageError(
            f"{model} is a function: give its gradient, --grad FUNCTION\n"
            f"help: as a model it can be checked, too: gdsym trace {model} --shapes ..."
        )
    else:
        from gdsym.files import read_text
        from gdsym.gradcheck import check_text

        report = check_text(read_text(model), model, points=points, seed=seed, seconds=timeout)
    _tell(report, as_json)
    return 0 if report.holds else 1


def _existing(model: str) -> Path:
    """A path, also where its name does not end in `.gd`."""
    from pathlib import Path

    return Path(model)


def _names(maps: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in maps:
        argument, _, name = (part.strip() for part in text.partition("="))
        if not argument.isidentifier() or not name.isidentifier():
            raise UsageError(f"--map {text}: argument=name was expected, such as --map theta=w")
        found[argument] = name
    return found


def _array(path: str) -> Any:
    import numpy as np

    from gdsym.files import near_files

    try:
        return np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}{near_files(path)}") from None
    except (OSError, ValueError, EOFError):
        raise UsageError(f"{path} is no .npy file: write it with numpy.save") from None


def _tell(report: Report | FunctionReport, as_json: bool) -> None:
    import json
    import sys

    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=1))
    else:
        echo(str(report), sys.stdout)
