"""`gdsym fit`: from a model and data files to fitted parameters."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gdsym.run import Progress, Record, Result


@click.command(short_help="Fit a model to data.")
@click.argument("model")
@click.argument("data", nargs=-1)
@click.option("-o", "--output", metavar="FIT.json", help="Write the fit, for `gdsym predict`.")
@click.option(
    "--method",
    metavar="NAME|RULE.gd",
    help="lbfgs, an update rule such as adam, or a rule file of your own. Without it the model's "
    "own `method`, or lbfgs.",
)
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another value of a constant, or another size of a dimension. Repeatable.",
)
@click.option(
    "--start",
    metavar="FIT.json|NAME=VALUE",
    multiple=True,
    help="Where to begin: an earlier fit, or the value of a parameter. Repeatable.",
)
@click.option("--batch-size", type=int, help="Rows per step of a rule.")
@click.option("--epochs", type=int, help="Passes over the rows by a rule.")
@click.option("--lr", type=float, help="Learning rate of a rule.")
@click.option("--seed", type=int, help="Of random starts and of the order of batches. [0]")
@click.option("--tol", type=float, help="Converged where the gradient is below this. [1e-8]")
@click.option("--max-iter", type=int, help="Limit of iterations.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(
    model: str,
    data: tuple[str, ...],
    output: str | None,
    method: str | None,
    settings: tuple[str, ...],
    start: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Fit MODEL to the DATA files (CSV, NPY, NPZ) and print the parameters.

    \b
      gdsym fit churn.gd churn.csv
      gdsym fit churn.gd churn.csv -o fit.json --set lam=0.1
      gdsym fit churn.gd churn.csv --method adam --lr 0.01 --batch-size 32 --epochs 20

    How columns were bound to names goes to stderr, the parameters to stdout. Ctrl-C ends the fit
    with what was reached.
    """
    from gdsym import api, run
    from gdsym.cli._arguments import assignments, model_path
    from gdsym.errors import UsageError
    from gdsym.files import check_writable

    if output is not None:
        check_writable(output)
    with _termination_as_interrupt():
        compiled = api.compile(model_path(model, data), update=run.rules_to_compile(method))
        if data and not compiled.module.DATA:
            raise UsageError(f"the model has no data: leave out {data[0]}")
        consts, sizes = compiled.settings(assignments("--set", settings))
        run.make_plan(
            compiled.module, method, options
        )  # a wrong option is told before data are read
        begin = run.read_start(list(start) or None)
        bound = compiled.bind(list(data), sizes, {})
        for line in bound.lines:
            click.echo(line, err=True)
        with _progress_line() as progress:
            result = run.fit(
                compiled.module,
                bound,
                consts=consts,
                method=method,
                options=options,
                start=begin,
                progress=progress,
            )
    if output is not None:
        result.save(output)
    _print(result, as_json)
    return result.exit_code


def _print(result: Result, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(result.to_json()))
    else:
        from gdsym.cli._report import report

        report(result)


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a fit as Ctrl-C does: with what was reached."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress_line() -> Iterator[Progress | None]:
    """A line on stderr that follows the fit and then disappears; none where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)
    with Live(console=console, transient=True, redirect_stdout=False) as live:

        def show(record: Record) -> None:
            live.update(
                Text(
                    f"{record.iteration:,}  loss {record.objective:.8g}  "
                    f"gradient {record.grad_norm:.1e}  {record.seconds:.0f} s"
                )
            )

        yield show
