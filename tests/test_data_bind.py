"""From columns to data: sources, categories, domains, sizes, and binding at prediction."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_models import CATEGORY, EVERY, data, model, named

from gdsym.data import bind_tables, formats
from gdsym.errors import DataError

YES_NO = {"values": (0.0, 1.0), "labels": ("no", "yes"), "text": 'in {0: "no", 1: "yes"}'}
ZERO_ONE = {"values": (0.0, 1.0), "text": "in {0, 1}"}


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="d.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def refusal(module, *sources, **options):
    with pytest.raises(DataError) as caught:
        bind_tables(module, *sources, **options)
    return str(caught.value)


# -- sources -----------------------------------------------------------------------------------


def test_from_star_takes_what_no_other_data_names_in_file_order(write):
    module = model(
        data("y", "n"),
        data("P", "n p", {"pattern": "pix*"}),
        data("X", "n d", EVERY),
        data("w", "n", named("weight"), default=1.0),
    )

    bound = bind_tables(module, write("b,pix2,y,a,weight,pix1,town\n1,2,3,4,5,6,x\n"))

    assert bound.columns == {"y": ["y"], "P": ["pix2", "pix1"], "X": ["b", "a"], "w": ["weight"]}
    assert bound.arrays["X"].tolist() == [[1, 4]]
    assert bound.dims["p"] == {"size": 2, "labels": ["pix2", "pix1"]}


def test_the_lines_of_a_binding_are_those_that_fit_prints(write):
    header = ",".join(f"x{i}" for i in range(1, 31))
    rows = "\n".join(",".join(str(i * j % 7) for i in range(31)) for j in range(1, 6))
    module = model(data("X", "n d", EVERY), data("y", "n"), data("wt", "n", default=1.0))

    bound = bind_tables(module, write(f"{header},y\n{rows}\n"))

    assert bound.lines == [
        "X[n=5, d=30]: x1, x2, ..., x30",
        "y: column y",
        "wt: not in the data, 1 everywhere",
    ]
    assert bound.arrays["wt"].tolist() == [1.0] * 5


def test_a_pattern_is_literal_but_for_its_stars(write):
    module = model(data("X", "n d", {"pattern": "a.*[1]", "excluded": ("a.q[1]",)}))

    bound = bind_tables(module, write("a.x[1],axx[1],a.y1,a.q[1],a.[1]\n1,2,3,4,5\n"))

    assert bound.columns == {"X": ["a.x[1]", "a.[1]"]}


def test_all_that_is_missing_is_listed_in_one_message_with_near_names(write):
    module = model(data("y", "n"), data("X", "n d", named("age", "bmi")), data("t", "n"))

    message = refusal(module, write("agee,bmi,temp\n1,2,3\n"))

    assert message == (
        "d.csv: no column `y`, no column `age` (for `X`), no column `t`\n"
        "help: for `age` did you mean `agee`? the columns are `agee`, `bmi`, `temp`"
    )


def test_data_of_two_axes_without_a_source_says_how_to_name_columns(write):
    assert "`X[n, d]` has 2 axes: `from *` or `from [...]`" in refusal(
        model(data("X", "n d")), write("a,b\n1,2\n")
    )


def test_several_columns_do_not_fit_into_one_axis(write):
    message = refusal(model(data("x", "n", named("a", "b"))), write("a,b\n1,2\n"))

    assert "`x[n]` has 1 axis and cannot be made of the 2 columns `a`, `b`" in message


def test_from_star_without_a_numeric_column_says_so(write):
    message = refusal(model(data("X", "n d", EVERY), data("y", "n")), write("y,t\n1,a\n"))

    assert "no numeric column that no other name claims (for `X`)" in message


def test_files_may_supply_different_names_and_lengths(write):
    module = model(data("y", "n"), data("cost", "k"))

    bound = bind_tables(module, write("y\n1\n2\n3\n"), write("cost\n5\n6\n", "side.csv"))

    assert bound.arrays["cost"].tolist() == [5, 6]
    assert bound.dims == {"k": {"size": 2, "labels": None}}
    assert bound.n_rows == 3


def test_files_whose_rows_do_not_agree_are_both_named(write):
    module = model(data("y", "n"), data("z", "n"))

    message = refusal(module, write("y\n1\n2\n3\n"), write("z\n5\n6\n", "other.csv"))

    assert "`y` of d.csv has 3 rows, but `z` of other.csv has 2" in message


def test_a_column_in_two_files_is_ambiguous(write):
    message = refusal(model(data("y", "n")), write("y,a\n1,2\n"), write("y,b\n1,2\n", "e.csv"))

    assert "`y` stands in d.csv and in e.csv" in message


def test_a_column_that_numbers_the_rows_gets_a_note(write):
    rows = "".join(f"{i + 100},{i * 37 % 23},{i * i}\n" for i in range(23))
    module = model(data("X", "n d", EVERY))

    bound = bind_tables(module, write(f"id,shuffled,square\n{rows}"))

    assert [line for line in bound.lines if line.startswith("note")] == [
        'note: column id of `X` numbers the rows; leave it out with `from * except ["id"]`',
        "note: column shuffled of `X` numbers the rows; "
        'leave it out with `from * except ["shuffled"]`',
    ]


def test_a_model_without_data_binds_nothing():
    bound = bind_tables(model(row=None, k=3))

    assert bound.arrays == {}
    assert bound.dims == {"k": {"size": 3, "labels": None}}
    assert bound.n_rows == 0


# -- categories --------------------------------------------------------------------------------


def test_levels_are_the_sorted_texts_of_all_columns_of_the_dimension(write):
    module = model(data("winner", "n", domain=CATEGORY), data("loser", "n", domain=CATEGORY))

    bound = bind_tables(module, write("winner,loser\nb,a\nc,b\n"))

    assert bound.dims["k"] == {"size": 3, "labels": ["a", "b", "c"]}
    assert bound.arrays["winner"].tolist() == [1, 2]
    assert bound.arrays["loser"].tolist() == [0, 1]
    assert bound.arrays["loser"].dtype == np.int64


def test_whole_numbers_are_levels_in_numeric_order(write):
    bound = bind_tables(model(data("c", "n", domain=CATEGORY)), write("c\n10\n-2\n9.0\n9\n"))

    assert bound.dims["k"]["labels"] == ["-2", "9", "10"]
    assert bound.arrays["c"].tolist() == [2, 0, 1, 1]


def test_leading_zeros_are_part_of_a_level(write):
    bound = bind_tables(model(data("zip", "n", domain=CATEGORY)), write("zip\n01234\n1234\n"))

    assert bound.dims["k"]["labels"] == ["01234", "1234"]


def test_fractions_are_no_levels(write):
    message = refusal(model(data("c", "n", domain=CATEGORY)), write("c\n1\n2.5\n"))

    assert "categories of `k` are whole numbers or words, found 2.5" in message


def test_declared_labels_give_order_and_refuse_others_with_the_nearest(write):
    module = model(data("c", "n", domain=CATEGORY), k=("car", "bus", "train"))

    bound = bind_tables(module, write("c\nbus\ncar\n"))
    message = refusal(module, write("c\ncar\nbuss\ntran\n"))

    assert bound.arrays["c"].tolist() == [1, 0]
    assert bound.dims["k"] == {"size": 3, "labels": ["car", "bus", "train"]}
    assert message == (
        'd.csv: row 2 (line 3), column `c` is "buss", which is no level of `k`, nor is "tran"\n'
        "help: did you mean `bus`? the levels are `car`, `bus`, `train`"
    )


def test_a_declared_size_means_that_the_values_are_the_codes(write):
    module = model(data("c", "n", domain=CATEGORY), k=3)

    bound = bind_tables(module, write("c\n2\n0\n2.0\n"))
    message = refusal(module, write("c\n1\n2\n3\n"))

    assert bound.arrays["c"].tolist() == [2, 0, 2]
    assert bound.dims["k"] == {"size": 3, "labels": None}
    assert bound.lines == ["c: column c (codes 0 to 2 of k)"]
    assert message == (
        'd.csv: row 3 (line 4), column `c` is "3", but `k` has size 3 and no labels, so the '
        "values are its codes 0 to 2\n"
        'help: name the levels, `dim k in {"1", "2", "3"}`, or declare no size'
    )


def test_a_size_that_was_overridden_holds(write):
    module = model(data("c", "n", domain=CATEGORY), k=3)

    bound = bind_tables(module, write("c\n1\n4\n"), dims={"k": 5})

    assert bound.dims["k"]["size"] == 5


def test_columns_and_categories_must_agree_on_the_labels_of_a_dimension(write):
    costs = data("cost", "n k", named("cost_car", "cost_bus"))
    choice = data("choice", "n", domain=CATEGORY)
    path = write("choice,cost_car,cost_bus\nbus,1,2\ncar,3,4\n")

    message = refusal(model(choice, costs), path)
    bound = bind_tables(model(choice, costs, k=("car", "bus")), path)

    assert "`k` gets two different sets of labels" in message
    assert 'dim k in {"bus", "car"}' in message
    assert bound.arrays["choice"].tolist() == [1, 0]
    assert bound.dims["k"]["labels"] == ["car", "bus"]


def test_levels_that_do_not_fill_an_axis_are_an_error():
    module = model(data("choice", "n", domain=CATEGORY), data("cost", "n k"))

    message = refusal(module, {"choice": [0, 2], "cost": np.ones((2, 3))})

    assert "has 3 along `k`, but the data show 2 levels of it: `0`, `2`" in message
    assert "declare `dim k = 3`" in message


# -- domains -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("no yes", [0, 1]),
        ("yes", [1]),
        ("0 1", [0, 1]),
        ("1.0 0.0", [1, 0]),
        ("True False", [1, 0]),
    ],
)
def test_a_labelled_domain_takes_all_words_or_all_numbers(write, cells, values):
    bound = bind_tables(
        model(data("y", "n", domain=YES_NO)), write("y\n" + cells.replace(" ", "\n"))
    )

    assert bound.arrays["y"].tolist() == values
    assert bound.arrays["y"].dtype == np.float64
    assert bound.lines == ["y: column y (no = 0, yes = 1)"]


def test_words_and_numbers_do_not_mix(write):
    message = refusal(model(data("y", "n", domain=YES_NO)), write("y\nno\n1\nyes\n"))

    assert "row 2 (line 3), column `y` is the number 1, but other cells are words" in message
    assert "either the numbers or the words, not both" in message


def test_an_unknown_word_is_shown_with_the_nearest(write):
    message = refusal(model(data("y", "n", domain=YES_NO)), write("y\nno\nyess\n"))

    assert 'row 2 (line 3), column `y` is "yess"' in message
    assert 'declared `in {0: "no", 1: "yes"}`' in message
    assert "did you mean `yes`?" in message


@pytest.mark.parametrize(
    ("cells", "coding"),
    [
        ("1 2 1", '{0: "1", 1: "2"}'),
        ("-1 1 1", '{0: "-1", 1: "1"}'),
        ("no yes no", '{0: "no", 1: "yes"}'),
    ],
)
def test_another_coding_of_two_values_is_recognised_and_its_mend_works(write, cells, coding):
    path = write("y\n" + cells.replace(" ", "\n"))

    message = refusal(model(data("y", "n", domain=ZERO_ONE)), path)
    words = tuple(coding.split('"')[1::2])
    mended = {"values": (0.0, 1.0), "labels": words, "text": coding}
    bound = bind_tables(model(data("y", "n", domain=mended)), path)

    assert f"write `in {coding}`" in message
    assert bound.arrays["y"].tolist() == [float(cell == words[1]) for cell in cells.split()]


def test_no_coding_is_offered_where_only_some_values_are_wrong(write):
    message = refusal(model(data("y", "n", domain=ZERO_ONE)), write("y\n0\n1\n5\n"))

    assert message == "d.csv: row 3 (line 4), column `y` is 5, but `y` is declared `in {0, 1}`"


@pytest.mark.parametrize(
    ("domain", "good", "bad"),
    [
        ({"lower": 0.0, "lower_open": True}, "5e-324", "0"),
        ({"lower": 0.0}, "0", "-1e-300"),
        ({"upper": 1.0, "upper_open": True}, "0.9999999999999999", "1"),
        ({"upper": 1.0}, "1", "1.0000000000000002"),
        ({"integer": True}, "-3", "2.5"),
        ({"integer": True, "lower": 0.0}, "3", "-3"),
        ({"values": (-1.0, 1.0)}, "-1", "0"),
    ],
)
def test_each_bound_is_checked_for_every_row(write, domain, good, bad):
    module = model(data("x", "n", domain={**domain, "text": "as DECLARED"}))

    bound = bind_tables(module, write(f"x\n{good}\n{good}\n"))
    message = refusal(module, write(f"x\n{good}\n{bad}\n{bad}\n"))

    assert bound.arrays["x"].tolist() == [float(good)] * 2
    assert message.startswith(f"d.csv: row 2 (line 3), column `x` is {float(bad):g}"[:38])
    assert "declared `as DECLARED`; 1 more cell like it" in message


def test_a_stacked_column_that_breaks_the_domain_is_named(write):
    module = model(data("X", "n d", EVERY, {"lower": 0.0, "text": ">= 0"}))

    message = refusal(module, write("a,b\n1,2\n3,-4\n"))

    assert message == ("d.csv: row 2 (line 3), column `b` is -4, but `X` is declared `>= 0`")


def test_all_independent_problems_are_reported_together(write):
    module = model(
        data("a", "n"),
        data("b", "n", domain=ZERO_ONE),
        data("c", "n", domain=CATEGORY),
        data("e", "n"),
        k=("u", "v"),
    )

    message = refusal(module, write("a,b,c,e\n,0,u,1\n2,7,w,x\n"))

    assert [text.split("\n")[0][7:40] for text in message.split("\n\n")] == [
        "1 missing value (`a` 1); the firs",
        'row 2 (line 3), column `c` is "w"',
        "row 2 (line 3), column `b` is 7, ",
        "`e` is not numeric: row 2 (line 3",
    ]


# -- prediction --------------------------------------------------------------------------------


FITTED = model(data("y", "n", domain=CATEGORY), data("X", "n d", EVERY), data("t", "n"))


@pytest.fixture
def fitted(write):
    return bind_tables(FITTED, write("y,b,a,t\nred,1,2,9\nblue,3,4,9\n", "train.csv"))


def test_prediction_binds_by_the_names_of_the_fit_and_ignores_the_rest(write, fitted):
    path = write("extra,a,b\n7,20,10\nx,40,30\n5,60,50\n", "new.csv")

    bound = bind_tables(FITTED, path, dims=fitted.dims, columns=fitted.columns, only=["X"])

    assert bound.arrays["X"].tolist() == [[10, 20], [30, 40], [50, 60]]
    assert list(bound.arrays) == ["X"]
    assert bound.n_rows == 3


def test_prediction_lists_every_column_that_is_missing(write, fitted):
    message = refusal(
        FITTED,
        write("q\n1\n", "new.csv"),
        dims=fitted.dims,
        columns=fitted.columns,
        only=["X", "t"],
    )

    assert "new.csv: no columns `b`, `a` (for `X`), no column `t`" in message


def test_levels_at_prediction_are_those_of_the_fit(write, fitted):
    options = {"dims": fitted.dims, "columns": fitted.columns, "only": ["y"]}

    bound = bind_tables(FITTED, write("y\nred\n", "new.csv"), **options)
    message = refusal(FITTED, write("y\nred\nblu\n", "new.csv"), **options)

    assert bound.arrays["y"].tolist() == [1]
    assert bound.dims["k"]["labels"] == ["blue", "red"]
    assert message == (
        'new.csv: row 2 (line 3), column `y` is "blu", which is no level of `k`\n'
        "help: did you mean `blue`? the levels are `blue`, `red`; `--unseen null` (in Python "
        '`unseen="null"`) leaves the prediction of the row empty'
    )


def test_an_array_of_another_width_than_the_fit_is_refused(fitted):
    message = refusal(FITTED, arrays={"X": np.ones((4, 3))}, dims=fitted.dims, only=["X"])

    assert "`d` is 2, but `X` of the data has 3 along `d`" in message


def test_the_row_count_of_the_fit_does_not_bind_new_data(write, fitted):
    dims = {**fitted.dims, "n": {"size": 2, "labels": None}}

    bound = bind_tables(FITTED, write("t\n1\n2\n3\n"), dims=dims, only=["t"])

    assert bound.n_rows == 3


@pytest.mark.parametrize(
    "given",
    [
        lambda write: {"sources": [write("y\n1\n2\n3\n")]},
        lambda write: {"sources": [{"y": np.ones(3)}]},
        lambda write: {"sources": [[{"y": np.ones(3)}]]},
        lambda write: {"arrays": {"y": np.ones(3)}},
    ],
)
def test_rows_are_counted_by_what_is_not_needed_where_all_else_has_a_default(write, given):
    module = model(data("x", "n", default=2.0), data("y", "n"))
    made = given(write)

    bound = bind_tables(module, *made.pop("sources", ()), **made, only=["x"])

    assert bound.arrays["x"].tolist() == [2, 2, 2]
    assert bound.n_rows == 3


def test_rows_that_nothing_counts_are_asked_for(write):
    module = model(data("x", "n", default=2.0), data("y", "n"))

    message = refusal(module, {"y": np.ones(3)}, write("z\n1\n"), only=["x"])

    assert "its default needs the size of `n`, which nothing else gives" in message


def test_equal_data_have_equal_digests_whatever_they_came_from(write):
    module = model(data("X", "n d", EVERY))
    one = bind_tables(module, write("a,b\n1,2\n3,4\n"))
    two = bind_tables(module, arrays={"X": np.array([[1, 2], [3, 4]], dtype=np.int8, order="F")})
    other = bind_tables(module, arrays={"X": [[1, 2], [3, 4.0000001]]})

    assert one.sha256() == two.sha256() != other.sha256()


# -- paths -------------------------------------------------------------------------------------


def test_the_formats_are_the_modules_of_the_folder():
    assert formats() == (*(".arrow", ".csv", ".feather", ".npy", ".npz", ".parquet", ".tsv"),)


def test_a_path_that_is_no_file_is_refused_without_reading(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    module = model(data("y", "n"))

    assert "is a directory" in refusal(module, tmp_path)
    assert "is a pipe" in refusal(module, tmp_path / "pipe.csv")
    assert "is a device" in refusal(module, "/dev/zero")
    assert "there is no directory" in refusal(module, tmp_path / "nowhere" / "d.csv")
    assert "null" in refusal(module, "a\0b.csv")


def test_a_missing_file_is_answered_with_the_nearest_name(write):
    path = write("y\n1\n", "churn.csv")

    message = refusal(model(data("y", "n")), path.with_name("chrun.csv"))

    assert "there is no file" in message
    assert "churn.csv" in message


@pytest.mark.parametrize("name", ["d.svm", "d.xlsx", "d.txt", "d", "d.csv.gz"])
def test_other_formats_are_not_supported_yet(write, name):
    message = refusal(model(data("y", "n")), write("y\n1\n", name))

    assert "not supported yet; gdsym reads .arrow, .csv, " in message
    assert "help: " in message


def test_the_suffix_may_be_in_capitals(write):
    assert bind_tables(model(data("y", "n")), write("y\n1\n", "D.CSV")).n_rows == 1


def test_importing_the_package_loads_numpy_and_no_reader():
    code = "import gdsym.data, sys; print([m for m in sys.modules if '.' not in m])"
    root = Path(__file__).parents[1]

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )

    assert "'numpy'" in answer.stdout
    assert not [m for m in ("pyarrow", "pandas", "sympy", "lark") if f"'{m}'" in answer.stdout]
