"""NPY files: what is read, what is refused before anything is allocated or run."""

import struct

import numpy as np
import pytest
from data_models import CATEGORY, data, model

from gdsym.data import bind_tables
from gdsym.errors import DataError

ONE = model(data("X", "n d"))
BOTH = model(data("X", "n d"), data("y", "n"))


def npy(path, header, body=b""):
    text = (header + " " * (-(len(header) + 11) % 64) + "\n").encode("latin-1")
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body)
    return path


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "i1", "<u8", ">i2", "?", "<f16"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_real_dtype_becomes_float64_in_rows_but_float32(tmp_path, dtype, order):
    values = np.array([[0, 1, 1], [1, 0, 1]], dtype=dtype, order=order)
    np.save(tmp_path / "X.npy", values)

    array = bind_tables(ONE, tmp_path / "X.npy").arrays["X"]

    assert array.dtype == (np.float32 if dtype == "<f4" else np.float64)
    assert array.flags.c_contiguous
    assert array.tolist() == [[0, 1, 1], [1, 0, 1]]


def test_an_array_goes_by_the_stem_of_its_file(tmp_path):
    np.save(tmp_path / "X.npy", np.ones((3, 2)))
    np.save(tmp_path / "y.npy", np.arange(3))

    bound = bind_tables(BOTH, tmp_path / "y.npy", tmp_path / "X.npy")

    assert bound.arrays["y"].tolist() == [0, 1, 2]
    assert bound.lines == ["X[n=3, d=2]: array of X.npy", "y[n=3]: array of y.npy"]
    assert bound.columns == {}


def test_the_one_array_left_goes_to_the_one_data_left(tmp_path):
    np.save(tmp_path / "features.npy", np.ones((2, 2)))
    (tmp_path / "d.csv").write_text("y\n1\n2\n")

    bound = bind_tables(BOTH, tmp_path / "features.npy", tmp_path / "d.csv")

    assert bound.arrays["X"].shape == (2, 2)


def test_one_array_is_not_shared_out_among_two_data(tmp_path):
    np.save(tmp_path / "all.npy", np.ones((2, 3)))

    with pytest.raises(DataError) as caught:
        bind_tables(BOTH, tmp_path / "all.npy")

    assert str(caught.value) == (
        "all.npy: one array without a name, but the model needs `X[n, d]`, `y[n]`\n"
        "help: save them by name, `numpy.savez(path, X=X, y=y)`, or as X.npy y.npy"
    )


def test_text_arrays_are_categories(tmp_path):
    np.save(tmp_path / "c.npy", np.array(["red", "blue", "red"]))

    bound = bind_tables(model(data("c", "n", domain=CATEGORY)), tmp_path / "c.npy")

    assert bound.arrays["c"].tolist() == [1, 0, 1]
    assert bound.dims["k"]["labels"] == ["blue", "red"]


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 9), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 'many', }",
        "{'descr': '<f8', 'shape': (1, 1), }",
        "{'descr': 'no such type', 'fortran_order': False, 'shape': (1, 1), }",
        "(" * 5000,
        "__import__('os').mkdir('PWNED')",
        "",
    ],
)
def test_a_damaged_header_is_an_error_without_allocation(tmp_path, monkeypatch, header):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DataError, match=r"X\.npy: "):
        bind_tables(ONE, npy(tmp_path / "X.npy", header, bytes(8)))

    assert [path.name for path in tmp_path.iterdir()] == ["X.npy"]


@pytest.mark.parametrize("cut", [1, 5, 9, 60, 120, 128, 150])
def test_a_file_cut_anywhere_is_an_error(tmp_path, cut):
    np.save(tmp_path / "X.npy", np.ones((4, 3)))
    content = (tmp_path / "X.npy").read_bytes()
    (tmp_path / "X.npy").write_bytes(content[:cut])

    with pytest.raises(DataError, match=r"X\.npy: "):
        bind_tables(ONE, tmp_path / "X.npy")


def test_bytes_after_the_array_are_not_passed_over(tmp_path):
    np.save(tmp_path / "X.npy", np.ones((4, 3)))
    with (tmp_path / "X.npy").open("ab") as file:
        file.write(bytes(96))

    with pytest.raises(DataError, match="too long for its header"):
        bind_tables(ONE, tmp_path / "X.npy")
