"""`observe` and `prior`: every density against an independent one, and what becomes of it."""

import mpmath
import numpy as np
import pytest
import typed
from scipy import stats

from gdsym.errors import SourceError
from gdsym.language import model as m
from gdsym.language.check import load_model
from gdsym.language.distributions import DISTRIBUTIONS

DECLARED = """data y[n], t[n] > 0, u[n] in (0, 1), c[n] in counts, b[n] in {0, 1}
data trials[n] in counts
param mu, s > 0 = 1, a > 0 = 1, p in (0, 1), nu > 0 = 4
"""
DATA = {
    "y": np.array([-2.5, 0.25, 7.0]),
    "t": np.array([0.125, 1.0, 5.5]),
    "u": np.array([0.01, 0.5, 0.96]),
    "c": np.array([0.0, 3.0, 11.0]),
    "b": np.array([0.0, 1.0, 1.0]),
    "trials": np.array([4.0, 3.0, 20.0]),
}
PARAMS = {"mu": 0.75, "s": 1.5, "a": 2.25, "p": 0.3, "nu": 4.5}


def objective(text, declared=DECLARED):
    return load_model(declared + text + "\n", "a.gd").objective


def number(expr, names=None, **sizes):
    return float(typed.value(expr, names or {**DATA, **PARAMS}, sizes or {"n": 3}))


@pytest.mark.parametrize(
    ("text", "density"),
    [
        ("y ~ normal(mu, s)", stats.norm(0.75, 1.5)),
        ("y ~ student_t(nu, mu, s)", stats.t(4.5, 0.75, 1.5)),
        ("y ~ laplace(mu, s)", stats.laplace(0.75, 1.5)),
        ("y ~ logistic(mu, s)", stats.logistic(0.75, 1.5)),
        ("b ~ bernoulli(p)", stats.bernoulli(0.3)),
        ("b ~ bernoulli_logit(mu)", stats.bernoulli(1 / (1 + np.exp(-0.75)))),
        ("c ~ binomial(trials, p)", stats.binom(DATA["trials"], 0.3)),
        ("c ~ poisson(a)", stats.poisson(2.25)),
        ("c ~ neg_binomial(s, a)", stats.nbinom(2.25, 2.25 / (2.25 + 1.5))),
        ("t ~ gamma(a, s)", stats.gamma(2.25, scale=1 / 1.5)),
        ("u ~ beta(a, s)", stats.beta(2.25, 1.5)),
        ("t ~ exponential(s)", stats.expon(scale=1 / 1.5)),
        ("t ~ weibull(a, s)", stats.weibull_min(2.25, scale=1.5)),
        ("t ~ lognormal(mu, s)", stats.lognorm(1.5, scale=np.exp(0.75))),
    ],
)
def test_a_density_with_all_its_constants(text, density):
    data = DATA[text[0]]
    log = density.logpmf if hasattr(density, "pmf") and text[0] in "bc" else density.logpdf

    found = objective(f"observe {text}")

    assert found.kind == "nll"
    assert number(found.expr) == pytest.approx(-np.sum(log(data)), rel=1e-13)


def test_the_density_of_categories_is_the_softmax_of_their_scores():
    declared = "data y[n] in k, Z[n, k]\nparam c[k]\n"
    rng = np.random.default_rng(1)
    Z, c, y = rng.normal(size=(5, 3)), rng.normal(size=3), np.array([0, 2, 1, 1, 2])
    names = {"Z": Z, "c": c, "y": y}

    found = number(
        objective("observe y ~ categorical_logit(Z + c)", declared).expr, names, n=5, k=3
    )

    exp = np.exp(Z + c)
    assert found == pytest.approx(-np.log(exp[np.arange(5), y] / exp.sum(1)).sum(), rel=1e-13)


def test_scores_without_rows_are_the_same_for_every_row():
    declared = "data y[n] in k\nparam c[k]\n"
    names = {"c": np.log([1.0, 2.0, 5.0]), "y": np.array([0, 2])}

    expr = objective("observe y ~ categorical_logit(c)", declared).expr

    assert number(expr, names, n=2, k=3) == pytest.approx(-np.log(1 / 8 * 5 / 8), rel=1e-13)


ORDERED = """dim k in {"low", "mid", "high", "top"}, j = k - 1
data y[n] in k, z[n]
param c[j] in ordered[j]
"""


def distribution_function(kind):
    return mpmath.ncdf if kind == "probit" else lambda x: 1 / (1 + mpmath.exp(-x))


