"""The Laguna format."""

from tests.runtime.output.common import TOOLS, read, tool

from paddock.output.events import BrokenCall, Content, OutputParser, Thinking, ToolCall
from paddock.output.registry import parser


def quiet() -> OutputParser:
    return parser("laguna").make(TOOLS, None, None)


def thoughtful() -> OutputParser:
    return parser("laguna").make(TOOLS, None, True)


PAIR = "<arg_key>city</arg_key>\n<arg_value>P</arg_value>"
CALL = ToolCall("weather", {"city": "P"})


def test_thinking_is_dropped_unless_it_was_asked_for() -> None:
    text = "\n<think> hm </think>\nyes \n"
    assert read(thoughtful, text) == [Thinking("hm"), Content("yes")]
    assert read(quiet, text) == [Content("yes")]
    assert read(quiet, "</think> yes") == [Content("yes")]


def test_calls_come_in_tags_of_two_kinds_or_bare() -> None:
    for written in (
        f"<tool_call>weather\n{PAIR}\n</tool_call>",
        '<tool_call>weather\n{"city": "P"}</tool_call>',
        '<tool_call>{"name": "weather", "arguments": {"city": "P"}}</tool_call>',
        f"<user>weather\n{PAIR}\n</user>",
        '{"name": "weather", "arguments": {"city": "P"}}',
        f"<tool_call>weather\n{PAIR}<tool_call>weather\n{PAIR}</tool_call>",
    ):
        assert read(quiet, f"So: \n{written}\nthen") == [Content("So:"), CALL, Content("then")]
        assert read(quiet, written) == [CALL]


def test_what_names_no_tool_is_text() -> None:
    for text in ("<user>hello</user> x", '{"a": {"b": 1}} x', "if {x}", "a <us", '{"name', "{ "):
        assert read(quiet, f"a {text}") == [Content(f"a {text}".rstrip())]


def test_a_call_that_the_end_cuts_off_counts_only_when_it_is_whole() -> None:
    assert read(quiet, f"<tool_call>weather\n{PAIR}") == [CALL]
    for cut in ("weather", "weather\n<arg_key>city</arg_key><arg_value>P", 'weather {"city'):
        (event,) = read(quiet, f"<tool_call>{cut}")
        assert event == BrokenCall(cut, event.reason, cut=True)  # type: ignore[union-attr]
    (event,) = read(quiet, '{"name": "weather", "arguments": {')
    assert isinstance(event, BrokenCall)


def test_other_names_of_declared_tools_are_understood() -> None:
    tools = [tool("read", path="string")]
    written = '<tool_call>read_file {"path": "x"}</tool_call>'
    made = lambda: parser("laguna").make(tools, None, None)  # noqa: E731
    assert read(made, written) == [ToolCall("read", {"path": "x"})]
