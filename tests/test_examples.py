"""The examples fit from the command line and reach their answers, which gdsym had no part in."""

from __future__ import annotations

import csv
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
ANSWERS = EXAMPLES / "answers"

DATA = {
    "breast_cancer": "breast_cancer.csv",
    "claims": "policies.csv",
    "diabetes": "diabetes.csv",
    "digits": "digits.csv",
    "factorisation": "ratings.csv",
    "films": "films.csv",
    "iris": "iris.csv",
    "league": "matches.csv",
    "loadings": "diabetes.csv",
    "mixture": "lengths.csv",
    "policy": "trajectories.csv",
    "process": "diabetes.csv",
    "randhie": "randhie.csv",
    "rents": "rents.csv",
    "ridge": "diabetes.csv",
    "spam": "messages.csv",
    "svm": "breast_cancer.csv",
}
UNIQUE = [name for name in DATA if name not in ("digits", "factorisation")]
ZERO = {"films": 1e-11}  # alternating least squares leaves this much of a number that is 0
SIDES = ("left", "right")


def gdsym(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gdsym", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def answer(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))
    return stored


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """The report and the fit file of each example, made when first asked for."""
    folder = tmp_path_factory.mktemp("fits")
    done: dict[str, tuple[dict[str, Any], Path]] = {}

    def fit(name: str) -> tuple[dict[str, Any], Path]:
        if name not in done:
            path = folder / f"{name}.json"
            data = EXAMPLES / "data" / DATA[name]
            printed = gdsym("fit", EXAMPLES / f"{name}.gd", data, "-o", path, "--json").stdout
            done[name] = json.loads(printed), path
        return done[name]

    return fit


def test_every_example_has_an_answer_and_a_line_in_the_page():
    models = sorted(path.stem for path in EXAMPLES.glob("*.gd"))
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert models == sorted(DATA)
    assert models == sorted(path.stem for path in ANSWERS.glob("*.json"))
    assert [name for name in models if f"[{name}.gd]({name}.gd)" not in page] == []


@pytest.mark.parametrize("name", DATA)
def test_an_example_begins_with_the_command_that_fits_it(name):
    first = (EXAMPLES / f"{name}.gd").read_text(encoding="utf-8").partition("\n")[0]

    assert first == f"# gdsym fit examples/{name}.gd examples/data/{DATA[name]}"


@pytest.mark.parametrize("name", [name for name in DATA if name != "digits"])
def test_the_objective_is_the_answers(name, fits):
    report, _ = fits(name)

    assert report["status"] == "converged"
    assert report["objective"] == pytest.approx(answer(name)["objective"], rel=1e-10, abs=0)


@pytest.mark.parametrize("name", UNIQUE)
def test_the_parameters_are_the_answers(name, fits):
    report, _ = fits(name)
    found, expected = report["params"], answer(name)["params"]
    if name == "mixture":  # log shares are unique up to a common number
        found = {**found, "a": np.array(found["a"]) - np.mean(found["a"])}
    if name == "films":  # factors are unique up to a rotation
        found = {parameter: found[parameter] for parameter in ("mild", "good", "m")}
    if name == "loadings":
        found = {"s": found["s"]}

    assert found.keys() == expected.keys()
    for parameter, value in expected.items():
        np.testing.assert_allclose(found[parameter], value, rtol=1e-6, atol=ZERO.get(name, 0))


@pytest.mark.parametrize(
    "name", ["breast_cancer", "claims", "diabetes", "iris", "randhie", "rents", "ridge", "svm"]
)
def test_weights_are_labelled_with_the_columns_they_belong_to(name, fits):
    report, _ = fits(name)
    labels = answer(name)["labels"]

    assert report["dims"]["d"]["labels"] == labels.get("w", labels.get("W", [None])[0])


def test_teams_and_words_are_the_labels_of_their_numbers(fits):
    teams, words = fits("league")[0]["dims"]["teams"], fits("spam")[0]["dims"]["words"]

    assert teams["labels"] == answer("league")["labels"]["strength"]
    assert words["labels"] == answer("spam")["labels"]["w"]


@pytest.mark.parametrize(
    "name", ["breast_cancer", "factorisation", "films", "iris", "ridge", "spam", "svm"]
)
def test_the_loss_is_the_objective_without_its_penalties(name, fits):
    report, _ = fits(name)

    assert report["loss"] == pytest.approx(answer(name)["loss"], rel=1e-6)


def script(name: str) -> dict[str, Any]:
    """The names that an answer script defines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ANSWERS))
        return runpy.run_path(str(ANSWERS / f"{name}.py"))


def test_the_factors_multiply_to_the_closed_form(fits):
    params = fits("factorisation")[0]["params"]
    closed = script("factorisation")["M"]

    M = np.array(params["U"]) @ np.array(params["V"]).T

    np.testing.assert_allclose(M, closed, rtol=0, atol=1e-6 * np.abs(closed).max())


def test_the_loadings_explain_what_the_closed_form_does(fits):
    W = np.array(fits("loadings")[0]["params"]["W"])
    closed = script("loadings")["W"]

    np.testing.assert_allclose(W @ W.T, closed @ closed.T, rtol=0, atol=1e-6)


def test_a_process_predicts_the_rows_that_it_was_fitted_to(fits, tmp_path):
    params = fits("process")[0]["params"]
    module = script("process")
    K, _, _ = module["parts"](np.array([*params["a"], params["height"], params["noise"]]))
    y = module["y"]

    predicted = [float(row["expected"]) for row in predictions("process", fits, tmp_path)]

    smooth = y - params["noise"] ** 2 * np.linalg.solve(K, y)
    np.testing.assert_allclose(predicted, smooth, rtol=0, atol=1e-8)


def test_the_factors_of_viewers_are_a_ridge_regression_on_those_of_films(fits):
    params = {name: np.array(value) for name, value in fits("films")[0]["params"].items()}
    films = script("films")
    A = np.column_stack([params["U"], params["mild"]])
    B = np.column_stack([params["V"], params["good"]])

    of_viewers = films["regressed"](B, films["seen"], films["stars"], params["m"])
    of_films = films["regressed"](A, films["seen"].T, films["stars"].T, params["m"])

    np.testing.assert_allclose(of_viewers, A, rtol=0, atol=1e-6)
    np.testing.assert_allclose(of_films, B, rtol=0, atol=1e-6)


def test_the_policy_brakes_a_car_that_leaves(fits, tmp_path):
    done = predictions("policy", fits, tmp_path)
    given = rows(EXAMPLES / "data" / "trajectories.csv")
    place, speed = (np.array([float(row[name]) for row in given]) for name in ("place", "speed"))
    left, right = (np.array([float(row[f"p[{side}]"]) for row in done]) for side in SIDES)

    out, back = (place > 1) & (speed > 0), (place < -1) & (speed < 0)
    assert np.all(left[out] > right[out])
    assert np.all(right[back] > left[back])


def predictions(name: str, fits: Any, folder: Path) -> list[dict[str, str]]:
    out = folder / "out.csv"
    gdsym("predict", fits(name)[1], EXAMPLES / "data" / DATA[name], "-o", out)
    return rows(out)


@pytest.mark.parametrize("name", DATA)
def test_predict_gives_one_row_for_each_row(name, fits, tmp_path):
    given = rows(EXAMPLES / "data" / DATA[name])

    assert len(predictions(name, fits, tmp_path)) == len(given)


def test_predictions_of_least_squares_are_the_fitted_values(fits, tmp_path):
    data = rows(EXAMPLES / "data" / "diabetes.csv")
    params = answer("diabetes")["params"]
    X = np.array([[float(text) for text in list(row.values())[:-1]] for row in data])

    predicted = [float(row["expected"]) for row in predictions("diabetes", fits, tmp_path)]

    np.testing.assert_allclose(predicted, X @ params["w"] + params["b"], rtol=1e-6)


def test_predictions_of_new_flats_use_the_mean_of_the_old_ones(fits, tmp_path):
    old = rows(EXAMPLES / "data" / "rents.csv")
    features = np.array(
        [[float(row[name]) for name in ("area", "age", "distance")] for row in old]
    )
    params = answer("rents")["params"]
    new = np.array([[60.0, 10, 2], [80, 50, 9]])
    (tmp_path / "new.csv").write_text("distance,age,area\n2,10,60\n9,50,80\n", encoding="utf-8")

    gdsym("predict", fits("rents")[1], tmp_path / "new.csv", "-o", tmp_path / "out.csv")

    z = (new - features.mean(axis=0)) / features.std(axis=0)
    fair = [float(row["fair"]) for row in rows(tmp_path / "out.csv")]
    np.testing.assert_allclose(fair, z @ params["w"] + params["b"], rtol=1e-6)


@pytest.fixture(scope="module")
def network():
    """Objective, gradient and accuracy of the network on digits, written in NumPy by hand."""
    return script("digits")


def flat(params: dict[str, Any]) -> np.ndarray:
    return np.concatenate([np.ravel(params[name]) for name in ("W1", "b1", "W2", "b2")])


def test_the_network_ends_where_its_gradient_by_hand_is_zero(fits, network):
    report, _ = fits("digits")

    value, gradient = network["value_and_gradient"](flat(report["params"]))

    assert report["status"] == "converged"
    assert report["objective"] == pytest.approx(value, rel=1e-12)
    # The largest entry of the gradient is what grad_norm * |f| bounds; rounding adds a little.
    assert np.abs(gradient).max() < 1.1 * report["grad_norm"] * value + 1e-10
    assert np.abs(gradient).max() < 1e-6 * value


def test_the_network_is_as_good_as_those_of_another_solver(fits, network):
    report, _ = fits("digits")
    bounds = answer("digits")["any_fit"]

    assert report["objective"] < bounds["objective_below"]
    assert network["accuracy"](flat(report["params"])) > bounds["accuracy_above"]


def test_the_network_returns_to_a_minimum_that_is_known(fits, tmp_path):
    expected = answer("digits")
    stored = json.loads(fits("digits")[1].read_text(encoding="utf-8"))
    stored["params"] = {
        name: np.round(value, 3).tolist() for name, value in expected["params"].items()
    }
    start = tmp_path / "start.json"
    start.write_text(json.dumps(stored), encoding="utf-8")
    data = EXAMPLES / "data" / "digits.csv"

    done = gdsym("fit", EXAMPLES / "digits.gd", data, "--start", start, "--json")

    report = json.loads(done.stdout)
    assert report["objective"] == pytest.approx(expected["objective"], rel=1e-10, abs=0)
    # Weights of pixels that are always blank are 0 but for rounding.
    np.testing.assert_allclose(
        flat(report["params"]), flat(expected["params"]), rtol=1e-6, atol=1e-6
    )


def test_the_synthetic_files_are_what_their_script_makes(tmp_path):
    generate = EXAMPLES / "data" / "generate.py"

    subprocess.run([sys.executable, generate, tmp_path], check=True)

    made = sorted(path.name for path in tmp_path.iterdir())
    assert len(made) == 7
    for name in made:
        assert (tmp_path / name).read_bytes() == (EXAMPLES / "data" / name).read_bytes()


def numbers(value: Any) -> list[float]:
    """All numbers of a nested answer, in order."""
    match value:
        case dict():
            return [number for key in sorted(value) for number in numbers(value[key])]
        case list():
            return [number for item in value for number in numbers(item)]
        case bool() | str() | None:
            return []
        case _:
            return [float(value)]


@pytest.mark.parametrize("name", [name for name in DATA if name != "digits"])
def test_an_answer_is_what_its_script_finds(name):
    command = [sys.executable, ANSWERS / f"{name}.py"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    again, stored = json.loads(done.stdout), answer(name)
    for key in ("objective", "params", "singular_values"):
        np.testing.assert_allclose(
            numbers(again.get(key)), numbers(stored.get(key)), rtol=1e-11, atol=ZERO.get(name, 0)
        )


def test_the_minimum_of_the_network_is_one(network):
    stored = answer("digits")

    value, gradient = network["value_and_gradient"](flat(stored["params"]))

    assert value == pytest.approx(stored["objective"], rel=1e-13)
    assert np.abs(gradient).max() < 1e-11
    assert stored["smallest_eigenvalue_of_hessian"] > 0.5
