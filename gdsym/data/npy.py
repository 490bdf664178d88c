"""One array without a name: an NPY file. Pickled objects are never loaded.

The header is compared with the size of the file before anything is allocated. A record array is a
table with its fields as columns. See `_columns` for which data a lone array is meant for.
"""

from __future__ import annotations

import math
import tokenize
import warnings
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from gdsym.data._python import array_entry, dtype_kind
from gdsym.data._table import ALL, Coded, Demand, Entry, Table, shown
from gdsym.errors import DataError
from gdsym.files import reason

_BAD_HEADER = (
    ValueError, TypeError, SyntaxError, EOFError, MemoryError, RecursionError,
    OverflowError, tokenize.TokenError,
)  # fmt: skip


def read(path: Path, demand: Demand = ALL) -> Table:
    """The array of an NPY file, named after the file's stem; or the fields of a record array."""
    name = shown(path.name)
    with path.open("rb") as stream:
        dtype, shape = read_header(stream, name, path.stat().st_size)
        if dtype.names is not None:
            stream.seek(0)
            return _fields(name, load(stream, name))
    entry = Entry(dtype_kind(dtype), shape, partial(_load_file, path, name))
    return Table(name, {path.stem: entry}, (path.stem,), tabular=False, lone=True)


def read_header(stream: IO[bytes], name: str, size: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Dtype and shape that the header states, which must agree with the `size` of the file."""
    try:
        version = npy_format.read_magic(stream)
        # numpy warns about headers of Python 2 and old type codes; they are read all the same.
        with warnings.catch_warnings(action="ignore"):
            if version == (1, 0):
                shape, _, dtype = npy_format.read_array_header_1_0(stream)
            else:  # 3.0 differs from 2.0 only in the encoding of field names
                shape, _, dtype = npy_format.read_array_header_2_0(stream)
    except _BAD_HEADER:
        raise DataError(f"{name}: this is no NPY file, or its header is damaged") from None
    if dtype.hasobject:
        raise DataError(
            f"{name}: the file holds pickled Python objects, which can run code when they are "
            "loaded: refused\nhelp: save an array of numbers or of text"
        )
    stated = math.prod(shape) * dtype.itemsize
    found = size - stream.tell()
    if min(shape, default=0) < 0 or dtype.itemsize == 0:
        raise DataError(f"{name}: the header is damaged: shape {shape} of {dtype}")
    if stated != found:
        what = "truncated, or its header is wrong" if found < stated else "too long for its header"
        raise DataError(
            f"{name}: the file is {what}: shape {_shape(shape)} of {dtype} takes {stated} bytes, "
            f"and {found} are there"
        )
    return dtype, tuple(int(length) for length in shape)


def load(stream: IO[bytes], name: str) -> NDArray[Any]:
    """The array itself. Its header must have passed `read_header`."""
    try:
        with warnings.catch_warnings(action="ignore"):
            values = npy_format.read_array(stream, allow_pickle=False)
    except (*_BAD_HEADER, OSError) as error:
        raise DataError(f"{name}: the array cannot be read: {shown(str(error), 200)}") from None
    assert isinstance(values, np.ndarray)
    return values


def _load_file(path: Path, name: str) -> NDArray[Any] | Coded:
    try:
        with path.open("rb") as stream:
            return array_entry(load(stream, name), name).values()
    except OSError as error:
        raise DataError(f"{name}: cannot be read: {reason(error)}") from None


def _fields(name: str, records: NDArray[Any]) -> Table:
    entries = {field: array_entry(records[field], name) for field in records.dtype.names or ()}
    return Table(name, entries, tuple(entries), tabular=True)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape) or "()"
