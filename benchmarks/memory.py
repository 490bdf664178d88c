"""Peak memory above the data: each contender alone in a fresh process.

The libraries are loaded and warm before: the contender has already done the same on a few rows.
What it copies of the data when it is built counts.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from benchmarks import fits, hessians, linear, minibatches
from benchmarks.cases import DEFAULT, Case, size
from benchmarks.processes import done
from benchmarks.race import Contender, Measured, Race, Run, Vector, close, limited

FAMILY = "Memory"
FEW = 2000  # rows of the rehearsal

RACES: dict[str, Callable[[int, int], Race]] = {
    "value and gradient": partial(linear.race, linear.LOSSES["logistic"]),
    "hessian": partial(hessians.race, "logistic"),
    "hessian times a vector": partial(hessians.product_race, "logistic"),
    "newton fit": fits.newton,
    "lbfgs fit": fits.lbfgs,
    "adam epoch": partial(minibatches.race, "adam", 250),
}
# What they take with a million rows and 100 columns, all contenders together.
SECONDS = {
    "value and gradient": 35,
    "hessian": 25,
    "hessian times a vector": 20,
    "newton fit": 90,
    "lbfgs fit": 50,
    "adam epoch": 80,
}


def cases() -> list[Case]:
    sets = [
        *((what, 10**6, 100) for what in RACES),
        ("value and gradient", 10**5, 100),
        ("hessian times a vector", 2000, 3),
    ]
    return [
        Case(
            f"memory of {what} {size(n, d)}",
            FAMILY,
            partial(race, what, n, d),
            quick=DEFAULT * (n == 10**5),
            tiny=n == 2000,
            megabytes=500 + 8e-6 * n * 10 * d,
            seconds=1,
            preparation=SECONDS[what] if n == 10**6 else 30,
        )
        for what, n, d in sets
    ]


def race(what: str, n: int, d: int) -> Race:
    """The contenders of another race, each measured by a process of its own."""

    def alone(name: str) -> Run:
        command = (sys.executable, "-m", "benchmarks.memory", what, name, str(n), str(d))

        def run() -> Measured:
            found = json.loads(done(command).text.splitlines()[-1])
            return Measured(found["megabytes"], np.array(found["answer"]))

        return run

    contenders = tuple(
        Contender(c.name, partial(alone, c.name), None) for c in RACES[what](FEW, d).contenders
    )
    tolerance = 1e-4 if what.endswith(("fit", "epoch")) else 1e-8
    return Race(contenders, close(tolerance, tolerance), unit="MB", rounds=1)


def measure(what: str, name: str, n: int, d: int) -> Measured:
    """The peak of one contender above what the process holds before it is built."""
    _answer(RACES[what](FEW, d), name)  # so that libraries are loaded, threads have their stacks
    whole = RACES[what](n, d)
    gc.collect()
    _return_what_is_free()
    held = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: proc(5)
    answer = _answer(whole, name)
    return Measured(_status("VmHWM") - held, answer)


def _return_what_is_free() -> None:
    """Gives the free parts of the heap back to the system (malloc_trim(3)): what is taken again
    counts for who takes it."""
    with contextlib.suppress(AttributeError):  # a library of C without it keeps none
        ctypes.CDLL(None).malloc_trim(0)


def _answer(race: Race, name: str) -> Vector:
    contender = next(c for c in race.contenders if c.name == name)
    with limited(contender, ThreadpoolController()):
        result = contender.build()()
    return result.answer if isinstance(result, Measured) else result


def _status(entry: str) -> float:
    """An entry of the kernel's account of this process, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{entry}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(entry)


def main() -> None:
    what, name, n, d = sys.argv[1:]
    found = measure(what, name, int(n), int(d))
    print(json.dumps({"megabytes": found.amount, "answer": found.answer.tolist()}))


if __name__ == "__main__":
    main()
