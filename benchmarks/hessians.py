"""The Hessian of generalised linear models."""

from __future__ import annotations

from functools import partial
from itertools import product
from os import cpu_count
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, DEFAULT, LARGE, Case, size
from benchmarks.linear import LOSSES, drawn, objective
from benchmarks.ours import with_problem
from benchmarks.peers import jax_numpy
from benchmarks.race import Contender, Race, Run, Vector, close

FAMILY = "Hessians"
SIZES = ((10**5, 10), (10**5, 100), (5 * 10**5, 100), (2 * 10**4, 1000), (40, 3))


def cases() -> list[Case]:
    return [*hessian_cases(), *product_cases()]


def hessian_cases() -> list[Case]:
    return [
        Case(
            f"hessian of {name} {size(n, d)}",
            FAMILY,
            partial(race, name, n, d),
            quick=DEFAULT * ((name, n, d) == ("logistic", 10**5, 100)),
            tiny=n == 40,
            megabytes=300 + 8e-6 * n * (6 * d + 20),  # jax.hessian holds a few copies of X
            heaps=BOTH if n >= LARGE and d == 100 else DEFAULT,
            seconds=20 if d == 1000 else 8,
            preparation=6 + 1e-7 * n * d,
        )
        for name, (n, d) in product(("logistic", "poisson"), SIZES)
    ]


def product_cases() -> list[Case]:
    return [
        Case(
            f"hessian of logistic times a vector {size(n, d)}",
            FAMILY,
            partial(product_race, "logistic", n, d),
            tiny=n == 40,
            megabytes=300 + 8e-6 * n * (3 * d + 20),
        )
        for n, d in ((10**5, 100), (40, 3))
    ]


def race(name: str, n: int, d: int) -> Race:
    loss = LOSSES[name]
    theta, data = drawn(loss, n, d)
    by_hand = partial(_by_hand, name, theta, **data)

    def use(problem: Any) -> Run:
        return lambda: problem.hess(theta)

    contenders = (
        *with_problem(loss.text, data, use),
        Contender("NumPy", lambda: by_hand),
        Contender("NumPy, BLAS threads", lambda: by_hand, None),
        Contender("JAX", partial(_in_jax, name, theta, data), None),
        Contender("scikit-learn", partial(_in_sklearn, name, theta, data), None),
    )
    return Race(contenders, close(1e-9, 1e-10))


def product_race(name: str, n: int, d: int) -> Race:
    """The Hessian times a vector, without the Hessian."""
    loss = LOSSES[name]
    theta, data = drawn(loss, n, d)
    v = np.random.default_rng(1).standard_normal(len(theta))

    def use(problem: Any) -> Run:
        return lambda: problem.hvp(theta, v)

    by_hand = partial(_product_by_hand, name, theta, v, **data)
    contenders = (
        *with_problem(loss.text, data, use),
        Contender("NumPy", lambda: by_hand),
        Contender("NumPy, BLAS threads", lambda: by_hand, None),
        Contender("JAX", partial(_product_in_jax, name, theta, v, data), None),
    )
    return Race(contenders, close(1e-9, 1e-10))


def _curvature(name: str, theta: Vector, X: Vector, y: Vector) -> Vector:
    """The second derivative of each row's share of the mean by its score."""
    mean = np.exp(X @ theta[:-1] + theta[-1])
    return (mean if name == "poisson" else mean / (1 + mean) ** 2) / len(y)


def _by_hand(name: str, theta: Vector, X: Vector, y: Vector) -> Vector:
    """X.T @ diag(s) @ X as it is usually written, with the row and column of the intercept."""
    s = _curvature(name, theta, X, y)
    XS = X * s[:, None]
    edge = XS.sum(axis=0)
    return np.block([[XS.T @ X, edge[:, None]], [edge, s.sum()]])


def _in_jax(name: str, theta: Vector, data: dict[str, Vector]) -> Run:
    xp = jax_numpy()
    import jax

    arrays = {key: xp.asarray(array) for key, array in data.items()}
    hessian = jax.jit(jax.hessian(lambda t, held: objective(LOSSES[name], xp, t, **held)))
    return lambda: np.asarray(hessian(theta, arrays))


def _product_by_hand(name: str, theta: Vector, v: Vector, X: Vector, y: Vector) -> Vector:
    moved = _curvature(name, theta, X, y) * (X @ v[:-1] + v[-1])
    return np.append(X.T @ moved, moved.sum())


def _product_in_jax(name: str, theta: Vector, v: Vector, data: dict[str, Vector]) -> Run:
    """Forward over reverse, as their documentation recommends."""
    xp = jax_numpy()
    import jax

    arrays = {key: xp.asarray(array) for key, array in data.items()}

    @jax.jit
    def product(t: Any, v: Any, held: Any) -> Any:
        gradient = jax.grad(lambda t: objective(LOSSES[name], xp, t, **held))
        return jax.jvp(gradient, (t,), (v,))[1]

    return lambda: np.asarray(product(theta, v, arrays))


def _in_sklearn(name: str, theta: Vector, data: dict[str, Vector]) -> Run:
    """The private function of their newton-cholesky: gradient and Hessian in one pass."""
    from sklearn._loss import loss as losses
    from sklearn.linear_model._linear_loss import LinearModelLoss

    both = LinearModelLoss(getattr(losses, str(LOSSES[name].sklearn))(), True).gradient_hessian
    threads = cpu_count() or 1
    return lambda: both(theta, data["X"], data["y"], n_threads=threads)[1]
