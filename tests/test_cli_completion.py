import os
import shutil
import subprocess
import sys

import pytest

from gdsym.cli import run


def completed(words, directory, shell="bash"):
    """What `gdsym` answers to a shell that completes the last of these words."""
    environment = {
        "_GDSYM_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1) if shell != "fish" else words[-1],
    }
    done = subprocess.run(
        [sys.executable, "-m", "gdsym"],
        env={**os.environ, **environment},
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_gdsym(shell, capsys):
    assert run(["completion", shell]) == 0
    assert f"_GDSYM_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_reads_its_script(shell, tmp_path, capsys):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here")
    run(["completion", shell])
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)

    done = subprocess.run([program, "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_an_error(capsys):
    assert run(["completion", "tcsh"]) == 2
    assert "'tcsh' is not one of" in capsys.readouterr().err


def test_commands_are_completed(tmp_path):
    assert completed(["gdsym", "co"], tmp_path) == [
        "plain,compare",
        "plain,compile",
        "plain,completion",
    ]


def test_options_and_their_values_are_completed(tmp_path):
    assert "plain,--check" in completed(["gdsym", "fmt", "--"], tmp_path)
    answer = completed(["gdsym", "show", "--stage", "l"], tmp_path)
    assert answer == ["plain,lowered"]


@pytest.mark.parametrize("command", ["compile", "show", "fit", "predict", "fmt", "lint"])
def test_a_model_or_a_fit_is_completed_as_a_file(command, tmp_path):
    assert completed(["gdsym", command, "x"], tmp_path) == ["file,x"]
