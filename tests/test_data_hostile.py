"""Every file of these formats in `data/hostile` has the outcome that EXPECTED.json asks for."""

import json
from pathlib import Path

import numpy as np
import pytest
from data_models import EVERY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError

FOLDER = Path(__file__).parent / "data" / "hostile"
ENTRIES = json.loads((FOLDER / "EXPECTED.json").read_text(encoding="utf-8"))
FORMATS = (".csv", ".tsv", ".npy", ".parquet")
FILES = [e["file"] for e in ENTRIES if e["file"].endswith(FORMATS)]

COLUMNS = model(data("y", "n"), data("X", "n d", named("x1", "x2")))
REST = model(data("y", "n"), data("X", "n d", EVERY))
ARRAY = model(data("X", "n d"))

BASE = [[1.5, 0.5, 1], [2.5, 1.5, 0], [3.25, 2.5, 1], [4.0, 3.5, 0]]
TWELVE = np.arange(12.0).reshape(4, 3).tolist()
RISING = np.arange(12.0)

# What is read, as rows of y, x1, x2 (or rows of the array), under the model that says so.
READ = {
    "base.csv": (COLUMNS, BASE),
    "bom.csv": (COLUMNS, BASE),
    "crlf.csv": (COLUMNS, BASE),
    "cr_only.csv": (COLUMNS, BASE),
    "no_trailing_newline.csv": (COLUMNS, BASE),
    "trailing_blank_lines.csv": (COLUMNS, BASE),
    "spaces.csv": (COLUMNS, BASE),
    "one_row.csv": (COLUMNS, [[1, 2, 3]]),
    "empty_header.csv": (REST, [[1, 3]]),
    "subnormal.csv": (COLUMNS, [[1e-320, 2, 3], [1, 2e-308, 3]]),
    "bools.csv": (COLUMNS, [[1, 1, 2], [0, 3, 4]]),
    "big_ints.csv": (COLUMNS, [[9007199254740992, 1, 2], [1, 2, 3]]),
    "quoted_newline.csv": (model(data("X", "n d", named("y", "x\n2"))), [[1, 3]]),
    "formula_inject.csv": (REST, [[1, 2, 3]]),
    "keyword_cols.csv": (
        model(data("X", "n d", named("class", "lambda", "None"))),
        [[1, 2, 3], [4, 5, 6]],
    ),
    "sympy_cols.csv": (
        model(data("S", "n"), data("E", "n"), data("X", "n d", EVERY)),
        [[1, 6, 2, 3, 4, 5], [6, 1, 5, 4, 3, 2]],
    ),
    "constant_col.csv": (COLUMNS, np.column_stack([RISING, RISING * 0 + 1, RISING % 3]).tolist()),
    "identical_cols.csv": (COLUMNS, np.column_stack([RISING, RISING % 5, RISING % 5]).tolist()),
    "separable.csv": (REST, [[float(i >= 10), i] for i in range(20)]),
    "huge_scale.csv": (
        COLUMNS,
        [[k * 1e150, k * 1e-150, k] for k in range(1, 9)],
    ),
    "tab.tsv": (COLUMNS, BASE),
    "base.parquet": (COLUMNS, BASE),
    "rowgroups.parquet": (COLUMNS, BASE),
    "int64_big.parquet": (COLUMNS, [[4611686018427387904, 1, 1], [2, 2, 2]]),
    "f_order.npy": (ARRAY, TWELVE),
    "big_endian.npy": (ARRAY, TWELVE),
    "int8.npy": (ARRAY, TWELVE),
    "f32.npy": (ARRAY, TWELVE),
    "structured.npy": (model(data("y", "n"), data("x1", "n")), [[1.0, 2]]),
}

