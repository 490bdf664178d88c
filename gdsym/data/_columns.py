"""Which columns or arrays each data of a model is made of.

Enter: the data as a generated module describes them, and tables. Leave: one `Piece` per data. For
each data the first of these that applies:

1. an array passed by keyword;
2. an array of several axes with the data's own name (not in a file of columns);
3. the columns that the fit used, at prediction;
4. the columns that its `from` names, or the column or array with its own name;
5. in sources that are arrays, the array with its own name in place of what `from` names;
6. the array of an NPY file, where one such file and one such data are left.

A column that two sources have is an error, and so is a data that finds nothing: all of them are
listed in one message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsym.data._table import Coded, Demand, Entry, Table, named, parse_number, quoted, shown
from gdsym.errors import DataError, did_you_mean


@dataclass(frozen=True, slots=True)
class Source:
    """`from ...` of a data."""

    names: tuple[str, ...] = ()
    pattern: str | None = None
    every: bool = False
    excluded: tuple[str, ...] = ()

    def matches(self, name: str) -> bool:
        """Whether a column is named or caught by the pattern."""
        if name in self.names:
            return True
        if self.pattern is None or name in self.excluded:
            return False
        parts = (re.escape(part) for part in self.pattern.split("*"))
        return re.fullmatch(".*".join(parts), name, re.S) is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One data of the model. Without a `from`, its source is the column of its own name."""

    name: str
    arg: str
    dims: tuple[str, ...]
    domain: Mapping[str, Any]
    source: Source
    default: float | None

    @property
    def as_text(self) -> bool:
        """Whether its cells may be words: categories, and values with labels."""
        return self.domain.get("category") is not None or self.domain.get("labels") is not None

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(self.dims)}]" if self.dims else self.name


@dataclass(frozen=True, slots=True)
class Piece:
    """What a data is made of: columns side by side along its last axis, or one array."""

    table: Table
    names: tuple[str, ...]
    entries: tuple[Entry, ...]
    stacked: bool

    @property
    def shape(self) -> tuple[int, ...]:
        own = self.entries[0].shape
        return (*own, len(self.entries)) if self.stacked else own


def wanted(description: Mapping[str, Any], fitted: Mapping[str, Sequence[str]]) -> Wanted:
    """A data as a generated module describes it, with the columns of the fit if there is one."""
    name = description["name"]
    columns = description.get("columns")
    if name in fitted:
        source = Source(names=tuple(fitted[name]))
    elif columns:
        source = Source(
            names=tuple(columns.get("names", ())),
            pattern=columns.get("pattern"),
            every=bool(columns.get("every", False)),
            excluded=tuple(columns.get("excluded", ())),
        )
    else:
        source = Source(names=(name,))
    return Wanted(
        name=name,
        arg=description.get("arg", name),
        dims=tuple(description["dims"]),
        domain=description.get("domain") or {},
        source=source,
        default=description.get("default"),
    )


def demand_of(data: Sequence[Wanted], needed: Sequence[Wanted]) -> Demand:
    """The columns a reader must convert for the `needed` among all the data of a model."""

    def is_claimed(name: str) -> bool:
        return any(d.source.matches(name) for d in data)

    def users(name: str) -> Iterable[Wanted]:
        claimed = is_claimed(name)
        for d in needed:
            rest = d.source.every and not claimed and name not in d.source.excluded
            if rest or d.source.matches(name) or d.name == name:
                yield d

    return Demand(
        needed=lambda name: any(True for _ in users(name)),
        as_text=lambda name: any(d.as_text for d in users(name)),
    )


def locate(
    data: Sequence[Wanted],
    needed: Sequence[Wanted],
    tables: Sequence[Table],
    given: Mapping[str, Piece],
) -> tuple[dict[str, Piece], list[str]]:
    """The pieces of the needed data, and what `from *` left aside, in words.

    `data` are all the data of the model: what they name is claimed even where it is not needed.
    """
    pieces: dict[str, Piece] = dict(given)
    missing: dict[str, list[str]] = {}
    ignored: list[str] = []
    problems: list[str] = []
    for d in needed:
        if d.name in pieces:
            continue
        found, absent = _find(d, data, tables, ignored, problems)
        if found is not None:
            pieces[d.name] = found
        elif d.default is None:
            missing[d.name] = absent
    _bind_lone_array(tables, pieces, missing)
    if missing:
        without = [d for d in needed if d.name in missing]
        problems.append(_missing_message(without, missing, tables))
    if problems:
        raise DataError("\n\n".join(dict.fromkeys(problems)))
    return pieces, list(dict.fromkeys(ignored))


