"""The end of a fit: what kind of point it reached, whether that counts as converged, and what
follows for the parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdsym.data import Bound
from gdsym.run import probes
from gdsym.run.certificate import Certificate, Effort, Examined, examine
from gdsym.run.curvature import MOST_DENSE, MOST_WORK, Matrix, Place, place
from gdsym.run.flat import blocks_of
from gdsym.run.generated import Module, Problem, Vector
from gdsym.run.inference import (
    LIKELIHOODS,
    Asked,
    Derived,
    Inference,
    Told,
    infer,
    states_errors,
)
from gdsym.run.objective import NOT_A_NUMBER, FreeObjective
from gdsym.run.outcome import Outcome
from gdsym.run.summary import printable

CHEAP = 1e9  # multiplications for a Hessian after epochs of mini-batches
# With so many parameters for each evaluation a Hessian takes longer than these did.
LONGER = 4
# How far, relative to the point and the way there, an earlier Hessian may be from the end.
NEAR, NEAR_AND_CONVEX = 1e-10, 1e-3
MOST_ROWS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Assessed:
    """An outcome whose status agrees with the curvature, and what is known at its point."""

    outcome: Outcome
    certificate: Certificate
    inference: Inference | None = None
    derived: tuple[Derived, ...] = ()


def assess(
    module: Module,
    bound: Bound,
    problem: Problem,
    objective: FreeObjective,
    outcome: Outcome,
    start: Vector,
    loss: float,
    asked: Asked,
) -> Assessed:
    """What the point of an outcome is worth. start: theta at the start; loss: the objective
    without penalties, to be minimised."""
    try:
        seen = _examined(module, problem, objective, outcome, start)
    except (*NOT_A_NUMBER, MemoryError) as error:
        why = f"the curvature could not be computed ({error or type(error).__name__})"
        seen = Examined(_not_looked(outcome, why), _place(problem, objective, outcome))
    certificate = seen.certificate
    names = [name for block in _blocks(module, problem) for name in block.entries()]
    inference, derived = infer(
        module,
        seen,
        names,
        asked,
        _told(module, bound, problem, seen.here, start, loss),
    )
    return Assessed(judged(outcome, certificate), certificate, inference, derived)


def _told(
    module: Module,
    bound: Bound,
    problem: Problem,
    here: Place,
    start: Vector,
    loss: float,
) -> Told:
    """What the model says that its derivatives do not."""
    theta, penalised, response = here.theta, False, None
    if module.OBJECTIVE["penalised"] and states_errors(module):
        penalised = probes.is_penalised(problem, (theta, here.at(here.phi + 0.5).theta))
    if module.OBJECTIVE["kind"] in LIKELIHOODS and not penalised:
        penalised = probes.has_terms_apart(module, bound, problem, (theta, start))
    if module.OBJECTIVE["kind"] == "residual":
        response = probes.response(module, bound, problem, theta)
    return Told(loss, penalised, response, probes.scalars(module, bound, problem, theta))


def unlooked(outcome: Outcome) -> Assessed:
    """An outcome that nobody looked at."""
    return Assessed(outcome, _not_looked(outcome, f"the fit {_ENDS['interrupted']}"))


def _not_looked(outcome: Outcome, why: str) -> Certificate:
    return Certificate(rule=outcome.message, grad_norm=outcome.grad_norm, why=why)


def _blocks(module: Module, problem: Problem) -> Any:
    return blocks_of(module.PARAMS, problem.dims)


def _examined(
    module: Module,
    problem: Problem,
    objective: FreeObjective,
    outcome: Outcome,
    start: Vector,
) -> Examined:
    here = _place(problem, objective, outcome)
    if outcome.status not in ("converged", "stopped", "finished"):
        return Examined(_not_looked(outcome, f"the fit {_ENDS[outcome.status]}"), here)
    size = len(here.moving)
    if outcome.status == "finished" and (
        size > MOST_DENSE or size * size * (problem.n_rows or 1) > CHEAP
    ):
        why = "the epochs are done; the curvature was not looked at, which takes longer"
        return Examined(_not_looked(outcome, why), here)
    if kink := _kink(module):
        return Examined(_at_a_kink(module, outcome, kink), here)
    here = replace(here, hess=_near(module, objective, here, start))
    end = outcome.message, outcome.grad_norm
    effort = _effort(module, problem, objective, here)
    return examine(module, problem, here, start, _blocks(module, problem), end, effort)


def _effort(module: Module, problem: Problem, objective: FreeObjective, here: Place) -> Effort:
    """Without errors to report, looking must not take much longer than fitting did."""
    made, size = objective.evaluations, len(here.moving)
    products = int(np.clip(made // 2, 10, 60))
    if states_errors(module):
        return Effort(MOST_WORK, products)
    # A product of matrices runs twice as fast, at least, as one of a matrix and a vector.
    work = max(CHEAP, min(MOST_WORK, 40.0 * made * size * (problem.n_rows or 1)))
    first = _is_convex(module) and here.hess is None and size > LONGER * made
    return Effort(work, products, products_first=first)


def _near(module: Module, objective: FreeObjective, here: Place, start: Vector) -> Matrix | None:
    """The last Hessian of the fit, if it is from here or from near enough; None otherwise.

    What a model leaves open along a curve is flat at the minimum alone, and errors are to have
    all their digits; but where a convex objective is flat, it is so along lines.
    """
    if objective.curvature is None:
        return None
    phi, h = objective.curvature
    part = NEAR_AND_CONVEX if _is_convex(module) and not states_errors(module) else NEAR
    way = np.maximum(np.abs(here.phi), np.abs(here.phi - objective.start))
    if not np.all(np.abs(here.phi - phi) <= part * way):
        return None
    kept = np.isin(objective.moving, here.moving)
    return h[np.ix_(kept, kept)]


def _is_convex(module: Module) -> bool:
    return bool(getattr(module, "STRUCTURE", {}).get("convex"))


def _place(problem: Problem, objective: FreeObjective, outcome: Outcome) -> Place:
    theta = objective.to_theta(outcome.phi)
    fixed = np.zeros(len(theta), dtype=bool)
    fixed[objective.fixed] = True
    known = None
    if np.isfinite(outcome.f):
        known = outcome.f, objective.grad(outcome.phi)
    return place(problem, outcome.phi, theta, fixed, objective.plain, outcome.held, known)


def _kink(module: Module) -> str:
    """The first part of the objective whose gradient jumps, and that is no known penalty."""
    kinks = getattr(module, "STRUCTURE", {}).get("kinks", ())
    return next((str(text) for text, order in kinks if order == 1), "")


def _at_a_kink(module: Module, outcome: Outcome, kink: str) -> Certificate:
    """Second derivatives say nothing where the gradient jumps; convexity may say enough."""
    certificate = _not_looked(outcome, f"`{kink}` has kinks, where no curvature is defined")
    if outcome.status == "converged" and _is_convex(module):
        return replace(certificate, kind="minimum")
    return certificate


_ENDS = {"diverged": "diverged", "interrupted": "was interrupted"}


def judged(outcome: Outcome, certificate: Certificate) -> Outcome:
    """The outcome, `converged` only where the curvature agrees."""
    match certificate.kind:
        case "minimum":
            left = certificate.decrement
            if outcome.status == "stopped" and outcome.own_end and left is not None:
                message = "no lower value can be found in float64, and "
                message += f"{left:.1e} is left to gain"
                return replace(outcome, status="converged", message=message)
            return outcome
        case "saddle":
            message = "this is a saddle, not a minimum: the objective falls along "
            message += f"{printable(certificate.downhill)}\nhelp: start elsewhere, at random for "
            message += "instance: `= normal(0, 0.1)`"
        case "infinity":
            ways = printable(", ".join(certificate.toward))
            if not certificate.on_edge:
                message = f"no finite minimum lies this way: {ways}{_rows_named(certificate.rows)}"
                message += "\nhelp: a penalty or a prior keeps it finite"
            else:
                message = f"the objective is least on the edge of the domain: {ways}"
                message += "\nhelp: a closed bound, such as `>= 0`, can be reached"
        case _:
            if certificate.decrement is None:
                return outcome
            if outcome.status == "converged":
                message = f"{outcome.message}, but {certificate.why}"
            else:
                message = certificate.why
    if outcome.status != "converged":
        return replace(outcome, message=f"{outcome.message}; {message}")
    return replace(outcome, status="stopped", message=message)


def _rows_named(rows: tuple[int, ...]) -> str:
    """Which rows a separating direction fits perfectly; they count from 1."""
    if not rows:
        return ""
    first = ", ".join(str(row + 1) for row in rows[:MOST_ROWS_NAMED])
    more = ", ..." if len(rows) > MOST_ROWS_NAMED else ""
    plural = "s" if len(rows) > 1 else ""
    return f", which fits {len(rows):,} row{plural} ever better (row{plural} {first}{more})"
