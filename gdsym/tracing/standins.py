"""Functions that do not ask their arguments what they are: others stand in while one is traced.

`len`, `np.asarray`, `math.log` or `scipy.special.logsumexp` give plain numbers and arrays whatever
they get. Of a tracer these give a tracer, and what they always gave of anything else.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import numpy as np

from gdsym.tracing import distributions, functions, matrices
from gdsym.tracing.recorder import Recorder
from gdsym.tracing.tracer import Pieces, Size, Tracer, elementwise, traced

MATH = {
    **{name: name for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc")},
    **{"asin": "asin", "acos": "acos", "atan": "atan", "atan2": "atan2", "fabs": "abs"},
    **{"pow": "pow", "lgamma": "lgamma"},
}
_ABSENT = object()  # what a name had that was not there


class Standins:
    """A context in which they stand in: in the modules that have them, and in the user's."""

    def __init__(self, recorder: Recorder) -> None:
        self._table = {id(old): (old, new) for old, new in _pairs(recorder)}
        self._saved: list[tuple[dict[str, Any], str, Any]] = []
        self._seen: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        for name in ("numpy", "math", "scipy.special", "scipy.linalg", "scipy.spatial.distance"):
            if name in sys.modules:
                self.into(vars(sys.modules[name]), own=False)
        if "scipy.stats" in sys.modules:
            for (name, method), ours in distributions.METHODS.items():
                found = getattr(sys.modules["scipy.stats"], name)
                own = vars(found)
                self._saved.append((own, method, own.get(method, _ABSENT)))
                own[method] = _for(getattr(found, method), ours)
        return self

    def into(self, names: dict[str, Any], *, own: bool = True) -> None:
        """Replaces what stands in a module; in one of the user's built-in functions, too."""
        if any(names is seen for seen in self._seen):
            return
        self._seen.append(names)
        if own:
            for name in ("len", "range", "float", "int", "sum", "max", "min"):
                new = self._table.get(id(getattr(builtins, name)))
                if name not in names and new is not None:
                    self._saved.append((names, name, _ABSENT))
                    names[name] = new[1]
        for name, value in list(names.items()):
            if id(value) in self._table and self._table[id(value)][0] is value:
                self._saved.append((names, name, value))
                names[name] = self._table[id(value)][1]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for names, name, value in reversed(self._saved):
            if value is _ABSENT:
                names.pop(name, None)
            else:
                names[name] = value
        self._saved.clear()


def _pairs(recorder: Recorder) -> Iterator[tuple[Any, Any]]:
    """Each function and what stands in for it."""
    yield from _of_python(recorder)
    yield from _of_numpy(recorder)
    for name, op in MATH.items():
        yield getattr(math, name), _for(getattr(math, name), functools.partial(elementwise, op))
    special, linalg, distance = (
        sys.modules.get(name)
        for name in ("scipy.special", "scipy.linalg", "scipy.spatial.distance")
    )
    if special is not None:
        for name in ("logsumexp", "softmax", "log_softmax"):
            yield getattr(special, name), _for(getattr(special, name), functions.FUNCTIONS[name])
    if linalg is not None:
        for name in ("cho_factor", "cho_solve", "solve_triangular"):
            yield getattr(linalg, name), _for(getattr(linalg, name), matrices.FUNCTIONS[name])
        for name in ("inv", "det", "solve", "norm"):
            ours = matrices.FUNCTIONS[f"linalg.{name}"]
            yield getattr(linalg, name), _for(getattr(linalg, name), ours)
        upper = functools.partial(matrices.cholesky, lower=False)
        yield linalg.cholesky, _for(linalg.cholesky, upper)
    if distance is not None:
        yield distance.cdist, _for(distance.cdist, matrices.cdist)


def _for(old: Any, new: Callable[..., Any]) -> Callable[..., Any]:
    """Calls the new function where something is traced, and the old one otherwise."""

    @functools.wraps(old)
    def chosen(*places: Any, **names: Any) -> Any:
        return (new if traced(*places, *names.values()) else old)(*places, **names)

    return chosen


