"""Syntax to a checked model: shapes by every rule, what is desugared, and what is declared."""

import json
import math
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdsym.errors import Source, SourceError
from gdsym.language import model as m
from gdsym.language.check import check, check_formula, load_model
from gdsym.language.functions import FUNCTIONS
from gdsym.language.optimizer import load_rule
from gdsym.language.parse import parse

ROOT = Path(__file__).parents[1]
GOOD = sorted([*(ROOT / "examples").glob("*.gd"), *(ROOT / "tests" / "zoo").glob("*.gd")])

DECLARED = """dim m2 like n, d2 like d
data X[n, d] from *
data y[n], c[n] in k, c2[n] in k, A[n, j, k], S[d, d], u[n] in users, v[n] in {0: "no", 1: "yes"}
data e[m]
param w[d], b[k], s, W[d, k], Z0[n, k], T[users, k], V[k, k]
const q[j] = [1, 2]
let Z = X @ W
"""


def shown(expr):
    """A typed expression as text, in a form of its own: (function dims argument ...)."""
    match expr:
        case m.Number():
            return str(expr.value)
        case m.Constant() | m.Ref():
            return expr.name
        case m.Size():
            return f"|{expr.dim}|"
        case m.Label():
            return f"{expr.dim}:{expr.label}"
        case m.Apply():
            return f"({expr.function} {' '.join(shown(a) for a in expr.args)})"
        case m.Broadcast():
            return f"(to {','.join(expr.dims)} {shown(expr.arg)})"
        case m.MatMul():
            return f"(@ {shown(expr.left)} {shown(expr.right)})"
        case m.Transpose():
            return f"(T {shown(expr.arg)})"
        case m.Reduce() | m.Softmax():
            return f"({expr.function}[{','.join(expr.axes)}] {shown(expr.arg)})"
        case m.Relabel():
            return f"(as {','.join(expr.dims)} {shown(expr.arg)})"
        case m.Shift():
            return f"({shown(expr.index)}{expr.by:+d} in {expr.dim})"
        case m.Train():
            return f"(train {shown(expr.arg)})"
        case m.Take():
            indices = (":" if i is None else shown(i) for i in expr.indices)
            return f"(take {shown(expr.arg)} {' '.join(indices)})"
        case m.OneHot():
            return f"(onehot {shown(expr.index)})"
        case m.Standardize():
            return f"(standardize {shown(expr.arg)})"
    raise AssertionError(expr)


def let(text, brackets=""):
    """The let `r` with this value, where the names of DECLARED are known."""
    model = load_model(f"{DECLARED}let r{brackets} = {text}\nloss s^2\n", "a.gd")
    return model.lets[-1].expr


def mistake(text, brackets=""):
    """The kind of the only error of a let with this value."""
    with pytest.raises(SourceError) as caught:
        let(text, brackets)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.kind


