"""Categories: which levels a dimension has, and the codes 0..k-1 of cells.

Levels are the declared labels; where only a size is declared, the values are the codes; else the
sorted distinct cells over all columns of the dimension, whole numbers in numeric order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdsym.data._columns import Piece, Wanted
from gdsym.data._findings import Findings, first_true, place, slot
from gdsym.data._table import (
    Coded,
    Entry,
    IntArray,
    code_numbers,
    named,
    parse_number,
    quoted,
    shown,
)
from gdsym.errors import did_you_mean

_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0*)?", re.A)


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
    known = _by_label(labels)
    result = np.zeros(piece.shape, dtype=np.int64)
    for j, coded in enumerate(cells):
        found.add_holes("missing", d, piece, j, coded.codes < 0)
        codes = [known.get(text, -1) for text in coded.texts]
        unseen = [code for code, level in enumerate(codes) if level < 0]
        if unseen:
            message = _unseen(d, piece, j, coded, unseen, labels)
            if found.predicting:
                message += (
                    '; `--unseen null` (in Python `unseen="null"`) leaves the prediction of the '
                    "row empty"
                )
            found.problems.append(message)
        result[slot(piece, j)] = np.array([*codes, -1], dtype=np.int64)[coded.codes]
    return result


def _by_label(labels: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for code, label in enumerate(labels):
        known.setdefault(canonical(label), code)
        known[label] = code
    return known


def is_level(texts: Sequence[str], size: int, labels: Sequence[str] | None) -> list[bool]:
    """Which texts are levels: one of the labels, or without labels a code below the size."""
    if labels is None:
        return [_code(text, size) >= 0 for text in texts]
    known = _by_label(labels)
    return [text in known for text in texts]


def _unseen(
    d: Wanted, piece: Piece, j: int, coded: Coded, unseen: list[int], labels: Sequence[str]
) -> str:
    index = first_true(np.isin(coded.codes, unseen))
    text = coded.texts[int(coded.codes[index])]
    others = [coded.texts[code] for code in unseen if coded.texts[code] != text]
    more = (
        f", nor {'are' if len(others) > 1 else 'is'} {', '.join(quoted(t) for t in others[:5])}"
        if others
        else ""
    )
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
            index = first_true(np.isin(coded.codes, bad))
            text = coded.texts[int(coded.codes[index])]
            found.problems.append(
                f"{piece.table.name}: {place(d, piece, j, index)} is {quoted(text)}, but `{dim}` "
                f"has size {size} and no labels, so the values are its codes 0 to {size - 1}"
                + _code_mend(dim, coded.texts, size)
            )
        result[slot(piece, j)] = np.array([*codes, -1], dtype=np.int64)[coded.codes]
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
