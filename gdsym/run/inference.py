"""Standard errors and what follows from them, by the exact curvature at the minimum.

After a likelihood (`nll`, `loglik`, `observe`) the covariance is the inverse of the observed
information; after `residual` it is s^2 (J'J)^-1 with s^2 on n - p degrees of freedom, as NIST
certifies it. Robust ones are sandwiches of the exact gradients of the rows. Everything is computed
in the coordinates that are free to move, and carried to the user's parameters by their Jacobian.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdsym.errors import UsageError
from gdsym.optimizers._iterate import EPS
from gdsym.run.certificate import Examined
from gdsym.run.curvature import Matrix, Place
from gdsym.run.generated import Module, Vector
from gdsym.run.spectrum import Spectrum, of_hessian
from gdsym.run.tails import quantile, two_sided

LIKELIHOODS = ("nll", "loglik")
# An entry whose unit vector lies outside the range of the Hessian by more than this is not
# determined by the data.
OUTSIDE = 1e-6
# The rounding of residuals, relative to their size, from which standard errors lose their digits:
# up to here they have 8 of them.
KNOWN_SIZE = 1e-8
MOST_JACOBIAN = 1e7  # numbers in a Jacobian that is made to see whether it holds a constant

Marks = dict[str, str]  # the name of an entry -> why it has no standard error


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of the inference. cluster: a code 0..G-1 for each row."""

    level: float = 0.95
    robust: str | None = None  # "HC0", "HC1"
    cluster: NDArray[np.intp] | None = None
    cluster_name: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise UsageError(
                f"level is {self.level:g}, but it lies between 0 and 1\nhelp: --level 0.95"
            )
        if self.robust not in (None, "HC0", "HC1"):
            raise UsageError(f"robust is {self.robust!r}, but it must be 'HC0' or 'HC1'")


@dataclass(frozen=True, slots=True)
class Derived:
    """A scalar prediction with its standard error by the delta method; nan: not known."""

    name: str
    value: float
    std_error: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Inference:
    """What the fit says about the parameters, entry by entry of theta; nan: withheld.

    kind: `maximum likelihood`, `penalised`, or `least squares`. how: what the standard errors
    rest on, in words. df: degrees of freedom of t; infinite for z. parameters: how many were
    estimated. interval: (p, 2). covariance: (p, p), None where withheld. marks: entries without a
    standard error, and why. withheld: why there are none at all. log_likelihood, aic, bic: of a
    likelihood without penalties. s, rss, left (n - p), r_squared: of `residual`; `centred`: R^2
    is about the mean.
    """

    kind: str
    how: str
    level: float
    df: float
    parameters: int
    std_errors: Vector
    statistic: Vector
    p_values: Vector
    interval: Matrix
    covariance: Matrix | None = None
    marks: Marks = field(default_factory=dict)
    withheld: str = ""
    log_likelihood: float = math.nan
    aic: float = math.nan
    bic: float = math.nan
    s: float = math.nan
    rss: float = math.nan
    left: int = 0
    r_squared: float = math.nan
    centred: bool = True

    @property
    def statistic_name(self) -> str:
        return "z" if math.isinf(self.df) else "t"


@dataclass(frozen=True, slots=True)
class _Spread:
    """The covariance, by the moving coordinates and by all of theta, what it is, and df of t."""

    free: Matrix
    covariance: Matrix
    how: str
    df: float


def states_errors(module: Module) -> bool:
    """Whether the objective is one that standard errors can be had of."""
    return module.OBJECTIVE["kind"] in (*LIKELIHOODS, "residual")


def check(module: Module, asked: Asked) -> None:
    """Raises UsageError where the standard errors that are wanted cannot be had of this model."""
    if asked.robust is None and asked.cluster is None:
        return
    kind = module.OBJECTIVE["kind"]
    if not states_errors(module):
        raise UsageError(
            f"robust standard errors belong to a likelihood or a residual, not to `{kind}`\n"
            "help: state the objective as nll, loglik, observe or residual"
        )
    why = getattr(module, "SCORES", "its module has no gradients by row")
    if why is not None:
        raise UsageError(f"there are no robust standard errors of this model: {why}")