@pytest.mark.parametrize("kind", ["logit", "probit"])
@pytest.mark.parametrize("shift", [0.0, -9.0, 9.0, 30.0, -30.0])
def test_ordered_categories_against_differences_at_400_digits(kind, shift):
    cuts = np.array([-1.0, 0.5, 2.0])
    y, z = np.array([0, 1, 2, 3]), np.array([0.3, -0.2, 1.1, 0.0]) + shift
    F = distribution_function(kind)

    expr = objective(f"observe y ~ ordered_{kind}(z, c)", ORDERED).expr
    found = number(expr, {"c": cuts, "y": y, "z": z}, n=4, k=4, j=3)

    with mpmath.workdps(400):
        edges = [mpmath.mpf(-10000), *map(mpmath.mpf, cuts), mpmath.mpf(10000)]
        exact = -sum(
            mpmath.log(F(edges[i + 1] - mpmath.mpf(score)) - F(edges[i] - mpmath.mpf(score)))
            for i, score in zip(y.tolist(), z.tolist(), strict=True)
        )
    assert found == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("kind", ["logit", "probit"])
def test_two_ordered_categories_have_one_cut_point(kind):
    declared = "dim k = 2, j = k - 1\ndata y[n] in k, z[n]\nparam c[j] in ordered[j]\n"
    names = {"c": np.array([0.5]), "y": np.array([0, 1]), "z": np.array([1.0, 1.0])}
    F = distribution_function(kind)

    expr = objective(f"observe y ~ ordered_{kind}(score=z, cuts=c)", declared).expr

    exact = -mpmath.log(F(-0.5)) - mpmath.log(1 - F(-0.5))
    assert number(expr, names, n=2, k=2, j=1) == pytest.approx(float(exact), rel=1e-13)


# Points where the textbook form has no digit left or overflows, and the density none the less is
# an ordinary number: mpmath at 60 digits says which.
HARD = {
    "bernoulli_logit": [(1.0, (800.0,)), (0.0, (800.0,)), (1.0, (-1e4,))],
    "logistic": [(1e4, (0.0, 1.0)), (-1e4, (0.0, 1.0))],
    "student_t": [(0.5, (1e12, 0.0, 1.0)), (1e9, (1.0, 0.0, 1.0))],
    "neg_binomial": [(7.0, (3.0, 1e13)), (0.0, (1e-9, 2.0)), (4.0, (1e8, 1e-3))],
    "weibull": [(1e-9, (0.5, 1e9)), (2.0, (30.0, 2.5))],
    "laplace": [(1e300, (0.0, 1e299))],
    "lognormal": [(1e-300, (-690.0, 2.0))],
}


def exact_minus_log(name, y, args):
    y, *args = map(mpmath.mpf, (y, *args))
    log, lgamma = mpmath.log, mpmath.loggamma
    match name:
        case "bernoulli_logit":
            return log(1 + mpmath.exp(args[0] if y == 0 else -args[0]))
        case "logistic":
            z = (y - args[0]) / args[1]
            return z + log(args[1]) + 2 * log(1 + mpmath.exp(-z))
        case "student_t":
            nu, loc, scale = args
            r = (y - loc) / scale
            shape = lgamma((nu + 1) / 2) - lgamma(nu / 2) - log(nu * mpmath.pi) / 2
            return log(scale) - shape + (nu + 1) / 2 * log(1 + r**2 / nu)
        case "neg_binomial":
            mean, size = args
            shape = lgamma(y + size) - lgamma(size) - lgamma(y + 1)
            share = mean / (mean + size)
            return -shape - size * log(size / (mean + size)) - y * log(share)
        case "weibull":
            k, s = args
            return -log(k / s) - (k - 1) * log(y / s) + (y / s) ** k
        case "laplace":
            return log(2 * args[1]) + abs(y - args[0]) / args[1]
        case "lognormal":
            mean, sd = args
            return log(y) + log(sd) + log(2 * mpmath.pi) / 2 + ((log(y) - mean) / sd) ** 2 / 2
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "y", "args"),
    [(name, y, args) for name, points in HARD.items() for y, args in points],
)
def test_far_from_the_centre_no_digit_is_lost(name, y, args):
    domain = DISTRIBUTIONS[name].support.text
    domain = "" if domain == "real numbers" else domain
    ranges = [param.range.text for param in DISTRIBUTIONS[name].params]
    params = ", ".join(
        f"q{i} {'' if text == 'real numbers' else text}" for i, text in enumerate(ranges)
    )
    call = ", ".join(f"q{i}" for i in range(len(args)))
    declared = f"data y[n] {domain}\nparam {params}\n"

    expr = objective(f"observe y ~ {name}({call})", declared).expr
    found = number(expr, {"y": np.array([y]), **{f"q{i}": v for i, v in enumerate(args)}}, n=1)

    with mpmath.workdps(60):
        exact = exact_minus_log(name, y, args)
    assert found == pytest.approx(float(exact), rel=1e-12, abs=1e-14)


def test_arguments_stand_in_order_or_by_name():
    texts = ["normal(mu, s)", "normal(mu, sd=s)", "normal(sd=s, mean=mu)", "normal(mean=mu, sd=s)"]

    values = {number(objective(f"observe y ~ {text}").expr) for text in texts}

    assert len(values) == 1


