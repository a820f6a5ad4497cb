"""Values and tools as texts: JSON in the flavours that prompt formats use, scalars, schemas.

Knows JSON and the wire form of a tool; knows no family and no message. Mappings that come from a
request have sorted keys everywhere but at the top, as the reference's maps do; what has an order in
the API (tools, their properties, arguments) keeps it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from paddock.api import Tool
from paddock.errors import TemplateError
from paddock.output.values import SPACE
from paddock.template.values import float_form, json_string, to_json

Json = dict[str, Any]


def trim(text: str) -> str:
    return text.strip(SPACE)


def trim_end(text: str) -> str:
    return text.rstrip(SPACE)


# -- scalars ---------------------------------------------------------------------------------------


def scalar(value: Any) -> str:
    """A string, number or boolean outside JSON. Every number of JSON is a float to the reference:
    1000000 is printed as 1e+06."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return float_form(_as_float(value))
        case _:
            raise _no_json(value)


def _as_float(value: float) -> float:
    """Raises TemplateError for a number that JSON cannot hold."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise TemplateError("a number in a tool or in a tool call is infinite, or none at all")
    return number


def argument_text(value: Any, container: Callable[[Any], str], null: str = "null") -> str:
    """An argument of a call where strings stand bare."""
    if value is None:
        return null
    return container(value) if is_container(value) else scalar(value)


def is_container(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str | bytes)


def _no_json(value: Any) -> TemplateError:
    return TemplateError(f"a {type(value).__name__} in a tool or in a tool call is no JSON value")


# -- JSON ------------------------------------------------------------------------------------------


class Properties(dict[str, Any]):
    """The properties of a schema, whose JSON some flavours escape unlike the rest."""


def sorted_maps(value: Any) -> Any:
    """Any JSON value with the keys of its mappings sorted. TemplateError for what is none."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        named = {str(key): item for key, item in cast("Mapping[Any, Any]", value).items()}
        return {key: sorted_maps(named[key]) for key in sorted(named)}
    if is_container(value):
        return [sorted_maps(item) for item in cast("Sequence[Any]", value)]
    raise _no_json(value)


def ordered(values: Mapping[str, Any]) -> Json:
    """Sorted below the first level."""
    return {key: sorted_maps(item) for key, item in values.items()}


_HTML: Final = {"\\u003c": "<", "\\u003e": ">", "\\u0026": "&"}


@dataclass(frozen=True, slots=True)
class JsonStyle:
    """Writes values whose mappings are in their final order."""

    comma: str = ","
    colon: str = ":"
    indent: str = ""
    escapes: bool = True
    """`<`, `>` and `&` become \\u00XX."""
    escapes_properties: bool = True
    """They do inside Properties."""

    def __call__(self, value: Any) -> str:
        return self._written(value, self.escapes, "\n" if self.indent else "")

    def _written(self, value: Any, escapes: bool, line: str) -> str:
        if isinstance(value, str):
            return self._string(value, escapes)
        if isinstance(value, dict):
            return self._mapping(cast("Json", value), escapes, line)
        if isinstance(value, list):
            inner = line and line + self.indent
            items = [self._written(item, escapes, inner) for item in cast("list[Any]", value)]
            return f"[{inner}{(self.comma + inner).join(items)}{line}]" if items else "[]"
        if value is None or isinstance(value, bool):
            return to_json(value)
        if isinstance(value, int | float):
            return json_number(value)
        raise _no_json(value)

    def _mapping(self, value: Json, escapes: bool, line: str) -> str:
        escapes = self.escapes_properties if isinstance(value, Properties) else escapes
        inner = line and line + self.indent
        items = [
            self._string(key, escapes) + self.colon + self._written(item, escapes, inner)
            for key, item in value.items()
        ]
        return f"{{{inner}{(self.comma + inner).join(items)}{line}}}" if items else "{}"

    def _string(self, text: str, escapes: bool) -> str:
        written = json_string(text)
        if not escapes and "\\u00" in written:
            return _unescaped(written)
        return written


def _unescaped(written: str) -> str:
    """`\\\\u003c` is a backslash and a text, so escaped backslashes are stepped over."""
    pieces = written.split("\\\\")
    for html, character in _HTML.items():
        pieces = [piece.replace(html, character) for piece in pieces]
    return "\\\\".join(pieces)


def json_number(value: float) -> str:
    """Reference: whole numbers beyond 2^53 lose digits; here they keep them."""
    _as_float(value)
    return to_json(value)


compact: Final = JsonStyle()
spaced: Final = JsonStyle(", ", ": ")
spaced_bare: Final = JsonStyle(", ", ": ", escapes=False)
"""Bare outside the properties of tools: the reference writes those by themselves, escaped."""
bare: Final = JsonStyle(", ", ": ", escapes=False, escapes_properties=False)
indented: Final = JsonStyle(colon=": ", indent="    ")


# -- tools -----------------------------------------------------------------------------------------


def tool_form(tool: Tool) -> Json:
    """The tool as JSON of the API. Schema keys that the API does not know are lost."""
    return {"type": tool.type or "", "function": function_form(tool)}


def function_form(tool: Tool, always_described: bool = False) -> Json:
    form: Json = {"name": name_of(tool)}
    if always_described or description_of(tool):
        form["description"] = description_of(tool)
    return form | {"parameters": parameters_form(tool)}


def name_of(tool: Tool) -> str:
    return (tool.function and tool.function.name) or ""


def description_of(tool: Tool) -> str:
    return (tool.function and tool.function.description) or ""


def parameters_form(tool: Tool) -> Json:
    given = tool.function.parameters if tool.function else None
    if given is None:
        return {"type": "", "properties": None}
    form: Json = {"type": given.type or ""}
    if given.defs is not None:
        form["$defs"] = sorted_maps(given.defs)
    if given.items is not None:
        form["items"] = sorted_maps(given.items)
    if given.required:
        form["required"] = list(given.required)
    return form | {
        "properties": None
        if given.properties is None
        else Properties(
            {
                name: _schema_form(
                    {
                        "type": each.type,
                        "items": each.items,
                        "description": each.description,
                        "enum": each.enum,
                        **(each.model_extra or {}),
                    }
                )
                for name, each in given.properties.items()
            }
        )
    }


def properties_of(parameters: Json) -> dict[str, Json]:
    """The properties of a form, none where there are none."""
    return parameters.get("properties") or {}


def _schema_form(given: Mapping[str, Any]) -> Json:
    """One property, what is empty left out. What has the wrong type counts as not given."""
    types = types_in(given.get("type"))
    nested = given.get("properties")
    form = {
        "anyOf": [_schema_form(each) for each in _items(given.get("anyOf"), Mapping)],
        "type": types[0] if len(types) == 1 else types,
        "items": sorted_maps(given.get("items")),
        "description": given.get("description"),
        "enum": sorted_maps(_items(given.get("enum"), object)),
        "properties": Properties(
            {
                str(name): _schema_form(cast("Mapping[str, Any]", each))
                for name, each in cast("Mapping[Any, Any]", nested).items()
                if isinstance(each, Mapping)
            }
        )
        if isinstance(nested, Mapping)
        else None,
        "required": _items(given.get("required"), str),
    }
    return {
        key: value for key, value in form.items() if value or (key == "items" and value is not None)
    }


def types_in(value: Any) -> list[str]:
    """The names in the `type` of a schema."""
    return [value] if isinstance(value, str) and value else _items(value, str)


def _items(value: Any, kind: type) -> list[Any]:
    return [each for each in value if isinstance(each, kind)] if isinstance(value, list) else []
