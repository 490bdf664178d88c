"""What every reader hands over: named entries, whose values are read only when they are needed.

An entry holds numbers or text. Text is kept coded (the distinct texts, and which of them each cell
is), so that a category or a wrongly typed column of a long file costs little. Nothing in a cell is
ever interpreted beyond this module's number syntax.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gdsym.data._blocks import Blocks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.A | re.I)

# Cells that mean "no value" in a text file, where they are not in quotes.
MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "#NA", "NaN", "nan", "-NaN", "-nan", "NULL", "null",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coded:
    """Text cells: `texts[codes]`; the texts are distinct, and code -1 is a missing value."""

    texts: tuple[str, ...]
    codes: IntArray


@dataclass(frozen=True, slots=True)
class Entry:
    """A column or an array. `kind` is `number`, `text`, or in words what else it holds.

    `values()` is an array of real numbers of any dtype (missing values are NaN) for numbers, a
    `Coded` for text. No other kind has values. `block`: where a column of numbers lies with
    others of its file, and its name there.
    """

    kind: str
    shape: tuple[int, ...]
    values: Callable[[], NDArray[Any] | Coded]
    block: tuple[Blocks, str] | None = None


def _no_line(row: int) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Table:
    """The entries of one source, in its order.

    `tabular` sources are columns of one length. In the others an entry may have any shape and may
    go by the name of the data it is meant for. `line` gives the line of the file on which a row
    (counted from 0) begins, where there are lines. `unnamed`: positions of columns without a name.
    """

    name: str
    entries: dict[str, Entry]
    names: tuple[str, ...]  # also of the columns that nobody asked for
    tabular: bool
    line: Callable[[int], int | None] = _no_line
    unnamed: tuple[int, ...] = ()
    lone: bool = False  # one array, named only after its file
    is_file: bool = True
    parts: tuple[Table, ...] = ()  # the tables whose rows follow each other in this one
    path: Path | None = None
    rows: IntArray | None = None  # which rows of the source are here; None: all of them

    @property
    def n_rows(self) -> int:
        """The length of the columns; 0 where none was read."""
        return next((entry.shape[0] for entry in self.entries.values() if entry.shape), 0)

    def source_row(self, row: int) -> int:
        """The row of the source, from 0, that a row of this table is."""
        return row if self.rows is None else int(self.rows[row])

    def row_text(self, row: int) -> str:
        """Where a row (from 0) stands, for a message: `row 3 (line 4)`, or with `of b.csv`."""
        row = self.source_row(row)
        for part in self.parts:
            if row < part.n_rows:
                return f"{part.row_text(row)} of {part.name}"
            row -= part.n_rows
        line = self.line(row)
        return f"row {row + 1} (line {line})" if line else f"row {row + 1}"


@dataclass(frozen=True, slots=True)
class Demand:
    """Which columns a model needs, and which of them it needs as text."""

    needed: Callable[[str], bool]
    as_text: Callable[[str], bool]


def everything(name: str) -> bool:
    return True


ALL = Demand(needed=everything, as_text=lambda name: False)


def shown(text: str, limit: int = 60) -> str:
    """Text of a file as a message may show it: cut, and without characters a terminal obeys."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def quoted(text: str) -> str:
    return f'"{shown(text)}"'


def named(names: Iterable[str], limit: int = 20) -> str:
    """Names for a message: `a`, `b`, and 3 more."""
    known = list(names)
    text = ", ".join(f"`{shown(name)}`" for name in known[:limit])
    return f"{text} and {len(known) - limit} more" if len(known) > limit else text


def number_text(value: Any) -> str:
    """A number as text: whole numbers without a point, the others as `repr` of the double."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()  # as files of text and of Arrow have it
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def code_texts(cells: Sequence[str | None], shape: tuple[int, ...]) -> Coded:
    """Coded text of a flat sequence of cells; None and blank cells are missing."""
    return recoded(cells, np.arange(len(cells)).reshape(shape))


def recoded(words: Sequence[str | None], indices: NDArray[Any]) -> Coded:
    """The cells `words[indices]`, -1 for a missing one; words may be blank, None, or the same."""
    seen: dict[str, int] = {}
    codes = np.empty(len(words) + 1, dtype=np.int64)
    for i, word in enumerate(words):
        text = word.strip() if word is not None else ""
        codes[i] = seen.setdefault(text, len(seen)) if text else -1
    codes[-1] = -1
    return Coded(tuple(seen), codes[indices.astype(np.int64, copy=False)])


def join_coded(parts: Sequence[Coded]) -> Coded:
    """The cells of all parts, one part after the other along the first axis."""
    seen: dict[str, int] = {}
    codes = []
    for part in parts:
        places = [seen.setdefault(text, len(seen)) for text in part.texts]
        codes.append(np.array([*places, -1], dtype=np.int64)[part.codes])
    return Coded(tuple(seen), np.concatenate(codes) if codes else np.empty(0, dtype=np.int64))


def used(coded: Coded) -> Coded:
    """The same cells without the texts that no cell is."""
    present = np.zeros(len(coded.texts) + 1, dtype=np.bool_)
    present[coded.codes.ravel()] = True
    present[-1] = False
    if present[:-1].all():
        return coded
    codes = np.where(present, np.cumsum(present) - 1, -1)
    texts = tuple(t for t, there in zip(coded.texts, present[:-1], strict=True) if there)
    return Coded(texts, codes[coded.codes])


def code_numbers(values: NDArray[Any]) -> Coded:
    """Numbers as coded text; NaN is missing."""
    distinct, inverse = np.unique(values, return_inverse=True)
    codes = inverse.reshape(values.shape).astype(np.int64)
    if distinct.dtype.kind == "f":
        keep = int(np.count_nonzero(~np.isnan(distinct)))  # NaN sorts last
        codes[codes >= keep] = -1
        distinct = distinct[:keep]
    texts = tuple(number_text(value) for value in distinct.tolist())
    return Coded(texts, codes)


def parse_number(text: str) -> float | None:
    """The double nearest to a decimal number; NaN for a missing value, None for other text."""
    text = text.strip()
    if NUMBER.fullmatch(text):
        return float(text)
    return math.nan if text in MISSING else None
