"""Sums of squares: which they are, and that their residuals make the value up."""

from fractions import Fraction
from pathlib import Path

import pytest
from oracle import MP, Case
from zoo import ZOO

from gdsym.calculus.notation import Notation
from gdsym.calculus.program import Number
from gdsym.calculus.structure.squares import squares
from gdsym.compiler import stages

EXAMPLES = Path(__file__).parent.parent / "examples"

# What of the zoo is a sum of squares, with the number of residuals and of those, the loss's.
SQUARES = {
    "biased_factors": (5, 1),
    "blend": (1, 1),
    "expectile": (1, 1),  # the weight changes in jumps: its root is a weight of the residual
    "factorization_machine": (2, 1),
    "glove": (1, 1),
    "growth": (1, 1),
    "himmelblau": (2, 2),
    "isotonic": (1, 1),
    "kernel_regression": (1, 1),
    "kernel_ridge": (2, 1),
    "least_squares": (1, 1),
    "logistic_growth": (1, 1),
    "nonnegative": (1, 1),
    "predators": (4, 4),
    "principal": (1, 1),
    "rosenbrock": (2, 2),
    "smile": (1, 1),
    "smoothing": (2, 1),
    "squared_hinge": (2, 1),  # max(0, 1 - m)^2 is the square of max(0, 1 - m)
    "standardized_ridge": (2, 1),
    "two_layers": (4, 1),
    "two_way": (3, 1),
    "yield_curve": (1, 1),
}
OF_EXAMPLES = {"diabetes": 1, "factorisation": 3, "films": 5, "ridge": 2, "svm": 2}


def found(text):
    made = stages(text, "model.gd").stable
    return made, squares(made)


@pytest.mark.parametrize("name", ZOO)
def test_the_sums_of_squares_of_the_zoo(name):
    _, answer = found(ZOO[name][0])

    assert (answer is not None) == (name in SQUARES)
    if answer is not None:
        assert (len(answer.residuals), answer.own) == SQUARES[name]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.gd")), ids=lambda path: path.stem)
def test_the_sums_of_squares_of_the_examples(path):
    _, answer = found(path.read_text(encoding="utf-8"))

    assert (len(answer.residuals) if answer else None) == OF_EXAMPLES.get(path.stem)


def rest(case, theta):
    """The value less what the residuals make of it: a constant."""
    program = case.stages.stable
    answer = squares(program)
    scale = answer.scale
    if isinstance(scale, Fraction):
        scale = program.graph.number(scale)
    front = case.table(scale, theta, program)[()]
    squared = sum(
        MP.convert(entry) ** 2
        for residual in answer.residuals
        for entry in case.table(residual, theta, program).values()
    )
    return case.value(theta) - front * squared


@pytest.mark.parametrize("name", SQUARES)
def test_the_residuals_of_the_zoo_make_up_the_value(name):
    case = Case(*ZOO[name])

    # 50 digits; no model of the zoo has a constant beside its squares
    assert abs(rest(case, case.theta)) < 1e-30 * max(1, abs(case.value(case.theta)))


ROWS = {"x": [0.3, 0.9, 2.0], "y": [1.0, 0.2, -0.5], "wt": [0.5, 2.0, 1.0]}
HEAD = "data x[n], y[n], wt[n] >= 0\nparam a = 0.7, b = 0.4\nconst c = 3, d > 0 = 2\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("nll sum((y - a - b*x)^2/8 + log(2*pi))", 1),  # a constant in every row
        ("observe y ~ normal(a + b*x, 2)\nprior a ~ normal(1, 3)", 2),
        ("loss sum(wt*(y - a*x)^2)/sum(wt) + a^2/n", 2),
        ("loss 3*(a - 1)^4 + sum((y - b)^2)", 2),
        ("loss norm(y - exp(a*x))^2 + c*b^2 - 7", 2),
        ("maximize -sum((y - a*x)^2)", 1),
        ("loss sum(where(x > 1, (y - a)^2, d*(y - b)^2))", 1),
        ("loss sum(where(x > 1, (y - a)^2, 0))", 1),
        ("loss sum((y - a)^2*(x - b)^2)", 1),
        ("loss sum((y - a*x)^2 + b^2)", 2),  # b^2 in every row
        ("loss sum(wt*((y - a*x)^2 + b^2))", 2),
        ("let r = y - a*x\nloss (r @ r)/2 + (a^2 + b^2)/3", 3),
        ("loss -(-d)*sum((y - a*x)^2)", 1),
    ],
)
def test_what_counts_as_a_sum_of_squares(text, count):
    case = Case(HEAD + text, ROWS)
    theta = case.theta

    _, answer = found(HEAD + text)

    assert answer is not None
    assert len(answer.residuals) == count
    # What is left does not depend on the parameters.
    assert abs(rest(case, theta) - rest(case, 2 * theta + 0.1)) < 1e-30


@pytest.mark.parametrize(
    "text",
    [
        "loss sum(abs(y - a*x))",
        "loss sum((y - a*x)^3)",
        "loss sum((y - a*x)^2) + b",  # linear: below any bound
        "loss sum((y - a*x)^2) - b^2",
        "loss sum(huber(y - a*x, 1)) + b^2",
        "loss sum((y - a*x)^2) + abs(b)",
        "loss sum((y - a*x)^2*exp(b))",  # a weight that moves is part of the question
        "loss sum((y - a*x)^2*sign(b))",
        "loss sum(where(b > 0, (y - a)^2, 1))",  # the constant comes and goes
        "loss log(sum((y - a*x)^2))",
        "loss sum(x)",
        "loss (-d)*sum((y - a*x)^2)",
    ],
)
def test_what_does_not(text):
    assert found(HEAD + text)[1] is None


def test_weights_of_unknown_sign_are_named():
    made, answer = found("data y[n], wt[n]\nparam a\nconst c\nloss sum(wt*(y - a)^2) + c*a^2")

    notation = Notation.of(made)
    assert sorted(notation.text(node) for node in answer.assumed) == ["c", "wt"]


def test_the_scale_is_a_number_or_what_cannot_be_zero():
    def scale(loss):
        made, answer = found(HEAD + loss)
        shown = made.graph.number(answer.scale) if isinstance(answer.scale, Fraction) else None
        return Notation.of(made).text(shown or answer.scale)

    assert scale("loss sum((y - a*x)^2)/2") == "0.5"
    assert scale("loss mean((y - a*x)^2)") == "1/n"
    assert scale("loss c*sum((y - a*x)^2)/2 + a^2") == "0.5"  # c might be set to 0
    assert scale("loss 100*(a - b^2)^2 + (1 - a)^2") == "1"


def test_roots_of_square_numbers_are_numbers():
    made, answer = found("param a = 2, b\nloss 100*(b - a^2)^2 + (1 - a)^2")

    numbers = [node for r in answer.residuals for node in r.operands if isinstance(node, Number)]
    assert made.graph.number(10) in numbers
