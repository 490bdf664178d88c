"""python examples/answers/league.py > examples/answers/league.json"""

import numpy as np
from solvers import columns, newton_long_double, print_answer

table = columns("matches.csv")
teams = sorted(set(table["home"]))
won = np.array([float(text) for text in table["home_won"]]).astype("g")
# Strengths of all teams but the last, which is minus their sum, and the advantage at home.
S = np.vstack([np.eye(9), -np.ones(9)])
rows = zip(table["home"], table["away"], strict=True)
X = np.array([[*(S[teams.index(h)] - S[teams.index(a)]), 1] for h, a in rows]).astype("g")


def value(theta):
    z = X @ theta
    return np.sum(np.logaddexp(0, z) - won * z)


def gradient(theta):
    return X.T @ (1 / (1 + np.exp(-X @ theta)) - won)


def hessian(theta):
    p = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (X * (p * (1 - p))[:, None])


theta, decrement = newton_long_double(value, gradient, hessian, np.zeros(10))
print_answer(
    example="league",
    objective=value(theta),
    params={"strength": S @ theta[:9], "at_home": theta[9]},
    labels={"strength": teams},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double with the Hessian derived by hand, league.py",
    newton_decrement=decrement,
)
