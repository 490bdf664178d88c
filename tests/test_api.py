import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gdsym

LINE = """
data  x[n], y[n]
param a, b
const lam = 0
loss  mean((y - a*x - b)^2)
penalty lam * a^2
predict expected = a*x + b
"""
X = np.array([1.0, 2.0, 4.0])
Y = np.array([4.0, 7.0, 13.0])  # 3 x + 1


def test_a_text_is_compiled_and_arrays_are_fitted_by_name():
    result = gdsym.compile(LINE).fit(x=X, y=Y)

    assert result.status == "converged"
    assert result.params == pytest.approx({"a": 3, "b": 1}, abs=1e-7)


@pytest.mark.parametrize("as_path", [str, Path])
def test_a_path_is_a_path_and_a_string_that_ends_in_gd_too(tmp_path, as_path):
    path = tmp_path / "line.gd"
    path.write_text(LINE)

    model = gdsym.compile(as_path(path))

    assert model.name == "line"
    assert "line.gd" in model.text


def test_what_is_no_text_is_refused():
    with pytest.raises(gdsym.GdsymError, match="not a int"):
        gdsym.compile(3)


@pytest.mark.parametrize(
    "table",
    [{"x": X, "y": Y}, pd.DataFrame({"x": X, "y": Y, "other": ["a", "b", "c"]})],
    ids=["mapping", "data frame"],
)
def test_tables_are_fitted_like_arrays(table):
    model = gdsym.compile(LINE)

    np.testing.assert_array_equal(model.fit(table).theta, model.fit(x=X, y=Y).theta)


def test_files_are_fitted_like_arrays(tmp_path):
    path = tmp_path / "line.csv"
    path.write_text("x,y\n1,4\n2,7\n4,13\n")
    model = gdsym.compile(LINE)

    np.testing.assert_array_equal(model.fit(path).theta, model.fit(x=X, y=Y).theta)
    np.testing.assert_array_equal(model.fit([str(path)]).theta, model.fit(x=X, y=Y).theta)


def test_data_whose_name_is_an_option_go_through_a_mapping():
    model = gdsym.compile("data lr[n]\nparam m\nloss mean((lr - m)^2)")

    assert model.fit({"lr": X}).params["m"] == pytest.approx(7 / 3)


def test_an_unknown_argument_names_the_data_of_the_model():
    with pytest.raises(gdsym.GdsymError, match=r"no data `z`.*`x`"):
        gdsym.compile(LINE).fit(x=X, z=Y)


def test_set_gives_constants():
    # d/da and d/db of mean((y - a x - b)^2) + a^2 = 0 at a = 21/13, b = 8 - 7/3 a
    result = gdsym.compile(LINE).fit(x=X, y=Y, set={"lam": 1})

    a = result.params["a"]
    slope = np.mean((X - X.mean()) * (Y - Y.mean())) / (np.var(X) + 1)
    assert a == pytest.approx(slope, rel=1e-7)
    assert result.objective == pytest.approx(result.loss + a**2)


def test_set_gives_sizes_of_dimensions():
    model = gdsym.compile("dim k = 2\nparam w[k] = 1\nloss sum(w^2)")

    assert model.fit(set={"k": 5}).params["w"].shape == (5,)


@pytest.mark.parametrize(
    ("name", "mend"),
    [("lamb", "did you mean `lam`"), ("a", "is a parameter"), ("x", "comes from the data")],
)
def test_an_unknown_setting_is_mended(name, mend):
    with pytest.raises(gdsym.GdsymError, match=mend):
        gdsym.compile(LINE).fit(x=X, y=Y, set={name: 1})


@pytest.mark.parametrize("size", [0, 2.5, True, "many", []])
def test_a_size_is_a_whole_number_or_labels(size):
    model = gdsym.compile("dim k = 2\nparam w[k] = 1\nloss sum(w^2)")

    with pytest.raises(gdsym.GdsymError, match="size of a dimension is a whole number"):
        model.fit(set={"k": size})


def test_a_rule_is_compiled_when_it_is_asked_for():
    model = gdsym.compile(LINE)

    result = model.fit(x=X, y=Y, method="adam", lr=0.05, epochs=3000)

    assert result.status == "finished"
    assert result.method == "adam"
    assert result.params == pytest.approx({"a": 3, "b": 1}, abs=1e-3)


def test_a_rule_file_is_a_method(tmp_path):
    rule = tmp_path / "mine.gd"
    rule.write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")
    model = gdsym.compile("param a\nloss (a - 2)^2")

    # a_1 = 0 - 0.1 * 2 * (0 - 2)
    assert model.fit(method=str(rule), epochs=1).params["a"] == pytest.approx(0.4, rel=1e-15)


