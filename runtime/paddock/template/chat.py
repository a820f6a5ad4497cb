"""What a Go template gets to see of a conversation: messages, tools and think values as Go's.

Knows the API's types and the shapes that templates of the reference read; runs no template.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from paddock.api import Message, Think, Tool
from paddock.errors import TemplateError
from paddock.template.values import (
    NIL_LIST,
    Methods,
    NamedList,
    NamedMap,
    Ordered,
    Struct,
    is_nil,
    to_json,
)

SEPARATOR: Final = "\n\n"

# -- collating -------------------------------------------------------------------------------------


def collate(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """All system contents as one text, and the messages with neighbours of one role joined.

    Only contents are joined; what else a later message has is lost. Tool results stay apart.
    """
    system = SEPARATOR.join(m.content or "" for m in messages if m.role == "system")
    collated: list[Message] = []
    for message in messages:
        last = collated[-1] if collated else None
        if last is None or message.role == "tool" or message.role != last.role:
            collated.append(message)
            continue
        content = f"{last.content or ''}{SEPARATOR}{message.content or ''}"
        collated[-1] = last.model_copy(update={"content": content})
    return system, collated


# -- think -----------------------------------------------------------------------------------------


def think_values(think: Think) -> dict[str, Any]:
    level = think if isinstance(think, str) else "medium" if think else ""
    return {"Think": bool(think), "ThinkLevel": level, "IsThinkSet": think is not None}


# -- messages --------------------------------------------------------------------------------------


class _Message(Struct):
    __slots__ = ()
    kind = "api.Message"


class _Call(Struct):
    __slots__ = ()
    kind = "api.ToolCall"


class _CallFunction(Struct):
    __slots__ = ()
    kind = "api.ToolCallFunction"


class _Arguments(NamedMap):
    kind = "api.ToolCallFunctionArguments"

    def text(self) -> str:
        return to_json(self)


def message_value(message: Message, *, with_images: bool = True) -> Struct:
    """The message as Go's. Decoding images takes long, and hardly any template reads them."""
    calls = message.tool_calls
    images = message.images if with_images else None
    return _Message(
        Role=message.role,
        Content=message.content or "",
        Thinking=message.thinking or "",
        Images=NIL_LIST if images is None else [image.read() for image in images],
        ToolCalls=NIL_LIST if calls is None else [_call(call) for call in calls],
        ToolName=message.tool_name or "",
        ToolCallID=message.tool_call_id or "",
    )


def _call(call: Message.ToolCall) -> Struct:
    function = call.function
    return _Call(
        ID=call.id or "",
        Function=_CallFunction(
            Index=function.index or 0,
            Name=function.name,
            Arguments=_Arguments({k: _json_value(v) for k, v in function.arguments.items()}),
        ),
    )


def _json_value(value: Any) -> Any:
    """A value of a request as Go reads it from JSON: every number is a float."""
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            raise TemplateError(f"the number {str(value)[:20]}... is too large") from None
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    raise TemplateError(f"a {type(value).__name__} is no JSON value")


# -- tools -----------------------------------------------------------------------------------------


_TYPESCRIPT: Final = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "array": "any[]",
    "object": "Record<string, any>",
    "null": "null",
}


def _typescript(value: Struct) -> str:
    any_of = value.fields["AnyOf"]
    if any_of:
        return " | ".join(_typescript(each) for each in any_of)
    types = value.fields["Type"]
    return " | ".join(_TYPESCRIPT.get(each, "any") for each in types) or "any"


class _Tools(NamedList):
    kind = "api.Tools"

    def text(self) -> str:
        return to_json(self)


class _NoTools(_Tools):
    def json(self) -> None:
        return None


class _Tool(Struct):
    __slots__ = ()
    kind = "api.Tool"
    methods: ClassVar[Methods] = {"String": to_json}

    def text(self) -> str:
        return to_json(self)

    def json(self) -> Ordered:
        fields = self.fields
        return _without_empty(
            type=fields["Type"],
            items=_or_absent(fields["Items"]),
            function=fields["Function"],
        )


class _Function(Struct):
    __slots__ = ()
    kind = "api.ToolFunction"

    def json(self) -> Ordered:
        fields = self.fields
        return Ordered(
            name=fields["Name"],
            description=fields["Description"],
            parameters=fields["Parameters"],
        )


class _Parameters(Struct):
    __slots__ = ()
    kind = "api.ToolFunctionParameters"

    def json(self) -> Ordered:
        fields = self.fields
        defs = _or_absent(fields["Defs"])
        rest = _without_empty(
            type=fields["Type"],
            **({} if defs is _ABSENT else {"$defs": defs}),
            items=_or_absent(fields["Items"]),
            required=fields["Required"] or _ABSENT,
        )
        rest["properties"] = fields["Properties"]
        return rest


class _Properties(NamedMap):
    """Properties by name; those inside a property keep the order of the request in JSON."""

    kind = "api.ToolPropertiesMap"

    def text(self) -> str:
        return to_json(self)


