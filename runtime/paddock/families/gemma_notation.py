"""Values, calls and declarations in the notation of function-calling Gemma models.

Knows `name{key:value}` with a mark around strings; knows no conversation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from paddock.api import Tool
from paddock.families.base import Call
from paddock.families.text import (
    Json,
    description_of,
    json_number,
    name_of,
    parameters_form,
    properties_of,
    scalar,
    types_in,
)

_RESERVED: Final = frozenset({"description", "type", "properties", "required", "nullable"})


@dataclass(frozen=True, slots=True)
class Notation:
    """`mark` encloses strings, `null` is how nothing is written."""

    mark: str
    null: str

    def string(self, text: str) -> str:
        return f"{self.mark}{text}{self.mark}"

    def strings(self, texts: Sequence[str]) -> str:
        return "[" + ",".join(map(self.string, texts)) + "]"

    def value(self, value: Any) -> str:
        match value:
            case None:
                return self.null
            case str():
                return self.string(value)
            case float() if not value.is_integer():
                return scalar(value)
            case int() | float() if not isinstance(value, bool):
                return json_number(value)
            case Mapping():
                return self.entries(cast("Mapping[str, Any]", value))
            case Sequence():
                items = cast("Sequence[Any]", value)
                return "[" + ",".join(map(self.value, items)) + "]"
            case _:
                return scalar(value)

    def entries(self, values: Mapping[str, Any]) -> str:
        items = sorted((str(key), value) for key, value in values.items())
        return "{" + ",".join(f"{key}:{self.value(value)}" for key, value in items) + "}"

    def call(self, call: Call) -> str:
        return f"call:{call.name}{self.entries(call.arguments)}"

    def declaration(self, tool: Tool, properties: Callable[[dict[str, Json]], str]) -> str:
        """`properties` writes those of the tool."""
        form = parameters_form(tool)
        parts = [
            f"properties:{properties(given)}" if (given := properties_of(form)) else "",
            f"required:{self.strings(form['required'])}" if form.get("required") else "",
            f"type:{self.string(form['type'].upper())}" if form["type"] else "",
        ]
        parameters = joined(parts)
        described = f"description:{self.string(description_of(tool))}"
        shown = f",parameters:{{{parameters}}}" if parameters else ""
        return f"declaration:{name_of(tool)}{{{described}{shown}}}"

    # schemas in full

    def properties(self, properties: Mapping[str, Json]) -> str:
        """The properties of an object, down to the leaves."""
        shown = ((n, form) for n, form in sorted(properties.items()) if n not in _RESERVED)
        return "{" + ",".join(f"{name}:{self._property(form)}" for name, form in shown) + "}"

    def _property(self, form: Json) -> str:
        types = _types(form)
        kind = types[0].upper() if len(types) == 1 else ""
        items = form.get("items") if kind == "ARRAY" else None
        parts = [
            f"description:{self.string(form['description'])}" if "description" in form else "",
            f"enum:{self.value(form['enum'])}" if kind == "STRING" and "enum" in form else "",
            f"items:{self._schema(items)}" if items and isinstance(items, dict) else "",
            f"properties:{self.properties(properties_of(form))}" if kind == "OBJECT" else "",
            f"required:{self.strings(form['required'])}"
            if kind == "OBJECT" and "required" in form
            else "",
            f"type:{self.string(_type_text(types))}" if types else "",
        ]
        return "{" + joined(parts) + "}"

    def _schema(self, schema: Json) -> str:
        """A schema within `items`, which comes as plain JSON: nothing of it is left out."""
        return "{" + ",".join(f"{k}:{self._part(k, v)}" for k, v in sorted(schema.items())) + "}"

    def _part(self, key: str, value: Any) -> str:
        if key == "type" and isinstance(value, str):
            return self.string(value.upper())
        if key == "type":
            return self.strings([name.upper() for name in types_in(value)])
        if key == "properties" and isinstance(value, dict):
            return self._schemas(cast("Json", value))
        if key == "items" and isinstance(value, dict):
            return self._schema(cast("Json", value))
        return self.value(value)

    def _schemas(self, named: Json) -> str:
        written = (
            f"{name}:{self._schema(cast('Json', each))}"
            for name, each in sorted(named.items())
            if isinstance(each, dict)
        )
        return "{" + ",".join(written) + "}"


def joined(parts: Sequence[str]) -> str:
    return ",".join(part for part in parts if part)


def _types(form: Json) -> list[str]:
    """The types of a property; alternatives that are nothing but types count as its own."""
    types = types_in(form.get("type"))
    options: list[Json] = form.get("anyOf", [])
    if types or not all(option.keys() == {"type"} for option in options):
        return types
    return [name for option in options for name in types_in(option["type"])]


def _type_text(types: Sequence[str]) -> str:
    if len(types) == 1:
        return types[0].upper()
    return "[" + ", ".join(f"'{name.upper()}'" for name in types) + "]"
