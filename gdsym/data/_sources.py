"""From what a caller names to tables: patterns become files, and rows of equal tables are joined.

The files of one pattern are one table. So are several files of one format, or several tables in
memory, whose columns have the same names, in whatever order: rows follow in the order given, and
in the sorted order of a pattern's files. Everything else stays a table of its own, to be bound by
name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._python import is_table, table_from
from gdsym.data._read import files_of, format_of, identity, read
from gdsym.data._table import (
    Coded,
    Demand,
    Entry,
    Table,
    code_numbers,
    join_coded,
    named,
    shown,
)
from gdsym.errors import DataError


def tables_of(sources: Sequence[Any], demand: Demand) -> list[Table]:
    """The tables of these sources, those of equal columns joined by rows.

    Raises DataError for a source without names, a file that is given twice, and files of one
    pattern that do not have the same columns.
    """
    groups: dict[Any, list[Table]] = {}
    seen: set[str] = set()
    for i, source in enumerate(sources):
        if not isinstance(source, (str, os.PathLike)):
            table = _in_memory(source, demand)
            groups.setdefault(_key(table, "memory") if table.tabular else i, []).append(table)
            continue
        files = files_of(source)
        tables = []
        for file in files:
            real = identity(file)
            if real in seen:
                raise DataError(f"{shown(str(file), 200)} is given twice")
            seen.add(real)
            tables.append(read(file, demand))
        if len(files) > 1:
            _check_pattern(os.fspath(source), files, tables)
        for file, table in zip(files, tables, strict=True):
            key = _key(table, format_of(file)) if table.tabular else file
            groups.setdefault(key, []).append(table)
    return [joined(tables) if len(tables) > 1 else tables[0] for tables in groups.values()]


def _in_memory(source: Any, demand: Demand) -> Table:
    if is_table(source):
        return table_from(source, demand)
    raise DataError(
        f"data of type {type(source).__name__} have no names"
        '\nhelp: pass arrays by name (`X=...`), as a mapping `{"X": ...}`, or a data frame'
    )


def _key(table: Table, kind: str) -> tuple[str, frozenset[str]]:
    return kind, frozenset(table.names)


def _check_pattern(pattern: str, files: Sequence[Path], tables: Sequence[Table]) -> None:
    """Files of columns that one pattern names must be of one format and have the same columns."""
    if not any(table.tabular for table in tables):
        return
    first = tables[0]
    for file, table in zip(files[1:], tables[1:], strict=True):
        if not table.tabular or format_of(file) != format_of(files[0]):
            raise DataError(
                f"{shown(pattern, 200)}: {first.name} and {table.name} are of different formats, "
                "so their rows cannot follow each other\nhelp: name the files one by one"
            )
        lacks = [name for name in first.names if name not in table.names]
        more = [name for name in table.names if name not in first.names]
        if lacks or more:
            says = [f"{table.name} has no column {named(lacks)}"] if lacks else []
            says += [f"{first.name} has no column {named(more)}"] if more else []
            raise DataError(
                f"{shown(pattern, 200)}: the files do not have the same columns: "
                f"{', and '.join(says)}\n"
                "help: rows follow each other where all columns have the same names; "
                "name files that belong side by side one by one"
            )


def joined(tables: Sequence[Table]) -> Table:
    """One table of the rows of all of these, which have the same columns."""
    parts = tuple(_told_apart(tables))
    entries = {
        name: _joined_entry(name, parts) for name in parts[0].entries if name in parts[-1].entries
    }
    names = [part.name for part in parts]
    return replace(
        parts[0],
        name=" and ".join(names)
        if len(names) == 2
        else f"{names[0]}, ..., {names[-1]} ({len(names)} {_what(parts)})",
        entries=entries,
        parts=parts,
        path=None,
    )


def _what(parts: Sequence[Table]) -> str:
    return "files" if parts[0].is_file else "tables"


def _told_apart(tables: Sequence[Table]) -> list[Table]:
    """The tables under names that differ: numbers in memory, paths where file names repeat."""
    if not tables[0].is_file:
        return [replace(table, name=f"table {i}") for i, table in enumerate(tables, 1)]
    if len({table.name for table in tables}) == len(tables):
        return list(tables)
    return [replace(table, name=shown(str(table.path), 200)) for table in tables]


def _joined_entry(name: str, parts: Sequence[Table]) -> Entry:
    entries = [part.entries[name] for part in parts]
    kinds = list(dict.fromkeys(entry.kind for entry in entries))
    shape = (sum(entry.shape[0] for entry in entries),)
    if len(kinds) > 1 and set(kinds) != {"number", "text"}:
        other = next(i for i, entry in enumerate(entries) if entry.kind != kinds[0])
        words = {"number": "numbers"}
        return Entry(
            f"{words.get(kinds[0], kinds[0])} in {parts[0].name} and "
            f"{words.get(kinds[1], kinds[1])} in {parts[other].name}",
            shape,
            _nothing,
        )
    kind = "text" if "text" in kinds else kinds[0]
    read_all: Callable[[], NDArray[Any] | Coded] = (
        partial(_texts, entries) if kind == "text" else partial(_numbers, entries)
    )
    return Entry(kind, shape, read_all)


def _nothing() -> NDArray[Any]:
    raise AssertionError("a column of several kinds has no values")


def _numbers(entries: Sequence[Entry]) -> NDArray[Any]:
    parts = [entry.values() for entry in entries]
    # Where integers meet floats, those beyond 2^53 are rounded, as float64 rounds them anyway.
    return np.concatenate([part for part in parts if not isinstance(part, Coded)])


def _texts(entries: Sequence[Entry]) -> Coded:
    parts = [entry.values() for entry in entries]
    return join_coded([part if isinstance(part, Coded) else code_numbers(part) for part in parts])
