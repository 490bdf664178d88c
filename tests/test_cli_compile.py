import subprocess
import sys

import pytest

import gdsym
from gdsym.cli import run

LINE = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\nmethod momentum(lr=0.1)\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "line.gd").write_text(LINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_module_goes_to_stdout_without_an_output(capsys):
    assert run(["compile", "line.gd"]) == 0

    out, err = capsys.readouterr()
    assert out == gdsym.compile("line.gd").text
    assert err == ""
    assert "def update_momentum(" in out
    assert "def update_adam(" not in out


def test_the_module_goes_to_the_output_that_is_named(here, capsys):
    assert run(["compile", "line.gd", "-o", "line.py"]) == 0

    assert capsys.readouterr().out == ""
    assert (here / "line.py").read_text() == gdsym.compile("line.gd").text


def test_update_says_which_rules_the_module_carries(here, capsys):
    (here / "mine.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")

    assert run(["compile", "line.gd", "--update", "adam, ./mine.gd"]) == 0

    out = capsys.readouterr().out
    assert "def update_adam(" in out
    assert "def update_mine(" in out
    assert "def update_momentum(" not in out


def test_the_text_is_the_same_in_another_process_with_another_hash_seed(here, monkeypatch):
    texts = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        monkeypatch.setenv("GDSYM_CACHE_DIR", str(here / f"cache{seed}"))
        command = [sys.executable, "-m", "gdsym", "compile", "line.gd"]
        texts.add(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert len(texts) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("lime.gd", "did you mean `line.gd`"),
        ("line.gd -o nowhere/line.py", "there is no directory"),
        ("line.gd --update adm", "did you mean `adam`"),
        ("line.gd --update ./mine.gd", "there is no file"),
    ],
)
def test_a_mistake_is_told_on_stderr_with_exit_2(arguments, message, capsys):
    code = run(["compile", *arguments.split()])

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert message in err
