import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import gdsym
from gdsym import cli
from gdsym.errors import DataError

COMMANDS = Path(cli.__file__).parent


def test_the_commands_are_the_files_of_the_folder(capsys):
    assert cli.run(["--help"]) == 0

    out = capsys.readouterr().out
    files = sorted(path.stem for path in COMMANDS.glob("[!_]*.py"))
    listed = [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines() if line]
    assert files == listed[: len(files)]


@pytest.mark.parametrize("name", [path.stem for path in COMMANDS.glob("[!_]*.py")])
def test_every_command_has_help_with_an_example(name, capsys):
    assert cli.run([name, "--help"]) == 0
    text = capsys.readouterr().out.partition("\n")[2]
    assert re.search(rf"(?m)\bgdsym {name}( |$)", text)


@pytest.mark.parametrize("name", [path.stem for path in COMMANDS.glob("[!_]*.py")])
def test_every_option_of_a_command_is_in_the_documentation(name):
    page = COMMANDS.parents[1] / "docs" / "command-line.md"
    section = page.read_text(encoding="utf-8").partition(f"## gdsym {name}\n")[2]
    section = section.partition("\n## ")[0]
    command = cli.Commands().get_command(click.Context(cli.gdsym), name)

    options = [p.opts[-1] for p in command.params if isinstance(p, click.Option)]
    # `--output` is in every synopsis as `-o`; errors have a section of their own.
    told = {"--output", "--output-format"}
    assert [option for option in options if option not in section and option not in told] == []
    assert section


def test_the_version_is_that_of_the_package(capsys):
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"gdsym {gdsym.__version__}\n"


def test_python_m_gdsym_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "gdsym", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"gdsym {gdsym.__version__}\n"


def test_no_command_shows_the_help_on_stderr_with_exit_2(capsys):
    assert cli.run([]) == 2
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt"], "there is no command `fitt`; did you mean `fit`?"),
        (["churn.gd"], "`gdsym fit churn.gd DATA`?"),
        (["fit", "a.gd", "--sed", "3"], "No such option"),
        (["compile"], "Missing argument 'MODEL...'"),
    ],
)
def test_a_wrong_command_line_is_mended_on_stderr_with_exit_2(arguments, message, capsys):
    code = cli.run(arguments)

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert "--help` lists the options" in err


def command_that_raises(error, monkeypatch):
    @click.command()
    def command():
        raise error

    monkeypatch.setattr(cli.Commands, "get_command", lambda self, ctx, name: command)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DataError("no rows"), 2, "error: no rows\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (MemoryError(), 2, "not enough memory"),
        (PermissionError(13, "Permission denied", "a.csv"), 2, "a.csv: Permission denied"),
        (
            ZeroDivisionError("by zero"),
            70,
            "ZeroDivisionError: by zero\nthis is a defect of gdsym",
        ),
    ],
)
def test_every_error_has_its_exit_code_and_no_traceback(error, code, message, monkeypatch, capsys):
    command_that_raises(error, monkeypatch)

    assert cli.run(["fit"]) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_a_defect_shows_its_traceback_when_asked_to(monkeypatch, capsys):
    command_that_raises(ZeroDivisionError("by zero"), monkeypatch)
    monkeypatch.setenv("GDSYM_DEBUG", "1")

    assert cli.run(["fit"]) == 70
    assert "Traceback" in capsys.readouterr().err


def gdsym_into(stdout):
    return subprocess.run(
        [sys.executable, "-m", "gdsym", "--help"], stdout=stdout, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="pipes there break differently")
def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)

    done = gdsym_into(writer)

    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_under_stdout_is_told():
    with open("/dev/full", "w") as full:
        done = gdsym_into(full)

    assert done.returncode == 2
    assert done.stderr == "error: cannot write to standard output: No space left on device\n"
