"""Mistakes in what a function computes with: some of the rows, other labels, a row off.

They are made on points: the exact derivative at a changed point is what the function gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from gdsym.calculus.derive import derive
from gdsym.calculus.program import Node, Program
from gdsym.gradcheck.diagnose.samples import Array, Claimed, Samples, same
from gdsym.gradcheck.points import Point
from gdsym.gradcheck.report import Finding
from gdsym.language.model import Const, Data, Model

Rows = Callable[[int], list[int]]

# Which rows of n: the batches of code that was meant for trying.
BATCHES: tuple[tuple[str, Rows], ...] = (
    ("only the first row is used", lambda n: [0]),
    ("only the last row is used", lambda n: [n - 1]),
    ("only the first half of the rows is used", lambda n: [*range(n // 2)]),
    ("only the second half of the rows is used", lambda n: [*range(n // 2, n)]),
    ("the last row is left out", lambda n: [*range(n - 1)]),
    ("the first row is left out", lambda n: [*range(1, n)]),
    ("only every second row is used", lambda n: [*range(0, n, 2)]),
    ("only the first 2 rows are used", lambda n: [*range(min(2, n))]),
    ("only the first 3 rows are used", lambda n: [*range(min(3, n))]),
    ("only the first 4 rows are used", lambda n: [*range(min(4, n))]),
)
LABELS: dict[tuple[int, ...], tuple[Callable[[Any], Any], ...]] = {
    (0, 1): (lambda v: 2 * v - 1, lambda v: 1 - v, lambda v: (v + 1) / 2),
    (-1, 1): (lambda v: (v + 1) / 2, lambda v: -v, lambda v: 2 * v - 1),
}


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A mistake of this kind: what nodes are because of it, by node and point."""

    finding: Finding
    values: Callable[[Samples, Sequence[Node]], list[list[Array]]]


def mistaken(
    program: Program, names: tuple[str, ...], batches: Sequence[tuple[str, Rows]] = BATCHES
) -> Iterator[Mistaken]:
    """Other rows, labels, data or parameters than those that are meant."""
    model = program.model
    if model.row is not None and any(model.row in data.dims for data in model.data):
        yield from _of_rows(program, names, batches)
    for data in model.data:
        yield from _of_data(model, data)
    yield from _of_parameters(model)


def _at(
    change: Callable[[Point], Point],
) -> Callable[[Samples, Sequence[Node]], list[list[Array]]]:
    """The values at changed points, which have the same sizes."""

    def values(samples: Samples, nodes: Sequence[Node]) -> list[list[Array]]:
        changed = replace(samples, points=tuple(map(change, samples.points)))
        return changed.values(nodes)

    return values


def _of_rows(
    program: Program, names: tuple[str, ...], batches: Sequence[tuple[str, Rows]]
) -> Iterator[Mistaken]:
    """A batch in place of all rows: its own mean, or its share of all of them."""
    model = program.model
    if any(model.row in item.dims for item in model.params):
        return
    rest = None
    if len(names) == 1:
        loss = derive(replace(program, value=program.loss)).grads[names[0]]
        rest = program.graph.sub(program.grads[names[0]], loss)
    for text, rows in batches:
        finding = Finding("partial_data", "", text)
        for share in (0, 1, -1):

            def values(
                samples: Samples, nodes: Sequence[Node], rows: Rows = rows, share: int = share
            ) -> list[list[Array]]:
                return _of_batch(program, rest, samples, nodes, rows, share)

            yield Mistaken(finding, values)


def _of_batch(
    program: Program,
    rest: Node | None,
    samples: Samples,
    nodes: Sequence[Node],
    rows: Rows,
    share: int,
) -> list[list[Array]]:
    """`rest` is what the penalties give, which does not depend on rows."""
    model = program.model
    some = replace(samples, points=tuple(_kept(model, at, rows) for at in samples.points))
    found = some.values(nodes)
    if not share or rest is None:
        return found
    assert model.row is not None
    sizes = [at.sizes[model.row] for at in samples.points]
    parts = [(len(rows(n)) / n) ** share for n in sizes]
    (aside,) = replace(samples, program=program).values([rest])
    return [[a + p * (v - a) for a, p, v in zip(aside, parts, own, strict=True)] for own in found]


def _kept(model: Model, at: Point, rows: Rows) -> Point:
    """A point with some of its rows; all dims that are like the rows get shorter, too."""
    assert model.row is not None
    alike = {model.row, *model.aliases(model.row)}
    kept = rows(at.sizes[model.row])
    sizes = {n: len(kept) if n in alike else s for n, s in at.sizes.items()}
    values = dict(at.values)
    items: list[Data | Const] = [*model.data, *model.consts]
    for item in items:
        if item.name in values:
            values[item.name] = _some(values[item.name], item.dims, alike, kept)
    return Point(sizes, values)


