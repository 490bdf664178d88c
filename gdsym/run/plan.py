"""Which method, with which options: the model's `method` statement, then the caller's wishes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from gdsym import optimizers
from gdsym.errors import UsageError, did_you_mean
from gdsym.optimizers._options import COMMON, FOR_RULES, own_options
from gdsym.run import auto
from gdsym.run.generated import Module, Problem
from gdsym.run.objective import missing

DEFAULT_METHOD = "lbfgs"
DEFAULT_TOL = 1e-8
DEFAULT_MAX_ITER = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A method and all its options. `rule`: an update rule of the generated module.

    An option that is a text is a schedule of the module's. `reason`: why it is this method, where
    nobody has asked for one.
    """

    method: str
    rule: bool
    options: dict[str, float | str]  # the method's own
    tol: float = DEFAULT_TOL
    max_iter: int | None = None
    batch_size: int | None = None
    epochs: int | None = None
    shuffle: str | None = None
    seed: int = 0
    reason: str = ""

    @property
    def is_loose(self) -> bool:
        """Whether a tolerance was asked for that leaves digits out."""
        return self.tol > DEFAULT_TOL

    def given(self) -> dict[str, float | str]:
        """Every option in force, for the record."""
        common = {name: getattr(self, name) for name in COMMON if name != "seed"}
        return {**self.options, **{k: v for k, v in common.items() if v is not None}}


def is_rule_path(method: str) -> bool:
    """Whether `--method` names a rule file rather than a shipped method."""
    return method.endswith(".gd") or PurePath(method).name != method


def rules_to_compile(method: str | None) -> Sequence[str] | None:
    """What a module needs of update rules for this method; None: those of the model's `method`.

    Raises UsageError for a name that is neither a method nor a rule.
    """
    if method is None:
        return None
    if is_rule_path(method) or method in optimizers.rules():
        return [method]
    if method == auto.NAME or method in optimizers.methods():
        return []
    raise _unknown_method(method)


def make_plan(
    module: Module,
    method: str | None,
    wishes: Mapping[str, Any],
    problem: Problem | None = None,
) -> Plan:
    """The plan; options of the model's own `method` hold unless the caller names another one.

    Wishes that are None count as not given. problem: the model with its data, by whose size
    `auto` chooses. Raises UsageError for what is unknown or impossible.
    """
    stated = module.METHOD or {"name": auto.NAME, "options": {}}
    name = _rule_name(module, method) if method is not None else str(stated["name"])
    # The path of a rule file is another method, also where its rule has the same name.
    same = method is None or method == stated["name"]
    stated_options = dict(stated["options"]) if same else {}
    given = {**stated_options, **{k: v for k, v in wishes.items() if v is not None}}
    reason = ""
    if name == auto.NAME:
        name, reason = _chosen(module, given, problem)
    own = _own_options(module, name)
    for option in given:
        if option not in own and option not in COMMON:
            raise _unknown_option(module, name, option, own)
    common: dict[str, Any] = {k: _common(k, v) for k, v in given.items() if k in COMMON}
    rule = name in module.RULES
    options: dict[str, float | str] = {}
    for option, value in given.items():
        if option not in own:
            continue
        if rule and _is_schedule(module, value):
            options[option] = value.strip()
        else:
            options[option] = _own(name, option, value, own[option])
    _check_needs(module, name, rule)
    _check_batches(module, name, rule, common)
    _check_steps(module, name, options, common)
    if not rule and optimizers.needs(name):
        common.setdefault("tol", 0.0)  # it ends by itself, where float64 has no more to give
    return Plan(name, rule, {**own, **options} if rule else options, reason=reason, **common)


def _chosen(module: Module, given: Mapping[str, Any], problem: Problem | None) -> auto.Choice:
    """What `auto` stands for; a method that lacks an option which is given is passed over."""

    def can(method: str) -> bool:
        if method not in optimizers.methods():
            return False
        own = own_options(optimizers.method(method))
        common = [option for option in COMMON if option not in FOR_RULES]
        known = all(option in own or option in common for option in given)
        return known and all(missing(module, need) is None for need in optimizers.needs(method))

    told = getattr(module, "STRUCTURE", {}), getattr(module, "PROXIMAL", ())
    squares = missing(module, "residual_qr") is None
    facts = auto.Facts(*told, squares, bent=any(map(_is_bent, module.PARAMS)))
    if problem is not None:
        size = problem.size - int(problem.fixed.sum())
        facts = replace(facts, size=size, rows=problem.n_rows or 0, consts=problem.consts)
    return auto.choose(facts, can)


def _is_bent(param: Mapping[str, Any]) -> bool:
    """Whether a change of variables keeps a parameter in its domain."""
    domain = param.get("domain", {})
    is_open = domain.get("lower_open") or domain.get("upper_open")
    return bool(is_open) or domain.get("structure") in ("simplex", "ordered", "sumzero")


