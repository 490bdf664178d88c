"""The runner on generated modules: rules against plain loops, bounds, starts, messages."""

import numpy as np
import pytest

from gdsym.cache import load_module
from gdsym.compiler import compile_text
from gdsym.data import bind_tables
from gdsym.errors import UsageError
from gdsym.optimizers import rules
from gdsym.recipe import Recipe
from gdsym.run import NotFiniteError, fit, load, read_start

LOGISTIC = """\
model logit
data  X[n, d] from ["age", "bmi"], y[n] in {0, 1}
param w[d], b = 0.25
const lam = 0.01
let   z = X @ w + b
loss  mean(softplus(z) - y*z)
penalty lam/2 * sum(w^2)
predict p = sigmoid(z)
"""
NORMAL = """\
data  y[n]
param m, s > 0
nll   sum((y - m)^2/(2*s^2) + log(s))
"""


def compiled(text, name="model.gd", update=()):
    return load_module(compile_text(text, name, Recipe(update=list(update))), f"<{name}>")


@pytest.fixture(scope="module")
def logistic():
    return compiled(LOGISTIC, "logit.gd", rules())


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    age, bmi = rng.normal(size=(2, 60))
    y = (rng.uniform(size=60) < 1 / (1 + np.exp(2 * bmi - age))).astype(float)
    return {"age": age, "bmi": bmi, "y": y}


def gradient(theta, X, y):
    """Of `LOGISTIC`, by hand."""
    e = 1 / (1 + np.exp(-(X @ theta[:2] + theta[2]))) - y
    return np.array([*(X.T @ e / len(y) + 0.01 * theta[:2]), e.mean()])


def by_gd(theta, g, memory, t):
    return theta - 0.3 * g


def by_momentum(theta, g, memory, t):
    memory["v"] = 0.8 * memory.get("v", 0.0) + g
    return theta - 0.3 * memory["v"]


def by_adam(theta, g, memory, t):
    memory["m"] = 0.7 * memory.get("m", 0.0) + 0.3 * g
    memory["v"] = 0.9 * memory.get("v", 0.0) + 0.1 * g * g
    m, v = memory["m"] / (1 - 0.7**t), memory["v"] / (1 - 0.9**t)
    return theta - 0.3 * m / (np.sqrt(v) + 1e-8)


BY_HAND = {
    "gd": (by_gd, {"lr": 0.3}),
    "momentum": (by_momentum, {"lr": 0.3, "beta": 0.8}),
    "adam": (by_adam, {"lr": 0.3, "beta1": 0.7, "beta2": 0.9}),
}


@pytest.mark.parametrize("batch_size", [None, 1, 7, 60])
@pytest.mark.parametrize("name", BY_HAND)
def test_fifty_steps_of_a_rule_are_those_of_a_loop_by_hand(logistic, table, name, batch_size):
    step, options = BY_HAND[name]
    X, y = np.column_stack([table["age"], table["bmi"]]), table["y"]
    theta, memory = np.array([0.0, 0.0, 0.25]), {}
    random = np.random.Generator(np.random.PCG64(11))
    order = np.concatenate([random.permutation(60) for _ in range(50)])
    size = batch_size or 60
    starts = [e * 60 + i for e in range(50) for i in range(0, 60, size)]
    for t, i in enumerate(starts[:50], 1):
        rows = order[i : min(i + size, i - i % 60 + 60)]
        theta = step(theta, gradient(theta, X[rows], y[rows]), memory, t)

    limit = {"epochs": 50} if batch_size is None else {"epochs": 50, "max_iter": 50}
    result = fit(
        logistic,
        bind_tables(logistic, table),
        method=name,
        options={**options, **limit, "batch_size": batch_size, "seed": 11},
    )

    assert result.iterations == 50
    np.testing.assert_allclose(result.theta, theta, rtol=1e-10)


def test_lbfgs_ends_where_the_gradient_by_hand_is_zero(logistic, table):
    X, y = np.column_stack([table["age"], table["bmi"]]), table["y"]

    result = fit(logistic, bind_tables(logistic, table))

    assert result.status == "converged"
    assert np.abs(gradient(result.theta, X, y)).max() < 1e-8


def test_rules_and_lbfgs_find_the_same_minimum(logistic, table):
    bound = bind_tables(logistic, table)
    best = fit(logistic, bound)

    for name in BY_HAND:
        found = fit(logistic, bound, method=name, options={"lr": 0.05, "max_iter": 50_000})

        assert found.status == "converged"
        np.testing.assert_allclose(found.theta, best.theta, atol=1e-5)


@pytest.mark.parametrize("name", rules())
def test_every_rule_lowers_the_objective_in_batches_and_over_all_rows(logistic, table, name):
    bound = bind_tables(logistic, table)
    start = fit(logistic, bound, options={"max_iter": 0})

    for batch_size in (None, 7):
        options = {"lr": 0.02, "epochs": 30, "batch_size": batch_size}
        found = fit(logistic, bound, method=name, options=options)

        assert found.status == "finished"
        assert found.objective < start.objective


def test_an_open_bound_is_never_touched_and_the_minimum_is_the_known_one():
    y = np.array([3.0, 5.0, 10.0, 4.0])
    module = compiled(NORMAL, update=["gd"])

    # From far away by L-BFGS; by gd from where its step of 0.1 is neither too short nor too long.
    starts = {"lbfgs": {"s": 50.0, "m": -100.0}, "gd": {"s": 3.0, "m": 0.0}}
    for method, start in starts.items():
        result = fit(module, bind_tables(module, {"y": y}), method=method, start=start)

        assert result.params["m"] == pytest.approx(y.mean(), rel=1e-6)
        assert result.params["s"] == pytest.approx(y.std(), rel=1e-6)


