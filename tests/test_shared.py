"""Long products that share factors, and how the text of a deep model grows."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp
from oracle import Case

from gdsym.calculus.program import Axis, Graph, Map, reachable
from gdsym.calculus.shared import shared
from gdsym.compiler import compile_text

ROW = Axis("n")


def chain(lets: int) -> str:
    links = [f"let t{i} = tanh(a*t{i - 1} + b)" for i in range(1, lets + 1)]
    head = ["data x[n], y[n]", "param a = 1, b", "let t0 = x"]
    return "\n".join([*head, *links, f"loss mean((y - t{lets})^2)"])


def products(graph: Graph, roots) -> list[int]:
    """How many factors each product below the roots has."""
    found = [node for node in reachable(roots) if isinstance(node, Map) and node.op == "mul"]
    return sorted(len(node.args) for node in found)


def test_what_two_long_products_share_is_multiplied_once():
    graph = Graph(("n",))
    v, w, x, y, z = (graph.leaf("data", name, (ROW,)) for name in "vwxyz")

    one, other = graph.mul(v, w, x, y), graph.mul(v, w, x, z)
    at = shared(graph, [one, other])

    assert products(graph, [one, other]) == [4, 4]
    assert products(graph, [at[one], at[other]]) == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda g, v, w, x: [g.mul(v, w), g.mul(v, w, x)],  # short, as they are written
        lambda g, v, w, x: [g.mul(v, w, x), g.mul(v, v, w)],  # one factor alone in common
        lambda g, v, w, x: [  # what may cancel stays free
            g.mul(v, g.call("exp", w), g.call("log", x)),
            g.mul(w, g.call("exp", w), g.call("log", x)),
        ],
        lambda g, v, w, x: [  # scalars stay free to leave a sum
            g.mul(v, *(g.leaf("param", name) for name in "abc")),
            g.mul(w, *(g.leaf("param", name) for name in "abc")),
        ],
    ],
)
def test_other_products_stay(make):
    graph = Graph(("n",))
    roots = make(graph, *(graph.leaf("data", name, (ROW,)) for name in "vwx"))

    at = shared(graph, roots)

    assert [at[root] for root in roots] == roots


def test_a_deep_chain_has_the_derivatives_of_forty_digits():
    x, y = np.array([0.3, -1.2, 2.0, 0.7, -0.4]), np.array([0.1, -0.6, 0.9, 0.2, -0.3])
    case = Case(chain(9), {"x": x, "y": y})
    a, b = theta = case.problem.pack(a=1.3, b=-0.2)

    def loss(a, b):
        total = mp.mpf(0)
        for start, wanted in zip(x, y, strict=True):
            t = mp.mpf(start)
            for _ in range(9):
                t = mp.tanh(a * t + b)
            total += (mp.mpf(wanted) - t) ** 2
        return total / len(x)

    with mp.workdps(40):
        g = [mp.diff(loss, (a, b), order) for order in ((1, 0), (0, 1))]
        H = [mp.diff(loss, (a, b), order) for order in ((2, 0), (1, 1), (1, 1), (0, 2))]

    got = case.problem.value_grad_hess(theta)
    along = [case.problem.hvp(theta, unit) for unit in np.eye(2)]
    np.testing.assert_allclose(got[1], np.array(g, dtype=float), rtol=1e-12)
    np.testing.assert_allclose(got[2].ravel(), np.array(H, dtype=float), rtol=1e-12)
    np.testing.assert_allclose(along, got[2], rtol=1e-12)


def test_the_text_of_a_chain_grows_by_the_same_lines_with_every_let():
    lines = [compile_text(chain(lets), "chain.gd").count("\n") for lets in (20, 40, 80)]

    first, then = (lines[1] - lines[0]) / 20, (lines[2] - lines[1]) / 40
    assert then < 1.1 * first
    # The value, the gradient, three blocks of the Hessian, its product with a direction, scores
    # and residuals; spelled out, products of six slopes made it 370.
    assert then < 150
