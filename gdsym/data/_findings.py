"""What is wrong with the values of a piece, collected so that one run shows all of it.

Places are named as the user sees them: the row counted from 1, the line of the file where there is
one, the column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._columns import Piece, Wanted
from gdsym.data._table import Entry, shown


@dataclass(slots=True)
class _Holes:
    """Missing or infinite values of one table."""

    counts: dict[str, int] = field(default_factory=dict)
    first: tuple[int, int] | None = None  # row, order of the column
    place: str = ""


@dataclass(slots=True)
class Findings:
    """What is wrong with the values, and what is worth a line though it is not wrong."""

    predicting: bool = False  # whether rows with an unseen level may go without a prediction
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
        index = first_true(bad)
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
                "fill them, leave the column out of the model, or leave out their rows: "
                '`--missing drop`, in Python `missing="drop"`'
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
    row = f"row {piece.table.source_row(index[0]) + 1}"
    if piece.table.tabular:
        return f"{piece.table.row_text(index[0])}, column `{column}`"
    if piece.stacked or len(index) == 1:
        return f"{row}, column `{column}`" if piece.stacked else f"{row} of `{column}`"
    others = ", ".join(f"column {i + 1}" if len(index) == 2 else str(i + 1) for i in index[1:])
    return f"{row}, {others} of `{column}`"


def first_true(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """The index of the first true entry."""
    flat = int(np.argmax(mask))
    return tuple(int(i) for i in np.unravel_index(flat, mask.shape))


def slot(piece: Piece, j: int) -> Any:
    """Where the values of entry `j` stand in the array of a piece."""
    return (slice(None), j) if piece.stacked else ...


def wrong_kind(d: Wanted, piece: Piece, j: int, entry: Entry) -> str:
    """A column of dates, complex numbers or the like, in words."""
    needs = "categories: whole numbers or words" if d.as_text else "real numbers"
    return (
        f"{piece.table.name}: `{shown(piece.names[j])}` holds {entry.kind}, "
        f"but `{d.name}` needs {needs}\nhelp: convert them first"
    )
