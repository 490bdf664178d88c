"""From the cells of a piece to the numbers or codes of a data, and what must hold for each.

Problems are collected as text, so that one run shows all of them. Places are named as the user
sees them: the row counted from 1, the line of the file where there is one, the column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._columns import Piece, Wanted
from gdsym.data._table import (
    Coded,
    Entry,
    FloatArray,
    IntArray,
    code_numbers,
    named,
    number_text,
    parse_number,
    quoted,
    shown,
)
from gdsym.errors import did_you_mean

_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0*)?", re.A)
_EXACT = 2**53


@dataclass(slots=True)
class _Holes:
    """Missing or infinite values of one table."""

    counts: dict[str, int] = field(default_factory=dict)
    first: tuple[int, int] | None = None  # row, order of the column
    place: str = ""


@dataclass(slots=True)
class Findings:
    """What is wrong with the values, and what is worth a line though it is not wrong."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    holes: dict[tuple[str, str], _Holes] = field(default_factory=dict)

    def add_holes(
        self, kind: str, d: Wanted, piece: Piece, j: int, bad: NDArray[np.bool_]
    ) -> None:
        """Counts missing or infinite cells of one entry; they are reported per table."""
        if not bad.any():
            return
        holes = self.holes.setdefault((kind, piece.table.name), _Holes())
        column = piece.names[j]
        if column in holes.counts:  # two data made of one column
            return
        order = len(holes.counts)
        holes.counts[column] = int(np.count_nonzero(bad))
        index = _first(bad)
        row = index[0] if index else 0
        if holes.first is None or (row, order) < holes.first:
            holes.first = (row, order)
            holes.place = place(d, piece, j, index)

    def messages(self) -> list[str]:
        """All problems: holes first, because others may follow from them."""
        texts = []
        for (kind, table), holes in self.holes.items():
            total = sum(holes.counts.values())
            counts = list(holes.counts.items())
            where = ", ".join(f"`{shown(name)}` {count}" for name, count in counts[:10])
            if len(holes.counts) > 10:
                where += f" and {len(holes.counts) - 10} more columns"
            mend = (
                "fill them, remove their rows, or leave the column out of the model"
                if kind == "missing"
                else "an infinite value, or a number beyond 1.8e308, cannot be fitted: correct it"
            )
            values = "value" if total == 1 else "values"
            texts.append(
                f"{table}: {total} {kind} {values} ({where}); the first is in {holes.place}"
                f"\nhelp: {mend}"
            )
        return texts + self.problems


def place(d: Wanted, piece: Piece, j: int, index: tuple[int, ...]) -> str:
    """The place of one cell: `row 3 (line 4), column `age``, or `row 3, column 2 of `X``."""
    column = shown(piece.names[j])
    if not index:
        return f"`{column}`"
    row = f"row {index[0] + 1}"
    if piece.table.tabular:
        line = piece.table.line(index[0])
        return f"{row} (line {line}), column `{column}`" if line else f"{row}, column `{column}`"
    if piece.stacked or len(index) == 1:
        return f"{row}, column `{column}`" if piece.stacked else f"{row} of `{column}`"
    others = ", ".join(f"column {i + 1}" if len(index) == 2 else str(i + 1) for i in index[1:])
    return f"{row}, {others} of `{column}`"


def _first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    flat = int(np.argmax(mask))
    return tuple(int(i) for i in np.unravel_index(flat, mask.shape))


# -- numbers -----------------------------------------------------------------------------------


def numbers(d: Wanted, piece: Piece, found: Findings) -> FloatArray:
    """The values of a data that is no category, in float64, checked against its domain."""
    result = np.empty(piece.shape, dtype=np.float64)
    for j, entry in enumerate(piece.entries):
        if d.domain.get("labels") is not None:
            values = _labelled(d, piece, j, found)
        else:
            values = _plain(d, piece, j, entry, found)
        if values is None:
            continue
        found.add_holes("missing", d, piece, j, np.isnan(values))
        found.add_holes("infinite", d, piece, j, np.isinf(values))
        _check_domain(d, piece, j, values, found)
        result[_at(piece, j)] = values
    return result


