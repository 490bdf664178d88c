"""Whole command lines in fresh processes: from a text and a CSV file to fitted parameters."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from benchmarks.cases import DEFAULT, Case, size
from benchmarks.linear import model
from benchmarks.processes import GDSYM, done, peak
from benchmarks.race import Contender, Measured, Race, Run, Vector, close

TIME, MEMORY = "Command lines", "Memory of command lines"
MODEL = model("y[n] in {0, 1}", "log(1 + exp(z)) - y*z").replace("X[n, d]", "X[n, d] from *")
SCRIPTS = {
    "scikit-learn": "sklearn_fit",
    "statsmodels": "statsmodels_fit",
    "NumPy and SciPy": "scipy_fit",
    "JAX and jaxopt": "jax_fit",
    "PyTorch": "torch_fit",
}
FEW = 100, 2  # rows and columns of a file whose fit takes hardly more than to start


def cases() -> list[Case]:
    once = partial(Case, megabytes=2500, seconds=10)
    return [
        once("fit of CSV 2000x10", TIME, partial(times, 2000, 10), quick=DEFAULT, seconds=45),
        once("fit of CSV 2e5x20", TIME, partial(times, 2 * 10**5, 20), seconds=75),
        once("fit of CSV 60x2", TIME, partial(times, 60, 2), tiny=True),
        once("fit of CSV 1e6x20", MEMORY, partial(peaks, 10**6, 20, "csv"), seconds=60),
        once("fit of Parquet 1e6x20", MEMORY, partial(peaks, 10**6, 20, "parquet")),
    ]


def write(n: int, d: int, suffix: str = "csv") -> tuple[Path, Path]:
    """A model and a file of so many rows, in a folder of TMPDIR, which the caller clears."""
    draw = np.random.default_rng(0)
    X = draw.standard_normal((n, d))
    scores = X @ draw.standard_normal(d) / np.sqrt(d) + draw.logistic(size=n)
    folder = Path(tempfile.mkdtemp(prefix="gdsym-benchmark-"))
    text, table = folder / "model.gd", folder / f"{size(n, d)}.{suffix}"
    text.write_text(MODEL, encoding="utf-8")
    columns = {f"x{j}": X[:, j] for j in range(d)} | {"y": (scores > 0).astype(float)}
    if suffix == "parquet":
        pyarrow.parquet.write_table(pyarrow.table(columns), table)
    else:
        pyarrow.csv.write_csv(pyarrow.table(columns), table)
    return text, table


def _parameters(answer: str) -> Vector:
    found = json.loads(answer)
    return np.array([*found["params"]["w"], found["params"]["b"]] if "params" in found else found)


def _script(name: str, table: Path) -> tuple[str, ...]:
    path = Path(__file__).parent / "scripts" / f"{SCRIPTS[name]}.py"
    return sys.executable, str(path), str(table)


def times(n: int, d: int) -> Race:
    text, table = write(n, d)
    fit = (*GDSYM, "fit", str(text), str(table), "--json")

    def timed(command: tuple[str, ...], cache: Path) -> Measured:
        found = done(command, {"GDSYM_CACHE_DIR": str(cache)})
        return Measured(found.seconds, _parameters(found.text))

    def cold() -> Measured:
        return timed(fit, Path(tempfile.mkdtemp(dir=text.parent)))

    def cached() -> Run:
        timed(fit, text.parent / "cache")
        return lambda: timed(fit, text.parent / "cache")

    def by_script(name: str) -> Run:
        return lambda: timed(_script(name, table), text.parent)

    contenders = (
        Contender("gdsym cached", cached, None),
        Contender("gdsym cold", lambda: cold, None),
        *(Contender(name, partial(by_script, name), None) for name in SCRIPTS),
    )
    return Race(contenders, close(1e-4, 1e-4), rounds=5)


def peaks(n: int, d: int, suffix: str) -> Race:
    """The peak over that of a small file, over the size of the arrays that the fit needs."""
    (text, table), (_, few) = write(n, d, suffix), write(*FEW, suffix)
    arrays = 8e-6 * n * (d + 1)  # MB
    cache = {"GDSYM_CACHE_DIR": str(text.parent / "cache")}

    def measured(command: Callable[[Path], tuple[str, ...]]) -> Measured:
        (_, least), (answer, most) = peak(command(few), cache), peak(command(table), cache)
        return Measured((most - least) / arrays, _parameters(answer))

    def ours(path: Path) -> tuple[str, ...]:
        return (*GDSYM, "fit", str(text), str(path), "--json")

    def by_script(name: str) -> Run:
        return lambda: measured(partial(_script, name))

    peers = SCRIPTS if suffix == "csv" else ()  # the scripts read CSV files
    contenders = (
        Contender("gdsym cached", lambda: lambda: measured(ours), None),
        *(Contender(name, partial(by_script, name), None) for name in peers),
    )
    return Race(contenders, close(1e-4, 1e-4), unit="x", rounds=1)
