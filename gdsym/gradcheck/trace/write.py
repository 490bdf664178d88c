"""What a function did, as the text of a model.

Operations become expressions from the first to the last; each is a `Piece`, which knows between
which dimensions the language would see it. Names of the user's values become lets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from gdsym.gradcheck.trace import numbers
from gdsym.gradcheck.trace.roles import Declared
from gdsym.language.align import Conflict, align
from gdsym.language.canonical import canonical
from gdsym.tracing.graph import Axis, Node, Recording, Refusal
from gdsym.tracing.matrices import NO_FACTOR
from gdsym.tracing.recorder import Refused

OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(9)
SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
LEAVES = ("leaf", "number", "size", "const", "arange", "eye", "rename")
RESERVED = ("and", "or", "not", "in", "pi", "inf")
# A formula that is used twice is written twice up to this length, and named beyond it.
SHORT = 12
# Brackets within each other that are left to a let.
DEEP = 30
WIDTH = 95


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text. `dims`: as the language types it, beside the axes that they are.

    `needs`: dimensions that brackets around it must name, since no operand has all of them;
    `inner`: those of its operands. `operands`: of a sum or product the dims of what is added or
    multiplied. `turned`: another way to write it with its axes reversed, such as `2*X.T`.
    """

    text: str
    level: int = ATOM
    dims: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    needs: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()
    operands: tuple[tuple[str, ...], ...] = ()
    turned: str = ""
    depth: int = 0

    def at(self, level: int) -> str:
        """The text as an operand of something that binds as tight as `level`."""
        return self.text if self.level >= level else f"({self.text})"


def written(recording: Recording, declared: Sequence[Declared], name: str) -> str:
    """The canonical text of the model. Raises `Refused` for what the language does not have."""
    writer = _Writer(recording, declared)
    body = writer.body()
    lines = [f"model {name}", "", *writer.declarations(), "", *body]
    return canonical("\n".join(lines) + "\n", f"{name}.gd")


