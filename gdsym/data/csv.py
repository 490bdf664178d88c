"""Comma-separated text with a header line, in UTF-8; pyarrow parses and converts.

`tsv` is the same with tabs.

What holds for a file that is read:
- the file is UTF-8 (with or without a byte order mark), lines end in LF, CRLF or CR; blank lines
  are skipped; names and cells are stripped of spaces around them;
- a number is written with a decimal point and no separators; the nearest double is taken, so whole
  numbers beyond 2^53 are rounded; `true` and `false` are 1 and 0;
- an empty cell and, outside quotes, `NA`, `NaN`, `null` and their like are missing values;
- column types are judged on the whole file, never on its beginning.
Everything else is a DataError with its line.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gdsym.data import _arrow, _small, _stream
from gdsym.data._table import (
    ALL,
    MISSING,
    NUMBER,
    Coded,
    Demand,
    Entry,
    Table,
    parse_number,
    quoted,
    shown,
)
from gdsym.errors import DataError

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")

_ANYTHING = re.compile(rb"[^\r\n]")

_OTHER_FORMATS = (
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "save it as CSV"),
    (b"PAR1", "a Parquet file", "name it with the suffix .parquet"),
    (b"ARROW1", "an Arrow file", "name it with the suffix .arrow"),
    (b"\x93NUMPY", "an NPY file", "name it with the suffix .npy"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)


@dataclass(frozen=True, slots=True)
class _Text:
    """A file's bytes, and where its rows begin."""

    name: str
    data: bytes
    header: tuple[str, ...]
    body: int  # offset of the first byte after the header
    body_line: int  # its line
    separator: str


def read(path: Path, demand: Demand = ALL, separator: str = ",") -> Table:
    """The needed columns of a CSV file."""
    if path.stat().st_size > _stream.MIN_BYTES and (table := _streamed(path, demand, separator)):
        return table
    text = _open(path, separator)
    header = text.header
    needed, as_text = _chosen(header, demand)
    small = _small.entries(text.data[text.body :], len(header), needed, as_text, separator)
    entries = small if small is not None else _entries(text, needed, as_text)
    return _table(text.name, header, entries, partial(_line_of_row, text))


def _streamed(path: Path, demand: Demand, separator: str) -> Table | None:
    """The table of a large file, in little more memory than its numbers; None where the file is
    to be read whole, and it is told then what is wrong with it, if anything is."""
    with path.open("rb") as file:
        beginning = file.read(_stream.BLOCK)
    end = beginning.rfind(b"\n") + 1
    marked = beginning.startswith(codecs.BOM_UTF8)
    if end == 0 or marked or not _stream.is_readable(beginning[:end]):
        return None
    name = shown(path.name)
    try:
        head = _read_header(name, beginning[:end], separator)
    except DataError:
        return None
    header = head.header
    needed, as_text = _chosen(header, demand)

    def parse(lines: bytes, texts: Sequence[int]) -> Any:
        return _arrow_table(replace(head, data=lines, body=0), needed, texts, MISSING)

    found = _stream.entries(path, head.body, needed, as_text, parse)
    if found is None:
        return None
    entries = {i: _number_or_text(entry, i in as_text) for i, entry in found.items()}
    return _table(name, header, entries, lambda row: _line_of_row(_open(path, separator), row))


def _chosen(header: Sequence[str], demand: Demand) -> tuple[list[int], list[int]]:
    """The places of the columns that are needed, and of those that are as texts."""
    needed = [i for i, name in enumerate(header) if name and demand.needed(name)]
    return needed, [i for i in needed if demand.as_text(header[i])]


def _table(
    name: str,
    header: Sequence[str],
    entries: Mapping[int, Entry],
    line: Callable[[int], int | None],
) -> Table:
    return Table(
        name=name,
        entries={header[i]: entries[i] for i in sorted(entries)},
        names=tuple(name for name in header if name),
        tabular=True,
        line=line,
        unnamed=tuple(i for i, name in enumerate(header) if not name),
    )


def _entries(text: _Text, needed: list[int], as_text: list[int]) -> dict[int, Entry]:
    """The needed columns by place, as pyarrow reads them."""
    table = _parse(text, needed, as_text)
    # pyarrow takes 0x10 for 16. Where the file may hold such a cell, whole numbers are read again.
    if b"0x" in text.data or b"0X" in text.data:
        whole = [i for i in needed if str(table.schema.field(str(i)).type) == "int64"]
        if whole:
            table = _parse(text, needed, as_text + whole)
    return {i: _entry(table.column(str(i)), i in as_text) for i in needed}


