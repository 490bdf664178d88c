"""The text of a generated module: its description, its kernels, and the part that all share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from gdsym.calculus.build import SIGNS
from gdsym.calculus.notation import show
from gdsym.calculus.program import Leaf, Node, Number, Program, reachable
from gdsym.calculus.structure import structure
from gdsym.codegen.backends import backend as backend_called
from gdsym.codegen.curvature import has_scores, has_squares, second_order
from gdsym.codegen.kept import kept, kept_axes
from gdsym.codegen.kernels import Kernels
from gdsym.codegen.layout import at_sums, wrapped
from gdsym.codegen.literal import assignment, block, number
from gdsym.codegen.plan import Plan
from gdsym.codegen.schedule import schedules_of
from gdsym.codegen.structure import described, known_terms, proximal, weights
from gdsym.codegen.update import given, options, update_functions
from gdsym.language.model import Columns, Domain, Model, Rule, Schedule

WIDTH = 99
MARKER = "# == emitted from here ==\n"
# Helpers that only some models use; the others do without them.
OPTIONAL = {
    name: re.compile(rf"def _{name}\(.*?\n\n\n", re.DOTALL)
    for name in (
        *(
            "scatter",
            "flat",
            "table_sum",
            "grouped_sum",
            "others",
            "gram",
            "over_rows",
            "columns",
            "beside",
            "triangle",
            "stacked",
        ),
    )
}
# Methods of the problem that only some models have.
SECTIONS = {
    name: re.compile(rf" *# -- where there are: {name}\n.*?(?= *# -- )", re.DOTALL)
    for name in ("scores", "squares", "predictions")
}


def module_text(
    plan: Plan,
    derived: Program,
    rules: Sequence[Rule],
    version: str,
    schedules: Sequence[Schedule] = (),
    backend: str = "numpy",
    steps: Sequence[str] = (),
    without: frozenset[str] = frozenset(),
) -> str:
    """The whole file. `derived` is the program before lowering, for the formulas to show.

    schedules: expressions for options beside those of the model's own `method`. backend: one of
    `gdsym.codegen.backends`. steps: which of `update.STEPS` the module carries.
    """
    model = plan.program.model
    printer = backend_called(backend)
    kernels = Kernels(plan, printer, without)
    scheduled = schedules_of([*_stated(model), *schedules])
    updates = [update_functions(rule, printer) for rule in rules]
    kernels.helpers |= {helper for update in updates for helper in update.helpers}
    kernels.helpers |= scheduled.helpers
    trace, places, along = kernels.trace()
    epochs = printer.epochs(kernels, rules) if printer.epochs is not None else []
    known = structure(derived)
    terms = known_terms(known)
    functions = [
        kernels.split(),
        kernels.join(),
        kernels.learn(),
        kernels.alone(),
        kernels.partial(),
        kernels.finish(),
        *second_order(kernels),
        kernels.loss(),
        kernels.offset(),
        kernels.predict(),
        *_predict_grad(kernels),
        kept(kernels),
        trace,
        kernels.constants(),
        kernels.start(),
        weights(kernels, derived, terms),
        _bind(model, kernels),
        _predict(model, kernels, plan),
        *(update.lines for update in updates),
        *scheduled.functions,
    ]
    printed = backend in kernels.helpers
    written = ["\n".join(lines) for lines in functions]
    if printed:  # before the functions that the backend made, which may be decorated with it
        written.append(printer.support.rstrip())
    body = "\n\n\n".join([*written, *map("\n".join, [*kernels.functions, *epochs])])
    carried = support(kernels.helpers)
    special = "special" in kernels.helpers or "special." in carried
    libraries = [*(["special"] if special else []), *(kernels.helpers & {"sparse"})]
    told = {"STRUCTURE": described(derived, known), "PROXIMAL": proximal(terms)}
    blocks = printer.blocks if printed and "cached blocks" not in kernels.helpers else {}
    description = "\n".join(
        _description(plan, kernels, rules, places, along, version, backend, told)
    )
    parts = [
        _docstring(model, derived, version),
        _imports(libraries, printer.imports if printed else ()),
        "",
        body,
        "",
        "",
        f"# -- the description of the model {'-' * 65}",
        "",
        description,
        *scheduled.table,
        "",
        "",
        carried
        + _matrices(kernels.helpers)
        + _dense(steps)
        + _with_constants(_shared(kernels.helpers), blocks),
    ]
    return "\n".join(parts)


def _docstring(model: Model, derived: Program, version: str) -> str:
    title = model.name + (f": {model.doc}" if model.doc else "")
    digest = hashlib.sha256(model.source.text.encode()).hexdigest()
    origin = f"Generated by gdsym {version} from {model.source.name} (sha256 {digest[:16]})."
    demand = "Do not edit: edit that file."
    gap = " " if len(f"{origin} {demand}") <= WIDTH else "\n"
    header = f"{origin}{gap}{demand}\nThis file is yours; no licence applies to it."
    formulas = "\n".join(_folded(f"    {line}") for line in show(derived).splitlines())
    docs = {
        **{item.name: item.doc for item in model.data},
        **{item.name: item.doc for item in model.params},
        **{item.name: item.doc for item in model.consts},
    }
    shapes = [
        f"    {name:<12}{_shape(dims):<10}{docs[name]}".rstrip()
        for _, name, dims in model.declared()
    ]
    text = f"{title}\n\n{header}\n\nWhat is minimised, and its gradient:\n\n"
    text += formulas + "\n\nData, parameters and constants:\n\n" + "\n".join(shapes) + "\n"
    return '"""' + text.replace("\\", "\\\\").replace('"""', "'''") + '"""\n'


