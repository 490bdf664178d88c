"""How a function is called with the model's names, and what of its answer is which block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsym.errors import UsageError, did_you_mean
from gdsym.gradcheck.functions.callee import Callee, CallError
from gdsym.gradcheck.functions.places import Array
from gdsym.language.model import Model

LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Manner:
    """`by_argument`: the model's name for each argument that has one. `flat`: the argument that is
    the vector of all parameters, or a number for its place. `places` come first, without names."""

    by_argument: dict[str, str]
    places: tuple[str, ...] = ()
    flat: str = ""

    def takes(self, name: str) -> bool:
        return name in self.by_argument.values()


def manner(model: Model, callee: Callee, renamed: Mapping[str, str], flat: bool) -> Manner:
    """Which of the model's names a function takes, as what. Raises UsageError for what is needed
    and no name of the model, and for a function that takes no parameter of it."""
    known = [kind_name[1] for kind_name in model.declared()]
    params = [p.name for p in model.params]
    for key, name in renamed.items():
        if name not in known:
            mend = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise UsageError(f"map {key}={name}: the model has no `{name}`\nhelp: {mend}")
    told = callee.arguments
    if told is None or (told[1] and not told[0]):
        taken = [n for n in known if n not in renamed.values()] if not flat else []
        return Manner({name: name for name in taken} | dict(renamed))
    listed, others = told
    vector = ""
    if flat:
        free = [a for a in listed if a.name not in known and a.name not in renamed]
        if not free:
            raise UsageError(f"{callee.name} has no argument for the vector of parameters")
        vector = next((a for a in free if a.needed), free[0]).name
    found = dict(renamed)
    for argument in listed:
        if argument.name == vector or argument.name in found:
            continue
        if argument.name in known and not (flat and argument.name in params):
            found[argument.name] = argument.name
        elif argument.needed:
            raise _unknown(callee, argument.name, known, flat)
    if others:
        rest = [n for n in known if n not in found.values() and not (flat and n in params)]
        found |= {name: name for name in rest}
    if not vector and not any(name in params for name in found.values()):
        mend = f"map one to a parameter, such as --map theta={params[0]}, or use --flat"
        raise UsageError(f"{callee.name} takes no parameter of the model\nhelp: {mend}")
    return Manner(found, tuple(a.name for a in listed if a.by_place), vector)


def _unknown(callee: Callee, name: str, known: Sequence[str], flat: bool) -> UsageError:
    near = did_you_mean(name, known)
    mend = f"say which it is, such as --map {name}={known[0]}; the model has {', '.join(known)}"
    if not flat:
        mend += f"; or --flat, where `{name}` is the vector of all parameters"
    near = f" ({near})" if near else ""
    return UsageError(
        f"{callee.name} wants an argument `{name}`, which the model does not have{near}\n"
        f"help: {mend}"
    )


def called(callee: Callee, way: Manner, model: Model, values: Mapping[str, Any]) -> Any:
    """The answer of a function at a place. Raises CallError."""
    given = {arg: values[name] for arg, name in way.by_argument.items() if name in values}
    if way.flat:
        parts = [np.ravel(np.asarray(values[p.name], dtype=float)) for p in model.params]
        given[way.flat] = np.concatenate(parts)
    places = [given.pop(name) for name in way.places if name in given]
    return callee(*places, **given)


@dataclass(frozen=True, slots=True)
class Answer:
    """Blocks by parameter, as they were returned, and the loss if it was."""

    blocks: dict[str, Array]
    loss: float | None = None
    single: bool = False  # some of it is in less than double precision


def read(
    value: Any,
    model: Model,
    shapes: Mapping[str, tuple[int, ...]],
    way: Manner,
    wrt: Sequence[str],
) -> Answer:
    """What a returned value is. Raises CallError with what was expected for what is nothing."""
    single = _single(value)
    wanted = list(wrt) or [p.name for p in model.params]
    loss = None
    if isinstance(value, tuple) and len(value) == 2 and _is_loss(value, wanted, shapes):
        loss, value = float(np.real(value[0])), value[1]
    if isinstance(value, dict):
        return Answer(_by_name(value, shapes, way), loss, single)
    total = sum(int(np.prod(shapes[name])) for name in wanted)
    if (
        isinstance(value, tuple)
        and len(value) == len(wanted)
        and not (len(wanted) == 1 and _vector(value).shape == shapes[wanted[0]])
    ):
        parts = [_vector(part) for part in value]
        return Answer(dict(zip(wanted, parts, strict=True)), loss, single)
    array = _vector(value)
    if len(wanted) == 1 and not (way.flat and array.shape == (total,)):
        return Answer({wanted[0]: array}, loss, single)
    if array.shape == (total,):
        return Answer(_split(array, wanted, shapes), loss, single)
    listed = ", ".join(f"{name} {shapes[name]}" for name in wanted)
    raise CallError(
        f"returns {_described(value)} where the gradients by {listed} were expected: a tuple in "
        "this order, a dict by name, one vector, or (loss, gradient); `--wrt NAME` for one of them"
    )


def _is_loss(
    value: tuple[Any, ...],
    wanted: Sequence[str],
    shapes: Mapping[str, tuple[int, ...]],
) -> bool:
    """A pair is a loss and a gradient, or the gradients by two parameters."""
    first, second = value
    if isinstance(first, tuple | dict) or np.size(first) != 1:
        return False
    if isinstance(second, dict):
        return True
    if len(wanted) == 1:  # a pair of numbers is a gradient, where there are two coordinates
        numbers = not isinstance(second, tuple) and np.size(second) == 1
        return not (numbers and shapes[wanted[0]] == (2,))
    if isinstance(second, tuple) or len(wanted) > 2:
        return True
    return shapes[wanted[0]] != () or np.shape(second) != shapes[wanted[1]]


def _by_name(
    value: dict[str, Any], shapes: Mapping[str, tuple[int, ...]], way: Manner
) -> dict[str, Array]:
    found = {}
    for key, part in value.items():
        name = way.by_argument.get(key, key)
        if name not in shapes:
            mend = did_you_mean(name, shapes) or f"the parameters are {', '.join(shapes)}"
            raise CallError(f"returns a gradient by `{key}`, which is no parameter; {mend}")
        found[name] = _vector(part)
    return found


def _split(
    array: Array, wanted: Sequence[str], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Array]:
    found, start = {}, 0
    for name in wanted:
        stop = start + int(np.prod(shapes[name]))
        found[name] = array[start:stop].reshape(shapes[name])
        start = stop
    return found


def _vector(value: Any) -> Array:
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c" and not np.any(array.imag):
            array = array.real
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise CallError(f"returns {_described(value)}, no array of numbers") from None


def _single(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_single(part) for part in value.values())
    if isinstance(value, tuple):
        return any(_single(part) for part in value)
    return bool(value.dtype.kind == "f" and value.dtype.itemsize < 8)


def _described(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dict of {', '.join(value) or 'nothing'}"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    return f"an array of shape {np.shape(value)}" if np.shape(value) else "a number"