def _some(value: Any, dims: tuple[str, ...], alike: set[str], kept: list[int]) -> Any:
    if not dims:
        return value
    parts = [value[i] for i in kept] if dims[0] in alike else value
    return [_some(part, dims[1:], alike, kept) for part in parts]


def _of_data(model: Model, data: Data) -> Iterator[Mistaken]:
    name = data.name
    coding = tuple(map(int, sorted(data.domain.values or ())))
    for change in LABELS.get(coding, ()):
        listed = ", ".join(map(str, coding))
        told = f"`{name}` is in {{{listed}}}, and is taken for labels of another coding"
        finding = Finding("label_coding", name, told)
        yield Mistaken(finding, _at(_entrywise(name, change)))
    if data.dims == (model.row,):
        for step, told in ((1, "the row before"), (-1, "the next row")):
            finding = Finding("shifted_index", name, f"every entry of `{name}` is that of {told}")
            yield Mistaken(finding, _at(_shifted(name, step)))
    for other in model.data:
        if other.name > name and (other.dims, other.domain) == (data.dims, data.domain):
            finding = Finding("wrong_term", name, f"`{name}` and `{other.name}` are exchanged")
            yield Mistaken(finding, _at(_exchanged(name, other.name)))


def _of_parameters(model: Model) -> Iterator[Mistaken]:
    for place, one in enumerate(model.params):
        for other in model.params[place + 1 :]:
            if one.dims == other.dims:
                told = f"`{one.name}` and `{other.name}` are exchanged in its arguments"
                finding = Finding("swapped_parameters", one.name, told)
                yield Mistaken(finding, _at(_exchanged(one.name, other.name)))


def _entrywise(name: str, change: Callable[[Any], Any]) -> Callable[[Point], Point]:
    def each(value: Any) -> Any:
        return [each(part) for part in value] if isinstance(value, list) else change(value)

    return lambda at: Point(at.sizes, at.values | {name: each(at.values[name])})


def _shifted(name: str, step: int) -> Callable[[Point], Point]:
    def shifted(at: Point) -> Point:
        value = at.values[name]
        return Point(at.sizes, at.values | {name: value[-step:] + value[:-step]})

    return shifted


def _exchanged(one: str, other: str) -> Callable[[Point], Point]:
    return lambda at: Point(at.sizes, at.values | {one: at.values[other], other: at.values[one]})


def batches_of(model: Model, at: Point, ask: Claimed) -> list[tuple[str, Rows]]:
    """The batches with all rows that a function reads: a row is read where another one in its
    place changes what it gives."""
    if model.row is None:
        return []
    size, before = at.sizes[model.row], ask(at)
    read = set()
    for row in range(size):
        places = [*range(size)]
        places[row] = (row + 1) % size
        after = ask(_kept(model, at, lambda _, places=places: places))  # type: ignore[misc]
        if before is None or after is None or after != before:
            read.add(row)
    return [(text, rows) for text, rows in BATCHES if read <= set(rows(size)) and read]


def unread(
    model: Model, samples: Samples, exact: Node, ask: Claimed
) -> tuple[str, Callable[[Any], Callable[[Point], Point]]] | None:
    """The coordinate of a parameter that a function does not read, where the derivative does,
    and what puts a value there; None where there is none, or several."""
    found = []
    for param in model.params:
        if len(param.dims) != 1:
            continue
        (dim,) = param.dims
        ignored = [
            place
            for place in range(min(at.sizes[dim] for at in samples.points))
            if all(_ignored(samples, at, param.name, place, exact, ask) for at in samples.points)
        ]
        if len(ignored) == 1:
            found.append((param.name, ignored[0]))
    if len(found) != 1:
        return None
    ((name, place),) = found

    def putting(value: Any) -> Callable[[Point], Point]:
        return lambda at: _put(at, name, place, value)

    return f"{name}[{place}]", putting


def _put(at: Point, name: str, place: int, value: Any) -> Point:
    values = [*at.values[name]]
    values[place] = value
    return Point(at.sizes, at.values | {name: values})


def _ignored(
    samples: Samples, at: Point, name: str, place: int, exact: Node, ask: Claimed
) -> bool:
    moved = _put(at, name, place, at.values[name][place] + Fraction(1, 4))
    before, after = ask(at), ask(moved)
    if before is None or after is None or before != after:
        return False
    one, other = (replace(samples, points=(p,)).values([exact])[0] for p in (at, moved))
    return not same(one, other)
