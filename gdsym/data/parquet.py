"""Parquet files, with pyarrow: only the columns that a model needs are read.

See `_arrow` for the types. Page checksums are verified where the file has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gdsym.data._arrow import damaged, sound, table
from gdsym.data._table import ALL, Demand, Table, shown
from gdsym.errors import DataError

_MAGIC = b"PAR1"
_SHORTEST = 12  # both magics and the length of the footer
AT_ONCE = 1 << 15  # rows that are read together


def read(path: Path, demand: Demand = ALL) -> Table:
    """The needed columns of a Parquet file."""
    name = shown(path.name)
    _check_ends(path, name)
    with damaged(name, "Parquet"), _open(path) as file:
        parts = _parts(file) if file.metadata.num_rows > AT_ONCE else None
        return table(
            name, file.schema_arrow, lambda names: _load(file, names), demand, parts=parts
        )


def raw(path: Path, names: Sequence[str]) -> Any:
    """These columns as a pyarrow table, with their own types."""
    name = shown(path.name)
    with damaged(name, "Parquet"), _open(path) as file:
        return _load(file, names)


def _open(path: Path) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)


def _load(file: Any, names: Sequence[str]) -> Any:
    return sound(file.read(columns=list(names), use_threads=False), names)


def _parts(file: Any) -> Iterator[tuple[int, Callable[[Sequence[str]], Any]]]:
    """The groups of rows: how many, and what loads columns of them."""

    def load(group: int, names: Sequence[str]) -> Any:
        return sound(file.read_row_group(group, columns=list(names), use_threads=False), names)

    for group in range(file.metadata.num_row_groups):
        yield file.metadata.row_group(group).num_rows, partial(load, group)


def _check_ends(path: Path, name: str) -> None:
    with path.open("rb") as stream:
        first = stream.read(4)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 4))
        last = stream.read(4)
    if first == b"PARE" or last == b"PARE":
        raise DataError(f"{name}: encrypted Parquet files are not read")
    if first != _MAGIC:
        raise DataError(f"{name}: this is no Parquet file: it does not begin with `PAR1`")
    if last != _MAGIC or size < _SHORTEST:
        raise DataError(
            f"{name}: the file is truncated: it begins as Parquet, but has no footer"
            "\nhelp: fetch or write it again"
        )
