"""Rows with missing, infinite and unseen values are left out of all data together."""

import numpy as np
import pandas as pd
import pytest
from data_models import CATEGORY, EVERY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError, UsageError

ZERO_ONE = {"values": (0.0, 1.0), "text": "in {0, 1}"}
YES_NO = {"values": (0.0, 1.0), "labels": ("no", "yes"), "text": 'in {0: "no", 1: "yes"}'}
MODULE = model(
    data("y", "n", domain=ZERO_ONE), data("c", "n", domain=CATEGORY), data("X", "n d", EVERY)
)
TEXT = "y,c,age,fare\n0,u,1,2\n1,,3,4\n1,v,,inf\n0,w,,5\n1,u,6,7\nNA,v,8,9\n"


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="d.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def dropping(module, *sources, **options):
    return bind_tables(module, *sources, missing="drop", **options)


def test_a_row_goes_from_all_data_and_every_column_is_counted(write):
    bound = dropping(MODULE, write(TEXT))

    assert bound.arrays["y"].tolist() == [0, 1]
    assert bound.arrays["X"].tolist() == [[1, 2], [6, 7]]
    assert bound.n_rows == 2
    assert bound.lines == [
        "y: column y",
        "c: column c (1 levels of k: u)",
        "X[n=2, d=2]: age, fare",
        "dropped 4 of 6 rows: y 1, c 1, age 2, fare 1",
    ]


def test_a_level_that_only_dropped_rows_have_is_no_level(write):
    assert dropping(MODULE, write(TEXT)).dims["k"] == {"size": 1, "labels": ["u"]}


def test_nothing_to_drop_changes_nothing_and_says_nothing(write):
    path = write("y,c,a\n0,u,1\n1,v,2\n")

    assert dropping(MODULE, path).sha256() == bind_tables(MODULE, path).sha256()
    assert dropping(MODULE, path).lines == bind_tables(MODULE, path).lines


def test_without_it_the_message_names_it(write):
    with pytest.raises(DataError, match=r"4 missing values .*\n.*--missing drop"):
        bind_tables(MODULE, write(TEXT))


def test_data_that_are_not_needed_drop_no_rows(write):
    bound = dropping(MODULE, write(TEXT), only=["y"])

    assert bound.dropped.counts == {"y": 1}
    assert bound.n_rows == 5


def test_a_column_that_two_data_use_is_counted_once(write):
    module = model(data("a", "n", named("x")), data("b", "n", named("x")))

    assert dropping(module, write("x,y\n1,2\n,3\n")).dropped.counts == {"x": 1}


def test_wrong_values_in_dropped_rows_do_not_matter_and_in_kept_ones_do(write):
    path = write("y,c,a\n0,u,1\n7,u,\n")
    wrong = write("y,c,a\n0,u,\n7,u,1\n", "e.csv")

    assert dropping(MODULE, path).arrays["y"].tolist() == [0]
    with pytest.raises(DataError, match=r"e.csv: row 2 \(line 3\), column `y` is 7"):
        dropping(MODULE, wrong)


def test_a_cell_that_is_no_number_is_an_error_and_not_missing(write):
    with pytest.raises(DataError, match=r"`y` is not numeric: row 3 \(line 4\), .* is \"x\""):
        dropping(model(data("y", "n"), data("z", "n")), write("y,z\n1,2\n2,\nx,3\n"))


def test_words_of_a_labelled_domain_may_be_missing(write):
    bound = dropping(model(data("y", "n", domain=YES_NO)), write("y\nyes\nNA\nno\n"))

    assert bound.arrays["y"].tolist() == [1, 0]


def test_all_rows_of_a_fit_dropped_is_an_error(write):
    with pytest.raises(DataError, match="no rows are left: dropped 2 of 2 rows: y 1, z 1"):
        dropping(model(data("y", "n"), data("z", "n")), write("y,z\n1,\n,2\n"))


def test_side_data_are_never_dropped(write):
    module = model(data("y", "n"), data("cost", "k"))

    with pytest.raises(DataError, match="1 missing value \\(`cost` 1\\)"):
        dropping(module, write("y\n1\n2\n"), write("cost\n1\nNA\n", "side.csv"))


