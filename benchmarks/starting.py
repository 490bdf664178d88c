"""What starting costs: commands in fresh processes, compilation of models, memory of reading.

Commands take turns; times are medians in seconds of the processor, whose ratio to `import numpy`
says more than they do. Peaks are of the process alone, in MB, beside the arrays that are bound.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

GDSYM = (sys.executable, "-m", "gdsym")
TEN_LINES = """\
data    X[n, d] from *
data    y[n] in {0, 1}
param   w[d], b
const   lam = 0.1
let     z = X @ w + b
let     p = sigmoid(z)
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
predict q = p
predict odds = exp(z)
"""
MODEL = "data X[n, d] from *, y[n] in {0, 1}\nparam w[d], b\nlet z = X @ w + b\n"
MODEL += "loss mean(log(1 + exp(z)) - y*z) + 1e-3*sum(w^2)\n"


class Record(NamedTuple):
    """`value` in `unit` ("s" or "MB"), and the baseline that it is to be compared with."""

    name: str
    value: float
    unit: str
    baseline: float
    against: str


def chained(lets: int) -> str:
    links = "".join(f"let z{i + 1} = tanh(z{i})*z{i} + {i}/50\n" for i in range(lets))
    head = "data X[n, d], y[n]\nparam w[d], b\nlet z0 = X @ w + b\n"
    return f"{head}{links}loss mean((y - z{lets})^2)\n"


def bumps(parameters: int) -> str:
    pairs = range(parameters // 2)
    terms = " + ".join(f"a{k}*exp(-(x - c{k})^2)" for k in pairs)
    names = ", ".join(f"a{k} = 1, c{k} = {k}" for k in pairs)
    return f"data x[n], y[n]\nparam {names}\nloss mean((y - ({terms}))^2)\n"


def lines(count: int) -> str:
    links = "".join(
        f"let z{i + 1} = sigmoid(z{i}) + {i}/1000*z{i // 2}\n" for i in range(count - 6)
    )
    head = "data X[n, d]\ndata y[n]\nparam w[d]\nparam b\nlet z0 = X @ w + b\n"
    return f"{head}{links}loss mean((y - z{count - 6})^2)\n"


TEXTS = {
    "ten lines": TEN_LINES,
    "100 chained lets": chained(100),
    "200 chained lets": chained(200),
    "20 scalar parameters": bumps(20),
    "500 lines": lines(500),
    "1000 lines": lines(1000),
}


def measure(quick: bool) -> list[Record]:
    """Everything; with `quick` fewer rounds, and no large models and files."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_starts(Path(folder), quick), *_peaks(Path(folder), quick)]


# -- time


def _starts(folder: Path, quick: bool) -> list[Record]:
    commands = _commands(folder, quick)
    for command, cache in commands.values():  # fills caches, and those of the system
        _seconds(command, cache, folder)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(3 if quick else 9):
        for name, (command, cache) in commands.items():
            taken[name].append(_seconds(command, cache, folder))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    base = medians.pop("import numpy")
    return [Record(name, value, "s", base, "import numpy") for name, value in medians.items()]


def _commands(folder: Path, quick: bool) -> dict[str, tuple[Sequence[str], Path | None]]:
    """Commands by name, each with its cache; None for one that is empty every time."""
    kept = folder / "kept"
    kept.mkdir(mode=0o700)
    found: dict[str, tuple[Sequence[str], Path | None]] = {
        name: ((sys.executable, "-c", code), kept)
        for name, code in {
            "bare Python": "pass",
            "import numpy": "import numpy",
            "import sympy": "import sympy",
            "import of a generated module": f"import sys; sys.path.insert(0, {str(folder)!r}); "
            "import model",
        }.items()
    }
    found["gdsym --help"] = ((*GDSYM, "--help"), kept)
    _write_table(folder / "rows.csv", 2000, 5)
    (folder / "model.gd").write_text(MODEL, encoding="utf-8")
    fit = (*GDSYM, "fit", f"{folder}/model.gd", f"{folder}/rows.csv")
    found["gdsym fit, 2,000 rows, cached"] = (fit, kept)
    found["gdsym fit, 2,000 rows, cold"] = (fit, None)
    subprocess.run(
        (*GDSYM, "compile", f"{folder}/model.gd", "-o", f"{folder}/model.py"), check=True
    )
    for name, text in TEXTS.items():
        if quick and "lines" in name and name != "ten lines":
            continue
        path = folder / f"{name.replace(' ', '_')}.gd"
        path.write_text(text, encoding="utf-8")
        command = (*GDSYM, "compile", str(path), "-o", f"{folder}/compiled.py")
        found[f"gdsym compile, {name}"] = (command, None)
    return found


def _seconds(command: Sequence[str], cache: Path | None, folder: Path) -> float:
    """The processor time of a command and of what it starts."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "GDSYM_CACHE_DIR": str(cache or empty)}
        # As on a machine of somebody who has started all of it before.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user = after.ru_utime - before.ru_utime
    return user + after.ru_stime - before.ru_stime


# -- memory

# Linux alone tells the peak of a process without that of the process it was forked from.
PEAK = """
import re, sys
from pathlib import Path
{}
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
READERS = {
    "gdsym fit": "from gdsym.cli import run\n"
    "assert run(['fit', sys.argv[1], sys.argv[2], '--max-iter', '3', '--json']) in (0, 1)",
    "pandas": "import pandas\n"
    "pandas.read_csv(sys.argv[2]) if 'csv' in sys.argv[2] else pandas.read_parquet(sys.argv[2])",
    "pyarrow": "from pyarrow import csv, parquet\n"
    "csv.read_csv(sys.argv[2]) if 'csv' in sys.argv[2] else parquet.read_table(sys.argv[2])",
}


def _peaks(folder: Path, quick: bool) -> list[Record]:
    """By how much the peak grows with as many more rows, beside the arrays of these rows."""
    if not Path("/proc/self/status").exists():
        return []
    rows, columns = (50_000 if quick else 400_000), 40
    arrays = rows * (columns + 1) * 8 / 1e6
    found = []
    for suffix in ("csv", "parquet"):
        files = [folder / f"{count}.{suffix}" for count in (rows, 2 * rows)]
        for count, path in zip((rows, 2 * rows), files, strict=True):
            _write_table(path, count, columns)
        for reader, code in READERS.items():
            less, more = (_peak(code, folder / "model.gd", path) for path in files)
            found.append(Record(f"{reader}, {suffix}", more - less, "MB", arrays, "arrays"))
    return found


def _peak(code: str, model: Path, path: Path) -> float:
    command = (sys.executable, "-c", PEAK.format(code), str(model), str(path))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) * 1024 / 1e6


def _write_table(path: Path, rows: int, columns: int) -> None:
    draw = np.random.default_rng(0)
    values = {f"x{i}": np.round(draw.standard_normal(rows), 6) for i in range(columns)}
    table = pa.table({**values, "y": draw.integers(0, 2, rows)})
    write: Callable[..., None] = csv.write_csv if path.suffix == ".csv" else parquet.write_table
    write(table, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller files")
    for record in measure(parser.parse_args().quick):
        ratio = record.value / record.baseline
        value = f"{record.value:.3f} {record.unit}"
        print(f"{record.name:<36}{value:>14}{ratio:>8.2f} x {record.against}", flush=True)


if __name__ == "__main__":
    main()
