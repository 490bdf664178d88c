"""Formulas as written on paper keep their digits: each pattern over a grid with the extremes.

Every pattern is compiled twice: in one line for a vector of parameters, and in steps, through
lets, for rows of data. The truth is a formula at 60 digits that neither overflows nor cancels.
"""

import re
from random import Random

import numpy as np
import pytest
from oracle import MP, Case, check, far
from zoo import normal

import gdsym

SIZES = (1e-300, 1e-8, 1.0, 40.0, 745.0, 1e3, 1e4, 1e308)
ARGUMENTS = [0.0, *SIZES, *(-size for size in SIZES)]
LARGEST = np.finfo(float).max
TOLERANCE = 2e-15  # 9 ulp


# -- the truth


def exp(z):
    return MP.exp(z)


def sigmoid(z):
    return 1 / (1 + MP.exp(-z)) if z >= 0 else MP.exp(z) / (1 + MP.exp(z))


def softplus(z):
    return max(z, MP.zero) + MP.log1p(MP.exp(-abs(z)))


def log_normal_cdf(z):
    if z < -1e20:  # the first term of the asymptotic series is enough
        return -z * z / 2 - MP.log(-z) - MP.log(2 * MP.pi) / 2
    if z > 1e20:
        return MP.zero
    return MP.log1p(-MP.ncdf(-z)) if z > 0 else MP.log(MP.ncdf(z))


def mills(z):
    if z < -1e20:
        return -z
    return MP.zero if z > 1e20 else MP.npdf(z) / MP.ncdf(z)


def log_pdf(z):
    return -z * z / 2 - MP.log(2 * MP.pi) / 2


def log_event(z):
    """log(1 - exp(-exp(z)))"""
    if z < -100:
        return z - exp(z) / 2
    return MP.zero if z > 10 else MP.log(-MP.expm1(-exp(z)))


def event_share(z):
    if z < -100:
        return 1 - exp(z) / 2
    return MP.zero if z > 10 else exp(z) / MP.expm1(exp(z))


def logsumexp(*terms):
    top = max(terms)
    return top + MP.log(sum(MP.exp(t - top) for t in terms))


def shares(*terms):
    total = logsumexp(*terms)
    return [MP.exp(t - total) for t in terms]


# Formula, value, slope, and where the formula is checked. `{` `}` mark what the form in steps
# makes a let of.
ANYWHERE = lambda z: True  # noqa: E731
NOT_TWICE_TOO_LARGE = lambda z: abs(z) < 1e300  # noqa: E731  -z - z is finite
BELOW_0 = lambda z: z < 0  # noqa: E731
ABOVE_0 = lambda z: z > 0  # noqa: E731

