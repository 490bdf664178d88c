"""The stages in order, on one screen. Nothing else calls two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gdsym import __version__
from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.notation import show
from gdsym.calculus.program import Program
from gdsym.calculus.stabilise import stabilise
from gdsym.codegen.lower import lower
from gdsym.codegen.module import module_text
from gdsym.codegen.plan import Plan, plan
from gdsym.errors import UsageError, did_you_mean
from gdsym.files import read_text
from gdsym.language.check import load_model
from gdsym.language.model import Model, Rule
from gdsym.language.optimizer import load_rule
from gdsym.optimizers import rule_path, rules


@dataclass(frozen=True, slots=True)
class Stages:
    """What every stage made of a model."""

    model: Model
    built: Program
    stable: Program
    derived: Program
    lowered: Program
    plan: Plan


def stages(text: str, name: str) -> Stages:
    """Text to plan. Raises SourceError with everything that is wrong with the text."""
    model = load_model(text, name)
    built = build(model)
    stable = stabilise(built)
    derived = stabilise(derive(stable))
    lowered = lower(derived)
    return Stages(model, built, stable, derived, lowered, plan(lowered, derived))


def compile_text(text: str, name: str, *, update: Sequence[str] | None = None) -> str:
    """The generated module for a model text; `name` is what messages call the text.

    `update` names the rules whose update functions the module carries: shipped names or paths of
    `.gd` rule files. None means the rule of the file's own `method`, if that is one.
    """
    made = stages(text, name)
    if update is None:
        method = made.model.method
        update = [method.name] if method is not None and method.name in rules() else []
    compiled = [_rule(entry) for entry in update]
    return module_text(made.plan, made.derived, compiled, __version__)


def show_text(text: str, name: str) -> str:
    """The loss and its gradient as readable formulas."""
    return show(stages(text, name).derived)


def _rule(entry: str) -> Rule:
    if entry in rules():
        return load_rule(rule_path(entry).read_text(encoding="utf-8"), f"{entry}.gd")
    if entry.endswith(".gd"):
        return load_rule(read_text(entry, "rule"), Path(entry).name)
    mend = did_you_mean(entry, rules()) or f"the rules are {', '.join(rules())}"
    mend += " (or the path of a rule file of your own, such as ./mine.gd)"
    raise UsageError(f"there is no update rule `{entry}`\nhelp: {mend}")
