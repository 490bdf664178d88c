"""Formulas as written on paper, rewritten so that they neither overflow nor cancel.

One table of rules, one per operator. They are applied wherever a node is made, so they see through
the user's `let` boundaries and hold again for every derivative. A rule returns a node that is
equal on the declared domains, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from fractions import Fraction

from gdsym.calculus.build import HAZARDS
from gdsym.calculus.program import (
    Contract,
    Factor,
    Graph,
    Leaf,
    Map,
    Node,
    Number,
    Program,
    Reduce,
    Rewrite,
    rebuilt,
)
from gdsym.language.model import Domain, Model

ONE = Fraction(1)
HALF = Fraction(1, 2)

# How far the sign of an expression is followed before it counts as unknown.
SIGN_DEPTH = 12

# How many nodes are searched for one that may be infinite or undefined.
FARTHEST_HAZARD = 60


def stabilise(program: Program) -> Program:
    """The program made again under the rules."""
    graph = Graph(program.graph.dims, rewrite=rules(program.model))
    return rebuilt(program, graph)


def rules(model: Model) -> Rewrite:
    """The rules with what the model declares about its data and parameters."""
    facts = _Facts(model)
    table: dict[str, Callable[[Graph, tuple[Node, ...]], Node | None]] = {
        "add": facts.add,
        "mul": facts.mul,
        "pow": facts.pow,
        "log": facts.log,
        "log1p": _log1p,
        "exp": _exp,
        "expm1": _expm1,
        "sqrt": _sqrt,
        "log_sigmoid": _log_sigmoid,
        "log_normal_cdf": _unchanged,
        "logaddexp": _logaddexp,
        "where": _where,
    }

    def rewrite(graph: Graph, op: str, args: tuple[Node, ...]) -> Node | None:
        rule = table.get(op)
        return rule(graph, args) if rule is not None else None

    return rewrite


def _is(node: Node, op: str) -> bool:
    return isinstance(node, Map) and node.op == op


def _argument(node: Node) -> Node:
    assert isinstance(node, Map)
    return node.args[0]


def _unchanged(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    return None


def _log1p(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    (x,) = args
    if _is(x, "exp"):
        return graph.call("softplus", _argument(x))
    if _is(x, "expm1"):
        return _argument(x)
    coefficient, rest = graph.split(x)
    if coefficient == -1 and rest is not None:
        if _is(rest, "exp"):
            return graph.call("log1mexp", _argument(rest))
        mirrored = _mirrored(graph, rest)
        if mirrored is not None:
            return graph.call("log", mirrored)
    return None


def _mirrored(graph: Graph, node: Node) -> Node | None:
    """1 - node where node is sigmoid(z) or normal_cdf(z), perhaps read at codes."""
    if isinstance(node, Map) and node.op in ("sigmoid", "normal_cdf"):
        return graph.call(node.op, graph.neg(node.args[0]))
    if _is_gather(node):
        assert isinstance(node, Contract)
        inner = _mirrored(graph, node.factors[0].node)
        return _gathered(graph, node, inner) if inner is not None else None
    return None


def _is_gather(node: Node) -> bool:
    """True where every entry of the node is one entry of its only factor."""
    if not isinstance(node, Contract) or len(node.factors) != 1:
        return False
    pinned = [delta.axis for delta in node.deltas]
    return (
        sorted(pinned) == sorted(node.summed)
        and all(delta.source is not None for delta in node.deltas)
        and all(set(delta.indices) <= set(node.axes) for delta in node.deltas)
    )


def _gathered(graph: Graph, gather: Contract, node: Node) -> Node:
    """`node`, a function of the gather's factor entry by entry, read as the gather reads."""
    (factor,) = gather.factors
    at = dict(zip(factor.node.axes, factor.indices, strict=True))
    where = tuple(at[axis] for axis in node.axes)
    deltas = [delta for delta in gather.deltas if delta.axis in where]
    return graph.contract([Factor(node, where)], deltas, gather.axes)