SIGMOIDS = {
    text: (sigmoid, lambda z: sigmoid(z) * sigmoid(-z), ANYWHERE)
    for text in (
        "1/(1 + {exp(-z)})",
        "{exp(z)}/(1 + {exp(z)})",
        "1/(exp(-z) + 1)",
        "1 - sigmoid(-z)",
        "1 - 1/(1 + {exp(z)})",
        "(1 + {exp(-z)})^(-1)",
    )
}
SOFTPLUS = dict.fromkeys(
    (
        "log(1 + exp(z))",
        "log({exp(z)} + 1)",
        "log({1 + {exp(z)}})",
        "-log(1/(1 + exp(z)))",
        "-log({sigmoid(-z)})",
        "-log(1 - {sigmoid(z)})",
        "-log(1 - 1/(1 + {exp(-z)}))",
        "-log(1 - {exp(z)}/(1 + {exp(z)}))",
        "log1p({exp(z)})",
        "log(exp(0) + exp(z))",
        "-log_sigmoid(-z)",
        "logaddexp(z, 0)",
        "z + log(1 + exp(-z))",
        "z - log({sigmoid(z)})",
        "log1p(exp(-z)) + z",
        "-log1p(-{sigmoid(z)})",
    ),
    (softplus, sigmoid, ANYWHERE),
)
LOG_SIGMOID = {
    text: (lambda z: -softplus(-z), lambda z: sigmoid(-z), ANYWHERE)
    for text in (
        "log(sigmoid(z))",
        "log({1/(1 + {exp(-z)})})",
        "log({exp(z)}/(1 + {exp(z)}))",
        "-log(1 + exp(-z))",
        "z - log(1 + exp(z))",
    )
}
OTHERS = {
    "1 - {sigmoid(z)}": (
        lambda z: sigmoid(-z),
        lambda z: -sigmoid(z) * sigmoid(-z),
        ANYWHERE,
    ),
    "3 - 3*{sigmoid(z)}": (
        lambda z: 3 * sigmoid(-z),
        lambda z: -3 * sigmoid(z) * sigmoid(-z),
        ANYWHERE,
    ),
    "{exp(z)}/(1 + {exp(z)})^2": (
        lambda z: sigmoid(z) * sigmoid(-z),
        lambda z: sigmoid(z) * sigmoid(-z) * (sigmoid(-z) - sigmoid(z)),
        ANYWHERE,
    ),
    "log(1 + z)": (MP.log1p, lambda z: 1 / (1 + z), lambda z: z > -1),
    "log({z + 1})": (MP.log1p, lambda z: 1 / (1 + z), lambda z: z > -1),
    "log(1 - z)": (
        lambda z: MP.log1p(-z),
        lambda z: -1 / (1 - z),
        lambda z: z < 1,
    ),
    "exp(z) - 1": (MP.expm1, exp, ANYWHERE),
    "-1 + {exp(z)}": (MP.expm1, exp, ANYWHERE),
    "1 - {exp(-z)}": (lambda z: -MP.expm1(-z), lambda z: exp(-z), ANYWHERE),
    "5*exp(z) - 5": (lambda z: 5 * MP.expm1(z), lambda z: 5 * exp(z), ANYWHERE),
    "log(1 - exp(z))": (
        lambda z: MP.log(-MP.expm1(z)),
        lambda z: -1 / MP.expm1(-z),
        BELOW_0,
    ),
    "log(1 - {exp(-z)})": (
        lambda z: MP.log(-MP.expm1(-z)),
        lambda z: 1 / MP.expm1(z),
        ABOVE_0,
    ),
    "log1p(-{exp(z)})": (
        lambda z: MP.log(-MP.expm1(z)),
        lambda z: -1 / MP.expm1(-z),
        BELOW_0,
    ),
    "log(normal_cdf(z))": (log_normal_cdf, mills, ANYWHERE),
    "log(1 - {normal_cdf(z)})": (lambda z: log_normal_cdf(-z), lambda z: -mills(-z), ANYWHERE),
    "log({normal_pdf(z)})": (log_pdf, lambda z: -z, ANYWHERE),
    "sqrt(z^2)": (abs, MP.sign, ANYWHERE),
    "sqrt({exp(z)})": (lambda z: exp(z / 2), lambda z: exp(z / 2) / 2, ANYWHERE),
    "sqrt(1 + z^2)": (lambda z: MP.sqrt(1 + z * z), lambda z: z / MP.sqrt(1 + z * z), ANYWHERE),
    "sqrt({z^2/4} + 9)": (
        lambda z: MP.sqrt(z * z / 4 + 9),
        lambda z: z / 4 / MP.sqrt(z * z / 4 + 9),
        ANYWHERE,
    ),
    "log(1 - exp(-exp(z)))": (log_event, event_share, ANYWHERE),
    "log(1 - {exp(-2*exp(z))})": (
        lambda z: log_event(z + MP.log(2)),
        lambda z: event_share(z + MP.log(2)),
        ANYWHERE,
    ),
    "log({exp(z)})": (lambda z: z, lambda z: MP.one, ANYWHERE),
    "log(exp(z)^2/3)": (lambda z: 2 * z - MP.log(3), lambda z: MP.mpf(2), ANYWHERE),
    "log(exp(z) + exp(-z))": (
        lambda z: logsumexp(z, -z),
        lambda z: sigmoid(2 * z) - sigmoid(-2 * z),
        ANYWHERE,
    ),
    "log(1 + exp(z) + {exp(2*z)})": (
        lambda z: logsumexp(MP.zero, z, 2 * z),
        lambda z: shares(MP.zero, z, 2 * z)[1] + 2 * shares(MP.zero, z, 2 * z)[2],
        ANYWHERE,
    ),
    "log(0.3*exp(z) + 0.7*exp(-2*z))": (
        lambda z: logsumexp(MP.log(MP.mpf(3) / 10) + z, MP.log(MP.mpf(7) / 10) - 2 * z),
        lambda z: (lambda s: s[0] - 2 * s[1])(
            shares(MP.log(MP.mpf(3) / 10) + z, MP.log(MP.mpf(7) / 10) - 2 * z)
        ),
        ANYWHERE,
    ),
    "log(0.3*{normal_pdf(z)} + 0.7*normal_pdf(z - 3))": (
        lambda z: logsumexp(
            MP.log(MP.mpf(3) / 10) + log_pdf(z), MP.log(MP.mpf(7) / 10) + log_pdf(z - 3)
        ),
        lambda z: 3 * sigmoid(MP.log(MP.mpf(7) / 3) + 3 * z - MP.mpf(9) / 2) - z,
        ANYWHERE,
    ),
    "log({exp(-z^2/2)}/2 + exp(-(z - 3)^2/2)/4)": (
        lambda z: logsumexp(-z * z / 2 - MP.log(2), -((z - 3) ** 2) / 2 - MP.log(4)),
        lambda z: 3 * sigmoid(3 * z - MP.mpf(9) / 2 - MP.log(2)) - z,
        ANYWHERE,
    ),
}
TABLES = {  # with Z[k, j] = z*g, g = [1, 0, -1]
    "log(sum[j](exp(Z)))": (
        lambda z: logsumexp(z, MP.zero, -z),
        lambda z: shares(z, MP.zero, -z)[0] - shares(z, MP.zero, -z)[2],
        NOT_TWICE_TOO_LARGE,
    ),
    "logsumexp[j](Z)": (
        lambda z: logsumexp(z, MP.zero, -z),
        lambda z: shares(z, MP.zero, -z)[0] - shares(z, MP.zero, -z)[2],
        NOT_TWICE_TOO_LARGE,
    ),
    "sum[j](h*{exp(Z)}/sum[j](exp(Z)))": (  # h = [0, 1, 0]
        lambda z: shares(z, MP.zero, -z)[1],
        lambda z: (
            -shares(z, MP.zero, -z)[1] * (shares(z, MP.zero, -z)[0] - shares(z, MP.zero, -z)[2])
        ),
        NOT_TWICE_TOO_LARGE,
    ),
    "sum[j](h*log({exp(Z)}/{sum[j](exp(Z))}))": (
        lambda z: -logsumexp(z, MP.zero, -z),
        lambda z: shares(z, MP.zero, -z)[2] - shares(z, MP.zero, -z)[0],
        NOT_TWICE_TOO_LARGE,
    ),
    "sum[j](h*log({softmax[j](Z)}))": (
        lambda z: -logsumexp(z, MP.zero, -z),
        lambda z: shares(z, MP.zero, -z)[2] - shares(z, MP.zero, -z)[0],
        NOT_TWICE_TOO_LARGE,
    ),
    "log(sum[j](q*exp(Z)))": (  # q = [1/4, 1/2, 1/4]
        lambda z: logsumexp(z - MP.log(4), -MP.log(2), -z - MP.log(4)),
        lambda z: (lambda s: s[0] - s[2])(shares(z - MP.log(4), -MP.log(2), -z - MP.log(4))),
        NOT_TWICE_TOO_LARGE,
    ),
}
PATTERNS = SIGMOIDS | SOFTPLUS | LOG_SIGMOID | OTHERS | TABLES

