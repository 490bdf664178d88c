"""Data of any make give the right answer or a clear error, and are never changed."""

import tracemalloc

import numpy as np
import pytest
from compiled import module
from scipy.special import logsumexp

import gdsym

TEXT = """
model inputs
dim k = 3
data X[n, d]
data y[n] in k
data wt[n] > 0 = 1
data S[d, d] = 2
param W[d, k], b[k]
const lam >= 0 = 0.1
let Z = X @ W + b
loss sum(wt*(logsumexp[k](Z) - Z[y]))
penalty lam*sum(W^2) + sum(S @ W)
predict p[n, k] = wt*softmax[k](Z)
"""
X = np.arange(14).reshape(7, 2) % 5
Y = np.array([0, 1, 2, 0, 1, 2, 1])
THETA = np.linspace(-1, 1, 9)


def by_hand(X, y, wt=1.0, S=2.0, lam=0.1):
    W, b = THETA[:6].reshape(2, 3), THETA[6:]
    Z = X @ W + b
    rows = logsumexp(Z, axis=1) - Z[np.arange(len(y)), y]
    return np.sum(wt * rows) + lam * np.sum(W**2) + np.sum(np.broadcast_to(S, (2, 2)) @ W)


def value(*data, **options):
    return module(TEXT).value(THETA, *data, **options)


def strided(array):
    wide = np.zeros((len(array) * 2, *(2 * s for s in array.shape[1:])), dtype=array.dtype)
    wide[(slice(None, None, -2),) + (slice(None, None, 2),) * (array.ndim - 1)] = array
    return wide[(slice(None, None, -2),) + (slice(None, None, 2),) * (array.ndim - 1)]


def read_only(array):
    array = array.astype(float)
    array.flags.writeable = False
    return array


def on_disk(array, folder):
    file = folder / f"{array.ndim}.npy"
    np.save(file, array)
    return np.load(file, mmap_mode="r")


@pytest.mark.parametrize(
    "made",
    [
        np.asfortranarray,
        strided,
        read_only,
        lambda a: a.tolist(),
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.float16),
        lambda a: a.astype(np.int8),
        lambda a: a.astype(np.uint64),
        lambda a: a.astype(">f8"),
        lambda a: a.astype(">i2"),
        lambda a: np.ma.masked_array(a, mask=False),
        lambda a: a.astype(float).view(np.matrix) if a.ndim == 2 else a,
    ],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_arrays_of_any_make_give_the_same_value(made):
    assert value(made(X), made(Y)) == pytest.approx(by_hand(X, Y), rel=1e-14)


def test_memory_maps_are_read(tmp_path):
    f = value(on_disk(X.astype(float), tmp_path), on_disk(Y, tmp_path))

    assert f == pytest.approx(by_hand(X, Y), rel=1e-14)


def test_booleans_are_numbers():
    f = value(X > 2, Y, wt=np.ones(7, dtype=bool))

    assert f == pytest.approx(by_hand(1 * (X > 2), Y), rel=1e-14)


@pytest.mark.parametrize("rows", [1, 2])
def test_few_rows_are_enough(rows):
    assert value(X[:rows], Y[:rows]) == pytest.approx(by_hand(X[:rows], Y[:rows]), rel=1e-14)


def test_one_column_and_no_column_are_matrices_too():
    generated = module(TEXT)
    one = generated.bind(X[:, :1], Y)
    none = generated.bind(X[:, :0], Y)
    b = np.array([0.1, 0.2, 0.3])

    assert one.size == 6
    assert none.value(b) == pytest.approx(7 * logsumexp(b) - b[Y].sum(), rel=1e-14)
    assert none.grad(b).shape == (3,)


def test_categories_that_no_row_has_keep_their_place():
    y = np.array([1] * 7)

    assert value(X, y) == pytest.approx(by_hand(X, y), rel=1e-14)


