import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from gdsym.cli import run

LINE = "data x[n], y[n]\nparam a, b\nconst lam = 0\nloss mean((y - a*x - b)^2)\n"
CSV = "x,y\n1,4\n2,7\n4,13\n"


def gdsym(command: str) -> int:
    return run(command.split())


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a model and its data, and a model that needs none."""
    (tmp_path / "line.gd").write_text(LINE)
    (tmp_path / "line.csv").write_text(CSV)
    (tmp_path / "none.gd").write_text("param a\nloss (a - 1)^2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_fit_prints_the_parameters_and_how_it_ended(here, capsys):
    code = gdsym("fit line.gd line.csv")

    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["parameter", "value"]
    assert lines[1].split() == ["a", "3.00000"]
    assert lines[2].split() == ["b", "1.00000"]
    assert lines[-1].startswith("converged after ")
    assert err.splitlines() == [
        "x: column x",
        "y: column y",
        "method gauss_newton: linear least squares, 2 parameters",
    ]


def test_float32_rounds_the_data_and_nothing_else(here, capsys):
    (here / "tenths.csv").write_text("x,y\n0,0.1\n1,0.3\n")

    assert gdsym("fit line.gd tenths.csv --json --dtype float32") == 0

    params = json.loads(capsys.readouterr().out)["params"]
    assert params["b"] == pytest.approx(0.10000000149011612, rel=1e-14)
    assert params["a"] == pytest.approx(0.30000001192092896 - 0.10000000149011612, rel=1e-14)


@pytest.mark.parametrize("count", ["2", "7"])
def test_more_threads_print_the_same(here, capsys, count):
    gdsym("fit line.gd line.csv")
    expected = capsys.readouterr().out.splitlines()

    assert gdsym(f"fit line.gd line.csv --threads {count}") == 0

    assert capsys.readouterr().out.splitlines()[:-1] == expected[:-1]  # the last has the seconds
    assert gdsym("fit line.gd line.csv --threads 0") == 2
    assert "--threads is 0, but it must be a whole number from 1 up" in capsys.readouterr().err


def test_json_is_one_object_with_exactly_the_documented_keys(here, capsys):
    code = gdsym("fit line.gd line.csv --json")

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert sorted(answer) == sorted(
        [
            *("model", "method", "status", "message", "objective", "loss", "grad_norm"),
            *("iterations", "evaluations", "seconds", "n_rows", "params", "dims"),
            *("std_errors", "covariance", "certificate", "inference", "predictions"),
        ]
    )
    assert answer["model"] == "line"
    assert answer["n_rows"] == 3
    assert answer["params"] == pytest.approx({"a": 3, "b": 1})


RESIDUAL = "data x[n], y[n]\nparam a, b\nresidual y - a*x - b\npredict zero = -b/a\n"
NOISY = "x,y,town\n1,4,north\n2,7.5,south\n4,12.5,north\n7,22,south\n8,26,east\n"


def test_the_table_of_estimates_and_what_it_rests_on(here, capsys):
    (here / "noisy.gd").write_text(RESIDUAL)
    (here / "noisy.csv").write_text(NOISY)

    assert gdsym("fit noisy.gd noisy.csv --level 0.9") == 0

    lines = capsys.readouterr().out.splitlines()
    header = "parameter estimate std error t p 90% from to"
    assert lines[0].split() == header.split()
    assert [line.split()[0] for line in lines[1:3]] == ["a", "b"]
    assert lines[4].split() == ["prediction", "value", "std", "error", "90%", "from", "to"]
    assert lines[5].split()[0] == "zero"
    assert lines[7].startswith("sum of squares ")
    assert lines[8] == "standard errors: s^2 (J'J)^-1"


@pytest.mark.parametrize(
    ("option", "how"),
    [
        ("--robust", "robust (HC1: sandwich, times n/(n - p))"),
        ("--hc0", "robust (HC0: sandwich)"),
        (
            "--cluster town",
            "robust to 3 clusters by town (sandwich, times G/(G - 1) (n - 1)/(n - p))",
        ),
    ],
)
def test_robust_errors_say_what_they_are(here, capsys, option, how):
    (here / "noisy.gd").write_text(RESIDUAL)
    (here / "noisy.csv").write_text(NOISY)

    assert gdsym(f"fit noisy.gd noisy.csv {option}") == 0

    assert f"standard errors: {how}" in capsys.readouterr().out.splitlines()


def test_json_and_the_fit_file_hold_errors_covariance_and_certificate(here, capsys):
    (here / "noisy.gd").write_text(RESIDUAL)
    (here / "noisy.csv").write_text(NOISY)

    assert gdsym("fit noisy.gd noisy.csv --json -o fit.json") == 0

    answer = json.loads(capsys.readouterr().out)
    kept = json.loads((here / "fit.json").read_text())
    for key in ("std_errors", "covariance", "certificate", "inference", "predictions"):
        assert answer[key] == kept[key]
    errors = answer["std_errors"]
    assert errors["a"] ** 2 == pytest.approx(answer["covariance"][0][0])
    assert answer["inference"]["names"] == ["a", "b"]
    assert answer["certificate"]["kind"] == "minimum"
    assert answer["predictions"]["zero"]["std_error"] > 0


def test_a_fit_file_brings_back_the_whole_report(here, capsys):
    import gdsym as package

    (here / "noisy.gd").write_text(RESIDUAL)
    (here / "noisy.csv").write_text(NOISY)
    assert gdsym("fit noisy.gd noisy.csv -o fit.json --cluster town") == 0
    shown = capsys.readouterr().out

    assert package.load("fit.json").summary() == shown.rstrip("\n")


def test_a_saddle_exits_1_and_says_what_it_is(here, capsys):
    (here / "saddle.gd").write_text("param x = 1, y = 0\nloss (x^2 - 1)^2 - y^2 + y^4\n")

    assert gdsym("fit saddle.gd --method lbfgs") == 1

    assert (
        "this is a saddle, not a minimum: the objective falls along y" in capsys.readouterr().out
    )


def test_the_fit_file_is_written_and_can_be_a_start(here, capsys):
    assert gdsym("fit line.gd line.csv -o fit.json") == 0
    capsys.readouterr()
    code = gdsym("fit line.gd line.csv --start fit.json --json")

    assert code == 0
    assert json.loads(capsys.readouterr().out)["iterations"] <= 1


def test_a_start_may_be_given_by_value(here, capsys):
    code = gdsym("fit line.gd line.csv --start a=3 --start b=1 --max-iter 0 --tol 1e-12 --json")

    assert code == 0
    assert json.loads(capsys.readouterr().out)["params"] == {"a": 3.0, "b": 1.0}


def test_a_fit_that_stops_at_a_limit_exits_1(here, capsys):
    code = gdsym("fit line.gd line.csv --max-iter 1 -o fit.json")

    assert code == 1
    assert "stopped after 1 iteration " in capsys.readouterr().out
    assert json.loads((here / "fit.json").read_text())["status"] == "stopped"


def test_a_rule_with_its_options(here, capsys):
    code = gdsym(
        "fit line.gd line.csv --method adam --lr 0.05 --epochs 5 --batch-size 2 --seed 1 --json"
    )

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (answer["method"], answer["status"]) == ("adam", "finished")


def test_a_rule_file_of_the_user_is_a_method(here, capsys):
    (here / "mine.gd").write_text("optimizer mine(lr = 0.01)\nupdate x = x - lr*g\n")

    code = gdsym("fit line.gd line.csv --method ./mine.gd --epochs 2 --json")

    assert code == 0
    assert json.loads(capsys.readouterr().out)["method"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("line.gd nowhere.csv", "no file nowhere.csv"),
        ("line.gd line.csb", "did you mean `line.csv`"),
        ("lines.gd line.csv", "did you mean `line.gd`"),
        ("line.csv line.gd", "help: gdsym fit line.gd line.csv"),
        (". line.csv", "is a directory"),
        ("line.gd line.csv --method adm", "did you mean `adam`"),
        ("line.gd line.csv --method ./mine.gd", "there is no file"),
        ("line.gd line.csv --lr 0.1", "`lbfgs` has no option `lr`"),
        ("line.gd line.csv --epochs 3", "`lbfgs` has no option `epochs`"),
        (
            "line.gd line.csv --method adam --lr abc",
            "option lr:1:1: error[name]: unknown name `abc`",
        ),
        ("line.gd line.csv --batch-size 0 --method adam", "a whole number from 1 up"),
        ("line.gd line.csv --seed -1", "a whole number from 0 up"),
        ("line.gd line.csv --set lamb=1", "did you mean `lam`"),
        ("line.gd line.csv --set lam", "name=value was expected"),
        ("line.gd line.csv --set lam=x", "a number or a list was expected"),
        ("line.gd line.csv --set lam=1e999", "a finite number was expected"),
        ("line.gd line.csv --set lam=1 --set lam=2", "given twice"),
        ("line.gd line.csv --start c=1", "no parameter `c`"),
        ("line.gd line.csv --start nofit.json", "there is no file nofit.json"),
        ("line.gd line.csv --start line.csv", "is not a fit file"),
        ("line.gd line.csv -o nowhere/fit.json", "there is no directory"),
        ("line.gd line.csv -o .", "it is a directory"),
        ("line.gd line.csv --opt 3", "No such option"),
        ("line.gd", "the model needs data"),
        ("none.gd line.csv", "the model has no data: leave out line.csv"),
        ("", "Missing argument 'MODEL'"),
    ],
)
def test_a_mistake_is_told_on_stderr_with_exit_2(here, capsys, arguments, message):
    code = gdsym(f"fit {arguments}")

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_a_mistake_in_the_model_is_shown_at_its_place(here, capsys):
    (here / "line.gd").write_text("data x[n]\nparam a\nloss mean((x - aa)^2)\n")

    code = gdsym("fit line.gd line.csv")

    assert code == 2
    assert capsys.readouterr().err.startswith("line.gd:3:16: error[")


def test_the_output_is_checked_before_the_model_is_read(here, capsys):
    assert gdsym("fit nowhere.gd -o nowhere/fit.json") == 2
    assert "cannot write nowhere/fit.json" in capsys.readouterr().err


# Each iteration takes a while and the minimum is far: the fit is running when the signal comes.
SLOW = """
data x[n]
param a = 1, b = 1
loss mean((x - a*exp(-b*b) + a^4/7 + sin(a*b))^2) + 1e-9*(a^2 - b)^2
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals there are different")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_fit_writes_what_was_reached(tmp_path, number):
    (tmp_path / "slow.gd").write_text(SLOW)
    (tmp_path / "slow.csv").write_text("x\n" + "1.5\n2.5\n0.5\n" * 1000)
    command = "fit slow.gd slow.csv --method gd --lr 1e-9 --epochs 1000000000 -o fit.json --json"

    def interrupted(pause):
        with subprocess.Popen(
            [sys.executable, "-m", "gdsym", *command.split()],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as fit:
            assert fit.stderr is not None
            assert fit.stderr.readline() == "x: column x\n"
            time.sleep(pause)
            fit.send_signal(number)
            return fit, *fit.communicate()

    fit, out, err = interrupted(pause=1)
    if not out:  # a slow machine, where the first step was not yet made
        fit, out, err = interrupted(pause=30)

    assert fit.returncode == 130, err
    assert json.loads(out)["status"] == "interrupted"
    assert json.loads((tmp_path / "fit.json").read_text())["status"] == "interrupted"
    assert os.listdir(tmp_path).count("fit.json") == 1


def test_a_fixed_parameter_is_marked_in_the_report(here, capsys):
    code = gdsym("fit line.gd line.csv --fix a=2 -o fit.json")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split() for line in lines[:3]] == [
        ["parameter", "value"],
        ["a", "2.00000", "fixed"],
        ["b", "3.33333"],
    ]
    assert json.loads((here / "fit.json").read_text())["fixed"] == ["a"]


