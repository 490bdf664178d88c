"""python examples/answers/loadings.py > examples/answers/loadings.json

The maximum of the likelihood in closed form (Tipping and Bishop, 1999, "Probabilistic principal
component analysis"): the variance that is left is the mean of the eigenvalues left out, and the
loadings are the first eigenvectors, unique up to a rotation.
"""

import numpy as np
from solvers import columns, numbers, print_answer

K = 2
table = columns("diabetes.csv")
X = numbers(table, [name for name in table if name != "progression"]).astype(float)
Z = (X - X.mean(axis=0)) / X.std(axis=0)
n, d = Z.shape
values, vectors = np.linalg.eigh(Z.T @ Z / n)
values, vectors = values[::-1], vectors[:, ::-1]
s = np.mean(values[K:])
W = vectors[:, :K] * np.sqrt(values[:K] - s)

if __name__ == "__main__":
    logs = np.sum(np.log(values[:K])) + (d - K) * np.log(s)
    print_answer(
        example="loadings",
        objective=n / 2 * (d * np.log(2 * np.pi) + logs + d),
        params={"s": s},
        labels={},
        tolerance={"objective": 1e-10, "params": 1e-6},
        how="closed form by eigenvalues, loadings.py",
    )
