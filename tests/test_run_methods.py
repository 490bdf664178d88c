"""Methods on compiled models: bounds, changes of variables, kinks and constants, all together."""

import numpy as np
import pytest

import gdsym
from gdsym.cache import load_module
from gdsym.compiler import compile_text
from gdsym.errors import UsageError

SMOOTH = ("newton", "lbfgs", "bfgs", "dfp", "sr1", "trust", "newton_cg")
SQUARES = (*SMOOTH, "lm", "gauss_newton")

DOMAINS = """\
dim   k = 3
dim   j = 2
param low > 1 = 1.7
param high[j] < 3 = 1
param both in (-1, 2) = 0.3
param shares[k] in simplex[k] = 1/3
param odds[j, k] in simplex[k] and > 0 = 1/3
param cuts[k] in ordered[k]
param effects[k] in sumzero[k]
param plain[j] = 0.4
let   all = low^2*both + sum(high^3)*low + dot(plain, high)*both
let   more = sum[j, k](odds^2 * shares) + sum(sin(cuts))*low + sum(exp(effects)*cuts)
loss  all*more + sum(cuts^2*shares) + sum(plain^4)
"""


@pytest.fixture(scope="module")
def domains():
    problem = load_module(compile_text(DOMAINS, "domains.gd")).bind()
    random = np.random.default_rng(5)
    return problem, problem.to_free(problem.init()) + 0.3 * random.normal(size=problem.size)


def differences(function, phi, step=1e-5):
    """The derivative of a vector, column by column, by central differences extrapolated once."""

    def central(h):
        return np.array([(function(phi + h * e) - function(phi - h * e)) / (2 * h) for e in unit])

    unit = np.eye(len(phi))
    return ((4 * central(step / 2) - central(step)) / 3).T


def test_the_hessian_by_free_coordinates_is_the_derivative_of_the_gradient_by_them(domains):
    problem, phi = domains

    def gradient(phi):
        return problem.pullback(phi, problem.grad(problem.from_free(phi)))

    _, g, H = problem.value_grad_hess(problem.from_free(phi))
    found = problem.pullback_hess(phi, g, H)

    wanted = differences(gradient, phi)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-8 * np.abs(wanted).max())
    np.testing.assert_array_equal(found, found.T)


def test_a_tangent_is_the_derivative_of_theta_along_a_direction(domains):
    problem, phi = domains
    v = np.random.default_rng(6).normal(size=len(phi))

    found = problem.tangent(phi, v)

    np.testing.assert_allclose(found, differences(problem.from_free, phi) @ v, atol=1e-9)


def test_a_product_with_the_hessian_by_free_coordinates_is_that_of_the_matrix(domains):
    problem, phi = domains
    theta = problem.from_free(phi)
    v = np.random.default_rng(7).normal(size=len(phi))
    _, g, H = problem.value_grad_hess(theta)

    found = problem.pullback_hvp(phi, g, v, problem.hvp(theta, problem.tangent(phi, v)))

    wanted = problem.pullback_hess(phi, g, H) @ v
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


@pytest.fixture(scope="module")
def nonnegative():
    random = np.random.default_rng(0)
    A, b = random.normal(size=(120, 20)), random.normal(size=120)
    text = "data A[n, d], b[n]\nparam w[d] >= 0\nresidual A @ w - b\n"
    return gdsym.compile(text), A, b


@pytest.mark.parametrize("method", SQUARES)
def test_closed_bounds_hold_exactly_for_every_method(method, nonnegative):
    nnls = pytest.importorskip("scipy.optimize").nnls
    model, A, b = nonnegative
    solution = nnls(A, b)[0]

    result = model.fit(A=A, b=b, method=method)

    assert result.status == "converged"
    np.testing.assert_array_equal(result.params["w"] == 0, solution == 0)
    np.testing.assert_allclose(result.params["w"], solution, rtol=1e-12)


@pytest.fixture(scope="module")
def spread():
    return gdsym.compile("data y[n]\nparam mu, s > 0\nobserve y ~ normal(mean=mu, sd=s)\n")


