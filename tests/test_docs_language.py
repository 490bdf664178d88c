"""What the pages on the language say beyond the examples that `test_docs` runs.

The tables of `docs/functions.md` are written from the function table: run this file with
`--update-golden` after a change there.
"""

import re
from pathlib import Path

import numpy as np
import pytest

import gdsym
from gdsym.compiler import show_text
from gdsym.data._table import MISSING
from gdsym.language.codes import CODES, COMMANDS
from gdsym.language.constants import shown
from gdsym.language.distributions import DISTRIBUTIONS, REAL
from gdsym.language.functions import AXIS_MAPS, FUNCTIONS, LINEAR, REDUCTIONS
from gdsym.language.optimizer import load_rule
from gdsym.lint import rules as lint_rules
from gdsym.optimizers import rule_path, rules

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
Y = np.array([4.0, 7.0, 13.0])
G = np.array(["a", "b", "a"])


def fit(text, **arrays):
    return gdsym.compile(text).fit(**arrays)


def refused(text, **arrays):
    with pytest.raises(gdsym.GdsymError) as error:
        fit(text, **arrays)
    return str(error.value)


def test_a_label_that_the_data_do_not_have_is_named_when_they_are_bound():
    text = 'data y[n], g[n] in k\nparam u[k]\nloss sum((y - u[g])^2)\npenalty u["zz"]^2'

    message = refused(text, y=Y, g=G)

    assert message == "`k` has no label 'zz'; its labels are 'a', 'b'"


def test_a_question_mark_in_a_column_name_is_no_pattern():
    model = gdsym.compile('data y[n] from "paid?"\nparam m\nloss sum((y - m)^2)')

    result = model.fit({"paid?": Y})

    assert result.params["m"] == 8.0


@pytest.mark.parametrize("end", [3, 5, 6, 7, 10, 0.3])
def test_a_closed_end_of_an_interval_that_is_open_at_the_other_is_never_passed(end):
    high = fit(f"param a in (0, {end}]\nloss (a - 99)^2").params["a"]
    low = fit(f"param a in [-{end}, 0)\nloss (a + 99)^2").params["a"]

    assert high <= end and high == pytest.approx(end, rel=1e-15)
    assert low >= -end and low == pytest.approx(-end, rel=1e-15)


# -- the function table ------------------------------------------------------------------------

