"""Minima at infinity: separable data, and whatever else an objective falls along for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gdsym.run.curvature import Matrix, Place
from gdsym.run.generated import Module, Vector
from gdsym.run.objective import NOT_A_NUMBER
from gdsym.run.spectrum import of_hessian

WALK = 10  # Newton steps that tell a far minimum from none
SATURATED = 1e-5  # the part of the curvature at the start that may be left
EDGE = 1e-6  # of the way to an open bound: what is left of it next to the bound
GONE = 0.05  # the part of its gradient that a row keeps, if it has been left behind
MOST_NAMES = 6


def near_edge(here: Place, start: Vector) -> bool:
    """Whether an entry has come next to an open bound, seen from where it began."""
    if here.plain:
        return False
    bounds = np.array([(lo, hi) for lo, hi in here.problem.bounds], dtype=np.float64)
    near = np.abs(bounds - here.theta[:, None]) < EDGE * np.abs(bounds - start[:, None])
    return bool(np.any(near[here.moving]))


def further_out(here: Place, h: Matrix, step: Vector | None, start: Vector) -> Place | None:
    """A point further out, where there is no finite minimum; None where there may be one.

    h: the Hessian here; step: the Newton step, None where there is none; start: theta there.
    """
    far = None if step is None else _walked(here, step)
    return _saturated(here, h, start) if far is None else far


def _walked(here: Place, step: Vector) -> Place | None:
    """Newton's method from here: towards a minimum its steps shrink; where the objective falls
    for ever, as exp(-t) or 1/t do, they stay as long, while what they gain dies away."""
    now, first = here, float(np.linalg.norm(step))
    f, gain = here.value_and_grad()[0], None
    for _ in range(WALK):
        further = now.moved(step)
        try:
            value, g, h = further.value_grad_hess()
        except (ValueError, *NOT_A_NUMBER):
            return None
        if not np.isfinite(value) or not np.all(np.isfinite(h)) or value > f + _rounding(f):
            return None
        spectrum = of_hessian(h)
        if spectrum.indefinite or not spectrum.rank:
            return None
        now, f = further, min(f, value)
        step, gained = spectrum.newton_step(g)
        gain = gained if gain is None else gain
        if np.linalg.norm(step) < 0.5 * first:
            return None
        if 0 < gained <= 1e-3 * gain:
            return now
    return None


def _saturated(here: Place, h: Matrix, start: Vector) -> Place | None:
    """Next to nothing is left of the curvature that some entries had at the start, and going on
    with them changes nothing: all that spoke of them is saturated."""
    phi = here.problem.to_free(start) if not here.plain else start.copy()
    try:
        before = here.at(phi).value_grad_hess()[2]
    except (ValueError, *NOT_A_NUMBER):
        return None
    gone = np.abs(np.diagonal(h)) < SATURATED * np.abs(np.diagonal(before))
    way = np.where(gone, (here.phi - phi)[here.moving], 0.0)
    if not np.any(way) or not np.all(np.isfinite(way)):
        return None
    far = here.moved(way)
    f, value = here.value_and_grad()[0], far.value_and_grad()[0]
    return far if value <= f + _rounding(f) else None


def _rounding(f: float) -> float:
    return 1e-12 * abs(f)


def toward(here: Place, far: Place, names: Sequence[str]) -> Iterator[str]:
    """What grows without end, or nears an open bound, the fastest first: `w[age] -> +inf`."""
    change = far.phi - here.phi
    largest = float(np.max(np.abs(change)))
    order = [i for i in np.argsort(-np.abs(change)).tolist() if abs(change[i]) > 1e-3 * largest]
    for i in order[:MOST_NAMES]:
        lower, upper = here.problem.bounds[i]
        bound, end = (upper, "+inf") if change[i] > 0 else (lower, "-inf")
        yield f"{names[i]} -> {end if bound is None or not np.isfinite(bound) else f'{bound:g}'}"
    if len(order) > MOST_NAMES:
        yield f"{len(order) - MOST_NAMES:,} more"


def left_behind(module: Module, here: Place, far: Place) -> tuple[int, ...]:
    """The rows, from 0, that are fitted ever better on the way out; none where rows have no
    gradients of their own."""
    if getattr(module, "SCORES", "") is not None:
        return ()
    before, after = (
        np.linalg.norm(at.problem.scores(at.theta), axis=1)  # (n_rows,)
        for at in (here, far)
    )
    return tuple(int(i) for i in np.flatnonzero(after <= GONE * before))
