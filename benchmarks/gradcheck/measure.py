"""How many right claims are proved, how many planted mistakes are named, how long a check takes.

    python benchmarks/gradcheck/measure.py                  # everything: many minutes
    python benchmarks/gradcheck/measure.py right            # one part: right, claims, claims2,
                                                            # functions, functions2
    python benchmarks/gradcheck/measure.py claims --of 10   # every tenth case
    python benchmarks/gradcheck/measure.py claims --model logistic

`right.txt` holds right derivatives of the models in `tests/zoo`, written in other algebraic forms
than the compiler's, `by_hand.py` gradients of some of them in NumPy. `wrong_claims.py` and
`wrong_functions.py` plant one mistake in them, or two. Every case that is missed is printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import wrong_claims  # noqa: E402
import wrong_functions  # noqa: E402
from by_hand import BY_HAND  # noqa: E402
from planted import Planted, all_named, as_simple  # noqa: E402

import gdsym  # noqa: E402
from gdsym.errors import SourceError  # noqa: E402
from gdsym.gradcheck import Verdict, check_text  # noqa: E402
from gdsym.language.check import load_model  # noqa: E402
from gdsym.language.model import Model  # noqa: E402

ZOO = HERE.parents[1] / "tests" / "zoo"
# So many kinds of mistakes are planted in one right claim, and in one function.
IN_A_CLAIM = 2
IN_A_FUNCTION = 8
PAIRS_IN_A_FUNCTION = 3


class Case(NamedTuple):
    """A wrong gradient: what was planted, the text it has, and whether it was diagnosed.
    `function` is the one that was checked, None for a claim."""

    model: str
    mistakes: tuple[Planted, ...]
    text: str
    verdict: Verdict
    right: bool
    seconds: float
    function: Callable[..., Any] | None = None

    @property
    def kind(self) -> str:
        return " ".join(sorted(planted.kind for planted in self.mistakes))


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


def model_of(name: str) -> Model:
    return load_model(text_of(name), f"{name}.gd")


def checked(model: str, claim: str) -> Verdict:
    """The verdict on a claim about a model of the zoo."""
    (verdict,) = check_text(f"{text_of(model)}\nclaim {claim}\n", f"{model}.gd").claims
    return verdict


def of_claims(double: bool, of: int = 1, only: str = "") -> Iterator[Case]:
    """Wrong claims, up to so many kinds of mistakes for each right claim of a gradient."""
    draw = Random(1)
    grads = [(m, c) for m, c in right() if c.startswith("grad") and only in ("", m)]
    for place, (model, claim) in enumerate(grads):
        block, formula = claim.split(" = ", 1)
        described = model_of(model)
        if double:
            made = list(wrong_claims.two_mistakes(described, block, formula, draw))
        else:
            made = list(wrong_claims.mistakes(described, block, formula))
        draw.shuffle(made)
        kinds: set[tuple[str, ...]] = set()
        if place % of:
            continue
        for wrong in made:
            kind = tuple(planted.kind for planted in wrong.mistakes)
            if len(kinds) == (1 if double else IN_A_CLAIM) or kind in kinds:
                continue
            began = time.process_time()
            try:
                verdict = checked(model, f"{block} = {wrong.text}")
            except SourceError:  # a change that makes no formula
                continue
            if verdict.holds or verdict.verdict == "INCONCLUSIVE":  # it gives the same function
                continue
            seconds = time.process_time() - began
            kinds.add(kind)

            def holds(other: str, model: str = model) -> bool:
                return checked(model, other).holds

            named = all_named(wrong.mistakes, verdict.diagnosis)
            good = named or as_simple(wrong, verdict.diagnosis, holds)
            yield Case(model, wrong.mistakes, f"{block} = {wrong.text}", verdict, good, seconds)


def of_functions(double: bool, of: int = 1, only: str = "") -> Iterator[Case]:
    """Wrong functions: of each one block that is wrong, up to so many kinds for each model. Also
    those whose blocks all hold, since they give the same: `verdict.holds` tells them."""
    draw = Random(2)
    place = 0
    for model in BY_HAND:
        described = model_of(model)
        if double:
            made = list(wrong_functions.two_mistakes(described, draw))
        else:
            made = list(wrong_functions.wrong_functions(described))
        draw.shuffle(made)
        kinds: set[tuple[str, ...]] = set()
        for wrong in made:
            kind = tuple(planted.kind for planted in wrong.mistakes)
            enough = len(kinds) == (PAIRS_IN_A_FUNCTION if double else IN_A_FUNCTION)
            if only not in ("", model) or enough or kind in kinds:
                continue
            kinds.add(kind)
            place += 1
            if place % of:
                continue
            began = time.process_time()
            try:
                report = gdsym.check_gradient(text_of(model), wrong.function)
            except gdsym.GdsymError:  # it raises at every point: nothing to diagnose
                kinds.discard(kind)
                continue
            seconds = time.process_time() - began
            bad = [v for v in report.claims if not v.holds]
            if not bad:
                kinds.discard(kind)
                (held, *_) = report.claims
                yield Case(model, wrong.mistakes, wrong.text, held, False, seconds, wrong.function)
                continue
            bad = [v for v in bad if v.block == f"grad({wrong.block})"] or bad
            bad = [v for v in bad if all(wrong.seen.get(v.block[5:-1], ()))]
            if not bad:  # it gives the same as one of its two changes
                kinds.discard(kind)
                continue
            verdict = draw.choice(bad)
            good = all_named(wrong.mistakes, verdict.diagnosis)
            yield Case(model, wrong.mistakes, wrong.text, verdict, good, seconds, wrong.function)


PARTS = {
    "claims": lambda of, only: of_claims(False, of, only),
    "claims2": lambda of, only: of_claims(True, of, only),
    "functions": lambda of, only: _wrong(of_functions(False, of, only)),
    "functions2": lambda of, only: _wrong(of_functions(True, of, only)),
}


def _wrong(cases: Iterator[Case]) -> Iterator[Case]:
    return (case for case in cases if not case.verdict.holds)


def measure_wrong(part: str, of: int, only: str) -> None:
    planted: Counter[str] = Counter()
    named: Counter[str] = Counter()
    seconds, models = [], set()
    for case in PARTS[part](of, only):
        planted[case.kind] += 1
        named[case.kind] += case.right
        seconds.append(case.seconds)
        models.add(case.model)
        if not case.right:
            print(f"-- {case.model}: {' and '.join(map(_shown, case.mistakes))}")
            print(f"{case.text}\n  {case.verdict.verdict}[{case.verdict.block}]")
            for finding in case.verdict.diagnosis:
                print(f"  {finding.kind}: {finding.text} | {finding.corrected}")
            sys.stdout.flush()
    for kind, count in sorted(planted.items()):
        print(f"{kind:<44} {count:4} planted {named[kind]:4} diagnosed")
    total = planted.total()
    print(
        f"{part}: {total} planted in {len(models)} models, {named.total()} diagnosed "
        f"({100 * named.total() / max(total, 1):.1f} %), {_times(seconds)}"
    )


def _shown(planted: Planted) -> str:
    return f"{planted.kind} {' '.join(planted.tell)}".strip()


def measure_right(of: int, only: str) -> None:
    counts: Counter[str] = Counter()
    seconds = []
    for model, claim in list(right())[::of]:
        if only not in ("", model):
            continue
        began = time.process_time()
        verdict = checked(model, claim)
        seconds.append(time.process_time() - began)
        counts[verdict.verdict] += 1
        if verdict.verdict != "PROVED":
            print(f"{model}: {claim}\n    {verdict.verdict}: {verdict.reason}")
    told = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    print(f"right: {counts.total()} claims: {told}, {_times(seconds)}")
    held: Counter[str] = Counter()
    for model in BY_HAND:
        function = wrong_functions.right_function(model_of(model))
        held.update(v.verdict for v in gdsym.check_gradient(text_of(model), function).claims)
    print(f"right: {held.total()} blocks of {len(BY_HAND)} functions: {dict(held)}")


def _times(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [0.0]
    longest, late = ordered[-1], ordered[int(0.95 * len(ordered))]
    return f"median {ordered[len(ordered) // 2]:.2f} s, 95 % {late:.2f} s, longest {longest:.2f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=["right", *PARTS])
    parser.add_argument("--of", type=int, default=1, metavar="N")
    parser.add_argument("--model", default="")
    asked = parser.parse_args()
    for part in [asked.part] if asked.part else ["right", *PARTS]:
        if part == "right":
            measure_right(asked.of, asked.model)
        else:
            measure_wrong(part, asked.of, asked.model)
