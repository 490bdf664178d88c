"""Following a method's iterates: which of them is the outcome, and why it ended."""

import numpy as np
import pytest

from gdsym.optimizers._iterate import FLAT, UNBOUNDED, Iterate
from gdsym.run.batch import Limits, follow


def iterates(*points, ending=FLAT, error=None):
    """A method that visits points (x, f, g, ahead) of one number."""
    for x, f, g, ahead in points:
        yield Iterate(np.array([x]), f, np.array([g]), 1.0, ahead)
    if error is not None:
        raise error
    return ending


def follow_all(*points, limits=None, **keywords):
    x, f, g, ahead = points[0]
    start = Iterate(np.array([x]), f, np.array([g]), 0.0, ahead)
    free = np.array([np.inf])
    notes = []
    outcome = follow(
        iterates(*points, **keywords),
        start,
        limits or Limits(1e-8, 100),
        -free,
        free,
        lambda *note: notes.append(note),
    )
    return outcome, notes


def test_of_equal_values_the_point_with_the_smallest_gradient_is_the_outcome():
    norms = [9.0, 1e-5, 1e-7, 1e-6]
    points = [(float(i), 1.0 if i else 2.0, norm, 1.0) for i, norm in enumerate(norms)]

    outcome, _ = follow_all(*points)

    assert (outcome.phi.tolist(), outcome.grad_norm) == ([2.0], 1e-7)
    assert outcome.status == "converged"


def test_a_lower_value_beats_a_smaller_gradient():
    outcome, _ = follow_all((0.0, 2.0, 1e-7, 1.0), (1.0, 1.0, 1e-3, 1.0))

    assert outcome.phi.tolist() == [1.0]
    assert outcome.status == "stopped"
    assert "the gradient is 0.001" in outcome.message


@pytest.mark.parametrize(("g", "status"), [(9e-7, "converged"), (1.1e-6, "stopped")])
def test_where_no_decrease_is_possible_a_gradient_below_1e_6_is_converged(g, status):
    outcome, _ = follow_all((0.0, 1.0, g, 1.0))

    assert outcome.status == status


def test_within_the_tolerance_it_goes_on_while_there_is_something_to_gain():
    small = 1e-9
    points = [(float(i), 1.0 - i * 1e-17, small, 1e-12) for i in range(5)]

    outcome, _ = follow_all((9.0, 2.0, 1.0, 1.0), *points, (7.0, 0.5, small, 1e-19), ending="no")

    assert (outcome.status, outcome.iterations) == ("converged", 6)


def test_but_no_longer_than_as_many_iterations_again():
    points = [(float(i), 1.0, 1e-9, 1e-12) for i in range(100)]

    outcome, _ = follow_all((9.0, 2.0, 1.0, 1.0), *points)

    assert (outcome.status, outcome.iterations) == ("converged", 21)


def test_a_fall_without_bound_is_diverged():
    outcome, _ = follow_all((0.0, 2.0, 1.0, 1.0), (1.0, -3.0, 1.0, 1.0), ending=UNBOUNDED)

    assert (outcome.status, outcome.f) == ("diverged", -3.0)


def test_an_interrupt_gives_the_best_iterate():
    outcome, notes = follow_all(
        (0.0, 2.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0), (2.0, 1.5, 1.0, 1.0), error=KeyboardInterrupt()
    )

    assert (outcome.status, outcome.f, outcome.iterations) == ("interrupted", 1.0, 2)
    assert outcome.message == "interrupted in iteration 3"
    assert [note[0] for note in notes] == [1, 2]


def test_epochs_end_at_the_last_iterate_not_the_best():
    points = [(float(i), f, 1.0, 0.0) for i, f in enumerate([3.0, 1.0, 2.0])]

    outcome, _ = follow_all(*points, limits=Limits(1e-8, 2, epochs=2))

    assert (outcome.status, outcome.f) == ("finished", 2.0)
