import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gdsym.cli import run

IRIS = """
dim k in {"setosa", "virginica"}
data X[n, d] from ["length", "width"]
data species[n] in k
param W[d, k], b[k]
let Z = X @ W + b
loss mean(logsumexp[k](Z) - Z[species])
penalty 1/2*sum(W^2)
predict p[n, k] = softmax[k](Z)
"""
CSV = "length,width,species\n1,4,setosa\n2,7,virginica\n4,1,setosa\n3,3,virginica\n"


@pytest.fixture
def fitted(tmp_path, monkeypatch):
    (tmp_path / "iris.gd").write_text(IRIS)
    (tmp_path / "iris.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)
    assert run(["fit", "iris.gd", "iris.csv", "-o", "fit.json"]) == 0
    return tmp_path


def table(text):
    header, *rows = csv.reader(text.splitlines())
    return header, np.array(rows, dtype=float)


def test_predictions_of_classes_are_columns_named_after_the_labels(fitted, capsys):
    capsys.readouterr()
    code = run(["predict", "fit.json", "iris.csv"])

    header, rows = table(capsys.readouterr().out)
    assert code == 0
    assert header == ["p[setosa]", "p[virginica]"]
    assert rows.shape == (4, 2)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-15)


def test_data_that_only_the_loss_needs_may_be_absent(fitted, capsys):
    (fitted / "new.csv").write_text("width,length\n4,1\n")
    capsys.readouterr()
    run(["predict", "fit.json", "iris.csv"])
    first = capsys.readouterr().out.splitlines()[1]

    code = run(["predict", "fit.json", "new.csv"])

    assert code == 0
    assert capsys.readouterr().out.splitlines()[1:] == [first]


def test_the_numbers_have_all_the_digits_of_a_double(fitted, capsys):
    import gdsym

    capsys.readouterr()
    run(["predict", "fit.json", "iris.csv"])

    _, rows = table(capsys.readouterr().out)
    np.testing.assert_array_equal(rows, gdsym.load("fit.json").predict("iris.csv")["p"])


def test_the_output_is_a_file_where_one_is_named(fitted, capsys):
    capsys.readouterr()
    code = run(["predict", "fit.json", "iris.csv", "-o", "out.csv"])

    assert code == 0
    assert capsys.readouterr().out == ""
    assert table((fitted / "out.csv").read_text())[1].shape == (4, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("fit.jso iris.csv", "did you mean `fit.json`"),
        ("iris.gd iris.csv", "is a model, and no fit of it"),
        ("fit.json nowhere.csv", "no file nowhere.csv"),
        ("fit.json", "data"),
        ("fit.json iris.csv -o nowhere/out.csv", "there is no directory"),
    ],
)
def test_a_mistake_is_told_on_stderr_with_exit_2(fitted, capsys, arguments, message):
    capsys.readouterr()
    code = run(["predict", *arguments.split()])

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert message in err


LINE = "data length[n], width[n]\nparam a\nloss mean((width - a*length)^2)\npredict slope = a\n"


def test_a_prediction_without_rows_is_a_single_row(fitted, capsys):
    (fitted / "line.gd").write_text(LINE)
    assert run(["fit", "line.gd", "iris.csv", "-o", "line.json"]) == 0
    capsys.readouterr()

    assert run(["predict", "line.json"]) == 0

    # sum(x*y) / sum(x^2) = (4 + 14 + 4 + 9) / (1 + 4 + 16 + 9)
    header, rows = table(capsys.readouterr().out)
    assert header == ["slope"]
    np.testing.assert_allclose(rows, [[31 / 30]], rtol=1e-8)


def test_beside_predictions_by_row_one_without_rows_goes_to_stderr(fitted, capsys):
    (fitted / "line.gd").write_text(LINE + "predict expected = a*length\n")
    assert run(["fit", "line.gd", "iris.csv", "-o", "line.json"]) == 0
    capsys.readouterr()

    assert run(["predict", "line.json", "iris.csv"]) == 0

    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "expected"
    assert err.startswith("slope = 1.033")


