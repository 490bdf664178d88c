"""`method auto`: the table, and the fits that it leads to."""

from __future__ import annotations

import numpy as np
import pytest
from zoo import ZOO

import gdsym
from gdsym.cli import run
from gdsym.errors import UsageError
from gdsym.run.auto import MOST_PARAMETERS, Facts, choose

QUADRATIC = {"constant": True, "factor": 1.0, "halves": ()}
L1 = ({"param": "w", "over": ()},)


def chosen(structure, can=lambda method: True, **facts):
    given = {"proximal": (), "squares": False, "size": 10, "rows": 100, **facts}
    return choose(Facts(structure, **given), can)


@pytest.mark.parametrize(
    ("structure", "facts", "method", "reason"),
    [
        ({"convex": True}, {}, "newton", "convex, 10 parameters"),
        ({"convex": True}, {"size": 1}, "newton", "convex, 1 parameter"),
        ({"convex": False}, {}, "newton", "exact second derivatives, 10 parameters"),
        ({}, {"squares": True}, "lm", "sum of squares, 10 parameters"),
        (
            {"convex": True, "curvature": QUADRATIC},
            {"squares": True},
            "gauss_newton",
            "linear least squares, 10 parameters",
        ),
        ({"convex": True, "curvature": QUADRATIC}, {}, "newton", "convex, 10 parameters"),
        ({"convex": True}, {"squares": True}, "newton", "convex, 10 parameters"),
        ({"convex": True}, {"proximal": L1}, "proximal", "l1 term on w"),
        (
            {"convex": True, "kinks": (("abs(z)", 1),)},
            {"proximal": L1},
            "bundle",
            "convex, a kink in `abs(z)`",
        ),
        ({"convex": True, "kinks": (("huber(r, 1)", 2),)}, {}, "newton", "convex, 10 parameters"),
        ({"kinks": (("relu(z)", 1),)}, {}, "lbfgs", "a kink in `relu(z)`"),
        ({"kinks": (("relu(z)", 1),)}, {"squares": True}, "lbfgs", "a kink in `relu(z)`"),
        ({"convex": True}, {"size": 50_000}, "lbfgs", "50,000 parameters"),
        ({}, {"squares": True, "size": MOST_PARAMETERS + 1}, "lbfgs", "1,001 parameters"),
        ({"convex": True}, {"size": 900, "rows": 10**6}, "lbfgs", "900 parameters"),
        ({"convex": True}, {"size": 0, "rows": 0}, "newton", "convex"),
    ],
)
def test_the_table(structure, facts, method, reason):
    assert chosen(structure, **facts) == (method, reason)


def test_a_method_that_cannot_be_taken_is_passed_over():
    def without(*names):
        return lambda method: method not in names

    assert chosen({"convex": True}, without("newton"))[0] == "lbfgs"
    assert chosen({}, without("lm"), squares=True)[0] == "newton"
    assert chosen({}, lambda method: False, proximal=L1)[0] == "lbfgs"


def test_constants_that_are_not_as_the_structure_takes_them():
    structure = {"convex": True, "curvature": QUADRATIC, "given": {"lam": (0.0, None)}}

    good = chosen(structure, squares=True, consts={"lam": 2.0})
    bad = chosen(structure, squares=True, consts={"lam": -2.0})
    arrays = chosen(structure, squares=True, consts={"lam": np.array([1.0, -1.0])})

    assert good[0] == "gauss_newton"
    assert bad[0] == arrays[0] == "newton"
    assert bad[1] == "exact second derivatives, 10 parameters"


OF_ZOO = {
    "least_squares": "gauss_newton",
    "nonnegative": "gauss_newton",
    "growth": "lm",
    "yield_curve": "lm",
    "rosenbrock": "lm",
    "logistic": "newton",
    "poisson_offset": "newton",
    "huber": "newton",
    "squared_hinge": "newton",
    "student": "newton",
    "mixture_plane": "newton",
    "elastic_net": "proximal",
    "expectile": "newton",
    "pinball": "bundle",
    "hinge": "bundle",
    "classifier": "lbfgs",
}


@pytest.mark.parametrize("name", OF_ZOO)
def test_the_choice_for_models_of_the_zoo(name):
    text, data = ZOO[name]

    result = gdsym.fit(text, data)

    assert result.method == OF_ZOO[name]
    assert result.reason
    if name == "student":  # heavier tails than the bound of nu allows: it goes there
        assert (result.status, result.certificate.kind) == ("stopped", "infinity")
    else:
        assert result.status == "converged"


def test_a_model_may_say_auto_and_a_method_has_no_reason():
    text = "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)\n"
    data = {"x": [1.0, 2.0], "y": [2.0, 3.9]}

    assert gdsym.fit(text + "method auto(tol=1e-6)", data).method == "gauss_newton"
    assert gdsym.fit(text + "method lbfgs", data).reason == ""
    assert gdsym.fit(text + "method lbfgs", data, method="auto").method == "gauss_newton"
    assert gdsym.fit(text, data, method="newton").reason == ""


def test_an_option_of_one_method_chooses_among_those_that_have_it():
    text = "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)\n"
    data = {"x": [1.0, 2.0], "y": [2.0, 3.9]}

    assert gdsym.fit(text, data, options={"memory": 5}).method == "lbfgs"
    with pytest.raises(UsageError, match="`lbfgs` has no option `step`"):
        gdsym.fit(text, data, options={"step": 5})


# -- what is said -------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "line.gd").write_text("data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)\n")
    (tmp_path / "line.csv").write_text("x,y\n1,2\n2,4.1\n3,5.9\n")
    monkeypatch.chdir(tmp_path)


def said(capsys, *arguments):
    run(["fit", "line.gd", "line.csv", *arguments])
    return [line for line in capsys.readouterr().err.splitlines() if "column" not in line]


def test_a_fit_says_which_method_and_why(here, capsys):
    assert said(capsys) == ["method gauss_newton: linear least squares, 1 parameter"]
    assert said(capsys, "--method", "lbfgs") == []


def test_a_rate_that_is_too_large_is_told_before_it_diverges(here, capsys):
    # L = 2*(1 + 4 + 9) = 28: the limit is 2/L = 0.0714
    lines = said(capsys, "--method", "gd", "--lr", "0.08", "--max-iter", "50")

    assert lines[0] == (
        "warning: lr=0.08 is above 0.0714, where gd may diverge: the curvature reaches 28; "
        "lr=0.036 is safe"
    )
    assert said(capsys, "--method", "gd", "--lr", "0.03") == []
    assert said(capsys, "--method", "momentum", "--lr", "0.13") == []  # up to 2*1.9/28
    assert "momentum may diverge" in said(capsys, "--method", "momentum", "--lr", "0.14")[0]
    assert said(capsys, "--method", "adam", "--lr", "10", "--max-iter", "3") == []


@pytest.mark.parametrize(
    ("rule", "limit"), [("gd", 2 / 28), ("momentum", 3.8 / 28), ("nesterov", 3.8 / 2.8 / 28)]
)
def test_the_limit_of_a_rule_is_where_it_begins_to_diverge(rule, limit):
    text = "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)\n"
    data = {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.1, 5.9]}

    def reached(lr):
        return gdsym.fit(text, data, method=rule, lr=lr, max_iter=2000, tol=1e-9)

    assert reached(0.97 * limit).status == "converged"
    assert reached(1.03 * limit).status == "diverged"


def test_shares_are_no_linear_problem_in_the_coordinates_of_the_method():
    result = gdsym.fit(*ZOO["blend"])

    assert (result.method, result.status) == ("newton", "converged")
    assert result.iterations < 100
