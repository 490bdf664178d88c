"""What the pages on the language say beyond their examples: each claim has a test of its own."""

from pathlib import Path

import numpy as np
import pytest

import gdsym

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
Y = np.array([4.0, 7.0, 13.0])
G = np.array(["a", "b", "a"])


def fit(text, **arrays):
    return gdsym.compile(text).fit(**arrays)


def refused(text, **arrays):
    with pytest.raises(gdsym.GdsymError) as error:
        fit(text, **arrays)
    return str(error.value)


def test_a_label_that_the_data_do_not_have_is_named_when_they_are_bound():
    text = 'data y[n], g[n] in k\nparam u[k]\nloss sum((y - u[g])^2)\npenalty u["zz"]^2'

    message = refused(text, y=Y, g=G)

    assert message == "`k` has no label 'zz'; its labels are 'a', 'b'"


def test_a_question_mark_in_a_column_name_is_no_pattern():
    model = gdsym.compile('data y[n] from "paid?"\nparam m\nloss sum((y - m)^2)')

    result = model.fit({"paid?": Y})

    assert result.params["m"] == 8.0


@pytest.mark.parametrize("end", [3, 5, 6, 7, 10, 0.3])
def test_a_closed_end_of_an_interval_that_is_open_at_the_other_is_never_passed(end):
    high = fit(f"param a in (0, {end}]\nloss (a - 99)^2").params["a"]
    low = fit(f"param a in [-{end}, 0)\nloss (a + 99)^2").params["a"]

    assert high <= end and high == pytest.approx(end, rel=1e-15)
    assert low >= -end and low == pytest.approx(-end, rel=1e-15)
