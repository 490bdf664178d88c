"""What a generated module offers: its bound problem, its passes over blocks, its other forms."""

import json
import threading
from itertools import pairwise

import numpy as np
import pytest
from compiled import assert_gradient, module
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, softmax

LOGISTIC = """
model logistic
data X[n, d]
data y[n] in {0, 1}
param w[d], b
const lam = 1e-3
let z = X @ w + b
loss mean(softplus(z) - y*z)
penalty lam/2 * sum(w^2)
predict p = sigmoid(z)
"""

CLASSES = """
model classes
dim k in {"car", "bus", "train"}
data X[n, d]
data y[n] in k
param W[d, k], b[k]
let Z = X @ W + b
loss sum(logsumexp[k](Z) - Z[y])
predict p[n, k] = softmax[k](Z)
predict turned[k, n] = Z.T
predict best = softmax[k](b)
"""

TWO_PASSES = """
model two_passes
data X[n, d]
param w[d]
let z = X @ w
let centre = mean(z)
loss sum((z - centre)^4)/n
penalty sum(w^2)
"""

# The last term makes a second pass: a total over rows inside a non-linearity of each row.
LOG_OF_ROWS = """
model log_of_rows
data X[n, d]
param w[d]
let z = X @ w
loss logsumexp[n](z) + sum[d](logsumexp[n](X*w)) + sum(softmax[n](z)^2)
"""

SHARED = """
model shared
data X[n, d]
data c[n] > 0
param w[d]
loss sum(c*(X @ w - 1)^2)/sum(c)
predict share = c/sum(c)
predict rel = X @ w - logsumexp[n](X @ w)
"""


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def X(rng):
    return rng.normal(size=(40, 3))


@pytest.fixture
def y(rng):
    return rng.integers(0, 2, 40).astype(float)


@pytest.fixture
def logistic(X, y):
    return module(LOGISTIC).bind(X, y, lam=0.5)


@pytest.fixture
def theta(rng):
    return rng.normal(size=4)


def logistic_value(theta, X, y, lam, penalty=True):
    p = expit(X @ theta[:3] + theta[3])
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss + penalty * lam / 2 * np.sum(theta[:3] ** 2)


def logistic_gradient(theta, X, y, lam):
    e = (expit(X @ theta[:3] + theta[3]) - y) / len(y)
    return np.append(X.T @ e + lam * theta[:3], e.sum())


# -- the bound problem ---------------------------------------------------------------------------


def test_value_gradient_and_loss_are_those_by_hand(logistic, X, y, theta):
    f, g = logistic.value_and_grad(theta)

    assert f == pytest.approx(logistic_value(theta, X, y, 0.5), rel=1e-14)
    assert logistic.value(theta) == f
    assert logistic.loss(theta) == pytest.approx(
        logistic_value(theta, X, y, 0.5, False), rel=1e-14
    )
    np.testing.assert_allclose(g, logistic_gradient(theta, X, y, 0.5), rtol=1e-12)
    np.testing.assert_array_equal(logistic.grad(theta), g)
    assert type(f) is type(logistic.loss(theta)) is float
    assert g.dtype == np.float64


def test_a_problem_says_what_it_has_bound(logistic, X):
    assert logistic.n_rows == 40
    assert logistic.size == 4
    assert logistic.consts == {"lam": 0.5}
    assert logistic.stats == {}
    assert logistic.dims == {"n": {"size": 40, "labels": None}, "d": {"size": 3, "labels": None}}
    assert logistic.theta_names == ["w[0]", "w[1]", "w[2]", "b"]
    assert logistic.bounds == [(None, None)] * 4
    np.testing.assert_array_equal(logistic.fixed, [False] * 4)
    np.testing.assert_array_equal(logistic.init(), np.zeros(4))
    assert logistic.init().dtype == np.float64


def test_names_in_theta_carry_the_labels(X, y):
    problem = module(CLASSES).bind(X[:2], [0, 2], dims={"d": ["age", "size", "cost"]})

    assert problem.theta_names[:4] == [
        "W[age, car]",
        "W[age, bus]",
        "W[age, train]",
        "W[size, car]",
    ]
    assert problem.theta_names[-1] == "b[train]"
    assert problem.dims["k"] == {"size": 3, "labels": ["car", "bus", "train"]}


