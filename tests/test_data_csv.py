"""CSV files: which numbers come out, which lines messages name."""

import random
import struct

import numpy as np
import pytest
from data_models import CATEGORY, EVERY, data, model, named

from gdsym.data import bind_tables
from gdsym.errors import DataError

XY = model(data("x", "n"), data("y", "n"))


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="d.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def refusal(module, *sources, **options):
    with pytest.raises(DataError) as caught:
        bind_tables(module, *sources, **options)
    return str(caught.value)


def test_every_double_is_read_back_to_the_bit(write):
    draw = random.Random(1)
    doubles = [struct.unpack("<d", draw.randbytes(8))[0] for _ in range(5000)]
    doubles = [x for x in doubles if abs(x) < float("inf")]
    cells = [repr(x) for x in doubles]

    bound = bind_tables(model(data("x", "n")), write("x\n" + "\n".join(cells)))

    assert bound.arrays["x"].tobytes() == np.array(doubles).tobytes()


@pytest.mark.parametrize(
    "cell",
    [
        "1.00000000000000011102230246251565404",  # halfway between 1 and its successor
        "1.00000000000000011102230246251565405",
        "9007199254740993",
        "2.2250738585072011e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "179769313486231570000000000000000000000e270",
        "+1.5",
        "1.",
        ".5",
        "-0.0",
        "00012",
        "1E+02",
    ],
)
def test_a_number_is_the_double_that_python_takes(write, cell):
    bound = bind_tables(model(data("x", "n")), write(f"x\n{cell}\n1.5\n"))

    assert bound.arrays["x"].tolist() == [float(cell), 1.5]


@pytest.mark.parametrize("cell", ["1_000", "0x1F", "١٢", "1,5", "1d5", "True1", "--1", "1e", "$5"])
def test_what_is_no_decimal_number_is_refused_with_its_text(write, cell):
    message = refusal(model(data("x", "n")), write(f'x\n1\n"{cell}"\n'))

    assert "row 2 (line 3), column `x`" in message
    assert cell in message


def test_a_hexadecimal_cell_far_down_a_column_of_integers_is_refused(write):
    message = refusal(model(data("x", "n")), write("x\n" + "1\n" * 50000 + "0x10\n"))

    assert 'row 50001 (line 50002), column `x` is "0x10"' in message


def test_a_hexadecimal_word_elsewhere_leaves_numbers_alone(write):
    bound = bind_tables(XY, write("x,y,h\n1,2.5,0xff\n3,4,0xaa\n"))

    assert bound.arrays["x"].tolist() == [1, 3]


def test_text_beyond_the_first_block_of_a_long_file_is_found(write):
    rows = [f"{i}.25,{i}" for i in range(200_000)]
    rows[199_998] = "1.25,abc"

    message = refusal(XY, write("x,y\n" + "\n".join(rows)))

    assert 'row 199999 (line 200000), column `y` is "abc"' in message


def test_a_column_that_is_empty_for_its_first_block_is_still_read_whole(write):
    text = "x,y\n" + ",1\n" * 300_000 + "5.5,2\n"

    message = refusal(XY, write(text))

    assert "300000 missing values (`x` 300000); the first is in row 1 (line 2)" in message


def test_a_row_longer_than_a_block_is_read(write):
    cell, width = "0." + "1" * 500, 3000
    header = ",".join(f"c{i}" for i in range(width))
    row = ",".join([cell] * width)

    bound = bind_tables(model(data("X", "n d", EVERY)), write(f"{header}\n{row}\n{row}\n"))

    assert bound.arrays["X"].shape == (2, width)
    assert bound.arrays["X"].min() == bound.arrays["X"].max() == float(cell)


def test_lines_are_counted_through_blank_lines_and_quoted_newlines(write):
    text = '\n"x\n1",note,y\n\n1,"a\nb",2\n\n3,c,\n'

    message = refusal(model(data("y", "n")), write(text))

    assert "1 missing value (`y` 1); the first is in row 2 (line 8), column `y`" in message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_ragged_line_is_counted_with_any_line_end(write, end):
    message = refusal(XY, write(end.join(["x,y", "1,2", "", "3,4,5", "6,7"])))

    assert "line 4 has 3 fields, but the header has 2: 3,4,5" in message


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(write):
    text = 'x,y,note\n1,2,a\n3,4,"b\n5,6,c\n7,8,d\n'

    message = refusal(XY, write(text))

    assert "line 3: a quote is opened and not closed" in message


def test_blank_cells_in_and_out_of_quotes_are_missing(write):
    message = refusal(XY, write('x,y\n" ",1\n,2\n"",3\n4, \n'))

    assert "4 missing values (`x` 3, `y` 1); the first is in row 1 (line 2)" in message


