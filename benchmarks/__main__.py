"""`python -m benchmarks` measures gdsym beside its peers and writes docs/benchmarks.md.

The quick set takes about five minutes; `--full` has all cases, in about forty. Each case runs
in a process of its own; what is measured is kept in docs/benchmarks/results.json as it comes, so
a run that was interrupted is finished by `--full --resume`.
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
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import results as kept
from benchmarks.cases import Case, all_cases
from benchmarks.machine import HEAPS, SETTINGS, busy, machine, memory, ticks
from benchmarks.page import pages
from benchmarks.processes import ROOT, environment
from benchmarks.results import Record, Results, Turn

PATIENCE = 10  # times as long as a case is expected to take, before its process is ended
ATTEMPTS = 4  # at a case whose contenders end the process; each leaves out one more
# The tiny set compares answers, and compiles nothing that it need not.
REHEARSED = {"NUMBA_DISABLE_JIT": "1"}
QUICKLY = 2.5  # seconds for the rounds of a case of the quick set
INTERRUPTED = 130  # the exit status of a command that ended by Ctrl-C


def main() -> int:
    parser = options()
    asked = parser.parse_args()
    chosen = selected(asked.full, asked.tiny, asked.only)
    if not chosen:
        parser.error(f"no case is called {asked.only}: --full --list names them")
    if asked.list:
        print(*(case.name for case in chosen), sep="\n")
        return 0
    path = asked.output / "benchmarks" / "results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if asked.render:
        return write(asked.output, kept.read(path))
    try:
        results = begin(asked, path)
    except kept.Unlike as error:
        parser.error(f"{path} has figures of another machine: {error}. -o FOLDER writes elsewhere")
    turns = scheduled(chosen, asked)
    if asked.resume:
        turns = kept.missing(turns, results)
    try:
        with tempfile.TemporaryDirectory(prefix="gdsym-benchmarks-") as cache:
            measure_all(turns, asked, results, path, cache)
    except KeyboardInterrupt:
        print("interrupted: what was measured is kept, --resume measures the rest")
        return write(asked.output, results) or INTERRUPTED
    return write(asked.output, results)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all cases, not only the quick ones")
    parser.add_argument("--tiny", action="store_true", help="the smallest cases, in one process")
    parser.add_argument("--only", metavar="PATTERN", help="cases of such names: 'logistic*'")
    parser.add_argument("--resume", action="store_true", help="only what has no figures yet")
    parser.add_argument("--heap", choices=list(HEAPS), help="with this heap alone")
    parser.add_argument("--render", action="store_true", help="the page anew, nothing is measured")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs", metavar="FOLDER")
    return parser


def begin(asked: argparse.Namespace, path: Path) -> Results:
    """Empty results, or those that are there where only some are measured."""
    if asked.only or asked.resume or asked.heap:
        return kept.continued(path, machine())
    return kept.begun(machine())


def selected(full: bool, tiny: bool, only: str | None) -> list[Case]:
    cases = [case for case in all_cases() if case.tiny == tiny]
    if only is not None:
        return [case for case in cases if fnmatch.fnmatch(case.name, only)]
    return [case for case in cases if full or tiny or case.quick]


def scheduled(chosen: list[Case], asked: argparse.Namespace) -> list[Turn]:
    """Every case with every heap that is asked for, those with the default heap first, since most
    bars are about them; the tiny ones in one process."""
    if asked.tiny:
        return [(tuple(chosen), "default")]
    all_heaps = asked.full or asked.only
    return [
        ((case,), heap)
        for heap in HEAPS
        for case in chosen
        if heap in (case.heaps if all_heaps else case.quick) and asked.heap in (None, heap)
    ]


def measure_all(
    turns: list[Turn], asked: argparse.Namespace, results: Results, path: Path, cache: str
) -> None:
    """Takes all turns, and keeps the figures after each; the tiny ones without rounds."""
    seconds = 0.0 if asked.tiny else None if asked.full or asked.only else QUICKLY
    left = sum(case.takes for cases, _ in turns for case in cases)
    count = len({case.name for cases, _ in turns for case in cases})
    print(f"{count} cases, {len(turns)} runs, about {left / 60:.0f} minutes", flush=True)
    began, run = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    places = [(case.name, heap) for case in all_cases() for heap in HEAPS]
    order = {place: i for i, place in enumerate(places)}
    for number, (cases, heap) in enumerate(turns, 1):
        more = {**SETTINGS, **os.environ, **HEAPS[heap]}
        more |= {"GDSYM_CACHE_DIR": cache, "TMPDIR": cache}
        more |= REHEARSED if asked.tiny else {}
        before, start = ticks(), time.perf_counter()
        records = measured(cases, heap, more, seconds)
        took = (time.perf_counter() - start) / len(cases)
        about = {"run": run, "took": round(took, 1), "busy": round(busy(before, ticks()), 2)}
        for record in records:
            kept.add(results, {**record, **about}, order)
        results["set"] = kept.extent(results, all_cases())
        path.write_text(kept.text_of(results), encoding="utf-8")
        spent, left = time.perf_counter() - began, left - sum(case.takes for case in cases)
        done = f"{number}/{len(turns)}  {cases[0].name} ({heap} heap)"
        print(f"{spent:6.0f} s  {done}, {left / 60:.0f} minutes to go", flush=True)


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
    limit = sum(PATIENCE * case.takes for case in cases)
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
    late = False
    with tempfile.TemporaryFile("w+") as out:
        worker = subprocess.Popen(
            command, cwd=ROOT, env=environment(more), stdout=out, start_new_session=True
        )
        try:
            worker.wait(limit)
        except subprocess.TimeoutExpired:
            late = True  # what it has said so far counts
        finally:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        out.seek(0)
        return last_words(out, late)


def last_words(lines: Iterable[str], late: bool) -> list[Record]:
    """The last record of each case among the lines of a worker, which may end within one."""
    whole = (json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n"))
    found = list({record["case"]: record for record in whole}.values())
    if late and found and any(found[-1]["amounts"].values()):
        found[-1]["at"] = ""  # all have figures: nobody is at fault for a round that came too late
    return found


def write(folder: Path, results: Results) -> int:
    results["set"] = kept.extent(results, all_cases())
    for path, text in pages(results).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(f"{folder / 'benchmarks.md'} is written")
    return 0


if __name__ == "__main__":
    # As Ctrl-C does, whatever ends the run lets it write what there is: `timeout 40m`, `kill`.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
