"""Which columns or arrays each data of a model is made of.

Enter: the data as a generated module describes them, and tables. Leave: one `Piece` per data. For
each data the first of these that applies:

1. an array passed by keyword; where the user has chosen columns or a file (`--bind`), these alone;
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
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gdsym.data._blocks import Blocks
from gdsym.data._table import (
    Coded,
    Demand,
    Entry,
    FloatArray,
    Table,
    named,
    parse_number,
    quoted,
    shown,
)
from gdsym.errors import DataError, did_you_mean


@dataclass(frozen=True, slots=True)
class Source:
    """`from ...` of a data."""

    names: tuple[str, ...] = ()
    pattern: str | None = None
    every: bool = False
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One data of the model. Without a `from`, its source is the column of its own name."""

    name: str
    arg: str
    dims: tuple[str, ...]
    domain: Mapping[str, Any]
    source: Source
    default: float | None
    chosen: bool = False  # the source is the user's, not the model's
    file: str | None = None  # where the user says the source is
    apart: bool = False  # that file serves this name only

    @property
    def as_text(self) -> bool:
        """Whether its cells may be words: categories, and values with labels."""
        return self.domain.get("category") is not None or self.domain.get("labels") is not None

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(self.dims)}]" if self.dims else self.name


@dataclass(frozen=True, slots=True)
class Piece:
    """What a data is made of: columns side by side along its last axis, or one array.

    `array`: its numbers, where the reader of the file has already put them together.
    """

    table: Table
    names: tuple[str, ...]
    entries: tuple[Entry, ...]
    stacked: bool
    array: FloatArray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        own = self.entries[0].shape
        return (*own, len(self.entries)) if self.stacked else own


def put_together(pieces: Mapping[str, Piece]) -> dict[str, Piece]:
    """The pieces with their arrays, where their columns lie in blocks of one file.

    The memory of the blocks is free then, and their columns are read from these arrays.
    """
    by_file: dict[Blocks, dict[str, tuple[str, ...]]] = {}
    for name, piece in pieces.items():
        lying = [entry.block for entry in piece.entries if entry.block is not None]
        if len(lying) == len(piece.entries) and len({blocks for blocks, _ in lying}) == 1:
            by_file.setdefault(lying[0][0], {})[name] = tuple(column for _, column in lying)
    made = dict(pieces)
    for blocks, groups in by_file.items():
        for name, array in zip(groups, blocks.arrays(list(groups.values())), strict=True):
            flat = array if pieces[name].stacked else array[:, 0]
            made[name] = replace(pieces[name], array=flat)
    return made


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


def _claims(data: Sequence[Wanted]) -> Callable[[str], bool]:
    """Whether some of these data name a column, or have a pattern that catches it."""
    names = {name for d in data for name in d.source.names}
    patterns = [
        (re.compile(".*".join(re.escape(part) for part in d.source.pattern.split("*")), re.S), d)
        for d in data
        if d.source.pattern is not None
    ]

    def claimed(name: str) -> bool:
        return name in names or any(
            pattern.fullmatch(name) and name not in d.source.excluded for pattern, d in patterns
        )

    return claimed


def demand_of(data: Sequence[Wanted], needed: Sequence[Wanted]) -> Demand:
    """The columns a reader must convert for the `needed` among all the data of a model.

    What comes from a file of its own does not count.
    """
    data, needed = ([d for d in some if not d.apart] for some in (data, needed))
    claimed = _claims(data)
    every = [d for d in needed if d.source.every]
    own = {d.name: d for d in needed}

    def demanded(among: Sequence[Wanted]) -> Callable[[str], bool]:
        direct = _claims(among)
        rest = [set(d.source.excluded) for d in every if d in among]
        return lambda name: (
            direct(name)
            or own.get(name) in among
            or (not claimed(name) and any(name not in excluded for excluded in rest))
        )

    return Demand(demanded(needed), demanded([d for d in needed if d.as_text]))


@dataclass(frozen=True, slots=True)
class _Search:
    """Where `locate` looks, and what it has met on the way."""

    tables: Sequence[Table]
    claimed: Callable[[str], bool]
    ignored: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def locate(
    data: Sequence[Wanted],
    needed: Sequence[Wanted],
    tables: Sequence[Table],
    given: Mapping[str, Piece],
    own: Mapping[str, Sequence[Table]],
) -> tuple[dict[str, Piece], list[str]]:
    """The pieces of the needed data, and what `from *` left aside, in words.

    `data` are all the data of the model: what they name is claimed even where it is not needed.
    `own` are the tables of those for which the user named a file. Raises DataError for everything
    that is not found, and for what is found twice.
    """
    search = _Search(tables, _claims([d for d in data if not d.apart]))
    pieces: dict[str, Piece] = dict(given)
    missing: list[tuple[Wanted, str]] = []
    for d in needed:
        if d.name in pieces:
            continue
        looked = replace(search, tables=own[d.name]) if d.name in own else search
        found, absent = _find(d, looked)
        if found is not None:
            pieces[d.name] = found
        elif absent and d.file is not None:
            search.problems.append(_missing_message([(d, absent)], looked.tables))
        elif absent and (d.default is None or d.chosen):
            missing.append((d, absent))
    used = {id(piece.table) for piece in pieces.values()}
    left = [table for table in tables if table.lone and id(table) not in used]
    if len(left) == 1 and len(missing) == 1 and not missing[0][0].chosen:
        pieces[missing[0][0].name] = _whole(left[0], left[0].names[0])
        missing = []
    problems = search.problems + ([_missing_message(missing, tables)] if missing else [])
    if problems:
        raise DataError("\n\n".join(dict.fromkeys(problems)))
    return pieces, list(dict.fromkeys(search.ignored))


