"""Each function of the table as it is emitted, with its derivatives, at 1,000 points each.

The truth is in `data/functions.npz`, made at 50 digits by `data/functions.py`.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from gdsym.calculus.derive import derive
from gdsym.calculus.program import Graph, reachable
from gdsym.calculus.stabilise import rules
from gdsym.codegen.backends.numpy import Writer
from gdsym.codegen.lower import lowered
from gdsym.compiler import stages
from gdsym.language.functions import FUNCTIONS

sys.path.insert(0, str(Path(__file__).parent / "data"))
from functions import FLAT, STORED, orders

ULPS = 4
TRUTH = np.load(STORED)
NAMES = [name for name in FUNCTIONS if name not in FLAT]


# -- what is not reached -------------------------------------------------------------------------


def of(size):
    def bound(exact, *args):
        return size * np.maximum(1, 1 / np.abs(exact))

    bound.__doc__ = f"{size} ulp, of 1 where the result is smaller: it is the difference of terms"
    return bound


def rounded_difference(exact, a, b):
    """`5 + abs(a - b)` ulp: the difference is rounded, then stands in an exponent"""
    return 5 + np.abs(a - b)


def rounded_exponent(exact, x, y):
    """`5 + 2*max(1, abs(y))*abs(log(x))` ulp: the exponent y - 1 is rounded"""
    return 5 + 2 * np.maximum(1, np.abs(y)) * np.abs(np.log(x))


def power_by_both(exact, x, y):
    """the same, of the larger of the two terms"""
    terms = x ** (y - 1) * (1 + np.abs(y * np.log(x)))
    return rounded_exponent(exact, x, y) * np.maximum(1, terms / np.abs(exact))


def beta_terms(function):
    def bound(exact, a, b):
        terms = [np.abs(function(z)) for z in (a, b, a + b)]
        return 16 * np.maximum(1, np.max(terms, axis=0) / np.abs(exact))

    bound.__doc__ = "16 ulp of the largest term of the difference that it is"
    return bound


def trigamma(x):
    return special.polygamma(1, x)


BOUNDS = {
    ("tanh", (0,)): 5,
    ("atan2", (0, 1)): 5,
    **{("turn_by_y", (1,)): 5, ("turn_by_x", (0,)): 5},
    ("sigmoid", (0, 0)): 5,
    **{("pow", order): rounded_exponent for order in ((0,), (0, 0))},
    ("pow", (0, 1)): power_by_both,
    ("gelu", ()): 6,
    **{("gelu", order): of(4) for order in ((0,), (0, 0))},
    **{("gelu_slope", order): of(4) for order in ((), (0,))},
    ("logaddexp", ()): of(2),
    **{("logaddexp", order): rounded_difference for order in ((0,), (1,), (0, 0), (0, 1), (1, 1))},
    ("erfc", ()): 6,
    ("erfcx", ()): 8,
    ("normal_cdf", ()): 6,
    ("log_normal_cdf", ()): 6,
    **{("log_normal_cdf", (0, 0)): 128, ("mills", (0,)): 128, ("mills_gap", ()): 128},
    ("lgamma", ()): of(4),
    ("lgamma", (0, 0)): 7,
    **{("trigamma", order): 7 for order in ((0,), (0, 0))},
    **{("tetragamma", (0,)): 8, ("pentagamma", ()): 8},
    ("beta_ln", ()): beta_terms(lambda x: 1 + np.abs(special.gammaln(x))),
    **{("beta_ln", (place,)): beta_terms(special.digamma) for place in (0, 1)},
    **{("beta_ln", order): beta_terms(trigamma) for order in ((0, 0), (1, 1))},
    ("beta_ln", (0, 1)): 8,
}


def bound_rows():
    """The rows of `docs/functions.md` on what is coarser than the rest."""
    rows = ["| function | derivative | error at most |", "| --- | --- | --- |"]
    for (name, order), bound in BOUNDS.items():
        entry = FUNCTIONS[name]
        if not entry.hidden or name == "pow":
            call = "x^y" if name == "pow" else f"{name}({', '.join(entry.params)})"
            by = "by " + ", ".join(entry.params[place] for place in order) if order else "itself"
            rows.append(
                f"| `{call}` | {by} | {bound.__doc__ if callable(bound) else f'{bound} ulp'} |"
            )
    return rows


# -- the test ------------------------------------------------------------------------------------


def emitted(name):
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
    return {order: written(at[node], known) for order, node in found.items()}


def written(node, known):
    writer = Writer({}, None, {"k": "k"})
    writer.known = dict(known)
    writer.count([node])
    writer.write(reachable([node]), [node])
    return "\n".join([*writer.lines, f"found = {writer.text(node).code}"])


def computed(text, tried):
    scope = {f"p{place}": np.ascontiguousarray(column) for place, column in enumerate(tried.T)}
    scope |= {"np": np, "special": special}
    with np.errstate(all="ignore"):  # as in a module
        exec(text, scope)
    return np.broadcast_to(scope["found"], len(tried)).astype(float)


def errors(found, exact, rest):
    """In units in the last place; 0 may stand for a subnormal number, inf for what is as large."""
    tiny = np.abs(exact) < np.finfo(float).tiny
    with np.errstate(all="ignore"):
        off = np.abs((found - exact) / np.spacing(np.abs(exact)) - rest / 256)
        off[np.isinf(exact)] = np.where(found == exact, 0, np.inf)[np.isinf(exact)]
        near = (found == 0) | (np.abs(found - exact) <= np.abs(exact))
        off[tiny] = np.where(near, 0, np.inf)[tiny]
    off[np.isnan(off)] = np.inf
    return off


@pytest.mark.parametrize("name", NAMES)
def test_a_function_and_its_derivatives_are_right_at_1000_points(name):
    tried, exact, rest = (TRUTH[f"{name}.{part}"] for part in ("points", "high", "rest"))
    texts = emitted(name)

    assert len(tried) == 1000
    for order, wanted, left in zip(orders(name), exact, rest, strict=True):
        bound = BOUNDS.get((name, order), ULPS)
        with np.errstate(all="ignore"):
            most = (
                bound(wanted, *tried.T) if callable(bound) else np.full(len(tried), float(bound))
            )
        most[~np.isfinite(most)] = np.inf
        off = errors(computed(texts[order], tried), wanted, left)
        worst = np.argmax(off / most)
        assert (off <= most).all(), (order, off[worst], most[worst], tried[worst].tolist())
