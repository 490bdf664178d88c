"""`--bind NAME=COLUMN[,COLUMN...]` and `--bind NAME=FILE:COLUMNS`: the user's word on sources.

It takes the place of the model's `from`. The columns of a FILE serve this one name only.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gdsym.data._columns import Source, Wanted
from gdsym.data._read import ALIASES, formats, identity
from gdsym.data._table import named, shown
from gdsym.errors import UsageError, did_you_mean


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user wants a data to be made of; None: what the model says, of this file."""

    source: Source | None
    file: str | None


def choices(bind: Mapping[str, Any], data: Sequence[Wanted]) -> dict[str, Choice]:
    """The choices by data name. Raises UsageError for an unknown name and an unreadable choice."""
    names = {d.arg: d.name for d in data} | {d.name: d.name for d in data}
    found: dict[str, Choice] = {}
    for name, value in bind.items():
        if name not in names:
            known = f"its data are {named(d.name for d in data)}" if data else "it has no data"
            mend = did_you_mean(name, names) or known
            raise UsageError(f"bind: the model has no data `{shown(name)}`\nhelp: {mend}")
        found[names[name]] = _choice(name, value)
    return found


def chosen(d: Wanted, choice: Choice | None, sources: Sequence[Any]) -> Wanted:
    """The data with the user's choice in place of its source."""
    if choice is None:
        return d
    given = {identity(s) for s in sources if isinstance(s, (str, os.PathLike))}
    apart = choice.file is not None and identity(choice.file) not in given
    return replace(d, source=choice.source or d.source, chosen=True, file=choice.file, apart=apart)


def _choice(name: str, value: Any) -> Choice:
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value or not all(isinstance(column, str) for column in value):
            raise UsageError(f"bind: `{name}` is {value!r}, not names of columns")
        return Choice(Source(names=tuple(value)), None)
    if not isinstance(value, str) or not value.strip():
        raise UsageError(
            f"bind: `{name}` is {value!r}, not columns\n"
            f"help: {name}=age, {name}=age,bmi, {name}=FILE.csv:age, {name}=*"
        )
    file, columns = _split(value.strip())
    return Choice(_source(name, columns) if columns is not None else None, file)


def _split(text: str) -> tuple[str | None, str | None]:
    """The file and the columns of `FILE:COLUMNS`, `FILE` and `COLUMNS`."""
    suffixes = "|".join(re.escape(suffix) for suffix in (*formats(), *ALIASES))
    match = re.fullmatch(rf"(.+?(?:{suffixes}))(?::(.*))?", text, re.I | re.S)
    return (match[1], match[2] or None) if match else (None, text)


def _source(name: str, text: str) -> Source:
    columns = [column.strip() for column in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(columns):
        raise UsageError(f"bind: `{name}={text}` has a column without a name")
    if columns == ["*"]:
        return Source(every=True)
    if len(columns) == 1 and "*" in columns[0]:
        return Source(pattern=columns[0])
    return Source(names=tuple(columns))
