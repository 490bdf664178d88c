"""The rules of convexity one by one: what they prove, and what they must not."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import mpmath
import pytest
from compiled import module

from gdsym.calculus.program import reachable
from gdsym.calculus.reference import Arithmetic
from gdsym.calculus.structure.convexity import convexity
from gdsym.calculus.structure.ranges import Range, of_map, ranges
from gdsym.compiler import stages
from gdsym.errors import SourceError
from gdsym.language.functions import FUNCTIONS
from gdsym.run.counterexample import counter_example, invented

HEAD = """\
dim k = 3
data X[n, d], y[n], up[n] > 0, label[n] in {0, 1}, code[n] in k
param w[d], b, s > 0, neg <= 0, share in (0, 1), W[d, k]
const c = 2, low = -1, half in (0, 1) = 0.5
let z = X @ w + b
"""


def judged(loss):
    return convexity(stages(HEAD + loss, "m.gd").stable)


CONVEX = [
    "loss sum(z)",
    "loss -sum(y*z)",
    "loss sum(z^2)",
    "loss sum(z^4) + sum(abs(z)^3)",
    "loss sum(abs(z)^(3/2))",
    "loss sum(abs(z))",
    "loss norm(z) + norm(w)^3",
    "loss sum(sqrt(1 + z^2))",
    "loss sum(max(z, max(y, 2*z)))",
    "loss sum(max(0, z)^2)",
    "loss sum(relu(abs(z) - 1))",  # the part beyond a band
    "loss -sum(min(z, 1))",
    "loss sum(exp(z) + exp(-2*z))",
    "loss sum(exp(z^2))",
    "loss sum(exp(exp(z)))",
    "loss log(sum(exp(z)))",
    "loss sum(log(exp(z) + 2*exp(-z) + 1))",
    "loss sum(log(up*exp(z) + exp(z^2)))",
    "loss logsumexp(z) + max(z)",
    "loss sum(softplus(z)^2)",
    "loss sum(softplus(max(z, 0)))",
    "loss sum(cosh(z))",
    "loss -sum(log(sigmoid(z)))",
    "loss -sum(log(1 - sigmoid(z)))",
    "loss -sum(label*log(sigmoid(z)) + (1 - label)*log(1 - sigmoid(z)))",
    "loss -sum(log_normal_cdf(z)) + sum(z^2)",
    "loss -sum(log(normal_cdf(z)*sigmoid(z)))",  # products of log-concave functions
    "loss sum(huber(z, 1))",
    "loss sum(where(label == 1, z^2, exp(z)))",
    "loss sum(half*max(z, 0) + (1 - half)*max(-z, 0))",
    "loss sum(abs(half - (z < 0))*z^2)",
    "loss sum(where(up > 1, 2, 1)*abs(z))",
    "loss sum(where(z < 0, half, 2)*z^2)",
    "loss sum(where(z > y, half*(z - y), (half - 1)*(z - y)))",  # pinball
    "loss sum(where(z < 0, -z, z)) + sum(where(0 <= z, 2*z, z))",
    "loss sum(where(abs(z) <= c, z^2/2, c*abs(z) - c^2/2))",  # Huber
    "loss sum(where(abs(y - z) < 1, (y - z)^2, 2*abs(y - z) - 1))",
    "loss sum(where(z > 1, (z - 1)^2, 0))",
    "loss sum(where(1 - z > 0, 1 - z, 0))",  # hinge
    "loss sum(X @ W)^2",
    "loss sum(logsumexp[k](X @ W) - (X @ W)[code])",
    "loss sum(norm[d](W))",
    "loss 1/s",
    "loss s^(-2) + 1/share - log(share) - log(1 - share)",
    "loss -log(s) - sqrt(s)",
    "loss s*log(s)",  # minus the entropy
    "loss sum(z^2)/s - log(s)",  # a square over what is linear
    "loss lgamma(s) + trigamma(s)",
    "loss -1/neg",
    "loss c*b^2",
    "loss -low*b^2",
    "loss sum(up*z^2) + sum(up^y*z)",
    "loss prod(up)*b^2",
    "loss var(z)",
    "loss sum(exp(z)*exp(b))",
    "loss 2^b + half^b",
    "loss -b^2*low",
    "maximize -sum(z^2)",
    "maximize sum(log_sigmoid(z))",
    "loss sum(erfc(y)*z) + sum(z)",
]
NOT = [
    "loss -sum(z^2)",
    "loss sum(z^3)",
    "loss sum(sin(z))",
    "loss sum(sigmoid(z))",
    "loss sum(tanh(z))",
    "loss -sum(abs(z))",
    "loss sum(min(z, 1))",
    "loss sum(sqrt(abs(z)))",
    "loss sum(log(1 + z^2))",
    "loss sum(exp(-z^2))",
    "loss sum(y*z^2)",  # weights of any sign
    "loss sum(up*z) * b",
    "loss b*s",
    "loss sum(z^2)/s^2",
    "loss log(s)",
    "loss sum(clip(z, -1, 1))",
    "loss sum(where(z > 1, z, 0))",
    "loss sum(where(z > 0, -z, z))",
    "loss sum(where(z < 0, z, -z))",
    "loss sum(where(abs(z) < 1, z^2, abs(z)))",  # the slope falls from 2 to 1
    "loss sum(where(z > 0, z^2, -z^2))",
    "loss sum(where(z == 0, z^2, 2*z^2))",
    "loss sum(where(sin(z) > 0, 0, sin(z)^2))",
    "loss sum(abs(half - (z < 1))*z^2)",  # jumps at 1
    "loss sum(abs(half - (z < 0))*abs(z - 1)^2)",
    "loss sum((half - (z < 0))*z^2)",  # of both signs
    "loss sum((z^2 - 1)^2)",
    "loss log(sum(exp(z) + 1) - 1) - logsumexp(z) + sum(sin(z))",
    "loss low*b^2",
    "loss exp(b)*s",
    "loss sum(gelu(z))",
    "loss -sum(log(normal_cdf(z) + sigmoid(z)))",  # a sum of log-concave functions
    "loss lgamma(b)",  # of an argument that may be negative
    "maximize sum(z^2)",
    "loss prod(w)",
    "loss sum(normal_pdf(z))",
    "loss sum(huber(y, s))",
    "loss sum(huber(z, low))",
]


@pytest.mark.parametrize("loss", CONVEX)
def test_what_the_rules_prove(loss):
    found = judged(loss)

    assert found.convex
    assert found.obstacles == ()
    assert counter_example(invented(module(HEAD + loss))) is None


def test_points_outside_of_a_domain_refute_nothing():
    # log(s) is not positive at s < 1, where the derivative's formula has values all the same.
    assert judged("loss -log(log(s))").convex
    assert counter_example(invented(module(HEAD + "loss -log(log(s)) + 0*sum(y)"))) is None


@pytest.mark.parametrize("loss", NOT)
def test_what_they_must_not_call_convex(loss):
    found = judged(loss)

    assert not found.convex
    assert found.rules == ()


ATOMS = ("z", "s", "share", "b", "y*z", "z + s", "up*s", "up*s + share")
POWERS = ("({})^2", "({})^3", "({})^(3/2)", "2^({})", "1/({})", "-({})")
UNARY = (
    *(f"{f.name}({{}})" for f in FUNCTIONS.values() if len(f.params) == 1 and not f.hidden),
    *POWERS,
)


def drawn(draw):
    """A random composition of two or three functions, or a combination of two."""

    def one():
        return draw.choice(UNARY).format(draw.choice(ATOMS))

    inner = draw.choice(
        (
            one,
            one,
            lambda: f"{one()}*{one()}",
            lambda: f"{one()} + {one()}",
            lambda: f"max({one()}, {one()})",
        )
    )()
    outer = draw.choice((*UNARY, "{}"))
    return f"loss {draw.choice(('', '-'))}sum({outer.format(inner)} + 0*y)"


@pytest.mark.parametrize("seed", range(3))
def test_no_random_composition_is_called_convex_that_is_not(seed):
    draw = Random(seed)
    claimed = 0
    for _ in range(60):
        loss = drawn(draw)
        try:
            found = judged(loss)
        except SourceError:  # a product of numbers that has no value, such as 1/0
            continue
        if found.convex and found.rules:
            claimed += 1
            assert counter_example(invented(module(HEAD + loss)), most=600) is None, loss
    assert claimed


def test_as_little_as_is_enough_is_said_of_constants():
    def given(loss):
        return {name: tuple(map(float, at)) for name, at in judged(loss).given.items()}

    infinite = float("inf")
    assert given("loss b^2 + c*0") == {}
    assert given("loss c*b^2") == {"c": (0, infinite)}
    assert given("loss -low*b^2") == {"low": (-infinite, 0)}
    assert given("loss half*b^2") == {}  # its domain says so
    assert given("loss (c - 1)*b^2") == {"c": (1, infinite)}
    assert given("loss (c - 1.5)*b^2") == {"c": (2, 2)}


def test_given_constants_are_taken_as_they_are():
    program = stages(HEAD + "loss c*b^2", "m.gd").stable

    assert not convexity(program, {"c": Range(-3, -3)}).convex
    assert convexity(program, {"c": Range(3, 3)}).convex


def test_fixed_parameters_are_constants():
    text = "data y[n]\nparam a, s > 0 fixed = 2\nloss sum((y - a)^2/s^2) + log(s)"

    assert convexity(stages(text, "m.gd").stable).convex


def test_the_terms_that_bend_are_named():
    assert sorted(judged("loss sum(z^2) + sum(exp(z)) + b").rules) == [
        "exponential of affine functions",
        "square of affine functions",
    ]
    assert judged("loss sum(z)").rules == ()


# -- ranges -------------------------------------------------------------------------------------


def test_the_range_of_every_function_holds_its_values():
    arithmetic = Arithmetic(30)
    draw = Random(2)
    for name, function in FUNCTIONS.items():
        tried = 0
        for _ in range(300):
            args = [draw.choice((-1, 1)) * draw.expovariate(0.5) for _ in function.params]
            try:
                value = arithmetic.call(name, *map(mpmath.mpf, args))
            except (ValueError, ZeroDivisionError, TypeError, KeyError):
                continue
            if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value):
                continue
            tried += 1
            points = [Range(Fraction(a), Fraction(a)) for a in args]
            wide = [Range(Fraction(min(a, 0)), Fraction(max(a, 1))) for a in args]
            for at in (points, wide):
                lower, upper = of_map(name, at)
                assert lower - 1e-20 <= value <= upper + 1e-20, (name, args, at)
        assert tried or name in ("inv",), name


def test_ranges_come_from_domains():
    text = (
        "data y[n] in [0, 2], t[n] > 0, l[n] in {-1, 1}\nparam a in (0, 1), b\n"
        "let p = 1 - a\nlet q = 3 - y\nlet r = 1 - 2*a\nlet u = l^2\nlet v = b^2\n"
        "let w = exp(y)\nlet x = sum(t)\nlet z = 1/t\n"
        "loss a + b + p + sum(q + r + u + v + w + x + z)"
    )
    program = stages(text, "m.gd").built
    known = ranges(program, reachable(program.lets.values()), {})

    infinite = float("inf")
    expected = {"p": (0, 1), "q": (1, 3), "r": (-1, 1), "v": (0, infinite), "u": (0, 1)}
    expected |= {"w": (1, infinite), "x": (0, infinite), "z": (0, infinite)}
    for name, at in expected.items():
        assert tuple(map(float, known[program.lets[name]])) == at, name
