"""Syntax to a checked model: every name resolved, every expression typed by its dimensions.

In: a `syntax.File`. Out: a `model.Model`. All independent mistakes of a file are reported together
in one `SourceError`; a statement that could not be read, or a name whose declaration is wrong,
causes no second message.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from gdsym.errors import Diagnostic, Source, SourceError, Span, did_you_mean
from gdsym.language import align, declarations, syntax, training
from gdsym.language.calls import DATA_FUNCTIONS
from gdsym.language.claims import claim
from gdsym.language.expressions import CONSTANTS, Typer
from gdsym.language.functions import AXIS_MAPS, FUNCTIONS, REDUCTIONS
from gdsym.language.likelihood import Known, minus_log_density
from gdsym.language.method import Methods, method
from gdsym.language.model import (
    Apply,
    Claim,
    Const,
    Data,
    Dim,
    Dims,
    Domain,
    Draw,
    Expr,
    Let,
    Method,
    Model,
    Objective,
    Param,
    Prediction,
)
from gdsym.language.parse import MAX_MESSAGES, MODEL_KEYWORDS, parse_expression, statements
from gdsym.language.rows import mean_over_rows
from gdsym.language.scope import Scope, Value
from gdsym.language.typed import broadcast, depends

_OBJECTIVES = ("loss", "maximize", "nll", "loglik", "residual")
_FUNCTIONS = (*FUNCTIONS, *REDUCTIONS, *AXIS_MAPS, *DATA_FUNCTIONS)
_KINDS = {"data": "data", "param": "parameter", "const": "constant"}


def load_model(text: str, name: str, methods: Methods | None = None) -> Model:
    """The checked model of a text; `name` is what messages show, such as `churn.gd`.

    methods: what its `method` may name; without them that is not checked. Raises SourceError with
    everything that is wrong.

    >>> load_model("param x = 1\\nloss (x - 3)^2", "tiny.gd").name
    'tiny'
    """
    source = Source(name, text.removeprefix("\ufeff"))
    file, found = statements(source, MODEL_KEYWORDS, "statement")
    return _checked(file, PurePath(name).stem, found, methods)


def check(file: syntax.File, default_name: str) -> Model:
    """The checked model of a parsed file. Raises SourceError with everything that is wrong."""
    return _checked(file, default_name, [])


def check_formula(text: str, names: Sequence[str]) -> Expr:
    """A formula of the function table as a typed expression; the names are scalars.

    Raises SourceError; the functions that are hidden from users are known here.
    """
    scope = Scope(Source("formula", text))
    nowhere = Span(0, 0)
    for name in names:
        scope.values[name] = Value("parameter", name, (), nowhere, Domain(), frozenset())
    expr = Typer(scope, hidden=True).type(parse_expression(text))
    if expr is None:
        raise SourceError(scope.source, scope.errors)
    return expr


def _checked(
    file: syntax.File,
    default_name: str,
    found: list[Diagnostic],
    methods: Methods | None = None,
) -> Model:
    checker = _Checker(file, complete=not found, methods=methods)
    model = checker.model(default_name)
    errors = found + checker.scope.errors
    if errors or model is None:
        errors.sort(key=lambda error: (error.span.start, error.span.stop))
        raise SourceError(file.source, errors[:MAX_MESSAGES])
    return model


class _Checker:
    """Reads a file from top to bottom and collects the parts of its model."""

    def __init__(self, file: syntax.File, complete: bool, methods: Methods | None) -> None:
        self.file = file
        self.methods = methods
        self.scope = Scope(file.source)
        self.complete = complete  # every statement could be read
        self.title: syntax.ModelName | None = None
        self.data: list[Data] = []
        self.params: list[Param] = []
        self.consts: list[Const] = []
        self.lets: list[Let] = []
        self.objective: tuple[syntax.Objective, Expr | None] | None = None
        self.penalties: list[Expr] = []
        self.predictions: dict[str, Prediction] = {}
        self.predicted: dict[str, Span] = {}
        self.observed: list[tuple[syntax.Observe, Expr | None]] = []
        self.priors: list[tuple[syntax.Observe, Expr | None]] = []
        self.claims: list[Claim] = []
        self.fixed: dict[str, float | None] = {}  # parameters, and their value where it is known
        self.method: Method | None = None
        self.method_span: Span | None = None

    def model(self, default_name: str) -> Model | None:
        """The whole file; None, or anything, where `scope.errors` has entries."""
        docs = declarations.dimensions(self.file, self.scope)
        self._declared_later()
        for statement in self.file.statements:
            self._statement(statement)
        declarations.unsized(self.scope)
        self._whole()
        objective = self._whole_objective()
        if objective is None:
            return None
        declarations.settle(self.scope)
        dims = tuple(
            Dim(d.name, d.size, d.labels, docs.get(d.name, ""), d.place, d.like, d.less)
            for d in sorted(self.scope.dims.values(), key=lambda d: d.place.start)
        )
        return Model(
            source=self.file.source,
            name=self.title.name.text if self.title is not None else default_name,
            doc=self.title.doc if self.title is not None else "",
            dims=dims,
            row=self.scope.row,
            data=tuple(self.data),
            params=tuple(self.params),
            consts=tuple(self.consts),
            lets=tuple(self.lets),
            objective=objective,
            penalties=tuple(self.penalties),
            predictions=tuple(self.predictions.values()),
            method=self.method,
            priors=tuple(expr for _, expr in self.priors if expr is not None),
            claims=tuple(self.claims),
        )

    def _whole_objective(self) -> Objective | None:
        """The one objective statement with the terms of `observe`; None after an error."""
        terms = [expr for _, expr in self.observed]
        if self.objective is not None:
            terms.insert(0, self.objective[1])
        complete = [expr for expr in terms if expr is not None]
        if not complete or len(complete) < len(terms):
            return None
        node = self.objective[0] if self.objective is not None else self.observed[0][0]
        expr = complete[0]
        if len(complete) > 1:
            expr = Apply("add", tuple(complete), (), node.span)
        kind = "nll" if self.observed else node.keyword
        return Objective(kind, expr, node.span)

    def _declared_later(self) -> None:
        for statement in self.file.statements:
            match statement:
                case syntax.Declarations():
                    for item in statement.items:
                        self.scope.later.setdefault(item.name.text, item.place)
                case syntax.Let(keyword="let"):
                    self.scope.later.setdefault(statement.name.text, statement.place)
                case syntax.Def():
                    self.scope.later.setdefault(statement.name.text, statement.name.span)

    def _statement(self, statement: syntax.Statement) -> None:
        match statement:
            case syntax.ModelName():
                self._title(statement)
            case syntax.Declarations():
                for item in statement.items:
                    self._declaration(item, statement.keyword)
            case syntax.Def():
                self._function(statement)
            case syntax.Let(keyword="let"):
                self._let(statement)
            case syntax.Let():
                self._predict(statement)
            case syntax.Objective():
                self._objective(statement)
            case syntax.Method():
                self._method(statement)
            case syntax.Observe():
                self._distribution(statement)
            case syntax.Claim():
                found = claim(statement, self.scope, self.claims)
                if found is not None:
                    training.before_the_fit(found.expr, self.scope, "a claim")
                    self.claims.append(found)
            case syntax.Later():
                self.complete = False
                message = f"`{statement.keyword}` is not supported yet"
                mend = "bounds stand in a declaration: `param w >= 0`"
                self.scope.error("unsupported", message, statement.span, help=mend)

    def _title(self, statement: syntax.ModelName) -> None:
        if self.title is not None:
            notes = ((self.title.name.span, "first named here"),)
            message = "the model is named twice"
            return self.scope.error("statement", message, statement.name.span, notes=notes)
        self.title = statement
        return None

    # -- names

    def _free(self, name: syntax.Name) -> bool:
        """Whether a name of data, a parameter, a constant or a let is not taken yet."""
        taken: Span | None = None
        message = f"`{name.text}` is declared twice"
        if name.text in self.scope.values:
            taken = self.scope.values[name.text].place
        elif name.text in self.scope.dims:
            taken = self.scope.dims[name.text].place
            message = f"`{name.text}` is the name of a dimension already"
        if taken is None:
            return True
        notes = ((taken, "first declared here"),)
        mend = "choose another name"
        self.scope.error("name", message, name.span, notes=notes, help=mend)
        return False

    def _declaration(self, item: syntax.Declaration, keyword: str) -> None:
        kind = _KINDS[keyword]
        scope, name = self.scope, item.name.text
        free = self._free(item.name)
        scope.later.pop(name, None)
        dims = declarations.declared_axes(item, scope)
        domain = declarations.domain(item, kind, scope)
        match keyword:
            case "data":
                self._data(item, dims, domain)
            case "param":
                self._param(item, dims, domain)
            case "const":
                self._const(item, dims, domain)
        if free:
            value = Value(kind, name, dims, item.place, domain, frozenset([kind]))
            scope.values[name] = value

    def _data(self, item: syntax.Declaration, dims: Dims, domain: Domain) -> None:
        columns = declarations.columns(item, self.scope)
        if domain.category is not None and item.value is not None:
            message = "a default for categories is not supported yet"
            return self.scope.error("unsupported", message, item.value.span)
        default = declarations.default(item, dims, domain, self.scope)
        name = item.name
        self.data.append(Data(name.text, dims, domain, columns, default, item.doc, name.span))
        return None

    def _param(self, item: syntax.Declaration, dims: Dims, domain: Domain) -> None:
        initial = declarations.start(item, dims, domain, self.scope)
        name, fixed = item.name, item.fixed is not None
        if item.fixed is not None and item.value is None:
            message = f"`{name.text}` is fixed, but at which value?"
            mend = f"write `{name.text} fixed = 4`"
            return self.scope.error("domain", message, item.fixed, help=mend)
        if item.fixed is not None and domain.structure is not None:
            message = f"`{name.text}` is fixed, and `{domain.text}` is about what is found"
            return self.scope.error("domain", message, item.fixed, help="delete one of them")
        if fixed:
            known = None if initial is None or isinstance(initial, Draw) else initial
            self.fixed[name.text] = Typer(self.scope).constant(known) if known else None
        self.params.append(Param(name.text, dims, domain, fixed, initial, item.doc, name.span))
        return None

    def _const(self, item: syntax.Declaration, dims: Dims, domain: Domain) -> None:
        value: Expr | tuple[Expr, ...] | None
        if isinstance(item.value, syntax.List):
            value = declarations.listed(item, item.value, dims, domain, self.scope)
        else:
            value = declarations.given(item, dims, domain, "constant", self.scope)
        name = item.name
        self.consts.append(Const(name.text, dims, domain, value, item.doc, name.span))

    def _function(self, statement: syntax.Def) -> None:
        scope, name = self.scope, statement.name.text
        first = scope.functions.get(name)
        scope.later.pop(name, None)
        if first is not None:
            notes = ((first.name.span, "first declared here"),)
            message = f"the function `{name}` is declared twice"
            return scope.error("name", message, statement.name.span, notes=notes)
        if name in _FUNCTIONS:
            message = f"`{name}` is a function of the language"
            scope.error("name", message, statement.name.span, help="choose another name")
            return None
        if not self._body_is_known(statement):
            scope.broken.add(name)
            return None
        scope.functions[name] = statement
        return None

    def _body_is_known(self, statement: syntax.Def) -> bool:
        """Whether parameters differ and every name of the body means something here.

        Shapes are known only where the function is called.
        """
        scope, name = self.scope, statement.name.text
        before = len(scope.errors)
        params: dict[str, Span] = {}
        for param in statement.params:
            if param.text in params:
                notes = ((params[param.text], "first here"),)
                message = f"the parameter `{param.text}` stands twice"
                scope.error("name", message, param.span, notes=notes)
            params[param.text] = param.span
        for part in declarations.names_in(statement.body):
            known = (*scope.values, *scope.dims, *scope.broken, *CONSTANTS, *params)
            if part.text not in known:
                message = f"unknown name `{part.text}`"
                if part.text in scope.later:
                    message = f"`{part.text}` is declared further down"
                mend = did_you_mean(part.text, known)
                scope.error("name", message, part.span, help=mend)
        for call in declarations.calls_in(statement.body):
            other = call.function.text
            if other == name:
                message = f"`{name}` calls itself"
                mend = "a function is written out where it is called, so it cannot contain itself"
                scope.error("function", message, call.function.span, help=mend)
            elif other in scope.later and other not in (*scope.functions, *_FUNCTIONS):
                Typer(scope).unknown_name(call.function)
        return len(scope.errors) == before

    # -- expressions

    def _let(self, statement: syntax.Let) -> None:
        scope, name = self.scope, statement.name.text
        free = self._free(statement.name)
        expr = self._stated(statement)
        scope.later.pop(name, None)
        if expr is None or not free:
            if free:
                scope.broken.add(name)
            return
        kinds = depends(expr, scope.values)
        place = statement.place
        scope.values[name] = Value("let", name, expr.dims, place, Domain(), kinds)
        self.lets.append(Let(name, expr, statement.doc, statement.name.span))

    def _predict(self, statement: syntax.Let) -> None:
        name = statement.name.text
        if name in self.predicted:
            notes = ((self.predicted[name], "first predicted here"),)
            message = f"`{name}` is predicted twice"
            return self.scope.error("name", message, statement.name.span, notes=notes)
        self.predicted[name] = statement.place
        expr = self._stated(statement)
        if expr is not None:
            span = statement.name.span
            self.predictions[name] = Prediction(name, expr, statement.doc, span)
            training.mixed_rows(expr, self.scope, {let.name: let.expr for let in self.lets})
        return None

    def _stated(self, statement: syntax.Let) -> Expr | None:
        """The value of a `let` or `predict`, with exactly the axes of its brackets."""
        if statement.axes is None:
            return Typer(self.scope).type(statement.value)
        dims = self._brackets(statement.axes)
        if dims is None:
            return None
        expr = Typer(self.scope, dims).type(statement.value)
        if expr is None:
            return None
        full = broadcast(expr, dims, statement.value.span)
        if full is None:
            return self._wrong_axes(statement, expr, dims)
        return full

    def _brackets(self, axes: Sequence[syntax.Name]) -> Dims | None:
        for axis in axes:
            if axis.text in self.scope.broken:
                return None
            if axis.text not in self.scope.dims:
                return Typer(self.scope).unknown_name(axis, "dimension")
        return tuple(axis.text for axis in axes)

    def _wrong_axes(self, statement: syntax.Let, expr: Expr, dims: Dims) -> None:
        name = statement.name.text
        message = (
            f"`{name}` is declared {align.shown(dims)}, its value is {align.shown(expr.dims)}"
        )
        extra = [axis for axis in expr.dims if axis not in dims]
        mend = f"add {align.shown(tuple(extra))} to the brackets, or sum over it" if extra else ""
        notes = ((statement.place, f"{name} is {align.shown(dims)}"),)
        self.scope.suspects.update(dims, expr.dims)
        span = statement.value.span
        self.scope.error("shape", message, span, notes=notes, help=mend)

    def _objective(self, statement: syntax.Objective) -> None:
        keyword = statement.keyword
        expr = Typer(self.scope).type(statement.value)
        if expr is not None:
            training.before_the_fit(expr, self.scope, f"`{keyword}`")
        if keyword == "penalty":
            if expr is not None and self._is_scalar(statement, expr):
                self.penalties.append(expr)
            return None
        if self.objective is not None:
            first = self.objective[0]
            notes = ((first.keyword_span, f"the first is this `{first.keyword}`"),)
            message = "a file has one objective, and this is a second"
            mend = "add terms to the first one, or write them as `penalty`"
            if keyword == first.keyword == "residual":  # a sum of residuals is another thing
                mend = "write `loss` with both sums of squares: `loss sum(...^2) + sum(...^2)`"
            span = statement.keyword_span
            return self.scope.error("statement", message, span, notes=notes, help=mend)
        self.objective = (statement, expr)
        if self.observed and keyword != "nll":
            self._not_both(statement.keyword_span, keyword, self.observed[0][0])
        if expr is None or (keyword != "residual" and not self._is_scalar(statement, expr)):
            return None
        if keyword in ("nll", "loglik"):
            self._sum_of_rows(statement, expr)
        return None

    def _distribution(self, statement: syntax.Observe) -> None:
        lets = {let.name: let.expr for let in self.lets}
        term = minus_log_density(statement, self.scope, Known(lets, self.fixed))
        if term is not None:
            training.before_the_fit(term, self.scope, f"`{statement.keyword}`")
        if statement.keyword == "prior":
            self.priors.append((statement, term))
            return
        self.observed.append((statement, term))
        if self.objective is not None and self.objective[0].keyword != "nll":
            self._not_both(statement.keyword_span, "observe", self.objective[0])

    def _not_both(
        self, span: Span, keyword: str, first: syntax.Objective | syntax.Observe
    ) -> None:
        message = f"`{keyword}` and `{first.keyword}` do not add up: `observe` builds the nll"
        notes = ((first.keyword_span, f"the first is this `{first.keyword}`"),)
        mend = "write the other terms as `nll`, or as `penalty`"
        self.scope.error("statement", message, span, notes=notes, help=mend)

    def _likelihood_for_priors(self) -> None:
        """A prior weighs against a likelihood, not against any loss."""
        if not self.priors or self.objective is None or self.observed:
            return
        node = self.objective[0]
        if node.keyword in ("nll", "loglik"):
            return
        message = f"a `prior` adds to a likelihood, and the objective is a `{node.keyword}`"
        notes = ((node.keyword_span, "the objective"),)
        mend = "write `nll`, `loglik` or `observe`; or `penalty` instead of the prior"
        span = self.priors[0][0].keyword_span
        self.scope.error("statement", message, span, notes=notes, help=mend)

    def _is_scalar(self, statement: syntax.Objective, expr: Expr) -> bool:
        if not expr.dims:
            return True
        scope = self.scope
        shown = scope.text(statement.value.span)
        dims = align.shown(expr.dims)
        message = f"`{statement.keyword}` takes a scalar, and `{shown}` is {dims}"
        reduction = "sum" if statement.keyword in ("nll", "loglik", "penalty") else "mean"
        mend = f"write `{reduction}({shown})`, or name the axes: `sum[{expr.dims[0]}](...)`"
        scope.error("shape", message, statement.value.span, help=mend)
        return False

    def _sum_of_rows(self, statement: syntax.Objective, expr: Expr) -> None:
        row = self.scope.row
        lets = {let.name: let.expr for let in self.lets}
        place = mean_over_rows(expr, row, lets) if row is not None else None
        if place is None:
            return
        kind = "negative log-likelihood" if statement.keyword == "nll" else "log-likelihood"
        message = f"a {kind} is a sum over the rows, and this is a mean"
        other = "loss" if statement.keyword == "nll" else "maximize"
        mend = f"write `sum(...)`, or `{other}` if a mean is meant"
        self.scope.error("objective", message, place, help=mend)

    def _method(self, statement: syntax.Method) -> None:
        if self.method_span is not None:
            notes = ((self.method_span, "the first is here"),)
            message = "a file has one method"
            return self.scope.error("statement", message, statement.span, notes=notes)
        self.method_span = statement.name.span
        self.method = method(statement, self.scope, self.methods)
        return None

    # -- the file as a whole

    def _whole(self) -> None:
        objectives = (*_OBJECTIVES, "observe")
        broken = [s for s in self.file.statements if isinstance(s, syntax.Broken)]
        if not self.complete and not broken:
            return
        keywords = [s.keyword for s in broken]
        text = self.file.source.text
        if not self.file.statements:
            if self.complete:
                mend = "the least is a parameter and an objective: `param x` and `loss (x - 1)^2`"
                self.scope.error("statement", "the file is empty", Span(0, 0), help=mend)
            return
        last = self.file.statements[-1].span
        word = Span(last.start, last.start + len(text[last.start : last.stop].split()[0]))
        self._likelihood_for_priors()
        none = self.objective is None and not self.observed
        if none and self.complete and not set(keywords) & set(objectives):
            message = "the file has no objective"
            label = "the last statement"
            mend = "add `loss EXPR`, `maximize EXPR`, `nll EXPR`, `loglik EXPR` or `residual EXPR`"
            if self.priors:
                mend = "a prior is none: add `observe y ~ ...`, `nll EXPR` or `loglik EXPR`"
            self.scope.error("statement", message, word, label, help=mend)
        if not self.params and self.complete and "param" not in keywords and not self._tried():
            message = "the file has no parameter: there is nothing to fit"
            span = self.objective[0].keyword_span if self.objective is not None else word
            mend = "declare what is to be found: `param w`"
            self.scope.error("statement", message, span, help=mend)

    def _tried(self) -> bool:
        return any(
            isinstance(s, syntax.Declarations) and s.keyword == "param"
            for s in self.file.statements
        )
