"""What the figures are held to, and what came out."""

from __future__ import annotations

import fnmatch
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, Literal

from benchmarks.ours import is_ours, name

Record = Mapping[str, Any]

SIZES = "1e4x100", "1e5x10", "1e5x100", "1e6x10", "1e6x100", "1e5x1000"
LINEAR = tuple(
    f"{loss} {size}"
    for loss, size in product(("logistic", "poisson", "ridge", "huber", "squared hinge"), SIZES)
)
CURVES = tuple(f"{curve} 1e6" for curve in ("misra", "growth", "student-t", "mixture of three"))
BATCHES = tuple(
    f"{rule} batch {batch} d {d}"
    for rule, batch, d in product(("sgd", "adam"), (32, 256), (10, 100, 1000))
)
NARROW = tuple(case for case in BATCHES if not case.endswith("1000"))
WIDE = tuple(case for case in BATCHES if case.endswith("1000"))


@dataclass(frozen=True)
class Bar:
    """The least ratio of a peer's time to that of our best backend, medians over the rounds.

    `cases`, `peers`, `ours`: patterns of names. `of`: whether each case has to reach it with each
    peer, or their median. `note`: what stands in the way where it is missed.
    """

    what: str
    cases: tuple[str, ...]
    peers: tuple[str, ...]
    least: float
    of: Literal["each", "median"] = "each"
    ours: str = "gdsym*"
    note: str = ""


@dataclass(frozen=True)
class Limit:
    """The most that any of ours may take, in the unit of the case, beyond the contender `beyond`.

    `ours`: a pattern of names. `per_core` is added for each core.
    """

    what: str
    case: str
    ours: str
    most: float
    per_core: float = 0.0
    beyond: str | None = None
    note: str = ""


# What stands in the way of bars that are missed.
CALLS = (
    "8 MB lie in the cache that cores share: the work is a seventh of a millisecond, threads of "
    "ours do not pay there, and one meets all of BLAS's"
)
ALONE = (
    "beside BLAS with one thread it is within a tenth; where BLAS has threads and the data are "
    "few, or a product is nearly all of the work, its threads win"
)
BY_HAND = (
    "by hand, each thread takes half of the rows in one call; ours has blocks, whose calls are "
    "Python, and sums that do not depend on the number of threads"
)
SCAN = "a scan makes its products on both threads, of which an epoch of ours has one"
PRODUCTS = "our two products are OpenBLAS's, and take 107 of the 113 ms: XLA has quicker ones"
CERTIFIED = (
    "a fit of ours ends with exact last steps and the certificate, which jaxopt's has not: SciPy "
    "with our gradient takes 0.88 of our time"
)
LINES = (
    "with a heap that is kept PyTorch's temporaries cost no page faults; what is left of ours is "
    "the way to lines of tables that no first cache holds"
)
CHAIN = "a third of it are imports; the kernels have some lines for each parameter"
NUMPY = ("NumPy", "NumPy, BLAS threads")
OTHERS = (*NUMPY, "JAX*", "PyTorch", "scikit-learn")
BARS = (
    Bar("linear models, every peer but numba", LINEAR, OTHERS, 1.0, note=CALLS),
    Bar("linear models, numba by hand", LINEAR, ("numba*",), 0.95, note=BY_HAND),
    Bar("linear models, numba by hand, median", LINEAR, ("numba*",), 1.0, "median"),
    Bar("linear models, JAX, median", LINEAR, ("JAX",), 1.5, "median"),
    Bar("linear models, PyTorch, median", LINEAR, ("PyTorch",), 2.0, "median"),
    Bar("linear models, NumPy by hand, median", LINEAR, ("NumPy",), 1.5, "median"),
    Bar(
        "linear models, our NumPy backend alone",
        LINEAR,
        NUMPY,
        1.0,
        ours=name("numpy"),
        note=ALONE,
    ),
    Bar("softmax, JAX", tuple(f"softmax {s}" for s in SIZES[:-1]), ("JAX",), 1.0),
    Bar("softmax with 1000 features, JAX", ("softmax 1e5x1000",), ("JAX",), 0.9, note=PRODUCTS),
    Bar("element-wise models, 1e6 rows", CURVES, ("NumPy", "JAX"), 2.0),
    Bar("Hessian, NumPy by hand", ("hessian of * 5e5x100",), NUMPY, 1.5),
    Bar("Hessian, jax.hessian", ("hessian of * 5e5x100",), ("JAX",), 3.0),
    Bar("Newton fit, newton-cholesky", ("newton fit [125]e*",), ("scikit-learn",), 1.5),
    Bar("L-BFGS fit, scikit-learn", ("lbfgs fit [12]e*",), ("scikit-learn",), 1.2),
    Bar("L-BFGS fit, jaxopt", ("lbfgs fit [12]e*",), ("jaxopt",), 1.0, note=CERTIFIED),
    Bar("mini-batches, up to 100 features, NumPy", NARROW, NUMPY, 1.3),
    Bar("mini-batches, up to 100 features, JAX", NARROW, ("JAX*",), 1.5, note=SCAN),
    Bar("mini-batches, up to 100 features, PyTorch", NARROW, ("PyTorch",), 5.0),
    Bar("mini-batches, 1000 features", WIDE, (*NUMPY, "JAX*", "PyTorch"), 1.0, note=SCAN),
    Bar("batches of one row, scikit-learn", ("sgd batch 1 d *",), ("scikit-learn",), 1.0),
    Bar("matrix factorisation, JAX", ("1e6 ratings, *",), ("JAX",), 4.0),
    Bar("matrix factorisation, PyTorch", ("1e6 ratings, *",), ("PyTorch",), 10.0, note=LINES),
    Bar("network, JAX", ("network 1e5x100",), ("JAX",), 1.3),
)
LIMITS = (
    *(
        Limit(f"{what}, MB above the data", f"memory of {what} 1e6x100", "gdsym*", 20, 10)
        for what in (
            *("value and gradient", "hessian", "hessian times a vector"),
            *("newton fit", "lbfgs fit", "adam epoch"),
        )
    ),
    Limit("fit of a CSV file, peak over its arrays", "fit of CSV 1e6x20", "gdsym*", 1.3),
    Limit("fit of a Parquet file, the same", "fit of Parquet 1e6x20", "gdsym*", 1.3),
    Limit("cached fit of 2,000 rows, s", "fit of CSV 2000x10", "gdsym cached", 0.3),
    Limit("gdsym --help over bare Python, s", "starting", "gdsym --help", 0.06, 0, "bare Python"),
    Limit(
        "a generated module over NumPy, s",
        "starting",
        "gdsym, import*",
        0.01,
        beyond="import of NumPy",
    ),
    Limit("compilation of ten lines, s", "compilation of ten lines", "gdsym*", 0.7),
    Limit("compilation of 100 lets, s", "compilation of 100 lets", "gdsym*", 1),
    Limit(
        "the same, each with parameters, s",
        "compilation of 100 lets with parameters",
        "gdsym*",
        1,
        note=CHAIN,
    ),
    Limit("compilation of 20 parameters, s", "compilation of 20 parameters", "gdsym*", 2),
    Limit("compilation of 1000 lines, s", "compilation of 1000 lines", "gdsym*", 10),
)