def _find(
    d: Wanted,
    data: Sequence[Wanted],
    tables: Sequence[Table],
    ignored: list[str],
    problems: list[str],
) -> tuple[Piece | None, list[str]]:
    own = [t for t in tables if not t.tabular and d.name in t.entries]
    axes = len(own[0].entries[d.name].shape) if own else 0
    if own and (own[0].lone or min(len(d.dims), axes) > 1):
        _holder(d.name, own, problems)
        return _whole(own[0], d.name), []
    by_rule = d.source.every or d.source.pattern is not None
    found, absent = (_by_rule if by_rule else _by_name)(d, data, tables, ignored, problems)
    if found is None and own:
        return _whole(own[0], d.name), []
    return found, absent


def _by_name(
    d: Wanted,
    data: Sequence[Wanted],
    tables: Sequence[Table],
    ignored: list[str],
    problems: list[str],
) -> tuple[Piece | None, list[str]]:
    names = d.source.names
    holders = [_holder(name, tables, problems) for name in names]
    present = [table for table in holders if table is not None]
    if len(present) < len(names):
        return None, [n for n, table in zip(names, holders, strict=True) if table is None]
    axes = len(present[0].entries[names[0]].shape)
    as_it_is = len(d.dims) <= 1 or axes > 1 or (names == (d.name,) and not present[0].tabular)
    if len(names) == 1 and as_it_is:
        return _whole(present[0], names[0]), []
    return _stack(d, names, present, problems)


def _whole(table: Table, name: str) -> Piece:
    return Piece(table, (name,), (table.entries[name],), stacked=False)


def _stack(
    d: Wanted, names: Sequence[str], tables: Sequence[Table], problems: list[str]
) -> tuple[Piece | None, list[str]]:
    if len(d.dims) != 2:
        problems.append(
            f"`{d}` has {len(d.dims)} axes and cannot be made of the {len(names)} columns "
            f"{named(names, 5)}\nhelp: columns stack into the last of two axes"
        )
        return None, []
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        problems.append(f"`{d}` names {named(twice)} twice")
        return None, []
    entries = tuple(t.entries[n] for n, t in zip(names, tables, strict=True))
    lengths = {entry.shape: (n, t) for n, t, entry in zip(names, tables, entries, strict=True)}
    if len(lengths) > 1:
        (shape, (a, s)), (other, (b, t)) = list(lengths.items())[:2]
        problems.append(
            f"`{shown(a)}` of {s.name} and `{shown(b)}` of {t.name} cannot stand side by side: "
            f"their shapes are {shape} and {other}"
        )
        return None, []
    if len(entries[0].shape) != 1:
        problems.append(f"{tables[0].name}: `{shown(names[0])}` is no column: {entries[0].shape}")
        return None, []
    return Piece(tables[0], tuple(names), entries, stacked=True), []


def _holder(name: str, tables: Sequence[Table], problems: list[str]) -> Table | None:
    holders = [table for table in tables if name in table.entries]
    if len(holders) > 1:
        problems.append(
            f"`{shown(name)}` stands in {holders[0].name} and in {holders[1].name}"
            "\nhelp: give only one of them, or rename one column"
        )
    return holders[0] if holders else None


def _by_rule(
    d: Wanted,
    data: Sequence[Wanted],
    tables: Sequence[Table],
    ignored: list[str],
    problems: list[str],
) -> tuple[Piece | None, list[str]]:
    """The columns of `from *` and of a pattern, in the order of the files."""
    names: list[str] = []
    holders: list[Table] = []
    for table in tables:
        if table.lone:
            continue
        if d.source.every:
            ignored += [f"column {i + 1} (no name)" for i in table.unnamed]
        for name, entry in table.entries.items():
            if not _takes(d, data, name, entry):
                continue
            if d.source.every and not d.as_text and entry.kind != "number":
                ignored.append(f"{shown(name)} ({entry.kind})")
                _check_no_number(d, table, name, entry, problems)
                continue
            _holder(name, tables, problems)
            names.append(name)
            holders.append(table)
    if not names:
        wanted_names = "any numeric column" if d.source.every else f"{d.source.pattern}"
        return None, [wanted_names]
    if len(d.dims) == 1 and len(names) == 1:
        return _whole(holders[0], names[0]), []
    return _stack(d, names, holders, problems)


