"""The program graph: a directed acyclic graph of array nodes, hash-consed, with axes as symbols.

Five kinds of node compute something. `Map` applies one operator to every entry, its arguments
aligned by axis. `Contract` sums a product over the axes it leaves out: matrix products, sums,
outer products, and with `Delta` factors also gathers, scatters and transposes. `Reduce` covers
reductions that are no sums. Leaves are numbers, data, parameters, constants and sizes.

A node's axes are a set, kept in one global order with the row axis last; an axis that an argument
lacks is broadcast. A node may carry fewer axes than the value it stands for.

`Linear` is what needs a matrix as a whole: inverses, determinants, solutions of linear systems,
squared distances.

Nodes refer only to older nodes, so that order of creation is an order of evaluation and every pass
is a loop, never a recursion as deep as the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from gdsym.errors import Span
from gdsym.language.model import Dims, Model

# The kinds of matrices in factors; `symmetric` where the formula tells that it is.
FACTORED = ("factored", "symmetric")

# Most coefficients are 1, and most exponents; fractions are slow to make and to compare.
ZERO, ONE = Fraction(0), Fraction(1)
INVERSE = Fraction(-1)

# Powers beyond this are not folded: the number would not be a double any more.
LARGEST_EXPONENT = 1024


class Axis(NamedTuple):
    """A dimension, and which of its occurrences: `S[d, d]` has axes (d, 0) and (d, 1)."""

    dim: str
    copy: int = 0


Axes = tuple[Axis, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """`id` is the order of creation."""

    id: int
    axes: Axes

    @property
    def operands(self) -> tuple[Node, ...]:
        """The nodes that this one reads."""
        return ()


@dataclass(frozen=True, eq=False, slots=True)
class Number(Node):
    """An exact scalar."""

    value: Fraction


@dataclass(frozen=True, eq=False, slots=True)
class Leaf(Node):
    """A value from outside.

    `kind` is `data`, `param`, `const`, `size` (name: the dimension), `constant` (`pi`, `inf`),
    `label` (name: `dim label`, the code of a labelled entry), `stat` (learnt in training) or
    `direction` (along which a gradient is differentiated; name: its parameter).
    """

    kind: str
    name: str


@dataclass(frozen=True, eq=False, slots=True)
class Map(Node):
    """One element-wise operator: `add`, `mul` (n-ary), `pow`, or a function of the table."""

    op: str
    args: tuple[Node, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.args


class Factor(NamedTuple):
    """A node read at these indices, one for each of its axes in order."""

    node: Node
    indices: Axes


class Delta(NamedTuple):
    """1 where `source` read at `indices` equals `axis`, else 0.

    `source` holds codes of the dimension of `axis` (category data, or the code of a label); with
    None it is the identity of `indices[0]` and `axis`.
    """

    source: Node | None
    indices: Axes
    axis: Axis


@dataclass(frozen=True, eq=False, slots=True)
class Contract(Node):
    """The sum, over every index that is not in `axes`, of the product of factors and deltas."""

    factors: tuple[Factor, ...]
    deltas: tuple[Delta, ...]

    @property
    def operands(self) -> tuple[Node, ...]:
        sources = (delta.source for delta in self.deltas if delta.source is not None)
        return (*(factor.node for factor in self.factors), *sources)

    @property
    def summed(self) -> Axes:
        """The indices that are summed over, in order of appearance."""
        seen = _indices(self.factors, self.deltas)
        return tuple(axis for axis in seen if axis not in self.axes)


@dataclass(frozen=True, eq=False, slots=True)
class Reduce(Node):
    """`logsumexp`, `max` or `prod` of `arg` over the axes `over`.

    `argmax`, over one axis, is the code of the first entry that is largest: a source for deltas.
    A `logsumexp` with deltas is one by groups: over the entries for which all of them are 1. Its
    axes are then those of the codes, too, and everything in `over` is an index of some code.
    """

    op: str
    arg: Node
    over: Axes
    deltas: tuple[Delta, ...] = ()

    @property
    def operands(self) -> tuple[Node, ...]:
        sources = (delta.source for delta in self.deltas if delta.source is not None)
        return (self.arg, *sources)


@dataclass(frozen=True, eq=False, slots=True)
class Scan(Node):
    """`others`: along `axis`, for each entry the product of all others."""

    op: str
    arg: Node
    axis: Axis

    @property
    def operands(self) -> tuple[Node, ...]:
        return (self.arg,)


@dataclass(frozen=True, eq=False, slots=True)
class Linear(Node):
    """A function of matrices as wholes; its parts are read at indices, as those of a contraction.

    `factored` (`symmetric` where it is known to be) is the square matrix `parts[0]`, with rows and
    columns `along`: read entry by entry it is the matrix, inside a module its factors, which the
    next ones share. `logdet` and `det`. `cofactors`, the derivatives of `det`. `inverse`: its row
    p and column q lie where the matrix has them. `solve`, and with the transposed matrix
    `solve_transposed`: of `parts[1]` along `along[0]`, which is the axis of the solution, too.
    `sqdist`: the squares of the differences between the entries `along[0]` of one part and
    `along[1]` of the other, summed over `along[2]`.
    """

    op: str
    parts: tuple[Factor, ...]
    along: Axes

    @property
    def operands(self) -> tuple[Node, ...]:
        return tuple(part.node for part in self.parts)


def canonical_axes(dims: Dims) -> Axes:
    """Dimensions to axes, position by position: `[d, d]` is ((d, 0), (d, 1))."""
    return tuple(Axis(dim, dims[:place].count(dim)) for place, dim in enumerate(dims))


def unused_axis(dim: str, used: Collection[Axis]) -> Axis:
    """The first occurrence of a dimension that is not used yet."""
    copy = 0
    while Axis(dim, copy) in used:
        copy += 1
    return Axis(dim, copy)


def _indices(factors: Sequence[Factor], deltas: Sequence[Delta]) -> list[Axis]:
    seen: dict[Axis, None] = {}
    for factor in factors:
        seen.update(dict.fromkeys(factor.indices))
    for delta in deltas:
        seen.update(dict.fromkeys((*delta.indices, delta.axis)))
    return list(seen)


Rewrite = Callable[["Graph", str, tuple[Node, ...]], Node | None]


@dataclass(slots=True)
class Graph:
    """Makes nodes, each distinct one once, and normalises sums and products on the way.

    `dims` is the global order of dimensions, the row dimension last. `rewrite` may return another
    node for an operator and its arguments; it is how the stability rules take part wherever a
    node is made. Nodes in `named` keep their identity: they are not merged into the sum or
    product around them.
    """

    dims: tuple[str, ...]
    rewrite: Rewrite | None = None
    named: set[Node] = field(default_factory=set)
    _made: dict[object, Node] = field(default_factory=dict)
    _leaves: dict[tuple[str, str], Node] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._made)

    def _intern(self, key: object, make: Callable[[int], Node]) -> Node:
        node = self._made.get(key)
        if node is None:
            node = self._made[key] = make(len(self._made))
        return node

    def sort(self, axes: Iterable[Axis]) -> Axes:
        """Distinct axes in the global order."""
        return tuple(sorted(set(axes), key=lambda axis: (self.dims.index(axis.dim), axis.copy)))

    # -- leaves

    def number(self, value: int | Fraction) -> Node:
        key = ("number", value.numerator, value.denominator)
        return self._intern(key, lambda i: Number(i, (), Fraction(value)))

    def leaf(self, kind: str, name: str, axes: Iterable[Axis] = ()) -> Node:
        ordered = self.sort(axes)
        node = self._intern((kind, name, ordered), lambda i: Leaf(i, ordered, kind, name))
        return self._leaves.setdefault((kind, name), node)

    def known_leaf(self, kind: str, name: str) -> Node | None:
        """A leaf that has been made before."""
        return self._leaves.get((kind, name))

    def size(self, dim: str) -> Node:
        return self.leaf("size", dim)

    # -- maps

    def call(self, op: str, *args: Node) -> Node:
        """An operator or a function of the table."""
        match op:
            case "add":
                return self.add(*args)
            case "mul":
                return self.mul(*args)
            case "neg":
                return self.mul(self.number(-1), *args)
            case "inv":
                return self.power(args[0], INVERSE)
            case "pow" if isinstance(args[1], Number):
                return self.power(args[0], args[1].value)
        return self._map(op, args)

    def _map(self, op: str, args: tuple[Node, ...]) -> Node:
        key = (op, *[arg.id for arg in args])
        made = self._made.get(key)  # three in four are: no rule had another node for them
        if made is not None:
            return made
        if self.rewrite is not None:
            better = self.rewrite(self, op, args)
            if better is not None:
                return better
        shapes = {arg.axes for arg in args if arg.axes}
        axes = shapes.pop() if len(shapes) == 1 else self.sort(chain.from_iterable(shapes))
        return self._intern(key, lambda i: Map(i, axes, op, args))

    def add(self, *args: Node) -> Node:
        """A sum: numbers folded, like terms collected, unnamed sums inside flattened."""
        constant = ZERO
        terms: dict[Node, Fraction] = {}
        for arg in self._flat("add", args):
            coefficient, rest = self.split(arg)
            if rest is None:
                constant += coefficient
            else:
                terms[rest] = terms[rest] + coefficient if rest in terms else coefficient
        parts = [self.scale(c, rest) for rest, c in terms.items() if c is ONE or c != 0]
        parts.sort(key=attrgetter("id"))
        if constant != 0:
            parts.append(self.number(constant))
        if not parts:
            return self.number(0)
        return parts[0] if len(parts) == 1 else self._map("add", tuple(parts))

    def sub(self, a: Node, b: Node) -> Node:
        return self.add(a, self.neg(b))

    def neg(self, a: Node) -> Node:
        return self.mul(self.number(-1), a)

    def div(self, a: Node, b: Node) -> Node:
        return self.mul(a, self.power(b, INVERSE))

    def scale(self, coefficient: Fraction, node: Node) -> Node:
        """coefficient times node; the number stays in front of a product, outside a sum."""
        if coefficient is ONE or coefficient == 1:
            return node
        return self.mul(self.number(coefficient), node)

    def split(self, node: Node) -> tuple[Fraction, Node | None]:
        """A node as a number times the rest; the rest of a number is None."""
        if isinstance(node, Number):
            return node.value, None
        if isinstance(node, Map) and node.op == "mul" and isinstance(node.args[0], Number):
            rest = node.args[1:]
            return node.args[0].value, rest[0] if len(rest) == 1 else self._map("mul", rest)
        return ONE, node

    def mul(self, *args: Node) -> Node:
        """A product: numbers folded, powers of one base collected, unnamed products flattened."""
        coefficient = ONE
        powers: dict[Node, Fraction] = {}
        whole: dict[Node, Node] = {}  # factors that no other has the base of stay what they are
        for arg in self._flat("mul", args):
            if isinstance(arg, Number):
                coefficient = arg.value if coefficient is ONE else coefficient * arg.value
                continue
            base, exponent = self.base(arg)
            if base in powers:
                powers[base] += exponent
                whole.pop(base, None)
            else:
                powers[base], whole[base] = exponent, arg
        if coefficient is not ONE and coefficient == 0:
            return self.number(0)
        parts = [whole.get(base) or self.power(base, e) for base, e in powers.items() if e != 0]
        if any(isinstance(part, Number) for part in parts):
            return self.mul(self.number(coefficient), *parts)
        parts.sort(key=attrgetter("id"))
        if (coefficient is not ONE and coefficient != 1) or not parts:
            parts.insert(0, self.number(coefficient))
        return parts[0] if len(parts) == 1 else self._map("mul", tuple(parts))

    def base(self, node: Node) -> tuple[Node, Fraction]:
        """A node as a base to an integer power."""
        if isinstance(node, Map) and node.op == "pow":
            base, exponent = node.args
            if isinstance(exponent, Number) and exponent.value.denominator == 1:
                return base, exponent.value
        return node, ONE

    def _flat(self, op: str, args: Sequence[Node]) -> Sequence[Node]:
        """The arguments of a sum or product, those of unnamed ones inside it in their place."""
        if not any(isinstance(arg, Map) and arg.op in (op, "pow") for arg in args):
            return args
        stack, flat = list(reversed(args)), []
        while stack:
            node = stack.pop()
            if not isinstance(node, Map):
                flat.append(node)
            elif node.op == op and node not in self.named:
                stack.extend(reversed(node.args))
            elif op == "mul" and node.op == "pow" and self._is_inverse_product(node):
                assert isinstance(node.args[0], Map)
                stack.extend(self.power(part, INVERSE) for part in node.args[0].args)
            else:
                flat.append(node)
        return flat

    def _is_inverse_product(self, power: Map) -> bool:
        base, exponent = power.args
        if not isinstance(base, Map) or base.op != "mul" or base in self.named:
            return False
        return isinstance(exponent, Number) and exponent.value == -1

    def power(self, base: Node, exponent: Fraction) -> Node:
        """base to a constant power; a square root is `sqrt`."""
        if exponent is ONE or exponent == 1:
            return base
        if exponent == 0:
            return self.number(1)
        if isinstance(base, Number) and exponent.denominator == 1:
            folded = _folded_power(base.value, exponent)
            if folded is not None:
                return self.number(folded)
        if exponent.denominator == 2 and abs(exponent.numerator) == 1:
            return self.power(self.call("sqrt", base), exponent * 2)
        inner, first = self.base(base)
        if first != 1 and exponent.denominator == 1:
            return self.power(inner, first * exponent)
        return self._map("pow", (base, self.number(exponent)))

    # -- contractions and reductions

    def contract(
        self,
        factors: Iterable[Factor],
        deltas: Iterable[Delta],
        axes: Iterable[Axis],
        *,
        whole: bool = False,
    ) -> Node:
        """The sum of a product over every index not in `axes`, with what is free of it outside.

        An index in `axes` that nothing carries is left out of the result (it broadcasts). Bound
        indices that nothing carries are the caller's to account for: see `contract_over`. With
        `whole`, factors that are products stay as they are.
        """
        out = set(axes)
        plain = (list(factors), list(deltas))
        inside, bound_deltas = plain if whole else self._open(*plain)
        if not whole:
            bound_deltas = _of_one_code(bound_deltas, out)
        inside, bound_deltas, identities, lost = _without_identities(inside, bound_deltas, out)
        indexed = {delta.axis for delta in bound_deltas}
        indexed |= {axis for delta in bound_deltas for axis in delta.indices}
        outside = [self.size(axis.dim) for axis in lost]
        outside += [self.identity(delta.indices[0], delta.axis) for delta in identities]
        kept: dict[tuple[Axes, Axes], list[Node]] = {}
        for node, indices in inside:
            for part in [node] if whole else self._flat("mul", [node]):
                where = tuple(indices[node.axes.index(axis)] for axis in part.axes)
                if set(where) <= out and where == part.axes:
                    outside.append(part)
                elif not whole and set(where) <= out and len(set(where)) == len(where):
                    outside.append(self._contraction([Factor(part, where)], [], self.sort(where)))
                else:
                    kept.setdefault((where, part.axes), []).append(part)
        merged: list[Factor] = []
        for (where, own_axes), parts in kept.items():
            product = self.mul(*parts)
            if product.axes == own_axes:
                merged.append(Factor(product, where))
            else:  # x/x: a product that lost an axis would lose the sum over it, too
                merged += [Factor(part, where) for part in parts]
        if not merged and not bound_deltas:
            return self.mul(*outside)
        carried = {axis for factor in merged for axis in factor.indices} | indexed
        node = self._contraction(merged, bound_deltas, self.sort(carried & out))
        return self.mul(*outside, node)

    def _open(
        self, factors: Iterable[Factor], deltas: Iterable[Delta]
    ) -> tuple[list[Factor], list[Delta]]:
        """Factors that are products of deltas (one-hot rows) or transposes, spelled out."""
        plain: list[Factor] = []
        opened = list(deltas)
        for node, indices in factors:
            if _is_spread(node):
                assert isinstance(node, Contract)
                at = dict(zip(node.axes, indices, strict=True))
                opened += [
                    Delta(source, tuple(at[i] for i in where), at[axis])
                    for source, where, axis in node.deltas
                ]
            elif _is_symmetric_inverse(node):
                plain.append(Factor(node, tuple(sorted(indices))))
            elif _is_transpose(node) and node not in self.named:
                assert isinstance(node, Contract)
                at = dict(zip(node.axes, indices, strict=True))
                ((inside, where),) = node.factors
                inner, extra = self._open([Factor(inside, tuple(at[a] for a in where))], ())
                plain += inner
                opened += extra
            elif isinstance(node, Map) and node.op == "mul" and node not in self.named:
                at = dict(zip(node.axes, indices, strict=True))
                parts = [Factor(arg, tuple(at[axis] for axis in arg.axes)) for arg in node.args]
                if any(_is_spread(arg) or _is_transpose(arg) for arg in node.args):
                    inner, extra = self._open(parts, ())
                    plain += inner
                    opened += extra
                else:
                    plain.append(Factor(node, indices))
            else:
                plain.append(Factor(node, indices))
        return plain, opened

    def _contraction(self, factors: list[Factor], deltas: list[Delta], axes: Axes) -> Node:
        """Interns a contraction, its bound indices renamed in order of appearance."""
        factors = sorted(factors, key=lambda factor: factor.node.id)
        rename: dict[Axis, Axis] = {axis: axis for axis in axes}
        used = set(axes)
        for index in _indices(factors, deltas):
            if index not in rename:
                rename[index] = unused_axis(index.dim, used)
                used.add(rename[index])
        final = tuple(Factor(n, tuple(rename[i] for i in at)) for n, at in factors)
        final_deltas = tuple(
            Delta(source, tuple(rename[index] for index in at), rename[axis])
            for source, at, axis in deltas
        )
        key = (
            "contract",
            axes,
            tuple((factor.node.id, factor.indices) for factor in final),
            tuple((d.source.id if d.source else -1, d.indices, d.axis) for d in final_deltas),
        )
        return self._intern(key, lambda i: Contract(i, axes, final, final_deltas))

    def identity(self, a: Axis, b: Axis) -> Node:
        """1 where two indices are equal, else 0."""
        return self._contraction([], [Delta(None, (a,), b)], self.sort((a, b)))

    def total(self, node: Node, axes: Iterable[Axis]) -> Node:
        """The sum of one node over `axes`; an axis that it lacks multiplies by its size."""
        over = set(axes)
        left = tuple(axis for axis in node.axes if axis not in over)
        missing = [axis for axis in self.sort(over) if axis not in node.axes]
        summed = node
        if len(left) < len(node.axes):
            summed = self.contract([Factor(node, node.axes)], (), left)
        return self.mul(*(self.size(axis.dim) for axis in missing), summed)

    def contract_over(
        self,
        domain: Iterable[Axis],
        factors: Sequence[Factor],
        deltas: Sequence[Delta],
        axes: Iterable[Axis],
    ) -> Node:
        """`contract`, where the sum runs over `domain`: an index of it, not in `axes`, that
        nothing carries multiplies by its size."""
        out = set(axes)
        carried = set(_indices(factors, deltas)) | out
        sizes = [self.size(axis.dim) for axis in self.sort(domain) if axis not in carried]
        return self.mul(*sizes, self.contract(factors, deltas, out))

    def reduce(self, op: str, arg: Node, over: Iterable[Axis]) -> Node:
        """A reduction that is no sum; axes that the argument lacks are accounted for."""
        wanted = self.sort(over)
        inside = tuple(axis for axis in wanted if axis in arg.axes)
        node = arg
        if inside:
            left = tuple(axis for axis in arg.axes if axis not in inside)
            key = (op, arg.id, inside)
            node = self._intern(key, lambda i: Reduce(i, left, op, arg, inside))
        if op == "logsumexp":
            missing = [self.size(axis.dim) for axis in wanted if axis not in arg.axes]
            node = self.add(node, *(self.call("log", size) for size in missing))
        if op == "prod":
            for axis in wanted:
                if axis not in arg.axes:
                    node = self.call("pow", node, self.size(axis.dim))
        return node

    def logsumexp_by(self, arg: Node, over: Iterable[Axis], deltas: Sequence[Delta]) -> Node:
        """The logsumexp of each group of entries; the codes of `deltas` say which group it is.

        Each delta has an axis of its own, which `arg` lacks. A group without entries has -inf.
        """
        wanted, codes = set(over), {index for delta in deltas for index in delta.indices}
        inner = self.reduce("logsumexp", arg, wanted - codes)
        grouped = self.sort(wanted & codes)
        opened = {delta.axis for delta in deltas}
        axes = self.sort({*inner.axes, *codes, *opened} - set(grouped))
        ids = tuple((d.source.id if d.source else -1, d.indices, d.axis) for d in deltas)
        key = ("logsumexp", inner.id, grouped, ids)
        made = tuple(deltas)
        return self._intern(key, lambda i: Reduce(i, axes, "logsumexp", inner, grouped, made))

    def softmax(self, node: Reduce) -> Node:
        """The derivative of a logsumexp by each of its entries: exp(z - lse), of its own group."""
        return self.call("exp", self.sub(node.arg, self.read_at(node, node.deltas)))

    def read_at(self, node: Node, deltas: Iterable[Delta]) -> Node:
        """The node read at the codes of those deltas whose axis it has."""
        mine = [delta for delta in deltas if delta.axis in node.axes]
        if not mine:
            return node
        left = set(node.axes) - {delta.axis for delta in mine}
        axes = left | {index for delta in mine for index in delta.indices}
        return self.contract([Factor(node, node.axes)], mine, axes)

    def argmax(self, arg: Node, axis: Axis) -> Node:
        """The code of the first largest entry along an axis of `arg`."""
        left = tuple(other for other in arg.axes if other != axis)
        key = ("argmax", arg.id, axis)
        return self._intern(key, lambda i: Reduce(i, left, "argmax", arg, (axis,)))

    def others(self, arg: Node, axis: Axis) -> Node:
        """For each entry the product of all others along an axis."""
        if axis not in arg.axes:
            return self.call("pow", arg, self.add(self.size(axis.dim), self.number(-1)))
        key = ("others", arg.id, axis)
        return self._intern(key, lambda i: Scan(i, arg.axes, "others", arg, axis))

    def linear(self, op: str, parts: Iterable[Factor], along: Axes) -> Node:
        """A function of matrices as wholes; see `Linear`, and `calculus/linear.py`."""
        parts = tuple(parts)
        match op:
            case "factored" | "symmetric":
                axes = self.sort(along)
            case "logdet" | "det":
                axes = ()
            case "inverse" | "cofactors":
                axes = parts[0].node.axes
            case "solve" | "solve_transposed":
                axes = self.sort((*parts[1].indices, *along))
            case _:
                axes = self.sort(along[:2])
        key = (op, tuple((part.node.id, part.indices) for part in parts), along)
        return self._intern(key, lambda i: Linear(i, axes, op, parts, along))

    def renamed(self, node: Node, at: Mapping[Axis, Axis]) -> Node:
        """The node with its axes renamed; a swap of two axes is a contraction of one factor."""
        indices = tuple(at.get(axis, axis) for axis in node.axes)
        if indices == node.axes:
            return node
        return self.contract([Factor(node, indices)], (), indices)

    def copied(self, node: Node, at: Mapping[Node, Node]) -> Node:
        """The node made again in this graph from the images of its operands."""
        match node:
            case Number():
                return self.number(node.value)
            case Leaf():
                return self.leaf(node.kind, node.name, node.axes)
            case Map():
                return self.call(node.op, *(at[arg] for arg in node.args))
            case Contract():
                factors, deltas = _images(node.factors, at), _coded(node.deltas, at)
                return self.contract_over(node.summed, factors, deltas, node.axes)
            case Linear():
                return self.linear(node.op, _images(node.parts, at), node.along)
            case Reduce(op="argmax"):
                if node.over[0] not in at[node.arg].axes:
                    return self.number(0)
                return self.argmax(at[node.arg], node.over[0])
            case Reduce(deltas=(_, *_)):
                return self.logsumexp_by(at[node.arg], node.over, _coded(node.deltas, at))
            case Reduce():
                return self.reduce(node.op, at[node.arg], node.over)
            case Scan():
                return self.others(at[node.arg], node.axis)
        raise TypeError(node)


def _images(factors: Iterable[Factor], at: Mapping[Node, Node]) -> list[Factor]:
    """The factors in another graph, where their nodes may have lost axes."""
    images = []
    for node, where in factors:
        pairs = zip(where, node.axes, strict=True)
        images.append(Factor(at[node], tuple(i for i, axis in pairs if axis in at[node].axes)))
    return images


def _coded(deltas: Iterable[Delta], at: Mapping[Node, Node]) -> list[Delta]:
    """The deltas in another graph."""
    return [Delta(at[s] if s is not None else None, where, axis) for s, where, axis in deltas]


def _of_one_code(deltas: list[Delta], out: set[Axis]) -> list[Delta]:
    """Two axes that equal the same code equal each other: one delta and an identity."""
    first: dict[tuple[Node | None, Axes], Axis] = {}
    found = []
    for delta in deltas:
        other = first.get((delta.source, delta.indices))
        if other is not None and delta.source is not None and {other, delta.axis} <= out:
            found.append(Delta(None, (other,), delta.axis))
        else:
            if delta.axis in out:
                first[delta.source, delta.indices] = delta.axis
            found.append(delta)
    return found


def _is_symmetric_inverse(node: Node) -> bool:
    if not isinstance(node, Linear) or node.op != "inverse":
        return False
    matrix = node.parts[0].node
    return isinstance(matrix, Linear) and matrix.op == "symmetric"


def _is_spread(node: Node) -> bool:
    """True for a product of deltas alone."""
    return isinstance(node, Contract) and not node.factors and not node.summed


def _is_transpose(node: Node) -> bool:
    """True for the entries of one factor with its axes in another order."""
    if not isinstance(node, Contract) or node.deltas or len(node.factors) != 1:
        return False
    return sorted(node.factors[0].indices) == sorted(node.axes)


def _folded_power(value: Fraction, exponent: Fraction) -> Fraction | None:
    power = int(exponent)
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(power) * bits > LARGEST_EXPONENT or (value == 0 and power < 0):
        return None
    return value**power


def _without_identities(
    factors: list[Factor], deltas: list[Delta], out: set[Axis]
) -> tuple[list[Factor], list[Delta], list[Delta], list[Axis]]:
    """Delta elimination: an identity with a bound index is a renaming.

    Returns factors and deltas without identities; the identities whose indices both stay, on
    whose diagonal the others are read; and the bound indices that nothing carries any more.
    """
    kept: list[Delta] = []
    coded = [delta for delta in deltas if delta.source is not None]
    pending = [delta for delta in deltas if delta.source is None]
    merged: set[Axis] = set()
    while pending:
        delta = pending.pop(0)
        a, b = sorted((delta.indices[0], delta.axis))
        old, new = (a, b) if a not in out else (b, a)

        def named(index: Axis, old: Axis = old, new: Axis = new) -> Axis:
            return new if index == old else index

        merged = {new, *map(named, merged)}
        factors = [Factor(n, tuple(map(named, at))) for n, at in factors]
        coded, pending = (
            [Delta(s, tuple(map(named, at)), named(axis)) for s, at, axis in group]
            for group in (coded, pending)
        )
        if old in out and old != new:
            kept.append(Delta(None, (new,), old))
    lost = merged - out - set(_indices(factors, coded))
    return factors, coded, kept, sorted(lost)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user wrote a node: what a message about it can show."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Program:
    """A model as a graph. Values are nodes of `graph`; a later stage makes a new program.

    `loss` is the user's objective in the sign that is minimised, without penalties; `value` adds
    them. `grads` and `slopes` (those of predictions that are scalars) are empty until `derive`,
    the rest until `differentiate_twice`: `hess`, block by block, and `hvp`; `scores`, the gradient
    of each row's own term of the loss; the value is a constant plus `squares` times the squares of
    `residuals`, and `jacobian` has the derivatives of residual i by a parameter, with the axes of
    the residual and then those of the parameter, renamed by `paired`. Once lowered, `value` lacks
    what no parameter moves: `offset`.
    `stats` defines the `stat` leaves, which are learnt from the training data and kept in the fit.
    `formulas` are the values of constants (`const lam`) and the arguments of starts (`start w 0`),
    which need sizes and constants alone.
    """

    model: Model
    graph: Graph
    loss: Node
    value: Node
    lets: Mapping[str, Node]
    predictions: Mapping[str, Node]
    stats: Mapping[str, Node]
    places: tuple[tuple[Node, Place], ...]
    formulas: Mapping[str, Node] = field(default_factory=dict)
    grads: Mapping[str, Node] = field(default_factory=dict)
    slopes: Mapping[tuple[str, str], Node] = field(default_factory=dict)
    hess: Mapping[tuple[str, str], Node] = field(default_factory=dict)
    hvp: Mapping[str, Node] = field(default_factory=dict)
    scores: Mapping[str, Node] = field(default_factory=dict)
    residuals: tuple[Node, ...] = ()
    jacobian: Mapping[tuple[int, str], Node] = field(default_factory=dict)
    squares: Node | None = None
    offset: Node | None = None

    @property
    def row(self) -> Axis | None:
        return Axis(self.model.row) if self.model.row is not None else None

    @property
    def names(self) -> dict[Node, str]:
        """The user's name of a node: the first `let` that is it and nothing simpler."""
        found: dict[Node, str] = {}
        for name, node in self.lets.items():
            if not isinstance(node, (Leaf, Number)):
                found.setdefault(node, name)
        return found

    def outputs(self) -> list[Node]:
        """Every node that something outside reads."""
        return [
            self.loss,
            self.value,
            *self.lets.values(),
            *self.predictions.values(),
            *self.stats.values(),
            *self.formulas.values(),
            *self.grads.values(),
            *self.slopes.values(),
            *self.hess.values(),
            *self.hvp.values(),
            *self.rows(),
        ]

    def rows(self) -> list[Node]:
        """What is wanted row by row: scores, residuals, their Jacobian; and what is constant."""
        alone = [node for node in (self.squares, self.offset) if node is not None]
        return [*self.scores.values(), *self.residuals, *self.jacobian.values(), *alone]

    def mapped(self, graph: Graph, at: Mapping[Node, Node]) -> Program:
        """The same program with every output's image in another graph."""
        return Program(
            model=self.model,
            graph=graph,
            loss=at[self.loss],
            value=at[self.value],
            lets={name: at[node] for name, node in self.lets.items()},
            predictions={name: at[node] for name, node in self.predictions.items()},
            stats={name: at[node] for name, node in self.stats.items()},
            places=tuple((at[node], place) for node, place in self.places),
            formulas={name: at[node] for name, node in self.formulas.items()},
            grads={name: at[node] for name, node in self.grads.items()},
            slopes={names: at[node] for names, node in self.slopes.items()},
            hess={names: at[node] for names, node in self.hess.items()},
            hvp={name: at[node] for name, node in self.hvp.items()},
            scores={name: at[node] for name, node in self.scores.items()},
            residuals=tuple(at[node] for node in self.residuals),
            jacobian={key: at[node] for key, node in self.jacobian.items()},
            squares=at[self.squares] if self.squares is not None else None,
            offset=at[self.offset] if self.offset is not None else None,
        )


