"""What a traced function has done: a list of operations on arrays whose axes have names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Axis:
    """An axis of a dimension. An array that has a dimension twice has it as two copies."""

    dim: str
    copy: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A range in a Python file; lines are counted from 1, columns in characters from 0."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `args` are places in the list of all operations, before its own.

    Its axes have no order: where they lie in the user's array is known to the tracer alone.
    """

    op: str
    args: tuple[int, ...] = ()
    axes: tuple[Axis, ...] = ()
    detail: Any = None
    place: Place | None = None

    def same(self, other: Node) -> bool:
        """Whether it is the same operation, wherever it was written."""
        return replace(self, place=None) == replace(other, place=None)


@dataclass(frozen=True, slots=True)
class Literal:
    """A list of numbers that stands in the code: a constant of the model, with its dimension."""

    name: str
    dim: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """One argument, or one piece of a flat vector: `role` is data, param or const. `shape`: its
    dimensions; "1" is an axis of length 1."""

    name: str
    shape: tuple[str, ...]
    role: str

    @property
    def dims(self) -> tuple[str, ...]:
        return tuple(dim for dim in self.shape if dim != "1")


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of the process that has the function.

    `arguments`: for each argument of the function the names of what it holds: one, or the pieces
    of a flat vector. `outside`: variables of its module that are data, or parameters. `sizes`: of
    every dimension while it is traced, all different but for those that are `fixed`. `gradient`:
    it returns the gradient by the parameters.
    """

    inputs: tuple[Input, ...]
    arguments: tuple[tuple[str, tuple[str, ...]], ...]
    outside: tuple[str, ...]
    flat: str
    sizes: dict[str, int]
    fixed: frozenset[str]
    gradient: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """What a function did.

    `results`: what it returned, `loss` or the parameter whose gradient it is, the place in the
    list, and the axes in the order that they have in the array.
    `names`: what the function calls a value; `hints`: what functions that it calls do; `orders`:
    the axes of these in the user's order.
    `categories`: the dimension that data are an index into.
    """

    nodes: tuple[Node, ...]
    results: tuple[tuple[str, int, tuple[Axis, ...]], ...]
    names: dict[int, str]
    hints: dict[int, str]
    orders: dict[int, tuple[Axis, ...]]
    categories: dict[str, str]
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a function could not be traced: what was found, the mend, the place."""

    message: str
    help: str
    place: Place | None
