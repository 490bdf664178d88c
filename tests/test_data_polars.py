"""Polars and whatever else hands tables over by the Arrow protocol."""

import warnings
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from data_models import CATEGORY, EVERY, data, model

from gdsym.data import bind_tables
from gdsym.errors import DataError

TABLE = model(data("c", "n", domain=CATEGORY), data("X", "n d", EVERY))
Y = model(data("y", "n"))
FRAME = pl.DataFrame({"c": ["v", "u", "v"], "a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})


class OnlyTheProtocol:
    """A table of a library that nobody here knows."""

    columns = ("c", "a", "b")

    def __arrow_c_stream__(self, requested_schema=None):
        return FRAME.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "table",
    [
        FRAME,
        FRAME.to_arrow(),
        FRAME.to_arrow().to_batches()[0],
        FRAME.to_arrow().to_reader(),
        FRAME.to_pandas(),
        OnlyTheProtocol(),
        FRAME.to_dict(as_series=False),
        FRAME.to_dict(),
    ],
    ids=lambda table: type(table).__module__ + "." + type(table).__name__,
)
def test_a_table_of_any_library_binds_alike(table):
    bound = bind_tables(TABLE, table)

    assert bound.arrays["c"].tolist() == [1, 0, 1]
    assert bound.dims["k"]["labels"] == ["u", "v"]
    assert bound.arrays["X"].tolist() == [[1, 0.5], [2, 1.5], [3, 2.5]]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["v", "u", "v"]),
        pl.Series(["v", "u", "v"], dtype=pl.Categorical),
        pl.Series(["v", "u", "v"], dtype=pl.Enum(["v", "unused", "u"])),
    ],
    ids=lambda column: str(column.dtype),
)
@pytest.mark.parametrize("as_frame", [True, False])
def test_every_type_of_text_is_a_category(column, as_frame):
    module = model(data("c", "n", domain=CATEGORY))

    given = pl.DataFrame({"c": column})
    bound = bind_tables(module, given) if as_frame else bind_tables(module, arrays={"c": column})

    assert bound.arrays["c"].tolist() == [1, 0, 1]
    assert bound.dims["k"]["labels"] == ["u", "v"]


@pytest.mark.parametrize(
    "dtype",
    [
        *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
        *(pl.Float32, pl.Float64, pl.Boolean),
    ],
)
def test_every_type_of_number_is_a_number(dtype):
    column = pl.Series([1, 0, 1]).cast(dtype)

    assert bind_tables(Y, pl.DataFrame({"y": column})).arrays["y"].tolist() == [1, 0, 1]
    assert bind_tables(Y, arrays={"y": column}).arrays["y"].tolist() == [1, 0, 1]


def test_numbers_come_without_a_copy():
    values = np.arange(4.0)

    bound = bind_tables(Y, pa.table({"y": pa.array(values)}))

    assert np.shares_memory(bound.arrays["y"], values)


def test_a_slice_is_its_own_rows():
    frame = pl.DataFrame({"y": list(range(10)), "z": [None, *range(9)]}).slice(3, 4)

    bound = bind_tables(model(data("y", "n"), data("z", "n")), frame)

    assert bound.arrays["y"].tolist() == [3, 4, 5, 6]
    assert bound.arrays["z"].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("values", [[1, None, 3], [1.5, None, 2.0], [True, None, False]])
def test_a_null_is_a_missing_value(values):
    with pytest.raises(DataError, match=r"the table: 1 missing value \(`y` 1\); .* row 2"):
        bind_tables(Y, pl.DataFrame({"y": values}))
    with pytest.raises(DataError, match=r"1 missing value \(`y` 1\); .* row 2 of `y`"):
        bind_tables(Y, arrays={"y": pl.Series(values)})


def test_a_column_that_is_not_needed_may_hold_anything():
    frame = pl.DataFrame({"y": [1.0], "o": [[1, 2]], "s": [{"a": 1}]})

    assert bind_tables(Y, frame).n_rows == 1


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame({"y": [Decimal("1.5")]}), r"`y` holds decimals \(decimal128"),
        (pl.DataFrame({"y": ["2020-01-01"]}).with_columns(pl.col("y").str.to_date()), "dates"),
        (pl.DataFrame({"y": [[1.0]]}), "lists"),
        (pl.DataFrame({"y": pl.Series([1], dtype=pl.Int128)}), "cannot be taken over as Arrow"),
        (pl.DataFrame({"y": [1]}).lazy(), r"a LazyFrame holds no values yet\nhelp: .*collect"),
        (pl.DataFrame({"q": [1]}), "no column `y`"),
    ],
    ids=["decimal", "date", "list", "int128", "lazy", "absent"],
)
def test_what_cannot_be_used_is_refused_by_name(frame, said):
    with warnings.catch_warnings(), pytest.raises(DataError, match=said):
        warnings.simplefilter("error")
        bind_tables(Y, frame)


def test_two_columns_of_one_name_are_refused():
    both = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["y", "y"])

    with pytest.raises(DataError, match="duplicate column `y`"):
        bind_tables(Y, both)


def test_a_frame_for_one_data_gives_labels():
    frame = FRAME.select("b", "a")

    bound = bind_tables(model(data("X", "n d", EVERY)), arrays={"X": frame})

    assert bound.dims["d"]["labels"] == ["b", "a"]


def test_rows_of_a_frame_may_be_dropped():
    frame = pl.DataFrame({"y": [1.0, None, float("nan"), 4.0]})

    bound = bind_tables(Y, frame, missing="drop")

    assert bound.arrays["y"].tolist() == [1, 4]
    assert bound.lines[-1] == "dropped 2 of 4 rows: y 2"
