"""The options of methods: those that all of them share, and their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable

# The options of every method, and what each must be. The seed is for starts and shuffles.
COMMON = {
    "tol": "a number from 0 up",
    "max_iter": "a whole number from 0 up",
    "batch_size": "a whole number from 1 up",
    "epochs": "a whole number from 1 up",
    "shuffle": "rows or blocks",
    "seed": "a whole number from 0 up",
}
FOR_RULES = ("batch_size", "epochs", "shuffle")
# What a model's `method` may state: an option there is a number.
STATED = tuple(option for option in COMMON if option != "shuffle")


def own_options(minimize: Callable[..., object]) -> dict[str, float]:
    """The options of a method that is Python, with their defaults."""
    parameters = inspect.signature(minimize).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
