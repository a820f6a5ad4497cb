"""Where each call of Ollama's native API goes, and what its answer is. A table; sends nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from paddock.api import (
    ChatResponse,
    DetokenizeResponse,
    EmbeddingsResponse,
    EmbedResponse,
    GenerateResponse,
    ListResponse,
    Message,
    ProcessResponse,
    ProgressResponse,
    RerankResponse,
    ShowResponse,
    StatusResponse,
    TokenizeResponse,
    Wire,
)
from paddock.respond import fold_chat, fold_generate, fold_last

W = TypeVar("W", bound=Wire)
_CALLED_OFF: Final = "cancelled"

Fold = Callable[[list[W]], W]


@dataclass(frozen=True, slots=True)
class Route(Generic[W]):
    """One call."""

    method: str
    path: str
    answer: type[W]
    is_last: Callable[[W], bool] | None = None
    """Whether a part is the one that ends a stream; None for a call whose answer is one object."""
    fold: Fold[W] = fold_last
    """The parts as one."""
    called_off: Callable[[str], W] | None = None
    """The last part of a model's answer whose request was called off."""
    is_own: bool = False
    """Only paddock's server has it."""


def _is_done(part: ChatResponse | GenerateResponse) -> bool:
    return part.done is True


def _is_success(part: ProgressResponse) -> bool:
    return part.status == "success"


def _no_more_chat(model: str) -> ChatResponse:
    message = Message(role="assistant", content="")
    return ChatResponse(model=model, message=message, done=True, done_reason=_CALLED_OFF)


def _no_more_text(model: str) -> GenerateResponse:
    return GenerateResponse(model=model, response="", done=True, done_reason=_CALLED_OFF)


CHAT: Final = Route("POST", "/api/chat", ChatResponse, _is_done, fold_chat, _no_more_chat)
GENERATE: Final = Route(
    "POST", "/api/generate", GenerateResponse, _is_done, fold_generate, _no_more_text
)
EMBED: Final = Route("POST", "/api/embed", EmbedResponse)
EMBEDDINGS: Final = Route("POST", "/api/embeddings", EmbeddingsResponse)
CREATE: Final = Route("POST", "/api/create", ProgressResponse, _is_success)
PULL: Final = Route("POST", "/api/pull", ProgressResponse, _is_success)
PUSH: Final = Route("POST", "/api/push", ProgressResponse, _is_success)
LIST: Final = Route("GET", "/api/tags", ListResponse)
PS: Final = Route("GET", "/api/ps", ProcessResponse)
SHOW: Final = Route("POST", "/api/show", ShowResponse)
RERANK: Final = Route("POST", "/api/rerank", RerankResponse, is_own=True)
TOKENIZE: Final = Route("POST", "/api/tokenize", TokenizeResponse, is_own=True)
DETOKENIZE: Final = Route("POST", "/api/detokenize", DetokenizeResponse, is_own=True)
COPY: Final = Route("POST", "/api/copy", StatusResponse)
DELETE: Final = Route("DELETE", "/api/delete", StatusResponse)
