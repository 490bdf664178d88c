"""What functions of NumPy and SciPy are in the language."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from gdsym.tracing import matrices
from gdsym.tracing.graph import Axis
from gdsym.tracing.indexing import scattered
from gdsym.tracing.literals import literal
from gdsym.tracing.recorder import Recorder
from gdsym.tracing.tracer import (
    Group,
    Groups,
    Pieces,
    Size,
    Tracer,
    aligned,
    elementwise,
    product,
    recorder_of,
    shown,
    total,
    traced,
)

# Ufuncs of NumPy and scipy.special by name: the function of the language, or a formula.
SAME = {
    **{name: name for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sign")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "logaddexp")},
    **{name: name for name in ("erf", "erfc", "digamma", "xlogy", "softplus")},
    **{"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2"},
    **{"absolute": "abs", "fabs": "abs", "negative": "neg", "add": "add", "subtract": "sub"},
    **{"multiply": "mul", "divide": "div", "true_divide": "div", "power": "pow"},
    **{"float_power": "pow", "maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min"},
    **{"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge"},
    **{"equal": "eq", "not_equal": "ne", "logical_and": "and", "logical_or": "or"},
    **{"bitwise_and": "and", "bitwise_or": "or", "logical_not": "not", "invert": "not"},
    **{"bitwise_invert": "not", "expit": "sigmoid", "log_expit": "log_sigmoid"},
    **{"gammaln": "lgamma", "loggamma": "lgamma", "psi": "digamma", "betaln": "beta_ln"},
    **{"ndtr": "normal_cdf", "log_ndtr": "log_normal_cdf", "conjugate": "pos", "positive": "pos"},
}
FORMULAS: dict[str, Callable[..., Any]] = {
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "exp2": lambda x: elementwise("pow", 2, x),
    "hypot": lambda a, b: call_ufunc("sqrt", a**2 + b**2),
    "logit": lambda p: call_ufunc("log", p / (1 - p)),
    "xlog1py": lambda x, y: elementwise("xlogy", x, 1 + y),
    "entr": lambda x: -elementwise("xlogy", x, x),
    "rel_entr": lambda x, y: elementwise("xlogy", x, x / y),
    "kl_div": lambda x, y: elementwise("xlogy", x, x / y) - x + y,
    "huber": lambda delta, r: elementwise("huber", r, delta),
    "radians": lambda x: x * (np.pi / 180),
    "deg2rad": lambda x: x * (np.pi / 180),
    "degrees": lambda x: x * (180 / np.pi),
    "rad2deg": lambda x: x * (180 / np.pi),
    "heaviside": lambda x, at: elementwise("where", x == 0, at, x > 0),
    "matmul": lambda a, b: matmul(a, b),
    "vecdot": lambda a, b: reduced("sum", a * b, -1),
    "pos": lambda x: x,
    # A check of what was given: formulas are about numbers.
    "isfinite": lambda x: np.True_,
    "isnan": lambda x: np.False_,
    "isinf": lambda x: np.False_,
}
REDUCED = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logaddexp": "logsumexp",
}


def ufunc_called(
    recorder: Recorder, ufunc: Any, method: str, inputs: Any, options: Mapping[str, Any]
) -> Any:
    """`ufunc(*inputs)`, or a method of it such as `np.add.reduce`."""
    outs = options.get("out") or ()
    if options.get("where", True) is not True:
        recorder.refuse(
            f"`where=` of `{ufunc.__name__}` leaves entries as they were", "choose by `np.where`"
        )
    if method == "__call__":
        found = call_ufunc(ufunc.__name__, *inputs)
    elif method == "reduce" and ufunc.__name__ in REDUCED:
        axis = options.get("axis", 0)
        keep = bool(options.get("keepdims", False))
        found = reduced(REDUCED[ufunc.__name__], inputs[0], axis, keep)
    elif method == "outer":
        left, right = inputs
        found = call_ufunc(ufunc.__name__, left[(..., *[None] * np.ndim(right))], right)
    elif method == "at" and ufunc.__name__ == "add" and isinstance(inputs[0], Tracer):
        return scattered(*inputs)
    else:
        recorder.refuse(f"`np.{ufunc.__name__}.{method}` has no counterpart in the language")
    if not outs:
        return found
    if not isinstance(outs[0], Tracer):
        recorder.refuse("a result is written into an array that exists", "leave out `out=`")
    return outs[0].become(found)


def call_ufunc(name: str, *inputs: Any) -> Any:
    if name in FORMULAS:
        return FORMULAS[name](*inputs)
    recorder = recorder_of(*inputs)
    if name not in SAME:
        recorder.refuse(f"`{name}` is no function of the language", "docs/functions.md lists them")
    return elementwise(SAME[name], *inputs) if SAME[name] != "pos" else inputs[0]


def function_called(
    recorder: Recorder, function: Any, places: Sequence[Any], names: Mapping[str, Any]
) -> Any:
    """A function of NumPy that is no ufunc."""
    module = function.__module__.removeprefix("numpy").removeprefix(".")
    name = f"linalg.{function.__name__}" if "linalg" in module else function.__name__
    return named(recorder, name, places, names)


def named(recorder: Recorder, name: str, places: Sequence[Any], names: Mapping[str, Any]) -> Any:
    """A function by name, with what it was given."""
    if name not in FUNCTIONS:
        recorder.refuse(f"`{name}` is not traced", MENDS.get(name, ""))
    if names.get("where") is not None and name != "where":
        recorder.refuse(f"`where=` of `{name}` is not traced", "choose by `np.where` before")
    ignored = ("out", "dtype", "where", "initial", "order", "copy", "optimize", "like")
    given = {k: v for k, v in names.items() if k not in ignored and not _left_out(v)}
    try:
        return FUNCTIONS[name](*places, **given)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        listed = ", ".join(given) or "these arguments"
        recorder.refuse(f"`{name}` with {listed} is not traced")


def _left_out(value: Any) -> bool:
    return value is None or value is np._NoValue


MENDS = {
    "concatenate": "write the sum of the parts instead",
    "argmax": "an index has no derivative",
    "argmin": "an index has no derivative",
    "argsort": "an order has no derivative",
    "sort": "an order has no derivative everywhere",
    "median": "an order has no derivative everywhere",
    "percentile": "an order has no derivative everywhere",
    "quantile": "an order has no derivative everywhere",
    "cumsum": "sums up to an entry are not in the language",
    "cumprod": "products up to an entry are not in the language",
    "diff": "neighbouring entries are not in the language: pass both as arguments",
    "bincount": "`onehot(y).T @ x` has the sums by group: write the loss by rows, `x[y]`",
    "roll": "neighbouring entries are not in the language: pass both as arguments",
    "linalg.eigh": "`slogdet` and `inv` are in the language",
    "linalg.eigvalsh": "`slogdet` and `inv` are in the language",
    "linalg.svd": "`slogdet` and `inv` are in the language",
    "linalg.qr": "`slogdet` and `solve` are in the language",
    "linalg.lstsq": "write `np.linalg.solve(X.T @ X, X.T @ y)`",
    "linalg.pinv": "write `np.linalg.inv`",
}


def method_called(tracer: Any, name: str, places: Sequence[Any], names: Mapping[str, Any]) -> Any:
    """`x.sum(axis=0)`: most methods are the functions of their name."""
    if name in ("copy", "astype", "view", "item", "conj"):
        if name == "item" and tracer.ndim:
            tracer.recorder.refuse("`.item()` of an array")
        return Tracer(tracer.recorder, tracer.node, tracer.groups)
    if name == "flatten":
        name = "ravel"
    if name in ("reshape", "transpose"):
        lengths = places[0] if len(places) == 1 and not _is_length(places[0]) else places
        return FUNCTIONS[name](tracer, tuple(lengths) if lengths is not None and places else None)
    if name in ("all", "any", "fill", "tofile", "tolist", "sort", "put"):
        tracer.recorder.refuse(f"`.{name}()` needs the values of an array")
    return named(tracer.recorder, name, [tracer, *places], names)


def _is_length(value: Any) -> bool:
    return isinstance(value, int | np.integer | Tracer)


# -- reductions --------------------------------------------------------------------------------


def reduced(name: str, value: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """A reduction over positions of an array, all by default."""
    if isinstance(value, Pieces):
        return _reduced_pieces(name, value, axis, keepdims)
    recorder = recorder_of(value, axis)
    value = _array(value, recorder)
    positions = _positions(value, axis)
    over = [a for p in positions for a in value.groups[p]]
    groups: Groups = tuple(
        () if p in positions else group
        for p, group in enumerate(value.groups)
        if keepdims or p not in positions
    )
    there = tuple(a for a in over if a in recorder.axes(value.node))
    missing = [a for a in over if a not in there]
    node = value.node
    known = matrices.summed(recorder, node, there) if name == "sum" and not missing else None
    if known is not None:
        return Tracer(recorder, known, groups)
    if there:
        rest = (a for a in recorder.axes(node) if a not in there)
        node = recorder.add("reduce", (node,), rest, (name, there))
    elif name in ("norm", "norm1"):
        node = recorder.apply("abs", node)
    elif name == "var":
        node = recorder.number(0)
    return _repeated(recorder, name, Tracer(recorder, node, groups), missing)


def _repeated(recorder: Recorder, name: str, value: Tracer, missing: Sequence[Axis]) -> Any:
    """What repeating a value along axes that it does not depend on makes of its reduction."""
    for axis in missing:
        size = Tracer(recorder, recorder.size(axis.dim), ())
        match name:
            case "sum" | "norm1":
                value = elementwise("mul", size, value)
            case "prod":
                value = elementwise("pow", value, size)
            case "logsumexp":
                value = elementwise("add", value, elementwise("log", size))
            case "norm":
                value = elementwise("mul", elementwise("sqrt", size), value)
    return value


def _reduced_pieces(name: str, value: Pieces, axis: Any, keepdims: bool) -> Any:
    along = axis is None or axis in (value.position, value.position - value.ndim)
    parts = [reduced("sum" if name == "mean" else name, p, axis, keepdims) for p in value.parts]
    if not along:
        kept = value.position - (not keepdims and axis % value.ndim < value.position)
        return Pieces(value.recorder, parts, kept)
    if name in ("sum", "mean", "norm1"):
        found = total(parts)
        return found / value.size if name == "mean" else found
    if name == "norm":
        squares = [reduced("sum", call_ufunc("square", p), axis, keepdims) for p in value.parts]
        return elementwise("sqrt", total(squares))
    value.recorder.refuse(f"`{name}` of an array that is made of pieces is not traced")


def _positions(value: Tracer, axis: Any) -> list[int]:
    if axis is None:
        return list(range(value.ndim))
    listed = axis if isinstance(axis, tuple | list) else (axis,)
    for p in listed:
        if not -value.ndim <= int(p) < value.ndim:
            raise np.exceptions.AxisError(int(p), value.ndim)
    return sorted(int(p) % value.ndim for p in listed)


def _array(value: Any, recorder: Recorder) -> Tracer:
    if isinstance(value, list | tuple) and traced(value):
        value = stack(value)
    return value if isinstance(value, Tracer) else literal(recorder, value)


def _reduction(name: str) -> Callable[..., Any]:
    return lambda value, axis=None, keepdims=False: reduced(name, value, axis, keepdims)


def variance(value: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    found = reduced("var", value, axis, keepdims)
    if isinstance(ddof, int) and ddof == 0:
        return found
    lengths = [_array(value, value.recorder).shape[p] for p in _positions(value, axis)]
    count = product(lengths)
    return found * count / (count - ddof)


def deviation(value: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    return elementwise("sqrt", variance(value, axis, ddof, keepdims))


def average(value: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return reduced("mean", value, axis)
    return reduced("sum", value * weights, axis) / reduced("sum", weights, axis)


def logsumexp(value: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    if b is None:
        return reduced("logsumexp", value, axis, keepdims)
    return elementwise("log", reduced("sum", b * elementwise("exp", value), axis, keepdims))


def softmax(value: Tracer, axis: Any = None) -> Any:
    return _along("softmax", value, axis)


def log_softmax(value: Tracer, axis: Any = None) -> Any:
    return _along("log_softmax", value, axis)


def _along(name: str, value: Tracer, axis: Any) -> Tracer:
    over = tuple(a for p in _positions(value, axis) for a in value.groups[p])
    recorder = value.recorder
    if len(over) != 1 or over[0] not in recorder.axes(value.node):
        recorder.refuse(f"`{name}` over several axes", "give it one: `axis=1`")
    node = recorder.add("along", (value.node,), recorder.axes(value.node), (name, over[0]))
    return Tracer(recorder, node, value.groups)


# -- shapes ------------------------------------------------------------------------------------


def transpose(value: Any, axes: Any = None) -> Any:
    if axes is None or isinstance(value, Pieces):
        return value.T
    order = [int(p) % value.ndim for p in axes]
    return Tracer(value.recorder, value.node, tuple(value.groups[p] for p in order))


def swapaxes(value: Tracer, first: int, second: int) -> Tracer:
    order = list(range(value.ndim))
    order[first], order[second] = order[second], order[first]
    return Tracer(value.recorder, value.node, tuple(value.groups[p] for p in order))


def moveaxis(value: Tracer, source: int, destination: int) -> Tracer:
    groups = list(value.groups)
    group = groups.pop(source)
    groups.insert(destination % value.ndim, group)
    return Tracer(value.recorder, value.node, tuple(groups))


def ravel(value: Any) -> Any:
    if isinstance(value, Pieces):
        return value
    joined = tuple(axis for group in value.groups for axis in group)
    return Tracer(value.recorder, value.node, (joined,))


def reshape(value: Any, shape: Any = None, newshape: Any = None) -> Any:
    """Another shape, where its lengths are those of the axes."""
    recorder = value.recorder
    wanted = shape if shape is not None else newshape
    lengths = [int(n) for n in (wanted if isinstance(wanted, tuple | list) else (wanted,))]
    if isinstance(value, Pieces):
        if lengths in ([-1], [int(value.size)]):
            return value
        recorder.refuse("a vector that is made of pieces gets another shape", "take them apart")
    axes = [axis for group in value.groups for axis in group]
    sizes = [recorder.sizes[axis.dim] for axis in axes]
    if -1 in lengths:
        rest = -prod(lengths)
        lengths[lengths.index(-1)] = prod(sizes) // rest if rest else -1
    groups: list[Group] = []
    for wanted_length in lengths:
        group: list[Axis] = []
        while prod(recorder.sizes[a.dim] for a in group) < wanted_length and axes:
            group.append(axes.pop(0))
        if prod(recorder.sizes[a.dim] for a in group) != wanted_length:
            _no_shape(recorder, value)
        groups.append(tuple(group))
    if axes:
        _no_shape(recorder, value)
    return Tracer(recorder, value.node, tuple(groups))


def _no_shape(recorder: Recorder, value: Tracer) -> None:
    recorder.refuse(
        f"an array of shape {shown(value.groups)} gets a shape that cuts through its axes",
        'give its parts names: for a vector of parameters --params "W=d,k, b=k"',
    )


def squeeze(value: Tracer, axis: Any = None) -> Tracer:
    gone = _positions(value, axis) if axis is not None else range(value.ndim)
    groups = (g for p, g in enumerate(value.groups) if g or p not in gone)
    return Tracer(value.recorder, value.node, tuple(groups))


def expand_dims(value: Tracer, axis: Any) -> Tracer:
    groups = list(value.groups)
    for p in sorted(axis if isinstance(axis, tuple) else (axis,)):
        groups.insert(p if p >= 0 else len(groups) + 1 + p, ())
    return Tracer(value.recorder, value.node, tuple(groups))


def atleast(rank: int) -> Callable[..., Any]:
    def raised(*values: Any) -> Any:
        found = []
        for value in values:
            missing = max(0, rank - value.ndim)
            groups = ((),) * missing + value.groups
            found.append(Tracer(value.recorder, value.node, groups))
        return found[0] if len(found) == 1 else found

    return raised


def broadcast_to(value: Any, shape: Any) -> Tracer:
    recorder = recorder_of(value, *shape)
    return elementwise("add", _array(value, recorder), full(recorder, shape, 0))  # type: ignore[no-any-return]


def full(recorder: Recorder, shape: Any, value: Any) -> Any:
    """An array of one number, whose lengths are sizes."""
    lengths = shape if isinstance(shape, tuple | list) else (shape,)
    groups: list[Group] = []
    taken: set[Axis] = set()
    for size in lengths:
        if not isinstance(size, Size) and int(size) == 1:
            groups.append(())
            continue
        dims = [d for d, own in recorder.sizes.items() if own == int(size)]
        node = recorder.nodes[size.node] if isinstance(size, Size) else None
        if node is not None and node.op == "size":
            dims = [node.detail]
        if len(dims) != 1:
            recorder.refuse(
                f"an array with {int(size)} entries, which no dimension has",
                "its lengths must be those of arguments",
            )
        axis = Axis(dims[0], sum(a.dim == dims[0] for a in taken))
        taken.add(axis)
        groups.append((axis,))
    own = value.node if isinstance(value, Tracer) else recorder.number(value)
    return Tracer(recorder, own, tuple(groups))


def _like(number: float) -> Callable[..., Tracer]:
    def made(value: Tracer) -> Tracer:
        return Tracer(value.recorder, value.recorder.number(number), value.groups)

    return made


def full_like(value: Tracer, number: Any) -> Tracer:
    node = number.node if isinstance(number, Tracer) else value.recorder.number(number)
    return Tracer(value.recorder, node, value.groups)


def arange(recorder: Recorder, size: Size) -> Tracer:
    axis = full(recorder, (size,), 0).groups[0][0]
    return Tracer(recorder, recorder.add("arange", (), (axis,)), ((axis,),))


# -- put together ------------------------------------------------------------------------------


def concatenate(values: Any, axis: Any = 0) -> Any:
    recorder = recorder_of(*values)
    parts: list[Tracer] = []
    for value in values:
        if isinstance(value, Pieces):
            parts += value.parts
        else:
            parts.append(_array(value, recorder))
    if axis is None:
        parts, axis = [ravel(part) for part in parts], 0
    rank = parts[0].ndim
    if not rank or any(part.ndim != rank for part in parts):
        recorder.refuse("arrays of different numbers of axes are joined")
    if len(parts) == 1:
        return parts[0]
    return Pieces(recorder, parts, int(axis) % rank)


def append(value: Any, other: Any, axis: Any = None) -> Any:
    return concatenate([_raised(value, other), _raised(other, value)], axis)


def _raised(value: Any, beside: Any) -> Any:
    recorder = recorder_of(value, beside)
    if isinstance(value, Pieces):
        return value
    found = _array(value, recorder)
    return found if found.ndim else Tracer(recorder, found.node, ((),))


def hstack(values: Any) -> Any:
    recorder = recorder_of(*values)
    parts = [_raised(value, Tracer(recorder, 0, ())) for value in values]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


def column_stack(values: Any) -> Any:
    recorder = recorder_of(*values)
    parts = [_array(value, recorder) for value in values]
    return concatenate([p if p.ndim > 1 else p[:, None] for p in parts], 1)


def stack(values: Any, axis: int = 0) -> Any:
    """Arrays of one shape beside each other."""
    recorder = recorder_of(*values)
    parts = [_array(value, recorder) for value in values]
    return concatenate([expand_dims(part, axis) for part in parts], axis)


def split(value: Any, places: Any, axis: int = 0) -> Any:
    if isinstance(places, int):
        value.recorder.refuse("a split into equal parts", "say where: `np.split(theta, [d])`")
    ends = [0, *(int(p) for p in places), int(value.shape[axis])]
    return [value[a:b] for a, b in itertools.pairwise(ends)]


def take(value: Tracer, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        value, axis = (value if value.ndim == 1 else ravel(value)), 0
    keys: list[Any] = [slice(None)] * value.ndim
    keys[axis] = indices
    return value[tuple(keys)]


def take_along_axis(value: Tracer, indices: Any, axis: Any = -1) -> Any:
    """Of each row the entry at its code: `np.take_along_axis(Z, y[:, None], 1)`."""
    codes = squeeze(indices, axis)
    if value.ndim != 2 or codes.ndim != 1:
        value.recorder.refuse("`take_along_axis` of anything but a matrix and codes is not traced")
    turned = value if axis in (1, -1) else value.T
    found = turned[arange(value.recorder, turned.shape[0]), codes]
    return expand_dims(found, axis)


# -- choices -----------------------------------------------------------------------------------


def where(condition: Any, *choices: Any) -> Any:
    if len(choices) != 2:
        condition.recorder.refuse(
            "`np.where` with a condition alone gives places, which depend on values",
            "choose by `np.where(condition, a, b)`",
        )
    return elementwise("where", condition, *choices)


def clip(
    value: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None
) -> Any:
    low = a_min if a_min is not None else min
    high = a_max if a_max is not None else max
    if low is None:
        return elementwise("min", value, high)
    return (
        elementwise("max", value, low) if high is None else elementwise("clip", value, low, high)
    )


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    found = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        found = elementwise("where", condition, choice, found)
    return found


# -- products ----------------------------------------------------------------------------------


def matmul(a: Any, b: Any) -> Any:
    """`a @ b`."""
    recorder = recorder_of(a, b)
    if isinstance(a, Pieces) or isinstance(b, Pieces):
        return _matmul_pieces(recorder, a, b)
    left, right = _array(a, recorder), _array(b, recorder)
    for value in (left, right):
        if not value.ndim:
            leaf = recorder.nodes[value.node]
            name = leaf.detail if leaf.op == "leaf" else "this"
            recorder.refuse(
                f"`@` with `{name}`, which is a number",
                f"its dimensions belong into --shapes, such as {name}=n",
            )
    if left.ndim > 2 or right.ndim > 2:
        rows = left if left.ndim > 1 else left[None, :]
        columns = right if right.ndim > 1 else right[:, None]
        found = reduced("sum", rows[..., :, :, None] * columns[..., None, :, :], -2)
        found = found if left.ndim > 1 else found[..., 0, :]
        return found if right.ndim > 1 else found[..., 0]
    return contracted(recorder, left, right, left.ndim - 1, 0)


def contracted(recorder: Recorder, left: Tracer, right: Tracer, p: int, q: int) -> Any:
    """The sum of products over one position of each; the positions left over follow."""
    met = [tuple(axis.dim for axis in t.groups[at]) for t, at in ((left, p), (right, q))]
    if met[0] != met[1] and all(met):
        recorder.refuse(
            f"`@` of arrays of shapes {shown(left.groups)} and {shown(right.groups)}: "
            f"`{'*'.join(met[0])}` meets `{'*'.join(met[1])}`",
            "are these the dimensions in --shapes that the function expects?",
        )
    moved = list(right.groups)
    shared = moved.pop(q)
    order = [*left.groups[:p], *left.groups[p + 1 :]]
    a = Tracer(recorder, left.node, (*order, *((),) * len(moved), left.groups[p]))
    b = Tracer(recorder, right.node, (*((),) * len(order), *moved, shared))
    nodes, groups = aligned(recorder, [a, b])
    over = groups[-1]
    both = all(set(over) <= set(recorder.axes(node)) for node in nodes)
    if len(over) == 1 and both:
        axes = (x for node in nodes for x in recorder.axes(node) if x != over[0])
        own = set(recorder.axes(nodes[0])) & set(recorder.axes(nodes[1]))
        known = matrices.halves(recorder, nodes[0], nodes[1], over[0])
        if known is not None:
            return Tracer(recorder, known, groups[:-1])
        if own == {over[0]}:
            node = recorder.add("matmul", nodes, axes, over[0])
            return Tracer(recorder, node, groups[:-1])
    found = Tracer(recorder, recorder.apply("mul", *nodes), groups)
    return reduced("sum", found, -1)


def _matmul_pieces(recorder: Recorder, a: Any, b: Any) -> Any:
    if isinstance(a, Pieces) and isinstance(b, Pieces):
        if a.position == a.ndim - 1 and b.position == 0:
            return total([matmul(x, y) for x, y in zip(a.parts, b.parts, strict=False)])
    elif isinstance(a, Pieces) and a.position < a.ndim - 1:
        return Pieces(recorder, [matmul(part, b) for part in a.parts], a.position)
    elif isinstance(b, Pieces) and b.position > 0:
        parts = [matmul(a, part) for part in b.parts]
        return Pieces(recorder, parts, b.position - (a.ndim == 1))
    recorder.refuse(
        "a vector that is made of pieces is multiplied by an array that is not",
        "take its pieces apart first: `w, b = theta[:-1], theta[-1]`",
    )


def dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return elementwise("mul", a, b)
    return matmul(a, b)


def vdot(a: Any, b: Any) -> Any:
    return matmul(ravel(_array(a, recorder_of(a, b))), ravel(_array(b, recorder_of(a, b))))


def inner(a: Any, b: Any) -> Any:
    recorder = recorder_of(a, b)
    left, right = _array(a, recorder), _array(b, recorder)
    if not left.ndim or not right.ndim:
        return elementwise("mul", left, right)
    return contracted(recorder, left, right, left.ndim - 1, right.ndim - 1)


def outer(a: Any, b: Any) -> Any:
    recorder = recorder_of(a, b)
    left, right = ravel(_array(a, recorder)), ravel(_array(b, recorder))
    return elementwise("mul", left[:, None], right[None, :])


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    recorder = recorder_of(a, b)
    left, right = _array(a, recorder), _array(b, recorder)
    if isinstance(axes, int):
        first, second = list(range(left.ndim - axes, left.ndim)), list(range(axes))
    else:
        first, second = ([x] if isinstance(x, int) else list(x) for x in axes)
    letters = "abcdefghijklmnopqrstuvwxyz"
    own, other = letters[: left.ndim], list(letters[left.ndim : left.ndim + right.ndim])
    for p, q in zip(first, second, strict=True):
        other[q] = own[p]
    both = {own[p] for p in first}
    result = "".join(c for c in (*own, *other) if c not in both)
    return einsum(f"{own},{''.join(other)}->{result}", left, right)


def einsum(subscripts: Any, *operands: Any) -> Any:
    """A sum of products over letters."""
    recorder = recorder_of(*operands)
    if not isinstance(subscripts, str) or "..." in subscripts:
        recorder.refuse("this form of `einsum` is not traced", "name every axis by a letter")
    text, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = text.split(",")
    if not arrow:
        letters = sorted(set("".join(terms)))
        result = "".join(c for c in letters if "".join(terms).count(c) == 1)
    arrays = [_array(value, recorder) for value in operands]
    if len(arrays) == 2 and all(len(set(t)) == len(t) for t in terms):
        shared = [c for c in terms[0] if c in terms[1] and c not in result]
        common = [c for c in terms[0] if c in terms[1]]
        kept = "".join(c for c in terms[0] + terms[1] if c not in shared)
        if len(shared) == 1 and common == shared and sorted(kept) == sorted(result):
            p, q = terms[0].index(shared[0]), terms[1].index(shared[0])
            found = contracted(recorder, arrays[0], arrays[1], p, q)
            return transpose(found, [kept.index(c) for c in result])
    letters = [*result, *dict.fromkeys(c for term in terms for c in term if c not in result)]
    spread = [_by_letter(recorder, a, t, letters) for a, t in zip(arrays, terms, strict=True)]
    nodes, groups = aligned(recorder, spread)
    node = functools.reduce(lambda a, b: recorder.apply("mul", a, b), nodes)
    found = Tracer(recorder, node, groups)
    over = tuple(range(len(result), len(letters)))
    return reduced("sum", found, over) if over else found


def _by_letter(recorder: Recorder, value: Tracer, term: str, letters: Sequence[str]) -> Tracer:
    """An array with a position for every letter."""
    if len(set(term)) < len(term):
        return _by_letter(recorder, *matrices.diagonal_of(recorder, value, term), letters)
    at = dict(zip(term, value.groups, strict=True))
    return Tracer(recorder, value.node, tuple(at.get(letter, ()) for letter in letters))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _reduction(name) for name in ("sum", "mean", "prod", "max", "min")},
    **{"amax": _reduction("max"), "amin": _reduction("min"), "var": variance, "std": deviation},
    **{"average": average, "transpose": transpose, "swapaxes": swapaxes, "moveaxis": moveaxis},
    **{"ravel": ravel, "reshape": reshape, "squeeze": squeeze, "expand_dims": expand_dims},
    **{"atleast_1d": atleast(1), "atleast_2d": atleast(2), "broadcast_to": broadcast_to},
    **{"zeros_like": _like(0), "ones_like": _like(1), "full_like": full_like},
    **{"concatenate": concatenate, "hstack": hstack, "column_stack": column_stack},
    **{
        "take": take,
        "take_along_axis": take_along_axis,
        "append": append,
        "stack": stack,
        "array": stack,
        "split": split,
    },
    **{"where": where, "clip": clip, "select": select, "dot": dot, "matmul": matmul},
    **{"vdot": vdot, "inner": inner, "outer": outer, "tensordot": tensordot, "einsum": einsum},
    **{"copy": lambda value: Tracer(value.recorder, value.node, value.groups)},
    **{"nan_to_num": lambda value: value, "real": lambda value: value},
    **{"shape": lambda value: value.shape, "ndim": lambda value: value.ndim},
    **{"size": lambda value: value.size, "logsumexp": logsumexp},
    **{"softmax": softmax, "log_softmax": log_softmax},
    **{"isscalar": lambda value: False},
    **matrices.FUNCTIONS,
}
