"""Gradients that are Python functions, held against models."""

import inspect
import json
import os

import numpy as np
import pytest
from zoo import FOLDER
from zoo_by_hand import BY_HAND

import gdsym
from gdsym.cli import run
from gdsym.gradcheck.functions.differences import slope
from gdsym.language.check import load_model

MODEL = """data    X[n, d] from ["a", "b"], y[n] in {0, 1}
param   w[d], b
const   lam = 0.05
let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
"""
FUNCTIONS = """
import os, sys, time
import numpy as np

def parts(X, y, w, b, lam):
    r = 1/(1 + np.exp(-(X @ w + b))) - y
    return X.T @ r/len(y) + lam*w, r.mean()

def by_name(X, y, w, b, lam):
    w, b = parts(X, y, w, b, lam)
    return {"b": b, "w": w}

def with_loss(X, y, w, b, lam):
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y*z) + lam/2*w @ w, parts(X, y, w, b, lam)

def flat(X, y, theta, lam):
    w, b = parts(X, y, theta[:-1], theta[-1], lam)
    return np.append(w, b)

def of_w(X, y, w, b, lam):
    return parts(X, y, w, b, lam)[0]

def renamed(A, target, w, b, lam):
    return parts(A, target, w, b, lam)

def by_place(X, y, w, b, lam, /):
    return parts(X, y, w, b, lam)

def any_names(**given):
    return parts(**given)

def jokes(X, y, w, b, lam):
    print("a joke")
    os.write(1, b"another\\n")
    return parts(X, y, w, b, lam)

def no_penalty(X, y, w, b):
    return parts(X, y, w, b, 0.0)

def doubled(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return 2*gw, gb

def minus(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return gw, -gb

def summed(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return gw, len(y)*gb

def probit(X, y, w, b, lam):
    from scipy.special import ndtr
    gw, gb = parts(X, y, w, b, lam)
    return gw, np.mean(ndtr(X @ w + b) - y)

def labels(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return gw, parts(X, 2*y - 1, w, b, lam)[1]

def tiny(X, y, w, b, lam):
    return parts(X, y, w, b, (1 + 1e-7)*lam)

def column(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return gw[:, None], gb

def partial(X, y, w, b, lam):
    return {"w": parts(X, y, w, b, lam)[0]}

def single(X, y, w, b, lam):
    return tuple(np.float32(g) for g in parts(X, y, w, b, lam))

def differences(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return gw*(1 + 1e-7*np.cos(1e3*w)), gb

def changes(X, y, w, b, lam):
    g = parts(X, y, w, b, lam)
    w -= 0.1*g[0]
    return g

def batch(X, y, w, b, lam):
    rows = np.random.default_rng(time.perf_counter_ns()).integers(0, len(y), 3)
    return parts(X[rows], y[rows], w, b, lam)

def undefined(X, y, w, b, lam):
    gw, gb = parts(X, y, w, b, lam)
    return gw, np.nan

def at_times(X, y, w, b, lam):
    if b > 0:
        raise ValueError("b is positive")
    return parts(X, y, w, b, lam)

def late_at_times(X, y, w, b, lam):
    time.sleep(1000 if b > 0 else 0)
    return parts(X, y, w, b, lam)

def raises(X, y, w, b, lam):
    return X @ X

def sleeps(X, y, w, b, lam):
    time.sleep(1000)

def busy(X, y, w, b, lam):
    while True:
        pass

def starts_others(X, y, w, b, lam):
    if os.fork() == 0:  # it has the pipe of its parent, and would keep it open
        time.sleep(1000)
    time.sleep(1000)

def leaves(X, y, w, b, lam):
    os._exit(7)

def exits(X, y, w, b, lam):
    sys.exit("bye")

def interrupts(X, y, w, b, lam):
    raise KeyboardInterrupt

def constant(X, y, w, b, lam):
    return np.zeros_like(w), 1.5

def asks(X, y, w, b, lam):
    return input()

def nothing(X, y, w, b, lam):
    pass

def words(X, y, w, b, lam):
    return "grad"

def one_block(X, y, w, b, lam):
    return parts(X, y, w, b, lam)[0]

def unknown(X, y, w, b, weight):
    pass

def data_alone(X, y):
    pass

number = 3
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "m.gd").write_text(MODEL)
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    draw = np.random.default_rng(5)
    rows = [f"{a:.3f},{b:.3f},{a + b > 0:d}" for a, b in draw.standard_normal((40, 2))]
    (tmp_path / "d.csv").write_text("\n".join(["a,b,y", *rows]))
    monkeypatch.chdir(tmp_path)


def check(name, **options):
    return gdsym.check_gradient("m.gd", f"mine.py:{name}", **options)


def verdicts(report):
    return {claim.block: claim.verdict for claim in report.claims}


def findings(report):
    return [(f.kind, f.text) for claim in report.claims for f in claim.diagnosis]


# -- what agrees


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("parts", {}),
        ("by_name", {}),
        ("flat", {"flat": True}),
        ("renamed", {"map": {"A": "X", "target": "y"}}),
        ("by_place", {}),
        ("any_names", {}),
        ("jokes", {}),
        ("parts", {"data": "d.csv"}),
        ("flat", {"data": "d.csv", "flat": True, "set": {"lam": 3.0}}),
    ],
)
def test_a_right_gradient_agrees_whatever_its_form(name, options):
    report = check(name, **options)

    assert verdicts(report) == {"grad(w)": "AGREES", "grad(b)": "AGREES"}
    assert report.holds


def test_a_gradient_by_one_parameter_is_checked_alone():
    assert verdicts(check("of_w", wrt="w")) == {"grad(w)": "AGREES"}


def test_a_loss_that_is_returned_is_checked_too():
    report = check("with_loss")

    assert verdicts(report) == {"loss": "AGREES", "grad(w)": "AGREES", "grad(b)": "AGREES"}


def test_a_function_object_may_have_its_data_in_itself():
    draw = np.random.default_rng(1)
    X, y = draw.standard_normal((30, 2)), draw.integers(0, 2, 30).astype(float)

    def mine(w, b, lam, factor=1.0):
        r = 1 / (1 + np.exp(-(X @ w + b))) - y
        return factor * X.T @ r / 30 + lam * w, r.mean()

    arrays = {"X": X, "y": y}
    assert gdsym.check_gradient("m.gd", mine, arrays=arrays).holds
    wrong = gdsym.check_gradient("m.gd", lambda w, b, lam: mine(w, b, lam, 1.001), arrays=arrays)
    assert verdicts(wrong) == {"grad(w)": "WRONG", "grad(b)": "AGREES"}
    double = gdsym.check_gradient(
        "m.gd",
        lambda w, b, lam: {"w": 2 * mine(w, b, lam)[0], "b": 30 * mine(w, b, lam)[1]},
        arrays=arrays,
    )
    assert findings(double) == [
        ("factor", "it is `2` times the derivative"),
        ("factor", "it is `30` times the derivative, where n = 30"),
    ]
    with pytest.raises(gdsym.GdsymError, match="no argument `X`, `y`"):
        gdsym.check_gradient("m.gd", mine)


class Tensor:
    """What a tensor of torch does when it is made an array."""

    requires_grad = True

    def __init__(self, values):
        self.values = values

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values


class JaxArray:
    """An array that only says how it becomes one of NumPy's."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


