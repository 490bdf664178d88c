"""Walking through the expressions of a checked model."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from gdsym.language.model import Apply, Const, Expr, Let, Model, Number, Ref


def parts(expr: Expr) -> Iterator[Expr]:
    """The expressions directly inside an expression."""
    for field in fields(expr):
        value: Any = getattr(expr, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part) and hasattr(part, "dims"):
                yield part  # type: ignore[misc]


def walk(expr: Expr, closed: Collection[str] = ()) -> Iterator[Expr]:
    """An expression and everything inside it, without what its names stand for.

    Nothing inside an operator or function of `closed` is visited.
    """
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        if not (isinstance(node, Apply) and node.function in closed):
            stack.extend(reversed(list(parts(node))))


class Names:
    """What the names of a model stand for."""

    def __init__(self, model: Model) -> None:
        self.lets: dict[str, Let] = {let.name: let for let in model.lets}
        self.params = {param.name for param in model.params}
        self.data = {data.name: data for data in model.data}
        self.consts: dict[str, Const] = {const.name: const for const in model.consts}
        self._params_of: dict[str, frozenset[str]] = {}

    def meant(self, expr: Expr) -> Expr:
        """The expression, or what it is the name of."""
        while isinstance(expr, Ref) and expr.name in self.lets:
            expr = self.lets[expr.name].expr
        return expr

    def params_of(self, expr: Expr) -> frozenset[str]:
        """The parameters that an expression depends on."""
        found: set[str] = set()
        for node in walk(expr):
            if isinstance(node, Ref) and node.name in self.params:
                found.add(node.name)
            elif isinstance(node, Ref) and node.name in self.lets:
                if node.name not in self._params_of:
                    self._params_of[node.name] = self.params_of(self.lets[node.name].expr)
                found |= self._params_of[node.name]
        return frozenset(found)

    def terms(self, expr: Expr) -> Iterator[tuple[int, Expr]]:
        """The terms of a sum with their signs, through names."""
        stack = [(1, expr)]
        while stack:
            sign, node = stack.pop()
            node = self.meant(node)
            if isinstance(node, Apply) and node.function == "add":
                stack.extend((sign, arg) for arg in reversed(node.args))
            elif isinstance(node, Apply) and node.function == "neg":
                stack.append((-sign, node.args[0]))
            else:
                yield sign, node

    def factors(self, expr: Expr) -> Iterator[Expr]:
        """The factors of a product, through names; signs and numbers are left out."""
        stack = [expr]
        while stack:
            node = self.meant(stack.pop())
            if isinstance(node, Apply) and node.function in ("mul", "neg"):
                stack.extend(reversed(node.args))
            elif not isinstance(node, Number):
                yield node


def everything(
    names: Names, roots: tuple[Expr, ...], closed: Collection[str] = ()
) -> Iterator[Expr]:
    """All expressions that the roots reach, each let once."""
    stack = list(reversed(roots))
    seen: set[str] = set()
    while stack:
        for node in walk(stack.pop(), closed):
            yield node
            if isinstance(node, Ref) and node.name in names.lets and node.name not in seen:
                seen.add(node.name)
                stack.append(names.lets[node.name].expr)


def minimised(model: Model) -> tuple[Expr, ...]:
    """What is added up to what is minimised."""
    return (model.objective.expr, *model.priors, *model.penalties)
