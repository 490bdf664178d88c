"""Indices: axes that are kept, entries with a label, gathers, pieces of a vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from gdsym.tracing.graph import Axis
from gdsym.tracing.recorder import Recorder
from gdsym.tracing.tracer import (
    ASSIGNED,
    Group,
    Groups,
    Pieces,
    Size,
    Tracer,
    aligned,
    call,
    elementwise,
    fresh,
    shown,
)

# A longer part of a vector is not written out entry by entry.
MOST_LISTED = 12
CHOSEN = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"))


def indexed(tracer: Tracer, key: Any) -> Any:
    """`x[key]`, as in NumPy, as far as it can be said."""
    keys = _complete(tracer, key)
    if len(keys) == 1 and isinstance(keys[0], slice) and _is_short(tracer):
        return _entries_of(tracer, keys[0])
    tracer, keys = _simple(tracer, keys)
    if not any(isinstance(k, Tracer) for k in keys):
        return tracer
    return _gathered(tracer, keys)


def _is_short(tracer: Tracer) -> bool:
    """Whether the entries of a vector have names, and are few enough to be listed."""
    group = tracer.groups[0] if tracer.ndim == 1 else ()
    recorder = tracer.recorder
    fixed = len(group) == 1 and group[0].dim in recorder.fixed
    return fixed and recorder.sizes[group[0].dim] <= MOST_LISTED


def _entries_of(tracer: Tracer, key: slice) -> Any:
    """A part of a vector whose entries have names."""
    size = _length(tracer.recorder, tracer.groups[0])
    start, stop, step = (None if b is None else int(b) for b in (key.start, key.stop, key.step))
    places = range(size)[start:stop:step]
    if places == range(size):
        return tracer
    if not places:
        _refuse(tracer, "an empty part of an array")
    node = tracer.node
    parts = [
        Tracer(tracer.recorder, _entry(tracer, node, tracer.groups[0], i), ((),)) for i in places
    ]
    return parts[0] if len(parts) == 1 else Pieces(tracer.recorder, parts)


def _complete(tracer: Tracer, key: Any) -> list[Any]:
    """An index per axis, and None for each new one."""
    keys = list(key) if isinstance(key, tuple) else [key]
    for i, k in enumerate(keys):
        if isinstance(k, Pieces):
            _refuse(tracer, "a vector that is made of pieces is no index")
        if isinstance(k, Size):
            keys[i] = int(k)
    named = sum(k is not None and k is not Ellipsis for k in keys)
    if named > tracer.ndim:
        _refuse(tracer, f"{named} indices for an array of shape {shown(tracer.groups)}")
    rest = [slice(None)] * (tracer.ndim - named)
    dots = [i for i, k in enumerate(keys) if k is Ellipsis]
    if dots:
        return keys[: dots[0]] + rest + keys[dots[0] + 1 :]
    return keys + rest


def _refuse(tracer: Tracer, message: str, help: str = "") -> NoReturn:
    tracer.recorder.refuse(message, help)


def _simple(tracer: Tracer, keys: list[Any]) -> tuple[Tracer, list[Any]]:
    """Without slices, new axes and numbers: what is left are gathers, and axes as they are."""
    node, left = tracer.node, list[Any]()
    groups: list[Group] = []
    places = iter(tracer.groups)
    for key in keys:
        if key is None:
            groups.append(())
            left.append(slice(None))
            continue
        group: Group = next(places)
        if isinstance(key, slice):
            _check_slice(tracer, group, key)
        elif isinstance(key, int | np.integer) and not isinstance(key, bool):
            node = _entry(tracer, node, group, int(key))
            continue
        elif not isinstance(key, Tracer):
            key = _list(tracer, key)
        groups.append(group)
        left.append(key)
    return Tracer(tracer.recorder, node, tuple(groups)), left


def _check_slice(tracer: Tracer, group: Group, key: slice) -> None:
    """Refuses a slice that leaves anything out."""
    size = int(_length(tracer.recorder, group))
    bounds = [None if b is None else int(b) for b in (key.start, key.stop)]
    if slice(*bounds).indices(size)[:2] == (0, size) and key.step in (None, 1):
        return
    name = "*".join(axis.dim for axis in group)
    mend = "make its parts arguments of their own"
    if tracer.ndim == 1:
        mend += (
            f"; or give the dimension a size, such as --shapes {name}=3; of a vector of all "
            'parameters say what it holds: --params "w=d, b"'
        )
    _refuse(tracer, f"a part of an array of shape {shown(tracer.groups)} has no name", mend)


def _length(recorder: Recorder, group: Group) -> int:
    size = 1
    for axis in group:
        size *= recorder.sizes[axis.dim]
    return size


def _entry(tracer: Tracer, node: int, group: Group, index: int) -> int:
    """One entry along an axis: of a dimension with a size it has a label."""
    recorder = tracer.recorder
    size = _length(recorder, group)
    if not group and index in (0, -1):
        return node
    if len(group) != 1 or group[0].dim not in recorder.fixed:
        name = "*".join(axis.dim for axis in group) or "1"
        mend = f"write it for all of `{name}` at once, without a loop"
        if len(group) == 1:
            mend += f"; or give the dimension a size, such as --shapes {name}=3"
        _refuse(tracer, f"entry {index} of a dimension `{name}` of any size has no name", mend)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for an axis of size {size}")
    return label(recorder, node, group[0], index % size)


def label(recorder: Recorder, node: int, axis: Axis, index: int) -> int:
    if axis not in recorder.axes(node):
        return node
    rest = [a for a in recorder.axes(node) if a != axis]
    return recorder.add("label", (node,), rest, (axis, index))


def _list(tracer: Tracer, key: Any) -> NoReturn:
    found = np.asarray(key)
    kind = "a list of numbers as an index" if found.dtype.kind in "iu" else f"the index {key!r}"
    _refuse(
        tracer,
        f"{kind} has no counterpart in the language",
        "index by an argument that has the codes, one for each row",
    )


def entries(value: Any) -> Iterator[Any]:
    """`for row in x`, `a, b = x`: of a dimension with a size."""
    if isinstance(value, Pieces):
        if value.position or any(part.groups != ((),) for part in value.parts):
            value.recorder.refuse(
                f"the vector of {len(value.parts)} pieces is unpacked entry by entry",
                "take its pieces by slices, such as `w, b = theta[:-1], theta[-1]`",
            )
        return iter([part[0] for part in value.parts])
    if not value.groups:
        raise TypeError("iteration over a 0-d array")
    group = value.groups[0]
    if group and (len(group) > 1 or group[0].dim not in value.recorder.fixed):
        name = "*".join(axis.dim for axis in group)
        value.recorder.refuse(
            f"a loop over the dimension `{name}`, which has any size",
            "write it for the whole array, without a loop"
            + (f"; or give the dimension a size: --shapes {name}=3" if len(group) == 1 else ""),
        )
    return iter([value[i] for i in range(_length(value.recorder, group))])


# -- gathers -----------------------------------------------------------------------------------


def _gathered(tracer: Tracer, keys: list[Any]) -> Tracer:
    """`U[user]`, `P[np.arange(n), y]`: indices run together, and replace the axes they index."""
    recorder = tracer.recorder
    at = [i for i, key in enumerate(keys) if isinstance(key, Tracer)]
    for i in at:
        _check_index(tracer, keys[i], tracer.groups[i])
    nodes, out = aligned(recorder, [keys[i] for i in at])
    node, groups = _apart(tracer, at, {axis for group in out for axis in group})
    for i, index in zip(at, nodes, strict=True):
        if not groups[i]:
            continue
        axis = groups[i][0]
        if recorder.nodes[recorder.origin(index)].op == "arange":
            node = recorder.rename(node, {axis: recorder.axes(index)[0]})
        elif recorder.nodes[node].op == "eye" and index == recorder.origin(index):
            other = next(a for a in recorder.axes(node) if a != axis)
            node = recorder.add("onehot", (index,), (*recorder.axes(index), other))
        elif axis in recorder.axes(node):
            rest = (a for a in recorder.axes(node) if a != axis)
            axes = (*rest, *recorder.axes(index))
            node = recorder.add("take", (node, index), axes, axis)
    adjacent = at == list(range(at[0], at[0] + len(at)))
    start = at[0] if adjacent else 0
    kept = [group for i, group in enumerate(groups) if i not in at]
    return Tracer(recorder, node, (*kept[:start], *out, *kept[start:]))


def _apart(tracer: Tracer, at: list[int], used: set[Axis]) -> tuple[int, Groups]:
    """The array with other names for axes that indices have, too."""
    taken = used | {axis for group in tracer.groups for axis in group}
    names = {axis: fresh(axis, taken) for group in tracer.groups for axis in group if axis in used}
    groups = tuple(tuple(names.get(a, a) for a in group) for group in tracer.groups)
    return tracer.recorder.rename(tracer.node, names), groups


def _check_index(tracer: Tracer, index: Tracer, group: Group) -> None:
    """An index is data that hold codes, or `np.arange` of the axis itself."""
    recorder = tracer.recorder
    origin = recorder.nodes[recorder.origin(index.node)]
    if len(group) != 1:
        if group:
            _refuse(tracer, "an index into axes that were joined", "index before `reshape`")
        return
    dim = group[0].dim
    if origin.op == "arange" and origin.axes[0].dim == dim:
        return
    if origin.op in CHOSEN:
        _refuse(
            tracer,
            "entries are chosen by a condition, so how many there are depends on values",
            "keep them all: `np.sum(np.where(condition, x, 0))`",
        )
    if origin.op != "leaf" or not recorder.is_data(origin.detail):
        _refuse(
            tracer,
            "the index is computed; only data that hold codes, counted from 0, can be one",
            "pass the codes themselves as an argument",
        )
    recorder.code(origin.detail, dim)


def assigned(tracer: Tracer, key: Any, value: Any) -> None:
    """`x[x < 0] = 0`, `P[np.arange(n), y] -= 1`; anything else that is assigned is refused."""
    recorder = tracer.recorder
    if key is Ellipsis or (isinstance(key, slice) and key == slice(None)):
        tracer.become(elementwise("add", elementwise("mul", 0, tracer), value))
        return
    number = np.isscalar(value) or (isinstance(value, Tracer) and not value.groups)
    if isinstance(key, Tracer) and number and recorder.nodes[key.node].op in CHOSEN:
        tracer.become(elementwise("where", key, value, tracer))
        return
    found = _at_codes(tracer, key, value)
    if found is None:
        _refuse(tracer, *ASSIGNED)
    tracer.become(found)


def _at_codes(tracer: Tracer, key: Any, value: Any) -> Any:
    """What is written in each row at the place of its code: by `onehot(y)`."""
    recorder = tracer.recorder
    if not isinstance(key, tuple) or len(key) != 2 or tracer.ndim != 2:
        return None
    rows, codes = key
    if not isinstance(rows, Tracer) or not isinstance(codes, Tracer):
        return None
    if recorder.nodes[rows.node].op != "arange" or len(tracer.groups[1]) != 1:
        return None
    _check_index(tracer, codes, tracer.groups[1])
    hot = Tracer(recorder, one_hot(recorder, codes, tracer.groups[1][0]), tracer.groups)
    node = recorder.nodes[value.node] if isinstance(value, Tracer) else None
    if node is not None and node.op in ("add", "sub"):
        taken = recorder.nodes[node.args[0]]
        if taken.op == "take" and taken.args[0] == tracer.node:  # `P[np.arange(n), y] -= 1`
            change = Tracer(recorder, node.args[1], value.groups)
            return elementwise(node.op, tracer, elementwise("mul", change[:, None], hot))
    column = value[:, None] if isinstance(value, Tracer) and value.ndim else value
    return elementwise("where", hot, column, tracer)


def one_hot(recorder: Recorder, codes: Tracer, axis: Axis) -> int:
    """1 at the place of a code along an axis, else 0."""
    leaf = recorder.nodes[recorder.origin(codes.node)]
    recorder.code(leaf.detail, axis.dim)
    return recorder.add("onehot", (codes.node,), (*recorder.axes(codes.node), axis))


def scattered(into: Tracer, codes: Any, value: Any) -> Tracer:
    """`np.add.at(into, codes, value)`: the sum over all rows that have a code."""
    recorder = into.recorder
    is_code = isinstance(codes, Tracer) and len(codes.groups) == 1 and len(into.groups[0]) == 1
    if is_code:
        _check_index(into, codes, into.groups[0])
    if not is_code or recorder.nodes[recorder.origin(codes.node)].op != "leaf":
        _refuse(into, "`np.add.at` with this index is not traced")
    taken = set(recorder.axes(codes.node))
    place = fresh(into.groups[0][0], taken)
    hot = Tracer(recorder, one_hot(recorder, codes, place), (codes.groups[0], (place,)))
    if not isinstance(value, Tracer) or value.ndim == 0:
        value = elementwise("add", value, call("zeros_like", codes))
    return into.become(into + hot.T @ value)  # type: ignore[no-any-return]


# -- pieces ------------------------------------------------------------------------------------


def piece(pieces: Pieces, key: Any) -> Any:
    """Those of the pieces that a slice, or a number, takes out."""
    if isinstance(key, tuple) and pieces.position == 0:
        first, rest = key[0], key[1:]
        found = piece(pieces, first)
        return found[(slice(None), *rest)] if rest and isinstance(first, slice) else found
    if pieces.position:
        pieces.recorder.refuse("a part of an array that was put together is taken out of it")
    ends = [0]
    for part in pieces.parts:
        ends.append(ends[-1] + int(part.shape[0]))
    if isinstance(key, slice) and key.step is None:
        bounds = [None if b is None else int(b) for b in (key.start, key.stop)]
        start, stop, _ = slice(*bounds).indices(ends[-1])
        return _between(pieces, ends, start, max(start, stop))
    if isinstance(key, int | np.integer | Size):
        index = int(key) % ends[-1]
        place = max(i for i, end in enumerate(ends[:-1]) if end <= index)
        return pieces.parts[place][index - ends[place]]
    pieces.recorder.refuse("a vector that is made of pieces is indexed", "take its pieces apart")


def _between(pieces: Pieces, ends: list[int], start: int, stop: int) -> Any:
    if start not in ends or stop not in ends or start == stop:
        listed = ", ".join(shown(part.groups) for part in pieces.parts)
        pieces.recorder.refuse(
            f"this slice cuts through the pieces of the vector, which are {listed}",
            'say in --params what the vector holds, in its order: --params "w=d, b"',
        )
    parts = pieces.parts[ends.index(start) : ends.index(stop)]
    return parts[0] if len(parts) == 1 else Pieces(pieces.recorder, parts)