# -- shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        # rule 1: identical lists align by position
        ("X + X", "n d"),
        ("S + S.T", "d d"),
        ("S*2", "d d"),
        # rule 2: a subset broadcasts by name, and the result has the larger side's list
        ("Z + b", "n k"),
        ("b + Z", "n k"),
        ("y*X", "n d"),
        ("y + 1", "n"),
        ("A*b", "n j k"),
        ("A*Z", "n j k"),
        ("b*q*A", "n j k"),
        ("where(y > 0, Z, b)", "n k"),
        # contraction
        ("X @ w", "n"),
        ("X @ W", "n k"),
        ("X.T @ y", "d"),
        ("X.T @ X", "d d"),
        ("w @ w", ""),
        ("w @ S @ w", ""),
        ("A @ b", "n j"),
        ("A @ V", "n j k"),
        ("A.T", "k j n"),
        ("w.T", "d"),
        # reductions
        ("sum(X)", ""),
        ("sum(S)", ""),
        ("sum[d](X)", "n"),
        ("mean[n, k](A)", "j"),
        ("norm[k](W)", "d"),
        ("dot(y, y)", ""),
        ("dot[d](X, w)", "n"),
        ("logsumexp[k](Z)", "n"),
        ("softmax[k](Z)", "n k"),
        ("log_softmax(b)", "k"),
        # rule 5: every resulting dimension is written in brackets around it
        ("sum[n, k]((y - b)^2)", ""),
        ("sum[k](logsumexp[n](y - b))", ""),
        ("softmax[k](sum[n](y*b))", "k"),
        # indexing
        ("T[u]", "n k"),
        ("Z[c]", "n"),
        ("b[c]", "n"),
        ("W[c]", "d n"),
        ("V[c, c2]", "n"),
        ("V[c, k]", "n k"),
        ("V[k, c]", "k n"),
        ("T[u, c]", "n"),
        ("A[n, j, c]", "n j"),
        ("softmax[k](Z)[c]", "n"),
        ("(X @ W)[c]", "n"),
        ("sum[k](T[u]*b)", "n"),
        ('b["x"]', ""),
        ('W[d, "x"]', "d"),
        ('V["x", c]', "n"),
        ("onehot(c)", "n k"),
        ("onehot(c).T @ y", "k"),
        ("Z - onehot(c)", "n k"),
        ("standardize(X) @ w", "n"),
        # another name for an axis
        ("X[m2]", "m2 d"),
        ("X[m2, d]", "m2 d"),
        ("X[m2, d2]", "m2 d2"),
        ("y[m2]", "m2"),
        ("S[d, d2]", "d d2"),
        ("A[m2]", "m2 j k"),
        ("(X @ W)[m2]", "m2 k"),
        ("X[m2][n]", "n d"),
        ("W[d2, c]", "d2 n"),
        ("X[m2] @ w", "m2"),
        # extremes and products
        ("max(Z)", ""),
        ("max[k](Z)", "n"),
        ("min[n, k](A)", "j"),
        ("prod[j](A)", "n k"),
        ("max[n](X - w)", "d"),
        ("train(mean[n](X))", "d"),
        ("train(y[m2])", "m2"),
        # numbers
        ("n*s", ""),
        ("c == c2", "n"),
        ('c == "x"', "n"),
        ('v == "yes"', "n"),
        ("0 < y < 1", "n"),
        ("y > 0 and not y > 1 or y == 2", "n"),
        ("min(y, s) + max(b[c], 0)", "n"),
        ("pi + inf", ""),
    ],
)
def test_the_dimensions_of_an_expression(text, dims):
    assert let(text).dims == tuple(dims.split())


@pytest.mark.parametrize(
    ("brackets", "text", "dims", "expected"),
    [
        ("[n, k]", "y - b", "n k", "(add y (neg b))"),
        ("[k, n]", "y - b", "k n", "(add y (neg b))"),
        ("[n, k]", "sum[d]((X - W)^2)", "n k", "(sum[d] (pow (add X (neg W)) 2))"),
        ("[n, k]", "b", "n k", "(to n,k b)"),
        ("[n, k]", "s", "n k", "(to n,k s)"),
        ("[k, n]", "Z", "k n", "(T Z)"),
        ("[j, n, k]", "A", "j n k", "(to j,n,k A)"),
        ("[d, d]", "S", "d d", "S"),
        ("[d, d]", "s", "d d", "(to d,d s)"),
        ("[n]", "y", "n", "y"),
        (
            "[n, m2]",
            "sum[d]((X - X[m2])^2)",
            "n m2",
            "(sum[d] (pow (add X (neg (as m2,d X))) 2))",
        ),
    ],
)
def test_the_brackets_of_a_let_state_its_axes(brackets, text, dims, expected):
    expr = let(text, brackets)

    assert expr.dims == tuple(dims.split())
    assert shown(expr) == expected


def test_the_order_of_written_axes_is_the_lets_first_and_then_outside_in():
    expr = let("sum[j](sum[k](y*b*q*e))", "[m, n]")

    assert expr.arg.arg.dims == ("m", "n", "j", "k")


@pytest.mark.parametrize(
    "text",
    [
        *("Z - Z.T", "A - A.T", "S*w", "sum[d](S)", "y - b", "mean((X @ w - e)^2)", "X*W"),
        *("X @ b", "w @ X", "s @ w", "X @ s", "sum[k](y)", "sum[n, n](Z)", "softmax(Z)"),
        *("sum[n]((y - b)^2)", "var(s)", "standardize(w)"),
    ],
)
def test_what_does_not_align_is_a_shape_error(text):
    assert mistake(text) == ("shape" if text != "standardize(w)" else "type")


@pytest.mark.parametrize(
    "text",
    [
        *("w[c]", "y[0]", "s[c]", "V[c]", "T[u, u]", "T[c, u]", "A[c, c]", "b[y]", "b[k + 1]"),
        *("Z[n]", "Z[d2]", "S[d2]", "y[d2]", "b[d]", "X[m2][m2]"),
    ],
)
def test_what_is_no_index_is_an_index_error(text):
    assert mistake(text) == "index"


