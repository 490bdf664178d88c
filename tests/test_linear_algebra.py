"""Linear algebra: closed forms written by hand, the reference at 50 digits, and the factors."""

from __future__ import annotations

from functools import partial
from random import Random

import mpmath
import numpy as np
import pytest
from oracle import DIGITS, MP, Case, check, directions, dot, far
from test_second import Second
from zoo import ZOO, normal

import gdsym
from gdsym.calculus.blocks import show_hess
from gdsym.calculus.latex import latex
from gdsym.calculus.notation import Notation, show
from gdsym.calculus.program import FACTORED, Linear, reachable
from gdsym.codegen.matrices import _Factored, _sqdist
from gdsym.compiler import stages
from gdsym.errors import GdsymError
from gdsym.gradcheck import check_text

R = Random("test_linear_algebra")
D, E, K, N = 3, 2, 4, 5
A, B, C = normal(R, D, D), normal(R, K, K), normal(R, D, E)
P, Q, W = normal(R, E, D), normal(R, D, D), normal(R, N, D)
u, v, x, y, z = normal(R, N), normal(R, D), normal(R, D), normal(R, N), normal(R, D)
X, SPD = normal(R, K, D), Q @ Q.T + np.eye(D)
# A matrix of positive determinant, which is not symmetric.
T = A + 3 * np.eye(D)
inv, T_inv = np.linalg.inv, np.linalg.inv(T)


def expit(t):
    return 1 / (1 + np.exp(-t))


