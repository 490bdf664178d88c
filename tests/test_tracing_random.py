"""Random NumPy programs: each is traced, which holds the model against the program.

A program is a loss of arrays with named dimensions; every rule of broadcasting, products, indices
and linear algebra occurs, with the same dimension twice as well.
"""

import random

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import expit

import gdsym

SHAPES = ["X=n,d", "y=n", "R=n,k", "W=d,k", "w=d", "b=k", "c=n in k", "S=d,d"]
ARGUMENTS = "w, W, b, s, X, y, R, c, S"
LEAVES = {
    **{"w": "d", "W": "dk", "b": "k", "s": "", "X": "nd", "y": "n", "R": "nk", "S": "dd"},
    **{"(X @ X.T)": "nn", "np.eye(len(y))": "nn", "cdist(X, X)": "nn", "np.outer(y, b)": "nk"},
    **{"y[:, None]": "n1", "w[None, :]": "1d", "X[:, None, :]": "n1d", "X[None, :, :]": "1nd"},
}
LENGTHS = {"n": "len(y)", "d": "X.shape[1]", "k": "W.shape[1]"}
VECTORS = {"n": "y", "d": "w", "k": "b"}
ENTRYWISE = (
    *("np.tanh({})", "np.exp(-({})**2)", "({})**2", "-({})", "np.logaddexp(0, {})"),
    *("expit({})", "np.abs({})", "np.maximum({}, 0)", "({}/len(y))", "(3 - {})", "({}*W.size)"),
)
GATHERS = {
    "k": ("({})[c]", "n"),
    "kd": ("({})[c]", "nd"),
    "nk": ("({})[np.arange(len(c)), c]", "n"),
    "dk": ("({})[:, c]", "dn"),
}


def broadcast(a, b):
    size = max(len(a), len(b))
    pairs = list(zip(a.rjust(size, "1"), b.rjust(size, "1"), strict=True))
    if any(x != y and "1" not in (x, y) for x, y in pairs):
        return None
    return "".join(x if y == "1" else y for x, y in pairs)


def program(draw, depth):
    """The text of an expression, and its shape, a letter per axis."""
    if depth == 0:
        return draw.choice(list(LEAVES.items()))
    text, shape = program(draw, depth - 1)
    kind = draw.choice(("entry", "pair", "pair", "pair", "product", "reduce", "turn", "index",
                        "expand", "where", "linear", "einsum"))  # fmt: skip
    if kind == "entry":
        return draw.choice(ENTRYWISE).format(text), shape
    if kind == "turn":
        return f"({text}).T", shape[::-1]
    if kind == "index" and shape in GATHERS:
        form, after = GATHERS[shape]
        return form.format(text), after
    if kind == "reduce" and shape:
        axis, keep = draw.randrange(len(shape)), draw.random() < 0.4
        after = shape[:axis] + "1" * keep + shape[axis + 1 :]
        name = draw.choice(("sum", "mean", "max", "var"))
        return f"np.{name}({text}, axis={axis}, keepdims={keep})", after
    if kind == "expand" and len(shape) == 1:
        return f"({text})[:, None]", shape + "1"
    if kind in ("linear", "einsum") and len(shape) == 2 and "1" not in shape:
        return (linear if kind == "linear" else einsum)(draw, text, shape)
    return joined(draw, kind, text, shape, *program(draw, depth - 1))


def linear(draw, text, shape):
    row, column = shape
    vector = VECTORS[row]
    matrix = f"({text} @ ({text}).T + np.eye({LENGTHS[row]}))"
    forms = [
        (f"np.linalg.inv{matrix}", row * 2),
        (f"np.linalg.solve({matrix}, {vector})", row),
        (f"np.linalg.solve({matrix}, {text})", shape),
        (f"np.linalg.slogdet{matrix}[1]", ""),
        (f"np.log(np.diag(np.linalg.cholesky{matrix})).sum()", ""),
    ]
    if row == column:
        forms += [(f"np.trace({text})", ""), (f"np.diag({text})", row)]
    return draw.choice(forms)


def einsum(draw, text, shape):
    return draw.choice((
        (f"np.einsum('ij->ji', {text})", shape[::-1]),
        (f"np.einsum('ij,ij->i', {text}, {text})", shape[0]),
        (f"np.einsum('ij,kj->ik', {text}, {text})", shape[0]*2),
    ))  # fmt: skip


def joined(draw, kind, a, shape, b, other):
    if kind == "product" and shape and other and "1" not in shape + other:
        if len(shape) < 3 and len(other) < 3 and shape[-1] == other[0]:
            return f"({a} @ {b})", shape[:-1] + other[1:]
        if len(shape) < 3 and len(other) == 2 and shape[-1] == other[1]:
            return f"({a} @ ({b}).T)", shape[:-1] + other[:1]
    after = broadcast(shape, other)
    if after is None or len(after) > 3:
        return a, shape
    if kind == "where":
        return f"np.where({a} > {b}, {a}, {b})", after
    return f"({a} {draw.choice('+-*')} {b})", after


def source(seed):
    draw = random.Random(seed)
    (u, shape), (v, other) = (program(draw, draw.randint(1, 4)) for _ in range(2))
    both = "u*v" if broadcast(shape, other) is not None else "v"
    lines = [f"u = {u}", f"v = {v}", f"return np.sum(u) + np.mean({both})"]
    return "\n    ".join([f"def loss({ARGUMENTS}):", *lines])


@pytest.mark.parametrize("seed", range(120))
def test_a_random_program_is_traced_to_a_model_that_has_its_values(seed):
    names = {"np": np, "cdist": cdist, "expit": expit}
    exec(compile(source(seed), "program.py", "exec"), names)

    text = gdsym.trace(names["loss"], SHAPES, params="w, W, b, s")

    assert text.startswith("model loss\n"), source(seed)
