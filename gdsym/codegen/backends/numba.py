"""The numba printer: a pass over the rows as compiled loops, with its sums in registers.

Rows are taken in chunks so short that a chunk of the data, and all that is computed from it, stay
in a core's first cache: the data come from memory once, for the linear predictors and for the
gradient. Element-wise work is one loop over a chunk for all nodes of the same axes, without
branches, so that the compiler makes vectors of it; so are `exp`, `log` and their like below.

What compiled loops would do no better stays with NumPy, on whole blocks, between two loops:
products of matrices with matrices, factorisations, and functions that only scipy has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Delta,
    Factor,
    Leaf,
    Map,
    Node,
    Number,
    Reduce,
)
from gdsym.codegen import expressions
from gdsym.codegen.backends import Backend
from gdsym.codegen.backends._epochs import BatchWriter, epochs
from gdsym.codegen.expressions import (
    ATOM,
    COMPARISON,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Text,
    has_one_hot,
    number_text,
)
from gdsym.codegen.kernels import Kernels
from gdsym.codegen.layout import INDENT, wrapped
from gdsym.codegen.plan import Plan, Total, is_total
from gdsym.language.functions import SIGNS

# Core functions in a loop: those of `SUPPORT`, which become vectors, and those of the C library.
FUNCTIONS = {
    "exp": "_exp({})",
    "expm1": "_expm1({})",
    "log": "_log({})",
    "log1p": "_log1p({})",
    "tanh": "_tanh({})",
    "min": "_least({}, {})",
    "max": "_most({}, {})",
    "where": "_either({}, {}, {})",
    "abs": "abs({})",
    "sign": "_sign({})",
    "sqrt": "np.sqrt({})",
    "log2": "np.log2({})",
    "log10": "np.log10({})",
    "sin": "np.sin({})",
    "cos": "np.cos({})",
    "tan": "np.tan({})",
    "asin": "np.arcsin({})",
    "acos": "np.arccos({})",
    "atan": "np.arctan({})",
    "atan2": "np.arctan2({}, {})",
    "hypot": "np.hypot({}, {})",
    "sinh": "np.sinh({})",
    "cosh": "np.cosh({})",
    "erf": "math.erf({})",
}
LIMITED = {"min": "_at_most({}, {})", "max": "_at_least({}, {})"}  # where one is a number
LOGICAL = ("and", "or", "not")
PRINTED = frozenset((*FUNCTIONS, *SIGNS, *LOGICAL, "add", "mul", "pow"))

# Rows in a chunk: 64 rows of 100 numbers are about a first cache. With fewer, memory rests more
# often while functions are computed; twice as many gain no more, and of 1000 columns they lose.
CHUNK = 64
# A power that is multiplied out; the C library has the others, to the last digit.
MULTIPLIED = 4

# Rows ahead of which lines of tables are asked for: a processor is at so many at a time.
NEAR = 6


class Writer(BatchWriter):
    """Writes NumPy, and what a pass sums over rows as loops."""

    def batch(self, totals: Sequence[Total], scale: str) -> list[str] | None:
        self.uses = {}
        self.count([total.node for total in totals])
        part = _Part(self, totals, scale=scale)
        self.room, self.kept = 0, []
        return part.lines() if part.is_looped else None

    def scratch(self, size: int) -> str:
        """Room for what a chunk of rows computes, as an argument of a loop."""
        if self.room is None:
            return f"np.empty({size})"
        self.room = max(self.room, size)
        return "_work"

    def gather(self, totals: Sequence[Total], into: str) -> list[str]:
        if not any(_loops(total.node, self.row) for total in totals if total.kind == "sum"):
            self.helpers.add("cached blocks")
            return super().gather(totals, into)
        # The value alone takes no less time than with the gradient: the data come from memory.
        orders = sorted({total.order for total in totals})
        orders = orders[1:] if orders[:2] == [0, 1] else orders
        lines = [f"if acc.order < {orders[0]}:", f"{INDENT}return"] if orders[0] > 1 else []
        for order, after in zip(orders, [*orders[1:], None], strict=True):
            body = self._part([total for total in totals if total.order <= order], into)
            if after is None:
                return lines + body
            lines += [f"if acc.order < {after}:", *(INDENT + line for line in body)]
            lines.append(f"{INDENT}return")
        return lines

    def _gram(self, node: Contract, half: Factor, other: Factor, weight: Factor | None) -> Text:
        text = super()._gram(node, half, other, weight)
        if weight is None or not text.code.startswith("_gram("):
            return text
        self.helpers.add("numba")
        return replace(text, code=f"_narrow{text.code}")

    def _part(self, totals: Sequence[Total], into: str) -> list[str]:
        """Statements for some totals of a pass, as if there were no others."""
        known, taken, steps = dict(self.known), set(self.taken), self.steps
        self.uses = {}
        self.count([total.node for total in totals])
        part = _Part(self, totals, into)
        if max(total.order for total in totals) < 2 and not part.is_looped:
            self.helpers.add("cached blocks")
        lines = part.lines()
        self.known, self.taken, self.steps = known, taken, steps
        return lines


def _loops(node: Node, row: Axis | None) -> bool:
    """True where a loop over rows computes this as well as anything, given its operands."""
    match node:
        case Map():
            return row in node.axes and node.op in PRINTED
        case Reduce():
            return node.op == "max" and row in node.axes and row not in node.over
        case Contract():
            return _loops_contraction(node, row)
    return False


def _loops_contraction(node: Contract, row: Axis | None) -> bool:
    indices = [set(factor.indices) for factor in node.factors]
    if any(len(each) < len(f.indices) for each, f in zip(indices, node.factors, strict=True)):
        return False  # a diagonal
    inside = set().union(*indices)
    if node.deltas:
        return _reads_codes(node, row) and (row in node.axes or _adds_by_code(node, row))
    if not node.summed or row not in inside:
        return False
    if any(_renamed(factor.indices, factor.node.axes) for factor in node.factors):
        return False
    return len(node.factors) == 1 or len(inside) <= 2  # more than that is BLAS's


def _is_line(node: Node, row: Axis | None) -> bool:
    """True for lines of a table, `V[item[n], :]`, that lie in one piece."""
    return isinstance(node, Contract) and bool(
        node.deltas and node.factors and row in node.axes and len(node.axes) == 2
    )


def _renamed(indices: Axes, axes: Axes) -> bool:
    return indices != axes


def _reads_codes(node: Contract, row: Axis | None) -> bool:
    """A gather, or one-hot rows: at each row, entries that codes of that row choose."""
    for delta in node.deltas:
        if delta.source is None or delta.indices != delta.source.axes:
            return False
    chosen = {delta.axis for delta in node.deltas}
    for arg, indices in node.factors:
        for own, index in zip(arg.axes, indices, strict=True):
            if (own == row) != (index == row) or (index != own and index not in chosen):
                return False
    return True


def _adds_by_code(node: Contract, row: Axis | None) -> bool:
    """A scatter by codes that have no other axis than the rows."""
    opened = all(d.axis in node.axes and d.indices == (row,) for d in node.deltas)
    summed = all(index in node.axes or index == row for f in node.factors for index in f.indices)
    return opened and summed and row in node.summed and len(node.factors) <= 1


@dataclass(slots=True)
class _Group:
    """Statements of one nest of loops over `axes` and the rows of a chunk, or one of its own."""

    axes: Axes | None
    nodes: list[Node] = field(default_factory=list)


class _Part:
    """Some totals of a pass as lines: NumPy's statements, loops between them, additions."""

    def __init__(
        self, writer: Writer, totals: Sequence[Total], into: str | None = None, scale: str = ""
    ) -> None:
        """into: the sums that the totals are added to; without it they are known by names."""
        self.writer = writer
        self.scale = scale
        self.row = writer.row
        self.totals = totals
        self.into = into
        self.needed = self._order()
        self.rows = [node for node in self.needed if self._has_rows(node)]
        targets = {total.node for total in totals}
        sums = {total.node for total in totals if total.kind == "sum"}
        self.looped = {
            node
            for node in self.rows
            if _loops(node, self.row) and (node in sums or node not in targets)
        }
        self.level = self._levels()
        self.readers: dict[Node, list[Node]] = {}
        for node in self.rows:
            for operand in node.operands:
                self.readers.setdefault(operand, []).append(node)

    @property
    def is_looped(self) -> bool:
        """True where NumPy has nothing left to do with rows."""
        return self.looped.issuperset(self.rows)

    def _order(self) -> list[Node]:
        """All that must be computed, in order of evaluation."""
        seen: set[Node] = set()
        stack = [total.node for total in self.totals]
        while stack:
            node = stack.pop()
            if node in seen or node in self.writer.known or isinstance(node, (Leaf, Number)):
                continue
            seen.add(node)
            stack += node.operands
        return sorted(seen, key=lambda node: node.id)

    def _has_rows(self, node: Node) -> bool:
        return self.row in node.axes or is_total(node, self.row)

    def _levels(self) -> dict[Node, int]:
        """In which loop a node is computed, or after which NumPy computes it, -1 before all."""
        level: dict[Node, int] = {}
        for node in self.rows:
            before = [operand for operand in node.operands if operand in level]
            if node in self.looped:
                after = (level[operand] + (operand not in self.looped) for operand in before)
                level[node] = max(after, default=0)
            else:
                level[node] = max((level[operand] for operand in before), default=-1)
        return level

    def lines(self) -> list[str]:
        writer = self.writer
        held = len(writer.lines)
        targets = [total.node for total in self.totals]
        writer.write((node for node in self.needed if node not in self.level), targets)
        for level in range(-1, max(self.level.values()) + 1):
            here = [node for node in self.rows if self.level[node] == level]
            loop = [node for node in here if node in self.looped]
            if loop:
                writer.lines += _Loop(self, loop).written()
            writer.write((n for n in here if n not in self.looped and n not in targets), targets)
        done = self.looped
        rest = [total for total in self.totals if total.node not in done]
        if rest:
            assert self.into is not None
            writer.lines += [writer._addition(total, self.into) for total in rest]
        lines = writer.lines[held:]
        del writer.lines[held:]
        return lines

    def is_read_later(self, node: Node) -> bool:
        """True where NumPy reads a loop's node, or another loop does."""
        return any(
            reader not in self.looped or self.level[reader] != self.level[node]
            for reader in self.readers.get(node, ())
        )


