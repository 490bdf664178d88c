"""Value and gradient of a matrix factorisation of ratings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, DEFAULT, LARGE, Case, number
from benchmarks.ours import joined, with_problem
from benchmarks.peers import in_jax, in_numpy, in_torch
from benchmarks.race import Contender, Race, Run, Vector, close

FAMILY = "Matrix factorisation"


@dataclass(frozen=True)
class Table:
    """So many ratings of so many items by so many users, with a number of factors."""

    ratings: int
    users: int
    items: int
    factors: int


TABLES = Table(10**5, 2000, 500, 32), Table(10**6, 20000, 5000, 32), Table(60, 7, 5, 3)


def cases() -> list[Case]:
    return [
        Case(
            f"{number(table.ratings)} ratings, {table.factors} factors",
            FAMILY,
            partial(race, table),
            quick=DEFAULT * (table.ratings == 10**5),
            tiny=table.ratings == 60,
            megabytes=500 + 8e-6 * table.ratings * 10 * table.factors,
            heaps=BOTH if table.ratings >= LARGE else DEFAULT,
            seconds=12 if table.ratings > LARGE else 3,
        )
        for table in TABLES
    ]


def race(table: Table) -> Race:
    draw = np.random.default_rng(0)
    data = {
        "user": draw.integers(0, table.users, table.ratings),
        "item": draw.integers(0, table.items, table.ratings),
        "y": draw.standard_normal(table.ratings),
    }
    theta = draw.standard_normal((table.users + table.items) * table.factors)
    theta /= np.sqrt(table.factors)
    text = (
        f"dim f = {table.factors}\ndata user[n] in users, item[n] in items, y[n]\n"
        "param U[users, f], V[items, f]\nloss mean((y - sum[f](U[user]*V[item]))^2)"
    )

    def use(problem: Any) -> Run:
        return lambda: joined(*problem.value_and_grad(theta))

    sizes = {"users": table.users, "items": table.items}
    contenders = (
        *with_problem(text, data, use, sizes),
        in_numpy(partial(_by_hand, table), theta, data),
        in_jax(partial(_objective, table), theta, data),
        in_torch(partial(_objective, table), theta, data),
        Contender("numba", partial(_in_numba, table, theta, data)),
    )
    return Race(contenders, close(1e-9, 1e-10))


def _split(table: Table, theta: Any) -> tuple[Any, Any]:
    U = theta[: table.users * table.factors].reshape(table.users, table.factors)
    return U, theta[table.users * table.factors :].reshape(table.items, table.factors)


def _objective(table: Table, xp: Any, theta: Any, user: Any, item: Any, y: Any) -> Any:
    U, V = _split(table, theta)
    return xp.mean((y - (U[user] * V[item]).sum(1)) ** 2)


def _by_hand(
    table: Table, theta: Vector, user: Vector, item: Vector, y: Vector
) -> tuple[float, Vector]:
    U, V = _split(table, theta)
    Un, Vn = U[user], V[item]
    e = np.sum(Un * Vn, axis=1) - y
    slope = (2 / len(y) * e)[:, None]
    gU, gV = np.zeros_like(U), np.zeros_like(V)
    np.add.at(gU, user, slope * Vn)
    np.add.at(gV, item, slope * Un)
    return float(np.mean(e**2)), np.append(gU.ravel(), gV.ravel())


def _in_numba(table: Table, theta: Vector, data: dict[str, Vector]) -> Run:
    import numba

    @numba.njit(fastmath=True)
    def both(U: Any, V: Any, user: Any, item: Any, y: Any) -> Any:
        gU, gV, total = np.zeros_like(U), np.zeros_like(V), 0.0
        for i in range(len(y)):
            a, b = user[i], item[i]
            e = -y[i]
            for k in range(U.shape[1]):
                e += U[a, k] * V[b, k]
            total += e * e
            slope = 2 * e / len(y)
            for k in range(U.shape[1]):
                gU[a, k] += slope * V[b, k]
                gV[b, k] += slope * U[a, k]
        return total / len(y), gU, gV

    def run() -> Vector:
        value, gU, gV = both(*_split(table, theta), data["user"], data["item"], data["y"])
        return joined(value, np.append(gU.ravel(), gV.ravel()))

    return run