def test_a_closed_bound_holds_where_the_minimum_lies_beyond_it():
    module = compiled("data y[n]\nparam m in [0, 4]\nloss mean((y - m)^2)\n", update=["gd"])

    for method in ("lbfgs", "gd"):
        result = fit(module, bind_tables(module, {"y": [3.0, 9.0]}), method=method)

        assert (result.status, result.params["m"]) == ("converged", 4.0)


def test_a_fixed_parameter_stays():
    module = compiled("data y[n]\nparam m, c fixed = 2\nloss mean((y - m*c)^2)\n")

    result = fit(module, bind_tables(module, {"y": [3.0, 5.0]}))

    assert result.params == pytest.approx({"m": 2.0, "c": 2.0})


def test_maximising_is_reported_as_such():
    module = compiled("data y[n]\nparam m\nmaximize -mean((y - m)^2)\npenalty 0*m^2\n")

    result = fit(module, bind_tables(module, {"y": [3.0, 5.0]}))

    assert result.params["m"] == pytest.approx(4.0)
    assert result.objective == pytest.approx(-1.0)


def test_a_start_that_is_not_finite_is_named_with_its_row():
    module = compiled("data y[n]\nparam m\nlet mu = y - m\nnll sum(mu - log(mu))\n", "churn.gd")

    with pytest.raises(NotFiniteError) as error:
        fit(module, bind_tables(module, {"y": [3.0, 5.0, -0.3, 2.0, -8.0]}))

    assert str(error.value) == (
        "churn.gd:4:14: nll is nan at the start: log(mu) is nan in row 3, where mu = -0.3"
    )


def test_a_masked_branch_is_not_blamed():
    text = "data y[n]\nparam m = 1\nloss mean(where(y > 0, log(y), 0) + log(m + y))\n"
    module = compiled(text, "m.gd")

    with pytest.raises(NotFiniteError) as error:
        fit(module, bind_tables(module, {"y": [-0.5, 2.0, -7.0]}))

    assert "log(m + y) is nan in row 3, where m = 1, y = -7" in str(error.value)


def test_a_start_outside_of_the_domain_is_refused():
    module = compiled(NORMAL)

    with pytest.raises(UsageError, match="`s` is 0, but it must be > 0"):
        fit(module, bind_tables(module, {"y": [1.0, 2.0]}), start={"s": 0})


def test_a_fit_file_brings_back_fit_and_predictions(tmp_path, logistic, table):
    result = fit(logistic, bind_tables(logistic, table))
    result.save(tmp_path / "fit.json")

    back = load(tmp_path / "fit.json", lambda text, name: compiled(text, name))

    assert back.theta.tobytes() == result.theta.tobytes()
    assert back.theta_names == result.theta_names
    new = {"bmi": table["bmi"][:5], "age": table["age"][:5]}
    np.testing.assert_array_equal(back.predict(new)["p"], result.predict(table)["p"][:5])


def test_what_was_standardized_in_training_is_used_at_prediction(tmp_path):
    text = (
        'data X[n, d] from ["a", "b"], y[n]\nparam w[d], c\nlet z = standardize(X) @ w + c\n'
        "loss mean((y - z)^2)\npredict yhat = z\n"
    )
    rng = np.random.default_rng(2)
    X = rng.normal(5.0, 100.0, size=(40, 2))
    y = X @ [0.03, -0.01] + 2
    module = compiled(text)
    fit(module, bind_tables(module, {"a": X[:, 0], "b": X[:, 1], "y": y})).save(tmp_path / "f")

    back = load(tmp_path / "f", lambda text, name: compiled(text, name))

    # Of one row alone nothing could be learnt.
    one = back.predict({"a": X[:1, 0], "b": X[:1, 1]})
    np.testing.assert_allclose(one["yhat"], y[:1], rtol=1e-9)


def test_an_earlier_fit_is_a_start_by_label(logistic, table):
    swapped = compiled(LOGISTIC.replace('"age", "bmi"', '"bmi", "sex"'))
    earlier = fit(logistic, bind_tables(logistic, table))
    bound = bind_tables(swapped, {**table, "sex": table["y"]})

    result = fit(swapped, bound, start=read_start(earlier), options={"max_iter": 0})

    assert result.params["w"].tolist() == [earlier.params["w"][1], 0.0]
    assert result.params["b"] == earlier.params["b"]


def test_the_same_fit_twice_has_the_same_bits(logistic, table):
    bound = bind_tables(logistic, table)
    for options in ({}, {"batch_size": 8, "epochs": 5}):
        method = "adam" if options else "lbfgs"

        first, second = (fit(logistic, bound, method=method, options=options) for _ in range(2))

        assert first.theta.tobytes() == second.theta.tobytes()
        assert first.objective == second.objective


def test_a_rule_file_of_ones_own_runs(tmp_path, table):
    path = tmp_path / "mine.gd"
    path.write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")
    module = compiled(LOGISTIC, update=[str(path)])
    shipped = compiled(LOGISTIC, update=["gd"])
    bound = bind_tables(module, table)

    mine = fit(module, bound, method=str(path), options={"epochs": 30})
    theirs = fit(shipped, bound, method="gd", options={"epochs": 30})

    np.testing.assert_array_equal(mine.theta, theirs.theta)


def test_a_model_without_data_is_fitted():
    module = compiled("param x = -1.2, y = 1\nloss (1 - x)^2 + 100*(y - x^2)^2\n")

    result = fit(module, bind_tables(module))

    assert result.params == pytest.approx({"x": 1.0, "y": 1.0}, rel=1e-8)
