"""Text to syntax: every statement parsed by itself, every unreadable one reported by itself.

In: a `Source`. Out: a `syntax.File` whose spans are offsets in the whole text. The grammar is
`grammar/gdsym.lark`; the nodes are built while it parses, without recursion.
"""

from __future__ import annotations

import functools
import io
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdsym import private
from gdsym.errors import Diagnostic, Source, SourceError, Span
from gdsym.language import layout, syntax, wording

if TYPE_CHECKING:
    from lark import Lark

MODEL_KEYWORDS = layout.MODEL_KEYWORDS
RULE_KEYWORDS = layout.RULE_KEYWORDS
MAX_MESSAGES = 100


def parse(source: Source) -> syntax.File:
    """The statements of a model file. Raises SourceError with everything that cannot be read."""
    file, found = statements(source, MODEL_KEYWORDS, "statement")
    if found:
        raise SourceError(source, found[:MAX_MESSAGES])
    return file


def parse_expression(text: str, name: str = "expression") -> syntax.Expression:
    """An expression that stands alone, such as a formula of the function table.

    `name` is what messages show. Raises SourceError.

    >>> parse_expression("2*x").operators
    ('*',)
    """
    source = Source(name, text)
    if unreadable := layout.unreadable(source):
        raise SourceError(source, unreadable)
    slice_ = layout.Slice("", 0, len(text))
    problem = layout.mistake(source, slice_)
    node = problem or _parse_slice(source, slice_, "expression")
    if isinstance(node, Diagnostic):
        raise SourceError(source, [node])
    expression: syntax.Expression = node
    return expression


def statements(
    source: Source, keywords: Sequence[str], start: str
) -> tuple[syntax.File, list[Diagnostic]]:
    """Every statement, an unreadable one as `syntax.Broken`, and the diagnostics.

    Raises SourceError where the text as a whole is unfit to be read.
    """
    if unreadable := layout.unreadable(source):
        raise SourceError(source, unreadable)
    slices, found = layout.cut(source, keywords)
    nodes: list[syntax.Statement] = []
    for slice_ in slices:
        node: Any = None
        if slice_.readable:
            node = layout.mistake(source, slice_) or _parse_slice(source, slice_, start)
        if isinstance(node, Diagnostic):
            found.append(node)
        if node is None or isinstance(node, Diagnostic):
            names = layout.declared_names(source, slice_)
            node = syntax.Broken(slice_.keyword, names, Span(slice_.start, slice_.stop))
        nodes.append(node)
    return syntax.File(source, tuple(nodes)), found


def _parse_slice(source: Source, slice_: layout.Slice, start: str) -> Any:
    from lark import TextSlice
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput

    text = TextSlice(source.text, slice_.start, slice_.stop)
    try:
        return _lark().parse(text, start=start)
    except UnexpectedCharacters as error:
        return wording.syntax_error(source, slice_, error.pos_in_stream or 0, set(error.allowed))
    except UnexpectedInput as error:
        token = getattr(error, "token", None)
        place = slice_.stop if token is None or token.type == "$END" else token.start_pos
        expected = getattr(error, "accepts", None) or getattr(error, "expected", None) or set()
        return wording.syntax_error(source, slice_, place, set(expected))


@functools.cache
def _lark() -> Lark:
    """The parser, from its tables where they are kept: to make them takes a tenth of a second."""
    text, home = grammar_text(), private.directory()
    path = home / "grammar.tables" if home is not None else None
    kept = _with_tables(path, text) if path is not None else None
    return kept if kept is not None else _made(text, path)


def _with_tables(path: Path, text: str) -> Lark | None:
    """The parser of this grammar as `_made` kept it; None where it did not."""
    import lark

    from gdsym.language.nodes import Nodes

    found = private.read(path)
    if found is None:
        return None
    key, tables = pickle.loads(found)
    if key != _key(text):
        return None
    # What Lark's generator of stand-alone parsers writes into its modules does this, too.
    load: Callable[..., Lark] = lark.Lark._load_from_dict
    return load(**tables, transformer=Nodes())


def _made(text: str, path: Path | None) -> Lark:
    """The parser of this grammar; its tables are kept, where they can."""
    from lark import Lark

    from gdsym.language.nodes import Nodes

    parser = Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=["statement", "rule_statement", "expression"],
        keep_all_tokens=True,  # so that every node knows its first and its last character
        maybe_placeholders=False,
        transformer=Nodes(),
    )
    if path is not None:
        tables = io.BytesIO()
        parser.save(tables)
        private.write(path, pickle.dumps((_key(text), pickle.loads(tables.getvalue()))))
    return parser


def _key(text: str) -> list[object]:
    import lark

    return [text, lark.__version__, *sys.version_info[:2]]


def grammar_text() -> str:
    """The grammar: in the package where it was built, beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "grammar", package.parent / "grammar"):
        path = folder / "gdsym.lark"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"gdsym.lark is neither in nor beside {package}")
