"""Python literals that evaluate to what they were made of."""

import ast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gdsym.codegen.literal import assignment, block, literal, number, string

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_a_literal_evaluates_to_its_value(value):
    assert eval(literal(value, 0, 0), {"np": np}) == value


@given(st.text() | st.text(alphabet="a\"'\\\n{"))
def test_a_string_evaluates_to_its_text(text):
    assert ast.literal_eval(string(text)) == text


@given(st.text(alphabet="ab\"'\\\n\t\r{}é#"))
def test_a_block_evaluates_to_its_text(text):
    assert ast.literal_eval(block(text)) == text


@given(st.floats(allow_nan=False))
def test_a_number_is_the_same_double(value):
    assert eval(number(value), {"np": np}) == value


def test_strings_are_double_quoted_where_they_can_be():
    assert string("a") == '"a"'
    assert string("it's") == '"it\'s"'
    assert string('say "a"') == "'say \"a\"'"


def test_long_values_have_an_entry_per_line():
    value = {"name": "x" * 60, "more": ("y" * 30, "z" * 30)}

    lines = assignment("NAME", value, "dict[str, Any]").splitlines()

    assert lines[0] == "NAME: dict[str, Any] = {"
    assert lines[-1] == "}"
    assert all(len(line) < 100 for line in lines)
    assert assignment("A", (1,)) == "A = (1,)"
