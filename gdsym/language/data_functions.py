"""Functions of data: indicators, standardized columns, values kept from the training data."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsym.errors import Span
from gdsym.language import align, comparisons, indexing, syntax
from gdsym.language.model import Expr, OneHot, Ref, Standardize, Train
from gdsym.language.phrases import an
from gdsym.language.scope import Value
from gdsym.language.typed import children

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


def train(typer: Typer, node: syntax.Call) -> Expr | None:
    """`train(EXPR)`: the value on the training data."""
    if node.axes is not None:
        message = "`train` keeps a value of the training data and has no axes"
        mend = "axes belong to a reduction: `train(mean[n](X))`"
        return typer.scope.error("function", message, node.span, help=mend)
    arguments = typer.arguments(node, 1, "train(EXPR)")
    if arguments is None:
        return None
    argument = arguments[0]
    for place, value in _values_in(typer, argument):
        if value.depends <= {"data"}:
            continue
        notes = ((value.place, "declared here"),) if value.place.stop > 0 else ()
        what = "depends on" if value.kind == "let" else "is"
        if value.kind not in ("let", "parameter"):
            message = f"`{value.name}` is {an(value.kind)}: `train` takes data alone"
            return typer.scope.error("type", message, place, notes=notes)
        if "parameter" in value.depends:
            message = f"`{value.name}` {what} a parameter: `train` of it is not supported yet"
            return typer.scope.error("unsupported", message, place, notes=notes)
        message = f"`{value.name}` {what} {an(sorted(value.depends - {'data'})[0])}: "
        message += "`train` takes data alone"
        return typer.scope.error("type", message, place, notes=notes)
    return Train(argument, argument.dims, node.span)


def _values_in(typer: Typer, expr: Expr) -> list[tuple[Span, Value]]:
    """The declared values that an expression names, and where, in order of place."""
    found: dict[Span, Value] = {}
    seen: set[int] = set()
    pending = [expr]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Ref) and node.name in typer.scope.values:
            found[node.span] = typer.scope.values[node.name]
        pending += children(node)
    return sorted(found.items(), key=lambda item: item[0].start)
