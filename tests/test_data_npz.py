"""NPZ files: arrays by name, read when they are needed."""

import io
import zipfile

import numpy as np
import pytest
from data_models import CATEGORY, EVERY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError

BOTH = model(data("X", "n d", EVERY), data("y", "n"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "d.npz"


def refusal(module, path):
    with pytest.raises(DataError) as caught:
        bind_tables(module, path)
    return str(caught.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_array_of_two_axes_is_taken_by_name_even_where_columns_are_asked_for(path, save):
    save(path, X=np.arange(6).reshape(3, 2), y=[1.0, 2, 3])

    bound = bind_tables(BOTH, path)

    assert bound.arrays["X"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert bound.dims == {"d": {"size": 2, "labels": None}}
    assert bound.lines == ["X[n=3, d=2]: array of d.npz", "y[n=3]: array of d.npz"]


def test_arrays_of_one_axis_serve_as_columns(path):
    np.savez(path, a=[1, 2], b=[3, 4], y=[5, 6], table=np.ones((7, 7)))

    bound = bind_tables(BOTH, path)

    assert bound.arrays["X"].tolist() == [[1, 3], [2, 4]]
    assert bound.dims["d"]["labels"] == ["a", "b"]
    assert bound.columns["X"] == ["a", "b"]


def test_an_array_by_its_own_name_stands_in_for_a_missing_column(path):
    np.savez(path, y=[1, 2])

    bound = bind_tables(model(data("y", "n", named("price_usd"))), path)

    assert bound.arrays["y"].tolist() == [1, 2]


def test_side_data_and_scalars_have_their_own_sizes(path):
    np.savez(path, y=[1.0, 2, 3], S=np.eye(2), s=4.5)

    bound = bind_tables(model(data("y", "n"), data("S", "j j"), data("s", "")), path)

    assert bound.arrays["S"].tolist() == [[1, 0], [0, 1]]
    assert bound.arrays["s"] == 4.5
    assert bound.dims == {"j": {"size": 2, "labels": None}}
    assert bound.n_rows == 3


def test_a_side_array_that_is_not_square_is_named(path):
    np.savez(path, S=np.ones((2, 3)))

    message = refusal(model(data("S", "j j"), row=None), path)

    assert "`S` of d.npz has 2 along `j`, but `S` of d.npz has 3" in message


def test_missing_arrays_are_listed_with_the_nearest_name(path):
    np.savez(path, x=[1, 2], target=[1, 2])

    message = refusal(model(data("X", "n"), data("targets", "n")), path)

    assert "no array `X`, no array `targets`" in message
    assert "for `targets` did you mean `target`?" in message
    assert "the arrays are `x`, `target`" in message


def test_a_pickled_member_is_refused_where_it_is_needed_and_ignored_where_not(path):
    np.savez(path, y=[1, 2], o=np.array([{}, {}], dtype=object))

    bound = bind_tables(model(data("y", "n")), path)
    message = refusal(model(data("y", "n"), data("o", "n")), path)

    assert bound.arrays["y"].tolist() == [1, 2]
    assert "array `o`: the file holds pickled Python objects" in message


def test_a_member_whose_header_lies_is_refused_before_allocation(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 9)}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("y.npy", header.getvalue() + bytes(16))

    assert "takes 72000000000000 bytes, and 16 are there" in refusal(model(data("y", "n k")), path)


def test_a_directory_of_the_archive_that_lies_is_refused(path):
    np.savez_compressed(path, y=np.zeros(1000))
    content = bytearray(path.read_bytes())
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)

    assert "damaged" in refusal(model(data("y", "n")), path)


@pytest.mark.parametrize("cut", [10, 100, 400])
def test_a_truncated_archive_is_an_error(path, cut):
    np.savez(path, y=np.zeros(100))
    path.write_bytes(path.read_bytes()[:cut])

    assert "d.npz: this is no NPZ file, or it is damaged" in refusal(model(data("y", "n")), path)


def test_flipped_bytes_are_never_numbers(path):
    np.savez(path, y=np.arange(1000.0))
    content = bytearray(path.read_bytes())
    content[4000] ^= 255
    path.write_bytes(content)

    assert "damaged" in refusal(model(data("y", "n")), path) or "cannot be read" in refusal(
        model(data("y", "n")), path
    )


def test_words_in_an_array_are_coded(path):
    np.savez(path, c=np.array([["b", "a"], ["a", "c"]]))

    bound = bind_tables(model(data("c", "n j", domain=CATEGORY)), path)

    assert bound.arrays["c"].tolist() == [[1, 0], [0, 2]]
    assert bound.dims["k"]["labels"] == ["a", "b", "c"]
