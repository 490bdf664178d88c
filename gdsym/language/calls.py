"""Calls: of functions element by element, and of functions of the file, which are inlined."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gdsym.errors import did_you_mean
from gdsym.language import data_functions, habits, linear, reductions, syntax, training
from gdsym.language.distributions import DISTRIBUTIONS
from gdsym.language.functions import AXIS_MAPS, FUNCTIONS, LINEAR, PLANNED, REDUCTIONS
from gdsym.language.model import Expr
from gdsym.language.phrases import counted

if TYPE_CHECKING:
    from gdsym.language.expressions import Typer


DATA_FUNCTIONS = ("onehot", "standardize", "train")
DRAWS = ("normal", "uniform")
_LATER = (*PLANNED, "scan")


def call(typer: Typer, node: syntax.Call) -> Expr | None:
    """A call of any kind of function."""
    name = node.function.text
    function = FUNCTIONS.get(name)
    typer.level += 1
    if name in typer.scope.functions:
        result = _inline(typer, node, typer.scope.functions[name])
    elif name in REDUCTIONS and not (function is not None and _of_several(node)):
        result = reductions.reduction(typer, node)
    elif name in AXIS_MAPS:
        result = reductions.softmax(typer, node)
    elif name in LINEAR:
        result = linear.call(typer, node)
    elif name == "onehot":
        result = data_functions.onehot(typer, node)
    elif name == "standardize":
        result = data_functions.standardize(typer, node)
    elif name == "train":
        result = training.train(typer, node)
    elif function is not None and (typer.hidden or not function.hidden):
        result = _element_wise(typer, node, function.params)
    else:
        result = _unknown_function(typer, node)
    typer.level -= 1
    return result


def _of_several(node: syntax.Call) -> bool:
    """Whether `min` or `max` is that of several values, and no reduction."""
    return node.axes is None and len(node.arguments) != 1


def _element_wise(typer: Typer, node: syntax.Call, params: Sequence[str]) -> Expr | None:
    name = node.function.text
    if node.axes is not None:
        message = f"`{name}` works element by element and has no axes"
        return typer.scope.error("function", message, node.span, help=f"write `{name}(...)`")
    arguments = typer.arguments(node, len(params), f"{name}({', '.join(params)})")
    if arguments is None:
        return None
    return typer.apply(name, arguments, node.span)


def _unknown_function(typer: Typer, node: syntax.Call) -> None:
    name, span, scope = node.function.text, node.function.span, typer.scope
    if name in scope.broken:
        return None
    if name in _LATER:
        return scope.error("unsupported", f"`{name}` is not supported yet", span)
    if name in scope.later:
        return typer.unknown_name(node.function)
    written = habits.FUNCTIONS.get(name)
    if name not in DRAWS and name.lower() in DRAWS:
        mend = f"did you mean `{name.lower()}`?"
        return scope.error("function", f"unknown function `{name}`", span, help=mend)
    if name in DRAWS or (name in DISTRIBUTIONS and not written):
        message = f"`{name}` is a distribution, not a function"
        mend = f"it stands in `observe y ~ {name}(...)` and `prior w ~ {name}(...)`"
        if name == "normal":
            mend += ", or is a start: `param w = normal(0, 1)`"
        elif name == "uniform":
            mend = "it is a start: `param w = uniform(-1, 1)`"
        return scope.error("function", message, span, help=mend)
    if name in scope.values or name in typer.local or name in scope.dims:
        message = f"`{name}` is no function"
        mend = f"a product is `{name}*(...)`, an index `{name}[...]`"
        return scope.error("function", message, span, help=mend)
    stem = name.removesuffix("_lpdf").removesuffix("_lpmf").removesuffix("_logpdf")
    if stem != name and stem in DISTRIBUTIONS:
        written = f"`observe y ~ {stem}(...)` or `prior w ~ {stem}(...)`"
    known = [n for n, f in FUNCTIONS.items() if not f.hidden]
    known += [*REDUCTIONS, *AXIS_MAPS, *LINEAR, *PLANNED, *DATA_FUNCTIONS, *scope.functions]
    mend = f"write {written}" if written else did_you_mean(name, known)
    return scope.error("function", f"unknown function `{name}`", span, help=mend)


def _inline(typer: Typer, node: syntax.Call, function: syntax.Def) -> Expr | None:
    if node.axes is not None:
        message = f"`{function.name.text}` is a function of this file and has no axes"
        return typer.scope.error("function", message, node.span)
    names = [param.text for param in function.params]
    named = [a for a in node.arguments if isinstance(a, syntax.Keyword)]
    if named:
        message = f"arguments of `{function.name.text}` have no names, only an order"
        mend = f"write `{function.name.text}({', '.join(names)})`"
        return typer.scope.error("function", message, named[0].span, help=mend)
    if len(node.arguments) != len(names):
        wanted = counted(len(names))
        message = f"`{function.name.text}` takes {wanted}, found {len(node.arguments)}"
        notes = ((function.name.span, "declared here"),)
        return typer.scope.error("function", message, node.span, notes=notes)
    bound: dict[str, Expr | None] = {}
    for name, argument in zip(names, node.arguments, strict=True):
        bound[name] = typer.expr(argument, category=True)
    if any(value is None for value in bound.values()):
        return None
    outer = typer.local
    typer.local = bound
    typer.level += 1
    typer.scope.calls.append(node.span)
    result = typer.expr(function.body)
    typer.scope.calls.pop()
    typer.level -= 1
    typer.local = outer
    return result
