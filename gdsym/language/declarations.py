"""Declared dimensions, domains, columns and starting values: what `data y[n] in {0, 1}` means.

In: items of `dim`, `data`, `param` and `const` statements. Out: the values of `model.py`; what is
wrong goes to `scope.errors`, and the declaration is completed as well as it can be.
"""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

from gdsym.errors import Span, did_you_mean
from gdsym.language import align, constants, habits, syntax
from gdsym.language.calls import DRAWS
from gdsym.language.comparisons import label as label_of
from gdsym.language.expressions import Typer
from gdsym.language.model import Columns, Dims, Domain, Draw, Expr, Number
from gdsym.language.scope import Dimension, Scope
from gdsym.language.typed import broadcast

MAX_DIMENSION = 2**31
SETS = ("counts", "integers")
STRUCTURES = ("simplex", "ordered", "base", "sumzero")
_LATER_SETS = ("posdef", "symmetric", "lower")
_NAMED_SETS = (*SETS, *STRUCTURES, *_LATER_SETS)
_FIXED_VALUES = "uses numbers, sizes and constants only"


# -- dimensions --------------------------------------------------------------------------------


def dimensions(file: syntax.File, scope: Scope) -> dict[str, str]:
    """Fills `scope.dims` and `scope.row` from the whole file; returns the docs of dimensions.

    A dimension that only parameters have is there too, for `unsized` to report.
    """
    docs: dict[str, str] = {}
    for statement in file.statements:
        match statement:
            case syntax.Dims():
                for item in statement.items:
                    docs[item.name.text] = item.doc
                    _declare(item, scope)
            case syntax.Declarations():
                for declaration in statement.items:
                    _appear(declaration, statement.keyword, scope)
            case syntax.Broken(names=names):
                scope.broken.update(names)
    for statement in file.statements:
        if isinstance(statement, syntax.Dims):
            for item in statement.items:
                if item.like is not None or _less(item) is not None:
                    _derived(item, scope)
    settle(scope)
    _too_small(file, scope)
    return docs


def settle(scope: Scope) -> None:
    """Gives dimensions that are like another, or smaller by a number, what is known of that one.

    `like` names a dimension that is like none itself; cycles are reported by `dimensions`.
    """
    for _ in range(len(scope.dims)):
        before = dict(scope.dims)
        for dim in before.values():
            if dim.like is not None:
                other = scope.dims[dim.like]
                scope.dims[dim.name] = dataclasses.replace(
                    dim,
                    size=other.size,
                    labels=other.labels,
                    sized=other.sized,
                    like=other.like or other.name,
                )
            elif dim.less is not None:
                other = scope.dims[dim.less[0]]
                size = other.size - dim.less[1] if other.size is not None else None
                scope.dims[dim.name] = dataclasses.replace(dim, size=size, sized=other.sized)
        if scope.dims == before:
            return


def _derived(item: syntax.DimItem, scope: Scope) -> None:
    """The dimension that `dim m like n` or `dim j = k - 1` is derived from."""
    name = item.name.text
    dim = scope.dims[name]
    if dim.place != item.name.span:
        return None  # declared twice
    less = _less(item)
    if less is not None:
        other, by = less
    elif item.like is not None:
        other, by = item.like, 0
    else:
        return None
    if other.text in scope.broken:
        scope.broken.add(name)
        return None
    if other.text not in scope.dims:
        message = f"unknown dimension `{other.text}`"
        mend = did_you_mean(other.text, [dim for dim in scope.dims if dim != name])
        scope.broken.add(name)
        return scope.error("name", message, other.span, help=mend)
    if _reaches(other.text, name, scope):
        message = f"the dimension `{name}` is derived from itself"
        scope.broken.add(name)
        return scope.error("name", message, other.span)
    changed = {"less": (other.text, by)} if less is not None else {"like": other.text}
    scope.dims[name] = dataclasses.replace(dim, **changed)
    return None


