"""How good a fit is: what is left to gain, what kind of point it ended at, what is not determined.

A gradient that is small says little by itself: along a flat direction it is small far from the
minimum, at a saddle it is small, and where the minimum is at infinity it is small anywhere far
out. So a fit counts as converged only where the second derivatives agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gdsym.run import flat
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
FAR = 1e-4  # the gradient below which a point may be one on the way to infinity
WALK = 10  # Newton steps that tell a far minimum from none
MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of the point where a fit ended.

    kind: `minimum`, `saddle`, `infinity` (the objective falls for ever, as for separable data),
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

    def to_json(self) -> dict[str, Any]:
        """As JSON knows it; what is not known is null or empty."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


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
    products: int = 60,
) -> Examined:
    """What kind of point `here` is. start: theta at the start; outcome: the stopping rule in
    words, and the scaled norm of the gradient; products: how many with a Hessian too large to be
    made."""
    rule, grad_norm = outcome
    names = [block.entry(i) for block in blocks for i in range(block.start, block.part.stop)]
    known: dict[str, Any] = {"rule": rule, "grad_norm": grad_norm}
    known["active"] = tuple(names[i] for i in here.active)
    why = why_no_hessian(module, problem)
    if not len(here.moving):
        return Examined(Certificate(kind="minimum", decrement=0.0, **known), here)
    if why:
        return Examined(Certificate(why=why, **known), here)
    h = dense_hessian(here)
    if h is None:
        return Examined(_by_products(module, here, names, products, known), here)
    spectrum = of_hessian(h)
    f, g = here.value_and_grad()
    root, step, decrement = _root(module, here), *spectrum.newton_step(g)
    if root is not None:
        r, z, rest = root
        squares = of_root(r, _squares(module))
        spectrum, step, decrement = _refined(spectrum, squares, r, z, step, decrement, module)
    else:
        squares, rest = None, np.nan
    known |= {"smallest": spectrum.smallest, "largest": spectrum.largest, "decrement": decrement}
    null, scale, found = _flat(module, here, spectrum, blocks)
    known |= {"flat": found.data, "gauge": found.gauge}
    unit = _unit(module, problem, f, rest, len(here.moving))
    arrived = decrement <= TO_GAIN * unit or _is_short(here, step, start)
    if spectrum.indefinite:
        along = _direction(here, spectrum.downhill, names)
        kind: Kind = "saddle" if decrement <= 1e-3 * unit else "unknown"
        why = "" if kind == "saddle" else "the objective can still fall: the curvature is negative"
        certificate = Certificate(kind, why, downhill=along, **known)
        return Examined(certificate, here, spectrum, squares, null, scale)
    if grad_norm <= FAR and (not _is_short(here, step, start, 1e-4) or null.shape[1]):
        gone = _at_infinity(here, step, null, start)
        if gone is not None:
            toward, rows = _toward(module, here, gone, names)
            certificate = Certificate("infinity", toward=toward, rows=rows, **known)
            return Examined(certificate, here, spectrum, squares, null, scale)
    if not arrived:
        why = f"{decrement:.2g} of the objective is still to gain"
        return Examined(Certificate(why=why, **known), here, spectrum, squares, null, scale)
    return Examined(Certificate("minimum", **known), here, spectrum, squares, null, scale)


def _squares(module: Module) -> float:
    factor: float | None = getattr(module, "SQUARES", None)
    return 1.0 if factor is None else 2.0 * factor


def _root(module: Module, here: Place) -> tuple[Matrix, Vector, float] | None:
    """R, z and the rest of a sum of squares; None for other objectives."""
    if getattr(module, "SQUARES", None) is None:
        return None
    try:
        r, z, rest = here.root()
    except (ValueError, *NOT_A_NUMBER):
        return None
    return (r, z, rest) if np.all(np.isfinite(r)) and np.all(np.isfinite(z)) else None


def _refined(
    spectrum: Spectrum,
    squares: Spectrum,
    r: Matrix,
    z: Vector,
    step: Vector,
    decrement: float,
    module: Module,
) -> tuple[Spectrum, Vector, float]:
    """A sum of squares whose Hessian is singular to rounding, judged by its Jacobian instead,
    whose condition is the root of the Hessian's."""
    if spectrum.indefinite or spectrum.rank == len(step) or squares.rank <= spectrum.rank:
        return spectrum, step, decrement
    scale = np.linalg.norm(r, axis=0)
    scale[scale == 0] = 1.0
    step = -np.linalg.lstsq(r / scale, z, rcond=None)[0] / scale
    gain = r @ step
    return squares, step, float(gain @ gain) * _squares(module) / 2


