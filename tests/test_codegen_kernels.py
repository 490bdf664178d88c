"""Kernels of every shape: contractions, gathers and scatters, codes of several axes, row totals.

Each objective is written a second time in NumPy; its gradient is held against differences, and
both against the same rows taken two at a time.
"""

import numpy as np
import pytest
from compiled import assert_gradient, module
from scipy.special import logsumexp, softmax

RNG = np.random.default_rng(11)
N, D, K, H = 7, 3, 4, 5
X, T, C = RNG.normal(size=(N, D)), RNG.normal(size=(D, N)), RNG.normal(size=(N, D, K))
S, Y, CK = RNG.normal(size=(D, D)), RNG.normal(size=N), RNG.normal(size=(N, K, D))
U, V, M = np.arange(N) % K, RNG.integers(0, D, N), RNG.integers(0, K, (N, D))
U2, G = RNG.integers(0, K, N), np.array([0, 3, 3])
HOT, HOT_M = np.eye(K)[U], np.eye(K)[M]
ROWS, COLUMNS = np.arange(N), np.arange(D)
DATA = {"X": X, "T": T, "C": C, "CK": CK, "S": S, "y": Y, "u": U, "v": V, "M": M, "u2": U2, "g": G}
DATA["c"] = np.exp(Y)
KK = "dim k = 4\n"


def total(values):
    return np.sum(values)