def test_optional_data_have_their_default():
    wt, S = np.linspace(1, 2, 7), np.array([[1, 2], [3, 4]])

    assert value(X, Y, wt) == pytest.approx(by_hand(X, Y, wt), rel=1e-14)
    assert value(X, Y, S=S) == pytest.approx(by_hand(X, Y, S=S), rel=1e-14)
    assert value(X, Y, wt, S, lam=0) == pytest.approx(by_hand(X, Y, wt, S, 0), rel=1e-14)
    p = module(TEXT).predict(THETA, X)["p"]
    np.testing.assert_allclose(p.sum(1), np.ones(7))
    np.testing.assert_allclose(module(TEXT).predict(THETA, X, wt)["p"].sum(1), wt)


def test_an_optional_table_is_filled_in_predictions_too():
    text = (
        "data X[n, d]\ndata O[n, d] = 2\ndata v[d] = 3\nparam w[d]\n"
        "loss sum(((X + O) @ w)^2) + sum(v*w)\npredict z = (X + O) @ (w*v)"
    )

    z = module(text).predict(np.ones(2), X)["z"]

    np.testing.assert_allclose(z, (X + 2) @ [3, 3])


def test_data_that_only_predictions_use_are_not_needed_to_bind():
    text = "data X[n, d]\ndata o[n] = 0\nparam w[d]\nloss sum((X @ w)^2)\npredict z = X @ w + o"
    generated = module(text)

    assert generated.value(np.ones(2), X) == np.sum(X.sum(1) ** 2)
    np.testing.assert_array_equal(generated.predict(np.ones(2), X, o=Y)["z"], X.sum(1) + Y)


def test_a_single_number_may_be_data():
    text = "data X[n, d]\ndata c\nparam w[d]\nloss sum((X @ w - c)^2)"

    f = module(text).value(np.ones(2), X, 3)

    assert f == np.sum((X.sum(1) - 3) ** 2)


def test_tables_without_rows_are_side_data():
    text = "data S[d, d]\nparam w[d]\nlet v = S @ w\nloss sum(v^2)\npredict v = v"
    generated, S = module(text), np.array([[1.0, 2], [3, 4]])

    problem = generated.bind(S)

    assert problem.n_rows == 0
    assert problem.value([1, -1]) == 2
    np.testing.assert_array_equal(problem.grad([1, -1]), 2 * S.T @ S @ [1, -1])
    np.testing.assert_array_equal(generated.predict([1, -1], S)["v"], [-1, -1])


