"""Fits of certified problems reach their bars, and the page says what they reach."""

from __future__ import annotations

import importlib.util
import math

import pytest
from certified import nist
from certified.__main__ import PAGE
from certified.families import FAMILIES, cases, header, row
from certified.page import LEVELS, read
from certified.score import Case, Fit, digits, fitted

# What rounds differently on another processor changes the last digits, and beyond 13 of them
# nothing else is left; the path of a search may differ by some steps.
SAME_DIGITS, ROUNDING = 1.0, 13.0
SAME_STEPS, FEW_STEPS = 0.3, 3
SAME_OBJECTIVE, NO_OBJECTIVE = 1e-5, 1e-12

ALL = [pytest.param(family, case, id=f"{case}") for family, case in cases()]


def fit_of(case: Case) -> Fit:
    if case.package is not None and importlib.util.find_spec(case.package) is None:
        pytest.skip(f"the data are part of {case.package}")
    return fitted(case)


@pytest.fixture(scope="module")
def page() -> dict[str, dict[str, list[str]]]:
    return read(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("family", "case"), ALL)
def test_a_fit_with_default_options_reaches_its_bar_as_the_page_says(family, case, page):
    fit = fit_of(case)
    (problem, *found), heads = row(family, fit), header(family)[1:]

    assert family.short(fit) == ""
    printed = page[family.title][problem]
    assert len(printed) == len(found)
    different = [cells for cells in zip(heads, printed, found, strict=True) if not same(*cells)]
    assert different == []


def same(head: str, printed: str, found: str) -> bool:
    """Whether two cells are equal but for rounding."""
    if printed == found:
        return True
    try:
        one, other = float(printed), float(found)
    except ValueError:
        return False
    if head == "iterations":
        return abs(one - other) <= FEW_STEPS + SAME_STEPS * max(one, other)
    if head in ("objective", "minimum") and "e" in printed + found:
        return math.isclose(one, other, rel_tol=SAME_OBJECTIVE, abs_tol=NO_OBJECTIVE)
    return abs(min(one, ROUNDING) - min(other, ROUNDING)) <= SAME_DIGITS


def test_the_page_has_a_line_for_every_fit_and_says_that_all_reach_the_bar(page):
    text = PAGE.read_text(encoding="utf-8")

    for family in FAMILIES:
        names = [str(case) for case in family.cases()]
        assert [name for name in names if name not in page[family.title]] == []
        assert f"| {family.title} | {len(names)} | {len(names)} |" in text


def test_the_page_counts_the_digits_of_the_others_as_they_were_measured(page):
    names, figures = nist.solvers()
    tables = page["NIST nonlinear regression"]

    assert len(names) == 12
    for place, name in enumerate(names):
        measured = [line[place] for line in figures.values()]
        counted = [sum(value >= level for value in measured) for level in LEVELS]
        assert tables[name][: len(LEVELS)] == [*map(str, counted)]


def test_digits_are_those_of_the_worst_number():
    assert digits([1.0, 2.002], ["1", "2"]) == pytest.approx(3)
    assert digits([1e-9], [0.0]) == pytest.approx(9)
    assert digits([3.0, 0.25], [3.0, 0.25]) == 15
    assert digits([math.nan], [1.0]) == digits([7.0], [1.0]) == 0
