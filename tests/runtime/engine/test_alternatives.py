"""Schemas put together from schemas: what is left to follow, and whether it can be told apart."""

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from tests.grammars import reads, writes

from paddock.engine.alternatives import Schemas
from paddock.engine.schema import value_grammar
from paddock.errors import GrammarError

Json = dict[str, Any]


def alternatives(schema: Json) -> list[Json]:
    return Schemas(schema).alternatives(schema)


def test_both_of_two_choices_are_all_the_pairs_that_do_not_contradict_each_other() -> None:
    strings, short = {"type": "string"}, {"maxLength": 3}
    schema = {"anyOf": [strings, {"type": "null"}], "allOf": [{"anyOf": [short, {"minimum": 1}]}]}
    assert alternatives(schema) == [
        {"maxLength": 3, "type": "string"},
        {"maxLength": 3, "type": "null"},
        {"minimum": 1, "type": "string"},
        {"minimum": 1, "type": "null"},
    ]
    assert alternatives({"allOf": [strings, {"type": "null"}]}) == []
    assert alternatives({"allOf": [{"const": 1}, {"const": 2}]}) == []


def test_properties_that_one_schema_leaves_to_others_keep_to_what_it_says_of_them() -> None:
    numbers = {"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}
    grammar = value_grammar({"allOf": [numbers, {"properties": {"b": {"minimum": 5}}}]})
    assert reads(grammar, '{"b": 7}')
    assert not reads(grammar, '{"b": 7.5}')


def test_nullable_is_a_type_more() -> None:
    assert alternatives({"type": "string", "nullable": True}) == [{"type": ["string", "null"]}]


# -- oneOf -----------------------------------------------------------------------------------------

A, B = {"const": "a"}, {"const": "b"}
APART: dict[str, tuple[list[Any], str]] = {
    "types": ([{"type": "string"}, {"type": "integer"}], '5 "x" -null'),
    "a type and anything of another": (
        [{"type": "null"}, {"type": ["array", "object"]}],
        "null []",
    ),
    "constants": ([{"const": 1}, {"const": "1"}, {"enum": [2, None]}], '1 "1" 2 null -3'),
    "bounds": (
        [{"type": "integer", "maximum": 3}, {"type": "number", "exclusiveMinimum": 3}],
        "3 4",
    ),
    "tags": (
        [
            {"type": "object", "properties": {"kind": A, "x": {}}, "required": ["kind"]},
            {"type": "object", "properties": {"kind": B, "x": {}}, "required": ["kind"]},
        ],
        '{"kind":"a"} {"kind":"b","x":1} -{"x":1} -{"kind":"c"}',
    ),
    "tags that may lack": (
        [
            {"type": "object", "properties": {"kind": A, "x": {"type": "integer"}}},
            {"type": "object", "properties": {"kind": B, "x": {"type": "integer"}}},
        ],
        '{"kind":"a","x":1} {"kind":"b"} -{"x":1} -{}',
    ),
    "a property of one type": (
        [
            {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
            {"type": "object", "properties": {"x": {"type": "integer"}}},
        ],
        '{"x":"a"} {"x":1} {} -{"x":null}',
    ),
    "names that each requires": (
        [
            {"type": "object", "properties": {"a": {}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {}}, "required": ["b"]},
        ],
        '{"a":1} {"b":1} -{} -{"a":1,"b":1}',
    ),
    "a tag inside": (
        [
            {"properties": {"in": {"properties": {"k": A}, "required": ["k"]}}, "required": ["in"]},
            {"properties": {"in": {"properties": {"k": B}, "required": ["k"]}}, "required": ["in"]},
        ],
        '{"in":{"k":"a"}} {"in":{"k":"b"}} -{"in":{}}',
    ),
    "many values": ([{"const": number} for number in range(3000)], "0 2999 -3000"),
}


@pytest.mark.parametrize("name", APART)
def test_one_of_schemas_that_are_apart_is_any_of_them(name: str) -> None:
    parts, texts = APART[name]
    grammar = value_grammar({"oneOf": parts})
    for text in texts.split():
        assert reads(grammar, text.removeprefix("-")) is not text.startswith("-"), text


OVERLAP: dict[str, list[Any]] = {
    "the same": [{"type": "string"}, {"type": "string"}],
    "whole numbers are numbers": [{"type": "integer"}, {"type": "number"}],
    "one that takes anything": [{"type": "string"}, {}],
    "one that names no type": [{"type": "string"}, {"minimum": 3}],
    "a value of the other": [{"const": 5}, {"type": "integer", "minimum": 5}],
    "the same value": [{"const": 1}, {"enum": [1.0, 2]}],
    "bounds that touch": [{"type": "integer", "maximum": 3}, {"type": "integer", "minimum": 3}],
    "a property more": [
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
    ],
    "names beside one another": [
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]},
    ],
    "names that anything may have": [
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        {"type": "object", "required": ["b"], "additionalProperties": True},
    ],
    "tags that may lack beside none": [
        {"type": "object", "properties": {"kind": A, "x": {}}},
        {"type": "object", "properties": {"kind": B, "x": {}}},
        {"type": "object", "properties": {"x": {}}},
    ],
    "tags inside of one of them": [
        {
            "oneOf": [
                {"type": "object", "properties": {"kind": A, "x": {"type": "integer"}}},
                {"type": "object", "properties": {"kind": B, "x": {"type": "string"}}},
            ]
        },
        {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    ],
    "too many": [{"type": "integer", "minimum": n, "maximum": n} for n in range(1000)],
}


@pytest.mark.parametrize("name", OVERLAP)
def test_one_of_schemas_that_may_hold_together_is_refused_by_name(name: str) -> None:
    with pytest.raises(GrammarError, match="oneOf cannot be enforced"):
        value_grammar({"oneOf": OVERLAP[name]})


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: Annotated[int, Field(ge=0, le=9)] = 9
    friends: Annotated[list["Pet"], Field(max_length=1)] = []


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, Field(max_length=5)]


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Fish(BaseModel):
    kind: Literal["fish", "eel"] = "fish"
    size: Size = Size.SMALL


Pet = Annotated[Cat | Dog | Fish, Field(discriminator="kind")]
Cat.model_rebuild()


class Owner(BaseModel):
    pet: Pet | None = None
    others: Annotated[list[Pet], Field(max_length=2)] = []


@pytest.mark.parametrize("kind", [Pet, Owner], ids=["union", "model"])
def test_a_tagged_union_is_always_tagged(kind: Any) -> None:
    adapter = TypeAdapter[Any](kind)
    schema = adapter.json_schema()
    assert "oneOf" in str(schema)
    grammar = value_grammar(schema)
    for seed in range(10):
        adapter.validate_json(writes(grammar, seed, ['"kind"', '"lives"', "}", "cat", "eel"], 200))
    if kind is Pet:
        with pytest.raises(ValidationError, match="tag"):
            adapter.validate_json('{"lives": 3}')
        assert not reads(grammar, '{"lives": 3}')
        assert reads(grammar, '{"kind": "cat", "lives": 3}')
