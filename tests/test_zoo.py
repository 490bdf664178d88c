"""Each model of the zoo against its objective written out by hand, and that one's differences."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from zoo import FOLDER, LISTED, ZOO
from zoo_by_hand import BY_HAND

import gdsym


def bound(name):
    """The bound problem of a model and a point inside its domain, away from its start."""
    text, data = ZOO[name]
    problem = gdsym.compile(text).module.bind(**data)
    phi = problem.to_free(problem.init(seed=1))
    bend = 0.3 * np.sin(1 + np.arange(len(phi)))  # of mixed signs, none of them 0
    return problem, problem.from_free(phi + bend * np.where(phi == 0, 1, np.abs(phi)))


def value_by_hand(name, problem, theta):
    return BY_HAND[name](**ZOO[name][1], **problem.unpack(theta))


def test_the_zoo_is_complete():
    assert sorted(ZOO) == sorted(BY_HAND) == sorted(path.stem for path in FOLDER.glob("*.gd"))


def test_the_zoo_has_most_models_of_the_list_and_each_is_short():
    assert len(LISTED) >= 36
    assert {name for names in LISTED.values() for name in names} <= set(ZOO)
    assert [name for name, (text, _) in ZOO.items() if len(text.splitlines()) > 15] == []


@pytest.mark.parametrize("name", ZOO)
def test_the_value_is_the_one_by_hand(name):
    problem, theta = bound(name)

    expected = value_by_hand(name, problem, theta)

    assert problem.value(theta) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ZOO)
def test_the_gradient_is_the_slope_of_the_value_by_hand(name):
    problem, theta = bound(name)

    value, gradient = problem.value_and_grad(theta)

    # Fourth order differences: the error is about h^4 + eps/h, 1e-12, times the scale of f.
    h = 1e-3 * np.minimum(1, np.where(theta == 0, 1, np.abs(theta)))
    steps = h * np.eye(len(theta))
    at = [[value_by_hand(name, problem, theta + k * e) for k in (1, -1, 2, -2)] for e in steps]
    up, down, far_up, far_down = np.array(at).T
    slope = (8 * (up - down) - (far_up - far_down)) / (12 * h)
    np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-8 * max(1, abs(value)))


COMPILE_ALL = """
import hashlib
from gdsym.compiler import compile_text
from zoo import ZOO
for name, (text, _) in ZOO.items():
    print(name, hashlib.sha256(compile_text(text, f"{name}.gd").encode()).hexdigest())
"""


def test_a_model_compiles_to_the_same_text_whatever_the_hash_seed():
    def digests(seed):
        path = os.pathsep.join([str(FOLDER.parent), str(FOLDER.parent.parent)])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", COMPILE_ALL]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert digests("1") == digests("2")
