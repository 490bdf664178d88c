"""Every backend against NumPy's: function by function, model by model, rule by rule."""

from __future__ import annotations

import ast
import functools
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_exactness import EVERY, case

import gdsym
from gdsym.cache import load_module
from gdsym.cli import run
from gdsym.codegen import backends as folder
from gdsym.codegen import expressions as plain
from gdsym.codegen.backends import backend, backends, numexpr
from gdsym.codegen.module import module_text
from gdsym.compiler import compile_text, stages
from gdsym.errors import UsageError
from gdsym.language.functions import FUNCTIONS
from gdsym.optimizers import rules
from gdsym.recipe import Recipe

ROOT = Path(__file__).parents[1]
# numba's compiled loops have tests of their own, in test_codegen_numba.py
OTHERS = [name for name in backends() if name not in ("numpy", "numba")]
FEW_ULP = 8 * np.finfo(float).eps


@functools.cache
def text_of(text: str, name: str, *update: str) -> str:
    return compile_text(text, "model.gd", Recipe(update=update, backend=name))


def modules(text: str, name: str, *update: str):
    """The module of NumPy and the one of another backend."""
    return [load_module(text_of(text, each, *update)) for each in ("numpy", name)]


def expressions(python: str) -> list[str]:
    """What numexpr is asked to compute in a module."""
    calls = [node for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Call)]
    named = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "_fused"]
    return [ast.literal_eval(call.args[0]) for call in named]


