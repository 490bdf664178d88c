"""Where a fit begins, what bounds it keeps, and what its constants are."""

import numpy as np
import pytest
from compiled import assert_gradient, module, slope

BOUNDS = """
dim k = 2
param free[k] = 3
param pos[k] > 0
param low >= 1
param over > 1
param neg < -2
param high <= 5 = 4
param open in (0, 1)
param shut in [-1, 3]
param left in (0, 4]
param right in [2, 6)
param kept fixed = 2.5
loss sum(free^2) + sum(log(pos)^2) + low*over + exp(neg) + high^2 + log(open) + shut^3
    + left*right*kept
"""
NAMES = ["free", "free", "pos", "pos", "low", "over", "neg", "high", "open", "shut", "left"]
INF = np.inf


@pytest.fixture
def bounded():
    return module(BOUNDS).bind()


def inside(problem):
    return problem.pack(
        free=[-1, 2], pos=[0.5, 3], low=1, over=1.25, neg=-4, high=-7, open=0.125, shut=3,
        left=0.5, right=2.75, kept=2.5,
    )  # fmt: skip


def test_bounds_are_reported_open_and_closed_alike(bounded):
    assert bounded.bounds == [
        *[(None, None)] * 2,
        *[(0, None)] * 2,
        *[(1, None), (1, None), (None, -2), (None, 5)],
        *[(0, 1), (-1, 3), (0, 4), (2, 6), (None, None)],
    ]
    np.testing.assert_array_equal(bounded.fixed, [False] * 12 + [True])


def test_the_default_start_is_inside_the_domain(bounded):
    start = bounded.unpack(bounded.init())

    assert list(start["free"]) == [3, 3]
    assert list(start["pos"]) == [1, 1]
    assert [start[name] for name in ("low", "over", "neg", "high")] == [1, 2, -3, 4]
    assert [start[name] for name in ("open", "shut", "left", "right")] == [0.5, 1, 2, 4]
    assert start["kept"] == 2.5


def test_free_coordinates_and_back(bounded):
    for theta in (inside(bounded), bounded.init()):
        phi = bounded.to_free(theta)

        np.testing.assert_allclose(bounded.from_free(phi), theta, rtol=1e-14)
        unchanged = [0, 1, 4, 7, 9, 12]
        np.testing.assert_array_equal(phi[unchanged], theta[unchanged])


def test_every_phi_is_inside_the_open_bounds(bounded):
    for size in (0.1, 5.0, 30.0):
        phi = size * np.cos(1 + np.arange(13))
        lower, upper = bounded.free_bounds

        theta = bounded.from_free(np.clip(phi, lower, upper))

        for value, (low, high) in zip(theta, bounded.bounds, strict=True):
            assert -INF if low is None else low <= value
            assert value <= (INF if high is None else high)
        np.testing.assert_allclose(
            bounded.from_free(bounded.to_free(theta)), theta, rtol=1e-12, atol=1e-300
        )


def test_closed_bounds_in_free_coordinates(bounded):
    lower, upper = bounded.free_bounds

    at = dict(zip([*NAMES, "right", "kept"], zip(lower, upper, strict=True), strict=True))
    assert at["free"] == at["pos"] == at["over"] == at["neg"] == at["open"] == (-INF, INF)
    assert at["low"] == (1, INF)
    assert at["high"] == (-INF, 5)
    assert at["shut"] == (-1, 3)
    assert at["kept"] == (-INF, INF)
    # Half-open intervals keep their closed end as a bound: there theta is the bound itself.
    ends = bounded.from_free(np.where(np.isfinite(upper), upper, 0))
    assert ends[10] == pytest.approx(4)
    ends = bounded.from_free(np.where(np.isfinite(lower), lower, 0))
    assert ends[11] == pytest.approx(2)


def test_the_pullback_is_the_slope_in_free_coordinates(bounded):
    phi = bounded.to_free(inside(bounded))

    pulled = bounded.pullback(phi, bounded.grad(bounded.from_free(phi)))

    expected = slope(lambda at: bounded.value(bounded.from_free(at)), phi)
    np.testing.assert_allclose(pulled, expected, rtol=1e-8, atol=1e-8)


def test_an_infinite_phi_reaches_the_open_bound_without_a_warning(bounded):
    phi = bounded.to_free(inside(bounded))
    phi[[2, 8]] = -800

    theta = bounded.from_free(phi)

    assert list(theta[[2, 8]]) == [0, 0]
    assert np.all(np.isfinite(bounded.pullback(phi, np.ones(13))))


# -- starts --------------------------------------------------------------------------------------

STARTS = """
dim k = 3
data X[n, d]
const scale = 4, tau[k] = [0.1, 0.5, 0.9]
param a = 1/3
param b[d] = scale/(d + n)
param c[k] = tau
param W[d, k] = normal(0, 1/sqrt(d))
param u[k] = uniform(-2, scale)
loss sum((X @ W)^2) + sum(b^2) + a^2 + sum(c^2) + sum(u^2)
"""


