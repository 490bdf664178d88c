"""Fits of the same data side by side: AIC, BIC, and a test where one is a special case."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsym.errors import UsageError
from gdsym.run.fit_file import read
from gdsym.run.summary import Table, aligned, numbers, probability
from gdsym.run.tails import chi_squared, f_tail

LEAST_SQUARES = "least squares"


@dataclass(frozen=True, slots=True)
class Test:
    """`smaller` is `larger` with some entries kept: F on (df, rest) degrees of freedom after
    `residual`, else the likelihood ratio, chi-squared on df."""

    smaller: str
    larger: str
    kept: tuple[str, ...]
    statistic: float
    df: int
    rest: int | None
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Fits by path with what is known of each, and the tests between those that are nested."""

    fits: dict[str, dict[str, Any]]
    tests: tuple[Test, ...]

    def to_json(self) -> dict[str, Any]:
        """As values that JSON knows."""
        names = ("smaller", "larger", "kept", "statistic", "df", "rest", "p")
        return {
            "fits": self.fits,
            "tests": [{name: getattr(test, name) for name in names} for test in self.tests],
        }


def compare(paths: Sequence[str], nested: bool = False) -> Comparison:
    """Fit files side by side.

    nested: the caller vouches that a fit with fewer parameters is a special case of one with
    more, also where their models differ. Raises UsageError where the fits cannot be compared.
    """
    if len(paths) < 2:
        raise UsageError("compare: two fits or more are wanted")
    if twice := [path for i, path in enumerate(paths) if path in paths[:i]]:
        raise UsageError(f"compare: {twice[0]} is given twice")
    entries = {path: read(path) for path in paths}
    for path, fit in entries.items():
        _check_stated(path, fit)
    for path in paths[1:]:
        _check_same_data(paths[0], path, entries)
        _check_same_kind(paths[0], path, entries)
    tests = [
        test
        for smaller in paths
        for larger in paths
        if (test := _test(smaller, entries[smaller], larger, entries[larger], nested)) is not None
    ]
    return Comparison({path: _figures(fit) for path, fit in entries.items()}, tuple(tests))


def _check_stated(path: str, fit: Mapping[str, Any]) -> None:
    if fit.get("inference") is None:
        raise UsageError(
            f"{path} states no likelihood: its objective is a loss, or its gdsym was an earlier "
            "one\nhelp: compare fits of nll, loglik, observe or residual, fitted anew"
        )


def _check_same_kind(one: str, other: str, fits: Mapping[str, Any]) -> None:
    kinds = [fits[path]["inference"]["kind"] == LEAST_SQUARES for path in (one, other)]
    if kinds[0] != kinds[1]:
        raise UsageError(f"{one} and {other}: one is a sum of squares, the other a likelihood")


def _check_same_data(one: str, other: str, fits: Mapping[str, Any]) -> None:
    """Rows and shared columns must be equal; models may read columns of their own."""
    first, fit = fits[one], fits[other]
    if first["data_sha256"] == fit["data_sha256"]:
        return
    if first["n_rows"] != fit["n_rows"]:
        raise UsageError(
            f"{one} was fitted to {first['n_rows']:,} rows, {other} to {fit['n_rows']:,}: "
            "likelihoods of different data cannot be compared"
        )
    a, b = first.get("column_sha256", {}), fit.get("column_sha256", {})
    if differ := [name for name in a if name in b and a[name] != b[name]]:
        raise UsageError(
            f"{one} and {other} were fitted to different data: `{differ[0]}` is not the same"
        )
    if not a.keys() & b.keys():
        raise UsageError(f"{one} and {other} have no column in common")


def _figures(fit: Mapping[str, Any]) -> dict[str, Any]:
    known = fit["inference"]
    names = ("kind", "parameters", "log_likelihood", "aic", "bic", "rss", "s", "r_squared")
    return {
        "model": fit["model"],
        "status": fit["status"],
        **{name: known[name] for name in names},
    }


def _test(
    smaller: str, one: Mapping[str, Any], larger: str, other: Mapping[str, Any], nested: bool
) -> Test | None:
    a, b = one["inference"], other["inference"]
    df = b["parameters"] - a["parameters"]
    kept = _kept(one, other)
    if df <= 0 or (kept is None and not nested):
        return None
    if a["kind"] == LEAST_SQUARES:
        rest = int(b["left"])
        if rest <= 0 or not b["rss"]:
            return None
        statistic = (a["rss"] - b["rss"]) / df / (b["rss"] / rest)
        p = f_tail(statistic, df, rest)
        return Test(smaller, larger, kept or (), statistic, df, rest, p)
    if a["log_likelihood"] is None or b["log_likelihood"] is None:
        return None
    statistic = 2 * (b["log_likelihood"] - a["log_likelihood"])
    return Test(smaller, larger, kept or (), statistic, df, None, chi_squared(statistic, df))


def _kept(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The entries that are kept in the one fit and free in the other, if that is the only
    difference between their models; None where it is not."""
    same = all(one[key] == other[key] for key in ("sha256", "consts", "dims"))
    before, after = set(one.get("fixed", ())), set(other.get("fixed", ()))
    if not same or not after < before:
        return None
    values = [
        dict(zip(f["inference"]["names"], _theta(f["params"]), strict=True)) for f in (one, other)
    ]
    names = {name.replace(", ", ","): name for name in values[0]}
    if any(values[0][names[name]] != values[1][names[name]] for name in after):
        return None
    return tuple(name for name in one["fixed"] if name not in after)


def _theta(params: Mapping[str, Any]) -> list[float]:
    entries: list[float] = np.concatenate([np.ravel(value) for value in params.values()]).tolist()
    return entries


# -- as text -------------------------------------------------------------------------------------


def table(comparison: Comparison) -> Table:
    """A row per fit."""
    fits = comparison.fits
    least = any(figures["kind"] == LEAST_SQUARES for figures in fits.values())
    columns = ("rss", "s", "r_squared") if least else ("log_likelihood", "aic", "bic")
    titles = ("sum of squares", "s", "R^2") if least else ("log-likelihood", "AIC", "BIC")
    cells = []
    for column in columns:
        values = [_number(figures[column]) for figures in fits.values()]
        texts = numbers(values) if least else aligned(values, [0.01])[0]
        cells.append(["" if text == "nan" else text for text in texts])
    rows = [
        (path, figures["model"], _status(figures), f"{figures['parameters']:,}", *row)
        for (path, figures), *row in zip(fits.items(), *cells, strict=True)
    ]
    return Table(("fit", "model", "status", "parameters", *titles), tuple(rows))


def _status(figures: Mapping[str, Any]) -> str:
    penalised = ", penalised" if figures["kind"] == "penalised" else ""
    return f"{figures['status']}{penalised}"


def lines(comparison: Comparison) -> list[str]:
    """A line per test."""
    texts = []
    for test in comparison.tests:
        kept = ", ".join(test.kept)
        what = f"{test.smaller} is {test.larger} with {kept} fixed" if kept else ""
        what = what or f"{test.smaller} within {test.larger}"
        name = "likelihood ratio chi-squared" if test.rest is None else "F"
        degrees = "1 degree" if test.df == 1 else f"{test.df:,} degrees"
        on = f"{degrees} of freedom" if test.rest is None else f"{test.df:,} and {test.rest:,} df"
        p = probability(test.p)
        texts.append(f"{what}: {name} {test.statistic:.4g} on {on}, p {p}")
    return texts


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
