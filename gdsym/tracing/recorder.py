"""The list that operations are noted in, and where in the user's code each of them stands."""

from __future__ import annotations

import dis
import functools
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from types import CodeType, FrameType
from typing import Any, NoReturn

from gdsym.tracing.graph import Axis, Literal, Node, Place, Refusal, Task

# More operations than a formula has: a loop over the data has been unrolled.
MOST_NODES = 5000

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = tuple(
    {os.path.realpath(path) + os.sep for path in sysconfig.get_paths().values()}
    | {os.path.dirname(os.path.realpath(os.__file__)) + os.sep, _OURS + os.sep}
)
_INSTALLED = ("site-packages", "dist-packages")


class Refused(BaseException):
    """What cannot be traced. No `Exception`: a user's `except Exception` must not hide it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Recorder:
    """Notes operations. `refusal` is the first one, also where the user's code has caught it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.nodes: list[Node] = []
        self.refusal: Refusal | None = None
        self.categories: dict[str, str] = {}
        self.literals: dict[str, Literal] = {}
        self.sizes = dict(task.sizes)
        self.fixed = set(task.fixed)

    def add(
        self, op: str, args: Iterable[int] = (), axes: Iterable[Axis] = (), detail: Any = None
    ) -> int:
        """Notes an operation and gives its place in the list."""
        if len(self.nodes) >= MOST_NODES:
            self.refuse(
                f"the formula has more than {MOST_NODES:,} operations: a loop is written out",
                "replace the loop by operations on whole arrays",
            )
        node = Node(op, tuple(args), tuple(dict.fromkeys(axes)), detail, place())
        self.nodes.append(node)
        return len(self.nodes) - 1

    def number(self, value: float) -> int:
        return self.add("number", detail=value)

    def size(self, dim: str) -> int:
        return self.add("size", detail=dim)

    def apply(self, op: str, *args: int) -> int:
        """An operation entry by entry, on nodes whose axes are named alike."""
        return self.add(op, args, (axis for arg in args for axis in self.nodes[arg].axes))

    def axes(self, node: int) -> tuple[Axis, ...]:
        return self.nodes[node].axes

    def rename(self, node: int, names: Mapping[Axis, Axis]) -> int:
        """The node with some of its axes under other names, all at once."""
        moved = {a: names[a] for a in self.axes(node) if names.get(a, a) != a}
        if not moved:
            return node
        before = self.nodes[node]
        if before.op == "rename":  # from the names that it had first
            (node,) = before.args
            first = dict(before.detail)
            now = {a: first.get(a, a) for a in self.axes(node)}
            return self.rename(node, {a: moved.get(n, n) for a, n in now.items()})
        axes = (moved.get(a, a) for a in self.axes(node))
        return self.add("rename", (node,), axes, tuple(moved.items()))

    def origin(self, node: int) -> int:
        """The node that was renamed, if any was."""
        while self.nodes[node].op == "rename":
            node = self.nodes[node].args[0]
        return node

    def is_data(self, name: str) -> bool:
        return any(i.name == name and i.role == "data" for i in self.task.inputs)

    def code(self, name: str, dim: str) -> None:
        """Notes that data are an index into a dimension."""
        known = self.categories.setdefault(name, dim)
        if known != dim:
            self.refuse(
                f"`{name}` is an index into `{dim}` here, and was one into `{known}`",
                "give both the same dimension in --shapes",
            )

    def refuse(self, message: str, help: str = "", at: Place | None = None) -> NoReturn:
        refusal = Refusal(message, help, at or place())
        self.refusal = self.refusal or refusal
        raise Refused(refusal)


@functools.cache
def is_users(file: str) -> bool:
    """Whether code of this file is the user's: no library's, and not ours."""
    path = os.path.realpath(file)
    installed = any(f"{os.sep}{name}{os.sep}" in path for name in _INSTALLED)
    return not (file.startswith("<frozen") or installed or path.startswith(_LIBRARIES))


def place() -> Place | None:
    """The expression of the user's code that is being evaluated."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return place_in(frame.f_code, frame.f_lasti)
        frame = frame.f_back
    return None


def is_assigning() -> bool:
    """Whether the user's code is writing into an array: `x[i] = ...`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "STORE_SUBSCR"
        frame = frame.f_back
    return False


def place_in(code: CodeType, instruction: int) -> Place | None:
    """What an instruction stands for, as `co_positions` tells: columns are in bytes of UTF-8."""
    positions = list(code.co_positions())
    line, end_line, column, end_column = positions[max(instruction, 0) // 2]
    if line is None:
        return None
    return Place(code.co_filename, line, column or 0, end_line or line, end_column or 0)
