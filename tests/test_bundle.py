"""The bundle method and the quadratic programme of its steps, against other ways to solve."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog, lsq_linear

import gdsym
from gdsym.optimizers._iterate import FLAT, Iterate, Objective
from gdsym.optimizers._simplex import lightest
from gdsym.optimizers.bundle import minimize


@pytest.fixture(autouse=True)
def _quiet():
    """The runner evaluates under `errstate`, as here."""
    with np.errstate(all="ignore"):
        yield


def run(function, start, lower=-np.inf, upper=np.inf, hess=None):
    """The last iterate, how many there are, and the word with which the method ended."""
    x = np.array(start, dtype=float)
    box = np.full(len(x), lower), np.full(len(x), upper)
    method = minimize(
        Objective(function, hess, convex=True), Iterate(x, *function(x), 0.0, np.inf), *box
    )
    found = []
    while len(found) < 2000:
        try:
            found.append(next(method))
        except StopIteration as end:
            return found[-1], len(found), end.value
    return found[-1], len(found), None


def quantile(seed, n=40, p=4, tau=0.3, scale=100):
    """The loss of quantile regression, and its minimum by linear programming."""
    rng = np.random.default_rng(seed)
    X, y = np.column_stack([np.ones(n), scale * rng.normal(size=(n, p - 1))]), rng.normal(size=n)

    def function(b):
        r = y - X @ b
        slope = np.where(r > 0, tau, tau - 1)
        return float(r @ slope), -X.T @ slope

    def least(bounds):
        cost = np.r_[np.zeros(p), np.full(n, tau), np.full(n, 1 - tau)]
        rows = np.column_stack([X, np.eye(n), -np.eye(n)])
        limits = [bounds] * p + [(0, None)] * (2 * n)
        return linprog(cost, A_eq=rows, b_eq=y, bounds=limits, method="highs").fun

    return function, least


@pytest.mark.parametrize("seed", range(5))
def test_a_piecewise_linear_objective_ends_at_its_vertex(seed):
    function, least = quantile(seed)

    last, steps, ending = run(function, np.zeros(4))

    assert ending == FLAT
    assert steps < 150
    assert last.f == pytest.approx(least((None, None)), rel=1e-13)
    assert np.abs(last.g).max() < 1e-9
    assert 0 <= last.ahead < 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_closed_bounds_are_kept_and_reached(seed):
    function, least = quantile(seed)

    last, _, _ = run(function, np.zeros(4), 0.0, 0.5)

    assert np.all((last.x >= 0) & (last.x <= 0.5))
    # Steps end at bounds to rounding only, and slopes are in the thousands.
    assert last.f == pytest.approx(least((0, 0.5)), rel=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_columns_of_very_different_scale_take_no_more_steps(seed):
    function, least = quantile(seed, scale=[1e-4, 10, 1e4])

    last, steps, ending = run(function, np.zeros(4))
    boxed, more, _ = run(function, np.zeros(4), 0.0, 1e-3)

    assert ending == FLAT
    assert max(steps, more) < 150
    assert last.f == pytest.approx(least((None, None)), rel=1e-11)
    assert boxed.f == pytest.approx(least((0, 1e-3)), rel=1e-11)


def test_a_support_vector_machine_balances_its_margin():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 5))
    y = np.sign(X @ rng.normal(size=5) + rng.normal(size=60))

    def function(w):
        short = 1 - y * (X @ w)
        inside = short > 0
        return float(short[inside].sum() + w @ w / 2), w - X[inside].T @ y[inside]

    last, _, ending = run(function, np.zeros(5), hess=lambda w: np.eye(5))

    assert ending == FLAT
    gap = 1 - y * (X @ last.x)
    on, inside = np.abs(gap) < 1e-8, gap >= 1e-8
    rest = last.x - X[inside].T @ y[inside]
    shares = lsq_linear((X[on] * y[on, None]).T, rest, bounds=(0, 1), tol=1e-14)
    # w = sum of shares * y * x, with shares of rows on the margin between 0 and 1
    assert np.abs(shares.fun).max() < 1e-7


def test_the_larger_of_two_parabolas_is_least_where_they_meet():
    def function(x):
        side = 1.0 if x[0] >= 0 else -1.0
        f = (x[0] + side) ** 2 + 3 * (x[1] - 2) ** 2
        return float(f), np.array([2 * (x[0] + side), 6 * (x[1] - 2)])

    last, steps, _ = run(function, [5.0, -7.0], hess=lambda x: np.diag([2.0, 6.0]))

    np.testing.assert_allclose(last.x, [0, 2], atol=1e-12)
    assert last.f == pytest.approx(1, rel=1e-14)
    assert steps < 20


def test_the_minimum_on_a_bound_is_held_there():
    def function(x):
        return float(abs(x[0]) + abs(x[1] - 3)), np.array([np.sign(x[0]), np.sign(x[1] - 3)])

    last, _, ending = run(function, [8.0, 8.0], 0.5, 9.0)

    assert ending == FLAT
    np.testing.assert_allclose(last.x, [0.5, 3], rtol=1e-12)


def test_what_is_not_finite_shortens_the_step():
    def function(x):
        if x[0] <= 0:
            return np.nan, np.full(1, np.nan)
        slope = np.where(x > 0.01, 1.0, -1.0) - 0.01 / x
        return float(abs(x[0] - 0.01) - 0.01 * np.log(x[0])), slope

    last, _, _ = run(function, [4.0])

    assert last.x[0] == pytest.approx(0.01, rel=1e-9)


def test_a_fit_of_a_model_that_is_not_convex_is_refused():
    with pytest.raises(gdsym.GdsymError, match=r"`bundle` .* not known to be convex"):
        gdsym.fit("data y[n]\nparam a\nloss sum(abs(sin(a) - y))", y=[0.1, 0.2], method="bundle")


def test_a_model_with_kinks_is_fitted_to_its_vertex():
    y = np.array([3.0, 8.0, 1.0, 9.0, 4.0])

    result = gdsym.fit("data y[n]\nparam m\nloss sum(abs(y - m))", y=y, method="bundle")

    assert result.params["m"] == pytest.approx(4, rel=1e-14)
    assert result.objective == pytest.approx(13, rel=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_the_weights_are_those_of_the_best_working_set(seed):
    rng = np.random.default_rng(seed)
    p, m = rng.integers(1, 4), rng.integers(1, 6)
    B, values = rng.normal(size=(p, m)), -rng.exponential(size=m)

    share = (rng.random(m) < 0.6).astype(float)
    share[0] = 1

    found = lightest(B, values, np.eye(m)[0], share)

    assert found.min() >= 0
    assert share @ found == pytest.approx(1)
    assert cost(B, values, found) == pytest.approx(least_cost(B, values, share), abs=1e-12)


def cost(B, values, weights):
    return 0.5 * np.sum((B @ weights) ** 2) - values @ weights


def least_cost(B, values, share):
    """The least over all sets of pieces of the minimum with these alone, where it is inside."""
    m = len(values)
    costs = []
    for k in range(1, m + 1):
        for chosen in map(list, combinations(range(m), k)):
            system = np.zeros((k + 1, k + 1))
            system[:k, :k] = B[:, chosen].T @ B[:, chosen]
            system[:k, k] = system[k, :k] = share[chosen]
            solution, *_ = np.linalg.lstsq(system, np.r_[values[chosen], 1], rcond=None)
            weights = np.zeros(m)
            weights[chosen] = solution[:k]
            if weights.min() >= -1e-12 and abs(share @ weights - 1) < 1e-9:
                costs.append(cost(B, values, weights))
    return min(costs)
