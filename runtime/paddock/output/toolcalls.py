"""Decoders: the finished body of a call -> its name and arguments. Knows no streams, no tags
around.

Each takes the body and the declared tools and answers with calls, or raises CallError.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from paddock.output.events import BrokenCall, ToolCall
from paddock.output.values import (
    SPACE,
    CallError,
    Objects,
    Tools,
    read_json,
    read_object,
    typed,
    types_of,
    unwrapped,
)

# -- JSON ------------------------------------------------------------------------------------------


def field(value: Mapping[str, Any], name: str) -> Any:
    """A field of a call's envelope; models vary its case, and the last one counts."""
    if name in value:
        return value[name]
    return next((value[key] for key in reversed(list(value)) if key.lower() == name), None)


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
    call_id = field(cast("dict[str, Any]", value), "id")
    return ToolCall(
        name, as_arguments(arguments), id=call_id if isinstance(call_id, str) and call_id else None
    )


def function_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`NAME>{…}`, what stands between `<function=` and `</function>`."""
    name, mark, arguments = body.partition(">")
    return [_named(name, arguments if mark else "", mark)]


def recipient_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`NAME`, then the arguments on the next lines."""
    name, mark, arguments = body.partition("\n")
    return [_named(name, arguments, mark)]


def prefixed_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`NAME{…}`, or calls as JSON."""
    if body.lstrip(SPACE)[:1] in ("[", "{"):
        return any_json_call(body, tools)
    name, brace, arguments = body.partition("{")
    return [_named(name, brace + arguments, brace)]


def indexed_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`functions.NAME:INDEX<|tool_call_argument_begin|>{…}`; the first part is the call's id."""
    call_id, mark, arguments = body.partition("<|tool_call_argument_begin|>")
    call_id = call_id.strip(SPACE)
    name = call_id.removeprefix("functions.").partition(":")[0]
    return [replace(_named(name, arguments, mark), id=call_id)]


def _named(name: str, arguments: str, mark: str) -> ToolCall:
    name = name.strip(SPACE)
    if not mark or not name:
        raise CallError("empty function name")
    return ToolCall(name, read_object(arguments) if arguments.strip(SPACE) else {})


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


# -- markers inside the body -----------------------------------------------------------------------

_SEPARATOR: Final = "<｜tool▁sep｜>"
_FENCED: Final = re.compile(r"(?P<name>[^\n]*)\n```json\n(?P<arguments>.*)\n```", re.DOTALL)


def separated_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`NAME<｜tool▁sep｜>{…}`"""
    name, separator, arguments = body.partition(_SEPARATOR)
    if not separator or not name.strip(SPACE):
        raise CallError(f"not of the form NAME{_SEPARATOR}{{…}}")
    return [ToolCall(name.strip(SPACE), read_object(arguments.strip(SPACE)))]


def fenced_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`TYPE<｜tool▁sep｜>NAME`, then the arguments in a fenced block of JSON."""
    kind, separator, call = body.partition(_SEPARATOR)
    found = _FENCED.fullmatch(call.strip(SPACE))
    if not separator or not kind.strip(SPACE) or found is None:
        raise CallError(f"not of the form TYPE{_SEPARATOR}NAME and a block of JSON")
    return [ToolCall(found["name"].strip(SPACE), read_object(found["arguments"].strip(SPACE)))]


def named_call(body: str, tools: Tools) -> Sequence[ToolCall]:
    """`NAME[ARGS]{…}`, where only declared tools count; `[CALL_ID]…` may follow the name."""
    head, _, arguments = body.partition("[ARGS]")
    name, _, call_id = head.partition("[CALL_ID]")
    if name not in tools:
        raise CallError(f"tool '{name}' not found")
    return [ToolCall(name, read_object(arguments), id=call_id or None)]


def action_list(body: str, tools: Tools) -> Sequence[ToolCall | BrokenCall]:
    """A list of `{"tool_call_id", "tool_name", "parameters"}`; of a list that is not valid JSON
    each object is read on its own."""
    try:
        actions = read_json(body)
    except CallError as error:
        return list(_single_actions(body, error))
    if not isinstance(actions, list):
        raise CallError("the actions must be a list")
    return [_action(action) for action in cast("list[Any]", actions)]


def _single_actions(body: str, problem: CallError) -> Iterator[ToolCall | BrokenCall]:
    found = Objects()
    read = False
    for start, end in found.feed(body):
        read = True
        text = body[start:end]
        try:
            yield _action(read_json(text))
        except CallError as error:
            yield BrokenCall(text, str(error))
    if found.is_open or not read:
        yield BrokenCall(body[found.start :] if found.is_open else body, str(problem))


def _action(value: Any) -> ToolCall:
    action = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    name, call_id = field(action, "tool_name"), field(action, "tool_call_id")
    if not isinstance(name, str) or not name:
        raise CallError("an action without a tool name")
    given = call_id if isinstance(call_id, str) and call_id else None
    return ToolCall(name, as_arguments(field(action, "parameters")), id=given)
