"""Options of the form name=value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from gdsym.errors import UsageError

ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=(.*)", re.ASCII | re.DOTALL)


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


def _value(option: str, text: str, value: str) -> object:
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        pass
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, list):
        raise UsageError(
            f"{option} {text}: a number or a list was expected, such as 0.1 or [0.1, 0.5]"
        )
    return parsed
