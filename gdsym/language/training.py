"""`train(EXPR)`: what a prediction keeps of the data and the parameters that it was fitted with.

A value of data alone may stand anywhere. One that reads parameters or constants is known when the
fit is done, so it stands in `predict`, and in lets that only `predict` reads. New data have other
rows: a value with an entry for each row of the training data has these under a name of their own,
`train(y[m])` with `dim m like n`.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gdsym.language import syntax
from gdsym.language.model import Expr, Ref, Relabel, Train
from gdsym.language.phrases import an
from gdsym.language.scope import Scope
from gdsym.language.typed import FITTED, children, depends

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer

_KINDS = frozenset(["data", "parameter", "constant", FITTED])


def train(typer: Typer, node: syntax.Call) -> Expr | None:
    """The typed call: a value on the training data."""
    scope = typer.scope
    if node.axes is not None:
        message = "`train` keeps a value of the training data and has no axes"
        mend = "axes belong to a reduction: `train(mean[n](X))`"
        return scope.error("function", message, node.span, help=mend)
    arguments = typer.arguments(node, 1, "train(EXPR)")
    if arguments is None:
        return None
    argument = arguments[0]
    for part in _nodes(argument, {}):  # in a claim, or an optimizer file
        value = scope.values.get(part.name) if isinstance(part, Ref) else None
        if value is not None and not value.depends <= _KINDS:
            message = f"`{value.name}` is {an(value.kind)}: `train` takes data and parameters"
            return scope.error("type", message, part.span)
    if scope.row is not None and scope.row in argument.dims:
        shown = scope.text(argument.span)
        message = f"`{shown}` has the rows of the training data, and new data have others"
        mend = f"name its rows: `dim m like {scope.row}`, and `[m]` in place of `[{scope.row}]`"
        notes = typer.declared(argument)
        return scope.error("shape", message, argument.span, notes=notes, help=mend)
    return Train(argument, argument.dims, node.span)


def before_the_fit(expr: Expr, scope: Scope, what: str) -> None:
    """An error where an expression needs a value that is known only when the fit is done.

    `what` says what the expression is: `the loss`, `a penalty`, `a claim`.
    """
    for node in _nodes(expr, {}):
        name = ""
        if isinstance(node, Train) and FITTED in depends(node, scope.values):
            name = scope.text(node.span)
        elif isinstance(node, Ref) and node.name in scope.values:
            name = node.name if FITTED in scope.values[node.name].depends else ""
        if name:
            message = f"`{name}` is known when the fit is done, and {what} is needed before"
            mend = "`train` of parameters and constants stands in `predict`"
            return scope.error("type", message, node.span, help=mend)
    return None


def mixed_rows(expr: Expr, scope: Scope, lets: Mapping[str, Expr]) -> None:
    """An error where a prediction has the new rows and the training rows along one axis."""
    kept = {
        dim: node.span
        for node in _nodes(expr, lets)
        if isinstance(node, Train)
        for dim in node.dims
        if scope.row is not None and scope.root(dim) == scope.root(scope.row)
    }
    for node in _nodes(expr, lets, inside=False) if kept else ():
        if not isinstance(node, Relabel):
            continue
        for before, dim in zip(node.arg.dims, node.dims, strict=True):
            if before == scope.row and dim in kept:
                message = f"`{scope.text(node.span)}` has the new rows along `{dim}`, and "
                message += f"`{scope.text(kept[dim])}` those of the training data"
                mend = f"keep it, too: `train({scope.text(node.span)})`; or name the new rows "
                mend += f"otherwise: `dim q like {scope.row}`"
                notes = ((kept[dim], "kept here"),)
                return scope.error("shape", message, node.span, notes=notes, help=mend)
    return None


def _nodes(expr: Expr, lets: Mapping[str, Expr], inside: bool = True) -> Iterator[Expr]:
    """The expression and its parts, through these lets; `inside` what `train` is applied to."""
    seen: set[int] = set()
    pending = [expr]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Ref) and node.name in lets:
            pending.append(lets[node.name])
        if inside or not isinstance(node, Train):
            pending += reversed(children(node))
