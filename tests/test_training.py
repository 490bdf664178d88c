"""What `train` keeps of the data and the fit, against the same in NumPy."""

import numpy as np
import pytest

import gdsym

RNG = np.random.default_rng(4)
X = RNG.normal(size=40)
Y = np.sin(2 * X) + 0.1 * RNG.normal(size=40)
NEW = np.array([-0.5, 0.0, 0.25, 3.0])
DATA = {"x": X, "y": Y}
SMOOTHER = """
dim m like n
data x[n], y[n]
param h > 0 = 0.5
let K[n, m] = exp(-(x - x[m])^2/h^2)
loss mean((y - (K @ y[m] - y)/(sum[m](K) - 1))^2)
let near[n, m] = exp(-(x - train(x[m]))^2/h^2)
predict f = (near @ train(y[m]))/sum[m](near)
"""
LINE = """
data x[n], y[n]
param a, b
const lost = 2
let r = y - a - b*x
residual r
let s = train(sqrt(sum(r^2)/(n - lost)))
predict score = (a + b*x - train(mean(y)))/s
predict scale = s
predict count = train(n)
"""
PROCESS = """
dim m like n, q like n
data x[n], y[n]
param reach > 0 = 1, height > 0 = 1, noise > 0 = 0.3
let K = height^2*exp(-sqdist(x, x)/(2*reach^2)) + noise^2*eye(n)
nll dot(y, solve(K, y))/2 + logdet(K)/2 + n*log(2*pi)/2
let near[n, m] = height^2*exp(-sqdist(x, train(x[m]))/(2*reach^2))
predict f = near @ train(solve(K, y)[m])
predict sd = sqrt(height^2 - sum[m]((near @ train(inv(K)[m, q]))[n, m]*near))
"""


def smoothed(h, x):
    K = np.exp(-((x[:, None] - X) ** 2) / h**2)
    return K @ Y / K.sum(1)


@pytest.fixture(scope="module")
def smoother():
    return gdsym.fit(SMOOTHER, DATA)


@pytest.mark.parametrize("rows", [1, 3, 4])
def test_new_rows_meet_the_rows_of_the_training_data(smoother, rows):
    new = NEW[:rows]

    f = smoother.predict(x=new)["f"]

    np.testing.assert_allclose(f, smoothed(smoother.params["h"], new), rtol=1e-13)


def test_what_was_kept_is_in_the_fit_file(smoother, tmp_path):
    smoother.save(tmp_path / "fit.json")

    again = gdsym.load(tmp_path / "fit.json")

    assert again.predict(x=NEW)["f"].tobytes() == smoother.predict(x=NEW)["f"].tobytes()


def test_many_new_rows_are_predicted_block_by_block(smoother):
    assert not smoother.module.PREDICT_WHOLE
    new = np.linspace(-2, 2, 100_000)

    f = smoother.predict(x=new)["f"]

    np.testing.assert_allclose(f[::997], smoothed(smoother.params["h"], new[::997]), rtol=1e-12)


def test_a_value_of_parameters_and_constants_is_that_of_the_training_data():
    result = gdsym.fit(LINE, DATA)
    r = Y - result.params["a"] - result.params["b"] * X
    s = np.sqrt(np.sum(r**2) / 38)

    found = result.predict(x=NEW)

    line = result.params["a"] + result.params["b"] * NEW
    np.testing.assert_allclose(found["score"], (line - Y.mean()) / s, rtol=1e-12)
    np.testing.assert_allclose(found["scale"], s, rtol=1e-13)
    assert found["count"] == 40


def test_a_constant_that_was_set_is_kept_as_it_was():
    result = gdsym.fit(LINE, DATA, set={"lost": 5})
    r = Y - result.params["a"] - result.params["b"] * X

    np.testing.assert_allclose(result.predict(x=NEW)["scale"], np.sqrt(np.sum(r**2) / 35))


def test_a_gaussian_process_predicts():
    result = gdsym.fit(PROCESS, DATA)
    reach, height, noise = (result.params[name] for name in ("reach", "height", "noise"))

    def kernel(a, b):
        return height**2 * np.exp(-((a[:, None] - b) ** 2) / (2 * reach**2))

    K, near = kernel(X, X) + noise**2 * np.eye(40), kernel(NEW, X)
    found = result.predict(x=NEW)

    np.testing.assert_allclose(found["f"], near @ np.linalg.solve(K, Y), rtol=1e-9)
    variance = height**2 - np.sum(near * np.linalg.solve(K, near.T).T, axis=1)
    np.testing.assert_allclose(found["sd"], np.sqrt(variance), rtol=1e-8)


def test_the_stateless_module_predicts_with_what_the_problem_kept():
    module = gdsym.compile(LINE).module
    problem = module.bind(X, Y)
    theta = np.array([0.1, 0.2])

    found = module.predict(theta, NEW, stats=problem.stats_at(theta))

    np.testing.assert_allclose(found["scale"], np.sqrt(np.sum((Y - 0.1 - 0.2 * X) ** 2) / 38))
    with pytest.raises(TypeError, match="statistics of the training data"):
        module.predict(theta, NEW, stats=problem.stats)


def test_a_prediction_without_rows_to_count_asks_for_them():
    module = gdsym.compile(
        "data x[n] = 1, y[n]\nparam a\nresidual y - a*x\npredict f = a*x"
    ).module

    with pytest.raises(TypeError, match="how many rows are to be predicted"):
        module.predict(np.array([2.0]))
    assert module.predict(np.array([2.0]), np.ones(3))["f"].tolist() == [2, 2, 2]


def test_a_level_that_the_data_do_not_have_is_named_with_those_that_they_have():
    text = 'data g[n] in k, y[n]\nparam e[k] in base[k="east"], m\nresidual y - m - e[g]'

    with pytest.raises(gdsym.GdsymError, match="`k` has no label 'east'; its labels are 'a', 'b'"):
        gdsym.fit(text, g=np.array(["a", "b"]), y=np.array([1.0, 2.0]))
