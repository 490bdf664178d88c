"""Arrow IPC files and streams, which Feather files are too."""

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
from data_models import CATEGORY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError

MODULE = model(data("y", "n"), data("c", "n", domain=CATEGORY))
TABLE = pa.table({"t": ["q", "r"], "c": pa.array(["v", "u"]).dictionary_encode(), "y": [1, 2]})


def write_file(path, table=TABLE):
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)


def write_stream(path, table=TABLE):
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


def write_feather(path, table=TABLE):
    pyarrow.feather.write_feather(table, str(path))


WRITERS = [write_file, write_stream, write_feather]


def refusal(module, path):
    with pytest.raises(DataError) as caught:
        bind_tables(module, path)
    return str(caught.value)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", ["d.arrow", "d.feather", "d.ipc", "d.arrows"])
def test_files_and_streams_read_alike_under_any_suffix(tmp_path, write, name):
    write(tmp_path / name)

    bound = bind_tables(MODULE, tmp_path / name)

    assert bound.arrays["y"].tolist() == [1, 2]
    assert bound.arrays["c"].tolist() == [1, 0]
    assert bound.dims["k"]["labels"] == ["u", "v"]


def test_a_pandas_frame_goes_through_feather(tmp_path):
    pd.DataFrame({"y": [1.5, None], "c": ["a", "b"]}).to_feather(tmp_path / "d.feather")

    assert "1 missing value (`y` 1); the first is in row 2" in refusal(
        MODULE, tmp_path / "d.feather"
    )


@pytest.mark.parametrize("write", WRITERS)
def test_only_the_needed_columns_are_decoded(tmp_path, write, monkeypatch):
    from gdsym.data import arrow

    path = tmp_path / "d.arrow"
    write(path)
    asked = []
    reader = arrow._reader

    def watched(path, is_file, fields=None):
        asked.append(fields)
        return reader(path, is_file, fields)

    monkeypatch.setattr(arrow, "_reader", watched)
    bind_tables(model(data("X", "n d", named("y"))), path)

    assert asked == [None, [2]]


@pytest.mark.parametrize("write", WRITERS)
def test_columns_that_nobody_needs_may_be_of_any_type(tmp_path, write):
    odd = TABLE.append_column("odd", pa.array([[{"a": 1}], None]))
    write(tmp_path / "d.arrow", odd)

    assert bind_tables(MODULE, tmp_path / "d.arrow").n_rows == 2


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_cut_short_is_refused(tmp_path, write):
    path = tmp_path / "d.arrow"
    write(path, pa.table({"y": list(range(1000)), "c": ["a"] * 1000}))
    path.write_bytes(path.read_bytes()[:-2000])

    assert "d.arrow: this is no Arrow file, or it is damaged: " in refusal(MODULE, path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"y\n1\n", "no Arrow file"),
        (b"FEA1" + b"\0" * 50, "Feather file of version 1"),
        (b"ARROW1", "no Arrow file"),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f", "no Arrow file"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_no_arrow_file_is_refused(tmp_path, content, said):
    path = tmp_path / "d.arrow"
    path.write_bytes(content)

    assert said in refusal(MODULE, path)


def test_an_offset_beyond_its_buffer_is_found_before_it_is_followed(tmp_path):
    path = tmp_path / "d.arrow"
    write_file(path, pa.table({"c": ["aa", "bb", "cc"], "y": [1, 2, 3]}))
    content = path.read_bytes()
    offsets = pa.array([0, 2, 4, 6], pa.int32()).buffers()[1].to_pybytes()
    wrong = pa.array([0, 2, 4, 6_000_000], pa.int32()).buffers()[1].to_pybytes()
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, wrong))

    assert "damaged" in refusal(MODULE, path)
