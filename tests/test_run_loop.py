"""The fit loop: statuses that are true, Ctrl-C that loses nothing, starts that are refused."""

import dataclasses
import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from standins import NO_DATA, Flat, Line, line_bound, line_data, line_module, module_of

from gdsym.errors import DataError, UsageError
from gdsym.run import EXIT_CODES, NotFiniteError, fit


def rosenbrock(x):
    a, b = 1 - x[0], x[1] - x[0] ** 2
    return a**2 + 100 * b**2, [-2 * a - 400 * x[0] * b, 200 * b]


def fit_flat(problem, **keywords):
    return fit(module_of(problem), NO_DATA, **keywords)


def test_the_default_method_converges_to_the_minimum():
    result = fit_flat(Flat(rosenbrock, [-1.2, 1.0]))

    assert (result.status, result.method, result.exit_code) == ("converged", "lbfgs", 0)
    assert result.params == pytest.approx({"x0": 1.0, "x1": 1.0}, abs=1e-9)
    assert result.grad_norm <= 1e-8


def test_the_line_is_the_one_of_the_normal_equations():
    X, y = line_data()
    problem = Line(X, y)

    result = fit(line_module(problem), line_bound(X, y))

    w1, w2, b = problem.solution()
    np.testing.assert_allclose(result.params["w"], [w1, w2], rtol=1e-8)
    assert result.params["b"] == pytest.approx(b, rel=1e-8)
    assert result.objective == pytest.approx(problem.value_and_grad(problem.solution())[0])
    assert result.loss == pytest.approx(result.objective - 0.05 * (w1**2 + w2**2))
    assert result.dims == {"d": {"size": 2, "labels": ["age", "bmi"]}}
    assert result.n_rows == 23


def test_a_flat_direction_at_the_minimum_is_followed_beyond_the_tolerance():
    # The gradient is within 1e-8 as soon as x1 is within 5e-3 of its minimum.
    def valley(x):
        return (x[0] - 1) ** 2 + 1e-6 * (x[1] - 1) ** 2, [2 * (x[0] - 1), 2e-6 * (x[1] - 1)]

    result = fit_flat(Flat(valley, [3.0, -4.0]))

    assert result.params["x1"] == pytest.approx(1.0, abs=1e-6)


def test_a_maximum_is_reported_in_the_sign_of_the_user():
    problem = Flat(lambda x: ((x[0] - 2) ** 2 - 5, 2 * (x - 2)), [0.0])
    module = module_of(
        problem, OBJECTIVE={"kind": "maximize", "line": 2, "sign": -1.0, "penalised": False}
    )

    result = fit(module, NO_DATA)

    assert result.objective == result.loss == pytest.approx(5.0)
    assert result.history[0].objective == pytest.approx(1.0)
    assert result.history[-1].objective == pytest.approx(5.0)


def test_open_bounds_are_kept_by_the_free_coordinates():
    # x - 3 log(x) has its minimum at 3; a plain step from 0.01 would leave x > 0.
    problem = Flat(lambda x: (x[0] - 3 * np.log(x[0]), 1 - 3 / x), [0.01], positive=(0,))

    result = fit_flat(problem)

    assert result.params["x0"] == pytest.approx(3.0, rel=1e-9)


@pytest.mark.parametrize("method", ["lbfgs", "gd"])
def test_closed_bounds_hold_exactly(method):
    def function(x):
        return (x[0] - 3) ** 2 + (x[1] + 1) ** 2, 2 * (x - [3, -1])

    result = fit_flat(Flat(function, [0.5, 0.5], 0.0, 1.0), method=method)

    assert result.status == "converged"
    assert result.params == {"x0": 1.0, "x1": 0.0}


@pytest.mark.parametrize("method", ["lbfgs", "gd", "adam"])
def test_a_fixed_parameter_stays_where_it_is(method):
    # Its derivative is nan: nobody may look.
    def function(x):
        return (x[0] - 1) ** 2 + x[1] ** 2, [2 * (x[0] - 1), np.nan]

    result = fit_flat(
        Flat(function, [0.0, 7.0], held=(1,)), method=method, options={"max_iter": 20}
    )

    assert result.params["x1"] == 7.0
    assert result.params["x0"] != 0.0


