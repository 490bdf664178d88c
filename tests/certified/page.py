"""`docs/certification.md`, made from the fits."""

from __future__ import annotations

import platform
from importlib.metadata import version
from textwrap import fill

from . import nist
from .families import FAMILIES, Family, header, row
from .score import Fit

HEAD = """# Certification

Problems whose answers are known to many more digits than a fit prints, fitted with default
options: no method, no tolerance and no scale is chosen, only the start where the problem
prescribes one. `python -m tests.certified` runs them and writes this page;
`tests/test_certified.py` runs them again, holds every bar, and compares each line with what comes
out.

Digits are counted as usual: -log10 of the relative error of the worst parameter, at most 15. The
models are in `tests/certified`, as one would write them on paper; data, answers and their sources
in `tests/data/certified`.
"""

BESIDE = """MINPACK, SciPy's `trf`, BFGS and Ceres had the exact Jacobian or gradient and
tolerances of 1e-15 or 1e-12; the best of 12 solvers is the best for that very line. Their digits
are of NIST's certified values, which have 11 digits themselves, and at most 11: the column
`certified` counts ours in the same way, the others count to an optimum that was computed with 50
digits.
"""

LEVELS = (4, 6, 8, 10)
WIDTH = 99


def page(done: dict[str, list[Fit]]) -> str:
    """The whole text. done: the fits by the title of their family."""
    parts = [HEAD, summary(done)]
    for family in FAMILIES:
        fits = done[family.title]
        parts.append(f"## {family.title}\n\n{fill(family.bar, WIDTH)}\n")
        if family.title.startswith("NIST nonlinear"):
            parts += [BESIDE, table(*counts(fits))]
        parts.append(table(header(family), [row(family, fit) for fit in fits]))
    parts.append(
        f"Python {platform.python_version()}, NumPy {version('numpy')}, {platform.machine()}. "
        "Another processor or BLAS rounds\ndifferently; digits may then differ by one.\n"
    )
    return "\n".join(parts)


def summary(done: dict[str, list[Fit]]) -> str:
    rows = [reached(family, done[family.title]) for family in FAMILIES]
    return table(["problems", "fits", "reach the bar"], rows)


def reached(family: Family, fits: list[Fit]) -> list[str]:
    good = sum(not family.short(fit) for fit in fits)
    return [family.title, str(len(fits)), str(good)]


def counts(fits: list[Fit]) -> tuple[list[str], list[list[str]]]:
    """How many fits have so many digits of all parameters, for each solver."""
    names, figures = nist.solvers()
    ours = [fit.figures["of certified"] for fit in fits]
    columns = [("**gdsym, default options**", ours)]
    columns += [(name, [line[i] for line in figures.values()]) for i, name in enumerate(names)]
    rows = [
        [
            name,
            *(str(sum(d >= level for d in column)) for level in LEVELS),
            f"{sum(column) / len(column):.1f}",
        ]
        for name, column in columns
    ]
    return ["solver", *(f"{level} digits" for level in LEVELS), "mean"], rows


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def read(text: str) -> dict[str, dict[str, list[str]]]:
    """The cells of a page by the title of the family and the first cell of the line."""
    found: dict[str, dict[str, list[str]]] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
            found[title] = {}
        elif line.startswith("| ") and title:
            first, *rest = line.removeprefix("| ").removesuffix(" |").split(" | ")
            found[title][first] = rest
    return found
