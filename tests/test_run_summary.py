"""The table of estimates as text: what a statistician would recognise, and only what is known."""

import numpy as np
import pytest

import gdsym
from gdsym.run.summary import aligned, probability

LINE = "data x[n], y[n]\nparam a, b\nresidual y - a*x - b"
X = np.array([1.0, 2, 4, 7])
Y = np.array([4.0, 7.5, 12.5, 22])


def lines(result):
    return result.summary().splitlines()


def test_the_table_of_least_squares():
    text = lines(gdsym.fit(LINE, {"x": X, "y": Y}))

    # By hand: 62/21, and s/sqrt(21) with s^2 = 0.452381/2.
    assert text[0].split() == [
        "parameter",
        "estimate",
        "std",
        "error",
        "t",
        "p",
        "95%",
        "from",
        "to",
    ]
    assert text[1].split() == ["a", "2.95238", "0.10378", "28.45", "0.0012", "2.50584", "3.39892"]
    assert text[3] == ""
    assert text[4] == (
        "sum of squares 0.4523809524, s 0.475595 on 2 degrees of freedom, R^2 0.997535"
    )
    assert text[5] == "standard errors: s^2 (J'J)^-1"
    assert text[6].startswith("minimum: ")
    assert text[7].startswith("converged after ")


def test_the_points_of_a_table_are_aligned():
    result = gdsym.fit(LINE, {"x": X, "y": 1e4 * Y})

    rows = lines(result)[1:3]
    assert {row.index(".") for row in rows} == {rows[0].index(".")}


def test_entries_without_an_error_say_why():
    text = lines(gdsym.fit(LINE, {"x": X, "y": Y}, fix={"b": 1}))

    assert text[2].split() == ["b", "1.00000", "(fixed)"]


def test_a_fit_without_errors_says_why():
    text = gdsym.fit(LINE, {"x": X[:2], "y": Y[:2]}).summary()

    assert "no standard errors: there are no more rows than parameters" in text
    assert "std error" not in text


def test_a_long_parameter_is_summed_up_with_its_errors():
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((300, 70))
    y = wide @ rng.standard_normal(70) + rng.standard_normal(300)

    text = gdsym.fit("data X[n, d], y[n]\nparam w[d]\nresidual y - X @ w", {"X": wide, "y": y})

    first = text.summary().splitlines()[0]
    assert first.startswith("w[d]  70 numbers from ")
    assert ", standard errors from " in first


def test_scalar_predictions_have_a_table_of_their_own():
    text = gdsym.fit(LINE + "\npredict twice = 2*a", {"x": X, "y": Y}).summary()

    assert "prediction    value  std error  95% from       to" in text


def test_labels_of_data_cannot_write_to_the_terminal():
    result = gdsym.fit(
        "data X[n, d], y[n]\nparam w[d]\nresidual y - X @ w",
        {"X": X[:, None], "y": Y},
        set={"d": ["\x1b[31mred"]},
    )

    assert "\x1b" not in result.summary()
    assert "w[\\u001b[31mred]" in result.summary()


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.5, "0.5000"), (0.00012, "0.0001"), (4.14e-7, "4.1e-07"), (1e-17, "<1e-16"),
     (0.0, "<1e-16"), (np.nan, ""), (1.0, "1.0000")],
)  # fmt: skip
def test_a_probability_has_the_digits_that_matter(p, text):
    assert probability(p) == text


def test_decimals_are_those_of_the_smallest_error():
    values, errors = aligned([1234.5678, -0.001], [0.5, 0.0123])

    assert values == ["1234.5678", "-0.0010"]
    assert errors == ["0.5000", "0.0123"]


def test_numbers_of_very_different_sizes_are_in_scientific_notation():
    values, errors = aligned([1e12, 1.0], [1e-5, np.nan])

    assert values == ["1.00000e+12", "1.00000e+00"]
    assert errors == ["1.00000e-05", ""]
