"""What starting costs: bare commands, imports, compilation of models, in fresh processes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cases import DEFAULT, Case
from benchmarks.linear import LOSSES
from benchmarks.processes import GDSYM, done
from benchmarks.race import Contender, Measured, Race, Run, Vector

FAMILY = "Start-up and compilation"
CHAIN = Path(__file__).parent / "scripts" / "jax_chain.py"


def chain(lets: int) -> str:
    """A curve of so many values, each made of the one before and of both parameters."""
    links = [f"let t{i} = tanh(a*t{i - 1} + b)" for i in range(1, lets + 1)]
    head = ["data x[n], y[n]", "param a = 1, b", "let t0 = x"]
    return "\n".join([*head, *links, f"loss mean((y - t{lets})^2)"])


def tower(lets: int) -> str:
    """So many values of one score, each made of the one before and of one half-way down."""
    links = [
        f"let z{i} = sigmoid(z{i - 1}) + {i}/1000*z{(i - 1) // 2}" for i in range(1, lets + 1)
    ]
    head = ["data X[n, d], y[n]", "param w[d], b", "let z0 = X @ w + b"]
    return "\n".join([*head, *links, f"loss mean((y - z{lets})^2)"])


def peaks(parameters: int) -> str:
    """A curve of bumps with two scalar parameters each."""
    pairs = range(parameters // 2)
    names = ", ".join(f"a{k} = 1, c{k} = {k}" for k in pairs)
    bumps = " + ".join(f"a{k}*exp(-(x - c{k})^2)" for k in pairs)
    return f"data x[n], y[n]\nparam {names}\nlet fitted = {bumps}\nloss mean((y - fitted)^2)"


TEN_LINES = """data X[n, d] from *, y[n] in {0, 1}
data weight[n] > 0 = 1
param w[d], b
const lam = 1e-3
let z = X @ w + b
let misfit = weight*(log(1 + exp(z)) - y*z)
loss mean(misfit)
penalty lam/2*sum(w^2)
predict p = sigmoid(z)
predict odds = exp(z)
"""
TEXTS = {
    "compilation of ten lines": TEN_LINES,
    "compilation of 100 lets": tower(100),
    "compilation of 100 lets with parameters": chain(100),
    "compilation of 20 parameters": peaks(20),
    "compilation of 1000 lines": tower(996),
}
LONGER = {"compilation of 100 lets with parameters": 16, "compilation of 1000 lines": 35}


def cases() -> list[Case]:
    once = partial(Case, family=FAMILY, preparation=2)
    quick = "compilation of ten lines", "compilation of 100 lets with parameters"
    return [
        once("starting", race=partial(starting, 11), quick=DEFAULT),
        once("importing", race=importing, seconds=15),
        *(
            once(
                name,
                race=partial(compilation, name),
                quick=DEFAULT * (name in quick),
                seconds=LONGER.get(name, 5),
            )
            for name in TEXTS
        ),
        once("starting, once", race=partial(starting, 1), tiny=True),
    ]


def _same(ours: Vector, theirs: Vector) -> None:
    """These commands have no answer in common; each has raised where it failed."""


def _process(name: str, command: Callable[[], Sequence[str]]) -> Contender:
    def build() -> Run:
        words = command()

        def run() -> Measured:
            with tempfile.TemporaryDirectory() as cache:
                seconds = done(words, {"GDSYM_CACHE_DIR": cache}).seconds
            return Measured(seconds, np.zeros(0))

        return run

    return Contender(name, build, None)


def _python(code: str) -> Sequence[str]:
    return sys.executable, "-c", code


def _written(text: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gdsym-benchmark-"))
    (folder / "model.gd").write_text(text, encoding="utf-8")
    return folder


def starting(rounds: int) -> Race:
    def generated() -> Sequence[str]:
        folder = _written(LOSSES["logistic"].text)
        done((*GDSYM, "compile", str(folder / "model.gd"), "-o", str(folder / "model.py")))
        return _python(f"import sys; sys.path.insert(0, {str(folder)!r}); import model")

    contenders = (
        _process("gdsym --help", lambda: (*GDSYM, "--help")),
        _process("gdsym, import of a generated module", generated),
        _process("bare Python", lambda: _python("pass")),
        _process("import of NumPy", lambda: _python("import numpy")),
    )
    return Race(contenders, _same, rounds=rounds)


def importing() -> Race:
    modules = {"JAX": "jax", "PyTorch": "torch", "scikit-learn": "sklearn.linear_model"}
    contenders = (
        _process(f"import of {name}", partial(_python, f"import {module}"))
        for name, module in {"gdsym": "gdsym", **modules}.items()
    )
    return Race(tuple(contenders), _same, rounds=5)


def compilation(name: str) -> Race:
    """From a text to a module, by `gdsym compile` in a fresh process with an empty cache."""

    def ours() -> Sequence[str]:
        folder = _written(TEXTS[name])
        return (*GDSYM, "compile", str(folder / "model.gd"), "-o", str(folder / "model.py"))

    contenders = [_process("gdsym compile", ours)]
    if TEXTS[name] == chain(100):
        contenders.append(_process("JAX", lambda: (sys.executable, str(CHAIN))))
    return Race(tuple(contenders), _same, rounds=5)
