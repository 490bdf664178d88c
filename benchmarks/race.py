"""One case: contenders that compute the same thing, checked against each other, taking turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Vector = NDArray[Any]

ROUNDS = 15
FEWEST = 5  # rounds of which there is a median worth the name, however long they take
# Before each turn, again and again until threads that spun for the contender before are asleep:
# OpenBLAS's spin for a tenth of a second, on the core that another's threads would have.
PAUSE, PAUSES = 0.012, 25  # seconds, in which a system counts its threads' times; at most so many
# A turn lasts at least this long, by repetition, as an optimizer calls: an idle core takes a while
# to wake. A call longer than WARM needs no untimed one before it, because it is far longer than
# what the caches hold takes to load.
TURN, WARM = 0.05, 0.05  # seconds


@dataclass(frozen=True)
class Measured:
    """What a contender measured itself: memory, or the part of a call that counts."""

    amount: float
    answer: Vector


Run = Callable[[], "Vector | Measured"]


@dataclass(frozen=True)
class Contender:
    """`build` makes the call that is timed, with data bound and code compiled.

    `blas`: threads of NumPy's BLAS, None for as many as it takes by itself. `answer`: what is
    compared in place of the result of the call.
    """

    name: str
    build: Callable[[], Run]
    blas: int | None = 1
    answer: Callable[[], Vector] | None = None


@dataclass(frozen=True)
class Race:
    """Contenders for one case; `right` raises AssertionError where an answer is not right.

    It is given the answer of the first contender that could be built, and another's.
    """

    contenders: tuple[Contender, ...]
    right: Callable[[Vector, Vector], None]
    unit: str = "s"
    rounds: int = ROUNDS


@dataclass
class Taken:
    """The amounts of each contender, one a round, and why others are left out."""

    unit: str
    amounts: dict[str, list[float]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    at: str = ""  # who is at work, for whoever sees the process end without a word


@dataclass(frozen=True)
class Ready:
    contender: Contender
    run: Run
    repeats: int  # calls in a turn
    warm: bool  # whether an untimed call goes first
    amounts: tuple[float, ...] = ()  # of the first call, where it measured itself


def close(rtol: float, atol: float) -> Callable[[Vector, Vector], None]:
    """Answers are equal within these tolerances, relative to the largest entry."""

    def right(ours: Vector, theirs: Vector) -> None:
        scale = float(np.max(np.abs(ours), initial=0.0))
        np.testing.assert_allclose(theirs, ours, rtol=rtol, atol=atol * max(scale, 1e-300))

    return right


def run(
    race: Race, seconds: float, told: Callable[[Taken], None], without: Collection[str]
) -> None:
    """Runs a race for about so many seconds, for no seconds one round.

    `told` is called whenever something is known.
    """
    ended = [contender.name for contender in race.contenders if contender.name in without]
    why = "ended the process, or took too long"
    taken = Taken(race.unit, left_out=dict.fromkeys(ended, why))
    ready = _prepared(race, taken, told)
    taken.amounts = {one.contender.name: list(one.amounts) for one in ready}
    pools, began = ThreadpoolController(), time.perf_counter()
    fewest = FEWEST if seconds else 1
    for turn in range(race.rounds):
        for one in (ready[i] for i in np.random.default_rng(turn).permutation(len(ready))):
            taken.at = one.contender.name
            if len(taken.amounts[taken.at]) <= turn:
                taken.amounts[taken.at].append(_turn(one, pools))
        told(taken)
        if turn + 1 >= fewest and time.perf_counter() - began > seconds:
            break
    taken.at = ""
    told(taken)


def _prepared(race: Race, taken: Taken, told: Callable[[Taken], None]) -> list[Ready]:
    ready: list[Ready] = []
    truth: Vector | None = None
    for contender in race.contenders:
        if contender.name in taken.left_out:
            continue
        taken.at = contender.name
        told(taken)
        try:
            one, answer = _built(contender)
            truth = answer if truth is None else truth
            race.right(truth, answer)
        except ModuleNotFoundError as error:
            taken.left_out[contender.name] = f"{error.name} is not installed"
        except AssertionError as error:
            taken.left_out[contender.name] = f"another answer: {_line(error)}"
        except Exception as error:  # whatever a peer raises, the others are measured
            taken.left_out[contender.name] = f"{type(error).__name__}: {_line(error)}"
        else:
            ready.append(one)
    return ready


def _built(contender: Contender) -> tuple[Ready, Vector]:
    with limited(contender, ThreadpoolController()):
        run = contender.build()
        ready, answer = _tried(contender, run, run())
        return ready, answer if contender.answer is None else contender.answer()


def _tried(contender: Contender, run: Run, result: Vector | Measured) -> tuple[Ready, Vector]:
    """How to time a call, from its first result, which may have compiled it, and a second."""
    if isinstance(result, Measured):
        return Ready(contender, run, 1, False, (result.amount,)), result.answer
    start = time.perf_counter()
    run()
    elapsed = time.perf_counter() - start
    repeats = max(1, int(TURN / max(elapsed, 1e-7)))
    return Ready(contender, run, repeats, elapsed < WARM), result


def _turn(one: Ready, pools: ThreadpoolController) -> float:
    with limited(one.contender, pools):
        _quiet()
        if one.warm:
            one.run()
        start = time.perf_counter()
        for _ in range(one.repeats):
            result = one.run()
        elapsed = time.perf_counter() - start
    return result.amount if isinstance(result, Measured) else elapsed / one.repeats


def _quiet() -> None:
    """Waits until no thread of this process is at work."""
    for _ in range(PAUSES):
        before = time.process_time()
        time.sleep(PAUSE)
        if time.process_time() - before < PAUSE / 4:
            return


def limited(contender: Contender, pools: ThreadpoolController) -> AbstractContextManager[Any]:
    """Holds NumPy's BLAS to the threads of a contender."""
    if contender.blas is None:
        return nullcontext()
    held: AbstractContextManager[Any] = pools.limit(limits=contender.blas, user_api="blas")
    return held


def _line(error: BaseException) -> str:
    """What an exception says first; NumPy says in the next lines how far answers are apart."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[: 4 if isinstance(error, AssertionError) else 1])
