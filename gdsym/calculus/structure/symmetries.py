"""Discrete symmetries, and turns of a whole dimension: what makes minima equal to each other.

The entries of a dimension that no data know may change places (the components of a mixture, the
units of a hidden layer). Parameters may change sign together where all that is odd in them meets
an even function or another such parameter. Factors that enter through inner products alone may be
turned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

from gdsym.calculus.program import (
    Axis,
    Contract,
    Leaf,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    reachable,
)
from gdsym.language.model import Dim, Model, Param

ODD = frozenset(("tanh", "sin", "sinh", "tan", "erf", "asin", "atan", "sign"))
EVEN = frozenset(
    ("abs", "cos", "cosh", "sech", "bell", "half_bell", "normal_pdf", "sigmoid_slope")
)

# Sets of parameters that are tried for a common change of sign.
MOST_PARAMS = 12


@dataclass(frozen=True, slots=True)
class Symmetry:
    """`order`: the entries of `dim` may change places. `turn`: its entries may be rotated, which
    is a flat direction for each pair of them. `sign`: `params` may change sign together; with
    `dim` each entry of it by itself."""

    kind: str
    dim: str | None
    params: tuple[str, ...]


def symmetries(program: Program) -> tuple[Symmetry, ...]:
    """The symmetries of the value that the graph shows."""
    order = reachable([program.value])
    model = program.model
    found: list[Symmetry] = []
    hidden = [dim for dim in model.dims if is_exchangeable(dim, model, order)]
    for dim in hidden:
        if not mixes(order, dim.name, model.row):
            continue
        params = tuple(param.name for param in model.params if dim.name in param.dims)
        turned = _turns(order, Axis(dim.name), params) and all(
            _is_symmetric(param) for param in model.params if param.name in params
        )
        found.append(Symmetry("turn" if turned else "order", dim.name, params))
        if not turned and _is_odd(order, program.value, set(params), dim.name, model):
            found.append(Symmetry("sign", dim.name, params))
    told = {name for symmetry in found for name in symmetry.params}
    free = [p.name for p in model.params if p.name not in told and _is_symmetric(p)]
    for count in (1, 2):
        for some in combinations(free[:MOST_PARAMS], count):
            if not told & set(some) and _is_odd(order, program.value, set(some), None, model):
                found.append(Symmetry("sign", None, some))
                told |= set(some)
    return tuple(found)


def is_exchangeable(dim: Dim, model: Model, order: Collection[Node]) -> bool:
    """Whether nothing but parameters knows the entries of a dimension apart."""
    if dim.name == model.row or dim.like or dim.less or model.aliases(dim.name):
        return False
    if any(other.less is not None and other.less[0] == dim.name for other in model.dims):
        return False
    if any(_knows(node, dim.name) for node in order):
        return False
    params = [param for param in model.params if dim.name in param.dims]
    if any(p.fixed or p.domain.structure not in (None, "simplex", "sumzero") for p in params):
        return False
    return bool(params)


def _knows(node: Node, dim: str) -> bool:
    """Whether a node tells the entries of a dimension apart: data or constants for each of them,
    a code or a label."""
    match node:
        case Leaf(kind="label"):
            return node.name.split(" ")[0] == dim
        case Leaf():
            return node.kind != "param" and any(axis.dim == dim for axis in node.axes)
        case Contract() | Reduce():
            return any(d.source is not None and d.axis.dim == dim for d in node.deltas)
    return False


def mixes(order: Collection[Node], dim: str, row: str | None) -> bool:
    """Whether something sums over a dimension within a row: parameters that never meet may be
    equal, because each has its own optimum."""
    for node in order:
        if isinstance(node, Contract):
            over = {axis.dim for axis in node.summed}
            indices = {axis.dim for factor in node.factors for axis in factor.indices}
            indices |= {axis.dim for delta in node.deltas for axis in delta.indices}
        elif isinstance(node, Reduce) and node.op != "argmax":
            over = {axis.dim for axis in node.over}
            indices = {axis.dim for axis in node.arg.axes}
        else:
            continue
        if dim in over and row in indices and row not in over:
            return True
    return False


def _is_symmetric(param: Param) -> bool:
    """Whether minus a parameter is in its domain, too."""
    domain = param.domain
    plain = domain.structure in (None, "sumzero") and domain.values is None and not param.fixed
    return plain and domain.lower == -domain.upper


# -- signs -------------------------------------------------------------------------------------


def _is_odd(
    order: Collection[Node], value: Node, names: set[str], dim: str | None, model: Model
) -> bool:
    """Whether a change of sign of these parameters leaves the value; with a dimension, of each of
    its entries by itself."""
    if not all(_is_symmetric(param) for param in model.params if param.name in names):
        return False
    parity: dict[Node, int | None] = {}  # 1: odd, 0: even, None: neither
    for node in order:
        found = _parity(node, names, parity)
        if found is None or (found == 1 and dim is not None and not _carries(node, dim)):
            return False
        parity[node] = found
    return parity[value] == 0


def _carries(node: Node, dim: str) -> bool:
    return any(axis.dim == dim for axis in node.axes)


def _parity(node: Node, names: set[str], parity: Mapping[Node, int | None]) -> int | None:
    inner = [parity[operand] for operand in node.operands]
    match node:
        case Leaf():
            return 1 if node.kind == "param" and node.name in names else 0
        case _ if not any(inner):
            return 0
        case Map(op="add"):
            return 1 if all(inner) else None
        case Map(op="mul"):
            return sum(p or 0 for p in inner) % 2
        case Map(op="pow", args=(_, Number(value=power))) if power.denominator == 1:
            return int(power) % 2
        case Map(op="where") if not inner[0]:
            return 1 if inner[1] == inner[2] else None
        case Map(op=op, args=(_,)):
            return 1 if op in ODD else 0 if op in EVEN else None
        case Map(op="huber" | "root"):
            return 0 if not any(inner[1:]) and node.op == "huber" else None
        case Contract():
            if any(parity[delta.source] for delta in node.deltas if delta.source is not None):
                return None
            return sum(parity[factor.node] or 0 for factor in node.factors) % 2
    return None


# -- turns -------------------------------------------------------------------------------------

VECTOR, SQUARE = 1, 2  # a square is any product of two, entry by entry


def _turns(order: Collection[Node], axis: Axis, params: tuple[str, ...]) -> bool:
    """Whether a dimension enters through inner products and sums of squares alone."""
    kinds: dict[Node, int] = {}
    for node in order:
        kind = _kind(node, axis, params, kinds)
        if kind is None:
            return False
        kinds[node] = kind
    return any(kinds.values())


def _kind(
    node: Node, axis: Axis, params: tuple[str, ...], kinds: Mapping[Node, int]
) -> int | None:
    """0 for what does not know the dimension, VECTOR for what turns with it, SQUARE for products
    of two such; None where neither."""
    inner = [kinds[operand] for operand in node.operands]
    match node:
        case Leaf(kind="param") if node.name in params:
            return VECTOR if node.axes.count(axis) == 1 else None
        case Contract():
            return _contracted(node, axis, kinds)
        case _ if not any(inner):
            return 0 if axis.dim not in {own.dim for own in node.axes} else None
        case Map(op="add"):
            return inner[0] if len(set(inner)) == 1 else None
        case Map(op="mul"):
            turning = [kind for kind in inner if kind]
            return turning[0] if len(turning) == 1 else _product(turning)
        case Map(op="pow", args=(base, Number(value=power))):
            return SQUARE if kinds[base] == VECTOR and power == 2 else None
    return None


def _product(turning: list[int]) -> int | None:
    """Entry by entry; summed over the dimension it is an inner product."""
    return SQUARE if turning == [VECTOR, VECTOR] else None


def _contracted(node: Contract, axis: Axis, kinds: Mapping[Node, int]) -> int | None:
    moving = [factor for factor in node.factors if kinds[factor.node]]
    if any(kinds[delta.source] for delta in node.deltas if delta.source is not None):
        return None
    delta_axes = {own.dim for d in node.deltas for own in (*d.indices, d.axis)}
    if axis.dim in delta_axes:
        return None
    if not moving:
        return 0
    places = {
        index
        for factor in moving
        for own, index in zip(factor.node.axes, factor.indices, strict=True)
        if own.dim == axis.dim
    }
    if len(places) != 1:
        return None
    (place,) = places
    found = [kinds[factor.node] for factor in moving]
    if place in node.axes:
        return found[0] if len(found) == 1 and place == axis else None
    return 0 if found in ([VECTOR, VECTOR], [SQUARE]) else None