def test_unpack_and_pack_are_inverses(logistic, theta):
    params = logistic.unpack(theta)

    np.testing.assert_array_equal(params["w"], theta[:3])
    assert params["b"] == theta[3]
    assert type(params["b"]) is float
    np.testing.assert_array_equal(logistic.pack(**params), theta)
    np.testing.assert_array_equal(module(LOGISTIC).pack(**params), theta)


def test_scipy_minimises_the_problem_and_the_stateless_form(logistic, X, y):
    start = logistic.init(seed=0)

    bound = minimize(logistic.value_and_grad, start, jac=True, options={"gtol": 1e-10})
    free = minimize(module(LOGISTIC).value_and_grad, start, args=(X, y), jac=True)
    by_hand = minimize(logistic_value, start, args=(X, y, 0.5), options={"gtol": 1e-8})

    assert bound.fun == pytest.approx(by_hand.fun, rel=1e-9)
    np.testing.assert_allclose(bound.x, by_hand.x, atol=1e-5)
    assert free.fun == pytest.approx(logistic_value(free.x, X, y, 1e-3), rel=1e-13)


def test_the_trace_has_the_lets_and_places_of_the_rows_asked_for(logistic, X, theta):
    trace = logistic.trace(theta, [7, 3])

    np.testing.assert_allclose(trace["z"], X[[7, 3]] @ theta[:3] + theta[3])
    np.testing.assert_allclose(trace["w^2"], theta[:3] ** 2)
    assert set(trace) <= set(module(LOGISTIC).PLACES)
    np.testing.assert_array_equal(logistic.trace(theta, slice(0, 4))["z"].shape, [4])
    np.testing.assert_array_equal(logistic.trace(theta, np.arange(40) < 2)["z"].shape, [2])


def test_a_place_of_the_trace_stands_where_places_says():
    generated = module(LOGISTIC)
    lines = generated.SOURCE.split("\n")

    assert len(generated.PLACES) > 1
    for line, column, text in generated.PLACES.values():
        assert lines[line - 1][column - 1 :].startswith(text)


def test_a_let_with_a_total_is_traced_over_all_rows(X):
    text = SHARED + "let top = logsumexp[n](X @ w)\nlet below[d, n] = X.T - top\n"
    w = np.array([0.5, -1, 2])

    trace = module(text).bind(X, np.ones(40)).trace(w, [4, 9])

    assert trace["top"] == pytest.approx(logsumexp(X @ w))
    np.testing.assert_allclose(trace["below"], X[[4, 9]].T - logsumexp(X @ w))


def test_results_are_fresh_and_writable(logistic, theta, X, y):
    kept = theta.copy(), X.copy(), y.copy()
    first = logistic.grad(theta)
    everything = [first, logistic.init(), logistic.unpack(theta)["w"], logistic.fixed]
    everything += [logistic.to_free(theta), logistic.from_free(theta), *logistic.free_bounds]
    everything += [*logistic.trace(theta, slice(None)).values()]
    everything += [module(LOGISTIC).predict(theta, X)["p"]]

    for array in everything:
        array[...] = 7

    np.testing.assert_array_equal(logistic.grad(theta), logistic_fresh(theta, X, y))
    for now, before in zip((theta, X, y), kept, strict=True):
        np.testing.assert_array_equal(now, before)


def logistic_fresh(theta, X, y):
    return module(LOGISTIC).bind(X, y, lam=0.5).grad(theta)


def test_what_a_prediction_merely_passes_on_is_a_copy(X):
    text = "data X[n, d]\nparam w[d]\nlet v = w\nlet Y = X\nloss sum((Y @ v)^2)\n"
    generated = module(text + "predict a = w\npredict b = X\npredict c[n] = w @ w")
    w = np.ones(3)

    predicted = generated.predict(w, X)
    trace = generated.bind(X).trace(w, slice(None))

    assert predicted["c"].shape == (40,)
    for array in (*predicted.values(), *trace.values()):
        assert array.flags.writeable
        assert not np.shares_memory(array, w)
        assert not np.shares_memory(array, X)


