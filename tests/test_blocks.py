"""The Hessian as text: what a textbook has, and each block evaluated as it is written."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import Case
from zoo import ZOO

from gdsym.calculus.blocks import show_hess
from gdsym.compiler import stages

LOGISTIC = """data X[n, d], y[n] in {0, 1}
param w[d], b
const lam = 0.1
let z = X @ w + b
let p = sigmoid(z)
loss mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
"""
POISSON = "data X[n, d], y[n]\nparam w[d]\nloss sum(exp(X @ w) - y*(X @ w))\n"


def blocks(text):
    lines = show_hess(stages(text, "m.gd").derived).splitlines()
    pairs = (line.split(" = ", 1) for line in lines)
    return {name.strip(): block for name, block in pairs if name.startswith("hess")}


def test_a_logistic_regression_is_that_of_the_textbook():
    assert blocks(LOGISTIC) == {
        "hess(w, w)": "(X.T @ diag(p*(1 - p)) @ X)/n + lam*eye(d)",
        "hess(w, b)": "(X.T @ (p*(1 - p)))/n",
        "hess(b, b)": "mean(p*(1 - p))",
    }


def test_weights_without_a_name_are_written_out():
    assert blocks(POISSON) == {"hess(w, w)": "X.T @ diag(exp(X @ w)) @ X"}


def test_numbers_are_numbers():
    text = "param x, y\nloss (1 - x)^2 + 100*(y - x^2)^2\n"

    assert blocks(text) == {
        "hess(x, x)": "2 + 800*x^2 - 400*(y - x^2)",
        "hess(x, y)": "-400*x",
        "hess(y, y)": "200",
    }


def test_more_axes_are_written_index_by_index():
    text = "dim k = 3\ndata X[n, d], y[n] in k\nparam W[d, k]\nlet Z = X @ W\n"
    text += "loss sum(logsumexp[k](Z) - Z[y])\n"

    (block,) = blocks(text).items()

    assert block == (
        "hess(W, W)[d, k, d2, k2]",
        "sum[n](X[n, d]*X[n, d2]*softmax[k](Z[n, k]))*(k == k2)"
        " - sum[n](X[n, d]*X[n, d2]*softmax[k](Z[n, k])*softmax[k2](Z[n, k2]))",
    )


def test_a_gather_is_read_at_its_code():
    text = "data item[n] in items, y[n]\nparam V[items, f]\nloss sum((y - sum[f](V[item]^2))^2)\n"

    text = show_hess(stages("dim f = 2\n" + text, "m.gd").derived)

    assert "V[item[n], f]" in text
    assert "(item[n] == items)" in text


def test_a_loss_of_straight_pieces_has_none():
    text = "data X[n, d], y[n]\nparam w[d]\nloss sum(abs(y - X @ w))\n"

    assert show_hess(stages(text, "m.gd").derived) == "hess = 0"


@pytest.mark.parametrize("name", ZOO)
def test_every_block_that_is_not_zero_is_shown(name):
    text, data = ZOO[name]
    case = Case(text, data)
    problem, theta = case.problem, case.theta
    hess = problem.hess(theta)
    owner = [entry.partition("[")[0] for entry in problem.theta_names]
    places = {(owner[i], owner[j]) for i, j in np.argwhere(hess)}

    shown = show_hess(case.stages.derived)

    for p, q in places:
        assert f"hess({p}, {q})" in shown or f"hess({q}, {p})" in shown
    for line in shown.splitlines():
        assert line.count("(") == line.count(")")
        assert line.count("[") == line.count("]")
