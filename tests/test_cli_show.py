import pytest

from gdsym import stages
from gdsym.cli import run
from gdsym.cli.show import STAGES


def test_show_prints_the_loss_and_the_gradient(tmp_path, monkeypatch, capsys):
    (tmp_path / "line.gd").write_text("data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\n")
    monkeypatch.chdir(tmp_path)

    assert run(["show", "line.gd"]) == 0

    out = capsys.readouterr().out
    assert "mean((y - a*x - b)^2)" in out.replace(" - ", " - ")
    assert "a" in out
    assert "b" in out


def test_show_tells_of_a_mistake_with_exit_2(tmp_path, monkeypatch, capsys):
    (tmp_path / "bad.gd").write_text("param a\nloss aa\n")
    monkeypatch.chdir(tmp_path)

    assert run(["show", "bad.gd"]) == 2
    assert capsys.readouterr().err.startswith("bad.gd:2:6: error[")


MODEL = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\n"


def test_latex_is_an_environment(tmp_path, monkeypatch, capsys):
    (tmp_path / "line.gd").write_text(MODEL)
    monkeypatch.chdir(tmp_path)

    assert run(["show", "line.gd", "--latex"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("\\begin{align*}\n\\mathcal{L} &= ")
    assert out.endswith("\n\\end{align*}\n")


def test_the_hessian_is_shown_in_blocks(tmp_path, monkeypatch, capsys):
    (tmp_path / "line.gd").write_text(MODEL)
    monkeypatch.chdir(tmp_path)

    assert run(["show", "line.gd", "--hess"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "hess(a, a) = 2*mean(x^2)",
        "hess(a, b) = 2*mean(x)",
        "hess(b, b) = 2",
    ]
    assert run(["show", "line.gd", "--hess", "--latex"]) == 0
    assert "\\partial^{2} \\mathcal{L}" in capsys.readouterr().out


def test_the_stages_are_those_of_the_compiler():
    assert STAGES == stages.STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_printed(stage, tmp_path, monkeypatch, capsys):
    (tmp_path / "line.gd").write_text(MODEL)
    monkeypatch.chdir(tmp_path)

    assert run(["show", "line.gd", "--stage", stage]) == 0

    assert capsys.readouterr().out == stages.stage_text(MODEL, "line.gd", stage)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--stage", "nodes"], "'nodes' is not one of"),
        (["--stage", "plan", "--latex"], "choose one"),
        (["--stage", "plan", "--hess"], "choose one"),
    ],
)
def test_a_wrong_wish_is_told(options, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "line.gd").write_text(MODEL)
    monkeypatch.chdir(tmp_path)

    assert run(["show", "line.gd", *options]) == 2
    assert message in capsys.readouterr().err


def test_rows_under_another_name_are_shown_under_it(tmp_path, capsys):
    model = tmp_path / "pairs.gd"
    model.write_text(
        "dim m like n\ndata X[n, d], y[n], S[n, n]\nparam s > 0\n"
        "let D[n, m] = sum[d]((X - X[m])^2)\n"
        "loss sum[n, m](exp(-D/s)*(y - y[m])) + sum(D @ y[m]) + sum(S[n, m]*D)\n"
    )

    assert run(["show", str(model)]) == 0

    assert capsys.readouterr().out.splitlines()[:2] == [
        "let D   = sum[d]((X - X[m])^2)",
        "loss    = sum(S[n, m]*D) + sum(D @ y[m]) + sum((y - y[m])*exp(-D/s))",
    ]
