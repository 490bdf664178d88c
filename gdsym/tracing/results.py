"""What of a returned gradient belongs to which parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from gdsym.tracing.graph import Axis, Input, Place, Task
from gdsym.tracing.literals import literal
from gdsym.tracing.recorder import Recorder
from gdsym.tracing.tracer import Pieces, Tracer, call, shown, traced

Result = tuple[str, int, tuple[Axis, ...]]


def gradients(
    recorder: Recorder, task: Task, found: Any, last: Place | None
) -> tuple[Result, ...]:
    """By each parameter, in the forms that `gdsym check --against` takes: an array for one
    parameter, a tuple in declared order, a dict by name, one vector, or `(loss, gradient)`."""
    params = [entry for entry in task.inputs if entry.role == "param"]
    if isinstance(found, tuple | list) and len(found) == 2 and _is_loss(found, params):
        found = found[1]
    if isinstance(found, dict):
        names = [entry for entry in params if entry.name in found]
        if len(names) < len(found) or not names:
            _refuse(recorder, found, params, last)
        return tuple(_block(recorder, p, found[p.name], last) for p in names)
    if isinstance(found, tuple | list) and len(params) > 1 and len(found) == len(params):
        return tuple(_block(recorder, p, v, last) for p, v in zip(params, found, strict=True))
    if isinstance(found, list | tuple) and traced(found):
        found = call("array", found)
    if len(params) == 1 and not isinstance(found, dict | tuple | list | None):
        return (_block(recorder, params[0], found, last),)
    if isinstance(found, Pieces) and len(found.parts) == len(params):
        pairs = zip(params, found.parts, strict=True)
        return tuple(_block(recorder, p, part, last, flat=True) for p, part in pairs)
    _refuse(recorder, found, params, last)


def _is_loss(found: Sequence[Any], params: Sequence[Input]) -> bool:
    """A pair is a loss and a gradient, or the gradients by two parameters."""
    first, second = found
    if isinstance(first, dict | tuple | list) or np.ndim(first):
        return False
    if len(params) == 2 and not isinstance(second, dict | tuple | list | Pieces):
        return bool(params[0].dims)
    return True


def _block(
    recorder: Recorder, param: Input, value: Any, last: Place | None, *, flat: bool = False
) -> Result:
    if not isinstance(value, Tracer):
        if value is None or isinstance(value, str | dict | tuple | list | Pieces):
            _refuse(recorder, value, [param], last)
        value = literal(recorder, value, [[(Axis(d),)] if d != "1" else [] for d in param.shape])
    joined = tuple(axis for group in value.groups for axis in group)
    dims = tuple(axis.dim for axis in joined)
    shape = tuple(group[0].dim if group else "1" for group in value.groups)
    whole = flat or (shape == param.shape and all(len(group) < 2 for group in value.groups))
    if dims != param.dims or not whole:
        recorder.refuse(
            f"the gradient by `{param.name}` has shape {shown(value.groups)}, and `{param.name}` "
            f"is [{', '.join(param.shape)}]",
            "return an array of the shape of the parameter",
            last,
        )
    return param.name, value.node, joined


def _refuse(
    recorder: Recorder, found: Any, params: Sequence[Input], last: Place | None
) -> NoReturn:
    listed = ", ".join(entry.name for entry in params)
    told = "nothing" if found is None else f"a {type(found).__name__}"
    if isinstance(found, tuple | list):
        told = f"a {type(found).__name__} of {len(found)}"
    recorder.refuse(
        f"the function returns {told} where the gradients by {listed} were expected",
        "return a tuple in this order, a dict by name, or one vector",
        last,
    )
