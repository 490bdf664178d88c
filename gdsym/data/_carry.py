"""Columns that go from new data to the predictions as they are: an id, a date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdsym.data._read import read_raw
from gdsym.data._sources import tables_of
from gdsym.data._table import Demand, Table, named, shown
from gdsym.errors import DataError, did_you_mean

_NOTHING = Demand(needed=lambda name: False, as_text=lambda name: False)


def carried(paths: Sequence[str], names: Sequence[str], n_rows: int) -> dict[str, Any]:
    """These columns of the data files as pyarrow arrays of `n_rows` values, by name.

    Cells of text files are strings as they stand there; other files keep their types. Raises
    DataError for a column that no file has, or that two have, and for another number of rows.
    """
    tables = tables_of(paths, _NOTHING)
    columns = {}
    for name in names:
        table = _holder(name, tables)
        column = _column([part.path for part in table.parts or (table,)], name)
        if len(column) != n_rows:
            raise DataError(
                f"{table.name}: `{shown(name)}` has {len(column)} rows, but there are predictions "
                f"for {n_rows}"
            )
        columns[name] = column
    return columns


def _holder(name: str, tables: Sequence[Table]) -> Table:
    holders = [table for table in tables if name in table.names]
    if len(holders) == 1:
        return holders[0]
    if holders:
        raise DataError(f"`{shown(name)}` stands in {holders[0].name} and in {holders[1].name}")
    known = [column for table in tables for column in table.names]
    mend = did_you_mean(name, known) or f"the columns are {named(known)}"
    raise DataError(f"there is no column `{shown(name)}` to keep\nhelp: {mend}")


def _column(paths: Sequence[Path | None], name: str) -> Any:
    import pyarrow as pa

    parts = [read_raw(path, [name]).column(name) for path in paths if path is not None]
    try:
        tables = [pa.table({name: part}) for part in parts]
        return pa.concat_tables(tables, promote_options="permissive").column(name)
    except pa.ArrowException:
        kinds = dict.fromkeys(str(part.type) for part in parts)
        raise DataError(
            f"`{shown(name)}` has different types in these files: {', '.join(kinds)}"
        ) from None