def _at(piece: Piece, j: int) -> Any:
    return (slice(None), j) if piece.stacked else ...


def _plain(d: Wanted, piece: Piece, j: int, entry: Entry, found: Findings) -> FloatArray | None:
    if entry.kind not in ("number", "text"):
        found.problems.append(_wrong_kind(d, piece, j, entry))
        return None
    values = entry.values()
    if isinstance(values, Coded):
        return _parsed(d, piece, j, values, found)
    # The largest magnitude of int64 has no absolute value in int64.
    if values.dtype.kind in "iu" and max(int(values.max()), -int(values.min())) > _EXACT:
        found.notes.append(
            f"note: whole numbers beyond 2^53 in `{shown(piece.names[j])}` are rounded to float64"
        )
    # A long double beyond the range of float64 becomes infinite here, and is reported as such.
    with np.errstate(over="ignore"):
        return values.astype(np.float64)


def _wrong_kind(d: Wanted, piece: Piece, j: int, entry: Entry) -> str:
    return (
        f"{piece.table.name}: `{shown(piece.names[j])}` holds {entry.kind}, "
        f"but `{d.name}` needs {'categories' if d.as_text else 'real numbers'}"
        + ("" if d.as_text else "\nhelp: convert them to real numbers first")
    )


def _parsed(d: Wanted, piece: Piece, j: int, coded: Coded, found: Findings) -> FloatArray | None:
    """Numbers of a column that the reader took for text."""
    parsed = [parse_number(text) for text in coded.texts]
    bad = [code for code, value in enumerate(parsed) if value is None]
    if not bad:
        table = np.array([*(v for v in parsed if v is not None), math.nan])
        return np.asarray(table[coded.codes])
    index = _first(np.isin(coded.codes, bad))
    text = coded.texts[int(coded.codes[index])]
    others = int(np.count_nonzero(np.isin(coded.codes, bad))) - 1
    found.problems.append(
        f"{piece.table.name}: `{shown(piece.names[j])}` is not numeric: "
        f"{place(d, piece, j, index)} is {quoted(text)}{_more(others)}"
        f"\nhelp: {_text_mend(d, piece.names[j], coded, text)}"
    )
    return None


def _more(others: int) -> str:
    return f"; {others} more cell{'s' if others > 1 else ''} like it" if others else ""


def _text_mend(d: Wanted, name: str, coded: Coded, text: str) -> str:
    values = d.domain.get("values")
    if values and len(coded.texts) == len(values):
        return (
            f"if these are its values, write `in {_coding(sorted(values), sorted(coded.texts))}`"
        )
    if re.fullmatch(r"[-+]?\d{1,3}([,.'_ ]\d{3})+([.,]\d+)?", text, re.A):
        return f"write numbers without separators: {re.sub(r'[,_ ]', '', text)}"
    if re.fullmatch(r"[-+]?\d+,\d+", text, re.A):
        return f"write numbers with a decimal point: {text.replace(',', '.')}"
    if re.fullmatch(r"[-+]?0x[0-9a-f]+", text, re.A | re.I) and len(text) < 20:
        return f"write numbers in decimal: {int(text, 16)}"
    if all(parse_number(t) is None for t in coded.texts):
        row = d.dims[0] if d.dims else "n"
        return f"categories are data of their own: `data NAME[{row}] in k from {quoted(name)}`"
    return "correct the cell"


