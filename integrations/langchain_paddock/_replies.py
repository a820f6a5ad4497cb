"""paddock's answers as LangChain's messages and chunks. Pure; starts nothing."""

import json
import re
import uuid
from typing import Any, Final

from langchain_core.messages import AIMessage, AIMessageChunk, InvalidToolCall
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk

from paddock import ChatResponse, EngineError, GenerateResponse, Message

PROVIDER: Final = "paddock"

_NAME: Final = re.compile(r'"name"\s*:\s*"([^"]+)"|^\W*([\w.-]+)\s*[({\[]')
"""The name in a call that cannot be read: of a JSON object, or before the arguments."""


def to_generation(response: ChatResponse, *, reasoning: bool) -> ChatGeneration:
    """A whole answer. `reasoning` says whether to keep what the model thought."""
    _check_said(response)
    message = response.message
    calls = [
        tool_call(name=call.function.name, args=call.function.arguments, id=_id_of(call))
        for call in message.tool_calls or []
    ]
    metadata = _metadata(response, called=bool(calls)) | _logprobs(response)
    content, broken = _apart(message)
    answer = AIMessage(
        content=content,
        additional_kwargs=_thought(message, reasoning=reasoning),
        tool_calls=calls,
        invalid_tool_calls=broken,
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
        _check_said(part)
        calls = [self._call(call) for call in part.message.tool_calls or []]
        content, broken = _apart(part.message)
        thought = _thought(part.message, reasoning=self._reasoning)
        metadata = _logprobs(part)
        if part.done:
            metadata |= _metadata(part, called=self._num_calls > 0)
        if not (part.done or content or calls or broken or thought or metadata):
            return []
        chunk = AIMessageChunk(
            content=content,
            additional_kwargs=thought,
            tool_call_chunks=calls,
            invalid_tool_calls=broken,
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


def _check_said(response: ChatResponse) -> None:
    """Ollama answers so when it was busy loading. Raises EngineError instead of saying nothing."""
    if response.done_reason == "load" and not (response.message.content or "").strip():
        raise EngineError(
            f'the model "{response.model}" was loaded, but nothing was answered; ask again'
        )


def _apart(message: Message) -> tuple[str, list[InvalidToolCall]]:
    """The content, and the calls in it that cannot be read."""
    content = message.content or ""
    calls: list[InvalidToolCall] = []
    for broken in message.broken_calls or ():
        before, _, after = content.rpartition(broken.text)
        content = before + after
        calls.append(_invalid(broken))
    return content, calls


def _invalid(call: Message.BrokenCall) -> InvalidToolCall:
    found = _NAME.search(call.text)
    # The reason stands in front: chunks that are added up lose it otherwise, and what begins like
    # JSON would be completed to a call that the model never made.
    return invalid_tool_call(
        name=found and (found[1] or found[2]),
        args=f"{call.error}: {call.text}",
        id=f"call_{uuid.uuid4().hex}",
        error=call.error,
    )


def _id_of(call: Message.ToolCall) -> str:
    return call.id or f"call_{uuid.uuid4().hex}"


def _thought(message: Message, *, reasoning: bool) -> dict[str, Any]:
    return {"reasoning_content": message.thinking} if reasoning and message.thinking else {}


def _logprobs(response: ChatResponse | GenerateResponse) -> dict[str, Any]:
    if response.logprobs is None:
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
        "dropped_messages": response.prompt_dropped_count,
        "queue_duration": response.queue_duration,
        "context_length": response.context_length,
        "seed": response.seed,
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
    cached = response.prompt_cached_count
    if cached is None and response.context_length is not None:
        cached = 0  # paddock's server leaves zeros out; another one tells no window
    if cached is not None:
        usage["input_token_details"] = InputTokenDetails(cache_read=cached)
    if response.thinking_count is not None:
        usage["output_token_details"] = OutputTokenDetails(reasoning=response.thinking_count)
    return usage
