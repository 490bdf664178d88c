"""The objective as a method sees it: in free coordinates, counted, and never raising.

Bounds that are open are kept by a change of variables, so every vector of free coordinates is a
candidate; closed bounds are the method's. Parameters that are fixed have gradient 0, and methods
that are Python do not see them at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gdsym.errors import UsageError
from gdsym.optimizers._iterate import Iterate, Kink, Matrix, Objective, Vector
from gdsym.optimizers._kinks import at_zero
from gdsym.run.generated import Module, Problem, Rows

T = TypeVar("T")
# What scalar Python arithmetic and linear algebra raise where array arithmetic gives inf or nan.
NOT_A_NUMBER = (ArithmeticError, np.linalg.LinAlgError)


class FreeObjective:
    """The value and the gradient in free coordinates; `evaluations` counts passes of any form.

    The identity change of variables, by far the most common, costs nothing per call.
    """

    def __init__(
        self, problem: Problem, theta: Vector, fixed: NDArray[np.bool_] | None = None
    ) -> None:
        """fixed: the entries of theta that are kept; by default those of the model."""
        self.problem = problem
        self.lower, self.upper = problem.free_bounds
        self.evaluations = 0
        self.fixed = np.flatnonzero(problem.fixed if fixed is None else fixed)
        self.any_fixed = len(self.fixed) > 0
        self.moving = np.setdiff1d(np.arange(len(theta)), self.fixed)
        self._kept = theta[self.fixed]
        self.plain = _is_plain(problem, theta)
        self.start = self.to_free(theta)
        self.offset = float(getattr(problem, "offset", 0.0))
        # Points, and what was computed there: the gradient by phi, that by theta, the Hessian.
        self._last: tuple[Vector, Vector] | None = None
        self._slope: tuple[Vector, Vector] | None = None
        self.curvature: tuple[Vector, Matrix] | None = None

    def __call__(self, phi: Vector) -> tuple[float, Vector]:
        return self._noted(phi, self._evaluate(phi, self.problem.value_and_grad))

    def varying(self, phi: Vector) -> tuple[float, Vector]:
        """The value without `offset`, the part that no parameter moves: it has more digits."""
        if not self.offset:
            return self(phi)
        without = partial(self.problem.value_and_grad, offset=False)
        return self._noted(phi, self._evaluate(phi, without))

    def grad(self, phi: Vector) -> Vector:
        """The gradient; where it is that of the last evaluation, without another one."""
        if self._last is None or not np.array_equal(self._last[0], phi):
            self(phi)
        assert self._last is not None
        return self._last[1].copy()

    def batches(self, rows: Rows | list[slice], size: int) -> Iterator[tuple[int, Any]]:
        """Batch after batch of these rows: their number, and what else `at_batch` takes."""
        return self.problem.batches(rows, size)

    def at_batch(self, phi: Vector, count: int, blocks: Any) -> tuple[float, Vector]:
        """The unbiased estimate from a batch; the inner loop, so that nothing is checked."""
        if not self.plain:
            return self._evaluate(phi, partial(self.problem.at_batch, count=count, blocks=blocks))
        self.evaluations += 1
        try:
            f, g = self.problem.at_batch(phi, count, blocks)
        except NOT_A_NUMBER:
            return math.nan, np.full(len(phi), np.nan)
        if self.any_fixed:
            g[self.fixed] = 0.0
        return f, g

    def whole(self, x: Vector) -> Vector:
        """All free coordinates, from those that move; the others are at their start."""
        phi = self.start.copy()
        phi[self.moving] = x
        return phi

    def to_free(self, theta: Vector) -> Vector:
        """A fresh vector of free coordinates."""
        return theta.copy() if self.plain else self.problem.to_free(theta)

    def to_theta(self, phi: Vector) -> Vector:
        """The user's parameters at these free coordinates, a fresh vector."""
        if self.plain:
            return phi.copy()
        theta = self.problem.from_free(phi)
        theta[self.fixed] = self._kept  # exp(log(4)) is not 4
        return theta

    def iterate(self, phi: Vector) -> Iterate:
        """The point at phi, as the first of a method."""
        f, g = self(phi)
        return Iterate(phi, f, g, 0.0, np.inf)

    def hess(self, phi: Vector) -> Matrix:
        """The Hessian by the coordinates that move; that of the last point costs nothing."""
        if self.curvature is None or not np.array_equal(self.curvature[0], phi):
            self.value_grad_hess(phi)
        assert self.curvature is not None
        return self.curvature[1].copy()

    def value_grad_hess(self, phi: Vector) -> tuple[float, Vector, Matrix]:
        """The value without `offset`, the gradient, and the Hessian by what moves."""
        problem, theta = self.problem, self.to_theta(phi)
        self.evaluations += 1
        without = {"offset": False} if self.offset else {}
        f, g, H = problem.value_grad_hess(theta, **without)
        if not self.plain:
            g, H = problem.pullback(phi, g), problem.pullback_hess(phi, g, H)
        if len(self.fixed):
            g[self.fixed] = 0.0
            H = H[np.ix_(self.moving, self.moving)]
        self.curvature = phi.copy(), H.copy()
        return *self._noted(phi, (float(f), g)), H

    def hvp(self, phi: Vector, v: Vector) -> Vector:
        """The Hessian times a vector of all coordinates."""
        problem, theta = self.problem, self.to_theta(phi)
        self.evaluations += 1
        if self.plain:
            return problem.hvp(theta, v)
        if self._slope is None or not np.array_equal(self._slope[0], phi):
            self.evaluations += 1
            self._slope = phi.copy(), problem.value_and_grad(theta)[1]
        product = problem.hvp(theta, problem.tangent(phi, v))
        return problem.pullback_hvp(phi, self._slope[1], v, product)

    def residual_qr(self, phi: Vector) -> tuple[Matrix, Vector, float]:
        """The factor of the Jacobian by the coordinates that move; see `Objective`."""
        problem, theta = self.problem, self.to_theta(phi)
        self.evaluations += 1
        R, z, rest = problem.residual_qr(theta, np.ones_like(theta))
        if not self.plain:
            R = np.array([problem.pullback(phi, row) for row in R])
        return R[:, self.moving], z, rest

    def _noted(self, phi: Vector, found: tuple[float, Vector]) -> tuple[float, Vector]:
        self._last = phi.copy(), found[1].copy()
        return found

    def _evaluate(
        self, phi: Vector, compute: Callable[[Vector], tuple[float, Vector]]
    ) -> tuple[float, Vector]:
        self.evaluations += 1
        try:
            f, g = compute(phi if self.plain else self.to_theta(phi))
            if not self.plain:
                g = self.problem.pullback(phi, g)
        except NOT_A_NUMBER:
            return np.nan, np.full(len(phi), np.nan)
        if len(self.fixed):
            g[self.fixed] = 0.0
        return float(f), g