@pytest.mark.parametrize("method", SMOOTH)
def test_every_method_gives_the_mean_and_the_deviation_to_all_digits(method, spread):
    y = 3 * np.random.default_rng(1).normal(size=50) + 2

    result = spread.fit(y=y, method=method)

    assert result.status == "converged"
    assert result.params["mu"] == pytest.approx(y.mean(), rel=1e-14)
    assert result.params["s"] == pytest.approx(y.std(), rel=1e-14)
    loglik = -25 * np.log(2 * np.pi * y.var()) - 25
    assert -result.objective == pytest.approx(loglik, rel=1e-14)


@pytest.mark.parametrize("method", ["newton", "trust", "lbfgs"])
def test_shares_are_the_frequencies(method):
    y = np.random.default_rng(2).integers(0, 4, 100)
    text = "data y[n] in k\nparam p[k] in simplex[k]\nloss -mean(log(p[y]))\n"

    result = gdsym.compile(text).fit(y=y, method=method)

    np.testing.assert_allclose(result.params["p"], np.bincount(y) / 100, rtol=1e-13)


@pytest.fixture(scope="module")
def groups():
    random = np.random.default_rng(3)
    X = random.normal(size=(80, 4))
    Y = X[:, :2] @ random.normal(size=(2, 3)) + random.normal(size=(80, 3))
    text = (
        "data X[n, d], Y[n, k]\nparam W[d, k]\nconst lam = 25\n"
        "loss 1/2 * sum((X @ W - Y)^2)\npenalty lam * sum[d](norm[k](W))\n"
    )
    return gdsym.compile(text), X, Y


def test_group_terms_put_whole_groups_at_zero_and_balance_the_others(groups):
    model, X, Y = groups

    result = model.fit(X=X, Y=Y)

    W = result.params["W"]
    slopes = X.T @ (X @ W - Y)
    zero = ~W.any(axis=1)
    assert (result.method, result.status) == ("proximal", "converged")
    assert 0 < zero.sum() < 4
    assert np.all(np.linalg.norm(slopes[zero], axis=1) <= 25)
    balance = slopes[~zero] + 25 * W[~zero] / np.linalg.norm(W[~zero], axis=1, keepdims=True)
    np.testing.assert_allclose(balance, 0, atol=1e-11)
    assert result.grad_norm < 1e-13


def test_a_fixed_entry_stays_where_it_is_beside_kinks():
    random = np.random.default_rng(4)
    X, y = random.normal(size=(60, 4)), random.normal(size=60)
    text = "data X[n, d], y[n]\nparam w[d]\nloss 1/2*sum((X @ w - y)^2)\npenalty 5*norm1(w)\n"

    result = gdsym.compile(text).fit(X=X, y=y, method="proximal", fix={"w[1]": 0.75})

    w = result.params["w"]
    assert w[1] == 0.75
    slopes = X.T @ (X @ w - y)
    free = np.array([0, 2, 3])
    gap = np.where(w == 0, np.maximum(np.abs(slopes) - 5, 0), slopes + 5 * np.sign(w))
    np.testing.assert_allclose(gap[free], 0, atol=1e-12)


def test_the_last_steps_of_sums_of_squares_do_not_lose_the_digits_of_their_square():
    # The columns 1, x, ..., x^8 on [1, 2] have a condition of 1e8 after scaling.
    x = np.linspace(1, 2, 40)
    X = x[:, None] ** np.arange(9)
    w = np.array([1.0, -2, 3, -4, 5, -4, 3, -2, 1])
    text = "data X[n, d], y[n]\nparam w[d]\nresidual y - X @ w\n"

    result = gdsym.compile(text).fit(X=X, y=X @ w)

    # Rounding of the data and of the residuals, 1e-16, times the condition.
    np.testing.assert_allclose(result.params["w"], w, rtol=1e-6)


@pytest.mark.parametrize(("domain", "fix"), [("in [-3, 3]", None), ("", {"W[0,1]": 0.5})])
def test_kinks_that_no_proximal_step_is_known_for_are_refused(domain, fix):
    text = (
        f"data X[n, d], Y[n, k]\nparam W[d, k] {domain}\n"
        "loss sum((X @ W - Y)^2)\npenalty sum[d](norm[k](W))\n"
    )
    random = np.random.default_rng(0)
    data = {"X": random.normal(size=(9, 2)), "Y": random.normal(size=(9, 3))}

    with pytest.raises(UsageError, match="its kinks lie in groups that are bounded"):
        gdsym.compile(text).fit(**data, method="proximal", fix=fix)
    assert gdsym.compile(text).fit(**data, fix=fix).method == "lbfgs"
