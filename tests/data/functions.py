"""Writes functions.npz: each function of the table at 1,000 points, with its derivatives.

    python tests/data/functions.py [NAME ...]

The truth is the entry's `meaning` in mpmath, at so many digits that its central differences with a
step of 1e-60 are right to 50: neither the table's derivatives nor its lowerings have a part in it.
The exact number is kept as the nearest double and the rest in 1/256 of its last place.
"""

from __future__ import annotations

import sys
from math import expm1, floor, lgamma, log, log10, nextafter
from multiprocessing import Pool
from pathlib import Path
from random import Random

import mpmath
import numpy as np

from gdsym.calculus.reference import Arithmetic
from gdsym.language.functions import FUNCTIONS

COUNT = 1000
STORED = Path(__file__).with_name("functions.npz")
GAMMAS = ("lgamma", "digamma", "trigamma", "tetragamma", "pentagamma")
BETAS = ("beta_ln", "digamma_gap", "trigamma_gap", "trigamma_of_sum")
FLAT = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "where", "shift", "sign")
FLAT += ("lost", "logaddexp_at")
# What stands in first derivatives: its value and its slope are the first and second of those.
SLOPES = (
    *("asin_slope", "atan_slope", "tanh_slope", "sigmoid_slope", "odds", "bell", "half_bell"),
    *("normal_slope", "gelu_slope", "mills", "turn_by_y", "turn_by_x", "share", "other_share"),
    *("event_share", "power_slope", "power_log", "digamma_gap"),
)
# What stands in second derivatives only, or in lowerings.
VALUES = (
    *(
        "hypot",
        "pentagamma",
        "mills_curve",
        "lower_curve",
        "lower_gap",
        "gelu_shape",
        "gelu_curve",
    ),
    *("normal_curve", "atan_curve", "turn_mixed", "turn_twice"),
    *("share_slope", "event_curve", "less_square", "power_curve", "power_turn"),
    *("trigamma_gap", "trigamma_of_sum"),
)

# Where a function is tried: the least and the largest size of x, below 0 and above it, and points
# that it is tried next to. 700 is where exp(x) ends, and with it many others.
ALL = (1e-300, 1e300)
EXP = (1e-300, 700)
FAR = (1e-300, 1e100)  # mpmath's erfc ends before 1e200
REAL = {
    **dict.fromkeys(("asin", "acos", "asin_slope"), ((1e-300, 1), (1e-300, 1), (1, -1))),
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh"), (EXP, EXP, ())),
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "root"), (None, ALL, (1,))),
    "log1p": ((1e-300, 1), ALL, (-1,)),
    **dict.fromkeys(("log1mexp", "odds"), (ALL, None, (-0.6931471805599453,))),
    **dict.fromkeys(("log1mexpexp", "event_share", "event_curve"), (ALL, EXP, ())),
    **dict.fromkeys(GAMMAS, (None, ALL, (1, 2, 1.4616321449683622))),
    **dict.fromkeys(("erf", "erfc"), (FAR, FAR, ())),
    **dict.fromkeys(("normal_cdf", "log_normal_cdf", "mills", "mills_curve"), (FAR, FAR, ())),
    **dict.fromkeys(("lower_gap", "lower_curve"), (FAR, FAR, ())),
    **dict.fromkeys(("normal_slope", "normal_curve"), (ALL, ALL, (1, -1))),
    **dict.fromkeys(
        ("gelu", "gelu_slope", "gelu_curve", "gelu_shape"),
        (FAR, FAR, (-0.7517915246935645, -1.4142135623730951, 1.4142135623730951)),
    ),
}
PLAIN = (ALL, ALL, ())
# Of these 1/y^2 is a second derivative, and y^2 has to be a double.
SQUARED = (1e-150, 1e150)
PAIRS = {
    **dict.fromkeys(("pow", "power_slope", "power_log", "power_curve"), ((None, ALL), PLAIN[:2])),
    "power_turn": ((None, ALL), PLAIN[:2]),
    "xlogy": (PLAIN[:2], (None, SQUARED)),
    "xlog1py": (PLAIN[:2], ((1e-300, 1), SQUARED)),
    "huber": (PLAIN[:2], (None, ALL)),
    "less_square": (((1e-300, 1e140), (1e-300, 1e140)), (SQUARED, SQUARED)),
    **dict.fromkeys(BETAS, ((None, ALL), (None, ALL))),
}
# Where steps in proportion to x are small for the function, however large x is.
SCALED = ("log", "log2", "log10", "log1p", "sqrt", "root", "abs", "relu", "atan", "atan2")
SCALED += ("atan_slope", "turn_by_y", "turn_by_x", "xlogy", "xlog1py", "huber", "hypot")
SCALED += ("min", "max", "clip")
POWERS = ("pow", "power_slope", "power_log", "power_curve", "power_turn")


