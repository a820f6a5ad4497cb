"""/api/rerank and /v1/rerank, which Ollama does not have: documents, the most relevant first.

The first speaks as the native API does, the second in the form that Jina, Cohere and llama-server
have in common.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from paddock.api import RerankRequest, RerankResponse, build
from paddock.server import naming, openai
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.replies import json_reply
from paddock.server.shapes import shown

_WORDING: Final = naming.EMBED


class RerankBody(BaseModel):
    """The body of POST /v1/rerank."""

    model: str | None = None
    query: Annotated[Any, Field(description="A text.")] = None
    documents: Annotated[Any, Field(description='Texts, or objects with a "text".')] = None
    top_n: int | None = None
    return_documents: bool | None = None
    # paddock's own
    raw_scores: bool | None = Field(
        default=None, description="The model's own output instead of a score from 0 to 1."
    )

    def native(self) -> RerankRequest:
        """The same in paddock's words. Raises RequestError."""
        fields = self.model_dump(exclude_none=True) | {"model": _WORDING.usable(self.model)}
        return build(RerankRequest, fields)


class RerankUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class RerankList(BaseModel):
    """The reply of POST /v1/rerank, the most relevant document first."""

    model: str
    object: str
    usage: RerankUsage
    results: list[RerankResponse.Result]


def rerank_list(answer: RerankResponse) -> RerankList:
    read = answer.prompt_eval_count or 0
    return RerankList(
        model=answer.model or "",
        object="list",
        usage=RerankUsage(prompt_tokens=read, total_tokens=read),
        results=answer.results,
    )


async def rerank(exchange: Exchange) -> Response:
    request = await naming.read(exchange, RerankRequest, _WORDING)
    with _WORDING.about(request.model):
        return json_reply(shown(await exchange.whole(exchange.runtime.rerank(request))))


async def rerank_as_others(exchange: Exchange) -> Response:
    body = await naming.body(exchange, RerankBody)
    with _WORDING.about(body.model):
        answer = await exchange.whole(exchange.runtime.rerank(body.native()))
    return json_reply(rerank_list(answer).model_dump(exclude_none=True))


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/api/rerank",
        rerank,
        naming.FACE,
        takes=RerankRequest,
        gives=RerankResponse,
        summary="Documents in the order in which they answer a query",
    ),
    Endpoint(
        "POST",
        "/v1/rerank",
        rerank_as_others,
        openai.FACE,
        takes=RerankBody,
        gives=RerankList,
        summary="Documents in the order in which they answer a query",
    ),
)
