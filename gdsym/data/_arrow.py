"""Arrow columns, of a file or of a table in memory, as entries; pyarrow is imported when used.

Numbers are integers and floats of any width, booleans (1 and 0) and dictionaries of these; text is
any string type and dictionaries of strings. Decimals, dates, times, lists and bytes are neither:
they are refused by the name of their type where a model needs them. A null is a missing value.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.data._blocks import Blocks
from gdsym.data._table import Coded, Demand, Entry, Table, join_coded, recoded, shown, used
from gdsym.errors import DataError

# pandas stores the index of a frame as such a column; it is no data.
_INDEX = re.compile(r"__index_level_\d+__")

_OTHER_KINDS = (
    (("decimal",), "decimals"),
    (("date", "timestamp"), "dates"),
    (("time", "duration"), "times"),
    (("list", "large_list", "fixed_size_list"), "lists"),
    (("binary", "large_binary", "fixed_size_binary"), "raw bytes"),
)


def table(
    name: str,
    schema: Any,
    load: Callable[[list[str]], Any],
    demand: Demand,
    *,
    parts: Iterable[tuple[int, Callable[[list[str]], Any]]] | None = None,
    is_file: bool = True,
) -> Table:
    """The demanded columns of something with an Arrow schema; `load(names)` gives a pyarrow table.

    `parts` load the same, some rows after the others, and say how many: for tables that are large.
    Raises DataError where two columns have one name.
    """
    names = [column for column in schema.names if not _INDEX.fullmatch(column)]
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{name}: duplicate column `{shown(twice[0])}`\nhelp: rename one of them")
    needed = [column for column in names if column and demand.needed(column)]
    entries = None
    if parts is not None:
        plain = [c for c in needed if _is_plain(schema.field(c).type) and not demand.as_text(c)]
        entries = _in_blocks(parts, needed, plain, demand)
    if entries is None:
        columns = load(needed)
        entries = {c: entry(columns.column(c), demand.as_text(c)) for c in needed}
    return Table(
        name=name,
        entries=entries,
        names=tuple(column for column in names if column),
        tabular=True,
        unnamed=tuple(i for i, column in enumerate(names) if not column),
        is_file=is_file,
    )


def _is_plain(kind: Any) -> bool:
    """True for integers and floats, which a block of float64 holds."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _in_blocks(
    parts: Iterable[tuple[int, Callable[[list[str]], Any]]],
    needed: Sequence[str],
    plain: Sequence[str],
    demand: Demand,
) -> dict[str, Entry] | None:
    """The entries, those of the plain columns in blocks; None where they do not fit in."""
    import pyarrow as pa

    blocks, others = Blocks(plain), [name for name in needed if name not in plain]
    rest = []
    for rows, load in parts:
        # One at a time: pyarrow needs several times the memory of all that it reads at once.
        columns = (numbers(load([name]).column(name)) for name in plain)
        if not blocks.add(rows, columns):
            return None
        rest.append(load(others))
    whole = pa.concat_tables(rest)
    return {
        name: blocks.entry(name)
        if name in blocks.names
        else entry(whole.column(name), demand.as_text(name))
        for name in needed
    }


@contextmanager
def damaged(name: str, what: str) -> Iterator[None]:
    """Turns what pyarrow says about a file that is no such file into a DataError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's, not the file's
        reason = shown(str(error).partition("\n")[0], 200)
        raise DataError(f"{name}: this is no {what} file, or it is damaged: {reason}") from None


def is_arrow(value: object) -> bool:
    """Whether `value` hands over Arrow data: a table, a record batch, a column of Polars.

    pandas does so too, but its own columns say more: cells of several types in one column.
    """
    return (
        hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")
    ) and not hasattr(value, "iloc")


def is_arrow_table(value: object) -> bool:
    """Whether `value` is Arrow data with named columns."""
    return is_arrow(value) and any(
        hasattr(value, attribute) for attribute in ("columns", "column_names", "schema")
    )


def table_in_memory(value: Any, demand: Demand) -> Table:
    """A table that another library hands over by the Arrow protocol, without a copy."""
    import pyarrow as pa

    try:
        data = pa.table(value)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"the table cannot be taken over as Arrow data: {shown(str(error), 200)}\n"
            "help: cast its unusual columns, or leave them out"
        ) from None
    return table("the table", data.schema, data.select, demand, is_file=False)


def column_in_memory(value: Any, name: str) -> Entry:
    """One column that another library hands over by the Arrow protocol."""
    import pyarrow as pa

    try:
        stream = hasattr(value, "__arrow_c_stream__")
        column = pa.chunked_array(value if stream else [pa.array(value)])
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"`{shown(name)}` is no array: {shown(str(error), 200)}") from None
    return entry(column, as_text=False)


def entry(column: Any, as_text: bool) -> Entry:
    """A chunked array of any type. Booleans are `true` and `false` where text is wanted."""
    import pyarrow as pa

    types, shape = pa.types, (len(column),)
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    words = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    if words or (types.is_boolean(kind) and as_text):
        return Entry("text", shape, partial(texts, column))
    if types.is_integer(kind) or types.is_floating(kind) or kind in (pa.bool_(), pa.null()):
        return Entry("number", shape, partial(numbers, column))
    name = str(kind)
    for prefixes, what in _OTHER_KINDS:
        if name.startswith(prefixes):
            return Entry(f"{what} ({shown(name)})", shape, partial(numbers, column))
    return Entry(f"values of type {shown(name)}", shape, partial(numbers, column))


def numbers(column: Any) -> NDArray[Any]:
    """The numbers of a column; nulls are NaN, whole numbers without a null stay whole."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type) and not column.null_count:
        return _plain(_whole(column.cast(pa.uint8())), 0).astype(np.bool_)
    whole = pa.types.is_integer(column.type) and not column.null_count
    if not whole and column.type != pa.float64():
        column = column.cast(pa.float64(), safe=False)
    return _plain(_whole(column), math.nan)


def _whole(column: Any) -> Any:
    """The column as one array, copied only where it is in several."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def texts(column: Any) -> Coded:
    """The cells of a column as coded text; a blank cell is missing, as a null is."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.large_string()).dictionary_encode()
    chunks = column.chunks
    return used(join_coded([_coded(chunk) for chunk in chunks]))


def _coded(chunk: Any) -> Coded:
    """One dictionary array; two cells that differ in spaces alone are one level."""
    import pyarrow as pa

    words = chunk.dictionary.cast(pa.large_string()).to_pylist()
    return recoded(words, _plain(chunk.indices, -1))


def _plain(array: Any, missing: float) -> NDArray[Any]:
    """The numbers of an Arrow array of doubles or integers, `missing` in place of nulls.

    By its buffer: `to_numpy` would import pandas, where it is installed, for nothing.
    """
    dtype = np.dtype(str(array.type))  # Arrow calls them int64, double and so on, as numpy does
    if not len(array):
        return np.empty(0, dtype)
    offset = array.offset * dtype.itemsize
    values = np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=offset)
    if not array.null_count:
        return values
    return np.where(_plain(array.is_null().cast("uint8"), 0), dtype.type(missing), values)


def sound(data: Any, names: Sequence[str]) -> Any:
    """These columns of a table that was read, after a check that no offset or text in them is
    beyond its buffer: a damaged file must not reach memory that is not its own."""
    chosen = data.select(list(names))
    chosen.validate(full=True)
    return chosen
