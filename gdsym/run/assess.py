"""The end of a fit: what kind of point it reached, whether that counts as converged, and what
follows for the parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdsym.data import Bound
from gdsym.run.certificate import Certificate, Effort, Examined, examine
from gdsym.run.curvature import MOST_DENSE, MOST_WORK, Place, place
from gdsym.run.flat import blocks_of
from gdsym.run.generated import Module, Problem, Vector
from gdsym.run.inference import Asked, Derived, Inference, infer, states_errors
from gdsym.run.objective import NOT_A_NUMBER, FreeObjective
from gdsym.run.outcome import Outcome

CHEAP = 1e9  # multiplications for a Hessian after epochs of mini-batches
PROBED_ROWS = 64
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
    names = [
        n for b in _blocks(module, problem) for n in map(b.entry, range(b.start, b.part.stop))
    ]
    inference, derived = infer(
        module,
        seen,
        names,
        asked,
        (outcome.f, loss),
        _response(module, bound, problem, seen.here.theta),
        _scalars(module, bound, problem, seen.here.theta),
    )
    return Assessed(judged(outcome, certificate), certificate, inference, derived)


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
    end = outcome.message, outcome.grad_norm
    effort = Effort(MOST_WORK, int(np.clip(objective.evaluations, 20, 60)))
    if not states_errors(module):
        # Without errors to report, looking must not take much longer than fitting did.
        spent = 8.0 * objective.evaluations * size * (problem.n_rows or 1)
        effort = replace(effort, work=max(CHEAP, min(MOST_WORK, spent)))
    return examine(module, problem, here, start, _blocks(module, problem), end, effort)


def _place(problem: Problem, objective: FreeObjective, outcome: Outcome) -> Place:
    theta = objective.to_theta(outcome.phi)
    fixed = np.zeros(len(theta), dtype=bool)
    fixed[objective.fixed] = True
    return place(problem, outcome.phi, theta, fixed, objective.plain, outcome.held)


def _kink(module: Module) -> str:
    """The first part of the objective whose gradient jumps, and that is no known penalty."""
    kinks = getattr(module, "STRUCTURE", {}).get("kinks", ())
    return next((str(text) for text, order in kinks if order == 1), "")


def _at_a_kink(module: Module, outcome: Outcome, kink: str) -> Certificate:
    """Second derivatives say nothing where the gradient jumps; convexity may say enough."""
    certificate = _not_looked(outcome, f"`{kink}` has kinks, where no curvature is defined")
    if outcome.status == "converged" and getattr(module, "STRUCTURE", {}).get("convex"):
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
            message += f"{certificate.downhill}\nhelp: start elsewhere, at random for instance: "
            message += "`= normal(0, 0.1)`"
        case "infinity":
            message = f"no finite minimum lies this way: {', '.join(certificate.toward)}"
            message += _rows_named(certificate.rows)
            message += "\nhelp: a penalty or a prior keeps it finite"
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


def _bound_arguments(module: Module, arrays: Mapping[str, Any], consts: Any) -> dict[str, Any]:
    """Data and constants by the names of the arguments."""
    given = {d["arg"]: arrays[d["name"]] for d in module.DATA if d["name"] in arrays}
    return given | {c["arg"]: consts[c["name"]] for c in module.CONSTS if c["name"] in consts}


def _response(module: Module, bound: Bound, problem: Problem, theta: Vector) -> Vector | None:
    """The data that a residual is the rest of: if they change, it changes by as much, or by as
    much the other way. Tried on some rows."""
    if module.OBJECTIVE["kind"] != "residual" or not hasattr(problem, "residuals"):
        return None
    some = {
        d["name"]: _first_rows(bound.arrays[d["name"]], d["dims"], module.ROW)
        for d in module.DATA
        if d["name"] in bound.arrays
    }
    rng = np.random.default_rng(0)
    candidates = [d for d in module.DATA if d["name"] in some and d["dims"] == (module.ROW,)]
    for entry in candidates:
        values = some[entry["name"]]
        other = values * (1 + 0.5 * rng.random(len(values)))
        if values.dtype.kind != "f" or np.array_equal(other, values):
            continue
        try:
            before, after = (
                module.bind(
                    **_bound_arguments(module, {**some, entry["name"]: y}, problem.consts),
                    dims=bound.dims,
                ).residuals(theta)
                for y in (values, other)
            )
        except (TypeError, ValueError, *NOT_A_NUMBER):
            continue
        if len(before) != len(values):
            continue
        change, wanted = after - before, other - values
        error = min(np.max(np.abs(change - wanted)), np.max(np.abs(change + wanted)))
        if error <= 1e-9 * max(float(np.max(np.abs(values))), float(np.max(np.abs(before)))):
            return np.asarray(bound.arrays[entry["name"]], dtype=np.float64)
    return None


def _first_rows(array: Any, dims: tuple[str, ...], row: str | None) -> Any:
    if row not in dims:
        return array
    return np.take(array, range(min(PROBED_ROWS, array.shape[dims.index(row)])), dims.index(row))


def _scalars(
    module: Module, bound: Bound, problem: Problem, theta: Vector
) -> dict[str, tuple[float, Vector]]:
    """The scalar predictions on the data of the fit, with their gradients by theta."""
    scalars = [p["name"] for p in module.PREDICTIONS if not p["dims"]]
    if not scalars:
        return {}
    if hasattr(problem, "predict_grad"):
        return {name: problem.predict_grad(theta)[name] for name in scalars}
    given = _bound_arguments(module, bound.arrays, problem.consts)
    taken = inspect.signature(module.predict).parameters
    given = {name: value for name, value in given.items() if name in taken}

    def at(theta: Vector) -> Vector:
        found = module.predict(theta, **given, dims=bound.dims, stats=problem.stats_at(theta))
        return np.array([found[name] for name in scalars])

    def central(i: int, h: float) -> Vector:
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        slope: Vector = (at(up) - at(down)) / (up[i] - down[i])
        return slope

    # Central differences, extrapolated once (Richardson, 1911).
    steps = 1e-3 * np.maximum(np.abs(theta), 1e-3)
    slopes = [(4 * central(i, h / 2) - central(i, h)) / 3 for i, h in enumerate(steps)]
    columns = np.array(slopes).T
    return {n: (float(v), g) for n, v, g in zip(scalars, at(theta), columns, strict=True)}
