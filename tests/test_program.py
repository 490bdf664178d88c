"""The graph: nodes are made once, normal forms, and size linear in the text."""

from fractions import Fraction
from random import Random

import pytest
from oracle import Case, check
from zoo import codes, normal

from gdsym.calculus.program import Axis, Contract, Delta, Factor, Graph, Map, Number, reachable
from gdsym.compiler import compile_text, stages
from gdsym.errors import SourceError

N, D, E = Axis("n"), Axis("d"), Axis("d", 1)


@pytest.fixture
def graph():
    return Graph(("d", "k", "n"))


def leaves(graph, *names):
    return [graph.leaf("param", name) for name in names]


# -- each distinct node once ---------------------------------------------------------------------


def test_equal_nodes_are_one_node(graph):
    a, b = leaves(graph, "a", "b")

    assert graph.call("exp", graph.add(a, b)) is graph.call("exp", graph.add(b, a))
    assert graph.leaf("data", "X", (N, D)) is graph.leaf("data", "X", (D, N))


def test_a_node_is_younger_than_what_it_reads(graph):
    a, b = leaves(graph, "a", "b")
    root = graph.mul(graph.call("exp", a), graph.add(b, graph.power(a, Fraction(3))))

    for node in reachable([root]):
        assert all(operand.id < node.id for operand in node.operands)


def test_no_rule_is_asked_twice_about_the_same_operation():
    asked = []

    def rewrite(graph, op, args):
        asked.append((op, args))

    graph = Graph((), rewrite=rewrite)
    a, b = leaves(graph, "a", "b")
    made = [graph.mul(graph.call("exp", a), b) for _ in range(3)]

    assert made[0] is made[1] is made[2]
    assert len(asked) == 2


# -- sums and products ---------------------------------------------------------------------------


def test_like_terms_are_collected(graph):
    a, b = leaves(graph, "a", "b")

    assert graph.add(a, a, graph.neg(b), b) is graph.scale(Fraction(2), a)
    assert graph.sub(a, a) is graph.number(0)
    assert graph.add(graph.number(2), a, graph.number(Fraction(-4, 2))) is a


def test_powers_of_one_base_are_collected(graph):
    a, b = leaves(graph, "a", "b")

    assert graph.mul(a, a, graph.power(a, Fraction(-1))) is a
    assert graph.div(graph.mul(a, b), b) is a
    assert graph.mul(graph.number(0), a) is graph.number(0)
    assert graph.power(graph.power(a, Fraction(3)), Fraction(-2)) is graph.power(a, Fraction(-6))


def test_numbers_are_exact(graph):
    tenth = graph.number(Fraction(1, 10))

    assert graph.add(tenth, tenth, tenth) is graph.number(Fraction(3, 10))
    assert graph.power(graph.number(Fraction(2, 3)), Fraction(-3)).value == Fraction(27, 8)


def test_a_power_that_is_no_double_is_not_spelled_out(graph):
    huge = graph.power(graph.number(9), Fraction(9**9))

    assert isinstance(huge, Map)
    assert len(graph) < 5


def test_the_inverse_of_zero_is_no_number(graph):
    assert not isinstance(graph.power(graph.number(0), Fraction(-1)), Number)


def test_a_named_sum_stays_whole(graph):
    a, b, c = leaves(graph, "a", "b", "c")
    named = graph.add(a, b)
    graph.named.add(named)

    assert named in graph.add(named, c).operands


# -- contractions --------------------------------------------------------------------------------


def test_what_is_free_of_the_index_is_outside_the_sum(graph):
    x, lam = graph.leaf("data", "x", (N,)), graph.leaf("param", "lam")

    total = graph.total(graph.mul(lam, x), [N])

    assert isinstance(total, Map) and total.op == "mul"
    assert set(total.args) == {lam, graph.total(x, [N])}


def test_a_sum_over_an_axis_that_is_not_there_multiplies_by_its_size(graph):
    w = graph.leaf("param", "w", (D,))

    assert graph.total(w, [N]) is graph.mul(graph.size("n"), w)


def test_an_identity_renames(graph):
    s = graph.leaf("data", "S", (D, E))

    diagonal = graph.contract([Factor(s, (D, E))], [Delta(None, (D,), E)], [D])

    assert isinstance(diagonal, Contract)
    assert diagonal.factors == (Factor(s, (D, D)),)
    assert diagonal.axes == (D,)
    assert not diagonal.deltas


def test_bound_indices_have_no_name_of_their_own(graph):
    x, w = graph.leaf("data", "X", (N, D)), graph.leaf("param", "w", (D,))

    one = graph.contract([Factor(x, (D, N)), Factor(w, (D,))], (), [N])
    other = graph.contract([Factor(w, (E,)), Factor(x, (E, N))], (), [N])

    assert one is other


def test_two_transposes_are_none(graph):
    s = graph.leaf("data", "S", (D, E))
    swapped = graph.renamed(s, {D: E, E: D})

    assert swapped is not s
    assert graph.renamed(swapped, {D: E, E: D}) is s


