"""Value and gradient of a network with one hidden layer, over all rows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, DEFAULT, LARGE, Case, size
from benchmarks.ours import joined, with_problem
from benchmarks.peers import in_jax, in_numpy, in_threaded_numpy, in_torch
from benchmarks.race import Race, Run, Vector, close

FAMILY = "Network with a hidden layer"
HIDDEN, CLASSES = 64, 10
MODEL = (
    f"dim h = {HIDDEN}, k = {CLASSES}\ndata X[n, d], y[n] in k\n"
    "param A[d, h], a[h], B[h, k], b[k]\nlet H = tanh(X @ A + a)\n"
    "loss -mean(log_softmax[k](H @ B + b)[y])"
)


def cases() -> list[Case]:
    return [
        Case(
            f"network {size(n, d)}",
            FAMILY,
            partial(race, n, d),
            quick=DEFAULT * (n == 10**4),
            tiny=n == 40,
            megabytes=500 + 8e-6 * n * (2 * d + 600),
            heaps=BOTH if n >= LARGE else DEFAULT,
            seconds=12 if n >= LARGE else 3,
        )
        for n, d in ((10**4, 100), (10**5, 100), (40, 3))
    ]


def race(n: int, d: int) -> Race:
    draw = np.random.default_rng(0)
    data = {"X": draw.standard_normal((n, d)), "y": draw.integers(0, CLASSES, n)}
    theta = 0.1 * draw.standard_normal((d + 1) * HIDDEN + (HIDDEN + 1) * CLASSES)

    def use(problem: Any) -> Run:
        return lambda: joined(*problem.value_and_grad(theta))

    contenders = (
        *with_problem(MODEL, data, use),
        in_numpy(_by_hand, theta, data),
        in_threaded_numpy(_by_hand, theta, data),
        in_jax(_objective, theta, data),
        in_torch(_objective, theta, data),
    )
    return Race(contenders, close(1e-9, 1e-10))


def _split(theta: Any, d: int) -> tuple[Any, Any, Any, Any]:
    ends = np.cumsum([d * HIDDEN, HIDDEN, HIDDEN * CLASSES])
    A, a, B = (
        theta[end - count : end] for end, count in zip(ends, np.diff([0, *ends]), strict=True)
    )
    return A.reshape(d, HIDDEN), a, B.reshape(HIDDEN, CLASSES), theta[ends[-1] :]


def _objective(xp: Any, theta: Any, X: Any, y: Any) -> Any:
    A, a, B, b = _split(theta, X.shape[1])
    Z = xp.tanh(X @ A + a) @ B + b
    if xp.__name__ == "torch":
        return xp.nn.functional.cross_entropy(Z, y)
    import jax

    return -xp.mean(xp.take_along_axis(jax.nn.log_softmax(Z), y[:, None], axis=1))


def _by_hand(theta: Vector, X: Vector, y: Vector) -> tuple[float, Vector]:
    A, a, B, b = _split(theta, X.shape[1])
    H = np.tanh(X @ A + a)
    Z = H @ B + b
    Z -= Z.max(axis=1, keepdims=True)
    P = np.exp(Z)
    total, rows = P.sum(axis=1), np.arange(len(y))
    value = np.mean(np.log(total) - Z[rows, y])
    P /= total[:, None]
    P[rows, y] -= 1
    P /= len(y)
    G = (P @ B.T) * (1 - H**2)
    slopes = X.T @ G, G.sum(axis=0), H.T @ P, P.sum(axis=0)
    return float(value), np.concatenate([slope.ravel() for slope in slopes])
