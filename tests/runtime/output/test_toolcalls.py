"""Bodies of calls that need no module of their own."""

import pytest
from tests.runtime.output.common import TOOLS

from paddock.output import toolcalls
from paddock.output.events import BrokenCall, ToolCall
from paddock.output.formats import DecodeFor
from paddock.output.values import CallError, by_name

DECLARED = by_name(TOOLS)
SEPARATOR = "<｜tool▁sep｜>"


def one(decode: DecodeFor, body: str) -> ToolCall:
    (call,) = decode(body, DECLARED)
    assert isinstance(call, ToolCall)
    return call


@pytest.mark.parametrize(
    ("decode", "body", "name", "arguments"),
    [
        (toolcalls.json_call, '{"Name": "f", "arguments": null}', "f", {}),
        (toolcalls.json_call, '\n{"arguments": {"a": 1}, "name": "f"} ', "f", {"a": 1}),
        (toolcalls.any_json_call, '{"name": "f", "parameters": {"a": 1}}', "f", {"a": 1}),
        (toolcalls.any_json_call, '{"function": {"name": "f", "arguments": "{}"}}', "f", {}),
        (toolcalls.any_json_call, '[{"name": "f", "arguments": "{\\"a\\": 1}"}]', "f", {"a": 1}),
        (toolcalls.separated_call, f'f{SEPARATOR}{{"a": 1}}\n', "f", {"a": 1}),
        (
            toolcalls.fenced_call,
            f'function{SEPARATOR}f\n```json\n{{"a": 1}}\n```',
            "f",
            {"a": 1},
        ),
        (toolcalls.named_call, 'weather[ARGS]{"city": "P"}', "weather", {"city": "P"}),
        (toolcalls.function_call, 'f>{"a": 1}', "f", {"a": 1}),
        (toolcalls.recipient_call, 'f\n{"a": 1}', "f", {"a": 1}),
        (toolcalls.prefixed_call, 'f{"a": 1}', "f", {"a": 1}),
    ],
)
def test_calls_are_read(decode: DecodeFor, body: str, name: str, arguments: object) -> None:
    call = one(decode, body)
    assert (call.name, call.arguments) == (name, arguments)


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (toolcalls.json_call, '{"name": "f", "arguments": "{}"}'),
        (toolcalls.json_call, '{"name": "f", "arguments": [1]}'),
        (toolcalls.json_call, '{"arguments": {}}'),
        (toolcalls.json_call, '{"name": 1}'),
        (toolcalls.json_call, '["f"]'),
        (toolcalls.any_json_call, "[]"),
        (toolcalls.any_json_call, "[1]"),
        (toolcalls.any_json_call, '{"name": "f", "arguments": "x"}'),
        (toolcalls.separated_call, "f{}"),
        (toolcalls.separated_call, f"{SEPARATOR}{{}}"),
        (toolcalls.fenced_call, f"function{SEPARATOR}f\n{{}}"),
        (toolcalls.named_call, "unknown[ARGS]{}"),
        (toolcalls.named_call, "weather[ARGS][]"),
        (toolcalls.function_call, "f"),
        (toolcalls.recipient_call, "\n{}"),
        (toolcalls.prefixed_call, "f"),
        (toolcalls.action_list, "{}"),
    ],
)
def test_what_is_no_call_is_an_error(decode: DecodeFor, body: str) -> None:
    with pytest.raises(CallError):
        decode(body, DECLARED)


def test_ids_of_the_model_are_kept() -> None:
    assert one(toolcalls.named_call, "weather[CALL_ID]ab1[ARGS]{}").id == "ab1"
    assert one(toolcalls.any_json_call, '[{"name": "f", "arguments": {}, "id": "x"}]').id == "x"
    body = 'functions.f:3<|tool_call_argument_begin|>{"a": 1}'
    assert one(toolcalls.indexed_call, body) == ToolCall("f", {"a": 1}, id="functions.f:3")


def test_xml_values_are_literal_and_typed() -> None:
    body = (
        "text <b>\n<function=search>\n<parameter=query>\nif a < b && c: <i>&amp;</i>\n</parameter>"
        "<parameter=limit>2</parameter> <parameter=tags>\n[1]\n</parameter>"
        "<parameter=where>{}</parameter><parameter=deep>TRUE</parameter></function> more"
    )
    assert one(toolcalls.xml_call, body) == ToolCall(
        "search",
        {
            "query": "if a < b && c: <i>&amp;</i>",
            "limit": 2,
            "tags": [1],
            "where": {},
            "deep": True,
        },
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<parameter=a>1</parameter>",
        "<function=f>",
        "<function=f><parameter=a>1</function>",
        "<function=f><parameter=a>1",
        "<function=f></parameter></function>",
        "</function><function=f></function>",
    ],
)
def test_xml_that_is_not_well_formed_is_an_error(body: str) -> None:
    with pytest.raises(CallError):
        toolcalls.xml_call(body, DECLARED)


def test_of_a_broken_list_of_actions_each_readable_one_counts() -> None:
    body = '[{"tool_name": "a", "parameters": {}}, {"tool_name": bad}, {"tool_name": "b"'
    first, second, third = toolcalls.action_list(body, DECLARED)
    assert first == ToolCall("a", {})
    assert isinstance(second, BrokenCall)
    assert second.text == '{"tool_name": bad}'
    assert isinstance(third, BrokenCall)
    assert third.text == '{"tool_name": "b"'
