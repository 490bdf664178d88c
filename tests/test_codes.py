"""Every code of a diagnostic is explained, and every explanation shows what it says."""

import ast
from pathlib import Path

import pytest

from gdsym.errors import SourceError
from gdsym.language.check import load_model
from gdsym.language.codes import CODES

LANGUAGE = Path(__file__).parents[1] / "gdsym" / "language"


def codes_in_source():
    """The first argument of every `scope.error(...)` and `Diagnostic(...)` of the language."""
    for path in LANGUAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("error", "Diagnostic") and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def test_exactly_the_codes_that_are_used_are_explained():
    assert set(codes_in_source()) == set(CODES)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_the_example_of_a_code_has_this_mistake_alone_and_its_mend_has_none(code):
    wrong = code.wrong or " " * 1_000_001
    with pytest.raises(SourceError) as caught:
        load_model(wrong, "a.gd")

    assert {diagnostic.kind for diagnostic in caught.value.diagnostics} == {code.name}
    assert not code.right or load_model(code.right, "a.gd").params


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_an_explanation_is_a_title_and_sentences(code):
    assert not code.title.endswith(".")
    assert code.text.endswith(".")
