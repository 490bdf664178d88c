"""Options that change with the step, from their text to the steps of a fit."""

import subprocess
import sys

import numpy as np
import pytest

import gdsym
from gdsym.cache import load_module
from gdsym.cli import run
from gdsym.compiler import compile_text
from gdsym.errors import GdsymError, SourceError, UsageError
from gdsym.recipe import Recipe
from gdsym.run import read_method, schedules

# f(x) = x^2/2, so that gd makes x *= 1 - lr at every step.
HALF = "param x = 1\nloss x^2/2\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(tmp_path / "cache"))


def after(rates):
    """x after gradient steps of these lengths from 1."""
    return float(np.prod(1 - np.array(rates)))


# -- the compiled functions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reads", "function"),
    [
        ("0.1*0.99^t", ("t",), lambda t, T: 0.1 * 0.99**t),
        ("0.1*0.5^(t/T)", ("t", "T"), lambda t, T: 0.1 * 0.5 ** (t / T)),
        ("0.1/sqrt(t)", ("t",), lambda t, T: 0.1 / np.sqrt(t)),
        ("where(t <= 10, t/10, 1)*2", ("t",), lambda t, T: np.where(t <= 10, t / 10, 1.0) * 2),
        ("max(1e-3, 1 - t/T)", ("t", "T"), lambda t, T: np.maximum(1e-3, 1 - t / T)),
        ("(1 + cos(pi*t/T))/2", ("t", "T"), lambda t, T: (1 + np.cos(np.pi * t / T)) / 2),
        ("1/2", (), lambda t, T: 0.5 + 0 * t),
        ("digamma(3)", (), lambda t, T: 0.9227843350984671 + 0 * t),
    ],
)
def test_a_schedule_becomes_a_function_of_the_module(text, reads, function):
    module = load_module(compile_text(HALF, "half.gd", Recipe(schedules={"lr": text})))
    entry = module.SCHEDULES[text]
    t = np.arange(1.0, 41.0)

    assert entry["reads"] == reads
    found = np.broadcast_to(entry["function"](t, 40.0), t.shape)
    np.testing.assert_allclose(found, function(t, 40.0), rtol=1e-14)


def test_a_function_that_is_used_many_times_over_is_written_out_once():
    model = f"def f(s) = sin(s) + cos(s)\n{HALF}method gd(lr = {'f(' * 12}t{')' * 12})\n"
    text = compile_text(model, "m.gd")

    assert len(text[text.index("def _schedule_1") :].partition("\n\n\n")[0]) < 2_000


def test_two_options_of_one_text_share_a_function():
    text = compile_text(
        HALF, "half.gd", Recipe(schedules={"lr": "1/t", "beta1": "1/t", "eps": "2/t"})
    )

    assert text.count("def _schedule_") == 2


# -- fits ----------------------------------------------------------------------------------------


def test_a_schedule_of_the_model_is_followed_step_by_step():
    result = gdsym.fit(f"{HALF}method gd(lr = 0.5*0.9^t, epochs = 20)")

    assert result.params["x"] == pytest.approx(after(0.5 * 0.9 ** np.arange(1, 21)), rel=1e-13)
    assert result.options["lr"] == "0.5*0.9^t"


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "gd", "lr": "0.5*0.9^(t/T)"},
        {"method": "gd(lr=0.5*0.9^(t/T))"},
        {"method": "gd ( lr = 0.5*0.9^(t/T) ) "},
        {"method": "gd", "options": {"lr": " 0.5*0.9^(t/T) "}},
        {"method": "gd", "lr": "(+(0.5*\n0.9^(t/T)))  # falls"},
    ],
    ids=str,
)
def test_a_schedule_of_the_caller_is_followed_step_by_step(asked):
    result = gdsym.fit(HALF, epochs=10, **asked)

    rates = 0.5 * 0.9 ** (np.arange(1, 11) / 10)
    assert result.params["x"] == pytest.approx(after(rates), rel=1e-13)


def test_a_step_of_a_mini_batch_is_a_step():
    model = gdsym.compile("data y[n]\nparam x = 1\nloss mean(0*y + x^2/2)")

    result = model.fit(y=np.zeros(6), method="gd", lr="1/(1 + t)/T", epochs=3, batch_size=2)

    t = np.arange(1, 10)  # 3 epochs of 3 batches
    assert result.params["x"] == pytest.approx(after(1 / (1 + t) / 9), rel=1e-13)


def test_any_option_of_a_rule_may_be_a_schedule():
    constant = gdsym.fit(HALF, method="adam", options={"beta1": 0.5}, epochs=7)
    same = gdsym.fit(HALF, method="adam", options={"beta1": "0.5 + 0*t"}, epochs=7)
    other = gdsym.fit(HALF, method="adam", options={"beta1": "1/(1 + t)"}, epochs=7)

    assert same.params == constant.params
    assert other.params != constant.params