def test_two_threads_at_once_get_the_same_digits(X, y, rng):
    problem = module(LOGISTIC).bind(X, y)
    thetas = rng.normal(size=(50, 4))
    expected = [problem.value_and_grad(theta) for theta in thetas]
    found = {}

    def work(name, order):
        found[name] = {i: problem.value_and_grad(thetas[i]) for i in order}

    threads = [
        threading.Thread(target=work, args=(1, range(50))),
        threading.Thread(target=work, args=(2, range(49, -1, -1))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for answers in found.values():
        for i, (f, g) in answers.items():
            assert f == expected[i][0]
            np.testing.assert_array_equal(g, expected[i][1])
    assert len(found) == 2


# -- mini-batches --------------------------------------------------------------------------------


def test_a_mini_batch_scales_its_rows_and_counts_the_penalty_once(logistic, X, y, theta):
    rows = [3, 17, 17, 30]

    f, g = logistic.batch_value_and_grad(theta, rows)

    assert f == pytest.approx(logistic_value(theta, X[rows], y[rows], 0.5), rel=1e-13)
    np.testing.assert_allclose(g, logistic_gradient(theta, X[rows], y[rows], 0.5), rtol=1e-12)


def test_mini_batches_are_unbiased(logistic, theta):
    parts = [logistic.batch_value_and_grad(theta, slice(i, i + 10)) for i in range(0, 40, 10)]

    f, g = logistic.value_and_grad(theta)

    assert np.mean([part[0] for part in parts]) == pytest.approx(f, rel=1e-13)
    np.testing.assert_allclose(np.mean([part[1] for part in parts], axis=0), g, rtol=1e-12)


def test_totals_of_the_data_alone_are_those_of_all_rows_in_a_mini_batch(X, rng):
    c, w = rng.uniform(1, 2, 40), rng.normal(size=3)
    problem = module(SHARED).bind(X, c)
    rows = np.arange(10)

    f, _ = problem.batch_value_and_grad(w, rows)

    assert f == pytest.approx(4 * np.sum((c * (X @ w - 1) ** 2)[rows]) / c.sum(), rel=1e-13)


def test_a_batch_may_be_given_as_a_mask(logistic, theta):
    mask = np.arange(40) % 3 == 0

    f, _ = logistic.batch_value_and_grad(theta, mask)

    assert f == logistic.batch_value_and_grad(theta, np.flatnonzero(mask))[0]


@pytest.mark.parametrize(
    "text", ["loss log(mean(exp(X @ w)))", "loss logsumexp[n](X @ w)", "loss mean(X @ w)^2"]
)
def test_a_biased_mini_batch_is_refused_with_the_reason(text, X):
    generated = module(f"data X[n, d]\nparam w[d]\n{text}")

    assert generated.MINIBATCH is not None
    with pytest.raises(ValueError, match=r"biased: .*`"):
        generated.bind(X).batch_value_and_grad(np.zeros(3), [0, 1])


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], ValueError, "needs a row"),
        ([0, 40], IndexError, r"40 rows: 0\.\.39"),
        ([0.5], TypeError, "mask of 40 rows"),
        (3, TypeError, "mask of 40 rows"),
        (np.array([True, False]), TypeError, "mask of 40 rows"),
    ],
)
def test_rows_that_are_none_are_refused(logistic, theta, rows, error, message):
    with pytest.raises(error, match=message):
        logistic.batch_value_and_grad(theta, rows)


# -- the lowest level ----------------------------------------------------------------------------


def streamed(generated, blocks, theta, parts=2, **options):
    """Value and gradient as a file reader or a cluster would have them."""
    totals = generated.prepare(blocks, **options)
    before = None
    for _ in range(generated.PASSES):
        shares = [generated.empty(totals, after=before) for _ in range(parts)]
        for place, block in enumerate(blocks):
            generated.partial(theta, block, totals, shares[place % parts])
        before = generated.empty(totals, after=before)
        for share in shares:
            generated.merge(before, share)
    return generated.finish(theta, before, totals)


def cut(*arrays, at=(0, 1, 13, 14, 40)):
    return [[array[a:b] for array in arrays] for a, b in pairwise(at)]


def test_blocks_merged_give_the_value_and_gradient_of_all_rows(X, y, theta):
    f, g = streamed(module(LOGISTIC), cut(X, y), theta, parts=3, lam=0.5)

    assert f == pytest.approx(logistic_value(theta, X, y, 0.5), rel=1e-14)
    np.testing.assert_allclose(g, logistic_gradient(theta, X, y, 0.5), rtol=1e-12)


