"""Whole epochs as compiled loops: batches of rows, their gradient, and the steps of a rule.

Only for models whose pass over the rows is in loops, and whose terms without rows are element-wise
functions, sums and dot products; for any other a module has no epochs, and a fit asks NumPy batch
by batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsym.calculus.program import (
    Axes,
    Contract,
    Leaf,
    Map,
    Node,
    Number,
    canonical_axes,
    is_zero,
    reachable,
)
from gdsym.codegen import update
from gdsym.codegen.expressions import Writer
from gdsym.codegen.layout import INDENT, wrapped
from gdsym.codegen.plan import Total
from gdsym.language.functions import SIGNS
from gdsym.language.model import Data, Param, Rule

if TYPE_CHECKING:
    from gdsym.codegen.kernels import Kernels


class BatchWriter(Writer):
    """A writer that can put the totals of a batch into names.

    `room` is how many numbers of scratch its loops then want in `_work`, and `kept` has the
    dimensions of the sums that lie side by side in `_sums`, with their sizes' names.
    """

    room: int | None = None
    kept: Sequence[tuple[str, str]] = ()

    def batch(self, totals: Sequence[Total], scale: str) -> list[str] | None:
        """Statements after which each total is known by a name, times `scale`; None if not all
        of them are sums in loops."""
        raise NotImplementedError

    def keep(self, dim: str, size: str) -> str:
        """Room for one more sum: a step makes no array that an earlier one had."""
        before = " + ".join(name for _, name in self.kept)
        self.kept = [*self.kept, (dim, size)]
        return f"_sums[{before} : {before} + {size}]" if before else f"_sums[:{size}]"


# What numba has of NumPy for arrays without rows, under the same name.
PLAIN = frozenset(
    (*("add", "mul", "pow", "exp", "expm1", "log", "log1p", "sqrt", "abs", "sin", "cos"),
     *("tanh", "min", "max", "where"), *SIGNS)
)  # fmt: skip


def epochs(kernels: Kernels, rules: Sequence[Rule]) -> list[list[str]]:
    """The functions of a module by which a fit runs epochs of these rules."""
    plan = kernels.plan
    if plan.minibatch is not None or plan.whole or len(plan.passes) != 1 or not rules:
        return []
    totals = [total for total in plan.passes[0] if total.order < 2]
    if any(total.kind != "sum" for total in totals) or not _is_plain(kernels, totals):
        return []
    batch = _batch(kernels, totals)
    if batch is None:
        return []
    made = [part for rule in rules for part in _of_rule(rule, kernels, batch)]
    return [batch.take, batch.lines, *made] if made else []


def _is_plain(kernels: Kernels, totals: Sequence[Total]) -> bool:
    """True where numba takes the NumPy text of everything that has no rows."""
    program = kernels.program
    ends = {total.node for total in totals}
    stack = [program.value, *program.grads.values(), *ends]
    seen: set[Node] = set()
    while stack:
        node = stack.pop()
        if node in seen or isinstance(node, (Leaf, Number)):
            continue
        seen.add(node)
        stack += node.operands
        if node in ends or program.row in node.axes:
            continue
        if len(node.axes) > 1 or not _is_simple(node):
            return False
    return all(_rows_first(kernels, item.dims) for item in kernels.model.data)


def _is_simple(node: Node) -> bool:
    match node:
        case Map():
            return node.op in PLAIN
        case Contract():
            vectors = all(len(factor.node.axes) == 1 for factor in node.factors)
            return not (node.deltas or node.axes) and vectors
    return False


def _rows_first(kernels: Kernels, dims: Sequence[str]) -> bool:
    row = kernels.model.row
    return row not in dims or (dims[0] == row and len(dims) <= 2)


@dataclass(frozen=True, slots=True)
class _Batch:
    """`_batch` and what takes its rows; items of data, and Python text of the rest it is given."""

    lines: list[str]
    take: list[str]
    room: int
    kept: list[str]
    data: list[Data]
    given: list[str]


def _batch(kernels: Kernels, totals: Sequence[Total]) -> _Batch | None:
    writer = kernels.writer()
    assert isinstance(writer, BatchWriter)
    writer.helpers = set()
    outside = _known_by_name(kernels, writer)
    for total in totals:
        writer.known.pop(total.node, None)
    lines = _gradient(kernels, writer, totals)
    if lines is None or writer.helpers - {"numba"}:
        return None
    read = {leaf.name for leaf in writer.read if isinstance(leaf, Leaf) and leaf.kind == "data"}
    data = [item for item in kernels.model.data if item.name in read]
    room = ["_work, _sums = _room[-1], _room[-2]"]
    lines = [*room, *_part(kernels, data), *_split(kernels, writer), *lines]
    used = set(re.findall(r"\w+", "\n".join(lines)))
    given = {name: text for name, text in outside.items() if name in used}
    unpacked = [f"{_tuple(given)} = _given"] if given else []
    made = [part for line in (*unpacked, *lines) for part in wrapped(INDENT + line)]
    head = [
        "@_compiled(inline=True)",
        "def _batch(theta: Any, _rows: Any, _first: Any, _n: Any, _room: Any, _given: Any,"
        " _g: Any) -> Any:",
        f'{INDENT}"""The objective estimated from some rows; its gradient goes to _g."""',
    ]
    head[1:2] = wrapped(head[1])
    kept = [f'totals.dims["{dim}"]' for dim, _ in writer.kept]
    return _Batch(
        [*head, *made], _take(kernels, data), writer.room or 0, kept, data, list(given.values())
    )


def _known_by_name(kernels: Kernels, writer: Writer) -> dict[str, str]:
    """Gives all that comes from outside a name; by it, the text that a kernel has instead."""
    outside = {name: f'totals.dims["{dim}"]' for dim, name in kernels.size_names.items()}
    for node, text in list(writer.known.items()):
        if text.startswith(("totals.", "_code(")):
            name = writer.known[node] = f"_known{len(outside)}"
            outside[name] = text
        elif isinstance(node, Leaf) and node.kind == "const":
            outside[text] = f'totals.consts["{node.name}"]'
    return {**outside, "_offset": "totals.offset"}


def _gradient(kernels: Kernels, writer: BatchWriter, totals: Sequence[Total]) -> list[str] | None:
    """Statements from the rows of a batch to the objective and its gradient."""
    lines = writer.batch(totals, "_n/_rows.size")
    if lines is None:
        return None
    program = kernels.program
    nodes = [program.value, *program.grads.values()]
    writer.uses = {}
    writer.count(list(dict.fromkeys(nodes)))
    lines += kernels.statements(writer, nodes)
    for param, place in _places(kernels):
        node, axes = program.grads[param.name], canonical_axes(param.dims)
        if node.axes and node.axes != axes:
            return None
        code = writer.text(node).code
        lines += _entries_of(kernels, writer, node, place) or [_whole(kernels, param, code, place)]
    value = writer.text(program.value).code
    constant = " + _offset" if program.offset is not None and not is_zero(program.offset) else ""
    return [DOT.sub(r"_inner(\1, \2)", line) for line in (*lines, f"return {value}{constant}")]


# BLAS takes longer to be called than a short dot product.
DOT = re.compile(r"\((\w+) @ (\w+)\)")
NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?![\w.(])")
# What has no form for one entry: reductions, entries, shapes, and choices.
NOT_BY_ENTRY = re.compile(
    r"@|\[|None|where|(sum|max|min|einsum|dot|ones|zeros|full)\(|broadcast|_inner"
)


def _is_param(node: Node) -> bool:
    return isinstance(node, Leaf) and node.kind == "param"


def _whole(kernels: Kernels, param: Param, code: str, place: str) -> str:
    shape = f".reshape({_sizes(kernels, param)})[:]" if len(param.dims) > 1 else ""
    return f"_g[{place}]{shape} = {code}"


def _entries_of(kernels: Kernels, writer: Writer, node: Node, place: str) -> list[str]:
    """The gradient of a vector, entry by entry without an array of its own; none if unknown."""
    code = writer.text(node).code
    axes: dict[str, Axes] = dict.fromkeys(kernels.size_names.values(), ())
    axes |= {writer.text(leaf).code: leaf.axes for leaf in reachable([node]) if _is_param(leaf)}
    axes |= {name: n.axes for n, name in writer.known.items() if name.isidentifier()}
    names = set(NAME.findall(code))
    if len(node.axes) != 1 or NOT_BY_ENTRY.search(DOT.sub("", code)) or not names <= axes.keys():
        return []
    vectors = {name for name in names if axes[name]}
    if any(axes[name] != node.axes for name in vectors):
        return []
    first, _, _ = place.partition(":")
    at = "_j" if first == "0" else f"{first} + _j"
    entry = NAME.sub(lambda m: f"{m[1]}[_j]" if m[1] in vectors else m[1], code)
    return [f"for _j in range(_g[{place}].size):", f"{INDENT}_g[{at}] = {entry}"]


def _places(kernels: Kernels) -> list[tuple[Param, str]]:
    """Where each parameter lies in theta, as an index or a slice."""
    found, before = [], "0"
    for param in kernels.model.params:
        size = "*".join(kernels.size_names[dim] for dim in param.dims) or "1"
        after = size if before == "0" else f"{before} + {size}"
        found.append((param, f"{before}:{after}" if param.dims else before))
        before = after
    return found


def _sizes(kernels: Kernels, param: Param) -> str:
    return ", ".join(kernels.size_names[dim] for dim in param.dims)


def _split(kernels: Kernels, writer: Writer) -> list[str]:
    """The parameters that are read, from theta."""
    read = {leaf.name for leaf in writer.read if isinstance(leaf, Leaf) and leaf.kind == "param"}
    lines = []
    for param, place in _places(kernels):
        if param.name in read:
            shape = f".reshape({_sizes(kernels, param)})" if len(param.dims) > 1 else ""
            lines.append(f"{kernels.arguments[param.name]} = theta[{place}]{shape}")
    return lines


def _take(kernels: Kernels, data: Sequence[Data]) -> list[str]:
    """A function that brings the entries of the rows of some batches side by side."""
    lines = [
        f"_entries(data[{place}], rows, room[{place}])"
        for place, item in enumerate(data)
        if _is_taken(kernels, item)
    ]
    return [
        "@_compiled",
        "def _take(data: Any, rows: Any, room: Any) -> Any:",
        f'{INDENT}"""Brings what data have for some rows into room for it; tables stay."""',
        *(INDENT + line for line in lines or ["pass"]),
    ]


def _is_taken(kernels: Kernels, item: Data) -> bool:
    """True for a number a row: of a table a row is a piece of memory, which loops read there."""
    return item.dims == (kernels.model.row,)


def _part(kernels: Kernels, data: Sequence[Data]) -> list[str]:
    """The entries of a batch, and tables."""
    return [
        f"{kernels.arguments[item.name]} = _room[{place}]"
        + ("[_first : _first + _rows.size]" if _is_taken(kernels, item) else "")
        for place, item in enumerate(data)
    ]


# -- the rule ------------------------------------------------------------------------------------

DRIVER = """\
@_compiled
def _epoch_RULE(
    theta: Any, rows: Any, size: Any, n: Any, t: Any, T: Any, data: Any, room: Any, given: Any,
    g: Any, before: Any, vectors: Any, scalars: Any, options: Any,
) -> Any:
    \"\"\"Steps of RULE, one for each `size` of the rows.\"\"\"
    total = f = 0.0
    made = 0
    several = size * max(1, TOGETHER // size)
    for start in range(0, rows.size, several):
        some = rows[start : start + several]
        _take(data, some, room)
        for first in range(0, some.size, size):
            batch = some[first : first + size]
            f = _batch(theta, batch, first, n, room, given, g)
            if not np.isfinite(f):
                return total, f, made, scalars
            total += f * batch.size
            if start + first + batch.size == rows.size:
                before[:] = theta
            made += 1
            scalars = _step_RULE(theta, g, f, t + made, T, vectors, scalars, options)
    return total, f, made, scalars
"""
# Rows whose entries are brought together: while some come from memory, others are on their way.
TOGETHER = 256


def _of_rule(rule: Rule, kernels: Kernels, batch: _Batch) -> list[list[str]]:
    """The step, the epoch, and the function that a fit calls."""
    step = _step(rule)
    if step is None:
        return []
    driver = DRIVER.replace("RULE", rule.name).replace("TOGETHER", str(TOGETHER))
    return [step, driver.rstrip().splitlines(), _caller(rule, kernels, batch)]


def _step(rule: Rule) -> list[str] | None:
    text = update.RuleText(rule)
    scalars = [update.python_name(state.name) for state in rule.states if state.scalar]
    lines = []
    for step in rule.body:
        name = update.python_name(step.name)
        if step.keyword != "let" and name in scalars:
            lines.append(f"{name} = {text.expression(step.expr)}")
        else:
            lines += text.step(step, set())
    if text.helpers:
        return None
    vectors = _vectors(rule)
    one_by_one = not scalars and not any(map(WHOLE.search, lines))
    body = _entries(vectors, lines) if one_by_one else lines
    start = [f"{_tuple(vectors)} = _vectors"] if vectors and not one_by_one else []
    start += [f"{_tuple(scalars)} = _scalars"] if scalars else []
    options = [update.python_name(option.name) for option in rule.options]
    start += [f"{_tuple(options)} = _options"] if options else []
    returned = f"({_tuple(f'float({name})' for name in scalars)})" if scalars else "_scalars"
    arrays = "_theta: Any, _g: Any" if one_by_one else "theta: Any, g: Any"
    return [
        "@_compiled(inline=True)",
        *wrapped(
            f"def _step_{rule.name}({arrays}, f: Any, t: Any, T: Any, _vectors: Any, "
            "_scalars: Any, _options: Any) -> Any:"
        ),
        f'{INDENT}"""One step of {rule.name}; returns the states that are numbers."""',
        *(part for line in (*start, *body) for part in wrapped(INDENT + line)),
        f"{INDENT}return {returned}",
    ]


# What makes a statement of a rule one about vectors as wholes.
WHOLE = re.compile(r"np\.(sum|max|min|prod|where|einsum)\(|@|\.size")


def _entries(vectors: Sequence[str], lines: Sequence[str]) -> list[str]:
    """The statements of a rule for one entry of theta after the other."""
    names = {"theta": "_theta", "g": "_g"}
    names |= {name: f"_vectors[{place}]" for place, name in enumerate(vectors)}
    used = set(re.findall(r"\w+", "\n".join(lines)))
    changed = ["theta", *(name for name in vectors if name != "x0")]
    inside = [
        *(f"{name} = {array}[_i]" for name, array in names.items() if name in used),
        *(re.sub(r"^(\w+)\[:\] =", r"\1 =", line).removesuffix(".copy()") for line in lines),
        *(f"{names[name]}[_i] = {name}" for name in changed if name in used),
    ]
    return ["for _i in range(_theta.size):", *(INDENT + line for line in inside)]


def _vectors(rule: Rule) -> list[str]:
    names = [update.python_name(state.name) for state in rule.states if not state.scalar]
    return [*names, "x0"] if "x0" in update.given(rule) else names


def _caller(rule: Rule, kernels: Kernels, batch: _Batch) -> list[str]:
    options = [update.parameter(option) for option in rule.options]
    names = [kernels.arguments[item.name] for item in kernels.model.data]
    used = [kernels.arguments[item.name] for item in batch.data]
    left = [name if name in used else "_" for name in names]
    states = [state.name for state in rule.states if state.scalar]
    several = f"size*max(1, {TOGETHER}//size)"
    rows = [
        f"_room({name}, {several})" if _is_taken(kernels, item) else name
        for name, item in zip(used, batch.data, strict=True)
    ]
    rows += [f"np.empty({' + '.join(batch.kept) or 0})", f"np.empty({batch.room})"]
    vectors = [f'state["{name.rstrip("_")}"]' for name in _vectors(rule)]
    arguments = {
        "data": used,
        "room": rows,
        "given": batch.given,
        "vectors": vectors,
        "scalars": [f'float(state["{name}"])' for name in states],
        "options": [f"float({update.python_name(option.name)})" for option in rule.options],
    }
    lines = [
        "totals = problem._totals",
        f"{_tuple(left)} = problem._blocks.arrays",
        *(f"{name}_ = ({_tuple(values)})" for name, values in arguments.items()),
        "g, before = np.empty_like(theta), np.empty_like(theta)",
        "last = math.nan if T is None else float(T)",
        f"total, f, made, numbers = _epoch_{rule.name}("
        'theta, rows, size, float(totals.rows), float(state["t"]), last, data_, room_, given_, '
        "g, before, vectors_, scalars_, options_)",
        'state["t"] += made',
        *(f'state["{name}"] = np.float64(numbers[{i}])' for i, name in enumerate(states)),
        "return total, f, made, g, before",
    ]
    return [
        f"def epoch_{rule.name}(",
        f"{INDENT}problem: Problem, theta: Array, rows: Array, size: int, state: dict[str, Any],",
        *(f"{INDENT}{part}," for part in ("*", *options, "T: int | None = None")),
        ") -> tuple[float, float, int, Array, Array]:",
        f'{INDENT}"""Steps of {rule.name}, one for each `size` of the rows, in place.',
        "",
        f"{INDENT}Returns the sum of f over the rows, and of the last batch f, the number of its",
        f"{INDENT}step, its gradient and where that was taken. Ends before a step from an f that",
        f"{INDENT}is not finite.",
        f'{INDENT}"""',
        *(part for line in lines for part in wrapped(INDENT + line)),
    ]


def _tuple(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names) + ("," if len(names) == 1 else "")