@dataclass(frozen=True, slots=True)
class Told:
    """What inference is told of a fit: the objective without its penalties, to be minimised;
    whether there are penalties; what a residual is the rest of, by row, if that is known; and
    scalar predictions, name to value and gradient by theta."""

    loss: float
    penalised: bool = False
    response: Vector | None = None
    predictions: Mapping[str, tuple[float, Vector]] = field(default_factory=dict)


def infer(
    module: Module, seen: Examined, names: Sequence[str], asked: Asked, told: Told
) -> tuple[Inference | None, tuple[Derived, ...]]:
    """The inference at a minimum, and what it says about scalar predictions.

    None after `loss` and `maximize`, which state no likelihood.
    """
    values, penalised, loss = told.predictions, told.penalised, told.loss
    if not states_errors(module):
        return None, tuple(Derived(name, value) for name, (value, _) in values.items())
    kind = module.OBJECTIVE["kind"]
    count, rows = _count(seen), _rows(seen.here, kind, penalised)
    known: dict[str, Any] = {"level": asked.level, "parameters": count}
    if kind == "residual":
        known |= {"kind": "least squares", **_squares(loss, rows, count)}
        known |= _explained(seen.here, loss, told.response)
    else:
        known["kind"] = "maximum likelihood"
        if not penalised:
            known["log_likelihood"] = -loss
            known["aic"] = 2 * loss + 2 * count
            known["bic"] = 2 * loss + math.log(rows) * count if rows else math.nan
    if penalised:
        known["kind"] = "penalised"
    if seen.certificate.kind != "minimum" and seen.certificate.decrement is not None:
        known |= dict.fromkeys(known.keys() & {"aic", "bic"}, math.nan)
    df = float(rows - count) if kind == "residual" else math.inf
    why = _why_none(seen, df) or _why_rounded(loss, told.response)
    if not why and penalised and bool(getattr(module, "PROXIMAL", None)):
        why = "a penalty with a kink selects, and the curvature knows nothing of that"
    if why:
        unknown = np.full(len(names), math.nan)
        empty: dict[str, Any] = dict.fromkeys(("std_errors", "statistic", "p_values"), unknown)
        empty["interval"] = np.column_stack([unknown, unknown])
        inference = Inference(
            **known, **empty, how="", df=df, marks=_marks(module, seen, names), withheld=why
        )
        return inference, tuple(Derived(name, value) for name, (value, _) in values.items())
    spread = _spread(module, seen, asked, penalised, count, known.get("s", 1.0), df)
    marks = _marks(module, seen, names)
    held = np.array([name in marks for name in names], dtype=bool)
    errors = np.sqrt(np.maximum(np.diagonal(spread.covariance), 0.0))
    errors[held] = math.nan
    width = quantile(asked.level, spread.df)
    with np.errstate(all="ignore"):
        statistic = np.where(_testable(seen.here), seen.here.theta / errors, math.nan)
    inference = Inference(
        **known,
        how=spread.how,
        df=spread.df,
        std_errors=errors,
        statistic=statistic,
        p_values=np.array([two_sided(float(x), spread.df) for x in statistic]),
        interval=_interval(seen.here, errors, spread.free, width),
        covariance=np.where(held[:, None] | held[None, :], math.nan, spread.covariance),
        marks=marks,
    )
    derived = [_derived(n, v, g, seen, spread, width) for n, (v, g) in values.items()]
    return inference, tuple(derived)


def _derived(
    name: str, value: float, gradient: Vector, seen: Examined, spread: _Spread, width: float
) -> Derived:
    if seen.null is not None and seen.scale is not None and seen.null.shape[1]:
        open_part = np.linalg.norm(gradient @ seen.null)
        if open_part > OUTSIDE * np.linalg.norm(gradient / seen.scale):
            return Derived(name, value)  # it moves along what is flat
    variance = float(gradient @ spread.covariance @ gradient)
    error = math.sqrt(max(0.0, variance)) if math.isfinite(variance) else math.nan
    return Derived(name, value, error, (value - width * error, value + width * error))