@pytest.mark.parametrize("kind", [Tensor, JaxArray])
def test_arrays_of_other_libraries_may_come_back(kind):
    def mine(X, y, w, b, lam):
        r = 1 / (1 + np.exp(-(X @ w + b))) - y
        return kind(X.T @ r / len(y) + lam * w), kind(np.array(r.mean()))

    assert gdsym.check_gradient("m.gd", mine).holds


FIXED_SIZES = {"choice", "factorization_machine"}  # written for the zoo's own data
FIXED_DATA = {"cholesky", "steps"}
OVERFLOWS = {"cloglog"}  # `log(1 - p)` of a p that is rounded to 1


@pytest.mark.parametrize("name", sorted(set(BY_HAND) - FIXED_SIZES - FIXED_DATA))
def test_differences_of_an_objective_written_by_hand_are_never_called_wrong(name):
    text = (FOLDER / f"{name}.gd").read_text()
    params = [p.name for p in load_model(text, name).params]

    def objective(given):
        return float(BY_HAND[name](**given))

    def mine(**given):
        blocks = []
        for param in params:
            x = np.asarray(given[param], dtype=float)

            def moved(v, param=param):
                if np.iscomplexobj(v):
                    raise ValueError("not written for complex numbers")
                return objective(given | {param: v if v.ndim else v.item()})

            block = [slope(moved, x, place, 0.0) for place in np.ndindex(x.shape)]
            values = [np.nan if s is None else s.value for s in block]
            blocks.append(np.reshape(values, x.shape))
        return objective(given), tuple(blocks)

    mine.__signature__ = inspect.signature(BY_HAND[name])
    report = gdsym.check_gradient(text, mine, points=2)

    assert "WRONG" not in verdicts(report).values(), report
    assert ("AGREES" in verdicts(report).values()) == (name not in OVERFLOWS), report


# -- what is wrong


