"""What is wrong with a claimed formula: what changes of its text make it right.

Of several explanations the one that changes the fewest words is the simplest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import islice
from time import process_time

import numpy as np

from gdsym.calculus.program import Node, Program
from gdsym.gradcheck.diagnose.alternatives import spelt
from gdsym.gradcheck.diagnose.evidence import FEW, Evidence, Values, simple
from gdsym.gradcheck.diagnose.functions import flat, forms
from gdsym.gradcheck.diagnose.pairs import equal, meeting, multiplying
from gdsym.gradcheck.diagnose.repair import (
    MOST_CHANGES,
    MOST_INSERTIONS,
    Change,
    Reader,
    changes,
    insertions,
)
from gdsym.gradcheck.diagnose.samples import same
from gdsym.gradcheck.diagnose.terms import OF_A_TERM, first_of
from gdsym.gradcheck.report import Finding
from gdsym.language import syntax
from gdsym.language.parse import parse_expression

# Two mistakes that change no more words are not searched for simpler ones.
FEW_WORDS = 4
# One mistake that changes more words may be two that change fewer.
MANY_WORDS = 6
# More than any text has words: a pair whose mended text is not known is told if there is no other.
UNMENDED = 1e6
# Pairs of equal values that are looked at, and mended texts that are searched for a second change.
MOST_EQUAL = 12


@dataclass(frozen=True, slots=True)
class Changed:
    """The changes of a text that make a formula of the block's dims, with the formulas, and the
    program that knows what training data these read."""

    text: str
    program: Program
    reader: Reader
    read: tuple[tuple[Change, Node], ...]


def changed(
    evidence: Evidence,
    text: str,
    bank: Callable[[Program, Node, syntax.Expression, str], Iterable[Change]] = changes,
    most: int = MOST_CHANGES,
) -> Changed:
    program, block = evidence.program, evidence.block
    reader = Reader(program, block.dims, block.written)
    root = parse_expression(text)
    exact = spelt(program.graph, block.exact)
    read: dict[Node, Change] = {}
    for change in islice(bank(program, exact, root, text), most):
        node = reader.node(root, change)
        if node is not None:
            read.setdefault(node, change)
    knowing = replace(program, stats=dict(reader.builder.stats))
    pairs = tuple((change, node) for node, change in read.items())
    return Changed(text, knowing, reader, pairs)


def words_changed(first: str, second: str) -> int:
    """How many words, numbers and signs differ; brackets are none."""
    one, other = (re.findall(r"[A-Za-z_]\w*|[\d.]+|[^\s\w()]", text) for text in (first, second))
    parts = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in parts if tag != "equal")


def words(evidence: Evidence, found: Sequence[Finding]) -> float:
    """How many words of the claim an explanation changes. What has a name is one word: all of
    the block, a term of the objective, the coding of labels."""
    block = evidence.block
    mended = next((f.corrected for f in found if f.corrected), "")
    if not mended:
        return float("inf")
    (first, *rest) = found
    named = first.where == block.title or first.where.startswith(tuple(OF_A_TERM.values()))
    if not rest and (named or first.kind == "label_coding"):
        return 1
    return words_changed(block.text, mended)


def simplest_first(evidence: Evidence, found: Iterable[Finding]) -> list[Finding]:
    """Single findings, those that change the fewest words first."""
    return sorted(found, key=lambda finding: words(evidence, [finding]))


@dataclass(frozen=True, slots=True)
class Banks:
    """The changes of a claim: what may stand there instead, and terms that may be missing."""

    changes: Changed
    insertions: Changed


def of_text(evidence: Evidence) -> tuple[list[Finding], Banks]:
    """One change of the text after which the claim is right."""
    text = evidence.block.text
    banks = Banks(changed(evidence, text), changed(evidence, text, insertions, MOST_INSERTIONS))
    return _repairs(evidence, banks.changes) + _repairs(evidence, banks.insertions), banks


def _repairs(evidence: Evidence, made: Changed) -> list[Finding]:
    samples = evidence.knowing(made.program)
    first = replace(samples, points=samples.points[:1])
    values = first.values(node for _, node in made.read)
    likely = [
        pair
        for pair, value in zip(made.read, values, strict=True)
        if same(value, evidence.exact[:1])
    ]
    rest = samples.values(node for _, node in likely)
    right = [c for (c, _), v in zip(likely, rest, strict=True) if same(v, evidence.exact)]
    right.sort(key=lambda change: change.cost)
    found = [replace(_finding(c), corrected=c.applied(made.text)) for c in right]
    return sorted(found, key=lambda f: words_changed(made.text, f.corrected))


def _finding(change: Change) -> Finding:
    return Finding(change.kind, change.where, change.text)


# -- two mistakes


@dataclass(frozen=True, slots=True)
class Search:
    """The changes of a text with their values at a few points."""

    evidence: Evidence
    made: Changed
    values: Sequence[Values]
    deadline: float

    @property
    def order(self) -> list[int]:
        return sorted(range(len(self.values)), key=lambda i: self.made.read[i][0].cost)


def two_of_text(evidence: Evidence, banks: Banks, deadline: float) -> list[Finding]:
    """Two mistakes: what one change of the text leaves is explained by values, by another change,
    or by a change of the exact derivative. The pair that changes the fewest words."""

    def search(made: Changed) -> Search:
        samples = evidence.knowing(made.program)
        few = replace(samples, points=samples.points[:FEW])
        values = few.values(node for _, node in made.read)
        # Some changes change nothing.
        kept = [i for i, v in enumerate(values) if not same(v, evidence.claimed[:FEW])]
        made = replace(made, read=tuple(made.read[i] for i in kept))
        return Search(evidence, made, [values[i] for i in kept], deadline)

    best: list[Finding] = []
    least = float("inf")
    likely, others = search(banks.changes), search(banks.insertions)
    all_made = replace(likely.made, read=(*likely.made.read, *others.made.read))
    together = replace(likely, made=all_made, values=[*likely.values, *others.values])
    for strategy, space in (
        (_change_and_values, likely),
        (_change_and_values, others),
        (_two_changes, together),
        (_two_meeting, likely),
    ):
        for pair in strategy(space):
            count = min(words(evidence, pair), UNMENDED)
            if count < least:
                best, least = pair, count
        if least <= FEW_WORDS:
            break
    return best


def _change_and_values(search: Search) -> Iterator[list[Finding]]:
    evidence, made = search.evidence, search.made
    few = evidence.few
    for place in search.order:
        if process_time() > search.deadline:
            return
        value = search.values[place]
        if not all(np.all(np.isfinite(v)) and np.any(v) for v in value):
            continue
        if not simple(few, value, few.exact, sparse=True):
            continue
        change, node = made.read[place]
        (everywhere,) = evidence.knowing(made.program).values([node])
        text = change.applied(made.text)
        left = simple(evidence, everywhere, evidence.exact, text, sparse=True)
        if left and not _is_another(change, left[0]):
            yield [_finding(change), *first_of(left)]


def _is_another(change: Change, left: Finding) -> bool:
    """True where a term is taken away and another put there: that explains anything."""
    return change.kind == "extra_term" and left.kind == "missing_term"


def _two_changes(search: Search) -> Iterator[list[Finding]]:
    """Two changes in different parts of the text."""
    evidence, made = search.evidence, search.made
    few, rows = evidence.few, evidence.rows
    flats = list(map(flat, search.values))
    found = list(meeting(flat(few.claimed), flats, flat(few.exact)))
    if rows is not None and len(rows.claimed) > 1:
        alone = rows.knowing(made.program).values(node for _, node in made.read)
        apart = [flat(rows.samples.values([term.node])[0]) for term, _ in evidence.own]
        flats = list(map(flat, alone))
        found += multiplying(flat(rows.claimed), flats, flat(rows.exact), apart)
    found.sort(key=lambda pair: made.read[pair[0]][0].cost + made.read[pair[1]][0].cost)
    for i, j in found:
        if process_time() > search.deadline:
            return
        one, other = made.read[i][0], made.read[j][0]
        text = _applied(made.text, one, other)
        if text and _is_right(evidence, made.reader, text):
            yield [replace(_finding(one), corrected=text), _finding(other)]


def _is_right(evidence: Evidence, reader: Reader, text: str) -> bool:
    node = reader.read(text)
    if node is None:
        return False
    knowing = replace(evidence.program, stats=dict(reader.builder.stats))
    (value,) = evidence.knowing(knowing).values([node])
    return same(value, evidence.exact)


def _applied(text: str, one: Change, other: Change) -> str:
    """The text with two changes, "" where they change the same."""
    first, second = sorted((one, other), key=lambda c: (c.part.span.start, -c.part.span.stop))
    if first.part.span.stop <= second.part.span.start:
        return first.applied(second.applied(text))
    written = text[second.part.span.start : second.part.span.stop]
    if first.part is second.part or first.instead.count(written) != 1:
        return ""
    inside = first.instead.replace(written, second.instead)
    return replace(first, instead=inside).applied(text)


def _two_meeting(search: Search) -> Iterator[list[Finding]]:
    """A change of the text gives what a mistake in the exact derivative gives; a second change
    of the text then makes it right."""
    evidence, made = search.evidence, search.made
    flats = list(map(flat, search.values))
    for form in forms(evidence):
        samples = evidence.knowing(form.program)
        few = replace(samples, points=samples.points[:FEW])
        own = list(map(flat, few.values(a.root for a in form.changed)))
        looked: set[int] = set()
        for place, mistake in equal(flats, own):
            if process_time() > search.deadline or len(looked) > MOST_EQUAL:
                return
            if place in looked or same(search.values[place], evidence.few.exact):
                continue
            looked.add(place)
            change = made.read[place][0]
            text = change.applied(made.text)
            second = _repairs(evidence, changed(evidence, text))
            other = second[0] if second else form.changed[mistake].finding
            (value,) = samples.values([form.changed[mistake].root])
            (own_value,) = evidence.knowing(made.program).values([made.read[place][1]])
            certain = second or (change.kind != "extra_term" and same(value, own_value))
            if certain and not _is_another(change, other):
                yield [_finding(change), other]
