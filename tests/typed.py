"""The value of a typed expression in NumPy, straight from its definition: no compiler involved."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from gdsym.language import model as m

FUNCTIONS: dict[str, Any] = {
    "add": lambda *a: sum(a),
    "mul": lambda *a: np.prod(np.broadcast_arrays(*a), axis=0),
    "neg": np.negative,
    "inv": lambda x: 1 / x,
    "pow": np.power,
    "eq": np.equal,
    "gt": np.greater,
    "or": np.logical_or,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "abs": np.abs,
    "where": np.where,
    "sigmoid": special.expit,
    "log_sigmoid": special.log_expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "lgamma": special.gammaln,
    "beta_ln": special.betaln,
    "log1mexp": lambda x: np.log(-np.expm1(x)),
    "log_normal_cdf": special.log_ndtr,
}
REDUCTIONS: dict[str, Any] = {
    "sum": np.sum,
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
    "prod": np.prod,
    "logsumexp": special.logsumexp,
}


def value(expr: m.Expr, names: dict[str, Any], sizes: dict[str, int]) -> np.ndarray:
    """The array of an expression, with the axes of its dims; no dimension stands twice."""

    def along(part: m.Expr, dims: m.Dims) -> np.ndarray:
        found = value(part, names, sizes)
        order = [part.dims.index(axis) for axis in dims if axis in part.dims]
        shape = [sizes[axis] if axis in part.dims else 1 for axis in dims]
        return np.transpose(found, order).reshape(shape)

    match expr:
        case m.Number():
            return np.float64(expr.value)
        case m.Constant():
            return np.float64(np.pi)
        case m.Size():
            return np.float64(sizes[expr.dim])
        case m.Ref():
            return np.asarray(names[expr.name])
        case m.Apply():
            return FUNCTIONS[expr.function](*(along(arg, expr.dims) for arg in expr.args))
        case m.Broadcast() | m.Relabel():
            dims = expr.dims if isinstance(expr, m.Broadcast) else expr.arg.dims
            return np.broadcast_to(along(expr.arg, dims), [sizes[axis] for axis in expr.dims])
        case m.MatMul():
            return np.tensordot(value(expr.left, names, sizes), value(expr.right, names, sizes), 1)
        case m.Reduce():
            over = tuple(expr.arg.dims.index(axis) for axis in expr.axes)
            return REDUCTIONS[expr.function](value(expr.arg, names, sizes), axis=over)
        case m.Train():
            return value(expr.arg, names, sizes)
        case m.Shift():
            codes = value(expr.index, names, sizes) + expr.by
            return np.clip(codes, 0, sizes[expr.dim] - 1).astype(int)
        case m.Take():
            return _taken(expr, names, sizes)
    raise NotImplementedError(expr)


def _taken(expr: m.Take, names: dict[str, Any], sizes: dict[str, int]) -> np.ndarray:
    arg = value(expr.arg, names, sizes)
    out = np.empty([sizes[axis] for axis in expr.dims])
    for place in np.ndindex(out.shape):
        at = dict(zip(expr.dims, place, strict=True))
        entry = []
        for axis, index in zip(expr.arg.dims, expr.indices, strict=True):
            if index is None:
                entry.append(at[axis])
            else:
                assert not isinstance(index, m.Label)
                codes = np.asarray(value(index, names, sizes))
                entry.append(int(codes[tuple(at[own] for own in index.dims)]))
        out[place] = arg[tuple(entry)]
    return out