def test_starts_may_use_sizes_and_constants():
    problem = module(STARTS).bind(np.ones((5, 2)))

    start = problem.unpack(problem.init())

    assert start["a"] == 1 / 3
    np.testing.assert_array_equal(start["b"], [4 / 7, 4 / 7])
    np.testing.assert_array_equal(start["c"], [0.1, 0.5, 0.9])
    wide = module(STARTS).bind(np.ones((5, 2)), scale=8)
    np.testing.assert_array_equal(wide.unpack(wide.init())["b"], [8 / 7, 8 / 7])


def test_draws_come_from_the_declared_distribution():
    problem = module(STARTS).bind(np.ones((5, 400)))
    W, u = np.zeros((0, 3)), []
    for seed in range(50):
        start = problem.unpack(problem.init(seed))
        W, u = np.vstack([W, start["W"]]), [*u, *start["u"]]

    assert abs(W.mean()) < 5 / 20 / np.sqrt(W.size)
    assert W.std() == pytest.approx(1 / 20, rel=0.02)
    assert -2 <= min(u) < -1.5
    assert 3.5 < max(u) <= 4


def test_a_draw_depends_on_the_seed_and_the_name_alone():
    X = np.ones((5, 2))
    more = STARTS.replace("param a = 1/3", "param extra[d] = normal(0, 1)\nparam a = 1/3")
    one, two = (
        module(STARTS).bind(X),
        module(
            more.replace("(X @ W)^2", "(X @ W)^2 + extra").replace(
                "sum((X @ W)^2 + extra)", "sum((X @ W)^2) + sum(extra)"
            )
        ).bind(X),
    )

    first, second = one.unpack(one.init(3)), two.unpack(two.init(3))

    for name in ("W", "u"):
        np.testing.assert_array_equal(first[name], second[name])
    np.testing.assert_array_equal(one.init(3), one.init(3))
    assert np.any(one.init(3) != one.init(4))
    assert not np.allclose(second["W"][:, 0], second["extra"])


# -- constants -----------------------------------------------------------------------------------

CONSTANTS = """
data X[n, q]
const tau[q] = [0.1, 0.5, 0.9]
const lam = 2, twice = 2*lam
const half[q] = tau/2
const must > 0
const each[q]
param w[q]
let r = X - w
loss sum(max(tau*r, (tau - 1)*r)) + lam*sum(half) + twice*must
penalty sum(each*w^2)
"""


def constants_by_hand(X, w, tau, lam, twice, half, must, each):
    r = X - w
    pinball = np.sum(np.maximum(tau * r, (tau - 1) * r))
    return pinball + lam * np.sum(half) + twice * must + np.sum(each * w**2)


def test_constants_have_their_values_and_may_be_given():
    X, w = np.arange(12.0).reshape(4, 3) / 7, np.array([0.2, 0.7, 1.2])
    tau, each = np.array([0.1, 0.5, 0.9]), np.array([1.0, 2.0, 3.0])
    generated = module(CONSTANTS)

    f = generated.value(w, X, must=3, each=each)
    other = generated.value(w, X, must=3, each=1, tau=[0.2, 0.3, 0.4], lam=5)
    last = generated.value(w, X, must=3, each=1, half=np.ones(3), twice=1)

    assert f == pytest.approx(constants_by_hand(X, w, tau, 2, 4, tau / 2, 3, each), rel=1e-14)
    tau = np.array([0.2, 0.3, 0.4])
    assert other == pytest.approx(constants_by_hand(X, w, tau, 5, 10, tau / 2, 3, 1), rel=1e-14)
    tau = np.array([0.1, 0.5, 0.9])
    assert last == pytest.approx(constants_by_hand(X, w, tau, 2, 1, 1.0 * np.ones(3), 3, 1))
    problem = generated.bind(X, must=3, each=each)
    assert problem.consts["twice"] == 4
    np.testing.assert_array_equal(problem.consts["half"], problem.consts["tau"] / 2)
    assert_gradient(problem, w)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"each": 1}, TypeError, "`must` must be given"),
        ({"must": 1}, TypeError, "`each` must be given"),
        ({"must": 0, "each": 1}, ValueError, "`must` = 0.0 is not > 0"),
        ({"must": 1, "each": [1, 2]}, ValueError, r"`each` is an array of shape \(3,\)"),
        ({"must": [1, 2, 3], "each": 1}, ValueError, "`must` is a single number"),
    ],
)
def test_constants_that_are_missing_or_wrong_are_named(given, error, message):
    with pytest.raises(error, match=message):
        module(CONSTANTS).bind(np.ones((4, 3)), **given)


def test_a_vector_constant_tells_the_size_of_its_dimension():
    text = "const tau[q] = [0.1, 0.5, 0.9]\nparam w[q]\nloss sum((w - tau)^2)"

    problem = module(text).bind()

    assert problem.size == 3
    np.testing.assert_allclose(problem.grad(np.ones(3)), [1.8, 1, 0.2])
