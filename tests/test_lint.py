"""Each rule speaks where it should, and is silent where a model merely looks alike."""

from pathlib import Path

import numpy as np
import pytest
from zoo import ZOO

from gdsym.errors import Source, SourceError
from gdsym.language.codes import CODES
from gdsym.lint import Seen, lint, rules

ROOT = Path(__file__).parents[1]
ONE_FILE_EACH = sorted(
    path.stem for path in (ROOT / "gdsym" / "lint").glob("[!_]*.py") if path.stem != "__init__"
)


def codes(text, seen=None):
    return [finding.kind for finding in lint(text, "a.gd", seen)]


def marked(text, seen=None):
    """The codes of the findings, each with the words that it underlines."""
    source = Source("a.gd", text)
    return [(f.kind, source.text[f.span.start : f.span.stop]) for f in lint(text, "a.gd", seen)]


def test_the_rules_are_the_files_of_the_folder():
    assert sorted(rules()) == ONE_FILE_EACH
    assert list(rules()) == sorted(rules())


def test_no_code_is_that_of_an_error():
    assert not set(rules()) & set(CODES)


ROWS = np.arange(12.0)
SEEN = {"identifier": Seen({"X": np.c_[ROWS, ROWS**2], "y": ROWS}, {"X": ["id", "a"], "y": ["y"]})}
MENDED = Seen({"X": np.c_[ROWS**2], "y": ROWS**2 / 2}, {"X": ["a"], "y": ["y"]})


@pytest.mark.parametrize("code", ONE_FILE_EACH)
def test_the_example_of_a_code_has_it_and_the_mended_one_has_not(code):
    wrong, right = rules()[code].CODE.wrong, rules()[code].CODE.right
    seen = SEEN.get(code)

    assert code in codes(wrong, seen)
    assert codes(right, seen and MENDED) == []


def test_a_text_with_mistakes_is_an_error():
    with pytest.raises(SourceError):
        lint("loss q\n", "a.gd")


def test_a_code_can_be_left_out():
    text = "param a, b\nloss abs(a)\n"
    assert codes(text) == ["unused", "kink"]
    assert [f.kind for f in lint(text, "a.gd", without=["kink"])] == ["unused"]


# Findings that are true of these models, and why the model is in the zoo or among the examples.
EXPECTED = {
    "kink": {"hinge", "elastic_net", "pinball", "huber", "definitions", "classifier"},
}


@pytest.mark.parametrize("name", ZOO)
def test_a_model_of_the_zoo_has_no_finding_but_kinks(name):
    assert set(codes(ZOO[name][0])) <= {"kink"}


@pytest.mark.parametrize("name", sorted(EXPECTED["kink"]))
def test_a_model_of_the_zoo_with_a_kink_has_it_found(name):
    assert "kink" in codes(ZOO[name][0])


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.gd")), ids=lambda p: p.stem)
def test_an_example_has_no_finding_but_kinks(path):
    assert set(codes(path.read_text(encoding="utf-8"))) <= {"kink"}


# -- unused ------------------------------------------------------------------------------------


def test_everything_that_nothing_uses_is_named():
    text = """\
dim   k = 3, j = 2
data  x[n], z[n]
param a, b
const c = 1, d = 2
def   f(u) = u
def   g(u) = f(u)
let   s = x*d
let   t = s + 1
loss  sum((x - a)^2)
"""
    expected = ["k", "j", "z", "b", "c", "d", "f", "g", "s", "t"]
    assert marked(text) == [("unused", name) for name in expected]


@pytest.mark.parametrize(
    "text",
    [
        "dim k = 3\nparam w[k]\nloss sum(w^2)",
        "dim k = 3\ndim j = k - 1\nparam w[j] = 1\nloss sum((w - 2)^2)",
        "const c = 1\nparam a = c\nloss (a - 1)^2",
        "data x[n], w[n]\nparam a\nlet z = a*x\nloss sum((x - a)^2)\npredict p = z + w",
        "def f(u) = u^2\nparam a\nloss f(a - 1)",
        "data y[n]\nparam m\nobserve y ~ normal(m, 1)",
        "const s = 1\nparam m\nprior m ~ normal(0, s)\nnll (m - 1)^2",
        "param w\nlet z = 2*w\nloss w^2\nclaim grad(w) = z",
        "data g[n] in k, y[n]\nparam b[k]\nloss sum((y - b[g])^2)",
    ],
)
def test_what_is_used_anywhere_is_not_unused(text):
    assert codes(text) == []


