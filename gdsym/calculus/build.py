"""Checked model to program graph: every expression becomes nodes, nothing is rewritten yet.

The node of an expression of dims `D` has its axes among `canonical_axes(D)`; it may lack some.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from gdsym.calculus import linear
from gdsym.calculus.program import (
    Axis,
    Delta,
    Factor,
    Graph,
    Leaf,
    Node,
    Place,
    Program,
    canonical_axes,
    is_kept,
    reachable,
    rows_beside,
    unused_axis,
)
from gdsym.errors import Span
from gdsym.language.model import (
    Apply,
    Broadcast,
    Constant,
    Dims,
    Draw,
    Expr,
    Label,
    Linear,
    MatMul,
    Model,
    Number,
    OneHot,
    Reduce,
    Ref,
    Relabel,
    Shift,
    Size,
    Softmax,
    Standardize,
    Take,
    Train,
    Transpose,
)

# Functions that can turn finite arguments into inf or nan: messages name these places. A division
# is named as a whole: the place of `inv` would be that of the divisor.
HAZARDS = frozenset(
    (
        *("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "pow", "xlogy"),
        *("acos", "asin", "sinh", "cosh", "tan", "log1mexp"),
        *("lgamma", "digamma", "trigamma", "beta_ln"),
    )
)

# The sign with which each kind of objective is minimised.
SIGNS = {"loss": 1, "nll": 1, "residual": 1, "maximize": -1, "loglik": -1}


def build(model: Model) -> Program:
    """The model's objective, penalties, lets and predictions as nodes of one graph."""
    order = [dim.name for dim in model.dims if dim.name != model.row]
    if model.row is not None:
        order.append(model.row)
    builder = Builder(Graph(tuple(order)), model)
    for declared in model.data:
        builder.declare("data", declared.name, declared.dims)
    for param in model.params:
        builder.declare("param", param.name, param.dims)
    for const in model.consts:
        builder.declare("const", const.name, const.dims)
    graph = builder.graph
    lets: dict[str, Node] = {}
    for let in model.lets:
        lets[let.name] = builder.values[let.name] = builder.node(let.expr)
        graph.named.add(lets[let.name])
    objective = builder.node(model.objective.expr)
    if model.objective.kind == "residual":
        square = graph.power(objective, Fraction(2))
        objective = graph.total(square, canonical_axes(model.objective.expr.dims))
    loss = graph.scale(Fraction(SIGNS[model.objective.kind]), objective)
    # A penalty is something to keep small, whatever the sign of the objective.
    penalties = [builder.node(penalty) for penalty in (*model.priors, *model.penalties)]
    predictions = {p.name: builder.node(p.expr) for p in model.predictions}
    formulas: dict[str, Node] = {}
    for const in model.consts:
        values = const.value if isinstance(const.value, tuple) else (const.value,)
        for place, value in enumerate(values):
            if value is not None:
                formulas[f"const {const.name} {place}"] = builder.node(value)
    for param in model.params:
        start = param.init.args if isinstance(param.init, Draw) else (param.init,)
        for place, value in enumerate(start):
            if value is not None:
                formulas[f"start {param.name} {place}"] = builder.node(value)
    for declared in model.data:
        if declared.default is not None:
            formulas[f"default {declared.name}"] = builder.node(declared.default)
    text = model.source.text
    places = [(span, builder.while_fitting(node)) for span, node in builder.places]
    lets = {name: builder.while_fitting(node) for name, node in lets.items()}
    graph.named.update(lets.values())
    loss = builder.while_fitting(loss)
    return Program(
        model=model,
        graph=graph,
        loss=loss,
        value=graph.add(loss, *(builder.while_fitting(penalty) for penalty in penalties)),
        lets=lets,
        predictions=predictions,
        stats={name: builder.while_fitting(node) for name, node in builder.stats.items()},
        formulas=formulas,
        places=tuple((node, Place(text[span.start : span.stop], span)) for span, node in places),
    )