# What is refused, and what the message must say.
REFUSED = {
    "utf16le_bom.csv": ("UTF-16", "save it as UTF-8"),
    "latin1_header.csv": ("byte 8, in line 1", "0xf6", "ö", "save the file as UTF-8"),
    "semicolon_decimal_comma.csv": ("semicolons", "y;x1;x2", 'sep=";", decimal=","'),
    "empty.csv": ("the file is empty",),
    "header_only.csv": ("no data rows",),
    "one_col.csv": ("no columns `x1`, `x2` (for `X`)", "the columns are `y`"),
    "dup_columns.csv": ("duplicate column `x1`", "rename"),
    "ragged_short.csv": ("line 3 has 2 fields", "the header has 3"),
    "ragged_long.csv": ("line 3 has 4 fields", "the header has 3"),
    "nan_text.csv": ("3 missing values", "`y` 1, `x1` 2", "row 2 (line 3), column `y`"),
    "inf_text.csv": ("2 infinite values", "row 2 (line 3), column `y`"),
    "overflow_literal.csv": ("1 infinite value", "row 1 (line 2), column `y`"),
    "strings.csv": ("`x1` is not numeric", "row 1 (line 2)", '"red"', "categories"),
    "mixed_late.csv": ("`x1` is not numeric", "row 5001 (line 5002)", '"oops"'),
    "thousands.csv": ("`y` is not numeric", '"1,000"', "without separators: 1000"),
    "hex_us.csv": ("`y` is not numeric", '"0x10"', "in decimal: 16"),
    "nul.csv": ("line 3 has a NUL byte",),
    "comment_lines.csv": ("line 1 is a comment", "remove the lines before the header"),
    "gz_named_csv.csv": ("gzip", "unpack it"),
    "zero_rows.parquet": ("`y` has no rows", "`X` has no rows"),
    "nulls.parquet": ("1 missing value (`y` 1)", "row 2, column `y`", "--missing drop"),
    "dict_strings.parquet": ("`x1` is not numeric", "row 1, column `x1`", '"a"', "categories"),
    "decimal_ts.parquet": ("`y` holds decimals (decimal128(10, 2))", "dates (timestamp[us])"),
    "nested.parquet": ("`x1` holds lists (list<element: double>)", "convert them"),
    "truncated.parquet": ("the file is truncated", "no footer"),
    "corrupt_page.parquet": ("no Parquet file, or it is damaged", "Corrupt snappy"),
    "not_parquet.parquet": ("no Parquet file", "does not begin with `PAR1`"),
    "f16.npy": ("5 infinite values", "row 3, column 2"),
    "complex.npy": ("complex numbers",),
    "zero_rows.npy": ("`X` has no rows",),
    "one_dim.npy": ("shape 4", "`X[n, d]` has 2 axes", "X.reshape(-1, 1)"),
    "three_dim.npy": ("shape 2 x 2 x 3", "`X[n, d]` has 2 axes"),
    "pickle_payload.npy": ("pickled Python objects", "refused"),
    "truncated.npy": ("truncated", "96 bytes", "76"),
    "header_lies.npy": ("648 bytes", "96"),
    "header_huge.npy": ("792000000000 bytes", "96"),
}


def rows_of(bound):
    return np.column_stack(list(bound.arrays.values())).tolist()


def test_every_file_has_one_stated_outcome():
    assert sorted(READ.keys() | REFUSED.keys()) == sorted(FILES)
    assert not READ.keys() & REFUSED.keys()


@pytest.mark.parametrize("file", READ)
def test_a_file_that_only_looks_wrong_reads_as_stated(file):
    module, rows = READ[file]

    bound = bind_tables(module, FOLDER / file)

    assert rows_of(bound) == rows
    assert bound.n_rows == len(rows)


@pytest.mark.parametrize("file", REFUSED)
def test_a_wrong_file_is_refused_with_its_place_and_the_mend(file):
    module = ARRAY if file.endswith(".npy") else COLUMNS

    with pytest.raises(DataError) as caught:
        bind_tables(module, FOLDER / file)

    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert [part for part in REFUSED[file] if part not in message] == []


@pytest.mark.parametrize("file", ["mixed_late.csv", "hex_us.csv", "thousands.csv"])
def test_from_star_does_not_silently_lose_a_column_with_a_bad_cell(file):
    bad = "x1" if file == "mixed_late.csv" else "y"
    every = model(data("X", "n d", EVERY))

    with pytest.raises(DataError, match=rf"`{bad}` is numeric but for some cells.*\n.*except"):
        bind_tables(every, FOLDER / file)


def test_nothing_in_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    bind_tables(REST, FOLDER / "formula_inject.csv")
    with pytest.raises(DataError):
        bind_tables(ARRAY, FOLDER / "pickle_payload.npy")

    assert list(tmp_path.iterdir()) == []


def test_a_whole_number_beyond_2_to_53_is_rounded_with_a_note():
    for file in ("big_ints.csv", "int64_big.parquet"):
        lines = bind_tables(COLUMNS, FOLDER / file).lines

        assert "note: whole numbers beyond 2^53 in `y` are rounded to float64" in lines


def test_from_star_does_not_silently_lose_a_column_of_decimals():
    with pytest.raises(DataError, match=r"column `y` holds decimals .*\n.*except"):
        bind_tables(model(data("X", "n d", EVERY)), FOLDER / "decimal_ts.parquet")


@pytest.mark.parametrize(
    ("file", "kept", "counts"),
    [
        ("nan_text.csv", [0], {"y": 1, "x1": 2}),
        ("inf_text.csv", [0], {"y": 1, "x1": 1}),
        ("nulls.parquet", [0, 2], {"y": 1}),
    ],
)
def test_rows_that_cannot_be_used_may_be_dropped(file, kept, counts):
    bound = bind_tables(COLUMNS, FOLDER / file, missing="drop")

    assert np.isfinite(rows_of(bound)).all()
    assert bound.n_rows == len(kept)
    assert bound.dropped.kept.tolist() == kept
    assert bound.dropped.counts == counts