@pytest.mark.parametrize("text", ["c + 1", "sum(c)", "c < c2", "c == y", "c == u", 'y == "a"'])
def test_categories_are_no_numbers(text):
    assert mistake(text) == "category"


def test_the_brackets_of_a_let_cannot_drop_an_axis():
    assert mistake("Z", "[n]") == "shape"
    assert mistake("S", "[d]") == "shape"
    assert mistake("w", "[d, d]") == "shape"


# -- what is desugared -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s + y - b[c] - 1", "(add s y (neg (take b c)) -1)"),
        ("s*y/b[c]*2", "(mul s y (inv (take b c)) 2)"),
        ("s/2", "(mul s (inv 2))"),
        ("-s^2", "(neg (pow s 2))"),
        ("(-s)^2", "(pow (neg s) 2)"),
        ("+s", "s"),
        ("-2*s", "(mul -2 s)"),
        ("s*(y*2)", "(mul s (mul y 2))"),
        ("2*X@w", "(@ (mul 2 X) w)"),
        ("X@w*2", "(mul (@ X w) 2)"),
        ("y@X@w", "(@ (@ y X) w)"),
        ("0 < y <= 1", "(and (lt 0 y) (le y 1))"),
        ("y != 1 or not y", "(or (ne y 1) (not y))"),
        ("dot(y, X @ w)", "(sum[n] (mul y (@ X w)))"),
        ("sum(s)", "s"),
        ("norm(s)", "(abs s)"),
        ("mean(Z)", "(mean[n,k] Z)"),
        ("Z[c]", "(take Z : c)"),
        ("Z[n, k]", "Z"),
        ("c == c2", "(eq c c2)"),
        ('"x" == c', "(eq c k:x)"),
        ('v != "yes"', "(ne v 1)"),
        ("n/2", "(mul |n| (inv 2))"),
        ("softmax(b)", "(softmax[k] b)"),
        ("max(s, 0)", "(max s 0)"),
        ("max(b)", "(max[k] b)"),
        ("max(s)", "s"),
        ("prod[d](X)", "(prod[d] X)"),
        ("min(min(y), s)", "(min (min[n] y) s)"),
        ("W[d2, c]", "(take (as d2,k W) : c)"),
        ("X[n, d]", "X"),
        ("S[d2, d]", "(as d2,d S)"),
        ("X - train(mean[n](X))", "(add X (neg (train (mean[n] X))))"),
        ("train(n)", "(train |n|)"),
        ("0.1", "1/10"),
    ],
)
def test_the_typed_form_of_an_expression(text, expected):
    assert shown(let(text)) == expected


def test_a_long_sum_and_a_long_product_are_one_node_deep():
    total = let(" + ".join(["s*y"] * 300))
    product = let("*".join(["s"] * 300))

    assert (total.function, len(total.args)) == ("add", 300)
    assert (product.function, len(product.args)) == ("mul", 300)


def test_a_long_chain_of_and_is_logarithmically_deep():
    expr = let(" and ".join(["y"] * 256))

    depth = 0
    while isinstance(expr, m.Apply):
        expr = expr.args[0]
        depth += 1
    assert depth == 8


def test_functions_of_the_file_are_written_out():
    text = """data x[n], g[n] in k
param a[k], s
def pick(t, i) = t[i]
def gap(u, v) = (u - v)^2
loss sum(gap(x, s*pick(a, g))) + sum[n, k](gap(x, a))
"""

    loss = load_model(text, "a.gd").objective.expr

    assert shown(loss) == (
        "(add (sum[n] (pow (add x (neg (mul s (take a g)))) 2)) "
        "(sum[n,k] (pow (add x (neg a)) 2)))"
    )


def test_a_parameter_of_a_function_hides_a_name_of_the_file():
    text = "param x, y\ndef f(x) = x + y\nloss f(y)^2\n"

    assert shown(load_model(text, "a.gd").objective.expr) == "(pow (add y y) 2)"


def test_names_of_functions_are_free_for_values():
    text = "data gamma[n], sum[n]\nparam exp, pi, beta\nloss sum(sum*exp(exp) + gamma*pi) + beta\n"

    loss = load_model(text, "a.gd").objective.expr

    assert shown(loss) == "(add (sum[n] (add (mul sum (exp exp)) (mul gamma pi))) beta)"


def test_places_of_typed_expressions_are_the_users_words():
    text = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\n"

    loss = load_model(text, "a.gd").objective.expr

    words = {text[e.span.start : e.span.stop] for e in (loss, loss.arg, loss.arg.args[0])}
    assert words == {"mean((y - a*x - b)^2)", "(y - a*x - b)^2", "y - a*x - b"}