# The valid input of matrixcalculus.org's documentation, and what else its operators make: our
# text, data, parameters, the value, and the derivative by each parameter.
FORMULAS = {
    "0.5*x'*A*x": (
        "data A[d, d]\nparam x[d]\nloss 0.5 * x @ A @ x",
        {"A": A},
        {"x": x},
        x @ A @ x / 2,
        {"x": (A + A.T) @ x / 2},
    ),
    "x'*A*x + c*sin(y)'*x": (
        "data A[d, d]\nparam x[d], y[d], c\nloss x @ A @ x + c * sin(y) @ x",
        {"A": A},
        {"x": x, "y": z, "c": 1.7},
        x @ A @ x + 1.7 * np.sin(z) @ x,
        {"x": A @ x + A.T @ x + 1.7 * np.sin(z), "y": 1.7 * np.cos(z) * x, "c": np.sin(z) @ x},
    ),
    "x'*A*y + 0.5*x'*x": (
        "data A[d, d]\nparam x[d], y[d]\nloss x @ A @ y + 0.5*x @ x",
        {"A": A},
        {"x": x, "y": z},
        x @ A @ z + x @ x / 2,
        {"x": A @ z + x, "y": A.T @ x},
    ),
    "u'*(A*exp(x))": (
        "data A[n, d], u[n]\nparam x[d]\nloss u @ (A @ exp(x))",
        {"A": W, "u": u},
        {"x": x},
        u @ W @ np.exp(x),
        {"x": np.exp(x) * (W.T @ u)},
    ),
    "sin(x)'*y": (
        "data y[d]\nparam x[d]\nloss sin(x) @ y",
        {"y": z},
        {"x": x},
        np.sin(x) @ z,
        {"x": np.cos(x) * z},
    ),
    "(y.*v)'*x": (
        "data y[d]\nparam v[d], x[d]\nloss (y*v) @ x",
        {"y": z},
        {"v": v, "x": x},
        np.sum(z * v * x),
        {"v": z * x, "x": z * v},
    ),
    "a^b": (
        "param a > 0, b\nloss a^b",
        {},
        {"a": 1.3, "b": -0.7},
        1.3**-0.7,
        {"a": -0.7 * 1.3**-1.7, "b": 1.3**-0.7 * np.log(1.3)},
    ),
    "norm1(A*x-y)": (
        "data A[n, d], y[n]\nparam x[d]\nloss norm1(A @ x - y)",
        {"A": W, "y": y},
        {"x": x},
        np.sum(abs(W @ x - y)),
        {"x": W.T @ np.sign(W @ x - y)},
    ),
    "norm2(A*x-y)": (
        "data A[n, d], y[n]\nparam x[d]\nloss norm(A @ x - y)",
        {"A": W, "y": y},
        {"x": x},
        np.linalg.norm(W @ x - y),
        {"x": W.T @ (W @ x - y) / np.linalg.norm(W @ x - y)},
    ),
    "norm2(A*x-y)^2": (
        "data A[n, d], y[n]\nparam x[d]\nloss norm(A @ x - y)^2",
        {"A": W, "y": y},
        {"x": x},
        np.sum((W @ x - y) ** 2),
        {"x": 2 * W.T @ (W @ x - y)},
    ),
    "sum(log(exp(-y.*(X*w)) + vector(1)))": (
        "data X[n, d], y[n] in {-1, 1}\nparam w[d]\nloss sum(log(exp(-y*(X @ w)) + 1))",
        {"X": W, "y": np.sign(y)},
        {"w": x},
        np.sum(np.log(np.exp(-np.sign(y) * (W @ x)) + 1)),
        {"w": -W.T @ (np.sign(y) * expit(-np.sign(y) * (W @ x)))},
    ),
    "tr(A*X'*B*X*C)": (
        "data B[k, k], A[e, d], C[d, e]\nparam X[k, d]\nloss trace(A @ X.T @ B @ X @ C)",
        {"A": P, "B": B, "C": C},
        {"X": X},
        np.trace(P @ X.T @ B @ X @ C),
        {"X": B @ X @ C @ P + B.T @ X @ P.T @ C.T},
    ),
    "log(det(inv(X)))": (
        "dim d = 3\nparam X[d, d]\nloss log(det(inv(X)))",
        {},
        {"X": T},
        -np.log(np.linalg.det(T)),
        {"X": -T_inv.T},
    ),
    "logdet(X)": (
        "dim d = 3\nparam X[d, d]\nloss logdet(X)",
        {},
        {"X": T},
        np.log(np.linalg.det(T)),
        {"X": T_inv.T},
    ),
    "det(X)": (
        "dim d = 3\nparam X[d, d]\nloss det(X)",
        {},
        {"X": T},
        np.linalg.det(T),
        {"X": np.linalg.det(T) * T_inv.T},
    ),
    "det(inv(X))": (
        "dim d = 3\nparam X[d, d]\nloss det(inv(X))",
        {},
        {"X": T},
        1 / np.linalg.det(T),
        {"X": -T_inv.T / np.linalg.det(T)},
    ),
    "tr(X)": (
        "dim d = 3\nparam X[d, d]\nloss trace(X)",
        {},
        {"X": T},
        np.trace(T),
        {"X": np.eye(D)},
    ),
    "tr(A*inv(X))": (
        "data A[d, d]\nparam X[d, d]\nloss trace(A @ inv(X))",
        {"A": A},
        {"X": T},
        np.trace(A @ T_inv),
        {"X": -T_inv.T @ A.T @ T_inv.T},
    ),
    "x'*inv(A)*x": (
        "data A[d, d]\nparam x[d]\nloss x @ inv(A) @ x",
        {"A": T},
        {"x": x},
        x @ T_inv @ x,
        {"x": T_inv @ x + T_inv.T @ x},
    ),
    "x'*inv(X)*y": (
        "data y[d]\nparam x[d], X[d, d]\nloss x @ inv(X) @ y",
        {"y": z},
        {"x": x, "X": T},
        x @ T_inv @ z,
        {"x": T_inv @ z, "X": -np.outer(T_inv.T @ x, T_inv @ z)},
    ),
    "norm2(X*A-B)": (
        "data A[d, e], B[k, e]\nparam X[k, d]\nloss norm(X @ A - B)",
        {"A": C, "B": B[:, :E]},
        {"X": X},
        np.linalg.norm(X @ C - B[:, :E]),
        {"X": (X @ C - B[:, :E]) @ C.T / np.linalg.norm(X @ C - B[:, :E])},
    ),
    "x'*diag(y)*x": (
        "dim d = 3\nparam x[d], y[d]\nloss x @ diag(y) @ x",
        {},
        {"x": x, "y": z},
        np.sum(x * z * x),
        {"x": 2 * z * x, "y": x**2},
    ),
    "sum(X*A*X')": (
        "data A[d, d]\ndim k = 4\nparam X[k, d]\nloss sum(X @ A @ X.T)",
        {"A": A},
        {"X": X},
        np.sum(X @ A @ X.T),
        {"X": np.outer(np.ones(K), np.ones(K) @ X @ (A + A.T))},
    ),
}