def test_the_parameter_of_a_function_is_no_use_of_a_name_outside():
    text = "const u = 2\ndef f(u) = u^2\nparam a\nloss f(a - 1)"
    assert marked(text) == [("unused", "u")]


# -- kink --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("mean(abs(y - a*x))", "abs"),
        ("mean(relu(1 - a*x))", "relu"),
        ("mean(max(a*x, y))", "max"),
        ("sum((max[n](a*x) - 1)^2)", "max"),
        ("norm(y - a*x)", "norm"),
        ("norm1(y - a*x)", "norm1"),
        ("mean(clip(a*x, 0, 1))", "clip"),
        ("mean(huber(y - a*x, 1))", "huber"),
    ],
)
def test_a_kink_of_the_loss_is_found(expression, word):
    text = f"data x[n], y[n]\nparam a\nloss {expression} + mean(x*y)*a^2\n"
    ((code, place),) = marked(text)
    assert code == "kink"
    assert place.startswith(word)


@pytest.mark.parametrize(
    "text",
    [
        "data x[n]\nparam a\nloss sum((abs(x) - a)^2)",
        "data x[n]\nparam a\nloss sum((x - a)^2)\npredict p = abs(a*x)",
        "data x[n]\nparam a\nloss sum(sqrt((x - a)^2 + 1))",
    ],
)
def test_a_kink_of_data_or_of_a_prediction_is_none_of_the_loss(text):
    assert codes(text) == []


def test_a_kink_in_a_let_that_is_used_twice_is_found_once():
    text = "data x[n]\nparam a\nlet z = abs(a*x)\nloss sum(z^2) + sum(exp(z))"
    assert marked(text) == [("kink", "abs(a*x)")]


# -- product -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "place"),
    [
        ("mean((y - X*w)^2)", "X*w"),
        ("mean((y - w*X)^2)", "w*X"),
        ("sum(softplus(X * w) - y*(X @ w))", "X * w"),
        ("mean((y - 2*(X*w))^2)", "X*w"),
        ("sum((X*w - y)*wt)", "X*w"),
    ],
)
def test_a_product_whose_axis_nothing_sums_over_is_found(loss, place):
    text = f"data X[n, d], y[n], wt[n]\nparam w[d] = 1\nloss {loss} + sum(wt)\n"
    assert marked(text) == [("product", place)]


def test_the_mend_of_a_product_is_the_matrix_product():
    text = "data X[n, d], y[n]\nparam w[d]\nlet z = X * w\nloss mean((y - z)^2)\n"
    (finding,) = lint(text, "a.gd")
    assert finding.help == "`X @ w` does"


@pytest.mark.parametrize(
    "loss",
    [
        "mean((y - sum[d](X*w))^2)",
        "mean((y - (X*w) @ w)^2)",
        "mean(sum[d]((X*w - y)^2))",
        "mean(logsumexp[d](X*w) - y)",
        "sum((y - X @ w)^2) + sum(wt*(X @ w)^2)",
        "mean((y - X @ (w*w))^2)",
        "sum(X*w)^2 + sum(y)",
        "sum(X^2 * exp(-w)) + sum(y)",
        "mean(y*(X*w))",
    ],
)
def test_a_product_that_something_sums_over_by_name_is_meant(loss):
    text = f"data X[n, d], y[n], wt[n]\nparam w[d] = 1\nloss {loss} + sum(wt)*0*w @ w\n"
    assert codes(text) == []


# -- labels ------------------------------------------------------------------------------------

LABELS = "data X[n, d], y[n] {}\nparam w[d], b\nlet z = X @ w + b\nloss {}\n"
FOR_BINARY = [
    "mean(softplus(z) - y*z)",
    "mean(log(1 + exp(z)) - y*z)",
    "mean(log1p(exp(z)) - z*y)",
    "-mean(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))",
]
FOR_SIGNS = [
    "mean(softplus(-y*z))",
    "mean(log(1 + exp(-y*z)))",
    "mean(relu(1 - y*z)^2)",
    "mean(exp(-y*z))",
    "-mean(log(sigmoid(y*z)))",
]


@pytest.mark.parametrize("loss", FOR_BINARY)
def test_a_formula_for_0_and_1_is_not_for_signs(loss):
    assert set(codes(LABELS.format("in {-1, 1}", loss))) - {"kink"} == {"labels"}
    assert set(codes(LABELS.format("in {0, 1}", loss))) - {"kink"} == set()


