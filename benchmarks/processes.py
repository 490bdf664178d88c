"""Commands in fresh processes: what they print, and the memory they take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
GDSYM = (sys.executable, "-m", "gdsym")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process, where `gdsym` and `benchmarks` can be imported."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(more or {})}


@dataclass(frozen=True)
class Done:
    """What a process printed on stdout, how long it took, and the most memory that it held."""

    text: str
    seconds: float
    megabytes: float


def done(command: Sequence[str], more: Mapping[str, str] | None = None) -> Done:
    """Runs a command. Raises ModuleNotFoundError where it did, RuntimeError where it failed."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = subprocess.Popen(command, stdout=out, stderr=err, env=environment(more))
        _, status, usage = os.wait4(started.pid, 0)
        seconds = time.perf_counter() - began
        started.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if started.returncode:
            _raise(err.read())
        return Done(out.read(), seconds, usage.ru_maxrss * 1024 / 1e6)  # Linux counts in KiB


def _raise(said: str) -> None:
    last = said.strip().splitlines()[-1:] or ["no word"]
    if last[0].startswith("ModuleNotFoundError"):
        missing = last[0].split("'")[1]
        raise ModuleNotFoundError(last[0], name=missing)
    raise RuntimeError(last[0])
