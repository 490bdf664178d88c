"""Fit files: every bit comes back, the old file survives a failure, nonsense is refused."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from standins import LINE_SOURCE, Line, line_bound, line_data, line_module

from gdsym.errors import UsageError
from gdsym.run import fit, load
from gdsym.run.fit_file import plain, text_of
from gdsym.run.result import JSON_KEYS

X, Y = line_data()


@pytest.fixture
def module():
    return line_module(Line(X, Y))


@pytest.fixture
def result(module):
    return fit(module, line_bound(X, Y), options={"max_iter": 3})


def load_with(module):
    return lambda path: load(path, lambda source, name: module)


def test_every_float_comes_back_with_every_bit(tmp_path, module, result):
    awkward = np.array([5e-324, -0.1 - 1e-17, 1.7976931348623157e308])
    result = replace(
        result,
        theta=awkward,
        params={"w": awkward[:2], "b": float(awkward[2])},
        stats={"X": {"mean": np.array([1 / 3, 2e-310]), "sd": np.array([0.1, 1e16 + 2])}},
    )
    result.save(tmp_path / "fit.json")

    back = load_with(module)(tmp_path / "fit.json")

    assert back.theta.tobytes() == awkward.tobytes()
    assert back.params["w"].tobytes() == awkward[:2].tobytes()
    assert isinstance(back.params["b"], float)
    assert back.stats["X"]["mean"].tobytes() == result.stats["X"]["mean"].tobytes()
    for key in JSON_KEYS:
        if key != "params":
            assert getattr(back, key) == getattr(result, key), key


def test_saving_what_was_loaded_gives_the_same_bytes(tmp_path, module, result):
    result.save(tmp_path / "one.json")

    load_with(module)(tmp_path / "one.json").save(tmp_path / "two.json")

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_loaded_fit_predicts_as_the_fit_itself(tmp_path, module, result):
    result.save(tmp_path / "fit.json")

    back = load_with(module)(tmp_path / "fit.json")

    np.testing.assert_array_equal(back.predict(X=X)["yhat"], result.predict(X=X)["yhat"])


def test_the_file_holds_what_is_needed_to_use_it_alone(result):
    entries = json.loads(text_of(result))

    assert entries["format"] == 1
    assert entries["source"] == LINE_SOURCE
    assert entries["params"]["w"] == result.params["w"].tolist()
    assert entries["dims"] == {"d": {"size": 2, "labels": ["age", "bmi"]}}
    assert entries["consts"] == {"lam": 0.1}
    assert entries["options"] == {"tol": 1e-8, "max_iter": 3}
    assert entries["data_sha256"] == line_bound(X, Y).sha256()
    assert set(entries["versions"]) >= {"python", "numpy"}


def test_no_number_is_written_that_json_does_not_know(tmp_path, module, result):
    unknown = replace(result, objective=np.nan, loss=-np.inf, consts={"lam": np.inf})
    text = text_of(unknown)

    entries = json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} in the file"))
    (tmp_path / "fit.json").write_text(text)
    back = load_with(module)(tmp_path / "fit.json")

    assert entries["objective"] is None
    assert np.isnan(back.objective)
    assert (back.loss, back.consts["lam"]) == (-np.inf, np.inf)


def test_numpy_numbers_become_plain_ones():
    value = {"a": np.float64(0.1), "b": (np.int64(3), [np.bool_(True)]), "c": np.eye(2)}

    assert plain(value) == {"a": 0.1, "b": [3, [True]], "c": [[1.0, 0.0], [0.0, 1.0]]}
    assert type(plain(np.int64(3))) is int


@pytest.mark.parametrize("broken", ["os.replace", "os.fsync"])
def test_where_writing_fails_the_old_file_stays_and_nothing_else(
    tmp_path, monkeypatch, result, broken
):
    path = tmp_path / "fit.json"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(UsageError, match="No space left"):
        result.save(path)

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["fit.json"]


def test_an_interrupt_while_writing_leaves_the_old_file(tmp_path, monkeypatch, result):
    path = tmp_path / "fit.json"
    path.write_text("old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        result.save(path)

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["fit.json"]


def changed(result, **changes):
    entries = {**json.loads(text_of(result)), **changes}
    return json.dumps({k: v for k, v in entries.items() if v is not ...})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2, but this gdsym reads format 1"),
        ({"format": ...}, "it has no `format`"),
        ({"params": ...}, "it has no `params`"),
        ({"params": [1]}, "`params` is list"),
        ({"source": "loss 0"}, "does not have the hash"),
        ({"status": "good"}, "its status is `good`"),
        ({"params": {"w": [1.0, 2.0]}}, "no value for the parameter `b`"),
        ({"params": {"w": [1.0, 2.0, 3.0], "b": 1}}, r"`w` has shape \(3,\), .* \(2,\)"),
        ({"params": {"w": [1.0, "x"], "b": 1}}, "`w` is not an array of numbers"),
        ({"params": {"w": [1, 2], "b": 1, "c": 2}}, "its model has no parameter `c`"),
        ({"dims": {}}, "no size for the dimension `d`"),
        ({"dims": {"d": {"size": 2, "labels": ["age"]}}}, "dimension `d` is"),
        ({"dims": {"d": 2}}, "dimension `d` is 2"),
    ],
)
def test_a_file_that_is_no_fit_is_refused_with_the_reason(
    tmp_path, module, result, changes, message
):
    (tmp_path / "fit.json").write_text(changed(result, **changes))

    with pytest.raises(UsageError, match=message):
        load_with(module)(tmp_path / "fit.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1, 2]", b"\xff\xfe", b'{"format": NaN}', b"[" * 100_000]
)
def test_what_is_not_json_is_refused(tmp_path, module, content):
    (tmp_path / "fit.json").write_bytes(content)

    with pytest.raises(UsageError, match="not a fit file"):
        load_with(module)(tmp_path / "fit.json")


def test_a_file_that_is_not_there_is_said_with_the_nearest(tmp_path, module):
    (tmp_path / "fit.json").write_text("{}")

    with pytest.raises(UsageError, match=r"(?s)there is no file .*fti.json.*did you mean"):
        load_with(module)(tmp_path / "fti.json")


def test_running_needs_neither_sympy_nor_lark():
    code = "import gdsym.run, sys; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    loaded = {name.split(".")[0] for name in answer.stdout.split()}
    assert not loaded & {"sympy", "lark", "rich", "pandas", "scipy"}
