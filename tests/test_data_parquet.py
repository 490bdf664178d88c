"""Parquet files: types, nulls, names, and only the columns that are needed."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_models import CATEGORY, EVERY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError

Y = model(data("y", "n"))
C = model(data("c", "n", domain=CATEGORY))
WORDS = ["b", "a", "b"]


@pytest.fixture
def write(tmp_path):
    def write_table(columns, name="d.parquet", **options):
        path = tmp_path / name
        pq.write_table(pa.table(columns), path, **options)
        return path

    return write_table


def refusal(module, *sources, **options):
    with pytest.raises(DataError) as caught:
        bind_tables(module, *sources, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64()),
        *(pa.dictionary(pa.int8(), pa.int64()), pa.dictionary(pa.int32(), pa.float32())),
    ],
    ids=str,
)
@pytest.mark.parametrize("row_group_size", [1, 100])
def test_every_type_of_number_is_a_number(write, kind, row_group_size):
    column = pa.array([3, 1, 2], pa.float64()).cast(getattr(kind, "value_type", kind))
    if pa.types.is_dictionary(kind):
        column = column.dictionary_encode()

    bound = bind_tables(Y, write({"y": column}, row_group_size=row_group_size))

    assert bound.arrays["y"].tolist() == [3, 1, 2]
    assert bound.arrays["y"].dtype == np.float64


def test_booleans_are_1_and_0_and_as_categories_words(write):
    path = write({"y": [True, False], "c": [False, True]})

    assert bind_tables(Y, path).arrays["y"].tolist() == [1, 0]
    assert bind_tables(C, path).dims["k"]["labels"] == ["false", "true"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(WORDS),
        pa.array(WORDS, pa.large_string()),
        pa.array(WORDS, pa.string_view()),
        pa.array(WORDS).dictionary_encode(),
        pa.chunked_array(
            [pa.array(["b"]).dictionary_encode(), pa.array(["a", "b"]).dictionary_encode()]
        ),
        pa.array(["b ", " a", "b"]),
        pa.DictionaryArray.from_arrays([1, 0, 1], ["a", "b", "unused"]),
    ],
    ids=lambda column: str(column.type),
)
def test_every_type_of_text_is_a_category(write, column):
    bound = bind_tables(C, write({"c": column}))

    assert bound.arrays["c"].tolist() == [1, 0, 1]
    assert bound.dims["k"]["labels"] == ["a", "b"]


def test_float32_is_the_double_of_the_same_value(write):
    bound = bind_tables(Y, write({"y": pa.array([0.1], pa.float32())}))

    assert bound.arrays["y"].tolist() == [float(np.float32(0.1))]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 3], pa.int32()),
        pa.array([1.5, None, 3]),
        pa.array([True, None, False]),
        pa.array([1.5, float("nan"), 3]),
        pa.array([1, None, 3]).dictionary_encode(),
        pa.array(["1", None, "3"]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_null_is_a_missing_value(write, column):
    message = refusal(Y, write({"y": column}))

    assert "d.parquet: 1 missing value (`y` 1); the first is in row 2, column `y`" in message


def test_a_column_of_nulls_alone_is_missing_everywhere(write):
    assert "2 missing values" in refusal(Y, write({"y": pa.nulls(2)}))


@pytest.mark.parametrize(
    "column", [pa.array(["a", None]), pa.array(["a", ""]).dictionary_encode()]
)
def test_a_null_category_is_missing(write, column):
    assert "1 missing value (`c` 1)" in refusal(C, write({"c": column}))


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([decimal.Decimal("1.50")]), "decimals (decimal128(3, 2))"),
        (pa.array([datetime.date(2020, 1, 1)]), "dates (date32[day])"),
        (pa.array([datetime.datetime(2020, 1, 1)]), "dates (timestamp[us])"),
        (pa.array([datetime.time(1)]), "times (time64[us])"),
        (pa.array([datetime.timedelta(1)]), "times (duration[us])"),
        (pa.array([[1.0]]), "lists (list<element: double>)"),
        (pa.array([{"a": 1}]), "values of type struct<a: int64>"),
        (pa.array([b"1"]), "raw bytes (binary)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("module", [Y, model(data("y", "n", domain=CATEGORY))])
def test_other_types_are_refused_by_name(write, module, column, said):
    message = refusal(module, write({"y": column}))

    assert f"`y` holds {said}, but `y` needs" in message
    assert "convert them first" in message


def test_only_the_needed_columns_are_read(write, monkeypatch):
    path = write({"y": [1.0], "a": [2.0], "t": ["x"], "b": [3.0]})
    read = []
    whole = pq.ParquetFile.read

    def watched(self, columns=None, **options):
        read.append(columns)
        return whole(self, columns=columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "read", watched)
    bind_tables(model(data("y", "n"), data("X", "n d", named("b"))), path)

    assert read == [["y", "b"]]


def test_a_dot_in_a_name_is_no_path(write):
    bound = bind_tables(
        model(data("X", "n d", named("x.1", "x"))), write({"x": [1.0], "x.1": [2.0]})
    )

    assert bound.arrays["X"].tolist() == [[2, 1]]


def test_the_index_of_a_data_frame_is_no_column(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0], "y": [3.0, 4.0]}, index=[10, 20])
    frame.to_parquet(tmp_path / "d.parquet")

    bound = bind_tables(model(data("y", "n"), data("X", "n d", EVERY)), tmp_path / "d.parquet")

    assert bound.dims["d"]["labels"] == ["a"]


def test_from_star_leaves_texts_and_dates_aside_and_says_so(write):
    module = model(data("X", "n d", EVERY))

    bound = bind_tables(
        module, write({"a": [1], "t": ["x"], "d": [datetime.date(2020, 1, 1)], "f": [True]})
    )

    assert bound.dims["d"]["labels"] == ["a", "f"]
    assert bound.lines[-1] == "ignored: t (text), d (dates (date32[day]))"


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
def test_every_compression_reads_the_same(write, compression):
    values = np.random.default_rng(0).standard_normal(100)

    bound = bind_tables(Y, write({"y": values}, compression=compression))

    assert bound.arrays["y"].tolist() == values.tolist()


@pytest.mark.parametrize("name", ["d.pq", "d.PARQUET"])
def test_other_spellings_of_the_suffix(write, name):
    assert bind_tables(Y, write({"y": [1.0]}, name)).n_rows == 1


def test_a_page_whose_checksum_is_wrong_is_refused(write):
    values = np.arange(1000.0)
    path = write({"y": values}, write_page_checksum=True, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[content.index(values[500].tobytes())] ^= 1
    path.write_bytes(content)

    assert "d.parquet: this is no Parquet file, or it is damaged: " in refusal(Y, path)


def test_text_that_is_no_utf8_is_refused(write):
    raw = pa.array([b"a", b"\xff"]).cast(pa.string(), safe=False)

    assert "damaged" in refusal(C, write({"c": raw}))


def test_two_columns_of_one_name_are_refused(tmp_path):
    both = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["y", "y"])
    pq.write_table(both, tmp_path / "d.parquet")

    assert "duplicate column `y`" in refusal(Y, tmp_path / "d.parquet")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"y\n1\n", "this is no Parquet file: it does not begin with `PAR1`"),
        (b"PAR1" + b"x" * 40, "the file is truncated"),
        (b"PAR1PAR1", "the file is truncated"),
        (b"PAR1" + b"x" * 40 + b"PAR1", "no Parquet file, or it is damaged"),
        (b"PARE" + b"x" * 40 + b"PARE", "encrypted"),
    ],
)
def test_what_is_no_parquet_file_is_refused(tmp_path, content, said):
    path = tmp_path / "d.parquet"
    path.write_bytes(content)

    assert said in refusal(Y, path)
