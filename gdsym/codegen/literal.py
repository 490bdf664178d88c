"""Descriptions as Python literals that a person can read."""

from __future__ import annotations

from collections.abc import Mapping

WIDTH = 96


def assignment(name: str, value: object, annotation: str = "") -> str:
    """`NAME = value`, one entry per line where one line is too short."""
    head = f"{name}: {annotation}" if annotation else name
    return f"{head} = {literal(value, len(head) + 3, 0)}"


def literal(value: object, used: int, indent: int) -> str:
    """A literal of dicts, tuples, strings and numbers; `used` columns stand before it."""
    flat = _flat(value)
    if used + len(flat) <= WIDTH or not isinstance(value, (dict, tuple)) or not value:
        return flat
    inner = indent + 4
    pad = " " * inner
    if isinstance(value, dict):
        items = [
            f"{pad}{_flat(key)}: {literal(item, inner + len(_flat(key)) + 3, inner)},"
            for key, item in value.items()
        ]
        return "{\n" + "\n".join(items) + "\n" + " " * indent + "}"
    items = [f"{pad}{literal(item, inner + 1, inner)}," for item in value]
    return "(\n" + "\n".join(items) + "\n" + " " * indent + ")"


def _flat(value: object) -> str:
    if isinstance(value, str):
        return string(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        inner = ", ".join(_flat(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float):
        return number(value)
    return repr(value)


def string(text: str) -> str:
    """A literal, double-quoted where the text holds no double quote."""
    escaped = repr(text)
    if '"' in text or escaped.startswith('"'):
        return escaped
    return f'"{escaped[1:-1]}"'


def number(value: float) -> str:
    """The shortest text of a double; infinities by name."""
    if value == float("inf"):
        return "np.inf"
    if value == float("-inf"):
        return "-np.inf"
    return repr(float(value))


def block(text: str) -> str:
    """A text of several lines as a triple-quoted literal that evaluates to exactly that text."""
    if "\r" in text or any(ord(c) < 32 and c not in "\n\t" for c in text):
        return repr(text)
    body = text.rstrip('"')
    quotes = '\\"' * (len(text) - len(body))  # they would end the literal too soon
    body = body.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\\\n{body}{quotes}"""'