def raw(path: Path, names: Sequence[str], separator: str = ",") -> Any:
    """These columns as a pyarrow table of strings, as they stand in the file."""
    text = _open(path, separator)
    places = [text.header.index(name) for name in names]
    return _parse(text, places, places, missing=()).rename_columns(list(names))


# -- before parsing ----------------------------------------------------------------------------


def _open(path: Path, separator: str) -> _Text:
    name = shown(path.name)
    data = path.read_bytes()
    for magic, what, mend in _OTHER_FORMATS:
        if data.startswith(magic):
            kind = "CSV" if separator == "," else "TSV"
            raise DataError(f"{name}: this is {what}, not {kind} text\nhelp: {mend}")
    _check_characters(name, data)
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    text = _read_header(name, data, separator)
    if _ANYTHING.search(data, text.body) is None:
        raise DataError(f"{name}: no data rows: the file ends after its header")
    _check_quotes(text)
    return text


def _read_header(name: str, data: bytes, separator: str) -> _Text:
    header, body, body_line = _header(name, data, separator)
    text = _Text(name, data, header, body, body_line, separator)
    _check_header(text)
    return text


def _check_characters(name: str, data: bytes) -> None:
    nul = data.find(b"\0")
    if nul >= 0:
        if 3 * data.count(b"\0", 0, 200) > min(200, len(data)):
            raise DataError(f"{name}: this looks like UTF-16 text\nhelp: save it as UTF-8")
        raise DataError(
            f"{name}: line {_line_at(data, nul)} has a NUL byte: the file is damaged, or not text"
        )
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    step = 1 << 20
    for start in range(0, len(data), step):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + step], final=start + step >= len(data))
        except UnicodeDecodeError as error:
            place = start - pending + error.start
            byte = data[place]
            raise DataError(
                f"{name}: byte {place + 1}, in line {_line_at(data, place)}, is not UTF-8 "
                f"(0x{byte:02x}; in Latin-1 it would be {quoted(chr(byte))})\n"
                "help: save the file as UTF-8, for example with "
                "`iconv -f LATIN1 -t UTF-8`, if Latin-1 is what it is"
            ) from None


def _line_at(data: bytes, offset: int) -> int:
    return sum(1 for match in _LINE.finditer(data, 0, offset + 1) if match.end() <= offset) + 1


def _records(
    data: bytes, start: int, line: int, separator: str
) -> Iterator[tuple[int, int, list[str]]]:
    """Each record that is no blank line: its first line, the offset after it, its fields."""
    offset = start

    def lines() -> Iterator[str]:
        nonlocal offset
        for match in _LINE.finditer(data, start):
            offset = match.end()
            yield match.group().decode()

    reader = csv.reader(lines(), delimiter=separator)
    first = line
    for record in reader:
        if record:
            yield first, offset, record
        first = line + reader.line_num


def _header(name: str, data: bytes, separator: str) -> tuple[tuple[str, ...], int, int]:
    try:
        _, body, record = next(_records(data, 0, 1, separator))
    except StopIteration:
        raise DataError(f"{name}: the file is empty: it has only blank lines") from None
    except csv.Error as error:
        raise DataError(f"{name}: the header cannot be read: {error}") from None
    body_line = len(_LINE.findall(data, 0, body)) + 1
    return tuple(field.strip() for field in record), body, body_line


def _check_header(text: _Text) -> None:
    name, header = text.name, text.header
    if len(header) == 1:
        _check_separator(text)
    seen: dict[str, int] = {}
    for i, column in enumerate(header):
        if column in seen and column:
            raise DataError(
                f"{name}: duplicate column `{shown(column)}`: it stands in places "
                f"{seen[column] + 1} and {i + 1} of the header\nhelp: rename one of them"
            )
        seen[column] = i
    numbers = [field for field in header if NUMBER.fullmatch(field)]
    # Columns may well be called 1, 2, 3 or 1990, 1991; no one calls them 0.57 and 1.25.
    if len(numbers) == len(header) and not all(field.isdigit() for field in header):
        raise DataError(
            f"{name}: line 1 holds numbers, not the names of columns: "
            f"{shown(', '.join(header))}\nhelp: add a header line"
        )