@pytest.mark.parametrize("loss", FOR_SIGNS)
def test_a_formula_for_signs_is_not_for_0_and_1(loss):
    assert set(codes(LABELS.format("in {0, 1}", loss))) - {"kink"} == {"labels"}
    assert set(codes(LABELS.format("in {-1, 1}", loss))) - {"kink"} == set()


def test_without_a_domain_the_data_tell():
    text = LABELS.format("", "mean(softplus(z) - y*z)")
    X = np.arange(8.0).reshape(4, 2) ** 2

    assert codes(text) == []
    for values, found in [([0, 1], []), ([-1, 1], ["labels"]), ([1, 2], ["labels"])]:
        y = np.array(values * 2, dtype=float)
        assert codes(text, Seen({"X": X, "y": y}, {})) == found
    assert codes(text, Seen({"X": X, "y": np.array([0, 0.5, 1, 1])}, {})) == []


@pytest.mark.parametrize(
    "loss",
    [
        "mean((X @ w + b*t - c)^2)",
        "mean(softplus(X @ w + b*t) - c*(X @ w + b*t))",
        "mean(exp(X @ w + b*t) - c*(X @ w))",
    ],
)
def test_an_indicator_among_the_features_is_no_label(loss):
    text = f"data X[n, d], t[n] in {{0, 1}}, c[n] in {{0, 1}}\nparam w[d], b\nloss {loss}\n"
    assert codes(text) == []


# -- identifier --------------------------------------------------------------------------------

TABLE = "data X[n, d] from *, y[n]\nparam w[d]\nloss sum((y - X @ w)^2)\n"


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("anything", range(7, 27), True),
        ("customer_id", [7, 3, *range(40, 58)], True),
        ("customerId", [7, 3, *range(40, 58)], True),
        ("id", [1, 1, *range(2, 20)], False),
        ("id", [x / 2 for x in range(20)], False),
        ("width", [7, 3, *range(40, 58)], False),
        ("paid", [7, 3, *range(40, 58)], False),
    ],
)
def test_a_column_that_identifies_the_rows_is_found(column, values, found):
    X = np.c_[np.array(values, dtype=float), np.linspace(0.1, 1, 20)]
    seen = Seen({"X": X, "y": X[:, 1]}, {"X": [column, "b"], "y": ["y"]})

    assert codes(TABLE, seen) == ["identifier"] * found


def test_a_few_rows_may_count_upwards_by_chance():
    X = np.arange(6.0).reshape(3, 2)
    assert codes(TABLE, Seen({"X": X, "y": X[:, 1]}, {"X": ["id", "b"], "y": ["y"]})) == []


# -- scale -------------------------------------------------------------------------------------

FIT = "data x[n], y[n]\nparam a\nconst lam = {}\nlet r = y - a*x\nloss {}\npenalty {}\n"


@pytest.mark.parametrize(
    ("lam", "loss", "penalty"),
    [
        ("1", "mean(r^2)", "lam*a^2"),
        ("1", "sum(r^2)/n", "lam*a^2"),
        ("4", "mean(r^2)", "lam/2*a^2"),
        ("1", "mean(r^2) + sum(exp(r))", "lam/9*a^2"),
        ("1", "sum(r^2)", "lam*sum(r^2)"),
        ("1", "sum(r^2)", "lam*mean(a^2 + x)"),
    ],
)
def test_scales_that_do_not_fit_are_found(lam, loss, penalty):
    assert codes(FIT.format(lam, loss, penalty)) == ["scale"]


@pytest.mark.parametrize(
    ("lam", "loss", "penalty"),
    [
        ("0.01", "mean(r^2)", "lam*a^2"),
        ("1", "sum(r^2)", "lam*a^2"),
        ("1", "mean(r^2)", "lam*a^2/n"),
        ("1", "mean(r^2) + mean(exp(r))", "lam/9*a^2"),
        ("1", "sum(r^2)/sum(x)", "lam*a^2"),
    ],
)
def test_scales_that_fit_are_not_found(lam, loss, penalty):
    assert codes(FIT.format(lam, loss, penalty)) == []


def test_a_mean_over_parameters_beside_a_sum_over_rows_is_found():
    text = "data X[n, d], y[n]\nparam w[d]\nloss sum((y - X @ w)^2)\npenalty 9*mean(w^2)\n"
    assert codes(text) == ["scale"]


