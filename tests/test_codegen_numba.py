"""numba's printer: compiled loops against NumPy's kernels, 50 digits, and data of any kind."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numba as nb
import numpy as np
import pytest
from test_accuracy import NAMES as FUNCTIONS
from test_accuracy import TRUTH, ULPS, errors, orders
from test_exactness import EVERY, case

import gdsym
from gdsym.cache import load_module
from gdsym.codegen.backends import backend, numba
from gdsym.codegen.module import module_text
from gdsym.compiler import compile_text, stages
from gdsym.errors import UsageError
from gdsym.language.functions import FUNCTIONS as TABLE
from gdsym.recipe import Recipe

# Every fifth model of the zoo and the examples has loops compiled in every run, and all of them in
# a nightly one: a loop costs about a second of the compiler's time.
FIFTH = {*EVERY[::5], "two_way"}  # which reads a table at codes of two kinds


@cache
def text_of(text: str, name: str = "numba") -> str:
    return compile_text(text, "model.gd", Recipe(backend=name))


def modules(text: str):
    """The module of NumPy and the one with loops."""
    return [load_module(text_of(text, name)) for name in ("numpy", "numba")]


LOGISTIC = (
    "data X[n, d], y[n]\nparam w[d], b\nlet z = X @ w + b\n"
    "loss sum(log(1 + exp(z)) - y*z)\npenalty sum(w^2)\n"
)


def table(rows: int = 333, columns: int = 5):
    draw = np.random.default_rng(3)
    return draw.normal(size=(rows, columns)), draw.integers(0, 2, rows).astype(float)


def agree(one, two, theta) -> None:
    """Value and gradient of two bound problems, to rounding."""
    f, g = one.value_and_grad(theta)
    f2, g2 = two.value_and_grad(theta)
    assert f2 == pytest.approx(f, rel=1e-13)
    np.testing.assert_allclose(g2, g, rtol=1e-12, atol=1e-13 * np.max(np.abs(g)))


# -- functions -----------------------------------------------------------------------------------


def supporting():
    """The names of the text that a module with loops carries."""
    scope = {"nb": nb, "np": np, "math": __import__("math"), "Any": object}
    exec("\n".join(numba.BACKEND.imports) + "\n" + numba.SUPPORT, scope)
    return scope


@pytest.fixture(scope="module")
def functions():
    """Every function that a loop has, compiled: from arrays of its arguments to one of values."""
    scope = supporting()
    arities = {name: text.count("{}") for name, text in numba.FUNCTIONS.items()}
    lines = []
    for name, count in arities.items():
        args = [f"x{place}" for place in range(count)]
        entries = ", ".join(f"{arg}[i]" for arg in args)
        lines += [
            "@nb.njit(error_model='numpy')",
            f"def {name}_all({', '.join(args)}, out):",
            "    for i in range(out.size):",
            f"        out[i] = {numba.FUNCTIONS[name].format(*entries.split(', '))}",
        ]
    exec("\n".join(lines), scope)

    def values(name, *args):
        out = np.empty(args[0].size)
        scope[f"{name}_all"](*args, out)
        return out

    return values


ALONE = [name for name in numba.FUNCTIONS if name in FUNCTIONS and name != "where"]


@pytest.mark.parametrize("name", ALONE)
def test_a_function_in_a_loop_is_right_at_1000_points(name, functions):
    tried, exact, rest = (TRUTH[f"{name}.{part}"] for part in ("points", "high", "rest"))
    found = functions(name, *(np.ascontiguousarray(column) for column in tried.T))
    off = errors(found, exact[0], rest[0])
    worst = np.argmax(off)

    assert off[worst] <= ULPS, (off[worst], tried[worst])


EDGES = [0.0, 5e-324, 1e-310, 2e-308, 1e-8, 0.3, 0.7, 1.0, 1.5, 36.5, 709.78, 745.1, 746.0]
EDGES += [1e15, 1e300, np.inf]
POINTS = np.array([np.nan, *EDGES, *(-x for x in EDGES)])


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "sign", "abs", "sqrt"])
def test_the_ends_of_a_function_are_numpys(name, functions):
    with np.errstate(all="ignore"):
        expected = getattr(np, {"abs": "abs"}.get(name, name))(POINTS)

    found = functions(name, POINTS)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=5e-324)
    number = ~np.isnan(expected)
    assert np.array_equal(np.signbit(found[number]), np.signbit(expected[number]))


@pytest.mark.parametrize(("name", "reference"), [("min", np.minimum), ("max", np.maximum)])
def test_the_smaller_of_two_numbers_is_numpys(name, reference, functions):
    a, b = (array.ravel() for array in np.meshgrid(POINTS, POINTS))

    np.testing.assert_array_equal(functions(name, a, b), reference(a, b))


# Functions that a model can call; the derivatives of each in loops, too.
CALLED = [name for name in FUNCTIONS if not TABLE[name].hidden]


@pytest.mark.parametrize("name", CALLED)
def test_a_function_and_its_derivatives_are_right_where_a_model_calls_it(name, request):
    """Each point is a parameter that one row reads: by the weight of the row the slope is f, by
    the point it is that of f."""
    if name in numba.FUNCTIONS and not request.config.getoption("--nightly"):
        pytest.skip("nightly")
    tried, exact, rest = (TRUTH[f"{name}.{part}"] for part in ("points", "high", "rest"))
    points = [f"p{place}" for place in range(tried.shape[1])]
    text = (
        f"data i[n] in k\nparam a[k], {', '.join(f'{p}[k]' for p in points)}\n"
        f"loss sum(a[i]*{name}({', '.join(f'{p}[i]' for p in points)}))\n"
    )
    problem = load_module(text_of(text)).bind(i=np.arange(1000), dims={"k": 1000})

    theta = np.concatenate([np.ones(1000), *tried.T])
    value, *slopes = problem.grad(theta).reshape(-1, 1000)
    found = {(): value, **{(place,): slope for place, slope in enumerate(slopes)}}
    if len(points) == 1:
        found[0, 0] = problem.hvp(theta, np.repeat([0.0, 1.0], 1000))[1000:]
    for order, wanted, left in zip(orders(name), exact, rest, strict=True):
        if order in found:
            off = errors(found[order], wanted, left)
            if len(order) > 1:  # what a model multiplies it with may overflow before
                off[~(np.abs(wanted) < 1e300)] = 0
            worst = np.argmax(off)
            assert off[worst] <= ULPS, (order, off[worst], tried[worst].tolist())


@pytest.fixture(scope="module")
def support():
    """What a module with loops has besides them."""
    return supporting()


@pytest.mark.parametrize("limit", [-1.0, 0.0, 1.5])
def test_a_limit_is_numpys_smaller_and_larger_number(limit, support):
    for name, reference in (("_at_most", np.minimum), ("_at_least", np.maximum)):
        found = [support[name](x, limit) for x in POINTS]
        np.testing.assert_array_equal(found, reference(POINTS, limit))


@pytest.mark.parametrize("rows", [1, 127, 128, 300])
def test_products_of_few_columns_are_numpys(rows, support):
    draw = np.random.default_rng(rows)
    X, weights = draw.normal(size=(rows, 7)), draw.normal(size=rows)

    found = support["_few_products"](X, weights)

    np.testing.assert_allclose(found, (weights * X.T) @ X, rtol=0, atol=1e-13 * rows)
    np.testing.assert_array_equal(found, found.T)


# -- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_a_model_in_loops_is_the_model_in_numpy(name, request):
    if name not in FIFTH and not request.config.getoption("--nightly"):
        pytest.skip("nightly")
    model = case(name)
    made = model.stages
    first, second = (
        load_module(module_text(made.plan, made.derived, [], "0", backend=each)).bind(
            **model.data, **model.options
        )
        for each in ("numpy", "numba")
    )
    theta = model.theta

    f, g = first.value_and_grad(theta)
    f2, g2 = second.value_and_grad(theta)
    assert abs(f2 - f) <= 1e-12 * max(abs(f), 1.0)
    np.testing.assert_allclose(g2, g, rtol=1e-12, atol=1e-12 * np.max(np.abs(g)))
    H = first.hess(theta)
    scale = max(np.max(np.abs(H)), 1.0)
    np.testing.assert_allclose(second.hess(theta), H, rtol=1e-12, atol=1e-12 * scale)
    np.testing.assert_allclose(second.hvp(theta, theta), H @ theta, rtol=0, atol=1e-11 * scale)


def test_a_linear_model_is_one_loop_that_reads_its_data_once():
    text = text_of(LOGISTIC)
    partial = text[text.index("def partial(") : text.index("def finish(")]
    until_gradient = partial[: partial.index("return")]

    assert until_gradient.count("_loop_") == 1
    assert "np.exp" not in partial
    assert "THREADED = 3*2**19" in text  # others have threads later


SOFTMAX = (
    "dim k = 3\ndata X[n, d], y[n] in k\nparam W[d, k]\nobserve y ~ categorical_logit(X @ W)\n"
)


def test_products_of_matrices_stay_in_numpy():
    text = text_of(SOFTMAX)
    partial = text[text.index("def partial(") : text.index("def finish(")]

    assert "W.T @ X.T" in partial
    assert "THREADED = 2**22" in text
    assert "_loop_" in partial


@pytest.mark.parametrize(("text", "good"), [(LOGISTIC, True), (SOFTMAX, False)])
def test_a_model_that_suits_loops_has_all_its_rows_in_them(text, good):
    assert numba.suits(stages(text, "m.gd").plan) is good


def test_a_model_without_rows_has_no_loop():
    assert "numba" not in text_of("param a\nloss a^2\n").replace('BACKEND = "numba"', "")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_what_is_no_number_stays_none(value):
    X, y = table(70)
    X[17, 2] = value
    theta = np.linspace(-1, 1, 6)
    found = []
    for module in modules(LOGISTIC):
        known = module.prepare([(X, y)])
        acc = module.empty(known)
        with np.errstate(all="ignore"):
            module.partial(theta, (X, y), known, acc)
        found.append(acc.sums)
    for key, expected in found[0].items():
        np.testing.assert_allclose(found[1][key], expected, rtol=1e-12)


# -- lines of tables -----------------------------------------------------------------------------

RATINGS = "dim f = 5\ndata user[n] in u, item[n] in i, r[n]\nparam U[u, f], V[i, f]"
LINES = {
    "factors": f"{RATINGS}, a[u], c\n"
    "loss mean((r - c - a[user] - sum[f](U[user]*V[item]))^2) + 0.1*sum(U^2)\n",
    "a function of a line": f"{RATINGS}\nlet z = sum[f](U[user]*tanh(V[item]))\n"
    "loss mean(log(1 + exp(z)) - 0.3*r*z)\n",
    "read twice": f"{RATINGS}\nlet e = exp(U[user] - V[item])\nloss mean(sum[f](e*e + r*e))\n",
    "a longer product": f"{RATINGS}, s[f]\nlet z = sum[f](s*U[user]*V[item]^2)\n"
    "loss mean(exp(-z^2) + r*z)\n",
    "with a table of data": "data user[n] in u, X[n, d], r[n]\nparam B[u, d], w[d]\n"
    "loss mean(sqrt(1 + (r - X @ w - sum[d](X*B[user]))^2))\n",
    "one table twice": "dim f = 5\ndata user[n] in u, other[n] in u, r[n]\nparam U[u, f]\n"
    "let q = U[user] - U[other]\nloss mean((r - sqrt(1 + sum[f](q^2)))^2)\n",
}


def data_of_lines(text: str, rows: int = 300, users: int = 7):
    draw = np.random.default_rng(1)
    columns = {"user": users, "other": users, "item": 4}
    data = {n: draw.integers(0, k, rows) for n, k in columns.items() if f"{n}[n]" in text}
    for name, codes in data.items():
        codes[0] = columns[name] - 1  # the sizes are those of the largest codes
    if "X[n, d]" in text:
        data["X"] = draw.normal(size=(rows, 3))
    return {**data, "r": draw.normal(size=rows)}


@pytest.mark.parametrize("name", LINES)
def test_lines_of_tables_go_row_by_row_and_give_the_same(name):
    text = LINES[name]
    one, two = (module.bind(**data_of_lines(text)) for module in modules(text))
    theta = np.random.default_rng(2).normal(size=one.size)

    assert "for i in range(m):" in text_of(text)
    agree(one, two, theta)
    np.testing.assert_allclose(two.hvp(theta, theta), one.hvp(theta, theta), atol=1e-12)
    np.testing.assert_allclose(two.hess(theta), one.hess(theta), atol=1e-12)


@pytest.mark.parametrize("name", ["factors", "one table twice"])
def test_lines_of_tables_that_are_asked_for_ahead_give_the_same(name):
    text = LINES[name]
    one, two = (module.bind(**data_of_lines(text, users=7000)) for module in modules(text))

    assert 7000 * 5 > 2**15  # where `_asked` begins
    agree(one, two, np.random.default_rng(2).normal(size=one.size))


def test_factors_need_no_array_but_their_sums():
    text = text_of(LINES["factors"])
    loop = text[text.index("def _loop_1(") : text.index("def _loop_2(")]

    assert "np.empty" not in loop
    assert "np.zeros" not in loop


def test_blocks_add_to_one_running_sum():
    text = LINES["factors"]
    data = data_of_lines(text)
    theta = np.random.default_rng(2).normal(size=12 * 5 + 3)
    found = []
    for module, parts in zip(modules(text), (1, 3), strict=True):
        blocks = list(zip(*(np.array_split(array, parts) for array in data.values()), strict=True))
        totals = module.prepare(blocks)
        acc = module.empty(totals)
        for block in blocks:
            module.partial(theta, block, totals, acc)
        found.append(module.finish(theta, acc, totals))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-13)
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-12, atol=1e-13)


# -- data of any kind ----------------------------------------------------------------------------


def changed(kind: str, X, y):
    if kind == "read-only":
        X.flags.writeable = y.flags.writeable = False
    if kind == "columns first":
        X = np.asfortranarray(X)
    if kind == "strided":
        X, y = np.repeat(X, 2, axis=0)[::2], np.repeat(y, 3)[::3]
    if kind == "backwards":
        X, y = X[::-1, ::-1], y[::-1]
    if kind in ("float32", "int8", "uint64", "bool"):
        y = y.astype(kind)
    if kind == "float32":
        X = X.astype(kind)
    return X, y


@pytest.mark.parametrize(
    "kind",
    ["read-only", "columns first", "strided", "backwards", "float32", "int8", "uint64", "bool"],
)
def test_blocks_of_any_kind_give_the_same(kind):
    X, y = changed(kind, *table())
    theta = np.linspace(-1, 1, 6)
    sums = []
    for module, block in zip(
        modules(LOGISTIC), ((np.array(X, float), np.array(y, float)), (X, y)), strict=True
    ):
        totals = module.prepare([block])
        acc = module.empty(totals)
        module.partial(theta, block, totals, acc)
        sums.append(acc.sums)

    for key, expected in sums[0].items():
        np.testing.assert_allclose(sums[1][key], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["plain", "read-only", "columns first", "strided", "backwards"])
def test_rows_that_are_asked_for_ahead_give_the_same(kind):
    X, y = changed(kind, *table(2**21 // 17 + 70, 17))
    theta = np.linspace(-1, 1, 18)
    one, two = modules(LOGISTIC)
    totals = two.prepare([(X, y)])
    acc = two.empty(totals)
    two.partial(theta, (X, y), totals, acc)
    f, g = one.bind(X, y).value_and_grad(theta)
    f2, g2 = two.finish(theta, acc, totals)

    assert two._ahead(X, len(X)) == 2048 // 17
    assert f2 == pytest.approx(f, rel=1e-12)
    np.testing.assert_allclose(g2, g, rtol=1e-10, atol=1e-12 * np.max(np.abs(g)))


def test_rows_are_asked_for_where_a_cache_does_not_hold_them_and_they_are_narrow():
    ahead = modules(LOGISTIC)[1]._ahead
    block = np.empty((2**15, 16))

    assert ahead(block, 2**18) == 128
    assert not ahead(block, 2**16)
    assert not ahead(block[:100], 2**18)  # a batch
    assert not ahead(np.empty((2**17, 8)), 2**20)
    assert not ahead(np.empty((2**12, 129)), 2**20)


@pytest.mark.parametrize("rows", [1, 3, 63, 64, 65, 129, 70_000])
def test_any_number_of_rows_gives_the_same(rows):
    X, y = table(rows)
    one, two = (module.bind(X, y) for module in modules(LOGISTIC))

    agree(one, two, np.linspace(-1, 1, 6))


# -- files, caches, installations ----------------------------------------------------------------

SCRIPT = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import model
draw = np.random.default_rng(1)
problem = model.bind(draw.normal(size=(50, 3)), draw.integers(0, 2, 50))
f, g = problem.value_and_grad(np.ones(4))
(loop,) = [each for each in vars(model).values() if getattr(each, "signatures", None)
           and each.__name__.startswith("_loop_")]
print(f"{f:.12g}", sum(loop.stats.cache_hits.values()), sum(loop.stats.cache_misses.values()))
"""


