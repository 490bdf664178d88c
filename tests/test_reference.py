"""The reference interpreter against values worked out by hand."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from gdsym.calculus.build import build
from gdsym.calculus.program import Axis, Delta, Factor
from gdsym.calculus.reference import Arithmetic, evaluate
from gdsym.language.check import load_model


def built(text):
    return build(load_model(text, "model.gd"))


def loss(text, values, sizes, **options):
    program = built(text)
    return evaluate(program, [program.value], values, sizes, **options)[program.value][()]


X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


# -- kinds of node -------------------------------------------------------------------------------


def test_a_map_is_applied_to_every_entry_with_arguments_aligned_by_name():
    text = "data X[n, d]\ndata y[n]\nparam w[d]\nlet r[n, d] = y*X - w\nloss sum(r^2)"
    program = built(text)
    values = {"X": X, "y": [1.0, -1.0], "w": [1.0, 0.0, 10.0]}

    found = evaluate(program, [program.lets["r"], program.value], values, {"n": 2, "d": 3})

    r = program.lets["r"]
    assert r.axes == (Axis("d"), Axis("n"))  # the rows come last
    assert found[r] == {
        (0, 0): 1 - 1,
        (1, 0): 2 - 0,
        (2, 0): 3 - 10,
        (0, 1): -4 - 1,
        (1, 1): -5 - 0,
        (2, 1): -6 - 10,
    }
    assert found[program.value] == {(): 0 + 4 + 49 + 25 + 25 + 256}


def test_a_contraction_sums_a_product_over_every_bound_index():
    text = "data X[n, d]\nparam w[d], V[d, d]\nloss sum((X @ w)^2) + w @ V @ w + sum(V @ V)"
    values = {"X": X, "w": [1, 2, -1], "V": [[1, 2, 0], [0, 1, 0], [3, 0, 1]]}

    # X w = (2, 8); w V w = (1+4-3) + (2*2) + ... worked out as w.(V w) with V w = (5, 2, 2)
    # V V = [[1, 4, 0], [0, 1, 0], [6, 6, 1]]
    assert loss(text, values, {"n": 2, "d": 3}) == (4 + 64) + (5 + 4 - 2) + (5 + 1 + 13)


def test_a_delta_with_a_source_reads_at_codes():
    text = "dim k = 3\ndata a[n] in k\nparam u[k]\nloss sum(u[a]) + 10*sum(onehot(a).T @ u[a])"
    values = {"a": np.array([2, 0, 2, 1]), "u": [1.0, 10.0, 100.0]}

    assert loss(text, values, {"n": 4, "k": 3}) == 211 + 10 * 211


def test_an_entry_that_is_not_read_does_not_count_even_if_infinite():
    text = "dim k = 2\ndata a[n] in k\nparam u[k]\nloss sum(log(u)[a])"

    assert loss(text, {"a": [1, 1], "u": [0.0, 1.0]}, {"n": 2, "k": 2}) == 0


def test_a_delta_without_a_source_is_the_identity():
    program = built("data S[d, d]\nparam w[d]\nloss sum(S) + sum(w)")
    graph, (d, e) = program.graph, (Axis("d"), Axis("d", 1))
    leaf = graph.leaf("data", "S", (d, e))
    # Both indices stay: what is off the diagonal is 0.
    diagonal = graph.contract([Factor(leaf, (d, e))], [Delta(None, (d,), e)], [d, e])

    found = evaluate(program, [diagonal], {"S": [[1, 2], [3, 4]]}, {"d": 2})[diagonal]

    assert found == {(0, 0): 1, (0, 1): 0, (1, 0): 0, (1, 1): 4}


def test_logsumexp_and_max_reduce_the_named_axes():
    program = built("data X[n, d]\nparam w\nlet z = logsumexp[d](log(X*w))\nloss sum(z)")
    graph, z = program.graph, program.lets["z"]
    top = graph.reduce("max", graph.leaf("data", "X", (Axis("n"), Axis("d"))), [Axis("n")])

    found = evaluate(program, [z, top], {"X": X, "w": 1.0}, {"n": 2, "d": 3})

    assert found[z] == pytest.approx({(0,): math.log(6), (1,): math.log(15)}, rel=1e-15)
    assert found[top] == {(0,): 4, (1,): 5, (2,): 6}


def test_logsumexp_neither_overflows_nor_loses_a_lone_minus_infinity():
    arithmetic = Arithmetic()

    assert arithmetic.logsumexp([1000.0, 1000.0]) == 1000 + math.log(2)
    assert arithmetic.logsumexp([-math.inf, -math.inf]) == -math.inf


def test_products_and_the_place_of_the_largest():
    program = built("data X[n, d]\nparam w\nloss w*sum(X)")
    graph, x = program.graph, program.graph.leaf("data", "X", (Axis("n"), Axis("d")))
    product = graph.reduce("prod", x, [Axis("d")])
    others, first = graph.others(x, Axis("d")), graph.argmax(x, Axis("d"))

    values = {"X": [[2, 3, 4], [5, 5, 0]]}
    found = evaluate(program, [product, others, first], values, {"n": 2, "d": 3})

    assert found[product] == {(0,): 24, (1,): 0}
    rows = [[found[others][d, n] for d in range(3)] for n in range(2)]
    assert rows == [[12, 8, 6], [0, 0, 25]]
    assert found[first] == {(0,): 2, (1,): 0}


# -- leaves --------------------------------------------------------------------------------------


def test_sizes_constants_and_labels():
    text = """
