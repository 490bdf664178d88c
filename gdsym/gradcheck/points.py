"""Points at random: sizes, data, parameters and constants from what the model declares.

All numbers are fractions of few digits, so that a point can be written down; sizes that nothing
fixes are different from each other, so that a wrong axis shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf, prod
from random import Random
from typing import Any

from gdsym.language.model import Const, Data, Dim, Dims, Domain, Model, Param
from gdsym.language.model import Number as Literal

Values = dict[str, Any]  # nested lists of numbers, by name

# A dimension of a larger declared size is first tried at a small one.
LARGEST_SIZE = 6
ROWS = 7
# How far numbers without bounds go: near 0, and into the tails, one point after the other.
SPREADS = (Fraction(1), Fraction(3), Fraction(1, 2), Fraction(6))
GRAIN = 64  # numbers are whole multiples of 1/GRAIN


@dataclass(frozen=True, slots=True)
class Point:
    """`values` has data, parameters and constants; constants that are left out are as declared."""

    sizes: dict[str, int]
    values: Values


def sizes(model: Model, rows: int = ROWS, *, declared: bool = False) -> dict[str, int]:
    """A size for every dimension. With `declared` a large size that the text states is kept."""
    dims = {dim.name: dim for dim in model.dims}
    found: dict[str, int] = {}
    for const in model.consts:
        if isinstance(const.value, tuple):
            found[const.dims[0]] = len(const.value)
    for dim in model.dims:
        if dim.size is not None and (dim.labels or declared or dim.size <= LARGEST_SIZE):
            found[dim.name] = dim.size
    if model.row is not None and model.row not in found:
        found[model.row] = rows
    for dim in model.dims:
        _settle(dim, dims, found)
    return found


def _settle(dim: Dim, dims: dict[str, Dim], found: dict[str, int]) -> int:
    if dim.name in found:
        return found[dim.name]
    if dim.like is not None:
        size = _settle(dims[dim.like], dims, found)
    elif dim.less is not None:
        size = max(1, _settle(dims[dim.less[0]], dims, found) - dim.less[1])
    else:
        taken = (d.less[1] for d in dims.values() if d.less and d.less[0] == dim.name)
        least = 1 + max(taken, default=1)
        size = next(s for s in range(least, 100) if s not in found.values())
    found[dim.name] = size
    return size


def point(model: Model, of: dict[str, int], seed: int) -> Point:
    """A point; the same seed gives the same. Larger seeds spread wider."""
    draw = Random(f"{model.name} {seed}")
    spread = SPREADS[seed % len(SPREADS)]
    values: Values = {}
    for data in model.data:
        values[data.name] = _filled(data, of, draw, spread)
    for param in model.params:
        values[param.name] = _filled(param, of, draw, Fraction(1))
    for const in model.consts:
        value = _const(const, of, draw)
        if value is not None:
            values[const.name] = value
    return Point(of, values)


def _const(const: Const, of: dict[str, int], draw: Random) -> Any:
    """A value near that of the text and of its sign, but another; a computed one stays."""
    if const.value is None:
        return _filled(const, of, draw, Fraction(1))
    listed = const.value if isinstance(const.value, tuple) else (const.value,)
    if not all(isinstance(value, Literal) for value in listed):
        return None
    domain = const.domain
    if domain.integer or domain.values is not None or domain.category is not None:
        return None
    numbers = [_near(v.value, domain, draw) for v in listed if isinstance(v, Literal)]
    if isinstance(const.value, tuple):
        return numbers
    return _shaped(const.dims, of, lambda _: numbers[0])


def _near(value: Fraction, domain: Domain, draw: Random) -> Fraction:
    for _ in range(20):
        factor = Fraction(draw.randrange(40, 150), 97)
        moved = value * factor if value else factor
        if _within(moved, domain):
            return moved
    return value


def _within(value: Fraction, domain: Domain) -> bool:
    above = value > domain.lower or (value == domain.lower and not domain.lower_open)
    return above and (value < domain.upper or (value == domain.upper and not domain.upper_open))


def _shaped(dims: Dims, of: dict[str, int], entry: Any, at: tuple[int, ...] = ()) -> Any:
    if len(at) == len(dims):
        return entry(at)
    return [_shaped(dims, of, entry, (*at, i)) for i in range(of[dims[len(at)]])]


def _filled(item: Data | Param | Const, of: dict[str, int], draw: Random, spread: Fraction) -> Any:
    domain, dims = item.domain, item.dims
    if domain.structure is not None:
        return _structured(domain, dims, of, draw)
    count = prod(of[dim] for dim in dims)
    drawn: list[int | Fraction] = []
    if domain.category is not None:
        codes = range(of[domain.category])
        drawn = [*codes[:count], *(draw.choice(codes) for _ in range(count - len(codes)))]
    elif domain.values is not None:
        values = [Fraction(value) for value in domain.values]
        drawn = [*draw.sample(values, min(len(values), count))]
        drawn += [draw.choice(values) for _ in range(count - len(values))]
    else:
        is_data = isinstance(item, Data)
        drawn = [_number(domain, draw, spread, is_data) for _ in range(count)]
    draw.shuffle(drawn)
    entries = iter(drawn)
    return _shaped(dims, of, lambda _: next(entries))


def _number(domain: Domain, draw: Random, spread: Fraction, closed: bool) -> Fraction:
    """A number of a domain; data may lie on a closed bound, and at times they do."""
    if domain.integer:
        least = int(max(domain.lower, -3)) + int(domain.lower_open)
        most = int(min(domain.upper, least + 6)) - int(domain.upper_open)
        return Fraction(draw.randint(least, max(least, most)))
    share = Fraction(draw.randrange(1, GRAIN), GRAIN)
    if closed and domain.lower > -inf and not domain.lower_open and draw.random() < 0.3:
        return Fraction(domain.lower)
    if domain.lower > -inf and domain.upper < inf:
        lower, upper = Fraction(domain.lower), Fraction(domain.upper)
        return lower + (upper - lower) * share
    size = spread * Fraction(draw.randrange(GRAIN // 8, 2 * GRAIN), GRAIN)
    if domain.lower > -inf:
        return Fraction(domain.lower) + size
    if domain.upper < inf:
        return Fraction(domain.upper) - size
    return size if draw.random() < 0.5 else -size


def _structured(domain: Domain, dims: Dims, of: dict[str, int], draw: Random) -> Any:
    """`simplex`, `ordered`, `base` or `sumzero` along one axis."""
    axis = dims.index(domain.axis or dims[-1])
    lines: dict[tuple[int, ...], list[Fraction]] = {}
    rest = [range(of[dim]) for place, dim in enumerate(dims) if place != axis]
    for others in product(*rest):
        lines[others] = _line(domain, of[dims[axis]], draw)

    def entry(at: tuple[int, ...]) -> Fraction:
        return lines[(*at[:axis], *at[axis + 1 :])][at[axis]]

    return _shaped(dims, of, entry)


def _line(domain: Domain, size: int, draw: Random) -> list[Fraction]:
    steps = [Fraction(draw.randrange(1, GRAIN), GRAIN) for _ in range(size)]
    match domain.structure:
        case "simplex":
            return [step / sum(steps) for step in steps]
        case "ordered":
            return [sum(steps[: i + 1], Fraction(-1)) for i in range(size)]
        case "sumzero":
            return [step - sum(steps, Fraction(0)) / size for step in steps]
    return [Fraction(0), *(2 * step - 1 for step in steps[1:])]