# Sums of terms of both signs and of size 1: where these cancel, digits are a share of 1.
CANCELLING = {
    "{exp(z)}/(1 + {exp(z)})^2",
    "log(exp(z) + exp(-z))",
    "log(0.3*exp(z) + 0.7*exp(-2*z))",
    "log(0.3*{normal_pdf(z)} + 0.7*normal_pdf(z - 3))",
    *TABLES,
}
CONSTANTS = "const g[j] = [1, 0, -1]\nconst h[j] = [0, 1, 0]\nconst q[j] > 0 = [0.25, 0.5, 0.25]\n"


def steps(text):
    """Each `{part}`, innermost first, as a let of its own; then the text that is left."""
    lets = []
    while found := re.search(r"\{([^{}]*)\}", text):
        name, part = f"step{len(lets) + 1}", found.group(1)
        lets.append(f"let {name} = {part}")
        text = text.replace(found.group(0), name)
    return [*lets, f"let f = {text}"]


def of_parameters(text):
    inline = text.replace("{", "(").replace("}", ")")
    table = f"{CONSTANTS}let Z[k, j] = z*g\n" if text in TABLES else ""
    return f"dim k = {len(ARGUMENTS)}\nparam z[k]\n{table}let f[k] = {inline}\nloss sum(f)\n"


