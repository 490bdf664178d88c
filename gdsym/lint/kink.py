"""Places where what is minimised has no derivative."""

from __future__ import annotations

from collections.abc import Iterator

from gdsym.errors import Diagnostic
from gdsym.language.codes import Code
from gdsym.language.model import Apply, Reduce
from gdsym.lint import Subject
from gdsym.lint._expressions import Names, everything, minimised

CODE = Code(
    "kink",
    "a loss that is not differentiable everywhere",
    "At a kink the generated code takes one stated slope. An optimum often lies exactly on a kink "
    "(`norm1`, `relu`), where no gradient is 0: methods with curvature stop early there or are "
    "slow. A smooth form mends that; or a rule with steps that shrink (`adagrad`), and a look at "
    "the objective instead of `converged`. `huber` has a slope everywhere and a jump in its "
    "curvature.",
    "data x[n], y[n]\nparam a\nloss mean(abs(y - a*x))",
    "data x[n], y[n]\nparam a\nconst s = 0.01\nloss mean(sqrt((y - a*x)^2 + s^2))",
)
FUNCTIONS = {
    "abs": ("at 0", "`sqrt(x^2 + s^2)` is smooth"),
    "relu": ("at 0", "`softplus(x)` is smooth, and so is `relu(x)^2`"),
    "min": ("where its arguments meet", "`-logaddexp(-a, -b)` is smooth"),
    "max": ("where its arguments meet", "`logaddexp(a, b)` is smooth"),
    "clip": ("at both ends", "`b*tanh(x/b)` is smooth"),
    "sign": ("at 0, and is flat elsewhere", "`tanh(x/s)` has a slope"),
}
CONDITIONS = ("lt", "le", "gt", "ge", "eq", "ne")  # are flat, whatever they compare
REDUCTIONS = {
    "norm": ("at 0", "`sqrt(sum(x^2) + s^2)` is smooth, and so is `sum(x^2)`"),
    "norm1": ("where an entry is 0", "`sum(sqrt(x^2 + s^2))` is smooth"),
    "min": ("where two entries are smallest", "`-logsumexp(-x)` is smooth"),
    "max": ("where two entries are largest", "`logsumexp(x)` is smooth"),
}


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """One for each function with a kink that is applied to something with a parameter."""
    names = Names(subject.model)
    seen = set()
    for node in everything(names, minimised(subject.model), CONDITIONS):
        if not isinstance(node, (Apply, Reduce)) or node.span in seen:
            continue
        if not names.params_of(node):
            continue
        table = FUNCTIONS if isinstance(node, Apply) else REDUCTIONS
        if node.function in table:
            where, mend = table[node.function]
            message = f"`{node.function}` has no derivative {where}"
        elif node.function == "huber":
            message, mend = "`huber` has no second derivative where it turns straight", ""
        else:
            continue
        seen.add(node.span)
        yield Diagnostic(CODE.name, message, node.span, help=mend)
