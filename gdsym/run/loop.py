"""A fit from start to finish: bind, plan, start, run a schedule, and say what came out."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite, isnan, nan
from typing import Any

import numpy as np

from gdsym import optimizers
from gdsym.data import Bound
from gdsym.errors import DataError, UsageError
from gdsym.optimizers._iterate import Iterate, Objective, Vector, grad_norm
from gdsym.run.assess import LONGER, Assessed, assess, unlooked
from gdsym.run.auto import PLAIN
from gdsym.run.batch import Limits, follow, polished, rule_iterates
from gdsym.run.diagnose import NotFiniteError, explain
from gdsym.run.fix import fixed_names, fixed_theta
from gdsym.run.generated import Module, Problem
from gdsym.run.inference import Asked, check
from gdsym.run.minibatch import DEFAULT_EPOCHS, Shuffled, run_shuffled
from gdsym.run.objective import NOT_A_NUMBER, FreeObjective, Moving, moving
from gdsym.run.outcome import Outcome, Record
from gdsym.run.plan import DEFAULT_MAX_ITER, Plan, make_plan
from gdsym.run.rates import remarks
from gdsym.run.result import Result, arguments, entry_names
from gdsym.run.rule import bind_rule
from gdsym.run.start import Start, start_theta

Progress = Callable[[Record], None]

BETWEEN_TICKS = 0.1  # seconds
# The largest Hessian that a fit without one is finished with: its side, and side^2 times the rows.
MOST_DENSE = 1000
MOST_WORK = 2 * 10**10
# With a larger one, the fewest and the most products that one of the last steps may take.
PRODUCTS = 20, 500


def fit(
    module: Module,
    bound: Bound,
    *,
    consts: Mapping[str, Any] | None = None,
    method: str | None = None,
    options: Mapping[str, Any] | None = None,
    start: Start | None = None,
    fix: Mapping[str, Any] | None = None,
    asked: Asked | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Result:
    """Fits the model of a generated module to bound data.

    consts: other values of constants, by name. method: one of `optimizers.methods()`, or a rule
    that the module carries; the model's own by default. options: those of the method and
    `plan.COMMON`. fix: what is kept, at a value or (None) at its start. asked: which standard
    errors are wanted. threads: how many an evaluation may use, see `bind` of the module. progress:
    called with a `Record` after every iteration or epoch, and in a
    long epoch now and then. say: called with lines about the method before the first iteration.

    Ctrl-C ends the fit with status `interrupted` and what was reached. Raises UsageError and
    DataError, and NotFiniteError where the objective is not finite at the start.
    """
    # What is not finite is dealt with here.
    with _one_blas_thread(), _one_thread(module), np.errstate(all="ignore"):
        plan = make_plan(module, method, options or {})
        check(module, asked := asked or Asked())
        problem = bind_problem(module, bound, consts or {}, threads)
        if plan.reason:
            plan = make_plan(module, method, options or {}, problem)
        if say is not None:
            for line in remarks(module, problem, plan):
                say(line)
        return _Run(module, bound, problem, plan, start, fix or {}, asked, progress).result()


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """The blocks are small, so more threads only wait for each other, and the digits of a sum
    would depend on their number."""
    changed = [(library, library.num_threads) for library in _blas_libraries()]
    for library, _ in changed:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, count in changed:
            library.set_num_threads(count)


@functools.cache
def _blas_libraries() -> list[Any]:
    """Looked for once in a process: that takes some milliseconds."""
    from threadpoolctl import ThreadpoolController

    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


@contextmanager
def _one_thread(module: Module) -> Iterator[None]:
    """Holds what the module computes with to one thread, where it has threads of its own."""
    set_threads: Callable[[int], int] | None = getattr(module, "set_threads", None)
    if set_threads is None:
        yield
        return
    before = set_threads(1)
    try:
        yield
    finally:
        set_threads(before)


def bind_problem(
    module: Module, bound: Bound, consts: Mapping[str, Any], threads: int | None = None
) -> Problem:
    """The module's problem for these data and constants, both by the user's names."""
    given = {**arguments(module.DATA, bound.arrays), **arguments(module.CONSTS, consts)}
    # Every number has been looked at where it was read; one of float32 may have become infinite.
    given["check"] = any(array.dtype == np.float32 for array in bound.arrays.values())
    if threads is not None:
        given["threads"] = threads
    try:
        problem: Problem = module.bind(**given, dims=bound.dims)
    except (TypeError, ValueError) as error:
        raise DataError(str(error)) from None
    return problem


class _Run:
    """One fit. The methods follow each other; nothing outlives `result`."""

    def __init__(
        self,
        module: Module,
        bound: Bound,
        problem: Problem,
        plan: Plan,
        start: Start | None,
        fix: Mapping[str, Any],
        asked: Asked,
        progress: Progress | None,
    ) -> None:
        self.began = time.perf_counter()
        self.module, self.bound, self.problem, self.plan = module, bound, problem, plan
        self.sign = float(module.OBJECTIVE["sign"])
        self.asked = asked
        self.progress = progress
        self.history: list[Record] = []
        self.ticked = 0.0
        begin = start_theta(module, problem, start, plan.seed)
        self.theta, self.fixed = fixed_theta(module, problem, begin, fix)
        self.objective = FreeObjective(problem, self.theta, self.fixed)
        self.first = Iterate(self.objective.start, nan, np.full(len(self.theta), nan), 0.0, nan)

    def note(self, iteration: int, f: float, norm: float, step: float) -> None:
        seconds = time.perf_counter() - self.began
        record = Record(iteration, self.sign * f, norm, step, seconds)
        self.history.append(record)
        if self.progress is not None:
            self.progress(record)

    def tick(self, iteration: int, f: float, norm: float, step: float) -> None:
        """Progress within an epoch, for those who watch; it is not history."""
        seconds = time.perf_counter() - self.began
        if self.progress is not None and seconds > self.ticked + BETWEEN_TICKS:
            self.ticked = seconds
            self.progress(Record(iteration, self.sign * f, norm, step, seconds))

    def result(self) -> Result:
        outcome = self._run()
        loss = nan
        try:
            # One step at a time: an interrupt in a later one must not lose an earlier one's.
            outcome = self._completed(outcome)
            outcome = self._judged(outcome)
            loss = self.sign * self._loss(outcome)
            assessed = self._assessed(outcome, self.sign * loss)
        except KeyboardInterrupt:
            assessed = unlooked(replace(outcome, status="interrupted"))
        return self._report(assessed, loss)

    def _run(self) -> Outcome:
        try:
            return self._run_schedule()
        except KeyboardInterrupt:  # the schedules themselves catch it
            start = self.objective.start
            return Outcome("interrupted", "interrupted at the start", start, nan, nan, 0)

    def _run_schedule(self) -> Outcome:
        objective, plan = self.objective, self.plan
        self.first = first = objective.iterate(objective.start)
        if not _is_finite(first):
            raise NotFiniteError(self._explained(first.x, first.f, "at the start"))
        self.note(0, first.f, self._norm(first), 0.0)
        if plan.batch_size is not None:
            return self._run_shuffled(plan.batch_size)
        if not plan.rule:
            return self._run_method(moving(objective, self.module))
        rule = bind_rule(self.module, plan.method, plan.options, objective, self._steps())
        iterates = rule_iterates(objective, first, rule, endless=plan.epochs is not None)
        limits = Limits(plan.tol, self._steps(), plan.epochs)
        return follow(iterates, first, limits, objective.lower, objective.upper, self.note)

    def _run_method(self, view: Moving) -> Outcome:
        """A method that is Python, and its last steps by the exact curvature.

        Neither sees the part of the objective that no parameter moves: reports do.
        """
        plan, start, offset = self.plan, view.start(self.first), self.objective.offset

        def note(iteration: int, f: float, norm: float, step: float) -> None:
            self.note(iteration, f + offset, norm, step)

        if "kinks" in optimizers.needs(plan.method) and not view.objective.kinks:
            why = "its kinks lie in groups that are bounded or partly fixed"
            if not plan.reason:
                refused = f"`{plan.method}` cannot fit this model: {why}"
                raise UsageError(f"{refused}\nhelp: --method lbfgs, or bundle")
            plan = self.plan = replace(make_plan(self.module, PLAIN, {}), reason=why)
        minimize = optimizers.method(plan.method)
        iterates = minimize(view.objective, start, view.lower, view.upper, **plan.options)
        limits = Limits(plan.tol, self._steps())
        outcome = follow(iterates, start, limits, view.lower, view.upper, note)
        ended = outcome.status == "converged" or outcome.own_end  # not where it was cut short
        # With a tolerance that leaves digits out, the last steps are not to take longer than that.
        dear = len(view.lower) > LONGER * self.objective.evaluations
        if ended and not (plan.is_loose and dear):
            # One of the last steps costs about as much as the fit did, at most.
            products = int(np.clip(self.objective.evaluations // 2, *PRODUCTS))
            known = self._for_last_steps(view)
            outcome = polished(outcome, known, view.lower, view.upper, products, note)
        whole = self.objective.whole
        return replace(
            outcome,
            phi=whole(outcome.phi),
            f=outcome.f + offset,
            trouble=None if outcome.trouble is None else whole(outcome.trouble),
            held=view.at_kinks(outcome.phi),
        )

    def _for_last_steps(self, view: Moving) -> Objective:
        """Without the matrices whose cost is beyond that of a fit that did not make them."""
        size = len(view.lower)
        dense = size <= MOST_DENSE and size**2 * max(self.problem.n_rows or 0, 1) <= MOST_WORK
        if dense or not {"hess", "residual_qr"}.isdisjoint(optimizers.needs(self.plan.method)):
            return view.objective
        return replace(view.objective, hess=None, residual_qr=None)

    def _steps(self) -> int:
        """The number of iterations that a run over all rows may make."""
        limit = DEFAULT_MAX_ITER if self.plan.max_iter is None else self.plan.max_iter
        return self.plan.epochs if self.plan.epochs is not None else limit

    def _run_shuffled(self, batch_size: int) -> Outcome:
        plan, n = self.plan, self.problem.n_rows
        if not n:
            raise UsageError("this model has no rows, so there are no mini-batches of them")
        epochs = plan.epochs or DEFAULT_EPOCHS
        in_blocks = plan.shuffle == "blocks"
        schedule = Shuffled(n, min(batch_size, n), epochs, plan.seed, plan.max_iter, in_blocks)
        rule = bind_rule(self.module, plan.method, plan.options, self.objective, schedule.total)
        return run_shuffled(self.objective, self.first, rule, schedule, self.note, self.tick)

    def _completed(self, outcome: Outcome) -> Outcome:
        """The outcome with f and the gradient, at a point where both are finite."""
        objective = self.objective
        # An interrupt may have come between a step and its projection.
        phi = np.clip(outcome.phi, objective.lower, objective.upper)
        if isfinite(outcome.f):
            return replace(outcome, phi=phi)
        at = objective.iterate(phi)
        good = _is_finite(at)
        if good and not (outcome.status == "diverged" and at.f > self.first.f):
            return replace(outcome, phi=phi, f=at.f, grad_norm=self._norm(at))
        if not _is_finite(self.first):  # interrupted before anything was known
            return outcome
        return replace(
            outcome,
            status="interrupted" if outcome.status == "interrupted" else "diverged",
            phi=self.first.x,
            f=self.first.f,
            grad_norm=self._norm(self.first),
            trouble=outcome.trouble if good else phi,
        )

    def _judged(self, outcome: Outcome) -> Outcome:
        """The outcome with a status that is true of the values, and a message that helps."""
        first = self.first.f
        if outcome.status in ("finished", "stopped") and outcome.f - first > max(1.0, abs(first)):
            message = f"the objective rose from {self.sign * first:g} to {self.sign * outcome.f:g}"
            outcome = replace(outcome, status="diverged", message=message + self._slower())
        elif outcome.trouble is not None:
            when = f"in iteration {outcome.iterations + 1:,}"
            message = self._explained(outcome.trouble, nan, when)
            outcome = replace(outcome, message=message + self._slower())
        # Where the last steps have seen the curvature of a minimum, it is no saddle.
        stuck = self._stuck(outcome.phi) if isnan(outcome.ahead) else []
        if not stuck:
            return outcome
        saddle = (
            f"; {', '.join(f'`{name}`' for name in stuck)} never left the start, where the "
            "gradient is exactly 0: at a saddle? start from a draw, `= normal(0, 0.1)`"
        )
        return replace(outcome, message=outcome.message + saddle)

    def _slower(self) -> str:
        """What to try after a divergence."""
        rate = self.plan.options.get("lr")
        if rate is None:
            return ""
        return f"; try a smaller lr (it is {rate if isinstance(rate, str) else f'{rate:g}'})"

    def _stuck(self, phi: Vector) -> list[str]:
        """Free parameters all of whose entries are still where they began, with gradient 0."""
        moved = (phi != self.first.x) | (self.first.g != 0) | self.fixed
        first, names = 0, []
        for name, value in self.problem.unpack(self.theta).items():
            entries = slice(first, first + int(np.size(value)))
            first = entries.stop
            if entries.stop > entries.start and not moved[entries].any():
                names.append(name)
        return names

    def _explained(self, phi: Vector, f: float, when: str) -> str:
        """Where in the model the trouble is; f is computed where it is nan."""
        theta = self.objective.to_theta(phi)
        if not np.all(np.isfinite(theta)):
            return f"the parameters are no longer finite {when}"
        if not isfinite(f) and when != "at the start":
            f = self.objective(phi)[0]
        data = self.bound.arrays
        return explain(self.module, self.problem, theta, f, when, data, self.fixed)

    def _loss(self, outcome: Outcome) -> float:
        if not self.module.OBJECTIVE["penalised"]:
            return outcome.f
        try:
            return float(self.problem.loss(self.objective.to_theta(outcome.phi)))
        except NOT_A_NUMBER:
            return nan

    def _norm(self, at: Iterate) -> float:
        return grad_norm(at.f, at.g, at.x, self.objective.lower, self.objective.upper)

    def _assessed(self, outcome: Outcome, loss: float) -> Assessed:
        """The outcome with what the curvature says about it."""
        fitted = self.module, self.bound, self.problem
        return assess(*fitted, self.objective, outcome, self.theta, loss, self.asked)

    def _report(self, assessed: Assessed, loss: float) -> Result:
        module, problem, outcome = self.module, self.problem, assessed.outcome
        theta = self.objective.to_theta(outcome.phi)
        dims = {
            name: {"size": int(dim["size"]), "labels": _labels(dim)}
            for name, dim in problem.dims.items()
            if name != module.ROW or any(name in param["dims"] for param in module.PARAMS)
        }
        return Result(
            model=module.MODEL,
            method=self.plan.method,
            reason=self.plan.reason,
            status=outcome.status,
            message=outcome.message,
            objective=self.sign * outcome.f,
            loss=loss,
            grad_norm=outcome.grad_norm,
            iterations=outcome.iterations,
            evaluations=self.objective.evaluations,
            seconds=time.perf_counter() - self.began,
            n_rows=problem.n_rows,
            params=problem.unpack(theta),
            dims=dims,
            theta=theta,
            theta_names=tuple(problem.theta_names),
            stats=dict(problem.stats_at(theta)),
            consts=dict(problem.consts),
            columns=dict(self.bound.columns),
            options=self.plan.given(),
            seed=self.plan.seed,
            history=tuple(self.history),
            module=module,
            fixed=fixed_names(entry_names(module, dims), self.fixed),
            data=self.bound,
            certificate=assessed.certificate,
            inference=assessed.inference,
            predictions=assessed.derived,
        )


def _is_finite(at: Iterate) -> bool:
    return isfinite(at.f) and bool(np.all(np.isfinite(at.g)))


def _labels(dim: Mapping[str, Any]) -> list[str] | None:
    labels = dim.get("labels")
    return None if labels is None else [str(label) for label in labels]
