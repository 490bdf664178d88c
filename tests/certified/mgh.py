"""The test functions of More, Garbow and Hillstrom (ACM TOMS 7, 1981), 27 instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .score import Case, answers, model

GAUSSIAN = [9, 44, 175, 540, 1295, 2420, 3521, 3989, 3521, 2420, 1295, 540, 175, 44, 9]
METER = [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427]
METER += [3820, 3307, 2872]
OSBORNE1 = [844, 908, 932, 936, 925, 908, 881, 850, 818, 784, 751, 718, 685, 658, 628, 603, 580]
OSBORNE1 += [558, 538, 522, 506, 490, 478, 467, 457, 448, 438, 431, 424, 420, 414, 411, 406]
OSBORNE2 = [1366, 1191, 1112, 1013, 991, 885, 831, 847, 786, 725, 746, 679, 608, 655, 616, 606]
OSBORNE2 += [602, 626, 651, 724, 649, 649, 694, 644, 624, 661, 612, 558, 533, 495, 500, 423]
OSBORNE2 += [395, 375, 372, 391, 396, 405, 428, 429, 523, 562, 607, 653, 672, 708, 633, 668]
OSBORNE2 += [645, 632, 591, 559, 597, 625, 739, 710, 729, 720, 636, 581, 428, 292, 162, 98, 54]

Arrays = dict[str, Any]

TEN = np.arange(1.0, 11)
TWENTY = np.arange(1.0, 21)
GRID = TEN / 11
NEAR = np.diag(np.ones(9), 1)


def watson(p: int) -> Arrays:
    return {"t": np.arange(1, 30) / 29, "j": np.arange(2.0, p)}


# By the name of the instance: the file of its model, its data, and how it is called.
INSTANCES: dict[str, tuple[str, Arrays, dict[str, Any]]] = {
    "Rosenbrock": ("rosenbrock", {}, {}),
    "Brown badly scaled": ("brown_badly_scaled", {}, {}),
    "Beale": ("beale", {"i": [1, 2, 3], "y": [1.5, 2.25, 2.625]}, {}),
    "Jennrich-Sampson": ("jennrich_sampson", {"i": TEN}, {}),
    "Helical valley": ("helical_valley", {}, {}),
    "Gaussian": ("gaussian", {"t": 4 - np.arange(1, 16) / 2, "y": np.array(GAUSSIAN) / 1e4}, {}),
    "Meyer": ("meyer", {"t": 45 + 5 * np.arange(1, 17), "y": METER}, {}),
    "Box 3-D (m=10)": ("box", {"t": TEN / 10}, {}),
    "Powell singular": ("powell_singular", {}, {}),
    "Wood": ("wood", {}, {}),
    "Osborne 1": ("osborne1", {"t": 10 * np.arange(33), "y": np.array(OSBORNE1) / 1e3}, {}),
    "Osborne 2": ("osborne2", {"t": np.arange(65) / 10, "y": np.array(OSBORNE2) / 1e3}, {}),
    "Watson (n=6)": ("watson", watson(6), {}),
    "Watson (n=12)": ("watson", watson(12), {}),
    "Extended Rosenbrock (n=10)": ("extended_rosenbrock", {}, {}),
    "Extended Powell singular (n=12)": ("extended_powell", {}, {}),
    "Penalty I (n=4)": ("penalty1", {}, {"start": {"x": [1, 2, 3, 4]}}),
    "Penalty I (n=10)": ("penalty1", {}, {"start": {"x": TEN}, "set": {"p": 10}}),
    "Variably dimensioned (n=10)": ("variably_dimensioned", {}, {}),
    "Trigonometric (n=10)": ("trigonometric", {"i": TEN}, {}),
    "Discrete boundary value (n=10)": (
        "discrete_boundary_value",
        {"t": GRID, "N": NEAR + NEAR.T},
        {"start": {"x": GRID * (GRID - 1)}},
    ),
    "Discrete integral equation (n=10)": (
        "discrete_integral_equation",
        {"t": GRID},
        {"start": {"x": GRID * (GRID - 1)}},
    ),
    "Broyden tridiagonal (n=10)": ("broyden_tridiagonal", {"B": 2 * NEAR + NEAR.T}, {}),
    "Linear full rank (n=10,m=20)": ("linear", {"A": np.eye(20, 10) - 2 / 20}, {}),
    "Linear rank 1 (n=10,m=20)": ("linear", {"A": np.outer(TWENTY, TEN)}, {}),
    "Chebyquad (n=6)": ("chebyquad6", {}, {"start": {"x": np.arange(1, 7) / 7}}),
    "Chebyquad (n=9)": ("chebyquad9", {}, {"start": {"x": TEN[:9] / 10}}),
}

# The Hessian at the minimum has a null space.
SINGULAR = ("Powell singular", "Extended Powell singular (n=12)", "Linear rank 1 (n=10,m=20)")


def instances() -> Iterator[Case]:
    for problem in answers("mgh.json"):
        file, data, options = INSTANCES[problem["name"]]
        yield Case(
            family="More-Garbow-Hillstrom",
            name=problem["name"],
            text=model(f"mgh/{file}.gd"),
            data=lambda data=data: data,
            answer=lambda result, problem=problem: of_function(result, problem),
            options=options,
        )


def of_function(result: Any, problem: dict[str, Any]) -> dict[str, Any]:
    """`gap`: how far above the nearest published minimum the fit ended, in units of the objective
    at the start. Published minima have six digits, so where one was found anew it stands in."""
    minima = [problem["fmin_published"], *(other["f"] for other in problem["other_minima"])]
    best = problem["f_best_found"]
    minima = [best if best and abs(best / f - 1) < 1e-5 else f for f in minima if f] + [
        0.0 for f in minima if f == 0
    ]
    nearest = min(minima, key=lambda f: abs(result.objective - f))
    return {
        "objective": result.objective,
        "minimum": nearest,
        "gap": (result.objective - nearest) / problem["f_x0"],
        "flat": flat_directions(result),
    }


def flat_directions(result: Any) -> str:
    """What the fit says about directions in which the objective does not change."""
    certificate = result.certificate
    return "" if certificate is None else "; ".join(certificate.flat)
