"""Which backend a fit computes with where nobody has asked for one."""

import numexpr
import numpy as np
import pytest

import gdsym
from gdsym.data import bind_tables
from gdsym.run import backend, make_plan

TEXT = "data X[n, d], y[n]\nparam w[d], b\nloss mean((y - X @ w - b)^2)"
MODEL = gdsym.compile(TEXT, update=["adam"])


@pytest.fixture
def installed(monkeypatch):
    """Says which libraries are there."""

    def there(*names):
        monkeypatch.setattr(backend, "find_spec", lambda name: name if name in names else None)

    there("numba")
    return there


def chosen(rows, width, method=None, **wishes):
    small = np.ones((2, width))
    bound = bind_tables(MODEL.module, arrays={"X": small, "y": small[:, 0]})
    large = np.broadcast_to(1.0, (rows, width))  # which needs no memory
    bound.arrays["X"], bound.arrays["y"] = large, large[:, 0]
    bound = type(bound)(bound.arrays, bound.dims, [], rows, {})
    return backend.backend_for(MODEL.module, bound, make_plan(MODEL.module, method, wishes))


def test_a_short_fit_takes_numpy(installed):
    assert chosen(100_000, 10) == ("numpy", "")
    assert chosen(1_000_000, 10) == ("numpy", "")


def test_a_long_fit_takes_numba_and_says_why(installed):
    name, reason = chosen(10_000_000, 100)
    assert name == "numba"
    assert reason == "computing with compiled loops (numba): NumPy would take about 55 s"


def test_many_small_batches_are_long(installed):
    assert chosen(100_000, 10, "adam", batch_size=1000, epochs=20)[0] == "numpy"
    assert chosen(100_000, 10, "adam", batch_size=1, epochs=20)[0] == "numba"


def test_few_iterations_are_short(installed):
    assert chosen(10_000_000, 100, max_iter=5)[0] == "numpy"


def test_without_numba_it_is_numpy_or_numexpr_where_that_has_vml(installed, monkeypatch):
    installed()
    monkeypatch.setattr(numexpr, "use_vml", False)
    assert chosen(10_000_000, 100) == ("numpy", "")
    monkeypatch.setattr(numexpr, "use_vml", True)
    assert chosen(10_000_000, 100)[0] == "numexpr"


def test_a_model_without_rows_takes_numpy(installed):
    module = gdsym.compile("param x\nloss (x - 1)^2").module
    assert backend.backend_for(module, bind_tables(module), make_plan(module, None, {}))[0] == (
        "numpy"
    )


def test_the_fit_is_the_same(monkeypatch):
    draw = np.random.default_rng(0)
    X, y = draw.standard_normal((50, 3)), draw.standard_normal(50)
    options = {"method": "adam", "batch_size": 8, "epochs": 2, "lr": 0.1}
    plain = gdsym.compile(TEXT, backend="numpy").fit(X=X, y=y, **options)
    monkeypatch.setattr(backend, "PAYS", 0.0)

    suited = gdsym.compile(TEXT).fit(X=X, y=y, **options)
    kept = gdsym.compile(TEXT, backend="numpy").fit(X=X, y=y, **options)

    assert suited.module.BACKEND == "numba"
    assert kept.module.BACKEND == plain.module.BACKEND == "numpy"
    np.testing.assert_allclose(suited.params["w"], plain.params["w"], rtol=1e-12)
