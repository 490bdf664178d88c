"""Tab-separated text: what CSV does, with tabs."""

import numpy as np
import pytest
from data_models import CATEGORY, EVERY, data, model

from gdsym.data import bind_tables
from gdsym.errors import DataError

MODEL = model(data("y", "n"), data("X", "n d", EVERY))


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="d.tsv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.mark.parametrize("name", ["d.tsv", "d.TSV", "d.tab"])
def test_tabs_separate_the_fields(write, name):
    bound = bind_tables(MODEL, write("y\tx, 1\tx2\n1\t2\t3\n4\t5\t6\n", name))

    assert bound.arrays["y"].tolist() == [1, 4]
    assert bound.arrays["X"].tolist() == [[2, 3], [5, 6]]
    assert bound.dims["d"]["labels"] == ["x, 1", "x2"]


def test_a_comma_is_part_of_a_cell_and_quotes_hold_a_tab(write):
    bound = bind_tables(model(data("c", "n", domain=CATEGORY)), write('c\na,b\n"u\tv"\n'))

    assert bound.dims["k"]["labels"] == ["a,b", "u\tv"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y,x\n1,2\n", 'separated by commas, not by tabs; the header is "y,x"\nhelp: name it'),
        ("y;x\n1;2\n", "separated by semicolons, not by tabs"),
        (
            "y\tx\n1\t2\n3\n",
            "line 3 has 1 fields, but the header has 2: 3\nhelp: a cell with a tab",
        ),
        ("y\tx\n1\t2\n3\tz\n", "but for some cells: row 2 (line 3)"),
        ("y\ty\n1\t2\n", "duplicate column `y`"),
        ("y\tx\n", "no data rows"),
        ("", "the file is empty"),
        ('y\tx\n1\t"2\n', "line 2: a quote is opened"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line(write, text, said):
    with pytest.raises(DataError) as caught:
        bind_tables(MODEL, write(text))

    assert said in str(caught.value)


def test_a_csv_file_with_tabs_is_told_its_suffix(write):
    with pytest.raises(DataError, match=r"(?s)by tabs, not by commas.*suffix \.tsv"):
        bind_tables(MODEL, write("y\tx\n1\t2\n", "d.csv"))


def test_numbers_are_read_to_the_last_digit(write):
    values = np.random.default_rng(1).standard_normal(50) * 10.0 ** np.arange(-25, 25)

    bound = bind_tables(
        model(data("y", "n")), write("y\n" + "\n".join(repr(float(v)) for v in values))
    )

    assert bound.arrays["y"].tolist() == values.tolist()
