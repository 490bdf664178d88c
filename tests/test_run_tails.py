"""Tails of distributions against closed forms and scipy."""

import math

import pytest
from scipy import special

from gdsym.run.tails import chi_squared, f_tail, quantile, two_sided

DEGREES = [1, 2, 3, 5, 10, 34, 39, 41, 1000, 1e5]


@pytest.mark.parametrize("t", [1e-8, 0.01, 0.5, 1, 2, 5, 20, 100, 1e4])
def test_the_tail_of_t_is_the_closed_form_for_one_and_two_degrees(t):
    # 2 degrees: 1 - t/sqrt(2 + t^2), written so that nothing cancels.
    root = math.sqrt(2 + t * t)

    assert two_sided(t, 1) == pytest.approx(2 / math.pi * math.atan(1 / t), rel=1e-13)
    assert two_sided(t, 2) == pytest.approx(2 / (root * (root + t)), rel=1e-13)


@pytest.mark.parametrize("df", DEGREES)
def test_the_tail_of_t_is_that_of_scipy(df):
    # scipy itself is right to 1e-10 for many degrees of freedom, and near t = 0.
    for t in (0.01, 0.5, 1, 2, 5, 20):
        assert two_sided(t, df) == pytest.approx(2 * special.stdtr(df, -t), rel=2e-10)
        assert two_sided(-t, df) == two_sided(t, df)


def test_many_degrees_of_freedom_are_the_normal_distribution():
    for t in (0.1, 1.0, 1.96, 6.0):
        assert two_sided(t) == math.erfc(t / math.sqrt(2))
        assert two_sided(t, 1e13) == pytest.approx(two_sided(t), rel=1e-10)
        assert two_sided(t, 9e7) == pytest.approx(two_sided(t, 1.1e8), rel=1e-5)


@pytest.mark.parametrize("df", [*DEGREES, math.inf])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.999])
def test_a_quantile_has_the_tail_it_is_made_for(level, df):
    assert two_sided(quantile(level, df), df) == pytest.approx(1 - level, rel=1e-11)


def test_the_quantiles_are_those_of_every_textbook():
    assert quantile(0.95) == pytest.approx(1.959963984540054, rel=1e-14)
    assert quantile(0.95, 10) == pytest.approx(2.2281388519862744, rel=1e-12)
    assert quantile(0.99, 1) == pytest.approx(63.65674116287399, rel=1e-12)


@pytest.mark.parametrize("df", [1, 2, 3, 7, 50, 1000])
@pytest.mark.parametrize("x", [0, 1e-9, 0.1, 1, 5, 30, 100, 700])
def test_the_tail_of_chi_squared_is_that_of_scipy(df, x):
    assert chi_squared(x, df) == pytest.approx(special.chdtrc(df, x), rel=1e-12)


@pytest.mark.parametrize("df", [1, 3, 5, 10])
@pytest.mark.parametrize("rest", [1, 10, 21, 1000])
@pytest.mark.parametrize("x", [0, 0.2, 1, 3.1, 50])
def test_the_tail_of_f_is_that_of_scipy(df, rest, x):
    assert f_tail(x, df, rest) == pytest.approx(special.fdtrc(df, rest, x), rel=1e-10)


def test_what_is_not_a_number_has_no_tail():
    assert math.isnan(two_sided(math.nan))
    assert math.isnan(two_sided(math.nan, 3))
