"""Large files are read block by block: the same tables, in little more memory than the arrays."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from gdsym.data import _stream, bind_tables
from gdsym.data import csv as csv_format
from gdsym.data import parquet as parquet_format
from gdsym.data._read import read
from gdsym.data._table import Coded, Demand
from gdsym.errors import DataError

TEXTS = Demand(needed=lambda name: name != "unread", as_text=lambda name: name == "t")
CELLS = (
    *("0", "1", "-12", "1.5", "-0.25e-3", "9007199254740993", "0x10", "", "NA", "inf", "true"),
    *("yes", "no", "2020-01-01", "ä", '"1"', '"a\nb"', '"a ""b"', '5" x', "1,5", "\0", "  "),
)
ORDINARY = ("0", "1", "2.5", "-3", "1e5", "", "NA")


def told(path):
    """Kind, shape and values of every column, or the message; whole numbers as doubles."""
    try:
        table = read(path, TEXTS)
    except DataError as error:
        return str(error)
    found = {}
    for name, entry in table.entries.items():
        values = entry.values() if entry.kind in ("number", "text") else None
        if isinstance(values, Coded):
            values = values.texts, values.codes.tolist()
        elif values is not None:
            values = [repr(value) for value in values.astype(float).tolist()]
        found[name] = entry.kind, entry.shape, values
    return found, table.names, [table.row_text(row) for row in range(table.n_rows)]


@pytest.fixture
def in_blocks(monkeypatch):
    """Files are read in blocks of a few lines, however small they are."""
    monkeypatch.setattr(_stream, "MIN_BYTES", -1)
    monkeypatch.setattr(_stream, "BLOCK", 48)
    monkeypatch.setattr(parquet_format, "AT_ONCE", 3)


@pytest.fixture
def streamed(monkeypatch):
    """Which files were read in blocks."""
    found = []
    plain = csv_format._streamed

    def noted(path, *arguments):
        table = plain(path, *arguments)
        found.append(table is not None)
        return table

    monkeypatch.setattr(csv_format, "_streamed", noted)
    return found


def compared(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_stream, "MIN_BYTES", 1 << 40)
        whole = told(path)
        patch.setattr(_stream, "MIN_BYTES", -1)
        patch.setattr(_stream, "BLOCK", 48)
        assert told(path) == whole


@given(
    st.lists(st.tuples(*[st.sampled_from(CELLS)] * 3), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
def test_strange_files_are_read_as_they_are_whole(tmp_path_factory, rows, end):
    path = tmp_path_factory.mktemp("stream") / "t.csv"
    path.write_bytes(end.join(["x,t,unread", *map(",".join, rows), ""]).encode())

    compared(path)


@given(
    st.lists(st.tuples(*[st.sampled_from(ORDINARY)] * 3), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_ordinary_files_are_read_as_they_are_whole(tmp_path_factory, rows, end):
    path = tmp_path_factory.mktemp("stream") / "t.csv"
    path.write_bytes(end.join(["x,t,unread", *map(",".join, rows), ""]).encode())

    compared(path)


def test_an_ordinary_file_is_read_in_blocks(tmp_path, in_blocks, streamed):
    path = tmp_path / "t.csv"
    rows = 'Straße,x,t\n"a, ""b""",1,ü\n' + '"one\nmore",2.5,v\nc,,\n' * 20
    path.write_text(rows, encoding="utf-8")

    table = read(path, TEXTS)

    assert streamed == [True]
    np.testing.assert_array_equal(table.entries["x"].values(), [1, *[2.5, np.nan] * 20])
    assert table.entries["t"].values().texts == ("ü", "v")
    assert table.entries["Straße"].values().texts == ('a, "b"', "one\nmore", "c")
    assert table.row_text(2) == "row 3 (line 5)"


MODULE = SimpleNamespace(
    DATA=(
        {"name": "X", "arg": "X", "dims": ("n", "d"), "columns": {"every": True}},
        {"name": "y", "arg": "y", "dims": ("n",)},
        {"name": "Z", "arg": "Z", "dims": ("n", "k"), "columns": {"names": ["c", "a"]}},
    ),
    DIMS={"n": {}, "d": {}, "k": {}},
    ROW="n",
)


