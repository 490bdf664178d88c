"""The program in operations that a printer knows: core functions and four kinds of contraction.

Table functions are replaced by their lowering, a logsumexp by its shifted form (which its softmax
shares), and every contraction by steps of one kind: *gather* (one factor read at codes), *scatter*
(one factor summed by code), *one-hot* (codes spread along their dimension) and *plain* (one or two
factors, no codes).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import isqrt

from gdsym.calculus.formula import evaluate
from gdsym.calculus.offset import apart
from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Delta,
    Factor,
    Graph,
    Leaf,
    Map,
    Node,
    Program,
    Reduce,
    reachable,
)
from gdsym.calculus.stabilise import rules_of_signs
from gdsym.language.functions import FUNCTIONS

# Functions of one exponential, which is exp(x) where a block of rows has no x that is too large.
GUARDED = frozenset(("sigmoid", "sigmoid_slope", "log_sigmoid", "softplus"))


def lower(program: Program, *, guarded: bool = False) -> Program:
    """The same program over core operations, in a graph of its own.

    What no parameter moves is taken out of the value and becomes the `offset`. guarded: `GUARDED`
    are lowered to operations that look at all rows of a block, and not each row at its own x.
    """
    value, offset = apart(program.graph, program.value)
    loss = program.graph.add(*apart(program.graph, program.loss))
    program = replace(program, value=value, offset=offset, loss=loss)
    graph = Graph(program.graph.dims, rewrite=rules_of_signs(program.model))
    wanted = [*program.outputs(), *(node for node, _ in program.places)]
    at = lowered(wanted, program.graph, graph, program.row, guarded=guarded)
    names = program.names
    graph.named.update(at[node] for node in names)
    return program.mapped(graph, at)


def lowered(
    wanted: Iterable[Node],
    source: Graph,
    graph: Graph,
    row: Axis | None,
    *,
    guarded: bool = False,
) -> dict[Node, Node]:
    """The images in `graph` of some nodes of `source`, and of everything that they read."""
    order = reachable(wanted)
    lowering = _Lowering(order, source, graph, row, guarded)
    at: dict[Node, Node] = {}
    for node in order:
        at[node] = lowering.node(node, at)
        if node in source.named:
            graph.named.add(at[node])
    return at


class _Lowering:
    def __init__(
        self,
        order: Iterable[Node],
        source: Graph,
        graph: Graph,
        row: Axis | None,
        guarded: bool,
    ) -> None:
        self.graph = graph
        self.row = row
        self.guarded = guarded
        # exp(z - logsumexp(z)) by the node of its argument: lowered to the softmax it is.
        self.softmax = {
            source.sub(node.arg, node): node
            for node in order
            if isinstance(node, Reduce)
            and (node.op == "logsumexp" and row not in node.over and not node.deltas)
        }
        self.shares: dict[Node, Node] = {}

    def node(self, node: Node, at: dict[Node, Node]) -> Node:
        match node:
            case Map(op="exp") if node.args[0] in self.softmax:
                reduced = self.softmax[node.args[0]]
                self._logsumexp(reduced, at)
                return self.shares[reduced]
            case Map():
                return self._function(node.op, [at[arg] for arg in node.args])
            case Reduce(op="logsumexp", deltas=()):  # else it stays for the accumulators
                return self._logsumexp(node, at)
            case Contract():
                factors = [
                    Factor(at[n], _kept(where, n.axes, at[n].axes)) for n, where in node.factors
                ]
                deltas = [
                    Delta(at[s] if s is not None else None, where, axis)
                    for s, where, axis in node.deltas
                ]
                return self._contraction(node, factors, deltas)
        return self.graph.copied(node, at)

    def _function(self, op: str, args: list[Node]) -> Node:
        entry = FUNCTIONS.get(op)
        length = _length(self.graph, args[0]) if op in ("sqrt", "root") else None
        if length is not None:
            return length
        if entry is None or entry.lowering is None:
            return self.graph.call(op, *args)
        if self.guarded and op in GUARDED and self.row in args[0].axes:
            return self._guarded(op, args[0])
        names = dict(zip(entry.params, args, strict=True))
        names["pi"] = self.graph.leaf("constant", "pi")
        return evaluate(entry.lowering, names, _Formulas(self))

    def _guarded(self, op: str, x: Node) -> Node:
        """A function of one exponential, by operations that share it."""
        graph = self.graph
        if op == "log_sigmoid":
            return graph.call("neg", self._guarded("softplus", graph.call("neg", x)))
        e = graph.call("bounded_exp", x)
        if op == "sigmoid_slope":  # the same of x and of -x
            return graph.div(e, graph.power(graph.add(graph.number(1), e), Fraction(2)))
        return graph.call(f"{op}_of", x, e)

    def _logsumexp(self, node: Reduce, at: dict[Node, Node]) -> Node:
        """m + log(sum(exp(z - m))) with m the maximum; over rows it stays for the accumulators."""
        graph, arg = self.graph, at[node.arg]
        inner = [axis for axis in node.over if axis != self.row]
        if self.row in node.over:
            if inner:
                arg = self._shifted(arg, inner)[0]
            return graph.reduce("logsumexp", arg, [axis for axis in node.over if axis == self.row])
        result, share = self._shifted(arg, inner)
        self.shares[node] = share
        return result

    def _shifted(self, arg: Node, over: Sequence[Axis]) -> tuple[Node, Node]:
        graph = self.graph
        top = graph.reduce("max", arg, over)
        terms = graph.call("exp", graph.sub(arg, top))
        total = graph.total(terms, over)
        share = graph.div(terms, total)
        graph.named.add(share)  # one division, not one in each product that it enters
        return graph.add(top, graph.call("log", total)), share

    # -- contractions

    def _contraction(self, node: Contract, factors: list[Factor], deltas: list[Delta]) -> Node:
        graph = self.graph
        lost = [
            graph.size(axis.dim)
            for axis in node.summed
            if axis not in {i for f in factors for i in f.indices}
            and axis not in {i for d in deltas for i in (*d.indices, d.axis)}
        ]
        out = set(node.axes)
        opened: list[Delta] = []  # whose axis is in the result
        deltas, equal = _one_each(deltas)
        for delta in equal:  # two codes for one index: the second is read at the first
            one_hot = graph.contract((), [delta], {*delta.indices, delta.axis}, whole=True)
            factors = [*factors, Factor(one_hot, one_hot.axes)]
        deltas = self._read_through(deltas, out)
        for delta in deltas:
            factors = [self._gathered(factor, delta) for factor in factors]
            if delta.axis in out:
                opened.append(delta)
        if not opened:
            return graph.mul(*lost, self._plain(factors, out))
        keep = (out - {delta.axis for delta in opened}) | {
            index for delta in opened for index in delta.indices
        }
        product = self._plain(factors, keep) if factors else graph.number(1)
        scattered = graph.contract([Factor(product, product.axes)], opened, node.axes, whole=True)
        return graph.mul(*lost, scattered)

    def _read_through(self, deltas: list[Delta], out: set[Axis]) -> list[Delta]:
        """Codes that are looked up by codes: (nest[w] == k)*(way[n] == w) is nest[way] == k."""
        for place in range(len(deltas)):
            by = deltas[place]
            if by.axis in out or by.source is None:
                continue
            for other, (source, indices, axis) in enumerate(deltas):
                if source is not None and by.axis in indices:
                    codes = self._gathered(Factor(source, indices), by)
                    deltas[other] = Delta(codes.node, codes.indices, axis)
        return deltas

    def _gathered(self, factor: Factor, delta: Delta) -> Factor:
        """The factor read at the codes of `delta`, if it has the axis of `delta`."""
        if delta.axis not in factor.indices or delta.source is None:
            return factor
        axes = [index for index in factor.indices if index != delta.axis] + list(delta.indices)
        node = self.graph.contract([factor], [delta], axes, whole=True)
        return Factor(node, node.axes)

    def _plain(self, factors: list[Factor], out: Iterable[Axis]) -> Node:
        """A contraction without codes in steps of two factors."""
        graph = self.graph
        wanted = set(out)
        gram = self._gram(factors, wanted)
        if gram is not None:
            return gram
        factors = [self._presummed(factor, factors, wanted) for factor in factors]
        while len(factors) > 2:
            first, second = _cheapest_pair(factors, wanted)
            rest = [factor for factor in factors if factor not in (first, second)]
            needed = wanted | {index for factor in rest for index in factor.indices}
            carried = set(first.indices) | set(second.indices)
            if carried <= needed:
                node = graph.mul(self._at(first), self._at(second))
            else:
                node = graph.contract([first, second], (), needed & carried, whole=True)
            factors = [*rest, Factor(node, node.axes)]
        return graph.contract(factors, (), wanted, whole=True)

    def _gram(self, factors: list[Factor], wanted: set[Axis]) -> Node | None:
        """sum_n A[p, n] w[n] A[p', n], which a symmetric product makes: three factors, or two."""
        swap, half, rest = _twins(factors, wanted)
        summed = {index for factor in factors for index in factor.indices} - wanted
        inside = {index for factor in half for index in factor.indices}
        weights = {index for factor in rest for index in factor.indices}
        if len(summed) != 1 or not inside >= summed >= weights or inside - summed - {*swap}:
            return None
        graph = self.graph
        node = graph.mul(*(self._at(factor) for factor in half))
        mirrored = tuple(swap.get(axis, axis) for axis in node.axes)
        both = [Factor(node, node.axes), Factor(node, mirrored)]
        if rest:
            weight = graph.mul(*(self._at(factor) for factor in rest))
            both.append(Factor(weight, weight.axes))
        return graph.contract(both, (), wanted & {*swap, *swap.values()}, whole=True)

    def _at(self, factor: Factor) -> Node:
        """The factor's entries as a node of its own, with the indices for axes."""
        return self.graph.renamed(
            factor.node, dict(zip(factor.node.axes, factor.indices, strict=True))
        )

    def _presummed(self, factor: Factor, factors: list[Factor], wanted: set[Axis]) -> Factor:
        """An index that only this factor has, and nobody wants, is summed at once."""
        others = {index for other in factors if other is not factor for index in other.indices}
        axes = [index for index in factor.indices if index in wanted or index in others]
        if len(axes) == len(factor.indices) or len(factors) == 1:
            return factor
        node = self.graph.contract([factor], (), axes, whole=True)
        return Factor(node, node.axes)


class _Formulas:
    """The lowered graph as the algebra of the table's formulas."""

    def __init__(self, lowering: _Lowering) -> None:
        self.lowering = lowering
        self.number = lowering.graph.number

    def call(self, op: str, *args: Node) -> Node:
        return self.lowering._function(op, list(args))


def _one_each(deltas: Iterable[Delta]) -> tuple[list[Delta], list[Delta]]:
    """For each index the first delta that says what it is, and the other deltas."""
    first: dict[Axis, Delta] = {}
    for delta in deltas:
        first.setdefault(delta.axis, delta)
    return list(first.values()), [d for d in deltas if first[d.axis] is not d]


def _twins(
    factors: Sequence[Factor], wanted: set[Axis]
) -> tuple[dict[Axis, Axis], list[Factor], list[Factor]]:
    """Factors that occur twice with some wanted indices swapped: the swap, one of each pair, and
    the factors that it leaves alone. All are rest where there is no such swap."""
    swap: dict[Axis, Axis] = {}
    half: list[Factor] = []
    left = list(factors)
    for factor in factors:
        for other in left:
            moved = [(a, b) for a, b in zip(factor.indices, other.indices, strict=False) if a != b]
            if (
                factor in left
                and other.node is factor.node
                and moved
                and all(a < b and {a, b} <= wanted for a, b in moved)
                and all(swap.get(a, b) == b for a, b in moved)
            ):
                swap |= dict(moved)
                half.append(factor)
                left.remove(factor)
                left.remove(other)
                break
    touched = {*swap, *swap.values()}
    if not half or any(touched & set(factor.indices) for factor in left):
        return {}, [], list(factors)
    return swap, half, left


def _length(graph: Graph, square: Node) -> Node | None:
    """sqrt(a^2 + b^2) as hypot(a, b): the squares may be too large for doubles."""
    if not (isinstance(square, Map) and square.op == "add" and len(square.args) == 2):
        return None
    a, b = (_side(graph, term) for term in square.args)
    return graph.call("hypot", a, b) if a is not None and b is not None else None


def _side(graph: Graph, term: Node) -> Node | None:
    """The square root of a term that is a number or a square; None where it is neither."""
    coefficient, rest = graph.split(term)
    if coefficient <= 0:
        return None
    number = graph.number(coefficient)
    top, bottom = isqrt(coefficient.numerator), isqrt(coefficient.denominator)
    exact = Fraction(top, bottom)
    root = graph.number(exact) if exact**2 == coefficient else graph.call("sqrt", number)
    if rest is None:
        return root
    factors = rest.args if isinstance(rest, Map) and rest.op == "mul" else (rest,)
    powers = [graph.base(factor) for factor in factors]
    if any(exponent % 2 for _, exponent in powers):
        return None
    return graph.mul(root, *(graph.power(base, exponent / 2) for base, exponent in powers))


def _kept(indices: Axes, before: Axes, after: Axes) -> Axes:
    return tuple(i for i, axis in zip(indices, before, strict=True) if axis in after)


def _cheapest_pair(factors: list[Factor], wanted: set[Axis]) -> tuple[Factor, Factor]:
    """Two factors to combine first: fewest axes, and a temporary sooner than a leaf."""

    def cost(pair: tuple[Factor, Factor]) -> tuple[int, int, int]:
        first, second = pair
        rest = [factor for factor in factors if factor not in pair]
        needed = wanted | {index for factor in rest for index in factor.indices}
        carried = set(first.indices) | set(second.indices)
        leaves = sum(isinstance(factor.node, Leaf) for factor in pair)
        return len(needed & carried), len(carried), leaves

    pairs = [(a, b) for place, a in enumerate(factors) for b in factors[place + 1 :]]
    return min(pairs, key=cost)