def _rule_name(module: Module, method: str) -> str:
    """The name under which the module carries a rule file's function; other names as they are."""
    if not is_rule_path(method):
        return method
    stem = PurePath(method).stem
    return stem if stem in module.RULES or len(module.RULES) != 1 else next(iter(module.RULES))


def _own_options(module: Module, name: str) -> dict[str, float]:
    """The options of a method and their defaults."""
    if name in module.RULES:
        return dict(module.RULES[name]["options"])
    if name in optimizers.methods():
        return own_options(optimizers.method(name))
    if name in optimizers.rules():
        raise UsageError(
            f"this module was compiled without the rule `{name}`\n"
            f"help: compile it with `--update {name}`"
        )
    raise _unknown_method(name)


def _unknown_method(name: str) -> UsageError:
    known = [auto.NAME, *optimizers.methods(), *optimizers.rules()]
    return UsageError(
        f"there is no method `{name}`\nhelp: "
        + (did_you_mean(name, known) or f"the methods are {', '.join(known)}")
        + " (or the path of a rule file of your own, such as ./mine.gd)"
    )


def _unknown_option(
    module: Module, method: str, option: str, own: Mapping[str, float]
) -> UsageError:
    rule = method in module.RULES
    known = [*own, *(name for name in COMMON if rule or name not in FOR_RULES)]
    guess = did_you_mean(option, known)
    return UsageError(
        f"`{method}` has no option `{option}`\n"
        f"help: {guess + ' ' if guess else ''}its options are {', '.join(known)}"
    )


def _common(name: str, value: Any) -> float | int | str:
    if name == "shuffle":
        if value in ("rows", "blocks"):
            return str(value)
        raise _not_a(name, value, COMMON[name])
    number = _number(name, value, COMMON[name])
    if name == "tol":
        if number >= 0:
            return number
    elif number == int(number) and number >= (name in FOR_RULES):
        return int(number)
    raise _not_a(name, value, COMMON[name])


def _own(method: str, name: str, value: Any, default: float) -> float | int:
    number = _number(name, value, "a number")
    if not isinstance(default, int):
        return number
    if number == int(number) and number >= 1:
        return int(number)
    raise _not_a(name, value, f"a whole number from 1 up in `{method}`")


def _number(name: str, value: Any, wanted: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _not_a(name, value, wanted) from None
    if not math.isfinite(number):
        raise _not_a(name, value, wanted)
    return number


def _not_a(name: str, value: Any, wanted: str) -> UsageError:
    return UsageError(f"option `{name}` is {value!r}, but it must be {wanted}")


def _is_schedule(module: Module, value: Any) -> bool:
    return isinstance(value, str) and value.strip() in module.SCHEDULES


def _check_steps(
    module: Module,
    name: str,
    options: Mapping[str, float | str],
    common: Mapping[str, Any],
) -> None:
    """`T` has a value only where somebody has said how many steps there are."""
    if "epochs" in common or "max_iter" in common:
        return
    mend = "`T` is the number of steps asked for: give epochs or max_iter"
    for option, value in options.items():
        if isinstance(value, str) and "T" in module.SCHEDULES[value]["reads"]:
            raise UsageError(
                f"option `{option}` is `{value}`, and no number of steps is set\nhelp: {mend}"
            )
    if name in module.RULES and "T" in module.RULES[name].get("reads", ()):
        raise UsageError(f"`{name}` reads `T`, and no number of steps is set\nhelp: {mend}")


def _check_needs(module: Module, name: str, rule: bool) -> None:
    for need in () if rule else optimizers.needs(name):
        why = missing(module, need)
        if why is not None:
            raise UsageError(
                f"`{name}` cannot fit this model: {why}\n"
                f"help: {DEFAULT_METHOD} and bfgs need the gradient alone"
            )


def _check_batches(module: Module, name: str, rule: bool, common: Mapping[str, Any]) -> None:
    asked = [option for option in FOR_RULES if option in common]
    if asked and not rule:
        rules = ", ".join(module.RULES or optimizers.rules())
        raise UsageError(
            f"`{name}` has no option `{asked[0]}`: it uses all rows in every iteration\n"
            f"help: mini-batches and epochs belong to update rules: method {rules}"
        )
    if "shuffle" in common and "batch_size" not in common:
        raise UsageError(
            "`shuffle` is the order of mini-batches, and there are none\n"
            "help: give batch_size, or leave out shuffle"
        )
    if "batch_size" in common and module.MINIBATCH is not None:
        raise UsageError(
            f"this model has no unbiased mini-batches: {module.MINIBATCH}\n"
            "help: leave out batch_size, so that every step uses all rows"
        )
