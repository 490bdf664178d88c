import json
import re
from pathlib import Path

import pytest

from gdsym.cli import run
from gdsym.lint import rules

GOOD = "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)\n"
DOUBTFUL = "data x[n], y[n], z[n]\nparam a\nloss sum(abs(y - a*x))\n"
TABLE = "data X[n, d] from *, y[n]\nparam w[d]\nloss sum((y - X @ w)^2)\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "good.gd").write_text(GOOD)
    (tmp_path / "doubtful.gd").write_text(DOUBTFUL)
    (tmp_path / "table.gd").write_text(TABLE)
    lines = [f"{i},{i * i % 7},{i % 3}" for i in range(20)]
    (tmp_path / "table.csv").write_text("\n".join(["id,width,y", *lines]) + "\n")
    monkeypatch.chdir(tmp_path)


def test_no_finding_is_exit_0_without_a_word(capsys):
    assert run(["lint", "good.gd"]) == 0
    assert capsys.readouterr() == ("", "")


def test_findings_look_like_errors_and_exit_1(capsys):
    assert run(["lint", "doubtful.gd"]) == 1

    out, err = capsys.readouterr()
    assert err == ""
    assert out == (
        "doubtful.gd:1:18: warning[unused]: the data `z` is never used\n"
        "  |\n"
        "1 | data x[n], y[n], z[n]\n"
        "  |                  ^\n"
        "help: delete it, or use it\n"
        "\n"
        "doubtful.gd:3:10: warning[kink]: `abs` has no derivative at 0\n"
        "  |\n"
        "3 | loss sum(abs(y - a*x))\n"
        "  |          ^^^^^^^^^^^^\n"
        "help: `sqrt(x^2 + s^2)` is smooth\n"
    )


def test_findings_have_the_other_formats(capsys):
    assert run(["lint", "doubtful.gd", "--output-format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [entry["code"] for entry in told["diagnostics"]] == ["unused", "kink"]
    assert told["summary"] == {"errors": 0, "warnings": 2}

    assert run(["lint", "doubtful.gd", "--output-format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::warning file=doubtful.gd,line=1,")


def test_json_without_findings_is_still_json(capsys):
    assert run(["lint", "good.gd", "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"] == []


def test_codes_can_be_left_out(capsys):
    assert run(["lint", "doubtful.gd", "--ignore", "kink"]) == 1
    assert "kink" not in capsys.readouterr().out
    assert run(["lint", "doubtful.gd", "--ignore", "kink, unused"]) == 0


def test_with_data_columns_that_identify_rows_are_found(capsys):
    assert run(["lint", "table.gd"]) == 0
    assert run(["lint", "table.gd", "table.csv"]) == 1

    out = capsys.readouterr().out
    assert "warning[identifier]: the column `id` of `X` looks like an identifier" in out
    assert 'except ["id"]' in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("good.gd --ignore knk", "did you mean `kink`?"),
        ("table.csv table.gd", "the model comes first"),
        ("table.gd none.csv", "none.csv"),
        ("none.gd", "there is no file none.gd"),
    ],
)
def test_a_mistake_is_told_on_stderr_with_exit_2(arguments, message, capsys):
    assert run(["lint", *arguments.split()]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_the_page_lists_every_code():
    page = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")
    section = page.partition("## gdsym lint\n")[2].partition("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(rules())
