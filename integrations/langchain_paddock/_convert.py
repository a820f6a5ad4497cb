"""LangChain messages, tools and schemas to paddock's. Pure, but for images that are to be fetched.

A message's content is a text or a list of blocks in one of many dialects; `_READERS` has one entry
per type of block. Nothing that is passed in is changed.
"""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import Any, Final, Self, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import TypeAdapter

from langchain_paddock._fields import request
from paddock import Message, PaddockError, RequestError, Tool, UnsupportedError

Open = Callable[[str], bytes]
"""Gives the bytes behind an address. Raises PaddockError."""

# -- to the model ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Parts:
    """What the blocks of one message hold. `where` names the message in errors."""

    where: str
    open: Open
    is_answer: bool = False
    """Written by a model, perhaps of another provider: what only that one reads is left out."""
    texts: list[str] = field(default_factory=list[str])
    images: list[bytes] = field(default_factory=list[bytes])
    thinking: list[str] = field(default_factory=list[str])
    calls: list[Message.ToolCall] = field(default_factory=list[Message.ToolCall])
    results: list[Message] = field(default_factory=list[Message])

    @classmethod
    def read(
        cls, content: str | Sequence[Any], where: str, open: Open, *, is_answer: bool = False
    ) -> Self:
        parts = cls(where, open, is_answer)
        if isinstance(content, str):
            parts.texts.append(content)
            return parts
        for block in content:
            if isinstance(block, str):
                parts.texts.append(block)
            else:
                parts.add(block)
        return parts

    def add(self, block: Mapping[str, Any]) -> None:
        kind = str(block.get("type"))
        reader = _READERS.get(kind)
        if reader is None and self.is_answer:
            return
        if reader is None:
            raise UnsupportedError(f'{self.where}: content of type "{kind}" is not supported')
        try:
            reader(block, self)
        except (KeyError, TypeError, AttributeError) as error:
            raise RequestError(f'{self.where}: malformed content of type "{kind}"') from error


def opens_nothing(address: str) -> bytes:
    """The Open of callers who have not asked for more."""
    raise UnsupportedError(
        f"the image's address {address[:80]!r} is not opened; pass the image itself as base64, or "
        f"set {'read_files' if _is_file(address) else 'fetch_urls'}=True"
    )


def _is_file(address: str) -> bool:
    return address.startswith("file:") or "://" not in address


def to_messages(messages: Sequence[BaseMessage], open: Open = opens_nothing) -> list[Message]:
    """Every class of message, in order; tool messages learn the name of their tool."""
    if not messages:
        raise RequestError("there are no messages to answer")
    names = _names_of_calls(messages)
    return [
        converted
        for number, message in enumerate(messages)
        for converted in _to_message(message, f"message {number}", names, open)
    ]


def _names_of_calls(messages: Iterable[BaseMessage]) -> dict[str, str]:
    return {
        call["id"]: call["name"]
        for message in messages
        if isinstance(message, AIMessage)
        for call in [*message.tool_calls, *message.invalid_tool_calls]
        if call["id"] and call["name"]
    }


def _to_message(
    message: BaseMessage, where: str, names: Mapping[str, str], open: Open
) -> list[Message]:
    is_answer = isinstance(message, AIMessage)
    parts = _Parts.read(message.content, where, open, is_answer=is_answer)
    match message:
        case AIMessage():
            return [_assistant(message, parts)]
        case ToolMessage():
            identity = {
                "tool_name": message.name or names.get(message.tool_call_id),
                "tool_call_id": message.tool_call_id,
            }
            return [_plain("tool", parts, **identity)]
        case FunctionMessage():
            return [_plain("tool", parts, tool_name=message.name)]
        case _:
            pass
    for result in parts.results:
        result.tool_name = names.get(result.tool_call_id or "")
    if parts.results and not (parts.texts or parts.images):
        return parts.results
    return [*parts.results, _plain(_role(message, where), parts)]


def _role(message: BaseMessage, where: str) -> str:
    match message:
        case ChatMessage():
            return message.role
        case HumanMessage():
            return "user"
        case SystemMessage():
            return "system"
        case _:
            raise UnsupportedError(f"{where}: {type(message).__name__} is no message of a chat")


def _plain(role: str, parts: _Parts, **identity: Any) -> Message:
    images: dict[str, Any] = {"images": parts.images} if parts.images else {}
    return Message(role=role, content="\n".join(parts.texts), **images, **identity)


def _assistant(message: AIMessage, parts: _Parts) -> Message:
    calls = [_call(call["id"], call["name"], call["args"]) for call in message.tool_calls]
    known = {call["id"] for call in [*message.tool_calls, *message.invalid_tool_calls]}
    calls += [call for call in parts.calls if call.id not in known]
    for index, call in enumerate(calls):
        call.function.index = index
    # Joined with nothing, so that an answer rendered again equals what was generated.
    text = "".join([*parts.texts, *map(_broken_call, message.invalid_tool_calls)])
    thinking = message.additional_kwargs.get("reasoning_content")
    if thinking is None:
        thinking = "".join(parts.thinking) or None
    return Message(role="assistant", content=text, thinking=thinking, tool_calls=calls or None)


