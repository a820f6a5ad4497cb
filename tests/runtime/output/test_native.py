"""Models that run by their chat template."""

from typing import Any

import pytest
from tests.runtime.output.common import TOOLS, read

from paddock.api import Tool
from paddock.errors import TemplateError
from paddock.output import native, probe
from paddock.output.events import Content, Event, OutputParser, Thinking, ToolCall
from paddock.template.jinja import JinjaTemplate

CALL = ToolCall("weather", {"city": "P"})
JSON = '{"name": "weather", "arguments": {"city": "P"}}'
HERMES = "{{ '<tool_call>' }} {{ '<think>' }}"


def events(
    template: str, text: str, tail: str = "", tools: list[Tool] = TOOLS, render: Any = None
) -> list[Event]:
    def parser() -> OutputParser:
        return native.parser_for(template, tools, None, tail, render)

    return read(parser, text)


@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        ("<tool_call>", f"So <tool_call>\n{JSON}\n</tool_call>", [Content("So"), CALL]),
        (
            "<tool_call><function=<parameter=",
            "<tool_call><function=weather><parameter=city>P</parameter></function></tool_call>",
            [CALL],
        ),
        (
            "<tool_call><arg_key>",
            "<tool_call>weather<arg_key>city</arg_key><arg_value>P</arg_value></tool_call>",
            [CALL],
        ),
        ("[TOOL_CALLS]", f"[TOOL_CALLS] [{JSON}] so", [CALL, Content("so")]),
        ("[TOOL_CALLS]", '[TOOL_CALLS]weather{"city": "P"}', [CALL]),
        ("[TOOL_CALLS][ARGS]", '[TOOL_CALLS]weather[ARGS]{"city": "P"}', [CALL]),
        ("<function=</function>", '<function=weather>{"city": "P"}</function>', [CALL]),
        (
            '<|start_header_id|>{{ tools }}"parameters"',
            '<|python_tag|>{"name": "weather", "parameters": {"city": "P"}}',
            [CALL],
        ),
        ('<|start_header_id|>{{ tools }}"parameters"', "{1} is a set", [Content("{1} is a set")]),
        ("<function_calls>", '<function_calls>weather(city="P")</function_calls>', [CALL]),
        ("List of tools: [", '<|tool_call_start|>[weather(city="P")]<|tool_call_end|>', [CALL]),
        ("'<|tool_call>call:'", '<|tool_call>call:weather{city:<|"|>P<|"|>}<tool_call|>', [CALL]),
        (
            "<start_function_call>",
            "<start_function_call>call:weather{city:<escape>P<escape>}<end_function_call>",
            [CALL],
        ),
        ("", "Hello <tool_call>", [Content("Hello <tool_call>")]),
    ],
)
def test_markers_in_a_template_tell_the_format(
    template: str, text: str, expected: list[Event]
) -> None:
    assert events(template, text) == expected


def test_recipients_name_the_tool_or_all() -> None:
    text = 'all\nHello\n>>>weather\n{"city": "P"}'
    assert events("{{ '>>>all' }}", text, ">>>") == [Content("Hello"), CALL]
    assert events("{{ '>>>all' }}", "all\nHello", ">>>", []) == [Content("Hello")]


def test_ids_that_the_model_writes_are_kept() -> None:
    text = '[TOOL_CALLS]weather[CALL_ID]abc[ARGS]{"city": "P"}'
    assert events("[TOOL_CALLS][CALL_ID][ARGS]", text) == [
        ToolCall("weather", {"city": "P"}, id="abc")
    ]
    text = (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0"
        '<|tool_call_argument_begin|>{"city": "P"}<|tool_call_end|><|tool_calls_section_end|>'
    )
    assert events("<|tool_calls_section_begin|>", text) == [
        ToolCall("weather", {"city": "P"}, id="functions.weather:0")
    ]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("<|im_start|>assistant\n<think>\n", [Thinking("a"), Content("b")]),
        ("<|im_start|>assistant\n", [Content("a</think>b")]),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", [Content("a</think>b")]),
    ],
)
def test_the_end_of_the_prompt_tells_where_the_answer_begins(
    tail: str, expected: list[Event]
) -> None:
    assert events(HERMES, "a</think>b", tail) == expected
    assert events("<think></think>", "a</think>b", tail) == expected


def test_thinking_that_the_model_opens_itself_is_found_asked_for_or_not() -> None:
    assert events(HERMES, "\n<think>\na\n</think>\n\nb") == [Thinking("a"), Content("b")]
    assert events("[THINK][/THINK]", "[THINK]a[/THINK]b") == [Thinking("a"), Content("b")]


def test_without_tools_a_call_is_text() -> None:
    for template, text in (
        ("<tool_call>", f"<tool_call>{JSON}</tool_call>"),
        ("[TOOL_CALLS]", f"[TOOL_CALLS] [{JSON}]"),
        ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f"),
        ("<|START_TEXT|><|START_ACTION|>", "<|START_ACTION|>[]<|END_ACTION|>"[:16]),
    ):
        assert events(template, text, tools=[]) == [Content(text)]


def test_channels_are_read_by_the_prompt_s_last_message() -> None:
    text = "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b"
    assert events("<|channel|>", text, "…<|start|>assistant") == [Thinking("a"), Content("b")]
    tail = "<|start|>assistant<|channel|>final<|message|>"
    assert events("<|channel|>", "b", tail) == [Content("b")]


OWN = JinjaTemplate.parse(
    "{% for m in messages %}<turn>{{ m.role }}\n"
    "{% if m.reasoning_content %}<why>{{ m.reasoning_content }}</why>\n{% endif %}"
    "{% if m.tool_calls %}<TOOLS>{% for call in m.tool_calls %}{{ call.function | tojson }}"
    "{% endfor %}</TOOLS>{% else %}{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)


def test_a_template_of_no_known_format_is_asked_what_it_renders() -> None:
    assert probe.look(OWN.render) == probe.Shown(("<why>", "</why>"), "<TOOLS>")
    text = f"<why>hm</why>\nSo <TOOLS>{JSON}</TOOLS>"
    assert events("", text, render=OWN.render) == [Thinking("hm"), Content("So "), CALL]


def test_a_template_that_refuses_shows_nothing() -> None:
    def refuse(**_: Any) -> str:
        raise TemplateError("no")

    assert probe.look(refuse) == probe.Shown()
    assert events("", "Hello", render=refuse) == [Content("Hello")]
    assert probe.look(JinjaTemplate.parse("{{ messages[0].content }}").render) == probe.Shown()
