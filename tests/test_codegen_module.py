"""The text of generated modules: golden, deterministic, clean, alone in the world."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from compiled import module
from zoo import ZOO

from gdsym import __version__
from gdsym.codegen.module import MARKER
from gdsym.compiler import compile_text, show_text
from gdsym.recipe import Recipe

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "modules"
MODELS = sorted(GOLDEN.glob("*.gd"))
EXAMPLES = sorted((ROOT / "examples").glob("*.gd"))
SHARED = "# -- what the kernels are given --"  # from here on all modules are the same


def compiled(path):
    return compile_text(path.read_text(encoding="utf-8"), path.name)


def run(*command, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# -- golden texts --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_module_is_the_golden_text(path, request):
    own, _ = compiled(path).split(SHARED)
    own = own.replace(f"gdsym {__version__}", "gdsym VERSION")
    own = own.replace(f'VERSION = "{__version__}"', 'VERSION = "VERSION"')
    golden = path.with_suffix(".py.txt")

    if request.config.getoption("--update-golden"):
        golden.write_text(own, encoding="utf-8")
    assert own == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_formulas_are_the_golden_text(path, request):
    shown = show_text(path.read_text(encoding="utf-8"), path.name)
    golden = path.with_suffix(".show.txt")

    if request.config.getoption("--update-golden"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_every_golden_text_has_its_model():
    texts = {path.name.split(".")[0] for path in GOLDEN.glob("*.txt")}

    assert texts == {path.stem for path in MODELS}
    assert len(MODELS) >= 6


def test_what_all_modules_share_stands_in_one_file():
    runtime = (ROOT / "gdsym" / "codegen" / "runtime.py").read_text(encoding="utf-8")
    shared = runtime.split(MARKER)[1]

    for path in MODELS:
        own, rest = compiled(path).split(SHARED)
        for line in (SHARED + rest).splitlines():
            assert line in shared
        assert "from gdsym" not in own + rest
        assert "import gdsym" not in own + rest


# -- the same everywhere -------------------------------------------------------------------------

DIGESTS = """
import hashlib, sys
from pathlib import Path
import gdsym
for path in sys.argv[1:]:
    text = gdsym.compile(Path(path), update=["adam"]).text
    print(Path(path).name, hashlib.sha256(text.encode()).hexdigest())
"""


def test_the_text_is_the_same_to_the_byte_wherever_it_is_made(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there is" / "another"
    for folder in (here, there):
        folder.mkdir(parents=True)
        for path in MODELS:
            (folder / path.name).write_bytes(path.read_bytes())
    names = [path.name for path in MODELS]
    cache = str(tmp_path / "cache")

    results = [
        run("-c", DIGESTS, *names, cwd=here, PYTHONHASHSEED="1", GDSYM_CACHE_DIR=f"{cache}1"),
        run(
            *("-O", "-c", DIGESTS, *(there / name for name in names)),
            cwd=tmp_path,
            PYTHONHASHSEED="77",
            GDSYM_CACHE_DIR=f"{cache}2",
            LC_ALL="C",
            TZ="Asia/Tokyo",
        ),
    ]

    assert results[0].returncode == 0, results[0].stderr
    assert results[0].stdout == results[1].stdout
    assert len(set(results[0].stdout.split())) == 2 * len(MODELS)


def test_a_text_compiles_to_the_same_after_others():
    first = [compiled(path) for path in MODELS]

    assert [compiled(path) for path in reversed(MODELS)] == first[::-1]


# -- alone ---------------------------------------------------------------------------------------

ALONE = """
import importlib, sys, warnings
warnings.simplefilter("error")

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1].split(","):
            raise ImportError(f"{name} is out of reach")

sys.meta_path.insert(0, Wall())
sys.path.insert(0, "")
for name in sys.argv[2:]:
    assert importlib.import_module(name)._self_check() == 0, name
"""
OURS = "gdsym,sympy,lark,numexpr,pyarrow,pandas,click,rich,mpmath,threadpoolctl"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Modules of all golden models, of the zoo and the examples, with update functions."""
    made = tmp_path_factory.mktemp("modules")
    models = {path.stem: path.read_text(encoding="utf-8") for path in (*MODELS, *EXAMPLES)}
    models |= {f"zoo_{name}": text for name, (text, _) in ZOO.items()}
    for name, text in models.items():
        source = compile_text(text, f"{name}.gd", Recipe(update=["gd", "momentum", "adam"]))
        (made / f"{name}.py").write_text(source, encoding="utf-8")
    return made


def test_modules_run_and_check_themselves_with_numpy_alone(folder):
    special = {
        path.stem for path in folder.glob("*.py") if "from scipy import" in path.read_text("utf-8")
    }
    plain = {path.stem for path in folder.glob("*.py")} - special

    with_scipy = run("-c", ALONE, OURS, *sorted(special), cwd=folder, PYTHONPATH="")
    without = run("-c", ALONE, f"{OURS},scipy", *sorted(plain), cwd=folder, PYTHONPATH="")

    assert with_scipy.returncode == 0, with_scipy.stderr
    assert without.returncode == 0, without.stderr
    assert {"iris", "logistic", "mixture", "rosenbrock", "softmax"} <= plain
    assert {"factorisation", "student", "zoo_probit"} <= special
    assert len(without.stdout.splitlines()) == len(plain)


