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
}

ZOO: dict[str, tuple[str, Arrays]] = {
    name: ((FOLDER / f"{name}.gd").read_text(encoding="utf-8"), data(Random(name)))
    for name, data in DATA.items()
}
