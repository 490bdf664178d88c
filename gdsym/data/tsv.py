"""Tab-separated text: as CSV in everything but the separator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdsym.data import csv
from gdsym.data._table import ALL, Demand, Table


def read(path: Path, demand: Demand = ALL) -> Table:
    """The needed columns of a TSV file."""
    return csv.read(path, demand, separator="\t")


def raw(path: Path, names: Sequence[str]) -> Any:
    """These columns as a pyarrow table of strings, as they stand in the file."""
    return csv.raw(path, names, separator="\t")
