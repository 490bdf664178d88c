"""Syntax to typed expressions: names resolved, axes aligned, functions of the file inlined.

In: a syntax expression and a `Scope`. Out: a `model.Expr`, or None after an error, which is then
in `scope.errors`; whatever contains a None is None without a further error. Each level of nesting
costs two frames of Python's stack, and `MAX_LEVELS` bounds them.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gdsym.errors import Span, did_you_mean
from gdsym.language import align, calls, comparisons, constants, habits, indexing, syntax
from gdsym.language.functions import COMPARISONS, FUNCTIONS, REDUCTIONS
from gdsym.language.model import Apply, Constant, Dims, Expr, MatMul, Number, Ref, Size, Transpose
from gdsym.language.phrases import an, counted, indexable
from gdsym.language.scope import Scope, Value
from gdsym.language.typed import children, unsigned

MAX_LEVELS = 350  # of syntax, functions of the file written out; a call counts twice
MAX_DEPTH = 400  # of the typed expression
MAX_INLINED = 50_000  # syntax nodes visited inside functions of the file, per file
MAX_NODES = 200_000  # of one statement, written out as a tree

CONSTANTS = ("pi", "inf")


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
        node = syntax.bare(node)
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
                result = comparisons.comparison(self, node)
            case syntax.Chain():
                result = self._logic(node)
            case syntax.Unary():
                result = self._unary(node)
            case syntax.Power():
                result = self._power(node)
            case syntax.Call():
                result = calls.call(self, node)
            case syntax.Index():
                result = indexing.index(self, node)
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
                self.later(node)

    def later(self, node: syntax.Expression) -> None:
        """Reports what the language names and does not have yet."""
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
        message = f"`{value.name}` is {an(value.kind)}: {self.purpose}"
        if value.kind == "let":
            message = f"`{value.name}` depends on {an(other)}: {self.purpose}"
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
        known = [*self.local, *scope.values, *scope.broken, *scope.dims, *CONSTANTS]
        if what == "dimension":
            known = list(scope.dims)
        mend = mend or did_you_mean(name, known)
        model = not any(value.kind == "given value" for value in scope.values.values())
        if not mend and what == "name" and model and self.allowed is None:
            mend = "declare it above: as data, a parameter, a constant or a let"
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
        return self.fold(node.operators[0], parts, node.span)

    def fold(self, function: str, parts: Sequence[Expr], span: Span) -> Expr | None:
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
                notes = self.declared(left, right)
                return scope.error("shape", message, span, notes=notes, help="write `*`")
        message = f"`{shown}` contracts `{left.dims[-1]}` with `{right.dims[0]}`"
        notes = self.declared(right)
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
            mends.append(f"transpose {b}: {indexable(b)}.T")
        if len(left.dims) > 1 and left.dims[0] == right.dims[0]:
            mends.append(f"transpose {a}: {indexable(a)}.T")
        if not mends and len(right.dims) == 1 and right.dims[0] in left.dims:
            mends.append(f"sum over the axis by name: sum[{right.dims[0]}]({a}*{b})")
        return ", or ".join(mends)

    def declared(self, *operands: Expr) -> tuple[tuple[Span, str], ...]:
        """Notes that show where names among the operands are declared."""
        notes: dict[Span, str] = {}
        for signed in operands:
            operand = unsigned(signed, self.scope.source.text)
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
            mend = f"a transpose is `{indexable(self.scope.text(node.base.span))}.T`"
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

    def arguments(
        self, node: syntax.Call, count: int, usage: str, mend: str = ""
    ) -> tuple[Expr, ...] | None:
        """The typed arguments of a function that takes `count`; None after an error."""
        if len(node.arguments) != count:
            name = node.function.text
            message = f"`{name}` takes {counted(count)}, found {len(node.arguments)}"
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

    def _conflict(
        self, function: str, arguments: Sequence[Expr], conflict: align.Conflict, span: Span
    ) -> None:
        text = self.scope.source.text
        left = unsigned(arguments[conflict.first], text)
        right = unsigned(arguments[conflict.second], text)
        scope = self.scope
        a, b = scope.text(left.span), scope.text(right.span)
        shapes = f"`{a}` is {align.shown(left.dims)} and `{b}` is {align.shown(right.dims)}"
        scope.suspects.update(left.dims, right.dims)
        match conflict.rule:
            case 3:
                message = f"{shapes}: the same dimensions in another order"
                mend = "write both in one order"
                if right.dims == left.dims[::-1]:
                    mend = f"transpose one of them: `{indexable(b)}.T`"
            case 4:
                left_twice = len(set(left.dims)) < len(left.dims)
                twice, other, b = (left, right, b) if left_twice else (right, left, a)
                message = f"{shapes}: with a dimension that stands twice, names cannot align them"
                mend = f"{align.shown(twice.dims)} combines only with itself or a scalar"
                if function == "mul" and other.dims == twice.dims[:1]:
                    shown = indexable(scope.text(twice.span))
                    mend = (
                        f"`diag({b}) @ {shown}` scales its rows, `{shown} @ diag({b})` its columns"
                    )
            case _:
                message = f"{shapes}: neither has all dimensions of the other"
                mend = self._outer_mend(function, arguments, left, right)
        scope.error("shape", message, span, notes=self.declared(left, right), help=mend)

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


def _end(factors: Sequence[Expr], otherwise: Span) -> int:
    return factors[-1].span.stop if factors else otherwise.stop
