"""Where a fit begins: the model's inits, overridden by an earlier fit or by given values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsym.errors import UsageError, did_you_mean
from gdsym.run.fit_file import is_fit_file, read
from gdsym.run.generated import Module, Problem, Values, Vector

_ENTRY = re.compile(r"([A-Za-z_]\w*)\s*\[(.*)\]", re.S)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The parameters of an earlier fit, with the labels of its dimensions."""

    params: Mapping[str, Any]
    dims: Mapping[str, Mapping[str, Any]]


Start = Earlier | Mapping[str, Any]


def start_theta(module: Module, problem: Problem, start: Start | None, seed: int) -> Vector:
    """The start: the inits of the model, and over them what `start` says.

    A mapping gives a parameter a number for all its entries or an array, and `w[age]` one entry.
    An earlier fit gives values by name and label; entries that it does not have keep their init.
    Raises UsageError for unknown names, wrong shapes and values outside a parameter's domain.
    """
    theta = np.array(problem.init(seed), dtype=np.float64)
    if start is None:
        return theta
    if isinstance(start, Earlier):
        values = problem.unpack(theta)
        _carry_over(module, problem, start, values)
        theta = np.array(problem.pack(**_by_argument(module, values)), dtype=np.float64)
    else:
        theta = with_values(module, problem, start, theta, "start")
    check_domains(module, problem, theta, "start")
    if not isinstance(start, Earlier):  # whose entries may be some of those that are needed
        check_structures(module, problem, theta, start, "start")
    return theta


def with_values(
    module: Module, problem: Problem, given: Mapping[str, Any], theta: Vector, what: str
) -> Vector:
    """theta with these values of parameters and entries; messages begin with `what`."""
    values = problem.unpack(theta)
    whole = {name: value for name, value in given.items() if not _ENTRY.fullmatch(name)}
    _set_whole(whole, values, what)
    theta = np.array(problem.pack(**_by_argument(module, values)), dtype=np.float64)
    _set_entries(problem, {k: v for k, v in given.items() if k not in whole}, theta, what)
    return theta


def parse_assignments(texts: Sequence[str]) -> dict[str, float]:
    """`["b=2", "w[age]=-1e-3"]` as a mapping; UsageError for anything else."""
    start: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        try:
            start[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise UsageError(
                f"start `{text}` is neither a fit file nor NAME=NUMBER\n"
                "help: --start fit.json, --start b=0.5, --start 'w[age]=1'"
            )
    return start


def _by_argument(module: Module, values: Values) -> Values:
    return {p["arg"]: values[p["name"]] for p in module.PARAMS}


def parameter_slices(problem: Problem) -> dict[str, slice]:
    """Where the entries of each parameter stand in theta."""
    slices, first = {}, 0
    for name, value in problem.unpack(np.zeros(problem.size)).items():
        slices[name] = slice(first, first + int(np.size(value)))
        first = slices[name].stop
    return slices


def _set_whole(given: Mapping[str, Any], values: Values, what: str) -> None:
    for name, value in given.items():
        if name not in values:
            raise _no_parameter(name, values, what)
        shape = np.shape(values[name])
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise UsageError(f"{what}: `{name}` is {value!r}, not numbers") from None
        if array.shape not in ((), shape):
            raise UsageError(
                f"{what}: `{name}` has shape {array.shape}, but the parameter has {shape}"
            )
        values[name] = np.array(np.broadcast_to(array, shape)) if shape else float(array)


def _set_entries(problem: Problem, given: Mapping[str, Any], theta: Vector, what: str) -> None:
    for name, value in given.items():
        place = entry_place(problem, name, what)
        try:
            theta[place] = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"{what}: `{name}` is {value!r}, not a number") from None


def entry_place(problem: Problem, name: str, what: str) -> int:
    """Where an entry such as `w[age]` stands in theta."""
    if not _ENTRY.fullmatch(name.strip()):
        raise _no_parameter(name, list(parameter_slices(problem)), what)
    places = {_squeezed(known): i for i, known in enumerate(problem.theta_names)}
    place = places.get(_squeezed(name))
    if place is None:
        guess = did_you_mean(name, problem.theta_names)
        raise UsageError(f"{what}: there is no entry `{name}`" + (guess and f"\nhelp: {guess}"))
    return place


def _no_parameter(name: str, known: Iterable[str], what: str) -> UsageError:
    guess = did_you_mean(name, known) or f"the parameters are {', '.join(known)}"
    return UsageError(f"{what}: there is no parameter `{name}`\nhelp: {guess}")


def _squeezed(name: str) -> str:
    """Spaces after commas and quotes around labels do not matter: `T[a, "b"]` is `T[a,b]`."""
    match = _ENTRY.fullmatch(name.strip())
    if not match:
        return name.strip()
    labels = [label.strip().strip("\"'") for label in match[2].split(",")]
    return f"{match[1]}[{','.join(labels)}]"


