"""Anthropic's messages: the request as a ChatRequest, the answer as a message or as events.

Pure but for the handlers at the end. `tool_choice` and `output_config.format` are heeded, and
tokens are counted, which the reference does not do.
"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from paddock.api import ChatRequest, ChatResponse, Format, Message, Metrics, Think
from paddock.errors import PaddockError, RequestError
from paddock.server import anthropic_input, naming, openai, web_search
from paddock.server.exchange import Endpoint, Exchange, Face
from paddock.server.openai import Json
from paddock.server.refusal import public_text
from paddock.server.replies import SSE, UNCACHED, json_reply
from paddock.server.streaming import event

ERROR_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def error_body(error: PaddockError) -> Json:
    return {
        "type": "error",
        "error": {
            "type": ERROR_TYPES.get(error.status, "api_error"),
            "message": public_text(error),
        },
        "request_id": _id("req"),
    }


def failure(error: PaddockError) -> Response:
    return json_reply(error_body(error), error.status)


FACE: Final = Face("anthropic", failure, "EOF", SSE, UNCACHED)


def _id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


# -- requests --------------------------------------------------------------------------------------

_EFFORTS: Final[Mapping[str, Think]] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "max",
}
_CHOICES: Final = {"any": "required", "auto": "auto", "none": "none"}


class IncomingTool(BaseModel):
    type: str | None = None
    name: str | None = None
    description: str | None = None
    input_schema: Any = None
    strict: bool | None = None

    def native(self) -> Json:
        """Raises RequestError."""
        if not isinstance(self.input_schema, dict | None):
            raise RequestError(f'invalid input_schema for tool "{self.name}": it is no object')
        told = self.model_dump(include={"name", "description", "strict"})
        return {"type": "function", "function": told | {"parameters": self.input_schema}}


class ThinkingSettings(BaseModel):
    type: str | None = None


class ToolChoice(BaseModel):
    type: str | None = None
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class OutputFormat(BaseModel):
    type: str | None = None
    schema_: Json | None = Field(default=None, alias="schema")


class OutputSettings(BaseModel):
    effort: str | None = None
    format: OutputFormat | None = None


class MessagesRequest(BaseModel):
    """The body of POST /v1/messages."""

    model: str | None = None
    max_tokens: int | None = None
    messages: list[anthropic_input.IncomingMessage] | None = None
    system: Any = Field(default=None, description="A text, or a list of text blocks.")
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    tools: list[IncomingTool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: ThinkingSettings | None = None
    output_config: OutputSettings | None = None

    def native(self) -> ChatRequest:
        """The same in Ollama's words. Raises RequestError."""
        naming.CHAT.given(self.model)
        if (self.max_tokens or 0) <= 0:
            raise RequestError("max_tokens is required and must be positive")
        return self.prompt()

    def prompt(self) -> ChatRequest:
        """The same for a request that need not say how long the answer may be."""
        naming.CHAT.given(self.model)
        if not self.messages:
            raise RequestError("messages is required")
        messages, tools = self._messages(self.messages), self._tools()
        return openai.chat_request(
            model=naming.CHAT.usable(self.model),
            messages=messages,
            stream=bool(self.stream),
            format=self._format(),
            think=self._think(),
            tools=tools or None,
            tool_choice=self._choice() if tools else None,
            parallel_tool_calls=False if tools and self._calls_once else None,
            options=openai.options(
                num_predict=self.max_tokens,
                temperature=self.temperature,
                top_p=self.top_p,
                top_k=self.top_k,
                stop=self.stop_sequences or None,
            ),
        )

    @property
    def has_search(self) -> bool:
        return any(_is_search(tool) for tool in self.tools or ())

    @property
    def _calls_once(self) -> bool:
        return bool(self.tool_choice and self.tool_choice.disable_parallel_tool_use)

    @property
    def system_text(self) -> str:
        if isinstance(self.system, str):
            return self.system
        blocks = self.system if isinstance(self.system, list) else []
        return anthropic_input.texts(blocks)

    def _messages(self, incoming: Sequence[anthropic_input.IncomingMessage]) -> list[Message]:
        system = self.system_text
        history = [Message(role="system", content=system)] if system else []
        return history + [
            native for message in incoming for native in anthropic_input.native(message)
        ]

    def _tools(self) -> list[Json]:
        """Where the server's search is asked for, another tool of its name is not."""
        own = [tool for tool in self.tools or () if not _is_search(tool)]
        if not self.has_search:
            return [tool.native() for tool in own]
        return [tool.native() for tool in own if tool.name != web_search.NAME] + [web_search.TOOL]

    def _choice(self) -> str | None:
        choice = self.tool_choice or ToolChoice()
        return choice.name if choice.type == "tool" else _CHOICES.get(choice.type or "")

    def _think(self) -> Think:
        kind = self.thinking.type if self.thinking else None
        if kind in ("enabled", "disabled"):
            return kind == "enabled"
        effort = (self.output_config.effort if self.output_config else None) or ""
        return _EFFORTS.get(effort.strip().lower())

    def _format(self) -> Format:
        wanted = self.output_config.format if self.output_config else None
        return wanted.schema_ if wanted and wanted.type == "json_schema" else None


