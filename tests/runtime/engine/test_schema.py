"""What a grammar of a schema lets through: nothing that the schema refuses, and what it allows."""

import json
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, SchemaError
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, TypeAdapter
from tests.grammars import reads, writes
from tests.schemas import Maker

from paddock.engine.notation import JSON, ONE_LINE, Fields, braced, raw
from paddock.engine.schema import arguments_grammar, grammar_of, value_grammar
from paddock.errors import GrammarError

GARBAGE = ['"', '"', "}", "]", "</think>", "null", "9", "-1.5", "garbage", ", ", "\n", "\\", "e5"]


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
    "many parts": ({"prefixItems": [{"prefixItems": [{}] * 900}] * 9}, "more than 5,000 parts"),
    "alternatives that multiply": (
        {"allOf": [{"anyOf": [{"maxLength": n + 50}, {"minLength": n}]} for n in range(20)]},
        "more than 5,000 parts",
    ),
    "properties that are none": ({"properties": [1]}, "properties must be an object"),
    "a number for a schema": ({"items": 5}, "expected a schema, not 5"),
    "nothing allowed": ({"properties": {"a": False}, "required": ["a"]}, "allows nothing"),
    "10**9 items": ({"type": "array", "items": {}, "minItems": 10**9}, "at most 100,000"),
    "a long text": ({"type": "string", "maxLength": 10**9}, "maxLength is 1000000000"),
    "negative": ({"type": "string", "minLength": -1}, "at least 0"),
    "a count that is true": ({"type": "string", "maxLength": True}, "whole number"),
    "reversed": ({"type": "string", "minLength": 5, "maxLength": 3}, "is below minLength"),
    "elsewhere": ({"$ref": "https://example.com/a.json"}, "leads out of the schema"),
    "nowhere": ({"$ref": "#/$defs/gone"}, "leads nowhere"),
    "a reference of another type": ({"$ref": 5}, "leads out of the schema"),
    "a reference to itself": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        "nested",
    ),
    "an unknown type": ({"type": "word"}, 'the schema names a type "word"'),
    "a contradiction": ({"allOf": [{"type": "string"}, {"type": "null"}]}, "allows nothing"),
    "no number between": ({"type": "integer", "minimum": 1.2, "maximum": 1.8}, "allows nothing"),
    "not": ({"not": {"type": "string"}}, "not cannot be enforced"),
    "if": ({"if": {}, "then": {}}, "if cannot be enforced"),
    "contains": ({"type": "array", "contains": {}}, "contains cannot be enforced"),
    "uniqueItems": ({"type": "array", "items": {}, "uniqueItems": True}, "uniqueItems cannot"),
    "multipleOf": ({"type": "integer", "multipleOf": 7}, "multipleOf cannot be enforced"),
    "dependentRequired": ({"dependentRequired": {}}, "dependentRequired cannot"),
    "minProperties": ({"type": "object", "minProperties": 2}, "minProperties cannot"),
    "maxProperties": (
        {"properties": {"a": {}, "b": {}}, "maxProperties": 1},
        "maxProperties cannot",
    ),
    "two patterns": (
        {"allOf": [{"pattern": "^a"}, {"pattern": "a$"}], "type": "string"},
        "pattern cannot be enforced: allOf gives it twice",
    ),
    "values that nest": (
        {"enum": ["x" * size for size in range(1, 700)]},
        "too many texts that begin with one another",
    ),
    "a pattern beside values": ({"enum": ["a"], "pattern": "^(a+)+$"}, "pattern cannot"),
    "values of another shape": (
        {"enum": [{}], "type": "object", "required": ["a"]},
        "required cannot be enforced: beside values",
    ),
    "two patterns of names": (
        {"patternProperties": {"^a": {"type": "null"}, "b$": {"type": "boolean"}}},
        "patternProperties cannot",
    ),
    "a bound that is no number": ({"allOf": [{"minimum": "1"}, {"minimum": 2}]}, "wrong type"),
    "no property that must be": (
        {"type": "object", "properties": {}, "additionalProperties": False, "minProperties": 1},
        "allows nothing",
    ),
    "items of two kinds": (
        {"allOf": [{"prefixItems": [{"type": "null"}]}, {"items": {"type": "boolean"}}]},
        "items cannot be enforced",
    ),
    "an endless repetition": ({"pattern": "^(a+)+$"}, "more than 1,000 ways"),
    "a bound of another type": ({"type": "integer", "minimum": "1"}, "minimum must be a number"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_would_hurt_or_cannot_be_held_to_is_refused_at_once(name: str) -> None:
    schema, message = BAD[name]
    started = time.process_time()
    with pytest.raises(GrammarError) as error:
        value_grammar(schema)
    assert time.process_time() - started < 2
    assert message in str(error.value)
    assert "Traceback" not in str(error.value)


# -- models as people write them -------------------------------------------------------------------


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=0, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, Field(min_length=1, max_length=300)]