def test_observations_and_an_nll_add_up_in_either_order():
    one = number(objective("observe y ~ normal(mu, s)").expr)
    two = number(objective("observe t ~ gamma(a, s)").expr)

    for text in (
        "observe y ~ normal(mu, s)\nobserve t ~ gamma(a, s)\nnll mu^2",
        "nll mu^2\nobserve y ~ normal(mu, s)\nobserve t ~ gamma(a, s)",
    ):
        found = objective(text)
        assert found.kind == "nll"
        assert number(found.expr) == pytest.approx(one + two + 0.75**2, rel=1e-13)


def test_a_prior_is_a_term_of_its_own():
    text = """data y[n], g[n] in groups
param w[groups], mu, s > 0 = 1
observe y ~ normal(w[g], 1)
prior w ~ normal(mu, sd=s)
prior s ~ exponential(2)
prior w - mu ~ laplace(0, 1)
"""

    model = load_model(text, "a.gd")

    names = {"w": np.array([0.5, -1.0]), "mu": 0.25, "s": 2.0}
    found = [number(prior, names, groups=2) for prior in model.priors]
    assert [prior.dims for prior in model.priors] == [(), (), ()]
    assert found == pytest.approx(
        [
            -stats.norm(0.25, 2).logpdf(names["w"]).sum(),
            -stats.expon(scale=0.5).logpdf(2.0),
            -stats.laplace().logpdf(names["w"] - 0.25).sum(),
        ],
        rel=1e-13,
    )


def test_a_prior_beside_a_log_likelihood_keeps_its_own_sign():
    model = load_model(f"{DECLARED}loglik -sum((y - mu)^2)\nprior mu ~ normal(0, 1)\n", "a.gd")

    assert model.objective.kind == "loglik"
    assert number(model.priors[0]) > 0


def test_places_of_a_written_out_density_are_the_users_words():
    text = f'{DECLARED}observe y ~ normal(mu, s)  "doc"\n'

    expr = load_model(text, "a.gd").objective.expr

    words = set()
    pending = [expr]
    while pending:
        node = pending.pop()
        words.add(text[node.span.start : node.span.stop])
        pending += node.args if isinstance(node, m.Apply) else []
        pending += [node.arg] if isinstance(node, m.Reduce) else []
    assert words == {"y ~ normal(mu, s)", "y", "mu", "s"}


def test_names_of_the_file_do_not_disturb_a_density():
    declared = "data y[n]\nparam pi, r, sd > 0 = 1\n"

    found = objective("observe y ~ normal(mean=sd*pi, sd=r^2 + 1)", declared)

    names = {"y": DATA["y"], "pi": 0.5, "r": 2.0, "sd": 3.0}
    assert number(found.expr, names, n=3) == pytest.approx(
        -stats.norm(1.5, 5).logpdf(DATA["y"]).sum(), rel=1e-13
    )


@pytest.mark.parametrize(
    "text",
    [
        "observe y - t ~ normal(mu, s)",
        "observe y/t ~ normal(mu, s)",
        "observe 2*y + 1 ~ normal(mu, s)",
        "observe standardize(y) ~ normal(mu, s)",
        "observe y > 0 ~ bernoulli(p)",
        "observe c + trials ~ poisson(a)",
        "observe t^2 > 4 ~ bernoulli_logit(mu)",
        "let gap = y - t\nobserve gap ~ laplace(mu, s)",
        "observe c ~ normal(mu, s)",
        "observe b ~ poisson(a)",
        "observe (y) ~ normal(0, 1)\nprior mu ~ normal(0, 1)",
        "nll sum(y - mu)\nprior 2*mu + a ~ normal(0, 1)",
        "nll sum(y - mu)\nprior a ~ lognormal(0, 1)",
        "nll sum(y - mu)\nprior p ~ beta(2, 2)",
        "nll sum(y - mu)\nprior mu ~ normal(0, nu)",
    ],
)
def test_what_may_be_observed_or_have_a_prior(text):
    assert objective(text).kind == "nll"


@pytest.mark.parametrize(
    "text",
    [
        "observe log(t) ~ normal(mu, s)",
        "observe sqrt(t) ~ normal(mu, s)",
        "observe y^2 ~ gamma(a, s)",
        "observe 1/t ~ gamma(a, s)",
        "let l = log(t)\nobserve l - 1 ~ normal(mu, s)",
        "nll mu^2\nprior log(s) ~ normal(0, 1)",
        "nll mu^2\nprior mu*s ~ normal(0, 1)",
        "nll mu^2\nlet l = mu^2\nprior l ~ normal(0, 1)",
    ],
)
def test_a_curved_transform_lacks_its_jacobian(text):
    with pytest.raises(SourceError) as caught:
        objective(text)

    (diagnostic,) = caught.value.diagnostics
    assert "Jacobian" in diagnostic.message


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_is_known_by_its_usage(name):
    entry = DISTRIBUTIONS[name]

    assert entry.usage.startswith(f"{name}(")
    assert entry.doc
    with pytest.raises(SourceError) as caught:
        objective(f"observe nothing ~ {name}()")
    assert entry.usage in str(caught.value)
