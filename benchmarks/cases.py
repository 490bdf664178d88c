"""What a case is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from benchmarks.race import Race

DEFAULT, BOTH = ("default",), ("default", "kept")
# Rows of which a column is nearly a megabyte: less never leaves the heap, whichever it is.
LARGE = 10**5


@dataclass(frozen=True)
class Case:
    """`race` makes the contenders with their data, in the process that measures them.

    `quick`: the settings of malloc with which it is part of the quick set, `heaps`: those of the
    full one. `megabytes`: what data and contenders need at most. `seconds`: for the rounds, which
    go on until five are done. `preparation`: seconds for libraries, data and compilation.
    """

    name: str
    family: str
    race: Callable[[], Race]
    quick: tuple[str, ...] = ()
    tiny: bool = False  # only of the set that is run by the tests
    megabytes: float = 500
    heaps: tuple[str, ...] = DEFAULT
    seconds: float = 8
    preparation: float = 6

    @property
    def takes(self) -> float:
        """About as many seconds as the whole case takes, on two cores."""
        return self.preparation + self.seconds


def number(n: int) -> str:
    """1000000 as 1e6, 20000 as 2e4, 12 as 12."""
    zeros = len(str(n)) - len(str(n).rstrip("0"))
    return f"{n // 10**zeros}e{zeros}" if zeros > 2 else str(n)


def size(*counts: int) -> str:
    """Rows and columns, 1e5x100."""
    return "x".join([number(counts[0]), *map(str, counts[1:])])


def all_cases() -> list[Case]:
    """Every case of every family, in the order of the page."""
    from benchmarks import (
        commands,
        elementwise,
        fits,
        hessians,
        linear,
        memory,
        minibatches,
        networks,
        ratings,
        softmax,
        startup,
    )

    families = linear, softmax, elementwise, hessians, fits, minibatches, ratings, networks
    rest = commands, startup, memory
    return list(chain.from_iterable(family.cases() for family in (*families, *rest)))