def check_second(case):
    """The Hessian, and its product with a direction, against differences of the gradient."""
    second, theta = Second(case), case.theta
    hess = second.hess(theta)
    scale = max(MP.one, *(abs(MP.convert(entry)) for entry in hess.ravel()))
    assert far(hess, hess.T, scale) < 1e-25
    for direction in directions(len(theta), 3):
        exact = second.slope(theta, direction)
        assert far([dot(row, direction) for row in hess], exact, scale) < 1e-25
        assert far(second.along(theta, direction), exact, scale) < 1e-25


def case_of(name):
    text, data, params, value, slopes = FORMULAS[name]
    case = Case(text, data)
    case.theta = case.problem.pack(**params)
    return case, value, slopes


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_has_the_value_and_the_gradient_of_its_closed_form(name):
    case, value, slopes = case_of(name)

    found, gradient = case.problem.value_and_grad(case.theta)

    assert found == pytest.approx(value, rel=1e-13)
    for parameter, slope in case.problem.unpack(gradient).items():
        np.testing.assert_allclose(slope, slopes[parameter], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_right_at_50_digits_and_in_float64(name):
    check(case_of(name)[0])


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_has_the_right_hessian_at_50_digits(name):
    check_second(case_of(name)[0])


def test_hessians_are_the_closed_forms():
    def hess(name):
        case, _, _ = case_of(name)
        return case.problem.hess(case.theta)

    close = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-13)
    margins = np.sign(y) * (W @ x)
    # d2 logdet(X) = -tr(inv(X) dX inv(X) dX); entries of X row by row.
    of_logdet = -np.einsum("jk,li->ijkl", T_inv, T_inv).reshape(D * D, D * D)

    close(hess("0.5*x'*A*x"), (A + A.T) / 2)
    close(hess("norm2(A*x-y)^2"), 2 * W.T @ W)
    close(
        hess("sum(log(exp(-y.*(X*w)) + vector(1)))"),
        (W.T * expit(margins) * expit(-margins)) @ W,
    )
    close(hess("logdet(X)"), of_logdet)
    close(hess("log(det(inv(X)))"), -of_logdet)
    close(hess("u'*(A*exp(x))"), np.diag(np.exp(x) * (W.T @ u)))
    close(hess("tr(A*X'*B*X*C)"), np.kron(B, (C @ P).T) + np.kron(B.T, C @ P))


