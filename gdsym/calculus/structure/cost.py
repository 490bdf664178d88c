"""What one evaluation of value and gradient costs per row: operations, and bytes of data read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from gdsym.calculus.program import (
    FACTORED,
    Axes,
    Axis,
    Contract,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    reachable,
    unused_axis,
)

BYTES = 8  # of a double, and of a code

Count = Mapping[tuple[str, ...], int]  # how often each product of dimensions' sizes


@dataclass(frozen=True, slots=True)
class Cost:
    """Counts by the dimensions whose sizes they are multiplied by: {("d",): 4, (): 12} is 4d + 12.

    `operations`: additions, multiplications and calls of functions, each counted once. `bytes`:
    of the data that a row consists of.
    """

    operations: Count
    bytes: Count


def cost(program: Program) -> Cost:
    """The cost per row of value and gradient of a lowered program, without what is computed once
    from data alone; of everything where the model has no rows."""
    row = program.row
    order = reachable([program.value, program.loss, *program.grads.values()])
    fixed = _of_data_alone(order)
    operations: Counter[tuple[str, ...]] = Counter()
    read: Counter[tuple[str, ...]] = Counter()
    for node in order:
        if isinstance(node, Leaf):
            if node.kind == "data" and (row is None or row in node.axes):
                read[_dims(node.axes, row)] += BYTES
            continue
        indices = _indices(node)
        if node in fixed and row not in node.axes:
            continue
        if row is None or row in indices:
            count = _operations(node)
            if count:
                operations[_dims(indices, row)] += count
    return Cost(_sorted(operations), _sorted(read))


def total(count: Count, sizes: Mapping[str, int]) -> int:
    """A count with the sizes put in."""
    return sum(times * prod(sizes[dim] for dim in dims) for dims, times in count.items())


def _sorted(count: Counter[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    return dict(sorted(count.items(), key=lambda item: (-len(item[0]), item[0])))


def _of_data_alone(order: list[Node]) -> set[Node]:
    fixed: set[Node] = set()
    for node in order:
        leaf = isinstance(node, Leaf) and node.kind == "param"
        if not leaf and all(operand in fixed for operand in node.operands):
            fixed.add(node)
    return fixed


def _dims(axes: Axes, row: Axis | None) -> tuple[str, ...]:
    return tuple(sorted(axis.dim for axis in axes if axis != row))


def _indices(node: Node) -> Axes:
    """Every index that the node's work runs over; what a code picks out is not run over."""
    match node:
        case Contract():
            picked = {delta.axis for delta in node.deltas if delta.source is not None}
            found = dict.fromkeys(node.axes)
            for factor in node.factors:
                found |= dict.fromkeys(factor.indices)
            for delta in node.deltas:
                found |= dict.fromkeys(delta.indices)
            return tuple(axis for axis in found if axis not in picked)
        case Reduce():
            return node.arg.axes
        case Linear(op="sqdist"):
            return node.along
        case Linear():
            return _of_matrix(node)
    return node.axes


def _of_matrix(node: Linear) -> Axes:
    """Rows and columns, and once more the rows for factors and inverses; of a solution, rows and
    columns for each of its columns; the rows for a determinant."""
    matrix = node
    while matrix.op not in FACTORED:
        first = matrix.parts[0].node
        assert isinstance(first, Linear)
        matrix = first
    rows, columns = matrix.along
    if not node.axes:
        return (rows,)
    if len(node.parts) == 2:
        return (*node.axes, unused_axis(columns.dim, node.axes))
    return (rows, columns, unused_axis(rows.dim, (rows, columns)))


# The leading terms, rounded up: n^3/3 for factors; two triangles, a residual and the triangles
# again for a solution; about 20*n^3 for singular values.
OF_MATRICES = {
    **{"factored": 1, "symmetric": 1, "logdet": 2, "det": 1, "inverse": 2, "cofactors": 20},
    **{"solve": 10, "solve_transposed": 10, "sqdist": 3},
}


def _operations(node: Node) -> int:
    """How many per index: a sum of products has a multiplication and an addition."""
    match node:
        case Map(op="add" | "mul"):
            return len(node.args) - 1
        case Map(op="pow", args=(_, Number(value=power))) if power.denominator == 1:
            return max(1, abs(int(power)).bit_length() - 1)
        case Map():
            return 1
        case Contract():
            work = max(0, len(node.factors) - 1) + (1 if set(node.summed) else 0)
            gathered = {delta.axis for delta in node.deltas if delta.source is not None}
            return work if set(node.summed) - gathered else max(0, len(node.factors) - 1)
        case Linear():
            return OF_MATRICES[node.op]
        case Reduce():
            return 2 if node.op == "logsumexp" else 1
    return 1
