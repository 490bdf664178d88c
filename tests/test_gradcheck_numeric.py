"""Gradients against differences of a loss, and these differences against known derivatives."""

import json

import numpy as np
import pytest

import gdsym
from gdsym.cli import run
from gdsym.gradcheck.functions.differences import noise, slope

MIXED = np.array([[2.0, -1.0, 0.5], [0.3, 1.2, -0.7], [-1.1, 0.4, 0.9]])
X0 = np.array([0.3, -0.7, 1.1])


def waves(x):
    return np.sum(np.exp(np.sin(MIXED @ x)))


def of_waves(x):
    z = MIXED @ x
    return MIXED.T @ (np.exp(np.sin(z)) * np.cos(z))


def verdict(loss, gradient, at=X0):
    (claim,) = gdsym.check_gradient(loss, gradient, at=at).claims
    return claim


# -- differences


@pytest.mark.parametrize(
    ("function", "derivative", "at"),
    [
        (np.exp, np.exp, 1.5),
        (np.exp, np.exp, -30.0),
        (np.log, lambda x: 1 / x, 1e-8),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-3),
        (lambda x: x**3, lambda x: 3 * x**2, 1e6),
        (lambda x: x**3, lambda x: 3 * x**2, 0.0),
        (lambda x: np.abs(x) ** 3, lambda x: 3 * x * np.abs(x), -0.4),
        (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x), 0.7),
        (lambda x: np.hypot(x, 1e-3), lambda x: x / np.hypot(x, 1e-3), 1e-3),
        (lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x)), 3.0),
    ],
)
def test_a_slope_is_within_its_error_of_the_derivative(function, derivative, at):
    def loss(v):
        with np.errstate(all="ignore"):
            try:
                return np.sum(function(v))
            except TypeError:  # not for complex numbers
                raise ValueError from None

    x = np.array([at])
    found = slope(loss, x, (0,), noise(loss, x))
    exact = derivative(at)

    assert not found.kink
    assert abs(found.value - exact) <= 10 * found.error + 1e-14 * abs(exact)
    assert found.error <= 1e-5 * max(abs(exact), 1e-3)


@pytest.mark.parametrize("level", [1e-10, 1e-6, 1e-3])
def test_the_noise_of_a_function_is_estimated_to_a_factor(level):
    draw = np.random.default_rng(3)

    found = noise(lambda x: float(np.sum(x**2)) + level * draw.standard_normal(), X0)

    assert level / 5 < found < 5 * level


def test_a_kink_has_the_slopes_of_both_sides():
    found = slope(lambda x: np.sum(np.maximum(2 * x, -3 * x)), np.zeros(1), (0,), 0.0)

    assert found.kink
    assert (found.left, found.right) == pytest.approx((-3, 2), abs=1e-9)


# -- verdicts


@pytest.mark.parametrize(
    ("loss", "gradient", "at"),
    [
        (waves, of_waves, X0),
        (lambda x: np.sum(x**3), lambda x: 3 * x**2, 1e6 * X0),
        (lambda x: np.sum(x**3), lambda x: 3 * x**2, 1e-6 * X0),
        (lambda x: np.sum(x**3), lambda x: 3 * x**2, np.zeros(4)),
        (lambda x: -np.sum(np.log(x)), lambda x: -1 / x, np.array([1e-3, 1e-8, 5.0])),
        (lambda x: np.sum(np.abs(x)), np.sign, X0),
        (lambda x: x**2, lambda x: 2 * x, 1.5),
        (lambda X: np.trace(X @ X), lambda X: 2 * X.T, MIXED),
    ],
)
def test_a_right_gradient_agrees(loss, gradient, at):
    assert verdict(loss, gradient, at).verdict == "AGREES"


def test_a_gradient_at_a_minimum_is_not_called_wrong_for_its_rounding():
    b = np.array([0.1, 0.7, -1.3])
    x = np.linalg.solve(MIXED, b)

    claim = verdict(
        lambda x: np.sum((MIXED @ x - b) ** 2), lambda x: 2 * MIXED.T @ (MIXED @ x - b), x
    )

    assert claim.verdict == "AGREES", claim


def test_a_large_gradient_is_checked_in_part_and_says_so():
    claim = verdict(lambda x: np.sum(x**2), lambda x: 2 * x, np.arange(1000.0) + 1)

    assert claim.verdict == "AGREES"
    assert "300 of 1000 coordinates" in claim.reason


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda g: g / 2, "factor", "`1/2` times"),
        (lambda g: -g, "sign", "wrong sign"),
        (lambda g: g * [1, -1, 1], "sign", "x[1] has the wrong sign"),
        (lambda g: g * [1, 1, 0], "wrong_term", "x[2] alone is wrong"),
        (lambda g: g[::-1], "shifted_index", "reverse order"),
        (lambda g: g[:2], "shape", "shape (3,)"),
        (lambda g: g + np.array([0.1, 0.2, -0.3]), "unknown", "x[0], x[1], x[2]"),
        (lambda g: g + np.array([0, 0, 1e-7]), "wrong_term", "x[2] alone is wrong"),
    ],
)
def test_a_mistake_is_named(change, kind, text):
    claim = verdict(waves, lambda x: change(of_waves(x)))

    assert claim.verdict == "WRONG"
    assert claim.diagnosis[0].kind == kind
    assert text in claim.diagnosis[0].text


