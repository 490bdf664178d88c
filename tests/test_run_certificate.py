"""What a fit says about the point where it ended, on models whose points are known on paper."""

import math

import numpy as np
import pytest

import gdsym
from gdsym.run.assess import judged
from gdsym.run.certificate import Certificate
from gdsym.run.outcome import Outcome

RNG = np.random.default_rng(5)
LOGIT = """
data X[n, d], y[n] in {0, 1}
param w[d], b
nll sum(softplus(X @ w + b) - y*(X @ w + b))
"""
X = RNG.standard_normal((60, 2))
Y = (RNG.random(60) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)


def test_a_minimum_is_certified_with_what_is_left_to_gain():
    certificate = gdsym.fit(LOGIT, {"X": X, "y": Y}).certificate

    assert certificate.kind == "minimum"
    assert 0 <= certificate.decrement < 1e-20
    assert 0 < certificate.smallest <= certificate.largest
    assert certificate.flat == certificate.gauge == certificate.active == ()
    assert not certificate.estimated


def test_the_eigenvalues_are_those_of_the_scaled_hessian():
    result = gdsym.fit(LOGIT, {"X": X, "y": Y})
    a = np.column_stack([X, np.ones(60)])
    p = 1 / (1 + np.exp(-a @ result.theta))
    h = a.T @ (a * (p * (1 - p))[:, None])
    scale = np.sqrt(np.diag(h))

    values = np.linalg.eigvalsh(h / scale[:, None] / scale)

    found = result.certificate.smallest, result.certificate.largest
    assert found == pytest.approx((values[0], values[-1]), rel=1e-9)


def test_the_decrement_is_the_loss_that_is_left():
    result = gdsym.fit(LOGIT, {"X": X, "y": Y}, method="gd", lr=1e-2, max_iter=150)
    best = gdsym.fit(LOGIT, {"X": X, "y": Y})

    left = result.objective - best.objective

    assert result.status == "stopped"
    assert result.certificate.kind == "unknown"
    # A quadratic model, so right to the part of the distance that remains.
    assert 1e-6 < left < 1e-1
    assert result.certificate.decrement == pytest.approx(left, rel=0.05)


def test_the_stopping_rule_is_named():
    stopped = gdsym.fit(LOGIT, {"X": X, "y": Y}, max_iter=2)

    assert "limit of 2 iterations" in stopped.certificate.rule
    assert stopped.certificate.rule in stopped.message


# -- flat directions -----------------------------------------------------------------------------


def test_dummies_that_add_up_to_the_intercept_are_named():
    group = np.arange(60) % 3
    dummies = np.eye(3)[group]
    result = gdsym.fit(LOGIT, {"X": dummies, "y": Y}, set={"d": ["red", "green", "blue"]})

    assert result.status == "converged"
    assert result.certificate.kind == "minimum"
    assert result.certificate.flat == ("all of w - b",)
    assert result.certificate.gauge == ()


def test_the_same_column_twice_in_other_units_is_named():
    both = np.column_stack([X[:, 0], 2.54 * X[:, 0], X[:, 1]])
    result = gdsym.fit(LOGIT, {"X": both, "y": Y}, set={"d": ["inch", "cm", "other"]})

    (text,) = result.certificate.flat
    # inch + 2.54 cm is what counts, so w[inch] up by 2.54 and w[cm] down by 1 changes nothing.
    assert text in ("w[inch] - 0.3937*w[cm]", "2.54*w[inch] - w[cm]")
    assert result.certificate.kind == "minimum"


SOFTMAX = """
dim k in {"a", "b", "c"}
data X[n, d], y[n] in k
param W[d, k], b[k]
observe y ~ categorical_logit(X @ W + b)
"""


def labels(noise=1.5):
    scores = X @ np.array([[1.0, 0.0, -1.0], [0.5, -0.5, 0.0]])
    scores = scores + noise * np.random.default_rng(2).gumbel(size=scores.shape)
    return np.array(["a", "b", "c"])[np.argmax(scores, axis=1)]


