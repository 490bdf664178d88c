"""Value and gradient of losses of a linear score: a table of losses, each in every language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import exp, log1p
from os import cpu_count
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, DEFAULT, LARGE, Case, size
from benchmarks.ours import joined, with_problem
from benchmarks.peers import in_jax, in_numpy, in_threaded_numpy, in_torch
from benchmarks.race import Contender, Race, Run, Vector, close

FAMILY = "Value and gradient of linear models"
SIZES = ((10**4, 100), (10**5, 10), (10**5, 100), (10**6, 10), (10**6, 100), (10**5, 1000))
QUICK = {
    ("logistic", (10**4, 100)): DEFAULT,
    ("logistic", (10**5, 10)): BOTH,
    ("poisson", (10**5, 100)): BOTH,
    ("huber", (10**5, 10)): DEFAULT,
}
TINY = (40, 3)
ROUNDS = 45  # some ratios are next to one
KEPT = "logistic"  # the loss that has the kept heap too: the temporaries of all are alike


@dataclass(frozen=True)
class Loss:
    """The mean over rows of a loss of score z and answer y, plus penalty/2*sum(w^2)."""

    text: str
    answers: Callable[[np.random.Generator, int], Vector]
    loss: Callable[[Any, Any, Any], Any]  # of a row, in functions of a namespace
    by_hand: Callable[[Vector, Vector], tuple[Vector, Vector]]  # of all rows, with slopes by z
    row: Callable[[float, float], tuple[float, float]]  # of one row, to be compiled by numba
    sklearn: str | None = None  # the name of its private loss
    penalty: float = 0.0


def model(answer: str, loss: str, penalty: float = 0.0) -> str:
    lines = [f"data X[n, d], {answer}", "param w[d], b", "let z = X @ w + b", f"loss mean({loss})"]
    return "\n".join([*lines, f"penalty {penalty}/2*sum(w^2)"] if penalty else lines)


def _logistic_by_hand(z: Vector, y: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, z) - y * z, 1 / (1 + np.exp(-z)) - y


def _logistic_row(z: float, y: float) -> tuple[float, float]:
    small = exp(-abs(z))
    share = 1 / (1 + small) if z > 0 else small / (1 + small)
    return max(z, 0.0) + log1p(small) - y * z, share - y


def _poisson_by_hand(z: Vector, y: Vector) -> tuple[Vector, Vector]:
    mean = np.exp(z)
    return mean - y * z, mean - y


def _poisson_row(z: float, y: float) -> tuple[float, float]:
    mean = exp(z)
    return mean - y * z, mean - y


def _ridge_by_hand(z: Vector, y: Vector) -> tuple[Vector, Vector]:
    r = z - y
    return r**2 / 2, r


def _ridge_row(z: float, y: float) -> tuple[float, float]:
    r = z - y
    return r * r / 2, r


def _huber_by_hand(z: Vector, y: Vector) -> tuple[Vector, Vector]:
    r = z - y
    size = np.abs(r)
    return np.where(size <= 1, r**2 / 2, size - 0.5), np.clip(r, -1, 1)


def _huber_row(z: float, y: float) -> tuple[float, float]:
    r = z - y
    c = max(min(r, 1.0), -1.0)
    return c * (r - c / 2), c


def _squared_hinge_by_hand(z: Vector, y: Vector) -> tuple[Vector, Vector]:
    gap = np.maximum(0, 1 - y * z)
    return gap**2, -2 * y * gap


def _squared_hinge_row(z: float, y: float) -> tuple[float, float]:
    gap = max(0.0, 1 - y * z)
    return gap * gap, -2 * y * gap


LOSSES = {
    "logistic": Loss(
        model("y[n] in {0, 1}", "log(1 + exp(z)) - y*z"),
        lambda draw, n: draw.integers(0, 2, n).astype(float),
        lambda xp, z, y: xp.logaddexp(xp.zeros_like(z), z) - y * z,
        _logistic_by_hand,
        _logistic_row,
        "HalfBinomialLoss",
    ),
    "poisson": Loss(
        model("y[n] in counts", "exp(z) - y*z"),
        lambda draw, n: draw.poisson(2.0, n).astype(float),
        lambda xp, z, y: xp.exp(z) - y * z,
        _poisson_by_hand,
        _poisson_row,
        "HalfPoissonLoss",
    ),
    "ridge": Loss(
        model("y[n]", "(z - y)^2/2", 0.1),
        lambda draw, n: draw.standard_normal(n),
        lambda xp, z, y: (z - y) ** 2 / 2,
        _ridge_by_hand,
        _ridge_row,
        "HalfSquaredError",
        0.1,
    ),
    "huber": Loss(
        model("y[n]", "huber(z - y, 1)"),
        lambda draw, n: draw.standard_t(2, n),
        lambda xp, z, y: xp.where(xp.abs(z - y) <= 1, (z - y) ** 2 / 2, xp.abs(z - y) - 0.5),
        _huber_by_hand,
        _huber_row,
        "HuberLoss",
    ),
    "squared hinge": Loss(
        model("y[n] in {-1, 1}", "max(0, 1 - y*z)^2"),
        lambda draw, n: 2.0 * draw.integers(0, 2, n) - 1,
        lambda xp, z, y: xp.clip(1 - y * z, 0, None) ** 2,
        _squared_hinge_by_hand,
        _squared_hinge_row,
    ),
}


def cases() -> list[Case]:
    return [
        Case(
            f"{name} {size(*counts)}",
            FAMILY,
            partial(race, loss, *counts),
            quick=QUICK.get((name, counts), ()),
            tiny=counts == TINY,
            megabytes=300 + 8e-6 * counts[0] * (2 * counts[1] + 20),
            heaps=heaps(name, counts),
            seconds=7 + 4e-8 * counts[0] * (counts[1] + 20),
            preparation=7 + 5e-8 * counts[0] * counts[1],
        )
        for (name, loss), counts in product(LOSSES.items(), (*SIZES, TINY))
    ]


def heaps(name: str, counts: tuple[int, int]) -> tuple[str, ...]:
    if name == KEPT and counts[0] >= LARGE and counts[1] <= 100:
        return BOTH  # a temporary is at least a hundredth of the data
    return QUICK.get((name, counts), DEFAULT)


def drawn(loss: Loss, n: int, d: int) -> tuple[Vector, dict[str, Vector]]:
    """Parameters and data: scores are of order 1."""
    draw = np.random.default_rng(0)
    X = draw.standard_normal((n, d))
    theta = draw.standard_normal(d + 1) / np.sqrt(d)
    return theta, {"X": X, "y": loss.answers(draw, n)}


def race(loss: Loss, n: int, d: int) -> Race:
    theta, data = drawn(loss, n, d)

    def use(problem: Any) -> Run:
        return lambda: joined(*problem.value_and_grad(theta))

    by_hand = partial(value_and_grad, loss)
    contenders = [
        *with_problem(loss.text, data, use),
        in_numpy(by_hand, theta, data),
        in_threaded_numpy(by_hand, theta, data),
        in_jax(partial(objective, loss), theta, data),
        in_torch(partial(objective, loss), theta, data),
        in_numba("numba", 1, loss, theta, data),
        in_numba("numba, threads", cpu_count() or 1, loss, theta, data),
    ]
    if loss.sklearn:
        contenders.append(in_sklearn(loss, theta, data))
    # A sum of n terms in another order: about n ulp of its terms at the very worst.
    return Race(tuple(contenders), close(1e-9, 1e-10), rounds=ROUNDS)


def objective(loss: Loss, xp: Any, theta: Any, X: Any, y: Any) -> Any:
    """The objective in functions of a namespace, for automatic differentiation."""
    mean = xp.mean(loss.loss(xp, X @ theta[:-1] + theta[-1], y))
    return mean + loss.penalty / 2 * xp.sum(theta[:-1] ** 2) if loss.penalty else mean


def value_and_grad(loss: Loss, theta: Vector, X: Vector, y: Vector) -> tuple[float, Vector]:
    """Value and gradient in NumPy, as a careful person writes them."""
    w, b = theta[:-1], theta[-1]
    losses, slopes = loss.by_hand(X @ w + b, y)
    value, gradient = losses.mean(), np.append(X.T @ slopes, slopes.sum()) / len(y)
    if loss.penalty:
        value += loss.penalty / 2 * w @ w
        gradient[:-1] += loss.penalty * w
    return float(value), gradient


def in_sklearn(loss: Loss, theta: Vector, data: dict[str, Vector]) -> Contender:
    """scikit-learn's private loss of linear models, with all its threads."""

    def build() -> Run:
        from sklearn._loss import loss as losses
        from sklearn.linear_model._linear_loss import LinearModelLoss

        options = {"delta": 1.0} if loss.sklearn == "HuberLoss" else {}
        both = LinearModelLoss(getattr(losses, str(loss.sklearn))(**options), True).loss_gradient
        given = {"l2_reg_strength": loss.penalty, "n_threads": cpu_count() or 1}
        return lambda: joined(*both(theta, data["X"], data["y"], **given))

    # Their Poisson and logistic losses leave nothing out that ours has, and the reverse.
    return Contender("scikit-learn", build, None)