# -- declarations ------------------------------------------------------------------------------


def test_a_whole_model_has_all_its_parts():
    text = """model logistic "a title"
dim k in {"a", "b"} "classes"
data X[n, d] from * except ["id"] "features", y[n] in {0: "no", 1: "yes"}, g[n] in k
data wt[n] > 0 = 1
param w[d] = normal(0, 0.1/sqrt(d)), b in [0, 1) = 1/2, nu > 1 fixed = 4
const lam >= 0 = 1e-3 "a weight", tau[q] = [0.1, 0.5], mu0, big = 2*lam
let z = X @ w + b
nll sum(wt*(softplus(z) - y*z))
penalty lam/2*sum(w^2)
predict p = sigmoid(z) "a probability"
method adam(lr=1e-2, shuffle=rows, epochs=2*15)
"""

    model = load_model(text, "churn.gd")

    assert (model.name, model.doc, model.row) == ("logistic", "a title", "n")
    assert [(d.name, d.size, d.labels, d.doc) for d in model.dims] == [
        ("k", 2, ("a", "b"), "classes"),
        ("n", None, None, ""),
        ("d", None, None, ""),
        ("q", 2, None, ""),
    ]
    X, y, g, wt = model.data
    assert X.columns == m.Columns(every=True, excluded=("id",))
    assert (y.domain.values, y.domain.labels) == ((0.0, 1.0), ("no", "yes"))
    assert g.domain.category == "k"
    assert (wt.domain.lower, wt.domain.lower_open, shown(wt.default)) == (0.0, True, "1")
    w, b, nu = model.params
    assert (w.init.distribution, w.init.args[1].dims) == ("normal", ())
    assert (b.domain.lower, b.domain.upper, b.domain.lower_open) == (0.0, 1.0, False)
    assert b.domain.upper_open
    assert (nu.fixed, shown(nu.init)) == (True, "4")
    lam, tau, mu0, big = model.consts
    assert (lam.value.value, lam.doc) == (Fraction(1, 1000), "a weight")
    assert [shown(entry) for entry in tau.value] == ["1/10", "1/2"]
    assert mu0.value is None
    assert shown(big.value) == "(mul 2 lam)"
    assert model.objective.kind == "nll"
    assert [p.name for p in model.predictions] == ["p"]
    assert model.method.options == (("lr", 0.01), ("shuffle", "rows"), ("epochs", 30.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> 0", (0.0, math.inf, True, False)),
        (">= -1 and < 2", (-1.0, 2.0, False, True)),
        ("in (0, 2*pi]", (0.0, 2 * math.pi, True, False)),
        ("in [0, inf)", (0.0, math.inf, False, True)),
        ("> 0 and >= 0", (0.0, math.inf, True, False)),
        ("<= 3 and < 3", (-math.inf, 3.0, False, True)),
    ],
)
def test_bounds_are_read_and_joined(text, expected):
    domain = load_model(f"param a {text}\nloss a^2\n", "a.gd").params[0].domain

    assert (domain.lower, domain.upper, domain.lower_open, domain.upper_open) == expected
    assert domain.text == text


def test_counts_and_integers():
    model = load_model("data a[n] in counts, b[n] in integers\nparam s\nloss sum(a*b*s)\n", "a.gd")

    assert [(d.domain.integer, d.domain.lower) for d in model.data] == [
        (True, 0.0),
        (True, -math.inf),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('x[n] from "price"', m.Columns(names=("price",))),
        ('x[n, d] from ["age", "bmi"]', m.Columns(names=("age", "bmi"))),
        ('x[n, d] from "pix*"', m.Columns(pattern="pix*")),
        ("x[n, d] from *", m.Columns(every=True)),
        ('x[n, d] from "pix*" except ["pix0"]', m.Columns(pattern="pix*", excluded=("pix0",))),
        ("x[n]", None),
    ],
)
def test_sources_of_columns(source, expected):
    model = load_model(f"data {source}\nparam a\nloss sum(x)*a\n", "a.gd")

    assert model.data[0].columns == expected


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("data S[d, d], X[n, d]", "n"),
        ("data c, X[n, d]", "n"),
        ("data X[d, n]\ndim n rows", None),
        ("", None),
    ],
)
def test_the_row_dimension_is_the_first_that_is_not_repeated(text, row):
    if row is None and text:
        text, row = "dim n rows\ndata X[d, n]", "n"

    assert load_model(f"{text}\nparam a\nloss a^2\n", "a.gd").row == row