def test_a_softmax_is_not_determined_by_its_form_and_that_is_no_failure():
    result = gdsym.fit(SOFTMAX, {"X": X, "y": labels()})

    assert result.status == "converged"
    assert result.certificate.kind == "minimum"
    assert result.certificate.flat == ()
    assert result.certificate.gauge == (
        "all of W[d, :] shifted together, for each d",
        "all of b[:] shifted together",
    )


def test_a_base_level_leaves_nothing_open():
    result = gdsym.fit(
        SOFTMAX.replace("W[d, k]", "W[d, k] in base[k]").replace("b[k]", "b[k] in base[k]"),
        {"X": X, "y": labels()},
    )

    assert result.certificate.kind == "minimum"
    assert result.certificate.gauge == result.certificate.flat == ()


def test_factors_with_a_penalty_may_only_be_rotated():
    text = """
dim k = 2
data i[n] in users, j[n] in items, r[n]
param U[users, k] = normal(0, 1), V[items, k] = normal(0, 1)
loss sum((r - sum[k](U[i]*V[j]))^2)
penalty 0.1*(sum(U^2) + sum(V^2))
"""
    rng = np.random.default_rng(0)
    i, j = np.divmod(np.arange(30), 5)

    certificate = gdsym.fit(text, {"i": i, "j": j, "r": rng.standard_normal(30)}).certificate

    assert certificate.kind == "minimum"
    assert certificate.gauge == ("U and V rotated together along k",)
    assert certificate.flat == ()


def test_the_factors_of_a_covariance_may_be_rotated():
    text = """
dim k = 2
data y[n], i[n] in d, j[n] in d
param W[d, k] = normal(0, 1)
loss sum((y - sum[k](W[i]*W[j]))^2)
"""
    truth = np.random.default_rng(1).standard_normal((4, 2))
    i, j = np.divmod(np.arange(16), 4)

    certificate = gdsym.fit(text, {"y": (truth @ truth.T)[i, j], "i": i, "j": j}).certificate

    assert certificate.kind == "minimum"
    assert certificate.gauge == ("W rotated along k",)
    assert certificate.flat == ()


@pytest.mark.parametrize("method", ["lbfgs", "lm"])
def test_a_minimum_that_is_singular_is_flat_where_it_is(method):
    # Powell (1962): the Jacobian has rank 2 at the minimum, 0, and full rank everywhere else.
    text = """
param x1 = 3, x2 = -1, x3 = 0, x4 = 1
loss (x1 + 10*x2)^2 + 5*(x3 - x4)^2 + (x2 - 2*x3)^4 + 10*(x1 - x4)^4
"""
    certificate = gdsym.fit(text, method=method).certificate

    assert certificate.kind == "minimum"
    assert set(certificate.flat) == {"x3 + x4", "x1 - 0.1*x2"}


def test_factors_of_a_matrix_may_be_mixed():
    text = """
dim k = 2
data i[n] in users, j[n] in items, r[n]
param U[users, k] = normal(0, 1), V[items, k] = normal(0, 1)
loss mean((r - sum[k](U[i]*V[j]))^2)
"""
    rng = np.random.default_rng(0)
    i, j = np.divmod(np.arange(30), 5)
    truth = rng.standard_normal((6, 2)) @ rng.standard_normal((2, 5))
    r = truth[i, j] + 0.1 * rng.standard_normal(30)

    result = gdsym.fit(text, {"i": i, "j": j, "r": r})

    assert result.status == "converged"
    assert result.certificate.gauge == (
        "U and V mixed along k: any matrix to the one, its inverse to the other",
    )
    assert result.certificate.flat == ()


# -- saddles and infinity ------------------------------------------------------------------------


