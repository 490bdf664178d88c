"""The alignment of axes by name: what shape an element-wise operation has, or why it has none.

Pure functions of dimension lists. `language.md`, "Dimensions have names", numbers the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdsym.language.model import Dims


@dataclass(frozen=True, slots=True)
class Conflict:
    """The rule that two operands break, and which two they are."""

    rule: int
    first: int
    second: int


def align(operands: Sequence[Dims], written: Dims) -> Dims | Conflict:
    """The dims of an element-wise operation; `written` are those of all enclosing brackets.

    A sum or product of several operands is aligned as a whole, so that its order is free.
    """
    shaped = [(dims, i) for i, dims in enumerate(operands) if dims]
    if not shaped:
        return ()
    first, i = shaped[0]
    others = [(dims, j) for dims, j in shaped if dims != first]
    if not others:
        return first
    largest, i = max(shaped, key=lambda entry: len(set(entry[0])))
    for dims, j in shaped:
        if dims == largest:
            continue
        if len(set(dims)) < len(dims) or len(set(largest)) < len(largest):
            return Conflict(4, *sorted((i, j)))
        if set(dims) == set(largest):
            return Conflict(3, *sorted((i, j)))
    outside = next((j for dims, j in shaped if not set(dims) <= set(largest)), None)
    if outside is None:
        return largest
    union = {axis for dims, _ in shaped for axis in dims}
    if union <= set(written):
        return tuple(axis for axis in dict.fromkeys(written) if axis in union)
    return Conflict(5, *sorted((i, outside)))


def contract(left: Dims, right: Dims) -> Dims | None:
    """The dims of `left @ right`; None where the two axes that meet are not the same."""
    if not left or not right or left[-1] != right[0]:
        return None
    return left[:-1] + right[1:]


def shown(dims: Dims) -> str:
    """`[n, d]`, or `a scalar`."""
    return f"[{', '.join(dims)}]" if dims else "a scalar"
