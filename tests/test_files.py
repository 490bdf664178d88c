import os
import stat
import sys

import pytest

from gdsym.errors import UsageError
from gdsym.files import MAX_TEXT_BYTES, check_writable, read_text, write_atomically

needs_permissions = pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="the superuser and Windows ignore permissions",
)


def test_read_text_drops_the_byte_order_mark_and_unifies_line_ends(tmp_path):
    path = tmp_path / "a.gd"
    path.write_bytes(b"\xef\xbb\xbfmodel a\r\nloss 1\rparam b")

    assert read_text(path) == "model a\nloss 1\nparam b"


def test_a_missing_model_names_its_nearest_neighbour(tmp_path):
    (tmp_path / "logistic.gd").write_text("")

    with pytest.raises(UsageError, match=r"did you mean `.*logistic\.gd`"):
        read_text(tmp_path / "logistik.gd")


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"there is no directory .*nowhere either"):
        read_text(tmp_path / "nowhere" / "a.gd")


def test_a_directory_is_no_model_but_its_models_are_listed(tmp_path):
    (tmp_path / "one.gd").write_text("")

    with pytest.raises(UsageError, match=r"is a directory.*\n.*one\.gd"):
        read_text(tmp_path)


def test_bytes_that_are_no_text_are_refused_with_their_place(tmp_path):
    path = tmp_path / "a.gd"
    path.write_bytes(b"loss \x89PNG")

    with pytest.raises(UsageError, match="byte 0x89 at offset 5"):
        read_text(path)


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path):
    path = tmp_path / "a.gd"
    with path.open("wb") as file:
        file.truncate(MAX_TEXT_BYTES * 10_000)  # sparse: takes no room on the disk

    with pytest.raises(UsageError, match="larger than"):
        read_text(path)


def test_a_path_with_a_nul_character_is_an_ordinary_error():
    with pytest.raises(UsageError, match="cannot read"):
        read_text("a\0b.gd")


def test_writing_replaces_the_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")

    write_atomically(path, "new\n")

    assert path.read_text() == "new\n"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")

    with pytest.raises(UsageError, match="cannot write"):
        write_atomically(path, "new \udc80")  # a lone surrogate has no UTF-8 form

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no links and modes there")
def test_writing_follows_a_link_and_keeps_permissions(tmp_path):
    real = tmp_path / "real.txt"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(real)

    write_atomically(link, "new")

    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="no such device there")
def test_a_device_is_written_in_place():
    write_atomically("/dev/null", "text")

    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_an_output_in_a_missing_directory_is_refused_before_the_work(tmp_path):
    with pytest.raises(UsageError, match="there is no directory"):
        check_writable(tmp_path / "nowhere" / "fit.json")


def test_an_output_that_is_a_directory_is_refused_before_the_work(tmp_path):
    with pytest.raises(UsageError, match="it is a directory"):
        check_writable(tmp_path)


@needs_permissions
def test_an_output_in_a_read_only_directory_is_refused_before_the_work(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(UsageError, match="no permission"):
        check_writable(tmp_path / "fit.json")


def test_bytes_are_written_as_they_are(tmp_path):
    path = tmp_path / "out.bin"

    write_atomically(path, b"\x00\r\n\xff")

    assert path.read_bytes() == b"\x00\r\n\xff"
