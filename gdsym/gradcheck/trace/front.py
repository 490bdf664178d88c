"""`gdsym.trace`: the model of a loss that is written in NumPy."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdsym.errors import Diagnostic, GdsymError, Source, SourceError, Span, UsageError
from gdsym.gradcheck.check import check_text
from gdsym.gradcheck.functions.against import check_against
from gdsym.gradcheck.functions.callee import Callee, CallError, callee
from gdsym.gradcheck.functions.report import FunctionReport
from gdsym.gradcheck.report import Report
from gdsym.gradcheck.trace.merge import merged
from gdsym.gradcheck.trace.roles import Given, Parameter, Roles, of_gradient, roles
from gdsym.gradcheck.trace.verify import verify
from gdsym.gradcheck.trace.write import written
from gdsym.tracing.graph import Place, Recording, Refusal, Task
from gdsym.tracing.record import record
from gdsym.tracing.recorder import Refused

SECONDS = 5.0

Sources = dict[str, str]  # texts of Python files by path


def trace(
    loss: Callable[..., Any] | str,
    shapes: Given = (),
    *,
    params: Given | None = None,
    gradient: Callable[..., Any] | str | None = None,
    seconds: float = SECONDS,
) -> str:
    """The text of the model that a loss written in NumPy is: `gdsym trace` in Python.

    loss: a function, or its name as `"file.py:function"`, which is called in a process of its
    own. shapes: the dimensions of its arguments, `"X=n,d y=n w=d"`, a list of such texts or a
    dict; a domain may follow, `"y=n in {0, 1}"`, and `k=3` is a size. params: the arguments that
    are parameters, or what the flat vector holds that is one: `"w=d, b"`. gradient: its gradient,
    which becomes claims. seconds: the time for one call of a function that is named. Raises
    `SourceError` with the line of Python that cannot be traced, and `UsageError` for everything
    else.
    """
    return traced(loss, shapes, params, gradient, seconds).text


@dataclass(frozen=True, slots=True)
class Traced:
    """A model text, and how the loss is called."""

    name: str
    text: str
    task: Task


def traced(
    loss: Callable[..., Any] | str,
    shapes: Given,
    params: Given | None,
    gradient: Callable[..., Any] | str | None,
    seconds: float,
) -> Traced:
    """As `trace`."""
    with callee(loss, seconds) as function:
        arguments = _arguments(function)
        found = roles(function.name, arguments, function.variables, shapes, params)
        recording, sources = _recorded(function, found.task)
        _check_sizes(found, recording)
        name = _name(function.name)
        if gradient is None:
            text = _written(name, function.name, recording, found, sources)
            verify(function, text, found.task)
            return Traced(name, text, found.task)
        with callee(gradient, seconds) as own:
            task = of_gradient(own.name, _arguments(own), found)
            other, more = _recorded(own, task)
            text = _written(name, own.name, merged(recording, other), found, sources | more)
            verify(function, text, found.task)
            verify(own, text, task)
            return Traced(name, text, found.task)


def check_traced(
    loss: Callable[..., Any] | str,
    gradient: Callable[..., Any] | str,
    shapes: Given,
    params: Given | None,
    *,
    points: int,
    seed: int,
    seconds: float,
) -> Report | FunctionReport:
    """The verdicts on a gradient of a loss that is traced.

    The gradient is traced, too, so that it can be proved; where it cannot be, it is called.
    """
    model = traced(loss, shapes, params, None, seconds)
    try:
        claimed = traced(loss, shapes, params, gradient, seconds).text
    except GdsymError:
        if any("1" in entry.shape for entry in model.task.inputs):
            raise  # a function of column vectors cannot be called with the model's arrays
        with callee(gradient, seconds) as own:
            return check_against(
                model.text,
                f"{model.name}.gd",
                own,
                flat=bool(model.task.flat),
                points=points,
                seed=seed,
            )
    return check_text(claimed, f"{model.name}.gd", points=points, seed=seed, seconds=seconds)


def _arguments(function: Callee) -> list[Parameter]:
    told = function.arguments
    if told is None or told[1]:
        raise UsageError(
            f"{function.name} takes any arguments\n"
            "help: trace a function that names each of them: def loss(w, b, X, y): ..."
        )
    if not told[0]:
        raise UsageError(f"{function.name} has no arguments that could be traced")
    return [Parameter(a.name, a.default, not a.needed and a.default is None) for a in told[0]]


def _recorded(function: Callee, task: Task) -> tuple[Recording, Sources]:
    """What the function does, with its sources. Raises what it is refused for."""
    try:
        answer: Mapping[str, Any] = function.ask(record, task)
    except CallError as error:
        raise UsageError(f"{function.name} {error}") from None
    if "refusal" in answer:
        raise _error(function.name, answer["refusal"], answer["sources"])
    return answer["recording"], answer["sources"]


def _written(
    name: str, function: str, recording: Recording, found: Roles, sources: Sources
) -> str:
    try:
        return written(recording, found.declared, name)
    except Refused as refused:
        raise _error(function, refused.refusal, sources) from None


def _check_sizes(found: Roles, recording: Recording) -> None:
    """A dimension that only parameters have gets its size from nowhere."""
    known = {dim for d in found.declared if d.role == "data" for dim in d.dims}
    known |= {*recording.categories.values(), *found.task.fixed}
    known |= {literal.dim for literal in recording.literals}
    for entry in found.declared:
        for dim in entry.dims:
            if dim not in known:
                raise UsageError(
                    f"the dimension `{dim}` of `{entry.name}` has no size, since no data have it\n"
                    f"help: give it one: --shapes {dim}=3"
                )


def _name(function: str) -> str:
    """The name of the model: that of the function, `loss` of one that has none."""
    name = re.split(r"[.:]", function)[-1]
    return name if name.isidentifier() and name.isascii() else "loss"


def _error(function: str, refusal: Refusal, sources: Sources) -> GdsymError:
    """A refusal with its line of Python, where it is known."""
    place = refusal.place
    source = sources.get(place.file, "") if place is not None else ""
    lines = source.splitlines(keepends=True)
    if place is None or not 0 < place.line <= len(lines):
        where = f" (line {place.line})" if place is not None else ""
        mend = f"\nhelp: {refusal.help}" if refusal.help else ""
        return UsageError(f"{function}{where}: {refusal.message}{mend}")
    diagnostic = Diagnostic("trace", refusal.message, _span(place, lines), help=refusal.help)
    return SourceError(Source(_shown(place.file), source), [diagnostic])


def _span(place: Place, lines: Sequence[str]) -> Span:
    """The range of characters; Python counts the bytes of a line."""

    def offset(line: int, column: int) -> int:
        before = sum(map(len, lines[: line - 1]))
        return before + len(lines[line - 1].encode()[:column].decode(errors="ignore"))

    start = offset(place.line, place.column)
    return Span(start, max(start + 1, offset(place.end_line, place.end_column)))


def _shown(file: str) -> str:
    """A path as somebody in this directory would write it."""
    path = os.path.relpath(file)
    return file if path.startswith("..") else path
