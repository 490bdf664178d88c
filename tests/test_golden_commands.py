"""Wrong command lines, with the exact message that each gets on stderr and its exit code.

`golden/commands/*.txt` hold entries of the form

    $ gdsym fit line.gd --sed 3
    error: ...
    [2]

They all run in one directory, whose files are below. `--update-golden` writes the answers anew.
"""

import re
import shlex
from pathlib import Path

import pytest

from gdsym.cli import run

GOLDEN = Path(__file__).parent / "golden" / "commands"
FILES = {
    "line.gd": "data x[n], y[n]\nparam a, b\nconst lam = 0.5\nloss mean((y - a*x - b)^2)\n"
    "penalty lam*a^2\npredict p = a*x + b\n",
    "silent.gd": "data x[n]\nparam a\nloss mean((x - a)^2)\n",
    "none.gd": "param a\nloss (a - 1)^2\n",
    "bad.gd": "data X[n, d]\nparam w[k]\nloss sum(X @ w)\nlet q = z\n",
    "broken.gd": "param a\nloss a + * 2\n",
    "rule.gd": "optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n",
    "binary.gd": b"\xff\xfe\x00",
    "line.csv": "x,y\n1,4\n2,7\n4,13\n",
    "holes.csv": "x,y\n1,4\n2,\n4,13\n",
    "words.csv": "x,y\n1,4\ntwo,7\n",
    "x_only.csv": "x\n1\n2\n",
    "empty.csv": "",
    "table.xyz": "x,y\n1,4\n",
    "not_a_fit.json": '{"a": 1}\n',
    "half.json": '{"a": \n',
}
ENTRY = re.compile(r"^\$ (gdsym[^\n]*)\n(.*?)^\[(\d+)\]\n", re.DOTALL | re.MULTILINE)


def entries(path):
    text = path.read_text(encoding="utf-8")
    found = [(m[1], m[2], int(m[3])) for m in ENTRY.finditer(text)]
    assert "".join(f"$ {c}\n{t}[{e}]\n" for c, t, e in found) == text.replace("\n\n$", "\n$")
    return found


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name, content in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(["fit", "line.gd", "line.csv", "-o", "fit.json"]) == 0
    assert run(["fit", "silent.gd", "line.csv", "-o", "silent.json"]) == 0
    return tmp_path


PAGES = sorted(GOLDEN.glob("*.txt"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_wrong_command_line_gets_exactly_the_golden_message(page, here, request, capsys):
    before = sorted(path.name for path in here.iterdir())
    answers = []
    for command, _, _ in entries(page):
        capsys.readouterr()
        code = run(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        assert out == "", command
        answers.append((command, err.replace(str(here.resolve()), "HERE"), code))

    if request.config.getoption("--update-golden"):
        text = "\n".join(f"$ {command}\n{err}[{code}]\n" for command, err, code in answers)
        page.write_text(text, encoding="utf-8")
    assert answers == entries(page)
    assert sorted(path.name for path in here.iterdir()) == before  # nothing was written


def test_there_are_many_and_each_stands_once():
    commands = [command for page in PAGES for command, _, _ in entries(page)]

    assert len(commands) >= 80
    assert len(set(commands)) == len(commands)


# Words of our libraries and of Python, which mean nothing to somebody at a command line.
FOREIGN = ("Traceback", "<class", "Errno", "NoneType", "Exception", "defect of gdsym", "object at")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_message_is_for_the_person_at_the_command_line(page):
    for command, message, code in entries(page):
        assert code == 2, command
        assert re.search(r"(?m)^(error: |[^:\n]+:\d+:\d+: error\[)", message), command
        assert not [word for word in FOREIGN if word in message], command
