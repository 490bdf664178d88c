"""What stands on a command line: the model's path, and options of the form name=value."""

from __future__ import annotations

import contextlib
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
