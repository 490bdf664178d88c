"""The exact derivative as text that a user can write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Node, Program
from gdsym.calculus.stabilise import stabilise
from gdsym.gradcheck.diagnose.repair import Reader
from gdsym.gradcheck.diagnose.samples import Array, Samples, same
from gdsym.language.model import Domain

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
        reader = Reader(program, samples.dims, {})
        node = reader.read(text)
        if node is not None:
            knowing = replace(program, stats=dict(reader.builder.stats))
            (values,) = replace(samples, program=knowing).values([node])
            if same(values, exact):
                return text
    return ""
