"""Value and gradient of models of few scalars: all work is done entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import exp, log, log1p
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, DEFAULT, Case, number
from benchmarks.ours import joined, with_problem
from benchmarks.peers import in_jax, in_numpy, in_torch
from benchmarks.race import Contender, Race, Run, Vector, close

FAMILY = "Value and gradient of element-wise models"
COUNTS = (10**6, 10**7, 40)
QUICK = "misra", 10**6


@dataclass(frozen=True)
class Curve:
    """A mean over rows of a loss of x, y and a few parameters."""

    text: str
    theta: tuple[float, ...]
    mean: Callable[..., Vector]  # what y scatters around
    loss: Callable[..., Any]  # in functions of a namespace
    by_hand: Callable[..., tuple[float, Vector]]
    # The loss of a row, which adds its gradient in place; to be compiled by numba.
    row: Callable[..., float]


def _misra(theta: Vector, x: Vector, y: Vector) -> tuple[float, Vector]:
    top, rate = theta
    decay = np.exp(-rate * x)
    r = top * (1 - decay) - y
    slopes = [2 * np.mean(r * (1 - decay)), 2 * np.mean(r * top * x * decay)]
    return float(np.mean(r**2)), np.array(slopes)


def _misra_row(theta: Any, x: float, y: float, g: Any) -> float:
    decay = exp(-theta[1] * x)
    r = theta[0] * (1 - decay) - y
    g[0] += 2 * r * (1 - decay)
    g[1] += 2 * r * theta[0] * x * decay
    return r * r


def _growth(theta: Vector, x: Vector, y: Vector) -> tuple[float, Vector]:
    top, shift, rate = theta
    e = shift * np.exp(-rate * x)
    q = 1 / (1 + e)
    r = top * q - y
    s = 2 * r * top * q**2
    slopes = [2 * np.mean(r * q), -np.mean(s * e) / shift, np.mean(s * e * x)]
    return float(np.mean(r**2)), np.array(slopes)


def _growth_row(theta: Any, x: float, y: float, g: Any) -> float:
    decay = exp(-theta[2] * x)
    q = 1 / (1 + theta[1] * decay)
    r = theta[0] * q - y
    s = 2 * r * theta[0] * q * q * decay
    g[0] += 2 * r * q
    g[1] -= s
    g[2] += s * theta[1] * x
    return r * r


def _student(theta: Vector, x: Vector, y: Vector) -> tuple[float, Vector]:
    a, b, s = theta
    r = (y - a - b * x) / s
    q = 5 * r / (4 + r**2)
    slopes = [-np.mean(q) / s, -np.mean(q * x) / s, (1 - np.mean(q * r)) / s]
    return float(np.mean(2.5 * np.log1p(r**2 / 4)) + np.log(s)), np.array(slopes)


def _student_row(theta: Any, x: float, y: float, g: Any) -> float:
    s = theta[2]
    r = (y - theta[0] - theta[1] * x) / s
    q = 5 * r / (4 + r * r)
    g[0] -= q / s
    g[1] -= q * x / s
    g[2] += (1 - q * r) / s
    return 2.5 * log1p(r * r / 4) + log(s)


def _mixture_loss(xp: Any, theta: Any, x: Any, y: Any) -> Any:
    a, mu, s = theta[:3], theta[3:6], theta[6:]
    weight = a - xp.logsumexp(a) - xp.log(s)
    z = (y[:, None] - mu) / s
    return -xp.mean(xp.logsumexp(weight - z**2 / 2, 1))


def _mixture(theta: Vector, x: Vector, y: Vector) -> tuple[float, Vector]:
    from scipy.special import logsumexp, softmax

    a, mu, s = theta[:3], theta[3:6], theta[6:]
    z = (y[:, None] - mu) / s
    terms = a - logsumexp(a) - np.log(s) - z**2 / 2
    total = logsumexp(terms, axis=1)
    P = np.exp(terms - total[:, None])
    slopes = softmax(a) - P.mean(axis=0), -np.mean(P * z, axis=0) / s
    return -float(np.mean(total)), np.concatenate([*slopes, np.mean(P * (1 - z**2), axis=0) / s])


def _mixture_row(theta: Any, x: float, y: float, g: Any) -> float:
    top = max(theta[0], theta[1], theta[2])
    e0, e1, e2 = exp(theta[0] - top), exp(theta[1] - top), exp(theta[2] - top)
    shares = (e0 / (e0 + e1 + e2), e1 / (e0 + e1 + e2), e2 / (e0 + e1 + e2))
    total = 0.0
    for k in range(3):
        z = (y - theta[3 + k]) / theta[6 + k]
        total += shares[k] / theta[6 + k] * exp(-z * z / 2)
    for k in range(3):
        s = theta[6 + k]
        z = (y - theta[3 + k]) / s
        p = shares[k] / s * exp(-z * z / 2) / total
        g[k] += shares[k] - p
        g[3 + k] -= p * z / s
        g[6 + k] += p * (1 - z * z) / s
    return -log(total)


CURVES = {
    "misra": Curve(
        "data x[n], y[n]\nparam top = 1, rate = 1\nloss mean((top*(1 - exp(-rate*x)) - y)^2)",
        (1.1, 0.9),
        lambda x: 1 - np.exp(-x),
        lambda xp, t, x, y: xp.mean((t[0] * (1 - xp.exp(-t[1] * x)) - y) ** 2),
        _misra,
        _misra_row,
    ),
    "growth": Curve(
        "data x[n], y[n]\nparam top = 1, shift = 1, rate = 1\n"
        "loss mean((top/(1 + shift*exp(-rate*x)) - y)^2)",
        (1.1, 2.2, 0.9),
        lambda x: 1 / (1 + 2 * np.exp(-x)),
        lambda xp, t, x, y: xp.mean((t[0] / (1 + t[1] * xp.exp(-t[2] * x)) - y) ** 2),
        _growth,
        _growth_row,
    ),
    "student-t": Curve(
        "data x[n], y[n]\nparam a, b, s > 0 = 1\n"
        "loss mean(5/2*log(1 + ((y - a - b*x)/s)^2/4) + log(s))",
        (0.1, 0.9, 0.2),
        lambda x: x,
        lambda xp, t, x, y: (
            xp.mean(2.5 * xp.log1p(((y - t[0] - t[1] * x) / t[2]) ** 2 / 4)) + xp.log(t[2])
        ),
        _student,
        _student_row,
    ),
    "mixture of three": Curve(
        "dim k = 3\ndata y[n]\nparam a[k], mu[k] = normal(0, 1), s[k] > 0 = 1\n"
        "let z[n, k] = (y - mu)/s\nloss -mean(logsumexp[k](log_softmax[k](a) - log(s) - z^2/2))",
        (0.1, -0.2, 0.3, 0.5, 1.0, 2.0, 0.6, 0.8, 1.1),
        lambda x: x,
        _mixture_loss,
        _mixture,
        _mixture_row,
    ),
}


def cases() -> list[Case]:
    return [_case(name, n) for name, n in product(CURVES, COUNTS)]


def _case(name: str, n: int) -> Case:
    columns = 4 if name.startswith("mixture") else 1  # of a temporary
    return Case(
        f"{name} {number(n)}",
        FAMILY,
        partial(race, name, n),
        quick=BOTH * ((name, n) == QUICK),
        tiny=n == 40,
        megabytes=300 + 8e-6 * n * 45,
        heaps=BOTH if n * columns == 10**7 or (name, n) == QUICK else DEFAULT,
        seconds=3 + 5e-7 * n * columns,
        preparation=7 + 6e-7 * n * columns,
    )


def race(name: str, n: int) -> Race:
    curve, draw = CURVES[name], np.random.default_rng(0)
    x = draw.uniform(0, 3, n)
    data = {"x": x, "y": curve.mean(x) + 0.1 * draw.standard_normal(n)}
    theta = np.array(curve.theta)
    read = {key: array for key, array in data.items() if f"{key}[n]" in curve.text}

    def use(problem: Any) -> Run:
        return lambda: joined(*problem.value_and_grad(theta))

    contenders = (
        *with_problem(curve.text, read, use),
        in_numpy(curve.by_hand, theta, data),
        in_jax(_of(curve), theta, data),
        in_torch(_of(curve), theta, data),
        in_numba("numba", False, curve, theta, data),
        in_numba("numba, threads", True, curve, theta, data),
    )
    return Race(contenders, close(1e-9, 1e-9))


def _of(curve: Curve) -> Callable[..., Any]:
    """The loss, with `logsumexp` where each library has it."""

    def loss(xp: Any, theta: Any, x: Any, y: Any) -> Any:
        if "logsumexp" in curve.text:
            xp = _with_logsumexp(xp)
        return curve.loss(xp, theta, x, y)

    return loss


def _with_logsumexp(xp: Any) -> Any:
    from types import SimpleNamespace

    if xp.__name__ == "torch":
        logsumexp = lambda a, axis=0: xp.logsumexp(a, axis)  # noqa: E731
    else:
        from jax.scipy.special import logsumexp
    return SimpleNamespace(log=xp.log, mean=xp.mean, logsumexp=logsumexp)


def in_numba(
    name: str, parallel: bool, curve: Curve, theta: Vector, data: dict[str, Vector]
) -> Contender:
    """One pass over the rows, fused by hand."""

    def build() -> Run:
        import numba

        row = numba.njit(fastmath=True)(curve.row)
        shares = numba.get_num_threads() if parallel else 1

        @numba.njit(fastmath=True)
        def share(theta: Any, x: Any, y: Any, first: int, last: int, g: Any) -> float:
            total = 0.0
            for i in range(first, last):
                total += row(theta, x[i], y[i], g)
            return total

        @numba.njit(fastmath=True, parallel=parallel)
        def both(theta: Any, x: Any, y: Any) -> Any:
            n, p = len(y), len(theta)
            values, gradients = np.zeros(shares), np.zeros((shares, p))
            for k in numba.prange(shares):
                g = np.zeros(p)
                values[k] = share(theta, x, y, k * n // shares, (k + 1) * n // shares, g)
                gradients[k] = g
            return values.sum() / n, gradients.sum(axis=0) / n

        return lambda: joined(*both(theta, data["x"], data["y"]))

    return Contender(name, build)