@pytest.mark.parametrize(
    ("name", "block", "kind", "text"),
    [
        ("no_penalty", "grad(w)", "missing_term", "`lam/2*sum(w^2)` is missing"),
        ("doubled", "grad(w)", "factor", "`2` times"),
        ("minus", "grad(b)", "sign", "wrong sign"),
        ("summed", "grad(b)", "factor", "`n` times"),
        ("probit", "grad(b)", "wrong_link", "normal_cdf"),
        ("labels", "grad(b)", "label_coding", "y"),
        ("column", "grad(w)", "shape", "shape (2,)"),
    ],
)
def test_a_mistake_is_named_and_the_other_block_stays_right(name, block, kind, text):
    report = check(name)

    (claim,) = [c for c in report.claims if c.verdict == "WRONG"]
    (other,) = [c for c in report.claims if c is not claim]
    assert (claim.block, other.verdict) == (block, "AGREES")
    assert claim.diagnosis[0].kind == kind
    assert text in claim.diagnosis[0].text


def test_a_function_that_gives_one_number_everywhere_is_said_to_do_so():
    found = [claim.diagnosis[0] for claim in check("constant").claims]

    assert [finding.kind for finding in found] == ["stale_coordinate", "stale_coordinate"]
    assert [finding.text.rpartition(", ")[2] for finding in found] == ["0", "1.5"]


def test_the_formula_that_would_be_right_is_shown():
    (claim, _) = check("no_penalty").claims
    formula = claim.diagnosis[0].corrected

    assert gdsym.check_gradient(f"{MODEL}{formula}\n").holds


def test_the_counterexample_shows_the_mistake_when_it_is_put_into_the_function():
    (claim, _) = check("no_penalty").claims
    example = claim.counterexample
    X, y = np.array(example.data["X"]), np.array(example.data["y"])
    w, b = np.array(example.parameters["w"]), example.parameters["b"]
    lam = 0.05  # the function does not take it, so it keeps the model's value
    got = X.T @ (1 / (1 + np.exp(-(X @ w + b))) - y) / len(y)

    assert example.constants == {"lam": lam}
    for coordinate in example.worst:
        at = int(coordinate.name[2:-1])
        assert coordinate.name == f"w[{at}]"
        assert coordinate.got == pytest.approx(got[at], rel=1e-12)
        assert coordinate.expected == pytest.approx(got[at] + lam * w[at], rel=1e-12)


def test_coordinates_have_the_names_of_their_columns():
    (claim, _) = check("doubled", data="d.csv").claims

    assert {c.name for c in claim.counterexample.worst} == {"w[a]", "w[b]"}


def test_a_function_of_a_maximised_objective_may_be_of_it_or_of_its_negative():
    text = "data y[n]\nparam m\nloglik sum(-(y - m)^2/2)\n"

    def up(y, m):
        return np.sum(y - m)

    def down(y, m):
        return -up(y, m)

    assert gdsym.check_gradient(text, up).holds
    report = gdsym.check_gradient(text, down)
    assert report.holds
    assert "-loglik" in report.claims[0].reason


def test_constants_that_are_computed_or_count_have_the_values_of_the_model():
    text = """data  y[n]
param m
const k in counts = 3, half = 1/2, both = k*half
loss  sum((y - m)^k) + both*half*m^2
"""

    def mine(y, m, k, both, half):
        assert (k, both) == (3, k * half)
        return -k * np.sum((y - m) ** (k - 1)) + 2 * both * half * m

    assert gdsym.check_gradient(text, mine).holds


# -- what cannot be told


def test_single_precision_is_inconclusive():
    report = check("single")

    assert set(verdicts(report).values()) == {"INCONCLUSIVE"}
    assert {kind for kind, _ in findings(report)} == {"precision"}
    assert "double precision" in report.claims[0].reason


def test_what_is_right_to_some_digits_is_not_called_wrong():
    report = check("differences")

    assert verdicts(report) == {"grad(w)": "INCONCLUSIVE", "grad(b)": "AGREES"}
    assert findings(report)[0][0] == "precision"


def test_an_argument_that_is_changed_is_reported():
    report = check("changes")

    assert set(verdicts(report).values()) == {"INCONCLUSIVE"}
    assert findings(report)[0][0] == "changes_argument"
    assert "`w`" in findings(report)[0][1]


def test_the_arguments_of_a_caller_are_not_changed():
    w = np.ones(2)
    from gdsym.gradcheck.functions.worker import call

    def hostile(w):
        w[:] = 7
        return w

    answer = call(hostile, [], {"w": w})
    assert answer["changed"] == ["w"]
    assert w.tolist() == [1, 1]


def test_a_mini_batch_is_reported_as_not_deterministic():
    report = check("batch")

    assert set(verdicts(report).values()) == {"INCONCLUSIVE"}
    assert {kind for kind, _ in findings(report)} == {"not_deterministic"}


