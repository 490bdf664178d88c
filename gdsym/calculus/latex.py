"""The loss and its gradient in LaTeX: the readable text of `notation`, set as on paper.

Arrays are bold, `lam` is a lambda, `x_hat` wears a hat and `b1` has an index. Products of arrays
entry by entry are written with a circled dot, `@` by standing side by side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gdsym.calculus.blocks import show_hess
from gdsym.calculus.notation import show
from gdsym.calculus.program import Program
from gdsym.language import syntax
from gdsym.language.functions import LINEAR, REDUCTIONS
from gdsym.language.parse import parse_expression

GREEK = frozenset(
    ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu")
) | {
    *("nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "lambda"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
}
SPELLINGS = {"lam": "lambda", "eps": "epsilon", "sig": "sigma"}  # how Python spells some of them
ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot", "vec": "vec"}
WORDS = ("that", "what", "chat")  # end like an accent and wear none
COMPARISONS = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "==": "=", "!=": r"\neq"}
# Functions that LaTeX has a name for.
OWN = frozenset(("log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "max", "min", "det"))
WRITTEN = {
    **{"lgamma": r"\log\Gamma", "digamma": r"\psi", "trigamma": r"\psi_{1}"},
    **{"log2": r"\log_{2}", "log10": r"\log_{10}", "asin": r"\arcsin", "acos": r"\arccos"},
    **{"atan": r"\arctan", "logdet": r"\log\det", "trace": r"\operatorname{tr}"},
}
BRACKETS = {
    "abs": (r"\left|", r"\right|"),
    "norm": (r"\left\|", r"\right\|_{2}"),
    "norm1": (r"\left\|", r"\right\|_{1}"),
}
BIG = {"sum": r"\sum", "prod": r"\prod"}
_GRADIENT = re.compile(r"grad\((\w+)\)")
_HESSIAN = re.compile(r"hess\((\w+), (\w+)\)(\[.*\])?")
_POWER_OF_TEN = re.compile(r"(.*)e([+-]?)0*(\d+)", re.IGNORECASE)


def latex(program: Program, *, hess: bool = False) -> str:
    """The formulas of `show`, or those of `show_hess`, as an `align*` environment."""
    model = program.model
    arrays = {name for _, name, dims in model.declared() if dims}
    axes = {name: len(dims) for _, name, dims in model.declared()}
    objective = "loss" if program.value is program.loss else "objective"
    rows = []
    for line in (show_hess if hess else show)(program).splitlines():
        name, _, text = line.partition(" = ")
        name = name.strip()
        # Index by index there are numbers only, and no array to be set bold.
        entries = name.endswith("]")
        writer = Latex(set() if entries else arrays, text, entries=entries)
        node = parse_expression(text)
        left = _left(name.removeprefix("let "), arrays, axes, objective)
        derivative = _GRADIENT.fullmatch(name) or _HESSIAN.fullmatch(name)
        if not derivative and writer.is_array(node):
            arrays.add(name.removeprefix("let "))
            left = Latex(arrays, "").name(name.removeprefix("let "))
        rows.append(f"{left} &= {writer.text(node)}")
    body = " \\\\\n".join(rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _left(name: str, arrays: set[str], axes: Mapping[str, int], objective: str) -> str:
    symbols = {"loss": r"\mathcal{L}", "objective": r"\mathcal{J}"}
    if name in symbols:
        return symbols[name]
    if name == "hess":
        return rf"\nabla^{{2}} {symbols[objective]}"
    if block := _HESSIAN.fullmatch(name):
        if block[3] is None and block[1] == block[2] and block[1] in arrays:
            return rf"\nabla_{{{Latex(arrays, '').name(block[1])}}}^{{2}} {symbols[objective]}"
        writer = Latex(arrays if block[3] is None else set(), "")
        p, q = (writer.name(part) for part in block.groups()[:2])
        if block[3] is not None:
            places = [writer.name(place) for place in block[3].strip("[]").split(", ")]
            count = axes[block[1]]
            p += f"_{{{', '.join(places[:count])}}}" if count else ""
            q += f"_{{{', '.join(places[count:])}}}" if count < len(places) else ""
        return rf"\frac{{\partial^{{2}} {symbols[objective]}}}{{\partial {p} \, \partial {q}}}"
    match = _GRADIENT.fullmatch(name)
    shown = Latex(arrays, "").name(match[1] if match else name)
    if match is None:
        return shown
    if match[1] in arrays:
        return rf"\nabla_{{{shown}}} {symbols[objective]}"
    return rf"\frac{{\partial {symbols[objective]}}}{{\partial {shown}}}"


# Precedence, loosest first.
LOGIC, COMPARISON, SUM, PRODUCT, UNARY, ATOM = range(6)


class Latex:
    """The LaTeX of an expression; `source` is the text that its places refer to."""

    def __init__(self, arrays: set[str], source: str, *, entries: bool = False) -> None:
        self.arrays = arrays
        self.source = source
        self.entries = entries

    def name(self, name: str) -> str:
        """A user's name: greek words as letters, `_` and digits at the end as indices."""
        stem, *indices = name.split("_")
        accents = [ACCENTS[part] for part in indices if part in ACCENTS]
        indices = [part for part in indices if part and part not in ACCENTS]
        if match := re.fullmatch(r"(.*?[A-Za-z])(\d+)", stem):
            stem, indices = match[1], [match[2], *indices]
        for word, accent in ACCENTS.items():
            short = stem.removesuffix(word)
            if short != stem and _is_letter(short) and stem not in WORDS:
                stem = short
                accents.insert(0, accent)
        body = self._stem(stem or name.replace("_", r"\_"), name in self.arrays)
        for accent in accents:
            body = rf"\{accent}{{{body}}}"
        if stem and indices:
            body += "_{" + ",".join(map(_index, indices)) + "}"
        return body

    def _stem(self, stem: str, bold: bool) -> str:
        if _is_greek(stem):
            letter = "\\" + SPELLINGS.get(stem, stem)
            return rf"\boldsymbol{{{letter}}}" if bold else letter
        if bold:
            return rf"\mathbf{{{stem}}}"
        return stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"

    def is_array(self, node: syntax.Expression) -> bool:
        """Whether a value has axes, as far as its text tells."""
        if self.entries:
            return False
        match node:
            case syntax.Name():
                return node.text in self.arrays
            case syntax.Group():
                return self.is_array(node.inner)
            case syntax.Unary() | syntax.Transpose():
                return self.is_array(node.operand)
            case syntax.Power():
                return self.is_array(node.base) or self.is_array(node.exponent)
            case syntax.Chain():
                return any(map(self.is_array, node.operands))
            case syntax.Index():
                return any(map(self.is_array, node.items)) or len(node.items) > 1
            case syntax.Call():
                name = node.function.text
                if name in REDUCTIONS and len(node.arguments) == 1:
                    return node.axes is not None
                if name in LINEAR:
                    return name not in ("trace", "det", "logdet")
                return any(map(self.is_array, node.arguments))
        return False

    def text(self, node: syntax.Expression, level: int = LOGIC) -> str:
        """The LaTeX of a node as an operand of an operator of this precedence."""
        code, own = self._make(node)
        return code if own >= level else _bracketed(code)

    def _make(self, node: syntax.Expression) -> tuple[str, int]:
        match node:
            case syntax.Number():
                return self._number(node)
            case syntax.String():
                return rf"\mathrm{{{_escaped(node.value)}}}", ATOM
            case syntax.Name(text="pi" | "inf"):
                return (r"\pi" if node.text == "pi" else r"\infty"), ATOM
            case syntax.Name():
                return self.name(node.text), ATOM
            case syntax.Group():
                return self._make(node.inner)
            case syntax.Unary(operator="not"):
                return rf"\neg {self.text(node.operand, UNARY)}", UNARY
            case syntax.Unary():
                return f"{node.operator}{self.text(node.operand, PRODUCT)}", SUM
            case syntax.Transpose(operand=syntax.Call(function=syntax.Name(text="inv")) as call):
                return f"{self.text(call.arguments[0], ATOM)}^{{-\\top}}", UNARY
            case syntax.Transpose():
                return f"{self.text(node.operand, ATOM)}^{{\\top}}", UNARY
            case syntax.Power():
                return f"{self.text(node.base, ATOM)}^{{{self.text(node.exponent)}}}", UNARY
            case syntax.Index():
                places = ", ".join(map(self.text, node.items))
                return f"{self.text(node.operand, ATOM)}_{{{places}}}", ATOM
            case syntax.Call():
                return self._call(node)
            case syntax.Chain():
                return self._chain(node)
        return self.source[node.span.start : node.span.stop], ATOM

    def _number(self, node: syntax.Number) -> tuple[str, int]:
        text = self.source[node.span.start : node.span.stop]
        if match := _POWER_OF_TEN.fullmatch(text):
            power = f"10^{{{match[2].replace('+', '')}{match[3]}}}"
            return (power, UNARY) if match[1] == "1" else (rf"{match[1]} \cdot {power}", PRODUCT)
        return text, ATOM

    def _chain(self, node: syntax.Chain) -> tuple[str, int]:
        kind = node.operators[0]
        if kind in "+-":
            code = self.text(node.operands[0], SUM)
            for operator, operand in zip(node.operators, node.operands[1:], strict=True):
                code += f" {operator} {self.text(operand, PRODUCT)}"
            return code, SUM
        if kind in COMPARISONS:
            code = self.text(node.operands[0], SUM)
            for operator, operand in zip(node.operators, node.operands[1:], strict=True):
                code += f" {COMPARISONS[operator]} {self.text(operand, SUM)}"
            return code, COMPARISON
        if kind in ("and", "or"):
            sign = r" \wedge " if kind == "and" else r" \vee "
            return sign.join(self.text(part, COMPARISON) for part in node.operands), LOGIC
        return self._product(node)

    def _product(self, node: syntax.Chain) -> tuple[str, int]:
        """Factors side by side, over what they are divided by."""
        first = node.operands[0]
        if isinstance(first, syntax.Unary) and first.operator == "-":
            positive = replace(node, operands=(first.operand, *node.operands[1:]))
            return f"-{self._product(positive)[0]}", SUM
        above: list[tuple[str, syntax.Expression]] = [("", node.operands[0])]
        below: list[syntax.Expression] = []
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            if operator == "/":
                below += _factors(operand)
            else:
                above.append((operator, operand))
        if not below:
            return self._factors(above), PRODUCT
        bottom = self._factors([("*" if i else "", factor) for i, factor in enumerate(below)])
        if len(above) == 1:
            return rf"\frac{{{self.text(above[0][1])}}}{{{bottom}}}", UNARY
        return rf"\frac{{{self._factors(above)}}}{{{bottom}}}", UNARY

    def _factors(self, parts: Sequence[tuple[str, syntax.Expression]]) -> str:
        if len(parts) == 1:
            return self.text(parts[0][1])
        code = ""
        before: syntax.Expression | None = None
        for operator, part in parts:
            piece = self.text(part, UNARY)
            if _is_big(part) and part is not parts[-1][1]:
                piece = _bracketed(piece)  # a sum reaches as far as it can
            if before is None:
                code = piece
            elif operator == "*" and self.is_array(before) and self.is_array(part):
                code += rf" \odot {piece}"
            elif operator == "*" and piece[0].isdigit():
                code += rf" \cdot {piece}"
            else:
                code += rf" \, {piece}"
            before = part
        return code

    def _call(self, node: syntax.Call) -> tuple[str, int]:
        name = node.function.text
        arguments = node.arguments
        axes = "" if node.axes is None else ", ".join(map(self.text, node.axes))
        lower = f"_{{{axes}}}" if axes else ""
        if name == "sqrt":
            return rf"\sqrt{{{self.text(arguments[0])}}}", ATOM
        if name == "exp" and self._is_short(arguments[0]):
            return f"e^{{{self.text(arguments[0])}}}", UNARY
        if name in BRACKETS and len(arguments) == 1:
            left, right = BRACKETS[name]
            return f"{left} {self.text(arguments[0])} {right}{lower}", ATOM
        if name in BIG and len(arguments) == 1:
            return f"{BIG[name]}{lower} {self.text(arguments[0], PRODUCT)}", UNARY
        if name in LINEAR and (written := self._linear(name, arguments)) is not None:
            return written
        if name == "where":
            condition, a, b = map(self.text, arguments)
            rows = rf"{a} & \text{{if }} {condition} \\ {b} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM
        if name in WRITTEN:
            head = WRITTEN[name]
        elif name in OWN:
            head = f"\\{name}"
        else:
            head = rf"\operatorname{{{_escaped(name)}}}"
        inner = ", ".join(map(self.text, arguments))
        return rf"{head}{lower}\left({inner}\right)", ATOM

    def _linear(self, name: str, arguments: Sequence[syntax.Expression]) -> tuple[str, int] | None:
        """Linear algebra that is no function on paper."""
        match name:
            case "inv":
                return f"{self.text(arguments[0], ATOM)}^{{-1}}", UNARY
            case "solve":
                matrix, power = arguments[0], "-1"
                if isinstance(matrix, syntax.Transpose):
                    matrix, power = matrix.operand, r"-\top"
                inverse = f"{self.text(matrix, ATOM)}^{{{power}}}"
                return rf"{inverse} \, {self.text(arguments[1], UNARY)}", PRODUCT
            case "outer":
                first, second = (self.text(argument, ATOM) for argument in arguments)
                return rf"{first} \, {second}^{{\top}}", PRODUCT
            case "eye":
                return rf"\mathbf{{I}}_{{{self.text(arguments[0])}}}", ATOM
        return None

    def _is_short(self, node: syntax.Expression) -> bool:
        """Whether an exponent is still readable when it is set small."""
        return node.span.stop - node.span.start <= 12 and not _is_big(node)


def _factors(node: syntax.Expression) -> list[syntax.Expression]:
    """The factors of what stands behind a `/`."""
    inner = node.inner if isinstance(node, syntax.Group) else node
    if isinstance(inner, syntax.Chain) and set(inner.operators) == {"*"}:
        return list(inner.operands)
    return [node]


def _is_big(node: syntax.Expression) -> bool:
    return isinstance(node, syntax.Call) and node.function.text in BIG


def _is_greek(stem: str) -> bool:
    return stem in GREEK or stem in SPELLINGS


def _is_letter(stem: str) -> bool:
    return len(stem) == 1 or _is_greek(stem)


def _index(part: str) -> str:
    if _is_greek(part):
        return "\\" + SPELLINGS.get(part, part)
    return part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}"


def _bracketed(code: str) -> str:
    return rf"\left({code}\right)"


def _escaped(text: str) -> str:
    """Text as LaTeX text: what is a command there is a character."""
    special = {"\\": r"\backslash{}", "~": r"\sim{}", "^": r"\hat{}"}
    return "".join(special.get(c, f"\\{c}" if c in "_%$#&{}" else c) for c in text)
