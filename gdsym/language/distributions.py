"""THE table of distributions: one entry per distribution, and nothing about one anywhere else.

`log_density` is gd text with all constants, in the names of the arguments and of the observed
value `y`; `steps` are named parts of it, in order. It is written as on paper where the compiler
rewrites that form, and in a stable form where it does not. In the entries of categories, `[k]` is
the category dimension of y; `first` and `last` say whether y is the first or the last category,
and `lower` and `upper` are the cut points on both sides of y.
"""

from __future__ import annotations

from dataclasses import dataclass

from gdsym.language.model import Domain

REAL = Domain(text="real numbers")
POSITIVE = Domain(lower=0.0, lower_open=True, text="> 0")
NONNEGATIVE = Domain(lower=0.0, text=">= 0")
UNIT = Domain(lower=0.0, upper=1.0, lower_open=True, upper_open=True, text="in (0, 1)")
PROBABILITY = Domain(lower=0.0, upper=1.0, text="in [0, 1]")
COUNTS = Domain(lower=0.0, integer=True, text="in counts")
BINARY = Domain(values=(0.0, 1.0), text="in {0, 1}")
CATEGORY = Domain(category="k", text="in k")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument and its range. `scores` has the category axis, `cuts` the axis of the gaps."""

    name: str
    range: Domain = REAL
    kind: str = "value"  # or `scores`, `cuts`


@dataclass(frozen=True, slots=True)
class Distribution:
    name: str
    params: tuple[Argument, ...]
    support: Domain  # of the observed value
    log_density: str
    doc: str  # with the parameterisation
    steps: tuple[tuple[str, str], ...] = ()

    @property
    def usage(self) -> str:
        """The call with its arguments in order: `normal(mean, sd)`."""
        return f"{self.name}({', '.join(param.name for param in self.params)})"

    @property
    def discrete(self) -> bool:
        support = self.support
        return support.integer or support.values is not None or support.category is not None


_LOCATION = (Argument("location"), Argument("scale", POSITIVE))
_ORDERED = (Argument("score"), Argument("cuts", REAL, "cuts"))

DISTRIBUTIONS: dict[str, Distribution] = {
    entry.name: entry
    for entry in (
        Distribution(
            "normal",
            (Argument("mean"), Argument("sd", POSITIVE)),
            REAL,
            "-r^2/2 - log(sd) - log(2*pi)/2",
            "mean and standard deviation",
            (("r", "(y - mean)/sd"),),
        ),
        Distribution(
            "student_t",
            (Argument("nu", POSITIVE), *_LOCATION),
            REAL,
            # lgamma((nu + 1)/2) - lgamma(nu/2) would lose its digits at large nu.
            "-(nu + 1)/2*log1p(r^2/nu) - beta_ln(nu/2, 1/2) - log(nu)/2 - log(scale)",
            "degrees of freedom nu, location and scale; the variance is scale^2*nu/(nu - 2)",
            (("r", "(y - location)/scale"),),
        ),
        Distribution(
            "laplace",
            _LOCATION,
            REAL,
            "-abs(y - location)/scale - log(2*scale)",
            "location (the median) and scale, the mean absolute deviation",
        ),
        Distribution(
            "logistic",
            _LOCATION,
            REAL,
            "-softplus(r) - softplus(-r) - log(scale)",
            "location and scale; the standard deviation is scale*pi/sqrt(3)",
            (("r", "(y - location)/scale"),),
        ),
        Distribution(
            "bernoulli",
            (Argument("p", PROBABILITY),),
            BINARY,
            "y*log(p) + (1 - y)*log1p(-p)",
            "the probability p of 1",
        ),
        Distribution(
            "bernoulli_logit",
            (Argument("logit"),),
            BINARY,
            "log_sigmoid((2*y - 1)*logit)",
            "the logarithm of the odds of 1: p is sigmoid(logit)",
        ),
        Distribution(
            "binomial",
            (Argument("trials", NONNEGATIVE), Argument("p", PROBABILITY)),
            COUNTS,
            "y*log(p) + (trials - y)*log1p(-p) - beta_ln(y + 1, trials - y + 1) - log1p(trials)",
            "y successes in so many trials, each with probability p",
        ),
        Distribution(
            "poisson",
            (Argument("rate", NONNEGATIVE),),
            COUNTS,
            "y*log(rate) - rate - lgamma(y + 1)",
            "the rate, which is mean and variance",
        ),
        Distribution(
            "neg_binomial",
            (Argument("mean", POSITIVE), Argument("size", POSITIVE)),
            COUNTS,
            # lgamma(y + size) - lgamma(size) would lose its digits at large size.
            "-y*softplus(-r) - size*softplus(r) - beta_ln(size, y + 1) - log(y + size)",
            "mean and size; the variance is mean + mean^2/size",
            (("r", "log(mean) - log(size)"),),
        ),
        Distribution(
            "gamma",
            (Argument("shape", POSITIVE), Argument("rate", POSITIVE)),
            POSITIVE,
            "shape*log(rate) + (shape - 1)*log(y) - rate*y - lgamma(shape)",
            "shape and rate; the mean is shape/rate",
        ),
        Distribution(
            "beta",
            (Argument("a", POSITIVE), Argument("b", POSITIVE)),
            UNIT,
            "(a - 1)*log(y) + (b - 1)*log1p(-y) - beta_ln(a, b)",
            "the two shapes; the mean is a/(a + b)",
        ),
        Distribution(
            "exponential",
            (Argument("rate", POSITIVE),),
            NONNEGATIVE,
            "log(rate) - rate*y",
            "the rate; the mean is 1/rate",
        ),
        Distribution(
            "weibull",
            (Argument("shape", POSITIVE), Argument("scale", POSITIVE)),
            POSITIVE,
            "log(shape) + shape*r - log(y) - exp(shape*r)",
            "shape and scale; survival to y is exp(-(y/scale)^shape)",
            (("r", "log(y) - log(scale)"),),
        ),
        Distribution(
            "lognormal",
            (Argument("meanlog"), Argument("sdlog", POSITIVE)),
            POSITIVE,
            "-r^2/2 - log(y) - log(sdlog) - log(2*pi)/2",
            "mean and standard deviation of log(y)",
            (("r", "(log(y) - meanlog)/sdlog"),),
        ),
        Distribution(
            "categorical_logit",
            (Argument("logits", REAL, "scores"),),
            CATEGORY,
            "logits[y] - logsumexp[k](logits)",
            "one score per category, on its axis: probabilities are softmax[k](logits)",
        ),
        # P(y) = F(upper - score) - F(lower - score), F the distribution function; the categories
        # at the ends have one cut point. `lower - upper` where neither is there keeps a branch
        # that is not taken from making a nan.
        Distribution(
            "ordered_logit",
            _ORDERED,
            CATEGORY,
            "where(first, log_sigmoid(upper - score), where(last, log_sigmoid(score - lower), "
            "log_sigmoid(upper - score) + log_sigmoid(score - lower) + log1mexp(gap)))",
            "P(y <= j) is sigmoid(cuts[j] - score): proportional odds",
            (("gap", "where(first or last, -1, lower - upper)"),),
        ),
        Distribution(
            "ordered_probit",
            _ORDERED,
            CATEGORY,
            "where(first, log_normal_cdf(upper - score), "
            "where(last, log_normal_cdf(score - lower), log_normal_cdf(far) + log1mexp(gap)))",
            "P(y <= j) is normal_cdf(cuts[j] - score)",
            (
                # F(a) - F(b) = F(-b) - F(-a): both ends are taken in the lower tail.
                ("far", "where(lower > score, score - lower, upper - score)"),
                ("near", "where(lower > score, score - upper, lower - score)"),
                (
                    "gap",
                    "where(first or last, -1, log_normal_cdf(near) - log_normal_cdf(far))",
                ),
            ),
        ),
    )
}
