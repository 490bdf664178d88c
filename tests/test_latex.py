"""The LaTeX of a model: balanced for every model, and what single expressions become."""

import re
from pathlib import Path

import pytest
from zoo import ZOO

from gdsym.calculus.latex import Latex, latex
from gdsym.compiler import stages
from gdsym.language.parse import parse_expression

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.gd"))
MODELS = {name: text for name, (text, _) in ZOO.items()} | {
    path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES
}
COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)|[{}]", re.DOTALL)
CLOSING = {"{": "}", "\\left": "\\right"}
KNOWN = """
\\\\ \\, \\_ \\| \\% \\cdot \\odot \\frac \\partial \\nabla \\sum \\prod \\sqrt \\top \\leq \\geq
\\neq \\wedge \\vee \\neg \\mathcal \\mathbf \\boldsymbol \\mathrm \\operatorname \\text \\left
\\right \\begin \\end \\log \\sin \\cos \\tan \\sinh \\cosh \\tanh \\exp \\max \\min \\det
\\arcsin \\arccos \\arctan \\psi \\Gamma \\infty \\hat \\bar \\tilde
"""


def unbalanced(text):
    """What is opened and not closed, or closed and not opened, in LaTeX."""
    opened = []
    for match in re.finditer(r"\\(begin|end)\{([a-z]+\*?)\}|" + COMMAND.pattern, text, re.DOTALL):
        token = match.group()
        if match[1] == "begin":
            opened.append(f"\\end{{{match[2]}}}")
        elif token in CLOSING:
            opened.append(CLOSING[token])
        elif (match[1] == "end" or token in ("}", "\\right")) and (
            not opened or opened.pop() != token
        ):
            return token
    return opened


@pytest.mark.parametrize("hess", [False, True], ids=["gradient", "hessian"])
@pytest.mark.parametrize("name", MODELS)
def test_the_latex_of_a_model_is_balanced_and_aligned(name, hess):
    text = latex(stages(MODELS[name], f"{name}.gd").derived, hess=hess)

    assert unbalanced(text) == []
    body = text.removeprefix("\\begin{align*}\n").removesuffix("\n\\end{align*}\n")
    rows = body.split(" \\\\\n")
    assert all(row.count("&=") == 1 for row in rows)
    assert re.search(r"_(?![{a-zA-Z0-9\\])", text.replace("\\_", "")) is None


@pytest.mark.parametrize("hess", [False, True], ids=["gradient", "hessian"])
@pytest.mark.parametrize("name", MODELS)
def test_every_command_of_the_latex_is_one_of_latex_or_amsmath(name, hess):
    from gdsym.calculus.latex import GREEK

    text = latex(stages(MODELS[name], f"{name}.gd").derived, hess=hess)

    used = {match.group() for match in re.finditer(r"\\(?:[A-Za-z]+|.)", text, re.DOTALL)}
    assert used <= set(KNOWN.split()) | {f"\\{letter}" for letter in GREEK}