def ran(folder: Path, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_second_process_finds_the_compiled_loops(tmp_path):
    (tmp_path / "model.py").write_text(text_of(LOGISTIC), encoding="utf-8")
    value, *first = ran(tmp_path)
    again, *second = ran(tmp_path)

    assert first == ["0", "1"]
    assert second == ["1", "0"]
    assert again == value


def test_where_nothing_can_be_written_loops_are_compiled_in_memory():
    module = load_module(text_of(LOGISTIC + "# in memory\n"))
    X, y = table()

    assert module.__file__.startswith("<")
    assert np.isfinite(module.bind(X, y).value(np.zeros(6)))


def test_without_numba_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("gdsym.codegen.backends.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs numba, which is not installed\n.*gdsym\[numba\]"):
        backend("numba")


# -- epochs --------------------------------------------------------------------------------------


def fitted(backend: str, text: str = LOGISTIC, rows: int = 333, **options):
    X, y = table(rows)
    given = {"method": "adam", "batch_size": 16, "epochs": 3, "lr": 0.01, "seed": 5, **options}
    return gdsym.fit(text, {"X": X, "y": y}, backend=backend, **given)


@pytest.mark.parametrize("batch_size", [1, 16, 100])
def test_an_epoch_in_loops_takes_the_steps_of_numpy(batch_size):
    one, two = (fitted(backend, batch_size=batch_size) for backend in ("numpy", "numba"))

    assert hasattr(two.module, "epoch_adam")
    assert two.iterations == one.iterations
    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-12)
    for before, after in zip(one.history, two.history, strict=True):
        assert after.objective == pytest.approx(before.objective, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "data X[n, d], y[n]\nparam w[d], v[d], b\nlet z = X @ w + b*(X @ v)\n"
        "loss sum(log(1 + exp(z)) - y*z)\npenalty sum(w^2) + sum(v^2) + 0.3*sum(w*v)\n",
        "data X[n, d], y[n]\nparam w[d], b\nlet z = X @ w + b\n"
        "loss mean(log(1 + exp(z)) - y*z)\npenalty sum(exp(w)) + b^2*sum(w^2)\n",
        "data X[n, d], y[n]\nparam w[d], b\nlet z[n] = sum[d](sin(X*w)) + b\n"
        "loss mean((z - y)^2)\n",
    ],
)
def test_any_penalty_and_any_use_of_a_table_steps_in_loops(text):
    one, two = fitted("numpy", text), fitted("numba", text)

    assert hasattr(two.module, "epoch_adam")
    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-11)


