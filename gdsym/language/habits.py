"""What people write who come from another language, and the mend for each: tables of words.

Nothing here decides what is an error; it only finds the helpful sentence.
"""

from __future__ import annotations

# A word at the start of a line, in lower case -> the mend.
STATEMENTS: dict[str, str] = {
    "minimize": "write `loss EXPR`",
    "minimise": "write `loss EXPR`",
    "min": "write `loss EXPR`",
    "max": "write `maximize EXPR`",
    "maximise": "write `maximize EXPR`",
    "objective": "write `loss EXPR` or `maximize EXPR`",
    "parameter": "write `param`",
    "parameters": "write `param`",
    "variable": "write `param` for what is fitted, `let` for a named value",
    "var": "write `param` for what is fitted, `let` for a named value",
    "input": "write `data`",
    "output": "write `predict NAME = EXPR`",
    "return": "write `predict NAME = EXPR`, or `loss EXPR`",
    "constant": "write `const`",
    "set": "write `const` or `let`",
    "dims": "write `dim`",
    "dimension": "write `dim`",
    "import": "nothing is imported: the functions of the language are always there",
    "from": "nothing is imported: the functions of the language are always there",
    "for": "there are no loops: write a sum over a dimension, `sum[k](...)`",
    "if": "there are no branches: write `where(condition, a, b)`",
    "optimizer": "an optimizer file is used with `--method ./name.gd`; a model has `method NAME`",
    "subject": "a bound stands in the declaration: `param w >= 0`",
    "constraint": "a bound stands in the declaration: `param w >= 0`",
    "bounds": "a bound stands in the declaration: `param w >= 0`",
    "regularizer": "write `penalty EXPR`",
    "likelihood": "write `loglik EXPR` or `nll EXPR`",
}

# A character that is not ASCII -> what to write.
ASCII: dict[str, str] = {
    "\u2212": "`-`",
    "\u2013": "`-`",
    "\u2014": "`-`",
    "\u00d7": "`*`, or `@` between matrices",
    "\u00b7": "`*`, or `@` between matrices",
    "\u22c5": "`*`, or `@` between matrices",
    "\u00f7": "`/`",
    "\u2264": "`<=`",
    "\u2265": "`>=`",
    "\u2260": "`!=`",
    "\u2208": "`in`",
    "\u221e": "`inf`",
    "\u221a": "`sqrt(x)`",
    "\u03a3": "`sum(x)`",
    "\u2211": "`sum(x)`",
    "\u00b2": "`^2`",
    "\u00b3": "`^3`",
    "\u22a4": "`.T`",
    "\u201c": '`"`',
    "\u201d": '`"`',
    "\u201e": '`"`',
    "\u2018": '`"`',
    "\u2019": '`"`, or `.T` for a transpose',
    "\u00a0": "an ordinary space",
    "\u03b1": "`alpha`",
    "\u03b2": "`beta`",
    "\u03b3": "`gamma`",
    "\u03b4": "`delta`",
    "\u03b5": "`eps`",
    "\u03b7": "`eta`",
    "\u03b8": "`theta`",
    "\u03ba": "`kappa`",
    "\u03bb": "`lam`",
    "\u03bc": "`mu`",
    "\u00b5": "`mu`",
    "\u03bd": "`nu`",
    "\u03c0": "`pi`",
    "\u03c1": "`rho`",
    "\u03c3": "`sigma`",
    "\u03c4": "`tau`",
    "\u03c6": "`phi`",
    "\u03d5": "`phi`",
    "\u03c8": "`psi`",
    "\u03c9": "`omega`",
    "\u03b6": "`zeta`",
    "\u03be": "`xi`",
    "\u03c7": "`chi`",
}

