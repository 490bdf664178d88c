"""Results: their JSON form, their print, and predictions on new data."""

import json
from dataclasses import replace

import numpy as np
import pytest
from standins import Line, line_bound, line_data, line_module

from gdsym.data import Bound
from gdsym.errors import DataError, UsageError
from gdsym.run import fit
from gdsym.run.result import entry_names

X, Y = line_data()


@pytest.fixture
def result():
    return fit(line_module(Line(X, Y)), line_bound(X, Y))


def test_the_json_form_has_exactly_the_promised_keys_in_their_order(result):
    assert list(result.to_json()) == [
        "model",
        "method",
        "status",
        "message",
        "objective",
        "loss",
        "grad_norm",
        "iterations",
        "evaluations",
        "seconds",
        "n_rows",
        "params",
        "dims",
        "std_errors",
        "covariance",
        "certificate",
        "inference",
        "predictions",
    ]


def test_the_json_form_is_json(result):
    short = json.loads(json.dumps(result.to_json(), allow_nan=False))

    assert short["params"] == {"w": result.params["w"].tolist(), "b": result.params["b"]}
    assert short["n_rows"] == 23
    assert replace(result, loss=np.nan).to_json()["loss"] is None


def test_the_print_shows_status_labels_and_values(result):
    text = repr(replace(result, seconds=0.25))

    assert text.startswith("line: converged after ")
    assert "(lbfgs, 23 rows, 0.25 s)" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["w", "age", f"{result.theta[0]:.7g}"] in lines
    assert ["bmi", f"{result.theta[1]:.7g}"] in lines
    assert ["b", f"{result.theta[2]:.7g}"] in lines


def test_the_print_says_why_a_fit_is_no_good(result):
    assert "came first" not in repr(result)

    stopped = replace(result, status="stopped", message="the limit came first")
    assert repr(stopped).endswith("\nthe limit came first")


def test_the_print_of_a_long_parameter_is_short(result):
    w = np.arange(1000.0)
    names = tuple(f"w[{i}]" for i in range(1000))
    long = replace(result, params={"w": w}, theta=w, theta_names=names)

    text = repr(long)

    assert len(text.splitlines()) < 20
    assert "... 989 more" in text
    assert "999" in text.splitlines()[-1]


def test_labels_cannot_write_to_the_terminal(result):
    names = ("w[\x1b[31mage]", "w[a\nb]", "b")

    text = repr(replace(result, theta_names=names))

    assert "\x1b" not in text
    assert "a?b" in text


def test_predictions_have_one_entry_per_row(result):
    prediction = result.predict(X=X[:7])

    np.testing.assert_allclose(prediction["yhat"], X[:7] @ result.theta[:2] + result.theta[2])


def test_predictions_bind_a_table_by_the_columns_of_the_fit():
    bound = replace(line_bound(X, Y), columns={"X": ["bmi", "age"]})
    result = fit(line_module(Line(X, Y)), bound)

    prediction = result.predict({"other": X[:, 0], "age": X[:, 1], "bmi": X[:, 0]})

    np.testing.assert_allclose(prediction["yhat"], X @ result.theta[:2] + result.theta[2])


def test_predictions_refuse_data_that_do_not_fit(result):
    with pytest.raises(DataError):
        result.predict(X=np.zeros((3, 5)))


def test_a_model_without_predictions_says_so():
    result = fit(line_module(Line(X, Y), PREDICTIONS=()), line_bound(X, Y))

    with pytest.raises(UsageError, match="the model `line` predicts nothing\nhelp: add a line"):
        result.predict(X=X)


def test_constants_of_the_fit_reach_the_predictions_that_take_them():
    def predict(theta, X, *, lam, dims=None, stats=None):
        return {"yhat": X @ theta[:2] * lam}

    module = line_module(Line(X, Y, lam=0.7), predict=predict)
    result = fit(module, line_bound(X, Y))

    np.testing.assert_allclose(result.predict(X=X)["yhat"], 0.7 * X @ result.theta[:2])


def test_constants_reach_bind_under_their_python_names():
    seen = {}

    def bind(**given):
        seen.update(given)
        return Line(X, Y)

    module = line_module(Line(X, Y), bind=bind)
    module.CONSTS[0]["arg"] = "lambda_"
    module.CONSTS[0]["name"] = "lambda"

    fit(module, Bound({"X": X, "y": Y}, {}, [], 23, {}), consts={"lambda": 3.0})

    assert set(seen) == {"X", "y", "lambda_", "dims", "check"}
    assert seen["lambda_"] == 3.0


def test_entries_are_named_by_label_and_by_number_where_there_is_none():
    module = line_module(Line(X, Y))
    module.PARAMS[0]["dims"] = ("d", "k")
    dims = {"d": {"size": 2, "labels": ["age", "bmi"]}, "k": {"size": 2, "labels": None}}

    names = entry_names(module, dims)

    assert names == ("w[age,0]", "w[age,1]", "w[bmi,0]", "w[bmi,1]", "b")
