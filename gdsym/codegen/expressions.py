"""Nodes of a lowered program as expressions of NumPy: what every backend begins with.

Inside a kernel every array has its row axis last: class scores are `(k, m)` for m rows, so that a
reduction over classes runs along whole vectors. `X[n, d]` arrives as the user has it; where a
product wants it the other way round it reads `X.T`.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction

from gdsym.calculus.program import (
    FACTORED,
    Axes,
    Axis,
    Contract,
    Delta,
    Factor,
    Leaf,
    Linear,
    Map,
    Node,
    Number,
    Reduce,
    Scan,
    reachable,
)
from gdsym.calculus.reading import decimal, is_negative, reading_order, terminates
from gdsym.codegen.layout import INDENT
from gdsym.codegen.plan import Total
from gdsym.language.functions import SIGNS

# Core functions by their NumPy or scipy.special text.
FUNCTIONS = {
    "exp": "np.exp({})",
    "expm1": "np.expm1({})",
    "log": "np.log({})",
    "log1p": "np.log1p({})",
    "log2": "np.log2({})",
    "log10": "np.log10({})",
    "sqrt": "np.sqrt({})",
    "abs": "np.abs({})",
    "sign": "np.sign({})",
    "sin": "np.sin({})",
    "cos": "np.cos({})",
    "tan": "np.tan({})",
    "asin": "np.arcsin({})",
    "acos": "np.arccos({})",
    "atan": "np.arctan({})",
    "atan2": "np.arctan2({}, {})",
    "sinh": "np.sinh({})",
    "cosh": "np.cosh({})",
    "tanh": "np.tanh({})",
    "where": "np.where({}, {}, {})",
    "min": "np.minimum({}, {})",
    "max": "np.maximum({}, {})",
    "and": "np.logical_and({}, {})",
    "or": "np.logical_or({}, {})",
    "not": "np.logical_not({})",
    "hypot": "np.hypot({}, {})",
    "erf": "special.erf({})",
    "digamma": "special.digamma({})",
    # those of `gdsym.codegen.special`; the first three for kernels with guards
    "bounded_exp": "_bounded_exp({})",
    "softplus_of": "_softplus_of({}, {})",
    "sigmoid_of": "_sigmoid_of({}, {})",
    "lgamma": "_lgamma({})",
    "trigamma": "_polygamma(1, {})",
    "tetragamma": "_polygamma(2, {})",
    "pentagamma": "_polygamma(3, {})",
    "beta_ln": "_beta_ln({}, {})",
    "digamma_gap": "_digamma_gap({}, {})",
    "trigamma_gap": "_trigamma_gap({}, {})",
    "trigamma_of_sum": "_trigamma_of_sum({}, {})",
    "bell": "_bell({})",
    "half_bell": "_bell({}, 0.5)",
    "lower_gap": "_lower_gap({})",
    "lower_curve": "_lower_curve({})",
    "gelu_shape": "_gelu_shape({})",
    "event_curve": "_event_curve({})",
    "less_square": "_less_square({}, {})",
    "lost": "_lost({}, {})",
    "logaddexp_at": "_logaddexp_at({}, {}, {})",
    "log1mexpexp": "_log1mexpexp({})",
    "event_share": "_event_share({})",
    "power_slope": "_power_slope({}, {})",
    "power_curve": "_power_curve({}, {})",
    "power_turn": "_power_turn({}, {})",
    "turn_by_y": "_turn_by_y({}, {})",
    "turn_mixed": "_turn_mixed({}, {})",
    "turn_twice": "_turn_twice({}, {})",
}
LOGICAL = frozenset((*SIGNS, "and", "or", "not"))
CONSTANTS = {"pi": "np.pi", "inf": "np.inf"}

# Precedence of Python's operators, loosest first.
COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)

# An expression with more operations than this is cut into named steps.
LONGEST = 9

# What stands beside a user's names in a generated function: its arguments, its own locals, and
# what it calls.
RESERVED = frozenset(
    (
        *("theta", "dims", "stats", "seed", "lr", "method", "block", "totals", "acc", "sums"),
        *("direction", "shape", "threads", "dtype", "check", "joined"),
        *("known", "rows", "consts", "given", "stage", "f"),
        *("np", "special", "tuple", "float"),
    )
)


def python_name(name: str) -> str:
    """A user's name as a Python name: with a trailing `_` where Python or the module has it.

    The module's own helpers begin with `_` and end with a letter.
    """
    if keyword.iskeyword(name) or name in RESERVED or name.startswith("_"):
        return f"{name}_"
    return name


@dataclass(frozen=True, slots=True)
class Text:
    """Python text and the precedence of its outermost operator."""

    code: str
    level: int = ATOM
    operations: int = 0

    def at(self, level: int) -> str:
        """The text as an operand of an operator of this precedence."""
        return self.code if self.level >= level else f"({self.code})"


@dataclass(slots=True)
class Writer:
    """Writes the statements that compute some nodes.

    `known` has the text of nodes that are already there, in their own order of axes; `native`
    the order of axes of leaves that arrive otherwise. `names` has the user's names. `functions`
    are those of the module that its statements call and that no other module has; `without` names
    optimisations to leave out.
    """

    names: Mapping[Node, str]
    row: Axis | None
    dim_names: Mapping[str, str]
    known: dict[Node, str] = field(default_factory=dict)
    native: dict[Node, Axes] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    steps: int = 0
    uses: dict[Node, int] = field(default_factory=dict)
    needs_rows: bool = False
    sizes: dict[str, None] = field(default_factory=dict)
    read: set[Node] = field(default_factory=set)
    helpers: set[str] = field(default_factory=set)
    functions: list[list[str]] = field(default_factory=list)
    joined: dict[tuple[Node, ...], Node] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    def count(self, targets: Iterable[Node]) -> None:
        """How often each node is read on the way to the targets: read twice, it gets a name."""
        stack = list(targets)
        for node in stack:
            self.uses[node] = self.uses.get(node, 0) + 1
        seen: set[Node] = set()
        while stack:
            node = stack.pop()
            if node in seen or node in self.known:
                continue
            seen.add(node)
            for operand in set(node.operands):
                self.uses[operand] = self.uses.get(operand, 0) + 1
                stack.append(operand)

    def write(self, nodes: Iterable[Node], targets: Iterable[Node] = ()) -> None:
        """Adds statements, in order of evaluation, for the nodes that deserve a name.

        Targets that nothing else reads are left to the caller.
        """
        last = {node for node in targets if self.uses.get(node, 0) <= 1 and node not in self.names}
        for node in nodes:
            if node in self.known or isinstance(node, (Leaf, Number)) or node in last:
                continue
            if self._needs_statement(node):
                self.assign(node)

    def _needs_statement(self, node: Node) -> bool:
        if self.uses.get(node, 0) == 0:
            return False
        if node in self.names or self.uses.get(node, 0) > 1:
            cheap = (
                (isinstance(node, Contract) and _is_one_hot(node))
                or (is_reciprocal(node) and not node.axes and node not in self.names)
                or self._is_read_otherwise(node)
            )
            return not cheap
        if isinstance(node, Map) and node.op == "add" and any(map(has_one_hot, node.args)):
            return True
        return self.text(node).operations > LONGEST

    def _is_read_otherwise(self, node: Node) -> bool:
        """True for what has a name, read with its axes in another order or by other names."""
        if not isinstance(node, Contract) or node.deltas or len(node.factors) != 1:
            return False
        inside = node.factors[0].node
        return not node.summed and (inside in self.known or isinstance(inside, Leaf))

    def assign(self, node: Node) -> str:
        """One statement for the node; returns the name it gets."""
        name = self.fresh(self.names.get(node), node)
        added: list[tuple[Contract, Text]] = []
        if isinstance(node, Map) and node.op == "add":
            indexed = [arg for arg in node.args if _is_indexable(arg, node)]
            plain = [arg for arg in node.args if arg not in indexed]
            if plain and indexed:
                added = [self._indexed(arg) for arg in indexed]
                kept = Map(node.id, node.axes, "add", tuple(plain))
                if any(set(arg.axes) == set(node.axes) for arg in plain):
                    self._store(name, kept if len(plain) > 1 else plain[0], node, fresh=True)
                    for one_hot, amount in added:
                        self._add_indexed(name, one_hot, amount, node)
                    self.known[node] = name
                    return name
        self._store(name, node, node)
        self.known[node] = name
        return name

    def _store(self, name: str, value: Node, node: Node, *, fresh: bool = False) -> None:
        """The statement that gives `name` its value; `node` has its axes.

        `fresh` holds where it must be an array of its own.
        """
        text = self.text(value)
        copied = fresh and not text.operations
        code = f"{text.at(ATOM)}.copy()" if copied else text.code
        self.lines.append(self._statement(name, code, node))

    def _statement(self, name: str, code: str, node: Node) -> str:
        shape = ", ".join(self._shape(axis) for axis in node.axes)
        line = f"{name} = {code}"
        comment = f"  # ({shape}{',' if len(node.axes) == 1 else ''})"
        return f"{line:<44}{comment}" if node.axes else line

    def _shape(self, axis: Axis) -> str:
        return "m" if axis == self.row else axis.dim

    def _indexed(self, term: Node) -> tuple[Contract, Text]:
        """A term c*onehot(y) as the one-hot and the text of c."""
        if isinstance(term, Contract):
            return term, Text("1")
        assert isinstance(term, Map)
        (one_hot,) = [arg for arg in term.args if isinstance(arg, Contract) and _is_one_hot(arg)]
        rest = [arg for arg in term.args if arg is not one_hot]
        return one_hot, self._product(rest, one_hot.deltas[0].indices)

    def _add_indexed(self, name: str, one_hot: Contract, amount: Text, node: Node) -> None:
        """Adds to the one entry that a code points to, at every place along its own axes."""
        delta = one_hot.deltas[0]
        shared = [axis for axis in node.axes if axis in delta.indices]
        places = [":"] * len(node.axes)
        for place, axis in enumerate(node.axes):
            if axis == delta.axis:
                places[place] = self._codes_over(delta, shared)
            elif axis in shared:
                places[place] = self._positions(axis, shared)
        negative = amount.code.startswith("-")
        change = f"-= {amount.code[1:]}" if negative else f"+= {amount.code}"
        self.lines.append(f"{name}[{', '.join(places)}] {change}")

    def fresh(self, wanted: str | None, node: Node | None = None) -> str:
        """A name that nothing else has: the user's, or t1, t2, ..."""
        if wanted is None:
            self.steps += 1
            while f"t{self.steps}" in self.taken:
                self.steps += 1
            name = f"t{self.steps}"
        else:
            name = python_name(wanted)
            while name in self.taken:
                name += "_"
        self.taken.add(name)
        return name

    def gather(self, totals: Sequence[Total], into: str) -> list[str]:
        """The body of a kernel that adds a block's share to the totals of a pass.

        What the value needs comes first, and `acc.order` says whether the rest is wanted.
        """
        self.count([total.node for total in totals])
        targets = {total.node for total in totals if total.kind != "rows"}
        lines: list[str] = []
        for order in sorted({total.order for total in totals}):
            if order:
                lines += [f"if acc.order < {order}:", f"{INDENT}return"]
            part = [total for total in totals if total.order == order]
            lines += self.accumulate(part, targets, into)
        return lines

    def accumulate(
        self, totals: Sequence[Total], targets: AbstractSet[Node], into: str
    ) -> list[str]:
        """The statements before some totals of a block, and those that add to them.

        `targets` are all totals of the pass, which no statement computes beforehand.
        """
        needed = reachable(total.node for total in totals)
        held = len(self.lines)
        last = [total.node for total in totals]
        self.write((node for node in needed if node not in targets), last)
        for total in totals:
            self.lines.append(self._addition(total, into))
        lines = self.lines[held:]
        del self.lines[held:]
        return lines

    def _addition(self, total: Total, into: str) -> str:
        """The statement that adds a block's share of a total."""
        place = f'{into}["{total.key}"]'
        if total.kind == "logsum":
            assert isinstance(total.node, Reduce)
            return f'_add_logsum({into}, "{total.key}", {self.scaled_sum(total.node).code})'
        text = self.text(total.node).code
        match total.kind:
            case "max":
                return f"{place} = np.maximum({place}, {text})"
            case "prod":
                return f"{place} *= {text}"
        return f"{place} += {text}"

    # -- expressions

    def text(self, node: Node) -> Text:
        """The node in its own order of axes, with the row axis last."""
        if node in self.known:
            return self._read(node, node.axes)
        match node:
            case Number():
                return number_text(node.value)
            case Leaf():
                return self._leaf(node)
            case Map(op="add"):
                return self._sum(node.args, node.axes)
            case Map(op="mul"):
                return self._product(node.args, node.axes)
            case Map(op="pow"):
                return self._power(node)
            case Map():
                return self._function(node)
            case Contract():
                return self._contraction(node)
            case Reduce(op="logsumexp"):  # over rows or by groups: any other is lowered
                pair = self.scaled_sum(node)
                return Text(f"_logsum({pair.code})", ATOM, pair.operations + 1)
            case Reduce():
                axis = self._axis_argument(node.arg, node.over)
                arg = self.text(node.arg)
                return Text(f"np.{node.op}({arg.code}{axis})", ATOM, arg.operations + 1)
            case Linear():
                return self._linear(node)
            case Scan():
                self.helpers.add("others")
                arg = self.text(node.arg)
                place = node.arg.axes.index(node.axis)
                return Text(f"_others({arg.code}, {place})", ATOM, arg.operations + 1)
        raise TypeError(node)

    def _leaf(self, node: Leaf) -> Text:
        match node.kind:
            case "constant":
                return Text(CONSTANTS[node.name])
            case "size":
                self.sizes[node.name] = None
                return Text(self.dim_names[node.name])
        raise KeyError(f"{node.kind} {node.name} is not at hand here")

    def oriented(self, node: Node, order: Axes) -> Text:
        """The node with its axes in the given order."""
        if node in self.known:
            return self._read(node, order)
        if (inside := renamed(node)) is not None:
            return self.oriented(inside.node, _ordered(inside.node, inside.indices, order))
        text = self.text(node)
        if node.axes == order:
            return text
        return self._oriented_name(text.at(ATOM), node.axes, order, text.operations)

    def _read(self, node: Node, order: Axes) -> Text:
        self.read.add(node)
        return self._oriented_name(self.known[node], self.native.get(node, node.axes), order)

    @staticmethod
    def _oriented_name(name: str, have: Axes, want: Axes, operations: int = 0) -> Text:
        if have == want:
            return Text(name, ATOM, operations)
        if len(have) == 2:
            return Text(f"{name}.T", ATOM, operations)
        order = ", ".join(str(have.index(axis)) for axis in want)
        return Text(f"{name}.transpose({order})", ATOM, operations)

    def _spread(self, node: Node, axes: Axes) -> Text:
        """The node as an operand that NumPy broadcasts against an array of `axes`."""
        order = tuple(axis for axis in axes if axis in node.axes)
        return self.broadcast(self.oriented(node, order), order, axes)

    @staticmethod
    def broadcast(text: Text, have: Axes, want: Axes) -> Text:
        """An array of axes `have` as an operand that NumPy broadcasts against `want`."""
        if not have or want[len(want) - len(have) :] == have:
            return text
        places = [":" if axis in have else "None" for axis in want[want.index(have[0]) :]]
        return Text(f"{text.at(ATOM)}[{', '.join(places)}]", ATOM, text.operations)

    def sum(self, args: Sequence[Node]) -> str:
        """The sum of scalars as text."""
        return self._sum(args, ()).code

    def _sum(self, args: Sequence[Node], axes: Axes) -> Text:
        code, operations = "", len(args) - 1
        for arg in sorted(args, key=reading_order):
            sign, text = self._signed(arg, axes)
            operations += text.operations
            if code:
                code += f" {sign or '+'} {text.at(PRODUCT)}"
            else:
                code = f"{sign}{text.at(PRODUCT if sign else SUM)}"
        return Text(code, SUM, operations)

    def _signed(self, arg: Node, axes: Axes) -> tuple[str, Text]:
        """A term as its sign and its size, ready to broadcast against an array of `axes`."""
        if arg in self.known or not is_negative(arg):
            text = self._spread(arg, axes)
            if self.logical(arg):
                text = Text(f"1.0*{text.at(UNARY)}", PRODUCT, text.operations)
            return "", text
        if isinstance(arg, Number):
            return "-", number_text(-arg.value)
        assert isinstance(arg, Map)
        first, *rest = arg.args
        assert isinstance(first, Number)
        order = tuple(axis for axis in axes if axis in arg.axes)
        size = self._product(rest, order, -first.value)
        return "-", self.broadcast(size, order, axes)

    def logical(self, node: Node) -> bool:
        """True where the text of a node is an array of truths, not of numbers."""
        return _is_logical(node)

    def _product(
        self, args: Sequence[Node], axes: Axes, coefficient: Fraction = Fraction(1)
    ) -> Text:
        """Numerators over denominators, scalars first so that they meet before the arrays."""
        above: list[Text] = []
        below: list[Text] = []
        above_logical = 0
        operations = max(0, len(args) - 1)
        for arg in sorted(args, key=lambda arg: (self.logical(arg), len(arg.axes))):
            if isinstance(arg, Number):
                coefficient *= arg.value
                continue
            if arg not in self.known and is_reciprocal(arg):
                assert isinstance(arg, Map)
                base, exponent = arg.args
                assert isinstance(exponent, Number)
                text = self._raised(base, -exponent.value, axes)
                below.append(text)
            else:
                text = self._spread(arg, axes)
                above.append(text)
                above_logical += self.logical(arg)
            operations += text.operations
        number, divisor = _coefficient(coefficient)
        if len(above) == 1 and not below and number is None and divisor == 1:
            return Text(above[0].code, above[0].level, operations)
        pieces = [text.at(PRODUCT if not place else UNARY) for place, text in enumerate(above)]
        if above and above_logical == len(above):
            pieces.insert(0, "1.0")
            pieces[1] = above[0].at(UNARY)
        if number is not None and (abs(number) != 1 or not pieces):
            pieces.insert(0, _decimal(abs(number)))
            if len(pieces) > 1 and above and above_logical != len(above):
                pieces[1] = above[0].at(UNARY)
        code = "*".join(pieces) or "1"
        if number is not None and number < 0:
            code = f"-{code}"
        bottoms = [text.at(POWER) for text in below]
        if divisor != 1:
            bottoms.insert(0, str(divisor))
        if len(bottoms) == 1:
            code += f"/{bottoms[0]}"
        elif bottoms:
            code += f"/({'*'.join(bottoms)})"
        level = PRODUCT if len(pieces) + len(bottoms) > 1 else UNARY
        if code.startswith("-"):
            level = min(level, UNARY) if level == UNARY else PRODUCT
        elif level == UNARY:
            level = above[0].level if above else ATOM
        return Text(code, level, operations)

    def _power(self, node: Map) -> Text:
        base, exponent = node.args
        if not isinstance(exponent, Number):
            first, second = self._spread(base, node.axes), self._spread(exponent, node.axes)
            operations = first.operations + second.operations + 1
            if isinstance(base, Number):  # Python's own power raises where NumPy's is inf
                return Text(f"np.power({first.code}, {second.code})", ATOM, operations)
            return Text(f"{first.at(ATOM)}**{second.at(ATOM)}", POWER, operations)
        if exponent.value < 0:
            text = self._raised(base, -exponent.value, node.axes)
            return Text(f"1/{text.at(POWER)}", PRODUCT, text.operations + 1)
        return self._raised(base, exponent.value, node.axes)

    def _raised(self, base: Node, exponent: Fraction, axes: Axes) -> Text:
        text = self._spread(base, axes)
        if isinstance(base, Number):
            text = Text(f"np.float64({text.code})")  # 1/0 is inf in NumPy, an exception in Python
        if exponent == 1:
            return text
        power = number_text(exponent)
        return Text(f"{text.at(ATOM)}**{power.at(ATOM)}", POWER, text.operations + 1)

    def _function(self, node: Map) -> Text:
        args = [self._spread(arg, node.axes) for arg in node.args]
        operations = sum(text.operations for text in args) + 1
        if node.op in SIGNS:
            left, right = (text.at(SUM) for text in args)
            return Text(f"{left} {SIGNS[node.op]} {right}", COMPARISON, operations)
        name = FUNCTIONS[node.op].partition("(")[0]
        if name.startswith("special."):
            self.helpers.add("special")
        elif name.startswith("_"):
            self.helpers.add(name)
        return Text(FUNCTIONS[node.op].format(*(text.code for text in args)), ATOM, operations)

    # -- contractions

    def _axis_argument(self, arg: Node, over: Iterable[Axis]) -> str:
        places = [arg.axes.index(axis) for axis in arg.axes if axis in set(over)]
        if len(places) == len(arg.axes):
            return ""
        return f", axis={places[0] if len(places) == 1 else tuple(places)}"

    def _contraction(self, node: Contract) -> Text:
        if node.deltas:
            if any(delta.source is None for delta in node.deltas):
                self.sizes[node.axes[0].dim] = None
                return Text(f"np.eye({self.dim_names[node.axes[0].dim]})", ATOM, 1)
            opened = [delta for delta in node.deltas if delta.axis in node.axes]
            if not opened:
                return self._gather(node)
            if all(index in node.axes for delta in opened for index in delta.indices):
                return self._one_hot(node)
            return self._scatter(node)
        if len(node.factors) == 1:
            return self._single(node)
        twin = twins(node) if "symmetry" not in self.without else None
        if twin is not None:
            return self._gram(node, *twin)
        return self._pair(node)

    def _gram(self, node: Contract, half: Factor, other: Factor, weight: Factor | None) -> Text:
        """A symmetric product of a matrix with itself."""
        (summed,) = node.summed
        kept = [index for index in half.indices if index != summed]
        place = dict(zip(half.indices, other.indices, strict=True))
        text = self.oriented(half.node, _ordered(half.node, half.indices, (*kept, summed)))
        code, operations = text.code, text.operations + 1
        if weight is None and isinstance(half.node, Leaf) and len(kept) == 1:
            transposed = self.oriented(
                half.node, _ordered(half.node, half.indices, (summed, *kept))
            )
            code = f"{text.at(PRODUCT)} @ {transposed.at(UNARY)}"
            return Text(code, PRODUCT, operations)
        self.helpers.add("gram")
        if weight is not None:
            weights = self.text(weight.node)
            code = self._worked(f"{code}, {weights.code}")
            operations += weights.operations
        order = (*kept, *(place[index] for index in kept))
        return self._oriented_name(f"_gram({code})", order, node.axes, operations)

    def _worked(self, arguments: str) -> str:
        """The arguments of a function of the module, with what it may work in."""
        return arguments

    def rows_text(self) -> str:
        """0, 1, ..., one for each row of a block."""
        return "np.arange(_rows(block))"

    def _single(self, node: Contract) -> Text:
        arg, indices = node.factors[0]
        if len(set(indices)) < len(indices):
            return self._diagonal(node)
        if not node.summed:  # a transpose
            return self.oriented(arg, tuple(arg.axes[indices.index(axis)] for axis in node.axes))
        where = dict(zip(indices, arg.axes, strict=True))
        over = [where[index] for index in node.summed]
        dot = self._as_dot(arg) if not node.axes else None
        if dot is not None:
            a, b = (self.text(part) for part in dot)
            code = f"{a.at(UNARY)} @ {b.at(UNARY)}"
            return Text(code, PRODUCT, a.operations + b.operations + 1)
        text = self.text(arg)
        code = f"np.sum({text.code}{self._axis_argument(arg, over)})"
        left = tuple(indices[arg.axes.index(a)] for a in arg.axes if a not in over)
        return self._oriented_name(code, left, node.axes, text.operations + 1)

    def _diagonal(self, node: Contract) -> Text:
        """One factor with an index twice."""
        arg = node.factors[0].node
        if len(arg.axes) > 2:
            return self._einsum(node)
        text = self.text(arg)
        function = "trace" if node.summed else "diagonal"
        return Text(f"np.{function}({text.code})", ATOM, text.operations + 1)

    def _as_dot(self, arg: Node) -> tuple[Node, Node] | None:
        """The two whose dot product the sum of a product of row vectors is."""
        if "dots" in self.without or arg in self.known or not isinstance(arg, Map):
            return None
        if not self._may_be_dot(arg):
            return None
        if arg.op == "pow" and arg.args[1:] and isinstance(arg.args[1], Number):
            known = arg.args[1].value == 2 and arg.args[0] in self.known
            return (arg.args[0], arg.args[0]) if known else None
        if arg.op != "mul" or any(is_reciprocal(part) or self.logical(part) for part in arg.args):
            return None
        *first, last = arg.args
        if len(arg.args) < 2 or any(part.axes != arg.axes for part in arg.args):
            return None
        return self._joined(arg, first), last

    def _may_be_dot(self, arg: Node) -> bool:
        return len(arg.axes) == 1

    def _joined(self, product: Node, factors: Sequence[Node]) -> Node:
        """Some factors of a product, of the same axes or none, as one node, always the same."""
        if len(factors) == 1:
            return factors[0]
        key = tuple(factors)
        if key not in self.joined:
            axes = max((factor.axes for factor in factors), key=len)
            self.joined[key] = Map(product.id, axes, "mul", key)
        return self.joined[key]

    def _pair(self, node: Contract) -> Text:
        sides = as_matmul(node) if len(node.factors) == 2 else None
        if sides is None and self._sums_all_rows(node):
            return self._over_rows(node)
        if sides is None:
            return self._einsum(node)
        left, right = (self.oriented(factor, order) for factor, order in sides)
        operations = left.operations + right.operations + 1
        return Text(f"{left.at(PRODUCT)} @ {right.at(UNARY)}", PRODUCT, operations)

    def _sums_all_rows(self, node: Contract) -> bool:
        """True for the sum over rows of each entry of one factor times each of another."""
        if len(node.factors) != 2 or node.summed != (self.row,):
            return False
        (_, at_a), (_, at_b) = node.factors
        return set(at_a) & set(at_b) == {self.row} and all(
            len(set(indices)) == len(indices) for indices in (at_a, at_b)
        )

    def _over_rows(self, node: Contract) -> Text:
        self.helpers.add("over_rows")
        texts, have = [], []
        for factor, indices in node.factors:
            kept = [index for index in indices if index != self.row]
            have += kept
            order = _ordered(factor, indices, (*kept, *node.summed))
            texts.append(self.oriented(factor, order))
        call = f"_over_rows({', '.join(text.code for text in texts)})"
        operations = sum(text.operations for text in texts) + 2
        return self._oriented_name(call, tuple(have), node.axes, operations)

    def _einsum(self, node: Contract) -> Text:
        letters: dict[Axis, str] = {}
        for index in (i for factor in node.factors for i in factor.indices):
            if index not in letters:
                choices = [
                    c
                    for c in index.dim.lower() + "abcdefghijklmnopqrstuvwxyz"
                    if c.isalpha() and c not in letters.values()
                ]
                letters[index] = choices[0]
        texts = [self.text(factor.node) for factor in node.factors]
        inputs = ",".join("".join(letters[i] for i in factor.indices) for factor in node.factors)
        output = "".join(letters[axis] for axis in node.axes)
        operands = ", ".join(text.code for text in texts)
        operations = sum(text.operations for text in texts) + 2
        code = f'np.einsum("{inputs}->{output}", {operands}, optimize=True)'
        return Text(code, ATOM, operations)

    # -- linear algebra

    def _linear(self, node: Linear) -> Text:
        """Matrices as wholes: what is solved lies along the first axis."""
        if node.op in FACTORED:
            self.helpers.add("Factored")
            text = self._filled(*node.parts[0], node.along)
            known = ", symmetric=True" if node.op == "symmetric" else ""
            return Text(f"_Factored({text.code}{known})", ATOM, text.operations + 1)
        if node.op == "sqdist":
            self.helpers.add("sqdist")
            a, b, d = node.along
            first, second = (
                self._filled(*node.parts[0], (a, d)),
                self._filled(*node.parts[1], (b, d)),
            )
            operations = first.operations + second.operations + 1
            code = f"_sqdist({first.code}, {second.code})"
            return self._oriented_name(code, (a, b), node.axes, operations)
        matrix = node.parts[0].node
        assert isinstance(matrix, Linear)
        text = self.text(matrix)
        call, argument = f"{text.code}.{node.op}", ""
        have = matrix.along if node.axes else ()
        operations = text.operations + 1
        if len(node.parts) == 2:
            have = (*node.along, *(axis for axis in node.axes if axis not in node.along))
            carried = {*node.parts[1].indices, *node.along}
            right = self._filled(*node.parts[1], tuple(axis for axis in have if axis in carried))
            argument = right.code
            operations += right.operations
        return self._oriented_name(f"{call}({argument})", have, node.axes, operations)

    def _filled(self, node: Node, indices: Axes, axes: Axes) -> Text:
        """The node, read at `indices`, with all these axes, of ones where it has none."""
        text = self._spread_at(node, indices, axes)
        missing = [axis for axis in axes if axis not in indices]
        if not missing:
            return text
        self.sizes |= dict.fromkeys(axis.dim for axis in missing)
        shape = [self.dim_names[axis.dim] if axis in missing else "1" for axis in axes]
        trailing = "," if len(shape) == 1 else ""
        code = f"{text.at(PRODUCT)}*np.ones(({', '.join(shape)}{trailing}))"
        return Text(code, PRODUCT, text.operations + 1)

    def _codes(self, delta: Delta) -> str:
        assert delta.source is not None
        return self.oriented(delta.source, delta.source.axes).code

    def _gather(self, node: Contract) -> Text:
        """One factor read at codes: advanced indexing, with its rule for the order of axes."""
        (arg, indices) = node.factors[0]
        by_axis = {delta.axis: delta for delta in node.deltas}
        have = self.native.get(arg, arg.axes) if arg in self.known else arg.axes
        text = self.oriented(arg, have)
        local = dict(zip(arg.axes, indices, strict=True))
        shared = list(dict.fromkeys(i for delta in node.deltas for i in delta.indices))
        zipped = [index for index in shared if index in indices]
        places: list[str] = []
        advanced: list[int] = []
        for place, own in enumerate(have):
            index = local[own]
            if index in by_axis:
                advanced.append(place)
                places.append(self._codes_over(by_axis[index], shared))
            elif index in zipped:
                advanced.append(place)
                places.append(self._positions(index, shared))
            else:
                places.append(":")
        read = {*by_axis, *zipped}
        kept = [local[own] for own in have if local[own] not in read]
        adjacent = advanced == list(range(advanced[0], advanced[-1] + 1))
        if adjacent:
            before = sum(1 for place in range(advanced[0]))
            order = (*kept[:before], *shared, *kept[before:])
        else:
            order = (*shared, *kept)
        while places and places[-1] == ":":
            places.pop()
        code = f"{text.at(ATOM)}[{', '.join(places)}]"
        return self._oriented_name(code, tuple(order), node.axes, text.operations + 1)

    def _codes_over(self, delta: Delta, shared: Sequence[Axis]) -> str:
        """The codes shaped to broadcast over the shared indices of all codes."""
        if delta.source is None:
            return self._positions(delta.indices[0], shared)
        codes = self._codes(delta)
        if tuple(delta.indices) == tuple(shared) or not delta.indices:
            return codes
        assert delta.source is not None
        order = tuple(axis for axis in shared if axis in delta.indices)
        codes = self.oriented(delta.source, _ordered(delta.source, delta.indices, order)).code
        if shared[len(shared) - len(order) :] == list(order):
            return codes
        places = ", ".join(":" if axis in order else "None" for axis in shared)
        return f"{codes}[{places}]"

    def _positions(self, index: Axis, shared: Sequence[Axis]) -> str:
        """0, 1, 2, ... along an index that codes and table have in common."""
        if index == self.row:
            self.needs_rows = True
            name = "rows"
        else:
            self.sizes[index.dim] = None
            name = f"np.arange({self.dim_names[index.dim]})"
        after = len(shared) - list(shared).index(index) - 1
        return f"{name}[:{', None' * after}]" if after else name

    def _one_hot(self, node: Contract) -> Text:
        """(k, m) comparisons of codes with 0, 1, ..., times the factor if there is one."""
        pieces: list[str] = []
        operations = 1
        for factor, indices in node.factors:
            text = self._spread_at(factor, indices, node.axes)
            pieces.append(text.at(PRODUCT))
            operations += text.operations + 1
        for delta in node.deltas:
            assert delta.source is not None
            self.sizes[delta.axis.dim] = None
            count = f"np.arange({self.dim_names[delta.axis.dim]})"
            place = node.axes.index(delta.axis)
            trailing = ", None" * (len(node.axes) - place - 1)
            levels = f"{count}[:{trailing}]" if trailing else count
            codes = self._spread_at(delta.source, delta.indices, node.axes)
            pieces.append(f"({levels} == {codes.at(SUM)})")
        if not node.factors:
            pieces.insert(0, "1.0")
        return Text("*".join(pieces), PRODUCT, operations)

    def _spread_at(self, node: Node, indices: Axes, axes: Axes) -> Text:
        """The node, read at `indices`, as an operand against an array of `axes`."""
        order = tuple(index for index in axes if index in indices)
        return self.broadcast(self.oriented(node, _ordered(node, indices, order)), order, axes)

    def scaled_sum(self, node: Reduce) -> Text:
        """Of a logsumexp over rows, or by groups: the (maximum, scaled sum) that it is made of."""
        if not node.deltas:
            arg = self.oriented(node.arg, (*node.axes, *node.over))
            return Text(f"_scaled_sum({self._worked(arg.code)})", ATOM, arg.operations + 1)
        self.helpers |= {"scatter", "flat", "grouped_sum"}
        arguments, have, operations = self._by_code(node, Factor(node.arg, node.arg.axes))
        if have != node.axes:
            arguments += f", ({', '.join(str(have.index(axis)) for axis in node.axes)})"
        return Text(f"_grouped_sum({self._worked(arguments)})", ATOM, operations)

    def _scatter(self, node: Contract) -> Text:
        """Values summed by code."""
        if self._is_count(node):
            (delta,), values = node.deltas, self.text(node.factors[0].node)
            self.sizes[delta.axis.dim] = None
            size = self.dim_names[delta.axis.dim]
            call = f"np.bincount({self._codes(delta)}, {values.code}, {size})"
            return Text(call, ATOM, values.operations + 1)
        if (parts := self._as_table_sum(node)) is not None:
            return self._table_sum(node, *parts)
        self.helpers |= {"scatter", "flat"}
        arguments, have, operations = self._by_code(node, *node.factors)
        call = f"_scatter({self._worked(arguments)})"
        return self._oriented_name(call, have, node.axes, operations)

    def _table_sum(self, node: Contract, weights: Node, gather: Contract) -> Text:
        """Lines of a table, read at codes and weighted, summed by other codes."""
        self.helpers |= {"table_sum", "sparse"}
        (delta,), (at,), ((table, indices),) = node.deltas, gather.deltas, gather.factors
        (kept,) = (index for index in indices if index != at.axis)
        lines = self.oriented(table, _ordered(table, indices, (at.axis, kept)))
        self.sizes[delta.axis.dim] = None
        codes, size = self._codes(delta), self.dim_names[delta.axis.dim]
        operands = f"{self.text(weights).code}, {codes}, {self._codes(at)}, {lines.code}"
        call = f"_table_sum({operands}, {size})"
        return self._oriented_name(call, (delta.axis, kept), node.axes, 2)

    def _as_table_sum(self, node: Contract) -> tuple[Node, Contract] | None:
        """The weights and the gather of such a sum; None where it is something else."""
        if len(node.factors) != 1 or len(node.deltas) != 1 or "sparse" in self.without:
            return None
        (product, _), delta = node.factors[0], node.deltas[0]
        if not (isinstance(product, Map) and product.op == "mul") or product in self.known:
            return None
        gathers = [arg for arg in product.args if is_row_gather(arg, delta.indices)]
        weights = [arg for arg in product.args if arg not in gathers]
        if len(gathers) != 1 or any(arg.axes not in ((), delta.indices) for arg in weights):
            return None
        if not any(arg.axes for arg in weights) or any(map(self.logical, weights)):
            return None
        gather = gathers[0]
        assert isinstance(gather, Contract)
        return self._joined(gather, weights), gather

    def _is_count(self, node: Contract) -> bool:
        """True for one number at each code of a vector."""
        if len(node.factors) != 1 or len(node.deltas) != 1 or node.deltas[0].axis == self.row:
            return False
        (values, at), delta = node.factors[0], node.deltas[0]
        plain = at == delta.indices and len(at) == 1 and node.axes == (delta.axis,)
        return plain and not self.logical(values)

    def _by_code(
        self, node: Contract | Reduce, values: Factor | None = None
    ) -> tuple[str, Axes, int]:
        """What a helper that sums by code is given: codes, values, sizes; the axes that come of
        it, and the number of operations. It sums over the trailing axes that the codes have.

        An axis of the codes that the result keeps (`A[M]` with A[k, d], M[n, d]) is a code too.
        """
        shared = list(dict.fromkeys(i for delta in node.deltas for i in delta.indices))
        opened = [delta.axis for delta in node.deltas]
        zipped = [axis for axis in shared if axis in node.axes]
        kept = [axis for axis in node.axes if axis not in opened and axis not in zipped]
        value = "1.0"
        operations = 1
        if values is not None:
            text = self._spread_at(*values, (*kept, *shared))
            value, operations = text.code, text.operations + 1
        codes = [self._codes_over(delta, shared) for delta in node.deltas]
        codes += [self._positions(axis, shared) for axis in zipped]
        places = [*opened, *zipped]
        self.sizes |= dict.fromkeys(axis.dim for axis in places if axis != self.row)
        counts = ["rows.size" if a == self.row else self.dim_names[a.dim] for a in places]
        sizes = ", ".join(counts)
        trailing = "," if len(places) == 1 else ""
        arguments = f"({', '.join(codes)}{trailing}), {value}, ({sizes}{trailing})"
        return arguments, (*kept, *places), operations