class _Writer:
    def __init__(self, recording: Recording, declared: Sequence[Declared]) -> None:
        self.nodes = recording.nodes
        self.recording = recording
        self.declared = {entry.name: entry for entry in declared}
        self.pieces: dict[int, Piece] = {}
        self.uses: Counter[int] = Counter()
        self.lines: list[str] = []
        self.likes: dict[Axis, str] = {}
        self.labelled: set[str] = set()
        self.used: set[str] = set()
        dims = {dim for entry in declared for dim in entry.dims}
        self.names = {*self.declared, *dims, *RESERVED}
        self.names |= {literal.name for literal in recording.literals}
        self.new_dims: dict[str, str] = {}
        self.lifted: dict[int, str] = {}

    # -- statements -----------------------------------------------------------------------------

    def body(self) -> list[str]:
        """The lets and the objective, then the claims with what only they need."""
        roots = [node for _, node, _ in self.recording.results]
        first, order = self._reachable(roots[:1]), self._reachable(roots)
        rest = [i for i in order if i not in set(first)]
        self.uses = Counter(arg for i in order for arg in self.nodes[i].args)
        wanted = self._named(rest, roots) | self._named(first, roots)
        self._write(first, wanted)
        self.lines.append(_broken("loss ", self.pieces[roots[0]].text))
        if roots[1:]:
            self.lines.append("")
            self._write(rest, wanted)
            self.lines += [self._claim(*result) for result in self.recording.results[1:]]
        return self.lines

    def _write(self, order: Sequence[int], wanted: Mapping[int, str]) -> None:
        for i in order:
            piece = self._piece(i)
            name = wanted.get(i)
            twice = self.uses[i] > 1 and len(piece.text) > SHORT and self.nodes[i].op not in LEAVES
            if name or twice or piece.depth > DEEP:
                piece = self._let(i, piece, name or self.recording.hints.get(i, "t"))
            self.pieces[i] = piece

    def _claim(self, param: str, i: int, axes: Sequence[Axis]) -> str:
        """A block of the gradient, with the dimensions of the parameter in their order."""
        piece = self.pieces[i]
        there = [axis for axis in axes if axis in piece.axes]
        piece = self._turned(piece, there, i)
        dims = dict(zip(axes, self.declared[param].dims, strict=True))
        piece = self._as(piece, [dims[axis] for axis in there], i)
        return _broken(f"claim grad({param}) = ", piece.text)

    def _reachable(self, roots: Sequence[int]) -> list[int]:
        found, todo = set(roots), list(roots)
        while todo:
            for arg in self.nodes[todo.pop()].args:
                if arg not in found:
                    found.add(arg)
                    todo.append(arg)
        return sorted(found)

    def _named(self, order: Sequence[int], roots: Sequence[int]) -> dict[int, str]:
        """What becomes a let: what the function gives a name. Of values that had one name after
        the other the last keeps it; one before that is used once is a part of what follows."""
        uses = self.uses
        found: dict[int, str] = {}
        last: dict[str, int] = {}
        for i in order:
            name = self.recording.names.get(i)
            origin = i
            while self.nodes[origin].op == "rename":
                origin = self.nodes[origin].args[0]
            if name is None or self.nodes[origin].op in LEAVES:
                continue
            before = last.get(name)
            if before is not None and before != origin and uses[before] < 2:
                found.pop(before, None)
            if origin not in roots or uses[origin]:
                found.setdefault(origin, name)
            last[name] = origin
        return found

    def _let(self, i: int, piece: Piece, name: str) -> Piece:
        """Names a piece; what is inside has all the dimensions then that it needs."""
        name = self._fresh(name)
        order = self.recording.orders.get(i, ())
        if piece.needs and set(order) == set(piece.axes):
            dims = tuple(piece.dims[piece.axes.index(axis)] for axis in order)
            piece = replace(piece, dims=dims, axes=order)
        brackets = f"[{', '.join(piece.dims)}]" if piece.needs else ""
        self.lines.append(_broken(f"let {name}{brackets} = ", piece.text))
        return Piece(name, ATOM, piece.dims, piece.axes)

    def _fresh(self, name: str) -> str:
        found, count = name, 1
        while found in self.names:
            count += 1
            found = f"{name}{count}"
        self.names.add(found)
        return found

    def declarations(self) -> list[str]:
        """Everything that is declared before the formulas."""
        lines = []
        listed = {self._dim(literal.dim) for literal in self.recording.literals}
        sizes = {d: n for entry in self.declared.values() for d, n in entry.sizes.items()}
        for dim, size in sizes.items():
            if dim in self.labelled:
                lines.append(f"dim {dim} in {{{', '.join(map(str, range(size)))}}}")
            elif dim not in listed:
                lines.append(f"dim {dim} = {size}")
        lines += [f"dim {name} like {axis.dim}" for axis, name in self.likes.items()]
        lines += self._statements("data") + self._statements("param") + self._statements("const")
        for literal in self.recording.literals:
            if literal.name in self.used:
                values = ", ".join(numbers.number(value) for value in literal.values)
                lines.append(f"const {literal.name}[{self._dim(literal.dim)}] = [{values}]")
        return lines

    def _statements(self, role: str) -> list[str]:
        """A line for each of what has a domain or a value, one for all others together."""
        entries = [e for e in self.declared.values() if e.role == role and self._kept(e)]
        texts = []
        for entry in entries:
            dims = f"[{', '.join(entry.dims)}]" if entry.dims else ""
            category = self.recording.categories.get(entry.name)
            domain = entry.domain or (f" in {category}" if category else "")
            value = "" if entry.value is None else f" = {numbers.number(entry.value)}"
            texts.append(f"{entry.name}{dims}{domain}{value}")
        return _filled(role, texts)

    def _kept(self, entry: Declared) -> bool:
        """Constants that the loss does not use are of no interest; data and parameters are."""
        return entry.role != "const" or entry.value is None or entry.name in self.used

    def _dim(self, dim: str) -> str:
        """The name of a dimension; one that a list of numbers has is given one."""
        if not dim.startswith("?"):
            return dim
        if dim not in self.new_dims:
            self.new_dims[dim] = self._fresh("q")
        return self.new_dims[dim]

    # -- the names of axes ----------------------------------------------------------------------

    def _own(self, axis: Axis) -> str:
        """The name of an axis where each has another one: copies are `like` the first."""
        dim = self._dim(axis.dim)
        if axis.copy == 0:
            return dim
        if axis not in self.likes:
            letters = [chr(ord(dim[0]) - 1), chr(ord(dim[0]) + 1)] if len(dim) == 1 else []
            free = [c for c in letters if c.islower() and c not in self.names]
            self.likes[axis] = self._fresh(free[0] if free else f"{dim}2")
            self.names.add(self.likes[axis])
        return self.likes[axis]

    def _as(self, piece: Piece, dims: Sequence[str], i: int) -> Piece:
        """The piece with its axes named so."""
        dims = tuple(dims)
        if dims == piece.dims:
            return piece
        if piece.needs:
            piece = self._lift(piece, i)
        changed = [p for p, (a, b) in enumerate(zip(piece.dims, dims, strict=True)) if a != b]
        roots = [axis.dim for axis in piece.axes]
        simple = len(changed) == 1 and roots.count(roots[changed[0]]) == 1
        listed = dims[changed[0]] if simple else ", ".join(dims)
        text = f"{piece.at(ATOM)}[{listed}]"
        return Piece(text, ATOM, dims, piece.axes, depth=piece.depth + 1)

    def _plain(self, piece: Piece, i: int) -> Piece:
        """The piece with a name of its own for each axis."""
        return self._as(piece, [self._own(axis) for axis in piece.axes], i)

    def _unique(self, piece: Piece, i: int) -> Piece:
        """The same where names stand twice."""
        return piece if len(set(piece.dims)) == len(piece.dims) else self._plain(piece, i)

    def _lift(self, piece: Piece, i: int, dims: Sequence[str] = ()) -> Piece:
        """The piece as a let, with its dimensions in this order."""
        name = self._fresh(self.recording.hints.get(i, "t"))
        order = tuple(dims) or piece.dims
        brackets = f"[{', '.join(order)}]" if piece.needs or order != piece.dims else ""
        self.lines.append(_broken(f"let {name}{brackets} = ", piece.text))
        axes = tuple(piece.axes[piece.dims.index(d)] for d in order) if dims else piece.axes
        return Piece(name, ATOM, order, axes)

    def _turned(self, piece: Piece, axes: Sequence[Axis], i: int) -> Piece:
        """The piece with its axes in this order."""
        if tuple(axes) == piece.axes:
            return piece
        if piece.needs:
            piece = self._unique(piece, i)
            return self._lift(piece, i, [piece.dims[piece.axes.index(a)] for a in axes])
        if tuple(axes) == piece.axes[::-1]:
            level = piece.level if piece.turned else ATOM
            text = piece.turned or f"{piece.at(ATOM)}.T"
            return Piece(text, level, piece.dims[::-1], piece.axes[::-1], depth=piece.depth)
        piece = self._unique(piece, i)
        return self._lift(piece, i, [piece.dims[piece.axes.index(a)] for a in axes])

    def _settled(self, pieces: Sequence[Piece], i: int, level: int | None) -> list[Piece]:
        """Pieces among which none has its order of axes from outside, where another one has them
        in an order of its own. What is joined at one level is aligned by the language at once."""
        found = []
        for place, piece in enumerate(pieces):
            flat = piece.level == level and not piece.inner and (place == 0 or level == SUM)
            others = [set(p.axes) & set(piece.axes) for p in pieces if not p.needs]
            clash = bool(piece.needs) and not flat and any(len(axes) > 1 for axes in others)
            found.append(self._lift(piece, i) if clash else piece)
        return found

    def _matched(self, pieces: Sequence[Piece], i: int, level: int | None = None) -> list[Piece]:
        """Pieces that are joined entry by entry, with axes that the language aligns alike."""
        pieces = self._settled(pieces, i, level)
        shaped = [p for p in pieces if p.axes]
        if len(shaped) < 2:
            return list(pieces)
        first = shaped[0]
        if any((p.axes, p.dims) != (first.axes, first.dims) for p in shaped):
            pairs = {(a, d) for p in shaped for a, d in zip(p.axes, p.dims, strict=True)}
            axes, names = {a for a, _ in pairs}, {d for _, d in pairs}
            if not len(pairs) == len(axes) == len(names):
                pieces = [self._plain(p, i) if p.axes else p for p in pieces]
                pieces = self._settled(pieces, i, level)  # names may have made lets of some
        shaped = [p for p in pieces if p.axes]
        largest = max(shaped, key=lambda p: len(p.axes))
        return [
            self._turned(p, largest.axes, i) if set(p.axes) == set(largest.axes) else p
            for p in pieces
        ]

    def _joined(
        self, pieces: Sequence[Piece], operands: Sequence[tuple[str, ...]], inner: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[Axis, ...], frozenset[str]]:
        """The dims of what they broadcast to, and what must be named around it."""
        found = align(operands, ())
        if not isinstance(found, Conflict):
            same = next((p for p in pieces if p.dims == found), None)
            if same is not None:
                return found, same.axes, inner
        names = {d: a for p in pieces for a, d in zip(p.axes, p.dims, strict=True)}
        if not isinstance(found, Conflict):
            return found, tuple(names[d] for d in found), inner
        dims = dict.fromkeys(d for listed in operands for d in listed)
        found = tuple(sorted(dims, key=lambda d: names[d].copy))
        return found, tuple(names[d] for d in found), inner | set(found)

    def _together(self, pieces: Sequence[Piece], text: str, level: int) -> Piece:
        """What is joined entry by entry, and is no sum or product."""
        inner = frozenset(need for p in pieces for need in p.needs)
        dims, axes, needs = self._joined(pieces, [p.dims for p in pieces], inner)
        return Piece(text, level, dims, axes, needs)

    # -- expressions ----------------------------------------------------------------------------

    def _piece(self, i: int) -> Piece:
        node = self.nodes[i]
        args = [self.pieces[arg] for arg in node.args]
        for arg, piece in zip(node.args, args, strict=True):
            self._check_category(node, arg, piece)
        write = getattr(self, f"_{node.op}", None)
        if write is not None:
            found: Piece = write(i, node, args)
        elif node.op in ("cholesky", "half", "factor_diagonal"):
            refuse(node, *NO_FACTOR)
        else:
            found = self._call(i, node.op, args)
        return replace(found, depth=max((p.depth for p in args), default=0) + 1)

    def _check_category(self, node: Node, arg: int, piece: Piece) -> None:
        """Codes are an index, and no numbers."""
        leaf = self.nodes[arg]
        known = self.recording.categories
        if leaf.op != "leaf" or leaf.detail not in known:
            return
        if node.op not in ("take", "onehot", "eq", "ne", "rename"):
            refuse(
                node,
                f"`{piece.text}` is an index into `{known[leaf.detail]}`, and a number here",
                f"pass the numbers as another argument than the codes `{piece.text}`",
            )

    def _leaf(self, i: int, node: Node, _: Sequence[Piece]) -> Piece:
        self.used.add(node.detail)
        return Piece(node.detail, ATOM, self.declared[node.detail].dims, node.axes)

    def _const(self, i: int, node: Node, _: Sequence[Piece]) -> Piece:
        self.used.add(node.detail)
        return Piece(node.detail, ATOM, (self._dim(node.axes[0].dim),), node.axes)

    def _number(self, i: int, node: Node, _: Sequence[Piece]) -> Piece:
        value = node.detail
        if value != value:
            refuse(node, "nan stands in the formula")
        text = numbers.number(value, known="pi" not in self.declared)
        level = SIGN if text.startswith("-") else ATOM
        if "/" in text or "*" in text.replace("(2*pi)", ""):
            level = PRODUCT
        return Piece(text, level)

    def _size(self, i: int, node: Node, _: Sequence[Piece]) -> Piece:
        return Piece(self._dim(node.detail))

    def _rename(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        names = dict(node.detail)
        return replace(args[0], axes=tuple(names.get(a, a) for a in args[0].axes))

    def _arange(self, i: int, node: Node, _: Sequence[Piece]) -> Piece:
        refuse(
            node,
            "the numbers 0, 1, 2, ... along an axis have no name in the language",
            "pass them as an argument",
        )

    def _eye(self, i: int, node: Node, _: Sequence[Piece]) -> Piece:
        dim = self._dim(node.axes[0].dim)
        piece = Piece(f"eye({dim})", ATOM, (dim, dim), node.axes)
        return self._plain(piece, i) if any(a in self.likes for a in node.axes) else piece

    def _add(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i, SUM)
        sign, text = "+", b.at(SUM)
        if text.startswith("-"):
            sign, text = "-", text[1:]
        return self._chain(SUM, [a, b], f"{a.at(SUM)} {sign} {text}")

    def _sub(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i, SUM)
        sign, text = "-", b.at(PRODUCT)
        if text.startswith("-"):
            sign, text = "+", text[1:]
        return self._chain(SUM, [a, b], f"{a.at(SUM)} {sign} {text}")

    def _mul(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i, PRODUCT)
        found = self._chain(PRODUCT, [a, b], _product(a, "*", b))
        flat = [p for p in (a, b) if not p.axes]
        if len(flat) == 1 and len(found.axes) == 2 and not found.needs:
            a, b = (p if p in flat else self._turned(p, p.axes[::-1], i) for p in (a, b))
            return replace(found, turned=_product(a, "*", b))
        return found

    def _div(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i, PRODUCT)
        found = self._chain(PRODUCT, [a, b], _product(a, "/", b))
        if not b.axes and len(a.axes) == 2 and not a.needs:
            return replace(found, turned=_product(self._turned(a, a.axes[::-1], i), "/", b))
        return found

    def _chain(self, level: int, pieces: Sequence[Piece], text: str) -> Piece:
        """A sum or product. The language aligns all of its operands at once."""
        operands: list[tuple[str, ...]] = []
        inner: frozenset[str] = frozenset()
        for place, piece in enumerate(pieces):
            flat = piece.level == level and piece.operands and (place == 0 or level == SUM)
            operands += piece.operands if flat else [piece.dims]
            inner |= piece.inner if flat else piece.needs
        dims, axes, needs = self._joined(pieces, operands, inner)
        return Piece(text, level, dims, axes, needs, inner, tuple(operands))

    def _neg(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        (a,) = args
        if a.text.startswith("-") and a.level >= PRODUCT:
            return replace(a, text=a.text[1:], turned="")
        if a.level == PRODUCT:
            return replace(a, text=f"-{a.text}", turned=a.turned and f"-{a.turned}")
        return replace(a, text=f"-{a.at(SIGN)}", level=SIGN, operands=(), turned="")

    def _pow(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i)
        text = f"{a.at(ATOM)}^{b.at(ATOM) if not b.text.startswith('-') else f'({b.text})'}"
        return self._together([a, b], text, POWER)

    def _compared(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i)
        text = f"{a.at(SUM)} {SIGNS[node.op]} {b.at(SUM)}"
        return self._together([a, b], text, COMPARISON)

    _lt = _le = _gt = _ge = _eq = _ne = _compared

    def _and(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, b = self._matched(args, i)
        level = AND if node.op == "and" else OR
        return self._together([a, b], f"{a.at(level)} {node.op} {b.at(level + 1)}", level)

    _or = _and

    def _not(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        return replace(args[0], text=f"not {args[0].at(NOT)}", level=NOT, operands=(), turned="")

    def _call(self, i: int, name: str, args: Sequence[Piece]) -> Piece:
        """A function of the language, entry by entry."""
        args = self._matched(args, i)
        return self._together(args, f"{name}({', '.join(p.text for p in args)})", ATOM)

    def _reduce(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        name, over = node.detail
        (a,) = args
        whole = set(over) == set(a.axes)
        if not whole or a.needs:
            a = self._unique(a, i)
        gone = [d for d, axis in zip(a.dims, a.axes, strict=True) if axis in over]
        kept = [(d, axis) for d, axis in zip(a.dims, a.axes, strict=True) if axis not in over]
        brackets = f"[{', '.join(gone)}]" if not whole or a.needs else ""
        return Piece(
            f"{name}{brackets}({a.text})",
            ATOM,
            tuple(d for d, _ in kept),
            tuple(axis for _, axis in kept),
            a.needs - set(gone),
        )

    def _along(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        name, axis = node.detail
        a = self._unique(args[0], i)
        dim = a.dims[a.axes.index(axis)]
        brackets = f"[{dim}]" if len(a.dims) > 1 or a.needs else ""
        return replace(
            a,
            text=f"{name}{brackets}({a.text})",
            level=ATOM,
            needs=a.needs - {dim},
            operands=(),
            turned="",
        )

    # -- matrices and indices -------------------------------------------------------------------

    def _matmul(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        axis = node.detail
        a, b = (self._lift(p, i) if p.needs else p for p in args)
        rest = [x for x in a.axes if x != axis]
        a = self._turned(a, [*rest, axis], i)
        b = self._turned(b, [axis, *(x for x in b.axes if x != axis)], i)
        if a.dims[-1] != b.dims[0]:
            b = self._as(b, (a.dims[-1], *b.dims[1:]), i)
        text = f"{a.at(PRODUCT)} @ {b.at(SIGN)}"
        return Piece(text, PRODUCT, a.dims[:-1] + b.dims[1:], a.axes[:-1] + b.axes[1:])

    def _square(self, piece: Piece, rows: Sequence[Axis], i: int) -> Piece:
        if piece.needs:
            piece = self._lift(piece, i)
        return self._turned(piece, rows, i)

    def _inv(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a = self._square(args[0], node.detail, i)
        return Piece(f"inv({a.text})", ATOM, a.dims[::-1], a.axes[::-1])

    def _scalar(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        return Piece(f"{node.op}({self._square(args[0], node.detail, i).text})")

    _det = _logdet = _trace = _scalar

    def _solve(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        row, column = node.detail
        a = self._square(args[0], (row, column), i)
        b = self._lift(args[1], i) if args[1].needs else args[1]
        b = self._turned(b, [row, *(x for x in b.axes if x != row)], i)
        if b.dims[0] != a.dims[0]:
            b = self._as(b, (a.dims[0], *b.dims[1:]), i)
        dims, axes = (a.dims[1], *b.dims[1:]), (column, *b.axes[1:])
        return Piece(f"solve({a.text}, {b.text})", ATOM, dims, axes)

    def _diag(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        (a,) = args
        if not a.dims:
            refuse(node, "`diag` of a vector whose entries are all equal", "write `c*np.eye(d)`")
        a = self._lift(a, i) if a.needs else a
        return Piece(f"diag({a.text})", ATOM, a.dims * 2, node.axes)

    def _diagonal(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a = self._square(args[0], node.detail, i)
        return Piece(f"diag({a.text})", ATOM, a.dims[:1], a.axes[:1])

    def _sqdist(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        row, column, over = node.detail
        a, b = (self._lift(p, i) if p.needs else p for p in args)
        a, b = self._turned(a, (row, over), i), self._turned(b, (column, over), i)
        if a.dims[1] != b.dims[1]:
            b = self._as(b, (b.dims[0], a.dims[1]), i)
        text = f"sqdist({a.text}, {b.text})"
        return Piece(text, ATOM, (a.dims[0], b.dims[0]), (row, column))

    def _onehot(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        (y,) = args
        axis = next(a for a in node.axes if a not in y.axes)
        return Piece(f"onehot({y.text})", ATOM, (*y.dims, self._dim(axis.dim)), (*y.axes, axis))

    def _take(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        a, index = args
        axis = node.detail
        if index.level != ATOM or "[" in index.text:
            refuse(node, "an index that is not the codes themselves")
        if a.needs:
            a = self._lift(a, i)
        names = [self._own(x) for x in a.axes]
        names[a.axes.index(axis)] = self._dim(axis.dim)
        for p, x in enumerate(a.axes):
            if x in index.axes:
                names[p] = index.dims[index.axes.index(x)]
            elif names[p] in index.dims or names.index(names[p]) != p:
                names[p] = self._own(Axis(x.dim, max(x.copy, 1)))
        a = self._as(a, names, i)
        pairs = list(zip(a.dims, a.axes, strict=True))
        place = a.axes.index(axis)
        pairs[place : place + 1] = zip(index.dims, index.axes, strict=True)
        pairs = list(dict.fromkeys(pairs))
        text = f"{a.at(ATOM)}[{index.text}]"
        return Piece(text, ATOM, tuple(d for d, _ in pairs), tuple(x for _, x in pairs))

    def _label(self, i: int, node: Node, args: Sequence[Piece]) -> Piece:
        axis, index = node.detail
        a = self._unique(self._lift(args[0], i) if args[0].needs else args[0], i)
        place = a.axes.index(axis)
        self.labelled.add(self._dim(axis.dim))
        listed = [*a.dims[:place], f'"{index}"', *a.dims[place + 1 :]]
        text = f"{a.at(ATOM)}[{', '.join(listed)}]"
        dims, axes = a.dims[:place] + a.dims[place + 1 :], a.axes[:place] + a.axes[place + 1 :]
        return Piece(text, ATOM, dims, axes)


def refuse(node: Node, message: str, help: str = "") -> NoReturn:
    raise Refused(Refusal(message, help, node.place))


def _product(a: Piece, sign: str, b: Piece) -> str:
    right = f"({b.text})" if b.text.startswith("-") and b.level < ATOM else b.at(SIGN)
    return f"{a.at(PRODUCT)}{sign}{right}"


def _filled(keyword: str, texts: Sequence[str]) -> list[str]:
    """Statements of one keyword, as many in a line as fit."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + len(text) + 2 <= WIDTH:
            lines[-1] += f", {text}"
        else:
            lines.append(f"{keyword} {text}")
    return lines


def _broken(head: str, text: str) -> str:
    """A statement, with line breaks before the terms of a sum that is too long for one line."""
    if len(head) + len(text) <= WIDTH:
        return head + text
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and at > start and text[at : at + 3] in (" + ", " - "):
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    lines = [head + parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 1 <= WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(f"    {part}")
    return "\n".join(lines)
