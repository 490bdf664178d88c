"""Generalised linear models and their kin, against damped Newton in 80-bit sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .score import DATA, EXAMPLES, Case, answers, digits, flat, model, of_package, table

Values = dict[str, Any]
STATSMODELS = "statsmodels"


def classes(values: Values) -> np.ndarray:
    """The parameters of seven classes, one class after the other without the first."""
    rows = [values["v"], *np.asarray(values["W"]), values["c"]]
    return np.array(rows)[:, 1:].T.ravel()


def drugs(values: Values) -> np.ndarray:
    return np.array([values["slope"], *values["effect"][1:], values["b"]])


def line(values: Values) -> np.ndarray:
    return flat(values, "w", "b")


# By the name of the problem: the file of its model, of its data, and its parameters in order.
MODELS: dict[str, tuple[str, str, Callable[[Values], np.ndarray]]] = {
    "spector_logit": ("spector_logit", "datasets/spector/spector.csv", line),
    "spector_probit": ("spector_probit", "datasets/spector/spector.csv", line),
    "randhie_poisson": ("randhie_poisson", "randhie.csv", line),
    "randhie_negbin2": (
        "randhie_negbin2",
        "randhie.csv",
        lambda v: flat(v, "w", "b", "log_alpha"),
    ),
    "anes96_mnlogit": ("anes96_mnlogit", "anes96.csv", classes),
    "star98_binomial": ("star98_binomial", "datasets/star98/star98.csv", line),
    "scotland_gamma_inverse": ("scotland_gamma", "datasets/scotland/scotvote.csv", line),
    "cancer_gamma_log": (
        "cancer_gamma",
        "genmod/tests/results/stata_cancer_glm.csv",
        drugs,
    ),
    "ucla_ordered_logit": (
        "ologit",
        "miscmodels/tests/results/ologit_ucla.csv",
        lambda v: flat(v, "w", "cuts"),
    ),
}


def models() -> Iterator[Case]:
    for problem in answers("glm.json"):
        file, data, order = MODELS[problem["name"]]
        ours = {"randhie.csv": EXAMPLES, "anes96.csv": DATA}.get(data)
        yield Case(
            family="Generalised linear models",
            name=problem["name"],
            text=model(f"glm/{file}.gd"),
            data=lambda data=data, ours=ours: read(data) if ours is None else table(ours / data),
            answer=lambda result, problem=problem, order=order: of_model(result, problem, order),
            package=STATSMODELS if ours is None else None,
        )


def read(path: str) -> Any:
    return table(of_package(STATSMODELS, path), sep=r"\s+" if "spector" in path else ",")


def of_model(
    result: Any, problem: dict[str, Any], order: Callable[[Values], np.ndarray]
) -> dict[str, Any]:
    minimum = problem["objective"] + problem["constant"]
    return {
        "digits": digits(order(result.params), problem["optimum"]),
        "se": result.std_errors and digits(order(result.std_errors), problem["se"]),
        "objective": digits(abs(result.objective), [minimum]),
        "statsmodels": problem["second"]["params_digits_vs_tight"],
    }
