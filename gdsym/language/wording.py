"""What the grammar did not accept, said in the words of the language instead of the parser's."""

from __future__ import annotations

import re

from gdsym.errors import Diagnostic, Source, Span
from gdsym.language import layout
from gdsym.language.layout import Slice, Token

_OPERAND = frozenset(["NUMBER", "NAME", "LPAR", "LSQB", "MINUS", "PLUS", "STRING", "NOT"])
_OPERATOR = frozenset(
    ("STAR", "PLUS", "MINUS", "SLASH", "AT", "POWER", "COMPARISON", "AND", "OR", "TRANSPOSE")
) | {"LPAR", "LSQB"}
_WORDS: dict[str, str] = {
    "NAME": "a name",
    "STRING": 'a "string"',
    "NUMBER": "a number",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "TILDE": "`~`",
    "__ANON_0": "`~`",
    "COMPARISON": "a bound such as `> 0`",
    "IN": "`in`",
    "AND": "`and`",
    "OR": "`or`",
    "NOT": "`not`",
    "FROM": "`from`",
    "EXCEPT": "`except`",
    "FIXED": "`fixed`",
    "LIKE": "`like`",
    "ROWS": "`rows`",
    "BY": "`by`",
    "SCALAR": "`scalar`",
    "STAR": "`*`",
    "TRANSPOSE": "`.T`",
    "$END": "the end of the statement",
}
_USAGE: dict[str, str] = {
    "model": "model NAME",
    "dim": "dim k = 10",
    "data": "data NAME[n]",
    "param": "param NAME",
    "const": "const NAME = VALUE",
    "def": "def f(a) = EXPR",
    "method": "method NAME(option=value)",
    "observe": "observe y ~ normal(mean, sd)",
    "prior": "prior w ~ normal(mean, sd)",
    "claim": "claim grad(w) = EXPR",
    "optimizer": "optimizer NAME(lr = 1e-3)",
    "state": "state NAME = 0",
    "update": "update NAME = EXPR",
    "let": "let NAME = EXPR",
    "predict": "predict NAME = EXPR",
}
_RESERVED = ("and", "or", "not", "in")
# Statements whose form is worth showing wherever they go wrong.
_SHOWN = (
    *("model", "dim", "def", "method", "observe", "prior", "claim", "optimizer", "state"),
    *("update", "let", "predict"),
)


def syntax_error(source: Source, slice_: Slice, place: int, accepted: set[str]) -> Diagnostic:
    """The statement was readable up to `place`, where one of `accepted` could have stood."""
    before, found = _around(source, slice_, place)
    if found is None:
        return _early_end(slice_, before, accepted)
    message, mend = _special(slice_, place, before, found, accepted)
    line = source.text[source.text.rfind("\n", 0, found.start) + 1 : found.start]
    if found.text in (*layout.MODEL_KEYWORDS, *layout.RULE_KEYWORDS) and found.kind == "name":
        if not line.strip() and before is not None:
            message, mend = "", "if a statement begins here, unindent it"
        elif "$END" in accepted and not mend:
            mend = "a statement begins on a line of its own"
    if not message:
        message = f"expected {_expected(accepted)}, found {_found(found)}"
    inside = "NUMBER" in accepted or _after_value(accepted)
    if not mend and slice_.keyword in _SHOWN and not inside:
        mend = f"write `{_USAGE[slice_.keyword]}`"
    return Diagnostic("syntax", message, found.span, help=mend)


def _around(source: Source, slice_: Slice, place: int) -> tuple[Token | None, Token | None]:
    before = None
    for token in layout.tokens(source.text, slice_.start, slice_.stop):
        if token.stop > place:
            return before, token
        before = token
    return before, None


def _early_end(slice_: Slice, before: Token | None, accepted: set[str]) -> Diagnostic:
    stop = before.stop if before is not None else slice_.stop
    expected = _expected(accepted)
    if before is not None and before.start == slice_.start and slice_.keyword:
        message = f"`{slice_.keyword}` stands alone: expected {expected}"
        usage = _USAGE.get(slice_.keyword, f"{slice_.keyword} EXPR")
        return Diagnostic("syntax", message, before.span, help=f"write `{usage}`")
    if before is None:
        return Diagnostic("syntax", f"expected {expected}, found nothing", Span(0, 0))
    message = f"the statement ends after `{before.text}`: expected {expected}"
    mend = ""
    if "NUMBER" in accepted or before.text == ",":
        mend = "if it goes on in the next line, indent that line"
    return Diagnostic("syntax", message, Span(stop - len(before.text), stop), help=mend)


