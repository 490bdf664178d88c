"""What the answer scripts share: reading a column file, and methods beyond float64.

Nothing here or in the scripts imports gdsym. Every gradient and Hessian is derived by hand.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

DATA = Path(__file__).resolve().parent.parent / "data"
Array = np.ndarray


def columns(file: str) -> dict[str, list[str]]:
    """The columns of a CSV file as text, in file order."""
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        names, *rows = list(csv.reader(lines))
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def numbers(table: dict[str, list[str]], names: list[str]) -> Array:
    """These columns as an array of long doubles, one row per row."""
    return np.array([[float(text) for text in table[name]] for name in names]).T.astype("g")


def newton_long_double(
    value: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    hessian: Callable[[Array], Array],
    start: Array,
) -> tuple[Array, float]:
    """The minimum of a smooth function and the last Newton decrement.

    Value and gradient are in long double (64 bits of significand on x86), the Hessian in
    float64: an error of the Hessian slows the last steps down and does not move where they end.
    Steps are halved while they do not decrease the value.
    """
    x = start.astype("g")
    decrement = np.inf
    for _ in range(200):
        g = gradient(x)
        step = np.linalg.solve(hessian(x).astype(float), g.astype(float)).astype("g")
        last, decrement = decrement, float(np.sqrt(max(g @ step, 0)))
        if decrement < 1e-8 and decrement > last / 10:  # rounding is all that is left
            return x, min(decrement, last)
        length = np.longdouble(1)
        while decrement > 1e-6 and not value(x - length * step) < value(x):
            length /= 2
        x = x - length * step
    raise ArithmeticError(f"no convergence: Newton decrement {decrement}")


def newton_mpmath(
    gradient: Callable[[list[Any]], list[Any]], start: list[float], digits: int = 40
) -> tuple[list[Any], float]:
    """A zero of the gradient near `start` and the size of the last step, in `digits` digits.

    The Hessian is a forward difference of the gradient, good to about half the digits.
    """
    with mpmath.workdps(digits):
        h = mpmath.mpf(10) ** (-digits // 2)
        x = [mpmath.mpf(value) for value in start]
        for _ in range(60):
            g = gradient(x)
            shifted = [[*x[:j], x[j] + h, *x[j + 1 :]] for j in range(len(x))]
            rows = [[(a - b) / h for a, b in zip(gradient(y), g, strict=True)] for y in shifted]
            step = mpmath.lu_solve(mpmath.matrix(rows).T, mpmath.matrix(g))
            x = [a - b for a, b in zip(x, step, strict=True)]
            size = float(max(abs(s) for s in step))
            if size < 10 ** (-digits * 0.6):
                return x, size
    raise ArithmeticError(f"no convergence: last step {size}")


def solve(A: list[list[Fraction]], b: list[Fraction]) -> list[Fraction]:
    """Gaussian elimination in exact arithmetic."""
    rows = [[*row, value] for row, value in zip(A, b, strict=True)]
    for i in range(len(rows)):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(len(rows)):
            if j != i:
                factor = rows[j][i]
                rows[j] = [u - factor * v for u, v in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


def print_answer(**answer: Any) -> None:
    """The answer as JSON on stdout; arrays become nested lists of float64."""
    print(json.dumps(answer, indent=1, default=plain))


def plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(float).tolist()
    return float(value)
