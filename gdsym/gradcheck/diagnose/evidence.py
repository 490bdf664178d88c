"""What a diagnosis rests on: the values at random points, and explanations by values alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gdsym.calculus.program import Node, Program
from gdsym.gradcheck.diagnose.entries import (
    cut_off,
    misplaced,
    of_coordinates,
    to_decimals,
    unmoved,
)
from gdsym.gradcheck.diagnose.samples import Array, Claimed, Samples
from gdsym.gradcheck.diagnose.terms import Term, explained, named, strangers, terms
from gdsym.gradcheck.points import Point, point, sizes
from gdsym.gradcheck.questions import DIRECTION
from gdsym.gradcheck.report import Finding
from gdsym.language.model import Dims

Values = list[Array]

# How many rows the points have that explanations are held against, and those of one row.
ROWS = (3, 5, 4, 6, 2, 7)
SINGLE_ROWS = (1, 1, 1)
# A claim may be no number at some points: so many times more are tried.
TRIES = 4
# Two mistakes are looked for at a few points first.
FEW = 3


@dataclass(frozen=True, slots=True)
class Block:
    """What is claimed about: `grad(w)`, its exact node, and the text of a claimed formula."""

    title: str
    quantity: str
    names: tuple[str, ...]
    dims: Dims
    exact: Node
    text: str = ""

    @property
    def written(self) -> dict[str, str]:
        """What the text calls the direction of a Hessian-vector product, and what it is."""
        return {self.names[1]: DIRECTION + self.names[0]} if self.quantity == "hvp" else {}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The claimed and the exact values at the same points. `own` are terms of the block, `other`
    what may have been added to it; `rows` is the same at points of one row, where sums over rows
    are no sums."""

    program: Program
    block: Block
    samples: Samples
    claimed: Values
    exact: Values
    ask: Claimed
    own: tuple[tuple[Term, Values], ...] = ()
    other: tuple[tuple[Term, Values], ...] = ()
    rows: Evidence | None = None

    @property
    def terms(self) -> list[tuple[Term, Values]]:
        return [*self.own, *self.other]

    @property
    def few(self) -> Evidence:
        """The same at the first points alone."""
        return replace(
            self,
            samples=replace(self.samples, points=self.samples.points[:FEW]),
            claimed=self.claimed[:FEW],
            exact=self.exact[:FEW],
            own=tuple((term, values[:FEW]) for term, values in self.own),
            other=tuple((term, values[:FEW]) for term, values in self.other),
        )

    def knowing(self, program: Program) -> Samples:
        """The points, for nodes of a program that knows more of training data."""
        return replace(self.samples, program=program)


def gathered(program: Program, block: Block, claimed: Claimed) -> Evidence | None:
    """The evidence, None where there are too few points at which both sides are numbers."""
    found = _at_rows(program, block, claimed, ROWS)
    if len(found.samples.points) < 2:
        return None
    own: tuple[tuple[Term, Values], ...] = ()
    other: tuple[tuple[Term, Values], ...] = ()
    if block.quantity != "loss":
        listed = terms(program, block.quantity, block.names, block.exact)
        own = named(found.samples, listed)
    if block.quantity == "grad":
        other = named(found.samples, strangers(program, block.names[0]))
    rows = None
    if program.model.row is not None:
        rows = _at_rows(program, block, claimed, SINGLE_ROWS)
    return replace(found, own=own, other=other, rows=rows)


def _at_rows(program: Program, block: Block, claimed: Claimed, counts: Sequence[int]) -> Evidence:
    model = program.model
    samples = Samples(program, (), block.dims)
    found: list[tuple[Point, Array]] = []
    for i in range(TRIES * len(counts)):
        if len(found) == len(counts):
            break
        at = point(model, sizes(model, counts[i % len(counts)]), 4 * i)
        table = claimed(at)
        values = samples.array(at, table) if table is not None else None
        if values is not None and np.all(np.isfinite(values)):
            found.append((at, values))
    samples = replace(samples, points=tuple(at for at, _ in found))
    (exact,) = samples.values([block.exact])
    kept = [i for i, values in enumerate(exact) if np.all(np.isfinite(values))]
    samples = replace(samples, points=tuple(samples.points[i] for i in kept))
    told = [found[i][1] for i in kept]
    return Evidence(program, block, samples, told, [exact[i] for i in kept], claimed)


def simple(
    evidence: Evidence, claimed: Values, exact: Values, text: str = "", *, sparse: bool = False
) -> list[Finding]:
    """One mistake between two lists of values that needs no other formula: a factor, a term, the
    place of entries, one of them, a largest value. `sparse`: without what explains little."""
    block = evidence.block
    constant = unmoved(claimed, exact, block.title)
    if constant and not text:
        return constant
    scalar = not block.dims
    own, other = evidence.own, evidence.other
    found = explained(
        claimed, exact, own, other, evidence.samples, block.title, text, scalar=scalar
    )
    found += misplaced(claimed, exact, {} if sparse else _others(evidence))
    alone = of_coordinates(claimed, exact, lambda at: f"{block.title}[{','.join(map(str, at))}]")
    found += [f for f in alone if f.kind != "wrong_term"]
    found += cut_off(claimed, exact, block.title)
    found = found or to_decimals(claimed, exact, block.title)
    return found or ([] if sparse else alone)


def _others(evidence: Evidence) -> dict[str, Values]:
    """The derivatives by other parameters of the same shape."""
    program, block = evidence.program, evidence.block
    dims = {param.name: param.dims for param in program.model.params}
    return {
        name: evidence.samples.values([node])[0]
        for name, node in program.grads.items()
        if block.quantity == "grad" and name != block.names[0] and dims[name] == block.dims
    }
