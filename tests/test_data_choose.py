"""`bind`: the user's word on which columns a data is made of."""

import numpy as np
import pytest
from data_models import CATEGORY, EVERY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError, GdsymError, UsageError

MODULE = model(data("y", "n"), data("X", "n d", EVERY), data("w", "n", default=1.0))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text("label,a,b,c\n1,2,3,4\n5,6,7,8\n")
    (tmp_path / "side.csv").write_text("label,a,s\n10,20,30\n50,60,70\n")
    return tmp_path


def columns(**bind):
    return bind_tables(MODULE, "d.csv", bind=bind).columns


def refusal(kind=GdsymError, module=MODULE, **bind):
    with pytest.raises(kind) as caught:
        bind_tables(module, "d.csv", bind=bind)
    return str(caught.value)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("bind", "made_of"),
    [
        ({"y": "label"}, {"y": ["label"], "X": ["a", "b", "c"]}),
        ({"y": "b"}, {"y": ["b"], "X": ["label", "a", "c"]}),
        ({"y": "label", "X": "c,a"}, {"y": ["label"], "X": ["c", "a"]}),
        ({"y": "label", "X": "c, a"}, {"y": ["label"], "X": ["c", "a"]}),
        ({"y": "label", "X": ["b"]}, {"y": ["label"], "X": ["b"]}),
        ({"y": "label", "X": "*"}, {"y": ["label"], "X": ["a", "b", "c"]}),
        ({"y": "a", "X": "l*l"}, {"y": ["a"], "X": ["label"]}),
        ({"y": "label", "w": "a"}, {"y": ["label"], "w": ["a"], "X": ["b", "c"]}),
        ({"y": "label", "X": "b", "w": "b"}, {"y": ["label"], "X": ["b"], "w": ["b"]}),
    ],
)
def test_chosen_columns_take_the_place_of_the_models(bind, made_of):
    assert columns(**bind) == made_of


@pytest.mark.usefixtures("here")
def test_a_file_of_its_own_serves_one_name_only():
    bound = bind_tables(MODULE, "d.csv", bind={"y": "side.csv:s"})

    assert bound.arrays["y"].tolist() == [30, 70]
    assert bound.columns["X"] == ["label", "a", "b", "c"]


@pytest.mark.usefixtures("here")
def test_a_column_of_another_file_does_not_hide_one_of_the_same_name():
    bound = bind_tables(MODULE, "d.csv", bind={"y": "side.csv:a"})

    assert bound.arrays["y"].tolist() == [20, 60]
    assert bound.columns["X"] == ["label", "a", "b", "c"]


@pytest.mark.usefixtures("here")
def test_a_column_of_the_file_itself_is_claimed():
    assert columns(y="./d.csv:a") == {"y": ["a"], "X": ["label", "b", "c"]}


@pytest.mark.usefixtures("here")
def test_all_data_may_come_from_chosen_files():
    bind = {"y": "side.csv:s", "X": "d.csv:b,a"}
    bound = bind_tables(MODULE, bind=bind)

    assert bound.arrays["X"].tolist() == [[3, 2], [7, 6]]


def test_a_file_without_columns_is_searched_as_the_model_says(here):
    np.save(here / "features.npy", np.eye(2))
    np.savez(here / "all.npz", X=2 * np.eye(2), Z=3 * np.eye(2))
    module = model(data("label", "n"), data("X", "n d"))

    by_file = bind_tables(module, "d.csv", bind={"X": "features.npy"})
    by_name = bind_tables(module, "d.csv", bind={"X": "all.npz"})
    by_both = bind_tables(module, "d.csv", bind={"X": "all.npz:Z"})

    assert [b.arrays["X"][0, 0] for b in (by_file, by_name, by_both)] == [1, 2, 3]


def test_a_name_may_hold_commas_colons_and_equals_signs(here):
    (here / "d.csv").write_text('"a,b",c:d,e=f\n1,2,3\n')
    module = model(data("x", "n"))

    def first(choice):
        return bind_tables(module, "d.csv", bind={"x": choice}).arrays["x"].tolist()

    assert first('"a,b"') == first(["a,b"]) == [1]
    assert first("c:d") == [2]
    assert first("e=f") == [3]


def test_what_is_bound_is_found_again_at_prediction(here):
    module = model(data("X", "n d", EVERY))
    fit = bind_tables(module, "d.csv", bind={"X": "c,a"})

    again = bind_tables(module, "d.csv", dims=fit.dims, columns=fit.columns, only=["X"])
    renamed = bind_tables(
        module, "side.csv", dims=fit.dims, columns=fit.columns, only=["X"], bind={"X": "s,label"}
    )

    assert again.arrays["X"].tolist() == [[4, 2], [8, 6]]
    assert renamed.arrays["X"].tolist() == [[30, 10], [70, 50]]
    assert renamed.dims["d"]["labels"] == ["c", "a"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("bind", "kind", "said"),
    [
        ({"x": "a"}, UsageError, "bind: the model has no data `x`\nhelp: its data are `y`"),
        ({"yy": "a"}, UsageError, "did you mean `y`?"),
        ({"y": "lable"}, DataError, "no column `lable` (for `y`)"),
        ({"y": "lable"}, DataError, "for `lable` did you mean `label`?"),
        ({"y": "label", "w": "ww"}, DataError, "no column `ww` (for `w`)"),
        ({"y": "a,b"}, DataError, "`y[n]` has 1 axis and cannot be made of the 2 columns"),
        ({"y": "side.csv:t"}, DataError, "side.csv: no column `t` (for `y`)"),
        ({"y": "nowhere.csv:t"}, DataError, "there is no file nowhere.csv"),
        ({"y": "a,,b"}, UsageError, "a column without a name"),
        ({"y": ""}, UsageError, "not columns"),
        ({"y": 3}, UsageError, "not columns"),
        ({"y": [1]}, UsageError, "not names of columns"),
        ({"y": []}, UsageError, "not names of columns"),
        ({"y": "label", "X": "q*"}, DataError, "no column that matches `q*` (for `X`)"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(bind, kind, said):
    assert said in refusal(kind, **bind)


@pytest.mark.usefixtures("here")
def test_an_array_and_a_choice_for_one_name_are_refused():
    with pytest.raises(UsageError, match="passed as an array and named in bind"):
        bind_tables(MODULE, "d.csv", arrays={"y": [1, 2]}, bind={"y": "label"})


@pytest.mark.usefixtures("here")
def test_a_chosen_category_is_coded_as_any():
    module = model(data("c", "n", named("t"), CATEGORY))

    bound = bind_tables(module, "d.csv", bind={"c": "label"})

    assert bound.dims["k"]["labels"] == ["1", "5"]
