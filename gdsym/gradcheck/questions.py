"""Claims as nodes: what is claimed, and beside it what is true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gdsym.calculus.build import SIGNS, Builder, build
from gdsym.calculus.derive import derive
from gdsym.calculus.program import Factor, Node, Program, canonical_axes
from gdsym.calculus.regions import exact
from gdsym.calculus.second import Tangents, paired, row_to_cut
from gdsym.language.model import Claim, Const, Dims, Domain, Model

DIRECTION = "direction "


@dataclass(frozen=True, slots=True)
class Meaning:
    """One reading of what is claimed about: its exact value, and what to call it if need be."""

    node: Node
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A claim. Where the objective is maximised it may be meant of it or of its negative, which
    is minimised: `readings` has the former first. Every reading is one or two meanings."""

    claim: Claim
    block: str
    dims: Dims
    claimed: Node
    readings: tuple[tuple[Meaning, ...], ...]


def questions(model: Model) -> tuple[Program, tuple[Question, ...]]:
    """The program that holds all nodes, and a question per claim.

    The program is as the user wrote it, without stability rules: what is compared is the formula.
    Directions of Hessian-vector products are constants called `direction w`.
    """
    directions = {
        claim.names[0]: Const(
            direction(claim), _dims(model, claim.names[:1]), Domain(), None, "", claim.span
        )
        for claim in model.claims
        if claim.quantity == "hvp"
    }
    extended = replace(model, consts=(*model.consts, *directions.values()))
    program = derive(build(extended))
    builder = Builder(program.graph, extended)
    builder.stats = dict(program.stats)
    for kind, name, dims in extended.declared():
        builder.declare(kind, name, dims)
    builder.values.update(program.lets)
    found = []
    for claim in model.claims:
        if claim.quantity == "hvp":
            builder.values[claim.names[1]] = builder.values[direction(claim)]
        claimed = builder.while_fitting(builder.node(claim.expr))
        found.append((claim, claimed))
    program = replace(program, stats=builder.stats)
    return program, tuple(_question(program, claim, node) for claim, node in found)


def direction(claim: Claim) -> str:
    """The name of the constant that stands for the direction of a Hessian-vector product."""
    return DIRECTION + claim.names[0]


def _dims(model: Model, names: Iterable[str]) -> Dims:
    dims = {param.name: param.dims for param in model.params}
    return tuple(dim for name in names for dim in dims[name])


def _question(program: Program, claim: Claim, claimed: Node) -> Question:
    model = program.model
    block = f"{claim.quantity}({', '.join(claim.names)})" if claim.names else claim.quantity
    params = claim.names[:1] if claim.quantity == "hvp" else claim.names
    meanings = _meanings(program, claim)
    readings = [meanings]
    if SIGNS[model.objective.kind] < 0:
        negative = f"of -{model.objective.kind}, which is minimised"
        readings = [
            tuple(Meaning(program.graph.neg(m.node), m.note) for m in meanings),
            tuple(Meaning(m.node, ", ".join(filter(None, (m.note, negative)))) for m in meanings),
        ]
    return Question(claim, block, _dims(model, params), claimed, tuple(readings))


def _meanings(program: Program, claim: Claim) -> tuple[Meaning, ...]:
    """What is minimised, or its derivatives."""
    if claim.quantity != "loss":
        return (Meaning(derivative(program, claim.quantity, claim.names)),)
    if program.loss is program.value:
        return (Meaning(program.value),)
    return Meaning(program.value), Meaning(program.loss, "without the penalties")


def derivative(program: Program, quantity: str, names: Sequence[str]) -> Node:
    """A gradient, a block of the Hessian, or that times a direction, of what is minimised."""
    match quantity:
        case "grad":
            return program.grads[names[0]]
        case "hess":
            return _hessian(program, *names)
    return _along(program, names[0])


def _hessian(program: Program, p: str, q: str) -> Node:
    """The block with the axes of p and then of q, renamed where p has them, too."""
    graph, grad = program.graph, program.grads[p]
    leaf = graph.known_leaf("param", q)
    if leaf is None:
        return graph.number(0)
    with exact():
        row = row_to_cut(program, [grad])
        node = Tangents(graph, [grad], [leaf], row).node(grad, leaf)
    # A gradient may lack axes of its parameter; the block's names are those beside all of them.
    had = paired(grad.axes, leaf.axes)
    wanted = paired(canonical_axes(_dims(program.model, [p])), leaf.axes)
    return graph.renamed(node, dict(zip(had, wanted, strict=True)))


def _along(program: Program, name: str) -> Node:
    """The Hessian block of a parameter times the direction."""
    own = canonical_axes(_dims(program.model, [name]))
    other = paired(own, own)
    block = _hessian(program, name, name)
    leaf = program.graph.known_leaf("const", DIRECTION + name)
    assert leaf is not None  # `questions` has declared it
    at = dict(zip(own, other, strict=True))
    factors = [
        Factor(block, block.axes),
        Factor(leaf, tuple(at[axis] for axis in leaf.axes)),
    ]
    return program.graph.contract_over(other, factors, (), own)
