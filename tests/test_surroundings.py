"""Full disks, files that are none, outputs that are inputs, odd streams: told, nothing lost."""

from __future__ import annotations

import builtins
import errno
import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gdsym.files
from gdsym import private
from gdsym.cli import run
from gdsym.data import bind_tables
from gdsym.data import csv as csv_format
from gdsym.errors import DataError

LINE = """data x[n], y[n]
param a, b
const lam = 0
loss mean((y - a*x - b)^2)
predict p = a*x + b
"""
CSV = "x,y\n1,4\n2,7\n4,13\n"

unix = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")


def gdsym_(command: str) -> int:
    return run(command.split())


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a model and its data."""
    (tmp_path / "line.gd").write_text(LINE)
    (tmp_path / "line.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def process(command: str, here, **environment: str) -> subprocess.CompletedProcess[str]:
    changed = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-m", "gdsym", *command.split()],
        cwd=here,
        env={name: value for name, value in changed.items() if value != "UNSET"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


# -- a full disk -------------------------------------------------------------------------------


class Full:
    """Makes the n-th call to the system on the way of a file to the disk fail; n counts from 0."""

    def __init__(self, monkeypatch) -> None:
        self.left = -1
        for name in ("open", "chmod", "fsync", "replace"):
            monkeypatch.setattr(os, name, self.counted(getattr(os, name)))
        monkeypatch.setattr(gdsym.files, "open", self.opened, raising=False)

    def counted(self, call):
        def counting(*arguments, **keywords):
            self.count()
            return call(*arguments, **keywords)

        return counting

    def count(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(self, file, mode="r", **keywords):
        stream = builtins.open(file, mode, **keywords)  # noqa: SIM115
        if "w" not in mode:
            return stream
        full = self

        class Stream:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                stream.close()

            def write(self, data):
                stream.write(data[: len(data) // 2])
                full.count()
                return stream.write(data[len(data) // 2 :])

            def __getattr__(self, name):
                return getattr(stream, name)

        return Stream()


def outcomes(monkeypatch, commands, check) -> int:
    """How often the commands were run: with a failure at the n-th call, until none is left."""
    for n in range(100):
        with monkeypatch.context() as patch:
            full = Full(patch)
            full.left = n
            code = gdsym_(commands)
            failed = full.left < 0
        check(code, failed)
        if not failed:
            return n
    raise AssertionError("no end")


def test_a_disk_that_is_full_at_any_moment_of_a_fit_loses_nothing(here, monkeypatch, capsys):
    gdsym_("fit line.gd line.csv")
    shown = [line.split() for line in capsys.readouterr().out.splitlines()[:3]]
    old = {"fit.json": "old fit", "h.csv": "old history"}

    def check(code, failed):
        out, err = capsys.readouterr()
        assert [line.split() for line in out.splitlines()[:3]] == shown
        now = {name: (here / name).read_text() for name in old}
        assert sorted(os.listdir(here)) == ["fit.json", "h.csv", "line.csv", "line.gd"]
        kept = [name for name in old if now[name] == old[name]]
        assert (code, len(kept)) == ((2, 1) if failed else (0, 0))
        assert all(f"error: cannot write {name}: No space left" in err for name in kept)
        if "fit.json" not in kept:
            assert json.loads(now["fit.json"])["status"] == "converged"
        if "h.csv" not in kept:
            assert now["h.csv"].startswith("iteration,") and now["h.csv"].endswith("\n")
        for name, text in old.items():
            (here / name).write_text(text)

    for name, text in old.items():
        (here / name).write_text(text)
    calls = outcomes(monkeypatch, "fit line.gd line.csv -o fit.json --history h.csv", check)
    assert calls == 10  # of each file: open, chmod, write, fsync, replace


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("predict fit.json line.csv -o out.csv", "out.csv"),
        ("predict fit.json line.csv -o out.parquet", "out.parquet"),
        ("compile line.gd -o out.py", "out.py"),
    ],
)
def test_a_disk_that_is_full_at_any_moment_keeps_the_old_file(
    here, monkeypatch, capsys, command, output
):
    gdsym_("fit line.gd line.csv -o fit.json")
    gdsym_("compile line.gd")  # is in the cache now
    files = sorted([*os.listdir(here), output])
    (here / output).write_text("old")

    def check(code, failed):
        assert sorted(os.listdir(here)) == files
        assert code == (2 if failed else 0)
        assert ((here / output).read_bytes() == b"old") is failed
        assert (f"cannot write {output}: No space left" in capsys.readouterr().err) is failed
        (here / output).write_text("old")

    assert outcomes(monkeypatch, command, check) == 5


def test_a_disk_that_is_full_at_any_moment_leaves_a_cache_that_works(
    here, monkeypatch, tmp_path_factory, capsys
):
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(home))

    def check(code, failed):
        assert code == 0
        entries = list(home.glob("*.py"))
        assert len(entries) == (0 if failed else 1)
        assert "parameter" in capsys.readouterr().out

    assert outcomes(monkeypatch, "fit line.gd line.csv", check) == 4  # a new file has no chmod


@needs_full
@pytest.mark.parametrize("option", ["-o", "--history"])
def test_a_fit_whose_file_cannot_be_written_is_shown(here, capsys, option):
    assert gdsym_(f"fit line.gd line.csv {option} /dev/full") == 2

    out, err = capsys.readouterr()
    assert "a          3.00000" in out
    assert "cannot write /dev/full: No space left on device" in err


@needs_full
def test_a_fit_is_in_its_file_also_where_it_cannot_be_shown(here):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gdsym", "fit", "line.gd", "line.csv", "-o", "fit.json"],
            cwd=here,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert done.returncode == 2
    assert done.stderr.endswith(
        "error: cannot write to standard output: No space left on device\n"
    )
    assert json.loads((here / "fit.json").read_text())["status"] == "converged"


# -- where output goes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["nowhere/fit.json", "line.csv/fit.json", "x" * 300, ".", "locked/f"]
)
@pytest.mark.parametrize("option", ["-o", "--history"])
def test_a_place_that_cannot_be_written_is_told_before_the_fit(
    here, monkeypatch, capsys, option, place
):
    (here / "locked").mkdir()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda p, m: "locked" not in str(p) and allowed(p, m))

    assert gdsym_(f"fit line.gd line.csv {option} {place}") == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: cannot write {place}: ")  # no columns were bound before


def test_a_name_as_long_as_the_system_allows_can_be_written(here):
    name = "f" * 250 + ".json"

    assert gdsym_(f"fit line.gd line.csv -o {name}") == 0
    assert json.loads((here / name).read_text())["status"] == "converged"


@pytest.mark.parametrize(
    ("command", "lost"),
    [
        ("fit line.gd line.csv -o line.csv", "line.csv"),
        ("fit line.gd line.csv -o ./line.gd", "line.gd"),
        ("fit line.gd *.csv --history line.csv", "line.csv"),
        ("fit line.gd line.csv --method mine.gd -o mine.gd", "mine.gd"),
        ("fit line.gd line.csv -o link.json", "line.csv"),
        ("predict fit.json line.csv -o line.csv", "line.csv"),
        ("predict fit.json line.csv -o fit.csv", "fit.json"),
        ("compile line.gd -o line.gd", "line.gd"),
        ("compile line.gd --update mine.gd -o mine.gd", "mine.gd"),
    ],
)
def test_an_output_that_is_an_input_is_refused(here, capsys, command, lost):
    if sys.platform == "win32" and "link" in command:
        pytest.skip("links need rights there")
    gdsym_("fit line.gd line.csv -o fit.json")
    (here / "mine.gd").write_text("optimizer mine(lr = 0.1)\nupdate x = x - lr*g\n")
    if "link" in command:
        (here / "link.json").symlink_to("line.csv")
    if "fit.csv" in command:
        os.link("fit.json", "fit.csv")
    before = (here / lost).read_text()
    capsys.readouterr()

    assert gdsym_(command) == 2

    assert f"it is the input {lost}, which would be lost" in capsys.readouterr().err
    assert (here / lost).read_text() == before


def test_a_fit_may_go_on_from_its_own_file(here):
    assert gdsym_("fit line.gd line.csv -o fit.json") == 0
    assert gdsym_("fit line.gd line.csv -o fit.json --start fit.json") == 0


WRITER = """
import sys
from gdsym.cli import run
for _ in range(20):
    code = run(["fit", "line.gd", "line.csv", "-o", "fit.json", "--fix", f"a={sys.argv[1]}"])
    assert code == 0, code