def test_the_models_name_is_the_stem_of_the_file_unless_stated():
    file = parse(Source("dir/churn.gd", "param a\nloss a^2\n"))

    assert check(file, "given").name == "given"
    assert load_model(file.source.text, "dir/churn.gd").name == "churn"


@pytest.mark.parametrize(
    "text",
    [
        "nll sum(e^2)/2 + n*log(s)",
        "nll n*mean(e^2)",
        "nll sum(e^2)/s",
        "nll sum(w^2)/d",
        "nll -sum(log(mean[d](exp(X))))*s",
        "loss mean(e^2)",
        "penalty mean(e^2)\nnll sum(e^2)",
    ],
)
def test_a_likelihood_that_is_a_sum_over_rows_passes(text):
    load_model(f"data X[n, d], y[n]\nparam w[d], s\nlet e = y - X @ w\n{text}\n", "a.gd")


@pytest.mark.parametrize(
    "text",
    [
        "nll mean(e^2)",
        "nll s + 2*mean(e^2)",
        "nll sum(e^2)/n",
        "nll e @ e/n",
        "nll 1/n*sum(e^2)",
        "nll -(sum(e) + sum(e^2))/(2*n)",
        "loglik n^-1*sum(e)",
        "let total = sum(e^2)\nnll total/n",
        "let rate = mean(e^2)\nnll rate",
    ],
)
def test_a_likelihood_that_is_a_mean_is_an_error(text):
    with pytest.raises(SourceError) as caught:
        load_model(f"data X[n, d], y[n]\nparam w[d], s\nlet e = y - X @ w\n{text}\n", "a.gd")

    assert [d.kind for d in caught.value.diagnostics] == ["objective"]


def test_unused_things_are_no_errors():
    load_model("data x[n]\nparam a, b\nconst c = 1\ndef f(t) = t\nlet z = x\nloss a^2\n", "a.gd")


def test_a_wrong_declaration_causes_no_second_error():
    text = """data x[n] in (2, 1), y[n
param a = log(-1), b[k]
dim q = 2.5
let r = x + unknown
let t = r + a + y
loss mean(t) + sum(b)
"""

    with pytest.raises(SourceError) as caught:
        load_model(text, "a.gd")

    lines = [caught.value.source.position(d.span.start)[0] for d in caught.value.diagnostics]
    assert lines == [1, 2, 2, 3, 4]


# -- derived dimensions, structures, priors, claims ---------------------------------------------


def test_a_dimension_is_like_another_or_smaller():
    text = """dim r like m, m like k, j = k - 1, i = j - 1, l = n - 2, q like n
dim k in {"a", "b", "c"}
data x[n]
param a[m], c[j]
loss sum(a) + sum(c) + sum(x)
"""

    dims = {d.name: d for d in load_model(text, "a.gd").dims}

    assert {name: (d.size, d.labels, d.like, d.less) for name, d in dims.items()} == {
        "r": (3, ("a", "b", "c"), "k", None),
        "m": (3, ("a", "b", "c"), "k", None),
        "k": (3, ("a", "b", "c"), None, None),
        "j": (2, None, None, ("k", 1)),
        "i": (1, None, None, ("j", 1)),
        "l": (None, None, None, ("n", 2)),
        "q": (None, None, "n", None),
        "n": (None, None, None, None),
    }


def test_a_dimension_follows_one_whose_size_a_list_gives():
    text = (
        "dim p like q, r = q - 1\nconst tau[q] = [1, 2, 3]\nparam a[p], b[r]\nloss sum(a)*sum(b)"
    )

    dims = {d.name: d.size for d in load_model(text, "a.gd").dims}

    assert dims == {"p": 3, "q": 3, "r": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in simplex[k]", ("simplex", "k", None, 0.0, 1.0, False)),
        ("in simplex[k] and > 0", ("simplex", "k", None, 0.0, 1.0, True)),
        ("in simplex[d]", ("simplex", "d", None, 0.0, 1.0, False)),
        ("in ordered[k]", ("ordered", "k", None, -math.inf, math.inf, False)),
        ("in base[k]", ("base", "k", None, -math.inf, math.inf, False)),
        ('in base[k="b"]', ("base", "k", "b", -math.inf, math.inf, False)),
        ("in sumzero[k] = 0", ("sumzero", "k", None, -math.inf, math.inf, False)),
        ("in base[k] = normal(0, 1)", ("base", "k", None, -math.inf, math.inf, False)),
        ("in simplex[k] = 1/2", ("simplex", "k", None, 0.0, 1.0, False)),
        ("in simplex[k] = 1/k", ("simplex", "k", None, 0.0, 1.0, False)),
        ("in ordered[k] = start", ("ordered", "k", None, -math.inf, math.inf, False)),
    ],
)
def test_structures_of_a_parameter(text, expected):
    head = 'dim k in {"a", "b"}, d = 2\nconst start[k] = [1, 2]\n'

    domain = load_model(f"{head}param p[d, k] {text}\nloss sum(p^2)\n", "a.gd").params[0].domain

    found = (domain.structure, domain.axis, domain.level, domain.lower, domain.upper)
    assert (*found, domain.lower_open) == expected
    assert domain.text == text.split(" =")[0]