def _reaches(start: str, name: str, scope: Scope) -> bool:
    """Whether a dimension is derived from the one of this name."""
    current: str | None = start
    while current is not None and current != name:
        dim = scope.dims[current]
        current = dim.like or (dim.less[0] if dim.less is not None else None)
    return current == name


def _less(item: syntax.DimItem) -> tuple[syntax.Name, int] | None:
    """The `k` and the 1 of `dim j = k - 1`."""
    match item.size:
        case syntax.Chain(
            operators=("-",), operands=(syntax.Name() as other, syntax.Number(value=by))
        ):
            return (other, int(by)) if by.denominator == 1 and by > 0 else None
    return None


def _too_small(file: syntax.File, scope: Scope) -> None:
    for statement in file.statements:
        for item in statement.items if isinstance(statement, syntax.Dims) else ():
            dim = scope.dims[item.name.text]
            if dim.less is None or dim.size is None or dim.size >= 1 or item.size is None:
                continue
            other = scope.dims[dim.less[0]]
            message = f"a size is at least 1, and `{other.name}` has {other.size}"
            notes = ((other.place, "declared here"),)
            scope.broken.add(dim.name)
            scope.error("domain", message, item.size.span, notes=notes)


def _appear(declaration: syntax.Declaration, keyword: str, scope: Scope) -> None:
    sized = keyword != "param"
    for axis in declaration.axes:
        _first(axis, sized, scope)
        scope.axes.add(axis.text)
    for domain in declaration.domains:
        for part in domain.parts:
            if isinstance(part, syntax.Named) and keyword == "data" and not _is_set(part):
                _first(part.name, True, scope)
    names = [axis.text for axis in declaration.axes]
    if keyword == "data" and scope.row is None and names and names.count(names[0]) == 1:
        scope.row = names[0]


def _is_set(part: syntax.Named) -> bool:
    return part.name.text in _NAMED_SETS or part.dim is not None


def _first(name: syntax.Name, sized: bool, scope: Scope) -> None:
    known = scope.dims.get(name.text)
    if known is None:
        scope.dims[name.text] = Dimension(name.text, name.span, sized=sized)
    elif sized and not known.sized:
        scope.dims[name.text] = dataclasses.replace(known, sized=True)


def _declare(item: syntax.DimItem, scope: Scope) -> None:
    name = item.name.text
    known = scope.dims.get(name)
    if known is not None and known.declared:
        notes = ((known.place, "first declared here"),)
        message = f"the dimension `{name}` is declared twice"
        return scope.error("name", message, item.name.span, notes=notes)
    if known is not None:
        notes = ((known.place, "used here"),)
        message = f"the dimension `{name}` is declared after its first use"
        scope.error("name", message, item.name.span, notes=notes, help="move the declaration up")
    size, labels = None, None
    if item.size is not None:
        size = _size(item, item.size, scope)
    if item.levels is not None:
        labels = _labels(item.levels, scope)
        size = len(labels) if labels is not None else None
    if item.rows:
        scope.row = name
    scope.dims[name] = Dimension(name, item.name.span, size, labels, sized=True, declared=True)
    return None


def _size(item: syntax.DimItem, node: syntax.Expression, scope: Scope) -> int | None:
    if _less(item) is not None:
        return None
    if any(isinstance(part, syntax.Name) for part in _walk(node)):
        message = "a size is a number, or another size less a number"
        scope.broken.add(item.name.text)
        mend = f"write `dim {item.name.text} = 3` or `dim {item.name.text} = k - 1`"
        if isinstance(node, syntax.Name):
            mend = f"write `dim {item.name.text} like {node.text}`"
        return scope.error("domain", message, node.span, help=mend)
    typer = Typer(scope)
    expr = typer.type(node)
    value = typer.constant(expr) if expr is not None else None
    if expr is None:
        return None
    if value is None or not value.is_integer() or not 1 <= value < MAX_DIMENSION:
        message = f"the size of `{item.name.text}` is a whole number from 1 to 2^31 - 1"
        label = f"this is {constants.shown(value)}" if value is not None else ""
        return scope.error("domain", message, node.span, label)
    return int(value)


