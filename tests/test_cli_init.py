import pytest

from gdsym.cli import run
from gdsym.language.canonical import canonical

FILES = ["README.md", "data.csv", "model.gd"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_its_data_and_a_readme_are_written(here, capsys):
    assert run(["init", "new/place"]) == 0

    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("next: gdsym fit new/place/model.gd new/place/data.csv\n")
    assert sorted(path.name for path in (here / "new" / "place").iterdir()) == FILES


def test_the_default_is_this_directory(here):
    (here / "own.txt").write_text("mine")
    assert run(["init"]) == 0
    assert sorted(path.name for path in here.iterdir()) == sorted([*FILES, "own.txt"])


def test_what_it_writes_fits_predicts_and_is_in_order(here, capsys):
    run(["init"])
    text = (here / "model.gd").read_text()

    assert run(["fit", "model.gd", "data.csv", "-o", "fit.json"]) == 0
    assert "converged" in capsys.readouterr().out
    assert run(["predict", "fit.json", "data.csv"]) == 0
    assert run(["lint", "model.gd", "data.csv"]) == 0
    assert canonical(text, "model.gd") == text


def test_the_readme_names_only_commands_that_work(here, capsys):
    run(["init"])
    lines = (here / "README.md").read_text().splitlines()
    commands = [line.split("   ")[1].strip() for line in lines if line.startswith("    gdsym ")]

    assert len(commands) == 5
    for command in commands:
        assert run(command.split()[1:]) == 0, command


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten_and_then_nothing_is_written(name, here, capsys):
    (here / name).write_text("mine")

    assert run(["init"]) == 2

    assert f"{name} is there already" in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == [name]
    assert (here / name).read_text() == "mine"


def test_a_link_that_leads_nowhere_is_something_that_is_there(here, capsys):
    (here / "data.csv").symlink_to("nowhere")
    assert run(["init"]) == 2
    assert not (here / "nowhere").exists()


def test_a_file_in_place_of_the_directory_is_told(here, capsys):
    (here / "new").write_text("")
    assert run(["init", "new"]) == 2
    assert "new is no directory" in capsys.readouterr().err
