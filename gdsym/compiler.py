"""The stages in order, on one screen. Nothing else calls two of them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from os.path import basename, dirname

from gdsym import __version__
from gdsym.calculus.build import build
from gdsym.calculus.derive import derive
from gdsym.calculus.notation import show
from gdsym.calculus.program import Program
from gdsym.calculus.second import differentiate_twice
from gdsym.calculus.stabilise import stabilise
from gdsym.codegen.backends import backend as backend_called
from gdsym.codegen.lower import lower
from gdsym.codegen.module import module_text
from gdsym.codegen.optimisations import checked
from gdsym.codegen.plan import Plan, plan
from gdsym.codegen.update import STEPS
from gdsym.errors import UsageError, did_you_mean
from gdsym.files import read_text
from gdsym.language.check import load_model
from gdsym.language.method import load_schedule
from gdsym.language.model import Model, Rule
from gdsym.language.optimizer import load_rule
from gdsym.optimizers import method, methods, rule_path, rules
from gdsym.optimizers._options import FOR_RULES, STATED, own_options
from gdsym.recipe import DEFAULT, Recipe


@dataclass(frozen=True, slots=True)
class Stages:
    """What every stage made of a model."""

    model: Model
    built: Program
    stable: Program
    derived: Program
    lowered: Program
    plan: Plan


def stages(text: str, name: str, *, guarded: bool = False) -> Stages:
    """Text to plan. Raises SourceError with everything that is wrong with the text.

    guarded: see `lower`.
    """
    model = load_model(text, name, _METHODS)
    built = build(model)
    stable = stabilise(built)
    derived = differentiate_twice(stabilise(derive(stable)))
    lowered = lower(derived, guarded=guarded)
    return Stages(model, built, stable, derived, lowered, plan(lowered, derived))


def compile_text(text: str, name: str, recipe: Recipe = DEFAULT) -> str:
    """The generated module for a model text; `name` is what messages call the text.

    Raises SourceError with what is wrong with the text, a rule file or a schedule, and UsageError
    for a rule, backend or optimisation that is not there.
    """
    with _no_collection():
        return _compiled(text, name, recipe)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Graphs are large, grow all the time and have no cycles: to search them for garbage again
    and again takes a sixth of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _compiled(text: str, name: str, recipe: Recipe) -> str:
    without, backend = checked(recipe.without), recipe.backend
    scheduled = [load_schedule(value, f"option {o}") for o, value in recipe.schedules.items()]
    guarded = backend_called(backend).guards and "guards" not in without
    made = stages(text, name, guarded=guarded)
    update = _of_method(made.model) if recipe.update is None else recipe.update
    steps = [entry for entry in dict.fromkeys(update) if entry in STEPS]
    compiled = [_rule(entry) for entry in dict.fromkeys(update) if entry not in STEPS]
    names = [*steps, *(rule.name for rule in compiled)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two of the rules are called `{twice}`: {', '.join(update)}")
    texts = compiled, __version__, scheduled, backend, steps, without
    return module_text(made.plan, made.derived, *texts)


def _of_method(model: Model) -> list[str]:
    """The rule of the model's own method, if it is one."""
    name = None if model.method is None else model.method.name
    return [name] if name in rules() else []


def show_text(text: str, name: str) -> str:
    """The loss and its gradient as readable formulas."""
    return show(stages(text, name).derived)


def _rule(entry: str) -> Rule:
    if entry in rules():
        return load_rule(rule_path(entry).read_text(encoding="utf-8"), f"{entry}.gd")
    if entry.endswith(".gd"):
        # With its directory, so that it is never taken for a model of the same name.
        return load_rule(read_text(entry, "rule"), entry if dirname(entry) else f"./{entry}")
    if basename(entry) != entry:
        raise UsageError(f"{entry} is no rule file: its name does not end in .gd")
    known = (*STEPS, *rules())
    mend = did_you_mean(entry, known) or f"the rules are {', '.join(known)}"
    mend += " (or the path of a rule file of your own, such as ./mine.gd)"
    raise UsageError(f"there is no update rule `{entry}`\nhelp: {mend}")


def _options(name: str) -> dict[str, bool]:
    """The options of a shipped method, and whether they may change with the step."""
    if name in rules():
        own = dict.fromkeys((option.name for option in _rule(name).options), True)
        return {**own, **dict.fromkeys(STATED, False)}
    common = (option for option in STATED if option not in FOR_RULES)
    return dict.fromkeys((*own_options(method(name)), *common), False)


def _any_options() -> dict[str, bool]:
    """What `auto` accepts: an option that some method has; it then chooses among those."""
    names = [option for name in methods() for option in _options(name)]
    return dict.fromkeys(names, False)


_METHODS: dict[str, Callable[[], dict[str, bool]]] = {
    "auto": _any_options,
    **{name: partial(_options, name) for name in (*methods(), *rules())},
}