@dataclass(frozen=True, slots=True)
class Moving:
    """What a method that is Python is given: the coordinates that move, and all that is known."""

    free: FreeObjective
    objective: Objective
    lower: Vector
    upper: Vector

    def at_kinks(self, x: Vector) -> tuple[int, ...]:
        """The free coordinates that are 0 where a known kink is."""
        return tuple(self.free.moving[at_zero(self.objective.kinks, x)].tolist())

    def start(self, first: Iterate) -> Iterate:
        """A point of all free coordinates as one of those that move, its value without offset."""
        at = self.free.moving
        f, g = first.f, first.g[at]
        if self.free.offset:
            f, g = self.objective(first.x[at])
        return Iterate(first.x[at], f, g, first.step, first.ahead)


def moving(free: FreeObjective, module: Module) -> Moving:
    """The view of an objective with everything that its module can compute."""
    at, whole = free.moving, free.whole

    def value_and_grad(x: Vector) -> tuple[float, Vector]:
        f, g = free.varying(whole(x))
        return f, g[at]

    def hess(x: Vector) -> Matrix:
        return _guarded(lambda: free.hess(whole(x)), lambda: np.full((len(at), len(at)), np.nan))

    def value_grad_hess(x: Vector) -> tuple[float, Vector, Matrix]:
        def nothing() -> tuple[float, Vector, Matrix]:
            return np.nan, np.full(len(at), np.nan), np.full((len(at), len(at)), np.nan)

        f, g, H = _guarded(lambda: free.value_grad_hess(whole(x)), nothing)
        return f, g[at] if len(g) > len(at) else g, H

    def hvp(x: Vector, v: Vector) -> Vector:
        all_v = np.zeros_like(free.start)
        all_v[at] = v
        return _guarded(lambda: free.hvp(whole(x), all_v)[at], lambda: np.full(len(at), np.nan))

    def residual_qr(x: Vector) -> tuple[Matrix, Vector, float]:
        def nothing() -> tuple[Matrix, Vector, float]:
            return np.full((len(at), len(at)), np.nan), np.full(len(at), np.nan), np.nan

        return _guarded(lambda: free.residual_qr(whole(x)), nothing)

    smooth = missing(module, "hess") is None
    squares = getattr(module, "SQUARES", False)
    objective = Objective(
        value_and_grad,
        hess if smooth else None,
        hvp if smooth else None,
        residual_qr if squares else None,
        free.problem.squares if squares else 1.0,
        _kinks(free, module),
        True if missing(module, "convex") is None else None,
        value_grad_hess if smooth else None,
    )
    return Moving(free, objective, free.lower[at], free.upper[at])


