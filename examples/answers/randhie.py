"""python examples/answers/randhie.py > examples/answers/randhie.json"""

from math import factorial

import mpmath
import numpy as np
from solvers import columns, newton_long_double, numbers, print_answer

table = columns("randhie.csv")
features = [name for name in table if name != "mdvis"]
X = np.hstack([numbers(table, features), np.ones((20190, 1), "g")])
y = numbers(table, ["mdvis"])[:, 0]


def kernel(theta):
    eta = X @ theta
    return np.sum(np.exp(eta) - y * eta)


def gradient(theta):
    return X.T @ (np.exp(X @ theta) - y)


def hessian(theta):
    return X.T @ (X * np.exp(X @ theta)[:, None])


def log_factorials():
    """The sum of log(y!) to 30 digits, correctly rounded."""
    with mpmath.workdps(30):
        return float(mpmath.fsum(mpmath.log(factorial(int(count))) for count in y))


theta, decrement = newton_long_double(kernel, gradient, hessian, np.zeros(10))
print_answer(
    example="randhie",
    objective=kernel(theta) + log_factorials(),
    params={"w": theta[:9], "b": theta[9]},
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="Newton's method in long double with the Hessian derived by hand, randhie.py; "
    "the sum of log(visits!) in 30 digits",
    newton_decrement=decrement,
    second_opinion={
        "source": "Stata 11, as printed in the tests of statsmodels",
        "objective": 62419.588535018,
        "params": {
            "w": [
                -0.052535114675,
                -0.247086797633,
                0.035290201794,
                -0.03457750643,
                0.271713973711,
                0.033941474461,
                -0.012635035534,
                0.054056326828,
                0.206115121809,
            ],
            "b": 0.700352877227,
        },
        "agreement": "params to 7 digits, objective to 9",
    },
)