def _labels(levels: syntax.Levels, scope: Scope) -> tuple[str, ...] | None:
    labels: list[str] = []
    for item in levels.items:
        if isinstance(item.value, syntax.String) and item.label is None:
            label = item.value.value
        elif isinstance(item.value, syntax.Number) and item.value.value.denominator == 1:
            label = str(item.value.value)
        else:
            mend = 'write the levels in their order: `dim k in {"car", "bus"}`'
            return scope.error("domain", "a level is a string", item.span, help=mend)
        if label in labels:
            return scope.error("domain", f'the level "{label}" stands twice', item.span)
        labels.append(label)
    if not labels:
        return scope.error("domain", "a dimension has at least one level", levels.span)
    return tuple(labels)


def unsized(scope: Scope) -> None:
    """Reports dimensions of parameters that neither the text nor any data gives a size."""
    known = [dim.name for dim in scope.dims.values() if dim.sized]
    for dim in scope.dims.values():
        if dim.sized or dim.name in scope.suspects or dim.name in scope.broken:
            continue
        if dim.like is not None or dim.less is not None:
            continue  # the other dimension is reported
        message = f"the dimension `{dim.name}` has no size: no data have it"
        mend = did_you_mean(dim.name, known)
        mend = f"{mend} or declare" if mend else "declare"
        scope.error("name", message, dim.place, help=f"{mend} it: `dim {dim.name} = 3`")


def _walk(node: syntax.Expression) -> list[syntax.Expression]:
    found: list[syntax.Expression] = []
    pending: list[syntax.Expression] = [node]
    while pending:
        part = pending.pop()
        found.append(part)
        pending += parts(part)
    return found


def parts(node: syntax.Expression) -> tuple[syntax.Expression, ...]:
    """The expressions directly inside a syntax expression, names of functions left out."""
    match node:
        case syntax.Group():
            return (node.inner,)
        case syntax.List():
            return node.items
        case syntax.Unary() | syntax.Transpose():
            return (node.operand,)
        case syntax.Chain():
            return node.operands
        case syntax.Power():
            return (node.base, node.exponent)
        case syntax.Index():
            return (node.operand, *node.items)
        case syntax.Call():
            return (*(node.axes or ()), *node.arguments)
        case syntax.Keyword():
            return (node.value,)
        case _:
            return ()


def names_in(node: syntax.Expression) -> list[syntax.Name]:
    """Every name in an expression, in order of place."""
    found = [part for part in _walk(node) if isinstance(part, syntax.Name)]
    return sorted(found, key=lambda name: name.span.start)


def calls_in(node: syntax.Expression) -> list[syntax.Call]:
    """Every call in an expression, in order of place."""
    found = [part for part in _walk(node) if isinstance(part, syntax.Call)]
    return sorted(found, key=lambda call: call.span.start)


def declared_axes(declaration: syntax.Declaration, scope: Scope) -> Dims:
    """The dims of a declaration. A dimension may stand twice, not three times."""
    dims = tuple(axis.text for axis in declaration.axes)
    for axis in declaration.axes:
        if dims.count(axis.text) > 2:
            message = f"the dimension `{axis.text}` stands more than twice"
            scope.error("shape", message, axis.span)
            return ()
    return dims


# -- domains -----------------------------------------------------------------------------------


def domain(declaration: syntax.Declaration, kind: str, scope: Scope) -> Domain:
    """The domain of a data, parameter or constant; the whole line where none is stated."""
    if not declaration.domains:
        return Domain()
    if len(declaration.domains) > 1:
        extra = declaration.domains[1]
        mend = "join the conditions with `and`"
        scope.error("domain", "a second domain", extra.span, help=mend)
    node = declaration.domains[0]
    result: Domain | None = Domain(text=scope.text(node.span))
    for part in node.parts:
        result = _with_part(result, part, declaration, kind, scope) if result is not None else None
    if result is None:
        return Domain(category=_category_of(node) if kind == "data" else None)
    if not result.lower < result.upper:
        low, high = constants.shown(result.lower), constants.shown(result.upper)
        message = f"the lower bound {low} is not below the upper bound {high}"
        scope.error("domain", message, node.span)
        return Domain()
    return result


