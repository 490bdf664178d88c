"""Syntax to typed expressions: names resolved, axes aligned, functions of the file inlined.

In: a syntax expression and a `Scope`. Out: a `model.Expr`, or None after an error, which is then
in `scope.errors`; whatever contains a None is None without a further error. Each level of nesting
costs two frames of Python's stack, and `MAX_LEVELS` bounds them.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from gdsym.errors import Span, did_you_mean
from gdsym.language import align, constants, habits, syntax
from gdsym.language.distributions import DISTRIBUTIONS
from gdsym.language.functions import AXIS_MAPS, COMPARISONS, FUNCTIONS, PLANNED, REDUCTIONS
from gdsym.language.model import (
    Apply,
    Broadcast,
    Constant,
    Dims,
    Expr,
    Label,
    MatMul,
    Number,
    OneHot,
    Reduce,
    Ref,
    Relabel,
    Shift,
    Size,
    Softmax,
    Standardize,
    Take,
    Train,
    Transpose,
)
from gdsym.language.scope import Scope, Value

MAX_LEVELS = 350  # of syntax, functions of the file written out; a call counts twice
MAX_DEPTH = 400  # of the typed expression
MAX_INLINED = 50_000  # syntax nodes visited inside functions of the file, per file
MAX_NODES = 200_000  # of one statement, written out as a tree

CONSTANTS = ("pi", "inf")
DATA_FUNCTIONS = ("onehot", "standardize", "train")
DRAWS = ("normal", "uniform")
_LATER = (*PLANNED, "scan")


class _Limit(Exception):
    """The statement is too large; nothing more is said about it."""


class Typer:
    """Types the expressions of one file. `written` are the dims of all enclosing brackets."""

    def __init__(
        self,
        scope: Scope,
        written: Dims = (),
        allowed: frozenset[str] | None = None,
        purpose: str = "",
        hidden: bool = False,
    ) -> None:
        self.scope = scope
        self.written = written
        self.allowed = allowed  # kinds of values that may stand here; None: all
        self.purpose = purpose  # what they may stand in, for the message
        self.hidden = hidden  # functions that exist for derivatives are known
        self.local: Mapping[str, Expr | None] = {}
        self.reduction = "sum"  # the innermost one, for mends
        self.level = 0
        self.known: dict[int, tuple[Expr, float]] = {}

    # -- the entry, and errors

    def type(self, node: syntax.Expression, category: bool = False) -> Expr | None:
        """The typed expression of a whole statement, or None; category data if `category`."""
        try:
            expr = self.expr(node, category)
        except _Limit:
            self.scope.calls.clear()
            return None
        if expr is not None and not self._fits(expr):
            message = "this expression is too large once its functions are written out"
            mend = "name the parts that are used more than once with `let`"
            self.scope.error("nesting", message, node.span, help=mend)
            return None
        return expr

    def constant(self, expr: Expr) -> float | None:
        """The value of a constant expression, None where it is not known from the text."""
        if isinstance(expr, Number):
            return float(expr.value)
        if isinstance(expr, Constant):
            return float("inf") if expr.name == "inf" else 3.141592653589793
        entry = self.known.get(id(expr))
        return entry[1] if entry is not None else None

    def _fits(self, expr: Expr) -> bool:
        sizes: dict[int, int] = {}
        depths: dict[int, int] = {}
        pending: list[Expr] = [expr]
        while pending:
            node = pending[-1]
            parts = children(node)
            missing = [part for part in parts if id(part) not in sizes]
            if missing:
                pending += missing
                continue
            pending.pop()
            sizes[id(node)] = 1 + sum(sizes[id(part)] for part in parts)
            depths[id(node)] = 1 + max((depths[id(part)] for part in parts), default=0)
        largest = max(MAX_NODES, len(self.scope.source.text))
        return sizes[id(expr)] <= largest and depths[id(expr)] <= MAX_DEPTH

    def _too_deep(self, span: Span) -> None:
        message = "this expression nests too deep once its functions are written out"
        self.scope.error("nesting", message, span, help="name the inner parts with `let`")
        raise _Limit

    # -- expressions

    def expr(self, node: syntax.Expression, category: bool = False) -> Expr | None:
        """The typed expression. Category data are refused unless `category` is true."""
        while isinstance(node, syntax.Group):
            node = node.inner
        self.level += 1
        self.scope.inlined += len(self.scope.calls) > 0
        if self.level > MAX_LEVELS or self.scope.inlined > MAX_INLINED:
            self._too_deep(node.span)
        match node:
            case syntax.Number():
                result: Expr | None = Number(node.value, node.span)
            case syntax.Name():
                result = self._name(node, category)
            case syntax.Chain() if node.operators[0] in ("+", "-"):
                result = self._sum(node)
            case syntax.Chain() if node.operators[0] in ("*", "/", "@"):
                result = self._product(node)
            case syntax.Chain() if node.operators[0] in COMPARISONS:
                result = self._comparison(node)
            case syntax.Chain():
                result = self._logic(node)
            case syntax.Unary():
                result = self._unary(node)
            case syntax.Power():
                result = self._power(node)
            case syntax.Call():
                result = self._call(node)
            case syntax.Index():
                result = self._index(node)
            case syntax.Transpose():
                result = self._transpose(node)
            case _:
                result = self._misplaced(node)
        self.level -= 1
        return result

    def _misplaced(self, node: syntax.Expression) -> None:
        match node:
            case syntax.String():
                message = "a string is no number"
                mend = 'it selects a labelled entry, `w["age"]`, or is compared, `y == "yes"`'
                self.scope.error("type", message, node.span, help=mend)
            case syntax.List():
                mend = "give the list a name: `const tau[q] = [0.1, 0.5]`"
                self.scope.error("type", "a list is no expression", node.span, help=mend)
            case syntax.Keyword():
                message = f"arguments have no names here: `{node.name.text}=`"
                mend = "write the values alone, in their order"
                if node.name.text in ("axis", "dim", "axes", "keepdims"):
                    mend = "axes are named in brackets: `sum[d](X)`"
                self.scope.error("function", message, node.name.span, help=mend)
            case _:
                self._later(node)

    def _later(self, node: syntax.Expression) -> None:
        what = f"`{self.scope.text(node.span)}`"
        what = what if isinstance(node, syntax.Grouped) else f"the slice {what}"
        self.scope.error("unsupported", f"{what} is not supported yet", node.span)

    def _name(self, node: syntax.Name, category: bool) -> Expr | None:
        name = node.text
        if name in self.local:
            bound = self.local[name]
            if isinstance(bound, Ref) and not category and self._is_category(bound):
                return self._refuse_category(bound.name, node.span)
            return bound
        value = self.scope.values.get(name)
        if value is not None:
            if not self._may_stand(value, node.span):
                return None
            if value.domain.category is not None and not category:
                return self._refuse_category(name, node.span)
            return Ref(name, value.dims, node.span)
        if name in self.scope.broken:
            return None
        if name in self.scope.dims:
            return Size(name, node.span)
        if name in CONSTANTS:
            return Constant(name, node.span)
        return self.unknown_name(node)

    def _may_stand(self, value: Value, span: Span) -> bool:
        if self.allowed is None or value.depends <= self.allowed:
            return True
        other = sorted(value.depends - self.allowed)[0]
        message = f"`{value.name}` is {_a(value.kind)}: {self.purpose}"
        if value.kind == "let":
            message = f"`{value.name}` depends on {_a(other)}: {self.purpose}"
        notes = ((value.place, "declared here"),) if value.place.stop > 0 else ()
        self.scope.error("type", message, span, notes=notes)
        return False

    def _is_category(self, ref: Ref) -> bool:
        value = self.scope.values.get(ref.name)
        return value is not None and value.domain.category is not None

    def _refuse_category(self, name: str, span: Span) -> None:
        value = self.scope.values[name]
        message = f"`{name}` holds categories of `{value.domain.category}`, which are no numbers"
        mend = f'an index is `w[{name}]`, an indicator `onehot({name})` or `{name} == "..."`'
        notes = ((value.place, "declared here"),)
        self.scope.error("category", message, span, notes=notes, help=mend)

    def unknown_name(self, node: syntax.Name, what: str = "name") -> None:
        """Reports a name that stands for nothing here."""
        name, scope = node.text, self.scope
        if name in scope.later:
            place = scope.later[name]
            message = f"`{name}` is declared further down"
            notes = ((place, "declared here"),) if place.start >= node.span.stop else ()
            mend = "move the declaration before its use"
            if not notes:
                message, mend = f"`{name}` is used in its own declaration", ""
            return scope.error("name", message, node.span, notes=notes, help=mend)
        message = f"unknown {what} `{name}`"
        mend = habits.NAMES.get(name, "")
        if not mend and (name in FUNCTIONS or name in REDUCTIONS or name in scope.functions):
            message = f"`{name}` is a function, not a value"
            mend = f"call it: `{name}(...)`"
        known = [*self.local, *scope.values, *scope.dims, *CONSTANTS]
        if what == "dimension":
            known = list(scope.dims)
        mend = mend or did_you_mean(name, known)
        return scope.error("name", message, node.span, help=mend)

    # -- operators

    def _logic(self, node: syntax.Chain) -> Expr | None:
        parts: list[Expr] = []
        for operand in node.operands:
            part = self.expr(operand)
            if part is not None:
                parts.append(part)
        if len(parts) < len(node.operands):
            return None
        return self._fold(node.operators[0], parts, node.span)

    def _fold(self, function: str, parts: Sequence[Expr], span: Span) -> Expr | None:
        """A chain of a two-sided operator as a balanced tree, whose depth is logarithmic."""
        level: list[Expr] = list(parts)
        while len(level) > 1:
            merged: list[Expr] = []
            for i in range(0, len(level) - 1, 2):
                pair = self.apply(function, (level[i], level[i + 1]), span)
                if pair is None:
                    return None
                merged.append(pair)
            level = merged + level[2 * len(merged) :]
        return level[0]

    def _sum(self, node: syntax.Chain) -> Expr | None:
        terms: list[Expr] = []
        for operator, operand in zip(("+", *node.operators), node.operands, strict=True):
            term = self.expr(operand)
            if term is not None:
                signed = self._negative(term, operand.span) if operator == "-" else term
                terms.append(signed)
        if len(terms) < len(node.operands):
            return None
        return self.apply("add", tuple(terms), node.span)

    def _negative(self, term: Expr, span: Span) -> Expr:
        if isinstance(term, Number):
            return Number(-term.value, span)
        negative = Apply("neg", (term,), term.dims, span)
        value = self.constant(term)
        if value is not None:
            self.known[id(negative)] = (negative, -value)
        return negative

    def _product(self, node: syntax.Chain) -> Expr | None:
        factors: list[Expr] = []
        complete = True
        for operator, operand in zip(("*", *node.operators), node.operands, strict=True):
            factor = self.expr(operand)
            if factor is None or not complete:
                complete = False
                continue
            if operator == "@":
                span = Span(node.span.start, operand.span.start)
                left = self._times(factors, Span(span.start, _end(factors, span)))
                product = left and self._matmul(left, factor, node.span.start, operand.span.stop)
                factors = [product] if product else []
                complete = product is not None
            elif operator == "/":
                inverse = self.apply("inv", (factor,), operand.span)
                complete = inverse is not None
                factors += [inverse] if inverse else []
            else:
                factors.append(factor)
        return self._times(factors, node.span) if complete else None

    def _times(self, factors: Sequence[Expr], span: Span) -> Expr | None:
        return factors[0] if len(factors) == 1 else self.apply("mul", tuple(factors), span)

    def _matmul(self, left: Expr, right: Expr, start: int, stop: int) -> Expr | None:
        span = Span(start, stop)
        dims = align.contract(left.dims, right.dims)
        if dims is not None:
            return MatMul(left, right, dims, span)
        scope = self.scope
        shown = scope.text(span)
        a, b = scope.text(left.span), scope.text(right.span)
        for part, name in ((left, a), (right, b)):
            if not part.dims:
                message = f"`{name}` is a scalar: `@` contracts an axis"
                notes = self._declared(left, right)
                return scope.error("shape", message, span, notes=notes, help="write `*`")
        message = f"`{shown}` contracts `{left.dims[-1]}` with `{right.dims[0]}`"
        notes = self._declared(right)
        label = f"{a} is {align.shown(left.dims)}"
        if not notes:
            label += f", {b} is {align.shown(right.dims)}"
        scope.suspects.update(left.dims, right.dims)
        return scope.error("shape", message, span, label, notes, self._matmul_mend(left, right))

    def _matmul_mend(self, left: Expr, right: Expr) -> str:
        a, b = self.scope.text(left.span), self.scope.text(right.span)
        mends = []
        if isinstance(right, Ref) and left.dims[-1] not in right.dims:
            axes = ", ".join((left.dims[-1], *right.dims[1:]))
            mends.append(f"declare {b} as {b}[{axes}]")
        if len(right.dims) > 1 and left.dims[-1] == right.dims[-1]:
            mends.append(f"transpose {b}: {_factor(b)}.T")
        if len(left.dims) > 1 and left.dims[0] == right.dims[0]:
            mends.append(f"transpose {a}: {_factor(a)}.T")
        if not mends and len(right.dims) == 1 and right.dims[0] in left.dims:
            mends.append(f"sum over the axis by name: sum[{right.dims[0]}]({a}*{b})")
        return ", or ".join(mends)

    def _declared(self, *operands: Expr) -> tuple[tuple[Span, str], ...]:
        notes: dict[Span, str] = {}
        for signed in operands:
            operand = _unsigned(signed, self.scope.source.text)
            value = self.scope.values.get(operand.name) if isinstance(operand, Ref) else None
            if value is not None and value.place.stop > 0:
                notes[value.place] = f"{value.name} is {align.shown(value.dims)}"
        return tuple(notes.items())

    def _unary(self, node: syntax.Unary) -> Expr | None:
        operand = self.expr(node.operand)
        if operand is None or node.operator == "+":
            return operand
        if node.operator == "not":
            return self.apply("not", (operand,), node.span)
        return self._negative(operand, node.span)

    def _power(self, node: syntax.Power) -> Expr | None:
        base = self.expr(node.base)
        sign = node.exponent
        if isinstance(sign, syntax.Name) and sign.text == "T" and not self._known("T"):
            mend = f"a transpose is `{_factor(self.scope.text(node.base.span))}.T`"
            return self.scope.error("name", "unknown name `T`", sign.span, help=mend)
        exponent = self.expr(node.exponent)
        if base is None or exponent is None:
            return None
        return self.apply("pow", (base, exponent), node.span)

    def _known(self, name: str) -> bool:
        return name in self.local or name in self.scope.values or name in self.scope.dims

    def _transpose(self, node: syntax.Transpose) -> Expr | None:
        operand = self.expr(node.operand)
        if operand is None or len(operand.dims) < 2:
            return operand
        return Transpose(operand, operand.dims[::-1], node.span)

    def apply(self, function: str, arguments: tuple[Expr, ...], span: Span) -> Expr | None:
        """An element-wise operation on aligned arguments; a constant one must be finite."""
        dims = align.align([argument.dims for argument in arguments], self.written)
        if isinstance(dims, align.Conflict):
            return self._conflict(function, arguments, dims, span)
        return self._checked(Apply(function, arguments, dims, span))

    def _checked(self, expr: Apply) -> Expr | None:
        values: list[float] = []
        for argument in expr.args:
            value = self.constant(argument)
            if value is None:
                return expr
            values.append(value)
        try:
            result = constants.apply(expr.function, values)
        except constants.NotFinite as reason:
            shown = self.scope.text(expr.span)
            if expr.function == "inv":
                return self.scope.error("number", "division by zero", expr.span)
            return self.scope.error("number", f"`{shown}` {reason}", expr.span)
        if result is not None:
            self.known[id(expr)] = (expr, result)
        return expr

    def _conflict(
        self, function: str, arguments: Sequence[Expr], conflict: align.Conflict, span: Span
    ) -> None:
        text = self.scope.source.text
        left = _unsigned(arguments[conflict.first], text)
        right = _unsigned(arguments[conflict.second], text)
        scope = self.scope
        a, b = scope.text(left.span), scope.text(right.span)
        shapes = f"`{a}` is {align.shown(left.dims)} and `{b}` is {align.shown(right.dims)}"
        scope.suspects.update(left.dims, right.dims)
        match conflict.rule:
            case 3:
                message = f"{shapes}: the same dimensions in another order"
                mend = "write both in one order"
                if right.dims == left.dims[::-1]:
                    mend = f"transpose one of them: `{_factor(b)}.T`"
            case 4:
                twice = left if len(set(left.dims)) < len(left.dims) else right
                message = f"{shapes}: with a dimension that stands twice, names cannot align them"
                mend = f"{align.shown(twice.dims)} combines only with itself or a scalar"
            case _:
                message = f"{shapes}: neither has all dimensions of the other"
                mend = self._outer_mend(function, arguments, left, right)
        scope.error("shape", message, span, notes=self._declared(left, right), help=mend)

    def _outer_mend(
        self, function: str, arguments: Sequence[Expr], left: Expr, right: Expr
    ) -> str:
        if function == "mul" and len(arguments) == 2 and left.dims[-1] == right.dims[0]:
            a, b = self.scope.text(left.span), self.scope.text(right.span)
            return f"did you mean the matrix product `{a} @ {b}`?"
        union = dict.fromkeys((*self.written, *left.dims, *right.dims))
        axes = ", ".join(axis for axis in union if axis in left.dims or axis in right.dims)
        return (
            f"give both the same dimension, or, if every pair is meant, write all dimensions: "
            f"`{self.reduction}[{axes}](...)` around it or `let r[{axes}] = ...`"
        )

    # -- comparisons

    def _comparison(self, node: syntax.Chain) -> Expr | None:
        parts: list[Expr] = []
        typed: dict[int, Expr | None] = {}
        for i, sign in enumerate(node.operators):
            left, right = _bare(node.operands[i]), _bare(node.operands[i + 1])
            span = Span(left.span.start, right.span.stop)
            if len(node.operators) == 1:
                span = node.span
            if self._symbolic(left) or self._symbolic(right):
                part = self._compare_labels(left, right, sign, span)
            else:
                for j, side in ((i, left), (i + 1, right)):
                    if j not in typed:
                        typed[j] = self.expr(side)
                a, b = typed[i], typed[i + 1]
                part = None
                if a is not None and b is not None:
                    part = self.apply(COMPARISONS[sign], (a, b), span)
            if part is not None:
                parts.append(part)
        if len(parts) < len(node.operators):
            return None
        return self._fold("and", parts, node.span)

    def _symbolic(self, node: syntax.Expression) -> bool:
        return isinstance(node, syntax.String) or self._category(node) is not None

    def _category(self, node: syntax.Expression) -> Value | None:
        """The category data that a bare name stands for."""
        if not isinstance(node, syntax.Name):
            return None
        bound = self.local.get(node.text)
        if node.text in self.local:
            name = bound.name if isinstance(bound, Ref) else ""
        else:
            name = node.text
        value = self.scope.values.get(name)
        return value if value is not None and value.domain.category is not None else None

    def _compare_labels(
        self, left: syntax.Expression, right: syntax.Expression, sign: str, span: Span
    ) -> Expr | None:
        if isinstance(left, syntax.String):
            left, right = right, left
        if isinstance(left, syntax.String):
            return self.scope.error("type", "two strings are compared", span)
        if self._category(left) is None and self._category(right) is not None:
            left, right = right, left
        if sign not in ("==", "!="):
            message = f"labels have no order: `{sign}` compares numbers"
            return self.scope.error("category", message, span, help="write `==` or `!=`")
        a = self.expr(left, category=True)
        if a is None:
            return None
        value = self._category(left)
        b = self._other_side(a, value, right)
        if b is None:
            return None
        return self.apply(COMPARISONS[sign], (a, b), span)

    def _other_side(
        self, left: Expr, value: Value | None, right: syntax.Expression
    ) -> Expr | None:
        """What category data, or data with labelled values, is compared with."""
        if value is None:
            return self._label_value(left, right)
        dim = value.domain.category or ""
        if isinstance(right, syntax.String):
            return self.label(dim, right)
        other = self._category(right)
        if other is not None:
            if other.domain.category == dim:
                return self.expr(right, category=True)
            message = f"`{value.name}` holds categories of `{dim}`, and `{other.name}` of "
            message += f"`{other.domain.category}`"
            notes = ((value.place, "declared here"), (other.place, "declared here"))
            return self.scope.error("category", message, right.span, notes=notes)
        expr = self.expr(right)
        if expr is None:
            return None
        known = self.scope.dims.get(dim)
        code = self.constant(expr)
        if known is not None and known.size is not None and known.labels is None:
            if code is not None and code in range(known.size):
                return expr
            message = f"`{dim}` has the categories 0 to {known.size - 1}"
            return self.scope.error("category", message, right.span)
        message = f"`{value.name}` holds categories of `{dim}`, which are no numbers"
        mend = f'compare with a label: `{value.name} == "..."`'
        return self.scope.error("category", message, right.span, help=mend)

    def _label_value(self, left: Expr, right: syntax.Expression) -> Expr | None:
        """The number that `in {0: "no", 1: "yes"}` gives a label."""
        assert isinstance(right, syntax.String)
        value = self.scope.values.get(left.name) if isinstance(left, Ref) else None
        if value is None or value.domain.labels is None or value.domain.values is None:
            shown = self.scope.text(left.span)
            message = f"`{shown}` is a number and has no labels"
            mend = 'labels are declared: `data y[n] in {0: "no", 1: "yes"}`, or `in k`'
            return self.scope.error("category", message, right.span, help=mend)
        if right.value not in value.domain.labels:
            message = f'`{value.name}` has no label "{right.value}"'
            mend = did_you_mean(right.value, value.domain.labels)
            mend = mend or "its labels are " + ", ".join(f'"{v}"' for v in value.domain.labels)
            notes = ((value.place, "declared here"),)
            return self.scope.error("category", message, right.span, notes=notes, help=mend)
        number = value.domain.values[value.domain.labels.index(right.value)]
        return Number(Fraction(number), right.span)

    def label(self, dim: str, node: syntax.String) -> Label | None:
        """A label of a dimension; checked where the text declares the labels."""
        known = self.scope.dims.get(dim)
        if known is not None and known.labels is not None and node.value not in known.labels:
            message = f'`{dim}` has no label "{node.value}"'
            mend = did_you_mean(node.value, known.labels)
            mend = mend or "its labels are " + ", ".join(f'"{v}"' for v in known.labels[:12])
            notes = ((known.place, "declared here"),)
            return self.scope.error("category", message, node.span, notes=notes, help=mend)
        return Label(dim, node.value, node.span)

    # -- indexing

    def _index(self, node: syntax.Index) -> Expr | None:
        operand = self.expr(node.operand)
        if operand is None:
            return None
        items = [_bare(item) for item in node.items]
        later = [i for i in items if isinstance(i, syntax.Slice | syntax.Grouped)]
        if later:
            return self._later(later[0])
        if not operand.dims:
            shown = self.scope.text(node.operand.span)
            message = f"`{shown}` is a scalar and has no axis to index"
            return self.scope.error("index", message, node.span, notes=self._declared(operand))
        if len(items) == 1 and len(operand.dims) > 1:
            return self._single_index(operand, items[0], node.span)
        if len(items) != len(operand.dims):
            shown = self.scope.text(node.operand.span)
            message = f"{len(items)} indices for `{shown}`, which is {align.shown(operand.dims)}"
            mend = "several indices stand for all axes in order; an axis is kept by its name"
            notes = self._declared(operand)
            return self.scope.error("index", message, node.span, notes=notes, help=mend)
        indices: list[Ref | Label | None] = []
        names: list[str] = []
        for item, axis in zip(items, operand.dims, strict=True):
            index, valid = self._positional(item, axis)
            if not valid:
                return None
            indices.append(index)
            kept = index is None and isinstance(item, syntax.Name)
            names.append(item.text if kept and isinstance(item, syntax.Name) else axis)
        named = self._relabelled(operand, tuple(names), node.span)
        return named and self.take(named, indices, node.span)

    def _single_index(self, operand: Expr, item: syntax.Expression, span: Span) -> Expr | None:
        if isinstance(item, syntax.String):
            fits = [
                axis
                for axis in operand.dims
                if (d := self.scope.dims.get(axis)) and d.labels and item.value in d.labels
            ]
            if len(fits) != 1:
                kept = ", ".join(operand.dims[1:])
                shown = self.scope.text(operand.span)
                dims = align.shown(operand.dims)
                message = f'which axis of {dims} has the label "{item.value}"?'
                mend = f'give an index per axis: `{_factor(shown)}["{item.value}", {kept}]`'
                return self.scope.error("index", message, item.span, help=mend)
            axis = fits[0]
            index: Ref | Label | None = self.label(axis, item)
        else:
            value = self._category(item)
            if value is None and self._is_dim(item):
                assert isinstance(item, syntax.Name)
                return self._single_relabel(operand, item, span)
            if value is None:
                return self._bad_index(item, operand)
            axis = value.domain.category or ""
            index = self._index_ref(item)
        if index is None:
            return None
        if operand.dims.count(axis) != 1:
            return self._no_such_axis(operand, item, axis)
        return self.take(operand, [index if a == axis else None for a in operand.dims], span)

    def _is_dim(self, node: syntax.Expression) -> bool:
        if not isinstance(node, syntax.Name) or node.text in self.local:
            return False
        return node.text in self.scope.dims and node.text not in self.scope.broken

    def _single_relabel(self, operand: Expr, item: syntax.Name, span: Span) -> Expr | None:
        """`X[m]`: the axis that m is like gets the name m."""
        name, scope = item.text, self.scope
        root = scope.root(name)
        fits = [a for a in operand.dims if a != name and scope.root(a) == root]
        if len(fits) == 1:
            names = tuple(name if axis == fits[0] else axis for axis in operand.dims)
            return self._relabelled(operand, names, span)
        shown, dims = scope.text(operand.span), align.shown(operand.dims)
        if not fits:
            return self._dim_as_index(item, operand, "")
        several = " and ".join(f"`{axis}`" for axis in fits)
        if len(set(fits)) == 1:
            several = f"each axis `{fits[0]}`"
        message = f"`{name}` could re-label {several} of `{shown}`, which is {dims}"
        first = operand.dims.index(fits[0])
        kept = ", ".join(name if i == first else axis for i, axis in enumerate(operand.dims))
        mend = f"name every axis: `{_factor(shown)}[{kept}]`"
        return scope.error("index", message, item.span, notes=self._declared(operand), help=mend)

    def _relabelled(self, operand: Expr, names: Dims, span: Span) -> Expr | None:
        if names == operand.dims:
            return operand
        twice = [a for a in names if names.count(a) > operand.dims.count(a) and names.count(a) > 1]
        if twice:
            shown, dims = self.scope.text(operand.span), align.shown(operand.dims)
            message = f"`{shown}` is {dims}, and would have the axis `{twice[0]}` twice"
            notes = self._declared(operand)
            return self.scope.error("index", message, span, notes=notes)
        return Relabel(operand, names, span)

    def _no_such_axis(self, operand: Expr, item: syntax.Expression, axis: str) -> None:
        shown, name = self.scope.text(operand.span), self.scope.text(item.span)
        dims = align.shown(operand.dims)
        if axis in operand.dims:
            message = f"`{name}` could index each axis `{axis}` of `{shown}`, which is {dims}"
            mend = f"give an index per axis, such as `{_factor(shown)}[{name}, {axis}]`"
        else:
            message = f"`{name}` holds categories of `{axis}`, and `{shown}` is {dims}"
            mend = ""
        value = self._category(item)
        notes = ((value.place, "declared here"),) if value is not None else ()
        notes = (*self._declared(operand), *notes)
        self.scope.error("index", message, item.span, notes=notes, help=mend)

    def _positional(self, item: syntax.Expression, axis: str) -> tuple[Ref | Label | None, bool]:
        """The index of one axis, and whether it is valid; (None, True) keeps the axis, perhaps
        under another name."""
        if isinstance(item, syntax.String):
            label = self.label(axis, item)
            return label, label is not None
        if self._is_dim(item):
            assert isinstance(item, syntax.Name)
            if item.text == axis or self.scope.root(item.text) == self.scope.root(axis):
                return None, True
        value = self._category(item)
        if value is None:
            self._bad_index(item, None, axis)
            return None, False
        if value.domain.category != axis:
            message = (
                f"`{value.name}` holds categories of `{value.domain.category}`, "
                f"and this axis is `{axis}`"
            )
            notes = ((value.place, "declared here"),)
            mend = ""
            if self.scope.root(value.domain.category or "") == self.scope.root(axis):
                mend = f"give the axis that name before: `[{value.domain.category}][{value.name}]`"
            self.scope.error("index", message, item.span, notes=notes, help=mend)
            return None, False
        ref = self._index_ref(item)
        return ref, ref is not None

    def _index_ref(self, item: syntax.Expression) -> Ref | None:
        ref = self.expr(item, category=True)
        return ref if isinstance(ref, Ref) else None

    def _bad_index(self, item: syntax.Expression, operand: Expr | None, axis: str = "") -> None:
        scope = self.scope
        shown = scope.text(item.span)
        if isinstance(item, syntax.Name):
            if item.text in scope.broken:
                return None
            if item.text in self.local:
                return scope.error("index", f"`{shown}` is no category data", item.span)
            value = scope.values.get(item.text)
            if value is not None:
                wanted = axis or (operand.dims[-1] if operand is not None else "k")
                mend = ""
                if value.kind == "data":
                    mend = f"an index is declared as `data {value.name}[...] in {wanted}`"
                notes = ((value.place, "declared here"),) if value.place.stop > 0 else ()
                message = f"`{shown}` is {_a(value.kind)} of numbers, not of categories"
                return scope.error("index", message, item.span, notes=notes, help=mend)
            if item.text in scope.dims:
                return self._dim_as_index(item, operand, axis)
            return self.unknown_name(item)
        message = f"`{shown}` is no index"
        mend = 'an index is category data, `Z[y]`, or a label, `w["age"]`'
        if isinstance(item, syntax.Number):
            message = f"`{shown}` is a number, and integers are no indices"
        return scope.error("index", message, item.span, help=mend)

    def _dim_as_index(self, item: syntax.Name, operand: Expr | None, axis: str) -> None:
        like = self.scope.root(item.text)
        if axis:
            message = f"this axis is `{axis}`, not `{item.text}`"
            if like != item.text:
                message = f"this axis is `{axis}`, and `{item.text}` is like `{like}`"
            return self.scope.error("index", message, item.span)
        if operand is None:
            message = f"`{item.text}` is the size of a dimension, not category data"
            return self.scope.error("index", message, item.span)
        dims, shown = operand.dims, self.scope.text(operand.span)
        if item.text in dims:
            message = (
                f"`{item.text}` is an axis of `{shown}`, which is {align.shown(dims)}, already"
            )
            mend = f"leave the index out: `{shown}`"
            return self.scope.error("index", message, item.span, help=mend)
        if like != item.text:
            message = f"`{item.text}` is like `{like}`, and {align.shown(dims)} has no such axis"
            return self.scope.error("index", message, item.span)
        message = f"one index `{item.text}` for {align.shown(dims)}"
        mend = f"an index is category data: `data y[...] in {item.text}`"
        return self.scope.error("index", message, item.span, help=mend)

    def take(
        self, operand: Expr, indices: Sequence[Ref | Label | Shift | None], span: Span
    ) -> Expr | None:
        """The operand with some axes indexed, of the type that `Take` describes."""
        if all(index is None for index in indices):
            return operand
        dims: list[str] = []
        from_index: set[str] = set()
        kept = [axis for axis, i in zip(operand.dims, indices, strict=True) if i is None]
        for axis, index in zip(operand.dims, indices, strict=True):
            if index is None:
                if axis not in from_index:
                    dims.append(axis)
                continue
            for own in index.dims:
                if kept.count(own) > 1:
                    message = f"`{own}` stands twice in {align.shown(operand.dims)}"
                    return self.scope.error("index", message, span)
                if own not in dims:
                    dims.append(own)
                    from_index.add(own)
        return Take(operand, tuple(indices), tuple(dims), span)

    # -- calls

    def _call(self, node: syntax.Call) -> Expr | None:
        name = node.function.text
        function = FUNCTIONS.get(name)
        self.level += 1
        if name in self.scope.functions:
            result = self._inline(node, self.scope.functions[name])
        elif name in REDUCTIONS and not (function is not None and self._of_several(node)):
            result = self._reduction(node)
        elif name in AXIS_MAPS:
            result = self._softmax(node)
        elif name == "onehot":
            result = self._onehot(node)
        elif name == "standardize":
            result = self._standardize(node)
        elif name == "train":
            result = self._train(node)
        elif function is not None and (self.hidden or not function.hidden):
            result = self._element_wise(node, function.params)
        else:
            result = self._unknown_function(node)
        self.level -= 1
        return result

    def _of_several(self, node: syntax.Call) -> bool:
        """Whether `min` or `max` is that of several values, and no reduction."""
        return node.axes is None and len(node.arguments) != 1

    def _element_wise(self, node: syntax.Call, params: Sequence[str]) -> Expr | None:
        name = node.function.text
        if node.axes is not None:
            message = f"`{name}` works element by element and has no axes"
            return self.scope.error("function", message, node.span, help=f"write `{name}(...)`")
        arguments = self._arguments(node, len(params), f"{name}({', '.join(params)})")
        if arguments is None:
            return None
        return self.apply(name, arguments, node.span)

    def _arguments(
        self, node: syntax.Call, count: int, usage: str, mend: str = ""
    ) -> tuple[Expr, ...] | None:
        if len(node.arguments) != count:
            name = node.function.text
            message = f"`{name}` takes {_arguments(count)}, found {len(node.arguments)}"
            mend = mend or f"write `{usage}`"
            if name == "log":
                mend = "a logarithm to base b is `log(x)/log(b)`; there are `log2` and `log10`"
            if name in ("min", "max") and node.axes is None:
                message = f"`{name}` takes one argument or two, found {len(node.arguments)}"
                mend = f"`{name}[k](x)` runs over an axis; of three, `{name}(a, {name}(b, c))`"
            if any(isinstance(a, syntax.Keyword) for a in node.arguments):
                mend = "arguments have no names, and axes stand in brackets: `sum[d](X)`"
            return self.scope.error("function", message, node.span, help=mend)
        parts: list[Expr] = []
        for argument in node.arguments:
            part = self.expr(argument)
            if part is not None:
                parts.append(part)
        return tuple(parts) if len(parts) == count else None

    def _unknown_function(self, node: syntax.Call) -> None:
        name, span, scope = node.function.text, node.function.span, self.scope
        if name in scope.broken:
            return None
        if name in _LATER:
            return scope.error("unsupported", f"`{name}` is not supported yet", span)
        if name in scope.later:
            return self.unknown_name(node.function)
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
        if name in scope.values or name in self.local or name in scope.dims:
            message = f"`{name}` is no function"
            mend = f"a product is `{name}*(...)`, an index `{name}[...]`"
            return scope.error("function", message, span, help=mend)
        stem = name.removesuffix("_lpdf").removesuffix("_lpmf").removesuffix("_logpdf")
        if stem != name and stem in DISTRIBUTIONS:
            written = f"`observe y ~ {stem}(...)` or `prior w ~ {stem}(...)`"
        known = [n for n, f in FUNCTIONS.items() if not f.hidden]
        known += [*REDUCTIONS, *AXIS_MAPS, *PLANNED, *DATA_FUNCTIONS, *scope.functions]
        mend = f"write {written}" if written else did_you_mean(name, known)
        return scope.error("function", f"unknown function `{name}`", span, help=mend)

    def axes(self, items: Sequence[syntax.Expression]) -> Dims | None:
        """The dimensions named between the brackets of a reduction."""
        names: list[str] = []
        for item in items:
            item = _bare(item)
            if isinstance(item, syntax.Slice | syntax.Grouped):
                return self._later(item)
            if not isinstance(item, syntax.Name):
                mend = "axes are named, never numbered: `sum[d](X)`"
                if isinstance(item, syntax.String):
                    mend = "the name of an axis stands bare: `sum[d](X)`"
                shown = self.scope.text(item.span)
                return self.scope.error("name", f"`{shown}` is no axis", item.span, help=mend)
            if item.text in self.scope.broken:
                return None
            if item.text not in self.scope.dims:
                if item.text in self.scope.values:
                    message = f"`{item.text}` is no dimension"
                    return self.scope.error("name", message, item.span)
                return self.unknown_name(item, "dimension")
            if item.text in names:
                message = f"the axis `{item.text}` is named twice"
                return self.scope.error("shape", message, item.span)
            names.append(item.text)
        return tuple(names)

    def _over(self, node: syntax.Call, argument: Expr, axes: Dims) -> bool:
        """Whether the argument has each of the named axes, once."""
        shown = self.scope.text(argument.span)
        for axis, item in zip(axes, node.axes or (), strict=True):
            count = argument.dims.count(axis)
            if count == 1:
                continue
            message = f"`{shown}` is {align.shown(argument.dims)} and has no axis `{axis}`"
            if count > 1:
                message = f"`{shown}` is {align.shown(argument.dims)}: which `{axis}` is meant?"
            self.scope.suspects.update((axis, *argument.dims))
            mend = "declare its two axes with two dimensions"
            if not count:
                mend = ""
            if not count and node.function.text == "sum":
                mend = f"a sum of equal terms is a product: `{axis}*(...)`"
            notes = self._declared(argument)
            self.scope.error("shape", message, item.span, notes=notes, help=mend)
            return False
        return True

    def _reduction(self, node: syntax.Call) -> Expr | None:
        name = node.function.text
        axes = self.axes(node.axes) if node.axes is not None else ()
        if axes is None:
            return None
        before = self.written, self.reduction
        self.written, self.reduction = (*before[0], *axes), name
        count = 2 if name == "dot" else 1
        arguments = self._arguments(node, count, *self._usage(node, name))
        argument = arguments[0] if arguments else None
        if arguments and name == "dot":
            argument = self.apply("mul", arguments, node.span)
        self.written, self.reduction = before
        if argument is None or (axes and not self._over(node, argument, axes)):
            return None
        function = "sum" if name == "dot" else name
        if not argument.dims:
            return self._of_scalar(function, argument, node.span)
        axes = axes or argument.dims
        left = tuple(d for d in argument.dims if d not in axes)
        return Reduce(function, axes, argument, left, node.span)

    def _usage(self, node: syntax.Call, name: str) -> tuple[str, str]:
        if name == "dot":
            return "dot(a, b)", ""
        mend = ""
        if len(node.arguments) == 2:
            mend = f"axes stand in brackets: `{name}[d](X)`"
        return f"{name}(x)", mend

    def _of_scalar(self, function: str, argument: Expr, span: Span) -> Expr | None:
        """A reduction of a scalar, which is its own only entry."""
        if function in ("norm", "norm1"):
            return self.apply("abs", (argument,), span)
        if function == "var":
            shown = self.scope.text(argument.span)
            return self.scope.error("shape", f"`{shown}` is a scalar: it has no variance", span)
        return argument

    def _softmax(self, node: syntax.Call) -> Expr | None:
        name = node.function.text
        axes = self.axes(node.axes) if node.axes is not None else ()
        if axes is None:
            return None
        before = self.written
        self.written = (*before, *axes)
        arguments = self._arguments(node, 1, f"{name}[k](z)")
        self.written = before
        if arguments is None or (axes and not self._over(node, arguments[0], axes)):
            return None
        dims = arguments[0].dims
        if not dims:
            shown = self.scope.text(arguments[0].span)
            message = f"`{shown}` is a scalar: `{name}` runs along an axis"
            notes = self._declared(arguments[0])
            return self.scope.error("shape", message, node.span, notes=notes)
        if not axes and len(dims) != 1:
            message = f"which axis of {align.shown(dims)} does `{name}` run along?"
            mend = f"name it: `{name}[{dims[-1]}](...)`"
            return self.scope.error("shape", message, node.span, help=mend)
        return Softmax(name, axes or dims, arguments[0], dims, node.span)

    def _onehot(self, node: syntax.Call) -> Expr | None:
        if len(node.arguments) != 1 or node.axes is not None:
            message = "`onehot` takes one argument, category data"
            return self.scope.error("function", message, node.span, help="write `onehot(y)`")
        item = _bare(node.arguments[0])
        value = self._category(item)
        if value is None:
            return self._bad_index(item, None)
        ref = self._index_ref(item)
        if ref is None:
            return None
        return OneHot(ref, (*ref.dims, value.domain.category or ""), node.span)

    def _standardize(self, node: syntax.Call) -> Expr | None:
        if node.axes is not None:
            message = "`standardize` runs over the rows and has no axes"
            return self.scope.error("function", message, node.span, help="write `standardize(X)`")
        before, purpose = self.allowed, self.purpose
        allowed = frozenset(["data"])
        self.allowed = allowed if before is None else before & allowed
        self.purpose = "`standardize` takes data alone"
        arguments = self._arguments(node, 1, "standardize(X)")
        self.allowed, self.purpose = before, purpose
        if arguments is None:
            return None
        row = self.scope.row
        argument = arguments[0]
        if row is None or row not in argument.dims:
            shown = self.scope.text(argument.span)
            message = f"`{shown}` is {align.shown(argument.dims)} and has no rows to standardize"
            notes = self._declared(argument)
            return self.scope.error("shape", message, node.span, notes=notes)
        return Standardize(argument, argument.dims, node.span)

    def _train(self, node: syntax.Call) -> Expr | None:
        if node.axes is not None:
            message = "`train` keeps a value of the training data and has no axes"
            mend = "axes belong to a reduction: `train(mean[n](X))`"
            return self.scope.error("function", message, node.span, help=mend)
        arguments = self._arguments(node, 1, "train(EXPR)")
        if arguments is None:
            return None
        argument = arguments[0]
        for place, value in self._values_in(argument):
            if value.depends <= {"data"}:
                continue
            notes = ((value.place, "declared here"),) if value.place.stop > 0 else ()
            what = "depends on" if value.kind == "let" else "is"
            if value.kind not in ("let", "parameter"):
                message = f"`{value.name}` is {_a(value.kind)}: `train` takes data alone"
                return self.scope.error("type", message, place, notes=notes)
            if "parameter" in value.depends:
                message = f"`{value.name}` {what} a parameter: `train` of it is not supported yet"
                return self.scope.error("unsupported", message, place, notes=notes)
            message = f"`{value.name}` {what} {_a(sorted(value.depends - {'data'})[0])}: "
            message += "`train` takes data alone"
            return self.scope.error("type", message, place, notes=notes)
        return Train(argument, argument.dims, node.span)

    def _values_in(self, expr: Expr) -> list[tuple[Span, Value]]:
        """The declared values that an expression names, and where, in order of place."""
        found: dict[Span, Value] = {}
        seen: set[int] = set()
        pending = [expr]
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, Ref) and node.name in self.scope.values:
                found[node.span] = self.scope.values[node.name]
            pending += children(node)
        return sorted(found.items(), key=lambda item: item[0].start)

    # -- functions of the file

    def _inline(self, node: syntax.Call, function: syntax.Def) -> Expr | None:
        if node.axes is not None:
            message = f"`{function.name.text}` is a function of this file and has no axes"
            return self.scope.error("function", message, node.span)
        names = [param.text for param in function.params]
        named = [a for a in node.arguments if isinstance(a, syntax.Keyword)]
        if named:
            message = f"arguments of `{function.name.text}` have no names, only an order"
            mend = f"write `{function.name.text}({', '.join(names)})`"
            return self.scope.error("function", message, named[0].span, help=mend)
        if len(node.arguments) != len(names):
            wanted = _arguments(len(names))
            message = f"`{function.name.text}` takes {wanted}, found {len(node.arguments)}"
            notes = ((function.name.span, "declared here"),)
            return self.scope.error("function", message, node.span, notes=notes)
        bound: dict[str, Expr | None] = {}
        for name, argument in zip(names, node.arguments, strict=True):
            bound[name] = self.expr(argument, category=True)
        if any(value is None for value in bound.values()):
            return None
        outer = self.local
        self.local = bound
        self.level += 1
        self.scope.calls.append(node.span)
        result = self.expr(function.body)
        self.scope.calls.pop()
        self.level -= 1
        self.local = outer
        return result


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside an expression."""
    match expr:
        case Apply():
            return expr.args
        case MatMul():
            return (expr.left, expr.right)
        case Broadcast() | Transpose() | Reduce() | Softmax() | Relabel():
            return (expr.arg,)
        case Standardize() | Train():
            return (expr.arg,)
        case Take():
            return (expr.arg, *(i for i in expr.indices if i is not None))
        case OneHot() | Shift():
            return (expr.index,)
        case _:
            return ()