def _carry_over(module: Module, problem: Problem, earlier: Earlier, values: Values) -> None:
    """Copies entries whose name and labels both fits have into `values`."""
    common = 0
    for param in module.PARAMS:
        name, axes = param["name"], param["dims"]
        old = np.asarray(earlier.params.get(name, np.nan), dtype=np.float64)
        if name not in earlier.params or old.ndim != len(axes):
            continue
        common += 1
        if not axes:
            values[name] = float(old)
            continue
        matches = [
            _matching(earlier.dims.get(axis), problem.dims[axis], old.shape[i])
            for i, axis in enumerate(axes)
        ]
        new = np.array(values[name], dtype=np.float64)
        new[np.ix_(*(m[0] for m in matches))] = old[np.ix_(*(m[1] for m in matches))]
        values[name] = new
    if not common:
        raise UsageError(
            f"start: the earlier fit has {', '.join(earlier.params) or 'no parameters'}, and none "
            f"of this model's parameters ({', '.join(values)})"
        )


def _matching(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], size: int
) -> tuple[list[int], list[int]]:
    """Positions in the new and in the old dimension that mean the same level."""
    old_labels = old.get("labels") if old else None
    new_labels = new.get("labels")
    if old_labels is None or new_labels is None:
        both = list(range(min(size, int(new["size"]))))
        return both, both
    place = {str(label): i for i, label in enumerate(old_labels)}
    pairs = [(i, place[str(label)]) for i, label in enumerate(new_labels) if str(label) in place]
    return [i for i, _ in pairs], [j for _, j in pairs]


def check_domains(module: Module, problem: Problem, theta: Vector, what: str) -> None:
    """Raises UsageError for the first value that its parameter's domain does not allow."""
    for name, value in problem.unpack(theta).items():
        domain = next(p["domain"] for p in module.PARAMS if p["name"] == name)
        wrong = _outside(np.asarray(value, dtype=np.float64), domain)
        if wrong is not None:
            text = domain.get("text") or "a finite number"
            raise UsageError(f"{what}: `{name}` is {wrong:g}, but it must be {text}")


# What a sum may differ from 1, or from 0 beside the entries, where decimals were cut.
_SLACK = 1e-9


def check_structures(
    module: Module, problem: Problem, theta: Vector, given: Iterable[str], what: str
) -> None:
    """Raises UsageError where entries of these parameters do not go together as their domain says.

    What nobody gave may be a draw, and is brought into the domain later.
    """
    names = {name.partition("[")[0].strip() for name in given}
    for name, value in problem.unpack(theta).items():
        param = next(p for p in module.PARAMS if p["name"] == name)
        domain = param["domain"]
        if domain.get("structure") is None or name not in names:
            continue
        entries = np.moveaxis(np.asarray(value), param["dims"].index(domain["axis"]), -1)
        found = _broken(domain, entries, problem.dims[domain["axis"]].get("labels"))
        if found:
            raise UsageError(f"{what}: `{name}` must be {domain['text']}, but {found}")


def _broken(domain: Mapping[str, Any], entries: Vector, labels: Sequence[str] | None) -> str:
    """What is wrong with entries along their last axis, in words; empty where nothing is."""
    sums = np.sum(entries, axis=-1)
    match domain["structure"]:
        case "simplex" if np.any(np.abs(sums - 1) > _SLACK):
            return f"its sum is {_farthest(sums, 1):g}"
        case "sumzero" if np.any(np.abs(sums) > _SLACK * (1 + np.sum(np.abs(entries), axis=-1))):
            return f"its sum is {_farthest(sums, 0):g}"
        case "ordered" if not np.all(np.diff(entries, axis=-1) > 0):
            return "its entries do not increase"
        case "base":
            level = domain.get("level")
            at = 0 if level is None else list(labels or ()).index(level)
            if np.any(entries[..., at] != 0):
                return f"that level is {_farthest(entries[..., at], 0):g}"
    return ""


def _farthest(values: Vector, target: float) -> float:
    """The value that is farthest from the target."""
    return float(np.ravel(values)[np.argmax(np.abs(np.ravel(values) - target))])


def _outside(values: Vector, domain: Mapping[str, Any]) -> float | None:
    """The first value that the domain does not allow."""
    lower, upper = domain.get("lower", -np.inf), domain.get("upper", np.inf)
    allowed = np.isfinite(values) & (values >= lower) & (values <= upper)
    if domain.get("lower_open"):
        allowed &= values != lower
    if domain.get("upper_open"):
        allowed &= values != upper
    return None if allowed.all() else float(values[~allowed].flat[0])


def read_start(given: Any) -> Start | None:
    """A start from what a caller has: a mapping, a `Result`, a fit file, or texts `name=value`.

    Texts are a list; one that is no assignment must be the only one and names a fit file.
    """
    if given is None or isinstance(given, Earlier):
        return given
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()} or None
    if hasattr(given, "params") and hasattr(given, "dims"):
        return Earlier(given.params, given.dims)
    if isinstance(given, str | os.PathLike):
        given = [given]
    if len(given) == 1 and is_fit_file(given[0]):
        entries = read(given[0])
        return Earlier(entries["params"], entries["dims"])
    return parse_assignments([str(text) for text in given]) or None