def sized(draw: Random, least: float, largest: float) -> float:
    """Half of them within a factor 1,000 of 1, the rest at any size."""
    low, high = log10(least), log10(largest)
    if draw.random() < 0.5:
        low, high = max(low, -3), min(high, 3)
    return min(10 ** draw.uniform(low, high), nextafter(largest, 0))


def drawn(draw: Random, below: object, above: object, near: tuple[float, ...]) -> float:
    if near and draw.random() < 0.2:
        point = draw.choice(near)
        x = point * (1 + draw.choice((-1, 1)) * 2 ** -draw.randint(2, 52))
        sides = below if x < 0 else above
        if sides and sides[0] <= abs(x) and (abs(x) < sides[1]):
            return x
    sides = [(-1, below), (1, above)]
    sign, side = draw.choice([side for side in sides if side[1]])
    return sign * sized(draw, *side)


def points(name: str) -> list[tuple[float, ...]]:
    entry, draw = FUNCTIONS[name], Random(name)
    if name == "clip":
        return [(drawn(draw, *PLAIN), -1.5, 2.25) for _ in range(COUNT)]
    if len(entry.params) == 1:
        return [(drawn(draw, *REAL.get(name, PLAIN)),) for _ in range(COUNT)]
    made = []
    while len(made) < COUNT:
        a, b = (drawn(draw, *side, ()) for side in PAIRS.get(name, (PLAIN[:2], PLAIN[:2])))
        if draw.random() < 0.3 and b > 0 and a > 0:
            b = a * (1 + draw.choice((-1, 1)) * 2 ** -draw.randint(1, 40))
        if draw.random() < 0.2:
            a, b = singular(name, draw, a, b)
        far = name in POWERS and abs(b * log(a)) > 700
        squared = name not in ("xlogy", "xlog1py") or SQUARED[0] < abs(b) < SQUARED[1]
        if abs(a) != abs(b) and not far and squared:
            made.append((a, b))
    return made


def singular(name: str, draw: Random, a: float, b: float) -> tuple[float, float]:
    """A point next to where the function, or a derivative of it, is 0."""
    near = 1 + draw.choice((-1, 1)) * 2 ** -draw.randint(2, 52)
    if name in ("logaddexp", "share", "other_share"):
        a = -sized(draw, 1e-15, 30)
        return a, log(-expm1(a)) * near
    if name == "less_square":
        return b * b * near, b
    if name in POWERS and a != 1:
        return a, -1 / log(a) * near
    if name == "beta_ln":
        if draw.random() < 0.3:
            return near, 1 + draw.choice((-1, 1)) * 2 ** -draw.randint(2, 52)
        a = sized(draw, 1, 1e8)
        low, high = 1e-3, 1.0  # beta_ln is above 0 at the first, below at the second
        for _ in range(60):
            middle = (low + high) / 2
            found = lgamma(a) + lgamma(middle) - lgamma(a + middle)
            low, high = (middle, high) if found > 0 else (low, middle)
        return (a, low * near) if draw.random() < 0.5 else (low * near, a)
    return a, b


def orders(name: str) -> list[tuple[int, ...]]:
    """The value, then the places by which it is differentiated."""
    count = 1 if name == "clip" else len(FUNCTIONS[name].params)
    if name in VALUES:
        return [()]
    firsts = [(i,) for i in range(count)]
    if name in (*SLOPES, "tetragamma"):
        return [(), *firsts]
    return [(), *firsts, *((i, j) for i in range(count) for j in range(i, count))]


