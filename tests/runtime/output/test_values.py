"""Arguments: JSON without licence, and texts by the types that a tool declares."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.output.common import tool

from paddock.api import Tool
from paddock.output.values import (
    Brackets,
    CallError,
    Objects,
    by_name,
    read_json,
    read_object,
    typed,
    types_of,
    unwrapped,
)


@pytest.mark.parametrize(
    "text",
    ["", "{", "{'a': 1}", '{"a": 1,}', "{} {}", "NaN", "[Infinity]", "1e999", '"\n"', "[" * 10**5],
)
def test_json_is_strict(text: str) -> None:
    with pytest.raises(CallError):
        read_json(text)


def test_whole_numbers_are_integers_and_keep_their_digits() -> None:
    value = read_json("[4.0, 1.50, 1e3, 12345678901234567890, 1e21]")
    assert value == [4, 1.5, 1000, 12345678901234567890, 1e21]
    assert [type(item) for item in value] == [int, float, int, int, float]


def test_half_a_character_cannot_reach_a_response() -> None:
    assert read_json(r'{"a\ud83d": ["\ude00", "\ud83d\ude00"]}') == {"a\ufffd": ["\ufffd", "😀"]}


@pytest.mark.parametrize("text", ["[1]", "null", '"{}"', "1"])
def test_only_an_object_is_an_object(text: str) -> None:
    with pytest.raises(CallError, match="object"):
        read_object(text)


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_json_that_python_writes_is_read_back(value: Any) -> None:
    assert read_json(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("text", "types", "value"),
    [
        ("NULL", ("string",), None),
        ("12", (), "12"),
        ("True", ("boolean",), True),
        ("yes", ("boolean",), False),
        ("yes", ("boolean", "string"), "yes"),
        ("+007", ("integer",), 7),
        ("7.5", ("integer",), "7.5"),
        (str(2**63), ("integer",), str(2**63)),
        ("1_000", ("integer", "number"), "1_000"),
        ("٣", ("integer",), "٣"),
        ("4.0", ("number",), 4),
        ("nan", ("number",), "nan"),
        ("1e999", ("number",), "1e999"),
        ("7.5", ("string", "number"), 7.5),
        ("[1, 2]", ("array",), [1, 2]),
        ("{}", ("array",), "{}"),
        ('{"a": 1}', ("array", "object"), {"a": 1}),
        ("{a}", ("object",), "{a}"),
        ("", ("integer",), ""),
    ],
)
def test_a_text_is_read_by_its_declared_types(text: str, types: Any, value: Any) -> None:
    read = typed(text, types)
    assert (read, type(read)) == (value, type(value))


def test_only_one_newline_on_either_side_is_the_format_s() -> None:
    assert unwrapped("\n\na\n") == "\na"
    assert unwrapped(" \na\n ") == " \na\n "


def test_types_are_those_declared_or_those_of_any_of() -> None:
    declared = tool(
        "f",
        plain="integer",
        union={"type": ["string", "null"]},
        either={"anyOf": [{"type": "array"}, {"type": ["string", "null"]}, {"const": 1}]},
        free={},
    )
    tools = by_name([declared])
    assert types_of(tools, "f", "plain") == ("integer",)
    assert types_of(tools, "f", "union") == ("string", "null")
    assert types_of(tools, "f", "either") == ("array", "string", "null", "integer")
    assert types_of(tools, "f", "free") == types_of(tools, "f", "no") == ()
    assert types_of(tools, "g", "plain") == ()


JSONISH = st.text(alphabet='{}[]"\\a', max_size=30)


@settings(deadline=None)
@given(JSONISH)
def test_brackets_end_where_they_do_however_the_text_is_cut(text: str) -> None:
    whole = Brackets().feed(text)
    cut = Brackets()
    found = (cut.feed(letter) for letter in text)
    assert next((at + 1 for at, end in enumerate(found) if end is not None), None) == whole


@settings(deadline=None)
@given(JSONISH)
def test_objects_are_found_however_the_text_is_cut(text: str) -> None:
    cut = Objects()
    assert [found for letter in text for found in cut.feed(letter)] == Objects().feed(text)


def test_types_are_found_behind_references_and_in_values() -> None:
    place = {"type": "object", "properties": {"city": {"type": "string"}}}
    parameters = {
        "type": "object",
        "$defs": {"Place": place, "Loop": {"$ref": "#/$defs/Loop"}},
        "properties": {
            "where": {"$ref": "#/$defs/Place"},
            "also": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]},
            "whole": {"allOf": [{"$ref": "#/$defs/Place"}]},
            "level": {"enum": [1, 2.5, True]},
            "fixed": {"const": "x"},
            "endless": {"$ref": "#/$defs/Loop"},
            "lost": {"$ref": "#/$defs/Gone"},
        },
    }
    declared = by_name([Tool.model_validate({"function": {"name": "f", "parameters": parameters}})])
    names = ("where", "also", "whole", "level", "fixed", "endless", "lost")
    assert [types_of(declared, "f", name) for name in names] == [
        ("object",),
        ("object", "null"),
        ("object",),
        ("integer", "number", "boolean"),
        ("string",),
        (),
        (),
    ]