@pytest.mark.parametrize(
    ("dims", "axis"), [("n d", 0), ("d n", 1), ("n d e", 0), ("d n e", 1), ("d e n", 2)]
)
def test_arrays_lose_rows_along_their_row_axis(dims, axis):
    shape = tuple({"n": 4, "d": 2, "e": 3}[dim] for dim in dims.split())
    array = np.arange(float(np.prod(shape))).reshape(shape)
    array[tuple(2 if i == axis else 1 for i in range(len(shape)))] = np.nan
    module = model(data("y", "n"), data("A", dims))

    bound = dropping(module, arrays={"A": array, "y": [1, 2, 3, np.inf]})

    np.testing.assert_array_equal(bound.arrays["A"], np.take(array, [0, 1], axis=axis))
    assert bound.dropped.counts == {"y": 1, "A": 1}


def test_an_array_with_rows_on_two_axes_loses_both():
    K = np.arange(16.0).reshape(4, 4)
    module = model(data("y", "n"), data("K", "n n"))

    bound = dropping(module, arrays={"K": K, "y": [1, np.nan, 3, 4]})

    np.testing.assert_array_equal(bound.arrays["K"], K[np.ix_([0, 2, 3], [0, 2, 3])])


def test_places_after_dropping_are_those_of_the_source(write):
    path = write("y,a\n1,\n2,3\n9,4\n")
    module = model(data("y", "n", domain={"upper": 5.0, "text": "<= 5"}), data("a", "n"))

    with pytest.raises(DataError, match=r"row 3 \(line 4\), column `y` is 9"):
        dropping(module, path)


def test_the_whole_numbers_of_a_table_with_gaps_are_read_exactly():
    frame = pd.DataFrame({"y": pd.array([1, None, 3], dtype="Int64"), "z": [1, 2, 3]})

    bound = dropping(model(data("y", "n"), data("z", "n")), frame)

    assert bound.arrays["z"].tolist() == [1, 3]


def test_a_column_that_numbers_the_rows_gets_its_note_also_with_gaps(write):
    rows = "".join(f"{i},{'' if i % 7 == 3 else i * i}\n" for i in range(40))

    bound = dropping(model(data("X", "n d", EVERY)), write(f"id,x\n{rows}"))

    assert [line for line in bound.lines if line.startswith("note")] == [
        'note: column id of `X` numbers the rows; leave it out with `from * except ["id"]`'
    ]


# -- levels that the fit has not seen ----------------------------------------------------------


@pytest.fixture
def fitted(write):
    return bind_tables(MODULE, write("y,c,a\n0,u,1\n1,v,2\n", "train.csv"))


def test_unseen_levels_leave_their_rows_out(write, fitted):
    path = write("c,a\nv,1\nw,2\nu,3\nx,4\n")
    options = {"dims": fitted.dims, "columns": fitted.columns, "only": ["c", "X"]}

    bound = bind_tables(MODULE, path, unseen="null", **options)

    assert bound.arrays["c"].tolist() == [1, 0]
    assert bound.arrays["X"].tolist() == [[1], [3]]
    assert str(bound.dropped) == "2 of 4 rows: c 2"
    assert bound.dropped.kept.tolist() == [0, 2]


def test_missing_and_unseen_are_two_things(write, fitted):
    path = write("c,a\nv,1\nw,2\n,3\n")
    options = {"dims": fitted.dims, "columns": fitted.columns, "only": ["c", "X"]}

    with pytest.raises(DataError, match="1 missing value"):
        bind_tables(MODULE, path, unseen="null", **options)
    with pytest.raises(DataError, match="no level of `k`"):
        bind_tables(MODULE, path, missing="drop", **options)
    both = bind_tables(MODULE, path, missing="drop", unseen="null", **options)
    assert both.n_rows == 1


def test_codes_beyond_a_declared_size_are_unseen(write):
    module = model(data("c", "n", domain=CATEGORY), k=3)

    bound = bind_tables(module, write("c\n0\n7\n2\n"), only=["c"], unseen="null")

    assert bound.arrays["c"].tolist() == [0, 2]


def test_at_prediction_all_rows_may_be_unusable(write, fitted):
    bound = bind_tables(
        MODULE,
        write("c,a\nw,1\n"),
        dims=fitted.dims,
        columns=fitted.columns,
        only=["c", "X"],
        unseen="null",
    )

    assert bound.n_rows == 0


@pytest.mark.parametrize(("option", "value"), [("missing", "skip"), ("unseen", "drop")])
def test_other_words_are_refused(option, value):
    with pytest.raises(UsageError, match=f"{option} is '{value}', but it must be 'error' or"):
        bind_tables(MODULE, {"y": [1]}, **{option: value})
