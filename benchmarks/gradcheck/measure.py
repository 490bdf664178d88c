"""How many right claims are proved, how many planted mistakes are named, how long a check takes.

    python benchmarks/gradcheck/measure.py                 # right claims; MODEL for one model's
    python benchmarks/gradcheck/measure.py --wrong 2       # two mistakes planted in each of them
    python benchmarks/gradcheck/measure.py --wrong 1 --double

`right.txt` holds right derivatives of the models in `tests/zoo`, written in other algebraic forms
than the compiler's. Wrong ones are made from them by `mistakes.py`.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from gdsym.errors import SourceError
from gdsym.gradcheck import Verdict, check_text
from gdsym.language.check import load_model

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


def text_of(model: str) -> str:
    return (ZOO / f"{model}.gd").read_text(encoding="utf-8")


def checked(model: str, claim: str) -> Verdict:
    """The verdict on a claim about a model of the zoo."""
    (verdict,) = check_text(f"{text_of(model)}\nclaim {claim}\n", f"{model}.gd").claims
    return verdict


def measure_right(only: str) -> None:
    counts: Counter[str] = Counter()
    seconds = []
    for model, claim in right():
        if only not in ("", model):
            continue
        began = time.process_time()
        verdict = checked(model, claim)
        seconds.append(time.process_time() - began)
        counts[verdict.verdict] += 1
        if verdict.verdict != "PROVED":
            print(f"{model}: {claim}\n    {verdict.verdict}: {verdict.reason}")
    total = sum(counts.values())
    print(f"{total} right claims: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    print(f"median {sorted(seconds)[total // 2]:.2f} s, longest {max(seconds):.2f} s")


def wrong(each: int, double: bool, only: str) -> Iterator[tuple[str, str, str, Verdict]]:
    """Model, kind of the mistake, claim and verdict, for up to `each` kinds per right claim."""
    from mistakes import mistakes, two_mistakes

    draw = Random(1)
    for model, claim in right():
        block, formula = claim.split(" = ", 1)
        if only not in ("", model) or not block.startswith("grad"):
            continue
        described = load_model(text_of(model), f"{model}.gd")
        if double:
            made = list(two_mistakes(described, block, formula, draw))
        else:
            made = list(mistakes(described, block, formula))
        draw.shuffle(made)
        kinds: set[str] = set()
        for mistake in made:
            if len(kinds) == each or mistake.kind in kinds:
                continue
            planted = f"{block} = {mistake.text}"
            try:
                verdict = checked(model, planted)
            except SourceError:  # a change that makes no formula
                continue
            if not verdict.holds:  # some changes give the same function
                kinds.add(mistake.kind)
                yield model, mistake.kind, planted, verdict


def measure_wrong(each: int, double: bool, only: str) -> None:
    planted: Counter[str] = Counter()
    named: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for model, kind, claim, verdict in wrong(each, double, only):
        found = {finding.kind for finding in verdict.diagnosis}
        planted[kind] += 1
        told[kind] += bool(found - {"unknown"})
        if set(kind.split()) <= found:
            named[kind] += 1
        else:
            print(f"{kind}: {model}: {claim}\n    {', '.join(sorted(found)) or verdict.verdict}")
    for kind, count in sorted(planted.items()):
        print(f"{kind:<40} {count:4} planted {named[kind]:4} named {told[kind]:4} explained")
    total = planted.total()
    print(f"{total} planted, {named.total()} named, {told.total()} explained")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--wrong", type=int, default=0, metavar="N")
    parser.add_argument("--double", action="store_true")
    asked = parser.parse_args()
    if asked.wrong:
        measure_wrong(asked.wrong, asked.double, asked.model)
    else:
        measure_right(asked.model)
