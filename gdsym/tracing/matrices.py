"""Linear algebra: inverses, determinants, and what Cholesky factors are usually computed for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gdsym.tracing.graph import Axis
from gdsym.tracing.literals import literal
from gdsym.tracing.recorder import Recorder
from gdsym.tracing.tracer import Tracer, aligned, elementwise, fresh, recorder_of, shown

NO_FACTOR = (
    "a Cholesky factor has no name in the language",
    "write `np.linalg.slogdet(K)[1]` and `np.linalg.solve(K, y)`; of a factor L "
    "`np.log(np.diag(L)).sum()` and triangular solves are understood",
)


class Determinant(NamedTuple):
    """What `np.linalg.slogdet` gives."""

    sign: Any
    logabsdet: Any


def _square(recorder: Recorder, name: str, value: Any) -> tuple[Tracer, Axis, Axis]:
    """A square matrix with the axes of its rows and columns."""
    matrix = value if isinstance(value, Tracer) else literal(recorder, value)
    groups = matrix.groups
    fits = len(groups) == 2 and all(len(g) == 1 for g in groups)
    if not fits or groups[0][0].dim != groups[1][0].dim:
        recorder.refuse(
            f"`{name}` of an array of shape {shown(groups)}",
            "it takes one matrix whose two axes are the same dimension",
        )
    row, column = groups[0][0], groups[1][0]
    if not {row, column} <= set(recorder.axes(matrix.node)):
        recorder.refuse(f"`{name}` of a matrix whose rows or columns are all equal")
    return matrix, row, column


def inv(value: Any) -> Tracer:
    recorder = recorder_of(value)
    matrix, row, column = _square(recorder, "inv", value)
    node = recorder.add("inv", (matrix.node,), (row, column), (row, column))
    return Tracer(recorder, node, ((column,), (row,)))


def _scalar(op: str) -> Callable[[Any], Tracer]:
    def made(value: Any) -> Tracer:
        recorder = recorder_of(value)
        matrix, row, column = _square(recorder, op, value)
        return Tracer(recorder, recorder.add(op, (matrix.node,), (), (row, column)), ())

    return made


def slogdet(value: Any) -> Determinant:
    return Determinant(elementwise("sign", _scalar("det")(value)), _scalar("logdet")(value))


def solve(a: Any, b: Any, **_: Any) -> Tracer:
    """The x of `a @ x == b`, for a vector or for each column of a matrix."""
    recorder = recorder_of(a, b)
    matrix, row, column = _square(recorder, "solve", a)
    right = b if isinstance(b, Tracer) else literal(recorder, b)
    factor = recorder.nodes[matrix.node]
    if factor.op == "cholesky":
        return _half(recorder, matrix, right)
    node, rest = _against(recorder, right, row, {row, column})
    axes = (column, *(a for a in recorder.axes(node) if a != row))
    found = recorder.add("solve", (matrix.node, node), axes, (row, column))
    return Tracer(recorder, found, ((column,), *rest))


def _against(
    recorder: Recorder, right: Tracer, row: Axis, clashing: set[Axis]
) -> tuple[int, tuple[tuple[Axis, ...], ...]]:
    """A right-hand side whose first axis has the name of the rows, and its other axes."""
    first = right.groups[0] if right.groups else ()
    if len(first) != 1 or first[0].dim != row.dim:
        recorder.refuse(
            f"`solve` with a matrix of `{row.dim}` and a right side of shape {shown(right.groups)}"
        )
    names = {first[0]: row}
    others = [axis for group in right.groups[1:] for axis in group]
    taken = clashing | set(others)
    for axis in others:
        names[axis] = fresh(axis, taken) if axis in clashing else axis
    rest = tuple(tuple(names.get(a, a) for a in group) for group in right.groups[1:])
    node = recorder.rename(right.node, names)
    if row not in recorder.axes(node):
        recorder.refuse("`solve` with a right side whose entries are all equal")
    return node, rest


# -- Cholesky factors --------------------------------------------------------------------------
#
# With K = L L', `solve(L, b)` is kept as half a solution: together with L' it is solve(K, b), and
# the product of two halves is b' solve(K, b).


def cholesky(value: Any, lower: bool = True, **_: Any) -> Tracer:
    recorder = recorder_of(value)
    matrix, row, column = _square(recorder, "cholesky", value)
    node = recorder.add("cholesky", (matrix.node,), (row, column), (row, column))
    groups = ((row,), (column,))
    return Tracer(recorder, node, groups if lower else groups[::-1])


def _half(recorder: Recorder, factor: Tracer, right: Tracer) -> Tracer:
    node = recorder.nodes[factor.node]
    row, column = node.detail
    matrix = Tracer(recorder, node.args[0], ((row,), (column,)))
    if factor.groups[0] == (row,):
        own, rest = _against(recorder, right, row, {row, column})
        axes = recorder.axes(own)
        half = recorder.add("half", (matrix.node, own), axes, row)
        return Tracer(recorder, half, ((row,), *rest))
    before = recorder.nodes[right.node]
    if before.op != "half" or before.args[0] != matrix.node:
        recorder.refuse(*NO_FACTOR)
    inner = Tracer(recorder, before.args[1], right.groups)
    return solve(matrix, inner)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, **_: Any) -> Tracer:
    recorder = recorder_of(a, b)
    if not isinstance(a, Tracer) or recorder.nodes[a.node].op != "cholesky":
        recorder.refuse("`solve_triangular` of a matrix that is no Cholesky factor")
    transposed = trans in (1, 2, "T", "C")
    return solve(a.T if transposed else a, b)


def cho_factor(value: Any, lower: bool = False, **_: Any) -> tuple[Tracer, bool]:
    return cholesky(value, lower), lower


def cho_solve(factor: Any, b: Any, **_: Any) -> Tracer:
    recorder = recorder_of(*factor)
    found, _ = factor
    if recorder.nodes[found.node].op != "cholesky":
        recorder.refuse("`cho_solve` with a matrix that is no Cholesky factor")
    node = recorder.nodes[found.node]
    row, column = node.detail
    return solve(Tracer(recorder, node.args[0], ((row,), (column,))), b)


def halves(recorder: Recorder, a: int, b: int, over: Axis) -> int | None:
    """The sum of products of two half solutions along their axis, as a node."""
    first, second = _bare(recorder, a), _bare(recorder, b)
    if first is None or second is None:
        return None
    (one, names), (other, others) = first, second
    mine, theirs = recorder.nodes[one], recorder.nodes[other]
    if mine.args[0] != theirs.args[0] or names.get(mine.detail, mine.detail) != over:
        return None
    right = Tracer(recorder, theirs.args[1], tuple((axis,) for axis in theirs.axes))
    axes = [theirs.detail, *(axis for axis in theirs.axes if axis != theirs.detail)]
    right = Tracer(recorder, theirs.args[1], tuple((axis,) for axis in axes))
    matrix = recorder.nodes[mine.args[0]]
    row, column = mine.detail, next(x for x in matrix.axes if x != mine.detail)
    solved = solve(Tracer(recorder, mine.args[0], ((row,), (column,))), right)
    left = recorder.rename(mine.args[1], names | {mine.detail: over})
    result = recorder.rename(
        solved.node,
        {column: over}
        | {g[0]: others.get(x, x) for g, x in zip(solved.groups[1:], axes[1:], strict=True)},
    )
    rest = [x for node in (left, result) for x in recorder.axes(node) if x != over]
    return recorder.add("matmul", (left, result), rest, over)


def _bare(recorder: Recorder, node: int) -> tuple[int, dict[Axis, Axis]] | None:
    """The half solution below at most one renaming."""
    found = recorder.nodes[node]
    names = dict(found.detail) if found.op == "rename" else {}
    if found.op == "rename":
        node = found.args[0]
    return (node, names) if recorder.nodes[node].op == "half" else None


def summed(recorder: Recorder, node: int, over: tuple[Axis, ...]) -> int | None:
    """What a sum is in other words: of squares of a half solution, of logarithms on the diagonal
    of a factor."""
    if len(over) != 1:
        return None
    found = recorder.nodes[node]
    if found.op == "log" and recorder.nodes[found.args[0]].op == "factor_diagonal":
        origin = recorder.nodes[found.args[0]]
        logdet = recorder.add("logdet", origin.args, (), origin.detail)
        return recorder.apply("div", logdet, recorder.number(2))
    if found.op == "mul" and len(found.args) == 2:
        return halves(recorder, *found.args, over[0])
    squared = found.op == "pow" and recorder.nodes[found.args[1]].detail == 2
    return halves(recorder, found.args[0], found.args[0], over[0]) if squared else None


# -- diagonals ---------------------------------------------------------------------------------


def diag(value: Any, k: int = 0) -> Tracer:
    recorder = recorder_of(value)
    if k != 0:
        recorder.refuse("a diagonal beside the main one has no name in the language")
    if value.ndim == 1:
        axis = value.groups[0][0]
        other = fresh(axis, {axis})
        node = recorder.add("diag", (value.node,), (axis, other), (axis, other))
        return Tracer(recorder, node, ((axis,), (other,)))
    matrix, row, column = _square(recorder, "diag", value)
    found = recorder.nodes[matrix.node]
    if found.op == "cholesky":
        node = recorder.add("factor_diagonal", found.args, (row,), found.detail)
        return Tracer(recorder, node, ((row,),))
    node = recorder.add("diagonal", (matrix.node,), (row,), (row, column))
    return Tracer(recorder, node, ((row,),))


def diagonal_of(recorder: Recorder, value: Tracer, term: str) -> tuple[Tracer, str]:
    """`ii` of `einsum`."""
    if len(term) != 2:
        recorder.refuse(f"`{term}` in `einsum` is not traced", "name every axis by its own letter")
    return diag(value), term[0]


def norm(value: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    from gdsym.tracing.functions import reduced

    recorder = recorder_of(value)
    vector = axis is not None or value.ndim == 1
    if ord in (None, "fro") or (ord == 2 and vector):
        return reduced("norm", value, axis, keepdims)
    if ord == 1 and vector:
        return reduced("norm1", value, axis, keepdims)
    if ord == np.inf and vector:
        return reduced("max", abs(value), axis, keepdims)
    recorder.refuse(f"the norm with `ord={ord}` is not in the language")


def multi_dot(arrays: Any) -> Any:
    found = arrays[0]
    for array in arrays[1:]:
        found = found @ array
    return found


def cdist(first: Any, second: Any, metric: str = "euclidean") -> Any:
    recorder = recorder_of(first, second)
    if metric not in ("euclidean", "sqeuclidean"):
        recorder.refuse(f"the metric `{metric}` is not in the language")
    nodes, groups = aligned(recorder, [first[:, None, :], second[None, :, :]])
    axes = tuple(group[0] for group in groups)
    node = recorder.add("sqdist", nodes, axes[:2], axes)
    found = Tracer(recorder, node, groups[:2])
    return found if metric == "sqeuclidean" else elementwise("sqrt", found)


def eye(recorder: Recorder, size: Any) -> Tracer:
    from gdsym.tracing.functions import full

    groups = full(recorder, (size, size), 0).groups
    return Tracer(recorder, recorder.add("eye", (), (groups[0][0], groups[1][0])), groups)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{"trace": _scalar("trace"), "linalg.trace": _scalar("trace"), "linalg.det": _scalar("det")},
    **{"linalg.slogdet": slogdet, "linalg.inv": inv, "linalg.solve": solve, "diag": diag},
    **{
        "diagonal": diag,
        "linalg.diagonal": diag,
        "linalg.norm": norm,
        "linalg.cholesky": cholesky,
    },
    **{"linalg.multi_dot": multi_dot, "cho_factor": cho_factor, "cho_solve": cho_solve},
    **{"solve_triangular": solve_triangular, "cdist": cdist},
}
