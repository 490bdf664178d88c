"""What a check says: a verdict per block, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from gdsym.errors import Diagnostic, Source, Span, render

PROVED, AGREES, WRONG, INCONCLUSIVE = "PROVED", "AGREES", "WRONG", "INCONCLUSIVE"
HOLD = (PROVED, AGREES)

# Coordinates that a report lists: those that are farthest off.
MOST_WORST = 3
# How the words of a finding begin that explains something only together with the one before.
AND_ALSO = "and also "


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: its kind (`factor`, `sign`, ...), where it is, what is wrong, and the formula
    that would be right, or "" where there is none to print."""

    kind: str
    where: str
    text: str
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One entry of a block, by name (`w[age]`), and what it is."""

    name: str
    expected: float
    got: float


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A point at which a claim is wrong: sizes, data, parameters and constants by name."""

    sizes: dict[str, int]
    data: dict[str, Any]
    parameters: dict[str, Any]
    constants: dict[str, Any]
    worst: tuple[Coordinate, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "sizes": self.sizes,
            "data": self.data,
            "parameters": self.parameters,
            "constants": self.constants,
            "worst": [
                {"coordinate": c.name, "expected": _plain(c.expected), "got": _plain(c.got)}
                for c in self.worst
            ],
        }


def _plain(value: float) -> float | None:
    """JSON has no name for what is no number."""
    return value if isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`PROVED`, `AGREES`, `WRONG` or `INCONCLUSIVE` for one block, and why."""

    block: str
    verdict: str
    reason: str
    span: Span
    diagnosis: tuple[Finding, ...] = ()
    counterexample: Counterexample | None = None

    @property
    def holds(self) -> bool:
        return self.verdict in HOLD

    @property
    def mistakes(self) -> int:
        """How many the first explanation has."""
        return 1 + sum(f.text.startswith(AND_ALSO) for f in self.diagnosis)

    def as_dict(self) -> dict[str, Any]:
        example = self.counterexample
        return {
            "block": self.block,
            "verdict": self.verdict,
            "reason": self.reason,
            "diagnosis": [
                {"kind": f.kind, "where": f.where, "text": f.text, "corrected": f.corrected}
                for f in self.diagnosis
            ],
            "counterexample": example.as_dict() if example is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts on a model's claims, in the order of the file."""

    model: str
    source: Source
    claims: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """True where every claim is proved or agrees."""
        return all(verdict.holds for verdict in self.claims)

    def as_dict(self) -> dict[str, Any]:
        """The report as `gdsym check --json` prints it."""
        return {"model": self.model, "claims": [verdict.as_dict() for verdict in self.claims]}

    def __str__(self) -> str:
        return "\n".join(_paragraphs(self))


def _paragraphs(report: Report) -> Iterable[str]:
    for verdict in report.claims:
        diagnostic = Diagnostic(verdict.block, verdict.reason, verdict.span)
        text = render(report.source, diagnostic, verdict.verdict)
        if verdict.verdict == PROVED:
            yield text.partition("\n")[0]
            continue
        yield "\n".join([text, *details(verdict)])
    counts = {
        kind: sum(v.verdict == kind for v in report.claims)
        for kind in (PROVED, AGREES, WRONG, INCONCLUSIVE)
    }
    yield ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)


def details(verdict: Verdict, giver: str = "the claim gives") -> Iterable[str]:
    """The lines below a verdict: the mistakes, and where they show."""
    for finding in verdict.diagnosis:
        yield f"{finding.kind}: {finding.text}"
        if finding.corrected:
            yield f"help: {finding.corrected}"
    if verdict.counterexample is not None:
        yield from _shown(verdict.counterexample, giver)


def _shown(example: Counterexample, giver: str) -> Iterable[str]:
    sizes = ", ".join(f"{name} = {size}" for name, size in example.sizes.items())
    yield f"for example with {sizes}:" if sizes else "for example at:"
    for values in (example.data, example.parameters, example.constants):
        for name, value in values.items():
            yield f"    {name} = {value}"
    width = max((len(c.name) for c in example.worst), default=0)
    for c in example.worst:
        yield f"    {c.name:<{width}}  expected {c.expected:.9g}, {giver} {c.got:.9g}"
