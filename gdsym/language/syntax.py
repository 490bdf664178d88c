"""The syntax of a file: frozen nodes, each with its place. Nothing is resolved or typed here."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gdsym.errors import Source, Span

# -- expressions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """An expression in parentheses."""

    inner: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class List:
    """`[0.1, 0.5]`."""

    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`+`, `-` or `not` before its operand."""

    operator: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of one precedence with the operators between them, from left to right.

    The operators are all of one of these sets: `+ -`; `* / @`; comparisons; `and`; `or`.
    """

    operands: tuple[Expression, ...]
    operators: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Power:
    base: Expression
    exponent: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Transpose:
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`operand[items]`."""

    operand: Expression
    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`, or `function[axes](arguments)`; axes is None without brackets."""

    function: Name
    axes: tuple[Expression, ...] | None
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Keyword:
    """`name=value` among the arguments of a call."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Grouped:
    """`n by g` between the brackets of a reduction."""

    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    """`1:3` between brackets."""

    span: Span


Expression = (
    Number
    | String
    | Name
    | Group
    | List
    | Unary
    | Chain
    | Power
    | Transpose
    | Index
    | Call
    | Keyword
    | Grouped
    | Slice
)


# -- parts of declarations ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    """`> a`."""

    operator: str
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Interval:
    """`in (a, b]`."""

    lower: Expression
    upper: Expression
    lower_open: bool
    upper_open: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Level:
    """`"car"`, `1` or `1: "yes"` between braces."""

    value: Expression
    label: String | None
    span: Span


@dataclass(frozen=True, slots=True)
class Levels:
    """`in {...}`."""

    items: tuple[Level, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Named:
    """`in counts`, `in k`, `in simplex[k]`, `in base[k="north"]`."""

    name: Name
    dim: Name | None
    level: Expression | None
    span: Span


DomainPart = Bound | Interval | Levels | Named


@dataclass(frozen=True, slots=True)
class Domain:
    """Parts joined by `and`."""

    parts: tuple[DomainPart, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class From:
    """`from "price"` (single), `from ["age", "bmi"]`, `from *` (every), with `except [...]`."""

    names: tuple[String, ...]
    single: bool
    every: bool
    excluded: tuple[String, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Declaration:
    """One item of a `data`, `param` or `const` statement. `place` covers name and axes."""

    name: Name
    axes: tuple[Name, ...]
    domains: tuple[Domain, ...]
    sources: tuple[From, ...]
    fixed: Span | None
    value: Expression | None
    doc: str
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class DimItem:
    """One item of a `dim` statement: at most one of size, levels, like and rows."""

    name: Name
    size: Expression | None
    levels: Levels | None
    like: Name | None
    rows: bool
    doc: str
    span: Span


# -- statements --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelName:
    name: Name
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Dims:
    items: tuple[DimItem, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Declarations:
    """A `data`, `param` or `const` statement."""

    keyword: str
    items: tuple[Declaration, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Def:
    name: Name
    params: tuple[Name, ...]
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    """A `let` or `predict` statement; axes is None without brackets."""

    keyword: str
    name: Name
    axes: tuple[Name, ...] | None
    value: Expression
    doc: str
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Objective:
    """`loss`, `maximize`, `nll`, `loglik`, `residual` or `penalty`; `keyword_span` is its word."""

    keyword: str
    value: Expression
    keyword_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Method:
    name: Name
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Observe:
    """`observe VALUE ~ NAME(arguments)` or `prior ...`; `place` is all but keyword and doc."""

    keyword: str
    value: Expression
    distribution: Name
    arguments: tuple[Expression, ...]
    keyword_span: Span
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Claim:
    """`claim grad(w) = EXPR`; no names in `claim loss = EXPR`. `place` is what is claimed of."""

    quantity: Name
    names: tuple[Name, ...]
    value: Expression
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Later:
    """A statement that is read but not built yet: `require`."""

    keyword: str
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """A statement that could not be read, with the names that it was about to declare."""

    keyword: str
    names: tuple[str, ...]
    span: Span


# -- statements of an optimizer file -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    name: Name
    default: Expression
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class Optimizer:
    name: Name
    options: tuple[Option, ...]
    doc: str
    span: Span


@dataclass(frozen=True, slots=True)
class StateItem:
    name: Name
    scalar: bool
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class States:
    items: tuple[StateItem, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Update:
    name: Name
    value: Expression
    span: Span


Statement = (
    ModelName
    | Dims
    | Declarations
    | Def
    | Let
    | Objective
    | Method
    | Observe
    | Claim
    | Later
    | Broken
    | Optimizer
    | States
    | Update
)


@dataclass(frozen=True, slots=True)
class File:
    """A whole text, statement by statement."""

    source: Source
    statements: tuple[Statement, ...]


def bare(node: Expression) -> Expression:
    """The expression without the brackets around it."""
    while isinstance(node, Group):
        node = node.inner
    return node