def _of_python(recorder: Recorder) -> Iterator[tuple[Any, Any]]:
    def length(value: Any) -> Any:
        is_array = isinstance(value, Tracer | Pieces) and value.ndim
        return value.shape[0] if is_array else len(value)

    def scalar(value: Any = 0.0) -> Any:
        if isinstance(value, Tracer) and not value.groups:
            return value
        return float(value)

    def whole(value: Any = 0, *base: Any) -> Any:
        return value if isinstance(value, Size) else int(value, *base)

    def places(*bounds: Any) -> Any:
        for bound in bounds:
            if isinstance(bound, Size) and not _is_fixed(recorder, bound.node):
                if len(bounds) == 1 and recorder.nodes[bound.node].op == "size":
                    return functions.arange(recorder, bound)  # which may be an index
                recorder.refuse(
                    "a loop over a dimension of any size",
                    "write it for whole arrays, without a loop",
                )
        return range(*(operator.index(b) for b in bounds))

    def extreme(op: str, old: Any) -> Callable[..., Any]:
        def chosen(*values: Any, **names: Any) -> Any:
            if not traced(*values):
                return old(*values, **names)
            found = list(values[0]) if len(values) == 1 else list(values)
            return functools.reduce(lambda a, b: elementwise(op, a, b), found)

        return chosen

    def added(values: Any, start: Any = 0) -> Any:
        if isinstance(values, Tracer) and values.ndim:
            found = functions.reduced("sum", values, 0)
            return found if isinstance(start, int) and start == 0 else start + found
        return sum(values, start)

    yield len, length
    yield float, _like_type(float, scalar)
    yield int, _like_type(int, whole)
    yield range, places
    yield sum, added
    yield max, extreme("max", max)
    yield min, extreme("min", min)


def _is_fixed(recorder: Recorder, node: int) -> bool:
    """Whether a size is one that does not change."""
    found = recorder.nodes[node]
    if found.op == "size":
        return found.detail in recorder.fixed
    return all(_is_fixed(recorder, arg) for arg in found.args)


def _like_type(old: type, new: Callable[..., Any]) -> Any:
    """A type, called otherwise: `isinstance` and `dtype=float` take it as it is."""

    class Called(type):
        def __call__(cls, *places: Any, **names: Any) -> Any:
            return new(*places, **names)

        def __instancecheck__(cls, value: Any) -> bool:
            number = isinstance(value, Tracer) and not value.groups
            return isinstance(value, old) or (number and isinstance(value, Size) == (old is int))

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, old)

    return Called(old.__name__, (old,), {"dtype": np.dtype(old)})


def _of_numpy(recorder: Recorder) -> Iterator[tuple[Any, Any]]:
    def as_array(value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, list | tuple):
            return functions.stack(value)
        return value

    def copied(value: Any, *_: Any, **__: Any) -> Any:
        found = as_array(value)
        return functions.FUNCTIONS["copy"](found) if isinstance(found, Tracer) else found

    def filled(old: Any, number: float) -> Callable[..., Any]:
        def made(shape: Any, *places: Any, **names: Any) -> Any:
            if not traced(shape):
                return old(shape, *places, **names)
            return functions.full(recorder, shape, number)

        return made

    def full(shape: Any, fill_value: Any, *places: Any, **names: Any) -> Any:
        if not traced(shape, fill_value):
            return numpy_full(shape, fill_value, *places, **names)
        return functions.full(recorder, shape, fill_value)

    def arange(*bounds: Any, **names: Any) -> Any:
        if not traced(*bounds):
            return numpy_arange(*bounds, **names)
        if len(bounds) > 1 and bounds[0] == 0:
            bounds = bounds[1:]
        if len(bounds) != 1 or not isinstance(bounds[0], Size):
            recorder.refuse("`np.arange` of anything but the length of an axis is not traced")
        return functions.arange(recorder, bounds[0])

    def identity(old: Any) -> Callable[..., Any]:
        def made(size: Any, *places: Any, **names: Any) -> Any:
            if not traced(size) or any(p is not None and p is not size for p in places):
                return old(size, *places, **names)
            return matrices.eye(recorder, size)

        return made

    numpy_full, numpy_arange = np.full, np.arange
    for old in (np.asarray, np.asanyarray, np.ascontiguousarray, np.asarray_chkfinite):
        yield old, _for(old, as_array)
    yield np.array, _for(np.array, copied)
    yield np.zeros, filled(np.zeros, 0)
    yield np.ones, filled(np.ones, 1)
    yield np.full, full
    yield np.arange, arange
    yield np.eye, identity(np.eye)
    yield np.identity, identity(np.identity)