def of_rows(text):
    table = [CONSTANTS + "let Z[n, j] = z*g"] if text in TABLES else []
    lines = ["data x[n]", "param t", "let z = x + t", *table, *steps(text)]
    return "\n".join([*lines, "loss sum(f)"])


def finite(exact):
    return abs(exact) <= LARGEST


def check_entry(text, found, exact, argument):
    if finite(exact):
        scale = 1 if text in CANCELLING else 0
        assert far(found, exact, scale) < TOLERANCE, (argument, found, MP.nstr(exact, 20))


@pytest.mark.parametrize("text", PATTERNS)
def test_a_pattern_of_parameters_keeps_its_digits(text):
    value, slope, where = PATTERNS[text]
    case = Case(of_parameters(text))
    inside = 0.5 if where(0.5) else -0.5
    z = np.array([argument if where(argument) else inside for argument in ARGUMENTS])

    found = np.broadcast_to(case.problem.trace(z)["f"], z.shape)
    slopes = case.problem.grad(z)

    for argument, f, g in zip(z, found, slopes, strict=True):
        exact = MP.mpf(argument)
        check_entry(text, f, value(exact), argument)
        if finite(value(exact)):
            check_entry(text, g, slope(exact), argument)


@pytest.mark.parametrize("text", PATTERNS)
def test_a_pattern_in_steps_of_rows_keeps_its_digits(text):
    value, slope, where = PATTERNS[text]
    case = Case(of_rows(text), {"x": np.zeros(1)})

    for argument in filter(where, ARGUMENTS):
        f, g = case.module.value_and_grad([0.0], x=[argument])
        exact = MP.mpf(argument)
        check_entry(text, f, value(exact), argument)
        if finite(value(exact)):
            check_entry(text, g[0], slope(exact), argument)


# -- two-valued labels ---------------------------------------------------------------------------

LABELS_0_1 = (
    "softplus(z) - y*z",
    "log(1 + exp(z)) - y*z",
    "log({1 + {exp(z)}}) - z*y",
    "-(y*z - log(1 + exp(z)))",
    "-y*log(sigmoid(z)) - (1 - y)*log(1 - sigmoid(z))",
    "-(y*log({sigmoid(z)}) + (1 - y)*log(1 - {sigmoid(z)}))",
    "-(y*log({1/(1 + {exp(-z)})}) + (1 - y)*log(1 - {1/(1 + {exp(-z)})}))",
    "-y*log({exp(z)}/(1 + {exp(z)})) - (1 - y)*log(1/(1 + {exp(z)}))",
    "-y*log_sigmoid(z) - (1 - y)*log_sigmoid(-z)",
    "(1 - y)*z + log(1 + exp(-z))",
    "log(1 + exp((1 - 2*y)*z))",
    "log(1 + {exp(-(2*y - 1)*z)})",
    "where(y == 1, -log({sigmoid(z)}), -log(1 - {sigmoid(z)}))",
    "-log(where(y == 1, {sigmoid(z)}, 1 - {sigmoid(z)}))",
    "-log({sigmoid(z)}^y*(1 - {sigmoid(z)})^(1 - y))",
)
LABELS_OF_SIGN = (
    "log(1 + exp(-y*z))",
    "softplus(-y*z)",
    "-log(sigmoid(y*z))",
    "-log_sigmoid({y*z})",
    "logaddexp(0, -y*z)",
    "log({exp(-y*z)} + 1)",
    "softplus(z) - (1 + y)/2*z",
    "-(1 + y)/2*log({sigmoid(z)}) - (1 - y)/2*log(1 - {sigmoid(z)})",
    "-((1 + y)*log({sigmoid(z)}) + (1 - y)*log(1 - {sigmoid(z)}))/2",
    "-log(where(y > 0, {sigmoid(z)}, 1 - {sigmoid(z)}))",
)


