"""Flat directions in words: a null space of the Hessian by the names of the parameters.

A direction is what can be added to the parameters without a change of the loss. Those that the
form of the model makes, whatever the data (all scores of a softmax shifted, one factor scaled up
and the other one down), are told apart from those that come from the data (dummies that add up to
the intercept, the same column twice).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

WITHIN = 1e-6  # a vector lies in a null space up to this part of its length
MOST_TERMS = 8  # of a direction that is written out
MOST_TEXTS = 8


@dataclass(frozen=True, slots=True)
class Block:
    """Where a parameter lies in theta; `labels` are those of each axis."""

    name: str
    start: int
    dims: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(labels) for labels in self.labels)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    @property
    def part(self) -> slice:
        return slice(self.start, self.start + self.size)

    def places(self) -> NDArray[np.intp]:
        """The places in theta, in the shape of the parameter."""
        return np.arange(self.start, self.start + self.size).reshape(self.shape)

    def entries(self) -> list[str]:
        """The names of all entries, in the order of theta."""
        return [self._named(labels) for labels in itertools.product(*self.labels)]

    def entry(self, place: int) -> str:
        """The name of the entry at a place of theta: `W[age,red]`."""
        at = np.unravel_index(place - self.start, self.shape) if self.shape else ()
        return self._named([labels[i] for labels, i in zip(self.labels, at, strict=True)])

    def _named(self, labels: Sequence[str]) -> str:
        return f"{self.name}[{','.join(labels)}]" if labels else self.name


def blocks_of(
    params: Sequence[Mapping[str, Any]], dims: Mapping[str, Mapping[str, Any]]
) -> tuple[Block, ...]:
    """The layout of theta, from `PARAMS` of a module and the sizes and labels of dimensions."""
    blocks: list[Block] = []
    start = 0
    for param in params:
        labels = tuple(
            tuple(str(x) for x in dims[d]["labels"] or range(int(dims[d]["size"])))
            for d in param["dims"]
        )
        blocks.append(Block(param["name"], start, tuple(param["dims"]), labels))
        start += blocks[-1].size
    return tuple(blocks)


@dataclass(frozen=True, slots=True)
class Flat:
    """Directions by name: those of the form of the model, and those of the data."""

    gauge: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


def named(
    null: Matrix,
    theta: Vector,
    scale: Vector,
    blocks: Sequence[Block],
    columns: frozenset[str],
    elsewhere: tuple[Vector, Vector] | None = None,
) -> Flat:
    """The columns of `null` (p, k), which span what is flat at theta, in words.

    scale: the size of the loss' reaction to each entry (the root of its curvature), so that
    units do not matter. columns: the dimensions of numbers in the data; a shift along them can
    only come from the data. elsewhere: another point and the gradient there, along which the form
    of the model must be as flat.
    """
    rest = _basis(null * scale[:, None])
    gauge: list[str] = []
    others: Iterator[Matrix | None] = itertools.repeat(None)
    if elsewhere is not None:
        others = (group for _, group in _candidates(elsewhere[0], blocks, columns))
    for (text, group), other in zip(_candidates(theta, blocks, columns), others, strict=False):
        scaled = group * scale[:, None]
        lengths = np.linalg.norm(scaled, axis=0)
        if not rest.shape[1] or not np.all(lengths > 0):
            continue
        # All of a group or none: half a softmax shift is no shift.
        if np.any(np.linalg.norm(scaled - rest @ (rest.T @ scaled), axis=0) > WITHIN * lengths):
            continue
        if elsewhere is not None and other is not None and not _is_still(other, elsewhere[1]):
            continue
        gauge.append(text)
        inside = _basis(rest @ (rest.T @ scaled))
        rest = _basis(rest - inside @ (inside.T @ rest), rest.shape[1] - inside.shape[1])
    return Flat(tuple(gauge), tuple(_written_out(rest, scale, blocks)))


def _is_still(group: Matrix, gradient: Vector) -> bool:
    """Whether the gradient has no part along any of the directions."""
    parts = gradient[:, None] * group
    return bool(np.all(np.abs(np.sum(parts, 0)) <= WITHIN * np.sum(np.abs(parts), 0)))


def _basis(vectors: Matrix, rank: int | None = None) -> Matrix:
    """An orthonormal basis of the columns' span."""
    if not vectors.shape[1] or rank == 0:
        return vectors[:, :0]
    left, sizes, _ = np.linalg.svd(vectors, full_matrices=False)
    if rank is None:
        rank = int(np.sum(sizes > WITHIN * max(float(sizes[0]), 1e-300)))
    basis: Matrix = left[:, :rank]
    return basis


# -- what models of certain forms do not determine -----------------------------------------------


def _candidates(
    theta: Vector, blocks: Sequence[Block], columns: frozenset[str]
) -> Iterator[tuple[str, Matrix]]:
    """Texts with the directions that they stand for, as columns."""
    for block in blocks:
        yield from _shifts(block, len(theta), columns)
    for one, other in itertools.combinations(blocks, 2):
        yield from _swaps(one, other, theta)
    for block in blocks:
        yield from _turns(block, theta, columns)


def _shifts(block: Block, size: int, columns: frozenset[str]) -> Iterator[tuple[str, Matrix]]:
    """Everything along an axis by the same amount, for each entry of the other axes."""
    for axis, dim in enumerate(block.dims):
        if dim in columns or block.shape[axis] < 2:
            continue
        slices = np.moveaxis(block.places(), axis, -1).reshape(-1, block.shape[axis])
        group = np.zeros((size, len(slices)))
        for column, places in enumerate(slices):
            group[places, column] = 1.0
        others = [d for d in block.dims if d != dim]
        at = ", ".join(":" if d == dim else d for d in block.dims)
        each = f", for each {' and '.join(others)}" if others else ""
        yield f"all of {block.name}[{at}] shifted together{each}", group