def test_a_missing_rule_file_is_named(tmp_path):
    with pytest.raises(gdsym.GdsymError, match=r"there is no file .*mine\.gd"):
        gdsym.compile("param a\nloss (a - 2)^2").fit(method=str(tmp_path / "mine.gd"))


def test_fit_compiles_and_fits():
    assert gdsym.fit(LINE, {"x": X, "y": Y}).params["a"] == pytest.approx(3)


def test_a_saved_fit_comes_back(tmp_path):
    result = gdsym.fit(LINE, {"x": X, "y": Y})
    result.save(tmp_path / "fit.json")

    again = gdsym.load(tmp_path / "fit.json")

    assert again.params == result.params
    np.testing.assert_array_equal(again.predict(x=X)["expected"], result.predict(x=X)["expected"])


def test_a_mistake_in_a_file_is_shown_with_its_path(tmp_path):
    path = tmp_path / "bad.gd"
    path.write_text("param a\nloss aa^2\n")

    with pytest.raises(gdsym.GdsymError) as caught:
        gdsym.compile(path)

    assert str(caught.value).startswith(f"{path}:2:6: error")


def test_the_module_does_not_depend_on_where_the_model_lies(tmp_path):
    texts = []
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "line.gd").write_text(LINE)
        texts.append(gdsym.compile(tmp_path / folder / "line.gd").text)

    assert texts[0] == texts[1]


def test_a_model_shows_how_it_is_fitted():
    assert repr(gdsym.compile(LINE)) == "<gdsym model model: fit(x=..., y=...)>"


def test_the_public_names_are_there_and_no_others():
    assert set(gdsym.__all__) <= set(dir(gdsym))
    assert all(hasattr(gdsym, name) for name in gdsym.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gdsym.nothing  # noqa: B018


def test_a_parameter_per_row_is_fitted_kept_and_predicted_for_as_many_rows(tmp_path):
    text = "data y[n]\nparam level[n]\nloss sum((level - y)^2)\npredict twice = 2*level"
    y = np.array([1.0, 3.0, 2.0])

    gdsym.fit(text, y=y).save(tmp_path / "fit.json")
    kept = gdsym.load(tmp_path / "fit.json")

    assert kept.theta_names == ("level[0]", "level[1]", "level[2]")
    np.testing.assert_allclose(kept.predict(y=y)["twice"], 2 * y, rtol=1e-8)
    with pytest.raises(gdsym.GdsymError, match=r"each of the 3 rows .* these data have 4"):
        kept.predict(y=np.ones(4))


CACHED = """
import sys
import gdsym
result = gdsym.fit("line.gd", "line.csv")
assert result.status == "converged"
slow = {"lark", "pandas", "pyarrow", "rich", "scipy", "sympy", "importlib.metadata"}
print(*sorted(slow & set(sys.modules)))
"""


def test_a_cached_fit_imports_neither_sympy_nor_lark(tmp_path, monkeypatch):
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "line.gd").write_text(LINE)
    (tmp_path / "line.csv").write_text("x,y\n1,4\n2,7\n4,13\n")

    def loaded() -> str:
        return subprocess.run(
            [sys.executable, "-c", CACHED],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert "lark" in loaded()  # the first run compiles: the second can tell something
    assert loaded() == "\n"


COMMAND = """
import sys
from gdsym.cli import run
assert run(["fit", "line.gd", "line.csv", "-o", "fit.json"]) == 0
slow = {"lark", "pandas", "pyarrow", "rich", "scipy", "sympy", "importlib.metadata"}
print(*sorted(slow & set(sys.modules)))
"""


def test_a_cached_fit_at_the_command_line_imports_no_more_than_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "line.gd").write_text(LINE)
    (tmp_path / "line.csv").write_text("x,y\n1,4\n2,7\n4,13\n")

    def loaded() -> str:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()[-1]

    assert "sympy" in loaded()
    assert loaded() == ""


def test_a_model_that_is_compiled_anew_for_a_fit_leaves_out_what_it_was_told_to():
    text = "data y[n]\nparam m\nloss sum(log(1 + (y - m)^2))"
    plain, without = gdsym.compile(text), gdsym.compile(text, without=["buffers"])
    assert 'acc.work("u"' in plain.carrying("adam").text

    carrying = without.carrying("adam")

    assert "adam" in carrying.module.RULES
    assert 'acc.work("u"' not in carrying.text
