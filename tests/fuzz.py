"""Sources for the fuzz test: whole models by the grammar, and good models damaged.

Most of the former are nearly right: their names are declared and most dimensions fit, so that many
pass the checks and reach every later stage. Nothing here knows which of them are correct.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from gdsym.language.distributions import DISTRIBUTIONS
from gdsym.language.functions import AXIS_MAPS, FUNCTIONS, REDUCTIONS

HERE = Path(__file__).parent
GOOD = sorted(
    path
    for folder in (HERE.parent / "examples", HERE / "zoo", HERE / "golden" / "modules")
    for path in folder.glob("*.gd")
)

# -- whole models ------------------------------------------------------------------------------

DIMS = ("n", "d", "k")
DOMAINS = (
    *("> 0", "> 0", ">= 0", "< 1", "in (0, 1)", "in [0, 1]", "in {0, 1}", "in {-1, 1}"),
    *("> 0", ">= 0", "in (0, 1)", "in (0, 1)", "in simplex[d]", "in counts"),
    *("in k", "in simplex[k]", "in ordered[d]", "in sumzero[k]", "in base[k]", "in lkj", "in m"),
    *('in {0: "no", 1: "yes"}', 'in {"a", "b"}', "> 0 and < 2", "> 1 and < 0", "in (1, 0)"),
)
NUMBERS = ("0", "1", "2", "-1", "0.5", "1e-3", "3", "10")
EXTREMES = ("1e308", "1e-308", "1e999", "0/0", "1e400", "2^99", "-0.0")
SPECIAL = {
    **{("n", "d"): "U.T[g]", ("n", "k"): "onehot(g)", ("k", "n"): "onehot(g).T", ("n",): "y"},
    **{("d", "n"): "X.T", ("k", "d"): "U.T", ("k",): "sum[d](U)", ("d",): "w", (): "b"},
}
ODD = (
    *("w[g]", "U[d, 1]", "-X^2^2", "train", "n", "X[n]", "U[d]", "sum", "not b", "b < 1 < 2"),
    *("train(b)", "train(sum(X @ w))", "train(y)", "train(w[k])", "solve(U, w)", "det(U)"),
)
GRAM = "(U.T @ U + eye(k))"
MATRICES = {
    (): (
        f"logdet{GRAM}",
        f"trace(inv({GRAM}))",
        "sum(diag(X.T @ X))",
        f"dot(c, solve({GRAM}, c))",
    ),
    ("k",): (f"diag({GRAM})", f"solve({GRAM}, U.T @ w)", f"diag(inv({GRAM}))"),
    ("d",): ("solve(X.T @ X + eye(d), w)", "diag(X.T @ X)", "inv(X.T @ X) @ w"),
    ("n",): ("solve(sqdist(X, X) + eye(n), y)", "diag(X @ X.T)"),
    ("d", "k"): (f"solve({GRAM}, U.T).T", "outer(w, sum[d](U))"),
}
CALLS = [(name, len(f.params)) for name, f in FUNCTIONS.items() if not f.hidden]


@st.composite
def models(draw: st.DrawFn) -> str:
    return _Model(draw).text()


class _Model:
    """One model as it is drawn: what is declared so far, by name, with its axes."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.declared: dict[str, tuple[str, ...]] = {}
        self.defined: list[str] = []
        self.observed = False

    def text(self) -> str:
        lines = [*self._dims(), *self._declarations()]
        lines += [self._let(f"v{i}") for i in range(self._among(range(4)))]
        lines += self._objective()
        lines += [self._closing() for _ in range(self._among((0, 0, 1, 2)))]
        if self._rarely(40):  # a statement too early, too late or twice
            line = lines[self._among(range(len(lines)))]
            lines.insert(self._among(range(len(lines))), line)
        return "\n".join(lines) + "\n"

    # -- choices

    def _among(self, values):
        return self.draw(st.sampled_from(values))

    def _rarely(self, one_in: int) -> bool:
        return self._among(range(one_in)) == 1

    def _axes(self) -> tuple[str, ...]:
        return self._among(((), (), ("d",), ("n",), ("k",), ("n", "d"), ("n", "k"), ("d", "k")))

    def _bracket(self, axes) -> str:
        return f"[{', '.join(axes)}]" if axes else ""

    # -- statements

    def _dims(self) -> list[str]:
        size = ("= 3", "= 3", 'in {"a", "b", "c"}', "like d", "= d - 1")
        sizes = {d: self._among(size) if not self._rarely(3) else "" for d in "kd"}
        sizes |= {} if not self._rarely(15) else {"k": self._among(("= d", "= 0", "rows", "= k"))}
        sizes |= {} if not self._rarely(15) else {"d": self._among(("like k", "= k - 1", "= n"))}
        sizes["d"] = sizes["d"] if sizes["d"] not in ("like d", "= d - 1") else ""
        return [f"dim {d} {size}" for d, size in sizes.items() if size]

    def _declarations(self) -> list[str]:
        fixed = [("data", "X", ("n", "d")), ("data", "y", ("n",)), ("data", "g", ("n",))]
        fixed += [("param", "w", ("d",)), ("param", "b", ()), ("param", "U", ("d", "k"))]
        lines = []
        for keyword, name, usual in fixed:
            if self._rarely(30):
                continue
            axes = self._axes() if self._rarely(20) else usual
            domain = " in k" if name == "g" else ""
            if self._rarely(20):
                domain = f" {self._among(DOMAINS)}"
            self.declared[name] = axes
            start = f" = {self._atom()}" if keyword == "param" and self._rarely(20) else ""
            lines.append(f"{keyword} {name}{self._bracket(axes)}{domain}{start}")
        for name in ("c", "s"):
            if self._among((True, False)):
                keyword = self._among(("const", "param", "param", "data"))
                axes = self._axes()
                value = f" = {self._number()}" if keyword != "data" else ""
                domain = f" {self._among(DOMAINS)}" if self._rarely(6) else ""
                self.declared[name] = axes
                lines.append(f"{keyword} {name}{self._bracket(axes)}{domain}{value}")
        if self._rarely(4):
            lines.append(f"def h(p, q) = {self._among(('p*q', 'p^2 + exp(q)', 'log(p/q)', 'p'))}")
            self.defined.append("h")
        return lines

    def _let(self, name: str) -> str:
        axes = self._axes()
        named = self._bracket(axes) if self._among((True, False)) else ""
        line = f"let {name}{named} = {self._expression(axes, 3)}"
        self.declared[name] = axes
        return line

    def _objective(self) -> list[str]:
        kind = self._among(range(10))
        if kind < 5:
            return [f"loss {self._expression((), 4)}"]
        if kind == 5:
            return [f"residual {self._expression(self._among((('n',), ())), 3)}"]
        if kind == 6:
            word = self._among(("maximize", "nll", "loglik"))
            return [f"{word} {self._expression((), 4)}"]
        if kind == 7 and self._rarely(4):
            return []
        self.observed = True
        return [self._observe("observe", self._among(("y", "y", "y", "y", "y", "g", "b", "X")))]

    def _observe(self, keyword: str, value: str) -> str:
        name = self._among(sorted(DISTRIBUTIONS))
        axes = self.declared.get(value, ())
        count = len(DISTRIBUTIONS[name].params) + (1 if self._rarely(15) else 0)
        wanted = (*axes, "k") if name == "categorical_logit" else axes
        arguments = ", ".join(self._expression(wanted, 2) for _ in range(count))
        return f"{keyword} {value} ~ {name}({arguments})"

    def _closing(self) -> str:
        kind = self._among(range(5))
        if kind == 0:
            return f"penalty {self._expression((), 3)}"
        if kind == 1 and self.observed:
            return self._observe("prior", self._among(("w", "b", "U")))
        if kind == 2:
            return f"predict p = {self._expression(self._axes(), 3)}"
        if kind == 3:
            quantity = self._among(("loss", "grad(w)", "grad(b)", "hess(w, w)"))
            return f"claim {quantity} = {self._expression(self._axes(), 2)}"
        return f"method {self._among(('lbfgs', 'adam(lr = 0.1/t)', 'gd(lr = 0)', 'none'))}"

    # -- expressions

    def _expression(self, axes, depth: int) -> str:
        """An expression that has these axes, if all goes well."""
        if self._rarely(100):
            axes = self._axes()
        if depth == 0 or self._rarely(6):
            return self._name(axes)
        part = lambda wanted=axes: self._expression(wanted, depth - 1)  # noqa: E731
        kind = self._among(range(12))
        if not axes and kind < 6:
            name = self._among([*sorted(REDUCTIONS), "sum", "mean", "mean"])
            over = self._among((("n",), ("d",), ("n", "k"), ("n",), ("d", "k")))
            named = self._bracket(over) if self._rarely(3) else ""
            if name == "dot":
                return f"dot({part(over[:1])}, {part(over[:1])})"
            return f"{name}{named}({part(over)})"
        if kind < 3:
            return f"({part()} {self._among('+-*/')} {part(self._among((axes, ())))})"
        if kind < 6:
            name, count = self._among(CALLS)
            return f"{name}({', '.join(part() for _ in range(count))})"
        if kind == 6:
            return f"({part()})^{self._among(('2', '0.5', '-1', '(1/3)', '0', '3', 'b', '64'))}"
        if kind == 7 and axes:
            over = self._among([d for d in DIMS if d not in axes] or DIMS)
            name = self._among([name for name in sorted(REDUCTIONS) if name != "dot"])
            return f"{name}[{over}]({part((*axes, over))})"
        if kind == 8 and axes:
            name = self._among(sorted(AXIS_MAPS))
            return f"{name}[{self._among((*axes, 'k'))}]({part()})"
        if kind == 9 and axes:
            return self._product(axes, part)
        if kind == 10:
            relation = self._among(("<", ">=", "==", "!="))
            return f"where({part()} {relation} {part(())}, {part()}, {part(())})"
        if kind == 11 and self.defined:
            return f"h({part()}, {part(())})"
        if axes in MATRICES and self._rarely(6):
            return self._among(MATRICES[axes])
        return SPECIAL.get(axes, f"-{part()}") if not self._rarely(6) else self._among(ODD)

    def _product(self, axes, part) -> str:
        if axes == ("n",) and self.declared.get("X") == ("n", "d"):
            return f"(X @ {part(('d',))})"
        if axes == ("n", "k") and self.declared.get("X") == ("n", "d"):
            return f"(X @ {part(('d', 'k'))})"
        inner = self._among([d for d in DIMS if d not in axes] or DIMS)
        return f"({part((axes[0], inner))} @ {part((inner, *axes[1:]))})"

    def _name(self, axes) -> str:
        fit = [name for name, own in self.declared.items() if own == axes and name != "g"]
        if self._rarely(100):
            fit = ["n", "d", "k", "pi", "nobody", *self.declared]
        return self._among(fit or [SPECIAL.get(axes, self._atom())])

    def _atom(self) -> str:
        scalars = [name for name, own in self.declared.items() if not own]
        return self._among(scalars) if scalars and not self._rarely(3) else self._number()

    def _number(self) -> str:
        return self._among(EXTREMES if self._rarely(60) else NUMBERS)


