"""Shuffled batches of rows, one update of an element-wise rule per batch.

A batch size of 1 is stochastic gradient descent; one of n rows a full batch per epoch. The order
of the rows is a new permutation each epoch, from one generator: the same seed, the same digits.
Where it is asked for, runs of rows that lie side by side are shuffled instead: nothing is gathered
then, but rows of one run meet in every epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import inf, isfinite, nan

import numpy as np

from gdsym.optimizers._iterate import Iterate, grad_norm
from gdsym.run.generated import Rows
from gdsym.run.objective import FreeObjective
from gdsym.run.outcome import Note, NotFiniteThere, Outcome
from gdsym.run.rule import Rule

DEFAULT_EPOCHS = 100
TICK = 256  # updates between two reports of progress
RUN = 256  # rows that stay together where runs are shuffled; a larger batch is one run
TOGETHER = 2**16  # rows of the batches that one call makes steps of: a key is answered within that


@dataclass(frozen=True, slots=True)
class Shuffled:
    """The schedule: `updates` limits the number of updates, None where only `epochs` does.

    in_blocks: runs of rows are shuffled, not rows.
    """

    n_rows: int
    batch_size: int
    epochs: int
    seed: int
    updates: int | None = None
    in_blocks: bool = False

    @property
    def batches(self) -> int:
        """Batches in an epoch, the last smaller one included."""
        return -(-self.n_rows // self.batch_size)

    @property
    def total(self) -> int:
        """The number of updates that will be made if nothing ends the run before."""
        asked = self.batches * self.epochs
        return asked if self.updates is None else min(asked, self.updates)


class _State:
    """What an interrupt must find whole: the point, the last good one, and the count."""

    def __init__(self, start: Iterate) -> None:
        self.phi = start.x.copy()
        self.kept = start.x
        self.kept_mean = inf
        self.updates = 0


def run_shuffled(
    objective: FreeObjective,
    start: Iterate,
    rule: Rule,
    schedule: Shuffled,
    note: Note,
    tick: Note,
) -> Outcome:
    """Runs the epochs that were asked for; the outcome's f and gradient are not computed yet.

    `note` is called after each epoch, `tick` now and then within one; both are told the epoch, the
    mean of f over it so far, the gradient of its last batch, and the length of its path.
    After a value that is not finite the outcome is the end of the best epoch so far, or the start.
    """
    at = _State(start)
    try:
        _run_epochs(objective, rule, schedule, at, note, tick)
    except NotFiniteThere as trouble:
        return Outcome("diverged", "", at.kept, nan, nan, at.updates, trouble.phi)
    except KeyboardInterrupt:
        phi = at.phi if np.all(np.isfinite(at.phi)) else at.kept
        message = f"interrupted after {at.updates} updates"
        return Outcome("interrupted", message, phi, nan, nan, at.updates)
    if at.updates < schedule.batches * schedule.epochs:
        message = f"the limit of {schedule.updates} updates came first: raise max_iter"
        return Outcome("stopped", message, at.phi, nan, nan, at.updates)
    epochs = f"{schedule.epochs} epoch{'s' if schedule.epochs > 1 else ''}"
    message = f"{epochs} of {schedule.batches} updates done"
    return Outcome("finished", message, at.phi, nan, nan, at.updates)


def _run_epochs(
    objective: FreeObjective, rule: Rule, schedule: Shuffled, at: _State, note: Note, tick: Note
) -> None:
    random = np.random.Generator(np.random.PCG64(schedule.seed))
    state = rule.init(at.phi)
    for epoch in range(1, schedule.epochs + 1):
        before = at.phi.copy()
        order = _order(random, schedule, schedule.total - at.updates)
        mean = norm = nan
        together = rule.epoch is not None and not schedule.in_blocks
        run = _run_together if together else _run_epoch
        for mean, norm in run(objective, rule, order, schedule.batch_size, state, at):
            tick(epoch, mean, norm, nan)
        if mean < at.kept_mean and np.all(np.isfinite(at.phi)):
            at.kept, at.kept_mean = at.phi.copy(), mean
        note(epoch, mean, norm, float(np.linalg.norm(at.phi - before)))
        if at.updates == schedule.total:
            return


def _order(random: np.random.Generator, schedule: Shuffled, most: int) -> Rows | list[slice]:
    """The rows of an epoch of at most so many batches, or a slice for each."""
    n, size = schedule.n_rows, schedule.batch_size
    if not schedule.in_blocks:
        return random.permutation(n)[: most * size]
    run = size * max(1, RUN // size)
    starts = random.permutation(-(-n // run)) * run
    slices = (
        slice(first, min(first + size, n))
        for start in starts.tolist()
        for first in range(start, min(start + run, n), size)
    )
    return list(islice(slices, most))


def _run_epoch(
    objective: FreeObjective,
    rule: Rule,
    order: Rows | list[slice],
    size: int,
    state: object,
    at: _State,
) -> Iterator[tuple[float, float]]:
    """One update per batch. Yields, now and then and at the end, the mean of f over the rows so
    far and the norm of the last batch's gradient."""
    at_batch, step, phi = objective.at_batch, rule.step, at.phi
    total, seen = 0.0, 0
    count = sum(s.stop - s.start for s in order) if isinstance(order, list) else len(order)
    for rows, blocks in objective.batches(order, size):
        f, g = at_batch(phi, rows, blocks)
        if not isfinite(f):
            raise NotFiniteThere(phi.copy())
        total += f * rows
        seen += rows
        if seen == count or not at.updates % TICK:
            norm = grad_norm(f, g, phi, objective.lower, objective.upper)
            yield total / seen, norm
        step(phi, f, g, state)
        at.updates += 1


def _run_together(
    objective: FreeObjective,
    rule: Rule,
    order: Rows | list[slice],
    size: int,
    state: object,
    at: _State,
) -> Iterator[tuple[float, float]]:
    """The same, with many batches in one call of the module."""
    assert rule.epoch is not None and not isinstance(order, list)
    total, count = 0.0, len(order)
    many = size * max(1, TOGETHER // size)
    for first in range(0, count, many):
        rows = order[first : first + many]
        share, f, made, g, before = rule.epoch(at.phi, rows, size, state)
        at.updates += made
        objective.evaluations += made
        if not isfinite(f):
            raise NotFiniteThere(at.phi.copy())
        total += share
        norm = grad_norm(f, g, before, objective.lower, objective.upper)
        yield total / (first + len(rows)), norm