# Every function with each kind of argument; sizes of different dimensions differ.
SQUARE = "dim d = 3\nparam X[d, d] = normal(0, 1), v[d] = normal(0, 1), s > 0\n"
ROWS = "data X[n, d], y[n]\ndim m like n\nparam w[d] = normal(0, 1), s > 0\n"
CASES = {
    "transposes": SQUARE + "loss trace((X + X.T) @ X.T) + sum((X - X.T)^4)",
    "a trace of sums and products": SQUARE + "loss trace(s*X + 2*X @ X - eye(d))^2",
    "diagonals": SQUARE + "loss sum(exp(diag(X @ X))) + v @ (X*eye(d)) @ v",
    "a trace and a diagonal": SQUARE + "loss trace(X)*sum(diag(X @ X)*v)",
    "a trace and distances": SQUARE + "loss trace(X)*sum(diag(sqdist(X, eye(d)))*v)",
    "a matrix from a diagonal": SQUARE + "loss logdet(diag(v^2) + outer(v, v) + s*eye(d))",
    "outer products": SQUARE + "loss sum(sin(outer(v, X @ v))) + trace(outer(v, v))",
    "an inverse of an inverse": SQUARE + "let A = X + 4*eye(d)\nloss sum(inv(inv(A))^3)",
    "both sides": SQUARE + "let A = X + 4*eye(d)\nloss sum(inv(A) @ X @ inv(A).T)",
    "a solution of several systems": (
        SQUARE + "dim k = 2\nparam G[d, k] = normal(0, 1)\nloss sum(solve(X + 4*eye(d), G)^3)"
    ),
    "a solution of square systems": (
        SQUARE + "let A = X + 4*eye(d)\nloss sum(solve(A.T, solve(A, X))^2)"
    ),
    "a constant right side": SQUARE + "let b[d] = s\nloss sum(solve(X + 4*eye(d), b)^2)",
    "a matrix with equal columns": (
        SQUARE + "let A[d, d] = s\nloss sum(solve(A + 4*eye(d), v)^2) + logdet(A + eye(d))"
    ),
    "determinants": SQUARE + "let A = X + 4*eye(d)\nloss det(A) + log(det(A)) + 1/det(A)",
    "the same matrix by two names": (
        "data X[n, d], y[n]\ndim m like n\nparam s > 0\n"
        "let G[n, m] = exp(-sum[d]((X - X[m])^2))\n"
        "let K = G[n, n] + s*eye(n)\nloss logdet(K) + y @ inv(K) @ y"
    ),
    "a square of two dimensions": (
        "data X[n, d], y[n]\ndim m like n\nparam s > 0\n"
        "let G[n, m] = exp(-sum[d]((X - X[m])^2/s))\n"
        "let c = solve(G, y)\nloss sum(c^2)/100 + logdet(G) + sum(inv(G)^2)/100"
    ),
    "points of two tables": (
        ROWS + "dim k = 2\nparam Z[k, d] = normal(0, 1)\nloss sum(exp(-sqdist(X, Z)/s)) + s^2"
    ),
    "points with themselves": (
        "dim k = 4, d = 2\nparam Z[k, d] = normal(0, 1)\nloss sum(exp(-sqdist(Z, Z)))"
    ),
    "points on a line": ROWS + "loss sum(exp(-sqdist(s*y, y)))",
    "points that are equal along an axis": (
        ROWS + "let Z[m, d] = s\nlet V[n, d] = y\n"
        "loss sum(exp(-sqdist(X, Z))) + sum(sqdist(V, Z))/10"
    ),
    "rows on the right side": ROWS + "loss sum(solve(X.T @ X + s*eye(d), X.T)^2)",
    "weights of rows": (
        ROWS + "let A = X.T @ diag(exp(X @ w)) @ X + eye(d)\nloss logdet(A) + sum(inv(A) @ w)"
    ),
    "a matrix of the rows": (
        "data G[n, n], y[n]\nparam s > 0, w[n] = normal(0, 1)\nlet A = G @ G.T + s*eye(n)\n"
        "loss y @ inv(A) @ y + logdet(A) + w @ G @ w + sum(solve(A, w)^2)"
    ),
    "an entry of a solution": (
        'dim k in {"a", "b", "c"}\ndata S[k, k], g[n] in k\nparam w[k] = normal(0, 1)\n'
        'loss solve(S + 4*eye(k), w)["b"]^2 + sum(solve(S + 4*eye(k), w)[g]^3)'
    ),
}
TABLES = {
    "X": W,
    "y": y,
    "S": normal(R, 3, 3),
    "G": normal(R, N, N),
    "g": np.array([0, 2, 2, 1]),
}


def data_of(text):
    declared = [line for line in text.splitlines() if line.startswith("data")]
    return {name: TABLES[name] for name in TABLES if any(f" {name}[" in line for line in declared)}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_right(name):
    check(Case(CASES[name], data_of(CASES[name])))


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_are_right(name):
    case = Case(CASES[name], data_of(CASES[name]))
    check_second(case)

    exact = case.problem.hess(case.theta)

    scale = np.max(np.abs(exact))
    for row in np.eye(len(case.theta)):
        assert far(case.problem.hvp(case.theta, row), exact @ row, scale) < 1e-12