def test_the_history_is_a_csv_file_of_every_iteration(here, capsys):
    code = gdsym("fit line.gd line.csv --method gd --lr 0.01 --epochs 3 --history h.csv --json")

    header, *rows = csv.reader((here / "h.csv").read_text().splitlines())
    last = json.loads(capsys.readouterr().out)
    assert code == 0
    assert header == ["iteration", "objective", "grad_norm", "step", "seconds"]
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    assert float(rows[0][1]) == (16 + 49 + 169) / 3
    assert float(rows[-1][1]) == last["objective"]


def test_a_cell_of_the_history_is_empty_where_nothing_is_known(here, capsys):
    assert (
        gdsym(
            "fit line.gd line.csv --method gd --lr 1e-3 --batch-size 1 --epochs 2 --history h.csv"
        )
        == 0
    )

    assert not any(
        cell in ("nan", "None") for row in csv.reader(open_lines(here / "h.csv")) for cell in row
    )


def open_lines(path):
    return path.read_text().splitlines()


def test_dropped_rows_are_counted_on_stderr(here, capsys):
    (here / "gaps.csv").write_text("x,y\n1,4\nNA,1\n2,7\n3,\n,\n4,13\n")

    code = gdsym("fit line.gd gaps.csv --missing drop --json")

    out, err = capsys.readouterr()
    assert code == 0
    assert err.splitlines()[-2] == "dropped 3 of 6 rows: x 2, y 2"
    assert json.loads(out)["n_rows"] == 3
    assert json.loads(out)["params"] == pytest.approx({"a": 3, "b": 1})


