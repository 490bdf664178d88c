"""Arrow IPC files and streams (Feather version 2 is the former), with pyarrow.

Only the columns that a model needs are read. See `_arrow` for the types.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdsym.data._arrow import damaged, sound, table
from gdsym.data._table import ALL, Demand, Table, shown
from gdsym.errors import DataError

_FILE = b"ARROW1"
_FEATHER_1 = b"FEA1"


def read(path: Path, demand: Demand = ALL) -> Table:
    """The needed columns of an Arrow IPC file or stream, whatever its suffix says it is."""
    name = shown(path.name)
    is_file = _is_file(path, name)
    with damaged(name, "Arrow"):
        with _reader(path, is_file) as reader:
            schema = reader.schema
        return table(name, schema, lambda names: _load(path, is_file, schema, names), demand)


def raw(path: Path, names: Sequence[str]) -> Any:
    """These columns as a pyarrow table, with their own types."""
    name = shown(path.name)
    is_file = _is_file(path, name)
    with damaged(name, "Arrow"):
        with _reader(path, is_file) as reader:
            schema = reader.schema
        return _load(path, is_file, schema, names)


def _is_file(path: Path, name: str) -> bool:
    with path.open("rb") as stream:
        first = stream.read(6)
    if first.startswith(_FEATHER_1):
        raise DataError(
            f"{name}: this is a Feather file of version 1, which is not read"
            "\nhelp: write it again as version 2, or as Parquet"
        )
    return first == _FILE


def _reader(path: Path, is_file: bool, fields: Sequence[int] | None = None) -> Any:
    import pyarrow as pa

    # Not mapped into memory: a mapped file that another program cuts short ends this one.
    source = pa.OSFile(str(path), "rb")
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    return (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source, options=options)


def _load(path: Path, is_file: bool, schema: Any, names: Sequence[str]) -> Any:
    fields = [schema.get_field_index(name) for name in names]
    # An empty list of fields means all of them to pyarrow.
    with _reader(path, is_file, fields or [0]) as reader:
        return sound(reader.read_all(), names)
