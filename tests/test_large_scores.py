"""Models written naively stay finite and right where their linear predictors are huge.

The truth is the program as written, before any rewrite, at enough digits that exp(-1e4) next to 1
is not lost; its gradient is that of the same unrewritten program.
"""

import numpy as np
import pytest
from oracle import Case
from zoo import ZOO

from gdsym.calculus.derive import derive

LARGEST = 1e300

# exp(-2*size) next to 1 needs about so many digits.
DIGITS = {30.0: 80, 300.0: 400, 1e4: 9000}

# The generalised linear models, mixtures and softmax models of the zoo.
NAMES = [
    "poisson_offset",
    "negative_binomial",
    "gamma_log",
    "zero_inflated",
    "probit",
    "margin",
    "words",
    "softmax_labels",
    "onehot",
    "classifier",
    "bradley_terry",
    "beta",
    "exponential",
    "choice",
    "mixture_of_regressions",
    "mixture_plane",
]
# Thousands of digits of lgamma take minutes, those of exp and log do not.
CASES = [
    *((name, size) for name in NAMES for size in (30.0, 300.0)),
    *((name, 1e4) for name in ("margin", "softmax_labels", "bradley_terry", "words", "choice")),
]


def scores(case, size):
    """Parameters that make scores of about `size`; those behind bounds keep ordinary values."""
    problem = case.problem
    theta = case.theta.copy()
    free = np.array([lower is None and upper is None for lower, upper in problem.bounds])
    spread = np.random.default_rng(len(theta)).standard_normal(len(theta))
    theta[free] = size * spread[free] / max(1.0, np.abs(spread[free]).max())
    return theta


@pytest.mark.parametrize(("name", "size"), CASES)
def test_a_naive_model_is_finite_and_right_at_huge_scores(name, size):
    case = Case(*ZOO[name])
    theta = scores(case, size)
    naive = derive(case.stages.built)
    digits = DIGITS[size]
    exact = case.table(naive.value, theta, naive, digits=digits)[()]
    assert abs(exact) < LARGEST or size > 30, "the smallest scores must say something"
    if abs(exact) > LARGEST:
        return  # a Poisson mean of exp(1e4) is no double

    value, gradient = case.problem.value_and_grad(theta)

    assert abs(value - exact) <= 1e-13 * max(1, abs(exact))
    found = case.problem.unpack(gradient)
    for param, node in naive.grads.items():
        table = case.table(node, theta, naive, digits=digits)
        largest = max(1, *(abs(entry) for entry in table.values()))
        assert np.all(np.isfinite(found[param]))
        for places, entry in table.items():
            where = tuple(places) if len(places) == np.ndim(found[param]) else ()
            own = _entry(case, param, node, found[param], where)
            assert abs(own - entry) <= 1e-12 * largest


def _entry(case, param, node, array, places):
    """The entry of a gradient array (axes as declared) at an index of the node's own axes."""
    if not np.ndim(array):
        return array
    dims = next(p.dims for p in case.stages.model.params if p.name == param)
    at = dict(zip((axis.dim for axis in node.axes), places, strict=True))
    return array[tuple(at[dim] for dim in dims)]
