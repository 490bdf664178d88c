"""`observe y ~ normal(mean, sd)` and `prior w ~ ...`: a distribution written out as -log p.

In: the statement and what the names of the file mean. Out: a scalar `model.Expr`, minus the
logarithm of the density, summed over all axes of what is observed.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gdsym.errors import Span, did_you_mean
from gdsym.language import align, constants, habits, syntax
from gdsym.language.declarations import outside
from gdsym.language.distributions import CATEGORY, DISTRIBUTIONS, Argument, Distribution
from gdsym.language.expressions import Typer
from gdsym.language.indexing import take
from gdsym.language.model import (
    Apply,
    Broadcast,
    Constant,
    Domain,
    Expr,
    MatMul,
    Number,
    OneHot,
    Reduce,
    Ref,
    Relabel,
    Shift,
    Size,
    Standardize,
    Take,
    Train,
    Transpose,
)
from gdsym.language.parse import parse_expression
from gdsym.language.scope import Scope, Value
from gdsym.language.typed import children, depends

_LOGIC = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")


@dataclass(frozen=True, slots=True)
class Known:
    """What the text tells beside the scope: lets, and the values of fixed parameters."""

    lets: Mapping[str, Expr]
    fixed: Mapping[str, float | None]


def minus_log_density(statement: syntax.Observe, scope: Scope, known: Known) -> Expr | None:
    """-log p of an `observe` or `prior` statement, a scalar; None after an error."""
    name = statement.distribution
    distribution = DISTRIBUTIONS.get(name.text)
    if distribution is None:
        return _unknown(name, scope)
    if statement.keyword == "prior" and distribution.discrete:
        message = f"`{name.text}` is a distribution of {_nature(distribution)}, and a parameter "
        message += "is a real number"
        return scope.error("distribution", message, name.span)
    value = _observed(statement, distribution, scope, known)
    nodes = _matched(statement, distribution, scope)
    if value is None or nodes is None:
        return None
    typer = Typer(scope)
    bound: dict[str, Expr] = {"y": value, "pi": Constant("pi", statement.place)}
    for param, node in zip(distribution.params, nodes, strict=True):
        argument = typer.type(node)
        if argument is not None and _fits(param, argument, value, statement, typer, known):
            bound[param.name] = argument
    if len(bound) < len(distribution.params) + 2:
        return None
    dim = scope.values[value.name].domain.category if isinstance(value, Ref) else None
    if dim is not None and not _categories(bound, dim, distribution, statement, typer):
        return None
    typer.hidden = True
    for step, text in (*distribution.steps, ("", distribution.log_density)):
        typer.local = bound
        part = typer.type(_formula(text, dim or "", statement.place))
        if part is None:
            return None
        bound[step] = part
    density = bound[""]
    minus = Apply("neg", (density,), density.dims, statement.place)
    if not minus.dims:
        return minus
    return Reduce("sum", minus.dims, minus, (), statement.place)


def _unknown(name: syntax.Name, scope: Scope) -> None:
    message = f"unknown distribution `{name.text}`"
    mend = habits.DISTRIBUTIONS.get(name.text.lower(), "")
    mend = mend or did_you_mean(name.text, DISTRIBUTIONS)
    mend = mend or "the distributions are " + ", ".join(f"`{known}`" for known in DISTRIBUTIONS)
    return scope.error("distribution", message, name.span, help=mend)


def _nature(distribution: Distribution) -> str:
    if distribution.support.category is not None:
        return "categories"
    return "counts" if distribution.support.integer else "0 and 1"


# -- the arguments -----------------------------------------------------------------------------


def _matched(
    statement: syntax.Observe, distribution: Distribution, scope: Scope
) -> list[syntax.Expression] | None:
    """The arguments in the documented order, given in order or by name."""
    names = [param.name for param in distribution.params]
    mend = f"write `{distribution.usage}`"
    found: dict[str, syntax.Expression] = {}
    places: dict[str, Span] = {}
    for i, argument in enumerate(statement.arguments):
        if isinstance(argument, syntax.Keyword):
            name, place, node = argument.name.text, argument.name.span, argument.value
            if name not in names:
                near = habits.ARGUMENTS.get(name.lower(), ())
                other = next((f"did you mean `{n}`?" for n in near if n in names), "")
                twin = DISTRIBUTIONS.get(f"{distribution.name}_{name}")
                other = other or (f"did you mean `{twin.usage}`?" if twin is not None else "")
                message = f"`{distribution.name}` has no argument `{name}`"
                help = other or did_you_mean(name, names) or mend
                return scope.error("distribution", message, place, help=help)
        elif any(isinstance(a, syntax.Keyword) for a in statement.arguments[:i]):
            message = "an argument without a name follows one with a name"
            return scope.error("distribution", message, argument.span, help=mend)
        elif i >= len(names):
            message = f"`{distribution.name}` takes {_count(len(names))}, found "
            message += f"{len(statement.arguments)}"
            return scope.error("distribution", message, statement.distribution.span, help=mend)
        else:
            name, place, node = names[i], argument.span, argument
        if name in found:
            notes = ((places[name], "first given here"),)
            message = f"`{name}` is given twice"
            return scope.error("distribution", message, place, notes=notes, help=mend)
        found[name], places[name] = node, place
    missing = [f"`{name}`" for name in names if name not in found]
    if missing:
        message = f"`{distribution.name}` needs {' and '.join(missing)}"
        return scope.error("distribution", message, statement.distribution.span, help=mend)
    return [found[name] for name in names]


def _count(count: int) -> str:
    return "one argument" if count == 1 else f"{count} arguments"


def _fits(
    param: Argument,
    argument: Expr,
    value: Expr,
    statement: syntax.Observe,
    typer: Typer,
    known: Known,
) -> bool:
    """Whether an argument has its range, as far as the text tells, and no axis of its own."""
    scope = typer.scope
    shown = scope.text(argument.span)
    who = statement.distribution.text
    number = typer.constant(argument)
    domain: Domain | None = None
    notes: tuple[tuple[Span, str], ...] = ()
    if isinstance(argument, Ref):
        declared = scope.values[argument.name]
        notes = ((declared.place, "declared here"),)
        if argument.name in known.fixed:
            number = known.fixed[argument.name]
        elif declared.kind == "parameter" or declared.domain != Domain():
            domain = declared.domain if declared.kind != "let" else None
    if number is not None and outside(number, param.range):
        message = f"`{param.name}` of `{who}` is `{param.range.text}`, and this is "
        message += constants.shown(number)
        scope.error("distribution", message, argument.span, notes=notes)
        return False
    if domain is not None and not within(domain, param.range):
        message = f"`{param.name}` of `{who}` is `{param.range.text}`, and `{shown}` need not be"
        mend = f"declare `{shown} {param.range.text}`"
        scope.error("distribution", message, argument.span, notes=notes, help=mend)
        return False
    if param.kind != "value":
        return True
    joint = align.align([value.dims, argument.dims], ())
    if joint == value.dims:
        return True
    message = f"`{shown}` is {align.shown(argument.dims)}, and `{scope.text(value.span)}` is "
    message += align.shown(value.dims)
    mend = f"the arguments have the axes of {_subject(statement)}, or fewer"
    if argument.dims == value.dims[::-1] and len(value.dims) > 1:
        mend = f"transpose it: `{shown if shown.isidentifier() else f'({shown})'}.T`"
    scope.suspects.update(argument.dims, value.dims)
    notes = (*_places(argument, scope), *_places(value, scope))
    scope.error("shape", message, argument.span, notes=notes, help=mend)
    return False


def _subject(statement: syntax.Observe) -> str:
    return "what is observed" if statement.keyword == "observe" else "what has the prior"


def _places(expr: Expr, scope: Scope) -> tuple[tuple[Span, str], ...]:
    value = scope.values.get(expr.name) if isinstance(expr, Ref) else None
    return ((value.place, f"{value.name} is {align.shown(value.dims)}"),) if value else ()


def _declared(expr: Expr, scope: Scope) -> tuple[tuple[Span, str], ...]:
    value = scope.values.get(expr.name) if isinstance(expr, Ref) else None
    return ((value.place, "declared here"),) if value else ()


def within(domain: Domain, other: Domain) -> bool:
    """Whether every value that a domain allows lies in the other."""
    if other.category is not None or domain.category is not None:
        return domain.category is not None and other.category is not None
    if domain.values is not None:
        return not any(outside(value, other) for value in domain.values)
    if other.values is not None:
        return domain.integer and domain.lower >= 0 and domain.upper <= 1
    low, high = other.lower, other.upper
    below = domain.lower < low or (
        domain.lower == low and other.lower_open and not domain.lower_open
    )
    above = domain.upper > high or (
        domain.upper == high and other.upper_open and not domain.upper_open
    )
    below = below and low > float("-inf")
    above = above and high < float("inf")
    return not below and not above and (domain.integer or not other.integer)


# -- categories --------------------------------------------------------------------------------


def _categories(
    bound: dict[str, Expr],
    dim: str,
    distribution: Distribution,
    statement: syntax.Observe,
    typer: Typer,
) -> bool:
    """Adds what the entries of categories name: `first`, `last`, `lower` and `upper`."""
    y, place = bound["y"], statement.place
    assert isinstance(y, Ref)
    for param in distribution.params:
        argument = bound[param.name]
        if param.kind == "scores":
            if not _table(argument, dim, param, y, statement, typer.scope):
                return False
        elif param.kind == "cuts":
            gaps = _gaps(argument, dim, y, statement, typer.scope)
            if gaps is None or not _table(argument, gaps, param, y, statement, typer.scope):
                return False
            for name, by in (("upper", 0), ("lower", -1)):
                shift = Shift(y, by, gaps, y.dims, place)
                indices = [shift if axis == gaps else None for axis in argument.dims]
                entry = take(typer, argument, indices, place)
                if entry is None:
                    return False
                bound[name] = entry
            end = Apply("add", (Size(dim, place), Number(Fraction(-1), place)), (), place)
            bound["first"] = Apply("eq", (y, Number(Fraction(0), place)), y.dims, place)
            bound["last"] = Apply("eq", (y, end), y.dims, place)
    return True


def _table(
    argument: Expr, axis: str, param: Argument, y: Ref, statement: syntax.Observe, scope: Scope
) -> bool:
    """Whether an argument has the axis once, and beside it only axes of the observed value."""
    others = [other for other in argument.dims if other != axis]
    if argument.dims.count(axis) == 1 and set(others) <= set(y.dims):
        return True
    shown, dims = scope.text(argument.span), align.shown(argument.dims)
    message = f"`{shown}` is {dims}: `{param.name}` of `{statement.distribution.text}` has one "
    message += f"entry per category, on the axis `{axis}`"
    mend = ""
    if argument.dims.count(axis) == 1:
        extra = next(other for other in others if other not in y.dims)
        message = f"`{shown}` is {dims}, and `{y.name}`, which is observed, has no axis `{extra}`"
    elif isinstance(argument, Ref):
        kept = dict.fromkeys((*(other for other in others if other in y.dims), axis))
        mend = f"declare it as `{argument.name}[{', '.join(kept)}]`"
    scope.suspects.update(argument.dims)
    notes = (*_places(argument, scope), (scope.values[y.name].place, "observed here"))
    scope.error("shape", message, argument.span, notes=notes, help=mend)
    return False


def _gaps(argument: Expr, dim: str, y: Ref, statement: syntax.Observe, scope: Scope) -> str | None:
    """The dimension of the gaps between neighbouring categories: `dim j = k - 1`."""
    found = [a for a in argument.dims if a in scope.dims and scope.dims[a].less == (dim, 1)]
    shown = scope.text(argument.span)
    if len(found) != 1:
        gaps = [other.name for other in scope.dims.values() if other.less == (dim, 1)]
        last = gaps[0] if gaps else "j"
        message = f"`{shown}` is {align.shown(argument.dims)}: `{dim}` has one cut point less "
        message += "than categories"
        mend = f"declare `param c[{last}] in ordered[{last}]`"
        mend += "" if gaps else f", with `dim {last} = {dim} - 1` before it"
        scope.suspects.update(argument.dims)
        notes = (*_places(argument, scope), (scope.values[y.name].place, "observed here"))
        return scope.error("shape", message, argument.span, notes=notes, help=mend)
    value = scope.values.get(argument.name) if isinstance(argument, Ref) else None
    if value is not None and value.kind == "parameter":
        domain = value.domain
        if (domain.structure, domain.axis) != ("ordered", found[0]):
            message = f"the cut points `{shown}` need not be in order"
            mend = f"declare `param {scope.text(value.place)} in ordered[{found[0]}]`"
            notes = ((value.place, "declared here"),)
            return scope.error("distribution", message, argument.span, notes=notes, help=mend)
    return found[0]


# -- what is observed --------------------------------------------------------------------------


def _observed(
    statement: syntax.Observe, distribution: Distribution, scope: Scope, known: Known
) -> Expr | None:
    """The typed value before the `~`, if it is what the distribution is about."""
    categories = distribution.support.category is not None
    typer = Typer(scope)
    node = syntax.bare(statement.value)
    if isinstance(node, syntax.Name) and categories:
        declared = scope.values.get(node.text)
        if declared is not None and declared.domain.category is None:
            return _needs_categories(statement, declared, scope)
    # Category data that a distribution of numbers observes get a message of their own.
    if isinstance(node, syntax.Name) and not categories and statement.keyword == "observe":
        declared = scope.values.get(node.text)
        if declared is not None and declared.domain.category is not None:
            return _not_for_categories(statement, declared, scope)
    value = typer.type(node, category=categories)
    if value is None:
        return None
    kinds = depends(value, scope.values)
    if statement.keyword == "prior":
        return _prior_value(statement, value, kinds, distribution, scope, known)
    shown = scope.text(value.span)
    if "parameter" in kinds:
        message = f"`{shown}` depends on a parameter, and what is observed is data"
        ref = isinstance(value, Ref) and scope.values[value.name].kind == "parameter"
        if ref:
            message = f"`{shown}` is a parameter, and what is observed is data"
        mend = f"write `prior {shown} ~ ...`" if ref else "parameters stand in the arguments"
        notes = _declared(value, scope)
        return scope.error("distribution", message, value.span, notes=notes, help=mend)
    if "data" not in kinds:
        message = f"`{shown}` is no data: nothing is observed"
        return scope.error("distribution", message, value.span)
    if isinstance(value, OneHot):
        return _not_for_categories(statement, scope.values[value.index.name], scope)
    if categories and not isinstance(value, Ref):
        message = f"`{distribution.name}` observes categories, and `{shown}` computes a number"
        return scope.error("distribution", message, value.span)
    if not distribution.discrete:
        place = _not_linear(value, scope.values, known.lets, "data")
        if place is not None:
            return _needs_jacobian(statement, distribution, place, value, scope)
    if not _supported(value, distribution, scope):
        return None
    return value


def _needs_categories(statement: syntax.Observe, value: Value, scope: Scope) -> None:
    who = statement.distribution.text
    message = f"`{who}` observes categories, and `{value.name}` is of numbers"
    mend = f"declare `data {scope.text(value.place)} in k`" if value.kind == "data" else ""
    if who == "categorical_logit" and set(value.domain.values or ()) == {0.0, 1.0}:
        mend = "for 0 and 1 there is `bernoulli_logit(logit)`"
    notes = ((value.place, "declared here"),)
    return scope.error("distribution", message, statement.value.span, notes=notes, help=mend)


def _not_for_categories(statement: syntax.Observe, value: Value, scope: Scope) -> None:
    dim = value.domain.category
    message = f"`{value.name}` holds categories of `{dim}`, which are no numbers"
    mend = f"write `observe {value.name} ~ categorical_logit(...)`, `ordered_logit` or "
    mend += "`ordered_probit`"
    notes = ((value.place, "declared here"),)
    return scope.error("category", message, statement.value.span, notes=notes, help=mend)


def _needs_jacobian(
    statement: syntax.Observe,
    distribution: Distribution,
    place: Span,
    value: Expr,
    scope: Scope,
) -> None:
    shown = scope.text(value.span)
    message = f"a density of `{shown}` is not one of the data: it lacks the Jacobian"
    mend = "observe the data themselves, or write the whole log-likelihood with `nll`"
    if distribution.name == "normal" and isinstance(value, Apply) and value.function == "log":
        inner = scope.text(value.args[0].span)
        mend = f"write `observe {inner} ~ lognormal(meanlog, sdlog)`, which has it"
    notes = () if place == value.span or _inside(place, value.span) else ((place, "not linear"),)
    return scope.error("distribution", message, value.span, notes=notes, help=mend)


def _inside(place: Span, other: Span) -> bool:
    return other.start <= place.start and place.stop <= other.stop


def _supported(value: Expr, distribution: Distribution, scope: Scope) -> bool:
    """Whether the declared values of the data are values of the distribution."""
    support = distribution.support
    if support == CATEGORY or (isinstance(value, Apply) and value.function in _LOGIC):
        return True
    declared = scope.values.get(value.name) if isinstance(value, Ref) else None
    if declared is None or declared.kind == "let" or within(declared.domain, support):
        return True
    name = declared.name
    message = f"`{distribution.name}` is a distribution of values `{support.text}`, and `{name}` "
    now = f" instead of `{declared.domain.text}`" if declared.domain.text else ""
    message += "may have others" if now else "is not declared so"
    mend = f"declare `{declared.kind[:5]} {scope.text(declared.place)} {support.text}`{now}"
    notes = ((declared.place, "declared here"),)
    scope.error("distribution", message, value.span, notes=notes, help=mend)
    return False


def _prior_value(
    statement: syntax.Observe,
    value: Expr,
    kinds: frozenset[str],
    distribution: Distribution,
    scope: Scope,
    known: Known,
) -> Expr | None:
    shown = scope.text(value.span)
    if "parameter" not in kinds:
        message = f"`{shown}` depends on no parameter, and a prior is about parameters"
        mend = f"data are observed: `observe {shown} ~ ...`" if "data" in kinds else ""
        notes = _declared(value, scope)
        return scope.error("distribution", message, value.span, notes=notes, help=mend)
    place = _not_linear(value, scope.values, known.lets, "parameter")
    if place is not None:
        message = f"a density of `{shown}` is not one of the parameters: it lacks the Jacobian"
        mend = "give the parameters themselves a prior, or write its terms with `penalty`"
        inside = _inside(place, value.span)
        notes = () if inside else ((place, "not linear"),)
        return scope.error("distribution", message, value.span, notes=notes, help=mend)
    if isinstance(value, Ref) and value.name in known.fixed:
        message = f"`{shown}` is fixed, and a prior would only add a number"
        return scope.error("distribution", message, value.span, notes=_declared(value, scope))
    if not _supported(value, distribution, scope):
        return None
    return value


def _not_linear(
    expr: Expr, values: Mapping[str, Value], lets: Mapping[str, Expr], kind: str
) -> Span | None:
    """The first place where what is computed from values of a kind is not linear in them.

    Ratios of data count as linear: a rate is observed as such.
    """
    pending: list[Expr] = [expr]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen or kind not in depends(node, values):
            continue
        seen.add(id(node))
        match node:
            case Ref():
                if node.name in lets:
                    pending.append(lets[node.name])
            case Apply(function="add" | "neg"):
                pending += node.args
            case Apply(function="mul"):
                factors = [f for f in node.args if kind in depends(f, values)]
                inverse = [f for f in factors if isinstance(f, Apply) and f.function == "inv"]
                if len(factors) - len(inverse) < 1 or (kind != "data" and len(factors) > 1):
                    return node.span
                pending += [f.args[0] if f in inverse else f for f in factors]
            case MatMul():
                both = all(kind in depends(part, values) for part in (node.left, node.right))
                if both and kind != "data":
                    return node.span
                pending += (node.left, node.right)
            case Reduce(function="sum" | "mean"):
                pending.append(node.arg)
            case Broadcast() | Transpose() | Relabel() | Standardize() | Take():
                pending.append(node.arg)
            case Train():
                pass
            case _ if children(node):
                return node.span
    return None


# -- formulas ----------------------------------------------------------------------------------


@functools.cache
def _parsed(text: str) -> syntax.Expression:
    return parse_expression(text)


def _formula(text: str, dim: str, place: Span) -> syntax.Expression:
    """The syntax of a formula of the table, every part of it at one place of the file."""
    moved: syntax.Expression = _moved(_parsed(text.replace("[k]", f"[{dim}]")), place)
    return moved


def _moved(node: Any, place: Span) -> Any:
    if isinstance(node, Span):
        return place
    if isinstance(node, tuple):
        return tuple(_moved(part, place) for part in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = {f.name: _moved(getattr(node, f.name), place) for f in dataclasses.fields(node)}
        return dataclasses.replace(node, **fields)
    return node
