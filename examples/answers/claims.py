"""python examples/answers/claims.py > examples/answers/claims.json"""

from math import factorial

import mpmath
import numpy as np
from solvers import columns, newton_long_double, numbers, print_answer

table = columns("policies.csv")
features = ["age", "power", "town"]
raw = numbers(table, features)
X = np.hstack([(raw - raw.mean(axis=0)) / raw.std(axis=0), np.ones((len(raw), 1), "g")])
years, claims = numbers(table, ["years", "claims"]).T


def kernel(theta):
    """Without what depends on the data alone."""
    eta = X @ theta
    return np.sum(years * np.exp(eta) - claims * eta)


def gradient(theta):
    return X.T @ (years * np.exp(X @ theta) - claims)


def hessian(theta):
    return X.T @ (X * (years * np.exp(X @ theta))[:, None])


def constant():
    """The sum of log(claims!) - claims*log(years) to 30 digits, correctly rounded."""
    with mpmath.workdps(30):
        pairs = [(int(k), mpmath.mpf(float(t))) for k, t in zip(claims, years, strict=True)]
        return float(mpmath.fsum(mpmath.log(factorial(k)) - k * mpmath.log(t) for k, t in pairs))


theta, decrement = newton_long_double(kernel, gradient, hessian, np.zeros(4))
print_answer(
    example="claims",
    objective=kernel(theta) + constant(),
    params={"w": theta[:3], "b": theta[3]},
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double with the Hessian derived by hand, claims.py; "
    "the part of the data alone in 30 digits",
    newton_decrement=decrement,
)