def _rows(here: Place, kind: str, penalised: bool) -> int:
    """The number of observations: of residuals, which may be several per row."""
    if kind == "residual" and not penalised and hasattr(here.problem, "residuals"):
        return int(np.size(here.problem.residuals(here.theta)))
    return here.problem.n_rows or 0


def _count(seen: Examined) -> int:
    """The number of parameters that were estimated: those that the data determine."""
    tangents = seen.here.tangents()
    rank = int(tangents.shape[1])
    if not seen.here.plain and rank:
        rank = int(np.linalg.matrix_rank(tangents, tol=1e-10))
    flat = 0 if seen.null is None else int(seen.null.shape[1])
    return rank - flat + len(seen.here.active)


def _why_none(seen: Examined, df: float) -> str:
    """Why there are no standard errors; empty where there are."""
    certificate = seen.certificate
    if certificate.kind == "saddle":
        return "the fit ended at a saddle"
    if certificate.kind == "infinity":
        if certificate.on_edge:
            return "the objective is least on the edge of the domain"
        return "no finite minimum lies this way"
    if certificate.kind == "unknown":
        return certificate.why or "the point is not known to be a minimum"
    if seen.spectrum is None and len(seen.here.moving):
        return certificate.why or "the Hessian is too large to be made"
    if df <= 0:
        return "there are no more rows than parameters"
    return ""


def _why_rounded(rss: float, response: Vector | None) -> str:
    """Why residuals have no size that standard errors could follow from; empty where they have."""
    if response is None:
        return ""
    rounding = EPS * float(np.linalg.norm(response))
    if rounding <= KNOWN_SIZE * math.sqrt(max(rss, 0.0)):
        return ""
    return "the model meets the data to rounding, so the size of the residuals is not known"


def _bread(seen: Examined, least_squares: bool, penalised: bool) -> Spectrum:
    """The information: J'J of a sum of squares, else the Hessian, by the moving coordinates."""
    if seen.spectrum is None:
        return of_hessian(np.zeros((0, 0)))
    if not least_squares:
        return seen.spectrum
    if seen.root is not None and not penalised:
        return _scaled(seen.root, 0.5)
    return _scaled(seen.spectrum, 0.5)


def _scaled(spectrum: Spectrum, factor: float) -> Spectrum:
    return Spectrum(
        spectrum.scale * math.sqrt(factor), spectrum.values, spectrum.vectors, spectrum.range
    )


def _classical(least_squares: bool, penalised: bool) -> str:
    if penalised:
        return "posterior, by the curvature of the penalised objective (Laplace)"
    return "s^2 (J'J)^-1" if least_squares else "observed information"


def _spread(
    module: Module,
    seen: Examined,
    asked: Asked,
    penalised: bool,
    count: int,
    s: float,
    df: float,
) -> _Spread:
    """The covariance that is asked for."""
    least_squares = module.OBJECTIVE["kind"] == "residual"
    bread = _bread(seen, least_squares, penalised)
    if asked.robust is None and asked.cluster is None:
        free, how = bread.inverse(), _classical(least_squares, penalised)
        if least_squares:
            free = free * s**2
    else:
        half, correction, how = _sandwich(seen, bread, asked, least_squares, count)
        free = correction * (half.T @ half)
        if asked.cluster is not None and least_squares:
            df = float(len(half) - 1)
    tangents = seen.here.tangents()
    return _Spread(free, tangents @ free @ tangents.T, how, df)


def _sandwich(
    seen: Examined,
    bread: Spectrum,
    asked: Asked,
    least_squares: bool,
    count: int,
) -> tuple[Matrix, float, str]:
    """A root of the sandwich (rows or clusters, q), the correction for few of them, and in words
    what it is (White, 1980; Liang and Zeger, 1986)."""
    here = seen.here
    scores = here.problem.scores(here.theta) @ here.tangents()  # (n, q)
    if least_squares:
        scores = scores / 2
    rows = len(scores)
    if asked.cluster is None:
        correction = rows / (rows - count) if asked.robust == "HC1" else 1.0
        what = "sandwich, times n/(n - p)" if asked.robust == "HC1" else "sandwich"
        return scores @ bread.inverse(), correction, f"robust ({asked.robust}: {what})"
    groups = int(asked.cluster.max()) + 1
    if groups < 2:
        raise UsageError(f"cluster: all rows have the same {asked.cluster_name}")
    summed = np.zeros((groups, scores.shape[1]))
    np.add.at(summed, asked.cluster, scores)
    correction = groups / (groups - 1) * (rows - 1) / (rows - count)
    how = f"robust to {groups:,} clusters by {asked.cluster_name} "
    how += "(sandwich, times G/(G - 1) (n - 1)/(n - p))"
    return summed @ bread.inverse(), correction, how


