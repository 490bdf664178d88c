"""Commands in fresh processes: what they print, and the memory they take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Runs a command and prints its peak in KiB. A process is charged with the size of the one that it
# was forked from (getrusage(2)), so that one has to be small.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
RAISED = re.compile(r"[\w.]*(Error|Exception)\b")
GDSYM = (sys.executable, "-m", "gdsym")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process, where `gdsym` and `benchmarks` can be imported.

    Python keeps what it compiled, as it does for everybody.
    """
    given = {**os.environ, **(more or {})}
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    paths = [str(ROOT), *filter(None, [given.get("PYTHONPATH")])]
    return {**given, "PYTHONPATH": os.pathsep.join(paths)}


@dataclass(frozen=True)
class Done:
    """What a process printed on stdout, and the seconds that it took."""

    text: str
    seconds: float


def done(command: Sequence[str], more: Mapping[str, str] | None = None) -> Done:
    """Runs a command. Raises ModuleNotFoundError where it did, RuntimeError where it failed."""
    began = time.perf_counter()
    answer = subprocess.run(command, capture_output=True, text=True, env=environment(more))
    seconds = time.perf_counter() - began
    if answer.returncode:
        _raise(answer.stderr)
    return Done(answer.stdout, seconds)


def peak(command: Sequence[str], more: Mapping[str, str] | None = None) -> tuple[str, float]:
    """What a command prints, and the most memory that it held, in MB."""
    launched = done([sys.executable, "-I", "-S", "-c", LAUNCHER, *command], more).text
    text, _, kibibytes = launched.rstrip().rpartition("\n")
    return text, int(kibibytes) * 1024 / 1e6


def _raise(said: str) -> None:
    """Raises what a process said at its end: the first line of an exception, or the last."""
    lines = said.strip().splitlines() or ["it failed without a word"]
    last = next((line for line in reversed(lines) if RAISED.match(line)), lines[-1])
    if last.startswith("ModuleNotFoundError"):
        raise ModuleNotFoundError(last, name=last.split("'")[1].split(".")[0])
    raise RuntimeError(last)
