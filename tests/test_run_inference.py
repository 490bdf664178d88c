"""Standard errors and what follows from them, against closed forms, statsmodels and NIST."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import gdsym
from gdsym.errors import GdsymError

DATA = Path(__file__).parent / "data" / "certified"
RNG = np.random.default_rng(11)
N = 90
X = RNG.standard_normal((N, 2)) * [1, 30]
Y = 2 + X @ [0.7, -0.02] + (0.5 + 0.4 * np.abs(X[:, 0])) * RNG.standard_normal(N)
WON = (RNG.random(N) < 1 / (1 + np.exp(-X[:, 0] - 0.3))).astype(float)
GROUP = np.repeat(np.arange(15), 6)
DESIGN = np.column_stack([X, np.ones(N)])

LINE = "data X[n, d], y[n]\nparam w[d], b\nresidual y - X @ w - b"
LOGIT = "data X[n, d], y[n] in {0, 1}\nparam w[d], b\nobserve y ~ bernoulli_logit(X @ w + b)"


@pytest.fixture(scope="module")
def peer():
    return pytest.importorskip("statsmodels.api")


def agrees(result, other):
    """Everything that statsmodels prints beside an estimate, to eight digits."""
    inference = result.inference
    np.testing.assert_allclose(result.theta, other.params, rtol=1e-8)
    np.testing.assert_allclose(inference.std_errors, other.bse, rtol=1e-8)
    np.testing.assert_allclose(inference.statistic, other.tvalues, rtol=1e-8)
    np.testing.assert_allclose(inference.p_values, other.pvalues, rtol=1e-7)
    np.testing.assert_allclose(inference.interval, other.conf_int(), rtol=1e-7)
    np.testing.assert_allclose(inference.covariance, other.cov_params(), rtol=1e-7)
    return True


LOGIT_OPTIONS = {"method": "newton", "tol": 1e-14, "disp": False}
KINDS = [
    ({}, {}),
    ({"robust": "HC0"}, {"cov_type": "HC0"}),
    ({"robust": True}, {"cov_type": "HC1"}),
    ({"cluster": GROUP}, {"cov_type": "cluster", "cov_kwds": {"groups": GROUP}}),
]
IDS = ["classical", "HC0", "HC1", "clusters"]


# For its HC1 statsmodels leaves the factor out after a likelihood; see below.
@pytest.mark.parametrize(
    ("ours", "theirs"), [k for k, i in zip(KINDS, IDS, strict=True) if i != "HC1"]
)
def test_a_likelihood_has_the_errors_that_statsmodels_has(ours, theirs, peer):
    result = gdsym.fit(LOGIT, {"X": X, "y": WON}, **ours)
    other = peer.Logit(WON, DESIGN).fit(**LOGIT_OPTIONS, **theirs)

    assert agrees(result, other)
    assert result.inference.statistic_name == "z"
    assert result.inference.log_likelihood == pytest.approx(other.llf, rel=1e-12)
    assert result.inference.aic == pytest.approx(other.aic, rel=1e-12)
    assert result.inference.bic == pytest.approx(other.bic, rel=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), KINDS, ids=IDS)
def test_least_squares_have_the_errors_that_statsmodels_has(ours, theirs, peer):
    result = gdsym.fit(LINE, {"X": X, "y": Y}, **ours)
    other = peer.OLS(Y, DESIGN).fit(use_t=True, **theirs)

    assert agrees(result, other)
    inference = result.inference
    assert inference.statistic_name == "t"
    assert inference.s == pytest.approx(math.sqrt(other.scale), rel=1e-12)
    assert inference.rss == pytest.approx(other.ssr, rel=1e-12)
    assert inference.r_squared == pytest.approx(other.rsquared, rel=1e-12)
    assert inference.left == other.df_resid
    assert math.isnan(inference.aic)


def test_the_factor_of_hc1_is_that_of_the_degrees_of_freedom():
    plain, corrected = (
        gdsym.fit(LOGIT, {"X": X, "y": WON}, robust=kind).inference for kind in ("HC0", "HC1")
    )

    factor = math.sqrt(N / (N - 3))
    np.testing.assert_allclose(corrected.std_errors, factor * plain.std_errors, rtol=1e-12)
    assert "HC0" in plain.how
    assert "HC1" in corrected.how


def test_another_level_is_another_width(peer):
    result = gdsym.fit(LINE, {"X": X, "y": Y}, level=0.9)

    other = peer.OLS(Y, DESIGN).fit().conf_int(alpha=0.1)

    np.testing.assert_allclose(result.inference.interval, other, rtol=1e-8)


def test_without_an_intercept_r_squared_is_about_0(peer):
    result = gdsym.fit(LINE.replace(", b", "").replace(" - b", ""), {"X": X, "y": Y})

    assert not result.inference.centred
    assert result.inference.r_squared == pytest.approx(peer.OLS(Y, X).fit().rsquared, rel=1e-12)


def test_dummies_hold_an_intercept_and_r_squared_is_about_the_mean(peer):
    dummies = np.eye(3)[np.arange(N) % 3]

    result = gdsym.fit(LINE.replace(", b", "").replace(" - b", ""), {"X": dummies, "y": Y})

    assert result.inference.centred
    other = peer.OLS(Y, dummies).fit()
    assert result.inference.r_squared == pytest.approx(other.rsquared, rel=1e-12)


@pytest.mark.parametrize("problem", json.loads((DATA / "nist_linear.json").read_text()),
                         ids=lambda p: p["name"])  # fmt: skip
def test_standard_errors_of_lines_are_those_that_nist_certifies(problem):
    powers = {name: int(name[1:]) for name in problem["params"]}
    if problem["name"] == "NoInt1":
        powers = {"b1": 1}
    terms = " + ".join(f"{name}*x^{power}" for name, power in powers.items())
    text = f"data x[n], y[n]\nparam {', '.join(powers)}\nresidual y - ({terms})"

    result = gdsym.fit(text, {"x": problem["x"], "y": problem["y"]})

    if result.certificate.flat:  # Filip, to rounding: said, and nothing is shown that is wrong
        assert problem["name"] == "Filip"
        return
    exact = np.array(problem["sd"], dtype=float)
    if not exact.any():  # Wampler 1 and 2 are met exactly: what residuals we see is rounding
        assert "to rounding" in result.inference.withheld
        return
    np.testing.assert_allclose(result.inference.std_errors, exact, rtol=1e-7)


# -- the user's own parameters -------------------------------------------------------------------


def test_the_error_of_a_positive_parameter_is_its_own_and_the_interval_keeps_the_bound():
    y = RNG.standard_normal(40) * 0.3 + 2
    text = "data y[n]\nparam m, s > 0\nobserve y ~ normal(m, s)"

    result = gdsym.fit(text, {"y": y})

    s = y.std()
    assert result.params["s"] == pytest.approx(s, rel=1e-10)
    # Of normal observations: s/sqrt(n) and s/sqrt(2 n).
    assert result.std_errors["m"] == pytest.approx(s / math.sqrt(40), rel=1e-8)
    assert result.std_errors["s"] == pytest.approx(s / math.sqrt(80), rel=1e-8)
    low, high = result.inference.interval[1]
    factor = math.exp(1.959963984540054 / math.sqrt(80))
    assert (low, high) == pytest.approx((s / factor, s * factor), rel=1e-8)
    assert math.isnan(result.inference.p_values[1])  # 0 is no value that it could have


def test_shares_have_the_errors_of_a_multinomial():
    counts = np.array([50.0, 30.0, 20.0])
    text = """
