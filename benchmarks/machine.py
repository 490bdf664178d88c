"""What the figures were measured on."""

from __future__ import annotations

import importlib
import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("numpy", "scipy", "numexpr", "numba", "jax", "jaxopt", "optax", "torch"),
    *("scikit-learn", "statsmodels", "genosolver", "pandas", "pyarrow"),
)
# What is set for every contender alike, where the caller has not set it: threads that have no
# work sleep instead of spinning, so that contenders who take turns do not disturb each other.
SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE"}
# The heap that is kept: no block of memory is returned to the system, so none is zeroed anew.
HEAPS = {
    "default": {},
    "kept": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)},
}


def machine() -> dict[str, Any]:
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": round(memory("MemTotal") / 1000),  # GB
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "blas": blas(),
        "libraries": {name: found for name in LIBRARIES if (found := installed(name))},
        "gdsym": installed("gdsym"),
        "coretype": os.environ.get("OPENBLAS_CORETYPE", ""),
    }


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", text, re.MULTILINE))
    family = f", family {found['cpu family']}" if "cpu family" in found else ""
    vectors = next((v for v in ("avx512f", "avx2") if v in found.get("flags", "")), "")
    return f"{found.get('model name', platform.machine())}{family} {vectors}".strip()


def blas() -> str:
    """The BLAS of NumPy, the kernels that it chose for this processor, and its threads."""
    importlib.import_module("numpy")  # which loads it
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return "; ".join(
        f"{pool['internal_api']} {pool['version']}, {pool.get('architecture', '')} kernels"
        for pool in pools[:1]
    )


@dataclass(frozen=True)
class Ticks:
    """Seconds of all processors since the start of the system, and of this process's own work."""

    total: float
    idle: float
    own: float  # with the children that have ended


def ticks() -> Ticks:
    own = sum(os.times()[:4])
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return Ticks(0.0, 0.0, own)
    counts = [int(word) / os.sysconf("SC_CLK_TCK") for word in first.split()[1:9]]  # proc_stat(5)
    return Ticks(sum(counts), counts[3] + counts[4], own)  # user to steal, idle and iowait


def busy(before: Ticks, after: Ticks) -> float:
    """The share of the processors' time that neither this process had nor its children."""
    total = after.total - before.total
    others = total - (after.idle - before.idle) - (after.own - before.own)
    return max(others / total, 0.0) if total > 0 else 0.0


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def memory(entry: str) -> float:
    """An entry of the system's account of its memory in MB; without one there is plenty."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return float("inf")
    found = re.search(rf"^{entry}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else float("inf")
