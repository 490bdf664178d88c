"""Every optimisation can be left out, and none is worth a digit."""

import mpmath
import numpy as np
import pytest
from models import EVERY, TEXTS, case

import gdsym
from gdsym.codegen.optimisations import OPTIMISATIONS
from gdsym.codegen.special import _bounded_exp, _sigmoid_of, _softplus_of
from gdsym.errors import UsageError

# Which of them changes the text of which model.
AT_WORK = {
    "buffers": "logistic",
    "guards": "logistic",
    "dots": "factorisation",
    "once": "beta",
    "sparse": "factorisation",
    "symmetry": "logistic",
    "blocks": "logistic",
}


def evaluated(problem, theta):
    """Value, gradient and curvature, beside the size of what is summed in them."""
    value, gradient, hessian = problem.value_grad_hess(theta)
    along = problem.hvp(theta, np.cos(np.arange(theta.size)))
    return [np.array(value), gradient, hessian, along]


def assert_same(name, without):
    model = case(name)
    plain = gdsym.compile(model.text, without=without).module
    problem = plain.bind(**model.data, **model.options)
    pairs = zip(
        evaluated(problem, model.theta), evaluated(model.problem, model.theta), strict=True
    )
    for off, on in pairs:
        scale = max(1.0, abs(model.problem.value(model.theta)), np.max(np.abs(on), initial=0.0))
        np.testing.assert_allclose(off, on, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("name", EVERY)
def test_a_model_without_any_optimisation_gives_the_same(name):
    assert_same(name, list(OPTIMISATIONS))


@pytest.mark.parametrize("left_out", OPTIMISATIONS)
def test_each_alone_can_be_left_out_and_is_there_otherwise(left_out):
    name = AT_WORK[left_out]
    assert_same(name, [left_out])
    texts = [gdsym.compile(TEXTS[name], without=names).text for names in ([], [left_out])]
    assert texts[0] != texts[1]


def test_without_any_the_kernel_is_the_formula():
    text = gdsym.compile(TEXTS["logistic"], without=list(OPTIMISATIONS)).text

    kernel = text[text.index("def partial(") : text.index("def finish(")]
    assert "out=" not in kernel
    assert "_bounded_exp" not in text
    assert "_gram(" not in kernel


def test_what_is_no_optimisation_is_told_by_name():
    with pytest.raises(UsageError, match="there is no optimisation `bufers`") as caught:
        gdsym.compile("param x\nloss x^2", without=["bufers"])
    assert "buffers" in str(caught.value)


def test_functions_of_one_exponential_are_within_four_units_in_the_last_place():
    draw = np.random.default_rng(0)
    large, small = draw.uniform(-700, 349, 400), 10 ** draw.uniform(-300, 2.5, 400)
    with mpmath.workdps(50):
        # All below the guard, and with one above it, for which all take the other way.
        for x in (np.concatenate([large, small, -small]), np.concatenate([large, [1e3], -small])):
            e = _bounded_exp(x)
            found = _softplus_of(x, e), _sigmoid_of(x, e), e / (1 + e) ** 2
            for values, exact in zip(found, (_softplus, _sigmoid, _slope), strict=True):
                for value, z in zip(values.tolist(), x.tolist(), strict=True):
                    error = abs(mpmath.mpf(value) - exact(mpmath.mpf(z)))
                    assert error <= 4 * np.spacing(max(value, 1e-305))


def _softplus(z):
    return mpmath.log1p(mpmath.exp(z))


def _sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def _slope(z):
    return mpmath.exp(-abs(z)) / (1 + mpmath.exp(-abs(z))) ** 2
