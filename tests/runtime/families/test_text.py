"""JSON flavours, scalars and the JSON form of tools."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.api import Tool
from paddock.errors import TemplateError
from paddock.families.text import (
    JsonStyle,
    bare,
    compact,
    function_form,
    indented,
    ordered,
    scalar,
    sorted_maps,
    spaced,
    spaced_bare,
    tool_form,
    trim,
)

TEXT = st.text(st.sampled_from('ab<&>"\\u003c\n\u2028é'), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(VALUES)
def test_every_flavour_reads_back_as_the_value(value: Any) -> None:
    for style in (compact, spaced, spaced_bare, bare, indented):
        assert json.loads(style(sorted_maps(value))) == value


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (compact, r'{"b":[1,2.5],"a":{"x":"\u003c\u0026\u003e é"}}'),
        (spaced, r'{"b": [1, 2.5], "a": {"x": "\u003c\u0026\u003e é"}}'),
        (bare, '{"b": [1, 2.5], "a": {"x": "<&> é"}}'),
        (
            indented,
            (
                '{\n    "b": [\n        1,\n        2.5\n    ],\n    "a": {\n'
                '        "x": "\\u003c\\u0026\\u003e é"\n    }\n}'
            ),
        ),
    ],
)
def test_flavours_differ_in_spaces_and_escapes(style: JsonStyle, text: str) -> None:
    assert style({"b": [1, 2.5], "a": {"x": "<&> é"}}) == text


def test_what_looks_like_an_escape_in_a_text_stays_text() -> None:
    assert bare("\\u003c <") == '"\\\\u003c <"'
    assert bare("\\<") == '"\\\\<"'
    assert bare("\u2028") == '"\\u2028"'


def test_empty_containers_have_no_lines() -> None:
    assert indented({"a": {}, "b": []}) == '{\n    "a": {},\n    "b": []\n}'


def test_maps_are_sorted_below_the_first_level_of_arguments() -> None:
    arguments = {"z": 1, "a": {"y": [{"d": 1, "c": 2}], "b": 0}}
    assert compact(ordered(arguments)) == '{"z":1,"a":{"b":0,"y":[{"c":2,"d":1}]}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a <b>", "a <b>"),
        (True, "true"),
        (7, "7"),
        (4.0, "4"),
        (1000000, "1e+06"),
        (999999, "999999"),
        (0.00001, "1e-05"),
    ],
)
def test_numbers_outside_json_have_exponents_early(value: Any, text: str) -> None:
    assert scalar(value) == text


def test_numbers_in_json_are_plain_and_keep_their_digits() -> None:
    values = [1000000.0, 4.0, 1e21, 1e-7, 12345678901234567890]
    assert compact(values) == "[1000000,4,1e+21,1e-7,12345678901234567890]"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, {1, 2}, b"raw", object()])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    for write in (lambda v: compact(sorted_maps(v)), scalar):
        with pytest.raises(TemplateError):
            write(value)


def test_only_unicode_whitespace_is_trimmed() -> None:
    assert trim("\x1c\u2003 a\n\x85") == "\x1c\u2003 a"
    assert trim("\u3000 a\t") == "a"


# tools


def tool(**function: Any) -> Tool:
    return Tool.model_validate({"type": "function", "function": function})


def test_tools_keep_the_order_of_the_api_and_of_the_request() -> None:
    given_tool = tool(
        parameters={
            "properties": {
                "z": {
                    "required": ["q"],
                    "properties": {"q": {"description": "Q", "type": ["string"]}},
                    "description": "<Z>",
                    "type": "object",
                    "default": {},
                },
                "a": {"enum": ["x"], "anyOf": [{"type": "string"}], "items": {"b": 1, "a": 2}},
            },
            "required": ["z"],
            "additionalProperties": False,
            "$defs": {"d": {"type": "null"}},
            "type": "object",
        },
        description="D & E",
        name="f",
    )
    assert spaced_bare(tool_form(given_tool)) == (
        '{"type": "function", "function": {"name": "f", "description": "D & E", "parameters": '
        '{"type": "object", "$defs": {"d": {"type": "null"}}, "required": ["z"], "properties": '
        '{"z": {"type": "object", "description": "\\u003cZ\\u003e", "properties": {"q": '
        '{"type": "string", "description": "Q"}}, "required": ["q"]}, '
        '"a": {"anyOf": [{"type": "string"}], "items": {"a": 2, "b": 1}, "enum": ["x"]}}}}}'
    )


def test_what_a_tool_lacks_is_left_out_or_empty() -> None:
    assert compact(function_form(tool(name="f"))) == (
        '{"name":"f","parameters":{"type":"","properties":null}}'
    )
    assert function_form(tool(name="f"), always_described=True)["description"] == ""
    assert tool_form(Tool(function=None))["function"]["name"] == ""


def test_properties_of_the_wrong_shape_count_as_not_given() -> None:
    shape: Any = {"properties": {"p": {"anyOf": "x", "properties": {"q": 1}, "required": [1]}}}
    assert function_form(tool(name="f", parameters=shape))["parameters"]["properties"] == {"p": {}}
