"""Small problems with known minima, for every method: values and exact first two derivatives.

Formulas are written once, on `Jet`s, which carry a value, a gradient and a Hessian by the rules
of calculus. So a problem's derivatives cannot disagree with its formula, and no compiler is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gdsym.optimizers._iterate import Iterate, Kink, Objective


class Jet:
    """A function of p variables to second order at a point: f, g (p,), H (p, p)."""

    __array_ufunc__ = None

    def __init__(self, f, g, H):
        self.f, self.g, self.H = f, g, H

    def by(self, f, d1, d2):
        """A function of one variable with these derivatives, of this."""
        return Jet(f, d1 * self.g, d1 * self.H + d2 * np.outer(self.g, self.g))

    def __add__(self, other):
        if not isinstance(other, Jet):
            return Jet(self.f + other, self.g, self.H)
        return Jet(self.f + other.f, self.g + other.g, self.H + other.H)

    def __mul__(self, other):
        if not isinstance(other, Jet):
            return Jet(self.f * other, self.g * other, self.H * other)
        across = np.outer(self.g, other.g)
        return Jet(
            self.f * other.f,
            self.f * other.g + other.f * self.g,
            self.f * other.H + other.f * self.H + across + across.T,
        )

    def __pow__(self, n):
        if n == 2:
            return self * self
        return self.by(
            self.f**n, n * self.f ** (n - 1) if n else 0.0, n * (n - 1) * self.f ** (n - 2)
        )

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * (other**-1.0)

    def __rtruediv__(self, other):
        return self**-1.0 * other

    __radd__, __rmul__ = __add__, __mul__


def exp(a):
    e = np.exp(a.f)
    return a.by(e, e, e)


def log(a):
    return a.by(np.log(a.f), 1 / a.f, -1 / a.f**2)


def jets(x):
    p = len(x)
    return [Jet(x[i], np.eye(p)[i], np.zeros((p, p))) for i in range(p)]


@dataclass(frozen=True)
class Small:
    """A problem: `objective` has all that a method may ask; the value at `minimum` is `least`.

    `singular`: the Hessian at the minimum is, so only the value tells how near a point is.
    """

    name: str
    objective: Objective
    start: np.ndarray
    minimum: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    singular: bool = False
    least: float = field(default=0.0)

    def first(self):
        x = self.start.copy()
        x.flags.writeable = False
        return Iterate(x, *self.objective(x), 0.0, np.inf)


def of_sum(function: Callable[[list[Jet]], Jet]) -> Objective:
    def at(x):
        return function(jets(x))

    def hess(x):
        return at(x).H

    return Objective(lambda x: (float(at(x).f), at(x).g), hess, lambda x, v: hess(x) @ v)


def of_squares(function: Callable[[list[Jet]], Sequence[Jet]], squares: float = 1.0) -> Objective:
    """`squares` times the sum of squares of what the function gives."""

    def at(x):
        terms = function(jets(x))
        return np.array([t.f for t in terms]), np.array([t.g for t in terms]), terms

    def value_and_grad(x):
        r, J, _ = at(x)
        return squares * float(r @ r), 2 * squares * J.T @ r

    def hess(x):
        r, J, terms = at(x)
        return 2 * squares * (J.T @ J + sum(ri * t.H for ri, t in zip(r, terms, strict=True)))

    def residual_qr(x):
        r, J, _ = at(x)
        p = len(x)
        if not (np.isfinite(r).all() and np.isfinite(J).all()):
            return np.full((p, p), np.nan), np.full(p, np.nan), np.nan
        R = np.linalg.qr(np.column_stack([J, r]), mode="r")
        R = np.vstack([R, np.zeros((max(0, p + 1 - len(R)), p + 1))])
        return R[:p, :p], R[:p, p], float(R[p, p] ** 2)

    return Objective(value_and_grad, hess, lambda x, v: hess(x) @ v, residual_qr, squares=squares)


def small(name, objective, start, minimum, lower=-np.inf, upper=np.inf, **known):
    start = np.array(start, dtype=float)
    box = (np.broadcast_to(np.asarray(b, dtype=float), start.shape).copy() for b in (lower, upper))
    return Small(name, objective, start, np.array(minimum, dtype=float), *box, **known)


def rosenbrock(x):
    return [10 * (x[1] - x[0] ** 2), 1 - x[0]]


def powell_singular(x):
    return [
        x[0] + 10 * x[1],
        5**0.5 * (x[2] - x[3]),
        (x[1] - 2 * x[2]) ** 2,
        10**0.5 * (x[0] - x[3]) ** 2,
    ]


def wood(x):
    return [
        10 * (x[1] - x[0] ** 2),
        1 - x[0],
        90**0.5 * (x[3] - x[2] ** 2),
        1 - x[2],
        10**0.5 * (x[1] + x[3] - 2),
        10**-0.5 * (x[1] - x[3]),
    ]


# NIST StRD, Rat42 and Misra1a: data, and the minimisers to 16 digits.
RAT42 = np.array(
    [
        [9, 14, 21, 28, 42, 57, 63, 70, 79],
        [8.93, 10.8, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08],
    ]
)
MISRA = np.array(
    [
        [
            77.6,
            114.9,
            141.1,
            190.8,
            239.9,
            289,
            332.8,
            378.4,
            434.8,
            477.3,
            536.8,
            593.1,
            689.1,
            760,
        ],
        [
            10.07,
            14.73,
            17.94,
            23.93,
            29.61,
            35.18,
            40.02,
            44.82,
            50.76,
            55.05,
            61.01,
            66.4,
            75.47,
            81.78,
        ],
    ]
)


def rat42(b):
    return [y - b[0] / (1 + exp(b[1] - x * b[2])) for x, y in RAT42.T]


def misra1a(b):
    return [y - b[0] * (1 - exp(-x * b[1])) for x, y in MISRA.T]


def logistic():
    """Ridge logistic regression of 40 drawn rows."""
    random = np.random.default_rng(3)
    X = random.normal(size=(40, 3))
    sign = np.where(random.normal(size=40) + X @ [1.0, -2.0, 0.5] > 0, 1.0, -1.0)

    def at(w):
        margin = sign * (X @ w)
        f = np.sum(np.logaddexp(0, -margin)) + 0.05 * w @ w
        return float(f), 0.1 * w - X.T @ (sign / (1 + np.exp(margin)))

    def hess(w):
        p = 1 / (1 + np.exp(-X @ w))
        return (X.T * (p * (1 - p))) @ X + 0.1 * np.eye(3)

    return Objective(at, hess, lambda w, v: hess(w) @ v)


def quadratic(condition, p=6):
    random = np.random.default_rng(1)
    basis = np.linalg.qr(random.normal(size=(p, p)))[0]
    A = basis * np.geomspace(1.0, condition, p) @ basis.T
    minimum = random.normal(size=p)

    def value_and_grad(x):
        d = x - minimum
        return float(3 + d @ A @ d / 2), A @ d

    root = np.linalg.cholesky(A).T
    objective = Objective(
        value_and_grad,
        lambda x: A.copy(),
        lambda x, v: A @ v,
        lambda x: (root, root @ (x - minimum), 6.0),
        squares=0.5,
    )
    return objective, minimum


def boxed():
    """x'Ax/2 - b'x on [0, 1]^6 whose solution is chosen first, multipliers and all (KKT)."""
    half = np.random.default_rng(4).normal(size=(6, 6))
    A = half @ half.T + 0.1 * np.eye(6)
    solution = np.array([0.0, 1.0, 0.3, 0.0, 1.0, 0.8])
    gradient = np.array([0.5, -2.0, 0.0, 1e-3, -1e-3, 0.0])  # points outward at the bounds
    b = A @ solution - gradient
    root = np.linalg.cholesky(A).T
    target = np.linalg.solve(root.T, b)
    objective = Objective(
        lambda x: (float(x @ A @ x / 2 - b @ x), A @ x - b),
        lambda x: A.copy(),
        lambda x, v: A @ v,
        lambda x: (root, root @ x - target, 0.0),
        squares=0.5,
    )
    return objective, solution


def barrier(x):
    """c'x - sum(log(1 - x^2)): not finite outside of (-1, 1)."""
    c = (3.0, -0.1, 40.0)
    return sum(ci * xi - log(1 - xi * xi) for ci, xi in zip(c, x, strict=True))


