"""LlamaIndex's messages to paddock's, and paddock's answers back.

Pure: knows the two vocabularies; knows no runtime, no event, no class of base.py.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    ChatResponse,
    CitableBlock,
    CitationBlock,
    CompletionResponse,
    DocumentBlock,
    ImageBlock,
    LogProb,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.llms.llm import ToolSelection
from pydantic import BaseModel

import paddock

Part = paddock.ChatResponse | paddock.GenerateResponse

# -- messages to paddock --------------------------------------------------------------------------

ROLES: Final = {
    MessageRole.DEVELOPER: "system",
    MessageRole.FUNCTION: "tool",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
}


def to_messages(messages: Sequence[ChatMessage]) -> list[paddock.Message]:
    """The conversation as paddock's messages; a tool's answer gets the name of the tool called."""
    names: dict[str, str] = {}
    return [_to_message(message, names) for message in messages]


def fetched(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The same messages with what their URLs point to. Waits for the network."""
    return [
        message.model_copy(update={"blocks": [_fetched(block) for block in message.blocks]})
        for message in messages
    ]


def _fetched(block: Any) -> Any:
    match block:
        case ImageBlock(url=url) if _is_remote(url):
            return ImageBlock(image=block.resolve_image().read())
        case DocumentBlock(url=url) if _is_remote(url):
            data, kind = block.resolve_document().read(), block.document_mimetype
            return DocumentBlock(data=data, document_mimetype=kind, title=block.title)
        case _:
            return block


def _is_remote(url: object) -> bool:
    return url is not None and not str(url).startswith("data:")


@dataclass(slots=True)
class _Draft:
    """What the blocks read so far amount to."""

    texts: list[str] = field(default_factory=list[str])
    thoughts: list[str] = field(default_factory=list[str])
    images: list[bytes | Path] = field(default_factory=list[bytes | Path])


def _to_message(message: ChatMessage, names: dict[str, str]) -> paddock.Message:
    draft = _Draft()
    _read_blocks(draft, message.blocks)
    calls = _calls_of(message)
    for call in calls:
        names[call.id or call.function.name] = call.function.name
    answered: str | None = message.additional_kwargs.get("tool_call_id")
    return paddock.Message(
        role=ROLES.get(message.role, message.role.value),
        content="\n".join(draft.texts),
        thinking="\n".join(draft.thoughts) or None,
        images=[paddock.Image(value=image) for image in draft.images] or None,
        tool_calls=calls or None,
        tool_name=message.additional_kwargs.get("name") or names.get(answered or ""),
        tool_call_id=answered,
    )


def _calls_of(message: ChatMessage) -> list[paddock.Message.ToolCall]:
    blocks = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
    if blocks:  # additional_kwargs then mirror them
        return [
            _to_call(block.tool_call_id, block.tool_name, block.tool_kwargs) for block in blocks
        ]
    return [_legacy_call(call) for call in message.additional_kwargs.get("tool_calls") or ()]


def _read_blocks(draft: _Draft, blocks: Iterable[object]) -> None:
    for block in blocks:
        read = _READERS.get(type(block))
        if read is None:
            raise paddock.UnsupportedError(
                f"{type(block).__name__}: this kind of content cannot be given to a model; "
                "give text or images"
            )
        read(draft, block)


def _read_text(draft: _Draft, block: TextBlock) -> None:
    draft.texts.append(block.text)


def _read_thinking(draft: _Draft, block: ThinkingBlock) -> None:
    if block.content:
        draft.thoughts.append(block.content)


def _read_image(draft: _Draft, block: ImageBlock) -> None:
    _refuse_remote(block.url)
    # A file is read where the request is served, so that no event loop waits for a disk.
    draft.images.append(Path(block.path) if block.path else block.resolve_image().read())


def _read_document(draft: _Draft, block: DocumentBlock) -> None:
    _refuse_remote(block.url)
    kind = block.document_mimetype or "text/plain"
    try:
        if not kind.startswith("text/") and kind != "application/json":
            raise ValueError(kind)
        draft.texts.append(block.resolve_document().read().decode())
    except ValueError as error:
        raise paddock.UnsupportedError(
            f"DocumentBlock {block.title!r} ({kind}): only text can be given to a model; "
            "convert the document first"
        ) from error


def _read_citable(draft: _Draft, block: CitableBlock) -> None:
    _read_blocks(draft, block.content)


def _read_citation(draft: _Draft, block: CitationBlock) -> None:
    _read_blocks(draft, [block.cited_content])


def _ignore(_draft: _Draft, _block: object) -> None:
    """Tool calls are read by _calls_of. Cache points say nothing: prefixes are always reused."""


_READERS: Final[dict[type, Callable[[_Draft, Any], None]]] = {
    TextBlock: _read_text,
    ThinkingBlock: _read_thinking,
    ImageBlock: _read_image,
    DocumentBlock: _read_document,
    ToolCallBlock: _ignore,
    CitableBlock: _read_citable,
    CitationBlock: _read_citation,
    CachePoint: _ignore,
}


def _refuse_remote(url: object) -> None:
    if _is_remote(url):
        raise paddock.UnsupportedError(
            f"{url}: nothing is fetched from the network unless fetch_urls=True; "
            "give the bytes or a path"
        )


