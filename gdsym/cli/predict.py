"""`gdsym predict`: what a fit says about new data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gdsym.cli._predictions import Columns


@click.command(short_help="Compute a fit's predictions for data.")
@click.argument("fit", type=click.Path())
@click.argument("data", nargs=-1, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="OUT.csv|OUT.parquet",
    help="Where to write, in the format of the suffix; CSV on stdout otherwise.",
)
@click.option("--keep", metavar="COLUMN,...", help="Columns of the data to write beside.")
@click.option(
    "--bind",
    "bindings",
    metavar="NAME=COLUMN,...",
    multiple=True,
    help="Take a data from other columns than the fit: NAME=COLUMN,... or NAME=FILE:COLUMN,... "
    "Repeatable.",
)
@click.option(
    "--missing",
    type=click.Choice(["error", "drop"]),
    default="error",
    help="What to do with missing and non-finite values: drop leaves the prediction of their row "
    "empty. [error]",
)
@click.option(
    "--unseen",
    type=click.Choice(["error", "null"]),
    default="error",
    help="What to do with levels that the fit has not seen: null leaves the prediction of their "
    "row empty. [error]",
)
def command(
    fit: str,
    data: tuple[str, ...],
    output: str | None,
    keep: str | None,
    bindings: tuple[str, ...],
    missing: str,
    unseen: str,
) -> None:
    """Compute the predictions of FIT.json for the DATA files: one row out per row in.

    \b
      gdsym predict fit.json new.csv -o predictions.csv
      gdsym predict fit.json new.parquet -o predictions.parquet --keep id,date --missing drop
    """
    from gdsym import api
    from gdsym.cli._arguments import bound_columns, names
    from gdsym.cli._predictions import as_csv, as_parquet, check_suffix, columns_of, is_parquet
    from gdsym.data import files_of
    from gdsym.files import check_no_input, check_writable, write_atomically

    if output is not None:
        check_suffix(output)
        check_writable(output)
        check_no_input(output, [fit, *(file for source in data for file in files_of(source))])
    kept_names = names("--keep", keep)
    bind = bound_columns(bindings)
    result = api.load(fit)
    predictions, bound = result.predict_bound(data, {}, missing, unseen, bind)
    if bound.dropped is not None and bound.n_rows < bound.dropped.total:
        click.echo(f"no prediction for {bound.dropped}", err=True)
    columns = columns_of(result, predictions, bound.dropped)
    kept = _kept(data, kept_names, columns)
    if output is None:
        click.echo(as_csv(columns, kept), nl=False)
    else:
        write_atomically(
            output, as_parquet(columns, kept) if is_parquet(output) else as_csv(columns, kept)
        )


def _kept(data: tuple[str, ...], keep: list[str], columns: Columns) -> dict[str, Any]:
    """The columns to write beside the predictions."""
    from gdsym.data import carried
    from gdsym.errors import UsageError

    if keep and not columns.by_row:
        raise UsageError("--keep: this model predicts nothing by row")
    twice = [name for name in keep if name in columns.values]
    if twice:
        raise UsageError(f"--keep {twice[0]}: a prediction has this name too")
    return carried(data, keep, columns.n_rows) if keep else {}
