"""Text to syntax: statements, places, precedence, and what is refused before the grammar."""

from fractions import Fraction

import pytest

from gdsym.errors import Source, SourceError
from gdsym.language import syntax
from gdsym.language.parse import parse, parse_expression


def outline(node):
    """An expression as nested tuples, without places."""
    match node:
        case syntax.Number():
            return node.value
        case syntax.Name():
            return node.text
        case syntax.String():
            return f'"{node.value}"'
        case syntax.Group():
            return outline(node.inner)
        case syntax.Unary():
            return (node.operator, outline(node.operand))
        case syntax.Chain():
            parts = [outline(node.operands[0])]
            for operator, operand in zip(node.operators, node.operands[1:], strict=True):
                parts += [operator, outline(operand)]
            return tuple(parts)
        case syntax.Power():
            return (outline(node.base), "^", outline(node.exponent))
        case syntax.Transpose():
            return (outline(node.operand), ".T")
        case syntax.Index():
            return (outline(node.operand), [outline(item) for item in node.items])
        case syntax.Call():
            axes = () if node.axes is None else ([outline(axis) for axis in node.axes],)
            return (node.function.text, *axes, *(outline(a) for a in node.arguments))
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/2", (1, "/", 2)),
        ("0.1", Fraction(1, 10)),
        (".5e-1", Fraction(1, 20)),
        ("2.", 2),
        ("-x^2", ("-", ("x", "^", 2))),
        ("x**2", ("x", "^", 2)),
        ("2^-x", (2, "^", ("-", "x"))),
        ("a^b^c", ("a", "^", ("b", "^", "c"))),
        ("-a*b", (("-", "a"), "*", "b")),
        ("a + b*c - d", ("a", "+", ("b", "*", "c"), "-", "d")),
        ("a - b - c", ("a", "-", "b", "-", "c")),
        ("a*b/c@d", ("a", "*", "b", "/", "c", "@", "d")),
        ("X.T @ y", (("X", ".T"), "@", "y")),
        ("0 < y < 1", (0, "<", "y", "<", 1)),
        ("not a == b", ("not", ("a", "==", "b"))),
        ("a or b and not c", ("a", "or", ("b", "and", ("not", "c")))),
        ("U[user]*b", (("U", ["user"]), "*", "b")),
        ("f[k](x)", ("f", ["k"], "x")),
        ("f[k](x)[y]", (("f", ["k"], "x"), ["y"])),
        ("sum[n, k](Z[y].T)", ("sum", ["n", "k"], (("Z", ["y"]), ".T"))),
        ("X.T[a]", (("X", ".T"), ["a"])),
        ('w["age"]', ("w", ['"age"'])),
        ("(a + b)*c", (("a", "+", "b"), "*", "c")),
        ("f()", ("f",)),
        ("notable + inner + order", ("notable", "+", "inner", "+", "order")),
    ],
)
def test_precedence_is_that_of_python_and_power_binds_tightest(text, expected):
    assert outline(parse_expression(text)) == expected


def test_a_sum_of_many_terms_is_one_node():
    node = parse_expression(" + ".join(["x*f(y)"] * 300))

    assert isinstance(node, syntax.Chain)
    assert len(node.operands) == 300


def test_places_are_offsets_in_the_whole_text():
    text = 'param w\n# a comment\n\nlet z = w*(w + 1)  "doc"\nloss z\n'

    file = parse(Source("a.gd", text))

    let = file.statements[1]
    assert text[let.span.start : let.span.stop] == 'let z = w*(w + 1)  "doc"'
    assert text[let.value.span.start : let.value.span.stop] == "w*(w + 1)"
    factor = let.value.operands[1]
    assert text[factor.span.start : factor.span.stop] == "(w + 1)"
    assert let.doc == "doc"


def test_every_statement_becomes_its_node():
    text = """model m "a title"
dim k = 3, c in {"a", "b"}, n rows
data X[n, d] > 0 from * except ["id"] "features", y[n] in {0: "no", 1: "yes"} = 0
param w[d] in (0, 1] = 1/2, nu fixed = 4
const lam = 1e-3 "a penalty"
def f(a, b) = a + b
let z[n] = X @ w
nll sum(z)
penalty lam
predict p = z
method lbfgs(tol=1e-8)
observe y ~ normal(mean=z, sd=1) "doc"
prior w ~ laplace(0, 1)
claim grad(w) = X
claim loss = 1
"""

    file = parse(Source("a.gd", text))

    kinds = [type(statement).__name__ for statement in file.statements]
    assert kinds == [
        *("ModelName", "Dims", "Declarations", "Declarations", "Declarations", "Def"),
        *("Let", "Objective", "Objective", "Let", "Method", "Observe", "Observe"),
        *("Claim", "Claim"),
    ]
    features, label = file.statements[2].items
    assert features.doc == "features"
    assert features.sources[0].every
    assert [s.value for s in features.sources[0].excluded] == ["id"]
    assert [level.label.value for level in label.domains[0].parts[0].items] == ["no", "yes"]
    weight, fixed = file.statements[3].items
    assert weight.domains[0].parts[0].lower_open
    assert not weight.domains[0].parts[0].upper_open
    assert fixed.fixed is not None


def test_the_place_of_a_distribution_is_without_keyword_and_docstring():
    text = 'observe y ~ normal(mean=z, sd=1)  "doc"\nclaim hvp(w, v) = 2*v\n'

    observe, claim = parse(Source("a.gd", text)).statements

    assert (observe.keyword, observe.distribution.text) == ("observe", "normal")
    assert [argument.name.text for argument in observe.arguments] == ["mean", "sd"]
    assert text[observe.place.start : observe.place.stop] == "y ~ normal(mean=z, sd=1)"
    assert (claim.quantity.text, [name.text for name in claim.names]) == ("hvp", ["w", "v"])
    assert text[claim.place.start : claim.place.stop] == "hvp(w, v)"


