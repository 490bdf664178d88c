"""The Python face: compile a model, fit it, bring a fit back."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gdsym import cache
from gdsym.errors import Source, SourceError, UsageError, did_you_mean
from gdsym.files import read_text
from gdsym.recipe import DEFAULT, Recipe

if TYPE_CHECKING:
    from gdsym.data import Bound
    from gdsym.run import Asked, Progress, Result

T = TypeVar("T")

# What messages call a model that was given as a text.
UNNAMED = "model.gd"


def compile(
    text_or_path: str | os.PathLike[str],
    *,
    update: Sequence[str] | None = None,
    schedules: Mapping[str, str] | None = None,
    backend: str = "auto",
    without: Collection[str] = (),
) -> Model:
    """The compiled model of a text, or of a file: a `Path`, or a string that ends in `.gd`.

    update: the rules whose update functions the module carries, shipped names or paths of rule
    files; by default those of the model's own `method`. schedules: options that are expressions
    of the step, `{"lr": "0.1/sqrt(t)"}`, for the module to carry; `fit` sees to its own. backend:
    what the module computes with, "numpy", "numba" or "numexpr"; "auto" is NumPy, but for fits so
    long that another pays. without: optimisations to leave out, by name. Raises `GdsymError`, with
    every mistake of the text and its place.
    """
    text, shown = _source(text_or_path)
    recipe = Recipe(update, schedules or {}, _printed(backend), without)
    return _made(text, shown, recipe, chooses=backend == "auto")


def fit(
    text_or_path: str | os.PathLike[str],
    data: Any = None,
    *,
    backend: str = "auto",
    **options: Any,
) -> Result:
    """Compiles a model and fits it: `compile(text_or_path, backend=...).fit(data, **options)`."""
    return compile(text_or_path, backend=backend).fit(data, **options)


def text_of(
    text_or_path: str | os.PathLike[str],
    *,
    update: Sequence[str] | None = None,
    backend: str = "auto",
    without: Collection[str] = (),
) -> str:
    """`compile(...).text`, for which no module is run."""
    text, shown = _source(text_or_path)
    recipe = Recipe(update, backend=_printed(backend), without=without)
    return _with_path(shown, lambda name: cache.text_of(text, name, recipe))


def load(path: str | os.PathLike[str]) -> Result:
    """A fit from the file that `Result.save` or `gdsym fit -o` wrote."""
    from gdsym.run import load as load_fit

    return load_fit(Path(path), lambda text, name: _module(text, name, DEFAULT))


def show(text_or_path: str | os.PathLike[str]) -> str:
    """The loss and the gradient of a model as readable text."""
    from gdsym.compiler import show_text

    text, shown = _source(text_or_path)
    return _with_path(shown, lambda name: show_text(text, name))


class Model:
    """A compiled model. `module` is its generated Python module."""

    def __init__(
        self,
        module: Any,
        shown: str = UNNAMED,
        recipe: Recipe = DEFAULT,
        *,
        chooses: bool = False,
    ) -> None:
        """recipe: what the module was made by. chooses: whether a fit may compute with another
        backend."""
        self.module = module
        self._shown = shown
        self._recipe = recipe
        self._chooses = chooses

    @property
    def name(self) -> str:
        """What the `model` statement says, or the stem of the file's name."""
        return str(self.module.MODEL)

    @property
    def text(self) -> str:
        """The Python text of the generated module: what `gdsym compile` writes."""
        return str(self.module.__text__)

    def fit(
        self,
        data: Any = None,
        /,
        *,
        method: str | None = None,
        lr: float | str | None = None,
        options: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        shuffle: str | None = None,
        seed: int | None = None,
        tol: float | None = None,
        max_iter: int | None = None,
        start: Any = None,
        set: Mapping[str, Any] | None = None,
        fix: Any = None,
        bind: Mapping[str, Any] | None = None,
        missing: str = "error",
        level: float = 0.95,
        robust: bool | str = False,
        cluster: Any = None,
        threads: int | None = None,
        dtype: str = "float64",
        progress: Progress | None = None,
        **arrays: Any,
    ) -> Result:
        """Fits the model: `fit(X=X, y=y)`, `fit(table)`, or `fit({"lr": a})` for colliding names.

        data: a table, a mapping of arrays, the path of a data file, or a list of these. bind:
        columns by data name, `{"X": ["age", "bmi"]}`. missing: "error", or "drop" to leave out
        rows with missing or non-finite values. fix: parameters to keep, `["b"]` at their start
        or `{"b": 0.5}` at a value. method:
        a method, a rule that ships, or the path of a rule file, `"adam(beta1=0.8)"` with options
        of its own if need be. options: such options, `{"beta1": 0.8}`; one of a rule may be an
        expression of the step, `"0.1/sqrt(t)"`. start: parameters by name, an
        earlier result, or the path of a fit file. set: other values of constants, other sizes of
        dimensions. level: of confidence intervals. robust: True for standard errors that do not
        rest on the likelihood being right ("HC1", or "HC0" without the factor n/(n - p)).
        cluster: the column, or an array, that says which rows belong together. threads: how
        many threads share the rows, by default the physical cores where there is work enough;
        no digit depends on it. dtype: "float32" keeps the rows in half the memory. progress:
        called with a record after every iteration. The others are the options of `gdsym fit`.
        Raises `GdsymError` where it cannot be done.
        """
        from gdsym import run

        check_threads("threads", threads)
        named = {"lr": lr, "batch_size": batch_size, "epochs": epochs, "seed": seed}
        named |= {"tol": tol, "max_iter": max_iter, "shuffle": shuffle}
        asked, wishes = run.read_method(method, run.merged(named, options or {}))
        carrying = self.carrying(asked, run.schedules(wishes))
        consts, sizes = carrying.settings(set or {})
        bound = carrying.bind(data, sizes, arrays, bind, missing, dtype)
        suited, _ = carrying.suited(bound, asked, wishes)
        return run.fit(
            suited.module,
            bound,
            consts=consts,
            method=asked,
            options=wishes,
            start=run.read_start(start),
            fix=run.read_fix(fix),
            asked=self.asked(bound, data, level, robust, cluster),
            threads=threads,
            progress=progress,
        )

    def carrying(self, method: str | None, schedules: Mapping[str, str] | None = None) -> Model:
        """This model with the update function and the schedules that the method needs, compiled
        anew if it must."""
        from gdsym.run import rules_to_compile

        module, scheduled = self.module, schedules or {}
        if method is None and module.METHOD is not None:
            method = module.METHOD["name"]
        there = method in module.RULES
        rules = self._recipe.update if there else rules_to_compile(method)
        if (there or not rules) and all(text in module.SCHEDULES for text in scheduled.values()):
            return self
        recipe = replace(self._recipe, update=rules, schedules=scheduled, backend=module.BACKEND)
        return _made(module.SOURCE, self._shown, recipe, chooses=self._chooses)

    def suited(
        self, bound: Bound, method: str | None, options: Mapping[str, Any]
    ) -> tuple[Model, str]:
        """This model with the backend that suits a fit to these data, and why it is not NumPy."""
        from gdsym import run

        if not self._chooses:
            return self, ""
        name, reason = run.backend_for(
            self.module, bound, run.make_plan(self.module, method, options)
        )
        if name == self.module.BACKEND:
            return self, ""
        recipe = replace(self._recipe, schedules=run.schedules(options), backend=name)
        return _made(self.module.SOURCE, self._shown, recipe), reason

    def settings(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The values that `set` gives to constants, and the sizes that it gives to dimensions."""
        consts: dict[str, Any] = {}
        sizes: dict[str, Any] = {}
        by_name = {key: c["name"] for c in self.module.CONSTS for key in (c["arg"], c["name"])}
        for name, value in given.items():
            if name in by_name:
                consts[by_name[name]] = value
            elif name in self.module.DIMS and name != self.module.ROW:
                sizes[name] = _size(name, value)
            else:
                raise self._unknown_setting(name)
        return consts, sizes

    def bind(
        self,
        data: Any,
        sizes: Mapping[str, Any],
        arrays: Mapping[str, Any],
        bind: Mapping[str, Any] | None = None,
        missing: str = "error",
        dtype: str = "float64",
    ) -> Bound:
        """The data of the model from tables, files and arrays; the others are those of `fit`."""
        from gdsym.data import bind_tables

        sources = [] if data is None else data if isinstance(data, list | tuple) else [data]
        return bind_tables(
            self.module,
            *sources,
            arrays=arrays,
            dims=sizes,
            bind=bind,
            missing=missing,
            dtype=dtype,
        )

    def asked(
        self, bound: Bound, data: Any, level: float, robust: bool | str, cluster: Any
    ) -> Asked:
        """What is wanted of the standard errors; the others are those of `fit`."""
        from gdsym.data import groups_of
        from gdsym.run import Asked

        kind = "HC1" if robust is True else robust or None
        if cluster is None:
            return Asked(level, kind)
        sources = [] if data is None else data if isinstance(data, list | tuple) else [data]
        name = cluster if isinstance(cluster, str) else "cluster"
        return Asked(level, kind, groups_of(sources, cluster, bound), name)

    def _unknown_setting(self, name: str) -> UsageError:
        module = self.module
        if any(p["name"] == name for p in module.PARAMS):
            mend = f"`{name}` is a parameter: `start` says where it begins"
        elif any(d["name"] == name for d in module.DATA) or name == module.ROW:
            mend = f"`{name}` comes from the data"
        else:
            known = [c["name"] for c in module.CONSTS] + [
                d for d in module.DIMS if d != module.ROW
            ]
            listed = f"there are {', '.join(known)}" if known else "the model has none"
            mend = did_you_mean(name, known) or listed
        return UsageError(f"set: there is no constant or dimension `{name}`\nhelp: {mend}")

    def __repr__(self) -> str:
        names = [entry["arg"] for entry in self.module.DATA]
        return f"<gdsym model {self.name}: fit({', '.join(f'{name}=...' for name in names)})>"


def check_threads(option: str, threads: Any) -> None:
    """Raises UsageError unless it is None or a number of threads."""
    whole = hasattr(threads, "__index__") and not isinstance(threads, bool)
    if threads is not None and not (whole and threads >= 1):
        raise UsageError(f"{option} is {threads!r}, but it must be a whole number from 1 up")


def _size(name: str, value: Any) -> Any:
    labels = isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value)
    if labels or (hasattr(value, "__index__") and not isinstance(value, bool) and value >= 1):
        return value
    raise UsageError(
        f"set: `{name}` is {value!r}, but the size of a dimension is a whole number from 1 up, or "
        "a list of labels"
    )


def _source(given: str | os.PathLike[str]) -> tuple[str, str]:
    """The text of a model, and the path or name that messages show."""
    if isinstance(given, str):
        if "\n" in given or not given.rstrip().endswith(".gd"):
            return given, UNNAMED
        given = given.rstrip()
    elif not isinstance(given, os.PathLike):
        raise UsageError(f"a model is a text or a path, not a {type(given).__name__}")
    path = os.fspath(given)
    return read_text(path), path


def _module(text: str, shown: str, recipe: Recipe) -> Any:
    return _with_path(shown, lambda name: cache.module_of(text, name, recipe))


def _made(text: str, shown: str, recipe: Recipe, *, chooses: bool = False) -> Model:
    return Model(_module(text, shown, recipe), shown, recipe, chooses=chooses)


def _printed(backend: str) -> str:
    """The backend of a module of which nobody knows yet what it will be used for."""
    return "numpy" if backend == "auto" else backend


def _with_path(shown: str, compiled: Callable[[str], T]) -> T:
    """`compiled(name)` for the bare file name, so that no output depends on where a model lies;
    its mistakes are shown with the path all the same."""
    name = os.path.basename(shown)
    try:
        return compiled(name)
    except SourceError as error:
        if error.source.name != name:  # a rule file, which has a path of its own
            raise
        raise SourceError(Source(shown, error.source.text), error.diagnostics) from None
