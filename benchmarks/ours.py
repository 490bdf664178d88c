"""gdsym as a contender, once for each backend that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import gdsym
from benchmarks.race import Contender, Run, Vector

# `auto` chooses among the others. A backend that this gdsym does not know, or whose library is
# not installed, is left out with its reason, as a peer is.
BACKENDS = ("numpy", "numba", "auto")


def name(backend: str) -> str:
    return f"gdsym {backend}"


def is_ours(contender: str) -> bool:
    return contender.startswith("gdsym")


def with_problem(
    text: str,
    data: Mapping[str, Any],
    use: Callable[[Any], Run],
    dims: Mapping[str, int] | None = None,
) -> tuple[Contender, ...]:
    """A contender per backend: `use` makes the call from the model bound to the data."""

    def build(backend: str) -> Run:
        module = gdsym.compile(text, backend=backend).module
        return use(module.bind(**data, **({"dims": dims} if dims else {})))

    return each(build)


def each(build: Callable[[str], Run]) -> tuple[Contender, ...]:
    """A contender per backend, built by its name, with the threads that it takes by itself."""
    return tuple(Contender(name(b), partial(build, b), None) for b in BACKENDS)


def joined(value: float, gradient: Vector) -> Vector:
    """Value and gradient as one answer."""
    return np.append(gradient, value)