def as_matmul(node: Contract) -> tuple[tuple[Node, Axes], tuple[Node, Axes]] | None:
    """The two sides of a contraction that is a matrix product, each with its order of axes."""
    (a, at_a), (b, at_b) = node.factors
    out = node.axes
    common = [index for index in at_a if index in at_b and index not in out]
    batch = [index for index in at_a if index in at_b and index in out]
    only_a = [index for index in at_a if index not in at_b]
    only_b = [index for index in at_b if index not in at_a]
    distinct = len(set(at_a)) == len(at_a) and len(set(at_b)) == len(at_b)
    plain = not batch and len(common) == 1 and len(only_a) < 2 and len(only_b) < 2 and distinct
    if not plain:
        return None
    if only_b and (not only_a or out[0] == only_b[0]):
        (a, at_a, only_a), (b, at_b, only_b) = (b, at_b, only_b), (a, at_a, only_a)
    return (a, _ordered(a, at_a, (*only_a, *common))), (b, _ordered(b, at_b, (*common, *only_b)))


def _ordered(node: Node, indices: Axes, order: Sequence[Axis]) -> Axes:
    """The node's own axes in the order in which `order` names them by index."""
    own = dict(zip(indices, node.axes, strict=True))
    return tuple(own[index] for index in order)


def renamed(node: Node) -> Factor | None:
    """What a node is that only reads another one by other names for its axes."""
    if not isinstance(node, Contract) or node.deltas or node.summed or len(node.factors) != 1:
        return None
    (inside,) = node.factors
    return inside if len(set(inside.indices)) == len(inside.indices) else None


