"""OpenAI's completions: the request as a GenerateRequest, the answer as a reply or as chunks.

Pure but for the handler at the end. The prompt goes through the model's template, as the reference
has it. Log probabilities are given back, which the reference computes and drops.
"""

import time
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from paddock.api import DebugInfo, GenerateRequest, GenerateResponse, Logprob, build
from paddock.errors import PaddockError, RequestError
from paddock.server import naming, openai
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.openai import Json
from paddock.server.openai_chat import DONE, FINGERPRINT, StreamOptions
from paddock.server.streaming import event

NOTHING: Final = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


class CompletionRequest(BaseModel):
    """The body of POST /v1/completions."""

    model: str | None = None
    prompt: str | list[str] | None = Field(
        default=None, description="A text, or a list that holds one."
    )
    suffix: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: Any = Field(default=None, description="A text that ends the answer, or a list of them.")
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: int | None = Field(
        default=None, description="How many likely tokens are told for each of the answer."
    )
    debug_render_only: bool | None = Field(default=None, alias="_debug_render_only")

    def native(self) -> GenerateRequest:
        """The same in Ollama's words. Raises RequestError."""
        wants_logprobs = (self.logprobs or 0) > 0
        fields: Json = {
            "prompt": self._prompt(),
            "suffix": self.suffix,
            "stream": bool(self.stream),
            "logprobs": True if wants_logprobs else None,
            "top_logprobs": self.logprobs if wants_logprobs else None,
            "debug_render_only": self.debug_render_only,
            "options": openai.options(
                num_predict=self.max_tokens,
                seed=self.seed,
                stop=self._stops(),
                temperature=1.0 if self.temperature is None else self.temperature,
                top_p=self.top_p or 1.0,
                frequency_penalty=self.frequency_penalty or 0.0,
                presence_penalty=self.presence_penalty or 0.0,
            ),
        }
        fields["model"] = naming.GENERATE.usable(self.model)
        given = {name: value for name, value in fields.items() if value is not None}
        return build(GenerateRequest, given)

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def _prompt(self) -> str:
        """Reference: takes no list; clients send one around a single prompt."""
        if not isinstance(self.prompt, list):
            return self.prompt or ""
        if len(self.prompt) != 1:
            raise RequestError(
                f"prompt must be one text, not {len(self.prompt)}: send a request for each"
            )
        return self.prompt[0]

    def _stops(self) -> list[str] | None:
        stops = self.stop if isinstance(self.stop, list) else [self.stop]
        if self.stop is None or not stops:
            return None
        for stop in stops:
            if not isinstance(stop, str):
                raise RequestError(f"invalid type for 'stop' field: {openai.go_type(stop)}")
        return stops


# -- replies ---------------------------------------------------------------------------------------


class CompletionLogprobs(BaseModel):
    """One entry per token of the answer. `text_offset` counts the characters of all tokens before,
    those of thinking and of markers too, which the text does not show."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


class CompletionChoice(BaseModel):
    text: str
    index: int
    finish_reason: str | None
    logprobs: CompletionLogprobs | None = None


class Completion(BaseModel):
    """The reply of POST /v1/completions."""

    id: str
    object: str
    created: int
    model: str
    system_fingerprint: str
    choices: list[CompletionChoice]
    usage: openai.Usage | None = None
    debug_info: DebugInfo | None = Field(default=None, serialization_alias="_debug_info")


def completion(answer: GenerateResponse) -> Completion:
    reply = Completion(
        id=openai.reply_id("cmpl"),
        object="text_completion",
        created=openai.seconds(answer.created_at),
        model=answer.model or "",
        system_fingerprint=FINGERPRINT,
        choices=[_choice(answer, 0)],
        usage=openai.usage(answer),
    )
    if answer.debug_info:
        reply.debug_info = answer.debug_info
    return reply


def _choice(answer: GenerateResponse, offset: int) -> CompletionChoice:
    choice = CompletionChoice(
        text=answer.response or "", index=0, finish_reason=answer.done_reason or None
    )
    if answer.logprobs:
        choice.logprobs = _logprobs(answer.logprobs, offset)
    return choice


def _logprobs(entries: list[Logprob], offset: int) -> CompletionLogprobs:
    told = CompletionLogprobs(tokens=[], token_logprobs=[], top_logprobs=[], text_offset=[])
    for entry in entries:
        told.tokens.append(entry.token)
        told.token_logprobs.append(entry.logprob)
        told.top_logprobs.append({top.token: top.logprob for top in entry.top_logprobs or ()})
        told.text_offset.append(offset)
        offset += len(entry.token)
    return told


class Chunks:
    """A streamed answer as text_completion events."""

    def __init__(self, request: CompletionRequest) -> None:
        self._wants_usage = request.wants_usage
        self._id = openai.reply_id("cmpl")
        self._length = 0

    def feed(self, part: GenerateResponse) -> bytes:
        choice = openai.shown(_choice(part, self._length))
        self._length += sum(len(entry.token) for entry in part.logprobs or ())
        chunks = [self._chunk(part, [choice], NOTHING)]
        if part.done and self._wants_usage:
            chunks.append(self._chunk(part, [], openai.shown(openai.usage(part))))
        return b"".join(event(chunk) for chunk in chunks)

    def finish(self) -> bytes:
        return event(DONE)

    def fail(self, error: PaddockError) -> bytes:
        return event(openai.error_body(error))

    def _chunk(self, part: GenerateResponse, choices: list[Json], spent: Json) -> Json:
        chunk: Json = {
            "id": self._id,
            "object": "text_completion",
            "created": int(time.time()),
            "choices": choices,
            "model": part.model,
            "system_fingerprint": FINGERPRINT,
        }
        return chunk | {"usage": spent} if self._wants_usage else chunk


# -- the route -------------------------------------------------------------------------------------


async def serve(exchange: Exchange) -> Response:
    request = await naming.body(exchange, CompletionRequest)
    with naming.GENERATE.about(request.model):
        answer = exchange.runtime.generate(request.native())
        is_whole = request.debug_render_only or not request.stream
        chunks = None if is_whole else Chunks(request)
        return await exchange.answered(answer, lambda a: openai.shown(completion(a)), chunks)


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/v1/completions",
        serve,
        openai.FACE,
        "Go on from a prompt, as OpenAI's API does",
        takes=CompletionRequest,
        gives=Completion,
        streams=True,
    ),
)
