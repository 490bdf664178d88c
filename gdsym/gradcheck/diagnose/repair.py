"""One change of the claim's text that makes it right: what the change undoes is the mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from gdsym.calculus.build import Builder
from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Contract, Map, Node, Number, Program, canonical_axes, reachable
from gdsym.errors import GdsymError, Source, Span
from gdsym.gradcheck.questions import DIRECTION
from gdsym.language import syntax
from gdsym.language.expressions import Typer
from gdsym.language.model import Const, Data, Dims, Domain, Model, Param
from gdsym.language.parse import parse_expression
from gdsym.language.scope import Dimension, Scope, Value
from gdsym.language.typed import broadcast

# Changes that are tried at most, in the order in which they are made.
MOST_CHANGES = 900
MOST_INSERTIONS = 900
# Factors of the exact derivative that are longer than this are not put in.
LONGEST_FACTOR = 100

# What is written for what: the function in the claim, the one that may be meant, the mistake.
SWAPS = [
    ("sigmoid", "normal_cdf", "wrong_link"),
    ("sigmoid", "tanh", "wrong_chain_factor"),
    ("sigmoid", "normal_pdf", "wrong_link"),
    ("exp", "sigmoid", "wrong_link"),
    ("exp", "softplus", "wrong_link"),
    ("log", "log2", "log_base"),
    ("log", "log10", "log_base"),
    ("log", "log1p", "wrong_chain_factor"),
    ("exp", "expm1", "wrong_chain_factor"),
    ("sin", "cos", "wrong_chain_factor"),
    ("sinh", "cosh", "wrong_chain_factor"),
    ("digamma", "trigamma", "wrong_chain_factor"),
    ("digamma", "lgamma", "wrong_chain_factor"),
    ("normal_pdf", "normal_cdf", "wrong_chain_factor"),
    ("abs", "sign", "wrong_chain_factor"),
    ("min", "max", "kink_side"),
    ("sum", "mean", "factor"),
    ("softmax", "log_softmax", "wrong_chain_factor"),
]
COMPARED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
# What a label may have been taken for.
LABELS: dict[tuple[int, ...], tuple[str, ...]] = {
    (0, 1): ("(2*{y} - 1)", "(1 - {y})", "({y} + 1)/2"),
    (-1, 1): ("({y} + 1)/2", "(-{y})", "(2*{y} - 1)"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A mistake of a kind at a place, and the text that is right if that is the mistake."""

    kind: str
    where: str
    text: str
    part: syntax.Expression  # what stands there
    instead: str  # what should
    cost: int = 0  # how far it is from what a person would say first
    factor: str = ""  # where what should stand there is what stands there times this
    addend: str = ""  # or plus this
    sign: int = 1

    def applied(self, text: str) -> str:
        """A claim's text with the change made."""
        span = self.part.span
        if span.start == 0 and span.stop == len(text):
            return _bare(self.instead)
        return text[: span.start] + self.instead + text[span.stop :]


def _bare(text: str) -> str:
    """A text without brackets around all of it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            whole = text.startswith("(") and place == len(text) - 1
            return _bare(text[1:-1]) if whole else text
    return text


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a claim, its node, and the claim with a hole there: `above` reads the hole."""

    part: Node
    dims: Dims
    hole: Node
    whole: Node
    above: tuple[Node, ...]


