"""What each stage of the compiler makes of a model, as text: the same text for the same model.

For a person who wants to see where something came from. Syntax and model are trees, one node per
line with its place; programs are lists of nodes, each numbered and made of earlier ones; the plan
says what each pass over the rows sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import partial
from os.path import basename
from typing import Any

from gdsym.calculus.blocks import show_hess
from gdsym.calculus.latex import latex
from gdsym.calculus.notation import Notation
from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Delta,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    Scan,
    reachable,
)
from gdsym.codegen.plan import Plan, Total
from gdsym.compiler import Stages, compile_text, stages
from gdsym.errors import Source, SourceError, Span
from gdsym.language.parse import parse

_MADE: dict[str, Callable[[Stages], str]] = {
    "model": lambda made: outline(made.model, made.model.source),
    "program": lambda made: listing(made.built),
    "stable": lambda made: listing(made.stable),
    "derived": lambda made: listing(made.derived),
    "lowered": lambda made: listing(made.lowered),
    "plan": lambda made: schedule(made.plan),
}
_SHOWN: dict[str, Callable[[Program], str]] = {
    "latex": latex,
    "hess": show_hess,
    "hess latex": partial(latex, hess=True),
}
STAGES = ("syntax", *_MADE, "module")


def stage_text(text: str, path: str, stage: str) -> str:
    """The text of one of `STAGES`, of `latex`, `hess` or `hess latex`.

    Raises SourceError, which shows the path.

    Nothing else depends on the path but for its last part, so that a text is the same wherever
    its file lies.
    """
    name = basename(path)
    try:
        if stage == "syntax":
            source = Source(name, text)
            return outline(parse(source), source)
        if stage == "module":
            return compile_text(text, name)
        made = stages(text, name)
    except SourceError as error:
        if error.source.name != name:
            raise
        raise SourceError(Source(path, error.source.text), error.diagnostics) from None
    if stage in _SHOWN:
        return _SHOWN[stage](made.derived)
    return _MADE[stage](made)


# -- syntax and model --------------------------------------------------------------------------


def outline(value: Any, source: Source) -> str:
    """A tree of frozen dataclasses, one per line with the place that its span has in `source`."""
    return "".join(f"{line}\n" for line in _outline("", value, source, 0))


def _outline(label: str, value: Any, source: Source, depth: int) -> Iterator[str]:
    """The lines of one node; what is absent, empty or as always is left out."""
    named = {f.name: getattr(value, f.name) for f in fields(value)}
    usual = {f.name: f.default for f in fields(value)}
    span = named.get("span")
    line = "  " * depth + (f"{label}: " if label else "") + type(value).__name__
    inner: list[tuple[str, Any]] = []
    for name, entry in named.items():
        absent = entry is None or entry is False or entry in ((), "")
        if absent or isinstance(entry, (Span, Source)) or entry == usual[name]:
            continue
        if is_dataclass(entry):
            inner.append((name, entry))
        elif isinstance(entry, tuple) and any(map(_is_deep, entry)):
            inner += [(f"{name}[{place}]", part) for place, part in enumerate(entry)]
        else:
            line += f" {name}={_plain(entry)}"
    if isinstance(span, Span) and span != Span(0, 0):
        line += f"  @{source.position(span.start)[0]}:{source.position(span.start)[1]}"
    yield line
    for name, entry in inner:
        if is_dataclass(entry):
            yield from _outline(name, entry, source, depth + 1)
        else:
            yield "  " * (depth + 1) + f"{name}: {_plain(entry)}"


def _is_deep(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, Span)


def _plain(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    return repr(value)


# -- programs ----------------------------------------------------------------------------------


def listing(program: Program) -> str:
    """The nodes that something reads, numbered in order, then what has a name outside."""
    numbers = {node: place for place, node in enumerate(reachable(program.outputs()), 1)}
    names = program.names
    lines = []
    for node, number in numbers.items():
        name = f"  # {names[node]}" if node in names else ""
        lines.append(f"%{number}{_axes(node.axes)} = {_operation(node, numbers)}{name}")
    lines.append("")
    lines += [f"loss = %{numbers[program.loss]}", f"objective = %{numbers[program.value]}"]
    groups: tuple[tuple[str, Mapping[str, Node]], ...] = (
        *(("let", program.lets), ("predict", program.predictions), ("stat", program.stats)),
        *(("formula", program.formulas), ("grad", program.grads)),
    )
    for word, group in groups:
        lines += [f"{word} {name} = %{numbers[node]}" for name, node in group.items()]
    return "".join(f"{line}\n" for line in lines)


def _operation(node: Node, numbers: Mapping[Node, int]) -> str:
    def read(operand: Node) -> str:
        return f"%{numbers[operand]}"

    match node:
        case Number():
            return str(node.value)
        case Leaf():
            return f"{node.kind} {node.name}"
        case Map():
            return f"{node.op}({', '.join(map(read, node.args))})"
        case Reduce():
            codes = [_delta(delta, read) for delta in node.deltas]
            return f"{node.op}{_axes(node.over)}({', '.join([read(node.arg), *codes])})"
        case Scan():
            return f"{node.op}{_axes((node.axis,))}({read(node.arg)})"
        case Contract():
            parts = [f"{read(factor.node)}{_axes(factor.indices)}" for factor in node.factors]
            parts += [_delta(delta, read) for delta in node.deltas]
            return f"sum{_axes(node.summed)}({' * '.join(parts)})"
        case Linear():
            parts = [f"{read(part)}{_axes(indices)}" for part, indices in node.parts]
            return f"{node.op}{_axes(node.along)}({', '.join(parts)})"
    raise TypeError(node)


def _delta(delta: Delta, read: Callable[[Node], str]) -> str:
    source = read(delta.source) if delta.source is not None else ""
    return f"({source}{_axes(delta.indices)} == {_axis(delta.axis)})"


def _axes(axes: Axes) -> str:
    return f"[{', '.join(map(_axis, axes))}]" if axes else ""


def _axis(axis: Axis) -> str:
    return axis.dim + "'" * axis.copy


# -- the plan ----------------------------------------------------------------------------------


def schedule(plan: Plan) -> str:
    """What is learnt once, what each pass sums over the rows, and what a mini-batch may do."""
    notation = Notation.of(plan.program)
    lines = ["every row in one block" if plan.whole else "rows in blocks"]
    for word, passes in (("learn", plan.learn), ("pass", plan.passes)):
        for place, totals in enumerate(passes, 1):
            lines.append(f"{word} {place}")
            lines += _totals(totals, notation)
    if plan.predict_whole:
        lines.append("predictions need every row")
    biased = plan.minibatch
    lines.append("mini-batches are unbiased" if biased is None else f"mini-batches: {biased}")
    lines.append("finish")
    values = {"loss": plan.program.loss, "objective": plan.program.value}
    values |= {f"grad({name})": node for name, node in plan.program.grads.items()}
    for totals in (*plan.learn, *plan.passes):
        notation.names |= {total.node: f"total({total.key})" for total in totals}
    lines += [f"  {name} = {notation.text(node)}" for name, node in values.items()]
    return "".join(f"{line}\n" for line in lines)


def _totals(totals: Sequence[Total], notation: Notation) -> Iterator[str]:
    for total in totals:
        use = ("", "  (for the gradient)", "  (for the Hessian)")[total.order]
        yield f"  total({total.key}) = {total.kind}: {notation.definition(total.node)}{use}"
