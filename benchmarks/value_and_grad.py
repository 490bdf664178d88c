"""Times loss and gradient: the generated module, NumPy by hand, JAX and PyTorch, interleaved.

Each contender returns (loss, flat gradient) for the same data and parameters; it is compared with
ours before it is timed. Prints medians in milliseconds and their ratio to ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import gdsym

Arrays = dict[str, np.ndarray]
Evaluation = Callable[[], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Case:
    """A model, data of some size, and the same loss and gradient in NumPy by hand.

    `loss` is the loss in functions that `xp` has under NumPy's names, for automatic
    differentiation; it takes the namespace, the flat theta and the data.
    """

    text: str
    sizes: tuple[tuple[int, ...], ...]
    data: Callable[..., Arrays]
    by_hand: Callable[..., tuple[float, np.ndarray]]
    loss: Callable[..., Any]


def linear(draw: np.random.Generator, n: int, d: int) -> np.ndarray:
    return draw.standard_normal((n, d))


# -- logistic


def logistic_data(draw: np.random.Generator, n: int, d: int) -> Arrays:
    return {"X": linear(draw, n, d), "y": draw.integers(0, 2, n).astype(float)}


def logistic_by_hand(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    z = X @ theta[:-1] + theta[-1]
    loss = np.mean(np.logaddexp(0, z) - y * z)
    residual = (1 / (1 + np.exp(-z)) - y) / len(y)
    return loss, np.append(X.T @ residual, residual.sum())


def logistic_loss(xp: Any, theta: Any, X: Any, y: Any) -> Any:
    z = X @ theta[:-1] + theta[-1]
    return xp.mean(xp.logaddexp(xp.zeros_like(z), z) - y * z)


# -- Poisson


def poisson_data(draw: np.random.Generator, n: int, d: int) -> Arrays:
    return {"X": linear(draw, n, d) / np.sqrt(d), "y": draw.poisson(2.0, n).astype(float)}


def poisson_by_hand(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    z = X @ theta[:-1] + theta[-1]
    mean = np.exp(z)
    residual = (mean - y) / len(y)
    return np.mean(mean - y * z), np.append(X.T @ residual, residual.sum())


def poisson_loss(xp: Any, theta: Any, X: Any, y: Any) -> Any:
    z = X @ theta[:-1] + theta[-1]
    return xp.mean(xp.exp(z) - y * z)


# -- a curve with three scalars


def curve_data(draw: np.random.Generator, n: int) -> Arrays:
    x = draw.uniform(0, 3, n)
    return {"x": x, "y": np.exp(-x) + 0.1 * draw.standard_normal(n)}


def curve_by_hand(theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    a, b, c = theta
    decay = np.exp(-b * x)
    r = y - a * decay - c
    grad = [-2 * np.mean(r * decay), 2 * a * np.mean(r * x * decay), -2 * np.mean(r)]
    return np.mean(r**2), np.array(grad)


def curve_loss(xp: Any, theta: Any, x: Any, y: Any) -> Any:
    a, b, c = theta
    return xp.mean((y - a * xp.exp(-b * x) - c) ** 2)


CASES = {
    "logistic": Case(
        "data X[n, d], y[n] in {0, 1}\nparam w[d], b\nlet z = X @ w + b\n"
        "loss mean(log(1 + exp(z)) - y*z)",
        ((10_000, 10), (100_000, 10), (1_000_000, 10), (100_000, 100)),
        logistic_data,
        logistic_by_hand,
        logistic_loss,
    ),
    "poisson": Case(
        "data X[n, d], y[n] in counts\nparam w[d], b\nlet z = X @ w + b\nloss mean(exp(z) - y*z)",
        ((100_000, 10), (100_000, 100)),
        poisson_data,
        poisson_by_hand,
        poisson_loss,
    ),
    "curve": Case(
        "data x[n], y[n]\nparam a = 1, b = 1, c\nloss mean((y - a*exp(-b*x) - c)^2)",
        ((100_000,), (1_000_000,)),
        curve_data,
        curve_by_hand,
        curve_loss,
    ),
}


def contenders(case: Case, theta: np.ndarray, data: Arrays) -> dict[str, Evaluation]:
    """The evaluations to compare, ours first."""
    problem = gdsym.compile(case.text).module.bind(**data)
    found: dict[str, Evaluation] = {
        "gdsym": lambda: problem.value_and_grad(theta),
        "numpy": lambda: case.by_hand(theta, **data),
    }
    if importlib.util.find_spec("jax"):
        found["jax"] = in_jax(case, theta, data)
    if importlib.util.find_spec("torch"):
        found["torch"] = in_torch(case, theta, data)
    return found


def in_jax(case: Case, theta: np.ndarray, data: Arrays) -> Evaluation:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    arrays = {name: jnp.asarray(array) for name, array in data.items()}
    both = jax.jit(jax.value_and_grad(lambda t: case.loss(jnp, t, **arrays)))

    def evaluate() -> tuple[float, np.ndarray]:
        value, grad = both(theta)
        return float(value), np.asarray(grad)

    return evaluate


def in_torch(case: Case, theta: np.ndarray, data: Arrays) -> Evaluation:
    import torch

    torch.set_num_threads(1)
    arrays = {name: torch.as_tensor(array) for name, array in data.items()}

    def evaluate() -> tuple[float, np.ndarray]:
        t = torch.tensor(theta, requires_grad=True)
        value = case.loss(torch, t, **arrays)
        value.backward()
        return float(value), t.grad.numpy()

    return evaluate


def medians(evaluations: dict[str, Evaluation], rounds: int) -> dict[str, float]:
    """Milliseconds of each contender: they take turns, so that noise meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in evaluations}
    for evaluate in evaluations.values():
        evaluate()
    for _ in range(rounds):
        for name, evaluate in evaluations.items():
            start = time.perf_counter()
            evaluate()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest size of each model")
    rounds = 5 if (quick := parser.parse_args().quick) else 15
    print(f"{'model':<10}{'size':<18}" + "".join(f"{name:>18}" for name in ("gdsym ms", "others")))
    for name, case in CASES.items():
        for size in case.sizes[:1] if quick else case.sizes:
            draw = np.random.default_rng(0)
            data = case.data(draw, *size)
            theta = 0.1 * draw.standard_normal(size[1] + 1 if len(size) == 2 else 3)
            evaluations = contenders(case, theta, data)
            ours, gradient = evaluations["gdsym"]()
            for evaluate in evaluations.values():
                value, other = evaluate()
                np.testing.assert_allclose(value, ours, rtol=1e-9)
                np.testing.assert_allclose(other, gradient, rtol=1e-7, atol=1e-9)
            taken = medians(evaluations, rounds)
            mine = taken.pop("gdsym")
            others = "  ".join(f"{peer} {t / mine:.2f}x" for peer, t in taken.items())
            print(f"{name:<10}{' x '.join(map(str, size)):<18}{mine:>18.3f}    {others}")


if __name__ == "__main__":
    with threadpool_limits(1, user_api="blas"):
        main()