def _special(
    slice_: Slice, place: int, before: Token | None, found: Token, accepted: set[str]
) -> tuple[str, str]:
    """Message and mend for mistakes that have a name; an empty message for all others."""
    text, keyword = found.text, slice_.keyword
    operand = found.kind in ("name", "number", "string") or text in ("(", "[")
    last = before.text if before is not None else ""
    first = before is not None and before.start == slice_.start and keyword != ""
    mend = _distribution(slice_.keyword, last, found, accepted)
    if mend:
        return "", mend
    if text in _RESERVED and "NAME" in accepted:
        return f"`{text}` is a reserved word, not a name", "choose another name"
    if text == "=" and first:
        kind = "takes an expression, without `=`" if "NUMBER" in accepted else "declares a name"
        mend = f"write `{keyword} EXPR`; if `{keyword}` is to be a name, `let {keyword} = EXPR`"
        if "NUMBER" not in accepted:
            mend = f"write `{_USAGE.get(keyword, '')}`"
        return f"`{keyword}` {kind}", mend
    if text == ":" and first:
        return f"`{keyword}` is followed by a space", "delete the `:`"
    if last == "in" and "LBRACE" in accepted and text in ("<", "<=", ">", ">="):
        return "a bound has no `in`", f"write `{text} ...`"
    if text == "=" and _after_value(accepted) and "EQUAL" not in accepted:
        mend = "compare with `==`; name a value with `let`"
        if keyword == "residual":
            mend = "write the difference: `residual y - (...)`"
        return "`=` is no operator in an expression", mend
    if text == "==" and ("EQUAL" in accepted or place == found.start + 1):
        return "`==` compares: a value is given with `=`", "write `=`"
    if text == "~" and keyword == "param":
        return "`~` is no operator", f"write `prior {last} ~ ...`; a start is given with `=`"
    if text == "~" and keyword == "residual":
        return "`~` is no operator", "write the difference: `residual y - (...)`"
    if text == "~":
        return "`~` is no operator", "`observe y ~ ...` declares a distribution; `not` negates"
    if text == "." or last == ".":
        return "", "only `.T` follows a name with a dot"
    if operand and _after_value(accepted) and before is not None:
        return _side_by_side(before, found)
    if found.kind == "sign" and text in ("*", "/", "^", "**", "@", "<", ">") and last == text:
        return f"`{last}{text}` is no operator", ""
    if text == "{" and "NUMBER" in accepted:
        return "braces hold the values of a domain: `in {0, 1}`", "write `(` or `[`"
    if keyword in ("let", "predict") and found.kind == "name" and "EQUAL" in accepted:
        return "", f"a named value is `{keyword} {last} = ...`"
    if keyword == "let" and text == "(" and "EQUAL" in accepted:
        return "", f"a function is `def {last}(x) = ...`"
    if keyword == "let" and (text == "," or (text == "(" and first)):
        return "", "a `let` names one value"
    return "", _declaration(slice_.keyword, last, found, accepted)


def _distribution(keyword: str, last: str, found: Token, accepted: set[str]) -> str:
    """The mend for a mistake in `observe` or `prior`."""
    if keyword not in ("observe", "prior"):
        return ""
    tilde = bool({"TILDE", "__ANON_0"} & accepted)
    if tilde and found.text == "=":
        return f"a distribution follows a `~`: `{keyword} {last} ~ ...`"
    if tilde and found.kind == "name" and last.isidentifier():
        return f"a distribution follows a `~`: `{keyword} {last} ~ {found.text}(...)`"
    if tilde and found.text == ",":
        return f"one statement for each: `{keyword} {last} ~ ...`"
    if found.text == "~" and last == keyword:
        return f"write `{keyword} y ~ ...`"
    if last == "~":
        return f"a distribution by its name: `{keyword} y ~ normal(mean, sd)`"
    if found.text == "[" and accepted == {"LPAR"}:
        return f"a distribution has no axes: `{last}(...)`"
    if "$END" in accepted and "STRING" in accepted and "NUMBER" not in accepted:
        return "one distribution makes a statement; other terms are written with `nll`"
    return ""


