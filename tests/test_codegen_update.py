"""Update rules: the step functions of a generated module against plain NumPy."""

import numpy as np
import pytest
from compiled import module

import gdsym
from gdsym.compiler import compile_text
from gdsym.errors import GdsymError, SourceError
from gdsym.recipe import Recipe

QUADRATIC = (
    "data A[n, d]\ndata y[n]\nparam w[d] = 1\nloss sum((y - A @ w)^2)/n\npenalty sum(w^2)/10"
)
ROSENBROCK = "param x = -1.2, y = 1\nloss 100*(y - x^2)^2 + (1 - x)^2"
STEPS = 50


def by_hand(rule, theta, gradient, lr):
    """The iterates of a rule, written out from its paper."""
    path, v, m = [], np.zeros_like(theta), np.zeros_like(theta)
    for t in range(1, STEPS + 1):
        g = gradient(theta)
        if rule == "gd":
            theta = theta - lr * g
        elif rule == "momentum":
            v = 0.9 * v + g
            theta = theta - lr * v
        else:
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            corrected = np.sqrt(v / (1 - 0.999**t)) + 1e-8
            theta = theta - lr * (m / (1 - 0.9**t)) / corrected
        path.append(theta)
    return np.array(path)


def quadratic():
    rng = np.random.default_rng(1)
    A, y = rng.normal(size=(30, 4)), rng.normal(size=30)

    def gradient(w):
        return 2 * A.T @ (A @ w - y) / 30 + w / 5

    return QUADRATIC, {"A": A, "y": y}, gradient


def rosenbrock():
    def gradient(theta):
        x, y = theta
        return np.array([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)])

    return ROSENBROCK, {}, gradient


def steps(generated, problem, rule, **options):
    theta = problem.init(seed=0)
    state = getattr(generated, f"init_{rule}")(theta)
    path = []
    for _ in range(STEPS):
        f, g = problem.value_and_grad(theta)
        if "f" in options:
            options["f"] = f
        getattr(generated, f"update_{rule}")(theta, g, state, **options)
        path.append(theta.copy())
    return np.array(path), state


@pytest.mark.parametrize("make", [quadratic, rosenbrock])
@pytest.mark.parametrize(("rule", "lr"), [("gd", 1e-3), ("momentum", 1e-4), ("adam", 0.05)])
def test_a_shipped_rule_takes_the_steps_of_its_paper(make, rule, lr):
    text, data, gradient = make()
    generated = module(text, rule)
    problem = generated.bind(**data)

    path, state = steps(generated, problem, rule, lr=lr)

    expected = by_hand(rule, problem.init(seed=0), gradient, lr)
    np.testing.assert_allclose(path, expected, rtol=1e-12, atol=1e-14)
    assert state["t"] == STEPS


def test_a_step_changes_theta_and_state_in_place_and_nothing_else():
    generated = module(ROSENBROCK, "adam")
    theta, g = np.array([1.0, 2.0]), np.array([3.0, -4.0])
    state = generated.init_adam(theta)
    m, v = state["m"], state["v"]

    result = generated.update_adam(theta, g, state)

    assert result is theta
    assert state["m"] is m
    assert state["v"] is v
    np.testing.assert_allclose(theta, [1 - 1e-3, 2 + 1e-3], rtol=1e-9)
    np.testing.assert_array_equal(g, [3, -4])
    assert generated.RULES["adam"]["options"] == {
        "lr": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-8,
    }


def test_a_module_carries_the_rules_asked_for_and_no_other():
    generated = module(ROSENBROCK, "gd", "momentum")

    assert list(generated.RULES) == ["gd", "momentum"]
    assert not hasattr(generated, "update_adam")


def test_a_rule_of_ones_own_has_all_that_rules_may_read(tmp_path):
    rule = tmp_path / "mine.gd"
    rule.write_text(
        "optimizer mine(rate = 0.5, theta = 0.25)\n"
        '    "Steps that shrink, pulled to the start"\n'
        "state s scalar = 1\n"
        "state lambda = 2\n"
        "let pull = x0 - x\n"
        "update s = s*theta + 1/t\n"
        "update lambda = lambda/2 + g*s\n"
        "update x = x - rate*(1 - t/(2*T))*lambda/100 + pull/10 + abs(f)*0.001\n"
    )
    generated = module(ROSENBROCK, str(rule))
    problem = generated.bind()

    path, state = steps(generated, problem, "mine", T=STEPS, f=0.0, rate=0.01)

    x0 = np.array([-1.2, 1.0])
    x, s, memory = x0.copy(), 1.0, np.full(2, 2.0)
    for t in range(1, STEPS + 1):
        f, g = problem.value_and_grad(x)
        s = s * 0.25 + 1 / t
        pull = x0 - x
        memory = memory / 2 + g * s
        x = x - 0.01 * (1 - t / (2 * STEPS)) * memory / 100 + pull / 10 + abs(f) * 0.001
        np.testing.assert_allclose(path[t - 1], x, rtol=1e-11)
    assert state["s"] == pytest.approx(s, rel=1e-13)
    with pytest.raises(TypeError, match="mine needs T"):
        generated.update_mine(x, g, generated.init_mine(x), f=1.0)


def test_a_let_between_updates_reads_what_is_already_updated(tmp_path):
    rule = tmp_path / "order.gd"
    rule.write_text(
        "optimizer order(lr = 0.1)\nstate v = 0\nupdate v = v + g\nlet twice = 2*v\n"
        "update v = v - g/2\nupdate x = x - lr*(twice + v)\n"
    )
    generated = module(ROSENBROCK, str(rule))
    theta, g = np.array([1.0, 2.0]), np.array([3.0, -4.0])

    generated.update_order(theta, g, generated.init_order(theta))

    np.testing.assert_allclose(theta, np.array([1, 2]) - 0.1 * (2 * g + g / 2), rtol=1e-15)


def test_a_wrong_rule_names_its_file_and_place(tmp_path):
    rule = tmp_path / "wrong.gd"
    rule.write_text("optimizer wrong(lr = 0.1)\nupdate x = x - lr*h\n")

    with pytest.raises(SourceError, match=r"wrong\.gd:2:19"):
        gdsym.compile(ROSENBROCK, update=[str(rule)])


def test_an_unknown_rule_is_answered_with_the_nearest():
    with pytest.raises(GdsymError, match="adam"):
        compile_text(ROSENBROCK, "model.gd", Recipe(update=["adan"]))
