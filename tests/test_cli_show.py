from gdsym.cli import run


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
