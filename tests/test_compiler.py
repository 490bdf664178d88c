"""Compiling large and hostile texts: work that grows as they do, or an ordinary error."""

import numpy as np
import pytest
from compiled import assert_gradient, module
from work import calls

from gdsym.compiler import compile_text, stages
from gdsym.errors import SourceError

HEAD = "data X[n, d]\ndata y[n]\nparam w[d], b\n"
X = np.linspace(-1, 1, 15).reshape(5, 3)
Y = np.cos(np.arange(5))
THETA = np.array([0.3, -0.2, 0.1, 0.4])


def lines(pattern, count):
    return "".join(pattern.format(i=i, j=i + 1, half=i // 2) for i in range(count))


def large(name, share=1):
    """A large model; one that is a half or a quarter as large with this `share`."""
    size = int(LARGE[name][0] * share)
    return LARGE[name][1](size)


LARGE = {
    "nested maps": (
        95, lambda size: HEAD + "loss sum(" + "sigmoid(" * size + "X @ w + b" + ")" * size + ")"
    ),
    "chained lets": (
        100, lambda size: HEAD + "let z0 = X @ w + b\n"
        + lines("let z{j} = tanh(z{i})*z{i} + {i}/50\n", size) + f"loss sum(z{size})"
    ),
    "lets that double": (
        40, lambda size: "param x = 0.1\nlet a0 = x + 0.1\n"
        + lines("let a{j} = a{i}*(1 - a{i})\n", size) + f"loss a{size}"
    ),
    "terms": (
        300, lambda size: HEAD + "loss "
        + " + ".join(f"sum((y - X @ w*{i} - b)^2)" for i in range(1, size + 1))
    ),
    "terms of a row": (
        300, lambda size: HEAD + "loss sum(" + " + ".join(
            f"exp(-b*y/{i})*log(1 + exp(X @ w + {i}))" for i in range(1, size + 1)) + ")"
    ),
    "lines": (
        994, lambda size: HEAD + "let z0 = X @ w + b\n"
        + lines("let z{j} = sigmoid(z{i}) + {i}/1000*z{half}\n", size) + f"loss sum(z{size})"
    ),
    "parameters": (
        500, lambda size: lines("param p{i} = {i}\n", size)
        + "loss " + " + ".join(f"(p{i} - {i})^2*p{i * 7 % size}" for i in range(size))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_a_large_model_is_right(name):
    generated = module(large(name))

    problem = generated.bind(**({"X": X, "y": Y} if generated.DATA else {}))
    theta = THETA if generated.DATA else problem.init() + 0.01 * (problem.size < 3)
    assert np.isfinite(problem.value(theta))
    if problem.size < 10:
        assert_gradient(problem, theta)
    else:
        step = np.eye(problem.size)[7] / 1024
        slope = (problem.value(theta + step) - problem.value(theta - step)) * 512
        assert problem.grad(theta)[7] == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("name", LARGE)
def test_the_work_of_a_large_model_grows_as_its_text_does(name):
    compile_text("param x\nloss x^2", "small.gd")  # reads the tables, once

    def work(share):
        text = large(name, share)
        return calls(lambda: compile_text(text, "large.gd"))

    # Twice for what is linear, and something for sorting; four times for what is quadratic.
    assert work(1 / 2) < 2.6 * work(1 / 4)


def test_the_work_is_linear_in_the_length_of_a_chain():
    def nodes(count):
        text = HEAD + "let z0 = X @ w + b\n" + lines("let z{j} = tanh(z{i})*z{i}\n", count)
        made = stages(f"{text}loss sum(z{count})", "model.gd")
        return len(compile_text(f"{text}loss sum(z{count})", "model.gd")), len(made.plan.passes)

    (short, passes), (long, _) = nodes(40), nodes(80)
    (longer, _) = nodes(160)

    assert passes == 1
    assert longer - long < 2.2 * (long - short)


HOSTILE = {
    "a tower of powers": "param x\nloss x*9**9**9",
    "a tower of powers above a parameter": "param x\nloss x^9^9^9^9^9",
    "a large exponent of a number": "param x\nloss x*10^400",
    "a number beyond doubles": "param x\nloss x*1e99999",
    "a number below doubles": "param x\nloss x + 1e-99999",
    "a division by zero": "param x\nloss x/0",
    "a power of zero": "param x\nloss x*0^-1",
    "a hundred thousand digits": "param x\nloss x*" + "9" * 100_000,
    "ten thousand parentheses": "param x\nloss " + "(" * 10_000 + "x" + ")" * 10_000,
    "ten thousand minus signs": "param x\nloss " + "-" * 10_000 + "x",
    "ten thousand nots": "param x\nloss " + "not " * 10_000 + "x",
    "ten thousand calls": "param x\nloss " + "exp(" * 10_000 + "x" + ")" * 10_000,
    "ten thousand open brackets": "param x\nloss " + "(" * 10_000,
    "ten thousand indices": "param x\nloss " + "x[" * 10_000,
    "ten thousand powers": "param x\nloss x" + "^x" * 10_000,
    "ten thousand transposes": "data S[d, d]\nparam x[d]\nloss sum(S" + ".T" * 10_000 + " @ x)",
    "ten thousand products": "data S[d, d]\nparam x[d]\nloss sum(" + "S @ " * 10_000 + "x)",
    "functions that double": (
        "def f0(a) = a*exp(a)\n" + lines("def f{j}(a) = f{i}(f{i}(a))\n", 30)
        + "param x\nloss f30(x)"
    ),
    "functions that branch": (
        "def f0(a) = a*exp(a)\n" + lines("def f{j}(a) = f{i}(a) + f{i}(a + {j})\n", 30)
        + "param x\nloss f30(x)"
    ),
    "a function of itself": "def f(a) = f(a - 1)\nparam x\nloss f(x)",
    "a huge dimension": "dim k = 1000000000000\nparam x[k]\nloss sum(x^2)",
    "nothing": "",
    "a line of brackets": "]" * 10_000,
    "NUL": "param x\nloss x\0",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_an_ordinary_error(name):
    def refused():
        with pytest.raises(SourceError) as caught:
            compile_text(HOSTILE[name], "hostile.gd")
        return str(caught.value)

    message = refused()
    assert message.startswith("hostile.gd:")
    assert len(message) < 5_000
    assert calls(refused) < 3_000_000  # the largest text has 50,000 tokens


@pytest.mark.parametrize(
    "text",
    [
        "param x\nloss x" + " + x*x" * 3_000,
        "param x\nloss x" + "*exp(x)" * 3_000,
        "param x\nloss x" + " or x" * 3_000,
        "param x\nlet a0 = x\n" + lines("let a{j} = a{i} + a{i}\n", 1_500) + "loss a1500",
        "param x\nloss x*1e300*1e300",
        "const c[q] = [" + "1, " * 3_000 + "1]\nparam x\nloss x*sum(c)",
        "param " + "x" * 10_000 + "\nloss " + "x" * 10_000,
        'param x "' + "x" * 10_000 + '"\nloss x',
        "data X[" + ", ".join(f"d{i}" for i in range(40)) + "]\nparam x\nloss sum(X)*x",
    ],
    ids=["sum", "product", "or", "overflow", "too large", "vector", "name", "doc", "axes"],
)
def test_a_long_text_is_none_the_worse(text):
    compile(compile_text(text, "long.gd"), "long.py", "exec")

    assert calls(lambda: compile_text(text, "long.gd")) < 10_000_000  # the largest 4 million
