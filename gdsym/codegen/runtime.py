"""The part of a generated module that is the same for every model.

Everything below the marker is emitted as it stands, so that it can be read, linted and typed here.
Above it stand the names that the model's own part defines.
"""

from __future__ import annotations

import functools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

MODEL = SOURCE_NAME = SHA256 = ""
ROW: str | None = None
DIMS: dict[str, dict[str, Any]] = {}
DATA: tuple[dict[str, Any], ...] = ()
PARAMS: tuple[dict[str, Any], ...] = ()
CONSTS: tuple[dict[str, Any], ...] = ()
PREDICTIONS: tuple[dict[str, Any], ...] = ()
MINIBATCH: str | None = None
PASSES = 0
WHOLE = PREDICT_WHOLE = False
KEPT: dict[str, tuple[str, ...]] = {}
TRACE_ROWS: dict[str, int] | None = None
TOTALS: tuple[tuple[str, ...], ...] = ()
LEARNT: tuple[tuple[str, ...], ...] = ()
ALONE = False
LOGSUMS: tuple[str, ...] = ()
STARTS: dict[str, float] = {}
LABELS: tuple[tuple[str, str], ...] = ()
HVP_TOTALS: tuple[tuple[str, ...], ...] = ()


_constants: Callable[[Mapping[str, Any], Mapping[str, int]], dict[str, Any]]
_start: Callable[[int, Mapping[str, int], Mapping[str, Any]], Array]
_proximal_weights: Callable[[Mapping[str, int], Mapping[str, Any]], list[Any]]
_alone: Callable[[Block, Totals], tuple[Array, ...]]
_learn: Callable[[int, Block, Totals, dict[str, Any]], None]
_learnt: Callable[[int, Totals, dict[str, Any]], None]
_loss: Callable[[Array, Sums, Totals], float]
_offset: Callable[[Totals], float]
_predict: Callable[[Array, Block, Totals], dict[str, Any]]
_keep: Callable[[Array, Block, Totals], dict[str, Any]]
_trace: Callable[[Array, Block, Totals, Mapping[str, Any]], dict[str, Any]]
partial: Callable[[Array, Block, Totals, Sums], None]
finish: Callable[[Array, Sums, Totals], tuple[float, Array]]
_curved: Callable[[Problem, Array, Totals], tuple[float, Array, Array]]
partial_hvp: Callable[[Array, Array, Block, Totals, Sums], None]
finish_hvp: Callable[[Array, Array, Sums, Totals], Array]
_scores: Callable[[Array, Block, Totals], Array]
_row_residuals: Callable[[Array, Block, Totals], tuple[Array, Array]]
_other_residuals: Callable[[Array, Totals], tuple[Array, Array]]
_squares: Callable[[Totals], Any]
_predict_grad: Callable[[Array, Block, Totals], dict[str, tuple[Any, Array]]]
_width: Callable[[Mapping[str, int], int], int]
bind: Callable[..., Problem]


# == emitted from here ==
# -- what the kernels are given ------------------------------------------------------------------

Array = Any  # a float64 array, or an int64 array of codes
CHECKED = 2**18  # numbers that are checked at a time
Block = Sequence[Any]  # one entry per item of DATA: the block's rows, or all of a side table

# Blocks are sized so that a block of rows and what is computed from it stay in a core's cache:
# 4 MiB of data, and one block where all the data are small. Constants, so that the order of
# summation, and with it every digit, is the same on every machine and with any number of threads.
BLOCK_BYTES = 2**22
SMALL_BYTES = 2**23
FEWEST_ROWS = 512
MOST_ROWS = 65536
SMALL_ROWS = 65536
# The most shares that threads take, each with sums of its own; fewer where a sum is a Hessian.
SUPER_BLOCKS = 64
HESSIAN_SUPER_BLOCKS = 16
# More threads than one where the data have more numbers than this, a row counted as 8 more: about
# a millisecond of work.
THREADED = 2**22
# Rows that are drawn are gathered so many bytes at a time: several small batches, or a part of a
# large one.
DRAWN_BYTES, PART_BYTES = 2**19, 2**22
# A Hessian is refused that is larger, or needs more multiplications: some hours of a core.
HESSIAN_BYTES, HESSIAN_WORK = 2**31, 10**14
WIDE_BYTES = 2**21  # of one array that a block needs for a Hessian, which has about ten of them


class Totals(NamedTuple):
    """What is known before theta: sizes, labels, constants, and totals of the data alone."""

    rows: int
    dims: dict[str, int]
    labels: dict[str, list[str] | None]
    consts: dict[str, Any]
    side: dict[str, Any]  # tables without rows, by name
    stats: dict[str, Any]
    data: dict[str, Any]
    offset: float = 0.0  # what the objective has beside the parameters


class Workspace:
    """Buffers that kernels work in, kept from block to block: of one worker at a time."""

    def __init__(self) -> None:
        self._held: dict[Any, tuple[Array, ...]] = {}
        self._views: dict[Any, tuple[Array, ...]] = {}
        self._rows = np.arange(0)

    def __call__(
        self, family: str, count: int, shape: tuple[int, ...], dtype: type = float
    ) -> tuple[Array, ...]:
        """`count` arrays of this shape with anything in them. Those of one family may overlap
        with those that it gave out before."""
        views = self._views.get((family, count, shape))
        if views is None:
            size = math.prod(shape)
            held = self._held.get((family, dtype), ())
            if len(held) < count or held[0].size < size:
                size = max([size, *(buffer.size for buffer in held[:1])])
                held = tuple(np.empty(size, dtype) for _ in range(max(count, len(held))))
                self._held[family, dtype] = held
                self._views.clear()  # so that what is no longer used is given back
            size = math.prod(shape)
            views = tuple(buffer[:size].reshape(shape) for buffer in held[:count])
            self._views[family, count, shape] = views
        return views

    def rows(self, count: int) -> Array:
        """0, 1, ..., count - 1."""
        if self._rows.size < count:
            self._rows = np.arange(count)
        return self._rows[:count]


class Sums:
    """The accumulators of one pass over the rows, and what earlier passes found."""

    def __init__(
        self, stage: int, order: int, known: dict[str, Any], sums: dict[str, Any], work: Workspace
    ) -> None:
        self.stage = stage
        self.order = order  # 0 for the value alone, 1 with the gradient, 2 with the Hessian
        self.known = known
        self.sums = sums
        self.work = work


def prepare(
    blocks: Iterable[Block],
    /,
    *,
    dims: Mapping[str, Any] | None = None,
    stats: Mapping[str, Any] | None = None,
    **consts: Any,
) -> Totals:
    """Sizes, labels and totals of the data alone, in one pass over the blocks or more.

    `dims` has the sizes (or labels) of dimensions that no array shows. `stats` are those of an
    earlier fit; otherwise they are learnt here.
    """
    sizes, labels = _declared(dims)
    rows = 0
    largest: dict[str, tuple[int, str]] = {}
    side: dict[str, Any] = {}
    for block in blocks:
        rows += _measure(block, sizes, largest)
        if not side:
            side = _side_data(block)
    _settle(sizes, labels, largest, rows)
    constants = _constants(_checked_consts(consts), sizes)
    totals = Totals(rows, sizes, labels, constants, side, stats={}, data={})
    for dim, label in LABELS:
        _code(totals, dim, label)
    _use_stats(totals, stats)
    for stage, keys in enumerate(LEARNT):
        sums: dict[str, Any] = {key: STARTS.get(key, 0.0) for key in keys}
        for block in blocks:
            with np.errstate(all="ignore"):
                _learn(stage, block, totals, sums)
        with np.errstate(all="ignore"):
            _learnt(stage, totals, sums)
    with np.errstate(all="ignore"):
        return totals._replace(offset=_offset(totals))


def empty(
    totals: Totals,
    dims: Mapping[str, Any] | None = None,
    after: Sums | None = None,
    *,
    order: int = 1,
) -> Sums:
    """Accumulators for a pass; `after` is what the pass before has gathered (see PASSES).

    order: 0 for the value alone, 1 with the gradient, 2 with the Hessian.
    """
    if after is None:
        return _sums(TOTALS, 0, order, {})
    return _sums(TOTALS, after.stage + 1, order, _found(after))


def _sums(
    passes: Sequence[Sequence[str]],
    stage: int,
    order: int,
    known: dict[str, Any],
    work: Workspace | None = None,
) -> Sums:
    keys = passes[stage] if stage < len(passes) else ()
    sums = dict.fromkeys(keys, 0.0)
    return Sums(stage, order, known, sums, Workspace() if work is None else work)


def _found(acc: Sums) -> dict[str, Any]:
    """What this pass and those before it have found; a logsumexp as the number that it is."""
    pairs = {key: value for key, value in acc.sums.items() if isinstance(value, tuple)}
    return {**acc.known, **acc.sums, **{key: _logsum(pair) for key, pair in pairs.items()}}


def merge(acc: Sums, other: Sums) -> None:
    """Adds the sums of `other` to `acc`, in place."""
    for key, value in other.sums.items():
        if key in LOGSUMS:
            _add_logsum(acc.sums, key, value)
        else:
            acc.sums[key] += value


def _scaled_sum(values: Array, work: Workspace | None = None) -> tuple[Array, Array]:
    """exp(values) summed over the last axis, as (maximum, sum of exp(values - maximum))."""
    top = np.max(values, axis=-1, initial=-np.inf)
    (scaled,) = (work or Workspace())("scaled", 1, np.shape(values))
    np.exp(np.subtract(values, _finite(top)[..., None], out=scaled), out=scaled)
    return top, np.sum(scaled, axis=-1)


def _finite(top: Array) -> Array:
    """A maximum to subtract: where all are -inf, or one is inf, there is nothing to rescale."""
    return np.where(np.isfinite(top), top, 0.0)


def _add_logsum(sums: dict[str, Any], key: str, other: Any) -> None:
    """Adds a (maximum, scaled sum) to a running one."""
    if isinstance(other, float):  # nothing was added to the other side
        return
    if isinstance(sums[key], float):
        sums[key] = other
        return
    (top, total), (top2, total2) = sums[key], other
    most, scaled = np.array(np.maximum(top, top2)), np.array(total)
    new = np.asarray(top2 != -np.inf)  # of many groups a block has a few
    base = _finite(most[new])
    old, added = np.asarray(top)[new], np.asarray(top2)[new]
    scaled[new] = scaled[new] * np.exp(old - base) + np.asarray(total2)[new] * np.exp(added - base)
    sums[key] = (most, scaled)