def test_data_may_be_shares_of_1():
    model = load_model("data S[n, k] in simplex[k]\nparam w[k]\nloss sum(S @ w)\n", "a.gd")

    assert (model.data[0].domain.structure, model.data[0].domain.axis) == ("simplex", "k")


@pytest.mark.parametrize(
    ("text", "quantity", "names", "dims", "expected"),
    [
        ("grad(w) = X.T @ r", "grad", "w", "d", "(@ (T X) r)"),
        ("grad(b) = sum(r)", "grad", "b", "", "(sum[n] r)"),
        ("grad(W) = W", "grad", "W", "d k", "W"),
        ("grad(W) = w", "grad", "W", "d k", "(to d,k w)"),
        ("hess(w, w) = X.T @ X", "hess", "w w", "d d", "(@ (T X) X)"),
        ("hess(w, b) = sum[n](X)", "hess", "w b", "d", "(sum[n] X)"),
        ("hess(b, W) = 0", "hess", "b W", "d k", "(to d,k 0)"),
        ("hess(w, u) = w*u", "hess", "w u", "d k", "(mul w u)"),
        ("hess(u, w) = w*u", "hess", "u w", "k d", "(mul w u)"),
        ("hvp(w, v) = X.T @ (X @ v)", "hvp", "w v", "d", "(@ (T X) (@ X v))"),
        ("loss = dot(r, r)/2", "loss", "", "", "(mul (sum[n] (mul r r)) (inv 2))"),
    ],
)
def test_a_claim_has_the_axes_of_what_it_is_about(text, quantity, names, dims, expected):
    head = "dim k = 2\ndata X[n, d], y[n]\nparam w[d], b, W[d, k], u[k]\nlet r = X @ w + b - y\n"

    model = load_model(f"{head}loss sum(r^2)/2 + sum(W) + sum(u)\nclaim {text}\n", "a.gd")

    (claim,) = model.claims
    assert (claim.quantity, claim.names) == (quantity, tuple(names.split()))
    assert claim.expr.dims == tuple(dims.split())
    assert shown(claim.expr) == expected


def test_the_direction_of_one_claim_is_unknown_to_the_next():
    text = "param w\nloss w^2\nclaim hvp(w, v) = 2*v\nlet z = v\nlet v = 3\n"

    with pytest.raises(SourceError) as caught:
        load_model(text, "a.gd")

    assert [d.message for d in caught.value.diagnostics] == ["`v` is declared further down"]


def test_an_ordered_observation_reads_the_cut_points_on_both_sides():
    text = """dim k = 3, j = k - 1
data y[n] in k, x[n]
param c[j] in ordered[j], b
observe y ~ ordered_logit(b*x, c)
"""

    words = shown(load_model(text, "a.gd").objective.expr)

    assert "(take c (y+0 in j))" in words
    assert "(take c (y-1 in j))" in words
    assert "(eq y (add |k| -1))" in words


# -- size and time -----------------------------------------------------------------------------


def test_a_model_of_a_thousand_lines_is_checked():
    lines = [f"let z{i} = X @ w*{i} - sum[n](y*z{i - 1}) + y/(1 + y^2)" for i in range(1, 1000)]
    text = "\n".join(["data X[n, d], y[n]", "param w[d]", "let z0 = y", *lines, "loss mean(z999)"])
    model = load_model(text, "a.gd")

    assert len(model.lets) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "param x\nloss 9**9**9*x",
        "param x\nloss x + 2^(10^10)",
        "param x\nloss (10^-10)^(10^10)*x",
        "param x = 9^9^9\nloss x",
        "param x in (0, 9^9^9)\nloss x",
        "const a[k] = [9^9^9]\nparam x\nloss x",
        "dim k = 9^9^9\nparam x\nloss x",
        "param x\nloss x\nmethod gd(lr=9^9^9)",
    ],
)
def test_a_constant_that_is_no_double_is_an_error_and_never_computed(text):
    with pytest.raises(SourceError) as caught:
        load_model(text, "a.gd")

    assert [d.kind for d in caught.value.diagnostics] == ["number"]


