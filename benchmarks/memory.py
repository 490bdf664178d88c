"""Peak memory above the data: each contender alone in a fresh process.

The libraries are loaded and warm before: the contender has already done the same on a few rows.
What it copies of the data when it is built counts.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import fits, hessians, linear
from benchmarks.cases import DEFAULT, Case, size
from benchmarks.processes import done
from benchmarks.race import Contender, Measured, Race, Run, Vector, close

FAMILY = "Memory"
FEW = 2000  # rows of the rehearsal

RACES: dict[str, Callable[[int, int], Race]] = {
    "value and gradient": partial(linear.race, linear.LOSSES["logistic"]),
    "hessian": partial(hessians.race, "logistic"),
    "hessian times a vector": partial(hessians.product_race, "logistic"),
    "newton fit": fits.newton,
    "lbfgs fit": fits.lbfgs,
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
            megabytes=500 + 8e-6 * n * 5 * d,
            heaps=DEFAULT,
            seconds=90,
        )
        for what, n, d in sets
    ]


def race(what: str, n: int, d: int) -> Race:
    """The contenders of another race, each measured by a process of its own."""

    def alone(name: str) -> Run:
        command = (sys.executable, "-m", "benchmarks.memory", what, name, str(n), str(d))

        def run() -> Measured:
            found = json.loads(done(command).text.splitlines()[-1])
            if "left_out" in found:
                raise LookupError(found["left_out"])
            return Measured(found["megabytes"], np.array(found["answer"]))

        return run

    contenders = tuple(
        Contender(c.name, partial(alone, c.name), None) for c in RACES[what](FEW, d).contenders
    )
    tolerance = 1e-4 if "fit" in what else 1e-8
    return Race(contenders, close(tolerance, tolerance), unit="MB", rounds=1)


def measure(what: str, name: str, n: int, d: int) -> Measured:
    """The peak of one contender above what the process holds before it is built."""
    _run(what, name, FEW, d)  # so that libraries are loaded and threads have their stacks
    whole = RACES[what](n, d)
    gc.collect()
    held = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: proc(5)
    answer = _answer(whole, name)
    return Measured(_status("VmHWM") - held, answer)


def _run(what: str, name: str, n: int, d: int) -> Vector:
    return _answer(RACES[what](n, d), name)


def _answer(race: Race, name: str) -> Vector:
    contender = next(c for c in race.contenders if c.name == name)
    result = contender.build()()
    return result.answer if isinstance(result, Measured) else result


def _status(entry: str) -> float:
    """An entry of the kernel's account of this process, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{entry}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(entry)


def main() -> None:
    from threadpoolctl import threadpool_limits

    what, name, n, d = sys.argv[1:]
    try:
        with threadpool_limits(1 if "threads" not in name else None, user_api="blas"):
            found = measure(what, name, int(n), int(d))
    except ModuleNotFoundError as error:
        print(json.dumps({"left_out": f"{error.name} is not installed"}))
    except Exception as error:  # reported by the process that compares
        print(json.dumps({"left_out": f"{type(error).__name__}: {error}".splitlines()[0]}))
    else:
        print(json.dumps({"megabytes": found.amount, "answer": found.answer.tolist()}))


if __name__ == "__main__":
    main()
