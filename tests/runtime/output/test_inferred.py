"""Calls behind a tag that a template shows."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.output.common import TOOLS, events_of, read

from paddock.output import generic
from paddock.output.events import BrokenCall, Content, OutputParser, Thinking, ToolCall
from paddock.output.inferred import InferredCalls


def tagged() -> OutputParser:
    return InferredCalls("<tool_call>", TOOLS)


def bare() -> OutputParser:
    return InferredCalls("{", TOOLS)


def listed() -> OutputParser:
    return InferredCalls("[", TOOLS)


CALL = '{"name": "weather", "arguments": {"city": "P"}}'
WEATHER = ToolCall("weather", {"city": "P"})


def test_content_before_the_tag_stays_whole_and_markup_behind_it_goes() -> None:
    assert read(tagged, f"Let me see. <tool_call>\n{CALL}\n</tool_call> bye") == [
        Content("Let me see. "),
        WEATHER,
    ]


def test_a_call_may_be_written_in_many_ways() -> None:
    for written in (
        '{"arguments": {"city": "P"}, "name": "weather"}',
        '{"name": "weather", "parameters": "{\\"city\\": \\"P\\"}"}',
        '{"weather": {"city": "P"}}',
        '{"tool_calls": [{"function": {"name": "weather", "arguments": {"city": "P"}}}]}',
        'weather\n```json\n{"city": "P"}\n```',
        f"[{CALL}]",
    ):
        assert events_of(tagged, f"<tool_call>{written}") == [WEATHER], written


def test_the_name_in_the_call_counts_more_than_one_in_its_arguments() -> None:
    written = '<tool_call>{"arguments": {"query": "weather"}, "name": "search"}'
    assert events_of(tagged, written) == [ToolCall("search", {"query": "weather"})]


def test_every_call_of_an_answer_counts() -> None:
    second = ToolCall("weather", {"city": "P"}, 1)
    assert read(tagged, f"<tool_call>{CALL}</tool_call><tool_call>{CALL}") == [WEATHER, second]
    assert read(listed, f"[{CALL}, {CALL}]]") == [WEATHER, second]
    assert events_of(tagged, f'<tool_call>{{"calls": [{CALL}, {CALL}]}}') == [WEATHER, second]


def test_a_call_that_cannot_be_read_is_told_before_the_next_one() -> None:
    bad = '{"name": "nope", "arguments": {}}'
    assert read(tagged, f"<tool_call>{bad}{{x}}{CALL}") == [
        BrokenCall(bad, 'tool "nope" is not declared'),
        BrokenCall("{x}", events_of(tagged, "<tool_call>{x}")[0].reason),  # type: ignore[union-attr]
        WEATHER,
    ]


def test_a_call_that_the_end_cuts_off_is_told() -> None:
    (event,) = read(tagged, '<tool_call>{"name": "weather", "argu')
    assert event == BrokenCall(
        '{"name": "weather", "argu', "the answer ended inside the call", cut=True
    )
    assert isinstance(read(tagged, "<tool_call>hello")[0], BrokenCall)
    assert read(tagged, "hello <tool_") == [Content("hello <tool_")]


def test_without_a_tag_the_answer_is_a_call_or_a_text() -> None:
    assert read(bare, f"\n{CALL}") == [Content("\n"), WEATHER]
    for text in (f"Sure! {CALL}", '{"a": 1} and more', '{"name": "weather"', '{"name": "x"}{"'):
        assert read(bare, text) == [Content(text)]
    for text in ("[special] delivery", '[{"a": 1}]', "[", '["weather"]'):
        assert read(listed, text) == [Content(text)]


def test_thinking_and_calls_come_in_their_order() -> None:
    def parser() -> OutputParser:
        return generic.parser_for(
            ("<think>", "</think>"),
            "<tool_call>",
            TOOLS,
            think=True,
            rendered_prompt_tail="assistant\n<think>\n",
        )

    assert read(parser, f"hm</think>\nSo: <tool_call>{CALL}</tool_call>") == [
        Thinking("hm"),
        Content("So: "),
        WEATHER,
    ]


def test_what_is_not_asked_for_is_content() -> None:
    tags = "<think>", "</think>"
    text = f"<think>a</think>b<tool_call>{CALL}"
    for parser in (
        lambda: generic.parser_for(tags, "<tool_call>", think=False),
        lambda: generic.parser_for(("", ""), "<tool_call>", think=True),
        lambda: generic.parser_for(None, None, TOOLS, think="high"),
    ):
        assert events_of(parser, text) == [Content(text)]


PIECES = st.sampled_from(
    ["<tool_call>", CALL, '{"name": "weather", ', '"arguments": {}', "{", "}", "[", "]", '"', "a "]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=10), st.sampled_from([tagged, bare, listed]))
def test_any_cut_gives_the_same_events(pieces: list[str], make: object) -> None:
    assert callable(make)
    whole = events_of(make, "".join(pieces))
    assert events_of(make, *pieces) == whole
    assert events_of(make, *"".join(pieces)) == whole