def test_the_latex_of_logistic_regression():
    text = """data X[n, d], y[n] in {0, 1}
param w[d], b
const lam = 1
let   z = X @ w + b
loss  mean(softplus(z) - y*z)
penalty lam*sum(w^2)
"""
    assert latex(stages(text, "a.gd").derived) == (
        r"""\begin{align*}
\mathbf{z} &= \mathbf{X} \, \mathbf{w} + b \\
\mathcal{L} &= \operatorname{mean}\left(\operatorname{softplus}\left(\mathbf{z} \odot"""
        r""" \left(1 - 2 \, \mathbf{y}\right)\right)\right) \\
\mathcal{J} &= \operatorname{mean}\left(\operatorname{softplus}\left(\mathbf{z} \odot"""
        r""" \left(1 - 2 \, \mathbf{y}\right)\right)\right) + \lambda \, \sum \mathbf{w}^{2} \\
\mathbf{t}_{1} &= \left(1 - 2 \, \mathbf{y}\right) \odot \operatorname{sigmoid}\left("""
        r"""\mathbf{z} \odot \left(1 - 2 \, \mathbf{y}\right)\right) \\
\nabla_{\mathbf{w}} \mathcal{J} &= 2 \, \lambda \, \mathbf{w} + \frac{\mathbf{X}^{\top} \,"""
        r""" \mathbf{t}_{1}}{n} \\
\frac{\partial \mathcal{J}}{\partial b} &= \operatorname{mean}\left(\mathbf{t}_{1}\right)
\end{align*}
"""
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x"),
        ("X", r"\mathbf{X}"),
        ("mu", r"\boldsymbol{\mu}"),
        ("lam", r"\lambda"),
        ("beta1", r"\beta_{1}"),
        ("y_hat", r"\hat{y}"),
        ("yhat", r"\hat{y}"),
        ("that", r"\mathrm{that}"),
        ("mubar", r"\bar{\mu}"),
        ("x_bar_2", r"\bar{x}_{2}"),
        ("log_s", r"\mathrm{log}_{s}"),
        ("w_user_0", r"w_{\mathrm{user},0}"),
        ("s_max2", r"s_{\mathrm{max2}}"),
        ("sigma_alpha", r"\sigma_{\alpha}"),
        ("size", r"\mathrm{size}"),
        ("_", r"\mathrm{\_}"),
        ("__a", r"\mathrm{\_\_a}"),
    ],
)
def test_a_name_is_set_as_on_paper(name, expected):
    assert Latex({"X", "mu"}, "").name(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b/(c*d)", r"\frac{a \, b}{c \, d}"),
        ("a/b/c", r"\frac{a}{b \, c}"),
        ("-a/b", r"-\frac{a}{b}"),
        ("-(a + b)*c", r"-\left(a + b\right) \, c"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("(a + b)^2", r"\left(a + b\right)^{2}"),
        ("(-a)^2", r"\left(-a\right)^{2}"),
        ("a^b^c", r"a^{b^{c}}"),
        ("(a^b)^c", r"\left(a^{b}\right)^{c}"),
        ("1e-10*a", r"10^{-10} \, a"),
        ("2.5e+07", r"2.5 \cdot 10^{7}"),
        ("a*2", r"a \cdot 2"),
        ("V*W", r"\mathbf{V} \odot \mathbf{W}"),
        ("V @ W", r"\mathbf{V} \, \mathbf{W}"),
        ("V.T", r"\mathbf{V}^{\top}"),
        ("V[i, j]", r"\mathbf{V}_{i, j}"),
        ('V["a_b"]', r"\mathbf{V}_{\mathrm{a\_b}}"),
        ("sum[k](V + a)", r"\sum_{k} \left(\mathbf{V} + a\right)"),
        ("sum(V)*a", r"\left(\sum \mathbf{V}\right) \, a"),
        ("a*sum(V)", r"a \, \sum \mathbf{V}"),
        ("prod(V)^2", r"\left(\prod \mathbf{V}\right)^{2}"),
        ("sqrt(a)", r"\sqrt{a}"),
        ("exp(-a)", r"e^{-a}"),
        ("exp(-abcd - b - c - d)", r"\exp\left(-\mathrm{abcd} - b - c - d\right)"),
        ("abs(a) + norm(V)", r"\left| a \right| + \left\| \mathbf{V} \right\|_{2}"),
        ("lgamma(a)", r"\log\Gamma\left(a\right)"),
        ("log_sigmoid(a)", r"\operatorname{log\_sigmoid}\left(a\right)"),
        ("0 < a <= 1", r"0 < a \leq 1"),
        ("not a == b", r"\neg \left(a = b\right)"),
        ("a < b and c", r"a < b \wedge c"),
        ("where(a > 0, b, c)",
         r"\begin{cases} b & \text{if } a > 0 \\ c & \text{otherwise} \end{cases}"),
        ("pi + inf", r"\pi + \infty"),
    ],
)  # fmt: skip
def test_an_expression_becomes(text, expected):
    result = Latex({"V", "W"}, text).text(parse_expression(text))

    assert result == expected
    assert unbalanced(result) == []


def test_what_is_not_balanced_is_noticed():
    assert unbalanced(r"\frac{a}{b") == ["}"]
    assert unbalanced(r"\left(a}") == "}"
    assert unbalanced(r"\begin{cases} a \end{align}") == r"\end{align}"