def _logsum(pair: tuple[Any, Any]) -> Any:
    """The logsumexp that a running (maximum, scaled sum) stands for; of nothing it is -inf."""
    with np.errstate(divide="ignore"):
        return _finite(pair[0]) + np.log(pair[1])


def _rows(block: Block) -> int:
    """The number of rows of a block."""
    for entry, array in zip(DATA, block, strict=True):
        if array is not None and ROW in entry["dims"]:
            return int(np.shape(array)[entry["dims"].index(ROW)])
    return 1


def _scatter(
    codes: tuple[Array, ...], values: Any, sizes: tuple[int, ...], work: Workspace | None = None
) -> Array:
    """Values summed by code: the axes of the codes, last in `values`, become `sizes`."""
    flat, count = _flat(codes, sizes, work), math.prod(sizes)
    if not np.ndim(values):
        return np.reshape(values * np.bincount(flat, minlength=count), sizes)
    codes = np.broadcast_arrays(*codes)
    kept = np.shape(values)[: max(0, np.ndim(values) - codes[0].ndim)]
    columns = np.broadcast_to(values, kept + codes[0].shape).reshape(math.prod(kept), flat.size)
    (weights,) = (work or Workspace())("weights", 1, (flat.size,))
    summed = np.empty((len(columns), count))
    for column, found in zip(columns, summed, strict=True):
        np.copyto(weights, column)
        found[:] = np.bincount(flat, weights=weights, minlength=count)
    return summed.reshape(kept + sizes)


def _flat(
    codes: tuple[Array, ...], sizes: tuple[int, ...], work: Workspace | None = None
) -> Array:
    """Several codes as one."""
    first, *rest = np.broadcast_arrays(*codes)
    if not rest:
        return first.ravel()
    (flat,) = (work or Workspace())("flat", 1, first.shape, int)
    np.copyto(flat, first)
    for other, size in zip(rest, sizes[1:], strict=True):
        flat *= size
        flat += other
    return flat.ravel()


def _grouped_sum(
    codes: tuple[Array, ...],
    values: Any,
    sizes: tuple[int, ...],
    order: tuple[int, ...] | None = None,
    work: Workspace | None = None,
) -> tuple[Array, Array]:
    """exp(values) summed by code as (maximum, sum of exp(values - maximum)) of each code; its
    axes are those of `_scatter`, in this order."""
    flat = _flat(codes, sizes, work)
    spread = np.broadcast_arrays(*codes)[0].shape
    kept = np.shape(values)[: max(0, np.ndim(values) - len(spread))]
    columns = np.broadcast_to(values, kept + spread).reshape(math.prod(kept), flat.size)
    top = np.full((len(columns), math.prod(sizes)), -np.inf)
    (scaled,) = (work or Workspace())("grouped", 1, columns.shape)
    for column, most, each in zip(columns, top, scaled, strict=True):
        np.maximum.at(most, flat, column)
        np.take(_finite(most), flat, mode="clip", out=each)
        np.exp(np.subtract(column, each, out=each), out=each)
    top = top.reshape(kept + sizes)
    total = _scatter(codes, scaled.reshape(kept + spread), sizes, work)
    return (top, total) if order is None else (top.transpose(order), total.transpose(order))


def _table_sum(weights: Array, codes: Array, at: Array, table: Array, size: int) -> Array:
    """weights[i]*table[at[i]] summed by codes[i]: a sparse matrix times the table."""
    return sparse.coo_array((weights, (codes, at)), shape=(size, len(table))) @ table


def _others(values: Array, axis: int) -> Array:
    """For each entry the product of all others along an axis, zeros among them or not."""
    values = np.moveaxis(values, axis, -1)
    ones = np.ones_like(values[..., :1])
    before = np.cumprod(np.concatenate((ones, values[..., :-1]), axis=-1), axis=-1)
    after = np.cumprod(np.concatenate((ones, values[..., :0:-1]), axis=-1), axis=-1)[..., ::-1]
    return np.moveaxis(before * after, -1, axis)


def _assembled(dims: Mapping[str, int], blocks: Mapping[tuple[int, int], Any]) -> Array:
    """The symmetric matrix of some blocks, one for each pair of parameters, i not after j."""
    shapes = list(_shapes(dims).values())
    stops = np.cumsum([0, *(math.prod(shape) for shape in shapes)])
    H = np.zeros((stops[-1], stops[-1]))
    for (i, j), block in blocks.items():
        rows, columns = slice(*stops[i : i + 2]), slice(*stops[j : j + 2])
        H[rows, columns] = np.broadcast_to(block, shapes[i] + shapes[j]).reshape(
            rows.stop - rows.start, -1
        )
        if i == j:  # its halves may be sums in another order
            H[rows, columns] = (H[rows, columns] + H[rows, columns].T) / 2
        else:
            H[columns, rows] = H[rows, columns].T
    return H


def _gram(A: Array, weights: Array | None = None, work: Workspace | None = None) -> Array:
    """A diag(weights) A', the rows of data along the last axis of A."""
    flat = A.reshape(-1, A.shape[-1])
    if weights is None:
        product = flat @ flat.T
    else:
        upright = flat.T.flags.c_contiguous  # and so is what is made of it
        shape = flat.shape[::-1] if upright else flat.shape
        (scaled,) = (work or Workspace())("gram", 1, shape)
        scaled = scaled.T if upright else scaled
        if np.min(weights, initial=0.0) >= 0:
            (roots,) = (work or Workspace())("roots", 1, weights.shape)
            np.multiply(flat, np.sqrt(weights, out=roots), out=scaled)
            product = scaled @ scaled.T  # symmetric: half the work
        else:
            product = np.multiply(flat, weights, out=scaled) @ flat.T
    return product.reshape(A.shape[:-1] * 2)


def _over_rows(A: Array, B: Array) -> Array:
    """The sum over rows, which are last, of each entry of A times each entry of B."""
    product = A.reshape(-1, A.shape[-1]) @ B.reshape(-1, B.shape[-1]).T
    return product.reshape(A.shape[:-1] + B.shape[:-1])


def _columns(problem: Problem, theta: Array) -> Array:
    """The Hessian from its products with unit vectors."""
    H = np.stack([problem.hvp(theta, unit) for unit in np.eye(problem.size)])
    return (H + H.T) / 2


def _beside(dims: Mapping[str, int], shape: tuple[int, ...], pieces: Sequence[Any]) -> Array:
    """Derivatives by each parameter of an array of this shape as one matrix."""
    count = math.prod(shape)
    parts = [
        np.broadcast_to(piece, shape + own).reshape(count, -1)
        for piece, own in zip(pieces, _shapes(dims).values(), strict=True)
    ]
    return np.concatenate([*parts, np.zeros((count, 0))], axis=1, dtype=float)


def _triangle(top: Array, rows: Array) -> Array:
    """R of the QR factorisation of a triangle with rows below; nan where one is not finite."""
    if len(top) and not len(rows):
        return top
    both = np.concatenate((top, rows))
    if not np.all(np.isfinite(both)):
        return np.full((1, both.shape[1]), np.nan)
    return np.asarray(np.linalg.qr(both, mode="r"))


def _stacked(
    dims: Mapping[str, int], parts: Sequence[tuple[Any, tuple[int, ...], Sequence[Any]]]
) -> tuple[Array, Array]:
    """Residuals, each with its shape and its derivatives by parameter, as vector and matrix."""
    size = sum(math.prod(shape) for shape in _shapes(dims).values())
    r = [np.broadcast_to(value, shape).ravel() for value, shape, _ in parts]
    J = [_beside(dims, shape, pieces) for _, shape, pieces in parts]
    return np.concatenate([*r, []]), np.concatenate([*J, np.zeros((0, size))])


# -- binding -------------------------------------------------------------------------------------


def _side_data(block: Block) -> dict[str, Any]:
    return {
        entry["name"]: array
        for entry, array in zip(DATA, block, strict=True)
        if ROW not in entry["dims"] and array is not None
    }


