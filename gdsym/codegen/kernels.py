"""The functions of a generated module that differ from model to model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gdsym.calculus.program import (
    Axes,
    Leaf,
    Map,
    Node,
    Number,
    canonical_axes,
    is_kept,
    is_zero,
    reachable,
)
from gdsym.codegen.backends import Backend
from gdsym.codegen.expressions import Text, Writer, python_name
from gdsym.codegen.layout import INDENT, wrapped
from gdsym.codegen.plan import Plan, Total, is_total
from gdsym.language.model import Data, Dims, Domain, Draw, Param

_NAME = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.])([A-Za-z_]\w*)')
LEARN = "def _learn(stage: int, block: Block, totals: Totals, sums: dict[str, Any]) -> None:"
LEARNT = "def _learnt(stage: int, totals: Totals, sums: dict[str, Any]) -> None:"


class Kernels:
    """Writes kernels for one plan.

    `helpers` is what they turn out to need, `functions` those that the backend made for them.
    """

    def __init__(
        self, plan: Plan, backend: Backend, without: frozenset[str] = frozenset()
    ) -> None:
        """without: names of `optimisations.OPTIMISATIONS`."""
        self.plan = plan
        self.without = without
        once = backend.steps is not None and "once" not in without
        self.kept_alone = plan.alone if once else ()
        self.backend = backend
        self.program = plan.program
        self.model = plan.program.model
        self.row = plan.program.row
        taken: set[str] = set()
        self.size_names: dict[str, str] = {}
        for dim in self.model.dims:
            self.size_names[dim.name] = _distinct(dim.name, taken)
        self.arguments = {name: _distinct(name, taken) for _, name, _ in self.model.declared()}
        self.directions = {
            param.name: _distinct(f"{param.name}_along", taken) for param in self.model.params
        }
        self.helpers: set[str] = set()
        self.functions: list[list[str]] = []
        self.names = self.program.names
        self._learnt_leaves = [
            node
            for node in reachable(self.program.outputs())
            if isinstance(node, Leaf) and node.kind in ("stat", "label")
        ]

    # -- the functions

    def split(self) -> list[str]:
        """theta to parameters, as views."""
        params = self.model.params
        names = [self.arguments[param.name] for param in params]
        lines = [
            "def _split(theta: Array, dims: Mapping[str, int]) -> tuple[Any, ...]:",
            f'{INDENT}"""The parameters as views of theta: {", ".join(names)}."""',
        ]
        if all(not param.dims for param in params):
            return [*lines, f"{INDENT}return tuple(theta)"]
        lines += self.sizes(_ordered_dims(param.dims for param in params))
        *pieces, _ = self._pieces("theta")
        lines += [f"{INDENT}{name} = {piece}" for name, piece in zip(names, pieces, strict=True)]
        trailing = "," if len(names) == 1 else ""
        return [*lines, f"{INDENT}return {', '.join(names)}{trailing}"]

    def join(self) -> list[str]:
        """Gradient pieces to one vector, each broadcast to its parameter's shape."""
        params = self.model.params
        names = [self.arguments[param.name] for param in params]
        signature = ", ".join(f"{name}: Any" for name in names)
        lines = [
            *wrapped(f"def _join(dims: Mapping[str, int], {signature}) -> Array:"),
            f'{INDENT}"""The inverse of _split; a piece that lacks an axis is constant there."""',
        ]
        if all(not param.dims for param in params):
            return [*lines, f"{INDENT}return np.array([{', '.join(names)}], dtype=float)"]
        lines += self.sizes(_ordered_dims(param.dims for param in params))
        pieces = self._pieces("joined")
        lines.append(f"{INDENT}joined = np.empty({pieces.pop()})")
        for name, piece in zip(names, pieces, strict=True):
            target = f"{piece}[...]" if piece.endswith(")") else piece
            lines.append(f"{INDENT}{target} = {name}")
        return [*lines, f"{INDENT}return joined"]

    def _pieces(self, vector: str) -> list[str]:
        """Each parameter as a view of a vector of them all, and last the length of that."""
        offset = _Offset()
        pieces = []
        for param in self.model.params:
            start = offset.text()
            if not param.dims:
                offset.constant += 1
                pieces.append(f"{vector}[{start or 0}]")
                continue
            shape = [self.size_names[dim] for dim in param.dims]
            offset.products.append("*".join(shape))
            piece = f"{vector}[{start}:{offset.text()}]"
            if len(shape) > 1:
                piece += f".reshape({', '.join(shape)})"
            pieces.append(piece)
        return [*pieces, offset.text()]

    def partial(self) -> list[str]:
        """The kernel of every pass."""
        doc = '"""Add the share of a block of m rows to acc.sums; here the row axis comes last."""'
        return self.passes("partial", self.plan.passes, doc)

    def passes(
        self, name: str, passes: Sequence[tuple[Total, ...]], doc: str, argument: str = ""
    ) -> list[str]:
        """A kernel that adds a block's share to the totals of the pass at hand."""
        signature = f"(theta: Array, {argument}block: Block, totals: Totals, acc: Sums) -> None:"
        if len(passes) == 1:
            return [
                *wrapped(f"def {name}{signature}"),
                INDENT + doc,
                *self._pass(passes[0], passes),
            ]
        lines: list[str] = []
        names = [f"_{name.replace('partial', 'pass')}_{i}" for i in range(1, len(passes) + 1)]
        for each, totals in zip(names, passes, strict=True):
            lines += [*wrapped(f"def {each}{signature}"), *self._pass(totals, passes), "", ""]
        lines += [*wrapped(f"def {name}{signature}"), INDENT + doc]
        if not passes:
            return [*lines, f"{INDENT}return  # nothing in this model is summed over rows"]
        kernels = ", ".join(names)
        given = "theta, direction" if argument else "theta"
        return [*lines, f"{INDENT}({kernels})[acc.stage]({given}, block, totals, acc)"]

    def _pass(self, totals: tuple[Total, ...], passes: Sequence[tuple[Total, ...]]) -> list[str]:
        writer = self.writer(kernel=True)
        self.know_totals(writer, "acc.known", passes)
        names = self._know_alone(writer)
        for total in totals:
            if not isinstance(total.node, Leaf):  # which comes as an argument
                writer.known.pop(total.node, None)
        lines = writer.gather(totals, "acc.sums")
        if read := _mentioned(lines) & set(names):
            kept = [name if name in read else "_" for name in names]
            called = f"({kept[0]},)" if len(kept) == 1 else ", ".join(kept)
            lines.insert(0, f"{called} = _alone_of(block, totals)")
        return self.body(writer, lines)

    def _know_alone(self, writer: Writer) -> list[str]:
        """Names for what is computed once from the data of each row."""
        names: list[str] = []
        for node in self.kept_alone:
            names.append(writer.fresh(self.names.get(node), node))
            writer.known[node] = names[-1]
        return names

    def alone(self) -> list[str]:
        """What is computed once from the data of each row."""
        head = [
            "def _alone(block: Block, totals: Totals) -> tuple[Array, ...]:",
            f'{INDENT}"""Values of the data alone for m rows, computed once for a fit."""',
        ]
        if not self.kept_alone:
            return [*head, f"{INDENT}return ()"]
        writer = self.writer(params=False)
        writer.count(self.kept_alone)
        lines = self.statements(writer, self.kept_alone)
        codes = [writer.text(node).code for node in self.kept_alone]
        trailing = "," if len(codes) == 1 else ""
        return [*head, *self.body(writer, [*lines, f"return {', '.join(codes)}{trailing}"])]

    def finish(self) -> list[str]:
        """Penalties, 1/n and constants; the gradient of every parameter."""
        program = self.program
        writer = self.writer(block=False)
        self.know_totals(writer, "sums", self.plan.passes)
        grads = {param.name: program.grads[param.name] for param in self.model.params}
        value = [program.value]
        penalties = self._penalties()
        if penalties and not self._has_offset:
            writer.names = {**writer.names, program.loss: "loss"}
            value = [program.loss, *penalties]
        writer.count(list(dict.fromkeys([*value, *grads.values()])))
        lines = self.statements(writer, value)
        total = writer.sum(value) if len(value) > 1 else writer.text(program.value).code
        offset = " + totals.offset" if self._has_offset else ""
        lines += [f"f = {total}{offset}", "if acc.order < 1:", f"{INDENT}return f, None"]
        lines += self.statements(writer, grads.values())
        pieces = []
        for name, node in grads.items():
            param = next(p for p in self.model.params if p.name == name)
            text = self.in_order(writer, node, canonical_axes(param.dims))
            piece = writer.fresh(f"grad_{name}")
            lines.append(f"{piece} = {text.code}")
            pieces.append(piece)
        lines.append(f"return f, _join(totals.dims, {', '.join(pieces)})")
        head = [
            "def finish(theta: Array, acc: Sums, totals: Totals) -> tuple[float, Array | None]:",
            f'{INDENT}"""The objective and its gradient from the sums over all rows."""',
        ]
        return [*head, *self.finishing(writer, lines, self.plan.passes)]

    @property
    def _has_offset(self) -> bool:
        offset = self.program.offset
        return offset is not None and not is_zero(offset)

    def offset(self) -> list[str]:
        """What no parameter moves."""
        head = [
            "def _offset(totals: Totals) -> float:",
            f'{INDENT}"""What the objective has beside the parameters."""',
        ]
        if self.program.offset is None or not self._has_offset:
            return [*head, f"{INDENT}return 0.0"]
        writer = self.writer(block=False, params=False)
        writer.count([self.program.offset])
        lines = self.statements(writer, [self.program.offset])
        lines.append(f"return float({writer.text(self.program.offset).code})")
        return [*head, *self.body(writer, lines, inside=False)]

    def _penalties(self) -> list[Node]:
        """What the objective adds to its loss; empty where it is no sum of that kind."""
        value, loss = self.program.value, self.program.loss
        if not (isinstance(value, Map) and value.op == "add"):
            return []
        own = loss.args if isinstance(loss, Map) and loss.op == "add" else (loss,)
        rest = [arg for arg in value.args if arg not in own]
        if self.plan.whole and any(self.row in node.axes for node in reachable(rest)):
            return []  # the objective as a whole comes from the pass over the rows
        return rest if len(rest) + len(own) == len(value.args) else []

    def loss(self) -> list[str]:
        """The objective without penalties."""
        writer = self.writer(block=False)
        self.know_totals(writer, "sums", self.plan.passes)
        writer.count([self.program.loss])
        lines = self.statements(writer, [self.program.loss])
        lines.append(f"return {writer.text(self.program.loss).code}")
        head = [
            "def _loss(theta: Array, acc: Sums, totals: Totals) -> float:",
            f'{INDENT}"""The objective without its penalties."""',
        ]
        return [*head, *self.finishing(writer, lines, self.plan.passes)]

    def finishing(
        self, writer: Writer, lines: list[str], passes: Sequence[tuple[Total, ...]]
    ) -> list[str]:
        """A body that reads the sums over all rows."""
        if not any(total.node in writer.read for stage in passes for total in stage):
            return self.body(writer, lines, inside=False)
        sums = "{**acc.known, **acc.sums}" if len(passes) > 1 else "acc.sums"
        if any(total.kind == "logsum" for stage in passes for total in stage):
            sums = "_found(acc)"
        return self.body(writer, [f"sums = {sums}", *lines], inside=False)

    def learn(self) -> list[str]:
        """Totals of the data alone."""
        if not self.plan.learn:
            nothing = f'{INDENT}"""There are no totals of the data alone."""'
            return [LEARN, nothing, "", "", LEARNT, nothing]
        lines = [LEARN, f'{INDENT}"""Add a block to the totals of the data alone."""']
        done: list[Total] = []
        for stage, totals in enumerate(self.plan.learn):
            writer = self.writer(params=False)
            self._know_learnt(writer, done, definitions=True)
            added = [total for total in totals if total.kind != "once"]
            writer.count([total.node for total in added])
            targets = {total.node for total in added}
            body = writer.accumulate(added, targets, "sums")
            kernel = [*self.body(writer, body), *self._once(totals, done)]
            if not body:  # nothing but what is computed once
                lines.append(kernel[0].replace("if ", f"if stage == {stage} and ", 1))
                lines += kernel[1:]
            else:
                lines.append(f"{INDENT}if stage == {stage}:")
                lines += [part for line in kernel for part in wrapped(INDENT + line)]
            done += totals
        lines += [
            "",
            "",
            LEARNT,
            f'{INDENT}"""Keep the totals of a pass, and the statistics that they complete."""',
        ]
        keys = {total.key: total for stage in self.plan.learn for total in stage}
        kinds = [f'"{key}"' for key, total in keys.items() if total.kind == "logsum"]
        if kinds:
            trailing = "," if len(kinds) == 1 else ""
            lines += [
                f"{INDENT}for key, value in sums.items():",
                f"{INDENT * 2}logsum = key in ({', '.join(kinds)}{trailing})",
                f"{INDENT * 2}totals.data[key] = _logsum(value) if logsum else value",
            ]
        else:
            lines.append(f"{INDENT}totals.data.update(sums)")
        for stage, stats in self._stats_by_stage().items():
            if stage == len(self.plan.learn) - 1:
                lines += [f"{INDENT}if stage < {stage}:", f"{INDENT * 2}return"]
            else:
                lines.append(f"{INDENT}if stage == {stage}:")
            writer = self.writer(block=False, params=False)
            self._know_learnt(writer, done, definitions=True)
            writer.count(stats.values())
            body = self.statements(writer, stats.values())
            for name, node in stats.items():
                code = writer.oriented(node, self._stat_axes(name, node)).code
                body.append(f'totals.stats.setdefault("{name}", np.array({code}))')
            indent = "" if stage == len(self.plan.learn) - 1 else INDENT
            lines += [indent + line for line in self.body(writer, body, inside=False)]
        return lines

    def _once(self, totals: Sequence[Total], done: Sequence[Total]) -> list[str]:
        """What is computed at the first block, and kept as it is."""
        kept = {total.node: total.key for total in totals if total.kind == "once"}
        if not kept:
            return []
        writer = self.writer(params=False)
        self._know_learnt(writer, done, definitions=True)
        writer.count(kept)
        body = self.statements(writer, kept)
        body += [f'totals.data["{key}"] = {writer.text(node).code}' for node, key in kept.items()]
        missing = f'{INDENT}if "{next(iter(kept.values()))}" not in totals.data:'
        return [missing, *(INDENT + line for line in self.body(writer, body))]

    def _stats_by_stage(self) -> dict[int, dict[str, Node]]:
        """The statistics by the pass after which they are complete, the mean before the deviation.

        A later pass may read them: standardize(standardize(X)^2), sum(standardize(X)).
        """
        stage_of = {
            total.node: stage for stage, totals in enumerate(self.plan.learn) for total in totals
        }
        groups: dict[int, dict[str, Node]] = {}
        for name, node in self.program.stats.items():
            if is_kept(name):
                continue
            after = max((stage_of.get(part, 0) for part in reachable([node])), default=0)
            groups.setdefault(after, {})[name] = node
        return dict(sorted(groups.items()))

    def _stat_axes(self, stat: str, node: Node) -> Axes:
        """The axes of a statistic of data in the order in which they were declared."""
        if is_kept(stat):
            return node.axes
        name = stat.rsplit(".", 1)[0]
        declared = [item.dims for item in self.model.data if item.name == name]
        axes = canonical_axes(declared[0]) if declared else node.axes
        return tuple(axis for axis in axes if axis in node.axes)

    def predict(self) -> list[str]:
        """The predictions for one block."""
        head = [
            "def _predict(theta: Array, block: Block, totals: Totals) -> dict[str, Any]:",
            f'{INDENT}"""The predictions for a block of m rows, in the user\'s order of axes."""',
        ]
        nodes = list(self.program.predictions.values())
        if not nodes:
            return [*head, f"{INDENT}return {{}}"]
        writer = self.writer()
        # What was totalled while fitting is not at hand: a total here is one of the data given.
        self._know_learnt(writer, (), definitions=True)
        writer.count(nodes)
        lines = self.statements(writer, nodes)
        lines.append("return {")
        for prediction in self.model.predictions:
            node = self.program.predictions[prediction.name]
            code = self._full(writer, node, prediction.expr.dims)
            lines.append(f'{INDENT}"{prediction.name}": {code},')
        lines.append("}")
        return [*head, *self.body(writer, lines)]

    def predict_grad(self) -> list[str]:
        """Predictions that are scalars, and their gradients."""
        head = [
            "def _predict_grad(",
            f"{INDENT}theta: Array, block: Block, totals: Totals",
            ") -> dict[str, tuple[Any, Array]]:",
            f'{INDENT}"""Each prediction that is a number, and its gradient, from all rows."""',
        ]
        writer = self.writer()
        self._know_learnt(writer, (), definitions=True)
        names = dict.fromkeys(name for name, _ in self.program.slopes)
        nodes = [
            *(self.program.predictions[name] for name in names),
            *self.program.slopes.values(),
        ]
        writer.count(nodes)
        lines = self.statements(writer, nodes)
        lines.append("return {")
        for name in names:
            value = writer.text(self.program.predictions[name]).code
            pieces = [
                self.in_order(
                    writer, self.program.slopes[name, param.name], canonical_axes(param.dims)
                ).code
                for param in self.model.params
            ]
            gradient = f"_join(totals.dims, {', '.join(pieces)})"
            lines.append(f'{INDENT}"{name}": ({value}, {gradient}),')
        lines.append("}")
        return [*head, *self.body(writer, lines)]

    def trace(self) -> tuple[list[str], dict[str, tuple[int, int, str]], dict[str, int] | None]:
        """The lets and the user's places for one block, and where each stands in the source.

        Where a value needs all rows at once, also along which of its axes they lie; else None.
        """
        source = self.model.source
        targets: dict[str, tuple[Node, Axes]] = {}
        places: dict[str, tuple[int, int, str]] = {}
        for let in self.model.lets:
            node = self.program.lets[let.name]
            targets[let.name] = (node, canonical_axes(let.expr.dims))
            places[let.name] = (*source.position(let.span.start), let.name)
        for node, place in self.plan.places:
            if place.text not in targets and not isinstance(node, (Leaf, Number)):
                order = tuple(sorted(node.axes, key=lambda axis: axis != self.row))
                targets[place.text] = (node, order)
                line, column = source.position(place.span.start)
                places[place.text] = (line, column, place.text)
        writer = self.writer()
        self.know_totals(writer, "known", self.plan.passes)
        nodes = [node for node, _ in targets.values()]
        writer.count(nodes)
        lines = self.statements(writer, nodes)
        lines.append("return {")
        along: dict[str, int] = {}
        for key, (node, dims) in targets.items():
            order = tuple(axis for axis in dims if axis in node.axes)
            if self.row in order:
                along[key] = order.index(self.row)
            code = writer.oriented(node, order).code
            lines.append(f"{INDENT}{_quoted(key)}: {code},")
        lines.append("}")
        head = [
            "def _trace(",
            f"{INDENT}theta: Array, block: Block, totals: Totals, known: Mapping[str, Any]",
            ") -> dict[str, Any]:",
            f'{INDENT}"""The lets, and places where numbers can go wrong, for a block."""',
        ]
        if not targets:
            return [*head, f"{INDENT}return {{}}"], places, None
        whole = self.plan.whole or self._sums_rows(nodes)
        return [*head, *self.body(writer, lines)], places, along if whole else None

    def _sums_rows(self, nodes: Iterable[Node]) -> bool:
        """True where the nodes need totals over rows that no pass of the objective gathers."""
        gathered = {
            total.node for stage in (*self.plan.passes, *self.plan.learn) for total in stage
        }
        stack, seen = list(nodes), set(gathered)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            if is_total(node, self.row):
                return True
            seen.add(node)
            stack.extend(node.operands)
        return False

    def constants(self) -> list[str]:
        """The constants as given, else as the model says."""
        lines = [
            "def _constants(given: Mapping[str, Any], dims: Mapping[str, int]) -> dict[str, Any]:",
            f'{INDENT}"""The constants by name: as given, else as the model says."""',
        ]
        if not self.model.consts:
            return [*lines, f"{INDENT}return {{}}"]
        writer = self.writer(block=False, params=False, consts=False)
        body = []
        for const in self.model.consts:
            name = self.arguments[const.name]
            count = len(const.value) if isinstance(const.value, tuple) else 1
            keys = [f"const {const.name} {place}" for place in range(count)]
            nodes = [self.program.formulas[key] for key in keys if key in self.program.formulas]
            default = None
            if nodes:
                writer.count(nodes)
                texts = [writer.text(node).code for node in nodes]
                default = texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
            fetched = (
                f'given["{const.name}"]'
                if default is None
                else f'given.get("{const.name}", {default})'
            )
            if const.dims:
                shape = ", ".join(self.size_names[dim] for dim in const.dims)
                for dim in const.dims:
                    writer.sizes[dim] = None
                comma = "," if len(const.dims) == 1 else ""
                body.append(f'{name} = _constant("{const.name}", {fetched}, ({shape}{comma}))')
            else:
                body.append(f'{name} = _constant("{const.name}", {fetched}, ())')
            leaf = self._leaf("const", const.name, const.dims)
            writer.known[leaf] = name
            writer.native[leaf] = canonical_axes(const.dims)
        pairs = ", ".join(
            f'"{const.name}": {self.arguments[const.name]}' for const in self.model.consts
        )
        lines += self.sizes(writer.sizes)
        return [*lines, *(INDENT + line for line in body), f"{INDENT}return {{{pairs}}}"]

    def start(self) -> list[str]:
        """Where a fit begins."""
        lines = [
            "def _start(seed: int, dims: Mapping[str, int], consts: Mapping[str, Any]) -> Array:",
            f'{INDENT}"""Where a fit begins; each draw has a random stream of its own."""',
        ]
        writer = self.writer(block=False, params=False)
        body: list[str] = []
        pieces: list[str] = []
        used: list[Node] = []
        for param in self.model.params:
            name = self.arguments[param.name]
            nodes = [
                node
                for key, node in self.program.formulas.items()
                if key.rsplit(" ", 1)[0] == f"start {param.name}"
            ]
            used += nodes
            writer.count(nodes)
            shape = ", ".join(self.size_names[dim] for dim in param.dims)
            writer.sizes |= dict.fromkeys(param.dims)
            comma = "," if len(param.dims) == 1 else ""
            texts = [writer.text(node).code for node in nodes]
            if isinstance(param.init, Draw):
                draw = f'_stream(seed, "{param.name}").{param.init.distribution}'
                code = f"{draw}({', '.join(texts)}, size=({shape}{comma}))"
            elif texts:
                (node,) = nodes
                code = self.in_order(writer, node, canonical_axes(param.dims)).code
            elif (
                param.domain.structure in ("simplex", "ordered") and param.domain.axis is not None
            ):
                size = self.size_names[param.domain.axis]
                code = f"1/{size}"
                if param.domain.structure == "ordered":
                    after = len(param.dims) - param.dims.index(param.domain.axis) - 1
                    spread = f"[:{', None' * after}]" if after else ""
                    code = f"np.linspace(-1, 1, {size}){spread}"
            else:
                code = _decimal(default_start(param.domain))
            body.append(f"{name} = {code}")
            pieces.append(name)
        joined = ", ".join(pieces)
        consts = [
            leaf for leaf in reachable(used) if isinstance(leaf, Leaf) and leaf.kind == "const"
        ]
        prelude = [
            f'{INDENT}{self.arguments[leaf.name]} = consts["{leaf.name}"]' for leaf in consts
        ]
        mentioned = _mentioned(body)
        sizes = [dim for dim in writer.sizes if self.size_names[dim] in mentioned]
        lines += [*self.sizes(sizes), *prelude]
        return [*lines, *(INDENT + line for line in body), f"{INDENT}return _join(dims, {joined})"]

    # -- shared parts

    def _leaf(self, kind: str, name: str, dims: Dims) -> Node:
        return self.program.graph.leaf(kind, name, canonical_axes(dims))

    def writer(
        self,
        *,
        block: bool = True,
        params: bool = True,
        consts: bool = True,
        kernel: bool = False,
    ) -> Writer:
        """A writer that knows the leaves: data, parameters, constants, statistics, labels.

        `kernel` holds for what is called block by block, again and again.
        """
        steps = self.backend.steps if kernel and "buffers" not in self.without else None
        made = steps or self.backend.writer
        writer = made(self.names, self.row, self.size_names, without=self.without)
        writer.taken = {"rows", *self.size_names.values()}
        writer.taken |= {*self.arguments.values(), *self.directions.values()}
        writer.helpers = self.helpers
        writer.functions = self.functions
        for kind, name, dims in self.model.declared():
            rows_at_hand = block or self.model.row not in dims
            if {"data": rows_at_hand, "param": params, "const": consts}[kind]:
                leaf = self._leaf(kind, name, dims)
                writer.known[leaf] = self.arguments[name]
                writer.native[leaf] = canonical_axes(dims)
        for param in self.model.params:
            direction = self.program.graph.known_leaf("direction", param.name)
            if direction is not None and params:
                writer.known[direction] = self.directions[param.name]
                writer.native[direction] = canonical_axes(param.dims)
        for leaf in self._learnt_leaves:
            if leaf.kind == "stat":
                writer.known[leaf] = f'totals.stats["{leaf.name}"]'
                writer.native[leaf] = self._stat_axes(leaf.name, leaf)
            else:
                dim, label = leaf.name.split(" ", 1)
                writer.known[leaf] = f'_code(totals, "{dim}", {_quoted(label)})'
        self._know_learnt(writer, [t for stage in self.plan.learn for t in stage])
        return writer

    def know_totals(self, writer: Writer, where: str, passes: Sequence[tuple[Total, ...]]) -> None:
        for stage in passes:
            for total in stage:
                if isinstance(total.node, Leaf) and total.node in writer.known:
                    continue
                writer.known[total.node] = f'{where}["{total.key}"]'

    def _know_learnt(
        self, writer: Writer, totals: Iterable[Total], definitions: bool = False
    ) -> None:
        """Totals of the data alone; with `definitions`, only those of earlier passes."""
        if definitions:
            for stage in self.plan.learn:
                for total in stage:
                    writer.known.pop(total.node, None)
        for total in totals:
            writer.known[total.node] = f'totals.data["{total.key}"]'

    def statements(self, writer: Writer, nodes: Iterable[Node]) -> list[str]:
        held = len(writer.lines)
        wanted = list(dict.fromkeys(nodes))
        writer.write(reachable(wanted), wanted)
        lines = writer.lines[held:]
        del writer.lines[held:]
        return lines

    def in_order(self, writer: Writer, node: Node, axes: Axes) -> Text:
        """The node with its axes in the given order, broadcastable to all of them."""
        order = tuple(axis for axis in axes if axis in node.axes)
        return writer.broadcast(writer.oriented(node, order), order, axes)

    def _full(self, writer: Writer, node: Node, dims: Dims) -> str:
        """The node at its full shape, in the user's order of axes."""
        axes = canonical_axes(dims)
        text = self.in_order(writer, node, axes)
        if set(axes) == set(node.axes):
            return text.code
        shape = []
        for axis in axes:
            if axis == self.row:
                shape.append("_rows(block)")
            else:
                writer.sizes[axis.dim] = None
                shape.append(self.size_names[axis.dim])
        comma = "," if len(shape) == 1 else ""
        return f"np.broadcast_to({text.code}, ({', '.join(shape)}{comma}))"

    def sizes(self, dims: Iterable[str]) -> list[str]:
        return [f'{INDENT}{self.size_names[dim]} = dims["{dim}"]' for dim in dims]

    def body(self, writer: Writer, lines: Sequence[str], *, inside: bool = True) -> list[str]:
        """The lines with what they read in front: parameters, data, constants, sizes.

        `inside` holds where a block of rows is at hand.
        """
        model = self.model
        read = {(leaf.kind, leaf.name) for leaf in writer.read if isinstance(leaf, Leaf)}
        prelude: list[str] = []
        mentioned = _mentioned(lines)
        if any(kind == "param" for kind, _ in read):
            targets = self._targets(self.arguments, model.params, mentioned)
            prelude.append(f"{targets} = _split(theta, totals.dims)")
        if any(kind == "direction" for kind, _ in read):
            targets = self._targets(self.directions, model.params, mentioned)
            prelude.append(f"{targets} = _split(direction, totals.dims)")
        if inside and any(kind == "data" for kind, _ in read):
            targets = self._targets(self.arguments, model.data, mentioned)
            prelude.append(f"{targets} = block")
        for kind, name in sorted(read):
            if kind == "const":
                prelude.append(f'{self.arguments[name]} = totals.consts["{name}"]')
            elif kind == "data" and not inside and self.arguments[name] in mentioned:
                prelude.append(f'{self.arguments[name]} = totals.side["{name}"]')
        for dim in model.dims:
            name = self.size_names[dim.name]
            if dim.name in writer.sizes and name in mentioned:
                prelude.append(f'{name} = totals.dims["{dim.name}"]')
        if writer.needs_rows and "rows" in mentioned:
            prelude.append(f"rows = {writer.rows_text()}")
        return [line for part in (*prelude, *lines) for line in wrapped(INDENT + part)]

    @staticmethod
    def _targets(
        called: Mapping[str, str], items: Iterable[Data | Param], mentioned: set[str]
    ) -> str:
        """The left side of an unpacking, `_` for what is not mentioned."""
        names = [called[item.name] for item in items]
        targets = [name if name in mentioned else "_" for name in names]
        return f"({targets[0]},)" if len(targets) == 1 else ", ".join(targets)


