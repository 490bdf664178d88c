"""Optimizer rules to update functions: one in-place function for each `.gd` rule."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from gdsym.calculus.build import Builder
from gdsym.calculus.program import Axis, Graph, Leaf, Map, Node, reachable
from gdsym.codegen.backends import Backend
from gdsym.codegen.expressions import SUM, Text, Writer
from gdsym.codegen.layout import wrapped
from gdsym.codegen.literal import number
from gdsym.codegen.lower import lowered
from gdsym.language.model import Assignment, Expr, Option, Rule

# The dense steps, whose functions are in `dense.py`.
STEPS = ("bfgs", "newton")
VECTOR = ("p",)
INDENT = "    "
WIDTH = 99
# What a rule may read besides its options and states, and what it is in Python.
SCALARS = ("t", "T", "f")
GIVEN = (*SCALARS, "x0")
# What the text of a function means by these; a user's own get a trailing `_`.
RESERVED = frozenset(("theta", "state", "np", "special", "float", "TypeError"))


@dataclass(frozen=True, slots=True)
class Update:
    """The functions of a rule, and the helpers that they need."""

    lines: list[str]
    helpers: set[str]


def update_functions(rule: Rule, backend: Backend) -> Update:
    """`init_NAME` and `update_NAME`."""
    text = RuleText(rule, backend.writer)
    lines = [*_init(rule, text), "", "", *_update(rule, text)]
    return Update(lines, text.helpers)


def given(rule: Rule) -> tuple[str, ...]:
    """Which of `t`, `T`, `f` and `x0` the rule reads."""
    return tuple(name for name in GIVEN if _reads(rule, name))


def options(rule: Rule) -> dict[str, float]:
    """The rule's options with their defaults."""
    return {option.name: option.default for option in rule.options}


def _init(rule: Rule, text: RuleText) -> list[str]:
    starts = [state.init for state in rule.states]
    parameters = ["theta: Array"]
    options = [parameter(o) for o in rule.options if _read_by(rule, starts, o.name)]
    parameters += ["*", *options] if options else []
    entries = ['"t": 0']
    for state in rule.states:
        code = text.expression(state.init)
        if state.scalar:
            entries.append(f'"{state.name}": np.float64({code})')
        else:
            entries.append(f'"{state.name}": np.full_like(theta, {code})')
    if _reads(rule, "x0"):
        entries.append('"x0": theta.copy()')
    made = f"{INDENT}return {{{', '.join(entries)}}}"
    many = [f"{INDENT}return {{", *(f"{INDENT * 2}{entry}," for entry in entries), f"{INDENT}}}"]
    return [
        f"def init_{rule.name}({', '.join(parameters)}) -> dict[str, Any]:",
        f'{INDENT}"""The state of {rule.name} before its first step."""',
        *([f"{INDENT}x0 = theta"] if _read_by(rule, starts, "x0") else []),
        *([made] if len(made) <= WIDTH else many),
    ]


def _update(rule: Rule, text: RuleText) -> list[str]:
    parameters = ["theta: Array", "g: Array", "state: dict[str, Any]", "*"]
    parameters += [parameter(option) for option in rule.options]
    parameters.append("T: int | None = None")
    if _reads(rule, "f"):
        parameters.append("f: float | None = None")
    lines = [
        f"def update_{rule.name}(",
        *(f"{INDENT}{parameter}," for parameter in parameters),
        ") -> Array:",
        *_doc(rule),
        f'{INDENT}state["t"] += 1',
    ]
    for name in ("T", "f"):
        if _reads(rule, name):
            lines.append(f"{INDENT}if {name} is None:")
            lines.append(f'{INDENT * 2}raise TypeError("{rule.name} needs {name}")')
    if _reads(rule, "t"):
        lines.append(f'{INDENT}t = np.float64(state["t"])')
    if _reads(rule, "x0"):
        lines.append(f'{INDENT}x0 = state["x0"]')
    scalars = {state.name for state in rule.states if state.scalar}
    for state in rule.states:
        lines.append(f'{INDENT}{python_name(state.name)} = state["{state.name}"]')
    for step in rule.body:
        lines += [part for line in text.step(step, scalars) for part in wrapped(INDENT + line)]
    return [*lines, f"{INDENT}return theta"]


