"""Names of a model that Python, NumPy or the generated module use too."""

import keyword

import numpy as np
import pytest
from compiled import assert_gradient, module

NAMES = [
    *("lambda", "class", "None", "theta", "dims", "seed", "lr", "method", "stats", "m", "rows"),
    *("block", "totals", "acc", "sums", "np", "math", "json", "f", "g", "t", "t1", "t2", "T"),
    *("state", "x0", "self", "range", "len", "sum", "float", "dict", "print", "tuple", "int"),
    *("str", "known", "consts", "given", "stage", "key", "value", "grad", "init", "bind", "pack"),
    *("hess", "hvp", "direction", "shape", "order", "scores", "residual", "offset", "w_along"),
    *("prepare", "partial", "merge", "empty", "finish", "predict", "special", "size", "blocks"),
    *("Any", "Array", "Problem", "i", "n_rows", "loss", "data", "param", "_split", "_join"),
    *("_rows", "_code", "_split_", "__init__", "__class__", "__name__", "MODEL", "DIMS", "ROW"),
]

# Every place where a name may stand; and a model of scalars without data, which is written
# otherwise.
MODEL = """
data {0}[{1}, {2}], {3}[{1}]
data {4}[{1}] in {5}
param {6}[{2}] = normal(0, 1), {7} = 1
param {8}[{5}]
const {9} = 2, {10} = {9}*3
let {11} = sigmoid({0} @ {6}) + {8}[{4}]
let {12} = standardize({0}) @ {6} + {11}
loss sum(({11}*{7} - {3})^2)/{1} + {9}*log(mean(exp({12})))
penalty {10}*sum({8}^2)/{5} + lgamma({7}) + {2}
predict {11} = {9}*{11}*{7} + {10}
"""
SCALARS = "param {0} = 1, {1} = 2\nconst {2} = 3\nloss ({0} - {1})^2 + {2}*{0}^4*{1}"


def named(text, first):
    """The text with names in their places, from the given one on."""
    return text.format(*(NAMES[(first + place) % len(NAMES)] for place in range(13)))


def plain(text):
    return text.format(*(f"p{place}" for place in range(13)))


@pytest.mark.parametrize("first", range(len(NAMES)), ids=NAMES)
def test_a_model_runs_whatever_its_names(first):
    rng = np.random.default_rng(7)
    data = [rng.normal(size=(6, 3)), rng.normal(size=6), np.array([0, 1, 2, 3, 1, 0])]
    generated, twin = module(named(MODEL, first)), module(plain(MODEL))
    arguments = {entry["name"]: entry["arg"] for entry in generated.DATA}
    by_name = dict(zip(arguments.values(), data, strict=True))
    problem, other = generated.bind(**by_name), twin.bind(*data)
    theta = other.init() + rng.uniform(0.1, 0.3, other.size)

    f, g = problem.value_and_grad(theta)

    # A name changes no digit, in any of the forms.
    assert f == other.value(theta) == generated.value(theta, *data)
    np.testing.assert_array_equal(g, other.grad(theta))
    of_params = {entry["name"]: entry["arg"] for entry in generated.PARAMS}
    params = {of_params[name]: value for name, value in problem.unpack(theta).items()}
    np.testing.assert_array_equal(problem.pack(**params), theta)
    np.testing.assert_array_equal(generated.pack(**params), theta)
    assert len(problem.trace(theta, [1])) == len(other.trace(theta, [1])) > 2
    (constant, _) = (entry["arg"] for entry in generated.CONSTS)
    assert generated.bind(*data, **{constant: 2}).value(theta) == f
    assert generated.bind(*data, **{constant: 1}).value(theta) < f
    given = {
        name: by_name[name]
        for name in by_name
        if name != arguments[NAMES[(first + 3) % len(NAMES)]]
    }
    (predicted,) = generated.predict(
        theta, **given, dims=problem.dims, stats=problem.stats
    ).values()
    (expected,) = twin.predict(
        theta, data[0], data[2], dims=other.dims, stats=other.stats
    ).values()
    np.testing.assert_array_equal(predicted, expected)
    totals = generated.prepare([data], **{constant: 2})
    acc = None
    for _ in range(generated.PASSES):
        acc = generated.empty(totals, after=acc)
        generated.partial(theta, data, totals, acc)
    assert generated.finish(theta, acc, totals)[0] == f


def test_the_model_of_all_places_has_the_right_gradient():
    rng = np.random.default_rng(7)
    problem = module(plain(MODEL)).bind(
        rng.normal(size=(6, 3)), rng.normal(size=6), [0, 1, 2, 0, 1, 0]
    )

    assert_gradient(problem, problem.init() + 0.2)


@pytest.mark.parametrize("first", range(len(NAMES)), ids=NAMES)
def test_scalars_without_data_run_whatever_their_names(first):
    problem = module(named(SCALARS, first)).bind()
    a, b = 0.7, -1.3

    f, g = problem.value_and_grad([a, b])

    assert f == pytest.approx((a - b) ** 2 + 3 * a**4 * b, rel=1e-14)
    np.testing.assert_allclose(g, [2 * (a - b) + 12 * a**3 * b, 2 * (b - a) + 3 * a**4])


@pytest.mark.parametrize("name", ["theta", "dims", "seed", "lr", "method", "stats", "lambda"])
def test_arguments_and_keywords_get_an_underscore_in_python_only(name):
    generated = module(f"data X[n, d]\ndata {name}[n]\nparam w[d]\nloss sum(({name} - X @ w)^2)")

    entry = generated.DATA[1]
    problem = generated.bind(np.ones((2, 1)), **{f"{name}_": np.ones(2)})

    assert entry["name"] == name
    assert entry["arg"] == f"{name}_"
    assert problem.n_rows == 2


def test_names_that_an_underscore_would_merge_stay_apart():
    text = (
        "data lambda[n]\ndata lambda_[n]\nparam lambda__ = 1\n"
        "loss sum((lambda - lambda_*lambda__)^2)"
    )
    generated = module(text)

    f = generated.value([3], [1, 2], [4, 5])

    assert f == (1 - 12) ** 2 + (2 - 15) ** 2
    assert len({entry["arg"] for entry in (*generated.DATA, *generated.PARAMS)}) == 3


def test_every_keyword_of_python_may_be_a_parameter():
    reserved = {"and", "or", "not", "in"}
    names = [name for name in keyword.kwlist if name not in reserved]
    text = "".join(f"param {name} = 1\n" for name in names)

    problem = module(text + f"loss ({' + '.join(names)})^2").bind()

    assert problem.value(problem.init()) == len(names) ** 2
    assert problem.theta_names == names


def test_constants_and_steps_named_like_temporaries_do_not_meet():
    text = (
        "data X[n, d]\nparam w[d]\nlet t2 = X @ w\nlet t1 = exp(t2/4)\nlet t3 = t1*t2\n"
        "let t4 = softplus(t3) + t1\nloss sum(t4^2 + sigmoid(t4)*t3)"
    )
    renamed = text
    for k in (1, 2, 3, 4):
        renamed = renamed.replace(f"t{k}", f"s{k}")
    X, w = np.linspace(-1, 1, 12).reshape(4, 3), np.array([0.3, -0.7, 1.1])

    f, g = module(text).value_and_grad(w, X)
    f2, g2 = module(renamed).value_and_grad(w, X)

    assert f == f2
    np.testing.assert_array_equal(g, g2)
    assert_gradient(module(text).bind(X), w)
