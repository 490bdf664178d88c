"""Wrong claims made from right ones: one planted mistake of a known kind, or two.

Mistakes are changes of the text of a right claim. Whether the result is wrong is for the check to
say; a change that happens to give the same function is left out by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from planted import Planted, Wrong

from gdsym.language import syntax
from gdsym.language.model import Model
from gdsym.language.parse import parse_expression

# What is written for what.
FUNCTIONS = {
    "sigmoid": (("normal_cdf", "wrong_link"), ("tanh", "wrong_chain_factor")),
    "log": (("log10", "log_base"), ("log2", "log_base")),
    "exp": (("expm1", "wrong_chain_factor"),),
    "normal_cdf": (("sigmoid", "wrong_link"), ("normal_pdf", "wrong_chain_factor")),
    "normal_pdf": (("normal_cdf", "wrong_chain_factor"),),
    "digamma": (("trigamma", "wrong_chain_factor"), ("lgamma", "wrong_chain_factor")),
    "sin": (("cos", "wrong_chain_factor"),),
    "sign": (("abs", "wrong_chain_factor"),),
    "mean": (("sum", "factor"),),
    "sum": (("mean", "factor"),),
}
SIDES = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def mistakes(model: Model, block: str, text: str) -> Iterator[Wrong]:
    """Every mistake that is planted in a right formula of a block such as `grad(w)`."""
    for planted, wrong in _mistakes(model, block, text):
        yield Wrong((planted,), wrong, text)


def two_mistakes(model: Model, block: str, text: str, draw: Random) -> Iterator[Wrong]:
    """Pairs of mistakes of two kinds, the second planted in what the first has left."""
    first = list(_mistakes(model, block, text))
    draw.shuffle(first)
    for one, once in first:
        second = [(two, twice) for two, twice in _mistakes(model, block, once)]
        second = [(two, twice) for two, twice in second if two.kind != one.kind]
        if second:
            two, twice = draw.choice(second)
            yield Wrong((one, two), twice, text)


Mistake = tuple[Planted, str]


def _mistakes(model: Model, block: str, text: str) -> Iterator[Mistake]:
    root = parse_expression(text)
    yield from _of_all(model, block, text)
    for part in _parts(root):
        yield from _of_part(model, part, text)


def _of_all(model: Model, block: str, text: str) -> Iterator[Mistake]:
    yield Planted("factor", ("2",)), f"2*({text})"
    yield Planted("factor", ("1/2",)), f"({text})/2"
    yield Planted("sign"), f"-({text})"
    if model.row is not None:
        yield Planted("factor", (model.row,)), f"({text})/{model.row}"
        yield Planted("factor", (model.row,)), f"{model.row}*({text})"
    dims = {param.name: param.dims for param in model.params}
    name = block.removeprefix("grad(").removesuffix(")")
    if name in dims:
        weight = "lam" if any(c.name == "lam" for c in model.consts) else "3"
        kind = "extra_term" if dims[name] or not model.penalties else "penalised_intercept"
        if weight not in text:
            yield Planted(kind, (name,)), f"{text} + {weight}*{name}"


def _of(text: str, node: syntax.Expression) -> str:
    return text[node.span.start : node.span.stop]


def _put(text: str, node: syntax.Expression, new: str) -> str:
    whole = text[: node.span.start] + new + text[node.span.stop :]
    bare = new.startswith("(") and node.span.start == 0 and node.span.stop == len(text)
    return new[1:-1] if bare else whole


def _parts(node: syntax.Expression) -> Iterator[syntax.Expression]:
    yield node
    inner: tuple[syntax.Expression, ...] = ()
    match node:
        case syntax.Group():
            inner = (node.inner,)
        case syntax.Unary() | syntax.Transpose() | syntax.Index():
            inner = (node.operand,)
        case syntax.Chain():
            inner = node.operands
        case syntax.Power():
            inner = (node.base,)
        case syntax.Call():
            inner = node.arguments
    for part in inner:
        yield from _parts(part)


def _of_part(model: Model, part: syntax.Expression, text: str) -> Iterator[Mistake]:
    match part:
        case syntax.Chain() if part.operators[0] in ("+", "-"):
            yield from _of_terms(part, text)
        case syntax.Chain() if part.operators[0] in ("*", "/", "@"):
            yield from _of_factors(part, text)
        case syntax.Chain() if part.operators[0] in SIDES:
            first, second = (_of(text, operand) for operand in part.operands[:2])
            turned = f"{first} {SIDES[part.operators[0]]} {second}"
            yield Planted("kink_side", (first, second)), _put(text, part, turned)
        case syntax.Power():
            yield from _of_power(part, text)
        case syntax.Call():
            yield from _of_call(part, text)
        case syntax.Name():
            yield from _of_name(model, part, text)


def _of_terms(part: syntax.Chain, text: str) -> Iterator[Mistake]:
    signs = ["+", *part.operators]
    operands = [_of(text, operand) for operand in part.operands]
    for place, operand in enumerate(operands):
        if operand.replace(".", "").isdigit():
            continue
        others = [i for i in range(len(operands)) if i != place]
        left = _sum([signs[i] for i in others], [operands[i] for i in others])
        yield Planted("missing_term"), _put(text, part, f"({left})")
        turned = [*signs]
        turned[place] = "-" if signs[place] == "+" else "+"
        yield Planted("sign"), _put(text, part, f"({_sum(turned, operands)})")
        twice = [*operands]
        twice[place] = f"2*{operand}"
        if not isinstance(part.operands[place], syntax.Unary):
            yield Planted("scaled_term"), _put(text, part, f"({_sum(signs, twice)})")


def _sum(signs: Sequence[str], operands: Sequence[str]) -> str:
    joined = " ".join(f"{s} {o}" for s, o in zip(signs, operands, strict=True))
    return f"-{joined[2:]}" if signs[0] == "-" else joined[2:]


def _of_factors(part: syntax.Chain, text: str) -> Iterator[Mistake]:
    operands = [_of(text, operand) for operand in part.operands]
    signs = ["*", *part.operators]
    for place, operand in enumerate(part.operands):
        if isinstance(operand, syntax.Number) or signs[place] == "@" or _is_total(operand):
            continue
        if place + 1 < len(signs) and signs[place + 1] == "@":
            continue
        others = [i for i in range(len(operands)) if i != place]
        first = "" if signs[others[0]] == "*" else "1/"
        left = first + operands[others[0]]
        left += "".join(f"{signs[i]}{operands[i]}" for i in others[1:])
        yield Planted("missing_chain_factor"), _put(text, part, f"({left})")
        if _is_indicator(operand):  # its square is the same
            continue
        twice = [*operands]
        twice[place] = f"({operands[place]})^2"
        joined = twice[0] + "".join(f"{s}{o}" for s, o in zip(signs[1:], twice[1:], strict=True))
        yield (
            Planted("extra_chain_factor", (operands[place],)),
            _put(text, part, f"({joined})"),
        )


def _is_total(node: syntax.Expression) -> bool:
    """All that the formula is about: it is not forgotten as a factor is."""
    return isinstance(node, syntax.Call) and node.function.text in ("sum", "mean")


def _is_indicator(node: syntax.Expression) -> bool:
    while isinstance(node, syntax.Group):
        node = node.inner
    return isinstance(node, syntax.Chain) and node.operators[0] in (*SIDES, "==")


def _of_power(part: syntax.Power, text: str) -> Iterator[Mistake]:
    base, exponent = _of(text, part.base), _of(text, part.exponent)
    if isinstance(part.exponent, syntax.Number):
        other = "3" if exponent == "2" else "2"
        yield Planted("wrong_term", (exponent,)), _put(text, part, f"{base}^{other}")
        yield Planted("missing_chain_factor", (base,)), _put(text, part, base)


def _of_call(part: syntax.Call, text: str) -> Iterator[Mistake]:
    whole, name = _of(text, part), part.function.text
    arguments = [_of(text, argument) for argument in part.arguments]
    for other, kind in FUNCTIONS.get(name, ()):
        tell = (name,) if kind in ("wrong_link", "log_base", "wrong_chain_factor") else ()
        yield Planted(kind, tell), _put(text, part, other + whole[len(name) :])
    if name in ("sigmoid", "exp", "normal_cdf", "digamma", "tanh"):
        yield Planted("sign"), _put(text, part, f"{name}(-({arguments[0]}))")
    if name in ("exp", "sigmoid", "log"):
        yield Planted("clipped", (name,)), _put(text, part, f"min({whole}, 1/3)")
        yield Planted("clipped", (name,)), _put(text, part, f"clip({whole}, 0.4, 0.6)")
    if name == "where":
        c, a, b = arguments
        yield Planted("kink_side", (c,)), _put(text, part, f"where({c}, {b}, {a})")


def _of_name(model: Model, part: syntax.Name, text: str) -> Iterator[Mistake]:
    for data in model.data:
        if data.name == part.text and sorted(data.domain.values or ()) in ([0, 1], [-1, 1]):
            zero = 0 in (data.domain.values or ())
            new = f"(2*{data.name} - 1)" if zero else f"(({data.name} + 1)/2)"
            yield Planted("label_coding", (data.name,)), _put(text, part, new)
    dims = {param.name: param.dims for param in model.params}
    for other, own in dims.items():
        if part.text in dims and other != part.text and own == dims[part.text]:
            named = (part.text, other)
            yield Planted("swapped_parameters", named), _put(text, part, other)
    kinds = {data.name: (data.dims, data.domain.category) for data in model.data}
    for other, kind in kinds.items():
        if part.text in kinds and other != part.text and kind == kinds[part.text]:
            yield Planted("wrong_term", (part.text, other)), _put(text, part, other)
