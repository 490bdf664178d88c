"""How a schedule ends: the point that was reached, and why there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Literal, NamedTuple

from gdsym.optimizers._iterate import Vector

Status = Literal["converged", "finished", "stopped", "diverged", "interrupted"]

EXIT_CODES: dict[str, int] = {
    "converged": 0,
    "finished": 0,
    "stopped": 1,
    "diverged": 1,
    "interrupted": 130,
}


class Record(NamedTuple):
    """One iteration, or one epoch of mini-batches.

    The objective is in the user's sign; of an epoch it is the mean over its batches, `grad_norm`
    that of the last batch and `step` the distance covered. nan is what was not computed.
    """

    iteration: int
    objective: float
    grad_norm: float
    step: float
    seconds: float  # since the fit began


Note = Callable[[int, float, float, float], None]  # iteration, f, grad_norm, step


@dataclass(frozen=True, slots=True)
class Outcome:
    """The free coordinates that a schedule reached, f there (nan: not known), and why it ended.

    `trouble` is the point where f or its gradient was not finite, if that was the end. `ahead`
    estimates how far f is above the minimum; nan: nobody has looked. `own_end`: the method said
    that it can do no more. `held`: coordinates that a kink of the objective keeps at 0.
    """

    status: Status
    message: str
    phi: Vector
    f: float
    grad_norm: float
    iterations: int
    trouble: Vector | None = None
    ahead: float = nan
    own_end: bool = False
    held: tuple[int, ...] = ()


class NotFiniteThere(Exception):
    """The objective or its gradient is not finite at phi; never leaves the runner."""

    def __init__(self, phi: Vector) -> None:
        self.phi = phi
        super().__init__("not finite")
