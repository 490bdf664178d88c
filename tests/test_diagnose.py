"""A planted mistake is named, and the corrected line is right."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gdsym.calculus.program import canonical_axes
from gdsym.calculus.reference import evaluate
from gdsym.gradcheck import check_text
from gdsym.gradcheck.diagnose import Block, diagnose
from gdsym.gradcheck.questions import questions
from gdsym.language.check import load_model

LOGISTIC = """
data    X[n, d], y[n] in {0, 1}
param   w[d], b
const   lam = 0.05
let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
"""
SCALE = """
data    x[n]
param   m, s > 0
nll     sum(log(s) + ((x - m)/s)^2/2)
"""
HINGE = """
data    X[n, d], y[n] in {-1, 1}
param   w[d]
const   lam = 0.1
loss    mean(relu(1 - y*(X @ w)))
penalty lam/2*sum(w^2)
"""
SQUARE = """
dim     d = 3, e like d
data    B[d, e]
param   u[d], v[e]
loss    sum((u @ B)*v)
"""
POWERS = "data x[n] > 0, y[n]\nparam a > 0, b\nloss sum((y - a*x^b)^2)/2\n"

CASES = [
    (LOGISTIC, "grad(b) = 2*mean(sigmoid(z) - y)", "factor"),
    (LOGISTIC, "grad(b) = sum(sigmoid(z) - y)", "factor"),
    (LOGISTIC, "grad(b) = mean(y - sigmoid(z))", "sign"),
    (LOGISTIC, "grad(w) = X.T @ (sigmoid(z) - y)/n - lam*w", "sign"),
    (LOGISTIC, "grad(w) = X.T @ (sigmoid(z) - y)/n", "missing_term"),
    (LOGISTIC, "grad(w) = X.T @ (sigmoid(z) - y)/n + 2*lam*w", "scaled_term"),
    (LOGISTIC, "grad(w) = X.T @ (sigmoid(z) - y) + lam*w", "factor"),
    (LOGISTIC, "grad(b) = mean(sigmoid(z) - y) + lam*b", "penalised_intercept"),
    (LOGISTIC, "grad(b) = mean(normal_cdf(z) - y)", "wrong_link"),
    (LOGISTIC, "grad(b) = mean(sigmoid(z) - (y + 1)/2)", "label_coding"),
    (LOGISTIC, "hess(b, b) = mean(sigmoid(z))", "missing_chain_factor"),
    (LOGISTIC, "hess(w, w) = X.T @ (X*sigmoid(z)*sigmoid(-z))/n", "missing_term"),
    (LOGISTIC, "hvp(w, v) = X.T @ ((X @ v)*sigmoid(z)*sigmoid(-z))/n", "missing_term"),
    (LOGISTIC, "hvp(w, v) = X.T @ ((X @ v)*sigmoid(z)*sigmoid(-z))/n + 2*lam*v", "scaled_term"),
    (LOGISTIC, "hvp(w, v) = X.T @ ((X @ v)*sigmoid(z)*sigmoid(-z))/n - lam*v", "sign"),
    (SCALE, "grad(m) = sum(m - x)/s", "missing_chain_factor"),
    (SCALE, "grad(m) = sum(m - x)/s^3", "wrong_term"),
    (SCALE, "grad(s) = n/s - sum((x - s)^2)/s^3", "swapped_parameters"),
    (SCALE, "grad(s) = sum(m - x)/s^2", "swapped_parameters"),
    (HINGE, "grad(w) = lam*w - X.T @ (y*(y*(X @ w) > 1))/n", "kink_side"),
    (HINGE, "grad(w) = lam*w - X.T @ y/n", "missing_chain_factor"),
    (SQUARE, "grad(u) = B.T[d, e] @ v", "transposed"),
    (POWERS, "grad(b) = -a*sum((y - a*x^b)*x^b*log10(x))", "log_base"),
    (POWERS, "grad(a) = sum((y - a*x^b)*x^b)", "sign"),
]


@pytest.mark.parametrize(("model", "claim", "kind"), CASES)
def test_a_mistake_is_named_and_mended(model, claim, kind):
    (found,) = check_text(f"{model}claim {claim}\n", "model.gd").claims

    assert found.verdict == "WRONG"
    assert kind in [finding.kind for finding in found.diagnosis]
    (finding, *_) = [f for f in found.diagnosis if f.kind == kind]
    if finding.corrected:
        (mended,) = check_text(f"{model}{finding.corrected}\n", "model.gd").claims
        assert mended.holds, finding.corrected


WITHOUT_A_TEXT = {
    "grad(w) = X.T @ (sigmoid(z) - y) + lam*w": "scaled_term",
    "hess(b, b) = mean(sigmoid(z))": "missing_term",
    "grad(m) = sum(m - x)/s": "factor",
    "grad(m) = sum(m - x)/s^3": "factor",
}


@pytest.mark.parametrize(("model", "claim", "kind"), CASES)
def test_a_mistake_of_values_alone_is_named_too(model, claim, kind):
    program, (question,) = questions(load_model(f"{model}claim {claim}\n", "model.gd"))
    (meaning, *_) = question.readings[0]
    names = question.claim.names
    block = Block(question.block, question.claim.quantity, names, question.dims, meaning.node)

    def claimed(at):
        found = evaluate(program, [question.claimed], at.values, at.sizes)[question.claimed]
        axes = canonical_axes(question.dims)
        shape = [at.sizes[dim] for dim in question.dims]
        kept = [axes.index(axis) for axis in question.claimed.axes]
        return {i: found[tuple(i[k] for k in kept)] for i in np.ndindex(*shape)}

    found = diagnose(program, block, claimed)

    assert WITHOUT_A_TEXT.get(claim, kind) in [finding.kind for finding in found]


@pytest.mark.parametrize(
    ("claim", "told", "mended"),
    [
        (
            "hvp(w, v) = X.T @ ((X @ w)*sigmoid(z)*sigmoid(-z))/n + lam*v",
            "`w` should be `v`",
            "X.T @ ((X @ v)*sigmoid(z)*sigmoid(-z))/n + lam*v",
        ),
        (
            "hvp(w, v) = X.T @ ((X @ v)*sigmoid(z)*sigmoid(-z))/n",
            "the Hessian-vector product of `lam/2*sum(w^2)` is missing",
            "X.T @ ((X @ v)*sigmoid(z)*sigmoid(-z))/n + lam*v",
        ),
        (
            "hess(w, w) = X.T @ (X*sigmoid(z)*sigmoid(-z))/n",
            "the Hessian of `lam/2*sum(w^2)` is missing",
            "X.T @ (X*sigmoid(z)*sigmoid(-z))/n + lam*eye(d)",
        ),
    ],
)
def test_mistakes_in_second_derivatives_are_told_and_mended_in_the_words_of_the_claim(
    claim, told, mended
):
    (found,) = check_text(f"{LOGISTIC}claim {claim}\n", "model.gd").claims

    assert found.diagnosis[0].text == told
    assert found.diagnosis[0].corrected == f"claim {claim.partition(' = ')[0]} = {mended}"


def test_what_stands_in_a_sum_is_not_told_to_be_missing_beside_itself():
    claim = "hess(b, b) = mean(sigmoid(z)*sigmoid(-z)) + lam"
    (found,) = check_text(f"{LOGISTIC}claim {claim}\n", "model.gd").claims

    assert found.diagnosis[0].kind == "extra_term"
    assert not any(f.corrected.endswith("- lam) + lam") for f in found.diagnosis)


def test_two_mistakes_are_both_named():
    claim = "grad(w) = 2*X.T @ (sigmoid(z) - y)/n + 3*lam*w"

    (found,) = check_text(f"{LOGISTIC}claim {claim}\n", "model.gd").claims

    assert [finding.kind for finding in found.diagnosis] == ["scaled_term", "scaled_term"]


def test_what_nothing_explains_has_no_diagnosis():
    claim = "grad(b) = cos(b)*sum(y^2*sin(z + 0.3))"

    (found,) = check_text(f"{LOGISTIC}claim {claim}\n", "model.gd").claims

    assert found.verdict == "WRONG"
    assert [finding.kind for finding in found.diagnosis] == ["unknown"]


KINDS = """factor, sign, missing_term, extra_term, scaled_term, wrong_term, missing_chain_factor,
extra_chain_factor, wrong_chain_factor, transposed, swapped_parameters, missing_parameter,
label_coding, penalised_intercept, wrong_link, log_base, shifted_index, stale_coordinate,
partial_data, wrong_axis, clipped, precision, kink_side, unknown, shape, changes_argument,
not_deterministic"""


def test_every_kind_that_may_come_out_has_an_example_on_the_page():
    root = Path(__file__).parents[1]
    page = (root / "docs" / "gradient-checking.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^    (\w+): ", page, re.MULTILINE))
    sources = (root / "gdsym" / "gradcheck").rglob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    made = set(re.findall(r'(?:Finding|Change)\(\s*"(\w+)"', text))

    assert shown >= made | set(re.findall(r"\w+", KINDS))
