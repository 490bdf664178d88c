"""Second derivatives: forward mode over the graph of the gradient.

The tangent of a node is a sum of *terms*: by a source (a node that stands for something to
differentiate by) and a pattern (identities between axes of the node and of the source), a
coefficient. `softmax` by its scores is `p[k]` where k is k', less `p[k] p[k']`. Patterns are kept
apart from coefficients, so that nothing is multiplied with an identity matrix and the blocks of a
Hessian show their structure.

With rows, the chain is cut twice. Row nodes are differentiated by the *predictors* that they
read: row nodes that are affine in what has no rows (`X @ w + b`, `U[user]`), or a value without
rows itself. Where a sum over rows ends the row nodes, the terms are joined with the predictors'
own derivatives: `sum_n X[n, d] s[n] X[n, d']`. So what is computed per row is as small as the
predictors are, never as large as the parameters squared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from gdsym.calculus import linear
from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Delta,
    Factor,
    Graph,
    Leaf,
    Linear,
    Map,
    Node,
    Program,
    Reduce,
    Scan,
    is_zero,
    reachable,
    rows_beside,
    unused_axis,
)
from gdsym.calculus.regions import (
    LONGEST_PRODUCT,
    exact,
    is_long,
    other_factors,
    slopes,
)
from gdsym.calculus.shared import with_shared_products
from gdsym.calculus.structure.squares import squares

Pair = tuple[Axis, Axis]  # equal indices: an axis of the node, and one of the source


# With more parameters than this, a block for each pair would be more text than anybody reads: a
# Hessian is made of its products with unit vectors.
MOST_PARAMS = 40


class Key(NamedTuple):
    """What a term differentiates by, and the identities that it has."""

    source: Node
    pattern: tuple[Pair, ...]


Terms = Mapping[Key, Node]


def differentiate_twice(program: Program) -> Program:
    """The program with its Hessian, block by block, and what is wanted row by row.

    `hess[p, q]`, p not after q in the declared order, has the axes of p and then those of q,
    renamed by `paired`; with more than `MOST_PARAMS` it is empty. `hvp` reads the leaves
    `direction p`. As with gradients, a node may carry
    fewer axes than the value it stands for. `scores` are empty where the loss is not linear in its
    sums over rows, `residuals` where the value is no sum of squares.
    """
    program = with_shared_products(program)
    graph = program.graph
    params = [p.name for p in program.model.params]
    leaves = {name: graph.known_leaf("param", name) for name in params}
    known = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    with exact():
        term = row_term(program)
        found = squares(program)
        residuals = found.residuals if found is not None else ()
        in_blocks = len(params) <= MOST_PARAMS
        targets = [*residuals, *([term] if term is not None else [])]
        if in_blocks:
            targets += program.grads.values()
        tangents = Tangents(graph, targets, known.values(), row_to_cut(program, targets))

        def slope(target: Node, name: str) -> Node:
            return tangents.node(target, known[name]) if name in known else graph.number(0)

        hess = {
            (p, q): slope(program.grads[p], q)
            for place, p in enumerate(params)
            for q in params[place:]
            if in_blocks
        }
        jacobian = {(i, p): slope(r, p) for i, r in enumerate(residuals) for p in params}
        scores = {p: slope(term, p) for p in params} if term is not None else {}
        hvp = _along(program, known)
    scale = None
    if found is not None:
        scale = found.scale if isinstance(found.scale, Node) else graph.number(found.scale)
    return replace(
        program,
        hess=hess,
        hvp=hvp,
        scores=scores,
        residuals=residuals,
        jacobian=jacobian,
        squares=scale,
    )


def row_to_cut(program: Program, targets: Iterable[Node]) -> Axis | None:
    """The row axis; None where rows are paired with rows: a row node may read other rows then."""
    return None if rows_beside(reachable(targets), program.model) else program.row


def row_term(program: Program) -> Node | None:
    """Each row's own term of the loss; None where the loss is not linear in its sums over rows.

    A multiple of the number of rows, `n*log(s)`, is a sum over rows like any other.
    """
    row = program.row
    if row is None or any(axis.dim == row.dim and axis != row for axis in _indices(program.loss)):
        return None
    return _row_term(program.graph, program.loss, row)


def _indices(node: Node) -> set[Axis]:
    """Every index that something below a node reads."""
    found: set[Axis] = set()
    for part in reachable([node]):
        found.update(part.axes)
        if isinstance(part, Contract):
            found.update(i for factor in part.factors for i in factor.indices)
            found.update(delta.axis for delta in part.deltas)
    return found


def _row_term(graph: Graph, node: Node, row: Axis) -> Node | None:
    """What a scalar sums over rows; 0 where it sums nothing."""
    match node:
        case Contract() if row in node.summed:
            over = [axis for axis in node.summed if axis != row]
            return graph.contract_over(over, node.factors, node.deltas, (*node.axes, row))
        case Map(op="add"):
            parts = [_row_term(graph, arg, row) for arg in node.args]
            known = [part for part in parts if part is not None]
            return graph.add(*known) if len(known) == len(parts) else None
        case Map(op="mul"):
            rest = list(node.args)
            size = graph.size(row.dim)
            moving = [arg for arg in rest if arg is not size and _moves(arg) and _sums(arg, row)]
            if len(moving) == 1:
                rest.remove(moving[0])
                inner = _row_term(graph, moving[0], row)
                return graph.mul(*rest, inner) if inner is not None else None
            totals = [arg for arg in rest if _totals(arg, row)]
            if not moving and len(totals) == 1:  # of data alone
                rest.remove(totals[0])
                inner = _row_term(graph, totals[0], row)
                return graph.mul(*rest, inner) if inner is not None else None
            if not moving and not totals and size in rest:
                rest.remove(size)
                return graph.mul(*rest)
    return None if _moves(node) and _totals(node, row) else graph.number(0)


def _sums(node: Node, row: Axis) -> bool:
    """True where the node depends on parameters through a sum over rows."""
    return any(_moves(part) for part in _totals(node, row))


def _totals(node: Node, row: Axis) -> list[Node]:
    """The sums over rows that a node reads."""
    return [
        part
        for part in reachable([node])
        if (isinstance(part, Contract) and row in part.summed)
        or (isinstance(part, Reduce) and row in part.over)
    ]


def _moves(node: Node) -> bool:
    return any(isinstance(part, Leaf) and part.kind == "param" for part in reachable([node]))


def paired(p: Axes, q: Axes) -> Axes:
    """The axes of q beside those of p: occurrences that p does not have."""
    used = list(p)
    for axis in q:
        used.append(unused_axis(axis.dim, used))
    return tuple(used[len(p) :])


def _along(program: Program, leaves: Mapping[str, Node]) -> dict[str, Node]:
    """The derivative of every gradient along one direction."""
    graph = program.graph
    key = Key(graph.number(1), ())  # one direction for all parameters together
    seeds = {
        leaf: {key: graph.leaf("direction", name, leaf.axes)} for name, leaf in leaves.items()
    }
    forward = _Forward(graph, program.grads.values(), seeds)
    hvp: dict[str, Node] = {}
    for name, grad in program.grads.items():
        hvp[name] = forward.terms(grad).get(key, graph.number(0))
    return hvp


class Tangents:
    """The derivatives of some nodes by parameters."""

    def __init__(
        self, graph: Graph, targets: Sequence[Node], leaves: Iterable[Node], row: Axis | None
    ) -> None:
        self.graph = graph
        self.leaves = list(leaves)
        self.offset = _beyond(targets, self.leaves)
        seeds = {
            leaf: {Key(leaf, _identity(leaf.axes, self.offset)): graph.number(1)}
            for leaf in self.leaves
        }
        self.forward = _Forward(graph, targets, seeds, row, self.offset)
        self.joined = {target: self.forward.joined(target) for target in targets}

    def node(self, target: Node, leaf: Node) -> Node:
        """The derivative of `target` by a parameter: its axes, and `paired` ones of the leaf."""
        graph = self.graph
        final = dict(
            zip(_shifted(leaf.axes, self.offset), paired(target.axes, leaf.axes), strict=True)
        )
        parts = []
        for key, coefficient in self.joined[target].items():
            if key.source is leaf:
                factor = Factor(coefficient, tuple(final.get(a, a) for a in coefficient.axes))
                pattern = [(final.get(a, a), final.get(b, b)) for a, b in key.pattern]
                deltas = [Delta(None, (a,), b) for a, b in pattern]
                axes = {*factor.indices, *(i for d in deltas for i in (*d.indices, d.axis))}
                parts.append(graph.contract([factor], deltas, axes))
        return _sum(graph, parts)


def _beyond(targets: Iterable[Node], leaves: Iterable[Node]) -> int:
    """A number of copies that no axis of the graph has."""
    highest = 0
    for node in reachable([*targets, *leaves]):
        axes: Iterable[Axis] = node.axes
        if isinstance(node, Contract):
            indices = [factor.indices for factor in node.factors]
            axes = chain(axes, *indices, (delta.axis for delta in node.deltas))
        elif isinstance(node, Linear):
            axes = chain(axes, node.along, *(part.indices for part in node.parts))
            axes = _shifted(tuple(axes), linear.FRESH)
        highest = max((highest, *(axis.copy for axis in axes)))
    return highest + 1


def _shifted(axes: Axes, offset: int) -> Axes:
    return tuple(Axis(axis.dim, axis.copy + offset) for axis in axes)


def _identity(axes: Axes, offset: int) -> tuple[Pair, ...]:
    return tuple(zip(axes, _shifted(axes, offset), strict=True))


def _sum(graph: Graph, parts: Sequence[Node]) -> Node:
    """The sum, what all its terms have in common outside: products stay open to contractions."""
    if len(parts) < 2:
        return graph.add(*parts)
    factors = [_factors(graph, part) for part in parts]
    common = [node for node in factors[0] if all(node in other for other in factors[1:])]
    if not any(node.axes for node in common):
        return graph.add(*parts)
    rest = [graph.mul(*_without(own, common)) for own in factors]
    return graph.mul(*common, graph.add(*rest))


def _factors(graph: Graph, node: Node) -> list[Node]:
    if isinstance(node, Map) and node.op == "mul" and node not in graph.named:
        return list(node.args)
    return [node]


def _without(factors: Sequence[Node], common: Sequence[Node]) -> list[Node]:
    left = list(factors)
    for node in common:
        left.remove(node)
    return left


class _Forward:
    """Forward mode from the seeds to the targets.

    Without a row axis every node has terms by the seeds' own keys. With one, a row node has terms
    by predictors, whose own terms are in `predictors`; a sum over rows joins the two.
    """

    def __init__(
        self,
        graph: Graph,
        targets: Iterable[Node],
        seeds: Mapping[Node, Terms],
        row: Axis | None = None,
        offset: int = 0,
    ) -> None:
        self.graph, self.row, self.seeds = graph, row, seeds
        self.offset = 2 * offset  # of a predictor's axes; those of parameters have one offset
        self.found: dict[Node, Terms] = {}
        self.predictors: dict[Node, Terms] = {}
        self.affine: set[Node] = set()
        order = reachable(targets)
        self.active: set[Node] = set()
        self.readers: dict[Node, int] = {}
        for node in order:
            if node in seeds or any(operand in self.active for operand in node.operands):
                self.active.add(node)
            for operand in set(node.operands):
                self.readers[operand] = self.readers.get(operand, 0) + 1
        self._find_affine(order)
        self._run(order, set(targets))

    def _is_row(self, node: Node) -> bool:
        return self.row is not None and self.row in node.axes

    def _find_affine(self, order: Iterable[Node]) -> None:
        """Row nodes that are affine in what has no rows."""
        for node in order:
            if node not in self.active or not self._is_row(node):
                continue
            moving = [operand for operand in node.operands if operand in self.active]
            straight = all(not self._is_row(n) or n in self.affine for n in moving)
            match node:
                case Map(op="add"):
                    linear = True
                case Map(op="mul") | Contract():
                    linear = len(moving) == 1
                case _:
                    linear = False
            if straight and linear:
                self.affine.add(node)
        self._drop_known(order)

    def _drop_known(self, order: Iterable[Node]) -> None:
        """Affine row nodes of scalars that other row nodes read by themselves are no predictors of
        their own: in `tanh(a*tanh(a*x + b) + b)` those are a and b, and not a*x + b besides."""
        rows = [node for node in order if node in self.active and self._is_row(node)]
        direct = {n for node in rows if node not in self.affine for n in self._rowless(node)}
        over: dict[Node, set[Node]] = {}
        for node in rows:
            if node in self.affine:
                over[node] = set(self._rowless(node)).union(
                    *(over.get(operand, set()) for operand in node.operands)
                )
        known = {node for node, read in over.items() if read <= direct}
        self.affine -= {node for node in known if not any(n.axes for n in over[node])}

    def _rowless(self, node: Node) -> list[Node]:
        return [n for n in node.operands if n in self.active and not self._is_row(n)]

    def _run(self, order: Sequence[Node], needed: set[Node]) -> None:
        """Regions from the top, then terms from the bottom."""
        regions: dict[Node, tuple[list[Node], list[Node]]] = {}
        apart = {*self.seeds, *self.affine, *needed}
        for node in reversed(order):
            if node not in needed or node not in self.active or node in self.seeds:
                continue
            if isinstance(node, Map) and not is_long(node) and node not in self.affine:
                regions[node] = slopes(self.graph, node, self.active, self.readers, apart)
                needed.update(regions[node][0])
            else:
                needed.update(operand for operand in node.operands if operand in self.active)
        for node in order:
            if node in needed and node in self.active:
                self.found[node] = self._terms(node, regions.get(node))

    def terms(self, node: Node) -> Terms:
        """The terms of a target by the seeds' keys; of a row node by predictors."""
        return self.found.get(node, {})

    def joined(self, node: Node) -> Terms:
        """The terms of a target by the seeds' keys, row node or not."""
        if not self._is_row(node) or node not in self.found:
            return self.terms(node)
        return self._contracted(node.axes, (), [Factor(node, node.axes)], (), 0, join=True)

    # -- the rules

    def _terms(self, node: Node, region: tuple[list[Node], list[Node]] | None) -> Terms:
        if node in self.seeds:
            return self.seeds[node]
        graph = self.graph
        match node:
            case Map():
                inputs, by_input = region if region is not None else self._direct(node)
                shares: list[tuple[Terms, Node]] = [
                    (self._read(node, source), slope)
                    for source, slope in zip(inputs, by_input, strict=True)
                ]
                return self._collected(
                    (key, graph.mul(slope, coefficient))
                    for terms, slope in shares
                    for key, coefficient in terms.items()
                )
            case Contract():
                factors, deltas = node.factors, node.deltas
                return self._merged(
                    self._through(node, node.summed, factors, deltas, place)
                    for place, factor in enumerate(factors)
                    if factor.node in self.active
                )
            case Reduce(op="logsumexp"):
                share = graph.softmax(node)
                factors = (Factor(node.arg, node.arg.axes), Factor(share, share.axes))
                return self._through(node, node.over, factors, node.deltas, 0)
            case Reduce(op="max"):
                (axis,) = node.over
                first = graph.argmax(node.arg, axis)
                factors = (Factor(node.arg, node.arg.axes),)
                return self._through(node, node.over, factors, [Delta(first, first.axes, axis)], 0)
            case Reduce(op="prod"):
                (axis,) = node.over
                share = graph.others(node.arg, axis)
                factors = (Factor(node.arg, node.arg.axes), Factor(share, share.axes))
                return self._through(node, node.over, factors, (), 0)
            case Reduce(op="argmax"):
                return {}  # a code, constant but where two entries tie
            case Scan(op="others"):
                return self._others(node)
            case Linear():
                return self._merged(
                    self._through(node, slope.summed, slope.factors, (), place)
                    for slope, place in linear.slopes(graph, node)
                    if slope.factors[place].node in self.active
                )
        raise NotImplementedError(f"no tangent of {type(node).__name__}")

    def _direct(self, node: Map) -> tuple[list[Node], list[Node]]:
        """The slopes of sums, of long products, and of products with one factor that moves."""
        if node.op == "add":
            inputs = [arg for arg in node.args if arg in self.active]
            return inputs, [self.graph.number(1)] * len(inputs)
        rest = other_factors(self.graph, node.args) if is_long(node) else None
        inputs, found = [], []
        for place, arg in enumerate(node.args):
            if arg in self.active:
                inputs.append(arg)
                others = (other for at, other in enumerate(node.args) if at != place)
                found.append(rest[place] if rest is not None else self.graph.mul(*others))
        return inputs, found

    def _others(self, node: Scan) -> Terms:
        """For each pair of entries, the product of all but the two: others of a row whose own
        entry is 1."""
        graph, axis = self.graph, node.axis
        other = Axis(axis.dim, unused_axis(axis.dim, node.axes).copy + 4 * self.offset)
        same = graph.contract((), [Delta(None, (axis,), other)], (axis, other))
        differs = graph.sub(graph.number(1), same)
        without = graph.add(graph.mul(node.arg, differs), same)
        pairs = graph.mul(graph.others(without, axis), differs)
        at = tuple(other if a == axis else a for a in node.arg.axes)
        factors = (Factor(node.arg, at), Factor(pairs, pairs.axes))
        return self._through(node, (other,), factors, (), 0)

    def _read(self, reader: Node, source: Node) -> Terms:
        """The terms of an operand, as this reader wants them.

        A row node that is not affine reads affine ones, and what has no rows, as predictors.
        """
        if self.row is None or not self._is_row(reader):
            return self.found[source]
        if reader in self.affine and source in self.affine:
            return self.found[source]
        if self._is_row(source) and source not in self.affine:
            return self.found[source]
        return self._predictor(source)

    def _predictor(self, node: Node) -> Terms:
        """A predictor by itself; numbers and data in front of it are no part of it."""
        graph = self.graph
        if node in self.affine and isinstance(node, Map) and node.op == "mul":
            moving = [arg for arg in node.args if arg in self.active and self._is_row(arg)]
            if moving and moving[0].axes == node.axes:
                front = graph.mul(*(arg for arg in node.args if arg is not moving[0]))
                inner = self._predictor(moving[0])
                return {key: graph.mul(front, c) for key, c in inner.items()}
        if node not in self.predictors:
            terms = self.found[node]
            if self._is_row(node):
                terms = self._contracted(
                    node.axes, (), [Factor(node, node.axes)], (), 0, join=True
                )
            self.predictors[node] = terms
        own = tuple(axis for axis in node.axes if axis != self.row)
        return {Key(node, _identity(own, self.offset)): graph.number(1)}

    def _through(
        self,
        node: Node,
        summed: Iterable[Axis],
        factors: Sequence[Factor],
        deltas: Sequence[Delta],
        place: int,
    ) -> Terms:
        """The terms that one factor of a contraction gives it."""
        source = factors[place].node
        if self._is_row(node):
            return self._contracted(node.axes, summed, factors, deltas, place, reader=node)
        join = self._is_row(source)
        return self._contracted(node.axes, summed, factors, deltas, place, join=join)

    def _contracted(
        self,
        axes: Iterable[Axis],
        summed: Iterable[Axis],
        factors: Sequence[Factor],
        deltas: Sequence[Delta],
        place: int,
        *,
        join: bool = False,
        reader: Node | None = None,
    ) -> Terms:
        """Every term of the factor at `place`, contracted with the other factors.

        With `join`, terms by predictors become terms by the seeds' keys.
        """
        moving, indices = factors[place]
        at = dict(zip(moving.axes, indices, strict=True))
        others = [factor for other, factor in enumerate(factors) if other != place]
        terms = self._read(reader, moving) if reader is not None else self.found[moving]
        parts: list[tuple[Key, Node]] = []
        for key, coefficient in terms.items():
            where = tuple(at.get(axis, axis) for axis in coefficient.axes)
            pairs = [(at.get(a, a), b) for a, b in key.pattern]
            mine = [*others, Factor(coefficient, where)]
            if not join:
                parts.append(self._contract(key.source, axes, summed, mine, deltas, pairs))
                continue
            hidden = dict(_identity(key.source.axes, self.offset))
            hidden.pop(self.row, None)  # type: ignore[arg-type]
            if self.row in at:
                assert self.row is not None
                hidden[self.row] = at[self.row]
            over = {*summed, *(new for axis, new in hidden.items() if axis != self.row)}
            for inner, own in self._predicted(key.source).items():
                there = tuple(hidden.get(axis, axis) for axis in own.axes)
                more = [(hidden.get(a, a), b) for a, b in inner.pattern]
                joined = [*mine, Factor(own, there)]
                parts.append(
                    self._contract(inner.source, axes, over, joined, deltas, [*pairs, *more])
                )
        return self._collected(parts)

    def _predicted(self, source: Node) -> Terms:
        """The terms of a predictor by the seeds' keys."""
        if source in self.predictors:
            return self.predictors[source]
        return self.found[source]  # what has no rows is its own predictor

    def _contract(
        self,
        source: Node,
        axes: Iterable[Axis],
        summed: Iterable[Axis],
        factors: Sequence[Factor],
        deltas: Sequence[Delta],
        pairs: Sequence[Pair],
    ) -> tuple[Key, Node]:
        """A contraction with identities: those of summed indices rename, the rest is pattern."""
        over, out = set(summed), set(axes)
        name, pattern = _eliminated(pairs, over, out)
        renamed = [Factor(n, tuple(name.get(i, i) for i in where)) for n, where in factors]
        moved = [
            Delta(s, tuple(name.get(i, i) for i in where), name.get(axis, axis))
            for s, where, axis in deltas
        ]
        indices = {i for factor in renamed for i in factor.indices}
        indices |= {i for delta in moved for i in (*delta.indices, delta.axis)}
        still = {name.get(axis, axis) for axis in over} & over
        coefficient = self.graph.contract_over(still, renamed, moved, indices - still)
        return Key(source, pattern), coefficient

    def _merged(self, terms: Iterable[Terms]) -> Terms:
        return self._collected(chain.from_iterable(part.items() for part in terms))

    def _collected(self, parts: Iterable[tuple[Key, Node]]) -> Terms:
        """Terms of one key added up, without those that are 0."""
        by_key: dict[Key, list[Node]] = {}
        for key, coefficient in parts:
            if not is_zero(coefficient):
                by_key.setdefault(key, []).append(coefficient)
        sums = {key: self._short(_sum(self.graph, c)) for key, c in by_key.items()}
        zero = self.graph.number(0)
        return {key: node for key, node in sums.items() if node is not zero}

    def _short(self, coefficient: Node) -> Node:
        """A long product with the factors of the same axes held together."""
        if not (isinstance(coefficient, Map) and coefficient.op == "mul"):
            return coefficient
        groups: dict[Axes, list[Node]] = {}
        for arg in coefficient.args:
            groups.setdefault(arg.axes, []).append(arg)
        held = []
        for group in groups.values():
            product = self.graph.mul(*group)
            if len(group) > LONGEST_PRODUCT and product.axes:
                self.graph.named.add(product)
            held.append(product)
        return self.graph.mul(*held)


def _eliminated(
    pairs: Sequence[Pair], summed: set[Axis], axes: set[Axis]
) -> tuple[dict[Axis, Axis], tuple[Pair, ...]]:
    """Equal indices: a new name for each that is summed or repeated, and the pairs that remain.

    Of a group of equal indices the node's own axis gives the name, else one of the source.
    """
    group: dict[Axis, list[Axis]] = {}
    for a, b in pairs:
        joined = list(dict.fromkeys([*group.get(a, [a]), *group.get(b, [b])]))
        for axis in joined:
            group[axis] = joined
    name: dict[Axis, Axis] = {}
    pattern: list[Pair] = []
    for members in {id(joined): joined for joined in group.values()}.values():
        free = sorted((i for i in members if i not in summed), key=lambda i: i not in axes)
        first = free[0] if free else members[0]
        name |= {i: first for i in members if i is not first}
        pattern += [(first, i) for i in free[1:]]
    return name, tuple(sorted(pattern))
