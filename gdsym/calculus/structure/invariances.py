"""What can be done to the parameters without changing what is minimised.

*Directions* are exact: a shift of parameters along an axis, or a change of their scales, under
which the value does not change at any point. They are found as the null space of linear
constraints: every candidate's tangent is carried through the graph as a node, and where a function
bends, the tangents of its argument have to cancel. Each one is a flat direction of the Hessian.

*Symmetries* are discrete, or turn a whole dimension: the order of a dimension that no data know,
signs, rotations. They make equal minima, or flat directions of another kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from gdsym.calculus.program import (
    Axes,
    Contract,
    Factor,
    Graph,
    Leaf,
    Map,
    Node,
    Program,
    Reduce,
    reachable,
)
from gdsym.calculus.structure.dependence import Dependence, dependence
from gdsym.language.model import Param

# Beyond this many candidates of one kind the search is not worth its time.
MOST_CANDIDATES = 60

# A tangent is multiplied out into no more terms than this, and all of a search into so many; a
# product of more factors is not looked into.
MOST_TERMS = 50
MOST_WORK = 2000
MOST_FACTORS = 6


@dataclass(frozen=True, slots=True)
class Move:
    """A parameter's part in a direction: `coefficient` times `t` is added to it, or to its
    logarithm; t has the axes `along`, and the parameter's other axes share it."""

    param: str
    coefficient: Fraction
    along: Axes


@dataclass(frozen=True, slots=True)
class Direction:
    """A move of one or several parameters that leaves the value as it is: `shift` or `scale`."""

    kind: str
    moves: tuple[Move, ...]


def directions(program: Program) -> tuple[Direction, ...]:
    """The exact flat directions of the value that shifts and changes of scale make."""
    order = reachable([program.value])
    depends = dependence(program, order)
    found: list[Direction] = []
    for kind in ("shift", "scale"):
        for along, candidates in _candidates(program, order, kind).items():
            search = _Tangents(program.graph, depends, kind, along)
            for combination in search.null(program.value, order, candidates):
                moves = tuple(
                    Move(param.name, coefficient, along)
                    for param, coefficient in zip(candidates, combination, strict=True)
                    if coefficient
                )
                found.append(Direction(kind, moves))
    return tuple(_without_special_cases(found))


def unused(program: Program) -> tuple[str, ...]:
    """The parameters that the value does not depend on."""
    read = {node.name for node in reachable([program.value]) if isinstance(node, Leaf)}
    return tuple(param.name for param in program.model.params if param.name not in read)


def _of_all(node: Reduce, tangent: Node) -> Node | None:
    """The tangent that all entries of a reduction, or of each of its groups, have in common."""
    if not set(tangent.axes) & set(node.over):
        return tangent
    if not node.deltas or not isinstance(tangent, Contract) or tangent.deltas != node.deltas:
        return None
    inside = [factor for factor in tangent.factors if factor.indices == factor.node.axes]
    return inside[0].node if len(inside) == len(tangent.factors) == 1 else None


def _without_special_cases(found: list[Direction]) -> list[Direction]:
    """A direction with fewer axes than another of the same parameters is a case of it; what may
    be shifted entry by entry may be scaled so, too."""
    kept: list[Direction] = []
    for one in sorted(found, key=lambda d: -len(d.moves[0].along)):
        own = {(move.param, move.coefficient) for move in one.moves}
        wider = (
            {(move.param, move.coefficient) for move in other.moves}
            for other in kept
            if other.kind == one.kind and set(one.moves[0].along) < set(other.moves[0].along)
        )
        if own not in wider:
            kept.append(one)
    shifts = [one.moves for one in kept if one.kind == "shift" and len(one.moves) == 1]
    return [one for one in kept if one.kind == "shift" or one.moves not in shifts]


def _candidates(program: Program, order: Sequence[Node], kind: str) -> dict[Axes, list[Param]]:
    """The parameters that may move together, by the axes along which moves differ."""
    leaves = {node.name: node for node in order if isinstance(node, Leaf) and node.kind == "param"}
    found: dict[Axes, list[Param]] = {}
    for param in program.model.params:
        leaf = leaves.get(param.name)
        if leaf is None or not _is_free(param, kind):
            continue
        for count in range(len(leaf.axes) + 1):
            for along in combinations(leaf.axes, count):
                found.setdefault(along, []).append(param)
    return {along: params for along, params in found.items() if len(params) <= MOST_CANDIDATES}


