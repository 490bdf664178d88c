"""Penalised and robust models, against answers that satisfy the conditions of an optimum.

How far a fit is from those conditions (Karush, Kuhn and Tucker's) is computed here in NumPy, from
the formulas by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import lsq_linear

from .score import DATA, EXAMPLES, Case, answers, digits, flat, model, table

Values = dict[str, Any]
Residual = Callable[[Values], float]


def models() -> Iterator[Case]:
    found = {problem["name"]: problem for problem in answers("ml.json")}
    for name, lam in (("l2_1", 1.0), ("l2_0.01", 0.01)):
        yield regression(found[f"breast_cancer_logit_{name}"], "logistic_l2", lam, logistic, l2)
    yield regression(found["breast_cancer_logit_l1_1"], "logistic_l1", 1.0, logistic, l1)
    yield regression(found["diabetes_ols"], "ols", 0.0, squares, l2)
    for lam in (100, 400):
        yield regression(found[f"diabetes_lasso_{lam}"], "lasso", float(lam), squares, l1)
    yield case(found["iris_softmax_l2_1"], "iris", EXAMPLES / "iris.csv", iris)
    yield case(found["digits_softmax_l2_10"], "digits", EXAMPLES / "digits.csv", handwriting)
    yield case(found["engel_quantile_0.5"], "engel", DATA / "engel.csv", median)
    for reference in found["glmnet_enet_binomial"]["refs"]:
        yield elastic_net(reference)
    yield case(found["mf_closed_form"], "factorisation", EXAMPLES / "ratings.csv", factorisation)


def case(problem: dict[str, Any], file: str, data: Path, kkt: Residual, **options: Any) -> Case:
    return Case(
        family="Machine learning",
        name=problem["name"],
        text=model(f"ml/{file}.gd"),
        data=lambda: table(data),
        answer=lambda result: of_model(result, problem, kkt(result.params)),
        options=options,
    )


def of_model(result: Any, problem: dict[str, Any], kkt: float) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "objective": digits(result.objective, [problem["objective"]]),
        "kkt": kkt,
        "met to": digits(kkt, [0.0]),
    }
    params = problem.get("params")
    if params is not None and "w" in result.params:
        found = flat(result.params, *(name for name in ("w", "b") if name in result.params))
        nonzero = [(a, b) for a, b in zip(found, params, strict=True) if b]
        figures["digits"] = digits(*zip(*nonzero, strict=True))
        figures["zeros"] = [int(np.sum(np.asarray(params) == 0)), int(np.sum(found == 0))]
    return figures


# Smooth parts: the slope of the loss along each row's score.


def logistic(score: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-score)) - y


def squares(score: np.ndarray, y: np.ndarray) -> np.ndarray:
    return score - y


# How far a gradient is from balancing a penalty.


def l2(gradient: np.ndarray, w: np.ndarray, lam: float) -> float:
    return float(np.abs(gradient + lam * w).max())


def l1(gradient: np.ndarray, w: np.ndarray, lam: float) -> float:
    at_zero = np.maximum(np.abs(gradient) - lam, 0)
    return float(np.where(w == 0, at_zero, np.abs(gradient + lam * np.sign(w))).max())


def regression(problem: dict[str, Any], file: str, lam: float, slope: Any, penalty: Any) -> Case:
    """A regression on all columns but one, whose intercept is free."""
    tumour = problem["name"].startswith("breast")
    path = EXAMPLES / ("breast_cancer.csv" if tumour else "diabetes.csv")

    def kkt(values: Values) -> float:
        X, y = features(path)
        w = np.asarray(values["w"])
        error = slope(X @ w + values["b"], y)
        return max(penalty(X.T @ error, w, lam), abs(error.sum()))

    options = {"set": {"lam": lam}} if lam else {}
    return case(problem, file, path, kkt, **options)


def features(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """All columns but the target's, and the target: benign is 1."""
    data = table(path)
    (name,) = {"diagnosis", "progression", "y"} & set(data.columns)
    target = data[name]
    y = (target == "benign").to_numpy(float) if name == "diagnosis" else target.to_numpy(float)
    return data.drop(columns=name).to_numpy(float), y


def elastic_net(reference: dict[str, Any]) -> Case:
    path, alpha, lam = DATA / "enet.csv", reference["alpha"], reference["lam"]

    def kkt(values: Values) -> float:
        X, y = features(path)
        w = np.asarray(values["w"])
        gradient = X.T @ logistic(X @ w, y) / len(y) + lam * (1 - alpha) * w
        return l1(gradient, w, lam * alpha)

    problem = {
        "name": f"elastic net, alpha {alpha:g}, lambda {lam:g}",
        "objective": reference["objective"],
        "params": reference["tight"],
    }
    return case(problem, "elastic_net", path, kkt, set={"alpha": alpha, "lam": lam})


def softmax_kkt(X: np.ndarray, codes: np.ndarray, values: Values, lam: float) -> float:
    W, b = np.asarray(values["W"]), np.asarray(values["b"])
    Z = X @ W + b
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(codes)), codes] -= 1
    return float(max(np.abs(X.T @ P + lam * W).max(), np.abs(P.sum(axis=0) + lam * b).max()))


def iris(values: Values) -> float:
    data = table(EXAMPLES / "iris.csv")
    codes = data["species"].map({"setosa": 0, "versicolor": 1, "virginica": 2}).to_numpy()
    return softmax_kkt(data.drop(columns="species").to_numpy(float), codes, values, 1.0)


def handwriting(values: Values) -> float:
    data = table(EXAMPLES / "digits.csv")
    pixels = data.drop(columns="digit").to_numpy(float) / 16
    return softmax_kkt(pixels, data["digit"].to_numpy(), values, 10.0)


def median(values: Values) -> float:
    """How far the rows that the line goes through, each with a slope between -1/2 and 1/2, are
    from balancing those above and below it."""
    data = table(DATA / "engel.csv")
    X = np.column_stack([np.ones(len(data)), data["income"]])
    r = data["foodexp"].to_numpy() - X @ [values["b"], values["slope"]]
    # A row that is met is met to rounding.
    met = np.abs(r) <= 1e-10 * data["foodexp"].to_numpy()
    rest = X[~met].T @ (np.sign(r[~met]) / 2)
    if not met.any():
        return float(np.abs(rest).max())
    slopes = lsq_linear(X[met].T, -rest, bounds=(-0.5, 0.5), tol=1e-15).x
    return float(np.abs(X[met].T @ slopes + rest).max())


def factorisation(values: Values) -> float:
    data, lam = table(EXAMPLES / "ratings.csv"), 3.0
    R = data.pivot(index="user", columns="item", values="rating").to_numpy()
    U, V = np.asarray(values["U"]), np.asarray(values["V"])
    E = U @ V.T - R
    return float(max(np.abs(E @ V + lam * U).max(), np.abs(E.T @ U + lam * V).max()))