def _marks(module: Module, seen: Examined, names: Sequence[str]) -> Marks:
    """Entries without a standard error of their own, and why."""
    here = seen.here
    levels = {p["name"] for p in module.PARAMS if p["domain"].get("structure") == "base"}
    base = here.fixed & here.problem.fixed & (here.theta == 0)
    marks = {}
    for i in np.flatnonzero(here.fixed).tolist():
        is_base = base[i] and names[i].partition("[")[0] in levels
        marks[names[i]] = "base" if is_base else "fixed"
    marks |= {names[i]: "at bound" for i in here.active.tolist()}
    marks |= {names[i]: "0 by penalty" for i in here.held.tolist()}
    if seen.null is not None and seen.scale is not None and seen.null.shape[1]:
        moved = np.linalg.norm(seen.null * seen.scale[:, None], axis=1)
        for i in np.flatnonzero(moved > OUTSIDE).tolist():
            marks.setdefault(names[i], "not determined")
    return marks


def _testable(here: Place) -> NDArray[np.bool_]:
    """Where 0 is a value inside the domain: a test against the edge of a domain is none."""
    lower = np.array([-math.inf if lo is None else lo for lo, _ in here.problem.bounds])
    upper = np.array([math.inf if hi is None else hi for _, hi in here.problem.bounds])
    inside: NDArray[np.bool_] = (lower < 0) & (upper > 0)
    return inside


def _interval(here: Place, errors: Vector, free: Matrix, width: float) -> Matrix:
    """The estimate and so many standard errors to both sides; for an entry with an open bound in
    its free coordinate, so that the interval keeps the bound."""
    theta = here.theta
    interval = np.column_stack([theta - width * errors, theta + width * errors])
    if here.plain:
        return interval
    tangents = here.tangents()
    bounded = np.array([lo is not None or hi is not None for lo, hi in here.problem.bounds])
    for column, i in enumerate(here.moving):
        alone = np.count_nonzero(tangents[:, column]) == 1 == np.count_nonzero(tangents[i])
        if not (alone and bounded[i] and np.isfinite(errors[i])):
            continue
        spread = width * math.sqrt(max(0.0, float(free[column, column])))
        ends = []
        for side in (-spread, spread):
            phi = here.phi.copy()
            phi[i] += side
            ends.append(float(here.at(phi).theta[i]))
        interval[i] = sorted(ends)
    return interval


def _squares(rss: float, rows: int, count: int) -> dict[str, Any]:
    """s, and what it is made of."""
    left = rows - count
    s = math.sqrt(max(0.0, rss) / left) if left > 0 else math.nan
    return {"rss": rss, "left": left, "s": s}


def _explained(here: Place, rss: float, response: Vector | None) -> dict[str, Any]:
    """R^2, about the mean where a constant could have been fitted."""
    if response is None or len(response) * len(here.theta) > MOST_JACOBIAN:
        return {}
    centred = _holds_constant(here)
    middle = float(np.mean(response)) if centred else 0.0
    total = float(np.sum((response - middle) ** 2))
    return {"centred": centred, "r_squared": 1 - rss / total if total > 0 else math.nan}


def _holds_constant(here: Place) -> bool:
    """Whether the residuals can all be shifted by the same amount, at first order."""
    jacobian = here.problem.jacobian(here.theta) @ here.tangents()
    scale = np.linalg.norm(jacobian, axis=0)
    scale[scale == 0] = 1.0
    ones = np.ones(len(jacobian))
    fitted = jacobian / scale @ np.linalg.lstsq(jacobian / scale, ones, rcond=None)[0]
    return bool(np.max(np.abs(ones - fitted), initial=0.0) < 1e-6)