class _Loop:
    """One compiled function over the rows of a block."""

    def __init__(self, part: _Part, nodes: Sequence[Node]) -> None:
        self.part = part
        self.writer = part.writer
        self.row = part.row
        self.nodes = nodes
        self.sums = {total.node: total for total in part.totals if total.node in nodes}
        self.taken = {"first", "count", "whole", "m", "i", "near", "work", "np", "nb", "math"}
        self.by_line = self._goes_by_line()
        self.again = {node for node in nodes if self.by_line and self._is_taken_again(node)}
        self.codes: dict[str, str] = {}  # of a row, to their names; where it goes by lines
        self.coming: dict[str, str] = {}  # those names to the codes of a row that comes later
        self.lines: dict[tuple[str, str], Axis] = {}  # tables, and names of codes, to their axes
        self.arguments: dict[str, str] = {}  # the kernel's text to the name in the loop
        self.indices: dict[Axis, str] = {}
        self.local: dict[Node, str] = {}
        self.scratch: dict[Node, str] = {}
        self.vectors = 0  # of scratch, side by side in `work`
        self.outputs: dict[Node, str] = {}
        self.allocated: list[str] = []
        self.results: dict[Node, str] = {}  # totals: what the function returns
        self.running: dict[Node, str] = {}  # totals: the arrays it adds to
        self.steps = 0
        self.matrix = False
        self.rows_of: str | None = None
        self.group: dict[Node, int] = {}
        self.groups: list[_Group] = []
        depth = self._depths()
        for node in sorted(nodes, key=lambda n: (depth[n], self._nest(n) is not None, n.id)):
            self._place(node)
        # One nest over the rows alone needs no chunks.
        self.one_by_one = self.by_line or [group.axes for group in self.groups] == [()]

    # -- one row after the other, and its lines of tables in innermost loops

    def _goes_by_line(self) -> bool:
        """True where lines of tables are read: what is computed of them needs no array then."""
        own = (_without(node.axes, self.row) for node in self.nodes if self.row in node.axes)
        return (
            any(_is_line(node, self.row) for node in self.nodes)
            and all(len(axes) <= 1 for axes in own)
            and not any(self.part.is_read_later(node) for node in self.nodes)
        )

    def _is_taken_again(self, node: Node) -> bool:
        """True for what each reader takes anew: entries of lines, and products of them."""
        readers = self.part.readers.get(node, [])
        if len(node.axes) != 2 or any(self._reads_elsewhere(r, node) for r in readers):
            return False
        once = len(readers) == 1 and node not in self.writer.names
        return _is_line(node, self.row) or (once and isinstance(node, Map) and node.op == "mul")

    @staticmethod
    def _reads_elsewhere(reader: Node, node: Node) -> bool:
        """True where codes choose the entry of a node that is read."""
        return isinstance(reader, Contract) and any(
            set(factor.indices) != set(node.axes) or delta.axis in factor.indices
            for factor in reader.factors
            for delta in reader.deltas
            if factor.node == node
        )

    def _places_of(self, node: Node) -> set[int]:
        """The groups in which a node's text stands."""
        if node not in self.again:
            return {self.group[node]} if node in self.group else set()
        readers = self.part.readers.get(node, ())
        return {place for reader in readers for place in self._places_of(reader)}

    def hoisted(self, source: Node) -> str:
        """The name of a code of a row, which is read once."""
        code = f"int({self.reference(source, {}, code=True)})"
        if code not in self.codes:
            name = self.codes[code] = self._fresh(None)
            assert self.row is not None
            self.coming[name] = f"int({self.reference(source, {self.row: 'near'}, code=True)})"
        return self.codes[code]

    def _note_line(self, table: str, places: Sequence[str], axes: Axes) -> None:
        """Keeps in mind that an entry of a line of a table is read or added to."""
        if len(axes) == 2 and places[0] in self.coming and axes[1] in self.indices:
            self.lines[table, places[0]] = axes[1]

    # -- which statements share a nest

    def _depths(self) -> dict[Node, int]:
        """How many nests of their own a node comes after: as late as its readers allow.

        So all linear predictors come first, and what they enter shares one nest.
        """
        depth: dict[Node, int] = {}
        for node in self.nodes:
            own = self._nest(node) is None
            depth[node] = own + max(
                (depth.get(operand, 0) for operand in node.operands), default=0
            )
        for node in reversed(self.nodes):
            readers = [r for r in self.part.readers.get(node, ()) if r in depth]
            if self._nest(node) is not None and readers:
                depth[node] = min(depth[r] - (self._nest(r) is None) for r in readers)
        return depth

    def _place(self, node: Node) -> None:
        axes = self._nest(node)
        lowest = 0
        for operand in node.operands:
            if operand in self.group:
                fused = axes is not None and self._fuses(operand, node, axes)
                lowest = max(lowest, self.group[operand] + (not fused))
        for place in range(lowest, len(self.groups)):
            if axes is not None and self.groups[place].axes == axes:
                break
        else:
            place = len(self.groups)
            self.groups.append(_Group(axes))
        self.groups[place].nodes.append(node)
        self.group[node] = place

    def _nest(self, node: Node) -> Axes | None:
        """The axes of the loops around a node's statement; None where it has loops of its own."""
        if isinstance(node, Map) or (
            isinstance(node, Contract) and node.deltas and self.row in node.axes
        ):
            return _without(node.axes, self.row)
        if isinstance(node, Contract) and not node.axes and not node.deltas:
            axes = {index for factor in node.factors for index in factor.indices}
            widest = max((factor.indices for factor in node.factors), key=len)
            if axes == set(widest):
                return _without(widest, self.row)
        return None

    def _fuses(self, operand: Node, node: Node, axes: Axes) -> bool:
        """True where the entry of an operand that is read is the one just computed."""
        if isinstance(node, Contract) and node.deltas:
            read = {f.node for f in node.factors if set(f.indices) != set(f.node.axes)}
            if operand in read:
                return False
        own_loops = self._nest(operand) is None
        return not own_loops and _without(operand.axes, self.row) == axes

    # -- the text

    def written(self) -> list[str]:
        """The kernel's statements around the call; the function itself goes to the writer."""
        body: list[str] = []
        for group in self.groups:
            body += self._group(group)
        body = self._over_rows(body)
        made = self.writer.functions
        place = next(
            (
                at
                for at, other in enumerate(made, 1)
                if other == self._function(f"_loop_{at}", body)
            ),
            len(made) + 1,
        )
        if place > len(made):
            made.append(self._function(f"_loop_{place}", body))
        self.writer.helpers.add("numba")
        return self._call(f"_loop_{place}", self.vectors * self._chunk())

    def _chunk(self) -> int:
        return CHUNK if self.matrix else 2 * CHUNK

    def _names(self) -> list[str]:
        """The parameters of the function."""
        work = ["work"] if self.vectors else []
        return [*self.arguments.values(), *work, *self.outputs.values(), *self.running.values()]

    def _function(self, name: str, body: Sequence[str]) -> list[str]:
        chunk = str(self._chunk())
        parameters = ", ".join(f"{each}: Any" for each in self._names())
        results = ", ".join(self.results.values())
        lines = [
            "@_compiled(inline=True)",
            f"def {name}({parameters}) -> Any:",
            f'{INDENT}"""Loops over the rows of a block."""',
            f"{INDENT}m = {self.rows_of}",
            *(INDENT + line.replace("CHUNK", chunk) for line in self.allocated),
            *(f"{INDENT}{total} = 0.0" for node, total in self.results.items() if not node.axes),
            *(INDENT + line.replace("CHUNK", chunk) for line in body),
            *([f"{INDENT}return {results}"] if results else []),
        ]
        return [part for line in lines for part in wrapped(line)]

    def _over_rows(self, body: Sequence[str]) -> list[str]:
        """The loop over rows, or over chunks of a length that the compiler knows: vectors without
        a rest. What is left comes after them."""
        if self.one_by_one:
            codes = [f"{name} = {code}" for code, name in self.codes.items()]
            sizes, asks = self._asks()
            lines = (*asks, *codes, *body)
            return [*sizes, "for i in range(m):", *(INDENT + line for line in lines)]
        return [
            "whole = m - m % CHUNK",
            "for first in range(0, whole, CHUNK):",
            *(INDENT + line.replace("COUNT", "CHUNK") for line in body),
            "for first in range(whole, m, CHUNK):",
            f"{INDENT}count = m - first",
            *(INDENT + line.replace("COUNT", "count") for line in body),
        ]

    def _asks(self) -> tuple[list[str], list[str]]:
        """Statements that ask for the lines of tables that a later row reads and adds to: codes
        point anywhere, and no processor foresees where. First what comes before the loop."""
        sizes, asks = [], []
        for axis in dict.fromkeys(self.lines.values()):
            tables = [(table, code) for (table, code), of in self.lines.items() if of == axis]
            index = self._index(axis)
            numbers = " + ".join(f"{table}.size" for table in dict.fromkeys(t for t, _ in tables))
            asked = self._fresh("asked")
            sizes.append(f"{asked} = _asked({self._argument_size(axis)}, {numbers})")
            asks.append(f"for {index} in range(0, {asked}, 8):")
            asks += [
                f"{INDENT}_ask({table}, {self.coming[code]}, {index})" for table, code in tables
            ]
        return sizes, [f"near = min(i + {NEAR}, m - 1)", *asks] if asks else []

    def _made_by_code(self, node: Node) -> str:
        """A total by code: the running sum itself, which may be long, where there is one."""
        if self.part.into is None:
            return self._made(node)
        name = self.running[node] = self._fresh(_sum_name(self.sums[node]))
        return name

    def _made(self, node: Node) -> str:
        """A total that is an array: one of the loop's own, which nothing else can overlap."""
        layout = self._layout(node)
        name = self._fresh(_sum_name(self.sums[node]))
        if self.writer.room is not None and len(layout) == 1:
            self.running[node] = name
            self.allocated.append(f"{name}[:] = 0.0")
            return name
        self.results[node] = name
        shape = ", ".join(self._argument_size(axis) for axis in layout)
        self.allocated.append(f"{name} = np.zeros(({shape}{',' if len(layout) == 1 else ''}))")
        return name

    def _call(self, name: str, scratch: int) -> list[str]:
        lines = []
        writer = self.writer
        names = {}
        for node, inner in self.outputs.items():
            outer = names[node] = writer.fresh(inner)
            axes = self._layout(node)
            shape = ", ".join(self._size(axis) for axis in axes)
            lines.append(f"{outer} = np.empty(({shape}{',' if len(axes) == 1 else ''}))")
        for node, inner in self.running.items():
            outer = names[node] = writer.fresh(inner)
            lines.append(f"{outer} = {self._running(node)}")
        work = [self.writer.scratch(scratch)] if scratch else []
        call = f"{name}({', '.join([*self.arguments, *work, *names.values()])})"
        results = {node: writer.fresh(inner) for node, inner in self.results.items()}
        lines.append(f"{', '.join(results.values())} = {call}" if results else call)
        for node, outer in {**results, **names}.items():
            if node in self.running and self.part.into is not None:
                continue
            code = writer._oriented_name(outer, self._layout(node), node.axes).code
            if node in self.sums and self.part.into is not None:
                lines.append(f'{self.part.into}["{self.sums[node].key}"] += {code}')
            else:
                writer.known[node] = code
            if node in self.sums and self.part.scale:
                lines.append(f"{outer} *= {self.part.scale}")
        return lines

    def _running(self, node: Node) -> str:
        """The running sum in the order of axes in which the loop has it; a batch's is in room."""
        layout = self._layout(node)
        if self.part.into is None:
            return self.writer.keep(layout[0].dim, self._size(layout[0]))
        shape = ", ".join(self._size(axis) for axis in layout) + "," * (len(layout) == 1)
        order = ", ".join(str(node.axes.index(axis)) for axis in layout)
        return f'_running({self.part.into}, "{self.sums[node].key}", ({shape}), {order})'

    def _size(self, axis: Axis) -> str:
        if axis == self.row:
            self.writer.read |= {
                leaf
                for leaf in self.writer.known
                if isinstance(leaf, Leaf) and leaf.kind == "data"
            }
            return "_rows(block)"
        self.writer.sizes[axis.dim] = None
        return self.writer.dim_names[axis.dim]

    def _layout(self, node: Node) -> Axes:
        """The order of axes of an output: codes first, so that a row's entries lie together."""
        if isinstance(node, Contract) and node.deltas and self.row not in node.axes:
            chosen = tuple(delta.axis for delta in node.deltas)
            return (*chosen, *(axis for axis in node.axes if axis not in chosen))
        return node.axes

    def _group(self, group: _Group) -> list[str]:
        if group.axes is None:
            return self._own_loops(group.nodes[0])
        lines = []
        copies: list[str] = []
        for node in group.nodes:
            lines += self._statement(node, group, copies)
        # What comes after the loop gets its entries in a nest of their own: the compiler cannot
        # know that they lie elsewhere than what the others read, and would make no vectors.
        nests = (self._nested(group.axes, each) for each in (lines, copies) if each)
        return [line for nest in nests for line in nest]

    def _nested(self, axes: Axes, lines: Iterable[str], rows: bool = True) -> list[str]:
        """Lines inside loops over some axes, and the rows of the chunk innermost."""
        nest = [f"for {self._index(axis)} in range({self._argument_size(axis)}):" for axis in axes]
        nest += ["for i in range(COUNT):"] if rows and not self.one_by_one else []
        made = [INDENT * depth + line for depth, line in enumerate(nest)]
        return made + [INDENT * len(nest) + line for line in lines]

    def _index(self, axis: Axis) -> str:
        if axis == self.row:
            return "i"
        if axis not in self.indices:
            self.indices[axis] = self._fresh(f"i_{axis.dim}")
        return self.indices[axis]

    def _argument_size(self, axis: Axis) -> str:
        self.writer.sizes[axis.dim] = None
        return self._argument(self.writer.dim_names[axis.dim])

    def _fresh(self, wanted: str | None) -> str:
        if wanted is None:
            self.steps += 1
            while f"t{self.steps}" in self.taken:
                self.steps += 1
            wanted = f"t{self.steps}"
        name = expressions.python_name(wanted)
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _argument(self, code: str, name: str | None = None) -> str:
        """The name inside of what the kernel calls so."""
        if code not in self.arguments:
            plain = code.isidentifier()
            self.arguments[code] = self._fresh(code if plain else name)
        return self.arguments[code]

    # -- statements of a nest

    def _statement(self, node: Node, group: _Group, copies: list[str]) -> list[str]:
        """The statement of a node; what is kept for others of this loop is copied after it."""
        element = _Element(self, group)
        if node in self.sums:
            assert isinstance(node, Contract)
            name = self.results[node] = self._fresh(_sum_name(self.sums[node]))
            product = element._product([factor.node for factor in node.factors], ())
            return [f"{name} = _plus({name}, {product.at(SUM)})"]
        if node in self.again:
            return []
        stored = self._stored(node)
        if not (stored or self._is_named(node) or self._is_read_elsewhere(node)):
            return []
        code = element.opened(node)
        name = self.local[node] = self._fresh(self.writer.names.get(node))
        if len(stored) > 1:
            kept, *later = stored
            stored = [kept]
            copies += [f"{place} = {kept}" for place in later]
        return [f"{name} = {code}", *(f"{place} = {name}" for place in stored)]

    def _is_named(self, node: Node) -> bool:
        return self.writer.uses.get(node, 0) > 1 or node in self.writer.names

    def _is_read_elsewhere(self, node: Node) -> bool:
        """True where another nest of this loop reads a node."""
        readers = self.part.readers.get(node, ())
        return any(self._places_of(reader) - {self.group[node]} for reader in readers)

    def _stored(self, node: Node) -> list[str]:
        """Where a node's entry goes for other nests, and for what comes after the loop."""
        places = []
        if self._is_read_elsewhere(node) and (not self.by_line or len(node.axes) > 1):
            places.append(self._scratch_at(node))
        if self.part.is_read_later(node):
            if node not in self.outputs:
                self.outputs[node] = self._fresh(self.writer.names.get(node))
            at = ", ".join(self._place_of(axis) for axis in node.axes)
            places.append(f"{self.outputs[node]}[{at}]")
        return places

    def _place_of(self, axis: Axis) -> str:
        if axis == self.row:
            return "i" if self.one_by_one else "first + i"
        return self._index(axis)

    def _scratch_at(self, node: Node) -> str:
        """The entry of a node in what this chunk keeps."""
        axes = _without(node.axes, self.row)
        if self.by_line:
            return self._kept_by_line(node, axes)
        if not axes:
            return f"work[{self._offset(node)} + i]" if self._offset(node) != "0" else "work[i]"
        if node not in self.scratch:
            name = self.scratch[node] = self._fresh(None)
            shape = ", ".join(self._argument_size(axis) for axis in axes)
            self.allocated.append(f"{name} = np.empty(({shape}, CHUNK))")
        return f"{self.scratch[node]}[{', '.join(self._index(axis) for axis in axes)}, i]"

    def _kept_by_line(self, node: Node, axes: Axes) -> str:
        """The same where a row goes by lines: a number, or a line."""
        kept = self.scratch if axes else self.local
        if node not in kept:
            kept[node] = self._fresh(None)
            if axes:
                self.allocated.append(f"{kept[node]} = np.empty({self._argument_size(axes[0])})")
        return f"{kept[node]}[{self._index(axes[0])}]" if axes else kept[node]

    def _offset(self, node: Node) -> str:
        """Where a vector of scratch begins; `CHUNK` is the length of one."""
        if node not in self.scratch:
            self.scratch[node] = str(self.vectors)
            self.vectors += 1
        place = self.scratch[node]
        return {"0": "0", "1": "CHUNK"}.get(place, f"{place}*CHUNK")

    # -- references

    def reference(self, node: Node, at: dict[Axis, str], code: bool = False) -> str:
        """An entry of what is not computed in this nest; `at` has indices other than the loops'.

        A number, whatever the type of the data, unless it is wanted as a code.
        """
        if node in self.group:
            return self._scratch_at_codes(node, at)
        known = self.writer.known.get(node)
        if known is None:
            order, text = node.axes, self.writer.oriented(node, node.axes).code
        else:
            self.writer.read.add(node)
            order, text = self.writer.native.get(node, node.axes), known
        name = self._argument(text)
        if not order:
            return name
        places = {axis: at.get(axis) or self._place_of(axis) for axis in order}
        self._note_line(name, list(places.values()), order)
        if self.row not in order:
            return f"{name}[{', '.join(places.values())}]"
        size = f"{name}.shape[{order.index(self.row)}]"
        if rows := self._rows_of_batch(node):
            places[self.row], size = f"{rows}[{places[self.row]}]", f"{rows}.size"
        self.rows_of = self.rows_of or size
        entry = f"{name}[{', '.join(places.values())}]"
        return entry if code else f"np.float64({entry})"

    def _rows_of_batch(self, node: Node) -> str | None:
        """The numbers of the rows of a batch, where it reads a table of data in its place."""
        if self.writer.room is None or not isinstance(node, Leaf) or len(node.axes) != 2:
            return None
        if "_rows" not in self.arguments:
            self.arguments["_rows"] = self._fresh("picked")
        return self.arguments["_rows"]

    def _scratch_at_codes(self, node: Node, at: dict[Axis, str]) -> str:
        if not at:
            return self._scratch_at(node)
        self._scratch_at(node)
        axes = _without(node.axes, self.row)
        places = [at.get(axis) or self._index(axis) for axis in axes]
        return f"{self.scratch[node]}[{', '.join([*places, *([] if self.by_line else ['i'])])}]"

    # -- nodes with loops of their own

    def _own_loops(self, node: Node) -> list[str]:
        if isinstance(node, Contract) and node.deltas:
            return self._scattered(node)
        if self.row in node.axes:
            return self._folded(node)
        return self._summed(node)

    def _inside(self, node: Node) -> Axes:
        """The axes besides the rows that a reduction runs over, those of the result first."""
        if isinstance(node, Reduce):
            every: list[Axis] = list(node.arg.axes)
        else:
            assert isinstance(node, Contract)
            every = [index for factor in node.factors for index in factor.indices]
        rest = [axis for axis in dict.fromkeys(every) if axis not in node.axes]
        return _without((*node.axes, *rest), self.row)

    def _folded(self, node: Node) -> list[str]:
        """Over other axes than the rows: a sum of products, or the largest."""
        dot = self._dot(node)
        if dot is not None:
            return dot
        result = self._scratch_at(node)
        element = _Element(self, _Group(None))
        if isinstance(node, Reduce):
            first, step = "-np.inf", f"_most({result}, {element.text(node.arg).code})"
        else:
            assert isinstance(node, Contract)
            product = element._product([factor.node for factor in node.factors], ())
            first, step = "0.0", f"{result} + {product.at(PRODUCT)}"
            if self.by_line:  # the innermost loop is this sum, and becomes vectors in any order
                step = f"_plus({result}, {product.at(SUM)})"
        lines = self._nested(_without(node.axes, self.row), [f"{result} = {first}"])
        lines += self._nested(self._inside(node), [f"{result} = {step}"])
        if self.part.is_read_later(node):
            copied = [f"{place} = {result}" for place in self._stored(node) if place != result]
            lines += self._nested(_without(node.axes, self.row), copied)
        return lines

    def _matrix(self, factor: Node) -> str | None:
        """The name of data [n, d] with the rows first, as most tables are."""
        native = self.writer.native.get(factor)
        if self.by_line or native is None or len(native) != 2 or native[0] != self.row:
            return None
        self.reference(factor, {})
        self.matrix = True
        return self._argument(self.writer.known[factor])

    def _and_rows(self, table: Node) -> str:
        rows = self._rows_of_batch(table)
        return f", {rows}" if rows else ""

    def _ahead(self, table: Node) -> str:
        """How many rows ahead are asked for: a batch has none that lie side by side."""
        if self.writer.room is not None:
            return "0"
        return self._argument(f"_ahead({self.writer.known[table]}, totals.rows)", "ahead")

    def _dot(self, node: Node) -> list[str] | None:
        """X @ w for data of the usual layout."""
        if not isinstance(node, Contract) or len(node.factors) != 2 or node.axes != (self.row,):
            return None
        vectors = [f.node for f in node.factors if self.row not in f.node.axes]
        tables = [f.node for f in node.factors if self.row in f.node.axes]
        if len(vectors) != 1 or len(vectors[0].axes) != 1:
            return None
        matrix = self._matrix(tables[0])
        if matrix is None:
            return None
        text = self.writer.oriented(vectors[0], vectors[0].axes).code
        vector = self._argument(text)
        place, rows = f"{self._offset(node)}, {self._ahead(tables[0])}", self._and_rows(tables[0])
        lines = [f"_dots({matrix}, {vector}, first, COUNT, work, {place}{rows})"]
        if self.part.is_read_later(node):
            result = self._scratch_at(node)
            copied = [f"{place} = {result}" for place in self._stored(node) if place != result]
            lines += self._nested((), copied)
        return lines

    def _summed(self, node: Node) -> list[str]:
        """A total that is an array."""
        assert isinstance(node, Contract)
        out = self._made(node)
        rows = [f.node for f in node.factors if f.node.axes == (self.row,)]
        tables = [f.node for f in node.factors if f.node.axes != (self.row,)]
        if len(rows) == 1 and len(tables) == 1 and rows[0] in self.group:
            matrix = self._matrix(tables[0])
            if matrix is not None:
                given = f"{self._offset(rows[0])}, first, COUNT, {out}"
                return [f"_adds({matrix}, work, {given}{self._and_rows(tables[0])})"]
        element = _Element(self, _Group(None))
        product = element._product([factor.node for factor in node.factors], ())
        kept = self._inside(node)[: len(node.axes)]
        inner = self._inside(node)[len(node.axes) :]
        total = self._fresh(None)
        places = ", ".join(self._index(axis) for axis in node.axes)
        lines = [f"{total} = 0.0"]
        lines += self._nested(inner, [f"{total} = _plus({total}, {product.at(SUM)})"])
        return self._nested(kept, [*lines, f"{out}[{places}] += {total}"], rows=False)

    def _scattered(self, node: Contract) -> list[str]:
        """A total by code: each row adds where its codes point to."""
        out = self._made_by_code(node)
        element = _Element(self, _Group(None))
        lines = []
        at = {}
        for delta in node.deltas:
            code = at[delta.axis] = element.code(delta)
            if not code.isidentifier():
                at[delta.axis] = self._fresh(None)
                lines.append(f"{at[delta.axis]} = {code}")
        value = element._product([factor.node for factor in node.factors], ()).code
        layout = self._layout(node)
        places = [at.get(axis) or self._index(axis) for axis in layout]
        self._note_line(out, places, layout)
        kept = tuple(axis for axis in layout if axis not in at)
        added = f"{out}[{', '.join(places)}] += {value}"
        lines += self._nested(kept, [added], rows=False)
        return self._nested((), lines)


