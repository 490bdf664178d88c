"""Makes the third-party data files of this folder from the packages that ship them.

    pip install scikit-learn statsmodels
    python examples/data/from_packages.py FOLDER

What is changed: columns get names that can be typed; the features of breast_cancer.csv and
iris.csv are standardised (mean 0, population standard deviation 1); the classes of both are
words; rows and all other values are as the packages give them. Sources and terms: NOTICE, at the
top of the repository.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from statsmodels.datasets import randhie


def standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def write(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def breast_cancer(path: Path) -> None:
    data = load_breast_cancer()
    features = [str(name).replace(" ", "_") for name in data.feature_names]
    diagnosis = [str(data.target_names[code]) for code in data.target]
    rows = zip(diagnosis, standardised(data.data).tolist(), strict=True)
    write(path, ["diagnosis", *features], ([word, *x] for word, x in rows))


def iris(path: Path) -> None:
    data = load_iris()
    features = [str(name).removesuffix(" (cm)").replace(" ", "_") for name in data.feature_names]
    species = [str(data.target_names[code]) for code in data.target]
    rows = zip(standardised(data.data).tolist(), species, strict=True)
    write(path, [*features, "species"], ([*x, word] for x, word in rows))


def diabetes(path: Path) -> None:
    data = load_diabetes()
    rows = zip(data.data.tolist(), data.target.tolist(), strict=True)
    write(path, [*data.feature_names, "progression"], ([*x, y] for x, y in rows))


def digits(path: Path) -> None:
    data = load_digits()
    rows = zip(data.target.tolist(), data.data.astype(int).tolist(), strict=True)
    write(path, ["digit", *data.feature_names], ([y, *x] for y, x in rows))


def visits(path: Path) -> None:
    table = randhie.load_pandas().data
    write(path, list(table.columns), table.astype(object).to_numpy().tolist())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    breast_cancer(folder / "breast_cancer.csv")
    iris(folder / "iris.csv")
    diabetes(folder / "diabetes.csv")
    digits(folder / "digits.csv")
    visits(folder / "randhie.csv")
