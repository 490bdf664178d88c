"""What a generated module is made by, beside the text of its model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a module carries, and how it computes.

    `update` names the rules whose update functions it carries: shipped names or paths of `.gd`
    rule files, or the dense steps `newton` and `bfgs`. None means the rule of the model's own
    `method`, if that is one. `schedules` are options that a fit will be given as expressions of
    `t` and `T`, by name. `backend` is one of `gdsym.codegen.backends`: what the module computes
    with. `without` names optimisations to leave out (`gdsym.codegen.optimisations`).
    """

    update: Sequence[str] | None = None
    schedules: Mapping[str, str] = field(default_factory=dict)
    backend: str = "numpy"
    without: Collection[str] = ()


DEFAULT = Recipe()