def exact(name: str, args: tuple[float, ...]) -> list[object]:
    tiny = sum(max(0.0, -log10(abs(x)), log10(abs(x)) / 3) for x in args if x)
    if name in GAMMAS:
        mp = Arithmetic(80 + floor(2 * abs(log10(args[0])))).mp
        first = GAMMAS.index(name) - 1
        x = mp.convert(args[0])
        chain = [mp.loggamma(x) if k < 0 else mp.psi(k, x) for k in range(first, first + 3)]
        return chain[: len(orders(name))]
    if name in BETAS:
        return exact_beta(name, *args)
    arithmetic = Arithmetic(560 + floor(3 * tiny))
    mp = arithmetic.mp
    at = [mp.convert(x) for x in args]
    scaled = [name in SCALED or (name in POWERS and not place) for place in range(len(at))]
    steps = [
        (abs(x) if far else min(abs(x), mp.one)) * mp.mpf(10) ** -60
        for x, far in zip(at, scaled, strict=True)
    ]
    done: dict[tuple[int, ...], object] = {}

    def f(*moves: int) -> object:
        if moves not in done:
            moved = [x + s * m for x, s, m in zip(at, steps, moves, strict=True)]
            done[moves] = arithmetic.call(name, *moved)
        return done[moves]

    def move(*shifts: tuple[int, int]) -> object:
        moves = [0] * len(at)
        for place, by in shifts:
            moves[place] += by
        return f(*moves)

    found = []
    for order in orders(name):
        match order:
            case ():
                found.append(move())
            case (i,):
                found.append((move((i, 1)) - move((i, -1))) / (2 * steps[i]))
            case (i, j) if i == j:
                found.append((move((i, 1)) - 2 * move() + move((i, -1))) / steps[i] ** 2)
            case (i, j):
                total = mp.zero
                for p in (1, -1):
                    for q in (1, -1):
                        total += p * q * move((i, p), (j, q))
                found.append(total / (4 * steps[i] * steps[j]))
    return [mp.zero if abs(x) < mp.mpf(10) ** -400 else x for x in found]


def exact_beta(name: str, *args: float) -> list[object]:
    mp = Arithmetic(80 + floor(2 * sum(abs(log10(x)) for x in args))).mp
    a, b = (mp.convert(x) for x in args)
    if name == "trigamma_of_sum":
        return [mp.psi(1, a + b)]
    if name == "trigamma_gap":
        return [mp.psi(1, a) - mp.psi(1, a + b)]
    if name == "digamma_gap":
        of_sum = mp.psi(1, a + b)
        return [mp.psi(0, a + b) - mp.psi(0, a), of_sum - mp.psi(1, a), of_sum]
    value = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    gaps = [mp.psi(k, z) - mp.psi(k, a + b) for k in (0, 1) for z in (a, b)]
    return [value, *gaps[:2], gaps[2], -mp.psi(1, a + b), gaps[3]]


def made(name: str) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    tried = points(name)
    mpmath.mp.dps = 60
    high = np.empty((len(orders(name)), len(tried)))
    rest = np.zeros(high.shape, dtype=np.int8)
    for column, args in enumerate(tried):
        for row, value in enumerate(exact(name, args)):
            high[row, column] = double = float(value)
            if np.isfinite(double) and double != 0:
                left = (value - double) / float(np.spacing(abs(double)))
                rest[row, column] = max(-127, min(127, round(float(left * 256))))
    return name, np.array(tried), high, rest


if __name__ == "__main__":
    names = sys.argv[1:] or [name for name in FUNCTIONS if name not in FLAT]
    arrays = dict(np.load(STORED)) if STORED.exists() and sys.argv[1:] else {}
    with Pool(2) as pool:
        for name, tried, high, rest in pool.imap_unordered(made, names, chunksize=1):
            print(name, flush=True)
            arrays |= {f"{name}.points": tried, f"{name}.high": high, f"{name}.rest": rest}
            np.savez(STORED, **arrays)
    np.savez_compressed(STORED, **{key: arrays[key] for key in sorted(arrays)})