def _call(id_: str | None, name: str, arguments: Mapping[str, Any]) -> Message.ToolCall:
    function = Message.ToolCall.Function(name=name, arguments=dict(arguments))
    return Message.ToolCall(id=id_, function=function)


def _broken_call(call: Mapping[str, Any]) -> str:
    # Its arguments are no JSON object, so it can only be shown, not rendered as a call.
    return json.dumps({"name": call["name"], "arguments": call["args"]}, ensure_ascii=False)


# -- blocks ---------------------------------------------------------------------------------------


def _text(block: Mapping[str, Any], parts: _Parts) -> None:
    parts.texts.append(str(block["text"]))


def _document(block: Mapping[str, Any], parts: _Parts) -> None:
    """A document that is plain text. What a reader would need a library for is refused."""
    source: Mapping[str, Any] = block.get("source") or block
    mime = str(source.get("mime_type") or source.get("media_type") or "text/plain")
    text, data = source.get("text"), source.get("base64") or source.get("data")
    if isinstance(text, str):
        parts.texts.append(text)
    elif mime.startswith("text/") and isinstance(data, str):
        is_text = source.get("type") == "text"  # Anthropic's, which says "data" for text too
        parts.texts.append(data if is_text else _base64(data, parts).decode("utf-8", "replace"))
    else:
        raise UnsupportedError(
            f'{parts.where}: content of type "{block["type"]}" ({mime}) is not supported; pass '
            "its text"
        )


def _image(block: Mapping[str, Any], parts: _Parts) -> None:
    source: Mapping[str, Any] = block.get("source") or block
    data = source.get("base64") or source.get("data")
    parts.images.append(_base64(data, parts) if data else _from_url(source["url"], parts))


def _image_url(block: Mapping[str, Any], parts: _Parts) -> None:
    url = block["image_url"]
    parts.images.append(_from_url(url if isinstance(url, str) else url["url"], parts))


def _from_url(url: str, parts: _Parts) -> bytes:
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:"):
        return _base64(data, parts)
    if ":" not in url and not url.startswith(("/", ".", "~")):
        return _base64(url, parts)
    try:
        return parts.open(url)
    except PaddockError as error:
        raise type(error)(f"{parts.where}: {error}") from error


def _base64(data: str, parts: _Parts) -> bytes:
    try:
        return b64decode(data, validate=True)
    except (ValueError, Base64Error) as error:
        raise RequestError(f"{parts.where}: the image's base64 is malformed") from error


def _reasoning(block: Mapping[str, Any], parts: _Parts) -> None:
    summary: list[Mapping[str, Any]] = block.get("summary") or []
    texts = [item["text"] for item in summary]
    parts.thinking.append(block.get("reasoning") or "\n".join(texts))


def _thinking(block: Mapping[str, Any], parts: _Parts) -> None:
    parts.thinking.append(block["thinking"])


def _tool_use(block: Mapping[str, Any], parts: _Parts) -> None:
    arguments = block["input"] if "input" in block else block["args"]
    if isinstance(arguments, Mapping):
        parts.calls.append(_call(block.get("id"), block["name"], arguments))


def _tool_result(block: Mapping[str, Any], parts: _Parts) -> None:
    inner = _Parts.read(block.get("content") or "", parts.where, parts.open)
    parts.results.append(_plain("tool", inner, tool_call_id=block["tool_use_id"]))


def _non_standard(block: Mapping[str, Any], parts: _Parts) -> None:
    value = block["value"]
    parts.texts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _nothing(_block: Mapping[str, Any], _parts: _Parts) -> None:
    """Repeated elsewhere in the message, or readable by the provider that wrote it alone."""


_READERS: Final[dict[str, Callable[[Mapping[str, Any], _Parts], None]]] = {
    "text": _text,
    "text-plain": _document,
    "document": _document,
    "file": _document,
    "input_text": _text,
    "output_text": _text,
    "image": _image,
    "image_url": _image_url,
    "reasoning": _reasoning,
    "thinking": _thinking,
    "redacted_thinking": _nothing,
    "tool_use": _tool_use,
    "tool_call": _tool_use,
    "tool_call_chunk": _nothing,
    "invalid_tool_call": _nothing,
    "tool_result": _tool_result,
    "non_standard": _non_standard,
}


# -- tools and schemas ----------------------------------------------------------------------------


def to_tools(tools: Iterable[Any]) -> list[Tool]:
    """Anything LangChain takes for a tool, with its whole JSON schema."""
    return [request(Tool, **convert_to_openai_tool(tool)) for tool in tools]


def to_json_schema(schema: Any) -> dict[str, Any]:
    """The whole JSON schema of a pydantic class, dataclass, TypedDict, function, or of itself."""
    if is_dataclass(schema):
        described: TypeAdapter[Any] = TypeAdapter(cast("type[Any]", schema))
        return described.json_schema()
    if isinstance(schema, type) and is_basemodel_subclass(schema):
        return _schema_of_class(schema)
    if isinstance(schema, Mapping) and not {"function", "parameters", "input_schema"} & {*schema}:
        return dict(schema)
    function: Any = schema
    return convert_to_json_schema(function)


def _schema_of_class(schema: Any) -> dict[str, Any]:
    # Classes made with pydantic's v1 interface have no model_json_schema.
    modern = getattr(schema, "model_json_schema", None)
    return schema.schema() if modern is None else modern()
