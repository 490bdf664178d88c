"""`docs/extending.md` is followed on a copy of the package, and what it shows comes out."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import ROOT, blocks, matches

PAGE = ROOT / "docs" / "extending.md"
TABLE = "gdsym/language/functions.py"
BESIDE = "    # -- special\n"  # the new entry of the table stands before this line


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of what the page changes, and `gdsym` that runs it."""
    for folder in ("gdsym", "grammar"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=leave)
    program = tmp_path / "bin" / "gdsym"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gdsym "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "soft.csv").write_text("x,y\n-2,-0.7\n0.5,0.2\n3,0.8\n", encoding="utf-8")
    return tmp_path


def run(script: str, line: int) -> str:
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"extending.md:{line}: {done.stderr}"
    return done.stderr + done.stdout


def test_each_addition_of_the_page_works_in_a_copy(copy):
    printed = ""
    for block in blocks(PAGE):
        if block.info == TABLE:
            text = (copy / TABLE).read_text(encoding="utf-8")
            assert text.count(BESIDE) == 1
            (copy / TABLE).write_text(text.replace(BESIDE, block.text + BESIDE), encoding="utf-8")
        elif block.info:
            assert not (copy / block.info).exists()
            (copy / block.info).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            printed = run(block.text, block.line)
        else:
            assert block.follows
            assert matches(block.text, printed), f"{block.line}: {printed}"


def test_what_the_page_adds_is_in_the_style_of_the_house(tmp_path):
    for block in blocks(PAGE):
        if block.language == "python" and block.info != TABLE:
            (tmp_path / Path(block.info).name).write_text(block.text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--config", ROOT / "pyproject.toml", "-q"]

    done = subprocess.run([*command, tmp_path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
