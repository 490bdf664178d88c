"""The values of data that are no categories: read as float64, checked against their domain."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._columns import Piece, Wanted
from gdsym.data._findings import Findings, first_true, place, wrong_kind
from gdsym.data._levels import canonical, coded_cells
from gdsym.data._table import (
    Coded,
    Entry,
    FloatArray,
    number_text,
    parse_number,
    quoted,
    shown,
)
from gdsym.errors import did_you_mean

_EXACT = 2**53
_LIMITS = {"lower", "upper", "integer", "values"}
_CHECKED = 2**18  # numbers at a time


def numbers(d: Wanted, piece: Piece, found: Findings, dtype: type = np.float64) -> FloatArray:
    """The values of a data that is no category, in float64, checked against its domain.

    An array that is float64 already is not copied, and one of float32 stays as it is. dtype:
    float32 for rows of half the memory.
    """
    if piece.array is not None and dtype is np.float64 and _is_plain(d, piece.array):
        return piece.array
    result: FloatArray = np.empty(piece.shape if piece.stacked else 0, dtype=dtype)
    for j, entry in enumerate(piece.entries):
        if d.domain.get("labels") is not None:
            values = _labelled(d, piece, j, found)
        else:
            values = _plain(d, piece, j, entry, found)
        if values is None:
            continue
        if not all(np.isfinite(part).all() for part in _parts(values)):
            found.add_holes("missing", d, piece, j, np.isnan(values))
            found.add_holes("infinite", d, piece, j, np.isinf(values))
        _check_domain(d, piece, j, values, found)
        if not piece.stacked:
            kept = values.dtype if values.dtype == np.float32 else dtype
            return np.asarray(values, dtype=kept, order="C")
        with np.errstate(over="ignore"):
            result[:, j] = values
    return result


def _parts(values: FloatArray) -> Iterator[FloatArray]:
    """Rows of an array, some at a time: what is computed of them needs little memory."""
    if not values.ndim:
        yield values
        return
    count = max(1, _CHECKED // max(1, values[:1].size))
    for start in range(0, len(values), count):
        yield values[start : start + count]


def _is_plain(d: Wanted, array: FloatArray) -> bool:
    """True where the array is finite, and every number would do: nothing is to be told of it."""
    if d.domain.keys() & {*_LIMITS, "labels"}:
        return False
    return all(np.isfinite(part).all() for part in _parts(array))


def _plain(d: Wanted, piece: Piece, j: int, entry: Entry, found: Findings) -> FloatArray | None:
    if entry.kind not in ("number", "text"):
        found.problems.append(wrong_kind(d, piece, j, entry))
        return None
    values = entry.values()
    if isinstance(values, Coded):
        return _parsed(d, piece, j, values, found)
    # The largest magnitude of int64 has no absolute value in int64.
    whole = values.dtype.kind in "iu" and values.size > 0
    if whole and max(int(values.max()), -int(values.min())) > _EXACT:
        found.notes.append(
            f"note: whole numbers beyond 2^53 in `{shown(piece.names[j])}` are rounded to float64"
        )
    # A long double beyond the range of float64 becomes infinite here, and is reported as such.
    with np.errstate(over="ignore"):
        if values.dtype == np.float32 and not piece.stacked:
            return np.asarray(values)
        return values.astype(np.float64, copy=False)


def _parsed(d: Wanted, piece: Piece, j: int, coded: Coded, found: Findings) -> FloatArray | None:
    """Numbers of a column that the reader took for text."""
    parsed = [parse_number(text) for text in coded.texts]
    bad = [code for code, value in enumerate(parsed) if value is None]
    if not bad:
        table = np.array([*(v for v in parsed if v is not None), math.nan])
        return np.asarray(table[coded.codes])
    index = first_true(np.isin(coded.codes, bad))
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
    if not domain.keys() & _LIMITS:
        return
    if not any(_outside(domain, part).any() for part in _parts(values)):
        return
    bad = _outside(domain, values)
    index = first_true(bad)
    more = _more(int(np.count_nonzero(bad)) - 1)
    found.problems.append(
        f"{piece.table.name}: {place(d, piece, j, index)} is {number_text(values[index])}, "
        f"but `{d.name}` is declared `{shown(str(domain.get('text', '')))}`{more}"
        + _coding_hint(d, values)
    )


def _outside(domain: Mapping[str, Any], values: FloatArray) -> NDArray[np.bool_]:
    """Where values are finite and not in the domain."""
    with np.errstate(invalid="ignore"):
        good = np.ones(values.shape, dtype=np.bool_)
        if (lower := domain.get("lower", -math.inf)) > -math.inf:
            good &= values > lower if domain.get("lower_open") else values >= lower
        if (upper := domain.get("upper", math.inf)) < math.inf:
            good &= values < upper if domain.get("upper_open") else values <= upper
        if domain.get("integer"):
            good &= values == np.floor(values)
        if (allowed := domain.get("values")) is not None:
            good &= np.isin(values, np.array(allowed, dtype=values.dtype))
    return np.asarray(~good & np.isfinite(values))


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


def _labelled(d: Wanted, piece: Piece, j: int, found: Findings) -> FloatArray | None:
    """Values of `in {0: "no", 1: "yes"}`: the cells are all words, or all numbers."""
    if piece.entries[j].kind not in ("number", "text"):
        found.problems.append(wrong_kind(d, piece, j, piece.entries[j]))
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
    index = first_true(np.isin(coded.codes, alien))
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
