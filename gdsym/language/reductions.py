"""Reductions and softmax: functions that run along named axes."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gdsym.errors import Span
from gdsym.language import align, syntax
from gdsym.language.model import Dims, Expr, Reduce, Softmax

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer


def named_axes(typer: Typer, items: Sequence[syntax.Expression]) -> Dims | None:
    """The dimensions named between the brackets of a reduction."""
    names: list[str] = []
    for item in items:
        item = syntax.bare(item)
        if isinstance(item, syntax.Slice | syntax.Grouped):
            return typer.later(item)
        if not isinstance(item, syntax.Name):
            mend = "axes are named, never numbered: `sum[d](X)`"
            if isinstance(item, syntax.String):
                mend = "the name of an axis stands bare: `sum[d](X)`"
            shown = typer.scope.text(item.span)
            return typer.scope.error("name", f"`{shown}` is no axis", item.span, help=mend)
        if item.text in typer.scope.broken:
            return None
        if item.text not in typer.scope.dims:
            if item.text in typer.scope.values:
                message = f"`{item.text}` is no dimension"
                return typer.scope.error("name", message, item.span)
            return typer.unknown_name(item, "dimension")
        if item.text in names:
            message = f"the axis `{item.text}` is named twice"
            return typer.scope.error("shape", message, item.span)
        names.append(item.text)
    return tuple(names)


def _over(typer: Typer, node: syntax.Call, argument: Expr, axes: Dims) -> bool:
    """Whether the argument has each of the named axes, once."""
    shown = typer.scope.text(argument.span)
    for axis, item in zip(axes, node.axes or (), strict=True):
        count = argument.dims.count(axis)
        if count == 1:
            continue
        message = f"`{shown}` is {align.shown(argument.dims)} and has no axis `{axis}`"
        if count > 1:
            message = f"`{shown}` is {align.shown(argument.dims)}: which `{axis}` is meant?"
        typer.scope.suspects.update((axis, *argument.dims))
        mend = "declare its two axes with two dimensions"
        if not count:
            mend = ""
        if not count and node.function.text == "sum":
            mend = f"a sum of equal terms is a product: `{axis}*(...)`"
        notes = typer.declared(argument)
        typer.scope.error("shape", message, item.span, notes=notes, help=mend)
        return False
    return True


def reduction(typer: Typer, node: syntax.Call) -> Expr | None:
    """`sum[d](X)`, `norm(w)`, `dot(a, b)`; without axes over all."""
    name = node.function.text
    axes = named_axes(typer, node.axes) if node.axes is not None else ()
    if axes is None:
        return None
    before = typer.written, typer.reduction
    typer.written, typer.reduction = (*before[0], *axes), name
    count = 2 if name == "dot" else 1
    arguments = typer.arguments(node, count, *_usage(node, name))
    argument = arguments[0] if arguments else None
    if arguments and name == "dot":
        argument = typer.apply("mul", arguments, node.span)
    typer.written, typer.reduction = before
    if argument is None or (axes and not _over(typer, node, argument, axes)):
        return None
    function = "sum" if name == "dot" else name
    if not argument.dims:
        return _of_scalar(typer, function, argument, node.span)
    axes = axes or argument.dims
    left = tuple(d for d in argument.dims if d not in axes)
    return Reduce(function, axes, argument, left, node.span)


def _usage(node: syntax.Call, name: str) -> tuple[str, str]:
    if name == "dot":
        return "dot(a, b)", ""
    mend = ""
    if len(node.arguments) == 2:
        mend = f"axes stand in brackets: `{name}[d](X)`"
    return f"{name}(x)", mend


def _of_scalar(typer: Typer, function: str, argument: Expr, span: Span) -> Expr | None:
    """A reduction of a scalar, which is its own only entry."""
    if function in ("norm", "norm1"):
        return typer.apply("abs", (argument,), span)
    if function == "var":
        shown = typer.scope.text(argument.span)
        return typer.scope.error("shape", f"`{shown}` is a scalar: it has no variance", span)
    return argument


def softmax(typer: Typer, node: syntax.Call) -> Expr | None:
    """`softmax[k](z)` and `log_softmax[k](z)`, which keep the axes."""
    name = node.function.text
    axes = named_axes(typer, node.axes) if node.axes is not None else ()
    if axes is None:
        return None
    before = typer.written
    typer.written = (*before, *axes)
    arguments = typer.arguments(node, 1, f"{name}[k](z)")
    typer.written = before
    if arguments is None or (axes and not _over(typer, node, arguments[0], axes)):
        return None
    dims = arguments[0].dims
    if not dims:
        shown = typer.scope.text(arguments[0].span)
        message = f"`{shown}` is a scalar: `{name}` runs along an axis"
        notes = typer.declared(arguments[0])
        return typer.scope.error("shape", message, node.span, notes=notes)
    if not axes and len(dims) != 1:
        message = f"which axis of {align.shown(dims)} does `{name}` run along?"
        mend = f"name it: `{name}[{dims[-1]}](...)`"
        return typer.scope.error("shape", message, node.span, help=mend)
    return Softmax(name, axes or dims, arguments[0], dims, node.span)
