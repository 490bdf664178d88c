"""Changes of the exact derivative's own text: what a function computes whose text is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Node, Program
from gdsym.calculus.stabilise import stabilise
from gdsym.gradcheck.diagnose.repair import Change, Reader
from gdsym.gradcheck.diagnose.samples import Array, Samples, ratio, recognised, same
from gdsym.gradcheck.report import Finding
from gdsym.language.model import Domain

# What a change does to the right formula is the mistake of a function that computes the changed.
REVERSE = {
    "extra_term": "missing_term",
    "extra_chain_factor": "missing_chain_factor",
    "missing_chain_factor": "extra_chain_factor",
}
LONGEST_TEXT = 400


def formulas(program: Program, quantity: str, names: Sequence[str], exact: Node) -> list[str]:
    """Texts of the exact derivative: as `show` prints it, and as it comes of what was written."""
    found = []
    if quantity == "grad":
        # Labels keep their own terms, `sigmoid(z) - y`, where nothing is known of their values.
        data = tuple(replace(item, domain=_plain(item.domain)) for item in program.model.data)
        shown = stabilise(derive(stabilise(build(replace(program.model, data=data)))))
        found.append(Notation.of(shown).text(shown.grads[names[0]]))
    found.append(Notation.of(program).text(exact))
    return [text for text in dict.fromkeys(found) if len(text) <= LONGEST_TEXT]


def _plain(domain: Domain) -> Domain:
    return Domain() if domain.values is not None else domain


def readable(program: Program, samples: Samples, exact: list[Array], texts: Sequence[str]) -> str:
    """The first text that a user can write, too, and that is right; "" where there is none."""
    for text in texts:
        reader = Reader(program, samples.dims)
        node = reader.read(text)
        if node is not None:
            knowing = replace(program, stats=dict(reader.builder.stats))
            (values,) = replace(samples, program=knowing).values([node])
            if same(values, exact):
                return text
    return ""


def planted(
    changed: Sequence[tuple[Change, Node]], text: str, samples: Samples, claimed: list[Array]
) -> list[Finding]:
    """The changes of a right text that give the claimed values, up to a factor."""
    first = replace(samples, points=samples.points[:1])
    values = first.values(node for _, node in changed)
    likely = [
        pair
        for pair, value in zip(changed, values, strict=True)
        if ratio(claimed[:1], value) is not None
    ]
    found: list[tuple[int, Finding]] = []
    everywhere = samples.values(node for _, node in likely)
    for (change, _), value in zip(likely, everywhere, strict=True):
        factors = ratio(claimed, value)
        factor = recognised(factors, samples.scalars()) if factors is not None else None
        if factor is None or not factor.number:
            continue
        plain = factor.plain and factor.number == 1
        times = "" if plain else f", times `{factor}`"
        told = f"it is `{change.applied(text)}`{times}, and the derivative is `{text}`"
        kind = REVERSE.get(change.kind, change.kind)
        found.append((change.cost + 10 * (not plain), Finding(kind, change.where, told)))
    found.sort(key=lambda pair: pair[0])
    single = [finding for cost, finding in found if cost < 10]
    return single or [finding for _, finding in found]
