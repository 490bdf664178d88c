"""Generated modules by content: from a model's text to the module, compiled at most once.

An entry is the module's Python text, in a directory of the user's own, under the hash of all that
it depends on: the text, the name that messages show, the rules, the versions of the libraries and
gdsym's own files. Where there is no directory that only this user can write, modules live in
memory alone: an entry is code, and we run only what we wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import linecache
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from gdsym import __version__, private
from gdsym.files import read_text
from gdsym.recipe import DEFAULT, Recipe

_MAX_ENTRIES = 500


def module_of(text: str, name: str, recipe: Recipe = DEFAULT) -> ModuleType:
    """The generated module of a model text, from the cache where it is there.

    The arguments are those of `gdsym.compiler.compile_text`, which raises `SourceError`.
    """
    return load_module(*_kept(text, name, recipe))


def text_of(text: str, name: str, recipe: Recipe = DEFAULT) -> str:
    """The text of that module, which is not run: it would import NumPy and more."""
    return _kept(text, name, recipe)[0]


def _kept(text: str, name: str, recipe: Recipe) -> tuple[str, Path | None]:
    """The text of the module, and where it lies, if anywhere."""
    path = _entry(text, name, recipe)
    python = _read(path) if path else None
    if python is None:
        from gdsym.compiler import compile_text

        python = compile_text(text, name, recipe)
        if path:
            _write(path, python)
    return python, path


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


def _entry(text: str, name: str, recipe: Recipe) -> Path | None:
    if (home := private.directory()) is None:
        return None
    rules = None if recipe.update is None else [[r, _rule_text(r)] for r in recipe.update]
    given = [rules, sorted(recipe.schedules.items()), recipe.backend, sorted(recipe.without)]
    return home / f"{_digest(json.dumps([text, name, *given, _environment()]))}.py"


def _rule_text(rule: str) -> str | None:
    return read_text(rule, "rule") if rule.endswith(".gd") else None


def _environment() -> list[object]:
    """What a generated text depends on besides the model: the versions and our own files."""
    libraries = [[name, _version(name)] for name in ("lark", "numpy", "sympy")]
    return [__version__, sys.version_info[:2], libraries, sorted(_own_files())]


def _version(library: str) -> str:
    """By the name of its metadata, NAME-VERSION.dist-info: to read them is slow."""
    for folder in filter(os.path.isdir, sys.path):
        for name in os.listdir(folder):
            if name.startswith(f"{library}-") and name.endswith(".dist-info"):
                return name
    from importlib.metadata import version

    return version(library)


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
    data = private.read(path)
    try:
        return data.decode() if data is not None else None
    except UnicodeDecodeError:
        return None


def _write(path: Path, python: str) -> None:
    if private.write(path, python.encode()):
        with contextlib.suppress(OSError):
            _drop_oldest(path.parent)


def _drop_oldest(home: Path) -> None:
    entries = sorted(home.glob("*.py"), key=lambda entry: entry.stat().st_mtime_ns)
    for entry in entries[:-_MAX_ENTRIES]:
        entry.unlink(missing_ok=True)
        for compiled in home.glob(f"__pycache__/{entry.stem}.*"):  # what numba made of it
            compiled.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