def _unit(module: Module, problem: Problem, f: float, rest: float, count: int) -> float:
    """What counts as one unit of the objective."""
    kind = module.OBJECTIVE["kind"]
    if kind in ("nll", "loglik"):
        return 1.0
    if kind == "residual":
        spread = rest if np.isfinite(rest) else f
        return float(spread) / max(1, (problem.n_rows or 1) - count)
    return abs(f)


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
    scale = 1 / np.where(size > 0, size, 1.0)
    scaled = (tangents @ spectrum.null) * scale[:, None]
    if not scaled.shape[1]:
        return scaled, scale, flat.Flat()
    # A change of variables that has a direction too many moves nothing along it.
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    null = left[:, sizes > WITHIN] / scale[:, None]
    if not null.shape[1]:
        return null, scale, flat.Flat()
    return null, scale, flat.named(null, here.theta, scale, blocks, float_dims(module))


# -- where it goes -------------------------------------------------------------------------------


def _at_infinity(here: Place, step: Vector, null: Matrix, start: Vector) -> Place | None:
    """A point further out, where there is no finite minimum; None where there may be one.

    Newton's method from here: towards a minimum its steps shrink; where the objective falls for
    ever, as exp(-t) or 1/t do, they stay as long, while what they gain dies away.
    """
    far = _walked(here, step)
    if far is not None:
        return far
    return _flattened(here, null, start)


def _walked(here: Place, step: Vector) -> Place | None:
    now, first = here, step
    f, gain = here.value_and_grad()[0], None
    for _ in range(WALK):
        further = now.moved(step)
        try:
            value, g, h = further.value_grad_hess()
        except (ValueError, *NOT_A_NUMBER):
            return None
        if not np.isfinite(value) or not np.all(np.isfinite(h)):
            return None
        if value > f + 1e-12 * max(1e-300, abs(f)):
            return None
        spectrum = of_hessian(h)
        if spectrum.indefinite or not spectrum.rank:
            break  # nothing is left of the curvature
        now, f = further, min(f, value)
        step, gained = spectrum.newton_step(g)
        gain = gained if gain is None else gain
        if np.linalg.norm(step) < 0.5 * np.linalg.norm(first):
            return None
        if gained <= 1e-3 * gain and gain > 0:
            return now
    return None


def _flattened(here: Place, null: Matrix, start: Vector) -> Place | None:
    """The curvature along what is flat here was not flat at the start, and is gone: everything
    that spoke about this direction is saturated."""
    if not null.shape[1] or not here.plain:
        return None
    begin = here.at(start.copy())
    try:
        h = begin.value_grad_hess()[2]
    except (ValueError, *NOT_A_NUMBER):
        return None
    if not np.all(np.isfinite(h)):
        return None
    scale = np.sqrt(np.maximum(np.diagonal(h), 1e-300))
    inside = null[here.moving]
    scaled = inside * scale[:, None]
    basis = np.linalg.svd(scaled, full_matrices=False)[0]
    bent = basis.T @ ((h / scale[:, None]) / scale) @ basis
    values, vectors = np.linalg.eigh(bent)
    if values[-1] < 1e-6:
        return None
    direction = basis @ vectors[:, -1] / scale
    way = (here.theta - start)[here.moving]
    if abs(direction @ way) < 1e-9 * np.linalg.norm(direction) * np.linalg.norm(way):
        return None
    unit = direction * np.sign(direction @ way) * np.linalg.norm(way) / np.linalg.norm(direction)
    far = here.moved(unit)
    f, value = here.value_and_grad()[0], far.value_and_grad()[0]
    return far if np.isfinite(value) and value <= f + 1e-12 * abs(f) else None


def _toward(
    module: Module, here: Place, far: Place, names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """What grows, and the rows whose terms vanish on the way."""
    change = far.theta - here.theta
    largest = np.max(np.abs(change))
    order = [i for i in np.argsort(-np.abs(change)) if abs(change[i]) > 1e-3 * largest]
    texts = [f"{names[i]} -> {'+' if change[i] > 0 else '-'}inf" for i in order[:MOST_NAMES]]
    if len(order) > MOST_NAMES:
        texts.append(f"{len(order) - MOST_NAMES:,} more")
    if getattr(module, "SCORES", "no scores") is not None:
        return tuple(texts), ()
    before, after = (
        np.linalg.norm(at.problem.scores(at.theta), axis=1)  # (n_rows,)
        for at in (here, far)
    )
    gone: NDArray[np.intp] = np.flatnonzero(after <= 0.05 * before)
    return tuple(texts), tuple(int(i) for i in gone)


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
    known: dict[str, Any],
) -> Certificate:
    """The certificate where the Hessian is too large to be made: by products with vectors."""
    f, g = here.value_and_grad()
    try:
        seen: Probe = probe(here.product(), g, products)
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
    if seen.decrement > TO_GAIN * unit:
        why = f"{seen.decrement:.2g} of the objective is still to gain"
        return Certificate(why=why, **known)
    return Certificate("minimum", **known)