def _constant(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """A constant as a float64 scalar or array of the declared shape."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in (shape, ()):
        wanted = f"an array of shape {shape}" if shape else "a single number"
        raise ValueError(f"the constant `{name}` is {wanted}, not of shape {array.shape}")
    return np.broadcast_to(array, shape).copy() if shape else np.float64(array)


def _stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: its name and the seed decide them, nothing else."""
    return np.random.default_rng([seed, *name.encode()])


def _code(totals: Totals, dim: str, label: str) -> int:
    """The place of a labelled entry."""
    labels = totals.labels.get(dim) or []
    if label not in labels:
        known = ", ".join(repr(label) for label in labels[:12])
        mend = f"its labels are {known}" if labels else "pass its labels in dims="
        raise ValueError(f"`{dim}` has no label {label!r}; {mend}")
    return labels.index(label)


def _declared(dims: Mapping[str, Any] | None) -> tuple[dict[str, int], dict[str, Any]]:
    """Sizes and labels of the dimensions as the text declares them or the caller gives them."""
    sizes: dict[str, int] = {}
    labels: dict[str, Any] = dict.fromkeys(DIMS)
    for name, entry in DIMS.items():
        if entry["size"] is not None:
            sizes[name] = entry["size"]
        if entry["labels"] is not None:
            labels[name] = list(entry["labels"])
    if not isinstance(dims, (Mapping, type(None))):
        raise TypeError(f"dims must be a dict of sizes or labels by dimension, not {dims!r}")
    for name, given in (dims or {}).items():
        if name not in DIMS:
            known = ", ".join(DIMS) or "none"
            raise TypeError(f"{MODEL} has no dimension `{name}`; its dimensions are: {known}")
        size, names = _dimension(name, given)
        if name == ROW:
            continue  # as many rows as the data have
        if size is not None:
            sizes[name] = size
        if names is not None or (labels[name] is not None and len(labels[name]) != size):
            labels[name] = names
    _derive_dims(sizes, labels)
    return sizes, labels


def _derive_dims(
    sizes: dict[str, int], labels: dict[str, Any], kept: Mapping[str, int] | None = None
) -> None:
    """The dimensions that are like another, or smaller by a number, as far as these are known.

    In a prediction a dimension like the rows has the size `kept` where its rows are those of the
    training data.
    """
    for _ in DIMS:  # one may rest on another
        for name, entry in DIMS.items():
            if kept and name in kept:
                sizes[name] = kept[name]
            elif entry.get("like") in sizes:
                sizes[name] = sizes[entry["like"]]
                labels[name] = labels[entry["like"]]
            elif "less" in entry and entry["less"][0] in sizes:
                other, number = entry["less"]
                sizes[name] = sizes[other] - number
                if sizes[name] < 1:
                    raise ValueError(
                        f"`{name}` is {other} - {number}, but {other} has {sizes[other]}"
                    )


def _dimension(name: str, given: Any) -> tuple[int | None, list[str] | None]:
    """Size and labels of an entry of dims=: a size, labels, or {"size": ..., "labels": ...}."""
    size, names = given, None
    if isinstance(given, Mapping) and set(given) <= {"size", "labels"}:
        size, names = given.get("size"), given.get("labels")
    elif isinstance(given, (list, tuple, np.ndarray)):
        size, names = None, given
    if isinstance(size, bool) or not (size is None or isinstance(size, (int, np.integer))):
        raise TypeError(f"dims[{name!r}] must be a size or a list of labels, not {given!r}")
    if size is not None and size < 0:
        raise ValueError(f"dims[{name!r}] has the size {size}")
    if names is None:
        return size if size is None else int(size), None
    labels = [str(label) for label in names]
    if size not in (None, len(labels)):
        raise ValueError(f"dims[{name!r}] has size {size} but {len(labels)} labels")
    if len(set(labels)) < len(labels):
        raise ValueError(f"dims[{name!r}] has a label twice: {labels}")
    return len(labels), labels


def _measure(block: Block, sizes: dict[str, int], largest: dict[str, tuple[int, str]]) -> int:
    """Takes the sizes that the block shows; returns its number of rows.

    `largest` has the largest code of each category, and the data that have it.
    """
    rows = 0
    for entry, array in zip(DATA, block, strict=True):
        if array is None:
            continue
        _check_axes(entry, np.shape(array))
        for dim, size in zip(entry["dims"], np.shape(array), strict=True):
            if dim == ROW:
                rows = size
            elif sizes.setdefault(dim, size) != size:
                raise ValueError(
                    f"`{entry['name']}` has {size} entries along `{dim}`, "
                    f"but {dim} has size {sizes[dim]}"
                )
        category = entry.get("domain", {}).get("category")
        if category is not None and np.size(array):
            found = (int(np.max(array)), entry["name"])
            largest[category] = max(largest.get(category, found), found)
    return rows


def _check_axes(entry: Mapping[str, Any], shape: tuple[int, ...]) -> None:
    dims = entry["dims"]
    if len(shape) != len(dims):
        wanted = f"[{', '.join(dims)}]" if dims else "a single number"
        raise ValueError(f"`{entry['name']}` is {wanted}, but has shape {shape}")


def _settle(
    sizes: dict[str, int],
    labels: dict[str, Any],
    largest: Mapping[str, tuple[int, str]],
    rows: int,
    kept: Mapping[str, int] | None = None,
) -> None:
    """The sizes that are still open: of categories, by their largest code."""
    for dim, (code, name) in largest.items():
        if sizes.setdefault(dim, code + 1) <= code:
            raise ValueError(
                f"`{name}` has the code {code}, but `{dim}` has size {sizes[dim]}: "
                f"codes are 0..{sizes[dim] - 1}"
            )
    if ROW is not None:
        sizes[ROW] = rows
    _derive_dims(sizes, labels, kept)
    for entry in PARAMS:
        for dim in entry["dims"]:
            _size(sizes, dim)


def _size(sizes: Mapping[str, int], dim: str) -> int:
    if dim not in sizes:
        raise ValueError(
            f"the size of `{dim}` is not known from the data: pass dims={{{dim!r}: ...}}"
        )
    return sizes[dim]


def _checked_consts(given: Mapping[str, Any]) -> dict[str, Any]:
    by_argument = {entry["arg"]: entry["name"] for entry in CONSTS}
    values = {}
    for name, value in given.items():
        if name not in by_argument:
            own = ("dims", "stats", "threads", "dtype", "check")
            known = ", ".join([*(e["arg"] for e in DATA), *by_argument, *own])
            raise TypeError(f"{MODEL} has no argument `{name}`; it takes {known}")
        if value is not None:
            values[by_argument[name]] = _numbers(f"the constant `{name}`", value)
    for entry in CONSTS:
        if entry["name"] in values:
            array = values[entry["name"]].astype(np.float64)
            _refuse(entry, array, np.isnan, "is not a number")
            _check_domain(entry, array)
        if entry["value"] is None and entry["name"] not in values:
            raise TypeError(f"the constant `{entry['name']}` must be given")
    return values


def _use_stats(totals: Totals, stats: Mapping[str, Any] | None) -> None:
    for name, parts in (stats or {}).items():
        for part, value in parts.items():
            # Stored as the user sees it; kernels have the axes in their own order.
            totals.stats[f"{name}.{part}"] = np.asarray(value, dtype=float)


def _numbers(what: str, value: Any, mend: str = "") -> Array:
    """The value as an array of real numbers of any kind."""
    if np.any(getattr(value, "_mask", False)):  # np.ma.is_masked, which has to be imported
        raise ValueError(f"{what} has masked entries")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{what} must be an array: its parts differ in length") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what} must be real numbers, not {array.dtype}{mend}")
    return array


def _array(
    entry: Mapping[str, Any], value: Any, dtype: Any = np.float64, check: bool = True
) -> Array:
    """An argument in C order, checked against its declaration: float64, or int64 for codes.

    By rows it is float32 where that is asked for, or what it is: then blocks of it are converted.
    """
    category = entry.get("domain", {}).get("category")
    mend = f"; pass codes 0, 1, ... of {category}" if category else ""
    array = _numbers(f"`{entry['name']}`", value, mend)
    _check_axes(entry, array.shape)
    if category is not None:
        array = np.asarray(array, order="C")

        def no_code(piece: Array) -> Array:
            codes = piece.astype(np.float64)
            return ~((codes >= 0) & (codes < 2**31) & (codes == np.floor(codes)))

        if check:
            _refuse(entry, array, no_code, f"is not a code 0, 1, ... of {category}")
        return array.astype(np.int64, copy=False)
    if array.dtype != np.float32 or ROW not in entry["dims"]:
        with np.errstate(over="ignore"):
            array = array.astype(dtype if ROW in entry["dims"] else np.float64, "C", copy=False)
    array = np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")
    if check:
        _refuse(entry, array, lambda piece: ~np.isfinite(piece), "is not a finite number")
        _check_domain(entry, array)
    return array


def _check_domain(entry: Mapping[str, Any], array: Array) -> None:
    domain = entry.get("domain", {})
    if not domain.keys() & {"values", "lower", "upper", "integer"}:
        return

    def outside(piece: Array) -> Array:
        bad = np.zeros(piece.shape, dtype=bool)
        if "values" in domain:
            bad |= ~np.isin(piece, np.asarray(domain["values"], dtype=piece.dtype))
        if "lower" in domain:
            lower = domain["lower"]
            bad |= piece <= lower if domain.get("lower_open") else piece < lower
        if "upper" in domain:
            upper = domain["upper"]
            bad |= piece >= upper if domain.get("upper_open") else piece > upper
        if domain.get("integer"):
            bad |= piece != np.floor(piece)
        return bad

    _refuse(entry, array, outside, f"is not {domain.get('text', '')}")


def _filled(arrays: list[Array], sizes: Mapping[str, int], rows: int, names: set[str]) -> None:
    """Puts defaults where optional data were not given."""
    for place, entry in enumerate(DATA):
        if arrays[place] is None and entry["name"] in names:
            shape = tuple(rows if dim == ROW else _size(sizes, dim) for dim in entry["dims"])
            arrays[place] = np.full(shape, float(entry["default"]))


