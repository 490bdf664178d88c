"""`gdsym predict`: what a fit says about new data."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gdsym.run import Result


@click.command(short_help="Compute a fit's predictions for data.")
@click.argument("fit")
@click.argument("data", nargs=-1)
@click.option("-o", "--output", metavar="OUT.csv", help="Where to write; stdout otherwise.")
def command(fit: str, data: tuple[str, ...], output: str | None) -> None:
    """Compute the predictions of FIT.json for the DATA files: one row out per row in.

    \b
      gdsym predict fit.json new.csv -o predictions.csv
    """
    from gdsym import api
    from gdsym.files import check_writable, write_atomically

    if output is not None:
        check_writable(output)
    result = api.load(fit)
    text = as_csv(result, result.predict(*data))
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(output, text)


def as_csv(result: Result, predictions: dict[str, Any]) -> str:
    """A column per prediction and label. Predictions without rows go to stderr, or, where no other
    has rows, make up the only row."""
    import numpy as np

    row = result.module.ROW
    described = {p["name"]: p["dims"] for p in result.module.PREDICTIONS}
    by_row = {name: dims for name, dims in described.items() if row in dims}
    for name in described:
        if by_row and name not in by_row:
            click.echo(f"{name} = {np.asarray(predictions[name]).tolist()}", err=True)
    columns: dict[str, list[float]] = {}
    for name, dims in (by_row or described).items():
        columns |= dict(_columns(result, name, dims, np.asarray(predictions[name], dtype=float)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))  # floats with all their digits
    return out.getvalue()


def _columns(
    result: Result, name: str, dims: tuple[str, ...], value: Any
) -> Iterator[tuple[str, list[float]]]:
    """The columns of one prediction by name: `p`, or `p[setosa]` for each label."""
    import numpy as np

    row = result.module.ROW
    others = [dim for dim in dims if dim != row]
    table = np.moveaxis(value, dims.index(row), 0) if row in dims else value[None]
    levels = [result.dims[d]["labels"] or range(result.dims[d]["size"]) for d in others]
    names = [f"{name}[{','.join(map(str, entry))}]" for entry in itertools.product(*levels)]
    flat = table.reshape(len(table), -1)
    yield from zip(names if others else [name], flat.T.tolist(), strict=True)
