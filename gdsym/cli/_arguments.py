"""What stands on a command line: the model's path, and options of the form name=value."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from gdsym.errors import UsageError

ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=(.*)", re.ASCII | re.DOTALL)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def assignments(option: str, texts: Iterable[str]) -> dict[str, object]:
    """`["lam=0.1", "mu=[1, 2]"]` as a dictionary; `option` is named in errors."""
    values: dict[str, object] = {}
    for text in texts:
        match = ASSIGNMENT.fullmatch(text)
        if match is None:
            raise UsageError(f"{option} {text}: name=value was expected, such as {option} lam=0.1")
        if match[1] in values:
            raise UsageError(f"{option} {match[1]} is given twice")
        values[match[1]] = _value(option, text, match[2].strip())
    return values


def bound_columns(texts: Iterable[str]) -> dict[str, str]:
    """`["X=age,bmi", "y=other.csv:label"]` as a dictionary of what `--bind` names."""
    bind: dict[str, str] = {}
    for text in texts:
        match = ASSIGNMENT.fullmatch(text)
        if match is None or not match[2].strip():
            raise UsageError(
                f"--bind {text}: name=columns was expected, such as --bind X=age,bmi or "
                "--bind X=FILE.csv:age,bmi"
            )
        if match[1] in bind:
            raise UsageError(f"--bind {match[1]} is given twice")
        bind[match[1]] = match[2].strip()
    return bind


def names(option: str, text: str | None) -> list[str]:
    """`id,date` as a list; a name with a comma stands in double quotes."""
    if text is None:
        return []
    found = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not found or not all(found):
        raise UsageError(f"{option} {text}: names of columns were expected, such as id,date")
    if twice := [name for name in found if found.count(name) > 1]:
        raise UsageError(f"{option} {text}: `{twice[0]}` stands there twice")
    return found


def model_path(model: str, data: Sequence[str] = ()) -> Path:
    """The path of the model; an error where it was exchanged with a data file."""
    swapped = next((path for path in data if path.endswith(".gd")), None)
    if swapped is not None and not model.endswith(".gd"):
        raise UsageError(
            f"the model comes first, then the data files\nhelp: gdsym fit {swapped} {model}"
        )
    return Path(model)


def _value(option: str, text: str, value: str) -> object:
    with contextlib.suppress(ValueError):
        number = float(value)
        if not math.isfinite(number):
            raise UsageError(f"{option} {text}: a finite number was expected")
        return int(value) if WHOLE.fullmatch(value) else number
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, list):
        return parsed
    raise UsageError(
        f"{option} {text}: a number or a list was expected, such as 0.1 or [0.1, 0.5]"
    )