def _refuse(
    entry: Mapping[str, Any], array: Array, is_bad: Callable[[Array], Array], what: str
) -> None:
    """Raises ValueError at the first number that is bad; a copy of them all is never made."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, CHECKED):
        bad = is_bad(flat[start : start + CHECKED])
        if np.any(bad):
            place = np.unravel_index(start + int(np.argmax(bad)), array.shape)
            at = f"[{', '.join(map(str, place))}]" if place else ""
            raise ValueError(f"`{entry['name']}`{at} = {array[place]} {what}")


def _bound(
    data: Sequence[Any],
    dims: Mapping[str, Any] | None,
    stats: Mapping[str, Any] | None,
    threads: int | None,
    dtype: Any,
    check: bool,
    consts: Mapping[str, Any],
) -> Problem:
    """Checks the arguments and learns what the data alone can tell."""
    _check_threads(threads)
    dtype = np.dtype(dtype)
    if dtype not in (np.float64, np.float32):
        raise TypeError(f"dtype must be float64 or float32, not {dtype}")
    missing = [
        entry["arg"]
        for entry, value in zip(DATA, data, strict=True)
        if value is None and entry.get("default") is None
    ]
    if missing:
        raise TypeError(f"{MODEL} needs the data {', '.join(f'`{name}`' for name in missing)}")
    arrays = [
        None if value is None else _array(entry, value, dtype, check)
        for entry, value in zip(DATA, data, strict=True)
    ]
    rows: dict[int, str] = {}
    for entry, array in zip(DATA, arrays, strict=True):
        if array is not None and ROW in entry["dims"]:
            rows.setdefault(array.shape[entry["dims"].index(ROW)], entry["name"])
    if len(rows) > 1:
        (n1, name1), (n2, name2) = list(rows.items())[:2]
        raise ValueError(f"`{name1}` has {n1} rows, but `{name2}` has {n2}")
    count = next(iter(rows), 0)
    if ROW is not None and count == 0:
        raise ValueError("the data have no rows")
    sizes, _ = _declared(dims)
    _measure(arrays, sizes, {})
    _filled(arrays, sizes, count, {entry["name"] for entry in DATA})
    blocks = _Blocks(arrays, count)
    if blocks.block_rows >= count:  # one block, which is converted once
        blocks.arrays = [None if array is None else _wide(array) for array in arrays]
    totals = prepare(blocks, dims=dims, stats=stats, **consts)
    return Problem(blocks.arrays, totals, threads)


class _Rows(list[Any]):
    """A block, and what was computed once of the data of its rows."""

    alone: tuple[Array, ...] = ()


def _alone_of(block: Block, totals: Totals) -> tuple[Array, ...]:
    """The values of the data of these rows alone, computed here if they were not before."""
    return getattr(block, "alone", ()) or _alone(block, totals)


class _Blocks:
    """The rows of arrays in aligned blocks; the same rows in the same blocks every time."""

    def __init__(
        self,
        arrays: Sequence[Array],
        rows: int,
        whole: bool = WHOLE,
        inner: int = 1,
        widest: int = 1,
        sums: int = 0,
    ) -> None:
        """inner, widest: numbers per row of what value and gradient, or a Hessian, compute; sums:
        numbers that each block adds to."""
        self.arrays = arrays
        self.alone: tuple[Array, ...] = ()
        self.rows = rows
        width = sum(a.size // rows for a, e in self._row_data(arrays)) if rows else 1
        width = max(width, inner)
        self.block_rows = max(1, rows)
        if not whole and (rows * width * 8 > SMALL_BYTES or rows > SMALL_ROWS):
            fitting = 2 ** int(math.log2(max(1, BLOCK_BYTES // (8 * max(1, width)))))
            # To add its sums must not take longer than what is computed of its rows.
            adding = 2 ** int(math.log2(max(1, 2 * sums // max(1, width))))
            self.block_rows = min(max(fitting, adding, FEWEST_ROWS), MOST_ROWS)
        if not whole and widest > 1:
            self.block_rows = min(self.block_rows, max(1, WIDE_BYTES // (8 * widest)))
        # Nor must merging the sums of a super-block take longer than a part of its rows.
        self.most = 2 ** int(math.log2(max(2, rows * width // (8 * max(1, sums)))))
        self.width = width
        self.work = rows * (width + 8)
        self._views: dict[int, _Rows] = {}
        self._groups: dict[int, list[list[slice]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_views": {}}  # which would be copies

    @staticmethod
    def _row_data(arrays: Sequence[Array]) -> list[tuple[Array, Mapping[str, Any]]]:
        return [
            (array, entry)
            for array, entry in zip(arrays, DATA, strict=True)
            if array is not None and ROW in entry["dims"]
        ]

    def take(self, rows: Any) -> _Rows:
        """The block of these rows (a slice or an array of indices)."""
        block = _Rows(
            array
            if array is None or ROW not in entry["dims"]
            else _wide(_rows_of(entry, array, rows))
            for array, entry in zip(self.arrays, DATA, strict=True)
        )
        block.alone = tuple(array[rows] for array in self.alone)
        return block

    def block(self, rows: slice) -> _Rows:
        """One of the blocks, kept where it is made of views."""
        block = self._views.get(rows.start)
        if block is None:
            block = self.take(rows)
            if all(array.dtype != np.float32 for array, _ in self._row_data(self.arrays)):
                self._views[rows.start] = block
        return block

    def learn_alone(self, totals: Totals) -> None:
        """Computes, once, what kernels read of the data of each row alone."""
        with np.errstate(all="ignore"):
            parts = [_alone(block, totals) for block in self]
        self.alone = tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    def batches(self, rows: Array, size: int) -> Iterator[tuple[int, Iterable[Block]]]:
        """These rows, `size` at a time: how many they are, and blocks of them.

        The blocks are views of buffers that the next batch is written to.
        """
        part = max(1, PART_BYTES // (8 * self.width))
        if size > part:
            drawn = _Drawn(self, min(part, len(rows)))
            for first in range(0, len(rows), size):
                batch = rows[first : first + size]
                yield len(batch), (drawn.take(batch[i : i + part]) for i in range(0, size, part))
            return
        together = size * max(1, DRAWN_BYTES // (8 * self.width * size))
        drawn = _Drawn(self, min(together, len(rows)))
        for first in range(0, len(rows), together):
            chosen = rows[first : first + together]
            block = drawn.take(chosen)
            for start in range(0, len(chosen), size):
                batch = drawn.some(block, start, start + size)
                yield min(size, len(chosen) - start), (batch,)

    def __iter__(self) -> Iterator[list[Array]]:
        for rows in self.slices():
            yield self.take(rows)

    def slices(self) -> list[slice]:
        """The rows of each block."""
        starts = range(0, max(1, self.rows), self.block_rows)
        return [slice(start, start + self.block_rows) for start in starts]

    def groups(self, most: int | None = None) -> list[list[slice]]:
        """Super-blocks: each has accumulators of its own, merged in order."""
        most = min(SUPER_BLOCKS if most is None else most, self.most)
        if most not in self._groups:
            slices = self.slices()
            size = -(-len(slices) // most)
            cut = [slices[first : first + size] for first in range(0, len(slices), size)]
            self._groups[most] = cut
        return self._groups[most]


class _Drawn:
    """Buffers for rows that are drawn, and the ways to fill them."""

    def __init__(self, blocks: _Blocks, rows: int) -> None:
        self.fixed = list(blocks.arrays)
        self.alone = blocks.alone
        self.moving: list[tuple[int, Array, int, Array, Array]] = []
        for place, (array, entry) in enumerate(zip(blocks.arrays, DATA, strict=True)):
            if array is None or ROW not in entry["dims"]:
                continue
            axis = entry["dims"].index(ROW)
            shape = (*array.shape[:axis], rows, *array.shape[axis + 1 :])
            kept = np.empty(shape, dtype=array.dtype)
            wide = np.empty(shape) if array.dtype == np.float32 else kept
            self.moving.append((place, array, axis, kept, wide))

    def take(self, rows: Array) -> _Rows:
        """The block of these rows."""
        block = _Rows(self.fixed)
        block.alone = tuple(array[rows] for array in self.alone)
        for place, array, axis, kept, wide in self.moving:
            if len(rows) < kept.shape[axis]:
                kept, wide = (_first(buffer, axis, len(rows)) for buffer in (kept, wide))
            np.take(array, rows, axis, kept, "clip")  # "raise" would fill a copy first
            if wide.dtype != kept.dtype:
                wide[...] = kept
            block[place] = wide
        return block

    def some(self, block: _Rows, start: int, stop: int) -> _Rows:
        """Some rows of a block, as views."""
        part = _Rows(block)
        part.alone = tuple(array[start:stop] for array in block.alone)
        for place, _, axis, _, _ in self.moving:
            whole = block[place]
            part[place] = whole[start:stop] if not axis else _between(whole, axis, start, stop)
        return part


def _first(array: Array, axis: int, count: int) -> Array:
    return _between(array, axis, 0, count)


def _between(array: Array, axis: int, start: int, stop: int) -> Array:
    return array[(slice(None),) * axis + (slice(start, stop),)]


def _wide(array: Array) -> Array:
    """What is computed with: float64, also of data that are kept as float32."""
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _rows_of(entry: Mapping[str, Any], array: Array, rows: Any) -> Array:
    return array[(slice(None),) * entry["dims"].index(ROW) + (rows,)]


def _chosen(rows: Any, count: int) -> Array:
    """Indices of rows from a slice, indices or a mask."""
    if isinstance(rows, slice):
        return np.arange(count)[rows]
    chosen = np.asarray(rows)
    if chosen.dtype.kind == "b" and chosen.shape == (count,):
        return np.flatnonzero(chosen)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise TypeError(f"rows must be a slice, indices or a mask of {count} rows, not {rows!r}")
    if chosen.size and not -count <= np.min(chosen) <= np.max(chosen) < count:
        raise IndexError(f"there are {count} rows: 0..{count - 1}; rows go up to {np.max(chosen)}")
    return chosen.astype(np.int64)


# -- threads -------------------------------------------------------------------------------------
# What only some problems need is imported where they do: NumPy starts without it.


def _check_threads(threads: Any) -> None:
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer, type(None))):
        raise TypeError(f"threads must be a whole number from 1 up, not {threads!r}")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be a whole number from 1 up, not {threads}")


def _cores() -> int:
    """The physical cores that this process may use: two threads of a core share its arithmetic."""
    if hasattr(os, "sched_getaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
    else:
        allowed = list(range(os.cpu_count() or 1))
    place = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    cores = len({_line(place.format(cpu)) or str(cpu) for cpu in allowed})
    quota, _, period = _line("/sys/fs/cgroup/cpu.max").partition(" ")  # of a container
    if quota.isdecimal() and period.isdecimal():
        cores = min(cores, int(quota) // int(period))
    return max(1, cores)


def _line(path: str) -> str:
    """The text of a file of the system; empty where there is no such file."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


