"""Every method on every small problem; L-BFGS and its line search; rules against traces."""

import dataclasses
import importlib.util
import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import small

from gdsym import optimizers
from gdsym.cache import load_module
from gdsym.compiler import compile_text
from gdsym.optimizers import lbfgs
from gdsym.optimizers._iterate import FLAT, UNBOUNDED, Iterate, Objective, grad_norm
from gdsym.optimizers._line_search import CURVATURE, DECREASE, Point, search
from gdsym.optimizers._polish import polish
from gdsym.recipe import Recipe

FREE = np.inf


@pytest.fixture(autouse=True)
def _quiet():
    """The runner evaluates under `errstate`, as here."""
    with np.errstate(all="ignore"):
        yield


def iterates_of(function, start, lower=-FREE, upper=FREE, limit=2000, **options):
    """All accepted iterates and the word with which the method ended, None at the limit."""
    x = np.array(start, dtype=float)
    lower, upper = np.full(len(x), lower), np.full(len(x), upper)
    found = []
    method = lbfgs.minimize(
        function, Iterate(x, *function(x), 0.0, np.inf), lower, upper, **options
    )
    try:
        while len(found) < limit:
            found.append(next(method))
    except StopIteration as end:
        return found, end.value
    return found, None


def residuals(*terms):
    """The sum of squares of residuals given with their gradients."""

    def function(x):
        values, rows = zip(*(term(x) for term in terms), strict=True)
        r, jacobian = np.array(values), np.array(rows)
        return float(r @ r), 2 * jacobian.T @ r

    return function


