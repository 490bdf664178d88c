"""Wrong gradients in NumPy: the functions of `by_hand.py` with one mistake planted, or two.

Some mistakes are changes of the source, others are made around the function: in what it is given
(labels of another coding, some of the rows, single precision) or in what it returns.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

import by_hand
import numpy as np
from by_hand import BY_HAND
from planted import Planted

from gdsym.language.model import Model

Arguments = dict[str, Any]
Blocks = dict[str, Any]


class Change(NamedTuple):
    """A mistake: in the source, else in what is passed or what comes back. `block`: where it is
    seen, "" where wherever."""

    planted: Planted
    block: str = ""
    source: ast.FunctionDef | None = None
    given: Callable[[Arguments], Arguments] | None = None
    returned: Callable[[Blocks, Arguments], Blocks] | None = None


class WrongFunction(NamedTuple):
    """A function that gives a dictionary of gradients, and what was done to it. `seen`: for each
    block whether either of two mistakes alone would have given something else, once called."""

    mistakes: tuple[Planted, ...]
    block: str
    function: Callable[..., Any]
    text: str
    seen: dict[str, list[bool]]


def right_function(model: Model) -> Callable[..., Any]:
    return _made(model, ()).function


def wrong_functions(model: Model) -> Iterator[WrongFunction]:
    """Every mistake that is planted in the gradient of a model."""
    for change in _changes(model, _source(model.name)):
        yield _made(model, (change,))


def two_mistakes(model: Model, draw: Random) -> Iterator[WrongFunction]:
    """A change of the source together with one of what is passed or returned, or two of the
    former."""
    source = _source(model.name)
    first = [change for change in _changes(model, source) if change.source is not None]
    draw.shuffle(first)
    for one in first:
        assert one.source is not None
        second = [
            two
            for two in _changes(model, one.source)
            if two.planted.kind not in (one.planted.kind, "precision", "missing_parameter")
        ]
        if second:
            yield _made(model, (one, draw.choice(second)))


def _made(model: Model, changes: tuple[Change, ...]) -> WrongFunction:
    sources = [change.source for change in changes if change.source is not None]
    source = sources[-1] if sources else _source(model.name)
    names: dict[str, Any] = dict(vars(by_hand))
    code = ast.Module([source], [])
    exec(compile(ast.fix_missing_locations(code), "by_hand.py", "exec"), names)
    inner, params = names[model.name], [param.name for param in model.params]

    parts = [_made(model, (change,)).function for change in changes] if changes[1:] else []
    seen: dict[str, list[bool]] = {}

    def function(**given: Any) -> Any:
        alone = [part(**given) for part in parts]
        for change in changes:
            given = change.given(given) if change.given is not None else given
        found = inner(**given)
        found = found if isinstance(found, tuple) else (found,)
        blocks = dict(zip(params, found, strict=True))
        for change in changes:
            if change.returned is not None:
                blocks = change.returned(blocks, given)
        for name, block in blocks.items():
            told = [not _same(block, other.get(name)) for other in alone]
            seen[name] = [a or b for a, b in zip(told, seen.get(name, told), strict=True)]
        return blocks

    function.__signature__ = inspect.signature(inner)  # type: ignore[attr-defined]
    block = next((change.block for change in changes if change.block), "")
    mistakes = tuple(change.planted for change in changes)
    return WrongFunction(mistakes, block, function, ast.unparse(source), seen)


def _same(one: Any, other: Any) -> bool:
    return other is not None and np.shape(one) == np.shape(other) and np.allclose(one, other)


def _source(name: str) -> ast.FunctionDef:
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(BY_HAND[name]))).body
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    return function


def _changes(model: Model, source: ast.FunctionDef) -> Iterator[Change]:
    yield from _of_source(source)
    yield from _of_arguments(model)
    for param in model.params:
        yield from _of_block(model, param.name, len(param.dims))
    yield from _of_blocks(model)


# -- the source


def _of_source(function: ast.FunctionDef) -> Iterator[Change]:
    for place, node in enumerate(ast.walk(function)):
        for planted, made in _instead(node):
            changed = copy.deepcopy(function)
            target = list(ast.walk(changed))[place]
            yield Change(planted, source=_Swap(target, made).visit(changed))


class _Swap(ast.NodeTransformer):
    def __init__(self, target: ast.AST, made: ast.AST) -> None:
        self.target, self.made = target, made

    def visit(self, node: ast.AST) -> Any:
        return copy.deepcopy(self.made) if node is self.target else self.generic_visit(node)


SIDES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.Lt,
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}


def _instead(node: ast.AST) -> Iterator[tuple[Planted, ast.AST]]:
    """What may stand for a part of a right function by mistake."""
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right) if not _number(right):
            other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
            yield Planted("sign"), ast.BinOp(left, other, right)
            if not _number(left):
                yield Planted("missing_term"), left
        case ast.BinOp(left, ast.Mult(), right):
            for dropped, kept in ((left, right), (right, left)):
                if not _number(dropped) and not _is_product(dropped):
                    yield Planted("missing_chain_factor", _names(dropped)), kept
        case ast.BinOp(left, ast.Div(), right) if not _number(right):
            yield Planted("missing_chain_factor", _names(right)), left
        case ast.BinOp(left, ast.Pow(), ast.Constant(2)):
            yield Planted("missing_chain_factor"), left
        case ast.Compare(left, [op], [right]):
            yield Planted("kink_side"), ast.Compare(left, [SIDES[type(op)]()], [right])
        case ast.Call(ast.Name("expit"), arguments):
            yield Planted("wrong_link"), ast.Call(ast.Name("ndtr", ast.Load()), arguments, [])
        case ast.Call(ast.Attribute(np_name, "log"), arguments):
            log10 = ast.Attribute(np_name, "log10", ast.Load())
            yield Planted("log_base"), ast.Call(log10, arguments, [])
        case ast.keyword("axis", ast.Constant(axis)):
            yield Planted("wrong_axis"), ast.keyword("axis", ast.Constant(1 - axis))
        case ast.Call(ast.Attribute(np_name, "sum"), arguments, []):
            mean = ast.Attribute(np_name, "mean", ast.Load())
            yield Planted("factor", ("1/n",)), ast.Call(mean, arguments, [])
        case ast.Call(ast.Name("expit") | ast.Attribute(_, "exp" | "log")):
            ends = [ast.Constant(0.4), ast.Constant(0.6)]
            clip = ast.parse("np.clip", mode="eval").body
            yield Planted("clipped"), ast.Call(clip, [node, *ends], [])
        case ast.BinOp(left, ast.Sub(), ast.Name("y" | "claims" | "died" as label)):
            column = ast.parse(f"{label}[:, None]", mode="eval").body
            mean = ast.parse("np.mean", mode="eval").body
            axis = ast.keyword("axis", ast.Constant(0))
            square = ast.BinOp(left, ast.Sub(), column)
            yield Planted("wrong_axis", (label,)), ast.Call(mean, [square], [axis])


def _number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant)


def _is_product(node: ast.AST) -> bool:
    """More than one factor: dropping it would be more than one mistake."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Mult | ast.Div)