def _exp(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    (x,) = args
    if isinstance(x, Number) and x.value == 0:
        return graph.number(1)
    if _is(x, "log"):
        return _argument(x)
    coefficient, rest = graph.split(x)
    if coefficient == -1 and rest is not None and _is(rest, "softplus"):
        return graph.call("sigmoid", graph.neg(_argument(rest)))
    return None


def _expm1(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    return _argument(args[0]) if _is(args[0], "log1p") else None


def _sqrt(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    (x,) = args
    if _is(x, "pow"):
        base, exponent = graph.base(x)
        if exponent == 2:
            return graph.call("abs", base)
    if _is(x, "exp"):
        return graph.call("exp", graph.scale(HALF, _argument(x)))
    # The norm, whose gradient at 0 is 0: the square root's own would be inf times 0 there.
    return graph.call("root", x) if _is_sum_of_squares(graph, x) else None


def _is_sum_of_squares(graph: Graph, node: Node) -> bool:
    coefficient, rest = graph.split(node)
    if rest is None or coefficient <= 0:
        return False
    match rest:
        case Map(op="pow"):
            return graph.base(rest)[1] == 2
        case Map(op="add"):
            return all(_is_sum_of_squares(graph, term) for term in rest.args)
        case Contract():
            return not rest.deltas and all(
                _is_sum_of_squares(graph, factor.node) for factor in rest.factors
            )
    return False


def _log_sigmoid(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """One normal form for both, so that the folds of labels need to know only softplus."""
    return graph.neg(graph.call("softplus", graph.neg(args[0])))


def _logaddexp(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    a, b = args
    for zero, other in ((a, b), (b, a)):
        if isinstance(zero, Number) and zero.value == 0:
            return graph.call("softplus", other)
    return None


def _where(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    condition, a, b = args
    if isinstance(condition, Number):
        return a if condition.value != 0 else b
    return a if a is b else None


class _Facts:
    """The rules that use declared domains."""

    def __init__(self, model: Model) -> None:
        self.domains: dict[str, Domain] = {
            **{item.name: item.domain for item in model.data},
            **{item.name: item.domain for item in model.params},
            **{item.name: item.domain for item in model.consts},
        }
        self.data = frozenset(item.name for item in model.data)
        self.params = frozenset(item.name for item in model.params)
        self.labels = [
            (item.name, item.domain.values)
            for item in model.data
            if item.domain.values is not None and sorted(item.domain.values) in ([0, 1], [-1, 1])
        ]

    # -- what is known about a sign

    def positive(self, node: Node, depth: int = SIGN_DEPTH) -> bool:
        """True where the node is known to be above 0."""
        if depth == 0:
            return False
        match node:
            case Number():
                return node.value > 0
            case Leaf(kind="size"):
                return True
            case Leaf(kind="constant"):
                return True  # pi, inf
            case Leaf(kind="data" | "param" | "const"):
                domain = self.domains[node.name]
                if domain.values is not None:
                    return min(domain.values) > 0
                return domain.lower > 0 or (domain.lower == 0 and domain.lower_open)
            case Map(op="exp" | "sigmoid" | "softplus" | "normal_pdf" | "normal_cdf" | "cosh"):
                return True
            case Map(op="add") if self._above_zero(node):
                return True
            case Map(op="add" | "mul" | "sqrt"):
                return all(self.positive(arg, depth - 1) for arg in node.args)
            case Map(op="pow"):
                return self.positive(node.args[0], depth - 1)
            case Contract():
                return bool(node.factors) and all(
                    self.positive(factor.node, depth - 1) for factor in node.factors
                )
        return False

    def _above_zero(self, node: Map) -> bool:
        """True where the bounds of declared names say so: 1 - q with q in (0, 1)."""
        least, strict = Fraction(0), False
        for term in node.args:
            coefficient, leaf = ONE, term
            if isinstance(term, Map) and term.op == "mul" and len(term.args) == 2:
                first, leaf = term.args
                coefficient = first.value if isinstance(first, Number) else Fraction(0)
            if isinstance(leaf, Number):
                least += leaf.value
                continue
            if coefficient == 0 or not isinstance(leaf, Leaf) or leaf.name not in self.domains:
                return False
            domain = self.domains[leaf.name]
            bound = domain.lower if coefficient > 0 else domain.upper
            if domain.values is not None:
                bound = min(domain.values) if coefficient > 0 else max(domain.values)
            if bound in (float("inf"), float("-inf")):
                return False
            least += coefficient * Fraction(bound)
            strict |= domain.lower_open if coefficient > 0 else domain.upper_open
        return least > 0 or (least == 0 and strict)

    def may_be_zero_weight(self, node: Node) -> bool:
        """Data that is at least 0 and may be 0, such as counts, or what is left of a number or of
        other such data: 1 - y, trials - hits."""
        if isinstance(node, Leaf):
            return self._counts_up(node) and not self.positive(node)
        if not _is(node, "add"):
            return False
        minus = 0
        for term in node.operands:
            if isinstance(term, Number):
                continue
            if isinstance(term, Map) and term.op == "mul" and len(term.args) == 2:
                sign, leaf = term.args
                minus += isinstance(sign, Number) and sign.value == -1
            else:
                leaf = term
            if not self._counts_up(leaf):
                return False
        return minus > 0

    def _counts_up(self, node: Node) -> bool:
        """True for data that begin at 0 or above."""
        if not isinstance(node, Leaf) or node.kind != "data":
            return False
        domain = self.domains[node.name]
        if domain.values is not None:
            return min(domain.values) >= 0
        return domain.lower >= 0 and domain.category is None

    # -- logarithms

    def log(self, graph: Graph, args: tuple[Node, ...]) -> Node | None:
        (x,) = args
        if isinstance(x, Number) and x.value == 1:
            return graph.number(0)
        known = self.log_of(graph, x)
        if known is not None:
            return known
        if isinstance(x, Map) and x.op == "pow" and self.positive(x.args[0]):
            return graph.mul(x.args[1], graph.call("log", x.args[0]))
        coefficient, rest = graph.split(x)
        if coefficient == -1 and rest is not None and _is(rest, "expm1"):
            return graph.call("log1mexp", _argument(rest))
        if _is(x, "add"):
            assert isinstance(x, Map)
            *terms, last = x.args
            if isinstance(last, Number) and last.value == 1:
                return graph.call("log1p", graph.add(*terms))
        return None

    def log_of(self, graph: Graph, x: Node, depth: int = SIGN_DEPTH) -> Node | None:
        """log(x) where x is, or multiplies or sums, exponentials; None where it does not."""
        if depth == 0:
            return None
        match x:
            case Map(op="exp"):
                return x.args[0]
            case Map(op="sigmoid"):
                return graph.neg(graph.call("softplus", graph.neg(x.args[0])))
            case Map(op="normal_cdf"):
                return graph.call("log_normal_cdf", x.args[0])
            case Map(op="normal_pdf"):
                square = graph.power(x.args[0], Fraction(2))
                two_pi = graph.mul(graph.number(2), graph.leaf("constant", "pi"))
                return graph.scale(-HALF, graph.add(square, graph.call("log", two_pi)))
            case Map(op="sqrt"):
                inner = self.log_of(graph, x.args[0], depth - 1)
                return graph.scale(HALF, inner) if inner is not None else None
            case Map(op="pow"):
                base, exponent = x.args
                inner = self.log_of(graph, base, depth - 1)
                return graph.mul(exponent, inner) if inner is not None else None
            case Map(op="where"):
                condition, *branches = x.args
                logs = [self.log_of(graph, branch, depth - 1) for branch in branches]
                if all(log is None for log in logs):
                    return None
                pairs = zip(logs, branches, strict=True)
                known = (log or graph.call("log", branch) for log, branch in pairs)
                return graph.call("where", condition, *known)
            case Map(op="mul"):
                return self._sum_of_logs(graph, list(x.args), depth)
            case Map(op="add"):
                return self._log_of_sum(graph, x, depth)
            case Contract():
                return self._log_of_contraction(graph, x, depth)
        return None

    def _sum_of_logs(self, graph: Graph, parts: list[Node], depth: int) -> Node | None:
        logs = [self.log_of(graph, part, depth - 1) for part in parts]
        if all(log is None for log in logs):
            return None
        total = []
        for part, log in zip(parts, logs, strict=True):
            if log is None and not self.positive(part):
                return None
            total.append(log if log is not None else graph.call("log", part))
        return graph.add(*total)

    def _log_of_sum(self, graph: Graph, x: Map, depth: int) -> Node | None:
        logs = []
        for term in x.args:
            log = self.log_of(graph, term, depth - 1)
            if log is None and _zero_branch(term) is not None:
                return self._log_with_choice(graph, x, term, depth)
            if log is None:
                if not isinstance(term, Number) or term.value <= 0:
                    return None
                log = graph.call("log", term)
            logs.append(log)
        if all(isinstance(term, Number) for term in x.args):
            return None
        result = logs[-1]  # the number, if there is one: log(1 + exp(z)) becomes softplus
        for log in reversed(logs[:-1]):
            result = graph.call("logaddexp", log, result)
        return result

    def _log_with_choice(self, graph: Graph, x: Map, choice: Node, depth: int) -> Node | None:
        """log(where(c, a, 0) + b) is where(c, log(a + b), log(b)), if b can be followed."""
        zero = _zero_branch(choice)
        assert isinstance(choice, Map) and zero is not None
        rest = graph.add(*(term for term in x.args if term is not choice))
        log = self.log_of(graph, rest, depth - 1)
        if log is None:
            return None
        branches = [log, log]
        branches[2 - zero] = graph.call("log", graph.add(choice.args[3 - zero], rest))
        return graph.call("where", choice.args[0], *branches)

    def _log_of_contraction(self, graph: Graph, x: Contract, depth: int) -> Node | None:
        if _is_gather(x):
            log = self.log_of(graph, x.factors[0].node, depth - 1)
            return _gathered(graph, x, log) if log is not None else None
        if x.deltas or not x.factors or not x.summed:
            return None
        if any(len(set(factor.indices)) < len(factor.indices) for factor in x.factors):
            return None
        parts = [
            graph.renamed(node, dict(zip(node.axes, where, strict=True)))
            for node, where in x.factors
        ]
        log = self._sum_of_logs(graph, parts, depth)
        return graph.reduce("logsumexp", log, x.summed) if log is not None else None

    # -- sums, products, powers

    def add(self, graph: Graph, args: tuple[Node, ...]) -> Node | None:
        constant = args[-1]
        if isinstance(constant, Number):
            for part in args[:-1]:
                better = self._with_constant(graph, constant.value, part)
                if better is not None:
                    return graph.add(better, *(arg for arg in args[:-1] if arg is not part))
        if len(args) == 1:
            return None
        better = _one_choice(graph, args) or _folded(graph, args, _mirror_softplus)
        if better is None and self.labels:
            return _folded(graph, args, self._fold_labels)
        return better

    @staticmethod
    def _with_constant(graph: Graph, constant: Fraction, part: Node) -> Node | None:
        """c - c*sigmoid(z), c - c*normal_cdf(z) and c*exp(x) - c."""
        coefficient, rest = graph.split(part)
        if rest is None or coefficient != -constant:
            return None
        mirrored = _mirrored(graph, rest)
        if mirrored is not None:
            return graph.scale(constant, mirrored)
        if _is(rest, "exp"):
            return graph.scale(coefficient, graph.call("expm1", _argument(rest)))
        return None

    def _fold_labels(
        self, graph: Graph, present: Set[Node], part: Node
    ) -> tuple[set[Node], Node] | None:
        """Two terms that a two-valued label chooses between, or nearly so, as one function.

        With a label that is 1 or 0 (`on`), `off` = 1 - on and sign = on - off:
        on*f(a) + off*f(-a) = f(sign*a), and softplus(a) - on*a = softplus(-sign*a).
        """
        coefficient, factors = _factors(graph, part)
        for function in factors:
            if not isinstance(function, Map) or len(function.args) != 1:
                continue
            others = [factor for factor in factors if factor is not function]
            for name, values in self.labels:
                folded = self._fold_one(
                    graph, present, part, coefficient, function, others, name, values
                )
                if folded is not None:
                    partner, better = folded
                    return {partner}, better
        return None

    @staticmethod
    def _fold_one(
        graph: Graph,
        present: Set[Node],
        part: Node,
        coefficient: Fraction,
        function: Map,
        others: list[Node],
        name: str,
        values: tuple[float, ...] | None,
    ) -> tuple[Node, Node] | None:
        y = graph.known_leaf("data", name)
        if y is None or values is None:
            return None
        one, a = graph.number(1), function.args[0]
        if min(values) == 0:
            on, off, scale = y, graph.sub(one, y), ONE
            plus = graph.add(graph.scale(Fraction(2), y), graph.number(-1))
            minus = graph.sub(one, graph.scale(Fraction(2), y))
        else:  # on = (1 + y)/2: the half stays in the coefficient
            on, off, scale = graph.add(one, y), graph.sub(one, y), Fraction(2)
            plus, minus = y, graph.neg(y)
        for here, there, sign, mirror in ((on, off, plus, minus), (off, on, minus, plus)):
            if here in others:
                rest = [other for other in others if other is not here]
                mirrored = graph.call(function.op, graph.neg(a))
                partner = graph.mul(graph.number(coefficient), *rest, there, mirrored)
                if partner in present and partner is not part:
                    better = graph.call(function.op, graph.mul(sign, a))
                    return partner, graph.mul(graph.number(coefficient * scale), *rest, better)
            if function.op == "softplus":
                partner = graph.mul(graph.number(-coefficient / scale), *others, here, a)
                if partner in present and partner is not part:
                    better = graph.call("softplus", graph.mul(mirror, a))
                    return partner, graph.mul(graph.number(coefficient), *others, better)
        return None

    def mul(self, graph: Graph, args: tuple[Node, ...]) -> Node | None:
        exponents = [_argument(arg) for arg in args if _is(arg, "exp")]
        if len(exponents) > 1:
            rest = [arg for arg in args if not _is(arg, "exp")]
            return graph.mul(*rest, graph.call("exp", graph.add(*exponents)))
        for exponent in exponents:
            mirrored = graph.call("sigmoid", graph.neg(exponent))
            for arg in args:
                base, power = graph.base(arg)
                if base is mirrored and power >= 1:
                    rest = [a for a in args if a is not arg and not _is(a, "exp")]
                    remaining = graph.power(mirrored, power - 1)
                    return graph.mul(*rest, remaining, graph.call("sigmoid", exponent))
        chosen = _chosen_only(graph, args)
        if chosen is not None:
            return chosen
        for arg in args:
            if isinstance(arg, Contract):
                inside = _normalised_inside(graph, arg, args)
                if inside is not None:
                    return inside
        return self._weighted_log(graph, args)

    def _weighted_log(self, graph: Graph, args: tuple[Node, ...]) -> Node | None:
        """y*log(mu) is 0 at y = 0, whatever mu is."""
        for weight in args:
            if not self.may_be_zero_weight(weight):
                continue
            for arg in args:
                if _is(arg, "log") and not self.positive(_argument(arg)):
                    function = "xlogy"
                elif _is(arg, "log1p") and not self.positive(_argument(arg)):
                    function = "xlog1py"
                else:
                    continue
                rest = [a for a in args if a is not arg and a is not weight]
                return graph.mul(*rest, graph.call(function, weight, _argument(arg)))
        return None

    def pow(self, graph: Graph, args: tuple[Node, ...]) -> Node | None:
        base, exponent = args
        if not isinstance(exponent, Number):
            return None
        power = exponent.value
        if _is(base, "exp"):
            return graph.call("exp", graph.scale(power, _argument(base)))
        if power == 2 and _is(base, "sqrt"):
            return _argument(base)
        if power == 2 and _is(base, "abs"):
            return graph.power(_argument(base), power)
        if power < 0 and power.denominator == 1:
            exponent_of = _one_plus_exp(base)
            if exponent_of is not None:
                return graph.power(graph.call("sigmoid", graph.neg(exponent_of)), -power)
        if power < 0 and isinstance(base, Contract):
            log = self._log_of_contraction(graph, base, SIGN_DEPTH)
            if log is not None:
                return graph.call("exp", graph.scale(power, log))
        return None


def _one_plus_exp(node: Node) -> Node | None:
    """The a of 1 + exp(a)."""
    if isinstance(node, Map) and node.op == "add" and len(node.args) == 2:
        first, one = node.args
        if isinstance(one, Number) and one.value == 1 and _is(first, "exp"):
            return _argument(first)
    return None


def _normalised_inside(graph: Graph, total: Contract, args: tuple[Node, ...]) -> Node | None:
    """exp(-logsumexp(z)) times a sum of products with exp(z): taken into the sum, where the two
    exponents meet. Outside, exp(z) would have overflowed before."""
    for share in args:
        if not _is(share, "exp") or set(share.axes) & set(total.summed):
            continue
        exponent = _argument(share)
        terms = exponent.operands if _is(exponent, "add") else (exponent,)
        if not any(isinstance(graph.split(term)[1], Reduce) for term in terms):
            continue
        for place, (node, where) in enumerate(total.factors):
            parts = node.operands if _is(node, "mul") else (node,)
            if where == node.axes and any(_is(part, "exp") for part in parts):
                product = graph.mul(node, share)
                factors = [f for other, f in enumerate(total.factors) if other != place]
                factors.append(Factor(product, product.axes))
                axes = {*total.axes, *share.axes}
                rest = [arg for arg in args if arg is not total and arg is not share]
                return graph.mul(*rest, graph.contract(factors, total.deltas, axes))
    return None


def _zero_branch(node: Node | None) -> int | None:
    """Which branch of a `where` is 0, as its place among the arguments."""
    if isinstance(node, Map) and node.op == "where":
        for place in (2, 1):
            branch = node.args[place]
            if isinstance(branch, Number) and branch.value == 0:
                return place
    return None


def _chosen_only(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """where(c, a, 0)*b is where(c, a*b, 0): what b is where it does not count may be nan."""
    for choice in args:
        zero = _zero_branch(choice)
        if zero is None:
            continue
        assert isinstance(choice, Map)
        taken = [
            arg
            for arg in args
            if arg is not choice and set(arg.axes) <= set(choice.axes) and _may_fail(arg)
        ]
        if taken:
            branches = list(choice.args)
            branches[3 - zero] = graph.mul(branches[3 - zero], *taken)
            rest = [arg for arg in args if arg is not choice and arg not in taken]
            return graph.mul(*rest, graph.call("where", *branches))
    return None


def _one_choice(graph: Graph, args: tuple[Node, ...]) -> Node | None:
    """where(c, a, 0) + where(c, b, 0) is where(c, a + b, 0)."""
    groups: dict[tuple[Node, int], list[tuple[Node, Node]]] = {}
    for arg in args:
        coefficient, choice = graph.split(arg)
        zero = _zero_branch(choice)
        if zero is not None:
            assert isinstance(choice, Map)
            term = graph.scale(coefficient, choice.args[3 - zero])
            groups.setdefault((choice.args[0], zero), []).append((arg, term))
    rest = dict.fromkeys(args)
    made = []
    for (condition, zero), members in groups.items():
        if len(members) > 1:
            branches = [graph.number(0), graph.number(0)]
            branches[2 - zero] = graph.add(*(term for _, term in members))
            made.append(graph.call("where", condition, *branches))
            for arg, _ in members:
                del rest[arg]
    return graph.add(*made, *rest) if made else None


def _factors(graph: Graph, term: Node) -> tuple[Fraction, list[Node]]:
    """A term as a number and the factors that it multiplies."""
    coefficient, rest = graph.split(term)
    if rest is None:
        return coefficient, []
    return coefficient, list(rest.args) if isinstance(rest, Map) and rest.op == "mul" else [rest]


Fold = Callable[[Graph, Set[Node], Node], tuple[set[Node], Node] | None]


def _folded(graph: Graph, args: tuple[Node, ...], fold: Fold) -> Node | None:
    """A sum in which `fold` has found, for a term and those present, partners to be one with.

    All in one go: a sum of n pairs would otherwise be made n times, one inside the other.
    """
    rest = dict.fromkeys(args)
    made = []
    for part in args:
        found = fold(graph, rest.keys(), part) if part in rest else None
        if found is not None:
            partners, better = found
            for used in (part, *partners):
                del rest[used]
            made.append(better)
    return graph.add(*made, *rest) if made else None


def _mirror_softplus(
    graph: Graph, present: Set[Node], part: Node
) -> tuple[set[Node], Node] | None:
    """c*softplus(a) - c*a is c*softplus(-a), which keeps its digits where a is large."""
    coefficient, factors = _factors(graph, part)
    for function in factors:
        if not (isinstance(function, Map) and function.op == "softplus"):
            continue
        a = function.args[0]
        others = [factor for factor in factors if factor is not function]
        flat = isinstance(a, Map) and a.op == "add" and not others and a not in graph.named
        scale = graph.number(-coefficient)
        partners = {graph.mul(scale, *others, term) for term in (a.operands if flat else (a,))}
        if partners <= present:
            mirrored = graph.call("softplus", graph.neg(a))
            return partners, graph.mul(graph.number(coefficient), *others, mirrored)
    return None


def _may_fail(node: Node) -> bool:
    """True where something near that the node reads can be inf or nan at finite arguments."""
    stack, seen = [node], {node}
    while stack and len(seen) < FARTHEST_HAZARD:
        part = stack.pop()
        if isinstance(part, Map) and part.op in HAZARDS and not _is_whole_power(part):
            return True
        for operand in part.operands:
            if operand not in seen:
                seen.add(operand)
                stack.append(operand)
    return False


def _is_whole_power(node: Map) -> bool:
    exponent = node.args[-1]
    return (
        node.op == "pow"
        and isinstance(exponent, Number)
        and exponent.value.denominator == 1
        and exponent.value > 0
    )
