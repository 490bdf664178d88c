"""Where what is minimised has no slope, and which of that has a known proximal step.

A term such as `lam*sum(abs(w))` or `lam*norm(w)` has its kinks where parameters are 0, and the
minimum often lies there. Its proximal step is known in closed form, so that a method can take it
apart from the smooth remainder and reach exact zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gdsym.calculus.program import (
    Axes,
    Contract,
    Graph,
    Leaf,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    reachable,
)
from gdsym.calculus.stabilise.facts import Facts, declared, positive
from gdsym.calculus.structure.dependence import dependence
from gdsym.calculus.structure.expand import meeting
from gdsym.calculus.structure.ranges import Range, ranges
from gdsym.calculus.structure.terms import Opener, Part
from gdsym.language.functions import SIGNS
from gdsym.language.model import Param

KINKED = frozenset(("abs", "max", "min", "relu", "clip", "root"))
# Their squares have a slope everywhere.
ZERO_THERE = frozenset(("abs", "relu", "root"))
JUMPING = frozenset((*SIGNS, "sign", "floor"))


@dataclass(frozen=True, slots=True)
class Kink:
    """A node without a derivative somewhere. `order` is that of the first derivative that jumps;
    0 where the node itself does."""

    node: Node
    order: int


@dataclass(frozen=True, slots=True)
class Proximal:
    """weight times the Euclidean length of groups of entries of a parameter, summed over groups.

    The groups are the entries that share all indices but those of `over`; without `over` each
    entry is one, and the term an L1 norm. With `codes`, the entries along the one axis of `over`
    with equal codes are a group. `weight` has no parameters, is at least 0, and has no other axes
    than groups have; `node` is the length.
    """

    param: str
    over: Axes
    weight: Node
    node: Node
    codes: Node | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The value is `smooth` plus the proximal terms; `kinks` are those left in `smooth`.

    `assumed`: weights that have to be at least 0, where nothing says so.
    """

    smooth: Node
    terms: tuple[Proximal, ...]
    kinks: tuple[Kink, ...]
    assumed: tuple[Node, ...]


def parts(program: Program, consts: Mapping[str, Range] | None = None) -> Parts:
    """The kinks of the program's value, and what of them has a known proximal step."""
    order = reachable([program.value])
    depends = dependence(program, order)
    opener = Opener(program.graph, depends, ranges(program, order, consts or {}))
    params = {param.name: param for param in program.model.params}
    found, others = [], []
    for part in opener.parts(Part(program.value)):
        term = _proximal(program.graph, part, params)
        if term is not None and part.number > 0:
            found.append(term)
        else:
            others.append(part.node)
    inside = set(reachable(others))  # the same length may be inside something that bends
    names = list(params)
    terms = sorted(
        (term for term in found if term.node not in inside),
        key=lambda term: (names.index(term.param), term.over),
    )
    smooth = _without(program, {term.node for term in terms})
    weights = {weight for term in terms for weight in reachable([term.weight])}
    return Parts(
        smooth=smooth,
        terms=tuple(terms),
        kinks=tuple(kinks(program, smooth, consts or {})),
        assumed=tuple(node for node in dict.fromkeys(opener.assumed) if node in weights),
    )


def _proximal(graph: Graph, part: Part, params: Mapping[str, Param]) -> Proximal | None:
    """The part as a weighted sum of lengths."""
    match part.node:
        case Map(op="abs", args=(inside,)):
            factors, leaf = _scaled_leaf(inside)
            over: Axes = ()
            codes = None
        case Map(op="root" | "sqrt", args=(Contract() as squares,)):
            factors, leaf, over, codes = _squared(squares)
        case _:
            return None
    if leaf is None or not _is_plain(params.get(leaf.name)):
        return None
    outer = set(part.node.axes)
    absent = [axis for axis in part.over if axis not in outer]
    weight = graph.mul(
        graph.number(part.number),
        *part.weights,
        *(graph.size(axis.dim) for axis in absent),
        *(_size(graph, factor) for factor in factors),
    )
    if not set(weight.axes) <= outer:
        return None
    return Proximal(leaf.name, over, weight, part.node, codes)


def _size(graph: Graph, factor: Node) -> Node:
    if isinstance(factor, Number):
        return graph.number(abs(factor.value))
    return graph.call("abs", factor)


def _scaled_leaf(node: Node) -> tuple[list[Node], Leaf | None]:
    """c*w as its factors and the parameter."""
    args = list(node.args) if isinstance(node, Map) and node.op == "mul" else [node]
    leaves = [arg for arg in args if isinstance(arg, Leaf) and arg.kind == "param"]
    rest = [arg for arg in args if arg not in leaves]
    if len(leaves) != 1 or not all(isinstance(arg, Number | Leaf) for arg in rest):
        return [], None
    return rest, leaves[0]


