"""The dense Newton and BFGS steps that a module carries when it is asked to."""

import numpy as np
import pytest

from gdsym.cache import load_module
from gdsym.codegen.update import STEPS
from gdsym.compiler import compile_text
from gdsym.errors import UsageError
from gdsym.recipe import Recipe

ROSENBROCK = "param x = -1.2, y = 1\nloss 100*(y - x^2)^2 + (1 - x)^2\n"
# Indefinite at the start, and not finite for x <= 0.
WELL = "param x = 3, y = 0.1\nloss x - log(x) + y^4 - y^2\n"


def module(text, update=STEPS):
    return load_module(compile_text(text, "steps.gd", Recipe(update=update)))


def points(made, name, count, with_value=True):
    """The start, then theta after each step, with the objective there."""
    problem = made.bind()
    theta = problem.init()
    state = getattr(made, f"init_{name}")(theta)
    for _ in range(count):
        f, g = problem.value_and_grad(theta)
        yield theta.copy(), f
        value = {"f": f} if with_value else {}
        if name == "newton":
            same = made.update_newton(theta, g, problem.hess(theta), state, **value)
        else:
            same = made.update_bfgs(theta, g, state, **value)
        assert same is theta
    assert state["t"] == count


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(("text", "minimum"), [(ROSENBROCK, [1.0, 1.0]), (WELL, [1.0, 0.5**0.5])])
def test_the_steps_lead_to_the_minimum_from_where_the_hessian_is_indefinite_too(
    text, minimum, name
):
    *_, (theta, f) = points(module(text), name, 80)

    np.testing.assert_allclose(np.abs(theta), minimum, rtol=1e-12)
    assert f == module(text).bind().value(theta)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_led_uphill_or_nowhere_is_halved(name):
    best = np.inf
    for _, f in points(module(WELL), name, 40):
        if np.isfinite(f) and f <= best:
            best = f
    ends = [f for _, f in points(module(WELL), name, 80)]

    assert ends[-1] == best == min(f for f in ends if np.isfinite(f))


def test_a_newton_step_is_the_solution_with_the_hessian_where_that_is_definite():
    made = module("param x = 2, y = 1\nloss exp(x) + x*y + 3*y^2\n")
    problem = made.bind()
    theta = problem.init()
    _, g, H = problem.value_grad_hess(theta)

    (_, _), (after, _) = points(made, "newton", 2)

    np.testing.assert_allclose(after, theta - np.linalg.solve(H, g), rtol=1e-13)


def test_bfgs_ends_on_a_quadratic_after_its_updates_have_seen_every_direction():
    made = module("param x = 1, y = 1\nloss (x - 3)^2 + 5*(y + 1)^2 + x*y\n")
    H = made.bind().hess(np.zeros(2))

    *_, (theta, _) = points(made, "bfgs", 30)

    np.testing.assert_allclose(theta, np.linalg.solve(H, [6.0, -10.0]), rtol=1e-12)


def test_without_values_every_step_is_taken():
    made = module("param x = 1\nloss sqrt(1 + x^2)\n")  # Newton: x becomes -x^3

    visited = [theta[0] for theta, _ in points(made, "newton", 4, with_value=False)]

    np.testing.assert_allclose(np.abs(visited), 1.0, rtol=1e-12)


def test_a_module_has_the_steps_that_it_was_asked_for_and_no_others():
    assert "update_" not in compile_text(ROSENBROCK, "steps.gd")
    made = module(ROSENBROCK, ["newton", "adam"])
    assert hasattr(made, "update_newton") and hasattr(made, "update_adam")
    assert not hasattr(made, "update_bfgs")
    assert set(made.RULES) == {"adam"}


def test_a_rule_of_the_same_name_is_refused(tmp_path):
    rule = tmp_path / "newton.gd"
    rule.write_text("optimizer newton(lr = 1)\nupdate x = x - lr*g\n")

    with pytest.raises(UsageError, match="two of the rules are called `newton`"):
        compile_text(ROSENBROCK, "steps.gd", Recipe(update=["newton", str(rule)]))


def test_a_method_that_is_no_step_names_those_that_are():
    with pytest.raises(UsageError, match="no update rule `trust`\nhelp: the rules are bfgs, newt"):
        compile_text(ROSENBROCK, "steps.gd", Recipe(update=["trust"]))