def test_a_model_of_two_passes_says_so_and_streams(X, rng):
    generated, w = module(TWO_PASSES), rng.normal(size=3)
    z = X @ w
    r = z - z.mean()

    f, g = streamed(generated, cut(X), w)

    assert generated.PASSES > 1
    assert f == pytest.approx(np.mean(r**4) + w @ w, rel=1e-13)
    expected = 4 * (X - X.mean(0)).T @ r**3 / 40 + 2 * w
    np.testing.assert_allclose(g, expected, rtol=1e-12)
    bound = generated.bind(X)
    np.testing.assert_allclose(bound.grad(w), expected, rtol=1e-12)
    assert bound.loss(w) == pytest.approx(np.mean(r**4), rel=1e-13)


@pytest.mark.parametrize("shift", [0, 800, -800])
def test_a_logsumexp_over_rows_is_rescaled_from_block_to_block(X, rng, shift):
    X = X + shift * np.linspace(-1, 1, 40)[:, None]
    generated, w = module(LOG_OF_ROWS), np.array([1, 0.5, -0.25])
    z = X @ w
    expected = logsumexp(z) + logsumexp(X * w, axis=0).sum() + np.sum(softmax(z) ** 2)

    f, g = streamed(generated, cut(X), w)
    problem = generated.bind(X)

    assert f == pytest.approx(expected, rel=1e-12)
    assert problem.value(w) == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(g, problem.grad(w), rtol=1e-9, atol=1e-12)
    assert_gradient(problem, w)


def test_rows_without_weight_do_not_spoil_a_logsumexp(X):
    text = "data X[n, d]\ndata on[n] in {0, 1}\nparam w[d]\nloss logsumexp[n](X @ w + log(on))"
    on = np.zeros(40)
    on[20:] = 1
    w = np.ones(3)

    with np.errstate(divide="ignore"):  # log(0)
        f, _ = streamed(module(text), cut(X, on), w)

    assert f == pytest.approx(logsumexp(X[20:] @ w), rel=1e-13)


def test_statistics_are_learnt_over_all_blocks(X, rng):
    text = "data X[n, d]\nparam w[d]\nloss sum((standardize(X) @ w - 1)^2)"
    w, X = rng.normal(size=3), 100 + 5 * X
    Z = (X - X.mean(0)) / X.std(0)

    f, g = streamed(module(text), cut(X), w)
    problem = module(text).bind(X)

    assert f == pytest.approx(np.sum((Z @ w - 1) ** 2), rel=1e-11)
    np.testing.assert_allclose(g, 2 * Z.T @ (Z @ w - 1), rtol=1e-10)
    np.testing.assert_allclose(problem.stats["X"]["mean"], X.mean(0), rtol=1e-14)
    np.testing.assert_allclose(problem.stats["X"]["sd"], X.std(0), rtol=1e-12)
    again = module(text).bind(X[:5], stats=problem.stats)
    assert again.value(w) == pytest.approx(np.sum((Z[:5] @ w - 1) ** 2), rel=1e-11)


# -- other forms ---------------------------------------------------------------------------------


def test_stateless_forms_take_data_by_position_or_by_name(X, y, theta):
    generated = module(LOGISTIC)
    f, g = generated.value_and_grad(theta, X, y, lam=0.5)

    assert generated.value(theta, y=y, X=X, lam=0.5) == f
    np.testing.assert_array_equal(generated.grad(theta, X, y=y, lam=0.5), g)
    assert f == pytest.approx(logistic_value(theta, X, y, 0.5), rel=1e-14)
    np.testing.assert_array_equal(generated.init(X, y), np.zeros(4))
    assert generated.unpack(theta, X, y)["b"] == theta[3]


def test_sizes_that_the_data_do_not_show_come_from_dims_or_are_an_error(X):
    text = "data u[n] in users\ndata y[n]\nparam a[users]\nloss sum((y - a[u])^2)"
    generated = module(text)
    u, y = [0, 2, 1], [1.0, 2.0, 3.0]
    a = np.array([1.0, 1.0, 1.0, 5.0])

    assert generated.value(a, u, y, dims={"users": 4}) == 5
    assert generated.value(a[:3], u, y) == 5
    with pytest.raises(ValueError, match=r"theta has shape \(4,\).* a \[3\].* dims="):
        generated.value(a, u, y)


