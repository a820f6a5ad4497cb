"""OpenAI's chat completions: the request as a ChatRequest, the answer as a reply or as chunks.

Pure but for the handler at the end. What clients send for other servers is ignored, as by the
reference; `tool_choice`, `parallel_tool_calls` and `max_completion_tokens` are heeded, which the
reference does not do.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from paddock.api import ChatRequest, ChatResponse, DebugInfo, Format, Message
from paddock.errors import PaddockError, RequestError
from paddock.server import naming, openai
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.openai import Json
from paddock.server.streaming import event

FINGERPRINT: Final = "fp_ollama"
DONE: Final = "[DONE]"


# -- requests --------------------------------------------------------------------------------------


class CalledFunction(BaseModel):
    name: str | None = None
    arguments: str | None = None


class MadeCall(BaseModel):
    id: str | None = None
    function: CalledFunction | None = None

    def native(self) -> Message.ToolCall:
        function = self.function or CalledFunction()
        given = openai.arguments(function.arguments or "", "invalid tool call arguments")
        return openai.called(function.name or "", given, self.id or "")


class ChatMessage(BaseModel):
    """One message of the history; `content` is a text, or a list of parts."""

    role: str | None = None
    content: Any = None
    reasoning: str | None = None
    reasoning_content: str | None = Field(
        default=None, description="Another server's name of `reasoning`."
    )
    name: str | None = None
    tool_calls: list[MadeCall] | None = None
    tool_call_id: str | None = None


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class Reasoning(BaseModel):
    effort: str | None = None


class JsonSchema(BaseModel):
    name: str | None = None
    schema_: Json | None = Field(default=None, alias="schema")


class ResponseFormat(BaseModel):
    type: str | None = None
    json_schema: JsonSchema | None = None

    def native(self) -> Format:
        match (self.type or "").strip().lower():
            case "json_object":
                return "json"
            case "json_schema" if self.json_schema:
                return self.json_schema.schema_
            case _:
                return None


class ChatCompletionRequest(BaseModel):
    """The body of POST /v1/chat/completions."""

    model: str | None = None
    messages: list[ChatMessage] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    seed: int | None = None
    stop: Any = Field(default=None, description="A text that ends the answer, or a list of them.")
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    response_format: ResponseFormat | None = None
    tools: list[Json] | None = None
    tool_choice: Any = Field(
        default=None,
        description="none, auto, required, or an object that names a tool or the allowed ones.",
    )
    parallel_tool_calls: bool | None = None
    reasoning: Reasoning | None = None
    reasoning_effort: str | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    debug_render_only: bool | None = Field(default=None, alias="_debug_render_only")

    def native(self) -> ChatRequest:
        """The same in Ollama's words. Raises RequestError."""
        if not self.messages:
            raise RequestError("[] is too short - 'messages'")
        limit = self.max_tokens if self.max_tokens is not None else self.max_completion_tokens
        effort = self.reasoning.effort if self.reasoning else self.reasoning_effort
        choice, tools = openai.choose(self.tool_choice, self.tools or ())
        messages = native_messages(self.messages)
        return openai.chat_request(
            model=naming.CHAT.usable(self.model),
            messages=messages,
            stream=bool(self.stream),
            format=self.response_format.native() if self.response_format else None,
            think=openai.thinking(effort),
            tools=tools or None,
            tool_choice=choice,
            parallel_tool_calls=self.parallel_tool_calls if tools else None,
            logprobs=self.logprobs,
            top_logprobs=self.top_logprobs,
            debug_render_only=self.debug_render_only,
            options=openai.options(
                num_predict=limit,
                seed=self.seed,
                stop=_stops(self.stop),
                temperature=1.0 if self.temperature is None else self.temperature,
                top_p=1.0 if self.top_p is None else self.top_p,
                frequency_penalty=self.frequency_penalty,
                presence_penalty=self.presence_penalty,
            ),
        )

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


def _stops(stop: Any) -> list[str] | None:
    """Reference: what is no text in the list is dropped, as is what is neither text nor list."""
    texts = [stop] if isinstance(stop, str) else stop
    if not isinstance(texts, list):
        return None
    return [text for text in texts if isinstance(text, str)] or None


