"""The numexpr printer: element-wise work over rows is one `_fused("...", ...)` per region.

A *region* is a Map over rows with the Maps of the same axes that only it reads. Everything else
is NumPy's: contractions and reductions (numexpr sums one after the other and loses digits),
scalars, gathers, and functions that numexpr has not. numexpr never sees a name of the user's: an
operand's name is ours, `z_` for `z`, so that none is a function of numexpr's (`exp`, `where`).
In kernels a region is one step into a buffer; elsewhere it is an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import Any

from gdsym.calculus.program import Axes, Contract, Map, Node, Number
from gdsym.codegen import expressions, steps
from gdsym.codegen.backends import Backend
from gdsym.codegen.expressions import (
    ATOM,
    COMPARISON,
    LOGICAL,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Text,
    has_one_hot,
    is_reciprocal,
    number_text,
)
from gdsym.language.functions import SIGNS

FUNCTIONS = {
    "exp": "exp({})",
    "expm1": "expm1({})",
    "log": "log({})",
    "log1p": "log1p({})",
    "log2": "log2({})",
    "log10": "log10({})",
    "sqrt": "sqrt({})",
    "abs": "abs({})",
    "sign": "sign({})",
    "sin": "sin({})",
    "cos": "cos({})",
    "tan": "tan({})",
    "asin": "arcsin({})",
    "acos": "arccos({})",
    "atan": "arctan({})",
    "atan2": "arctan2({}, {})",
    "hypot": "hypot({}, {})",
    "sinh": "sinh({})",
    "cosh": "cosh({})",
    "tanh": "tanh({})",
    "min": "minimum({}, {})",
    "max": "maximum({}, {})",
}
SUPPORTED = frozenset((*FUNCTIONS, *LOGICAL, "add", "mul", "pow", "where"))

# With fewer operations than this there is no temporary to save that is worth the call.
FEWEST = 3
# numexpr takes 63 operands and about 250 operations, but its own compiler is slow beyond 50.
MOST = 48
# A part of a region that is read once gets a statement of its own when it is so long.
LONG = 32

SUPPORT = '''\
def _fused(expression: str, /, *, out: Array | None = None, **operands: Any) -> Array:
    """An element-wise expression of some operands in one go, without temporaries.

    numexpr keeps what it compiled by thread; the compiled object itself must not be shared.
    """
    numbers = {name: np.asarray(value, dtype=np.float64) for name, value in operands.items()}
    return ne.evaluate(expression, local_dict=numbers, global_dict={}, out=out)


def set_threads(count: int) -> int:
    """Lets numexpr use so many threads from now on; returns how many they were."""
    return int(ne.set_num_threads(count))
'''


class _Regions(expressions.Writer):
    """What a writer knows of regions."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.readers: dict[Node, Node] = {}  # of a node that is read once: who reads it
        self.integers: set[Node] = set()  # codes, that entries are read at

    def count(self, targets: Iterable[Node]) -> None:
        targets = list(targets)
        super().count(targets)
        stack, seen = targets, set[Node]()
        while stack:
            node = stack.pop()
            if node in seen or node in self.known:
                continue
            seen.add(node)
            if isinstance(node, Contract):
                self.integers.update(_codes(node))
            for operand in node.operands:
                self.readers[operand] = node
                stack.append(operand)

    def _needs_statement(self, node: Node) -> bool:
        once = self.uses.get(node, 0) == 1 and node not in self.names
        if not (once and isinstance(node, Map) and self.fusable(node)):
            return super()._needs_statement(node)
        reader = self.readers.get(node)
        if isinstance(reader, Map) and reader.op in SUPPORTED and reader.axes == node.axes:
            return self._length(node) >= LONG
        return self._length(node) >= FEWEST or super()._needs_statement(node)

    def fusable(self, node: Map) -> bool:
        if self.row not in node.axes or node.op not in SUPPORTED or node in self.integers:
            return False
        return not (node.op == "add" and any(map(has_one_hot, node.args)))

    def region(self, root: Map) -> list[Map]:
        """The root, and below it the Maps of the same axes, as far as they are not too many."""
        region = [root]
        operands = _operands(root)
        operations = _operations(root)
        for reader in region:  # grows on the way
            for node in reader.args:
                if node in region or node in self.known or node.axes != root.axes:
                    continue
                if not (isinstance(node, Map) and self.fusable(node)):
                    continue
                wider = (operands - {node}) | _operands(node)
                if len(wider) <= MOST and operations + _operations(node) <= MOST:
                    region.append(node)
                    operands = wider
                    operations += _operations(node)
        return region

    def _length(self, node: Map) -> int:
        return _count(self.region(node))

    def operand(self, node: Node, axes: Axes) -> str:
        """The text of what a region reads, beside arrays of these axes."""
        return self._spread(node, axes).code

    def fused(self, node: Map, axes: Axes) -> Text | None:
        """The call that computes a region in this order of axes; None where it does not pay."""
        region = self.region(node)
        if _count(region) < FEWEST:
            return None
        expression = _Expression(self, region, axes)
        text = expression.text(node)
        # A part that is read twice and has no name stands there twice.
        if text.operations > 2 * MOST or len(expression.operands) > MOST + LONG // 4:
            return None
        self.helpers.add("numexpr")
        operands = ", ".join(f"{name}={code}" for code, name in expression.operands.items())
        return Text(f'_fused("{text.code}", {operands})', ATOM, text.operations)


