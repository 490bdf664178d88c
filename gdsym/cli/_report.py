"""What `gdsym fit` says about its result to a person."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gdsym.run import Result
    from gdsym.run.summary import Table

# What is larger than this is not read but computed with; the fit file has it.
MAX_ENTRIES = 60  # of a vector
MAX_ROWS, MAX_COLUMNS = 20, 8  # of a matrix


def report(result: Result) -> None:
    """Prints the estimates, the objective, and how the fit ended."""
    from gdsym.run.summary import estimates, remarks

    fixed = frozenset(result.fixed)
    if result.inference is None:
        for part in parameter_tables(result.params, result.dims, result.module.PARAMS, fixed):
            _print(part)
            click.echo()
    for shown in estimates(result):
        _print(shown)
        click.echo()
    for line in remarks(result):
        click.echo(line)


def show_table(table: Table) -> None:
    """Prints a table of texts, the first column to the left."""
    _print(table)


def parameter_tables(
    params: dict[str, Any],
    dims: dict[str, Any],
    declared: Sequence[dict[str, Any]],
    fixed: Set[str] = frozenset(),
) -> Iterator[Table | str]:
    """One table of all scalars and vectors, one per matrix, a line for what is too large.

    `declared` is `PARAMS` of the generated module, `dims` name to size and labels, `fixed` the
    names of the entries that were not fitted: `b`, `w[age]`, `W[age,red]`.
    """
    import numpy as np

    from gdsym.run.summary import Table, numbers

    small: list[tuple[str, float]] = []
    others: list[Table | str] = []
    for entry in declared:
        name, axes = entry["name"], entry["dims"]
        value = np.asarray(params[name], dtype=float)
        labels = [_labels(dims[axis]) for axis in axes]
        if value.ndim == 0:
            small.append((name, float(value)))
        elif value.ndim == 1 and value.size <= MAX_ENTRIES:
            small += [(f"{name}[{x}]", float(v)) for x, v in zip(labels[0], value, strict=True)]
        elif value.ndim == 2 and value.shape[1] <= MAX_COLUMNS and value.shape[0] <= MAX_ROWS:
            kept = [entry in fixed for entry in _entries(name, labels)]
            others.append(_matrix(f"{name}[{', '.join(axes)}]", labels, value, kept))
        else:
            count = sum(entry in fixed for entry in _entries(name, labels))
            others.append(_summary(f"{name}[{', '.join(axes)}]", value, count))
    if small:
        marked = any(name in fixed for name, _ in small)
        header = ("parameter", "value", "") if marked else ("parameter", "value")
        texts = zip(small, numbers([v for _, v in small]), strict=True)
        marks = ("fixed" if name in fixed else "" for name, _ in small)
        cells = ((name, text, mark) for ((name, _), text), mark in zip(texts, marks, strict=True))
        yield Table(header, tuple(row[: len(header)] for row in cells))
    yield from others


def _labels(dim: dict[str, Any]) -> list[str]:
    return [str(label) for label in dim["labels"] or range(dim["size"])]


def _entries(name: str, labels: list[list[str]]) -> Iterator[str]:
    """The names of the entries of a parameter with axes, as `Result.fixed` has them."""
    return (f"{name}[{','.join(entry)}]" for entry in itertools.product(*labels))


def _matrix(title: str, labels: list[list[str]], value: Any, kept: list[bool]) -> Table:
    from gdsym.run.summary import Table, numbers

    texts = zip(numbers(value.ravel().tolist()), kept, strict=True)
    cells = iter([f"{text} fixed" if still else text for text, still in texts])
    rows = ((label, *(next(cells) for _ in labels[1])) for label in labels[0])
    return Table((title, *labels[1]), tuple(rows))


def _summary(title: str, value: Any, kept: int) -> str:
    shape = " x ".join(str(size) for size in value.shape)
    if not value.size:
        return f"{title}  {shape}: empty"
    fixed = f", {kept} of them fixed" if kept else ""
    return f"{title}  {shape} numbers from {value.min():.6g} to {value.max():.6g}{fixed}"


def _print(part: Table | str) -> None:
    """As wide as it needs, but on a terminal."""
    if sys.stdout.isatty():
        part = _rich(part)
    elif not isinstance(part, str):
        from gdsym.run.summary import columns

        part = "\n".join(columns(part))
    click.echo(part)


def _rich(part: Table | str) -> str:
    """As a terminal shows it, cut to its width; rich is imported for nobody else."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gdsym.run.summary import printable

    console = Console(highlight=False, markup=False)
    shown: Table | str
    if isinstance(part, str):
        shown = part
    else:
        shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for i, name in enumerate(part.header):
            justify: Any = "right" if i else "left"
            shown.add_column(Text(printable(name)), justify=justify, no_wrap=True)
        for row in part.rows:  # as texts, or rich would read labels of data files as markup
            shown.add_row(*(Text(printable(cell)) for cell in row))
    with console.capture() as capture:
        console.print(shown, soft_wrap=isinstance(shown, str))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
