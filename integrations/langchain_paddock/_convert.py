"""LangChain messages to paddock's and paddock's answers to LangChain's. Pure; starts nothing.

A message's content is a text or a list of blocks in one of many dialects; `_READERS` has one entry
per type of block. Nothing that is passed in is changed.
"""

import json
import uuid
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_paddock._fields import request
from paddock import ChatResponse, GenerateResponse, Message, RequestError, Tool, UnsupportedError

PROVIDER: Final = "paddock"

# -- to the model ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Parts:
    """What the blocks of one message hold. `where` names the message in errors."""

    where: str
    texts: list[str] = field(default_factory=list[str])
    images: list[bytes] = field(default_factory=list[bytes])
    thinking: list[str] = field(default_factory=list[str])
    calls: list[Message.ToolCall] = field(default_factory=list[Message.ToolCall])
    results: list[Message] = field(default_factory=list[Message])

    @classmethod
    def read(cls, content: str | Sequence[Any], where: str) -> Self:
        parts = cls(where)
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
        if reader is None:
            raise UnsupportedError(f'{self.where}: content of type "{kind}" is not supported')
        try:
            reader(block, self)
        except (KeyError, TypeError, AttributeError) as error:
            raise RequestError(f'{self.where}: malformed content of type "{kind}"') from error


def to_messages(messages: Sequence[BaseMessage]) -> list[Message]:
    """Every class of message, in order; tool messages learn the name of their tool."""
    if not messages:
        raise RequestError("there are no messages to answer")
    names = _names_of_calls(messages)
    return [
        converted
        for number, message in enumerate(messages)
        for converted in _to_message(message, f"message {number}", names)
    ]


def _names_of_calls(messages: Iterable[BaseMessage]) -> dict[str, str]:
    return {
        call["id"]: call["name"]
        for message in messages
        if isinstance(message, AIMessage)
        for call in [*message.tool_calls, *message.invalid_tool_calls]
        if call["id"] and call["name"]
    }


def _to_message(message: BaseMessage, where: str, names: Mapping[str, str]) -> list[Message]:
    parts = _Parts.read(message.content, where)
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
    if ":" in url:
        raise UnsupportedError(
            f"{parts.where}: paddock does not open the image's address {url[:80]!r}; "
            "pass the image itself as base64"
        )
    return _base64(url, parts)


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
    inner = _Parts.read(block.get("content") or "", parts.where)
    parts.results.append(_plain("tool", inner, tool_call_id=block["tool_use_id"]))


def _non_standard(block: Mapping[str, Any], parts: _Parts) -> None:
    value = block["value"]
    parts.texts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _nothing(_block: Mapping[str, Any], _parts: _Parts) -> None:
    """Repeated elsewhere in the message, or readable by the provider that wrote it alone."""


_READERS: Final[dict[str, Callable[[Mapping[str, Any], _Parts], None]]] = {
    "text": _text,
    "text-plain": _text,
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
    """The whole JSON schema of a pydantic class, TypedDict, function dict, or of itself."""
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


# -- from the model -------------------------------------------------------------------------------


def to_generation(response: ChatResponse, *, reasoning: bool) -> ChatGeneration:
    """A whole answer. `reasoning` says whether to keep what the model thought."""
    message = response.message
    calls = [
        tool_call(name=call.function.name, args=call.function.arguments, id=_id_of(call))
        for call in message.tool_calls or []
    ]
    metadata = _metadata(response, called=bool(calls)) | _logprobs(response)
    answer = AIMessage(
        content=message.content or "",
        additional_kwargs=_thought(message, reasoning=reasoning),
        tool_calls=calls,
        usage_metadata=_usage(response),
        response_metadata=metadata,
    )
    return ChatGeneration(message=answer, generation_info=dict(metadata))


class Chunks:
    """Reads the parts of a streamed answer. Metadata stand on the last chunk alone.

    Chunks are added up by frameworks: texts join, integers are summed and unequal floats are an
    error, so nothing may be said twice.
    """

    def __init__(self, *, reasoning: bool) -> None:
        self._reasoning = reasoning
        self._num_calls = 0

    def feed(self, part: ChatResponse) -> list[ChatGenerationChunk]:
        calls = [self._call(call) for call in part.message.tool_calls or []]
        thought = _thought(part.message, reasoning=self._reasoning)
        metadata = _logprobs(part)
        if part.done:
            metadata |= _metadata(part, called=self._num_calls > 0)
        if not (part.done or part.message.content or calls or thought or metadata):
            return []
        chunk = AIMessageChunk(
            content=part.message.content or "",
            additional_kwargs=thought,
            tool_call_chunks=calls,
            usage_metadata=_usage(part) if part.done else None,
            response_metadata=metadata,
            chunk_position="last" if part.done else None,
        )
        return [ChatGenerationChunk(message=chunk, generation_info=dict(metadata) or None)]

    def _call(self, call: Message.ToolCall) -> Any:
        index, self._num_calls = self._num_calls, self._num_calls + 1
        arguments = json.dumps(call.function.arguments, ensure_ascii=False)
        return tool_call_chunk(
            name=call.function.name, args=arguments, id=_id_of(call), index=index
        )


def _id_of(call: Message.ToolCall) -> str:
    return call.id or f"call_{uuid.uuid4().hex}"


def _thought(message: Message, *, reasoning: bool) -> dict[str, Any]:
    return {"reasoning_content": message.thinking} if reasoning and message.thinking else {}


def _logprobs(response: ChatResponse | GenerateResponse) -> dict[str, Any]:
    if not response.logprobs:
        return {}
    return {"logprobs": [entry.model_dump(exclude_none=True) for entry in response.logprobs]}


_REPORTED: Final = (
    "model",
    "created_at",
    "done",
    "done_reason",
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)


def report(response: ChatResponse | GenerateResponse) -> dict[str, Any]:
    """The statistics of a finished answer under Ollama's names."""
    known = {name: getattr(response, name) for name in _REPORTED}
    return {name: value for name, value in known.items() if value is not None}


def _metadata(response: ChatResponse, *, called: bool) -> dict[str, Any]:
    own = {
        "cached_tokens": response.prompt_cached_count,
        "original_prompt_tokens": response.prompt_original_count,
    }
    reason = "tool_calls" if called and response.done_reason == "stop" else response.done_reason
    return report(response) | {
        "finish_reason": reason,
        "model_name": response.model,
        "model_provider": PROVIDER,
        PROVIDER: {name: count for name, count in own.items() if count is not None},
    }


def _usage(response: ChatResponse) -> UsageMetadata | None:
    if response.prompt_eval_count is None and response.eval_count is None:
        return None
    read, written = response.prompt_eval_count or 0, response.eval_count or 0
    usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    if response.prompt_cached_count is not None:
        usage["input_token_details"] = InputTokenDetails(cache_read=response.prompt_cached_count)
    return usage
