"""How good a fit is: what is left to gain, what kind of point it ended at, what is not determined.

A gradient that is small says little by itself: along a flat direction it is small far from the
minimum, at a saddle it is small, and where the minimum is at infinity it is small anywhere far
out. So a fit counts as converged only where the second derivatives agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from gdsym.run import flat, infinity
from gdsym.run.curvature import Matrix, Place, dense_hessian, float_dims, why_no_hessian
from gdsym.run.flat import WITHIN, Block
from gdsym.run.generated import Module, Problem, Vector
from gdsym.run.objective import NOT_A_NUMBER
from gdsym.run.spectrum import Probe, Spectrum, of_hessian, of_root, probe

Kind = Literal["minimum", "saddle", "infinity", "unknown"]

# Of a log-likelihood, and of a sum of squares in units of its variance: 1e-8 to gain is a
# ten-thousandth of a standard error. Other objectives are measured by their own size.
TO_GAIN = 1e-8
# Or the next Newton step changes no parameter by more than this part of itself, or of its way.
STEP = 1e-6
# Or, where the minimum is 0, next to nothing is left of what the fit has gained.
NOTHING = 1e-24
RESOLUTION = 1e-12  # of the curvatures that a Hessian shows, relative to the largest
NEXT_TO_ZERO = 1e-24  # the square of a relative singular value that may be all rounding
DOUBTFUL = 1e-8  # the part of the largest eigenvalue that may be an effect of the gradient
STATIONARY = 1e-6  # a gradient at which a point with negative curvature is a saddle
FAR = 1e-4  # a gradient, or a step, that may still lead somewhere else
FAR_OUT = 1e-2  # where the minimum is at infinity, steps are no smaller than this
MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of the point where a fit ended.

    kind: `minimum`, `saddle`, `infinity` (the objective falls for ever, as for separable data, or
    towards an open bound),
    or `unknown`, for the reason `why`. grad_norm: as in the result. decrement: by how much the
    objective can still fall, by its quadratic model. smallest, largest: extreme eigenvalues of
    the Hessian on its range, scaled to a unit diagonal; `estimated` by products with vectors
    where it is too large to be made, then not scaled. rule: which stopping rule ended the fit.
    active: entries at a closed bound. flat: directions that the data leave open, gauge: those
    that the form of the model leaves open. toward: what grows without end, rows: the rows (from
    0) whose terms vanish there. downhill: at a saddle, where it goes down. None: not known.
    """

    kind: Kind = "unknown"
    why: str = ""
    grad_norm: float = np.nan
    decrement: float | None = None
    smallest: float | None = None
    largest: float | None = None
    estimated: bool = False
    rule: str = ""
    active: tuple[str, ...] = ()
    flat: tuple[str, ...] = ()
    gauge: tuple[str, ...] = ()
    toward: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    downhill: str = ""

    @property
    def condition(self) -> float | None:
        """The condition of the scaled Hessian on its range."""
        if self.smallest is None or self.largest is None or self.smallest <= 0:
            return None
        return self.largest / self.smallest

    @property
    def on_edge(self) -> bool:
        """Whether the objective falls towards an open bound, and not without end."""
        ends = [text.rpartition("-> ")[2] for text in self.toward]
        return bool(ends) and not {"+inf", "-inf"}.intersection(ends)

    def to_json(self) -> dict[str, Any]:
        """As JSON knows it; what is not known is null or empty."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class Effort:
    """How much may be spent: multiplications for a Hessian, and products with one that would
    take more. products_first: of a convex objective they may tell enough to do without it."""

    work: float
    products: int
    products_first: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """A certificate and what it was found by: the spectrum of the Hessian, that of the squared
    Jacobian of a sum of squares (with the residual sum of squares), names, flat directions."""

    certificate: Certificate
    here: Place
    spectrum: Spectrum | None = None
    root: Spectrum | None = None
    null: Matrix | None = None  # (p, k), in the parameters; orthonormal after `scale`
    scale: Vector | None = None  # (p,), the root of the curvature by each parameter


def examine(
    module: Module,
    problem: Problem,
    here: Place,
    start: Vector,
    blocks: Sequence[Block],
    outcome: tuple[str, float],
    effort: Effort,
) -> Examined:
    """What kind of point `here` is. start: theta at the start; outcome: the stopping rule in
    words, and the scaled norm of the gradient."""
    rule, grad_norm = outcome
    names = [name for block in blocks for name in block.entries()]
    known: dict[str, Any] = {"rule": rule, "grad_norm": grad_norm}
    known["active"] = tuple(names[i] for i in here.active)
    why = why_no_hessian(module, problem)
    if not len(here.moving):
        return Examined(Certificate(kind="minimum", decrement=0.0, **known), here)
    if why:
        return Examined(Certificate(why=why, **known), here)
    if effort.products_first:
        found = _by_products(module, here, names, effort.products, start, known, convex=True)
        if found.kind == "minimum":
            return Examined(found, here)
    h = dense_hessian(here, effort.work)
    if h is None:
        return Examined(_by_products(module, here, names, effort.products, start, known), here)
    return _by_hessian(module, here, h, start, blocks, known)


def _by_hessian(
    module: Module,
    here: Place,
    h: Matrix,
    start: Vector,
    blocks: Sequence[Block],
    known: dict[str, Any],
) -> Examined:
    names = [name for block in blocks for name in block.entries()]
    f, g = here.value_and_grad()
    spectrum = _nearer(here, of_hessian(h), g)
    (step, decrement), squares, rest = spectrum.newton_step(g), None, np.nan
    if (root := _root(module, here)) is not None:
        r, z, rest = root
        factor = 2 * here.problem.squares
        squares = of_root(r, factor)
        if _is_blurred(spectrum, squares, r, factor):
            # Singular to rounding; the condition of the Jacobian is only the root of that.
            shorter = _least_squares(r, z, factor)
            if not _fades(module, here, squares, shorter[0], factor):
                spectrum, (step, decrement) = squares, shorter
    known |= {"smallest": spectrum.smallest, "largest": spectrum.largest, "decrement": decrement}
    null, scale, found = _flat(module, here, spectrum, blocks)

    def examined(kind: Kind, why: str = "", **more: Any) -> Examined:
        certificate = Certificate(kind, why, **known, **more)
        return Examined(certificate, here, spectrum, squares, null, scale)

    near = known["grad_norm"] <= FAR
    doubtful = spectrum.indefinite or bool(null.shape[1]) or infinity.near_edge(here, start)
    if near and (doubtful or not _is_short(here, step, start, FAR)):
        far = infinity.further_out(here, h, None if spectrum.indefinite else step, start)
        if far is not None:
            toward = tuple(infinity.toward(here, far, names))
            return examined(
                "infinity", toward=toward, rows=infinity.left_behind(module, here, far)
            )
    if spectrum.indefinite:
        along = _direction(here, spectrum.downhill, names)
        if known["grad_norm"] <= STATIONARY:
            return examined("saddle", downhill=along)
        return examined("unknown", "the curvature is still negative", downhill=along)
    unit = _unit(module, here.problem, f, rest, len(here.moving))
    if not _arrived(here, step, decrement, unit, start, f):
        return examined("unknown", f"{decrement:.2g} of the objective is still to gain")
    return examined("minimum", flat=found.data, gauge=found.gauge)


def _nearer(here: Place, spectrum: Spectrum, g: Vector) -> Spectrum:
    """The spectrum a Newton step nearer to the minimum, where that shows more flat directions.

    What the model leaves open along a curve (factors that may be mixed) is flat at the minimum
    only: elsewhere it has a curvature as small as the gradient.
    """
    doubtful = spectrum.range & (spectrum.values < DOUBTFUL * spectrum.largest)
    if spectrum.indefinite or not np.any(doubtful) or not np.any(g):
        return spectrum
    step, _ = replace(spectrum, range=spectrum.range & ~doubtful).newton_step(g)
    try:
        h = here.moved(step).value_grad_hess()[2]
    except (ValueError, *NOT_A_NUMBER):
        return spectrum
    if not np.all(np.isfinite(h)):
        return spectrum
    nearer = of_hessian(h)
    return nearer if nearer.rank < spectrum.rank and not nearer.indefinite else spectrum


def _arrived(
    here: Place, step: Vector, decrement: float, unit: float, start: Vector, f: float
) -> bool:
    """Whether what is left to gain is nothing, by any of three measures."""
    if decrement <= TO_GAIN * unit or _is_short(here, step, start):
        return True
    return decrement <= NOTHING * (_value_at(here, start) - f)


def _root(module: Module, here: Place) -> tuple[Matrix, Vector, float] | None:
    """R, z and the rest of a sum of squares; None for other objectives."""
    if not getattr(module, "SQUARES", False):
        return None
    try:
        r, z, rest = here.root()
    except (ValueError, *NOT_A_NUMBER):
        return None
    return (r, z, rest) if np.all(np.isfinite(r)) and np.all(np.isfinite(z)) else None


def _is_blurred(spectrum: Spectrum, squares: Spectrum, r: Matrix, factor: float) -> bool:
    """Whether the Hessian is singular where the square of the Jacobian is not, but so small that
    the Hessian could not show it. (Where it could, the residuals themselves bend, and the
    Hessian is right.)"""
    if spectrum.indefinite or squares.rank <= spectrum.rank:
        return False
    null = spectrum.vectors[:, ~spectrum.range] / spectrum.scale[:, None]
    return bool(factor * np.max(np.sum((r @ null) ** 2, axis=0)) <= RESOLUTION)


def _fades(module: Module, here: Place, squares: Spectrum, step: Vector, factor: float) -> bool:
    """Whether the smallest singular value but those that are 0 is small only because the minimum
    is near, where it is 0, too."""
    place = len(step) - squares.rank
    if squares.values[place] < NEXT_TO_ZERO * squares.largest:
        return True
    further = _root(module, here.moved(step))
    if further is None:
        return False
    return bool(of_root(further[0], factor).values[place] < 0.5 * squares.values[place])


def _least_squares(r: Matrix, z: Vector, factor: float) -> tuple[Vector, float]:
    """The Gauss-Newton step and what it gains of factor/2 times the sum of squares."""
    scale = np.linalg.norm(r, axis=0)
    scale[scale == 0] = 1.0
    step: Vector = -np.linalg.lstsq(r / scale, z, rcond=None)[0] / scale
    gain = r @ step
    return step, float(gain @ gain) * factor / 2


def _unit(module: Module, problem: Problem, f: float, rest: float, count: int) -> float:
    """What counts as one unit of the objective."""
    kind = module.OBJECTIVE["kind"]
    if kind in ("nll", "loglik"):
        return 1.0
    if kind == "residual":
        spread = rest if np.isfinite(rest) else f
        return float(spread) / max(1, (problem.n_rows or 1) - count)
    return abs(f)


def _value_at(here: Place, theta: Vector) -> float:
    """The objective elsewhere; 0 where it is not known."""
    f, _ = here.problem.value_and_grad(theta)
    return float(f) if np.isfinite(f) else 0.0


def _is_short(here: Place, step: Vector, start: Vector, part: float = STEP) -> bool:
    """Whether a Newton step changes no parameter by more than a part of it, or of its way."""
    change = here.tangents() @ step if not here.plain else step
    theta, begin = here.theta, start
    if here.plain:
        theta, begin = theta[here.moving], begin[here.moving]
    return bool(np.all(np.abs(change) <= part * np.maximum(np.abs(theta), np.abs(theta - begin))))


def _flat(
    module: Module, here: Place, spectrum: Spectrum, blocks: Sequence[Block]
) -> tuple[Matrix, Vector, flat.Flat]:
    """The null space in the parameters, the scale in which it is orthonormal, and it in words."""
    tangents = here.tangents()
    size = np.abs(tangents) @ (1 / spectrum.scale)
    size[here.active] = 0.0  # on the edge of a simplex nothing moves, but not to the last bit
    scale = 1 / np.where(size > 0, size, 1.0)
    scaled = (tangents @ spectrum.null) * scale[:, None]
    if not scaled.shape[1]:
        return scaled, scale, flat.Flat()
    # A change of variables that has a direction too many moves nothing along it.
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    null = left[:, sizes > WITHIN] / scale[:, None]
    if not null.shape[1]:
        return null, scale, flat.Flat()
    columns, elsewhere = float_dims(module), _elsewhere(here)
    return null, scale, flat.named(null, here.theta, scale, blocks, columns, elsewhere)


def _elsewhere(here: Place) -> tuple[Vector, Vector] | None:
    """Another point, near by and of no special form, and the gradient there."""
    other = here.moved(0.3 * np.sin(1.0 + np.arange(len(here.moving))))
    try:
        f, g = other.problem.value_and_grad(other.theta)
    except (ValueError, *NOT_A_NUMBER):
        return None
    return (other.theta, g) if np.isfinite(f) and np.all(np.isfinite(g)) else None


# -- in words -------------------------------------------------------------------------------------


def _direction(here: Place, step: Vector, names: Sequence[str]) -> str:
    """A direction by its largest entries."""
    change = here.tangents() @ step
    size = np.abs(change) / max(float(np.max(np.abs(change))), 1e-300)
    order = [i for i in np.argsort(-size) if size[i] > 1e-3]
    sign = np.sign(change[order[0]])
    terms = [
        f"{'-' if sign * change[i] < 0 else '+'} "
        + ("" if size[i] > 0.9995 else f"{size[i]:.3g}*")
        + names[i]
        for i in order[:MOST_NAMES]
    ]
    return " ".join(terms).removeprefix("+ ") + (" + ..." if len(order) > MOST_NAMES else "")


def _by_products(
    module: Module,
    here: Place,
    names: Sequence[str],
    products: int,
    start: Vector,
    known: dict[str, Any],
    convex: bool = False,
) -> Certificate:
    """The certificate without the Hessian as a matrix: by products with vectors."""
    f, g = here.value_and_grad()
    try:
        seen: Probe = probe(here.product(), g, products, convex=convex)
    except (ValueError, *NOT_A_NUMBER):
        return Certificate(why="products with the Hessian are not finite", **known)
    if not np.isfinite(seen.decrement + seen.smallest + seen.largest):
        return Certificate(why="products with the Hessian are not finite", **known)
    known |= {"smallest": seen.smallest, "largest": seen.largest, "estimated": True}
    known["decrement"] = seen.decrement
    unit = _unit(module, here.problem, f, np.nan, len(here.moving))
    if seen.downhill is not None:
        along = _direction(here, seen.downhill, names)
        small = seen.decrement <= 1e-3 * unit
        return Certificate("saddle" if small else "unknown", downhill=along, **known)
    if not _arrived(here, seen.step, seen.decrement, unit, start, f):
        why = f"{seen.decrement:.2g} of the objective is still to gain"
        return Certificate(why=why, **known)
    if convex and not (seen.settled and _is_short(here, seen.step, start, FAR_OUT)):
        return Certificate(why="some directions are nearly flat", **known)
    return Certificate("minimum", **known)