_SIGNS: dict[str, tuple[str, str]] = {
    "&&": ("`&&` is no operator", "write `and`"),
    "&": ("`&` is no operator", "write `and`"),
    "||": ("`||` is no operator", "write `or`"),
    "|": ("`|` is no operator", "write `or`, or `abs(x)` for an absolute value"),
    "!": ("`!` is no operator", "write `not`, or `lgamma(x + 1)` for the log of a factorial"),
    "===": ("`===` is no operator", "compare with `==`; a value is given with `=`"),
    "!==": ("`!==` is no operator", "write `!=`"),
    ":=": ("`:=` is no operator", "write `=`"),
    "=>": ("`=>` is no operator", "greater or equal is `>=`"),
    "->": ("`->` is no operator", "a function is declared: `def f(x) = x^2`"),
    "%*%": ("`%*%` is no operator", "a matrix product is `A @ B`"),
    "//": ("`//` is no operator", "a comment begins with `#`; a division is `/`"),
    "/*": ("`/*` begins nothing", "a comment begins with `#`"),
    "%": ("`%` is no operator", "a comment begins with `#`"),
    ";": ("`;` ends nothing", "a statement ends with its line; delete the `;`"),
    "\\": ("`\\` continues nothing", "an indented line continues a statement; delete the `\\`"),
    "`": ("a backtick means nothing here", "names stand bare, strings in double quotes"),
    "$": ("`$` means nothing here", "names stand bare"),
    "?": ("`?` means nothing here", "a choice is `where(condition, a, b)`"),
}
_MODULES = ("np", "numpy", "math", "jnp", "jax", "torch", "tf", "sp", "scipy", "sympy", "F", "nn")
_ATTRIBUTES: dict[str, str] = {
    "dot": "a matrix product is `A @ B`",
    "matmul": "a matrix product is `A @ B`",
    "t": "a transpose is `X.T`",
    "transpose": "a transpose is `X.T`",
    "T": "a transpose is `X.T`, without parentheses",
    "shape": "the size of a dimension is its name: `n`",
    "size": "the size of a dimension is its name: `n`",
}


def foreign_sign(sign: str, owner: str, after_value: bool, called: bool) -> tuple[str, str]:
    """Message and mend for a sign of another language that touches the name `owner` before it."""
    if sign == "'":
        if after_value:
            return "`'` is no operator", f"a transpose is `{owner or '(...)'}.T`"
        return "strings do not stand in single quotes", 'write `"..."`'
    if sign.startswith("\\") and len(sign) > 1:
        mend = "formulas are plain text: `a/b`, `sum(x)`, `sqrt(x)`, `lam`"
        return f"`{sign}` is LaTeX", mend
    if sign in (".*", "./", ".^", ".**", ".+", ".-"):
        plain = sign[1:]
        return f"`{sign}` is no operator", f"`{plain}` is element-wise already: write `{plain}`"
    if sign.startswith("."):
        return _attribute(sign[1:], owner, called)
    if len(sign) == 2 and sign[1] == "=" and sign[0] in "+-*/":
        mend = "a name has one value: give the new one a new name with `let`"
        return f"`{sign}` is no operator", mend
    return _SIGNS[sign]


def _attribute(name: str, owner: str, called: bool) -> tuple[str, str]:
    if owner in _MODULES:
        message = f"`{owner}.{name}` has a module name"
        short = FUNCTIONS.get(name, f"`{name}(...)`" if called else f"`{name}`")
        return message, f"functions stand bare: write {short}"
    message = f"`.{name}` is no part of the language"
    if name in _ATTRIBUTES:
        return message, _ATTRIBUTES[name]
    if called:
        return message, f"functions are called on their argument: `{name}({owner or '...'})`"
    return message, "only `.T` follows a name with a dot"