def _check_domain(d: Wanted, piece: Piece, j: int, values: FloatArray, found: Findings) -> None:
    domain = d.domain
    with np.errstate(invalid="ignore"):
        good = np.ones(values.shape, dtype=np.bool_)
        if (lower := domain.get("lower", -math.inf)) > -math.inf:
            good &= values > lower if domain.get("lower_open") else values >= lower
        if (upper := domain.get("upper", math.inf)) < math.inf:
            good &= values < upper if domain.get("upper_open") else values <= upper
        if domain.get("integer"):
            good &= values == np.floor(values)
        if (allowed := domain.get("values")) is not None:
            good &= np.isin(values, np.array(allowed, dtype=np.float64))
    bad = ~good & np.isfinite(values)
    if not bad.any():
        return
    index = _first(bad)
    more = _more(int(np.count_nonzero(bad)) - 1)
    found.problems.append(
        f"{piece.table.name}: {place(d, piece, j, index)} is {number_text(values[index])}, "
        f"but `{d.name}` is declared `{shown(str(domain.get('text', '')))}`{more}"
        + _coding_hint(d, values)
    )


def _coding_hint(d: Wanted, values: FloatArray) -> str:
    allowed = d.domain.get("values")
    if not allowed:
        return ""
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) != len(allowed):
        return ""
    texts = [number_text(value) for value in distinct]
    declared = ", ".join(number_text(value) for value in sorted(allowed))
    return (
        f"\nhelp: `{d.name}` has {{{', '.join(texts)}}}, declared is {{{declared}}}: write "
        f"`in {_coding(sorted(allowed), texts)}` if that is the coding"
    )


def _coding(values: Sequence[float], words: Sequence[str]) -> str:
    pairs = zip(values, words, strict=True)
    return "{" + ", ".join(f"{number_text(v)}: {quoted(word)}" for v, word in pairs) + "}"


# -- words for numbers -------------------------------------------------------------------------


def coded_cells(entry: Entry) -> Coded:
    """The cells of an entry as coded text, whole numbers in their shortest spelling."""
    values = entry.values()
    coded = code_numbers(values) if not isinstance(values, Coded) else values
    seen: dict[str, int] = {}
    recode = [seen.setdefault(canonical(text), len(seen)) for text in coded.texts]
    table = np.array([*recode, -1], dtype=np.int64)
    return Coded(tuple(seen), table[coded.codes])


def canonical(text: str) -> str:
    """`2` for `2.0`, any other text as it is: `01` and `1` are different levels."""
    match = _WHOLE.fullmatch(text)
    return str(int(match[1])) if match and len(text) < 4000 else text


def _labelled(d: Wanted, piece: Piece, j: int, found: Findings) -> FloatArray | None:
    """Values of `in {0: "no", 1: "yes"}`: the cells are all words, or all numbers."""
    if piece.entries[j].kind not in ("number", "text"):
        found.problems.append(_wrong_kind(d, piece, j, piece.entries[j]))
        return None
    coded = coded_cells(piece.entries[j])
    labels, values = d.domain["labels"], d.domain["values"]
    words = {canonical(label): float(v) for label, v in zip(labels, values, strict=True)}
    by_word = [words.get(text) for text in coded.texts]
    by_number = [_truth(text) for text in coded.texts]
    for table in (by_word, by_number):
        if None not in table:
            known = np.array([v for v in table if v is not None] + [math.nan])
            return np.asarray(known[coded.codes])
    alien = [code for code, word in enumerate(by_word) if word is None]
    numeric = [code for code in alien if by_number[code] in values]
    index = _first(np.isin(coded.codes, alien))
    text = coded.texts[int(coded.codes[index])]
    declared = f"`{d.name}` is declared `in {_coding(values, labels)}`"
    where = place(d, piece, j, index)
    if len(numeric) == len(alien):
        problem = f"{where} is the number {shown(text)}, but other cells are words; {declared}"
        mend = "the data may hold either the numbers or the words, not both"
    else:
        problem = f"{where} is {quoted(text)}, but {declared}"
        mend = did_you_mean(text, map(shown, labels)) or "correct the cell, or the model's labels"
    found.problems.append(f"{piece.table.name}: {problem}\nhelp: {mend}")
    return None


def _truth(text: str) -> float | None:
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    return parse_number(text)


# -- categories --------------------------------------------------------------------------------


