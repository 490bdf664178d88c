"""The `method` statement, and options that are expressions of the step."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from gdsym.errors import Source, SourceError, Span, did_you_mean
from gdsym.language import syntax
from gdsym.language.expressions import Typer
from gdsym.language.model import Domain, Method, Schedule
from gdsym.language.parse import parse_expression
from gdsym.language.scope import Scope, Value

# The options of every method by name, and whether each may change with the step. Only those of
# the method that a file names are asked for.
Methods = Mapping[str, Callable[[], Mapping[str, bool]]]

STEPS = ("t", "T")  # the number of the step, counted from 1, and of the steps asked for
_PURPOSE = "an option is a number, or an expression of `t` and `T`"
_COMMENT = re.compile(r"#[^\n]*")


def load_schedule(text: str, name: str) -> Schedule:
    """An option that stands alone, as on the command line; `name` is what messages show.

    Raises SourceError.

    >>> load_schedule("0.1/sqrt(t)", "option lr").text
    '0.1/sqrt(t)'
    """
    scope = Scope(Source(name, text))
    found = _expression(parse_expression(text, name), scope)
    if found is None:
        raise SourceError(scope.source, scope.errors)
    return replace(found[0], text=text.strip())  # whole: callers find it by what they gave


def method(statement: syntax.Method, scope: Scope, methods: Methods | None) -> Method:
    """The checked statement; errors go to the scope. Without `methods` every name is taken."""
    name = statement.name.text
    accepted = None if methods is None else _accepted(statement.name, scope, methods)
    options: dict[str, float | str | Schedule] = {}
    for argument in statement.arguments:
        if not isinstance(argument, syntax.Keyword):
            message = "an option of a method has a name"
            mend = f"write `{name}(tol=1e-8)`"
            scope.error("function", message, argument.span, help=mend)
            continue
        option = argument.name
        if option.text in options:
            message = f"the option `{option.text}` stands twice"
            scope.error("name", message, option.span)
        value = _value(argument.value, scope)
        if value is None:
            continue
        options[option.text] = value
        if accepted is not None:
            _check(name, argument, value, scope, accepted)
    return Method(name, tuple(options.items()), statement.span)


def _accepted(name: syntax.Name, scope: Scope, methods: Methods) -> Mapping[str, bool] | None:
    """The options of the method with this name; None after an error."""
    options = methods.get(name.text)
    if options is not None:
        return options()
    mend = did_you_mean(name.text, methods) or f"the methods are {', '.join(sorted(methods))}"
    mend += " (a rule file of your own is chosen outside of the model: `--method ./mine.gd`)"
    scope.error("name", f"there is no method `{name.text}`", name.span, help=mend)
    return None


def _check(
    method: str,
    argument: syntax.Keyword,
    value: float | str | Schedule,
    scope: Scope,
    accepted: Mapping[str, bool],
) -> None:
    option, place = argument.name.text, argument.value.span
    if option not in accepted:
        message = f"`{method}` has no option `{option}`"
        mend = did_you_mean(option, accepted) or f"its options are {', '.join(accepted)}"
        scope.error("name", message, argument.name.span, help=mend)
    elif isinstance(value, str):
        message = f"`{scope.text(place)}` is no value for `{option}`"
        mend = _PURPOSE if accepted[option] else f"`{option}` is a number"
        if isinstance(argument.value, syntax.String):
            mend += "; it stands without quotes"
        scope.error("type", message, place, help=mend)
    elif isinstance(value, Schedule) and not accepted[option]:
        message = f"`{option}` of `{method}` is a number and cannot change with the step"
        scope.error("type", message, place)


def _value(node: syntax.Expression, scope: Scope) -> float | str | Schedule | None:
    if isinstance(node, syntax.Name) and node.text not in STEPS:
        return math.inf if node.text == "inf" else node.text
    if isinstance(node, syntax.String):
        return node.value
    found = _expression(node, scope)
    if found is None:
        return None
    schedule, value = found
    return schedule if value is None else value


def _expression(node: syntax.Expression, scope: Scope) -> tuple[Schedule, float | None] | None:
    """The expression, and its value where that is known now; None after an error."""
    # `t` is the step, whatever the model calls `t`.
    nowhere = Span(0, 0)
    known = {
        **{d.name: _named("dimension", d.name, d.place) for d in scope.dims.values()},
        **{v.name: _named(v.kind, v.name, v.place) for v in scope.values.values()},
        **{step: _named("given value", step, nowhere) for step in STEPS},
    }
    inner = replace(scope, values=known, dims={})
    typer = Typer(inner, allowed=frozenset(["given value"]), purpose=_PURPOSE)
    expr = typer.type(node)
    scope.inlined = inner.inlined
    if expr is None:
        return None
    if expr.dims:
        scope.error("shape", f"`{scope.text(node.span)}` is not a scalar", node.span)
        return None
    text = _COMMENT.sub("", scope.source.text[node.span.start : node.span.stop])
    return Schedule(text, expr), typer.constant(expr)


def _named(kind: str, name: str, place: Span) -> Value:
    return Value(kind, name, (), place, Domain(), frozenset([kind]))
