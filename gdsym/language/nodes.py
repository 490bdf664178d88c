"""From the rules of the grammar to syntax nodes, rule by rule, while the parser runs.

The parser keeps every token, so that a node's place is from its first child to its last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lark import Transformer

from gdsym.errors import Span
from gdsym.language import syntax


@dataclass(frozen=True, slots=True)
class _Part:
    """What a rule without a node of its own leaves to the rule around it."""

    kind: str
    items: tuple[Any, ...]
    span: Span


def _start(child: Any) -> int:
    return int(child.span.start if hasattr(child, "span") else child.start_pos)


def _stop(child: Any) -> int:
    return int(child.span.stop if hasattr(child, "span") else child.end_pos)


def _span(children: Sequence[Any]) -> Span:
    return Span(_start(children[0]), _stop(children[-1]))


def _is(child: Any, *types: str) -> bool:
    return getattr(child, "type", None) in types


def _name(token: Any) -> syntax.Name:
    return syntax.Name(str(token), _span([token]))


def _string(token: Any) -> syntax.String:
    return syntax.String(str(token)[1:-1], _span([token]))


def _names(children: Sequence[Any]) -> tuple[syntax.Name, ...]:
    return tuple(_name(c) for c in children if _is(c, "NAME"))


def _nodes(children: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(c for c in children if hasattr(c, "span"))


def _doc(children: Sequence[Any]) -> str:
    return str(children[-1])[1:-1] if _is(children[-1], "STRING") else ""


def _part(children: Sequence[Any], kind: str) -> _Part | None:
    return next((c for c in children if isinstance(c, _Part) and c.kind == kind), None)


def _items(children: Sequence[Any], kind: str) -> tuple[Any, ...]:
    part = _part(children, kind)
    return part.items if part is not None else ()


def _operand(child: Any) -> Any:
    return child if hasattr(child, "span") else _name(child)


class Nodes(Transformer):  # type: ignore[type-arg]
    """One method per rule of the grammar; children hold every token of the rule."""

    # expressions

    def name(self, c: list[Any]) -> syntax.Name:
        return _name(c[0])

    def number(self, c: list[Any]) -> syntax.Number:
        return syntax.Number(Fraction(str(c[0])), _span(c))

    def string(self, c: list[Any]) -> syntax.String:
        return _string(c[0])

    def group(self, c: list[Any]) -> syntax.Group:
        return syntax.Group(c[1], _span(c))

    def array(self, c: list[Any]) -> syntax.List:
        return syntax.List(_nodes(c), _span(c))

    def unary(self, c: list[Any]) -> syntax.Unary:
        return syntax.Unary(str(c[0]), c[1], _span(c))

    def _chain(self, c: list[Any]) -> syntax.Chain:
        return syntax.Chain(tuple(c[::2]), tuple(str(t) for t in c[1::2]), _span(c))

    disjunction = conjunction = comparison = sum = product = _chain

    def power(self, c: list[Any]) -> syntax.Power:
        return syntax.Power(c[0], c[2], _span(c))

    def transpose(self, c: list[Any]) -> syntax.Transpose:
        return syntax.Transpose(_operand(c[0]), _span(c))

    def index(self, c: list[Any]) -> syntax.Index:
        return syntax.Index(_operand(c[0]), _items(c, "indices"), _span(c))

    def index_transpose(self, c: list[Any]) -> syntax.Index:
        return syntax.Index(self.transpose(c[:2]), _items(c, "indices"), _span(c))

    def call(self, c: list[Any]) -> syntax.Call:
        axes = _part(c, "indices")
        items = axes.items if axes is not None else None
        return syntax.Call(_name(c[0]), items, _items(c, "arguments"), _span(c))

    def indices(self, c: list[Any]) -> _Part:
        return _Part("indices", _nodes(c), _span(c))

    def arguments(self, c: list[Any]) -> _Part:
        return _Part("arguments", _nodes(c), _span(c))

    def keyword(self, c: list[Any]) -> syntax.Keyword:
        return syntax.Keyword(_name(c[0]), c[2], _span(c))

    def grouped(self, c: list[Any]) -> syntax.Grouped:
        return syntax.Grouped(_span(c))

    def slice(self, c: list[Any]) -> syntax.Slice:
        return syntax.Slice(_span(c))

    # declarations

    def axes(self, c: list[Any]) -> _Part:
        return _Part("axes", _names(c), _span(c))

    def initial(self, c: list[Any]) -> _Part:
        return _Part("initial", (c[1],), _span(c))

    size = initial

    def like(self, c: list[Any]) -> _Part:
        return _Part("like", _names(c), _span(c))

    def bound(self, c: list[Any]) -> syntax.Bound:
        return syntax.Bound(str(c[0]), c[1], _span(c))

    def interval(self, c: list[Any]) -> syntax.Interval:
        return syntax.Interval(c[2], c[4], str(c[1]) == "(", str(c[5]) == ")", _span(c))

    def level(self, c: list[Any]) -> syntax.Level:
        label = _string(c[2]) if len(c) > 1 else None
        return syntax.Level(c[0], label, _span(c))

    def levels(self, c: list[Any]) -> syntax.Levels:
        return syntax.Levels(_nodes(c), _span(c))

    def level_set(self, c: list[Any]) -> syntax.Levels:
        return syntax.Levels(c[1].items, _span(c))

    def named(self, c: list[Any]) -> syntax.Named:
        name, *dim = _names(c)
        level = next(iter(_nodes(c)), None)
        return syntax.Named(name, dim[0] if dim else None, level, _span(c))

    def domain(self, c: list[Any]) -> syntax.Domain:
        return syntax.Domain(_nodes(c), _span(c))

    def strings(self, c: list[Any]) -> _Part:
        return _Part("strings", tuple(_string(t) for t in c if _is(t, "STRING")), _span(c))

    def source(self, c: list[Any]) -> syntax.From:
        single = _is(c[1], "STRING")
        names = (_string(c[1]),) if single else _items(c[1:2], "strings")
        excluded = _items(c[2:], "strings")
        return syntax.From(names, single, _is(c[1], "STAR"), excluded, _span(c))

    def data_item(self, c: list[Any]) -> syntax.Declaration:
        axes = _part(c, "axes")
        fixed = next((_span([t]) for t in c if _is(t, "FIXED")), None)
        initial = _items(c, "initial")
        return syntax.Declaration(
            name=_name(c[0]),
            axes=axes.items if axes is not None else (),
            domains=tuple(d for d in c if isinstance(d, syntax.Domain)),
            sources=tuple(s for s in c if isinstance(s, syntax.From)),
            fixed=fixed,
            value=initial[0] if initial else None,
            doc=_doc(c),
            place=_span([c[0], axes or c[0]]),
            span=_span(c),
        )

    param_item = const_item = data_item

    def dim_item(self, c: list[Any]) -> syntax.DimItem:
        size = _items(c, "initial")
        return syntax.DimItem(
            name=_name(c[0]),
            size=size[0] if size else None,
            levels=next((p for p in c if isinstance(p, syntax.Levels)), None),
            like=next(iter(_items(c, "like")), None),
            rows=any(_is(t, "ROWS") for t in c),
            doc=_doc(c),
            span=_span(c),
        )

    # statements

    def model(self, c: list[Any]) -> syntax.ModelName:
        return syntax.ModelName(_name(c[1]), _doc(c), _span(c))

    def dim(self, c: list[Any]) -> syntax.Dims:
        return syntax.Dims(_nodes(c), _span(c))

    def data(self, c: list[Any]) -> syntax.Declarations:
        return syntax.Declarations(str(c[0]), _nodes(c), _span(c))

    param = const = data

    def let(self, c: list[Any]) -> syntax.Let:
        axes = _part(c, "axes")
        value = next(n for n in c if hasattr(n, "span") and not isinstance(n, _Part))
        return syntax.Let(
            keyword=str(c[0]),
            name=_name(c[1]),
            axes=axes.items if axes is not None else None,
            value=value,
            doc=_doc(c),
            place=_span([c[1], axes or c[1]]),
            span=_span(c),
        )

    def objective(self, c: list[Any]) -> syntax.Objective | syntax.Later:
        if _is(c[0], "REQUIRE"):
            return syntax.Later(str(c[0]), _span(c[:1]))
        return syntax.Objective(str(c[0]), c[1], _span(c[:1]), _span(c))

    def observe(self, c: list[Any]) -> syntax.Observe:
        end = c[:-1] if _is(c[-1], "STRING") else c
        return syntax.Observe(
            keyword=str(c[0]),
            value=c[1],
            distribution=_name(c[3]),
            arguments=_items(c, "arguments"),
            keyword_span=_span(c[:1]),
            place=_span(end[1:]),
            span=_span(c),
        )

    def claim(self, c: list[Any]) -> syntax.Claim:
        quantity, *names = _names(c)
        stop = next(i for i, token in enumerate(c) if _is(token, "EQUAL"))
        value = next(iter(_nodes(c)))
        return syntax.Claim(quantity, tuple(names), value, _span(c[1:stop]), _span(c))

    def method(self, c: list[Any]) -> syntax.Method:
        return syntax.Method(_name(c[1]), _items(c, "arguments"), _span(c))

    # optimizer files

    def option(self, c: list[Any]) -> syntax.Option:
        return syntax.Option(_name(c[0]), c[2], _doc(c), _span(c))

    def optimizer(self, c: list[Any]) -> syntax.Optimizer:
        options = tuple(o for o in c if isinstance(o, syntax.Option))
        return syntax.Optimizer(_name(c[1]), options, _doc(c), _span(c))

    def state_item(self, c: list[Any]) -> syntax.StateItem:
        scalar = any(_is(t, "SCALAR") for t in c)
        return syntax.StateItem(_name(c[0]), scalar, _nodes(c)[0], _span(c))

    def state(self, c: list[Any]) -> syntax.States:
        return syntax.States(_nodes(c), _span(c))

    def update(self, c: list[Any]) -> syntax.Update:
        return syntax.Update(_name(c[1]), c[3], _span(c))


def _define(_: Nodes, c: list[Any]) -> syntax.Def:
    name, *params = _names(c)
    return syntax.Def(name, tuple(params), _nodes(c)[0], _span(c))


# The rule's name is a word of Python.
setattr(Nodes, "def", _define)