def test_the_limit_of_iterations_gives_stopped():
    result = fit_flat(Flat(rosenbrock, [-1.2, 1.0]), options={"max_iter": 3})

    assert (result.status, result.iterations, result.exit_code) == ("stopped", 3, 1)
    assert "raise max_iter" in result.message


def test_no_iteration_at_all_gives_the_start():
    result = fit_flat(Flat(rosenbrock, [-1.2, 1.0]), options={"max_iter": 0})

    assert result.params == {"x0": -1.2, "x1": 1.0}
    assert result.objective == pytest.approx(24.2)


def test_epochs_that_were_asked_for_are_done_whatever_the_gradient():
    result = fit_flat(
        Flat(lambda x: (x[0] ** 2, 2 * x), [1.0]), method="gd", options={"lr": 0.5, "epochs": 7}
    )

    assert (result.status, result.iterations, result.exit_code) == ("finished", 7, 0)
    assert result.params == {"x0": 0.0}  # after the first


def test_a_rule_runs_until_its_gradient_is_within_the_tolerance():
    result = fit_flat(
        Flat(lambda x: ((x[0] - 4) ** 2, 2 * (x - 4)), [0.0]), method="gd", options={"tol": 1e-3}
    )

    # x - 4 shrinks by 0.8: the gradient 8 * 0.8^k is below 1e-3 first at k = 41.
    assert (result.status, result.iterations) == ("converged", 41)
    assert result.params["x0"] == pytest.approx(4 - 4 * 0.8**41)


def test_a_kink_is_not_called_converged():
    result = fit_flat(Flat(lambda x: (3 * abs(x[0] - 0.3), 3 * np.sign(x - 0.3)), [2.0]))

    assert result.params["x0"] == pytest.approx(0.3)
    assert result.status == "stopped" or result.grad_norm == 0.0


def test_a_step_that_is_too_long_ends_at_the_best_point_and_says_what_to_try():
    result = fit_flat(Flat(lambda x: (x[0] ** 4, 4 * x**3), [3.0]), method="gd")

    assert (result.status, result.exit_code) == ("diverged", 1)
    assert "try a smaller lr (it is 0.1)" in result.message
    assert result.params == {"x0": 3.0}
    assert result.objective == 81.0


def test_growth_without_bound_is_not_called_converged_though_its_relative_gradient_vanishes():
    result = fit_flat(Flat(lambda x: (x[0] ** 2, 2 * x), [1.0]), method="gd", options={"lr": 1e9})

    assert result.status == "diverged"
    assert result.objective == 1.0


@pytest.mark.parametrize("method", ["lbfgs", "gd"])
def test_an_objective_that_falls_without_bound_is_not_called_converged(method):
    result = fit_flat(Flat(lambda x: (-(x[0] ** 2), -2 * x), [1.0]), method=method)

    assert result.status == "diverged"
    assert "falls without bound" in result.message
    assert np.isfinite(result.objective)


def test_a_run_that_went_up_until_its_limit_is_not_called_stopped():
    result = fit_flat(
        Flat(lambda x: (10 * x[0] ** 2, 20 * x), [1.0]),
        method="gd",
        options={"lr": 0.11, "max_iter": 100},
    )

    assert result.status == "diverged"
    assert "rose from 10 to " in result.message
    assert "smaller lr" in result.message


def test_a_run_of_epochs_that_went_up_is_not_called_finished():
    result = fit_flat(
        Flat(lambda x: (x[0] ** 2, 2 * x), [1.0]), method="gd", options={"lr": 1.5, "epochs": 4}
    )

    assert result.status == "diverged"
    assert "rose from 1 to 256" in result.message


def test_parameters_that_never_left_a_saddle_are_named():
    # u*v has gradient 0 at u = v = 0, though the minimum is at u*v = 1.
    def function(x):
        r = x[0] * x[1] - 1
        return r**2 + (x[2] - 3) ** 2, [2 * r * x[1], 2 * r * x[0], 2 * (x[2] - 3)]

    result = fit_flat(Flat(function, [0.0, 0.0, 0.0]))

    assert "`x0`, `x1` never left the start" in result.message
    assert "normal(0, 0.1)" in result.message


def test_python_arithmetic_that_raises_counts_as_not_finite():
    def function(x):
        a = float(x[0])
        return a - 2 * a**0.5 if a >= 0 else 1 / 0, [1 - 1 / a**0.5]

    result = fit_flat(Flat(function, [40.0]))

    assert result.params["x0"] == pytest.approx(1.0)


