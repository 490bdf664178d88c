"""python examples/answers/policy.py > examples/answers/policy.json

The objective is not concave, so the answer is the maximum that a fit from equal probabilities
ends in; climbs from random starts, which this script makes too, end nowhere higher.
"""

import mpmath
import numpy as np
from mpmath import mpf
from scipy.optimize import minimize
from solvers import columns, newton_mpmath, numbers, print_answer

LAM, PUSHES = 0.5, ["left", "none", "right"]
table = columns("trajectories.csv")
S = np.hstack([numbers(table, ["place", "speed"]), np.ones((800, 1), "g")])  # (n, 3)
chance, gain = numbers(table, ["chance", "gain"]).T
push = np.array([PUSHES.index(word) for word in table["push"]])
weight = (gain - gain.mean()) / chance / len(gain)


def negative(flat):
    """What is minimised and its gradient in float64; parameters are rows: place, speed, 1."""
    theta = flat.reshape(3, 3)
    Z = (S @ theta).astype(float)
    p = np.exp(Z - Z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    seen = p[np.arange(800), push] * weight.astype(float)
    slope = S.T.astype(float) @ (seen[:, None] * (np.eye(3)[push] - p))
    value = np.sum(seen) - LAM / 2 * np.sum(theta**2)
    return -value, -(slope - LAM * theta).ravel()


rows = [[mpf(float(v)) for v in row] for row in S]
scale = [mpf(float(v)) for v in weight]


def probabilities(theta, row):
    e = [mpmath.exp(sum(row[i] * theta[3 * i + k] for i in range(3))) for k in range(3)]
    return [v / sum(e) for v in e]


def objective(theta):
    seen = [c * probabilities(theta, row)[a] for row, c, a in zip(rows, scale, push, strict=True)]
    return mpmath.fsum(seen) - LAM * sum(v * v for v in theta) / 2


def gradient(theta):
    g = [-LAM * v for v in theta]
    for row, c, a in zip(rows, scale, push, strict=True):
        p = probabilities(theta, row)
        for i in range(3):
            for k in range(3):
                g[3 * i + k] += c * p[a] * ((k == a) - p[k]) * row[i]
    return g


options = {"gtol": 1e-9}
found = minimize(negative, np.zeros(9), jac=True, method="BFGS", options=options)
draw = np.random.default_rng(0)
others = [
    minimize(negative, 2 * draw.standard_normal(9), jac=True, method="BFGS", options=options).fun
    for _ in range(20)
]
theta, step = newton_mpmath(gradient, [float(value) for value in found.x])
with mpmath.workdps(40):
    print_answer(
        example="policy",
        objective=objective(theta),
        params={
            "W": [[float(v) for v in theta[3 * i : 3 * i + 3]] for i in (0, 1)],
            "b": [float(v) for v in theta[6:]],
        },
        labels={"W": [["place", "speed"], PUSHES], "b": PUSHES},
        tolerance={"objective": 1e-10, "params": 1e-6},
        how="BFGS of SciPy from equal probabilities, then Newton's method in 40 digits, both with "
        "gradients derived by hand, policy.py",
        last_newton_step=step,
        best_of_random_starts=-min(others),
    )
