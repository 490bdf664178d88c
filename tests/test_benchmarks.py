"""The benchmarks run, and their contenders agree; what they time is not asserted."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_benchmark_of_loss_and_gradient_checks_its_contenders_and_prints_a_line_each():
    script = ROOT / "benchmarks" / "value_and_grad.py"

    answer = subprocess.run(
        [sys.executable, str(script), "--quick"], capture_output=True, text=True, cwd=ROOT
    )

    assert answer.returncode == 0, answer.stderr
    models = [line.split()[0] for line in answer.stdout.splitlines()[1:]]
    assert models == ["logistic", "poisson", "curve"]
    assert all("numpy" in line for line in answer.stdout.splitlines()[1:])


def test_formulas_as_written_are_right_in_every_row_of_the_stability_table():
    script = ROOT / "benchmarks" / "stability.py"
    page = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=ROOT
    )

    assert answer.returncode == 0, answer.stderr
    header, _, *rows = (line.split(" | ") for line in answer.stdout.splitlines())
    ours = header.index("gdsym")
    assert len(rows) == 13
    for row in rows:
        assert row[ours].removesuffix(" |") == "ok", row
        assert " | ".join(row[: ours + 1]) in page


def test_the_page_on_checking_gradients_shows_what_the_checkers_report_of_the_same_gradients():
    script = ROOT / "benchmarks" / "gradcheck" / "beside.py"
    page = (ROOT / "docs" / "gradient-checking.md").read_text(encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, str(script), "--without", "PyTorch", "JAX"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )

    assert answer.returncode == 0, answer.stderr
    _, _, right, *rows = answer.stdout.splitlines()
    *mistakes, counts = (row.removesuffix(" |").split(" | ") for row in rows)
    assert len(mistakes) >= 12
    assert right.split(" | ")[1] == "AGREES"
    for row in [right.removesuffix(" |").split(" | "), *mistakes]:
        assert " | ".join(row[:3]) in page
    assert counts[1] == f"{len(mistakes)} of {len(mistakes)}"
