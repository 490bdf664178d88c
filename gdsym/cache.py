"""Generated modules by content: from a model's text to the module, compiled at most once.

An entry is the module's Python text, in a directory of the user's own, under the hash of all that
it depends on: the text, the name that messages show, the rules, the versions of the libraries and
gdsym's own files. Its last line is a hash of the rest, so that a damaged entry is compiled anew.
Where there is no directory that only this user can write, modules live in memory alone: an entry
is code, and we run only what we wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import linecache
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from gdsym import __version__
from gdsym.errors import UsageError
from gdsym.files import read_text, write_atomically

_SEAL = "\n# sha256 "
_MAX_ENTRIES = 500


def module_of(
    text: str,
    name: str,
    *,
    update: Sequence[str] | None = None,
    schedules: Mapping[str, str] | None = None,
    backend: str = "numpy",
) -> ModuleType:
    """The generated module of a model text, from the cache where it is there.

    The arguments are those of `gdsym.compiler.compile_text`, which raises `SourceError`.
    """
    path = _entry(text, name, update, schedules or {}, backend)
    python = _read(path) if path else None
    if python is None:
        from gdsym.compiler import compile_text

        python = compile_text(text, name, update=update, schedules=schedules, backend=backend)
        if path:
            _write(path, python)
    return load_module(python, path)


def load_module(python: str, path: Path | None = None) -> ModuleType:
    """The text of a generated module as a module; `path` is where the text lies, if anywhere.

    It is entered in `sys.modules` under its content, as an import would: dataclasses and pickle
    look there, and a second load is the same module. Tracebacks can show its lines.
    """
    name = f"gdsym_model_{_digest(python)[:32]}"
    if name in sys.modules:
        return sys.modules[name]
    filename = str(path) if path else f"<{name}>"
    module = ModuleType(name)
    module.__file__ = filename
    module.__dict__["__text__"] = python
    sys.modules[name] = module
    try:
        exec(compile(python, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    linecache.cache[filename] = (len(python), None, python.splitlines(keepends=True), filename)
    return module


def directory() -> Path | None:
    """The cache directory, made if need be; None where none is safe to use."""
    try:
        path = place()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path if _is_private(path.stat()) else None
    except (OSError, RuntimeError):  # RuntimeError: the user has no home directory
        return None


def place() -> Path:
    """Where the cache directory is or would be."""
    if chosen := os.environ.get("GDSYM_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
        return Path(local) / "gdsym/cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/gdsym"
    # The XDG base directory specification: a relative path there is to be ignored.
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "gdsym"


def _is_private(status: os.stat_result) -> bool:
    if sys.platform == "win32":
        return True
    mine = status.st_uid == os.geteuid()
    return mine and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _entry(
    text: str, name: str, update: Sequence[str] | None, schedules: Mapping[str, str], backend: str
) -> Path | None:
    if (home := directory()) is None:
        return None
    rules = None if update is None else [[rule, _rule_text(rule)] for rule in update]
    key = [text, name, rules, sorted(schedules.items()), backend, _environment()]
    return home / f"{_digest(json.dumps(key))}.py"


def _rule_text(rule: str) -> str | None:
    return read_text(rule, "rule") if rule.endswith(".gd") else None


def _environment() -> list[object]:
    """What a generated text depends on besides the model: the versions and our own files."""
    libraries = [[name, version(name)] for name in ("lark", "numpy", "sympy")]
    return [__version__, sys.version_info[:2], libraries, sorted(_own_files())]


def _own_files() -> Iterator[tuple[str, int, int]]:
    """Our files by name, size and time of change: an edited compiler finds no old entry."""
    package = Path(__file__).parent
    for root in (package, package.parent / "grammar"):
        for place, _, names in os.walk(root):
            for name in names:
                if name.endswith((".py", ".gd", ".lark")):
                    status = os.stat(os.path.join(place, name))
                    yield os.path.join(place, name), status.st_size, status.st_mtime_ns


def _read(path: Path) -> str | None:
    try:
        status = path.lstat()
        if not (stat.S_ISREG(status.st_mode) and _is_private(status)):
            return None
        python, _, seal = path.read_bytes().decode().rpartition(_SEAL)
    except (OSError, UnicodeDecodeError):
        return None
    return python if seal.strip() == _digest(python) else None


def _write(path: Path, python: str) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return  # not ours, and a pipe would wait for its reader
    with contextlib.suppress(UsageError, OSError):  # a full disk costs the next start some time
        write_atomically(path, f"{python}{_SEAL}{_digest(python)}\n", mode=0o600)
        _drop_oldest(path.parent)


def _drop_oldest(home: Path) -> None:
    entries = sorted(home.glob("*.py"), key=lambda entry: entry.stat().st_mtime_ns)
    for entry in entries[:-_MAX_ENTRIES]:
        entry.unlink(missing_ok=True)
        for compiled in home.glob(f"__pycache__/{entry.stem}.*"):  # what numba made of it
            compiled.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
