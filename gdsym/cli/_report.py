"""What `gdsym fit` says about its result to a person."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from gdsym.run import Result
    from gdsym.run.summary import Table as Cells

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
        if isinstance(shown, str):
            _print(shown)
        else:
            show_table(shown)
        click.echo()
    for line in remarks(result):
        click.echo(line)


def show_table(cells: Cells) -> None:
    """Prints a table of texts, the first column to the left."""
    table = _table(cells.header[0], cells.header[1:])
    for row in cells.rows:
        table.add_row(*map(_text, row))
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

    from gdsym.run.summary import numbers

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
        table = _table("parameter", ["value", ""] if marked else ["value"])
        for (name, _), text in zip(small, numbers([v for _, v in small]), strict=True):
            table.add_row(_text(name), text, *(["fixed" if name in fixed else ""] * marked))
        yield table
    yield from others


def _labels(dim: dict[str, Any]) -> list[str]:
    return [str(label) for label in dim["labels"] or range(dim["size"])]


def _entries(name: str, labels: list[list[str]]) -> Iterator[str]:
    """The names of the entries of a parameter with axes, as `Result.fixed` has them."""
    return (f"{name}[{','.join(entry)}]" for entry in itertools.product(*labels))


def _matrix(title: str, labels: list[list[str]], value: Any, kept: list[bool]) -> Table:
    from gdsym.run.summary import numbers

    table = _table(title, labels[1])
    texts = zip(numbers(value.ravel().tolist()), kept, strict=True)
    cells = iter([f"{text} fixed" if still else text for text, still in texts])
    for label in labels[0]:
        table.add_row(_text(label), *(next(cells) for _ in labels[1]))
    return table


def _summary(title: str, value: Any, kept: int) -> str:
    shape = " x ".join(str(size) for size in value.shape)
    if not value.size:
        return f"{title}  {shape}: empty"
    fixed = f", {kept} of them fixed" if kept else ""
    return f"{title}  {shape} numbers from {value.min():.6g} to {value.max():.6g}{fixed}"


def _table(first: str, others: Iterable[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(_text(first), no_wrap=True)
    for name in others:
        table.add_column(_text(name), justify="right", no_wrap=True)
    return table


def _text(words: str) -> Text:
    """Text that rich does not read as markup: labels come from data files."""
    from rich.text import Text

    from gdsym.run.summary import printable

    return Text(printable(words))


def _print(part: Table | str) -> None:
    """As wide as it needs where nobody sees the line ends."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not sys.stdout.isatty():
        console.width = 10_000
    with console.capture() as capture:
        console.print(part, soft_wrap=isinstance(part, str))
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
