"""python examples/answers/films.py > examples/answers/films.json

Given the numbers of all films, those of a viewer are a ridge regression, and the other way round:
alternating least squares (Koren, Bell and Volinsky, 2009) from 20 random starts. Factors are
unique only up to a rotation; biases, the mean and products of factors are unique.
"""

import numpy as np
from solvers import columns, print_answer

LAM, F = 1.0, 2
table = columns("films.csv")
viewers, films = sorted(set(table["viewer"])), sorted(set(table["film"]))
seen, stars = np.zeros((40, 25)), np.zeros((40, 25))
for who, what, text in zip(*table.values(), strict=True):
    seen[viewers.index(who), films.index(what)] = 1
    stars[viewers.index(who), films.index(what)] = float(text)


def regressed(theirs, seen, stars, m):
    """Factors and bias (last) of each member of one side: a ridge regression on the other side."""
    X = np.hstack([theirs[:, :F], np.ones((len(theirs), 1))])
    gram = np.einsum("uv,vi,vj->uij", seen, X, X) + LAM * np.eye(F + 1)
    moment = np.einsum("uv,vi->ui", seen * (stars - m - theirs[:, F]), X)
    return np.linalg.solve(gram, moment[:, :, None])[:, :, 0]


def residuals(A, B, m):
    return seen * (stars - m - A[:, F, None] - B[:, F] - A[:, :F] @ B[:, :F].T)


def value(A, B, m):
    return np.sum(residuals(A, B, m) ** 2) / 2 + LAM / 2 * (np.sum(A**2) + np.sum(B**2))


def climb(seed):
    draw = np.random.default_rng(seed)
    A, B = draw.standard_normal((len(viewers), F + 1)), draw.standard_normal((len(films), F + 1))
    A[:, F] = B[:, F] = 0
    m = stars.sum() / seen.sum()
    for _ in range(20000):
        before = np.concatenate([A[:, F], B[:, F], [m]])
        A = regressed(B, seen, stars, m)
        B = regressed(A, seen.T, stars.T, m)
        m += residuals(A, B, m).sum() / seen.sum()
        if np.abs(np.concatenate([A[:, F], B[:, F], [m]]) - before).max() < 1e-14:
            break
    return value(A, B, m), A, B, m


if __name__ == "__main__":
    found = [climb(seed) for seed in range(20)]
    objective, A, B, m = min(found, key=lambda one: one[0])
    print_answer(
        example="films",
        objective=objective,
        loss=np.sum(residuals(A, B, m) ** 2) / 2,
        params={"mild": A[:, F], "good": B[:, F], "m": m},
        labels={"mild": viewers, "good": films},
        starts_that_end_here=str(sum(one[0] < objective * (1 + 1e-10) for one in found)),
        tolerance={"objective": 1e-10, "params": 1e-6},
        how="alternating least squares in float64 from 20 random starts, films.py",
    )
