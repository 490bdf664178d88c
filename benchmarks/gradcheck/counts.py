"""How many of the wrong gradients, and of the right ones, four checkers object to.

    python benchmarks/gradcheck/counts.py              # all: many minutes; writes counts.csv
    python benchmarks/gradcheck/counts.py --first 10   # shows the lines of the first ones
    python benchmarks/gradcheck/counts.py --table      # the table of the page, from counts.csv

The gradients are those of `wrong_functions.py` that `measure.py` diagnoses. What they belong to,
as the other checkers take it, is the objective in `tests/zoo_by_hand.py`, of one vector, at data
and a point that are drawn from what the model declares. A gradient counts as wrong where it
differs from the right one by hand at one of several points, whoever objects to it.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
TESTS = HERE.parents[1] / "tests"
sys.path[:0] = [str(HERE), str(TESTS)]

import numpy as np  # noqa: E402
import zoo_by_hand  # noqa: E402
from by_hand import BY_HAND  # noqa: E402
from measure import model_of, of_functions, text_of  # noqa: E402
from others import Flat, jax_objection, scipy_difference, torch_objection  # noqa: E402
from wrong_functions import right_function  # noqa: E402

import gdsym  # noqa: E402
from gdsym.calculus.build import build  # noqa: E402
from gdsym.calculus.derive import derive  # noqa: E402
from gdsym.gradcheck.functions import places  # noqa: E402
from gdsym.gradcheck.points import point, sizes  # noqa: E402

RESULTS = HERE / "counts.csv"
# The random points where a planted mistake may show: the others are given the first. Seeds are
# even, for the others draw numbers so large that the objective by hand loses its digits.
SEEDS = range(40, 52, 2)
# A difference of doubles that is no rounding, as a share of the largest entry.
DIFFERS = 1e-9
# SciPy's number is judged as a share of the gradient, since a difference has the size of the loss.
SCIPY_WRONG = 1e-6
TWO = "two at once"
RIGHT = "nothing: right"

Function = Callable[..., Any]


class Line(NamedTuple):
    """What four checkers do with one gradient: "yes" where they object, "" where not. `named`: the
    planted mistake is, by gdsym. A checker that is not installed has "-"."""

    planted: str
    model: str
    gdsym: str
    named: str
    scipy: str
    torch: str
    jax: str


# -- a loss and a gradient of one vector


class Subject(NamedTuple):
    """A model of the zoo: the values of data and constants at points, and of its parameters."""

    name: str
    params: tuple[str, ...]
    values: tuple[dict[str, Any], ...]


def subject(name: str) -> Subject:
    """At `SEEDS`; constants are as declared, for the objective by hand has them in itself."""
    model = model_of(name)
    kept = places.keeping(model, [const.name for const in model.consts])
    program, of = derive(build(kept)), sizes(model)
    values = tuple(places.arguments(program, point(kept, of, seed)) for seed in SEEDS)
    return Subject(name, tuple(param.name for param in model.params), values)


def flat(of: Subject, gradient: Function, values: Mapping[str, Any]) -> Flat:
    objective = zoo_by_hand.BY_HAND[of.name]
    taken = objective.__code__.co_varnames[: objective.__code__.co_argcount]

    def given(theta: Any) -> dict[str, Any]:
        found, start = dict(values), 0
        for name in of.params:
            shape = np.shape(values[name])
            stop = start + int(np.prod(shape))
            part = np.array(theta[start:stop], dtype=float).reshape(shape)
            found[name], start = part if shape else part.item(), stop
        return found

    def value(theta: Any) -> Any:
        every = given(theta)
        return np.float64(objective(**{name: every[name] for name in taken}))

    def slope(theta: Any) -> Any:
        blocks = gradient(**given(theta))
        parts = [np.ravel(blocks[name]) for name in of.params if name in blocks]
        return np.concatenate(parts).astype(float)

    return Flat(value, slope, np.concatenate([np.ravel(values[name]) for name in of.params]))


def differs(of: Subject, gradient: Function) -> bool:
    """Whether a gradient is another than the right one, at one of the points."""
    right = right_function(model_of(of.name))
    return any(
        _unlike(flat(of, gradient, values), flat(of, right, values)) for values in of.values
    )


def _unlike(one: Flat, other: Flat) -> bool:
    try:
        mine, right = one.slope(one.point), other.slope(other.point)
    except (ValueError, IndexError, ArithmeticError):  # shapes that do not fit
        return True
    most = np.max(np.abs(right))
    return mine.shape != right.shape or not np.max(np.abs(mine - right)) <= DIFFERS * most


# -- what the others do


def of_scipy(given: Flat) -> bool:
    length = np.linalg.norm(given.slope(given.point))
    return not scipy_difference(given) <= SCIPY_WRONG * max(1, length)


def of_torch(given: Flat) -> bool:
    return bool(torch_objection(given))


def of_jax(given: Flat) -> bool:
    return bool(jax_objection(given))


OTHERS: dict[str, tuple[str, Callable[[Flat], bool]]] = {
    "SciPy": ("scipy", of_scipy),
    "PyTorch": ("torch", of_torch),
    "JAX": ("jax", of_jax),
}


def objections(of: Subject, gradient: Function, without: Collection[str]) -> list[str]:
    """What each of the others says at the first point: an error, as of shapes, is an objection."""
    told = []
    for name, (module, check) in OTHERS.items():
        if name in without or not importlib.util.find_spec(module):
            told.append("-")
            continue
        try:
            objects = check(flat(of, gradient, of.values[0]))
        except Exception:  # whatever the checker, or the gradient in it, raises
            objects = True
        told.append(_shown(objects))
    return told


def _shown(yes: bool) -> str:
    return "yes" if yes else ""


# -- all of them


def lines(without: Collection[str]) -> Iterator[Line]:
    """Of all gradients: one mistake, none, two."""
    yield from of_wrong(False, without)
    yield from of_right(without)
    yield from of_wrong(True, without)


def of_wrong(double: bool, without: Collection[str]) -> Iterator[Line]:
    subjects = {name: subject(name) for name in BY_HAND}
    for case in of_functions(double):
        assert case.function is not None
        of = subjects[case.model]
        if case.verdict.holds and not differs(of, case.function):
            continue
        others = objections(of, case.function, without)
        objects = _shown(not case.verdict.holds)
        yield Line(TWO if double else case.kind, case.model, objects, _shown(case.right), *others)


def of_right(without: Collection[str]) -> Iterator[Line]:
    """Every function at every point; gdsym, which draws its own, once."""
    for name in BY_HAND:
        of, right = subject(name), right_function(model_of(name))
        objects = _shown(not gdsym.check_gradient(text_of(name), right).holds)
        for values in of.values:
            others = objections(of._replace(values=(values,)), right, without)
            yield Line(RIGHT, name, objects, "", *others)


# -- the table


def table(found: Iterable[Line]) -> Iterator[str]:
    """Counts by kind of mistake, the most frequent first; two at once and the right ones last."""
    kinds: dict[str, list[Line]] = {}
    for line in found:
        kinds.setdefault(line.planted, []).append(line)
    last = {kind: kinds.pop(kind, []) for kind in (TWO, RIGHT)}
    single = [line for listed in kinds.values() for line in listed]
    yield "| planted | functions | gdsym | and names it | SciPy | PyTorch | JAX |"
    yield "| --- |" + " ---: |" * 6
    for kind, listed in sorted(kinds.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        yield _row(f"`{kind}`", listed)
    yield _row("all with one mistake", single)
    for kind, listed in last.items():
        yield _row(kind, listed)


def _row(title: str, listed: list[Line]) -> str:
    columns = list(zip(*listed, strict=True))[2:]
    counts = [column.count("yes") for column in columns]
    return f"| {title} | {len(listed)} | {' | '.join(map(str, counts))} |"


def read() -> Iterator[Line]:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        for fields in list(csv.reader(file))[1:]:
            yield Line(*fields)


def main(first: int, without: Collection[str]) -> None:
    found = islice(lines(without), first or None)
    if first:
        csv.writer(sys.stdout, lineterminator="\n").writerows(found)
        return
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Line._fields)
        for line in found:
            writer.writerow(line)
            file.flush()
    print("\n".join(table(read())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=0, metavar="N")
    parser.add_argument("--without", nargs="+", default=[], metavar="CHECKER")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.table:
        print("\n".join(table(read())))
    else:
        main(asked.first, asked.without)
