"""Calls a user's function with tracers: what it does, or why it cannot be traced.

This runs in the process of the function.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gdsym.tracing.graph import Axis, Input, Node, Place, Recording, Refusal, Task
from gdsym.tracing.recorder import Recorder, Refused, is_users, place_in
from gdsym.tracing.results import gradients
from gdsym.tracing.standins import Standins
from gdsym.tracing.tracer import Group, Pieces, Size, Tracer, shown

# Modules that a function may import when it is called first.
_LATE = ("scipy.special", "scipy.linalg", "scipy.spatial.distance", "scipy.stats")


def record(function: Callable[..., Any], task: Task) -> dict[str, Any]:
    """`recording` or `refusal`, with the `sources` of the user's files by path."""
    before = [name in sys.modules for name in _LATE]
    first = _attempt(function, task)
    if before != [name in sys.modules for name in _LATE]:
        first = _attempt(function, task)
    if isinstance(first, Recording):
        again = _attempt(function, task)
        changed = _changed(first, again)
        first = changed or first
    if isinstance(first, Refusal):
        return {"refusal": first, "sources": _sources([first.place])}
    return {"recording": first, "sources": _sources([node.place for node in first.nodes])}


def _attempt(function: Callable[..., Any], task: Task) -> Recording | Refusal:
    recorder = Recorder(task)
    names = Names()
    with Standins(recorder) as standins, Outside(function, recorder, task):
        if hasattr(function, "__globals__"):
            standins.into(function.__globals__)
        watch = Watch(standins, names, getattr(inspect.unwrap(function), "__code__", None))
        try:
            given = _arguments(recorder, task)
            with watch, np.errstate(all="ignore"):
                found = function(*given.values()) if _by_place(function) else function(**given)
            results = _results(recorder, task, found, watch.last)
        except Refused as refused:
            return refused.refusal
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also SystemExit: it is theirs, not ours
            return recorder.refusal or _raised(error)
    if recorder.refusal is not None:
        return recorder.refusal
    return Recording(
        tuple(recorder.nodes),
        results,
        names.of_function,
        names.of_others,
        names.orders,
        recorder.categories,
        tuple(recorder.literals.values()),
    )


