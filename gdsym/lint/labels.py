"""Labels 0 and 1 in a formula for -1 and 1, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from gdsym.errors import Diagnostic
from gdsym.language.codes import Code
from gdsym.language.model import Apply, Expr, Number, Ref
from gdsym.lint import Subject
from gdsym.lint._expressions import Names, everything, minimised

CODE = Code(
    "labels",
    "labels of one coding in a formula for another",
    "`softplus(z) - y*z` and `y*log(p) + (1 - y)*log(1 - p)` are for y in {0, 1}; "
    "`softplus(-y*z)`, `relu(1 - y*z)` and `exp(-y*z)` are for y in {-1, 1}. With the other "
    "coding they are finite, smooth and wrong: a row with y = 0 says nothing to the second kind. "
    "Where the domain does not tell, `gdsym lint MODEL DATA` looks at the values.",
    "data X[n, d], y[n] in {0, 1}\nparam w[d]\nloss mean(log(1 + exp(-y*(X @ w))))",
    "data X[n, d], y[n] in {-1, 1}\nparam w[d]\nloss mean(log(1 + exp(-y*(X @ w))))",
)
MARGINS = ("softplus", "log_sigmoid", "sigmoid", "relu", "exp", "normal_cdf", "log_normal_cdf")
BINARY, SIGNS = {0.0, 1.0}, {-1.0, 1.0}


def findings(subject: Subject) -> Iterator[Diagnostic]:
    """One for each formula whose labels have another coding, for certain."""
    names = Names(subject.model)
    seen = set()
    for node in everything(names, minimised(subject.model)):
        for label, wanted in _labels(node, names):
            values = _values(label, subject)
            if values is None or values == wanted or node.span in seen:
                continue
            seen.add(node.span)
            has, needs = _set(values), _set(wanted)
            message = f"this formula is for `{label}` in {needs}, and `{label}` is in {has}"
            mend = "`2*y - 1` turns {0, 1} into {-1, 1}, `(y + 1)/2` turns it back"
            if not values <= BINARY | SIGNS:
                mend = f"let the data have {needs}"
            yield Diagnostic(CODE.name, message, node.span, help=mend)


def _labels(node: Expr, names: Names) -> Iterator[tuple[str, set[float]]]:
    """The data that an expression reads as labels, and the coding that it needs."""
    if not isinstance(node, Apply):
        return
    if node.function in MARGINS:
        rest = [t for _, t in names.terms(node.args[0]) if not isinstance(t, Number)]
        if len(rest) == 1 and (label := _label_in(rest[0], names)):
            yield label, SIGNS
    if node.function == "add":
        terms = list(names.terms(node))
        if any(sign > 0 and _is_softplus(term, names) for sign, term in terms):
            for sign, term in terms:
                if sign < 0 and (label := _label_in(term, names)):
                    yield label, BINARY
    if node.function == "mul" and len(factors := list(names.factors(node))) == 2:
        for one, other in (factors, factors[::-1]):
            if (label := _complement(one, names)) and names.params_of(other) and _is_log(other):
                yield label, BINARY


def _label_in(term: Expr, names: Names) -> str:
    """The data in a product of data with one thing that has parameters, `y*z`; else nothing."""
    factors = list(names.factors(term))
    data = [f.name for f in factors if isinstance(f, Ref) and f.name in names.data]
    others = [f for f in factors if names.params_of(f)]
    return data[0] if len(data) == 1 and len(others) == 1 and len(factors) == 2 else ""


def _is_softplus(term: Expr, names: Names) -> bool:
    match term:
        case Apply(function="softplus"):
            return True
        case Apply(function="log1p", args=(arg,)):
            inner = names.meant(arg)
            return isinstance(inner, Apply) and inner.function == "exp"
        case Apply(function="log", args=(arg,)):
            terms = [t for _, t in names.terms(arg)]
            one = any(isinstance(t, Number) and t.value == 1 for t in terms)
            exp = any(isinstance(t, Apply) and t.function == "exp" for t in terms)
            return len(terms) == 2 and one and exp
    return False


def _complement(factor: Expr, names: Names) -> str:
    """The data y in `1 - y`; else nothing."""
    terms = list(names.terms(factor))
    one = any(isinstance(t, Number) and t.value == sign for sign, t in terms)
    data = [
        t.name for sign, t in terms if sign < 0 and isinstance(t, Ref) and t.name in names.data
    ]
    return data[0] if one and len(terms) == 2 and data else ""


def _is_log(factor: Expr) -> bool:
    return isinstance(factor, Apply) and factor.function in ("log", "log1p", "log_sigmoid")


def _values(label: str, subject: Subject) -> set[float] | None:
    """The two values of data: from the domain, else as seen; None where there are not two."""
    data = next(data for data in subject.model.data if data.name == label)
    values = data.domain.values
    if values is None and subject.seen is not None and label in subject.seen.arrays:
        import numpy as np

        values = tuple(np.unique(subject.seen.arrays[label])[:3].tolist())
    return set(values) if values is not None and len(values) == 2 else None


def _set(values: set[float]) -> str:
    return "{" + ", ".join(f"{value:g}" for value in sorted(values)) + "}"