class Writer(_Regions):
    """Writes NumPy, and regions as calls of `_fused`."""

    def text(self, node: Node) -> Text:
        if node in self.known or not (isinstance(node, Map) and self.fusable(node)):
            return super().text(node)
        if _operations(node) > MOST:
            texts = [self.broadcast(self.text(p), p.axes, node.axes) for p in _parts(node)]
            operations = sum(text.operations + 1 for text in texts)
            if node.op == "add":
                return Text(" + ".join(text.at(PRODUCT) for text in texts), SUM, operations)
            return Text("*".join(text.at(UNARY) for text in texts), PRODUCT, operations)
        return self.fused(node, node.axes) or super().text(node)

    def _as_dot(self, arg: Node) -> tuple[Node, Node] | None:
        fused = isinstance(arg, Map) and self.fusable(arg) and self._length(arg) >= FEWEST
        return None if fused else super()._as_dot(arg)


class _StepWriter(_Regions, steps.StepWriter):
    """Writes steps into buffers, and regions as one step each."""

    def operand(self, node: Node, axes: Axes) -> str:
        return self._read_as(node, axes).code

    def _into(self, name: str, node: Node) -> None:
        if not (isinstance(node, Map) and self.fusable(node)) or self.logical(node):
            super()._into(name, node)
        elif _operations(node) > MOST:
            self._parts_into(name, node)
        elif (call := self.fused(node, self.made[name][0])) is not None:
            self._begin(name, call.code.removesuffix(")"))
        else:
            super()._into(name, node)

    def _parts_into(self, name: str, node: Map) -> None:
        """A long sum or product, some of its terms at a time."""
        axes = self.made[name][0]
        first, *rest = _parts(node)
        if set(first.axes) == set(axes):
            self._into(name, first)
        else:
            self._begin(name, f"np.positive({self.operand(first, axes)}")
        sign = "+" if node.op == "add" else "*"
        self.lines += [f"{name} {sign}= {self.operand(part, axes)}" for part in rest]


