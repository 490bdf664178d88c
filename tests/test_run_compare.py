"""Fits side by side: the same data, AIC and BIC, and tests between nested fits."""

import json
import math

import numpy as np
import pytest

import gdsym
from gdsym.cli import run
from gdsym.errors import UsageError
from gdsym.run import compare

RNG = np.random.default_rng(2)
X = RNG.standard_normal((50, 2))
Y = 1 + X[:, 0] + RNG.standard_normal(50)
COUNTS = RNG.poisson(RNG.gamma(1.5, np.exp(0.3 + 0.4 * X[:, 0]) / 1.5))
LINE = 'model line\ndata X[n, d] from ["a", "b"], y[n]\nparam w[d], c\nresidual y - X @ w - c'
POISSON = (
    'model counts\ndata X[n, d] from ["a", "b"], k[n] in counts\nparam w[d], c\n'
    "observe k ~ poisson(exp(X @ w + c))"
)
NEGATIVE = (
    'model spread\ndata X[n, d] from ["a", "b"], k[n] in counts\nparam w[d], c\nparam s > 0\n'
    "observe k ~ neg_binomial(mean=exp(X @ w + c), size=s)"
)
TABLE = {"a": X[:, 0], "b": X[:, 1], "y": Y, "k": COUNTS}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def fit(name, text, table=TABLE, **options):
        result = gdsym.fit(text, table, **options)
        result.save(f"{name}.json")
        return result

    return fit


def test_a_likelihood_ratio_where_entries_are_kept(here):
    full = here("full", POISSON)
    small = here("small", POISSON, fix={"w[b]": 0})

    (test,) = compare.compare(["full.json", "small.json"]).tests

    assert (test.smaller, test.larger, test.kept) == ("small.json", "full.json", ("w[b]",))
    statistic = 2 * (small.objective - full.objective)
    assert test.statistic == pytest.approx(statistic, rel=1e-9)
    assert test.df == 1
    # One degree of freedom is the square of a normal.
    assert test.p == pytest.approx(math.erfc(math.sqrt(statistic / 2)), rel=1e-9)


def test_an_f_test_of_least_squares(here):
    full, small = here("full", LINE), here("small", LINE, fix={"w[b]": 0})

    (test,) = compare.compare(["small.json", "full.json"]).tests

    # On one degree of freedom F is the square of the t of that entry.
    assert test.statistic == pytest.approx(full.inference.statistic[1] ** 2, rel=1e-9)
    assert test.p == pytest.approx(full.inference.p_values[1], rel=1e-9)
    assert test.rest == small.inference.left - 1


def test_models_that_differ_are_nested_only_where_the_caller_says_so(here):
    here("poisson", POISSON)
    here("negative", NEGATIVE)
    paths = ["poisson.json", "negative.json"]

    assert compare.compare(paths).tests == ()
    (test,) = compare.compare(paths, nested=True).tests
    assert (test.smaller, test.df) == ("poisson.json", 1)


def test_a_fit_kept_at_another_value_is_no_special_case(here):
    here("one", POISSON, fix={"c": 0.3})
    here("two", POISSON, fix={"c": 0.2, "w[b]": 0})

    assert compare.compare(["one.json", "two.json"]).tests == ()


def test_aic_and_bic_are_those_of_the_fits(here):
    fits = {"p.json": here("p", POISSON), "n.json": here("n", NEGATIVE)}

    figures = compare.compare(list(fits)).fits

    for path, result in fits.items():
        assert figures[path]["aic"] == result.inference.aic
        assert figures[path]["bic"] == result.inference.bic
        assert figures[path]["parameters"] == len(result.theta)


def test_models_that_read_other_columns_of_the_same_data_can_be_compared(here):
    here("both", POISSON)
    here("one", POISSON.replace(', "b"', ""))

    assert len(compare.compare(["both.json", "one.json"]).fits) == 2


def test_other_data_are_refused_by_the_name_of_the_column(here):
    here("one", POISSON)
    here("two", POISSON, {**TABLE, "k": COUNTS[::-1]})

    with pytest.raises(UsageError, match="different data: `k` is not the same"):
        compare.compare(["one.json", "two.json"])


def test_another_number_of_rows_is_refused(here):
    here("one", POISSON)
    here("two", POISSON, {name: column[:40] for name, column in TABLE.items()})

    with pytest.raises(UsageError, match=r"one\.json was fitted to 50 rows, two\.json to 40"):
        compare.compare(["one.json", "two.json"])


def test_a_sum_of_squares_and_a_likelihood_are_not_compared(here):
    here("one", POISSON)
    here("two", LINE)

    with pytest.raises(UsageError, match="one is a sum of squares, the other a likelihood"):
        compare.compare(["one.json", "two.json"])


def test_a_loss_is_not_compared(here):
    here("one", LINE.replace("residual y - X @ w - c", "loss mean((y - X @ w - c)^2)"))
    here("two", LINE)

    with pytest.raises(UsageError, match=r"one\.json states no likelihood"):
        compare.compare(["one.json", "two.json"])


@pytest.mark.parametrize(
    ("paths", "words"),
    [([], "two fits or more"), (["a.json"], "two fits or more"), (["a.json"] * 2, "given twice")],
)
def test_there_must_be_two_different_fits(paths, words):
    with pytest.raises(UsageError, match=words):
        compare.compare(paths)


def test_the_command_prints_a_table_and_the_test(here, capsys):
    full = here("full", POISSON)
    here("small", POISSON, fix={"w[b]": 0})

    assert run(["compare", "full.json", "small.json"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "fit",
        "model",
        "status",
        "parameters",
        "log-likelihood",
        "AIC",
        "BIC",
    ]
    assert lines[1].split()[:4] == ["full.json", "counts", "converged", "3"]
    assert lines[1].split()[5] == f"{full.inference.aic:.4f}"
    assert lines[3].startswith("small.json is full.json with w[b] fixed: likelihood ratio chi-sq")


def test_the_command_prints_json(here, capsys):
    here("full", LINE)
    here("small", LINE, fix=["w"])

    assert run(["compare", "full.json", "small.json", "--json"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert list(answer["fits"]) == ["full.json", "small.json"]
    assert answer["tests"][0]["kept"] == ["w[a]", "w[b]"]
    assert answer["tests"][0]["df"] == 2
    assert answer["fits"]["full.json"]["aic"] is None
