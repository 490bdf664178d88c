"""Second derivatives on the graph, against differences of the derived gradient at 50 digits."""

from __future__ import annotations

import tracemalloc
from functools import cached_property

import numpy as np
import pytest
from models import EVERY, case
from oracle import MP, STEP, Case, directions, dot, far

from gdsym.calculus.program import canonical_axes
from gdsym.calculus.reference import evaluate
from gdsym.calculus.second import paired


class Second:
    """A case with its second derivatives by the reference interpreter."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.program = case.stages.derived

    @cached_property
    def sizes(self):
        return self.case.sizes

    def tables(self, nodes, theta, **given):
        labels = {n: d["labels"] for n, d in self.case.problem.dims.items() if d["labels"]}
        values = {**self.case.data, **self.case.options, **self.case.params(theta), **given}
        return evaluate(self.program, nodes, values, self.sizes, labels=labels, digits=50)

    def along(self, theta, direction):
        """hvp, entry by entry as in theta."""
        params = self.case.params(direction)
        given = {f"direction {name}": value for name, value in params.items()}
        tables = self.tables(self.program.hvp.values(), theta, **given)
        return [
            entry
            for param in self.program.model.params
            for entry in self._array(
                tables[self.program.hvp[param.name]],
                self.program.hvp[param.name].axes,
                canonical_axes(param.dims),
            ).ravel()
        ]

    def hess(self, theta):
        tables = self.tables(self.program.hess.values(), theta)
        params = self.program.model.params
        blocks = []
        for i, p in enumerate(params):
            row = []
            for j, q in enumerate(params):
                first, second = (p, q) if i <= j else (q, p)
                node = self.program.hess[first.name, second.name]
                own = canonical_axes(first.dims)
                axes = (*own, *paired(own, canonical_axes(second.dims)))
                block = self._array(tables[node], node.axes, axes)
                count = int(np.prod(block.shape[: len(own)], dtype=int))
                block = block.reshape(count, -1)
                row.append(block if i <= j else block.T)
            blocks.append(np.concatenate(row, axis=1))
        return np.concatenate(blocks)

    def _array(self, table, have, want):
        out = np.empty([self.sizes[axis.dim] for axis in want], dtype=object)
        for index in np.ndindex(out.shape):
            at = dict(zip(want, index, strict=True))
            out[index] = table[tuple(at[axis] for axis in have)]
        return out

    def slope(self, theta, direction):
        """The derivative of the gradient along a direction."""
        steps = [MP.mpf(v) * STEP for v in direction]
        up = self.case.gradient([MP.mpf(t) + s for t, s in zip(theta, steps, strict=True)])
        down = self.case.gradient([MP.mpf(t) - s for t, s in zip(theta, steps, strict=True)])
        return [MP.fsub(a, b) / (2 * STEP) for a, b in zip(up, down, strict=True)]


# A Hessian of more parameters is tried along directions only: entry by entry, at 50 digits, it
# would take minutes.
FEW = 60


@pytest.mark.parametrize("name", EVERY)
def test_the_hessian_is_the_slope_of_the_gradient(name):
    second = Second(case(name))
    theta = second.case.theta
    few = len(theta) <= FEW
    hess = second.hess(theta) if few else None

    for direction in directions(len(theta), 3 if few else 1):
        exact = second.slope(theta, direction)
        scale = max([MP.one, *(abs(entry) for entry in exact)])
        assert far(second.along(theta, direction), exact, scale) < 1e-25
        if hess is not None:
            assert far([dot(row, direction) for row in hess], exact, scale) < 1e-25


@pytest.mark.parametrize("name", EVERY)
def test_the_module_has_the_hessian_of_the_reference(name):
    model = case(name)
    second = Second(model)
    problem, theta = model.problem, model.theta

    value, gradient, hess = problem.value_grad_hess(theta)

    assert (value, list(gradient)) == (problem.value(theta), list(problem.grad(theta)))
    assert np.array_equal(hess, hess.T)
    if len(theta) <= FEW:
        exact = second.hess(theta)
        scale = max([MP.one, *(abs(MP.convert(entry)) for entry in exact.ravel())])
        assert far(exact, exact.T, scale) < 1e-25
        assert far(hess, exact, scale) < 1e-12
    for direction in directions(len(theta), 2 if len(theta) <= FEW else 1):
        along = second.along(theta, direction)
        scale = max([MP.one, *(abs(entry) for entry in along)])
        assert far(problem.hvp(theta, direction), along, scale) < 1e-12
        assert far(hess @ direction, along, scale) < 1e-11


def test_a_hessian_takes_no_more_memory_than_blocks(traced):
    X = np.random.default_rng(0).standard_normal((40_000, 100))  # 32 MB
    y = (X[:, 0] > 0).astype(float)
    text = "data X[n, d], y[n] in {0, 1}\nparam w[d]\nlet z = X @ w\nloss sum(softplus(z) - y*z)\n"
    problem = Case(text, {"X": X, "y": y}).problem
    theta = np.zeros(100)
    problem.hess(theta)

    assert traced(lambda: problem.hess(theta)) < 12e6
    assert traced(lambda: problem.hvp(theta, theta)) < 8e6


@pytest.fixture
def traced():
    """The peak of what Python and NumPy allocate in a call, in bytes."""

    def peak(call):
        tracemalloc.start()
        call()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    return peak


def test_a_hessian_that_is_too_large_is_refused_with_its_size():
    text = "data c[m]\nparam x[m]\nloss sum((x - c)^4)\n"
    problem = Case(text, {"c": np.zeros(50_000)}).problem
    theta = np.ones(50_000)

    with pytest.raises(ValueError, match=r"50000 parameters has 20\.0 GB and needs .* hvp"):
        problem.hess(theta)
    assert problem.hvp(theta, theta) == pytest.approx(np.full(50_000, 12.0))


def test_a_hessian_of_too_much_work_is_refused(monkeypatch):
    case = Case("data x[n]\nparam m\nloss sum((x - m)^4)\n", {"x": np.zeros(1000)})
    problem = case.problem
    monkeypatch.setattr(case.module, "HESSIAN_WORK", 999)

    with pytest.raises(ValueError, match="1e\\+03 multiplications; hvp"):
        problem.hess(np.zeros(1))


def test_many_parameters_have_a_hessian_by_columns():
    names = [f"p{i}" for i in range(45)]
    text = f"data x[n], y[n]\nparam {', '.join(names)}\nlet s = "
    text += " + ".join(f"{name}*sin({i + 1}*x)" for i, name in enumerate(names))
    text += "\nloss sum((y - s)^4)\n"
    rng = np.random.default_rng(1)
    problem = Case(text, {"x": rng.standard_normal(30), "y": rng.standard_normal(30)}).problem
    theta = rng.standard_normal(45)

    hess = problem.hess(theta)

    steps = 1e-5 * np.eye(45)
    slopes = [(problem.grad(theta + e) - problem.grad(theta - e)) / 2e-5 for e in steps]
    np.testing.assert_allclose(hess, slopes, rtol=1e-6, atol=1e-6 * np.max(np.abs(hess)))


# The gradient of what a loss has beside its sums over rows.
WITHOUT_ROWS = {"shortfall": [0, 0, 0, 1]}


@pytest.mark.parametrize("name", EVERY)
def test_scores_and_residuals_add_up(name):
    model = case(name)
    text, problem, theta = model.text, model.problem, model.theta
    start = problem.init(seed=1)
    penalised = "penalty" in text or "prior" in text
    if model.module.SCORES is None:
        scores = problem.scores(theta)
        assert scores.shape == (problem.n_rows, problem.size)
        if not penalised:
            total = np.sum(scores, axis=0) + WITHOUT_ROWS.get(name, 0)
            assert total == pytest.approx(problem.grad(theta), rel=1e-10, abs=1e-10)
    if model.module.SQUARES:
        r, J = problem.residuals(theta), problem.jacobian(theta)
        change = problem.value(theta) - problem.value(start)
        before = problem.residuals(start)
        assert problem.squares * (r @ r - before @ before) == pytest.approx(change, rel=1e-10)
        slope = 2 * problem.squares * (J.T @ r)
        assert slope == pytest.approx(problem.grad(theta), rel=1e-10, abs=1e-10)
        R, z, rss = problem.residual_qr(theta, np.full(problem.size, 2.0))
        assert pytest.approx(J.T @ J, rel=1e-10, abs=1e-10) == 4 * R.T @ R
        assert z @ z + rss == pytest.approx(r @ r, rel=1e-10)
        assert 2 * R.T @ z == pytest.approx(J.T @ r, rel=1e-10, abs=1e-10)
