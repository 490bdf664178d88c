"""Numbers and arrays of numbers that stand in the code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import prod
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from gdsym.tracing.graph import Axis, Literal
from gdsym.tracing.recorder import Recorder, is_users
from gdsym.tracing.tracer import Group, Groups, Tracer

# A longer list is data, and belongs into the arguments.
MOST_ENTRIES = 50


def literal(recorder: Recorder, value: Any, hints: Sequence[Sequence[Group]] = ()) -> Tracer:
    """An array of numbers as a tracer. `hints`: the axes that it meets, counted from the end."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        found = "complex numbers" if array.dtype.kind == "c" else f"`{type(value).__name__}`"
        recorder.refuse(f"{found} have no place in a formula")
    if array.ndim == 0:
        return Tracer(recorder, recorder.number(array.item()), ())
    groups = _groups(recorder, array, hints)
    if np.all(array == array.flat[0]):
        return Tracer(recorder, recorder.number(array.flat[0].item()), groups)
    used = [group for group in groups if group]
    if len(used) == 1:
        return Tracer(recorder, _listed(recorder, array, used[0]), groups)
    square = len(used) == 2 and used[0][0].dim == used[1][0].dim
    if square and np.array_equal(np.squeeze(array), np.eye(max(array.shape))):
        return Tracer(recorder, recorder.add("eye", (), (used[0][0], used[1][0])), groups)
    _refuse(recorder, groups)


def _refuse(recorder: Recorder, groups: Groups) -> NoReturn:
    dims = [group[0].dim.removeprefix("?") if group else "1" for group in groups]
    named = ", ".join(dims) + ("," if len(dims) == 1 else "")
    recorder.refuse(
        f"an array of shape ({named}) that the function does not get as an argument",
        "make it an argument, with its dimensions in --shapes (of a variable of the module they "
        "are enough); random numbers are no formula",
    )


def _groups(recorder: Recorder, array: Any, hints: Sequence[Sequence[Group]]) -> Groups:
    """The axes of an array of numbers: those that it meets, or that have its length."""
    found: list[Group] = []
    taken: set[Axis] = set()
    for position, size in zip(range(-array.ndim, 0), array.shape, strict=True):
        met = hints[position][0] if len(hints) >= -position and hints[position] else ()
        if size == 1:
            found.append(())
        elif met and prod(recorder.sizes[a.dim] for a in met) == size:
            found.append(met)
        else:
            dims = [dim for dim, own in recorder.sizes.items() if own == size]
            copy = sum(a.dim == dims[0] for a in taken) if dims else 0
            found.append((Axis(dims[0] if len(dims) == 1 else f"?{size}", copy),))
        taken |= set(found[-1])
    return tuple(found)


def _listed(recorder: Recorder, array: Any, group: Group) -> int:
    """A list of numbers: a constant, whose dimension is its own where nothing else has it."""
    axis = group[0]
    own = axis.dim.startswith("?")
    if len(group) > 1 or array.size > MOST_ENTRIES or not (own or axis.dim in recorder.fixed):
        _refuse(recorder, (group,))
    values = tuple(float(v) for v in array.ravel())
    for known in recorder.literals.values():
        if known.values == values and known.dim == axis.dim:
            return recorder.add("const", (), (axis,), known.name)
    name = _name_of(array) or "values"
    taken = {*recorder.literals, *(i.name for i in recorder.task.inputs), *recorder.sizes}
    while name in taken:
        name += "_"
    recorder.sizes[axis.dim] = array.size
    recorder.fixed.add(axis.dim)
    recorder.literals[name] = Literal(name, axis.dim, values)
    return recorder.add("const", (), (axis,), name)


def _name_of(array: Any) -> str:
    """What the user's code calls an array."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
                if value is array and name.isidentifier() and name.isascii():
                    return name
        frame = frame.f_back
    return ""
