"""The function of a generated module that keeps what `train` needs when the fit is done."""

from __future__ import annotations

from gdsym.calculus.program import Program, is_kept
from gdsym.codegen.kernels import Kernels
from gdsym.codegen.layout import INDENT


def kept(kernels: Kernels) -> list[str]:
    """The statistics that read parameters, or have the rows of the training data."""
    head = [
        "def _keep(theta: Array, block: Block, totals: Totals) -> dict[str, Any]:",
        f'{INDENT}"""What `train` keeps for predictions, from a block that holds every row."""',
    ]
    stats = kernels.program.stats
    nodes = {name: node for name, node in stats.items() if is_kept(name)}
    if not nodes:
        return [*head, f"{INDENT}return {{}}"]
    writer = kernels.writer()
    writer.count(nodes.values())
    lines = kernels.statements(writer, nodes.values())
    lines.append("return {")
    for name, node in nodes.items():
        lines.append(f'{INDENT}"{name}": {writer.oriented(node, node.axes).code},')
    lines.append("}")
    return [*head, *kernels.body(writer, lines)]


def kept_axes(program: Program) -> dict[str, tuple[str, ...]]:
    """The dimensions of these statistics, by name."""
    stats = program.stats
    return {
        name: tuple(axis.dim for axis in node.axes)
        for name, node in stats.items()
        if is_kept(name)
    }
