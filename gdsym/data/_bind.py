"""From files, tables and arrays to what a generated module's `bind` takes.

Nothing here knows a model text: `module` is anything with the attributes `DATA`, `DIMS` and `ROW`
of a generated module.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gdsym.data._choose import choices, chosen
from gdsym.data._columns import Piece, Wanted, demand_of, locate, put_together, wanted
from gdsym.data._findings import Findings, wrong_kind
from gdsym.data._levels import coded_cells, level_codes, observed_levels, plain_codes
from gdsym.data._lines import DimInfo, data_line, row_number_notes
from gdsym.data._numbers import numbers
from gdsym.data._python import entry_from, is_table, table_from
from gdsym.data._sources import tables_of
from gdsym.data._table import ALL, Coded, Table, named, shown
from gdsym.data._unusable import Dropped, without_unusable
from gdsym.errors import DataError, UsageError, did_you_mean

Array = NDArray[np.float64] | NDArray[np.int64]
Settled = dict[str, tuple[int, list[str] | None]]


class Described(Protocol):
    """What binding reads of a generated module."""

    DATA: tuple[dict[str, Any], ...]
    DIMS: dict[str, dict[str, Any]]
    ROW: str | None


@dataclass(frozen=True, slots=True)
class Bound:
    """Data that fit a model.

    `arrays`: float64 (or float32), or int64 codes for categories, by data name, axes as declared.
    `dims`: every dimension whose size is known, without the row dimension. `lines`: how names were
    bound, one line per data, then what was left aside. `columns`: the columns each data was made
    of, for `bind_tables(columns=...)` at prediction; data that came as arrays are not in it.
    `dropped`: which rows were left out, where rows may be.
    """

    arrays: dict[str, Array]
    dims: dict[str, DimInfo]
    lines: list[str]
    n_rows: int
    columns: dict[str, list[str]]
    dropped: Dropped | None = None

    def sha256(self) -> str:
        """A digest of names, shapes and values: equal for equal data, whatever they came from."""
        digest = hashlib.sha256()
        for name in sorted(self.arrays):
            array = self.arrays[name]
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            little = array.dtype.newbyteorder("<")
            digest.update(np.ascontiguousarray(array).astype(little, copy=False).data)
        return digest.hexdigest()


def bind_tables(
    module: Described,
    *sources: Any,
    arrays: Mapping[str, Any] | None = None,
    dims: Mapping[str, Any] | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    only: Sequence[str] | None = None,
    bind: Mapping[str, Any] | None = None,
    missing: str = "error",
    unseen: str = "error",
    dtype: str = "float64",
) -> Bound:
    """Binds the data of `module` to files, tables and arrays.

    `sources` are paths (`str` or `Path`, also with `*`), mappings of arrays, data frames, Arrow
    tables, record arrays, or lists of these; rows of several with the same columns follow each
    other. Further,
    `arrays` are arrays or data frames by data name (the Python argument name does as well). `dims`
    are sizes and labels that are settled: of a fit, or overridden by the user, as `3`,
    `["a", "b"]` or `{"size": 2, "labels": [...]}`. `columns` are those of the fit. `only` names
    the data that are needed (default: all). `bind` chooses columns by data name, see `_choose`.
    `missing="drop"` leaves out rows with missing or non-finite values, `unseen="null"` those with
    a level that `dims` do not have. `dtype="float32"` halves the size of data by rows. Raises
    DataError, with all that is wrong, and UsageError for
    options that cannot be used.
    """
    _check_option("missing", missing, ("error", "drop"))
    _check_option("unseen", unseen, ("error", "null"))
    _check_option("dtype", dtype, ("float64", "float32"))
    sources = tuple(
        part
        for given in sources
        for part in (given if isinstance(given, list | tuple) else [given])
    )
    fitted = columns or {}
    plain = [wanted(description, fitted) for description in module.DATA]
    chosen_by_name = choices(bind or {}, plain)
    data = [chosen(d, chosen_by_name.get(d.name), sources) for d in plain]
    needed = [d for d in data if only is None or d.name in only]
    given = _given(data, arrays or {}, fitted)
    twice = [name for name in given if name in chosen_by_name]
    if twice:
        raise UsageError(f"`{twice[0]}` is passed as an array and named in bind: give only one")
    tables = tables_of(sources, demand_of(data, needed))
    own = {
        d.name: tables_of([d.file], demand_of([alone], [alone]))
        for d in needed
        if d.file is not None and (alone := replace(d, apart=False))
    }
    pieces, ignored = locate(data, needed, tables, given, own)
    needed_pieces = put_together({d.name: pieces[d.name] for d in needed if d.name in pieces})
    settled = _settled(module, dims or {})
    binding = _Binding(module, needed, needed_pieces, settled, narrow=dtype == "float32")
    if module.ROW is not None and not any(
        module.ROW in d.dims for d in needed if d.name in pieces
    ):
        # All that is needed by row has a default: the rows are those of what else was given.
        others = [piece.table for piece in given.values()]
        binding.count_rows([*others, *tables_of(sources, ALL)])
    return binding.bound(
        ignored, missing=missing == "drop", unseen=unseen == "null", predicting=only is not None
    )


def _check_option(name: str, value: str, known: tuple[str, str]) -> None:
    if value not in known:
        raise UsageError(f"{name} is {value!r}, but it must be {known[0]!r} or {known[1]!r}")


def _given(
    data: Sequence[Wanted], arrays: Mapping[str, Any], fitted: Mapping[str, Sequence[str]]
) -> dict[str, Piece]:
    by_name = {d.arg: d for d in data} | {d.name: d for d in data}
    unknown = [name for name in arrays if name not in by_name]
    if unknown:
        hints = [hint for name in unknown if (hint := did_you_mean(name, by_name))]
        mend = f"\nhelp: {' '.join(hints)}" if hints else ""
        known = f"its data are {named(d.name for d in data)}" if data else "it has no data"
        raise DataError(f"the model has no data {named(unknown)}: {known}{mend}")
    pieces = {}
    for name, value in arrays.items():
        d = by_name[name]
        if is_table(value) and len(d.dims) == 2:
            pieces[d.name] = _frame_piece(d, table_from(value), fitted.get(d.name))
        else:
            entry = entry_from(value, name)
            table = Table("the data", {d.name: entry}, (d.name,), tabular=False, is_file=False)
            pieces[d.name] = Piece(table, (d.name,), (entry,), stacked=False)
    return pieces


def _frame_piece(d: Wanted, table: Table, fitted: Sequence[str] | None) -> Piece:
    names = tuple(fitted) if fitted else table.names
    absent = [name for name in names if name not in table.entries]
    if absent or not names:
        raise DataError(
            f"the table for `{d.name}` has no column {named(absent)}"
            f"\nhelp: its columns are {named(table.names)}"
        )
    return Piece(table, names, tuple(table.entries[name] for name in names), stacked=True)


def _settled(module: Described, dims: Mapping[str, Any]) -> Settled:
    """Sizes and labels that no data can change: declared in the text, or handed over."""
    settled: Settled = {}
    for name, declared in module.DIMS.items():
        labels, size = declared.get("labels"), declared.get("size")
        if labels is not None:
            settled[name] = (len(labels), list(labels))
        elif size is not None:
            settled[name] = (int(size), None)
    for name, value in dims.items():
        if name == module.ROW:
            continue
        if isinstance(value, Mapping):
            labels, size = value.get("labels"), value.get("size")
        elif isinstance(value, (int, np.integer)):
            labels, size = None, int(value)
        else:
            labels, size = value, None
        if labels is not None:
            settled[name] = (len(labels), [str(label) for label in labels])
        elif size is not None:
            settled[name] = (int(size), None)
    return settled


class _Binding:
    """One run of `bind_tables` after every data has found its piece."""

    def __init__(
        self,
        module: Described,
        needed: Sequence[Wanted],
        pieces: dict[str, Piece],
        settled: Settled,
        narrow: bool,
    ) -> None:
        self.narrow = narrow
        self.row = module.ROW
        self.described = module.DATA
        self.order = list(module.DIMS)
        self.needed = needed
        self.pieces = pieces
        self.settled = settled
        self.sizes: dict[str, tuple[int, str]] = {}  # size, and who says so
        self.labels: dict[str, tuple[list[str], str]] = {}
        self.found = Findings()

    def bound(
        self, ignored: Sequence[str], *, missing: bool, unseen: bool, predicting: bool
    ) -> Bound:
        """Everything together; the checks come in the order in which a user would mend them."""
        self.found.predicting = predicting
        present = [(d, self.pieces[d.name]) for d in self.needed if d.name in self.pieces]
        for d, piece in present:
            self._measure(d, piece)
        self._raise()
        dropped = None
        if (missing or unseen) and self.row in self.sizes:
            present, dropped = self._without_unusable(present, missing, unseen)
            if not len(dropped.kept) and not predicting:
                raise DataError(
                    f"no rows are left: dropped {dropped}\n"
                    "help: leave a column out of the model, or fill it"
                )
        arrays: dict[str, Array] = {}
        self._categories(present, arrays)
        for d, piece in present:
            if d.name not in arrays and d.domain.get("category") is None:
                kept = np.float32 if self.narrow and self.row in d.dims else np.float64
                arrays[d.name] = numbers(d, piece, self.found, kept)
        self._raise()
        for d in self.needed:
            if d.name not in self.pieces:
                arrays[d.name] = self._constant(d)
        self._raise()
        dims = self._dims()
        lines = [data_line(d, self.pieces.get(d.name), dims) for d in self.needed]
        lines += [f"ignored: {', '.join(ignored)}"] if ignored else []
        if dropped is not None and len(dropped.kept) < dropped.total:
            lines.append(f"dropped {dropped}")
        lines += dict.fromkeys(self.found.notes)
        for d, piece in present:
            lines += row_number_notes(d, piece, arrays[d.name])
        return Bound(
            arrays={d.name: arrays[d.name] for d in self.needed},
            dims=dims,
            lines=lines,
            n_rows=self.sizes[self.row][0] if self.row in self.sizes else 0,
            columns={
                d.name: list(piece.names)
                for d, piece in present
                if piece.stacked or piece.table.tabular
            },
            dropped=dropped,
        )

    def _without_unusable(
        self, present: list[tuple[Wanted, Piece]], missing: bool, unseen: bool
    ) -> tuple[list[tuple[Wanted, Piece]], Dropped]:
        assert self.row is not None
        total, who = self.sizes[self.row]
        present, dropped = without_unusable(
            present,
            self.row,
            total,
            missing=missing,
            unseen=self.settled if unseen else None,
        )
        self.pieces = {d.name: piece for d, piece in present}
        self.sizes[self.row] = (len(dropped.kept), who)
        return present, dropped

    def _raise(self) -> None:
        messages = self.found.messages()
        if messages:
            raise DataError("\n\n".join(messages))

    # -- sizes and labels --

    def count_rows(self, tables: Sequence[Table]) -> None:
        """Takes the number of rows from tables of which nothing is needed, if they agree."""
        row = self.row
        counts = {table.n_rows: table.name for table in tables if table.tabular}
        for table in tables:
            for entry in self.described:
                array = table.entries.get(entry["arg"], table.entries.get(entry["name"]))
                fits = array is not None and len(array.shape) == len(entry["dims"])
                if array is not None and fits and row in entry["dims"] and not table.tabular:
                    counts[array.shape[entry["dims"].index(row)]] = table.name
        if row is not None and len(counts) == 1:
            self.sizes[row] = next(iter(counts.items()))

    def _measure(self, d: Wanted, piece: Piece) -> None:
        shape = piece.shape
        who = f"`{d.name}` of {piece.table.name}"
        unusable = [e for e in piece.entries if e.kind not in ("number", "text")]
        if unusable and not shape and d.dims:
            unusable[0].values()  # raises with what is wrong in the file
        if len(shape) != len(d.dims):
            self.found.problems.append(_axes_message(d, piece))
            return
        if 0 in shape:
            what = "no rows" if not shape or shape[0] == 0 else "no columns"
            self.found.problems.append(f"{piece.table.name}: `{d.name}` has {what}")
            return
        for dim, size in zip(d.dims, shape, strict=True):
            self._size(dim, size, who)
        if piece.stacked and d.dims[-1] != self.row:
            self._label(d.dims[-1], list(piece.names), f"the columns of `{d.name}`")

    def _size(self, dim: str, size: int, who: str) -> None:
        if dim in self.settled and self.settled[dim][0] != size:
            self.found.problems.append(
                f"`{dim}` is {self.settled[dim][0]}, but {who} has {size} along `{dim}`"
            )
            return
        other, whose = self.sizes.setdefault(dim, (size, who))
        if other != size:
            what = "rows" if dim == self.row else f"along `{dim}`"
            self.found.problems.append(
                f"{whose} has {other} {what}, but {who} has {size}"
                f"\nhelp: both are declared over `{dim}`, so their lengths must agree"
            )

    def _label(self, dim: str, labels: list[str], who: str) -> None:
        if dim in self.settled:
            return
        other, whose = self.labels.setdefault(dim, (labels, who))
        if other != labels:
            self.found.problems.append(
                f"`{dim}` gets two different sets of labels: {named(other, 6)} from {whose}, and "
                f"{named(labels, 6)} from {who}\nhelp: declare its labels in the order that pairs "
                f"them: `dim {dim} in {{{', '.join(_quote(label) for label in labels[:6])}}}`"
            )

    # -- values --

    def _categories(
        self, present: Sequence[tuple[Wanted, Piece]], arrays: dict[str, Array]
    ) -> None:
        cells: dict[str, list[Coded]] = {}
        dims: dict[str, list[tuple[Wanted, Piece]]] = {}
        for d, piece in present:
            dim = d.domain.get("category")
            if dim is None:
                continue
            readable = ("number", "text")
            strange = [j for j, e in enumerate(piece.entries) if e.kind not in readable]
            if strange:
                j = strange[0]
                self.found.problems.append(wrong_kind(d, piece, j, piece.entries[j]))
                continue
            cells[d.name] = [coded_cells(entry) for entry in piece.entries]
            dims.setdefault(dim, []).append((d, piece))
        for dim, users in dims.items():
            labels, size = self._levels(dim, [cells[d.name] for d, _ in users])
            for d, piece in users:
                if labels is not None:
                    codes = level_codes(d, piece, cells[d.name], labels, self.found)
                else:
                    codes = plain_codes(d, piece, cells[d.name], size, self.found)
                arrays[d.name] = codes

    def _levels(self, dim: str, cells: Sequence[Sequence[Coded]]) -> tuple[list[str] | None, int]:
        if dim in self.settled:
            size, labels = self.settled[dim]
            return labels, size
        texts = [text for columns in cells for coded in columns for text in coded.texts]
        levels, problem = observed_levels(dim, texts)
        if problem:
            self.found.problems.append(problem)
            return list(dict.fromkeys(texts)), 0
        if dim in self.sizes and self.sizes[dim][0] != len(levels):
            size, who = self.sizes[dim]
            self.found.problems.append(
                f"{who} has {size} along `{dim}`, but the data show {len(levels)} levels of it: "
                f"{named(levels, 10)}\nhelp: declare `dim {dim} = {size}`, or its labels: "
                f'`dim {dim} in {{"...", "..."}}`'
            )
        else:
            self._label(dim, levels, "its categories")
            self.sizes.setdefault(dim, (len(levels), "its categories"))
        return levels, len(levels)

    def _constant(self, d: Wanted) -> Array:
        shape = []
        for dim in d.dims:
            size = self.settled[dim][0] if dim in self.settled else self.sizes.get(dim, (0,))[0]
            if not size:
                self.found.problems.append(
                    f"`{d.name}` is not in the data, and its default needs the size of `{dim}`, "
                    "which nothing else gives"
                )
            shape.append(size)
        default = math.nan if d.default is None else d.default
        if d.domain.get("category") is not None:
            return np.full(shape, int(default), dtype=np.int64)
        return np.full(shape, default, dtype=np.float64)

    # -- what is told --

    def _dims(self) -> dict[str, DimInfo]:
        known: dict[str, DimInfo] = {}
        names = list(dict.fromkeys([*self.order, *self.settled, *self.sizes]))
        for name in names:
            if name == self.row:
                continue
            if name in self.settled:
                size, labels = self.settled[name]
                known[name] = {"size": size, "labels": labels}
            elif name in self.sizes:
                own = self.labels.get(name)
                known[name] = {"size": self.sizes[name][0], "labels": own[0] if own else None}
        return known


def _axes_message(d: Wanted, piece: Piece) -> str:
    shape = " x ".join(str(size) for size in piece.shape)
    what = f"an array of shape {shape}" if shape else "a single value"
    message = (
        f"{piece.table.name}: `{shown(piece.names[0])}` is {what}, but `{d}` "
        f"has {len(d.dims)} ax{'i' if len(d.dims) == 1 else 'e'}s"
    )
    if len(d.dims) == 2 and len(piece.shape) == 1:
        return f"{message}\nhelp: for one column pass `{d.arg}.reshape(-1, 1)`"
    if len(d.dims) == 1 and len(piece.shape) == 2 and piece.shape[1] == 1:
        return f"{message}\nhelp: pass `{d.arg}.ravel()`"
    if not d.dims and piece.table.tabular:
        return f"{message}\nhelp: declare it over the rows, or give it as a constant"
    return message


def _quote(label: str) -> str:
    return f'"{shown(label)}"'