def test_claims_are_proved_where_the_rows_are_those_of_a_matrix():
    text = (
        "data A[d, d], y[d]\nparam X[d, d] = 2, x[d]\n"
        "loss x @ A @ x + logdet(X @ X.T + eye(d)) + x @ y\n"
        "claim grad(X) = 2*inv(X @ X.T + eye(d)) @ X\n"
        "claim hess(x, x) = A + A.T\n"
    )

    claims = check_text(text, "model.gd").claims

    assert [claim.verdict for claim in claims] == ["PROVED", "PROVED"]


def test_a_norm_at_zero_has_the_gradient_zero():
    problem = Case("dim d = 3\nparam w[d]\nloss norm(w) + sum((w - 1)^2)").problem

    value, gradient = problem.value_and_grad(np.zeros(3))

    assert value == 3
    assert list(gradient) == [-2, -2, -2]


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_gradient_of_a_determinant_exists_whatever_the_rank(rank):
    problem = Case("dim d = 3\nparam X[d, d]\nloss det(X)").problem
    matrix = A[:, :rank] @ Q[:rank]

    gradient = problem.grad(matrix.ravel()).reshape(D, D)

    minors = [
        [
            (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(matrix, i, 0), j, 1))
            for j in range(D)
        ]
        for i in range(D)
    ]
    np.testing.assert_allclose(gradient, minors, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "formula, reason",
    [
        ("logdet(A)", "logdet(A) is -inf, where A = [1, 1, 1, 1]; the matrix is singular"),
        ("logdet(A*eye(d) - 2*A)", "nan, where A = [1, 1, 1, 1]; the determinant is negative"),
        ("sum(inv(A))", "inv(A) is nan, where A = [1, 1, 1, 1]; the matrix is singular"),
        ("sum(solve(A, v))", "nan, where A = [1, 1, 1, 1], v = [0, 0]; the matrix is singular"),
    ],
)
def test_a_fit_says_which_matrix_has_no_inverse(formula, reason):
    text = f"dim d = 2\nparam A[d, d] = 1, v[d]\nloss {formula} + sum((A - 3)^2) + sum(v^2)"

    with pytest.raises(GdsymError) as caught:
        gdsym.fit(text, {})

    assert reason in str(caught.value)


# -- predictions


def test_a_gaussian_process_predicts_new_rows():
    text, data = ZOO["gaussian_process"]
    fitted = gdsym.fit(text, data)
    reach, height, noise = (fitted.params[name] for name in ("reach", "height", "noise"))
    new = np.linspace(-2, 2, 30)

    found = fitted.predict(x=new)["curve"]

    def kernel(a, b):
        return height**2 * np.exp(-((a[:, None] - b) ** 2) / (2 * reach**2))

    x, y = data["x"], data["y"]
    expected = kernel(new, x) @ np.linalg.solve(kernel(x, x) + noise**2 * np.eye(len(x)), y)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_kernel_regression_predicts_new_rows():
    text, data = ZOO["kernel_regression"]
    fitted = gdsym.fit(text, data)
    new = data["X"][:3] + 0.1

    found = fitted.predict(X=new)["fitted"]

    def kernel(a, b):
        squares = np.sum((a[:, None] - b) ** 2, axis=-1)
        return np.exp(-squares / (2 * fitted.params["reach"] ** 2))

    X = data["X"]
    weights = np.linalg.solve(kernel(X, X) + 0.1 * np.eye(len(X)), data["y"])
    np.testing.assert_allclose(found, kernel(new, X) @ weights, rtol=1e-9, atol=1e-12)


# -- what is computed once


PROCESS = (
    "data x[n], y[n]\nparam reach > 0, noise > 0\n"
    "let K = exp(-sqdist(x, x)/(2*reach^2)) + noise^2*eye(n)\n"
    "nll (logdet(K) + dot(y, solve(K, y)) + n*log(2*pi))/2"
)


