"""Parameters that a fit keeps: at a value or at their start, by every method."""

import json

import numpy as np
import pytest

import gdsym
from gdsym.errors import UsageError
from gdsym.run import read_fix

LINE = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\npredict e = a*x + b\n"
X, Y = np.array([1.0, 2.0, 4.0]), np.array([4.0, 7.0, 13.0])
DATA = {"x": X, "y": Y}
RIDGE = """
data X[n, d] from *, y[n]
param w[d], s > 0 = 1
loss mean((y - X @ w)^2)/s + log(s)
"""
TABLE = {
    "X": np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5], [2.0, 2.0]]),
    "y": np.array([1.0, 2.0, 3.0, 5.0]),
}


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        (None, {}),
        ("b", {"b": None}),
        (["b", "a=2"], {"b": None, "a": 2.0}),
        (["w[age]=-1e-3"], {"w[age]": -1e-3}),
        (["w[a=b]", "w[c=d]=2"], {"w[a=b]": None, "w[c=d]": 2.0}),
        (["w=[1, 2]"], {"w": [1, 2]}),
        (("b = 3",), {"b": 3.0}),
        ({"b": 0.5, "w": None}, {"b": 0.5, "w": None}),
    ],
)
def test_what_is_kept_is_read_from_texts_and_mappings(given, fix):
    assert read_fix(given) == fix


@pytest.mark.parametrize("given", [["b=x"], ["b="], ["b=true"], [""], [3], ["b", "b=1"]])
def test_what_cannot_be_read_is_refused(given):
    with pytest.raises(UsageError, match="fix: "):
        read_fix(given)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "lbfgs"},
        {"method": "gd", "lr": 0.01, "epochs": 2000},
        {"method": "adam", "lr": 0.05, "epochs": 500},
        {"method": "adam", "lr": 0.05, "epochs": 500, "batch_size": 1},
    ],
    ids=str,
)
def test_a_kept_parameter_does_not_move_and_the_others_go_to_their_optimum(options):
    result = gdsym.fit(LINE, DATA, fix={"a": 2.0}, **options)

    assert result.params["a"] == 2.0
    assert result.params["b"] == pytest.approx(np.mean(Y - 2 * X), rel=0.3)
    assert result.fixed == ("a",)
    if options["method"] == "lbfgs":
        assert result.params["b"] == pytest.approx(np.mean(Y - 2 * X), rel=1e-8)


def test_without_a_value_it_is_kept_at_its_start():
    result = gdsym.fit(LINE, DATA, start={"b": 1.5}, fix="b")

    assert result.params["b"] == 1.5
    assert result.params["a"] == pytest.approx(X @ (Y - 1.5) / (X @ X), rel=1e-8)


def test_a_value_of_fix_goes_before_one_of_start():
    assert gdsym.fit(LINE, DATA, start={"b": 1.5}, fix=["b=2.5"]).params["b"] == 2.5


def test_one_entry_of_a_vector_may_be_kept():
    model = "data X[n, d] from *, y[n]\nparam w[d]\nloss mean((y - X @ w)^2)\n"
    result = gdsym.fit(model, TABLE, fix=["w[1]=0.25"])

    X, y = TABLE["X"], TABLE["y"]
    assert result.params["w"][1] == 0.25
    expected = X[:, 0] @ (y - 0.25 * X[:, 1]) / (X[:, 0] @ X[:, 0])
    assert result.params["w"][0] == pytest.approx(expected, rel=1e-8)
    assert result.fixed == ("w[1]",)


@pytest.mark.parametrize("value", [0.1, 3.0, 7.3, 1e-3])
def test_a_value_with_an_open_bound_is_kept_to_the_last_bit(value):
    result = gdsym.fit(RIDGE, TABLE, fix={"s": value})

    assert result.params["s"] == value
    np.testing.assert_allclose(
        result.params["w"], np.linalg.lstsq(TABLE["X"], TABLE["y"], rcond=None)[0], rtol=1e-6
    )


