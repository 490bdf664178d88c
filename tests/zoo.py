"""Small models with small data, one of each kind, for the tests that compare two evaluations.

`ZOO` maps a name to the text of `zoo/NAME.gd` and the arrays it is bound to, by data name. Within
a model no two dimensions have the same size, so that a wrong axis cannot go unseen; data of
categories are codes. The numbers are random, seeded by the name, and mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

FOLDER = Path(__file__).parent / "zoo"
Arrays = dict[str, np.ndarray]


def normal(draw: Random, *shape: int) -> np.ndarray:
    values = [draw.gauss(0, 1) for _ in range(math.prod(shape))]
    return np.array(values).reshape(shape)


def codes(draw: Random, n: int, k: int) -> np.ndarray:
    """Codes 0..k-1 for n >= k rows, each at least once."""
    values = [*range(k), *(draw.randrange(k) for _ in range(n - k))]
    draw.shuffle(values)
    return np.array(values)


def signs(draw: Random, n: int) -> np.ndarray:
    return 2.0 * codes(draw, n, 2) - 1


def counts(draw: Random, n: int) -> np.ndarray:
    """Counts up to 6, at least one of them 0."""
    return codes(draw, n, 7).astype(float) if n > 6 else np.arange(n, dtype=float)


def numbers(n: int, d: int) -> Callable[[Random], Arrays]:
    return lambda draw: {"X": normal(draw, n, d), "y": normal(draw, n)}


def binary(n: int, d: int) -> Callable[[Random], Arrays]:
    return lambda draw: {"X": normal(draw, n, d), "y": codes(draw, n, 2).astype(float)}


DATA: dict[str, Callable[[Random], Arrays]] = {
    "probit": lambda r: {"X": normal(r, 9, 3), "y": codes(r, 9, 2).astype(float)},
    "gamma_log": lambda r: {"X": normal(r, 8, 3), "y": np.exp(normal(r, 8))},
    "negative_binomial": lambda r: {"X": normal(r, 11, 2), "y": counts(r, 11)},
    "poisson_offset": lambda r: {
        "X": normal(r, 10, 4),
        "claims": counts(r, 10),
        "years": np.exp(normal(r, 10)),
    },
    "zero_inflated": lambda r: {"X": normal(r, 12, 2), "y": counts(r, 12)},
    "beta": lambda r: {"X": normal(r, 7, 2), "share": 1 / (1 + np.exp(normal(r, 7)))},
    "tobit": lambda r: {"X": normal(r, 10, 3), "y": np.maximum(normal(r, 10), 0)},
    "heteroscedastic": numbers(12, 3),
    "huber": lambda r: {
        "X": normal(r, 9, 2),
        "y": 3 * normal(r, 9),
        "wt": np.exp(normal(r, 9)),
    },
    "cauchy": numbers(8, 3),
    "pseudo_huber": numbers(11, 4),
    "pinball": numbers(9, 3),
    "hinge": lambda r: {"X": normal(r, 10, 3), "y": signs(r, 10)},
    "margin": lambda r: {"X": normal(r, 12, 4), "y": signs(r, 12)},
    "words": lambda r: {"X": normal(r, 9, 2), "churned": codes(r, 9, 2).astype(float)},
    "elastic_net": numbers(12, 5),
    "standardized_ridge": lambda r: {"X": 100 + 7 * normal(r, 8, 3), "y": normal(r, 8)},
    "nonnegative": numbers(9, 4),
    "growth": lambda r: {
        "x": np.linspace(77, 760, 10),
        "y": np.linspace(10, 82, 10) + normal(r, 10),
    },
    "logistic_growth": lambda r: {
        "x": np.linspace(9, 79, 9),
        "y": 72 / (1 + np.exp(2.6 - 0.067 * np.linspace(9, 79, 9))) + normal(r, 9),
    },
    "rosenbrock": lambda r: {},
    "quadratic": lambda r: {},
    "softmax_labels": lambda r: {"X": normal(r, 10, 2), "way": codes(r, 10, 3)},
    "onehot": lambda r: {"X": normal(r, 11, 3), "y": codes(r, 11, 5)},
    "two_way": lambda r: {
        "y": normal(r, 12),
        "group": codes(r, 12, 3),
        "day": codes(r, 12, 4),
    },
    "bradley_terry": lambda r: {"winner": codes(r, 9, 4), "loser": codes(r, 9, 4)},
    "biased_factors": lambda r: {
        "rating": 3 + normal(r, 12),
        "user": codes(r, 12, 4),
        "item": codes(r, 12, 5),
    },
    "mixture_of_regressions": numbers(11, 2),
    "mixture_plane": lambda r: {"X": 2 * normal(r, 12, 2)},
    "two_layers": numbers(9, 4),
    "classifier": lambda r: {"X": normal(r, 10, 2), "y": codes(r, 10, 3)},
    "principal": lambda r: {"X": normal(r, 8, 4)},
    "smoothing": lambda r: {
        "B": normal(r, 9, 5),
        "D": np.diff(np.eye(5), 2, axis=0),
        "y": normal(r, 9),
    },
    "exponential": lambda r: {"X": normal(r, 10, 3), "y": signs(r, 10)},
    "portfolio": lambda r: {"R": 0.1 + normal(r, 12, 3)},
    "definitions": lambda r: {"X": normal(r, 9, 2), "y": 1 / (1 + np.exp(normal(r, 9)))},
    "least_squares": numbers(9, 3),
    "group_lasso": lambda r: {
        "X": normal(r, 9, 5),
        "y": normal(r, 9),
        "group": np.array([0, 1, 0, 1, 0]),
    },
    "blend": numbers(10, 3),
    "logistic": binary(11, 3),
    "focal": binary(10, 2),
    "tweedie": lambda r: {"X": normal(r, 10, 3), "y": np.maximum(normal(r, 10), 0)},
    "cloglog": binary(12, 3),
    "tukey": lambda r: {"X": normal(r, 9, 3), "y": 5 * normal(r, 9)},
    "student": numbers(10, 3),
    "expectile": numbers(9, 2),
    "squared_hinge": lambda r: {"X": normal(r, 11, 3), "y": signs(r, 11)},
    "crammer_singer": lambda r: {"X": normal(r, 9, 2), "y": codes(r, 9, 4)},
    "kernel_ridge": lambda r: {"K": normal(r, 7, 5), "y": normal(r, 7)},
    "ordinal": lambda r: {"X": normal(r, 10, 2), "y": codes(r, 10, 4)},
    "weibull": lambda r: {
        "X": normal(r, 9, 2),
        "t": np.exp(normal(r, 9)),
        "died": codes(r, 9, 2).astype(float),
    },
    "cox": lambda r: {
        "X": normal(r, 9, 3),
        "t": np.exp(normal(r, 9)),
        "died": codes(r, 9, 2).astype(float),
    },
    "implicit_ranking": lambda r: {
        "user": codes(r, 10, 4),
        "chosen": codes(r, 10, 5),
        "passed": codes(r, 10, 5),
    },
    "factorization_machine": numbers(9, 4),
    "parts": lambda r: {"X": np.abs(normal(r, 9, 4))},
    "yield_curve": lambda r: {
        "t": np.array([0.25, 0.5, 1, 2, 3, 5, 7, 10, 20, 30]),
        "rate": 3 + 0.5 * normal(r, 10),
    },
    "smile": lambda r: {
        "k": 0.3 * normal(r, 12),
        "v": 0.04 + 0.01 * np.abs(normal(r, 12)),
        "expiry": codes(r, 12, 3),
        "vega": np.exp(normal(r, 12)),
    },
    "shortfall": lambda r: {"R": 0.1 + normal(r, 12, 3)},
    "glove": lambda r: {
        "word": codes(r, 12, 5),
        "near": codes(r, 12, 5),
        "count": 1 + codes(r, 12, 12).astype(float),
    },
    "policy": lambda r: {
        "S": normal(r, 10, 2),
        "action": codes(r, 10, 3),
        "logged": 1 / (2 + np.exp(normal(r, 10))),
        "gain": normal(r, 10),
    },
    "item_response": lambda r: {
        "pupil": codes(r, 12, 5),
        "task": codes(r, 12, 3),
        "solved": codes(r, 12, 2).astype(float),
    },
    "steps": lambda r: {"y": normal(r, 9), "D": np.diff(np.eye(9), axis=0)},
    "predators": lambda r: {
        "hares": np.exp(0.3 * normal(r, 9)),
        "foxes": np.exp(0.3 * normal(r, 9)),
        "D": np.gradient(np.eye(9), 0.5, axis=0),
    },
    "choice": lambda r: {
        "X": normal(r, 12, 2),
        "case": np.repeat(np.arange(4), 3),
        "chosen": np.tile([0.0, 0, 1], 4),
    },
    "travel": lambda r: {
        "C": normal(r, 10, 3),
        "X": normal(r, 10, 2),
        "way": codes(r, 10, 3),
    },
    "isotonic": lambda r: {"x": normal(r, 9), "y": np.sort(normal(r, 9))},
    "gaussian_process": lambda r: {"x": normal(r, 7), "y": normal(r, 7)},
    "relevance": numbers(6, 3),
    "kernel_regression": numbers(7, 2),
    "evidence": numbers(9, 3),
    "covariance": lambda r: {"X": normal(r, 8, 3)},
    "cholesky": lambda r: {"X": normal(r, 8, 3), "below": np.tril(np.ones((3, 3)), -1)},
    "factors": lambda r: {"X": normal(r, 9, 4)},
    "himmelblau": lambda r: {},
    "rastrigin": lambda r: {},
}

# The models that a study of what people fit listed, by their numbers there, and what of the zoo
# stands for each. What is not here needs a recurrence along the rows (33, 34, 37).
LISTED: dict[int, tuple[str, ...]] = {
    1: ("least_squares",),
    2: ("standardized_ridge",),
    3: ("elastic_net",),
    4: ("group_lasso",),
    5: ("nonnegative", "blend"),
    6: ("logistic",),
    7: ("margin", "words", "onehot", "focal"),
    8: ("softmax_labels", "onehot"),
    9: ("poisson_offset",),
    10: ("negative_binomial",),
    11: ("gamma_log", "tweedie"),
    12: ("beta",),
    13: ("probit", "cloglog"),
    14: ("huber", "pseudo_huber", "cauchy", "tukey"),
    15: ("student", "heteroscedastic"),
    16: ("pinball", "expectile"),
    17: ("hinge", "squared_hinge"),
    18: ("crammer_singer",),
    19: ("kernel_ridge", "kernel_regression"),
    20: ("ordinal",),
    21: ("zero_inflated",),
    22: ("tobit",),
    23: ("weibull",),
    24: ("cox",),
    25: ("mixture_plane",),
    26: ("mixture_of_regressions",),
    27: ("biased_factors",),
    28: ("bradley_terry", "implicit_ranking"),
    29: ("factorization_machine",),
    30: ("parts",),
    31: ("principal",),
    32: ("classifier", "two_layers"),
    35: ("growth", "logistic_growth"),
    36: ("yield_curve", "smile"),
    38: ("portfolio", "shortfall"),
    39: ("covariance", "cholesky", "factors"),
    40: ("gaussian_process", "relevance", "evidence"),
    41: ("glove",),
    42: ("policy",),
    43: ("item_response",),
    44: ("steps",),
    45: ("predators",),
    46: ("choice", "travel"),
    47: ("smoothing", "isotonic"),
    48: ("rosenbrock", "himmelblau", "rastrigin"),
}

ZOO: dict[str, tuple[str, Arrays]] = {
    name: ((FOLDER / f"{name}.gd").read_text(encoding="utf-8"), data(Random(name)))
    for name, data in DATA.items()
}
