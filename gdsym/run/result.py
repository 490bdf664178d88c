"""A fit: what came out, how it can be used on new data, and how it looks in print."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gdsym.data import Bound, Dropped, bind_tables
from gdsym.errors import DataError, UsageError
from gdsym.optimizers._iterate import Vector
from gdsym.run.certificate import Certificate
from gdsym.run.generated import Module, Values
from gdsym.run.inference import Derived, Inference
from gdsym.run.outcome import EXIT_CODES, Record, Status

MOST_ENTRIES = 12  # of a parameter, in the printed form

JSON_KEYS = (
    "model",
    "method",
    "status",
    "message",
    "objective",
    "loss",
    "grad_norm",
    "iterations",
    "evaluations",
    "seconds",
    "n_rows",
    "params",
    "dims",
    "std_errors",
    "covariance",
    "certificate",
    "inference",
    "predictions",
)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Result:
    """What a fit gives back. Signs are the user's: a `maximize` reports what it maximised.

    `params`: name to float or array, axes as declared; `objective`: with the penalties, `loss`:
    without them; `grad_norm`: the largest projected gradient in free coordinates over
    max(1, |objective|); `dims`: size and labels of each dimension but the rows; `columns`: which
    columns of a table each data was made of; nan is what an interrupt left unknown. `certificate`:
    what kind of point this is; `inference`: what follows for the parameters after a likelihood or
    a residual; `predictions`: the scalar predictions on the data of the fit.
    """

    model: str
    method: str
    status: Status
    message: str
    objective: float
    loss: float
    grad_norm: float
    iterations: int
    evaluations: int
    seconds: float
    n_rows: int | None
    params: Values
    dims: dict[str, dict[str, Any]]
    theta: Vector
    theta_names: tuple[str, ...]
    stats: dict[str, Any]
    consts: dict[str, Any]
    columns: dict[str, list[str]]
    options: dict[str, float | str]  # a text is an expression of the step
    seed: int
    history: tuple[Record, ...]
    module: Module = field(compare=False)
    fixed: tuple[str, ...] = ()  # the entries of theta that were kept where they were
    data: Bound | None = None  # what was fitted; None in a fit that was loaded
    data_sha256: str | None = None
    column_sha256: dict[str, str] = field(default_factory=dict)  # of a fit that was loaded
    certificate: Certificate = field(default_factory=Certificate)
    inference: Inference | None = None
    predictions: tuple[Derived, ...] = ()
    reason: str = ""  # why it was this method, where `auto` chose

    @property
    def exit_code(self) -> int:
        """0 converged or finished, 1 stopped or diverged, 130 interrupted."""
        return EXIT_CODES[self.status]

    @property
    def std_errors(self) -> Values | None:
        """Standard errors by parameter, as `params`; nan where one is withheld, and None where
        there are none: `inference.withheld` says why."""
        if self.inference is None or self.inference.withheld:
            return None
        return self._by_parameter(self.inference.std_errors)

    @property
    def covariance(self) -> Vector | None:
        """The covariance (p, p) in the order of `theta_names`; nan where withheld."""
        return None if self.inference is None else self.inference.covariance

    def summary(self) -> str:
        """The table of estimates with what it rests on, as `gdsym fit` prints it."""
        from gdsym.run.summary import summary_text

        return summary_text(self)

    def _by_parameter(self, entries: Vector) -> Values:
        values: Values = {}
        first = 0
        for name, value in self.params.items():
            part = entries[first : first + int(np.size(value))]
            first += len(part)
            values[name] = part.reshape(np.shape(value)) if np.ndim(value) else float(part[0])
        return values

    def predict(
        self,
        *sources: Any,
        missing: str = "error",
        unseen: str = "error",
        bind: Mapping[str, Any] | None = None,
        **arrays: Any,
    ) -> dict[str, Any]:
        """The model's predictions by name, for files, tables or arrays of new data.

        Row predictions have one entry per row; with `missing="drop"` it is NaN for a row with a
        missing or non-finite value, with `unseen="null"` for one with a level that the fit has
        not seen. Columns (unless `bind` says others), labels and what `standardize` learnt are
        those of the fit. Raises DataError where the new data do not fit, UsageError where the
        model predicts nothing.
        """
        return self.predict_bound(sources, arrays, missing, unseen, bind)[0]

    def predict_bound(
        self,
        sources: Sequence[Any],
        arrays: Mapping[str, Any],
        missing: str = "error",
        unseen: str = "error",
        bind: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], Bound]:
        """What `predict` gives, and the data as they were bound, with the rows left out."""
        module = self.module
        if not module.PREDICTIONS:
            raise UsageError(
                f"the model `{self.model}` predicts nothing\n"
                "help: add a line such as `predict p = sigmoid(z)` to it, and fit it again"
            )
        needed = [name for p in module.PREDICTIONS for name in p["data"]]
        fitted = self.dims.get(module.ROW or "", {}).get("size")  # where parameters have rows
        bound = bind_tables(
            module,
            *sources,
            arrays=arrays,
            dims=self.dims,
            columns=self.columns,
            only=list(dict.fromkeys(needed)),
            bind=bind,
            missing=missing,
            unseen=unseen,
        )
        if fitted is not None and bound.n_rows not in (None, fitted):
            raise DataError(
                f"the model has parameters for each of the {fitted:,} rows that it was fitted to, "
                f"and these data have {bound.n_rows:,}"
            )
        if bound.dropped is not None and not bound.n_rows:
            return self._without_rows(bound.dropped.total), bound
        given = {
            **arguments(module.DATA, bound.arrays),
            **_accepted(module.predict, arguments(module.CONSTS, self.consts)),
        }
        with np.errstate(all="ignore"):
            values = module.predict(self.theta, **given, dims=bound.dims, stats=self.stats)
        if bound.dropped is not None and bound.n_rows < bound.dropped.total:
            values = {
                p["name"]: self._spread(p, values, bound.dropped) for p in module.PREDICTIONS
            }
        return values, bound

    def _spread(self, prediction: Mapping[str, Any], values: Values, dropped: Dropped) -> Any:
        """A prediction with NaN at the rows that were left out."""
        some = values[prediction["name"]]
        if self.module.ROW not in prediction["dims"]:
            return some
        axis = prediction["dims"].index(self.module.ROW)
        shape = list(np.shape(some))
        shape[axis] = dropped.total
        every = np.full(shape, np.nan)
        every[(slice(None),) * axis + (dropped.kept,)] = some
        return every

    def _without_rows(self, total: int) -> dict[str, Any]:
        """Predictions where no row can be used: nothing is known."""
        sizes = {name: dim["size"] for name, dim in self.dims.items()}
        return {
            p["name"]: np.full([sizes.get(dim, total) for dim in p["dims"]], np.nan)[()]
            for p in self.module.PREDICTIONS
        }

    def save(self, path: str | Path) -> None:
        """Writes the fit as JSON, the whole file or, where that fails, nothing.

        Raises UsageError where the file cannot be written.
        """
        from gdsym.run.fit_file import save

        save(self, path)

    def to_json(self) -> dict[str, Any]:
        """The fit in short, as values that JSON knows; what is not finite is None."""
        from gdsym.run.fit_file import plain
        from gdsym.run.kept import covariance_entries, inference_entries, predictions_entries

        made = {
            "covariance": covariance_entries(self.inference),
            "certificate": self.certificate.to_json(),
            "inference": inference_entries(self.inference, self.theta_names),
            "predictions": predictions_entries(self.predictions),
        }
        return {k: plain(made[k] if k in made else getattr(self, k)) for k in JSON_KEYS}

    def _kept(self) -> set[int]:
        """Where in theta the entries stand that were not fitted."""
        names = entry_names(self.module, self.dims) if self.fixed else ()
        return {i for i, name in enumerate(names) if name in self.fixed}

    def __repr__(self) -> str:
        rows = "" if not self.n_rows else f", {self.n_rows:,} rows"
        lines = [
            f"{self.model}: {self.status} after {self.iterations:,} iterations "
            f"({self.method}{rows}, {self.seconds:.2g} s)",
            f"objective {self.objective:.10g}, loss {self.loss:.10g}, gradient "
            f"{self.grad_norm:.2g}",
            "",
            *_table(self.params, self.theta, self.theta_names, self._kept()),
        ]
        if EXIT_CODES[self.status] and self.message:
            lines += ["", self.message]
        return "\n".join(lines)


def arguments(described: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the user's names as keyword arguments of the module's functions."""
    return {d["arg"]: values[d["name"]] for d in described if d["name"] in values}


