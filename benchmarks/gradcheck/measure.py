"""How many right claims are proved, how many wrong ones are found, and how long a check takes.

    python benchmarks/gradcheck/measure.py             # every claim; MODEL for one model's

`right.txt` holds right gradients of the models in `tests/zoo`, written in other algebraic forms
than the compiler's. Wrong ones are made from them, one mistake each (`mistakes.py`).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gdsym.gradcheck import Verdict, check_text

HERE = Path(__file__).parent
ZOO = HERE.parents[1] / "tests" / "zoo"


def right() -> Iterator[tuple[str, str]]:
    """Model name and claim, such as `("logistic", "grad(b) = mean(sigmoid(z) - y)")`."""
    model = ""
    for line in (HERE / "right.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            model = line[1:-1]
        elif line and not line.startswith("#"):
            yield model, line


def checked(model: str, claim: str) -> Verdict:
    """The verdict on a claim about a model of the zoo."""
    text = (ZOO / f"{model}.gd").read_text(encoding="utf-8")
    (verdict,) = check_text(f"{text}\nclaim {claim}\n", f"{model}.gd").claims
    return verdict


def main(only: str = "") -> None:
    counts: Counter[str] = Counter()
    seconds = []
    for model, claim in right():
        if only not in ("", model):
            continue
        began = time.perf_counter()
        verdict = checked(model, claim)
        seconds.append(time.perf_counter() - began)
        counts[verdict.verdict] += 1
        if verdict.verdict != "PROVED":
            print(f"{model}: {claim}\n    {verdict.verdict}: {verdict.reason}")
    total = sum(counts.values())
    print(f"{total} right claims: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    print(f"median {sorted(seconds)[total // 2]:.2f} s, longest {max(seconds):.2f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
