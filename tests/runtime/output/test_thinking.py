"""Thinking stands between its tags at the start of an answer, or nowhere."""

from tests.runtime.output.common import read

from paddock.output import thinking
from paddock.output.events import Content, OutputParser, Thinking


def parser() -> OutputParser:
    return thinking.parser("<think>", "</think>")


def test_thinking_keeps_its_own_whitespace_but_for_what_follows_the_opening_tag() -> None:
    assert read(parser, "\n<think>\n a\n </think>\n\nb \n") == [Thinking("a\n "), Content("b \n")]


def test_a_tag_that_does_not_come_first_is_text() -> None:
    assert read(parser, " a <think>b</think>") == [Content(" a <think>b</think>")]
    assert read(parser, "a</think>b") == [Content("a</think>b")]


def test_a_prompt_that_opens_the_thinking_leaves_the_answer_inside() -> None:
    assert read(lambda: thinking.parser("[T]", "[/T]", "thinking"), "\na[/T]b") == [
        Thinking("a"),
        Content("b"),
    ]


def test_a_prompt_that_closes_the_thinking_leaves_the_answer_behind() -> None:
    made = lambda: thinking.parser("[T]", "[/T]", "content")  # noqa: E731
    assert read(made, "[T]a") == [Content("[T]a")]


def test_tags_that_never_end_are_given_at_the_end() -> None:
    assert read(parser, "<think>a</thi") == [Thinking("a</thi")]
    assert read(parser, " <th") == [Content(" <th")]
    assert read(parser, "<think></think>") == []