def test_a_model_without_predictions_says_how_to_get_one(fitted, capsys):
    (fitted / "plain.gd").write_text("data length[n]\nparam m\nloss mean((length - m)^2)\n")
    assert run(["fit", "plain.gd", "iris.csv", "-o", "plain.json"]) == 0

    assert run(["predict", "plain.json", "iris.csv"]) == 2
    assert "add a line such as `predict" in capsys.readouterr().err


# -- columns to keep, rows that cannot be used, Parquet ----------------------------------------

LEVELS = """
data x[n] from "length", who[n] in k
param u[k]
loss mean((x - u[who])^2)
predict p = u[who] + x
predict q[n, k] = x + u
"""
TRAIN = "length,who\n1,ann\n3,bob\n"
NEW = 'id,length,who,day\n007,1,ann,2020-01-02\n008,,bob,"a, b"\n009,2,cy,NA\n010,2,bob,\n'


@pytest.fixture
def levels(tmp_path, monkeypatch, capsys):
    (tmp_path / "m.gd").write_text(LEVELS)
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "new.csv").write_text(NEW)
    monkeypatch.chdir(tmp_path)
    assert run(["fit", "m.gd", "train.csv", "-o", "fit.json"]) == 0
    capsys.readouterr()
    return tmp_path


def test_rows_that_cannot_be_used_have_empty_cells(levels, capsys):
    code = run(["predict", "fit.json", "new.csv", "--missing", "drop", "--unseen", "null"])

    out, err = capsys.readouterr()
    assert code == 0
    assert list(csv.reader(out.splitlines())) == [
        ["p", "q[ann]", "q[bob]"],
        ["2.0", "2.0", "4.0"],
        ["", "", ""],
        ["", "", ""],
        ["5.0", "3.0", "5.0"],
    ]
    assert err == "no prediction for 2 of 4 rows: length 1, who 1\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "1 missing value (`length` 1)"),
        ("--missing drop", 'is "cy", which is no level of `k`'),
        ("--unseen null", "1 missing value (`length` 1)"),
    ],
)
def test_each_kind_of_unusable_row_is_an_error_unless_it_is_allowed(
    levels, capsys, options, message
):
    assert run(["predict", "fit.json", "new.csv", *options.split()]) == 2
    assert message in capsys.readouterr().err


def test_the_mistake_in_a_level_says_how_to_go_on(levels, capsys):
    assert run(["predict", "fit.json", "new.csv", "--missing", "drop"]) == 2
    assert "--unseen null" in capsys.readouterr().err


