import json
import sys

import numpy as np
from scipy.optimize import minimize

table = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
X, y = table[:, :-1], table[:, -1]


def loss(theta):
    z = X @ theta[:-1] + theta[-1]
    r = (1 / (1 + np.exp(-z)) - y) / len(y)
    return np.mean(np.logaddexp(0, z) - y * z), np.append(X.T @ r, r.sum())


start = np.zeros(X.shape[1] + 1)
fit = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 0})
print(json.dumps(fit.x.tolist()))
