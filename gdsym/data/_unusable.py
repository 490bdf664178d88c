"""Rows that cannot be used, and what remains without them.

With `missing="drop"` those are the rows in which a needed value is missing or not finite; with
`unseen="null"` those with a level that the fit has not seen. Rows are left out of all data
together, before levels and domains are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._columns import Piece, Wanted
from gdsym.data._levels import coded_cells, is_level
from gdsym.data._table import Coded, Entry, IntArray, parse_number, shown, used

Mask = NDArray[np.bool_]
Settled = Mapping[str, tuple[int, list[str] | None]]


@dataclass(frozen=True, slots=True)
class Dropped:
    """Which rows were kept of how many, and the unusable cells of each column among all rows."""

    total: int
    kept: IntArray
    counts: dict[str, int]

    def __str__(self) -> str:
        """`37 of 891 rows: age 35, fare 2`."""
        counts = [f"{shown(name)} {count}" for name, count in self.counts.items()]
        more = f" and {len(counts) - 20} more columns" if len(counts) > 20 else ""
        return (
            f"{self.total - len(self.kept)} of {self.total} rows: {', '.join(counts[:20])}{more}"
        )


def without_unusable(
    present: Sequence[tuple[Wanted, Piece]],
    row: str,
    total: int,
    *,
    missing: bool,
    unseen: Settled | None,
) -> tuple[list[tuple[Wanted, Piece]], Dropped]:
    """The pieces without the rows that cannot be used, and what was left out.

    missing: leave out rows with missing or non-finite values. unseen: the levels that are settled,
    where rows with others are to be left out.
    """
    bad = np.zeros(total, dtype=np.bool_)
    counts: dict[str, int] = {}
    seen: dict[int, Piece] = {}
    for place, (d, piece) in enumerate(present):
        axes = _row_axes(d, piece, row)
        if not axes:
            continue
        entries = []
        for name, entry in zip(piece.names, piece.entries, strict=True):
            read = entry
            if entry.kind in ("number", "text"):
                values = entry.values()
                read = replace(entry, values=partial(_same, values))
                cells = _unusable(d, values, missing, unseen)
                count = int(np.count_nonzero(cells))
                if count:
                    counts.setdefault(name, count)
                    others = tuple(i for i in range(cells.ndim) if i != axes[0])
                    bad |= cells.any(axis=others)
            entries.append(read)
        seen[place] = replace(piece, entries=tuple(entries), array=None)
    kept = np.flatnonzero(~bad)
    dropped = Dropped(total, kept, counts)
    if len(kept) == total:
        return [(d, seen.get(i, piece)) for i, (d, piece) in enumerate(present)], dropped
    return [
        (d, _taken(seen[i], kept, _row_axes(d, piece, row)) if i in seen else piece)
        for i, (d, piece) in enumerate(present)
    ], dropped


def _row_axes(d: Wanted, piece: Piece, row: str) -> tuple[int, ...]:
    """The axes of an entry of the piece along which the rows lie."""
    dims = d.dims[:1] if piece.stacked else d.dims
    return tuple(i for i, dim in enumerate(dims) if dim == row)


def _unusable(
    d: Wanted, values: NDArray[Any] | Coded, missing: bool, unseen: Settled | None
) -> Mask:
    """True for each cell that makes its row unusable."""
    bad = np.zeros(values.codes.shape if isinstance(values, Coded) else values.shape, np.bool_)
    if missing:
        bad |= _missing(d, values)
    dim = d.domain.get("category")
    if unseen is not None and dim is not None and dim in unseen:
        size, labels = unseen[dim]
        coded = coded_cells(Entry("", bad.shape, lambda: values))
        known = is_level(coded.texts, size, labels)
        bad |= np.array([*(not level for level in known), False])[coded.codes]
    return bad


def _missing(d: Wanted, values: NDArray[Any] | Coded) -> Mask:
    if not isinstance(values, Coded):
        with np.errstate(over="ignore"):
            return ~np.isfinite(values.astype(np.float64, copy=False))
    absent = values.codes < 0
    if d.as_text:
        return absent
    # Numbers that the reader took for text; what is no number at all is reported, not dropped.
    parsed = [parse_number(text) for text in values.texts]
    odd = [number is not None and not np.isfinite(number) for number in parsed]
    return np.asarray(absent | np.array([*odd, False])[values.codes])


def _taken(piece: Piece, kept: IntArray, axes: Sequence[int]) -> Piece:
    """The piece with these rows only."""
    entries = []
    for entry in piece.entries:
        shape = tuple(len(kept) if i in axes else size for i, size in enumerate(entry.shape))
        if entry.kind in ("number", "text"):
            values = _chosen(entry.values(), kept, axes)
            entry = Entry(entry.kind, shape, partial(_same, values))
        else:
            entry = replace(entry, shape=shape)
        entries.append(entry)
    return replace(
        piece, entries=tuple(entries), array=None, table=replace(piece.table, rows=kept)
    )


def _chosen(
    values: NDArray[Any] | Coded, kept: IntArray, axes: Sequence[int]
) -> NDArray[Any] | Coded:
    array = values.codes if isinstance(values, Coded) else values
    for axis in axes:
        array = np.take(array, kept, axis=axis)
    return used(Coded(values.texts, array)) if isinstance(values, Coded) else array


def _same(values: NDArray[Any] | Coded) -> NDArray[Any] | Coded:
    return values