def test_a_saddle_is_called_one_and_is_not_converged():
    result = gdsym.fit("param x = 1, y = 0\nloss (x^2 - 1)^2 + x^2 - y^2 + y^4", method="lbfgs")

    assert result.theta == pytest.approx([math.sqrt(0.5), 0])
    assert result.certificate.kind == "saddle"
    assert result.certificate.downhill == "y"
    assert result.status == "stopped"
    assert result.exit_code == 1
    assert "saddle" in result.message


@pytest.mark.parametrize("tol", [1e-4, 1e-6, 1e-8, 1e-11])
def test_separable_data_have_no_finite_minimum(tol):
    x = np.linspace(-2, 2, 20)
    y = (x > 0.3).astype(float)

    result = gdsym.fit(LOGIT, {"X": x[:, None], "y": y}, tol=tol, method="lbfgs")

    assert result.certificate.kind == "infinity"
    assert result.status == "stopped"
    assert set(result.certificate.toward) == {"w[0] -> +inf", "b -> -inf"}
    assert result.certificate.rows == tuple(range(20))
    assert result.std_errors is None


def test_the_rows_of_a_group_without_a_failure_are_named():
    group = np.arange(60) % 3 == 2
    y = np.where(group, 1.0, Y)
    columns = np.column_stack([X[:, 0], group])

    result = gdsym.fit(LOGIT, {"X": columns, "y": y}, set={"d": ["dose", "treated"]})

    assert result.certificate.kind == "infinity"
    assert result.certificate.toward == ("w[treated] -> +inf",)
    assert result.certificate.rows == tuple(np.flatnonzero(group))
    assert "w[treated] -> +inf, which fits 20 rows ever better (rows 3, 6, 9, 12, 15" in (
        result.message
    )


def test_labels_in_the_message_cannot_write_to_the_terminal():
    x = np.linspace(-2, 2, 20)

    result = gdsym.fit(
        LOGIT, {"X": x[:, None], "y": (x > 0.3).astype(float)}, set={"d": ["a\x1b[2J\nb"]}
    )

    assert result.certificate.kind == "infinity"
    assert "w[a\\u001b[2J\\u000ab]" in result.message
    assert "\x1b" not in result.message


@pytest.mark.parametrize("loss", ["exp(-x)", "1/(1 + x^2)", "log1p(exp(-3*x))"])
def test_what_falls_for_ever_has_no_minimum(loss):
    result = gdsym.fit(f"param x = 1\nloss {loss}", method="lbfgs")

    assert result.certificate.kind == "infinity"
    assert result.status != "converged"


@pytest.mark.parametrize(
    "loss", ["(x - 3)^2", "(x - 3)^4", "cosh(x - 40)/1e6", "(x - 1e6)^2/1e12", "x^2*1e-9 + x"]
)
def test_a_minimum_however_flat_or_far_is_finite(loss):
    result = gdsym.fit(f"param x = 1\nloss {loss}")

    assert result.certificate.kind == "minimum"
    assert result.status == "converged"


def test_an_open_bound_that_the_minimum_lies_on_is_said_to_be_one():
    # Fewer spread than Poisson's: the overdispersion goes to 0.
    text = "data y[n] in counts\nparam m, a > 0\nobserve y ~ neg_binomial(mean=exp(m), size=1/a)"

    result = gdsym.fit(text, {"y": np.array([3.0, 4, 3, 4, 3, 4, 4, 3])})

    assert result.certificate.kind == "infinity"
    assert result.certificate.toward == ("a -> 0",)
    assert "least on the edge of the domain: a -> 0" in result.message
    assert "no minimum inside the domain" in result.summary()
    assert result.std_errors is None


def test_a_penalty_makes_separable_data_finite():
    x = np.linspace(-2, 2, 20)

    result = gdsym.fit(
        LOGIT + "penalty 0.01*sum(w^2)\n", {"X": x[:, None], "y": (x > 0.3).astype(float)}
    )

    assert result.certificate.kind == "minimum"
    assert result.status == "converged"