def _category_of(node: syntax.Domain) -> str | None:
    """The dimension of a category domain with a mistake, so that its uses are no mistakes."""
    first = node.parts[0]
    if isinstance(first, syntax.Named) and not _is_set(first):
        return first.name.text
    return None


def _with_part(
    domain: Domain,
    part: syntax.DomainPart,
    declaration: syntax.Declaration,
    kind: str,
    scope: Scope,
) -> Domain | None:
    if domain.values is not None or domain.category is not None:
        message = "a set of values is complete and takes no further condition"
        return scope.error("domain", message, part.span)
    if domain.structure is not None:
        return _with_open(domain, part, scope)
    match part:
        case syntax.Bound():
            return _with_bound(domain, part, scope)
        case syntax.Interval():
            lower = _number(part.lower, scope)
            upper = _number(part.upper, scope)
            if lower is None or upper is None:
                return None
            domain = _above(domain, lower, part.lower_open)
            return _below(domain, upper, part.upper_open)
        case syntax.Levels():
            return _with_values(domain, part, kind, scope)
        case syntax.Named() if part.name.text in STRUCTURES:
            return _with_structure(domain, part, declaration, kind, scope)
        case syntax.Named():
            return _with_named(domain, part, kind, scope)


def _with_open(domain: Domain, part: syntax.DomainPart, scope: Scope) -> Domain | None:
    """The `and > 0` that opens a simplex; nothing else joins a structure."""
    if domain.structure == "simplex" and isinstance(part, syntax.Bound) and part.operator == ">":
        value = _number(part.value, scope)
        if value is None:
            return None
        if value == 0:
            return dataclasses.replace(domain, lower_open=True, upper_open=True)
    message = f"`in {domain.structure}` takes no such condition"
    mend = "`and > 0` keeps its entries off 0" if domain.structure == "simplex" else ""
    return scope.error("domain", message, part.span, help=mend)


def _with_structure(
    domain: Domain, part: syntax.Named, declaration: syntax.Declaration, kind: str, scope: Scope
) -> Domain | None:
    """`in simplex[k]`, `in ordered[k]`, `in base[k]`, `in base[k="north"]`, `in sumzero[k]`."""
    name = part.name.text
    if kind == "constant" or (kind == "data" and name != "simplex"):
        who = "a parameter or data" if name == "simplex" else "a parameter"
        message = f"only {who} can be `in {name}`"
        return scope.error("domain", message, part.span)
    if domain != Domain(text=domain.text):
        message = f"`in {name}` takes no other condition before it"
        return scope.error("domain", message, part.span)
    axes = [axis.text for axis in declaration.axes]
    shown = f"`{declaration.name.text}` is {align.shown(tuple(axes))}"
    notes = ((declaration.place, "declared here"),)
    if part.dim is None:
        message = f"along which axis is `{declaration.name.text}` in `{name}`?"
        mend = f"write `in {name}[{axes[-1] if axes else 'k'}]`"
        return scope.error("domain", message, part.span, help=mend)
    axis = part.dim.text
    if axes.count(axis) != 1:
        message = f"{shown} and has no axis `{axis}`" if axis not in axes else ""
        message = message or f"{shown}: which `{axis}` is meant?"
        mend = did_you_mean(axis, axes) if axis not in axes else ""
        scope.suspects.add(axis)
        return scope.error("domain", message, part.dim.span, notes=notes, help=mend)
    dim = scope.dims[axis]
    if dim.size is not None and dim.size < 2 and name != "ordered":
        message = f"`{axis}` has one entry, and `in {name}` leaves it nothing to be found"
        notes = ((dim.place, "declared here"),)
        return scope.error("domain", message, part.span, notes=notes)
    level = None
    if part.level is not None:
        level = _base_level(part, axis, scope)
        if level is None:
            return None
    result = dataclasses.replace(domain, structure=name, axis=axis, level=level)
    return dataclasses.replace(result, lower=0.0, upper=1.0) if name == "simplex" else result


