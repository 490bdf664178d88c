"""Functions that a generated module carries where it uses them: what NumPy and SciPy lack, or
have with fewer digits.

Each function here is emitted as it stands, with those that it calls (`support`). They take
float64 arrays or numbers that broadcast. `tests/data/coefficients.py` makes the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

Array = Any  # a float64 array or number


# == emitted from here ==
def _is_calm(x: Array) -> bool:
    """True where exp(x)^2 is finite for all entries: exp(354.9)^2 is."""
    return bool(np.maximum.reduce(x, axis=None, initial=-np.inf) < 350)


def _bounded_exp(x: Array, out: Array | None = None) -> Array:
    """exp(x); or exp(-abs(x)) of all entries, where one is large.

    It is the exponential in `_softplus_of` and `_sigmoid_of` of the same x.
    """
    return np.exp(x, out=out) if _is_calm(x) else np.exp(-np.abs(x), out=out)


def _softplus_of(x: Array, e: Array, out: Array | None = None) -> Array:
    """log(1 + exp(x)), from `_bounded_exp(x)`."""
    result = np.log1p(e, out=out)
    if not _is_calm(x):
        result += np.maximum(x, 0)
    return result


def _sigmoid_of(x: Array, e: Array, out: Array | None = None) -> Array:
    """1/(1 + exp(-x)), from `_bounded_exp(x)`."""
    above = e if _is_calm(x) else np.exp(np.minimum(x, 0))
    return np.divide(above, np.add(e, 1, out=out), out=out)


def _by_pieces(function: Callable[..., Array], *args: Any, out: Array) -> Array:
    """function(*args), so many entries at a time that what it works with stays in a cache."""
    step = 16384  # 128 KiB
    if out.size <= step:
        out[...] = function(*args)
        return out
    rows = out.shape[-1]
    cut = [np.ndim(arg) > 0 and np.shape(arg)[-1] == rows for arg in args]
    step = max(1, step * rows // out.size)
    for start in range(0, rows, step):
        piece = slice(start, start + step)
        each = (arg[..., piece] if part else arg for arg, part in zip(args, cut, strict=True))
        out[..., piece] = function(*each)
    return out


def _either(condition: Array, yes: Array, no: Array) -> Array:
    """np.where of floats by their bits: no branch, which a processor may predict wrongly."""
    if np.size(condition) < 2048:
        return np.where(condition, yes, no)
    mask = np.negative(condition.view(np.int8), dtype=np.int64)  # all bits or none
    no = np.asarray(no, dtype=float).view(np.int64)
    bits = np.bitwise_xor(np.asarray(yes, dtype=float).view(np.int64), no)
    bits = np.bitwise_and(bits, mask, out=bits if np.shape(bits) == mask.shape else None)
    return np.bitwise_xor(bits, no, out=bits).view(float)


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """The polynomial with these coefficients, highest power first."""
    total = np.full_like(x, coefficients[0], dtype=float)
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total


def _patched(values: Array, rare: Array, better: Callable[..., Array], *args: Array) -> Array:
    """`values`, with better(*args) where `rare` holds: few entries, so it may be slow."""
    if not np.any(rare):
        return values
    values, rare, *spread = np.broadcast_arrays(values, rare, *args)
    values = np.array(values, dtype=float)
    values[rare] = better(*(arg[rare].astype(float) for arg in spread))
    return values[()]


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b rounded, and the rest (Knuth, The Art of Computer Programming, 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a*b rounded, and the rest (Dekker, 1971): halves of 26 bits have exact products."""
    product = a * b
    a_high, b_high = 134217729.0 * a, 134217729.0 * b  # 2^27 + 1
    a_high, b_high = a_high - (a_high - a), b_high - (b_high - b)
    a_low, b_low = a - a_high, b - b_high
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, rest


