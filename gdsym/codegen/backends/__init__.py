"""What a generated module computes with. This folder is the list: a file's name is its backend's.

Such a file has `BACKEND`. Files that begin with `_` are none.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gdsym.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from gdsym.codegen.backends.numpy import Writer

DEFAULT = "numpy"


@dataclass(frozen=True, slots=True)
class Backend:
    """Prints the statements of kernels and of update functions.

    `writer` is the class that does: the NumPy writer, or one derived from it that overrides what
    it prints otherwise. A writer that adds the backend's name to its `helpers` gets `imports` (a
    line each) and `support` (the text of functions, two empty lines between them) into the module.
    `support` may define `set_threads(count) -> count before`; a fit asks it for one. `buffers`
    holds where kernels are NumPy steps into buffers, which the writer in `_buffers` prints.
    """

    writer: type[Writer]
    buffers: bool = False
    imports: tuple[str, ...] = ()
    support: str = ""


def backends() -> tuple[str, ...]:
    """The names of all backends, the default first."""
    names = {path.stem for folder in __path__ for path in Path(folder).glob("[!_]*.py")}
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def backend(name: str) -> Backend:
    """The backend with this name; UsageError where there is none."""
    if name not in backends():
        mend = did_you_mean(name, backends()) or f"the backends are {', '.join(backends())}"
        raise UsageError(f"there is no backend `{name}`\nhelp: {mend}")
    made = importlib.import_module(f"{__name__}.{name}").BACKEND
    assert isinstance(made, Backend)
    return made
