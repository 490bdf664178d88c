"""Arrays and tables from Python code: the same checks and the same coding as for files."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
from data_models import CATEGORY, EVERY, data, model

from gdsym.data import bind_tables
from gdsym.errors import DataError

BOTH = model(data("X", "n d"), data("y", "n"))
TABLE = model(data("c", "n", domain=CATEGORY), data("X", "n d", EVERY))
X = [[1, 2], [3, 4], [5, 6]]


def refusal(module, *sources, **options):
    with pytest.raises(DataError) as caught:
        bind_tables(module, *sources, **options)
    return str(caught.value)


def test_keyword_arrays_and_a_mapping_bind_alike():
    keyword = bind_tables(BOTH, arrays={"X": np.array(X), "y": [1, 0, 1]})
    mapping = bind_tables(BOTH, {"X": X, "y": np.array([1, 0, 1], dtype=np.int8), "other": "?"})

    assert keyword.sha256() == mapping.sha256()
    assert keyword.lines == mapping.lines == ["X[n=3, d=2]: array", "y[n=3]: array"]
    assert keyword.columns == {}


def test_a_data_whose_name_is_taken_in_python_goes_by_either_name():
    module = model(data("lambda", "n", arg="lambda_"))

    assert bind_tables(module, arrays={"lambda_": [1, 2]}).arrays["lambda"].tolist() == [1, 2]
    assert bind_tables(module, {"lambda": [1, 2]}).arrays["lambda"].tolist() == [1, 2]


def test_a_read_only_float64_array_is_neither_copied_nor_changed():
    values = np.array([1.0, 2.0])
    values.flags.writeable = False

    bound = bind_tables(model(data("y", "n", domain={"lower": 0.0})), arrays={"y": values})

    assert np.shares_memory(bound.arrays["y"], values)
    assert values.tolist() == [1.0, 2.0]


def test_a_data_frame_for_one_data_gives_labels_and_is_bound_by_them_later():
    frame = pd.DataFrame(X, columns=["u", "v"])
    module = model(data("X", "n d", EVERY))

    fit = bind_tables(module, arrays={"X": frame})
    later = bind_tables(
        module,
        arrays={"X": pd.DataFrame({"v": [20], "w": [0], "u": [10]})},
        dims=fit.dims,
        columns=fit.columns,
    )

    assert fit.dims["d"]["labels"] == ["u", "v"]
    assert later.arrays["X"].tolist() == [[10, 20]]


def test_a_data_frame_without_a_column_of_the_fit_is_refused():
    message = refusal(
        BOTH, arrays={"X": pd.DataFrame({"v": [1]}), "y": [1]}, columns={"X": ["u", "v"]}
    )

    assert "the table for `X` has no column `u`" in message


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["red", "blue", "red"]),
        pd.Series(["red", "blue", "red"], dtype=object),
        pd.Series(["red", "blue", "red"], dtype="string"),
        pd.Series(["red", "blue", "red"], dtype="category"),
        pd.Series(pd.Categorical(["red", "blue", "red"], ["red", "green", "blue"])),
        pd.Series(["red", "blue", "red"], dtype=pd.ArrowDtype(pa.string())),
    ],
    ids=lambda column: str(column.dtype),
)
def test_any_column_of_words_is_a_category(column):
    bound = bind_tables(TABLE, pd.DataFrame({"c": column, "a": [1, 2, 3]}))

    assert bound.arrays["c"].tolist() == [1, 0, 1]
    assert bound.dims["k"]["labels"] == ["blue", "red"]


@pytest.mark.parametrize(
    "dtype", ["int64", "Int64", "Int8", "UInt16", "float32", "Float64", "object", "Sparse[int]"]
)
def test_any_column_of_whole_numbers_is_numeric_and_may_be_a_category(dtype):
    frame = pd.DataFrame({"c": pd.Series([10, 9, 10], dtype=dtype)})
    frame["a"] = pd.Series([1, 2, 3], dtype=dtype)

    bound = bind_tables(TABLE, frame)

    assert bound.dims["k"]["labels"] == ["9", "10"]
    assert bound.arrays["X"].tolist() == [[1], [2], [3]]


@pytest.mark.parametrize("dtype", ["bool", "boolean"])
def test_booleans_are_1_and_0(dtype):
    frame = pd.DataFrame({"y": pd.Series([True, False, True], dtype=dtype)})

    assert bind_tables(model(data("y", "n")), frame).arrays["y"].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([1.0, np.nan, 3]),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([1, None, 3], dtype=object),
        pd.Series([1, None, 3], dtype="Sparse[float]"),
        pd.Series([1, pd.NA, 3], dtype=object),
        np.ma.array([1, 2, 3], mask=[False, True, False]),
        [1.5, None, 2.5],
        [1.5, float("nan"), 2.5],
        pa.array([1, None, 3]),
    ],
    ids=lambda column: type(column).__name__ + str(getattr(column, "dtype", "")),
)
def test_a_missing_value_is_found_in_whatever_form(column):
    message = refusal(model(data("y", "n")), arrays={"y": column})

    assert "1 missing value (`y` 1); the first is in row 2 of `y`" in message


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_a_missing_category_is_found(dtype):
    frame = pd.DataFrame({"c": pd.Series(["a", None, "b"], dtype=dtype), "x": [1, 2, 3]})

    assert "1 missing value (`c` 1); the first is in row 2, column `c`" in refusal(TABLE, frame)


def test_a_place_in_an_array_is_named_by_row_and_column():
    message = refusal(BOTH, arrays={"X": [[1, 2], [3, np.inf]], "y": [1, 2]})

    assert "1 infinite value (`X` 1); the first is in row 2, column 2 of `X`" in message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[1, 2], [3]], "`y` is no array"),
        (object(), "single value"),
        ([object()] * 3, "Python objects (object)"),
        ([1j, 2, 3], "complex numbers"),
        (np.array(["2020-01-01"] * 3, dtype="M8[D]"), "holds dates"),
        (scipy.sparse.csr_array(np.eye(3)), "sparse arrays are not supported yet"),
        (["1", "a", "2"], 'row 2 of `y` is "a"'),
        ([b"1", b"\xff", b"2"], "not UTF-8"),
        ([[1], [2], [3]], "help: pass `y.ravel()`"),
        ([], "`y` has no rows"),
        ([10**400, 1, 2], "1 infinite value"),
        (np.array([1e400, 1, 2], dtype=np.longdouble), "infinite"),
        ([1, 2], "`X` of the data has 3 rows, but `y` of the data has 2"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused_by_name(value, said):
    assert said in refusal(BOTH, arrays={"X": X, "y": value})


def test_one_axis_for_two_is_refused_with_the_mend():
    message = refusal(BOTH, arrays={"X": [1, 2], "y": [1, 2]})

    assert "`X` is an array of shape 2, but `X[n, d]` has 2 axes" in message
    assert "help: for one column pass `X.reshape(-1, 1)`" in message


def test_numbers_of_any_kind_in_a_list_are_numbers():
    bound = bind_tables(
        model(data("y", "n")), {"y": [Decimal("0.1"), True, np.float32(2), 10**30]}
    )

    assert bound.arrays["y"].tolist() == [0.1, 1.0, 2.0, 1e30]


def test_an_unknown_keyword_is_answered_with_the_nearest():
    message = refusal(BOTH, arrays={"X": X, "yy": [1, 2, 3]})

    assert message == (
        "the model has no data `yy`: its data are `X`, `y`\nhelp: did you mean `y`?"
    )


def test_a_model_that_gets_no_data_says_what_it_needs():
    assert refusal(BOTH, arrays={"X": X}) == (
        "the model needs data: `y[n]`\nhelp: name a data file, or pass arrays"
    )


def test_something_without_names_is_refused():
    assert "data of type int have no names" in refusal(BOTH, [1, 2])


def test_a_list_is_the_tables_in_it():
    rows = [pd.DataFrame({"c": ["u"], "a": [1]}), pa.table({"c": ["v"], "a": [2]})]

    bound = bind_tables(TABLE, rows)

    assert bound.sha256() == bind_tables(TABLE, *rows).sha256()
    assert bound.arrays["X"].tolist() == [[1], [2]]


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])

    assert "two columns `a`" in refusal(TABLE, frame)


def test_an_arrow_table_and_a_record_array_are_tables():
    arrow = pa.table({"c": ["u", "v"], "a": [1, 2]})
    records = np.array([("u", 1), ("v", 2)], dtype=[("c", "U1"), ("a", "i4")])

    assert bind_tables(TABLE, arrow).sha256() == bind_tables(TABLE, records).sha256()


def test_dates_and_texts_of_a_frame_are_left_aside_by_from_star():
    frame = pd.DataFrame({"c": ["u"], "a": [1], "t": ["x"], "d": pd.to_datetime(["2020-01-01"])})

    bound = bind_tables(TABLE, frame)

    assert bound.dims["d"]["labels"] == ["a"]
    assert bound.lines[-1] == "ignored: t (text), d (dates)"


def test_a_frame_and_arrays_together_fill_a_model():
    bound = bind_tables(BOTH, pd.DataFrame({"y": [1, 2, 3]}), arrays={"X": X})

    assert bound.arrays["X"].shape == (3, 2)
    assert bound.columns == {"y": ["y"]}
