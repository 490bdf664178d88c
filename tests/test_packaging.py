"""What is built and installed finds its grammar and its rules, wherever it lies."""

import ast
import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from test_layers import GRANTS, MODULES, imported, ours_or_foreign

ROOT = Path(__file__).parents[1]
MODEL = "data x[n], y[n]\nparam a, b\nloss sum((y - a*x - b)^2)\n"
DATA = "x,y\n1,4\n2,7\n4,13\n"


def run(*command: object, cwd: Path, **environment: str) -> str:
    answer = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr or answer.stdout
    return answer.stdout


def pip_install(site: Path, *what: object) -> None:
    run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
        *("--no-build-isolation", "--disable-pip-version-check", "--target", site, *what),
        cwd=site.parent,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of an sdist, and of a wheel that was built from the unpacked sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(built):
    (path,) = built.glob("*.tar.gz")
    return path


def package_files() -> set[str]:
    files = [path for path in (ROOT / "gdsym").rglob("*") if path.is_file()]
    kept = [path for path in files if "__pycache__" not in path.parts]
    return {path.relative_to(ROOT).as_posix() for path in kept}


def test_the_wheel_holds_the_package_with_its_rules_and_the_grammar(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    assert package_files() | {"gdsym/grammar/gdsym.lark"} <= names
    assert {"gdsym/py.typed", "gdsym/optimizers/adam.gd"} <= names
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"gdsym"}


def test_the_sdist_holds_all_that_is_needed_to_build_and_test(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert package_files() <= names
    assert {
        *("pyproject.toml", "README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "CONTRIBUTING.md"),
        *(".ci/run", "grammar/gdsym.lark", "tests/test_packaging.py", "docs/command-line.md"),
        *("examples/randhie.gd", "examples/data/randhie.csv"),
    } <= names


FIT = """
import sys
import gdsym
print(gdsym.__file__, file=sys.stderr)
from gdsym.cli import run
sys.exit(run(["fit", "line.gd", "line.csv", "--method", "lbfgs", "--json"]))
"""


def fitted(site: Path, folder: Path) -> dict[str, object]:
    """The answer of a fit in an otherwise empty directory, with the package from `site`."""
    (folder / "line.gd").write_text(MODEL)
    (folder / "line.csv").write_text(DATA)
    script = f"import site\nsite.addsitedir({str(site)!r})\n{FIT}"
    cache = str(folder / "cache")
    stdout = run(
        *(sys.executable, "-c", script), cwd=folder, PYTHONPATH=str(site), GDSYM_CACHE_DIR=cache
    )
    answer = json.loads(stdout)
    assert isinstance(answer, dict)
    return answer


def test_an_installed_wheel_fits_a_model_in_an_empty_directory(wheel, tmp_path):
    site = tmp_path / "site"
    pip_install(site, wheel)
    work = tmp_path / "work"
    work.mkdir()

    where = run(
        *(sys.executable, "-c", "import gdsym; print(gdsym.__file__)"),
        cwd=work,
        PYTHONPATH=str(site),
    )
    answer = fitted(site, work)

    assert Path(where.strip()).is_relative_to(site)
    assert answer["status"] == "converged"
    assert answer["params"] == pytest.approx({"a": 3, "b": 1}, abs=1e-6)


def test_an_editable_install_fits_a_model_in_an_empty_directory(tmp_path):
    site = tmp_path / "site"
    pip_install(site, "--editable", ROOT)
    work = tmp_path / "work"
    work.mkdir()

    assert not (site / "gdsym").exists()
    assert fitted(site, work)["params"] == pytest.approx({"a": 3, "b": 1}, abs=1e-6)


def test_the_installed_command_is_called_gdsym(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]

        assert "gdsym = gdsym.cli:main" in archive.read(name).decode()


def test_the_libraries_that_the_code_imports_are_the_declared_ones():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {line.partition(">")[0] for line in project["dependencies"]}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    used = set().union(*(ours_or_foreign(imported(tree)) for tree in trees))

    # pandas is only recognised where the caller has it; mpmath comes with sympy.
    assert used - set(GRANTS) - {"pandas", "mpmath", "pytest"} <= declared