def _base_level(part: syntax.Named, axis: str, scope: Scope) -> str | None:
    node = part.level
    assert node is not None
    if part.name.text != "base":
        message = f"`in {part.name.text}` names no level"
        return scope.error("domain", message, node.span, help="a reference level is `in base[k]`")
    if not isinstance(node, syntax.String):
        message = "a reference level is named by its label"
        mend = f'write `in base[{axis}="..."]`, or `in base[{axis}]` for the first level'
        return scope.error("domain", message, node.span, help=mend)
    label = label_of(Typer(scope), axis, node)
    return label.label if label is not None else None


def _with_bound(domain: Domain, part: syntax.Bound, scope: Scope) -> Domain | None:
    if part.operator in ("==", "!="):
        message = f"`{part.operator}` is no bound"
        mend = "bounds are `> a`, `>= a`, `< a`, `<= a`; a value is given with `=`"
        return scope.error("domain", message, part.span, help=mend)
    value = _number(part.value, scope)
    if value is None:
        return None
    is_open = part.operator in ("<", ">")
    if part.operator in (">", ">="):
        return _above(domain, value, is_open)
    return _below(domain, value, is_open)


def _above(domain: Domain, lower: float, is_open: bool) -> Domain:
    if lower < domain.lower or (lower == domain.lower and not is_open):
        return domain
    return dataclasses.replace(domain, lower=lower, lower_open=is_open)


def _below(domain: Domain, upper: float, is_open: bool) -> Domain:
    if upper > domain.upper or (upper == domain.upper and not is_open):
        return domain
    return dataclasses.replace(domain, upper=upper, upper_open=is_open)


def _number(
    node: syntax.Expression, scope: Scope, purpose: str = "a domain is given by numbers"
) -> float | None:
    """The value of a constant expression in a domain, or of a default."""
    typer = Typer(scope, allowed=frozenset(), purpose=purpose)
    expr = typer.type(node)
    if expr is None:
        return None
    value = typer.constant(expr)
    if value is None:
        shown = scope.text(node.span)
        message = f"`{shown}` is not known from the text: {purpose}"
        return scope.error("domain", message, node.span)
    return value


def _with_values(domain: Domain, part: syntax.Levels, kind: str, scope: Scope) -> Domain | None:
    if kind == "parameter":
        message = "a parameter is a real number and cannot be kept in a finite set"
        return scope.error("domain", message, part.span)
    values: list[float] = []
    labels: list[str] = []
    for item in part.items:
        if isinstance(item.value, syntax.String):
            mend = 'number the words, `in {0: "no", 1: "yes"}`, or declare `dim k in {...}`'
            message = "words are no numbers, and a model computes with numbers"
            return scope.error("domain", message, item.span, help=mend)
        value = _number(item.value, scope)
        if value is None:
            return None
        if value in values or not math.isfinite(value):
            shown = constants.shown(value) if math.isfinite(value) else "inf"
            what = f"the value {shown} stands twice" if value in values else f"{shown} is no value"
            return scope.error("domain", what, item.span)
        values.append(value)
        if item.label is not None:
            if item.label.value in labels:
                message = f'the label "{item.label.value}" stands twice'
                return scope.error("domain", message, item.label.span)
            labels.append(item.label.value)
    if not values:
        return scope.error("domain", "the set of values is empty", part.span)
    if labels and len(labels) < len(values):
        message = "either every value has a label or none has"
        return scope.error("domain", message, part.span)
    return dataclasses.replace(
        domain, values=tuple(values), labels=tuple(labels) if labels else None
    )


