"""`claim grad(w) = EXPR`: a formula derived by hand, typed as what it claims to be."""

# `return scope.error(...)` reports and returns None.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from collections.abc import Sequence

from gdsym.errors import did_you_mean
from gdsym.language import align, syntax
from gdsym.language.expressions import Typer
from gdsym.language.model import Claim, Dims, Domain
from gdsym.language.scope import Scope, Value
from gdsym.language.typed import broadcast

# What can be claimed -> how many names it takes, and how it is written.
QUANTITIES: dict[str, tuple[int, str]] = {
    "grad": (1, "claim grad(w) = EXPR"),
    "hess": (2, "claim hess(w, b) = EXPR"),
    "hvp": (2, "claim hvp(w, v) = EXPR"),
    "loss": (0, "claim loss = EXPR"),
}
_OTHER = {
    "gradient": "grad",
    "hessian": "hess",
    "nll": "loss",
    "loglik": "loss",
    "maximize": "loss",
    "residual": "loss",
    "objective": "loss",
}


def claim(statement: syntax.Claim, scope: Scope, before: Sequence[Claim]) -> Claim | None:
    """The typed claim, or None after an error.

    A gradient has the dims of its parameter, a block of the Hessian those of its first parameter
    and then those of its second, a Hessian-vector product those of its parameter; its second name
    is the direction, of these dims too.
    """
    quantity, names = statement.quantity.text, tuple(name.text for name in statement.names)
    known = QUANTITIES.get(quantity)
    if known is None:
        message = f"`{quantity}` is nothing that can be claimed"
        other = _OTHER.get(quantity.lower())
        mend = f"did you mean `{other}`?" if other else did_you_mean(quantity, QUANTITIES)
        mend = mend or "claims are of `grad(w)`, `hess(w, b)`, `hvp(w, v)` and `loss`"
        return scope.error("claim", message, statement.quantity.span, help=mend)
    count, usage = known
    if len(names) != count:
        takes = {0: "no name", 1: "one parameter", 2: "two names"}[count]
        message = f"`{quantity}` takes {takes}, found {len(names) or 'none'}"
        return scope.error("claim", message, statement.place, help=f"write `{usage}`")
    params = statement.names[:1] if quantity == "hvp" else statement.names
    dims: Dims = ()
    for name in params:
        value = _parameter(name, scope)
        if value is None:
            return None
        dims += value.dims
    subject = (quantity, names[: len(params)])
    if subject in [(other.quantity, other.names[: len(params)]) for other in before]:
        what = f"{quantity}({', '.join(names)})" if names else quantity
        message = f"`{what}` is claimed twice"
        return scope.error("claim", message, statement.place)
    typer = Typer(scope, dims)
    if quantity == "hvp" and not _direction(statement.names[1], dims, scope, typer):
        return None
    expr = typer.type(statement.value)
    if quantity == "hvp":
        del scope.values[names[1]]
    if expr is None:
        return None
    full = broadcast(expr, dims, statement.value.span)
    if full is None:
        what = scope.text(statement.place)
        message = f"`{what}` is {align.shown(dims)}, and this is {align.shown(expr.dims)}"
        scope.suspects.update(dims, expr.dims)
        values = dict.fromkeys(scope.values[name.text] for name in params)
        notes = tuple((v.place, f"{v.name} is {align.shown(v.dims)}") for v in values)
        return scope.error("shape", message, statement.value.span, notes=notes)
    return Claim(quantity, names, full, statement.span)


def _parameter(name: syntax.Name, scope: Scope) -> Value | None:
    value = scope.values.get(name.text)
    if value is None:
        if name.text not in scope.broken:
            params = [v.name for v in scope.values.values() if v.kind == "parameter"]
            message = f"unknown parameter `{name.text}`"
            scope.error("name", message, name.span, help=did_you_mean(name.text, params))
        return None
    if value.kind != "parameter":
        kind = {"let": "a let"}.get(value.kind, value.kind)
        kind = "a constant" if kind == "constant" else kind
        message = f"`{name.text}` is {kind}: derivatives are claimed by parameters"
        notes = ((value.place, "declared here"),)
        return scope.error("claim", message, name.span, notes=notes)
    return value


def _direction(name: syntax.Name, dims: Dims, scope: Scope, typer: Typer) -> bool:
    """Declares the direction of a `hvp` while its formula is typed."""
    taken = scope.values.get(name.text) or scope.dims.get(name.text)
    if taken is not None:
        message = f"`{name.text}` is declared already, and a direction has a fresh name"
        notes = ((taken.place, "declared here"),)
        scope.error("claim", message, name.span, notes=notes, help="choose another name")
        return False
    kinds = frozenset(["direction"])
    scope.values[name.text] = Value("direction", name.text, dims, name.span, Domain(), kinds)
    return True
