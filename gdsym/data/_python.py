"""Arrays and tables that Python code hands over, as the same entries that files give.

pandas, Polars and their like are recognised by what they offer and never imported. Missing values
keep their meaning: None, NaN, `pandas.NA` and masked cells are missing, whatever the dtype.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._arrow import column_in_memory, is_arrow, is_arrow_table, table_in_memory
from gdsym.data._table import ALL, Demand, Entry, Table, code_texts, number_text, shown
from gdsym.errors import DataError

_KINDS = {
    "f": "number", "i": "number", "u": "number", "b": "number", "U": "text", "S": "text",
    "c": "complex numbers", "M": "dates", "m": "times", "O": "Python objects", "V": "raw bytes",
}  # fmt: skip


def dtype_kind(dtype: np.dtype[Any]) -> str:
    """What an array of this dtype holds: `number`, `text`, or a word for anything else."""
    return _KINDS.get(dtype.kind, f"values of type {dtype}")


def is_table(value: object) -> bool:
    """Whether `value` has named columns: a mapping, a data frame or a record array.

    Raises DataError for a query that has not been run.
    """
    if isinstance(value, Mapping):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.names is not None
    if hasattr(type(value), "collect"):
        raise DataError(
            f"a {type(value).__name__} holds no values yet\nhelp: pass `.collect()` of it"
        )
    frame = hasattr(value, "columns") and hasattr(value, "__getitem__")
    return frame or is_arrow_table(value)


def table_from(value: Any, demand: Demand = ALL) -> Table:
    """A mapping of arrays, a data frame, an Arrow table or a record array as a table."""
    if isinstance(value, Mapping):
        entries = {str(name): entry_from(column, str(name)) for name, column in value.items()}
        return Table("the data", entries, tuple(entries), tabular=False, is_file=False)
    if isinstance(value, np.ndarray):
        names = [str(name) for name in value.dtype.names or ()]
        entries = {name: array_entry(value[name], name) for name in names}
        return Table("the data", entries, tuple(entries), tabular=True, is_file=False)
    if is_arrow_table(value):
        return table_in_memory(value, demand)
    keys = list(value.columns)
    frame: dict[str, Entry] = {}
    for key in keys:
        name = str(key)
        if name in frame or keys.count(key) > 1:
            raise DataError(f"the table has two columns `{shown(name)}`\nhelp: rename one of them")
        frame[name] = entry_from(value[key], name)
    return Table("the table", frame, tuple(frame), tabular=True, is_file=False)


def entry_from(value: Any, name: str) -> Entry:
    """An array, a list, a column of a data frame or a number as an entry.

    Raises DataError for what is no array: ragged lists, sparse matrices, objects.
    """
    if hasattr(value, "tocsr"):
        raise DataError(
            f"`{shown(name)}`: sparse arrays are not supported yet\nhelp: pass `.toarray()` of it"
        )
    if is_arrow(value):
        return column_in_memory(value, name)
    if isinstance(value, np.ma.MaskedArray):
        cells = np.ma.getdata(value).astype(object)
        cells[np.ma.getmaskarray(value)] = None
        return _object_entry(cells, name)
    dtype = getattr(value, "dtype", None)
    if dtype is not None and not isinstance(dtype, np.dtype) and hasattr(value, "isna"):
        return _extension_entry(value, name)
    try:
        return array_entry(np.asarray(value), name)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"`{shown(name)}` is no array: {shown(str(error), 200)}\n"
            "help: pass an array, or a list whose rows have one length"
        ) from None


def array_entry(values: NDArray[Any], name: str) -> Entry:
    """A numpy array as an entry."""
    if values.dtype.kind == "O":
        return _object_entry(values, name)
    if values.dtype.kind == "S":
        try:
            values = np.char.decode(values, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"`{shown(name)}` holds bytes that are not UTF-8 text") from None
    kind = dtype_kind(values.dtype)
    if kind == "text":
        cells = values.ravel().tolist()
        return Entry("text", values.shape, lambda: code_texts(cells, values.shape))
    return Entry(kind, values.shape, lambda: values)


def _extension_entry(column: Any, name: str) -> Entry:
    """A column of a data frame whose dtype is not numpy's: nullable, category, string, arrow."""
    if getattr(column.dtype, "kind", "O") in "iuf" and not column.isna().any():
        plain = getattr(column.dtype, "numpy_dtype", None)  # a sparse column has none
        return array_entry(np.asarray(column.to_numpy(dtype=plain)), name)
    if getattr(column.dtype, "kind", "O") in "Mm":
        return array_entry(np.asarray(column.to_numpy()), name)
    return _object_entry(np.asarray(column.to_numpy(dtype=object)), name)


def _is_missing(cell: Any) -> bool:
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, (float, np.floating)) and bool(np.isnan(cell))


def _object_entry(values: NDArray[Any], name: str) -> Entry:
    cells = values.ravel().tolist()
    present = [cell for cell in cells if not _is_missing(cell)]
    strange = [c for c in present if not isinstance(c, (str, Real, Decimal, np.bool_))]
    if strange:
        return Entry(f"Python objects ({type(strange[0]).__name__})", values.shape, lambda: values)
    if any(isinstance(cell, str) for cell in present):
        texts = [_cell_text(cell) for cell in cells]
        return Entry("text", values.shape, lambda: code_texts(texts, values.shape))
    if len(present) == len(cells) and all(isinstance(c, (int, np.integer)) for c in present):
        try:
            whole = np.array(cells, dtype=np.int64).reshape(values.shape)
        except OverflowError:
            pass
        else:
            return Entry("number", values.shape, lambda: whole)
    floats = np.array([_as_float(cell) for cell in cells], dtype=np.float64).reshape(values.shape)
    return Entry("number", values.shape, lambda: floats)


def _cell_text(cell: Any) -> str | None:
    if _is_missing(cell):
        return None
    return cell if isinstance(cell, str) else number_text(cell)


def _as_float(cell: Any) -> float:
    if _is_missing(cell):
        return float("nan")
    try:
        return float(cell)
    except OverflowError:  # a whole number beyond 1.8e308
        return float("inf") if cell > 0 else float("-inf")