WRONG = {
    "too few axes": (lambda: value(X[:, 0], Y), ValueError, r"`X` is \[n, d\], but .* \(7,\)"),
    "too many axes": (lambda: value(X, X), ValueError, r"`y` is \[n\], but has shape \(7, 2\)"),
    "rows differ": (lambda: value(X, Y[:3]), ValueError, "`X` has 7 rows, but `y` has 3"),
    "no rows": (lambda: value(X[:0], Y[:0]), ValueError, "no rows"),
    "sides differ": (
        lambda: value(X, Y, S=np.ones((2, 3))),
        ValueError,
        "`S` has 3 entries along `d`, but d has size 2",
    ),
    "ragged": (lambda: value([[1, 2], [3]], [0, 1]), ValueError, "`X` .* differ in length"),
    "words": (lambda: value(X, Y.astype(str)), TypeError, "`y` .*<U.*codes 0, 1, ... of k"),
    "objects": (lambda: value(X.astype(object), Y), TypeError, "`X` must be real numbers"),
    "complex": (lambda: value(X + 0j, Y), TypeError, "`X` must be real numbers"),
    "masked": (lambda: value(np.ma.masked_array(X, X > 3), Y), ValueError, "`X` has masked"),
    "nan": (lambda: value(np.where(X == 4, np.nan, X), Y), ValueError, r"`X`\[2, 0\] = nan"),
    "inf": (lambda: value(np.where(X == 4, np.inf, X), Y), ValueError, r"`X`\[2, 0\] = inf"),
    "outside": (lambda: value(X, Y, np.arange(7)), ValueError, r"`wt`\[0\] = 0.0 is not > 0"),
    "code of nan": (lambda: value(X, [0, np.nan] + [1] * 5), ValueError, r"`y`\[1\] = nan"),
    "huge code": (lambda: value(X, [0, 1e300] + [1] * 5), ValueError, r"`y`\[1\] = 1e\+300"),
    "half a code": (lambda: value(X, Y + 0.5), ValueError, r"`y`\[0\] = 0.5 is not a code"),
    "negative code": (lambda: value(X, Y - 1), ValueError, r"`y`\[0\] = -1 is not a code"),
    "large code": (lambda: value(X, Y + 1), ValueError, "`y` has the code 3, but `k` has size 3"),
    "wrapped code": (
        lambda: value(X, np.full(7, 2**64 - 1, dtype=np.uint64)),
        ValueError,
        "is not a code",
    ),
    "missing": (lambda: value(X), TypeError, "'y'"),
    "given as None": (lambda: value(X, None), TypeError, "`y`"),
    "extra": (lambda: value(X, Y, Y, X, 1), TypeError, "positional"),
    "unknown name": (lambda: value(X, Y, z=1), TypeError, "'z'"),
    "twice": (lambda: value(X, Y, X=X), TypeError, "'X'"),
    "constant's shape": (lambda: value(X, Y, lam=[1, 2]), ValueError, "`lam` is a single number"),
    "constant's type": (lambda: value(X, Y, lam="much"), TypeError, "`lam` must be real numbers"),
    "constant's nan": (lambda: value(X, Y, lam=np.nan), ValueError, "`lam` = nan"),
    "constant's domain": (lambda: value(X, Y, lam=-1), ValueError, "`lam` = -1.0 is not >= 0"),
    "theta's size": (
        lambda: module(TEXT).value(THETA[:4], X, Y),
        ValueError,
        r"\(4,\).*\(9,\): W \[2, 3\], b \[3\].*dims=",
    ),
    "theta's axes": (lambda: module(TEXT).value(THETA[None], X, Y), ValueError, r"\(1, 9\)"),
    "theta's type": (lambda: module(TEXT).value("abc", X, Y), TypeError, "theta must be real"),
    "complex theta": (lambda: module(TEXT).value(THETA + 1j, X, Y), TypeError, "theta"),
    "theta of a prediction": (
        lambda: module(TEXT).predict(THETA[:3], X),
        ValueError,
        r"\(3,\).*\(9,\).*dims=",
    ),
    "prediction without data": (lambda: module(TEXT).predict(THETA), TypeError, "'X'"),
    "prediction from nan": (lambda: module(TEXT).predict(THETA, X * np.nan), ValueError, "`X`"),
    "rows to predict": (
        lambda: module(TEXT).predict(THETA, X, np.ones(3)),
        ValueError,
        r"rows: \[3, 7\]",
    ),
    "a parameter missing": (lambda: module(TEXT).pack(b=[1, 2, 3]), TypeError, "`W` is missing"),
    "a parameter too many": (lambda: module(TEXT).pack(w=1), TypeError, "no parameter `w`"),
    "a parameter's shape": (
        lambda: module(TEXT).bind(X, Y).pack(W=np.ones((3, 3)), b=np.ones(3)),
        ValueError,
        r"`W` has shape \(3, 3\), not \(2, 3\)",
    ),
    "a parameter's axes": (
        lambda: module(TEXT).pack(W=np.ones((3, 3)), b=1),
        ValueError,
        r"`b` is \[k\], but has shape \(\)",
    ),
    "phi's size": (
        lambda: module(TEXT).bind(X, Y).from_free(THETA[:2]),
        ValueError,
        r"\(2,\)",
    ),
    "blocks' axes": (
        lambda: module(TEXT).prepare([[X, X, None, None]]),
        ValueError,
        r"`y` is \[n\]",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_right_is_a_clear_error(case):
    call, error, message = WRONG[case]

    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("dims", "error", "message"),
    [
        ({"k": 2}, ValueError, "`y` has the code 2, but `k` has size 2"),
        ({"k": ["a", "b"]}, ValueError, "`y` has the code 2, but `k` has size 2"),
        ({"k": {"size": 3, "labels": ["a"]}}, ValueError, "size 3 but 1 label"),
        ({"k": ["a", "b", "a"]}, ValueError, "twice"),
        ({"k": "abc"}, TypeError, "'abc'"),
        ({"k": 2.5}, TypeError, r"2\.5"),
        ({"k": True}, TypeError, "True"),
        ({"k": -1}, ValueError, "-1"),
        ({"k": {"siz": 3}}, TypeError, "siz"),
        ({"d": 3}, ValueError, "`X` has 2 entries along `d`, but d has size 3"),
        ({"d": ["a", "b", "c"]}, ValueError, "`X` has 2 entries along `d`"),
        ({"q": 3}, TypeError, "no dimension `q`; its dimensions are: k, n, d"),
        ([3], TypeError, "dims must be a dict"),
    ],
)
def test_wrong_dims_are_a_clear_error(dims, error, message):
    with pytest.raises(error, match=message):
        value(X, Y, dims=dims)


@pytest.mark.parametrize("dims", [{"k": 4}, {"k": ["a", "b", "c", "d"]}, {"k": {"size": 4}}])
def test_a_size_may_be_given_for_another(dims):
    problem = module(TEXT).bind(X, Y, dims=dims)

    assert problem.size == 12
    assert problem.theta_names[-1] == ("b[d]" if isinstance(dims["k"], list) else "b[3]")


def test_sizes_that_nothing_shows_must_be_given():
    text = "data X[n, d]\ndata u[q] = 2\nparam w[d]\nloss sum((X @ w)^2) + sum(u)"

    with pytest.raises(ValueError, match=r"size of `q` .* dims="):
        module(text).bind(X)
    assert module(text).bind(X, dims={"q": 3}).value([0, 0]) == 6


def test_data_are_never_changed():
    arrays = {"X": X.astype(float), "y": Y.copy(), "wt": np.ones(7), "S": np.ones((2, 2))}
    kept = {name: array.copy() for name, array in arrays.items()}
    theta = THETA.copy()
    problem = module(TEXT).bind(**arrays)

    problem.value_and_grad(theta)
    problem.batch_value_and_grad(theta, [1, 2])
    problem.trace(theta, [1])
    module(TEXT).predict(theta, arrays["X"], arrays["wt"])

    for name, array in arrays.items():
        np.testing.assert_array_equal(array, kept[name])
    np.testing.assert_array_equal(theta, THETA)


# -- float32, and how much memory it takes -------------------------------------------------------

MANY = """
data X[n, d]
data t[n] in {0.1, 0.7}
param w[d], b
let z = X @ w + b
loss mean((z - t)^2 + softplus(z))
penalty 0.05*sum(w^2)
predict z = z
"""


@pytest.fixture
def many():
    rng = np.random.default_rng(2)
    n, d = 200_000, 50  # 80 MB
    return rng.normal(size=(n, d)), rng.choice([0.1, 0.7], n), rng.normal(size=d + 1) * 0.1


def answers(problem, theta):
    f, g, H = problem.value_grad_hess(theta)
    return [f, g, H, problem.hvp(theta, np.cos(theta))]


def test_float32_data_are_computed_with_in_float64(many):
    X, t, theta = many
    narrow = X.astype(np.float32)
    exact = answers(module(MANY).bind(narrow.astype(float), t), theta)

    found = answers(module(MANY).bind(narrow, t), theta)
    asked = answers(module(MANY).bind(X, t, dtype=np.float32), theta)

    for value, known in zip(found, exact, strict=True):
        np.testing.assert_array_equal(value, known)
    for value, known in zip(asked, answers(module(MANY).bind(X, t), theta), strict=True):
        np.testing.assert_allclose(value, known, rtol=1e-6, atol=1e-6 * np.max(np.abs(known)))
        assert np.asarray(value).dtype == np.float64


def traced(work):
    """What work() needs, and what it keeps, in MB."""
    tracemalloc.start()
    try:
        kept = work()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return kept, held / 1e6, peak / 1e6


def test_binding_makes_no_copy_and_float32_one_of_half_the_size(many):
    X, t, _ = many
    generated = module(MANY)

    _, held, peak = traced(lambda: generated.bind(X, t))
    assert peak < 8
    _, held, peak = traced(lambda: generated.bind(X, t, dtype=np.float32))
    assert held < 42  # 40 of X, 0.8 of t
    assert peak < 55
    _, held, peak = traced(lambda: generated.bind(X.astype(np.float32), t))
    assert held < 42
    _, held, peak = traced(lambda: generated.bind(np.asfortranarray(X), t))  # copied once, by us
    assert held < 85


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("threads", [1, 2])
def test_evaluations_need_little_memory_beside_the_data(many, dtype, threads):
    X, t, theta = many
    problem = module(MANY).bind(X, t, dtype=dtype, threads=threads)

    for work in (problem.value, problem.value_and_grad, problem.hess, problem.stats_at):
        _, held, peak = traced(lambda work=work: work(theta))
        assert peak < 20 + 10 * threads
        assert held < 5 * threads  # the buffers that workers keep
    _, _, peak = traced(lambda: problem.hvp(theta, theta))
    assert peak < 20 + 10 * threads


@pytest.mark.parametrize("method", ["lbfgs", "newton", "trust", "newton_cg", "gd", "adam", "auto"])
def test_a_fit_needs_little_memory_beside_the_data(many, method):
    X, t, _ = many
    batches = {"batch_size": 5000, "epochs": 1} if method == "adam" else {"max_iter": 3}
    model = gdsym.compile(MANY, update=["adam", "gd"])

    result, _, peak = traced(lambda: model.fit(X=X, t=t, method=method, threads=1, **batches))

    assert result.n_rows == len(X)
    assert peak < 30


def test_memory_maps_stay_maps(tmp_path, many):
    X, t, theta = many
    np.save(tmp_path / "X.npy", X)

    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")

    problem = module(MANY).bind(mapped, t)

    assert np.shares_memory(problem._blocks.arrays[0], mapped)
    assert problem.value(theta) == module(MANY).bind(X, t).value(theta)


def test_rows_of_float32_may_be_drawn_predicted_and_fitted(many):
    X, t, theta = (array[:3000] for array in many)
    narrow = X.astype(np.float32)
    wide = narrow.astype(float)
    generated, rows = module(MANY), np.array([5, 2, 2999])

    f, g = generated.bind(narrow, t).batch_value_and_grad(theta, rows)
    f2, g2 = generated.bind(wide, t).batch_value_and_grad(theta, rows)
    fit = gdsym.fit(MANY, X=wide, t=t, dtype="float32")

    assert f == f2
    np.testing.assert_array_equal(g, g2)
    np.testing.assert_array_equal(
        generated.predict(theta, narrow)["z"], generated.predict(theta, wide)["z"]
    )
    np.testing.assert_allclose(fit.theta, gdsym.fit(MANY, X=wide, t=t).theta, rtol=1e-5, atol=1e-7)


def test_numbers_that_float32_cannot_hold_and_other_types_are_refused():
    generated = module("data x[n]\nparam m\nloss mean((x - m)^2)")

    with pytest.raises(ValueError, match=r"`x`\[1\] = inf is not a finite number"):
        generated.bind([1.0, 1e300], dtype=np.float32)
    with pytest.raises(TypeError, match="dtype must be float64 or float32, not int64"):
        generated.bind([1.0, 2.0], dtype=np.int64)


def test_the_first_bad_number_is_named_wherever_it_is():
    generated = module("data X[n, d] >= 0\nparam m\nloss mean((X - m)^2)")
    X = np.ones((200_000, 3), order="F")
    X[150_000, 1] = X[199_999, 2] = -1.0

    with pytest.raises(ValueError, match=r"`X`\[150000, 1\] = -1.0 is not"):
        generated.bind(X)
    X[100_000, 2] = np.nan
    with pytest.raises(ValueError, match=r"`X`\[100000, 2\] = nan is not a finite number"):
        generated.bind(X)