def test_what_is_no_number_is_inconclusive():
    assert verdicts(check("undefined")) == {"grad(w)": "AGREES", "grad(b)": "INCONCLUSIVE"}


def test_a_block_that_is_not_returned_is_named():
    report = check("partial")

    assert verdicts(report) == {"grad(w)": "AGREES", "grad(b)": "INCONCLUSIVE"}
    assert findings(report)[0][0] == "missing_parameter"


def test_a_kink_is_not_called_wrong():
    text = "data y[n] in {0, 1}\nparam m[n]\nloss sum(relu(m*(1 - y)*y))\n"

    def mine(y, m):
        return np.full(m.shape, 0.25)  # a subgradient of nothing: here all is at the kink

    (claim,) = gdsym.check_gradient(text, mine).claims
    assert claim.verdict == "INCONCLUSIVE"
    assert "kink" in claim.reason


# -- what cannot be checked


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("raises", "raises ValueError: matmul"),
        ("leaves", "ends its process (exit code 7)"),
        ("exits", "raises SystemExit: bye"),
        ("interrupts", "raises KeyboardInterrupt"),
        ("asks", "raises EOFError"),
        ("nothing", "returns None"),
        ("words", "returns str, no numbers"),
        ("one_block", "returns an array of shape (2,) where the gradients by w (2,), b ()"),
        ("unknown", "wants an argument `weight`"),
        ("data_alone", "takes no parameter"),
        ("number", "no function"),
        ("nowhere", "has no `nowhere`"),
    ],
)
def test_broken_functions_are_a_clear_error(name, told, capsys):
    assert run(["check", "m.gd", "--against", f"mine.py:{name}"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["sleeps", "busy", "starts_others"])
def test_a_function_that_never_returns_is_ended(name, capsys):
    assert run(["check", "m.gd", "--against", f"mine.py:{name}", "--timeout", "0.3"]) == 2

    assert "does not return within 0.3 s" in capsys.readouterr().err


def test_a_function_that_raises_at_some_points_is_inconclusive():
    report = check("at_times")

    assert set(verdicts(report).values()) == {"INCONCLUSIVE"}
    assert "raises ValueError: b is positive (mine.py:" in report.claims[0].reason


def test_a_function_that_is_late_at_some_points_is_inconclusive():
    report = check("late_at_times", seconds=0.5, seed=1)

    assert set(verdicts(report).values()) == {"INCONCLUSIVE"}
    assert "it does not return within 0.5 s" in report.claims[0].reason
    assert findings(report) == []


@pytest.mark.parametrize(
    "text",
    [
        "import nowhere_to_be_found",
        "1/0",
        "raise SystemExit(3)",
        "def f(:",
        "import os; os._exit(3)",
    ],
)
def test_a_file_that_cannot_be_imported_is_a_clear_error(text, capsys):
    with open("broken.py", "w", encoding="utf-8") as file:
        file.write(text)

    assert run(["check", "m.gd", "--against", "broken.py:f"]) == 2
    assert "import" in capsys.readouterr().err


# -- the command


def test_the_command_prints_a_line_per_block(capsys):
    assert run(["check", "m.gd", "--against", "mine.py:parts"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("mine.py:parts: AGREES[grad(w)]: the same to ")
    assert lines[-1] == "2 AGREES"


def test_a_module_on_the_path_can_be_named(capsys):
    assert run(["check", "m.gd", "--against", "mine:parts"]) == 0


def test_json_has_the_shape_of_claims_and_numbers_that_json_has(capsys):
    assert run(["check", "m.gd", "--against", "mine.py:undefined", "--json"]) == 1

    def refuse(constant):
        raise ValueError(constant)

    report = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert report["model"] == "m"
    fields = ["block", "verdict", "reason", "diagnosis", "counterexample"]
    assert [list(claim) for claim in report["claims"]] == [fields, fields]
    assert report["claims"][1]["counterexample"]["worst"][0]["got"] is None


@pytest.mark.parametrize(
    "options",
    [
        ["--flat"],
        ["--grad", "mine.py:parts"],
        ["--at", "x.npy"],
        ["--against", "mine.py:parts", "--grad", "mine.py:parts", "--at", "x.npy"],
        ["--against", "mine.py"],
        ["--against", "mine.py:parts", "--map", "w"],
        ["--against", "mine.py:parts", "--map", "w=weight"],
        ["--against", "mine.py:parts", "--wrt", "weight"],
        ["--against", "mine.py:parts", "--data", "nowhere.csv"],
        ["other.gd"],
    ],
)
def test_options_that_do_not_fit_are_exit_2(options, capsys):
    assert run(["check", "m.gd", *options]) == 2
    assert "error" in capsys.readouterr().err


def test_no_process_is_left_behind():
    check("parts")

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