def test_all_rows_may_be_unusable(levels, capsys):
    (levels / "bad.csv").write_text("length,who\n,ann\n1,cy\n")

    assert run(["predict", "fit.json", "bad.csv", "--missing", "drop", "--unseen", "null"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [",,", ",,"]


ALL = ["--missing", "drop", "--unseen", "null"]


def test_kept_columns_stand_as_in_the_file(levels, capsys):
    code = run(["predict", "fit.json", "new.csv", "--keep", "id,day,who", *ALL])

    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert code == 0
    assert [row[:3] for row in rows] == [
        ["id", "day", "who"],
        ["007", "2020-01-02", "ann"],
        ["008", "a, b", "bob"],
        ["009", "NA", "cy"],
        ["010", "", "bob"],
    ]
    assert rows[1][3] == "2.0"


def test_kept_columns_follow_the_rows_of_several_files(levels, capsys):
    (levels / "more.csv").write_text("who,day,length,id\nann,x,5,z\n")

    assert run(["predict", "fit.json", "more.csv", "new.csv", "--keep", "id", *ALL]) == 0

    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert [row[0] for row in rows] == ["id", "z", "007", "008", "009", "010"]
    assert rows[1][1] == "6.0"


def parquet_data(path):
    import datetime

    table = pa.table(
        {
            "id": pa.array([7, 8, 9], pa.int32()),
            "day": [datetime.date(2020, 1, 2), None, datetime.date(2020, 1, 4)],
            "length": [1.0, None, 2.0],
            "who": pa.array(["ann", "ann", "bob"]).dictionary_encode(),
            "ok": [True, False, None],
        }
    )
    pq.write_table(table, path)
    return table


def test_predictions_and_kept_columns_go_to_parquet_with_their_types(levels):
    table = parquet_data("new.parquet")

    keep = ["--keep", "id,day,who,ok"]
    code = run(["predict", "fit.json", "new.parquet", "-o", "out.parquet", *keep, *ALL])

    out = pq.read_table("out.parquet")
    assert code == 0
    assert out.column_names == ["id", "day", "who", "ok", "p", "q[ann]", "q[bob]"]
    assert out.select(["id", "day", "ok"]).equals(table.select(["id", "day", "ok"]))
    assert out["who"].to_pylist() == ["ann", "ann", "bob"]
    assert out["p"].to_pylist() == [2.0, None, 5.0]
    assert out["q[bob]"].to_pylist() == [4.0, None, 5.0]


def test_columns_of_parquet_go_to_csv_as_text(levels, capsys):
    parquet_data("new.parquet")

    assert run(["predict", "fit.json", "new.parquet", "--keep", "id,day,who,ok", *ALL]) == 0

    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert [row[:4] for row in rows[1:]] == [
        ["7", "2020-01-02", "ann", "true"],
        ["8", "", "ann", "false"],
        ["9", "2020-01-04", "bob", ""],
    ]


def test_a_parquet_file_of_predictions_is_bit_for_bit_that_of_csv(levels):
    assert run(["predict", "fit.json", "new.csv", "-o", "a.csv", *ALL]) == 0
    assert run(["predict", "fit.json", "new.csv", "-o", "a.parquet", *ALL]) == 0

    header, *rows = csv.reader((levels / "a.csv").read_text().splitlines())
    columns = pq.read_table("a.parquet").to_pydict()
    assert list(columns) == header
    assert [[repr(v) if v is not None else "" for v in c] for c in columns.values()] == [
        list(column) for column in zip(*rows, strict=True)
    ]


def test_columns_may_be_chosen_for_new_data(levels, capsys):
    (levels / "other.csv").write_text("person,size\nbob,1\n")

    code = run(["predict", "fit.json", "other.csv", "--bind", "x=size", "--bind", "who=person"])

    assert code == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("4.0,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--keep idd", "there is no column `idd` to keep\nhelp: did you mean `id`?"),
        ("--keep id,id", "`id` stands there twice"),
        ("--keep id,,who", "names of columns were expected"),
        ("-o out.xlsx", "predictions are written as .csv or .parquet, not .xlsx"),
        ("-o out.feather", "predictions are written as .csv or .parquet"),
        ("--unseen drop", "'drop' is not one of 'error', 'null'"),
        ("--bind z=id", "bind: the model has no data `z`"),
    ],
)
def test_a_mistake_in_an_option_is_told_with_exit_2(levels, capsys, arguments, message):
    code = run(["predict", "fit.json", "new.csv", *ALL, *arguments.split()])

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert message in err


def test_a_kept_column_must_not_have_the_name_of_a_prediction(levels, capsys):
    (levels / "p.csv").write_text("length,who,p\n1,ann,5\n")

    assert run(["predict", "fit.json", "p.csv", "--keep", "p"]) == 2
    assert "--keep p: a prediction has this name too" in capsys.readouterr().err


def test_arrays_have_no_columns_to_keep(fitted, capsys):
    np.savez("new.npz", X=np.ones((2, 2)), id=[1, 2])

    assert run(["predict", "fit.json", "new.npz", "--keep", "id"]) == 2
    assert "a file of arrays has no columns to keep" in capsys.readouterr().err


def test_the_same_options_in_python(levels):
    import gdsym

    result = gdsym.load("fit.json")
    values = result.predict("new.csv", missing="drop", unseen="null")
    other = result.predict({"size": [1.0], "who": ["bob"]}, bind={"x": "size"})

    np.testing.assert_array_equal(values["p"], [2, np.nan, np.nan, 5])
    np.testing.assert_array_equal(values["q"][1:3], np.full((2, 2), np.nan))
    assert other["p"].tolist() == [4]
