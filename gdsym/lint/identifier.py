"""Columns that number or name the rows among the features. Needs data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gdsym.errors import Diagnostic
from gdsym.language.codes import Code
from gdsym.lint import Subject

CODE = Code(
    "identifier",
    "a column that identifies rows among the features",
    "Its values are whole numbers, no two rows share one, and it is called like an identifier or "
    "counts upwards. A fit finds a slope for it that means nothing for new rows.",
    "data X[n, d] from *, y[n]\nparam w[d]\nloss mean((y - X @ w)^2)",
    'data X[n, d] from * except ["id"], y[n]\nparam w[d]\nloss mean((y - X @ w)^2)',
)
NAME = re.compile(
    r"(?i)(.*[\W_])?(id|ids|idx|index|key|uuid|nr|no|number|row|rownum|unnamed: \d+)"
)
CAMEL = re.compile(r".*[a-z](Id|ID)")
FEWEST = 8  # rows: fewer can count upwards by chance


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """One for each such column, at the data that it is part of."""
    if subject.seen is None:
        return
    import numpy as np

    for data in subject.model.data:
        columns = subject.seen.columns.get(data.name, [])
        if data.domain.category is not None or data.dims[:1] != (subject.model.row,):
            continue
        array = np.asarray(subject.seen.arrays[data.name])
        table = array[:, None] if array.ndim == 1 else array
        if table.ndim != 2 or table.shape[1] != len(columns) or len(table) < FEWEST:
            continue
        for column, values in zip(columns, table.T, strict=True):
            if why := _identifies(column, values):
                message = f"the column `{column}` of `{data.name}` looks like an identifier: {why}"
                mend = f'leave it out: `from * except ["{column}"]`'
                if data.columns is None or not data.columns.every:
                    mend = "leave it out"
                yield Diagnostic(CODE.name, message, data.span, help=mend)


def _identifies(column: str, values: Any) -> str:
    """Why a column is one that identifies rows; nothing if it is not."""
    import numpy as np

    if not np.all(values == np.round(values)) or len(np.unique(values)) < len(values):
        return ""
    if np.all(np.diff(values) == 1):
        return "it counts the rows"
    if NAME.fullmatch(column) or CAMEL.fullmatch(column):
        return "no two rows share a value"
    return ""
