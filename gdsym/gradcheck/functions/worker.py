"""Calls a user's function, and tells what came of it. Also a program that does so apart from us.

As a program it is run by its path, with NumPy and the standard library alone, so that it starts
fast: what it prints goes to stderr, it has no stdin, and requests and answers are pickles over the
pipes that were those two.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of a function. `by_place` is one that cannot be given by name, `default` a
    number that it has by default."""

    name: str
    needed: bool
    by_place: bool = False
    default: float | None = None


def arguments_of(function: Callable[..., Any]) -> tuple[tuple[Argument, ...], bool] | None:
    """The arguments, and whether any others are taken by name; None where nothing tells."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kinds = inspect.Parameter
    found = [
        Argument(
            p.name,
            p.default is kinds.empty,
            p.kind is kinds.POSITIONAL_ONLY,
            p.default if type(p.default) in (int, float) else None,
        )
        for p in signature.parameters.values()
        if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    ]
    return tuple(found), any(p.kind is kinds.VAR_KEYWORD for p in signature.parameters.values())


def variables_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The variables of a function's module that are arrays or numbers."""
    known: dict[str, Any] = getattr(function, "__globals__", {})
    return tuple(
        name
        for name, value in known.items()
        if isinstance(value, np.ndarray) or type(value) in (int, float)
    )


def call(
    function: Callable[..., Any],
    places: Sequence[Any],
    names: Mapping[str, Any],
    outside: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a call with copies of these arguments gives, and with other values for variables of
    the function's module.

    `value`, or `error`: "raises ValueError: ..."; `changed`: the names, or places, of
    arguments that were changed.
    """
    given = [_copy(value) for value in places]
    named = {name: _copy(value) for name, value in names.items()}
    known: dict[str, Any] = getattr(function, "__globals__", {})
    before = {name: known[name] for name in outside or () if name in known}
    known.update({name: _copy(value) for name, value in (outside or {}).items()})
    try:
        # Beside its point a function may well give no number; a step that it makes real is none.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            answer: dict[str, Any] = {"value": plain(function(*given, **named))}
    except _NoNumbers as error:
        answer = {"error": f"returns {error}"}
    except KeyboardInterrupt:  # Ctrl-C of a user who waits
        raise
    except BaseException as error:  # also SystemExit: it is theirs, not ours
        answer = {"error": f"raises {_told(error)}"}
    finally:
        known.update(before)
    changed: list[str | int] = [i for i, v in enumerate(given) if not _same(v, places[i])]
    changed += [name for name, value in named.items() if not _same(value, names[name])]
    return answer | {"changed": changed}


def plain(value: Any) -> Any:
    """A result as numbers, NumPy arrays, tuples and dictionaries of them.

    Tensors of torch and arrays of JAX are recognised by what they can do.
    """
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return tuple(plain(part) for part in value)
    if value is None:
        raise _NoNumbers("None")
    if hasattr(value, "detach"):  # a tensor, which may want a gradient and lie on a device
        value = value.detach().cpu()
        value = value.numpy() if hasattr(value, "numpy") else value
    array = np.asarray(value)
    if array.dtype.kind not in "fciub":
        raise _NoNumbers(f"{type(value).__name__}, no numbers")
    return array


class _NoNumbers(Exception):
    """What was returned is none: the text says what it is."""


def load(spec: str) -> Callable[..., Any]:
    """The function of `pkg.module:function` or `file.py:function`.

    Raises ValueError with what cannot be found.
    """
    place, _, name = spec.rpartition(":")
    if place.endswith(".py"):
        module = _of_file(Path(place))
    else:
        sys.path.insert(0, os.getcwd())
        try:
            module = importlib.import_module(place)
        except BaseException as error:
            raise ValueError(f"cannot import {place}: {_told(error)}") from None
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = [n for n, v in vars(module).items() if inspect.isfunction(v)]
            listed = f"; it has {', '.join(known[:8])}" if known else ""
            raise ValueError(f"{place} has no `{name}`{listed}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"`{name}` of {place} is no function but of type {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _of_file(path: Path) -> Any:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # the name ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise ValueError(f"cannot import {path}: {_told(error)}") from None
    return module


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(value: Any, before: Any) -> bool:
    if not isinstance(before, np.ndarray):
        return True
    return bool(value.shape == before.shape and value.tobytes() == before.tobytes())


def _told(error: BaseException) -> str:
    """`ValueError: shapes ... (line 12)`: the last line of the user's own files, if any."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        library = file.startswith(os.path.dirname(os.__file__)) or file.startswith("<")
        if file != __file__ and not library:
            place = f" ({os.path.basename(file)}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}{f': {text}' if text else ''}{place}"


def serve(requests: BinaryIO, answers: BinaryIO, spec: str) -> None:
    """Answers requests until there are no more: `(places, names, outside)` to call the function
    with, or `(job, argument)`, a function of ours that does something else with it."""
    try:
        function = load(spec)
        _send(answers, {"arguments": arguments_of(function), "variables": variables_of(function)})
    except ValueError as error:
        _send(answers, {"error": str(error)})
        return
    while True:
        try:
            first, *rest = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = first(function, *rest) if callable(first) else call(function, first, *rest)
        except KeyboardInterrupt as error:  # the function's own: Ctrl-C does not come here
            answer = {"error": f"raises {_told(error)}", "changed": []}
        _send(answers, answer)


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    if answer.get("arguments") is not None:
        arguments, others = answer["arguments"]
        answer["arguments"] = (
            [(a.name, a.needed, a.by_place, a.default) for a in arguments],
            others,
        )
    pickle.dump(answer, answers)
    answers.flush()


def main() -> None:
    """The program: its argument is the function."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    serve(requests, answers, sys.argv[1])


if __name__ == "__main__":
    main()
