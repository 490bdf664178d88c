"""Value and gradient of multinomial logistic regression with ten classes."""

from __future__ import annotations

from functools import partial
from os import cpu_count
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, DEFAULT, LARGE, Case, size
from benchmarks.linear import SIZES
from benchmarks.ours import joined, with_problem
from benchmarks.peers import in_jax, in_numpy, in_threaded_numpy, in_torch
from benchmarks.race import Contender, Race, Run, Vector, close

FAMILY = "Value and gradient of a softmax with ten classes"
CLASSES = 10
MODEL = (
    "dim k = 10\ndata X[n, d], y[n] in k\nparam W[d, k], c[k]\n"
    "loss -mean(log_softmax[k](X @ W + c)[y])"
)


def cases() -> list[Case]:
    return [
        Case(
            f"softmax {size(n, d)}",
            FAMILY,
            partial(race, n, d),
            quick=DEFAULT * ((n, d) == (10**5, 10)),
            tiny=n == 40,
            megabytes=300 + 8e-6 * n * (2 * d + 100),
            heaps=BOTH if n >= LARGE and d <= 100 else DEFAULT,
            seconds=2 + 9e-8 * n * (d + 20),
            preparation=5 + 1e-7 * n * d,
        )
        for n, d in (*SIZES, (40, 3))
    ]


def race(n: int, d: int) -> Race:
    draw = np.random.default_rng(0)
    X, y = draw.standard_normal((n, d)), draw.integers(0, CLASSES, n)
    theta = draw.standard_normal((d + 1) * CLASSES) / np.sqrt(d)
    data = {"X": X, "y": y}

    def use(problem: Any) -> Run:
        return lambda: joined(*problem.value_and_grad(theta))

    contenders = (
        *with_problem(MODEL, data, use),
        in_numpy(value_and_grad, theta, data),
        in_threaded_numpy(value_and_grad, theta, data),
        in_jax(objective, theta, data),
        in_torch(objective, theta, data),
        in_sklearn(theta, X, y),
    )
    return Race(contenders, close(1e-9, 1e-10))


def split(theta: Any) -> tuple[Any, Any]:
    """W[d, k] and c[k]."""
    W = theta.reshape(-1, CLASSES)
    return W[:-1], W[-1]


def objective(xp: Any, theta: Any, X: Any, y: Any) -> Any:
    W, c = split(theta)
    Z = X @ W + c
    if xp.__name__ == "torch":
        return xp.nn.functional.cross_entropy(Z, y)
    import jax

    return -xp.mean(xp.take_along_axis(jax.nn.log_softmax(Z), y[:, None], axis=1))


def value_and_grad(theta: Vector, X: Vector, y: Vector) -> tuple[float, Vector]:
    W, c = split(theta)
    Z = X @ W + c
    Z -= Z.max(axis=1, keepdims=True)
    P = np.exp(Z)
    total = P.sum(axis=1)
    rows = np.arange(len(y))
    value = np.mean(np.log(total) - Z[rows, y])
    P /= total[:, None]
    P[rows, y] -= 1
    P /= len(y)
    return float(value), np.append((X.T @ P).ravel(), P.sum(axis=0))


def in_sklearn(theta: Vector, X: Vector, y: Vector) -> Contender:
    def build() -> Run:
        from sklearn._loss.loss import HalfMultinomialLoss
        from sklearn.linear_model._linear_loss import LinearModelLoss

        both = LinearModelLoss(HalfMultinomialLoss(n_classes=CLASSES), True).loss_gradient
        coef = np.asfortranarray(theta.reshape(-1, CLASSES).T)
        labels, threads = y.astype(float), cpu_count() or 1

        def run() -> Vector:
            value, gradient = both(coef, X, labels, n_threads=threads)
            return joined(value, gradient.T.ravel())

        return run

    return Contender("scikit-learn", build, None)