class _Threads:
    """The caller of an evaluation and the threads beside it, `count` together.

    They are started where they are first needed, again in a forked process, and end with this.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._crew: _Crew | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"count": self.count, "_crew": None}

    def each(
        self, pieces: int, work: Callable[[int], Any], take: Callable[[Any], None] | None = None
    ) -> None:
        """take(work(i)) for each piece i: the work in any order and by any thread, the taking in
        order and one at a time. So what is taken does not depend on the number of threads."""
        if pieces == 1:
            part = work(0)
            if take is not None:
                take(part)
            return
        with _blas():  # also for one thread: BLAS with threads of its own has other digits
            if self.count == 1:
                for piece in range(pieces):
                    part = work(piece)
                    if take is not None:
                        take(part)
                return
            crew = self._crew
            if crew is None or crew.process != os.getpid():
                crew = self._crew = _Crew(self.count - 1)
            job = _Job(pieces, work, take)
            for _ in range(min(self.count, pieces) - 1):
                crew.jobs.put(job)
            job.finish()


class _Crew:
    """Threads that wait for jobs."""

    def __init__(self, count: int) -> None:
        from queue import SimpleQueue
        from threading import Thread

        self.process = os.getpid()
        self.count = count
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        for _ in range(count):  # they know the queue and nothing else, so that this can end
            Thread(target=_serve, args=(self.jobs,), daemon=True).start()

    def __del__(self, getpid: Callable[[], int] = os.getpid) -> None:
        if self.process == getpid():  # also where Python ends, and `os` is gone
            for _ in range(self.count):
                self.jobs.put(None)


def _serve(jobs: Any) -> None:
    """What a thread does: it helps with one job after the other."""
    with np.errstate(all="ignore"):  # which each thread has its own of
        while (job := jobs.get()) is not None:
            job.help()
            del job  # or the last one would be kept, and with it its problem


class _Job:
    """The pieces of one pass: whoever is free works at the next one that is left."""

    def __init__(
        self, pieces: int, work: Callable[[int], Any], take: Callable[[Any], None] | None
    ) -> None:
        from queue import SimpleQueue
        from threading import Lock

        self.work, self.take = work, take
        self.left = deque(range(pieces))
        self.done: dict[int, Any] = {}
        self.taken = 0
        self.lock = Lock()
        self.helped = 0  # pieces that another thread than the caller's has begun, ...
        self.ended: SimpleQueue[BaseException | None] = SimpleQueue()  # ... and how each ended

    def finish(self) -> None:
        """The caller's part. Raises what the work has raised, wherever that was.

        After an interrupt the others end the piece they are at: nothing of it is used.
        """
        try:
            while (piece := self._next()) is not None:
                self._do(piece)
        finally:
            with self.lock:
                self.left.clear()
                helped = self.helped
            errors = [self.ended.get() for _ in range(helped)]
        for error in errors:
            if error is not None:
                raise error

    def help(self) -> None:
        """The part of any other thread."""
        while True:
            with self.lock:
                piece = self._next()
                if piece is None:
                    return
                self.helped += 1
            try:
                self._do(piece)
            except BaseException as error:  # the caller raises it
                self.left.clear()
                self.ended.put(error)
                return
            self.ended.put(None)

    def _next(self) -> int | None:
        try:
            return self.left.popleft()
        except IndexError:
            return None

    def _do(self, piece: int) -> None:
        part = self.work(piece)
        if self.take is None:
            return
        with self.lock:
            self.done[piece] = part
            while self.taken in self.done:
                self.take(self.done.pop(self.taken))
                self.taken += 1


class _Blas:
    """Holds NumPy's BLAS to one thread, where threadpoolctl can be imported.

    The blocks are small: more threads would only wait for each other.
    """

    def __init__(self) -> None:
        from threading import Lock

        self.lock = Lock()
        self.users = 0
        self.changed: list[tuple[Any, int]] = []
        try:
            from threadpoolctl import ThreadpoolController
        except ImportError:
            self.libraries: list[Any] = []
        else:
            self.libraries = ThreadpoolController().select(user_api="blas").lib_controllers

    def __enter__(self) -> None:
        with self.lock:
            self.users += 1
            if self.users == 1:
                counts = [(library, library.num_threads) for library in self.libraries]
                self.changed = [(library, count) for library, count in counts if count != 1]
                for library, _ in self.changed:
                    library.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                for library, count in self.changed:
                    library.set_num_threads(count)


@functools.cache
def _blas() -> _Blas:
    """One for all problems: what it holds is the process's."""
    return _Blas()


# -- the bound problem ---------------------------------------------------------------------------


