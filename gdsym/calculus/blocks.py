"""The Hessian, block by block, as a textbook prints it: `X.T @ diag(s) @ X/n + lam*eye(d)`.

Blocks of scalars and vectors are matrices, vectors and numbers. Others are written index by index:
`hess(W, W)[d, k, d2, k2] = sum[n](X[n, d]*...)`, the second parameter's indices with a 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gdsym.calculus.notation import ATOM, PRODUCT, UNARY, Notation, lets_of, terms_of
from gdsym.calculus.program import (
    Axes,
    Axis,
    Contract,
    Factor,
    Leaf,
    Map,
    Node,
    Program,
    canonical_axes,
    is_zero,
)
from gdsym.calculus.second import paired


def show_hess(program: Program) -> str:
    """The blocks that are not zero, with the lets that they use, as readable text."""
    dims = {param.name: param.dims for param in program.model.params}
    blocks = {names: node for names, node in program.hess.items() if not is_zero(node)}
    matrices = _Matrices.of(program)
    lines = [
        (f"let {name}", matrices.definition(program.lets[name]))
        for name in lets_of(program, list(blocks.values()))
    ]
    for (p, q), node in blocks.items():
        own, other = canonical_axes(dims[p]), canonical_axes(dims[q])
        axes = (*own, *paired(own, other))
        if len(own) < 2 and len(other) < 2:
            for part in terms_of(node):
                if set(part.axes) == set(axes):
                    matrices.orders[part] = axes
            lines.append((f"hess({p}, {q})", matrices.text(node)))
        else:
            indexed = _Indexed(matrices.names, matrices.orders, matrices.row)
            places = ", ".join(map(_index, axes))
            lines.append((f"hess({p}, {q})[{places}]", indexed.text(node)))
    lines = lines or [("hess", "0")]  # wherever there is one: a loss of straight pieces
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}} = {text}" for name, text in lines)


def _index(axis: Axis) -> str:
    return axis.dim if not axis.copy else f"{axis.dim}{axis.copy + 1}"


class _Matrices(Notation):
    """Products of matrices with weights between, and what is known under another name."""

    def _make(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Map) and node.op == "sigmoid_slope":
            return self._slope(node)
        return super()._make(node)

    def _slope(self, node: Map) -> tuple[str, int]:
        """sigmoid'(z) = p*(1 - p), with the user's name for p if there is one."""
        (z,) = node.args
        for known, name in self.names.items():
            if isinstance(known, Map) and known.op == "sigmoid" and known.args == (z,):
                p = self._entry(name, known)
                return f"{p}*(1 - {p})", PRODUCT
        return f"sigmoid({self.text(z)})*sigmoid(-{self.text(z, UNARY)})", PRODUCT

    def _entry(self, name: str, node: Node) -> str:
        return name

    def _contraction(self, node: Contract) -> tuple[str, int]:
        weighted = self._weighted(node)
        return weighted if weighted is not None else super()._contraction(node)

    def _weighted(self, node: Contract) -> tuple[str, int] | None:
        """sum_n A[n, p] s[n] B[n, q] as `A.T @ diag(s) @ B`."""
        if len(node.axes) != 2 or len(node.summed) != 1 or node.deltas:
            return None
        order = self.order(node)
        sides: dict[Axes, list[Factor]] = {}
        for factor in node.factors:
            kept = tuple(index for index in factor.indices if index in node.axes)
            if len(factor.indices) != len(kept) + 1:
                return None
            sides.setdefault(kept, []).append(factor)
        left, middle, right = (sides.pop(key, []) for key in ((order[0],), (), (order[1],)))
        if sides or not (left and middle and right):
            return None
        weights = self._bare([factor.node for factor in middle])
        first = self._side(left, (order[0], *node.summed))
        last = self._side(right, (*node.summed, order[1]))
        return f"{first} @ diag({weights}) @ {last}", PRODUCT

    def _side(self, factors: list[Factor], wanted: Axes) -> str:
        if len(factors) == 1:
            return self._oriented(factors[0], wanted)
        product = f"({self._product([factor.node for factor in factors])[0]})"
        return f"{product}.T" if self.row is not None and wanted[-1] == self.row else product


class _Indexed(_Matrices):
    """Entry by entry: every array with its indices; `at` says where nodes are read here."""

    def __init__(
        self, names: Mapping[Node, str], orders: Mapping[Node, Axes], row: Axis | None
    ) -> None:
        super().__init__(names, orders, row)
        self.at: dict[Axis, str] = {}

    def text(self, node: Node, level: int = 0) -> str:
        if node in self.names:
            return self._entry(self.names[node], node)
        code, own = self._make(node)
        return code if own >= level else f"({code})"

    def _make(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Leaf) and node.kind in ("data", "param", "const"):
            return self._entry(node.name, node), ATOM
        return super()._make(node)

    def _entry(self, name: str, node: Node) -> str:
        places = [self._place(axis) for axis in self.order(node)]
        return f"{name}[{', '.join(places)}]" if places else name

    def _place(self, axis: Axis) -> str:
        return self.at.get(axis, _index(axis))

    def _square(self, args: list[Node]) -> str | None:
        return None

    def _mean(self, arg: Node, below: list[tuple[Node, Fraction]]) -> str | None:
        return None

    def _softmax(self, node: Map) -> str | None:
        text = super()._softmax(node)
        if text is None or not text.startswith("softmax["):
            return text
        dims, _, rest = text.removeprefix("softmax[").partition("]")
        by_dim = {axis.dim: self._place(axis) for axis in node.axes}
        return f"softmax[{', '.join(by_dim[dim] for dim in dims.split(', '))}]{rest}"

    def _contraction(self, node: Contract) -> tuple[str, int]:
        at = {axis: self._place(axis) for axis in node.axes}
        by_code = {}
        if len(node.factors) == 1 and all(d.axis in node.summed for d in node.deltas):
            by_code = {d.axis: d for d in node.deltas if d.source is not None}
        over = [axis for axis in node.summed if axis not in by_code]
        for axis in over:
            copy = axis
            while _index(copy) in at.values():
                copy = Axis(copy.dim, copy.copy + 1)
            at[axis] = _index(copy)
        for axis, delta in by_code.items():
            assert delta.source is not None
            at[axis] = self._read(delta.source, delta.indices, at)
        pieces = []
        for source, where, axis in node.deltas:
            if axis not in by_code:
                left = at[where[0]] if source is None else self._read(source, where, at)
                pieces.append(f"({left} == {at[axis]})")
        pieces += [self._read(factor.node, factor.indices, at) for factor in node.factors]
        code = "*".join(pieces)
        if over:
            return f"sum[{', '.join(at[axis] for axis in over)}]({code})", ATOM
        return code, ATOM if len(pieces) == 1 else PRODUCT

    def _read(self, node: Node, where: Axes, at: dict[Axis, str]) -> str:
        before = self.at
        self.at = {own: at[index] for own, index in zip(node.axes, where, strict=True)}
        text = self.text(node, UNARY)
        self.at = before
        return text
