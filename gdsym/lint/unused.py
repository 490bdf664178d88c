"""Names that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from gdsym.errors import Diagnostic, Span
from gdsym.language import syntax
from gdsym.language.codes import Code
from gdsym.lint import Subject

CODE = Code(
    "unused",
    "a name that nothing uses",
    "Nothing that is minimised, observed, predicted or claimed depends on it. A `fit` still asks "
    "for unused data; an unused parameter stays where it starts; an unused dimension or function "
    "is often a name that was mistyped elsewhere.",
    "data x[n], y[n], z[n]\nparam a\nloss sum((y - a*x)^2)",
    "data x[n], y[n]\nparam a\nloss sum((y - a*x)^2)",
)
KINDS = {"data": "the data", "param": "the parameter", "const": "the constant"}


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """One for each name that cannot be reached from what a model computes."""
    declared: dict[str, tuple[str, Span]] = {}
    uses: dict[str, set[str]] = {}  # a function has `()` behind its name
    roots: set[str] = set()
    for statement in subject.file.statements:
        match statement:
            case syntax.Declarations():
                for item in statement.items:
                    declared[item.name.text] = KINDS[statement.keyword], item.name.span
                    uses[item.name.text] = _names(item) - {item.name.text}
            case syntax.Dims():
                for dim in statement.items:
                    declared[dim.name.text] = "the dimension", dim.name.span
                    uses[dim.name.text] = _names(dim) - {dim.name.text}
            case syntax.Let(keyword="let"):
                declared[statement.name.text] = "", statement.name.span
                uses[statement.name.text] = _names(statement.value, statement.axes)
            case syntax.Def():
                name = f"{statement.name.text}()"
                declared[name] = "the function", statement.name.span
                inner = {param.text for param in statement.params}
                uses[name] = _names(statement.body) - inner
            case syntax.Let():
                roots |= _names(statement.value, statement.axes)
            case syntax.Method() | syntax.ModelName():
                pass
            case _:
                roots |= _names(statement)
    used = _reached(roots, uses)
    for name, (kind, span) in declared.items():
        if name not in used:
            shown = name.removesuffix("()")
            message = f"{kind} `{shown}` is never used".lstrip()
            yield Diagnostic(CODE.name, message, span, help="delete it, or use it")


def _reached(roots: set[str], uses: dict[str, set[str]]) -> set[str]:
    found = set(roots)
    frontier = list(roots)
    while frontier:
        for name in uses.get(frontier.pop(), set()) - found:
            found.add(name)
            frontier.append(name)
    return found


def _names(*values: Any) -> set[str]:
    """Every name in a piece of syntax."""
    found: set[str] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, syntax.Name):
            found.add(value.text)
        elif isinstance(value, tuple):
            stack.extend(value)
        elif isinstance(value, syntax.Call):
            found.add(f"{value.function.text}()")
            stack.extend((value.axes, value.arguments))
        elif isinstance(value, syntax.Keyword):
            stack.append(value.value)
        elif is_dataclass(value) and not isinstance(value, Span):
            stack.extend(getattr(value, field.name) for field in fields(value))
    return found