class Reader:
    """Types texts in the scope of a model, and makes nodes of them. `names`: what texts call
    values of the model that have another name there."""

    def __init__(self, program: Program, dims: Dims, names: Mapping[str, str]) -> None:
        self.model = program.model
        self.dims = dims
        self.builder = Builder(program.graph, program.model)
        self.builder.stats = dict(program.stats)
        for kind, name, own in program.model.declared():
            self.builder.declare(kind, name, own)
        self.builder.values.update(program.lets)
        self.scope = _scope(program.model)
        for written, name in names.items():
            self.builder.values[written] = self.builder.values[name]
            self.scope.values[written] = replace(self.scope.values[name], name=written)
        self.places: dict[tuple[int, int], Place | None] = {}
        self.parts: dict[str, tuple[Node | None, Dims]] = {}

    def node(self, root: syntax.Expression, change: Change) -> Node | None:
        """The node of a changed claim, None where it has a mistake.

        A claim has hundreds of changes: only what is put in is read anew, and what it stands in.
        """
        place = self._place(root, change.part)
        if place is None:
            return None
        new, dims = self._new(place, change)
        if new is None or (change.addend and isinstance(new, Number)):
            return None
        if dims == place.dims:
            return self._put(place, new)
        instead = _read(change.instead) if set(dims) <= {*self.dims, *place.dims} else None
        return self._node(_with(root, change.part, instead)) if instead is not None else None

    def _new(self, place: Place, change: Change) -> tuple[Node | None, Dims]:
        """What is put into a hole, and its dims in the order in which they are written."""
        graph = self.builder.graph
        if not change.factor and not change.addend:
            instead = _read(change.instead)
            return self._inner(instead) if instead is not None else (None, ())
        other, dims = self._part(change.factor or change.addend)
        if other is None:
            return None, ()
        dims = place.dims if set(dims) <= set(place.dims) else (*place.dims, *dims)
        if change.factor:
            return graph.mul(place.part, other), dims
        return graph.add(place.part, graph.mul(graph.number(change.sign), other)), dims

    def read(self, text: str) -> Node | None:
        """The node of a text, None where it has a mistake."""
        root = _read(text)
        return self._node(root) if root is not None else None

    def _put(self, place: Place, new: Node) -> Node | None:
        graph = self.builder.graph
        if not set(new.axes) <= set(place.hole.axes):
            return None
        at = _Same({place.hole: new})
        for node in place.above:
            at[node] = graph.copied(node, at)
            if not set(at[node].axes) <= set(node.axes):
                return None
        made = at[place.whole]
        return made if set(made.axes) <= set(canonical_axes(self.dims)) else None

    def _place(self, root: syntax.Expression, part: syntax.Expression) -> Place | None:
        key = id(root), id(part)
        if key not in self.places:
            self.places[key] = self._with_hole(root, part)
        return self.places[key]

    def _with_hole(self, root: syntax.Expression, part: syntax.Expression) -> Place | None:
        node, dims = self._inner(part)
        if node is None:
            return None
        name = f"hole {' '.join(dims)}"
        if name not in self.scope.values:
            self.builder.declare("const", name, dims)
            everything = frozenset(("data", "parameter", "constant"))
            self.scope.values[name] = Value("let", name, dims, Span(0, 0), Domain(), everything)
        hole = self.builder.values[name]
        whole = self._node(_with(root, part, syntax.Name(name, part.span)))
        if whole is None:
            return None
        above: list[Node] = []
        touched = {hole}
        for other in reachable([whole]):
            if any(operand in touched for operand in other.operands):
                touched.add(other)
                above.append(other)
        return Place(node, dims, hole, whole, tuple(above))

    def _part(self, text: str) -> tuple[Node | None, Dims]:
        if text not in self.parts:
            root = _read(text)
            self.parts[text] = self._inner(root) if root is not None else (None, ())
        return self.parts[text]

    def _inner(self, part: syntax.Expression) -> tuple[Node | None, Dims]:
        """The node of a part of a claim, which may have other dims than the whole."""
        scope = replace(self.scope, errors=[], reported=set())
        expr = Typer(scope, self.dims).type(part)
        if expr is None or scope.errors:
            return None, ()
        return self.builder.while_fitting(self.builder.node(expr)), expr.dims

    def _node(self, root: syntax.Expression) -> Node | None:
        scope = replace(self.scope, errors=[], reported=set())
        expr = Typer(scope, self.dims).type(root)
        if expr is None or scope.errors:
            return None
        full = broadcast(expr, self.dims, expr.span)
        if full is None:
            return None
        return self.builder.while_fitting(self.builder.node(full))


class _Same(dict[Node, Node]):
    """Images of nodes; others are their own."""

    def __missing__(self, node: Node) -> Node:
        return node


@cache
def _read(text: str) -> syntax.Expression | None:
    try:
        return parse_expression(text)
    except GdsymError:
        return None


def _with(
    node: syntax.Expression, part: syntax.Expression, instead: syntax.Expression
) -> syntax.Expression:
    """The tree with one of its nodes replaced."""
    if node is part:
        return syntax.Group(instead, part.span)
    match node:
        case syntax.Group():
            return replace(node, inner=_with(node.inner, part, instead))
        case syntax.Unary() | syntax.Transpose() | syntax.Index():
            return replace(node, operand=_with(node.operand, part, instead))
        case syntax.Chain():
            return replace(node, operands=tuple(_with(o, part, instead) for o in node.operands))
        case syntax.Power():
            base, exponent = (_with(o, part, instead) for o in (node.base, node.exponent))
            return replace(node, base=base, exponent=exponent)
        case syntax.Call():
            changed = tuple(_with(o, part, instead) for o in node.arguments)
            return replace(node, arguments=changed)
    return node


