"""Wrong gradients made from right ones: one planted mistake of a known kind, or two.

Mistakes are changes of the text of a right claim. Whether the result is wrong is for the check to
say; a change that happens to give the same function is left out by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from gdsym.language import syntax
from gdsym.language.model import Model
from gdsym.language.parse import parse_expression


class Wrong(NamedTuple):
    """A wrong formula, and the kind of the mistake."""

    kind: str
    text: str


def mistakes(model: Model, block: str, text: str) -> Iterator[Wrong]:
    """Every mistake that is planted in a right formula of a block such as `grad(w)`."""
    root = parse_expression(text)
    name = block.removeprefix("grad(").removesuffix(")")
    dims = {param.name: param.dims for param in model.params}
    yield Wrong("factor", f"2*({text})")
    yield Wrong("factor", f"({text})/2")
    yield Wrong("sign", f"-({text})")
    if model.row is not None:
        yield Wrong("factor", f"({text})/{model.row}")
        yield Wrong("factor", f"{model.row}*({text})")
    extra = "lam" if any(c.name == "lam" for c in model.consts) else "3"
    kind = "extra_term" if dims.get(name) or not model.penalties else "penalised_intercept"
    yield Wrong(kind, f"{text} + {extra}*{name}")
    if isinstance(root, syntax.Chain) and root.operators[0] in "+-":
        yield from _terms(root, text)
    for part in _parts(root):
        yield from _of_part(model, part, text)


def two_mistakes(model: Model, block: str, text: str, draw: Random) -> Iterator[Wrong]:
    """Pairs of mistakes, the second planted in what the first has left."""
    first = list(mistakes(model, block, text))
    draw.shuffle(first)
    for one in first:
        second = list(mistakes(model, block, one.text))
        draw.shuffle(second)
        for two in second:
            if two.kind != one.kind:
                yield Wrong(f"{one.kind} {two.kind}", two.text)
                break


def _of(text: str, node: syntax.Expression) -> str:
    return text[node.span.start : node.span.stop]


def _put(text: str, node: syntax.Expression, new: str) -> str:
    return text[: node.span.start] + new + text[node.span.stop :]


def _terms(root: syntax.Chain, text: str) -> Iterator[Wrong]:
    signs = ["+", *root.operators]
    operands = [_of(text, operand) for operand in root.operands]
    for place, operand in enumerate(operands):

        def with_term(new: str, at: int = place) -> str:
            changed = [*operands[:at], new, *operands[at + 1 :]]
            joined = " ".join(f"{s} {o}" for s, o in zip(signs, changed, strict=True))
            return joined.removeprefix("+ ")

        yield Wrong("missing_term", with_term(f"0*({operand})"))
        yield Wrong("sign", with_term(f"(-({operand}))"))
        yield Wrong("scaled_term", with_term(f"2*({operand})"))


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


def _of_part(model: Model, part: syntax.Expression, text: str) -> Iterator[Wrong]:
    match part:
        case syntax.Chain() if part.operators[0] in ("*", "/"):
            operands = [_of(text, operand) for operand in part.operands]
            signs = ["*", *part.operators]
            for place, operand in enumerate(part.operands):
                if isinstance(operand, syntax.Number) or signs[place] == "@":
                    continue
                if place + 1 < len(signs) and signs[place + 1] == "@":
                    continue
                one = _joined(signs, [*operands[:place], "1", *operands[place + 1 :]])
                yield Wrong("missing_chain_factor", _put(text, part, f"({one})"))
                twice = _joined(
                    signs, [*operands[:place], f"({operands[place]})^2", *operands[place + 1 :]]
                )
                yield Wrong("extra_chain_factor", _put(text, part, f"({twice})"))
        case syntax.Chain() if part.operators[0] in ("<", ">"):
            other = "<" if part.operators[0] == ">" else ">"
            first, second = (_of(text, operand) for operand in part.operands)
            yield Wrong("kink_side", _put(text, part, f"{first} {other} {second}"))
        case syntax.Call():
            whole, name = _of(text, part), part.function.text
            for right, wrong, kind in (
                ("sigmoid", "normal_cdf", "wrong_link"),
                ("log", "log10", "log_base"),
                ("digamma", "trigamma", "wrong_chain_factor"),
                ("normal_pdf", "normal_cdf", "wrong_chain_factor"),
            ):
                if name == right:
                    yield Wrong(kind, _put(text, part, wrong + whole[len(name) :]))
            if name == "where":
                c, a, b = (_of(text, argument) for argument in part.arguments)
                yield Wrong("kink_side", _put(text, part, f"where({c}, {b}, {a})"))
        case syntax.Name():
            yield from _of_name(model, part, text)


def _joined(signs: list[str], operands: list[str]) -> str:
    return operands[0] + "".join(f" {s} {o}" for s, o in zip(signs[1:], operands[1:], strict=True))


def _of_name(model: Model, part: syntax.Name, text: str) -> Iterator[Wrong]:
    for data in model.data:
        if data.name == part.text and sorted(data.domain.values or ()) in ([0, 1], [-1, 1]):
            zero = 0 in (data.domain.values or ())
            new = f"(2*{data.name} - 1)" if zero else f"(({data.name} + 1)/2)"
            yield Wrong("label_coding", _put(text, part, new))
    dims = {param.name: param.dims for param in model.params}
    for other, own in dims.items():
        if part.text in dims and other != part.text and own == dims[part.text]:
            yield Wrong("swapped_parameters", _put(text, part, other))
