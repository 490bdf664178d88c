"""python examples/answers/spam.py > examples/answers/spam.json"""

import numpy as np
from solvers import columns, newton_long_double, numbers, print_answer

table = columns("messages.csv")
words = [name for name in table if name.startswith("n_")]
X = np.hstack([np.log(1 + numbers(table, words)), np.ones((300, 1), "g")])
y = np.array([word == "spam" for word in table["kind"]]).astype("g")
weight = np.array([1.0] * len(words) + [0.0]).astype("g")  # the intercept, last, is free


def value(theta):
    z = X @ theta
    return np.sum(np.logaddexp(0, z) - y * z) + np.sum(weight * theta**2) / 2


def gradient(theta):
    return X.T @ (1 / (1 + np.exp(-X @ theta)) - y) + weight * theta


def hessian(theta):
    p = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (X * (p * (1 - p))[:, None]) + np.diag(weight)


theta, decrement = newton_long_double(value, gradient, hessian, np.zeros(len(words) + 1))
z = X @ theta
print_answer(
    example="spam",
    objective=value(theta),
    loss=np.sum(np.logaddexp(0, z) - y * z),
    params={"w": theta[:-1], "b": theta[-1]},
    labels={"w": words},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double with the Hessian derived by hand, spam.py",
    newton_decrement=decrement,
)