class Builder:
    """Expression to node, children first and without recursion."""

    def __init__(self, graph: Graph, model: Model | None) -> None:
        self.graph = graph
        self.model = model
        self.row = model.row if model is not None else None
        self.meant: dict[Node, Node] = {}  # see `while_fitting`
        self.values: dict[str, Node] = {}
        self.stats: dict[str, Node] = {}
        self.places: list[tuple[Span, Node]] = []

    def declare(self, kind: str, name: str, dims: Dims) -> None:
        self.values[name] = self.graph.leaf(kind, name, canonical_axes(dims))

    def node(self, root: Expr) -> Node:
        done: dict[int, Node] = {}
        stack: list[Expr] = [root]
        while stack:
            expr = stack[-1]
            waiting = [child for child in _children(expr) if id(child) not in done]
            if waiting:
                stack.extend(waiting)
            else:
                stack.pop()
                done[id(expr)] = self._make(expr, [done[id(c)] for c in _children(expr)])
        return done[id(root)]

    def _make(self, expr: Expr, parts: Sequence[Node]) -> Node:
        graph = self.graph
        match expr:
            case Number():
                return graph.number(expr.value)
            case Constant():
                return graph.leaf("constant", expr.name)
            case Size():
                return graph.size(expr.dim)
            case Ref():
                return self.values[expr.name]
            case Apply():
                made = graph.call(expr.function, *parts)
                if expr.function in HAZARDS or (
                    expr.function == "mul"
                    and any(isinstance(a, Apply) and a.function == "inv" for a in expr.args)
                ):
                    self.places.append((expr.span, made))
                return made
            case Broadcast():
                return parts[0]
            case Transpose():
                before, after = canonical_axes(expr.arg.dims), canonical_axes(expr.dims)
                return graph.renamed(parts[0], dict(zip(before, reversed(after), strict=True)))
            case MatMul():
                return self._matmul(expr, parts[0], parts[1])
            case Reduce():
                return self._reduce(expr, parts[0])
            case Softmax():
                over = _over(expr.arg.dims, expr.axes)
                shifted = graph.sub(parts[0], graph.reduce("logsumexp", parts[0], over))
                return shifted if expr.function == "log_softmax" else graph.call("exp", shifted)
            case Relabel():
                before, after = canonical_axes(expr.arg.dims), canonical_axes(expr.dims)
                return graph.renamed(parts[0], dict(zip(before, after, strict=True)))
            case Shift():
                by = graph.number(expr.by)
                return graph.call("shift", parts[0], by, graph.size(expr.dim))
            case Train():
                when = "kept" if self._after_the_fit(parts[0]) else "value"
                name = f"train{len(self.stats) + 1}.{when}"
                self.stats[name] = parts[0]
                return graph.leaf("stat", name, parts[0].axes)
            case Label():
                return graph.leaf("label", f"{expr.dim} {expr.label}")
            case Take():
                return self._take(expr, parts[0], parts[1:])
            case OneHot():
                category = Axis(expr.dims[-1])
                delta = Delta(parts[0], parts[0].axes, category)
                return graph.contract([], [delta], (*parts[0].axes, category))
            case Standardize():
                return self._standardize(expr, parts[0])
            case Linear():
                return self._linear(expr, parts)
        raise TypeError(expr)

    def _after_the_fit(self, node: Node) -> bool:
        """Whether `train` of a node is more than totals of the data, block by block."""
        parts = reachable([node])
        fitted = any(isinstance(p, Leaf) and p.kind in ("param", "const") for p in parts)
        total = self.row is not None and any(Axis(self.row) in part.axes for part in parts)
        paired = self.model is not None and rows_beside(parts, self.model)
        return fitted or not total or bool(paired)

    def while_fitting(self, node: Node) -> Node:
        """The node with what is kept after the fit as it is computed: the data are the same."""
        for part in reachable([node], self.meant):
            self.meant[part] = part
            if isinstance(part, Leaf) and part.kind == "stat" and is_kept(part.name):
                self.meant[part] = self.while_fitting(self.stats[part.name])
            elif any(self.meant[operand] is not operand for operand in part.operands):
                self.meant[part] = self.graph.copied(part, self.meant)
        return self.meant[node]

    def _matmul(self, expr: MatMul, left: Node, right: Node) -> Node:
        result = canonical_axes(expr.dims)
        dim = expr.left.dims[-1]
        bound = Axis(dim, sum(axis.dim == dim for axis in result))
        split = len(expr.left.dims) - 1
        left_at = dict(zip(canonical_axes(expr.left.dims), (*result[:split], bound), strict=True))
        right_at = dict(
            zip(canonical_axes(expr.right.dims), (bound, *result[split:]), strict=True)
        )
        factors = [
            Factor(left, tuple(left_at[axis] for axis in left.axes)),
            Factor(right, tuple(right_at[axis] for axis in right.axes)),
        ]
        for place, (own, other) in enumerate((factors, factors[::-1])):
            # inv(A) @ b keeps more digits as a solution.
            if (matrix := linear.inverted(own.node)) is not None:
                axis = result[-1 if place else 0]
                indices = tuple(axis if index == bound else index for index in other.indices)
                side = Factor(other.node, indices)
                return linear.solve(self.graph, matrix, side, axis, transposed=bool(place))
        return self.graph.contract_over([bound], factors, (), result)

    def _linear(self, expr: Linear, parts: Sequence[Node]) -> Node:
        graph = self.graph
        result = canonical_axes(expr.dims)
        if expr.function == "eye":
            return graph.identity(*result)
        axes = [canonical_axes(arg.dims) for arg in expr.args]
        match expr.function:
            case "outer":
                return graph.mul(parts[0], graph.renamed(parts[1], {axes[1][0]: result[1]}))
            case "diag" if len(axes[0]) == 1:
                return graph.mul(parts[0], graph.identity(*result))
            case "diag":
                return linear.diagonal(graph, parts[0], *axes[0])
            case "trace":
                return linear.trace(graph, parts[0], *axes[0])
            case "sqdist":
                return self._sqdist(expr, parts)
        rows, columns = axes[0]
        match expr.function:
            case "logdet":
                made = linear.logdet(graph, parts[0], rows, columns)
            case "det":
                made = linear.det(graph, parts[0], rows, columns)
            case "inv":
                inverse = linear.inverse(graph, parts[0], rows, columns)
                made = graph.renamed(inverse, {rows: result[0], columns: result[1]})
            case _:
                at = dict(zip(axes[1], result, strict=True))
                right = Factor(parts[1], tuple(at[axis] for axis in parts[1].axes))
                matrix = linear.factored(graph, parts[0], rows, columns)
                made = linear.solve(graph, matrix, right, result[0], transposed=False)
        self.places.append((expr.span, made))
        return made

    def _sqdist(self, expr: Linear, parts: Sequence[Node]) -> Node:
        a, b = canonical_axes(expr.dims)
        own = [canonical_axes(arg.dims) for arg in expr.args]
        if len(own[0]) == 1:  # points on a line
            other = self.graph.renamed(parts[1], {own[1][0]: b})
            return self.graph.power(self.graph.sub(parts[0], other), Fraction(2))
        d = Axis(own[0][1].dim, sum(axis.dim == own[0][1].dim for axis in (a, b)))
        first, second = (
            Factor(part, tuple(row if axis == axes[0] else d for axis in part.axes))
            for part, axes, row in zip(parts, own, (a, b), strict=True)
        )
        return linear.sqdist(self.graph, first, second, (a, b, d))

    def _reduce(self, expr: Reduce, arg: Node) -> Node:
        graph = self.graph
        over = _over(expr.arg.dims, expr.axes)
        match expr.function:
            case "sum":
                return graph.total(arg, over)
            case "mean":
                return self._mean(arg, over)
            case "var":
                deviation = graph.sub(arg, self._mean(arg, over))
                return self._mean(graph.power(deviation, Fraction(2)), over)
            case "norm":
                return graph.call("root", graph.total(graph.power(arg, Fraction(2)), over))
            case "norm1":
                return graph.total(graph.call("abs", arg), over)
            case "logsumexp":
                return graph.reduce("logsumexp", arg, over)
            case "max":
                return self._one_by_one("max", arg, over)
            case "min":
                return graph.neg(self._one_by_one("max", graph.neg(arg), over))
            case "prod":
                return self._one_by_one("prod", arg, over)
        raise ValueError(expr.function)

    def _one_by_one(self, op: str, arg: Node, over: Sequence[Axis]) -> Node:
        for axis in over:
            arg = self.graph.reduce(op, arg, [axis])
        return arg

    def _mean(self, arg: Node, over: Sequence[Axis]) -> Node:
        carried = [axis for axis in over if axis in arg.axes]
        shares = [self.graph.power(self.graph.size(axis.dim), Fraction(-1)) for axis in carried]
        return self.graph.mul(*shares, self.graph.total(arg, carried))

    def _take(self, expr: Take, arg: Node, sources: Iterable[Node]) -> Node:
        remaining = iter(sources)
        kept: list[str] = []
        at: dict[Axis, Axis] = {}
        deltas: list[Delta] = []
        used = set(canonical_axes(expr.dims))
        for axis, index in zip(canonical_axes(expr.arg.dims), expr.indices, strict=True):
            if index is None:
                at[axis] = Axis(axis.dim, kept.count(axis.dim))
                kept.append(axis.dim)
                continue
            source = next(remaining)
            at[axis] = unused_axis(axis.dim, used)
            used.add(at[axis])
            if axis in arg.axes:
                deltas.append(Delta(source, source.axes, at[axis]))
        factor = Factor(arg, tuple(at[axis] for axis in arg.axes))
        return self.graph.contract([factor], deltas, canonical_axes(expr.dims))

    def _standardize(self, expr: Standardize, arg: Node) -> Node:
        """(x - mean)/sd, where both are leaves learnt in training; a constant column has sd 1."""
        graph = self.graph
        assert self.row is not None  # `check` has seen the row axis
        over = [Axis(self.row)]
        name = expr.arg.name if isinstance(expr.arg, Ref) else f"x{len(self.stats) // 2 + 1}"
        mean = self._mean(arg, over)
        variance = self._mean(graph.power(graph.sub(arg, mean), Fraction(2)), over)
        spread = graph.call("gt", variance, graph.number(0))
        sd = graph.call("where", spread, graph.call("sqrt", variance), graph.number(1))
        self.stats[f"{name}.mean"] = mean
        self.stats[f"{name}.sd"] = sd
        return graph.div(
            graph.sub(arg, graph.leaf("stat", f"{name}.mean", mean.axes)),
            graph.leaf("stat", f"{name}.sd", sd.axes),
        )


def _over(dims: Dims, axes: Dims) -> tuple[Axis, ...]:
    return tuple(axis for axis in canonical_axes(dims) if axis.dim in axes)


def _children(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Apply() | Linear():
            return expr.args
        case MatMul():
            return (expr.left, expr.right)
        case (
            Broadcast() | Transpose() | Reduce() | Softmax() | Standardize() | Relabel() | Train()
        ):
            return (expr.arg,)
        case Shift():
            return (expr.index,)
        case Take():
            return (expr.arg, *(index for index in expr.indices if index is not None))
        case OneHot():
            return (expr.index,)
    return ()