def _scope(model: Model) -> Scope:
    scope = Scope(Source("claim", model.source.text), row=model.row)
    nowhere = Span(0, 0)
    kinds = {"data": "data", "param": "parameter", "const": "constant"}
    declared: list[Data | Param | Const] = [*model.data, *model.params, *model.consts]
    domains = {item.name: item.domain for item in declared}
    for kind, name, dims in model.declared():
        value = Value(kinds[kind], name, dims, nowhere, domains[name], frozenset([kinds[kind]]))
        scope.values[name] = value
    for let in model.lets:
        everything = frozenset(kinds.values())
        scope.values[let.name] = Value(
            "let", let.name, let.expr.dims, nowhere, Domain(), everything
        )
    for dim in model.dims:
        scope.dims[dim.name] = Dimension(
            dim.name, nowhere, dim.size, dim.labels, like=dim.like, less=dim.less
        )
        scope.axes.add(dim.name)
    return scope


# -- changes


def changes(program: Program, block: Node, root: syntax.Expression, text: str) -> Iterator[Change]:
    """What may be meant instead of a text, the likelier first."""
    parts = list(_parts(root))
    model = program.model
    yield from _of_terms(parts, text)
    yield from _of_factors(parts, text, [dim.name for dim in model.dims])
    yield from _of_names(parts, text, model)
    yield from _of_functions(parts, text, [dim.name for dim in model.dims])
    yield from _of_numbers(parts, text)
    own = _own_factors(program, block)
    numbers = _numbers(model)
    usual = [*numbers, *own, *_factors_in(parts, text), *_usual_factors(model)]
    yield from _of_missing_factors(parts, text, list(dict.fromkeys(usual)), numbers)
    yield from _of_wrong_factors(parts, text, own)


def _parts(node: syntax.Expression) -> Iterator[syntax.Expression]:
    yield node
    match node:
        case syntax.Group():
            yield from _parts(node.inner)
        case syntax.Unary() | syntax.Transpose() | syntax.Index():
            yield from _parts(node.operand)
        case syntax.Chain():
            for operand in node.operands:
                yield from _parts(operand)
        case syntax.Power():
            yield from _parts(node.base)
            yield from _parts(node.exponent)
        case syntax.Call():
            for argument in node.arguments:
                yield from _parts(argument)


def _of(text: str, node: syntax.Expression) -> str:
    return text[node.span.start : node.span.stop]


def _chain(operands: Sequence[str], operators: Sequence[str], without: int) -> str:
    """A chain's text without one operand."""
    left = [o for i, o in enumerate(operands) if i != without]
    signs = [s for i, s in enumerate(("", *operators)) if i != without]
    first = signs[0].strip()
    start = "-" if first == "-" else "1/" if first == "/" else ""
    return start + left[0] + "".join(f" {s} {o}" for s, o in zip(signs[1:], left[1:], strict=True))


def _of_terms(parts: Sequence[syntax.Expression], text: str) -> Iterator[Change]:
    """A term that is too much, or has the wrong sign."""
    for part in parts:
        if not isinstance(part, syntax.Chain) or part.operators[0] not in ("+", "-"):
            continue
        operands = [_of(text, operand) for operand in part.operands]
        for place, operand in enumerate(operands):
            fewer = _chain(operands, part.operators, place)
            told = f"`{operand}` does not belong there"
            yield Change("extra_term", operand, told, part, f"({fewer})")
            signs = ["+", *part.operators]
            signs[place] = "-" if signs[place] == "+" else "+"
            turned = " ".join(f"{s} {o}" for s, o in zip(signs, operands, strict=True))
            turned = turned.removeprefix("+ ")
            told = f"`{operand}` has the wrong sign"
            yield Change("sign", operand, told, part, f"({turned})")


def _plain(node: syntax.Expression, sizes: Collection[str]) -> bool:
    """A number, or how many there are of something."""
    return isinstance(node, syntax.Number) or (
        isinstance(node, syntax.Name) and node.text in sizes
    )


