"""What OpenAI's and Anthropic's faces make of requests and of answers.

Spec http-api.md sections 9, 10 and 15. The answers are given, so that no model takes part.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response
from tests.sse import events
from tests.vectors.matching import check

from paddock.api import ChatResponse, EmbedResponse, GenerateResponse, ListResponse
from paddock.errors import PaddockError
from paddock.server import (
    anthropic,
    bodies,
    openai,
    openai_chat,
    openai_completions,
    openai_embeddings,
    responses,
)
from paddock.server.exchange import Face
from paddock.server.replies import SSE

Json = dict[str, Any]


@dataclass(frozen=True)
class Translation:
    """How one path translates."""

    takes: type[Any]
    answers: type[BaseModel]
    reply: Callable[[Any, Any], Json]
    framer: Callable[[Any], Any] | None
    face: Face


TRANSLATIONS = {
    "/v1/chat/completions": Translation(
        openai_chat.ChatCompletionRequest,
        ChatResponse,
        lambda _, answer: openai.shown(openai_chat.chat_completion(answer)),
        openai_chat.Chunks,
        openai.FACE,
    ),
    "/v1/completions": Translation(
        openai_completions.CompletionRequest,
        GenerateResponse,
        lambda _, answer: openai.shown(openai_completions.completion(answer)),
        openai_completions.Chunks,
        openai.FACE,
    ),
    "/v1/embeddings": Translation(
        openai_embeddings.EmbeddingsRequest,
        EmbedResponse,
        lambda request, answer: openai.shown(openai_embeddings.embedding_list(request, answer)),
        None,
        openai.FACE,
    ),
    "/v1/responses": Translation(
        responses.ResponsesRequest,
        ChatResponse,
        lambda request, answer: responses.response(request, answer).model_dump(),
        responses.ResponseEvents,
        openai.FACE,
    ),
    "/v1/messages": Translation(
        anthropic.MessagesRequest,
        ChatResponse,
        lambda request, answer: openai.shown(anthropic.message(request, answer)),
        anthropic.MessageEvents,
        anthropic.FACE,
    ),
}


def reply_of(response: Response) -> Json:
    return {"status": response.status_code, "body": json.loads(bytes(response.body))}


def is_empty(name: str, value: Any) -> bool:
    return (
        value in (None, "", [], {})
        or (name == "logprobs" and value is False)
        or (name == "top_logprobs" and value == 0)
    )


def native_form(request: Mapping[str, Any]) -> Json:
    """A native request as the vectors compare it."""
    form = {name: value for name, value in request.items() if not is_empty(name, value)}
    for message in form.get("messages", ()):
        if message.get("content") == "":
            del message["content"]
    return form


def translate_request(case: Json, _: Json) -> None:
    given, expected = case["input"], case["expected"]
    translation = TRANSLATIONS[given["path"]]
    try:
        request = bodies.parse(translation.takes, given["body"])
        native = request.native().model_dump(mode="json", by_alias=True, exclude_none=True)
    except PaddockError as error:
        check(reply_of(translation.face.failure(error)), expected)
        return
    assert native_form(native) == native_form(expected["native"])


def sse(body: bytes) -> list[Json]:
    """Server-sent events as the vectors write them."""
    return [
        ({"event": event.name} if event.name else {}) | {"data": event.data}
        for event in events(body)
    ]


class FailedError(PaddockError):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def translate_response(case: Json, _: Json) -> None:
    check(answered(**case["input"]), case["expected"])


def answered(path: str, body: Json, native: Any, native_status: int = 200) -> Json:
    """What a client gets for a native answer, in the form of the vectors."""
    if path.startswith("/v1/models"):
        return {"status": 200, "content_type": "application/json", "body": models(path, native)}
    translation = TRANSLATIONS[path]
    if native_status != 200:
        failed = translation.face.failure(FailedError(native_status, native["error"]))
        return reply_of(failed) | {"content_type": "application/json"}
    request = bodies.parse(translation.takes, body)
    if isinstance(native, Sequence):
        assert translation.framer is not None
        framer = translation.framer(request)
        parts = [translation.answers.model_validate(line) for line in native]
        sent = b"".join(framer.feed(part) for part in parts) + framer.finish()
        return {"status": 200, "content_type": SSE, "sse": sse(sent)}
    answer = translation.answers.model_validate(native)
    reply = translation.reply(request, answer)
    return {"status": 200, "content_type": "application/json", "body": reply}


def models(path: str, native: Json) -> Json:
    name = path.removeprefix("/v1/models").removeprefix("/")
    if not name:
        found = ListResponse.model_validate(native)
        return openai.shown(openai_embeddings.model_list(found))
    modified_at = datetime.fromisoformat(native["modified_at"])
    return openai.shown(openai_embeddings.model(name, modified_at))


RUNNERS = {"translate_request": translate_request, "translate_response": translate_response}
