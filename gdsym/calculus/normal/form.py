"""Nodes of a program in normal form."""

from __future__ import annotations

from collections.abc import Iterable

from gdsym.calculus.normal.atoms import BOUND, Index, Indices, Poly, Sum, items, ordered
from gdsym.calculus.normal.field import Field
from gdsym.calculus.normal.ring import GivenUp
from gdsym.calculus.program import (
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
    reachable,
)
from gdsym.calculus.stabilise.facts import SIGN_DEPTH, Facts, declared, positive

COPIES = 8  # occurrences of one dimension that are told apart


class Former:
    """Brings nodes into normal form, each once: a polynomial whose free indices are its axes."""

    def __init__(self, program: Program, field: Field) -> None:
        self.program = program
        self.field = field
        self.facts = declared(program.model)
        self.done: dict[Node, Poly] = {}

    def form(self, node: Node) -> Poly:
        """Raises GivenUp where the node is too large or of a kind that is not known here."""
        for part in reachable([node]):
            if part not in self.done:
                self.field.tick()
                made = self.done[part] = self._form(part)
                # Seen at the node, before squares are multiplied out.
                if len(made) > 1 and self._above_zero(part, made):
                    self.field.assume(made)
        return self.done[node]

    def _above_zero(self, node: Node, made: Poly) -> bool:
        """True for what is above 0, at least almost everywhere."""
        if positive(self.facts, node):
            return True
        if not _not_negative(self.facts, node, SIGN_DEPTH):
            return False
        terms = node.args if isinstance(node, Map) and node.op == "add" else ()
        if any(positive(self.facts, term) for term in terms):
            return True
        return self.field.generic(self.field.closed(made))

    def _form(self, node: Node) -> Poly:
        field = self.field
        match node:
            case Number():
                return field.number(node.value)
            case Leaf(kind="size"):
                return field.size(node.name)
            case Leaf():
                return field.leaf(node.kind, self._name(node), self._free(node.axes))
            case Map():
                return field.call(node.op, *(self.done[arg] for arg in node.args))
            case Contract():
                return self._contract(node)
            case Reduce(op="logsumexp"):
                at = zip(self._free(node.arg.axes), self._free(node.arg.axes, "t"), strict=True)
                powers = field.moved(field.exp(self.done[node.arg]), dict(at))
                return field.log(self._summed(node, node.over, [powers]))
            case Reduce():
                return self._reduce(node)
            case Linear():
                return self._linear(node)
            case Scan():
                product = self._along("prod", self.done[node.arg], self._free([node.axis])[0])
                return field.times(product, field.power(self.done[node.arg], -1))
        raise GivenUp(f"there is no normal form of a {type(node).__name__.lower()}")

    def _name(self, leaf: Leaf) -> str:
        """What is learnt in training goes by what it is, not by where it was written."""
        if leaf.kind != "stat":
            return leaf.name
        end = ".sd" if leaf.name.endswith(".sd") else ""
        return f"{self.program.stats[leaf.name].id}{end}"

    def _free(self, axes: Iterable[Axis], kind: str = "f") -> tuple[Index, ...]:
        return tuple(self._index(axis, kind) for axis in axes)

    def _index(self, axis: Axis, kind: str) -> Index:
        # An alias is the same dimension, its axes are axes of their own.
        place = self.program.graph.dims.index(axis.dim)
        return Index(kind, self.field.root(axis.dim), place * COPIES + axis.copy)

    def _contract(self, node: Contract) -> Poly:
        parts = []
        for factor, indices in node.factors:
            at = dict(zip(self._free(factor.axes), self._free(indices, "t"), strict=True))
            parts.append(self.field.moved(self.done[factor], at))
        return self._summed(node, node.summed, parts)

    def _summed(self, node: Contract | Reduce, over: Iterable[Axis], parts: list[Poly]) -> Poly:
        """The sum over some axes of a product, at momentary indices, with the node's deltas."""
        field = self.field
        for source, indices, axis in node.deltas:
            here = self._index(axis, "t")
            if source is None:
                parts.append(field.delta(self._index(indices[0], "t"), here))
                continue
            at = dict(zip(self._free(source.axes), self._free(indices, "t"), strict=True))
            code = field.code(field.moved(self.done[source], at))
            if code is None:
                raise GivenUp("an index that is no code")
            parts.append(field.delta(code, here))
        total = field.bound(field.times(*parts), self._free(over, "t"))
        back = zip(self._free(node.axes, "t"), self._free(node.axes), strict=True)
        return field.moved(total, dict(back))

    def _at(self, part: Factor) -> Poly:
        """What a part is at its indices, as momentary ones."""
        at = zip(self._free(part.node.axes), self._free(part.indices, "t"), strict=True)
        return self.field.moved(self.done[part.node], dict(at))

    def _back(self, node: Node, poly: Poly) -> Poly:
        at = zip(self._free(node.axes, "t"), self._free(node.axes), strict=True)
        return self.field.moved(poly, dict(at))

    def _linear(self, node: Linear) -> Poly:
        """Matrices as wholes: their entries, or atoms for inverses and determinants."""
        field = self.field
        match node.op:
            case "factored" | "symmetric":
                return self._back(node, self._at(node.parts[0]))
            case "sqdist":
                first, second = map(self._at, node.parts)
                square = field.power(field.minus(first, second), 2)
                return self._back(node, field.bound(square, self._free(node.along[2:], "t")))
            case "logdet" | "det":
                return self._back(node, self._of_matrix(node.op, node.parts[0]))
            case "inverse":
                return self._back(node, self._of_matrix("inverse", node.parts[0]))
            case "cofactors":
                entries = self._of_matrix("inverse", node.parts[0], transposed=True)
                total = self._of_matrix("det", node.parts[0])
                return self._back(node, field.times(total, entries))
            case "solve" | "solve_transposed":
                return self._back(node, self._solution(node))
        raise GivenUp(f"there is no normal form of {node.op}")

    def _solution(self, node: Linear) -> Poly:
        """The inverse times the other side."""
        field = self.field
        here = self._index(node.along[0], "t")
        between = here._replace(number=-1 - here.number)
        side = field.moved(self._at(node.parts[1]), {here: between})
        order = (here, between) if node.op == "solve" else (between, here)
        inverse = self._of_matrix("inverse", node.parts[0], order)
        return field.bound(field.times(inverse, side), [between])

    def _of_matrix(
        self,
        op: str,
        part: Factor,
        entry: tuple[Index, Index] | None = None,
        *,
        transposed: bool = False,
    ) -> Poly:
        """An atom of a matrix; `entry`: the row and the column of the inverse."""
        field = self.field
        matrix = part.node
        assert isinstance(matrix, Linear)
        at = dict(zip(self._free(matrix.axes), self._free(part.indices, "t"), strict=True))
        rows, columns = self._free(matrix.along)
        row, column = entry or (at[rows], at[columns])
        inside = field.together(field.closed(self.done[matrix]))
        height = 1 + max((field.table.height(monomial) for monomial in inside), default=0)
        names = [Index("b", i.dim, height * BOUND + k) for k, i in enumerate((rows, columns))]
        inner = field.moved(inside, at | dict(zip((rows, columns), names, strict=True)))
        swapped = field.moved(inner, dict(zip(names, reversed(names), strict=True)))
        terms = Sum(items(inner))
        free = frozenset(i for m, _ in terms for i in field.table.free(m, names))
        if op != "inverse":
            return {((field.table.make(op, (terms, Indices(names)), free, height), 1),): 1}
        places = Indices((column, row) if transposed else (row, column))
        if swapped == inner:
            op, places = "symmetric", ordered(row, column)
        payload = (terms, Indices(names), places)
        return {((field.table.make(op, payload, free | {row, column}, height), 1),): 1}

    def _reduce(self, node: Reduce) -> Poly:
        (axis,) = self._free(node.over)
        return self._along(node.op, self.done[node.arg], axis)

    def _along(self, op: str, arg: Poly, axis: Index) -> Poly:
        """`max`, `prod` or `argmax` over an index, as an atom."""
        field = self.field
        inside = field.together(field.closed(arg))
        height = 1 + max((field.table.height(monomial) for monomial in inside), default=0)
        bound = Index("b", axis.dim, height * BOUND)
        terms = Sum(items(field.moved(inside, {axis: bound})))
        free = frozenset(
            index for monomial, _ in terms for index in field.table.free(monomial, [bound])
        )
        return {((field.table.make(op, (terms, bound), free, height), 1),): 1}


def _not_negative(facts: Facts, node: Node, depth: int) -> bool:
    """True where the node is known to be at least 0."""
    if depth == 0:
        return False
    match node:
        case Map(op="pow", args=(_, Number(value=power))) if power % 2 == 0:
            return True
        case Map(op="abs" | "relu" | "sqrt" | "root" | "huber"):
            return True
        case Map(op="add" | "mul"):
            return all(_not_negative(facts, arg, depth - 1) for arg in node.args)
        case Contract():
            return all(_not_negative(facts, part.node, depth - 1) for part in node.factors)
    return positive(facts, node)
