import json
import re

import pytest
from work import calls

from gdsym.cli import run

MODEL = """data    X[n, d], y[n] in {0, 1}
param   w[d], b
const   lam = 0.05
let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
"""
RIGHT = f"{MODEL}claim   grad(b) = mean(sigmoid(z) - y)\n"
WRONG = f"{RIGHT}claim   grad(w) = X.T @ (sigmoid(z) - y)/n\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "right.gd").write_text(RIGHT)
    (tmp_path / "wrong.gd").write_text(WRONG)
    (tmp_path / "silent.gd").write_text(MODEL)
    (tmp_path / "broken.gd").write_text("param a\nloss a + * 2\n")
    monkeypatch.chdir(tmp_path)


def test_what_is_proved_is_a_line_and_exit_0(capsys):
    assert run(["check", "right.gd"]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    first, last = out.splitlines()
    assert re.fullmatch(r"right\.gd:7:1: PROVED\[grad\(b\)\]: equal normal forms; .*", first)
    assert last == "1 PROVED"


def test_what_is_wrong_is_underlined_with_a_point_and_exit_1(capsys):
    assert run(["check", "wrong.gd"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("wrong.gd:8:1: WRONG[grad(w)]: differs from the gradient at 4 of 4")
    assert lines[3:5] == [
        "8 | claim   grad(w) = X.T @ (sigmoid(z) - y)/n",
        "  | " + "^" * len("claim   grad(w) = X.T @ (sigmoid(z) - y)/n"),
    ]
    assert "    lam = 0.0" in "\n".join(lines)
    assert any(re.match(r"    w\[0\]  expected \S+, the claim gives \S+$", line) for line in lines)
    assert lines[-1] == "1 PROVED, 1 WRONG"


def test_json_has_the_stated_shape(capsys):
    assert run(["check", "wrong.gd", "--json"]) == 1

    report = json.loads(capsys.readouterr().out)
    assert list(report) == ["model", "claims"]
    assert report["model"] == "wrong"
    assert [c["block"] for c in report["claims"]] == ["grad(b)", "grad(w)"]
    assert [c["verdict"] for c in report["claims"]] == ["PROVED", "WRONG"]
    for claim in report["claims"]:
        fields = ["block", "verdict", "reason", "diagnosis", "counterexample"]
        assert list(claim) == fields
    assert report["claims"][0]["counterexample"] is None
    assert report["claims"][0]["diagnosis"] == []
    example = report["claims"][1]["counterexample"]
    assert set(example) == {"sizes", "data", "parameters", "constants", "worst"}
    assert example["sizes"]["n"] == len(example["data"]["y"])
    assert set(example["worst"][0]) == {"coordinate", "expected", "got"}


@pytest.mark.parametrize("name", ["silent.gd", "broken.gd", "missing.gd"])
def test_what_cannot_be_checked_is_exit_2(name, capsys):
    assert run(["check", name]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "error" in err


def test_a_check_of_one_claim_is_little_work():
    assert run(["check", "right.gd"]) == 0  # reads the tables, once

    assert calls(lambda: run(["check", "right.gd"])) < 400_000  # 90,000, most of them the proof


def test_the_time_for_a_proof_can_be_limited(capsys):
    many = ", ".join(f"x{i}" for i in range(30))
    total = " + ".join(f"x{i}" for i in range(30))
    claim = f"30*({total})^29"
    with open("long.gd", "w", encoding="utf-8") as file:
        file.write(f"param {many}\nloss ({total})^30\nclaim grad(x0) = {claim}\n")

    assert run(["check", "long.gd", "--timeout", "0.2"]) == 0

    assert "AGREES" in capsys.readouterr().out