# Declarations, objective, the same in NumPy. Parameters are called after their axes.
CASES = {
    "a table with rows last": (
        "data X[n, d], T[d, n]\nparam d1[d]",
        "sum((X @ d1 - T.T @ d1)^2) + sum((d1 @ T)^2) + sum(X*T.T*d1)",
        lambda d1: total((X @ d1 - T.T @ d1) ** 2) + total((d1 @ T) ** 2) + total(X * T.T * d1),
    ),
    "a table of three axes": (
        KK + "data C[n, d, k]\nparam dk[d, k], d1[d], k1[k]\nlet P[n, k] = sum[d](C*d1)",
        "sum((sum[d, k](C*dk))^2) + sum(logsumexp[k](P)) + sum(P @ k1)",
        lambda dk, d1, k1: (
            total(np.einsum("ndk,dk->n", C, dk) ** 2)
            + total(logsumexp(np.einsum("ndk,d->nk", C, d1), axis=1))
            + total(np.einsum("ndk,d->nk", C, d1) @ k1)
        ),
    ),
    "codes for each entry of a table": (
        KK + "data M[n, d] in k\nparam k1[k]\nlet E[n, d] = k1[M]",
        "sum((sum[d](E))^2) + sum(sin(E))",
        lambda k1: total(k1[M].sum(1) ** 2) + total(np.sin(k1[M])),
    ),
    "codes that share an axis with their table": (
        KK + "data M[n, d] in k\nparam kd[k, d]\nlet E[n, d] = kd[M]",
        "sum((sum[d](E))^2) + sum(sin(E))",
        lambda kd: total(kd[M, COLUMNS].sum(1) ** 2) + total(np.sin(kd[M, COLUMNS])),
    ),
    "and an axis more": (
        KK + "dim h = 5\ndata M[n, d] in k\nparam kdh[k, d, h], kh[k, h]\n"
        "let E[n, d, h] = kdh[M]\nlet F[n, d, h] = kh[M]",
        "sum(sin(E)) + sum((sum[d](E))^2) + sum(cos(F)) + sum(F @ kh.T)",
        lambda kdh, kh: (
            total(np.sin(kdh[M, COLUMNS]))
            + total(kdh[M, COLUMNS].sum(1) ** 2)
            + total(np.cos(kh[M]))
            + total(kh[M] @ kh.T)
        ),
    ),
    "two codes at once": (
        KK + "data X[n, d]\ndata u[n] in k\ndata v[n] in d\nparam kd[k, d]",
        "sum(exp(kd[u, v])) + sum(sin(kd[u, d]*X)) + sum(kd[k, v]) + sum((X - kd[u])^2)",
        lambda kd: (
            total(np.exp(kd[U, V]))
            + total(np.sin(kd[U] * X))
            + total(kd[:, V])
            + total((X - kd[U]) ** 2)
        ),
    ),
    "two codes of one dimension": (
        KK + "data u[n] in k\ndata u2[n] in k\nparam kk[k, k]",
        "sum(sin(kk[u, u2])) + sum(kk[u, u2]*kk[u2, u])",
        lambda kk: total(np.sin(kk[U, U2])) + total(kk[U, U2] * kk[U2, U]),
    ),
    "codes of columns": (
        KK + "data X[n, j]\ndata g[j] in k\nparam k1[k]\nlet E[n, j] = X*k1[g]",
        "sum((X @ k1[g] - 1)^2) + sum(exp(E)) + sum(sum[n](E)^2)",
        lambda k1: (
            total((X @ k1[G] - 1) ** 2)
            + total(np.exp(X * k1[G]))
            + total((X * k1[G]).sum(0) ** 2)
        ),
    ),
    "codes that are looked up by codes": (
        KK + "data X[n, d]\ndata g[d] in k\ndata v[n] in d\nparam d1[d], k1[k]\n"
        "let A[n, k] = (X*d1) @ onehot(g)",
        "sum(A[g][v]) + sum(A[g][v]^2) + sum(exp(k1[g][v]))",
        lambda d1, k1: (lambda A: (
            total(A[ROWS, G[V]]) + total(A[ROWS, G[V]] ** 2) + total(np.exp(k1[G[V]]))
        ))((X * d1) @ np.eye(K)[G]),
    ),
    "sums by code and back": (
        KK + "data X[n, d]\ndata u[n] in k\nparam d1[d]\nlet z = X @ d1\n"
        "let by[k] = onehot(u).T @ exp(z)",
        "sum((z - log(by)[u])^2)",
        lambda d1: total((X @ d1 - np.log(HOT.T @ np.exp(X @ d1))[U]) ** 2),
    ),
    "counts by code": (
        KK + "data y[n]\ndata u[n] in k\nparam k1[k]\nlet count[k] = sum[n](onehot(u))",
        "sum(count*k1^2) - sum((onehot(u).T @ y)*k1)",
        lambda k1: total(np.bincount(U, minlength=K) * k1**2) - total((HOT.T @ Y) * k1),
    ),
    "indicators in a sum": (
        KK + "data C[n, d, k]\ndata u[n] in k\nparam kd[k, d]\n"
        "let Q[n, d, k] = C*kd.T + onehot(u)",
        "sum(Q^2) + sum(exp(Q))",
        lambda kd: (lambda Q: total(Q**2) + total(np.exp(Q)))(C * kd.T + HOT[:, None]),
    ),
    "indicators in the middle": (
        KK + "data CK[n, k, d]\ndata u[n] in k\nparam kd[k, d]\n"
        "let Q[n, k, d] = CK*kd + 2*onehot(u)",
        "sum(Q^2) + sum(exp(Q))",
        lambda kd: (lambda Q: total(Q**2) + total(np.exp(Q)))(CK * kd + 2 * HOT[:, :, None]),
    ),
    "indicators of several axes": (
        KK + "data C[n, d, k]\ndata M[n, d] in k\nparam kd[k, d]\n"
        "let Q[n, d, k] = C*kd.T + onehot(M)",
        "sum(Q^2) + sum(exp(Q))",
        lambda kd: (lambda Q: total(Q**2) + total(np.exp(Q)))(C * kd.T + HOT_M),
    ),
    "weighted indicators of several axes": (
        KK + "data y[n]\ndata C[n, d, k]\ndata M[n, d] in k\nparam kd[k, d]\n"
        "let Q[n, d, k] = C*kd.T - y*onehot(M)",
        "sum(Q^2) + sum(exp(Q))",
        lambda kd: (lambda Q: total(Q**2) + total(np.exp(Q)))(
            C * kd.T - Y[:, None, None] * HOT_M
        ),
    ),
    "scores of codes of several axes": (
        KK + "data C[n, d, k]\ndata M[n, d] in k\ndata u[n] in k\nparam kd[k, d]\n"
        "let Z[n, d, k] = C*kd.T",
        "sum(logsumexp[k](Z) - Z[M]) + sum(softmax[k](Z)[u])",
        lambda kd: (lambda Z: (
            total(logsumexp(Z, axis=2)) - total(Z * HOT_M)
            + total(softmax(Z, axis=2) * HOT[:, None])
        ))(C * kd.T),
    ),
    "scores of one code": (
        KK + "data X[n, d]\ndata u[n] in k\nparam kd[k, d], k1[k]\nlet Z = X @ kd.T + k1",
        "sum(Z[u]^2) + sum(softmax[k](Z)[u]) + sum(log_softmax[k](Z)*onehot(u))",
        lambda kd, k1: (lambda Z: (
            total(Z[ROWS, U] ** 2)
            + total(softmax(Z, axis=1)[ROWS, U])
            + total(Z[ROWS, U] - logsumexp(Z, axis=1))
        ))(X @ kd.T + k1),
    ),
    "square matrices": (
        "data X[n, d]\ndata S[d, d]\nparam dd[d, d]",
        "sum((X @ dd - X @ dd.T)^2) + sum(dd*dd.T) + sum(X @ S @ dd*X) + sum((S @ dd.T @ S)^2)",
        lambda dd: (
            total((X @ dd - X @ dd.T) ** 2)
            + total(dd * dd.T)
            + total(X @ S @ dd * X)
            + total((S @ dd.T @ S) ** 2)
        ),
    ),
    "a matrix of totals": (
        "data X[n, d]\nparam d1[d]\nlet G[d, d] = X.T @ X",
        "d1 @ G @ d1 + sum(G)*sum(d1) + log(sum(exp(G @ d1/9)))",
        lambda d1: (
            d1 @ X.T @ X @ d1 + total(X.T @ X) * total(d1) + logsumexp(X.T @ X @ d1 / 9)
        ),
    ),
    "outer differences": (
        KK + "data X[n, d]\nparam kd[k, d], dd[d, d], k1[k]\nlet R[n, k, d] = X - kd\n"
        "let q[n, k] = sum[d]((R @ dd)^2)",
        "sum(logsumexp[k](log_softmax[k](k1) - q/2))",
        lambda kd, dd, k1: total(
            logsumexp(
                k1 - logsumexp(k1) - (((X[:, None] - kd) @ dd) ** 2).sum(-1) / 2, axis=1
            )
        ),
    ),
    "weighted means inside": (
        "data X[n, d]\ndata c[n] > 0\nparam d1[d]\nlet z = X @ d1\nlet m = sum(c*z)/sum(c)",
        "sum(c*(z - m)^2)/sum(c) + sum(c*exp(z))/sum(c*exp(z/2))",
        lambda d1: (lambda z, c: (
            total(c * (z - total(c * z) / total(c)) ** 2) / total(c)
            + total(c * np.exp(z)) / total(c * np.exp(z / 2))
        ))(X @ d1, np.exp(Y)),
    ),
    "choices": (
        "data X[n, d], y[n]\nparam d1[d]\nlet r = y - X @ d1",
        "sum(r^2*where(r > 0, 1, 2)) + sum(min(r, y)) + sum(clip(r, -1, 1)) + sum(abs(r))",
        lambda d1: (lambda r: (
            total(r**2 * np.where(r > 0, 1, 2)) + total(np.minimum(r, Y))
            + total(np.clip(r, -1, 1)) + total(np.abs(r))
        ))(Y - X @ d1),
    ),
    "extremes of data and of scores": (
        KK + "data X[n, d]\nparam dk[d, k], d1[d]\nlet Z = X @ dk",
        "sum(logsumexp[k](Z)) + 3*sum(max[k](Z)) + sum(max[n](Z)) - 2*max(Z) + max(X)*sum(d1)",
        lambda dk, d1: (lambda Z: (
            total(logsumexp(Z, axis=1)) + 3 * total(Z.max(1)) + total(Z.max(0)) - 2 * Z.max()
            + X.max() * total(d1)
        ))(X @ dk),
    ),
    "an extreme over rows beside a sum": (
        "data X[n, d]\nparam d1[d]",
        "sum(softplus(X @ d1)) + max(X @ d1) + sum(max[n](X*d1)) + prod(1 + (X @ d1)^2/9)",
        lambda d1: (
            total(np.logaddexp(0, X @ d1)) + (X @ d1).max() + total((X * d1).max(0))
            + np.prod(1 + (X @ d1) ** 2 / 9)
        ),
    ),
    "a parameter with an entry per row": (
        "data X[n, d]\nparam n1[n], c1",
        "sum((X.T @ n1)^2) + c1^2*sum(n1^2) + sum(exp(n1)*c1)",
        lambda n1, c1: (
            total((X.T @ n1) ** 2) + c1**2 * total(n1**2) + total(np.exp(n1) * c1)
        ),
    ),
    "all pairs of rows": (
        "dim m like n\ndata X[n, d]\nparam c1\nlet P[n, m] = sum[d]((X - X[m])^2)",
        "sum(exp(-P*c1^2))",
        lambda c1: total(np.exp(-((X[:, None] - X) ** 2).sum(-1) * c1**2)),
    ),
}  # fmt: skip
SIZES = {"n": N, "d": D, "k": K, "h": H}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_right_whole_and_in_blocks(name, monkeypatch):
    declared, objective, by_hand = CASES[name]
    generated = module(f"{declared}\nloss {objective}")
    data = {entry["arg"]: DATA[entry["name"]] for entry in generated.DATA}
    dims = {"d": D} if "d" in generated.DIMS else None
    problem = generated.bind(**data, dims=dims)
    theta = np.random.default_rng(3).normal(size=problem.size)

    f, g = problem.value_and_grad(theta)

    assert f == pytest.approx(by_hand(**problem.unpack(theta)), rel=1e-12)
    assert_gradient(problem, theta)
    for limit, size in {
        "SMALL_BYTES": 0,
        "SMALL_ROWS": 0,
        "FEWEST_ROWS": 2,
        "MOST_ROWS": 2,
    }.items():
        monkeypatch.setattr(generated, limit, size)
    cut = generated.bind(**data, dims=dims)
    again, g2 = cut.value_and_grad(theta)
    assert again == pytest.approx(f, rel=1e-12)
    np.testing.assert_allclose(g2, g, rtol=1e-9, atol=1e-12)
    for values in cut.trace(theta, [1, 2]).values():
        assert np.all(np.isfinite(values))


