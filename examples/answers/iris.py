"""python examples/answers/iris.py > examples/answers/iris.json"""

import numpy as np
from solvers import columns, newton_long_double, numbers, print_answer

CLASSES = ["setosa", "versicolor", "virginica"]
table = columns("iris.csv")
features = [name for name in table if name != "species"]
X = np.hstack([numbers(table, features), np.ones((150, 1), "g")])  # (n, 5)
Y = np.array([[word == name for name in CLASSES] for word in table["species"]]).astype("g")


def scores(theta):
    return X @ theta.reshape(5, 3)  # the last row is b


def log_sum(Z):
    m = Z.max(axis=1)
    return m + np.log(np.exp(Z - m[:, None]).sum(axis=1))


def shares(theta):
    Z = scores(theta)
    return np.exp(Z - log_sum(Z)[:, None])


def loss(theta):
    Z = scores(theta)
    return np.sum(log_sum(Z) - np.sum(Z * Y, axis=1))


def value(theta):
    return loss(theta) + np.sum(theta**2) / 2


def gradient(theta):
    return (X.T @ (shares(theta) - Y)).ravel() + theta


def hessian(theta):
    P = shares(theta)
    curvature = np.einsum("nk,kl->nkl", P, np.eye(3)) - np.einsum("nk,nl->nkl", P, P)
    return np.einsum("nd,ne,nkl->dkel", X, X, curvature).reshape(15, 15) + np.eye(15)


theta, decrement = newton_long_double(value, gradient, hessian, np.zeros(15))
print_answer(
    example="iris",
    objective=value(theta),
    loss=loss(theta),
    params={"W": theta.reshape(5, 3)[:4], "b": theta.reshape(5, 3)[4]},
    labels={"W": [features, CLASSES], "b": CLASSES},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double with the Hessian derived by hand, iris.py",
    newton_decrement=decrement,
    second_opinion={
        "source": "another Newton solver in float64, written apart from this one",
        "objective": 34.564064954741546,
    },
)
