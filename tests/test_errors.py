"""How a mistake is shown, and the golden corpus of wrong models with the exact text of each."""

from pathlib import Path

import pytest

from gdsym.errors import Diagnostic, Source, SourceError, Span, did_you_mean, render
from gdsym.language.check import load_model
from gdsym.language.optimizer import load_rule

BAD = Path(__file__).parent / "golden" / "bad"
MODELS = sorted(BAD.glob("*.gd"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_wrong_file_is_answered_with_exactly_the_golden_text(path, request):
    load = load_rule if path.stem.startswith("rule_") else load_model
    golden = path.with_suffix(".err")

    with pytest.raises(SourceError) as caught:
        load(path.read_bytes().decode(), path.name)

    text = f"{caught.value}\n"
    if request.config.getoption("--update-golden"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_text_has_its_model():
    assert {path.stem for path in BAD.glob("*.err")} == {path.stem for path in MODELS}


def test_the_corpus_is_large():
    assert len(MODELS) >= 150


# Words of the parser and of Python, which mean nothing to the author of a model.
FOREIGN = (
    "$END",
    "LPAR",
    "RSQB",
    "NAME'",
    "Token",
    "lark",
    "Traceback",
    "<class",
    "Span(",
    "None:",
)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_message_speaks_of_the_language_and_not_of_the_parser(path):
    text = path.with_suffix(".err").read_text(encoding="utf-8")

    assert not [word for word in FOREIGN if word in text]


def test_a_diagnostic_shows_both_places_and_the_mend():
    source = Source("a.gd", "param w[k]\n\nloss X @ w\n")
    diagnostic = Diagnostic(
        "shape",
        "`X @ w` contracts `d` with `k`",
        Span(17, 22),
        "X is [n, d]",
        ((Span(6, 10), "w is [k]"),),
        "declare w as w[d]",
    )

    assert render(source, diagnostic) == (
        "a.gd:3:6: error[shape]: `X @ w` contracts `d` with `k`\n"
        "  |\n"
        "1 | param w[k]\n"
        "  |       ---- w is [k]\n"
        "3 | loss X @ w\n"
        "  |      ^^^^^ X is [n, d]\n"
        "help: declare w as w[d]"
    )


def test_the_mark_stands_under_its_place_behind_a_tab():
    source = Source("a.gd", "loss\tx + y")

    text = render(source, Diagnostic("name", "unknown name `y`", Span(9, 10)))

    assert text.endswith("1 | loss\tx + y\n  |     \t    ^")


def test_a_place_at_the_end_of_the_text_is_marked_with_one_sign():
    source = Source("a.gd", "loss x +")

    text = render(source, Diagnostic("syntax", "too short", Span(8, 8)))

    assert text.startswith("a.gd:1:9:")
    assert text.endswith("|         ^")


def test_of_a_very_long_line_the_part_around_the_place_is_shown():
    source = Source("a.gd", "loss " + "a + " * 100_000 + "b")

    text = render(source, Diagnostic("name", "unknown name `b`", Span(400_005, 400_006)))

    assert len(text) < 400
    assert text.startswith("a.gd:1:400006:")
    excerpt, mark = text.splitlines()[2:4]
    assert excerpt[mark.index("^")] == "b"


def test_a_control_character_reaches_the_terminal_as_an_escape():
    source = Source("a.gd", "loss \x1b[31mx")

    text = render(source, Diagnostic("character", "hidden", Span(5, 6)))

    assert "\x1b" not in text
    assert "\\u001b" in text


def test_errors_are_shown_in_order_of_place():
    source = Source("a.gd", "loss x + y")
    later = Diagnostic("name", "unknown name `y`", Span(9, 10))
    earlier = Diagnostic("name", "unknown name `x`", Span(5, 6))

    error = SourceError(source, [later, earlier])

    assert str(error).index("`x`") < str(error).index("`y`")


def test_lines_of_a_windows_file_are_counted_and_shown_without_their_ends():
    source = Source("a.gd", "param x\r\nloss y\r\n")

    assert source.position(14) == (2, 6)
    assert source.line(2) == "loss y"
    assert source.line(9) == ""


def test_a_near_name_is_suggested_and_a_far_one_is_not():
    assert did_you_mean("sofplus", ["softplus", "sigmoid"]) == "did you mean `softplus`?"
    assert did_you_mean("qqq", ["softplus", "sigmoid"]) == ""