# -- good models damaged -----------------------------------------------------------------------

TOKEN = re.compile(
    r'[A-Za-z_]\w*|\d+\.?\d*(?:[eE][-+]?\d+)?|"[^"\n]*"|\*\*|[<>=!]=|\n|[ \t]+|.', re.A
)
CORPUS = [TOKEN.findall(path.read_text(encoding="utf-8")) for path in GOOD]
WORDS = sorted({token for tokens in CORPUS for token in tokens if token.strip()})
BITS = (
    *("0", "1", "-1", "1e308", "1e-308", "1e999", "0^0", "1/0", "9" * 400, "2^1000000"),
    *("sum(", "mean(", ")", "]", "[", "(" * 60, "\n", "\n  ", "\t", "\r", "é", "\0", "\ufeff"),
    *("#", '"', "\x1b[2J", "λ", "not ", " in ", " and ", ".T", "~", "=", ",", "-" * 70),
)


def mutant(draw: Random) -> str:
    """A good model after one to five changes: of tokens, lines, names, operators, pieces."""
    tokens = list(draw.choice(CORPUS))
    for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 5))):
        tokens = draw.choice(CHANGES)(tokens, draw) or ["\n"]
    return "".join(tokens)


def _replace(tokens: list[str], draw: Random) -> list[str]:
    i = draw.randrange(len(tokens))
    return [*tokens[:i], draw.choice((draw.choice(WORDS), draw.choice(BITS))), *tokens[i + 1 :]]