def missing(module: Module, need: str) -> str | None:
    """Why the module cannot give what a method needs; None where it can."""
    if need in ("hess", "hvp"):
        none = None if hasattr(module, "partial_hvp") else "it was compiled without them"
        why: str | None = getattr(module, "HESSIAN", none)
        return why
    if need == "residual_qr" and not getattr(module, "SQUARES", False):
        return "its objective is no sum of squares of residuals"
    if need == "kinks" and not getattr(module, "PROXIMAL", ()):
        return "it has no penalty such as `lam*sum(abs(w))` or `lam*norm(w)`"
    if need == "convex" and not getattr(module, "STRUCTURE", {}).get("convex"):
        return "its objective is not known to be convex"
    return None


def _guarded(compute: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """What is not finite counts as such; a matrix too large to make is the caller's mistake."""
    try:
        return compute()
    except NOT_A_NUMBER:
        return otherwise()
    except ValueError as error:
        raise UsageError(str(error)) from None


def _kinks(free: FreeObjective, module: Module) -> tuple[Kink, ...]:
    """The known kinks; none of them unless all lie in parameters that are coordinates as such."""
    described = getattr(module, "PROXIMAL", ())
    if not described:
        return ()
    weights = free.problem.proximal_weights()
    found = [
        _kink(free, module, term, weight) for term, weight in zip(described, weights, strict=True)
    ]
    return tuple(kink for kink in found if kink is not None) if None not in found else ()


def _kink(free: FreeObjective, module: Module, term: Any, weight: Any) -> Kink | None:
    """None where a group is partly fixed, or its entries are bounded otherwise than one by one."""
    entry = next(p for p in module.PARAMS if p["name"] == term["param"])
    numbered = free.problem.unpack(np.arange(len(free.start), dtype=np.float64))
    places = np.asarray(numbered[term["param"]], dtype=np.intp)
    over = [entry["dims"].index(dim) for dim in term.get("over", ())]
    places = np.moveaxis(places, over, range(places.ndim - len(over), places.ndim))
    outer = places.shape[: places.ndim - len(over)]
    groups = places.reshape(math.prod(outer), -1)
    weights = np.broadcast_to(np.asarray(weight, dtype=np.float64), outer).ravel()
    position = np.full(len(free.start), -1)
    position[free.moving] = np.arange(len(free.moving))
    groups = position[groups]
    kept = np.all(groups >= 0, axis=1)
    mixed = np.any(groups[~kept] >= 0)
    domain = entry["domain"]
    changed = domain.keys() & {"lower_open", "upper_open"}
    joint = groups.shape[1] > 1 and domain.keys() & {"lower", "upper"}
    if mixed or changed or joint or domain.get("structure") not in (None, "base"):
        return None
    return Kink(groups[kept], weights[kept])


def _is_plain(problem: Problem, theta: Vector) -> bool:
    """True where free coordinates are the parameters themselves: tried at two other points."""
    probes = theta, theta + 0.75, theta - 1.25
    return all(
        np.array_equal(problem.to_free(theta), theta)
        and np.array_equal(problem.from_free(probe), probe)
        for probe in probes
    )
