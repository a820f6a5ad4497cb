"""A Python function -> the Tool that describes it. Knows signatures and docstrings; runs nothing.

Descriptions come from a Google-style docstring, types from the annotations. What the official
client throws away (element types, choices, the fields of nested models) is kept: a model that sees
the whole schema fills it in better.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

from paddock.api import Tool, build
from paddock.errors import RequestError

_ARGS_HEADERS = frozenset({"args", "arguments", "parameters"})
_OTHER_HEADERS = frozenset(
    {"returns", "return", "yields", "raises", "example", "examples", "note", "notes"}
)
_HEADER = re.compile(r"\s*(?P<name>\w+):")
_ARGUMENT = re.compile(r"\s*(?P<name>\*{0,2}\w+)\s*(?:\(.*?\)\s*)?:\s*(?P<text>.*)")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

Schema = dict[str, Any]


def tool_from(function: Callable[..., Any]) -> Tool:
    """The Tool of a function: its name, docstring and parameters. RequestError if it has none."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        raise RequestError(f"tool {function!r} has no name; wrap it in a function made with def")
    parameters = [p for p in _signature(name, function) if p.kind not in _VARIADIC]
    about, described = parse_docstring(inspect.getdoc(function), {p.name for p in parameters})
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for parameter in parameters:
        schema, is_optional = _property(name, parameter)
        if described.get(parameter.name):
            schema["description"] = described[parameter.name]
        properties[parameter.name] = schema
        if parameter.default is inspect.Parameter.empty and not is_optional:
            required.append(parameter.name)
    shape = {"type": "object", "required": required or None, "properties": properties}
    return build(Tool, {"function": {"name": name, "description": about, "parameters": shape}})


def parse_docstring(text: str | None, names: set[str]) -> tuple[str, dict[str, str]]:
    """The description and, per argument in `names`, its own; further sections are skipped."""
    about: list[str] = []
    described: dict[str, str] = {}
    section, current = "about", ""
    for line in (text or "").splitlines():
        header = _HEADER.match(line)
        argument = _ARGUMENT.match(line) if section == "args" else None
        if argument is not None and (name := argument["name"].lstrip("*")) in names:
            current = name
            described[current] = argument["text"].strip()
        elif header is not None and header["name"].lower() in _ARGS_HEADERS:
            section, current = "args", ""
        elif header is not None and header["name"].lower() in _OTHER_HEADERS:
            section = "other"
        elif section == "about":
            about.append(line)
        elif section == "args" and current and line.strip():
            described[current] = f"{described[current]} {line.strip()}".strip()
    return "\n".join(about).strip(), described


def _signature(name: str, function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function, eval_str=True).parameters.values())
    except (NameError, TypeError, ValueError) as error:
        raise RequestError(f"tool {name}: its signature cannot be read: {error}") from error


def _property(name: str, parameter: inspect.Parameter) -> tuple[Schema, bool]:
    """The schema of one parameter, and whether None is among its values."""
    is_bare = parameter.annotation is inspect.Parameter.empty
    try:
        # reference: a parameter without an annotation is a string
        whole = TypeAdapter(str if is_bare else parameter.annotation).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise RequestError(
            f"tool {name}: parameter {parameter.name!r} has a type without a JSON schema: "
            f"{parameter.annotation!r}"
        ) from error
    return _without_null(_inline(whole, whole.get("$defs", {}), ()))


def _inline(node: Any, definitions: Mapping[str, Any], seen: tuple[str, ...]) -> Any:
    """The schema with its references written out and titles and defaults dropped.

    Prompt templates print properties, not `$defs`. A type inside itself ends as any object.
    """
    if isinstance(node, list):
        return [_inline(item, definitions, seen) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        key = str(node["$ref"]).rpartition("/")[2]
        if key in seen:
            return {"type": "object"}
        rest = {name: value for name, value in node.items() if name != "$ref"}
        return _inline(definitions[key] | rest, definitions, (*seen, key))
    return {
        name: {key: _inline(item, definitions, seen) for key, item in value.items()}
        if name == "properties"
        else _inline(value, definitions, seen)
        for name, value in node.items()
        if name not in ("$defs", "title", "default")
    }


def _without_null(schema: Schema) -> tuple[Schema, bool]:
    """`anyOf` without its null; choices that are mere types become a list of types."""
    if "anyOf" not in schema:
        return schema, schema.get("type") == "null"
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    choices = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
    is_optional = len(choices) < len(schema["anyOf"])
    if len(choices) == 1:
        return choices[0] | rest, is_optional
    if all(choice.keys() == {"type"} for choice in choices):
        return {"type": [choice["type"] for choice in choices]} | rest, is_optional
    return {"anyOf": choices} | rest, is_optional
