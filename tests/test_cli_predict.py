import csv

import numpy as np
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
        ("iris.gd iris.csv", "is not a fit file"),
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