# -- bounds, fixed entries, kinks ----------------------------------------------------------------


def test_a_closed_bound_is_active_by_name():
    result = gdsym.fit("param x >= 0, y\nloss (x + 1)^2 + (y - x - 2)^2")

    assert result.theta == pytest.approx([0, 2])
    assert result.certificate.active == ("x",)
    assert result.certificate.kind == "minimum"
    assert result.certificate.condition == pytest.approx(1)


def test_the_corner_of_a_simplex_is_active():
    text = (
        "dim k = 3\nparam w[k] in simplex[k]\nconst c[k] = [0.9, 0.8, -0.5]\nloss sum((w - c)^2)"
    )

    result = gdsym.fit(text, method="lbfgs")

    # The projection onto the simplex: the last entry is cut off.
    assert result.params["w"] == pytest.approx([0.55, 0.45, 0], abs=1e-9)
    assert result.certificate.kind == "minimum"
    assert result.certificate.active == ("w[2]",)
    assert result.certificate.flat == result.certificate.gauge == ()


@pytest.mark.parametrize("domain", ["simplex[k] and > 0", "sumzero[k]", "ordered[k]"])
def test_a_change_of_variables_with_a_direction_too_many_is_not_reported(domain):
    text = f"dim k = 3\nparam w[k] in {domain}\nconst c[k] = [0.2, 0.3, 0.5]\nloss sum((w - c)^2)"

    certificate = gdsym.fit(text, method="lbfgs").certificate

    assert certificate.kind == "minimum"
    assert certificate.flat == certificate.gauge == ()


def test_where_nothing_may_move_there_is_nothing_to_look_at():
    result = gdsym.fit("param x = 2\nloss (x - 1)^2", fix=["x"])

    assert result.certificate.kind == "minimum"
    assert result.certificate.decrement == 0


def test_where_the_gradient_jumps_convexity_says_what_curvature_cannot():
    text = "data y[n]\nparam m\nloss sum(abs(y - m))"

    certificate = gdsym.fit(text, {"y": np.array([1.0, 2, 7, 9, 30])}).certificate

    assert certificate.kind == "minimum"
    assert certificate.decrement is None
    assert "has kinks, where no curvature is defined" in certificate.why


def test_without_convexity_a_kink_leaves_it_open():
    text = "param a = 0.3, b = 0.4\nloss abs(a*b - 1) + (a - b)^2"

    assert gdsym.fit(text).certificate.kind == "unknown"


def test_what_a_penalty_holds_at_zero_does_not_move():
    text = "data X[n, d], y[n]\nparam w[d]\nloss mean((y - X @ w)^2)/2\npenalty 0.1*sum(abs(w))"
    result = gdsym.fit(text, {"X": X, "y": X[:, 0]})

    assert result.theta[1] == 0
    assert result.certificate.kind == "minimum"
    assert result.certificate.condition == pytest.approx(1)


# -- too large for a matrix ----------------------------------------------------------------------


def test_a_hessian_too_large_to_be_made_is_looked_at_by_products():
    text = "dim k = 2500\nconst c[k]\nparam x[k]\nloss sum(c*(x - 1)^2)"
    c = np.linspace(1, 4, 2500)

    result = gdsym.fit(text, set={"c": c})

    assert result.certificate.kind == "minimum"
    assert result.certificate.estimated
    assert result.certificate.largest == pytest.approx(8, rel=1e-2)
    assert result.certificate.smallest == pytest.approx(2, rel=2e-2)


# -- status --------------------------------------------------------------------------------------


def outcome(status, own_end=False):
    return Outcome(status, "why", np.zeros(1), 1.0, 1e-9, 3, own_end=own_end)