def _check_separator(text: _Text) -> None:
    """A header of one field that other separators would cut."""
    name, header = text.name, text.header[0]
    if text.separator == "\t" and "," in header:
        raise DataError(
            f"{name}: the fields are separated by commas, not by tabs; the header is "
            f"{quoted(header)}\nhelp: name it with the suffix .csv"
        )
    if text.separator == "," and "\t" in header:
        raise DataError(
            f"{name}: the fields are separated by tabs, not by commas; the header is "
            f"{quoted(header)}\nhelp: name it with the suffix .tsv"
        )
    if ";" in header:
        between = "commas" if text.separator == "," else "tabs"
        raise DataError(
            f"{name}: the fields are separated by semicolons, not by {between}; "
            f"the header is {quoted(header)}\n"
            f"help: gdsym reads {between} between fields and decimal points; convert the file, or "
            'pass the table from Python: `pandas.read_csv(path, sep=";", decimal=",")`'
        )


def _check_quotes(text: _Text) -> None:
    """A quote that is never closed would swallow the rest of the file as one cell."""
    if text.data.count(b'"', text.body) % 2 == 0:
        return
    lines = (m.group().decode() for m in _LINE.finditer(text.data, text.body))
    reader = csv.reader(lines, strict=True, delimiter=text.separator)
    first = text.body_line
    try:
        for _ in reader:
            first = text.body_line + reader.line_num
    except csv.Error as error:
        raise DataError(
            f"{text.name}: line {first}: a quote is opened and not closed as it should be: {error}"
            '\nhelp: inside a quoted cell write a quote twice: "5"" pipe"'
        ) from None


# -- parsing and conversion --------------------------------------------------------------------


def _parse(
    text: _Text, needed: list[int], as_text: list[int], missing: Sequence[str] = MISSING
) -> Any:
    """The needed columns as a pyarrow table; columns are named by their places."""
    import pyarrow as pa

    longest = 1 << 20  # bytes of a block: at least one record must fit into it
    while True:
        try:
            return _arrow_table(text, needed, as_text, missing, longest)
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error) or longest > len(text.data):
                raise _broken(text, str(error)) from None
            longest = min(16 * longest, 2**31 - 1)


def _arrow_table(
    text: _Text,
    needed: Sequence[int],
    as_text: Sequence[int],
    missing: Sequence[str],
    longest: int = 1 << 20,
) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow

    return arrow.read_csv(
        pa.BufferReader(pa.py_buffer(text.data).slice(text.body)),
        read_options=arrow.ReadOptions(
            column_names=[str(i) for i in range(len(text.header))], block_size=longest
        ),
        parse_options=arrow.ParseOptions(
            delimiter=text.separator, newlines_in_values=b'"' in text.data
        ),
        convert_options=arrow.ConvertOptions(
            include_columns=[str(i) for i in needed],
            column_types={str(i): pa.string() for i in as_text},
            null_values=list(missing),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _broken(text: _Text, reason: str) -> DataError:
    expected = len(text.header)
    separator = "comma" if text.separator == "," else "tab"
    try:
        for line, _, record in _records(text.data, text.body, text.body_line, text.separator):
            if len(record) == expected:
                continue
            header_line = text.body_line - 1
            if text.header[0].startswith("#"):
                return DataError(
                    f"{text.name}: line {header_line} is a comment; comments are not read\n"
                    "help: remove the lines before the header"
                )
            return DataError(
                f"{text.name}: line {line} has {len(record)} fields, but the header has {expected}"
                f": {shown(text.separator.join(record))}"
                f"\nhelp: a cell with a {separator} in it needs quotes around it"
            )
    except csv.Error as error:
        reason = str(error)
    return DataError(f"{text.name}: the file cannot be parsed: {shown(reason, 200)}")


def _line_of_row(text: _Text, row: int) -> int | None:
    try:
        for i, (line, _, _) in enumerate(
            _records(text.data, text.body, text.body_line, text.separator)
        ):
            if i == row:
                return line
    except csv.Error:  # a cell longer than the csv module reads: the row alone must do
        pass
    return None


def _entry(column: Any, as_text: bool) -> Entry:
    return _number_or_text(_arrow.entry(column, as_text), as_text)


def _number_or_text(entry: Entry, as_text: bool) -> Entry:
    if entry.kind == "text" and not as_text:
        # pyarrow gives up on a column for a blank cell in quotes; our number syntax decides.
        coded = entry.values()
        assert isinstance(coded, Coded)
        parsed = [parse_number(text) for text in coded.texts]
        if None not in parsed:
            values_of = np.array([*(v for v in parsed if v is not None), math.nan])
            return Entry("number", coded.codes.shape, lambda: values_of[coded.codes])
        return Entry("text", coded.codes.shape, lambda: coded)
    # The Arrow types of dates and times are guesses here, and mean nothing to the user.
    return replace(entry, kind=entry.kind.partition(" (")[0])