def check_rows(text, data, labels, value, slope, arguments=ARGUMENTS, scale=0):
    """A loss term by x and one more datum y, for one row at a time, against value(z, y)."""
    lines = [*data, "data x[n]", "param t", "let z = x + t", *steps(text), "loss sum(f)"]
    case = Case("\n".join(lines), {"x": np.zeros(1), "y": np.array([labels[0]])})
    for y in labels:
        for argument in arguments:
            f, g = case.module.value_and_grad([0.0], x=[argument], y=[y])
            exact = MP.mpf(argument)
            for found, wanted in ((f, value(exact, y)), (g[0], slope(exact, y))):
                if finite(value(exact, y)) and finite(wanted):
                    assert far(found, wanted, scale) < TOLERANCE, (y, argument, found)


@pytest.mark.parametrize("text", LABELS_0_1)
def test_a_loss_of_a_label_0_or_1_keeps_its_digits(text):
    def side(y):
        return 2 * y - 1

    check_rows(
        text,
        ["data y[n] in {0, 1}"],
        [0, 1],
        lambda z, y: softplus(-side(y) * z),
        lambda z, y: -side(y) * sigmoid(-side(y) * z),
    )


@pytest.mark.parametrize("text", LABELS_OF_SIGN)
def test_a_loss_of_a_label_of_either_sign_keeps_its_digits(text):
    check_rows(
        text,
        ["data y[n] in {-1, 1}"],
        [-1, 1],
        lambda z, y: softplus(-y * z),
        lambda z, y: -y * sigmoid(-y * z),
    )


@pytest.mark.parametrize(
    "text",
    [
        "-3*y*log({sigmoid(z)}) - (1 - y)*log(1 - {sigmoid(z)})",
        "-(3*y*log({1/(1 + {exp(-z)})}) + (1 - y)*log(1 - {1/(1 + {exp(-z)})}))",
    ],
)
def test_labels_of_unequal_weight_keep_their_digits(text):
    check_rows(
        text,
        ["data y[n] in {0, 1}"],
        [0, 1],
        lambda z, y: 3 * softplus(-z) if y else softplus(z),
        lambda z, y: -3 * sigmoid(-z) if y else sigmoid(z),
    )


# -- counts, and what is 0 times infinity --------------------------------------------------------


@pytest.mark.parametrize("text", ["exp(z) - y*log(exp(z))", "{exp(z)} - y*log({exp(z)})"])
def test_a_poisson_term_is_finite_where_the_rate_is_not_a_double(text):
    check_rows(
        text,
        ["data y[n] in counts"],
        [0, 1, 3],
        lambda z, y: exp(z) - y * z,
        lambda z, y: exp(z) - y,
        scale=1,
    )


@pytest.mark.parametrize(
    ("term", "domain", "data", "at"),
    [
        ("y*log(m)", ">= 0", "data y[n] in counts", 0.0),
        ("y*log({m*2})", ">= 0", "data y[n] >= 0", 0.0),
        ("y*log(m)", "in [0, 1]", "data y[n] in {0, 1}", 0.0),
        ("(1 - y)*log(1 - m)", "in [0, 1]", "data y[n] in {0, 1}", 1.0),
        ("(1 - y)*log(1 - {m})", "in [0, 1]", "data y[n] in [0, 1]", 1.0),
        ("(5 - y)*log(1 - m)", "in [0, 1]", "data y[n] in counts", 1.0),
        ("xlogy(y, m)", ">= 0", "data y[n]", 0.0),
    ],
)
def test_a_weight_of_zero_silences_the_logarithm_of_zero(term, domain, data, at):
    lines = [data, f"param m {domain}", *steps(term), "loss sum(f) + 3*m"]
    silent = {"y": [0.0], "1 - y": [1.0], "5 - y": [5.0]}
    weight = next(key for key in ("1 - y", "5 - y", "y") if key in term)
    case = Case("\n".join(lines), {"y": np.array(silent[weight])})

    value, gradient = case.problem.value_and_grad([at])

    assert value == 3 * at
    assert gradient[0] == 3


# -- entries read at codes -----------------------------------------------------------------------

OF_CLASSES = (
    "logsumexp[k](Z) - Z[y]",
    "-log_softmax[k](Z)[y]",
    "-log({softmax[k](Z)}[y])",
    "-log({softmax[k](Z)[y]})",
    "-log(({exp(Z)}/{sum[k](exp(Z))})[y])",
    "-log({exp(Z)}[y]/{sum[k](exp(Z))})",
    "log({sum[k](exp(Z))}) - Z[y]",
    "-sum[k](onehot(y)*log({softmax[k](Z)}))",
    "-log({{exp(Z - max3)}/{sum[k](exp(Z - max3))}}[y])",
)


