"""Whole fits of a logistic regression to the same gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import gdsym
from benchmarks.cases import DEFAULT, Case, size
from benchmarks.linear import LOSSES, drawn, value_and_grad
from benchmarks.ours import each, with_problem
from benchmarks.peers import jax_numpy
from benchmarks.race import Contender, Race, Run, Vector

NEWTON, LBFGS = "Newton fits", "L-BFGS fits"
SIZES = ((10**5, 10), (2 * 10**5, 50), (10**5, 200), (2 * 10**4, 500), (200, 3))
QUICK = {"newton": (10**5, 10), "lbfgs": (10**5, 10)}
TARGET = 1e-6  # the largest entry of the gradient of the mean loss
PART = 10**4  # rows
MODEL = LOSSES["logistic"].text
Data = dict[str, Vector]


def cases() -> list[Case]:
    return [
        Case(
            f"{kind} fit {size(n, d)}",
            family,
            partial(race, n, d),
            quick=DEFAULT * ((n, d) == QUICK[kind]),
            tiny=n == 200,
            megabytes=500 + 8e-6 * n * (5 * d + 20),
            seconds=30 if family == NEWTON and d >= 200 else 12,
            preparation=35 if family == NEWTON and d >= 200 else 15,
        )
        for kind, family, race in (("newton", NEWTON, newton), ("lbfgs", LBFGS, lbfgs))
        for n, d in SIZES
    ]


def separable_by_noise(n: int, d: int) -> Data:
    """Answers that follow the scores, so that a fit has something to find."""
    theta, data = drawn(LOSSES["logistic"], n, d)
    scores = data["X"] @ theta[:-1] + theta[-1]
    noise = np.random.default_rng(1).logistic(size=n)
    return {"X": data["X"], "y": (scores + noise > 0).astype(float)}


def newton(n: int, d: int) -> Race:
    data = separable_by_noise(n, d)
    contenders = (
        *each(partial(_ours, data, "newton")),
        Contender("scikit-learn", partial(_sklearn, data, "newton-cholesky"), None),
        Contender("statsmodels", partial(_statsmodels, data), None),
    )
    return Race(contenders, partial(_stationary, data))


def lbfgs(n: int, d: int) -> Race:
    data = separable_by_noise(n, d)
    by_hand = partial(value_and_grad, LOSSES["logistic"])
    contenders = (
        *each(partial(_ours, data, "lbfgs")),
        Contender("NumPy and SciPy", lambda: _scipy(data, lambda t: by_hand(t, **data))),
        Contender("scikit-learn", partial(_sklearn, data, "lbfgs"), None),
        Contender("jaxopt", partial(_jaxopt, data), None),
        _with_our_gradient("SciPy, our gradient", data, _scipy),
        _with_our_gradient("genosolver, our gradient", data, _genosolver),
    )
    return Race(contenders, partial(_stationary, data))


def _norm(data: Data, theta: Vector) -> float:
    """The largest entry of the gradient by hand, in parts: the memory of a fit is measured with
    this."""
    X, y = data["X"], data["y"]
    total, n = np.zeros(len(theta)), len(y)
    for first in range(0, n, PART):
        rows = slice(first, first + PART)
        total += len(y[rows]) / n * value_and_grad(LOSSES["logistic"], theta, X[rows], y[rows])[1]
    return float(np.max(np.abs(total)))


def _stationary(data: Data, ours: Vector, theirs: Vector) -> None:
    norm = _norm(data, theirs)
    assert norm <= TARGET, f"the gradient by hand is {norm:.1e}, not {TARGET:.0e}"


def loosest(fit: Callable[[float], Vector], data: Data) -> Run:
    """The fit with the largest tolerance that reaches the target: all stop at one accuracy."""
    for tol in 10.0 ** -np.arange(4, 13):
        if _norm(data, fit(float(tol))) <= TARGET:
            return lambda: fit(float(tol))
    raise AssertionError(f"no tolerance leads to a gradient of {TARGET:.0e}")


def _ours(data: Data, method: str, backend: str) -> Run:
    model = gdsym.compile(MODEL, backend=backend)
    return loosest(lambda tol: model.fit(data, method=method, tol=tol).theta, data)


def _with_our_gradient(name: str, data: Data, solve: Callable[..., Run]) -> Contender:
    """A solver that is handed the generated function, of the plain backend."""

    def use(problem: Any) -> Run:
        return solve(data, problem.value_and_grad)

    return Contender(name, with_problem(MODEL, data, use)[0].build)


def _start(data: Data) -> Vector:
    return np.zeros(data["X"].shape[1] + 1)


def _scipy(data: Data, both: Callable[[Vector], tuple[float, Vector]]) -> Run:
    from scipy.optimize import minimize

    def fit(tol: float) -> Vector:
        options = {"gtol": tol, "ftol": 0.0, "maxiter": 1000}
        start = _start(data)
        return minimize(both, start, jac=True, method="L-BFGS-B", options=options).x

    return loosest(fit, data)


def _genosolver(data: Data, both: Callable[[Vector], tuple[float, Vector]]) -> Run:
    from genosolver import minimize

    def fit(tol: float) -> Vector:
        options = {"eps_pg": tol, "max_iter": 1000, "verbose": 0}
        return minimize(both, _start(data), options=options, np=np).x

    return loosest(fit, data)


def _sklearn(data: Data, solver: str) -> Run:
    from sklearn.linear_model import LogisticRegression

    def fit(tol: float) -> Vector:
        options = {"C": np.inf, "solver": solver, "tol": tol, "max_iter": 1000}
        found = LogisticRegression(**options).fit(data["X"], data["y"])
        return np.append(found.coef_, found.intercept_)

    return loosest(fit, data)


def _statsmodels(data: Data) -> Run:
    from statsmodels.api import Logit, add_constant

    def fit(tol: float) -> Vector:
        X = add_constant(data["X"], prepend=False)
        return Logit(data["y"], X).fit(method="newton", tol=tol, disp=False).params

    return loosest(fit, data)


def _jaxopt(data: Data) -> Run:
    xp = jax_numpy()
    import jax
    import jaxopt

    X, y = xp.asarray(data["X"]), xp.asarray(data["y"])

    def loss(theta: Any, X: Any, y: Any) -> Any:
        z = X @ theta[:-1] + theta[-1]
        return xp.mean(xp.logaddexp(0.0, z) - y * z)

    def solver(tol: float) -> Any:
        return jax.jit(jaxopt.LBFGS(loss, tol=tol, maxiter=1000).run)

    solvers: dict[float, Any] = {}  # a solver compiles itself once

    def fit(tol: float) -> Vector:
        run = solvers.setdefault(tol, solver(tol))
        return np.asarray(run(xp.asarray(_start(data)), X, y).params)

    return loosest(fit, data)
