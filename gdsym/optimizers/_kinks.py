"""Terms with a kink where groups of entries are 0: values, gradients and proximal steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdsym.optimizers._iterate import Kink, Mask, Matrix, Vector


def value(kinks: Sequence[Kink], x: Vector) -> float:
    """The sum of weight times length."""
    return float(sum(kink.weights @ _lengths(kink, x) for kink in kinks))


def gradient(kinks: Sequence[Kink], x: Vector) -> Vector:
    """The gradient of the groups that are not 0; 0 in the others."""
    found = np.zeros_like(x)
    for kink in kinks:
        lengths = _lengths(kink, x)
        share = np.where(lengths > 0, kink.weights / np.where(lengths > 0, lengths, 1.0), 0.0)
        found[kink.groups] += share[:, None] * x[kink.groups]
    return found


def curvature(kinks: Sequence[Kink], x: Vector) -> Matrix:
    """The Hessian of the groups that are not 0: weight/length times what is across the group."""
    found = np.zeros((len(x), len(x)))
    for kink in kinks:
        if kink.groups.shape[1] == 1:
            continue
        for group, weight, length in zip(
            kink.groups, kink.weights, _lengths(kink, x), strict=True
        ):
            if length > 0:
                along = x[group] / length
                across = np.eye(len(group)) - np.outer(along, along)
                found[np.ix_(group, group)] += weight / length * across
    return found


def at_zero(kinks: Sequence[Kink], x: Vector) -> Mask:
    """The entries of groups that are 0."""
    zero = np.zeros(len(x), dtype=bool)
    for kink in kinks:
        zero[kink.groups[_lengths(kink, x) == 0]] = True
    return zero


def crossed(kinks: Sequence[Kink], x: Vector, there: Vector) -> bool:
    """Whether an entry that is a group of its own has another sign at the other point."""
    return any(
        bool(np.any(x[kink.groups] * there[kink.groups] < 0))
        for kink in kinks
        if kink.groups.shape[1] == 1
    )


def least(kinks: Sequence[Kink], x: Vector, g: Vector) -> Vector:
    """The shortest subgradient; g is the gradient without the groups that are 0."""
    found = g.copy()
    for kink in kinks:
        zero = _lengths(kink, x) == 0
        found[kink.groups[zero]] = _shrunk(g[kink.groups[zero]], kink.weights[zero])
    return found


def proximal(kinks: Sequence[Kink], x: Vector, share: float) -> Vector:
    """The point that balances `share` times the terms and half the squared distance to x."""
    found = x.copy()
    for kink in kinks:
        found[kink.groups] = _shrunk(x[kink.groups], share * kink.weights)
    return found


def _lengths(kink: Kink, x: Vector) -> Vector:
    lengths: Vector = np.sqrt(np.sum(x[kink.groups] ** 2, axis=1))
    return lengths


def _shrunk(rows: Matrix, by: Vector) -> Matrix:
    """Each row shortened by a length, to exactly 0 where it is shorter."""
    lengths = np.sqrt(np.sum(rows**2, axis=1))
    kept = np.where(lengths > by, 1.0 - by / np.where(lengths > 0, lengths, 1.0), 0.0)
    if rows.shape[1] == 1:  # one rounding less
        return np.sign(rows) * np.maximum(np.abs(rows) - by[:, None], 0.0)
    return kept[:, None] * rows