def _with_named(domain: Domain, part: syntax.Named, kind: str, scope: Scope) -> Domain | None:
    name = part.name.text
    if name in _LATER_SETS:
        message = f"`in {name}` is not supported yet"
        return scope.error("unsupported", message, part.span)
    if part.dim is not None:
        message = f"unknown domain `{name}[...]`"
        mend = did_you_mean(name, STRUCTURES) or "categories of a dimension are `in k`"
        return scope.error("domain", message, part.span, help=mend)
    if kind == "parameter":
        message = f"a parameter is a real number and cannot be `in {name}`"
        mend = habits.DOMAINS.get(name.lower(), "")
        return scope.error("domain", message, part.span, help=mend)
    if name in SETS:
        lower = 0.0 if name == "counts" else -math.inf
        return dataclasses.replace(_above(domain, lower, False), integer=True)
    if kind == "constant":
        message = f"a constant is a number and cannot be `in {name}`"
        return scope.error("domain", message, part.span)
    if domain != Domain(text=domain.text):
        message = "categories take no further condition"
        return scope.error("domain", message, part.span)
    # Categories may have any name: `cases` is not `base` misspelt, but `countss` is `counts`.
    mend = habits.DOMAINS.get(name.lower(), "") or did_you_mean(name, _NAMED_SETS, cutoff=0.9)
    if mend and name not in scope.axes and not scope.dims[name].declared:
        return scope.error("domain", f"unknown domain `{name}`", part.name.span, help=mend)
    return dataclasses.replace(domain, category=name)


def outside(value: float, domain: Domain) -> bool:
    """Whether a number is not in the domain."""
    if domain.values is not None:
        return value not in domain.values
    below = value <= domain.lower if domain.lower_open else value < domain.lower
    above = value >= domain.upper if domain.upper_open else value > domain.upper
    infinite = math.isinf(value)
    return below or above or infinite or (domain.integer and not value.is_integer())


# -- columns -----------------------------------------------------------------------------------


def columns(declaration: syntax.Declaration, scope: Scope) -> Columns | None:
    """Where data come from; None for the column or array of the same name."""
    if not declaration.sources:
        return None
    if len(declaration.sources) > 1:
        message = "a second source"
        scope.error("columns", message, declaration.sources[1].span)
    source = declaration.sources[0]
    name = declaration.name.text
    names = tuple(string.value for string in source.names)
    if repeated := [s for i, s in enumerate(source.names) if s.value in names[:i]]:
        message = f'the column "{repeated[0].value}" stands twice'
        return scope.error("columns", message, repeated[0].span)
    pattern = names[0] if source.single and "*" in names[0] else None
    several = source.every or pattern is not None or not source.single
    if several and len(declaration.axes) < 2:
        message = f"`{name}` has no last axis to stack columns in"
        mend = f"declare an axis for the columns: `{name}[n, d]`"
        notes = ((declaration.place, "declared here"),)
        return scope.error("columns", message, source.span, notes=notes, help=mend)
    if not several and len(declaration.axes) > 1:
        message = f"`{name}` has {len(declaration.axes)} axes, and one column has one"
        mend = f'a list of columns fills the last axis: `from ["{names[0]}", ...]`'
        notes = ((declaration.place, "declared here"),)
        return scope.error("columns", message, source.span, notes=notes, help=mend)
    excluded = tuple(string.value for string in source.excluded)
    if excluded and not (source.every or pattern):
        message = "`except` follows `from *` or a pattern"
        return scope.error("columns", message, source.span)
    if pattern is not None:
        names = ()
    return Columns(names, pattern, source.every, excluded)


# -- values ------------------------------------------------------------------------------------


