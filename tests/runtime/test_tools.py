# pyright: basic
import functools
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from paddock._tools import parse_docstring, tool_from
from paddock.errors import RequestError


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return tool_from(function).as_dict()["function"]["parameters"]


def properties(function: Callable[..., Any]) -> dict[str, Any]:
    return parameters(function)["properties"]


def add(a: int, b: int, tags: list[str] | None = None) -> int:
    """Add two numbers.

    Args:
        a: first
        b (int): second,
            never zero
        tags: labels

    Returns:
        int: the sum
    """
    return a + b + len(tags or ())


def test_a_documented_function_becomes_a_whole_tool():
    assert tool_from(add).as_dict() == {
        "type": "function",
        "function": {
            "name": "add",
            "description": "Add two numbers.",
            "parameters": {
                "type": "object",
                "required": ["a", "b"],
                "properties": {
                    "a": {"type": "integer", "description": "first"},
                    "b": {"type": "integer", "description": "second, never zero"},
                    "tags": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "labels",
                    },
                },
            },
        },
    }


def test_a_function_without_docstring_or_annotations_takes_strings():
    def bare(x, y=None): ...

    tool = tool_from(bare).as_dict()["function"]
    assert tool["description"] == ""
    assert tool["parameters"]["properties"] == {"x": {"type": "string"}, "y": {"type": "string"}}
    assert tool["parameters"]["required"] == ["x"]


def test_a_function_without_parameters_has_empty_properties():
    def now() -> str:
        """The time."""
        return ""

    assert parameters(now) == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (str, {"type": "string"}),
        (Any, {}),
        (int | None, {"type": "integer"}),
        (int | str, {"type": ["integer", "string"]}),
        (int | str | None, {"type": ["integer", "string"]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Literal["c", "f"], {"type": "string", "enum": ["c", "f"]}),
        (
            int | list[str],
            {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]},
        ),
        (Annotated[int, Field(ge=1)], {"type": "integer", "minimum": 1}),
    ],
)
def test_annotations_become_json_schema(annotation: Any, schema: dict[str, Any]):
    def function(x): ...

    function.__annotations__["x"] = annotation
    assert properties(function)["x"] == schema


def test_none_among_the_values_or_a_default_makes_a_parameter_optional():
    def function(a: int, b: int | None, c: int = 3): ...

    assert parameters(function)["required"] == ["a"]


class Unit(Enum):
    C = "c"
    F = "f"


class Place(BaseModel):
    title: str
    default: int = 1
    unit: Unit = Unit.C


class Tree(BaseModel):
    children: "list[Tree]" = []


def test_nested_models_are_written_out_and_keep_fields_named_like_keywords():
    def function(place: Place, others: list[Place]): ...

    place = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "default": {"type": "integer"},
            "unit": {"type": "string", "enum": ["c", "f"]},
        },
        "required": ["title"],
    }
    assert properties(function) == {"place": place, "others": {"type": "array", "items": place}}


def test_a_type_inside_itself_ends():
    def function(tree: Tree): ...

    assert properties(function)["tree"]["properties"]["children"] == {
        "type": "array",
        "items": {"type": "object"},
    }


def test_a_description_in_the_annotation_counts_unless_the_docstring_has_one():
    def function(a: Annotated[int, Field(description="from here")], b: Annotated[int, Field()]):
        """Args:
        b: from there
        """

    assert properties(function)["a"]["description"] == "from here"
    assert properties(function)["b"]["description"] == "from there"


def test_variadic_parameters_are_left_out():
    def function(a: int, *args: int, **kwargs: int): ...

    assert list(properties(function)) == ["a"]


def test_bound_methods_hide_self_and_string_annotations_resolve():
    class Shop:
        def price(self, item: "str", count: "int | None" = None) -> float:
            """Price of an item."""
            return 0.0

    assert properties(Shop().price) == {"item": {"type": "string"}, "count": {"type": "integer"}}


def test_names_that_pydantic_reserves_are_fine():
    def function(schema: int, model_config: int, _private: int, json: int): ...

    assert list(properties(function)) == ["schema", "model_config", "_private", "json"]


class Opaque: ...


def test_what_cannot_be_described_is_a_request_error_that_names_it():
    def opaque(x: Opaque): ...

    def unknown(x: "Nowhere"): ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    def callback(x: Callable[[int], int]): ...

    with pytest.raises(RequestError, match="tool opaque: parameter 'x'"):
        tool_from(opaque)
    with pytest.raises(RequestError, match=r"tool unknown: .*Nowhere"):
        tool_from(unknown)
    with pytest.raises(RequestError, match="tool callback: parameter 'x'"):
        tool_from(callback)
    with pytest.raises(RequestError, match="has no name"):
        tool_from(functools.partial(add, 1))


@pytest.mark.parametrize(
    ("text", "about", "described"),
    [
        (None, "", {}),
        ("", "", {}),
        ("Just text.", "Just text.", {}),
        ("One.\n\nTwo: three.", "One.\n\nTwo: three.", {}),
        ("Args:\n  x: value", "", {"x": "value"}),
        ("F.\nArgs:\n  x (integer): a\n  y(str) : b", "F.", {"x": "a", "y": "b"}),
        ("F.\nArgs:\n  x: First (:thing) to add", "F.", {"x": "First (:thing) to add"}),
        ("F.\nArgs:\n  x (dict[str, tuple(int)]): a", "F.", {"x": "a"}),
        (
            "F.\nArgs:\n  x: one of\n    fast: quick\n  y: b",
            "F.",
            {"x": "one of fast: quick", "y": "b"},
        ),
        ("F.\nArguments:\n  *x: a\nReturns:\n  x: not this", "F.", {"x": "a"}),
        ("F.\nReturns: int\nArgs:\n  x: a", "F.", {"x": "a"}),
        ("F.\nRaises:\n  E: never", "F.", {}),
        ("F.\nArgs:\n  z: not a parameter", "F.", {}),
    ],
)
def test_docstrings_are_read_section_by_section(
    text: str | None, about: str, described: dict[str, str]
):
    assert parse_docstring(text, {"x", "y"}) == (about, described)


@given(st.text())
def test_no_docstring_breaks_the_parser(text: str):
    _, described = parse_docstring(text, {"x"})
    assert described.keys() <= {"x"}


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
        st.from_regex(r"[A-Za-z][A-Za-z ,.()]{0,30}[a-z.]", fullmatch=True),
        max_size=5,
    )
)
def test_written_descriptions_are_read_back(arguments: dict[str, str]):
    lines = [f"    {name}: {text}" for name, text in arguments.items()]
    text = "\n".join(["Does it.", "", "Args:", *lines, "Returns:", "    nothing"])
    assert parse_docstring(text, set(arguments)) == ("Does it.", arguments)