def test_domain_and_source_stand_in_either_order():
    first, second = (
        parse(Source("a.gd", f"data x[n] {text}")).statements[0].items[0]
        for text in ('> 0 from "a" = 1', 'from "a" > 0 = 1')
    )

    assert len(first.domains) == len(second.domains) == 1
    assert len(first.sources) == len(second.sources) == 1
    assert first.value is not None
    assert second.value is not None


def test_keywords_are_soft():
    text = """data state[n], loss[n], data[n], from[n], fixed[n]
param like, rows, by, model, scalar, except
let let = state*loss - data + from[fixed] + like
loss loss(rows, by)
"""

    file = parse(Source("a.gd", text))

    assert [item.name.text for item in file.statements[0].items] == [
        *("state", "loss", "data", "from", "fixed"),
    ]
    assert file.statements[2].name.text == "let"


def test_an_indented_line_and_a_line_of_closing_brackets_continue():
    text = "loss sum(\n  x\n# between\n\n) + (\n\ty\n)\nparam x\n"

    file = parse(Source("a.gd", text))

    assert [type(s).__name__ for s in file.statements] == ["Objective", "Declarations"]


@pytest.mark.parametrize(
    "text",
    [
        "param x\r\nloss x^2\r\n",
        "param\tx\nloss\tx^2",
        "\ufeffparam x\nloss x^2\n",
        "\n\n# only a comment\nparam x # behind\nloss x^2 # end",
    ],
)
def test_line_ends_tabs_byte_order_mark_and_comments_make_no_difference(text):
    file = parse(Source("a.gd", text))

    assert [type(s).__name__ for s in file.statements] == ["Declarations", "Objective"]


def test_a_hash_in_a_string_begins_no_comment():
    file = parse(Source("a.gd", 'data x[n] from "a # b" "c # d"  # e\n'))

    item = file.statements[0].items[0]
    assert item.sources[0].names[0].value == "a # b"
    assert item.doc == "c # d"


def test_one_bad_line_does_not_hide_the_next():
    with pytest.raises(SourceError) as caught:
        parse(Source("a.gd", "let a = (1\nlet b = 2 3\nlet c = 4\nlet d = &\n"))

    assert [d.span.start for d in caught.value.diagnostics] == [8, 21, 41]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "-" * 10_000 + "x",
        "not " * 10_000 + "x",
        "x" + "^x" * 10_000,
        "x" + ".T" * 10_000,
        "x" + "[a]" * 10_000,
        "x" + "@x" * 10_000,
        "f(" * 10_000 + "x" + ")" * 10_000,
        "-(" * 60 + "x" + ")" * 60,
        "x" + "@x*x" * 101,
    ],
)
def test_deep_nesting_is_an_ordinary_error(text):
    with pytest.raises(SourceError) as caught:
        parse_expression(text)

    assert [d.kind for d in caught.value.diagnostics] == ["nesting"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100 + "x" + ")" * 100,
        "-" * 100 + "x",
        "exp(" * 100 + "x" + ")" * 100,
        "+".join(["-(x)"] * 1000),
        "*".join(["f(x)"] * 1000),
        "f(x)*" + "+".join(["A@b"] * 1000),
        "x^2*" * 1000 + "x",
        "f(" + ", ".join(["-x^2"] * 1000) + ")",
    ],
)
def test_width_is_not_depth(text):
    assert parse_expression(text).span.stop == len(text)


@pytest.mark.parametrize("text", ["1e400", "1e-400", "9" * 2000, "1e" + "9" * 5000])
def test_a_number_that_is_no_double_is_refused_and_not_computed(text):
    with pytest.raises(SourceError) as caught:
        parse_expression(text)

    assert [d.kind for d in caught.value.diagnostics] == ["number"]


@pytest.mark.parametrize("text", ["0e-999", "0.000", "1e308", "5e-324", "1" + "0" * 300])
def test_a_number_that_is_a_double_is_exact(text):
    assert parse_expression(text).value == Fraction(text)


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\u00ad", "\ufeff", "\x00", "\x1b"])
@pytest.mark.parametrize("text", ["loss x{}\n", "# comment {}\n", 'data x[n] "doc{}"\n'])
def test_an_invisible_character_is_refused_everywhere(text, character):
    with pytest.raises(SourceError) as caught:
        parse(Source("a.gd", text.format(character)))

    assert [d.kind for d in caught.value.diagnostics] == ["character"]


def test_words_in_any_script_are_welcome_in_comments_and_strings():
    parse(Source("a.gd", '# Größe, 数, λ\ndata x[n] from "Größe" "数 λ"\n'))


def test_a_text_beyond_the_limit_is_refused_at_once():
    with pytest.raises(SourceError) as caught:
        parse(Source("a.gd", "loss x\n" * 200_000))

    assert [d.kind for d in caught.value.diagnostics] == ["size"]


def test_many_errors_are_cut_off():
    with pytest.raises(SourceError) as caught:
        parse(Source("a.gd", "what is this\n" * 10_000))

    assert len(caught.value.diagnostics) == 100


def test_the_grammar_has_no_conflict(caplog):
    import logging

    from lark import Lark, logger

    from gdsym.language.parse import grammar_text

    with caplog.at_level(logging.DEBUG, logger.name):
        Lark(
            grammar_text(),
            parser="lalr",
            start=["statement", "rule_statement", "expression"],
            keep_all_tokens=True,
            maybe_placeholders=False,
            debug=True,
        )

    assert "conflict" not in caplog.text.lower()