def twins(node: Contract) -> tuple[Factor, Factor, Factor | None] | None:
    """The factors of a product of a matrix with itself, and the weights between if there are."""
    if len(node.summed) != 1:
        return None
    for place, factor in enumerate(node.factors):
        for later in range(place + 1, len(node.factors)):
            other = node.factors[later]
            if other.node is factor.node and other.indices != factor.indices:
                rest = [f for i, f in enumerate(node.factors) if i not in (place, later)]
                distinct = len({*factor.indices, *other.indices}) == 2 * len(factor.indices) - 1
                distinct &= all(
                    (a in node.summed) == (b in node.summed)
                    for a, b in zip(factor.indices, other.indices, strict=True)
                )
                if len(rest) < 2 and distinct and all(f.indices == node.summed for f in rest):
                    return factor, other, rest[0] if rest else None
    return None


def _is_one_hot(node: Contract) -> bool:
    return (
        not node.factors
        and len(node.deltas) == 1
        and node.deltas[0].source is not None
        and node.deltas[0].axis in node.axes
        and all(index in node.axes for index in node.deltas[0].indices)
    )


def has_one_hot(node: Node) -> bool:
    """True for c*onehot(y), c free of the categories."""
    if isinstance(node, Contract):
        return _is_one_hot(node)
    if not (isinstance(node, Map) and node.op == "mul"):
        return False
    one_hots = [arg for arg in node.args if isinstance(arg, Contract) and _is_one_hot(arg)]
    if len(one_hots) != 1:
        return False
    rows = set(one_hots[0].deltas[0].indices)
    return all(arg is one_hots[0] or set(arg.axes) <= rows for arg in node.args)


