"""From a path to a table: the file is looked at before a reader of its format opens it.

The formats are the modules of this folder whose names do not begin with an underscore; each is
named by its suffix and has `read(path, demand) -> Table`; one of tables also has
`raw(path, names)`, its columns as pyarrow has them. Adding a format is adding a file.
"""

from __future__ import annotations

import glob
import importlib
import os
import pkgutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from gdsym.data._table import ALL, Demand, Entry, Table, shown
from gdsym.errors import DataError
from gdsym.files import near_files, reason

T = TypeVar("T")

# Other suffixes of the same formats.
ALIASES = {".tab": ".tsv", ".pq": ".parquet", ".ipc": ".arrow", ".arrows": ".arrow"}

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def formats() -> tuple[str, ...]:
    """The suffixes that can be read, in alphabetical order: `.arrow`, `.csv` and so on."""
    here = [str(Path(__file__).parent)]
    names = sorted(module.name for module in pkgutil.iter_modules(here))
    return tuple(f".{name}" for name in names if not name.startswith("_"))


def format_of(path: Path) -> str:
    """The suffix of a file's format, whichever of its suffixes the file has."""
    suffix = path.suffix.lower()
    return ALIASES.get(suffix, suffix)


def read(path: str | os.PathLike[str], demand: Demand = ALL) -> Table:
    """The table in a file, by its suffix. Raises DataError for anything that is no such file."""
    file = Path(path)
    _check_regular(file)
    before = _state(file)
    table = _opened(file, lambda module: module.read(file, demand))
    assert isinstance(table, Table)

    def whole(entry: Entry) -> Entry:
        return replace(entry, values=lambda: _unchanged(file, before, entry.values))

    entries = {name: whole(entry) for name, entry in table.entries.items()}
    return replace(table, path=file, entries=entries)


def read_raw(path: Path, names: Sequence[str]) -> Any:
    """These columns of a table as a pyarrow table, as they are in the file.

    Raises DataError for a file of arrays, which has no columns.
    """

    def columns(module: Any) -> Any:
        if not hasattr(module, "raw"):
            raise DataError(f"{shown(path.name)}: a file of arrays has no columns to keep")
        return module.raw(path, names)

    _check_regular(path)
    return _opened(path, columns)


def files_of(path: str | os.PathLike[str]) -> list[Path]:
    """The files that a path or a pattern (`*`, `?`, `[...]`, `**`) names, in sorted order.

    Raises DataError for a pattern that matches none. A file with such a name comes first.
    """
    text = os.fspath(path)
    if not glob.has_magic(text) or os.path.lexists(text):
        return [Path(text)]
    matches = glob.glob(text, recursive=True)
    found = sorted(name for name in set(matches) if not os.path.isdir(name))
    if not found:
        raise DataError(f"no file matches {shown(text, 200)}{near_files(text)}")
    return [Path(name) for name in found]


def identity(path: str | os.PathLike[str]) -> str:
    """A text that is the same for all paths of one file."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # a NUL character, a loop of links: reading will tell
        return os.fspath(path)


def _opened(file: Path, read_with: Callable[[Any], T]) -> T:
    """What the module of the file's format makes of it."""
    suffix, known = format_of(file), formats()
    if suffix not in known:
        raise DataError(_unsupported(file, file.suffix.lower(), known))
    if file.stat().st_size == 0:
        raise DataError(f"{shown(file.name)}: the file is empty")
    module = importlib.import_module(f"gdsym.data{suffix}")
    try:
        return _unchanged(file, _state(file), lambda: read_with(module))
    except OSError as error:
        name = shown(str(file), 200)
        raise DataError(f"{name}: cannot be read: {reason(error)}") from error


def _state(file: Path) -> tuple[int, int, int]:
    """What changes when somebody writes to a file, or puts another in its place."""
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _unchanged(file: Path, before: tuple[int, int, int], read_it: Callable[[], T]) -> T:
    """What reading gives, unless the file is no longer what it was: then it may be of two."""
    try:
        values = read_it()
    except (DataError, OSError):
        if _differs(file, before):
            raise _changed(file) from None
        raise
    if _differs(file, before):
        raise _changed(file)
    return values


def _differs(file: Path, before: tuple[int, int, int]) -> bool:
    try:
        return _state(file) != before
    except OSError:
        return True


def _changed(file: Path) -> DataError:
    return DataError(
        f"{shown(str(file), 200)}: the file changed while it was read"
        "\nhelp: wait until whatever writes it is done, or read a copy"
    )


def _check_regular(file: Path) -> None:
    name = shown(str(file), 200)
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        raise DataError(f"there is no file {name}{near_files(file)}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{name}: cannot be read: {reason(error)}") from None
    if stat.S_ISDIR(mode):
        raise DataError(f"{name} is a directory\nhelp: name the data files in it")
    if not stat.S_ISREG(mode):
        what = "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
        raise DataError(f"{name} is {what}, no file\nhelp: write the data to a file and name that")


def _unsupported(file: Path, suffix: str, known: tuple[str, ...]) -> str:
    listed = f"{', '.join(known[:-1])} and {known[-1]}"
    what = f"{shown(suffix)} files are" if suffix else "files without a suffix are"
    message = f"{shown(file.name)}: {what} not supported yet; gdsym reads {listed}"
    if suffix in COMPRESSED:
        return f"{message}\nhelp: unpack the file first"
    if suffix == ".txt":
        return f"{message}\nhelp: name it .csv if commas, .tsv if tabs separate the fields"
    return f"{message}\nhelp: convert the file, or read it in Python and pass the table to fit()"