class _Element(expressions.Writer):
    """Prints one entry of a node, at the indices of the loops around it."""

    def __init__(self, loop: _Loop, group: _Group) -> None:
        super().__init__({}, loop.row, {})
        self.loop = loop
        self.group = group

    def opened(self, node: Node) -> str:
        """The text of a node that gets a name: a number, also where it is a truth."""
        text = self._map(node)
        return f"1.0*{text.at(UNARY)}" if self._truthful(node) else text.code

    def text(self, node: Node) -> Text:
        if isinstance(node, Number):
            return number_text(node.value)
        if isinstance(node, Leaf) and node.kind == "constant":
            return Text(expressions.CONSTANTS[node.name])
        if self._is_inline(node):
            return self._map(node)
        if node in self.loop.local and (
            self.loop.group.get(node) == self._here()
            or (self.loop.by_line and len(node.axes) == 1)
        ):
            return Text(self.loop.local[node])
        return Text(self.loop.reference(node, {}))

    def _here(self) -> int | None:
        return next(
            (place for place, group in enumerate(self.loop.groups) if group is self.group), None
        )

    def _is_inline(self, node: Node) -> bool:
        return node in self.loop.again or (
            node in self.group.nodes
            and node not in self.loop.local
            and not isinstance(node, Reduce)
        )

    def _map(self, node: Node) -> Text:
        if isinstance(node, Contract):
            return self._entry(node)
        return super().text(node)

    def _truthful(self, node: Node) -> bool:
        return isinstance(node, Map) and node.op in (*SIGNS, *LOGICAL)

    def logical(self, node: Node) -> bool:
        return self._truthful(node) and self._is_inline(node)

    def _spread(self, node: Node, axes: Axes) -> Text:
        return self.text(node)

    @staticmethod
    def broadcast(text: Text, have: Axes, want: Axes) -> Text:
        return text

    def _signed(self, arg: Node, axes: Axes) -> tuple[str, Text]:
        if not isinstance(arg, Number) and not self._is_inline(arg):
            return "", self.text(arg)
        if has_one_hot(arg):
            return "", self._chosen(arg)
        return super()._signed(arg, axes)

    def _chosen(self, arg: Node) -> Text:
        """c*onehot(y) in a sum: c where the code is, and nothing else elsewhere."""
        terms = arg.args if isinstance(arg, Map) else (arg,)
        hot = [
            t
            for t in terms
            if isinstance(t, Contract) and t.deltas and not t.factors and self._is_inline(t)
        ]
        if len(hot) != 1 or hot[0].deltas[0].axis not in hot[0].axes:
            return self._map(arg)
        delta = hot[0].deltas[0]
        rest = [term for term in terms if term is not hot[0]]
        value = self._product(rest, ()) if rest else Text("1.0")
        place = self.loop._index(delta.axis)
        return Text(f"_either({place} == {self.code(delta)}, {value.code}, 0.0)", ATOM, 3)

    def _product(
        self, args: Sequence[Node], axes: Axes, coefficient: Fraction = Fraction(1)
    ) -> Text:
        # What is computed elsewhere is closed to the NumPy writer, that would look inside.
        for arg in args:
            if not isinstance(arg, Number) and not self._is_inline(arg) and not self._divides(arg):
                self.known[arg] = ""
        return super()._product(args, axes, coefficient)

    def _divides(self, arg: Node) -> bool:
        """True for 1/c of what has no rows: x/c is not x*(1/c) to the last digit."""
        free = arg not in self.loop.group and self.row not in arg.axes
        return free and arg not in self.loop.writer.known and expressions.is_reciprocal(arg)

    def _power(self, node: Map) -> Text:
        base, exponent = node.args
        if isinstance(exponent, Number):
            return super()._power(node)
        first, second = self.text(base), self.text(exponent)
        operations = first.operations + second.operations + 1
        return Text(f"float({first.code})**{second.at(ATOM)}", POWER, operations)

    def _raised(self, base: Node, exponent: Fraction, axes: Axes) -> Text:
        text = self.text(base)
        if self.logical(base):
            text = Text(f"1.0*{text.at(UNARY)}", PRODUCT, text.operations)
        if exponent == 1:
            return text
        power = number_text(exponent).code
        if exponent.denominator == 1 and exponent > MULTIPLIED:
            power += ".0"
        return Text(f"{text.at(ATOM)}**{power}", POWER, text.operations + 1)

    def _function(self, node: Map) -> Text:
        match node.op:
            case "and" | "or":
                sign = {"and": "&", "or": "|"}[node.op]
                texts = [self._truth(arg) for arg in node.args]
                code, level = f" {sign} ".join(f"({t.code})" for t in texts), COMPARISON
            case "not":
                texts = [self._truth(node.args[0])]
                code, level = f"not {texts[0].at(ATOM)}", COMPARISON
            case "where":
                texts = [self._truth(node.args[0]), *(self._number(arg) for arg in node.args[1:])]
                code, level = FUNCTIONS["where"].format(*(t.code for t in texts)), ATOM
            case "min" | "max" if any(isinstance(arg, Number) for arg in node.args):
                args = sorted(node.args, key=lambda arg: isinstance(arg, Number))
                texts = [self._number(arg) for arg in args]
                code, level = LIMITED[node.op].format(*(t.code for t in texts)), ATOM
            case op:
                texts = [self._number(arg) for arg in node.args]
                if op in SIGNS:
                    code = f"{texts[0].at(SUM)} {SIGNS[op]} {texts[1].at(SUM)}"
                    level = COMPARISON
                else:
                    code, level = FUNCTIONS[op].format(*(t.code for t in texts)), ATOM
        return Text(code, level, sum(text.operations for text in texts) + 1)

    def _number(self, node: Node) -> Text:
        text = self.text(node)
        if self.logical(node):
            return Text(f"1.0*{text.at(UNARY)}", PRODUCT, text.operations)
        return Text(f"{text.code}.0") if text.code.lstrip("-").isdigit() else text

    def _truth(self, node: Node) -> Text:
        text = self.text(node)
        if self.logical(node):
            return text
        return Text(f"{text.at(SUM)} != 0", COMPARISON, text.operations + 1)

    # -- entries that codes choose

    def _entry(self, node: Contract) -> Text:
        """An entry of a table at codes; or a factor where the codes are those of the loops."""
        opened = [delta for delta in node.deltas if delta.axis in node.axes]
        at = {d.axis: self.code(d) for d in node.deltas if d.axis not in node.axes}
        pieces = []
        for arg, indices in node.factors:
            places = {
                own: at[index] for own, index in zip(arg.axes, indices, strict=True) if index in at
            }
            pieces.append(self.loop.reference(arg, places) if places else self.text(arg).at(UNARY))
        for delta in opened:
            pieces.append(f"(1.0*({self.loop._index(delta.axis)} == {self.code(delta)}))")
        return Text("*".join(pieces), PRODUCT if len(pieces) > 1 else ATOM, len(pieces))

    def code(self, delta: Delta) -> str:
        """The code of a row as an integer."""
        source = delta.source
        assert source is not None
        if source in self.loop.group:
            return f"int({self.text(source).code})"
        if self.loop.by_line and source.axes == (self.row,):
            return self.loop.hoisted(source)
        return f"int({self.loop.reference(source, {}, code=True)})"