class Problem:
    """The model with its data: an objective of the flat vector theta, to be minimised.

    Methods take theta in the user's own parameters, return fresh arrays and may be called from
    several threads. The data must not change while they are bound.
    """

    def __init__(
        self, arrays: Sequence[Array], totals: Totals, threads: int | None = None
    ) -> None:
        self._totals = totals
        size = sum(math.prod(shape) for shape in _shapes(totals.dims).values())
        self._blocks = _Blocks(arrays, totals.rows, inner=_width(totals.dims, 1), sums=size)
        self._moving = totals._replace(offset=0.0)
        self._narrow = _Blocks(
            arrays,
            totals.rows,
            inner=_width(totals.dims, 1),
            widest=_width(totals.dims, 2),
        )
        if ALONE:
            self._blocks.learn_alone(totals)
        self._narrow.alone = self._blocks.alone
        self._idle: list[Workspace] = []  # those that no worker is using
        self.n_rows = totals.rows
        self.offset = totals.offset  # what the objective has beside the parameters
        self.consts = dict(totals.consts)
        self.dims = {
            name: {"size": size, "labels": totals.labels.get(name)}
            for name, size in totals.dims.items()
        }
        self.size = size
        self._free = _FreeCoordinates(self._shapes(), totals.labels)
        if threads is None:
            threads = _cores() if self._blocks.work > THREADED else 1
        self._threads = _Threads(int(threads))

    @property
    def threads(self) -> int:
        """How many threads an evaluation may use, the caller's included."""
        return self._threads.count

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return _shapes(self._totals.dims)

    def _theta(self, theta: Any) -> Array:
        if type(theta) is np.ndarray and theta.dtype == np.float64 and theta.shape == (self.size,):
            return theta
        theta = np.asarray(_numbers("theta", theta), dtype=np.float64)
        if theta.shape != (self.size,):
            sizes = ", ".join(f"{name} {list(shape)}" for name, shape in self._shapes().items())
            raise ValueError(
                f"theta has shape {theta.shape}, but these data need ({self.size},): {sizes}; "
                "where the data do not show every category, pass dims="
            )
        return theta

    # -- evaluation

    def value(self, theta: Any, *, offset: bool = True) -> float:
        """The objective, penalties included; without its `offset` where that is not wanted."""
        theta = self._theta(theta)
        totals = self._totals if offset else self._moving
        with np.errstate(all="ignore"):
            return float(finish(theta, self._gathered(theta, 0), totals)[0])

    def grad(self, theta: Any) -> Array:
        """The gradient of `value`, shape (size,)."""
        return self.value_and_grad(theta)[1]

    def value_and_grad(self, theta: Any, *, offset: bool = True) -> tuple[float, Array]:
        """The objective and its gradient, in one pass over the rows."""
        theta = self._theta(theta)
        totals = self._totals if offset else self._moving
        with np.errstate(all="ignore"):
            f, g = finish(theta, self._gathered(theta, 1), totals)
        return float(f), g

    def hess(self, theta: Any) -> Array:
        """The Hessian of `value`, shape (size, size).

        Raises ValueError where it is too large.
        """
        return self.value_grad_hess(theta)[2]

    def value_grad_hess(self, theta: Any, *, offset: bool = True) -> tuple[float, Array, Array]:
        """The objective, its gradient and its Hessian, in one pass over the rows."""
        self._check_hessian()
        theta = self._theta(theta)
        totals = self._totals if offset else self._moving
        with np.errstate(all="ignore"):
            return _curved(self, theta, totals)

    def hvp(self, theta: Any, v: Any) -> Array:
        """The product of the Hessian of `value` with a vector, shape (size,)."""
        theta, v = self._theta(theta), self._theta(v)

        def kernel(block: Block, acc: Sums) -> None:
            partial_hvp(theta, v, block, self._totals, acc)

        with np.errstate(all="ignore"):
            return finish_hvp(theta, v, self._summed(kernel, HVP_TOTALS, 0), self._totals)

    def _check_hessian(self) -> None:
        size, work = 8 * self.size**2, max(1, self.n_rows) * self.size**2
        if size > HESSIAN_BYTES or work > HESSIAN_WORK:
            raise ValueError(
                f"the Hessian of {self.size} parameters has {size / 1e9:.1f} GB and needs about "
                f"{work:.0e} multiplications; hvp(theta, v) multiplies with it and never makes it"
            )

    # -- where there are: scores

    def scores(self, theta: Any) -> Array:
        """The gradient of each row's own term of the loss, shape (n_rows, size).

        Penalties and other terms without rows are no part of them.
        """
        theta = self._theta(theta)
        found = np.empty((self.n_rows, self.size))
        slices = self._blocks.slices()

        def work(place: int) -> None:
            block = self._blocks.take(slices[place])
            found[slices[place]] = _scores(theta, block, self._totals)

        with np.errstate(all="ignore"):
            self._threads.each(len(slices), work)
        return found

    # -- where there are: squares

    def residuals(self, theta: Any) -> Array:
        """What the objective squares, shape (m,): `value` is a constant + squares * sum(r^2)."""
        return np.concatenate([r for r, _ in self._residuals(theta)])

    def jacobian(self, theta: Any) -> Array:
        """The derivatives of `residuals`, shape (len(residuals), size)."""
        return np.concatenate([J for _, J in self._residuals(theta)])

    def residual_qr(self, theta: Any, scale: Any = 1.0) -> tuple[Array, Array, float]:
        """The QR factorisation of the Jacobian with its columns divided by `scale`, by blocks.

        Returns R (size, size), z = Q'r and the sum of the squares of what Q does not reach, so
        that `|J/scale p + r|^2 = |R p + z|^2 + rss`. The Jacobian never exists as a whole.
        """
        theta = self._theta(theta)
        scale = np.broadcast_to(np.asarray(scale, dtype=np.float64), (self.size,))
        blocks = self._for_jacobians()
        groups = blocks.groups(HESSIAN_SUPER_BLOCKS)
        top = np.zeros((0, self.size + 1))

        def rows(r: Array, J: Array) -> Array:
            return np.column_stack((J / scale, r))

        def work(place: int) -> Array:
            part = top[:0]
            for chosen in groups[place]:
                block = blocks.take(chosen)
                part = _triangle(part, rows(*_row_residuals(theta, block, self._totals)))
            return part

        def take(part: Array) -> None:
            nonlocal top
            top = _triangle(top, part) if len(top) else part

        with np.errstate(all="ignore"):
            self._threads.each(len(groups), work, take)
            top = _triangle(top, rows(*_other_residuals(theta, self._totals)))
        if not np.all(np.isfinite(top)):
            full = np.full((self.size, self.size), np.nan)
            return full, full[0].copy(), math.nan
        full = np.zeros((self.size + 1, self.size + 1))
        full[: len(top)] = top
        return full[:-1, :-1], full[:-1, -1], float(full[-1, -1] ** 2)

    def _for_jacobians(self) -> _Blocks:
        """Blocks whose Jacobians, and three copies of them, need little memory."""
        inner = _width(self._totals.dims, 1)
        widest = inner * (self.size + 1)
        return _Blocks(self._blocks.arrays, self.n_rows, inner=inner, widest=widest)

    @property
    def squares(self) -> float:
        """`value` is a constant plus this times the sum of the squares of `residuals`."""
        return float(_squares(self._totals))

    def _residuals(self, theta: Any) -> Iterator[tuple[Array, Array]]:
        """Residuals and their Jacobian, block by block, and last those without rows."""
        theta = self._theta(theta)
        for block in self._for_jacobians():
            with np.errstate(all="ignore"):
                yield _row_residuals(theta, block, self._totals)
        with np.errstate(all="ignore"):
            yield _other_residuals(theta, self._totals)

    # -- where there are: predictions

    def predict_grad(self, theta: Any) -> dict[str, tuple[float, Array]]:
        """Each prediction that is a number, at these data, and its gradient by theta."""
        theta = self._theta(theta)
        with np.errstate(all="ignore"):
            found = _predict_grad(theta, self._blocks.take(slice(None)), self._totals)
        return {name: (float(value), grad) for name, (value, grad) in found.items()}

    # -- the objective in parts

    def loss(self, theta: Any) -> float:
        """The objective without its penalties."""
        theta = self._theta(theta)
        with np.errstate(all="ignore"):
            return float(_loss(theta, self._gathered(theta, 0), self._totals))

    def batch_value_and_grad(self, theta: Any, rows: Any) -> tuple[float, Array]:
        """An unbiased estimate of `value_and_grad` from some rows (indices, or a slice).

        Sums over rows are scaled by n/len(rows); what has no rows counts once. Raises ValueError
        where MINIBATCH says that no such estimate exists.
        """
        if MINIBATCH is not None:
            raise ValueError(f"mini-batches would be biased: {MINIBATCH}")
        theta = self._theta(theta)
        rows = _chosen(rows, self.n_rows)
        if not rows.size:
            raise ValueError("a mini-batch needs a row")
        with np.errstate(all="ignore"):
            return self.at_batch(theta, rows.size, [self._blocks.take(rows)])

    def batches(self, rows: Any, size: int) -> Iterator[tuple[int, Iterable[Block]]]:
        """The arguments of `at_batch` for batch after batch of some rows.

        rows: indices, taken `size` at a time, or slices, one for each batch. A batch is good until
        the next one is asked for.
        """
        if not isinstance(rows, list):
            yield from self._blocks.batches(rows, size)
            return
        part = max(1, PART_BYTES // (8 * self._blocks.width))
        for batch in rows:
            parts = range(batch.start, batch.stop, part)
            pieces = (slice(start, min(start + part, batch.stop)) for start in parts)
            yield batch.stop - batch.start, (self._blocks.take(piece) for piece in pieces)

    def at_batch(self, theta: Array, count: int, blocks: Iterable[Block]) -> tuple[float, Array]:
        """`batch_value_and_grad` for the inner loop of a fit: nothing is checked.

        theta: float64, of shape (size,). The arithmetic warns as NumPy is set.
        """
        totals = self._totals
        acc = _sums(TOTALS, 0, 1, {}, self._workspace())
        for block in blocks:
            partial(theta, block, totals, acc)
        self._idle.append(acc.work)
        sums, scale = acc.sums, totals.rows / count
        for key, value in sums.items():
            sums[key] = scale * value
        f, g = finish(theta, acc, totals)
        return float(f), g

    def _gathered(self, theta: Array, order: int) -> Sums:
        """The sums of every pass over the rows."""

        def kernel(block: Block, acc: Sums) -> None:
            partial(theta, block, self._totals, acc)

        return self._summed(kernel, TOTALS, order)

    def _summed(
        self,
        kernel: Callable[[Block, Sums], None],
        passes: Sequence[Sequence[str]],
        order: int,
    ) -> Sums:
        blocks = self._blocks if order < 2 else self._narrow
        groups = blocks.groups(SUPER_BLOCKS if order < 2 else HESSIAN_SUPER_BLOCKS)
        acc = _sums(passes, 0, order, {})

        def work(place: int) -> Sums:
            space = self._workspace()
            part = _sums(passes, acc.stage, order, acc.known, space)
            for rows in groups[place]:
                kernel(blocks.block(rows), part)
            self._idle.append(space)
            return part

        def take(part: Sums) -> None:
            merge(acc, part)

        for stage in range(len(passes)):
            if stage:
                acc = _sums(passes, stage, order, _found(acc))
            if len(groups) == 1:  # nothing to share, nothing to merge
                acc = work(0)
            else:
                self._threads.each(len(groups), work, take)
        return acc

    def _workspace(self) -> Workspace:
        """One that no worker is using; whoever takes it puts it back."""
        try:
            return self._idle.pop()
        except IndexError:
            return Workspace()

    def trace(self, theta: Any, rows: Any = slice(None)) -> dict[str, Any]:
        """The user's lets, and places where numbers can go wrong, for some rows."""
        theta, rows = self._theta(theta), _chosen(rows, self.n_rows)
        with np.errstate(all="ignore"):
            acc = self._gathered(theta, 1)
            known = _found(acc)
            block = self._blocks.take(rows if TRACE_ROWS is None else slice(None))
            values = _trace(theta, block, self._totals, known)
        if TRACE_ROWS is None:
            return {key: np.array(value, dtype=np.float64) for key, value in values.items()}
        return {key: _rows_at(TRACE_ROWS.get(key), value, rows) for key, value in values.items()}

    # -- parameters

    def init(self, seed: int = 0) -> Array:
        """Where a fit begins: declared starts, seeded draws, or the middle of the domain."""
        return _start(seed, self._totals.dims, self._totals.consts)

    def proximal_weights(self) -> list[Any]:
        """The weight of each term of `PROXIMAL`: a number, or one for each of its groups."""
        return _proximal_weights(self._totals.dims, self._totals.consts)

    def unpack(self, theta: Any) -> dict[str, Any]:
        """The parameters by name, as arrays of their declared shape or floats."""
        return _unpacked(self._theta(theta), self._shapes())

    def pack(self, /, **params: Any) -> Array:
        """The inverse of `unpack`."""
        return _packed(params, self._shapes())

    @property
    def theta_names(self) -> list[str]:
        """A name for each entry of theta, with labels where they are known: `w[age]`."""
        names = []
        for param, shape in self._shapes().items():
            dims = next(entry["dims"] for entry in PARAMS if entry["name"] == param)
            labels = [
                self._totals.labels.get(dim) or [str(i) for i in range(size)]
                for dim, size in zip(dims, shape, strict=True)
            ]
            for place in np.ndindex(shape):
                at = ", ".join(labels[axis][i] for axis, i in enumerate(place))
                names.append(f"{param}[{at}]" if place else param)
        return names

    @property
    def stats(self) -> dict[str, dict[str, Any]]:
        """What `standardize` learnt from the training data."""
        return _by_name(self._totals.stats)

    def stats_at(self, theta: Any) -> dict[str, dict[str, Any]]:
        """`stats`, and what `train` keeps of these data and parameters; `predict` takes both."""
        theta = self._theta(theta)
        if not KEPT:
            return self.stats
        with np.errstate(all="ignore"):
            kept = _keep(theta, self._blocks.take(slice(None)), self._totals)
        return _by_name({**self._totals.stats, **kept})

    @property
    def fixed(self) -> Array:
        """True for the entries of theta that stay at their start."""
        return self._free.fixed.copy()

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        """The bounds of each entry of theta, open and closed alike."""
        return [
            (None if lo == -np.inf else float(lo), None if hi == np.inf else float(hi))
            for lo, hi in zip(self._free.lower, self._free.upper, strict=True)
        ]

    # -- free coordinates

    def to_free(self, theta: Any) -> Array:
        """theta in coordinates where open bounds are at infinity."""
        return self._free.to_free(self._theta(theta))

    def from_free(self, phi: Any) -> Array:
        """The inverse of `to_free`."""
        return self._free.from_free(self._theta(phi))

    def pullback(self, phi: Any, g: Any) -> Array:
        """The gradient by phi from the gradient by theta."""
        return self._free.pullback(self._theta(phi), self._theta(g))

    def tangent(self, phi: Any, v: Any) -> Array:
        """How theta changes when phi moves along v."""
        return self._free.tangent(self._theta(phi), self._theta(v))

    def pullback_hess(self, phi: Any, g: Any, H: Any) -> Array:
        """The Hessian by phi from the gradient and the Hessian by theta."""
        return self._free.pullback_hess(self._theta(phi), self._theta(g), np.asarray(H))

    def pullback_hvp(self, phi: Any, g: Any, v: Any, Hv: Any) -> Array:
        """The Hessian by phi times v; Hv is the one by theta times `tangent(phi, v)`."""
        phi, Hv = self._theta(phi), self._theta(Hv)
        return self._free.pullback(phi, Hv) + self._free.bend(phi, self._theta(g), self._theta(v))

    @property
    def free_bounds(self) -> tuple[Array, Array]:
        """The closed bounds in free coordinates; infinite where there is none."""
        return self._free.bounds()


class _FreeCoordinates:
    """Coordinates without open bounds, as many as theta has entries.

    Open bounds and structures (simplex, ordered, sumzero) are kept by a smooth change of
    variables. Closed bounds are left to the caller; base levels and fixed entries do not move.
    """

    def __init__(
        self, shapes: Mapping[str, tuple[int, ...]], labels: Mapping[str, list[str] | None]
    ) -> None:
        columns: dict[str, list[Array]] = {
            key: [] for key in ("lower", "upper", "lower_open", "upper_open", "fixed")
        }
        self.structures: list[tuple[slice, tuple[int, ...], int, str]] = []
        base = []
        start = 0
        for entry in PARAMS:
            shape, domain = shapes[entry["name"]], entry.get("domain", {})
            part = slice(start, start + math.prod(shape))
            start = part.stop
            structure = domain.get("structure")
            if structure is not None:
                axis = entry["dims"].index(domain["axis"])
                if structure == "base":
                    level = domain.get("level")
                    at = 0 if level is None else (labels.get(domain["axis"]) or []).index(level)
                    held = np.zeros(shape, dtype=bool)
                    np.moveaxis(held, axis, 0)[at] = True
                    base += list(part.start + np.flatnonzero(held.ravel()))
                    domain = {}
                elif structure == "simplex":
                    kind = "open simplex" if domain.get("lower_open") else "simplex"
                    self.structures.append((part, shape, axis, kind))
                    domain = {"lower": 0.0, "upper": 1.0}
                else:
                    self.structures.append((part, shape, axis, structure))
                    domain = {}
            for key, values in columns.items():
                default = {"lower": -np.inf, "upper": np.inf}.get(key, False)
                value = entry.get("fixed", False) if key == "fixed" else domain.get(key, default)
                values.append(np.full(math.prod(shape), value))
        joined = {key: np.concatenate([*values, []]) for key, values in columns.items()}
        self.lower, self.upper = joined["lower"], joined["upper"]
        self.fixed = joined["fixed"].astype(bool)
        self.base = np.array(base, dtype=int)
        self.fixed[self.base] = True
        self.lower[self.base] = self.upper[self.base] = 0.0
        below = joined["lower_open"].astype(bool) & np.isfinite(self.lower)
        above = joined["upper_open"].astype(bool) & np.isfinite(self.upper)
        self.low, self.high, self.both = below & ~above, above & ~below, below & above
        self.plain = not (np.any(below | above) or self.structures or base)

    def to_free(self, theta: Array) -> Array:
        phi = theta.copy()
        if self.plain:
            return phi
        phi[self.base] = 0.0
        with np.errstate(all="ignore"):
            phi[self.low] = np.log((theta - self.lower)[self.low])
            phi[self.high] = -np.log((self.upper - theta)[self.high])
            share = (theta - self.lower)[self.both] / (self.upper - theta)[self.both]
            phi[self.both] = np.log(share)
            for part, values, axis, kind in self._parts(theta):
                phi[part] = np.moveaxis(_structure_to_free(kind, values), -1, axis).ravel()
        return phi

    def from_free(self, phi: Array) -> Array:
        theta = phi.copy()
        if self.plain:
            return theta
        theta[self.base] = 0.0
        with np.errstate(all="ignore"):
            # The other bound may be closed, and exp(log(3)) is above 3.
            above = self.lower[self.low] + np.exp(phi[self.low])
            below = self.upper[self.high] - np.exp(-phi[self.high])
            theta[self.low] = np.minimum(above, self.upper[self.low])
            theta[self.high] = np.maximum(below, self.lower[self.high])
            width = (self.upper - self.lower)[self.both]
            theta[self.both] = self.lower[self.both] + width * _sigmoid(phi[self.both])
            for part, values, axis, kind in self._parts(phi):
                theta[part] = np.moveaxis(_structure_from_free(kind, values), -1, axis).ravel()
        return theta

    def pullback(self, phi: Array, g: Array) -> Array:
        """The gradient by phi from the gradient by theta."""
        if self.plain:
            return g.copy()
        with np.errstate(all="ignore"):
            pulled = g * self._slope(phi)
            gradients = self._parts(g)
            for (part, values, axis, kind), (_, slopes, _, _) in zip(
                self._parts(phi), gradients, strict=True
            ):
                back = _structure_pullback(kind, values, slopes)
                pulled[part] = np.moveaxis(back, -1, axis).ravel()
        return pulled

    def tangent(self, phi: Array, v: Array) -> Array:
        """d theta along v."""
        with np.errstate(all="ignore"):
            moved = v * self._slope(phi)
            for (part, at, axis, kind), (_, along, _, _) in zip(
                self._parts(phi), self._parts(v), strict=True
            ):
                change = _structure_tangent(kind, at, along)
                moved[part] = np.moveaxis(change, -1, axis).ravel()
        return moved

    def bend(self, phi: Array, g: Array, v: Array) -> Array:
        """The sum of g[i] times the second derivative of theta[i], times v."""
        with np.errstate(all="ignore"):
            bent = np.zeros_like(phi)
            slope = self._slope(phi)
            bent[self.low] = slope[self.low]
            bent[self.high] = -slope[self.high]
            bent[self.both] = -slope[self.both] * np.tanh(phi[self.both] / 2)
            bent *= g * v
            for (part, at, axis, kind), (_, slopes, _, _), (_, along, _, _) in zip(
                self._parts(phi), self._parts(g), self._parts(v), strict=True
            ):
                change = _structure_bend(kind, at, slopes, along)
                bent[part] = np.moveaxis(change, -1, axis).ravel()
        return bent

    def pullback_hess(self, phi: Array, g: Array, H: Array) -> Array:
        if self.plain:
            return H.copy()
        half = np.array([self.pullback(phi, column) for column in H.T])
        pulled = np.array([self.pullback(phi, column) for column in half.T])
        pulled += np.array([self.bend(phi, g, v) for v in np.eye(phi.size)])
        return 0.5 * (pulled + pulled.T)

    def _parts(self, vector: Array) -> list[tuple[slice, Array, int, str]]:
        """The structured parameters in a vector, their axis last."""
        return [
            (part, np.moveaxis(vector[part].reshape(shape), axis, -1), axis, kind)
            for part, shape, axis, kind in self.structures
        ]

    def _slope(self, phi: Array) -> Array:
        """d theta / d phi, entry by entry."""
        slope = np.ones_like(phi)
        slope[self.low] = np.exp(phi[self.low])
        slope[self.high] = np.exp(-phi[self.high])
        width = (self.upper - self.lower)[self.both]
        both = phi[self.both]
        slope[self.both] = width * _sigmoid(both) * _sigmoid(-both)
        return slope

    def bounds(self) -> tuple[Array, Array]:
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[self.low | self.both] = -np.inf
        upper[self.high | self.both] = np.inf
        with np.errstate(all="ignore"):  # the closed bound of a domain that is open on one side
            upper[self.low] = np.log((self.upper - self.lower)[self.low])
            lower[self.high] = -np.log((self.upper - self.lower)[self.high])
        for part, _, _, _ in self.structures:
            lower[part], upper[part] = -np.inf, np.inf
        return lower, upper


def _structure_from_free(kind: str, phi: Array) -> Array:
    """A structured parameter from its free coordinates, along the last axis.

    A closed simplex is kept by squares, v^2/sum(v^2), so that the optimum may lie on its edge; an
    open one by a softmax. Both, and sumzero, have one direction more than they need, along which
    nothing changes.
    """
    match kind:
        case "simplex":
            return phi**2 / np.sum(phi**2, axis=-1, keepdims=True)
        case "open simplex":
            shares = np.exp(phi - np.max(phi, axis=-1, keepdims=True))
            return shares / np.sum(shares, axis=-1, keepdims=True)
        case "ordered":
            steps = np.concatenate((phi[..., :1], np.exp(phi[..., 1:])), axis=-1)
            return np.cumsum(steps, axis=-1)
        case "sumzero":
            return phi - np.mean(phi, axis=-1, keepdims=True)
    raise ValueError(kind)


def _structure_to_free(kind: str, theta: Array) -> Array:
    match kind:
        case "simplex":
            return np.sqrt(theta)
        case "open simplex":
            logs = np.log(theta)
            return logs - np.mean(logs, axis=-1, keepdims=True)
        case "ordered":
            return np.concatenate((theta[..., :1], np.log(np.diff(theta, axis=-1))), axis=-1)
    return theta - np.mean(theta, axis=-1, keepdims=True)


def _structure_pullback(kind: str, phi: Array, g: Array) -> Array:
    match kind:
        case "simplex" | "open simplex":
            theta = _structure_from_free(kind, phi)
            along = g - np.sum(g * theta, axis=-1, keepdims=True)
            scale = 2 * phi / np.sum(phi**2, axis=-1, keepdims=True)
            return (scale if kind == "simplex" else theta) * along
        case "ordered":
            after = np.cumsum(g[..., ::-1], axis=-1)[..., ::-1]
            steps = np.concatenate((np.ones_like(phi[..., :1]), np.exp(phi[..., 1:])), axis=-1)
            return steps * after
    return g - np.mean(g, axis=-1, keepdims=True)


def _structure_tangent(kind: str, phi: Array, v: Array) -> Array:
    match kind:
        case "simplex" | "open simplex":
            theta = _structure_from_free(kind, phi)
            if kind == "open simplex":
                return theta * (v - np.sum(theta * v, axis=-1, keepdims=True))
            square = np.sum(phi**2, axis=-1, keepdims=True)
            return 2 * (phi * v - theta * np.sum(phi * v, axis=-1, keepdims=True)) / square
        case "ordered":
            steps = np.concatenate((np.ones_like(phi[..., :1]), np.exp(phi[..., 1:])), axis=-1)
            return np.cumsum(steps * v, axis=-1)
    return v - np.mean(v, axis=-1, keepdims=True)


def _structure_bend(kind: str, phi: Array, g: Array, v: Array) -> Array:
    """The derivative of the pullback of g along v."""
    match kind:
        case "simplex" | "open simplex":
            theta, moved = _structure_from_free(kind, phi), _structure_tangent(kind, phi, v)
            along = g - np.sum(g * theta, axis=-1, keepdims=True)
            shift = np.sum(g * moved, axis=-1, keepdims=True)
            if kind == "open simplex":
                return moved * along - theta * shift
            square = np.sum(phi**2, axis=-1, keepdims=True)
            turned = v - 2 * phi * np.sum(phi * v, axis=-1, keepdims=True) / square
            return 2 * (turned * along - phi * shift) / square
        case "ordered":
            after = np.cumsum(g[..., ::-1], axis=-1)[..., ::-1]
            steps = np.concatenate((np.zeros_like(phi[..., :1]), np.exp(phi[..., 1:])), axis=-1)
            return steps * after * v
    return np.zeros_like(phi)


def _sigmoid(x: Array) -> Array:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def _by_name(stats: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Statistics `name.part` as nested dictionaries."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in stats.items():
        name, part = key.rsplit(".", 1)
        found.setdefault(name, {})[part] = np.array(value)
    return found


def _shapes(dims: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    return {entry["name"]: tuple(dims[dim] for dim in entry["dims"]) for entry in PARAMS}


def _unpacked(theta: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    start = 0
    for name, shape in shapes.items():
        stop = start + math.prod(shape)
        piece = theta[start:stop]
        params[name] = piece.reshape(shape).copy() if shape else float(piece[0])
        start = stop
    return params


def _packed(params: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]] | None) -> Array:
    names = {entry["arg"]: entry["name"] for entry in PARAMS}
    given: dict[str, Any] = {}
    for name, piece in params.items():  # by argument, or by name as `unpack` has them
        if name not in names and name not in names.values():
            raise TypeError(f"{MODEL} has no parameter `{name}`; it has {', '.join(names)}")
        given[names.get(name, name)] = piece
    pieces = []
    for entry in PARAMS:
        name = entry["name"]
        if name not in given:
            raise TypeError(f"the parameter `{entry['arg']}` is missing")
        piece = np.asarray(_numbers(f"`{name}`", given[name]), dtype=np.float64)
        wanted = shapes[entry["name"]] if shapes is not None else piece.shape
        _check_axes(entry, piece.shape)
        if piece.shape != wanted:
            raise ValueError(f"`{name}` has shape {piece.shape}, not {wanted}")
        pieces.append(piece.ravel())
    return np.concatenate([*pieces, []])


def _rows_at(axis: int | None, value: Any, rows: Any) -> Array:
    """Some rows of a traced value whose rows lie along `axis`; all of it where it has none."""
    array = np.asarray(value)
    chosen = array if axis is None else array[(slice(None),) * axis + (rows,)]
    return np.array(chosen, dtype=np.float64)


# -- predictions ---------------------------------------------------------------------------------


def _predicted(
    theta: Any,
    data: Sequence[Any],
    dims: Mapping[str, Any] | None,
    stats: Mapping[str, Any] | None,
    consts: Mapping[str, Any],
) -> dict[str, Any]:
    if not PREDICTIONS:
        return {}
    needed = {name for entry in PREDICTIONS for name in entry["data"]}
    arrays: list[Array] = []
    for entry, value in zip(DATA, data, strict=True):
        if entry["name"] not in needed:
            arrays.append(None)
        elif value is None and entry.get("default") is None:
            raise TypeError(f"the predictions of {MODEL} need `{entry['arg']}`")
        else:
            arrays.append(None if value is None else _array(entry, value))
    counts = {
        array.shape[entry["dims"].index(ROW)]
        for entry, array in zip(DATA, arrays, strict=True)
        if array is not None and ROW in entry["dims"]
    }
    if len(counts) > 1:
        raise ValueError(f"the data have different numbers of rows: {sorted(counts)}")
    if not counts and any(ROW in entry["dims"] for entry in PREDICTIONS):
        optional = [e["arg"] for e in DATA if e["name"] in needed and ROW in e["dims"]]
        raise TypeError(f"how many rows are to be predicted? pass {' or '.join(optional)}")
    rows = next(iter(counts), 0)
    sizes, labels = _declared(dims)
    largest: dict[str, tuple[int, str]] = {}
    _measure(arrays, sizes, largest)
    _settle(sizes, labels, largest, rows, _kept_sizes(stats))
    _filled(arrays, sizes, rows, needed)
    theta = _numbers("theta", theta).astype(np.float64)
    size = sum(math.prod(shape) for shape in _shapes(sizes).values())
    if theta.shape != (size,):
        raise ValueError(
            f"theta has shape {theta.shape}, but these data need ({size},); pass dims= of the fit"
        )
    constants = _constants(_checked_consts(consts), sizes)
    totals = Totals(rows, sizes, labels, constants, _side_data(arrays), stats={}, data={})
    _use_stats(totals, stats)
    missing = [name for name in _needed_stats() if name not in totals.stats]
    if missing:
        raise TypeError("these predictions use statistics of the training data: pass stats=")
    blocks = _Blocks(arrays, rows, PREDICT_WHOLE)
    with np.errstate(all="ignore"):
        parts = [_predict(theta, block, totals) for block in blocks]
    predictions = {}
    for entry in PREDICTIONS:
        pieces = [part[entry["name"]] for part in parts]
        if ROW in entry["dims"]:
            predictions[entry["name"]] = np.concatenate(pieces, axis=entry["dims"].index(ROW))
        else:
            predictions[entry["name"]] = np.array(pieces[0])[()]
    return {name: values.astype(np.float64, copy=False) for name, values in predictions.items()}


def _kept_sizes(stats: Mapping[str, Any] | None) -> dict[str, int]:
    """The sizes of the dimensions of what `train` kept."""
    sizes: dict[str, int] = {}
    for key, dims in KEPT.items():
        name, part = key.rsplit(".", 1)
        if name in (stats or {}) and part in (stats or {})[name]:
            sizes.update(zip(dims, np.shape((stats or {})[name][part]), strict=True))
    return sizes


def _needed_stats() -> list[str]:
    return [name for entry in PREDICTIONS for name in entry["stats"]]


# -- one-off forms: each binds anew --------------------------------------------------------------


def value(theta: Any, *data: Any, **options: Any) -> float:
    """The objective for data given by position in declared order or by keyword, as for `bind`."""
    return bind(*data, **options).value(theta)


def grad(theta: Any, *data: Any, **options: Any) -> Array:
    """The gradient of `value`, shape of theta."""
    return bind(*data, **options).grad(theta)


def value_and_grad(theta: Any, *data: Any, **options: Any) -> tuple[float, Array]:
    """`value` and `grad` in one pass, as scipy.optimize.minimize wants them with jac=True."""
    return bind(*data, **options).value_and_grad(theta)


def hess(theta: Any, *data: Any, **options: Any) -> Array:
    """The Hessian of `value`, shape (size, size)."""
    return bind(*data, **options).hess(theta)


def hvp(theta: Any, v: Any, *data: Any, **options: Any) -> Array:
    """The Hessian of `value` times a vector, shape of theta."""
    return bind(*data, **options).hvp(theta, v)


def value_grad_hess(theta: Any, *data: Any, **options: Any) -> tuple[float, Array, Array]:
    """`value`, `grad` and `hess` in one pass."""
    return bind(*data, **options).value_grad_hess(theta)


def init(*data: Any, seed: int = 0, **options: Any) -> Array:
    """Where a fit to these data begins."""
    return bind(*data, **options).init(seed)


def unpack(theta: Any, *data: Any, **options: Any) -> dict[str, Any]:
    """theta as parameters by name."""
    return bind(*data, **options).unpack(theta)


def pack(**params: Any) -> Array:
    """Parameters by name as theta; the inverse of `unpack`."""
    return _packed(params, None)


# -- fits ----------------------------------------------------------------------------------------


class Fit(NamedTuple):
    """Fitted parameters, as `gdsym fit -o` writes them."""

    theta: Array
    params: dict[str, Any]
    dims: dict[str, Any]
    labels: dict[str, Any]
    stats: dict[str, Any]
    consts: dict[str, Any]


def load_fit(path: Any) -> Fit:
    """Reads a fit file. Raises ValueError if it was fitted with another model text."""
    import json

    with open(path, encoding="utf-8") as file:
        fit = json.load(file)
    if fit.get("sha256") != SHA256:
        raise ValueError(f"{path} was not fitted with this version of {SOURCE_NAME}")
    params = {name: np.asarray(value, dtype=float) for name, value in fit["params"].items()}
    theta = np.concatenate([*(params[entry["name"]].ravel() for entry in PARAMS), []])
    return Fit(
        theta=theta,
        params={name: array if array.ndim else float(array) for name, array in params.items()},
        dims=fit["dims"],
        labels={name: entry.get("labels") for name, entry in fit["dims"].items()},
        stats=fit.get("stats", {}),
        consts=fit.get("consts", {}),
    )


# -- self-check ----------------------------------------------------------------------------------


def _self_check(seed: int = 0) -> int:
    """Compares the gradient with extrapolated differences on random data; 0 if they agree."""
    rng = np.random.default_rng(seed)
    sizes = {name: entry["size"] or 2 + place for place, (name, entry) in enumerate(DIMS.items())}
    if ROW is not None:
        sizes[ROW] = 11
    _derive_dims(sizes, dict.fromkeys(sizes))
    data: dict[str, Any] = {entry["arg"]: _drawn(entry, sizes, rng) for entry in DATA}
    consts = {
        entry["arg"]: rng.uniform(0.5, 1.5, tuple(sizes[dim] for dim in entry["dims"]))
        for entry in CONSTS
        if entry["value"] is None
    }
    dims = {name: size for name, size in sizes.items() if name != ROW}
    problem = bind(**data, **consts, dims=dims)
    phi = problem.to_free(problem.init(seed)) + 0.3 * rng.standard_normal(problem.size)
    lower, upper = problem.free_bounds
    margin = np.minimum(0.1, (upper - lower) / 4)  # the differences stay within the bounds
    theta = problem.from_free(np.clip(phi, lower + margin, upper - margin))
    exact = problem.grad(theta)
    estimate = np.array([_difference(problem.value, theta, i) for i in range(theta.size)])
    scale = max(1.0, float(np.max(np.abs(exact), initial=0.0)), abs(problem.value(theta)))
    error = float(np.max(np.abs(exact - estimate), initial=0.0)) / scale
    agrees = error < 1e-6
    verdict = "agrees with" if agrees else "DIFFERS from"
    print(f"{MODEL}: the gradient {verdict} differences ({error:.1e})")
    return 0 if agrees else 1


def _drawn(entry: Mapping[str, Any], sizes: Mapping[str, int], rng: np.random.Generator) -> Array:
    """Random data from the declared domain."""
    shape = tuple(sizes[dim] for dim in entry["dims"])
    domain = entry.get("domain", {})
    if domain.get("category") is not None:
        return rng.integers(0, sizes[domain["category"]], shape)
    if "values" in domain:
        return rng.choice(domain["values"], shape)
    lower, upper = domain.get("lower", -np.inf), domain.get("upper", np.inf)
    if domain.get("integer"):
        low = 0 if lower == -np.inf else int(lower) + 1
        return rng.integers(low, low + 4 if upper == np.inf else int(upper), shape, endpoint=True)
    if lower == -np.inf and upper == np.inf:
        return rng.standard_normal(shape)
    if upper == np.inf:
        return lower + rng.uniform(0.2, 2.0, shape)
    if lower == -np.inf:
        return upper - rng.uniform(0.2, 2.0, shape)
    return lower + (upper - lower) * rng.uniform(0.1, 0.9, shape)


def _difference(f: Callable[[Array], float], theta: Array, i: int) -> float:
    """df/dtheta_i by central differences, extrapolated once (Richardson, 1911)."""
    step = 1e-3 * max(1.0, abs(theta[i]))

    def central(h: float) -> float:
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        return float((f(up) - f(down)) / (up[i] - down[i]))

    return (4 * central(step / 2) - central(step)) / 3


if __name__ == "__main__":
    raise SystemExit(_self_check())
