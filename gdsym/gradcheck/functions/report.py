"""What a check of functions says: a verdict per block, as for claims, without a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdsym.errors import Span
from gdsym.gradcheck.functions.places import Array
from gdsym.gradcheck.report import (
    AGREES,
    HOLD,
    INCONCLUSIVE,
    MOST_WORST,
    WRONG,
    Coordinate,
    Finding,
    Verdict,
    details,
)

NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """The verdicts on a function: `model` is what it is held against."""

    model: str
    function: str
    claims: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """True where every block agrees."""
        return all(verdict.holds for verdict in self.claims)

    def as_dict(self) -> dict[str, Any]:
        """The report as `gdsym check --json` prints it."""
        claims = [verdict.as_dict() for verdict in self.claims]
        return {"model": self.model, "function": self.function, "claims": _finite(claims)}

    def __str__(self) -> str:
        return "\n".join(self._paragraphs())

    def _paragraphs(self) -> Iterable[str]:
        for verdict in self.claims:
            yield f"{self.function}: {verdict.verdict}[{verdict.block}]: {verdict.reason}"
            yield from details(verdict, "the function gives")
        counts = {
            kind: sum(v.verdict == kind for v in self.claims)
            for kind in (AGREES, WRONG, INCONCLUSIVE)
        }
        yield ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)


def _finite(value: Any) -> Any:
    """With None for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def worst(names: Sequence[str], exact: Array, got: Array) -> tuple[Coordinate, ...]:
    """The coordinates that are farthest off, by name."""
    pairs = list(zip(names, exact.ravel().tolist(), got.ravel().tolist(), strict=True))
    off = [abs(e - g) if np.isfinite(e - g) else np.inf for _, e, g in pairs]
    order = sorted(range(len(pairs)), key=lambda i: (-off[i], i))[:MOST_WORST]
    most = max(off, default=0.0)
    return tuple(Coordinate(*pairs[i]) for i in order if off[i] == most or off[i] > 1e-6 * most)


def behaved(verdict: Verdict, changed: Iterable[str], noise: float) -> Verdict:
    """The verdict on a function that may change its arguments, or give other values each time."""
    findings = []
    if noise:
        text = f"two calls with the same arguments differ by {noise:.2g}"
        findings.append(Finding("not_deterministic", verdict.block, text))
        reason = "it is not deterministic, so its values tell nothing: fix its seed, use all rows"
        verdict = Verdict(verdict.block, INCONCLUSIVE, reason, verdict.span)
    reason, kind = verdict.reason, verdict.verdict
    for name in changed:
        text = f"it changes its argument `{name}` in place: the values of its caller, too"
        findings.append(Finding("changes_argument", name, text))
        if kind in HOLD:
            reason = f"the values are right ({reason}), but an argument is changed: copy it first"
            kind = INCONCLUSIVE
    return replace(verdict, verdict=kind, reason=reason, diagnosis=(*findings, *verdict.diagnosis))