def _takes(d: Wanted, data: Sequence[Wanted], name: str, entry: Entry) -> bool:
    if not d.source.every:
        return d.source.matches(name)
    if name in d.source.excluded or len(entry.shape) != 1:
        return False
    return not any(other.source.matches(name) for other in data)


_LIKE_A_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d.,_']*%?|0[xX][0-9a-fA-F]+", re.A)


def _is_like_a_number(text: str) -> bool:
    return _LIKE_A_NUMBER.fullmatch(text) is not None or parse_number(text) is not None


def _check_no_number(
    d: Wanted, table: Table, name: str, entry: Entry, problems: list[str]
) -> None:
    """`from *` must not lose a column of numbers because of a few cells that are none."""
    if entry.kind != "text":
        return
    coded = entry.values()
    assert isinstance(coded, Coded)
    present = coded.codes[coded.codes >= 0]
    alike = [code for code, text in enumerate(coded.texts) if _is_like_a_number(text)]
    if not alike or 2 * np.count_nonzero(np.isin(present, alike)) < len(present):
        return
    bad = [code for code, text in enumerate(coded.texts) if parse_number(text) is None]
    row = int(np.argmax(np.isin(coded.codes, bad)))
    line = table.line(row)
    where = f"row {row + 1} (line {line})" if line else f"row {row + 1}"
    problems.append(
        f"{table.name}: column `{shown(name)}` is numeric but for some cells: {where} holds "
        f"{quoted(coded.texts[int(coded.codes[row])])}\nhelp: mend the file, or leave the column "
        f'out of `{d.name}`: `from * except ["{shown(name)}"]`'
    )


def _bind_lone_array(
    tables: Sequence[Table], pieces: dict[str, Piece], missing: dict[str, list[str]]
) -> None:
    used = {id(piece.table) for piece in pieces.values()}
    left = [table for table in tables if table.lone and id(table) not in used]
    if len(left) == 1 and len(missing) == 1:
        (name,) = missing
        pieces[name] = _whole(left[0], left[0].names[0])
        del missing[name]


def _missing_message(
    needed: Sequence[Wanted], missing: Mapping[str, list[str]], tables: Sequence[Table]
) -> str:
    known = [name for table in tables for name in table.names]
    lone = [table for table in tables if table.lone]
    files = ", ".join(table.name for table in tables)
    if tables and len(lone) == len(tables):
        arrays = ", ".join(f"{d.name}={d.name}" for d in needed)
        several = "arrays without names" if len(tables) > 1 else "one array without a name"
        return (
            f"{files}: {several}, but the model needs {named(str(d) for d in needed)}"
            f"\nhelp: save them by name, `numpy.savez(path, {arrays})`, or as "
            + " ".join(f"{d.name}.npy" for d in needed)
        )
    wanted_names: dict[str, list[str]] = {}
    for d in needed:
        for name in missing[d.name]:
            wanted_names.setdefault(name, []).append(d.name)
    parts = []
    for name, users in wanted_names.items():
        users = [user for user in users if user != name]
        parts.append(f"`{shown(name)}`" + (f" (for `{'`, `'.join(users)}`)" if users else ""))
    if not tables:
        return f"the model needs data: {', '.join(parts)}\nhelp: name a data file, or pass arrays"
    what = "column" if any(table.tabular for table in tables) else "array"
    message = f"{files}: no {what} {', '.join(parts)}"
    near = {name: did_you_mean(name, known) for name in wanted_names}
    hints = [f"`{shown(name)}`: {hint}" for name, hint in near.items() if hint]
    hints += [
        f"`{d}` has {len(d.dims)} axes: `from *` or `from [...]` says which columns it is made of"
        for d in needed
        if len(d.dims) == 2 and d.source.names == (d.name,) and what == "column"
    ]
    have = f"the {what}s are {named(known)}" if known else f"there are no named {what}s"
    return f"{message}\nhelp: {'; '.join([*hints, have])}"
