"""What is wrong with a derivative that was derived by hand.

Explanations are tried from the simplest on, on values at random points: the whole block times a
factor; entries out of place; one term that is missing, too much or scaled; where the claim is a
formula, one change of its text that makes it right; two mistakes at once. What explains the values
to rounding error at every point is reported, at most a few of equal simplicity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from time import process_time

import numpy as np

from gdsym.calculus.program import Node, Program
from gdsym.gradcheck.diagnose.entries import misplaced, of_coordinates, rounded
from gdsym.gradcheck.diagnose.mutate import formulas, planted, readable
from gdsym.gradcheck.diagnose.repair import MOST_CHANGES, Change, Reader, changes
from gdsym.gradcheck.diagnose.samples import Array, Claimed, Samples, same
from gdsym.gradcheck.diagnose.terms import (
    Term,
    explained,
    named,
    strangers,
    terms,
    two_terms,
)
from gdsym.gradcheck.points import point, sizes
from gdsym.gradcheck.report import Finding
from gdsym.language.model import Dims
from gdsym.language.parse import parse_expression

Valued = list[tuple[Term, list[Array]]]

# How many points explanations are held against, and how many of equal simplicity are told.
POINTS = 6
MOST_TOLD = 3
ROWS = (3, 5, 4, 6, 2, 7)
# Two mistakes are looked for at a few points first, so many changes at a time, and for so many
# seconds of the processor.
FEW = 3
CHUNK = 40
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Block:
    """What is claimed about: `grad(w)`, its exact node, and the text of a claimed formula."""

    title: str
    quantity: str
    names: tuple[str, ...]
    dims: Dims
    exact: Node
    text: str = ""


def diagnose(program: Program, block: Block, claimed: Claimed) -> tuple[Finding, ...]:
    """What may be wrong, the likeliest first; empty where nothing that is known explains it.

    claimed: the entries of the claimed block at a point, by index in the stated order of axes.
    """
    with np.errstate(all="ignore"):
        return _diagnosed(program, block, claimed)


def _diagnosed(program: Program, block: Block, claimed: Claimed) -> tuple[Finding, ...]:
    model = program.model
    points = tuple(point(model, sizes(model, rows), 4 * i) for i, rows in enumerate(ROWS))
    samples = Samples(program, points, block.dims)
    values = [_entries(samples, claimed, place) for place in range(len(points))]
    usable = [i for i, v in enumerate(values) if v is not None and np.all(np.isfinite(v))]
    samples = Samples(program, tuple(points[i] for i in usable), block.dims)
    found = [v for v in values if v is not None and np.all(np.isfinite(v))]
    (exact,) = samples.values([block.exact])
    kept = [i for i, e in enumerate(exact) if np.all(np.isfinite(e))]
    samples = Samples(program, tuple(samples.points[i] for i in kept), block.dims)
    if len(kept) < 2:
        return ()
    claims, truths = [found[i] for i in kept], [exact[i] for i in kept]
    return _told(program, block, samples, claims, truths, process_time() + SECONDS)


def _entries(samples: Samples, claimed: Claimed, place: int) -> Array | None:
    table = claimed(samples.points[place])
    return samples.array(samples.points[place], table) if table is not None else None


def _told(
    program: Program,
    block: Block,
    samples: Samples,
    claimed: list[Array],
    exact: list[Array],
    deadline: float,
) -> tuple[Finding, ...]:
    found = _single(program, block, samples, claimed, exact)
    if found:
        return _corrected(program, block, samples, exact, found[:MOST_TOLD])
    own, other = _terms(program, block, samples)
    for pair in two_terms(claimed, exact, [*own, *other], ""):
        return pair
    both = _after_a_change(program, block, samples, exact, deadline)
    rest = rounded(claimed, exact) or [_unknown(claimed, exact)]
    return both or _corrected(program, block, samples, exact, rest)


def _unknown(claimed: list[Array], exact: list[Array]) -> Finding:
    """What can be said of values that nothing explains: how far they go with the right ones."""
    one, other = (np.concatenate([v.ravel() for v in values]) for values in (claimed, exact))
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    alike = float(one @ other) / norms if norms else 0.0
    text = f"no single mistake explains it; its correlation with the derivative is {alike:.3f}"
    return Finding("unknown", "", text)


def _corrected(
    program: Program,
    block: Block,
    samples: Samples,
    exact: list[Array],
    found: Sequence[Finding],
) -> tuple[Finding, ...]:
    """The findings with the whole line that is right, where it can be read and is."""
    reader = Reader(program, block.dims)
    formula = ""
    if not block.text:
        texts = formulas(program, block.quantity, block.names, block.exact)
        formula = readable(program, samples, exact, texts)
    told = []
    for finding in found:
        if formula:
            line = f"claim {block.title} = {formula}"
            told.append(replace(finding, where=finding.where or block.title, corrected=line))
            continue
        node = reader.read(finding.corrected) if finding.corrected else None
        line = ""
        if node is not None:
            knowing = replace(program, stats=dict(reader.builder.stats))
            (values,) = replace(samples, program=knowing).values([node])
            line = f"claim {block.title} = {finding.corrected}" if same(values, exact) else ""
        told.append(Finding(finding.kind, finding.where or block.title, finding.text, line))
    return tuple(told)


def _terms(program: Program, block: Block, samples: Samples) -> tuple[Valued, Valued]:
    """The block's own terms, and what is none of its terms but may have been added."""
    if block.quantity != "grad":
        return [], []
    own = named(samples, terms(program, block.names[0], block.exact))
    return own, named(samples, strangers(program, block.names[0]))