def test_a_schedule_of_the_model_holds_beside_another_option_of_the_caller():
    model = gdsym.compile(f"{HALF}method momentum(lr = 0.1/t, epochs = 4)")

    result = model.fit(options={"beta": 0.0})

    assert result.params["x"] == pytest.approx(after(0.1 / np.arange(1, 5)), rel=1e-14)


def test_the_fit_file_has_the_schedule_as_a_text(tmp_path):
    result = gdsym.fit(HALF, method="gd", lr="0.5/t", epochs=3)
    result.save(tmp_path / "fit.json")

    again = gdsym.load(tmp_path / "fit.json")

    assert again.options == result.options == {"lr": "0.5/t", "tol": 1e-8, "epochs": 3}


SECOND_FIT = """
import sys
from gdsym.cli import run
from gdsym.recipe import Recipe
assert run({arguments!r}) == 0
print("gdsym.run.loop" in sys.modules, "sympy" in sys.modules, "lark" in sys.modules)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lr", "0.5*0.9^(t/T)"],
        ["--method", "adam(lr=0.1/t, beta1=0.8)"],
        ["--method", "./mine.gd"],
    ],
    ids=str,
)
def test_a_second_fit_with_a_schedule_needs_neither_sympy_nor_lark(tmp_path, arguments):
    (tmp_path / "m.gd").write_text(f"{HALF}method gd(lr = 0.3/t, epochs = 4)")
    (tmp_path / "mine.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g/t\n")
    script = SECOND_FIT.format(arguments=["fit", "m.gd", "--epochs", "5", *arguments])
    command = [sys.executable, "-c", script]

    answers = [
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True) for _ in range(2)
    ]

    lines = [answer.stdout.splitlines()[-1] for answer in answers]
    assert lines == ["True True True", "True False False"], answers[0].stderr


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"method": "gd", "lr": "0.1*s"}, r"option lr:1:5: error\[name\]: unknown name `s`"),
        ({"method": "gd(lr=0.1*)"}, r"option lr:1:4: error\[syntax\]"),
        ({"method": "gd", "lr": "0.1/T"}, "no number of steps is set\nhelp: `T` is the number"),
        ({"method": "gd", "lr": "1/(t - 3)", "epochs": 9}, r"is inf at step 3 of 9"),
        ({"method": "gd", "lr": "log(5 - t)", "epochs": 9}, r"is -inf at step 5 of 9"),
        ({"method": "lbfgs", "lr": "0.1/t"}, "`lbfgs` has no option `lr`"),
        ({"method": "lbfgs(memory=5*t)"}, "`memory` is .5.t., but it must be a number"),
        ({"method": "gd(tol=0.1/t)"}, "must be a number from 0 up"),
        ({"method": "gd(lr=0.1, lr=0.2)"}, "the option `lr` is given twice"),
        ({"method": "gd(lr=0.1)", "lr": 0.2}, "the option `lr` is given twice"),
        ({"lr": 0.1, "options": {"lr": 0.2}}, "the option `lr` is given twice"),
        ({"method": "gd(0.1)"}, "`0.1` is no option"),
        ({"method": "gd(rate=0.1)"}, "`gd` has no option `rate`"),
        ({"method": "gd)"}, "there is no method"),
        ({"method": "gd", "lr": "nan"}, "it must be a number"),
        ({"method": "gd", "lr": ""}, "expected an expression, found nothing"),
        ({"method": "gd", "lr": len}, "it must be a number"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(asked, message):
    with pytest.raises(GdsymError, match=message):
        gdsym.fit(HALF, **asked)


def test_a_schedule_is_never_run_as_python(tmp_path):
    target = tmp_path / "made"

    for text in (f"open({str(target)!r}, 'w')", "(lambda: 1)()", "t.__class__", "[t for t in t]"):
        with pytest.raises(SourceError):
            gdsym.fit(HALF, method="gd", lr=text)

    assert not target.exists()


# -- the brackets behind a method ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        (None, None, {}),
        ("adam", "adam", {}),
        ("adam()", "adam", {}),
        ("adam(lr=0.1)", "adam", {"lr": "0.1"}),
        ("adam(lr=max(1, 2), eps=(1))", "adam", {"lr": "max(1, 2)", "eps": "(1)"}),
        ("./a (1)/mine.gd", "./a (1)/mine.gd", {}),
        ("./a (1)/mine.gd(lr=1/t)", "./a (1)/mine.gd", {"lr": "1/t"}),
    ],
)
def test_a_method_is_read_with_the_options_in_its_brackets(text, name, options):
    assert read_method(text, {"seed": None}) == (name, options)


def test_only_texts_that_are_no_numbers_are_schedules():
    given = {"lr": "1/t", "beta": "0.5", "eps": 1e-8, "tol": "abc"}

    assert schedules(given) == {"lr": "1/t"}


# -- rule files ----------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_rule_file_takes_options_that_python_and_the_module_have_words_for(here):
    rule = (
        "optimizer mine(lambda = 0.1, theta = 1, state = 1)\nupdate x = x - lambda*theta*state*g"
    )
    (here / "mine.gd").write_text(rule)

    result = gdsym.fit(HALF, method="./mine.gd(lambda=0.5, theta=1/t)", epochs=5)

    assert result.params["x"] == pytest.approx(after(0.5 / np.arange(1, 6)), rel=1e-14)
    assert result.options["lambda"] == 0.5


def test_a_state_begins_with_options_and_the_start_and_a_let_keeps_what_it_saw(here):
    (here / "mine.gd").write_text(
        "optimizer mine(lr = 0.1, first = 3)\n"
        "state s = first\n"
        "state y = x0\n"
        "let   old = x\n"
        "update x = x - lr*g\n"
        "update s = x - old\n"
    )
    module = gdsym.compile(HALF, update=["./mine.gd"]).module
    theta = np.array([2.0])
    state = module.init_mine(theta, first=5.0)

    assert (state["s"][0], state["y"][0]) == (5.0, 2.0)
    module.update_mine(theta, np.array([1.0]), state, lr=0.25)
    assert (theta[0], state["s"][0], state["y"][0]) == (1.75, -0.25, 2.0)
    assert gdsym.fit(HALF, method="./mine.gd(first=1/t)", epochs=2).params["x"] == 0.81


def test_a_rule_may_use_special_functions(here):
    (here / "mine.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*erf(g)\n")

    result = gdsym.fit(HALF, method="./mine.gd", epochs=1)

    assert result.params["x"] == pytest.approx(1 - 0.1 * 0.8427007929497149, rel=1e-14)


def test_a_rule_that_reads_the_number_of_steps_is_told_one(here):
    (here / "mine.gd").write_text("optimizer mine(lr = 0.5)\nupdate x = x - lr*g/T\n")

    with pytest.raises(UsageError, match="`mine` reads `T`, and no number of steps is set"):
        gdsym.fit(HALF, method="./mine.gd")
    assert gdsym.fit(HALF, method="./mine.gd", epochs=4).params["x"] == after([0.125] * 4)


@pytest.mark.parametrize("method", ["./mine.gd", "mine.gd", "./mine.gd(lr=1)"])
def test_a_mistake_in_a_rule_file_is_shown_at_its_place_there(here, method):
    (here / "mine.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*gg\n")
    (here / "models").mkdir()
    model = here / "models" / "mine.gd"  # a model of the same name is not the one that is wrong
    model.write_text(HALF)

    with pytest.raises(SourceError, match=r"^\./mine\.gd:2:19: error\[name\]: unknown name `gg`"):
        gdsym.compile(model).fit(method=method)
    with pytest.raises(SourceError, match=r"^\./mine\.gd:2:19: error"):
        gdsym.compile(model, update=["./mine.gd"])


def test_a_compiled_rule_file_is_a_method_by_its_name(here):
    (here / "file.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")
    model = gdsym.compile(HALF, update=["./file.gd", "adam"])

    assert model.fit(method="mine", epochs=1).params["x"] == 0.9
    assert model.fit(method="mine", lr="0.2/t", epochs=1).params["x"] == 0.8
    assert model.fit(method="./file.gd", epochs=1).params["x"] == 0.9


def test_a_rule_file_named_like_a_shipped_rule_is_the_file(here):
    (here / "adam.gd").write_text("optimizer adam(lr = 0.1)\nupdate x = x - lr*g\n")
    text = f"{HALF}method adam(beta1 = 0.5, epochs = 1)"

    assert gdsym.fit(text, method="./adam.gd", epochs=1).params["x"] == 0.9
    with pytest.raises(UsageError, match="two of the rules are called `adam`"):
        gdsym.compile(text, update=["adam", "./adam.gd"])


def test_a_rule_file_without_its_ending_is_refused():
    with pytest.raises(UsageError, match=r"\./mine is no rule file"):
        gdsym.fit(HALF, method="./mine")


@pytest.mark.parametrize(
    "text", ["method adan", "method adam(lrr = 1)", "method lbfgs(epochs = 1)"]
)
def test_the_compiler_knows_the_methods_that_ship_and_their_options(text):
    with pytest.raises(SourceError, match=r"^model\.gd:3:\d+: error\[name\]"):
        gdsym.compile(HALF + text)


def test_the_command_line_takes_rule_files_and_shows_their_mistakes(here, capsys):
    (here / "half.gd").write_text(HALF)
    (here / "mine.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")
    (here / "wrong.gd").write_text("optimizer wrong(lr = 0.1)\nupdate x = x - lr*gg\n")

    assert run(["compile", "half.gd", "--update", "./mine.gd,adam", "-o", "half.py"]) == 0
    assert run(["fit", "half.gd", "--method", "./mine.gd(lr=1/(1 + t))", "--epochs", "3"]) == 0
    assert "def update_mine(" in (here / "half.py").read_text()
    for command in (["compile", "half.gd", "--update"], ["fit", "half.gd", "--method"]):
        capsys.readouterr()
        assert run([*command, "./wrong.gd"]) == 2
        assert capsys.readouterr().err.startswith("./wrong.gd:2:19: error[name]")
