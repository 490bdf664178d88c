"""`gdsym explain`: the structure of a model, or what the code of a message means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gdsym.language.codes import Code
    from gdsym.run.generated import Problem

WIDTH = 88
# What the search for points that refute convexity may cost.
MOST_OPERATIONS = 3 * 10**10
LEAST_GRADIENTS = 40


@click.command(short_help="Tell the structure of a model, or what a code means.")
@click.argument("subject", metavar="[MODEL.gd|CODE]", required=False)
@click.argument("data", nargs=-1, type=click.Path())
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another value of a constant, or another size of a dimension. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(
    subject: str | None, data: tuple[str, ...], settings: tuple[str, ...], as_json: bool
) -> None:
    """Tell the structure of a model, with its data if given, or what CODE means: the word in
    `error[shape]` or `warning[kink]`. Without both, list all codes.

    \b
      gdsym explain churn.gd
      gdsym explain churn.gd churn.csv --set lam=0.1
      gdsym explain shape
    """
    from gdsym.errors import UsageError, did_you_mean

    if subject is not None and subject.endswith(".gd"):
        _model(subject, data, settings, as_json)
        return
    if data or settings or as_json:
        raise UsageError("data files, --set and --json go with a model: gdsym explain MODEL.gd")
    codes = _codes()
    if subject is None:
        width = max(map(len, codes))
        click.echo("\n".join(f"{name:<{width}}  {c.title}" for name, c in codes.items()))
        return
    match = re.fullmatch(r"(?:error|warning)\[(.*)\]|(.*)", subject, re.DOTALL)
    name = (match[1] or match[2] or "") if match else ""
    if name not in codes:
        mend = did_you_mean(name, codes) or "`gdsym explain` lists all"
        raise UsageError(f"there is no code `{name}`\nhelp: {mend}")
    click.echo(_explanation(codes[name]))


def _model(path: str, data: tuple[str, ...], settings: tuple[str, ...], as_json: bool) -> None:
    from gdsym import api
    from gdsym.cli._arguments import assignments
    from gdsym.explain import facts, lines
    from gdsym.files import read_text

    compiled = api.compile(path)
    consts, sizes = compiled.settings(assignments("--set", settings))
    told = facts(read_text(path), path, consts)
    if data or not compiled.module.DATA:
        from gdsym.run.loop import bind_problem

        bound = compiled.bind(list(data), sizes, {})
        problem = bind_problem(compiled.module, bound, consts)
        _seen(told, compiled.module, problem)
    else:
        problem = None
    _chosen(told, compiled.module, problem)
    if told["convex"] == "unknown":
        _refuted(told, compiled.module, problem)
    if as_json:
        import json

        click.echo(json.dumps(told))
    else:
        click.echo("\n".join(lines(told)))


def _seen(told: dict[str, Any], module: Any, problem: Problem) -> None:
    """What the data add: sizes, and how far the gradient is Lipschitz."""
    from gdsym.run.rates import safe_rate

    told["rows"] = problem.n_rows or 0
    paired = any(module.ROW in term["dims"] for term in (*told["operations"], *told["bytes"]))
    told["sizes"] = {
        name: told["rows"] if name == module.ROW else dim["size"]
        for name, dim in problem.dims.items()
        if name != module.ROW or paired  # rows with rows: each costs something for all others
    }
    told["parameters"] = problem.size
    rate = safe_rate(module, problem)
    told["lipschitz"] = None if rate is None else rate.curvature
    told["safe_rate"] = None if rate is None else rate.safe


def _chosen(told: dict[str, Any], module: Any, problem: Problem | None) -> None:
    """What a fit without a method of its own would take."""
    from gdsym.run import make_plan

    plan = make_plan(module, "auto", {}, problem)
    told["method"], told["reason"] = plan.method, plan.reason


def _affordable(told: dict[str, Any]) -> int:
    """How many gradients are evaluated in about a minute."""
    from gdsym.explain import evaluated

    work = evaluated(told["operations"], told["sizes"]) * max(told["rows"], 1)
    return max(LEAST_GRADIENTS, min(4000, int(MOST_OPERATIONS // max(work, 1))))


def _refuted(told: dict[str, Any], module: Any, problem: Problem | None) -> None:
    """Not convex where two points show it: on the data, or on some of the declared domains."""
    from gdsym.run.counterexample import counter_example, invented

    if problem is None:
        found = counter_example(invented(module))
    else:
        found = counter_example(problem, most=_affordable(told))
    if found is not None:
        before, after = found.slopes
        where = "on random data" if problem is None else "on these data"
        if problem is not None and not module.DATA:
            where = "between two points"
        told["convex"] = "no"
        told["counter_example"] = (
            f"{where}, the slope along a line falls from {before:.4g} to {after:.4g}"
        )


def _codes() -> dict[str, Code]:
    """The codes of errors and of findings, and those of what is in no model."""
    from gdsym.language.codes import CODES, COMMANDS
    from gdsym.lint import rules

    found = {**CODES, **{name: rule.CODE for name, rule in rules().items()}}
    return dict(sorted({**found, **COMMANDS}.items()))


def _explanation(code: Code) -> str:
    from textwrap import fill, indent

    parts = [f"{code.name}: {code.title}", fill(code.text, WIDTH)]
    if code.wrong:
        parts += ["wrong:\n" + indent(code.wrong, "    "), "right:\n" + indent(code.right, "    ")]
    return "\n\n".join(parts)
