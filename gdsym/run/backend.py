"""Which backend a fit computes with, where nobody has asked for one.

NumPy, unless the job is long. Then numba, if it is installed: its loops read the data once, but
take seconds to compile. Then numexpr, if it has Intel's VML: without that it is no faster than
NumPy in blocks. The work is estimated by constants and never timed, so that the same job has the
same backend, and the same digits, every time.
"""

from __future__ import annotations

import math
from importlib.util import find_spec

import numpy as np

from gdsym.data import Bound
from gdsym.run.generated import Module
from gdsym.run.plan import Plan

AUTO = "auto"
PAYS = 10.0  # seconds of NumPy: what the loops of a model take to compile, twice over
PASSES = 50  # over the data, of a method that sees all of them in each
# Seconds of one core of 2024, for a number that is read or computed, and for a mini-batch.
NUMBER, BATCH = 1e-9, 1e-5
BESIDE = 8  # numbers that are computed for a row, beside its data


def backend_for(module: Module, bound: Bound, plan: Plan) -> tuple[str, str]:
    """The name of a backend, and why it is not NumPy."""
    seconds = _seconds(module, bound, plan)
    if seconds < PAYS:
        return "numpy", ""
    work = f"NumPy would take about {_rounded(seconds)} s"
    if find_spec("numba") is not None:
        return "numba", f"computing with compiled loops (numba): {work}"
    if _has_vml():
        return "numexpr", f"computing with numexpr, which has VML: {work}"
    return "numpy", ""


def _seconds(module: Module, bound: Bound, plan: Plan) -> float:
    """What the passes over the rows take with NumPy, about."""
    if module.ROW is None:
        return 0.0
    rows = [entry["name"] for entry in module.DATA if module.ROW in entry["dims"]]
    numbers = sum(np.size(bound.arrays[name]) for name in rows if name in bound.arrays)
    numbers += BESIDE * bound.n_rows
    if plan.batch_size is None:
        return NUMBER * numbers * (plan.epochs or min(PASSES, plan.max_iter or PASSES))
    epochs = plan.epochs or 1
    return epochs * (BATCH * math.ceil(bound.n_rows / plan.batch_size) + NUMBER * numbers)


def _rounded(seconds: float) -> str:
    digits = 1 - math.floor(math.log10(seconds))
    return f"{round(seconds, digits):,.0f}"


def _has_vml() -> bool:
    import numexpr

    return bool(numexpr.use_vml)
