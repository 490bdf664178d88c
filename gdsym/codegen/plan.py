"""What runs where: totals of data alone, passes over the rows, and what is left for `finish`.

A *row* node has the row axis. A *total* sums row nodes. A total that depends on data alone is
computed once, in `prepare`; any other in a pass over the rows. A row node that reads a total needs
that total's pass to be over; this is the only reason for a second pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from gdsym.calculus.notation import Notation
from gdsym.calculus.program import (
    Axis,
    Contract,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Place,
    Program,
    Reduce,
    Scan,
    is_kept,
    reachable,
    rows_beside,
)
from gdsym.language.functions import SIGNS


@dataclass(frozen=True, slots=True)
class Total:
    """A node that is accumulated over blocks under the name `key`.

    `kind` is `sum`, `logsum` (a logsumexp over rows, by groups or not: a running maximum and a
    rescaled sum), `max` or `prod` (of data alone), `rows` (a value that one block with every row
    makes as it is), or `once` (of data alone and no sum over rows: a factored matrix that every
    evaluation reads).
    `order` is 0 for what the value needs, 1 for the gradient, 2 for the Hessian.
    """

    node: Node
    key: str
    kind: str
    order: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedule of a lowered program.

    `whole` holds where one block must hold every row. `learn` and `passes` list the totals of
    each pass, `hvp` those that the Hessian along one direction needs. `alone` are values of each
    row's data alone that take a function to compute: once for a fit, and not in every pass.
    """

    program: Program
    whole: bool
    learn: tuple[tuple[Total, ...], ...]
    passes: tuple[tuple[Total, ...], ...]
    hvp: tuple[tuple[Total, ...], ...]
    alone: tuple[Node, ...]
    predict_whole: bool
    places: tuple[tuple[Node, Place], ...]
    minibatch: str | None


def plan(program: Program, derived: Program) -> Plan:
    """The schedule of `program`; `derived` is the same before lowering, for words in messages."""
    row = program.row
    order = reachable(program.outputs())
    fixed = _of_data_alone(order)
    objective = [program.value, program.loss]
    needed = set(reachable([*objective, *program.grads.values()]))
    learnt = [node for name, node in program.stats.items() if not is_kept(name)]
    # What only a Hessian reads is no reason for a pass when data are bound.
    learnable = needed | set(reachable([*program.rows(), *learnt]))
    ready = _readiness(order, row, fixed, program.stats)
    learn = [
        (ready[node] - 1, node)
        for node in order
        if node in fixed and node in learnable and is_total(node, row)
    ]
    whole = _needs_whole(needed | set(reachable(program.lets.values())), row, program)
    often = _read_often(order, fixed) & learnable
    once = {node for node in often if whole or row not in node.axes}
    learn += [(ready[node], node) for node in order if node in once]
    outputs = {"loss": program.loss, "value": program.value}
    outputs |= {f"grad {p}" if p in outputs else p: node for p, node in program.grads.items()}
    orders = {key: 0 if node in objective else 1 for key, node in outputs.items()}
    blocks = {" ".join(names): node for names, node in program.hess.items()}
    orders |= dict.fromkeys(blocks, 2)
    along = {f"{name} along": node for name, node in program.hvp.items()}
    passes = _whole_pass if whole else _passes
    gathered = passes({**outputs, **blocks}, orders, row, fixed & learnable)
    read = [total.node for stage in gathered for total in stage if total.order < 2]
    return Plan(
        program=program,
        whole=whole,
        learn=_by_pass(
            (level, Total(node, f"total{place}", "once" if node in once else _kind(node), 0))
            for place, (level, node) in enumerate(learn, 1)
        ),
        passes=gathered,
        hvp=passes(along, dict.fromkeys(along, 0), row, fixed & learnable),
        alone=_alone(reachable(read), row, fixed) if not whole else (),
        predict_whole=_predicts_whole(program),
        places=_live_places(program, derived),
        minibatch=_bias(derived),
    )


# What is as cheap to compute again as to read from memory.
CHEAP = frozenset(("add", "mul", "where", "abs", "sign", "min", "max", "not", "and", "or", *SIGNS))


def _alone(order: Iterable[Node], row: Axis | None, fixed: set[Node]) -> tuple[Node, ...]:
    """Functions of data alone, one value for each row, that other nodes read."""
    order = list(order)
    codes = [
        delta.source
        for node in order
        if isinstance(node, Contract)
        for delta in node.deltas
        if delta.source is not None
    ]
    skipped = set(reachable(codes))
    dear = {
        node
        for node in order
        if isinstance(node, Map) and node in fixed and node.axes == (row,) and not _is_cheap(node)
    }
    read = {part for node in order if node not in dear for part in node.operands}
    return tuple(node for node in order if node in dear & read and node not in skipped)


def _is_cheap(node: Map) -> bool:
    exponent = node.args[1] if node.op == "pow" else None
    product = isinstance(exponent, Number) and abs(exponent.value) in (1, 2)
    return node.op in CHEAP or product