def doubling(depth, body):
    defs = "\n".join(f"def f{i + 1}(x) = {body.replace('f', f'f{i}')}" for i in range(depth))
    return f"def f0(x) = x + 1\n{defs}\nparam x\nloss f{depth}(x)\n"


@pytest.mark.parametrize("body", ["f(x) + f(x)", "f(f(x))", "f(x*x)", "f(x) * f(f(x))"])
def test_functions_that_grow_without_bound_are_an_ordinary_error(body):
    with pytest.raises(SourceError) as caught:
        load_model(doubling(60, body), "a.gd")

    assert [d.kind for d in caught.value.diagnostics] == ["nesting"]


@pytest.mark.parametrize(
    "text",
    [
        "tanh(" * 100 + "w" + ")" * 100,
        "tanh(w*" * 100 + "w" + ")" * 100,
        "1/(1 + " * 100 + "w" + ")" * 100,
        "(-" * 50 + "w" + ")" * 50,
    ],
)
def test_what_the_parser_lets_pass_is_typed_however_deep(text):
    assert load_model(f"param w\nloss {text}\n", "a.gd").objective.expr.dims == ()


# -- formulas, rules, imports ------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_formulas_of_the_function_table_are_expressions_of_the_language(name):
    function = FUNCTIONS[name]
    formulas = [*function.derivatives, *([function.lowering] if function.lowering else [])]

    for formula in formulas:
        assert check_formula(formula, function.params).dims == ()


def test_a_rule_is_read_with_its_options_states_and_updates():
    text = """optimizer mine(lr = 1e-3 "step length", beta = 1/2)
    "a rule"
state m = 0, best = x0, s scalar = lr
let step = lr*m/(1 + norm(m)) + f/T*0
update m = beta*m + (1 - beta)*g
update s = s + dot(g, g)/t
update x = x - step/sqrt(s)
"""

    rule = load_rule(text, "mine.gd")

    assert (rule.name, rule.doc) == ("mine", "a rule")
    assert [(o.name, o.default, o.doc) for o in rule.options] == [
        ("lr", 1e-3, "step length"),
        ("beta", 0.5, ""),
    ]
    assert [(s.name, s.scalar, s.init.dims) for s in rule.states] == [
        ("m", False, ("p",)),
        ("best", False, ("p",)),
        ("s", True, ()),
    ]
    assert [(a.keyword, a.name, a.expr.dims) for a in rule.body] == [
        ("let", "step", ("p",)),
        ("update", "m", ("p",)),
        ("update", "s", ()),
        ("update", "x", ("p",)),
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "gdsym/optimizers").glob("*.gd")), ids=str)
def test_the_rules_that_ship_are_rules(path):
    assert load_rule(path.read_text(encoding="utf-8"), path.name).name == path.stem


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_models_that_ship_are_models(path):
    assert load_model(path.read_text(encoding="utf-8"), path.name).params


