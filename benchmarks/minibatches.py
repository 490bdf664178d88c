"""An epoch of shuffled mini-batches of a logistic regression: the cost of the inner loop.

All contenders take the rows in the same order, but scikit-learn, which draws its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from math import exp
from typing import Any

import numpy as np

import gdsym
from benchmarks.cases import DEFAULT, Case
from benchmarks.linear import LOSSES, drawn
from benchmarks.ours import each
from benchmarks.peers import jax_numpy
from benchmarks.race import Contender, Measured, Race, Run, Vector, close

FAMILY = "Epochs of mini-batches"
ROWS = 2**14
FEWER = {1: 2**12, 4: 2**6}  # by the batch: there an epoch has many steps
RATE = {"sgd": 0.05, "adam": 0.01}
OURS = {"sgd": "gd", "adam": "adam"}
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
SEED = 0
# Of a fit of ours: the first finds caches that are cold, as no peer does whose call was warmed.
EPOCHS = 4
Data = dict[str, Vector]
Step = Callable[[Vector, Vector], None]


def cases() -> list[Case]:
    quick = {("sgd", 1, 10), ("sgd", 32, 100), ("adam", 256, 10)}
    sets = [*product(RATE, (1, 32, 256), (10, 100, 1000)), *product(RATE, (4,), (3,))]
    return [
        Case(
            f"{rule} batch {batch} d {d}",
            FAMILY,
            partial(race, rule, batch, FEWER.get(batch, ROWS), d),
            quick=DEFAULT * ((rule, batch, d) in quick),
            tiny=batch == 4,
            megabytes=500 + 8e-6 * ROWS * 4 * d,
            seconds=5,
        )
        for rule, batch, d in sets
    ]


def race(rule: str, batch: int, n: int, d: int) -> Race:
    """n is a multiple of the batch."""
    _, data = drawn(LOSSES["logistic"], n, d)
    given = rule, batch, data
    contenders = [
        *each(partial(_ours, *given)),
        Contender("NumPy", partial(_numpy, *given)),
        Contender("NumPy, BLAS threads", partial(_numpy, *given), None),
        Contender("JAX", partial(_jax, *given, False), None),
        Contender("JAX, scan", partial(_jax, *given, True), None),
        Contender("JAX and optax, scan", partial(_optax, *given), None),
        Contender("PyTorch", partial(_torch, *given), None),
        Contender("numba", partial(_numba, *given)),
    ]
    if batch == 1 and rule == "sgd":
        contenders.append(
            Contender("scikit-learn", partial(_sklearn, data), answer=partial(_in_order, data))
        )
    return Race(tuple(contenders), close(1e-7, 1e-9))


def order(n: int) -> Vector:
    """The rows of the first epoch, as a fit with this seed draws them."""
    return np.random.Generator(np.random.PCG64(SEED)).permutation(n)


def _ours(rule: str, batch: int, data: Data, backend: str) -> Run:
    """The mean time of the second to the last epoch, as the fit notes it; the answer of one."""
    model = gdsym.compile(LOSSES["logistic"].text, update=[OURS[rule]], backend=backend)
    start = {"w": np.zeros(data["X"].shape[1]), "b": 0.0}
    options: dict[str, Any] = {"lr": RATE[rule], "batch_size": batch, "seed": SEED}
    answer = model.fit(data, method=OURS[rule], start=start, epochs=1, **options).theta

    def run() -> Measured:
        fit = model.fit(data, method=OURS[rule], start=start, epochs=EPOCHS, **options)
        _, first, *_, last = fit.history
        return Measured((last.seconds - first.seconds) / (EPOCHS - 1), answer)

    return run


def _stepper(rule: str, p: int) -> Step:
    """One update in place, in NumPy as it is usually written."""
    rate, m, v, t = RATE[rule], np.zeros(p), np.zeros(p), 0

    def sgd(theta: Vector, g: Vector) -> None:
        theta -= rate * g

    def adam(theta: Vector, g: Vector) -> None:
        nonlocal m, v, t
        t += 1
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        theta -= rate * (m / (1 - BETA1**t)) / (np.sqrt(v / (1 - BETA2**t)) + EPS)

    return sgd if rule == "sgd" else adam


def _batches(n: int, batch: int) -> Iterator[Vector]:
    rows = order(n)
    for first in range(0, n, batch):
        yield rows[first : first + batch]


def _numpy(rule: str, batch: int, data: Data) -> Run:
    X, y = data["X"], data["y"]

    def run() -> Vector:
        theta = np.zeros(X.shape[1] + 1)
        step = _stepper(rule, len(theta))
        for rows in _batches(len(y), batch):
            Xb, yb = X[rows], y[rows]
            r = (1 / (1 + np.exp(-(Xb @ theta[:-1] + theta[-1]))) - yb) / len(rows)
            step(theta, np.append(Xb.T @ r, r.sum()))
        return theta

    return run


def _jax(rule: str, batch: int, data: Data, scan: bool) -> Run:
    """One compiled step per batch, or the epoch as one compiled `lax.scan`."""
    xp = jax_numpy()
    import jax

    X, y = xp.asarray(data["X"]), xp.asarray(data["y"])
    n, p = len(y), X.shape[1] + 1

    def loss(theta: Any, X: Any, y: Any) -> Any:
        return xp.mean(LOSSES["logistic"].loss(xp, X @ theta[:-1] + theta[-1], y))

    def step(state: Any, X: Any, y: Any) -> Any:
        theta, m, v, t = state
        g, t = jax.grad(loss)(theta, X, y), t + 1
        if rule == "sgd":
            return theta - RATE[rule] * g, m, v, t
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
        move = (m / (1 - BETA1**t)) / (xp.sqrt(v / (1 - BETA2**t)) + EPS)
        return theta - RATE[rule] * move, m, v, t

    @jax.jit
    def one(state: Any, rows: Any) -> Any:
        return step(state, X[rows], y[rows])

    @jax.jit
    def epoch(state: Any, rows: Any) -> Any:
        return jax.lax.scan(lambda s, r: (step(s, X[r], y[r]), None), state, rows)[0]

    start = xp.zeros(p), xp.zeros(p), xp.zeros(p), xp.asarray(0)

    def run() -> Vector:
        state, rows = start, order(n).reshape(-1, batch)
        if scan:
            return np.asarray(epoch(state, rows)[0])
        for each_rows in rows:
            state = one(state, each_rows)
        return np.asarray(state[0])

    return run


def _optax(rule: str, batch: int, data: Data) -> Run:
    """The epoch as one compiled `lax.scan` of optax's update rule."""
    xp = jax_numpy()
    import jax
    import optax

    X, y = xp.asarray(data["X"]), xp.asarray(data["y"])
    n, p = len(y), X.shape[1] + 1
    optimizer = {"sgd": optax.sgd, "adam": optax.adam}[rule](RATE[rule])

    def loss(theta: Any, rows: Any) -> Any:
        return xp.mean(LOSSES["logistic"].loss(xp, X[rows] @ theta[:-1] + theta[-1], y[rows]))

    def step(state: Any, rows: Any) -> Any:
        theta, held = state
        moves, held = optimizer.update(jax.grad(loss)(theta, rows), held)
        return (optax.apply_updates(theta, moves), held), None

    @jax.jit
    def epoch(rows: Any) -> Any:
        theta = xp.zeros(p)
        return jax.lax.scan(step, (theta, optimizer.init(theta)), rows)[0][0]

    return lambda: np.asarray(epoch(order(n).reshape(-1, batch)))


