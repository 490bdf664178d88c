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
