"""Gradients: adjoints of every kind of node against differences at 50 digits.

Sizes of different dimensions differ, so that a wrong axis cannot go unseen.
"""

import functools
from random import Random

import numpy as np
import pytest
from oracle import Case, check
from zoo import codes, normal

R = Random("test_derive")
N, D, K, J = 7, 3, 4, 2
X, Y, S = normal(R, N, D), normal(R, N), normal(R, D, D)
A, B = codes(R, N, K), codes(R, N, J)

DATA = {
    "X[n, d]": X,
    "y[n]": Y,
    "S[d, d]": S,
    "C[n, k]": normal(R, N, K),
    "V[k, d]": normal(R, K, D),
    "c[k]": normal(R, K),
    "a[n] in k": A,
    "a2[n] in k": codes(R, N, K),
    "b[n] in j": B,
    "M[n, j] in k": codes(R, N * J, K).reshape(N, J),
    "parent[k] in j": np.array([1, 0, 1, 1]),
}
DIMS = {"n": "", "d": f"dim d = {D}", "k": f"dim k = {K}", "j": f"dim j = {J}"}


def model(body, data):
    """The text of a model over some of DATA, whose dimensions it declares first."""
    wanted = [key for key in DATA if key.split("[")[0] in data.split()]
    dims = [line for line in DIMS.values() if line]
    lines = [*dims, *(f"data {key}" for key in wanted), *body.strip().splitlines()]
    return "\n".join(line.strip() for line in lines), {
        key.split("[")[0]: DATA[key] for key in wanted
    }