class _NestedProperties(_Properties):
    def json(self) -> Ordered:
        return Ordered(self)


class _Property(Struct):
    __slots__ = ()
    kind = "api.ToolProperty"
    methods: ClassVar[Methods] = {"ToTypeScriptType": _typescript}

    def json(self) -> Ordered:
        fields = self.fields
        return _without_empty(
            anyOf=fields["AnyOf"] or _ABSENT,
            type=fields["Type"] or _ABSENT,
            items=_or_absent(fields["Items"]),
            description=fields["Description"] or _ABSENT,
            enum=fields["Enum"] or _ABSENT,
            properties=_or_absent(fields["Properties"]),
            required=fields["Required"] or _ABSENT,
        )


class _PropertyType(NamedList):
    kind = "api.PropertyType"

    def text(self) -> str:
        if not self:
            return ""
        return self[0] if len(self) == 1 else f"[{' '.join(self)}]"

    def json(self) -> Any:
        return self[0] if len(self) == 1 else list(self)


_ABSENT: Final = object()


def _or_absent(value: Any) -> Any:
    return _ABSENT if is_nil(value) else value


def _without_empty(**fields: Any) -> Ordered:
    return Ordered((name, value) for name, value in fields.items() if value is not _ABSENT)


def tool_values(tools: Sequence[Tool] | None) -> NamedList:
    return _Tools([_tool(tool) for tool in tools]) if tools else _NoTools()


def _tool(tool: Tool) -> Struct:
    function = tool.function or Tool.Function()
    return _Tool(
        Type=tool.type or "",
        Items=_json_value((tool.model_extra or {}).get("items")),
        Function=_Function(
            Name=function.name or "",
            Description=function.description or "",
            Parameters=_parameters(function.parameters),
        ),
    )


def _parameters(given: Tool.Function.Parameters | None) -> Struct:
    if given is None:
        return _Parameters(Type="", Defs=None, Items=None, Required=NIL_LIST, Properties=None)
    properties = given.properties
    return _Parameters(
        Type=given.type or "",
        Defs=_json_value(given.defs),
        Items=_json_value(given.items),
        Required=NIL_LIST if given.required is None else list(given.required),
        Properties=None
        if properties is None
        else _Properties({name: _property(value) for name, value in properties.items()}),
    )


def _property(given: Tool.Function.Parameters.Property) -> Struct:
    extra = given.model_extra or {}
    return _schema(
        {
            "type": given.type,
            "items": given.items,
            "description": given.description,
            "enum": given.enum,
            **extra,
        }
    )


def _schema(given: Mapping[str, Any]) -> Struct:
    """A property from its JSON. What has the wrong type counts as not given."""
    nested = given.get("properties")
    return _Property(
        AnyOf=[_schema(each) for each in _items(given.get("anyOf"), dict)],
        Type=_PropertyType(_types(given.get("type"))),
        Items=_json_value(given.get("items")),
        Description=_text(given.get("description")),
        Enum=[_json_value(each) for each in _items(given.get("enum"), object)],
        Properties=None
        if not isinstance(nested, dict)
        else _NestedProperties(
            {name: _schema(value) for name, value in nested.items() if isinstance(value, dict)}
        ),
        Required=_items(given.get("required"), str),
    )


def _types(value: Any) -> list[str]:
    return [value] if isinstance(value, str) and value else _items(value, str)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _items(value: Any, kind: type) -> list[Any]:
    return [each for each in value if isinstance(each, kind)] if isinstance(value, list) else []


# -- size ------------------------------------------------------------------------------------------

_OVERHEAD: Final = 64


def size_of(messages: Sequence[Message], tools: Sequence[Tool] | None) -> int:
    """About how many bytes a conversation has: what a template may consume grows with it."""
    return sum(map(_message_size, messages)) + sum(map(_tool_size, tools or ()))


def _message_size(message: Message) -> int:
    size = _OVERHEAD + len(message.content or "") + len(message.thinking or "")
    for call in message.tool_calls or ():
        size += _value_size(call.function.arguments)
    return size


def _tool_size(tool: Tool) -> int:
    function = tool.function
    if function is None:
        return _OVERHEAD
    size = _OVERHEAD + len(function.description or "")
    given = function.parameters
    if given is None:
        return size
    for value in (given.properties or {}).values():
        size += _OVERHEAD + len(value.description or "")
        size += sum(
            _value_size(each) for each in (value.enum, value.items, value.model_extra) if each
        )
    return size + _value_size(given.defs) + _value_size(given.items)


def _value_size(value: Any) -> int:
    if isinstance(value, str):
        return _OVERHEAD + len(value)
    if isinstance(value, dict):
        return _OVERHEAD + sum(len(key) + _value_size(each) for key, each in value.items())
    if isinstance(value, list):
        return _OVERHEAD + sum(map(_value_size, value))
    return _OVERHEAD