class _Offset:
    """An index into theta as text: products of sizes and a number."""

    def __init__(self) -> None:
        self.products: list[str] = []
        self.constant = 0

    def text(self) -> str:
        counts = Counter(self.products)
        parts = [name if n == 1 else f"{n}*{name}" for name, n in counts.items()]
        if self.constant:
            parts.append(str(self.constant))
        return " + ".join(parts)


def _mentioned(lines: Iterable[str]) -> set[str]:
    """The names that some statements read or write, without attributes, strings and comments."""
    return {name for line in lines for name in _NAME.findall(line.partition("  # ")[0]) if name}


def default_start(domain: Domain) -> float:
    """0; the middle of an interval; 1 beyond an open bound; a closed bound if 0 is outside."""
    if domain.structure is not None:
        return 0.0
    lower, upper = domain.lower, domain.upper
    finite_lower, finite_upper = lower > float("-inf"), upper < float("inf")
    if finite_lower and finite_upper:
        return (lower + upper) / 2
    if finite_lower:
        return lower + 1 if domain.lower_open else max(lower, 0.0)
    if finite_upper:
        return upper - 1 if domain.upper_open else min(upper, 0.0)
    return 0.0


def _distinct(name: str, taken: set[str]) -> str:
    result = python_name(name)
    while result in taken:
        result += "_"
    taken.add(result)
    return result


def _ordered_dims(groups: Iterable[Dims]) -> dict[str, None]:
    return {dim: None for dims in groups for dim in dims}


def _decimal(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
