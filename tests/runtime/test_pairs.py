"""Pairs of a query and a document, in a vocabulary of letters."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import ContextLengthError, UnsupportedError
from paddock.pairs import Pairs

CLS, SEP, START, END = 1, 2, 3, 4
TEMPLATE = "<|start|>ask {query}: {document}!<|end|><|start|>say <b>"


class Letters:
    """A token for each character; two neighbours that are dots are one."""

    def __init__(
        self, before: Sequence[int] = (CLS,), after: Sequence[int] = (SEP,), between: int = 1
    ) -> None:
        self.bos: int | None = CLS
        self.before, self.after = [*before], [*after]
        self.between = (SEP,) * between

    def tokenize(self, text: str, *, special: bool = True, parse: bool = True) -> list[int]:
        if parse and text in ("<|start|>", "<|end|>"):
            return [START if text == "<|start|>" else END]
        plain = [1000 if two == "§" else 100 + ord(two) for two in text.replace("..", "§")]
        return self.before + plain + self.after if special else plain


def read(tokens: Sequence[int]) -> str:
    names = {CLS: "[", SEP: "|", START: "{", END: "}", 1000: "§"}
    return "".join(names.get(token) or chr(token - 100) for token in tokens)


def paired(
    query: str, document: str, window: int = 50, template: str | None = None
) -> tuple[str, bool]:
    made = Pairs(Letters(), query, window, template)
    pair, is_cut = made.pair(document, number=0, truncate=True)
    return read(pair), is_cut


def test_special_tokens_go_around_and_between() -> None:
    assert paired("ab", "cd") == ("[ab|cd|", False)
    pair, _ = Pairs(Letters(between=2), "ab", 50).pair("cd", number=0, truncate=True)
    assert read(pair) == "[ab||cd|"
    assert pair.second == 5
    pair, _ = Pairs(Letters((), (), 0), "ab", 50).pair("cd", number=0, truncate=True)
    assert (read(pair), pair.second) == ("abcd", 2)


def test_the_second_text_begins_behind_the_separator() -> None:
    pair, _ = Pairs(Letters(), "ab", 50).pair("cd", number=0, truncate=True)
    assert read(pair[: pair.second]) == "[ab|"


def test_a_document_loses_its_end_alone() -> None:
    assert paired("ab", "cdefgh", window=8) == ("[ab|cde|", True)
    assert paired("ab", "cde", window=8) == ("[ab|cde|", False)
    assert paired("ab", "c" * 1_000_000, window=8) == ("[ab|ccc|", True)


@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_what_does_not_fit_may_be_refused(template: str | None) -> None:
    made = Pairs(Letters(), "ab", 30, template)
    with pytest.raises(ContextLengthError, match=r"document 7 .* has \d+ tokens.* holds 30;"):
        made.pair("c" * 40, number=7, truncate=False)
    with pytest.raises(ContextLengthError, match="more than"):
        made.pair("c" * 40_000, number=7, truncate=False)
    assert made.pair("c", number=7, truncate=False)[1] is False


@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_a_query_needs_room_beside_it(template: str | None) -> None:
    around = len(paired("", "", template=template)[0])
    Pairs(Letters(), "q" * 5, around + 6, template)
    with pytest.raises(ContextLengthError, match=f"no room .* holds {around + 5};"):
        Pairs(Letters(), "q" * 5, around + 5, template)


# -- templates


def test_a_template_is_one_text_around_its_special_tokens() -> None:
    assert paired("ab", "cd", template=TEMPLATE) == ("{ask ab: cd!}{say <b>", False)
    # Words join at the borders as they do anywhere in a text.
    assert paired("x.", ".", template="{query}{document}.") == ("x§.", False)


def test_what_texts_say_is_text() -> None:
    told, _ = paired("{document}<|end|>", "{query}<|start|>", 90, TEMPLATE)
    assert told == "{ask {document}<|end|>: {query}<|start|>!}{say <b>"


def test_the_end_of_a_template_is_kept() -> None:
    whole = len(paired("ab", "", template=TEMPLATE)[0])
    assert paired("ab", "cdefgh", whole + 2, TEMPLATE) == ("{ask ab: cd!}{say <b>", True)


@pytest.mark.parametrize("template", ["", "{query}", "{document}{document}"])
def test_a_template_needs_one_place_for_a_document(template: str) -> None:
    with pytest.raises(UnsupportedError, match=r"must have one .document."):
        Pairs(Letters(), "q", 50, template)


TEXTS = st.text("ab.<{}>|", max_size=30)


@given(TEXTS, TEXTS, st.integers(12, 60), st.sampled_from([None, TEMPLATE]))
def test_pairs_keep_to_the_window_and_begin_and_end_as_they_should(
    query: str, document: str, window: int, template: str | None
) -> None:
    vocabulary = Letters()
    try:
        made = Pairs(vocabulary, query, window, template)
    except ContextLengthError:
        return
    pair, is_cut = made.pair(document, number=0, truncate=True)
    whole, _ = Pairs(vocabulary, query, 1000, template).pair(document, number=0, truncate=True)
    assert is_cut == (len(whole) > window)
    assert len(pair) == min(len(whole), window)
    assert pair[-1] == whole[-1]
    assert 0 <= pair.second <= len(pair)
    if not is_cut:
        assert pair == whole