def counted(case, monkeypatch):
    """How often matrices were factored since, as a list that grows."""
    problem, calls = case.problem, []

    class Counted(case.module._Factored):
        def __init__(self, matrix, **options):
            calls.append(len(matrix))
            super().__init__(matrix, **options)

    monkeypatch.setattr(case.module, "_Factored", Counted)
    return problem, calls


def test_value_and_gradient_share_one_factorisation(monkeypatch):
    case = Case(PROCESS, {"x": y, "y": u})
    problem, calls = counted(case, monkeypatch)

    problem.value_and_grad(case.theta)

    assert calls == [N]


def test_matrices_of_data_alone_are_factored_when_they_are_bound(monkeypatch):
    text = "data X[n, d], y[n]\ndata S[d, d]\nparam w[d] = normal(0, 1)\n"
    text += "let r = X.T @ (y - X @ w)\nloss r @ inv(S + X.T @ X) @ r + logdet(S)*sum(w^2)"
    case = Case(text, {"X": W, "y": y, "S": SPD})
    problem, calls = counted(case, monkeypatch)

    for _ in range(3):
        problem.value_and_grad(case.theta)
        problem.hess(case.theta)

    assert calls == []
    check(case)


def test_distances_of_data_alone_are_kept(monkeypatch):
    case = Case(
        "data X[n, d], y[n]\nparam s > 0\nloss sum(exp(-sqdist(X, X)/s)) + s", {"X": W, "y": y}
    )
    problem = case.problem
    monkeypatch.setattr(case.module, "_sqdist", None)

    problem.value_and_grad(case.theta)

    check(case)


def test_a_solution_for_every_row_is_made_block_by_block():
    text = "data X[n, d]\nparam s > 0\nloss sum(solve(s*eye(d) + X.T @ X/n, X.T)^2)/n"
    few = Case(text, {"X": W})
    assert not few.module.WHOLE
    many = few.module.bind(np.tile(W, (20_000, 1)))  # of more rows than a block has

    value, gradient = many.value_and_grad([0.7])

    expected, slope = few.problem.value_and_grad([0.7])
    assert value == pytest.approx(expected, rel=1e-12)
    assert gradient == pytest.approx(slope, rel=1e-11)
    assert many.hess([0.7]) == pytest.approx(few.problem.hess([0.7]), rel=1e-10)


# -- the factors


def spd(size, seed, decades=0):
    """A symmetric matrix with eigenvalues from 1 down to 10^-decades."""
    draw = np.random.default_rng(seed)
    basis = np.linalg.qr(draw.standard_normal((size, size)))[0]
    matrix = (basis * np.logspace(0, -decades, size)) @ basis.T
    return (matrix + matrix.T) / 2


@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 130, 200])
@pytest.mark.parametrize("kind", ["definite", "indefinite", "unsymmetric"])
def test_factors_solve_as_elimination_does(size, kind):
    matrix = spd(size, size, decades=2)
    if kind == "indefinite":
        matrix -= np.eye(size) / 3
    if kind == "unsymmetric":
        matrix[0] += 1
    right = np.random.default_rng(1).standard_normal((size, 3))

    found = _Factored(matrix)

    assert (found.lower is not None) == (kind == "definite" or size == 1)
    if kind != "unsymmetric":
        known = _Factored(matrix, symmetric=True)
        assert (known.lower is None) == (found.lower is None)
        np.testing.assert_array_equal(known.solve(right), found.solve(right))
    close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-10)
    close(found.solve(right), np.linalg.solve(matrix, right))
    close(found.solve(right[:, 0]), np.linalg.solve(matrix, right[:, 0]))
    close(found.solve_transposed(right), np.linalg.solve(matrix.T, right))
    close(found.inverse(), np.linalg.inv(matrix))
    sign, size_of_log = np.linalg.slogdet(matrix)
    close(found.det(), sign * np.exp(size_of_log))
    if sign > 0:
        close(found.logdet(), size_of_log)
    else:
        assert np.isnan(found.logdet())