def _of_factors(
    parts: Sequence[syntax.Expression], text: str, sizes: Collection[str]
) -> Iterator[Change]:
    """A factor that is too much, or stands below the line instead of above it."""
    for part in parts:
        if isinstance(part, syntax.Unary) and part.operator == "-":
            inner = _of(text, part.operand)
            yield Change("sign", inner, f"`{inner}` has the wrong sign", part, inner)
        if isinstance(part, syntax.Transpose):
            inner = _of(text, part.operand)
            told = f"`{inner}` is transposed"
            yield Change("transposed", inner, told, part, inner)
        if isinstance(part, syntax.Power):
            inner, whole = _of(text, part.base), _of(text, part)
            twice = isinstance(part.exponent, syntax.Number) and part.exponent.value == 2
            kind = "extra_chain_factor" if twice else "wrong_chain_factor"
            yield Change(kind, whole, f"`{whole}` should be `{inner}`", part, inner)
        if not isinstance(part, syntax.Chain) or part.operators[0] not in ("*", "/"):
            continue
        operands = [_of(text, operand) for operand in part.operands]
        for place, operand in enumerate(operands):
            fewer = _chain(operands, part.operators, place)
            kind = "factor" if _plain(part.operands[place], sizes) else "extra_chain_factor"
            told = f"the factor `{operand}` does not belong there"
            yield Change(kind, operand, told, part, fewer)
            if place and part.operators[place - 1] in "*/":
                signs = list(part.operators)
                signs[place - 1] = "/" if signs[place - 1] == "*" else "*"
                turned = operands[0] + "".join(
                    f"{s}{o}" for s, o in zip(signs, operands[1:], strict=True)
                )
                verb = "multiplies" if signs[place - 1] == "/" else "divides"
                told = f"`{operand}` {verb}, and should do the opposite"
                yield Change("wrong_chain_factor", operand, told, part, turned)


def _of_names(parts: Sequence[syntax.Expression], text: str, model: Model) -> Iterator[Change]:
    """Labels of another coding, a name for another one."""
    dims = {n: own for _, n, own in model.declared() if not n.startswith(DIRECTION)}
    dims |= {let.name: let.expr.dims for let in model.lets}
    along = [claim.names for claim in model.claims if claim.quantity == "hvp"]
    dims |= {direction: dims[param] for param, direction in along}
    values = {item.name: item.domain.values for item in model.data}
    categories = {item.name: item.domain.category for item in model.data}
    params = {param.name for param in model.params}
    for part in parts:
        coded = _coded(_of(text, part), values)
        if coded:
            told = f"`{coded}` should stand for `{_of(text, part)}`: its coding is another"
            yield Change("label_coding", _of(text, part), told, part, coded)
        if not isinstance(part, syntax.Name) or part.text not in dims:
            continue
        name = part.text
        coding = tuple(map(int, sorted(values.get(name) or ())))
        for pattern in LABELS.get(coding, ()):
            told = f"`{name}` is in {{{', '.join(map(str, coding))}}}: another coding is meant"
            yield Change("label_coding", name, told, part, pattern.format(y=name))
        for other, own in dims.items():
            if other == name or own != dims[name]:
                continue
            if categories.get(other) != categories.get(name):
                continue
            both = other in params and name in params
            kind = "swapped_parameters" if both else "wrong_term"
            told = f"`{name}` should be `{other}`"
            yield Change(kind, name, told, part, other, 0 if both else 1)
        if dims[name] and len(dims[name]) == 2:
            told = f"`{name}` is not transposed"
            yield Change("transposed", name, told, part, f"{name}.T")
            axes = ", ".join(dims[name])
            yield Change("transposed", name, told, part, f"{name}.T[{axes}]")


def _coded(text: str, values: Mapping[str, tuple[float, ...] | None]) -> str:
    """The label that a text recodes, if it is one of the usual formulas for that."""
    plain = text.replace(" ", "").strip("()")
    for name, own in values.items():
        if own and len(own) == 2 and plain in (f"2*{name}-1", f"1-2*{name}", f"({name}+1)/2"):
            return name
    return ""


