"""Naming the place, the first row and the values of what is not finite."""

import numpy as np
import pytest
from standins import Line, line_bound, line_data, line_module

from gdsym.data import Bound
from gdsym.run import NotFiniteError, diagnose, fit

SOURCE = """\
data  x[n], y[n]
param w, b > 0
let   mu = x * w + b
let   guard = where(x > 0, log(x), 0)
loss  mean(y * guard - log(mu)) + exp(b)
"""
PLACES = {
    "mu": (3, 7, "mu"),
    "guard": (4, 7, "guard"),
    "log(x)": (4, 28, "log(x)"),
    "y * guard - log(mu)": (5, 12, "y * guard - log(mu)"),
    "log(mu)": (5, 22, "log(mu)"),
    "exp(b)": (5, 35, "exp(b)"),
}


class Traced(Line):
    """The problem of `SOURCE`, in three parameters of which the last is not used."""

    def unpack(self, theta):
        return {"w": float(theta[0]), "b": float(theta[1])}

    def trace(self, theta, rows):
        x, y = self.X[rows], self.y[rows]
        mu = x * theta[0] + theta[1]
        guard = np.where(x > 0, np.log(x), 0.0)
        row = y * guard - np.log(mu)
        return {
            "mu": mu,
            "guard": guard,
            "log(x)": np.log(x),
            "y * guard - log(mu)": row,
            "log(mu)": np.log(mu),
            "exp(b)": float(np.exp(theta[1])),
        }

    def batch_value_and_grad(self, theta, rows):
        trace = self.trace(theta, rows)
        return np.mean(trace["y * guard - log(mu)"]) + trace["exp(b)"], np.zeros(3)


def explained(x, theta, f=np.nan, places=PLACES, y=None, minibatch=None):
    x = np.asarray(x, dtype=float)
    y = np.ones_like(x) if y is None else np.asarray(y, dtype=float)
    problem = Traced(x, y)
    module = line_module(
        problem,
        SOURCE=SOURCE,
        SOURCE_NAME="m.gd",
        PLACES=places,
        MINIBATCH=minibatch,
        OBJECTIVE={"kind": "nll", "line": 5, "sign": 1.0, "penalised": False},
    )
    data = {"x": x, "y": y}
    return diagnose.explain(module, problem, np.array([*theta, 0.0]), f, "at the start", data)


def test_the_place_the_first_row_and_the_values_are_named():
    x = [1.0, 2.0, -4.0, 5.0, -9.0]

    message = explained(x, [1.0, 1.5])

    assert message == (
        "m.gd:5:22: nll is nan at the start: log(mu) is nan in row 3, where mu = -2.5"
    )


def test_the_first_row_is_found_in_any_chunk(monkeypatch):
    monkeypatch.setattr(diagnose, "CHUNK", 7)
    for row in (0, 6, 7, 30, 99):
        x = np.ones(100)
        x[row:] = -5.0

        assert f"log(mu) is nan in row {row + 1}, where mu = -3.5" in explained(x, [1.0, 1.5])


def test_the_masked_branch_of_a_where_is_not_blamed():
    # log(x) is nan in row 1, but `where` does not let it through; row 2 is to blame.
    message = explained([-0.5, 1.0, -3.0], [1.0, 1.0])

    assert "log(mu) is nan in row 3, where mu = -2" in message


def test_a_let_is_followed_to_where_the_trouble_began():
    message = explained([1.0, np.nan], [1.0, 1.5])

    assert message == (
        "m.gd:3:7: nll is nan at the start: mu is nan in row 2, where x = nan, w = 1, b = 1.5"
    )


def test_where_the_objective_cannot_be_asked_for_a_row_its_expressions_are():
    message = explained([1.0, 2.0, -4.0], [1.0, 1.5], minibatch="not linear")

    assert "log(mu) is nan in row 3, where mu = -2.5" in message


def test_a_total_that_overflows_is_not_blamed_on_a_row():
    class Large(Traced):
        def batch_value_and_grad(self, theta, rows):
            return np.inf if len(rows) > 5 else 1.0, np.zeros(3)

    problem = Large(np.ones(9), np.ones(9))
    module = line_module(problem, SOURCE=SOURCE, SOURCE_NAME="m.gd", PLACES=PLACES)

    message = diagnose.explain(module, problem, np.ones(3), np.inf, "in iteration 3")

    assert message == "m.gd:6: loss is inf in iteration 3"


def test_what_depends_on_no_row_is_named_without_one():
    message = explained([1.0, 2.0], [1.0, 800.0], f=np.inf)

    assert message == "m.gd:5:35: nll is inf at the start: exp(b) is inf, where b = 800"


def test_minus_infinity_is_said_as_such():
    message = explained([1.0, 2.0], [-1.0, 1.0], f=np.inf)

    assert "log(mu) is -inf in row 1, where mu = 0" in message


def test_a_model_without_places_is_named_by_the_line_of_its_objective():
    message = explained([1.0, -1.0], [1.0, 0.5], places={})

    assert message == "m.gd:5: nll is nan at the start: in row 2"


def test_the_sign_is_the_one_of_the_user():
    X, y = line_data()
    problem = Line(X, y)
    module = line_module(
        problem,
        PLACES={},
        OBJECTIVE={"kind": "loglik", "line": 6, "sign": -1.0, "penalised": False},
    )

    message = diagnose.explain(module, problem, np.zeros(3), np.inf, "at the start")

    assert message == "line.gd:6: loglik is -inf at the start"


def test_missing_data_are_shown_with_their_row():
    X, y = line_data()
    X[7, 0] = np.nan
    problem = Line(X, y)

    with pytest.raises(NotFiniteError) as error:
        fit(line_module(problem), line_bound(X, y))

    assert str(error.value).startswith(
        "line.gd:5:7: loss is nan at the start: z is nan in row 8, where X = [nan, "
    )


class BadSlope(Line):
    """Finite everywhere, but rows from the tenth on have no derivative in w[bmi]."""

    def _at(self, theta, X, y):
        f, g = super()._at(theta, X, y)
        g[1] = np.inf if np.any(X[:, 1] > 90) else g[1]
        return f, g


def test_a_derivative_that_is_not_finite_is_named_with_its_row():
    X, y = line_data()
    X[9:, 1] = 100.0

    with pytest.raises(NotFiniteError) as error:
        fit(line_module(problem := BadSlope(X, y)), line_bound(X, y))

    assert problem.n_rows == 23
    assert str(error.value) == (
        "line.gd:6: loss is finite at the start, but its derivative with respect to w[bmi] is "
        "inf, where w[bmi] = 0, first in row 10"
    )


def test_no_row_is_blamed_for_a_derivative_that_is_bad_in_all_of_them():
    X, y = line_data()
    X[:, 1] = 100.0

    with pytest.raises(NotFiniteError) as error:
        fit(line_module(BadSlope(X, y)), Bound({"X": X, "y": y}, {}, [], 23, {}))

    assert "row" not in str(error.value)