MODELS = {
    # -- repeated dimensions
    "a matrix and its transpose": ("", "param A[d, d] = normal(0, 1)\nloss sum(exp(A + A.T))"),
    "a matrix times its transpose, entry by entry": (
        "",
        "param A[d, d] = normal(0, 1)\nloss sum(A * A.T * A) + dot(A, A.T)",
    ),
    "the square of a matrix": ("", "param A[d, d] = normal(0, 1)\nloss sum((A @ A)^3)"),
    "the cube of a matrix": (
        "",
        "param A[d, d] = normal(0, 1)\nloss sum(A @ A @ A) + sum(A @ A.T)",
    ),
    "a quadratic form": ("S", "param x[d] = 1\nloss x @ S @ x"),
    "a quadratic form of rows": ("X S", "param w[d] = 1\nloss sum((X @ S @ w)^2)"),
    "a form in every row": ("X", "param A[d, d] = normal(0, 1)\nloss sum(sum[d](X @ A * X)^2)"),
    "all entries of a square matrix": (
        "S",
        "param A[d, d] = normal(0, 1)\nloss mean((A - S)^2) + var(A * S) + logsumexp(A) + norm(A)",
    ),
    "a matrix applied twice": (
        "X",
        "param A[d, d] = normal(0, 1)\nlet H = tanh(X @ A)\nloss sum(tanh(H @ A)^2)",
    ),
    "a symmetric part used in rows": (
        "X",
        "param A[d, d] = normal(0, 1)\nlet B = (A + A.T)/2\nloss sum((X @ B)^2) + sum(B @ B)",
    ),
    "diagonal entries by two equal indices": (
        "a y",
        "param T[k, k] = normal(0, 1)\nloss sum((T[a, a] - y)^2)",
    ),
    "a square table at two indices": (
        "a a2 y",
        "param T[k, k] = normal(0, 1)\nloss sum((T[a, a2] - T[a2, a] - y)^2)",
    ),
    # -- broadcasting
    "a scalar in every row": ("y", "param m = 1\nloss sum((y - m)^2) + mean(exp(m - y))"),
    "a scalar summed over rows": ("y", "param m = 1\nlet z[n] = m^2\nloss sum(z) + 0*sum(y)"),
    "a let over more axes than it uses": (
        "y c",
        "param b[k] = 1\nlet r[n, k] = y - b*c\nloss sum(exp(r)) + sum[n, k]((y - b)^2)",
    ),
    "axes that an argument lacks": (
        "C",
        "param b[k] = 1, m = 1\nloss sum(C*b*m) + sum(mean[k](C + b)*m^2)",
    ),
    "a mean over an axis the argument lacks": (
        "C y",
        "param b[k] = 1\nlet Z[n, k] = b\n"
        "loss sum(Z)^2 + mean(Z) + sum(mean[n](Z)^2) + sum(y)*b @ b",
    ),
    "logsumexp over an axis the argument lacks": (
        "C",
        "param b[k] = 1\nlet Z[n, k] = b\nloss sum(logsumexp[k](Z)) + logsumexp(Z) + mean(C)",
    ),
    "an outer difference": ("y", "param mu[k] = normal(0, 1)\nloss sum[n, k](exp(-(y - mu)^2))"),
    # -- rows
    "logsumexp over rows": ("X", "param w[d] = 1\nloss logsumexp(X @ w)"),
    "logsumexp over rows for each class": (
        "X",
        "param W[d, k] = normal(0, 1)\nlet Z = X @ W\nloss sum(logsumexp[n](Z)^2)",
    ),
    "logsumexp over rows and classes": (
        "X",
        "param W[d, k] = normal(0, 1)\nlet Z = X @ W\nloss logsumexp(Z) + logsumexp[n, k](2*Z)",
    ),
    "softmax over rows": (
        "X y",
        "param w[d] = 1\nlet z = X @ w\nloss dot(softmax[n](z), y) - mean(log_softmax[n](z)*y)",
    ),
    "softmax over rows and classes": (
        "X C",
        "param W[d, k] = normal(0, 1)\nloss sum(softmax[n, k](X @ W) * C)",
    ),
    "the log of a mean": ("X", "param w[d] = 1\nloss log(mean(exp(X @ w)))"),
    "a variance": ("X", "param w[d] = 1\nlet z = X @ w\nloss log(var(z)) + var(sin(z))"),
    "a mean inside a nonlinearity": (
        "X y",
        "param w[d] = 1\nlet z = X @ w\nloss sum(sigmoid(z - mean(z))*y)",
    ),
    "standard scores": (
        "X y",
        "param w[d] = 1\nlet z = X @ w\nlet s = (z - mean(z))/sqrt(var(z) + 1)\n"
        "loss sum(tanh(s)*y)",
    ),
    "three passes": (
        "X y",
        "param w[d] = 1\nlet z = X @ w\nlet u = tanh(z - mean(z))\nloss sum(exp(u - mean(u))*y)",
    ),
    "a ratio of totals": ("X y", "param w[d] = 1\nloss sum(exp(X @ w))/sum(y^2 + (X @ w)^2)"),
    "a product of totals": ("X", "param w[d] = 1\nloss sum(X @ w)*mean(exp(X @ w))"),
    "means of columns": ("X", "param w[d] = 1\nloss sum((mean[n](X)*w)^2) + sum(mean[n](X*w)^2)"),
    "variances of columns": ("X", "param w[d] = 1\nloss sum(log(var[n](X*w)))"),
    "a parameter for every row": (
        "y",
        "param a[n] = normal(0, 1)\nparam m\nloss sum((y - a - m)^2) + sum(a^4)",
    ),
    "factors of rows": (
        "X",
        "param U[n, j] = normal(0, 1)\nparam V[d, j] = normal(0, 1)\nloss sum((X - U @ V.T)^2)",
    ),
    "a product with the transposed table": (
        "X y",
        "param w[d] = 1\nlet g = X.T @ tanh(X @ w - y)\nloss g @ g",
    ),
    "rows with rows": ("X y", "param q = 1\nlet K = X @ X.T\nloss y @ tanh(q*K) @ y"),
    # -- indices
    "a gather": ("a y", "param u[k] = normal(0, 1)\nloss sum((u[a] - y)^3)"),
    "a gather of vectors": ("a X", "param U[k, d] = normal(0, 1)\nloss sum((U[a] - X)^4)"),
    "two gathers of one table": (
        "a a2 y",
        "param U[k, d] = normal(0, 1)\nloss sum((sum[d](U[a]*U[a2]) - y)^2)",
    ),
    "a gather of a gather": ("a y", "param u[k] = normal(0, 1)\nloss sum(exp(u[a]*y)*u[a])"),
    "a positional index": ("a b y", "param T[k, j] = normal(0, 1)\nloss sum((T[a, b] - y)^3)"),
    "a positional index that keeps an axis": (
        "a y",
        "param T[k, j] = normal(0, 1)\nloss sum(sum[j](T[a, j]^2)*y)",
    ),
    "a zipped index": ("X a", "param W[d, k] = normal(0, 1)\nlet Z = X @ W\nloss sum(exp(Z[a]))"),
    "a zipped index of a softmax": (
        "X a",
        "param W[d, k] = normal(0, 1)\nloss -mean(log(softmax[k](X @ W)[a]))",
    ),
    "a product indexed": ("X a", "param W[d, k] = normal(0, 1)\nloss sum((X @ W)[a]^3)"),
    "two zipped indices": (
        "X a b",
        "param W[d, k] = normal(0, 1)\nparam T[k, j] = normal(0, 1)\n"
        "loss sum((X @ W)[a]*((X @ W) @ T)[b])",
    ),
    "an index with two axes": ("M C", "param u[k] = normal(0, 1)\nloss sum(exp(u[M])*mean[k](C))"),
    "an index of a category": (
        "a parent y",
        "param u[j] = normal(0, 1)\nlet up = u[parent]\nloss sum((up[a] - y)^3)",
    ),
    "a one-hot table": ("a y", "param u[k] = normal(0, 1)\nloss sum((onehot(a) @ u - y)^3)"),
    "a transposed one-hot table": (
        "a X y",
        "param w[d] = 1\nlet e = exp(X @ w) - y\nloss sum((onehot(a).T @ e)^2)",
    ),
    "vectors summed by group": (
        "a X",
        "param w[d] = 1\nlet G = onehot(a).T @ tanh(X*w)\nloss sum(G^3)",
    ),
    "sums by group read back in rows": (
        "a X y",
        "param w[d] = 1\nlet g = onehot(a).T @ (X @ w)\nloss sum((g[a] - y)^2)",
    ),
    "a one-hot table entry by entry": (
        "a X",
        "param W[d, k] = normal(0, 1)\nlet Z = X @ W\nloss sum((onehot(a) - tanh(Z))^2*Z)",
    ),
    "two one-hot tables": (
        "a b y",
        "param T[k, j] = normal(0, 1)\nlet N = onehot(a).T @ onehot(b)\nloss sum(N*T^2) + sum(y)",
    ),
    "equal categories": (
        "a a2 y",
        "param u[k] = normal(0, 1)\nloss sum(where(a == a2, u[a]^2, u[a2]*y))",
    ),
    "a labelled entry": (
        "X y",
        'dim t in {"low", "mid", "high"}\nparam u[t] = normal(0, 1)\n'
        'loss sum((u["low"]*y - u["high"]^2)^2) + u["mid"]^4',
    ),
    "a labelled column": (
        "y",
        'dim t in {"low", "mid", "high"}\nparam W[t, k] = normal(0, 1)\n'
        'loss sum[n, k](exp(W["low"]*y - W["high"]))',
    ),
    # -- several axes
    "softmax over several axes": (
        "y",
        "param T[k, j] = normal(0, 1)\nloss sum(softmax[k, j](T)^2) + logsumexp[k, j](T) + sum(y)",
    ),
    "nested sums": (
        "X C",
        "param W[d, k] = normal(0, 1)\n"
        "loss sum[n](sum[k](C*sum[d](X*sum[k](W))^2)) + sum[k](exp(sum[d](W)))",
    ),
    "sums of sums of sums": (
        "",
        "param T[k, j] = normal(0, 1)\nloss sum[k](sum[j](T*sum[k](T))^2) + sum(sum[k](T)^3)",
    ),
    "mean over one axis and sum over another": (
        "C",
        "param b[k] = 1\nloss sum(mean[k](C*b)^2) + mean(sum[k](exp(C*b)))",
    ),
    "norms": (
        "X y",
        "param w[d] = 1\nloss norm(X @ w - y) + norm1(X @ w - y) + sum(norm[d](X*w)) + norm(w)",
    ),
    "a chain of products": (
        "X V",
        "param W[d, j] = normal(0, 1)\nparam Q[j, k] = normal(0, 1)\n"
        "loss sum(tanh(X @ W @ Q @ V)*X)",
    ),
    "a table of constants": (
        "y",
        "const g[k] = [0.5, 1, 1.5, 2]\nparam mu[k] = g\nloss sum[n, k](log(1 + (y - mu)^2/g))",
    ),
    # -- products and extremes
    "a product over rows": ("X", "param w[d] = 1\nloss log(1 + prod(1 + (X @ w)^2/9))"),
    "a product over classes": (
        "C",
        "param b[k] = 1\nloss sum(prod[k](C*b)) + prod(b) + prod[n, k](sin(C + b))",
    ),
    "a product with an entry that is 0": (
        "C a",
        "param b[k] = 1\nlet Z = C*b\nloss sum(prod[k](Z - Z*onehot(a) + onehot(a)*0))",
    ),
    "a product over an axis the argument lacks": (
        "C",
        "param b = 0.9\nlet Z[n, k] = b^2\nloss sum(prod[k](Z)) + prod(Z) + sum(C)",
    ),
    "the largest and the smallest": (
        "X C",
        "param W[d, k] = normal(0, 1)\nlet Z = X @ W\n"
        "loss sum(max[k](Z)^2 + min[k](Z*C)) + max(Z)*min(Z) + sum(max[n](Z*C)^3)",
    ),
    "the largest entry that is read": (
        "a y",
        "param u[k] = normal(0, 1)\nlet z = u[a]*y\nloss max(z) + sum(max(u)*z)",
    ),
    # -- one dimension under two names
    "distances between rows": (
        "X y",
        "dim m like n\nparam q = 0.7\nlet D[n, m] = sum[d]((X - X[m])^2)\n"
        "loss y @ exp(-q*D) @ y[m]",
    ),
    "differences between classes": (
        "C",
        "dim m like k\nparam b[k] = normal(0, 1)\nlet G[k, m] = b - b[m]\n"
        "loss sum(tanh(G)^2) + sum[n, k, m](C*C[m]*sin(G))",
    ),
    # -- choice
    "choices": (
        "X y",
        "param w[d] = 1, b = 0.3\nlet z = X @ w + b\n"
        "loss sum(max(z, y) + min(z^2, 1 + y) + clip(z, -1, y) + abs(z) "
        "+ relu(z)*huber(z - y, 1.5))",
    ),
    "a branch that is not taken": (
        "y",
        "param w = 1\nloss sum(where(y > 0, log(y*w), w^2))",
    ),
    "powers": (
        "y",
        "param p = 1.5, q = 0.5\nlet r = 1 + y^2\n"
        "loss sum(r^p + p^r + r^(-q) + (r*p)^3 + 2^(q*y))",
    ),
    "functions of two arguments": (
        "y",
        "param p > 0 = 1.5, q > 0 = 0.5\nlet r = 1 + y^2\n"
        "loss sum(atan2(p, r) + atan2(y, q) + beta_ln(p, r) + logaddexp(p*y, q) + xlogy(r, p))",
    ),
}