def test_x_over_x_inside_a_sum_still_counts_the_axis(graph):
    x = graph.leaf("data", "x", (N,))

    ratio = graph.contract([Factor(x, (N,)), Factor(graph.power(x, Fraction(-1)), (N,))], (), [])

    assert ratio is not graph.number(1)


# -- growth --------------------------------------------------------------------------------------


def nested_maps(count):
    inner = "w*x"
    for place in range(count):
        inner = ("sin({})", "exp(-{})", "tanh({} + w)", "sqrt(1 + {}^2)")[place % 4].format(inner)
    return f"data x[n]\nparam w = 0.3\nloss sum({inner})"


def chained_lets(count):
    lines = ["data x[n]", "param w = 0.3", "let z0 = w*x"]
    lines += [f"let z{i} = sin(z{i - 1})*z{i - 1} + w" for i in range(1, count + 1)]
    return "\n".join([*lines, f"loss sum(z{count})"])


def many_terms(count):
    terms = " + ".join(f"exp(w*x - {i})*{i + 1}" for i in range(count))
    return f"data x[n]\nparam w = 0.3\nloss sum({terms})"


def many_factors(count):
    factors = "*".join(f"(w + x^2 + {i})" for i in range(count))
    return f"data x[n]\nparam w = 0.3\nloss sum(log({factors}))"


def many_parameters(count):
    names = [f"p{i}" for i in range(count)]
    terms = " + ".join(f"(p{i} - x)^2*p{(i + 1) % count}" for i in range(count))
    return f"data x[n]\nparam {', '.join(names)}\nloss sum({terms})"


def many_labels(count):
    names = [f"p{i}" for i in range(count)]
    terms = "".join(f" + y*log(sigmoid({p}*x)) + (1 - y)*log(1 - sigmoid({p}*x))" for p in names)
    return f"data x[n]\ndata y[n] in {{0, 1}}\nparam {', '.join(names)}\nloss -sum(0{terms})"


def many_pairs(count):
    terms = " + ".join(f"softplus(w - {i}*x) - (w - {i}*x)" for i in range(count))
    return f"data x[n]\nparam w = 0.3\nloss sum({terms})"


def layers(count):
    lines = ["data X[n, d]"]
    lines += [f"param W{i}[d, d] = normal(0, 1)" for i in range(count)]
    lines += ["let h0 = X", *(f"let h{i + 1} = tanh(h{i} @ W{i})" for i in range(count))]
    return "\n".join([*lines, f"loss sum(h{count}^2)"])


GROWTH = {
    nested_maps: 25,
    chained_lets: 50,
    many_terms: 150,
    many_factors: 30,
    many_parameters: 30,
    many_labels: 40,
    many_pairs: 60,
    layers: 8,
}


def derived_size(text):
    made = stages(text, "model.gd")
    roots = [made.derived.value, *made.derived.grads.values()]
    lowered = [made.lowered.value, *made.lowered.grads.values()]
    return len(reachable(roots)), len(reachable(lowered))


@pytest.mark.parametrize("family", GROWTH, ids=lambda family: family.__name__)
def test_the_graph_grows_with_the_text(family):
    count = GROWTH[family]
    once, twice = derived_size(family(count)), derived_size(family(2 * count))

    for small, large in zip(once, twice, strict=True):
        assert large <= 2.2 * small


@pytest.mark.parametrize("family", GROWTH, ids=lambda family: family.__name__)
def test_the_emitted_text_grows_with_the_model(family):
    def sizes(count):
        """Of value and gradient, and of all; a Hessian has a part for each pair of parts."""
        module = compile_text(family(count), "model.gd")
        first = module.index("def partial("), module.index("def finish(")
        kernel = module[slice(*first)].partition("if acc.order < 2:")[0]
        finish = module[first[1] :].partition("\n\n\n")[0]
        return len(kernel) + len(finish), module.index("\n# -- the description") - first[0]

    count = GROWTH[family]
    (first, whole), (first2, whole2) = sizes(count), sizes(2 * count)

    assert first2 <= 2.5 * first
    assert whole2 <= 4.5 * whole


@pytest.mark.parametrize("family", GROWTH, ids=lambda family: family.__name__)
def test_a_large_model_has_the_right_gradient(family):
    text = family(GROWTH[family] // 3)
    draw = Random("growth")
    tables = {"X": normal(draw, 4, 2), "x": 0.3 * normal(draw, 4), "y": codes(draw, 4, 2)}
    check(Case(text, {name: a for name, a in tables.items() if f"data {name}[" in text}))


@pytest.mark.parametrize("family", [many_labels, many_pairs], ids=lambda family: family.__name__)
def test_hundreds_of_pairs_are_folded(family):
    """One inside the other, they would be deeper than Python's stack."""
    derived_size(family(300))


@pytest.mark.parametrize(
    "expression",
    ["(" * 10_000 + "w" + ")" * 10_000, "-" * 10_000 + "w", "9**9**9*w", "w**9**9**9"],
    ids=["parentheses", "minus signs", "tower", "exponent"],
)
def test_an_endless_expression_is_an_ordinary_error_or_compiles(expression):
    try:
        compile_text(f"param w\nloss {expression} + w^2", "model.gd")
    except SourceError as error:
        assert "model.gd:2:" in str(error)
