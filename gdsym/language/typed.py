"""Typed expressions from the outside: their parts, their axes, what they depend on."""

from __future__ import annotations

from collections.abc import Mapping

from gdsym.errors import Span
from gdsym.language.model import (
    Apply,
    Broadcast,
    Dims,
    Expr,
    Linear,
    MatMul,
    OneHot,
    Reduce,
    Ref,
    Relabel,
    Shift,
    Softmax,
    Standardize,
    Take,
    Train,
    Transpose,
)
from gdsym.language.scope import Value

# What is known only when the fit is done: `train` of parameters or constants.
FITTED = "fitted value"


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside an expression."""
    match expr:
        case Apply() | Linear():
            return expr.args
        case MatMul():
            return (expr.left, expr.right)
        case Broadcast() | Transpose() | Reduce() | Softmax() | Relabel():
            return (expr.arg,)
        case Standardize() | Train():
            return (expr.arg,)
        case Take():
            return (expr.arg, *(i for i in expr.indices if i is not None))
        case OneHot() | Shift():
            return (expr.index,)
        case _:
            return ()


def broadcast(expr: Expr, dims: Dims, span: Span) -> Expr | None:
    """The expression with exactly these dims in this order; None where it has another axis."""
    if expr.dims == dims:
        return expr
    if len(set(dims)) < len(dims):
        return Broadcast(expr, dims, span) if not expr.dims else None
    if not set(expr.dims) <= set(dims) or len(set(expr.dims)) < len(expr.dims):
        return None
    if expr.dims[::-1] == dims:
        return Transpose(expr, dims, span)
    return Broadcast(expr, dims, span)


def depends(expr: Expr, values: Mapping[str, Value]) -> frozenset[str]:
    """The kinds of values that an expression is computed from, FITTED among them."""
    kinds: set[str] = set()
    seen: set[int] = set()
    pending = [expr]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Ref) and node.name in values:
            kinds |= values[node.name].depends
        if isinstance(node, Train) and not depends(node.arg, values) <= {"data"}:
            kinds.add(FITTED)
        pending += children(node)
    return frozenset(kinds)


def unsigned(expr: Expr, text: str) -> Expr:
    """The operand as the user wrote it, without the sign that `a - b` or `a/b` gives it."""
    while isinstance(expr, Apply) and expr.function in ("neg", "inv"):
        if text.startswith("-", expr.span.start):
            break
        expr = expr.args[0]
    return expr
