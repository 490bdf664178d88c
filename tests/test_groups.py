"""Logarithms of sums of exponentials by group: a softmax among the rows that share a code."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from compiled import assert_gradient, module
from oracle import MP, Case, check, far
from zoo import ZOO

from gdsym.cache import load_module
from gdsym.calculus.derive import derive
from gdsym.calculus.latex import latex
from gdsym.calculus.notation import show
from gdsym.calculus.program import Axis, Delta, Factor, Reduce, reachable
from gdsym.calculus.reference import evaluate
from gdsym.calculus.structure.convexity import convexity
from gdsym.compiler import compile_text, stages
from gdsym.gradcheck import check_text
from gdsym.recipe import Recipe

CHOICE = ZOO["choice"][0]
HEAD = """\
dim cases = 5
data X[n, d]
data case[n] in cases
data chosen[n] in {0, 1}
data a[n]
data size[n] in [0, inf)
param w[d]
let v = X @ w
let total = onehot(case).T @ exp(v)
"""
# The same few things as people write them.
FORMS = {
    "the log of the sum": "loss sum(log(total)[case]*chosen) - sum(chosen*v)",
    "a sum in brackets": "loss sum(chosen*(log(sum[n](onehot(case)*exp(v)))[case] - v))",
    "the log of a share": "let p = exp(v)/total[case]\nloss -sum(chosen*log(p))",
    "shares": "let p = exp(v)/total[case]\nloss sum((p - chosen)^2)",
    "entropy": "let p = exp(v)/total[case]\nloss sum(p*log(p))",
    "weights": "loss sum(chosen*(log(onehot(case).T @ (size*exp(v)))[case] - v))",
    "the log of a mean": (
        "let count = onehot(case).T @ (0*size + 1)\nloss sum(chosen*(log(total/count)[case] - v))"
    ),
    "a mean": "let m = (onehot(case).T @ (a*exp(v)))/total\nloss sum((a - m[case])^2)",
    "a mean, read first": (
        "let m = onehot(case).T @ (a*exp(v))\nloss sum((a - m[case]/total[case])^2)"
    ),
    "a mean by shares": (
        "let p = exp(v)/total[case]\nloss sum((a - (onehot(case).T @ (a*p))[case])^2)"
    ),
    "none of them": "loss sum(log(1 + total)) - sum(chosen*v)",
    "a share beside none": "loss sum((chosen - exp(v)/(1 + total)[case])^2)",
    "a share beside none, read first": "loss sum((chosen - exp(v)/(1 + total[case]))^2)",
}
# exp(-size) next to 1 needs about so many digits.
DIGITS = {1.0: 60, 30.0: 120, 1e4: 9000}


def rows(empty=2):
    """Twelve rows in five groups, of which one has no row; some rows have the weight 0."""
    rng = np.random.default_rng(0)
    case = np.array([0, 3, 0, 1, 4, 1, 1, 0, 3, 1, 4, 4])
    assert empty not in case
    return {
        "X": rng.normal(size=(12, 2)),
        "case": case,
        "chosen": np.tile([0.0, 1, 0], 4),
        "a": rng.normal(size=12),
        "size": np.tile([2.0, 0, 1], 4),
    }


@pytest.mark.parametrize("size", DIGITS)
@pytest.mark.parametrize("name", FORMS)
def test_sums_by_group_as_on_paper_keep_their_digits(name, size):
    case = Case(HEAD + FORMS[name], rows())
    naive = derive(case.stages.built)
    theta = size * np.array([1.0, -0.7])

    value, gradient = case.problem.value_and_grad(theta)

    digits = DIGITS[size]
    exact = case.table(naive.value, theta, naive, digits=digits)[()]
    slopes = case.table(naive.grads["w"], theta, naive, digits=digits).values()
    assert far(value, exact, 1) < 1e-13
    assert far(gradient, list(slopes), max(1, *map(abs, slopes))) < 1e-13
    assert np.all(np.isfinite(case.problem.hess(theta)))


def test_sums_of_several_terms_keep_their_digits_as_shares():
    text = "data Z[n, k]\nparam w\nlet U = w*Z\nloss sum((exp(U)/(1 + sum[k](exp(U))))^2)"
    case = Case(text, {"Z": np.random.default_rng(1).normal(size=(5, 3))})
    naive = derive(case.stages.built)

    for size, digits in DIGITS.items():
        value, gradient = case.problem.value_and_grad([size])
        for found, node in ((value, naive.value), (gradient[0], naive.grads["w"])):
            assert far(found, case.table(node, [size], naive, digits=digits)[()], 1) < 1e-13


def by_hand(X, case, chosen, w):
    """Value, gradient and Hessian of `choice` at 60 digits, group by group."""
    X, w = [[MP.mpf(x) for x in row] for row in X], [MP.mpf(x) for x in w]
    v = [MP.fdot(row, w) for row in X]
    d = range(len(w))
    value, gradient = -MP.fdot(chosen, v), [-MP.fdot(chosen, [row[i] for row in X]) for i in d]
    hessian = [[MP.zero for _ in d] for _ in d]
    for group in set(case):
        members = [n for n, code in enumerate(case) if code == group]
        top = max(v[n] for n in members)
        lse = top + MP.log(sum(MP.exp(v[n] - top) for n in members))
        p = {n: MP.exp(v[n] - lse) for n in members}
        mean = [sum(p[n] * X[n][i] for n in members) for i in d]
        value += lse
        gradient = [gradient[i] + mean[i] for i in d]
        for i in d:
            for j in d:
                square = sum(p[n] * X[n][i] * X[n][j] for n in members)
                hessian[i][j] += square - mean[i] * mean[j]
    return value, gradient, hessian


@pytest.mark.parametrize("size", [0.0, 1.0, 30.0, 700.0, 1e4])
def test_a_conditional_logit_in_long_format_is_right_at_any_score(size):
    _, data = ZOO["choice"]
    w = np.array([1.0, -0.7]) * size
    problem = module(CHOICE).bind(**data)

    value, gradient, hessian = problem.value_grad_hess(w)

    exact, slopes, curves = by_hand(data["X"], data["case"], data["chosen"], w)
    assert far(value, exact, 1) < 1e-14
    assert far(gradient, slopes, 1) < 1e-14
    assert far(hessian, curves, 1) < 1e-13
    direction = np.array([0.6, -1.1])
    along = [MP.fdot(row, direction) for row in curves]
    assert far(problem.hvp(w, direction), along, 1) < 1e-13


def test_the_stages_agree_at_50_digits():
    for name in ("the log of the sum", "shares", "a mean", "a share beside none"):
        check(Case(HEAD + FORMS[name], rows()))


# -- blocks --------------------------------------------------------------------------------------


def streamed(generated, data, cuts, theta):
    """Value and gradient from blocks that two accumulators share and merge."""
    edges = [0, *cuts, len(data["case"])]
    blocks = [[data[item["name"]][a:b] for item in generated.DATA] for a, b in pairwise(edges)]
    totals = generated.prepare(blocks, dims={"cases": 4})
    before = None
    for _ in range(generated.PASSES):
        shares = [generated.empty(totals, after=before) for _ in range(2)]
        for place, block in enumerate(blocks):
            generated.partial(theta, block, totals, shares[place % 2])
        before = generated.empty(totals, after=before)
        for share in shares:
            generated.merge(before, share)
    return generated.finish(theta, before, totals)


@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
@pytest.mark.parametrize("cuts", [(), (6,), (1, 2, 3), (5, 5, 9), tuple(range(1, 12))])
def test_a_later_block_that_raises_the_maximum_of_a_group_changes_no_digit(cuts, order):
    _, data = ZOO["choice"]
    w = np.array([900.0, -400])
    v = data["X"] @ w
    places = {"rising": np.argsort(v), "falling": np.argsort(-v), "mixed": np.arange(12)[::5]}
    rest = np.setdiff1d(np.arange(12), places[order])
    data = {key: values[[*places[order], *rest]] for key, values in data.items()}
    generated = module(CHOICE)

    value, gradient = streamed(generated, data, cuts, w)

    exact, slopes, _ = by_hand(data["X"], data["case"], data["chosen"], w)
    assert far(value, exact, 1) < 1e-13
    assert far(gradient, slopes, 1) < 1e-12


def test_rows_may_come_from_several_threads_as_many_small_blocks(monkeypatch):
    rng = np.random.default_rng(3)
    X, case = rng.normal(size=(3000, 2)), rng.integers(0, 40, 3000)
    chosen = (rng.random(3000) < 0.3).astype(float)
    text = CHOICE.replace("cases = 4", "cases = 40")
    generated, w = module(text), np.array([300.0, 200])
    whole = generated.bind(X, case, chosen).value_and_grad(w)
    for name, number in {"SMALL_BYTES": 0, "SMALL_ROWS": 0, "FEWEST_ROWS": 1}.items():
        monkeypatch.setattr(generated, name, number)
    monkeypatch.setattr(generated, "MOST_ROWS", 64)

    problem = generated.bind(X, case, chosen)

    value, gradient = problem.value_and_grad(w)
    np.testing.assert_allclose(value, whole[0], rtol=1e-13)
    np.testing.assert_allclose(gradient, whole[1], rtol=1e-12)


def test_a_group_without_rows_has_the_logarithm_of_zero_and_no_part_in_the_gradient():
    data = rows()
    has = np.bincount(data["case"], minlength=5) > 0
    text = HEAD.replace("param", "data has[cases] in {0, 1}\nparam")
    text += "let l = log(total)\nloss sum(where(has == 1, l, 0)) - sum(chosen*v)"
    problem = module(text).bind(**data, has=has.astype(float))
    w = np.array([800.0, -900])

    value, gradient = problem.value_and_grad(w)

    exact, slopes, curves = by_hand(data["X"], data["case"], data["chosen"], w)
    assert far(value, exact, 1) < 1e-14
    assert far(gradient, slopes, 1) < 1e-14
    assert far(problem.hess(w), curves, 1) < 1e-13
    bare = module(HEAD + "loss sum(log(total))").bind(**data)
    assert bare.value(w) == -np.inf
    assert np.all(np.isfinite(bare.grad(w)))


def test_groups_may_be_those_of_another_dimension_than_the_rows():
    text = """\
