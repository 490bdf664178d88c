import json
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


def test_in_a_directory_each_module_has_the_stem_of_its_model(here, capsys):
    (here / "out").mkdir()
    (here / "two.gd").write_text(LINE + "penalty a^2\n")

    assert run(["compile", "line.gd", "two.gd", "-o", "out"]) == 0

    assert capsys.readouterr() == ("", "")
    assert (here / "out" / "line.py").read_text() == gdsym.compile("line.gd").text
    assert (here / "out" / "two.py").read_text() == gdsym.compile("two.gd").text


def test_check_of_a_fresh_module_is_silent_with_exit_0(here, capsys):
    run(["compile", "line.gd", "-o", "line.py"])
    before = (here / "line.py").stat().st_mtime_ns

    assert run(["compile", "--check", "line.gd", "-o", "line.py"]) == 0

    assert capsys.readouterr() == ("", "")
    assert (here / "line.py").stat().st_mtime_ns == before


def test_check_forgives_another_version_of_gdsym_and_other_line_ends(here):
    run(["compile", "line.gd", "-o", "line.py"])
    text = (here / "line.py").read_text()
    older = text.replace(gdsym.__version__, "0.0.9").replace("\n", "\r\n")
    assert older.count("0.0.9") == 2
    (here / "line.py").write_bytes(older.encode())

    assert run(["compile", "--check", "line.gd", "-o", "line.py"]) == 0


def test_check_of_a_stale_module_shows_a_diff_and_exits_1_without_writing(here, capsys):
    run(["compile", "line.gd", "-o", "line.py"])
    old = (here / "line.py").read_text()
    (here / "line.gd").write_text(LINE.replace("^2", "^4"))

    assert run(["compile", "--check", "line.gd", "-o", "line.py"]) == 1

    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("line.py is stale\n--- line.py\n+++ what would be written\n@@")
    assert "\n-    loss    = mean((y - a*x - b)^2)\n" in out
    assert "\n+    loss    = mean((y - a*x - b)^4)\n" in out
    assert " more lines\n" in out
    assert len(out.splitlines()) <= 42
    assert (here / "line.py").read_text() == old


def test_check_speaks_to_programs_and_forges_too(here, capsys):
    run(["compile", "line.gd", "-o", "line.py"])
    check = ["compile", "--check", "line.gd", "-o", "line.py", "--output-format"]
    assert run([*check, "json"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"] == []
    text = (here / "line.py").read_text().splitlines(keepends=True)
    (here / "line.py").write_text("".join([*text[:40], "changed\n", *text[41:]]))

    assert run([*check, "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (finding["code"], finding["path"]) == ("stale", "line.py")
    assert finding["start"] == {"line": 41, "column": 1}
    assert finding["help"] == "gdsym compile line.gd -o line.py"

    assert run([*check, "concise"]) == 1
    assert capsys.readouterr().out == "line.py:41:1: error[stale]: line.py is stale\n"
    (here / "line.py").unlink()
    assert run([*check, "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=line.py,line=1,")


def test_check_of_other_rules_is_stale(here):
    run(["compile", "line.gd", "-o", "line.py"])

    assert run(["compile", "--check", "line.gd", "-o", "line.py", "--update", "adam"]) == 1


def test_check_names_every_module_that_is_stale_or_missing(here, capsys):
    (here / "two.gd").write_text(LINE + "penalty a^2\n")
    (here / "three.gd").write_text(LINE)
    run(["compile", "line.gd", "three.gd", "-o", "."])
    (here / "three.py").write_text("")

    assert run(["compile", "--check", "line.gd", "two.gd", "three.gd", "-o", "."]) == 1

    out = capsys.readouterr().out
    assert "line.py" not in out
    assert "./two.py is missing\n./three.py is stale\n" in out


def test_the_mistakes_of_every_model_are_told_and_the_others_are_written(here, capsys):
    (here / "one.gd").write_text("loss q\n")
    (here / "two.gd").write_text("loss r\n")

    assert run(["compile", "one.gd", "line.gd", "two.gd", "-o", "."]) == 2

    err = capsys.readouterr().err
    assert "one.gd:1:6: error[name]" in err
    assert "two.gd:1:6: error[name]" in err
    assert (here / "line.py").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--check line.gd", "-o OUT.py"),
        ("line.gd two.gd", "-o DIR"),
        ("line.gd two.gd -o line.py", "line.py is none"),
        ("line.gd sub/line.gd -o .", "the same module"),
    ],
)
def test_where_several_modules_go_must_be_clear(arguments, message, capsys):
    assert run(["compile", *arguments.split()]) == 2
    assert message in capsys.readouterr().err
