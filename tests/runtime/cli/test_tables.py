import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.tables import grid, table, width, wrapped


def test_tables_pad_every_column():
    text = table(
        ["NAME", "ID", "SIZE", "MODIFIED"],
        [
            ["gpt-oss:120b-cloud", "569662207105", "-", "About an hour ago"],
            ["llama3.2:latest", "a80c4f17acd5", "2.0 GB", "3 weeks ago"],
        ],
    )
    assert text.splitlines() == [
        "NAME                  ID              SIZE      MODIFIED          ",
        "gpt-oss:120b-cloud    569662207105    -         About an hour ago    ",
        "llama3.2:latest       a80c4f17acd5    2.0 GB    3 weeks ago          ",
    ]


def test_a_table_without_rows_is_its_header():
    assert table(["NAME", "SIZE"], []) == "NAME    SIZE \n"


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0), ("a\u200bb", 2)]
)
def test_width_counts_columns_and_not_characters(text: str, columns: int):
    assert width(text) == columns


def test_wide_cells_wrap_and_short_rows_are_filled():
    assert grid([["name", "one two three"], ["x"]], 7) == (
        "    name    one two    \n            three      \n    x                  \n"
    )


@given(st.text(alphabet="ab 日"), st.integers(2, 20))
def test_wrapping_keeps_the_words_and_their_order(text: str, columns: int):
    lines = wrapped(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= columns or " " not in line for line in lines)