dim k = 3
const c[k]
param p[k] in simplex[k] and > 0
nll -sum(c*log(p))
"""

    result = gdsym.fit(text, set={"c": counts})

    p = counts / 100
    np.testing.assert_allclose(result.std_errors["p"], np.sqrt(p * (1 - p) / 100), rtol=1e-8)
    np.testing.assert_allclose(
        result.covariance, (np.diag(p) - np.outer(p, p)) / 100, rtol=1e-7, atol=1e-12
    )
    assert result.inference.parameters == 2


def test_a_sum_that_is_zero_and_a_base_level_say_the_same_of_differences():
    k = np.arange(N) % 3
    text = "data g[n] in k, y[n]\nparam a[k] in base[k], m\nobserve y ~ normal(a[g] + m, 1)"
    base = gdsym.fit(text, {"g": k, "y": Y})
    zero = gdsym.fit(text.replace("base[k]", "sumzero[k]"), {"g": k, "y": Y})

    # By hand: the mean of 30 values has the variance 1/30.
    assert base.std_errors["a"][1] == pytest.approx(math.sqrt(2 / 30), rel=1e-8)
    assert zero.std_errors["a"] == pytest.approx(np.full(3, math.sqrt(2 / 3 / 30)), rel=1e-8)
    assert base.inference.marks == {"a[0]": "base"}
    assert base.inference.aic == pytest.approx(zero.inference.aic, rel=1e-12)


def test_ordered_cuts_have_errors_of_their_own():
    rng = np.random.default_rng(4)
    y = np.searchsorted([-0.5, 0.8], rng.logistic(size=200))
    text = """
