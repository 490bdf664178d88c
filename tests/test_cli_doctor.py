import sys
from importlib import metadata

import pytest

import gdsym
from gdsym.cli import doctor, run


def told(capsys, code):
    assert run(["doctor"]) == code
    return capsys.readouterr().out


def test_all_is_well_here(capsys):
    out = told(capsys, 0)

    states = [line.split()[0] for line in out.splitlines()]
    assert set(states) <= {"ok", "note"}
    for word in (f"gdsym {gdsym.__version__}", "numpy ", "sympy ", "cache ", "BLAS ",
                 "a small model compiles and fits"):  # fmt: skip
        assert f"ok     {word}" in out


def test_a_library_that_is_not_there_is_wrong(capsys, monkeypatch):
    real = metadata.version

    def version(name):
        if name == "lark":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert "wrong  lark is not installed: python -m pip install 'lark" in told(capsys, 1)


def test_a_library_that_is_too_old_is_wrong(capsys, monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["numpy>=99", "pytest>=1; extra"])
    out = told(capsys, 1)
    assert "wrong  numpy " in out
    assert "pip install 'numpy>=99'" in out
    assert "pytest>=1" not in out


def test_an_optional_package_that_is_not_there_is_no_harm(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "OPTIONAL", {"no-such-package": "nothing"})
    assert "note   no-such-package is not installed; it is optional" in told(capsys, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions there are others")
def test_a_cache_that_others_can_write_is_wrong(tmp_path, capsys, monkeypatch):
    tmp_path.chmod(0o777)
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(tmp_path))
    assert f"wrong  the cache {tmp_path} cannot be used" in told(capsys, 1)


def test_the_probe_of_the_cache_leaves_nothing_behind(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GDSYM_CACHE_DIR", str(tmp_path / "cache"))
    told(capsys, 0)
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} <= {".py"}


def test_a_fit_that_goes_wrong_is_told(capsys, monkeypatch):
    def fit(*arguments):
        raise RuntimeError("no")

    monkeypatch.setattr("gdsym.api.fit", fit)
    assert "wrong  fits: RuntimeError: no" in told(capsys, 1)


@pytest.mark.parametrize(
    ("version", "requirement", "fits"),
    [
        ("2.1.0", "numpy>=2.1,!=2.3.0", True),
        ("2.3.0", "numpy!=2.3.0,>=2.1", False),
        ("2.3", "numpy!=2.3.0,>=2.1", False),
        ("2.10", "numpy>=2.9", True),
        ("2.0.9", "numpy>=2.1", False),
        ("1.14", "sympy>=1.14", True),
        ("8.3.0", "click>8.3", False),
        ("3", "a<4,>2,<=3,==3.0", True),
        ("1.0+local.7", "a<=1.0", True),
        ("1", "a", True),
    ],
)
def test_versions_are_compared_number_by_number(version, requirement, fits):
    assert doctor.fits(version, requirement) is fits