# A function of another language -> what to write.
FUNCTIONS: dict[str, str] = {
    "ln": "`log(x)`",
    "power": "`x^y`",
    "pow": "`x^y`",
    "square": "`x^2`",
    "sqr": "`x^2`",
    "root": "`sqrt(x)`",
    "cbrt": "`x^(1/3)`",
    "reciprocal": "`1/x`",
    "arcsin": "`asin(x)`",
    "arccos": "`acos(x)`",
    "arctan": "`atan(x)`",
    "arctan2": "`atan2(y, x)`",
    "absolute": "`abs(x)`",
    "fabs": "`abs(x)`",
    "maximum": "`max(a, b)`",
    "minimum": "`min(a, b)`",
    "amax": "`max[k](x)`",
    "amin": "`min[k](x)`",
    "product": "`prod[k](x)`",
    "random": "a start: `param w = normal(0, 1)`",
    "rand": "a start: `param w = uniform(0, 1)`",
    "randn": "a start: `param w = normal(0, 1)`",
    "zeros": "`0`: a number stands for every entry",
    "ones": "`1`: a number stands for every entry",
    "expit": "`sigmoid(x)`",
    "logistic": "`sigmoid(x)`",
    "inv_logit": "`sigmoid(x)`",
    "logsigmoid": "`log_sigmoid(x)`",
    "log_expit": "`log_sigmoid(x)`",
    "logit": "`log(p) - log1p(-p)`",
    "log1pexp": "`softplus(x)`",
    "ReLU": "`relu(x)`",
    "Phi": "`normal_cdf(x)`",
    "norm_cdf": "`normal_cdf(x)`",
    "ndtr": "`normal_cdf(x)`",
    "log_ndtr": "`log_normal_cdf(x)`",
    "gammaln": "`lgamma(x)`",
    "lgam": "`lgamma(x)`",
    "loggamma": "`lgamma(x)`",
    "gamma": "`exp(lgamma(x))`, or keep its logarithm `lgamma(x)`",
    "factorial": "`exp(lgamma(x + 1))`, or keep its logarithm `lgamma(x + 1)`",
    "psi": "`digamma(x)`",
    "betaln": "`beta_ln(a, b)`",
    "average": "`mean(x)`",
    "avg": "`mean(x)`",
    "std": "`sqrt(var(x))`",
    "variance": "`var(x)`",
    "log_sum_exp": "`logsumexp[k](z)`",
    "lse": "`logsumexp[k](z)`",
    "matmul": "`A @ B`",
    "inner": "`dot(a, b)`",
    "vdot": "`dot(a, b)`",
    "transpose": "`X.T`",
    "one_hot": "`onehot(y)`",
    "if_else": "`where(c, a, b)`",
    "ifelse": "`where(c, a, b)`",
    "select": "`where(c, a, b)`",
    "norm2": "`norm(x)`",
    "l1": "`norm1(x)`",
    "len": "the name of a dimension, which is its size",
    "size": "the name of a dimension, which is its size",
}

# A name of another language -> what to write.
NAMES: dict[str, str] = {
    "True": "write `1`",
    "False": "write `0`",
    "None": "leave it out",
    "e": "write `exp(1)`",
    "E": "write `exp(1)`",
    "Inf": "write `inf`",
    "Infinity": "write `inf`",
    "infinity": "write `inf`",
    "NaN": "there is no such number; a missing value is a matter of the data",
    "nan": "there is no such number; a missing value is a matter of the data",
    "PI": "write `pi`",
    "Pi": "write `pi`",
    "np": "functions stand bare: `exp(x)`",
    "counts": "a domain is written `in counts`",
    "integers": "a domain is written `in integers`",
}

# A domain of another language, in lower case -> what to write.
DOMAINS: dict[str, str] = {
    "r": "leave it out: a number may be any real number",
    "real": "leave it out: a number may be any real number",
    "reals": "leave it out: a number may be any real number",
    "float": "leave it out: a number may be any real number",
    "positive": "write `> 0`",
    "nonnegative": "write `>= 0`",
    "negative": "write `< 0`",
    "unit": "write `in [0, 1]`",
    "probability": "write `in [0, 1]`",
    "bool": "write `in {0, 1}`",
    "binary": "write `in {0, 1}`",
    "int": "write `in integers`",
    "integer": "write `in integers`",
    "count": "write `in counts`",
    "n0": "write `in counts`",
}

