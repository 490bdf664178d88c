"""The fixture in a test suite of someone else."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

SUITE = """
MODEL = "data y[n]\\nparam m\\nloss mean((y - m)^2)\\n"

def right(y, m):
    return 2*(m - y).mean()

def total(y, m):
    return 2*(m - y).sum()

def test_right(assert_gradient):
    assert assert_gradient(MODEL, right).claims[0].verdict == "AGREES"

def test_total(assert_gradient):
    assert_gradient(MODEL, total)

def test_claims(assert_gradient):
    assert_gradient(MODEL + "claim grad(m) = 2*mean(m - y)\\n")
"""


def test_the_fixture_fails_a_test_with_the_diagnosis(tmp_path):
    (tmp_path / "conftest.py").write_text("from gdsym.pytest_plugin import assert_gradient\n")
    (tmp_path / "test_mine.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:gdsym"]

    done = subprocess.run([*command, tmp_path], capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    assert "factor: it is `n` times the derivative" in done.stdout
    assert re.search(r"^total: WRONG\[grad\(m\)\]: differs from the gradient", done.stdout, re.M)
    assert "gdsym/gradcheck" not in done.stdout  # no traceback of ours


def test_pytest_finds_the_plugin_by_its_entry_point():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    (module,) = project["entry-points"]["pytest11"].values()

    assert hasattr(import_module(module), "assert_gradient")


def test_the_plugin_costs_a_suite_that_does_not_use_it_no_import():
    script = "import pytest, sys; import gdsym.pytest_plugin; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert not {"numpy", "sympy", "lark", "gdsym.gradcheck"} & set(done.stdout.split())
