import math
import sys

import click
import numpy as np
import pytest

from gdsym.cli._report import parameter_tables, show_table
from gdsym.run.summary import Table, columns, numbers


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([3.0, -0.25], ["3.00000", "-0.25000"]),
        ([123456.789], ["123457"]),
        ([0.0012345678], ["0.00123457"]),
        ([1000.0, 0.0123], ["1000.0000", "0.0123"]),
        ([0.0, 0.0], ["0.00000", "0.00000"]),
        ([1e12], ["1.00000e+12"]),
        ([1.0, 1e-9], ["1.00000e+00", "1.00000e-09"]),
        ([1.5, math.inf, math.nan], ["1.50000", "inf", "nan"]),
        ([], []),
    ],
)
def test_numbers_keep_six_digits_of_the_largest_and_three_of_the_smallest(values, shown):
    assert numbers(values) == shown


def rows(table):
    return [list(row) for row in table.rows]


def test_scalars_and_vectors_share_a_table_with_labels():
    declared = [{"name": "w", "dims": ("d",)}, {"name": "b", "dims": ()}]
    dims = {"d": {"size": 2, "labels": ["age", "[red]bmi[/red]"]}}

    (table,) = parameter_tables({"w": np.array([1.0, 2.0]), "b": 0.5}, dims, declared)

    assert rows(table) == [
        ["w[age]", "1.00000"],
        ["w[[red]bmi[/red]]", "2.00000"],
        ["b", "0.50000"],
    ]


def test_a_matrix_has_a_table_of_its_own():
    declared = [{"name": "W", "dims": ("d", "k")}]
    dims = {"d": {"size": 2, "labels": None}, "k": {"size": 2, "labels": ["x", "y"]}}

    (table,) = parameter_tables({"W": np.array([[1.0, 2.0], [3.0, 4.0]])}, dims, declared)

    assert table.header == ("W[d, k]", "x", "y")
    assert rows(table) == [["0", "1.00000", "2.00000"], ["1", "3.00000", "4.00000"]]


def test_what_is_too_large_to_read_is_summed_up():
    declared = [{"name": "U", "dims": ("user", "f")}]
    dims = {"user": {"size": 61, "labels": None}, "f": {"size": 2, "labels": None}}
    value = np.arange(122.0).reshape(61, 2)

    assert list(parameter_tables({"U": value}, dims, declared)) == [
        "U[user, f]  61 x 2 numbers from 0 to 121"
    ]


def test_control_characters_in_labels_do_not_reach_the_terminal():
    declared = [{"name": "w", "dims": ("d",)}]
    dims = {"d": {"size": 1, "labels": ["a\x1b[2J"]}}

    (table,) = parameter_tables({"w": np.array([1.0])}, dims, declared)

    assert columns(table) == ["parameter        value", "w[a\\u001b[2J]  1.00000"]


def test_entries_that_were_not_fitted_are_marked():
    declared = [
        {"name": "w", "dims": ("d",)},
        {"name": "M", "dims": ("d", "k")},
        {"name": "big", "dims": ("n",)},
    ]
    dims = {
        "d": {"size": 2, "labels": ["u", "v"]},
        "k": {"size": 2, "labels": None},
        "n": {"size": 99, "labels": None},
    }
    params = {"w": np.array([1.0, 2.0]), "M": np.eye(2), "big": np.ones(99)}

    small, matrix, summary = parameter_tables(
        params, dims, declared, {"w[v]", "M[u,1]", "big[3]", "big[98]"}
    )

    assert rows(small) == [["w[u]", "1.00000", ""], ["w[v]", "2.00000", "fixed"]]
    assert rows(matrix) == [["u", "1.00000", "0.00000 fixed"], ["v", "0.00000", "1.00000"]]
    assert summary == "big[n]  99 numbers from 1 to 1, 2 of them fixed"


TABLE = Table(("name", "größe"), (("a", "1"), ("中文", "[red]2")))


def test_columns_are_as_wide_as_a_terminal_shows_them():
    assert columns(TABLE) == ["name   größe", "a          1", "中文  [red]2"]


def test_a_terminal_sees_the_same_table_as_a_file(capsys, monkeypatch):
    show_table(TABLE)
    plain = capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    show_table(TABLE)
    coloured = capsys.readouterr().out

    assert plain == "\n".join(columns(TABLE)) + "\n"
    assert coloured != plain
    assert click.unstyle(coloured) == plain