# Published problems (Moré, Garbow and Hillstrom, 1981; their numbers), with minimisers.
ROSENBROCK = residuals(
    lambda x: (10 * (x[1] - x[0] ** 2), [-20 * x[0], 10]),
    lambda x: (1 - x[0], [-1, 0]),
)
BROWN = residuals(
    lambda x: (x[0] - 1e6, [1, 0]),
    lambda x: (x[1] - 2e-6, [0, 1]),
    lambda x: (x[0] * x[1] - 2, [x[1], x[0]]),
)
BEALE = residuals(
    lambda x: (1.5 - x[0] * (1 - x[1]), [x[1] - 1, x[0]]),
    lambda x: (2.25 - x[0] * (1 - x[1] ** 2), [x[1] ** 2 - 1, 2 * x[0] * x[1]]),
    lambda x: (2.625 - x[0] * (1 - x[1] ** 3), [x[1] ** 3 - 1, 3 * x[0] * x[1] ** 2]),
)
WOOD = residuals(
    lambda x: (10 * (x[1] - x[0] ** 2), [-20 * x[0], 10, 0, 0]),
    lambda x: (1 - x[0], [-1, 0, 0, 0]),
    lambda x: (90**0.5 * (x[3] - x[2] ** 2), [0, 0, -2 * 90**0.5 * x[2], 90**0.5]),
    lambda x: (1 - x[2], [0, 0, -1, 0]),
    lambda x: (10**0.5 * (x[1] + x[3] - 2), [0, 10**0.5, 0, 10**0.5]),
    lambda x: (10**-0.5 * (x[1] - x[3]), [0, 10**-0.5, 0, -(10**-0.5)]),
)
PUBLISHED = {
    "1 Rosenbrock": (ROSENBROCK, [-1.2, 1.0], [1.0, 1.0]),
    "4 Brown badly scaled": (BROWN, [1.0, 1.0], [1e6, 2e-6]),
    "5 Beale": (BEALE, [1.0, 1.0], [3.0, 0.5]),
    "14 Wood": (WOOD, [-3.0, -1.0, -3.0, -1.0], [1.0, 1.0, 1.0, 1.0]),
}
SINGULAR = residuals(  # 13: the Hessian at the minimum, 0, has rank 2
    lambda x: (x[0] + 10 * x[1], [1, 10, 0, 0]),
    lambda x: (5**0.5 * (x[2] - x[3]), [0, 0, 5**0.5, -(5**0.5)]),
    lambda x: ((x[1] - 2 * x[2]) ** 2, np.outer(x[1] - 2 * x[2], [0, 2, -4, 0])[0]),
    lambda x: (10**0.5 * (x[0] - x[3]) ** 2, 2 * 10**0.5 * (x[0] - x[3]) * np.r_[1, 0, 0, -1]),
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_lbfgs_finds_the_published_minimum(name):
    function, start, minimum = PUBLISHED[name]

    found, _ = iterates_of(function, start, limit=200)

    np.testing.assert_allclose(found[-1].x, minimum, rtol=1e-7)


def test_lbfgs_reaches_the_minimum_of_the_singular_problem():
    found, _ = iterates_of(SINGULAR, [3.0, -1.0, 0.0, 1.0], limit=300)

    assert found[-1].f < 1e-20


@pytest.mark.parametrize("condition", [1.0, 1e4, 1e8])
def test_lbfgs_solves_an_ill_conditioned_quadratic_to_ten_digits(condition):
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    A = basis * np.geomspace(1.0, condition, 8) @ basis.T
    minimum = rng.normal(size=8)

    # The 3 hides the last decreases of f in its rounding: the gradient must lead there.
    found, _ = iterates_of(
        lambda x: (3 + (x - minimum) @ A @ (x - minimum) / 2, A @ (x - minimum)), np.zeros(8)
    )

    np.testing.assert_allclose(found[-1].x, minimum, rtol=1e-10, atol=1e-10)


def test_lbfgs_ends_where_float64_ends():
    found, ending = iterates_of(ROSENBROCK, [-1.2, 1.0])

    assert ending == FLAT
    assert len(found) < 150


def bounded_quadratic():
    """x'Ax/2 - b'x on [0, 1]^6 whose solution is chosen first, multipliers and all (KKT)."""
    rng = np.random.default_rng(4)
    half = rng.normal(size=(6, 6))
    A = half @ half.T + 0.1 * np.eye(6)
    solution = np.array([0.0, 1.0, 0.3, 0.0, 1.0, 0.8])
    gradient = np.array([0.5, -2.0, 0.0, 1e-3, -1e-3, 0.0])  # points outward at the bounds
    b = A @ solution - gradient
    return lambda x: (x @ A @ x / 2 - b @ x, A @ x - b), solution


def test_lbfgs_puts_coordinates_exactly_on_their_bounds():
    function, solution = bounded_quadratic()

    found, _ = iterates_of(function, np.full(6, 0.5), 0.0, 1.0)

    on_bounds = [0, 1, 3, 4]
    np.testing.assert_array_equal(found[-1].x[on_bounds], solution[on_bounds])
    np.testing.assert_allclose(found[-1].x, solution, atol=1e-9)


def test_lbfgs_leaves_a_bound_that_does_not_hold_at_the_minimum():
    function, solution = bounded_quadratic()

    found, _ = iterates_of(function, [1.0, 0.0, 1.0, 1.0, 0.0, 0.0], 0.0, 1.0)

    np.testing.assert_allclose(found[-1].x, solution, atol=1e-9)


def test_every_iterate_is_inside_the_bounds_and_none_is_higher_than_the_one_before():
    function, _ = bounded_quadratic()

    found, _ = iterates_of(function, np.full(6, 0.5), 0.0, 1.0)

    assert all(np.all((at.x >= 0) & (at.x <= 1)) for at in found)
    # Up to the rounding of f that the line search allows.
    assert all(b.f <= a.f + 1e-12 * abs(a.f) for a, b in pairwise(found))


def test_nonnegative_least_squares_has_the_solution_of_an_active_set_method():
    nnls = pytest.importorskip("scipy.optimize").nnls
    rng = np.random.default_rng(0)
    A, b = rng.normal(size=(120, 40)), rng.normal(size=120)

    found, _ = iterates_of(
        lambda x: (float(np.sum((A @ x - b) ** 2)) / 2, A.T @ (A @ x - b)), np.ones(40), 0.0
    )

    solution = nnls(A, b)[0]
    assert 5 < np.count_nonzero(solution) < 35
    np.testing.assert_array_equal(found[-1].x == 0, solution == 0)
    np.testing.assert_allclose(found[-1].x, solution, atol=1e-10)


def barrier(x):
    """c'x - sum(log(1 - x^2)): nan outside of (-1, 1)."""
    c = np.array([3.0, -0.1, 40.0])
    return float(c @ x - np.sum(np.log(1 - x**2))), c + 2 * x / (1 - x**2)


def test_lbfgs_shrinks_steps_out_of_the_region_where_the_function_is_finite():
    c = np.array([3.0, -0.1, 40.0])

    found, _ = iterates_of(barrier, np.zeros(3))

    assert all(np.isfinite(at.f) and np.all(np.isfinite(at.g)) for at in found)
    np.testing.assert_allclose(found[-1].x, (1 - np.sqrt(1 + c**2)) / c, rtol=1e-9)


@pytest.mark.parametrize("slope", [1.0, 1e-8, 1e8])
def test_lbfgs_says_that_a_function_falls_without_bound(slope):
    _, ending = iterates_of(lambda x: (slope * x[0], np.array([slope])), [0.0])

    assert ending == UNBOUNDED


def test_lbfgs_stops_at_a_kink():
    found, ending = iterates_of(lambda x: (abs(x[0] - 0.3), np.sign(x - 0.3)), [2.0])

    assert ending == FLAT
    assert found[-1].x[0] == pytest.approx(0.3)


def test_the_first_iterate_is_the_start():
    found, _ = iterates_of(ROSENBROCK, [-1.2, 1.0], limit=1)

    np.testing.assert_array_equal(found[0].x, [-1.2, 1.0])
    assert found[0].f == pytest.approx(24.2)


def test_grad_norm_leaves_out_what_pushes_against_a_bound_and_is_relative_to_large_values():
    x, g = np.array([0.0, 1.0, 0.5]), np.array([9.0, -8.0, 6.0])

    assert grad_norm(3.0, g, x, np.zeros(3), np.ones(3)) == 2.0
    assert grad_norm(0.1, g, x, np.zeros(3), np.ones(3)) == 6.0
    assert grad_norm(0.1, -g, x, np.zeros(3), np.ones(3)) == 9.0


# -- every method on every small problem ---------------------------------------------------------


def run(problem, name, limit=3000, objective=None):
    """All accepted iterates of a method on a small problem, and the word with which it ended."""
    method = optimizers.method(name)(
        objective or problem.objective, problem.first(), problem.lower, problem.upper
    )
    found = []
    try:
        while len(found) < limit:
            found.append(next(method))
    except StopIteration as end:
        return found, end.value
    return found, None


@cache
def run_of(name, on):
    """What several tests look at; nothing in it can be changed."""
    found, ending = run(SMALL[on], name)
    for at in found:
        at.x.flags.writeable = at.g.flags.writeable = False
    return tuple(found), ending


def can(name, problem):
    """Methods for kinks take any problem, as one without kinks."""
    return all(
        need == "kinks" or getattr(problem.objective, need) is not None
        for need in optimizers.needs(name)
    )


SMALL = {problem.name: problem for problem in small.problems()}
# In raw coordinates the condition of Misra1a's Hessian is 1e13, and these methods have neither a
# scale nor digits to find it with.
SCALE_BLIND = {("dfp", "Misra1a"), ("trust", "Misra1a")}
PAIRS = [
    (name, problem.name)
    for name in optimizers.methods()
    for problem in SMALL.values()
    if can(name, problem) and (name, problem.name) not in SCALE_BLIND
]


@pytest.mark.parametrize(("name", "on"), PAIRS)
def test_every_method_reaches_the_minimum_of_every_small_problem(name, on):
    problem = SMALL[on]

    found, ending = run_of(name, on)

    assert ending == FLAT
    size = max(1.0, abs(problem.first().f))
    if problem.singular:
        assert found[-1].f < 1e-20 * size
    else:
        # Methods that compare values of f see its minimum to the root of its rounding only.
        scale = np.maximum(np.abs(problem.minimum), 1e-3)
        np.testing.assert_allclose(found[-1].x / scale, problem.minimum / scale, atol=2e-6)
        assert found[-1].f == pytest.approx(problem.least, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize(("name", "on"), PAIRS)
def test_no_method_goes_uphill_or_leaves_the_box(name, on):
    problem = SMALL[on]

    found, _ = run_of(name, on)

    assert all(np.isfinite(at.f) and np.all(np.isfinite(at.g)) for at in found)
    assert all(np.all((at.x >= problem.lower) & (at.x <= problem.upper)) for at in found)
    # Up to the rounding of f that the line search allows.
    assert all(b.f <= a.f + 1e-12 * abs(a.f) for a, b in pairwise(found))
    assert all(at.ahead >= 0 for at in found)


@pytest.mark.parametrize(("name", "on"), PAIRS)
def test_the_value_and_gradient_of_an_iterate_are_those_at_its_point(name, on):
    problem = SMALL[on]

    found, _ = run_of(name, on)

    np.testing.assert_array_equal(found[0].x, problem.start)
    for at in found[:: max(1, len(found) // 20)]:
        f, g = problem.objective(at.x)
        assert f == at.f
        np.testing.assert_array_equal(g, at.g)


@pytest.mark.parametrize("name", optimizers.methods())
def test_the_same_run_gives_the_same_digits(name):
    again, _ = run(SMALL["Wood"], name)

    assert [at.x.tolist() for at in again] == [at.x.tolist() for at in run_of(name, "Wood")[0]]


@pytest.mark.parametrize("name", optimizers.methods())
@pytest.mark.parametrize("call", [1, 2, 3, 5, 8, 13])
def test_an_interrupt_in_any_evaluation_leaves_the_last_iterate_whole(name, call):
    problem = SMALL["Rosenbrock"]
    calls = 0

    def interrupted(compute):
        def counted(*arguments):
            nonlocal calls
            calls += 1
            if calls == call:
                raise KeyboardInterrupt
            return compute(*arguments)

        return counted

    whole = problem.objective
    objective = dataclasses.replace(
        whole,
        value_and_grad=interrupted(whole.value_and_grad),
        hess=interrupted(whole.hess),
        hvp=interrupted(whole.hvp),
        residual_qr=interrupted(whole.residual_qr),
    )
    method = optimizers.method(name)(objective, problem.first(), problem.lower, problem.upper)
    last = problem.first()

    with pytest.raises(KeyboardInterrupt):
        for at in method:
            last = at
            values = at.x.copy()

    if last.step:
        np.testing.assert_array_equal(last.x, values)
    assert whole(last.x)[0] == last.f <= problem.first().f


def walled(whole):
    """The objective, and nothing finite where the first coordinate is above 0.9 or below -1.5."""

    def inside(x):
        return -1.5 <= x[0] <= 0.9

    nan = np.nan

    def value_and_grad(x):
        return whole(x) if inside(x) else (nan, np.full(len(x), nan))

    def hess(x):
        return whole.hess(x) if inside(x) else np.full((len(x), len(x)), nan)

    def residual_qr(x):
        R, z, rest = whole.residual_qr(x)
        return (R, z, rest) if inside(x) else (nan * R, nan * z, nan)

    return dataclasses.replace(
        whole,
        value_and_grad=value_and_grad,
        hess=hess,
        hvp=lambda x, v: hess(x) @ v,
        residual_qr=residual_qr,
    )


@pytest.mark.parametrize("name", optimizers.methods())
def test_what_is_not_finite_shrinks_the_step_and_never_enters_the_state(name):
    # The minimum, (1, 1), is behind the wall: a method must come to it and stay in front.
    problem = SMALL["Rosenbrock"]

    found, _ = run(problem, name, 200, walled(problem.objective))

    assert all(np.isfinite(at.f) and np.all(np.isfinite(at.g)) for at in found)
    assert found[-1].f < 0.1 * found[0].f


@pytest.mark.parametrize("name", optimizers.methods())
def test_a_gradient_that_alone_is_not_finite_is_no_point_to_go_to(name):
    # sqrt(x) at 0 is finite, and its derivative is not.
    problem = SMALL["one parameter at its bound"]
    whole = problem.objective

    def value_and_grad(x):
        f, g = whole(x)
        return f, np.where(x > 0.75, np.inf, g)

    objective = dataclasses.replace(whole, value_and_grad=value_and_grad)

    found, _ = run(problem, name, objective=objective)

    assert all(at.x[0] <= 0.75 and np.all(np.isfinite(at.g)) for at in found)


@pytest.mark.parametrize("name", optimizers.methods())
def test_a_method_without_a_coordinate_to_move_ends_at_once(name):
    nothing = np.zeros(0)
    problem = small.small(
        "nothing",
        Objective(
            lambda x: (2.5, nothing),
            lambda x: np.zeros((0, 0)),
            lambda x, v: nothing,
            lambda x: (np.zeros((0, 0)), nothing, 2.5),
        ),
        nothing,
        nothing,
    )

    found, ending = run(problem, name, 3)

    assert (len(found), found[0].f, ending) == (1, 2.5, FLAT)


@pytest.mark.parametrize("name", ["newton", "lm", "gauss_newton", "trust", "newton_cg"])
def test_where_the_curvature_is_never_finite_the_gradient_still_leads(name):
    problem = SMALL["Rosenbrock"]
    nan = np.full((2, 2), np.nan)
    objective = dataclasses.replace(
        problem.objective,
        hess=lambda x: nan,
        hvp=lambda x, v: nan[0],
        residual_qr=lambda x: (nan, nan[0], np.nan),
    )

    found, _ = run(problem, name, 100, objective)

    assert found[-1].f < 5 < found[0].f


@pytest.mark.parametrize("name", ["newton", "trust"])
def test_second_order_methods_leave_a_saddle_where_the_gradient_is_zero(name):
    problem = small.small(
        "saddle", small.of_sum(lambda x: x[0] ** 2 + (x[1] ** 2 - 1) ** 2), [0.0, 0.0], [0.0, 1.0]
    )
    if name == "trust":  # products see the saddle only where the gradient has a part along it
        problem = dataclasses.replace(problem, start=np.array([0.3, 1e-9]))

    found, _ = run(problem, name)

    assert abs(found[-1].x[1]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["newton", "trust", "sr1"])
def test_a_trust_region_says_that_a_function_falls_without_bound(name):
    problem = small.small(
        "fall", small.of_sum(lambda x: x[0] ** 2 - x[1] ** 2), [1.0, 1.0], [0.0, 0.0]
    )

    assert run(problem, name)[1] == UNBOUNDED


@pytest.mark.parametrize("name", ["bfgs", "dfp", "lbfgs", "newton_cg"])
def test_a_line_search_says_that_a_function_falls_without_bound(name):
    problem = small.small("fall", small.of_sum(lambda x: 2.0 * x[0]), [1.0], [0.0])

    assert run(problem, name)[1] == UNBOUNDED


# -- the last steps ------------------------------------------------------------------------------


def polished(objective, x, lower=-np.inf, upper=np.inf):
    x = np.array(x, dtype=float)
    lower, upper = np.full(len(x), lower), np.full(len(x), upper)
    return list(polish(objective, Iterate(x, *objective(x), 0.0, np.inf), lower, upper))


EVERYTHING, HESSIAN, PRODUCTS = (), ("residual_qr",), ("residual_qr", "hess")
LAST_STEPS = [
    *(("Rat42", w) for w in (EVERYTHING, HESSIAN, PRODUCTS)),
    *(("Wood", w) for w in (EVERYTHING, HESSIAN, PRODUCTS)),
    *(("Misra1a", w) for w in (EVERYTHING, HESSIAN)),  # products have no scale, as above
]


@pytest.mark.parametrize(("on", "without"), LAST_STEPS)
def test_the_last_steps_give_fifteen_digits(on, without):
    problem = SMALL[on]
    objective = dataclasses.replace(problem.objective, **dict.fromkeys(without))

    found = polished(objective, problem.minimum * (1 + 1e-6))

    np.testing.assert_allclose(found[-1].x, problem.minimum, rtol=1e-14)
    assert all(b.ahead < a.ahead for a, b in pairwise(found))


def test_residuals_give_digits_that_the_hessian_no_longer_has():
    # The Jacobian's condition is 1e7, the Hessian's 1e14: its inverse has two digits.
    random = np.random.default_rng(2)
    left = np.linalg.qr(random.normal(size=(20, 4)))[0]
    right = np.linalg.qr(random.normal(size=(4, 4)))[0]
    J = left * np.geomspace(1.0, 1e-7, 4) @ right
    solution = np.array([1.0, -2.0, 3.0, 0.5])
    y = J @ solution

    def residual_qr(x):
        R = np.linalg.qr(np.column_stack([J, J @ x - y]), mode="r")
        return R[:4, :4], R[:4, 4], float(R[4, 4] ** 2)

    objective = Objective(
        lambda x: (float(np.sum((J @ x - y) ** 2)), 2 * J.T @ (J @ x - y)),
        lambda x: 2 * J.T @ J,
        residual_qr=residual_qr,
    )

    found = polished(objective, solution + 0.01)

    np.testing.assert_allclose(found[-1].x, solution, rtol=1e-7)


def test_nothing_is_polished_at_a_saddle_or_where_the_gradient_lies_along_a_flat_direction():
    saddle = small.of_sum(lambda x: x[0] ** 2 - x[1] ** 2)
    singular = small.of_sum(lambda x: (x[0] + x[1]) ** 2 + (x[0] - x[1]) ** 4)

    assert polished(saddle, [1e-3, 1e-3]) == []
    assert polished(dataclasses.replace(saddle, hess=None), [1e-3, 1e-3]) == []
    assert polished(singular, [1e-9, -1e-9]) == []


def test_the_last_steps_leave_out_directions_that_nothing_depends_on():
    valley = small.of_sum(lambda x: (x[0] + x[1] - 1) ** 2)
    circle = small.of_sum(lambda x: (x[0] ** 2 + x[1] ** 2 - 1) ** 2)

    np.testing.assert_allclose(polished(valley, [0.4, 0.5])[-1].x, [0.45, 0.55], rtol=1e-15)
    radius = np.linalg.norm(polished(circle, [0.6 + 3e-9, 0.8])[-1].x)
    assert radius == pytest.approx(1, rel=1e-15)


def test_the_last_steps_keep_what_is_on_its_bound():
    objective, corner = small.boxed()
    on_bounds = (corner == 0) | (corner == 1)

    found = polished(objective, np.where(on_bounds, corner, corner + 1e-4), 0.0, 1.0)

    np.testing.assert_array_equal(found[-1].x[on_bounds], corner[on_bounds])
    np.testing.assert_allclose(found[-1].x, corner, rtol=1e-14)


# -- kinks ---------------------------------------------------------------------------------------


def kink_gap(objective, x):
    """How far the smooth gradient is from balancing the kinks, written from their definition."""
    (kink,) = objective.kinks
    g = objective(x)[1]
    gaps = []
    for group, weight in zip(kink.groups, kink.weights, strict=True):
        zero = not x[group].any()
        gaps.append(max(0.0, np.linalg.norm(g[group]) - (weight if zero else 0.0)))
    return max(gaps)


@pytest.mark.parametrize("per_group", [1, 3])
@pytest.mark.parametrize("with_hessian", [True, False])
def test_proximal_finds_the_minimum_with_exact_zeros(per_group, with_hessian):
    objective, _, _ = small.lasso(per_group=per_group)
    given = objective if with_hessian else dataclasses.replace(objective, hess=None)
    problem = small.small("lasso", given, np.zeros(12), np.zeros(12))

    found, ending = run(problem, "proximal")
    last = polished(objective, found[-1].x)[-1]

    assert ending == FLAT
    assert 0 < np.count_nonzero(last.x) < 12
    np.testing.assert_array_equal(last.x == 0, found[-1].x == 0)
    assert kink_gap(objective, last.x) < 1e-12 * 100
    assert grad_norm(last.f, last.g, last.x, problem.lower, problem.upper) < 1e-13
    assert all(b.f <= a.f + 1e-12 * abs(a.f) for a, b in pairwise(found))


def test_proximal_gives_zeros_where_the_weight_outweighs_every_gradient():
    objective, _, y = small.lasso(weights=(1e4,) * 12)
    problem = small.small("heavy", objective, np.ones(12), np.zeros(12))

    found, _ = run(problem, "proximal")

    assert not found[-1].x.any()
    assert found[-1].f == pytest.approx(y @ y / 2)


def test_proximal_keeps_bounds_beside_kinks():
    objective, X, y = small.lasso()
    problem = small.small("bounded", objective, np.full(12, 0.1), np.zeros(12), 0.0, 0.5)

    found, _ = run(problem, "proximal")

    x = found[-1].x
    assert all(np.all((at.x >= 0) & (at.x <= 0.5)) for at in found)
    smooth = X.T @ (X @ x - y) + 30.0  # for x >= 0 the kink is a slope
    inside = (x > 0) & (x < 0.5)
    assert np.all(smooth[x == 0] >= 0)
    assert np.all(smooth[x == 0.5] <= 0)
    np.testing.assert_allclose(smooth[inside], 0, atol=1e-9)


def test_a_weight_of_zero_is_no_kink():
    objective, X, y = small.lasso(weights=(0.0,) * 12)
    problem = small.small("plain", objective, np.zeros(12), np.zeros(12))

    found, _ = run(problem, "proximal")

    np.testing.assert_allclose(found[-1].x, np.linalg.lstsq(X, y)[0], rtol=1e-9)


# -- the line search, on functions of one number ------------------------------------------------


def path_of(function, slope):
    """A straight path from 0 and its start."""

    def path(alpha):
        f = function(alpha)
        s = slope(alpha)
        here = np.array([alpha])
        return Point(alpha, here, f, np.array([s]), s, alpha * slope(0.0), False)

    return path, path(0.0)


def wiggle(one, two):
    """Moré and Thuente (1994), function 4: two slopes, joined smoothly."""

    def gamma(b):
        return np.sqrt(1 + b**2) - b

    function = lambda a: float(  # noqa: E731
        gamma(one) * np.sqrt((1 - a) ** 2 + two**2) + gamma(two) * np.sqrt(a**2 + one**2)
    )
    slope = lambda a: float(  # noqa: E731
        -gamma(one) * (1 - a) / np.sqrt((1 - a) ** 2 + two**2)
        + gamma(two) * a / np.sqrt(a**2 + one**2)
    )
    return function, slope


ONE_DIMENSIONAL = {
    "quadratic": (lambda a: (a - 3.0) ** 2, lambda a: 2 * (a - 3.0)),
    "More-Thuente 1": (
        lambda a: -a / (a**2 + 2.0),
        lambda a: (a**2 - 2.0) / (a**2 + 2.0) ** 2,
    ),
    "More-Thuente 2": (
        lambda a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
        lambda a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
    ),
    "More-Thuente 4": wiggle(1e-3, 1e-3),
    "More-Thuente 5": wiggle(1e-2, 1e-3),
    "overflow": (lambda a: float(np.exp(a) - 5 * a), lambda a: float(np.exp(a) - 5)),
    "barrier": (
        lambda a: float(-np.log(0.01 - a) - 200 * a),
        lambda a: float(1 / (0.01 - a) - 200),
    ),
}


@pytest.mark.parametrize("first", [1e-3, 1e-1, 1e1, 1e3])
@pytest.mark.parametrize("name", ONE_DIMENSIONAL)
def test_the_accepted_point_satisfies_the_strong_wolfe_conditions(name, first):
    function, slope = ONE_DIMENSIONAL[name]
    path, start = path_of(function, slope)
    tried = []

    found = search(lambda a: tried.append(a) or path(a), start, first)

    assert found.point is not None
    assert found.point.f <= start.f + DECREASE * found.point.alpha * start.slope
    assert abs(found.point.slope) <= CURVATURE * abs(start.slope)
    assert len(tried) <= 20


def test_the_search_uses_the_slope_where_the_decrease_drowns_in_rounding():
    function, slope = (lambda a: 1.0 + (a - 1e-9) ** 2, lambda a: 2 * (a - 1e-9))
    path, start = path_of(function, slope)

    found = search(path, start, 1e-8, noise=1e-15)

    assert function(1e-9) == 1.0 == function(0.0)
    assert found.point is not None
    assert abs(found.point.slope) < CURVATURE * abs(start.slope)


def test_the_search_finds_nothing_where_the_function_rises_against_its_slope():
    path, start = path_of(lambda a: a, lambda a: -1.0)

    assert search(path, start, 1.0).point is None


def test_the_search_never_returns_a_point_that_is_not_finite():
    path, start = path_of(lambda a: 0.0 if a == 0 else np.nan, lambda a: -1.0)

    assert search(path, start, 1.0).point is None


# -- the rules, against implementations of their own ---------------------------------------------

TRACES = Path(__file__).parent / "data/traces"


def stored(rule):
    """The traces of a rule; a rule that ships without any is not finished."""
    path = TRACES / f"{rule}.json"
    assert path.exists(), f"write `{rule}` a second time in {TRACES / 'make.py'}, and run that"
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def problems():
    """The models of the traces, compiled with all rules."""
    texts = {name: (TRACES / f"{name}.gd").read_text() for name in ("convex", "wells")}
    return {
        name: load_module(compile_text(text, f"{name}.gd", Recipe(update=optimizers.rules())))
        for name, text in texts.items()
    }


def steps(module, rule, start, options, count):
    """The start and the points after each step of a compiled update function."""
    problem = module.bind()
    theta = np.array(start)
    state = getattr(module, f"init_{rule}")(theta)
    yield theta.copy()
    for _ in range(count):
        getattr(module, f"update_{rule}")(theta, problem.grad(theta), state, **options)
        yield theta.copy()


@pytest.mark.parametrize("rule", optimizers.rules())
def test_every_rule_takes_the_steps_of_an_independent_implementation(rule, problems):
    traces = stored(rule)

    assert [trace["problem"] for trace in traces] == ["convex", "wells"]
    for trace in traces:
        module, points = problems[trace["problem"]], np.array(trace["points"])
        assert len(points) == 51
        assert np.ptp(points, axis=0).min() > 1e-3  # it moves
        ours = list(steps(module, rule, points[0], trace["options"], 50))
        np.testing.assert_allclose(ours, points, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule", optimizers.rules())
def test_a_trace_uses_every_option_of_its_rule_once_at_another_value(rule, problems):
    options = problems["convex"].RULES[rule]["options"]
    default, other = (trace["options"] for trace in stored(rule))

    assert default == {}
    assert list(other) == list(options)
    assert all(other[name] != options[name] for name in options)


def test_the_stored_traces_are_those_of_the_committed_script():
    spec = importlib.util.spec_from_file_location("make_traces", TRACES / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)

    for rule in make.OTHERS:
        for new, old in zip(make.traces(rule), stored(rule.__name__), strict=True):
            assert {**new, "points": 0} == {**old, "points": 0}
            np.testing.assert_allclose(new["points"], old["points"], rtol=1e-12, atol=1e-12)


# -- the folder is the list ----------------------------------------------------------------------


def test_the_files_of_the_folder_are_the_methods():
    assert "lbfgs" in optimizers.methods()
    assert {"adam", "gd", "momentum"} <= set(optimizers.rules())
    assert not set(optimizers.methods()) & set(optimizers.rules())
    assert all(callable(optimizers.method(name)) for name in optimizers.methods())


def test_every_rule_file_begins_with_its_name():
    for name in optimizers.rules():
        assert optimizers.rule_path(name).read_text().startswith(f"optimizer {name}(")


@pytest.mark.parametrize("name", ["_line_search", "__init__", "adam", "../run/fit"])
def test_what_is_no_method_is_not_imported(name):
    with pytest.raises(KeyError):
        optimizers.method(name)
