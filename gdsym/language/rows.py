"""Whether a typed expression is 1/n times a sum over the rows, seen through lets."""

from __future__ import annotations

from collections.abc import Mapping

from gdsym.errors import Span
from gdsym.language.model import Apply, Expr, MatMul, Number, Reduce, Ref, Size


def mean_over_rows(expr: Expr, row: str, lets: Mapping[str, Expr]) -> Span | None:
    """The place of the first term, of those that are added, that is a mean over the rows.

    A term found in a let has the place of the let's name in `expr`.
    """
    pending: list[tuple[Expr, Span | None]] = [(expr, None)]
    seen: set[str] = set()
    while pending:
        term, place = pending.pop()
        match term:
            case Apply(function="add" | "neg"):
                pending += [(part, place) for part in reversed(term.args)]
            case Apply(function="mul"):
                if any(_is_size(factor, row) for factor in term.args):
                    continue  # n times a mean is a sum
                if any(_is_inverse_size(factor, row) for factor in term.args) and any(
                    _has_row_total(factor, row, lets) for factor in term.args
                ):
                    return place or term.span
                pending += [(factor, place) for factor in reversed(term.args)]
            case Reduce(function="mean") if row in term.axes:
                return place or term.span
            case Ref() if term.name in lets and term.name not in seen:
                seen.add(term.name)
                pending.append((lets[term.name], place or term.span))
    return None


def _is_size(expr: Expr, row: str) -> bool:
    return isinstance(expr, Size) and expr.dim == row


def _is_inverse_size(expr: Expr, row: str) -> bool:
    match expr:
        case Apply(function="inv", args=(inner,)):
            if isinstance(inner, Apply) and inner.function == "mul":
                return any(_is_size(factor, row) for factor in inner.args)
            return _is_size(inner, row)
        case Apply(function="pow", args=(base, Number(value=value))):
            return value == -1 and _is_size(base, row)
    return False


def _has_row_total(expr: Expr, row: str, lets: Mapping[str, Expr]) -> bool:
    pending = [expr]
    seen: set[str] = set()
    while pending:
        term = pending.pop()
        match term:
            case Reduce(function="sum") if row in term.axes:
                return True
            case MatMul() if term.left.dims[-1] == row:
                return True
            case Apply(function="add" | "neg" | "mul"):
                pending += term.args
            case Ref() if term.name in lets and term.name not in seen:
                seen.add(term.name)
                pending.append(lets[term.name])
    return False