def test_no_warning_reaches_the_user():
    # pytest turns warnings into errors; log of a negative number would be one.
    result = fit_flat(Flat(lambda x: (x[0] - np.log(x[0]), 1 - 1 / x), [30.0]))

    assert result.params["x0"] == pytest.approx(1.0)


def test_the_start_must_be_finite():
    problem = Flat(lambda x: (np.nan, [np.nan]), [1.0])

    with pytest.raises(NotFiniteError, match=r"standin\.gd:2: loss is nan at the start") as error:
        fit_flat(problem)

    assert error.value.exit_code == 2


def test_a_gradient_that_is_not_finite_at_the_start_is_named():
    problem = Flat(lambda x: (abs(x[0]) ** 0.5, [np.inf]), [0.0])

    with pytest.raises(NotFiniteError, match="derivative with respect to x0 is inf, where x0 = 0"):
        fit_flat(problem)


def test_what_bind_refuses_is_a_data_error():
    def bind(**_):
        raise ValueError("X has 3 rows, y has 2")

    with pytest.raises(DataError, match="X has 3 rows, y has 2"):
        fit(module_of(Flat(rosenbrock, [0.0, 0.0]), bind=bind), NO_DATA)


def test_history_and_progress_see_every_iteration():
    seen = []

    result = fit_flat(Flat(rosenbrock, [-1.2, 1.0]), progress=seen.append)

    assert [record.iteration for record in seen] == list(range(result.iterations + 1))
    assert tuple(seen) == result.history
    assert seen[0].objective == pytest.approx(24.2)
    assert seen[-1].grad_norm <= 1e-8


def test_evaluations_are_counted():
    problem = Flat(rosenbrock, [-1.2, 1.0])

    result = fit_flat(problem)

    assert result.evaluations == problem.calls > result.iterations


# -- Ctrl-C --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
@pytest.mark.parametrize("call", [1, 2, 3, 7, 20])
def test_an_interrupt_in_any_evaluation_gives_what_was_reached(method, call):
    problem = Flat(rosenbrock, [-1.2, 1.0], interrupt_at=call)

    result = fit_flat(problem, method=method)

    assert (result.status, result.exit_code) == ("interrupted", 130)
    assert np.all(np.isfinite(result.theta))
    assert rosenbrock(result.theta)[0] == pytest.approx(result.objective)
    assert result.objective <= 24.2 + 1e-9


@pytest.mark.parametrize("call", range(1, 40, 3))
def test_an_interrupt_in_any_mini_batch_gives_what_was_reached(call):
    X, y = line_data()
    problem = Line(X, y, interrupt_at=call)
    options = {"batch_size": 5, "epochs": 10, "lr": 0.05}

    result = fit(line_module(problem), line_bound(X, y), method="gd", options=options)

    assert result.status == "interrupted"
    assert result.objective == pytest.approx(problem._at(result.theta, X, y)[0])
    assert result.iterations == max(0, call - 2)


def test_an_interrupt_in_the_progress_callback_loses_nothing():
    def progress(record):
        if record.iteration == 4:
            raise KeyboardInterrupt

    result = fit_flat(Flat(rosenbrock, [-1.2, 1.0]), progress=progress)

    assert (result.status, result.iterations) == ("interrupted", 4)
    assert result.objective < 24.2


def test_a_second_interrupt_while_the_loss_is_computed_keeps_the_parameters():
    problem = Flat(rosenbrock, [-1.2, 1.0], interrupt_at=9)

    def loss(theta):
        raise KeyboardInterrupt

    problem.loss = loss

    result = fit_flat(problem)

    assert result.status == "interrupted"
    assert result.objective < 24.2
    assert np.isnan(result.loss)


def test_a_signal_in_the_middle_of_a_numpy_call_ends_the_fit():
    A = np.ones((300, 300))
    begun = threading.Event()

    def slow(x):
        begun.set()
        for _ in range(20):
            A @ A
        return x[0] ** 2, 2 * x

    def press():
        begun.wait()
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    result = fit_flat(Flat(slow, [1.0]), method="gd", options={"lr": 1e-9, "max_iter": 1_000_000})
    thread.join()

    assert result.status == "interrupted"
    assert np.isfinite(result.theta).all()