def in_numba(
    name: str, threads: int, loss: Loss, theta: Vector, data: dict[str, Vector]
) -> Contender:
    """One pass over the rows, fused by hand."""

    def build() -> Run:
        both = fused(loss.row, threads)
        X, y = data["X"], data["y"]
        return lambda: joined(*both(theta, X, y, loss.penalty))

    return Contender(name, build)


def fused(row: Callable[[float, float], tuple[float, float]], threads: int) -> Callable[..., Any]:
    """Value and gradient of the mean as numba compiles it, over as many shares of the rows."""
    import numba

    compiled = numba.njit(fastmath=True)(row)

    @numba.njit(fastmath=True)
    def share(theta: Any, X: Any, y: Any, first: int, last: int, gradient: Any) -> float:
        d, total, slopes = X.shape[1], 0.0, 0.0
        for i in range(first, last):
            z = theta[d]
            for j in range(d):
                z += X[i, j] * theta[j]
            value, slope = compiled(z, y[i])
            total += value
            slopes += slope
            for j in range(d):
                gradient[j] += slope * X[i, j]
        gradient[d] += slopes
        return total

    @numba.njit(fastmath=True, parallel=threads > 1)
    def both(theta: Any, X: Any, y: Any, penalty: float) -> Any:
        n, d = X.shape
        values, gradients = np.zeros(threads), np.zeros((threads, d + 1))
        for k in numba.prange(threads):
            gradient = np.zeros(d + 1)  # of its own, so that no cache line is shared
            values[k] = share(theta, X, y, k * n // threads, (k + 1) * n // threads, gradient)
            gradients[k] = gradient
        total, gradient = values.sum() / n, gradients.sum(axis=0) / n
        for j in range(d):
            total += penalty / 2 * theta[j] ** 2
            gradient[j] += penalty * theta[j]
        return total, gradient

    return both