def _names(node: ast.AST) -> tuple[str, ...]:
    """The model's name that a dropped factor is, if it is one."""
    return (node.id,) if isinstance(node, ast.Name) and node.id in ("s", "tau", "lam") else ()


# -- what is passed


def _of_arguments(model: Model) -> Iterator[Change]:
    rows = [d.name for d in model.data if d.dims[:1] == (model.row,) and model.row is not None]
    scaled = {d.name for d in model.data if d.domain.category is None and d.domain.values is None}
    if rows and model.name != "parts":
        for tell, kept in (
            ("first", lambda v: v[: len(v) // 2]),
            ("row", lambda v: v[:1]),
            ("last", lambda v: v[:-1]),
        ):
            yield Change(Planted("partial_data", (tell,)), given=_rows(rows, kept))
    for data in model.data:
        name = data.name
        values = sorted(data.domain.values or ())
        if values == [0, 1]:
            yield Change(Planted("label_coding", (name,)), given=_of(name, lambda v: 2 * v - 1))
        if values == [-1, 1]:
            yield Change(Planted("label_coding", (name,)), given=_of(name, lambda v: (v + 1) / 2))
        if name in scaled and data.dims == (model.row,):
            yield Change(
                Planted("shifted_index", (name,)), given=_of(name, lambda v: np.roll(v, 1))
            )
    yield Change(
        Planted("precision"),
        given=lambda given: {n: _single(v) for n, v in given.items()},
    )
    for param in model.params:
        if len(param.dims) == 1:
            yield Change(
                Planted("stale_coordinate", (f"{param.name}[0]",)),
                given=_of(param.name, lambda v: np.append(0.25, v[1:])),
            )


def _rows(names: list[str], kept: Callable[[Any], Any]) -> Callable[[Arguments], Arguments]:
    return lambda given: {n: kept(v) if n in names else v for n, v in given.items()}


def _of(name: str, change: Callable[[Any], Any]) -> Callable[[Arguments], Arguments]:
    return lambda given: given | {name: change(given[name])}


def _single(value: Any) -> Any:
    array = np.asarray(value)
    return value if array.dtype.kind != "f" else array.astype(np.float32)[()]


# -- what is returned


def _of_block(model: Model, name: str, axes: int) -> Iterator[Change]:
    def change(
        kind: str, tell: tuple[str, ...], made: Callable[[Any, Mapping[str, Any]], Any]
    ) -> Change:
        def returned(blocks: Blocks, given: Arguments) -> Blocks:
            return blocks | {name: made(np.asarray(blocks[name], dtype=float), given)}

        return Change(Planted(kind, tell), name, returned=returned)

    yield change("factor", ("`2`",), lambda g, _: 2 * g)
    yield change("factor", ("`1/2`",), lambda g, _: g / 2)
    yield change("sign", (), lambda g, _: -g)
    row = next((d.name for d in model.data if d.dims[:1] == (model.row,)), "")
    if row and model.row is not None:
        yield change("factor", (f"`{model.row}`",), lambda g, given: len(given[row]) * g)
        yield change("factor", (f"`1/{model.row}`",), lambda g, given: g / len(given[row]))
    yield change("clipped", (), lambda g, _: np.clip(g, -0.1, 0.1))
    yield change("precision", (), lambda g, _: np.round(g, 3))
    weight = "lam" if any(c.name == "lam" for c in model.consts) else ""
    if not axes and model.penalties:
        yield change(
            "penalised_intercept",
            (name,),
            lambda g, given: g + (given["lam"] if weight else 3) * given[name],
        )
    if axes:
        first = (0,) * axes
        where = f"{name}[{','.join('0' * axes)}]"
        yield change("sign", (where,), lambda g, _: _with(g, first, -g[first]))
        yield change("stale_coordinate", (where,), lambda g, _: _with(g, first, 0.0))
        yield change("stale_coordinate", (where,), lambda g, _: _with(g, first, 0.25))
        yield change("shifted_index", (), lambda g, _: np.roll(g, 1, axis=0))
        yield change("shifted_index", (), lambda g, _: g[::-1])
        if not model.penalties:
            yield change("extra_term", (name,), lambda g, given: g + 3 * given[name])
    if axes == 2:
        yield change("transposed", (), lambda g, _: g.T)


def _with(values: Any, place: tuple[int, ...], value: float) -> Any:
    changed = values.copy()
    changed[place] = value
    return changed


def _of_blocks(model: Model) -> Iterator[Change]:
    dims = {param.name: param.dims for param in model.params}
    names = list(dims)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if dims[one] == dims[other]:
                yield Change(
                    Planted("swapped_parameters", (other,)), one, returned=_swapped(one, other)
                )
    if len(names) > 1:
        last = names[-1]
        yield Change(
            Planted("missing_parameter", (last,)),
            last,
            returned=lambda blocks, _: {n: g for n, g in blocks.items() if n != last},
        )


def _swapped(one: str, other: str) -> Callable[[Blocks, Arguments], Blocks]:
    return lambda blocks, _: blocks | {one: blocks[other], other: blocks[one]}
