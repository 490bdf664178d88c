"""A function that computes with an old value of a parameter: which, and what else is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from time import process_time
from typing import Any

import numpy as np

from gdsym.calculus.program import Node
from gdsym.gradcheck.diagnose.evidence import Evidence, Values
from gdsym.gradcheck.diagnose.given import unread
from gdsym.gradcheck.diagnose.samples import Samples, same
from gdsym.gradcheck.points import Point
from gdsym.gradcheck.report import Finding

# Steps of the search for the old value, and from where it begins.
STEPS = 12
FIRST = (0.0, 0.5)

Putting = Callable[[Any], Callable[[Point], Point]]


def frozen(
    evidence: Evidence,
    samples: Samples,
    others: Iterable[tuple[list[Finding], Node]],
    deadline: float,
) -> list[Finding]:
    """The coordinate that is not read, with the value that stands for it, and the first other
    mistake that explains the values then."""
    exact = evidence.block.exact
    found = unread(evidence.program.model, evidence.samples, exact, evidence.ask)
    if found is None:
        return []
    name, putting = found
    for more, node in others:
        if process_time() > deadline:
            break
        value = _value(evidence, samples, node, putting)
        if value is not None:
            told = f"`{name}` is not read: it is computed with {float(value):.6g} in its place"
            return [Finding("stale_coordinate", name, told), *more]
    return []


def _value(evidence: Evidence, samples: Samples, node: Node, putting: Putting) -> Fraction | None:
    """The value of the coordinate with which a node gives what is claimed everywhere."""
    claimed = evidence.claimed
    entry = int(np.argmax(np.abs(claimed[0])))

    def gap(value: float) -> float:
        first = replace(samples, points=(putting(_short(value))(samples.points[0]),))
        return float(first.values([node])[0][0].flat[entry] - claimed[0].flat[entry])

    value = _zero(gap)
    if value is None:
        return None
    put = _short(value)
    values: Values = replace(samples, points=tuple(map(putting(put), samples.points))).values(
        [node]
    )[0]
    return put if same(values, claimed) else None


def _short(value: float) -> Fraction:
    """An old value is a number of few digits more often than not."""
    near = Fraction(value).limit_denominator(1000)
    return near if abs(float(near) - value) <= 1e-9 * (1 + abs(value)) else Fraction(value)


def _zero(gap: Callable[[float], float]) -> float | None:
    """Where a function of one number is 0, by secants."""
    a, b = FIRST
    at_a, at_b = gap(a), gap(b)
    for _ in range(STEPS):
        if not np.isfinite(at_a) or not np.isfinite(at_b):
            return None
        if abs(at_b) <= 1e-13:
            return b
        if at_a == at_b:
            return None
        a, at_a, b = b, at_b, b - at_b * (b - a) / (at_b - at_a)
        if abs(b) > 1e3:
            return None
        at_b = gap(b)
    return b


def scaled(evidence: Evidence, node: Node) -> Sequence[tuple[list[Finding], Node]]:
    """A node, and what it is with the wrong sign or factor."""
    graph, title = evidence.program.graph, evidence.block.title
    row = evidence.program.model.row
    found: list[tuple[list[Finding], Node]] = [([], node)]
    told = Finding("sign", title, "it has the wrong sign")
    found.append(([told], graph.neg(node)))
    sizes = [("n", graph.size(row))] if row is not None else []
    named = [("2", graph.number(2)), *((row or name, size) for name, size in sizes)]
    for name, factor in named:
        for text, made in (
            (name, graph.mul(node, factor)),
            (f"1/{name}", graph.div(node, factor)),
        ):
            found.append(
                ([Finding("factor", title, f"it is `{text}` times the derivative")], made)
            )
    return found