def native_messages(messages: Sequence[ChatMessage]) -> list[Message]:
    """The history in Ollama's words; each part of a content is a message. Raises RequestError."""
    return [
        native for at, message in enumerate(messages) for native in _native(message, messages[:at])
    ]


def _native(message: ChatMessage, before: Sequence[ChatMessage]) -> list[Message]:
    calls = [call.native() for call in message.tool_calls or ()]
    bodies = _bodies(message.content, has_calls=bool(calls))
    made = [Message(role=message.role or "", **body) for body in bodies]
    last = made[-1]
    last.thinking = message.reasoning or message.reasoning_content or None
    if calls:
        last.tool_calls = calls
    if last.role == "tool":
        # Reference: the id is lost where the content is a list.
        for part in made:
            part.tool_call_id = message.tool_call_id
            part.tool_name = message.name or _name_of(message.tool_call_id, before)
    return made


def _name_of(id: str | None, before: Sequence[ChatMessage]) -> str | None:
    """The tool that the latest call of that id was to."""
    return next(
        (
            call.function.name
            for message in reversed(before)
            for call in message.tool_calls or ()
            if id and call.id == id and call.function
        ),
        None,
    )


def _bodies(content: Any, *, has_calls: bool) -> list[Json]:
    match content:
        case str():
            return [{"content": content}]
        case list() if content or has_calls:
            return [_part(part) for part in content] or [{"content": ""}]
        case None if has_calls:
            return [{"content": ""}]
        case _:
            raise RequestError(f"invalid message content type: {openai.go_type(content)}")


def _part(part: Any) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str) or kind not in _PARTS:
        raise RequestError("invalid message format")
    return _PARTS[kind](part)


def _text(part: Json) -> Json:
    if not isinstance(part.get("text"), str):
        raise RequestError("invalid message format")
    return {"content": part["text"]}


def _image(part: Json) -> Json:
    match part.get("image_url"):
        case {"url": str(url)} | str(url):
            return {"content": "", "images": [openai.image(url)]}
        case _:
            raise RequestError("invalid message format")


def _audio(part: Json) -> Json:
    match part.get("input_audio"):
        case {"data": str(data)} if data:
            sound = openai.binary(data, "invalid input_audio base64 data: illegal base64 data")
            return {"content": "", "images": [sound]}
        case dict():
            raise RequestError("invalid input_audio format: missing data")
        case _:
            raise RequestError("invalid input_audio format")


_PARTS: Final[dict[str, Callable[[Json], Json]]] = {
    "text": _text,
    "image_url": _image,
    "input_audio": _audio,
}


# -- replies ---------------------------------------------------------------------------------------


class ReplyFunction(BaseModel):
    name: str
    arguments: str


class ReplyCall(BaseModel):
    id: str
    index: int
    type: str
    function: ReplyFunction


class ReplyMessage(BaseModel):
    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ReplyCall] | None = None


class ChoiceLogprobs(BaseModel):
    content: list[Json]


class Choice(BaseModel):
    index: int
    message: ReplyMessage
    finish_reason: str | None
    logprobs: ChoiceLogprobs | None = None


class ChatCompletion(BaseModel):
    """The reply of POST /v1/chat/completions."""

    id: str
    object: str
    created: int
    model: str
    system_fingerprint: str
    choices: list[Choice]
    usage: openai.Usage
    debug_info: DebugInfo | None = Field(default=None, serialization_alias="_debug_info")


def chat_completion(answer: ChatResponse) -> ChatCompletion:
    said = answer.message
    message = ReplyMessage(role=said.role, content=said.content or "")
    if said.thinking:
        message.reasoning = said.thinking
    if said.tool_calls:
        message.tool_calls = _calls(said, 0)
    reason = answer.done_reason or None
    choice = Choice(
        index=0,
        message=message,
        finish_reason="tool_calls" if reason == "stop" and said.tool_calls else reason,
    )
    if answer.logprobs:
        choice.logprobs = _logprobs(answer)
    reply = ChatCompletion(
        id=openai.reply_id("chatcmpl"),
        object="chat.completion",
        created=openai.seconds(answer.created_at),
        model=answer.model or "",
        system_fingerprint=FINGERPRINT,
        choices=[choice],
        usage=openai.usage(answer),
    )
    if answer.debug_info:
        reply.debug_info = answer.debug_info
    return reply


