"""The harmony format."""

from tests.runtime.output.common import TOOLS, read, tool

from paddock.api import Message
from paddock.output import harmony
from paddock.output.events import BrokenCall, Content, OutputParser, Thinking, ToolCall


def parser() -> OutputParser:
    return harmony.make(TOOLS, None, None)


def test_channels_say_what_a_message_is() -> None:
    text = (
        "<|channel|>analysis<|message|>hm <|end|><|start|>assistant<|channel|>commentary<|message|>"
        " so<|end|>\n<|start|>assistant<|channel|>final<|message|>yes <"
    )
    assert read(parser, text) == [Thinking("hm "), Content(" soyes <")]


def test_every_message_to_a_tool_is_a_call() -> None:
    text = (
        "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>"
        '{"city": "P"}<|end|>'
        '<|start|>assistant to=functions.search<|channel|>analysis<|message|>{"query": "q"}'
    )
    assert read(parser, text) == [
        ToolCall("weather", {"city": "P"}),
        ToolCall("search", {"query": "q"}, 1),
    ]


def test_calls_that_are_no_json_are_broken() -> None:
    text = "<|channel|>commentary to=functions.weather<|message|>"
    (event,) = read(parser, f'{text}{{"city')
    assert isinstance(event, BrokenCall)
    assert event.text == '{"city'
    assert isinstance(read(parser, text)[0], BrokenCall)


def test_an_answer_without_any_header_is_content() -> None:
    assert read(parser, " Hello <there>") == [Content(" Hello <there>")]
    assert read(parser, "<|channel|>anal") == []


def test_a_prompt_that_ends_in_a_message_is_gone_on_with() -> None:
    def after(**fields: str) -> OutputParser:
        return harmony.make([], Message(role="assistant", **fields), None)

    assert read(lambda: after(content="So"), " what<|end|>") == [Content(" what")]
    assert read(lambda: after(thinking="So"), " what") == [Thinking(" what")]


def test_names_go_to_the_model_and_come_back() -> None:
    tools = [tool("get weather"), tool("get-weather"), tool("1st"), tool("python")]
    shown = [given.function.name for given in harmony.shown_tools(tools) if given.function]
    assert shown == ["get_weather", "get_weather_2", "_1st", "python"]
    text = "<|channel|>commentary to=functions.get_weather_2<|message|>{}"
    assert read(lambda: harmony.make(tools, None, None), text) == [ToolCall("get-weather", {})]
