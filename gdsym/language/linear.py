"""Linear algebra: which dimensions each function takes, and which it gives."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsym.language import align, syntax
from gdsym.language.model import Dims, Expr, Linear, Size
from gdsym.language.phrases import indexable

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer

_USAGE = {
    **{name: f"{name}(A)" for name in ("trace", "det", "logdet", "inv")},
    **{"solve": "solve(A, b)", "outer": "outer(a, b)", "diag": "diag(v)"},
    **{"eye": "eye(d)", "sqdist": "sqdist(X, Z)"},
}


def call(typer: Typer, node: syntax.Call) -> Expr | None:
    """A call of one of the functions of linear algebra."""
    name = node.function.text
    usage = _USAGE[name]
    if node.axes is not None:
        message = f"`{name}` takes whole matrices and vectors, and has no axes in brackets"
        return typer.scope.error("function", message, node.span, help=f"write `{usage}`")
    if name == "eye":
        return _eye(typer, node)
    parts = typer.arguments(node, 1 + usage.count(","), usage)
    if parts is None:
        return None
    match name:
        case "solve":
            dims = _solution(typer, node, *parts)
        case "outer":
            dims = _outer(typer, node, *parts)
        case "diag":
            dims = _diagonal(typer, node, parts[0])
        case "sqdist":
            dims = _distances(typer, node, *parts)
        case _:
            fits = _is_square(typer, node, parts[0])
            dims = (parts[0].dims[::-1] if name == "inv" else ()) if fits else None
    return Linear(name, parts, dims, node.span) if dims is not None else None


def _error(
    typer: Typer, node: syntax.Call, message: str, parts: tuple[Expr, ...], mend: str
) -> None:
    typer.scope.suspects.update(axis for part in parts for axis in part.dims)
    notes = typer.declared(*parts)
    typer.scope.error("shape", message, node.span, notes=notes, help=mend)


def _is_square(typer: Typer, node: syntax.Call, matrix: Expr) -> bool:
    """Whether both axes are of one dimension, or of one and another that is like it."""
    scope = typer.scope
    roots = [scope.root(axis) for axis in matrix.dims]
    if len(roots) == 2 and roots[0] == roots[1]:
        return True
    name, shown = node.function.text, scope.text(matrix.span)
    message = f"`{name}` takes a square matrix, and `{shown}` is {align.shown(matrix.dims)}"
    mend = ""
    if not matrix.dims:
        mend = f"a scalar times the identity is `{indexable(shown)}*eye(d)`"
        mend = "the inverse of a number is `1/x`" if name == "inv" else mend
        mend = "the logarithm of a number is `log(x)`" if name == "logdet" else mend
    elif len(matrix.dims) == 1:
        mend = f"the matrix with `{shown}` on its diagonal is `diag({shown})`"
    elif len(matrix.dims) == 2:
        inner = indexable(shown)
        last = matrix.dims[-1]
        mend = (
            f"a square matrix has one dimension twice, as `{inner}.T @ {inner}`, [{last}, {last}]"
        )
    _error(typer, node, message, (matrix,), mend)
    return False


def _solution(typer: Typer, node: syntax.Call, matrix: Expr, right: Expr) -> Dims | None:
    """x of A @ x = b: the last axis of A, then those of b without the first."""
    if not _is_square(typer, node, matrix):
        return None
    if right.dims and right.dims[0] == matrix.dims[0]:
        return (matrix.dims[1], *right.dims[1:])
    scope = typer.scope
    a, b = scope.text(matrix.span), scope.text(right.span)
    message = (
        f"`{a}` is {align.shown(matrix.dims)} and `{b}` is {align.shown(right.dims)}: "
        f"the right side of a linear system begins with `{matrix.dims[0]}`"
    )
    mend = "write the matrix first: `solve(A, b)` is the x of `A @ x == b`"
    if matrix.dims[0] in right.dims[-1:]:
        mend = f"transpose it: `{indexable(b)}.T`"
    _error(typer, node, message, (matrix, right), mend)
    return None


def _outer(typer: Typer, node: syntax.Call, first: Expr, second: Expr) -> Dims | None:
    for part in (first, second):
        if len(part.dims) != 1:
            shown = typer.scope.text(part.span)
            message = f"`outer` takes two vectors, and `{shown}` is {align.shown(part.dims)}"
            mend = "write `*`" if not part.dims else "a matrix product is `A @ B`"
            return _error(typer, node, message, (part,), mend)
    return first.dims + second.dims


def _diagonal(typer: Typer, node: syntax.Call, part: Expr) -> Dims | None:
    if len(part.dims) == 1:
        return part.dims * 2
    if not part.dims:
        shown = indexable(typer.scope.text(part.span))
        message = "`diag` takes a vector, or a square matrix, and this is a scalar"
        mend = f"a scalar times the identity is `{shown}*eye(d)`"
        return _error(typer, node, message, (part,), mend)
    return part.dims[:1] if _is_square(typer, node, part) else None


def _distances(typer: Typer, node: syntax.Call, first: Expr, second: Expr) -> Dims | None:
    """[n, m] of X[n, d] and Z[m, d]; vectors are points on a line."""
    a, b = typer.scope.text(first.span), typer.scope.text(second.span)
    shapes = f"`{a}` is {align.shown(first.dims)} and `{b}` is {align.shown(second.dims)}"
    if len(first.dims) != len(second.dims) or len(first.dims) not in (1, 2):
        message = f"{shapes}: `sqdist` takes two matrices, a point per row, or two vectors"
        return _error(typer, node, message, (first, second), "")
    if first.dims[1:] != second.dims[1:]:
        message = f"{shapes}: the points have different coordinates"
        mend = ""
        for part, text, other in ((first, a, second), (second, b, first)):
            if part.dims[0] == other.dims[-1]:
                moved = text[:-2] if text.endswith(".T") else f"{indexable(text)}.T"
                mend = f"transpose one of them: `{moved}`"
        return _error(typer, node, message, (first, second), mend)
    return first.dims[:1] + second.dims[:1]


def _eye(typer: Typer, node: syntax.Call) -> Expr | None:
    """`eye(d)`, of the dimension d."""
    if len(node.arguments) != 1:
        typer.arguments(node, 1, "eye(d)")
        return None
    item = syntax.bare(node.arguments[0])
    size = typer.expr(item)
    if size is None:
        return None
    if not isinstance(size, Size):
        shown = typer.scope.text(item.span)
        message = f"`eye` takes a dimension, and `{shown}` is none"
        mend = f"declare it: `dim d = {shown}`" if isinstance(item, syntax.Number) else ""
        if size.dims:
            mend = f"write `eye({size.dims[-1]})`"
        return typer.scope.error("function", message, item.span, help=mend)
    return Linear("eye", (), (size.dim, size.dim), node.span)
