"""`gdsym fit`: from a model and data files to fitted parameters."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from gdsym.cli._diagnostics import output_format

if TYPE_CHECKING:
    from gdsym.run import Progress, Record, Result


@click.command(short_help="Fit a model to data.")
@click.argument("model", type=click.Path())
@click.argument("data", nargs=-1, type=click.Path())
@click.option("-o", "--output", metavar="FIT.json", help="Write the fit, for `gdsym predict`.")
@click.option(
    "--method",
    metavar="NAME|RULE.gd",
    help="newton, lbfgs, an update rule such as adam, or a rule file of your own; with options, "
    "'adam(beta1=0.8)'. Without it the model's own `method`, or auto: by the structure.",
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
@click.option(
    "--fix",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="Keep a parameter, or an entry such as w[age], at its start or at a value. Repeatable.",
)
@click.option(
    "--bind",
    "bindings",
    metavar="NAME=COLUMN,...",
    multiple=True,
    help="Make a data of other columns than the model says: NAME=COLUMN,... or "
    "NAME=FILE:COLUMN,... Repeatable.",
)
@click.option(
    "--missing",
    type=click.Choice(["error", "drop"]),
    default="error",
    help="What to do with missing and non-finite values: drop leaves out their rows. [error]",
)
@click.option(
    "--history",
    metavar="FILE.csv",
    help="Write iteration, objective, grad_norm, step and seconds of every iteration or epoch.",
)
@click.option("--level", type=float, default=0.95, help="Of the confidence intervals. [0.95]")
@click.option(
    "--robust",
    flag_value="HC1",
    help="Standard errors that hold where the likelihood is wrong: a sandwich, times n/(n - p).",
)
@click.option("--hc0", "robust", flag_value="HC0", help="The same without the factor.")
@click.option(
    "--cluster",
    metavar="COLUMN",
    help="The same where rows with one value in this column belong together.",
)
@click.option("--batch-size", type=int, help="Rows per step of a rule.")
@click.option("--epochs", type=int, help="Passes over the rows by a rule.")
@click.option(
    "--shuffle",
    metavar="rows|blocks",
    help="What is shuffled before each pass of mini-batches: rows, or runs of neighbouring rows, "
    "which is faster and mixes less. [rows]",
)
@click.option(
    "--lr",
    metavar="RATE",
    help="Learning rate of a rule: a number, or an expression of the step such as 0.1/sqrt(t).",
)
@click.option("--seed", type=int, help="Of random starts and of the order of batches. [0]")
@click.option("--tol", type=float, help="Converged where the gradient is below this. [1e-8]")
@click.option("--max-iter", type=int, help="Limit of iterations.")
@click.option(
    "--backend",
    metavar="NAME",
    default="auto",
    help="What to compute with: numpy, numba for compiled loops, numexpr, or what pays. [auto]",
)
@click.option(
    "--threads",
    metavar="N",
    type=int,
    help="How many threads share the rows; the digits are the same. [the physical cores, 1 for "
    "few data]",
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    help="How data by rows are kept: float32 in half the memory. [float64]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@output_format
def command(
    model: str,
    data: tuple[str, ...],
    output: str | None,
    method: str | None,
    settings: tuple[str, ...],
    start: tuple[str, ...],
    fix: tuple[str, ...],
    bindings: tuple[str, ...],
    missing: str,
    history: str | None,
    backend: str,
    level: float,
    robust: str | None,
    cluster: str | None,
    threads: int | None,
    dtype: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Fit MODEL to the DATA files (CSV, TSV, Parquet, Arrow, NPY, NPZ) and print the parameters.

    \b
      gdsym fit churn.gd churn.csv
      gdsym fit churn.gd churn.csv -o fit.json --set lam=0.1
      gdsym fit churn.gd churn.csv --method adam --lr 0.01 --batch-size 32 --epochs 20

    How columns were bound to names goes to stderr, the parameters to stdout. Ctrl-C ends the fit
    with what was reached.
    """
    from gdsym import api, run
    from gdsym.cli._arguments import assignments, bound_columns, model_path
    from gdsym.data import files_of
    from gdsym.errors import UsageError
    from gdsym.files import check_no_input, check_writable

    api.check_threads("--threads", threads)
    rule = [method] if method is not None and method.endswith(".gd") else []
    for path in (output, history):
        if path is not None:
            check_writable(path)
            check_no_input(path, [model, *rule, *(f for source in data for f in files_of(source))])
    if output is not None and output == history:
        raise UsageError(f"-o and --history both name {output}")
    with _termination_as_interrupt():
        asked, options = run.read_method(method, options)
        compiled = api.compile(
            model_path(model, data),
            update=run.rules_to_compile(asked),
            schedules=run.schedules(options),
            backend=backend,
        )
        if data and not compiled.module.DATA:
            raise UsageError(f"the model has no data: leave out {data[0]}")
        consts, sizes = compiled.settings(assignments("--set", settings))
        run.make_plan(
            compiled.module, asked, options
        )  # a wrong option is told before data are read
        run.check(compiled.module, run.Asked(level, robust))
        begin = run.read_start(list(start) or None)
        keep = run.read_fix(fix)
        bound = compiled.bind(list(data), sizes, {}, bound_columns(bindings), missing, dtype)
        for line in bound.lines:
            click.echo(line, err=True)
        compiled, reason = compiled.suited(bound, asked, options)
        if reason:
            click.echo(reason, err=True)
        wanted = compiled.asked(bound, list(data), level, robust or False, cluster)
        with _progress_line() as progress:
            result = run.fit(
                compiled.module,
                bound,
                consts=consts,
                method=asked,
                options=options,
                start=begin,
                fix=keep,
                asked=wanted,
                threads=threads,
                progress=progress,
                say=lambda line: click.echo(line, err=True),
            )
    failures = _written(result, output, history)
    _print(result, as_json)
    if failures:
        raise UsageError("\n".join(failures))
    return result.exit_code


def _written(result: Result, output: str | None, history: str | None) -> list[str]:
    """Why files could not be written, if any: what was fitted is shown all the same."""
    from gdsym.errors import UsageError
    from gdsym.files import write_atomically
    from gdsym.run.fit_file import text_of

    failures = []
    texts: list[tuple[str | None, Callable[[Result], str]]]
    texts = [(output, text_of), (history, _history)]
    for path, text in texts:
        try:
            if path is not None:
                write_atomically(path, text(result))
        except UsageError as error:
            failures.append(str(error))
    return failures


def _history(result: Result) -> str:
    """A line per iteration, or epoch of mini-batches; a cell is empty where nothing is known."""
    lines = ["iteration,objective,grad_norm,step,seconds"]
    for iteration, *values in result.history:
        cells = ["" if math.isnan(value) else repr(float(value)) for value in values]
        lines.append(",".join([str(iteration), *cells]))
    return "\n".join(lines) + "\n"


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