def observed_levels(dim: str, texts: Sequence[str]) -> tuple[list[str], str]:
    """The levels of a dimension from all its cells, in order, and what is wrong with them."""
    distinct = set(texts)
    if all(_WHOLE.fullmatch(text) for text in distinct):
        return sorted(distinct, key=int), ""
    numeric = [text for text in sorted(distinct) if parse_number(text) is not None]
    if len(numeric) == len(distinct):
        odd = next((t for t in numeric if not float(t).is_integer()), None)
        if odd is not None:
            return [], (
                f"categories of `{dim}` are whole numbers or words, found {odd}"
                "\nhelp: use a column of numbers as a number, or round it to codes"
            )
    return sorted(distinct), ""


def level_codes(
    d: Wanted, piece: Piece, cells: Sequence[Coded], labels: Sequence[str], found: Findings
) -> IntArray:
    """Codes 0..k-1 of category data whose levels are known by name."""
    known: dict[str, int] = {}
    for code, label in enumerate(labels):
        known.setdefault(canonical(label), code)
        known[label] = code
    result = np.zeros(piece.shape, dtype=np.int64)
    for j, coded in enumerate(cells):
        found.add_holes("missing", d, piece, j, coded.codes < 0)
        codes = [known.get(text, -1) for text in coded.texts]
        unseen = [code for code, level in enumerate(codes) if level < 0]
        if unseen:
            found.problems.append(_unseen(d, piece, j, coded, unseen, labels))
        result[_at(piece, j)] = np.array([*codes, -1], dtype=np.int64)[coded.codes]
    return result


def _unseen(
    d: Wanted, piece: Piece, j: int, coded: Coded, unseen: list[int], labels: Sequence[str]
) -> str:
    index = _first(np.isin(coded.codes, unseen))
    text = coded.texts[int(coded.codes[index])]
    others = [coded.texts[code] for code in unseen if coded.texts[code] != text]
    more = f", and so are {', '.join(quoted(t) for t in others[:5])}" if others else ""
    more += f" and {len(others) - 5} more" if len(others) > 5 else ""
    hint = did_you_mean(text, map(shown, labels))
    levels = f"the levels are {named(labels, 10)}"
    return (
        f"{piece.table.name}: {place(d, piece, j, index)} is {quoted(text)}, "
        f"which is no level of `{d.domain['category']}`{more}"
        f"\nhelp: {f'{hint} ' if hint else ''}{levels}"
    )


def plain_codes(
    d: Wanted, piece: Piece, cells: Sequence[Coded], size: int, found: Findings
) -> IntArray:
    """Codes of category data whose dimension has a declared size and no labels: the values."""
    dim = d.domain["category"]
    result = np.zeros(piece.shape, dtype=np.int64)
    for j, coded in enumerate(cells):
        found.add_holes("missing", d, piece, j, coded.codes < 0)
        codes = [_code(text, size) for text in coded.texts]
        bad = [code for code, value in enumerate(codes) if value < 0]
        if bad:
            index = _first(np.isin(coded.codes, bad))
            text = coded.texts[int(coded.codes[index])]
            found.problems.append(
                f"{piece.table.name}: {place(d, piece, j, index)} is {quoted(text)}, but `{dim}` "
                f"has size {size} and no labels, so the values are its codes 0 to {size - 1}"
                + _code_mend(dim, coded.texts, size)
            )
        result[_at(piece, j)] = np.array([*codes, -1], dtype=np.int64)[coded.codes]
    return result


def _code(text: str, size: int) -> int:
    match = _WHOLE.fullmatch(text)
    code = int(match[1]) if match and len(text) < 20 else -1
    return code if 0 <= code < size else -1


def _code_mend(dim: str, texts: Sequence[str], size: int) -> str:
    if len(texts) <= size and len(texts) <= 6:
        order: Mapping[str, Any] = dict.fromkeys(observed_levels(dim, texts)[0] or sorted(texts))
        labels = ", ".join(quoted(text) for text in order)
        return f"\nhelp: name the levels, `dim {dim} in {{{labels}}}`, or declare no size"
    return f"\nhelp: declare no size for `{dim}`: then its levels are the values of the data"
