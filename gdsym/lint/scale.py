"""Sums and means over rows that do not fit together, or do not fit their penalties."""

from __future__ import annotations

from collections.abc import Iterator

from gdsym.errors import Diagnostic
from gdsym.language.codes import Code
from gdsym.language.model import Apply, Const, Expr, Number, Reduce, Ref, Size
from gdsym.lint import Subject
from gdsym.lint._expressions import Names, walk

CODE = Code(
    "scale",
    "a sum and a mean that weigh differently",
    "A sum over rows grows with the rows, a mean does not. Beside each other, or beside a "
    "penalty, the balance depends on the number of rows: `mean(...)` with `penalty lam*sum(w^2)` "
    "is `sum(...)` with n times that penalty, so a weight of 1 or more beside a mean leaves next "
    "to nothing of the data. A penalty that reads rows is a part of the loss.",
    "data x[n], y[n]\nparam a\nconst lam = 1\nloss mean((y - a*x)^2)\npenalty lam*a^2",
    "data x[n], y[n]\nparam a\nconst lam = 1\nloss sum((y - a*x)^2)\npenalty lam*a^2",
)


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """At most one for the objective, and one for each penalty."""
    model = subject.model
    if model.row is None:
        return
    names = Names(model)
    first: dict[str, Expr] = {}
    for _, term in names.terms(model.objective.expr):
        if (kind := _kind(term, model.row, names)) and names.params_of(term):
            first.setdefault(kind, term)
    if model.objective.kind == "residual":
        first = {"sum": model.objective.expr}
    if len(first) == 2:
        (one, term), (two, other) = first.items()
        message = f"a {two} over the rows is added to a {one} over the rows"
        notes = ((term.span, f"the {one}"),)
        mend = "let both be sums, or both means"
        yield Diagnostic(CODE.name, message, other.span, f"the {two}", notes, mend)
    for penalty in model.penalties:
        yield from _penalty(
            penalty, next(iter(first)) if len(first) == 1 else "", model.row, names
        )


def _penalty(penalty: Expr, kind: str, row: str, names: Names) -> Iterator[Diagnostic]:
    sums = [n for n in walk(names.meant(penalty)) if isinstance(n, Reduce) and row in n.arg.dims]
    if sums:
        message = "this penalty reads the rows"
        mend = "add it to the loss: penalties are no part of a validation loss"
        yield Diagnostic(CODE.name, message, penalty.span, help=mend)
        return
    for _, term in names.terms(penalty):
        weight, shown = _weight(term, names)
        if kind == "mean" and weight is not None and weight >= 1:
            message = f"beside a mean over the rows, {shown} outweighs all of them together"
            mend = "a penalty beside a sum has n times less weight: `sum`, or a smaller weight"
            yield Diagnostic(CODE.name, message, term.span, help=mend)
        elif kind == "sum" and any(_is_mean_of_entries(f, names) for f in names.factors(term)):
            message = "the loss is a sum, and this penalty a mean: it hardly counts"
            mend = "let both be sums"
            yield Diagnostic(CODE.name, message, term.span, help=mend)


def _kind(term: Expr, row: str, names: Names) -> str:
    """`sum` or `mean` where a term is that over the rows; a sum over n is a mean."""
    kind = ""
    for factor in names.factors(term):
        if isinstance(factor, Reduce) and row in factor.axes:
            kind = {"sum": "sum", "mean": "mean"}.get(factor.function, "")
    divided = any(
        isinstance(f, Apply) and f.function == "inv" and _reads_size(f.args[0], row, names)
        for f in names.factors(term)
    )
    return "mean" if kind == "sum" and divided else kind


def _reads_size(expr: Expr, row: str, names: Names) -> bool:
    return any(isinstance(f, Size) and f.dim == row for f in names.factors(expr))


def _weight(term: Expr, names: Names) -> tuple[float | None, str]:
    """The numbers and constants before a term, multiplied, and how they are shown."""
    value, shown = 1.0, ""
    stack = [term]
    while stack:
        node = names.meant(stack.pop())
        if isinstance(node, Apply) and node.function in ("mul", "neg"):
            stack.extend(node.args)
        elif isinstance(node, Apply) and node.function == "inv":
            known = _number(node.args[0], names)
            if known is None:
                return None, ""
            value /= known[0]
        elif (known := _number(node, names)) is not None:
            value, shown = value * known[0], known[1] or shown or "the weight"
        elif not names.params_of(node):
            return None, ""
    if shown or isinstance(names.meant(term), Reduce):  # sum(w^2), as it stands
        return value, shown or "a weight of 1"
    return None, ""  # a*b, or a condition to be met such as (sum(w) - 1)^2


def _number(node: Expr, names: Names) -> tuple[float, str] | None:
    if isinstance(node, Number) and node.value:
        return float(node.value), ""
    if isinstance(node, Ref) and node.name in names.consts:
        const: Const = names.consts[node.name]
        if isinstance(const.value, Number) and const.value.value:
            return float(const.value.value), f"`{node.name}` = {float(const.value.value):g}"
    return None


def _is_mean_of_entries(factor: Expr, names: Names) -> bool:
    mean = isinstance(factor, Reduce) and factor.function == "mean"
    return mean and bool(names.params_of(factor))
