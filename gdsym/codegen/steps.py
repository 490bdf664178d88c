"""Kernels as NumPy steps into buffers that a worker keeps from block to block.

A statement of the plain writer, `t = np.exp(-np.abs(z))`, becomes one step for each operation,

    t = np.abs(z, out=u2)                         # (m,)  np.exp(-np.abs(z))
    np.negative(t, out=t)
    np.exp(t, out=t)

so that nothing of the size of a block is allocated, and what was computed last is still in the
cache. Names come first: the step that makes one has a mark for its buffer, `out=@t`, and `_placed`
gives out the buffers when all steps of a kernel are there, by where each name is read last.

What is made of nothing but lines of data or of tables lies as these do, `(m, d)`; everything else
has its rows last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Reduce,
    reachable,
)
from gdsym.calculus.reading import is_negative, reading_order
from gdsym.codegen.expressions import (
    ATOM,
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
    renamed,
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
# Those without, which make arrays of their own: a piece of the rows at a time.
PIECEWISE = {op: text for op, text in FUNCTIONS.items() if text[0] == "_" and op not in OWN}
COMPARED = {
    "lt": "np.less",
    "le": "np.less_equal",
    "gt": "np.greater",
    "ge": "np.greater_equal",
    "eq": "np.equal",
    "ne": "np.not_equal",
}
JOINED = frozenset(("and", "or", "not"))
STEPS = frozenset((*UFUNCS, *OWN, *PIECEWISE, *COMPARED, "add", "mul", "pow", "where"))
WHOLE_STEPS = {"add": "add", "min": "minimum", "max": "maximum"}  # of codes
LARGEST_POWER = 4  # that is made of products

MARK = re.compile(r"@(\w+)")
NAME = re.compile(r'"[^"]*"|(?<![\w.])([A-Za-z_]\w*)')
FAMILIES = "uvpqgh"  # what buffers of one shape are called
FOR_HESSIANS = "if acc.order < 2:"  # what only those need is fetched after it
ELEMENTWISE = re.compile(
    r"= (np\.(?!matmul\(|sum\(|max\(|min\(|take\(|einsum\(|argmax\()\w+\(|special\.)"
)


@dataclass(slots=True)
class StepWriter(Writer):
    """Writes steps into buffers for element-wise work, matrix products and sums over classes.

    Anything else is a statement of the plain writer, which makes an array of its own. `made` has
    the axes of the arrays in buffers by name, as they lie there, and what they hold.
    """

    made: dict[str, tuple[Axes, str]] = field(default_factory=dict)
    codes: set[Node] = field(default_factory=set)  # integers, that entries are read at
    numbers: set[Node] = field(default_factory=set)  # that products of matrices read
    conditions: set[Node] = field(default_factory=set)
    writable: dict[Node, bool] = field(default_factory=dict)
    orders: dict[Node, Axes] = field(default_factory=dict)
    places: dict[tuple[Node, Axes], str] = field(default_factory=dict)

    def count(self, targets: Iterable[Node]) -> None:
        targets = list(targets)
        Writer.count(self, targets)
        for node in reachable(targets):
            if isinstance(node, Contract):
                self.numbers.update(factor.node for factor in node.factors)
                for delta in node.deltas:
                    self.codes.update(_computed_of(delta.source))
            elif isinstance(node, Map) and node.op == "where":
                self.conditions.add(node.args[0])

    # -- what can be written so

    def _in_steps(self, node: Node) -> bool:
        """True for what steps compute from named arrays, and what has no rows."""
        if node not in self.writable:
            self.writable[node] = self.row in node.axes and self._has_steps(node)
        return self.writable[node]

    def _has_steps(self, node: Node) -> bool:
        if node in self.codes and not self._are_codes(node):
            return False
        match node:
            case Map():
                return node.op in STEPS and all(self._operand(arg) for arg in node.args)
            case Contract(deltas=()):
                return self._sums_in_steps(node)
            case Contract():
                return self._is_gather(node) or self._is_lines(node) or self._is_one_hot(node)
            case Reduce(op="max" | "min" | "argmax"):
                return self.row not in node.over and self._operand(node.arg)
            case Linear(op="solve" | "solve_transposed"):
                return self._is_solution(node)
        return False

    def _is_solution(self, node: Linear) -> bool:
        """True for what is solved row by row."""
        (matrix, _), (right, indices) = node.parts
        plain = indices == right.axes == node.axes and len(node.axes) == 2
        last = node.axes[-1] == self.row and node.along == node.axes[:1]
        return plain and last and self.row not in matrix.axes and self._operand(right)

    def _sums_in_steps(self, node: Contract) -> bool:
        if len(node.factors) == 2:
            return twins(node) is None and all(self._operand(f.node) for f in node.factors)
        arg, indices = node.factors[0]
        if self._as_lines(node) is not None:
            return True
        left = tuple(index for index in indices if index not in node.summed)
        distinct = len(set(indices)) == len(indices) and bool(node.summed)
        return distinct and left == node.axes and self._operand(arg)

    def _are_codes(self, node: Node) -> bool:
        """True for codes that steps on whole numbers compute."""
        if isinstance(node, Map):
            return node.op in WHOLE_STEPS and len(node.axes) == 1
        return isinstance(node, Reduce) and node.op == "argmax" and len(node.axes) == 1

    def _is_gather(self, node: Contract) -> bool:
        """True for the entries of a vector, or of lines of rows, at the codes of the rows."""
        if len(node.factors) != 1 or len(node.deltas) != 1 or len(node.axes) != 1:
            return False
        (table, indices), (source, at, axis) = node.factors[0], node.deltas[0]
        if source is None or not at == node.axes == source.axes or not self._operand(source):
            return False
        if indices == (axis,):
            return len(table.axes) == 1
        lies = not isinstance(table, Leaf) or self._order(table)[0] == self.row
        made = table not in self.known or isinstance(table, Leaf) or self.known[table] in self.made
        return set(indices) == {axis, self.row} and lies and made and self._operand(table)

    def _is_one_hot(self, node: Contract) -> bool:
        """True for a comparison of codes with all that they may be, times a factor or not."""
        if len(node.deltas) != 1 or node.deltas[0].source is None:
            return False
        read = {node.deltas[0].axis, *node.deltas[0].indices}
        return (
            read <= set(node.axes)
            and self._operand(node.deltas[0].source)
            and all(self._operand(factor.node) for factor in node.factors)
        )

    def _operand(self, node: Node) -> bool:
        """True for what a step can read."""
        if (inside := renamed(node)) is not None and node not in self.known:
            return self._operand(inside.node)
        named = node in self.known or isinstance(node, (Leaf, Number))
        return named or self.row not in node.axes or self._in_steps(node)

    def _is_read_otherwise(self, node: Node) -> bool:
        inside = renamed(node)
        return inside is not None and self._operand(inside.node)

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
        lines = all(self._operand(arg) and self._order(arg)[0] == self.row for arg in factor.args)
        return (a, b) if lines and len(a.axes) == 2 and a.axes == b.axes else None

    def _order(self, node: Node) -> Axes:
        """The axes of a node in the order in which its entries lie."""
        if node not in self.orders:
            orders = self._orders_of(node)
            self.orders[node] = orders.pop() if len(orders) == 1 else node.axes
        return self.orders[node]

    def _orders_of(self, node: Node) -> set[Axes]:
        """How the arrays lie that an element-wise node is made of; what it has no part in."""
        if node in self.known or isinstance(node, Leaf):
            return {self.native.get(node, node.axes)}
        if self._is_lines(node):
            return {tuple(sorted(node.axes, key=lambda axis: axis != self.row))}
        if not isinstance(node, Map) or node.op in PIECEWISE or node.op == "where":
            return {node.axes}
        orders: set[Axes] = set()
        for arg in node.args:
            if len(arg.axes) == len(node.axes):
                orders |= self._orders_of(arg)
        return orders

    # -- statements

    def _store(self, name: str, value: Node, node: Node, *, fresh: bool = False) -> None:
        copied = fresh and value in self.known
        if not (copied or self._in_steps(value)) or value.axes != node.axes:
            Writer._store(self, name, value, node, fresh=fresh)
            return
        formula = self.text(value).code
        place = self._computed(name, value)
        axes = self.native[node] = self.made[name][0]
        shape = ", ".join(self._shape(axis) for axis in axes)
        comment = f"({shape}{',' if len(axes) == 1 else ''})"
        if len(self.lines) > place + 1 and len(formula) <= 40 and axes == node.axes:
            comment += f"  {formula}"
        self.lines[place] += f"  # {comment}"

    def _computed(self, name: str, node: Node) -> int:
        """Writes the steps of a node; returns the place of the line that begins with its name."""
        axes = self.native[node] = self._order(node)
        held = len(self.lines)
        if node in self.known:
            self.made[name] = (axes, "")
            self._begin(name, f"np.positive({self.oriented(node, axes).code}")
        else:
            self.made[name] = (axes, self._kind(node))
            self._into(name, node)
        begin = f"{name} = "
        return next(i for i in range(held, len(self.lines)) if self.lines[i].startswith(begin))

    def _kind(self, node: Node) -> str:
        """What the buffer of a node holds: nothing to say of floats."""
        if isinstance(node, Map) and self.logical(node):
            return "" if node in self.numbers and node not in self.conditions else "bool"
        return "int" if node in self.codes else ""

    def _into(self, name: str, node: Node) -> None:
        """The steps that compute the node into the buffer of `name`."""
        axes = self.made[name][0]
        match node:
            case Map() if node in self.codes:
                texts = [self._named(arg) for arg in node.args]
                self._begin(name, f"np.{WHOLE_STEPS[node.op]}({texts[0]}, {texts[1]}")
                for text in texts[2:]:
                    self._continue(name, f"np.{WHOLE_STEPS[node.op]}({name}, {text}")
            case Map(op="add"):
                self._sum_into(name, node, axes)
            case Map(op="mul"):
                self._product_into(name, node.args, axes)
            case Map(op="pow"):
                self._power_into(name, node, axes)
            case Map(op="where"):
                self._choice_into(name, node, axes)
            case Map():
                self._function_into(name, node, axes)
            case Contract():
                self._contract_into(name, node)
            case Reduce(op="argmax"):  # it would copy what it does not look through in order
                axis = self._axis_argument(node.arg, node.over).removeprefix(", axis=")
                self.helpers.add("_by_pieces")
                arg = self._named(node.arg)
                self._begin(name, f"_by_pieces(np.argmax, {arg}, {axis}")
            case Reduce():
                axis = self._axis_argument(node.arg, node.over)
                self._begin(name, f"np.{node.op}({self._named(node.arg)}{axis}")
            case Linear():
                self.helpers.add("_by_pieces")
                matrix, right = node.parts[0].node, self._named(node.parts[1].node)
                self._begin(name, f"_by_pieces({self.text(matrix).code}.{node.op}, {right}")
            case _:
                raise TypeError(node)

    def _contract_into(self, name: str, node: Contract) -> None:
        if len(node.factors) == 2 and not node.deltas:
            self._pair_into(name, node)
        elif node.deltas and self._is_one_hot(node):
            self._one_hot_into(name, node)
        elif node.deltas:
            self._gather_into(name, node)
        elif (pair := self._as_lines(node)) is not None:
            self._dots_into(name, *pair)
        else:
            arg, indices = node.factors[0]
            where = dict(zip(indices, arg.axes, strict=True))
            axis = self._axis_argument(arg, [where[index] for index in node.summed])
            self._begin(name, f"np.sum({self._named(arg)}{axis}")

    def _pair_into(self, name: str, node: Contract) -> None:
        """A product of matrices, as it lies in the buffer, or what only einsum can multiply."""
        for factor in node.factors:
            self._named(factor.node)
        sides = as_matmul(node)
        if sides is None:
            call = self._einsum(node).code.removesuffix(", optimize=True)")
            self._begin(name, call)
            return
        (a, left), (b, right) = sides
        if self.made[name][0] != node.axes:
            (a, left), (b, right) = (b, right[::-1]), (a, left[::-1])
        first, second = self.oriented(a, left).code, self.oriented(b, right).code
        self._begin(name, f"np.matmul({first}, {second}")

    def _one_hot_into(self, name: str, node: Contract) -> None:
        (delta,) = node.deltas
        assert delta.source is not None
        for operand in (delta.source, *(factor.node for factor in node.factors)):
            self._named(operand)
        self.sizes[delta.axis.dim] = None
        levels = self.broadcast(
            Text(f"np.arange({self.dim_names[delta.axis.dim]})"), (delta.axis,), node.axes
        )
        codes = self._spread_at(delta.source, delta.indices, node.axes)
        self._begin(name, f"np.equal({levels.code}, {codes.code}")
        for factor, indices in node.factors:
            self.lines.append(f"{name} *= {self._spread_at(factor, indices, node.axes).code}")

    def _gather_into(self, name: str, node: Contract) -> None:
        """Entries or lines of a table at codes; that no code of the data is outside is known."""
        (table, indices), (delta,) = node.factors[0], node.deltas
        assert delta.source is not None
        axis, text, codes = "", self._named(table), self._named(delta.source)
        floats = table in self.known and not (isinstance(table, Leaf) and table.kind == "data")
        if self.row in indices:
            order = self._order(table)
            text, codes = self.oriented(table, order).code, self._places(delta.source, order)
        elif len(indices) == 2:
            own = dict(zip(indices, table.axes, strict=True))
            code, kept = sorted(indices, key=lambda index: index != delta.axis)
            axis, lines = ", axis=0", self.oriented(table, (own[code], own[kept]))
            text = lines.code
        if not floats:  # codes, or choices between whole numbers, are none
            text = f"np.asarray({text}, float)"
        mode = "clip" if isinstance(delta.source, Leaf) else "wrap"
        self._begin(name, f'np.take({text}, {codes}{axis}, mode="{mode}"')

    def _places(self, source: Node, order: Axes) -> str:
        """Where the entries at the codes of the rows lie in an array with two axes."""
        codes = self._named(source)
        if (source, order) not in self.places:
            name = self.places[source, order] = self.fresh("at")
            self.made[name] = (source.axes, "int")
            self.needs_rows = True
            if order[-1] == self.row:
                self._begin(name, f"np.multiply({codes}, rows.size")
                self.lines.append(f"{name} += rows")
            else:
                self.sizes[order[-1].dim] = None
                self._begin(name, f"np.multiply(rows, {self.dim_names[order[-1].dim]}")
                self.lines.append(f"{name} += {codes}")
        return self.places[source, order]

    def _add_indexed(self, name: str, one_hot: Contract, amount: Text, node: Node) -> None:
        source, indices, _ = one_hot.deltas[0]
        lies = self.made[name][0] if name in self.made else node.axes
        flat = name in self.made and len(lies) == 2
        if source is None or not flat or not indices == source.axes == (self.row,):
            array = self._oriented_name(name, lies, node.axes).code
            Writer._add_indexed(self, array, one_hot, amount, node)
            return
        verb = "subtract" if amount.code.startswith("-") else "add"
        at, change = self._places(source, lies), amount.code.removeprefix("-")
        change += ".0" if change.isdecimal() else ""  # a whole number would be cast for each row
        self.lines.append(f"np.{verb}.at({name}.reshape(-1), {at}, {change})")

    def rows_text(self) -> str:
        return "acc.work.rows(_rows(block))"

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
        if (inside := renamed(node)) is not None and node not in self.known:
            self._named(inside.node)
        elif node not in self.known and self.row in node.axes and not isinstance(node, Leaf):
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
        if (inside := renamed(node)) is not None and node not in self.known:
            return self._ready(inside.node)
        return node in self.known or self.row not in node.axes or isinstance(node, (Leaf, Number))

    def _read_as(self, node: Node, axes: Axes) -> Text:
        """The text of an operand beside arrays of these axes, computed first if need be."""
        self._named(node)
        return self._spread(node, axes)

    def _first_into(self, name: str, nodes: Sequence[Node], axes: Axes) -> Node | None:
        """Computes the first operand that has all axes and no name yet into the buffer."""
        for node in nodes:
            if not self._ready(node) and self._fits(node, axes):
                self._into(name, node)
                return node
        return None

    def _fits(self, node: Node, axes: Axes) -> bool:
        """True for floats that steps compute so that they lie in this order."""
        if self.logical(node) or set(node.axes) != set(axes) or not self._in_steps(node):
            return False
        if self._is_lines(node):
            return axes[0] == self.row
        if isinstance(node, Contract) and not node.deltas and len(node.factors) == 2:
            return axes == node.axes or as_matmul(node) is not None
        return (isinstance(node, Map) or axes == node.axes) and node not in self.codes

    # -- sums

    def _sum_into(self, name: str, node: Map, axes: Axes) -> None:
        terms = sorted((arg for arg in node.args if self.row in arg.axes), key=reading_order)
        signed = [(is_negative(term) and term not in self.known, term) for term in terms]
        at = self._first_term(signed, axes)
        texts = [
            (minus, self._size(minus, term, axes))
            for place, (minus, term) in enumerate(signed)
            if place != at
        ]
        texts += self._without_rows([arg for arg in node.args if self.row not in arg.axes], axes)
        texts.sort(key=lambda entry: entry[0])  # what is added first
        if at is not None:
            minus, term = signed[at]
            if minus:
                assert isinstance(term, Map) and isinstance(term.args[0], Number)
                self._product_into(name, term.args[1:], axes, -term.args[0].value)
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
                plain = self._ready(term) or not self._fits(term, axes)
                if minus == wanted and not plain and self._steps(term):
                    return place
        return None

    def _steps(self, term: Node) -> bool:
        """False for an operand that needs no step of its own, with a minus or without."""
        if isinstance(term, Map) and term.op == "mul" and _is_minus_one(term.args[0]):
            return len(term.args) > 2 or (
                not self._ready(term.args[1]) and self._in_steps(term.args[1])
            )
        return True

    def _without_rows(self, args: Sequence[Node], axes: Axes) -> list[tuple[bool, Text]]:
        """The terms without rows as one."""
        if not args:
            return []
        if len(args) == 1:
            sign, text = self._signed(args[0], axes)
            return [(sign == "-", text)]
        return [(False, self._sum(args, axes))]

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
            return self._read_as(rest[0], axes)
        order = tuple(axis for axis in axes if axis in term.axes)
        name = self.fresh(None)
        self.made[name] = (order, "")
        self._product_into(name, rest, order, size)
        return self.broadcast(Text(name), order, axes)

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
            self.made[part] = (axes, "")
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
        order = tuple(axis for axis in axes if axis in node.axes)
        name = self.fresh(None)
        self.made[name] = (order, "")
        self._raise_into(name, base, -exponent.value, order)
        return self.broadcast(Text(name), order, axes)

    def _power_into(self, name: str, node: Map, axes: Axes) -> None:
        base, exponent = node.args
        if not isinstance(exponent, Number):
            call = ", ".join(self._read_as(arg, axes).code for arg in node.args)
            self._begin(name, f"np.power({call}")
        elif exponent.value == -1:
            first = self._first_into(name, [base], axes)
            text = name if first else self._read_as(base, axes).code
            self._apply(name, first is not None, f"np.divide(1, {text}")
        elif exponent.value < 0:
            self._raise_into(name, base, -exponent.value, axes)
            self._continue(name, f"np.divide(1, {name}")
        else:
            self._raise_into(name, base, exponent.value, axes)

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

    def _function_into(self, name: str, node: Map, axes: Axes) -> None:
        apart = self.logical(node) or node.op in OWN or node.op in PIECEWISE
        first = None if apart else self._first_into(name, node.args, axes)
        operands = []
        for arg in node.args:
            text = Text(name) if arg is first else self._read_as(arg, axes)
            if self.logical(arg) and node.op not in JOINED:
                text = Text(f"1.0*{text.at(UNARY)}", PRODUCT)
            operands.append(text.code)
        if node.op in PIECEWISE:
            function, _, template = PIECEWISE[node.op].removesuffix(")").partition("(")
            self.helpers |= {function, "_by_pieces"}
            self._begin(name, f"_by_pieces({function}, {template.format(*operands)}")
            return
        function = {**UFUNCS, **OWN, **COMPARED}[node.op]
        if node.op in OWN:
            self.helpers.add(function)
        if function.startswith("special."):
            self.helpers.add("special")
        self._apply(name, first is not None, f"{function}({', '.join(operands)}")

    def _choice_into(self, name: str, node: Map, axes: Axes) -> None:
        """By pieces; one condition for all rows needs no choice of each."""
        condition, yes, no = node.args
        truth, over = self._truth(condition, axes), self._read_as(yes, axes).code
        other = self._read_as(no, axes).code
        if self.row in condition.axes:
            self.helpers |= {"_by_pieces", "_either"}
            self._begin(name, f"_by_pieces(_either, {truth}, {over}, {other}")
            return
        self._begin(name, f"np.multiply({other}, 1.0")
        self.lines.append(f"np.copyto({name}, {over}, where={truth})")

    def _truth(self, node: Node, axes: Axes) -> str:
        """A condition as truths: a number as whether it is not 0."""
        text = self._read_as(node, axes)
        if self.logical(node):
            return text.code
        if self.row not in node.axes:
            return f"{text.at(SUM)} != 0"
        name = self.fresh(None)
        order = tuple(axis for axis in axes if axis in node.axes)
        self.made[name] = (order, "bool")
        self._begin(name, f"np.not_equal({self._read_as(node, order).code}, 0")
        return self.broadcast(Text(name), order, axes).code

    # -- totals

    def _addition(self, total: Total, into: str) -> str:
        if total.kind in ("sum", "rows") and isinstance(total.node, Contract):
            self._prepare(total.node)
        elif isinstance(total.node, Reduce) and self._operand(total.node.arg):
            self._named(total.node.arg)
        line = Writer._addition(self, total, into)
        return re.sub(r"np\.sum\((\w+)\)$", r"\1.sum()", line)  # the same, called directly

    def _prepare(self, node: Contract) -> None:
        """Gives names to what a total sums, so that no expression in it makes an array."""
        parts: Sequence[Node] = [factor for factor, _ in node.factors]
        if (table_sum := self._as_table_sum(node)) is not None:
            parts = table_sum[:1]
        elif len(parts) == 1 and not node.deltas and not node.axes:
            parts = self._as_dot(parts[0]) or parts
        for part in parts:
            if not self._ready(part) and self._operand(part):
                self._named(part)

    def _may_be_dot(self, arg: Node) -> bool:
        parts = [part for part in arg.operands if not isinstance(part, Number)]
        alike = len({self._order(part) for part in parts}) == 1
        return len(arg.axes) == 1 or (self.row in arg.axes and alike)

    def _single(self, node: Contract) -> Text:
        arg = node.factors[0].node
        dot = self._as_dot(arg) if len(arg.axes) > 1 and not node.axes else None
        if dot is None:
            return Writer._single(self, node)
        a, b = (self.oriented(part, self._order(part)).code for part in dot)
        return Text(f"np.vdot({a}, {b})", ATOM, 1)

    def _worked(self, arguments: str) -> str:
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

    def __init__(self, writer: StepWriter, rows: str) -> None:
        self.writer = writer
        self.rows = rows
        self.free: dict[tuple[Axes, str], list[str]] = {}
        self.held: dict[str, str] = {}  # the buffer of each name that is still to be read
        self.new: dict[tuple[Axes, str], list[str]] = {}  # those not fetched yet
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

    def _another(self, kind: tuple[Axes, str]) -> str:
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
        for (axes, held), names in self.new.items():
            shape = ", ".join(map(self._size, axes))
            trailing = "," if len(axes) == 1 else ""
            dtype = f", {held}" if held else ""
            targets = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
            letter = names[0].rstrip("0123456789")
            call = f'acc.work("{letter}", {len(names)}, ({shape}{trailing}){dtype})'
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


def _computed_of(source: Node | None) -> list[Node]:
    """Codes, and the codes that they are computed of."""
    found = [] if source is None else [source]
    for node in found:  # grows on the way
        if isinstance(node, (Map, Contract)):
            found += node.operands
    return found
