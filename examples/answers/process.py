"""python examples/answers/process.py > examples/answers/process.json

Newton's method in float64 with the gradient and the Hessian of Rasmussen and Williams, "Gaussian
Processes for Machine Learning" (2006), section 5.4.1, and its derivative by hand.
"""

import numpy as np
from solvers import columns, numbers, print_answer

FEATURES = ["bmi", "bp", "s5"]
table = columns("diabetes.csv")
X = numbers(table, FEATURES).astype(float)
y = numbers(table, ["progression"]).astype(float)[:, 0]
Z = (X - X.mean(axis=0)) / X.std(axis=0)
y = (y - y.mean()) / y.std()
n, d = Z.shape
gaps = (Z.T[:, :, None] - Z.T[:, None, :]) ** 2


def parts(theta):
    """K, its derivatives, and its second derivatives, by a, height and noise."""
    a, height, noise = theta[:d], theta[d], theta[d + 1]
    scaled = np.exp(2 * a)[:, None, None] * gaps
    E = np.exp(-np.sum(scaled, axis=0) / 2)
    first = [*(-(height**2) * E * scaled), 2 * height * E, 2 * noise * np.eye(n)]
    zero = np.zeros((n, n))
    second = [[zero] * (d + 2) for _ in range(d + 2)]
    for i in range(d):
        for j in range(d):
            second[i][j] = height**2 * E * scaled[i] * scaled[j]
        second[i][i] = second[i][i] - 2 * height**2 * E * scaled[i]
        second[i][d] = second[d][i] = -2 * height * E * scaled[i]
    second[d][d], second[d + 1][d + 1] = 2 * E, 2 * np.eye(n)
    return height**2 * E + noise**2 * np.eye(n), first, second


def value(theta):
    K = parts(theta)[0]
    return (np.linalg.slogdet(K)[1] + y @ np.linalg.solve(K, y) + n * np.log(2 * np.pi)) / 2


def slopes(theta):
    """Gradient and Hessian."""
    K, first, second = parts(theta)
    inverse = np.linalg.inv(K)
    alpha = inverse @ y
    rest = inverse - np.outer(alpha, alpha)
    moved = [inverse @ slope for slope in first]
    gradient = np.array([np.sum(rest * slope) for slope in first]) / 2
    hessian = np.array(
        [
            [
                np.sum(rest * second[i][j]) / 2
                - np.sum(moved[i] * moved[j].T) / 2
                + alpha @ first[i] @ moved[j] @ alpha
                for j in range(d + 2)
            ]
            for i in range(d + 2)
        ]
    )
    return gradient, hessian


def newton(theta):
    """The minimum: shifted where the Hessian is not definite, halved where nothing is gained."""
    for _ in range(100):
        gradient, hessian = slopes(theta)
        shift = max(0, 1e-3 - 2 * np.linalg.eigvalsh(hessian)[0])
        step = np.linalg.solve(hessian + shift * np.eye(d + 2), gradient)
        if np.max(abs(step)) < 1e-11:
            return theta, np.max(abs(step))
        length = 1.0
        while np.max(abs(step)) > 1e-5 and not value(theta - length * step) < value(theta):
            length /= 2
        theta = theta - length * step
    raise ArithmeticError("no convergence")


if __name__ == "__main__":
    theta, step = newton(np.array([0.0] * d + [1.0, 1.0]))
    print_answer(
        example="process",
        objective=value(theta),
        params={"a": theta[:d], "height": theta[d], "noise": theta[d + 1]},
        labels={"a": FEATURES},
        tolerance={"objective": 1e-10, "params": 1e-6},
        how="Newton's method with derivatives worked out by hand, process.py",
        last_newton_step=step,
    )