@functools.cache
def case(name):
    data, body = MODELS[name]
    return Case(*model(body, data))


@pytest.mark.parametrize("name", MODELS)
def test_a_gradient_is_the_slope(name):
    check(case(name))


@pytest.mark.parametrize("name", MODELS)
def test_a_gradient_is_the_same_in_blocks_of_two_rows(name, monkeypatch):
    made = case(name)
    value, gradient = made.problem.value_and_grad(made.theta)
    constants = {"SMALL_BYTES": 0, "SMALL_ROWS": 0, "FEWEST_ROWS": 1, "MOST_ROWS": 2}
    for constant, size in constants.items():
        monkeypatch.setattr(made.module, constant, size)

    problem = made.module.bind(**made.data)

    found = problem.value_and_grad(made.theta)
    scale = max(1, abs(value), np.max(np.abs(gradient)))
    np.testing.assert_allclose(found[0], value, rtol=1e-12)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("name", MODELS)
def test_batches_of_one_row_average_to_the_whole_or_are_refused(name):
    made = case(name)
    problem, theta = made.problem, made.theta
    if made.module.MINIBATCH is not None:
        with pytest.raises(ValueError, match="would be biased"):
            problem.batch_value_and_grad(theta, [0])
        return
    value, gradient = problem.value_and_grad(theta)
    ones = [problem.batch_value_and_grad(theta, [row]) for row in range(problem.n_rows)]

    scale = max(1, abs(value), np.max(np.abs(gradient)))
    assert np.mean([v for v, _ in ones]) == pytest.approx(value, rel=1e-12, abs=1e-12)
    mean = np.mean([g for _, g in ones], axis=0)
    np.testing.assert_allclose(mean, gradient, rtol=1e-12, atol=1e-12 * scale)


