"""Small text files of plain cells, which are read before pyarrow would be imported.

What comes out is what pyarrow makes of the same cells. Where that is not sure (quotes, dates,
spaces around numbers, missing numbers, a wrong number of fields), it is left to pyarrow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from gdsym.data._table import MISSING, Entry, code_texts

MAX_BYTES = 1 << 20  # from here on pyarrow is faster, its import included

_WHOLE = re.compile(rb"(?:-?\d{1,15},)+")
_DECIMAL = re.compile(rb"(?:-?\d{1,15}(?:\.\d{1,40})?(?:[eE][-+]?\d{1,3})?,)+")


def entries(
    body: bytes, width: int, needed: Sequence[int], as_text: Collection[int], separator: str
) -> dict[int, Entry] | None:
    """The needed columns of lines of `width` cells, by place; None where pyarrow must look."""
    if len(body) > MAX_BYTES or b'"' in body:
        return None
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    rows = [line.split(separator.encode()) for line in lines if line]
    if any(len(row) != width for row in rows):
        return None
    found: dict[int, Entry] = {}
    for place in needed:
        cells = [row[place] for row in rows]
        entry = _texts(cells) if place in as_text else _numbers(cells)
        if entry is None:
            return None
        found[place] = entry
    return found


def _texts(cells: Sequence[bytes]) -> Entry:
    words = [cell.decode() for cell in cells]
    known = [None if word in MISSING else word for word in words]
    coded = code_texts(known, (len(cells),))
    return Entry("text", (len(cells),), lambda: coded)


def _numbers(cells: Sequence[bytes]) -> Entry | None:
    joined = b",".join([*cells, b""])
    if _WHOLE.fullmatch(joined):
        values = np.array([int(cell) for cell in cells], dtype=np.int64)
    elif _DECIMAL.fullmatch(joined):
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
    else:
        return None
    return Entry("number", (len(cells),), lambda: values)
