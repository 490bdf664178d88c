"""Linear algebra: how its nodes are made, and their derivatives, forward and reverse.

The differential of every node is a sum of contractions that are linear in the differential of one
operand (`slopes`): forward mode puts a tangent in its place, reverse mode transposes it. Sources:
Petersen and Pedersen, "The Matrix Cookbook" (2012), sections 2.1 and 2.2; Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation" (2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from gdsym.calculus.program import (
    FACTORED,
    Axes,
    Axis,
    Contract,
    Factor,
    Graph,
    Linear,
    Map,
    Node,
    unused_axis,
)
from gdsym.calculus.symmetric import is_symmetric

# As many indices of its own as a slope may have beside those of its node.
FRESH = 3


# -- making nodes ------------------------------------------------------------------------------


def factored(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> Linear:
    """A square matrix in factors."""
    op = "symmetric" if is_symmetric(graph, matrix, rows, columns) else "factored"
    node = graph.linear(op, [Factor(matrix, matrix.axes)], (rows, columns))
    assert isinstance(node, Linear)
    return node


def inverted(node: Node) -> Linear | None:
    """The factored matrix of which a node is the inverse."""
    if isinstance(node, Linear) and node.op == "inverse":
        matrix = node.parts[0].node
        assert isinstance(matrix, Linear)
        return matrix
    return None


def _of(graph: Graph, op: str, matrix: Linear) -> Node:
    return graph.linear(op, [Factor(matrix, matrix.axes)], ())


def inverse(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> Node:
    """The inverse, whose row p and column q lie where the matrix has them."""
    origin = inverted(matrix)
    if origin is not None:
        ((node, indices),) = origin.parts
        return graph.renamed(node, dict(zip(node.axes, indices, strict=True)))
    return _of(graph, "inverse", factored(graph, matrix, rows, columns))


def logdet(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> Node:
    """The logarithm of the determinant; of an inverse, that of the matrix with a minus."""
    origin = inverted(matrix)
    if origin is not None:
        return graph.neg(_of(graph, "logdet", origin))
    return _of(graph, "logdet", factored(graph, matrix, rows, columns))


def det(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> Node:
    """The determinant; of an inverse, the reciprocal of that of the matrix."""
    origin = inverted(matrix)
    if origin is not None:
        return graph.power(_of(graph, "det", origin), Fraction(-1))
    return _of(graph, "det", factored(graph, matrix, rows, columns))


def log_of_det(graph: Graph, node: Node) -> Node | None:
    """The logarithm of a determinant, or of its reciprocal, which overflows where its logarithm
    does not; None for any other node."""
    base, exponent = graph.base(node)
    if isinstance(base, Linear) and base.op == "det" and abs(exponent) == 1:
        matrix = base.parts[0].node
        assert isinstance(matrix, Linear)
        return graph.scale(exponent, _of(graph, "logdet", matrix))
    return None


def solve(graph: Graph, matrix: Linear, right: Factor, axis: Axis, *, transposed: bool) -> Node:
    """The solution of matrix @ x = right (or of matrix.T @ x = right), read at the indices of
    `right`, whose index `axis` is the one that is summed in the product."""
    op = "solve_transposed" if transposed and matrix.op == "factored" else "solve"
    node = right.node
    if isinstance(node, Map) and node.op == "mul" and node not in graph.named:
        scalars = [arg for arg in node.args if not arg.axes]
        rest = graph.mul(*(arg for arg in node.args if arg.axes))
        if scalars and rest.axes == node.axes:
            right = Factor(rest, right.indices)
            return graph.mul(*scalars, solve(graph, matrix, right, axis, transposed=transposed))
    return graph.linear(op, [Factor(matrix, matrix.axes), right], (axis,))


def trace(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> Node:
    """The sum of the diagonal: of a sum term by term, of a product without the product."""
    if matrix not in graph.named:
        match matrix:
            case Map(op="add"):
                terms = (trace(graph, arg, rows, columns) for arg in matrix.args)
                return graph.add(*terms)
            case Map(op="mul") if sum(bool(arg.axes) for arg in matrix.args) == 1:
                scalars = [arg for arg in matrix.args if not arg.axes]
                (rest,) = (arg for arg in matrix.args if arg.axes)
                return graph.mul(*scalars, trace(graph, rest, rows, columns))
            case Contract() if {rows, columns} <= set(matrix.axes) and not matrix.deltas:
                factors = [_at(factor, {columns: rows}) for factor in matrix.factors]
                return graph.contract(factors, (), ())
    factor = _read(matrix, {columns: rows})
    return graph.contract_over([rows], [factor], (), ())


def diagonal(graph: Graph, matrix: Node, rows: Axis, columns: Axis) -> Node:
    """The entries of the diagonal, along the axis of the rows."""
    return graph.contract([_read(matrix, {columns: rows})], (), (rows,))


def sqdist(graph: Graph, first: Factor, second: Factor, along: Axes) -> Node:
    """Squared distances between the entries along[0] and along[1], summed over along[2]."""
    if along[2] not in (*first.indices, *second.indices):
        x, z = (
            graph.renamed(part.node, dict(zip(part.node.axes, part.indices, strict=True)))
            for part in (first, second)
        )
        return graph.mul(graph.size(along[2].dim), graph.power(graph.sub(x, z), Fraction(2)))
    return graph.linear("sqdist", [first, second], along)


# -- derivatives -------------------------------------------------------------------------------


def slopes(graph: Graph, node: Linear) -> list[tuple[Contract, int]]:
    """The differential as a sum of contractions with the axes of the node.

    Each comes with the place of the one factor, an operand of the node, that stands for the
    operand's differential. A contraction may leave out an axis of the node: it broadcasts.
    """
    if node.op in FACTORED:
        return [_slope(node.axes, [], node.parts[0])]
    if node.op == "sqdist":
        return list(_distances(graph, node))
    matrix = node.parts[0].node
    assert isinstance(matrix, Linear)
    rows, columns = matrix.along
    used = {*node.axes, *(index for part in node.parts for index in part.indices)}
    i = unused_axis(rows.dim, used)
    j = unused_axis(columns.dim, {*used, i})
    inside = _read(matrix, {rows: i, columns: j})
    minus = Factor(graph.number(-1), ())
    inverse = node if node.op == "inverse" else _of(graph, "inverse", matrix)
    weights = _read(inverse, {rows: j, columns: i})
    match node.op:
        case "logdet":
            return [_slope((), [weights], inside)]
        case "det":  # exists for a singular matrix, too
            return [
                _slope((), [_read(_of(graph, "cofactors", matrix), {rows: i, columns: j})], inside)
            ]
        case "cofactors":
            left, right = _read(node, {columns: j}), _read(inverse, {rows: columns, columns: i})
            return [
                _slope(node.axes, [_read(node, {}), weights], inside),
                _slope(node.axes, [minus, left, right], inside),
            ]
        case "inverse":
            left, right = _read(node, {columns: i}), _read(node, {rows: j})
            return [_slope(node.axes, [minus, left, right], inside)]
    (axis,) = node.along
    own = unused_axis(axis.dim, {*used, i, j})
    if node.op == "solve":
        through, back, solution = {rows: axis, columns: own}, {rows: axis, columns: i}, j
    else:
        through, back, solution = {columns: axis, rows: own}, {columns: axis, rows: j}, i
    factors = [minus, _read(inverse, back), _read(node, {axis: solution})]
    return [
        _slope(node.axes, [_read(inverse, through)], _at(node.parts[1], {axis: own})),
        _slope(node.axes, factors, inside),
    ]


def shares(graph: Graph, node: Linear, adjoint: Node) -> Iterator[tuple[Node, Node]]:
    """What the adjoint of a solution adds to those of its operands, by another solution.

    With x = inv(A) @ b and l = inv(A).T @ adjoint: l to that of b, -outer(l, x) to that of A.
    """
    matrix, right = node.parts[0].node, node.parts[1]
    assert isinstance(matrix, Linear)
    (axis,) = node.along
    rows, columns = matrix.along
    transposed = node.op == "solve_transposed"
    back = solve(graph, matrix, Factor(adjoint, adjoint.axes), axis, transposed=not transposed)
    # As if the operand were a factor of a contraction with what the solution came from.
    own = graph.contract_over(node.axes, [Factor(back, back.axes)], (), right.indices)
    at = dict(zip(right.indices, right.node.axes, strict=True))
    yield right.node, graph.renamed(own, at)
    used = {rows, columns}
    rename: dict[Axis, Axis] = {}
    for other in {*node.axes, *back.axes} - {axis}:
        rename[other] = unused_axis(other.dim, used)
        used.add(rename[other])
    first, second = (columns, rows) if transposed else (rows, columns)
    factors = [
        Factor(graph.number(-1), ()),
        _read(back, rename | {axis: first}),
        _read(node, rename | {axis: second}),
    ]
    yield matrix, graph.contract_over(rename.values(), factors, (), matrix.axes)


def _distances(graph: Graph, node: Linear) -> Iterator[tuple[Contract, int]]:
    """2*(x - z)*(dx - dz), without an array of all differences.

    x and z are taken from a common point, the mean of z: what is far from 0 and close together
    would lose its digits in x*dx - z*dx.
    """
    second = node.parts[1]
    _, b, d = node.along
    center = second.node
    of_second = list(zip(second.node.axes, second.indices, strict=True))
    for axis in (axis for axis, i in of_second if i == b):
        share = graph.power(graph.size(axis.dim), Fraction(-1))
        center = graph.mul(share, graph.total(center, [axis]))
    shifted = []
    for part in node.parts:
        own = dict(zip(part.indices, part.node.axes, strict=True))
        target = own.get(d) or unused_axis(d.dim, part.node.axes)
        moved = graph.renamed(center, {axis: target for axis, i in of_second if i == d})
        difference = graph.sub(part.node, moved)
        index = {axis: i for i, axis in own.items()} | {target: d}
        shifted.append(_read(difference, index))
    for part, (near, far) in zip(node.parts, (shifted, shifted[::-1]), strict=True):
        for sign, factor in ((2, near), (-2, far)):
            scale = graph.number(sign)
            if d not in (*factor.indices, *part.indices):
                scale = graph.mul(scale, graph.size(d.dim))
            yield _slope(node.axes, [Factor(scale, ()), factor], part)


def _slope(axes: Axes, factors: Sequence[Factor], operand: Factor) -> tuple[Contract, int]:
    """A contraction that is no node of a graph, and the place of the operand in it."""
    return Contract(-1, axes, (*factors, operand), ()), len(factors)


def _read(node: Node, at: Mapping[Axis, Axis]) -> Factor:
    return _at(Factor(node, node.axes), at)


def _at(factor: Factor, at: Mapping[Axis, Axis]) -> Factor:
    return Factor(factor.node, tuple(at.get(index, index) for index in factor.indices))