def test_predictions_need_only_what_they_use(X, rng):
    generated, W, b = module(CLASSES), rng.normal(size=(3, 3)), rng.normal(size=3)
    theta = generated.pack(W=W, b=b)

    predicted = generated.predict(theta, X)

    np.testing.assert_allclose(predicted["p"], softmax(X @ W + b, axis=1), rtol=1e-13)
    np.testing.assert_allclose(predicted["turned"], (X @ W + b).T, rtol=1e-13)
    np.testing.assert_allclose(predicted["best"], softmax(b), rtol=1e-13)
    assert [entry["data"] for entry in generated.PREDICTIONS] == [("X",), ("X",), ()]
    none = generated.predict(theta, X[:0])
    assert none["p"].shape == (0, 3)
    assert none["turned"].shape == (3, 0)
    np.testing.assert_allclose(generated.predict(theta, X[4:5])["p"], predicted["p"][4:5])


def test_totals_in_predictions_are_those_of_the_rows_given(X, rng):
    c, w = rng.uniform(1, 2, 40), rng.normal(size=3)

    predicted = module(SHARED).predict(w, X[:5], c[:5])

    np.testing.assert_allclose(predicted["share"], c[:5] / c[:5].sum(), rtol=1e-14)
    z = X[:5] @ w
    np.testing.assert_allclose(predicted["rel"], z - logsumexp(z), rtol=1e-12)


def test_comparisons_are_predicted_as_numbers(X):
    generated = module("data X[n, d]\nparam w[d]\nloss sum((X @ w)^2)\npredict up = X @ w > 0")

    up = generated.predict(np.ones(3), X)["up"]

    assert up.dtype == np.float64
    np.testing.assert_array_equal(up, X.sum(1) > 0)


def test_statistics_of_the_fit_standardize_what_is_predicted(X, rng):
    text = "data X[n, d]\nparam w[d]\nlet z = standardize(X) @ w\nloss sum(z^2)\npredict z = z"
    generated, w = module(text), rng.normal(size=3)
    problem = generated.bind(X)

    z = generated.predict(w, X[:2], stats=problem.stats)["z"]

    np.testing.assert_allclose(z, ((X - X.mean(0)) / X.std(0))[:2] @ w, rtol=1e-12)
    with pytest.raises(TypeError, match="stats="):
        generated.predict(w, X[:2])


def test_a_fit_file_is_read_back(tmp_path, X, y):
    generated = module(LOGISTIC)
    path = tmp_path / "fit.json"
    fit = {
        "sha256": generated.SHA256,
        "params": {"b": 0.25, "w": [1, 2, 3]},
        "dims": {"d": {"size": 3, "labels": ["a", "b", "c"]}},
        "stats": {},
        "consts": {"lam": 0.5},
    }
    path.write_text(json.dumps(fit))

    found = generated.load_fit(path)

    np.testing.assert_array_equal(found.theta, [1, 2, 3, 0.25])
    assert found.params["b"] == 0.25
    assert found.labels == {"d": ["a", "b", "c"]}
    assert found.consts == {"lam": 0.5}
    p = generated.predict(found.theta, X, dims=found.dims, stats=found.stats)["p"]
    np.testing.assert_allclose(p, expit(X @ [1, 2, 3] + 0.25), rtol=1e-14)
    path.write_text(json.dumps({**fit, "sha256": "0" * 64}))
    with pytest.raises(ValueError, match="not fitted with this version"):
        generated.load_fit(path)


def test_statistics_of_a_table_have_its_axes_in_the_declared_order(rng):
    text = (
        "data A[n, a, b]\ndata X[n, b, a]\nparam w[b, a]\nlet Z[n, b, a] = standardize(X)\n"
        "loss sum((sum[b, a](Z*w) - 1)^2) + sum(A)\npredict Z[n, b, a] = Z"
    )
    A, X, w = rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 3, 2)), rng.normal(size=(3, 2))
    generated, Z = module(text), (X - X.mean(0)) / X.std(0)

    problem = generated.bind(A, X)

    np.testing.assert_allclose(problem.stats["X"]["mean"], X.mean(0), atol=1e-15)
    expected = np.sum((np.sum(Z * w, axis=(1, 2)) - 1) ** 2) + A.sum()
    assert problem.value(w.ravel()) == pytest.approx(expected, rel=1e-13)
    predicted = generated.predict(w.ravel(), X, stats=problem.stats)["Z"]
    np.testing.assert_allclose(predicted, Z, rtol=1e-12)


def test_a_model_without_predictions_predicts_nothing(X):
    generated = module("data X[n, d]\nparam w[n]\nloss sum((X.T @ w)^2)")

    assert generated.predict(np.ones(40)) == {}