def _single(
    program: Program, block: Block, samples: Samples, claimed: list[Array], exact: list[Array]
) -> list[Finding]:
    """Explanations by one mistake, without repetition."""
    own, other = _terms(program, block, samples)
    found = explained(claimed, exact, own, other, samples, block.title, block.text, not block.dims)
    others = {
        name: samples.values([node])[0]
        for name, node in program.grads.items()
        if block.quantity == "grad"
        and name != block.names[0]
        and _dims(program, name) == block.dims
    }
    found += misplaced(claimed, exact, others)
    found += of_coordinates(claimed, exact, lambda at: f"{block.title}[{','.join(map(str, at))}]")
    if block.text:
        found += _repairs(program, block, samples, exact)
    elif not found:
        found += _mutations(program, block, samples, claimed)
    told: dict[tuple[str, str], Finding] = {}
    for finding in found:
        told.setdefault((finding.kind, finding.where), finding)
    return list(told.values())


def _dims(program: Program, name: str) -> Dims:
    return next(param.dims for param in program.model.params if param.name == name)


def _read(
    program: Program, block: Block, *, hidden: bool = False
) -> tuple[Program, list[tuple[Change, Node]]]:
    """The changes of the claim's text that make a formula of the block's dims, and the program
    that knows what training data these formulas read."""
    reader = Reader(program, block.dims, hidden=hidden)
    root = parse_expression(block.text)
    read = []
    seen: set[Node] = set()
    for change in islice(changes(program, block.exact, root, block.text), MOST_CHANGES):
        node = reader.node(root, change)
        if node is not None and node not in seen:
            seen.add(node)
            read.append((change, node))
    return replace(program, stats=dict(reader.builder.stats)), read


def _mutations(
    program: Program, block: Block, samples: Samples, claimed: list[Array]
) -> list[Finding]:
    """Changes of the exact formula that give what a function without a text computes."""
    for text in formulas(program, block.quantity, block.names, block.exact):
        if Reader(program, block.dims, hidden=True).read(text) is None:
            continue
        knowing, read = _read(program, replace(block, text=text), hidden=True)
        found = planted(read, text, replace(samples, program=knowing), claimed)
        if found:
            return found
    return []


def _repairs(
    program: Program, block: Block, samples: Samples, exact: list[Array]
) -> list[Finding]:
    """Changes of the text after which the claim is right."""
    program, read = _read(program, block)
    samples = replace(samples, program=program)
    first = replace(samples, points=samples.points[:1])
    values = first.values(node for _, node in read)
    likely = [pair for pair, v in zip(read, values, strict=True) if same(v, exact[:1])]
    rest = samples.values(node for _, node in likely)
    right = [change for (change, _), v in zip(likely, rest, strict=True) if same(v, exact)]
    right.sort(key=lambda change: change.cost)
    return [Finding(c.kind, c.where, c.text, c.applied(block.text)) for c in right]


def _after_a_change(
    program: Program, block: Block, samples: Samples, exact: list[Array], deadline: float
) -> tuple[Finding, ...]:
    """Two mistakes: what one change of the text leaves is one factor or one term."""
    if not block.text:
        return ()
    own, other = _terms(program, block, samples)
    program, read = _read(program, block)
    read.sort(key=lambda pair: pair[0].cost)
    samples = replace(samples, program=program)
    few = replace(samples, points=samples.points[:FEW])
    first = [(term, values[:FEW]) for term, values in own]
    for start in range(0, len(read), CHUNK):
        chunk = read[start : start + CHUNK]
        for (change, node), value in zip(chunk, few.values(n for _, n in chunk), strict=True):
            if process_time() > deadline:
                return ()
            if not all(np.all(np.isfinite(v)) for v in value):
                continue
            if not explained(value, exact[:FEW], first, (), few, block.title, "", False):
                continue
            (everywhere,) = samples.values([node])
            text = change.applied(block.text)
            left = explained(
                everywhere, exact, own, other, samples, block.title, text, not block.dims
            )
            if left:
                both = [Finding(change.kind, change.where, change.text), left[0]]
                return _corrected(program, block, samples, exact, both)
    return ()
