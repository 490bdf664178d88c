"""Makes the two synthetic data files of this folder: lengths.csv and rents.csv.

    python examples/data/generate.py FOLDER

Draws come from `random.Random(seed).random()`, whose sequence Python promises to keep, through
the inverse normal distribution function, and values are rounded: the files are the same to the
byte on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist


def normals(seed: int) -> Iterator[float]:
    """An endless sequence of standard normal draws."""
    uniform, inverse = Random(seed).random, NormalDist().inv_cdf
    while True:
        yield inverse(max(uniform(), 1e-12))


def lengths() -> str:
    """400 wing lengths in mm of three species, which the file does not name."""
    uniform, draw = Random(1846).random, normals(1894)
    lines = ["length"]
    for _ in range(400):
        u = uniform()
        mean, sd = (20.0, 1.5) if u < 0.5 else (27.0, 2.0) if u < 0.8 else (36.0, 3.0)
        lines.append(f"{mean + sd * next(draw):.3f}")
    return "\n".join(lines) + "\n"


def rents() -> str:
    """300 flats: the rent is linear in the features, with Student-t noise on 3 degrees."""
    uniform, draw = Random(1908).random, normals(1876)
    lines = ["area,age,distance,rent"]
    for _ in range(300):
        area = round(25 + 95 * uniform(), 1)
        age = round(110 * uniform() ** 2)
        distance = round(0.2 + 14 * uniform(), 2)
        chi2 = sum(next(draw) ** 2 for _ in range(3))
        noise = next(draw) / sqrt(chi2 / 3)
        rent = 3.0 + 0.11 * area - 0.015 * age - 0.21 * distance + 0.6 * noise
        lines.append(f"{area},{age},{distance},{rent:.3f}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "lengths.csv").write_text(lengths(), encoding="utf-8", newline="\n")
    (folder / "rents.csv").write_text(rents(), encoding="utf-8", newline="\n")