@pytest.mark.parametrize("text", OF_CLASSES)
def test_a_loss_of_a_class_keeps_its_digits(text):
    data = ["dim k = 3", "const g[k] = [1, 0, -1]", "const max3 = 3", "data y[n] in k"]
    z_first = ["data x[n]", "param t", "let z = x + t", "let Z[n, k] = z*g"]
    case = Case(
        "\n".join([*data, *z_first, *steps(text), "loss sum(f)"]),
        {"x": np.zeros(1), "y": np.array([0])},
    )

    for code in range(3):
        for argument in filter(NOT_TWICE_TOO_LARGE, ARGUMENTS):
            value, gradient = case.module.value_and_grad([0.0], x=[argument], y=[code])
            z = MP.mpf(argument)
            p = shares(z, MP.zero, -z)
            exact = logsumexp(z, MP.zero, -z) - z * (1 - code)
            assert far(value, exact, 1) < TOLERANCE
            assert far(gradient[0], p[0] - p[2] - (1 - code), 1) < TOLERANCE


def test_the_probability_of_a_group_keeps_its_digits():
    text = """
dim k = 2
data a[n] in k
data y[n] in {0, 1}
param u[k]
let p = sigmoid(u)
nll -sum(y*log(p[a]) + (1 - y)*log(1 - p[a]))
"""
    case = Case(text, {"a": np.array([0, 1, 1]), "y": np.array([1.0, 0.0, 1.0])})

    for argument in (0.0, 1.0, -40.0, 745.0, 1e4, -1e300):
        value, gradient = case.problem.value_and_grad([argument, 1.0])
        assert far(value, softplus(-MP.mpf(argument)) + softplus(MP.one) * 2 - 1) < TOLERANCE
        assert far(gradient[0], -sigmoid(-MP.mpf(argument))) < TOLERANCE


def test_the_root_of_a_sum_of_squares_has_gradient_0_at_0():
    text = "dim k = 3\nparam v[k], a, b\nloss sqrt(sum(v^2)) + sqrt(a^2 + 2*b^2)"
    module = gdsym.compile(text).module
    problem = module.bind()

    value, gradient = problem.value_and_grad(np.zeros(5))

    assert value == 0
    assert gradient.tolist() == [0, 0, 0, 0, 0]


# -- whole models as on paper, where numbers are hard --------------------------------------------

DRAW = Random("test_stabilise")
X, Y = normal(DRAW, 6, 3), normal(DRAW, 6)
HITS, CLASSES = np.array([0.0, 1, 1, 0, 1, 0]), np.array([0, 1, 2, 0, 1, 2])
COUNTS = np.array([0.0, 0, 1, 5, 300, 2])