def given(
    declaration: syntax.Declaration, dims: Dims, domain: Domain, kind: str, scope: Scope
) -> Expr | None:
    """The value after `=`: an expression of numbers, sizes and constants inside the domain."""
    node = declaration.value
    if node is None:
        return None
    what = {"parameter": "start", "data": "default", "constant": "value"}[kind]
    typer = Typer(scope, dims, frozenset(["constant"]), f"a {what} {_FIXED_VALUES}")
    expr = typer.type(node)
    if expr is None:
        return None
    value = typer.constant(expr)
    if value is not None and outside(value, domain):
        shown = constants.shown(value) if math.isfinite(value) else scope.text(node.span)
        message = f"the {what} of `{declaration.name.text}` is {shown}"
        if math.isfinite(value):
            message += f", outside `{domain.text}`"
        else:
            message += ", which is not finite"
        return scope.error("domain", message, node.span, notes=_domain_note(declaration))
    if not expr.dims:
        return None if _bad_equal(declaration, domain, value, node, scope) else expr
    full = broadcast(expr, dims, node.span)
    if full is None:
        shown = declaration.name.text
        message = f"`{shown}` is {align.shown(dims)}, and its value {align.shown(expr.dims)}"
        notes = ((declaration.place, "declared here"),)
        return scope.error("shape", message, node.span, notes=notes)
    return full


def _bad_equal(
    declaration: syntax.Declaration,
    domain: Domain,
    value: float | None,
    node: syntax.Expression,
    scope: Scope,
) -> bool:
    """Whether equal entries of this value cannot have the structure; reported then."""
    if domain.structure is None:
        return False
    axis = domain.axis or ""
    size = scope.dims[axis].size
    message, mend = "", "leave the start out"
    match domain.structure:
        case "ordered" if size != 1:
            message = "a number gives equal entries, and they are strictly increasing"
            mend += ", which spreads them evenly"
        case "simplex" if value is not None and size is not None and abs(value * size - 1) > 1e-9:
            message = f"{size} entries of {constants.shown(value)} do not sum to 1"
            mend += f", or write `1/{axis}`"
        case "sumzero" if value:
            message = f"equal entries of {constants.shown(value)} do not sum to 0"
    if not message:
        return False
    scope.error("domain", message, node.span, notes=_domain_note(declaration), help=mend)
    return True


def default(
    declaration: syntax.Declaration, dims: Dims, domain: Domain, scope: Scope
) -> Expr | None:
    """The number after `=` of data, which the text alone must tell."""
    node = declaration.value
    value = _number(node, scope, "a default is a number") if node is not None else None
    if node is None or value is None or given(declaration, dims, domain, "data", scope) is None:
        return None
    return Number(Fraction(value), node.span)


def _domain_note(declaration: syntax.Declaration) -> tuple[tuple[Span, str], ...]:
    return tuple((d.span, "declared here") for d in declaration.domains[:1])


def start(
    declaration: syntax.Declaration, dims: Dims, domain: Domain, scope: Scope
) -> Expr | Draw | None:
    """The start of a parameter: an expression, a seeded draw, or None."""
    node = declaration.value
    if isinstance(node, syntax.List):
        message = "a list is no start"
        mend = f"name it: `const start[{', '.join(dims) or 'k'}] = [...]`, then `= start`"
        return scope.error("type", message, node.span, help=mend)
    drawn = isinstance(node, syntax.Call) and node.function.text in DRAWS
    if not drawn or not isinstance(node, syntax.Call) or node.function.text in scope.functions:
        return given(declaration, dims, domain, "parameter", scope)
    name = node.function.text
    usage = "normal(mean, sd)" if name == "normal" else "uniform(low, high)"
    if node.axes is not None:
        message = "a start has no axes: every entry is drawn"
        return scope.error("function", message, node.span, help=f"write `{usage}`")
    if len(node.arguments) != 2:
        message = f"`{name}` takes two arguments, found {len(node.arguments)}"
        return scope.error("function", message, node.span, help=f"write `{usage}`")
    typer = Typer(scope, dims, frozenset(["constant"]), f"a start {_FIXED_VALUES}")
    a, b = (typer.type(argument) for argument in node.arguments)
    if a is None or b is None:
        return None
    for part in (a, b):
        if part.dims and broadcast(part, dims, part.span) is None:
            message = f"`{declaration.name.text}` is {align.shown(dims)}"
            return scope.error("shape", message, part.span, f"this is {align.shown(part.dims)}")
    if _bad_draw(node, declaration, domain, (typer.constant(a), typer.constant(b)), scope):
        return None
    return Draw(name, (a, b), node.span)