def test_a_transposed_gradient_is_named():
    claim = verdict(lambda X: np.trace(X @ X), lambda X: 2 * X, MIXED)

    assert (claim.verdict, claim.diagnosis[0].kind) == ("WRONG", "transposed")


def test_the_counterexample_says_what_would_be_right():
    claim = verdict(waves, lambda x: 2 * of_waves(x))

    exact = of_waves(X0)
    for coordinate in claim.counterexample.worst:
        at = int(coordinate.name[2:-1])
        assert coordinate.expected == pytest.approx(exact[at], rel=1e-12)
        assert coordinate.got == pytest.approx(2 * exact[at], rel=1e-12)


def test_a_kink_is_inconclusive_and_a_value_beyond_both_slopes_wrong():
    at = np.array([0.0, 1.0])

    claim = verdict(lambda x: np.sum(np.abs(x)), np.sign, at)
    assert (claim.verdict, claim.diagnosis[0].kind) == ("INCONCLUSIVE", "kink_side")
    assert claim.diagnosis[0].where == "x[0]"
    beyond = verdict(lambda x: np.sum(np.abs(x)), lambda x: np.sign(x) + np.array([20, 0]), at)
    assert beyond.verdict == "WRONG"


def test_a_loss_in_single_precision_agrees_to_few_digits_and_shows_large_mistakes():
    def loss(x):
        return np.float32(np.sum(x.astype(np.float32) ** 3))

    claim = verdict(loss, lambda x: 3 * x**2)
    assert claim.verdict in ("AGREES", "INCONCLUSIVE")
    if claim.verdict == "AGREES":
        assert int(claim.reason.split()[3]) <= 6
    assert verdict(loss, lambda x: 3.1 * x**2).verdict == "WRONG"


def test_a_gradient_in_single_precision_is_inconclusive():
    claim = verdict(waves, lambda x: of_waves(x).astype(np.float32))

    assert (claim.verdict, claim.diagnosis[0].kind) == ("INCONCLUSIVE", "precision")


def test_noise_is_not_called_wrong():
    draw = np.random.default_rng(0)

    claim = verdict(lambda x: np.sum(x**2) + 1e-3 * draw.standard_normal(), lambda x: 2 * x)

    assert (claim.verdict, claim.diagnosis[0].kind) == ("INCONCLUSIVE", "not_deterministic")


def test_a_function_that_changes_its_point_is_reported():
    def gradient(x):
        g = of_waves(x)
        x -= g
        return g

    claim = verdict(waves, gradient)

    assert (claim.verdict, claim.diagnosis[0].kind) == ("INCONCLUSIVE", "changes_argument")


def fails(x):
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("loss", "gradient", "at", "told"),
    [
        (fails, of_waves, X0, "fails raises RuntimeError: broken"),
        (waves, fails, X0, "fails raises RuntimeError: broken"),
        (of_waves, of_waves, X0, "no single number"),
        (lambda x: np.nan, of_waves, X0, "no number at this point"),
        (waves, of_waves, None, "checked at a point"),
        (waves, of_waves, [np.nan], "no finite numbers"),
        (waves, of_waves, [], "empty"),
        (waves, of_waves, "x", "no array"),
        (waves, 3, X0, "a function was expected"),
    ],
)
def test_what_cannot_be_checked_is_a_clear_error(loss, gradient, at, told):
    with pytest.raises(gdsym.GdsymError, match=told):
        gdsym.check_gradient(loss, gradient, at=at)


# -- the command


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def loss(x):\n    return np.sum(np.sin(x))\n"
        "def right(x):\n    return np.cos(x)\n"
        "def half(x):\n    return np.cos(x)/2\n"
        "def never(x):\n    while True: pass\n"
    )
    np.save(tmp_path / "x0.npy", X0)
    (tmp_path / "text.npy").write_text("1 2 3")
    monkeypatch.chdir(tmp_path)


def test_the_command_compares_a_loss_and_a_gradient(here, capsys):
    command = ["check", "mine.py:loss", "--at", "x0.npy", "--json", "--grad"]

    assert run([*command, "mine.py:right"]) == 0
    (claim,) = json.loads(capsys.readouterr().out)["claims"]
    assert claim["verdict"] == "AGREES"
    assert "complex step" in claim["reason"]
    assert run([*command, "mine.py:half"]) == 1
    (claim,) = json.loads(capsys.readouterr().out)["claims"]
    assert claim["diagnosis"][0]["kind"] == "factor"


@pytest.mark.parametrize(
    ("gradient", "at", "told"),
    [
        ("never", "x0.npy", "does not return within 0.3 s"),
        ("right", "x1.npy", "did you mean `x0.npy`?"),
        ("right", "text.npy", "no .npy file"),
    ],
)
def test_the_command_says_what_it_cannot_do(here, gradient, at, told, capsys):
    options = ["--grad", f"mine.py:{gradient}", "--at", at, "--timeout", "0.3"]

    assert run(["check", "mine.py:loss", *options]) == 2
    assert told in capsys.readouterr().err
