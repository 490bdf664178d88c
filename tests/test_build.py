"""Declarations and statements in the graph: what each means, in values, gradients, predictions."""

from random import Random

import numpy as np
import pytest
from oracle import Case, check, far
from zoo import codes, normal

R = Random("test_build")
X, Y = normal(R, 6, 3), normal(R, 6)
T = normal(R, 6, 4, 3)
A = codes(R, 6, 3)

MODELS = {
    # -- data
    "a scalar that is not given": (
        "data y[n]\ndata s = 3\nparam m\nloss sum(s*(y - m)^2)\npredict p = s*m*y",
        {"y": Y},
    ),
    "a side table that is not given": (
        "data X[n, d]\ndata q[d] = 3\nparam m\nloss sum(q*(X - m)^2)\npredict p = X @ q * m",
        {"X": X},
    ),
    "a default that is a formula": (
        "data y[n]\ndata wt[n] = 2*pi/7\nparam m\nloss sum(wt*(y - m)^2)\npredict p = wt*m*y",
        {"y": Y},
    ),
    "rows along the second axis": (
        "data y[n]\ndata M[d, n]\nparam w[d] = 1\nlet z = M.T @ w\nloss sum((y - z)^2)\n"
        "predict p = z\npredict q = M*w",
        {"y": Y, "M": X.T.copy()},
    ),
    "three axes": (
        "data y[n]\ndata T[n, k, d]\nparam w[d] = 1, v[k] = 1\nlet z = sum[k](T @ w * v)\n"
        "loss sum((y - z)^2)\npredict p = T @ w",
        {"y": Y, "T": T},
    ),
    "axes declared in another order": (
        "dim d = 3\ndim k = 4\ndata y[n]\ndata T[n, k, d]\nparam w[d] = 1, v[k] = 1\n"
        "let z = sum[k](T @ w * v)\nloss sum((y - z)^2)\npredict p = T*w",
        {"y": Y, "T": T},
    ),
    # -- learnt in training
    "standard scores of rows along the second axis": (
        "data y[n]\ndata M[d, n]\nparam w[d] = 1\nlet z = standardize(M).T @ w\n"
        "loss sum((y - z)^2)\npredict p = z",
        {"y": Y, "M": X.T.copy()},
    ),
    "standard scores of three axes": (
        "dim d = 3\ndim k = 4\ndata y[n]\ndata T[n, k, d]\nparam w[d] = 1, v[k] = 1\n"
        "let S = standardize(T)\nloss sum((y - sum[k](S @ w * v))^2)\npredict p = S @ w",
        {"y": Y, "T": T},
    ),
    "standard scores of a let": (
        "data X[n, d]\ndata y[n]\nparam w[d]\nlet Q = log(1 + X^2)\n"
        "let z = standardize(Q) @ w\nloss sum((y - z)^2)\npredict p = z",
        {"X": X, "y": Y},
    ),
    "standard scores of standard scores": (
        "data X[n, d]\ndata y[n]\nparam w[d]\nlet z = standardize(standardize(X)^2) @ w\n"
        "loss sum((y - z)^2)\npredict p = z",
        {"X": X, "y": Y},
    ),
    "standard scores of two tables": (
        "data X[n, d]\ndata y[n]\nparam w[d], b\nlet z = standardize(X) @ w + b\n"
        "loss sum((standardize(y) - z)^2)\npredict p = z",
        {"X": X, "y": Y},
    ),
    "totals of training": (
        "data X[n, d]\ndata y[n]\nparam w[d]\nlet c = train(mean[n](X))\n"
        "let z = (X - c) @ w/train(max(abs(y)))\nloss sum((y - z)^2)\npredict p = z",
        {"X": X, "y": Y},
    ),
    "rows of training": (
        "dim m like n\ndata X[n, d], y[n]\nparam w[d], h > 0 = 1\n"
        "let K[n, m] = exp(-sum[d]((X - train(X[m]))^2)/h)\n"
        "loss sum((y - X @ w)^2) + sum(K)\npredict p = (K @ train(y[m]))/sum[m](K)",
        {"X": X, "y": Y},
    ),
    "fitted values of training": (
        "data X[n, d], y[n]\nparam w[d]\nconst c = 2\nlet r = y - X @ w\nresidual r\n"
        "let s = train(sqrt(sum(r^2)/(n - c)))\n"
        "predict p = (X @ w - train(sum(y)/n))/s\npredict count = train(n) + train(c)*w",
        {"X": X, "y": Y},
    ),
    # -- constants and parameters
    "constants of constants": (
        "data y[n]\nconst a = 2\nconst b = a^2/3\nconst c[k] = [1, 2, a]\nparam m, g[k] = c\n"
        "loss sum(b*(y - m)^2) + sum(c*g^3)",
        {"y": Y},
    ),
    "a constant for every entry": (
        "dim k = 3\ndata y[n]\nconst c[k] = 2\nparam m, g[k] = c\n"
        "loss sum((y - m)^2) + sum(c*g^3)",
        {"y": Y},
    ),
    "a constant of sizes": (
        "data X[n, d]\nconst c = 1/(n*d)\nparam w[d] = c + 1\nloss c*sum((X - w)^4)",
        {"X": X},
    ),
    "parameters that nothing reads": (
        "data y[n]\nparam m, w[n], q\nloss sum((y - m)^2)",
        {"y": Y},
    ),
    "a parameter that is kept": (
        "data y[n]\nparam m fixed = 2\nparam s\nloss sum((y - m*s)^2)",
        {"y": Y},
    ),
    "words of Python as names": (
        "data y[n]\nparam lambda, theta, np, T\nlet class = lambda*y\n"
        "loss sum((y - class)^2) + theta^2 + np^4 + T^2 + lambda*T\npredict def = class",
        {"y": Y},
    ),
    "words of the module as names": (
        "data X[n, d]\nparam rows[d], m[d]\nlet sums = X @ rows\nlet acc = X @ m\n"
        "let f = sums*acc\nloss sum(f^2 + exp(acc))\npredict block = f",
        {"X": X},
    ),
    # -- objectives
    "terms without rows": (
        "data y[n]\nparam m\nloss n*m^2 + sum(y)*m + n/2",
        {"y": Y},
    ),
    "no rows at all": ("data y[n]\nparam m\nloss m^2", {"y": Y}),
    "totals of data alone": (
        "data y[n]\nparam m = 1\nlet c = sum(y^2)\nloss sum(exp(-m*y/c))/c + logsumexp(y)*m^2",
        {"y": Y},
    ),
    "a penalty on what is maximised": (
        "data y[n]\nparam m\nmaximize -sum((y - m)^2)\npenalty m^2\npenalty exp(m)",
        {"y": Y},
    ),
    "residuals": (
        "data X[n, d]\ndata y[n]\nparam w[d]\nresidual y - X @ w\npenalty sum(w^2)",
        {"X": X, "y": Y},
    ),
    "residuals of a table": ("data X[n, d]\nparam w[d]\nresidual X - w", {"X": X}),
    "weights inside a logarithm": (
        "data y[n]\ndata q[n] > 0\nparam m = 1\nloss log(sum(q*exp(m*y)))",
        {"y": Y, "q": np.exp(Y)},
    ),
    # -- predictions
    "predictions that need every row": (
        "data y[n]\nparam m\nloss sum((y - m)^2)\npredict a = mean(y)*m\n"
        "predict b = y - mean(y)*m\npredict c = m^2",
        {"y": Y},
    ),
    "predictions of tables": (
        "dim k = 3\ndata a[n] in k\nparam u[k] = normal(0, 1)\nloss sum(u[a]^2)\n"
        "predict H = onehot(a)*u\npredict G = onehot(a)\npredict q = onehot(a).T @ u[a]",
        {"a": A},
    ),
    "predictions that repeat themselves": (
        "dim k = 3\ndata a[n] in k\nparam u[k] = normal(0, 1)\nloss sum(u[a]^2)\n"
        "predict one[n, k] = 1\npredict each[n, k] = u\npredict two = 2",
        {"a": A},
    ),
    # -- distributions
    "observations and priors": (
        "data X[n, d]\ndata y[n]\nparam w[d], s > 0\nlet mu = X @ w\n"
        "observe y ~ normal(mean=mu, sd=s)\nprior w ~ normal(0, 2)\npredict p = mu",
        {"X": X, "y": Y},
    ),
}


def predicted(case):
    """The predictions for the data of the model, with what a fit would have kept."""
    if not case.module.PREDICTIONS:
        return {}
    needed = {name for entry in case.module.PREDICTIONS for name in entry["data"]}
    data = {name: array for name, array in case.data.items() if name in needed}
    problem = case.problem
    return case.module.predict(
        case.theta,
        **data,
        dims=problem.dims,
        stats=problem.stats_at(case.theta),
        **problem.consts,
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_model_means_what_it_says(name):
    text, data = MODELS[name]
    case = Case(text, data)

    check(case)
    found = predicted(case)
    for prediction in case.stages.model.predictions:
        node = case.stages.built.predictions[prediction.name]
        exact = case.array(node, prediction.expr.dims, case.theta)
        assert found[prediction.name].shape == exact.shape
        assert far(found[prediction.name], exact, 1) < 1e-12


def test_a_constant_that_is_given():
    text = "data y[n]\nconst a\nconst c[k]\nparam m, g[k]\nloss sum(a*(y - m)^2) + sum(c*g^3)"

    check(Case(text, {"y": Y}, a=2.5, c=np.array([1.0, 2.0, 3.0]), dims={"k": 3}))