class Tree(BaseModel):
    name: Annotated[str, Field(max_length=3)]
    children: Annotated[list["Tree"], Field(max_length=1)] = []


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d{3,5}$")]
    code: Annotated[str, Field(pattern="^[a-z]+$", max_length=5)]
    quantity: Annotated[int, Field(gt=0, lt=1000)]
    price: Annotated[float, Field(ge=0.01, lt=99.95)]
    loss: Annotated[float, Field(gt=-3.5, le=-0.25)]
    tags: set[Literal["new", "sale", "used"]]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    size: tuple[int, Literal["cm", "in"]]
    color: Color
    note: str | None = None
    amounts: dict[Literal["a", "b"], int]
    words: dict[str, Annotated[list[bool], Field(min_length=1, max_length=2)]]


class Times(BaseModel):
    day: date
    moment: datetime
    took: timedelta
    id: UUID
    host: IPv4Address
    link: AnyUrl
    big: Annotated[int, Field(ge=-(10**6), le=12_345_678_901)]


MODELS: list[Any] = [Order, Times, Tree, Cat | Dog, list[Cat], dict[str, Cat], int | None, Color]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_whatever_is_written_validates(model: Any) -> None:
    adapter = TypeAdapter(model)
    grammar = value_grammar(adapter.json_schema())
    for seed in range(8):
        adapter.validate_json(writes(grammar, seed, GARBAGE, most=500))


def test_whatever_is_written_for_a_schema_made_by_chance_validates() -> None:
    validated = 0
    for seed in range(80):
        schema = Maker(seed).document()
        try:
            grammar = value_grammar(schema)
            Draft202012Validator.check_schema(schema)
        except (GrammarError, SchemaError):
            continue
        text = writes(grammar, seed, GARBAGE, most=100)
        Draft202012Validator(schema).validate(json.loads(text))
        validated += 1
    assert validated > 40


# -- what is allowed -------------------------------------------------------------------------------

NUMBERS: list[tuple[dict[str, Any], str, str]] = [
    ({"minimum": 0, "maximum": 150}, "0 7 10 99 100 149 150", "-1 151 007 1000 1.5"),
    ({"minimum": -12, "maximum": 5}, "-12 -9 -1 0 5", "-13 6 -0"),
    ({"minimum": 18}, "18 19 99 100 123456", "17 1 0 -20"),
    ({"maximum": -3}, "-3 -10 -99999", "-2 0 3"),
    ({"exclusiveMinimum": 1, "exclusiveMaximum": 4}, "2 3", "1 4"),
    ({"minimum": 1, "exclusiveMinimum": True}, "2 33", "1 0"),
    ({"multipleOf": 100}, "0 100 -1200", "50 10"),
    ({"minimum": 0.5, "maximum": 2.5}, "1 2", "0 3"),
]


@pytest.mark.parametrize(("schema", "good", "bad"), NUMBERS)
def test_whole_numbers_keep_their_bounds(schema: dict[str, Any], good: str, bad: str) -> None:
    grammar = value_grammar({"type": "integer", **schema})
    assert [text for text in good.split() if not reads(grammar, text)] == []
    assert [text for text in bad.split() if reads(grammar, text)] == []