# A distribution of another language, in lower case -> what to write.
DISTRIBUTIONS: dict[str, str] = {
    "gaussian": "write `normal(mean, sd)`",
    "norm": "write `normal(mean, sd)`",
    "n": "write `normal(mean, sd)`",
    "t": "write `student_t(nu, location, scale)`",
    "student": "write `student_t(nu, location, scale)`",
    "studentt": "write `student_t(nu, location, scale)`",
    "cauchy": "write `student_t(1, location, scale)`",
    "double_exponential": "write `laplace(location, scale)`",
    "doubleexponential": "write `laplace(location, scale)`",
    "ber": "write `bernoulli(p)`",
    "bern": "write `bernoulli(p)`",
    "bernoulli_logits": "write `bernoulli_logit(logit)`",
    "logit": "write `bernoulli_logit(logit)`",
    "binom": "write `binomial(trials, p)`",
    "pois": "write `poisson(rate)`",
    "poisson_log": "write `poisson(exp(z))`",
    "poisson_log_rate": "write `poisson(exp(z))`",
    "negative_binomial": "write `neg_binomial(mean, size)`",
    "negativebinomial": "write `neg_binomial(mean, size)`",
    "neg_binomial_2": "write `neg_binomial(mean, size)`",
    "nbinom": "write `neg_binomial(mean, size)`",
    "expon": "write `exponential(rate)`",
    "exp": "write `exponential(rate)`",
    "log_normal": "write `lognormal(meanlog, sdlog)`",
    "lnorm": "write `lognormal(meanlog, sdlog)`",
    "categorical": "write `categorical_logit(logits)`",
    "multinomial": "write `categorical_logit(logits)`",
    "softmax": "write `categorical_logit(logits)`",
    "ordered_logistic": "write `ordered_logit(score, cuts)`",
    "orderedlogistic": "write `ordered_logit(score, cuts)`",
    "cumulative": "write `ordered_logit(score, cuts)`",
    "uniform": "a range stands in the declaration: `param w in (0, 1)`",
    "inv_gamma": "there is no inverse gamma: write its terms with `penalty`",
    "inverse_gamma": "there is no inverse gamma: write its terms with `penalty`",
    "flat": "without a prior a parameter has a flat one: leave the statement out",
    "dirichlet": "write its terms: `penalty -sum((a - 1)*log(p))`",
    "half_normal": "write `normal(0, sd)` and declare the parameter `> 0`",
    "halfnormal": "write `normal(0, sd)` and declare the parameter `> 0`",
    "half_cauchy": "write `student_t(1, 0, scale)` and declare the parameter `> 0`",
    "halfcauchy": "write `student_t(1, 0, scale)` and declare the parameter `> 0`",
}

# An argument of a distribution in another language, in lower case -> what it may be called.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "mu": ("mean", "meanlog", "location", "rate"),
    "loc": ("location", "mean", "meanlog"),
    "m": ("mean", "location"),
    "mean": ("location", "meanlog", "rate"),
    "location": ("mean", "meanlog"),
    "sigma": ("sd", "sdlog", "scale"),
    "std": ("sd", "sdlog", "scale"),
    "s": ("sd", "scale"),
    "scale": ("sd", "sdlog"),
    "sd": ("scale", "sdlog"),
    "df": ("nu",),
    "dof": ("nu",),
    "lam": ("rate",),
    "lambda": ("rate",),
    "n": ("trials",),
    "size": ("trials",),
    "prob": ("p",),
    "probs": ("p",),
    "theta": ("p", "rate"),
    "logits": ("logit", "score"),
    "z": ("logit", "logits", "score"),
    "alpha": ("shape", "a", "size"),
    "beta": ("rate", "b", "scale"),
    "k": ("shape",),
    "phi": ("size",),
    "dispersion": ("size",),
    "eta": ("score", "logit"),
    "cutpoints": ("cuts",),
    "cut_points": ("cuts",),
    "thresholds": ("cuts",),
    "c": ("cuts",),
}
