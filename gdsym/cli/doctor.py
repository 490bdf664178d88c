"""`gdsym doctor`: whether everything is there that gdsym needs."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from gdsym import __version__

OPTIONAL = {
    "numba": "compiled loops, with --backend numba",
    "pandas": "tables in Python",
    "polars": "tables in Python",
}
MODEL = "data x[n], y[n]\nparam a, b\nloss sum((y - a*x - b)^2)\n"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the report: `ok`, `note` (something optional is not there) or `wrong`."""

    state: str
    text: str


@click.command(short_help="Check the installation.")
def command() -> int:
    """Check versions, the cache, BLAS and optional packages; exit 1 if something is wrong.

    \b
      gdsym doctor
    """
    wrong = False
    for check in (_python, _libraries, _optional, _cache, _blas, _fits):
        for fact in _facts(check):
            click.echo(f"{fact.state:<5}  {fact.text}")
            wrong |= fact.state == "wrong"
    return 1 if wrong else 0


def _facts(check: Callable[[], Iterator[Fact]]) -> Iterator[Fact]:
    """What a check finds; a check that fails is a finding, too."""
    try:
        yield from check()
    except Exception as error:
        yield Fact("wrong", f"{check.__name__.strip('_')}: {type(error).__name__}: {error}")


def _python() -> Iterator[Fact]:
    version = platform.python_version()
    state = "ok" if sys.version_info >= (3, 11) else "wrong"
    needs = "" if state == "ok" else ", but gdsym needs 3.11"
    yield Fact(state, f"Python {version} on {platform.system()} {platform.machine()}{needs}")
    yield Fact("ok", f"gdsym {__version__} in {Path(__file__).parents[1]}")


def _libraries() -> Iterator[Fact]:
    """The libraries that gdsym needs, and whether their versions are those it was made for."""
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        wanted = [line for line in requires("gdsym") or [] if ";" not in line]
    except PackageNotFoundError:
        yield Fact("note", "gdsym is not installed, so nobody says which versions it needs")
        wanted = [*("click", "lark", "numexpr", "numpy", "pyarrow", "rich"),
                  *("scipy", "sympy", "threadpoolctl")]  # fmt: skip
    for requirement in sorted(wanted):
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            present = version(name)
        except PackageNotFoundError:
            yield Fact("wrong", f"{name} is not installed: python -m pip install '{requirement}'")
            continue
        if fits(present, requirement):
            yield Fact("ok", f"{name} {present}")
        else:
            yield Fact("wrong", f"{name} {present}: python -m pip install '{requirement}'")


def fits(version: str, requirement: str) -> bool:
    """Whether a version is one that a requirement such as `numpy>=2.1,!=2.3.0` allows."""
    have = _numbers(version)
    for sign, bound in re.findall(r"(>=|!=|==|<=|<|>)\s*([\w.]+)", requirement):
        limit = _numbers(bound)
        size = max(len(have), len(limit))
        a, b = (numbers + (0,) * (size - len(numbers)) for numbers in (have, limit))
        answers = {">=": a >= b, "!=": a != b, "==": a == b, "<=": a <= b, "<": a < b, ">": a > b}
        if not answers[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:4])


def _optional() -> Iterator[Fact]:
    from importlib.metadata import PackageNotFoundError, version

    for name, use in OPTIONAL.items():
        try:
            yield Fact("ok", f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Fact("note", f"{name} is not installed; it is optional: {use}")


def _cache() -> Iterator[Fact]:
    """The directory of compiled modules: there, ours alone, and writable."""
    from gdsym.files import write_atomically
    from gdsym.private import directory, place

    wanted = place()
    home = directory()
    if home is None:
        yield Fact(
            "wrong",
            f"the cache {wanted} cannot be used: it must be a directory that only you can write; "
            "every command compiles anew (GDSYM_CACHE_DIR names another)",
        )
        return
    probe = home / f"doctor-{os.getpid()}"
    write_atomically(probe, "")
    probe.unlink()
    entries = list(home.glob("*.py"))
    size = sum(entry.stat().st_size for entry in entries)
    yield Fact("ok", f"cache {home}: yours alone, {len(entries)} modules, {size / 1e6:.1f} MB")


def _blas() -> Iterator[Fact]:
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    found = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    for entry in found:
        name, version = entry["internal_api"], entry.get("version") or "of unknown version"
        yield Fact("ok", f"BLAS {name} {version}, {entry['num_threads']} threads; a fit uses 1")
    if not found:
        yield Fact("note", "no BLAS that tells its threads: a fit may use more than one")


def _fits() -> Iterator[Fact]:
    """A model compiled and fitted, from the grammar to the optimum."""
    import numpy as np

    from gdsym import api

    x = np.array([1.0, 2.0, 4.0])
    result = api.fit(MODEL, {"x": x, "y": 3 * x + 1})
    found = [float(result.params[name]) for name in ("a", "b")]
    if result.status == "converged" and np.allclose(found, [3, 1], atol=1e-6):
        yield Fact("ok", "a small model compiles and fits")
    else:
        yield Fact("wrong", f"a small model should fit 3 and 1, and {result.status} at {found}")
