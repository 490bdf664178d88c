"""The functions of a generated module that have second derivatives, or derivatives row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gdsym.calculus.program import Axes, Axis, Leaf, Node, canonical_axes, is_zero, reachable
from gdsym.calculus.second import paired
from gdsym.codegen.expressions import Writer
from gdsym.codegen.kernels import Kernels
from gdsym.codegen.layout import INDENT, wrapped
from gdsym.codegen.plan import is_total

BY_BLOCKS = [
    "def _curved(problem: Problem, theta: Array, totals: Totals) -> tuple[float, Array, Array]:",
    f'{INDENT}"""The objective, its gradient and its Hessian."""',
    f"{INDENT}acc = problem._gathered(theta, 2)",
    f"{INDENT}f, g = finish(theta, acc, totals)",
    f"{INDENT}return float(f), g, finish_hess(theta, acc, totals)",
]
BY_COLUMNS = [
    "def _curved(problem: Problem, theta: Array, totals: Totals) -> tuple[float, Array, Array]:",
    f'{INDENT}"""The objective, its gradient and its Hessian: too many parameters for blocks."""',
    f"{INDENT}f, g = finish(theta, problem._gathered(theta, 1), totals)",
    f"{INDENT}return float(f), g, _columns(problem, theta)",
]


def second_order(kernels: Kernels) -> list[list[str]]:
    """What a module has beyond value and gradient."""
    functions = [width(kernels), partial_hvp(kernels), finish_hvp(kernels)]
    if kernels.program.hess:
        functions = [finish_hess(kernels), BY_BLOCKS, *functions]
    else:
        kernels.helpers.add("columns")
        functions.append(BY_COLUMNS)
    if has_scores(kernels):
        kernels.helpers |= {"scores", "beside"}
        functions.append(scores(kernels))
    if has_squares(kernels):
        kernels.helpers |= {"squares", "stacked", "triangle", "beside"}
        functions += residuals(kernels)
    return functions


def finish_hess(kernels: Kernels) -> list[str]:
    """The blocks of the Hessian, from sums over rows."""
    program = kernels.program
    places = {param.name: place for place, param in enumerate(kernels.model.params)}
    blocks = {names: node for names, node in program.hess.items() if not is_zero(node)}
    writer = kernels.writer(block=False)
    kernels.know_totals(writer, "sums", kernels.plan.passes)
    writer.count(list(dict.fromkeys(blocks.values())))
    lines = kernels.statements(writer, blocks.values())
    entries = []
    for (p, q), node in blocks.items():
        own, other = _axes(kernels, p), _axes(kernels, q)
        code = kernels.in_order(writer, node, (*own, *paired(own, other))).code
        name = writer.fresh(f"hess_{p}_{q}")
        lines.append(f"{name} = {code}")
        entries.append(f"{INDENT}({places[p]}, {places[q]}): {name},")
    lines += ["return _assembled(totals.dims, {", *entries, "})"]
    head = [
        "def finish_hess(theta: Array, acc: Sums, totals: Totals) -> Array:",
        f'{INDENT}"""The Hessian of the objective from the sums over all rows, of order 2."""',
    ]
    return [*head, *kernels.finishing(writer, lines, kernels.plan.passes)]


def width(kernels: Kernels) -> list[str]:
    """The size of the largest array per row that a kernel needs."""
    program = kernels.program
    summed = [t.node for stage in kernels.plan.passes for t in stage if t.order < 2]
    slopes = _products(kernels, summed, 1)
    curves = _products(kernels, program.hess.values(), 2)
    lines = kernels.sizes(dim.name for dim in kernels.model.dims)
    used = [line for line in lines if any(_reads(p, line) for p in (*slopes, *curves))]
    first, second = _largest(slopes), _largest(curves)
    apart = [f"{INDENT}if order < 2:", *wrapped(f"{INDENT * 2}return {first}")]
    return [
        "def _width(dims: Mapping[str, int], order: int) -> int:",
        f'{INDENT}"""The numbers per row of the largest array of a kernel of this order."""',
        *used,
        *(apart if first != second else ()),
        *wrapped(f"{INDENT}return {second}"),
    ]


def _products(kernels: Kernels, nodes: Iterable[Node], fewest: int) -> list[str]:
    """The sizes per row of what is computed, as texts, where so many dimensions make them."""
    found: dict[str, None] = {}
    for node in reachable(nodes):
        inner = [kernels.size_names[axis.dim] for axis in node.axes if axis != kernels.row]
        made = kernels.row in node.axes and not isinstance(node, Leaf)
        if made and len(inner) >= fewest:
            found["*".join(inner)] = None
    return list(found)


def _largest(products: Sequence[str]) -> str:
    return f"max({', '.join(['1', *products])})" if products else "1"


def _reads(product: str, line: str) -> bool:
    return line.split()[0] in product.split("*")


def partial_hvp(kernels: Kernels) -> list[str]:
    """The kernel of every pass that the Hessian along a direction needs."""
    doc = '"""Add the share of a block of m rows to the Hessian along a direction."""'
    return kernels.passes("partial_hvp", kernels.plan.hvp, doc, "direction: Array, ")


def finish_hvp(kernels: Kernels) -> list[str]:
    """The Hessian along a direction, from sums over rows."""
    writer = kernels.writer(block=False)
    kernels.know_totals(writer, "sums", kernels.plan.hvp)
    nodes = kernels.program.hvp
    writer.count(list(dict.fromkeys(nodes.values())))
    lines = kernels.statements(writer, nodes.values())
    pieces = []
    for name, node in nodes.items():
        piece = writer.fresh(f"hvp_{name}")
        lines.append(f"{piece} = {kernels.in_order(writer, node, _axes(kernels, name)).code}")
        pieces.append(piece)
    lines.append(f"return _join(totals.dims, {', '.join(pieces)})")
    head = [
        "def finish_hvp(theta: Array, direction: Array, acc: Sums, totals: Totals) -> Array:",
        f'{INDENT}"""The Hessian of the objective times a direction."""',
    ]
    return [*head, *kernels.finishing(writer, lines, kernels.plan.hvp)]


# -- row by row --------------------------------------------------------------------------------


def has_scores(kernels: Kernels) -> bool:
    """True where each row has a term of the loss of its own."""
    scores = kernels.program.scores
    return bool(scores) and kernels.plan.minibatch is None and _local(kernels, scores.values())


def has_squares(kernels: Kernels) -> bool:
    """True where the objective is a sum of squares that blocks of rows can make."""
    program = kernels.program
    nodes = [*program.residuals, *program.jacobian.values()]
    if program.squares is None or _reads_params(program.squares):
        return False
    return kernels.plan.whole or _local(kernels, nodes)


def _reads_params(node: Node) -> bool:
    """True for a factor that is a fixed parameter's: it is no constant to a caller."""
    return any(isinstance(part, Leaf) and part.kind == "param" for part in reachable([node]))