Found = tuple[Piece | None, str]  # a piece, or in words what there is not ("": reported already)


def _find(d: Wanted, search: _Search) -> Found:
    if d.chosen:
        # A file of one array is that array; in others only what the user names is looked for.
        if d.file is not None and len(search.tables) == 1 and search.tables[0].lone:
            return _whole(search.tables[0], search.tables[0].names[0]), ""
        rule = d.source.every or d.source.pattern is not None
        return (_by_rule if rule else _by_name)(d, search)
    own = [t for t in search.tables if not t.tabular and d.name in t.entries]
    axes = len(own[0].entries[d.name].shape) if own else 0
    if own and (own[0].lone or min(len(d.dims), axes) > 1):
        _holder(d.name, own, search)
        return _whole(own[0], d.name), ""
    if d.source.every or d.source.pattern is not None:
        found, absent = _by_rule(d, search)
    else:
        found, absent = _by_name(d, search)
    if absent and own:
        return _whole(own[0], d.name), ""
    return found, absent


def _by_name(d: Wanted, search: _Search) -> Found:
    names = d.source.names
    holders = {name: _holder(name, search.tables, search) for name in names}
    absent = [name for name, table in holders.items() if table is None]
    if absent:
        what = "column" if any(table.tabular for table in search.tables) else "array"
        return None, f"{what}{'s' if len(absent) > 1 else ''} {named(absent)}"
    present = [table for table in (holders[name] for name in names) if table is not None]
    axes = len(present[0].entries[names[0]].shape)
    as_it_is = len(d.dims) <= 1 or axes > 1 or (names == (d.name,) and not present[0].tabular)
    if len(names) == 1 and as_it_is:
        return _whole(present[0], names[0]), ""
    return _stack(d, names, present, search)


def _by_rule(d: Wanted, search: _Search) -> Found:
    """The columns of `from *` and of a pattern, in the order of the files."""
    names: list[str] = []
    holders: list[Table] = []
    matches = _claims([d])
    for table in search.tables:
        if table.lone:
            continue
        if d.source.every:
            search.ignored.extend(f"column {i + 1} (no name)" for i in table.unnamed)
        for name, entry in table.entries.items():
            if not (_rest(d, search, name, entry) if d.source.every else matches(name)):
                continue
            if d.source.every and not d.as_text and entry.kind != "number":
                search.ignored.append(f"{shown(name)} ({entry.kind})")
                _check_no_number(d, table, name, entry, search)
                continue
            _holder(name, search.tables, search)
            names.append(name)
            holders.append(table)
    if not names and search.problems:
        return None, ""
    if not names and d.source.every:
        return None, "numeric column that no other name claims"
    if not names:
        return None, f"column that matches `{shown(d.source.pattern or '')}`"
    if len(d.dims) == 1 and len(names) == 1:
        return _whole(holders[0], names[0]), ""
    return _stack(d, names, holders, search)


def _rest(d: Wanted, search: _Search, name: str, entry: Entry) -> bool:
    free = name not in d.source.excluded and not search.claimed(name)
    return free and len(entry.shape) == 1


def _whole(table: Table, name: str) -> Piece:
    return Piece(table, (name,), (table.entries[name],), stacked=False)


def _stack(d: Wanted, names: Sequence[str], tables: Sequence[Table], search: _Search) -> Found:
    entries = tuple(t.entries[n] for n, t in zip(names, tables, strict=True))
    by_shape = {entry.shape: i for i, entry in enumerate(entries)}
    twice = [name for name, count in Counter(names).items() if count > 1]
    if len(d.dims) != 2:
        search.problems.append(
            f"`{d}` has {len(d.dims)} {'axis' if len(d.dims) == 1 else 'axes'} and cannot be made "
            f"of the {len(names)} columns {named(names, 5)}"
            "\nhelp: columns stack into the last of two axes"
        )
    elif twice:
        search.problems.append(f"`{d}` names {named(twice)} twice")
    elif len(by_shape) > 1:
        (shape, i), (other, j) = list(by_shape.items())[:2]
        search.problems.append(
            f"`{shown(names[i])}` of {tables[i].name} and `{shown(names[j])}` of {tables[j].name} "
            f"cannot stand side by side in `{d.name}`: their shapes are {shape} and {other}"
        )
    elif len(entries[0].shape) != 1:
        search.problems.append(
            f"{tables[0].name}: `{shown(names[0])}` is no column: its shape is {entries[0].shape}"
        )
    else:
        return Piece(tables[0], tuple(names), entries, stacked=True), ""
    return None, ""


