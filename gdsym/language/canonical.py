"""The canonical layout of a model or optimizer file.

Spacing follows from the grammar alone, with two liberties left to the author: where a line breaks,
and whether `*` and `/` stand in spaces (`lam/2 * sum(w^2)`), which shows what belongs together.
Words, docs and comments stay, and so does the syntax: that is compared before anything is given
back.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from gdsym.errors import Source, SourceError, Span
from gdsym.language import layout, syntax
from gdsym.language.parse import MODEL_KEYWORDS, RULE_KEYWORDS, grammar_text, statements

if TYPE_CHECKING:
    from lark import Lark, Token

COMMENT = re.compile(r"#[^\n]*")
# A doc stands behind a column that the whole file shares, unless its line is longer than this.
LONGEST_ALIGNED = 64
INDENT = 4
# Their names are not aligned with the rest of the file.
HEADS = ("model", "optimizer")
LISTS = ("dim", "data", "param", "const", "state")
# The rules whose brackets belong to the word before them.
CALLS = frozenset(("axes", "call", "index", "index_transpose", "named", "def", "claim")) | {
    *("method", "observe", "optimizer")
}
# The rules whose own string, at their end, is a doc.
DOCUMENTED = frozenset(("model", "dim_item", "data_item", "param_item", "const_item", "def")) | {
    *("let", "objective", "observe", "claim", "method", "optimizer", "option", "update")
}


def canonical(text: str, name: str) -> str:
    """The text in canonical layout; `name` is what messages show.

    Line ends are `\\n`. Raises SourceError where the text cannot be read.

    >>> canonical("param  a,b\\nloss (a-b)^ 2  # far", "far.gd")
    'param a, b\\nloss  (a - b)^2  # far\\n'
    """
    source = Source(name, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    file = _parsed(source)
    after = Source(name, "".join(f"{line}\n" for line in _lines(source.text, _pieces(source))))
    unchanged = same(file.statements, _parsed(after).statements)
    if not unchanged or _comments(source) != _comments(after):
        raise AssertionError("the layout would have changed the meaning")
    return after.text


def same(a: Any, b: Any) -> bool:
    """Whether two pieces of syntax differ in nothing but their places."""
    if isinstance(a, Span):
        return isinstance(b, Span)
    if is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a)
        )
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def _parsed(source: Source) -> syntax.File:
    rule = _is_rule(source)
    keywords = RULE_KEYWORDS if rule else MODEL_KEYWORDS
    file, found = statements(source, keywords, "rule_statement" if rule else "statement")
    if found:
        raise SourceError(source, found)
    return file


def _is_rule(source: Source) -> bool:
    """An optimizer file says so in its first statement that no model has."""
    if layout.unreadable(source):
        return False
    slices, _ = layout.cut(source, (*MODEL_KEYWORDS, *RULE_KEYWORDS))
    words = [slice_.keyword for slice_ in slices]
    return any(word in RULE_KEYWORDS and word not in MODEL_KEYWORDS for word in words[:1])


# -- pieces: tokens and comments with what the grammar says of them ----------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """A token or a comment; `rule` is the rule of the grammar that it is part of, `role` its
    terminal."""

    text: str
    start: int
    role: str
    rule: str = ""
    first: bool = False  # of its statement

    @property
    def stop(self) -> int:
        return self.start + len(self.text)


def _pieces(source: Source) -> list[Piece]:
    """Everything of the text that is no space, in order."""
    from lark import TextSlice

    rule = _is_rule(source)
    start = "rule_statement" if rule else "statement"
    found = [Piece(text, place, "COMMENT") for place, text in _comment_places(source)]
    slices, _ = layout.cut(source, RULE_KEYWORDS if rule else MODEL_KEYWORDS)
    for slice_ in slices:
        tree = _lark().parse(TextSlice(source.text, slice_.start, slice_.stop), start=start)
        for number, (token, owner) in enumerate(_tokens(tree)):
            place = token.start_pos or 0
            found.append(Piece(str(token), place, token.type, owner, number == 0))
    return sorted(found, key=lambda piece: piece.start)


def _tokens(tree: Any) -> Iterator[tuple[Token, str]]:
    """The tokens of a tree in order, each with the name of its rule."""
    stack: list[tuple[Any, str]] = [(tree, "")]
    while stack:
        node, owner = stack.pop()
        if hasattr(node, "children"):
            stack += [(child, str(node.data)) for child in reversed(node.children)]
        else:
            yield node, owner


def _comment_places(source: Source) -> Iterator[tuple[int, str]]:
    """Where comments begin, and their texts: what lies between tokens and is no space."""
    end = 0
    text = source.text
    for token in (*layout.tokens(text, 0, len(text)), None):
        start = len(text) if token is None else token.start
        for match in COMMENT.finditer(text, end, start):
            yield match.start(), match.group().rstrip()
        end = len(text) if token is None else token.stop


def _comments(source: Source) -> list[str]:
    return [text for _, text in _comment_places(source)]


@functools.cache
def _lark() -> Lark:
    from lark import Lark

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        start=["statement", "rule_statement"],
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


# -- lines -------------------------------------------------------------------------------------


def _lines(text: str, pieces: Sequence[Piece]) -> list[str]:
    rows: list[list[Piece]] = []
    gaps: list[bool] = []  # whether a blank line stands before the row
    end = 0
    for piece in pieces:
        newlines = text.count("\n", end, piece.start)
        if not rows or newlines:
            gaps.append(newlines > 1 and bool(rows))
            rows.append([])
        rows[-1].append(piece)
        end = piece.stop
    words = [piece.text for piece in pieces if piece.first and piece.text not in HEADS]
    writer = _Writer(text, rows, max(map(len, words), default=0) + 1)
    written = [writer.row(place) for place in range(len(rows))]
    widths = [len(code) for code, doc in written if doc]
    width = max((width for width in widths if width <= LONGEST_ALIGNED), default=0)
    lines: list[str] = []
    for (code, doc), gap in zip(written, gaps, strict=True):
        lines += [""] * gap
        lines.append(f"{code:<{width}}  {doc}" if doc else code)
    return lines


class _Writer:
    """Writes the rows of a text one after the other; `column` is where statements go on."""

    def __init__(self, text: str, rows: Sequence[Sequence[Piece]], column: int) -> None:
        self.text = text
        self.rows = rows
        self.column = column
        self.statement = ""
        self.before: Piece | None = None  # the last token
        # Of every open bracket: where lines in it begin, and where one that closes it does.
        self.opened: list[tuple[int, int]] = []

    def row(self, place: int) -> tuple[str, str]:
        """The code of a row, and the doc behind it where docs are aligned."""
        row = self.rows[place]
        lead = row[0]
        if lead.role == "COMMENT":
            return " " * (self._indent(lead) if self._goes_on(place) else 0) + lead.text, ""
        if lead.first:
            self.opened.clear()
            self.statement = lead.text
            self.before = None
            base = INDENT if lead.text in HEADS else self.column
            code = ""
        else:
            base = self._indent(lead)
            code = " " * base
        for i, piece in enumerate(row):
            if i and _is_doc(piece, row) and self.statement not in HEADS:
                return code, self._doc(row[i:])
            code += self._gap(row, i) + piece.text
            if piece.first and piece.text not in HEADS and len(row) > 1:
                code = code.ljust(self.column - 1)
            self._bracket(piece, row, base, len(code))
            if piece.role != "COMMENT":
                self.before = piece
        return code, ""

    def _doc(self, rest: Sequence[Piece]) -> str:
        """A doc with what stands behind it: a comma, a comment."""
        doc = ""
        for piece in rest:
            doc += ("  " if piece.role == "COMMENT" else "") + piece.text
            if piece.role != "COMMENT":
                self.before = piece
        return doc

    def _goes_on(self, place: int) -> bool:
        """Whether the statement continues behind the comment of this row."""
        following = (row[0] for row in self.rows[place + 1 :] if row[0].role != "COMMENT")
        after = next(following, None)
        return after is not None and not after.first

    def _indent(self, lead: Piece) -> int:
        """Where a line begins that continues a statement."""
        if self.opened:
            inside, closing = self.opened[-1]
            return closing if _closes(lead) else inside
        if self.statement in HEADS:
            return INDENT
        between = self.before is not None and self.before.text == ","
        return self.column + (0 if between and self.statement in LISTS else INDENT)

    def _bracket(self, piece: Piece, row: Sequence[Piece], base: int, end: int) -> None:
        if piece.role in ("LPAR", "LSQB", "LBRACE"):
            following = row[row.index(piece) + 1 :]
            hanging = not following or following[0].role == "COMMENT"
            self.opened.append((base + INDENT, base) if hanging else (end, end - 1))
        elif _closes(piece):
            self.opened.pop()

    def _gap(self, row: Sequence[Piece], i: int) -> str:
        """The space before a piece of a row."""
        if i == 0:
            return ""
        a, b = row[i - 1], row[i]
        if b.role == "COMMENT":
            return "  "
        tight = (
            _closes(b)
            or b.role in ("COMMA", "TRANSPOSE", "POWER", "COLON")
            or a.role in ("LPAR", "LSQB", "LBRACE", "POWER")
            or (a.role == "COLON" and a.rule != "level")
            or (a.role in ("PLUS", "MINUS") and a.rule == "unary")
            or (b.role in ("LPAR", "LSQB") and b.rule in CALLS)
            or any(x.role == "EQUAL" and x.rule in ("keyword", "named") for x in (a, b))
            or (_is_product(a) and not self._spaced(a, row, i - 1))
            or (_is_product(b) and not self._spaced(b, row, i))
        )
        return "" if tight else " "

    def _spaced(self, sign: Piece, row: Sequence[Piece], i: int) -> bool:
        """Whether the author has put a space beside a `*` or `/` within its line."""
        before = i > 0 and row[i - 1].stop < sign.start
        behind = i + 1 < len(row) and row[i + 1].role != "COMMENT"
        return before or (behind and sign.stop < row[i + 1].start)


def _closes(piece: Piece) -> bool:
    return piece.role in ("RPAR", "RSQB", "RBRACE")


def _is_product(piece: Piece) -> bool:
    return piece.role in ("STAR", "SLASH") and piece.rule == "product"


def _is_doc(piece: Piece, row: Sequence[Piece]) -> bool:
    """Whether a piece is a doc with nothing but a comma or a comment behind it."""
    if piece.role != "STRING" or piece.rule not in DOCUMENTED:
        return False
    return all(other.role in ("COMMA", "COMMENT") for other in row[row.index(piece) + 1 :])
