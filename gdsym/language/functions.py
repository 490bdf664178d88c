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


def _share(below: str, above: str, sign: str) -> str:
    """A share of exp(a) + exp(b), by what it is of the larger where a < b, and where not."""
    own, other = f"where(a < b, {below}, {above})", f"where(a < b, {above}, {below})"
    total = "(1 + exp(-abs(a - b)))"
    return f"{own}/{total}*(1 {sign} lost(a, b)*{other}/{total})"


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
    _elementary("asin", "asin_slope(x)", "asin", "inverse sine"),
    _elementary("acos", "-asin_slope(x)", "acos", "inverse cosine"),
    _elementary("atan", "atan_slope(x)", "atan", "inverse tangent"),
    Function(
        "atan_slope",
        ("x",),
        "derivative of atan: 1/(1 + x^2)",
        ("atan_curve(x)",),
        "1/(1 + x^2)",
        "1/(1 + x^2)",
        hidden=True,
    ),
    # The square of 1 + x^2 is too large from 1e77 on, where this is 1e-231.
    Function(
        "atan_curve",
        ("x",),
        "derivative of atan_slope: -2*x/(1 + x^2)^2",
        ("(6*x^2 - 2)/(1 + x^2)^3",),
        "-2*x/(1 + x^2)^2",
        "-2/((x + 1/x)*(1 + x^2))",
        hidden=True,
    ),
    Function(
        "asin_slope",
        ("x",),
        "derivative of asin: 1/sqrt(1 - x^2)",
        ("asin_slope(x)*x/less_square(1, x)",),
        "1/sqrt(1 - x^2)",
        "1/sqrt(less_square(1, x))",
        hidden=True,
    ),
    # As written, it has no digit where it is next to 0.
    Function(
        "less_square",
        ("c", "x"),
        "c - x^2",
        ("1", "-2*x"),
        "c - x^2",
        hidden=True,
    ),
    Function(
        "atan2",
        ("y", "x"),
        "angle of the point (x, y)",
        ("turn_by_y(y, x)", "turn_by_x(y, x)"),
        "atan2",
    ),
    # As written, these are too large or too small where their terms are squared.
    Function(
        "turn_by_y",
        ("y", "x"),
        "derivative of atan2 by y: x/(x^2 + y^2)",
        ("turn_twice(y, x)", "turn_mixed(y, x)"),
        "x/(x^2 + y^2)",
        hidden=True,
    ),
    Function(
        "turn_by_x",
        ("y", "x"),
        "derivative of atan2 by x: -y/(x^2 + y^2)",
        ("turn_mixed(y, x)", "-turn_twice(y, x)"),
        "-y/(x^2 + y^2)",
        "-turn_by_y(x, y)",
        hidden=True,
    ),
    Function(
        "turn_mixed",
        ("y", "x"),
        "(y^2 - x^2)/(x^2 + y^2)^2",
        ("2*y*(3*x^2 - y^2)/(x^2 + y^2)^3", "2*x*(x^2 - 3*y^2)/(x^2 + y^2)^3"),
        "(y^2 - x^2)/(x^2 + y^2)^2",
        hidden=True,
    ),
    Function(
        "turn_twice",
        ("y", "x"),
        "-2*x*y/(x^2 + y^2)^2",
        ("2*x*(3*y^2 - x^2)/(x^2 + y^2)^3", "2*y*(3*x^2 - y^2)/(x^2 + y^2)^3"),
        "-2*x*y/(x^2 + y^2)^2",
        hidden=True,
    ),
    # What square roots of two squares are lowered to: these may be too large or too small.
    Function(
        "hypot",
        ("a", "b"),
        "sqrt(a^2 + b^2)",
        ("a/hypot(a, b)", "b/hypot(a, b)"),
        "sqrt(a^2 + b^2)",
        hidden=True,
    ),
    _elementary("sinh", "cosh(x)", "sinh", "hyperbolic sine"),
    _elementary("cosh", "sinh(x)", "cosh", "hyperbolic cosine"),
    # 1 - tanh(x)^2 has no digit left at x = 20.
    _elementary("tanh", "tanh_slope(x)", "tanh", "hyperbolic tangent"),
    Function(
        "tanh_slope",
        ("x",),
        "derivative of tanh: 1 - tanh(x)^2",
        ("-2*tanh_slope(x)*tanh(x)",),
        "1/cosh(x)^2",
        "4*sigmoid_slope(2*x)",
        hidden=True,
    ),
    Function(
        "pow",
        ("x", "y"),
        "x to the power y",
        ("power_slope(x, y)", "power_log(x, y)"),
        "power",
        hidden=True,  # written `x^y`
    ),
    # y - 1 is rounded, and at x = y = 0 the factor 0 does not silence 1/x.
    Function(
        "power_slope",
        ("x", "y"),
        "derivative of x^y by x: y*x^(y - 1), and 0 where y is 0",
        ("power_curve(x, y)", "power_turn(x, y)"),
        "where(y == 0, 0, y*pow(x, y - 1))",
        hidden=True,
    ),
    Function(
        "power_log",
        ("x", "y"),
        "derivative of x^y by y: x^y*log(x), and 0 where x^y is 0",
        ("power_turn(x, y)", "xlogy(power_log(x, y), x)"),
        "xlogy(pow(x, y), x)",
        "xlogy(pow(x, y), x)",
        hidden=True,
    ),
    Function(
        "power_curve",
        ("x", "y"),
        "derivative of power_slope by x: y*(y - 1)*x^(y - 2), and 0 where y is 0 or 1",
        (
            "(y - 2)*power_curve(x, y)/x",
            "(2*y - 1)*pow(x, y - 2) + xlogy(power_curve(x, y), x)",
        ),
        "where(y*(y - 1) == 0, 0, y*(y - 1)*pow(x, y - 2))",
        hidden=True,
    ),
    # Next to y*log(x) = -1, the sum has no digit as written.
    Function(
        "power_turn",
        ("x", "y"),
        "derivative of power_slope by y: x^(y - 1)*(1 + y*log(x))",
        (
            "((y - 1)*power_turn(x, y) + y*pow(x, y - 1))/x",
            "pow(x, y - 1)*log(x)*(2 + y*log(x))",
        ),
        "pow(x, y - 1)*(1 + y*log(x))",
        hidden=True,
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
        ("gelu_curve(x)",),
        "normal_cdf(x) + x*normal_pdf(x)",
        "where(x < -0.1, gelu_shape(x)*normal_pdf(x), normal_cdf(x) + x*normal_pdf(x))",
        hidden=True,
    ),
    Function(
        "gelu_curve",
        ("x",),
        "derivative of gelu_slope: (2 - x^2)*normal_pdf(x)",
        ("x*(x^2 - 4)*normal_pdf(x)",),
        "(2 - x^2)*normal_pdf(x)",
        "less_square(2, min(abs(x), 64))*normal_pdf(x)",
        hidden=True,
    ),
    Function(
        "gelu_shape",
        ("x",),
        "normal_cdf(-u)/normal_pdf(u) - u, u = abs(x): gelu_slope by normal_pdf, below 0",
        ("-sign(x)*(1 + lower_gap(x)/mills(-abs(x)))",),
        "normal_cdf(-abs(x))/normal_pdf(x) - abs(x)",
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
        ("share(a, b)", "other_share(a, b)"),
        "log(exp(a) + exp(b))",
        "logaddexp_at(max(a, b) + log1p(exp(-abs(a - b))), a, b)",
        group="activations and losses",
    ),
    Function(
        "logaddexp_at",
        ("v", "a", "b"),
        "v, or logaddexp(a, b) with more digits where v is next to 0",
        ("1", "0", "0"),
        "(v)",
        hidden=True,
    ),
    # a - b is rounded, and then stands in an exponent.
    Function(
        "share",
        ("a", "b"),
        "sigmoid(a - b): the share of exp(a) in exp(a) + exp(b)",
        ("share_slope(a, b)", "-share_slope(a, b)"),
        "1/(1 + exp(b - a))",
        _share("exp(-abs(a - b))", "1", "+"),
        hidden=True,
    ),
    # In the same a - b as the other, so that the two have one exponential.
    Function(
        "other_share",
        ("a", "b"),
        "sigmoid(b - a): the share of exp(b) in exp(a) + exp(b)",
        ("-share_slope(a, b)", "share_slope(a, b)"),
        "1/(1 + exp(a - b))",
        _share("1", "exp(-abs(a - b))", "-"),
        hidden=True,
    ),
    Function(
        "share_slope",
        ("a", "b"),
        "derivative of share by a: share(a, b)*share(b, a)",
        ("-share_slope(a, b)*tanh((a - b)/2)", "share_slope(a, b)*tanh((a - b)/2)"),
        "exp(a - b)/(1 + exp(a - b))^2",
        "sigmoid_slope(a - b)*(1 - lost(a, b)*tanh((a - b)/2))",
        hidden=True,
    ),
    Function(
        "lost",
        ("a", "b"),
        "what a - b loses to rounding; 0 on paper",
        ("0", "0"),
        "0",
        hidden=True,
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
    # As written, exp(z) is lost in the logarithm below z = -37, and is 0 below -745.
    Function(
        "log1mexpexp",
        ("z",),
        "log(1 - exp(-exp(z))), the logarithm of the inverse complementary log-log link",
        ("event_share(z)",),
        "log(-expm1(-exp(z)))",
        hidden=True,
    ),
    Function(
        "event_share",
        ("z",),
        "derivative of log1mexpexp: rate/(exp(rate) - 1), rate = exp(z)",
        ("event_curve(z)",),
        "exp(z)/expm1(exp(z))",
        hidden=True,
    ),
    Function(
        "event_curve",
        ("z",),
        "derivative of event_share: event_share(z)*(1 - exp(z) - event_share(z))",
        ("event_curve(z)*(1 - exp(z) - 2*event_share(z)) - exp(z)*event_share(z)",),
        "exp(z)/expm1(exp(z))*(1 - exp(z) - exp(z)/expm1(exp(z)))",
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
        "where(x < 0.5, 1 - erf(x), bell(x)/(sqrt(pi)*(x + lower_gap(sqrt(2)*x)/sqrt(2))))",
        group="special",
    ),
    # A function of its own: the rounding of x^2 costs x^2 units in the last place.
    Function(
        "bell",
        ("x",),
        "exp(-x^2)",
        ("-2*x*bell(x)",),
        "exp(-x^2)",
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
        ("-digamma_gap(a, b)", "-digamma_gap(b, a)"),
        "lgamma(a) + lgamma(b) - lgamma(a + b)",
        group="special",
    ),
    Function(
        "digamma_gap",
        ("a", "b"),
        "digamma(a + b) - digamma(a)",
        ("-trigamma_gap(a, b)", "trigamma_of_sum(a, b)"),
        "digamma(a + b) - digamma(a)",
        hidden=True,
        group="special",
    ),
    Function(
        "trigamma_gap",
        ("a", "b"),
        "trigamma(a) - trigamma(a + b)",
        ("tetragamma(a) - tetragamma(a + b)", "-tetragamma(a + b)"),
        "trigamma(a) - trigamma(a + b)",
        hidden=True,
        group="special",
    ),
    Function(
        "trigamma_of_sum",
        ("a", "b"),
        "trigamma(a + b)",
        ("tetragamma(a + b)", "tetragamma(a + b)"),
        "trigamma(a + b)",
        hidden=True,
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
        hidden=True,
        group="special",
    ),
    # A function of its own: x^2 - 1 has no digit next to 1.
    Function(
        "normal_slope",
        ("x",),
        "derivative of normal_pdf: -x*normal_pdf(x)",
        ("normal_curve(x)",),
        "-x*exp(-x^2/2)/sqrt(2*pi)",
        "-x*normal_pdf(x)",
        hidden=True,
        group="special",
    ),
    Function(
        "normal_curve",
        ("x",),
        "derivative of normal_slope: (x^2 - 1)*normal_pdf(x)",
        ("x*(3 - x^2)*normal_pdf(x)",),
        "(x^2 - 1)*exp(-x^2/2)/sqrt(2*pi)",
        "-less_square(1, min(abs(x), 64))*normal_pdf(x)",
        hidden=True,
        group="special",
    ),
    Function(
        "normal_cdf",
        ("x",),
        "distribution function of the standard normal distribution",
        ("normal_pdf(x)",),
        "ncdf",
        "where(x < -0.4, normal_pdf(x)/(abs(x) + lower_gap(x)), (1 + erf(x/sqrt(2)))/2)",
        group="special",
    ),
    Function(
        "log_normal_cdf",
        ("x",),
        "log(normal_cdf(x))",
        ("mills(x)",),
        "log(normal_cdf(x))",
        "where(x < -0.5, -log(sqrt(2*pi)*(abs(x) + lower_gap(x))) - x^2/2, "
        "where(x < 0.4, log1p(erf(x/sqrt(2))) - log(2), "
        "log1p(-normal_pdf(x)/(abs(x) + lower_gap(x)))))",
        group="special",
    ),
    # normal_pdf(x)/normal_cdf(x) is 0/0 below x = -38.
    Function(
        "mills",
        ("x",),
        "normal_pdf(x)/normal_cdf(x), the inverse Mills ratio",
        ("mills_curve(x)",),
        "normal_pdf(x)/normal_cdf(x)",
        "where(x < 0, abs(x) + lower_gap(x), normal_pdf(x)/normal_cdf(x))",
        hidden=True,
        group="special",
    ),
    # x + mills(x) has no digit far below 0.
    Function(
        "mills_curve",
        ("x",),
        "derivative of mills: -mills(x)*(x + mills(x))",
        ("-mills_curve(x)*(2*mills(x) + x) - mills(x)",),
        "-mills(x)*(x + mills(x))",
        "-where(x < 0.25, lower_curve(x), mills(x)*(x + mills(x)))",
        hidden=True,
        group="special",
    ),
    Function(
        "lower_curve",
        ("x",),
        "-mills_curve(min(x, 0.25))",
        ("where(x < 0.25, mills(x) - lower_curve(x)*(2*mills(x) + x), 0)",),
        "mills(min(x, 0.25))*(min(x, 0.25) + mills(min(x, 0.25)))",
        hidden=True,
        group="special",
    ),
    Function(
        "lower_gap",
        ("x",),
        "mills(-u) - u, u = abs(x)",
        ("sign(x)*(mills(-abs(x))*lower_gap(x) - 1)",),
        "normal_pdf(x)/normal_cdf(-abs(x)) - abs(x)",
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

LINEAR: dict[str, str] = {
    "trace": "trace(A): the sum of the diagonal of a square matrix",
    "det": "det(A): the determinant of a square matrix",
    "logdet": "logdet(A): the logarithm of the determinant, nan where that is negative",
    "inv": "inv(A): the inverse of a square matrix",
    "solve": "solve(A, b): the x of A @ x == b, for a vector or for every column of a matrix",
    "outer": "outer(a, b): the matrix of the products of the entries of two vectors",
    "diag": "diag(v): the matrix with v on its diagonal; diag(A): the diagonal of a square matrix",
    "eye": "eye(d): the identity matrix, of the dimensions [d, d]",
    "sqdist": "sqdist(X, Z): squared distances between the rows of X and those of Z",
}

# Named in language.md, not built yet: the message says so instead of "unknown function".
PLANNED: tuple[str, ...] = ("dropout",)