def agree(found, expected, tolerance=FEW_ULP):
    """Equal to a few ulp; nan and infinities in the same places."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    tiny = np.finfo(float).tiny
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tiny * tolerance)


# -- the list ------------------------------------------------------------------------------------


def test_the_default_comes_first_and_every_file_of_the_folder_is_a_backend():
    here = {path.stem for path in Path(folder.__file__).parent.glob("[!_]*.py")}

    assert backends()[0] == "numpy"
    assert set(backends()) == here
    for name in backends():
        assert issubclass(backend(name).writer, plain.Writer)


def test_an_unknown_backend_is_answered_with_the_nearest_or_with_all():
    with pytest.raises(UsageError, match=r"no backend `numexp`\n.*did you mean `numexpr`"):
        compile_text("param a\nloss a^2", "model.gd", Recipe(backend="numexp"))
    with pytest.raises(UsageError, match="the backends are numpy, numba, numexpr"):
        backend("fortran")


def test_a_further_backend_is_one_more_file(tmp_path, monkeypatch):
    (tmp_path / "shouting.py").write_text(
        "from gdsym.codegen import expressions\n"
        "from gdsym.codegen.backends import Backend\n"
        "class Writer(expressions.Writer):\n"
        "    def _statement(self, name, code, node):\n"
        "        self.helpers.add('shouting')\n"
        "        return f'{name} = _loud({code})'\n"
        "SUPPORT = 'def _loud(x: Any) -> Any:\\n    return x\\n'\n"
        "BACKEND = Backend(Writer, imports=('import string',), support=SUPPORT)\n"
    )
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    text = "data x[n]\nparam a = 1\nlet z = a*x\nloss sum(z^2 + exp(z))\n"

    assert backends() == ("numpy", "numba", "numexpr", "shouting")
    python = compile_text(text, "model.gd", Recipe(backend="shouting"))

    assert "z = _loud(a*x)" in python
    assert "\nimport string\n" in python
    assert load_module(python).bind(np.ones(3)).value([1.0]) == pytest.approx(3 + 3 * np.e)


# -- functions -----------------------------------------------------------------------------------

# How a model spells what has no name there.
SPELLED = {
    "pow": "{}^{}",
    "lt": "({} < {})",
    "le": "({} <= {})",
    "gt": "({} > {})",
    "ge": "({} >= {})",
    "eq": "({} == {})",
    "ne": "({} != {})",
    "and": "(({} > 1) and ({} > 1))",
    "or": "(({} > 1) or ({} > 1))",
    "not": "(not ({} > 1))",
}
NAMED = [name for name, entry in FUNCTIONS.items() if name in SPELLED or not entry.hidden]
EDGES = [0.0, 5e-324, 1e-300, 1e-8, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 17.0, 36.5, 709.7, 746.0]
EDGES += [1e4, 1e15, 1e155, 1e300]
POINTS = [-0.0, *EDGES, *(-x for x in EDGES if x)]


def arguments(count: int) -> list[np.ndarray]:
    """Every combination of the points, or as many as are affordable."""
    points = POINTS if count < 3 else [p for p in POINTS if abs(p) in (0, 0.3, 1, 3, 17, 1e300)]
    return list(np.array(list(itertools.product(points, repeat=count))).T)


def function_model(name: str, call: str) -> str:
    params = FUNCTIONS[name].params
    declared = ", ".join(f"x{place}[n]" for place in range(len(params)))
    # Three products around it, so that it is worth a region.
    return (
        f"data c[n], d[n], e[n]\nparam {declared}\nlet z = c*d*e*{call}\n"
        "loss sum(c*d*z)\npredict p = c*d*e*z\n"
    )


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", NAMED)
def test_a_function_has_the_same_values_and_slopes(name, other):
    count = len(FUNCTIONS[name].params)
    names = [f"x{place}" for place in range(count)]
    call = SPELLED.get(name, f"{name}({', '.join(['{}'] * count)})").format(*names)
    at = arguments(count)
    ones = np.ones(at[0].size)
    theta = np.concatenate(at)

    found, expected = [], []
    for module, into in zip(
        modules(function_model(name, call), other), (expected, found), strict=True
    ):
        problem = module.bind(ones, ones, ones)
        into += [problem.trace(theta)["z"], problem.grad(theta)]
        into.append(module.predict(theta, ones, ones, ones)["p"])

    assert np.isfinite(expected[0]).any()
    for one, two in zip(found, expected, strict=True):
        agree(one, two)


@pytest.mark.parametrize("exponent", ["2", "3", "4", "7", "20", "2.5", "0.3", "(-1)", "(-3)"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_constant_power_has_the_same_values(exponent, other):
    one, two = modules(function_model("exp", f"x0^{exponent}"), other)
    x, ones = np.array(POINTS), np.ones(len(POINTS))

    agree(two.bind(ones, ones, ones).trace(x)["z"], one.bind(ones, ones, ones).trace(x)["z"])


def test_numexpr_knows_every_core_function_that_it_can_have_and_numpy_all():
    core = {name for name, entry in FUNCTIONS.items() if entry.core}

    assert core <= {*plain.FUNCTIONS, *plain.LOGICAL, "pow"}
    assert core - numexpr.SUPPORTED == {
        name for name in core if plain.FUNCTIONS.get(name, "").startswith(("special.", "_"))
    }


@pytest.mark.parametrize("name", [name for name in NAMED if name in numexpr.FUNCTIONS])
def test_a_function_that_numexpr_has_is_left_to_it(name):
    params = [f"x{place}" for place, _ in enumerate(FUNCTIONS[name].params)]
    python = text_of(function_model(name, f"{name}({', '.join(params)})"), "numexpr")
    call = numexpr.FUNCTIONS[name].partition("(")[0] + "("

    assert any(call in expression for expression in expressions(python))


# -- models and rules ----------------------------------------------------------------------------


def by_backend(name: str, other: str):
    """A model of the zoo or an example, bound in both backends."""
    model = case(name)
    made = model.stages
    both = []
    for each in ("numpy", other):
        module = load_module(module_text(made.plan, made.derived, [], "0", backend=each))
        both.append((module, module.bind(**model.data, **model.options)))
    return model, both


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", EVERY)
def test_a_model_has_the_same_value_gradient_and_predictions(name, other):
    model, ((one, first), (two, second)) = by_backend(name, other)
    theta = model.theta

    f, g = first.value_and_grad(theta)
    f2, g2 = second.value_and_grad(theta)
    assert abs(f2 - f) <= 1e-12 * max(abs(f), 1.0)
    np.testing.assert_allclose(g2, g, rtol=1e-12, atol=1e-12 * np.max(np.abs(g)))
    H = first.hess(theta)
    scale = max(np.max(np.abs(H)), 1.0)
    np.testing.assert_allclose(second.hess(theta), H, rtol=1e-12, atol=1e-12 * scale)
    np.testing.assert_allclose(second.hvp(theta, theta), H @ theta, rtol=0, atol=1e-11 * scale)

    if not one.PREDICTIONS:
        return
    used = {name for entry in one.PREDICTIONS for name in entry["data"]}
    arrays = {e["arg"]: model.data[e["name"]] for e in one.DATA if e["name"] in used}
    sizes = {dim: info for dim, info in first.dims.items() if dim != one.ROW}
    given = {"dims": sizes, "stats": first.stats_at(theta)}
    predicted = one.predict(theta, **arrays, **given)
    for key, values in two.predict(theta, **arrays, **given).items():
        scale = np.max(np.abs(predicted[key]))
        np.testing.assert_allclose(values, predicted[key], rtol=1e-12, atol=1e-12 * scale)


SLOPES = {
    "quadratic": lambda x: np.array([3.0, 1.0, 0.1, 40.0, -2.0]) * x - 1.0,
    "rosenbrock": lambda x: np.concatenate(
        [-400 * x[:1] * (x[1:2] - x[:1] ** 2) - 2 * (1 - x[:1]), 200 * (x[1:2] - x[:1] ** 2)]
    ),
}
STARTS = {"quadratic": np.linspace(-1, 1.5, 5), "rosenbrock": np.array([-1.2, 1.0])}


@pytest.mark.parametrize("problem", SLOPES)
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("rule", rules())
def test_a_rule_takes_the_same_steps(rule, other, problem):
    paths = []
    for module in modules("param a\nloss a^2\n", other, rule):
        theta = STARTS[problem].copy()
        state = getattr(module, f"init_{rule}")(theta)
        path = []
        for _ in range(50):
            getattr(module, f"update_{rule}")(theta, SLOPES[problem](theta), state, lr=1e-4, T=50)
            path.append(theta.copy())
        paths.append(np.array(path))

    np.testing.assert_allclose(paths[1], paths[0], rtol=1e-13, atol=1e-15)


def test_codes_stay_integers():
    text = "dim cut = grade - 1\ndata X[n, d]\ndata y[n] in grade\nparam w[d]\n"
    text += "param c[cut] in ordered[cut]\nobserve y ~ ordered_logit(X @ w, c)\n"
    draw = np.random.default_rng(2)
    compare(text, X=draw.normal(size=(6, 2)), y=np.array([0, 1, 2, 3, 3, 2]))


def test_update_rules_are_fused():
    python = text_of("param a\nloss a^2\n", "numexpr", "adam")

    assert "-lr_*m_/(u_*(sqrt(v_/u2_) + eps_))" in expressions(python)


# -- what numexpr cannot take --------------------------------------------------------------------


def compare(text: str, **data: np.ndarray) -> str:
    """Value and gradient agree; returns the text of the module for numexpr."""
    one, two = (module.bind(**data) for module in modules(text, "numexpr"))
    theta = one.init() + 0.1
    f, g = one.value_and_grad(theta)
    f2, g2 = two.value_and_grad(theta)
    assert f2 == pytest.approx(f, rel=1e-12)
    np.testing.assert_allclose(g2, g, rtol=1e-12)
    return text_of(text, "numexpr")


def operands(expression: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}


WIDE = [f"x{place}" for place in range(90)]


@pytest.mark.parametrize(
    "term",
    [
        " + ".join(f"{place + 2}*{name}" for place, name in enumerate(WIDE)),
        " + ".join(f"sin({name})" for name in WIDE),
        "*".join(WIDE),
        "/".join(WIDE),
        " + ".join(f"{a}*{b}" for a, b in itertools.pairwise(WIDE)),
    ],
    ids=["sum", "sum of functions", "product", "quotient", "sum of products"],
)
def test_more_operands_than_numexpr_takes_are_split(term):
    text = f"data {', '.join(f'{name}[n]' for name in WIDE)}\nparam a = 1\n"
    text += f"loss sum(sqrt(a + ({term})^2))\n"
    draw = np.random.default_rng(1)
    python = compare(text, **{name: draw.uniform(0.9, 1.1, 5) for name in WIDE})

    assert len(expressions(python)) > 2
    assert max(len(operands(expression)) for expression in expressions(python)) < 63


def test_a_very_deep_expression_is_split():
    inner = "x"
    for place in range(90):
        inner = f"sin(a + {inner})" if place % 3 else f"(a*{inner} + cos(x))"
    python = compare(f"data x[n]\nparam a = 1\nloss sum({inner})\n", x=np.linspace(-1, 1, 7))

    assert max(map(len, expressions(python))) < 2000
    assert max(expression.count("(") for expression in expressions(python)) < 100


def test_reductions_and_products_of_matrices_stay_in_numpy():
    python = text_of(case("classifier").text, "numexpr") + text_of(case("beta").text, "numexpr")

    for expression in expressions(python):
        assert not re.search(r"sum|prod|@|\[|'|\"", expression)
    assert "np.sum(" in python


def test_parameters_and_scalars_are_not_worth_a_call():
    python = text_of("dim k = 4\nparam w[k], s\nloss sum((w^2 - s*w)*w/(1 + exp(w)))\n", "numexpr")

    assert expressions(python) == []
    assert "numexpr" not in python.replace('BACKEND = "numexpr"', "")


# -- names ---------------------------------------------------------------------------------------

NAMES = ["a", "b", "ne", "np", "u", "u2", "u_", "a__b", "e", "real", "division", "local_dict"]
NAMES += ["evaluate", "isnan", "ones_like", "arctan2", "contains", "copy", "lambda", "t1", "z_"]
NAMES += ["operands", "expression", "numbers", "complex", "maximum", "j", "I", "float", "None_"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_may_be_data_or_a_parameter(name):
    x = np.linspace(0.5, 2, 6)
    other = "q" if name != "q" else "r"
    compare(
        f"data {name}[n]\nparam {other} = 1\n"
        f"loss sum(exp({name}*{other}) + {name}^2/(1 + {name}*{other}))\n",
        **{"lambda_" if name == "lambda" else load_argument(name): x},
    )


def load_argument(name: str) -> str:
    """The Python argument of data of this name."""
    return plain.python_name(name)


@pytest.mark.parametrize("name", ["exp", "where", "sum", "log", "abs"])
def test_a_function_s_name_is_refused_or_usable(name):
    text = f"data {name}[n]\nparam q = 1\nloss sum(q*{name} + {name}^2/(1 + {name}*q))\n"
    try:
        stages(text, "model.gd")
    except Exception as error:
        assert type(error).__name__ == "SourceError"
    else:
        compare(text, **{load_argument(name): np.linspace(0.5, 2, 6)})


def test_numexpr_sees_no_name_of_the_user_s():
    python = text_of(
        "data exp_x[n]\nparam w = 1\nloss sum(sin(w*exp_x)*exp_x/(w + exp_x))", "numexpr"
    )

    for expression in expressions(python):
        assert all(name.endswith("_") or name in ("sin", "cos") for name in operands(expression))


# -- blocks, numbers of any kind, threads --------------------------------------------------------


LOGISTIC = (
    "data X[n, d], y[n]\nparam w[d], b\nlet z = X @ w + b\n"
    "loss mean(log(1 + exp(z)) - y*z)\npredict p = sigmoid(z)\n"
)


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint8, np.float32, bool])
def test_blocks_of_any_kind_of_number_give_the_same(kind):
    draw = np.random.default_rng(3)
    block = (draw.normal(size=(9, 2)), draw.integers(0, 2, 9).astype(kind))
    sums = []
    for module in modules(LOGISTIC, "numexpr"):
        totals = module.prepare([block])
        acc = module.empty(totals)
        module.partial(np.array([0.3, -1.0, 0.2]), block, totals, acc)
        sums.append(acc.sums)

    for key, value in sums[0].items():
        np.testing.assert_allclose(sums[1][key], value, rtol=1e-13)


THREADED = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import numexpr
from gdsym.cache import load_module

numexpr.set_num_threads(int(sys.argv[2]))
module = load_module(open(sys.argv[1], encoding="utf-8").read())
draw = np.random.default_rng(1)
problem = module.bind(draw.normal(size=(3000, 4)), draw.integers(0, 2, 3000))
points = draw.normal(size=(200, 5))
alone = [problem.value_and_grad(point) for point in points]
with ThreadPoolExecutor(2) as pool:
    together = list(pool.map(problem.value_and_grad, points))
assert all(f == f2 and (g == g2).all() for (f, g), (f2, g2) in zip(alone, together, strict=True))
print("the same")
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_two_threads_may_evaluate_at_once(threads, tmp_path):
    path = tmp_path / "logistic.py"
    path.write_text(text_of(LOGISTIC, "numexpr"), encoding="utf-8")

    # In a process of its own: a numexpr object that two threads share ends the interpreter.
    done = subprocess.run(
        [sys.executable, "-c", THREADED, str(path), threads],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "the same\n"), done.stderr


def test_a_module_can_hold_numexpr_to_one_thread():
    import numexpr as ne

    module = load_module(text_of(LOGISTIC, "numexpr"))
    before = ne.set_num_threads(2)
    try:
        assert module.set_threads(1) == 2
        assert ne.get_num_threads() == 1
    finally:
        ne.set_num_threads(before)


# -- the text ------------------------------------------------------------------------------------

DIGESTS = """
import hashlib, sys
from pathlib import Path
from gdsym.compiler import compile_text
from gdsym.recipe import Recipe
recipe = Recipe(update=["adam", "lion"], backend="numexpr")
for path in sys.argv[1:]:
    text = compile_text(Path(path).read_text(), "m.gd", recipe)
    print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_a_model_compiles_to_the_same_text_whatever_the_hash_seed():
    names = ["definitions", "zero_inflated", "two_way", "mixture_plane"]
    paths = [str(ROOT / "tests" / "zoo" / f"{name}.gd") for name in names]

    def digests(seed):
        done = subprocess.run(
            [sys.executable, "-c", DIGESTS, *paths],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    assert len(set(digests("1"))) == len(names)
    assert digests("1") == digests("2")


GOLDEN = ROOT / "tests" / "golden" / "modules"
# What a backend prints; the rest of a module is the same for all.
PRINTED = ("partial", "finish", "_predict", "update_adam", "_fused", "set_threads")


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", ["logistic", "mixture"])
def test_the_kernels_read_as_the_golden_ones(model, name, request):
    text = (GOLDEN / f"{model}.gd").read_text(encoding="utf-8")
    python = compile_text(text, f"{model}.gd", Recipe(update=["adam"], backend=name))
    found = [node for node in ast.parse(python).body if isinstance(node, ast.FunctionDef)]
    kernels = [ast.get_source_segment(python, node) for node in found if node.name in PRINTED]
    printed = "\n\n\n".join(kernels) + "\n"
    golden = GOLDEN / f"{model}.{name}.txt"

    if request.config.getoption("--update-golden"):
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EVERY)
def test_the_lines_are_not_long(name):
    made = case(name).stages
    python = module_text(made.plan, made.derived, [], "0", backend="numexpr")
    longer = [line for line in python.splitlines() if len(line) > 99 and "_fused" in line]

    assert longer == []


