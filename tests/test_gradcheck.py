"""Verdicts on claims: proved, agreeing, wrong with a counterexample, inconclusive."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import gdsym
from gdsym.errors import GdsymError
from gdsym.gradcheck import check_text
from gdsym.gradcheck.points import point, sizes
from gdsym.language.check import load_model

GRADCHECK = Path(__file__).parents[1] / "benchmarks" / "gradcheck"
MEASURE = runpy.run_path(str(GRADCHECK / "measure.py"), run_name="measure")
RIGHT = list(MEASURE["right"]())

# Of the whole measurement so little: every so many-th right claim, and function.
SAMPLE = {"claims": 48, "claims2": 40, "functions": 36, "functions2": 20}

LOGISTIC = """
data    X[n, d], y[n] in {0, 1}
param   w[d], b
const   lam = 0.05
let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
"""


def verdict(model, claim, **options):
    (found,) = check_text(f"{model}claim {claim}\n", "model.gd", **options).claims
    return found


def test_right_claims_are_proved_nine_times_of_ten_and_never_called_wrong():
    found = Counter(MEASURE["checked"](model, claim).verdict for model, claim in RIGHT)

    assert len({model for model, _ in RIGHT}) >= 50
    assert set(found) <= {"PROVED", "AGREES"}
    assert found["PROVED"] >= 0.9 * len(RIGHT)


def diagnosed(*parts):
    """The share of the planted mistakes of a sample that are diagnosed, and the others."""
    cases = [case for part in parts for case in MEASURE["PARTS"][part](SAMPLE[part], "")]
    missed = [(c.model, c.mistakes, c.text, c.verdict.diagnosis) for c in cases if not c.right]
    assert len(cases) >= 7
    return 1 - len(missed) / len(cases), missed


def test_of_planted_mistakes_almost_all_are_diagnosed():
    share, missed = diagnosed("claims", "functions")

    assert share >= 0.9, missed  # 0.95 of all of them; a sample of 20 has room for chance


def test_of_two_planted_mistakes_most_are_diagnosed():
    share, missed = diagnosed("claims2", "functions2")

    assert share >= 0.7, missed  # 0.8 of all of them


def test_functions_that_are_right_agree():
    made = runpy.run_path(str(GRADCHECK / "wrong_functions.py"), run_name="made")

    assert len(MEASURE["BY_HAND"]) >= 30
    for name in sorted(MEASURE["BY_HAND"])[::4]:
        function = made["right_function"](MEASURE["model_of"](name))
        report = gdsym.check_gradient(MEASURE["text_of"](name), function)
        assert {v.verdict for v in report.claims} == {"AGREES"}, report


@pytest.mark.parametrize(
    "claim",
    [
        "grad(w) = X.T @ (sigmoid(z) - y)/n + lam*w",
        "grad(b) = mean((1 - 2*y)*sigmoid((1 - 2*y)*z))",
        "loss = mean(softplus((1 - 2*y)*z)) + lam*sum(w*w)/2",
        "loss = mean(softplus((1 - 2*y)*z))",
        "hess(w, b) = mean[n](X*sigmoid(z)*(1 - sigmoid(z)))",
        "hess(b, w) = X.T @ (sigmoid(z)*sigmoid(-z))/n",
        "hess(b, b) = mean(1/(2 + exp(z) + exp(-z)))",
        "hvp(w, v) = X.T @ ((X @ v)*sigmoid(z)*(1 - sigmoid(z)))/n + lam*v",
    ],
)
def test_every_quantity_can_be_proved(claim):
    assert verdict(LOGISTIC, claim).verdict == "PROVED"


@pytest.mark.parametrize(
    "claim",
    [
        "grad(noise) = noise*(trace(inv(K)) - norm(solve(K, y))^2)",
        "grad(reach) = sum((inv(K) - outer(solve(K, y), solve(K, y)))*Q*sqdist(X, X))/(2*reach^3)",
    ],
)
def test_matrices_as_wholes_are_proved(claim):
    process = """