# -- kinks: one stated choice each ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "at", "slopes"),
    [
        ("abs(a) + 0*b", (0, 0), (0, 0)),
        ("sqrt(a^2) + 0*b", (0, 0), (0, 0)),
        ("relu(a) + 0*b", (0, 0), (0, 0)),
        ("sign(a)*b", (0, 2), (0, 0)),
        ("max(a, b)", (1, 1), (1, 0)),
        ("max(b, a)", (1, 1), (0, 1)),
        ("min(a, b)", (1, 1), (1, 0)),
        ("min(b, a)", (1, 1), (0, 1)),
        ("clip(a, 0, 2)*b", (0, 3), (0, 0)),
        ("clip(a, 0, 2)*b", (2, 3), (0, 2)),
        ("clip(1, a, b)", (1, 1), (0, 1)),
        ("huber(a, 1) + b", (1, 0), (1, 1)),
        ("where(a > 0, a, -a)*b", (0, 1), (-1, 0)),
        ("xlogy(a, b)", (0, 1), (0, 0)),
        ("xlogy(a, b)", (0, 0), (-np.inf, 0)),
        ("a^2 + a^3 + a^b", (0, 2), (0, 0)),
    ],
)
def test_a_kink_has_its_stated_slope(expression, at, slopes):
    case = Case(f"param a, b\nloss {expression}")

    assert tuple(case.problem.grad(np.array(at, dtype=float))) == slopes


