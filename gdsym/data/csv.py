"""Comma-separated text with a header line, in UTF-8; pyarrow parses and converts.

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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    (b"PAR1", "a Parquet file", "convert it to CSV"),
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


def read(path: Path, demand: Demand = ALL) -> Table:
    """The needed columns of a CSV file."""
    text = _open(path)
    header = text.header
    needed = [i for i, name in enumerate(header) if name and demand.needed(name)]
    as_text = [i for i in needed if demand.as_text(header[i])]
    table = _parse(text, needed, as_text)
    # pyarrow takes 0x10 for 16. Where the file may hold such a cell, whole numbers are read again.
    if b"0x" in text.data or b"0X" in text.data:
        whole = [i for i in needed if str(table.schema.field(str(i)).type) == "int64"]
        if whole:
            table = _parse(text, needed, as_text + whole)
    return Table(
        name=text.name,
        entries={header[i]: _entry(table.column(str(i)), i in as_text) for i in needed},
        names=tuple(name for name in header if name),
        tabular=True,
        line=partial(_line_of_row, text),
        unnamed=tuple(i for i, name in enumerate(header) if not name),
    )


# -- before parsing ----------------------------------------------------------------------------


def _open(path: Path) -> _Text:
    name = shown(path.name)
    data = path.read_bytes()
    for magic, what, mend in _OTHER_FORMATS:
        if data.startswith(magic):
            raise DataError(f"{name}: this is {what}, not CSV text\nhelp: {mend}")
    _check_characters(name, data)
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    header, body, body_line = _header(name, data)
    text = _Text(name, data, header, body, body_line)
    _check_header(text)
    if _ANYTHING.search(data, body) is None:
        raise DataError(f"{name}: no data rows: the file ends after its header")
    _check_quotes(text)
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


def _records(data: bytes, start: int, line: int) -> Iterator[tuple[int, int, list[str]]]:
    """Each record that is no blank line: its first line, the offset after it, its fields."""
    offset = start

    def lines() -> Iterator[str]:
        nonlocal offset
        for match in _LINE.finditer(data, start):
            offset = match.end()
            yield match.group().decode()

    reader = csv.reader(lines())
    first = line
    for record in reader:
        if record:
            yield first, offset, record
        first = line + reader.line_num


def _header(name: str, data: bytes) -> tuple[tuple[str, ...], int, int]:
    try:
        _, body, record = next(_records(data, 0, 1))
    except StopIteration:
        raise DataError(f"{name}: the file is empty: it has only blank lines") from None
    except csv.Error as error:
        raise DataError(f"{name}: the header cannot be read: {error}") from None
    body_line = len(_LINE.findall(data, 0, body)) + 1
    return tuple(field.strip() for field in record), body, body_line


def _check_header(text: _Text) -> None:
    name, header = text.name, text.header
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        semicolon = ";" in header[0]
        what = "semicolons" if semicolon else "tabs"
        arguments = 'sep=";", decimal=","' if semicolon else 'sep="\\t"'
        raise DataError(
            f"{name}: the fields are separated by {what}, not by commas; "
            f"the header is {quoted(header[0])}\n"
            "help: gdsym reads commas between fields and decimal points; convert the file, or "
            f"pass the table from Python: `pandas.read_csv(path, {arguments})`"
        )
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


def _check_quotes(text: _Text) -> None:
    """A quote that is never closed would swallow the rest of the file as one cell."""
    if text.data.count(b'"', text.body) % 2 == 0:
        return
    lines = (m.group().decode() for m in _LINE.finditer(text.data, text.body))
    reader = csv.reader(lines, strict=True)
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


def _parse(text: _Text, needed: list[int], as_text: list[int]) -> Any:
    """The needed columns as a pyarrow table; columns are named by their places."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    body = pa.py_buffer(text.data).slice(text.body)
    longest = 1 << 20  # bytes of a block: at least one record must fit into it
    while True:
        try:
            return arrow.read_csv(
                pa.BufferReader(body),
                read_options=arrow.ReadOptions(
                    column_names=[str(i) for i in range(len(text.header))], block_size=longest
                ),
                parse_options=arrow.ParseOptions(newlines_in_values=b'"' in text.data),
                convert_options=arrow.ConvertOptions(
                    include_columns=[str(i) for i in needed],
                    column_types={str(i): pa.string() for i in as_text},
                    null_values=list(MISSING),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error) or longest > len(text.data):
                raise _broken(text, str(error)) from None
            longest = min(16 * longest, 2**31 - 1)


def _broken(text: _Text, reason: str) -> DataError:
    expected = len(text.header)
    try:
        for line, _, record in _records(text.data, text.body, text.body_line):
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
                f": {shown(','.join(record))}"
                "\nhelp: a cell with a comma in it needs quotes around it"
            )
    except csv.Error as error:
        reason = str(error)
    return DataError(f"{text.name}: the file cannot be parsed: {shown(reason, 200)}")


def _line_of_row(text: _Text, row: int) -> int | None:
    try:
        for i, (line, _, _) in enumerate(_records(text.data, text.body, text.body_line)):
            if i == row:
                return line
    except csv.Error:  # a cell longer than the csv module reads: the row alone must do
        pass
    return None


_KINDS = (
    (("int", "uint", "double", "bool", "null"), "number"),
    (("string", "dictionary"), "text"),
    (("date", "timestamp"), "dates"),
    (("time", "duration"), "times"),
)


def _entry(column: Any, as_text: bool) -> Entry:
    kind = str(column.type)
    if kind == "string" and not as_text:
        # pyarrow gives up on a column for a blank cell in quotes; our number syntax decides.
        coded = _texts(column)
        parsed = [parse_number(text) for text in coded.texts]
        if None not in parsed:
            values_of = np.array([*(v for v in parsed if v is not None), math.nan])
            return Entry("number", coded.codes.shape, lambda: values_of[coded.codes])
        return Entry("text", coded.codes.shape, lambda: coded)
    for prefixes, what in _KINDS:
        if kind.startswith(prefixes):
            values = partial(_texts if what == "text" else _numbers, column)
            return Entry(what, (len(column),), values)
    return Entry(f"values of type {kind}", (len(column),), partial(_numbers, column))


def _numbers(column: Any) -> NDArray[Any]:
    import pyarrow as pa

    if column.null_count or not pa.types.is_integer(column.type):
        column = column.cast(pa.float64(), safe=False)
    return _plain(column.combine_chunks(), math.nan)


def _texts(column: Any) -> Coded:
    encoded = column.dictionary_encode().combine_chunks()
    indices = _plain(encoded.indices, -1)
    seen: dict[str, int] = {}
    recode = np.empty(len(encoded.dictionary) + 1, dtype=np.int64)
    for i, cell in enumerate(encoded.dictionary.to_pylist()):
        text = cell.strip()  # two cells that differ in spaces alone are one level
        recode[i] = seen.setdefault(text, len(seen)) if text else -1
    recode[-1] = -1
    return Coded(tuple(seen), recode[indices])


def _plain(array: Any, missing: float) -> NDArray[Any]:
    """The numbers of an Arrow array of doubles or integers, `missing` in place of nulls.

    By its buffer: `to_numpy` would import pandas, where it is installed, for nothing.
    """
    dtype = np.dtype(str(array.type))  # Arrow calls them int64, double and so on, as numpy does
    if not len(array):
        return np.empty(0, dtype)
    offset = array.offset * dtype.itemsize
    values = np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=offset)
    if not array.null_count:
        return values
    return np.where(_plain(array.is_null().cast("uint8"), 0), dtype.type(missing), values)