def _squared(node: Contract) -> tuple[list[Node], Leaf | None, Axes, Node | None]:
    """A sum of squares of a parameter's entries: the axes summed over, or codes of groups."""
    nothing: tuple[list[Node], Leaf | None, Axes, Node | None] = ([], None, (), None)
    match node.factors:
        case ((Map(op="pow", args=(Leaf(kind="param") as leaf, Number(value=power))), at),):
            if power != 2 or at != leaf.axes:
                return nothing
        case _:
            return nothing
    if not node.deltas:
        return [], leaf, node.summed, None
    match node.deltas:
        case ((Leaf(kind="data") as codes, indices, axis),):
            if indices == node.summed and len(indices) == 1 and axis in node.axes:
                return [], leaf, node.summed, codes
    return nothing


def _is_plain(param: Param | None) -> bool:
    """Whether a parameter is free and moves in its own coordinates."""
    if param is None or param.fixed or param.domain.structure is not None:
        return False
    domain = param.domain
    opened = (domain.lower_open and domain.lower > float("-inf")) or (
        domain.upper_open and domain.upper < float("inf")
    )
    return not opened


def _without(program: Program, gone: set[Node]) -> Node:
    """The value without some of its terms."""
    at: dict[Node, Node] = {}
    graph = program.graph
    for node in reachable([program.value]):
        if node in gone:
            at[node] = graph.number(0)
        elif any(at[operand] is not operand for operand in node.operands):
            at[node] = graph.copied(node, at)
        else:
            at[node] = node
    return at[program.value]


def kinks(program: Program, root: Node, consts: Mapping[str, Range]) -> list[Kink]:
    """The nodes below `root` that have no derivative somewhere."""
    order = reachable([root])
    depends = dependence(program, order)
    known = ranges(program, order, consts)
    facts = declared(program.model)
    readers: dict[Node, list[Node]] = {}
    for node in order:
        for operand in set(node.operands):
            readers.setdefault(operand, []).append(node)
    found = []
    for node in order:
        chosen = isinstance(node, Map) and node.op == "where" and node.args[0] in depends.active
        if not chosen and all(depends.fixed(operand) for operand in node.operands):
            continue
        match node:
            case Map(op="root", args=(inside,)):
                if not _is_squared(node, readers) and not _above_zero(inside, facts, known):
                    found.append(Kink(node, 1))
            case Map(op="hypot", args=sides):
                if not any(_above_zero(side, facts, known) for side in sides):
                    found.append(Kink(node, 1))
            case Map(op="huber"):
                found.append(Kink(node, 2))
            case Map(op="where") if chosen:
                met = meeting(program.graph, node)
                found.append(Kink(node, met[0] if met is not None else 0))
            case Map(op=op) if op in JUMPING:
                if not _is_condition(node, readers):
                    found.append(Kink(node, 0))
            case Map(op=op) if op in KINKED:
                found.append(Kink(node, 2 if _is_squared(node, readers) else 1))
            case Reduce(op="max"):
                outer = readers.get(node, [])
                if not outer or not all(isinstance(reader, Reduce) for reader in outer):
                    found.append(Kink(node, 1))  # else one over several axes: the last is told
    return found


def _is_condition(node: Node, readers: Mapping[Node, list[Node]]) -> bool:
    """Whether only choices read a comparison, and are told as kinks themselves."""
    return all(
        isinstance(reader, Map) and reader.op == "where" and node not in reader.args[1:]
        for reader in readers.get(node, ())
    )


def _above_zero(node: Node, facts: Facts, known: Mapping[Node, Range]) -> bool:
    """Whether a node is never 0: a sum of what is not negative with one term that is positive."""
    if isinstance(node, Map) and node.op == "add":
        above = any(positive(facts, arg) for arg in node.args)
        return above and all(known[arg].lower >= 0 for arg in node.args)
    return positive(facts, node)


def _is_squared(node: Map, readers: Mapping[Node, list[Node]]) -> bool:
    """Whether only powers of at least 2 read a function that is 0 at its kink."""
    zero = node.op in ZERO_THERE or (
        node.op in ("max", "min")
        and any(isinstance(a, Number) and a.value == 0 for a in node.args)
    )
    return zero and all(_is_square(reader) for reader in readers.get(node, ()))


def _is_square(node: Node) -> bool:
    match node:
        case Map(op="pow", args=(_, Number(value=power))):
            return power >= 2
    return False