def _of_functions(
    parts: Sequence[syntax.Expression], text: str, dims: Sequence[str]
) -> Iterator[Change]:
    """Another function, an argument of the other sign, limits that are missing or too many."""
    for part in parts:
        if isinstance(part, syntax.Chain) and part.operators[0] in COMPARED:
            first, second = (_of(text, operand) for operand in part.operands[:2])
            turned = f"({first} {COMPARED[part.operators[0]]} {second})"
            told = f"`{_of(text, part)}` is the wrong side of the kink"
            yield Change("kink_side", _of(text, part), told, part, turned)
        if not isinstance(part, syntax.Call):
            continue
        name, whole = part.function.text, _of(text, part)
        arguments = [_of(text, argument) for argument in part.arguments]
        rest = whole[len(name) :]
        for first, second, kind in SWAPS:
            if name in (first, second):
                other = second if name == first else first
                told = f"`{name}` should be `{other}`"
                yield Change(kind, whole, told, part, other + rest)
        yield from _of_axes(part, text, dims)
        if name in ("clip", "min", "max", "relu"):
            told = f"`{whole}` cuts off what the derivative does not"
            for argument in arguments[: 2 if name in ("min", "max") else 1]:
                yield Change("clipped", whole, told, part, f"({argument})")
        if name == "where" and len(arguments) == 3:
            told = f"the cases of `{whole}` are exchanged"
            turned = f"where({arguments[0]}, {arguments[2]}, {arguments[1]})"
            yield Change("kink_side", whole, told, part, turned)
        if len(arguments) == 1 and name not in ("sum", "mean"):
            turned = whole[: whole.index("(", len(name))] + f"(-({arguments[0]}))"
            told = f"the argument of `{whole}` has the wrong sign"
            yield Change("sign", whole, told, part, turned)


def _of_axes(part: syntax.Call, text: str, dims: Sequence[str]) -> Iterator[Change]:
    """A sum, mean, largest entry or softmax over another axis."""
    if part.axes is None:
        return
    written = [_of(text, axis) for axis in part.axes]
    arguments = ", ".join(_of(text, argument) for argument in part.arguments)
    for dim in dims:
        if written != [dim]:
            name, whole = part.function.text, _of(text, part)
            told = f"`{name}[{', '.join(written)}]` should be `{name}[{dim}]`"
            yield Change("wrong_axis", whole, told, part, f"{name}[{dim}]({arguments})")


def _of_numbers(parts: Sequence[syntax.Expression], text: str) -> Iterator[Change]:
    """A number that is off by 1, doubled, halved or of the wrong sign."""
    for part in parts:
        if not isinstance(part, syntax.Number):
            continue
        written, value = _of(text, part), Fraction(part.value)
        for other, kind in (
            (value / 2, "factor"),
            (2 * value, "factor"),
            (value + 1, "wrong_term"),
            (value - 1, "wrong_term"),
        ):
            new = str(other)  # `3`, `3/2`
            told = f"`{written}` should be `{new}`"
            yield Change(kind, written, told, part, new if new.isdigit() else f"({new})", 1)


def insertions(
    program: Program, block: Node, root: syntax.Expression, text: str
) -> Iterator[Change]:
    """Terms that may be missing inside a text: names, and those of sums in it and in the exact
    derivative."""
    parts = [part for part in _parts(root) if not isinstance(part, syntax.Number | syntax.Index)]
    beside = _operands_beside(parts, text)
    for term in _terms_of(program, block, parts, text):
        for part in parts:
            if term in beside.get(id(part), ()):
                continue  # one that stands there does not belong there: see `extra_term`
            inner = _of(text, part)
            told = f"`{term}` is missing at `{inner}`"
            for sign, written in ((1, "+"), (-1, "-")):
                new = f"({inner} {written} {term})"
                yield Change("missing_term", term, told, part, new, 2, "", term, sign)


def _operands_beside(parts: Sequence[syntax.Expression], text: str) -> dict[int, tuple[str, ...]]:
    """The texts of a chain's operands, for the chain, and for each operand of a sum."""
    found: dict[int, tuple[str, ...]] = {}
    for part in parts:
        if isinstance(part, syntax.Chain):
            operands = tuple(_of(text, operand) for operand in part.operands)
            sums = part.operands if part.operators[0] in "+-" else ()
            for same in (part, *sums):
                found[id(same)] = (*found.get(id(same), ()), *operands)
    return found


