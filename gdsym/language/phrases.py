"""Small phrases of messages."""

from __future__ import annotations


def indexable(text: str) -> str:
    """The text as it stands before `.T` or `[`."""
    return text if text.replace("_", "").isalnum() else f"({text})"


def counted(count: int) -> str:
    """`no argument`, `one argument`, `3 arguments`."""
    return {0: "no argument", 1: "one argument"}.get(count, f"{count} arguments")


def an(kind: str) -> str:
    """A kind of value with its article."""
    if kind == "data":
        return kind
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