def _is_free(param: Param, kind: str) -> bool:
    """Whether the domain lets a parameter move so: what is ordered may be shifted as a whole."""
    domain = param.domain
    if param.fixed:
        return False
    if domain.structure is not None:
        return kind == "shift" and domain.structure == "ordered"
    if domain.values is not None:
        return False
    return kind == "scale" or (domain.lower, domain.upper) == (float("-inf"), float("inf"))


Tangent = dict[int, Node]  # by the number of the candidate; one that is missing is 0


@dataclass(slots=True)
class _Tangents:
    """Carries the tangents of all candidates of one kind through the graph."""

    graph: Graph
    depends: Dependence
    kind: str
    along: Axes
    work: int = 0

    @property
    def move(self) -> Node:
        """The leaf t."""
        name = ",".join(f"{axis.dim}{axis.copy}" for axis in self.along)
        return self.graph.leaf("move", name, self.along)

    def null(
        self, root: Node, order: Sequence[Node], candidates: Sequence[Param]
    ) -> list[list[Fraction]]:
        """The combinations of candidates whose tangents cancel everywhere."""
        t = self.move
        constraints: list[list[Fraction]] = []
        at: dict[Node, Tangent] = {}
        for node in order:
            if node not in self.depends.active:
                continue
            if isinstance(node, Leaf):
                at[node] = {
                    number: t if self.kind == "shift" else self.graph.mul(node, t)
                    for number, param in enumerate(candidates)
                    if param.name == node.name
                }
                continue
            found = self._through(node, at)
            if found is None:
                for operand in node.operands:
                    constraints += self._cancelling(at.get(operand, {}), len(candidates))
                found = {}
            elif isinstance(node, Reduce):  # what differs among the entries must cancel
                differing = {i: d for i, d in at.get(node.arg, {}).items() if i not in found}
                constraints += self._cancelling(differing, len(candidates))
            at[node] = found
            if len(constraints) > 4 * len(candidates):
                constraints = _reduced(constraints)
                if len(constraints) == len(candidates):
                    return []
        constraints += self._cancelling(at.get(root, {}), len(candidates))
        return _null_space(_reduced(constraints), len(candidates))

    def _through(self, node: Node, at: Mapping[Node, Tangent]) -> Tangent | None:
        """The tangents of a node from those of its operands; None where it bends."""
        graph = self.graph
        match node:
            case Map(op="add", args=args):
                return self._summed([at.get(arg, {}) for arg in args])
            case Map(op="mul", args=args):
                if len(args) > MOST_FACTORS:
                    return None
                shares = []
                for place, arg in enumerate(args):
                    others = [other for i, other in enumerate(args) if i != place]
                    shares.append({i: graph.mul(*others, d) for i, d in at.get(arg, {}).items()})
                return self._summed(shares)
            case Map(op="log", args=(inside,)) if self.kind == "scale":
                return self._relative(inside, at.get(inside, {}))
            case Map(op="pow", args=(base, exponent)) if exponent not in self.depends.active:
                relative = self._relative(base, at.get(base, {}))
                if relative is None:
                    return None
                return {i: graph.mul(exponent, node, share) for i, share in relative.items()}
            case Map(op="where", args=(condition, *branches)):
                if condition in self.depends.active:
                    return None
                return self._chosen(condition, [at.get(branch, {}) for branch in branches])
            case Contract():
                return self._contracted(node, at)
            case Reduce(op="logsumexp" | "max"):
                alike = {i: _of_all(node, d) for i, d in at.get(node.arg, {}).items()}
                return {i: d for i, d in alike.items() if d is not None}
        return None

    def _relative(self, node: Node, tangent: Tangent) -> Tangent | None:
        """The tangents as shares of the node, where these are multiples of the move alone."""
        shares = {i: self.graph.div(d, node) for i, d in tangent.items()}
        alone = all(self.graph.split(share)[1] is self.move for share in shares.values())
        return shares if alone else None

    def _chosen(self, condition: Node, sides: list[Tangent]) -> Tangent:
        zero = self.graph.number(0)
        return {
            i: self.graph.call("where", condition, *(side.get(i, zero) for side in sides))
            for i in dict.fromkeys(number for side in sides for number in side)
        }

    def _contracted(self, node: Contract, at: Mapping[Node, Tangent]) -> Tangent | None:
        if any(d.source is not None and d.source in self.depends.active for d in node.deltas):
            return None
        shares = []
        for place, (factor, indices) in enumerate(node.factors):
            others = [other for i, other in enumerate(node.factors) if i != place]
            where = dict(zip(factor.axes, indices, strict=True))
            share = {}
            for number, d in at.get(factor, {}).items():
                if not set(d.axes) <= set(where):
                    return None
                moved = Factor(d, tuple(where[axis] for axis in d.axes))
                share[number] = self._sum(node, [*others, moved])
            shares.append(share)
        return self._summed(shares)

    def _sum(self, node: Contract, factors: list[Factor]) -> Node:
        """The contraction of these factors over the indices of `node`; a code whose entry nothing
        reads picks a 1."""
        read = {axis for factor in factors for axis in factor.indices}
        spent = [
            delta
            for delta in node.deltas
            if delta.source is not None and delta.axis not in (*read, *node.axes)
            if sum(delta.axis in (other.axis, *other.indices) for other in node.deltas) == 1
        ]
        deltas = [delta for delta in node.deltas if delta not in spent]
        gone = {delta.axis for delta in spent}
        domain = [axis for axis in (*node.axes, *node.summed) if axis not in gone]
        return self.graph.contract_over(domain, factors, deltas, node.axes)

    def _terms(self, node: Node) -> list[Node]:
        """A sum's terms, with products and contractions of sums multiplied out."""
        done: list[Node] = []
        waiting = [node]
        while waiting and len(done) + len(waiting) < MOST_TERMS and self.work < MOST_WORK:
            self.work += 1
            term = waiting.pop()
            inner = self._multiplied_out(term)
            if inner is None:
                done.append(term)
            else:
                waiting += inner
        return done + waiting

    def _multiplied_out(self, node: Node) -> list[Node] | None:
        match node:
            case Map(op="add", args=args):
                return list(args)
            case Map(op="mul", args=args):
                for place, arg in enumerate(args):
                    if isinstance(arg, Map) and arg.op == "add":
                        others = [other for i, other in enumerate(args) if i != place]
                        return [self.graph.mul(*others, part) for part in arg.args]
            case Contract():
                return self._contracted_out(node)
        return None

    def _contracted_out(self, node: Contract) -> list[Node] | None:
        """A contraction of a sum as contractions of its terms."""
        for place, (factor, indices) in enumerate(node.factors):
            parts = self._multiplied_out(factor)
            if parts is None:
                continue
            at = dict(zip(factor.axes, indices, strict=True))
            others = [other for i, other in enumerate(node.factors) if i != place]
            placed = [Factor(part, tuple(at[axis] for axis in part.axes)) for part in parts]
            return [self._sum(node, [*others, part]) for part in placed]
        return None

    def _summed(self, shares: Sequence[Tangent]) -> Tangent:
        found: dict[int, list[Node]] = {}
        for share in shares:
            for number, d in share.items():
                found.setdefault(number, []).append(d)
        return {number: self.graph.add(*parts) for number, parts in found.items()}

    def _cancelling(self, tangent: Tangent, count: int) -> Iterator[list[Fraction]]:
        """A linear equation for each distinct term of the tangents: the coefficients sum to 0."""
        rows: dict[Node | None, list[Fraction]] = {}
        for number, d in tangent.items():
            for term in self._terms(d):
                coefficient, rest = self.graph.split(term)
                row = rows.setdefault(rest, [Fraction(0)] * count)
                row[number] += coefficient
        for row in rows.values():
            if any(row):
                yield row


def _reduced(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The same equations in reduced row echelon form, without those that say nothing new."""
    found: list[list[Fraction]] = []
    for row in rows:
        left = row
        for known in found:
            left = _less(left, known, _pivot(known))
        if not any(left):
            continue
        place = _pivot(left)
        left = [a / left[place] for a in left]
        found = [_less(known, left, place) for known in found]
        found.append(left)
    return found


def _pivot(row: list[Fraction]) -> int:
    return next(place for place, a in enumerate(row) if a)


def _less(row: list[Fraction], other: list[Fraction], place: int) -> list[Fraction]:
    """A row without its entry at `place`, where the other one has 1."""
    factor = row[place]
    return [a - factor * b for a, b in zip(row, other, strict=True)] if factor else row


def _null_space(rows: list[list[Fraction]], count: int) -> list[list[Fraction]]:
    """A basis of what solves equations in reduced form."""
    pivots = [_pivot(row) for row in rows]
    basis = []
    for free in range(count):
        if free in pivots:
            continue
        vector = [Fraction(0)] * count
        vector[free] = Fraction(1)
        for pivot, row in zip(pivots, rows, strict=True):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis
