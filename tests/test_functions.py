"""Every entry of the function table: its derivatives and its lowering against its meaning."""

from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
from oracle import DIGITS, MP, Case

from gdsym.calculus.formula import evaluate
from gdsym.calculus.reference import Arithmetic
from gdsym.codegen import expressions as printer
from gdsym.codegen import special
from gdsym.language.functions import FUNCTIONS, SIGNS

# Meanings are written as on paper: log(-expm1(-700)) needs 305 digits before its first.
EXACT = Arithmetic(DIGITS + 310)
WIDE = Arithmetic(DIGITS + 410)
LOGIC = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")

# -- where the functions are tried ---------------------------------------------------------------

REAL = (
    *(-700.5, -38.25, -20.125, -6.5, -3.75, -2.0, -1.0, -0.9375, -0.5, -0.1875, -1e-3, -1e-8),
    *(1e-8, 1e-3, 0.1875, 0.5, 0.9375, 1.0, 1.4375, 2.0, 2.75, 4.5, 6.5, 20.125, 38.25, 700.5),
)
POSITIVE = (
    *(1e-300, 1e-20, 1e-8, 1e-3, 0.03, 0.1875, 0.5, 0.75, 0.9375, 1.0625, 1.25, 1.5, 1.9375),
    *(2.0625, 2.5, 3.0, 4.5, 7.25, 12.5, 20.125, 88.0, 700.5, 1e8, 1e20, 1e300),
)
NEGATIVE = tuple(-x for x in POSITIVE if 1e-17 < x < 1e3)
INSIDE = (
    *(-0.9990234375, -0.96875, -0.875, -0.75, -0.625, -0.5, -0.3125, -0.125, -1e-3, -1e-8, -1e-20),
    *(1e-20, 1e-8, 1e-3, 0.125, 0.3125, 0.5, 0.625, 0.75, 0.875, 0.96875, 0.9990234375),
)
DOMAINS = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "root"), POSITIVE),
    **dict.fromkeys(("lgamma", "digamma", "trigamma", "tetragamma"), POSITIVE),
    "pentagamma": POSITIVE,
    "log1p": tuple(x for x in (*INSIDE, *POSITIVE)),
    **dict.fromkeys(("log1mexp", "odds"), NEGATIVE),
    **dict.fromkeys(("asin", "acos", "asin_slope"), INSIDE),
    **dict.fromkeys(
        ("log1mexpexp", "event_share", "event_curve"), tuple(x for x in REAL if x < 7)
    ),
    "gelu_curve": tuple(x for x in REAL if abs(x) != 2),  # where it is flat
    "normal_slope": tuple(x for x in REAL if abs(x) != 1),  # where it is flat
    "log_normal_cdf": tuple(x for x in REAL if x < 50),
    "tan": tuple(x for x in REAL if abs(x) < 100),
}
PAIRS = (-20.125, -2.0, -0.9375, -1e-8, 1e-3, 0.5, 1.4375, 6.5)
FIRM = (1e-8, 0.03, 0.5, 1.25, 3.0, 20.125, 88.0)
TWO = {
    "pow": (FIRM, (*NEGATIVE[4:12:2], 0.5, 1.25, 3.0)),
    "xlogy": (PAIRS, FIRM),
    "xlog1py": (PAIRS, INSIDE[::2]),
    **dict.fromkeys(("power_slope", "power_log"), (FIRM, (*NEGATIVE[4:12:2], 0.5, 1.25, 3.0))),
    **dict.fromkeys(("power_curve", "power_turn"), (FIRM, (*NEGATIVE[4:12:2], 0.5, 1.25, 3.0))),
    **dict.fromkeys(("beta_ln", "digamma_gap", "trigamma_gap", "trigamma_of_sum"), (FIRM, FIRM)),
    "huber": (REAL, (0.25, 1.345, 3.0)),
}


def points(entry):
    """At least 20 points of the domain, none of them at a kink."""
    if entry.name == "where":
        return [(c, a, b) for c in (0.0, 1.0) for a in PAIRS for b in PAIRS if a != b]
    if entry.name == "clip":
        return [(x, -1.5, 2.25) for x in REAL]
    if entry.name == "shift":
        return [(float(code), by, 5.0) for code in range(5) for by in (-2.0, -1.0, 0.0, 1.0, 3.0)]
    if entry.name == "logaddexp_at":
        return [(np.logaddexp(a, b), a, b) for a in PAIRS for b in PAIRS]
    if len(entry.params) == 1:
        return [(x,) for x in DOMAINS.get(entry.name, REAL)]
    grids = TWO.get(entry.name, (PAIRS, tuple(1.0625 * x for x in PAIRS)))
    return [pair for pair in product(*grids) if abs(pair[0]) != abs(pair[1])]


def exact(name, args):
    return EXACT.call(name, *(EXACT.mp.convert(x) for x in args))


def is_finite(x):
    return abs(x) < np.finfo(float).max


# -- the table -----------------------------------------------------------------------------------


def test_an_entry_says_what_it_needs_to():
    for name, entry in FUNCTIONS.items():
        assert entry.name == name
        assert entry.doc and entry.meaning
        if name != "pentagamma":  # the end of the chain
            assert len(entry.derivatives) == len(entry.params)


def test_the_numpy_printer_knows_every_core_function_and_no_other():
    core = {name for name, entry in FUNCTIONS.items() if entry.core and name != "pow"}

    in_guards = {"bounded_exp", "softplus_of", "sigmoid_of"}  # made by `lower` alone
    assert core | in_guards == {*printer.FUNCTIONS, *SIGNS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_there_are_enough_points(name):
    tried = points(FUNCTIONS[name])

    assert len(tried) >= 20
    assert all(mpmath.isfinite(exact(name, args)) for args in tried)


# -- derivatives ---------------------------------------------------------------------------------


DIFFERENTIATED = [
    (name, place)
    for name, entry in FUNCTIONS.items()
    for place in range(len(entry.derivatives))
    if name != "shift"  # of codes, which are whole numbers: the slope 0 is a choice
]


@pytest.mark.parametrize(("name", "place"), DIFFERENTIATED)
def test_a_derivative_is_the_slope_of_the_meaning(name, place):
    entry = FUNCTIONS[name]
    for args in points(entry):
        at = [EXACT.mp.convert(x) for x in args]
        names = dict(zip(entry.params, at, strict=True)) | {"pi": EXACT.constant("pi")}
        formula = evaluate(entry.derivatives[place], names, EXACT)
        step = WIDE.mp.mpf(10) ** -60 * (abs(args[place]) or 1)  # an error of about 1e-120
        shifted = []
        for sign in (1, -1):
            moved = [WIDE.mp.convert(x) for x in args]
            moved[place] += sign * step
            shifted.append(WIDE.call(name, *moved))
        slope = (shifted[0] - shifted[1]) / (2 * step)
        lost = abs(shifted[0]) * WIDE.mp.mpf(10) ** -(DIGITS + 340)  # where the function is flat
        assert abs(formula - slope) <= WIDE.mp.mpf(10) ** -DIGITS * abs(slope) + lost, args


# -- lowering and printing -----------------------------------------------------------------------


# On paper, they do nothing.
ROUNDING = ("lost", "logaddexp_at")


def computed(name, tried):
    """The function in an emitted module, at arguments that are parameters."""
    entry = FUNCTIONS[name]
    if entry.hidden:
        return lowered(name, tried)
    arguments = [f"p{place}" for place in range(len(entry.params))]
    lines = [
        f"dim k = {len(tried)}",
        *(f"param {argument}[k]" for argument in arguments),
        f"let f[k] = {name}({', '.join(arguments)})",
        "loss sum(f)",
    ]
    case = Case("\n".join(lines))
    theta = np.array(tried).T.ravel()
    return np.broadcast_to(case.problem.trace(theta)["f"], len(tried))


class Float:
    """Doubles as the algebra of the table's formulas, by the text that the printer has."""

    def number(self, value: Fraction):
        return np.float64(value.numerator / value.denominator)

    def call(self, op, *args):
        with np.errstate(all="ignore"):
            match op:
                case "add":
                    return sum(args[1:], start=args[0])
                case "mul":
                    return np.prod(args)
                case "pow" | "power":
                    return args[0] ** args[1]
            entry = FUNCTIONS[op]
            if entry.lowering is not None:
                names = dict(zip(entry.params, args, strict=True)) | {"pi": np.float64(np.pi)}
                return evaluate(entry.lowering, names, self)
            text = f"{{}} {SIGNS[op]} {{}}" if op in SIGNS else printer.FUNCTIONS[op]
            names = [f"a{place}" for place in range(len(args))]
            scope = {"np": np, **vars(special)}
            return eval(text.format(*names), scope, dict(zip(names, args, strict=True)))


def lowered(name, tried):
    return [Float().call(name, *(np.float64(x) for x in args)) for args in tried]


def ulps(found, wanted):
    """The error in units in the last place of the exact value; 0 may stand for a subnormal one."""
    error = abs(MP.convert(float(found)) - wanted)
    if abs(wanted) < np.finfo(float).tiny:
        return 0.0 if found == 0 or error <= abs(wanted) else float("inf")
    return float(error / MP.mpf(float(np.spacing(abs(float(wanted))))))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ROUNDING])
def test_a_function_is_right_to_a_few_units_in_the_last_place(name):
    tried = [args for args in points(FUNCTIONS[name]) if is_finite(exact(name, args))]

    for found, args in zip(computed(name, tried), tried, strict=True):
        assert ulps(found, exact(name, args)) <= 4, args