def test_only_a_minimum_leaves_converged_as_it_is():
    for kind in ("saddle", "infinity", "unknown"):
        certificate = Certificate(kind, decrement=1e-3, why="1e-3 is still to gain")
        assert judged(outcome("converged"), certificate).status == "stopped"
    assert (
        judged(outcome("converged"), Certificate("minimum", decrement=0.0)).status == "converged"
    )


def test_without_second_derivatives_the_status_is_that_of_the_method():
    certificate = Certificate(why="the loss has kinks")

    assert judged(outcome("converged"), certificate) == outcome("converged")


def test_a_method_that_could_do_no_more_at_a_minimum_has_converged():
    certificate = Certificate("minimum", decrement=1e-19)

    assert judged(outcome("stopped", own_end=True), certificate).status == "converged"
    assert judged(outcome("stopped"), certificate).status == "stopped"  # a limit came first
    assert judged(outcome("finished"), certificate).status == "finished"


# -- without a Hessian more than the fit has -----------------------------------------------------

WIDE = np.random.default_rng(7).standard_normal((400, 120))
MEAN = "data X[n, d], y[n] in {0, 1}\nparam w[d]\nlet z = X @ w\nloss mean(log(1 + exp(z)) - y*z)"


@pytest.fixture
def asked(monkeypatch):
    """The Hessians and the products with one that a fit asks for, by name."""
    made = []
    module = gdsym.compile(MEAN + "\npenalty 0.01*sum(w^2)").module
    for name in ("value_grad_hess", "hvp"):
        whole = getattr(module.Problem, name)

        def counted(self, *args, _whole=whole, _name=name, **kwargs):
            made.append(_name)
            return _whole(self, *args, **kwargs)

        monkeypatch.setattr(module.Problem, name, counted)
    return made


def answers(scores):
    return (np.random.default_rng(8).random(len(scores)) < 1 / (1 + np.exp(-scores))).astype(float)


def test_many_parameters_of_a_convex_objective_are_certified_by_a_few_products(asked):
    y = answers(WIDE @ np.full(120, 0.1))
    model = gdsym.compile(MEAN + "\npenalty 0.01*sum(w^2)")

    result = model.fit(X=WIDE, y=y, method="lbfgs", tol=1e-6)

    assert (result.status, result.certificate.kind) == ("converged", "minimum")
    assert result.certificate.estimated
    assert "value_grad_hess" not in asked
    assert asked.count("hvp") <= result.evaluations
    p = 1 / (1 + np.exp(-WIDE @ result.theta))
    g = WIDE.T @ (p - y) / 400 + 0.02 * result.theta
    h = (WIDE * (p * (1 - p))[:, None]).T @ WIDE / 400 + 0.02 * np.eye(120)
    left = 0.5 * g @ np.linalg.solve(h, g)
    assert result.certificate.decrement == pytest.approx(left, rel=1e-2)


def test_many_parameters_that_separate_the_data_are_at_infinity_nevertheless():
    y = (WIDE[:, 0] > 0).astype(float)

    result = gdsym.fit(MEAN, {"X": WIDE, "y": y}, method="lbfgs", tol=1e-5)

    assert result.certificate.kind == "infinity"


def test_a_newton_fit_is_certified_by_the_hessian_that_it_ended_with(asked):
    y = answers(WIDE[:, :5] @ np.full(5, 0.5))
    model = gdsym.compile(MEAN + "\npenalty 0.01*sum(w^2)")

    result = model.fit(X=WIDE[:, :5], y=y, method="newton")

    assert result.certificate.kind == "minimum"
    assert not result.certificate.estimated
    steps = sum(record.step > 0 for record in result.history)
    assert 0 < asked.count("value_grad_hess") <= steps


def test_the_loss_of_a_model_without_penalties_is_its_objective(monkeypatch):
    model = gdsym.compile(LOGIT)
    monkeypatch.delattr(model.module.Problem, "loss")

    result = model.fit(X=X, y=Y)

    assert result.loss == result.objective
