"""Every model of the zoo and every example, each with a few rows of its data."""

from __future__ import annotations

import functools
from pathlib import Path

from oracle import Case
from zoo import ZOO

from gdsym.data import bind_tables

EXAMPLES = Path(__file__).parents[1] / "examples"
ROWS = 9
TABLES = {
    "breast_cancer": "breast_cancer",
    "claims": "policies",
    "diabetes": "diabetes",
    "digits": "digits",
    "factorisation": "ratings",
    "films": "films",
    "iris": "iris",
    "league": "matches",
    "loadings": "diabetes",
    "mixture": "lengths",
    "policy": "trajectories",
    "process": "diabetes",
    "randhie": "randhie",
    "rents": "rents",
    "ridge": "diabetes",
    "spam": "messages",
    "svm": "breast_cancer",
}


@functools.cache
def case(name):
    """A model with its data; an example with some rows of its own."""
    if name in ZOO:
        return Case(*ZOO[name])
    example = Case(TEXTS[name])
    table = EXAMPLES / "data" / f"{TABLES[name]}.csv"
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines[:: len(lines) // ROWS][:ROWS]]
    columns = {
        name: [_cell(row[place]) for row in rows] for place, name in enumerate(header.split(","))
    }
    bound = bind_tables(example.module, columns)
    sizes = {dim: dict(info) for dim, info in bound.dims.items()}
    return Case(example.text, bound.arrays, dims=sizes)


def _cell(text):
    try:
        return float(text)
    except ValueError:
        return text


EVERY = [*ZOO, *TABLES]
TEXTS = {name: text for name, (text, _) in ZOO.items()} | {
    name: (EXAMPLES / f"{name}.gd").read_text(encoding="utf-8") for name in TABLES
}