dim k in {"low", "mid", "high"}
data y[n]
const c = 1/3
const r[k] = [1, 2, 4]
param u[k]
loss n*pi + c + sum(r*u) + u["mid"] + sum(y)
"""
    found = loss(text, {"y": [0.0] * 5, "u": [1.0, 10.0, 100.0]}, {"n": 5, "k": 3}, digits=40)

    with mpmath.workdps(40):
        assert mpmath.almosteq(found, 5 * mpmath.pi + mpmath.mpf(1) / 3 + 421 + 10, 1e-38)


def test_labels_that_the_text_does_not_declare_are_given():
    text = 'data X[n, d]\nparam w[d]\nloss w["age"] + sum(X)'
    values = {"X": [[0, 0]], "w": [1.0, 7.0]}

    assert loss(text, values, {"n": 1, "d": 2}, labels={"d": ["bmi", "age"]}) == 7


def test_a_constant_that_is_given_wins():
    text = "data y[n]\nconst c = 2\nparam m\nloss c*m + sum(y)"

    assert loss(text, {"y": [1.0], "m": 3.0}, {"n": 1}) == 7
    assert loss(text, {"y": [1.0], "m": 3.0, "c": 5.0}, {"n": 1}) == 16


def test_data_that_are_missing_take_their_default():
    text = "data y[n]\ndata wt[n] = 3\nparam m\nloss sum(wt*y*m)"

    assert loss(text, {"y": [1.0, 2.0], "m": 1.0}, {"n": 2}) == 9


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(KeyError):
        loss("data y[n]\nparam m\nloss sum(y*m)", {"y": [1.0]}, {"n": 1})


def test_statistics_are_learnt_or_given():
    text = "data x[n]\nparam w\nloss sum(standardize(x)*w*x)"
    values = {"x": [1.0, 3.0, 5.0], "w": 1.0}

    # mean 3, deviation sqrt(8/3): (-2*1 + 0 + 2*5)/sqrt(8/3)
    assert loss(text, values, {"n": 3}) == pytest.approx(8 / math.sqrt(8 / 3), rel=1e-15)
    given = {"x.mean": {(): 1.0}, "x.sd": {(): 2.0}}
    assert loss(text, values, {"n": 3}, stats=given) == (0 + 2 * 3 + 4 * 5) / 2


def test_a_constant_column_has_deviation_one():
    text = "data x[n]\nparam w\nloss sum((standardize(x) + 1)*w)"

    assert loss(text, {"x": [4.0, 4.0], "w": 1.0}, {"n": 2}) == 2


# -- arithmetic ----------------------------------------------------------------------------------


def test_digits_are_as_many_as_asked_for():
    arithmetic = Arithmetic(50)
    third = arithmetic.number(Fraction(1, 3))

    root = arithmetic.call("sqrt", arithmetic.number(Fraction(2)))

    assert arithmetic.mp.nstr(third, 50) == "0." + 50 * "3"
    assert arithmetic.mp.nstr(root, 50) == "1.4142135623730950488016887242096980785696718753769"


def test_data_are_taken_exactly():
    found = loss("data y[n]\nparam m\nloss sum(y)*m", {"y": [0.1], "m": 1}, {"n": 1}, digits=50)

    assert found == Fraction(0.1)


def test_exponents_have_no_end_at_50_digits():
    arithmetic = Arithmetic(50)
    tiny = arithmetic.call("exp", arithmetic.mp.mpf(-(10**6)))

    assert tiny > 0
    assert arithmetic.call("log", tiny) == -(10**6)


def test_doubles_follow_ieee_where_python_raises():
    call = Arithmetic().call

    assert call("exp", 1000.0) == math.inf
    assert call("log", 0.0) == -math.inf
    assert call("pow", 0.0, -1.0) == math.inf
    assert math.isnan(call("log", -1.0))
    assert math.isnan(call("sqrt", -1.0))
    assert math.isnan(Arithmetic(50).call("log", Arithmetic(50).mp.mpf(-1)))


@pytest.mark.parametrize("digits", [None, 50])
@pytest.mark.parametrize(
    ("op", "args", "result"),
    [
        ("where", (0, 2, 3), 3),
        ("where", (0.5, 2, 3), 2),
        ("min", (2, -3), -3),
        ("max", (2, -3), 2),
        ("lt", (1, 2), 1),
        ("ge", (1, 2), 0),
        ("eq", (2, 2), 1),
        ("ne", (2, 2), 0),
        ("and", (2, 0), 0),
        ("or", (2, 0), 1),
        ("not", (0,), 1),
        ("sign", (-7,), -1),
        ("abs", (-7,), 7),
        ("log2", (8,), 3),
        ("xlogy", (0, 0), 0),
        ("huber", (3, 1), 2.5),
        ("clip", (9, 0, 4), 4),
        ("add", (1, 2, 3), 6),
        ("mul", (2, 3, 4), 24),
        ("add", (), 0),
        ("mul", (), 1),
        ("pow", (2, -2), 0.25),
    ],
)
def test_what_functions_mean(op, args, result, digits):
    arithmetic = Arithmetic(digits)

    assert arithmetic.call(op, *map(arithmetic.mp.mpf, args)) == result


@pytest.mark.parametrize(
    ("op", "x", "result"),
    [
        ("digamma", 1, "-0.57721566490153286060651209008240243104215933593992"),
        ("trigamma", 1, "1.6449340668482264364724151666460251892189499012068"),
        ("normal_cdf", -1, "0.15865525393145705141476745436796207752208703327340"),
        ("lgamma", 0.5, "0.57236494292470008707171367567652935582364740645766"),
        ("sigmoid", 1, "0.73105857863000487925115924182183627436514464016506"),
    ],
)
def test_functions_at_50_digits(op, x, result):
    arithmetic = Arithmetic(50)
    found = arithmetic.call(op, arithmetic.mp.mpf(x))

    assert abs(found - arithmetic.mp.mpf(result)) < arithmetic.mp.mpf(10) ** -49
