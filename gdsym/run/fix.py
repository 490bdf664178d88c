"""`fix`: parameters, or entries of them, that a fit keeps at a value or at their start."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.errors import UsageError
from gdsym.run.generated import Module, Problem, Vector
from gdsym.run.start import (
    check_domains,
    check_structures,
    entry_place,
    parameter_slices,
    with_values,
)

Mask = NDArray[np.bool_]

# Domains of this kind hold entry by entry, so that one entry can be kept while others move.
_BY_ENTRY = {"lower", "upper", "lower_open", "upper_open", "text"}


def read_fix(given: Any) -> dict[str, Any]:
    """What to keep, by name, from what a caller has: None means at the start.

    A name, texts `name` and `name=value`, or a mapping of names to values or None. Raises
    UsageError for anything else.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()}
    texts = [given] if isinstance(given, str) else list(given)
    fix: dict[str, Any] = {}
    for text in texts:
        name, value = _split(text)
        if name in fix:
            raise UsageError(f"fix: `{name}` is given twice")
        fix[name] = value
    return fix


def _split(text: Any) -> tuple[str, Any]:
    """`b=2`, `w[age]`, `w=[1, 2]`; a label may hold an equals sign."""
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"fix: {text!r} is no name of a parameter")
    end = text.rfind("]") if "[" in text.partition("=")[0] else 0
    name, equals, value = text[end:].partition("=")
    if not equals:
        return text.strip(), None
    number = None
    with suppress(ValueError, RecursionError):
        number = json.loads(value)
    with suppress(ValueError):
        number = float(value)
    if number is None or isinstance(number, bool | str | dict):
        raise UsageError(
            f"fix: `{text}` is neither NAME nor NAME=NUMBER\nhelp: --fix b, --fix b=0.5, "
            "--fix 'w[age]=1', --fix 'w=[1, 2]'"
        )
    return (text[:end] + name).strip(), number


def fixed_theta(
    module: Module, problem: Problem, theta: Vector, fix: Mapping[str, Any]
) -> tuple[Vector, Mask]:
    """The start with the values of `fix` in it, and which entries are kept, the model's included.

    Raises UsageError for unknown names, wrong shapes and values outside a parameter's domain.
    """
    mask = np.array(problem.fixed, dtype=np.bool_)
    if not fix:
        return theta, mask
    values = {name: value for name, value in fix.items() if value is not None}
    theta = with_values(module, problem, values, theta, "fix")
    check_domains(module, problem, theta, "fix")
    check_structures(module, problem, theta, values, "fix")
    slices = parameter_slices(problem)
    for name in fix:
        if name in slices:
            mask[slices[name]] = True
        else:
            place = entry_place(problem, name, "fix")
            _check_by_entry(module, slices, place)
            mask[place] = True
    return theta, mask


def _check_by_entry(module: Module, slices: Mapping[str, slice], place: int) -> None:
    name = next(n for n, entries in slices.items() if entries.start <= place < entries.stop)
    domain = next(p["domain"] for p in module.PARAMS if p["name"] == name)
    if set(domain) - _BY_ENTRY:
        raise UsageError(
            f"fix: the entries of `{name}` depend on each other (it is declared "
            f"`{domain.get('text', '')}`)\nhelp: fix it whole: --fix {name}"
        )


def fixed_names(names: Sequence[str], mask: Mask) -> tuple[str, ...]:
    """The names of the entries that are kept."""
    return tuple(name for name, kept in zip(names, mask.tolist(), strict=True) if kept)