def _insert(tokens: list[str], draw: Random) -> list[str]:
    i = draw.randrange(len(tokens) + 1)
    return [*tokens[:i], draw.choice((draw.choice(WORDS), draw.choice(BITS))), *tokens[i:]]


def _delete(tokens: list[str], draw: Random) -> list[str]:
    i = draw.randrange(len(tokens))
    return tokens[:i] + tokens[i + draw.choice((1, 1, 2, 6)) :]


def _exchange(tokens: list[str], draw: Random) -> list[str]:
    i, j = (draw.randrange(len(tokens)) for _ in range(2))
    changed = list(tokens)
    changed[i], changed[j] = tokens[j], tokens[i]
    return changed


def _rename(tokens: list[str], draw: Random) -> list[str]:
    """One name becomes another one of the same model."""
    places = [i for i, token in enumerate(tokens) if token[0].isalpha()]
    if not places:
        return tokens
    i, j = draw.choice(places), draw.choice(places)
    return [*tokens[:i], tokens[j], *tokens[i + 1 :]]


def _operator(tokens: list[str], draw: Random) -> list[str]:
    places = [i for i, token in enumerate(tokens) if token in "+-*/@^~="]
    if not places:
        return tokens
    i = draw.choice(places)
    other = draw.choice(("+", "-", "*", "/", "@", "^", " < ", " == ", " and "))
    return [*tokens[:i], other, *tokens[i + 1 :]]


def _line(tokens: list[str], draw: Random) -> list[str]:
    """A line moves, or stands twice."""
    lines = "".join(tokens).split("\n")
    line = lines.pop(draw.randrange(len(lines)))
    for _ in range(draw.choice((1, 1, 1, 2))):
        lines.insert(draw.randrange(len(lines) + 1), line)
    return TOKEN.findall("\n".join(lines))


def _graft(tokens: list[str], draw: Random) -> list[str]:
    """A piece of another model."""
    other = draw.choice(CORPUS)
    i, start = draw.randrange(len(tokens)), draw.randrange(len(other))
    return [*tokens[:i], *other[start : start + draw.randint(1, 15)], *tokens[i:]]


CHANGES = (_replace, _insert, _delete, _exchange, _rename, _operator, _line, _graft)
