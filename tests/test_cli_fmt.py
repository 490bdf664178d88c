import io
import json
import os
import stat
import sys

import pytest

from gdsym.cli import run

UGLY = "param   a,b # two\nloss (a-b)^2\n"
NEAT = "param a, b  # two\nloss  (a - b)^2\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "ugly.gd").write_text(UGLY)
    (tmp_path / "neat.gd").write_text(NEAT)
    (tmp_path / "bad.gd").write_text("loss a + * 2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_are_laid_out_in_place_and_those_that_changed_are_named(here, capsys):
    before = (here / "neat.gd").stat()

    assert run(["fmt", "ugly.gd", "neat.gd"]) == 0

    assert capsys.readouterr() == ("", "ugly.gd changed\n")
    assert (here / "ugly.gd").read_text() == NEAT
    assert (here / "neat.gd").stat().st_ino == before.st_ino
    assert sorted(path.name for path in here.iterdir()) == ["bad.gd", "neat.gd", "ugly.gd"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions there are others")
def test_a_file_keeps_its_permissions(here):
    (here / "ugly.gd").chmod(0o640)
    run(["fmt", "ugly.gd"])
    assert stat.S_IMODE((here / "ugly.gd").stat().st_mode) == 0o640


def test_windows_line_ends_are_kept(here):
    (here / "ugly.gd").write_bytes(UGLY.replace("\n", "\r\n").encode())

    assert run(["fmt", "ugly.gd"]) == 0

    assert (here / "ugly.gd").read_bytes() == NEAT.replace("\n", "\r\n").encode()
    assert run(["fmt", "--check", "ugly.gd"]) == 0


def test_check_names_what_would_change_and_writes_nothing(here, capsys):
    assert run(["fmt", "--check", "neat.gd"]) == 0
    assert capsys.readouterr() == ("", "")

    assert run(["fmt", "--check", "neat.gd", "ugly.gd"]) == 1

    assert capsys.readouterr() == ("ugly.gd would change\n", "")
    assert (here / "ugly.gd").read_text() == UGLY


def test_check_speaks_to_programs_and_forges_too(here, capsys):
    assert run(["fmt", "--check", "neat.gd", "ugly.gd", "--output-format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (finding["code"], finding["path"]) == ("layout", "ugly.gd")
    assert (finding["start"], finding["end"]) == (
        {"line": 1, "column": 1},
        {"line": 1, "column": len("param   a,b # two") + 1},
    )
    assert finding["help"] == "gdsym fmt ugly.gd"

    assert run(["fmt", "--check", "neat.gd", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"] == []

    assert run(["fmt", "--check", "ugly.gd", "--output-format", "concise"]) == 1
    assert capsys.readouterr().out == "ugly.gd:1:1: error[layout]: the layout would change\n"

    assert run(["fmt", "--check", "ugly.gd", "--output-format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=ugly.gd,line=1,")


def test_a_directory_is_the_model_files_in_it(here, capsys):
    (here / "bad.gd").unlink()
    (here / "deep").mkdir()
    (here / "deep" / "two.gd").write_text(UGLY)
    (here / "deep" / "two.txt").write_text(UGLY)

    assert run(["fmt", "."]) == 0

    assert capsys.readouterr().err == "deep/two.gd changed\nugly.gd changed\n".replace("/", os.sep)
    assert (here / "deep" / "two.gd").read_text() == NEAT
    assert (here / "deep" / "two.txt").read_text() == UGLY


def test_a_directory_without_a_model_is_said_so(here, capsys):
    (here / "empty").mkdir()

    assert run(["fmt", "empty"]) == 2

    assert capsys.readouterr().err == "error: there is no .gd file in the directory empty\n"


def test_diff_shows_what_would_change_and_writes_nothing(here, capsys):
    assert run(["fmt", "--diff", "neat.gd"]) == 0
    assert run(["fmt", "--diff", "ugly.gd"]) == 1

    out = capsys.readouterr().out
    assert out.startswith("--- ugly.gd\n+++ ugly.gd\n@@")
    assert "-loss (a-b)^2\n" in out
    assert "+loss  (a - b)^2\n" in out
    assert (here / "ugly.gd").read_text() == UGLY


def test_a_file_that_cannot_be_read_is_left_alone_and_the_others_are_laid_out(here, capsys):
    assert run(["fmt", "bad.gd", "ugly.gd", "none.gd"]) == 2

    err = capsys.readouterr().err
    assert "bad.gd:1:10: error[syntax]" in err
    assert "there is no file none.gd" in err
    assert (here / "bad.gd").read_text() == "loss a + * 2\n"
    assert (here / "ugly.gd").read_text() == NEAT


def test_a_dash_is_stdin_to_stdout(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))

    assert run(["fmt", "-"]) == 0

    assert capsys.readouterr() == (NEAT, "")
