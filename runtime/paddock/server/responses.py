"""OpenAI's responses: the request as a ChatRequest, the answer as a response or as events.

Pure but for the handler at the end. Nothing is kept between requests: the conversation is what
`input` holds. Text beside a call is an output item of its own, in either form of the answer, and an
answer that was cut says so; the reference does neither.
"""

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from paddock.api import ChatRequest, ChatResponse, Format, Message, Metrics
from paddock.errors import PaddockError
from paddock.server import naming, openai, responses_input, web_search
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.openai import Json
from paddock.server.openai_chat import Reasoning
from paddock.server.refusal import public_text
from paddock.server.replies import UNCACHED
from paddock.server.streaming import event

# -- requests --------------------------------------------------------------------------------------


class ResponsesReasoning(Reasoning):
    summary: str | None = None


class TextFormat(BaseModel):
    type: str | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    schema_: Json | None = Field(default=None, alias="schema")


class TextSettings(BaseModel):
    format: TextFormat | None = None
    verbosity: str | None = None

    def native(self) -> Format:
        wanted = self.format
        return wanted.schema_ if wanted and wanted.type == "json_schema" else None


class ResponsesRequest(BaseModel):
    """The body of POST /v1/responses."""

    model: str | None = None
    input: Any = Field(default=None, description="A text, or a list of items.")
    instructions: str | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    reasoning: ResponsesReasoning | None = None
    text: TextSettings | None = None
    tools: list[Json] | None = None
    tool_choice: Any = Field(
        default=None,
        description="none, auto, required, or an object that names a tool or the allowed ones.",
    )
    parallel_tool_calls: bool | None = None
    truncation: str | None = None
    background: bool | None = None

    def native(self) -> ChatRequest:
        """The same in Ollama's words. Raises RequestError."""
        messages = responses_input.messages(self.input)
        if self.instructions:
            messages.insert(0, Message(role="system", content=self.instructions))
        choice, tools = openai.choose(self._choice(), list(_native_tools(self.tools or ())))
        return openai.chat_request(
            model=naming.CHAT.usable(self.model),
            messages=messages,
            stream=bool(self.stream),
            format=self.text.native() if self.text else None,
            think=openai.thinking(self.reasoning.effort if self.reasoning else None),
            tools=tools or None,
            tool_choice=choice,
            parallel_tool_calls=self.parallel_tool_calls if tools else None,
            options=openai.options(
                num_predict=self.max_output_tokens,
                temperature=1.0 if self.temperature is None else self.temperature,
                top_p=self.top_p,
            ),
        )

    def _choice(self) -> Any:
        choice = self.tool_choice
        is_search = isinstance(choice, dict) and web_search.is_meant(choice)
        return web_search.NAME if is_search else choice

    @property
    def has_search(self) -> bool:
        return any(web_search.is_meant(tool) for tool in self.tools or ())


def _native_tools(tools: Sequence[Json], space: str = "") -> Iterator[Json]:
    """Functions, and those of name spaces under their full names. What else there is has no
    counterpart."""
    for tool in tools:
        name = str(tool.get("name") or "")
        full = name if name.startswith(space) else space + name
        if tool.get("type") == "namespace":
            yield from _native_tools(tool.get("tools") or (), f"{full}.")
        elif tool.get("type") == "function":
            told = {key: tool.get(key) for key in ("description", "parameters", "strict")}
            yield {"type": "function", "function": told | {"name": full}}
        elif web_search.is_meant(tool):
            yield web_search.TOOL


# -- the response ----------------------------------------------------------------------------------


class InputDetails(BaseModel):
    cached_tokens: int


class OutputDetails(BaseModel):
    reasoning_tokens: int


class ResponsesUsage(BaseModel):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: InputDetails
    output_tokens_details: OutputDetails


class ResponseObject(BaseModel):
    """The reply of POST /v1/responses; in a stream, what its first and last events hold."""

    id: str
    object: str = "response"
    created_at: int
    completed_at: int | None = None
    status: str = "in_progress"
    incomplete_details: Json | None = None
    model: str
    previous_response_id: str | None = None
    instructions: str | None = None
    output: list[Json] = []
    error: Json | None = None
    tools: list[Json] = []
    tool_choice: Any = "auto"
    truncation: str = "disabled"
    parallel_tool_calls: bool = True
    text: Json = {"format": {"type": "text"}}
    top_p: float = 1
    presence_penalty: float = 0
    frequency_penalty: float = 0
    top_logprobs: int = 0
    temperature: float = 1
    reasoning: Json | None = None
    usage: ResponsesUsage | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    store: bool = False
    background: bool = False
    service_tier: str = "default"
    metadata: Json = {}
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None


def _told(tool: Json) -> Json:
    """A tool as responses repeat it. Typed clients look for what a function need not say."""
    if tool.get("type") != "function":
        return tool
    return dict.fromkeys(("type", "name", "description", "strict", "parameters")) | tool