def _terms_of(
    program: Program, block: Node, parts: Sequence[syntax.Expression], text: str
) -> list[str]:
    model, notation = program.model, Notation.of(program)
    items: list[Data | Param] = [*model.data, *model.params]
    found = [item.name for item in items if item.domain.category is None]
    for node in reachable([block]):
        if isinstance(node, Map) and node.op == "add":
            found += [notation.text(program.graph.split(arg)[1] or arg) for arg in node.args]
    for part in parts:
        if isinstance(part, syntax.Chain) and part.operators[0] in "+-":
            found += [_of(text, operand) for operand in part.operands]
    scalars = [c.name for c in model.consts if not c.dims]
    scalars += [p.name for p in model.params if not p.dims]
    found += [*(let.name for let in model.lets), *scalars, *(f"{name}^2" for name in scalars)]
    return ["1", *(t for t in dict.fromkeys(found) if len(t) <= LONGEST_FACTOR and t != "1")]


def _numbers(model: Model) -> list[str]:
    return ["2", "1/2", *(text for dim in model.dims for text in (dim.name, f"1/{dim.name}"))]


def _usual_factors(model: Model) -> list[str]:
    """Texts of what derivatives are multiplied by, and divided."""
    found = []
    declared: list[Data | Param | Const] = [*model.consts, *model.params, *model.data]
    for item in declared:
        if not item.name.startswith(DIRECTION) and item.domain.category is None:
            found += [item.name, f"1/{item.name}"]
            found += [f"(1 - {item.name})"] if not item.dims else []
    for let in model.lets:
        found += [let.name, f"1/{let.name}", f"(1 - {let.name})", f"{let.name}*(1 - {let.name})"]
        found += [f"sigmoid({let.name})", f"(1 - sigmoid({let.name}))", f"(1 - {let.name}^2)"]
        found += [f"sigmoid({let.name})*(1 - sigmoid({let.name}))", f"exp({let.name})"]
    return list(dict.fromkeys(found))


def _factors_in(parts: Sequence[syntax.Expression], text: str) -> list[str]:
    """The factors of other terms of a text."""
    found = []
    for part in parts:
        if isinstance(part, syntax.Chain) and part.operators[0] in "*/":
            found += [_of(text, o) for o in part.operands if not isinstance(o, syntax.Number)]
    return [t if t.isidentifier() else f"({t})" for t in found if len(t) <= LONGEST_FACTOR]


def _own_factors(program: Program, block: Node) -> list[str]:
    """Texts of the factors of the exact derivative."""
    notation = Notation.of(program)
    found = []
    for node in reachable([block]):
        candidates: Sequence[Node] = ()
        if isinstance(node, Map) and node.op == "mul":
            candidates = node.args
        elif isinstance(node, Contract):
            candidates = [factor.node for factor in node.factors]
        found += [f"({notation.text(p)})" for p in candidates if not isinstance(p, Number)]
    return [text for text in dict.fromkeys(found) if len(text) <= LONGEST_FACTOR]


def _of_wrong_factors(
    parts: Sequence[syntax.Expression], text: str, factors: Sequence[str]
) -> Iterator[Change]:
    """What should be a factor of the exact derivative, the smallest parts first."""
    for part in sorted(parts, key=lambda part: part.span.stop - part.span.start):
        if isinstance(part, syntax.Name | syntax.Call | syntax.Group):
            for factor in factors:
                told = f"`{_of(text, part)}` should be `{factor[1:-1]}`"
                yield Change("wrong_chain_factor", _of(text, part), told, part, factor, 2)


def _of_missing_factors(
    parts: Sequence[syntax.Expression],
    text: str,
    factors: Sequence[str],
    numbers: Collection[str],
) -> Iterator[Change]:
    """A factor that is missing somewhere."""
    places = [
        part
        for part in parts
        if isinstance(part, syntax.Name | syntax.Call | syntax.Chain | syntax.Group | syntax.Index)
    ]
    for part in places:
        inner = _of(text, part)
        told = f"the factor `{inner}` is missing at `{inner}`"
        yield Change("missing_chain_factor", inner, told, part, f"(({inner})^2)", 1)
    for factor in factors:
        for part in places:
            inner = _of(text, part)
            plain = factor in numbers
            kind = "factor" if plain else "missing_chain_factor"
            told = f"the factor `{factor}` is missing at `{inner}`"
            new = (
                f"({inner})*{factor}" if not factor.startswith("1/") else f"({inner}){factor[1:]}"
            )
            yield Change(kind, inner, told, part, f"({new})", 0 if plain else 1, factor)