class RuleText:
    """Expressions of a rule as a writer's text over its own names."""

    def __init__(self, rule: Rule, writer: type[Writer] = Writer) -> None:
        self.writer = writer
        self.helpers: set[str] = set()
        self.dims = {"x": VECTOR, "g": VECTOR, "x0": VECTOR, **dict.fromkeys(SCALARS, ())}
        self.dims |= {option.name: () for option in rule.options}
        self.dims |= {state.name: () if state.scalar else VECTOR for state in rule.states}

    def step(self, step: Assignment, scalars: set[str]) -> list[str]:
        name = "theta" if step.name == "x" else python_name(step.name)
        if step.keyword == "let":
            graph, node = self._node(step.expr)
            code = self._text(graph, node).code
            self.dims[step.name] = step.expr.dims
            # Another name for x or a state would change with it.
            alias = isinstance(node, Leaf) and bool(step.expr.dims)
            return [f"{name} = {code}.copy()" if alias else f"{name} = {code}"]
        if step.name in scalars:
            return [f'{name} = state["{step.name}"] = {self.expression(step.expr)}']
        graph, node = self._node(step.expr)
        old = graph.known_leaf("data", step.name)
        if isinstance(node, Map) and node.op == "add" and old in node.args:
            change = self._text(graph, graph.add(*(arg for arg in node.args if arg is not old)))
            if change.code.startswith("-") and change.level > SUM:
                return [f"{name} -= {change.code[1:]}"]
            return [f"{name} += {change.code}"]
        scaled = self._scaled(graph, node, old)
        if scaled is not None:
            factor, rest = scaled
            return [f"{name} *= {factor.code}", f"{name} += {rest.code}"]
        return [f"{name}[:] = {self._text(graph, node).code}"]

    def _scaled(self, graph: Graph, node: Node, old: Node | None) -> tuple[Text, Text] | None:
        """A sum `c*old + rest` as the texts of c and rest, where neither reads old elsewhere."""
        if old is None or not (isinstance(node, Map) and node.op == "add"):
            return None
        readers = [arg for arg in node.args if old in reachable([arg])]
        if len(readers) != 1:
            return None
        (term,) = readers
        if not (isinstance(term, Map) and term.op == "mul" and term.args.count(old) == 1):
            return None
        factors = [arg for arg in term.args if arg is not old]
        if old in reachable(factors):
            return None
        rest = [arg for arg in node.args if arg is not term]
        return self._text(graph, graph.mul(*factors)), self._text(graph, graph.add(*rest))

    def expression(self, expr: Expr) -> str:
        return self._text(*self._node(expr)).code

    def _node(self, expr: Expr) -> tuple[Graph, Node]:
        builder = Builder(Graph(VECTOR), None)
        for name, dims in self.dims.items():
            builder.declare("data", name, dims)
        return builder.graph, builder.node(expr)

    def _text(self, graph: Graph, node: Node) -> Text:
        node = lowered([node], graph, Graph(VECTOR), None)[node]
        writer = self.writer({}, Axis("p"), {"p": "theta.size"}, helpers=self.helpers)
        for leaf in reachable([node]):
            if isinstance(leaf, Leaf) and leaf.kind == "data":
                writer.known[leaf] = "theta" if leaf.name == "x" else python_name(leaf.name)
        writer.count([node])
        return writer.text(node)


def parameter(option: Option) -> str:
    """An option as a parameter with its default."""
    return f"{python_name(option.name)}: float = {number(option.default)}"


def python_name(name: str) -> str:
    """A name of a rule as a Python name."""
    bare = name.rstrip("_")  # so that `theta` and a user's own `theta_` stay two names
    return f"{name}_" if keyword.iskeyword(bare) or bare in RESERVED else name


def _doc(rule: Rule) -> list[str]:
    first = f"One step of {rule.name}: theta and state change in place."
    if not rule.doc:
        return [f'{INDENT}"""{first}"""']
    doc = rule.doc.replace("\\", "\\\\").replace('"""', "'''")
    return [f'{INDENT}"""{first}', "", *(INDENT + line for line in wrap(doc, 90)), f'{INDENT}"""']


def _reads(rule: Rule, name: str) -> bool:
    """True where the rule reads one of the given names while it steps."""
    return _read_by(rule, [step.expr for step in rule.body], name)


def _read_by(rule: Rule, exprs: Sequence[Expr], name: str) -> bool:
    builder = Builder(Graph(VECTOR), None)
    text = RuleText(rule)
    for step in rule.body:
        text.dims[step.name] = step.expr.dims if step.keyword == "let" else text.dims[step.name]
    for known, dims in text.dims.items():
        builder.declare("data", known, dims)
    nodes: list[Node] = [builder.node(expr) for expr in exprs]
    return any(isinstance(leaf, Leaf) and leaf.name == name for leaf in reachable(nodes))