def _is_search(tool: IncomingTool) -> bool:
    return web_search.is_meant({"type": tool.type})


# -- replies ---------------------------------------------------------------------------------------


class MessagesUsage(BaseModel):
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int | None = None
    """paddock's own. As at Anthropic's, tokens read from the cache are not among input_tokens."""


class MessageReply(BaseModel):
    """The reply of POST /v1/messages."""

    id: str
    type: str
    role: str
    model: str
    content: list[Json]
    stop_reason: str | None = None
    usage: MessagesUsage


def message(request: MessagesRequest, answer: ChatResponse) -> MessageReply:
    said = answer.message
    blocks: list[Json] = []
    if said.thinking:
        blocks.append(_thinking_block(said.thinking))
    if said.content:
        blocks.append(_text_block(said.content))
    stop = _Stop()
    for call in said.tool_calls or ():
        blocks.extend(stop.called(request, call))
    reply = MessageReply(
        id=_id("msg"),
        type="message",
        role="assistant",
        model=answer.model or "",
        content=blocks,
        usage=_usage(answer),
    )
    if reason := stop.reason(answer.done_reason):
        reply.stop_reason = reason
    return reply


def _usage(answer: Metrics) -> MessagesUsage:
    read, cached = answer.prompt_eval_count or 0, answer.prompt_cached_count
    spent = MessagesUsage(input_tokens=read - (cached or 0), output_tokens=answer.eval_count or 0)
    if cached is not None:
        spent.cache_read_input_tokens = cached
    return spent


def _thinking_block(text: str) -> Json:
    return {"type": "thinking", "thinking": text}


def _text_block(text: str) -> Json:
    return {"type": "text", "text": text}


class _Stop:
    """Why an answer ended, by what it called."""

    def __init__(self) -> None:
        self._called = self._searched = False

    def called(self, request: MessagesRequest, call: Message.ToolCall) -> list[Json]:
        """The blocks of a call. The server's search answers at once: that there is none."""
        function = call.function
        block: Json = {"type": "tool_use", "id": call.id or "", "name": function.name}
        block["input"] = function.arguments
        if not (request.has_search and function.name == web_search.NAME):
            self._called = True
            return [block]
        self._searched = True
        use = _id("srvtoolu")
        failed = {"type": "web_search_tool_result_error", "error_code": "unavailable"}
        result = {"type": "web_search_tool_result", "tool_use_id": use, "content": failed}
        return [block | {"type": "server_tool_use", "id": use}, result]

    def reason(self, done_reason: str | None) -> str | None:
        if self._called:
            return "tool_use"
        if self._searched:
            return "end_turn"
        reasons = {"stop": "end_turn", "length": "max_tokens"}
        return reasons.get(done_reason, "stop_sequence") if done_reason else None


# -- the stream ------------------------------------------------------------------------------------

Events = Iterator[Json]


