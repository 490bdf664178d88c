"""The `method` statement and schedules: what is read, and where each mistake is shown."""

import pytest

from gdsym.errors import SourceError
from gdsym.language.check import load_model
from gdsym.language.method import load_schedule
from gdsym.language.model import Schedule

MODEL = "data  t[n]\nconst lam = 2\nparam m\nloss  mean((t - m)^2)\n"
METHODS = {
    "adam": lambda: {"lr": True, "beta1": True, "tol": False},
    "lbfgs": lambda: {"memory": False, "tol": False},
}


def options(statement, methods=METHODS):
    return dict(load_model(f"{MODEL}method {statement}\n", "m.gd", methods).method.options)


def mistake(statement):
    """The line, column, message and mend of the only mistake of a statement."""
    with pytest.raises(SourceError) as caught:
        options(statement)
    (found,) = caught.value.diagnostics
    line, column = caught.value.source.position(found.span.start)
    assert line == 5
    return column, found.message, found.help


def test_a_number_is_a_number_and_an_expression_of_the_step_a_schedule():
    found = options("adam(lr = 0.1*0.99^t, beta1 = 1 - 1/4, tol = 1e-3)")

    assert isinstance(found["lr"], Schedule)
    assert found["lr"].text == "0.1*0.99^t"
    assert found["lr"].expr.dims == ()
    assert (found["beta1"], found["tol"]) == (0.75, 1e-3)


def test_t_is_the_step_also_in_a_model_whose_data_are_called_t():
    assert options("adam(lr = t)")["lr"].text == "t"


def test_the_text_of_a_schedule_has_no_comments():
    assert options("adam(lr = 0.1 # first\n  / t)")["lr"].text == "0.1 \n  / t"


def test_a_function_of_the_file_may_stand_in_a_schedule():
    text = f"def decay(s) = 0.1/(1 + s)\n{MODEL}method adam(lr = decay(t/T))"

    (lr,) = load_model(text, "m.gd", METHODS).method.options

    assert lr[1].text == "decay(t/T)"


@pytest.mark.parametrize(
    ("statement", "column", "message", "mend"),
    [
        ("adan(lr = 1)", 8, "there is no method `adan`", "did you mean `adam`?"),
        ("sgd", 8, "there is no method `sgd`", "the methods are adam, lbfgs"),
        ("adam(lrr = 1)", 13, "`adam` has no option `lrr`", "did you mean `lr`?"),
        ("adam(lr = fast)", 18, "`fast` is no value for `lr`", "expression of `t` and `T`"),
        ('adam(lr = "1/t")', 18, '`"1/t"` is no value for `lr`', "without quotes"),
        ("adam(tol = 1/t)", 19, "`tol` of `adam` is a number and cannot change", ""),
        ("lbfgs(memory = T)", 23, "`memory` of `lbfgs` is a number and cannot change", ""),
        ("adam(lr = 1/n)", 20, "`n` is a dimension: an option is a number, or", ""),
        ("adam(lr = lam/t)", 18, "`lam` is a constant: an option is a number, or", ""),
        ("adam(lr = 1/s)", 20, "unknown name `s`", ""),
        ("adam(lr = [1, t])", 18, "a list is no expression", ""),
        ("adam(lr = t[n])", 18, "`t` is a scalar and has no axis to index", ""),
        ("adam(lr = exp(t, 2))", 18, "`exp` takes one argument, found 2", ""),
    ],
)
def test_a_mistake_is_shown_at_its_place(statement, column, message, mend):
    found = mistake(statement)

    assert found[0] == column
    assert found[1].startswith(message)
    assert mend in found[2]


def test_without_a_list_of_methods_names_are_not_checked():
    assert options("mine(rate = 1, shuffle = rows)", None) == {"rate": 1.0, "shuffle": "rows"}


@pytest.mark.parametrize(
    "text",
    ["", "0.1*s", "lr = 1", "__import__('os')", "t\u202e", "(" * 200 + "t", "exp(1e9)", "x if t"],
)
def test_a_schedule_that_stands_alone_is_refused_at_its_place(text):
    with pytest.raises(SourceError, match=r"^option lr:1:\d+: error\["):
        load_schedule(text, "option lr")
