"""An element-wise rule of the generated module, with its options, as one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gdsym.errors import UsageError
from gdsym.optimizers._iterate import Vector
from gdsym.run.generated import Module, Rows
from gdsym.run.objective import FreeObjective


@dataclass(frozen=True, slots=True)
class Rule:
    """`step(phi, f, g, state)` changes phi and the state in place and keeps phi in its box.

    `epoch(phi, rows, size, state)` makes the steps of many batches at once, where the module can;
    it returns the sum of f over the rows, and of the last batch f, the number of its step, its
    gradient and its place. It ends before a step from an f that is not finite.
    """

    init: Callable[[Vector], Any]
    step: Callable[[Vector, float, Vector, Any], None]
    epoch: Callable[[Vector, Rows, int, Any], tuple[float, float, int, Vector, Vector]] | None


def bind_rule(
    module: Module,
    name: str,
    options: Mapping[str, float | str],
    objective: FreeObjective,
    total: int | None,
) -> Rule:
    """The rule `name` of the module. `total` is the number of steps asked for, `T` in the rule.

    Raises UsageError for a schedule that has no value at some step.
    """
    update, init = getattr(module, f"update_{name}"), getattr(module, f"init_{name}")
    arguments = _arguments(module, name, update)
    keywords: dict[str, Any] = {"T": total}
    scheduled: dict[str, Schedule] = {}
    for option, value in options.items():
        if isinstance(value, str):
            scheduled[arguments[option]] = _schedule(module, option, value, total)
        else:
            keywords[arguments[option]] = value
    takes_f = "f" in _parameters(update)

    def plain(phi: Vector, f: float, g: Vector, state: Any) -> None:
        update(phi, g, state, **keywords)

    def changing(phi: Vector, f: float, g: Vector, state: Any) -> None:
        for argument, schedule in scheduled.items():
            keywords[argument] = schedule(state["t"] + 1)
        if takes_f:
            keywords["f"] = f
        update(phi, g, state, **keywords)

    def begin(phi: Vector) -> Any:
        first = {**keywords, **{argument: at(1) for argument, at in scheduled.items()}}
        return init(phi, **{p: first[p] for p in _parameters(init) if p in first})

    step = changing if scheduled or takes_f else plain
    epoch = getattr(module, f"epoch_{name}", None)
    free = objective.plain and not len(objective.fixed) and not _is_bounded(objective)
    if epoch is None or scheduled or not free:
        return Rule(begin, _kept_inside(step, objective), None)
    return Rule(begin, step, partial(epoch, objective.problem, **keywords))


Schedule = Callable[[int], float]
CHECKED_STEPS = 100_000  # of a schedule, before the first one is made


def _arguments(module: Module, name: str, update: Callable[..., Any]) -> dict[str, str]:
    """What the function calls each option: one that Python has as a word gets a `_`."""
    names = _parameters(update)[update.__code__.co_argcount :]  # those by keyword
    return dict(zip(module.RULES[name]["options"], names, strict=False))


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names that a function of a module takes, in order; `inspect` would take longer to say
    so than an epoch of some thousand rows."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _schedule(module: Module, option: str, text: str, total: int | None) -> Schedule:
    """The value of an option at step t."""
    function = module.SCHEDULES[text]["function"]
    T = None if total is None else np.float64(total)
    steps = np.arange(1.0, min(total or 1, CHECKED_STEPS) + 1)
    values = np.broadcast_to(np.asarray(function(steps, T), dtype=np.float64), steps.shape)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        step = f"step {bad[0] + 1:,}" + (f" of {total:,}" if total is not None else "")
        raise UsageError(f"option `{option}` is `{text}`, which is {values[bad[0]]:g} at {step}")

    def at(t: int) -> float:
        return float(function(np.float64(t), T))

    return at


def _kept_inside(
    step: Callable[[Vector, float, Vector, Any], None], objective: FreeObjective
) -> Callable[[Vector, float, Vector, Any], None]:
    """The step, then closed bounds by projection and fixed parameters put back."""
    lower, upper = objective.lower, objective.upper
    fixed = objective.fixed
    if not _is_bounded(objective) and not len(fixed):
        return step
    kept = objective.start[fixed]

    def inside(phi: Vector, f: float, g: Vector, state: Any) -> None:
        step(phi, f, g, state)
        np.clip(phi, lower, upper, out=phi)
        phi[fixed] = kept

    return inside


def _is_bounded(objective: FreeObjective) -> bool:
    return bool(np.any(np.isfinite(objective.lower)) or np.any(np.isfinite(objective.upper)))