def _bad_draw(
    node: syntax.Call,
    declaration: syntax.Declaration,
    domain: Domain,
    values: tuple[float | None, float | None],
    scope: Scope,
) -> bool:
    a, b = values
    if domain.structure is not None and domain.structure != "base":
        message = f"a drawn start is not `{domain.text}`"
        mend = "leave the start out, or write an expression of constants"
        scope.error("domain", message, node.span, notes=_domain_note(declaration), help=mend)
        return True
    bounded = math.isfinite(domain.lower) or math.isfinite(domain.upper)
    notes = _domain_note(declaration)
    if node.function.text == "normal":
        if b is not None and not (b > 0 and math.isfinite(b)):
            message = "the standard deviation of a normal start is positive"
            scope.error("domain", message, node.arguments[1].span)
            return True
        if bounded:
            message = f"a normal start may fall outside `{domain.text}`"
            mend = "write a uniform one: `uniform(low, high)`"
            scope.error("domain", message, node.span, notes=notes, help=mend)
            return True
        return False
    if a is not None and b is not None and not (a < b and math.isfinite(b - a)):
        message = f"`uniform({constants.shown(a)}, {constants.shown(b)})` has no room"
        mend = "write the lower end first"
        if not math.isfinite(b - a):
            message, mend = "a uniform start is bounded", "`normal(mean, sd)` has no bounds"
        scope.error("domain", message, node.span, help=mend)
        return True
    # The draw is from the open interval, so its ends may be open bounds.
    closed = dataclasses.replace(domain, lower_open=False, upper_open=False)
    if bounded and any(value is not None and outside(value, closed) for value in (a, b)):
        message = f"a start from `{scope.text(node.span)}` may fall outside `{domain.text}`"
        scope.error("domain", message, node.span, notes=notes)
        return True
    return False


def listed(
    declaration: syntax.Declaration,
    node: syntax.List,
    dims: Dims,
    domain: Domain,
    scope: Scope,
) -> tuple[Expr, ...] | None:
    """The entries of `const tau[q] = [0.1, 0.5]`; they give the dimension its size."""
    name = declaration.name.text
    if any(isinstance(item, syntax.List) for item in node.items):
        message = "a list of lists is not supported yet"
        return scope.error("unsupported", message, node.span)
    if len(dims) != 1:
        message = f"`{name}` is {align.shown(dims)}, and a list has one axis"
        mend = f"declare the axis: `const {name}[q] = [...]`" if not dims else ""
        notes = ((declaration.place, "declared here"),)
        return scope.error("shape", message, node.span, notes=notes, help=mend)
    entries: list[Expr] = []
    purpose = f"a constant {_FIXED_VALUES}"
    for item in node.items:
        typer = Typer(scope, (), frozenset(["constant"]), purpose)
        entry = typer.type(item)
        if entry is None:
            return None
        if entry.dims:
            message = f"an entry is a scalar, and this is {align.shown(entry.dims)}"
            return scope.error("shape", message, item.span)
        value = typer.constant(entry)
        if value is not None and outside(value, domain):
            message = f"the entry {scope.text(item.span)} of `{name}` is outside `{domain.text}`"
            return scope.error("domain", message, item.span, notes=_domain_note(declaration))
        entries.append(entry)
    return _fits(declaration, entries, node, scope)


def _fits(
    declaration: syntax.Declaration, entries: Sequence[Expr], node: syntax.List, scope: Scope
) -> tuple[Expr, ...] | None:
    axis = declaration.axes[0].text
    dim = scope.dims[axis]
    if dim.size is not None and dim.size != len(entries):
        message = f"{len(entries)} entries for the dimension `{axis}`, which has {dim.size}"
        notes = ((dim.place, "declared here"),)
        return scope.error("shape", message, node.span, notes=notes)
    scope.dims[axis] = dataclasses.replace(dim, size=len(entries))
    return tuple(entries)