def _local(kernels: Kernels, nodes: Iterable[Node]) -> bool:
    """True where no total over rows is needed but those of data alone."""
    learnt = {total.node for stage in kernels.plan.learn for total in stage}
    return not any(is_total(n, kernels.row) and n not in learnt for n in reachable(nodes))


def scores(kernels: Kernels) -> list[str]:
    """The gradient of each row's own term of the loss."""
    assert kernels.row is not None
    nodes = kernels.program.scores
    writer = kernels.writer()
    writer.count(list(dict.fromkeys(nodes.values())))
    lines = kernels.statements(writer, nodes.values())
    pieces = [
        kernels.in_order(writer, node, (kernels.row, *_axes(kernels, name))).code
        for name, node in nodes.items()
    ]
    lines += ["shape = (_rows(block),)", *_returned("", "shape", pieces)]
    head = [
        "def _scores(theta: Array, block: Block, totals: Totals) -> Array:",
        f'{INDENT}"""The gradient of each row\'s own term of the loss, for a block of m rows."""',
    ]
    return [*head, *kernels.body(writer, lines)]


def _returned(first: str, shape: str, pieces: Sequence[str]) -> list[str]:
    lines = [f"return {first}_beside(totals.dims, {shape}, ("]
    lines += [f"{INDENT}{piece}," for piece in pieces]
    return [*lines, "))"]


def residuals(kernels: Kernels) -> list[list[str]]:
    """What is squared, with its derivatives: by rows, and what has no rows."""
    found = kernels.program.residuals
    by_row = [i for i, node in enumerate(found) if kernels.plan.whole or kernels.row in node.axes]
    others = [i for i in range(len(found)) if i not in by_row]
    head = "def {}(theta: Array, {}totals: Totals) -> tuple[Array, Array]:"
    functions = []
    for name, argument, places in (
        ("_row_residuals", "block: Block, ", by_row),
        ("_other_residuals", "", others),
    ):
        what = "rows of a block" if argument else "terms without rows"
        doc = f'{INDENT}"""The residuals of {what} and their derivatives."""'
        body = _residuals(kernels, places, inside=bool(argument))
        functions.append([head.format(name, argument), doc, *body])
    writer = kernels.writer(block=False, params=False)
    scale = kernels.program.squares
    assert scale is not None
    writer.count([scale])
    lines = kernels.statements(writer, [scale])
    lines.append(f"return {writer.text(scale).code}")
    doc = f'{INDENT}"""What the sum of the squares of all residuals is multiplied with."""'
    body = kernels.body(writer, lines, inside=False)
    return [*functions, ["def _squares(totals: Totals) -> Any:", doc, *body]]


def _residuals(kernels: Kernels, places: Sequence[int], *, inside: bool) -> list[str]:
    program = kernels.program
    if not places:
        return [f"{INDENT}return _stacked(totals.dims, [])"]
    writer = kernels.writer(block=inside)
    nodes = [program.residuals[i] for i in places]
    nodes += [program.jacobian[i, p.name] for i in places for p in kernels.model.params]
    writer.count(list(dict.fromkeys(nodes)))
    lines = kernels.statements(writer, nodes)
    values = {}
    for i in places:
        node = program.residuals[i]
        values[i] = writer.fresh("residual")
        lines.append(f"{values[i]} = {kernels.in_order(writer, node, node.axes).code}")
    lines.append("return _stacked(totals.dims, [")
    for i in places:
        residual = program.residuals[i]
        shape = [_size(kernels, writer, axis) for axis in residual.axes]
        comma = "," if len(shape) == 1 else ""
        lines.append(f"{INDENT}({values[i]}, ({', '.join(shape)}{comma}), (")
        for param in kernels.model.params:
            own = canonical_axes(param.dims)
            axes = (*residual.axes, *paired(residual.axes, own))
            piece = kernels.in_order(writer, program.jacobian[i, param.name], axes).code
            lines.append(f"{INDENT * 2}{piece},")
        lines.append(f"{INDENT})),")
    lines.append("])")
    return kernels.body(writer, lines, inside=inside)


def _size(kernels: Kernels, writer: Writer, axis: Axis) -> str:
    if axis == kernels.row:
        return "_rows(block)"
    writer.sizes[axis.dim] = None
    return kernels.size_names[axis.dim]


def _axes(kernels: Kernels, param: str) -> Axes:
    return canonical_axes(next(p.dims for p in kernels.model.params if p.name == param))
