"""An entry-by-entry product where a matrix product was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from gdsym.errors import Diagnostic
from gdsym.language.codes import Code
from gdsym.language.model import Apply, Expr, MatMul, Reduce, Ref, Softmax, Transpose
from gdsym.lint import Subject
from gdsym.lint._expressions import Names, minimised, parts

CODE = Code(
    "product",
    "a product entry by entry where `@` was probably meant",
    "`X * w` multiplies column j of X by w[j] and stays a matrix; `X @ w` sums over the columns. "
    "Where nothing sums over the shared dimension by its name, each column ends up in the loss "
    "as if it were a row of its own.",
    "data X[n, d], y[n]\nparam w[d]\nloss mean((y - X*w)^2)",
    "data X[n, d], y[n]\nparam w[d]\nloss mean((y - X @ w)^2)",
)


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """One for each product of rows with a vector of parameters whose axis nothing sums over."""
    model = subject.model
    names = Names(model)
    found: dict[object, Diagnostic] = {}
    stack: list[tuple[Expr, frozenset[str]]] = [(root, frozenset()) for root in minimised(model)]
    visited = set()
    while stack:
        node, summed = stack.pop()
        if isinstance(node, Ref):
            if node.name in names.lets and (node.name, summed) not in visited:
                visited.add((node.name, summed))
                stack.append((names.lets[node.name].expr, summed))
            continue
        pair = _pair(node, model.row, names)
        if pair is not None:
            matrix, vector = pair
            (axis,) = vector.dims
            if axis not in summed:
                found.setdefault(node.span, _finding(subject, node, matrix, vector))
        if _is_whole(node, model.row) and _is_product(node.arg, names):
            summed |= frozenset(node.axes)  # sum(X*w) is sum(X @ w)
        stack += [(part, summed | axes) for part, axes in _inside(node, model.row)]
    yield from found.values()


def _is_whole(node: Expr, row: str | None) -> TypeGuard[Reduce]:
    """Whether a total runs over the rows, too."""
    return isinstance(node, Reduce) and node.function in ("sum", "mean") and row in node.axes


def _is_product(node: Expr, names: Names) -> bool:
    """Whether what is summed is a product of data and vectors: its total is the same by `@`."""
    if not isinstance(names.meant(node), Apply):
        return False
    return not any(len(f.dims) > 1 and names.params_of(f) for f in names.factors(node))


def _pair(node: Expr, row: str | None, names: Names) -> tuple[Expr, Expr] | None:
    """A matrix of data with rows and a vector of parameters along its other axis, multiplied."""
    if not isinstance(node, Apply) or node.function != "mul" or len(node.args) != 2:
        return None
    for matrix, vector in (node.args, node.args[::-1]):
        shared = len(vector.dims) == 1 and vector.dims[0] in matrix.dims
        if (
            shared
            and row in matrix.dims
            and len(matrix.dims) > 1
            and vector.dims[0] != row
            and not names.params_of(matrix)
            and names.params_of(vector)
            and not (isinstance(vector, Apply) and vector.function == "inv")
        ):
            return matrix, vector
    return None


def _inside(node: Expr, row: str | None) -> Iterator[tuple[Expr, frozenset[str]]]:
    """The parts of an expression with the axes that it sums over on purpose."""
    if isinstance(node, MatMul):
        yield node.left, frozenset(node.left.dims[-1:])
        yield node.right, frozenset(node.right.dims[:1])
        return
    axes: frozenset[str] = frozenset()
    if isinstance(node, (Reduce, Softmax)) and row not in node.axes:
        axes = frozenset(node.axes)
    for part in parts(node):
        yield part, axes


def _finding(subject: Subject, node: Expr, matrix: Expr, vector: Expr) -> Diagnostic:
    text = subject.model.source.text

    def shown(expr: Expr) -> str:
        return " ".join(text[expr.span.start : expr.span.stop].split())

    axis = vector.dims[0]
    message = f"`{shown(node)}` is [{', '.join(node.dims)}]: nothing sums over `{axis}`"
    first, second = shown(matrix), shown(vector)
    if isinstance(matrix, Transpose) or matrix.dims[-1] != axis:
        mend = f"`sum[{axis}]({first}*{second})` does"
    else:
        mend = f"`{first} @ {second}` does"
    return Diagnostic(CODE.name, message, node.span, help=mend)
