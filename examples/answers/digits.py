"""python examples/answers/digits.py > examples/answers/digits.json    (a few minutes)

The loss is not convex: which local minimum a fit ends in depends on its start. So the answer is
in three parts: what any fit must hold (its objective and gradient by the formulas below), how far
down fits from random starts go, and one minimum to full precision, to which a fit must return
when it starts nearby.
"""

import numpy as np
from scipy.optimize import minimize
from solvers import columns, newton_long_double, print_answer

LAM, HIDDEN, STARTS = 10.0, 12, 20
table = columns("digits.csv")
y = np.array([int(text) for text in table.pop("digit")])
X = np.array([[float(text) for text in column] for column in table.values()]).T / 16
Y = np.eye(10)[y]
n, d = X.shape
ENDS = np.cumsum([d * HIDDEN, HIDDEN, HIDDEN * 10])


def unpack(theta):
    """W1, b1, W2, b2."""
    W1, b1, W2, b2 = np.split(theta, ENDS)
    return W1.reshape(d, HIDDEN), b1, W2.reshape(HIDDEN, 10), b2


def value_and_gradient(theta, X=X, Y=Y):
    """The objective and its gradient, in the precision of the arguments."""
    W1, b1, W2, b2 = unpack(theta)
    H = np.tanh(X @ W1 + b1)
    Z = H @ W2 + b2
    m = Z.max(axis=1, keepdims=True)
    total = np.exp(Z - m).sum(axis=1, keepdims=True)
    value = np.sum(m + np.log(total)) - np.sum(Z * Y) + LAM / 2 * np.sum(theta**2)
    back = np.exp(Z - m) / total - Y
    inner = (back @ W2.T) * (1 - H**2)
    blocks = [X.T @ inner, inner.sum(axis=0), H.T @ back, back.sum(axis=0)]
    return value, np.concatenate([block.ravel() for block in blocks]) + LAM * theta


def random_start(seed):
    draw = np.random.default_rng(seed)
    W1, W2 = draw.normal(0, d**-0.5, d * HIDDEN), draw.normal(0, HIDDEN**-0.5, HIDDEN * 10)
    return np.concatenate([W1, np.zeros(HIDDEN), W2, np.zeros(10)])


def descend(start):
    options = {"maxiter": 20000, "maxfun": 30000, "ftol": 0, "gtol": 1e-6, "maxcor": 20}
    return minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options=options)


def differences(theta, h=1e-5):
    """The Hessian by central differences of the gradient."""
    steps = h * np.eye(len(theta))
    rows = [value_and_gradient(theta + e)[1] - value_and_gradient(theta - e)[1] for e in steps]
    H = np.array(rows) / (2 * h)
    return (H + H.T) / 2


def accuracy(theta):
    W1, b1, W2, b2 = unpack(theta)
    return float(np.mean(np.argmax(np.tanh(X @ W1 + b1) @ W2 + b2, axis=1) == y))


if __name__ == "__main__":
    ends = [descend(random_start(seed)) for seed in range(STARTS)]
    best = min(ends, key=lambda end: end.fun)
    curvature = differences(best.x)
    Xg, Yg = X.astype("g"), Y.astype("g")
    theta, decrement = newton_long_double(
        lambda t: value_and_gradient(t, Xg, Yg)[0],
        lambda t: value_and_gradient(t, Xg, Yg)[1],
        lambda t: curvature,
        best.x,
    )
    objective = value_and_gradient(theta, Xg, Yg)[0]
    print_answer(
        example="digits",
        objective=objective,
        loss=objective - LAM / 2 * np.sum(theta**2),
        accuracy=accuracy(theta.astype(float)),
        params=dict(zip(["W1", "b1", "W2", "b2"], unpack(theta), strict=True)),
        unique="a local minimum, the best of those below; others are as good to 2 percent",
        smallest_eigenvalue_of_hessian=np.linalg.eigvalsh(curvature)[0],
        any_fit={"objective_below": 830, "accuracy_above": 0.975},
        objectives_from_random_starts=sorted(float(end.fun) for end in ends),
        accuracies_from_random_starts=sorted(accuracy(end.x) for end in ends),
        tolerance={"objective": 1e-10, "params": 1e-6},
        how="L-BFGS-B of SciPy from 20 random starts, the best one polished by Newton's method in "
        "long double, with the gradient derived by hand, digits.py",
        newton_decrement=decrement,
        comparison={
            "what": "softmax regression without a hidden layer, same penalty weight, optimum",
            "objective": 1031.4820100954657,
        },
    )
