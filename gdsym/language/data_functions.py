"""Functions of data: indicators and standardized columns."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsym.language import align, comparisons, indexing, syntax
from gdsym.language.model import Expr, OneHot, Standardize

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer


def onehot(typer: Typer, node: syntax.Call) -> Expr | None:
    """`onehot(y)`: category data as rows of indicators."""
    if len(node.arguments) != 1 or node.axes is not None:
        message = "`onehot` takes one argument, category data"
        return typer.scope.error("function", message, node.span, help="write `onehot(y)`")
    item = syntax.bare(node.arguments[0])
    value = comparisons.category_of(typer, item)
    if value is None:
        return indexing.no_index(typer, item, None)
    ref = indexing.category_index(typer, item)
    if ref is None:
        return None
    return OneHot(ref, (*ref.dims, value.domain.category or ""), node.span)


def standardize(typer: Typer, node: syntax.Call) -> Expr | None:
    """`standardize(X)`: less the mean of the training rows, over their deviation."""
    if node.axes is not None:
        message = "`standardize` runs over the rows and has no axes"
        return typer.scope.error("function", message, node.span, help="write `standardize(X)`")
    before, purpose = typer.allowed, typer.purpose
    allowed = frozenset(["data"])
    typer.allowed = allowed if before is None else before & allowed
    typer.purpose = "`standardize` takes data alone"
    arguments = typer.arguments(node, 1, "standardize(X)")
    typer.allowed, typer.purpose = before, purpose
    if arguments is None:
        return None
    row = typer.scope.row
    argument = arguments[0]
    if row is None or row not in argument.dims:
        shown = typer.scope.text(argument.span)
        message = f"`{shown}` is {align.shown(argument.dims)} and has no rows to standardize"
        notes = typer.declared(argument)
        return typer.scope.error("shape", message, node.span, notes=notes)
    return Standardize(argument, argument.dims, node.span)
