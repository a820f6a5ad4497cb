from typing import Any

import pytest

from paddock.api import Message, Tool
from paddock.errors import TemplateError
from paddock.template.chat import collate, message_value, size_of, think_values, tool_values
from paddock.template.values import text_form, to_json


def message(role: str, content: str = "", **fields: Any) -> Message:
    return Message.model_validate({"role": role, "content": content} | fields)


CALL = {"id": "c1", "function": {"name": "add", "arguments": {"b": 1000000, "a": [1, True, None]}}}
TOOL = Tool.model_validate(
    {
        "type": "function",
        "strict": True,
        "function": {
            "name": "add",
            "description": "Adds & more.",
            "parameters": {
                "type": "object",
                "required": ["x"],
                "additionalProperties": False,
                "properties": {
                    "x": {"type": "integer", "description": "First", "minimum": 0},
                    "any": {"anyOf": [{"type": "string"}, {"type": "number"}]},
                    "deep": {
                        "type": ["object", "null"],
                        "properties": {"z": {"type": "string"}, "a": {"type": "boolean"}},
                        "required": ["z"],
                    },
                    "list": {"type": ["array"], "items": {"b": 1, "a": 2}, "enum": [1, "x", None]},
                },
            },
        },
    }
)


# collating


def test_neighbours_of_one_role_become_one_message() -> None:
    system, collated = collate(
        [
            message("system", "a"),
            message("user", "b"),
            message("user", ""),
            message("system", "c"),
            message("tool", "1"),
            message("tool", "2"),
        ]
    )
    assert system == "a\n\nc"
    assert [(m.role, m.content) for m in collated] == [
        ("system", "a"),
        ("user", "b\n\n"),
        ("system", "c"),
        ("tool", "1"),
        ("tool", "2"),
    ]


def test_only_contents_are_joined_and_the_messages_given_stay_as_they_were() -> None:
    first, second = message("assistant", "a", thinking="1"), message("assistant", "b", thinking="2")
    _, (joined,) = collate([first, second])
    assert (joined.content, joined.thinking) == ("a\n\nb", "1")
    assert first.content == "a"


# think


@pytest.mark.parametrize(
    ("think", "values"),
    [
        (None, (False, "", False)),
        (False, (False, "", True)),
        (True, (True, "medium", True)),
        ("high", (True, "high", True)),
    ],
)
def test_think_is_three_values(think: Any, values: tuple[Any, ...]) -> None:
    assert tuple(think_values(think).values()) == values
    assert list(think_values(think)) == ["Think", "ThinkLevel", "IsThinkSet"]


# messages


def test_a_message_has_gos_fields() -> None:
    value = message_value(message("Assistant", "hi", tool_calls=[CALL]))
    assert list(value.fields) == [
        "Role", "Content", "Thinking", "Images", "ToolCalls", "ToolName", "ToolCallID",
    ]  # fmt: skip
    assert to_json(value) == (
        '{"Role":"assistant","Content":"hi","Thinking":"","Images":null,"ToolCalls":[{"ID":"c1",'
        '"Function":{"Index":0,"Name":"add","Arguments":{"a":[1,true,null],"b":1000000}}}],'
        '"ToolName":"","ToolCallID":""}'
    )


def test_numbers_of_arguments_are_floats_and_arguments_print_as_json() -> None:
    (call,) = message_value(message("assistant", tool_calls=[CALL])).fields["ToolCalls"]
    arguments = call.fields["Function"].fields["Arguments"]
    assert text_form(arguments["b"]) == "1e+06"
    assert text_form(arguments) == '{"a":[1,true,null],"b":1000000}'
    assert text_form(call) == '{c1 {0 add {"a":[1,true,null],"b":1000000}}}'


def test_images_are_read_where_they_are_wanted() -> None:
    shown = message("user", images=[b"png"])
    assert message_value(shown).fields["Images"] == [b"png"]
    assert message_value(shown, with_images=False).fields["Images"] == []


@pytest.mark.parametrize("value", [10**400, object()])
def test_arguments_that_json_cannot_have_are_refused(value: Any) -> None:
    asked = message("assistant", tool_calls=[CALL])
    assert asked.tool_calls is not None
    asked.tool_calls[0].function.arguments = {"a": value}
    with pytest.raises(TemplateError, match=r"too large|no JSON"):
        message_value(asked)


# tools


def test_tools_print_as_json_without_what_templates_never_see() -> None:
    assert text_form(tool_values([TOOL])) == (
        '[{"type":"function","function":{"name":"add","description":"Adds \\u0026 more.",'
        '"parameters":{"type":"object","required":["x"],"properties":{'
        '"any":{"anyOf":[{"type":"string"},{"type":"number"}]},'
        '"deep":{"type":["object","null"],"properties":{"z":{"type":"string"},'
        '"a":{"type":"boolean"}},"required":["z"]},'
        '"list":{"type":"array","items":{"a":2,"b":1},"enum":[1,"x",null]},'
        '"x":{"type":"integer","description":"First"}}}}}]'
    )


def test_a_function_prints_as_gos_struct() -> None:
    (tool,) = tool_values([TOOL])
    function = tool.fields["Function"]
    properties = function.fields["Parameters"].fields["Properties"]
    assert text_form(function) == (
        f"{{add Adds & more. {{object <nil> <nil> [x] {to_json(properties)}}}}}"
    )
    assert text_form(properties["x"]) == "{[] integer <nil> First [] <nil> []}"


@pytest.mark.parametrize(
    ("name", "text", "script"),
    [
        ("x", "integer", "number"),
        ("any", "", "string | number"),
        ("deep", "[object null]", "Record<string, any> | null"),
        ("list", "array", "any[]"),
    ],
)
def test_types_print_by_themselves_and_as_typescript(name: str, text: str, script: str) -> None:
    (tool,) = tool_values([TOOL])
    value = tool.fields["Function"].fields["Parameters"].fields["Properties"][name]
    assert text_form(value.fields["Type"]) == text
    assert value.methods["ToTypeScriptType"](value) == script


def test_no_tools_are_null() -> None:
    for none in (None, []):
        assert (text_form(tool_values(none)), bool(tool_values(none))) == ("null", False)


def test_a_tool_without_parameters_has_empty_ones() -> None:
    (tool,) = tool_values([Tool.model_validate({"function": {"name": "f"}})])
    assert to_json(tool) == (
        '{"type":"function","function":{"name":"f","description":"",'
        '"parameters":{"type":"","properties":null}}}'
    )


def test_schemas_of_the_wrong_shape_are_taken_for_what_they_still_tell() -> None:
    odd = {"type": "string", "anyOf": 5, "properties": [], "required": "x"}
    tool = Tool.model_validate({"function": {"parameters": {"properties": {"a": odd}}}})
    (value,) = tool_values([tool])
    properties = value.fields["Function"].fields["Parameters"].fields["Properties"]
    assert to_json(properties) == '{"a":{"type":"string"}}'


def test_the_size_grows_with_everything_that_is_long() -> None:
    base = size_of([message("user", "hi")], [TOOL])
    assert size_of([message("user", "hi" * 500)], [TOOL]) > base + 900
    longer = message(
        "assistant", tool_calls=[{"function": {"name": "f", "arguments": {"a": "x" * 900}}}]
    )
    assert size_of([longer], [TOOL]) > base + 800
