"""What a function may compute instead of the exact derivative: one node of it replaced.

A function has no text, so its mistakes are looked for in the graph of the derivative: a term of a
sum that is missing or has the wrong sign, a factor of a product, another function. A node that is
replaced is so wherever it is read, as a line of code would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from gdsym.calculus.notation import Notation
from gdsym.calculus.program import (
    Contract,
    Factor,
    Graph,
    Leaf,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    reachable,
)
from gdsym.gradcheck.diagnose.repair import SWAPS
from gdsym.gradcheck.report import Finding
from gdsym.language.model import Model

MOST_ALTERNATIVES = 500
# Texts that are longer are cut in the middle.
LONGEST_SHOWN = 60
TURNED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}


@dataclass(frozen=True, slots=True)
class Alternative:
    """A mistake of a kind: at `old` stands `new`. `root` is all that is computed then."""

    kind: str
    where: str
    text: str
    old: Node
    new: Node
    root: Node
    cost: int = 0

    @property
    def finding(self) -> Finding:
        return Finding(self.kind, self.where, self.text)


def alternatives(program: Program, root: Node) -> list[Alternative]:
    """The derivative with one mistake each; mistakes that give the same are told once."""
    notation = Notation.of(program)
    graph = program.graph
    order = reachable([root])
    sources = [d.source for n in order if isinstance(n, Contract) for d in n.deltas if d.source]
    looked_up = set(reachable(sources))
    found: dict[Node, Alternative] = {}
    for node in reversed(order):
        if node in looked_up:  # codes are no numbers
            continue
        for kind, where, text, new, cost in _instead(graph, program.model, notation, node):
            if new is node or not set(new.axes) <= set(node.axes):
                continue
            whole = replaced(graph, root, node, new)
            if whole is not root and whole not in found:
                found[whole] = Alternative(kind, where, text, node, new, whole, cost)
    return list(found.values())[:MOST_ALTERNATIVES]


def replaced(graph: Graph, root: Node, old: Node, new: Node) -> Node:
    """The root with a node replaced wherever it is read; as it was where that cannot be."""
    at: dict[Node, Node] = {}
    for part in reachable([root]):
        if part is old:
            at[part] = new
        elif any(at[operand] is not operand for operand in part.operands):
            at[part] = graph.copied(part, at)
        else:
            at[part] = part
        if not set(at[part].axes) <= set(part.axes):
            return root
    return at[root]


def both(graph: Graph, root: Node, one: Alternative, other: Alternative) -> Node:
    """The root with two mistakes. The one that may contain the other is made first."""
    inner, outer = sorted((one, other), key=lambda a: a.old.id)
    first = replaced(graph, root, outer.old, outer.new)
    return replaced(graph, first, inner.old, inner.new)


def spelt(graph: Graph, root: Node) -> Node:
    """The root without the functions that exist for derivatives, where people write products."""
    at: dict[Node, Node] = {}
    for part in reachable([root]):
        made = graph.copied(part, at) if any(at[o] is not o for o in part.operands) else part
        at[part] = _spelt(graph, made)
    return at[root]


def _spelt(graph: Graph, node: Node) -> Node:
    if not isinstance(node, Map):
        return node
    one = graph.number(1)
    match node.op:
        case "sigmoid_slope":
            p = graph.call("sigmoid", *node.args)
            return graph.mul(p, graph.sub(one, p))
        case "tanh_slope":
            return graph.sub(one, graph.power(graph.call("tanh", *node.args), Fraction(2)))
        case "mills":
            density, share = (graph.call(f, *node.args) for f in ("normal_pdf", "normal_cdf"))
            return graph.div(density, share)
        case "power_slope":
            base, exponent = node.args
            less = graph.call("pow", base, graph.sub(exponent, one))
            return graph.mul(exponent, less)
    return node


Instead = tuple[str, str, str, Node, int]


def _instead(graph: Graph, model: Model, notation: Notation, node: Node) -> Iterator[Instead]:
    """Kind, place, words, what stands there, and how far-fetched it is."""
    match node:
        case Map(op="add"):
            yield from _of_sum(graph, notation, node)
        case Map(op="mul"):
            yield from _of_product(graph, notation, node)
        case Map(op="pow", args=(base, Number(value=exponent))):
            yield from _of_power(graph, notation, node, base, exponent)
        case Map(op=op, args=(first, second)) if op in TURNED:
            told = f"`{_text(notation, node)}` is the wrong side of the kink"
            turned = graph.call(TURNED[op], first, second)
            yield "kink_side", _text(notation, node), told, turned, 0
        case Map(op="where", args=(condition, a, b)):
            told = f"the cases of `{_text(notation, node)}` are exchanged"
            turned = graph.call("where", condition, b, a)
            yield "kink_side", _text(notation, condition), told, turned, 0
        case Map():
            yield from _of_function(graph, notation, node)
        case Contract():
            yield from _of_contraction(graph, model, notation, node)
        case Leaf(kind="data") if node.axes:
            name = node.name
            mean = _mean(graph, node)
            told = f"`{name}` is averaged over all rows, as when shapes are broadcast"
            yield "wrong_axis", name, told, mean, 1
    if isinstance(node, Map):
        yield from _of_leaves(graph, model, node)
    if isinstance(node, Map | Contract | Reduce) and node in notation.names:
        text = notation.names[node]
        told = f"`{text}` has the wrong sign"
        yield "sign", text, told, graph.neg(node), 0


def _of_leaves(graph: Graph, model: Model, node: Map) -> Iterator[Instead]:
    """A parameter or data in place of another, here alone."""
    leaves = {
        kind: [graph.known_leaf(kind, item.name) for item in items]
        for kind, items in (("param", model.params), ("data", model.data))
    }
    for place, arg in enumerate(node.args):
        number, leaf = graph.split(arg)
        if not isinstance(leaf, Leaf) or leaf.kind not in leaves:
            continue
        for other in leaves[leaf.kind]:
            if isinstance(other, Leaf) and other is not leaf and other.axes == leaf.axes:
                args = [*node.args]
                args[place] = graph.scale(number, other)
                kind = "swapped_parameters" if leaf.kind == "param" else "wrong_term"
                told = f"`{other.name}` stands where `{leaf.name}` should"
                yield kind, leaf.name, told, graph.call(node.op, *args), 1


def _mean(graph: Graph, node: Node) -> Node:
    axis = node.axes[-1]
    return graph.div(graph.total(node, [axis]), graph.size(axis.dim))


def _text(notation: Notation, node: Node) -> str:
    text = notation.text(node)
    half = LONGEST_SHOWN // 2
    return text if len(text) <= LONGEST_SHOWN else f"{text[:half]}...{text[-half:]}"


def _of_sum(graph: Graph, notation: Notation, node: Map) -> Iterator[Instead]:
    whole = _defined(notation, node)
    for place, arg in enumerate(node.args):
        others = [a for i, a in enumerate(node.args) if i != place]
        number, rest = graph.split(arg)
        shown = _text(notation, arg if number > 0 or rest is None else graph.neg(arg))
        if rest is None:
            told = f"`{shown}` is missing in `{whole}`"
            yield "missing_term", shown, told, graph.add(*others), 1
            turned = graph.add(*others, graph.neg(arg))
            yield "sign", shown, f"`{shown}` has the wrong sign in `{whole}`", turned, 1
            continue
        turned = graph.add(*others, graph.neg(arg))
        yield "sign", shown, f"`{shown}` has the wrong sign in `{whole}`", turned, 0
        told = f"`{shown}` is missing in `{whole}`"
        yield "missing_term", shown, told, graph.add(*others), 0
        twice = graph.add(*node.args, arg)
        yield "scaled_term", shown, f"`{shown}` is doubled in `{whole}`", twice, 1
        half = graph.add(*others, graph.scale(Fraction(1, 2), arg))
        yield "scaled_term", shown, f"`{shown}` is halved in `{whole}`", half, 1


def _defined(notation: Notation, node: Node) -> str:
    """A name with what it stands for."""
    text = _text(notation, node)
    if node not in notation.names:
        return text
    definition = notation.definition(node)
    return f"{text} = {definition}" if len(definition) <= LONGEST_SHOWN else text


def _of_product(graph: Graph, notation: Notation, node: Map) -> Iterator[Instead]:
    whole = _text(notation, node)
    for place, arg in enumerate(node.args):
        others = [a for i, a in enumerate(node.args) if i != place]
        if isinstance(arg, Number):
            if arg.value not in (1, -1):
                told = f"the factor `{arg.value}` is missing in `{whole}`"
                yield "factor", str(arg.value), told, graph.mul(*others), 0
            continue
        yield from _of_factor(graph, notation, whole, arg, graph.mul(*others))
        number, rest = graph.split(graph.mul(*others))
        if number < 0 and rest is not None:
            shown = _text(notation, graph.neg(arg))
            told = f"the factor `{shown}` is missing in `{whole}`"
            yield "missing_chain_factor", shown, told, graph.scale(-number, rest), 1


def _of_factor(
    graph: Graph, notation: Notation, whole: str, factor: Node, rest: Node
) -> Iterator[Instead]:
    """A factor that is missing, stands there twice, or divides instead."""
    shown = _text(notation, factor)
    told = f"the factor `{shown}` is missing in `{whole}`"
    yield "missing_chain_factor", shown, told, rest, 0
    told = f"the factor `{shown}` stands twice in `{whole}`"
    yield "extra_chain_factor", shown, told, graph.mul(rest, factor, factor), 1
    if isinstance(factor, Map) and factor.op == "pow":
        told = f"`{shown}` divides where it should multiply, or the other way round, in `{whole}`"
        inverse = graph.power(factor, Fraction(-1))
        yield "wrong_chain_factor", shown, told, graph.mul(rest, inverse), 1


def _of_power(
    graph: Graph, notation: Notation, node: Map, base: Node, exponent: Fraction
) -> Iterator[Instead]:
    shown = _text(notation, node)
    others = [graph.number(1), *(graph.power(base, Fraction(e)) for e in (1, 2, -1))]
    others += [graph.power(base, exponent + step) for step in (1, -1)]
    others += [graph.power(base, -exponent), graph.power(base, exponent / 2)]
    for cost, other in enumerate(others):
        text = _text(notation, other)
        kind = "missing_chain_factor" if abs(exponent) > 1 else "wrong_chain_factor"
        told = f"`{text}` stands where `{shown}` should"
        yield kind, shown, told, other, 1 + (cost > 1)


def _of_function(graph: Graph, notation: Notation, node: Map) -> Iterator[Instead]:
    shown = _text(notation, node)
    for first, second, kind in SWAPS:
        if node.op in (first, second):
            other = second if node.op == first else first
            told = f"`{other}` stands where `{node.op}` should, in `{shown}`"
            yield kind, shown, told, graph.call(other, *node.args), 0
    if len(node.args) == 1:
        turned = graph.call(node.op, graph.neg(node.args[0]))
        told = f"the argument of `{shown}` has the wrong sign"
        yield "sign", shown, told, turned, 1
        told = f"`{_text(notation, node.args[0])}` stands where `{shown}` should"
        yield "missing_chain_factor", shown, told, node.args[0], 2
    told = f"`1 - {shown}` stands where `{shown}` should"
    yield "wrong_chain_factor", shown, told, graph.sub(graph.number(1), node), 2


def _of_contraction(
    graph: Graph, model: Model, notation: Notation, node: Contract
) -> Iterator[Instead]:
    whole = _text(notation, node)
    for place, (factor, indices) in enumerate(node.factors):
        if len(indices) == 2 and _alike(model, *(axis.dim for axis in indices)):
            changed = list(node.factors)
            changed[place] = Factor(factor, indices[::-1])
            shown = _text(notation, factor)
            told = f"`{shown}` is transposed in `{whole}`, or should be"
            made = graph.contract_over(node.summed, changed, node.deltas, node.axes)
            yield "transposed", shown, told, made, 0
        at = dict(zip(factor.axes, indices, strict=True))
        for kind, shown, told, new, cost in _of_factor(
            graph, notation, whole, factor, graph.number(1)
        ):
            changed = list(node.factors)
            changed[place] = Factor(new, tuple(at[axis] for axis in new.axes))
            made = graph.contract_over(node.summed, changed, node.deltas, node.axes)
            yield kind, shown, told, made, cost


def _alike(model: Model, first: str, second: str) -> bool:
    """True where two dimensions have one size."""
    return first == second or second in model.aliases(first) or first in model.aliases(second)
