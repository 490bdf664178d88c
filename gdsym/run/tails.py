"""Tails and quantiles of the normal, t and chi-squared distributions.

`scipy.special` has them, but takes longer to import than most fits take; these few lines are
within 1e-13 of it, relative to the tail.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_TINY = 1e-300
_EPS = 1e-16
_MOST_TERMS = 10_000
MANY = 1e8  # degrees of freedom, for which the fraction needs too many terms


def two_sided(statistic: float, df: float = math.inf) -> float:
    """P(|T| >= |statistic|) for Student's t with df degrees of freedom; infinite: the normal."""
    if math.isnan(statistic):
        return math.nan
    if math.isinf(df):
        return math.erfc(abs(statistic) / math.sqrt(2))
    if df > MANY:  # the first term of an expansion in 1/df (Abramowitz and Stegun, 26.7.8)
        t = abs(statistic)
        density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
        return math.erfc(t / math.sqrt(2)) + density * (t**3 + t) / (2 * df)
    return _t_tail(df, statistic * statistic)


def quantile(level: float, df: float = math.inf) -> float:
    """The q > 0 with P(|T| <= q) = level, for 0 < level < 1."""
    from statistics import NormalDist  # not needed where nothing is printed

    start = NormalDist().inv_cdf((1 + level) / 2)
    if math.isinf(df):
        return start
    # Bisection is sure, and its halvings are cheap.
    low, high = start, 2 * start
    while two_sided(high, df) > 1 - level:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        if two_sided(middle, df) > 1 - level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def chi_squared(statistic: float, df: float) -> float:
    """P(X >= statistic) for chi-squared with df degrees of freedom."""
    a, x = df / 2, statistic / 2
    if not x > 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:  # the series of the lower part
        term = total = 1 / a
        n = a
        while term > total * _EPS:
            n += 1
            term *= x / n
            total += term
        return 1 - front * total

    def coefficients(i: int) -> tuple[float, float]:
        return -i * (i - a), x + 2 * i + 1 - a

    return front / _continued_fraction(x + 1 - a, coefficients)


def f_tail(statistic: float, df: float, df_rest: float) -> float:
    """P(F >= statistic) for df and df_rest degrees of freedom."""
    if not statistic > 0:
        return 1.0
    a, b = df_rest / 2, df / 2
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return _incomplete_beta(a, b, df_rest, df * statistic, log_beta)


def _t_tail(df: float, square: float) -> float:
    log_beta = math.log(math.pi) / 2 - _log_ratio(df / 2)
    return _incomplete_beta(df / 2, 0.5, df, square, log_beta)


def _incomplete_beta(a: float, b: float, part: float, other: float, log_beta: float) -> float:
    """The regularised incomplete beta function at x = part/(part + other), by its continued
    fraction (NIST DLMF 8.17.22).

    1 - x is other/(part + other) exactly, which `1 - x` in floats is not.
    """
    x, rest = part / (part + other), other / (part + other)
    if rest == 0 or x == 0:
        return float(rest == 0)
    log_x = math.log1p(-rest) if rest < 0.5 else math.log(x)
    log_rest = math.log(rest) if rest < 0.5 else math.log1p(-x)
    front = math.exp(a * log_x + b * log_rest - log_beta)
    if x > (a + 1) / (a + b + 2):
        return 1 - front / (b * _beta_fraction(b, a, rest))
    return front / (a * _beta_fraction(a, b, x))


def _log_ratio(a: float) -> float:
    """log(gamma(a + 1/2)/gamma(a)), whose two logarithms cancel where a is large."""
    if a < 20:
        return math.lgamma(a + 0.5) - math.lgamma(a)
    series = -1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432
    return 0.5 * math.log(a) + sum(c * a ** (-1 - 2 * i) for i, c in enumerate(series))


def _beta_fraction(a: float, b: float, x: float) -> float:
    def coefficients(i: int) -> tuple[float, float]:
        m = i // 2
        if i % 2 == 0:
            return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0

    return _continued_fraction(1.0, coefficients)


def _continued_fraction(first: float, coefficients: Callable[[int], tuple[float, float]]) -> float:
    """first + a1/(b1 + a2/(b2 + ...)) by Lentz's method (Thompson and Barnett, 1986)."""
    value = c = first or _TINY
    d = 0.0
    for i in range(1, _MOST_TERMS):
        a, b = coefficients(i)
        d = 1 / (b + a * d or _TINY)
        c = b + a / c or _TINY
        value *= c * d
        if abs(c * d - 1) < _EPS * 10:
            break
    return value