# -- from outside --------------------------------------------------------------------------------


def test_a_fit_with_another_backend_is_the_same_fit():
    draw = np.random.default_rng(5)
    data = {"X": draw.normal(size=(80, 2)), "y": draw.integers(0, 2, 80).astype(float)}
    first = gdsym.fit(LOGISTIC, data)
    second = gdsym.fit(LOGISTIC, data, backend="numexpr")

    assert second.module.BACKEND == "numexpr"
    assert second.status == first.status == "converged"
    np.testing.assert_allclose(second.theta, first.theta, rtol=1e-7)


def test_a_model_compiled_anew_for_a_rule_keeps_its_backend():
    model = gdsym.compile(LOGISTIC, backend="numexpr")

    carrying = model.carrying("adam")

    assert "adam" in carrying.module.RULES
    assert carrying.module.BACKEND == "numexpr"
    assert gdsym.compile(LOGISTIC).module.BACKEND == "numpy"  # not the cached one


def test_a_fit_holds_numexpr_to_one_thread_and_gives_them_back():
    import numexpr as ne

    seen = []
    before = ne.set_num_threads(2)
    try:
        model = gdsym.compile("data x[n]\nparam a\nloss sum((x - a)^2 + x*a)\n", backend="numexpr")
        model.fit(x=np.arange(5.0), progress=lambda _: seen.append(ne.get_num_threads()))
        assert set(seen) == {1}
        assert ne.get_num_threads() == 2
    finally:
        ne.set_num_threads(before)


def test_the_command_line_takes_a_backend(tmp_path, capsys):
    model, out = tmp_path / "model.gd", tmp_path / "model.py"
    model.write_text(LOGISTIC.replace("X[n, d]", "X[n, d] from *"), encoding="utf-8")
    table = tmp_path / "table.csv"
    table.write_text("a,b,y\n1,2,0\n2,1,1\n0,1,1\n3,0,0\n1,1,0\n", encoding="utf-8")

    assert run(["compile", str(model), "-o", str(out), "--backend", "numexpr"]) == 0
    assert "import numexpr as ne" in out.read_text(encoding="utf-8")
    assert run(["compile", str(model), "--backend", "fortran"]) == 2
    assert "the backends are numpy, numba, numexpr" in capsys.readouterr().err
    for name in backends():
        assert run(["fit", str(model), str(table), "--backend", name, "--json"]) == 0
    first, *others = map(json.loads, capsys.readouterr().out.splitlines())
    assert len(others) == len(backends()) - 1
    for other in others:
        assert other["objective"] == pytest.approx(first["objective"], rel=1e-9)
