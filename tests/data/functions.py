"""Writes functions.npz: each function of the table at 1,000 points, with its derivatives.

    python tests/data/functions.py [NAME ...]

The truth is the entry's `meaning` in mpmath, at so many digits that its central differences with a
step of 1e-60 are right to 50: neither the table's derivatives nor its lowerings have a part in it.
The exact number is kept as the nearest double and the rest in 1/256 of its last place.
"""

from __future__ import annotations

import sys
from math import floor, log10, nextafter
from multiprocessing import Pool
from pathlib import Path
from random import Random

import mpmath
import numpy as np

from gdsym.calculus.reference import Arithmetic
from gdsym.language.functions import FUNCTIONS

COUNT = 1000
STORED = Path(__file__).with_name("functions.npz")
GAMMAS = ("lgamma", "digamma", "trigamma", "tetragamma", "pentagamma", "beta_ln")
FLAT = (
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
    "and",
    "or",
    "not",
    "where",
    "shift",
    "sign",
    "floor",
    "head",
)
# What stands in first derivatives: its value and its slope are the first and second of those.
SLOPES = (
    "leg",
    "sech",
    "sigmoid_slope",
    "odds",
    "bell",
    "half_bell",
    "normal_slope",
    "gelu_slope",
)
SLOPES += ("mills", "turn_by_y", "turn_by_x")
VALUES = ("erfcx", "pentagamma", "mills_gap")

# Where a function is tried: the least and the largest size of x, below 0 and above it, and points
# that it is tried next to.
REAL = dict.fromkeys(("asin", "acos", "leg"), ((1e-20, 1), (1e-20, 1), (1, -1))) | {
    **dict.fromkeys(("exp", "expm1"), ((1e-300, 700), (1e-300, 700), ())),
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "root"), (None, (1e-300, 1e300), (1,))),
    "log1p": ((1e-300, 1), (1e-300, 1e300), (-1,)),
    **dict.fromkeys(("abs", "relu"), ((1e-300, 1e300), (1e-300, 1e300), ())),
    **dict.fromkeys(("sin", "cos", "tan"), ((1e-150, 1e15), (1e-150, 1e15), ())),
    "atan": ((1e-150, 1e75), (1e-150, 1e75), ()),
    **dict.fromkeys(("sinh", "cosh", "tanh", "sech"), ((1e-300, 700), (1e-300, 700), ())),
    **dict.fromkeys(
        ("sigmoid", "log_sigmoid", "softplus", "sigmoid_slope"), ((1e-300, 700), (1e-300, 700), ())
    ),
    "odds": ((1e-150, 700), None, ()),
    "log1mexp": ((1e-300, 700), None, (-0.6931471805599453,)),
    **dict.fromkeys(("erf", "erfc", "bell"), ((1e-150, 26), (1e-150, 26), ())),
    "erfcx": (None, (1e-150, 1e100), ()),
    **dict.fromkeys(
        ("lgamma", "digamma", "trigamma", "tetragamma", "pentagamma"),
        (None, (1e-50, 1e50), (1, 2, 1.4616321449683622)),
    ),
    **dict.fromkeys(
        ("normal_pdf", "normal_cdf", "half_bell", "normal_slope"),
        ((1e-150, 37), (1e-150, 37), (1, -1)),
    ),
    **dict.fromkeys(("gelu", "gelu_slope"), ((1e-150, 37), (1e-150, 37), (-0.7517915246935645,))),
    "log_normal_cdf": ((1e-150, 1e100), (1e-150, 37), ()),
    "mills_gap": ((1e-150, 1e100), (1e-150, 37), ()),
    "mills": ((1e-150, 1e100), (1e-150, 37), ()),
}
PLAIN = ((1e-150, 1e150), (1e-150, 1e150), ())
PAIRS = {
    "atan2": (((1e-70, 1e70), (1e-70, 1e70)), ((1e-70, 1e70), (1e-70, 1e70))),
    **dict.fromkeys(("turn_by_y", "turn_by_x"), (((1e-70, 1e70),) * 2,) * 2),
    "pow": ((None, (1e-8, 1e8)), ((1e-3, 30), (1e-3, 30))),
    "xlogy": (((1e-100, 1e100), (1e-100, 1e100)), (None, (1e-100, 1e100))),
    "xlog1py": (((1e-100, 1e100), (1e-100, 1e100)), ((1e-100, 1), (1e-100, 1e100))),
    "huber": (((1e-100, 1e100), (1e-100, 1e100)), (None, (1e-100, 1e100))),
    "logaddexp": (((1e-20, 700), (1e-20, 700)), ((1e-20, 700), (1e-20, 700))),
    "beta_ln": ((None, (1e-20, 1e20)), (None, (1e-20, 1e20))),
}


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
        if abs(a) != abs(b):
            made.append((a, b))
    return made


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
        arithmetic = Arithmetic(80 + (floor(2 * sum(abs(log10(x)) for x in args))))
        mp = arithmetic.mp
        at = [mp.convert(x) for x in args]
        if name == "beta_ln":
            a, b = at
            ps = {(k, z): mp.psi(k, z) for k in (0, 1) for z in (a, b, a + b)}
            return [
                mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
                ps[0, a] - ps[0, a + b],
                ps[0, b] - ps[0, a + b],
                ps[1, a] - ps[1, a + b],
                -ps[1, a + b],
                ps[1, b] - ps[1, a + b],
            ]
        first = GAMMAS.index(name) - 1
        (x,) = at
        chain = [mp.loggamma(x) if k < 0 else mp.psi(k, x) for k in range(first, first + 3)]
        return chain[: len(orders(name))]
    arithmetic = Arithmetic(560 + floor(2 * tiny))
    mp = arithmetic.mp
    at = [mp.convert(x) for x in args]
    steps = [abs(x) * mp.mpf(10) ** -60 for x in at]
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
