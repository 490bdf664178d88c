"""What is wrong with a function: what it gives is the exact derivative with something changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import process_time

import numpy as np

from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.program import Node, Program
from gdsym.calculus.stabilise import stabilise
from gdsym.gradcheck.diagnose.alternatives import Alternative, alternatives, both, spelt
from gdsym.gradcheck.diagnose.evidence import FEW, ROWS, Evidence, Values, simple
from gdsym.gradcheck.diagnose.frozen import frozen, scaled
from gdsym.gradcheck.diagnose.given import Mistaken, Rows, batches_of, mistaken
from gdsym.gradcheck.diagnose.pairs import meeting, multiplying
from gdsym.gradcheck.diagnose.samples import Array, same
from gdsym.gradcheck.diagnose.terms import first_of
from gdsym.gradcheck.report import Finding

# Explanations that are so much more far-fetched than the best are not told.
NEXT_BEST = 1


@dataclass(frozen=True, slots=True)
class Form:
    """The exact derivative in one form, and what it is with one mistake."""

    program: Program
    root: Node
    changed: tuple[Alternative, ...]


def forms(evidence: Evidence) -> list[Form]:
    """The derivative as it comes of what was written, and of its stable form, where functions
    have the names that people use."""
    program, block = evidence.program, evidence.block
    found = [(program, block.exact)]
    if block.quantity == "grad":
        shown = stabilise(derive(stabilise(build(program.model))))
        found.append((shown, shown.grads[block.names[0]]))
    made = []
    for own, node in found:
        root = spelt(own.graph, node)
        made.append(Form(own, root, tuple(alternatives(own, root))))
    return made


def of_function(evidence: Evidence, known: bool) -> list[Finding]:
    """One mistake in what it computes with, or in what it computes. `known`: values alone have
    explained it, so that only what is as simple is looked for."""
    found = [m.finding for m in _given(evidence)]
    if found or known:
        return found
    ranked: list[tuple[int, Finding]] = []
    for form in forms(evidence):
        values = _values(evidence, form, [a.root for a in form.changed], FEW)
        likely = [
            a
            for a, v in zip(form.changed, values, strict=True)
            if same(v, evidence.claimed[: len(v)])
        ]
        everywhere = _values(evidence, form, [a.root for a in likely], len(evidence.claimed))
        ranked += [
            (a.cost, a.finding)
            for a, v in zip(likely, everywhere, strict=True)
            if same(v, evidence.claimed)
        ]
    ranked.sort(key=lambda pair: pair[0])
    return [f for cost, f in ranked if cost <= ranked[0][0] + NEXT_BEST]


def _values(evidence: Evidence, form: Form, nodes: Sequence[Node], count: int) -> list[Values]:
    samples = evidence.knowing(form.program)
    return replace(samples, points=samples.points[:count]).values(nodes)


def _batches(evidence: Evidence) -> Sequence[tuple[str, Rows]]:
    largest = evidence.samples.points[-1]
    return batches_of(evidence.program.model, largest, evidence.ask)


def _given(evidence: Evidence) -> Iterator[Mistaken]:
    """Mistakes in what it computes with that explain its values."""
    block = evidence.block
    last = replace(evidence.samples, points=evidence.samples.points[-1:])
    for one in mistaken(evidence.program, block.names, _batches(evidence)):
        if same(one.values(last, [block.exact])[0], evidence.claimed[-1:]):
            (values,) = one.values(evidence.samples, [block.exact])
            if same(values, evidence.claimed) and not same(values, evidence.exact):
                yield one


def two_of_function(evidence: Evidence, deadline: float) -> list[Finding]:
    """Two mistakes: a change and an explanation by values, two changes, or a change of what it
    computes with and one of these."""
    made = forms(evidence)
    found = _frozen(evidence, made[-1], deadline)
    for form in made:
        found = found or _change_and_values(evidence, form, deadline)
    found = found or _given_and_values(evidence)
    for form in made:
        found = found or _two_changes(evidence, form, deadline)
    for form in made:
        found = found or _given_and_change(evidence, form, deadline)
    return found


def _frozen(evidence: Evidence, form: Form, deadline: float) -> list[Finding]:
    """An old value of a coordinate, alone or with another mistake."""
    exact = evidence.block.exact
    plain = frozen(evidence, evidence.samples, scaled(evidence, exact), deadline)
    if plain:
        return plain
    order = sorted(form.changed, key=lambda change: change.cost)
    changes = (([change.finding], change.root) for change in order)
    return frozen(evidence, evidence.knowing(form.program), changes, deadline)


def _change_and_values(evidence: Evidence, form: Form, deadline: float) -> list[Finding]:
    # A number tells little: all points are few enough.
    few, count = (evidence.few, FEW) if evidence.block.dims else (evidence, len(ROWS))
    values = _values(evidence, form, [a.root for a in form.changed], count)
    order = sorted(range(len(values)), key=lambda i: form.changed[i].cost)
    for place in order:
        if process_time() > deadline:
            break
        value = values[place]
        if not _finite(value) or same(value, few.exact):
            continue
        if not simple(few, few.claimed, value, sparse=True):
            continue
        one = form.changed[place]
        (everywhere,) = _values(evidence, form, [one.root], len(evidence.claimed))
        left = simple(evidence, evidence.claimed, everywhere, sparse=True)
        if left:
            return [one.finding, *first_of(left)]
    return []


def _finite(values: Values) -> bool:
    return all(bool(np.all(np.isfinite(v))) for v in values)


def _given_and_values(evidence: Evidence) -> list[Finding]:
    block, few = evidence.block, evidence.few
    for one in mistaken(evidence.program, block.names, _batches(evidence)):
        (value,) = one.values(few.samples, [block.exact])
        if not _finite(value) or same(value, few.exact):
            continue
        if simple(few, few.claimed, value, sparse=True):
            (everywhere,) = one.values(evidence.samples, [block.exact])
            left = simple(evidence, evidence.claimed, everywhere, sparse=True)
            if left:
                return [one.finding, *first_of(left)]
    return []


def flat(values: Values) -> Array:
    return np.concatenate([v.ravel() for v in values]) if values else np.zeros(0)


def _two_changes(evidence: Evidence, form: Form, deadline: float) -> list[Finding]:
    few, rows = evidence.few, evidence.rows
    pairs: list[tuple[int, int]] = []
    values = list(map(flat, _values(evidence, form, [a.root for a in form.changed], FEW)))
    pairs += meeting(flat(few.exact), values, flat(few.claimed))
    if rows is not None and len(rows.claimed) > 1:
        alone = [flat(v) for v in _values(rows, form, [a.root for a in form.changed], FEW)]
        apart = [flat(rows.samples.values([term.node])[0]) for term, _ in evidence.own]
        pairs += multiplying(flat(rows.exact), alone, flat(rows.claimed), apart)
    pairs.sort(key=lambda pair: form.changed[pair[0]].cost + form.changed[pair[1]].cost)
    for i, j in pairs:
        if process_time() > deadline:
            break
        one, other = form.changed[i], form.changed[j]
        node = both(form.program.graph, form.root, one, other)
        (value,) = _values(evidence, form, [node], len(evidence.claimed))
        if same(value, evidence.claimed):
            return [one.finding, other.finding]
    return []


def _given_and_change(evidence: Evidence, form: Form, deadline: float) -> list[Finding]:
    """A mistake in what it computes with, and one in what it computes."""
    samples = evidence.knowing(form.program)
    first = replace(samples, points=samples.points[:1])
    roots = [change.root for change in form.changed]
    for one in mistaken(form.program, evidence.block.names, _batches(evidence)):
        if process_time() > deadline:
            return []
        values = one.values(first, roots)
        for change, value in zip(form.changed, values, strict=True):
            if same(value, evidence.claimed[:1]):
                (everywhere,) = one.values(samples, [change.root])
                if same(everywhere, evidence.claimed):
                    return [change.finding, one.finding]
    return []
