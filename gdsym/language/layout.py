"""A text cut into statements, and what can be told before the grammar is asked.

In: a `Source`. Out: one `Slice` per statement, and a diagnostic for every character, line, bracket
or sign that cannot stand where it stands. Every slice that `mistake` lets pass nests at most
`MAX_DEPTH` deep and holds only tokens that the grammar knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdsym.errors import Diagnostic, Source, Span, did_you_mean
from gdsym.language import habits

MAX_SIZE = 1_000_000  # characters; a model of 10,000 lines has about half of it
MAX_DEPTH = 100
MAX_DIGITS = 1_000

MODEL_KEYWORDS = (
    *("model", "dim", "data", "param", "const", "def", "let"),
    *("loss", "maximize", "nll", "loglik", "residual", "penalty"),
    *("observe", "prior", "predict", "claim", "require", "method"),
)
RULE_KEYWORDS = ("optimizer", "state", "let", "update")

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n\ufeff]+|\#[^\n]*)
    | (?P<string>"[^"\n]*")
    | (?P<unclosed>"[^"\n]*)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<foreign>===|!==|&&|\|\||:=|\+=|-=|\*=(?!=)|/=|=>|->|\.\*\*?|\.[-+/^]|//|/\*|%\*%
        |\\[A-Za-z]+
        |!(?!=)|[&|%;'`$?\\]|\.(?!T\b(?!\())[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>\.T\b|\*\*|<=|>=|==|!=|[-+*/^@<>=(){}\[\],:~])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# What follows the name in `z = ...` or `r[n] := ...`.
_ASSIGNED = re.compile(r"\s*(\[[^\]\n]*\]\s*)?:?=(?!=)")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# After these a sign is a prefix, and whatever was chained before them is complete.
_BREAKS = frozenset(
    ["+", "-", ",", "=", ":", "~", "<", ">", "<=", ">=", "==", "!=", "and", "or", "in", "from"]
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # string, unclosed, number, name, foreign, sign or other
    text: str
    start: int

    @property
    def stop(self) -> int:
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        return Span(self.start, self.stop)


@dataclass(frozen=True, slots=True)
class Slice:
    """One statement: its keyword and its place, trailing blank and comment lines left out."""

    keyword: str
    start: int
    stop: int
    readable: bool = True  # it begins with a keyword


def tokens(text: str, start: int, stop: int) -> Iterator[Token]:
    """The tokens between two offsets, spaces and comments left out."""
    for match in _TOKEN.finditer(text, start, stop):
        kind = match.lastgroup or "other"
        if kind != "space":
            yield Token(kind, match.group(), match.start())


# -- the whole text ----------------------------------------------------------------------------


def unreadable(source: Source) -> list[Diagnostic]:
    """What makes the whole text unfit to be read: its size, invisible characters."""
    text = source.text
    if len(text) > MAX_SIZE:
        message = f"the text has {len(text)} characters, at most {MAX_SIZE} are read"
        return [Diagnostic("size", message, Span(0, 1))]
    hidden = {c for c in set(text) if _hidden(c)}
    found = []
    if hidden:
        places = (i for i, c in enumerate(text) if c in hidden and not (i == 0 and c == "\ufeff"))
        found = [_hidden_character(text[i], i) for i, _ in zip(places, range(20), strict=False)]
    for match in re.finditer(r"\r(?!\n)", text):
        message = "a carriage return stands inside a line"
        mend = "save the file with line feeds (LF or CRLF) as line ends"
        found.append(Diagnostic("character", message, Span(match.start(), match.end()), help=mend))
        break
    return found


def _hidden(character: str) -> bool:
    if character in "\t\n\r":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _hidden_character(character: str, place: int) -> Diagnostic:
    name = unicodedata.name(character, "control character").lower()
    message = f"the invisible character U+{ord(character):04X} ({name}) is not allowed"
    mend = "delete it; what cannot be seen cannot be checked, in comments and strings too"
    return Diagnostic("character", message, Span(place, place + 1), help=mend)


def cut(source: Source, keywords: Sequence[str]) -> tuple[list[Slice], list[Diagnostic]]:
    """The statements of a text, and a diagnostic per line that belongs to none."""
    text = source.text
    slices: list[Slice] = []
    found: list[Diagnostic] = []
    before = 0
    for start, stop, line in _groups(text):
        first = next(tokens(text, start, stop))
        indented = first.start > start
        known = first.text in keywords
        slices.append(Slice(first.text, first.start, stop, readable=known))
        if indented:
            message = "an indented line continues a statement, and none has begun"
            found.append(Diagnostic("statement", message, first.span, help="unindent it"))
        elif not known:
            found.append(_stray_line(text, first, stop, before, keywords))
        before = line
    return slices, found


def _groups(text: str) -> Iterator[tuple[int, int, int]]:
    """Start, stop and first line of each line at column 0 with the lines that continue it."""
    start = stop = number = 0
    offset = 1 if text.startswith("\ufeff") else 0
    for i, line in enumerate(text[offset:].split("\n"), 1):
        here, offset = offset, offset + len(line) + 1
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        if line[0] not in " \t)]}" or not stop:
            if stop:
                yield start, stop, number
            start, number = here, i
        stop = here + len(line.rstrip())
    if stop:
        yield start, stop, number


def _stray_line(
    text: str, first: Token, stop: int, before: int, keywords: Sequence[str]
) -> Diagnostic:
    """What a line at column 0 that begins with no keyword was meant to be."""
    word = _cropped(first.text)
    indent = f"indent it to continue line {before}" if before else ""
    rest = text[first.stop : stop].split("\n")[0]
    if first.kind != "name":
        message = f"a statement begins with its keyword, and this line with {_shown(first.text)}"
        return Diagnostic("statement", message, first.span, help=indent or _some(keywords))
    if _ASSIGNED.match(rest):
        name = _cropped((word + rest).split("=")[0].rstrip(": \t"))
        message = f"`{name} = ...` has no keyword"
        mend = f"a named value is a `let`: `let {name} = ...`"
        mend += f"; or {indent}" if indent else ""
        return Diagnostic("statement", message, first.span, help=mend)
    if sign := re.match(r"\s*([-+*/]=)", rest):
        message, mend = habits.foreign_sign(sign[1], "", True, False)
        return Diagnostic("statement", message, first.span, help=mend)
    message = f"no statement begins with `{word}`"
    if word in MODEL_KEYWORDS:
        mend = "it belongs to a model, and this is an optimizer file"
        return Diagnostic("statement", message, first.span, help=mend)
    if re.match(r"\s*(\[[^\]\n]*\])?\s*~", rest):
        mend = f"a distribution is declared by `observe {word} ~ ...`"
        return Diagnostic("statement", message, first.span, help=mend)
    mend = habits.STATEMENTS.get(word.lower(), "") or did_you_mean(word, keywords)
    return Diagnostic("statement", message, first.span, help=mend or indent or _some(keywords))


def _some(keywords: Sequence[str]) -> str:
    return "a statement begins with one of " + ", ".join(f"`{k}`" for k in keywords)


# -- one statement -----------------------------------------------------------------------------


def mistake(source: Source, slice_: Slice) -> Diagnostic | None:
    """The first thing in a statement that no grammar is needed to see."""
    found = list(tokens(source.text, slice_.start, slice_.stop))
    return _bad_token(found) or _bad_brackets(found) or _too_deep(found)


def _bad_token(found: Sequence[Token]) -> Diagnostic | None:
    for i, token in enumerate(found):
        match token.kind:
            case "unclosed":
                return _unclosed_string(token)
            case "foreign":
                return _foreign(found, i)
            case "other":
                return _unknown_character(token)
            case "number":
                if problem := _bad_number(token):
                    return problem
    return None


def _unclosed_string(token: Token) -> Diagnostic:
    message = "this string is not closed on its line"
    return Diagnostic("syntax", message, token.span, help='close it with `"`')


def _foreign(found: Sequence[Token], i: int) -> Diagnostic:
    token = found[i]
    before = found[i - 1] if i else None
    touching = before is not None and before.stop == token.start
    value = touching and before is not None and (before.kind == "name" or before.text in ")]")
    called = i + 1 < len(found) and found[i + 1].text == "("
    owner = before.text if before is not None and before.kind == "name" and touching else ""
    message, mend = habits.foreign_sign(token.text, owner, bool(value), called)
    if found[0].text == "update" and len(token.text) == 2 and token.text[1] == "=" and before:
        mend = f"write `update {before.text} = {before.text} {token.text[0]} ...`"
    start = token.start - len(owner) if token.text.startswith(".") and owner else token.start
    return Diagnostic("syntax", message, Span(start, token.stop), help=mend)


def _unknown_character(token: Token) -> Diagnostic:
    if token.text == ".":
        return Diagnostic("syntax", "`.` stands alone", token.span, help="a product is `a*b`")
    if token.text.isascii():
        return Diagnostic("syntax", f"{_shown(token.text)} means nothing here", token.span)
    name = unicodedata.name(token.text, "unnamed").lower()
    message = f"`{token.text}` (U+{ord(token.text):04X}, {name}) is not ASCII"
    written = habits.ASCII.get(token.text)
    mend = f"write {written}" if written else "names use a-z, A-Z, 0-9 and _"
    return Diagnostic("character", message, token.span, help=mend)


def _bad_number(token: Token) -> Diagnostic | None:
    shown = _cropped(token.text)
    mantissa, _, exponent = token.text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        message = f"the number `{shown}` has {len(mantissa)} digits, at most {MAX_DIGITS} are read"
        return Diagnostic("number", message, token.span)
    # float() of a long exponent is immediate; the exact power of ten would not be.
    value = float(token.text) if len(exponent) < MAX_DIGITS else float("inf")
    if value == float("inf"):
        message = f"the number `{shown}` is too large"
        return Diagnostic("number", message, token.span, help="the largest double is 1.797e308")
    if value == 0 and mantissa.strip("0."):
        message = f"the number `{shown}` is too small: the nearest double is 0"
        return Diagnostic("number", message, token.span, help="the smallest double is 4.94e-324")
    return None


def _bad_brackets(found: Sequence[Token]) -> Diagnostic | None:
    opened: list[int] = []
    for i, token in enumerate(found):
        if token.kind != "sign":
            continue
        if token.text in _CLOSING:
            opened.append(i)
        elif token.text in (")", "]", "}"):
            if not opened:
                message = f"`{token.text}` closes nothing"
                return Diagnostic("syntax", message, token.span, help="delete it")
            last = opened.pop()
            begin = found[last]
            # `in (0, 1]` is an interval.
            interval = last > 0 and found[last - 1].text == "in" and token.text != "}"
            if _CLOSING[begin.text] != token.text and not (interval and begin.text != "{"):
                message = f"`{begin.text}` is closed by `{token.text}`"
                label = f"expected `{_CLOSING[begin.text]}`"
                notes = ((begin.span, "opened here"),)
                return Diagnostic("syntax", message, token.span, label, notes)
    if opened:
        begin = found[opened[-1]]
        message = f"`{begin.text}` is never closed"
        mend = f"add the `{_CLOSING[begin.text]}`; a line that continues a statement is indented"
        return Diagnostic("syntax", message, begin.span, help=mend)
    return None


def _too_deep(found: Sequence[Token]) -> Diagnostic | None:
    # Nested are: brackets; prefix operators; powers, transposes and brackets after an operand,
    # up to the next operator; and `@`, up to the next sum. `*` and `/` are flat.
    outer: list[tuple[int, int, int, int]] = []
    base = prefix = chain = products = 0
    value = False  # the token before ends an operand
    for token in found:
        text = token.text
        if text in _CLOSING and token.kind == "sign":
            outer.append((base, prefix, chain + value, products))
            base, prefix, chain, products = base + 1 + prefix + chain + products, 0, 0, 0
            value = False
        elif text in (")", "]", "}") and token.kind == "sign" and outer:
            base, prefix, chain, products = outer.pop()
            value = True
        elif text in ("+", "-", "not") and not value:
            prefix += 1
        elif text in _BREAKS and token.kind in ("sign", "name"):
            prefix = chain = products = 0
            value = False
        elif text in ("*", "/", "@"):
            prefix = chain = 0
            products += text == "@"
            value = False
        elif text in ("^", "**"):
            chain += 1
            value = False
        else:
            chain += text == ".T"
            value = True
        if base + prefix + chain + products > MAX_DEPTH:
            message = f"brackets and operators nest more than {MAX_DEPTH} deep"
            mend = "name the inner parts with `let`"
            return Diagnostic("nesting", message, token.span, help=mend)
    return None


# -- words -------------------------------------------------------------------------------------


def declared_names(source: Source, slice_: Slice) -> tuple[str, ...]:
    """The names that a statement seems to declare, though it cannot be read."""
    found = list(tokens(source.text, slice_.start, slice_.stop))
    rest = source.text[found[0].stop : slice_.stop]
    if not slice_.readable and _ASSIGNED.match(rest):
        return (found[0].text,)
    single = ("model", "def", "let", "predict", "update", "optimizer")
    several = slice_.keyword not in single
    names: list[str] = []
    depth = 0
    before = ","
    axes = False
    for token in found[1:]:
        expected = before == "," and depth == 0 and (several or not names)
        if token.kind == "name" and (expected or axes):
            names.append(token.text)
        if token.text == "[":
            axes = before == (names[-1] if names else "") and depth == 0
        elif token.text == "]":
            axes = False
        depth += (token.text in _CLOSING) - (token.text in (")", "]", "}"))
        before = token.text
    return tuple(names)


def _cropped(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _shown(text: str) -> str:
    if text.isprintable():
        return f"`{_cropped(text)}`"
    return f"U+{ord(text[0]):04X}"
