"""Values of blocks at random points, as arrays, and what their ratios are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gdsym.calculus.program import Node, Program, canonical_axes
from gdsym.calculus.reference import Table, evaluate
from gdsym.gradcheck.points import Point
from gdsym.language.model import Const, Dims, Param

Array = np.ndarray[Any, np.dtype[np.float64]]
Claimed = Callable[[Point], Table | None]

# Two values are the same up to this share of the largest entry: rounding in doubles.
SAME = 1e-9
# A number is a fraction of at most this denominator, or no number that is named.
LARGEST_DENOMINATOR = 12
LARGEST_NUMERATOR = 100
BASES = (2, 10)


@dataclass(frozen=True, slots=True)
class Samples:
    """Points, and the dims of the block that is looked at."""

    program: Program
    points: tuple[Point, ...]
    dims: Dims

    def values(self, nodes: Iterable[Node]) -> list[list[Array]]:
        """For each node its entries at each point, in the block's stated order of axes."""
        listed = list(nodes)
        found: list[list[Array]] = [[] for _ in listed]
        for at in self.points:
            tables = evaluate(self.program, listed, at.values, at.sizes)
            for place, node in enumerate(listed):
                found[place].append(self.array(at, tables[node], node))
        return found

    def array(self, at: Point, table: Table, node: Node | None = None) -> Array:
        shape = tuple(at.sizes[dim] for dim in self.dims)
        axes = canonical_axes(self.dims)
        kept = [axes.index(axis) for axis in node.axes] if node is not None else range(len(axes))
        entries = np.empty(shape)
        for index in np.ndindex(*shape):
            entries[index] = float(table[tuple(index[place] for place in kept)])
        return entries

    def scalars(self) -> dict[str, Array]:
        """Sizes and scalar constants and parameters by name, a value per point."""
        model = self.program.model
        found = {
            dim.name: np.array([float(at.sizes[dim.name]) for at in self.points])
            for dim in model.dims
        }
        items: list[Const | Param] = [*model.consts, *model.params]
        for item in items:
            if not item.dims and all(item.name in at.values for at in self.points):
                values = [float(at.values[item.name]) for at in self.points]
                found[item.name] = np.array(values)
        # Beside these, what logarithms to another base differ by.
        ones = np.ones(len(self.points))
        return found | {f"log({base})": ones * np.log(base) for base in BASES}


def same(a: Sequence[Array], b: Sequence[Array]) -> bool:
    """True where all entries are equal up to rounding."""
    return all(_close(x, y, max(_size(x), _size(y))) for x, y in zip(a, b, strict=True))


def _size(values: Array) -> float:
    return float(np.max(np.abs(values), initial=0))


def _close(x: Array, y: Array, scale: float) -> bool:
    return bool(np.isfinite(scale) and np.all(np.abs(x - y) <= SAME * scale))


def ratio(a: Sequence[Array], b: Sequence[Array]) -> Array | None:
    """The number that `a` is of `b` at each point, None where it is no multiple at one of them."""
    found = []
    for x, y in zip(a, b, strict=True):
        norm = float(np.sum(y * y))
        if not norm:
            return None
        factor = float(np.sum(x * y)) / norm
        if not _close(x, factor * y, max(_size(x), _size(y), abs(factor) * _size(y))):
            return None
        found.append(factor)
    return np.array(found)


@dataclass(frozen=True, slots=True)
class Multiple:
    """A number times a power of a named scalar."""

    number: Fraction
    name: str = ""
    power: Fraction = Fraction(0)

    @property
    def plain(self) -> bool:
        return not self.name

    def __str__(self) -> str:
        """As gd text: `2`, `-1/2`, `n`, `1/n`, `2*lam`, `s^2`."""
        if self.plain:
            return str(self.number)
        size = abs(self.power)
        power = self.name if size == 1 else f"{self.name}^{size if size == 2 else f'({size})'}"
        if self.power < 0:
            return f"{self.number}/{power}"
        return power if self.number == 1 else f"{self.number}*{power}"

    def negative(self) -> Multiple:
        return Multiple(-self.number, self.name, self.power)

    def inverse(self) -> Multiple:
        return Multiple(1 / self.number, self.name, -self.power)


def recognised(values: Array, scalars: Mapping[str, Array]) -> Multiple | None:
    """The values, one per point, as a simple multiple of 1 or of a power of a scalar."""
    number = _rational(values)
    if number is not None:
        return Multiple(number)
    for name, scalar in scalars.items():
        if np.any(scalar <= 0):
            continue
        for power in (1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2)):
            number = _rational(values / scalar ** float(power))
            if number is not None:
                return Multiple(number, name, Fraction(power))
    return None


def _rational(values: Array) -> Fraction | None:
    """The simple fraction that all values are."""
    first = float(values[0])
    within = 10 * SAME * (1 + abs(first))
    if not np.isfinite(first) or not all(abs(v - first) <= within for v in values.tolist()):
        return None
    found = Fraction(first).limit_denominator(LARGEST_DENOMINATOR)
    near = abs(float(found) - first) <= 100 * SAME * (1 + abs(first))
    return found if near and abs(found.numerator) <= LARGEST_NUMERATOR else None
