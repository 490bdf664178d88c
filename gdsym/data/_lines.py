"""What `fit` tells about a binding: one line per data, and notes on what looks like a mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from gdsym.data._columns import Piece, Wanted
from gdsym.data._table import number_text, shown

_MANY_ROWS = 20  # with fewer, distinct whole numbers in sequence may well be a measurement


class DimInfo(TypedDict):
    """Size and labels of a dimension, as a fit stores them."""

    size: int
    labels: list[str] | None


def data_line(d: Wanted, piece: Piece | None, dims: Mapping[str, DimInfo]) -> str:
    """`X[n=569, d=30]: x1, x2, ..., x30`, or `y: column y (no = 0, yes = 1)`."""
    if piece is None:
        default = number_text(d.default) if d.default is not None else "nothing"
        return f"{d.name}: not in the data, {default} everywhere"
    sizes = ", ".join(f"{dim}={size}" for dim, size in zip(d.dims, piece.shape, strict=True))
    if piece.stacked:
        text = f"{d.name}[{sizes}]: {elided(piece.names)}"
    elif piece.table.tabular:
        text = f"{d.name}: column {shown(piece.names[0])}"
    else:
        text = f"{d.name}[{sizes}]: array" if sizes else f"{d.name}: value"
        text += f" of {piece.table.name}" if piece.table.is_file else ""
    return text + _coding(d, dims)


def _coding(d: Wanted, dims: Mapping[str, DimInfo]) -> str:
    dim = d.domain.get("category")
    if dim is not None:
        size, labels = dims[dim]["size"], dims[dim]["labels"]
        if labels is None:
            return f" (codes 0 to {size - 1} of {dim})"
        return f" ({size} levels of {dim}: {elided(labels)})"
    labels, values = d.domain.get("labels"), d.domain.get("values")
    if labels is None or values is None:
        return ""
    pairs = zip(labels, values, strict=True)
    return f" ({', '.join(f'{shown(label)} = {number_text(value)}' for label, value in pairs)})"


def row_number_notes(d: Wanted, piece: Piece, values: NDArray[Any]) -> list[str]:
    """A note for each column that `from *` took and that only numbers the rows."""
    rows = piece.shape[0] if piece.shape else 0
    if not d.source.every or not piece.stacked or rows < _MANY_ROWS:
        return []
    if piece.table.rows is not None:  # some were left out: only a numbering in order shows
        numbering = (piece.table.rows - piece.table.rows[0])[:, None]
        numbered = np.flatnonzero((values - values[0] == numbering).all(axis=0)).tolist()
    else:
        first = values.min(axis=0)
        candidates = (values.max(axis=0) - first == rows - 1) & (first == first.round())
        numbered = [
            j
            for j in np.flatnonzero(candidates).tolist()
            if np.array_equal(np.sort(values[:, j]), first[j] + np.arange(rows))
        ]
    return [
        f"note: column {shown(piece.names[j])} of `{d.name}` numbers the rows; "
        f'leave it out with `from * except ["{shown(piece.names[j])}"]`'
        for j in numbered
    ]


def elided(names: Sequence[str]) -> str:
    """All of a few names; of many the first two and the last."""
    texts = [shown(name) for name in names]
    return ", ".join(texts) if len(texts) <= 6 else f"{texts[0]}, {texts[1]}, ..., {texts[-1]}"
