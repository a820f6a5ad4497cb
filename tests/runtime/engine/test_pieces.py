import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.pieces import split_long


@given(
    st.text(alphabet=st.sampled_from("ab 1.<|\n中"), max_size=200),
    st.integers(4, 40),
    st.booleans(),
)
def test_the_parts_make_up_the_text(text: str, limit: int, keep_lines: bool) -> None:
    parts = split_long(text, limit, keep_lines=keep_lines)
    assert "".join(parts) == text
    assert not text or all(parts)
    assert keep_lines or all(len(part) <= limit for part in parts)


def test_lines_of_words_stay_together_however_many_there_are() -> None:
    text = "a line of words\n" * 100
    assert split_long(text, 50, keep_lines=True) == [text]
    assert len(split_long(text, 50, keep_lines=False)) > 30


def test_a_long_stretch_is_cut_before_a_word() -> None:
    parts = split_long("first line\n" + "word " * 30, 50, keep_lines=True)
    assert len(parts) > 2
    assert all(part.startswith(" word") for part in parts[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("中文字符中文字符，中文", ["中文字符中文字符", "，中文"]),
        ("aaaaaaaaaaaa", ["aaaaaaaaaa", "aa"]),
        ("!!!!!!<|im_end|>", ["!!!!!!", "<|im_end|>"]),
    ],
)
def test_without_blanks_the_cut_is_where_it_does_least_harm(text: str, expected: list[str]) -> None:
    assert split_long(text, 10, keep_lines=True) == expected


@pytest.mark.parametrize("unit", ["a", " ", "\n", "a\n", "a ", "!", "<", "中，"])
def test_a_megabyte_is_split_in_no_time(unit: str) -> None:
    started = time.perf_counter()
    parts = split_long(unit * (2**20 // len(unit)), 2048, keep_lines=False)
    assert time.perf_counter() - started < 2
    assert max(map(len, parts)) <= 2048