def _sum_twice(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """The sum of two numbers of twice the digits, each of them a number and its rest."""
    high, rest = _two_sum(a[0], b[0])
    rest = rest + (a[1] + b[1])
    total = high + rest
    return total, rest - (total - high)


def _product_twice(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Their product."""
    high, rest = _two_product(a[0], b[0])
    rest = rest + (a[0] * b[1] + a[1] * b[0])
    total = high + rest
    return total, rest - (total - high)


def _quotient_twice(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Their quotient."""
    high = a[0] / b[0]
    product = _product_twice((high, 0.0), b)
    left = _sum_twice(a, (-product[0], -product[1]))
    return _two_sum(high, left[0] / b[0])


def _power_twice(x: Array) -> tuple[tuple[Array, Array], Array]:
    """exp(x) as t + p, p a power of two, t with twice the digits; x between -700 and 700.

    The argument is k*log(2) + 512*r; the series of exp(r) - 1 is squared nine times.
    """
    k = np.rint(x / 0.6931471805599453)
    # log(2) in three parts; k times the first two is exact.
    rest = _two_sum(x - k * 0.6931471805592082, -k * 7.371002565161996e-13)
    rest = _sum_twice(rest, (-k * 5.8029889835956905e-25, 0.0))
    r = (rest[0] / 512, rest[1] / 512)
    # 1/9!, 1/8!, ... 1/6!: so small that a double will do; then 1/5!, 1/4!, ... 1/1!
    series = (2.7557319223985893e-06, 2.48015873015873e-05, 0.0001984126984126984)
    total = (_polynomial(r[0], (*series, 0.001388888888888889)), 0.0)
    for inverse in (
        (0.008333333333333333, 1.1564823173178714e-19),
        (0.041666666666666664, 2.3129646346357427e-18),
        (0.16666666666666666, 9.25185853854297e-18),
        (0.5, 0.0),
        (1.0, 0.0),
    ):
        total = _sum_twice(_product_twice(total, r), inverse)
    total = _product_twice(total, r)
    for _ in range(9):
        total = _sum_twice((2 * total[0], 2 * total[1]), _product_twice(total, total))
    power = np.exp2(k)
    return (total[0] * power, total[1] * power), power


def _expm1_twice(x: Array) -> tuple[Array, Array]:
    """exp(x) - 1 with twice the digits, for x between -700 and 700."""
    rest, power = _power_twice(x)
    return _sum_twice(rest, _two_sum(power, -1.0))


def _exp_twice(x: Array) -> tuple[Array, Array]:
    """exp(x) with twice the digits, for x between -700 and 700."""
    rest, power = _power_twice(x)
    return _sum_twice(rest, (power, 0.0))


def _log_twice(x: tuple[Array, Array]) -> tuple[Array, Array]:
    """The logarithm with twice the digits: one step of Newton's iteration from the double."""
    first = np.log(x[0])
    small = _sum_twice(_product_twice(_exp_twice(-first), x), (-1.0, 0.0))
    return _sum_twice((first, 0.0), (small[0], small[1] - small[0] * small[0] / 2))


# -- exponentials --------------------------------------------------------------------------------


def _bell(x: Array, share: float = 1.0) -> Array:
    """exp(-share*x^2). The rounding of the square, which would cost x^2 units in the last place,
    is made good."""
    x = np.minimum(np.abs(x), 64.0)
    square, rest = _two_product(x, x)
    top = np.exp(-share * square)
    return top - top * (share * rest)


def _lost(a: Array, b: Array) -> Array:
    """What a - b loses to rounding."""
    rest = _two_sum(a, -b)[1]
    return np.where(np.isnan(rest), 0.0, rest)


def _logaddexp_at(value: Array, a: Array, b: Array) -> Array:
    """`value`, which is log(exp(a) + exp(b)), with all its digits where it is next to 0."""
    top = np.maximum(a, b)
    rare = np.abs(top) < 2 * (1 + np.abs(a - b)) * (value - top)
    return _patched(value, rare & (np.minimum(a, b) > -690), _logaddexp_near_zero, a, b)


def _logaddexp_near_zero(a: Array, b: Array) -> Array:
    top, low = np.maximum(a, b), np.minimum(a, b)
    total, rest = _sum_twice(_expm1_twice(top), _exp_twice(low))
    return np.log1p(total) + rest / (1 + total)


def _log1mexpexp(z: Array) -> Array:
    """log(1 - exp(-exp(z)))."""
    rate = np.exp(z)
    left = np.where(rate < 0.7, np.log(-np.expm1(-rate)), np.log1p(-np.exp(-rate)))
    values = np.where(z < -37, z - rate / 2, left)
    return _patched(values, z > 0.5, _log1mexpexp_above, z)


def _log1mexpexp_above(z: Array) -> Array:
    high, low = _exp_twice(np.minimum(z, 7.0))
    tail = np.exp(-high)
    return np.log1p(-(tail - tail * low))


def _event_share(z: Array) -> Array:
    """The derivative of log1mexpexp: rate/(exp(rate) - 1), rate = exp(z)."""
    rate = np.exp(np.minimum(z, 7.0))
    small = np.where(rate == 0, 1.0, rate)
    values = np.where(rate == 0, 1.0, small / np.expm1(small))
    return _patched(values, z > 0.5, _event_share_above, z)


def _event_share_above(z: Array) -> Array:
    high, low = _exp_twice(np.minimum(z, 7.0))
    half = np.exp(-high / 2)  # exp(-high) may be subnormal where the result is not
    tail = np.exp(-high)
    share = np.where(high < 700, high * tail, half * high * half) / -np.expm1(-high)
    return share - share * low * (1 - 1 / high)


def _event_curve(z: Array) -> Array:
    """The derivative of event_share."""
    share = _event_share(z)
    values = -share * _event_gap(z, share)
    return _patched(values, z > 6.5, _event_curve_far, z)


def _event_curve_far(z: Array) -> Array:
    high, low = _exp_twice(np.minimum(z, 7.0))
    half = np.exp(-high / 2)
    return (1 - high) * half * high * (half - half * low)


def _event_gap(z: Array, share: Array) -> Array:
    """rate + share - 1, rate = exp(z) and share = event_share(z): Bernoulli's series below 2."""
    rate = np.exp(z)
    small = np.minimum(rate, 2.0)
    series = (  # B(2k)/(2k)!
        *(1.455172475614865e-27, -5.744790668872202e-26, 2.267952452337683e-24),
        *(-8.953517427037546e-23, 3.534707039629467e-21, -1.3954464685812522e-19),
        *(5.5090028283602295e-18, -2.174868698558062e-16, 8.586062056277845e-15),
        *(-3.3896802963225827e-13, 1.3382536530684679e-11, -5.284190138687493e-10),
        *(2.08767569878681e-08, -8.267195767195768e-07, 3.306878306878307e-05),
        *(-0.001388888888888889, 0.08333333333333333),
    )
    below = small * (0.5 + small * _polynomial(small * small, series))
    return np.where(rate < 2, below, (rate - 1) + share)


# -- powers and lengths --------------------------------------------------------------------------


def _power_less(x: Array, y: Array, count: float) -> Array:
    """x^(y - count). What y - count loses to rounding is made good."""
    exponent, rest = _two_sum(y, -count)
    power = np.power(x, exponent)
    if np.any(rest):
        better = power + power * np.where(rest == 0, 0.0, rest * np.log(x))
        power = np.where(np.isfinite(power), better, power)
    return power


def _power_slope(x: Array, y: Array) -> Array:
    """y*x^(y - 1), and 0 where y is 0."""
    power = _power_less(x, y, 1.0)
    values = np.where(y == 0, 0.0, y * power)
    return _patched(values, _ended(power, x), _power_slope_far, x, y)


def _ended(power: Array, x: Array) -> Array:
    """Where a power is too large or too small, but what multiplies it may not be."""
    return (np.isinf(power) | (power == 0)) & (x > 0)


def _power_slope_far(x: Array, y: Array) -> Array:
    return np.power(x, y) * y / x


def _power_curve(x: Array, y: Array) -> Array:
    """y*(y - 1)*x^(y - 2), and 0 where y is 0 or 1."""
    share, power = y * (y - 1), _power_less(x, y, 2.0)
    values = np.where(share == 0, 0.0, share * power)
    return _patched(values, _ended(power, x), _power_curve_far, x, y)


def _power_curve_far(x: Array, y: Array) -> Array:
    return np.power(x, y) * y / x * (y - 1) / x


def _power_turn(x: Array, y: Array) -> Array:
    """x^(y - 1)*(1 + y*log(x))."""
    turn = 1 + y * np.log(x)
    turn = _patched(turn, np.abs(turn) < 0.5, _turn_near_zero, x, y)
    power = _power_less(x, y, 1.0)
    return _patched(power * turn, _ended(power, x), _power_turn_far, x, y, turn)


def _power_turn_far(x: Array, y: Array, turn: Array) -> Array:
    return np.power(x, y) * turn / x


def _turn_near_zero(x: Array, y: Array) -> Array:
    product = _product_twice(_log_twice((x, 0.0 * x)), (y, 0.0))
    high, low = _sum_twice(product, (1.0, 0.0))
    return high + low


def _scaled(y: Array, x: Array) -> tuple[Array, Array, Array]:
    """y and x without the exponent of the larger, and this exponent."""
    exponent = np.frexp(np.maximum(np.abs(x), np.abs(y)))[1]
    return np.ldexp(y, -exponent), np.ldexp(x, -exponent), exponent


def _turn_by_y(y: Array, x: Array) -> Array:
    """x/(x^2 + y^2)."""
    y, x, exponent = _scaled(y, x)
    return np.ldexp(x / (x * x + y * y), -exponent)


def _squared_length(y: Array, x: Array) -> Array:
    """(x^2 + y^2)^2, rounded once or twice."""
    total, rest = _sum_twice(_two_product(y, y), _two_product(x, x))
    return total * total + 2 * total * rest


def _turn_mixed(y: Array, x: Array) -> Array:
    """(y^2 - x^2)/(x^2 + y^2)^2."""
    y, x, exponent = _scaled(y, x)
    (less, less_rest), (more, more_rest) = _two_sum(y, -x), _two_sum(y, x)
    product = less * more + (less * more_rest + less_rest * more)
    return np.ldexp(product / _squared_length(y, x), -2 * exponent)


def _turn_twice(y: Array, x: Array) -> Array:
    """-2*x*y/(x^2 + y^2)^2."""
    y, x, exponent = _scaled(y, x)
    return np.ldexp(-2 * x * y / _squared_length(y, x), -2 * exponent)


def _less_square(c: Array, x: Array) -> Array:
    """c - x^2, also next to 0, where it has no digit as written."""
    square, rest = _two_product(x, x)
    return (c - square) - rest


# -- the normal distribution ---------------------------------------------------------------------


def _lower_gap(x: Array) -> Array:
    """normal_pdf(x)/normal_cdf(-abs(x)) - abs(x): about 1/abs(x) far out.

    A polynomial in (u - 4)/(u + 4) for the half line, as Shepherd and Laframboise (1981) have it
    for erfcx.
    """
    u = np.abs(x)
    coefficients = (
        *(-2.6585160198350197e-09, 5.79985672846359e-09, 2.315685432730003e-08),
        *(-6.47332367522858e-08, -7.694710289181695e-08, 3.7664441244036224e-07),
        *(-1.8846138138000527e-08, -1.5616066006036992e-06, 1.6023564085953148e-06),
        *(5.180162183543933e-06, -1.076976699806826e-05, -1.3847102055929066e-05),
        *(5.028806832724981e-05, 2.5158869333026432e-05, -0.00019371695789080064),
        *(9.068213051690299e-06, 0.0006434083195417051, -0.0003678434232634373),
        *(-0.0018257250220532096, 0.0022311000209424437, 0.004070785418230365),
        *(-0.009586047445985001, -0.004407647460957002, 0.0322962587852422),
        *(-0.02002388207742737, -0.07392998541583079, 0.1720300453863994),
        *(-0.09309367285799144, -0.24874773357082716, 1.240839294692091),
    )
    return _polynomial(1 - 8 / (u + 4), coefficients) / (u + 1.5)


def _lower_curve(x: Array) -> Array:
    """mills(x)*(x + mills(x)), mills(x) = normal_pdf(x)/normal_cdf(x), for x <= 1/4; from there
    on its value there."""
    coefficients = (
        *(-7.390249765179455e-09, 3.2950935157378256e-08, 5.89424807783745e-08),
        *(-3.9341819587929617e-07, -2.574211209905265e-07, 2.4517890945635874e-06),
        *(1.2510553123678093e-06, -1.0631996138223886e-05, -7.382069304651782e-06),
        *(3.5441224483743275e-05, 3.782553438535178e-05, -9.380520650724575e-05),
        *(-0.0001531906414584861, 0.00019544759389076218, 0.0005040680269120584),
        *(-0.0002967923342482647, -0.001407197861839568, 0.00020591861810490605),
        *(0.003470951800253698, 0.000553824718755209, -0.007866071750744502),
        *(-0.0028315561967882114, 0.017057663226602255, 0.007477638839954371),
        *(-0.03686174611219523, -0.012612860341595844, 0.08188487723238438),
        *(-0.0018498635845430108, -0.18832107257914532, 0.21994097938799675),
        0.9209443979625288,
    )
    return _polynomial(1 - 6 / (3.25 - np.minimum(x, 0.25)), coefficients)


def _gelu_shape(x: Array) -> Array:
    """normal_cdf(-u)/normal_pdf(u) - u, u = abs(x); 0 where gelu is least."""
    u = np.abs(x)
    coefficients = (
        *(4.0242688012013495e-11, 3.7823506565405795e-11, -3.932463325025652e-10),
        *(-5.770072127810534e-10, 1.8693811703554557e-09, 4.743103028170429e-09),
        *(-5.003167071218319e-09, -2.9213232743215338e-08, -1.4760466076584364e-09),
        *(1.5924717824300264e-07, 1.3120149185287053e-07, -8.7611537473958e-07),
        *(-1.2336709603544082e-06, 5.556675274479721e-06, 8.870715845754206e-06),
        *(-4.5206918949718194e-05, -4.380888237130866e-05, 0.0004656708135861589),
        *(-0.0003875581012138906, -0.0044825044353598315, 0.023825377359162656),
        *(-0.07039454410494111, 0.1515581068695222, -0.25909988386777605),
        1.1585917731870352,
    )
    root = (0.7517915246935645 - u) - 1.4956759177009883e-17
    return root * _polynomial(1 - 8 / (u + 4), coefficients)


# -- the gamma function --------------------------------------------------------------------------


def _lgamma(x: Array) -> Array:
    """log(abs(gamma(x))), also next to its zeros 1 and 2."""
    return _patched(special.gammaln(x), (x > 0.5) & (x < 2.75), _lgamma_near_zero, x)


def _lgamma_near_zero(x: Array) -> Array:
    coefficients = (
        *(-0.0011842791479582202, -0.020581912715496347, 0.035309811627202384),
        *(-0.030780376680112388, 0.020029387207220303, -0.024107966983322744),
        *(0.025527306561882835, -0.030144620882714912, 0.028209069486445647),
        *(-0.033654715174658525, 0.031767498831445466, -0.03892379632566916),
        *(0.036401098965400516, -0.04604424803288556, 0.04260639674524042),
        *(-0.056336593828930165, 0.051359988727865076, -0.07249649298207846),
        *(0.06462417140277832, -0.1014733775789579, 0.0870155672277763),
        *(-0.16820095064421697, 0.1312343264106433, -0.49050273704516073),
        0.5772156649015329,
    )
    return (x - 1) * (x - 2) * _polynomial((x - 1) / (x + 1), coefficients)


def _polygamma(order: int, x: Array) -> Array:
    """The first, second or third derivative of digamma: from below 20 ten steps up, then
    Stirling's series (Abramowitz and Stegun 6.4.6, 6.4.12-14)."""
    low = np.where(x < 20, 1.0, 0.0)
    y = x + 10 * low
    r = 1 / y
    factorial = (1.0, 2.0, 6.0)[order - 1]
    series = (
        (
            *(54.971177944862156, -7.092156862745098, 1.1666666666666667, -0.2531135531135531),
            *(0.07575757575757576, -0.03333333333333333, 0.023809523809523808),
            *(-0.03333333333333333, 0.16666666666666666),
        ),
        (
            *(1044.452380952381, -120.56666666666666, 17.5, -3.2904761904761903),
            *(0.8333333333333334, -0.3, 0.16666666666666666, -0.16666666666666666, 0.5),
        ),
        (
            *(20889.04761904762, -2170.2, 280.0, -46.06666666666667, 10.0, -3.0),
            *(1.3333333333333333, -1.0, 2.0),
        ),
    )[order - 1]
    total = factorial / order + r * (factorial / 2 + r * _polynomial(r * r, series))
    total = total / (y, y * y, y * y * y)[order - 1]
    steps = 0.0 * low
    for step in range(9, -1, -1):
        y = x + step
        square = y * y
        steps = steps + factorial / (square, square * y, square * square)[order - 1]
    total = total + np.where(low, steps, 0.0)
    values = total if order != 2 else -total
    return _patched(values, x <= 0, _polygamma_below, order + 0.0 * x, x)


def _polygamma_below(order: Array, x: Array) -> Array:
    """By reflection (Abramowitz and Stegun 6.4.7)."""
    order = int(order[0])
    part = np.pi * (x - np.rint(x))
    sine, cosine = np.sin(part), np.cos(part)
    slope = (
        np.pi**2 / sine**2,
        -2 * np.pi**3 * cosine / sine**3,
        2 * np.pi**4 * (1 + 2 * cosine**2) / sine**4,
    )[order - 1]
    mirrored = _polygamma(order, 1 - x)
    return slope + mirrored if order == 2 else slope - mirrored


def _stirling_slopes(x: Array, y: Array, series: tuple[float, ...]) -> tuple[Array, Array]:
    """For the polynomial S with these coefficients: S(x), and (S(x) - S(y))/(x - y)."""
    value, slope = series[0] + 0.0 * x, 0.0 * x
    for coefficient in series[1:]:
        slope = slope * y + value
        value = value * x + coefficient
    return value, slope


def _digamma_gap(a: Array, b: Array) -> Array:
    """digamma(a + b) - digamma(a) for a, b > 0: every term is above 0."""
    total, low = a + b, np.where(a < 10, 1.0, 0.0)
    x, y = a + 10 * low, total + 10 * low
    r, q = 1 / x, 1 / y
    series = (
        *(3.0539543302701198, -0.4432598039215686, 0.08333333333333333, -0.021092796092796094),
        *(0.007575757575757576, -0.004166666666666667, 0.003968253968253968),
        *(-0.008333333333333333, 0.08333333333333333, 0.0),
    )
    slope = _stirling_slopes(r * r, q * q, series)[1]
    steps = 0.0 * low
    for step in range(9, -1, -1):
        steps = steps + b / (total + step) / (a + step)
    rest = b / y / x * (0.5 + (r + q) * slope)  # b/(y*x) is r - q
    return np.log1p(b / x) + (rest + np.where(low, steps, 0.0))


def _trigamma_gap(a: Array, b: Array) -> Array:
    """trigamma(a) - trigamma(a + b) for a, b > 0: every term is above 0."""
    total, low = a + b, np.where(a < 10, 1.0, 0.0)
    x, y = a + 10 * low, total + 10 * low
    r, q = 1 / x, 1 / y
    series = (
        *(54.971177944862156, -7.092156862745098, 1.1666666666666667, -0.2531135531135531),
        *(0.07575757575757576, -0.03333333333333333, 0.023809523809523808),
        *(-0.03333333333333333, 0.16666666666666666, 0.0),
    )
    value, slope = _stirling_slopes(r * r, q * q, series)
    steps = 0.0 * low
    for step in range(9, -1, -1):
        u, v = a + step, total + step
        steps = steps + b / v / u * (1 / u + 1 / v)
    rest = b / y / x * (1 + ((r + q) * (0.5 + q * slope) + value))  # b/(y*x) is r - q
    return rest + np.where(low, steps, 0.0)


def _trigamma_of_sum(a: Array, b: Array) -> Array:
    """trigamma(a + b) for a, b > 0. What the sum loses to rounding is made good: by its relative
    size between twice, for small sums, and once."""
    total, rest = _two_sum(a, b)
    value = _polygamma(1, total)
    lost = value * (rest / total) * ((2 + total) / (1 + total))
    return np.where(np.isinf(value), value, value - lost)


def _beta_ln(a: Array, b: Array) -> Array:
    """The logarithm of the beta function for a, b > 0, also where the function is next to 1.

    Stirling's formula of the three gamma functions, in which nothing large cancels.
    """
    a, b = np.maximum(a, b), np.minimum(a, b)
    x = np.maximum(b, 1.5)
    total = a + x
    rests = (_binet(np.maximum(a, 1.5)) - _binet(total)) + _binet(x)
    logarithms = (a - 0.5) * np.log1p(x / a) + x * np.log1p(a / x) + np.log(x) / 2
    far = (0.9189385332046728 + rests) - logarithms  # log(2*pi)/2
    return _patched(far, b < 1.5, _beta_ln_low, a, b)


def _binet(x: Array) -> Array:
    """lgamma(x) - (x - 1/2)*log(x) + x - log(2*pi)/2 for x >= 1.5."""
    coefficients = (
        *(-3.233107994659024e-13, -2.6282908170821123e-13, 2.606469885394884e-12),
        *(6.8259990936004765e-12, 2.6960726794202894e-12, -3.673515768779982e-11),
        *(-1.5842468998475766e-10, -2.5494483357325337e-10, 8.837568092566938e-10),
        *(6.001727110690008e-09, 1.660145237533213e-08, -1.0262057830702442e-07),
        *(-2.2937609842996048e-07, -3.3512226332767282e-06, 6.0223198620465536e-05),
        *(-0.00033086721483503256, 0.0004960647234426643, 0.08311157279704123),
    )
    return _polynomial(1 - 4 / (x + 0.5), coefficients) / x


def _beta_ln_low(a: Array, b: Array) -> Array:
    """For b < 1.5 and b <= a: the logarithm of gamma(b), less the rise of lgamma from a on."""
    total, rest = _two_sum(a, b)
    first, start = _lgamma(b), _lgamma(a)
    end = _lgamma(total) + rest * special.digamma(total)
    x = np.maximum(a, 1.5)
    rise = (x - 0.5) * np.log1p(b / x) + b * (np.log(x + b) - 1) + (_binet(x + b) - _binet(x))
    values = np.where(a < 1.5, first + start - end, first - rise)
    size = np.abs(first) + np.where(a < 1.5, np.abs(start) + np.abs(end), np.abs(rise))
    rare = (np.abs(values) < 0.45 * size) & (b > 0.005)  # at smaller b no a has a 0
    return _patched(values, rare, _beta_ln_near_zero, a, b)


def _beta_ln_near_zero(a: Array, b: Array) -> Array:
    """The same with twice the digits: up 24 steps, or none where a is large, to Stirling."""
    low = a < 1e6
    total, y = _two_sum(a, b), _two_sum(b, 24.0)
    x = _two_sum(a, np.where(low, 24.0, 0.0))
    w = _sum_twice(x, (b, 0.0))
    # Where no steps are taken, factors that cancel.
    start = np.where(low, a, 1.0), 0.0 * a
    end = np.where(low, total[0], 1.0), np.where(low, total[1], 0.0)
    below = _product_twice(_rising_twice(start), _rising_twice((b, 0.0 * b)))
    product = _quotient_twice(_rising_twice(end), below)
    gap = _quotient_twice((b, 0.0), x)
    half = _sum_twice((gap[0] / 2, gap[1] / 2), (-b, 0.0))
    rise = _log1p_twice(gap)
    log_y = _log1p_twice(_quotient_twice((b, 0.0), (24.0, 0.0)))  # log(y/24)
    # sqrt(2*pi)*24^23.5*exp(-24), inside the logarithm: outside, its own is the largest term.
    product = _product_twice(product, (2.5762413625949762e22, -1453221.8088966075))
    terms = (
        _log_twice(product),
        _product_twice((b, 0.0), (3.1780538303479458, -1.3216387039714197e-16)),  # log(24)
        _product_twice(_sum_twice(y, (-0.5, 0.0)), log_y),
        _product_twice((-b, 0.0), _log_twice(w)),
        _product_twice(half, _quotient_twice(rise, gap)),
        _sum_twice(_stirling_twice(x), _stirling_twice(y)),
        _product_twice((-1.0, 0.0), _stirling_twice(w)),
    )
    found = terms[0]
    for term in terms[1:]:
        found = _sum_twice(found, term)
    return found[0] + found[1]


def _rising_twice(x: tuple[Array, Array]) -> tuple[Array, Array]:
    """x*(x + 1)*...*(x + 23) with twice the digits: two by two, (x + i)*(x + 23 - i)."""
    pair = _product_twice(x, _sum_twice(x, (23.0, 0.0)))
    product = pair
    for step in range(1, 12):
        product = _product_twice(product, _sum_twice(pair, (step * (23.0 - step), 0.0)))
    return product


def _log1p_twice(x: tuple[Array, Array]) -> tuple[Array, Array]:
    """log(1 + x) with twice the digits, for x between 0 and 1/16."""
    far = tuple((1 if power % 2 else -1) / power for power in range(27, 13, -1))
    total = (_polynomial(x[0], far), 0.0)  # so small that a double will do
    for power in range(13, 0, -1):
        inverse = _quotient_twice((1.0 if power % 2 else -1.0, 0.0), (float(power), 0.0))
        total = _sum_twice(_product_twice(total, x), inverse)
    return _product_twice(total, x)


def _stirling_twice(x: tuple[Array, Array]) -> tuple[Array, Array]:
    """`_binet` with twice the digits, for x >= 24: B(2k)/(2k*(2k - 1)*x^(2k - 1)), summed."""
    inverse = _quotient_twice((1.0, 0.0), x)
    square = _product_twice(inverse, inverse)
    far = (  # so small that doubles will do
        *(-15238221.539407415, 691472.268851313, -36108.77125372499, 2193.1033333333335),
        *(-156.84828462600203, 13.402864044168393, -1.3924322169059011, 0.17964437236883057),
        *(-0.029550653594771242, 0.00641025641025641, -0.0019175269175269176),
    )
    total = (_polynomial(square[0], far), 0.0)
    for coefficient in (
        (0.0008417508417508417, 3.6870174889237694e-20),
        (-0.0005952380952380953, 5.36938218754726e-20),
        (0.0007936507936507937, 6.883823317368282e-22),
        (-0.002777777777777778, 1.0601087908747154e-19),
        (0.08333333333333333, 4.625929269271485e-18),
    ):
        total = _sum_twice(_product_twice(total, square), coefficient)
    return _product_twice(total, inverse)
