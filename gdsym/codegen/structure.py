"""What a module tells a fit about the structure of its objective, and the weights of its kinks."""

from __future__ import annotations

from dataclasses import replace
from math import isinf

from gdsym.calculus.notation import Notation
from gdsym.calculus.program import (
    Leaf,
    Node,
    Program,
    canonical_axes,
    reachable,
    rebuilt,
)
from gdsym.calculus.structure import Structure
from gdsym.calculus.structure.parts import Proximal
from gdsym.calculus.structure.ranges import Range
from gdsym.codegen.kernels import Kernels
from gdsym.codegen.layout import INDENT
from gdsym.codegen.lower import lower


def described(program: Program, found: Structure) -> dict[str, object]:
    """The answers that a fit acts on, as literals."""
    text = Notation.of(program).text
    bound = found.smoothness
    return {
        "convex": found.convexity.convex,
        "given": {name: _ends(at) for name, at in found.given.items()},
        "kinks": tuple((text(node), order) for node, order in _kinks(found).items()),
        "curvature": None
        if bound is None
        else {"constant": bound.constant, "factor": bound.factor, "halves": bound.halves},
    }


def _kinks(found: Structure) -> dict[Node, int]:
    """The kinks that a fit has to live with, each with the derivative that jumps."""
    kinks = {kink.node: kink.order for kink in found.parts.kinks}
    if not known_terms(found):
        kinks |= {term.node: 1 for term in found.parts.terms}
    return kinks


def _ends(at: Range) -> tuple[float | None, float | None]:
    lower, upper = (None if isinf(end) else float(end) for end in at)
    return lower, upper


def known_terms(found: Structure) -> tuple[Proximal, ...]:
    """The terms with a proximal step whose groups the module can name: all kinks, or none.

    Weights may depend on constants and sizes, and groups are along axes.
    """
    terms = found.parts.terms
    plain = all(term.codes is None and _without_data(term.weight) for term in terms)
    return terms if plain else ()


def _without_data(weight: Node) -> bool:
    leaves = (node for node in reachable([weight]) if isinstance(node, Leaf))
    return all(leaf.kind in ("const", "size", "constant") for leaf in leaves)


def proximal(terms: tuple[Proximal, ...]) -> tuple[dict[str, object], ...]:
    """The parameter of each term, and the dimensions that its lengths are taken over."""
    return tuple(
        {"param": term.param, "over": tuple(axis.dim for axis in term.over)} for term in terms
    )


def weights(kernels: Kernels, program: Program, terms: tuple[Proximal, ...]) -> list[str]:
    """The function that computes the weights of these terms."""
    lines = [
        "def _proximal_weights(dims: Mapping[str, int], consts: Mapping[str, Any]) -> list[Any]:",
        f'{INDENT}"""The weights of the terms of `PROXIMAL`."""',
    ]
    if not terms:
        return [*lines, f"{INDENT}return []"]
    number = program.graph.number(0)
    alone = Program(
        model=program.model,
        graph=program.graph,
        loss=number,
        value=number,
        lets={},
        predictions={},
        stats={},
        places=(),
        formulas={str(place): term.weight for place, term in enumerate(terms)},
    )
    lowered = lower(alone)
    here = rebuilt(replace(lowered, places=()), kernels.program.graph).formulas
    writer = kernels.writer(block=False, params=False)
    nodes = [here[str(place)] for place in range(len(terms))]
    writer.count(nodes)
    dims = {param.name: param.dims for param in program.model.params}
    texts = []
    for term, node in zip(terms, nodes, strict=True):
        axes = tuple(axis for axis in canonical_axes(dims[term.param]) if axis not in term.over)
        texts.append(kernels.in_order(writer, node, axes).code)
    leaves = [leaf for leaf in reachable(nodes) if isinstance(leaf, Leaf) and leaf.kind == "const"]
    consts = [f'{INDENT}{kernels.arguments[leaf.name]} = consts["{leaf.name}"]' for leaf in leaves]
    body = [f"{INDENT}return [{', '.join(texts)}]"]
    return [*lines, *kernels.sizes(writer.sizes), *consts, *body]
