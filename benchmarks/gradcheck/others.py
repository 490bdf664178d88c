"""A loss and a gradient of one vector, as three other checkers hold them against differences.

Each has its own settings. What a function raises goes through its checker to whoever runs that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import check_grad


class Flat(NamedTuple):
    """A loss, its gradient, and the point where that is checked."""

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    point: Any


def scipy_difference(flat: Flat) -> float:
    """The length of the difference to the gradient by differences: its reader judges it."""
    return float(check_grad(*flat))


def torch_objection(flat: Flat) -> str:
    """What `torch.autograd.gradcheck` says is wrong, "" where nothing."""
    import torch

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, theta: Any) -> Any:
            context.save_for_backward(theta)
            return torch.tensor(flat.value(theta.detach().numpy()), dtype=torch.float64)

        @staticmethod
        def backward(context: Any, above: Any) -> Any:
            (theta,) = context.saved_tensors
            return above * torch.from_numpy(flat.slope(theta.detach().numpy()))

    theta = torch.tensor(flat.point, dtype=torch.float64, requires_grad=True)
    try:
        torch.autograd.gradcheck(Loss.apply, (theta,))
    except RuntimeError as error:  # GradcheckError is one
        return str(error)
    return ""


def jax_objection(flat: Flat) -> str:
    """What `jax.test_util.check_grads` says is wrong, "" where nothing."""
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    @jax.custom_vjp
    def objective(theta: Any) -> Any:
        return jax.pure_callback(
            lambda t: flat.value(np.asarray(t)), jax.ShapeDtypeStruct((), jnp.float64), theta
        )

    def forward(theta: Any) -> Any:
        return objective(theta), theta

    def backward(theta: Any, above: Any) -> Any:
        shape = jax.ShapeDtypeStruct(theta.shape, jnp.float64)
        return (above * jax.pure_callback(lambda t: flat.slope(np.asarray(t)), shape, theta),)

    objective.defvjp(forward, backward)
    try:
        check_grads(objective, (jnp.asarray(flat.point),), order=1, modes=["rev"])
    except AssertionError as error:
        return str(error)
    return ""
