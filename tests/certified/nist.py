"""NIST StRD: nonlinear regression from two starts each, and linear regression."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from typing import Any

from .score import DATA, Case, answers, digits, flat

LANCZOS = "b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"

# What x is expected to give.
NONLINEAR = {
    "Chwirut2": "exp(-b1*x)/(b2 + b3*x)",
    "Gauss1": "b1*exp(-b2*x) + b3*exp(-(x - b4)^2/b5^2) + b6*exp(-(x - b7)^2/b8^2)",
    "Lanczos3": LANCZOS,
    "Misra1a": "b1*(1 - exp(-b2*x))",
    "Misra1b": "b1*(1 - (1 + b2*x/2)^-2)",
    "ENSO": "b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4)"
    " + b6*sin(2*pi*x/b4) + b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)",
    "Hahn1": "(b1 + b2*x + b3*x^2 + b4*x^3)/(1 + b5*x + b6*x^2 + b7*x^3)",
    "Kirby2": "(b1 + b2*x + b3*x^2)/(1 + b4*x + b5*x^2)",
    "Lanczos1": LANCZOS,
    "Lanczos2": LANCZOS,
    "Misra1c": "b1*(1 - (1 + 2*b2*x)^-0.5)",
    "Misra1d": "b1*b2*x/(1 + b2*x)",
    "Bennett5": "b1*(b2 + x)^(-1/b3)",
    "Eckerle4": "b1/b2*exp(-((x - b3)/b2)^2/2)",
    "MGH09": "b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)",
    "MGH10": "b1*exp(b2/(x + b3))",
    "Rat42": "b1/(1 + exp(b2 - b3*x))",
}

# Right digits of a least-squares solution by QR of the scaled design, in doubles; where the
# problem has no such figure (NoInt1), it is that of a division.
SCALED_QR = {
    "Norris": 12.1,
    "NoInt1": 15.0,
    "Filip": 7.4,
    "Wampler1": 9.3,
    "Wampler2": 12.5,
    "Wampler3": 9.9,
    "Wampler5": 5.8,
}

# The solvers that stand beside each fit, each with the options that served it best.
BESIDE = {
    "MINPACK": "scipy leastsq (MINPACK lmder, exact J, tol 1e-15, maxfev 1e5)",
    "SciPy trf": "scipy least_squares trf exact J x_scale=jac tol 1e-15",
    "BFGS": "scipy minimize BFGS exact grad gtol 1e-12",
    "Ceres": "Ceres 2.x (pyceres) LM DENSE_QR, nist.cc settings",
}

# The data are those of the model but for rounding, so there is no size of the residuals to tell.
EXACT = ("Lanczos1",)

SAME_AS_OTHERS = 11.0  # what the digits of the other solvers were cut at


def nonlinear() -> Iterator[Case]:
    for problem in answers("nist_nonlinear.json"):
        for start in (1, 2):
            yield Case(
                family="NIST nonlinear",
                name=problem["name"],
                text=curve(problem["params"], NONLINEAR[problem["name"]]),
                data=lambda problem=problem: {"x": problem["x"], "y": problem["y"]},
                answer=lambda result, problem=problem: of_curve(result, problem),
                options={
                    "start": dict(zip(problem["params"], problem[f"start{start}"], strict=True))
                },
                start=start,
            )


def linear() -> Iterator[Case]:
    for problem in answers("nist_linear.json"):
        yield Case(
            family="NIST linear",
            name=problem["name"],
            text=curve(problem["params"], polynomial(problem["params"])),
            data=lambda problem=problem: {"x": problem["x"], "y": problem["y"]},
            answer=lambda result, problem=problem: of_line(result, problem),
        )


def curve(params: list[str], expected: str) -> str:
    return f"data x[n], y[n]\nparam {', '.join(params)}\nresidual y - ({expected})\n"


def polynomial(params: list[str]) -> str:
    """b0 + b1*x + b2*x^2 and so on; a number's power is in its name."""
    powers = [int(name.removeprefix("b")) for name in params]
    factors = {0: "", 1: "*x"}
    return " + ".join(f"b{power}{factors.get(power, f'*x^{power}')}" for power in powers)


def of_curve(result: Any, problem: dict[str, Any]) -> dict[str, Any]:
    found = flat(result.params, *problem["params"])
    return {
        "digits": digits(found, problem["optimum"]),
        "of certified": digits(found, problem["certified"], SAME_AS_OTHERS),
        "se": errors(result, problem["params"], problem["sd"]),
        "objective": digits(result.objective, [problem["rss"]]),
    }


def of_line(result: Any, problem: dict[str, Any]) -> dict[str, Any]:
    return {
        "digits": digits(flat(result.params, *problem["params"]), problem["exact"]),
        "deficient": deficient(result),
        "se": errors(result, problem["params"], problem["sd"]),
        "objective": digits(result.objective, [problem["rss"]]),
    }


def errors(result: Any, names: list[str], right: list[str]) -> float | None:
    """Right digits of the standard errors, None where the fit withheld them."""
    if result.std_errors is None:
        return None
    return digits(flat(result.std_errors, *names), right)


@functools.cache
def solvers() -> tuple[list[str], dict[tuple[str, int], list[float]]]:
    """The names of twelve other solvers, and their right digits by problem and start."""
    with (DATA / "nist_solvers.csv").open(encoding="utf-8", newline="") as file:
        (_, _, *names), *rows = csv.reader(file)
    return names, {(name, int(start)): [*map(float, cells)] for name, start, *cells in rows}


def other(problem: str, start: int | None, solver: str | None) -> str:
    """The right digits of another solver, or of the best of them for this problem."""
    names, figures = solvers()
    of_all = figures[problem, start or 1]
    return f"{max(of_all) if solver is None else of_all[names.index(solver)]:.1f}"


def deficient(result: Any) -> bool:
    """Whether the fit says that its design has no full rank."""
    return result.certificate is not None and bool(result.certificate.flat)
