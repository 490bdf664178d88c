"""Densities of `scipy.stats`: formulas of what they are given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gdsym.tracing.tracer import elementwise, traced


def _log(value: Any) -> Any:
    return elementwise("log", value) if traced(value) else math.log(value)


def _standard(x: Any, loc: Any, scale: Any) -> Any:
    centred = elementwise("sub", x, loc)
    return centred if not traced(scale) and scale == 1 else elementwise("div", centred, scale)


def _normal_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    found = -(_standard(x, loc, scale) ** 2) / 2
    if traced(scale) or scale != 1:
        found = found - _log(scale)
    return found - math.log(2 * math.pi) / 2


def _normal(op: str, sign: int) -> Callable[..., Any]:
    def made(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
        z = _standard(x, loc, scale)
        return elementwise(op, z if sign > 0 else -z)

    return made


def _normal_pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    return _normal("normal_pdf", 1)(x, loc, scale) / scale


def _poisson_logpmf(k: Any, mu: Any) -> Any:
    return elementwise("xlogy", k, mu) - mu - elementwise("lgamma", elementwise("add", k, 1))


def _bernoulli_logpmf(k: Any, p: Any) -> Any:
    rest = elementwise("xlogy", elementwise("sub", 1, k), elementwise("sub", 1, p))
    return elementwise("xlogy", k, p) + rest


def _exponential_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    return -_standard(x, loc, scale) - _log(scale)


METHODS: dict[tuple[str, str], Callable[..., Any]] = {
    ("norm", "logpdf"): _normal_logpdf,
    ("norm", "pdf"): _normal_pdf,
    ("norm", "cdf"): _normal("normal_cdf", 1),
    ("norm", "sf"): _normal("normal_cdf", -1),
    ("norm", "logcdf"): _normal("log_normal_cdf", 1),
    ("norm", "logsf"): _normal("log_normal_cdf", -1),
    ("poisson", "logpmf"): _poisson_logpmf,
    ("bernoulli", "logpmf"): _bernoulli_logpmf,
    ("expon", "logpdf"): _exponential_logpdf,
}
