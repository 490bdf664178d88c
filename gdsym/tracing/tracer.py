"""The stand-in for an array: it has the axes of one by name, and notes what is done with it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from gdsym.tracing.graph import Axis
from gdsym.tracing.recorder import Recorder, is_assigning

# What lies at one position of an array: no axis where its length is 1, several where axes were
# joined by `ravel` or `reshape`.
Group = tuple[Axis, ...]
Groups = tuple[Group, ...]

ASSIGNED = (
    "entries of an array are assigned",
    "make a new array, such as by `np.where`",
)


Operator = Callable[[Any, Any], Any]


def _forward(op: str) -> Operator:
    return lambda self, other: elementwise(op, self, other)


def _backward(op: str) -> Operator:
    return lambda self, other: elementwise(op, other, self)


def _in_place(op: str) -> Operator:
    return lambda self, other: self.become(elementwise(op, self, other))


def _untraced(sign: str) -> Operator:
    def refused(self: Tracer, other: Any) -> NoReturn:
        self.recorder.refuse(f"`{sign}` has no counterpart in the language")

    return refused


class Tracer:
    """An array whose values are not known.

    `groups`: the axes at each position. A value that is constant along an axis may lack it.
    """

    __array_priority__ = 1000

    def __init__(self, recorder: Recorder, node: int, groups: Groups) -> None:
        self.recorder = recorder
        self.node = node
        self.groups = groups

    # -- what arrays tell about themselves ------------------------------------------------------

    @property
    def ndim(self) -> int:
        return len(self.groups)

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(length(self.recorder, group) for group in self.groups)

    @property
    def size(self) -> Any:
        return length(self.recorder, tuple(a for group in self.groups for a in group))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(float)

    @property
    def T(self) -> Tracer:
        return Tracer(self.recorder, self.node, self.groups[::-1])

    @property
    def real(self) -> Tracer:
        return self

    @property
    def flat(self) -> Any:
        return call("ravel", self)

    def __len__(self) -> int:
        if not self.groups:
            raise TypeError("len() of unsized object")
        return int(self.shape[0])

    def __repr__(self) -> str:
        return f"<traced {shown(self.groups)}>"

    def __format__(self, spec: str) -> str:
        return repr(self)  # printing is no use of a value

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(np.ndarray, name):
            return _Method(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- the protocols of NumPy -----------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from gdsym.tracing.functions import ufunc_called

        return ufunc_called(self.recorder, ufunc, method, inputs, options)

    def __array_function__(
        self, function: Any, types: Any, places: Sequence[Any], names: Mapping[str, Any]
    ) -> Any:
        from gdsym.tracing.functions import function_called

        return function_called(self.recorder, function, places, names)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self.recorder.refuse(
            "the values of an array are needed here, and a formula has none",
            "use operators, functions of NumPy and those of scipy.special",
        )

    # -- what needs a number --------------------------------------------------------------------

    def __bool__(self) -> bool:
        self.recorder.refuse(
            "which way the code goes depends on a value, so it is no one formula",
            "choose by `np.where(condition, a, b)`, and join conditions by `&` and `|`",
        )

    def __index__(self) -> int:
        if is_assigning():
            self.recorder.refuse(*ASSIGNED)
        self.recorder.refuse(
            "a single number is needed here, and a formula has none",
            "leave out `float(...)` and `.item()`; functions of `math` become those of NumPy",
        )

    __int__ = __index__

    def __float__(self) -> float:
        return self.__index__()

    def __complex__(self) -> complex:
        return self.__index__()

    def __iter__(self) -> Iterator[Any]:
        from gdsym.tracing.indexing import entries

        return entries(self)

    def __contains__(self, _: Any) -> bool:
        return bool(self)

    def __getitem__(self, key: Any) -> Any:
        from gdsym.tracing.indexing import indexed

        return indexed(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        from gdsym.tracing.indexing import assigned

        assigned(self, key, value)

    # -- operators ------------------------------------------------------------------------------

    def __neg__(self) -> Any:
        return elementwise("neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return elementwise("abs", self)

    def __invert__(self) -> Any:
        return elementwise("not", self)

    def __matmul__(self, other: Any) -> Any:
        return call("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return call("matmul", other, self)

    __add__, __radd__, __iadd__ = _forward("add"), _backward("add"), _in_place("add")
    __sub__, __rsub__, __isub__ = _forward("sub"), _backward("sub"), _in_place("sub")
    __mul__, __rmul__, __imul__ = _forward("mul"), _backward("mul"), _in_place("mul")
    __truediv__, __rtruediv__ = _forward("div"), _backward("div")
    __itruediv__ = _in_place("div")
    __pow__, __rpow__, __ipow__ = _forward("pow"), _backward("pow"), _in_place("pow")
    __and__, __rand__, __iand__ = _forward("and"), _backward("and"), _in_place("and")
    __or__, __ror__, __ior__ = _forward("or"), _backward("or"), _in_place("or")
    __lt__, __le__, __gt__, __ge__ = (_forward(op) for op in ("lt", "le", "gt", "ge"))
    __eq__, __ne__ = _forward("eq"), _forward("ne")
    __floordiv__ = __rfloordiv__ = _untraced("//")
    __mod__ = __rmod__ = _untraced("%")
    __xor__ = __rxor__ = _untraced("^")
    __divmod__ = __rdivmod__ = _untraced("divmod")

    def become(self, other: Any) -> Any:
        """`x += y`: of an array all names for it change, a number is another one afterwards."""
        if not isinstance(other, Tracer) or not self.groups:
            return other
        if _lengths(other.groups) != _lengths(self.groups):
            self.recorder.refuse(
                f"{shown(other.groups)} does not fit into {shown(self.groups)} in place",
                "write `x = x + y` for `x += y`",
            )
        self.node, self.groups = other.node, other.groups
        return self


class _Method:
    """A method of arrays: of some there is a function, the others are refused when called."""

    def __init__(self, tracer: Tracer, name: str) -> None:
        self._tracer, self._name = tracer, name

    def __call__(self, *places: Any, **names: Any) -> Any:
        from gdsym.tracing.functions import method_called

        return method_called(self._tracer, self._name, places, names)

    def __getattr__(self, name: str) -> NoReturn:
        self._tracer.recorder.refuse(f"`.{self._name}` of an array is not traced")


def _sized(op: str, backward: bool = False) -> Operator:
    """Sums and products of sizes are sizes."""

    def operate(self: Size, other: Any) -> Any:
        pair = (other, self) if backward else (self, other)
        numbers = [_whole(value) for value in pair]
        if numbers[0] is None or numbers[1] is None:
            return elementwise(op, *pair)
        node = self.recorder.apply(op, *(_node(self.recorder, value) for value in pair))
        return Size(self.recorder, node, getattr(operator, op)(*numbers))

    return operate


def _told(op: str) -> Operator:
    """Sizes can be compared while they are traced."""

    def operate(self: Size, other: Any) -> Any:
        if isinstance(other, Tracer) and not isinstance(other, Size):
            return elementwise(op, self, other)
        return getattr(operator, op)(
            self.number, other.number if isinstance(other, Size) else other
        )

    return operate


class Size(Tracer):
    """The length of an axis, or a sum or product of such: a number, too, while it is traced."""

    def __init__(self, recorder: Recorder, node: int, number: int) -> None:
        super().__init__(recorder, node, ())
        self.number = number

    def __index__(self) -> int:
        return self.number

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.number)

    def __bool__(self) -> bool:
        return self.number != 0

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return str(self.number)

    __add__, __radd__ = _sized("add"), _sized("add", True)
    __sub__, __rsub__ = _sized("sub"), _sized("sub", True)
    __mul__, __rmul__ = _sized("mul"), _sized("mul", True)
    __lt__, __le__, __gt__, __ge__ = (_told(op) for op in ("lt", "le", "gt", "ge"))
    __eq__, __ne__ = _told("eq"), _told("ne")

    def __floordiv__(self, other: Any) -> int:
        return self.number // operator.index(other)

    def __mod__(self, other: Any) -> int:
        return self.number % operator.index(other)


def _whole(value: Any) -> int | None:
    """A number that makes a size of a size."""
    if isinstance(value, Size):
        return value.number
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    return None


def _node(recorder: Recorder, value: Any) -> int:
    return value.node if isinstance(value, Tracer) else recorder.number(int(value))


def length(recorder: Recorder, group: Group) -> Any:
    """How many entries there are along a position, as a size."""
    if not group:
        return 1
    return product([Size(recorder, recorder.size(a.dim), recorder.sizes[a.dim]) for a in group])


def product(sizes: Sequence[Any]) -> Any:
    """The product of some sizes, without those that are 1."""
    found: Any = 1
    for size in sizes:
        found = size if isinstance(found, int) and found == 1 else found * size
    return found


def shown(groups: Groups) -> str:
    """`(n, d)`, as NumPy shows a shape."""
    parts = ["*".join(axis.dim for axis in group) or "1" for group in groups]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})" if parts else "a number"


def call(name: str, *places: Any, **names: Any) -> Any:
    """A function of NumPy, of tracers and other values."""
    from gdsym.tracing.functions import FUNCTIONS

    return FUNCTIONS[name](*places, **names)


# -- entry by entry ----------------------------------------------------------------------------


def recorder_of(*values: Any) -> Recorder:
    """The recorder of what is traced among some values."""
    found: Recorder
    for value in values:
        if isinstance(value, Tracer):
            return value.recorder
        if isinstance(value, Pieces):
            return value.recorder
        if isinstance(value, list | tuple) and traced(*value):
            found = recorder_of(*value)
            return found
    raise TypeError("nothing is traced")  # those who call have looked


def traced(*values: Any) -> bool:
    """Whether there is a tracer among some values, or in lists among them."""
    return any(
        isinstance(v, Tracer | Pieces) or (isinstance(v, list | tuple) and traced(*v))
        for v in values
    )


def elementwise(op: str, *values: Any) -> Any:
    """An operation entry by entry, broadcast as in NumPy."""
    recorder = recorder_of(*values)
    if any(isinstance(value, Pieces) for value in values):
        return by_piece(recorder, lambda *parts: elementwise(op, *parts), values)
    if any(value is None or isinstance(value, str | dict) for value in values):
        return NotImplemented
    nodes, groups = aligned(recorder, values)
    known = _one_hot(recorder, nodes) if op == "eq" else _neutral(recorder, op, nodes)
    return Tracer(recorder, recorder.apply(op, *nodes) if known is None else known, groups)


def _neutral(recorder: Recorder, op: str, nodes: Sequence[int]) -> int | None:
    """`1*x`, `0 + x`, `x - 0`: what a column of ones or a sum that begins at 0 leaves."""
    number = {"add": 0, "sub": 0, "mul": 1}.get(op)
    for i, node in enumerate(nodes):
        found = recorder.nodes[node]
        if found.op == "number" and found.detail == number and (op != "sub" or i == 1):
            return nodes[1 - i]
    return None


def _one_hot(recorder: Recorder, nodes: Sequence[int]) -> int | None:
    """`y[:, None] == np.arange(k)`: 1 where a code is."""
    by_op = {recorder.nodes[recorder.origin(node)].op: node for node in nodes}
    if set(by_op) != {"leaf", "arange"}:
        return None
    codes, places = by_op["leaf"], by_op["arange"]
    name = recorder.nodes[recorder.origin(codes)].detail
    axes = recorder.axes(places)
    if not recorder.is_data(name) or axes[0] in recorder.axes(codes):
        return None
    recorder.code(name, axes[0].dim)
    return recorder.add("onehot", (codes,), (*recorder.axes(codes), *axes))


def aligned(recorder: Recorder, values: Sequence[Any]) -> tuple[list[int], Groups]:
    """Values as nodes whose axes are named alike, and the axes of what they broadcast to."""
    from gdsym.tracing.literals import literal

    lifted: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple) and traced(value):
            value = call("array", value)
        lifted.append(value if isinstance(value, Tracer) else np.asarray(value))
    tracers = [value for value in lifted if isinstance(value, Tracer)]
    hints = [_candidates(tracers, p)[:1] for p in range(-max(v.ndim for v in lifted), 0)]
    found = [v if isinstance(v, Tracer) else literal(recorder, v, hints) for v in lifted]
    groups = _joined(recorder, found)
    rank = len(groups)
    return [_fitted(recorder, t, groups[rank - t.ndim :]) for t in found], groups


def _candidates(tracers: Sequence[Tracer], position: int) -> list[Group]:
    """What lies at a position counted from the end, in arrays that have something there."""
    found = [t.groups[position] for t in tracers if t.ndim >= -position]
    return list(dict.fromkeys(group for group in found if group))


def _joined(recorder: Recorder, tracers: Sequence[Tracer]) -> Groups:
    """The axes that arrays broadcast to. One that would stand twice gets another copy."""
    taken = {axis for t in tracers for group in t.groups for axis in group}
    chosen: list[Group] = []
    for position in range(-max(t.ndim for t in tracers), 0):
        candidates = _candidates(tracers, position)
        if not candidates:
            chosen.append(())
            continue
        dims = [tuple(axis.dim for axis in group) for group in candidates]
        if any(d != dims[0] for d in dims):
            lists = " and ".join(dict.fromkeys(shown(t.groups) for t in tracers if t.groups))
            recorder.refuse(
                f"arrays of shapes {lists} do not broadcast: "
                f"`{'*'.join(dims[0])}` meets `{'*'.join(next(d for d in dims if d != dims[0]))}`",
                "give both the same dimension in --shapes, or write `[:, None]` where it is one",
            )
        used = {axis for group in chosen for axis in group}
        free = [group for group in candidates if not used & set(group)]
        group = free[0] if free else tuple(fresh(axis, taken) for axis in candidates[0])
        taken |= set(group)
        chosen.append(group)
    return tuple(chosen)


def fresh(axis: Axis, taken: set[Axis]) -> Axis:
    """A copy of an axis that is not taken yet; it is, from now on."""
    copy = 0
    while Axis(axis.dim, copy) in taken:
        copy += 1
    taken.add(Axis(axis.dim, copy))
    return Axis(axis.dim, copy)


def _fitted(recorder: Recorder, tracer: Tracer, groups: Groups) -> int:
    """The node with the names that its axes have in what it broadcasts to."""
    names: dict[Axis, Axis] = {}
    for own, group in zip(tracer.groups, groups, strict=True):
        if own:
            names |= dict(zip(own, group, strict=True))
    return recorder.rename(tracer.node, names)


def _lengths(groups: Groups) -> list[tuple[str, ...]]:
    return [tuple(axis.dim for axis in group) for group in groups]


# -- arrays that were put together -------------------------------------------------------------


class Pieces:
    """Arrays that lie behind each other along a position: `concatenate`, or a flat vector."""

    __array_priority__ = 1000

    def __init__(self, recorder: Recorder, parts: Sequence[Tracer], position: int = 0) -> None:
        self.recorder = recorder
        self.parts = tuple(parts)
        self.position = position

    @property
    def ndim(self) -> int:
        return self.parts[0].ndim

    @property
    def shape(self) -> tuple[Any, ...]:
        lengths = [part.shape[self.position] for part in self.parts]
        own = list(self.parts[0].shape)
        own[self.position] = total(lengths)
        return tuple(own)

    @property
    def size(self) -> Any:
        return product(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(float)

    @property
    def T(self) -> Pieces:
        parts = [part.T for part in self.parts]
        return Pieces(self.recorder, parts, self.ndim - 1 - self.position)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __repr__(self) -> str:
        return "<traced vector of " + ", ".join(shown(part.groups) for part in self.parts) + ">"

    __format__ = Tracer.__format__
    __hash__ = object.__hash__
    __array_ufunc__ = Tracer.__array_ufunc__
    __array_function__ = Tracer.__array_function__
    __array__ = Tracer.__array__
    __getattr__ = Tracer.__getattr__
    __bool__ = Tracer.__bool__
    __matmul__, __rmatmul__ = Tracer.__matmul__, Tracer.__rmatmul__
    __neg__ = Tracer.__neg__
    __abs__ = Tracer.__abs__
    __add__, __radd__ = _forward("add"), _backward("add")
    __sub__, __rsub__ = _forward("sub"), _backward("sub")
    __mul__, __rmul__ = _forward("mul"), _backward("mul")
    __truediv__, __rtruediv__ = _forward("div"), _backward("div")
    __pow__, __rpow__ = _forward("pow"), _backward("pow")
    __lt__, __le__, __gt__, __ge__ = (_forward(op) for op in ("lt", "le", "gt", "ge"))
    __eq__, __ne__ = _forward("eq"), _forward("ne")

    def __iter__(self) -> Iterator[Any]:
        from gdsym.tracing.indexing import entries

        return entries(self)

    def __getitem__(self, key: Any) -> Any:
        from gdsym.tracing.indexing import piece

        return piece(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.recorder.refuse(*ASSIGNED)


def total(lengths: Sequence[Any]) -> Any:
    """The sum of some sizes."""
    found = lengths[0]
    for size in lengths[1:]:
        found = found + size
    return found


def by_piece(recorder: Recorder, operate: Callable[..., Tracer], values: Sequence[Any]) -> Pieces:
    """An operation on each piece, where all have the same ones; others are there for all."""
    pieces = [value for value in values if isinstance(value, Pieces)]
    first = pieces[0]
    for other in pieces[1:]:
        same = [_lengths(p.groups) for p in other.parts] == [
            _lengths(p.groups) for p in first.parts
        ]
        if not same or other.position != first.position:
            recorder.refuse("these vectors are made of other pieces", "take them apart first")
    for value in values:
        if not isinstance(value, Pieces) and np.ndim(value):
            recorder.refuse(
                "a vector that is made of pieces is joined with an array",
                "take its pieces apart first: `w, b = theta[:-1], theta[-1]`",
            )
    parts = [
        operate(*(v.parts[i] if isinstance(v, Pieces) else v for v in values))
        for i in range(len(first.parts))
    ]
    return Pieces(recorder, parts, first.position)
