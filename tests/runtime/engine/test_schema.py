import json
import time
from typing import Any

import pytest

from paddock.engine.schema import prepared
from paddock.errors import GrammarError


def rewritten(schema: object) -> Any:
    return json.loads(prepared(schema).text)


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


CIRCLE: dict[str, Any] = {"type": "array"}
CIRCLE["items"] = CIRCLE

BAD: dict[str, tuple[object, str]] = {
    "a list": ([1], "not list"),
    "a word": ("yaml", "not str"),
    "no JSON": ({"enum": {1}}, "no JSON"),
    "not a number": ({"enum": [float("nan")]}, "no JSON"),
    "a circle": (CIRCLE, "no JSON"),
    "100,000 values": ({"enum": list(range(100_000))}, "688,900 characters"),
    "6,000 values": ({"enum": list(range(6000))}, "enum has 6,000 values"),
    "no values": ({"enum": []}, "not empty"),
    "values that are no list": ({"enum": 5}, "must be an array"),
    "no alternatives": ({"anyOf": []}, "anyOf must be an array that is not empty"),
    "deep": (nested(100), "more than 64 deep"),
    "deeper than Python": (nested(50_000), "no JSON"),
    "many parts": ({"prefixItems": [{"prefixItems": [{}] * 900}] * 9}, "more than 2,000 parts"),
    "many optional properties": (
        {"properties": {f"p{n}": {} for n in range(500)}},
        "500 optional properties",
    ),
    "properties that are none": ({"properties": [1]}, "properties must be an object"),
    "a number for a schema": ({"items": 5}, "expected a schema, not 5"),
    "nothing allowed": ({"items": False}, "expected a schema, not false"),
    "10**9 items": ({"type": "array", "items": {}, "minItems": 10**9}, "at most 256"),
    "negative": ({"type": "string", "minLength": -1}, "at least 0"),
    "a count that is true": ({"type": "string", "maxLength": True}, "whole number"),
    "reversed": ({"type": "string", "minLength": 5, "maxLength": 3}, "is below minLength"),
    "elsewhere": ({"$ref": "https://example.com/a.json"}, "leads out of the schema"),
    "nowhere": ({"$ref": "#/$defs/gone"}, "leads nowhere"),
    "a reference of another type": ({"$ref": 5}, "leads out of the schema"),
    "an open pattern": ({"pattern": "a+"}, "must begin with ^"),
    "a stray bracket": ({"pattern": "^a]$"}, "stray ']'"),
    "a stray brace": ({"pattern": "^a}$"}, "stray '}'"),
    "an open bracket": ({"pattern": "^[a$"}, "stray '['"),
    "a pattern of a million": ({"pattern": "^a{1000000}$"}, "at most 256"),
    "reversed repetition": ({"pattern": "^a{5,3}$"}, "{5,3} times"),
    "no number": ({"pattern": "^a{1 2}$"}, "{1 2} times"),
    "a long pattern": ({"pattern": "^" + "a" * 1000 + "$"}, "at most 1000 characters"),
    "a pattern of another type": ({"pattern": 5}, "must be a string"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_would_hurt_is_refused_at_once(name: str) -> None:
    schema, message = BAD[name]
    started = time.perf_counter()
    with pytest.raises(GrammarError, match="format: ") as error:
        prepared(schema)
    assert time.perf_counter() - started < 1
    assert message in str(error.value)


def test_only_what_constrains_is_kept() -> None:
    schema = {"title": "T", "description": "D", "type": "string", "examples": ["a"], "odd": 1}
    assert rewritten(schema) == {"type": "string"}


def test_names_and_values_become_placeholders() -> None:
    schema = {
        "properties": {'a"b': {"enum": ["x\ny", "😀", 1]}, "maxItems": {"const": {"a": [1]}}},
        "required": ['a"b', "gone"],
    }
    result = prepared(schema)
    assert json.loads(result.text) == {
        "properties": {"@0@": {"const": "@2@"}, "@1@": {"const": "@3@"}},
        "required": ["@0@"],
    }
    assert result.filled(r'x ::= "\"@0@\"" ":" "\"@3@\""') == (
        r'x ::= "\"a\\\"b\"" ":" "{\"a\": [1]}"'
    )


def test_values_that_begin_alike_are_factored() -> None:
    result = prepared({"enum": [1, 12, 13, "ab", "a", "ac\n", "😀"]})
    assert result.filled('root ::= "\\"@0@\\""') == (
        'root ::= ("\\"" ("a" ("\\"" | "b\\"" | "c\\\\n\\"") | "😀\\"") | "1" ("2" | "3")?)'
    )


def test_references_lead_to_definitions_of_their_own() -> None:
    tree = {"type": "array", "items": {"$ref": "#/definitions/my~1tree"}}
    schema = {"$ref": "#/definitions/my~1tree", "definitions": {"my/tree": tree}}
    assert rewritten(schema) == {
        "anyOf": [{"$ref": "#/$defs/definition-0"}],
        "$defs": {
            "definition-0": {"type": "array", "items": {"$ref": "#/$defs/definition-0"}},
        },
    }


def test_a_reference_may_lead_to_the_whole_or_into_a_list() -> None:
    schema = {"prefixItems": [{"type": "null"}, {"$ref": "#/prefixItems/0"}, {"$ref": "#"}]}
    result = rewritten(schema)
    assert result["$defs"]["definition-0"] == {"type": "null"}
    assert result["$defs"]["definition-1"]["prefixItems"][2] == {"$ref": "#/$defs/definition-1"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {"type": "object"}),
        ({"items": {}}, {"items": {"type": "value"}}),
        ({"items": True}, {"items": {"type": "value"}}),
        (
            {"additionalProperties": {"type": "null"}},
            {"additionalProperties": {"type": "null"}},
        ),
        ({"additionalProperties": True}, {"additionalProperties": {"type": "value"}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        (
            {"type": ["string", "null"], "maxLength": 3},
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null", "maxLength": 3}]},
        ),
        ({"type": "integer", "enum": [1]}, {"const": "@0@"}),
        ({"allOf": [{"type": "null"}]}, {"type": "null"}),
        ({"type": "string", "maxLength": 10**9}, {"type": "string"}),
        ({"type": "string", "minLength": 0}, {"type": "string"}),
    ],
)
def test_schemas_are_written_as_the_converter_reads_them(schema: object, expected: object) -> None:
    assert rewritten(schema) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^\d{3}-\d+$", "^[0-9]{3}-[0-9]+$"),
        (r"^[\w.-]+@\w+\.com$", "^[a-zA-Z0-9_.-]+@[a-zA-Z0-9_]+[.]com$"),
        (r"^[\.\]]\]\\$", r"^[.\]]\]\\$"),
        ("^a{2,999999}b{,3}$", "^a{2,}b{0,3}$"),
        ("^(a|b)?$", "^(a|b)?$"),
    ],
)
def test_patterns_are_put_into_the_grammar_s_syntax(pattern: str, expected: str) -> None:
    assert rewritten({"type": "string", "pattern": pattern})["pattern"] == expected
