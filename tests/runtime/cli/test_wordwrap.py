import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.tables import width
from paddock.cli.wordwrap import WordWrap

TAKEN_BACK = re.compile(r"\x1b\[(\d+)D\x1b\[K\n")


def wrap(text: str, columns: int) -> str:
    """What stands on the screen in the end."""
    wrapper = WordWrap(columns)
    screen = ""
    for char in text:
        out = wrapper.feed(char)
        if back := TAKEN_BACK.match(out):
            screen = screen[: -int(back[1])] + "\n" + out[back.end() :]
        else:
            screen += out
    return screen


def test_a_word_that_does_not_fit_moves_to_the_next_line():
    assert wrap("the quick brown fox jumps", 20) == "the quick brown\nfox jumps"


def test_newlines_of_the_text_start_over():
    assert wrap("one two\nthree four", 16) == "one two\nthree four"


def test_a_blank_at_the_end_of_a_line_is_not_carried_over():
    assert wrap("aaaa bbbbb cccc", 15) == "aaaa bbbbb\ncccc"


def test_words_that_are_too_long_are_broken():
    assert wrap("abcdefghijklmnopqrstuvwxyz", 15) == "abcdefghij\nklmnopqrst\nuvwxyz"


def test_wide_characters_take_two_columns_and_end_a_word():
    assert wrap("日本語日本語", 15) == "日本語日本\n語"


def test_narrow_terminals_are_left_alone():
    assert WordWrap(9).feed("some words that go on") == "some words that go on"


@given(st.text(alphabet="ab \n日\t"), st.integers(12, 40))
def test_nothing_is_lost_and_no_line_is_too_long(text: str, columns: int):
    shown = wrap(text, columns)
    assert "".join(shown.split()) == "".join(text.split())
    if "\t" not in text:
        assert max(map(width, shown.split("\n"))) <= columns - 5


@pytest.mark.parametrize("size", [1, 3, 100])
def test_how_the_text_is_cut_makes_no_difference(size: int):
    text = "Neighing horses graze in the paddock behind the house. " * 3
    wrapper = WordWrap(30)
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(map(wrapper.feed, parts)) == WordWrap(30).feed(text)
