"""The formats of errors and findings, and when they are in colour."""

import io
import json
import re

import click
import pytest

from gdsym.cli import run
from gdsym.cli._diagnostics import FORMATS, coloured, wants_colour

BAD = "data X[n, d]\nparam w[k]\nloss sum(X @ w)\nlet a = q\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "bad.gd").write_text(BAD)
    (tmp_path / "good.gd").write_text("param a = 1\nloss (a - 2)^2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def told(capsys, *arguments, code=2):
    assert run(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    return err


@pytest.mark.parametrize("command", ["compile", "show", "fit"])
def test_full_is_the_format_without_the_option(command, capsys):
    plain = told(capsys, command, "bad.gd")

    assert plain == told(capsys, command, "bad.gd", "--output-format", "full")
    assert plain.startswith("bad.gd:3:10: error[shape]: ")
    assert "\n\nbad.gd:4:9: error[name]: " in plain


@pytest.mark.parametrize("command", ["compile", "show", "fit"])
def test_concise_is_a_line_per_mistake(command, capsys):
    lines = told(capsys, command, "bad.gd", "--output-format", "concise").splitlines()

    places = [line.split(": ")[:2] for line in lines]
    assert places == [["bad.gd:3:10", "error[shape]"], ["bad.gd:4:9", "error[name]"]]


def test_json_says_code_place_and_mend(capsys):
    told_ = json.loads(told(capsys, "compile", "bad.gd", "--output-format", "json"))

    shape, name = told_["diagnostics"]
    assert told_["schema"] == "gdsym.diagnostics/1"
    assert told_["summary"] == {"errors": 2, "warnings": 0}
    assert (shape["code"], shape["severity"], shape["path"]) == ("shape", "error", "bad.gd")
    assert shape["start"] == {"line": 3, "column": 10}
    assert shape["end"] == {"line": 3, "column": 15}
    assert shape["notes"][0]["start"]["line"] == 2
    assert name["message"] == "unknown name `q`"


def test_json_of_a_mistake_without_a_place_has_no_path(capsys):
    told_ = json.loads(told(capsys, "compile", "goood.gd", "--output-format", "json"))

    (entry,) = told_["diagnostics"]
    assert entry["code"] == "usage"
    assert entry["path"] is None
    assert entry["help"] == "did you mean `good.gd`?"
    assert "start" not in entry


def test_a_wrong_command_line_has_the_format_too(capsys):
    told_ = told(capsys, "compile", "--output-format", "json")

    assert "Missing argument" in json.loads(told_)["diagnostics"][0]["message"]


def test_github_gets_an_annotation_per_mistake_on_one_line(capsys):
    lines = told(capsys, "compile", "bad.gd", "--output-format", "github").splitlines()

    start = "::error file=bad.gd,line=3,endLine=3,col=10,endColumn=15,title=gdsym shape::"
    assert lines[0].startswith(start)
    assert "%0Ahelp%3A" not in lines[0]
    assert "%0Ahelp: " in lines[0]
    assert len(lines) == 2


def test_github_escapes_what_would_end_a_property_or_the_line(here, capsys):
    (here / "a,b%.gd").write_text("loss q\n")

    line = told(capsys, "compile", "a,b%.gd", "--output-format", "github").splitlines()[0]

    assert "file=a%2Cb%25.gd,line=1" in line


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_has_colour_where_nobody_asked(form, capsys):
    assert "\x1b" not in told(capsys, "compile", "bad.gd", "--output-format", form)


def test_force_color_colours_and_no_color_has_the_last_word(capsys, monkeypatch):
    plain = told(capsys, "compile", "bad.gd")
    monkeypatch.setenv("FORCE_COLOR", "1")
    bright = told(capsys, "compile", "bad.gd")
    json_ = told(capsys, "compile", "bad.gd", "--output-format", "json")
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[31m" in bright
    assert click.unstyle(bright) == plain
    assert "\x1b" not in json_
    assert told(capsys, "compile", "bad.gd") == plain


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_has_colour_unless_it_is_dumb(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal())
    assert not wants_colour(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour(Terminal())


def test_an_empty_no_color_is_not_set(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "")
    assert wants_colour(Terminal())


def test_header_marks_and_mend_are_picked_out_and_the_source_is_not():
    text = (
        "a.gd:1:2: warning[kink]: message\n  |\n1 | loss -- help: ^^ a\n  |      ^^ here\n"
        "  |  --- there\nhelp: mend"
    )

    bright = coloured(text)

    assert click.unstyle(bright) == text
    lines = bright.splitlines()
    assert "\x1b[33m" in lines[0]
    assert "\x1b" not in lines[2]
    assert re.search(r"\x1b\[31m\^\^ here", lines[3])
    assert re.search(r"\x1b\[34m--- there", lines[4])
    assert "\x1b[32m" in lines[5]