def _swaps(one: Block, other: Block, theta: Vector) -> Iterator[tuple[str, Matrix]]:
    """One parameter scaled up and another one down; mixed where they share an axis."""
    shared = [d for d in one.dims if d in other.dims]
    if len(shared) != 1:
        if not shared:
            direction = np.zeros((len(theta), 1))
            direction[one.part, 0] = theta[one.part]
            direction[other.part, 0] = -theta[other.part]
            yield f"{one.name} scaled up and {other.name} down", direction
        return
    (dim,) = shared
    axes = one.dims.index(dim), other.dims.index(dim)
    count = one.shape[axes[0]]
    first, second = (
        np.moveaxis(block.places(), axis, -1).reshape(-1, count)
        for block, axis in zip((one, other), axes, strict=True)
    )
    mixed = np.zeros((len(theta), count * count))
    for i, j in itertools.product(range(count), repeat=2):
        mixed[first[:, i], i * count + j] = theta[first[:, j]]
        mixed[second[:, j], i * count + j] = -theta[second[:, i]]
    names = f"{one.name} and {other.name}"
    yield f"{names} mixed along {dim}: any matrix to the one, its inverse to the other", mixed
    own = mixed[:, :: count + 1]
    yield f"{one.name} scaled up and {other.name} down, for each {dim}", own
    pairs = list(itertools.combinations(range(count), 2))
    if pairs:
        turns = np.zeros((len(theta), len(pairs)))
        for column, (i, j) in enumerate(pairs):
            for places in (first, second):
                turns[places[:, i], column] = theta[places[:, j]]
                turns[places[:, j], column] = -theta[places[:, i]]
        yield f"{names} rotated together along {dim}", turns


def _turns(block: Block, theta: Vector, columns: frozenset[str]) -> Iterator[tuple[str, Matrix]]:
    """A parameter that is rotated along an axis, as the factors of a covariance may be."""
    if len(block.dims) < 2:
        return
    for axis, dim in enumerate(block.dims):
        places = np.moveaxis(block.places(), axis, -1).reshape(-1, block.shape[axis])
        pairs = list(itertools.combinations(range(block.shape[axis]), 2))
        if dim in columns or not pairs:
            continue
        turns = np.zeros((len(theta), len(pairs)))
        for column, (i, j) in enumerate(pairs):
            turns[places[:, i], column] = theta[places[:, j]]
            turns[places[:, j], column] = -theta[places[:, i]]
        yield f"{block.name} rotated along {dim}", turns


# -- any other direction -------------------------------------------------------------------------


def _written_out(rest: Matrix, scale: Vector, blocks: Sequence[Block]) -> Iterator[str]:
    """`w[a] + w[b] - b`, with few terms by Gauss-Jordan elimination; the rest is counted."""
    rows = _reduced(rest.T.copy()) / scale
    long: dict[str, int] = {}
    texts = []
    for row in rows:
        row = np.where(np.abs(row) * scale > 1e-5 * np.max(np.abs(row) * scale), row, 0.0)
        terms = _terms(row, blocks)
        if len(terms) <= MOST_TERMS:
            texts.append(_sum_of(terms))
        else:
            touched = [b.name for b in blocks if np.any(row[b.part])]
            names = " and ".join([", ".join(touched[:-1])] * (len(touched) > 1) + touched[-1:])
            long[names] = long.get(names, 0) + 1
    yield from texts[:MOST_TEXTS]
    if len(texts) > MOST_TEXTS:
        yield f"{len(texts) - MOST_TEXTS:,} more of this kind"
    for names, count in long.items():
        yield f"{count:,} combination{'s' * (count > 1)} of entries of {names}"


def _reduced(rows: Matrix) -> Matrix:
    """The reduced echelon form, with the largest entry that is left as the pivot."""
    for i in range(len(rows)):
        left = np.abs(rows[i:])
        at, column = np.unravel_index(int(np.argmax(left)), left.shape)
        other = i + int(at)
        rows[[i, other]] = rows[[other, i]]
        rows[i] /= rows[i, column]
        for j in range(len(rows)):
            if j != i:
                rows[j] -= rows[j, column] * rows[i]
                rows[j, column] = 0.0
    return rows


def _terms(row: Vector, blocks: Sequence[Block]) -> list[tuple[float, str]]:
    """Coefficients with names; a parameter, or a row of one, that moves as a whole is one term."""
    row = row / row[np.flatnonzero(row)[0]]
    terms: list[tuple[float, str]] = []
    for block in blocks:
        values = row[block.part]
        moved = np.flatnonzero(values)
        if block.size > 2 and len(moved) == block.size and np.ptp(values) < 1e-4 * abs(values[0]):
            terms.append((float(values[0]), f"all of {block.name}"))
        else:
            terms += [(float(values[i]), block.entry(block.start + int(i))) for i in moved]
    return terms


def _sum_of(terms: Sequence[tuple[float, str]]) -> str:
    text = ""
    for coefficient, name in terms:
        size = abs(coefficient)
        factor = "" if abs(size - 1) < 1e-4 else f"{size:.4g}*"
        sign = " - " if coefficient < 0 else " + "
        text += (sign if text or coefficient < 0 else "") + factor + name
    return text.strip()
