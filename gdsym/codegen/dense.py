"""Dense second-order steps that a generated module carries where `--update` asks for them.

Each function here is emitted as it stands, with those that it calls. A step changes theta and its
state in place; the caller evaluates the objective, and with its value f no step leads uphill.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any  # a float64 array


# == emitted from here ==
def _halved(theta: Array, f: float | None, state: dict[str, Any]) -> bool:
    """Goes back half of the last step where f has not fallen; True if so."""
    if f is None or f <= state["f"]:
        return False
    state["step"] = 0.5 * state["step"]
    theta[:] = state["x"] + state["step"]
    return True


def _stepped(theta: Array, f: float | None, state: dict[str, Any], step: Array) -> Array:
    """Takes a step and remembers from where."""
    state["f"] = math.inf if f is None else f
    state["x"], state["step"] = theta.copy(), step
    theta += step
    return theta


def init_newton(theta: Array) -> dict[str, Any]:
    """The state of newton before its first step."""
    return {"t": 0, "f": math.inf, "x": theta.copy(), "step": np.zeros_like(theta)}


def update_newton(
    theta: Array, g: Array, H: Array, state: dict[str, Any], *, f: float | None = None
) -> Array:
    """One step of Newton's method: theta and state change in place.

    H is the Hessian at theta. Where it is not positive definite, the step is downhill by the
    sizes of its eigenvalues, in coordinates in which its diagonal is 1. With the value f at
    theta, a step that led uphill, or to what is not finite, is halved instead.
    """
    state["t"] += 1
    if _halved(theta, f, state):
        return theta
    size = np.abs(np.diagonal(H))
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    values, vectors = np.linalg.eigh(H / scale[:, None] / scale)
    values = np.abs(values)
    least = theta.size * np.finfo(float).eps * np.max(values, initial=1.0)
    slopes = vectors.T @ (g / scale)
    return _stepped(theta, f, state, -(vectors @ (slopes / np.maximum(values, least))) / scale)


def init_bfgs(theta: Array) -> dict[str, Any]:
    """The state of bfgs before its first step."""
    return {**init_newton(theta), "g": np.zeros_like(theta), "inverse": None}


def update_bfgs(theta: Array, g: Array, state: dict[str, Any], *, f: float | None = None) -> Array:
    """One step of BFGS with a dense inverse: theta and state change in place.

    Nocedal and Wright, 2006, equation 6.17; left out where the gradient shows no positive
    curvature. With the value f at theta, a step that led uphill, or to what is not finite, is
    halved instead.
    """
    state["t"] += 1
    if _halved(theta, f, state):
        return theta
    s, y = theta - state["x"], g - state["g"]
    bend = s @ y
    if state["t"] > 1 and bend > np.finfo(float).eps * (y @ y):
        if state["inverse"] is None:
            state["inverse"] = bend / (y @ y) * np.eye(theta.size)
        seen = state["inverse"] @ y
        across = np.outer(seen, s)
        more = 1.0 + (y @ seen) / bend
        state["inverse"] = state["inverse"] + (more * np.outer(s, s) - across - across.T) / bend
    state["g"] = g.copy()
    if state["inverse"] is not None and g @ state["inverse"] @ g > 0:
        return _stepped(theta, f, state, -(state["inverse"] @ g))
    state["inverse"] = None
    return _stepped(theta, f, state, -g / max(1.0, float(np.linalg.norm(g))))
