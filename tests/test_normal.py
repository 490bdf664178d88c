"""Identities are proved, what is no identity is not, and time limits hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.normal import prove_equal
from gdsym.calculus.program import Graph, rebuilt
from gdsym.calculus.stabilise import stabilise
from gdsym.gradcheck.questions import questions
from gdsym.language.check import load_model

ZOO = Path(__file__).parent / "zoo"
SCALARS = "param a, b, c, z, q in (0, 1), s > 0, nu > 0\nparam t > 0, mu in (0, 1), x, y\n"
LABELS = "data y[n] in {0, 1}, v[n] in {-1, 1}, g[n] in {0, 1, 2}\nparam z[n]\n"
TENSORS = (
    "dim k = 3, f = 2\n"
    "data X[n, d], y[n], c[n] in k, P[n, k] in simplex[k], u[n] in users\n"
    "param w[d], W[d, k], U[users, f], b[n], h[k] in sumzero[k]\n"
)


def proof(declared, left, right, **options):
    model = load_model(f"{declared}loss {left}\nclaim loss = {right}\n", "model.gd")
    program, (question,) = questions(model)
    return prove_equal(program, question.claimed, program.value, **options)


SCALAR_IDENTITIES = [
    ("sigmoid(z)", "1/(1 + exp(-z))"),
    ("sigmoid(z)", "exp(z)/(1 + exp(z))"),
    ("1 - sigmoid(z)", "sigmoid(-z)"),
    ("(1 + tanh(z/2))/2", "sigmoid(z)"),
    ("1 - tanh(z)^2", "4*sigmoid(2*z)*sigmoid(-2*z)"),
    ("1/cosh(z)^2", "1 - tanh(z)^2"),
    ("softplus(z)", "z + softplus(-z)"),
    ("log_sigmoid(z)", "-softplus(-z)"),
    ("log(sigmoid(z))", "z - log(1 + exp(z))"),
    ("exp(2*log(s))", "s^2"),
    ("(nu + 1)*x/(nu*s^2 + x^2)", "(nu + 1)/(nu*s^2)*x/(1 + x^2/(nu*s^2))"),
    ("exp(-z*y + a)", "exp(a)/exp(y*z)"),
    ("exp(z/2)^2", "exp(z)"),
    ("log(s^2*t)", "2*log(s) + log(t)"),
    ("log(mu/(1 - mu))", "log(mu) - log(1 - mu)"),
    ("sigmoid(log(mu/(1 - mu)))", "mu"),
    ("relu(z)", "z*(z > 0)"),
    ("abs(z)*sign(z)", "z"),
    ("relu(z)", "(z + abs(z))/2"),
    ("relu(z)^2", "z*relu(z)"),
    ("relu(-z)", "(abs(z) - z)/2"),
    ("x/sqrt(1 + x^2)", "x*sqrt(1 + x^2)/(1 + x^2)"),
    ("sqrt(4 + 4*x^2)", "2*sqrt(1 + x^2)"),
    ("sqrt(x^2)", "abs(x)"),
    ("normal_cdf(z) + normal_cdf(-z)", "1"),
    ("erf(z)", "2*normal_cdf(sqrt(2)*z) - 1"),
    ("log_normal_cdf(z)", "log(normal_cdf(z))"),
    ("gelu(z)", "z*normal_cdf(z)"),
    ("cos(z)^2 + sin(z)^2", "1"),
    ("sin(2*z)", "2*sin(z)*cos(z)"),
    ("cos(z + 2*pi)", "cos(z)"),
    ("tan(z)", "sin(z)/cos(z)"),
    ("s^a*s", "s^(a + 1)"),
    ("x^(2*a - a)", "x^a"),
    ("s^(a - 1)", "exp(a*log(s))/s"),
    ("0.5*z", "z/2"),
    ("lgamma(s + 1)", "lgamma(s) + log(s)"),
    ("digamma(s + 2)", "digamma(s) + 1/s + 1/(s + 1)"),
    ("beta_ln(s, t)", "lgamma(s) + lgamma(t) - lgamma(s + t)"),
    ("log(4)", "2*log(2)"),
    ("log10(s)", "log(s)/log(10)"),
    ("exp(exp(z))*exp(-exp(z))", "1"),
    ("1000*z - 999*z", "z"),
    ("max(a, b) + min(a, b)", "a + b"),
    ("clip(z, -1, 1)", "max(-1, min(z, 1))"),
    ("clip(z, -s, s)", "where(abs(z) <= s, z, s*sign(z))"),
    ("huber(z, s)", "where(abs(z) < s, z^2/2, s*abs(z) - s^2/2)"),
    ("log(exp(a) + exp(b))", "a + softplus(b - a)"),
    ("logaddexp(a, b)", "max(a, b) + log1p(exp(-abs(a - b)))"),
    ("1/(x^2 - y^2)", "1/((x - y)*(x + y))"),
    ("sqrt(s*t)", "sqrt(s)*sqrt(t)"),
    ("(a + b)^3", "a^3 + 3*a^2*b + 3*a*b^2 + b^3"),
]


@pytest.mark.parametrize(("left", "right"), SCALAR_IDENTITIES)
def test_an_identity_of_scalars_is_proved(left, right):
    assert proof(SCALARS, left, right).proved


NO_IDENTITIES = [
    ("sigmoid(z)*(1 - sigmoid(z))", "sigmoid(z)"),
    ("softplus(z)", "softplus(-z)"),
    ("sqrt(x^2)", "x"),
    ("sqrt(x*y)", "sqrt(x)*sqrt(-y)"),
    ("log(s*t)", "log(s) - log(t)"),
    ("exp(2*log(sqrt(x^2)))", "x"),
    ("x^a", "abs(x)^a"),
    ("sqrt(x^(2*a))", "x^a"),
    ("abs(a)*abs(b)", "a*b"),
    ("abs(x)/x", "1"),
    ("sign(x)", "x > 0"),
    ("max(a, b)", "a"),
    ("lgamma(s + 1)", "lgamma(s) + s"),
    ("digamma(s + 1)", "digamma(s) - 1/s"),
    ("normal_cdf(z)", "normal_cdf(-z)"),
    ("sin(2*z)", "sin(z)*cos(z)"),
    ("cos(z + pi)", "cos(z)"),
    ("clip(z, -1, 1)", "max(-1, max(z, 1))"),
    ("(a + b)^2", "a^2 + b^2"),
    ("x^2", "x*abs(x)"),
    ("0.1*z", "0.1000001*z"),
    ("where(z > 0, a, b)", "where(z < 0, a, b)"),
]


@pytest.mark.parametrize(("left", "right"), NO_IDENTITIES)
def test_what_is_no_identity_is_not_proved(left, right):
    assert not proof(SCALARS, left, right).proved


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sum(sigmoid(z) - y)", "sum((1 - 2*y)*sigmoid((1 - 2*y)*z))"),
        ("sum(softplus(z) - y*z)", "sum(softplus((1 - 2*y)*z))"),
        ("sum(y^2)", "sum(y)"),
        ("sum(v^2)", "n"),
        ("sum(-v*sigmoid(-v*z))", "sum(sigmoid(z) - (1 + v)/2)"),
        ("sum(where(y == 1, z, -z))", "sum((2*y - 1)*z)"),
        ("sum(g*(g - 1)*(g - 2))", "0"),
        ("sum(exp(g*z))", "sum((g == 0) + (g == 1)*exp(z) + (g == 2)*exp(z)^2)"),
        ("mean(1 - sigmoid(z))", "1 - mean(sigmoid(z))"),
    ],
)
def test_the_declared_values_of_data_are_used(left, right):
    assert proof(LABELS, left, right).proved


@pytest.mark.parametrize(
    ("left", "right"),
    [("sum(y^2)", "sum(y)"), ("sum(softplus(z) - y*z)", "sum(softplus((1 - 2*y)*z))")],
)
def test_without_them_the_same_is_not_proved(left, right):
    assert not proof("data y[n]\nparam z[n]\n", left, right).proved


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sum(X.T @ (b - y))", "sum(X.T @ b) - sum(X.T @ y)"),
        ("sum((X.T @ X @ w)^2)", "sum((X.T @ (X @ w))^2)"),
        ("sum(y)^2", "sum(y*sum(y))"),
        ("var(b)", "mean(b^2) - mean(b)^2"),
        ("sum(softmax[k](X @ W))", "n"),
        ("sum(logsumexp[k](X @ W))", "sum(log(sum[k](exp(X @ W))))"),
        ("sum(exp(log_softmax[k](X @ W))[c])", "sum(softmax[k](X @ W)[c])"),
        ("sum(U[u])", "sum(onehot(u) @ U)"),
        ("sum(onehot(u)^2)", "n"),
        ("sum(P)", "n"),
        ("sum(h) + sum(P*log_softmax[k](h))", "sum(P*h) - n*logsumexp[k](h)"),
        ("norm(w)^2", "dot(w, w)"),
        ("sum((X @ W)[c])", "sum(onehot(c)*(X @ W))"),
        ("prod(exp(w))*prod(exp(w))", "prod(exp(w))^2"),
    ],
)
def test_sums_and_gathers_are_multiplied_out(left, right):
    assert proof(TENSORS, left, right).proved


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sum(y)^2", "sum(y^2)"),
        ("sum(X @ w)", "sum(X)*sum(w)"),
        ("mean(y)", "sum(y)"),
        ("sum(U[u])", "sum(U)"),
        ("sum(softmax[k](X @ W))", "sum(softmax[n](X @ W))"),
        ("sum(y)", "n"),
        ("sum((X @ W)[c])", "sum(X @ W)"),
        ("sum(logsumexp[k](X @ W))", "sum(max[k](X @ W))"),
    ],
)
def test_other_sums_are_not(left, right):
    assert not proof(TENSORS, left, right).proved


def test_a_declared_size_is_a_number_where_it_is_asked_for():
    left, right = "sum[k](h*0 + 1)", "3"

    assert not proof(TENSORS, left, right).proved
    assert proof(TENSORS, left, right, sizes={"k": 3}).proved


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.gd")), ids=lambda path: path.stem)
def test_stable_forms_of_values_and_gradients_are_proved_equal_to_what_was_written(path):
    written = build(load_model(path.read_text(encoding="utf-8"), path.name))
    graph = Graph(written.graph.dims)
    plain = rebuilt(derive(written), graph)
    stable = rebuilt(stabilise(derive(stabilise(written))), graph)

    pairs = [(plain.value, stable.value)]
    pairs += [(plain.grads[name], stable.grads[name]) for name in plain.grads]

    for ours, rewritten in pairs:
        assert prove_equal(stable, ours, rewritten, seconds=60).proved


def test_the_time_limit_holds_for_what_would_take_for_ever():
    many = " + ".join(f"x{i}" for i in range(40))
    declared = f"param {', '.join(f'x{i}' for i in range(40))}\n"

    found = proof(declared, f"({many})^30/({many} + 1)^29", "x0", seconds=0.3)

    assert not found.proved
    assert "time" in found.reason or "terms" in found.reason
