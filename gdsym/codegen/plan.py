"""What runs where: totals of data alone, passes over the rows, and what is left for `finish`.

A *row* node has the row axis. A *total* sums row nodes. A total that depends on data alone is
computed once, in `prepare`; any other in a pass over the rows. A row node that reads a total needs
that total's pass to be over; this is the only reason for a second pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gdsym.calculus.notation import Notation
from gdsym.calculus.program import (
    Axis,
    Contract,
    Leaf,
    Map,
    Node,
    Place,
    Program,
    Reduce,
    reachable,
)


@dataclass(frozen=True, slots=True)
class Total:
    """A node that is accumulated over blocks under the name `key`.

    `kind` is `sum`, `logsum` (a logsumexp over rows: a running maximum and a rescaled sum) or
    `rows` (a gradient with one entry per row, which is stored).
    """

    node: Node
    key: str
    kind: str
    gradient: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedule of a lowered program.

    `whole` holds where some node pairs rows with rows, or a parameter has the row axis: then one
    block holds every row. `learn` and `passes` list the totals of each pass.
    """

    program: Program
    whole: bool
    learn: tuple[tuple[Total, ...], ...]
    passes: tuple[tuple[Total, ...], ...]
    predict_whole: bool
    places: tuple[tuple[Node, Place], ...]
    minibatch: str | None


def plan(program: Program, derived: Program) -> Plan:
    """The schedule of `program`; `derived` is the same before lowering, for words in messages."""
    row = program.row
    order = reachable(program.outputs())
    fixed = _of_data_alone(order)
    learn_ready = _readiness(order, row, lambda node: node in fixed, program.stats)
    needed = set(reachable([program.value, program.loss, *program.grads.values()]))
    learnt = [
        node
        for node in order
        if node in fixed
        and is_total(node, row)
        and (node in needed or node in set(reachable(program.stats.values())))
    ]
    ready = _readiness(order, row, lambda node: node not in fixed, {})
    keys = _keys(program, row)
    value_nodes = set(reachable([program.value, program.loss]))
    summed = [
        node for node in order if node in needed and node not in fixed and is_total(node, row)
    ]
    totals = [
        (
            ready[node] - 1,
            Total(node, keys[node], _kind(node), node not in value_nodes),
        )
        for node in summed
    ]
    for name, node in program.grads.items():
        if row is not None and row in node.axes:
            totals.append((ready[node], Total(node, name, "rows", True)))
    data_totals = [
        (learn_ready[node] - 1, Total(node, f"total{place}", _kind(node), False))
        for place, node in enumerate(learnt, 1)
    ]
    return Plan(
        program=program,
        whole=_pairs_rows(order, row),
        learn=_by_pass(data_totals),
        passes=_by_pass(totals),
        predict_whole=_totals_in(program.predictions.values(), row)
        or _pairs_rows(reachable(program.predictions.values()), row),
        places=_live_places(program, derived),
        minibatch=_bias(derived),
    )


def _live_places(program: Program, derived: Program) -> tuple[tuple[Node, Place], ...]:
    """The user's places that are still computed after the rewrites."""
    live = set(reachable([derived.value]))
    pairs = zip(derived.places, program.places, strict=True)
    return tuple(lowered for (node, _), lowered in pairs if node in live and node.axes)


def is_total(node: Node, row: Axis | None) -> bool:
    """True where the node sums over rows."""
    match node:
        case Contract():
            return row in node.summed
        case Reduce():
            return row in node.over
    return False


def _kind(node: Node) -> str:
    return "logsum" if isinstance(node, Reduce) else "sum"


def _of_data_alone(order: list[Node]) -> set[Node]:
    fixed: set[Node] = set()
    for node in order:
        if isinstance(node, Leaf) and node.kind == "param":
            continue
        if all(operand in fixed for operand in node.operands):
            fixed.add(node)
    return fixed


def _readiness(
    order: list[Node], row: Axis | None, counts: object, stats: Mapping[str, Node]
) -> dict[Node, int]:
    """How many passes over the rows must be over before a node can be had."""
    assert callable(counts)
    ready: dict[Node, int] = {}
    # The definition of a statistic is older than the leaf that stands for it, except after a
    # rebuild; a second round settles the order.
    for _ in range(2):
        for node in order:
            level = max((ready.get(operand, 0) for operand in node.operands), default=0)
            if isinstance(node, Leaf) and node.kind == "stat" and node.name in stats:
                level = ready.get(stats[node.name], 0)
            ready[node] = level + (1 if is_total(node, row) and counts(node) else 0)
    return ready


def _keys(program: Program, row: Axis | None) -> dict[Node, str]:
    """The name of each total: the output that reads it first."""
    keys: dict[Node, str] = {}
    taken: set[str] = set()
    outputs = {"loss": program.loss, "value": program.value, **program.grads}
    for name, output in outputs.items():
        for node in reachable([output]):
            if is_total(node, row) and node not in keys:
                key, number = name, 1
                while key in taken:
                    number += 1
                    key = f"{name}{number}"
                keys[node] = key
                taken.add(key)
    return keys


def _by_pass(totals: list[tuple[int, Total]]) -> tuple[tuple[Total, ...], ...]:
    count = max((level + 1 for level, _ in totals), default=0)
    return tuple(
        tuple(total for level, total in totals if level == place) for place in range(count)
    )


def _pairs_rows(order: Iterable[Node], row: Axis | None) -> bool:
    if row is None:
        return False
    for node in order:
        axes = set(node.axes)
        if isinstance(node, Contract):
            axes |= {index for factor in node.factors for index in factor.indices}
            axes |= {i for delta in node.deltas for i in (*delta.indices, delta.axis)}
        if sum(axis.dim == row.dim for axis in axes) > 1:
            return True
        if isinstance(node, Leaf) and node.kind == "param" and row in node.axes:
            return True
    return False


def _totals_in(nodes: Iterable[Node], row: Axis | None) -> bool:
    return any(is_total(node, row) for node in reachable(nodes))


def _bias(program: Program) -> str | None:
    """Why a mini-batch has no unbiased gradient: the value is not linear in its totals."""
    row = program.row
    if row is None:
        return "the model has no rows"
    order = reachable([program.value])
    fixed = _of_data_alone(order)
    total_of: dict[Node, Node] = {}  # a row total that the node depends on
    notation = Notation.of(program)
    for node in order:
        inner = [total_of[operand] for operand in node.operands if operand in total_of]
        outer = is_total(node, row) and node not in fixed
        if outer and isinstance(node, Reduce):
            return f"`{notation.definition(node)}` is not a sum over rows"
        bent = (
            (outer and inner)
            or (isinstance(node, Reduce) and inner)
            or (isinstance(node, Map) and node.op not in ("add", "mul") and inner)
            or (not _is_sum(node) and len(inner) > 1)
        )
        if bent:
            text = notation.definition(node)
            return f"`{text}` is not linear in its row total `{notation.text(inner[0])}`"
        if outer or inner:
            total_of[node] = inner[0] if inner else node
    if any(row in leaf.axes for leaf in order if isinstance(leaf, Leaf) and leaf.kind == "param"):
        return "a parameter has one entry per row"
    if _pairs_rows(order, row):
        return "rows are paired with other rows"
    return None


def _is_sum(node: Node) -> bool:
    return isinstance(node, Map) and node.op == "add"