def _torch(rule: str, batch: int, data: Data) -> Run:
    import torch

    X, y = torch.as_tensor(data["X"]), torch.as_tensor(data["y"])
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    loss = torch.nn.functional.binary_cross_entropy_with_logits

    def run() -> Vector:
        theta = torch.zeros(X.shape[1] + 1, dtype=X.dtype, requires_grad=True)
        optimizer = optimizers[rule]([theta], lr=RATE[rule])
        for rows in torch.as_tensor(order(len(y))).split(batch):
            optimizer.zero_grad()
            loss(X[rows] @ theta[:-1] + theta[-1], y[rows]).backward()
            optimizer.step()
        return theta.detach().numpy()

    return run


def _numba(rule: str, batch: int, data: Data) -> Run:
    """The whole epoch as one compiled loop, by hand."""
    import numba

    X, y, adam, rate = data["X"], data["y"], rule == "adam", RATE[rule]

    @numba.njit(fastmath=True)
    def epoch(rows: Any, X: Any, y: Any) -> Any:
        d = X.shape[1]
        theta, m, v, g = np.zeros(d + 1), np.zeros(d + 1), np.zeros(d + 1), np.zeros(d + 1)
        for t in range(len(rows) // batch):
            g[:] = 0
            for i in rows[t * batch : (t + 1) * batch]:
                z = theta[d]
                for j in range(d):
                    z += X[i, j] * theta[j]
                r = (1 / (1 + exp(-z)) - y[i]) / batch
                for j in range(d):
                    g[j] += r * X[i, j]
                g[d] += r
            if not adam:
                for j in range(d + 1):
                    theta[j] -= rate * g[j]
                continue
            first, second = 1 - BETA1 ** (t + 1), 1 - BETA2 ** (t + 1)
            for j in range(d + 1):
                m[j] = BETA1 * m[j] + (1 - BETA1) * g[j]
                v[j] = BETA2 * v[j] + (1 - BETA2) * g[j] ** 2
                theta[j] -= rate * (m[j] / first) / (np.sqrt(v[j] / second) + EPS)
        return theta

    return lambda: epoch(order(len(y)), X, y)


def _classifier(shuffle: bool) -> Any:
    from sklearn.linear_model import SGDClassifier

    rate = {"learning_rate": "constant", "eta0": RATE["sgd"]}
    return SGDClassifier(loss="log_loss", penalty=None, shuffle=shuffle, **rate)


def _sklearn(data: Data) -> Run:
    def run() -> Vector:
        found = _classifier(True).partial_fit(data["X"], data["y"], classes=[0.0, 1.0])
        return np.append(found.coef_, found.intercept_)

    return run


def _in_order(data: Data) -> Vector:
    """Its answer for the rows in the order of the others, to be compared."""
    rows = order(len(data["y"]))
    X, y = data["X"][rows], data["y"][rows]
    found = _classifier(False).partial_fit(X, y, classes=[0.0, 1.0])
    return np.append(found.coef_, found.intercept_)
