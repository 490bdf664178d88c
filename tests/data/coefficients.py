"""Prints the coefficients that gdsym/codegen/special.py has, highest power first.

    python tests/data/coefficients.py

Each is the polynomial through a smooth function at Chebyshev's points, from 45 digits.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
from mpmath import mp, mpf

mp.dps = 45
MORE = 8  # points beyond the degree that is kept


def polynomial(function: Callable[[mpf], mpf], low: mpf, high: mpf, degree: int) -> list[mpf]:
    """The function on an interval as powers of its argument, lowest first."""
    count = degree + 1 + MORE
    middle, half = (low + high) / 2, (high - low) / 2
    angles = [mp.pi * (place + mpf(1) / 2) / count for place in range(count)]
    values = [function(middle + half * mp.cos(angle)) for angle in angles]
    sums = [
        2 * sum(v * mp.cos(k * a) for v, a in zip(values, angles, strict=True)) / count
        for k in range(degree + 1)
    ]
    sums[0] /= 2
    # Clenshaw's recurrence, on polynomials in t = (x - middle)/half as lists of powers of x.
    times = [-middle / half, 1 / half]
    after, later = [mpf(0)], [mpf(0)]
    for coefficient in reversed(sums[1:]):
        doubled = [2 * c for c in product(times, after)]
        after, later = total(total(doubled, [-c for c in later]), [coefficient]), after
    made = total(total(product(times, after), [-c for c in later]), [sums[0]])
    return made[: degree + 1]


def product(a: list[mpf], b: list[mpf]) -> list[mpf]:
    made = [mpf(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            made[i + j] += x * y
    return made


def total(a: list[mpf], b: list[mpf]) -> list[mpf]:
    longest = max(len(a), len(b))
    a, b = (x + [mpf(0)] * (longest - len(x)) for x in (a, b))
    return [x + y for x, y in zip(a, b, strict=True)]


def gap(u: mpf) -> mpf:
    """normal_pdf(u)/normal_cdf(-u) - u, far out by Laplace's continued fraction."""
    if u > 30:
        fraction = mpf(0)
        for count in range(400, 0, -1):
            fraction = count / (u + fraction)
        return fraction
    with mp.workdps(100 + int(u * u)):
        return mp.npdf(u) / (mp.erfc(u / mp.sqrt(2)) / 2) - u


def on_half_line(t: mpf) -> mpf:
    """The half line u >= 0 by t = (u - 4)/(u + 4)."""
    return 4 * (1 + t) / (1 - t)


def scaled_gap(t: mpf) -> mpf:
    return (on_half_line(t) + mpf("1.5")) * gap(on_half_line(t))


def lower_curve(t: mpf) -> mpf:
    """mills(x)*(x + mills(x)) for x <= 1/4 by t = (u - 2.75)/(u + 3.25), u = -x."""
    u = 3 * (1 + t) / (1 - t) - mpf("0.25")
    step = gap(u) if u >= 0 else mp.npdf(u) / mp.ncdf(-u) - u
    return (u + step) * step


def scaled_gelu_shape(t: mpf) -> mpf:
    u = on_half_line(t)
    return (1 / (u + gap(u)) - u) / (GELU_ROOT - u)


def scaled_lgamma(w: mpf) -> mpf:
    """lgamma(x)/((x - 1)*(x - 2)) by w = (x - 1)/(x + 1)."""
    x = (1 + w) / (1 - w)
    with mp.workdps(70):
        return mp.loggamma(x) / ((x - 1) * (x - 2))


def scaled_binet(t: mpf) -> mpf:
    """x*(lgamma(x) - (x - 1/2)*log(x) + x - log(2*pi)/2) by t = (x - 3.5)/(x + 0.5)."""
    x = (mpf("3.5") + t / 2) / (1 - t)
    with mp.workdps(65 + 2 * max(0, int(mp.log10(x)))):
        return x * (mp.loggamma(x) - (x - mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2)


GELU_ROOT = -mpmath.findroot(lambda x: mp.ncdf(x) + x * mp.npdf(x), mpf(-0.75))
FITS = {
    "lower_gap": (scaled_gap, mpf(-1), mpf(1), 29),
    "lower_curve": (lower_curve, mpf(-1), mpf(1), 30),
    "gelu_shape": (scaled_gelu_shape, mpf(-1), mpf(1), 24),
    "lgamma": (scaled_lgamma, mpf(-1) / 3, mpf("1.75") / mpf("3.75"), 24),
    "binet": (scaled_binet, mpf(-1), mpf(1), 17),
}


def double_double(x: mpf) -> tuple[float, float]:
    return float(x), float(x - mpf(float(x)))


if __name__ == "__main__":
    for name, (function, low, high, degree) in FITS.items():
        found = polynomial(function, low, high, degree)
        print(name, ", ".join(repr(float(c)) for c in reversed(found)), sep="\n")
    print("root of the slope of gelu", *double_double(GELU_ROOT))
    print("sqrt(2)", *double_double(mp.sqrt(2)))
    print("log(2)", *double_double(mp.log(2)))
    print("log(24)", *double_double(mp.log(24)))
    scale = mp.sqrt(2 * mp.pi) * mpf(24) ** mpf("23.5") * mp.exp(-24)
    print("sqrt(2*pi)*24^23.5*exp(-24)", *double_double(scale))
    print("log(2*pi)/2", *double_double(mp.log(2 * mp.pi) / 2))
    print("B(2k), B(2k)/2k, Stirling's B(2k)/(2k*(2k - 1))")
    for k in range(1, 17):
        b = mp.bernoulli(2 * k)
        print(2 * k, float(b), float(b / (2 * k)), *double_double(b / (2 * k * (2 * k - 1))))
