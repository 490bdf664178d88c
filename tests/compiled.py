"""Generated modules for the tests of them, and a truth about gradients that is not theirs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import gdsym


@functools.cache
def module(text: str, *update: str) -> Any:
    """The generated module of a model text, with the update functions of some rules."""
    return gdsym.compile(text, update=list(update) if update else None).module


def slope(f: Callable[[np.ndarray], float], at: np.ndarray, h: float = 1e-3) -> np.ndarray:
    """The gradient of f by differences of fourth order: an error of about h^4 + 1e-16/h."""
    at = np.asarray(at, dtype=float)

    def along(e: np.ndarray) -> float:
        near, far = f(at + h * e) - f(at - h * e), f(at + 2 * h * e) - f(at - 2 * h * e)
        return (8 * near - far) / (12 * h)

    return np.array([along(e) for e in np.eye(at.size)])


def assert_gradient(problem: Any, theta: np.ndarray) -> None:
    """The gradient is the slope of the problem's own value."""
    scale = max(1.0, abs(problem.value(theta)))
    expected = slope(problem.value, theta)
    np.testing.assert_allclose(problem.grad(theta), expected, rtol=1e-7, atol=1e-9 * scale)