dim ways = 4, nests = 2
data Z[n, ways], nest[ways] in nests, way[n] in ways
param b, s in (0, 1)
let V = b*Z/s
let inside = log(exp(V) @ onehot(nest))
let P = exp(V - inside[nest])*softmax[nests](s*inside)[nest]
loss -sum(log(P[way]))
"""
    rng = np.random.default_rng(4)
    data = {"Z": rng.normal(size=(6, 4)), "nest": [0, 1, 1, 0], "way": rng.integers(0, 4, 6)}
    case = Case(text, data)

    check(case)
    for size in (300.0, 3000.0):
        problem, theta = case.problem, np.array([size, 0.5])
        assert np.isfinite(problem.value(theta))
        assert np.all(np.isfinite(problem.grad(theta)))
        assert_gradient(problem, theta)


def test_groups_may_be_of_two_codes_and_lie_before_other_axes():
    text = """\
data a[n] in first, b[n] in second
dim k = 2
data Z[n, k]
param w
let T = log(onehot(a).T @ exp(w*Z))
let S = log(onehot(a).T @ (onehot(b)*exp(w*sum[k](Z))))
loss sum(T^2) + sum(where(S > -1e300, S, 0)^2)
"""
    rng = np.random.default_rng(5)
    data = {"a": rng.integers(0, 3, 9), "b": rng.integers(0, 2, 9), "Z": rng.normal(size=(9, 2))}
    data["a"][:3] = 0, 1, 2
    case = Case(text, data)

    check(case)
    value, gradient = case.problem.value_and_grad([5000.0])
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))


# -- what the other parts make of it -------------------------------------------------------------


def test_the_text_says_what_it_is_and_can_be_read_again():
    made = stages(CHOICE, "choice.gd")

    assert show(made.derived).splitlines() == [
        "let v   = X @ w",
        "loss    = sum(log(onehot(case).T @ exp(v))) - sum(chosen*v)",
        "grad(w) = X.T @ (exp(v - log(onehot(case).T @ exp(v))[case]) - chosen)",
    ]
    again = CHOICE.replace("sum(log(total))", "sum(log(onehot(case).T @ exp(v)))")
    assert show(stages(again, "choice.gd").derived) == show(made.derived)
    assert r"\log\left(\operatorname{onehot}\left(\mathbf{case}\right)" in latex(made.derived)


def test_it_is_convex_and_a_mini_batch_of_it_would_be_biased():
    made = stages(CHOICE, "choice.gd")

    found = convexity(made.stable)
    assert found.convex
    assert found.rules == ("logsumexp of affine functions",)
    assert made.plan.minibatch == "`log(onehot(case).T @ exp(v))` is not a sum over rows"
    assert [[total.kind for total in stage] for stage in made.plan.passes[:1]] == [
        ["sum", "logsum"]
    ]


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("grad(w) = X.T @ (p - chosen)", "PROVED"),
        ("grad(w) = sum[n]((p - chosen)*X)", "PROVED"),
        ("grad(w) = X.T @ (exp(v - log(total)[case]) - chosen)", "PROVED"),
        ("hess(w, w) = X.T @ diag(p) @ X - M.T @ M", "PROVED"),
        ("grad(w) = X.T @ (p - chosen)/n", "WRONG"),
    ],
)
def test_claims_on_a_softmax_by_groups_are_judged(claim, verdict):
    text = CHOICE.replace("predict", "let")
    text += f"\nlet M = onehot(case).T @ (p*X)\nclaim {claim}\n"

    (found,) = check_text(text, "choice.gd").claims

    assert found.verdict == verdict


def test_the_node_means_the_logarithm_that_it_stands_for():
    made = stages(CHOICE, "choice.gd")
    graph, lse = made.stable.graph, None
    for node in reachable([made.stable.value]):
        lse = node if isinstance(node, Reduce) else lse
    assert isinstance(lse, Reduce)
    n, g = Axis("n"), Axis("cases")
    (delta,) = lse.deltas
    assert (lse.over, lse.axes, delta.indices, delta.axis) == ((n,), (g,), (n,), g)
    plain = type(graph)(graph.dims)  # without the rules
    v, case = plain.leaf("data", "v", [n]), plain.leaf("data", "case", [n])
    by_code = [Delta(case, (n,), g)]
    total = plain.contract([Factor(plain.call("exp", v), (n,))], by_code, (g,))
    direct, node = plain.call("log", total), plain.logsumexp_by(v, [n], by_code)
    model = "dim cases = 4\ndata v[n], case[n] in cases\nparam w\nloss w^2"
    built = stages(model, "m.gd").built
    values = {"v": [3, 1, 4, 1, 5], "case": [0, 2, 2, 0, 1]}

    found = evaluate(built, [direct, node], values, {"n": 5, "cases": 4}, digits=50)

    assert found[node][3,] == found[direct][3,] == -MP.inf
    for place in range(3):
        assert far(found[node][place,], found[direct][place,]) < 1e-45


def test_shares_are_predicted_for_the_groups_of_new_data():
    rng = np.random.default_rng(6)
    X, case = 1e4 * rng.normal(size=(9, 2)), np.array([2, 2, 0, 0, 0, 2, 3, 3, 2])

    p = module(CHOICE).predict(np.array([1.0, -1]), X, case)["p"]

    np.testing.assert_allclose(np.bincount(case, p, minlength=4), [1, 0, 1, 1], rtol=1e-12)


@pytest.mark.parametrize("name", FORMS)
def test_numexpr_agrees(name):
    text = HEAD + FORMS[name]
    ours, theirs = (
        load_module(compile_text(text, "m.gd", Recipe(backend=backend))).bind(**rows())
        for backend in ("numpy", "numexpr")
    )
    w = np.array([300.0, -200])

    scale = 1e-13 * max(1, np.abs(ours.grad(w)).max())
    np.testing.assert_allclose(theirs.value(w), ours.value(w), rtol=1e-13)
    np.testing.assert_allclose(theirs.grad(w), ours.grad(w), rtol=1e-12, atol=scale)
