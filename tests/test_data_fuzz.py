"""Damaged files are read or refused; nothing else comes out, and what is read is finite."""

import csv
import io
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_models import CATEGORY, EVERY, data, model

from gdsym.data import bind_tables
from gdsym.errors import DataError

BITS = [
    *(b'"', b"\n", b"\r", b",", b"\0", b"\xff", b"nan", b"0x1", b" ", b"1e999", b";", b"-", b"("),
    *(b"\xef\xbb\xbf", b"true", b"2020-01-01", b"12:00", b"9" * 30, b"\xc3\xa9", b"\x1b[2J"),
]
MODELS = [
    model(data("y", "n"), data("X", "n d", EVERY)),
    model(data("y", "n", domain=CATEGORY), data("X", "n d", EVERY)),
    model(data("X", "n d")),
]


def saved(save, *arrays, **named):
    stream = io.BytesIO()
    save(stream, *arrays, **named)
    return stream.getvalue()


TABLE = pa.table(
    {
        "y": ["aa", "b", None],
        "x1": [1, None, 3],
        "x2": pa.array(["p", "a long word", "p"], pa.string_view()),
        "x3": pa.array([0.5, 1.5, 0.5]).dictionary_encode(),
        "x4": [True, False, None],
    }
)


def ipc(new):
    stream = io.BytesIO()
    with new(stream, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return stream.getvalue()


def parquet(**options):
    stream = io.BytesIO()
    pq.write_table(TABLE, stream, **options)
    return stream.getvalue()


SOUND = {
    "tabs.tsv": b"y\tx1\tx2\n1.5\t0.5\t1\n2.5\t1.5\t0\n",
    "packed.parquet": parquet(),
    "plain.parquet": parquet(compression="none", use_dictionary=False),
    "file.arrow": ipc(pa.ipc.new_file),
    "stream.arrow": ipc(pa.ipc.new_stream),
    "numbers.csv": b"y,x1,x2\n1.5,0.5,1\n2.5,1.5,0\n",
    "words.csv": b'y,"x 1",x2\r\n"a",0.5,1\r\nb,1.5,"0"\r\n',
    "array.npy": saved(np.save, np.arange(12.0).reshape(4, 3)),
    "stored.npz": saved(np.savez, X=np.ones((3, 2)), y=[1, 2, 3]),
    "packed.npz": saved(np.savez_compressed, X=np.ones((3, 2)), y=["a", "b", "c"]),
}


def damaged(content, draw):
    content = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(content))
        kind = draw.randrange(4)
        if kind == 0:
            content[place:place] = draw.choice(BITS)
        elif kind == 1:
            content[place] = draw.randrange(256)
        elif kind == 2 and len(content) > 20:
            del content[place : place + draw.randint(1, 5)]
        elif draw.random() < 0.2 and place:
            del content[place:]
    return bytes(content)


@pytest.mark.parametrize("name", SOUND)
def test_a_damaged_file_is_read_or_refused(tmp_path, name):
    draw = random.Random(name)
    path = tmp_path / name
    for _ in range(200):
        path.write_bytes(damaged(SOUND[name], draw))
        for module in MODELS:
            try:
                arrays = bind_tables(module, path, missing=draw.choice(["error", "drop"])).arrays
            except DataError as error:
                assert "\x1b" not in str(error)
            else:
                assert all(np.isfinite(array).all() for array in arrays.values())


@pytest.mark.parametrize("seed", range(20))
def test_what_the_csv_module_writes_is_read_back(tmp_path, seed):
    draw = random.Random(seed)
    words = ["a", "b c", 'say "x"', "1,5", "line\nbreak", "é", "#", "'", "0"]
    rows = [
        [draw.choice(words), draw.gauss(0, 10 ** draw.randint(-9, 9)), draw.randint(-99, 99)]
        for _ in range(draw.randint(2, 60))
    ]
    path = tmp_path / "d.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(
            file,
            lineterminator=draw.choice(["\n", "\r\n"]),
            quoting=draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        )
        writer.writerows([["y", "u", "v"], *rows])

    bound = bind_tables(MODELS[1], path)

    labels = bound.dims["k"]["labels"]
    assert labels == sorted({row[0] for row in rows})
    assert [labels[code] for code in bound.arrays["y"]] == [row[0] for row in rows]
    assert bound.arrays["X"].tolist() == [[row[1], row[2]] for row in rows]
