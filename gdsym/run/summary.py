"""A fit as text: the table of estimates, and the lines below it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from gdsym.run.certificate import Certificate
from gdsym.run.inference import Inference

if TYPE_CHECKING:
    from gdsym.run.result import Result

# What is larger than this is not read but computed with; the fit file has it.
MOST_ENTRIES = 60  # of a parameter
MOST_SHOWN = 4  # of a list of names or directions

KINDS = {"residual": "sum of squares"}


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text; the first column is aligned to the left, the others to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary_text(result: Result) -> str:
    """The tables and lines of a fit, in columns of spaces."""
    lines: list[str] = []
    for part in estimates(result):
        lines += [part] if isinstance(part, str) else columns(part)
        lines.append("")
    return "\n".join([*lines, *remarks(result)])


def columns(table: Table) -> list[str]:
    """The lines of a table, in columns of spaces."""
    rows = [[printable(cell) for cell in row] for row in (table.header, *table.rows)]
    wide = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        blanks = [" " * (width - _width(cell)) for cell, width in zip(row, wide, strict=True)]
        cells = [row[0] + blanks[0], *map(add, blanks[1:], row[1:])]
        lines.append("  ".join(cells).rstrip())
    return lines


def _width(text: str) -> int:
    """In columns of a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def printable(text: str) -> str:
    """Labels come from data files, and must not write to a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


# -- the table -----------------------------------------------------------------------------------


def estimates(result: Result) -> Iterator[Table | str]:
    """The table of what was estimated with its errors, a line for each parameter that is too
    large for it, and the table of scalar predictions."""
    inference = result.inference
    if inference is not None:
        yield from _with_errors(result, inference)
    if result.predictions:
        known = inference is not None and not inference.withheld
        yield _predictions(result, inference.level if known and inference else None)


def _with_errors(result: Result, inference: Inference) -> Iterator[Table | str]:
    shown: list[int] = []
    lines: list[str] = []
    first = 0
    for param in result.module.PARAMS:
        value = np.asarray(result.params[param["name"]])
        entries = range(first, first + value.size)
        first += value.size
        if value.size <= MOST_ENTRIES:
            shown += entries
        else:
            title = f"{param['name']}[{', '.join(param['dims'])}]"
            lines.append(_summed_up(title, value, inference.std_errors[entries]))
    names = [_name(name) for name in result.theta_names]
    if shown and inference.withheld:
        texts = numbers(result.theta[shown].tolist())
        marks = [inference.marks.get(names[i], "") for i in shown]
        rows = [(names[i], t, m) for i, t, m in zip(shown, texts, marks, strict=True)]
        wide = 3 if any(marks) else 2
        yield Table(("parameter", "estimate", "")[:wide], tuple(row[:wide] for row in rows))
    elif shown:
        yield _table(result.theta, names, shown, inference)
    yield from lines


def _table(theta: Any, names: Sequence[str], shown: list[int], inference: Inference) -> Table:
    errors = inference.std_errors[shown].tolist()
    texts = aligned(theta[shown].tolist(), errors, *inference.interval[shown].T.tolist())
    estimate, error, *ends = texts
    columns = [
        [names[i] for i in shown],
        estimate,
        [
            f"({inference.marks[names[i]]})" if names[i] in inference.marks else text
            for i, text in zip(shown, error, strict=True)
        ],
        [f"{x:.2f}" if math.isfinite(x) else "" for x in inference.statistic[shown]],
        [probability(p) for p in inference.p_values[shown]],
        *ends,
    ]
    header = ("parameter", "estimate", "std error", inference.statistic_name, "p")
    return Table((*header, *_interval_title(inference.level)), tuple(zip(*columns, strict=True)))


def _interval_title(level: float) -> tuple[str, str]:
    return f"{100 * level:.4g}% from", "to"


def _predictions(result: Result, level: float | None) -> Table:
    derived = result.predictions
    values = [d.value for d in derived]
    names = [d.name for d in derived]
    if level is None:
        return Table(("prediction", "value"), tuple(zip(names, numbers(values), strict=True)))
    low, high = ([d.interval[side] for d in derived] for side in (0, 1))
    columns = aligned(values, [d.std_error for d in derived], low, high)
    header = ("prediction", "value", "std error", *_interval_title(level))
    return Table(header, tuple(zip(names, *columns, strict=True)))


def _summed_up(title: str, value: Any, errors: Any) -> str:
    shape = " x ".join(str(size) for size in value.shape)
    text = f"{title}  {shape} numbers from {value.min():.6g} to {value.max():.6g}"
    known = errors[np.isfinite(errors)]
    if len(known):
        text += f", standard errors from {known.min():.3g} to {known.max():.3g}"
    if 0 < len(known) < len(errors):
        text += f" ({len(errors) - len(known):,} without one)"
    return text


def _name(name: str) -> str:
    """`W[age, red]` as marks and fit files have it: `W[age,red]`."""
    head, bracket, rest = name.partition("[")
    return head + bracket + rest.replace(", ", ",")


def numbers(values: Sequence[float]) -> list[str]:
    """The numbers with as many decimals as show six digits of the largest and three of the
    smallest, so that the points are aligned; in scientific notation where that is too wide."""
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    high, low = (math.floor(math.log10(f(sizes))) if sizes else 0 for f in (max, min))
    decimals = max(0, 5 - high, 2 - low)
    if high > 9 or decimals > 8:
        return [f"{value:.5e}" if math.isfinite(value) else f"{value}" for value in values]
    return [f"{value:.{decimals}f}" for value in values]


def aligned(
    values: Sequence[float], errors: Sequence[float], *others: Sequence[float]
) -> list[list[str]]:
    """Columns with the same decimals: six digits of the largest value, three of the smallest
    error. What is not known is empty."""
    sizes = [abs(v) for v in values if v and math.isfinite(v)]
    spreads = [e for e in errors if e > 0 and math.isfinite(e)]
    high = math.floor(math.log10(max(sizes, default=1.0)))
    low = math.floor(math.log10(min(spreads, default=max(sizes, default=1.0))))
    decimals = max(0, 5 - high, 2 - low)
    form = f".{decimals}f" if high <= 9 and decimals <= 8 else ".5e"
    return [
        ["" if math.isnan(v) else f"{v:{form}}" for v in column]
        for column in (values, errors, *others)
    ]


def probability(p: float) -> str:
    """`0.0312`, `4.1e-07`, `<1e-16`; empty where there is no test."""
    if math.isnan(p):
        return ""
    if p < 1e-16:
        return "<1e-16"
    return f"{p:.4f}" if p >= 1e-4 else f"{p:.1e}"


# -- the lines below -----------------------------------------------------------------------------


def remarks(result: Result) -> list[str]:
    """The objective, what the errors rest on, the certificate, and how the fit ended."""
    lines = [_objective(result)]
    inference = result.inference
    if inference is not None and inference.withheld:
        lines.append(f"no standard errors: {inference.withheld}")
    elif inference is not None:
        lines.append(f"standard errors: {inference.how}")
    return [*lines, *certified(result.certificate), _ending(result)]


def _objective(result: Result) -> str:
    kind = str(result.module.OBJECTIVE["kind"])
    text = f"{KINDS.get(kind, kind)} {result.loss:.10g}"
    if abs(result.loss - result.objective) > 1e-13 * abs(result.objective):
        text += f", with penalties {result.objective:.10g}"
    inference = result.inference
    if inference is None:
        return text
    parts = [text]
    if math.isfinite(inference.aic):
        parts.append(f"AIC {inference.aic:.10g}")
    if math.isfinite(inference.bic):
        parts.append(f"BIC {inference.bic:.10g}")
    if math.isfinite(inference.s):
        parts.append(f"s {inference.s:.6g} on {inference.left:,} degrees of freedom")
    if math.isfinite(inference.r_squared):
        about = "" if inference.centred else " about 0"
        parts.append(f"R^2 {inference.r_squared:.6g}{about}")
    if not math.isfinite(inference.s):
        count = inference.parameters
        parts.append(f"{count:,} parameter{'s' * (count != 1)}")
    return ", ".join(parts)


def certified(certificate: Certificate) -> Iterator[str]:
    """What the certificate says, in a line or some."""
    left = "" if certificate.decrement is None else f"{certificate.decrement:.1e} left to gain"
    match certificate.kind:
        case "minimum" if certificate.estimated:
            yield f"minimum, as far as products with the Hessian tell: {left}"
        case "minimum" if certificate.condition is not None:
            on = " on its range" if certificate.flat or certificate.gauge else ""
            condition = f"{certificate.condition:.2g}"
            yield f"minimum: {left}, Hessian positive definite{on} (condition {condition})"
        case "minimum" if certificate.why:
            yield f"minimum, as the objective is convex; {certificate.why}"
        case "minimum":
            yield "minimum: nothing is free to move"
        case "saddle":
            yield "saddle: the Hessian has a negative eigenvalue"
        case "infinity" if certificate.on_edge:
            yield "no minimum inside the domain: the objective falls towards an open bound"
        case "infinity":
            yield "no minimum: the objective falls for ever"
        case _ if certificate.why and certificate.decrement is None:
            yield f"no certificate: {certificate.why}"
    if certificate.active:
        yield f"at a bound: {_listed(certificate.active)}"
    if certificate.flat:
        yield f"not determined by the data: {_listed(certificate.flat, '; ')}"
    if certificate.gauge:
        mend = ""
        if any("shifted together" in text for text in certificate.gauge):
            mend = " (`in base[...]` or `in sumzero[...]` settles that)"
        yield f"not determined by the form of the model: {_listed(certificate.gauge, '; ')}{mend}"


def _listed(texts: Sequence[str], joint: str = ", ") -> str:
    shown = list(itertools.islice(texts, MOST_SHOWN))
    more = [f"{len(texts) - len(shown):,} more"] if len(texts) > len(shown) else []
    return printable(joint.join([*shown, *more]))


def _ending(result: Result) -> str:
    facts = [result.method, f"{result.evaluations:,} evaluations"]
    if result.n_rows:
        facts.append(f"{result.n_rows:,} rows")
    facts.append(f"{result.seconds:.2g} s")
    plural = "" if result.iterations == 1 else "s"
    done = f"{result.status} after {result.iterations:,} iteration{plural} ({', '.join(facts)})"
    return f"{done}: {result.message}" if result.message else done
