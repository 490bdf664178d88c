"""What a generated module computes with. This folder is the list: a file's name is its backend's.

Such a file has `BACKEND`. Files that begin with `_` are none.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gdsym.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from gdsym.codegen.expressions import Writer
    from gdsym.codegen.kernels import Kernels
    from gdsym.language.model import Rule

DEFAULT = "numpy"


@dataclass(frozen=True, slots=True)
class Backend:
    """Prints the statements of kernels and of update functions.

    `writer` is the class that does: the NumPy writer, or one derived from it that overrides what
    it prints otherwise: single nodes, or with `gather` a whole pass over the rows. A writer that
    adds the backend's name to its `helpers` gets `imports` (a line each) and `support` (the text
    of functions, two empty lines between them) into the module; after these come the functions
    that the writer put into its `functions`.
    `support` may define `set_threads(count) -> count before`; a fit asks it for one.
    `steps` is the class that prints kernels as steps into buffers, `StepWriter` or one derived
    from it. `guards` holds where log(1 + exp(x)) and its slope are functions of the module, which
    compute one exponential.
    `blocks` are constants of the runtime by which rows are cut into blocks, where none of the
    kernels says with the helper `cached blocks` that its blocks have to stay in a cache.
    `extra` is the optional dependency of gdsym that installs what the modules import, where gdsym
    itself does not need it; a library of the same name then is one of these.
    `epochs` gives functions, `epoch_RULE` among them, that make the steps of a rule for many
    batches at once, where the model has such; see `run/minibatch.py`.
    """

    writer: type[Writer]
    steps: type[Writer] | None = None
    guards: bool = False
    imports: tuple[str, ...] = ()
    support: str = ""
    blocks: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    epochs: Callable[[Kernels, Sequence[Rule]], list[list[str]]] | None = None


def backends() -> tuple[str, ...]:
    """The names of all backends, the default first."""
    names = {path.stem for folder in __path__ for path in Path(folder).glob("[!_]*.py")}
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def backend(name: str) -> Backend:
    """The backend with this name; UsageError where it or what it needs is not there."""
    if name not in backends():
        mend = did_you_mean(name, backends()) or f"the backends are {', '.join(backends())}"
        raise UsageError(f"there is no backend `{name}`\nhelp: {mend}")
    made = importlib.import_module(f"{__name__}.{name}").BACKEND
    assert isinstance(made, Backend)
    if made.extra and find_spec(made.extra) is None:
        mend = f"python -m pip install 'gdsym[{made.extra}]'"
        raise UsageError(
            f"the backend `{name}` needs {made.extra}, which is not installed\nhelp: {mend}"
        )
    return made
