"""Spectra of Hessians: range, null space, Newton step, in any units; and by products alone."""

import numpy as np
import pytest

from gdsym.run.spectrum import of_hessian, of_root, probe

RNG = np.random.default_rng(0)


def matrix(values, seed=0):
    """A symmetric matrix with these eigenvalues and random eigenvectors."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))
    return q * values @ q.T


def test_a_positive_definite_hessian_gives_its_inverse_and_the_newton_step():
    h, g = matrix([1.0, 2.0, 5.0]), np.array([1.0, -2.0, 0.5])

    spectrum = of_hessian(h)
    step, gain = spectrum.newton_step(g)

    assert spectrum.rank == 3
    assert not spectrum.indefinite
    np.testing.assert_allclose(spectrum.inverse(), np.linalg.inv(h), rtol=1e-13)
    np.testing.assert_allclose(step, -np.linalg.solve(h, g), rtol=1e-13)
    assert gain == pytest.approx(0.5 * g @ np.linalg.solve(h, g), rel=1e-13)


def test_units_of_parameters_do_not_matter():
    h = matrix([1.0, 2.0, 5.0])
    units = np.array([1e-7, 1.0, 1e9])

    plain, scaled = of_hessian(h), of_hessian(h * units[:, None] * units)

    np.testing.assert_allclose(scaled.values, plain.values, rtol=1e-12)
    np.testing.assert_allclose(
        scaled.inverse() * units[:, None] * units, plain.inverse(), rtol=1e-12
    )


def test_a_flat_direction_is_found_and_left_out_of_the_inverse():
    x = RNG.standard_normal((20, 3))
    x = np.column_stack([x, x[:, 0] - 2 * x[:, 2]])
    h = x.T @ x

    spectrum = of_hessian(h)
    (null,) = spectrum.null.T

    assert spectrum.rank == 3
    np.testing.assert_allclose(null / null[3], [-1, 0, 2, 1], atol=1e-12)
    np.testing.assert_allclose(h @ spectrum.inverse() @ h, h, rtol=1e-11)


def test_a_negative_eigenvalue_is_no_rounding():
    spectrum = of_hessian(np.array([[2.0, 3.0], [3.0, 2.0]]))

    assert spectrum.indefinite
    assert spectrum.smallest < 0
    np.testing.assert_allclose(np.abs(spectrum.downhill[0] / spectrum.downhill[1]), 1)


def test_a_saddle_with_a_zero_diagonal_is_seen():
    assert of_hessian(np.array([[0.0, 1.0], [1.0, 0.0]])).indefinite


def test_rounding_below_zero_is_flat_and_not_a_saddle():
    spectrum = of_hessian(matrix([-1e-14, 1.0, 3.0]))

    assert not spectrum.indefinite
    assert spectrum.rank == 2


def test_the_jacobian_tells_ranks_that_its_square_cannot():
    # Columns 1 and 1 + 1e-9*e: the condition is 1e9, that of the Hessian 1e18.
    x = RNG.standard_normal((30, 2))
    x[:, 1] = x[:, 0] + 1e-9 * x[:, 1]

    squared, by_root = of_hessian(x.T @ x), of_root(np.linalg.qr(x, mode="r"))

    assert squared.rank == 1
    assert by_root.rank == 2
    # By a QR factorisation of the column and the remainder, in which nothing cancels.
    rest = x[:, 1] - x[:, 0]
    rest -= x[:, 0] * (x[:, 0] @ rest) / (x[:, 0] @ x[:, 0])
    assert by_root.inverse()[1, 1] == pytest.approx(1 / (rest @ rest), rel=1e-6)


def test_the_factor_of_a_sum_of_squares_scales_its_spectrum():
    x = RNG.standard_normal((9, 3))

    np.testing.assert_allclose(
        of_root(np.linalg.qr(x, mode="r"), 2.0).inverse(), np.linalg.inv(2 * x.T @ x), rtol=1e-12
    )


def test_nothing_that_moves_has_an_empty_spectrum():
    spectrum = of_hessian(np.zeros((0, 0)))

    assert spectrum.rank == 0
    assert spectrum.inverse().shape == (0, 0)
    assert not spectrum.indefinite


def test_products_tell_the_extremes_and_what_is_left_to_gain():
    values = np.concatenate([[0.01, 40.0], np.linspace(1, 2, 298)])
    h, g = matrix(values), RNG.standard_normal(300)

    seen = probe(lambda v: h @ v, g, 60)

    assert seen.downhill is None
    assert seen.largest == pytest.approx(40, rel=1e-10)
    assert seen.smallest == pytest.approx(0.01, rel=1e-3)
    assert seen.decrement == pytest.approx(0.5 * g @ np.linalg.solve(h, g), rel=1e-6)


def test_products_that_meet_negative_curvature_say_where():
    h = matrix(np.concatenate([[-1.0], np.linspace(1, 2, 99)]))

    seen = probe(lambda v: h @ v, RNG.standard_normal(100), 40)

    assert seen.smallest == pytest.approx(-1, rel=1e-8)
    assert seen.downhill @ h @ seen.downhill < 0


def test_one_product_is_enough_for_a_multiple_of_the_identity():
    seen = probe(lambda v: 3 * v, np.ones(50), 20)

    assert (seen.smallest, seen.largest) == pytest.approx((3, 3))
    np.testing.assert_allclose(seen.step, -np.ones(50) / 3)


# -- convex objectives: conjugate gradients alone ------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("condition", [1.0, 10.0, 100.0])
def test_the_decrement_of_a_convex_objective_is_known_from_few_products(seed, condition):
    h = matrix(np.geomspace(1.0, 1 / condition, 40), seed)
    g = np.random.default_rng(seed).standard_normal(40)
    asked = []

    def product(v):
        asked.append(v)
        return h @ v

    found = probe(product, g, 40, convex=True)

    assert found.decrement == pytest.approx(0.5 * g @ np.linalg.solve(h, g), rel=1e-3)
    assert found.downhill is None
    values = np.linalg.eigvalsh(h)
    assert values[0] * (1 - 1e-9) <= found.smallest <= found.largest <= values[-1] * (1 + 1e-9)
    assert len(asked) <= 40
    assert found.settled
    if condition < 50:
        assert len(asked) < 40


def test_a_run_that_was_cut_short_says_so():
    h = matrix(np.geomspace(1.0, 1e-6, 40))

    found = probe(lambda v: h @ v, np.ones(40), 10, convex=True)

    assert not found.settled


def test_a_direction_of_little_curvature_is_not_overlooked_beside_a_steep_one():
    # The steep direction has nearly all of the gradient, the flat one nearly all of the decrement.
    h, g = np.diag([1.0, 0.5, 1e-6]), np.array([1.0, 0.3, 1e-2])

    found = probe(lambda v: h @ v, g, 3, convex=True)

    assert found.decrement == pytest.approx(0.5 * g @ np.linalg.solve(h, g), rel=1e-6)


def test_the_extremes_of_a_run_of_conjugate_gradients_are_eigenvalues_in_the_end():
    values = np.array([1.0, 2.0, 3.0, 7.0])
    h = matrix(values)

    found = probe(lambda v: h @ v, np.ones(4), 4, convex=True)

    assert (found.smallest, found.largest) == pytest.approx((1.0, 7.0), rel=1e-3)
