"""gdsym compiles a loss function written as a formula into exact, fast Python, and fits it.

    import gdsym

    model = gdsym.compile("logistic.gd")
    result = model.fit(X=X, y=y)
    result.params["w"]

Importing this package imports nothing else; each public name is fetched when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gdsym.api import Model, compile, fit, load
    from gdsym.errors import GdsymError
    from gdsym.gradcheck import check_gradient
    from gdsym.gradcheck.trace.front import trace

__version__ = "0.1.0"
__all__ = [
    "GdsymError",
    "Model",
    "__version__",
    "check_gradient",
    "compile",
    "fit",
    "load",
    "trace",
]

_HOMES = {
    "GdsymError": "gdsym.errors",
    "Model": "gdsym.api",
    "check_gradient": "gdsym.gradcheck",
    "compile": "gdsym.api",
    "fit": "gdsym.api",
    "load": "gdsym.api",
    "trace": "gdsym.gradcheck.trace.front",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'gdsym' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
