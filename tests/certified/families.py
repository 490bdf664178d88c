"""The families: which figures of a fit the page shows, and the bar that they must reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import glm, mgh, ml, nist
from .score import Case, Fit

RIGHT = 10.0  # digits of a parameter
RIGHT_ERRORS = 8.0  # digits of a standard error
KNOWN = 4.0  # digits below which nothing may be called converged (the rule of Ceres' nist.cc)
RIGHT_OBJECTIVE = 12.0  # digits of the objective of a penalised model
BALANCED = 1e-8  # what may be missing to the conditions of an optimum
AT_MINIMUM = 1e-12  # the most above a minimum, in units of the objective at the start


@dataclass(frozen=True)
class Family:
    """`columns`: a heading and how the cell follows from a fit. `short`: what keeps a fit from
    reaching the bar, in words; empty where it does."""

    title: str
    bar: str
    cases: Callable[[], Iterator[Case]]
    columns: dict[str, Callable[[Fit], str]]
    short: Callable[[Fit], str]


def count(number: float | None) -> str:
    """Digits with one decimal, which is what the other solvers were measured to."""
    return "withheld" if number is None else f"{number:.1f}"


def figure(name: str) -> Callable[[Fit], str]:
    return lambda fit: count(fit.figures[name])


def below(fit: Fit, name: str, bar: float, what: str) -> str:
    found = fit.figures[name]
    if found is None:
        return f"no {what}: {fit.message}"
    return "" if found >= bar else f"{found:.2f} right digits of {what}, not {bar:g}"


def of_curve(fit: Fit) -> str:
    if fit.status == "converged" and fit.figures["digits"] < KNOWN:
        return f"`converged` with {fit.figures['digits']:.2f} right digits"
    short = below(fit, "digits", RIGHT, "the parameters") or below(
        fit, "of certified", RIGHT, "the certified parameters"
    )
    if fit.figures["se"] is None and fit.case.name in nist.EXACT:
        return short
    return short or below(fit, "se", RIGHT_ERRORS, "standard errors")


def of_line(fit: Fit) -> str:
    if fit.figures["deficient"]:
        return ""
    bar = nist.SCALED_QR[fit.case.name] - (0.4 if fit.case.name == "Filip" else 1)
    return below(fit, "digits", bar, "the parameters")


def of_function(fit: Fit) -> str:
    gap, name = fit.figures["gap"], fit.case.name
    if not abs(gap) <= AT_MINIMUM:
        return f"the objective is {fit.figures['objective']:g}, not {fit.figures['minimum']:g}"
    if name in mgh.SINGULAR and not fit.figures["flat"]:
        return "the singular Hessian goes unnoticed"
    return ""


def of_model(fit: Fit) -> str:
    return (
        below(fit, "digits", RIGHT, "the parameters")
        or below(fit, "se", RIGHT_ERRORS, "standard errors")
        or below(fit, "objective", RIGHT_OBJECTIVE, "the objective")
    )


def of_penalised(fit: Fit) -> str:
    expected, found = fit.figures.get("zeros", (0, 0))
    if expected != found:
        return f"{found} parameters are exactly 0, not {expected}"
    if not fit.figures["kkt"] <= BALANCED:
        return f"{fit.figures['kkt']:.1e} from the conditions of an optimum"
    return below(fit, "objective", RIGHT_OBJECTIVE, "the objective")


def objective(fit: Fit) -> str:
    """Of a minimum of 0 rounding leaves a size."""
    found = fit.figures["objective"]
    return format(found, ".6g" if fit.figures["minimum"] or not found else ".0e")


def zeros(fit: Fit) -> str:
    expected, found = fit.figures.get("zeros", (0, 0))
    return f"{found} of {expected}" if expected or found else ""


FAMILIES = (
    Family(
        "NIST nonlinear regression",
        "At least 10 right digits of every parameter, and 8 of every standard error that is "
        "given, in all 34 fits; never `converged` with fewer than 4. The data of Lanczos1 are "
        "those of the model but for rounding (NIST's sum of squares is 1.4e-25): in doubles the "
        "size of its residuals, and with it standard errors, cannot be known, and they are "
        "withheld.",
        nist.nonlinear,
        {
            "parameters": figure("digits"),
            "standard errors": figure("se"),
            "certified": figure("of certified"),
            **{
                title: lambda fit, name=name: nist.other(fit.case.name, fit.case.start, name)
                for title, name in nist.BESIDE.items()
            },
            "best of 12": lambda fit: nist.other(fit.case.name, fit.case.start, None),
        },
        of_curve,
    ),
    Family(
        "NIST linear regression",
        "Filip: at least 7 right digits. The others: within one digit of QR of the scaled design "
        "in doubles; or the fit says that the design has no full rank. Wampler1 and Wampler2 have "
        "no residuals, so there are no standard errors.",
        nist.linear,
        {
            "parameters": figure("digits"),
            "standard errors": figure("se"),
            "scaled QR": lambda fit: count(nist.SCALED_QR[fit.case.name]),
        },
        of_line,
    ),
    Family(
        "More, Garbow and Hillstrom",
        "A published minimum, to 1e-12 of the objective at the start; a Hessian that is singular "
        "there is said to be, with the directions that the objective does not depend on.",
        mgh.instances,
        {
            "objective": objective,
            "minimum": lambda fit: f"{fit.figures['minimum']:.6g}",
            "singular": lambda fit: "said" if fit.figures["flat"] else "",
        },
        of_function,
    ),
    Family(
        "Generalised linear models",
        "At least 10 right digits of every parameter and 8 of every standard error.",
        glm.models,
        {
            "parameters": figure("digits"),
            "standard errors": figure("se"),
            "objective": figure("objective"),
            "statsmodels": lambda fit: count(fit.figures["statsmodels"]),
        },
        of_model,
    ),
    Family(
        "Penalised and robust models",
        "The objective right to 12 digits, the conditions of an optimum met to 1e-8, and every "
        "weight that is 0 at the optimum exactly 0. `conditions`: -log10 of the largest entry of "
        "the subgradient nearest to 0.",
        ml.models,
        {
            "objective": figure("objective"),
            "conditions": lambda fit: count(fit.figures["met to"]),
            "exact zeros": zeros,
        },
        of_penalised,
    ),
)


def cases() -> list[tuple[Family, Case]]:
    return [(family, case) for family in FAMILIES for case in family.cases()]


def row(family: Family, fit: Fit) -> list[str]:
    """The cells of a fit's line in the page."""
    return [
        str(fit.case),
        fit.method,
        fit.status,
        str(fit.iterations),
        *(cell(fit) for cell in family.columns.values()),
    ]


def header(family: Family) -> list[str]:
    return ["problem", "method", "status", "iterations", *family.columns]
