"""What the codes of diagnostics mean: `error[shape]` has the code `shape`.

Codes are stable: they are never renamed, and a new kind of mistake gets a new one. Each entry of
`CODES` has a small file with the mistake and the same file without it, but for `size`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """The explanation of one code."""

    name: str
    title: str
    text: str
    wrong: str
    right: str


CODES: dict[str, Code] = {
    entry.name: entry
    for entry in (
        Code(
            "category",
            "categories used as numbers",
            "Data declared `in k` hold categories, even where the file has numbers for them. They "
            "are an index (`w[g]`), an indicator (`onehot(g)`), or are compared with a label or "
            "with other data of the same dimension. Labels have no order.",
            "data g[n] in k, y[n]\nparam b\nloss sum((y - b*g)^2)",
            "data g[n] in k, y[n]\nparam b[k]\nloss sum((y - b[g])^2)",
        ),
        Code(
            "character",
            "a character that the text may not have",
            "Outside comments and strings a text is ASCII: write `lam` for the Greek letter, `-` "
            "for a typographic minus. Characters that cannot be seen are refused everywhere.",
            "param x\nloss x^2 \u2212 2*x",
            "param x\nloss x^2 - 2*x",
        ),
        Code(
            "claim",
            "a claim about something that cannot be claimed",
            "A claim is `grad(w)`, `hess(w, b)`, `hvp(w, v)` or `loss`, each at most once; w and "
            "b are parameters, and v is a fresh name for a direction.",
            "param w\nloss w^2\nclaim hvp(w, w) = 2*w",
            "param w\nloss w^2\nclaim hvp(w, v) = 2*v",
        ),
        Code(
            "columns",
            "a source that does not fit the data",
            "One column has one axis; a list of columns, a pattern and `*` fill the last axis of "
            "data with two or more. `except` leaves columns out of a pattern or of `*`.",
            'data X[n] from ["age", "bmi"]\nparam w\nloss sum((X - w)^2)',
            'data X[n, d] from ["age", "bmi"]\nparam w[d]\nloss sum((X - w)^2)',
        ),
        Code(
            "distribution",
            "an `observe` or `prior` that says something impossible",
            "The data have the declared values that the distribution is about (counts for "
            "`poisson`), arguments have their range, and what is observed is data, as it is: the "
            "density of a transformed variable lacks the Jacobian. A prior is about parameters.",
            "data y[n] > 0\nparam m, s > 0\nobserve log(y) ~ normal(m, s)",
            "data y[n] > 0\nparam m, s > 0\nobserve y ~ lognormal(m, s)",
        ),
        Code(
            "domain",
            "a domain, size or start that makes no sense",
            "Ends of a domain are numbers that the text tells, the lower one first. A start, a "
            "default and the value of a constant lie inside the domain.",
            "param p in (0, 1) = 2\nloss p^2",
            "param p in (0, 1) = 1/2\nloss p^2",
        ),
        Code(
            "function",
            "a function that is not there, or is called in another way",
            "A call has as many arguments as the function has, in their order and without names; "
            "axes stand in brackets: `sum[d](X)`.",
            "data X[n, d]\nparam w[d]\nloss sum((X @ w)^2) + sum(X, axis=0)",
            "data X[n, d]\nparam w[d]\nloss sum((X @ w)^2) + sum(sum[n](X))",
        ),
        Code(
            "index",
            "something that is no index, or an axis that is not there",
            'An index is category data (`U[user]`), a label (`w["age"]`), or the name of a '
            "dimension, which keeps an axis or re-labels it. Integers are no indices.",
            'dim k in {"a", "b"}\nparam w[k]\nloss w[0]^2',
            'dim k in {"a", "b"}\nparam w[k]\nloss w["a"]^2',
        ),
        Code(
            "name",
            "a name that is unknown, taken, or used too early",
            "Dimensions, data, parameters, constants and lets share one namespace; each name is "
            "declared once, before its use. A dimension gets its size from data or from `dim`.",
            "data x[n]\nparam a\nloss sum((xx - a)^2)",
            "data x[n]\nparam a\nloss sum((x - a)^2)",
        ),
        Code(
            "nesting",
            "brackets or functions within each other without end",
            "Brackets and operators nest at most 100 deep, and a formula has a largest size once "
            "functions of the file are written out. `let` names the inner parts.",
            "param x\nloss " + "(" * 101 + "x" + ")" * 101,
            "param x\nlet inner = (x)\nloss (inner)",
        ),
        Code(
            "number",
            "a number that is no double",
            "Numbers and constant parts of expressions have a finite value: `1/0`, `log(-1)` and "
            "`1e400` have none.",
            "param x\nloss x^2/(2 - 2)",
            "param x\nloss x^2/2",
        ),
        Code(
            "objective",
            "a likelihood that is a mean",
            "`nll` and `loglik` are sums over the rows, so that standard errors can be read off "
            "their curvature. A mean is a `loss`.",
            "data y[n]\nparam m\nnll mean((y - m)^2)",
            "data y[n]\nparam m\nnll sum((y - m)^2)",
        ),
        Code(
            "shape",
            "axes that do not fit together",
            "Axes have names. Two lists of dimensions combine where they are the same or one is "
            "part of the other; anything else must be written in brackets. `A @ B` contracts the "
            "last axis of A with the first of B, which is the same dimension.",
            "dim k = 3\ndata X[n, d]\nparam w[k]\nloss sum((X @ w)^2)",
            "data X[n, d]\nparam w[d]\nloss sum((X @ w)^2)",
        ),
        Code(
            "size",
            "a text that is too long",
            "A text has at most 1,000,000 characters.",
            "",
            "",
        ),
        Code(
            "statement",
            "a line that is no statement, or one too many",
            "A statement begins at column 0 with its keyword, and an indented line continues it. "
            "A file has one objective, at most one method, and at least one parameter.",
            "param x\nminimize x^2",
            "param x\nloss x^2",
        ),
        Code(
            "syntax",
            "a statement that cannot be read",
            "The message names what could have stood at the place, and what stands there. Every "
            "statement is read by itself, so one mistake does not hide the next.",
            "param x\nloss x^2 +",
            "param x\nloss x^2 + 1",
        ),
        Code(
            "type",
            "a value of a kind that cannot stand there",
            "A string is no number; a start is made of numbers, sizes and constants; "
            "`standardize` takes data alone, and `train` of parameters stands in `predict`.",
            "data X[n, d]\nparam w[d]\nloss sum(standardize(X*w)^2)",
            "data X[n, d]\nparam w[d]\nloss sum((standardize(X)*w)^2)",
        ),
        Code(
            "unsupported",
            "a part of the language that is not built yet",
            "The word is reserved, and the text will mean something in a later version.",
            "param x\nrequire x >= 0\nloss x^2",
            "param x >= 0\nloss x^2",
        ),
    )
}

# What a command says that no text of a model means.
COMMANDS: dict[str, Code] = {
    entry.name: entry
    for entry in (
        Code(
            "data",
            "data that do not fit the model",
            "A column is missing or holds what the model's domain excludes, a file cannot be "
            "read, sizes disagree. The message names the file, the row and the column as far as "
            "there is one.",
            "y in {0, 1} in the model, and a 2 in line 7 of the column y",
            "y in {0, 1, 2} in the model, or another number in line 7",
        ),
        Code(
            "layout",
            "a file that is not in the canonical layout",
            "`gdsym fmt --check` found spaces, alignment or empty lines that `gdsym fmt` would "
            "change. The meaning of the text is the same before and after.",
            "data x [n],y[n]",
            "data x[n], y[n]",
        ),
        Code(
            "stale",
            "a module that is not what its model gives",
            "`gdsym compile --check` found that the file is missing, was changed by hand, or that "
            "the model, the update rules or the backend are others by now. The version of gdsym "
            "does not count.",
            "gdsym compile --check churn.gd -o churn.py, after a change of churn.gd",
            "gdsym compile churn.gd -o churn.py",
        ),
        Code(
            "trace",
            "Python code that is no formula",
            "`gdsym trace` follows what a loss does with its arguments. Which way the code goes, "
            "how many entries there are and which of them is meant must not depend on values; "
            "loops over rows, random numbers and entries that are assigned are no formula either. "
            "The message shows the place in the Python file.",
            "if r.sum() > 0: ...",
            "np.where(r > 0, ..., ...)",
        ),
        Code(
            "usage",
            "a command line or a call that cannot be carried out",
            "A command, an option, a file or a name is not there, or a value is not what the "
            "option takes. Nothing has been read or written, or the message says so.",
            "gdsym fit churn.csv churn.gd",
            "gdsym fit churn.gd churn.csv",
        ),
    )
}