def test_columns_may_be_chosen_on_the_command_line(here, capsys):
    (here / "other.csv").write_text("u,v\n1,4\n2,7\n4,13\n")

    code = gdsym("fit line.gd line.csv --bind y=other.csv:v --json")
    by_name = gdsym("fit line.gd other.csv --bind y=v --bind x=u --json")

    out, err = capsys.readouterr()
    assert code == by_name == 0
    bound = [line for line in err.splitlines() if not line.startswith("method ")]
    assert bound == ["x: column x", "y: column v", "x: column u", "y: column v"]
    assert [json.loads(line)["params"] for line in out.splitlines()] == [
        pytest.approx({"a": 3, "b": 1})
    ] * 2


def test_several_files_and_a_pattern_are_one_table(here, capsys):
    (here / "part1.csv").write_text("x,y\n1,4\n")
    (here / "part2.csv").write_text("y,x\n7,2\n13,4\n")

    assert run(["fit", "line.gd", "part*.csv", "--json"]) == 0
    assert run(["fit", "line.gd", "part2.csv", "part1.csv", "--json"]) == 0

    for line in capsys.readouterr().out.splitlines():
        assert json.loads(line)["n_rows"] == 3
        assert json.loads(line)["params"] == pytest.approx({"a": 3, "b": 1})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--fix c", "fix: there is no parameter `c`"),
        ("--fix a=x", "neither NAME nor NAME=NUMBER"),
        ("--bind y", "name=columns was expected"),
        ("--bind y=", "name=columns was expected"),
        ("--bind y=x --bind y=y", "--bind y is given twice"),
        ("--bind z=x", "bind: the model has no data `z`"),
        ("--bind y=q", "no column `q` (for `y`)"),
        ("--missing skip", "'skip' is not one of 'error', 'drop'"),
        ("--history .", "it is a directory"),
        ("-o a.json --history a.json", "both name a.json"),
        ("line.csv", "line.csv is given twice"),
    ],
)
def test_a_mistake_in_a_choice_is_told_with_exit_2(here, capsys, arguments, message):
    code = gdsym(f"fit line.gd line.csv {arguments}")

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert message in err