def is_zero(node: Node) -> bool:
    """True for the number 0."""
    return isinstance(node, Number) and node.value == 0


def is_kept(stat: str) -> bool:
    """Whether a statistic is computed when the fit is done, from all rows at once and theta."""
    return stat.endswith(".kept")


def rows_beside(nodes: Iterable[Node], model: Model) -> set[str]:
    """The dimensions along which nodes have rows besides the row axis: rows paired with rows."""
    if model.row is None:
        return set()
    named = next((dim.like for dim in model.dims if dim.name == model.row), None)
    first = named or model.row  # the rows may themselves be like another dimension
    rows = {first, *model.aliases(first)}
    axes: set[Axis] = set()
    for node in nodes:
        axes.update(node.axes)
        if isinstance(node, Contract):
            axes.update(_indices(node.factors, node.deltas))
    return {axis.dim for axis in axes if axis.dim in rows and axis != Axis(model.row)}


def reachable(nodes: Iterable[Node], known: Container[Node] = ()) -> list[Node]:
    """The nodes and everything they read, in order of evaluation; nothing that is `known`."""
    seen: set[Node] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node not in seen and node not in known:
            seen.add(node)
            stack.extend(node.operands)
    return sorted(seen, key=attrgetter("id"))


def rebuilt(program: Program, graph: Graph) -> Program:
    """The program made again in another graph, through that graph's rules."""
    at: dict[Node, Node] = {}
    for node in reachable([*program.outputs(), *(node for node, _ in program.places)]):
        at[node] = graph.copied(node, at)
        if node in program.graph.named:
            graph.named.add(at[node])
    return program.mapped(graph, at)
