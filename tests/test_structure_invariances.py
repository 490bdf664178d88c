"""Moves and symmetries that leave the value alone: found in the graph, tried in numbers."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import module
from test_zoo import bound
from zoo import ZOO

from gdsym.calculus.structure.invariances import directions, unused
from gdsym.calculus.structure.symmetries import symmetries
from gdsym.compiler import stages
from gdsym.explain import facts


def stable(text):
    return stages(text, "model.gd").stable


def short(text):
    """Each direction as its kind, its moves and what they differ along."""
    return {
        (
            found.kind,
            tuple((move.param, int(move.coefficient)) for move in found.moves),
            tuple(axis.dim for axis in found.moves[0].along),
        )
        for found in directions(stable(text))
    }


def moved(problem, theta, program, direction, rng):
    """The parameters after a random move."""
    dims = {param.name: param.dims for param in program.model.params}
    sizes = {name: entry["size"] for name, entry in problem.dims.items()}
    along = [axis.dim for axis in direction.moves[0].along]
    t = rng.uniform(0.5, 2.0, [sizes[dim] for dim in along])
    params = problem.unpack(theta)
    for move in direction.moves:
        own = dims[move.param]
        shaped = t.reshape([sizes[dim] if dim in along else 1 for dim in own])
        shaped = shaped if own else shaped.reshape(())
        if direction.kind == "shift":
            params[move.param] = params[move.param] + float(move.coefficient) * shaped
        else:
            params[move.param] = params[move.param] * shaped ** float(move.coefficient)
    return problem.pack(**params)


OF_ZOO = {
    "classifier": {("shift", (("b2", 1),), ())},
    "glove": {
        ("shift", (("a", -1), ("c", 1)), ()),
        ("scale", (("U", -1), ("V", 1)), ("f",)),
    },
    "mixture_of_regressions": {("shift", (("a", 1),), ())},
    "mixture_plane": {("shift", (("a", 1),), ())},
    "onehot": {("shift", (("W", 1),), ("d",))},  # the penalty of softmax_labels settles its W
    "parts": {("scale", (("W", -1), ("H", 1)), ("f",))},
    "policy": {("shift", (("b", 1),), ())},
    "softmax_labels": {("shift", (("b", 1),), ())},
}


@pytest.mark.parametrize("name", ZOO)
def test_the_flat_directions_of_the_zoo(name):
    assert short(ZOO[name][0]) == OF_ZOO.get(name, set())


@pytest.mark.parametrize("name", OF_ZOO)
def test_a_move_along_a_direction_of_the_zoo_leaves_the_value(name):
    problem, theta = bound(name)
    program = stable(ZOO[name][0])
    rng = np.random.default_rng(3)
    value = problem.value(theta)

    for direction in directions(program):
        after = problem.value(moved(problem, theta, program, direction, rng))
        assert after == pytest.approx(value, rel=1e-12)


Y = {"y": np.array([0.3, 1.2, -0.4, 2.0, 0.1])}
TABLE = {"a": np.array([0, 1, 2, 0, 1]), "c": np.array([0, 1, 1, 0, 0])}
HEAD = "dim k = 3, j = 2\ndata y[n], a[n] in k, c[n] in j\n"
MANY = [
    # an intercept and full sets of dummies
    (
        HEAD + "param m, u[k], v[j]\nloss sum((y - m - u[a] - v[c])^2)",
        {("shift", (("m", -1), ("u", 1)), ()), ("shift", (("m", -1), ("v", 1)), ())},
    ),
    # what the alternatives of a case have in common is no part of the choice among them
    (
        HEAD + "param w, u[k]\nlet z = w*y + u[a]\nloss sum(y*(log(onehot(a).T @ exp(z))[a] - z))",
        {("shift", (("u", 1),), ("k",))},
    ),
    # a table holds its margins
    (
        HEAD + "param u[k], T[k, j]\nloss sum((y - u[a] - T[a, c])^2)",
        {("shift", (("u", -1), ("T", 1)), ("k",))},  # with one t for all it is a case of this
    ),
    # two-parameter logistic: ability, hardness and power share an origin and a unit
    (
        HEAD + "param A[k], H[j], power[j] > 0\nloss sum(softplus(y*power[c]*(A[a] - H[c])))",
        {
            ("shift", (("A", 1), ("H", 1)), ()),
            ("scale", (("A", -1), ("H", -1), ("power", 1)), ()),
        },
    ),
    # a product in front of a sum
    (
        HEAD + "param w[k], s, b\nloss sum((y - s*(w[a] + b))^2)",
        {
            ("shift", (("w", -1), ("b", 1)), ()),
            ("scale", (("w", 1), ("s", -1), ("b", 1)), ()),
        },
    ),
    # of a Cobb-Douglas product only the sum of logs is seen
    (
        HEAD + "param p > 0, q > 0\nloss sum((y - log(p) - 2*log(q))^2)",
        {("scale", (("p", -2), ("q", 1)), ())},
    ),
    # ordered cut points and an intercept
    (
        "dim k = 3\ndim cut = k - 1\ndata y[n], a[n] in k\nparam b, w, t[cut] in ordered[cut]\n"
        "observe a ~ ordered_logit(b + w*y, t)",
        {("shift", (("b", 1), ("t", 1)), ())},
    ),
    (HEAD + "param u[k] in sumzero[k], m\nloss sum((y - m - u[a])^2)", set()),
    (HEAD + "param u[k] in base[k], m\nloss sum((y - m - u[a])^2)", set()),
    (HEAD + "param u[k], m\nloss sum((y - m - u[a])^2) + sum(u^2)", set()),
    (HEAD + "param u[k], m fixed = 0\nloss sum((y - m - u[a])^2)", set()),
    (HEAD + "param u[k] >= 0, m\nloss sum((y - m - u[a])^2)", set()),  # a bound is met
]


@pytest.mark.parametrize(("text", "expected"), MANY)
def test_directions_of_models_that_have_some(text, expected):
    found = directions(stable(text))

    assert short(text) == expected
    if found:
        data = {**Y, **TABLE}
        given = {d["arg"]: data[d["name"]] for d in module(text).DATA}
        problem = module(text).bind(**given)
        theta = problem.from_free(0.4 + 0.3 * np.sin(1 + np.arange(problem.size)))
        rng = np.random.default_rng(4)
        for direction in found:
            after = problem.value(moved(problem, theta, stable(text), direction, rng))
            assert after == pytest.approx(problem.value(theta), rel=1e-11)


def test_parameters_that_do_not_enter():
    text = "data y[n]\nparam a, b[n]\nparam c fixed = 1\nloss sum((y - a)^2)"

    assert unused(stable(text)) == ("b", "c")
    assert "`b` does not enter" in facts(text, "m.gd")["unidentified"]


# -- symmetries ---------------------------------------------------------------------------------

SYMMETRIES = {
    "biased_factors": {("turn", "f")},
    "classifier": {("order", "h")},
    "factorization_machine": {("turn", "f")},
    "glove": {("turn", "f")},
    "implicit_ranking": {("turn", "f")},
    "mixture_of_regressions": {("order", "k")},
    "mixture_plane": {("order", "k")},
    "parts": {("order", "f")},  # bounds forbid to turn it
    "principal": {("turn", "f")},
    "rastrigin": {("sign", None)},
    "two_layers": {("order", "h"), ("sign", "h"), ("order", "g")},  # softplus is not odd
    "covariance": {("sign", None)},  # B @ B.T
}


@pytest.mark.parametrize("name", SYMMETRIES)
def test_the_symmetries_of_the_zoo(name):
    found = symmetries(stable(ZOO[name][0]))

    assert {(one.kind, one.dim) for one in found} == SYMMETRIES[name]


@pytest.mark.parametrize("name", [name for name, found in SYMMETRIES.items() if found])
def test_a_symmetry_of_the_zoo_leaves_the_value(name):
    problem, theta = bound(name)
    program = stable(ZOO[name][0])
    dims = {param.name: param.dims for param in program.model.params}
    value = problem.value(theta)
    rng = np.random.default_rng(8)

    for symmetry in symmetries(program):
        params = problem.unpack(theta)
        if symmetry.dim is None:
            params |= {name: -params[name] for name in symmetry.params}
        else:
            size = problem.dims[symmetry.dim]["size"]
            turn = {
                "order": np.roll(np.eye(size), 1, axis=0),
                "sign": np.diag(np.where(np.arange(size) == 0, -1.0, 1.0)),
                "turn": np.linalg.qr(rng.standard_normal((size, size)))[0],
            }[symmetry.kind]
            for name in symmetry.params:
                axis = dims[name].index(symmetry.dim)
                turned = np.tensordot(params[name], turn, (axis, 0))
                params[name] = np.moveaxis(turned, -1, axis)
        assert problem.value(problem.pack(**params)) == pytest.approx(value, rel=1e-11)


def test_a_dimension_that_data_know_keeps_its_order():
    text = "dim k = 2\ndata X[n, k], y[n]\nparam w[k], v[k]\nloss sum((y - (X*w) @ v)^2)"
    known = "dim k = 2\ndata y[n]\nconst c[k] = [1, 2]\nparam w[k]\n"
    known += "loss sum[n, k]((y - c*w)^2) + sum(w)^2"

    for model in (text, known):
        assert all(found.dim is None for found in symmetries(stable(model)))


def test_the_words_for_invariances():
    told = facts(ZOO["glove"][0], "glove.gd")

    assert told["invariances"] == [
        "scale: `U`/t, `V`*t, t for each f",
        "shift: `a` - t, `c` + t",
        "rotations of f in `U`, `V`",
    ]
    told = facts(ZOO["onehot"][0], "onehot.gd")
    assert told["unidentified"] == [
        "the level of `W`: write `W[d, k] in base[k]` or `in sumzero[k]`"
    ]
