from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.text import Detokenizer, StopMatcher


def _run(text: str, stops: list[str], cuts: list[int]) -> tuple[str, bool]:
    matcher, out = StopMatcher(stops), ""
    borders = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for start, end in pairwise(borders):
        piece, stopped = matcher.feed(text[start:end])
        out += piece
        if stopped:
            return out, True
    return out + matcher.finish(), False


def test_a_character_split_over_tokens_appears_once_whole() -> None:
    detokenizer = Detokenizer()
    pieces = [detokenizer.feed(bytes([byte])) for byte in "é😀".encode()]
    assert pieces == ["", "é", "", "", "", "😀"]
    assert detokenizer.finish() == ""


def test_an_unfinished_character_at_the_end_is_replaced_not_lost() -> None:
    detokenizer = Detokenizer()
    assert detokenizer.feed("😀".encode()[:2]) == ""
    assert detokenizer.finish() == "\ufffd"


@given(st.text(), st.lists(st.integers(0, 40)))
def test_any_split_of_the_bytes_gives_the_same_text(text: str, cuts: list[int]) -> None:
    data, detokenizer = text.encode(), Detokenizer()
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    out = "".join(detokenizer.feed(data[a:b]) for a, b in pairwise(borders))
    assert out + detokenizer.finish() == text


def test_a_stop_string_across_tokens_is_found_and_removed() -> None:
    assert _run("answer<|end|>more", ["<|end|>"], [8, 9, 11]) == ("answer", True)


def test_what_only_looked_like_a_stop_string_comes_out_in_the_end() -> None:
    assert _run("a < b <|en", ["<|end|>"], [3, 8]) == ("a < b <|en", False)


def test_the_first_of_several_stop_strings_counts() -> None:
    assert _run("one two three", ["three", "two"], []) == ("one ", True)


ALPHABET = st.text("ab\n", max_size=12)


@given(
    ALPHABET,
    st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3),
    st.lists(st.integers(0, 12)),
)
def test_any_split_gives_the_same_text_and_end(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    whole = _run(text, stops, [])
    found = [text.find(stop) for stop in stops if stop in text]
    assert whole == (text[: min(found)] if found else text, bool(found))
    singles = _run(text, stops, list(range(len(text))))
    split = _run(text, stops, cuts)
    # Where two stop strings overlap, the one that is complete first ends the text.
    assert singles[1] == split[1] == whole[1]
    if len(stops) <= 1:
        assert singles == split == whole