def _begun(request: ResponsesRequest, created_at: int) -> ResponseObject:
    """A response of which nothing is known but what the request says."""
    echoed: Json = {
        "instructions": request.instructions or None,
        "tools": [_told(tool) for tool in request.tools or ()],
        "tool_choice": request.tool_choice,
        "parallel_tool_calls": request.parallel_tool_calls,
        "truncation": request.truncation or None,
        "text": {"format": {"type": "text"}} | (_given(request.text) if request.text else {}),
        "top_p": request.top_p,
        "temperature": request.temperature,
        "reasoning": _given(request.reasoning) or None if request.reasoning else None,
        "max_output_tokens": request.max_output_tokens,
        "background": request.background,
    }
    return ResponseObject(
        id=f"resp_{_number()}",
        created_at=created_at,
        model=request.model or "",
        **{name: value for name, value in echoed.items() if value is not None},
    )


def _given(value: BaseModel) -> Json:
    return value.model_dump(by_alias=True, exclude_none=True)


def _number() -> int:
    return secrets.randbelow(1_000_000)


def _complete(begun: ResponseObject, answer: ChatResponse, output: list[Json]) -> ResponseObject:
    """Reference: does not say that an answer was cut."""
    was_cut = answer.done_reason == "length"
    return begun.model_copy(
        update={
            "status": "completed",
            "completed_at": int(time.time()),
            "output": output,
            "usage": _usage(answer),
            "incomplete_details": {"reason": "max_output_tokens"} if was_cut else None,
        }
    )


def _usage(answer: Metrics) -> ResponsesUsage:
    read, written = answer.prompt_eval_count or 0, answer.eval_count or 0
    return ResponsesUsage(
        input_tokens=read,
        output_tokens=written,
        total_tokens=read + written,
        input_tokens_details=InputDetails(cached_tokens=answer.prompt_cached_count or 0),
        output_tokens_details=OutputDetails(reasoning_tokens=answer.thinking_count or 0),
    )


def response(request: ResponsesRequest, answer: ChatResponse) -> ResponseObject:
    """The whole answer. Raises NoWebSearchError."""
    begun = _begun(request, openai.seconds(answer.created_at))
    return _complete(begun, answer, _output(request, answer.message, begun.id))


def _output(request: ResponsesRequest, said: Message, id: str) -> list[Json]:
    items: list[Json] = []
    calls = said.tool_calls or ()
    if said.thinking:
        items.append(_thought(f"rs_{id}", said.thinking))
    if said.content or not calls:
        items.append(_message(f"msg_{_number()}", said.content or ""))
    for number, call in enumerate(calls):
        _refuse_search(request, call)
        items.append(_call(f"fc_{id}_{number}", call))
    return items


def _refuse_search(request: ResponsesRequest, call: Message.ToolCall) -> None:
    if request.has_search and call.function.name == web_search.NAME:
        raise web_search.NoWebSearchError


def _thought(id: str, text: str) -> Json:
    return {
        "id": id,
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text}],
        "encrypted_content": text,
    }


def _message(id: str, text: str | None) -> Json:
    """A finished message, or with no text one that begins."""
    return {
        "id": id,
        "type": "message",
        "status": "in_progress" if text is None else "completed",
        "role": "assistant",
        "content": [] if text is None else [_part(text)],
    }


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(id: str, call: Message.ToolCall) -> Json:
    return {
        "id": id,
        "type": "function_call",
        "status": "completed",
        "call_id": call.id or "",
        "name": call.function.name,
        "arguments": openai.json_text(call.function.arguments),
    }


# -- the stream ------------------------------------------------------------------------------------

Events = Iterator[tuple[str, Json]]