def problems():
    c = np.array([3.0, -0.1, 40.0])
    box, corner = boxed()
    easy, easy_at = quadratic(1e2)
    hard, hard_at = quadratic(1e6)
    return [
        small("quadratic", easy, np.zeros(6), easy_at, least=3.0),
        small("ill-conditioned quadratic", hard, np.zeros(6), hard_at, least=3.0),
        small("at the minimum already", easy, easy_at, easy_at, least=3.0),
        small("Rosenbrock", of_squares(rosenbrock), [-1.2, 1.0], [1.0, 1.0]),
        small("Wood", of_squares(wood), [-3.0, -1.0, -3.0, -1.0], np.ones(4)),
        small(
            "Powell singular",
            of_squares(powell_singular),
            [3.0, -1.0, 0.0, 1.0],
            np.zeros(4),
            singular=True,
        ),
        small(
            "Rat42",
            of_squares(rat42, 0.5),
            [75.0, 2.5, 0.07],
            [72.46223757556919, 2.6180768402084967, 0.067359200066105014],
            least=0.5 * 8.0565229338113002,
        ),
        small(
            "Misra1a",
            of_squares(misra1a),
            [250.0, 0.0005],
            [238.94212917886171, 0.00055015643180591356],
            least=0.12455138894440552,
        ),
        small("logistic", logistic(), np.zeros(3), LOGISTIC, least=LOGISTIC_VALUE),
        small("barrier", of_sum(barrier), np.zeros(3), (1 - np.sqrt(1 + c**2)) / c, least=BARRIER),
        small("box", box, np.full(6, 0.5), corner, 0.0, 1.0, least=BOX),
        small("box from a wrong corner", box, [1.0, 0, 1, 1, 0, 0], corner, 0.0, 1.0, least=BOX),
        small(
            "Rosenbrock with a bound",
            of_squares(rosenbrock),
            [-1.2, 1.0],
            [0.5, 0.25],
            [-np.inf, -np.inf],
            [0.5, np.inf],
            least=0.25,
        ),
        small(
            "one parameter",
            of_sum(lambda x: exp(x[0]) - 2 * x[0]),
            [3.0],
            [np.log(2.0)],
            least=2 - 2 * np.log(2.0),
        ),
        small(
            "one parameter at its bound",
            of_squares(lambda x: [x[0] - 3]),
            [0.5],
            [1.0],
            0.0,
            1.0,
            least=4.0,
        ),
    ]


