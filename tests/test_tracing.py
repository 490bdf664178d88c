"""Losses written in NumPy, traced: the model is the function; what is no formula is refused."""

import builtins
import inspect
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import numpy_losses
import pytest
import refused_losses
from numpy_losses import LOSSES
from refused_losses import REFUSED

import gdsym
from gdsym.calculus.build import build
from gdsym.cli import run
from gdsym.gradcheck.functions.places import arguments
from gdsym.gradcheck.points import point, sizes
from gdsym.gradcheck.trace.numbers import number
from gdsym.gradcheck.trace.roles import Entry, entries
from gdsym.language.canonical import canonical
from gdsym.language.check import load_model

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"


def spec(loss):
    found = LOSSES[loss]
    return found if isinstance(found, tuple) else (found, None)


@pytest.fixture(scope="module")
def texts():
    found = {}
    for loss in LOSSES:
        shapes, params = spec(loss)
        found[loss] = gdsym.trace(loss, shapes, params=params)
    return found


def names(loss):
    return loss.__name__


def test_there_are_many_losses():
    assert len(LOSSES) >= 60
    assert len(REFUSED) >= 45


def test_the_traced_texts_are_the_golden_ones(texts, request):
    page = GOLDEN / "traced.txt"
    written = "\n".join(texts.values())
    if request.config.getoption("--update-golden"):
        page.write_text(written, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("loss", LOSSES, ids=names)
def test_a_traced_text_is_in_the_canonical_layout(loss, texts):
    assert canonical(texts[loss], "a.gd") == texts[loss]


# -- what the model computes is what the function computes --------------------------------------


def called(loss, values, order):
    """The function at the values of a model: pieces of a flat vector are put together."""
    taken = inspect.signature(loss).parameters
    given = {name: np.copy(value)[()] for name, value in values.items() if name in taken}
    for entry in entries(spec(loss)[0], "--shapes"):
        if "1" in entry.dims:  # a column vector
            at = tuple(i for i, dim in enumerate(entry.dims) if dim == "1")
            given[entry.name] = np.expand_dims(given[entry.name], at)
    free = [n for n, p in taken.items() if n not in given and p.default is inspect.Parameter.empty]
    if free:
        (vector,) = free
        given[vector] = np.concatenate([np.ravel(values[name]) for name in order])
    return float(loss(**given))


def differences(value, x):
    """The gradient by central differences of the fourth order."""
    found = np.empty_like(x)
    for i in range(x.size):
        step = np.zeros_like(x)
        step[i] = 1e-3 * max(abs(x[i]), 0.1)
        far, near = value(x + 2 * step) - value(x - 2 * step), value(x + step) - value(x - step)
        found[i] = (8 * near - far) / (12 * step[i])
    return found


@pytest.mark.parametrize("loss", LOSSES, ids=names)
def test_the_compiled_model_has_the_value_and_the_gradient_of_the_function(loss, texts, capsys):
    model = load_model(texts[loss], "a.gd")
    compiled = gdsym.compile(texts[loss])
    values = arguments(build(model), point(model, sizes(model, 11, declared=True), 2000))
    order = [p.name for p in model.params]
    consts = {c.name for c in model.consts}
    lists = {c.name for c in model.consts if isinstance(c.value, tuple)}
    given = {d.name: values[d.name] for d in model.data}
    bound = compiled.bind(None, {}, given) if given else None
    chosen = {e["arg"]: values[e["name"]] for e in compiled.module.CONSTS
              if e["name"] in consts - lists}  # fmt: skip
    by_name = {entry["name"]: entry["arg"] for entry in compiled.module.DATA}
    arrays = {by_name[n]: a for n, a in bound.arrays.items()} if bound else {}
    problem = compiled.module.bind(**arrays, **chosen, dims=bound.dims if bound else None)
    values |= {c.name: np.array([float(v.value) for v in c.value]) for c in model.consts
               if c.name in lists}  # fmt: skip
    theta = problem.pack(**{name: values[name] for name in order})

    def at(x):
        return called(loss, values | problem.unpack(x), order)

    value, gradient = problem.value_and_grad(theta)
    # Rounding of both; a kernel matrix, of which the inverse is taken, costs some digits.
    assert value == pytest.approx(at(theta), rel=1e-9, abs=1e-9)
    # The error of the differences: steps of 1e-3 to the fourth power, and rounding over the step.
    scale = max(1.0, np.abs(gradient).max())
    np.testing.assert_allclose(gradient, differences(at, theta), rtol=0, atol=2e-6 * scale)


# -- what is refused ----------------------------------------------------------------------------


def refusals():
    found = []
    for loss, shapes in REFUSED.items():
        refused_losses.rng = np.random.default_rng(0)
        refused_losses.CALLS["count"] = 0
        refused_losses.random.seed(0)
        with pytest.raises(gdsym.GdsymError) as caught:
            gdsym.trace(loss, shapes)
        found.append(f"$ {loss.__name__} --shapes {shapes}\n{caught.value}\n")
    return "\n".join(found)


def test_what_is_no_formula_is_refused_with_the_golden_message(request, monkeypatch):
    monkeypatch.chdir(TESTS)
    page = GOLDEN / "refused_losses.txt"
    written = refusals()
    if request.config.getoption("--update-golden"):
        page.write_text(written, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == written


def test_a_refusal_shows_the_place_in_the_users_file(monkeypatch):
    monkeypatch.chdir(TESTS)
    with pytest.raises(gdsym.GdsymError) as caught:
        gdsym.trace(refused_losses.a_mask, REFUSED[refused_losses.a_mask])

    (diagnostic,) = caught.value.diagnostics
    source = caught.value.source
    assert source.name == "refused_losses.py"
    assert diagnostic.kind == "trace"
    assert source.text[diagnostic.span.start : diagnostic.span.stop] == "r[r > 0]"


@pytest.mark.parametrize("loss", [numpy_losses.ridge, refused_losses.a_branch], ids=names)
def test_everything_that_stood_in_is_as_it_was(loss):
    before = dict(vars(numpy_losses)), dict(vars(refused_losses))
    functions = np.asarray, np.zeros, np.arange, math.log, builtins.len, sys.gettrace()

    try:
        gdsym.trace(loss, "X=n,d y=n w=d")
    except gdsym.GdsymError:
        assert loss is refused_losses.a_branch

    assert (dict(vars(numpy_losses)), dict(vars(refused_losses))) == before
    assert (np.asarray, np.zeros, np.arange, math.log, builtins.len, sys.gettrace()) == functions


# -- gradients ----------------------------------------------------------------------------------

CODE = """
import os, sys, time
import numpy as np

def loss(w, b, X, y, lam=0.1):
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y*z) + lam/2*np.sum(w**2)

def gradient(w, b, X, y, lam=0.1):
    n = len(y)
    p = 1/(1 + np.exp(-(X @ w + b)))
    return X.T @ (p - y)/n + lam*w, np.mean(p - y)

def by_name(w, b, X, y, lam=0.1):
    gw, gb = gradient(w, b, X, y, lam)
    return {"b": gb, "w": gw}

def with_loss(w, b, X, y, lam=0.1):
    return loss(w, b, X, y, lam), gradient(w, b, X, y, lam)

def no_penalty(w, b, X, y):
    p = 1/(1 + np.exp(-(X @ w + b)))
    return X.T @ (p - y)/len(y), np.mean(p - y)

def by_rows(w, b, X, y, lam=0.1):
    gw, gb = lam*w, 0.0
    for i in range(len(y)):
        r = 1/(1 + np.exp(-(X[i] @ w + b))) - y[i]
        gw, gb = gw + r*X[i]/len(y), gb + r/len(y)
    return gw, gb

def flat(theta, X, y):
    w, b = theta[:-1], theta[-1]
    return np.mean((X @ w + b - y)**2) + 0.1*theta @ theta

def flat_gradient(theta, X, y):
    r = X @ theta[:-1] + theta[-1] - y
    return 2*np.append(X.T @ r/len(y), r.mean()) + 0.2*theta

def softmax(W, X, y):
    Z = X @ W
    P = np.exp(Z)/np.exp(Z).sum(axis=1, keepdims=True)
    return -np.log(P[np.arange(len(y)), y]).sum()

def softmax_gradient(W, X, y):
    Z = X @ W - (X @ W).max(axis=1)[:, None]
    P = np.exp(Z)/np.exp(Z).sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return X.T @ P

def network(W1, b1, w2, b2, X, y):
    hidden = np.tanh(X @ W1 + b1)
    return np.mean((hidden @ w2 + b2 - y)**2)

def backprop(W1, b1, w2, b2, X, y):
    hidden = np.tanh(X @ W1 + b1)
    delta = 2*(hidden @ w2 + b2 - y)/len(y)
    back = np.outer(delta, w2)*(1 - hidden**2)
    return X.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum()

def transposed(W1, b1, w2, b2, X, y):
    a, b, c, d = backprop(W1, b1, w2, b2, X, y)
    return a.T, b, c, d

X, y = np.ones((5, 2)), np.arange(5.0)

def inside(w):
    return np.sum((X @ w - y)**2)

def inside_gradient(w):
    return 2*X.T @ (X @ w - y)

def never(w, y):
    while True:
        time.sleep(0.1)

def never_with_numbers(w, y):
    while not hasattr(y, "groups"):
        time.sleep(0.1)
    return np.sum((y - w)**2)

def ends(w, y):
    os._exit(3)

def ends_later(w, y):
    if isinstance(y, np.ndarray):
        os._exit(3)
    return np.sum((y - w)**2)

def jokes(w, y):
    print("a joke")
    os.write(1, b"another\\n")
    return np.sum((y - w)**2)

def reads(w, y):
    return np.sum((y - w)**2) + len(input())

def by_place(w, y, /):
    return np.sum((y - w)**2)

def options(w, y, *, robust=False, name=None, power=2):
    if robust:
        return np.sum(np.abs(y - w))
    return np.sum((y - w)**power)
"""
SHAPES = "X=n,d w=d y=n"
NETWORK = "X=n,d W1=d,h b1=h w2=h y=n h=3"


@pytest.fixture
def code(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("loss", "gradient", "shapes", "params"),
    [
        ("loss", "gradient", SHAPES, None),
        ("loss", "by_name", SHAPES, None),
        ("loss", "with_loss", SHAPES, None),
        ("flat", "flat_gradient", "X=n,d y=n", "w=d, b"),
        ("softmax", "softmax_gradient", "X=n,d W=d,k y=n", None),
        ("network", "backprop", NETWORK, None),
        ("inside", "inside_gradient", "X=n,d w=d y=n", None),
    ],
)
def test_a_right_gradient_in_numpy_is_proved(code, loss, gradient, shapes, params):
    report = gdsym.check_gradient(
        f"mine.py:{loss}", f"mine.py:{gradient}", shapes=shapes, params=params
    )

    assert {claim.verdict for claim in report.claims} == {"PROVED"}, report


def test_a_wrong_one_is_diagnosed(code):
    report = gdsym.check_gradient("mine.py:loss", "mine.py:no_penalty", shapes=SHAPES)

    of_w, of_b = report.claims
    assert (of_w.verdict, of_b.verdict) == ("WRONG", "PROVED")
    assert of_w.diagnosis[0].kind == "missing_term"
    assert "lam*w" in of_w.diagnosis[0].corrected


@pytest.mark.parametrize(
    ("gradient", "loss", "shapes", "verdicts"),
    [
        ("by_rows", "loss", SHAPES, ["AGREES", "AGREES"]),
        ("transposed", "network", NETWORK, ["WRONG", "AGREES", "AGREES", "AGREES"]),
    ],
)
def test_a_gradient_that_is_no_formula_is_called_instead(code, gradient, loss, shapes, verdicts):
    report = gdsym.check_gradient(f"mine.py:{loss}", f"mine.py:{gradient}", shapes=shapes)

    assert [claim.verdict for claim in report.claims] == verdicts


def test_functions_of_this_process_are_traced_too():
    report = gdsym.check_gradient(
        numpy_losses.least_squares, lambda w, X, y: X.T @ (X @ w - y), shapes="X=n,d w=d y=n"
    )

    assert report.holds
    assert report.claims[0].verdict == "PROVED"


def test_the_fixture_for_test_suites_takes_shapes(assert_gradient):
    report = assert_gradient(
        numpy_losses.least_squares, lambda w, X, y: X.T @ (X @ w - y), shapes="X=n,d w=d y=n"
    )
    assert report.holds


# -- the command --------------------------------------------------------------------------------


def test_the_command_writes_the_model_and_check_proves_the_claims(code, capfd):
    arguments = ["trace", "mine.py:loss", "--grad", "mine.py:gradient", "--shapes", "X=n,d"]
    assert run([*arguments, "w=d", "y=n", "-o", "mine.gd"]) == 0
    assert capfd.readouterr() == ("", "")
    assert (code / "mine.gd").read_text().splitlines() == [
        "model loss",
        "",
        "data  X[n, d], y[n]",
        "param w[d], b",
        "const lam = 0.1",
        "",
        "let   z = X @ w + b",
        "loss  mean(logaddexp(0, z) - y*z) + lam/2*sum(w^2)",
        "",
        "let   p = 1/(1 + exp(-z))",
        "claim grad(w) = X.T @ (p - y)/n + lam*w",
        "claim grad(b) = mean(p - y)",
    ]

    assert run(["check", "mine.gd"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "2 PROVED"
    assert run(["check", "mine.gd", "--against", "mine.py:by_rows"]) == 0


def test_check_traces_both_and_prints_json(code, capsys):
    command = ["check", "mine.py:loss", "--grad", "mine.py:no_penalty", "--shapes", SHAPES]
    assert run([*command, "--json"]) == 1

    report = json.loads(capsys.readouterr().out)
    assert [claim["verdict"] for claim in report["claims"]] == ["WRONG", "PROVED"]


def test_check_takes_the_shapes_in_several_words_as_trace_does(code, capsys):
    command = ["check", "mine.py:loss", "--grad", "mine.py:no_penalty", "--shapes"]
    told = []
    for shapes in ([SHAPES], SHAPES.split()):
        assert run([*command, *shapes]) == 1
        told.append(capsys.readouterr().out)

    assert told[0] == told[1]


def test_a_module_by_its_name_will_do(code, capfd):
    assert run(["trace", "mine:by_place", "--shapes", "y=n", "w"]) == 0
    assert capfd.readouterr().out.endswith("loss  sum((y - w)^2)\n")


def test_what_a_function_prints_is_not_the_model(code, capfd):
    assert run(["trace", "mine.py:jokes", "--shapes", "y=n"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("model jokes\n")
    assert "another" not in out
    assert "a joke" in err


def test_defaults_that_are_no_numbers_stay_and_are_not_traced(code, capfd):
    assert run(["trace", "mine.py:options", "--shapes", "y=n"]) == 0
    assert "const power = 2\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("never", "mine.py:never does not return within 0.5 s (`--timeout`)"),
        ("never_with_numbers", "mine.py:never_with_numbers does not return within 0.5 s"),
        ("ends", "mine.py:ends ends its process (exit code 3)"),
        ("ends_later", "mine.py:ends_later ends its process (exit code 3)"),
        ("reads", "error[trace]: when it is traced the function raises EOFError"),
        ("absent", "mine.py has no `absent`; it has loss, gradient,"),
    ],
)
def test_a_hostile_function_gets_an_error_and_is_ended(code, capfd, function, message):
    start = time.monotonic()
    command = ["trace", f"mine.py:{function}", "--shapes", "y=n", "--timeout", "0.5"]

    assert run([*command, "-o", "mine.gd"]) == 2
    assert message in capfd.readouterr().err
    assert time.monotonic() - start < 60
    assert not (code / "mine.gd").exists()


# -- what the arguments are ---------------------------------------------------------------------


def test_shapes_are_read_in_each_of_their_forms():
    wanted = [Entry("X", ("n", "d")), Entry("y", ("n",), " in {0, 1}"), Entry("k", size=3)]

    for given in (
        "X=n,d, y=n in {0, 1}, k=3",
        ["X=n,d", "y=n in {0, 1}", "k=3"],
        ["X[n, d], y[n] in {0, 1}", "k=3"],
        ["X=(n, d) k=3", "y=n in {0, 1}"],
        {"X": "n,d", "y": "n in {0, 1}", "k": 3},
        {"X": ("n", "d"), "y": "n in {0, 1}", "k": 3},
    ):
        assert sorted(entries(given, "--shapes"), key=str) == sorted(wanted, key=str), given


@pytest.mark.parametrize(
    ("shapes", "params", "message"),
    [
        ("Z=n,d", None, "has no argument `Z`"),
        ("XX=n,d", None, "did you mean `X`?"),
        ("X=n,3 y=n w=d", None, "a dimension has a name\nhelp: give it a name and a size: X=n,k"),
        ("X=n,d y=n w=d w=d", None, "--shapes: `w` is given twice"),
        ("X=n,d,+ y=n", None, "`+` is no name of a dimension"),
        ("X=n,d y=n w=k", None, "`d` meets `k`"),
        ("X=n,d y=n w=d e=3", None, "no argument has a dimension `e`"),
        ("X=n,y y=n", None, "`y` is an argument, and cannot be the name of a dimension, too"),
        ("X=n,d y=n w=d", "b=d", "has no argument for the vector of b"),
        ("X=n,d y=n", "ww=d", "has no argument `ww`\nhelp: did you mean `w`?"),
        ("X=n,d y=n w=n", None, "which arguments of least_squares are parameters?"),
        ("5", None, "a name and its dimensions were expected"),
        ("X=n,n,n", None, "a dimension stands at most twice"),
        ("X=n,d y=n", None, "`@` with `w`, which is a number"),
        ("X=n,d w=d, y=n in {0 1}", None, "--shapes y[n] in {0 1}: an operator is missing"),
        ("X=n,d w=d, y=n in counts > 3", None, "--shapes y[n] in counts > 3: a second domain"),
    ],
)
def test_wrong_shapes_are_told(shapes, params, message):
    with pytest.raises(gdsym.GdsymError) as caught:
        gdsym.trace(numpy_losses.least_squares, shapes, params=params)

    assert message in str(caught.value)


def test_a_dimension_of_parameters_alone_needs_a_size():
    with pytest.raises(gdsym.GdsymError) as caught:
        gdsym.trace(numpy_losses.two_layers, "X=n,d W1=d,h b1=h W2=h y=n")

    assert str(caught.value).endswith("help: give it one: --shapes h=3")


def test_params_say_what_is_a_parameter_and_the_rest_is_data_or_constant():
    text = gdsym.trace(lambda a, b, x, y: np.sum((y - a * x - b) ** 2), "x=n y=n", params="a > 0")

    assert text.splitlines()[2:5] == ["data  x[n], y[n]", "param a > 0", "const b"]


def test_axes_that_are_equal_by_accident_are_not_confused():
    """`w @ X` of a square X has numbers, and is another formula than `X @ w`."""
    assert "loss  sum((w @ X - y)^2)" in gdsym.trace(
        lambda w, X, y: np.sum((w @ X - y) ** 2), "X=d,n w=d y=n", params="w"
    )
    with pytest.raises(gdsym.GdsymError):
        gdsym.trace(lambda w, X, y: np.sum((w @ X - y) ** 2), "X=n,d w=d y=n", params="w")


def test_a_column_vector_that_meets_a_vector_shows_what_it_becomes():
    """`X @ w - y` of shapes (n, 1) and (n,) is a matrix: a mistake that NumPy does not tell."""
    text = gdsym.trace(lambda w, X, y: np.sum((X @ w - y) ** 2), "X=n,d y=n w=d,1", params="w")

    assert "loss  sum[n, m]((X @ w - y[m])^2)" in text


def test_a_gradient_in_column_vectors_is_proved():
    report = gdsym.check_gradient(
        lambda w, X, y: np.sum((X @ w - y) ** 2),
        lambda w, X, y: 2 * X.T @ (X @ w - y),
        shapes="X=n,d y=n,1 w=d,1",
        params="w",
    )

    assert report.claims[0].verdict == "PROVED"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2 * math.pi, "2*pi"),
        (0.5 * math.log(2 * math.pi), "log(2*pi)/2"),
        (-math.pi, "-pi"),
        (1 / 3, "1/3"),
        (-2 / 3, "-2/3"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (1e-12, "1e-12"),
        (4.685, "4.685"),
        (3.0, "3"),
        (True, "1"),
        (math.inf, "inf"),
        (0.123456789012, "0.123456789012"),
    ],
)
def test_numbers_are_written_as_a_person_would(value, text):
    assert number(value) == text


def test_a_function_of_a_folder_that_shadows_nothing_is_found(code):
    os.mkdir("package")
    Path("package/__init__.py").write_text("")
    Path("package/losses.py").write_text("from mine import loss\n")

    assert gdsym.trace("package.losses:loss", SHAPES).startswith("model loss\n")
