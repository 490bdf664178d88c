"""Hand-written problems with the interface of a generated module's, for tests of the runner.

What they compute is known independently of the compiler: closed forms, or a published minimum.
"""

import hashlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from gdsym.data import Bound

NO_DATA = Bound({}, {}, [], 0, {})


@dataclass
class Flat:
    """A function of scalar parameters, without data: `function(theta)` gives value, gradient."""

    function: Any
    start: Any
    lower: Any = None
    upper: Any = None
    positive: tuple[int, ...] = ()  # coordinates with an open bound at 0, by exp
    held: tuple[int, ...] = ()
    calls: int = 0
    interrupt_at: int = 0
    n_rows = None
    dims: dict = field(default_factory=dict)
    stats: dict = field(default_factory=dict)
    consts: dict = field(default_factory=dict)

    def stats_at(self, theta):
        return self.stats

    def __post_init__(self):
        self.start = np.asarray(self.start, dtype=float)
        self.size = len(self.start)
        self.theta_names = [f"x{i}" for i in range(self.size)]
        fill = np.full(self.size, np.inf)
        lower = -fill if self.lower is None else np.broadcast_to(self.lower, self.size) + 0.0
        upper = fill if self.upper is None else np.broadcast_to(self.upper, self.size) + 0.0
        self.free_bounds = lower, upper
        self.bounds = list(zip(lower, upper, strict=True))
        self.fixed = np.isin(np.arange(self.size), self.held)
        self._log = np.isin(np.arange(self.size), self.positive)

    def init(self, seed=0):
        return self.start.copy()

    def unpack(self, theta):
        return dict(zip(self.theta_names, theta.tolist(), strict=True))

    def pack(self, **params):
        return np.array([params[name] for name in self.theta_names])

    def value_and_grad(self, theta):
        self.calls += 1
        if self.calls == self.interrupt_at:
            raise KeyboardInterrupt
        f, g = self.function(theta)
        return float(f), np.array(g, dtype=float)

    def loss(self, theta):
        return float(self.function(theta)[0])

    def to_free(self, theta):
        return np.where(self._log, np.log(np.where(self._log, theta, 1.0)), theta)

    def from_free(self, phi):
        return np.where(self._log, np.exp(np.where(self._log, phi, 0.0)), phi)

    def pullback(self, phi, g):
        return np.where(self._log, g * self.from_free(phi), g)

    def trace(self, theta, rows):
        return {}


def init_gd(theta):
    return {}


def update_gd(theta, g, state, *, lr=0.1, T=None):
    theta -= lr * g


def init_adam(theta):
    return {"t": 0, "m": np.zeros_like(theta), "v": np.zeros_like(theta)}


def update_adam(theta, g, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, T=None):
    state["t"] += 1
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    state["v"] = beta2 * state["v"] + (1 - beta2) * g**2
    m = state["m"] / (1 - beta1 ** state["t"])
    v = state["v"] / (1 - beta2 ** state["t"])
    theta -= lr * m / (np.sqrt(v) + eps)


RULES = {
    "gd": {"options": {"lr": 0.1}, "doc": ""},
    "adam": {"options": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}, "doc": ""},
}


def module_of(problem, **changes):
    """A module whose `bind` gives this problem."""
    source = changes.pop("SOURCE", "param x0\nloss x0^2\n")
    params = tuple(
        {"name": name, "arg": name, "dims": (), "domain": {}, "fixed": False}
        for name in problem.theta_names
    )
    described = {
        "MODEL": "standin",
        "SOURCE": source,
        "SOURCE_NAME": "standin.gd",
        "SHA256": hashlib.sha256(source.encode()).hexdigest(),
        "VERSION": "0.1.0",
        "ROW": None,
        "DIMS": {},
        "DATA": (),
        "PARAMS": params,
        "CONSTS": (),
        "PREDICTIONS": (),
        "METHOD": None,
        "OBJECTIVE": {"kind": "loss", "line": 2, "sign": 1.0, "penalised": True},
        "MINIBATCH": None,
        "RULES": RULES,
        "SCHEDULES": {},
        "PLACES": {},
        "init_gd": init_gd,
        "update_gd": update_gd,
        "init_adam": init_adam,
        "update_adam": update_adam,
        "bind": lambda **_: problem,
    }
    return SimpleNamespace(**{**described, **changes})


LINE_SOURCE = """\
model line
data  X[n, d] from ["age", "bmi"], y[n]
param w[d], b
const lam = 0.1
let   z = X @ w + b
loss  mean((y - z)^2)
penalty lam/2 * sum(w^2)
predict yhat = z
"""
LABELS = ["age", "bmi"]