def _by_place(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    return isinstance(code, CodeType) and code.co_posonlyargcount > 0


def _arguments(recorder: Recorder, task: Task) -> dict[str, Any]:
    inputs = {entry.name: entry for entry in task.inputs}
    found: dict[str, Any] = {}
    for argument, held in task.arguments:
        parts = [_input(recorder, inputs[name]) for name in held]
        if argument == task.flat:
            flat = [Tracer(recorder, p.node, (_joined(p.groups),)) for p in parts]
            found[argument] = Pieces(recorder, flat) if len(flat) > 1 else flat[0]
        else:
            found[argument] = parts[0]
    return found


def _joined(groups: Sequence[Group]) -> Group:
    return tuple(axis for group in groups for axis in group)


def _input(recorder: Recorder, entry: Input) -> Tracer:
    axes = [Axis(dim, entry.shape[:i].count(dim)) for i, dim in enumerate(entry.shape)]
    there = [axis for axis in axes if axis.dim != "1"]
    node = recorder.add("leaf", (), there, entry.name)
    return Tracer(recorder, node, tuple((a,) if a in there else () for a in axes))


def _results(
    recorder: Recorder, task: Task, found: Any, last: Place | None
) -> tuple[tuple[str, int, tuple[Axis, ...]], ...]:
    """What a function returns: the loss, or the gradient by each parameter."""
    if task.gradient:
        return gradients(recorder, task, found, last)
    if isinstance(found, tuple | list) and found and isinstance(found[0], Tracer):
        found = found[0]  # the loss and its gradient
    if isinstance(found, Tracer) and not any(found.groups):
        return (("loss", found.node, ()),)
    if isinstance(found, Tracer | Pieces):
        what = shown(found.groups) if isinstance(found, Tracer) else "several pieces"
        recorder.refuse(
            f"the function returns an array of shape {what}, and a loss is one number",
            "return the sum or the mean of it",
            last,
        )
    told = "nothing" if found is None else f"`{str(found)[:60]}`"
    recorder.refuse(
        f"the function returns {told}, which does not depend on its arguments",
        "return the loss that was computed from them",
        last,
    )


def _raised(error: BaseException) -> Refusal:
    """What the user's function raises, at its own last line."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_users(code.co_filename):
            found = place_in(code, trace.tb_lasti)
        trace = trace.tb_next
    text = " ".join(str(error).split())[:200]
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    shapes = isinstance(error, ValueError | IndexError | TypeError)
    mend = "are the dimensions in --shapes those that it expects?" if shapes else ""
    return Refusal(f"when it is traced the function raises {told}", mend, found)


class Outside:
    """A context in which variables of the function's module are traced."""

    def __init__(self, function: Callable[..., Any], recorder: Recorder, task: Task) -> None:
        self._names: dict[str, Any] = getattr(function, "__globals__", {})
        self._traced = [entry for entry in task.inputs if entry.name in task.outside]
        self._recorder = recorder
        self._before: dict[str, Any] = {}

    def __enter__(self) -> None:
        for entry in self._traced:
            self._before[entry.name] = self._names[entry.name]
            self._names[entry.name] = _input(self._recorder, entry)

    def __exit__(self, *_: object) -> None:
        self._names.update(self._before)


def _changed(first: Recording, again: Recording | Refusal) -> Refusal | None:
    """Where a second call does something else: it draws random numbers, or remembers."""
    mend = "make what changes an argument: random numbers, counters, caches"
    if isinstance(again, Refusal):
        return again
    for one, other in zip(first.nodes, again.nodes, strict=False):
        if not one.same(other):
            values = [node.detail for node in (one, other) if node.op == "number"]
            shown = f" ({values[0]:.6g}, then {values[1]:.6g})" if len(values) == 2 else ""
            return Refusal(f"a second call computes something else here{shown}", mend, one.place)
    if len(first.nodes) != len(again.nodes) or first.results != again.results:
        longer = max(first.nodes, again.nodes, key=len)
        shorter = min(len(first.nodes), len(again.nodes))
        node: Node | None = longer[shorter] if len(longer) > shorter else None
        place = node.place if node else None
        return Refusal("a second call computes something else", mend, place)
    return None


def _sources(places: Iterable[Place | None]) -> dict[str, str]:
    files = dict.fromkeys(place.file for place in places if place is not None)
    return {file: "".join(linecache.getlines(file)) for file in files}


# -- what the user calls things ----------------------------------------------------------------


class Names:
    """The first name of each value, in the function itself and in those that it calls."""

    def __init__(self) -> None:
        self.of_function: dict[int, str] = {}
        self.of_others: dict[int, str] = {}
        self.orders: dict[int, tuple[Axis, ...]] = {}

    def read(self, frame: FrameType, own: bool) -> None:
        names = self.of_function if own else self.of_others
        for name, value in frame.f_locals.items():
            if isinstance(value, Tracer) and not isinstance(value, Size) and name.isascii():
                names.setdefault(value.node, name)
                self.orders.setdefault(value.node, _joined(value.groups))


class Watch:
    """Follows the user's code line by line: names of values, and modules to put stand-ins into.

    `last` is the line of the function that was reached last.
    """

    def __init__(self, standins: Standins, names: Names, own: CodeType | None) -> None:
        self.last: Place | None = None
        self._standins = standins
        self._names = names
        self._own = own

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not is_users(frame.f_code.co_filename):
            return None
        self._own = self._own or frame.f_code
        self._standins.into(frame.f_globals)
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, argument: Any) -> Any:
        own = frame.f_code is self._own
        self._names.read(frame, own)
        if own and event in ("line", "return"):
            self.last = place_in(frame.f_code, frame.f_lasti) or self.last
        return self._stepped
