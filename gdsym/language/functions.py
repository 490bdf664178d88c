"""THE function table: one entry per function, and nothing about a function anywhere else.

An entry is gd text. `derivatives` has one formula per argument, in the argument names; a formula
may name any entry, so `softplus` differentiates to `sigmoid` and no digit is lost on the way.
`lowering` says how to compute the function from core functions at full precision, and is applied
after differentiation; a *core* function has none, and every printer must know its name.
`meaning` is the definition on paper, which the reference interpreter evaluates at 50 digits
(for a core function: the name of the mpmath function).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """One element-wise function. `hidden` entries exist for derivatives, not for users."""

    name: str
    params: tuple[str, ...]
    doc: str
    derivatives: tuple[str, ...]
    meaning: str
    lowering: str | None = None
    hidden: bool = False
    group: str = "elementary"

    @property
    def core(self) -> bool:
        """True where printers compute the function itself."""
        return self.lowering is None


def _table(*entries: Function) -> dict[str, Function]:
    return {entry.name: entry for entry in entries}


def _elementary(
    name: str, derivative: str, mpmath: str, doc: str, *, hidden: bool = False
) -> Function:
    return Function(name, ("x",), doc, (derivative,), mpmath, hidden=hidden)


COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
SIGNS = {name: sign for sign, name in COMPARISONS.items()}


def _fraction(y: str, first: int, last: int) -> str:
    """The continued fraction y + first/(y + (first + 1)/(y + ...))."""
    text = y
    for count in range(last, first - 1, -1):
        text = f"({y} + {count}/{text})"
    return text


FUNCTIONS: dict[str, Function] = _table(
    _elementary("exp", "exp(x)", "exp", "e to the power x"),
    _elementary("expm1", "exp(x)", "expm1", "exp(x) - 1, exact for small x"),
    _elementary("log", "1/x", "log", "natural logarithm"),
    _elementary("log1p", "1/(1 + x)", "log1p", "log(1 + x), exact for small x"),
    _elementary("log2", "1/(x*log(2))", "log2", "logarithm to base 2"),
    _elementary("log10", "1/(x*log(10))", "log10", "logarithm to base 10"),
    _elementary("sqrt", "1/(2*sqrt(x))", "sqrt", "square root"),
    _elementary("abs", "sign(x)", "fabs", "absolute value; derivative 0 at 0"),
    _elementary("sign", "0", "sign", "-1, 0 or 1"),
    _elementary("sin", "cos(x)", "sin", "sine, x in radians"),
    _elementary("cos", "-sin(x)", "cos", "cosine, x in radians"),
    _elementary("tan", "1 + tan(x)^2", "tan", "tangent, x in radians"),
    _elementary("asin", "1/leg(x)", "asin", "inverse sine"),
    _elementary("acos", "-1/leg(x)", "acos", "inverse cosine"),
    _elementary("atan", "1/(1 + x^2)", "atan", "inverse tangent"),
    # The factors of 1 - x^2 have their digits next to 1, their product as written has not.
    Function(
        "leg",
        ("x",),
        "sqrt(1 - x^2), the cosine of asin(x)",
        ("-x/leg(x)",),
        "sqrt(1 - x^2)",
        "sqrt(where(abs(x) < 0.5, 1 - x^2, (1 - x)*(1 + x)))",
        hidden=True,
    ),
    _elementary(
        "floor", "0", "floor", "the largest whole number that is not above x", hidden=True
    ),
    # The leading bits of a number, few enough for an exact square.
    Function(
        "head",
        ("x",),
        "x >= 0 rounded down to a multiple of 1/1024, at most 64",
        ("0",),
        "floor(1024*min(x, 64))/1024",
        "floor(1024*min(x, 64))/1024",
        hidden=True,
    ),
    Function(
        "atan2",
        ("y", "x"),
        "angle of the point (x, y)",
        ("turn_by_y(y, x)", "turn_by_x(y, x)"),
        "atan2",
    ),
    # 1/s - 2*x^2/s^2 has no digit next to the diagonals, (y - x)*(y + x)/s^2 has all.
    Function(
        "turn_by_y",
        ("y", "x"),
        "derivative of atan2 by y: x/(x^2 + y^2)",
        ("-2*x*y/(x^2 + y^2)^2", "(y - x)*(y + x)/(x^2 + y^2)^2"),
        "x/(x^2 + y^2)",
        "x/(x^2 + y^2)",
        hidden=True,
    ),
    Function(
        "turn_by_x",
        ("y", "x"),
        "derivative of atan2 by x: -y/(x^2 + y^2)",
        ("(y - x)*(y + x)/(x^2 + y^2)^2", "2*x*y/(x^2 + y^2)^2"),
        "-y/(x^2 + y^2)",
        "-y/(x^2 + y^2)",
        hidden=True,
    ),
    _elementary("sinh", "cosh(x)", "sinh", "hyperbolic sine"),
    _elementary("cosh", "sinh(x)", "cosh", "hyperbolic cosine"),
    # 1 - tanh(x)^2 has no digit left at x = 20.
    _elementary("tanh", "sech(x)^2", "tanh", "hyperbolic tangent"),
    Function(
        "sech",
        ("x",),
        "1/cosh(x)",
        ("-sech(x)*tanh(x)",),
        "1/cosh(x)",
        "1/cosh(x)",
        hidden=True,
    ),
    Function(
        "pow",
        ("x", "y"),
        "x to the power y",
        ("y*pow(x, y - 1)", "xlogy(pow(x, y), x)"),
        "power",
        hidden=True,  # written `x^y`
    ),
    Function(
        "xlogy",
        ("x", "y"),
        "x*log(y), and 0 where x is 0",
        ("log(y)", "x/where(x == 0, 1, y)"),
        "where(x == 0, 0, x*log(y))",
        "x*log(where(x == 0, 1, y))",
    ),
    Function(
        "xlog1py",
        ("x", "y"),
        "x*log(1 + y), and 0 where x is 0",
        ("log1p(y)", "x/(1 + where(x == 0, 0, y))"),
        "where(x == 0, 0, x*log(1 + y))",
        "x*log1p(where(x == 0, 0, y))",
        hidden=True,
    ),
    # -- activations and losses
    Function(
        "sigmoid",
        ("x",),
        "1/(1 + exp(-x))",
        ("sigmoid_slope(x)",),
        "1/(1 + exp(-x))",
        "exp(min(x, 0))/(1 + exp(-abs(x)))",
        group="activations and losses",
    ),
    # A product differentiates to a difference, without a digit next to 0.
    Function(
        "sigmoid_slope",
        ("x",),
        "derivative of sigmoid: sigmoid(x)*sigmoid(-x)",
        ("-sigmoid_slope(x)*tanh(x/2)",),
        "exp(x)/(1 + exp(x))^2",
        "exp(-abs(x))/(1 + exp(-abs(x)))^2",
        hidden=True,
    ),
    Function(
        "log_sigmoid",
        ("x",),
        "log(sigmoid(x))",
        ("sigmoid(-x)",),
        "-log1p(exp(-x))",
        "min(x, 0) - log1p(exp(-abs(x)))",
        group="activations and losses",
    ),
    Function(
        "softplus",
        ("x",),
        "log(1 + exp(x))",
        ("sigmoid(x)",),
        "log1p(exp(x))",
        "max(x, 0) + log1p(exp(-abs(x)))",
        group="activations and losses",
    ),
    Function(
        "relu",
        ("x",),
        "max(x, 0); derivative 0 at 0",
        ("x > 0",),
        "max(x, 0)",
        "max(x, 0)",
        group="activations and losses",
    ),
    Function(
        "gelu",
        ("x",),
        "x*normal_cdf(x) (Hendrycks and Gimpel, 2016)",
        ("gelu_slope(x)",),
        "x*normal_cdf(x)",
        "x*normal_cdf(x)",
        group="activations and losses",
    ),
    Function(
        "gelu_slope",
        ("x",),
        "derivative of gelu",
        ("(2 - x^2)*normal_pdf(x)",),
        "normal_cdf(x) + x*normal_pdf(x)",
        "normal_cdf(x) + x*normal_pdf(x)",
        hidden=True,
    ),
    Function(
        "huber",
        ("r", "delta"),
        "r^2/2 where abs(r) <= delta, else delta*(abs(r) - delta/2) (Huber, 1964)",
        ("clip(r, -delta, delta)", "relu(abs(r) - delta)"),
        "where(abs(r) <= delta, r^2/2, delta*(abs(r) - delta/2))",
        "min(abs(r), delta)*(abs(r) - min(abs(r), delta)/2)",
        group="activations and losses",
    ),
    Function(
        "logaddexp",
        ("a", "b"),
        "log(exp(a) + exp(b))",
        ("sigmoid(a - b)", "sigmoid(b - a)"),
        "log(exp(a) + exp(b))",
        "max(a, b) + log1p(exp(-abs(a - b)))",
        group="activations and losses",
    ),
    # Maechler (2012), "Accurately computing log(1 - exp(-|a|))": the branch point is log(2).
    Function(
        "log1mexp",
        ("x",),
        "log(1 - exp(x)) for x < 0",
        ("-odds(x)",),
        "log(-expm1(x))",
        "where(x > -0.6931471805599453, log(-expm1(x)), log1p(-exp(x)))",
        group="activations and losses",
    ),
    Function(
        "odds",
        ("x",),
        "exp(x)/(1 - exp(x)) for x < 0: the odds of the probability exp(x)",
        ("odds(x)*(1 + odds(x))",),
        "-exp(x)/expm1(x)",
        "1/expm1(-x)",
        hidden=True,
    ),
    # -- special
    Function(
        "erf",
        ("x",),
        "error function",
        ("2/sqrt(pi)*bell(x)",),
        "erf",
        group="special",
    ),
    Function(
        "erfc",
        ("x",),
        "1 - erf(x)",
        ("-2/sqrt(pi)*bell(x)",),
        "erfc",
        "where(x < 0.5, 1 - erf(x), bell(x)*erfcx(max(x, 0.5)))",
        group="special",
    ),
    # As written, the rounding of x^2 costs x^2 units in the last place. With x = h + (x - h) and
    # few bits in h, h^2 is exact.
    Function(
        "bell",
        ("x",),
        "exp(-x^2)",
        ("-2*x*bell(x)",),
        "exp(-x^2)",
        "exp(-head(abs(x))^2)*exp(-(abs(x) - head(abs(x)))*(abs(x) + head(abs(x))))",
        hidden=True,
        group="special",
    ),
    Function(
        "erfcx",
        ("x",),
        "exp(x^2)*erfc(x)",
        ("2*x*erfcx(x) - 2/sqrt(pi)",),
        "exp(x^2)*erfc(x)",
        hidden=True,
        group="special",
    ),
    Function(
        "lgamma",
        ("x",),
        "logarithm of the gamma function",
        ("digamma(x)",),
        "loggamma",
        group="special",
    ),
    Function(
        "digamma",
        ("x",),
        "derivative of lgamma",
        ("trigamma(x)",),
        "psi0",
        group="special",
    ),
    Function(
        "trigamma",
        ("x",),
        "derivative of digamma",
        ("tetragamma(x)",),
        "psi1",
        group="special",
    ),
    Function(
        "tetragamma",
        ("x",),
        "derivative of trigamma",
        ("pentagamma(x)",),
        "psi2",
        hidden=True,
        group="special",
    ),
    # The last of the chain: two derivatives of `trigamma` reach it, three are never taken.
    Function("pentagamma", ("x",), "derivative of tetragamma", (), "psi3", hidden=True),
    Function(
        "beta_ln",
        ("a", "b"),
        "logarithm of the beta function",
        ("digamma(a) - digamma(a + b)", "digamma(b) - digamma(a + b)"),
        "lgamma(a) + lgamma(b) - lgamma(a + b)",
        group="special",
    ),
    Function(
        "normal_pdf",
        ("x",),
        "density of the standard normal distribution",
        ("normal_slope(x)",),
        "exp(-x^2/2)/sqrt(2*pi)",
        "half_bell(x)/sqrt(2*pi)",
        group="special",
    ),
    Function(
        "half_bell",
        ("x",),
        "exp(-x^2/2)",
        ("-x*half_bell(x)",),
        "exp(-x^2/2)",
        "exp(-head(abs(x))^2/2)*exp(-(abs(x) - head(abs(x)))*(abs(x) + head(abs(x)))/2)",
        hidden=True,
        group="special",
    ),
    # A function of its own: x^2 - 1 has no digit next to 1.
    Function(
        "normal_slope",
        ("x",),
        "derivative of normal_pdf: -x*normal_pdf(x)",
        ("(x - 1)*(x + 1)*normal_pdf(x)",),
        "-x*exp(-x^2/2)/sqrt(2*pi)",
        "-x*normal_pdf(x)",
        hidden=True,
        group="special",
    ),
    Function(
        "normal_cdf",
        ("x",),
        "distribution function of the standard normal distribution",
        ("normal_pdf(x)",),
        "ncdf",
        "where(x < -0.7, half_bell(x)*erfcx(max(-x/sqrt(2), 0))/2, (1 + erf(x/sqrt(2)))/2)",
        group="special",
    ),
    Function(
        "log_normal_cdf",
        ("x",),
        "log(normal_cdf(x))",
        ("mills(x)",),
        "log(normal_cdf(x))",
        "where(x < -0.7, log(erfcx(max(-x/sqrt(2), 0))/2) - x^2/2, log1p(-normal_cdf(-x)))",
        group="special",
    ),
    # normal_pdf(x)/normal_cdf(x) is 0/0 below x = -38; the scaled erfc is not.
    Function(
        "mills",
        ("x",),
        "normal_pdf(x)/normal_cdf(x), the inverse Mills ratio",
        ("-mills(x)*mills_gap(x)",),
        "normal_pdf(x)/normal_cdf(x)",
        "where(x < -0.7, sqrt(2/pi)/erfcx(max(-x/sqrt(2), 0)), normal_pdf(x)/normal_cdf(x))",
        hidden=True,
        group="special",
    ),
    # Laplace's continued fraction of the Mills ratio; 29 terms are enough from 5 on.
    Function(
        "mills_gap",
        ("x",),
        "x + mills(x), which is about -1/x far below 0",
        ("1 - mills(x)*mills_gap(x)",),
        "x + normal_pdf(x)/normal_cdf(x)",
        f"where(x < -5, 1/{_fraction('max(-x, 5)', 2, 29)}, x + mills(x))",
        hidden=True,
        group="special",
    ),
    # -- choice
    Function(
        "where",
        ("c", "a", "b"),
        "a where c is not 0, else b",
        ("0", "where(c, 1, 0)", "where(c, 0, 1)"),
        "where",
        group="choice",
    ),
    Function(
        "min",
        ("a", "b"),
        "the smaller; on a tie the derivative is that of a",
        ("a <= b", "b < a"),
        "min",
        group="choice",
    ),
    Function(
        "max",
        ("a", "b"),
        "the larger; on a tie the derivative is that of a",
        ("a >= b", "b > a"),
        "max",
        group="choice",
    ),
    Function(
        "clip",
        ("x", "a", "b"),
        "x kept between a and b",
        ("(x > a)*(x < b)", "(x <= a)*(a < b)", "max(x >= b, a >= b)"),
        "min(max(x, a), b)",
        "min(max(x, a), b)",
        group="choice",
    ),
    Function(
        "shift",
        ("code", "by", "size"),
        "code + by, kept between 0 and size - 1",
        ("0", "0", "0"),
        "min(max(code + by, 0), size - 1)",
        "min(max(code + by, 0), size - 1)",
        hidden=True,
    ),
    # sqrt of a sum of squares, whose gradient at 0 is 0.
    Function(
        "root",
        ("s",),
        "sqrt(s), with derivative 0 at 0",
        ("where(s > 0, 1/(2*sqrt(where(s > 0, s, 1))), 0)",),
        "sqrt(s)",
        "sqrt(s)",
        hidden=True,
    ),
    # Comparisons and logic are numbers, 1 or 0, with derivative 0 everywhere.
    *(
        Function(name, ("a", "b"), f"1 where a {sign} b, else 0", ("0", "0"), name, hidden=True)
        for sign, name in [*COMPARISONS.items(), ("and", "and"), ("or", "or")]
    ),
    Function("not", ("a",), "1 where a is 0, else 0", ("0",), "not", hidden=True),
)

REDUCTIONS: dict[str, str] = {
    "sum": "sum over the named axes, or over all",
    "mean": "sum divided by the number of entries",
    "var": "mean squared deviation from the mean (divides by n)",
    "logsumexp": "log(sum(exp(z))), at any size of z",
    "min": "the smallest entry; on a tie the derivative is that of the first",
    "max": "the largest entry; on a tie the derivative is that of the first",
    "prod": "product of the entries",
    "norm": "Euclidean norm; gradient 0 at 0",
    "norm1": "sum of absolute values",
    "dot": "dot(a, b): the sum of a*b",
}

AXIS_MAPS: dict[str, str] = {
    "softmax": "exp(z)/sum[k](exp(z)) along the named axes",
    "log_softmax": "z - logsumexp[k](z)",
}

# Named in language.md, not built yet: the message says so instead of "unknown function".
PLANNED: tuple[str, ...] = (
    "trace",
    "det",
    "logdet",
    "inv",
    "solve",
    "outer",
    "diag",
    "eye",
    "sqdist",
    "dropout",
)
