"""Threads share the rows: no digit depends on their number, errors come out, nothing stays."""

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from compiled import module

import gdsym
from gdsym.errors import UsageError

LOGISTIC = """
data X[n, d]
data y[n] in {0, 1}
param w[d], b
let z = X @ w + b
loss mean(softplus(z) - y*z)
penalty 0.05*sum(w^2)
"""
CLASSES = """
dim k = 4
data X[n, d]
data y[n] in k
data u[n] in groups
param W[d, k], a[groups]
let Z = X @ W
loss mean(logsumexp[k](Z) - Z[y] + (a[u] - 1)^2)
"""
PASSES = """
data X[n, d]
param w[d]
let z = X @ w
let centre = mean(z)
loss mean((z - centre)^4) + logsumexp[n](z)/10 + sum(standardize(X) @ w)^2/n
"""
SQUARES = """
data X[n, d]
data t[n]
param w[d], b
residual t - tanh(X @ w + b)
"""
ELEMENTS = """
data t[n] > 0
param top > 0 = 3, half > 0 = 2
loss mean((t - top*t/(half + t))^2)
"""
WHOLE = """
data X[n, d]
param w[n]
loss sum((X.T @ w)^2) + sum(w^2)
"""
COUNTS = (1, 2, 3, 7)
ROWS = 2003


@pytest.fixture
def data():
    rng = np.random.default_rng(11)
    return {
        "X": rng.normal(size=(ROWS, 3)),
        "y": rng.integers(0, 2, ROWS),
        "u": rng.integers(0, 5, ROWS),
        "t": rng.uniform(0.1, 2.0, ROWS),
    }


def bound(monkeypatch, text, data, threads, rows=16):
    """A problem of many blocks, and so of many shares."""
    generated = module(text)
    for name, size in {"SMALL_BYTES": 0, "SMALL_ROWS": 0, "FEWEST_ROWS": 1}.items():
        monkeypatch.setattr(generated, name, size)
    monkeypatch.setattr(generated, "MOST_ROWS", rows)
    problem = generated.bind(
        **{entry["arg"]: data[entry["arg"]] for entry in generated.DATA}, threads=threads
    )
    monkeypatch.undo()
    assert problem.threads == threads
    return problem


def answers(problem, theta):
    """Everything that is summed over rows, pass by pass and order by order."""
    found = [problem.value(theta), *problem.value_and_grad(theta), problem.loss(theta)]
    found += [problem.hess(theta), problem.hvp(theta, np.cos(theta))]
    if hasattr(problem, "scores"):
        found.append(problem.scores(theta))
    if hasattr(problem, "residual_qr"):
        found += problem.residual_qr(theta)
    return found


@pytest.mark.parametrize("text", [LOGISTIC, CLASSES, PASSES, SQUARES, ELEMENTS, WHOLE])
def test_no_digit_depends_on_the_number_of_threads(monkeypatch, text, data):
    if text is WHOLE:  # its Hessian has an entry for each pair of rows
        data = {name: array[:60] for name, array in data.items()}
    alone = bound(monkeypatch, text, data, 1)
    theta = np.linspace(0.2, 0.9, alone.size)
    expected = answers(alone, theta)

    for count in COUNTS[1:]:
        problem = bound(monkeypatch, text, data, count)
        for _ in range(3):  # who takes which share is another matter each time
            for found, known in zip(answers(problem, theta), expected, strict=True):
                np.testing.assert_array_equal(found, known)


