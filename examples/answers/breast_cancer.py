"""python examples/answers/breast_cancer.py > examples/answers/breast_cancer.json"""

import numpy as np
from solvers import columns, newton_long_double, numbers, print_answer

table = columns("breast_cancer.csv")
features = [name for name in table if name != "diagnosis"]
X = np.hstack([numbers(table, features), np.ones((569, 1), "g")])
y = np.array([word == "benign" for word in table["diagnosis"]]).astype("g")
weight = np.array([1.0] * 30 + [0.0]).astype("g")  # the intercept, last, is free


def value(theta):
    z = X @ theta
    return np.sum(np.logaddexp(0, z) - y * z) + np.sum(weight * theta**2) / 2


def gradient(theta):
    p = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (p - y) + weight * theta


def hessian(theta):
    p = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (X * (p * (1 - p))[:, None]) + np.diag(weight)


theta, decrement = newton_long_double(value, gradient, hessian, np.zeros(31))
print_answer(
    example="breast_cancer",
    objective=value(theta),
    loss=np.sum(np.logaddexp(0, X @ theta) - y * (X @ theta)),
    params={"w": theta[:30], "b": theta[30]},
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double with the Hessian derived by hand, breast_cancer.py",
    newton_decrement=decrement,
    second_opinion={
        "source": "scikit-learn, LogisticRegression(solver='newton-cholesky', C=1)",
        "objective": 37.75894596187597,
        "agreement": "weights to 2e-11",
    },
)