# -- methods and options -------------------------------------------------------------------------


def test_the_method_of_the_model_is_the_default_and_its_options_hold():
    problem = Flat(lambda x: (x[0] ** 2, 2 * x), [1.0])
    method = {"name": "gd", "options": {"lr": 0.25, "epochs": 3}}

    result = fit(module_of(problem, METHOD=method), NO_DATA, options={"epochs": 2})

    assert (result.method, result.iterations) == ("gd", 2)
    assert result.params == {"x0": 0.25}
    assert result.options == {"lr": 0.25, "epochs": 2, "tol": 1e-8}


def test_options_of_the_model_do_not_reach_another_method():
    problem = Flat(lambda x: (x[0] ** 2, 2 * x), [1.0])
    method = {"name": "gd", "options": {"lr": 0.25, "epochs": 3}}

    result = fit(module_of(problem, METHOD=method), NO_DATA, method="lbfgs")

    assert result.method == "lbfgs"
    assert result.status == "converged"


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("lbfsg", {}, "no method `lbfsg`\nhelp: did you mean `lbfgs`"),
        ("momentum", {}, "compiled without the rule `momentum`"),
        ("gd", {"learning_rate": 1}, "`gd` has no option `learning_rate`\nhelp: .*lr, tol"),
        ("adam", {"beta3": 1}, "did you mean `beta2`"),
        ("lbfgs", {"memori": 5}, "did you mean `memory`"),
        ("lbfgs", {"batch_size": 5}, "`lbfgs` has no option `batch_size`: it uses all rows"),
        ("lbfgs", {"tol": -1}, "`tol` is -1, but it must be a number from 0 up"),
        ("lbfgs", {"tol": "small"}, "`tol` is 'small'"),
        ("lbfgs", {"memory": 0}, "`memory` is 0, but it must be a whole number from 1"),
        ("gd", {"epochs": 0}, "`epochs` is 0"),
        ("gd", {"epochs": 1.5}, "`epochs` is 1.5"),
        ("gd", {"lr": float("nan")}, "`lr` is nan"),
        ("gd", {"batch_size": 2}, "no rows"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(method, options, message):
    with pytest.raises(UsageError, match=f"(?s){message}"):
        fit_flat(Flat(rosenbrock, [0.0, 0.0]), method=method, options=options)


def test_a_mini_batch_that_would_be_biased_is_refused():
    X, y = line_data()
    module = line_module(Line(X, y), MINIBATCH="`log(mean(e))` is not linear in `mean(e)`")

    with pytest.raises(UsageError, match="not linear in `mean"):
        fit(module, line_bound(X, y), method="gd", options={"batch_size": 4})


def test_numbers_may_come_as_text():
    result = fit_flat(Flat(rosenbrock, [0.0, 0.0]), options={"tol": "1e-3", "max_iter": "50"})

    assert result.options == {"tol": 1e-3, "max_iter": 50}


def test_every_status_has_an_exit_code():
    assert EXIT_CODES == {
        "converged": 0,
        "finished": 0,
        "stopped": 1,
        "diverged": 1,
        "interrupted": 130,
    }


def test_a_result_cannot_be_changed():
    result = fit_flat(Flat(rosenbrock, [0.0, 0.0]))

    with pytest.raises(dataclasses.FrozenInstanceError):
        result.status = "converged"


def test_a_rule_that_takes_the_loss_gets_it():
    seen = []

    def update(theta, g, state, *, f, T=None):
        seen.append((f, T))
        theta -= 0.5 * g

    problem = Flat(lambda x: ((x[0] - 1) ** 2, 2 * (x - 1)), [3.0])
    module = module_of(problem, RULES={"polyak": {"options": {}, "doc": ""}})
    module = SimpleNamespace(**vars(module), init_polyak=lambda theta: {}, update_polyak=update)

    fit(module, NO_DATA, method="polyak", options={"epochs": 2})

    assert seen == [(4.0, 2), (0.0, 2)]


def test_a_plateau_above_the_start_is_not_called_converged():
    # One long step leads from the slope at 1e-3 to the plateau at 1e10, where steps are short and
    # the gradient is small against the value.
    def function(x):
        hill = 1e10 * np.exp(-(x[0] ** 2))
        return 1e10 - hill + 1e-3 * x[0], 2 * x * hill + 1e-3

    result = fit_flat(Flat(function, [1e-3]), method="gd", options={"lr": 2.5e-6, "max_iter": 200})

    assert result.status != "converged"


def test_a_rule_that_shrinks_every_parameter_leaves_a_fixed_one():
    def update(theta, g, state, *, T=None):
        theta *= 0.5

    problem = Flat(lambda x: (x @ x, 2 * x), [1.0, 7.0], held=(1,))
    module = module_of(problem, RULES={"shrink": {"options": {}, "doc": ""}})
    module.init_shrink, module.update_shrink = (lambda theta: {}), update

    result = fit(module, NO_DATA, method="shrink", options={"epochs": 3})

    assert result.params == {"x0": 0.125, "x1": 7.0}


def test_an_interrupt_between_a_step_and_its_projection_gives_a_point_inside():
    def update(theta, g, state, *, T=None):
        theta += 5.0
        raise KeyboardInterrupt

    X, y = line_data()
    problem = Line(X, y)
    problem.free_bounds = np.full(3, -1.0), np.full(3, 0.25)
    module = line_module(problem, RULES={"jump": {"options": {}, "doc": ""}})
    module.init_jump, module.update_jump = (lambda theta: {}), update

    result = fit(module, line_bound(X, y), method="jump", options={"batch_size": 5})

    assert result.status == "interrupted"
    assert result.theta.tolist() == [0.25, 0.25, 0.25]


# -- methods that ask for more than the gradient --------------------------------------------------


@dataclasses.dataclass
class Curved(Flat):
    """`Flat` with exact second derivatives: `hessian(theta)`."""

    hessian: object = None

    def hess(self, theta):
        return np.array(self.hessian(theta), dtype=float)

    def value_grad_hess(self, theta):
        return (*self.value_and_grad(theta), self.hess(theta))

    def hvp(self, theta, v):
        return self.hess(theta) @ v

    def tangent(self, phi, v):
        return np.where(self._log, v * self.from_free(phi), v)

    def pullback_hess(self, phi, g, H):
        slope = np.where(self._log, self.from_free(phi), 1.0)
        return H * slope[:, None] * slope + np.diag(np.where(self._log, g * slope, 0.0))

    def pullback_hvp(self, phi, g, v, Hv):
        bend = np.where(self._log, g * v * self.from_free(phi), 0.0)
        return self.pullback(phi, Hv) + bend


def rosenbrock_hessian(x):
    return [[2 - 400 * (x[1] - 3 * x[0] ** 2), -400 * x[0]], [-400 * x[0], 200]]


def fit_curved(problem, **keywords):
    return fit(module_of(problem, partial_hvp=None), NO_DATA, **keywords)


SECOND = ("newton", "newton_cg", "trust")


@pytest.mark.parametrize("method", SECOND)
def test_methods_of_second_order_are_given_second_derivatives(method):
    problem = Curved(rosenbrock, [-1.2, 1.0], hessian=rosenbrock_hessian)

    result = fit_curved(problem, method=method)

    assert (result.status, result.method) == ("converged", method)
    assert result.params == {"x0": 1.0, "x1": 1.0}
    assert result.options["tol"] == 0.0


@pytest.mark.parametrize("method", SECOND)
def test_a_method_of_second_order_does_not_see_what_is_fixed(method):
    # The derivatives by x1 are nan: nobody may look.
    def function(x):
        return np.cosh(x[0] - 1) + x[1] ** 2, [np.sinh(x[0] - 1), np.nan]

    problem = Curved(
        function,
        [0.0, 7.0],
        held=(1,),
        hessian=lambda x: [[np.cosh(x[0] - 1), 0.0], [0.0, np.nan]],
    )
    problem.hvp = lambda theta, v: np.array([np.cosh(theta[0] - 1) * v[0], np.nan])

    result = fit_curved(problem, method=method)

    assert result.params["x1"] == 7.0
    assert result.params["x0"] == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("method", SECOND)
def test_open_bounds_are_kept_by_free_coordinates_to_second_order(method):
    problem = Curved(
        lambda x: (x[0] - 3 * np.log(x[0]), 1 - 3 / x),
        [0.01],
        positive=(0,),
        hessian=lambda x: [[3 / x[0] ** 2]],
    )

    result = fit_curved(problem, method=method)

    assert result.params["x0"] == pytest.approx(3.0, rel=1e-14)
    assert result.status == "converged"


@pytest.mark.parametrize("method", ["lbfgs", "bfgs"])
def test_a_fit_by_the_gradient_ends_with_newton_steps_where_there_is_a_hessian(method):
    loose = {"tol": 1e-3}
    plain = fit_flat(Flat(rosenbrock, [-1.2, 1.0]), method=method, options=loose)
    problem = Curved(rosenbrock, [-1.2, 1.0], hessian=rosenbrock_hessian)

    result = fit_curved(problem, method=method, options=loose)

    assert abs(plain.params["x0"] - 1) > 1e-9
    assert result.params["x0"] == pytest.approx(1.0, rel=1e-15)
    assert result.iterations == len(result.history) - 1 > plain.iterations


def test_a_parameter_that_began_at_its_minimum_is_not_taken_for_one_at_a_saddle():
    problem = Curved(
        lambda x: (x[0] ** 2 + (x[1] - 1) ** 2, [2 * x[0], 2 * (x[1] - 1)]),
        [0.0, 3.0],
        hessian=lambda x: [[2.0, 0.0], [0.0, 2.0]],
    )

    result = fit_curved(problem, method="newton")

    assert result.params == {"x0": 0.0, "x1": 1.0}
    assert "saddle" not in result.message


def test_a_fit_that_was_cut_short_gets_no_further_steps():
    problem = Curved(rosenbrock, [-1.2, 1.0], hessian=rosenbrock_hessian)

    result = fit_curved(problem, method="newton", options={"max_iter": 3})

    assert (result.status, result.iterations) == ("stopped", 3)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("newton", "`newton` cannot fit this model: it was compiled without"),
        ("trust", "`trust` cannot fit this model"),
        ("lm", "`lm` cannot fit this model: its objective is no sum of squares"),
        ("proximal", "`proximal` cannot fit this model: it has no penalty such as"),
    ],
)
def test_a_method_that_the_model_cannot_serve_is_refused_with_the_reason(method, message):
    with pytest.raises(UsageError, match=message):
        fit_flat(Flat(rosenbrock, [0.0, 0.0]), method=method)


