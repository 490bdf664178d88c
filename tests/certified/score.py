"""What a family hands over, how a fit is run, and how digits are counted."""

from __future__ import annotations

import functools
import importlib.util
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import gdsym

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "certified"
EXAMPLES = HERE.parents[1] / "examples" / "data"

MOST_DIGITS = 15.0  # of a double


@dataclass(frozen=True, eq=False)
class Case:
    """A problem with one start. `answer` tells a fit's figures from its result."""

    family: str
    name: str
    text: str
    data: Callable[[], Any]
    answer: Callable[[Any], dict[str, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)
    start: int | None = None
    package: str | None = None  # that must be installed, for its data

    def __str__(self) -> str:
        return self.name if self.start is None else f"{self.name} {self.start}"


@dataclass(frozen=True)
class Fit:
    """What a fit with default options gave; `figures` are those of its family."""

    case: Case
    method: str
    status: str
    message: str
    iterations: int
    evaluations: int
    figures: dict[str, Any]


@functools.cache
def compiled(text: str) -> Any:
    return gdsym.compile(text)


def fitted(case: Case) -> Fit:
    result = compiled(case.text).fit(case.data(), **case.options)
    return Fit(
        case=case,
        method=result.method,
        status=result.status,
        message=result.message,
        iterations=result.iterations,
        evaluations=result.evaluations,
        figures=case.answer(result),
    )


def model(path: str) -> str:
    return (HERE / path).read_text(encoding="utf-8")


def answers(name: str) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return stored


@functools.cache
def table(path: Path, sep: str = ",") -> pd.DataFrame:
    return pd.read_csv(path, sep=sep, quotechar="'" if sep == r"\s+" else '"')


def of_package(package: str, path: str) -> Path:
    """A file of an installed package, which need not be imported for it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{path} is part of {package}, which is not installed")
    return Path(spec.origin).parent / path


def digits(found: Any, right: Sequence[float | str], most: float = MOST_DIGITS) -> float:
    """The right digits of the worst number: -log10 of its relative error, from 0 to `most`.

    Where the right number is 0, of its absolute error.
    """
    return min(
        _digits(float(number), float(exact), most)
        for number, exact in zip(np.ravel(found), right, strict=True)
    )


def _digits(number: float, exact: float, most: float) -> float:
    error = abs(number - exact) / (abs(exact) or 1.0)
    if not math.isfinite(error):
        return 0.0
    return min(max(0.0, -math.log10(error)), most) if error else most


def flat(values: Mapping[str, Any], *names: str) -> np.ndarray:
    """The entries of some parameters, one after the other."""
    return np.concatenate([np.ravel(values[name]) for name in names])