data  X[n, d], y[n]
param reach > 0, noise > 0
let   Q = exp(-sqdist(X, X)/(2*reach^2))
let   K = Q + noise^2*eye(n)
nll   (logdet(K) + dot(y, solve(K, y)) + n*log(2*pi))/2
"""
    assert verdict(process, claim).verdict == "PROVED"
    assert verdict(process, f"{claim} + 1").verdict == "WRONG"


@pytest.mark.parametrize(
    "claim",
    [
        "grad(w) = X.T @ (sigmoid(z) - y)/n",
        "grad(w) = X.T @ (sigmoid(z) - y) + lam*w",
        "grad(w) = X.T @ (y - sigmoid(z))/n + lam*w",
        "grad(w) = X.T @ (sigmoid(z) - y)/n + 2*lam*w",
        "grad(b) = mean(sigmoid(z) - y) + lam*b",
        "loss = mean(softplus(z) - y*z) + lam*sum(w^2)",
        "hess(w, w) = X.T @ (X*sigmoid(z)*(1 - sigmoid(z)))/n + lam",
        "hess(w, b) = mean[n](X*sigmoid(z))",
        "hvp(w, v) = X.T @ ((X @ v)*sigmoid(z)*(1 - sigmoid(z)))/n",
    ],
)
def test_a_wrong_claim_is_wrong_and_has_a_counterexample(claim):
    found = verdict(LOGISTIC, claim)

    assert found.verdict == "WRONG"
    assert found.counterexample.worst
    assert all(c.expected != c.got for c in found.counterexample.worst)


def test_the_counterexample_is_one():
    found = verdict(LOGISTIC, "grad(w) = X.T @ (sigmoid(z) - y)/n").counterexample
    X, y = (np.array(found.data[name]) for name in ("X", "y"))
    w, b = (np.array(found.parameters[name]) for name in ("w", "b"))
    p = 1 / (1 + np.exp(-(X @ w + b)))
    claimed = X.T @ (p - y) / len(y)
    exact = claimed + found.constants["lam"] * w

    for coordinate in found.worst:
        entry = int(coordinate.name[2:-1])
        assert coordinate.got == pytest.approx(claimed[entry], rel=1e-12)
        assert coordinate.expected == pytest.approx(exact[entry], rel=1e-12)


def test_axes_are_compared_in_the_stated_order():
    model = "dim d = 3, e like d\ndata B[d, e]\nparam x[d], y[e]\nloss sum((x @ B)*y)\n"

    assert verdict(model, "hess(x, y) = B").verdict == "PROVED"
    assert verdict(model, "hess(y, x) = B.T").verdict == "PROVED"
    assert verdict(model, "hess(x, y) = B.T[d, e]").verdict == "WRONG"


@pytest.mark.parametrize("sign", ["", "-"])
def test_claims_about_a_likelihood_may_be_about_its_negative_if_all_are(sign):
    model = "data y[n]\nparam m, s > 0\nloglik sum(-log(s) - ((y - m)/s)^2/2)\n"
    mean, scale = "sum(y - m)/s^2", "(-n/s + sum((y - m)^2)/s^3)"
    claims = f"claim grad(m) = {sign}{mean}\nclaim grad(s) = {sign}{scale}\n"

    report = check_text(model + claims, "model.gd")

    assert [v.verdict for v in report.claims] == ["PROVED", "PROVED"]
    assert ("minimised" in report.claims[0].reason) == bool(sign)


def test_claims_about_a_likelihood_and_about_its_negative_do_not_go_together():
    model = "data y[n]\nparam m, s > 0\nloglik sum(-log(s) - ((y - m)/s)^2/2)\n"
    claims = "claim grad(m) = sum(y - m)/s^2\nclaim grad(s) = n/s - sum((y - m)^2)/s^3\n"

    report = check_text(model + claims, "model.gd")

    assert sorted(v.verdict for v in report.claims) == ["PROVED", "WRONG"]


def test_what_agrees_but_is_not_proved_says_why():
    model = "data X[n, d], y[n]\nparam w[d]\nloss sum(max[d](X*w))\n"
    claim = "grad(w) = sum[n](X*(X*w == max[d](X*w)))"

    found = verdict(model, claim)

    assert found.verdict == "AGREES"
    assert "digits at 4 random points; not proved: the normal forms differ" in found.reason


def test_a_constant_rounded_to_a_double_is_no_mistake():
    claim = "grad(a) = n*a*0.39894228040143268*exp(-a^2/2)"
    model = "data x[n]\nparam a\nloss -sum(normal_pdf(a) + 0*x)\n"

    found = verdict(model, claim)

    assert found.verdict == "AGREES"
    assert "a constant in it is rounded" in found.reason


def test_a_constant_rounded_to_four_digits_is_one():
    model = "data x[n]\nparam a\nloss -sum(normal_pdf(a) + 0*x)\n"

    assert verdict(model, "grad(a) = n*a*0.3989*exp(-a^2/2)").verdict == "WRONG"


@pytest.mark.parametrize("size", [3, 10])
def test_a_claim_may_count_on_a_size_that_the_text_states(size):
    model = f"dim k = {size}\ndata x[n, k]\nparam a[k]\nloss sum(mean[k](x*a))\n"

    found = verdict(model, f"grad(a) = sum[n](x)/{size}")

    assert found.verdict == "PROVED"
    assert f"for k = {size}" in found.reason


def test_but_not_on_another():
    model = "dim k = 10\ndata x[n, k]\nparam a[k]\nloss sum(mean[k](x*a))\n"

    assert verdict(model, "grad(a) = sum[n](x)/5").verdict == "WRONG"


def test_a_difference_at_kinks_alone_is_inconclusive():
    model = "data x[n] in {0, 1}\nparam a\nloss sum(abs(x*a - x*a*x))\n"

    assert verdict(model, "grad(a) = sum(x)").verdict == "INCONCLUSIVE"


def test_a_derivative_that_is_no_number_anywhere_is_inconclusive_and_says_what_to_declare():
    model = "data x[n]\nparam s < 0\nloss sum(x*log(s))\n"

    found = verdict(model, "grad(s) = sum(x)/s*sqrt(s)")

    assert found.verdict == "INCONCLUSIVE"
    assert "no number" in found.reason


def test_a_claim_with_holes_is_inconclusive_and_shows_one():
    model = "data x[n] in counts\nparam a\nloss sum(x*a)\n"

    found = verdict(model, "grad(a) = sum(x*log1p(x - 1)/log(x))")

    assert found.verdict == "INCONCLUSIVE"
    assert {0, 1} & set(found.counterexample.data["x"])
    assert found.as_dict()["counterexample"]["worst"][0]["got"] is None


def test_a_claim_that_loses_its_digits_is_looked_at_with_more_of_them():
    model = "data y[n]\nparam z\nloss sum(y*tanh(40*z))\n"

    assert verdict(model, "grad(z) = 40*sum(y)*(1 - tanh(40*z)^2)").verdict == "PROVED"


def test_points_are_the_same_for_the_same_seed_and_others_for_another():
    text = f"{LOGISTIC}claim grad(w) = w\n"

    first, again = (check_text(text, "m.gd", seed=3) for _ in range(2))

    assert first == again
    assert first != check_text(text, "m.gd", seed=4)


def test_a_model_without_claims_is_an_error_with_its_mend():
    with pytest.raises(GdsymError, match=r"claims nothing(.|\n)*claim grad\(w\)"):
        check_text(LOGISTIC, "model.gd")


def test_python_takes_a_text_a_path_and_a_compiled_model(tmp_path):
    text = f"{LOGISTIC}claim grad(b) = mean(sigmoid(z) - y)\n"
    path = tmp_path / "logistic.gd"
    path.write_text(text)

    reports = [gdsym.check_gradient(m) for m in (text, path, str(path), gdsym.compile(text))]

    assert all(report.holds for report in reports)
    with pytest.raises(GdsymError, match="not a int"):
        gdsym.check_gradient(3)


# -- points


DOMAINS = """
dim k in {"a", "b", "c"}, cut = k - 1
data X[n, d], y[n] in {-1, 1}, c[n] in counts, g[n] in k, s[n] > 0, u[n] in [0, 1)
data P[n, k] in simplex[k]
param w[d], p in (0, 1), o[cut] in ordered[cut], e[d] in sumzero[d], r[d] in base[d]
const lam = 0.5, t[j] = [1, 2], m in integers = 3
loss sum(X @ w) + sum(o) + sum(e*r) + p + sum(P) + sum(u*s*c*y) + lam*sum(t) + m
"""


@pytest.mark.parametrize("seed", range(6))
def test_points_lie_in_the_declared_domains(seed):
    model = load_model(DOMAINS, "model.gd")
    at = point(model, sizes(model), seed)
    values = {name: np.array(value, dtype=float) for name, value in at.values.items()}

    assert at.sizes["k"] == 3
    assert at.sizes["cut"] == 2
    assert at.sizes["j"] == 2
    assert len({at.sizes[dim] for dim in ("n", "d", "k")}) == 3
    assert set(values["y"]) == {-1, 1}
    assert set(values["g"]) == {0, 1, 2}
    assert (values["c"] >= 0).all()
    assert (values["c"] == np.round(values["c"])).all()
    assert (values["s"] > 0).all()
    assert ((values["u"] >= 0) & (values["u"] < 1)).all()
    np.testing.assert_allclose(values["P"].sum(axis=1), 1, rtol=1e-14)
    assert (np.diff(values["o"]) > 0).all()
    assert abs(values["e"].sum()) < 1e-14
    assert values["r"][0] == 0
    assert 0 < values["p"] < 1
    assert values["lam"] > 0
    assert values["lam"] != 0.5
    assert "m" not in values