@dataclass(frozen=True)
class Verdict:
    """`found` is the worst, at `where`, or the median; None where nothing was measured."""

    what: str
    wanted: str
    found: float | None
    where: str
    met: bool
    note: str


def best(record: Record, pattern: str = "gdsym*") -> str | None:
    """The contender of ours with the smallest median."""
    return min(_ours(record, pattern), key=partial(_median, record), default=None)


def worst(record: Record, pattern: str) -> str | None:
    """The contender of ours with the largest median."""
    return max(_ours(record, pattern), key=partial(_median, record), default=None)


def _ours(record: Record, pattern: str) -> list[str]:
    found = record["amounts"].items()
    return [
        who for who, amounts in found if amounts and is_ours(who) and _matches(who, (pattern,))
    ]


def _median(record: Record, who: str) -> float:
    return float(statistics.median(record["amounts"][who]))


def ratio(record: Record, peer: str, ours: str) -> float:
    """The median over the rounds of a peer's amount over ours in the same round."""
    pairs = zip(record["amounts"][peer], record["amounts"][ours], strict=False)
    return statistics.median(theirs / mine if mine else float("inf") for theirs, mine in pairs)


def verdicts(records: Iterable[Record], heap: str, cores: int) -> list[Verdict]:
    measured = [record for record in records if record["heap"] == heap]
    return [
        *(_of_bar(bar, measured) for bar in BARS),
        *(_of_limit(limit, measured, cores) for limit in LIMITS),
    ]


def _of_bar(bar: Bar, records: list[Record]) -> Verdict:
    found = list(_ratios(bar, records))
    wanted = f"at least {bar.least:g}"
    if not found:
        return Verdict(bar.what, wanted, None, "", False, bar.note)
    if bar.of == "median":
        middle = statistics.median(value for value, _ in found)
        where = f"{len(found)} ratios"
        return Verdict(bar.what, wanted, middle, where, middle >= bar.least, bar.note)
    worst, where = min(found)
    return Verdict(bar.what, wanted, worst, where, worst >= bar.least, bar.note)


def _ratios(bar: Bar, records: list[Record]) -> Iterator[tuple[float, str]]:
    for record in records:
        ours = best(record, bar.ours)
        if ours is None or not _matches(record["case"], bar.cases):
            continue
        for peer, amounts in record["amounts"].items():
            if amounts and not is_ours(peer) and _matches(peer, bar.peers):
                yield ratio(record, peer, ours), f"{record['case']}, {peer}"


def _of_limit(limit: Limit, records: list[Record], cores: int) -> Verdict:
    most = limit.most + limit.per_core * cores
    wanted = f"at most {most:g}"
    for record in records:
        ours = worst(record, limit.ours)
        if record["case"] != limit.case or ours is None:
            continue
        found = statistics.median(record["amounts"][ours])
        if limit.beyond:
            found -= statistics.median(record["amounts"][limit.beyond])
        return Verdict(limit.what, wanted, found, ours, found <= most, limit.note)
    return Verdict(limit.what, wanted, None, "", False, limit.note)


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(text, pattern) for pattern in patterns)
