"""What four checkers report of the same wrong gradients of a logistic regression.

    python benchmarks/gradcheck/beside.py

Every gradient is a function that a person may have written. `gdsym` holds it against the model;
`scipy.optimize.check_grad`, `torch.autograd.gradcheck` and `jax.test_util.check_grads` hold it
against differences of the loss, at a point where nothing is special and with their own settings.
Prints a Markdown table and a line that counts; `docs/gradient-checking.md` shows both. A checker
that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from others import Flat, jax_objection, scipy_difference, torch_objection
from scipy.special import expit, ndtr

import gdsym

MODEL = """data    X[n, d], y[n] in {0, 1}
param   w[d], b
const   lam = 0.05
let     z = X @ w + b
loss    mean(log(1 + exp(z)) - y*z)
penalty lam/2*sum(w^2)
"""
LAM = 0.05
# What a checker that prints a number is told to take for wrong: the square root of the precision,
# its step. Torch and JAX have their own.
SCIPY_WRONG = 1e-6

Gradient = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def loss(X: Any, y: Any, w: Any, b: Any) -> Any:
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y * z) + LAM / 2 * w @ w


def right(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    residual = expit(X @ w + b) - y
    return X.T @ residual / len(y) + LAM * w, np.mean(residual)


def doubled(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w + LAM * w, by_b


def no_penalty(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w - LAM * w, by_b


def penalised(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w, by_b + LAM * b


def summed(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w, len(y) * by_b


def turned(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return -by_w, -by_b


def one_turned(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w * np.where(np.arange(len(w)) == 1, -1, 1), by_b


def probit(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    residual = ndtr(X @ w + b) - y
    return X.T @ residual / len(y) + LAM * w, np.mean(residual)


def labels(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    return right(X, 2 * y - 1, w, b)


def half_of_the_rows(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    half = len(y) // 2
    return right(X[:half], y[:half], w, b)


def rows_shifted(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    return right(X, np.roll(y, 1), w, b)


def broadcast(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    residual = np.mean(expit(X @ w + b) - y[:, None], axis=0)
    return X.T @ residual / len(y) + LAM * w, np.mean(residual)


def frozen(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w * (np.arange(len(w)) > 0), by_b


def clipped(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return np.clip(by_w, -1, 1), by_b


def rounded(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return np.round(by_w, 3), by_b


def slightly(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    by_w, by_b = right(X, y, w, b)
    return by_w, by_b * (1 + 1e-6)


def two_at_once(X: Any, y: Any, w: Any, b: Any) -> tuple[Any, Any]:
    residual = expit(X @ w + b) - y
    return 2 * X.T @ residual / len(y) - LAM * w, np.mean(residual)


ROWS: dict[str, Gradient] = {
    "nothing: it is right": right,
    "the penalty's gradient doubled": doubled,
    "the penalty's gradient missing": no_penalty,
    "the intercept penalised": penalised,
    "a sum for a mean": summed,
    "the wrong sign": turned,
    "the wrong sign in one coordinate": one_turned,
    "probit for logit": probit,
    "labels -1 and 1": labels,
    "half of the rows": half_of_the_rows,
    "labels of the row before": rows_shifted,
    "`y[:, None]`: shapes broadcast": broadcast,
    "one coordinate frozen at 0": frozen,
    "entries clipped at 1": clipped,
    "rounded to 3 decimals": rounded,
    "a millionth too large": slightly,
    "twice the loss's, and the penalty's sign": two_at_once,
}


@dataclass(frozen=True)
class Told:
    """Whether a checker objects, and what it says."""

    objects: bool
    words: str


def drawn() -> tuple[Any, Any, Any, Any]:
    """Data and a point: nothing special about them."""
    draw = np.random.default_rng(7)
    X = draw.standard_normal((12, 3))
    return X, (draw.random(12) < 0.5).astype(float), draw.standard_normal(3), 0.3


def of_gdsym(gradient: Gradient) -> Told:
    def named(X: Any, y: Any, w: Any, b: Any) -> Any:
        return gradient(X, y, w, b)

    report = gdsym.check_gradient(MODEL, named)
    found = [v for v in report.claims if not v.holds]
    if not found:
        return Told(False, ", ".join(dict.fromkeys(v.verdict for v in report.claims)))
    words = [f"`{v.block}`: {'; '.join(f.text for f in v.diagnosis)}" for v in found]
    return Told(True, "; ".join(words))


def _flat(gradient: Gradient) -> Flat:
    """Loss and gradient of one vector, and the point."""
    X, y, w, b = drawn()

    def value(theta: Any) -> Any:
        return loss(X, y, theta[:-1], theta[-1])

    def slope(theta: Any) -> Any:
        by_w, by_b = gradient(X, y, theta[:-1], theta[-1])
        return np.append(by_w, by_b)

    return Flat(value, slope, np.append(w, b))


def of_scipy(gradient: Gradient) -> Told:
    difference = scipy_difference(_flat(gradient))
    return Told(difference > SCIPY_WRONG, f"{difference:.1g}")


def of_torch(gradient: Gradient) -> Told:
    objection = torch_objection(_flat(gradient))
    return Told(bool(objection), _first_words(objection) if objection else "`True`")


def of_jax(gradient: Gradient) -> Told:
    objection = jax_objection(_flat(gradient))
    return Told(bool(objection), _first_words(objection) if objection else "passes")


def _first_words(text: str) -> str:
    """What it says before the numbers."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "an error")
    return line.partition(" for output")[0].partition(" rtol")[0]


SYSTEMS: dict[str, tuple[str, Callable[[Gradient], Told]]] = {
    "gdsym": ("gdsym", of_gdsym),
    "SciPy": ("scipy", of_scipy),
    "PyTorch": ("torch", of_torch),
    "JAX": ("jax", of_jax),
}


def main(without: Sequence[str]) -> None:
    systems = {
        name: check
        for name, (module, check) in SYSTEMS.items()
        if name not in without and importlib.util.find_spec(module)
    }
    print(f"| planted | {' | '.join(systems)} |")
    print("| --- |" + " --- |" * len(systems))
    objections = dict.fromkeys(systems, 0)
    for name, gradient in ROWS.items():
        told = {system: check(gradient) for system, check in systems.items()}
        for system, answer in told.items():
            objections[system] += answer.objects and gradient is not right
        cells = [answer.words.replace("|", "\\|") for answer in told.values()]
        print(f"| {name} | {' | '.join(cells)} |")
    counts = " | ".join(f"{count} of {len(ROWS) - 1}" for count in objections.values())
    print(f"| objects to | {counts} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", nargs="+", default=[], metavar="CHECKER")
    warnings.simplefilter("ignore")
    main(parser.parse_args().without)
