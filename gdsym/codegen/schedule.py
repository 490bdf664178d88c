"""Options that change with the step: one small NumPy function for each expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from gdsym.calculus.build import Builder
from gdsym.calculus.program import Graph, Leaf, Node, reachable
from gdsym.codegen.expressions import Writer
from gdsym.codegen.literal import literal, string
from gdsym.codegen.lower import lowered
from gdsym.language.model import Schedule

STEPS = ("t", "T")


@dataclass(frozen=True, slots=True)
class Schedules:
    """Functions, the table of them by the user's text, and the helpers that they need."""

    functions: list[list[str]]
    table: list[str]
    helpers: set[str]


def schedules_of(given: Sequence[Schedule]) -> Schedules:
    """`_schedule_1`, ...: one function per text, whatever the option that it is for."""
    functions: list[list[str]] = []
    entries: list[str] = []
    helpers: set[str] = set()
    for schedule in {schedule.text: schedule for schedule in given}.values():
        node, reads = _node(schedule)
        writer = Writer({}, None, {}, taken={*STEPS, "np", "special"})
        writer.known |= {leaf: leaf.name for leaf in reachable([node]) if _is_step(leaf)}
        writer.count([node])
        writer.write(reachable([node]), [node])
        name = f"_schedule_{len(functions) + 1}"
        functions.append(
            [
                f"def {name}(t: Any, T: Any = None) -> Any:",
                *(f"    {line}" for line in writer.lines),
                f"    return {writer.text(node).code}",
            ]
        )
        key = string(schedule.text)
        entries.append(f'    {key}: {{"function": {name}, "reads": {literal(reads, 0, 0)}}},')
        helpers |= writer.helpers
    table = ["SCHEDULES: dict[str, dict[str, Any]] = {", *entries, "}"]
    if not entries:
        table = ["SCHEDULES: dict[str, dict[str, Any]] = {}"]
    return Schedules(functions, table, helpers)


def _node(schedule: Schedule) -> tuple[Node, tuple[str, ...]]:
    """The expression as a node, and which of `t` and `T` it reads."""
    builder = Builder(Graph(()), None)
    for name in STEPS:
        builder.declare("data", name, ())
    node = builder.node(schedule.expr)
    reads = {leaf.name for leaf in reachable([node]) if _is_step(leaf)}
    made = lowered([node], builder.graph, Graph(()), None)[node]
    return made, tuple(name for name in STEPS if name in reads)


def _is_step(node: Node) -> TypeGuard[Leaf]:
    return isinstance(node, Leaf) and node.kind == "data"
