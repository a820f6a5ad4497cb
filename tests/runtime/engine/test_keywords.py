"""What the keywords of one schema say, by themselves."""

from typing import Any

import pytest

from paddock.engine.keywords import (
    Schema,
    additional_of,
    constants_of,
    counts_of,
    kinds_of,
    properties_of,
)
from paddock.errors import GrammarError


@pytest.mark.parametrize(
    ("node", "kinds"),
    [
        ({}, []),
        ({"type": ["integer", "number", "null"]}, ["number", "null"]),
        ({"minLength": 1, "required": []}, ["string", "object"]),
    ],
)
def test_types_are_those_that_are_named_or_told_by_other_keywords(
    node: Schema, kinds: list[str]
) -> None:
    assert kinds_of(node) == kinds


@pytest.mark.parametrize(
    ("node", "values"),
    [
        ({"type": "string"}, None),
        ({"enum": [1, "a", None], "type": ["string", "null"]}, ["a", None]),
        ({"const": 2, "enum": [1, 2]}, [2]),
        ({"const": 3, "enum": [1, 2]}, []),
        ({"enum": [True, 1, 2.5, 10], "maximum": 5}, [True, 1, 2.5]),
        ({"enum": [0, 5, 10, 0.5], "multipleOf": 0.5, "exclusiveMinimum": 0}, [5, 10, 0.5]),
        ({"enum": [3, 7], "multipleOf": 7}, [7]),
        ({"enum": ["", "ab", "abc"], "minLength": 1, "maxLength": 2}, ["ab"]),
        ({"enum": [1e300, 2], "multipleOf": 3e-7}, []),
    ],
)
def test_values_are_those_of_the_list_that_follow_the_rest(
    node: Schema, values: list[Any] | None
) -> None:
    assert constants_of(node) == values


@pytest.mark.parametrize(
    ("node", "key"),
    [
        ({"enum": ["a"], "pattern": "b"}, "pattern"),
        ({"const": {}, "required": ["a"]}, "required"),
        ({"enum": [[], 1], "minItems": 1}, "minItems"),
    ],
)
def test_what_values_are_not_tried_on_is_refused(node: Schema, key: str) -> None:
    with pytest.raises(GrammarError, match=f"{key} cannot be enforced: beside values"):
        constants_of(node)


def test_a_required_name_without_a_schema_follows_that_of_all_others() -> None:
    whole = {"type": "integer"}
    node = {"properties": {"a": {}}, "required": ["a", "b"], "additionalProperties": whole}
    assert properties_of(node) == ({"a": {}, "b": whole}, ["a", "b"])
    with pytest.raises(GrammarError, match="required names 'b'"):
        properties_of({"required": ["b"], "additionalProperties": False})


@pytest.mark.parametrize(
    ("node", "additional"),
    [
        ({}, True),
        ({"properties": {}}, False),
        ({"patternProperties": {"a": {}}}, False),
        ({"properties": {}, "additionalProperties": {"minimum": 1}}, {"minimum": 1}),
    ],
)
def test_other_properties_are_meant_where_none_is_named_or_they_are(
    node: Schema, additional: Any
) -> None:
    assert additional_of(node) == additional


def test_bounds_are_whole_numbers_in_their_order() -> None:
    assert counts_of({"minItems": 2.0}, "Items") == (2, None)
    assert counts_of({"maxLength": 3}, "Length") == (0, 3)
    for bad in ({"minItems": 1.5}, {"minItems": True}, {"minItems": -1}, {"minItems": "1"}):
        with pytest.raises(GrammarError, match="minItems must be a whole number"):
            counts_of(bad, "Items")
    with pytest.raises(GrammarError, match="maxItems 1 is below minItems 2"):
        counts_of({"minItems": 2, "maxItems": 1}, "Items")