# The root of the gradient in 40 digits (mpmath), from the formula written anew.
LOGISTIC = (1.7181893124231386, -3.0026220545984271, 1.3415422840741976)
LOGISTIC_VALUE = 9.7641697482150169
_c = np.array([3.0, -0.1, 40.0])
_x = (1 - np.sqrt(1 + _c**2)) / _c
BARRIER = float(_c @ _x - np.sum(np.log(1 - _x**2)))
BOX = boxed()[0](boxed()[1])[0]


def lasso(weights=(30.0,) * 12, per_group=1):
    """Half the sum of squares of 100 drawn rows, and kinks of 12 parameters."""
    random = np.random.default_rng(0)
    X = random.normal(size=(100, 12))
    y = X[:, :3] @ [1.0, 2.0, -1.0] + random.normal(size=100)
    kink = Kink(np.arange(12).reshape(-1, per_group), np.array(weights[: 12 // per_group]))

    def value_and_grad(w):
        r, rows = X @ w - y, w[kink.groups]
        sizes = np.linalg.norm(rows, axis=1)
        g = X.T @ r
        scale = np.where(sizes > 0, kink.weights / np.where(sizes > 0, sizes, 1), 0.0)
        g[kink.groups] += scale[:, None] * rows
        return float(r @ r / 2 + kink.weights @ sizes), g

    def hess(w):
        H = X.T @ X
        for group, weight in zip(kink.groups, kink.weights, strict=True):
            size = np.linalg.norm(w[group])
            if per_group > 1 and size > 0:
                along = w[group] / size
                H[np.ix_(group, group)] += (
                    weight / size * (np.eye(per_group) - np.outer(along, along))
                )
        return H

    return Objective(value_and_grad, hess, lambda w, v: hess(w) @ v, kinks=(kink,)), X, y