@pytest.mark.parametrize("decades", [4, 8, 12])
def test_a_solution_keeps_the_digits_that_the_condition_leaves(decades):
    matrix = spd(100, decades, decades)
    right = np.random.default_rng(2).standard_normal(100)
    context = mpmath.MPContext()
    context.dps = DIGITS
    exact = context.lu_solve(context.matrix(matrix.tolist()), context.matrix(right.tolist()))
    exact = np.array([float(entry) for entry in exact])

    found = _Factored(matrix).solve(right)

    # A backward stable solution is off by a small multiple of eps times the condition.
    error = np.max(abs(found - exact)) / np.max(abs(exact))
    assert error < 20 * 2.0**-52 * 10.0**decades
    residual = np.linalg.norm(matrix @ found - right) / np.linalg.norm(found)
    assert residual < 1e-14


def test_a_product_of_weights_is_as_good_as_symmetric():
    draw = np.random.default_rng(3)
    table, weights = draw.standard_normal((5000, 20)), draw.uniform(0, 1, 5000)
    product = table.T @ (weights[:, None] * table)
    product[3, 5] = np.nextafter(product[3, 5], 2 * product[3, 5])  # as if summed otherwise

    assert _Factored(product).lower is not None
    product[3, 5] *= 1 + 1e-10
    assert _Factored(product).lower is None


def test_what_does_not_exist_is_nan_and_no_exception():
    singular = _Factored(np.array([[1.0, 2.0], [2.0, 4.0]]))
    missing = _Factored(np.array([[1.0, np.nan], [np.nan, 4.0]]))
    negative = _Factored(np.diag([1.0, -2.0]))

    with np.errstate(all="ignore"):
        assert singular.logdet() == -np.inf
        assert singular.det() == 0
        assert np.all(np.isnan(singular.solve(np.ones(2))))
        assert np.all(np.isnan(singular.inverse()))
        assert np.isnan(missing.logdet())
        assert np.all(np.isnan(missing.solve(np.ones(2))))
        assert np.all(np.isnan(missing.cofactors()))
        assert negative.cofactors().tolist() == [[-2, 0], [0, 1]]
        assert np.isnan(negative.logdet())
        assert negative.det() == -2
        assert list(negative.solve(np.ones(2))) == [1, -0.5]


def test_distances_keep_their_digits_far_from_zero():
    points = 1e8 + np.array([[0.0, 1.0], [0.0, 1.0], [0.5, 3.0]])

    assert _sqdist(points, points).tolist() == [[0, 0, 4.25], [0, 0, 4.25], [4.25, 4.25, 0]]


def test_the_gradient_of_distances_keeps_its_digits_far_from_zero():
    text = "data X[n, d]\ndim k = 2\nparam Z[k, d] = normal(0, 1)\nloss sum(exp(-sqdist(X, Z)))"
    near, far_away = Case(text, {"X": W}), Case(text, {"X": W + 2.0**26})
    theta = near.theta

    expected = near.problem.grad(theta)
    shifted = far_away.problem.grad(np.round(theta * 2**20) / 2**20 + 2.0**26)

    exact = near.problem.grad(np.round(theta * 2**20) / 2**20)
    np.testing.assert_allclose(shifted, exact, rtol=1e-6)
    assert not np.array_equal(expected, np.zeros(expected.shape))


# -- symmetric by their making


SYMMETRIC = {
    "S + S.T": True,
    "S": False,
    "S @ S.T": True,
    "S @ S": False,
    "X.T @ X": True,
    "X.T @ diag(y^2) @ X": True,
    "outer(w, w)": True,
    "outer(w, v)": False,
    "diag(w)": True,
    "exp(-sqdist(w, w)) + s*eye(d)": True,
    "sqdist(w, w)^3": True,
    "outer(w, w) + S": False,
    "inv(S + S.T)": True,
    "inv(S)": False,
    "outer(w, v) + outer(v, w)": True,
    "outer(w, v) - outer(v, w)": False,
    "(outer(w, v) - outer(v, w))^2": True,
    "(outer(w, v) - outer(v, w))^3": False,
    "exp(S)*exp(S.T)": True,
    "exp(S)*exp(S)": False,
}