FUNCTION_PAGE = DOCS / "functions.md"
OPERATORS = ("pow", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")


def derivatives(function):
    if len(function.params) == 1:
        return f"`{function.derivatives[0]}`" if function.derivatives else "not needed"
    pairs = zip(function.params, function.derivatives, strict=True)
    return ", ".join(f"by {name}: `{formula}`" for name, formula in pairs)


def function_rows(entries):
    rows = ["| function | meaning | derivative |", "| --- | --- | --- |"]
    for entry in entries:
        # What follows a semicolon is about kinks, which have a table of their own.
        meaning = entry.doc.split("; ")[0].replace("*", "\\*")
        rows.append(
            f"| `{entry.name}({', '.join(entry.params)})` | {meaning} | {derivatives(entry)} |"
        )
    return rows


def function_tables():
    """The generated parts of the page, by the word in the comment before them."""
    shown = [entry for entry in FUNCTIONS.values() if not entry.hidden]
    groups = {}
    for entry in shown:
        groups.setdefault(entry.group, []).append(entry)
    lines = []
    for group, entries in groups.items():
        lines += ["", f"### {group.capitalize()}", "", *function_rows(entries)]
    axes = ["", "| function | meaning |", "| --- | --- |"]
    for name, meaning in REDUCTIONS.items():
        usage = meaning.partition(": ")[0] if meaning.startswith(f"{name}(") else f"{name}[k](z)"
        meaning = meaning.removeprefix(f"{usage}: ").split("; ")[0]
        axes.append(f"| `{usage}` | {meaning} |")
    for name, meaning in AXIS_MAPS.items():
        formula = meaning.removesuffix(" along the named axes")
        axes.append(f"| `{name}[k](z)` | `{formula}`, with the axes of `z` |")
    linear = ["", "| function | meaning |", "| --- | --- |"]
    for meaning in LINEAR.values():
        parts = (part.partition(": ") for part in meaning.split("; "))
        linear += [f"| `{usage}` | {text} |" for usage, found, text in parts if found]
    hidden = [e for e in FUNCTIONS.values() if e.hidden and e.name not in OPERATORS]
    tables = {
        "functions": lines,
        "reductions": axes,
        "linear": linear,
        "hidden": ["", *function_rows(hidden)],
    }
    return {word: "\n".join([*table, ""]) for word, table in tables.items()}


def rule_table():
    """The update rules that ship."""
    rows = ["", "| rule | options | |", "| --- | --- | --- |"]
    for name in rules():
        rule = load_rule(rule_path(name).read_text(encoding="utf-8"), f"{name}.gd")
        options = ", ".join(f"`{o.name} = {shown(o.default)}`" for o in rule.options)
        rows.append(f"| [`{name}`](../gdsym/optimizers/{name}.gd) | {options} | {rule.doc} |")
    return {"rules": "\n".join([*rows, ""])}


def distribution_table():
    """The distributions, their arguments with ranges, and their values."""
    rows = ["", "| distribution | values | ranges | |", "| --- | --- | --- | --- |"]
    for entry in DISTRIBUTIONS.values():
        ranges = [f"`{p.name} {p.range.text}`" for p in entry.params if p.range != REAL]
        support = f"`{entry.support.text}`" if entry.support != REAL else "any"
        doc = entry.doc.replace("](", "]\\(")  # not a link
        rows.append(f"| `{entry.usage}` | {support} | {', '.join(ranges)} | {doc} |")
    return {"distributions": "\n".join([*rows, ""])}


def code_list():
    """Each code with its explanation and its two small files."""
    return {
        "codes": explained(CODES.values(), "gd"),
        "findings": explained([rule.CODE for rule in lint_rules().values()], "gd"),
        "commands": explained(COMMANDS.values(), "console"),
    }


def explained(codes, kind):
    lines = []
    for code in codes:
        lines += [
            "",
            f"### {code.name}",
            "",
            f"{code.title[0].upper()}{code.title[1:]}.",
            code.text,
        ]
        if code.wrong:
            # Two texts on end would be taken for what a command prints.
            wrong = "text" if kind == "gd" else kind
            lines += ["", f"```{wrong}", code.wrong, "```", "", f"```{kind}", code.right, "```"]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize(
    "page,tables",
    [
        (FUNCTION_PAGE, function_tables),
        (DOCS / "optimizer-files.md", rule_table),
        (DOCS / "distributions.md", distribution_table),
        (DOCS / "messages.md", code_list),
    ],
    ids=["functions", "rules", "distributions", "codes"],
)
def test_the_tables_of_a_page_are_up_to_date(page, tables, request):
    written = page.read_text(encoding="utf-8")
    for word, table in tables().items():
        pattern = rf"(<!-- {word} -->\n).*?(<!-- end -->)"
        written, count = re.subn(
            pattern, lambda m, table=table: m[1] + table + m[2], written, flags=re.DOTALL
        )
        assert count == 1, word
    if request.config.getoption("--update-golden"):
        page.write_text(written, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == written, "run this test with --update-golden"


def table_rows(page, heading):
    """The cells of the first table after a heading or line of a page, without backticks."""
    text = page.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[1]
    rows = re.findall(r"^\| (.*) \|$", text[: text.index("\n\n", text.index("\n| ") + 1)], re.M)
    return [[cell.strip().strip("`") for cell in row.split(" | ")] for row in rows[2:]]


@pytest.mark.parametrize("function,at,derivative", table_rows(FUNCTION_PAGE, "## Kinks"))
def test_the_derivative_at_a_kink_is_the_one_of_the_page(function, at, derivative):
    problem = gdsym.compile(f"param x = {at}\nloss {function}").module.bind()

    assert problem.grad(problem.init()) == [float(derivative)]


# -- the reference -----------------------------------------------------------------------------

FORMS = """dim k = 3
data y[n] in counts, x[n] < 0, t[n] in {0, 1}
param p, q, w[k], v[k]
let z[n, k] = x*w
let mu = q*x
let a = v
let b = w
"""


def forms():
    """What is written and what is computed, from the table of the page, one pair at a time."""
    for written, computed in table_rows(
        DOCS / "language.md", "derivative, and computed without overflow or cancellation:"
    ):
        codes = [[c.split("`")[0] for c in cell.split("`, `")] for cell in (written, computed)]
        yield from zip(*codes, strict=True)


@pytest.mark.parametrize("written,computed", list(forms()))
def test_a_formula_as_on_paper_becomes_the_stable_one_of_the_page(written, computed):
    def objective(formula):
        text = show_text(f"{FORMS}let e[n, k] = w*({formula})\nloss sum(x*e)", "model.gd")
        return re.search(r"^(let e|loss) .*", text, re.MULTILINE)[0]

    assert objective(written) == objective(computed)


@pytest.mark.parametrize("reserved,_", table_rows(DOCS / "language.md", "## Not yet"))
def test_what_is_not_built_yet_is_answered_so(reserved, _):
    """Where this fails, something was built: describe it in the page and delete its row here."""
    text = f"{reserved}\nparam m\nloss mean((x - m)^2)"
    if not reserved.startswith("dim"):
        text = f"data x[n]\n{text}"

    assert "not supported yet" in refused(text)


@pytest.mark.parametrize(
    "domain,start",
    [
        ("", 0),
        ("in (1, 4)", 2.5),
        ("in [0, 1)", 0.5),
        ("> 3", 4),
        ("< -1", -2),
        (">= 2", 2),
        (">= -2", 0),
        ("<= -3", -3),
        ("<= 3", 0),
    ],
)
def test_a_parameter_without_a_start_begins_where_the_page_says(domain, start):
    problem = gdsym.compile(f"param a {domain}\nloss (a - 1)^2").module.bind()

    assert problem.init() == [start]


@pytest.mark.parametrize(
    "objective,value,loss",
    [
        ("loss sum((y - m)^2)", 90, 54),
        ("nll sum((y - m)^2)", 90, 54),
        ("residual y - m", 90, 54),
        ("maximize -sum((y - m)^2)", -90, -54),
        ("loglik -sum((y - m)^2)", -90, -54),
    ],
)
def test_a_penalty_is_kept_small_whatever_the_objective(objective, value, loss):
    result = fit(f"data y[n]\nparam m\n{objective}\npenalty m^2", y=Y)

    assert result.params["m"] == pytest.approx(6)
    assert (result.objective, result.loss) == pytest.approx((value, loss))


def test_levels_are_the_distinct_values_whole_numbers_in_their_order():
    text = "data y[n], g[n] in k\nparam u[k]\nloss sum((y - u[g])^2)"

    assert fit(text, y=Y, g=np.array([10, 2, 10])).dims["k"]["labels"] == ["2", "10"]
    assert fit(text, y=Y, g=np.array([2.0, 10.0, 2.0])).dims["k"]["labels"] == ["2", "10"]
    assert fit(text, y=Y, g=np.array(["b", "B", "b"])).dims["k"]["labels"] == ["B", "b"]
    assert fit(text, y=Y, g=np.array(["01", "1", "2"])).dims["k"]["labels"] == ["01", "1", "2"]


def test_a_let_takes_the_order_of_its_brackets_and_fills_axes_that_its_value_lacks():
    text = "data A[n, k], y[n]\nparam s\nlet B[k, n] = s*A + y\nloss sum((B - A.T - y)^2)"
    filled = (
        "dim j = 2\ndata y[n]\nparam s\nlet B[n, j] = s\nlet C[j, n] = y\nloss sum((B.T - C)^2)"
    )

    assert fit(text, A=np.eye(3)[:, :2], y=Y).params["s"] == pytest.approx(1)
    assert fit(filled, y=Y).params["s"] == pytest.approx(8)


def test_reductions_of_a_scalar_are_the_scalar():
    result = fit("param s = -3\nconst c = -3\nloss (sum(c) + mean(c) + logsumexp(c) - 3*s)^2")

    assert result.params["s"] == -3
    assert fit("param s = 1\nconst c = -2\nloss (norm(c) + norm1(c) - s)^2").params["s"] == 4


def test_a_prediction_may_have_the_name_of_a_let_data_or_a_parameter():
    result = fit(
        "data x[n], y[n]\nparam s\nlet z = s*x\nloss sum((z - y)^2)\n"
        "predict z = z\npredict s = s\npredict x = 2*x\npredict rows = n",
        x=Y,
        y=3 * Y,
    )

    new = result.predict(x=np.array([1.0, 2.0]))

    assert new["s"] == pytest.approx(3)
    assert new["z"] == pytest.approx([3, 6])
    assert list(new["x"]) == [2, 4]
    assert new["rows"] == 2


def test_the_page_names_every_word_that_is_a_missing_value():
    text = DOCS.joinpath("language.md").read_text(encoding="utf-8")

    assert all(f"`{word}`" in text for word in MISSING if word)
