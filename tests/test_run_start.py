"""Starts: by value, by entry, from an earlier fit by name and label."""

import numpy as np
import pytest
from standins import NO_DATA, Flat, Line, line_bound, line_data, line_module, module_of

from gdsym.errors import UsageError
from gdsym.run import Earlier, fit, parse_assignments, read_start
from gdsym.run.start import start_theta


@pytest.fixture
def line():
    problem = Line(*line_data())
    return line_module(problem), problem


@pytest.mark.parametrize(
    ("start", "theta"),
    [
        (None, [0, 0, 0]),
        ({}, [0, 0, 0]),
        ({"b": 2}, [0, 0, 2]),
        ({"w": 3}, [3, 3, 0]),
        ({"w": [1, 2]}, [1, 2, 0]),
        ({"w": np.array([1, 2]), "b": 0.5}, [1, 2, 0.5]),
        ({"w[bmi]": 4}, [0, 4, 0]),
        ({"w [ 'bmi' ]": 4}, [0, 4, 0]),
        ({"w[bmi]": 4, "w": 1}, [1, 4, 0]),
    ],
)
def test_values_are_put_over_the_inits(line, start, theta):
    np.testing.assert_array_equal(start_theta(*line, start, 0), theta)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"v": 1}, "no parameter `v`\nhelp: the parameters are w, b"),
        ({"w": [1, 2, 3]}, r"`w` has shape \(3,\), but the parameter has \(2,\)"),
        ({"b": [1, 2]}, r"`b` has shape \(2,\)"),
        ({"b": "x"}, "`b` is 'x', not numbers"),
        ({"w[bim]": 1}, r"no entry `w\[bim\]`\nhelp: did you mean `w\[bmi\]`"),
        ({"w[bmi]": "x"}, r"`w\[bmi\]` is 'x', not a number"),
        ({"b": np.nan}, "`b` is nan, but it must be a finite number"),
        ({"b": np.inf}, "`b` is inf, but it must be a finite number"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(line, start, message):
    with pytest.raises(UsageError, match=message):
        start_theta(*line, start, 0)


@pytest.mark.parametrize(
    ("domain", "value", "good"),
    [
        ({"lower": 0.0, "text": ">= 0"}, 0.0, True),
        ({"lower": 0.0, "text": ">= 0"}, -0.1, False),
        ({"lower": 0.0, "lower_open": True, "text": "> 0"}, 0.0, False),
        ({"upper": 1.0, "upper_open": True, "text": "< 1"}, 1.0, False),
        ({"upper": 1.0, "text": "<= 1"}, 1.0, True),
    ],
)
def test_a_start_must_lie_in_the_domain(domain, value, good):
    problem = Flat(lambda x: (x[0], [1.0]), [0.5])
    module = module_of(problem)
    module.PARAMS[0]["domain"] = domain

    if good:
        assert start_theta(module, problem, {"x0": value}, 0) == [value]
    else:
        with pytest.raises(
            UsageError, match=f"`x0` is {value:g}, but it must be {domain['text']}"
        ):
            start_theta(module, problem, {"x0": value}, 0)


def test_an_earlier_fit_gives_values_by_label_and_new_entries_keep_their_init(line):
    earlier = Earlier(
        {"w": [5.0, 6.0, 7.0], "gone": 1.0}, {"d": {"size": 3, "labels": ["sex", "bmi", "bp"]}}
    )

    # `bmi` is the second of both, `age` is new, `b` too.
    np.testing.assert_array_equal(start_theta(*line, earlier, 0), [0, 6, 0])


def test_an_earlier_fit_without_labels_gives_values_by_position(line):
    earlier = Earlier({"w": [5.0], "b": 2.0}, {"d": {"size": 1, "labels": None}})

    np.testing.assert_array_equal(start_theta(*line, earlier, 0), [5, 0, 2])


def test_an_earlier_fit_of_another_model_is_refused(line):
    with pytest.raises(UsageError, match="has beta, and none of this model's parameters"):
        start_theta(*line, Earlier({"beta": 1.0}, {}), 0)


def test_a_fit_from_its_own_result_is_done_at_once(tmp_path):
    X, y = line_data()
    module = line_module(Line(X, y))
    first = fit(module, line_bound(X, y))
    first.save(tmp_path / "fit.json")

    for start in (first, tmp_path / "fit.json", [str(tmp_path / "fit.json")]):
        again = fit(module, line_bound(X, y), start=read_start(start))

        assert again.history[0].objective == first.objective
        assert again.iterations <= 3


def test_the_fit_begins_where_it_is_told():
    problem = Flat(lambda x: (x[0] ** 2, 2 * x), [1.0])

    result = fit(module_of(problem), NO_DATA, start={"x0": -7.0})

    assert result.history[0].objective == 49.0


def test_assignments_are_read_from_texts():
    texts = ["b=2", " w[age] = -1e-3", "w[a=b]=4"]

    assert parse_assignments(texts) == {"b": 2.0, "w[age]": -1e-3, "w[a=b]": 4.0}


@pytest.mark.parametrize("text", ["b", "b=", "=1", "b=x", "fit"])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(UsageError, match="neither a fit file nor NAME=NUMBER"):
        read_start([text])


def test_a_fit_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(UsageError, match="there is no file"):
        read_start([str(tmp_path / "fit.json")])


def test_nothing_given_is_no_start():
    assert read_start(None) is read_start([]) is read_start({}) is None
