"""Decoders: the finished body of a call -> its name and arguments. Knows no streams, no tags
around.

Each takes the body and the declared tools and answers with calls, or raises CallError.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from paddock.output.events import ToolCall
from paddock.output.scanner import CallError
from paddock.output.values import Tools, read_json, read_object, typed, types_of, unwrapped

# -- JSON ------------------------------------------------------------------------------------------


def field(value: Mapping[str, Any], name: str) -> Any:
    """A field of a call's envelope; models vary its case, and the last one counts."""
    if name in value:
        return value[name]
    return next((value[key] for key in reversed(value) if key.lower() == name), None)


def json_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`{"name": "f", "arguments": {…}}`"""
    envelope = read_object(body)
    name, arguments = field(envelope, "name"), field(envelope, "arguments")
    if not isinstance(name, str) or not name:
        raise CallError("empty function name")
    return [ToolCall(name, as_arguments(arguments))]


def as_arguments(value: Any) -> dict[str, Any]:
    """An arguments object; null and nothing mean none."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CallError(f"the arguments must be an object, not {type(value).__name__}")
    return cast("dict[str, Any]", value)


_NAMES: Final = ("name", "function", "tool_name")
_ARGUMENTS: Final = ("arguments", "parameters", "args")


def any_json_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """One call or a list of them, with any of the names that chat templates use for its parts."""
    value = read_json(body)
    envelopes = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not envelopes:
        raise CallError("an empty list of calls")
    return [_any_envelope(envelope) for envelope in envelopes]


def _any_envelope(value: Any) -> ToolCall:
    if not isinstance(value, dict):
        raise CallError(f"a call is an object, not {type(value).__name__}")
    envelope = cast("dict[str, Any]", value)
    inner = field(envelope, "function")
    if isinstance(inner, dict):
        envelope = cast("dict[str, Any]", inner)
    named = (field(envelope, key) for key in _NAMES)
    name = next((name for name in named if isinstance(name, str) and name), None)
    if name is None:
        raise CallError("empty function name")
    given = (field(envelope, key) for key in _ARGUMENTS)
    arguments = next((value for value in given if value is not None), None)
    if isinstance(arguments, str):
        arguments = read_object(arguments) if arguments.strip() else None
    return ToolCall(name, as_arguments(arguments))


# -- XML-like --------------------------------------------------------------------------------------

_XML_MARK: Final = re.compile(r"<(?P<opened>function|parameter)=(?P<name>[^>]+)>|</(?:\w+)>")


def xml_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`<function=NAME> { <parameter=KEY>VALUE</parameter> } </function>`; all else is text."""
    marks = (
        mark for mark in _XML_MARK.finditer(body) if mark.group() in _XML_CLOSE or mark["opened"]
    )
    function = next(marks, None)
    if function is None or function["opened"] != "function":
        raise CallError("no <function=NAME> begins the call")
    name = function["name"]
    return [
        ToolCall(
            name,
            {
                key: typed(unwrapped(value), types_of(tools, name, key))
                for key, value in _xml_parameters(body, marks)
            },
        )
    ]


_XML_CLOSE: Final = ("</function>", "</parameter>")


def _xml_parameters(body: str, marks: Iterator[re.Match[str]]) -> Iterator[tuple[str, str]]:
    for mark in marks:
        if mark.group() == "</function>":
            return
        if mark["opened"] != "parameter":
            raise CallError(f"{mark.group()} stands where a parameter should begin")
        end = next(marks, None)
        if end is None or end.group() != "</parameter>":
            found = end.group() if end else "the end of the call"
            raise CallError(f"the parameter {mark['name']} is ended by {found}")
        yield mark["name"], body[mark.end() : end.start()]
    raise CallError("</function> is missing")
