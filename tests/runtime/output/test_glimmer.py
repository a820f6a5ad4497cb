"""The Glimmer format."""

from tests.runtime.output.common import TOOLS, read

from paddock.output import glimmer
from paddock.output.events import BrokenCall, Content, OutputParser, Thinking, ToolCall


def parser() -> OutputParser:
    return glimmer.make(TOOLS, None, None)


def block(name: str, **values: str) -> str:
    parameters = "".join(
        f'<atem:parameter name="{key}">{value}</atem:parameter>\n' for key, value in values.items()
    )
    return (
        f'<atem:function_calls>\n<atem:invoke name="{name}">\n{parameters}</atem:invoke>\n'
        "</atem:function_calls>"
    )


def test_recipients_say_what_a_message_is() -> None:
    text = (
        " to=self<|message|>hm <|eom|><|start|>assistant to=weather<|message|>"
        + block("weather", city=" P ", days="3")
        + "<|eom|><|start|>assistant to=user<|message|>Done <|eot|>"
    )
    assert read(parser, text) == [
        Thinking("hm "),
        ToolCall("weather", {"city": " P ", "days": 3}),
        Content("Done "),
    ]
    assert read(lambda: glimmer.make(TOOLS, None, False), text)[0] == ToolCall(
        "weather", {"city": " P ", "days": 3}
    )


def test_a_next_message_ends_the_one_before_and_other_starts_are_text() -> None:
    text = " to=self<|message|>a <|start|> b<|start|>assistant to=user<|message|>c<|start|>assis"
    assert read(parser, text) == [Thinking("a <|start|> b"), Content("c<|start|>assis")]


def test_content_that_is_one_call_counts_as_one() -> None:
    call = block("weather.weather", city="P")
    assert read(parser, f" to=user<|message|>{call}<|eot|>") == [ToolCall("weather", {"city": "P"})]
    for text in (f"{call} more", f"so {call}", block("other"), "<atem:function_calls>"):
        assert read(parser, f" to=user<|message|>{text}<|eot|>")[0] == Content(
            text if "</atem" in text else f"{text}<|eot|>"
        )


def test_end_markers_inside_a_call_are_text() -> None:
    call = block("weather", city="a<|eot|>b<|start|>assistant<|message|>")
    assert read(parser, f" to=weather<|message|>{call}") == [
        ToolCall("weather", {"city": "a<|eot|>b<|start|>assistant<|message|>"})
    ]


def test_calls_that_cannot_be_read_are_broken() -> None:
    for body in ("", "hello", block("search"), "<atem:function_calls><atem:invoke", block("x")):
        (event,) = read(parser, f" to=weather<|message|>{body}")
        assert isinstance(event, BrokenCall)
        assert event.text == body


def test_an_answer_without_any_message_is_content() -> None:
    assert read(parser, "Hello <|start|> there") == [Content("Hello <|start|> there")]
    assert read(parser, " to=user<|message|>") == []