def _without(axes: Axes, row: Axis | None) -> Axes:
    return tuple(axis for axis in axes if axis != row)


def _sum_name(total: Total) -> str:
    return f"sum_{total.key.replace(' ', '_')}"


SUPPORT = '''\
def _compiled(function: Any = None, /, inline: bool = False, **fastmath: bool) -> Any:
    """A function of numbers and arrays as machine code, kept on disk where there is a place.

    `inline` puts it into its callers, which saves a short batch the handing over of arrays;
    `fastmath` has what the compiler may do to its arithmetic.
    """
    if function is None:
        return lambda each: _compiled(each, inline, **fastmath)
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(fastmath)}
    options["forceinline"] = inline
    try:
        return nb.njit(cache=True, **options)(function)
    except RuntimeError:  # this module is no file, or nothing can be written anywhere
        return nb.njit(**options)(function)


@_compiled(reassoc=True, nsz=True)
def _plus(a: Any, b: Any) -> Any:
    """A sum whose terms may be added in any order: in vectors."""
    return a + b


@_compiled(reassoc=True, nsz=True, contract=True)
def _fused(a: Any, b: Any, c: Any) -> Any:
    """A term of a dot product, whose terms may be added in any order."""
    return a + b * c


@_compiled(inline=True)
def _row(rows: Any, n: Any) -> Any:
    """The number of a row: of all rows, or of those that are listed."""
    return n if rows is None else rows[n]


@intrinsic
def _ask(typing: Any, X: Any, n: Any, j: Any) -> Any:
    """Asks for the line of memory that X[n, j] is in, which will be read: a hint."""

    def emitted(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        table = context.make_array(X)(context, builder, given[0])
        place = cgutils.get_item_pointer(context, builder, X, table, given[1:])
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), (byte, number, number, number))
        hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        reading, once, data = number(0), number(0), number(1)
        builder.call(hint, (builder.bitcast(place, byte), reading, once, data))
        return context.get_dummy_value()

    return nb.void(X, nb.intp, nb.intp), emitted


@_compiled(inline=True)
def _asked(size: Any, numbers: Any) -> Any:
    """How much of a line of tables is asked for: all where they are more than a cache holds."""
    return size if numbers > 2**15 else 0


def _ahead(X: Any, rows: int) -> int:
    """How many rows before they are read those of a table, of so many, are asked for.

    A processor foresees what is read in one direction. Narrow rows are read twice, some at a
    time, which hides the direction; but they must be more than a cache holds.
    """
    d = X.shape[1]
    return 2048 // d if 8 < d <= 128 and rows * d > 2**21 and X.size > 2**17 else 0


@_compiled(inline=True, reassoc=True, nsz=True, contract=True)
def _dots(
    X: Any, w: Any, first: Any, count: Any, out: Any, at: Any, ahead: Any, rows: Any = None
) -> Any:
    """X @ w for some rows, to a place in `out`; eight rows share a read of w."""
    asked = 8 * X.shape[1] if ahead else 0
    i = 0
    while i + 8 <= count:
        n = first + i
        for j in range(0, asked, 8):  # by lines, to the end of eight rows
            _ask(X, min(n + ahead, X.shape[0] - 1), j)
        n1, n2, n3, n4 = _row(rows, n), _row(rows, n + 1), _row(rows, n + 2), _row(rows, n + 3)
        n5, n6 = _row(rows, n + 4), _row(rows, n + 5)
        n7, n8 = _row(rows, n + 6), _row(rows, n + 7)
        a = b = c = d = e = f = g = h = 0.0
        for j in range(w.size):
            v = w[j]
            a += X[n1, j] * v
            b += X[n2, j] * v
            c += X[n3, j] * v
            d += X[n4, j] * v
            e += X[n5, j] * v
            f += X[n6, j] * v
            g += X[n7, j] * v
            h += X[n8, j] * v
        out[at + i] = a
        out[at + i + 1] = b
        out[at + i + 2] = c
        out[at + i + 3] = d
        out[at + i + 4] = e
        out[at + i + 5] = f
        out[at + i + 6] = g
        out[at + i + 7] = h
        i += 8
    while i < count:
        n = _row(rows, first + i)
        a = 0.0
        for j in range(w.size):
            a += X[n, j] * w[j]
        out[at + i] = a
        i += 1


@_compiled(inline=True, reassoc=True, nsz=True, contract=True)
def _adds(X: Any, t: Any, at: Any, first: Any, count: Any, out: Any, rows: Any = None) -> Any:
    """Adds X.T @ t for some rows to `out`, t from a place on; eight rows share a write."""
    i = 0
    while i + 8 <= count:
        n = first + i
        n1, n2, n3, n4 = _row(rows, n), _row(rows, n + 1), _row(rows, n + 2), _row(rows, n + 3)
        n5, n6 = _row(rows, n + 4), _row(rows, n + 5)
        n7, n8 = _row(rows, n + 6), _row(rows, n + 7)
        a, b, c, d = t[at + i], t[at + i + 1], t[at + i + 2], t[at + i + 3]
        e, f, g, h = t[at + i + 4], t[at + i + 5], t[at + i + 6], t[at + i + 7]
        for j in range(out.size):
            low = (a * X[n1, j] + b * X[n2, j]) + (c * X[n3, j] + d * X[n4, j])
            high = (e * X[n5, j] + f * X[n6, j]) + (g * X[n7, j] + h * X[n8, j])
            out[j] += low + high
        i += 8
    while i < count:
        n = _row(rows, first + i)
        a = t[at + i]
        for j in range(out.size):
            out[j] += a * X[n, j]
        i += 1


@_compiled(inline=True)
def _inner(a: Any, b: Any) -> Any:
    """A dot product of vectors, of which a batch has short ones."""
    total = 0.0
    for j in range(a.size):
        total = _fused(total, a[j], b[j])
    return total


@_compiled
def _entries(a: Any, rows: Any, out: Any) -> Any:
    """The entries of an array at some rows."""
    for i in range(rows.size):
        out[i] = a[rows[i]]


# With more columns than this BLAS has the better loops: measured where both take as long.
_FEW = 24


def _narrow_gram(A: Any, weights: Any) -> Any:
    """`_gram`, in a loop of its own where there are few columns."""
    few = A.ndim == 2 and len(A) <= _FEW and A.T.flags.c_contiguous
    return _few_products(A.T, weights) if few else _gram(A, weights)


@_compiled(reassoc=True, nsz=True, contract=True)
def _few_products(X: Any, weights: Any) -> Any:
    """X.T @ (weights*X.T).T for few columns: of some rows they are laid out as vectors."""
    d = X.shape[1]
    columns, weight, scaled = np.zeros((d, 128)), np.zeros(128), np.empty(128)
    out = np.zeros((d, d))
    for first in range(0, X.shape[0], 128):
        count = min(128, X.shape[0] - first)
        weight[count:] = 0.0
        for i in range(count):
            weight[i] = weights[first + i]
            for j in range(d):
                columns[j, i] = X[first + i, j]
        for j in range(d):
            for i in range(128):
                scaled[i] = weight[i] * columns[j, i]
            for k in range(j + 1):
                total = 0.0
                for i in range(128):
                    total += scaled[i] * columns[k, i]
                out[j, k] += total
    for j in range(d):
        out[:j, j] = out[j, :j]
    return out


def _running(sums: Any, key: str, shape: Any, *order: int) -> Any:
    """A running sum as an array that a loop adds to, which has its axes in this order."""
    if isinstance(sums[key], float):  # nothing was added
        sums[key] = np.zeros(shape).transpose(np.argsort(order))
    return sums[key].transpose(order)


def _room(a: Any, size: int) -> Any:
    """Room for some rows of an array."""
    return np.empty((size, *a.shape[1:]), a.dtype)


@_compiled
def _least(a: Any, b: Any) -> Any:
    """The smaller number; nan where one is."""
    return a if (a <= b) | (a != a) else b


@_compiled
def _most(a: Any, b: Any) -> Any:
    """The larger number; nan where one is."""
    return a if (a >= b) | (a != a) else b


@_compiled
def _at_most(x: Any, limit: Any) -> Any:
    """x, but no more than a limit that is no nan."""
    return limit if x > limit else x


@_compiled
def _at_least(x: Any, limit: Any) -> Any:
    """x, but no less than a limit that is no nan."""
    return limit if x < limit else x


@_compiled
def _either(condition: Any, a: Any, b: Any) -> Any:
    """A choice between numbers that are both there: a select, not a branch."""
    return a if condition else b


@_compiled
def _sign(x: Any) -> Any:
    """-1, 0 or 1; nan where x is."""
    return x if x != x else 1.0 * (x > 0) - 1.0 * (x < 0)


# exp, log and their like without branches, so that loops of them become vectors: all are within
# two units in the last place. ln 2 is a number that ends in zeros, so that k*LN2 is exact, and its
# rest.
_LN2, _LN2_REST = 0.6931471803691238, 1.9082149292705877e-10


@_compiled(contract=True)
def _reduced(x: Any) -> Any:
    """k and expm1(x - k*ln 2), k the nearest integer to x/ln 2."""
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0  # 1.5 * 2**52
    r = (x - k * _LN2) - k * _LN2_REST
    q = 2.0914686968086876e-09
    q = q * r + 2.5105217004720745e-08
    q = q * r + 2.75572736431103e-07
    q = q * r + 2.7557255400206422e-06
    q = q * r + 2.4801587325547743e-05
    q = q * r + 0.00019841269874820627
    q = q * r + 0.0013888888888883748
    q = q * r + 0.008333333333326136
    q = q * r + 0.04166666666666667
    q = q * r + 0.1666666666666667
    q = q * r + 0.5
    return k, r + r * r * q


@_compiled
def _two_to(k: Any) -> Any:
    """2**k for a whole k of a normal number, by its bits."""
    return np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@_compiled
def _exp(x: Any) -> Any:
    y = -746.0 if x < -746.0 else x
    y = 710.0 if y > 710.0 else y
    k, p = _reduced(y)
    half = np.floor(0.5 * k)  # in two steps, for what is not a normal number
    return (1.0 + p) * _two_to(half) * _two_to(k - half)


@_compiled
def _expm1(x: Any) -> Any:
    y = -746.0 if x < -746.0 else x  # as in _exp: what both of them compute is computed once
    y = 710.0 if y > 710.0 else y
    k, p = _reduced(y)
    half = np.floor(0.5 * k)
    low, high = _two_to(half), _two_to(k - half)
    scaled = (p * low + (low - _two_to(half - k))) * high
    return x if abs(x) < 1e-300 else scaled


@_compiled
def _halved(x: Any) -> Any:
    """k and x/2**k between sqrt(1/2) and sqrt(2)."""
    bits = np.float64(x).view(np.int64)
    k = (bits - 4604544271217802189) >> 52  # the bits of sqrt(1/2)
    return k, np.int64(bits - (k << 52)).view(np.float64)


@_compiled
def _logarithm(k: Any, f: Any, c: Any) -> Any:
    """k*ln 2 + log(1 + f) + c, by log(1 + f) = 2 atanh(f/(2 + f))."""
    s = f / (2.0 + f)
    z = s * s
    h = 0.5 * f * f
    return k * _LN2 - ((h - (s * (h + z * _tail(z)) + (k * _LN2_REST + c))) - f)


@_compiled(contract=True)
def _tail(z: Any) -> Any:
    """(2 atanh(s)/s - 2)/z, z = s**2."""
    q = 0.13086767009948175
    q = q * z + 0.13268759668560612
    q = q * z + 0.15386240205813478
    q = q * z + 0.18181795630884753
    q = q * z + 0.2222222239180047
    q = q * z + 0.2857142857080323
    q = q * z + 0.4000000000000088
    return q * z + 0.6666666666666666


@_compiled
def _log(x: Any) -> Any:
    tiny = x < 2.2250738585072014e-308
    k, m = _halved(x * 18014398509481984.0 if tiny else x)  # 2**54
    r = _logarithm(np.float64(k) - (54.0 if tiny else 0.0), m - 1.0, 0.0)
    r = x if x == np.inf else r
    r = -np.inf if x == 0.0 else r
    return r if x >= 0.0 else np.nan


@_compiled
def _log1p(x: Any) -> Any:
    u = 1.0 + x
    lost = (1.0 - (u - x)) if x >= 1.0 else (x - (u - 1.0))
    k, m = _halved(u)
    near = k == 0
    r = _logarithm(np.float64(k), x if near else m - 1.0, 0.0 if near else lost / u)
    r = x if (x == np.inf) | (abs(x) < 1e-300) else r
    r = -np.inf if x == -1.0 else r
    return r if x >= -1.0 else np.nan


@_compiled
def _tanh(x: Any) -> Any:
    e = _expm1(2.0 * _least(abs(x), 20.0))
    t = e / (e + 2.0)
    return -t if x < 0.0 else (t if x > 0.0 else x)
'''


def suits(plan: Plan) -> bool:
    """True where the value and the gradient are computed in loops alone.

    For such a model compilation pays as soon as a job is long; of any other NumPy does a part.
    """
    kernels = Kernels(plan, BACKEND)
    kernels.partial()
    return "numba" in kernels.helpers and "cached blocks" not in kernels.helpers


# A loop works in a cache of its own: blocks are so long that calls cost nothing. Threads pay from
# a third of a millisecond on, measured: what a loop takes for so many numbers.
BLOCKS = {"BLOCK_BYTES": "2**23", "MOST_ROWS": "65536", "THREADED": "3*2**19"}

BACKEND = Backend(
    writer=Writer,
    imports=(
        "import numba as nb",
        "from llvmlite import ir",
        "from numba.core import cgutils",
        "from numba.extending import intrinsic",
    ),
    support=SUPPORT,
    blocks=BLOCKS,
    extra="numba",
    epochs=epochs,
)