def test_na_in_quotes_is_a_level_and_outside_them_a_missing_value(write):
    module = model(data("c", "n", domain=CATEGORY))

    quoted = bind_tables(module, write('c\n"NA"\nDE\n'))
    message = refusal(module, write("c\nNA\nDE\n"))

    assert quoted.dims["k"]["labels"] == ["DE", "NA"]
    assert "1 missing value (`c` 1); the first is in row 1" in message


def test_utf16_without_a_mark_is_recognised(write):
    assert "looks like UTF-16" in refusal(XY, write("x,y\n1,2\n".encode("utf-16-le")))


def test_a_byte_that_is_not_utf8_is_counted_across_blocks(write):
    text = b"x,y\n" + "1,é\n".encode() * 300_000 + b"2,\xe9\n"

    message = refusal(XY, write(text))

    assert f"byte {text.index(b'2,') + 3}, in line 300002, is not UTF-8 (0xe9" in message


def test_a_file_of_blank_lines_is_empty(write):
    assert "the file is empty" in refusal(XY, write("\n\r\n\n"))


def test_a_header_of_numbers_is_taken_for_data(write):
    assert "line 1 holds numbers" in refusal(XY, write("0.57,1.25\n1,2\n"))


def test_columns_may_be_called_by_whole_numbers(write):
    bound = bind_tables(model(data("X", "n d", EVERY)), write("0,1,2\n5,6,7\n"))

    assert bound.dims["d"]["labels"] == ["0", "1", "2"]


def test_text_that_a_terminal_would_obey_is_escaped_in_messages(write):
    message = refusal(XY, write("x,y\n\x1b[2Jboo,1\n"))

    assert "\x1b" not in message
    assert "\\x1b[2Jboo" in message


def test_a_very_long_cell_is_cut_in_messages(write):
    message = refusal(XY, write("x,y\n1,2\n" + "q" * 200_000 + ",3\n"))

    assert "row 2" in message
    assert len(message) < 400


def test_dates_and_times_are_named_as_what_they_are(write):
    message = refusal(XY, write("x,y\n2020-01-02,12:30\n2021-01-02,12:31\n"))

    assert "`x` holds dates, but `x` needs real numbers" in message
    assert "`y` holds times" in message


def test_from_star_says_what_it_left_aside(write):
    text = "id,when,town,x,,y\n1,2020-01-01,Ulm,1.5,9,0\n2,2020-01-02,Bonn,2.5,9,1\n"
    module = model(data("X", "n d", {"every": True, "excluded": ("id",)}), data("y", "n"))

    bound = bind_tables(module, write(text))

    assert bound.dims["d"]["labels"] == ["x"]
    assert bound.lines == [
        "X[n=2, d=1]: x",
        "y: column y",
        "ignored: column 5 (no name), when (dates), town (text)",
    ]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        (["1,000", "2,500"], "1,000"),
        (["$5", "$6"], "$5"),
        (["1,5", "2"], "1,5"),
        (["5%", "x"], "5%"),
    ],
)
def test_from_star_does_not_pass_over_a_column_that_looks_like_numbers(write, column, cell):
    text = "a,y\n" + "".join(f'"{value}",1\n' for value in column)

    message = refusal(model(data("X", "n d", EVERY)), write(text))

    assert f'`a` is numeric but for some cells: row 1 (line 2) holds "{cell}"' in message
    assert 'from * except ["a"]' in message


def test_only_the_columns_that_are_needed_must_be_sound(write):
    bound = bind_tables(XY, write("x,junk,y\n1,NaN,2\n3,inf,4\n"))

    assert bound.arrays["y"].tolist() == [2, 4]


def test_integers_beyond_2_to_the_53_are_rounded_with_a_note(write):
    bound = bind_tables(XY, write("x,y\n9007199254740993,1\n-9223372036854775808,2\n"))

    assert bound.arrays["x"].tolist() == [9007199254740992.0, -(2.0**63)]
    assert "note: whole numbers beyond 2^53 in `x` are rounded to float64" in bound.lines


def test_identifiers_beyond_2_to_the_53_stay_apart_as_levels(write):
    module = model(data("who", "n", domain=CATEGORY), data("z", "n"))

    bound = bind_tables(module, write("who,z\n9007199254740993,1\n9007199254740992,2\n"))

    assert bound.dims["k"]["labels"] == ["9007199254740992", "9007199254740993"]


def test_columns_by_name_are_stacked_in_the_order_of_the_model(write):
    module = model(data("X", "n d", named("b", "a")))

    bound = bind_tables(module, write("a,b\n1,2\n3,4\n"))

    assert bound.arrays["X"].tolist() == [[2, 1], [4, 3]]
    assert bound.dims == {"d": {"size": 2, "labels": ["b", "a"]}}
