"""An element-wise rule of the generated module, with its options, as one function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsym.optimizers._iterate import Vector
from gdsym.run.generated import Module
from gdsym.run.objective import FreeObjective


@dataclass(frozen=True, slots=True)
class Rule:
    """`step(phi, f, g, state)` changes phi and the state in place and keeps phi in its box."""

    init: Callable[[Vector], Any]
    step: Callable[[Vector, float, Vector, Any], None]


def bind_rule(
    module: Module,
    name: str,
    options: Mapping[str, float],
    objective: FreeObjective,
    total: int | None,
) -> Rule:
    """The rule `name` of the module. `total` is the number of steps asked for, `T` in the rule."""
    update = getattr(module, f"update_{name}")
    keywords: dict[str, Any] = {**options, "T": total}
    if "f" in inspect.signature(update).parameters:

        def plain(phi: Vector, f: float, g: Vector, state: Any) -> None:
            update(phi, g, state, f=f, **keywords)
    else:

        def plain(phi: Vector, f: float, g: Vector, state: Any) -> None:
            update(phi, g, state, **keywords)

    init = getattr(module, f"init_{name}")
    return Rule(init, _kept_inside(plain, objective))


def _kept_inside(
    step: Callable[[Vector, float, Vector, Any], None], objective: FreeObjective
) -> Callable[[Vector, float, Vector, Any], None]:
    """The step, then closed bounds by projection and fixed parameters put back."""
    lower, upper = objective.lower, objective.upper
    fixed = np.flatnonzero(objective.problem.fixed)
    bounded = bool(np.any(np.isfinite(lower)) or np.any(np.isfinite(upper)))
    if not bounded and not len(fixed):
        return step
    kept = objective.start[fixed]

    def inside(phi: Vector, f: float, g: Vector, state: Any) -> None:
        step(phi, f, g, state)
        np.clip(phi, lower, upper, out=phi)
        phi[fixed] = kept

    return inside