PAPER = {
    "a mixture, far out": (
        "dim k = 3\ndata y[n]\nparam mu[k] = normal(0, 1), s[k] > 0, a[k]\n"
        "let share = softmax[k](a)\nlet f[n, k] = share*normal_pdf((y - mu)/s)/s\n"
        "nll -sum(log(sum[k](f)))",
        {"y": 1000 * Y},
        None,
    ),
    "noise around a normal": (
        "data y[n]\nparam q in (0, 1), m, s > 0\n"
        "nll -sum(log(q*normal_pdf((y - m)/s)/s + (1 - q)*normal_pdf(y)))",
        {"y": 100 * Y},
        None,
    ),
    "the mean of densities": (
        "dim k = 3\ndata y[n]\nparam mu[k] = normal(0, 1)\nlet q[n, k] = -(y - mu)^2/2\n"
        "nll -sum(log(mean[k](exp(q))))",
        {"y": 100 * Y},
        None,
    ),
    "more zeros than Poisson's": (
        "data y[n] in counts\nparam q in (0, 1), m > 0\n"
        "let f = (1 - q)*m^y*exp(-m)/exp(lgamma(y + 1))\nnll -sum(log(where(y == 0, q, 0) + f))",
        {"y": COUNTS},
        None,
    ),
    "survival with censoring": (
        "data t[n] > 0\ndata d[n] in {0, 1}\nparam k > 0, l > 0\n"
        "nll -sum(d*log(k/l*(t/l)^(k - 1)) + log(exp(-(t/l)^k)))",
        {"t": np.exp(Y), "d": HITS},
        None,
    ),
    "partial likelihood": (
        "data X[n, d]\ndata t[n]\ndim m like n\nparam w[d]\nlet z = X @ w\n"
        "let R[n, m] = (t <= t[m])*exp(z[m])\nnll -sum(z - log(sum[m](R)))",
        {"X": X, "t": Y},
        None,
    ),
    "attention": (
        "dim j = 2\ndata X[n, d]\ndim m like n\nparam Q[d, j] = normal(0, 1)\n"
        "param K[d, j] = normal(0, 1)\nlet q = X @ Q\nlet h = X @ K\n"
        "let S[n, m] = softmax[m](q @ h[m, j].T)\nloss sum((S @ X[m])^2)",
        {"X": X},
        None,
    ),
    "a focal loss": (
        "data X[n, d]\ndata y[n] in {0, 1}\nparam w[d]\nlet p = sigmoid(X @ w)\n"
        "loss -sum(y*(1 - p)^1.5*log(p) + (1 - y)*p^1.5*log(1 - p))",
        {"X": 3 * X, "y": HITS},
        None,
    ),
    "an exponential that is not taken": (
        "data y[n]\nparam m\nlet z = y - m\nlet e = exp(z) - 1\nloss sum(where(z > 0, z, e)^2)",
        {"y": 1000 * Y},
        None,
    ),
    "divergence of two tables": (
        "dim k = 3\nparam a[k], b[k]\nlet p = softmax[k](a)\nlet q = softmax[k](b)\n"
        "loss sum(p*log(p/q))",
        {},
        [0.0, 300.0, -600.0, 5.0, -1000.0, 1000.0],
    ),
    "a cold softmax": (
        "dim k = 3\ndata a[n] in k\nparam b[k], t > 0\nlet p = softmax[k](b/t)\n"
        "loss -sum(log(p[a]))",
        {"a": CLASSES},
        [1.0, 2.0, -1.0, 1e-3],
    ),
    "smoothed labels": (
        "dim k = 3\ndata a[n] in k\nparam b[k]\nlet p = softmax[k](b)\n"
        "let t = 0.9*onehot(a) + 0.1/3\nloss -sum[n, k](t*log(p))",
        {"a": CLASSES},
        [1e3, 2.0, -1e3],
    ),
    "a table of labels": (
        "data X[n, d]\ndata Y[n, k] in {0, 1}\nparam W[d, k] = normal(0, 1)\nlet Z = X @ W\n"
        "loss sum(log(1 + exp(Z)) - Y*Z) - 2*sum(Y*log(sigmoid(Z)))",
        {"X": 100 * X, "Y": np.stack([HITS, 1 - HITS], axis=1)},
        None,
    ),
    "words for labels": (
        'data X[n, d]\ndata y[n] in {1: "yes", 0: "no"}\nparam w[d]\n'
        "loss sum(log(1 + exp(X @ w)) - y*(X @ w))",
        {"X": 100 * X, "y": HITS},
        None,
    ),
}


@pytest.mark.parametrize("name", PAPER)
def test_a_model_as_on_paper_is_right(name):
    text, data, theta = PAPER[name]

    check(Case(text, data), None if theta is None else np.array(theta))


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
def test_a_focal_loss_has_a_gradient_where_the_probability_is_1(gamma):
    text = "data y[n]\nconst g = 2\nparam p[n]\nloss sum((y - p)^g*log(p + 1))"
    problem = gdsym.compile(text).module.bind(y=[1.0], g=gamma)

    gradient = problem.grad([1.0])

    slope = {0.0: 0.5, 1.0: -np.log(2), 2.0: 0.0}[gamma]
    assert gradient == pytest.approx([slope], rel=1e-15)


def test_what_is_left_of_a_chosen_probability_keeps_its_digits():
    text = (
        "data y[n] in {0, 1}\nparam z\nlet p = sigmoid(z)\n"
        "let hit = where(y == 1, p, 1 - p)\nloss sum(1 - hit)"
    )
    problem = gdsym.compile(text).module.bind(y=[1.0])

    value, gradient = problem.value_and_grad([50.0])

    assert far(value, sigmoid(MP.mpf(-50))) < TOLERANCE
    assert far(gradient[0], -sigmoid(MP.mpf(-50)) * sigmoid(MP.mpf(50))) < TOLERANCE