def test_scores_and_qr_are_those_of_one_block(monkeypatch, data):
    cut, whole = bound(monkeypatch, SQUARES, data, 3), module(SQUARES).bind(data["X"], data["t"])
    theta = np.array([0.3, -0.2, 0.5, 0.1])

    np.testing.assert_allclose(cut.scores(theta), whole.scores(theta), rtol=1e-12)
    R, z, rest = cut.residual_qr(theta, np.array([1.0, 2.0, 3.0, 4.0]))
    J, r = whole.jacobian(theta) / [1, 2, 3, 4], whole.residuals(theta)
    np.testing.assert_allclose(R.T @ R, J.T @ J, rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(R.T @ z, J.T @ r, rtol=1e-10, atol=1e-10)
    assert z @ z + rest == pytest.approx(r @ r, rel=1e-12)


def test_a_qr_of_what_is_not_finite_is_nan_in_any_share(monkeypatch, data):
    problem = bound(monkeypatch, SQUARES, data, 3)

    R, z, rest = problem.residual_qr(np.array([np.nan, 0, 0, 0]))

    assert np.isnan(R).all()
    assert np.isnan(z).all()
    assert np.isnan(rest)


def test_a_fit_is_the_same_with_any_number_of_threads(monkeypatch, data):
    generated = gdsym.compile(LOGISTIC)
    monkeypatch.setattr(generated.module, "SMALL_BYTES", 0)
    monkeypatch.setattr(generated.module, "SMALL_ROWS", 0)
    arrays = {"X": data["X"], "y": data["y"]}

    one, three = (generated.fit(**arrays, threads=count) for count in (1, 3))

    assert one.iterations == three.iterations
    np.testing.assert_array_equal(one.theta, three.theta)
    assert one.objective == three.objective


# -- how many ------------------------------------------------------------------------------------


def test_few_data_have_one_thread_and_many_the_physical_cores():
    generated = module(ELEMENTS)

    few, many = np.ones(1000), np.ones(500_000)

    assert generated.bind(few).threads == 1
    assert generated.bind(many).threads == generated._cores()
    assert 1 <= generated._cores() <= (os.cpu_count() or 1)


def test_the_cores_are_those_that_the_process_may_use(monkeypatch):
    generated = module(ELEMENTS)
    monkeypatch.setattr(generated.os, "sched_getaffinity", lambda _: {0, 1, 4, 5}, raising=False)
    lines = {
        "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0,4",
        "/sys/devices/system/cpu/cpu4/topology/thread_siblings_list": "0,4",
        "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list": "1,5",
        "/sys/devices/system/cpu/cpu5/topology/thread_siblings_list": "1,5",
    }
    monkeypatch.setattr(generated, "_line", lambda path: lines.get(path, ""))

    assert generated._cores() == 2
    lines["/sys/fs/cgroup/cpu.max"] = "150000 100000"
    assert generated._cores() == 1
    lines["/sys/fs/cgroup/cpu.max"] = "max 100000"
    assert generated._cores() == 2
    lines.clear()
    assert generated._cores() == 4


@pytest.mark.parametrize(
    ("threads", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_a_number_of_threads_that_is_none_is_refused(threads, error):
    with pytest.raises(error, match="threads must be a whole number from 1 up"):
        module(ELEMENTS).bind(np.ones(3), threads=threads)
    with pytest.raises(UsageError, match=r"threads is .* a whole number from 1 up"):
        gdsym.fit(ELEMENTS, t=np.ones(3), threads=threads)


def test_data_may_be_called_threads():
    generated = module("data threads[n]\nparam m\nloss mean((threads - m)^2)")

    problem = generated.bind(threads_=[1.0, 3.0], threads=2)

    assert problem.value([2.0]) == 1.0
    assert gdsym.fit("data threads[n]\nparam m\nloss mean((threads - m)^2)",
                     {"threads": [1.0, 3.0]}).params["m"] == pytest.approx(2.0)  # fmt: skip


# -- errors and interrupts -----------------------------------------------------------------------


class Failed(Exception):
    pass


def failing(problem, monkeypatch, generated, at_call, where):
    """A kernel that fails at some call, in the caller's thread or in another one."""
    kernel, calls, lock = generated.partial, [], threading.Lock()
    mine = threading.get_ident()

    def broken(*given):
        with lock:
            calls.append(None)
            late = len(calls) >= at_call
        if late and (threading.get_ident() == mine) == (where == "caller"):
            raise Failed
        time.sleep(0.0005)  # so that every thread has its share
        kernel(*given)

    monkeypatch.setattr(generated, "partial", broken)
    return calls


@pytest.mark.parametrize("where", ["caller", "worker"])
@pytest.mark.parametrize("at_call", [1, 5, 40])
def test_an_error_in_any_thread_comes_to_the_caller(monkeypatch, data, where, at_call):
    problem, theta = bound(monkeypatch, LOGISTIC, data, 3), np.ones(4)
    expected = problem.value_and_grad(theta)
    failing(problem, monkeypatch, module(LOGISTIC), at_call, where)

    with pytest.raises(Failed):
        problem.value_and_grad(theta)
    monkeypatch.undo()

    f, g = problem.value_and_grad(theta)  # and the next evaluation is as good as ever
    assert f == expected[0]
    np.testing.assert_array_equal(g, expected[1])


def test_the_pieces_after_an_error_are_not_begun(monkeypatch, data):
    problem = bound(monkeypatch, LOGISTIC, data, 2)
    calls = failing(problem, monkeypatch, module(LOGISTIC), 5, "worker")

    with pytest.raises(Failed):
        problem.value_and_grad(np.ones(4))

    assert len(calls) < ROWS / 16 / 2


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
@pytest.mark.parametrize("after", [0.003, 0.02, 0.05])
def test_ctrl_c_ends_an_evaluation_and_leaves_the_problem_usable(monkeypatch, data, after):
    problem, theta = bound(monkeypatch, LOGISTIC, data, 3), np.ones(4)
    expected = problem.value_and_grad(theta)[0]
    generated = module(LOGISTIC)
    kernel = generated.partial

    def slow(*given):
        time.sleep(0.01)
        kernel(*given)

    monkeypatch.setattr(generated, "partial", slow)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, after)
            problem.value_and_grad(theta)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    monkeypatch.undo()

    assert problem.value_and_grad(theta)[0] == expected


def test_warnings_of_arithmetic_are_silent_in_every_thread(monkeypatch, data):
    problem = bound(monkeypatch, ELEMENTS, data, 3)
    with np.errstate(all="raise"):
        assert not np.isfinite(problem.value(np.array([1e308, -0.5])))


# -- threads of the user's, forks, ends ----------------------------------------------------------


def test_evaluations_from_several_threads_at_once_do_not_meet(monkeypatch, data):
    problem = bound(monkeypatch, CLASSES, data, 3)
    thetas = np.random.default_rng(5).normal(size=(12, problem.size))
    expected = [problem.value_and_grad(theta) for theta in thetas]
    wrong = []

    def work(order):
        for i in order:
            f, g = problem.value_and_grad(thetas[i])
            if f != expected[i][0] or not np.array_equal(g, expected[i][1]):
                wrong.append(i)

    orders = [range(12), range(11, -1, -1), [i * 5 % 12 for i in range(12)]]
    users = [threading.Thread(target=work, args=(order,)) for order in orders]
    for user in users:
        user.start()
    for user in users:
        user.join(60)

    assert not any(user.is_alive() for user in users)
    assert not wrong


def test_threads_begin_with_the_first_evaluation_and_end_with_the_problem(monkeypatch, data):
    others = set(threading.enumerate())  # some of which are about to end
    problem = bound(monkeypatch, LOGISTIC, data, 4)
    assert set(threading.enumerate()) <= others

    for _ in range(3):
        problem.value_and_grad(np.ones(4))
    ours = set(threading.enumerate()) - others
    assert len(ours) == 3

    del problem
    gc.collect()
    for thread in ours:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch, data):
    problem, theta = bound(monkeypatch, LOGISTIC, data, 3), np.ones(4)
    f, g = problem.value_and_grad(theta)

    child = os.fork()
    if not child:
        signal.alarm(60)  # a child that hangs is a failure, not a stop
        f2, g2 = problem.value_and_grad(theta)
        os._exit(0 if f2 == f and np.array_equal(g2, g) and threading.active_count() == 3 else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert problem.value_and_grad(theta)[0] == f


def test_a_problem_that_has_threads_can_be_copied(monkeypatch, data, tmp_path):
    (tmp_path / "curve_of_threads.py").write_text(gdsym.compile(LOGISTIC).text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import curve_of_threads

    monkeypatch.setattr(curve_of_threads, "SMALL_BYTES", 0)
    monkeypatch.setattr(curve_of_threads, "MOST_ROWS", 600)
    monkeypatch.setattr(curve_of_threads, "SMALL_ROWS", 0)
    problem = curve_of_threads.bind(data["X"], data["y"], threads=2)
    f = problem.value(np.ones(4))

    copy = pickle.loads(pickle.dumps(problem))

    assert copy.value(np.ones(4)) == f
    assert copy.threads == 2


ALONE = """
import sys
import threading

import numpy as np

if sys.argv[1] == "without":
    sys.modules["threadpoolctl"] = None
import model

model.SMALL_BYTES = model.SMALL_ROWS = 0
model.MOST_ROWS = 64
t = np.linspace(0.1, 2.0, 1000)
problem = model.bind(t, threads=3)
print(problem.value([3.0, 2.0]) == model.bind(t, threads=1).value([3.0, 2.0]))
print(threading.active_count())
"""


@pytest.mark.parametrize("blas", ["with", "without"])
def test_a_program_ends_with_its_problem_alive_and_threadpoolctl_is_not_needed(tmp_path, blas):
    (tmp_path / "model.py").write_text(gdsym.compile(ELEMENTS).text, encoding="utf-8")
    (tmp_path / "use.py").write_text(ALONE, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "use.py", blas], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert (done.stdout, done.stderr, done.returncode) == ("True\n3\n", "", 0)


def test_blas_has_one_thread_in_an_evaluation_and_its_own_afterwards(monkeypatch, data):
    from threadpoolctl import threadpool_info, threadpool_limits

    generated, seen = module(LOGISTIC), []
    problem = bound(monkeypatch, LOGISTIC, data, 2)
    kernel = generated.partial

    def counts():
        return {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}

    def watching(*given):
        seen.append(counts())
        kernel(*given)

    with threadpool_limits(2, user_api="blas"):
        before = counts()
        monkeypatch.setattr(generated, "partial", watching)
        problem.value(np.ones(4))
        assert counts() == before
    assert {1} == set().union(*seen)
