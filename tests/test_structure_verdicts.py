"""What `explain` says of every model of the zoo and every example, against what is known on paper.

Convex: verified by second differences along random lines. Not convex: by two points between which
the slope of the value falls. The values are held to objectives written out by hand in `test_zoo`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from test_zoo import bound
from zoo import ZOO

import gdsym
from gdsym.explain import facts
from gdsym.run.counterexample import counter_example

EXAMPLES = {p.stem: p for p in sorted((Path(__file__).parent.parent / "examples").glob("*.gd"))}

YES, NO = True, False
NONE = None  # a model without rows is neither separable nor not
UNSEEN = "convex, but by no rule"

# Convex, least squares, separable; and why, of what is convex or not.
VERDICTS = {
    "probit": (YES, NO, YES),  # the log of a normal distribution function is concave
    "gamma_log": (YES, NO, YES),  # exponentials of a predictor, y > 0
    "negative_binomial": (NO, NO, YES),  # in w it is convex, in w and alpha it is not
    "poisson_offset": (YES, NO, YES),  # exp is convex, the rest linear
    "zero_inflated": (NO, NO, YES),  # a mixture
    "beta": (NO, NO, YES),  # a logistic mean times a size
    "tobit": (NO, NO, YES),  # in the location and the scale; Olsen's form would be convex
    "heteroscedastic": (NO, NO, YES),  # a square over a variance that moves
    "huber": (YES, NO, YES),
    "cauchy": (NO, NO, YES),  # log(1 + r^2) bends downwards beyond 1
    "pseudo_huber": (YES, NO, YES),  # a norm
    "pinball": (YES, NO, YES),  # a maximum of linear functions
    "hinge": (YES, NO, YES),
    "margin": (YES, NO, YES),
    "words": (YES, NO, YES),  # with a weight of at least 0
    "elastic_net": (YES, NO, YES),  # lam >= 0 and alpha in [0, 1]
    "standardized_ridge": (YES, YES, YES),
    "nonnegative": (YES, YES, YES),
    "growth": (NO, YES, YES),  # a product of a parameter and an exponential of another
    "logistic_growth": (NO, YES, YES),
    "rosenbrock": (NO, YES, NONE),
    "quadratic": (YES, NO, NONE),  # a positive definite quadratic with a linear term
    "softmax_labels": (YES, NO, YES),
    "onehot": (YES, NO, YES),
    "two_way": (YES, YES, YES),
    "bradley_terry": (YES, NO, YES),
    "biased_factors": (NO, YES, YES),  # a product of two parameters
    "mixture_of_regressions": (NO, NO, YES),
    "mixture_plane": (NO, NO, YES),
    "two_layers": (NO, YES, YES),
    "classifier": (NO, NO, YES),
    "principal": (NO, YES, YES),  # W enters to the fourth power
    "smoothing": (YES, YES, YES),
    "exponential": (YES, NO, NO),  # the log of a mean of exponentials: logsumexp
    "portfolio": (NO, NO, NO),  # a ratio
    # Where z bends up most, by 1 + (s' + (s - y)(1 - 2s))/2 times the slope s', it is above 0.
    "definitions": (UNSEEN, NO, YES),
    "least_squares": (YES, YES, YES),
    "group_lasso": (YES, NO, YES),  # norms of groups
    "blend": (YES, YES, YES),  # the simplex is a convex set
    "logistic": (YES, NO, YES),
    "focal": (NO, NO, YES),  # the weight of what is sure of a mistake bends downwards
    "tweedie": (YES, NO, YES),  # two exponentials, p in (1, 2)
    "cloglog": (YES, NO, YES),  # log(1 - exp(-exp(z))) is concave
    "tukey": (NO, NO, YES),  # bounded, not constant
    "student": (NO, NO, YES),
    "expectile": (YES, YES, YES),  # a parabola on each side of 0
    "squared_hinge": (YES, YES, YES),
    "crammer_singer": (YES, NO, YES),
    "kernel_ridge": (YES, YES, YES),
    "ordinal": (YES, NO, YES),  # probabilities of intervals are log-concave (Pratt, 1981)
    "weibull": (NO, NO, YES),  # a shape times a predictor
    "cox": (YES, NO, NO),  # logsumexp over those at risk
    "implicit_ranking": (NO, NO, YES),
    "factorization_machine": (NO, YES, YES),
    "parts": (NO, NO, NO),  # a product of factors; a parameter for each row
    "yield_curve": (NO, YES, YES),
    "smile": (NO, YES, YES),
    "shortfall": (YES, NO, YES),  # Rockafellar and Uryasev (2000)
    "glove": (NO, YES, YES),
    "policy": (NO, NO, YES),  # probabilities, not their logs
    "item_response": (NO, NO, YES),
    "steps": (YES, NO, NO),  # norms of differences between rows
    "predators": (NO, YES, NO),
    "choice": (YES, NO, NO),  # logs of sums of exponentials over the rows of a case
    "travel": (YES, NO, YES),
    "isotonic": (YES, YES, YES),
    "relevance": (NO, NO, NO),  # a Gaussian process: rows are paired with rows
    "evidence": (NO, NO, YES),  # a logdet of what moves, less a quotient
    "covariance": (NO, NO, YES),  # the factors of a covariance multiply each other
    "cholesky": (NO, NO, YES),
    "factors": (NO, NO, YES),
    "gaussian_process": (NO, NO, NO),
    "kernel_regression": (NO, YES, NO),
    "himmelblau": (NO, YES, NONE),  # four minima
    "rastrigin": (NO, NO, NONE),
}
OF_EXAMPLES = {
    "breast_cancer": (YES, NO, YES),
    "claims": (YES, NO, YES),
    "diabetes": (YES, YES, YES),
    "digits": (NO, NO, YES),
    "factorisation": (NO, YES, YES),
    "films": (NO, YES, YES),
    "iris": (YES, NO, YES),
    "league": (YES, NO, YES),
    "loadings": (NO, NO, YES),  # a covariance of factors that multiply each other
    "mixture": (NO, NO, YES),
    "policy": (NO, NO, YES),
    "process": (NO, NO, NO),  # a Gaussian process: rows are paired with rows
    "randhie": (YES, NO, YES),
    "rents": (NO, NO, YES),
    "ridge": (YES, YES, YES),
    "spam": (YES, NO, YES),
    "svm": (YES, YES, YES),  # squares of max(0, 1 - m) and of w
}


@cache
def told(name):
    return facts(ZOO[name][0], f"{name}.gd")


def test_every_model_has_its_verdicts():  # and some that are on their way
    assert set(ZOO) <= set(VERDICTS)
    assert set(EXAMPLES) <= set(OF_EXAMPLES)


@pytest.mark.parametrize("name", ZOO)
def test_the_verdicts_on_the_zoo(name):
    found = told(name)

    convex, squares, separable = VERDICTS[name]
    # What is not convex is for two points to show; no rule may call it convex.
    assert found["convex"] == ("yes" if convex is YES else "unknown")
    assert found["least_squares"] == squares
    assert found["separable"] is separable


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_verdicts_on_the_examples(name):
    found = facts(EXAMPLES[name].read_text(encoding="utf-8"), f"{name}.gd")

    convex, squares, separable = OF_EXAMPLES[name]
    assert found["convex"] == ("yes" if convex else "unknown")
    assert (found["least_squares"], found["separable"]) == (squares, separable)


def points(problem, count):
    """Points all over the domain, near its middle and far from it."""
    rng = np.random.default_rng(5)
    middle = problem.to_free(problem.init(1))
    scales = np.geomspace(0.05, 3, count)
    drawn = [middle + scale * rng.standard_normal(problem.size) for scale in scales]
    return [problem.from_free(np.clip(phi, *problem.free_bounds)) for phi in drawn]


@pytest.mark.parametrize("name", [name for name in ZOO if VERDICTS[name][0] is not NO])
def test_what_is_called_convex_lies_below_its_chords(name):
    problem, _ = bound(name)
    ends = points(problem, 24)

    for first, second in zip(ends, reversed(ends), strict=True):
        for share in (0.1, 0.5, 0.8):  # domains are convex: between two points all is allowed
            between = problem.value((1 - share) * first + share * second)
            sides = [problem.value(end) for end in (first, second)]
            chord = (1 - share) * sides[0] + share * sides[1]
            # float64: some units in the last place of the largest number that takes part
            assert between <= chord + 1e-12 * max(1, *map(abs, sides))


@pytest.mark.parametrize("name", [name for name in ZOO if VERDICTS[name][0] is NO])
def test_what_is_not_convex_has_two_points_that_show_it(name):
    problem, _ = bound(name)

    found = counter_example(problem)

    assert found is not None
    line = found.second - found.first
    before = slope(problem, found.first, line)
    after = -slope(problem, found.second, -line)
    assert after < before


def slope(problem, theta, line):
    """The derivative along a line by one-sided differences of fourth order, inside the domain."""
    h = 1e-3
    values = [problem.value(theta + k * h * line) for k in range(5)]
    return np.dot(values, [-25, 48, -36, 16, -3]) / (12 * h)


@pytest.mark.parametrize("name", [name for name in ZOO if VERDICTS[name][0] is not NO])
def test_no_two_points_refute_what_is_convex(name):
    problem, _ = bound(name)

    assert counter_example(problem) is None


def test_a_convex_verdict_says_what_constants_have_to_be():
    text = "data x[n], y[n]\nparam a\nconst lam = 2\nloss mean(abs(y - a*x)) + lam*a^2"

    assert facts(text, "m.gd")["given"] == {"lam": [0.0, None]}
    assert facts(text, "m.gd", {"lam": 3})["convex"] == "yes"
    assert facts(text, "m.gd", {"lam": -3})["convex"] == "unknown"
    problem = gdsym.compile(text).module.bind(x=[1.0, 2], y=[1.0, 1], lam=-3)
    assert counter_example(problem) is not None
