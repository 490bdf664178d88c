"""Optimizer files: an update rule, in the same expressions, as a checked `model.Rule`.

Vectors have the one dimension `p`, which no rule can name: `x`, `g`, `x0` and the states.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from gdsym.errors import Diagnostic, Source, SourceError, Span
from gdsym.language import align, syntax
from gdsym.language.expressions import Typer
from gdsym.language.model import Assignment, Dims, Domain, Expr, Option, Rule, State
from gdsym.language.parse import MAX_MESSAGES, RULE_KEYWORDS, statements
from gdsym.language.scope import Scope, Value
from gdsym.language.typed import broadcast, depends

VECTOR: Dims = ("p",)
_GIVEN: dict[str, Dims] = {"x": VECTOR, "g": VECTOR, "x0": VECTOR, "t": (), "T": (), "f": ()}
_MEANINGS = {
    "x": "the parameters",
    "g": "the gradient",
    "x0": "the start",
    "t": "the number of the step",
    "T": "the number of steps",
    "f": "the loss",
}


def load_rule(text: str, name: str) -> Rule:
    """The checked rule of an optimizer file; `name` is what messages show.

    Raises SourceError with everything that is wrong.

    >>> load_rule("optimizer gd(lr = 0.1)\\nupdate x = x - lr*g", "gd.gd").name
    'gd'
    """
    source = Source(name, text.removeprefix("\ufeff"))
    file, found = statements(source, RULE_KEYWORDS, "rule_statement")
    checker = _Rule(file, found)
    rule = checker.rule()
    errors = found + checker.scope.errors
    if errors or rule is None:
        raise SourceError(source, errors[:MAX_MESSAGES])
    return rule


class _Rule:
    """Reads an optimizer file from top to bottom."""

    def __init__(self, file: syntax.File, found: list[Diagnostic]) -> None:
        self.file = file
        self.complete = not found
        self.scope = Scope(file.source)
        for statement in file.statements:
            if isinstance(statement, syntax.Broken):
                self.scope.broken.update(statement.names)
        self.head: syntax.Optimizer | None = None
        self.options: list[Option] = []
        self.states: dict[str, State] = {}
        self.body: list[Assignment] = []
        for name, dims in _GIVEN.items():
            self._declare("given value", name, dims, Span(0, 0), frozenset([name]))

    def rule(self) -> Rule | None:
        for statement in self.file.statements:
            match statement:
                case syntax.Optimizer():
                    self._head(statement)
                case syntax.States():
                    for item in statement.items:
                        self._state(item)
                case syntax.Let():
                    self._let(statement)
                case syntax.Update():
                    self._update(statement)
        self._whole()
        if self.head is None:
            return None
        return Rule(
            source=self.file.source,
            name=self.head.name.text,
            doc=self.head.doc,
            options=tuple(self.options),
            states=tuple(self.states.values()),
            body=tuple(self.body),
        )

    def _declare(
        self, kind: str, name: str, dims: Dims, place: Span, needs: frozenset[str]
    ) -> None:
        self.scope.values[name] = Value(kind, name, dims, place, Domain(), needs)

    def _free(self, name: syntax.Name) -> bool:
        known = self.scope.values.get(name.text)
        if known is None:
            return True
        if name.text in _GIVEN:
            message = f"`{name.text}` is {_MEANINGS[name.text]} in every rule"
            self.scope.error("name", message, name.span, help="choose another name")
            return False
        notes = ((known.place, "first declared here"),)
        message = f"`{name.text}` is declared twice"
        self.scope.error("name", message, name.span, notes=notes, help="choose another name")
        return False

    def _head(self, statement: syntax.Optimizer) -> None:
        if self.head is not None:
            notes = ((self.head.name.span, "the first is here"),)
            message = "a file has one optimizer"
            return self.scope.error("statement", message, statement.name.span, notes=notes)
        self.head = statement
        for option in statement.options:
            if not self._free(option.name):
                continue
            name, span = option.name.text, option.name.span
            self._declare("option", name, (), span, frozenset(["option"]))
            typer = Typer(self.scope, allowed=frozenset(), purpose="a default is a number")
            expr = typer.type(option.default)
            value = typer.constant(expr) if expr is not None else None
            if value is not None:
                self.options.append(Option(name, value, option.doc, span))
            elif expr is not None:
                message = f"the default of `{name}` is a number"
                self.scope.error("type", message, option.default.span)
        return None

    def _state(self, item: syntax.StateItem) -> None:
        free = self._free(item.name)
        name = item.name.text
        dims = () if item.scalar else VECTOR
        allowed = frozenset(["x0", "option"])
        purpose = "a state begins with numbers, options and `x0`"
        expr = Typer(self.scope, allowed=allowed, purpose=purpose).type(item.value)
        if expr is not None:
            expr = self._fitted(name, expr, dims, item.value.span)
        if free:
            self._declare("state", name, dims, item.name.span, frozenset([name]))
            if expr is not None:
                self.states[name] = State(name, item.scalar, expr, item.name.span)

    def _let(self, statement: syntax.Let) -> None:
        free = self._free(statement.name)
        name = statement.name.text
        if statement.axes is not None:
            message = "a rule has no named dimensions: every value is a vector like x, or a scalar"
            return self.scope.error("shape", message, statement.place, help="delete the brackets")
        expr = Typer(self.scope).type(statement.value)
        if expr is None or not free:
            if free:
                self.scope.broken.add(name)
            return None
        span = statement.name.span
        self._declare("let", name, expr.dims, span, depends(expr, self.scope.values))
        self.body.append(Assignment("let", name, expr, span))
        return None

    def _update(self, statement: syntax.Update) -> None:
        name = statement.name.text
        if name in self.scope.broken:
            return None
        known = self.scope.values.get(name)
        if name != "x" and (known is None or known.kind != "state"):
            message = f"`{name}` cannot be updated: only `x` and states can"
            mend = f"declare it before: `state {name} = 0`"
            if name in _GIVEN:
                message = f"`{name}` is {_MEANINGS[name]} and cannot be updated"
                mend = ""
            elif known is not None:
                mend = "give the new value a new name with `let`"
            return self.scope.error("name", message, statement.name.span, help=mend)
        expr = Typer(self.scope).type(statement.value)
        if expr is None:
            return None
        dims = self.scope.values[name].dims
        full = self._fitted(name, expr, dims, statement.value.span)
        if full is not None:
            self.body.append(Assignment("update", name, full, statement.name.span))
        return None

    def _fitted(self, name: str, expr: Expr, dims: Dims, span: Span) -> Expr | None:
        """The value of a state or of x with the dims of its name."""
        if expr.dims in (VECTOR, ()) and (dims == VECTOR or not expr.dims):
            return broadcast(expr, dims, span)
        shown = "a vector" if expr.dims == VECTOR else align.shown(expr.dims)
        mend = "reduce it: `norm(...)`, `sum(...)`"
        if name not in _GIVEN:
            mend += f"; or declare `state {name} = 0`, a vector"
        message = f"`{name}` is a scalar, and its value is {shown}"
        return self.scope.error("shape", message, span, help=mend)

    def _whole(self) -> None:
        if not self.complete:
            return
        statements = self.file.statements
        first = statements[0].span if statements else Span(0, 0)
        text = self.file.source.text[first.start : first.stop]
        word = Span(first.start, first.start + len(text.split()[0]) if text else 0)
        if self.head is None:
            mend = "begin with `optimizer NAME(lr = 1e-3)`"
            return self.scope.error("statement", "the rule has no name", word, help=mend)
        updated = any(
            isinstance(statement, syntax.Update) and statement.name.text == "x"
            for statement in statements
        )
        if not updated:
            mend = "add `update x = x - lr*g`, or a better one"
            message = "the rule never updates `x`"
            return self.scope.error("statement", message, word, help=mend)
        return None
