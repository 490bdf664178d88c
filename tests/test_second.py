"""Second derivatives on the graph, against differences of the derived gradient at 50 digits."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pytest
from oracle import MP, STEP, Case, directions, dot, far
from zoo import ZOO

from gdsym.calculus.program import canonical_axes
from gdsym.calculus.reference import evaluate
from gdsym.calculus.second import differentiate_twice, paired


class Second:
    """A case with its second derivatives by the reference interpreter."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.program = differentiate_twice(case.stages.derived)

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


def check_second(case: Case) -> None:
    second = Second(case)
    theta = case.theta
    hess = second.hess(theta)
    scale = max([MP.one, *(abs(MP.convert(entry)) for entry in hess.ravel())])
    assert far(hess, hess.T, scale) < 1e-25
    for direction in directions(len(theta), 3):
        exact = second.slope(theta, direction)
        assert far([dot(row, direction) for row in hess], exact, scale) < 1e-25
        assert far(second.along(theta, direction), exact, scale) < 1e-25


@pytest.mark.parametrize("name", ZOO)
def test_the_hessian_is_the_slope_of_the_gradient(name):
    text, data = ZOO[name]

    check_second(Case(text, data))


@pytest.mark.parametrize("name", ZOO)
def test_the_module_has_the_hessian_of_the_reference(name):
    text, data = ZOO[name]
    case = Case(text, data)
    second = Second(case)
    theta = case.theta
    exact = second.hess(theta)
    scale = max([MP.one, *(abs(MP.convert(entry)) for entry in exact.ravel())])

    value, gradient, hess = case.problem.value_grad_hess(theta)

    assert (value, list(gradient)) == (case.problem.value(theta), list(case.problem.grad(theta)))
    assert np.array_equal(hess, hess.T)
    assert far(hess, exact, scale) < 1e-12
    for direction in directions(len(theta), 2):
        along = [dot(row, direction) for row in exact]
        assert far(case.problem.hvp(theta, direction), along, scale) < 1e-12


# The gradient of what a loss has beside its sums over rows.
WITHOUT_ROWS = {"shortfall": [0, 0, 0, 1]}


@pytest.mark.parametrize("name", ZOO)
def test_scores_and_residuals_add_up(name):
    text, data = ZOO[name]
    case = Case(text, data)
    problem, theta = case.problem, case.theta
    start = problem.init(seed=1)
    penalised = "penalty" in text or "prior" in text
    if case.module.SCORES is None:
        scores = problem.scores(theta)
        assert scores.shape == (problem.n_rows, problem.size)
        if not penalised:
            total = np.sum(scores, axis=0) + WITHOUT_ROWS.get(name, 0)
            assert total == pytest.approx(problem.grad(theta), rel=1e-10, abs=1e-10)
    if case.module.SQUARES:
        r, J = problem.residuals(theta), problem.jacobian(theta)
        change = problem.value(theta) - problem.value(start)
        before = problem.residuals(start)
        assert problem.squares * (r @ r - before @ before) == pytest.approx(change, rel=1e-10)
        slope = 2 * problem.squares * (J.T @ r)
        assert slope == pytest.approx(problem.grad(theta), rel=1e-10, abs=1e-10)
        R, z, rss = problem.residual_qr(theta, np.full(problem.size, 2.0))
        assert 4 * R.T @ R == pytest.approx(J.T @ J, rel=1e-10, abs=1e-10)
        assert z @ z + rss == pytest.approx(r @ r, rel=1e-10)
        assert 2 * R.T @ z == pytest.approx(J.T @ r, rel=1e-10, abs=1e-10)