def test_all_parameters_kept_is_an_evaluation():
    result = gdsym.fit(LINE, DATA, fix={"a": 3, "b": 2})

    assert result.status == "converged"
    assert result.objective == 1.0
    assert result.fixed == ("a", "b")


def test_a_parameter_that_the_model_fixes_is_marked_too():
    text = "data x[n]\nparam m\nparam nu fixed = 4\nloss mean((x - m)^2) + nu\n"

    assert gdsym.fit(text, x=X).fixed == ("nu",)


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        ("c", "fix: there is no parameter `c`\nhelp: the parameters are a, b"),
        ({"a[1]": 2}, "fix: there is no entry `a[1]`"),
        ({"a": [1, 2]}, "fix: `a` has shape (2,), but the parameter has ()"),
        ({"a": "x"}, "fix: `a` is 'x', not numbers"),
        ({"a": float("nan")}, "fix: `a` is nan, but it must be a finite number"),
    ],
)
def test_what_cannot_be_kept_is_refused(fix, said):
    with pytest.raises(UsageError) as caught:
        gdsym.fit(LINE, DATA, fix=fix)

    assert said in str(caught.value)


def test_a_value_outside_the_domain_is_refused():
    with pytest.raises(UsageError, match=r"fix: `s` is -1, but it must be > 0"):
        gdsym.fit(RIDGE, TABLE, fix={"s": -1})


TOWNS = {"g": np.array(["a", "b", "c", "b"]), "y": np.array([1.0, 2.0, 3.0, 5.0])}


@pytest.mark.parametrize(
    ("domain", "good", "wrong", "said"),
    [
        ("simplex[k]", [0.2, 0.3, 0.5], [0.2, 0.3, 0.9], "in simplex[k], but its sum is 1.4"),
        ("sumzero[k]", [1, 1, -2], [1, 1, 1], "in sumzero[k], but its sum is 3"),
        ("ordered[k]", [1, 2, 3], [1, 3, 3], "in ordered[k], but its entries do not increase"),
        ("base[k]", [0, 2, 3], [4, 2, 3], "in base[k], but that level is 4"),
        ('base[k="b"]', [4, 0, 3], [4, 2, 3], 'in base[k="b"], but that level is 2'),
    ],
)
@pytest.mark.parametrize("option", ["fix", "start"])
def test_entries_that_belong_together_are_kept_together(option, domain, good, wrong, said):
    text = f"data g[n] in k, y[n]\nparam w[k] in {domain}, b\nloss mean((y - b - w[g])^2)\n"

    result = gdsym.fit(text, TOWNS, **{option: {"w": good}})

    if option == "fix":
        np.testing.assert_allclose(result.params["w"], good, rtol=1e-15)
    with pytest.raises(UsageError) as caught:
        gdsym.fit(text, TOWNS, **{option: {"w": wrong}})
    assert str(caught.value) == f"{option}: `w` must be {said}"


def test_the_fit_file_and_the_printed_form_say_what_was_kept(tmp_path):
    result = gdsym.fit(LINE, DATA, fix=["a"])
    result.save(tmp_path / "fit.json")

    again = gdsym.load(tmp_path / "fit.json")

    assert again.fixed == ("a",)
    assert json.loads((tmp_path / "fit.json").read_text())["fixed"] == ["a"]
    lines = repr(again).splitlines()
    assert [line.endswith("fixed") for line in lines if line.startswith(("  a", "  b"))] == [
        True,
        False,
    ]


def test_a_fit_file_from_before_knows_of_nothing_kept(tmp_path):
    path = tmp_path / "fit.json"
    gdsym.fit(LINE, DATA).save(path)
    entries = json.loads(path.read_text())
    del entries["fixed"]
    path.write_text(json.dumps(entries))

    assert gdsym.load(path).fixed == ()


def test_a_kept_parameter_is_not_reported_as_stuck_at_a_saddle():
    text = "data x[n]\nparam u, v = 1\nloss mean((x - u*v)^2)\n"

    message = gdsym.fit(text, x=X, fix={"u": 0.0}).message

    assert "`v` never left the start" in message
    assert "`u`" not in message
