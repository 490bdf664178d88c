"""What a planted mistake is, and when a diagnosis is right about it.

A mistake is named where a finding has its kind and tells its place. Or it is explained in another
way that is as simple: the formula that is told to be right is right, as a check of its own says,
and is as near to the wrong one, in words changed, as the formula that the mistake was planted in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from gdsym.gradcheck import Finding


class Planted(NamedTuple):
    """A kind of the documentation, and what a finding has to mention that is about this one."""

    kind: str
    tell: tuple[str, ...] = ()


class Wrong(NamedTuple):
    """A wrong formula, the right one that it was made from, and what was done to it."""

    mistakes: tuple[Planted, ...]
    text: str
    right: str


# Kinds that name the same mistake: a number in front of a term or of all of a formula, a factor
# that is missing and is a number, a name for another one, a factor of a formula in its place.
NUMBERS = frozenset(("factor", "scaled_term"))
FACTORS = frozenset(("missing_chain_factor", "wrong_chain_factor"))
SAME = {
    "factor": NUMBERS | {"wrong_axis"},
    "wrong_axis": NUMBERS | {"wrong_axis"},
    "scaled_term": NUMBERS | {"extra_term"},
    "extra_term": frozenset(("extra_term", "scaled_term")),
    "missing_chain_factor": FACTORS | {"factor", "scaled_term"},
    "extra_chain_factor": frozenset(
        ("extra_chain_factor", "wrong_chain_factor", "factor", "scaled_term")
    ),
    "wrong_chain_factor": FACTORS | {"extra_chain_factor", "wrong_term"},
    "swapped_parameters": frozenset(("swapped_parameters", "wrong_term")),
}


def is_named(planted: Planted, finding: Finding) -> bool:
    told = _plain(f"{finding.where} {finding.text}")
    same = SAME.get(planted.kind, frozenset((planted.kind,)))
    return finding.kind in same and all(_is_told(part, told) for part in planted.tell)


def _is_told(part: str, told: str) -> bool:
    """True where a text has a part; a number in backticks may be the first of a product."""
    if not part.startswith("`"):
        return _plain(part) in told
    number = part.strip("`")
    below = f"/{number[2:]}`" if number.startswith("1/") else part
    return any(form in told for form in (part, f"`{number}*", f"`{number}/", below))


def _plain(text: str) -> str:
    return re.sub(r"[\s()]", "", text)


def all_named(mistakes: Sequence[Planted], findings: Sequence[Finding]) -> bool:
    """Every mistake by a finding of its own; numbers in front of all of it are one number."""
    if not mistakes:
        return True
    first, *rest = mistakes
    for finding in findings:
        left = [f for f in findings if f is not finding or f.kind == "factor"]
        if is_named(first, finding) and all_named(rest, left):
            return True
    return False


def as_simple(wrong: Wrong, findings: Sequence[Finding], holds: Callable[[str], bool]) -> bool:
    """True where a formula that is told to be right is, and is near. `holds` checks a claim."""
    most = distance(wrong.text, wrong.right)
    for finding in findings:
        claim = finding.corrected.removeprefix("claim ")
        formula = claim.partition(" = ")[2]
        if formula and distance(wrong.text, formula) <= most and holds(claim):
            return True
    return False


def distance(first: str, second: str) -> int:
    """How many words differ; brackets are none."""
    one, other = (re.findall(r"[A-Za-z_]\w*|[\d.]+|[^\s\w()]", t) for t in (first, second))
    changes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in changes if tag != "equal")
