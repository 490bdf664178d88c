"""Formulas as written on paper, evaluated by gdsym, JAX, PyTorch, CasADi and SymPy's lambdify.

Each system gets the same formula in its own spelling and gives value and derivative in doubles;
the truth comes from mpmath at 900 digits. Prints a Markdown table: `ok` where both are right to
1e-12 relative, else what came out. `docs/stability.md` shows it. A system that is not installed
is left out.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

import gdsym

RIGHT = 1e-12

# A function of one number z in the functions of a namespace: exp, log, sqrt, erf, number.
Formula = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Row:
    """A formula as gd text (a whole model), the same in Python, and where it is evaluated."""

    name: str
    model: str
    formula: Formula
    z: float
    data: dict[str, list[float]] | None = None


def loss(expression: str) -> str:
    return f"param z\nloss {expression}"


def labelled(expression: str) -> str:
    return f"data y[n] in {{0, 1}}\nparam z\nloss sum({expression})"


def softmax(f: Any, z: Any) -> Any:
    return f.exp(z + 1) / (f.exp(z) + f.exp(z + 1) + f.exp(z * z / 1000))


ROWS = [
    Row("log(1 + exp(z))", loss("log(1 + exp(z))"), lambda f, z: f.log(1 + f.exp(z)), 800),
    Row("log(1 + exp(z))", loss("log(1 + exp(z))"), lambda f, z: f.log(1 + f.exp(z)), -40),
    Row(
        "log(1 + exp(z)) - y*z, y = 1",
        labelled("log(1 + exp(z)) - y*z"),
        lambda f, z: f.log(1 + f.exp(z)) - z,
        40,
        {"y": [1]},
    ),
    Row(
        "-y*log(p) - (1 - y)*log(1 - p), p = 1/(1 + exp(-z)), y = 0",
        labelled("-y*log(1/(1 + exp(-z))) - (1 - y)*log(1 - 1/(1 + exp(-z)))"),
        lambda f, z: -0 * f.log(1 / (1 + f.exp(-z))) - f.log(1 - 1 / (1 + f.exp(-z))),
        800,
        {"y": [0]},
    ),
    Row(
        "log(exp(z) + exp(z + 1) + exp(z^2/1000))",
        loss("log(exp(z) + exp(z + 1) + exp(z^2/1000))"),
        lambda f, z: f.log(f.exp(z) + f.exp(z + 1) + f.exp(z * z / 1000)),
        1000,
    ),
    Row(
        "exp(z + 1)/(exp(z) + exp(z + 1) + exp(z^2/1000))",
        loss("exp(z + 1)/(exp(z) + exp(z + 1) + exp(z^2/1000))"),
        softmax,
        1000,
    ),
    Row(
        "1 - 1/(1 + exp(-z))",
        loss("1 - 1/(1 + exp(-z))"),
        lambda f, z: 1 - 1 / (1 + f.exp(-z)),
        40,
    ),
    Row(
        "log(onehot(g).T @ exp(z + a)), a = (0, 1) of one group",
        "dim k = 1\ndata g[n] in k, a[n]\nparam z\nloss sum(log(onehot(g).T @ exp(z + a)))",
        lambda f, z: f.log(f.exp(z) + f.exp(z + 1)),
        800,
        {"g": [0, 0], "a": [0, 1]},
    ),
    Row("log(1 + z)", loss("log(1 + z)"), lambda f, z: f.log(1 + z), 1e-17),
    Row("exp(z) - 1", loss("exp(z) - 1"), lambda f, z: f.exp(z) - 1, 1e-17),
    Row("log(1 - exp(z))", loss("log(1 - exp(z))"), lambda f, z: f.log(1 - f.exp(z)), -1e-20),
    Row(
        "log(normal_cdf(z))",
        loss("log(normal_cdf(z))"),
        lambda f, z: f.log((1 + f.erf(z / f.number(2) ** 0.5)) / 2),
        -40,
    ),
    Row(
        "log(exp(-z^2/2) + exp(-(z - 1)^2/2))",
        loss("log(exp(-z^2/2) + exp(-(z - 1)^2/2))"),
        lambda f, z: f.log(f.exp(-z * z / 2) + f.exp(-(z - 1) * (z - 1) / 2)),
        60,
    ),
    Row("sqrt(z^2)", loss("sqrt(z^2)"), lambda f, z: f.sqrt(z * z), 0),
]


def of_gdsym(row: Row) -> tuple[float, float]:
    problem = gdsym.compile(row.model).module.bind(**(row.data or {}))
    value, gradient = problem.value_and_grad(np.array([float(row.z)]))
    return value, gradient[0]


def of_jax(row: Row) -> tuple[float, float]:
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import erf

    jax.config.update("jax_enable_x64", True)
    functions = Functions(jnp.exp, jnp.log, jnp.sqrt, erf, float)
    value, slope = jax.value_and_grad(lambda z: row.formula(functions, z))(float(row.z))
    return float(value), float(slope)


def of_torch(row: Row) -> tuple[float, float]:
    import torch

    z = torch.tensor(float(row.z), dtype=torch.float64, requires_grad=True)
    value = row.formula(Functions(torch.exp, torch.log, torch.sqrt, torch.erf, float), z)
    value.backward()
    return float(value), float(z.grad)


def of_casadi(row: Row) -> tuple[float, float]:
    import casadi

    z = casadi.SX.sym("z")
    functions = Functions(casadi.exp, casadi.log, casadi.sqrt, casadi.erf, float)
    expression = row.formula(functions, z)
    both = casadi.Function("f", [z], [expression, casadi.gradient(expression, z)])
    value, slope = both(float(row.z))
    return float(value), float(slope)


def of_lambdify(row: Row) -> tuple[float, float]:
    import sympy

    z = sympy.Symbol("z", real=True)
    functions = Functions(sympy.exp, sympy.log, sympy.sqrt, sympy.erf, sympy.Integer)
    expression = row.formula(functions, z)
    both = sympy.lambdify(z, [expression, expression.diff(z)], modules=["numpy", "scipy"])
    with np.errstate(all="ignore"):
        value, slope = both(np.float64(row.z))
    return float(value), float(slope)


@dataclass(frozen=True)
class Functions:
    exp: Any
    log: Any
    sqrt: Any
    erf: Any
    number: Any


def truth(row: Row) -> tuple[Any, Any]:
    """Value and derivative with enough digits that nothing cancels or underflows."""
    with mpmath.workdps(900):
        functions = Functions(mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.erf, mpmath.mpf)
        z, step = mpmath.mpf(row.z), mpmath.mpf(10) ** -120
        up, down = row.formula(functions, z + step), row.formula(functions, z - step)
        return row.formula(functions, z), (up - down) / (2 * step)


def verdict(found: tuple[float, float], exact: tuple[Any, Any]) -> str:
    """`ok`, or what came out for value and derivative."""
    shown = []
    for number, right in zip(found, exact, strict=True):
        close = abs(mpmath.mpf(number) - right) <= RIGHT * abs(right) + mpmath.mpf(2) ** -1074
        shown.append("ok" if np.isfinite(number) and close else f"{number:.2g}")
    return "ok" if shown == ["ok", "ok"] else " / ".join(shown)


SYSTEMS = {
    "gdsym": ("gdsym", of_gdsym),
    "JAX": ("jax", of_jax),
    "PyTorch": ("torch", of_torch),
    "CasADi": ("casadi", of_casadi),
    "lambdify": ("sympy", of_lambdify),
}


def main() -> None:
    systems = {n: f for n, (module, f) in SYSTEMS.items() if importlib.util.find_spec(module)}
    print(f"| formula | z | right | {' | '.join(systems)} |")
    print("| --- | --- | --- |" + " --- |" * len(systems))
    for row in ROWS:
        exact = truth(row)
        right = " / ".join(mpmath.nstr(number, 3) for number in exact)
        cells = [verdict(evaluate(row), exact) for evaluate in systems.values()]
        print(f"| `{row.name}` | {row.z:g} | {right} | {' | '.join(cells)} |")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