@pytest.mark.parametrize("options", [{"lr": "0.01/sqrt(t)"}, {"fix": {"b": 0.25}}])
def test_what_changes_a_step_goes_batch_by_batch(options):
    one, two = fitted("numpy", **options), fitted("numba", **options)

    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-12)


def test_bounds_hold_in_mini_batches():
    text = LOGISTIC.replace("param w[d], b", "param w[d] >= 0\nparam b > 0")
    one, two = fitted("numpy", text), fitted("numba", text)

    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-12)
    assert np.min(two.theta) == 0


def test_a_step_to_infinity_ends_a_run_in_loops_too():
    one, two = fitted("numpy", lr=1e308), fitted("numba", lr=1e308)

    assert one.status == two.status == "diverged"
    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-12)


def test_a_rule_with_a_number_as_a_state_and_every_given_name_steps_in_loops(tmp_path):
    rule = tmp_path / "odd.gd"
    rule.write_text(
        "optimizer odd(lr = 0.01)\n"
        "state u = 1\nstate m = 0\n"
        "update u = 0.9*u + 0.1*norm(g)\nupdate m = m + g/u\n"
        "update x = x - lr*(m + 0.01*(x - x0))*(1 - t/T)/(1 + f)\n"
    )
    one, two = (fitted(backend, method=str(rule)) for backend in ("numpy", "numba"))

    assert hasattr(two.module, "epoch_odd")
    np.testing.assert_allclose(two.theta, one.theta, rtol=1e-12)


def test_a_model_with_products_of_matrices_has_no_epochs():
    text = compile_text(SOFTMAX, "m.gd", Recipe(update=["adam"], backend="numba"))

    assert "def epoch_adam" not in text