class Line:
    """Ridge regression of y on two columns: `LINE_SOURCE`, by hand."""

    size = 3
    theta_names = ("w[age]", "w[bmi]", "b")
    bounds = ((None, None),) * 3
    free_bounds = np.full(3, -np.inf), np.full(3, np.inf)
    stats: dict = {}  # noqa: RUF012

    def stats_at(self, theta):
        return self.stats

    def __init__(self, X, y, lam=0.1, interrupt_at=0):
        self.X, self.y, self.lam = X, y, lam
        self.n_rows = len(y)
        self.dims = {"n": {"size": len(y), "labels": None}, "d": {"size": 2, "labels": LABELS}}
        self.consts = {"lam": lam}
        self.fixed = np.zeros(3, dtype=bool)
        self.rows_seen = []
        self.calls, self.interrupt_at = 0, interrupt_at

    def init(self, seed=0):
        return np.zeros(3)

    def unpack(self, theta):
        return {"w": theta[:2].copy(), "b": float(theta[2])}

    def pack(self, w, b):
        return np.array([*w, b], dtype=float)

    def _count(self):
        self.calls += 1
        if self.calls == self.interrupt_at:
            raise KeyboardInterrupt

    def _at(self, theta, X, y):
        r = X @ theta[:2] + theta[2] - y
        g = np.array([*(2 * X.T @ r / len(y) + self.lam * theta[:2]), 2 * r.mean()])
        return float((r @ r) / len(y) + self.lam / 2 * theta[:2] @ theta[:2]), g

    def value_and_grad(self, theta):
        self._count()
        return self._at(theta, self.X, self.y)

    def batches(self, rows, size):
        batches = (
            rows
            if isinstance(rows, list)
            else [rows[i : i + size] for i in range(0, len(rows), size)]
        )
        for batch in batches:
            own = np.arange(self.n_rows)[batch]
            yield len(own), own

    def at_batch(self, theta, count, rows):
        return self.batch_value_and_grad(theta, rows)

    def batch_value_and_grad(self, theta, rows):
        self._count()
        self.rows_seen.append(rows.copy())
        return self._at(theta, self.X[rows], self.y[rows])

    def loss(self, theta):
        return self._at(theta, self.X, self.y)[0] - self.lam / 2 * theta[:2] @ theta[:2]

    def to_free(self, theta):
        return theta.copy()

    def from_free(self, phi):
        return phi.copy()

    def pullback(self, phi, g):
        return g

    def trace(self, theta, rows):
        z = self.X[rows] @ theta[:2] + theta[2]
        return {"z": z, "(y - z)^2": (self.y[rows] - z) ** 2}

    def solution(self):
        """By the normal equations."""
        A = np.column_stack([self.X, np.ones(self.n_rows)])
        H = 2 * A.T @ A / self.n_rows + np.diag([self.lam, self.lam, 0.0])
        return np.linalg.solve(H, 2 * A.T @ self.y / self.n_rows)


def line_predict(theta, X, *, dims=None, stats=None):
    return {"yhat": X @ theta[:2] + theta[2]}


def line_data(n=23, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    return X, X @ [1.5, -2.0] + 0.5 + 0.1 * rng.normal(size=n)


def line_module(problem, **changes):
    return module_of(
        problem,
        **{
            "MODEL": "line",
            "SOURCE": LINE_SOURCE,
            "SOURCE_NAME": "line.gd",
            "ROW": "n",
            "DIMS": {
                "n": {"size": None, "labels": None, "doc": ""},
                "d": {"size": None, "labels": None, "doc": ""},
            },
            "DATA": (
                {
                    "name": "X",
                    "arg": "X",
                    "dims": ("n", "d"),
                    "domain": {},
                    "columns": {"names": ("age", "bmi")},
                    "default": None,
                    "doc": "",
                    "line": 2,
                },
                {
                    "name": "y",
                    "arg": "y",
                    "dims": ("n",),
                    "domain": {},
                    "columns": None,
                    "default": None,
                    "doc": "",
                    "line": 2,
                },
            ),
            "PARAMS": (
                {"name": "w", "arg": "w", "dims": ("d",), "domain": {}, "fixed": False},
                {"name": "b", "arg": "b", "dims": (), "domain": {}, "fixed": False},
            ),
            "CONSTS": ({"name": "lam", "arg": "lam", "dims": (), "value": 0.1, "domain": {}},),
            "PREDICTIONS": (
                {"name": "yhat", "arg": "yhat", "dims": ("n",), "doc": "", "data": ("X",)},
            ),
            "OBJECTIVE": {"kind": "loss", "line": 6, "sign": 1.0, "penalised": True},
            "PLACES": {"z": (5, 7, "z"), "(y - z)^2": (6, 12, "(y - z)^2")},
            "predict": line_predict,
            **changes,
        },
    )


def line_bound(X, y):
    return Bound({"X": X, "y": y}, {"d": {"size": 2, "labels": LABELS}}, [], len(y), {})
