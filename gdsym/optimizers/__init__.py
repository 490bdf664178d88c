"""The shipped ways to minimise. This folder is their list: a file's name is the method's name.

A *rule* is a `.gd` optimizer file, compiled into the model's module as an update function. A
*method* is a Python module with `minimize`, a generator of accepted iterates (see `_iterate`),
and `NEEDS`; the keyword arguments of `minimize` are its options. Files that begin with `_` are
neither.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gdsym.optimizers._iterate import Method

_FOLDER = Path(__file__).parent


def rules() -> tuple[str, ...]:
    """The names of the element-wise rules that ship, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("[!_]*.gd")))


def methods() -> tuple[str, ...]:
    """The names of the methods that are Python, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("[!_]*.py")))


def rule_path(name: str) -> Path:
    """The file of a shipped rule; KeyError where there is none."""
    if name not in rules():
        raise KeyError(name)
    return _FOLDER / f"{name}.gd"


def method(name: str) -> Method:
    """The method with this name; KeyError where there is none."""
    if name not in methods():
        raise KeyError(name)
    return cast("Method", importlib.import_module(f"gdsym.optimizers.{name}").minimize)


def needs(name: str) -> tuple[str, ...]:
    """What a method that is Python asks of the objective besides its gradient.

    Names of fields of `Objective`: `hess`, `hvp`, `residual_qr`, `kinks`. KeyError for others.
    """
    if name not in methods():
        raise KeyError(name)
    found: tuple[str, ...] = importlib.import_module(f"gdsym.optimizers.{name}").NEEDS
    return found
