import json
from pathlib import Path

import numpy as np
import pytest

from gdsym.cli import run
from gdsym.language.codes import CODES, COMMANDS
from gdsym.lint import rules


def explained(capsys, *arguments):
    assert run(["explain", *arguments]) == 0
    return capsys.readouterr().out


def test_without_a_code_all_are_listed(capsys):
    listed = [line.split("  ")[0].strip() for line in explained(capsys).splitlines()]
    assert listed == sorted({*CODES, *rules(), *COMMANDS})


@pytest.mark.parametrize("code", [*CODES.values(), *(rule.CODE for rule in rules().values())],
                         ids=lambda code: code.name)  # fmt: skip
def test_a_code_is_explained_with_what_is_wrong_and_what_is_right(code, capsys):
    told = explained(capsys, code.name)

    assert told.startswith(f"{code.name}: {code.title}\n\n")
    assert " ".join(code.text.split()) in " ".join(told.split())
    for example in (code.wrong, code.right):
        assert all(f"    {line}\n" in told for line in example.splitlines())


@pytest.mark.parametrize("code", COMMANDS)
def test_the_codes_without_a_model_are_explained(code, capsys):
    assert "wrong:\n    " in explained(capsys, code)


@pytest.mark.parametrize("written", ["error[shape]", "warning[shape]", "shape"])
def test_a_code_may_be_given_as_a_message_shows_it(written, capsys):
    assert explained(capsys, written).startswith("shape: ")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("shapes", "there is no code `shapes`\nhelp: did you mean `shape`?"),
        ("xyzzy", "`gdsym explain` lists all"),
        ("error[]", "there is no code ``"),
        ("churn.gd", "there is no file churn.gd"),
    ],
)
def test_what_is_no_code_is_mended(code, message, capsys):
    assert run(["explain", code]) == 2
    assert message in capsys.readouterr().err


# -- the structure of a model -------------------------------------------------------------------

LINE = """\
model line "A line and a penalty"
data  x[n], y[n]
param a, b
const lam = 0.5
let   r = y - a*x - b
loss  mean(r^2)
penalty lam*a^2
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "line.gd").write_text(LINE)
    (tmp_path / "line.csv").write_text("x,y\n1,4\n2,7\n4,13\n")
    (tmp_path / "power.gd").write_text("data x[n]\nparam a\nloss sum(a^4 - a^2*x)\n")
    (tmp_path / "hills.gd").write_text("param a = 1\nloss sin(a) + a^2\n")
    monkeypatch.chdir(tmp_path)


def test_a_model_is_explained_without_data(here, capsys):
    assert explained(capsys, "line.gd").splitlines() == [
        "line: A line and a penalty",
        "",
        "rows            separable: a sum over rows and terms without rows, one pass",
        "least squares   yes: 1/n times the squares of residuals",
        "                  r",
        "                  a*sqrt(lam*n)",
        "predictors      generalised linear: rows see the parameters through `a*x + b` alone",
        "convex          yes: square of affine functions",
        "                  as long as lam >= 0",
        "kinks           none",
        "linear in       `a`, `b`, the others held",
        "invariances     none seen",
        "unidentified    nothing seen",
        "curvature       the same everywhere",
        "cost            9 operations per row for value and gradient",
        "                16 bytes of data per row",
        "method          gauss_newton: linear least squares",
    ]


def test_data_add_numbers(here, capsys):
    told = json.loads(explained(capsys, "line.gd", "line.csv", "--json"))

    assert (told["rows"], told["parameters"], told["sizes"]) == (3, 2, {})
    # The Hessian of mean(r^2) + lam*a^2 by hand.
    x = np.array([1.0, 2, 4])
    hessian = [[2 * np.mean(x**2) + 1, 2 * np.mean(x)], [2 * np.mean(x), 2]]
    assert told["lipschitz"] == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-6)
    assert told["safe_rate"] == pytest.approx(1 / told["lipschitz"])
    assert (told["method"], told["reason"]) == (
        "gauss_newton",
        "linear least squares, 2 parameters",
    )


def test_the_json_form_has_every_answer(here, capsys):
    told = json.loads(explained(capsys, "line.gd", "--json"))

    assert sorted(told) == sorted(
        [
            *("model", "doc", "row", "separable", "why_not_separable", "passes"),
            *("least_squares", "residuals", "scale"),
            *("generalised_linear", "predictors", "scalars"),
            *("convex", "rules", "given", "obstacles", "kinks", "proximal", "linear"),
            *("invariances", "unidentified", "operations", "bytes", "curvature"),
            *("method", "reason"),
        ]
    )
    assert told["given"] == {"lam": [0.0, None]}
    assert told["operations"] == [{"dims": [], "times": 9}]


def test_settings_are_heeded(here, capsys):
    good = json.loads(explained(capsys, "line.gd", "line.csv", "--set", "lam=2", "--json"))
    bad = json.loads(explained(capsys, "line.gd", "line.csv", "--set", "lam=-9", "--json"))

    assert (good["convex"], good["given"]) == ("yes", {})
    assert (bad["convex"], bad["least_squares"]) == ("no", False)
    assert bad["counter_example"].startswith("on these data, the slope along a line falls from ")
    assert (bad["method"], bad["lipschitz"]) == ("newton", None)


def test_what_is_not_convex_is_shown_on_these_data_on_some_or_on_none(here, capsys):
    (Path("wide.csv")).write_text("x\n1\n2\n")
    (Path("narrow.csv")).write_text("x\n-1\n-2\n")

    assert "no: on random data, " in explained(capsys, "power.gd")
    assert "no: on these data, " in explained(capsys, "power.gd", "wide.csv")
    # With all x below 0 it is convex, though by no rule.
    assert "not known; no rule for `" in explained(capsys, "power.gd", "narrow.csv")
    # sin(a) + a^2 has second derivative 2 - sin(a)
    assert "not known; no rule for `sin(a)`" in explained(capsys, "hills.gd")


def test_rows_that_are_paired_with_rows_count_for_each_other(here, capsys):
    Path("pairs.gd").write_text(
        "dim m like n\ndata x[n], y[n]\nparam a\nloss sum[n, m](exp(-a*(x - x[m])^2)) - sum(y)*a\n"
    )
    told = explained(capsys, "pairs.gd", "line.csv")

    assert "not separable, one pass, 3 of them: rows are paired with other rows" in told
    assert "*m operations per row" in told
    assert "with m = 3: " in told
    gp = "data x[n], y[n]\nparam a > 0\nnll (logdet(a*eye(n)) + dot(y, solve(a*eye(n), y)))/2\n"
    Path("process.gd").write_text(gp)
    assert "with n = 3: " in explained(capsys, "process.gd", "line.csv")


def test_mistakes_are_told(here, capsys):
    def message(*arguments):
        assert run(["explain", *arguments]) == 2
        return capsys.readouterr().err

    assert "go with a model" in message("shape", "line.csv")
    assert "go with a model" in message("--json")
    assert "there is no constant or dimension `lm`" in message("line.gd", "--set", "lm=2")
    Path("bad.gd").write_text("param a\nloss a +\n")
    assert "bad.gd:2:" in message("bad.gd")