def _folded(formula: str) -> str:
    """A formula on lines of its own, broken before its outermost sums where that is enough."""
    if len(formula) <= WIDTH:
        return formula
    head, equals, tail = formula.partition(" = ")
    indent = " " * (len(head) + 3)
    lines = [head + equals.rstrip()]
    for place, piece in enumerate(at_sums(tail)):
        if len(lines[-1]) + len(piece) < WIDTH:
            lines[-1] += f" {piece}"
            continue
        start = f"{lines.pop()} " if not place else indent
        lines += wrap(
            piece,
            WIDTH,
            initial_indent=start,
            subsequent_indent=f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def _shape(dims: Sequence[str]) -> str:
    return f"({', '.join(dims)}{',' if len(dims) == 1 else ''})"


def _imports(parts: Sequence[str], others: Sequence[str]) -> str:
    """The imports of a module; parts: those of SciPy that it needs."""
    libraries = ["import numpy as np", *others]
    if parts:
        libraries.append(f"from scipy import {', '.join(sorted(parts))}")
    lines = [
        "from __future__ import annotations",
        "",
        "import functools",
        "import math",
        "import os",
        "from collections import deque",
        "from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence",
        "from typing import Any, NamedTuple",
        "",
        *sorted(libraries, key=lambda line: (line.startswith("from"), line)),
    ]
    return "\n".join([*lines, ""])


def _description(
    plan: Plan,
    kernels: Kernels,
    rules: Sequence[Rule],
    places: dict[str, tuple[int, int, str]],
    along: dict[str, int] | None,
    version: str,
    backend: str,
    told: Mapping[str, object],
) -> list[str]:
    """What binding, messages and fits need to know, and nothing else has to be read."""
    model = plan.program.model
    source = model.source

    def line(item: Any) -> int:
        return source.position(item.span.start)[0]

    constants = plan.program.formulas
    predictions = tuple(
        {
            "name": prediction.name,
            "dims": prediction.expr.dims,
            "doc": prediction.doc,
            "data": _predicted_from(prediction.name, plan.program),
            "stats": _read(plan.program.predictions[prediction.name], "stat", model),
        }
        for prediction in model.predictions
    )
    values: dict[str, object] = {
        "MODEL": model.name,
        "DOC": model.doc,
        "VERSION": version,
        "BACKEND": backend,
        "SOURCE_NAME": source.name,
        "SHA256": hashlib.sha256(source.text.encode()).hexdigest(),
        "ROW": model.row,
        "DIMS": {
            dim.name: {
                "size": dim.size,
                "labels": dim.labels,
                "doc": dim.doc,
                **({"like": dim.like} if dim.like is not None else {}),
                **({"less": dim.less} if dim.less is not None else {}),
            }
            for dim in model.dims
        },
        "DATA": tuple(
            {
                "name": item.name,
                "arg": kernels.arguments[item.name],
                "dims": item.dims,
                "domain": _domain(item.domain),
                "columns": _columns(item.columns),
                "default": _value(constants.get(f"default {item.name}")),
                "doc": item.doc,
                "line": line(item),
            }
            for item in model.data
        ),
        "PARAMS": tuple(
            {
                "name": item.name,
                "arg": kernels.arguments[item.name],
                "dims": item.dims,
                "domain": _domain(item.domain),
                "fixed": item.fixed,
                "doc": item.doc,
                "line": line(item),
            }
            for item in model.params
        ),
        "CONSTS": tuple(
            {
                "name": item.name,
                "arg": kernels.arguments[item.name],
                "dims": item.dims,
                "value": _const_value(item.name, plan.program),
                "domain": _domain(item.domain),
                "doc": item.doc,
                "line": line(item),
            }
            for item in model.consts
        ),
        "OBJECTIVE": {
            "kind": model.objective.kind,
            "line": line(model.objective),
            "sign": float(SIGNS[model.objective.kind]),
            "penalised": plan.program.value is not plan.program.loss,
        },
        "METHOD": _method(model),
        "PREDICTIONS": predictions,
        "RULES": {
            rule.name: {"options": options(rule), "doc": rule.doc, "reads": given(rule)}
            for rule in rules
        },
        "PASSES": len(plan.passes),
        "TOTALS": tuple(tuple(total.key for total in stage) for stage in plan.passes),
        "LEARNT": tuple(
            tuple(total.key for total in stage if total.kind != "once") for stage in plan.learn
        ),
        "ALONE": bool(kernels.kept_alone),
        "HVP_TOTALS": tuple(tuple(total.key for total in stage) for stage in plan.hvp),
        "LOGSUMS": tuple(
            total.key
            for stage in (*plan.passes, *plan.hvp, *plan.learn)
            for total in stage
            if total.kind == "logsum"
        ),
        "LABELS": _labels(plan.program),
        "STARTS": {
            total.key: {"max": float("-inf"), "prod": 1.0}[total.kind]
            for stage in plan.learn
            for total in stage
            if total.kind in ("max", "prod")
        },
        "WHOLE": plan.whole or "blocks" in kernels.without,
        "PREDICT_WHOLE": plan.predict_whole,
        "KEPT": kept_axes(plan.program),
        "MINIBATCH": plan.minibatch,
        "SCORES": _no_scores(plan, kernels),
        "SQUARES": has_squares(kernels),
        "PLACES": places,
        "TRACE_ROWS": along,
        **told,
    }
    types = {
        "ROW": "str | None",
        "DIMS": "dict[str, dict[str, Any]]",
        "DATA": "tuple[dict[str, Any], ...]",
        "PARAMS": "tuple[dict[str, Any], ...]",
        "CONSTS": "tuple[dict[str, Any], ...]",
        "METHOD": "dict[str, Any] | None",
        "PREDICTIONS": "tuple[dict[str, Any], ...]",
        "RULES": "dict[str, dict[str, Any]]",
        "TOTALS": "tuple[tuple[str, ...], ...]",
        "HVP_TOTALS": "tuple[tuple[str, ...], ...]",
        "LEARNT": "tuple[tuple[str, ...], ...]",
        "LOGSUMS": "tuple[str, ...]",
        "STARTS": "dict[str, float]",
        "LABELS": "tuple[tuple[str, str], ...]",
        "KEPT": "dict[str, tuple[str, ...]]",
        "MINIBATCH": "str | None",
        "SCORES": "str | None",
        "PLACES": "dict[str, tuple[int, int, str]]",
        "TRACE_ROWS": "dict[str, int] | None",
        "STRUCTURE": "dict[str, Any]",
        "PROXIMAL": "tuple[dict[str, Any], ...]",
    }
    lines = [assignment(name, value, types.get(name, "")) for name, value in values.items()]
    return [*lines, f"SOURCE = {block(source.text)}"]


def _no_scores(plan: Plan, kernels: Kernels) -> str | None:
    """Why rows have no gradients of their own; None where they have."""
    if has_scores(kernels):
        return None
    return plan.minibatch or "the loss is not a sum over rows"


def _predict_grad(kernels: Kernels) -> list[list[str]]:
    if not kernels.program.slopes:
        return []
    kernels.helpers.add("predictions")
    return [kernels.predict_grad()]


def _stated(model: Model) -> list[Schedule]:
    """The options of the model's `method` that are expressions."""
    options = model.method.options if model.method is not None else ()
    return [value for _, value in options if isinstance(value, Schedule)]


def _method(model: Model) -> dict[str, object] | None:
    """An expression stands there as its text, the key of `SCHEDULES`."""
    if model.method is None:
        return None
    options = {
        name: value.text if isinstance(value, Schedule) else value
        for name, value in model.method.options
    }
    return {"name": model.method.name, "options": options}


def _domain(domain: Domain) -> dict[str, object]:
    """The keys that differ from a real number anywhere."""
    entry: dict[str, object] = {}
    if domain.lower != float("-inf"):
        entry["lower"] = domain.lower
    if domain.upper != float("inf"):
        entry["upper"] = domain.upper
    for key in ("lower_open", "upper_open", "integer"):
        if getattr(domain, key):
            entry[key] = True
    for key in ("values", "labels", "category", "structure", "axis", "level"):
        if getattr(domain, key) is not None:
            entry[key] = getattr(domain, key)
    if entry:
        entry["text"] = domain.text
    return entry


def _columns(columns: Columns | None) -> dict[str, object] | None:
    if columns is None:
        return None
    entry: dict[str, object] = {}
    for key in ("names", "pattern", "every", "excluded"):
        value = getattr(columns, key)
        if value:
            entry[key] = value
    return entry


def _value(node: Node | None) -> float | None:
    """A constant formula as a double; None where it needs sizes or other constants."""
    if isinstance(node, Number):
        return float(node.value)
    return None


def _const_value(name: str, program: Program) -> object:
    keys = [key for key in program.formulas if key.rsplit(" ", 1)[0] == f"const {name}"]
    if not keys:
        return None
    values = [_value(program.formulas[key]) for key in keys]
    if any(value is None for value in values):
        return "computed"
    const = next(item for item in program.model.consts if item.name == name)
    return tuple(values) if isinstance(const.value, tuple) else values[0]


def _read(node: Node, kind: str, model: Model) -> tuple[str, ...]:
    found = [n.name for n in reachable([node]) if isinstance(n, Leaf) and n.kind == kind]
    if kind == "data":
        return tuple(item.name for item in model.data if item.name in found)
    return tuple(found)


def _labels(program: Program) -> tuple[tuple[str, str], ...]:
    """The labels that the text names, each after its dimension; the data may not have them."""
    leaves = (node for node in reachable(program.outputs()) if isinstance(node, Leaf))
    named = dict.fromkeys(leaf.name for leaf in leaves if leaf.kind == "label")
    labels = [(dim, label) for dim, _, label in (name.partition(" ") for name in named)]
    levels = [(p.domain.axis, p.domain.level) for p in program.model.params]
    labels += [(axis, level) for axis, level in levels if axis is not None and level is not None]
    return tuple(dict.fromkeys(labels))


def _predicted_from(name: str, program: Program) -> tuple[str, ...]:
    """The data that a prediction needs; one with rows, also if only to count them."""
    model = program.model
    names = _read(program.predictions[name], "data", model)
    dims = next(item.expr.dims for item in model.predictions if item.name == name)
    rows = [item.name for item in model.data if model.row in item.dims]
    if model.row in dims and not set(names) & set(rows):
        return (*names, rows[0])
    return names


def _arguments(model: Model, kernels: Kernels, names: Sequence[str]) -> tuple[list[str], str]:
    """Parameters for data (positional) and constants (keyword), and the tuple of all data."""
    wanted = [item for item in model.data if item.name in names]
    required = [item for item in wanted if item.default is None]
    optional = [item for item in wanted if item.default is not None]
    parameters = [f"{kernels.arguments[item.name]}: Any" for item in required]
    if all(item in wanted[: len(required)] for item in required):
        parameters += [f"{kernels.arguments[item.name]}: Any = None" for item in optional]
        parameters.append("*")
    else:  # an optional table before a required one can only come by keyword
        parameters.append("*")
        parameters += [f"{kernels.arguments[item.name]}: Any = None" for item in optional]
    data = [kernels.arguments[i.name] if i.name in names else "None" for i in model.data]
    return parameters, f"({', '.join(data)}{',' if len(data) == 1 else ''})"


def _constants(model: Model, kernels: Kernels, plan: Plan) -> tuple[list[str], str]:
    parameters = []
    pairs = []
    for const in model.consts:
        name = kernels.arguments[const.name]
        value = _const_value(const.name, plan.program)
        default = number(value) if isinstance(value, float) else "None"
        parameters.append(f"{name}: Any = {default}")
        pairs.append(f'"{name}": {name}')
    return parameters, "{" + ", ".join(pairs) + "}"


def _signature(name: str, parameters: Sequence[str], result: str) -> list[str]:
    flat = f"def {name}({', '.join(parameters)}) -> {result}:"
    if len(flat) <= 99:
        return [flat]
    return [f"def {name}(", *(f"    {parameter}," for parameter in parameters), f") -> {result}:"]


def _bind(model: Model, kernels: Kernels) -> list[str]:
    parameters, data = _arguments(model, kernels, [item.name for item in model.data])
    constants, given = _constants(model, kernels, kernels.plan)
    parameters += [*constants, "dims: Mapping[str, Any] | None = None"]
    parameters.append("stats: Mapping[str, Any] | None = None")
    parameters += ["threads: int | None = None", "dtype: Any = np.float64"]
    parameters.append("check: bool = True")
    if parameters and parameters[0] == "*" and len(parameters) == 1:
        parameters = []
    shapes = "; ".join(
        f"{kernels.arguments[item.name]} [{', '.join(item.dims)}]" for item in model.data
    )
    doc = f"The objective for these data: {shapes}." if shapes else "The objective."
    lines = wrap(doc, 92)
    text = [f'    """{lines[0]}', *(f"    {line}" for line in lines[1:])]
    text += [
        "",
        "    Categories are codes 0..k-1. `dims` has sizes or labels that the data do not show.",
        "    `threads`: how many an evaluation may use; by default the physical cores, one where",
        "    data are few. No digit depends on it. `dtype`: np.float32 keeps data by rows in half",
        "    the memory; all arithmetic is in float64. `check`: False for data that are known to",
        "    be finite and in their domains.",
        "    Raises TypeError or ValueError for data that do not fit.",
        '    """',
    ]
    call = f"    return _bound({data}, dims, stats, threads, dtype, check, {given})"
    return [*_signature("bind", parameters, "Problem"), *text, *wrapped(call)]


def _predict(model: Model, kernels: Kernels, plan: Plan) -> list[str]:
    names = {
        name for item in model.predictions for name in _predicted_from(item.name, plan.program)
    }
    parameters, data = _arguments(model, kernels, sorted(names))
    constants, given = _constants(model, kernels, plan)
    parameters = ["theta: Any", *parameters, *constants]
    parameters.append("dims: Mapping[str, Any] | None = None")
    parameters.append("stats: Mapping[str, Any] | None = None")
    predicted = ", ".join(item.name for item in model.predictions)
    doc = f"By name: {predicted}." if predicted else "The model declares no predictions."
    return [
        *_signature("predict", parameters, "dict[str, Any]"),
        f'    """{doc} dims, stats and constants are those of the fit."""',
        f"    return _predicted(theta, {data}, dims, stats, {given})",
    ]


def _shared(helpers: set[str]) -> str:
    """The part that every module has, without the helpers that this one does not need."""
    shared = _emitted("runtime.py")
    for name, pattern in OPTIONAL.items():
        if name not in helpers:
            shared = pattern.sub("", shared)
    for name, pattern in SECTIONS.items():
        shared = (
            re.sub(rf" *# -- where there are: {name}\n\n", "", shared)
            if name in helpers
            else (pattern.sub("", shared))
        )
    return shared.replace("    # -- the objective in parts\n\n", "")


def _with_constants(shared: str, values: Mapping[str, str]) -> str:
    """The shared part with other numbers for some of its constants."""
    for name, value in values.items():
        shared, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", shared, flags=re.MULTILINE)
        assert found == 1, name
    return shared


def _matrices(helpers: set[str]) -> str:
    """The linear algebra that this module needs; nothing where it needs none."""
    heading, *pieces = _emitted("matrices.py").rstrip().split("\n\n\n")
    used = [p for p in pieces if any(re.match(rf"\w+ _{name}\b", p) for name in helpers)]
    return "".join(f"{piece}\n\n\n" for piece in (heading, *used) if used)


def support(helpers: Iterable[str]) -> str:
    """The functions of `special.py` that are named in `helpers`, and all that these call."""
    return _with_called("special.py", helpers)


def _dense(steps: Sequence[str]) -> str:
    """The functions for these dense steps."""
    return _with_called("dense.py", [f"{part}_{s}" for s in steps for part in ("init", "update")])


def _with_called(file: str, names: Iterable[str]) -> str:
    """Functions of a file of this folder, and all that these call there."""
    pieces = {
        piece.split("(")[0].removeprefix("def "): piece
        for piece in _emitted(file).rstrip().split("\n\n\n")
        if piece.startswith("def ")
    }
    wanted = [name for name in pieces if name in names]
    for name in wanted:  # grows on the way
        called = re.findall(r"\w+", pieces[name])
        wanted += [
            other for other in dict.fromkeys(called) if other in pieces and other not in wanted
        ]
    return "".join(f"{piece}\n\n\n" for name, piece in pieces.items() if name in wanted)


def _emitted(file: str) -> str:
    """What of a file of this folder modules carry."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    return text.split(MARKER, 1)[1]
