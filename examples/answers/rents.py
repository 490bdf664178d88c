"""python examples/answers/rents.py > examples/answers/rents.json"""

import mpmath
import numpy as np
from mpmath import digamma, log, loggamma, mpf, pi
from scipy.optimize import minimize
from scipy.special import gammaln, psi
from solvers import columns, newton_mpmath, print_answer

mpmath.mp.dps = 40
table = columns("rents.csv")
features = ["area", "age", "distance"]
y = [mpf(float(text)) for text in table["rent"]]
n = len(y)


def standardised(texts):
    x = [mpf(float(text)) for text in texts]
    mean = sum(x) / n
    deviation = mpmath.sqrt(sum((v - mean) ** 2 for v in x) / n)
    return [(v - mean) / deviation for v in x]


X = list(zip(*(standardised(table[name]) for name in features), [mpf(1)] * n, strict=True))


def residuals(theta):
    pairs = zip(y, X, strict=True)
    return [v - sum(a * b for a, b in zip(x, theta[:4], strict=True)) for v, x in pairs]


def loglik(theta):
    s, nu = theta[4:]
    constant = loggamma((nu + 1) / 2) - loggamma(nu / 2) - log(nu * pi) / 2 - log(s)
    return n * constant - (nu + 1) / 2 * sum(log(1 + (r / s) ** 2 / nu) for r in residuals(theta))


def gradient(theta):
    """Of the log-likelihood, in w, b, s and nu."""
    s, nu = theta[4:]
    g = [mpf(0)] * 6
    for r, x in zip(residuals(theta), X, strict=True):
        q = (r / s) ** 2 / nu
        pull = (nu + 1) * r / (nu * s**2 * (1 + q))
        for j in range(4):
            g[j] += pull * x[j]
        g[4] += pull * r / s - 1 / s
        g[5] += pull * r / (2 * nu) - log(1 + q) / 2
    g[5] += n * (digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / nu) / 2
    return g


A, v = np.array(X, dtype=float), np.array(y, dtype=float)


def value_and_gradient(phi):
    """Of the negative log-likelihood in float64, in w, b, log(s) and log(nu)."""
    s, nu = np.exp(phi[4:])
    r = v - A @ phi[:4]
    q = (r / s) ** 2 / nu
    pull = (nu + 1) * r / (nu * s**2 * (1 + q))
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - np.log(nu * np.pi) / 2 - np.log(s)
    slope = (psi((nu + 1) / 2) - psi(nu / 2) - 1 / nu) / 2
    g_s = np.sum(pull * r / s - 1 / s)
    g_nu = np.sum(pull * r / (2 * nu) - np.log1p(q) / 2 + slope)
    f = n * constant - (nu + 1) / 2 * np.sum(np.log1p(q))
    return -f, -np.concatenate([A.T @ pull, [s * g_s, nu * g_nu]])


phi = np.array([0, 0, 0, 0, 0, np.log(4)])
found = minimize(value_and_gradient, phi, jac=True, method="BFGS", options={"gtol": 1e-6})
start = [*found.x[:4], *np.exp(found.x[4:])]
theta, step = newton_mpmath(gradient, [float(value) for value in start])
print_answer(
    example="rents",
    objective=loglik(theta),
    params={
        "w": [float(value) for value in theta[:3]],
        "b": theta[3],
        "s": theta[4],
        "nu": theta[5],
    },
    labels={"w": features},
    tolerance={"objective": 1e-10, "params": 1e-6},
    how="BFGS of SciPy from the start of the example, then Newton's method in 40 digits, "
    "both with gradients derived by hand, rents.py",
    last_newton_step=step,
)
