"""Numbers of a file, block of rows by block of rows, until it is known which arrays they make.

A reader that made whole columns first would need the memory of all arrays twice. Here the arrays
are filled block by block, and the memory of each block goes back to the system at once.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._table import Entry, FloatArray

_EXACT = 2**53  # up to here a whole number is a float64
_ROWS = 1 << 14  # of a block


class Blocks:
    """Columns of float64 by name, of one file; missing values are NaN."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.rows = 0
        self._blocks: list[FloatArray] = []  # (rows, columns)
        self._columns: dict[str, FloatArray] = {}  # of arrays that were made

    def add(self, rows: int, columns: Iterable[NDArray[Any]]) -> bool:
        """More rows, column by column; False for what does not fit in: whole numbers that are no
        float64, or another number of rows."""
        blocks = [_room(min(_ROWS, rows - at), len(self.names)) for at in range(0, rows, _ROWS)]
        for place, column in enumerate(columns):
            if len(column) != rows or (column.dtype.kind in "iu" and not _is_exact(column)):
                return False
            for at, block in zip(range(0, rows, _ROWS), blocks, strict=True):
                block[:, place] = column[at : at + _ROWS]
        self._blocks += blocks
        self.rows += rows
        return True

    def entry(self, name: str) -> Entry:
        """One column, which may become a part of an array."""
        return Entry("number", (self.rows,), partial(self.column, name), (self, name))

    def column(self, name: str) -> FloatArray:
        """One column, copied where no array was made of it."""
        if name in self._columns:
            return self._columns[name]
        place = self.names.index(name)
        parts = [block[:, place] for block in self._blocks]
        return np.concatenate(parts) if parts else np.empty(0)

    def arrays(self, groups: Sequence[tuple[str, ...]]) -> list[FloatArray]:
        """The columns of each group side by side, (rows, columns of the group); of one column
        alone a vector. What is in no group stays to be read as a column."""
        grouped = {name for group in groups for name in group}
        wanted = [*groups, *((name,) for name in self.names if name not in grouped)]
        made = [np.empty((self.rows, len(group))) for group in wanted]
        places = [[self.names.index(name) for name in group] for group in wanted]
        start = 0
        self._blocks.reverse()
        while self._blocks:
            block = self._blocks.pop()
            for array, columns in zip(made, places, strict=True):
                array[start : start + len(block)] = _chosen(block, columns)
            start += len(block)
        for group, array in zip(wanted, made, strict=True):
            self._columns |= {name: array[:, place] for place, name in enumerate(group)}
        return made[: len(groups)]


def _chosen(block: FloatArray, columns: list[int]) -> FloatArray:
    first, last = columns[0], columns[-1]
    if columns == list(range(first, last + 1)):
        return block[:, first : last + 1]
    return block[:, columns]


def _is_exact(column: NDArray[Any]) -> bool:
    return not column.size or max(int(column.max()), -int(column.min())) <= _EXACT


def _room(rows: int, columns: int) -> FloatArray:
    """Memory of its own, which an allocator would keep for later when it is freed."""
    size = math.prod((rows, columns))
    buffer = mmap.mmap(-1, max(8 * size, 1))
    return np.frombuffer(buffer, np.float64, count=size).reshape(rows, columns)