@given(
    st.decimals(-50, 50, places=2), st.decimals(-50, 50, places=2), st.booleans(), st.booleans(),
    st.decimals(-60, 60, places=3),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_decimals_keep_their_bounds(
    low: Decimal, high: Decimal, opened: bool, closed: bool, value: Decimal
) -> None:
    low, high = sorted((low, high))
    keys = (
        "exclusiveMinimum" if opened else "minimum",
        "exclusiveMaximum" if closed else "maximum",
    )
    schema = {"type": "number", keys[0]: float(low), keys[1]: float(high)}
    inside = (low < value if opened else low <= value) and (
        value < high if closed else value <= high
    )
    text = f"{value.normalize():f}"
    try:
        grammar = value_grammar(schema)
    except GrammarError:
        assert low == high
        return
    assert reads(grammar, text) is (inside and text != "-0"), (schema, text)


def allowed(schema: Any, *values: Any) -> list[bool]:
    grammar = value_grammar(schema)
    return [
        reads(grammar, value if isinstance(value, str) else json.dumps(value)) for value in values
    ]


def test_lengths_of_any_size_are_counted() -> None:
    schema = {"type": "string", "minLength": 120, "maxLength": 1234}
    texts = [json.dumps("a" * size) for size in (119, 120, 199, 300, 1233, 1234, 1235)]
    assert allowed(schema, *texts) == [False, True, True, True, True, True, False]
    items = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 301}
    lists = [[7] * size for size in (1, 2, 250, 301, 302)]
    assert allowed(items, *lists) == [False, True, True, True, False]


def test_objects_are_read_as_their_schemas_say() -> None:
    optional = {"properties": {"a": {"const": 1}, "b": {"const": 2}, "c": {"const": 3}}}
    assert allowed(optional, {}, {"a": 1}, {"b": 2, "c": 3}, {"c": 3}) == [True] * 4
    assert allowed(optional, {"b": 2, "a": 1}, {"a": 2}, {"d": 1}) == [False] * 3
    some = {**optional, "required": ["b"], "additionalProperties": {"type": "boolean"}}
    assert allowed(some, {"b": 2}, {"a": 1, "b": 2, "d": True, "aa": False}) == [True] * 2
    assert allowed(some, {}, {"a": 1}, {"b": 2, "a": True}, {"b": 2, "d": 1}) == [False] * 4
    names = {"type": "object", "patternProperties": {"^x-[a-z]+$": {"type": "null"}}}
    assert allowed(names, {}, {"x-a": None}, {"y": None}, {"x-a": 1}) == [True, True, False, False]
    empty = {"type": "object", "properties": {}}
    assert allowed(empty, {}, {"a": 1}) == [True, False]
    assert allowed({"type": "object", "maxProperties": 1}, {"a": 1}, {"a": 1, "b": 1}) == [
        True,
        False,
    ]


