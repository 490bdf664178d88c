"""What is wrong with a derivative that was derived by hand.

Explanations are tried from the simplest on, on values at random points: the whole block times a
factor; entries out of place; one term that is missing, too much or scaled; where the claim is a
formula, one change of its text that makes it right, and for a function one change of the exact
derivative that makes it what the function gives; two mistakes at once. What explains the values
to rounding error at every point is reported, at most a few of equal simplicity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import numpy as np

from gdsym.calculus.program import Program
from gdsym.gradcheck.diagnose.entries import rounded
from gdsym.gradcheck.diagnose.evidence import Block, Evidence, gathered, simple
from gdsym.gradcheck.diagnose.formulas import formulas, readable
from gdsym.gradcheck.diagnose.functions import of_function, two_of_function
from gdsym.gradcheck.diagnose.repair import Reader
from gdsym.gradcheck.diagnose.samples import Claimed, same
from gdsym.gradcheck.diagnose.terms import OF_A_TERM, together, two_terms
from gdsym.gradcheck.diagnose.texts import (
    MANY_WORDS,
    of_text,
    simplest_first,
    two_of_text,
    words,
)
from gdsym.gradcheck.report import AND_ALSO, Finding

__all__ = ["Block", "diagnose"]

# How many explanations of equal simplicity are told, and for how many seconds of the processor
# two mistakes are looked for.
MOST_TOLD = 3
SECONDS = 4.0


def diagnose(program: Program, block: Block, claimed: Claimed) -> tuple[Finding, ...]:
    """What may be wrong, the likeliest first; empty where nothing that is known explains it.

    claimed: the entries of the claimed block at a point, by index in the stated order of axes.
    """
    with np.errstate(all="ignore"):
        evidence = gathered(program, block, claimed)
        if evidence is not None:
            return _diagnosed(evidence)
    text = "it is a number at too few points to tell what is wrong with it"
    return (Finding("unknown", block.title, text),)


def _diagnosed(evidence: Evidence) -> tuple[Finding, ...]:
    deadline = process_time() + SECONDS
    search = _of_claim if evidence.block.text else _of_function
    found = search(evidence, deadline) or rounded(evidence.claimed, evidence.exact)
    told = _distinct(found)[:MOST_TOLD] or [_unknown(evidence)]
    others = [f if f.text.startswith(AND_ALSO) else replace(f, text=f"or {f.text}") for f in told]
    return _corrected(evidence, [told[0], *others[1:]])


def _of_claim(evidence: Evidence, deadline: float) -> Sequence[Finding]:
    text = evidence.block.text
    values = simple(evidence, evidence.claimed, evidence.exact, text)
    repairs, banks = of_text(evidence)
    single = simplest_first(evidence, [*values, *repairs])
    fewest = words(evidence, single[:1]) if single else 0
    single = [f for f in single if words(evidence, [f]) <= fewest + 1]
    if single and fewest <= MANY_WORDS:
        return single
    pairs = [] if single else two_terms(evidence.claimed, evidence.exact, evidence.terms, "")
    for pair in pairs:
        if len(pair) == 2 and all(f.where.startswith(tuple(OF_A_TERM.values())) for f in pair):
            return pair
    both = two_of_text(evidence, banks, deadline)
    both = together(both) if both else both
    if not single:
        return both or next(iter(pairs), ())
    return both if both and words(evidence, both) + 1 < fewest else single


def _of_function(evidence: Evidence, deadline: float) -> Sequence[Finding]:
    single = simple(evidence, evidence.claimed, evidence.exact)
    single += of_function(evidence, bool(single))
    if single:
        return single
    for pair in two_terms(evidence.claimed, evidence.exact, evidence.terms, ""):
        return pair
    both = two_of_function(evidence, deadline)
    return together(both) if both else both


def _distinct(found: Sequence[Finding]) -> list[Finding]:
    """Findings of another kind, place and mended text than those before."""
    told: dict[tuple[str, str], Finding] = {}
    mended: set[str] = set()
    for finding in found:
        text = re.sub(r"[\s()]", "", finding.corrected)
        if text not in mended:
            told.setdefault((finding.kind, finding.where), finding)
        mended |= {text} - {""}
    return list(told.values())


def _unknown(evidence: Evidence) -> Finding:
    """What can be said of values that nothing explains: how far they go with the right ones."""
    one, other = (
        np.concatenate([v.ravel() for v in values])
        for values in (evidence.claimed, evidence.exact)
    )
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    alike = float(one @ other) / norms if norms else 0.0
    text = f"no single mistake explains it; its correlation with the derivative is {alike:.3f}"
    return Finding("unknown", "", text)


def _corrected(evidence: Evidence, found: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with the whole line that is right: the claim's own text mended where it can
    be, else the exact derivative in our words, with the first."""
    program, block = evidence.program, evidence.block
    reader = Reader(program, block.dims, block.written)
    told = []
    for finding in found:
        node = reader.read(finding.corrected) if finding.corrected else None
        line = ""
        if node is not None:
            knowing = replace(program, stats=dict(reader.builder.stats))
            (values,) = evidence.knowing(knowing).values([node])
            right = same(values, evidence.exact)
            line = f"claim {block.title} = {finding.corrected}" if right else ""
        told.append(replace(finding, where=finding.where or block.title, corrected=line))
    if not any(finding.corrected for finding in told):
        texts = formulas(program, block.quantity, block.names, block.exact)
        formula = readable(program, evidence.samples, evidence.exact, texts)
        if formula:
            line = f"claim {block.title} = {formula}"
            told[0] = replace(told[0], corrected=line)
    return tuple(told)