# Every row at once, though the objective or the gradient is a parameter or data as they are;
# declarations and statements, the objective with its penalty, the penalty.
AT_ONCE = {
    "a parameter alone": (
        "data y[n]\nparam b\nlet most[n] = max(y)*b\nloss b",
        lambda b: b,
        lambda b: 0,
    ),
    "data as a gradient": (
        "data y[n]\nparam a[n]\nloss sum(a*y)",
        lambda a: total(a * Y),
        lambda a: 0,
    ),
    "a penalty of all rows": (
        "data y[n]\nparam b\nloss b\npenalty prod(y - b) + b^2",
        lambda b: b + np.prod(Y - b) + b**2,
        lambda b: np.prod(Y - b) + b**2,
    ),
    "rows that are like a dimension of the parameters": (
        "dim s like t\ndata A[s, t], y[t]\nparam x[t] = 1\nlet e[s] = (A @ x) - x[s]\n"
        "loss sum(e^2) + sum((y - x)^2)",
        lambda x: total((SQUARE @ x - x) ** 2) + total((Y - x) ** 2),
        lambda x: 0,
    ),
}
SQUARE = np.random.default_rng(5).normal(size=(N, N))


@pytest.mark.parametrize("name", AT_ONCE)
def test_an_objective_of_all_rows_at_once_may_be_a_leaf(name):
    text, by_hand, penalty = AT_ONCE[name]
    generated = module(text)
    data = {"y": Y, "A": SQUARE}
    problem = generated.bind(**{entry["arg"]: data[entry["name"]] for entry in generated.DATA})
    theta = np.random.default_rng(3).normal(size=problem.size)

    value = by_hand(**problem.unpack(theta))

    assert problem.value(theta) == pytest.approx(value, rel=1e-12)
    assert problem.loss(theta) == pytest.approx(value - penalty(**problem.unpack(theta)), 1e-12)
    assert_gradient(problem, theta)
    assert all(np.all(np.isfinite(values)) for values in problem.trace(theta, [1, 2]).values())
