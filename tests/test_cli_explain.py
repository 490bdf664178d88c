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