"""


def test_two_fits_to_one_file_leave_one_whole_fit_at_any_time(here):
    gdsym_("fit line.gd line.csv -o fit.json --fix a=1")
    both = [
        subprocess.Popen([sys.executable, "-c", WRITER, a], cwd=here, stdout=subprocess.DEVNULL)
        for a in ("1", "2")
    ]
    found = set()
    while any(one.poll() is None for one in both):
        fit = json.loads((here / "fit.json").read_text())
        found.add((fit["params"]["a"], round(fit["params"]["b"], 6)))

    assert [one.wait() for one in both] == [0, 0]
    assert found <= {(1.0, round(17 / 3, 6)), (2.0, round(10 / 3, 6))}  # b is mean(y - a*x)
    assert sorted(os.listdir(here)) == ["fit.json", "line.csv", "line.gd"]


# -- input that is no file, or does not stay as it is ------------------------------------------


@unix
@pytest.mark.parametrize("what", ["pipe", "directory", "/dev/zero", "/dev/null"])
@pytest.mark.parametrize(
    "command",
    [
        "fit FILE.gd line.csv",
        "fit line.gd FILE.csv",
        "fit line.gd line.csv --start FILE.json",
        "fit line.gd line.csv --method ./FILE.gd",
        "predict FILE.json line.csv",
        "predict fit.json FILE.csv",
        "predict fit.json line.csv FILE.csv --keep x",
        "compile FILE.gd",
        "show FILE.gd",
        "lint FILE.gd",
        "fmt --check FILE.gd",
    ],
)
def test_what_is_no_file_is_an_ordinary_error(here, capsys, command, what):
    gdsym_("fit line.gd line.csv -o fit.json")
    capsys.readouterr()
    (name,) = (word for word in command.replace("./", "").split() if word.startswith("FILE"))
    if what == "pipe":
        os.mkfifo(here / name)
    elif what == "directory":
        (here / name).mkdir()
    else:
        (here / name).symlink_to(what)

    assert gdsym_(command) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert name in err
    assert any(word in err.lower() for word in ("pipe", "directory", "device"))


@unix
def test_a_model_may_come_through_a_pipe_of_the_shell(here):
    done = subprocess.run(
        [sys.executable, "-m", "gdsym", "compile", "/dev/stdin"],
        input=LINE,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "def value_and_grad(" in done.stdout


def save_csv(path, scale):
    path.write_text("x,y\n" + "".join(f"{scale * i},{i}\n" for i in range(50)))


def save_parquet(path, scale):
    numbers = np.arange(50.0)
    pq.write_table(pa.table({"x": scale * numbers, "y": numbers}), path)


def save_npz(path, scale):
    numbers = np.arange(50.0)
    np.savez(path, x=scale * numbers, y=numbers)


@pytest.mark.parametrize(
    ("name", "save"),
    [("d.csv", save_csv), ("d.parquet", save_parquet), ("d.npz", save_npz)],
)
def test_data_that_change_while_they_are_read_are_refused(tmp_path, monkeypatch, name, save):
    """Every look at the state of the file is a moment at which somebody else may write to it."""
    path = tmp_path / name
    module = gdsym.compile(LINE).module
    save(path, 1)
    from gdsym.data import _read

    state = _read._state
    looks = []
    monkeypatch.setattr(_read, "_state", lambda file: looks.append(file) or state(file))
    bind_tables(module, path)
    count = len(looks)
    assert count >= 2

    for moment in range(2, count + 1):
        save(path, 1)
        looks.clear()

        def written_at(file, moment=moment):
            looks.append(file)
            if len(looks) == moment:
                save(path, 1000)
                os.utime(path, (moment, moment))  # clocks of file systems are coarse
            return state(file)

        monkeypatch.setattr(_read, "_state", written_at)
        with pytest.raises(DataError, match="the file changed while it was read\nhelp: wait"):
            bind_tables(module, path)


def test_data_that_vanish_while_they_are_read_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "d.csv"
    save_csv(path, 1)
    read = csv_format.read

    def removed(*arguments):
        table = read(*arguments)
        path.unlink()
        return table

    monkeypatch.setattr(csv_format, "read", removed)
    with pytest.raises(DataError, match="changed while it was read"):
        bind_tables(gdsym.compile(LINE).module, path)


# -- the cache ---------------------------------------------------------------------------------


@unix
@pytest.mark.parametrize("what", ["directory", "pipe", "link", "garbage", "unreadable"])
def test_garbage_in_the_cache_is_compiled_around(here, monkeypatch, what, tmp_path_factory):
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(home))
    other = tmp_path_factory.mktemp("other") / "precious.txt"
    other.write_text("precious")
    assert gdsym_("fit line.gd line.csv") == 0
    (entry,) = home.glob("*.py")
    entry.unlink()
    if what == "directory":
        entry.mkdir()
    elif what == "pipe":
        os.mkfifo(entry)
    elif what == "link":
        entry.symlink_to(other)
    elif what == "garbage":
        entry.write_bytes(os.urandom(5000))
    else:
        entry.write_text("raise SystemExit")
        entry.chmod(0)

    assert gdsym_("fit line.gd line.csv") == 0
    assert other.read_text() == "precious"


@pytest.mark.parametrize("place", ["line.csv", "line.csv/below", "x" * 300, "/proc/nothing/here"])
def test_a_cache_that_cannot_be_is_done_without(here, monkeypatch, place):
    monkeypatch.setenv("GDSYM_CACHE_DIR", place)

    assert private.directory() is None
    assert gdsym_("fit line.gd line.csv") == 0
    assert (here / "line.csv").read_text() == CSV


# -- streams, environment, sizes ---------------------------------------------------------------


@unix
@pytest.mark.parametrize("end", ["| head -1", "2>&1 | head -1", ">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_is_no_defect(here, end):
    done = subprocess.run(
        f'"{sys.executable}" -m gdsym fit line.gd line.csv {end}',
        shell=True,
        cwd=here,
        capture_output=True,
        text=True,
    )

    assert not any(word in done.stdout + done.stderr for word in ("Traceback", "Error", "defect"))


@unix
def test_the_surroundings_do_not_change_what_comes_out(here):
    (here / "line.gd").write_text(  # with a doc that is not ASCII
        'data g[n] in k\ndata y[n]\nparam a[k]\nloss mean((y - a[g])^2) "grüße"\n',
        encoding="utf-8",
    )
    (here / "line.csv").write_text("g,y\nähm,1\n数,2\n", encoding="utf-8")
    plain = process("fit line.gd line.csv -o fit.json", here, PYTHONUTF8="1")
    assert plain.returncode == 0, plain.stderr
    assert "a[数]" in plain.stdout
    parameters = json.loads((here / "fit.json").read_text(encoding="utf-8"))["params"]

    for odd in (
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "C", "PYTHONIOENCODING": "ascii"},
        {"TZ": "UNSET", "HOME": "UNSET", "LANG": "UNSET", "TERM": "UNSET"},
        {"COLUMNS": "1", "LINES": "1", "NO_COLOR": "1"},
        {"COLUMNS": "nonsense", "TZ": "Nowhere/None"},
    ):
        done = process("fit line.gd line.csv -o fit.json", here, **odd)
        assert done.returncode == 0, (odd, done.stderr)
        assert "Traceback" not in done.stderr
        assert json.loads((here / "fit.json").read_text(encoding="utf-8"))["params"] == parameters
    assert process("fit --help", here, COLUMNS="1").returncode == 0


def test_very_long_names_are_names(here, capsys):
    long = "long" * 5000
    (here / "line.gd").write_text(f"data x[n]\nparam {long}\nloss mean((x - {long})^2)\n")

    assert gdsym_("fit line.gd line.csv --json") == 0
    assert json.loads(capsys.readouterr().out)["params"][long] == pytest.approx(7 / 3)


def test_the_place_of_a_mistake_among_very_long_names_is_shown_in_part(here, capsys):
    (here / "line.gd").write_text(f"data x[n]\nparam a\nloss mean({'y' * 20_000} - a)\n")

    assert gdsym_("fit line.gd line.csv") == 2
    assert max(map(len, capsys.readouterr().err.splitlines()[1:])) < 1000


def test_a_megabyte_of_comments_is_a_model(here):
    line = "# Nothing is said here, but at some length.\n"
    (here / "line.gd").write_text(LINE + line * ((1_000_000 - len(LINE)) // len(line)))

    assert gdsym_("fit line.gd line.csv -o fit.json") == 0
    assert gdsym_("predict fit.json line.csv -o p.csv") == 0
