"""Starts that a gradient cannot leave, by symmetry."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gdsym.calculus.program import (
    Contract,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    Scan,
    reachable,
)
from gdsym.calculus.program import Leaf as Given
from gdsym.calculus.structure.symmetries import mixes
from gdsym.errors import Diagnostic
from gdsym.language import model as m
from gdsym.language.codes import Code
from gdsym.lint import Subject
from gdsym.lint._expressions import Names, everything, minimised

CODE = Code(
    "saddle",
    "a start that the gradient cannot leave",
    "Where two factors of a product both start at 0, the gradient by each is the other one: 0. "
    "Where the components of a mixture (or the units of a layer) start equal, their gradients are "
    "equal, too, and they stay so. A start at random breaks both, and so do different values.",
    "dim k = 3, j = 3, f = 2\ndata y[n], a[n] in k, b[n] in j\nparam U[k, f], V[j, f]\n"
    "loss sum((y - sum[f](U[a]*V[b]))^2)",
    "dim k = 3, j = 3, f = 2\ndata y[n], a[n] in k, b[n] in j\nparam U[k, f] = normal(0, 1)\n"
    "param V[j, f] = normal(0, 1)\nloss sum((y - sum[f](U[a]*V[b]))^2)",
)
# Functions that are 0 where their (first) argument is.
ODD = frozenset(("sin", "tan", "tanh", "asin", "atan", "sinh", "expm1", "log1p", "erf", "abs")) | {
    *("sign", "relu", "gelu", "sqrt", "huber", "xlogy")
}
STILL = "where the gradient by each of them is 0"


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """At most one for factors at 0, and one for each dimension whose entries stay equal."""
    model = subject.model
    stuck = _stuck(subject.derived, [p.name for p in model.params if _starts_at_zero(p, model)])
    if stuck:
        params = [param for param in model.params if param.name in stuck]
        listed = ", ".join(f"`{p.name}`" for p in params[:-1]) + f" and `{params[-1].name}`"
        message = f"{listed} start at 0, {STILL}"
        notes = tuple((param.span, "and here") for param in params[1:])
        first = params[0]
        axes = f"[{', '.join(first.dims)}]" if first.dims else ""
        mend = f"start one of them at random: `param {first.name}{axes} = normal(0, 0.1)`"
        yield Diagnostic(CODE.name, message, first.span, "", notes, mend)
    for dim in model.dims:
        params = [param for param in model.params if dim.name in param.dims]
        told = any(param.name in stuck for param in params)
        if not told and params and _stays_equal(dim, params, subject):
            message = f"the entries of `{dim.name}` start equal and stay equal"
            first = max(params, key=lambda param: len(param.dims))
            notes = tuple((p.span, "and here") for p in params if p is not first)
            start = f"{first.name}[{', '.join(first.dims)}] = normal(0, 1)"
            mend = f"start one of them at random, `param {start}`, or at different values"
            yield Diagnostic(CODE.name, message, first.span, "", notes, mend)


# -- factors at 0 ------------------------------------------------------------------------------


def _starts_at_zero(param: m.Param, model: m.Model) -> bool:
    if param.fixed:
        return False
    if param.init is None:
        domain = param.domain
        return domain.structure is None and not (domain.lower_open or domain.upper_open) and (
            domain.lower, domain.upper) in ((-_INF, _INF), (0, _INF), (-_INF, 0))  # fmt: skip
    return _constant(param.init, model) == 0


_INF = float("inf")


def _constant(init: m.Expr | m.Draw, model: m.Model) -> float | None:
    """A start that is one number for all entries."""
    if isinstance(init, m.Broadcast):
        return _constant(init.arg, model)
    if isinstance(init, m.Number):
        return float(init.value)
    if isinstance(init, m.Ref) and not init.dims:
        value = next((const.value for const in model.consts if const.name == init.name), None)
        return None if value is None or isinstance(value, tuple) else _constant(value, model)
    return None


def _stuck(program: Program, zeros: list[str]) -> set[str]:
    """The parameters at 0 whose gradients are 0 as long as they all are, and because they are."""
    found = set(zeros)
    while True:
        still = {name for name in found if _is_zero(program, program.grads[name], found)}
        if still == found:
            break
        found = still
    alone = {name for name in found if _is_zero(program, program.grads[name], {name})}
    mutual = found - alone
    return mutual if len(mutual) > 1 else set()


def _is_zero(program: Program, root: Node, zeros: Collection[str]) -> bool:
    """Whether a node is 0 for any data where these parameters are."""
    known: dict[Node, bool] = {}
    for node in reachable([root]):
        match node:
            case Number():
                zero = node.value == 0
            case Given():
                zero = node.kind == "param" and node.name in zeros
            case Map(op="mul"):
                zero = any(known[arg] for arg in node.args)
            case Map(op="pow"):
                exponent = node.args[1]
                positive = isinstance(exponent, Number) and exponent.value > 0
                zero = known[node.args[0]] and positive
            case Map(op="add" | "max" | "min"):
                zero = all(known[arg] for arg in node.args)
            case Map(op="where"):
                zero = all(known[arg] for arg in node.args[1:])
            case Map():
                zero = node.op in ODD and known[node.args[0]]
            case Contract():
                zero = any(known[factor.node] for factor in node.factors)
            case Reduce():
                zero = node.op in ("max", "min", "prod") and known[node.arg]
            case Scan():
                zero = known[node.arg]
            case _:
                zero = False
        known[node] = zero
    return known[root]


# -- equal entries -----------------------------------------------------------------------------


def _stays_equal(dim: m.Dim, params: list[m.Param], subject: Subject) -> bool:
    """Whether exchanging entries of a dimension changes neither the model nor its start.

    Only where a sum over the dimension mixes them row by row: parameters that never meet may be
    equal, because each has its own optimum.
    """
    model = subject.model
    if dim.name == model.row or dim.like or dim.less or model.aliases(dim.name):
        return False
    if any(other.less is not None and other.less[0] == dim.name for other in model.dims):
        return False
    apart = any(dim.name in data.dims or data.domain.category == dim.name for data in model.data)
    apart |= any(dim.name in const.dims for const in model.consts)
    for param in params:
        apart |= param.domain.structure not in (None, "simplex", "sumzero")
        apart |= param.fixed or (param.init is not None and _constant(param.init, model) is None)
    if apart:
        return False
    names = Names(model)
    reached = everything(names, minimised(model))
    if any(isinstance(node, m.Label) and node.dim == dim.name for node in reached):
        return False
    return mixes(reachable([subject.derived.loss]), dim.name, model.row)
