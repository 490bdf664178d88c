"""Random models: rewriting, deriving and emitting keep the value and the gradient."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Case, check_calculus, check_module

from gdsym.language.functions import REDUCTIONS

DIMS = {"n": 3, "k": 2, "j": 4}

# Smooth everywhere, and of moderate size on their own results.
FUNCTIONS = (
    *("sin({})", "cos({})", "tanh({})", "atan({})", "sigmoid({})", "exp(sin({}))", "erf({})"),
    *("softplus({})", "log_sigmoid({})", "normal_cdf({})", "log(normal_cdf({}))", "gelu(sin({}))"),
    *("log(1 + {}^2)", "sqrt(1 + {}^2)", "1/(2 + sin({}))", "tanh({})^3", "log(1 + exp({}))"),
    *("expm1(tanh({}))", "lgamma(2 + sin({}))", "log(2 + cos({}))", "exp(-{}^2)", "-{}"),
    *("exp(tanh({})) - 1", "log(1 - exp(-softplus({})))", "1 - sigmoid({})", "(2 + sin({}))^1.5"),
    *("log(sigmoid({}))", "{}/(1 + {}^2)", "xlogy(2, 2 + sin({}))", "digamma(2 + cos({}))"),
)
OPERATIONS = (
    *("{} + {}", "{} - {}", "{}*{}", "{}*{}", "{}/(2 + cos({}))", "logaddexp({}, {})"),
    *("(2 + sin({}))^cos({})", "log(exp(sin({})) + exp({}))", "atan2({}, 3 + sin({}))"),
    *("log_sigmoid({}*{})", "log(1 + exp({} - {}))", "exp(-({} - {})^2)"),
)
SMOOTH = [name for name in ("sum", "mean", "logsumexp", "var", "prod") if name in REDUCTIONS]
LEAVES = {
    "a": (),
    "b": (),
    "u": ("k",),
    "v": ("j",),
    "W": ("k", "j"),
    "x": ("n",),
    "U": ("n", "k"),
    "2": (),
    "0.3": (),
}
DATA = """\
dim k = 2
dim j = 4
data x[n], U[n, k]
data g[n] in k
param a = 0.3, b = -0.6
param u[k] = normal(0, 1), v[j] = normal(0, 1), W[k, j] = normal(0, 1)
"""


@st.composite
def models(draw):
    """A model text: up to four lets, each a random tree of earlier ones and leaves."""
    known = dict(LEAVES)
    lines = []

    def tree(depth):
        """Text and axes of a random expression."""
        kinds = ["leaf", "function", "operation", "operation", "reduction", "softmax", "gather"]
        kind = draw(st.sampled_from(kinds)) if depth else "leaf"
        if kind == "leaf":
            name = draw(st.sampled_from(sorted(known)))
            return name, known[name]
        if kind == "gather":  # of a name: its own axes need no brackets around them
            tables = [name for name, axes in sorted(known.items()) if "k" in axes]
            name = draw(st.sampled_from(tables))
            return f"{name}[g]", ("n", *(dim for dim in known[name] if dim not in "nk"))
        text, dims = tree(depth - 1)
        if kind == "operation":
            other, other_dims = tree(depth - 1)
            operation = draw(st.sampled_from(OPERATIONS))
            dims = tuple(dim for dim in DIMS if dim in dims or dim in other_dims)
            return f"({operation.format(f'({text})', f'({other})')})", dims
        if kind == "reduction" and dims:
            axis = draw(st.sampled_from(dims))
            left = tuple(dim for dim in dims if dim != axis)
            return f"{draw(st.sampled_from(SMOOTH))}[{axis}]({text})", left
        if kind == "softmax" and dims:
            return f"softmax[{draw(st.sampled_from(dims))}]({text})", dims
        function = draw(st.sampled_from(FUNCTIONS))
        return f"({function.replace('{}', f'({text})')})", dims

    terms = []
    for place in range(draw(st.integers(1, 4))):
        text, dims = tree(draw(st.integers(2, 4)))
        dims = tuple(dim for dim in DIMS if dim in dims)
        brackets = f"[{', '.join(dims)}]" if dims else ""
        lines.append(f"let t{place}{brackets} = sin({text})")
        known[f"t{place}"] = dims
        terms.append(f"t{place}*{draw(st.sampled_from(sorted(known)))}")
    lines.append(f"let f[n, k, j] = {' + '.join(terms)}")
    return DATA + "\n".join(lines) + "\nloss mean(f) + a^2 + sum(x)*b\n"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(models(), st.integers(0, 1000))
def test_a_random_model_keeps_its_value_and_gradient(text, seed):
    draw = np.random.default_rng(seed)
    data = {"x": draw.normal(size=3), "U": draw.normal(size=(3, 2)), "g": np.array([1, 0, 1])}
    case = Case(text, data)
    theta = draw.normal(size=case.problem.size)

    check_calculus(case, theta)
    check_module(case, theta, tolerance=1e-10)
