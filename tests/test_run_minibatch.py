"""Mini-batches: every row once per epoch, the same seed the same digits, unbiased steps."""

import tracemalloc

import numpy as np
import pytest
from compiled import module
from standins import Line, line_bound, line_data, line_module

import gdsym
from gdsym.errors import UsageError
from gdsym.run import fit


def fit_line(problem, **options):
    bound = line_bound(problem.X, problem.y)
    method = options.pop("method", "gd")
    return fit(line_module(problem), bound, method=method, options=options)


@pytest.mark.parametrize("size", [1, 5, 22, 23, 24, 1000])
def test_every_epoch_sees_every_row_once(size):
    problem = Line(*line_data(23))

    result = fit_line(problem, batch_size=size, epochs=3, lr=0.01)

    batches = problem.rows_seen
    per_epoch = -(-23 // min(size, 23))
    assert len(batches) == 3 * per_epoch == result.iterations
    for epoch in range(3):
        rows = np.concatenate(batches[epoch * per_epoch : (epoch + 1) * per_epoch])
        assert sorted(rows) == list(range(23))


def test_the_last_batch_is_the_smaller_rest():
    problem = Line(*line_data(23))

    fit_line(problem, batch_size=5, epochs=1)

    assert [len(rows) for rows in problem.rows_seen] == [5, 5, 5, 5, 3]


def test_the_epochs_are_shuffled_differently():
    problem = Line(*line_data(23))

    fit_line(problem, batch_size=23, epochs=2)

    first, second = problem.rows_seen
    assert list(first) != list(second) != list(range(23))


def test_the_same_seed_gives_the_same_digits_and_another_seed_others():
    thetas = [
        fit_line(Line(*line_data()), batch_size=4, epochs=5, seed=seed).theta.tolist()
        for seed in (7, 7, 8)
    ]

    assert thetas[0] == thetas[1] != thetas[2]


@pytest.mark.parametrize("size", [1, 6, 23])
def test_the_updates_are_those_of_a_plain_loop(size):
    X, y = line_data()
    theta = np.zeros(3)
    random = np.random.Generator(np.random.PCG64(3))
    for _ in range(4):
        order = random.permutation(23)
        for i in range(0, 23, size):
            rows = order[i : i + size]
            r = X[rows] @ theta[:2] + theta[2] - y[rows]
            theta[:2] -= 0.05 * (2 * X[rows].T @ r / len(rows) + 0.1 * theta[:2])
            theta[2] -= 0.05 * 2 * r.mean() if size > 0 else 0

    result = fit_line(Line(X, y), batch_size=size, epochs=4, lr=0.05, seed=3)

    # The loop above moves w before it uses b's gradient; r was computed before either.
    np.testing.assert_allclose(result.theta, theta, rtol=1e-12)


def test_the_objective_that_is_reported_is_that_of_all_rows():
    problem = Line(*line_data())

    result = fit_line(problem, batch_size=4, epochs=2)

    f, g = problem._at(result.theta, problem.X, problem.y)
    assert result.objective == pytest.approx(f)
    assert result.grad_norm == pytest.approx(np.max(np.abs(g)))
    assert result.status == "finished"


def test_the_history_has_one_record_per_epoch_with_the_mean_over_its_batches():
    problem = Line(*line_data())

    result = fit_line(problem, batch_size=10, epochs=2, lr=1e-9)

    # At a step this short each epoch's mean is the objective of the start.
    start = problem._at(np.zeros(3), problem.X, problem.y)[0]
    assert [record.iteration for record in result.history] == [0, 1, 2]
    assert [r.objective for r in result.history] == pytest.approx([start] * 3, rel=1e-6)


def test_it_comes_near_the_solution():
    problem = Line(*line_data(200))

    result = fit_line(problem, method="adam", batch_size=20, epochs=200, lr=0.02)

    np.testing.assert_allclose(result.theta, problem.solution(), atol=0.03)


def test_a_limit_of_updates_gives_stopped():
    result = fit_line(Line(*line_data()), batch_size=5, epochs=100, max_iter=12)

    assert (result.status, result.iterations) == ("stopped", 12)


def test_a_divergence_ends_at_the_best_point_and_names_a_row():
    problem = Line(*line_data())

    result = fit_line(problem, batch_size=5, epochs=200, lr=1e3)

    assert result.status == "diverged"
    assert result.objective == pytest.approx(problem._at(np.zeros(3), problem.X, problem.y)[0])
    assert result.message.startswith("line.gd:6:12: loss is inf in iteration ")
    assert "(y - z)^2 is inf in row 1" in result.message
    assert "try a smaller lr (it is 1000)" in result.message


def test_a_long_epoch_reports_its_progress(monkeypatch):
    monkeypatch.setattr("gdsym.run.minibatch.TICK", 4)
    monkeypatch.setattr("gdsym.run.loop.BETWEEN_TICKS", 0.0)
    problem = Line(*line_data())
    seen = []

    result = fit(
        line_module(problem),
        line_bound(problem.X, problem.y),
        method="gd",
        options={"batch_size": 1, "epochs": 2},
        progress=seen.append,
    )

    assert len(seen) > 10
    assert [record.iteration for record in seen] == sorted(record.iteration for record in seen)
    assert [record for record in seen if record in result.history] == list(result.history)
    assert len(result.history) == 3


def test_a_late_divergence_gives_the_end_of_the_best_epoch():
    def update(theta, g, state, *, T=None):
        # Four epochs of five updates descend, two climb, then the parameters overflow.
        state["t"] += 1
        theta -= (0.05 if state["t"] <= 20 else -1.0 if state["t"] <= 30 else 1e300) * g

    problem = Line(*line_data())
    module = line_module(problem, RULES={"late": {"options": {}, "doc": ""}})
    module.init_late, module.update_late = (lambda theta: {"t": 0}), update
    bound = line_bound(problem.X, problem.y)

    four = fit(module, bound, method="late", options={"batch_size": 5, "epochs": 4})
    result = fit(module, bound, method="late", options={"batch_size": 5, "epochs": 50})

    assert (four.status, result.status) == ("finished", "diverged")
    np.testing.assert_array_equal(result.theta, four.theta)


# -- runs of rows --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 5, 23, 1000])
def test_runs_of_rows_are_shuffled_whole_and_every_row_is_seen(size, monkeypatch):
    monkeypatch.setattr("gdsym.run.minibatch.RUN", 7)
    problem = Line(*line_data(23))

    result = fit_line(problem, batch_size=size, epochs=3, lr=0.01, shuffle="blocks")

    per_epoch = -(-23 // min(size, 23))
    assert len(problem.rows_seen) == 3 * per_epoch == result.iterations
    orders = []
    for epoch in range(3):
        batches = problem.rows_seen[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert all(np.all(np.diff(batch) == 1) for batch in batches)
        orders.append(np.concatenate(batches).tolist())
        assert sorted(orders[-1]) == list(range(23))
    if size < 7:  # more than one run
        assert orders[0] != orders[1] or orders[1] != orders[2]
    again = fit_line(Line(*line_data(23)), batch_size=size, epochs=3, lr=0.01, shuffle="blocks")
    np.testing.assert_array_equal(again.theta, result.theta)


def test_a_limit_of_updates_holds_for_runs_too():
    result = fit_line(Line(*line_data()), batch_size=5, epochs=9, max_iter=7, shuffle="blocks")

    assert (result.status, result.iterations) == ("stopped", 7)
    assert result.options["shuffle"] == "blocks"


def test_a_shuffle_of_nothing_or_of_something_else_is_refused():
    with pytest.raises(UsageError, match="option `shuffle` is 'columns', but it must be rows or"):
        fit_line(Line(*line_data()), batch_size=5, shuffle="columns")
    with pytest.raises(UsageError, match="`shuffle` is the order of mini-batches"):
        fit_line(Line(*line_data()), shuffle="blocks")


# -- the same digits as row by row ---------------------------------------------------------------

CLASSES = """
dim k = 3
data y[n] in k
data X[d, n]
data wt[n] > 0 = 1
data S[d] = 2
param W[d, k], b[k]
let Z[n, k] = X.T @ W + b
loss mean(wt*(logsumexp[k](Z) - Z[y]))
penalty 0.01*sum(W^2) + 0.01*sum(S @ W)
"""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1, 7, 64, 203])
def test_batches_from_buffers_are_those_of_the_rows_themselves(monkeypatch, size, dtype):
    generated = module(CLASSES)
    rng = np.random.default_rng(4)
    X, y, wt = rng.normal(size=(4, 203)), rng.integers(0, 3, 203), rng.uniform(1, 2, 203)
    order = rng.permutation(203)
    blocks = {"SMALL_BYTES": 0, "SMALL_ROWS": 0, "FEWEST_ROWS": 1, "MOST_ROWS": 50}
    for name, number in blocks.items():
        monkeypatch.setattr(generated, name, number)  # a single block is converted when bound
    problem = generated.bind(y, X, wt, dtype=dtype)
    assert problem._blocks.arrays[1].dtype == dtype
    theta = rng.normal(size=problem.size)
    expected = [
        problem.batch_value_and_grad(theta, order[i : i + size]) for i in range(0, 203, size)
    ]

    for drawn, part in [(2**19, 2**22), (1, 2**22), (2**10, 2**11), (1, 1)]:
        monkeypatch.setattr(generated, "DRAWN_BYTES", drawn)
        monkeypatch.setattr(generated, "PART_BYTES", part)
        found = [problem.at_batch(theta, *batch) for batch in problem.batches(order, size)]
        for (f, g), (f2, g2) in zip(found, expected, strict=True):
            assert f == pytest.approx(f2, rel=1e-13)
            np.testing.assert_allclose(g, g2, rtol=1e-12, atol=1e-14)
        slices = [slice(i, min(i + size, 203)) for i in range(0, 203, size)]
        for batch, (count, blocks) in zip(slices, problem.batches(slices, size), strict=True):
            f, g = problem.at_batch(theta, count, blocks)
            f2, g2 = problem.batch_value_and_grad(theta, batch)
            assert f == pytest.approx(f2, rel=1e-13)
            np.testing.assert_allclose(g, g2, rtol=1e-12, atol=1e-14)


def test_large_batches_are_gathered_in_parts():
    text = "data X[n, d]\nparam m[d]\nloss mean((X - m)^2)"
    X = np.random.default_rng(1).normal(size=(80_000, 50))  # 32 MB
    model = gdsym.compile(text, update=["gd"])
    tracemalloc.start()
    try:
        result = model.fit(X=X, method="gd", batch_size=80_000, epochs=2, lr=0.1, threads=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert result.status == "finished"
    assert peak < 30e6