class MessageEvents:
    """A streamed answer as events."""

    def __init__(self, request: MessagesRequest) -> None:
        self._request = request
        self._has_begun = False
        self._index = 0
        self._open: str | None = None
        self._may_think = True
        self._sent: set[str] = set()
        self._stop = _Stop()

    def feed(self, part: ChatResponse) -> bytes:
        return b"".join(event(data, data["type"]) for data in self._events(part))

    def finish(self) -> bytes:
        return b""

    def fail(self, error: PaddockError) -> bytes:
        """Reference: the events just end."""
        return event(error_body(error), "error")

    def _events(self, part: ChatResponse) -> Events:
        if not self._has_begun:
            self._has_begun = True
            yield self._begin(part)
        said = part.message
        if said.thinking and self._may_think:
            yield from self._say("thinking", said.thinking)
        if said.content:
            self._may_think = self._may_think and self._open != "thinking"
            yield from self._say("text", said.content)
        for call in said.tool_calls or ():
            if not call.id or call.id not in self._sent:
                self._sent.add(call.id or "")
                yield from self._call(call)
        if part.done:
            yield from self._end(part)

    def _begin(self, part: ChatResponse) -> Json:
        usage = {"output_tokens": 0}
        return {
            "type": "message_start",
            "message": {
                "id": _id("msg"),
                "type": "message",
                "role": "assistant",
                "model": self._request.model,
                "content": [],
                "usage": {"input_tokens": part.prompt_eval_count or estimated_tokens(self._request)}
                | usage,
            },
        }

    def _say(self, kind: str, text: str) -> Events:
        if self._open != kind:
            yield from self._close()
            yield self._start({"type": kind, kind: ""})
            self._open = kind
        yield self._delta({"type": f"{kind}_delta", kind: text})

    def _call(self, call: Message.ToolCall) -> Events:
        self._may_think = self._may_think and self._open != "thinking"
        yield from self._close()
        for block in self._stop.called(self._request, call):
            given = block.get("input")
            if given is None:
                yield self._start(block)
            else:
                yield self._start(block | {"input": {}})
                partial = openai.json_text(given)
                yield self._delta({"type": "input_json_delta", "partial_json": partial})
            yield self._finished()

    def _end(self, part: ChatResponse) -> Events:
        yield from self._close()
        reason = self._stop.reason(part.done_reason)
        yield {
            "type": "message_delta",
            "delta": {"stop_reason": reason} if reason else {},
            "usage": openai.shown(_usage(part)),
        }
        yield {"type": "message_stop"}

    def _close(self) -> Events:
        if self._open is not None:
            yield self._finished()
            self._open = None

    def _start(self, block: Json) -> Json:
        return {"type": "content_block_start", "index": self._index, "content_block": block}

    def _delta(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}

    def _finished(self) -> Json:
        stop = {"type": "content_block_stop", "index": self._index}
        self._index += 1
        return stop


def estimated_tokens(request: MessagesRequest) -> int:
    """What a prompt may come to, told before it is known: a quarter of its bytes."""
    size = _size(request.system_text)
    for message in request.messages or ():
        size += _size(message.role or "") + sum(_block_size(block) for block in message.blocks)
    for tool in request.tools or ():
        size += _size(tool.name or "") + _size(tool.description or "")
        size += _size(openai.json_text(tool.input_schema)) if tool.input_schema else 0
    return max(size // 4, 1)


def _block_size(block: Json) -> int:
    match anthropic_input.kind(block):
        case "text" | "thinking" as kind:
            return _size(str(block.get(kind) or ""))
        case "tool_use" | "tool_result" | "server_tool_use" | "web_search_tool_result":
            return _size(openai.json_text(block))
        case _:
            return 0


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


# -- the route -------------------------------------------------------------------------------------


async def serve(exchange: Exchange) -> Response:
    request = await naming.body(exchange, MessagesRequest)
    native = request.native()
    with naming.CHAT.about(request.model):
        answer = exchange.runtime.chat(await _as_able(exchange, native))
        events = MessageEvents(request) if request.stream else None
        return await exchange.answered(answer, lambda a: openai.shown(message(request, a)), events)


async def _as_able(exchange: Exchange, request: ChatRequest) -> ChatRequest:
    """A model that cannot think answers without: clients ask for thinking whatever the model."""
    if request.think:
        model = await asyncio.to_thread(exchange.runtime.resolve, request.model)
        if "thinking" not in model.capabilities:
            return request.model_copy(update={"think": None})
    return request


class TokenCount(BaseModel):
    """The reply of POST /v1/messages/count_tokens."""

    input_tokens: int


async def count(exchange: Exchange) -> Response:
    request = await naming.body(exchange, MessagesRequest)
    prompt = request.prompt()
    with naming.CHAT.about(request.model):
        prompt = await _as_able(exchange, prompt)
        tokens = await asyncio.to_thread(exchange.runtime.count_prompt, prompt)
    return json_reply(openai.shown(TokenCount(input_tokens=tokens)))


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/v1/messages",
        serve,
        FACE,
        "Answer a conversation, as Anthropic's API does",
        takes=MessagesRequest,
        gives=MessageReply,
        streams=True,
    ),
    Endpoint(
        "POST",
        "/v1/messages/count_tokens",
        count,
        FACE,
        "The tokens that the prompt of a message has, without answering it",
        takes=MessagesRequest,
        gives=TokenCount,
    ),
)