@pytest.mark.parametrize("formula", SYMMETRIC)
def test_symmetric_matrices_are_known(formula):
    text = "data X[n, d], y[n], S[d, d]\nparam w[d], v[d], s > 0\n"
    text += f"loss logdet({formula} + eye(d))*s + sum(w) + sum(v)"

    nodes = reachable([stages(text, "model.gd").built.value])

    found = [node.op for node in nodes if isinstance(node, Linear) and node.op in FACTORED]
    assert found[-1] == ("symmetric" if SYMMETRIC[formula] else "factored")


# -- as text


SHOWN = {
    "logdet(S)*s": ("logdet(S)", r"\log\det\left(\mathbf{S}\right)"),
    "sum(inv(S) @ X.T)*s": ("solve(S, X.T)", r"\mathbf{S}^{-1} \, \mathbf{X}^{\top}"),
    "trace(inv(S))*s": ("trace(inv(S))", r"\operatorname{tr}\left(\mathbf{S}^{-1}\right)"),
    "det(S + s*eye(d))": ("det(S + s*eye(d))", r"s \, \mathbf{I}_{d}"),
    "sum(inv(S + s*eye(d)).T^2)": (
        "inv(S + s*eye(d)).T",
        r"\left(\mathbf{S} + s \, \mathbf{I}_{d}\right)^{-\top}",
    ),
    "sum(exp(outer(w, w)))": ("outer(w, w)", r"\mathbf{w} \, \mathbf{w}^{\top}"),
    "trace(diag(exp(w)) @ S)": ("sum(diag(S)*exp(w))", r"\operatorname{diag}"),
    "sum(exp(-sqdist(X, X))*s)": ("sqdist(X, X)", r"\operatorname{sqdist}"),
    "sum(diag(S)*w)": ("diag(S)", r"\operatorname{diag}\left(\mathbf{S}\right)"),
    "sum(solve((S + s*eye(d)).T, w))": (
        "solve((S + s*eye(d)).T, w)",
        r"^{-\top} \, \mathbf{w}",
    ),
}


@pytest.mark.parametrize("formula", SHOWN)
def test_formulas_are_shown_as_written_and_as_on_paper(formula):
    text = f"data X[n, d], S[d, d]\nparam w[d], s\nloss {formula} + sum(w)"
    program = stages(text, "model.gd").derived
    plain, paper = SHOWN[formula]

    assert plain in show(program)
    assert paper in latex(program)


def test_the_gradient_of_a_gaussian_process_reads_as_in_the_textbook():
    text = show(stages(PROCESS, "model.gd").derived)

    assert "= inv(K)/2 - outer(solve(K, y), solve(K, y))/2" in text
    assert "= noise^2*eye(n) + exp(-sqdist(x, x)/(2*reach^2))" in text


def test_products_of_several_matrices_are_shown_as_a_chain():
    text = "data S[d, d]\nparam w[d], v[d]\nloss w @ S @ diag(exp(v)) @ S.T @ w"
    program = stages(text, "model.gd").derived
    notation = Notation.of(program)

    blocks = {names: notation.text(node) for names, node in program.hess.items()}

    assert blocks["w", "w"] == "2*(S @ diag(exp(v)) @ S.T).T"
    assert blocks["w", "v"] == "2*S @ diag(exp(v)*(S.T @ w))"
    assert blocks["v", "v"] == "diag(exp(v)*(S.T @ w)^2)"


def test_the_hessian_of_a_gaussian_process_is_made_of_chains():
    text = show_hess(stages(PROCESS, "model.gd").derived)

    assert "inv(K) @ (sqdist(x, x)*exp(-sqdist(x, x)/(2*reach^2))) @ solve(K, y)" in text
    assert "noise*(inv(K) @ inv(K))" in text