@pytest.mark.parametrize(
    ("penalty", "found"),
    [
        ("sum(w^2)", ["scale"]),
        ("norm(w)", ["kink", "scale"]),
        ("(sum(w) - 1)^2", []),  # a condition that is to be met
        ("sum(w^2)/100", []),
    ],
)
def test_a_penalty_without_a_weight_has_the_weight_1(penalty, found):
    text = f"data X[n, d], y[n]\nparam w[d]\nloss mean((y - X @ w)^2)\npenalty {penalty}\n"
    assert sorted(codes(text)) == found


def test_a_sum_beside_a_mean_shows_both():
    (finding,) = lint(FIT.format("0", "sum(r^2) + mean(exp(r))", "lam*a^2"), "a.gd")
    assert finding.label == "the mean"
    assert finding.notes[0][1] == "the sum"


# -- saddle ------------------------------------------------------------------------------------

FACTORS = """\
dim   k = 3, j = 4, f = 2
data  y[n], a[n] in k, b[n] in j
param U[k, f]{}, V[j, f]{}
let   match = sum[f](U[a]*V[b])
loss  sum((y - match)^2)
penalty sum(U^2) + sum(V^2)
"""
LAYER = """\
dim   h = 3
data  X[n, d], y[n]
param W[d, h]{}, b[h]{}, v[h]{}, c
loss  sum((y - {}(X @ W + b) @ v - c)^2)
"""


def test_factors_that_are_both_0_are_a_saddle():
    assert marked(FACTORS.format("", "")) == [("saddle", "U")]
    assert marked(FACTORS.format(" = 0", "")) == [("saddle", "U")]
    assert codes(FACTORS.format(" = normal(0, 1)", "")) == []
    assert codes(FACTORS.format("", " = normal(0, 1)")) == []


def test_equal_factors_that_are_not_0_stay_equal():
    (finding,) = lint(FACTORS.format(" = 1", " = 1"), "a.gd")
    assert finding.kind == "saddle"
    assert finding.message == "the entries of `f` start equal and stay equal"


@pytest.mark.parametrize("function", ["tanh", "relu", "sin"])
def test_a_layer_at_0_is_a_saddle(function):
    found = [f for f in lint(LAYER.format("", "", "", function), "a.gd") if f.kind == "saddle"]
    assert [f.message[:21] for f in found] == ["`W`, `b` and `v` star"[:21]]


def test_a_layer_of_sigmoids_at_0_has_units_that_stay_equal():
    (finding,) = lint(LAYER.format("", "", "", "sigmoid"), "a.gd")
    assert finding.message == "the entries of `h` start equal and stay equal"


def test_a_layer_with_a_random_start_is_free():
    assert codes(LAYER.format(" = normal(0, 1)", "", "", "tanh")) == []


@pytest.mark.parametrize(
    ("start", "found"),
    [("", True), (" = 3", True), (" = guess", False), (" = normal(0, 1)", False)],
)
def test_components_that_start_equal_stay_equal(start, found):
    text = f"""\
dim   k = 2
data  x[n]
{"const guess[k] = [1, 2]" if "guess" in start else ""}
param mu[k]{start}, s[k] > 0, a[k]
let   logp[n, k] = log_softmax[k](a) - log(s) - ((x - mu)/s)^2/2
nll   -sum(logsumexp[k](logp))
"""
    assert codes(text) == ["saddle"] * found


@pytest.mark.parametrize(
    "text",
    [
        "data X[n, d], y[n]\nparam w[d], b\nloss sum((y - X @ w - b)^2)",
        "dim k = 3\ndata X[n, d], y[n] in k\nparam W[d, k], b[k]\nlet Z = X @ W + b\n"
        "loss sum(logsumexp[k](Z) - Z[y])",
        "dim k = 3\nparam m[k]\nloss sum((m - 3)^2)",
        "data x[n], y[n]\nparam a, b\nloss sum((y - a*x - b)^2)\npenalty a^2 + b^2",
        "data x[n], z[n], y[n]\nparam a, b, c\nloss sum((y - a*x - b*z - a*b*c)^2)",
        "param a, b\nloss a^2 + b^2",
    ],
)
def test_a_start_that_can_be_left_is_no_saddle(text):
    assert codes(text) == []


def test_a_product_of_two_zeros_is_a_saddle_for_scalars_too():
    text = "data x[n], y[n]\nparam a, b\nloss sum((y - a*b*x)^2)"
    assert marked(text) == [("saddle", "a")]
    assert codes(text.replace("a, b", "a = 1, b")) == []
    assert codes(text.replace("a, b", "a fixed = 1, b")) == []
