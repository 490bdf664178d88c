"""Writes the traces that every shipped rule is compared with: `python tests/data/traces/make.py`.

Each rule is written here once more, in plain NumPy, step by step as its source prints it; nothing
is shared with gdsym. A trace holds the start and the points after each of 50 steps, on a smooth
convex problem with the rule's defaults and on a non-convex one with other values for all options.

A new rule needs a function here with the rule's name; it takes the gradient, the start and the
options, and yields the point after every step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
STEPS = 50

Gradient = Callable[[np.ndarray], np.ndarray]
Points = Iterator[np.ndarray]


# -- problems: the gradients, by hand ------------------------------------------------------------


def convex(point):
    """Of softplus(a - 2b) + softplus(b + 3c) + (a^2 + b^2 + c^2)/4 - a + c/2."""
    a, b, c = point
    first, second = 1 / (1 + np.exp(2 * b - a)), 1 / (1 + np.exp(-b - 3 * c))
    return np.array(
        [first + a / 2 - 1, -2 * first + second + b / 2, 3 * second + c / 2 + 0.5],
    )


def wells(point):
    """Of (a^2 - 1)^2/4 + cos(a + 2b)/2 + b^2/5."""
    a, b = point
    wave = np.sin(a + 2 * b)
    return np.array([a * (a * a - 1) - wave / 2, 0.4 * b - wave])


PROBLEMS: dict[str, tuple[Gradient, list[float]]] = {
    "convex": (convex, [2.0, -1.5, 1.0]),
    "wells": (wells, [0.3, 1.7]),
}


# -- rules: theta is the point, named as in the papers -------------------------------------------


def gd(gradient: Gradient, theta: np.ndarray, lr=0.1) -> Points:
    while True:
        theta = theta - lr * gradient(theta)
        yield theta


def momentum(gradient: Gradient, theta: np.ndarray, lr=0.01, beta=0.9) -> Points:
    """Polyak: x_{k+1} = x_k - lr*g_k + beta*(x_k - x_{k-1})."""
    before = theta
    while True:
        theta, before = theta - lr * gradient(theta) + beta * (theta - before), theta
        yield theta


def nesterov(gradient: Gradient, start: np.ndarray, lr=0.01, beta=0.9) -> Points:
    """Sutskever et al., (3) and (4): the gradient is taken, and we look, ahead of theta."""
    theta, velocity = start, np.zeros(len(start))
    while True:
        velocity = beta * velocity - lr * gradient(theta + beta * velocity)
        theta = theta + velocity
        yield theta + beta * velocity


def adagrad(gradient: Gradient, theta: np.ndarray, lr=0.01, eps=1e-10) -> Points:
    """s_i is the norm of all gradients so far in coordinate i; H = diag(delta + s)."""
    past: list[np.ndarray] = []
    while True:
        past.append(gradient(theta))
        s = np.linalg.norm(np.array(past), axis=0)
        theta = theta - lr * np.linalg.solve(np.diag(eps + s), past[-1])
        yield theta


def adadelta(gradient: Gradient, theta: np.ndarray, lr=1.0, rho=0.95, eps=1e-6) -> Points:
    """Zeiler, algorithm 1, with RMS[z] = sqrt(E[z^2] + eps)."""
    Eg2 = Edx2 = np.zeros(len(theta))
    while True:
        g = gradient(theta)
        Eg2 = rho * Eg2 + (1 - rho) * g * g
        dx = -np.sqrt(Edx2 + eps) / np.sqrt(Eg2 + eps) * g
        Edx2 = rho * Edx2 + (1 - rho) * dx * dx
        theta = theta + lr * dx
        yield theta


def rmsprop(gradient: Gradient, theta: np.ndarray, lr=1e-3, rho=0.9, eps=1e-8) -> Points:
    mean_square = np.zeros(len(theta))
    while True:
        g = gradient(theta)
        mean_square = rho * mean_square + (1 - rho) * np.square(g)
        theta = theta - lr * (g / (np.sqrt(mean_square) + eps))
        yield theta


def adam(
    gradient: Gradient, theta: np.ndarray, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8
) -> Points:
    m = v = np.zeros(len(theta))
    t = 0
    while True:
        t += 1
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield theta


def adamw(
    gradient: Gradient, theta: np.ndarray, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> Points:
    """Algorithm 2 with the decoupled decay, not the L2 term; eta_t = lr and alpha = 1."""
    eta, alpha = lr, 1.0
    m = v = np.zeros(len(theta))
    t = 0
    while True:
        t += 1
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - eta * (alpha * m_hat / (np.sqrt(v_hat) + eps) + decay * theta)
        yield theta


def amsgrad(
    gradient: Gradient, theta: np.ndarray, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8
) -> Points:
    m = v = v_hat = np.zeros(len(theta))
    while True:
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        v_hat = np.where(v > v_hat, v, v_hat)
        theta = theta - lr * m / (np.sqrt(v_hat) + eps)
        yield theta


def nadam(
    gradient: Gradient,
    theta: np.ndarray,
    lr=2e-3,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    warmup=0.004,
) -> Points:
    """Algorithm 2, the products of mu written out."""

    def mu(i: int) -> float:
        return beta1 * (1 - 0.5 * 0.96 ** (i * warmup))

    m = n = np.zeros(len(theta))
    t = 0
    while True:
        t += 1
        g = gradient(theta)
        m = mu(t) * m + (1 - mu(t)) * g
        n = beta2 * n + (1 - beta2) * g * g
        so_far = np.prod([mu(i) for i in range(1, t + 1)])
        and_next = np.prod([mu(i) for i in range(1, t + 2)])
        m_hat = mu(t + 1) * m / (1 - and_next) + (1 - mu(t)) * g / (1 - so_far)
        n_hat = n / (1 - beta2**t)
        theta = theta - lr / (np.sqrt(n_hat) + eps) * m_hat
        yield theta


def lion(
    gradient: Gradient, theta: np.ndarray, lr=1e-4, beta1=0.9, beta2=0.99, decay=0.0
) -> Points:
    m = np.zeros(len(theta))
    while True:
        g = gradient(theta)
        c = beta1 * m + (1 - beta1) * g
        # A sign is the same in every order of rounding only well away from zero.
        assert np.all(np.abs(c) > 1e-9), f"the momentum of lion is {c}: choose another start"
        theta = theta - lr * (np.sign(c) + decay * theta)
        m = beta2 * m + (1 - beta2) * g
        yield theta


# The options on the second problem: no default, and no two equal that could be confused.
OTHERS: dict[Callable[..., Points], dict[str, float]] = {
    gd: {"lr": 0.07},
    momentum: {"lr": 0.03, "beta": 0.8},
    nesterov: {"lr": 0.04, "beta": 0.7},
    adagrad: {"lr": 0.3, "eps": 0.02},
    adadelta: {"lr": 1.5, "rho": 0.9, "eps": 0.001},
    rmsprop: {"lr": 0.02, "rho": 0.8, "eps": 0.01},
    adam: {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 0.001},
    adamw: {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 0.001, "decay": 0.1},
    amsgrad: {"lr": 0.04, "beta1": 0.8, "beta2": 0.9, "eps": 0.001},
    nadam: {"lr": 0.05, "beta1": 0.85, "beta2": 0.95, "eps": 0.001, "warmup": 0.5},
    lion: {"lr": 0.03, "beta1": 0.8, "beta2": 0.95, "decay": 0.2},
}


def trace(rule: Callable[..., Points], problem: str, options: dict[str, float]) -> dict:
    """The start and the points after each step, as JSON has them."""
    gradient, start = PROBLEMS[problem]
    steps = islice(rule(gradient, np.array(start), **options), STEPS)
    points = [start, *(point.tolist() for point in steps)]
    return {"problem": problem, "options": options, "points": points}


def traces(rule: Callable[..., Points]) -> list[dict]:
    """Both traces of a rule."""
    return [trace(rule, "convex", {}), trace(rule, "wells", OTHERS[rule])]


def text_of(found: list[dict]) -> str:
    """As JSON, one point per line."""
    parts = []
    for entry in found:
        points = ",\n    ".join(json.dumps(point) for point in entry["points"])
        head = json.dumps({key: entry[key] for key in ("problem", "options")})
        parts.append(f'  {head[:-1]}, "points": [\n    {points}\n  ]}}')
    return "[\n" + ",\n".join(parts) + "\n]\n"


if __name__ == "__main__":
    for rule in OTHERS:
        (FOLDER / f"{rule.__name__}.json").write_text(text_of(traces(rule)))
