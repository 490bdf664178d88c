"""`python -m benchmarks` measures gdsym beside its peers and writes docs/benchmarks.md.

The quick set takes about five minutes; `--full` has all cases, in about an hour. Each case runs
in a process of its own; what is measured is kept in docs/benchmarks/results.json as it comes.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cases import Case, all_cases
from benchmarks.machine import HEAPS, SETTINGS, busy, machine, memory
from benchmarks.page import pages
from benchmarks.processes import ROOT, environment

ATTEMPTS = 4  # at a case whose contenders end the process; each leaves out one more
# Seconds for what a case prepares: libraries, data, compilation.
PREPARATION = 300
# The tiny set compares answers, and compiles nothing that it need not.
REHEARSED = {"NUMBA_DISABLE_JIT": "1"}
Record = dict[str, Any]
Results = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all cases, not only the quick ones")
    parser.add_argument("--tiny", action="store_true", help="the smallest cases, in one process")
    parser.add_argument("--only", metavar="PATTERN", help="cases of such names: 'logistic*'")
    parser.add_argument("--heap", choices=list(HEAPS), help="with this heap alone")
    parser.add_argument("--render", action="store_true", help="the page anew, nothing is measured")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs", metavar="FOLDER")
    asked = parser.parse_args()
    chosen = selected(asked.full, asked.tiny, asked.only)
    if not chosen:
        parser.error(f"no case is called {asked.only}: --full --list names them")
    if asked.list:
        print(*(case.name for case in chosen), sep="\n")
        return 0
    kept = asked.output / "benchmarks" / "results.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    if asked.render:
        return write(asked.output, json.loads(kept.read_text(encoding="utf-8")))
    which = "full" if asked.full else "tiny" if asked.tiny else "quick"
    which = "partial" if asked.only else which
    results: Results = {"set": which, "machine": machine(), "records": []}
    if asked.only and kept.exists():
        results = {**json.loads(kept.read_text(encoding="utf-8")), "machine": machine()}
        results["set"] = which
    with tempfile.TemporaryDirectory(prefix="gdsym-benchmarks-") as cache:
        measure_all(chosen, asked, results, kept, cache)
    return write(asked.output, results)


def selected(full: bool, tiny: bool, only: str | None) -> list[Case]:
    cases = [case for case in all_cases() if case.tiny == tiny]
    if only is not None:
        return [case for case in cases if fnmatch.fnmatch(case.name, only)]
    return [case for case in cases if full or tiny or case.quick]


def measure_all(
    chosen: list[Case], asked: argparse.Namespace, results: Results, kept: Path, cache: str
) -> None:
    """Every case with every heap that is asked for; the tiny ones in one process, without
    rounds."""
    began, together = time.perf_counter(), asked.tiny
    runs: list[tuple[tuple[Case, ...], str]] = [
        ((case,), heap)
        for case in chosen
        for heap in (case.quick if results["set"] == "quick" else case.heaps)
        if asked.heap in (None, heap)
    ]
    if together:
        runs = [(tuple(chosen), "default")]
    for number, (cases, heap) in enumerate(runs, 1):
        more = {**SETTINGS, **os.environ, **HEAPS[heap]}
        more |= {"GDSYM_CACHE_DIR": cache, "TMPDIR": cache}
        more |= REHEARSED if together else {}
        others = round(busy(), 2)
        for record in measured(cases, heap, more, 0.0 if together else None):
            add(results, {**record, "busy": others})
        kept.write_text(text_of(results), encoding="utf-8")
        spent = time.perf_counter() - began
        print(f"{spent:6.0f} s  {number}/{len(runs)}  {cases[0].name} ({heap} heap)", flush=True)


def measured(
    cases: tuple[Case, ...], heap: str, more: Mapping[str, str], seconds: float | None
) -> list[Record]:
    """The records of cases, measured by one process; of one that ends early, by another without
    the contender at which it ended."""
    needed, free = max(case.megabytes for case in cases), memory("MemAvailable")
    if needed > free:
        return [
            skipped(case, heap, f"needs {needed:.0f} MB, {free:.0f} are free") for case in cases
        ]
    limit = sum(PREPARATION + 3 * case.seconds for case in cases)
    without: list[str] = []
    for _ in range(ATTEMPTS):
        found = worked(cases, more, without, seconds, limit)
        if not (at := found[-1]["at"] if found else ""):
            break
        without.append(at)
    if not found:
        return [skipped(case, heap, "its process ended without a word") for case in cases]
    return [{**record, "heap": heap, "family": family(cases, record)} for record in found]


def family(cases: tuple[Case, ...], record: Record) -> str:
    return next(case.family for case in cases if case.name == record["case"])


def skipped(case: Case, heap: str, why: str) -> Record:
    about = {"case": case.name, "family": case.family, "heap": heap}
    return {**about, "unit": "s", "amounts": {}, "left_out": {}, "skipped": why}


def worked(
    cases: tuple[Case, ...],
    more: Mapping[str, str],
    without: list[str],
    seconds: float | None,
    limit: float,
) -> list[Record]:
    """The last word of a worker about each case that it came to."""
    command = [sys.executable, "-m", "benchmarks.worker", *(case.name for case in cases)]
    command += [word for name in without for word in ("--without", name)]
    command += [] if seconds is None else ["--seconds", str(seconds)]
    with tempfile.TemporaryFile("w+") as out:
        worker = subprocess.Popen(
            command, cwd=ROOT, env=environment(more), stdout=out, start_new_session=True
        )
        try:
            worker.wait(limit)
        except subprocess.TimeoutExpired:
            pass  # what it has said so far counts
        finally:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        out.seek(0)
        records = [
            json.loads(line) for line in out if line.startswith("{") and line.endswith("}\n")
        ]
    return list({record["case"]: record for record in records}.values())


def add(results: Results, record: Record) -> None:
    """Puts a record in the place of the one of the same case and heap, or at the end."""
    record = {key: value for key, value in record.items() if key != "at"}
    same = (record["case"], record["heap"])
    for place, old in enumerate(results["records"]):
        if (old["case"], old["heap"]) == same:
            results["records"][place] = record
            return
    results["records"].append(record)


def text_of(results: Results) -> str:
    """JSON with a line for each record, so that a new run is a short difference."""
    head = {key: value for key, value in results.items() if key != "records"}
    records = ",\n".join(json.dumps(record) for record in results["records"])
    return f'{json.dumps(head)[:-1]}, "records": [\n{records}\n]}}\n'


def write(folder: Path, results: Results) -> int:
    for path, text in pages(results).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(f"{folder / 'benchmarks.md'} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