def _is_indexable(term: Node, total: Node) -> bool:
    """True for a c*onehot(y) that can be added to a sum by index.

    Its axes are all of the sum's, or c is a scalar: advanced indices move other axes about.
    """
    if not has_one_hot(term):
        return False
    factors = term.args if isinstance(term, Map) else ()
    scalar = all(
        not factor.axes
        for factor in factors
        if not (isinstance(factor, Contract) and _is_one_hot(factor))
    )
    return scalar or set(term.axes) == set(total.axes)


def is_row_gather(node: Node, rows: Axes) -> bool:
    """True for the lines of a table with two axes, read at a code for each row."""
    if not isinstance(node, Contract) or len(node.factors) != 1 or len(node.deltas) != 1:
        return False
    indices, delta = node.factors[0].indices, node.deltas[0]
    whole = delta.source is not None and delta.source.axes == delta.indices == rows
    read = len(set(indices)) == len(node.axes) == 2 and delta.axis in indices
    return whole and read and len(rows) == 1 and rows[0] not in indices


def _is_logical(node: Node) -> bool:
    while isinstance(node, Contract) and len(node.factors) == 1 and not node.deltas:
        if node.summed:
            return False
        node = node.factors[0].node  # read with its axes in another order
    return isinstance(node, Map) and node.op in LOGICAL


def is_reciprocal(node: Node) -> bool:
    return (
        isinstance(node, Map)
        and node.op == "pow"
        and isinstance(node.args[1], Number)
        and node.args[1].value < 0
    )


def _coefficient(value: Fraction) -> tuple[Fraction | None, int]:
    """A coefficient as a number in front and an integer below: 2/3 is (2, 3), 0.1 is (0.1, 1)."""
    if value == 1:
        return None, 1
    if terminates(value):
        return value, 1
    return Fraction(value.numerator), value.denominator


def _decimal(value: Fraction) -> str:
    try:
        return decimal(value)
    except OverflowError:
        return "np.inf" if value > 0 else "-np.inf"


def number_text(value: Fraction) -> Text:
    text = _decimal(value)
    return Text(text, UNARY if text.startswith("-") else ATOM)
