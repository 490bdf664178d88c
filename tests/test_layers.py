"""Dependencies point one way. Each module may import only what its layer is granted here."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gdsym"

# Module or folder -> what it may import of gdsym and of other libraries, anywhere in the file.
# `gdsym` itself (the version, nothing else) is free to all; so is a folder to its own files.
GRANTS = {
    "__init__": {"api", "errors", "gradcheck"},
    "__main__": {"cli"},
    "errors": set(),
    "files": {"errors"},
    "private": {"errors", "files"},
    "recipe": set(),
    "language": {"errors", "private", "lark"},
    "calculus": {"errors", "language", "sympy", "mpmath", "numpy"},
    "codegen": {"errors", "language", "calculus", "sympy", "numpy", "scipy", "threadpoolctl"},
    "compiler": {
        *("errors", "files", "recipe", "language", "calculus", "codegen", "optimizers", "sympy"),
    },
    "stages": {"errors", "files", "language", "calculus", "codegen", "compiler"},
    "explain": {"errors", "language", "calculus", "codegen", "compiler"},
    "lint": {"errors", "language", "calculus", "compiler", "numpy"},
    "gradcheck": {"errors", "files", "language", "calculus", "api", "tracing", "mpmath", "numpy"},
    "tracing": {"numpy"},
    "pytest_plugin": {"gradcheck", "pytest"},
    "optimizers": {"errors", "numpy", "scipy"},
    "data": {"errors", "files", "numpy", "pyarrow", "pandas"},
    "run": {
        *("errors", "files", "data", "optimizers"),
        *("numpy", "numexpr", "scipy", "threadpoolctl"),
    },
    "cache": {"errors", "files", "private", "recipe", "compiler"},
    "api": {
        "errors",
        "files",
        "recipe",
        "cache",
        "compiler",
        "data",
        "optimizers",
        "run",
        "numpy",
    },
    "cli": {
        *("errors", "files", "private", "language", "cache", "explain", "gradcheck", "lint"),
        *("stages",),
        *("api", "data", "optimizers", "run"),
        *("click", "rich", "numpy", "pyarrow", "threadpoolctl"),
    },
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.Module) -> set[str]:
    """What a file imports: `sympy` for a library, `language` for one of our layers."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides the layer"
            assert node.module is not None
            names |= (
                {f"gdsym.{alias.name}" for alias in node.names}
                if node.module == "gdsym"
                else {node.module}
            )
    return {
        name.split(".")[1] if name.startswith("gdsym.") else name.split(".")[0] for name in names
    }


def ours_or_foreign(names: set[str]) -> set[str]:
    return names - set(sys.stdlib_module_names) - {"gdsym", "__version__"}


def test_every_module_belongs_to_a_layer():
    assert {home(path) for path in MODULES} <= set(GRANTS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_stay_within_what_the_layer_is_granted(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ours_or_foreign(imported(tree)) <= GRANTS[home(path)] | {home(path)}


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda p: p.stem)
def test_a_command_imports_only_click_at_its_top(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]

    assert ours_or_foreign(imported(ast.Module(body, []))) <= {"click", "errors", "cli"}


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split("\n")[-2].split())


def test_importing_gdsym_loads_no_other_module_of_it():
    loaded = loaded_by("import gdsym")

    assert {name for name in loaded if name.startswith("gdsym")} == {"gdsym"}


def test_help_loads_only_click():
    loaded = loaded_by("from gdsym.cli import run\nrun(['--help'])")

    assert "click" in loaded
    assert not loaded & {"numpy", "sympy", "lark", "rich", "pyarrow", "scipy", "gdsym.api"}


def test_the_help_of_no_command_loads_more_than_click():
    code = """
from gdsym.cli import Commands, run
for name in Commands().list_commands(None):
    assert run([name, "--help"]) == 0
"""
    loaded = loaded_by(code)

    assert not loaded & {"numpy", "sympy", "lark", "rich", "pyarrow", "scipy", "gdsym.api"}
    ours = {name for name in loaded if name.startswith("gdsym.") and ".cli" not in name}
    assert ours == {"gdsym.errors"}


def test_compiling_loads_nothing_that_computes_with_numbers():
    loaded = loaded_by(
        "from gdsym.compiler import compile_text\ncompile_text('param a\\nloss (a - 1)^2', 'm.gd')"
    )

    assert "sympy" in loaded
    assert not loaded & {"numpy", "scipy", "pyarrow", "pandas", "rich", "importlib.metadata"}


def test_the_process_of_a_traced_function_loads_numpy_and_nothing_slower():
    loaded = loaded_by("import gdsym.tracing.record")

    assert "numpy" in loaded
    assert not loaded & {"sympy", "lark", "scipy", "click", "gdsym.language", "gdsym.calculus"}


GENERATED = """
import importlib.abc
import sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"gdsym", "sympy", "lark", "click", "rich", "pyarrow"}:
            raise ImportError(f"a generated module must not import {name}")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, ".")
import numpy as np
import line

x = np.array([1.0, 2.0, 4.0])
problem = line.bind(x, 3.0 * x + 1.0)
f, g = problem.value_and_grad(problem.pack(a=3.0, b=1.0))
assert f == 0.0 and not g.any()
print("ok")
"""


def test_a_generated_module_runs_where_gdsym_sympy_and_lark_cannot_be_imported(tmp_path):
    from gdsym.compiler import compile_text

    text = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\n"
    (tmp_path / "line.py").write_text(compile_text(text, "line.gd"), encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, "-I", "-c", GENERATED], cwd=tmp_path, capture_output=True, text=True
    )

    assert answer.stdout == "ok\n", answer.stderr


BESIDE_NUMPY = """
import numpy
import sys
numpys = set(sys.modules)
import line

print(*sorted(set(sys.modules) - numpys))
problem = line.bind([1.0, 2.0, 4.0], [4.0, 7.0, 13.0])
problem.value_and_grad(problem.pack(a=3.0, b=1.0))
print(*sorted(set(sys.modules) - numpys))
"""


def test_a_generated_module_and_its_few_data_load_no_more_than_numpy(tmp_path):
    from gdsym.compiler import compile_text

    text = "data x[n], y[n]\nparam a, b\nloss mean((y - a*x - b)^2)\n"
    (tmp_path / "line.py").write_text(compile_text(text, "line.gd"), encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, "-c", BESIDE_NUMPY], cwd=tmp_path, capture_output=True, text=True
    )

    assert answer.stdout == "__future__ line\n" * 2, answer.stderr