def test_the_norm_at_zero_has_slope_zero():
    case = Case("dim d = 3\nparam w[d]\nloss norm(w) + 2*norm1(w) + norm(2*w)")

    value, gradient = case.problem.value_and_grad(np.zeros(3))

    assert value == 0
    assert np.array_equal(gradient, np.zeros(3))


BRANCHES = {
    "in one line": "let f = where(z > 0, sqrt(z), z^2)",
    "through a let": "let s = sqrt(z)\nlet f = where(z > 0, s, z^2)",
    "through two lets": "let s = log(z)\nlet r = s/z\nlet f = where(z > 0, exp(r)*s, z^2)",
    "the other way round": "let s = 1/z\nlet q = s^2\nlet f = where(z <= 0, z^2, sqrt(q))",
    "as a weight": "let s = sqrt(z)\nlet f = where(z > 0, 3, 0)*s + z",
}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_that_is_not_taken_has_no_say(name):
    text = f"data x[n]\nparam w = 1\nlet z = w*x\n{BRANCHES[name]}\nloss sum(f)"
    taken = Case(text, {"x": np.array([0.5, 2.0])})
    both = Case(text, {"x": np.array([0.5, -3.0, 2.0, 0.0])})

    _, gradient = both.problem.value_and_grad(np.array([1.0]))
    rest = 2 * 9.0 if name != "as a weight" else -3.0  # of z^2, or z, at x = -3 and 0

    assert gradient[0] == pytest.approx(taken.problem.grad(np.array([1.0]))[0] + rest, rel=1e-14)


def test_a_one_hot_within_a_power_meets_the_code_of_a_maximum():
    text = (
        "dim k = 3\ndata X[n, d], g[n] in k\nparam b = 1.5\n"
        "loss max(X.T @ (softmax[n](onehot(g)))^b)"
    )
    draw = np.random.default_rng(0)
    data = {"X": draw.standard_normal((7, 2)), "g": draw.integers(0, 3, 7)}

    check(Case(text, data))