def _holder(name: str, tables: Sequence[Table], search: _Search) -> Table | None:
    holders = [table for table in tables if name in table.entries]
    if len(holders) > 1:
        search.problems.append(_ambiguous(name, holders[0], holders[1]))
    return holders[0] if holders else None


def _ambiguous(name: str, one: Table, other: Table) -> str:
    message = f"`{shown(name)}` stands in {one.name} and in {other.name}"
    mend = "give only one of them, rename one column, or choose with `--bind`"
    lacks = [
        f"{b.name} has no column {named([n for n in a.names if n not in b.names], 5)}"
        for a, b in ((one, other), (other, one))
        if not set(a.names) <= set(b.names)
    ]
    if one.tabular and other.tabular and lacks:
        mend += f"; rows follow each other where all columns are the same, but {', '.join(lacks)}"
    return f"{message}\nhelp: {mend}"


_LIKE_A_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d.,_']*%?|0[xX][0-9a-fA-F]+", re.A)


def _is_like_a_number(text: str) -> bool:
    return _LIKE_A_NUMBER.fullmatch(text) is not None or parse_number(text) is not None


def _check_no_number(d: Wanted, table: Table, name: str, entry: Entry, search: _Search) -> None:
    """`from *` must not lose a column of numbers because of a few cells that are none."""
    if entry.kind.startswith("decimals"):
        search.problems.append(
            f"{table.name}: column `{shown(name)}` holds {entry.kind}, which are not read as "
            "numbers\nhelp: cast it to a float, or leave the column "
            f'out of `{d.name}`: `from * except ["{shown(name)}"]`'
        )
    if entry.kind != "text":
        return
    coded = entry.values()
    assert isinstance(coded, Coded)
    present = coded.codes[coded.codes >= 0]
    alike = [code for code, text in enumerate(coded.texts) if _is_like_a_number(text)]
    bad = [code for code, text in enumerate(coded.texts) if parse_number(text) is None]
    if not bad or 2 * np.count_nonzero(np.isin(present, alike)) < len(present):
        return
    row = int(np.argmax(np.isin(coded.codes, bad)))
    search.problems.append(
        f"{table.name}: column `{shown(name)}` is numeric but for some cells: "
        f"{table.row_text(row)} holds "
        f"{quoted(coded.texts[int(coded.codes[row])])}\nhelp: mend the file, or leave the column "
        f'out of `{d.name}`: `from * except ["{shown(name)}"]`'
    )


def _missing_message(missing: Sequence[tuple[Wanted, str]], tables: Sequence[Table]) -> str:
    needed = [d for d, _ in missing]
    files = ", ".join(table.name for table in tables)
    if not tables:
        return (
            f"the model needs data: {named(str(d) for d in needed)}"
            "\nhelp: name a data file, or pass arrays"
        )
    if all(table.lone for table in tables):
        arrays = ", ".join(f"{d.name}={d.name}" for d in needed)
        several = "arrays without names" if len(tables) > 1 else "one array without a name"
        return (
            f"{files}: {several}, but the model needs {named(str(d) for d in needed)}"
            f"\nhelp: save them by name, `numpy.savez(path, {arrays})`, or as "
            + " ".join(f"{d.name}.npy" for d in needed)
        )
    what = "column" if any(table.tabular for table in tables) else "array"
    parts = [
        f"no {absent}" + ("" if d.source.names == (d.name,) else f" (for `{d.name}`)")
        for d, absent in missing
    ]
    known = [shown(name) for table in tables for name in table.names]
    names = dict.fromkeys(name for d in needed for name in d.source.names if name not in known)
    near = {name: did_you_mean(name, known) for name in names}
    hints = [f"for `{shown(name)}` {hint}" for name, hint in near.items() if hint]
    hints += [
        f"`{d}` has {len(d.dims)} axes: `from *` or `from [...]` says which columns it is made of"
        for d in needed
        if len(d.dims) == 2 and d.source.names == (d.name,) and what == "column"
    ]
    hints.append(f"the {what}s are {named(known)}" if known else f"there are no named {what}s")
    mend = hints[0]
    for hint in hints[1:]:
        mend += f" {hint}" if mend.endswith("?") else f"; {hint}"
    return f"{files}: {', '.join(parts)}\nhelp: {mend}"