def numbers(draw, rows):
    values = draw.standard_normal((rows, 6))
    return {name: values[:, i] for i, name in enumerate("bydcea")}


def csv_text(columns):
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(repr, row)) for row in rows)])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_arrays_are_made_of_blocks(tmp_path, in_blocks, suffix):
    path, columns = tmp_path / f"t.{suffix}", numbers(np.random.default_rng(0), 20)
    if suffix == "csv":
        path.write_text(csv_text(columns))
    else:
        parquet.write_table(pa.table(columns), path, row_group_size=7)

    arrays = bind_tables(MODULE, path).arrays

    np.testing.assert_array_equal(arrays["X"], np.column_stack([columns[c] for c in "bde"]))
    np.testing.assert_array_equal(arrays["Z"], np.column_stack([columns[c] for c in "ca"]))
    np.testing.assert_array_equal(arrays["y"], columns["y"])
    assert all(array.flags.c_contiguous for array in arrays.values())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_wrong_in_blocks_is_told_with_its_row(tmp_path, in_blocks, suffix):
    path, columns = tmp_path / f"t.{suffix}", numbers(np.random.default_rng(0), 20)
    columns["d"][12] = np.nan
    if suffix == "csv":
        path.write_text(csv_text(columns))
    else:
        parquet.write_table(pa.table(columns, pa.schema([(c, "f8") for c in columns])), path)

    place = "row 13 (line 14)" if suffix == "csv" else "row 13"
    with pytest.raises(DataError) as caught:
        bind_tables(MODULE, path)
    assert place in str(caught.value)

    bound = bind_tables(MODULE, path, missing="drop")
    assert bound.arrays["X"].shape == (19, 3)
    np.testing.assert_array_equal(bound.arrays["y"], np.delete(columns["y"], 12))


def test_whole_numbers_that_are_no_doubles_are_read_whole(tmp_path, in_blocks):
    path = tmp_path / "t.parquet"
    values = np.arange(20) + 2**53
    parquet.write_table(pa.table({"x": values, "t": ["a"] * 20}), path)

    table = read(path, TEXTS)

    assert table.entries["x"].values().tolist() == values.tolist()


PEAK = """
import re, sys
from pathlib import Path
from types import SimpleNamespace
from gdsym.data import bind_tables
module = SimpleNamespace(
    DATA=(
        {"name": "X", "arg": "X", "dims": ("n", "d"), "columns": {"every": True}},
        {"name": "y", "arg": "y", "dims": ("n",), "domain": {"values": [0.0, 1.0]}},
    ),
    DIMS={"n": {}, "d": {}}, ROW="n",
)
bound = bind_tables(module, sys.argv[1])
assert bound.arrays["X"].nbytes > 1e7
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells its peak")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_large_file_needs_little_more_memory_than_its_arrays(tmp_path, suffix):
    """By the growth from one file to one of twice as many rows: libraries need some, too."""
    columns, rows = 20, 200_000
    draw = np.random.default_rng(0)
    table = {f"x{i}": draw.standard_normal(2 * rows) for i in range(columns)}
    if suffix == "csv":  # fewer digits: a file of 50 MB, not of 150
        table = {name: values.round(3) for name, values in table.items()}
    table["y"] = draw.integers(0, 2, 2 * rows)

    def peak(count):
        path = tmp_path / f"{count}.{suffix}"
        some = pa.table(table).slice(0, count)
        if suffix == "csv":
            from pyarrow import csv

            csv.write_csv(some, path)
        else:
            parquet.write_table(some, path, row_group_size=100_000)
        command = [sys.executable, "-c", PEAK, path]
        done = subprocess.run(command, capture_output=True, check=True)
        return 1024 * int(done.stdout)

    more = peak(2 * rows) - peak(rows)

    assert more < 1.3 * 8 * rows * (columns + 1)
