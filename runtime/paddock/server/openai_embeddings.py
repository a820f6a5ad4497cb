"""OpenAI's embeddings and models: what is asked and answered, in Ollama's words and in OpenAI's.

Pure but for the handlers at the end.
"""

import asyncio
from base64 import b64encode
from datetime import datetime
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, Field
from starlette.responses import Response

from paddock.api import EmbedRequest, EmbedResponse, ListResponse, ShowRequest
from paddock.errors import RequestError
from paddock.names import ModelName
from paddock.server import naming, openai
from paddock.server.exchange import Endpoint, Exchange
from paddock.server.replies import json_reply

ENCODINGS: Final = ("", "float", "base64")


class EmbeddingsRequest(BaseModel):
    """The body of POST /v1/embeddings."""

    model: str | None = None
    input: Any = Field(default=None, description="A text, or a list of texts.")
    dimensions: int | None = None
    encoding_format: str | None = Field(
        default=None, description="float, or base64 of little-endian 32-bit floats."
    )

    def native(self) -> EmbedRequest:
        """The same in Ollama's words. Raises RequestError."""
        if (self.encoding_format or "").lower() not in ENCODINGS:
            raise RequestError(
                f"Invalid value for 'encoding_format' = {self.encoding_format}. "
                "Supported values: ['float', 'base64']."
            )
        texts = [""] if self.input == "" else self.input
        if texts in (None, []):
            raise RequestError("invalid input")
        if not isinstance(texts, str) and not (
            isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        ):
            raise RequestError("invalid input type")
        model = naming.EMBED.usable(self.model)
        return EmbedRequest(model=model, input=texts, dimensions=self.dimensions)

    @property
    def wants_base64(self) -> bool:
        return (self.encoding_format or "").lower() == "base64"


class EmbeddingsUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class Embedding(BaseModel):
    object: str
    embedding: list[float] | str
    index: int


class EmbeddingList(BaseModel):
    """The reply of POST /v1/embeddings, in the order of the inputs."""

    object: str
    data: list[Embedding]
    model: str
    usage: EmbeddingsUsage


def embedding_list(request: EmbeddingsRequest, answer: EmbedResponse) -> EmbeddingList:
    shown = _encoded if request.wants_base64 else _short
    read = answer.prompt_eval_count or 0
    return EmbeddingList(
        object="list",
        data=[
            Embedding(object="embedding", embedding=shown(vector), index=index)
            for index, vector in enumerate(answer.embeddings)
        ],
        model=answer.model or "",
        usage=EmbeddingsUsage(prompt_tokens=read, total_tokens=read),
    )


def _short(vector: list[float]) -> list[float]:
    """Numbers that are written as short as a 32-bit float can be told: 0.1, not 0.10000000149."""
    return np.asarray(vector, np.float32).astype("U").astype(np.float64).tolist()


def _encoded(vector: list[float]) -> str:
    return b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


class Model(BaseModel):
    """The reply of GET /v1/models/{model}."""

    id: str
    object: str
    created: int
    owned_by: str


class ModelList(BaseModel):
    """The reply of GET /v1/models."""

    object: str
    data: list[Model]


def model_list(found: ListResponse) -> ModelList:
    """Reference: null where there are no models; a list is what clients expect."""
    models = [model(row.model or "", row.modified_at) for row in found.models]
    return ModelList(object="list", data=models)


def model(name: str, modified_at: datetime | None) -> Model:
    owner, slash, _ = name.rpartition("/")
    return Model(
        id=name,
        object="model",
        created=int(modified_at.timestamp()) if modified_at else 0,
        owned_by=owner.rpartition("/")[2] if slash else "library",
    )


# -- the routes ------------------------------------------------------------------------------------


async def embeddings(exchange: Exchange) -> Response:
    request = await naming.body(exchange, EmbeddingsRequest)
    with naming.EMBED.about(request.model):
        answer = await exchange.whole(exchange.runtime.embed(request.native()))
    return json_reply(openai.shown(embedding_list(request, answer)))


async def models(exchange: Exchange) -> Response:
    found = await asyncio.to_thread(exchange.runtime.list)
    return json_reply(openai.shown(model_list(found)))


async def retrieve(exchange: Exchange) -> Response:
    name = exchange.request.path_params["model"]
    wanted = ShowRequest(model=naming.SHOW.usable(name))
    with naming.SHOW.about(ModelName.parse(wanted.model).short):
        found = await asyncio.to_thread(exchange.runtime.show, wanted)
    return json_reply(openai.shown(model(name, found.modified_at)))


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/v1/embeddings",
        embeddings,
        openai.FACE,
        "Vectors of texts, as OpenAI's API gives them",
        takes=EmbeddingsRequest,
        gives=EmbeddingList,
    ),
    Endpoint("GET", "/v1/models", models, openai.FACE, "The models there are", gives=ModelList),
    Endpoint(
        "GET", "/v1/models/{model:path}", retrieve, openai.FACE, "One of the models", gives=Model
    ),
)
