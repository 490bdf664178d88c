"""How long lines of emitted text are broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

INDENT = "    "
WIDTH = 99
CALL = re.compile(r'(?P<name>\w+)\("(?P<expression>[^"]*)", (?P<operands>.*)\)')
AT_SPACES = re.compile(r" (?=[-+] )|(?<=,) ")  # in an expression
QUOTED = re.compile(r'"[^"]*"')


def wrapped(line: str) -> list[str]:
    """A long statement on several lines: an expression in quotes and its operands, or a sum.

    A comment stays where it has room.
    """
    if len(line) <= WIDTH:
        return [line]
    code, _, comment = line.partition("  # ")
    code = code.rstrip()
    if comment and len(code) <= WIDTH:
        return [code]
    call = _numexpr_call(code, comment)
    if call is not None:
        return call
    formula = QUOTED.fullmatch(code.strip().removesuffix(","))
    if formula and code.endswith(","):
        indent = _indent(code)
        lines = _quoted_lines(formula[0][1:-1], WIDTH - len(indent))
        return [f"{indent}{line}" for line in lines]
    return _folded(code, comment)


def _numexpr_call(code: str, comment: str) -> list[str] | None:
    """A formula in quotes and its operands, on lines of their own."""
    for operator in (" = ", " += ", " -= ", "return ", '": '):
        head, found, tail = code.partition(operator)
        if not found or ("(" in head and operator != '": '):
            continue
        call = CALL.fullmatch(tail.removesuffix(","))
        operands = _at_commas(call["operands"]) if call else None
        if call and operands:
            indent = _indent(code)
            comma = "," if tail.endswith(",") else ""
            room = WIDTH - len(indent + INDENT)
            inside = [*_quoted_lines(call["expression"], room), *_filled(operands, room)]
            first = f"{head}{operator}{call['name']}(" + (f"  # {comment}" if comment else "")
            return [first, *(f"{indent}{INDENT}{part}" for part in inside), f"{indent}){comma}"]
    return None


def _folded(code: str, comment: str = "") -> list[str]:
    """A long line broken before its outermost sums, else inside its longest brackets, and so on
    inside these."""
    if len(code) <= WIDTH:
        return [f"{code}  # {comment}" if comment else code]
    indent = _indent(code)
    for operator in (" = ", " += ", " -= ", "return "):
        head, found, tail = code.partition(operator)
        if not found or "(" in head:
            continue
        pieces = at_sums(tail)
        if len(pieces) > 1:
            first = f"{head}{operator}(" + (f"  # {comment}" if comment else "")
            return [first, *_pieces(indent, pieces), f"{indent})"]
        if len(head) > WIDTH // 2 and ", " in head:  # many names on the left
            names = _filled(head.strip().split(", "), WIDTH - len(indent + INDENT))
            named = (f"{indent}{INDENT}{line}" for line in names)
            return [f"{indent}(", *named, f"{indent}){operator}{tail}"]
    name, found, argument = code.partition('": ')  # an entry of a dict, or an argument
    head = name + found if found else indent
    pieces = at_sums((argument if found else code).strip().removesuffix(","))
    if len(pieces) > 1 and code.endswith(","):
        return [f"{head}(", *_pieces(indent, pieces), f"{indent}),"]
    return _in_brackets(code, comment)


def _in_brackets(code: str, comment: str) -> list[str]:
    """A long line with what its longest brackets hold on lines of their own."""
    start, stop = _longest_brackets(code)
    inside = code[start:stop]
    arguments = _at_commas(inside) or [inside]
    if len(inside) < WIDTH // 4 or (len(arguments) == 1 and _quotes_a_sum(inside)):
        return [code]
    pieces = [f"{argument}," for argument in arguments] if len(arguments) > 1 else at_sums(inside)
    first = f"{code[:start]}  # {comment}" if comment else code[:start]
    return [first, *_pieces(_indent(code), pieces), _indent(code) + code[stop:]]


def _pieces(indent: str, pieces: Iterable[str]) -> list[str]:
    return [line for piece in pieces for line in wrapped(f"{indent}{INDENT}{piece.strip()}")]


def _indent(code: str) -> str:
    return code[: len(code) - len(code.lstrip())]


def _quotes_a_sum(text: str) -> bool:
    """True where a formula stands in quotes, which may not be broken."""
    return any(AT_SPACES.search(quoted) for quoted in QUOTED.findall(text))


def _longest_brackets(text: str) -> tuple[int, int]:
    """Where the inside of the longest outermost brackets begins and ends; strings have none."""
    best, depth, start, quoted = (0, 0), 0, 0, False
    for place, c in enumerate(text):
        if c == '"' and text[place - 1 : place] != "\\":
            quoted = not quoted
        if quoted or c not in "([{}])":
            continue
        if c in "([{":
            start, depth = (place + 1 if depth == 0 else start), depth + 1
        else:
            depth -= 1
            best = max(best, (start, place), key=lambda b: b[1] - b[0]) if depth == 0 else best
    return best


def _quoted_lines(expression: str, room: int) -> list[str]:
    """An expression as adjacent strings, cut before its outermost sums, or inside if it must."""
    lines = [""]
    for term in at_sums(expression):
        pieces = [term] if len(term) + len('" ",') <= room else AT_SPACES.split(term)
        for piece in pieces:
            spaced = f" {piece}" if lines != [""] else piece
            if lines[-1] and len(f'"{lines[-1]}{spaced}",') > room:
                lines.append("")
            lines[-1] += spaced
    return [f'"{line}"' for line in lines[:-1]] + [f'"{lines[-1]}",']


def _filled(operands: Sequence[str], room: int) -> list[str]:
    """Arguments on as few lines as they need."""
    lines = [""]
    for operand in operands:
        if lines[-1] and len(f"{lines[-1]} {operand},") > room:
            lines.append("")
        lines[-1] += f" {operand}," if lines[-1] else f"{operand},"
    return lines


def _at_commas(text: str) -> list[str] | None:
    """Arguments one by one; None where the text closes a bracket that it has not opened."""
    pieces, depth, start, quoted = [], 0, 0, False
    for place, c in enumerate(text):
        if c == '"' and text[place - 1 : place] != "\\":
            quoted = not quoted
        if quoted:
            continue
        depth += (c in "([{") - (c in ")]}")
        if depth < 0:
            return None
        if depth == 0 and text[place : place + 2] == ", ":
            pieces.append(text[start:place])
            start = place + 2
    return [*pieces, text[start:]]


def at_sums(text: str) -> list[str]:
    """The terms of a sum, each with its sign; what stands in quotes is no sum."""
    pieces, depth, start, quoted = [], 0, 0, False
    for place, c in enumerate(text):
        if c == '"' and text[place - 1 : place] != "\\":
            quoted = not quoted
        if quoted:
            continue
        depth += (c in "([{") - (c in ")]}")
        if depth == 0 and text[place : place + 3] in (" + ", " - ") and place > start:
            pieces.append(text[start:place])
            start = place + 1
    return [*pieces, text[start:]]
