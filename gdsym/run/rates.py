"""How large a learning rate may be: what is said of the method before the first step.

Where the module knows where its Hessian is largest, the largest eigenvalue L there bounds the
curvature everywhere. Gradient descent is safe up to the rate 1/L and may diverge beyond 2/L;
with momentum the limit moves (Polyak, 1964; for Nesterov's form see O'Donoghue and Candes, 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, prod
from typing import Any, NamedTuple

import numpy as np

from gdsym.optimizers._iterate import Vector
from gdsym.run.auto import Facts
from gdsym.run.generated import Module, Problem
from gdsym.run.plan import Plan
from gdsym.run.spectrum import probe

# Steps of Lanczos' method: enough for the largest eigenvalue to some digits.
STEPS = 30
# The most rows times parameters for which a fit looks at its rate first: about a second's work.
MOST_WORK = 3 * 10**7
# The length of the steps whose gradients are compared: central differences of them are right to
# its square, and to the rounding of a gradient over it.
DIFFERENCE = 1e-4


class Rate(NamedTuple):
    """`curvature` is L, `safe` 1/L, `limit` the rate beyond which a rule may diverge."""

    curvature: float
    safe: float
    limit: float


def remarks(module: Module, problem: Problem, plan: Plan) -> list[str]:
    """Why it is this method, if nobody asked for it; a learning rate that is too large."""
    lines = [f"method {plan.method}: {plan.reason}"] if plan.reason else []
    rate = plan.options.get("lr")
    if plan.method not in _LIMITS or isinstance(rate, str) or rate is None:
        return lines
    if problem.size * max(problem.n_rows or 0, 1) > MOST_WORK:
        return lines
    found = safe_rate(module, problem, plan.method, plan.options)
    if found is not None and rate > found.limit:
        lines.append(
            f"warning: lr={rate:g} is above {found.limit:.3g}, where {plan.method} may diverge: "
            f"the curvature reaches {found.curvature:.3g}; lr={found.safe:.2g} is safe"
        )
    return lines


def safe_rate(
    module: Module, problem: Problem, rule: str = "gd", options: Mapping[str, Any] | None = None
) -> Rate | None:
    """The rates that the curvature allows; None where nothing bounds it."""
    bound = module.STRUCTURE["curvature"]
    facts = Facts(module.STRUCTURE, module.PROXIMAL, False, consts=problem.consts)
    if bound is None or not facts.holds or not _is_plain(problem):
        return None
    halves = prod(max(1.0, problem.dims[dim]["size"] / 2) for dim in bound["halves"])
    largest = bound["factor"] * halves * largest_curvature(problem)
    if not 0 < largest < inf:
        return None
    momentum = float((options or {}).get("beta", 0.0) or 0.0)
    return Rate(largest, 1 / largest, _LIMITS[rule](momentum) / largest)


_LIMITS: dict[str, Callable[[float], float]] = {
    "gd": lambda beta: 2.0,
    "momentum": lambda beta: 2.0 * (1 + beta),
    "nesterov": lambda beta: 2.0 * (1 + beta) / (1 + 2 * beta),
}


def _is_plain(problem: Problem) -> bool:
    """Whether free coordinates are the parameters themselves, on which the rate acts."""
    probe = np.full(problem.size, 0.5)
    try:
        return bool(np.array_equal(problem.to_free(probe), probe))
    except (ArithmeticError, ValueError):
        return False


def largest_curvature(problem: Problem) -> float:
    """The largest eigenvalue of the Hessian at parameters of 0, of those that are free."""
    moving = np.flatnonzero(~problem.fixed)
    if not len(moving):
        return 0.0

    def times(v: Vector) -> Vector:
        step = np.zeros(problem.size)
        step[moving] = DIFFERENCE * v
        difference: Vector = problem.value_and_grad(step)[1] - problem.value_and_grad(-step)[1]
        return difference[moving] / (2 * DIFFERENCE)

    return probe(times, np.zeros(len(moving)), STEPS).largest