def test_schemas_that_are_combined_all_count() -> None:
    both = {
        "allOf": [
            {"properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]},
            {"properties": {"a": {"maximum": 5}, "b": {"type": "string"}}},
        ],
        "type": "object",
    }
    assert allowed(both, {"a": 4}, {"a": 3, "b": ""}, {"a": 6}, {"a": 2}, {"b": ""}) == [
        True, True, False, False, False,
    ]  # fmt: skip
    one = {
        "type": "object",
        "properties": {"a": {"const": 1}, "b": {"const": 2}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    assert allowed(one, {"a": 1}, {"b": 2}, {}) == [True, True, False]
    described = {
        "$ref": "#/$defs/n",
        "description": "D",
        "maximum": 2,
        "$defs": {"n": {"type": "integer"}},
    }
    assert allowed(described, 2, 3) == [True, False]
    assert allowed({"type": ["string", "null"], "maxLength": 1}, '"a"', '"ab"', None) == [
        True, False, True,
    ]  # fmt: skip
    assert allowed({"type": "string", "nullable": True}, None) == [True]
    assert allowed({"type": "integer", "enum": [1, "a", 2.5]}, 1, '"a"', 2.5) == [
        True,
        False,
        False,
    ]


def test_a_reference_may_lead_to_the_whole_or_into_a_list() -> None:
    schema = {
        "prefixItems": [{"type": "null"}, {"$ref": "#/prefixItems/0"}],
        "items": {"$ref": "#"},
    }
    assert allowed(schema, [None, None], [None, None, [None, None]], [None, 1]) == [
        True,
        True,
        False,
    ]
    tree = {"type": "array", "items": {"$ref": "#/definitions/my~1tree"}}
    schema = {"$ref": "#/definitions/my~1tree", "definitions": {"my/tree": tree}}
    assert allowed(schema, [[], [[]]], [1]) == [True, False]


def test_lists_without_duplicates_keep_the_order_of_their_values() -> None:
    schema = {
        "type": "array",
        "items": {"enum": ["a", "b", "c"]},
        "uniqueItems": True,
        "minItems": 1,
    }
    assert allowed(schema, ["a"], ["b", "c"], ["a", "b", "c"]) == [True] * 3
    assert allowed(schema, [], ["a", "a"], ["b", "a"]) == [False] * 3


def test_an_empty_schema_and_json_mean_an_object() -> None:
    assert allowed({}, {"a": [1, "b", None, {"c": 2.5e3}]}, {}, [1], '"a"') == [
        True,
        True,
        False,
        False,
    ]
    assert grammar_of("json") == value_grammar({"type": "object"})
    assert grammar_of(None) is None
    assert grammar_of("") is None


def test_names_and_values_are_written_as_json_writes_them() -> None:
    odd = 'a"\\ü\n\x7f😀'
    assert allowed({"properties": {odd: {"enum": [odd, 1]}}, "required": [odd]}, {odd: odd}) == [
        False
    ]
    text = json.dumps({odd: odd}, ensure_ascii=False).replace("\x7f", "\\u007f")
    assert allowed({"properties": {odd: {"enum": [odd, 1]}}, "required": [odd]}, text) == [True]


def test_keywords_that_say_nothing_are_passed_over() -> None:
    schema = {"title": "T", "description": "D", "type": "boolean", "examples": ["a"], "x-odd": 1}
    assert allowed(schema, True, 1) == [True, False]
    assert allowed({"type": "string", "format": "color"}, '"any"') == [True]


# -- other notations -------------------------------------------------------------------------------

TAGGED = Fields("<p=KEY>\n", "\n</p>\n", strings=(raw(stop="</p>", refused="null"),))
PYTHON = Fields("KEY=", "", ", ", strings=(ONE_LINE,), values=ONE_LINE)
SCHEMA = {
    "properties": {
        "text": {"type": "string"},
        "n": {"type": "integer", "maximum": 5},
        "opt": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "deep": {"type": "object", "properties": {"a": {"enum": ["x"]}}, "required": ["a"]},
    },
    "required": ["text", "deep"],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p=text>\nany <b>\n text\n</p>\n<p=deep>\n{\"a\": \"x\"}\n</p>\n", True),
        ("<p=text>\n\n</p>\n<p=n>\n-3\n</p>\n<p=deep>\n{\"a\":\"x\"}\n</p>\n", True),
        ("<p=text>\n\n</p>\n<p=opt>\nnull\n</p>\n<p=deep>\n{\"a\":\"x\"}\n</p>\n", True),
        ("<p=text>\nNull\n</p>\n<p=deep>\n{\"a\": \"x\"}\n</p>\n", False),
        ("<p=text>\nnull or so\n</p>\n<p=deep>\n{\"a\": \"x\"}\n</p>\n", True),
        ("<p=text>\na</p>b\n</p>\n<p=deep>\n{\"a\": \"x\"}\n</p>\n", False),
        ("<p=deep>\n{\"a\": \"x\"}\n</p>\n", False),
    ],
)  # fmt: skip
def test_arguments_between_tags(text: str, expected: bool) -> None:
    assert reads(arguments_grammar(SCHEMA, TAGGED), text) is expected


def test_arguments_as_python_writes_them() -> None:
    grammar = arguments_grammar(SCHEMA, PYTHON)
    assert reads(grammar, r'text="a\"b\n", n=5, opt=null, deep={"a": "x"}')
    assert reads(grammar, 'text="", deep={"a": "x"}')
    assert not reads(grammar, 'text="a\nb", deep={"a": "x"}')
    assert not reads(grammar, r'text="\u0041", deep={"a": "x"}')
    assert not reads(grammar, 'text="", n=6, deep={"a": "x"}')


def test_objects_with_bare_keys() -> None:
    grammar = value_grammar(SCHEMA, braced("<q>"))
    assert reads(grammar, '{text:<q>a "b" {<q>,n:5,opt:null,deep:{a:<q>x<q>}}')
    assert not reads(grammar, '{text:"a",deep:{a:<q>x<q>}}')
    without = value_grammar(SCHEMA, braced("<q>", null=None))
    assert not reads(without, "{text:<q>a<q>,opt:null,deep:{a:<q>x<q>}}")


def test_markers_stand_in_strings_only_escaped() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"maxLength": 9}, "c": {"const": "<m>"}}}
    grammar = value_grammar(schema, JSON, ["<m>"])
    assert reads(grammar, r'{"a": "<m < m> \u003cm>"}')
    assert not reads(grammar, '{"a": "a<m>"}')
    assert reads(grammar, r'{"b": "\u003cm>", "c": "\u003cm>"}')
    assert not reads(grammar, '{"b": "<m>"}')
    assert not reads(grammar, '{"c": "<m>"}')
