"""Kinks, proximal terms, predictors, linear parameters, curvature and cost, each on its own."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import module
from oracle import Case
from test_zoo import bound
from zoo import ZOO

from gdsym.calculus.notation import Notation
from gdsym.calculus.structure import structure
from gdsym.calculus.structure.cost import cost, total
from gdsym.calculus.structure.linear_parameters import linear_parameters
from gdsym.calculus.structure.parts import parts
from gdsym.calculus.structure.smoothness import smoothness
from gdsym.calculus.structure.squares import squares
from gdsym.compiler import stages
from gdsym.explain import facts
from gdsym.run.rates import largest_curvature, safe_rate

HEAD = (
    "dim k = 3\ndata X[n, d], y[n], g[d] in groups\nparam w[d], b, W[d, k], s > 0\nconst lam = 2\n"
)


def terms(loss):
    """The proximal terms: parameter, dimensions of the norm, weight; and what kinks are left."""
    program = stages(HEAD + loss, "m.gd").stable
    found = parts(program)
    text = Notation.of(program).text
    shown = [(t.param, tuple(a.dim for a in t.over), text(t.weight)) for t in found.terms]
    return shown, [(text(kink.node), kink.order) for kink in found.kinks]


SMOOTH = "loss sum((y - X @ w)^2)\n"


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        ("lam*norm1(w)", [("w", (), "lam")]),
        ("lam*sum(abs(w))/n + b^2", [("w", (), "lam/n")]),
        ("3*abs(b) + norm1(w)", [("w", (), "1"), ("b", (), "3")]),
        ("sum(abs(2*w))", [("w", (), "2")]),
        ("lam*norm(w)", [("w", ("d",), "lam")]),
        ("sum(norm[k](W))", [("W", ("k",), "1")]),
        ("sum(norm[d](W))", [("W", ("d",), "1")]),
        ("norm1(W) + norm(w)", [("W", (), "1"), ("w", ("d",), "1")]),
        ("lam*sum(sqrt(onehot(g).T @ w^2))", [("w", ("d",), "lam")]),
        ("sum((k - 2)*abs(w))", [("w", (), "k - 2")]),
    ],
)
def test_terms_with_a_proximal_step(penalty, expected):
    found, left = terms(SMOOTH + "penalty " + penalty)

    assert sorted(found) == sorted(expected)
    assert left == []


@pytest.mark.parametrize(
    ("penalty", "left"),
    [
        ("-norm1(w)", 1),  # no minimum there
        ("sum(abs(w - 1))", 1),  # kinks elsewhere
        ("sum(abs(X @ w))", 1),
        ("norm1(w)^2", 1),
        ("exp(norm1(w)) + norm1(w)", 1),  # the same kinks inside something that bends
        ("abs(s)", 0),  # an open bound: s never is 0, and moves in other coordinates
        ("sum(max(0, w))", 1),
    ],
)
def test_kinks_without_one(penalty, left):
    found, kinks = terms(SMOOTH + "penalty " + penalty)

    assert found == []
    assert len([order for _, order in kinks if order == 1]) >= left


def test_the_order_of_a_kink():
    def orders(loss):
        return [order for _, order in terms(loss)[1]]

    assert orders("loss sum(abs(y - b))") == [1]
    assert orders("loss sum(max(0, y - b)^2)") == [2]
    assert orders("loss sum(relu(y - b)^3)") == [2]
    assert orders("loss sum(huber(y - b, 1))") == [2]
    assert orders("loss norm(w)^2") == []  # a square of a norm is smooth
    assert orders("loss norm(w)^3") == []
    assert orders("loss sum(sign(b)*y)") == [0]
    assert orders("loss sum((y > 0)*(y - b)^2)") == []  # data jump, parameters do not
    assert orders("loss sum(sqrt((y - b)^2 + s^2))") == []  # s is above 0
    assert orders("loss max(W) + b^2") == [1]
    assert orders("loss sum(where(b > y, 2*(b - y), y - b))") == [1]
    assert orders("loss sum(where(abs(b) < 1, b^2/2, abs(b) - 1/2))") == [
        1,
        2,
    ]  # abs, and the join
    assert orders("loss sum(where(b > y, 1, 0)*y)") == [0]
    assert orders("loss sum(where(y > 0, b^2, 0))") == []


@pytest.mark.parametrize("name", ["elastic_net", "group_lasso"])
def test_the_smooth_part_and_the_terms_are_the_value(name):
    case = Case(*ZOO[name])
    program = case.stages.stable
    found = parts(program)
    theta = case.theta

    made = case.table(found.smooth, theta, program)[()]
    for term in found.terms:
        length = case.table(term.node, theta, program)
        weight = case.table(term.weight, theta, program)
        for index, entry in length.items():
            own = tuple(
                i
                for i, axis in zip(index, term.node.axes, strict=True)
                if axis in term.weight.axes
            )
            made += weight[own] * entry
    assert abs(made - case.value(theta)) < 1e-40


def test_the_weights_of_proximal_terms_are_in_the_module():
    text = HEAD + SMOOTH + "penalty lam*norm1(w)/n + 3*sum(sqrt(d)*norm[k](W))"
    made = module(text)
    problem = made.bind(X=np.ones((4, 2)), y=np.ones(4), g=[0, 1], lam=5)

    assert made.PROXIMAL == ({"param": "w", "over": ()}, {"param": "W", "over": ("k",)})
    first, second = problem.proximal_weights()
    assert float(first) == 5 / 4
    assert np.broadcast_to(second, 2) == pytest.approx([3 * 2**0.5] * 2)
    assert module(HEAD + SMOOTH).PROXIMAL == ()


# -- predictors and linear parameters -----------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "rows", "scalars"),
    [
        ("loss sum((y - X @ w - b)^2)", ["X @ w + b"], []),
        ("loss sum(exp(X @ w + b) - y*(X @ w + b))", ["X @ w + b"], []),
        ("loss sum(log(s) + (y - X @ w)^2/s)", ["X @ w"], ["s"]),
        ("loss sum(softplus(y*(X @ w)))\npenalty sum(w^2)", ["X @ w"], []),
        ("loss sum(logsumexp[k](X @ W)) - sum(max[k](X @ W))", ["X @ W"], []),
        ("loss sum(tanh(X @ W) @ W.T)", [], []),
        ("loss sum((y - tanh(X @ w)*s)^2)", ["X @ w"], ["s"]),
    ],
)
def test_predictors(loss, rows, scalars):
    told = facts(HEAD + loss, "m.gd")

    assert (told["predictors"], told["scalars"]) == (rows, scalars)
    assert told["generalised_linear"] == (len(rows) == 1 and not scalars)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("growth", ("b1",)),
        ("logistic_growth", ("b1",)),
        ("yield_curve", ("level", "slope", "bend")),
        ("smile", ("a", "b")),
        ("least_squares", ("w", "b")),
        ("biased_factors", ("U", "bu", "bi", "m")),
        ("himmelblau", ()),
        ("rosenbrock", ("y",)),
    ],
)
def test_parameters_that_enter_linearly(name, expected):
    program = stages(ZOO[name][0], "m.gd").stable

    assert linear_parameters(program, squares(program)) == expected


@pytest.mark.parametrize("name", ["growth", "yield_curve", "smile", "two_layers"])
def test_residuals_are_affine_in_them(name):
    problem, theta = bound(name)
    program = stages(ZOO[name][0], "m.gd").stable
    found = linear_parameters(program, squares(program))
    other = problem.unpack(theta)
    change = {key: np.asarray(other[key]) + 0.7 for key in found}
    far = {key: np.asarray(other[key]) + 2.1 for key in found}

    first, second, third = (
        problem.residuals(problem.pack(**(other | moved))) for moved in ({}, change, far)
    )
    np.testing.assert_allclose(third - first, 3 * (second - first), rtol=1e-9, atol=1e-9)


# -- curvature ----------------------------------------------------------------------------------

BOUNDED = {
    "blend": True,
    "bradley_terry": False,
    "isotonic": True,
    "kernel_ridge": True,
    "least_squares": True,
    "logistic": False,
    "margin": False,
    "nonnegative": True,
    "onehot": False,
    "probit": False,
    "quadratic": True,
    "smoothing": True,
    "softmax_labels": False,
    "squared_hinge": False,
    "standardized_ridge": True,
    "travel": False,
    "two_way": True,
    "words": False,
}


@pytest.mark.parametrize("name", ZOO)
def test_which_models_of_the_zoo_have_a_bound_on_their_curvature(name):
    program = stages(ZOO[name][0], "m.gd").stable

    found = smoothness(program, structure(program).given)

    assert (found.constant if found is not None else None) == BOUNDED.get(name)


def second_derivatives(problem, theta):
    h = 1e-4
    rows = [
        problem.value_and_grad(theta + h * e)[1] - problem.value_and_grad(theta - h * e)[1]
        for e in np.eye(problem.size)
    ]
    return np.array(rows) / (2 * h)


@pytest.mark.parametrize("name", BOUNDED)
def test_no_hessian_is_larger_than_the_bound(name):
    text, data = ZOO[name]
    made = module(text)
    problem = made.bind(**data)
    program = stages(text, "m.gd").stable
    bound_at_zero = smoothness(program, structure(program).given)
    halves = [max(1, problem.dims[dim]["size"] / 2) for dim in bound_at_zero.halves]
    limit = bound_at_zero.factor * np.prod(halves) * largest_curvature(problem)

    rng = np.random.default_rng(1)
    largest = [
        np.linalg.eigvalsh(second_derivatives(problem, scale * rng.standard_normal(problem.size)))
        for scale in (0, 0.1, 1, 3, 10)
    ]
    # The bound is met where it is constant; differences of gradients have about 8 digits.
    assert max(values[-1] for values in largest) <= limit * (1 + 1e-6)
    if bound_at_zero.constant:
        assert largest[-1][-1] == pytest.approx(limit, rel=1e-6)


def test_the_safe_rate_of_least_squares():
    made = module("data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)")
    problem = made.bind(x=[1.0, 2.0], y=[0.0, 1.0])

    found = safe_rate(made, problem)

    assert found.curvature == pytest.approx(10, rel=1e-6)  # 2*(1 + 4)
    assert found.safe == pytest.approx(0.1, rel=1e-6)
    assert found.limit == pytest.approx(0.2, rel=1e-6)


def test_no_rate_is_safe_for_an_exponential():
    made = module(ZOO["poisson_offset"][0])

    assert safe_rate(made, made.bind(**ZOO["poisson_offset"][1])) is None


# -- cost ---------------------------------------------------------------------------------------


def test_the_cost_of_a_line():
    counted = cost(
        stages("data X[n, d], y[n]\nparam w[d]\nloss sum((y - X @ w)^2)", "m.gd").lowered
    )

    # X @ w and its transpose: a product and a sum for each entry. A difference, a square, its sum,
    # and a factor 2 for each row or, taken out of the sum, for none.
    assert counted.operations[("d",)] == 4
    assert counted.operations[()] in (3, 4)
    assert counted.bytes == {("d",): 8, (): 8}
    assert total(counted.bytes, {"d": 30}) == 248


def test_a_gather_costs_no_pass_over_its_table():
    text = "dim k = 9\ndata a[n] in k, y[n]\nparam u[k]\nloss sum((y - u[a])^2)"

    assert set(cost(stages(text, "m.gd").lowered).operations) == {()}


def test_a_matrix_of_the_rows_costs_its_square_for_each_row():
    text = "data X[n, d], y[n]\nparam s > 0\n"
    text += "let K = exp(-sqdist(X, X)) + s*eye(n)\nloss logdet(K) + y @ inv(K) @ y"

    counted = cost(stages(text, "m.gd").lowered)

    # The factors and the inverse, which the gradient needs; the distances are of data alone.
    assert counted.operations[("n", "n")] == 1 + 2


def test_what_data_alone_decide_costs_nothing():
    plain = "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)"
    scaled = "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)/sum(exp(x)^2)"

    assert cost(stages(plain, "m.gd").lowered).bytes == cost(stages(scaled, "m.gd").lowered).bytes
