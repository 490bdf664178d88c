"""A column that says which rows belong together: clusters of observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._bind import Bound
from gdsym.data._python import entry_from
from gdsym.data._sources import tables_of
from gdsym.data._table import Coded, Demand, Entry, Table, code_numbers, named, shown
from gdsym.errors import DataError, UsageError, did_you_mean


def groups_of(sources: Sequence[Any], column: Any, bound: Bound) -> NDArray[np.intp]:
    """A code 0..G-1 for each row that was bound.

    column: the name of one in `sources` (paths and tables, as for `bind_tables`), or an array
    with an entry for each row, also for those that were left out. Raises DataError where there is
    no such column, or one with missing values or another number of rows.
    """
    name, table = "the clusters", None
    if isinstance(column, str):
        name = f"`{shown(column)}`"
        # As text, so that 01 and 1 are two clusters where the file keeps them apart.
        demand = Demand(needed=lambda n: n == column, as_text=lambda n: n == column)
        table = _holder(column, tables_of(sources, demand))
        entry = table.entries[column]
    else:
        entry = entry_from(column, "cluster")
    total = bound.n_rows if bound.dropped is None else bound.dropped.total
    if entry.shape != (total,):
        found = f"{entry.shape[0]:,} rows" if len(entry.shape) == 1 else f"shape {entry.shape}"
        raise DataError(f"cluster: {name} has {found}, and the data have {total:,} rows")
    coded = _coded(entry, name)
    codes = coded.codes if bound.dropped is None else coded.codes[bound.dropped.kept]
    if np.any(codes < 0):
        row = int(np.flatnonzero(codes < 0)[0])
        row = row if bound.dropped is None else int(bound.dropped.kept[row])
        at = f"row {row + 1}" if table is None else table.row_text(row)
        raise DataError(f"cluster: {name} has no value in {at}")
    groups: NDArray[np.intp] = np.unique(codes, return_inverse=True)[1]
    return groups


def _coded(entry: Entry, name: str) -> Coded:
    if entry.kind not in ("number", "text"):
        raise DataError(f"cluster: {name} holds {entry.kind}, but numbers or text are wanted")
    values = entry.values()
    return values if isinstance(values, Coded) else code_numbers(values)


def _holder(column: str, tables: Sequence[Table]) -> Table:
    holders = [table for table in tables if column in table.names]
    if len(holders) == 1:
        return holders[0]
    if holders:
        names = f"{holders[0].name} and {holders[1].name}"
        raise UsageError(f"cluster: `{shown(column)}` stands in two sources, {names}")
    known = [name for table in tables for name in table.names]
    mend = did_you_mean(column, known) or f"the columns are {named(known)}"
    raise UsageError(f"cluster: there is no column `{shown(column)}`\nhelp: {mend}")
