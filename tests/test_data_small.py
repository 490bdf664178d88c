"""Small text files are read without pyarrow, and mean what pyarrow would make of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsym.data import _small
from gdsym.data._read import read
from gdsym.data._table import Coded, Demand

TEXTS = Demand(needed=lambda _: True, as_text=lambda name: name == "t")
CELLS = (
    *("0", "1", "-0", "007", "-12", "123456789012345", "1234567890123456", "1.5", "-0.25e-3"),
    *("1e5", "5.", ".5", "+1", "1E+300", "1e400", "0x10", "", "NA", "nan", "inf", "true", "yes"),
    *(" 1", "1 ", "2020-01-01", "ä", " NA", '"1"', "1e-400", "-1e-308", "0.1000000000000000055"),
)


def told(path, monkeypatch=None):
    """Kind, type and values of every column."""
    found = {}
    for name, entry in read(path, TEXTS).entries.items():
        values = entry.values() if entry.kind in ("number", "text") else None
        if isinstance(values, Coded):
            values = values.texts, values.codes.tolist()
        elif values is not None:
            values = values.dtype.kind, [repr(value) for value in values.tolist()]
        found[name] = entry.kind, entry.shape, values
    return found


@given(
    st.lists(st.tuples(*[st.sampled_from(CELLS)] * 2), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
def test_they_are_read_as_pyarrow_reads_them(tmp_path_factory, rows, end):
    path = tmp_path_factory.getbasetemp() / "small.csv"
    path.write_bytes(end.join(["x,t", *map(",".join, rows), ""]).encode())

    ours = told(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_small, "MAX_BYTES", -1)
        theirs = told(path)

    assert ours == theirs


def test_plain_cells_are_not_left_to_pyarrow():
    entries = _small.entries(b"1,2.5,a\r\n\r\n-3,1e-2,NA\r\n", 3, [0, 1, 2], [2], ",")

    assert entries is not None
    whole, decimal, text = (entry.values() for entry in entries.values())
    assert whole.dtype == np.int64 and whole.tolist() == [1, -3]
    assert decimal.tolist() == [2.5, 0.01]
    assert text.texts == ("a",) and text.codes.tolist() == [0, -1]
