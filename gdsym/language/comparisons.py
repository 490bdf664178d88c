"""Comparisons: of numbers, of categories, and of either with a label."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gdsym.errors import Span, did_you_mean
from gdsym.language import syntax
from gdsym.language.functions import COMPARISONS
from gdsym.language.model import Expr, Label, Number, Ref
from gdsym.language.scope import Value

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer


def comparison(typer: Typer, node: syntax.Chain) -> Expr | None:
    """A chain of comparisons, `0 <= x < 1`, as one condition."""
    parts: list[Expr] = []
    typed: dict[int, Expr | None] = {}
    for i, sign in enumerate(node.operators):
        left, right = syntax.bare(node.operands[i]), syntax.bare(node.operands[i + 1])
        span = Span(left.span.start, right.span.stop)
        if len(node.operators) == 1:
            span = node.span
        if _symbolic(typer, left) or _symbolic(typer, right):
            part = _compare_labels(typer, left, right, sign, span)
        else:
            for j, side in ((i, left), (i + 1, right)):
                if j not in typed:
                    typed[j] = typer.expr(side)
            a, b = typed[i], typed[i + 1]
            part = None
            if a is not None and b is not None:
                part = typer.apply(COMPARISONS[sign], (a, b), span)
        if part is not None:
            parts.append(part)
    if len(parts) < len(node.operators):
        return None
    return typer.fold("and", parts, node.span)


def _symbolic(typer: Typer, node: syntax.Expression) -> bool:
    return isinstance(node, syntax.String) or category_of(typer, node) is not None


def category_of(typer: Typer, node: syntax.Expression) -> Value | None:
    """The category data that a bare name stands for."""
    if not isinstance(node, syntax.Name):
        return None
    bound = typer.local.get(node.text)
    if node.text in typer.local:
        name = bound.name if isinstance(bound, Ref) else ""
    else:
        name = node.text
    value = typer.scope.values.get(name)
    return value if value is not None and value.domain.category is not None else None


def _compare_labels(
    typer: Typer, left: syntax.Expression, right: syntax.Expression, sign: str, span: Span
) -> Expr | None:
    if isinstance(left, syntax.String):
        left, right = right, left
    if isinstance(left, syntax.String):
        return typer.scope.error("type", "two strings are compared", span)
    if category_of(typer, left) is None and category_of(typer, right) is not None:
        left, right = right, left
    if sign not in ("==", "!="):
        message = f"labels have no order: `{sign}` compares numbers"
        return typer.scope.error("category", message, span, help="write `==` or `!=`")
    a = typer.expr(left, category=True)
    if a is None:
        return None
    value = category_of(typer, left)
    b = _other_side(typer, a, value, right)
    if b is None:
        return None
    return typer.apply(COMPARISONS[sign], (a, b), span)


def _other_side(
    typer: Typer, left: Expr, value: Value | None, right: syntax.Expression
) -> Expr | None:
    """What category data, or data with labelled values, is compared with."""
    if value is None:
        return _label_value(typer, left, right)
    dim = value.domain.category or ""
    if isinstance(right, syntax.String):
        return label(typer, dim, right)
    other = category_of(typer, right)
    if other is not None:
        if other.domain.category == dim:
            return typer.expr(right, category=True)
        message = f"`{value.name}` holds categories of `{dim}`, and `{other.name}` of "
        message += f"`{other.domain.category}`"
        notes = ((value.place, "declared here"), (other.place, "declared here"))
        return typer.scope.error("category", message, right.span, notes=notes)
    expr = typer.expr(right)
    if expr is None:
        return None
    known = typer.scope.dims.get(dim)
    code = typer.constant(expr)
    if known is not None and known.size is not None and known.labels is None:
        if code is not None and code in range(known.size):
            return expr
        message = f"`{dim}` has the categories 0 to {known.size - 1}"
        return typer.scope.error("category", message, right.span)
    message = f"`{value.name}` holds categories of `{dim}`, which are no numbers"
    mend = f'compare with a label: `{value.name} == "..."`'
    return typer.scope.error("category", message, right.span, help=mend)


def _label_value(typer: Typer, left: Expr, right: syntax.Expression) -> Expr | None:
    """The number that `in {0: "no", 1: "yes"}` gives a label."""
    assert isinstance(right, syntax.String)
    value = typer.scope.values.get(left.name) if isinstance(left, Ref) else None
    if value is None or value.domain.labels is None or value.domain.values is None:
        shown = typer.scope.text(left.span)
        message = f"`{shown}` is a number and has no labels"
        mend = 'labels are declared: `data y[n] in {0: "no", 1: "yes"}`, or `in k`'
        return typer.scope.error("category", message, right.span, help=mend)
    if right.value not in value.domain.labels:
        message = f'`{value.name}` has no label "{right.value}"'
        mend = did_you_mean(right.value, value.domain.labels)
        mend = mend or "its labels are " + ", ".join(f'"{v}"' for v in value.domain.labels)
        notes = ((value.place, "declared here"),)
        return typer.scope.error("category", message, right.span, notes=notes, help=mend)
    number = value.domain.values[value.domain.labels.index(right.value)]
    return Number(Fraction(number), right.span)


def label(typer: Typer, dim: str, node: syntax.String) -> Label | None:
    """A label of a dimension; checked where the text declares the labels."""
    known = typer.scope.dims.get(dim)
    if known is not None and known.labels is not None and node.value not in known.labels:
        message = f'`{dim}` has no label "{node.value}"'
        mend = did_you_mean(node.value, known.labels)
        mend = mend or "its labels are " + ", ".join(f'"{v}"' for v in known.labels[:12])
        notes = ((known.place, "declared here"),)
        return typer.scope.error("category", message, node.span, notes=notes, help=mend)
    return Label(dim, node.value, node.span)