def test_checking_a_model_needs_no_sympy_and_importing_the_language_no_lark():
    code = (
        "import sys\n"
        "import gdsym.language.check\n"
        "import gdsym.language.optimizer\n"
        "assert 'lark' not in sys.modules\n"
        "gdsym.language.check.load_model('param x\\nloss x^2', 'a.gd')\n"
        "assert 'sympy' not in sys.modules and 'numpy' not in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# -- hostile texts -----------------------------------------------------------------------------


def outcome(text, load=load_model):
    """The model, or None for a text that is refused. How long it takes is for `test_fuzz`."""
    try:
        return load(text, "a.gd")
    except SourceError as error:
        assert str(error)
        return None


IDENTIFIERS = json.loads(
    (ROOT / "tests" / "data" / "hostile" / "identifiers.json").read_text(encoding="utf-8")
)
HOSTILE = [
    pytest.param(name, id=f"{kind}-{i}")
    for kind, names in IDENTIFIERS.items()
    if isinstance(names, list)
    for i, name in enumerate(names)
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_or_usable_and_never_executed(name, monkeypatch):
    def refuse(*_):
        raise AssertionError("a model text was executed")

    load_model("param x\nloss x^2\n", "a.gd")
    monkeypatch.setattr(os, "system", refuse)
    monkeypatch.setattr("builtins.eval", refuse)
    monkeypatch.setattr("builtins.exec", refuse)

    for text in (
        f"param {name}\nloss {name}^2\n",
        f"data {name}[n]\nparam a\nloss sum({name}*a)\n",
        f"data x[{name}]\nparam a\nloss sum[{name}](x*a)\n",
        f"param a\nlet {name} = a\nloss {name}\n",
        f"param a\ndef {name}(x) = x\nloss {name}(a)\n",
        f'dim k in {{"{name}"}}\nparam a[k]\nloss a["{name}"] "{name}"\n',
        f"model {name}\nparam a\nloss a\nmethod {name}({name}={name})\n",
    ):
        outcome(text)
    plain = name.isascii() and name.isidentifier() and name not in ("and", "or", "not", "in")
    if plain:
        assert outcome(f"param {name}\nloss {name}^2\n").params[0].name == name
    rule = outcome(f"optimizer {name}\nupdate x = x - g\n", load_rule)
    assert rule is None or rule.name == name.strip()  # "x\r\n" ends a line


STATISTICS = """dim k in {"a", "b", "c"}, j = k - 1, m like n
data X[n, d] from *, y[n] in k, c[n] in counts, S[n, k] in simplex[k]
param w[d], s > 0 = 1, q[j] in ordered[j], p[k] in simplex[k] and > 0, b[k] in base[k="b"]
let D[n, m] = sum[d]((X - X[m] - train(mean[n](X)))^2)
observe y ~ ordered_logit(X @ w + b[y], cuts=q)
observe c ~ poisson(exp(X @ w)*prod[k](S + p))
prior w ~ normal(mean=0, sd=s)
nll max[m](D)[n] @ c
claim hvp(w, v) = X.T @ (X @ v)
"""
SEEDS = [STATISTICS] * 4 + [path.read_text(encoding="utf-8") for path in GOOD]
TOKENS = [
    *("data", "param", "let", "loss", "nll", "const", "dim", "def", "method", "predict", "in"),
    *("from", "and", "not", "or", "fixed", "like", "rows", "by", "\n", "\n  ", "\n", " ", "\t"),
    *"()[]{},:=+-*/^@<>.~'\"#\\&|!;$\r",
    *("**", ".T", "==", "<=", "1", "0", "1e9", "1e999", "0.5", '"a"', "\u03bb", "\u202e"),
    *("x", "y", "n", "d", "k", "X", "w", "sum", "mean", "exp", "softmax", "onehot", "normal"),
    *("standardize", "norm", "dot", "inf", "pi", "9^9^9", "counts", "simplex", "observe", "claim"),
    *("prior", "poisson", "ordered_logit", "ordered[j]", "base", "train", "max", "k - 1", "sd="),
]


def mutated(seed):
    """A model that ships with one to four accidents."""
    chance = random.Random(seed)
    text = chance.choice(SEEDS)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(text) + 1)
        stop = min(len(text), place + chance.choice([0, 0, 1, 1, 2, 5, 40]))
        piece = chance.choice(["", chance.choice(TOKENS), text[place:stop] * 2, text[:place]])
        text = text[:place] + piece + text[stop:]
    return text


@pytest.mark.parametrize("block", range(20))
def test_a_damaged_model_is_refused_in_words_or_is_a_model(block):
    for seed in range(25 * block, 25 * block + 25):
        outcome(mutated(seed))


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(st.sampled_from(TOKENS), max_size=60))
def test_any_words_of_the_language_are_refused_or_a_model(tokens):
    text = " ".join(tokens)

    outcome(text)
    outcome("data x[n], X[n, d], y[n] in k\nparam w[d], W[d, k]\nloss " + text)
    outcome("optimizer o(lr = 1)\nstate m = 0\nupdate x = " + text, load_rule)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=80))
def test_any_text_at_all_is_refused_or_a_model(text):
    outcome(text)
    outcome("param x\nloss " + text)


@pytest.mark.parametrize("name", ["cases", "bags", "counties", "orders", "simplices"])
def test_categories_may_have_a_name_that_resembles_a_domain(name):
    model = load_model(f"data g[n] in {name}, x[n]\nparam a[n]\nloss sum(a*x)", "m.gd")

    assert model.data[0].domain.category == name
    with pytest.raises(SourceError, match="did you mean `counts`"):
        load_model("data y[n] in countss\nparam a\nloss sum(a*y)", "m.gd")