dim k = 3, j = k - 1
data x[n], y[n] in k
param c[j] in ordered[j], w
observe y ~ ordered_logit(w*x, c)
"""

    result = gdsym.fit(text, {"x": np.zeros(200) + 1e-9, "y": y}, fix={"w": 0})

    # Without covariates: c = logit of the cumulated shares, by the delta method.
    below = np.array([np.mean(y <= 0), np.mean(y <= 1)])
    assert result.params["c"] == pytest.approx(np.log(below / (1 - below)), rel=1e-8)
    error = 1 / np.sqrt(200 * below * (1 - below))
    assert result.std_errors["c"] == pytest.approx(error, rel=1e-7)
    assert result.inference.marks == {"w": "fixed"}


# -- scalar predictions --------------------------------------------------------------------------


def test_a_scalar_prediction_has_an_error_by_the_delta_method(peer):
    text = LOGIT + '\npredict turn = -b/w["dose"]\npredict p = sigmoid(X @ w + b)'
    result = gdsym.fit(text, {"X": X[:, :1], "y": WON}, set={"d": ["dose"]})
    other = peer.Logit(WON, DESIGN[:, [0, 2]]).fit(**LOGIT_OPTIONS)

    w, b = result.theta
    slope = np.array([b / w**2, -1 / w])
    (turn,) = result.predictions
    assert turn.name == "turn"
    assert turn.value == pytest.approx(-b / w, rel=1e-14)
    error = math.sqrt(slope @ other.cov_params() @ slope)
    assert turn.std_error == pytest.approx(error, rel=1e-8)
    assert turn.interval[1] - turn.value == pytest.approx(1.959963984540054 * error, rel=1e-8)


def test_a_mean_over_the_rows_is_a_scalar_prediction():
    text = LOGIT + "\npredict share = mean(sigmoid(X @ w + b))"

    (share,) = gdsym.fit(text, {"X": X, "y": WON}).predictions

    # The score by the intercept: the mean of the fitted probabilities is the share of ones.
    assert share.value == pytest.approx(WON.mean(), rel=1e-12)
    assert 0 < share.std_error < 0.1


def test_a_prediction_along_what_is_not_determined_has_no_error_and_another_one_has():
    both = np.column_stack([X[:, 0], X[:, 0]])
    text = LOGIT + '\npredict sum_of_both = w["a"] + w["b"]\npredict difference = w["a"] - w["b"]'

    result = gdsym.fit(text, {"X": both, "y": WON}, set={"d": ["a", "b"]})
    alone = gdsym.fit(LOGIT, {"X": X[:, :1], "y": WON})

    together, difference = result.predictions
    assert math.isnan(difference.std_error)
    assert together.std_error == pytest.approx(alone.std_errors["w"][0], rel=1e-8)


def test_after_a_loss_a_scalar_prediction_has_a_value_and_nothing_else():
    (twice,) = gdsym.fit("param a\nloss (a - 3)^2\npredict twice = 2*a").predictions

    assert twice.value == pytest.approx(6)
    assert math.isnan(twice.std_error)


# -- marks, and what is withheld -----------------------------------------------------------------


def test_what_the_data_leave_open_has_no_error_and_the_rest_is_as_it_should_be(peer):
    columns = np.column_stack([X[:, 0], X[:, 1], X[:, 1]])
    result = gdsym.fit(LOGIT, {"X": columns, "y": WON}, set={"d": ["a", "b", "c"]})
    other = peer.Logit(WON, DESIGN).fit(**LOGIT_OPTIONS)

    assert result.inference.marks == {"w[b]": "not determined", "w[c]": "not determined"}
    errors = result.std_errors
    assert errors["w"][0] == pytest.approx(other.bse[0], rel=1e-8)
    assert errors["b"] == pytest.approx(other.bse[2], rel=1e-8)
    assert np.isnan(errors["w"][1:]).all()
    assert result.inference.parameters == 3
    assert result.inference.aic == pytest.approx(other.aic, rel=1e-12)


def test_an_entry_at_its_bound_is_marked_and_the_others_are_as_if_it_were_fixed():
    text = "data x[n], y[n]\nparam a >= 0, b\nobserve y ~ normal(-a*x + b, 1)"
    x = np.arange(10.0)
    bound = gdsym.fit(text, {"x": x, "y": x})
    fixed = gdsym.fit(text, {"x": x, "y": x}, fix={"a": 0})

    assert bound.inference.marks == {"a": "at bound"}
    assert fixed.inference.marks == {"a": "fixed"}
    assert bound.std_errors["b"] == pytest.approx(fixed.std_errors["b"], rel=1e-12)
    assert bound.std_errors["b"] == pytest.approx(1 / math.sqrt(10), rel=1e-10)
    assert (bound.inference.parameters, fixed.inference.parameters) == (2, 1)


def test_a_penalised_likelihood_is_called_so_and_has_no_aic():
    result = gdsym.fit(LOGIT + "\nprior w ~ normal(mean=0, sd=1)", {"X": X, "y": WON})

    p = 1 / (1 + np.exp(-DESIGN @ result.theta))
    h = DESIGN.T @ (DESIGN * (p * (1 - p))[:, None]) + np.diag([1, 1, 0])
    inference = result.inference
    assert inference.kind == "penalised"
    assert "posterior" in inference.how
    assert math.isnan(inference.aic)
    np.testing.assert_allclose(inference.std_errors, np.sqrt(np.diag(np.linalg.inv(h))), rtol=1e-8)


def test_a_term_without_rows_in_a_likelihood_is_a_belief_and_called_one():
    text = "data y[n]\nparam m, s > 0\nnll sum(log(s) + (y - m)^2/(2*s^2))"

    plain = gdsym.fit(text, {"y": Y})
    believed = gdsym.fit(text + " + m^2/2", {"y": Y})

    assert plain.inference.kind == "maximum likelihood"
    assert believed.inference.kind == "penalised"
    assert math.isnan(believed.inference.aic)


def test_a_multiple_of_the_number_of_rows_belongs_to_the_rows():
    by_row = "data y[n]\nparam m, s > 0\nnll sum(log(s) + (y - m)^2/(2*s^2))"
    by_number = by_row.replace(
        "sum(log(s) + (y - m)^2/(2*s^2))", "n*log(s) + sum((y - m)^2)/(2*s^2)"
    )

    one, other = (gdsym.fit(text, {"y": Y}).inference for text in (by_row, by_number))

    assert other.kind == "maximum likelihood"
    assert other.aic == pytest.approx(one.aic, rel=1e-12)


def test_a_penalty_that_is_zero_at_the_minimum_is_one_all_the_same():
    text = "data y[n]\nparam m\nobserve y ~ normal(m, 1)\npenalty m^2"

    result = gdsym.fit(text, {"y": np.array([-1.0, 1, -2, 2])})

    assert result.objective == result.loss
    assert result.inference.kind == "penalised"
    assert result.std_errors["m"] == pytest.approx(1 / math.sqrt(4 + 2))


def test_a_penalty_of_weight_zero_is_none():
    text = LOGIT + "\nconst lam = 1\npenalty lam*sum(w^2)"

    result = gdsym.fit(text, {"X": X, "y": WON}, set={"lam": 0})

    assert result.inference.kind == "maximum likelihood"
    assert math.isfinite(result.inference.aic)


def test_a_penalty_that_selects_leaves_no_errors():
    result = gdsym.fit(LOGIT + "\npenalty 50*sum(abs(w))", {"X": X, "y": WON})

    assert result.params["w"][0] == 0
    assert result.std_errors is None
    assert result.inference.marks["w[0]"] == "0 by penalty"
    assert "selects" in result.inference.withheld


def test_a_likelihood_whose_gradient_jumps_has_no_errors():
    text = "data y[n]\nparam m, s > 0\nobserve y ~ laplace(m, s)"

    result = gdsym.fit(text, {"y": Y})

    assert result.std_errors is None
    assert result.inference.withheld


def test_as_many_parameters_as_rows_leave_no_degrees_of_freedom():
    result = gdsym.fit(LINE, {"X": X[:3], "y": Y[:3]})

    assert result.std_errors is None
    assert result.inference.withheld == "there are no more rows than parameters"


def test_a_loss_has_no_inference():
    result = gdsym.fit("data y[n]\nparam m\nloss mean((y - m)^2)", {"y": Y})

    assert result.inference is None
    assert result.std_errors is None
    assert result.covariance is None


def test_a_fit_that_was_cut_short_shows_no_errors():
    result = gdsym.fit(LOGIT, {"X": X, "y": WON}, method="gd", lr=1e-3, max_iter=5)

    assert result.std_errors is None
    assert "still to gain" in result.inference.withheld


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("data X[n, d], y[n]\nparam w[d]\nloss mean((y - X @ w)^2)", {"robust": True},
         "belong to a likelihood or a residual, not to `loss`"),
        ("data X[n, d], y[n]\nparam m\nnll n/2*log(sum((y - m)^2))", {"robust": True},
         "there are no robust standard errors of this model: `log"),
        (LOGIT, {"level": 1.5}, "level is 1.5, but it lies between 0 and 1"),
        (LOGIT, {"robust": "HC9"}, "robust is 'HC9', but it must be 'HC0' or 'HC1'"),
        (LOGIT, {"cluster": GROUP[:5]}, "the clusters has 5 rows, and the data have 90 rows"),
        (LOGIT, {"cluster": GROUP * 0}, "all rows have the same"),
        (LOGIT, {"cluster": "town"}, "there is no column `town`"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_told(text, options, words):
    with pytest.raises(GdsymError, match=words):
        gdsym.fit(text, {"X": X, "y": WON}, **options)


def test_clusters_may_be_a_column_of_the_table():
    names = np.array([f"town {g}" for g in GROUP])

    by_name = gdsym.fit(LOGIT, {"X": X, "y": WON, "town": names}, cluster="town")
    by_array = gdsym.fit(LOGIT, {"X": X, "y": WON}, cluster=GROUP)

    np.testing.assert_array_equal(by_name.inference.std_errors, by_array.inference.std_errors)
    assert "15 clusters by town" in by_name.inference.how


def test_rows_that_are_left_out_are_left_out_of_the_clusters():
    gaps = WON.copy()
    gaps[[3, 40]] = np.nan
    kept = np.flatnonzero(np.isfinite(gaps))

    dropped = gdsym.fit(LOGIT, {"X": X, "y": gaps}, cluster=GROUP, missing="drop")
    without = gdsym.fit(LOGIT, {"X": X[kept], "y": WON[kept]}, cluster=GROUP[kept])

    np.testing.assert_array_equal(dropped.inference.std_errors, without.inference.std_errors)


def test_data_that_are_met_to_rounding_have_no_standard_errors():
    x = np.arange(8.0)
    noise = np.tile([1.0, -1.0], 4)
    text = "data x[n], y[n]\nparam a, b\nresidual y - a*x - b"

    exact = gdsym.fit(text, x=x, y=0.3 * x + 0.1)
    close = gdsym.fit(text, x=x, y=0.3 * x + 0.1 + 1e-6 * noise)

    assert exact.std_errors is None
    assert "to rounding" in exact.inference.withheld
    # s^2 (J'J)^-1 with the rest of the noise after a line is taken out of it.
    J = np.column_stack([x, np.ones(8)])
    rest = noise - J @ np.linalg.lstsq(J, noise, rcond=None)[0]
    expected = 1e-6 * np.sqrt(rest @ rest / 6 * np.diagonal(np.linalg.inv(J.T @ J)))
    np.testing.assert_allclose(list(close.std_errors.values()), expected, rtol=1e-8)
