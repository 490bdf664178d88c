"""Several files: patterns, rows that follow each other, and files that lie side by side."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_models import CATEGORY, EVERY, data, model

from gdsym.data import bind_tables
from gdsym.errors import DataError

Y = model(data("y", "n"))
BOTH = model(data("y", "n"), data("X", "n d", EVERY))
C = model(data("c", "n", domain=CATEGORY))


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_file(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write_file


def refusal(module, *sources, **options):
    with pytest.raises(DataError) as caught:
        bind_tables(module, *sources, **options)
    return str(caught.value)


def test_a_pattern_is_one_table_in_sorted_order(write):
    for i in (2, 10, 1):
        write(f"part{i}.csv", f"y\n{i}\n{i + 0.5}\n")

    bound = bind_tables(Y, "part*.csv")

    assert bound.arrays["y"].tolist() == [1, 1.5, 10, 10.5, 2, 2.5]
    assert bound.n_rows == 6
    assert bound.lines == ["y: column y"]


def test_files_follow_each_other_in_the_order_given(write):
    names = [write(f"{i}.csv", f"y\n{i}\n") for i in range(3)]

    assert bind_tables(Y, *reversed(names)).arrays["y"].tolist() == [2, 1, 0]


def test_patterns_and_files_of_the_same_columns_are_one_table(write):
    write("a/1.csv", "y\n1\n")
    write("b/2.csv", "y\n2\n")

    assert bind_tables(Y, "b/*.csv", "a/1.csv").arrays["y"].tolist() == [2, 1]
    assert bind_tables(Y, "**/*.csv").arrays["y"].tolist() == [1, 2]


def test_columns_are_matched_by_name_and_not_by_place(write):
    write("a.csv", "y,u,v\n1,2,3\n")
    write("b.csv", "v,y,u\n6,4,5\n")

    bound = bind_tables(BOTH, "a.csv", "b.csv")

    assert bound.arrays["X"].tolist() == [[2, 3], [5, 6]]
    assert bound.dims["d"]["labels"] == ["u", "v"]


def test_a_pattern_of_files_with_other_columns_is_refused_with_their_names(write):
    write("a.csv", "y,u\n1,2\n")
    write("b.csv", "y,w\n4,5\n")

    assert refusal(BOTH, "?.csv").startswith(
        "?.csv: the files do not have the same columns: b.csv has no column `u`, "
        "and a.csv has no column `w`\nhelp: "
    )


def test_a_pattern_of_several_formats_is_refused(write):
    write("d.csv", "y\n1\n")
    write("d.tsv", "y\n1\n")

    assert "d.csv and d.tsv are of different formats" in refusal(Y, "d.*")


def test_a_pattern_that_matches_nothing_says_so(write):
    write("d.csv", "y\n1\n")

    assert refusal(Y, "e*.csv").startswith("no file matches e*.csv")


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(write):
    write("d[1].csv", "y\n7\n")
    write("d1.csv", "y\n1\n")

    assert bind_tables(Y, "d[1].csv").arrays["y"].tolist() == [7]


@pytest.mark.parametrize("again", ["a.csv", "./a.csv", "*.csv"])
def test_a_file_that_is_given_twice_is_refused(write, again):
    write("a.csv", "y\n1\n")

    assert "a.csv is given twice" in refusal(Y, "a.csv", again)


def test_a_wrong_cell_is_placed_in_its_own_file(write):
    write("a.csv", "y,u\n1,2\n3,4\n")
    write("b.csv", "y,u\n5,6\n7,oops\n")
    write("c.csv", "y,u\n8,inf\n")

    message = refusal(BOTH, "a.csv", "b.csv")
    infinite = refusal(BOTH, "[ac].csv")

    assert (
        "a.csv and b.csv: column `u` is numeric but for some cells: row 2 (line 3) of b.csv"
        in (message)
    )
    assert "the first is in row 1 (line 2) of c.csv, column `u`" in infinite
    assert "a.csv, ..., c.csv (3 files)" in refusal(BOTH, "*.csv")


def test_files_of_one_name_in_two_folders_are_told_apart(write):
    write("a/d.csv", "y\n1\n")
    write("b/d.csv", "y\nx\n")

    assert "row 1 (line 2) of b/d.csv" in refusal(Y, "*/d.csv")


def test_levels_are_those_of_all_files(write):
    write("a.csv", "c\nv\nu\n")
    write("b.csv", "c\nu\nw\n")

    bound = bind_tables(C, "*.csv")

    assert bound.dims["k"]["labels"] == ["u", "v", "w"]
    assert bound.arrays["c"].tolist() == [1, 0, 0, 2]


def test_a_column_of_numbers_in_one_file_and_words_in_the_other_is_a_category(tmp_path):
    pq.write_table(pa.table({"c": [10, 2]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"c": ["2", "x"]}), tmp_path / "b.parquet")

    bound = bind_tables(C, str(tmp_path / "*.parquet"))

    assert bound.dims["k"]["labels"] == ["10", "2", "x"]
    assert bound.arrays["c"].tolist() == [0, 1, 1, 2]


def test_a_column_of_numbers_in_one_file_and_dates_in_the_other_is_refused(tmp_path):
    pq.write_table(pa.table({"y": [10, 2]}), tmp_path / "a.parquet")
    dates = pd.Series(pd.to_datetime(["2020-01-01"])).dt.date.tolist()
    pq.write_table(pa.table({"y": dates}), tmp_path / "b.parquet")

    assert "`y` holds numbers in a.parquet and dates (date32[day]) in b.parquet" in refusal(
        Y, str(tmp_path / "*.parquet")
    )


def test_types_of_numbers_may_differ_between_files(tmp_path):
    kinds = [pa.int8(), pa.uint64(), pa.float32(), pa.bool_(), pa.float64()]
    for i, kind in enumerate(kinds):
        pq.write_table(pa.table({"y": pa.array([1], pa.int8()).cast(kind)}), tmp_path / f"{i}.pq")

    assert bind_tables(Y, str(tmp_path / "*.pq")).arrays["y"].tolist() == [1] * 5


def test_a_file_without_rows_among_others_adds_none(tmp_path):
    pq.write_table(pa.table({"y": [1.0]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"y": pa.array([], pa.float64())}), tmp_path / "b.parquet")

    assert bind_tables(Y, str(tmp_path / "*.parquet")).arrays["y"].tolist() == [1]


def test_files_that_share_some_columns_are_ambiguous_and_say_why(write):
    write("a.csv", "y,u\n1,2\n")
    write("b.csv", "y,w\n4,5\n")

    message = refusal(BOTH, "a.csv", "b.csv")

    assert "`y` stands in a.csv and in b.csv" in message
    assert "b.csv has no column `u`, a.csv has no column `w`" in message


def test_files_of_different_formats_stay_side_by_side(write, tmp_path):
    write("y.csv", "y\n1\n2\n")
    np.save(tmp_path / "X.npy", np.eye(2))

    bound = bind_tables(model(data("y", "n"), data("X", "n d")), "y.csv", "X.npy")

    assert bound.arrays["X"].tolist() == [[1, 0], [0, 1]]


def test_a_pattern_of_arrays_is_bound_by_name(tmp_path):
    np.save(tmp_path / "X.npy", np.eye(2))
    np.save(tmp_path / "y.npy", np.ones(2))

    bound = bind_tables(model(data("y", "n"), data("X", "n d")), str(tmp_path / "*.npy"))

    assert bound.arrays["y"].tolist() == [1, 1]


def test_frames_of_the_same_columns_follow_each_other():
    frames = [pd.DataFrame({"y": [1.0, 2.0]}), pd.DataFrame({"y": [3.0, np.nan]})]

    bound = bind_tables(Y, *frames, missing="drop")

    assert bound.arrays["y"].tolist() == [1, 2, 3]
    assert "the first is in row 2 of table 2, column `y`" in refusal(Y, *frames)