class ResponseEvents:
    """A streamed answer as events. Every item that is opened is closed before the next begins."""

    def __init__(self, request: ResponsesRequest) -> None:
        self._request = request
        self._response = _in_full(_begun(request, int(time.time())))
        self._sent = 0
        self._output: list[Json] = []
        self._open: _Text | None = None
        self._calls = 0

    def feed(self, part: ChatResponse) -> bytes:
        """Raises NoWebSearchError."""
        return b"".join(self._numbered(*named) for named in self._events(part))

    def finish(self) -> bytes:
        return b""

    def fail(self, error: PaddockError) -> bytes:
        """Reference: the events just end."""
        update = {
            "status": "failed",
            "error": {"code": "server_error", "message": public_text(error)},
            "output": self._output,
        }
        failed = self._response.model_copy(update=update)
        return self._numbered("response.failed", {"response": failed.model_dump()})

    def _numbered(self, name: str, data: Json) -> bytes:
        numbered = data | {"type": name, "sequence_number": self._sent}
        self._sent += 1
        return event(_sorted(numbered), name)

    def _events(self, part: ChatResponse) -> Events:
        if self._sent == 0:
            begun = self._response.model_dump()
            yield "response.created", {"response": begun}
            yield "response.in_progress", {"response": begun}
        message = part.message
        if message.thinking:
            yield from self._say(_Thought, message.thinking)
        if message.content:
            yield from self._say(_Said, message.content)
        for call in message.tool_calls or ():
            yield from self._close()
            yield from self._call(call)
        if part.done:
            yield from self._close()
            done = _complete(self._response, part, self._output)
            yield "response.completed", {"response": done.model_dump()}

    def _say(self, kind: "type[_Text]", text: str) -> Events:
        if not isinstance(self._open, kind):
            yield from self._close()
            self._open = kind(len(self._output))
            yield from self._open.begin()
        yield from self._open.go_on(text)

    def _close(self) -> Events:
        if self._open is not None:
            yield from self._open.end()
            self._output.append(self._open.item())
            self._open = None

    def _call(self, call: Message.ToolCall) -> Events:
        _refuse_search(self._request, call)
        number = self._response.id.removeprefix("resp_")
        item = _call(f"fc_{number}_{self._calls}", call)
        at = {"output_index": len(self._output)}
        place = at | {"item_id": item["id"]}
        begun = item | {"status": "in_progress", "arguments": ""}
        yield "response.output_item.added", at | {"item": begun}
        yield "response.function_call_arguments.delta", place | {"delta": item["arguments"]}
        yield "response.function_call_arguments.done", place | {"arguments": item["arguments"]}
        yield "response.output_item.done", at | {"item": item}
        self._calls += 1
        self._output.append(item)


def _in_full(begun: ResponseObject) -> ResponseObject:
    """Reference: a stream tells every key of functions and of reasoning."""
    begun.tools = [
        {key: tool.get(key) for key in ("type", "name", "description", "strict", "parameters")}
        if tool.get("type") == "function"
        else tool
        for tool in begun.tools
    ]
    if begun.reasoning is not None:
        begun.reasoning = {"effort": None, "summary": None} | begun.reasoning
    return begun


def _sorted(value: Any) -> Any:
    """Reference: the keys of events are in ascending order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


class _Text(ABC):
    """An item that grows, at its place in the output."""

    def __init__(self, index: int) -> None:
        self._id = f"{self.prefix}_{_number()}"
        self._at: Json = {"output_index": index}
        self._texts: list[str] = []

    prefix: str

    @property
    def _text(self) -> str:
        return "".join(self._texts)

    def go_on(self, text: str) -> Events:
        self._texts.append(text)
        yield from self._delta(text)

    @abstractmethod
    def item(self) -> Json:
        """What it has come to."""

    @abstractmethod
    def begin(self) -> Events: ...

    @abstractmethod
    def _delta(self, text: str) -> Events: ...

    @abstractmethod
    def end(self) -> Events: ...


class _Thought(_Text):
    prefix = "rs"

    def item(self) -> Json:
        return _thought(self._id, self._text)

    @property
    def _place(self) -> Json:
        return self._at | {"item_id": self._id, "summary_index": 0}

    def begin(self) -> Events:
        item = {"id": self._id, "type": "reasoning", "summary": []}
        yield "response.output_item.added", self._at | {"item": item}

    def _delta(self, text: str) -> Events:
        yield "response.reasoning_summary_text.delta", self._place | {"delta": text}

    def end(self) -> Events:
        yield "response.reasoning_summary_text.done", self._place | {"text": self._text}
        yield "response.output_item.done", self._at | {"item": self.item()}


class _Said(_Text):
    prefix = "msg"

    def item(self) -> Json:
        return _message(self._id, self._text)

    @property
    def _place(self) -> Json:
        return self._at | {"item_id": self._id, "content_index": 0}

    def begin(self) -> Events:
        yield "response.output_item.added", self._at | {"item": _message(self._id, None)}
        yield "response.content_part.added", self._place | {"part": _part("")}

    def _delta(self, text: str) -> Events:
        yield "response.output_text.delta", self._place | {"delta": text, "logprobs": []}

    def end(self) -> Events:
        told = {"text": self._text, "logprobs": []}
        yield "response.output_text.done", self._place | told
        yield "response.content_part.done", self._place | {"part": _part(self._text)}
        yield "response.output_item.done", self._at | {"item": self.item()}


# -- the route -------------------------------------------------------------------------------------


async def serve(exchange: Exchange) -> Response:
    request = await naming.body(exchange, ResponsesRequest)
    with naming.CHAT.about(request.model):
        answer = exchange.runtime.chat(request.native())
        events = ResponseEvents(request) if request.stream else None
        return await exchange.answered(answer, lambda a: response(request, a).model_dump(), events)


FACE: Final = replace(openai.FACE, stream_headers=UNCACHED)

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/v1/responses",
        serve,
        FACE,
        "Answer a conversation, as OpenAI's responses do",
        takes=ResponsesRequest,
        gives=ResponseObject,
        streams=True,
    ),
)
