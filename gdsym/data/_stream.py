"""Large text files, block of lines by block of lines, in little more memory than their numbers.

Columns are numbers, or texts, in every block; whatever else a file holds or lacks (dates, damage,
a quote that is not closed) needs the whole file to be judged, and is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gdsym.data import _arrow
from gdsym.data._blocks import Blocks
from gdsym.data._table import Coded, Entry, join_coded

MIN_BYTES = 4 << 20  # a smaller file is read whole
BLOCK = 2 << 20  # bytes of text that are parsed at once; a line must fit
_TRIES = 100  # lines at the end of a block, of which one must not end within quotes

Parse = Callable[[bytes, Sequence[int]], Any]


def entries(
    path: Path, start: int, needed: Sequence[int], as_text: Sequence[int], parse: Parse
) -> dict[int, Entry] | None:
    """The needed columns by place, from offset `start`; None where the file is to be read whole.

    `parse(lines, as_text)` gives them as a pyarrow table, named by their places, or raises.
    """
    import pyarrow as pa

    numbers: list[int] | None = None
    texts: dict[int, list[Coded]] = {}
    blocks = Blocks(())
    for lines in _blocks(path, start):
        if lines is None or not is_readable(lines):
            return None
        try:
            table = parse(lines, [*as_text, *texts] if numbers is not None else as_text)
        except pa.ArrowInvalid:
            return None
        if numbers is None:
            words = [i for i in needed if i in as_text or _is_text(table.column(str(i)))]
            texts = {i: [] for i in words}
            numbers = [i for i in needed if i not in texts]
            blocks = Blocks([str(i) for i in numbers])
        columns = [table.column(str(i)) for i in numbers]
        if not all(map(_is_number, columns)):
            return None
        if not blocks.add(table.num_rows, map(_arrow.numbers, columns)):
            return None
        for i, parts in texts.items():
            parts.append(_arrow.texts(table.column(str(i))))
    return _entries(blocks, texts) if numbers is not None else None


def _entries(blocks: Blocks, texts: dict[int, list[Coded]]) -> dict[int, Entry]:
    found = {int(name): blocks.entry(name) for name in blocks.names}
    for i, parts in texts.items():
        coded = join_coded(parts)
        found[i] = Entry("text", coded.codes.shape, partial(_same, coded))
    return found


def _same(coded: Coded) -> Coded:
    return coded


def _is_number(column: Any) -> bool:
    return str(column.type) in ("int64", "double", "null")


def _is_text(column: Any) -> bool:
    return str(column.type) == "string"


def is_readable(lines: bytes) -> bool:
    """UTF-8 without a NUL, and without a cell that pyarrow might take for hexadecimal."""
    if b"\0" in lines or b"0x" in lines or b"0X" in lines:
        return False
    try:
        return lines.isascii() or lines.decode() is not None
    except UnicodeDecodeError:
        return False


def _blocks(path: Path, start: int) -> Iterator[bytes | None]:
    """Whole lines, many at once; None where a block has no end that is sure."""
    with path.open("rb") as file:
        file.seek(start)
        rest = b""
        while text := file.read(BLOCK):
            text = rest + text
            end = _end(text)
            if not end:
                yield None
                return
            yield text[:end]
            rest = text[end:]
        if rest.count(b'"') % 2:
            yield None
        elif rest.strip(b"\r\n"):
            yield rest


def _end(text: bytes) -> int:
    """The offset after the last line that does not end within quotes; 0 for none."""
    end = len(text)
    for _ in range(_TRIES):
        end = text.rfind(b"\n", 0, end) + 1
        if end == 0 or text.count(b'"', 0, end) % 2 == 0:
            return end
        end -= 1
    return 0
