"""What contenders of several families share: losses by JAX and PyTorch, and NumPy by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.ours import joined
from benchmarks.race import Contender, Run, Vector

Arrays = Mapping[str, Any]


def jax_numpy() -> Any:
    """`jax.numpy` in double precision."""
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.numpy


def in_jax(loss: Callable[..., Any], theta: Vector, data: Arrays) -> Contender:
    """Value and gradient of `loss(xp, theta, **data)` by `jax.jit`."""

    def build() -> Run:
        xp = jax_numpy()
        import jax

        arrays = {name: xp.asarray(array) for name, array in data.items()}
        both = jax.jit(jax.value_and_grad(lambda t, held: loss(xp, t, **held)))

        def run() -> Vector:
            value, gradient = both(theta, arrays)
            return joined(float(value), np.asarray(gradient))

        return run

    return Contender("JAX", build, None)


def in_torch(loss: Callable[..., Any], theta: Vector, data: Arrays) -> Contender:
    """Value and gradient of the same loss by PyTorch's autograd, with its own threads."""

    def build() -> Run:
        import torch

        arrays = {name: torch.as_tensor(array) for name, array in data.items()}

        def run() -> Vector:
            t = torch.tensor(theta, requires_grad=True)
            value = loss(torch, t, **arrays)
            (gradient,) = torch.autograd.grad(value, t)
            return joined(value.item(), gradient.numpy())

        return run

    return Contender("PyTorch", build, None)


def in_numpy(both: Callable[..., tuple[float, Vector]], theta: Vector, data: Arrays) -> Contender:
    """Value and gradient by hand, with one BLAS thread."""
    return Contender("NumPy", lambda: lambda: joined(*both(theta, **data)))


def in_threaded_numpy(
    both: Callable[..., tuple[float, Vector]], theta: Vector, data: Arrays
) -> Contender:
    """The same with as many BLAS threads as there are cores."""
    return Contender("NumPy, BLAS threads", lambda: lambda: joined(*both(theta, **data)), None)