def broadcast(expr: Expr, dims: Dims, span: Span) -> Expr | None:
    """The expression with exactly these dims in this order; None where it has another axis."""
    if expr.dims == dims:
        return expr
    if len(set(dims)) < len(dims):
        return Broadcast(expr, dims, span) if not expr.dims else None
    if not set(expr.dims) <= set(dims) or len(set(expr.dims)) < len(expr.dims):
        return None
    if expr.dims[::-1] == dims:
        return Transpose(expr, dims, span)
    return Broadcast(expr, dims, span)


def depends(expr: Expr, values: Mapping[str, Value]) -> frozenset[str]:
    """The kinds of values that an expression is computed from."""
    kinds: set[str] = set()
    seen: set[int] = set()
    pending = [expr]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Ref) and node.name in values:
            kinds |= values[node.name].depends
        pending += children(node)
    return frozenset(kinds)


def _bare(node: syntax.Expression) -> syntax.Expression:
    while isinstance(node, syntax.Group):
        node = node.inner
    return node


def _end(factors: Sequence[Expr], otherwise: Span) -> int:
    return factors[-1].span.stop if factors else otherwise.stop


def _factor(text: str) -> str:
    """The text as it stands before `.T` or `[`."""
    return text if text.replace("_", "").isalnum() else f"({text})"


def _arguments(count: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(count, f"{count} arguments")


def _unsigned(expr: Expr, text: str) -> Expr:
    """The operand as the user wrote it, without the sign that `a - b` or `a/b` gives it."""
    while isinstance(expr, Apply) and expr.function in ("neg", "inv"):
        if text.startswith("-", expr.span.start):
            break
        expr = expr.args[0]
    return expr


def _a(kind: str) -> str:
    if kind == "data":
        return kind
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
