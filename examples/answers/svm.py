"""python examples/answers/svm.py > examples/answers/svm.json

The objective is quadratic while the same rows are inside the margin, so that Newton's method ends
exactly once it knows which (Keerthi and DeCoste, 2005).
"""

import numpy as np
from solvers import columns, newton_long_double, numbers, print_answer

C = np.longdouble(0.1)
table = columns("breast_cancer.csv")
features = [name for name in table if name != "diagnosis"]
X = np.hstack([numbers(table, features), np.ones((569, 1), "g")])
y = np.array([1 if word == "benign" else -1 for word in table["diagnosis"]]).astype("g")
weight = np.array([1.0] * 30 + [0.0]).astype("g")  # the intercept, last, is free


def short(theta):
    """How far each row is from its margin; 0 beyond it."""
    return np.maximum(0, 1 - y * (X @ theta))


def value(theta):
    return C * np.sum(short(theta) ** 2) + np.sum(weight * theta**2) / 2


def gradient(theta):
    return -2 * C * X.T @ (y * short(theta)) + weight * theta


def hessian(theta):
    inside = X[short(theta) > 0]
    return 2 * C * inside.T @ inside + np.diag(weight)


theta, decrement = newton_long_double(value, gradient, hessian, np.zeros(31))
print_answer(
    example="svm",
    objective=value(theta),
    loss=C * np.sum(short(theta) ** 2),
    params={"w": theta[:30], "b": theta[30]},
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double on the rows inside the margin, svm.py",
    newton_decrement=decrement,
    rows_inside=str(np.sum(short(theta) > 0)),
)