def test_a_module_run_as_a_script_checks_its_gradient(folder, tmp_path):
    good = run(folder / "logistic.py", cwd=tmp_path)
    text = (folder / "logistic.py").read_text(encoding="utf-8")
    wrong = text.replace('acc.sums["w"] += X.T', 'acc.sums["w"] += 1.001*X.T')
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    bad = run(tmp_path / "wrong.py", cwd=tmp_path)

    assert wrong != text
    assert good.returncode == 0
    assert good.stdout.startswith("logistic: the gradient agrees with differences")
    assert good.stderr == ""
    assert bad.returncode == 1
    assert "DIFFERS" in bad.stdout


# -- clean ---------------------------------------------------------------------------------------


def test_ruff_finds_nothing_in_generated_modules(folder, tmp_path):
    with (ROOT / "pyproject.toml").open("rb") as file:
        rules = ",".join(tomllib.load(file)["tool"]["ruff"]["lint"]["select"])
    # The user's own text may have long lines; it is at the end of the description.
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        before, _, after = text.partition('\nSOURCE = """')
        (tmp_path / path.name).write_text(
            before + after[after.index('"""\n') + 3 :], encoding="utf-8"
        )

    done = run(
        *("-m", "ruff", "check", "--isolated", "--no-cache", "--line-length", "99"),
        *("--target-version", "py311", "--select", rules, tmp_path),
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_lines_are_short_and_end_where_they_end(path):
    for line in compiled(path).splitlines():
        assert len(line) < 100
        assert line == line.rstrip()
        assert "\t" not in line


def test_a_module_describes_its_model():
    generated = module(GOLDEN.joinpath("logistic.gd").read_text(encoding="utf-8"))

    assert generated.MODEL == "logistic"
    assert generated.DOC == "Binary logistic regression with an L2 penalty"
    assert GOLDEN.joinpath("logistic.gd").read_text(encoding="utf-8") == generated.SOURCE
    assert __version__ == generated.VERSION
    assert generated.ROW == "n"
    assert list(generated.DIMS) == ["n", "d"]
    assert [entry["name"] for entry in generated.DATA] == ["X", "y"]
    assert generated.DATA[0]["columns"] == {"every": True}
    assert generated.DATA[1]["domain"]["values"] == (0.0, 1.0)
    assert generated.DATA[1]["domain"]["labels"] == ("no", "yes")
    assert [entry["line"] for entry in generated.PARAMS] == [5, 5]
    assert generated.CONSTS[0]["value"] == 1e-3
    assert generated.OBJECTIVE == {"kind": "loss", "line": 9, "sign": 1.0, "penalised": True}
    assert generated.METHOD == {"name": "adam", "options": {"lr": 0.05}}
    assert generated.PREDICTIONS[0]["data"] == ("X",)
    assert list(generated.RULES) == ["adam"]
    assert generated.PASSES == 1
    assert generated.MINIBATCH is None


@pytest.mark.parametrize(("kind", "sign"), [("maximize", -1), ("loglik", -1), ("nll", 1)])
def test_what_is_maximised_is_negated(kind, sign):
    generated = module(f"data y[n]\nparam m\n{kind} sum(y*m)\npenalty 2*m^2")
    problem = generated.bind([1.0, 2.0])

    assert generated.OBJECTIVE["sign"] == sign
    assert problem.value([3.0]) == sign * 9 + 18
    assert problem.loss([3.0]) == sign * 9
    np.testing.assert_array_equal(problem.grad([3.0]), [sign * 3 + 12])


NASTY = [
    "it's",
    "back\\slash",
    "\\",
    "'''",
    "{x} %s $y",
    "x²·µ → ∞",
    "\\u0041\\n",
    "# noqa",
    "ends with \\'",
    "'",
    "{{}}",
]


@pytest.mark.parametrize("text", NASTY)
def test_the_users_words_stay_words(text):
    model = (
        f'model words "{text}"\ndim k in {{"{text}", "b"}}\ndata y[n] in k "{text}"\n'
        f'param a[k] "{text}"  # {text}\nloss sum(a^2) + a["{text}"] - sum(a[y])\n'
        f'predict p[k] = a "{text}"\n'
    )

    generated = module(model)
    problem = generated.bind([0, 1, 1])

    assert model == generated.SOURCE
    assert text == generated.DOC == generated.DATA[0]["doc"] == generated.PARAMS[0]["doc"]
    assert generated.DIMS["k"]["labels"] == (text, "b")
    assert problem.theta_names == [f"a[{text}]", "a[b]"]
    assert problem.value([3.0, 5.0]) == 34 + 3 - 13


@pytest.mark.parametrize(
    "source",
    [
        "param x\r\nloss x^2\r\n",
        "param x\nloss x^2",
        'param x "a"\nloss x^2 # "',
        "param x\nloss x^2\n\n\n",
    ],
)
def test_the_source_is_kept_as_it_came(source):
    assert source == module(source).SOURCE