def _legacy_call(given: Any) -> paddock.Message.ToolCall:
    """A call as older histories keep it: of Ollama or OpenAI, as a dict or one of their objects."""
    call = given.model_dump() if isinstance(given, BaseModel) else given
    function = call.get("function", call) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not function.get("name"):
        raise paddock.UnsupportedError(
            f"additional_kwargs['tool_calls'] holds {given!r}; use a ToolCallBlock instead"
        )
    return _to_call(call.get("id"), str(function["name"]), function.get("arguments") or {})


def _to_call(call_id: str | None, name: str, given: object) -> paddock.Message.ToolCall:
    try:
        arguments: Any = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise paddock.RequestError(
            f"the arguments of the call of {name!r} are no JSON object: {given!r}"
        )
    return paddock.Message.ToolCall(
        id=call_id, function=paddock.Message.ToolCall.Function(name=name, arguments=arguments)
    )


# -- answers from paddock -------------------------------------------------------------------------


class Answer:
    """Grows one answer out of a stream's parts: each `feed` gives the whole so far and what is new.

    Nothing is given before there is something to see, so a first chunk is never blank and, when the
    answer is a tool call, no blank text precedes it. With `of_text` only text counts as visible:
    completions have nothing else. What was held back is part of the next delta.
    """

    def __init__(self, *, max_calls: int | None = None, of_text: bool = False) -> None:
        self._max_calls = max_calls
        self._of_text = of_text
        self._is_visible = False
        self._text = self._thinking = ""
        self._text_delta = self._thinking_delta = ""
        self._calls: list[paddock.Message.ToolCall] = []
        self._logprobs: list[list[LogProb]] = []
        self._thinking_count: int | None = None

    def feed(self, part: Part) -> list[ChatResponse]:
        is_new = self._absorb(part)
        self._is_visible = self._is_visible or self._shows()
        return [self._take(part)] if part.done or (is_new and self._is_visible) else []

    def whole(self, part: Part) -> ChatResponse:
        """The response to a folded answer: as a stream's last, without deltas."""
        self._absorb(part)
        return self._take(part).model_copy(update={"delta": None, "additional_kwargs": {}})

    def _absorb(self, part: Part) -> bool:
        message = _message_of(part)
        text, thinking, calls = message.content or "", message.thinking or "", message.tool_calls
        self._text += text
        self._text_delta += text
        self._thinking += thinking
        self._thinking_delta += thinking
        if calls:
            self._calls = (self._calls + calls)[: self._max_calls]
        self._logprobs += [_alternatives(logprob) for logprob in part.logprobs or ()]
        self._thinking_count = part.thinking_count
        return bool(text or thinking or calls or part.logprobs)

    def _shows(self) -> bool:
        others = self._calls or self._thinking.strip()
        return bool(self._text.strip() or (others and not self._of_text))

    def _take(self, part: Part) -> ChatResponse:
        delta, self._text_delta = self._text_delta, ""
        thinking_delta, self._thinking_delta = self._thinking_delta, ""
        logprobs, self._logprobs = self._logprobs, []
        return ChatResponse(
            message=self._message(),
            delta=delta,
            raw=_raw(part),
            logprobs=logprobs or None,
            additional_kwargs={"thinking_delta": thinking_delta} if thinking_delta else {},
        )

    def _message(self) -> ChatMessage:
        blocks: list[Any] = [TextBlock(text=self._text)]
        if self._thinking:
            thought = ThinkingBlock(content=self._thinking, num_tokens=self._thinking_count)
            blocks.insert(0, thought)
        if not self._calls:
            return ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks)
        blocks += [
            ToolCallBlock(
                tool_call_id=call.id,
                tool_name=call.function.name,
                tool_kwargs=call.function.arguments,
            )
            for call in self._calls
        ]
        # llama-index-core's parser of streamed objects looks for calls here and nowhere else.
        mirror = [call.model_dump(exclude_none=True) for call in self._calls]
        return ChatMessage(
            role=MessageRole.ASSISTANT, blocks=blocks, additional_kwargs={"tool_calls": mirror}
        )


def _message_of(part: Part) -> paddock.Message:
    if isinstance(part, paddock.ChatResponse):
        return part.message
    return paddock.Message(role="assistant", content=part.response, thinking=part.thinking)


def _alternatives(logprob: paddock.Logprob) -> list[LogProb]:
    return [
        LogProb(token=one.token, logprob=one.logprob, bytes=one.bytes or [])
        for one in logprob.top_logprobs or [logprob]
    ]


def _raw(part: Part) -> dict[str, Any]:
    raw = part.model_dump(mode="json", exclude_none=True)
    if part.done and part.eval_count is not None:
        prompt = part.prompt_eval_count or 0
        raw["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": part.eval_count,
            "total_tokens": prompt + part.eval_count,
            "prompt_tokens_details": {"cached_tokens": part.prompt_cached_count or 0},
            "completion_tokens_details": {"reasoning_tokens": part.thinking_count or 0},
        }
    return raw


def to_completion(response: ChatResponse) -> CompletionResponse:
    return CompletionResponse(
        text=response.message.content or "",
        additional_kwargs=response.additional_kwargs,
        raw=response.raw,
        logprobs=response.logprobs,
        delta=response.delta,
    )


def to_selections(message: ChatMessage) -> list[ToolSelection]:
    """The calls in a message, each under an id of its own."""
    return [
        ToolSelection(
            tool_id=call.id or f"call_{uuid4().hex}",
            tool_name=call.function.name,
            tool_kwargs=call.function.arguments,
        )
        for call in _calls_of(message)
    ]
