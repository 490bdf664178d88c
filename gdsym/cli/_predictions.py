"""Predictions as a table: columns by name, and what each kind of output file is made of."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gdsym.errors import UsageError

if TYPE_CHECKING:
    from gdsym.data import Dropped
    from gdsym.run import Result

CSV, PARQUET = ("", ".csv"), (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Columns:
    """`values`: float64 by name, of one length; `usable`: False where a row has no prediction, or
    None where every row has one; `by_row`: whether the rows are those of the data."""

    values: dict[str, Any]
    usable: Any
    by_row: bool

    @property
    def n_rows(self) -> int:
        return len(next(iter(self.values.values())))


def columns_of(result: Result, predictions: Mapping[str, Any], dropped: Dropped | None) -> Columns:
    """A column per prediction and label. Predictions without rows go to stderr, or, where no other
    has rows, make up the only row."""
    import numpy as np

    row = result.module.ROW
    described = {p["name"]: p["dims"] for p in result.module.PREDICTIONS}
    by_row = {name: dims for name, dims in described.items() if row in dims}
    for name in described:
        if by_row and name not in by_row:
            click.echo(f"{name} = {np.asarray(predictions[name]).tolist()}", err=True)
    values: dict[str, Any] = {}
    for name, dims in (by_row or described).items():
        values |= dict(_columns(result, name, dims, np.asarray(predictions[name], dtype=float)))
    usable = None
    if by_row and dropped is not None and len(dropped.kept) < dropped.total:
        usable = np.zeros(dropped.total, dtype=bool)
        usable[dropped.kept] = True
    return Columns(values, usable, bool(by_row))


def _columns(
    result: Result, name: str, dims: tuple[str, ...], value: Any
) -> Iterator[tuple[str, Any]]:
    """The columns of one prediction by name: `p`, or `p[setosa]` for each label."""
    import numpy as np

    row = result.module.ROW
    others = [dim for dim in dims if dim != row]
    table = np.moveaxis(value, dims.index(row), 0) if row in dims else value[None]
    levels = [result.dims[d]["labels"] or range(result.dims[d]["size"]) for d in others]
    names = [f"{name}[{','.join(map(str, entry))}]" for entry in itertools.product(*levels)]
    flat = table.reshape(len(table), -1)
    yield from zip(names if others else [name], flat.T, strict=True)


def check_suffix(output: str) -> None:
    """Raises UsageError for the suffix of a format in which predictions are not written."""
    suffix = _suffix(output)
    if suffix not in (*CSV, *PARQUET):
        raise UsageError(
            f"cannot write {output}: predictions are written as .csv or .parquet, not {suffix}"
        )


def is_parquet(output: str) -> bool:
    return _suffix(output) in PARQUET


def _suffix(output: str) -> str:
    from pathlib import PurePath

    return PurePath(output).suffix.lower()


def as_csv(columns: Columns, kept: Mapping[str, Any]) -> str:
    """Kept columns first. A row without a prediction has empty cells there."""
    cells = [_cells(name, column) for name, column in kept.items()]
    for column in columns.values.values():
        values = column.tolist()  # floats with all their digits
        if columns.usable is not None:
            values = [v if u else "" for v, u in zip(values, columns.usable, strict=True)]
        cells.append(values)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*kept, *columns.values])
    writer.writerows(zip(*cells, strict=True))
    return out.getvalue()


def _cells(name: str, column: Any) -> list[str]:
    """A kept column as text: strings as they are, dates in ISO form, a null as nothing."""
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(column.type):
            words = [None if cell is None else str(cell) for cell in column.to_pylist()]
        else:
            words = column.cast(pa.large_string()).to_pylist()
    except pa.ArrowException:
        raise UsageError(
            f"`{name}` holds values of type {column.type}, which a CSV file cannot keep\n"
            "help: write a .parquet file"
        ) from None
    return ["" if word is None else word for word in words]


def as_parquet(columns: Columns, kept: Mapping[str, Any]) -> bytes:
    """Kept columns first, with their types. A row without a prediction has nulls there."""
    import pyarrow as pa
    from pyarrow import parquet

    mask = None if columns.usable is None else ~columns.usable
    predicted = {name: pa.array(v, mask=mask) for name, v in columns.values.items()}
    out = pa.BufferOutputStream()
    parquet.write_table(pa.table({**kept, **predicted}), out)
    return out.getvalue().to_pybytes()  # type: ignore[no-any-return]