class _Expression(expressions.Writer):
    """Prints a region as numexpr has it. `operands` is what it reads: Python text to name."""

    def __init__(self, outer: _Regions, region: Sequence[Map], axes: Axes) -> None:
        super().__init__({}, outer.row, outer.dim_names)
        self.outer = outer
        self.axes = axes  # in the order of the array that is made
        self.inside: AbstractSet[Node] = set(region)
        self.operands: dict[str, str] = {}
        # What the NumPy writer would open, a negative or a reciprocal, stays closed out there.
        for node in region:
            for arg in node.args:
                opened = is_reciprocal(arg) and not isinstance(arg.operands[0], Number)
                closed = arg in outer.known or not (opened or isinstance(arg, Number))
                if closed and arg not in self.inside:
                    self.known[arg] = ""

    def logical(self, node: Node) -> bool:
        return False  # a truth is spelled out as a number: see `_spread`

    def _spread(self, node: Node, axes: Axes) -> Text:
        if isinstance(node, Number):
            return number_text(node.value)
        if node not in self.inside:
            return Text(self._operand(self.outer.operand(node, self.axes)))
        text = self.text(node)
        if isinstance(node, Map) and node.op in LOGICAL:
            return Text(f"where({text.code}, 1.0, 0.0)", ATOM, text.operations)
        return text

    def _operand(self, code: str) -> str:
        """The name of an operand, which tells what it is where that is short: `u_` otherwise."""
        if code not in self.operands:
            words = re.findall(r"[A-Za-z0-9]+", code.partition('["')[2] or code)
            words = [word for word in words if word not in ("np", "None")]
            plain = re.fullmatch(r'[\w.,: "\[\]]+', code) and words and len(words) <= 3
            stem = "_".join(words) if plain and not words[0][0].isdigit() else "u"
            taken = set(self.operands.values())
            name, number = f"{stem}_", 1
            while name in taken:
                number += 1
                name = f"{stem}{number}_"
            self.operands[code] = name
        return self.operands[code]

    def _power(self, node: Map) -> Text:
        base, exponent = node.args
        if isinstance(exponent, Number):
            return super()._power(node)
        first, second = self._spread(base, node.axes), self._spread(exponent, node.axes)
        operations = first.operations + second.operations + 1
        return Text(f"{first.at(ATOM)}**{second.at(ATOM)}", POWER, operations)

    def _raised(self, base: Node, exponent: Fraction, axes: Axes) -> Text:
        if exponent.denominator == 1 and exponent <= 4:
            return super()._raised(base, exponent, axes)
        # numexpr makes products and square roots of other constant exponents up to 50, which
        # loses digits, and at -inf the sign. Of an operand it cannot.
        text = self._spread(base, axes)
        power = self._operand(number_text(exponent).code)
        return Text(f"{text.at(ATOM)}**{power}", POWER, text.operations + 1)

    def _function(self, node: Map) -> Text:
        match node.op:
            case "and" | "or":
                texts = [self._truth(arg, node.axes) for arg in node.args]
                sign = {"and": "&", "or": "|"}[node.op]
                code = f" {sign} ".join(text.at(SUM) for text in texts)
                level = COMPARISON
            case "not":
                texts = [self._truth(node.args[0], node.axes)]
                code, level = f"~{texts[0].at(ATOM)}", UNARY
            case "where":
                truth = self._truth(node.args[0], node.axes)
                texts = [truth, *(self._spread(arg, node.axes) for arg in node.args[1:])]
                # Of two integers it would make integers of 32 bits.
                branches = (t.code if not t.code.isdigit() else f"{t.code}.0" for t in texts[1:])
                code, level = f"where({', '.join((truth.code, *branches))})", ATOM
            case op:
                texts = [self._spread(arg, node.axes) for arg in node.args]
                if op in SIGNS:
                    code = f"{texts[0].at(SUM)} {SIGNS[op]} {texts[1].at(SUM)}"
                    level = COMPARISON
                else:
                    code, level = FUNCTIONS[op].format(*(text.code for text in texts)), ATOM
        return Text(code, level, sum(text.operations for text in texts) + 1)

    def _truth(self, node: Node, axes: Axes) -> Text:
        """A condition: a comparison as it is, a number as whether it is not 0."""
        if node in self.inside and isinstance(node, Map) and node.op in LOGICAL:
            return self.text(node)
        text = self._spread(node, axes)
        return Text(f"{text.at(SUM)} != 0", COMPARISON, text.operations + 1)


def _operations(node: Map) -> int:
    """How many arrays NumPy would make for it; a minus sign costs nothing in a sum."""
    if node.op not in ("add", "mul"):
        return 1
    minus = node.op == "mul" and isinstance(node.args[0], Number) and node.args[0].value == -1
    return len(node.args) - 1 - minus


def _count(region: Sequence[Map]) -> int:
    return sum(map(_operations, region))


def _parts(node: Map) -> list[Map]:
    """A long sum or product as several, the widest first."""
    parts = []
    args = sorted(node.args, key=lambda arg: -len(arg.axes))
    for start in range(0, len(args), LONG):
        some = args[start : start + LONG]
        axes = tuple(axis for axis in node.axes if any(axis in arg.axes for arg in some))
        parts.append(Map(node.id, axes, node.op, tuple(some)))
    return parts


def _codes(node: Contract) -> set[Node]:
    """The arithmetic of the codes that a contraction reads or writes at."""
    found = {delta.source for delta in node.deltas if delta.source is not None}
    stack = list(found)
    while stack:
        source = stack.pop()
        found.add(source)
        stack += source.operands if isinstance(source, Map) else ()
    return found


def _operands(node: Map) -> set[Node]:
    return {arg for arg in node.args if not isinstance(arg, Number)}


BACKEND = Backend(
    writer=Writer, steps=_StepWriter, imports=("import numexpr as ne",), support=SUPPORT
)
