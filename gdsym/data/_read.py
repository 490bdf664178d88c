"""From a path to a table: the file is looked at before a reader of its format opens it.

The formats are the modules of this folder whose names do not begin with an underscore; each is
named by its suffix and has `read(path, demand) -> Table`. Adding a format is adding a file.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import stat
from pathlib import Path

from gdsym.data._table import ALL, Demand, Table, shown
from gdsym.errors import DataError
from gdsym.files import near_files, reason

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def formats() -> tuple[str, ...]:
    """The suffixes that can be read: `.csv`, `.npy`, `.npz`."""
    here = [str(Path(__file__).parent)]
    names = sorted(module.name for module in pkgutil.iter_modules(here))
    return tuple(f".{name}" for name in names if not name.startswith("_"))


def read(path: str | os.PathLike[str], demand: Demand = ALL) -> Table:
    """The table in a file, by its suffix. Raises DataError for anything that is no such file."""
    file = Path(path)
    _check_regular(file)
    suffix = file.suffix.lower()
    known = formats()
    if suffix not in known:
        raise DataError(_unsupported(file, suffix, known))
    if file.stat().st_size == 0:
        raise DataError(f"{shown(file.name)}: the file is empty")
    try:
        table = importlib.import_module(f"gdsym.data{suffix}").read(file, demand)
    except OSError as error:
        name = shown(str(file), 200)
        raise DataError(f"{name}: cannot be read: {reason(error)}") from error
    assert isinstance(table, Table)
    return table


def _check_regular(file: Path) -> None:
    name = shown(str(file), 200)
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        raise DataError(f"there is no file {name}{near_files(file)}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{name}: cannot be read: {reason(error)}") from None
    if stat.S_ISDIR(mode):
        raise DataError(f"{name} is a directory\nhelp: name the data file in it")
    if not stat.S_ISREG(mode):
        what = "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
        raise DataError(f"{name} is {what}, no file\nhelp: write the data to a file and name that")


def _unsupported(file: Path, suffix: str, known: tuple[str, ...]) -> str:
    listed = f"{', '.join(known[:-1])} and {known[-1]}"
    what = f"{shown(suffix)} files are" if suffix else "files without a suffix are"
    message = f"{shown(file.name)}: {what} not supported yet; gdsym reads {listed}"
    if suffix in COMPRESSED:
        return f"{message}\nhelp: unpack the file first"
    if suffix in (".tsv", ".tab", ".txt"):
        return f"{message}\nhelp: write it with commas between the fields, as a .csv file"
    return f"{message}\nhelp: convert the file, or read it in Python and pass the table to fit()"
