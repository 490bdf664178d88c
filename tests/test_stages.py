"""The text of every stage: readable, complete, and the same for the same model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from zoo import ZOO

import gdsym
from gdsym.compiler import stages
from gdsym.errors import Source, SourceError
from gdsym.language import syntax
from gdsym.language.parse import parse
from gdsym.stages import STAGES, listing, outline, stage_text

TEXT = """\
dim   k in {"a", "b"}
data  x[n], y[n] in k
param w[k] >= 0 = 0, b
let   z = w[y]*x + b
loss  mean(z^2)
"""


@pytest.mark.parametrize("name", ["two_layers", "mixture_plane", "biased_factors", "quadratic"])
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_a_model_has_a_text(stage, name):
    text = stage_text(ZOO[name][0], f"{name}.gd", stage)

    assert text.endswith("\n")
    assert len(text.splitlines()) > 3
    assert " object at 0x" not in text


def test_every_model_of_the_zoo_has_a_listing_of_its_derived_program():
    for name, (text, _) in ZOO.items():
        derived = stages(text, f"{name}.gd").derived
        assert f"loss = %{listing(derived).partition('loss = %')[2][:1]}" in listing(derived)


def test_a_listing_reads_nothing_that_does_not_stand_above():
    import re

    lines = stage_text(TEXT, "a.gd", "lowered").partition("\n\n")[0].splitlines()

    for number, line in enumerate(lines, 1):
        left, right = line.split(" = ", 1)
        assert left.startswith(f"%{number}")
        assert all(int(read) < number for read in re.findall(r"%(\d+)", right))


def test_syntax_and_model_show_places_and_values_even_when_they_are_0():
    shown = stage_text(TEXT, "a.gd", "syntax")
    model = stage_text(TEXT, "a.gd", "model")

    assert "    items[0]: Declaration  @3:7\n      name: Name text='w'  @3:7\n" in shown
    assert "value: Number value=0  @3:19\n" in shown
    assert "Param name='w' dims=('k')  @3:7\n    domain: Domain lower=0.0 text='>= 0'" in model
    assert "lets[0]: Let name='z'  @4:7\n" in model


def test_an_outline_has_a_line_for_every_node():
    source = Source("a.gd", TEXT)
    count = 0

    def visit(value):
        nonlocal count
        if isinstance(value, tuple):
            for part in value:
                visit(part)
        elif hasattr(value, "__slots__") and type(value).__module__ == syntax.__name__:
            count += 1
            for name in value.__slots__:
                visit(getattr(value, name))

    file = parse(source)
    visit(file)

    assert count == len(outline(file, source).splitlines())


def test_the_plan_says_what_each_pass_sums():
    shown = stage_text("data x[n]\nparam a\nloss mean((x - mean(x) - a)^2)\n", "a.gd", "plan")

    assert "learn 1\n" in shown
    assert "pass 1\n" in shown
    assert "grad(a) = " in shown


def test_the_stage_module_is_what_compile_writes():
    assert stage_text(TEXT, "some/where/model.gd", "module") == gdsym.compile(TEXT).text


def test_a_mistake_is_shown_with_the_path():
    with pytest.raises(SourceError, match=r"some/where/a\.gd:1:6: error\[name\]"):
        stage_text("loss q\n", "some/where/a.gd", "derived")


def test_the_texts_are_the_same_in_another_process_with_another_hash_seed():
    code = (
        "from gdsym.stages import STAGES, stage_text\n"
        f"text = {ZOO['classifier'][0]!r}\n"
        "for stage in (*STAGES, 'latex'): print(stage_text(text, 'a.gd', stage))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(Path(__file__).parents[1]),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
