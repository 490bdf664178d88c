"""Rows are taken in blocks: the result of one, the same digits each time, little memory."""

import tracemalloc

import numpy as np
import pytest
from compiled import module
from scipy.special import expit, logsumexp

LOGISTIC = """
data X[n, d]
data y[n] in {0, 1}
param w[d], b
let z = X @ w + b
loss sum(softplus(z) - y*z)
predict p = sigmoid(z)
"""

# Class scores, a gather, a scatter, a table looked up, a total of the data alone.
CLASSES = """
dim k = 4
data X[n, d]
data y[n] in k
data u[n] in groups
data c[n] > 0
param W[d, k], a[groups]
let Z = X @ W
loss sum(c*(logsumexp[k](Z) - Z[y] + (a[u] - c)^2))/sum(c)
"""

TOTALS = """
data X[n, d]
param w[d]
let z = X @ w
let centre = mean(z)
loss mean((z - centre)^2) + logsumexp[n](z)/10 + sum(standardize(X) @ w)^2/n
"""


@pytest.fixture(scope="module")
def many():
    """Rows enough for many blocks and more than one block in a group."""
    rng = np.random.default_rng(3)
    n = 300_000
    return {
        "X": rng.normal(size=(n, 4)) + 0.5,
        "y": rng.integers(0, 4, n),
        "u": rng.integers(0, 5, n),
        "c": rng.uniform(0.5, 1.5, n),
    }


def in_one_block(monkeypatch, generated, **data):
    """The problem as one block holding every row."""
    monkeypatch.setattr(generated, "SMALL_BYTES", 2**60)
    monkeypatch.setattr(generated, "SMALL_ROWS", 2**60)
    problem = generated.bind(**data)
    assert sum(1 for _ in problem._blocks) == 1
    monkeypatch.undo()
    return problem


def in_many_blocks(monkeypatch, generated, **data):
    monkeypatch.setattr(generated, "BLOCK_BYTES", 2**16)
    problem = generated.bind(**data)
    groups = [sum(1 for _ in group) for group in problem._blocks.groups()]
    assert sum(groups) > len(groups) > 1
    monkeypatch.undo()
    return problem


def test_blocks_do_not_change_a_sum_over_rows(monkeypatch, many):
    generated, X = module(LOGISTIC), many["X"]
    y = (many["y"] > 1).astype(float)
    theta = np.array([0.5, -1, 0.25, 2, -0.5])
    z = X @ theta[:4] + theta[4]
    e = expit(z) - y

    for problem in (
        in_one_block(monkeypatch, generated, X=X, y=y),
        in_many_blocks(monkeypatch, generated, X=X, y=y),
        generated.bind(X, y),
    ):
        f, g = problem.value_and_grad(theta)

        rows = np.logaddexp(0, z) - y * z
        assert abs(f - rows.sum()) < 1e-13 * np.abs(rows).sum()
        assert np.all(np.abs(g[:4] - X.T @ e) < 1e-13 * (np.abs(X).T @ np.abs(e)))
        assert abs(g[4] - e.sum()) < 1e-13 * np.abs(e).sum()


@pytest.mark.parametrize("text", [CLASSES, TOTALS])
def test_blocks_change_no_more_than_rounding(monkeypatch, many, text):
    generated = module(text)
    data = {entry["arg"]: many[entry["arg"]] for entry in generated.DATA}
    one = in_one_block(monkeypatch, generated, **data)
    cut = in_many_blocks(monkeypatch, generated, **data)
    theta = np.cos(np.arange(one.size))

    f, g = one.value_and_grad(theta)
    f2, g2 = cut.value_and_grad(theta)

    assert f2 == pytest.approx(f, rel=1e-12)
    np.testing.assert_allclose(g2, g, rtol=1e-10, atol=1e-12)
    assert cut.loss(theta) == cut.value(theta) == f2


def test_the_same_call_gives_the_same_digits(many):
    problem = module(CLASSES).bind(**many)
    theta = np.cos(np.arange(problem.size))

    f, g = problem.value_and_grad(theta)
    again, g2 = module(CLASSES).bind(**many).value_and_grad(theta)

    assert f == again == problem.value(theta)
    np.testing.assert_array_equal(g, g2)
    np.testing.assert_array_equal(g, problem.grad(theta))


def test_predictions_of_many_rows_are_joined_in_order(many):
    X = np.tile(many["X"], (1, 5))
    text = LOGISTIC + "predict turned[d, n] = X.T*w\npredict top = z - logsumexp[n](z)\n"
    theta = np.cos(np.arange(21))
    z = X @ theta[:20] + theta[20]

    predicted = module(text).predict(theta, X)

    np.testing.assert_allclose(predicted["p"], expit(z), rtol=1e-12)
    np.testing.assert_array_equal(predicted["turned"], (X * theta[:20]).T)
    np.testing.assert_allclose(predicted["top"], z - logsumexp(z), rtol=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        LOGISTIC,
        "data X[n, d]\ndata y[n]\nparam w[d], b\nresidual y - X @ w - b",
        "dim k = 3\ndata X[n, d]\ndata y[n]\nparam W[d, k]\n"
        "loss sum(logsumexp[k](X @ W)) + sum(y^2) + log(mean(exp(X @ W)))",
        "data X[n, d]\ndata y[n]\nparam w[d]\nloss sum((y - standardize(X) @ w)^2)",
        "data X[n, d]\ndata y[n]\nparam m[d]\nloss sum((X - m)^2) + sum(y)",
    ],
)
def test_an_evaluation_needs_no_memory_for_the_data(text):
    rng = np.random.default_rng(0)
    n, d = 200_000, 20  # 32 MB
    X, y = rng.normal(size=(n, d)), rng.integers(0, 2, n).astype(float)
    problem = module(text).bind(X, y)
    theta = problem.init() + 0.01

    tracemalloc.start()
    problem.value_and_grad(theta)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 12 * 2**20


def test_binding_makes_no_copy_of_arrays_as_they_should_be():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200_000, 20)), np.ones(200_000)

    tracemalloc.start()
    module(LOGISTIC).bind(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < X.nbytes / 2