def test_a_hessian_that_is_too_large_is_refused_in_words():
    def too_large(theta):
        raise ValueError("the Hessian of 99999 parameters has 80 GB")

    problem = Curved(rosenbrock, [0.0, 0.0], hessian=too_large)

    with pytest.raises(UsageError, match="the Hessian of 99999 parameters has 80 GB"):
        fit_curved(problem, method="newton")


@pytest.mark.parametrize("call", range(2, 25, 3))
def test_an_interrupt_in_any_evaluation_of_newton_gives_what_was_reached(call):
    problem = Curved(rosenbrock, [-1.2, 1.0], hessian=rosenbrock_hessian, interrupt_at=call)

    result = fit_curved(problem, method="newton")

    assert result.status == "interrupted"
    assert rosenbrock(result.theta)[0] == pytest.approx(result.objective)
    assert result.objective <= 24.2 + 1e-9


def test_a_method_does_not_see_what_no_parameter_moves_and_the_report_does():
    seen = []

    class Offset(Curved):
        offset = 1e9

        def value_and_grad(self, theta, *, offset=True):
            f, g = super().value_and_grad(theta)
            seen.append(offset)
            return f + (1e9 if offset else 0.0), g

        def value_grad_hess(self, theta, *, offset=True):
            f, g, H = super().value_grad_hess(theta)
            return f + (1e9 if offset else 0.0), g, H

    # Beside 1e9 the value has no digit left of what is still to gain here.
    problem = Offset(
        lambda x: (1e-8 * np.cosh(x[0] - 1), 1e-8 * np.sinh(x - 1)),
        [3.0],
        hessian=lambda x: [[1e-8 * np.cosh(x[0] - 1)]],
    )

    result = fit_curved(problem, method="bfgs", options={"tol": 1e-14})

    assert result.params["x0"] == pytest.approx(1.0, rel=1e-9)
    assert result.objective == pytest.approx(1e9, rel=1e-15)
    assert all(record.objective == pytest.approx(1e9, rel=1e-15) for record in result.history)
    assert seen.count(False) > 5
