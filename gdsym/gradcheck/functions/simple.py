"""Explanations that need the values alone: a factor, entries out of place, one coordinate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gdsym.gradcheck.diagnose.entries import misplaced, of_coordinates
from gdsym.gradcheck.diagnose.samples import ratio, recognised
from gdsym.gradcheck.diagnose.terms import factor_findings
from gdsym.gradcheck.functions.places import Array
from gdsym.gradcheck.report import Finding


def explained(
    title: str,
    got: Sequence[Array],
    exact: Sequence[Array],
    name: Callable[[tuple[int, ...]], str],
    scalars: Mapping[str, Array] | None = None,
) -> list[Finding]:
    """What explains the values at all points; `scalars` have a value per point."""
    found = []
    factors = ratio(got, exact)
    factor = recognised(factors, scalars or {}) if factors is not None else None
    if factor is not None and factor.number != 0:
        told = factor_findings(factor, title, "")
        number = max(abs(factor.number), 1 / abs(factor.number))
        sizes = [
            n
            for n, v in (scalars or {}).items()
            if factor.plain and number > 2 and set(v) == {number}
        ]
        note = f", where {sizes[0]} = {number}" if sizes else ""
        found += [*told[:-1], replace(told[-1], text=told[-1].text + note)]
    found += misplaced(got, exact, {})
    found += of_coordinates(got, exact, name)
    return [_of_few_points(f) for f in found] if len(got) < 2 else found


def _of_few_points(finding: Finding) -> Finding:
    """One point cannot tell that a coordinate is the same everywhere."""
    if finding.kind != "stale_coordinate":
        return finding
    return Finding("wrong_term", finding.where, f"{finding.where} alone is wrong")
