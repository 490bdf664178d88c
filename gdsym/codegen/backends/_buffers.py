"""Kernels as NumPy steps into buffers that a worker keeps from block to block.

A statement of the plain writer, `t = np.exp(-np.abs(z))`, becomes one step for each operation,

    t = np.abs(z, out=u2)                         # (m,)  np.exp(-np.abs(z))
    np.negative(t, out=t)
    np.exp(t, out=t)

so that nothing of the size of a block is allocated, and what was computed last is still in the
cache. Names come first: the step that makes one has a mark for its buffer, `out=@t`, and `_placed`
gives out the buffers when all steps of a kernel are there, by where each name is read last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gdsym.calculus.program import Axes, Axis, Contract, Leaf, Map, Node, Number, Reduce, reachable
from gdsym.calculus.reading import is_negative, reading_order
from gdsym.codegen.backends.numpy import (
    FUNCTIONS,
    PRODUCT,
    SUM,
    UNARY,
    Text,
    Writer,
    as_matmul,
    is_reciprocal,
    is_row_gather,
    number_text,
    twins,
)
from gdsym.codegen.plan import Total

# What has a form with `out=`.
UFUNCS = {
    op: text.partition("(")[0]
    for op, text in FUNCTIONS.items()
    if text.startswith(("np.", "special.")) and op != "where"
}
# Functions of the module with `out=`, which must be none of their operands.
OWN = {op: f"_{op}" for op in ("bounded_exp", "softplus_of", "sigmoid_of")}
COMPARED = {
    "lt": "np.less",
    "le": "np.less_equal",
    "gt": "np.greater",
    "ge": "np.greater_equal",
    "eq": "np.equal",
    "ne": "np.not_equal",
}
JOINED = frozenset(("and", "or", "not"))
STEPS = frozenset((*UFUNCS, *OWN, *COMPARED, "add", "mul", "pow", "where"))
LARGEST_POWER = 4  # that is made of products

MARK = re.compile(r"@(\w+)")
NAME = re.compile(r'"[^"]*"|(?<![\w.])([A-Za-z_]\w*)')
FAMILIES = "uvpqgh"  # what buffers of one shape are called
FOR_HESSIANS = "if acc.order < 2:"  # what only those need is fetched after it
ELEMENTWISE = re.compile(r"= (np\.(?!matmul\(|sum\(|max\(|min\(|take\()\w+\(|special\.)")


@dataclass(slots=True)
class BufferWriter(Writer):
    """Writes steps into buffers for element-wise work, matrix products and sums over classes.

    Anything else is a statement of the plain writer, which makes an array of its own. `made` has
    the axes of the arrays in buffers by name, and whether they hold truths.
    """

    made: dict[str, tuple[Axes, bool]] = field(default_factory=dict)
    codes: set[Node] = field(default_factory=set)  # integers, that entries are read at
    writable: dict[Node, bool] = field(default_factory=dict)

    def count(self, targets: Iterable[Node]) -> None:
        targets = list(targets)
        Writer.count(self, targets)
        for node in reachable(targets):
            if isinstance(node, Contract):
                sources = [delta.source for delta in node.deltas if delta.source is not None]
                self.codes.update(reachable(sources))

    # -- what can be written so

    def _in_steps(self, node: Node) -> bool:
        """True for what steps compute from named arrays, and what has no rows."""
        if node not in self.writable:
            self.writable[node] = self.row in node.axes and self._has_steps(node)
        return self.writable[node]

    def _has_steps(self, node: Node) -> bool:
        if node in self.codes:
            return False
        match node:
            case Map(op="where") if self.row not in node.args[0].axes:
                return False
            case Map():
                return node.op in STEPS and all(self._ordered_operand(arg) for arg in node.args)
            case Contract(deltas=()) if len(node.factors) == 2 and twins(node) is None:
                sides = as_matmul(node)
                return sides is not None and all(self._operand(factor) for factor, _ in sides)
            case Contract(deltas=()) if self._as_lines(node) is not None:
                return True
            case Contract(deltas=()) if len(node.factors) == 1 and node.summed:
                arg, indices = node.factors[0]
                left = tuple(index for index in indices if index not in node.summed)
                distinct = len(set(indices)) == len(indices)
                return distinct and left == node.axes and self._operand(arg)
            case Contract() if self._is_gather(node) or self._is_lines(node):
                return True
            case Reduce(op="max" | "min"):
                return self.row not in node.over and self._operand(node.arg)
        return False

    @staticmethod
    def _is_gather(node: Contract) -> bool:
        """True for the entries of a vector at the codes of the rows."""
        if len(node.factors) != 1 or len(node.deltas) != 1 or len(node.axes) != 1:
            return False
        (table, indices), (source, at, axis) = node.factors[0], node.deltas[0]
        return (
            source is not None
            and isinstance(source, Leaf)
            and (indices == (axis,) and at == node.axes == source.axes and len(table.axes) == 1)
        )

    def _operand(self, node: Node) -> bool:
        """True for what a step can read."""
        named = node in self.known or isinstance(node, (Leaf, Number))
        return named or self.row not in node.axes or self._in_steps(node)

    def _ordered_operand(self, node: Node) -> bool:
        """True for what an element-wise step reads along the lines of its buffer."""
        if len(node.axes) < 2 or self.row not in node.axes:
            return True  # a vector of rows may also come from a statement of the plain writer
        if node in self.known:
            return self.known[node] in self.made and node not in self.native
        return self._in_steps(node) and not self._is_lines(node)

    def _is_lines(self, node: Node) -> bool:
        """True for the lines of a table at the codes of the rows: these lie as in the table."""
        return self.row is not None and is_row_gather(node, (self.row,))

    def _as_lines(self, node: Contract) -> tuple[Node, Node] | None:
        """The two of which a contraction has the product of each line of one with that of the
        other."""
        factor = node.factors[0].node if len(node.factors) == 1 else None
        if not isinstance(factor, Map) or factor.op != "mul" or len(factor.args) != 2:
            return None
        if node.axes != (self.row,) or factor in self.known or node.deltas:
            return None
        a, b = factor.args
        return (a, b) if self._is_lines(a) and self._is_lines(b) and a.axes == b.axes else None

    # -- statements

    def _store(self, name: str, value: Node, node: Node, *, fresh: bool = False) -> None:
        if not self._in_steps(value) or value.axes != node.axes:
            Writer._store(self, name, value, node, fresh=fresh)
            return
        formula = self.text(value).code
        place = self._computed(name, value)
        axes = self.made[name][0]
        shape = ", ".join(self._shape(axis) for axis in axes)
        comment = f"({shape}{',' if len(axes) == 1 else ''})"
        if len(self.lines) > place + 1 and len(formula) <= 40:
            comment += f"  {formula}"
        self.lines[place] += f"  # {comment}"

    def _computed(self, name: str, node: Node) -> int:
        """Writes the steps of a node; returns the place of the line that begins with its name."""
        axes = node.axes
        if self._is_lines(node):
            axes = self.native[node] = tuple(sorted(axes, key=lambda axis: axis != self.row))
        self.made[name] = (axes, isinstance(node, Map) and self.logical(node))
        held = len(self.lines)
        self._into(name, node)
        begin = f"{name} = "
        return next(i for i in range(held, len(self.lines)) if self.lines[i].startswith(begin))

    def _into(self, name: str, node: Node) -> None:
        """The steps that compute the node into the buffer of `name`."""
        match node:
            case Map(op="add"):
                self._sum_into(name, node)
            case Map(op="mul"):
                self._product_into(name, node.args, node.axes)
            case Map(op="pow"):
                self._power_into(name, node)
            case Map(op="where"):
                self._choice_into(name, node)
            case Map():
                self._function_into(name, node)
            case Contract() if len(node.factors) == 2:
                self._matmul_into(name, node)
            case Contract() if node.deltas:
                self._gather_into(name, node)
            case Contract() if (pair := self._as_lines(node)) is not None:
                self._dots_into(name, *pair)
            case Contract():
                arg, indices = node.factors[0]
                where = dict(zip(indices, arg.axes, strict=True))
                axis = self._axis_argument(arg, [where[index] for index in node.summed])
                self._begin(name, f"np.sum({self._named(arg)}{axis}")
            case Reduce():
                axis = self._axis_argument(node.arg, node.over)
                self._begin(name, f"np.{node.op}({self._named(node.arg)}{axis}")
            case _:
                raise TypeError(node)

    def _matmul_into(self, name: str, node: Contract) -> None:
        for factor in node.factors:
            self._named(factor.node)
        sides = as_matmul(node)
        assert sides is not None
        left, right = (self.oriented(factor, order).code for factor, order in sides)
        self._begin(name, f"np.matmul({left}, {right}")

    def _gather_into(self, name: str, node: Contract) -> None:
        """Entries of a vector, or lines of a table, at codes; that no code is outside is known."""
        (table, indices), (delta,) = node.factors[0], node.deltas
        axis, text = "", self._named(table)
        floats = table in self.known and not (isinstance(table, Leaf) and table.kind == "data")
        if len(indices) == 2:
            own = dict(zip(indices, table.axes, strict=True))
            code, kept = sorted(indices, key=lambda index: index != delta.axis)
            axis, lines = ", axis=0", self.oriented(table, (own[code], own[kept]))
            text = lines.code
        if not floats:  # codes, or choices between whole numbers, are none
            text = f"np.asarray({text}, float)"
        self._begin(name, f'np.take({text}, {self._codes(delta)}{axis}, mode="clip"')

    def _dots_into(self, name: str, *pair: Node) -> None:
        """The product of each line of one table with that of another."""
        order = tuple(sorted(pair[0].axes, key=lambda axis: axis != self.row))
        for side in pair:
            self._named(side)
        left, right = (self.oriented(side, order).code for side in pair)
        letter = next(c for c in (order[1].dim + "dk").lower() if c.isalpha() and c != "n")
        self._begin(name, f'np.einsum("n{letter},n{letter}->n", {left}, {right}')

    def _begin(self, name: str, call: str) -> None:
        self.lines.append(f"{name} = {call}, out=@{name})")

    def _continue(self, name: str, call: str) -> None:
        self.lines.append(f"{call}, out={name})")

    def _apply(self, name: str, begun: bool, call: str) -> None:
        (self._continue if begun else self._begin)(name, call)

    def _named(self, node: Node) -> str:
        """The text of an array in its own order of axes, computed first where it has no name."""
        if node not in self.known and self.row in node.axes and not isinstance(node, Leaf):
            if self._in_steps(node):
                name = self.fresh(None)
                self._computed(name, node)
            else:
                name = self.fresh(None)
                self.lines.append(f"{name} = {self.text(node).code}")
            self.known[node] = name
        return self.text(node).code

    def _ready(self, node: Node) -> bool:
        """True for what is an operand without a step."""
        return node in self.known or self.row not in node.axes or isinstance(node, (Leaf, Number))

    def _read_as(self, node: Node, axes: Axes) -> Text:
        """The text of an operand beside arrays of these axes, computed first if need be."""
        self._named(node)
        return self._spread(node, axes)

    def _first_into(self, name: str, nodes: Sequence[Node], axes: Axes) -> Node | None:
        """Computes the first operand that has all axes and no name yet into the buffer."""
        for node in nodes:
            plain = self._ready(node) or self.logical(node) or node.axes != axes
            if not plain and self._in_steps(node):
                self._into(name, node)
                return node
        return None

    # -- sums

    def _sum_into(self, name: str, node: Map) -> None:
        terms = sorted((arg for arg in node.args if self.row in arg.axes), key=reading_order)
        signed = [(is_negative(term) and term not in self.known, term) for term in terms]
        at = self._first_term(signed, node.axes)
        texts = [
            (minus, self._size(minus, term, node.axes))
            for place, (minus, term) in enumerate(signed)
            if place != at
        ]
        texts += self._without_rows([arg for arg in node.args if self.row not in arg.axes], node)
        texts.sort(key=lambda entry: entry[0])  # what is added first
        if at is not None:
            minus, term = signed[at]
            if minus:
                assert isinstance(term, Map) and isinstance(term.args[0], Number)
                self._product_into(name, term.args[1:], term.axes, -term.args[0].value)
            else:
                self._into(name, term)
            texts.insert(1 if minus and not texts[0][0] else 0, (minus, Text(name)))
        (minus, first), (minus2, second), *rest = texts
        if first.code == name:
            if minus:
                self._continue(name, f"np.negative({name}")
            rest.insert(0, (minus2, second))
        else:
            start = f"-{first.at(UNARY)}" if minus else first.code
            verb = "subtract" if minus2 else "add"
            self._apply(name, at is not None, f"np.{verb}({start}, {second.code}")
        for minus, text in rest:
            self.lines.append(f"{name} {'-' if minus else '+'}= {text.code}")

    def _first_term(self, signed: Sequence[tuple[bool, Node]], axes: Axes) -> int | None:
        """Which term is computed into the buffer of the sum: a positive one, if one is to be."""
        for wanted in (False, True):
            for place, (minus, term) in enumerate(signed):
                plain = self._ready(term) or term.axes != axes or self.logical(term)
                if minus == wanted and not plain and self._in_steps(term) and self._steps(term):
                    return place
        return None

    def _steps(self, term: Node) -> bool:
        """False for an operand that needs no step of its own, with a minus or without."""
        if isinstance(term, Map) and term.op == "mul" and _is_minus_one(term.args[0]):
            return len(term.args) > 2 or (
                not self._ready(term.args[1]) and self._in_steps(term.args[1])
            )
        return True

    def _without_rows(self, args: Sequence[Node], node: Map) -> list[tuple[bool, Text]]:
        """The terms without rows as one."""
        if not args:
            return []
        if len(args) == 1:
            sign, text = self._signed(args[0], node.axes)
            return [(sign == "-", text)]
        return [(False, self._sum(args, node.axes))]

    def _size(self, minus: bool, term: Node, axes: Axes) -> Text:
        """A term without its sign, as an operand."""
        if not minus:
            text = self._read_as(term, axes)
            if self.logical(term):
                text = Text(f"1.0*{text.at(UNARY)}", PRODUCT)
            return text
        assert isinstance(term, Map) and isinstance(term.args[0], Number)
        size, rest = -term.args[0].value, term.args[1:]
        if size == 1 and len(rest) == 1 and not self.logical(rest[0]):
            text = self._read_as(rest[0], term.axes)
            return self.broadcast(text, term.axes, axes)
        name = self.fresh(None)
        self.made[name] = (term.axes, False)
        self._product_into(name, rest, term.axes, size)
        return self.broadcast(Text(name), term.axes, axes)

    # -- products

    def _product_into(
        self, name: str, args: Sequence[Node], axes: Axes, coefficient: Fraction = Fraction(1)
    ) -> None:
        numbers = [arg for arg in args if self.row not in arg.axes]
        arrays = [arg for arg in args if self.row in arg.axes]
        above = [arg for arg in arrays if arg in self.known or not is_reciprocal(arg)]
        below = [arg for arg in arrays if arg not in above]
        scale = self._product(numbers, axes, coefficient)
        negated = scale.code == "-1"
        scaled = not negated and scale.code != "1"
        first = self._first_into(name, above, axes)
        begun = first is not None
        texts = [self._read_as(arg, axes) for arg in above if arg is not first]
        if scaled and begun and scale.code.startswith("1/"):
            self.lines.append(f"{name} /= {scale.code[2:]}")
        elif scaled and begun and texts:  # 3*y*inf is 0 where y is
            part = self.fresh(None)
            self.made[part] = (axes, False)
            self._begin(part, f"np.multiply({texts[0].code}, {scale.code}")
            texts[0] = Text(part)
        elif scaled:
            texts.insert(0, scale)
        if not begun and len(texts) > 1:
            self._begin(name, f"np.multiply({texts[1].code}, {texts[0].code}")
            texts, begun = texts[2:], True
        elif not begun and not below:  # one array, as it is or negated
            if self.logical(above[0]):  # which has no sign
                self._begin(name, f"np.multiply({texts[0].code}, {-1 if negated else 1}")
            else:
                verb = "negative" if negated else "positive"
                self._begin(name, f"np.{verb}({texts[0].code}")
            texts, begun, negated = [], True, False
        for text in texts if begun else ():
            self.lines.append(f"{name} *= {text.code}")
        for arg in below:
            assert isinstance(arg, Map)
            text = self._divisor(arg, axes)
            if begun:
                self.lines.append(f"{name} /= {text.code}")
            else:
                self._begin(name, f"np.divide({texts[0].code if texts else 1}, {text.code}")
                begun = True
        if negated:
            self._continue(name, f"np.negative({name}")

    def _divisor(self, node: Map, axes: Axes) -> Text:
        """What a reciprocal divides by."""
        base, exponent = node.args
        assert isinstance(exponent, Number)
        if exponent.value == -1:
            return self._read_as(base, axes)
        name = self.fresh(None)
        self.made[name] = (node.axes, False)
        self._raise_into(name, base, -exponent.value, node.axes)
        return self.broadcast(Text(name), node.axes, axes)

    def _power_into(self, name: str, node: Map) -> None:
        base, exponent = node.args
        if not isinstance(exponent, Number):
            call = ", ".join(self._read_as(arg, node.axes).code for arg in node.args)
            self._begin(name, f"np.power({call}")
        elif exponent.value == -1:
            first = self._first_into(name, [base], node.axes)
            text = name if first else self._read_as(base, node.axes).code
            self._apply(name, first is not None, f"np.divide(1, {text}")
        elif exponent.value < 0:
            self._raise_into(name, base, -exponent.value, node.axes)
            self._continue(name, f"np.divide(1, {name}")
        else:
            self._raise_into(name, base, exponent.value, node.axes)

    def _raise_into(self, name: str, base: Node, exponent: Fraction, axes: Axes) -> None:
        """A positive power; a small whole one is a product."""
        whole = exponent.denominator == 1 and exponent <= LARGEST_POWER
        kept = whole and exponent == 3  # it is read again
        first = None if kept else self._first_into(name, [base], axes)
        text = name if first else self._read_as(base, axes).code
        if not whole:
            self._apply(name, first is not None, f"np.power({text}, {number_text(exponent).code}")
            return
        self._apply(name, first is not None, f"np.square({text}")
        if exponent == 3:
            self.lines.append(f"{name} *= {text}")
        elif exponent == 4:
            self._continue(name, f"np.square({name}")

    # -- functions

    def _function_into(self, name: str, node: Map) -> None:
        truths = self.logical(node)
        apart = truths or node.op in OWN
        first = None if apart else self._first_into(name, node.args, node.axes)
        operands = []
        for arg in node.args:
            text = Text(name) if arg is first else self._read_as(arg, node.axes)
            if self.logical(arg) and node.op not in JOINED:
                text = Text(f"1.0*{text.at(UNARY)}", PRODUCT)
            operands.append(text.code)
        function = {**UFUNCS, **OWN, **COMPARED}[node.op]
        if node.op in OWN:
            self.helpers.add(function)
        if function.startswith("special."):
            self.helpers.add("special")
        self._apply(name, first is not None, f"{function}({', '.join(operands)}")

    def _choice_into(self, name: str, node: Map) -> None:
        """np.where has no `out=`, but is faster than copying over what is in a buffer."""
        condition, yes, no = node.args
        first = self._read_as(condition, node.axes)
        where = first.code if self.logical(condition) else f"{first.at(SUM)} != 0"
        chosen = [self._read_as(arg, node.axes) for arg in (yes, no)]
        if all(self.row not in arg.axes or self.logical(arg) for arg in (yes, no)):
            # Floats, whatever they are.
            whole = isinstance(yes, Number) and yes.value.denominator == 1
            code = f"{chosen[0].code}.0" if whole else f"1.0*{chosen[0].at(UNARY)}"
            chosen[0] = Text(code, PRODUCT)
        choices = ", ".join(text.code for text in chosen)
        self.lines.append(f"{name} = np.where({where}, {choices})")

    # -- totals

    def _addition(self, total: Total, into: str) -> str:
        if total.kind in ("sum", "rows") and isinstance(total.node, Contract):
            self._prepare(total.node)
        line = Writer._addition(self, total, into)
        return re.sub(r"np\.sum\((\w+)\)$", r"\1.sum()", line)  # the same, called directly

    def _prepare(self, node: Contract) -> None:
        """Gives names to what a total sums, so that no expression in it makes an array."""
        for factor, _ in node.factors:
            if self._ready(factor):
                continue
            lone = len(node.factors) == 1 and not node.deltas and not node.axes
            if lone and isinstance(factor, Map) and self._as_dot(factor) is not None:
                for part in factor.args:
                    self._named(part)
            elif self._in_steps(factor):
                self._named(factor)

    def _gram_arguments(self, arguments: str) -> str:
        return f"{arguments}, work=acc.work"

    # -- buffers

    def gather(self, totals: Sequence[Total], into: str) -> list[str]:
        return self._placed(Writer.gather(self, totals, into))

    def _placed(self, lines: list[str]) -> list[str]:
        """The lines with buffers in place of marks, and before them where these come from."""
        if not any("@" in line for line in lines):
            return lines
        read = [{name for name in NAME.findall(_code(line)) if name} for line in lines]
        last = {name: place for place, names in enumerate(read) for name in names}
        self._extend_views(lines, read, last)
        count = self.fresh("m")
        buffers = _Buffers(self, count)
        placed: list[str] = []
        begins = 0
        for place, line in enumerate(lines):
            if line == FOR_HESSIANS:
                placed[begins:begins] = buffers.fetched()
                begins = len(placed) + 2
            mark = MARK.search(line)
            if mark:
                ended = sorted(n for n in read[place] if last[n] == place and n != mark[1])
                reused = ended if ELEMENTWISE.search(line) else []
                buffer = buffers.take(mark[1], reused)
                line = line.replace(mark[0], buffer)
            code, found, comment = line.partition("  # ")
            placed.append(f"{code.rstrip():<44}  # {comment}" if found else code)
            for name in sorted(read[place]):
                if last[name] == place:
                    buffers.release(name)
        placed[begins:begins] = buffers.fetched()
        counted = any(count in NAME.findall(_code(line)) for line in placed)
        return [f"{count} = {self._count_of_rows()}", *placed] if counted else placed

    def _count_of_rows(self) -> str:
        """The number of rows, from data that have them."""
        for leaf, name in self.known.items():
            if isinstance(leaf, Leaf) and leaf.kind == "data" and self.row in leaf.axes:
                assert self.row is not None
                place = self.native.get(leaf, leaf.axes).index(self.row)
                self.read.add(leaf)
                return f"{name}.shape[{place}]"
        return "_rows(block)"

    def _extend_views(self, lines: list[str], read: list[set[str]], last: dict[str, int]) -> None:
        """An array that a plain statement makes may be a view of what it reads."""
        for place in reversed(range(len(lines))):
            name, equals, _ = lines[place].partition(" = ")
            if equals and "@" not in lines[place] and name.isidentifier():
                for part in read[place]:
                    last[part] = max(last[part], last[name])


class _Buffers:
    """Buffers of a kernel: a family of names for each shape and type."""

    def __init__(self, writer: BufferWriter, rows: str) -> None:
        self.writer = writer
        self.rows = rows
        self.free: dict[tuple[Axes, bool], list[str]] = {}
        self.held: dict[str, str] = {}  # the buffer of each name that is still to be read
        self.new: dict[tuple[Axes, bool], list[str]] = {}  # those not fetched yet
        self.letters = 0

    def take(self, name: str, reused: Iterable[str]) -> str:
        """A buffer: that of a name which is read for the last time here, or a free one."""
        kind = self.writer.made[name]
        for old in reused:
            if old in self.held and self.writer.made[old] == kind:
                self.held[name] = self.held.pop(old)
                return self.held[name]
        free = self.free.setdefault(kind, [])
        self.held[name] = free.pop(0) if free else self._another(kind)
        return self.held[name]

    def release(self, name: str) -> None:
        if name in self.held:
            free = self.free[self.writer.made[name]]
            free.append(self.held.pop(name))
            free.sort()

    def _another(self, kind: tuple[Axes, bool]) -> str:
        family = self.new.setdefault(kind, [])
        letter = family[0].rstrip("0123456789") if family else self._letter()
        number = int(family[-1].removeprefix(letter)) + 1 if family else 1
        while (name := f"{letter}{number}") in self.writer.taken:
            number += 1
        self.writer.taken.add(name)
        family.append(name)
        return name

    def _letter(self) -> str:
        self.letters += 1
        place, last = divmod(self.letters - 1, len(FAMILIES))
        return FAMILIES[last] * (place + 1)

    def fetched(self) -> list[str]:
        """The statements that fetch the buffers that are new."""
        lines = []
        for (axes, truths), names in self.new.items():
            shape = ", ".join(map(self._size, axes))
            trailing = "," if len(axes) == 1 else ""
            of_truths = ", bool" if truths else ""
            targets = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
            letter = names[0].rstrip("0123456789")
            call = f'acc.work("{letter}", {len(names)}, ({shape}{trailing}){of_truths})'
            lines.append(f"{targets} = {call}")
        self.new = {}
        return lines

    def _size(self, axis: Axis) -> str:
        if axis == self.writer.row:
            return self.rows
        self.writer.sizes[axis.dim] = None
        return self.writer.dim_names[axis.dim]


def _is_minus_one(node: Node) -> bool:
    return isinstance(node, Number) and node.value == -1


def _code(line: str) -> str:
    return line.partition("  # ")[0]
