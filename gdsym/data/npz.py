"""Named arrays: an NPZ file. An array is read when a model needs it; pickled objects never are."""

from __future__ import annotations

import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gdsym.data._python import array_entry, dtype_kind
from gdsym.data._table import ALL, Coded, Demand, Entry, Table, shown
from gdsym.data.npy import load, read_header
from gdsym.errors import DataError

_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError,
    ValueError, OverflowError,
)  # fmt: skip
_DEFLATE_LIMIT = 1032  # deflate packs at most 1032 bytes into one


def read(path: Path, demand: Demand = ALL) -> Table:
    """The arrays of an NPZ file by name."""
    name = shown(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            entries = {m.filename[:-4]: _member(path, archive, m) for m in members}
    except _BROKEN as error:
        raise DataError(
            f"{name}: this is no NPZ file, or it is damaged: {shown(str(error), 200)}"
        ) from None
    if len(entries) != len(members):
        raise DataError(f"{name}: two arrays have the same name")
    if not entries:
        raise DataError(f"{name}: the file holds no arrays")
    return Table(name, entries, tuple(entries), tabular=False)


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    label = f"{shown(path.name)}, array `{shown(info.filename[:-4])}`"
    packed = info.compress_size
    if info.file_size > (packed + 1) * _DEFLATE_LIMIT:
        raise DataError(f"{label}: {info.file_size} bytes cannot come out of {packed}: damaged")
    try:
        with archive.open(info) as stream:
            dtype, shape = read_header(stream, label, info.file_size)
    except DataError as error:
        # Only an array that a model needs must be sound.
        return Entry("unreadable values", (), partial(_fail, str(error)))
    return Entry(dtype_kind(dtype), shape, partial(_load_member, path, info.filename, label))


def _fail(message: str) -> NDArray[Any] | Coded:
    raise DataError(message)


def _load_member(path: Path, member: str, label: str) -> NDArray[Any] | Coded:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            return array_entry(load(stream, label), label).values()
    except (*_BROKEN, OSError) as error:
        raise DataError(f"{label}: damaged: {shown(str(error), 200)}") from None
