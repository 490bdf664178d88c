"""Exact gradients: reverse mode over the nodes, SymPy inside a region.

The adjoint of a node is a node, so the work is linear in the graph. Contractions have one rule:
the adjoint of a factor is the contraction of everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gdsym.calculus import linear
from gdsym.calculus.program import (
    Axis,
    Contract,
    Delta,
    Factor,
    Graph,
    Leaf,
    Linear,
    Map,
    Node,
    Program,
    Reduce,
    is_kept,
    reachable,
    unused_axis,
)
from gdsym.calculus.regions import (
    LONGEST_PRODUCT,
    LONGEST_SUM,
    exact,
    other_factors,
)
from gdsym.calculus.regions import slopes as slopes_of


def derive(program: Program) -> Program:
    """The program with the gradient of its value, one node per parameter in `grads`.

    A gradient node may carry fewer axes than its parameter; the missing ones broadcast. Those of
    predictions that are scalars are in `slopes`.
    """
    model = program.model
    wanted = {
        program.graph.leaf("param", param.name, _axes_of(program, param.name)): param.name
        for param in model.params
    }
    zero = program.graph.number(0)

    def gradient(root: Node) -> dict[str, Node]:
        adjoints = _reverse(program.graph, root, set(wanted))
        return {name: adjoints.get(leaf, zero) for leaf, name in wanted.items()}

    with exact():
        grads = gradient(program.value)
        slopes = {
            (prediction.name, param): node
            for prediction in model.predictions
            if not prediction.expr.dims and not _is_learnt(program.predictions[prediction.name])
            for param, node in gradient(program.predictions[prediction.name]).items()
        }
    return replace(program, grads=grads, slopes=slopes)


def _is_learnt(node: Node) -> bool:
    """True where training learns from the parameters what the node reads."""
    leaves = (part for part in reachable([node]) if isinstance(part, Leaf))
    return any(leaf.kind == "stat" and is_kept(leaf.name) for leaf in leaves)


def _axes_of(program: Program, name: str) -> tuple[Axis, ...]:
    leaf = program.graph.known_leaf("param", name)
    return leaf.axes if leaf is not None else ()


def _reverse(graph: Graph, root: Node, wanted: set[Node]) -> dict[Node, Node]:
    """The derivative of the scalar `root` by every wanted leaf that it depends on."""
    order = reachable([root])
    active: set[Node] = set()
    readers: dict[Node, int] = {}
    for node in order:
        if node in wanted or any(operand in active for operand in node.operands):
            active.add(node)
        for operand in set(node.operands):
            readers[operand] = readers.get(operand, 0) + 1
    pending: dict[Node, list[Node]] = {root: [graph.number(1)]}
    found: dict[Node, Node] = {}
    for node in reversed(order):
        if node not in active or node not in pending:
            continue
        adjoint = _kept(graph, graph.add(*pending.pop(node)))
        if node in wanted:
            found[node] = adjoint
            continue
        for operand, share in _shares(graph, node, adjoint, active, readers):
            pending.setdefault(operand, []).append(share)
    return found


def _shares(
    graph: Graph, node: Node, adjoint: Node, active: set[Node], readers: dict[Node, int]
) -> Iterable[tuple[Node, Node]]:
    """What `adjoint`, the derivative by `node`, adds to the adjoints of what it reads."""
    match node:
        case Map(op="add") if len(node.args) > LONGEST_SUM:
            for source in node.args:
                if source in active:
                    share = [Factor(adjoint, adjoint.axes)]
                    yield source, graph.contract_over(node.axes, share, (), source.axes)
        case Map(op="mul") if len(node.args) > LONGEST_PRODUCT:
            for source, slope in zip(node.args, other_factors(graph, node.args), strict=True):
                if source in active:
                    factors = [Factor(part, part.axes) for part in (adjoint, slope)]
                    yield source, graph.contract_over(node.axes, factors, (), source.axes)
        case Map():
            inputs, by_input = slopes_of(graph, node, active, readers)
            for source, slope in zip(inputs, by_input, strict=True):
                factors = [Factor(part, part.axes) for part in (adjoint, slope)]
                yield source, graph.contract_over(node.axes, factors, (), source.axes)
        case Contract():
            for place, factor in enumerate(node.factors):
                if factor.node in active:
                    yield factor.node, _factor_adjoint(graph, node, place, adjoint)
        case Reduce(op="logsumexp"):
            parts = graph.read_at(adjoint, node.deltas), graph.softmax(node)
            factors = [Factor(part, part.axes) for part in parts]
            opened = {delta.axis for delta in node.deltas}
            over = {*node.axes, *node.over} - opened
            yield node.arg, graph.contract_over(over, factors, (), node.arg.axes)
        case Reduce(op="max"):
            (axis,) = node.over  # one at a time: `build` sees to it, so that a code can point
            first = graph.argmax(node.arg, axis)
            hit = Delta(first, first.axes, axis)
            factors = [Factor(adjoint, adjoint.axes)]
            yield node.arg, graph.contract_over(node.arg.axes, factors, [hit], node.arg.axes)
        case Reduce(op="prod"):
            (axis,) = node.over
            yield node.arg, graph.mul(adjoint, graph.others(node.arg, axis))
        case Linear(op="solve" | "solve_transposed"):
            yield from linear.shares(graph, node, adjoint)
        case Linear():
            for contraction, place in linear.slopes(graph, node):
                operand = contraction.factors[place].node
                if operand in active:
                    yield operand, _factor_adjoint(graph, contraction, place, adjoint)
        case _:
            raise NotImplementedError(f"no derivative of {type(node).__name__}")


def _kept(graph: Graph, adjoint: Node) -> Node:
    """A long product with its arrays held together; scalars stay free to leave contractions."""
    if isinstance(adjoint, Map) and adjoint.op == "mul":
        arrays = [arg for arg in adjoint.args if arg.axes]
        if len(arrays) > LONGEST_PRODUCT:
            scalars = [arg for arg in adjoint.args if not arg.axes]
            product = graph.mul(*arrays)
            graph.named.add(product)
            return graph.mul(*scalars, product)
    return adjoint


def _factor_adjoint(graph: Graph, node: Contract, place: int, adjoint: Node) -> Node:
    """The contraction of `adjoint` with every other factor, at the axes of factor `place`."""
    target = node.factors[place]
    rename: dict[Axis, Axis] = {}
    deltas: list[Delta] = []
    for index, axis in zip(target.indices, target.node.axes, strict=True):
        if index in rename:  # a diagonal A[i, i]: nothing off it takes part
            deltas.append(Delta(None, (rename[index],), axis))
        else:
            rename[index] = axis
    used = set(target.node.axes)
    for index in (*node.axes, *node.summed):
        if index not in rename:
            rename[index] = unused_axis(index.dim, used)
            used.add(rename[index])
    factors = [Factor(adjoint, tuple(rename[axis] for axis in adjoint.axes))]
    for other, (factor, indices) in enumerate(node.factors):
        if other != place:
            factors.append(Factor(factor, tuple(rename[index] for index in indices)))
    for source, indices, axis in node.deltas:
        deltas.append(Delta(source, tuple(rename[i] for i in indices), rename[axis]))
    return graph.contract_over(rename.values(), factors, deltas, target.node.axes)