def _declaration(keyword: str, last: str, found: Token, accepted: set[str]) -> str:
    """The mend for a mistake in a declaration, or in axes."""
    text = found.text
    if accepted == {"NAME"} and last in ("[", ",") and found.kind in ("number", "string"):
        if keyword == "data" and found.kind == "string":
            return f'several columns are a list: `from ["a", {text}]`'
        if keyword == "param" and found.kind == "string":
            return f"a reference level is `in base[k={text}]`"
        if last == "[":
            return "an axis is the name of a dimension: `X[n, d]`; sizes are `dim n = 3`"
    if accepted == {"NAME"} and found.kind == "number":
        return "a name begins with a letter"
    if "IN" in accepted and text in ("simplex", "ordered", "base", "sumzero", "counts"):
        return f"write `in {text}`" if text == "counts" else f"write `in {text}[k]`"
    if "FROM" in accepted and text == "[":
        return "all axes stand in one pair of brackets: `X[n, d]`"
    if "LSQB" in accepted and text == "(" and keyword in ("data", "param", "const"):
        return f"axes stand in square brackets: `{last}[n]`"
    if last == "from" and found.kind == "name":
        return f'the name of a column stands in quotes: `from "{text}"`'
    if text == "fixed":
        return f"only a parameter can be fixed{'' if keyword == 'data' else ': a constant is'}"
    if text == "from" and keyword in ("param", "const"):
        return "only data are read from columns"
    if text == ":" and "EQUAL" in accepted and "COMPARISON" in accepted:
        return "a domain is `> 0` or `in (0, 1)`, a value `= 1`"
    if keyword == "dim" and last == "in":
        return 'levels stand in braces: `dim k in {"car", "bus"}`'
    if keyword in ("param", "const") and found.kind == "number" and "EQUAL" in accepted:
        return f"a value is given with `=`: `{last} = {text}`"
    if "$END" in accepted and text == "," and "NUMBER" not in accepted and "EQUAL" not in accepted:
        return "a statement like this takes one expression"
    if text == "," and {"RPAR", "RSQB"} <= accepted and keyword in ("data", "param", "const"):
        return "an interval has two ends: `in (0, 1)`; a set stands in braces"
    return ""


def _side_by_side(before: Token, found: Token) -> tuple[str, str]:
    left, right = before.text, found.text
    if right in ("if", "else", "where"):
        return f"`{right}` is no operator", "a choice is `where(condition, a, b)`"
    if right == "for":
        return "there are no loops", "operations run over all entries: `x^2`, `sum[k](...)`"
    if right in _RESERVED:
        return f"`{right}` cannot follow `{left}` here", ""
    if right in ("rows", "like"):
        usage = "rows" if right == "rows" else "like k"
        return f"`{right}` stands instead of a size", f"write `dim n {usage}`"
    if left == "scalar":
        return "`scalar` stands before the `=`", f"write `state s scalar = {right}`"
    if left == "lambda":
        return "there are no lambdas", "write `def f(x) = ...` on a line of its own"
    if found.kind == "string":
        return f"a string cannot follow `{left}` here", "a docstring ends the statement"
    if before.kind == "number" and right.startswith("_") and before.stop == found.start:
        return "digits are not grouped with `_`", f"write `{left}{right.replace('_', '')}`"
    if before.kind == "number" and re.fullmatch(r"[xX][0-9a-fA-F]+|[jJiLf]", right):
        return f"`{left}{right}` is no number of the language", "numbers are decimal and real"
    shown = f"{'(...)' if left == ')' else left}*{'(...)' if right == '(' else right}"
    return f"an operator is missing between `{left}` and `{right}`", f"a product is `{shown}`"


def _after_value(accepted: set[str]) -> bool:
    """Whether an operator could have stood there; after a sum, the parser still takes `or`."""
    return "OR" in accepted or {"STAR", "PLUS"} <= accepted


def _expected(accepted: set[str]) -> str:
    rest = set(accepted)
    words = []
    if {"LBRACE", "LPAR"} <= rest:
        words = ["an interval `(0, 1)`", "a set `{0, 1}`"]
        rest -= {"LBRACE", "LPAR", "LSQB"}
    if "NUMBER" in rest and "NAME" in rest:
        words.append("an expression")
        rest -= _OPERAND
    elif _after_value(rest):
        words.append("an operator")
        rest -= _OPERATOR
    words += [word for terminal, word in _WORDS.items() if terminal in rest]
    if len(words) > 1 and "the end of the statement" in words:
        words.remove("the end of the statement")
        words.append("the end of the statement")
    if not words:
        return "something else"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _found(token: Token) -> str:
    shown = token.text if len(token.text) <= 40 else token.text[:37] + "..."
    return f"`{shown}`"
