"""Null spaces in words."""

import numpy as np
import pytest

from gdsym.run.flat import Block, blocks_of, named

AGES = ("young", "old")


def blocks(*described):
    """Blocks of (name, axis labels...) in a row."""
    found, start = [], 0
    for name, *axes in described:
        labels = tuple(tuple(axis[1]) for axis in axes)
        found.append(Block(name, start, tuple(axis[0] for axis in axes), labels))
        start += found[-1].size
    return found


def words(null, parts, theta=None, columns=("d",), scale=None):
    null = np.array(null, dtype=float).T
    size = len(null)
    theta = np.arange(size) + 1.3 if theta is None else np.array(theta, dtype=float)
    scale = np.ones(size) if scale is None else np.array(scale, dtype=float)
    return named(null, theta, scale, parts, frozenset(columns))


W = blocks(("w", ("d", "rgb")), ("b",))


def test_the_layout_of_theta_has_names_and_labels():
    params = [{"name": "W", "dims": ("d", "k")}, {"name": "b", "dims": ()}]
    dims = {"d": {"size": 2, "labels": None}, "k": {"size": 2, "labels": ["no", "yes"]}}

    first, second = blocks_of(params, dims)

    assert [first.entry(i) for i in range(4)] == ["W[0,no]", "W[0,yes]", "W[1,no]", "W[1,yes]"]
    assert second.entry(4) == "b"


@pytest.mark.parametrize(
    ("null", "text"),
    [
        ([1, 1, 0, -1], "w[r] + w[g] - b"),
        ([2, 2, 0, -2], "w[r] + w[g] - b"),
        ([1, 1, 1, -1], "all of w - b"),
        ([1, -2.54, 0, 0], "w[r] - 2.54*w[g]"),
        ([0, 0, 0, 3], "b"),
    ],
)
def test_a_direction_of_the_data_is_written_as_a_sum(null, text):
    flat = words([null], W)

    assert flat.data == (text,)
    assert flat.gauge == ()


def test_two_directions_are_told_apart_whatever_basis_they_come_in():
    one, other = np.array([1.0, 1, 0, -1]), np.array([0.0, 0, 1, -5])

    flat = words([one + other, one - 3 * other], W)

    assert sorted(flat.data) == sorted(["w[r] + w[g] - b", "w[g] - 5*w[b] + w[r]"]) or all(
        text.count("w[") <= 3 for text in flat.data
    )
    # Whatever was chosen, each lies in the span of the two.
    assert len(flat.data) == 2


def test_small_units_do_not_hide_an_entry():
    flat = words([[1, 0, 0, -1e-9]], W, scale=[1, 1, 1, 1e9])

    assert flat.data == ("w[r] - 1e-09*b",)


SOFTMAX = blocks(("W", ("d", AGES), ("k", "abc")), ("b", ("k", "abc")))


def test_a_shift_of_all_scores_is_the_form_of_the_model():
    shifts = np.zeros((3, 9))
    shifts[0, :3] = shifts[1, 3:6] = shifts[2, 6:] = 1

    flat = words(shifts, SOFTMAX)

    assert flat.data == ()
    assert flat.gauge == (
        "all of W[d, :] shifted together, for each d",
        "all of b[:] shifted together",
    )


def test_a_shift_of_some_scores_only_is_written_out():
    shift = np.zeros((1, 9))
    shift[0, :3] = 1

    flat = words(shift, SOFTMAX)

    assert flat.gauge == ()
    assert flat.data == ("W[young,a] + W[young,b] + W[young,c]",)


def test_a_shift_along_columns_of_the_data_is_no_form_of_the_model():
    assert words([[1, 1, 1, 0]], W).data == ("all of w",)
    assert words([[1, 1, 1, 0]], W, columns=()).gauge == ("all of w[:] shifted together",)


FACTORS = blocks(("U", ("user", "ab"), ("f", "12")), ("V", ("item", "xyz"), ("f", "12")))


def factor_null(kinds):
    rng = np.random.default_rng(3)
    u, v = rng.standard_normal((2, 2)), rng.standard_normal((3, 2))
    rows = []
    for a in kinds:
        rows.append(np.concatenate([(u @ a).ravel(), (-v @ a.T).ravel()]))
    return np.array(rows), np.concatenate([u.ravel(), v.ravel()])


def test_factors_that_any_matrix_may_mix():
    units = [np.eye(2)[[i]].T @ np.eye(2)[[j]] for i in range(2) for j in range(2)]
    null, theta = factor_null(units)

    flat = words(null, FACTORS, theta)

    assert flat.data == ()
    assert flat.gauge == (
        "U and V mixed along f: any matrix to the one, its inverse to the other",
    )


def test_factors_that_may_only_be_rotated():
    null, theta = factor_null([np.array([[0.0, 1.0], [-1.0, 0.0]])])

    assert words(null, FACTORS, theta).gauge == ("U and V rotated together along f",)


def test_factors_that_may_only_be_scaled():
    null, theta = factor_null([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])

    assert words(null, FACTORS, theta).gauge == ("U scaled up and V down, for each f",)


def test_two_numbers_of_which_only_the_product_counts():
    flat = words([[2, -3]], blocks(("a",), ("b",)), theta=[2, 3])

    assert flat.gauge == ("a scaled up and b down",)


def test_what_is_flat_here_only_is_no_form_of_the_model():
    parts = blocks(("a",), ("b",))
    null = np.array([[2.0], [-3.0]])
    theta, scale = np.array([2.0, 3.0]), np.ones(2)

    def at(gradient):
        elsewhere = np.array([5.0, 1.0]), np.array(gradient)
        return named(null, theta, scale, parts, frozenset(), elsewhere)

    # For (a*b - 6)^2 the gradient is along (b, a) everywhere; for a + b - 5 it is not.
    assert at([1.0, 5.0]).gauge == ("a scaled up and b down",)
    assert at([1.0, 1.0]).gauge == ()
    assert at([1.0, 1.0]).data == ("a - 1.5*b",)


def test_many_long_directions_are_counted():
    parts = blocks(("w", ("d", [str(i) for i in range(40)])))
    null = np.random.default_rng(0).standard_normal((3, 40))

    assert words(null, parts).data == ("3 combinations of entries of w",)