def entry_names(module: Module, dims: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The name of every entry of theta: `b`, `w[age]`, `W[age,red]`; numbers where no labels."""
    names = []
    for param in module.PARAMS:
        levels = [dims[d]["labels"] or range(int(dims[d]["size"])) for d in param["dims"]]
        entries = itertools.product(*levels)
        names += [
            f"{param['name']}[{','.join(map(str, entry))}]" if entry else param["name"]
            for entry in entries
        ]
    return tuple(names)


def _accepted(function: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments that the function takes: `predict` needs not every constant."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return keywords
    return {name: value for name, value in keywords.items() if name in parameters}


def _table(
    params: Values, theta: Vector, theta_names: Sequence[str], fixed: Set[int]
) -> list[str]:
    """One line per entry, long parameters in the middle cut out."""
    rows: list[tuple[str, str, str]] = []
    first = 0
    for name, value in params.items():
        size = int(np.size(value))
        entries = list(range(first, first + size))
        first += size
        cut = size > MOST_ENTRIES
        shown = entries[: MOST_ENTRIES - 4] + entries[-3:] if cut else entries
        for place, i in enumerate(shown):
            if cut and place == MOST_ENTRIES - 4:
                rows.append(("", f"... {size - MOST_ENTRIES + 1:,} more", ""))
            label = theta_names[i][len(name) :].removeprefix("[").removesuffix("]")
            label = "".join(c if c.isprintable() else "?" for c in label)
            mark = "  fixed" if i in fixed else ""
            rows.append((name if place == 0 else "", label[:40], f"{theta[i]: .7g}{mark}"))
    wide = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    return [f"  {a:<{wide[0]}}  {b:<{wide[1]}}  {c}".rstrip() for a, b, c in rows]
