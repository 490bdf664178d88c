"""Each function of the table as it is emitted, with its derivatives, at 1,000 points each.

The truth is in `data/functions.npz`, made at 50 digits by `data/functions.py`.
"""

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mpmath
import numexpr
import numpy as np
import pytest
from scipy import special

from gdsym.calculus.derive import derive
from gdsym.calculus.program import Graph, reachable
from gdsym.calculus.stabilise import rules
from gdsym.codegen.backends import backend as backend_called
from gdsym.codegen.lower import lowered
from gdsym.codegen.module import support
from gdsym.codegen.special import _lost
from gdsym.compiler import stages
from gdsym.language.functions import FUNCTIONS

sys.path.insert(0, str(Path(__file__).parent / "data"))
from functions import FLAT, STORED, orders

ULPS = 4
TRUTH = np.load(STORED)
NAMES = [name for name in FUNCTIONS if name not in FLAT]


def emitted(name, backend):
    """By order of differentiation, the Python text of the function of p0, p1, ..."""
    params = [f"p{place}" for place in range(len(FUNCTIONS[name].params))]
    terms = " + ".join(f"sum({param})" for param in params)
    made = stages(f"dim k = 2\nparam {', '.join(f'{p}[k]' for p in params)}\nloss {terms}", "m.gd")
    program = made.derived
    graph = Graph(program.graph.dims, rewrite=rules(program.model))
    axes = program.graph.known_leaf("param", "p0").axes
    leaves = [graph.leaf("param", param, axes) for param in params]
    found = {(): graph.call(name, *leaves)}
    for order in orders(name)[1:]:
        before = found[order[:-1]]
        whole = replace(program, graph=graph, value=graph.total(before, axes), grads={})
        found[order] = derive(whole).grads[params[order[-1]]] if before.axes else graph.number(0)
    low = Graph(graph.dims)
    at = lowered([*found.values(), *leaves], graph, low, None)
    known = {at[leaf]: param for leaf, param in zip(leaves, params, strict=True)}
    return {order: written(at[node], known, axes[0], backend) for order, node in found.items()}


def written(node, known, row, backend):
    printer = backend_called(backend)
    writer = printer.writer({}, row, {"k": "k"})
    writer.known = dict(known)
    writer.count([node])
    writer.write(reachable([node]), [node])
    found = f"found = {writer.text(node).code}"
    return "\n".join([support(writer.helpers), printer.support, *writer.lines, found])


def computed(text, tried):
    scope = {f"p{place}": np.ascontiguousarray(column) for place, column in enumerate(tried.T)}
    scope |= {"np": np, "special": special, "ne": numexpr}
    with np.errstate(all="ignore"):  # as in a module
        exec(f"from __future__ import annotations\n{text}", scope)
    return np.broadcast_to(scope["found"], len(tried)).astype(float)


# Next to where doubles end, results have the error of a factor that ends sooner, and subnormal
# ones may lose all digits.
END = 1e-305
LAST = 1e-321


def errors(found, exact, rest):
    """In units in the last place."""
    tiny = np.abs(exact) < END
    with np.errstate(all="ignore"):
        off = np.abs((found - exact) / np.spacing(np.abs(exact)) - rest / 256)
        off[np.isinf(exact)] = np.where(found == exact, 0, np.inf)[np.isinf(exact)]
        subnormal = np.abs(exact) < np.finfo(float).tiny
        near = (found == 0) | (np.abs(found - exact) <= np.abs(exact))
        near = (subnormal & near) | (np.abs(found - exact) <= LAST)
        off[tiny & near] = 0
    off[np.isnan(off)] = np.inf
    return off


@pytest.mark.parametrize("name", NAMES)
def test_the_points_are_ordinary_and_tiny_and_huge(name):
    sizes = np.abs(TRUTH[f"{name}.points"])

    bounded = name in ("asin", "acos", "asin_slope")
    assert (sizes < 1e-30).any() and ((sizes > 1e-3) & (sizes < 1e3)).any()
    assert bounded or (sizes > 100).any()


@pytest.mark.parametrize("backend", ["numpy", "numexpr"])  # numba: test_codegen_numba.py
@pytest.mark.parametrize("name", NAMES)
def test_a_function_and_its_derivatives_are_right_at_1000_points(name, backend):
    tried, exact, rest = (TRUTH[f"{name}.{part}"] for part in ("points", "high", "rest"))
    texts = emitted(name, backend)

    assert len(tried) == 1000
    for order, wanted, left in zip(orders(name), exact, rest, strict=True):
        off = errors(computed(texts[order], tried), wanted, left)
        worst = np.argmax(off)
        assert off[worst] <= ULPS, (order, off[worst], tried[worst].tolist())


def test_what_a_difference_loses_to_rounding_is_exact():
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(2, 1000)) * 10.0 ** draw.integers(-20, 20, size=(2, 1000))

    for x, y, lost in zip(a, b, _lost(a, b), strict=True):
        assert Fraction(x) - Fraction(y) == Fraction(x - y) + Fraction(lost)


FAR = [
    ("normal_cdf", [0.0, 1.0], [0.0, 0.0]),
    ("erfc", [2.0, 0.0], [0.0, 0.0]),
    ("gelu", [0.0, 1e200], [0.0, 1.0]),
    ("log_normal_cdf", [-np.inf, 0.0], [1e200, 0.0]),
]


@pytest.mark.parametrize(("name", "values", "slopes"), FAR)
def test_beyond_the_points_the_limits_are_right(name, values, slopes):
    tried = np.array([[-1e200], [1e200]])
    texts = emitted(name, "numpy")

    assert computed(texts[()], tried).tolist() == values
    assert computed(texts[(0,)], tried).tolist() == slopes


@pytest.mark.parametrize("name", ["lgamma", "digamma", "trigamma"])
def test_gamma_functions_of_negative_arguments_are_those_of_the_real_part(name):
    tried = np.array([[-0.25], [-0.75], [-1.5], [-2.625], [-7.0625], [-20.3]])
    texts = emitted(name, "numpy")
    first = ("lgamma", "digamma", "trigamma").index(name) - 1

    for count, order in enumerate(orders(name), first):
        found = computed(texts[order], tried)
        for x, value in zip(tried[:, 0], found, strict=True):
            exact = mpmath.loggamma(x).real if count < 0 else mpmath.psi(count, x)
            # Next to a pole, x*pi loses digits.
            assert abs(value - exact) <= 1e-13 * max(1, abs(exact))