def _read_often(order: Iterable[Node], fixed: set[Node]) -> set[Node]:
    """Linear algebra of data alone that what is computed again and again reads."""
    dear: set[Node] = set()
    read: set[Node] = set()
    for node in order:
        if node in fixed and (isinstance(node, Linear) or not dear.isdisjoint(node.operands)):
            dear.add(node)
        elif node not in fixed:
            read.update(node.operands)
    return dear & read


def _passes(
    outputs: Mapping[str, Node], orders: Mapping[str, int], row: Axis | None, fixed: set[Node]
) -> tuple[tuple[Total, ...], ...]:
    """What the outputs sum over rows; a total has the name and the order of its first reader."""
    order = reachable(outputs.values())
    ready = _readiness(order, row, set(order) - fixed, {})
    keys: dict[Node, tuple[str, int]] = {}
    taken: set[str] = set()
    for name, output in outputs.items():
        for node in reachable([output]):
            if is_total(node, row) and node not in fixed and node not in keys:
                key, number = name, 1
                while key in taken:
                    number += 1
                    key = f"{name}{number}"
                keys[node] = key, orders[name]
                taken.add(key)
    return _by_pass(
        (ready[node] - 1, Total(node, keys[node][0], _kind(node), keys[node][1]))
        for node in order
        if node in keys
    )


def _whole_pass(
    outputs: Mapping[str, Node], orders: Mapping[str, int], row: Axis | None, fixed: set[Node]
) -> tuple[tuple[Total, ...], ...]:
    """The outputs themselves, from one block that holds every row."""
    first: dict[Node, str] = {}
    for name, node in outputs.items():
        if not isinstance(node, Number):
            first.setdefault(node, name)
    return (tuple(Total(node, name, "rows", orders[name]) for node, name in first.items()),)


def _live_places(program: Program, derived: Program) -> tuple[tuple[Node, Place], ...]:
    """The user's places that are still computed after the rewrites."""
    live = set(reachable([derived.value]))
    pairs = zip(derived.places, program.places, strict=True)
    return tuple(
        lowered
        for (node, _), lowered in pairs
        if node in live and (node.axes or isinstance(node, Linear))
    )


def is_total(node: Node, row: Axis | None) -> bool:
    """True where the node sums over rows."""
    match node:
        case Contract():
            return row in node.summed
        case Reduce():
            return row in node.over and node.op != "argmax"
    return False


def _kind(node: Node) -> str:
    if isinstance(node, Reduce):
        return {"logsumexp": "logsum", "max": "max", "prod": "prod"}[node.op]
    return "sum"


def _of_data_alone(order: list[Node]) -> set[Node]:
    fixed: set[Node] = set()
    for node in order:
        if isinstance(node, Leaf) and (node.kind in ("param", "direction") or is_kept(node.name)):
            continue
        if all(operand in fixed for operand in node.operands):
            fixed.add(node)
    return fixed


def _readiness(
    order: list[Node], row: Axis | None, counted: set[Node], stats: Mapping[str, Node]
) -> dict[Node, int]:
    """How many passes over the rows must be over before a node can be had.

    A pass is needed for each total in `counted`; a statistic has what its definition needs.
    """
    ready: dict[Node, int] = {}
    # The definition of a statistic may be younger than the leaf that stands for it; a second
    # round settles the order.
    for _ in range(2):
        for node in order:
            level = max((ready.get(operand, 0) for operand in node.operands), default=0)
            if isinstance(node, Leaf) and node.kind == "stat" and node.name in stats:
                level = ready.get(stats[node.name], 0)
            ready[node] = level + (1 if node in counted and is_total(node, row) else 0)
    return ready


def _by_pass(totals: Iterable[tuple[int, Total]]) -> tuple[tuple[Total, ...], ...]:
    listed = list(totals)
    count = max((level + 1 for level, _ in listed), default=0)
    return tuple(
        tuple(total for level, total in listed if level == place) for place in range(count)
    )


def _needs_whole(
    order: Iterable[Node], row: Axis | None, program: Program, apart: Collection[str] = ()
) -> bool:
    """True where no block of rows can be evaluated by itself.

    Rows are paired with rows, a parameter has one entry per row, or something other than a sum or
    a logsumexp runs over rows. `apart` are dimensions of other rows than those of the block.
    """
    if row is None:
        return False
    order = list(order)
    if rows_beside(order, program.model).difference(apart):
        return True
    for node in order:
        if isinstance(node, Leaf) and node.kind == "param" and row in node.axes:
            return True
        if isinstance(node, Reduce) and row in node.over and node.op != "logsumexp":
            return True
        if isinstance(node, Scan) and node.axis == row:
            return True
    return False


def _predicts_whole(program: Program) -> bool:
    order = reachable(program.predictions.values())
    if any(is_total(node, program.row) for node in order):
        return True
    # Along these lie the rows of the training data, all of which every block reads.
    stats = [node for node in order if isinstance(node, Leaf) and node.kind == "stat"]
    return _needs_whole(order, program.row, program, rows_beside(stats, program.model))


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
            or (isinstance(node, Reduce | Linear) and inner)
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
    if _needs_whole(order, row, program):
        return "rows are paired with other rows"
    return None


def _is_sum(node: Node) -> bool:
    return isinstance(node, Map) and node.op == "add"
