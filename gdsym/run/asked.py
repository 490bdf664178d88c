"""What a caller asks for in words: `adam(beta1=0.8)`, and options that are expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gdsym.errors import UsageError
from gdsym.optimizers._options import COMMON

_OPTION = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)(.*)", re.ASCII | re.DOTALL)


def read_method(
    method: str | None, options: Mapping[str, Any]
) -> tuple[str | None, dict[str, Any]]:
    """A method as a caller writes it, `adam` or `./mine.gd(lr=0.1)`, as its name and all options.

    options: those given beside it; None counts as not given. A value in the brackets stays a
    text, which a number is read from or a schedule compiled of, never run.
    """
    given = {name: value for name, value in options.items() if value is not None}
    text = (method or "").strip()
    start = _opening(text)
    if start is None:
        return method, given
    for part in _parts(text[start + 1 : -1]):
        match = _OPTION.fullmatch(part)
        if match is None:
            raise UsageError(
                f"method {text}: `{part.strip()}` is no option\n"
                f"help: an option has a name: {text[:start]}(lr=0.1)"
            )
        if match[1] in given:
            raise UsageError(f"the option `{match[1]}` is given twice: once in `{text}`")
        given[match[1]] = match[2].strip()
    return text[:start].strip(), given


def merged(named: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Options from two places; None counts as not given."""
    given = {name: value for name, value in named.items() if value is not None}
    for name, value in others.items():
        if name in given:
            raise UsageError(f"the option `{name}` is given twice")
        given[name] = value
    return given


def schedules(options: Mapping[str, Any]) -> dict[str, str]:
    """The options that are expressions of the step, by name: texts, but no numbers."""
    return {
        name: value.strip()
        for name, value in options.items()
        if isinstance(value, str) and name not in COMMON and not _is_number(value)
    }


def _opening(text: str) -> int | None:
    """Where the bracket opens that the last character closes; None where it closes none."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            return place if place < len(text) - 1 else None
    return None


def _parts(text: str) -> Iterator[str]:
    """The text between commas that stand in no brackets."""
    depth = start = 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    if text[start:].strip() or start:
        yield text[start:]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