def _calls(message: Message, before: int) -> list[ReplyCall]:
    """The calls of a message; those without an index count on from those `before`."""
    return [
        ReplyCall(
            id=call.id or "",
            index=before + number if call.function.index is None else call.function.index,
            type="function",
            function=ReplyFunction(
                name=call.function.name, arguments=openai.json_text(call.function.arguments)
            ),
        )
        for number, call in enumerate(message.tool_calls or ())
    ]


def _logprobs(answer: ChatResponse) -> ChoiceLogprobs:
    return ChoiceLogprobs(
        content=[entry.model_dump(exclude_none=True) for entry in answer.logprobs or ()]
    )


class Chunks:
    """A streamed answer as chat.completion.chunk events."""

    def __init__(self, request: ChatCompletionRequest) -> None:
        self._wants_usage = request.wants_usage
        self._base: Json = {}
        self._called = 0

    def feed(self, part: ChatResponse) -> bytes:
        chunks: list[Json] = []
        opens = not self._base
        if opens:
            self._base = {
                "id": openai.reply_id("chatcmpl"),
                "object": "chat.completion.chunk",
                "created": openai.seconds(part.created_at),
                "model": part.model,
                "system_fingerprint": FINGERPRINT,
            }
        if opens or not part.done or _says_something(part):
            chunks.extend(self._said(part, opens))
        if part.done:
            reason = part.done_reason or "stop"
            chunks.append(
                self._chunk({}, "tool_calls" if reason == "stop" and self._called else reason)
            )
            if self._wants_usage:
                spent = openai.shown(openai.usage(part))
                chunks.append(self._base | {"choices": [], "usage": spent})
        return b"".join(event(chunk) for chunk in chunks)

    def finish(self) -> bytes:
        return event(DONE)

    def fail(self, error: PaddockError) -> bytes:
        """Reference: an empty chunk, and the message is lost."""
        return event(openai.error_body(error))

    def _said(self, part: ChatResponse, opens: bool) -> list[Json]:
        """One chunk, or two for thoughts and what was said behind them."""
        message = part.message
        content: Json = {"content": message.content or ""}
        if message.tool_calls:
            content["tool_calls"] = [openai.shown(call) for call in _calls(message, self._called)]
            self._called += len(message.tool_calls)
        thought = {"reasoning": message.thinking} if message.thinking else {}
        is_split = bool(thought) and bool(message.content or message.tool_calls)
        deltas = [thought, content] if is_split else [content | thought]
        role = {"role": message.role} if opens else {}
        chunks = [self._chunk(role | deltas[0]), *map(self._chunk, deltas[1:])]
        if part.logprobs:
            chunks[0]["choices"][0]["logprobs"] = _logprobs(part).model_dump()
        return chunks

    def _chunk(self, delta: Json, reason: str | None = None) -> Json:
        return self._base | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _says_something(part: ChatResponse) -> bool:
    message = part.message
    return bool(message.content or message.thinking or message.tool_calls or part.logprobs)


# -- the route -------------------------------------------------------------------------------------


async def serve(exchange: Exchange) -> Response:
    request = await naming.body(exchange, ChatCompletionRequest)
    with naming.CHAT.about(request.model):
        answer = exchange.runtime.chat(request.native())
        is_whole = request.debug_render_only or not request.stream
        chunks = None if is_whole else Chunks(request)
        return await exchange.answered(answer, lambda a: openai.shown(chat_completion(a)), chunks)


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/v1/chat/completions",
        serve,
        openai.FACE,
        "Answer a conversation, as OpenAI's API does",
        takes=ChatCompletionRequest,
        gives=ChatCompletion,
        streams=True,
    ),
)
