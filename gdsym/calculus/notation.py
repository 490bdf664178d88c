"""Nodes as gd text, with named axes: what `show`, docstrings and messages print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from gdsym.calculus.program import (
    FACTORED,
    Axes,
    Axis,
    Contract,
    Factor,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    Scan,
    canonical_axes,
    reachable,
)
from gdsym.calculus.reading import decimal, reading_order, terminates
from gdsym.language.functions import SIGNS

# Precedence, loosest first.
LOGIC, COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(7)


# A part of a gradient that is read twice gets a line of its own if its text is longer than this.
SHORTEST_SHARED = 24


def show(program: Program) -> str:
    """The loss and its gradient, with the lets and shared parts they use, as readable text."""
    notation = Notation.of(program)
    values = {"loss": program.loss}
    if program.value is not program.loss:
        values["objective"] = program.value
    grads = {f"grad({name})": node for name, node in program.grads.items()}
    lines = [
        (f"let {name}", notation.definition(program.lets[name]))
        for name in lets_of(program, [*values.values(), *grads.values()])
    ]
    lines += [(name, notation.definition(node)) for name, node in values.items()]
    lines += _shared(program, notation, list(grads.values()))
    lines += [(name, notation.text(node)) for name, node in grads.items()]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}} = {text}" for name, text in lines)


def _shared(program: Program, notation: Notation, grads: list[Node]) -> list[tuple[str, str]]:
    """Names and texts of what the gradients read more than once; the names enter `notation`."""
    order = reachable(grads)
    readers: dict[Node, int] = dict.fromkeys(grads, 1)
    for node in order:
        for operand in set(node.operands):
            readers[operand] = readers.get(operand, 0) + 1
    taken = {*program.lets, *(name for _, name, _ in program.model.declared())}
    free = (name for number in range(1, len(order) + 1) if (name := f"t{number}") not in taken)
    lines = []
    for node in order:
        if readers[node] > 1 and isinstance(node, (Map, Contract)) and node not in notation.names:
            text = notation.definition(node)
            if len(text) > SHORTEST_SHARED:
                name = next(free)
                notation.names[node] = name
                lines.append((name, text))
    return lines


def lets_of(program: Program, nodes: Sequence[Node]) -> list[str]:
    """The lets that the texts of these nodes mention, in the order of the file."""
    names = program.names
    mentioned = {names[node] for node in reachable(nodes) if node in names}
    return [name for name in program.lets if name in mentioned]


class Notation:
    """The text of nodes; a node with a name is its name, except where it is defined."""

    def __init__(
        self, names: Mapping[Node, str], orders: Mapping[Node, Axes], row: Axis | None
    ) -> None:
        self.names = dict(names)
        self.orders = dict(orders)
        self.row = row
        self.seen: dict[Node, tuple[str, int]] = {}

    @classmethod
    def of(cls, program: Program) -> Notation:
        """The notation of a program: its names, and the order of axes as declared."""
        model, graph = program.model, program.graph
        orders: dict[Node, Axes] = {}
        for kind, name, dims in model.declared():
            leaf = graph.known_leaf(kind, name)
            if leaf is not None:
                orders[leaf] = canonical_axes(dims)
        for let in model.lets:
            orders.setdefault(program.lets[let.name], canonical_axes(let.expr.dims))
        for name, node in program.grads.items():
            leaf = graph.known_leaf("param", name)
            for part in terms_of(node):
                if leaf is not None and part.axes == leaf.axes:
                    orders.setdefault(part, orders[leaf])
        return cls(program.names, orders, program.row)

    def definition(self, node: Node) -> str:
        """The text of a node, spelled out even if it has a name."""
        return self._make(node)[0]

    def text(self, node: Node, level: int = LOGIC) -> str:
        """The text of a node as an operand of an operator of this precedence."""
        if node in self.names:
            return self.names[node]
        if node not in self.seen:
            self.seen[node] = self._make(node)
        code, own = self.seen[node]
        return code if own >= level else f"({code})"

    def _make(self, node: Node) -> tuple[str, int]:
        match node:
            case Number():
                return _number(node.value)
            case Leaf(kind="label"):
                return f'"{node.name.split(" ", 1)[1]}"', ATOM
            case Leaf(kind="stat"):
                name, what = node.name.rsplit(".", 1)
                return f"train({what}({name}))", ATOM
            case Leaf():
                return node.name, ATOM
            case Map(op="add"):
                return self._sum(node), SUM
            case Map(op="mul"):
                return self._product(list(node.args))
            case Map(op="pow"):
                base, exponent = node.args
                if isinstance(exponent, Number) and exponent.value < 0:
                    return self._product([node], spelled=True)
                gap = self._gap(base)
                if gap and isinstance(exponent, Number) and exponent.value % 2 == 0:
                    half = exponent.value / 2
                    return (gap, ATOM) if half == 1 else (f"{gap}^{_number(half)[0]}", POWER)
                return f"{self.text(base, ATOM)}^{self.text(exponent, ATOM)}", POWER
            case Map(op="and" | "or"):
                return f" {node.op} ".join(self.text(a, COMPARISON) for a in node.args), LOGIC
            case Map() if node.op in SIGNS:
                a, b = (self.text(arg, SUM) for arg in node.args)
                return f"{a} {SIGNS[node.op]} {b}", COMPARISON
            case Map(op="exp") if self._softmax(node) is not None:
                return self._softmax(node) or "", ATOM
            case Map():
                return f"{node.op}({', '.join(self.text(arg) for arg in node.args)})", ATOM
            case Reduce(deltas=(_, *_)):
                powers = f"exp({self.text(node.arg)})"
                by_code, _ = self._summed_by_code(node, node.over, (powers, ATOM), [powers])
                return f"log({by_code})", ATOM
            case Reduce():
                over = "" if not node.axes else f"[{_names(node.over)}]"
                return f"{node.op}{over}({self.text(node.arg)})", ATOM
            case Scan():
                over = "" if len(node.axes) == 1 else f"[{node.axis.dim}]"
                return f"prod{over}({self.text(node.arg)})/{self.text(node.arg, ATOM)}", PRODUCT
            case Contract():
                return self._contraction(node)
            case Linear():
                return self._linear(node)
        raise TypeError(node)

    def _softmax(self, node: Map) -> str | None:
        """exp(z - logsumexp[k](z)) as softmax[k](z)."""
        shifted = node.args[0]
        if not isinstance(shifted, Map) or shifted.op != "add" or shifted in self.names:
            return None
        for term in shifted.args:
            lse = term.args[-1] if isinstance(term, Map) and term.op == "mul" else None
            if not isinstance(lse, Reduce) or lse.op != "logsumexp" or lse.deltas:
                continue
            if len(term.operands) == 2:
                rest = tuple(other for other in shifted.args if other is not term)
                arg = lse.arg
                if rest == (arg,) or (isinstance(arg, Map) and arg.args == rest):
                    over = "" if not lse.axes else f"[{_names(lse.over)}]"
                    return f"softmax{over}({self.text(arg)})"
        return None

    def _sum(self, node: Map) -> str:
        code = ""
        for arg in sorted(node.args, key=reading_order):
            piece = self.text(arg, PRODUCT if code else SUM)
            if not code:
                code = piece
            elif piece.startswith("-"):
                code += f" - {piece[1:]}"
            else:
                code += f" + {piece}"
        return code

    def _product(self, args: list[Node], *, spelled: bool = False) -> tuple[str, int]:
        """A product over what it divides by; `spelled` spells out a reciprocal with a name."""
        coefficient = Fraction(1)
        above: list[Node] = []
        below: list[tuple[Node, Fraction]] = []
        for arg in args:
            if isinstance(arg, Number):
                coefficient *= arg.value
            elif (
                (spelled or arg not in self.names)
                and isinstance(arg, Map)
                and arg.op == "pow"
                and isinstance(arg.args[1], Number)
                and arg.args[1].value < 0
            ):
                below.append((arg.args[0], -arg.args[1].value))
            else:
                above.append(arg)
        above.sort(key=lambda arg: bool(arg.axes))
        square = self._square([arg for arg in above if arg.axes])
        if square is not None:
            above = [arg for arg in above if not arg.axes]
        pieces = []
        for arg in above:
            mean = self._mean(arg, below)
            pieces.append(mean if mean is not None else self.text(arg, UNARY))
        pieces += [square] if square is not None else []
        sign = "-" if coefficient < 0 else ""
        coefficient = abs(coefficient)
        bottoms = []
        for base, exponent in below:
            raised = self.text(base, ATOM)
            bottoms.append(raised if exponent == 1 else f"{raised}^{_number(exponent)[0]}")
        if terminates(coefficient) and coefficient.denominator > 2:
            front = _number(coefficient)[0]
        else:
            front = str(coefficient.numerator)
            if coefficient.denominator != 1:
                bottoms.insert(0, str(coefficient.denominator))
        if front != "1" or not pieces:
            pieces.insert(0, front)
        code = sign + "*".join(pieces)
        if bottoms:
            code += "/" + (bottoms[0] if len(bottoms) == 1 else f"({'*'.join(bottoms)})")
        single = len(pieces) == 1 and not bottoms and not sign and "@" not in (square or "")
        return code, ATOM if single else PRODUCT

    def _square(self, args: list[Node]) -> str | None:
        """Vectors and matrices over one dimension twice, which names cannot tell apart:
        `outer(v, w)`, `diag(v)`, `diag(v) @ A`."""
        axes = sorted({axis for arg in args for axis in arg.axes})
        if len(axes) != 2 or axes[0].dim != axes[1].dim:
            return None
        vectors = [[arg for arg in args if arg.axes == (axis,)] for axis in axes]
        matrices = [arg for arg in args if len(arg.axes) == 2]
        if not any(vectors):
            return None
        left, right = (self._bare(side) if side else "" for side in vectors)
        if not matrices:
            return f"outer({left}, {right})"
        if all(is_identity(arg) for arg in matrices):
            return f"diag({self._bare([*vectors[0], *vectors[1]])})"
        middle = self.text(matrices[0], UNARY)
        if len(matrices) > 1:
            middle = f"({self._product(matrices)[0]})"
        sides = (left and f"diag({left})", middle, right and f"diag({right})")
        return " @ ".join(side for side in sides if side)

    def _bare(self, args: list[Node]) -> str:
        """A product as an argument, which needs no brackets of its own."""
        return self.text(args[0]) if len(args) == 1 else self._product(args)[0]

    def _mean(self, arg: Node, below: list[tuple[Node, Fraction]]) -> str | None:
        """A sum over a dimension whose size stands below is a mean."""
        if not isinstance(arg, Contract) or arg in self.names or arg.deltas:
            return None
        if len(arg.factors) != 1 or not arg.summed:
            return None
        sizes = [
            (base, exponent)
            for base, exponent in below
            if isinstance(base, Leaf) and base.kind == "size" and exponent == 1
        ]
        if {base.name for base, _ in sizes if isinstance(base, Leaf)} != {
            axis.dim for axis in arg.summed
        } or len(sizes) != len(arg.summed):
            return None
        for size in sizes:
            below.remove(size)
        over = "" if not arg.axes else f"[{_names(arg.summed)}]"
        return f"mean{over}({self.text(arg.factors[0].node)})"

    def _gap(self, node: Node) -> str:
        """`sqdist(x, z)` of x - z, for points on a line; else nothing."""
        if not (isinstance(node, Map) and node.op == "add" and len(node.args) == 2):
            return ""
        for x, other in (node.args, node.args[::-1]):
            negative = isinstance(other, Map) and other.op == "mul" and len(other.args) == 2
            if negative and isinstance(other, Map) and len(x.axes) == len(other.axes) == 1:
                front, z = other.args
                if not (isinstance(front, Number) and front.value == -1):
                    continue
                if x.axes[0].dim == z.axes[0].dim and x.axes != z.axes:
                    return f"sqdist({self.text(x)}, {self.text(z)})"
        return ""

    def _linear(self, node: Linear) -> tuple[str, int]:
        text, level, have = self._as_called(node)
        if len(have) == 2 and have != self.order(node):
            return f"{text if level == ATOM else f'({text})'}.T", ATOM
        return text, level

    def _as_called(self, node: Linear) -> tuple[str, int, Axes]:
        """A call of linear algebra, and the axes of its value in their order."""
        if node.op in FACTORED:
            (part,) = node.parts
            at = dict(zip(part.node.axes, part.indices, strict=True))
            order = tuple(at[axis] for axis in self.order(part.node) if axis in at)
            return *self._known(part.node), order if len(order) == 2 else node.along
        if node.op == "sqdist":
            a, b, d = node.along
            first, second = node.parts
            left, right = self._oriented(first, (a, d)), self._oriented(second, (b, d))
            return f"sqdist({left}, {right})", ATOM, (a, b)
        matrix = node.parts[0].node
        assert isinstance(matrix, Linear)
        argument = self._oriented(Factor(matrix, matrix.axes), matrix.along, LOGIC)
        if node.op == "cofactors":
            return f"det({argument})*inv({argument}).T", PRODUCT, matrix.along
        if len(node.parts) == 1:
            name = "inv" if node.op == "inverse" else node.op
            return f"{name}({argument})", ATOM, matrix.along if node.axes else ()
        if node.op == "solve_transposed":
            argument = self._oriented(Factor(matrix, matrix.axes), matrix.along[::-1], LOGIC)
        have = (*node.along, *(axis for axis in node.axes if axis not in node.along))
        right = self._oriented(node.parts[1], have, LOGIC)
        return f"solve({argument}, {right})", ATOM, have

    def _known(self, node: Node) -> tuple[str, int]:
        """The text of a node and the precedence of its outermost operator."""
        return (self.names[node], ATOM) if node in self.names else self._make(node)

    def _contraction(self, node: Contract) -> tuple[str, int]:
        if node.deltas:
            return self._with_codes(node)
        trace = self._trace(node)
        if trace is not None:
            return trace, ATOM
        if len(node.factors) == 2:
            product = self._matmul(node, *node.factors)
            if product is not None:
                return product, PRODUCT
        if len(node.factors) > 2 and (chain := self._chain(node)) is not None:
            return chain
        over = "" if not node.axes else f"[{_names(node.summed)}]"
        if any(len(set(factor.indices)) < len(factor.indices) for factor in node.factors):
            body = "*".join(map(self._on_diagonal, node.factors))
        elif any(map(self._renamed, node.factors)) and node.summed:
            body = "*".join(self._renamed(f) or self.text(f.node, PRODUCT) for f in node.factors)
        elif len(node.factors) == 1:
            body = self.text(node.factors[0].node)
        elif any(factor.indices != factor.node.axes for factor in node.factors):
            body = "*".join(self.text(factor.node, UNARY) for factor in node.factors)
        else:
            body = self._product([factor.node for factor in node.factors])[0]
        if not node.summed and (renamed := self._renamed(node.factors[0])):
            return renamed, ATOM
        if not node.summed and len(node.axes) == 1:  # a vector along another axis
            return self._known(node.factors[0].node)
        if not node.summed:
            return f"{self.text(node.factors[0].node, ATOM)}.T", ATOM
        return f"sum{over}({body})", ATOM

    def _trace(self, node: Contract) -> str | None:
        """One factor read on its diagonal, or a product of two matrices that is."""
        first, *others = node.factors
        if not others and len(first.indices) == 2 and len(set(first.indices)) == 1:
            return f"{'trace' if node.summed else 'diag'}({self.text(first.node)})"
        if node.axes or len(others) != 1 or len(node.summed) != 2:
            return None
        (second,) = others
        if len(first.indices) != 2 or len(second.indices) != 2:
            return None
        at = dict(zip(first.node.axes, first.indices, strict=True))
        i, j = (at[axis] for axis in self.order(first.node))
        at = dict(zip(second.node.axes, second.indices, strict=True))
        if tuple(at[axis] for axis in self.order(second.node)) != (j, i):
            return None
        return f"trace({self.text(first.node, PRODUCT)} @ {self.text(second.node, UNARY)})"

    def _chain(self, node: Contract) -> tuple[str, int] | None:
        """`a @ B @ C`: each index joins two factors, or is one of the result; a vector along an
        index that joins two matrices is `diag(w)` between them."""
        if any(len({*f.indices}) < len(f.indices) or len(f.indices) > 2 for f in node.factors):
            return None
        met: dict[Axis, list[Factor]] = {}
        for factor in node.factors:
            for index in factor.indices:
                met.setdefault(index, []).append(factor)
        between = {
            index: next((f for f in factors if len(f.indices) == 1), factors[0])
            for index, factors in met.items()
            if len(factors) == 3
        }
        left = [f for f in node.factors if not any(f is w for w in between.values())]
        joins = {i: sum(f is not between.get(i) for f in factors) for i, factors in met.items()}
        if any(count != (1 if i in node.axes else 2) for i, count in joins.items()):
            return None
        if any(len(weight.indices) > 1 for weight in between.values()):
            return None
        order = [axis for axis in self.order(node) if axis in node.axes]
        first = next((f for f in left if len(f.indices) == 1), left[0])
        at: Axis | None = order[0] if order else None
        pieces = []
        if at is None and len(first.indices) == 1:
            pieces.append(self.text(first.node, PRODUCT))
            left.remove(first)
            (at,) = first.indices
        start = at = at if at is not None else first.indices[0]
        while at is not None:
            joined = next((f for f in left if at in f.indices), None)
            if joined is None:
                break
            left.remove(joined)
            after = next((i for i in joined.indices if i != at), None)
            wanted = (at,) if after is None else (at, after)
            pieces.append(self._oriented(joined, wanted, UNARY if pieces else PRODUCT))
            if after in between:
                pieces.append(f"diag({self.text(between[after].node)})")
            at = after
        if left or (len(order) == 2) != (at is not None and at != start):
            return None
        product = " @ ".join(pieces)
        return (f"trace({product})", ATOM) if at is not None and not order else (product, PRODUCT)

    def _renamed(self, factor: Factor) -> str:
        """`X[m]`: a factor along a dimension that is like one of its own; else nothing."""
        node, indices = factor
        at = dict(zip(node.axes, indices, strict=True))
        axes = [axis for axis in self.order(node) if axis in at]
        other = [axis for axis in axes if at[axis].dim != axis.dim]
        if not other:
            return ""
        twice = any(axis.dim == other[0].dim and axis != other[0] for axis in axes)
        shown = axes if len(other) > 1 or twice else other
        return f"{self.text(node, ATOM)}[{', '.join(at[axis].dim for axis in shown)}]"

    def _on_diagonal(self, factor: Factor) -> str:
        if len(set(factor.indices)) < len(factor.indices):
            return f"diag({self.text(factor.node)})"
        return self.text(factor.node, UNARY)

    def _matmul(self, node: Contract, first: Factor, second: Factor) -> str | None:
        """`A @ B` where one index is summed and each side keeps at most one."""
        common = [index for index in first.indices if index in second.indices]
        rests = [tuple(i for i in f.indices if i not in common) for f in (first, second)]
        if len(common) != 1 or common[0] in node.axes or any(len(rest) > 1 for rest in rests):
            return None
        if not {*rests[0], *rests[1]} <= {*node.axes}:
            return None
        order = self.order(node)
        swap = rests[1] and (not rests[0] or order.index(rests[1][0]) < order.index(rests[0][0]))
        pairs = [(first, rests[0]), (second, rests[1])]
        (left, left_rest), (right, right_rest) = reversed(pairs) if swap else pairs
        left_text = self._oriented(left, (*left_rest, common[0]))
        return f"{left_text} @ {self._oriented(right, (common[0], *right_rest))}"

    def order(self, node: Node) -> Axes:
        """The axes as the user has them: as declared, else rows first."""
        if node in self.orders:
            return self.orders[node]
        return tuple(sorted(node.axes, key=lambda axis: axis != self.row))

    def _oriented(self, factor: Factor, wanted: Axes, level: int = UNARY) -> str:
        node, indices = factor
        at = dict(zip(node.axes, indices, strict=True))
        have = tuple(at[axis] for axis in self.order(node) if axis in at)
        if renamed := self._renamed(factor):
            return renamed if len(wanted) < 2 or have == wanted else f"{renamed}.T"
        if isinstance(node, Linear) and node not in self.names and len(have) == 2:
            text, own, axes = self._as_called(node)
            upright = tuple(at[axis] for axis in axes) == wanted or _is_symmetric(node)
            bare = own >= (level if upright else ATOM)
            return (text if bare else f"({text})") + ("" if upright else ".T")
        if len(wanted) < 2 or have == wanted:
            return self.text(node, level)
        return f"{self.text(node, ATOM)}.T"

    def _with_codes(self, node: Contract) -> tuple[str, int]:
        if is_identity(node):
            return f"eye({node.axes[0].dim})", ATOM
        opened = [delta for delta in node.deltas if delta.axis in node.axes]
        if not opened and len(node.factors) == 1:
            table, indices = node.factors[0]
            places = []
            by_axis = {delta.axis: delta for delta in node.deltas}
            at = dict(zip(table.axes, indices, strict=True))
            for axis in self.order(table):
                index = at.get(axis, axis)
                delta = by_axis.get(index)
                if delta is not None and delta.source is not None:
                    places.append(self.text(delta.source))
                elif len(node.deltas) > 1:
                    places.append(index.dim)
            return f"{self.text(table, ATOM)}[{', '.join(places)}]", ATOM
        product = self._product([factor.node for factor in node.factors]) if node.factors else None
        factors = [self.text(factor.node, UNARY) for factor in node.factors]
        return self._summed_by_code(node, node.summed, product, factors)

    def _summed_by_code(
        self,
        node: Contract | Reduce,
        summed: Axes,
        product: tuple[str, int] | None,
        factors: list[str],
    ) -> tuple[str, int]:
        """A sum over some axes of a product, given whole and in factors, with one-hot rows."""
        opened = [delta for delta in node.deltas if delta.axis in node.axes]
        sources = [delta.source for delta in node.deltas if delta.source is not None]
        hots = [f"onehot({self.text(source)})" for source in sources]
        if not factors and len(hots) == 1 and not summed:
            return hots[0], ATOM
        scatter = len(opened) == len(node.deltas) == 1 and len(summed) == 1
        if scatter and product is not None and opened[0].indices == summed:
            code, level = product
            right = code if level >= UNARY else f"({code})"
            return f"{hots[0]}.T @ {right}", PRODUCT
        over = "" if not node.axes else f"[{_names(summed)}]"
        return f"sum{over}({'*'.join([*hots, *factors])})", ATOM


def _is_symmetric(node: Linear) -> bool:
    """True for a matrix that is symmetric by its making, and for its inverse."""
    if node.op == "inverse":
        return any(
            part.node.op == "symmetric" for part in node.parts if isinstance(part.node, Linear)
        )
    return node.op == "symmetric"


def is_identity(node: Node) -> bool:
    """True for an identity matrix."""
    return isinstance(node, Contract) and any(delta.source is None for delta in node.deltas)


def terms_of(node: Node) -> list[Node]:
    """The node, and what it adds and multiplies, each once."""
    found, stack = {node: None}, [node]
    for part in stack:
        if isinstance(part, Map) and part.op in ("add", "mul"):
            new = [arg for arg in part.args if arg not in found]
            found |= dict.fromkeys(new)
            stack += new
    return stack


def _names(axes: Sequence[Axis]) -> str:
    return ", ".join(axis.dim for axis in axes)


def _number(value: Fraction) -> tuple[str, int]:
    if not terminates(value):
        return f"{value.numerator}/{value.denominator}", PRODUCT
    try:
        text = decimal(value)
    except OverflowError:
        text = str(Decimal(value.numerator) / Decimal(value.denominator)).lower()
    return text, UNARY if text.startswith("-") else ATOM
