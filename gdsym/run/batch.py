"""Every iteration sees all rows: methods such as L-BFGS, and element-wise rules in full batch."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from math import inf, isfinite

import numpy as np

from gdsym.optimizers._iterate import (
    FLAT,
    UNBOUNDED,
    Iterate,
    Objective,
    Vector,
    grad_norm,
)
from gdsym.optimizers._polish import polish
from gdsym.run.objective import FreeObjective
from gdsym.run.outcome import Note, NotFiniteThere, Outcome, Status
from gdsym.run.rule import Rule

# Where no decrease is possible in float64, a gradient below this is that of a minimum.
FLAT_ENOUGH = 1e-6
# What is left to gain, relative to f, where a point is called the minimum by its curvature.
NOTHING_LEFT = 1e-12
BOTTOMLESS = 1e20
LONG_STEP = 1e-3
ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop. With `epochs`, exactly so many iterations; `tol` then plays no part."""

    tol: float
    max_iter: int
    epochs: int | None = None


def rule_iterates(
    objective: FreeObjective, start: Iterate, rule: Rule, endless: bool
) -> Generator[Iterate, None, str]:
    """The points that an element-wise rule visits, all of them finite.

    Ends where a step changes nothing, unless `endless`. Raises `NotFiniteThere`.
    """
    yield replace(start, ahead=0.0)
    phi, f, g = start.x.copy(), start.f, start.g.copy()
    state = rule.init(phi)
    while True:
        before = phi.copy()
        rule.step(phi, f, g, state)
        if not endless and np.array_equal(phi, before):
            return FLAT
        f, g = objective(phi)
        if not (isfinite(f) and np.all(np.isfinite(g))):
            raise NotFiniteThere(phi)
        step = float(np.linalg.norm(phi - before))
        # A rule has no model of the curvature; but while it makes long steps it has not arrived.
        arrived = step <= LONG_STEP * max(1.0, float(np.linalg.norm(phi)))
        yield Iterate(phi.copy(), f, g, step, 0.0 if arrived else inf)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An iterate, its number and the norm of its gradient."""

    number: int
    at: Iterate
    norm: float

    def better_than(self, other: _Seen) -> bool:
        """Lower; where the values are the same to rounding, with the smaller gradient."""
        rounding = ROUNDING * abs(other.at.f)
        if abs(self.at.f - other.at.f) <= rounding:
            return self.norm < other.norm
        return self.at.f < other.at.f


def follow(
    iterates: Generator[Iterate, None, str],
    start: Iterate,
    limits: Limits,
    lower: Vector,
    upper: Vector,
    note: Note,
) -> Outcome:
    """Runs a method until it has converged, a limit comes first, or Ctrl-C is pressed.

    Whatever happens, including an interrupt in the middle of an evaluation, the outcome is an
    iterate that the method had accepted.
    """
    now = best = _Seen(0, start, grad_norm(start.f, start.g, start.x, lower, upper))
    within: int | None = None  # the first iteration within the tolerance
    try:
        for number in range(limits.max_iter + 1):
            try:
                at = next(iterates)
            except StopIteration as end:
                return _ended(str(end.value), best, now)
            now = _Seen(number, at, grad_norm(at.f, at.g, at.x, lower, upper))
            if now.better_than(best):
                best = now
            if number:
                note(number, at.f, now.norm, at.step)
            if at.f < -BOTTOMLESS * max(1.0, abs(start.f)):
                return _ended(UNBOUNDED, best, now)
            # The norm is relative to f, so it is also small where f has grown beyond measure.
            if limits.epochs is None and now.norm <= limits.tol and not _risen(at, start):
                within = number if within is None else within
                long = isfinite(at.ahead) and number - within >= max(20, within)
                if long or _close_enough(at, limits.tol):
                    return _converged(best, now, limits)
        return _at_limit(best, now, start, limits)
    except NotFiniteThere as trouble:
        return _outcome("diverged", "", best, now, trouble.phi)
    except KeyboardInterrupt:
        return _outcome("interrupted", f"interrupted in iteration {now.number + 1}", best, now)


def polished(
    outcome: Outcome,
    objective: Objective,
    lower: Vector,
    upper: Vector,
    products: int,
    note: Note,
) -> Outcome:
    """The outcome after exact Newton steps that are accepted on the gradient.

    The same outcome where the curvature there is unknown, or is not that of a minimum. products:
    the most with a Hessian that is no matrix, for one step.
    """
    if not (objective.hess or objective.hvp or objective.residual_qr):
        return outcome
    try:
        f, g = objective(outcome.phi)
        start = Iterate(outcome.phi, f, g, 0.0, inf)
        steps = polish(objective, start, lower, upper, products)
        for extra, at in enumerate(steps):
            norm = grad_norm(at.f, at.g, at.x, lower, upper)
            number = outcome.iterations + (extra > 0)
            outcome = replace(
                outcome, phi=at.x, f=at.f, grad_norm=norm, iterations=number, ahead=at.ahead
            )
            if extra:
                note(number, at.f, norm, at.step)
    except KeyboardInterrupt:
        message = f"interrupted in iteration {outcome.iterations + 1}"
        return replace(outcome, status="interrupted", message=message)
    if outcome.ahead <= NOTHING_LEFT * max(abs(outcome.f), outcome.ahead):
        message = (
            f"float64 has no more to give: the gradient is {outcome.grad_norm:.2g}, and the "
            f"minimum at most {outcome.ahead:.2g} lower"
        )
        return replace(outcome, status="converged", message=message)
    return outcome


def _close_enough(at: Iterate, tol: float) -> bool:
    """The tolerance bounds the gradient; this also bounds the distance to the minimum.

    A small gradient alone says little about parameters along which the objective is flat. By the
    method's own model of the curvature, what is left to gain is below what tol**2 can show.
    """
    return at.ahead <= 0.01 * tol * tol * max(1.0, abs(at.f))


def _risen(at: Iterate, start: Iterate, by: float = 1e-6) -> bool:
    return at.f > start.f + by * max(1.0, abs(start.f))


def _converged(best: _Seen, now: _Seen, limits: Limits) -> Outcome:
    end = best if best.norm <= limits.tol else now
    message = f"the gradient is {end.norm:.2g}"
    if limits.tol:
        message += f", within the tolerance {limits.tol:g}"
    return _outcome("converged", message, end, now)


def _ended(why: str, best: _Seen, now: _Seen) -> Outcome:
    """The method itself can do no more."""
    if why != FLAT:
        message = "the objective falls without bound: is a sign wrong, or a penalty missing?"
        return _outcome("diverged", message, best, now)
    if best.norm < FLAT_ENOUGH:
        message = f"no lower value can be found in float64; the gradient is {best.norm:.2g}"
        return replace(_outcome("converged", message, best, now), own_end=True)
    message = (
        f"no lower value can be found, but the gradient is {best.norm:.2g}: the objective may "
        "have a kink there, or parameters of very different scales (standardize the data)"
    )
    return replace(_outcome("stopped", message, best, now), own_end=True)


def _at_limit(best: _Seen, now: _Seen, start: Iterate, limits: Limits) -> Outcome:
    if limits.epochs is not None:
        return _outcome("finished", f"{limits.epochs} epochs done", now, now)
    if _risen(now.at, start, 1.0):  # the caller says by how much
        return _outcome("stopped", "the steps lead upwards", now, now)
    if best.norm <= limits.tol:
        return _converged(best, now, limits)
    message = (
        f"the limit of {limits.max_iter} iterations came first; the gradient is {now.norm:.2g}, "
        f"the tolerance {limits.tol:g}: raise max_iter, or start from this fit"
    )
    return _outcome("stopped", message, best, now)


def _outcome(
    status: Status, message: str, end: _Seen, now: _Seen, trouble: Vector | None = None
) -> Outcome:
    at = end.at
    return Outcome(status, message, at.x, at.f, end.norm, now.number, trouble)
