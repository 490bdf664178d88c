"""Axes indexed by category data and labels, or given another name."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gdsym.errors import Span
from gdsym.language import align, comparisons, syntax
from gdsym.language.model import Dims, Expr, Label, Ref, Relabel, Shift, Take
from gdsym.language.phrases import an, indexable

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer


def index(typer: Typer, node: syntax.Index) -> Expr | None:
    """`w[g]`, `Z["age", k]`, `X[m, d]`."""
    operand = typer.expr(node.operand)
    if operand is None:
        return None
    items = [syntax.bare(item) for item in node.items]
    later = [i for i in items if isinstance(i, syntax.Slice | syntax.Grouped)]
    if later:
        return typer.later(later[0])
    if not operand.dims:
        shown = typer.scope.text(node.operand.span)
        message = f"`{shown}` is a scalar and has no axis to index"
        return typer.scope.error("index", message, node.span, notes=typer.declared(operand))
    if len(items) == 1 and len(operand.dims) > 1:
        return _single_index(typer, operand, items[0], node.span)
    if len(items) != len(operand.dims):
        shown = typer.scope.text(node.operand.span)
        message = f"{len(items)} indices for `{shown}`, which is {align.shown(operand.dims)}"
        mend = "several indices stand for all axes in order; an axis is kept by its name"
        notes = typer.declared(operand)
        return typer.scope.error("index", message, node.span, notes=notes, help=mend)
    indices: list[Ref | Label | None] = []
    names: list[str] = []
    for item, axis in zip(items, operand.dims, strict=True):
        place, valid = _positional(typer, item, axis)
        if not valid:
            return None
        indices.append(place)
        kept = place is None and isinstance(item, syntax.Name)
        names.append(item.text if kept and isinstance(item, syntax.Name) else axis)
    named = _relabelled(operand, tuple(names), node.span)
    return take(typer, named, indices, node.span)


def _single_index(typer: Typer, operand: Expr, item: syntax.Expression, span: Span) -> Expr | None:
    if isinstance(item, syntax.String):
        fits = [
            axis
            for axis in operand.dims
            if (d := typer.scope.dims.get(axis)) and d.labels and item.value in d.labels
        ]
        if len(fits) != 1:
            kept = ", ".join(operand.dims[1:])
            shown = typer.scope.text(operand.span)
            dims = align.shown(operand.dims)
            message = f'which axis of {dims} has the label "{item.value}"?'
            mend = f'give an index per axis: `{indexable(shown)}["{item.value}", {kept}]`'
            return typer.scope.error("index", message, item.span, help=mend)
        axis = fits[0]
        index: Ref | Label | None = comparisons.label(typer, axis, item)
    else:
        value = comparisons.category_of(typer, item)
        if value is None and _is_dim(typer, item):
            assert isinstance(item, syntax.Name)
            return _single_relabel(typer, operand, item, span)
        if value is None:
            return no_index(typer, item, operand)
        axis = value.domain.category or ""
        index = category_index(typer, item)
    if index is None:
        return None
    if operand.dims.count(axis) != 1:
        return _no_such_axis(typer, operand, item, axis)
    return take(typer, operand, [index if a == axis else None for a in operand.dims], span)


def _is_dim(typer: Typer, node: syntax.Expression) -> bool:
    if not isinstance(node, syntax.Name) or node.text in typer.local:
        return False
    return node.text in typer.scope.dims and node.text not in typer.scope.broken


def _single_relabel(typer: Typer, operand: Expr, item: syntax.Name, span: Span) -> Expr | None:
    """`X[m]`: the axis that m is like gets the name m."""
    name, scope = item.text, typer.scope
    root = scope.root(name)
    fits = [a for a in operand.dims if a != name and scope.root(a) == root]
    if len(fits) == 1:
        names = tuple(name if axis == fits[0] else axis for axis in operand.dims)
        return _relabelled(operand, names, span)
    shown, dims = scope.text(operand.span), align.shown(operand.dims)
    if not fits:
        return _dim_as_index(typer, item, operand, "")
    several = " and ".join(f"`{axis}`" for axis in fits)
    if len(set(fits)) == 1:
        several = f"each axis `{fits[0]}`"
    message = f"`{name}` could re-label {several} of `{shown}`, which is {dims}"
    first = operand.dims.index(fits[0])
    kept = ", ".join(name if i == first else axis for i, axis in enumerate(operand.dims))
    mend = f"name every axis: `{indexable(shown)}[{kept}]`"
    return scope.error("index", message, item.span, notes=typer.declared(operand), help=mend)


def _relabelled(operand: Expr, names: Dims, span: Span) -> Expr:
    return operand if names == operand.dims else Relabel(operand, names, span)


def _no_such_axis(typer: Typer, operand: Expr, item: syntax.Expression, axis: str) -> None:
    shown, name = typer.scope.text(operand.span), typer.scope.text(item.span)
    dims = align.shown(operand.dims)
    if axis in operand.dims:
        message = f"`{name}` could index each axis `{axis}` of `{shown}`, which is {dims}"
        mend = f"give an index per axis, such as `{indexable(shown)}[{name}, {axis}]`"
    else:
        message = f"`{name}` holds categories of `{axis}`, and `{shown}` is {dims}"
        mend = ""
    value = comparisons.category_of(typer, item)
    notes = ((value.place, "declared here"),) if value is not None else ()
    notes = (*typer.declared(operand), *notes)
    typer.scope.error("index", message, item.span, notes=notes, help=mend)


def _positional(
    typer: Typer, item: syntax.Expression, axis: str
) -> tuple[Ref | Label | None, bool]:
    """The index of one axis, and whether it is valid; (None, True) keeps the axis, perhaps
    under another name."""
    if isinstance(item, syntax.String):
        label = comparisons.label(typer, axis, item)
        return label, label is not None
    if _is_dim(typer, item):
        assert isinstance(item, syntax.Name)
        if item.text == axis or typer.scope.root(item.text) == typer.scope.root(axis):
            return None, True
    value = comparisons.category_of(typer, item)
    if value is None:
        no_index(typer, item, None, axis)
        return None, False
    if value.domain.category != axis:
        message = (
            f"`{value.name}` holds categories of `{value.domain.category}`, "
            f"and this axis is `{axis}`"
        )
        notes = ((value.place, "declared here"),)
        mend = ""
        if typer.scope.root(value.domain.category or "") == typer.scope.root(axis):
            mend = f"give the axis that name before: `[{value.domain.category}][{value.name}]`"
        typer.scope.error("index", message, item.span, notes=notes, help=mend)
        return None, False
    ref = category_index(typer, item)
    return ref, ref is not None


def category_index(typer: Typer, item: syntax.Expression) -> Ref | None:
    """The category data that a bare name stands for, as an index."""
    ref = typer.expr(item, category=True)
    return ref if isinstance(ref, Ref) else None


def no_index(typer: Typer, item: syntax.Expression, operand: Expr | None, axis: str = "") -> None:
    """Reports what stands where an index should."""
    scope = typer.scope
    shown = scope.text(item.span)
    if isinstance(item, syntax.Name):
        if item.text in scope.broken:
            return None
        if item.text in typer.local:
            return scope.error("index", f"`{shown}` is no category data", item.span)
        value = scope.values.get(item.text)
        if value is not None:
            wanted = axis or (operand.dims[-1] if operand is not None else "k")
            mend = ""
            if value.kind == "data":
                mend = f"an index is declared as `data {value.name}[...] in {wanted}`"
            notes = ((value.place, "declared here"),) if value.place.stop > 0 else ()
            message = f"`{shown}` is {an(value.kind)} of numbers, not of categories"
            return scope.error("index", message, item.span, notes=notes, help=mend)
        if item.text in scope.dims:
            return _dim_as_index(typer, item, operand, axis)
        return typer.unknown_name(item)
    message = f"`{shown}` is no index"
    mend = 'an index is category data, `Z[y]`, or a label, `w["age"]`'
    if isinstance(item, syntax.Number):
        message = f"`{shown}` is a number, and integers are no indices"
    return scope.error("index", message, item.span, help=mend)


def _dim_as_index(typer: Typer, item: syntax.Name, operand: Expr | None, axis: str) -> None:
    like = typer.scope.root(item.text)
    if axis:
        message = f"this axis is `{axis}`, not `{item.text}`"
        if like != item.text:
            message = f"this axis is `{axis}`, and `{item.text}` is like `{like}`"
        return typer.scope.error("index", message, item.span)
    if operand is None:
        message = f"`{item.text}` is the size of a dimension, not category data"
        return typer.scope.error("index", message, item.span)
    dims, shown = operand.dims, typer.scope.text(operand.span)
    if item.text in dims:
        message = f"`{item.text}` is an axis of `{shown}`, which is {align.shown(dims)}, already"
        mend = f"leave the index out: `{shown}`"
        return typer.scope.error("index", message, item.span, help=mend)
    if like != item.text:
        message = f"`{item.text}` is like `{like}`, and {align.shown(dims)} has no such axis"
        return typer.scope.error("index", message, item.span)
    message = f"one index `{item.text}` for {align.shown(dims)}"
    mend = f"an index is category data: `data y[...] in {item.text}`"
    return typer.scope.error("index", message, item.span, help=mend)


def take(
    typer: Typer, operand: Expr, indices: Sequence[Ref | Label | Shift | None], span: Span
) -> Expr | None:
    """The operand with some axes indexed, of the type that `Take` describes."""
    if all(index is None for index in indices):
        return operand
    dims: list[str] = []
    from_index: set[str] = set()
    kept = [axis for axis, i in zip(operand.dims, indices, strict=True) if i is None]
    for axis, index in zip(operand.dims, indices, strict=True):
        if index is None:
            if axis not in from_index:
                dims.append(axis)
            continue
        for own in index.dims:
            if kept.count(own) > 1:
                message = f"`{own}` stands twice in {align.shown(operand.dims)}"
                return typer.scope.error("index", message, span)
            if own not in dims:
                dims.append(own)
                from_index.add(own)
    return Take(operand, tuple(indices), tuple(dims), span)
